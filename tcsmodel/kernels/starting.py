"""Where the search for the parameters of a structural equation model begins.

A centroid solution: from the correlations of an item with the others of its construct follows its
loading, from those between the items of two constructs their correlation, and from these the
paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import linalg
from tcsmodel.kernels.implied import (
    ITEM_MEAN,
    LATENT,
    LATENT_MEAN,
    LOADING,
    PATH,
    RESIDUAL,
    Layout,
    Matrices,
    matrices,
)

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]
Rows = tuple[Index, Index, Index]

# Limits of standardized loadings and of correlations of constructs.
LEAST_LOADING, MOST_LOADING = 0.2, 0.95
MOST_CORR = 0.95
# The least share of a variance that is left unexplained, or is explained where an error is known.
LEAST_SHARE = 0.05
HALF = 0.5**0.5
ROUNDS = 2


@dataclass(frozen=True, slots=True)
class _Items:
    """Which items measure what, in p items and m constructs.

    owner (p,): the construct that an item measures alone, else the last; member (p, m): the same
    as ones, without items that measure several. Among items of one construct `mates` (p, p) is
    one for each of the others and `average` (p, p) makes the mean of their correlations; an item
    without others is its own mate, has_others (p,) says which, and its standardized loading is
    `otherwise` (p,). error (p,): fixed error
    variances, nan where free; first (m,): the reference item of a construct, -1 where it has no
    items; direction (m,): minus one where its loading is fixed below zero; empty (m,): one for a
    construct without members.
    """

    owner: Index
    member: Array
    mates: Array
    average: Array
    has_others: Mask
    otherwise: Array
    error: Array
    first: Index
    direction: Array
    empty: Array


@dataclass(frozen=True, slots=True)
class _Constructs:
    """How m constructs are scaled, and which explain which.

    loading (m,): sizes of fixed reference loadings, else nan; scale (m,): standard deviations that
    do not depend on the items, else nan; higher: constructs of constructs scaled by a path, with
    its target and size. targets (e,): constructs that others explain; source (e, m): ones for
    these; apart (e, m, m): ones on the diagonal for all others; unexplained (m, m): ones for
    pairs that are no targets; wholes: targets with the constructs of constructs behind them.
    """

    loading: Array
    scale: Array
    higher: tuple[tuple[int, int, float], ...]
    targets: Index
    source: Array
    apart: Array
    unexplained: Array
    wholes: tuple[Index, Index]


@dataclass(frozen=True, slots=True)
class _Roles:
    """Who is who in a layout, and row, column and parameter of the free entries of matrices."""

    items: _Items
    constructs: _Constructs
    loadings: Rows
    paths: Rows
    latent: Rows
    residual: Rows


@lru_cache(maxsize=16)
def _roles(layout: Layout) -> _Roles:
    fixed = matrices(layout, np.full(layout.n_free, np.nan))
    loads = fixed.loading != 0
    known = loads & np.isfinite(fixed.loading)
    is_known = known.any(axis=0)
    first = np.where(is_known, known.argmax(axis=0), loads.argmax(axis=0))
    loading = np.where(is_known, fixed.loading[first, np.arange(layout.n_latents)], np.nan)
    first = np.where(loads.any(axis=0), first, -1)
    return _Roles(
        _items(loads, fixed, first, loading),
        _constructs(layout, fixed, first, loading),
        _free_rows(layout, layout.matrix == LOADING),
        _free_rows(layout, layout.matrix == PATH),
        _free_rows(layout, layout.matrix == LATENT),
        _free_rows(layout, (layout.matrix == RESIDUAL) & (layout.row == layout.column)),
    )


def _items(loads: Mask, fixed: Matrices, first: Index, loading: Array) -> _Items:
    n_loadings = np.add.reduce(loads, axis=1)
    alone = n_loadings == 1
    member = loads * alone[:, None]
    count = np.add.reduce(member, axis=0)
    same = member @ member.T.astype(float)
    others = same.sum(axis=1) - 1
    has_others = others > 0
    spot = np.arange(len(loads))
    mates = same.copy()
    mates[spot, spot] = ~has_others
    return _Items(
        owner=np.where(alone, loads @ np.arange(loads.shape[1]), -1),
        member=member.astype(float),
        mates=mates,
        average=same / np.maximum(others * (others + 1), 1),
        has_others=has_others,
        otherwise=np.where(n_loadings > 0, HALF, 0.0),
        error=fixed.residual.diagonal(),
        first=first,
        direction=np.where(loading < 0, -1.0, 1.0),
        empty=np.where(count == 0, 1.0, 0.0),
    )


def _constructs(layout: Layout, fixed: Matrices, first: Index, loading: Array) -> _Constructs:
    given = fixed.latent.diagonal()
    is_given, is_higher = np.isfinite(given), first < 0
    scale = np.where(is_given & (given > 0), np.sqrt(np.abs(given)), 1.0)
    scale[~is_given & np.isfinite(loading)] = np.nan
    m, path = layout.n_latents, fixed.path
    higher = []
    to = np.empty(0, dtype=np.intp)
    if layout.has_paths:
        for j in np.flatnonzero(is_higher & ~is_given):
            known = np.flatnonzero(np.isfinite(path[:, j]) & (path[:, j] != 0))
            higher += [(int(j), int(i), abs(float(path[i, j]))) for i in known[:1]]
        has_cycles = np.linalg.matrix_power((path != 0).astype(float), m).any()
        if not has_cycles:
            to = np.flatnonzero((path != 0).any(axis=1))
    source = np.where(path[to] != 0, 1.0, 0.0)
    of_wholes, wholes = np.nonzero((source > 0) & is_higher)
    rest = np.ones(m)
    rest[to] = 0.0
    return _Constructs(
        loading=np.abs(loading),
        scale=scale,
        higher=tuple(higher),
        targets=to,
        source=source,
        apart=(1 - source)[:, :, None] * layout.identity,
        unexplained=rest[:, None] * rest,
        wholes=(of_wholes, wholes),
    )


def _free_rows(layout: Layout, chosen: Mask) -> Rows:
    """Return rows, columns and parameters of the free ones among `chosen` (r,)."""
    at = np.flatnonzero(chosen & (layout.free >= 0))
    return layout.row[at], layout.column[at], layout.free[at]


def starting_values(layout: Layout, cov: Array, mean: Array | None = None) -> Array:
    """Return starting values (B, q) from covariances (B, p, p) and means (B, p) of the items.

    Loadings are those of a centroid solution (Thurstone 1947) without the diagonal, construct by
    construct; an item of several constructs shares half of its variance with each. Constructs
    correlate as sums of their items do, corrected for attenuation, and half as much where that
    is not definite; paths are least squares on these. A reference item gives a construct its
    scale: the first with a fixed loading, else the first. A construct of constructs explains half
    of each, and paths in a cycle start at zero. Intercepts start at the means of the items, and a
    latent mean where its reference item has it.
    """
    roles, theta = _roles(layout), np.zeros((len(cov), layout.n_free))
    unique = variance = cov.diagonal(axis1=1, axis2=2)
    if layout.n_latents:
        unique = variance - _add_constructs(roles, cov, variance, theta)
    i, _, k = roles.residual
    theta[:, k] = unique[:, i]
    if mean is not None:
        _add_means(layout, roles.items.first, mean, theta)
    return theta


def _add_constructs(roles: _Roles, cov: Array, variance: Array, theta: Array) -> Array:
    """Put loadings, paths and covariances of constructs into theta (B, q).

    Return the variances (B, p) of items that these explain.
    """
    sd = np.sqrt(np.where(variance > 0, variance, np.inf))
    corr = cov / (sd[:, :, None] * sd[:, None, :])
    share, between = _centroid(roles.items, corr, variance)
    common = share * sd
    scale = _scales(roles.constructs, roles.items.first, common)
    phi = between * (scale[:, :, None] * scale[:, None, :])
    path, psi = _structure(roles.constructs, phi)
    i, j, k = roles.loadings
    theta[:, k] = _signs(roles.items, corr, i, j) * common[:, i] / scale[:, j]
    i, j, k = roles.paths
    theta[:, k] = path[:, i, j]
    i, j, k = roles.latent
    theta[:, k] = psi[:, i, j]
    return share * share * variance


def _add_means(layout: Layout, first: Index, mean: Array, theta: Array) -> None:
    i, _, k = _free_rows(layout, layout.matrix == ITEM_MEAN)
    theta[:, k] = mean[:, i]
    j, _, k = _free_rows(layout, layout.matrix == LATENT_MEAN)
    reference = first[j]
    nu = matrices(layout, np.full(layout.n_free, np.nan)).item_mean[reference, 0]
    theta[:, k] = np.where((reference < 0) | np.isnan(nu), 0.0, mean[:, reference] - nu)


def _signs(items: _Items, corr: Array, item: Index, construct: Index) -> Array:
    """Return the signs (B, k) of loadings: that of the reference item's correlation with each."""
    own = items.direction[construct]
    return np.where(corr[:, item, items.first[construct]] < 0, -own, own)


def _centroid(items: _Items, corr: Array, variance: Array) -> tuple[Array, Array]:
    """Return sizes of standardized loadings (B, p), and correlations of constructs (B, m, m)."""
    sign = _signs(items, corr, np.arange(len(items.owner)), items.owner)
    weight = sign[:, :, None] * items.member
    to_sums = corr @ weight
    others = (weight * to_sums).sum(axis=2) - 1
    share = np.sqrt(np.maximum(others @ items.average, LEAST_LOADING**2))
    for _ in range(ROUNDS):
        share = others / (share @ items.mates)
        share = np.minimum(np.maximum(share, LEAST_LOADING), MOST_LOADING)
    share = np.where(items.has_others, share, items.otherwise)
    known = np.flatnonzero(np.isfinite(items.error))
    if len(known):
        with np.errstate(all="ignore"):
            left = 1 - items.error[known] / variance[:, known]
        share[:, known] = np.sqrt(np.maximum(left, LEAST_SHARE))
    total = share @ items.member + items.empty
    between = (weight.swapaxes(1, 2) @ to_sums) / (total[:, :, None] * total[:, None, :])
    between = np.minimum(np.maximum(between, -MOST_CORR), MOST_CORR)
    spot = np.arange(total.shape[1])
    between[:, spot, spot] = 1.0
    doubtful = ~linalg.definite(between)
    if np.count_nonzero(doubtful):
        between[doubtful] = (between[doubtful] + np.eye(len(spot))) / 2
    return share, between


def _scales(constructs: _Constructs, first: Index, explained: Array) -> Array:
    """Return standard deviations (B, m) of constructs.

    From the parts (B, p) of the items' standard deviations that these explain.
    """
    own = constructs.scale
    scale = np.where(np.isnan(own), explained[:, first] / constructs.loading, own)
    for construct, part, path in constructs.higher:
        scale[:, construct] = HALF * scale[:, part] / path
    return scale


def _structure(constructs: _Constructs, phi: Array) -> tuple[Array, Array]:
    """Return paths and residual covariances (B, m, m) of constructs with covariances `phi`."""
    path, to, source = np.zeros_like(phi), constructs.targets, constructs.source
    if not len(to):
        return path, phi
    m = phi.shape[1]
    system = phi[:, None] * (source[:, :, None] * source[:, None, :]) + constructs.apart
    with_target = phi[:, to] * source
    slope = linalg.solve(system.reshape(-1, m, m), with_target.reshape(-1, m))
    path[:, to] = slope.reshape(with_target.shape)
    own = phi[:, to, to]
    left = np.maximum(own - np.vecdot(path[:, to], with_target), LEAST_SHARE * own)
    part, whole = constructs.wholes
    if len(part):
        path[:, to[part], whole] = HALF * np.sqrt(own[:, part] / phi[:, whole, whole])
        left[:, part] = own[:, part] / 2
    psi = phi * constructs.unexplained
    psi[:, to, to] = left
    return path, psi
