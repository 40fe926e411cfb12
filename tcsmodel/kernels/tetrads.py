"""Vanishing tetrads: what one common factor implies for the correlations of four items.

Bollen & Ting (1993, 2000). The tetrad of items g, h, i, j is ``t_ghij = s_gh s_ij - s_gi s_hj``;
under one factor with independent errors every tetrad is zero, whatever the loadings.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tcsmodel.kernels import intervals

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def nonredundant(items: Index) -> Index:
    """Return the m (m - 3) / 2 tetrads (t, 4) of m items, none of which follows from the others.

    Those of the first two items with each other pair, and of pairs with the third in both
    orders. Each contains a correlation that no tetrad before it has, so that they are
    independent; together with nonzero correlations they imply all other tetrads. None of fewer
    than four items.
    """
    m = len(items)
    pairs = [pair for k in range(3, m) for pair in ((2, k), (k, 2), *((i, k) for i in range(3, k)))]
    chosen = np.array([(0, 1, i, j) for i, j in pairs], dtype=np.intp).reshape(-1, 4)
    return items[chosen]


def tetrads(cov: Array, at: Index) -> Array:
    """Return the tetrads (..., t) of covariances or correlations (..., p, p) at (t, 4)."""
    g, h, i, j = at.T
    return cov[..., g, h] * cov[..., i, j] - cov[..., g, i] * cov[..., h, j]


def corrected_interval(
    draws: Array, estimate: Array, level: Array | float
) -> tuple[Array, Array, Array]:
    """Return bias-corrected normal limits (t,) and p values (t,) of draws (B, t).

    ``2 estimate - mean`` plus and minus a normal quantile of standard errors, as CTA-PLS takes
    (Gudergan, Ringle, Wende & Will 2008): levels adjusted for many tetrads lie beyond what
    quantiles of some thousand draws can tell. Draws that are nan are left out.
    """
    se = intervals.standard_error(draws)
    finite = np.isfinite(draws)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(finite, draws, 0.0).sum(axis=0) / finite.sum(axis=0)
        center = 2 * estimate - mean
        p = 2 * special.ndtr(-np.abs(center / se))
    half = special.ndtri((1 + np.asarray(level)) / 2) * se
    return center - half, center + half, p
