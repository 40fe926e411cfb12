"""How well common factors reproduce correlations. Symbols as in `extraction`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtr, chdtrc, chndtrinc

from tcsmodel.kernels.extraction import ml_discrepancy

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FactorFit:
    """Fit of k factors, each (...,): the field names are those of `EFAResult.fit_measures`.

    chi2, p, df (int); baseline_chi2, baseline_df (int) of uncorrelated items; cfi, tli;
    rmsea with its 90% limits; rmsr, the root mean square of the off-diagonal residuals;
    bic, ``chi2 - df log n``.
    """

    chi2: Array
    df: int
    p: Array
    baseline_chi2: Array
    baseline_df: int
    cfi: Array
    tli: Array
    rmsea: Array
    rmsea_ci_lower: Array
    rmsea_ci_upper: Array
    rmsr: Array
    bic: Array


def degrees_of_freedom(p: int, k: int) -> int:
    """Return ``((p - k)^2 - (p + k)) / 2``: correlations less free loadings."""
    return ((p - k) ** 2 - (p + k)) // 2


def most_factors(p: int) -> int:
    """Return the most factors whose degrees of freedom are not negative (Ledermann 1937)."""
    return max((k for k in range(p) if degrees_of_freedom(p, k) >= 0), default=0)


def factor_fit(corr: Array, loadings: Array, uniqueness: Array, n: int) -> FactorFit:
    """Return the fit of unrotated `loadings`; what needs df > 0 is nan without.

    ``chi2 = m F`` with F the ML discrepancy and ``m = n - 1 - (2p + 5)/6 - 2k/3`` (Bartlett
    1951), whatever the extraction; TLI as ``(F0/df0 - F/df) / (F0/df0 - 1/m)``, F0 that of
    uncorrelated items (Tucker & Lewis 1973).
    """
    p, k = loadings.shape[-2:]
    df, baseline_df = degrees_of_freedom(p, k), p * (p - 1) // 2
    bartlett = n - 1 - (2 * p + 5) / 6
    multiplier = bartlett - 2 * k / 3
    chi2 = multiplier * ml_discrepancy(corr, loadings, uniqueness)
    independence = -np.linalg.slogdet(corr)[1]
    baseline = bartlett * independence
    excess = np.maximum(chi2 - df, 0)
    off = ~np.eye(p, dtype=bool)
    residual = (corr - loadings @ np.swapaxes(loadings, -1, -2))[..., off]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = multiplier * independence / baseline_df
        tli = (ratio - chi2 / df) / (ratio - 1) if df > 0 else np.full(chi2.shape, np.nan)
        cfi = 1 - excess / np.maximum(np.maximum(baseline - baseline_df, excess), 1e-300)
    lower, upper = _rmsea_interval(chi2, df, n)
    return FactorFit(
        chi2=chi2,
        df=df,
        p=chdtrc(df, chi2) if df > 0 else np.full(chi2.shape, np.nan),
        baseline_chi2=baseline,
        baseline_df=baseline_df,
        cfi=cfi,
        tli=tli,
        rmsea=_rmsea(chi2, df, n),
        rmsea_ci_lower=lower,
        rmsea_ci_upper=upper,
        rmsr=np.sqrt((residual**2).mean(axis=-1)),
        bic=chi2 - df * np.log(n),
    )


def _rmsea(chi2: Array, df: int, n: int) -> Array:
    """``sqrt(max(chi2/(n df) - 1/(n - 1), 0))``, psych's form of Steiger & Lind (1980)."""
    if df == 0:
        return np.full(chi2.shape, np.nan)
    return np.sqrt(np.maximum(chi2 / (n * df) - 1 / (n - 1), 0))


def _rmsea_interval(chi2: ArrayLike, df: int, n: int) -> tuple[Array, Array]:
    """90% limits from the noncentrality that puts chi2 at its 95% and 5% point."""
    chi2 = np.asarray(chi2, dtype=float)
    if df == 0:
        return np.full(chi2.shape, np.nan), np.full(chi2.shape, np.nan)
    below = chdtr(df, chi2)
    with np.errstate(invalid="ignore"):
        lower = np.where(below > 0.95, chndtrinc(chi2, df, 0.95), 0.0)
        upper = np.where(below > 0.05, chndtrinc(chi2, df, 0.05), 0.0)
    return np.sqrt(lower / ((n - 1) * df)), np.sqrt(upper / ((n - 1) * df))
