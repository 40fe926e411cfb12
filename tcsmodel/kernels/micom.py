"""Measurement invariance of composites (MICOM).

Henseler, Ringle & Sarstedt (2016), International Marketing Review 33, 405-431. Symbols: `weights`
(..., p) of the items in their own composite; `member` (p, k) bool, the composite of each item.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def agreement(first: Array, second: Array, cov: Array, member: Mask) -> Array:
    """Return the correlations (..., k) of composites made with two sets of weights.

    ``w1' S w2 / sqrt(w1' S w1 w2' S w2)`` with the covariances S (p, p) of the pooled items.
    """
    a, b = (w[..., :, None] * member for w in (first, second))
    moved = cov @ b
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt((a * (cov @ a)).sum(axis=-2) * (b * moved).sum(axis=-2))
        return np.asarray((a * moved).sum(axis=-2) / scale)


def score_moments(weights: Array, mean: Array, cov: Array, member: Mask) -> tuple[Array, Array]:
    """Return means and variances (..., k) of composites made with the same weights (p,).

    Of items with means (..., p) and covariances (..., p, p).
    """
    spread = weights[:, None] * member
    return mean @ spread, (spread * (cov @ spread)).sum(axis=-2)
