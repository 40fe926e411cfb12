"""Rubin's rules: one estimate from those of several imputed data sets, with its whole error.

Symbols: `estimates` (m, ...) and their squared standard errors `variances` (m, ...) of m imputed
sets; Q their mean, W the mean variance, B the variance of the estimates (divisor m - 1). Rubin
(1987, ch. 3); degrees of freedom for finite samples of Barnard & Rubin (1999, Biometrika 86).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Array = NDArray[np.float64]


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
