"""Classes of respondents by the PLS model that each is closest to (REBUS-PLS).

Esposito Vinzi, Trinchera, Squillacciotti & Tenenhaus (2008, Applied Stochastic Models in
Business and Industry 24, 439-458). Symbols: `z` (b, n, p) standardized answers; `weights` (b, n)
case weights; `labels` (b, n) classes from 0; `block` (p,) and `paths` (k, k) as in `kernels.pls`.
Residuals of everybody under the model of a class are linear in the answers, so one matrix product
gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.mixture import chunks
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]
Values = Mapping[str, Array]
# Takes means (..., p) and covariances (..., p, p), and returns quantities of PLS by name.
Fit = Callable[[Array, Array], Values]

FEWEST = 6
MOVING = 0.005


@dataclass(frozen=True, slots=True)
class Classes:
    """How the classes ended, one member each.

    labels (b, n); moving (b,) the share that moved in the last iteration; iterations (b,);
    status (b,), `Status` codes: SINGULAR where a class came down to fewer than 6 respondents or
    had no model, ITERATION_CAP where respondents kept moving.
    """

    labels: Index
    moving: Array
    iterations: Index
    status: Index


def local_moments(z: Array, weights: Array, labels: Index, k: int) -> tuple[Array, Array]:
    """Return means (b, k, p) and covariances (b, k, p, p), divisor the weights, of the classes."""
    inside = labels[:, None] == np.arange(k)[:, None]
    share = weights[:, None] * inside
    with np.errstate(all="ignore"):
        share = share / share.sum(axis=-1, keepdims=True)
    mean = share @ z
    root = z[:, None] * np.sqrt(share)[..., None]
    return mean, root.swapaxes(-1, -2) @ root - mean[..., :, None] * mean[..., None, :]


def residual_map(values: Values, block: Index, paths: Mask) -> Array:
    """Return the matrix (..., p, p + m) that turns standardized answers into residuals.

    First those of the items, ``z - loading * score``, then those of the m constructs with
    antecedents, ``score - sum of path * score``.
    """
    p, k = len(block), len(paths)
    member = (block[:, None] == np.arange(k)).astype(np.float64)
    spread = values["outer_weights"][..., :, None] * member
    back = (values["outer_loadings"][..., :, None] * member).swapaxes(-1, -2)
    inner = (np.eye(k) - values["paths"])[..., paths.any(axis=0)]
    return np.concatenate([np.eye(p) - spread @ back, spread @ inner], axis=-1)


def closeness(z: Array, weights: Array, values: Values, block: Index, paths: Mask) -> Array:
    """Return the closeness measure (b, k, n) of respondents to classes, less for closer.

    ``sqrt(out_i inn_i)``, where ``out`` is the sum of squared item residuals over communalities
    and ``inn`` that of construct residuals over R2, each over its mean in the sample with
    divisor N - 2 (the paper writes N - m - 1, and m is 1). `z` are answers standardized by
    the means and standard deviations of everybody.
    """
    p, targets = len(block), paths.any(axis=0)
    sizes = np.bincount(block, minlength=len(paths))
    several = sizes[block] > 1
    with np.errstate(all="ignore"):
        communality = np.where(several, values["outer_loadings"] ** 2, 1.0)
        scale = np.concatenate([communality, values["r_squared"][..., targets]], axis=-1)
        turn = residual_map(values, block, paths) / np.sqrt(scale)[..., None, :]
        out = np.empty((2, *turn.shape[:2], z.shape[1]))
        for rows in chunks(z.shape[1], turn[..., 0, :].size):
            squares = (z[:, None, rows] @ turn) ** 2
            out[0, ..., rows] = squares[..., :p].sum(axis=-1)
            out[1, ..., rows] = squares[..., p:].sum(axis=-1)
        out /= (out * weights[:, None]).sum(axis=-1, keepdims=True)
        return np.sqrt(out[0] * out[1]) * (weights.sum(axis=-1) - 2)[:, None, None]


def classes(
    z: Array,
    weights: Array,
    start: Index,
    k: int,
    fit: Fit,
    block: Index,
    paths: Mask,
    max_iter: int = 50,
) -> Classes:
    """Return the classes after moving respondents to the closest one until < .5% move."""
    labels = start.copy()
    b = len(start)
    moving, iterations = np.ones(b), np.zeros(b, dtype=np.intp)
    status = np.full(b, Status.ITERATION_CAP, dtype=np.intp)
    active = np.arange(b)
    for iteration in range(1, max_iter + 1):
        own, drawn = labels[active], weights[active] > 0
        values = fit(*local_moments(z[active], weights[active], own, k))
        distance = closeness(z[active], weights[active], values, block, paths)
        lost = ~np.isfinite(distance).all(axis=(1, 2))
        new = np.nan_to_num(distance, nan=np.inf).argmin(axis=1)
        size = ((new[:, None] == np.arange(k)[:, None]) & drawn[:, None]).sum(axis=-1)
        lost |= (size < FEWEST).any(axis=1)
        moved = ((new != own) & drawn).sum(axis=1) / drawn.sum(axis=1)
        labels[active] = np.where(lost[:, None], own, new)
        moving[active], iterations[active] = moved, iteration
        status[active[moved < MOVING]] = Status.CONVERGED
        status[active[lost]] = Status.SINGULAR
        active = active[(moved >= MOVING) & ~lost]
        if not len(active):
            break
    return Classes(labels, moving, iterations, status)


def group_quality(values: Values, shares: Array, block: Index, paths: Mask) -> Array:
    """Return the group quality index (...,) of quantities (..., k, ...) and shares (..., k).

    ``sqrt(sum_g share_g out_g inn_g)`` with the mean communality ``out`` of the items of blocks
    of several and the mean R2 ``inn``; with one class it is the goodness of fit of Tenenhaus,
    Amato & Esposito Vinzi (2004).
    """
    several = np.bincount(block, minlength=len(paths))[block] > 1
    kept = several if several.any() else np.ones_like(several)
    out = (values["outer_loadings"][..., kept] ** 2).mean(axis=-1)
    inn = values["r_squared"][..., paths.any(axis=0)].mean(axis=-1)
    return np.asarray(np.sqrt((shares * out * inn).sum(axis=-1)))


def ward(residuals: Array) -> Array:
    """Return Ward's tree of residuals (m, q) as scipy has it (m - 1, 4); memory grows with m^2."""
    from scipy.cluster.hierarchy import linkage

    return np.asarray(linkage(residuals, method="ward"))


def cut(tree: Array, residuals: Array, k: int, everyone: Array) -> Index:
    """Return the cluster (n,) of `everyone` (n, q), whose center is nearest, for k clusters.

    The centers are those of the clusters of `residuals` (m, q) when the tree is cut.
    """
    from scipy.cluster.hierarchy import fcluster

    found = fcluster(tree, k, criterion="maxclust") - 1
    if len(residuals) == len(everyone):
        return np.asarray(found, dtype=np.intp)
    centers = np.stack([residuals[found == s].mean(axis=0) for s in range(int(found.max()) + 1)])
    distance = (centers**2).sum(axis=1) - 2 * everyone @ centers.T
    return np.asarray(distance.argmin(axis=1), dtype=np.intp)


def leap(tree: Array, most: int) -> int:
    """Return the number of clusters, 2 to `most`, before the largest leap in the tree's heights."""
    heights = tree[::-1, 2]
    leaps = [heights[k - 2] - heights[k - 1] for k in range(2, most + 1)]
    return 2 + int(np.argmax(leaps))
