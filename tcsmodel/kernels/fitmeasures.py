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
Index = NDArray[np.intp]
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
    with np.errstate(all="ignore"):
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


def gfi(
    cov: Array,
    sigma: Array,
    gap: Array | None = None,
    mean: Array | None = None,
    causes: Index | None = None,
) -> Array:
    """Return Joereskog & Soerbom's (1984) goodness of fit for ML.

    ``1 - tr((Sigma^-1 S - I)^2) / tr((Sigma^-1 S)^2)`` of covariances (..., p, p): LISREL's and
    AMOS's GFI, in lavaan 0.7 ``gfi_lisrel`` (its ``gfi`` is another index); nan where Sigma is
    singular. Where means (..., p) are modelled, with residuals `gap`, half of each trace has
    ``gap' Sigma^-1 gap`` and ``mean' Sigma^-1 mean`` beside it; moments of observed causes
    alone, which are given, count as zero in S of the second. Both as in lavaan.
    """
    p = cov.shape[-1]
    inverse, _ = linalg.inverse(sigma.reshape(-1, p, p))
    inverse = inverse.reshape(sigma.shape)
    left = _trace_square(inverse @ (cov - sigma))
    if causes is not None and len(causes):
        cov, mean = cov.copy(), None if mean is None else mean.copy()
        cov[..., causes[:, None], causes] = 0.0
        if mean is not None:
            mean[..., causes] = 0.0
    whole = _trace_square(inverse @ cov)
    if gap is not None and mean is not None:
        left = left + 2 * ((inverse @ gap[..., None])[..., 0] * gap).sum(axis=-1)
        whole = whole + 2 * ((inverse @ mean[..., None])[..., 0] * mean).sum(axis=-1)
    with np.errstate(all="ignore"):
        return 1 - left / whole


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


def pcfi(value: Number, df: Number, null_df: Number) -> Array:
    """Return the parsimony-adjusted CFI, ``d/d0 cfi``, Mulaik et al. (1989); AMOS's PCFI."""
    with np.errstate(all="ignore"):
        return np.asarray(df) / null_df * value


def ratio(chi2: Number, df: Number) -> Array:
    """Return chi-square over its degrees of freedom (AMOS's CMIN/DF); nan when df = 0."""
    with np.errstate(all="ignore"):
        return np.where(np.asarray(df) > 0, np.asarray(chi2) / df, np.nan)


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


def rmr(cov: Array, sigma: Array, gap: Array | None = None) -> Array:
    """Return the root mean square of ``s_ij - sigma_ij``, diagonal included, of (..., p, p).

    Where means are modelled also of their residuals `gap` (..., p).
    """
    return _root_mean_square(cov - sigma, gap)


def crmr(cov: Array, sigma: Array, gap: Array | None = None) -> Array:
    """Return the root mean square residual correlation, Bollen (1989), Ogasawara (2001).

    Over the p (p - 1) / 2 pairs: a diagonal of zeros would only dilute it. Where means are
    modelled also over their residuals `gap` (..., p) in standard deviations.
    """
    far = None if gap is None else gap / _deviation(cov)
    return _root_mean_square(to_corr(cov) - to_corr(sigma), far, diagonal=False)


def srmr_mplus(
    cov: Array, sigma: Array, gap: Array | None = None, mean: Array | None = None
) -> Array:
    """Return Mplus's SRMR: residual correlations, and ``(s_ii - sigma_ii) / s_ii``.

    Where means (..., p) are modelled, with residuals `gap`, also of the differences between
    observed and implied means, each in its own standard deviations.
    """
    return _srmr_mplus(to_corr(cov) - to_corr(sigma), cov, sigma, gap, mean)


def _srmr_mplus(
    residual_corr: Array, cov: Array, sigma: Array, gap: Array | None, mean: Array | None
) -> Array:
    """Return `srmr_mplus` of residual correlations, whose diagonal is overwritten."""
    spot = np.arange(cov.shape[-1])
    far = None
    with np.errstate(all="ignore"):
        residual_corr[..., spot, spot] = 1 - sigma[..., spot, spot] / cov[..., spot, spot]
        if gap is not None and mean is not None:
            far = mean / _deviation(cov) - (mean - gap) / _deviation(sigma)
    return _root_mean_square(residual_corr, far)


def srmr(cov: Array, sigma: Array, gap: Array | None = None) -> Array:
    """Return the root mean square of ``(s_ij - sigma_ij) / sqrt(s_ii s_jj)``, Bentler (1995).

    Over the lower triangle with the diagonal, of covariances (..., p, p), and where means are
    modelled also over their residuals `gap` (..., p) in standard deviations.
    """
    sd = _deviation(cov)
    scaled = (cov - sigma) / (sd[..., :, None] * sd[..., None, :])
    return _root_mean_square(scaled, None if gap is None else gap / sd)


def _deviation(cov: Array) -> Array:
    """Return standard deviations (..., p); nan where a variance is not positive."""
    variance = np.diagonal(cov, axis1=-2, axis2=-1)
    return np.sqrt(np.where(variance > 0, variance, np.nan))


def _root_mean_square(residual: Array, gap: Array | None, *, diagonal: bool = True) -> Array:
    """Return that (...,) of the lower triangles of symmetric (..., p, p), and of gap (..., p).

    nan where there is nothing, as off the diagonal of one item.
    """
    p, sign = residual.shape[-1], 1 if diagonal else -1
    squared = residual * residual
    total = (squared.sum(axis=(-2, -1)) + sign * np.einsum("...ii->...", squared)) / 2
    count = p * (p + sign) / 2
    if gap is not None:
        total = total + (gap * gap).sum(axis=-1)
        count += p
    with np.errstate(all="ignore"):
        return np.sqrt(total / count)


def log_likelihood(value: Number, n: Number, p: Number) -> Array:
    """Return the normal log-likelihood of ``value = log|Sigma| + tr(S Sigma^-1)``, means free."""
    return -np.asarray(n) / 2 * (np.asarray(p) * np.log(2 * np.pi) + np.asarray(value))


def aic(loglik: Number, parameters: int) -> Array:
    """Return ``-2 loglik + 2 q``, Akaike (1974)."""
    return -2 * np.asarray(loglik) + 2 * parameters


def aicc(loglik: Number, parameters: int, n: Number) -> Array:
    """Return AIC corrected for small samples, ``aic + 2 q (q + 1) / (n - q - 1)``, Sugiura (1978).

    nan unless n exceeds q + 1.
    """
    left = np.asarray(n) - parameters - 1.0
    with np.errstate(all="ignore"):
        more = 2 * parameters * (parameters + 1) / left
    return np.where(left > 0, aic(loglik, parameters) + more, np.nan)


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


def residual(
    cov: Array, sigma: Array, share: Array, gap: Array | None = None, mean: Array | None = None
) -> dict[str, Array]:
    """Return by name the measures (...,) of residuals, besides SRMR and GFI.

    Of covariances (..., G, p, p) of groups: the mean over them, weighted by their shares (G,) of
    the respondents. `gap` and `mean` (..., G, p) where means are modelled.
    """
    sd, implied = _deviation(cov), _deviation(sigma)
    corr = cov / (sd[..., :, None] * sd[..., None, :])
    corr -= sigma / (implied[..., :, None] * implied[..., None, :])
    far = None if gap is None else gap / sd
    return {
        "rmr": rmr(cov, sigma, gap) @ share,
        "crmr": _root_mean_square(corr, far, diagonal=False) @ share,
        "srmr_mplus": _srmr_mplus(corr, cov, sigma, gap, mean) @ share,
    }


def _trace_square(matrix: Array) -> Array:
    """Return ``tr(M M)`` (...,) of (..., p, p)."""
    return np.asarray((matrix * np.swapaxes(matrix, -1, -2)).sum(axis=(-2, -1)))
