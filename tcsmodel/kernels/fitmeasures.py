"""Fit measures of covariance structure models, elementwise over any batch.

Symbols: `chi2` with `df`, `null_chi2` with `null_df` of the baseline model, `n`
respondents; chi-square is n times the discrepancy (divisor n, lavaan's "normal").
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

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


def log_likelihood(value: Number, n: Number, p: int) -> Array:
    """Return the normal log-likelihood of ``value = log|Sigma| + tr(S Sigma^-1)``, means free."""
    return -np.asarray(n) / 2 * (p * np.log(2 * np.pi) + np.asarray(value))


def aic(loglik: Number, parameters: int) -> Array:
    """Return ``-2 loglik + 2 q``, Akaike (1974)."""
    return -2 * np.asarray(loglik) + 2 * parameters


def bic(loglik: Number, parameters: int, n: Number) -> Array:
    """Return ``-2 loglik + q log n``, Schwarz (1978)."""
    return -2 * np.asarray(loglik) + parameters * np.log(n)
