"""Where the search for the parameters of a structural equation model begins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.implied import (
    ITEM_MEAN,
    LATENT,
    LATENT_MEAN,
    LOADING,
    PATH,
    RESIDUAL,
    Layout,
    matrices,
)

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]


def starting_values(layout: Layout, cov: Array, mean: Array | None = None) -> Array:
    """Return starting values (B, q) from covariances (B, p, p) and means (B, p) of the items.

    Half of each item's variance is its construct's, whose scale a reference item gives: the
    first with a fixed loading, else the first. Paths and covariances start at zero,
    intercepts at the means of the items, and a latent mean where its reference item has it.
    """
    theta = np.zeros((len(cov), layout.n_free))
    variance = cov.diagonal(axis1=1, axis2=2)
    phi, markers = _latent_scales(layout, variance)
    explained = np.zeros(layout.n_latents, dtype=bool)
    explained[layout.row[layout.matrix == PATH]] = True
    higher = markers < 0
    diagonal = layout.row == layout.column
    i, j, k = _free_rows(layout, layout.matrix == LOADING)
    sign = np.where(cov[:, i, markers[j]] < 0, -1.0, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        theta[:, k] = sign * np.sqrt(variance[:, i] / (2 * phi[:, j]))
    i, j, k = _free_rows(layout, layout.matrix == PATH)
    theta[:, k] = np.where(higher[j], np.sqrt(phi[:, i] / (2 * phi[:, j])), 0.0)
    i, j, k = _free_rows(layout, (layout.matrix == LATENT) & diagonal)
    theta[:, k] = phi[:, i] * np.where(explained[i], 0.5, 1.0)
    i, j, k = _free_rows(layout, (layout.matrix == RESIDUAL) & diagonal)
    theta[:, k] = variance[:, i] / 2
    if mean is not None:
        i, _, k = _free_rows(layout, layout.matrix == ITEM_MEAN)
        theta[:, k] = mean[:, i]
        i, _, k = _free_rows(layout, layout.matrix == LATENT_MEAN)
        reference = markers[i]
        nu = matrices(layout, np.full(layout.n_free, np.nan)).item_mean[reference, 0]
        theta[:, k] = np.where((reference < 0) | np.isnan(nu), 0.0, mean[:, reference] - nu)
    return theta


def _free_rows(layout: Layout, chosen: Mask) -> tuple[Index, Index, Index]:
    """Return rows, columns and parameters of the free ones among `chosen` (r,)."""
    at = np.flatnonzero(chosen & (layout.free >= 0))
    return layout.row[at], layout.column[at], layout.free[at]


def _latent_scales(layout: Layout, variance: Array) -> tuple[Array, Index]:
    """Return rough latent variances (B, m) and the reference item (m,) of each, -1 without."""
    m = layout.n_latents
    fixed = matrices(layout, np.full(layout.n_free, np.nan))
    loads = fixed.loading != 0
    known = loads & np.isfinite(fixed.loading)
    is_known = known.any(axis=0)
    first = np.where(is_known, known.argmax(axis=0), loads.argmax(axis=0))
    markers = np.where(loads.any(axis=0), first, -1)
    own, error = variance[:, first], fixed.residual[first, first]
    share = np.where(np.isfinite(error), np.maximum(own - error, 0.05 * own), own / 2)
    loading = np.where(is_known, fixed.loading[first, np.arange(m)], 1.0)
    given = fixed.latent.diagonal()
    phi = np.where(is_known, share / loading**2, 1.0)
    phi = np.where(np.isfinite(given) & (markers >= 0), np.where(given == 0, 1.0, given), phi)
    for higher in np.flatnonzero(markers < 0):
        path = fixed.path[:, higher]
        known = np.flatnonzero(np.isfinite(path) & (path != 0))
        if np.isfinite(fixed.latent[higher, higher]):
            phi[:, higher] = fixed.latent[higher, higher] or 1.0
        elif len(known):
            phi[:, higher] = phi[:, known[0]] / (2 * path[known[0]] ** 2)
    return phi, markers
