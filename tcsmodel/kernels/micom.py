"""Measurement invariance of composites (MICOM).

Henseler, Ringle & Sarstedt (2016), International Marketing Review 33, 405-431. Symbols: `weights`
(..., p, k) of the items in each composite, 0 of those that are not in it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def agreement(first: Array, second: Array, cov: Array) -> Array:
    """Return the correlations (..., k) of composites made with two sets of weights.

    ``w1' S w2 / sqrt(w1' S w1 w2' S w2)`` with the covariances S (p, p) of the pooled items.
    """
    moved = cov @ second
    with np.errstate(divide="ignore", invalid="ignore"):
        own = (first * (cov @ first)).sum(axis=-2) * (second * moved).sum(axis=-2)
        return np.asarray((first * moved).sum(axis=-2) / np.sqrt(own))


def score_moments(weights: Array, mean: Array, cov: Array) -> tuple[Array, Array]:
    """Return means and variances (..., k) of composites made with the same weights (p, k).

    Of items with means (..., p) and covariances (..., p, p).
    """
    return mean @ weights, (weights * (cov @ weights)).sum(axis=-2)
