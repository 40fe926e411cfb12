"""Order of improvements: potential gains, ranks, quadrants and ties, over replicates.

Symbols: `importance`, `performance`, `gain` (..., d) of d drivers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


def potential_gain(importance: Array, performance: Array) -> Array:
    """Return what the target would gain (..., d) if a driver were perfect.

    ``importance * (100 - performance)``, importance in target points per driver point.
    """
    return importance * (100 - performance)


def ranks(gain: Array) -> Integers:
    """Return ranks (..., d), 1 for the largest gain; equal gains in their order."""
    order = np.argsort(-gain, axis=-1, kind="stable")
    return np.argsort(order, axis=-1, kind="stable") + 1


def quadrants(importance: Array, performance: Array) -> Integers:
    """Return quadrants (..., d) of the importance-performance map, cut at the drivers' means.

    0 low importance, low performance; 1 low, high; 2 high, low; 3 high, high (Martilla &
    James 1977, Journal of Marketing 41(1)). A value at the mean counts as high.
    """
    above = importance >= importance.mean(axis=-1, keepdims=True)
    well = performance >= performance.mean(axis=-1, keepdims=True)
    return 2 * above + well


def superiority(gain: Array) -> Array:
    """Return P (d, d): the share of replicates gain (B, d) in which row exceeds column.

    Equal gains count half, so ``P + P' = 1``.
    """
    larger = (gain[:, :, None] > gain[:, None, :]).mean(axis=0)
    return (larger + 1 - larger.T) / 2


def tie_groups(superiority: Array, order: Integers, certainty: float) -> Integers:
    """Return group numbers (d,), 1 for the group of the first driver in `order`.

    Two drivers share a group when neither exceeds the other with at least `certainty`,
    or when a chain of such pairs connects them: drivers in different groups can all be
    told apart.
    """
    d = len(superiority)
    tied = np.maximum(superiority, superiority.T) < certainty
    groups = np.zeros(d, dtype=np.intp)
    for first in order:
        if groups[first]:
            continue
        member = np.arange(d) == first
        for _ in range(d):
            member |= (tied & member).any(axis=1)
        groups[member] = groups.max() + 1
    return groups
