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

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Number: TypeAlias = float | Array

# A chi-square that is nothing but rounding.
NO_MISFIT = 1e-7


def chi2_p(chi2: Number, df: Number) -> Array:
    """Return the upper tail probability of a chi-square; nan when df = 0."""
    return _if_tested(df, special.chdtrc(df, np.maximum(chi2, 0.0)), np.nan)


def _if_tested(df: Number, value: Array, otherwise: float) -> Array:
    """Return `value` where df is above zero, and `otherwise` where the model is saturated."""
    if isinstance(df, float | int) and df > 0:
        return np.asarray(value)
    return np.where(np.asarray(df) > 0, value, otherwise)


@np.errstate(all="ignore")
def cfi(chi2: Number, df: Number, null_chi2: Number, null_df: Number) -> Array:
    """Return ``1 - max(chi2 - df, 0) / max(null_chi2 - null_df, chi2 - df, 0)``, Bentler (1990).

    1 where neither model has a misfit.
    """
    own = np.maximum(np.asarray(chi2) - df, 0.0)
    null = np.maximum(np.asarray(null_chi2) - null_df, own)
    return np.where(null <= NO_MISFIT, 1.0, 1 - own / null)


@np.errstate(all="ignore")
def tli(chi2: Number, df: Number, null_chi2: Number, null_df: Number) -> Array:
    """Return Tucker & Lewis' (1973) index, ``(c0/d0 - c/d) / (c0/d0 - 1)``; 1 when df = 0."""
    null = np.asarray(null_chi2) / null_df
    return _if_tested(df, (null - np.asarray(chi2) / df) / (null - 1), 1.0)


@np.errstate(all="ignore")
def nfi(chi2: Number, null_chi2: Number) -> Array:
    """Return ``(c0 - c) / c0``, Bentler & Bonett (1980)."""
    return 1 - np.asarray(chi2) / null_chi2


@np.errstate(all="ignore")
def pnfi(chi2: Number, df: Number, null_chi2: Number, null_df: Number) -> Array:
    """Return the parsimony-adjusted NFI, ``d/d0 nfi``, James, Mulaik & Brett (1982)."""
    return np.asarray(df) / null_df * nfi(chi2, null_chi2)


@np.errstate(all="ignore")
def rfi(chi2: Number, df: Number, null_chi2: Number, null_df: Number) -> Array:
    """Return ``(c0/d0 - c/d) / (c0/d0)``, Bollen (1986); 1 when df = 0."""
    ratio = np.asarray(chi2) / df / (np.asarray(null_chi2) / null_df)
    return _if_tested(df, 1 - ratio, 1.0)


@np.errstate(all="ignore")
def ifi(chi2: Number, df: Number, null_chi2: Number) -> Array:
    """Return ``(c0 - c) / (c0 - d)``, Bollen (1989)."""
    return (np.asarray(null_chi2) - chi2) / (np.asarray(null_chi2) - df)


@np.errstate(all="ignore")
def rni(chi2: Number, df: Number, null_chi2: Number, null_df: Number) -> Array:
    """Return ``1 - (c - d) / (c0 - d0)``, McDonald & Marsh (1990): CFI without its bounds."""
    return 1 - (np.asarray(chi2) - df) / (np.asarray(null_chi2) - null_df)


@np.errstate(all="ignore")
def rmsea(chi2: Number, df: Number, n: Number) -> Array:
    """Return ``sqrt(max(chi2 - df, 0) / (df n))``, Steiger & Lind (1980); 0 when df = 0."""
    value = np.sqrt(np.maximum(np.asarray(chi2) - df, 0.0) / (np.asarray(df) * n))
    return _if_tested(df, value, 0.0)


@np.errstate(all="ignore")
def rmsea_interval(chi2: Number, df: Number, n: Number, level: float = 0.90) -> tuple[Array, Array]:
    """Return limits of RMSEA from the noncentral chi-square, Browne & Cudeck (1993).

    The noncentralities at which `chi2` is the upper, and the lower, tail point; zero where
    there is none.
    """
    chi2 = np.asarray(chi2)
    tail = np.array([1 + level, 1 - level]).reshape(2, *(1,) * chi2.ndim) / 2
    missed = special.chdtr(df, chi2) <= tail
    limits = np.sqrt(special.chndtrinc(chi2, df, tail) / (np.asarray(df) * n))
    lower, upper = _if_tested(df, np.where(missed, 0.0, limits), 0.0)
    return lower, upper


@np.errstate(all="ignore")
def rmsea_close(chi2: Number, df: Number, n: Number, bound: float = 0.05) -> Array:
    """Return the probability of `chi2` or more when RMSEA = `bound`, Browne & Cudeck (1993)."""
    center = np.asarray(df) * n * bound**2
    return _if_tested(df, 1 - special.chndtr(chi2, df, center), np.nan)


@np.errstate(all="ignore")
def rmsea_not_close(chi2: Number, df: Number, n: Number, bound: float = 0.08) -> Array:
    """Return the probability of `chi2` or less when RMSEA = `bound`, MacCallum et al. (1996).

    Small when the fit is better than `bound`.
    """
    center = np.asarray(df) * n * bound**2
    return _if_tested(df, special.chndtr(chi2, df, center), np.nan)


def mfi(chi2: Number, df: Number, n: Number) -> Array:
    """Return ``exp(-(c - d) / (2 n))``, McDonald's (1989) centrality."""
    return np.exp(-0.5 * (np.asarray(chi2) - df) / n)


def gamma_hat(chi2: Number, df: Number, n: Number, p: int) -> Array:
    """Return ``p / (p + 2 (c - d) / n)``, Steiger (1989): the GFI expected of the population."""
    return p / (p + 2 * np.maximum(np.asarray(chi2) - df, 0.0) / n)


@np.errstate(all="ignore")
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
    inverse = linalg.inverse(sigma)
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
    return 1 - left / whole


@np.errstate(all="ignore")
def adjusted(value: Number, df: Number, moments: int) -> Array:
    """Return ``1 - (moments / d) (1 - value)``: GFI as AGFI, adjusted for parameters.

    `moments` are the variances, covariances and means that are modelled; nan when df = 0.
    """
    return _if_tested(df, 1 - moments / np.asarray(df) * (1 - np.asarray(value)), np.nan)


def pgfi(value: Number, df: Number, moments: int) -> Array:
    """Return the parsimony-adjusted GFI, ``d / moments gfi``, Mulaik et al. (1989)."""
    return np.asarray(df) / moments * value


@np.errstate(all="ignore")
def pcfi(value: Number, df: Number, null_df: Number) -> Array:
    """Return the parsimony-adjusted CFI, ``d/d0 cfi``, Mulaik et al. (1989); AMOS's PCFI."""
    return np.asarray(df) / null_df * value


@np.errstate(all="ignore")
def ratio(chi2: Number, df: Number) -> Array:
    """Return chi-square over its degrees of freedom (AMOS's CMIN/DF); nan when df = 0."""
    return _if_tested(df, np.asarray(chi2) / df, np.nan)


def ecvi(chi2: Number, parameters: int, n: Number) -> Array:
    """Return the expected cross-validation index ``(c + 2 q) / n``, Browne & Cudeck (1989)."""
    return (np.asarray(chi2) + 2 * parameters) / n


@np.errstate(all="ignore")
def critical_n(chi2: Number, df: Number, n: Number, level: float) -> Array:
    """Return Hoelter's (1983) critical n, the sample size at which `chi2` is just significant.

    ``n q / c + 1`` with q the chi-square quantile of probability `level`; nan when df = 0.
    """
    value = np.asarray(n) * special.chdtri(df, 1 - level) / np.asarray(chi2) + 1
    return _if_tested(df, value, np.nan)


def srmr(cov: Array, sigma: Array, gap: Array | None = None) -> Array:
    """Return the root mean square of ``(s_ij - sigma_ij) / sqrt(s_ii s_jj)``, Bentler (1995).

    Over the lower triangle with the diagonal, of covariances (..., p, p), and where means are
    modelled also over their residuals `gap` (..., p) in standard deviations.
    """
    p, sd = cov.shape[-1], _deviation(cov)
    squared = ((cov - sigma) / (sd[..., :, None] * sd[..., None, :])) ** 2
    total = (squared.sum(axis=(-2, -1)) + np.einsum("...ii->...", squared)) / 2
    if gap is None:
        return np.sqrt(total / (p * (p + 1) / 2))
    return np.sqrt((total + ((gap / sd) ** 2).sum(axis=-1)) / (p * (p + 3) / 2))


@np.errstate(all="ignore")
def residual(
    cov: Array, sigma: Array, share: Array, gap: Array | None = None, mean: Array | None = None
) -> dict[str, Array]:
    """Return by name root mean squares (...,) of residuals.

    - `srmr`: as `srmr`.
    - `rmr`: of ``s_ij - sigma_ij``, diagonal included.
    - `srmr_mplus`: Mplus's, of residual correlations, and ``(s_ii - sigma_ii) / s_ii``.
    - `crmr`: of the residual correlations of the p (p - 1) / 2 pairs, Bollen (1989), Ogasawara
      (2001); nan for one item.

    Parameters
    ----------
    cov, sigma : ndarray (..., G, p, p)
        Observed and implied covariances of groups.
    share : ndarray (G,)
        Shares of the groups in the respondents, the weights of the mean over them.
    gap, mean : ndarray (..., G, p), optional
        Residual and observed means where these are modelled: they count too, `gap` in standard
        deviations but for `rmr`, for Mplus the difference of means each in its own.
    """
    p, spot = cov.shape[-1], np.arange(cov.shape[-1])
    sd, own = _deviation(cov), _deviation(sigma)
    raw, outer = cov - sigma, sd[..., :, None] * sd[..., None, :]
    scaled = raw / outer
    corr = cov / outer - sigma / (own[..., :, None] * own[..., None, :])
    squared = np.stack([scaled, raw, corr, corr])
    squared *= squared
    squared[2][..., spot, spot] = squared[0][..., spot, spot]
    sign = np.array([1.0, 1.0, 1.0, -1.0]).reshape(4, *(1,) * (cov.ndim - 2))
    total = (squared.sum(axis=(-2, -1)) + sign * np.einsum("...ii->...", squared)) / 2
    count = p * (p + sign) / 2
    if gap is not None and mean is not None:
        far = np.stack([gap / sd, gap, mean / sd - (mean - gap) / own, gap / sd])
        total, count = total + (far * far).sum(axis=-1), count + p
    found = np.sqrt(total / count) @ share
    return dict(zip(("srmr", "rmr", "srmr_mplus", "crmr"), found, strict=True))


def _deviation(cov: Array) -> Array:
    """Return standard deviations (..., p); nan where a variance is not positive."""
    variance = cov.diagonal(axis1=-2, axis2=-1)
    return np.sqrt(np.where(variance > 0, variance, np.nan))


def log_likelihood(value: Number, n: Number, p: Number) -> Array:
    """Return the normal log-likelihood of ``value = log|Sigma| + tr(S Sigma^-1)``, means free."""
    return -np.asarray(n) / 2 * (np.asarray(p) * np.log(2 * np.pi) + np.asarray(value))


def aic(loglik: Number, parameters: int) -> Array:
    """Return ``-2 loglik + 2 q``, Akaike (1974)."""
    return -2 * np.asarray(loglik) + 2 * parameters


@np.errstate(all="ignore")
def aicc(loglik: Number, parameters: int, n: Number) -> Array:
    """Return AIC corrected for small samples, ``aic + 2 q (q + 1) / (n - q - 1)``, Sugiura (1978).

    nan unless n exceeds q + 1.
    """
    left = np.asarray(n) - parameters - 1.0
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


def _trace_square(matrix: Array) -> Array:
    """Return ``tr(M M)`` (...,) of (..., p, p)."""
    return np.asarray((matrix * np.swapaxes(matrix, -1, -2)).sum(axis=(-2, -1)))
