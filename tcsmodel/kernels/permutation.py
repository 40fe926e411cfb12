"""P values of statistics under permutation, over the leading (replicate) axis.

Symbols: `draws` (B, ...) the statistic of permuted groups, nan where there is none; `observed`
(...) that of the groups as they are. Where groups do not differ, the observed statistic is one
more draw, so ``p = (1 + count) / (1 + B)``, which is never 0 (Phipson & Smyth 2010, Statistical
Applications in Genetics and Molecular Biology 9, 39). Draws within rounding of the observed
statistic count as equal to it. nan where no draw is left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ROUNDING = 1e-10


def two_sided(draws: Array, observed: Array) -> Array:
    """Return the share (...,) of draws at least as far from zero as the observed statistic."""
    return upper(np.abs(draws), np.abs(observed))


def lower(draws: Array, observed: Array) -> Array:
    """Return the share (...,) of draws that are not above the observed statistic."""
    return upper(-draws, -observed)


def upper(draws: Array, observed: Array) -> Array:
    """Return the share (...,) of draws that are not below the observed statistic."""
    count = np.isfinite(draws).sum(axis=0)
    with np.errstate(invalid="ignore"):
        beyond = (draws >= observed - ROUNDING).sum(axis=0)
    known = (count > 0) & np.isfinite(observed)
    return np.where(known, (1 + beyond) / (1 + count), np.nan)


def holm(p: Array) -> Array:
    """Return p values (k, ...) adjusted over axis 0, so that all k hold together (Holm 1979).

    ``max_{j <= i} min(1, (k - j + 1) p_(j))`` in ascending order; nan is no test and stays.
    """
    tests = np.isfinite(p).sum(axis=0)
    order = np.argsort(p, axis=0)  # nan last
    steps = np.arange(len(p)).reshape(-1, *[1] * (p.ndim - 1))
    raised = np.take_along_axis(p, order, axis=0) * np.maximum(tests - steps, 1)
    raised = np.minimum(np.maximum.accumulate(raised, axis=0), 1.0)
    adjusted = np.empty_like(raised)
    np.put_along_axis(adjusted, order, raised, axis=0)
    return adjusted
