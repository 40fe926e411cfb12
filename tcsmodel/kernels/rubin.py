"""Rubin's rules: one estimate from those of several imputed data sets, with its whole error.

Symbols: `estimates` (m, ...) and their squared standard errors `variances` (m, ...) of m imputed
sets; Q their mean, W the mean variance, B the variance of the estimates (divisor m - 1). Rubin
(1987, ch. 3); degrees of freedom for finite samples of Barnard & Rubin (1999, Biometrika 86).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc, stdtrit

Array = NDArray[np.float64]

# With more, F is chi-square over df1 to nine digits, of which old releases of scipy lose all.
MANY = 1e9
# Share of a mean chi-square by which the sets differ in rounding only.
ROUNDING = 1e-10


@dataclass(frozen=True, slots=True)
class Pooled:
    """What m estimates come to; each (...).

    estimate Q; within W; between B; total ``T = W + (1 + 1/m) B``; df; riv, the relative increase
    of the variance by what is missing ``(1 + 1/m) B / W``; fmi, the fraction of missing
    information ``(riv + 2 / (df + 3)) / (riv + 1)``.
    """

    estimate: Array
    within: Array
    between: Array
    total: Array
    df: Array
    riv: Array
    fmi: Array

    @property
    def se(self) -> Array:
        """The standard error, the root of the total variance."""
        return np.sqrt(self.total)

    def interval(self, level: float) -> tuple[Array, Array]:
        """Return limits (...), by Student's t."""
        with np.errstate(invalid="ignore"):
            reach = stdtrit(self.df, (1 + level) / 2) * self.se
        reach = np.where(self.total == 0, 0.0, reach)
        return self.estimate - reach, self.estimate + reach


def pool(estimates: Array, variances: Array, complete: float | Array) -> Pooled:
    """Return what m estimates (m, ...) come to, by Rubin's rules.

    ``df = 1 / (1 / old + 1 / seen)`` with ``old = (m - 1) / share^2``, ``seen = (complete + 1) /
    (complete + 3) complete (1 - share)`` and ``share = (1 + 1/m) B / T``.

    Parameters
    ----------
    estimates, variances : ndarray (m, ...)
        Of each imputed set; nan in one is nan in all.
    complete : float or ndarray (...)
        Degrees of freedom of the complete answers; inf where inference is of large samples.
    """
    m = len(estimates)
    estimate, within = estimates.mean(axis=0), variances.mean(axis=0)
    between = estimates.var(axis=0, ddof=1)
    # The mean of m equal numbers differs from each by rounding.
    between = np.where(np.ptp(estimates, axis=0) == 0, 0.0, between)
    added = (1 + 1 / m) * between
    total = within + added
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, added / total, 0.0 * total)
        riv = np.where(added == 0, 0.0, added / within)
        old = (m - 1) / share**2
        seen = (1 - 2 / (complete + 3)) * complete * (1 - share)
        df = 1 / (1 / old + 1 / seen)
        fmi = np.where(np.isinf(riv), 1.0, (riv + 2 / (df + 3)) / (riv + 1))
    return Pooled(estimate, within, between, total, df, riv, fmi)


@dataclass(frozen=True, slots=True)
class PooledTest:
    """What m chi-squares come to: F on df1 and df2 degrees of freedom; riv, fmi as in `Pooled`."""

    f: float
    df1: float
    df2: float
    riv: float

    @property
    def chi2(self) -> float:
        """F times df1, which has that distribution where df2 is large."""
        return self.f * self.df1

    @property
    def p(self) -> float:
        """The probability of a larger F."""
        if self.df2 > MANY:
            return float(chdtrc(self.df1, self.chi2))
        return float(fdtrc(self.df1, self.df2, self.f))

    @property
    def fmi(self) -> float:
        """The fraction of missing information, ``riv / (1 + riv)``."""
        return self.riv / (1 + self.riv)


def pooled_chi2(chi2: Array, df: float) -> PooledTest:
    """Return D2, of chi-squares (m,) alone (Li, Meng, Raghunathan & Rubin 1991, eq. 2.2).

    ``D2 = (mean / df - (m + 1) / (m - 1) riv) / (1 + riv)``, no less than zero, with ``riv = (1 +
    1/m) var(sqrt(chi2))`` and ``df2 = df^(-3/m) (m - 1) (1 + 1/riv)^2``. Statistica Sinica 1,
    65-92.
    """
    m = len(chi2)
    if not df > 0 or not np.isfinite(chi2).all():
        return PooledTest(np.nan, float(df), np.nan, np.nan)
    roots = np.sqrt(np.maximum(chi2, 0.0))
    riv = float((1 + 1 / m) * roots.var(ddof=1))
    if np.ptp(roots) <= ROUNDING * roots.mean():
        riv = 0.0
    f = float((chi2.mean() / df - (m + 1) / (m - 1) * riv) / (1 + riv))
    df2 = df ** (-3 / m) * (m - 1) * (1 + 1 / riv) ** 2 if riv > 0 else np.inf
    return PooledTest(max(f, 0.0), float(df), float(df2), riv)


def pooled_likelihood(own: Array, common: Array, df: float) -> PooledTest:
    """Return D3, of likelihood ratios (m,) (Meng & Rubin 1992, Biometrika 79, 103-111).

    ``D3 = mean(common) / (df (1 + riv))`` with ``riv = (m + 1) / (df (m - 1)) (mean(own) -
    mean(common))``, no less than zero; df2 as in their eq. 2.7.

    Parameters
    ----------
    own : ndarray (m,)
        Twice the log likelihood ratios at the estimates of each imputed set.
    common : ndarray (m,)
        The same at the estimates of both models averaged over the sets.
    df : float
        Degrees of freedom.
    """
    m = len(own)
    if not df > 0 or not (np.isfinite(own).all() and np.isfinite(common).all()):
        return PooledTest(np.nan, float(df), np.nan, np.nan)
    t = df * (m - 1)
    more = float(own.mean() - common.mean())
    riv = (m + 1) / t * more if more > ROUNDING * own.mean() else 0.0
    f = max(float(common.mean()) / (df * (1 + riv)), 0.0)
    if riv == 0:
        df2 = np.inf
    elif t > 4:
        df2 = 4 + (t - 4) * (1 + (1 - 2 / t) / riv) ** 2
    else:
        df2 = t * (1 + 1 / df) * (1 + 1 / riv) ** 2 / 2
    return PooledTest(f, float(df), float(df2), riv)
