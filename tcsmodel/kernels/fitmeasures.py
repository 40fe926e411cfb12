"""Fit measures of covariance structure models, elementwise over any batch.

Symbols: `chi2` with `df`, `null_chi2` with `null_df` of the baseline model, `n`
respondents; chi-square is n times the discrepancy (divisor n, lavaan's "normal").
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tcsmodel.kernels import linalg
from tcsmodel.kernels.moments import to_corr

Array = NDArray[np.float64]
Number: TypeAlias = float | Array


def chi2_p(chi2: Number, df: Number) -> Array:
    """Return the upper tail probability of a chi-square; nan when df = 0."""
    return np.where(np.asarray(df) > 0, special.chdtrc(df, np.maximum(chi2, 0.0)), np.nan)


def cfi(chi2: Number, df: Number, null_chi2: Number, null_df: Number) -> Array:
    """Return ``1 - max(chi2 - df, 0) / max(null_chi2 - null_df, chi2 - df, 0)``, Bentler (1990)."""
    own = np.maximum(np.asarray(chi2) - df, 0.0)
    null = np.maximum(np.asarray(null_chi2) - null_df, own)
    with np.errstate(all="ignore"):
        return np.where(null > 0, 1 - own / null, 1.0)


def tli(chi2: Number, df: Number, null_chi2: Number, null_df: Number) -> Array:
    """Return Tucker & Lewis' (1973) index, ``(c0/d0 - c/d) / (c0/d0 - 1)``; 1 when df = 0."""
    with np.errstate(all="ignore"):
        null = np.asarray(null_chi2) / null_df
        return np.where(np.asarray(df) > 0, (null - np.asarray(chi2) / df) / (null - 1), 1.0)


def nfi(chi2: Number, null_chi2: Number) -> Array:
    """Return ``(c0 - c) / c0``, Bentler & Bonett (1980)."""
    with np.errstate(all="ignore"):
        return 1 - np.asarray(chi2) / null_chi2


def pnfi(chi2: Number, df: Number, null_chi2: Number, null_df: Number) -> Array:
    """Return the parsimony-adjusted NFI, ``d/d0 nfi``, James, Mulaik & Brett (1982)."""
    return np.asarray(df) / null_df * nfi(chi2, null_chi2)


def rfi(chi2: Number, df: Number, null_chi2: Number, null_df: Number) -> Array:
    """Return ``(c0/d0 - c/d) / (c0/d0)``, Bollen (1986); 1 when df = 0."""
    with np.errstate(all="ignore"):
        ratio = np.asarray(chi2) / df / (np.asarray(null_chi2) / null_df)
        return np.where(np.asarray(df) > 0, 1 - ratio, 1.0)


def ifi(chi2: Number, df: Number, null_chi2: Number) -> Array:
    """Return ``(c0 - c) / (c0 - d)``, Bollen (1989)."""
    with np.errstate(all="ignore"):
        return (np.asarray(null_chi2) - chi2) / (np.asarray(null_chi2) - df)


def rni(chi2: Number, df: Number, null_chi2: Number, null_df: Number) -> Array:
    """Return ``1 - (c - d) / (c0 - d0)``, McDonald & Marsh (1990): CFI without its bounds."""
    with np.errstate(all="ignore"):
        return 1 - (np.asarray(chi2) - df) / (np.asarray(null_chi2) - null_df)


def rmsea(chi2: Number, df: Number, n: Number) -> Array:
    """Return ``sqrt(max(chi2 - df, 0) / (df n))``, Steiger & Lind (1980); 0 when df = 0."""
    with np.errstate(all="ignore"):
        value = np.sqrt(np.maximum(np.asarray(chi2) - df, 0.0) / (np.asarray(df) * n))
        return np.where(np.asarray(df) > 0, value, 0.0)


def rmsea_interval(chi2: Number, df: Number, n: Number, level: float = 0.90) -> tuple[Array, Array]:
    """Return limits of RMSEA from the noncentral chi-square, Browne & Cudeck (1993).

    The noncentralities at which `chi2` is the upper, and the lower, tail point; zero where
    there is none.
    """
    tail = (1 - level) / 2
    limits = []
    for probability in (1 - tail, tail):
        with np.errstate(all="ignore"):
            reached = special.chdtr(df, chi2) > probability
            center = special.chndtrinc(chi2, df, probability)
            value = np.sqrt(center / (np.asarray(df) * n))
        limits.append(np.where(reached & (np.asarray(df) > 0), value, 0.0))
    return limits[0], limits[1]


def rmsea_close(chi2: Number, df: Number, n: Number, bound: float = 0.05) -> Array:
    """Return the probability of `chi2` or more when RMSEA = `bound`, Browne & Cudeck (1993)."""
    with np.errstate(all="ignore"):
        center = np.asarray(df) * n * bound**2
        return np.where(np.asarray(df) > 0, 1 - special.chndtr(chi2, df, center), np.nan)


def rmsea_not_close(chi2: Number, df: Number, n: Number, bound: float = 0.08) -> Array:
    """Return the probability of `chi2` or less when RMSEA = `bound`, MacCallum et al. (1996).

    Small when the fit is better than `bound`.
    """
    with np.errstate(all="ignore"):
        center = np.asarray(df) * n * bound**2
        return np.where(np.asarray(df) > 0, special.chndtr(chi2, df, center), np.nan)


def mfi(chi2: Number, df: Number, n: Number) -> Array:
    """Return ``exp(-(c - d) / (2 n))``, McDonald's (1989) centrality."""
    return np.exp(-0.5 * (np.asarray(chi2) - df) / n)


def gamma_hat(chi2: Number, df: Number, n: Number, p: int) -> Array:
    """Return ``p / (p + 2 (c - d) / n)``, Steiger (1989): the GFI expected of the population."""
    return p / (p + 2 * np.maximum(np.asarray(chi2) - df, 0.0) / n)


def gfi(cov: Array, sigma: Array) -> Array:
    """Return Joereskog & Soerbom's (1984) goodness of fit for ML.

    ``1 - tr((Sigma^-1 S - I)^2) / tr((Sigma^-1 S)^2)`` of covariances (..., p, p): LISREL's and
    AMOS's GFI, in lavaan 0.7 ``gfi_lisrel`` (its ``gfi`` is another index); nan where Sigma is
    singular.
    """
    p = cov.shape[-1]
    inverse, _ = linalg.inverse(sigma.reshape(-1, p, p))
    ratio = inverse.reshape(sigma.shape) @ cov
    with np.errstate(all="ignore"):
        return 1 - _trace_square(ratio - np.eye(p)) / _trace_square(ratio)


def adjusted(value: Number, df: Number, moments: int) -> Array:
    """Return ``1 - (moments / d) (1 - value)``: GFI as AGFI, adjusted for parameters.

    `moments` are the variances, covariances and means that are modelled; nan when df = 0.
    """
    with np.errstate(all="ignore"):
        return np.where(
            np.asarray(df) > 0, 1 - moments / np.asarray(df) * (1 - np.asarray(value)), np.nan
        )


def pgfi(value: Number, df: Number, moments: int) -> Array:
    """Return the parsimony-adjusted GFI, ``d / moments gfi``, Mulaik et al. (1989)."""
    return np.asarray(df) / moments * value


def ecvi(chi2: Number, parameters: int, n: Number) -> Array:
    """Return the expected cross-validation index ``(c + 2 q) / n``, Browne & Cudeck (1989)."""
    return (np.asarray(chi2) + 2 * parameters) / n


def critical_n(chi2: Number, df: Number, n: Number, level: float) -> Array:
    """Return Hoelter's (1983) critical n, the sample size at which `chi2` is just significant.

    ``n q / c + 1`` with q the chi-square quantile of probability `level`; nan when df = 0.
    """
    with np.errstate(all="ignore"):
        value = np.asarray(n) * special.chdtri(df, 1 - level) / np.asarray(chi2) + 1
        return np.where(np.asarray(df) > 0, value, np.nan)


def rmr(cov: Array, sigma: Array) -> Array:
    """Return the root mean square of ``s_ij - sigma_ij``, diagonal included, of (..., p, p)."""
    rows, columns = np.tril_indices(cov.shape[-1])
    return np.sqrt(((cov - sigma)[..., rows, columns] ** 2).mean(axis=-1))


def crmr(cov: Array, sigma: Array) -> Array:
    """Return the root mean square residual correlation, Bollen (1989), Ogasawara (2001).

    Over the p (p - 1) / 2 pairs: a diagonal of zeros would only dilute it.
    """
    rows, columns = np.tril_indices(cov.shape[-1], -1)
    residual = (to_corr(cov) - to_corr(sigma))[..., rows, columns]
    return np.sqrt((residual**2).mean(axis=-1))


def srmr_mplus(cov: Array, sigma: Array) -> Array:
    """Return Mplus's SRMR: residual correlations, and ``(s_ii - sigma_ii) / s_ii``."""
    residual = to_corr(cov) - to_corr(sigma)
    spot = np.arange(cov.shape[-1])
    residual[..., spot, spot] = 1 - sigma[..., spot, spot] / cov[..., spot, spot]
    rows, columns = np.tril_indices(cov.shape[-1])
    return np.sqrt((residual[..., rows, columns] ** 2).mean(axis=-1))


def srmr(cov: Array, sigma: Array, gap: Array | None = None) -> Array:
    """Return the root mean square of ``(s_ij - sigma_ij) / sqrt(s_ii s_jj)``, Bentler (1995).

    Over the lower triangle with the diagonal, of covariances (..., p, p), and where means are
    modelled also over their residuals `gap` (..., p) in standard deviations.
    """
    rows, columns = np.tril_indices(cov.shape[-1])
    variance = np.diagonal(cov, axis1=-2, axis2=-1)
    scale = np.sqrt(variance[..., rows] * variance[..., columns])
    residual = (cov - sigma)[..., rows, columns] / scale
    if gap is not None:
        residual = np.concatenate([residual, gap / np.sqrt(variance)], axis=-1)
    return np.sqrt((residual**2).mean(axis=-1))


def log_likelihood(value: Number, n: Number, p: Number) -> Array:
    """Return the normal log-likelihood of ``value = log|Sigma| + tr(S Sigma^-1)``, means free."""
    return -np.asarray(n) / 2 * (np.asarray(p) * np.log(2 * np.pi) + np.asarray(value))


def aic(loglik: Number, parameters: int) -> Array:
    """Return ``-2 loglik + 2 q``, Akaike (1974)."""
    return -2 * np.asarray(loglik) + 2 * parameters


def bic(loglik: Number, parameters: int, n: Number) -> Array:
    """Return ``-2 loglik + q log n``, Schwarz (1978)."""
    return -2 * np.asarray(loglik) + parameters * np.log(n)


def bic2(loglik: Number, parameters: int, n: Number) -> Array:
    """Return the sample-size adjusted BIC, ``-2 loglik + q log((n + 2) / 24)``, Sclove (1987)."""
    return bic(loglik, parameters, (np.asarray(n) + 2) / 24)


def incremental(chi2: Number, df: Number, null_chi2: Number, null_df: Number) -> dict[str, Array]:
    """Return by name the measures beside CFI and TLI that compare with the baseline model."""
    return {
        "nfi": nfi(chi2, null_chi2),
        "pnfi": pnfi(chi2, df, null_chi2, null_df),
        "rfi": rfi(chi2, df, null_chi2, null_df),
        "ifi": ifi(chi2, df, null_chi2),
        "rni": rni(chi2, df, null_chi2, null_df),
    }


def absolute(
    chi2: Number, df: Number, n: Number, *, p: int, moments: int, parameters: int
) -> dict[str, Array]:
    """Return by name the measures of a model by itself, from its chi-square."""
    gamma = gamma_hat(chi2, df, n, p)
    return {
        "mfi": mfi(chi2, df, n),
        "gamma_hat": gamma,
        "gamma_hat_adj": adjusted(gamma, df, moments),
        "ecvi": ecvi(chi2, parameters, n),
        "cn_05": critical_n(chi2, df, n, 0.95),
        "cn_01": critical_n(chi2, df, n, 0.99),
    }


def residual(cov: Array, sigma: Array, df: Number, moments: int) -> dict[str, Array]:
    """Return by name the measures of the residuals of covariances (..., p, p), besides SRMR.

    Of groups: the mean of each, weighted by their respondents.
    """
    value = gfi(cov, sigma)
    return {
        "gfi": value,
        "agfi": adjusted(value, df, moments),
        "pgfi": pgfi(value, df, moments),
        "rmr": rmr(cov, sigma),
        "crmr": crmr(cov, sigma),
        "srmr_mplus": srmr_mplus(cov, sigma),
    }


def _trace_square(matrix: Array) -> Array:
    """Return ``tr(M M)`` (...,) of (..., p, p)."""
    return np.asarray((matrix * np.swapaxes(matrix, -1, -2)).sum(axis=(-2, -1)))
