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
from tcsmodel.kernels.average_scale import Averages, averaged, centred
from tcsmodel.kernels.implied import ITEM_MEAN, LATENT, LATENT_MEAN, LOADING, PATH, RESIDUAL, Layout

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

# Limits of standardized loadings and of correlations of constructs.
LEAST_LOADING, MOST_LOADING = 0.2, 0.95
MOST_CORR = 0.95
# The least share of a variance that is left unexplained, or is explained where an error is known.
LEAST_SHARE = 0.05
HALF = 0.5**0.5
ROUNDS = 2
# How often correlations are halved that cannot be together.
HALVINGS = 6


@dataclass(frozen=True, slots=True)
class _Items:
    """Which of p items measure which of m constructs.

    n_constructs (p,): how many an item measures. member (p, m): ones where it measures a
    construct, and that alone. Among the members of one construct `mates` (p, p) is one for each
    of the others, and `average` (p, p) makes the mean of their correlations; an item without
    others is its own mate, has_others (p,) says which, and its standardized loading is
    `otherwise` (p,). known (k,): items whose error variance is fixed, and error (k,) at what.
    first (m,): the reference item of a construct, -1 where it has no items; direction (m,): minus
    one where its loading is fixed below zero. empty (m,): one for a construct without members.
    """

    n_constructs: Index
    member: Array
    mates: Array
    average: Array
    has_others: Mask
    otherwise: Array
    known: Index
    error: Array
    first: Index
    direction: Array
    empty: Array


@dataclass(frozen=True, slots=True)
class _Constructs:
    """How m constructs are scaled, and which explain which.

    loading (m,): sizes of fixed reference loadings, else nan; scale (m,): standard deviations that
    do not depend on the items, else nan; higher: constructs of constructs scaled by a path, with
    its target and size. targets (e,): constructs that others explain, other than around a cycle;
    source (e, m): ones for these; apart (e, m, m): ones on the diagonal for all others;
    unexplained (m, m): ones for pairs that are no targets; wholes: targets with the constructs
    of constructs behind them.
    """

    loading: Array
    scale: Array
    higher: tuple[tuple[int, int, float], ...]
    targets: Index
    source: Array
    apart: Array
    unexplained: Array
    wholes: tuple[Index, Index]


@lru_cache(maxsize=16)
def _roles(layout: Layout) -> tuple[_Items, _Constructs]:
    p, m, ends, fixed = layout.n_items, layout.n_latents, layout.ends, _fixed(layout)
    loading = fixed[: ends[LOADING]].reshape(p, m)
    path = fixed[ends[LOADING] : ends[PATH]].reshape(m, m)
    diagonals = fixed[layout.diagonals]
    variance, error = diagonals[:m], diagonals[m:]
    loads = loading != 0
    known = loads & np.isfinite(loading)
    is_known = known.any(axis=0)
    first = np.where(is_known, known.argmax(axis=0), loads.argmax(axis=0))
    reference = np.where(is_known, loading[first, np.arange(m)], np.nan)
    first[~loads.any(axis=0)] = -1
    constructs = _constructs(layout, path, variance, reference, is_whole=first < 0)
    return _items(loads, error, first, reference), constructs


def _fixed(layout: Layout) -> Array:
    """Return the matrices (t,), laid end to end, nan where they are free."""
    fixed = layout.template.copy()
    fixed[layout.target] = np.nan
    return fixed


def _loads(layout: Layout) -> Mask:
    """Return which loadings (p, m) are not fixed at zero."""
    fixed = _fixed(layout)[: layout.ends[LOADING]]
    return np.asarray(fixed.reshape(layout.n_items, layout.n_latents) != 0)


@lru_cache(maxsize=16)
def is_settled(layout: Layout) -> bool:
    """Return whether nothing in a layout can contradict the starting values of its covariances.

    Nothing is equal, no covariance of items is fixed at a value, and those of constructs that
    none explains are all free or all zero, with variances above zero.
    """
    m, ends, fixed = layout.n_latents, layout.ends, _fixed(layout)
    latent = fixed[ends[PATH] : ends[LATENT]].reshape(m, m)
    unexplained = _roles(layout)[1].unexplained > 0 if m else layout.identity > 0
    variance = latent.diagonal()[unexplained.diagonal()]
    apart = latent[unexplained & (layout.identity == 0)]
    stated = (layout.matrix == RESIDUAL) & (layout.row != layout.column)
    covariance = fixed[layout.place[stated]]
    return bool(
        not layout.shared
        and (np.isnan(covariance) | (covariance == 0)).all()
        and (np.isnan(apart).all() or (apart == 0).all())
        and (np.isnan(variance) | (variance > 0)).all()
    )


def _items(loads: Mask, error: Array, first: Index, reference: Array) -> _Items:
    n_loadings = loads.sum(axis=1)
    member = np.where((n_loadings == 1)[:, None], loads, 0.0)
    same = member @ member.T
    size = same.sum(axis=1)
    mates = same.copy()
    mates.flat[:: len(same) + 1] = size < 2
    known = np.flatnonzero(np.isfinite(error))
    return _Items(
        n_constructs=n_loadings,
        member=member,
        mates=mates,
        average=same / np.maximum(size * (size - 1), 1),
        has_others=size > 1,
        otherwise=HALF / np.sqrt(np.maximum(n_loadings, 1)) * (n_loadings > 0),
        known=known,
        error=error[known],
        first=first,
        direction=np.where(reference < 0, -1.0, 1.0),
        empty=np.where(member.any(axis=0), 0.0, 1.0),
    )


def _constructs(
    layout: Layout, path: Array, variance: Array, reference: Array, *, is_whole: Mask
) -> _Constructs:
    m, given = layout.n_latents, np.isfinite(variance)
    is_path, higher = path != 0, []
    # Of a construct that others explain the variance is only what they leave.
    by_item = np.isfinite(reference) & (~given | is_path.any(axis=1) | (variance <= 0))
    scale = np.where(given & (variance > 0), np.sqrt(np.abs(variance)), 1.0)
    scale[by_item] = np.nan
    for j in np.flatnonzero(is_whole & ~given):
        known = np.flatnonzero(np.isfinite(path[:, j]) & is_path[:, j])[:1]
        higher += [(int(j), int(i), abs(float(path[i, j]))) for i in known]
    if layout.has_paths:
        is_path &= ~np.linalg.matrix_power(is_path | np.eye(m, dtype=bool), m).T
    targets = np.flatnonzero(is_path.any(axis=1))
    source, rest = np.where(is_path[targets], 1.0, 0.0), np.ones(m)
    rest[targets] = 0.0
    part, whole = np.nonzero(is_path[targets] & is_whole)
    return _Constructs(
        loading=np.abs(reference),
        scale=scale,
        higher=tuple(higher),
        targets=targets,
        source=source,
        apart=(1 - source)[:, :, None] * layout.identity,
        unexplained=rest[:, None] * rest,
        wholes=(part, whole),
    )


def starting_values(
    layout: Layout,
    cov: Array,
    mean: Array | None = None,
    *,
    rough: bool = False,
    averages: Averages | None = None,
) -> Array:
    """Return starting values (B, q) from covariances (B, p, p) and means (B, p) of the items.

    Loadings are those of a centroid solution (Thurstone 1947) without the diagonal, construct by
    construct; an item of several constructs shares half of its variance with them, evenly.
    Constructs correlate as sums of their items do, corrected for attenuation, halved until that is
    definite; paths are least squares on these. A reference item gives a construct its scale: the
    first with a fixed loading, else the first. A construct of constructs explains half of each,
    and paths around a cycle start at zero. Intercepts start at the means of the items, and a
    latent mean where its reference item has it. They are nan where an item does not vary.

    Rough values know only the variances: half of each is a construct's, and constructs do not
    correlate. They are for a model that fixes, or holds equal, what the others contradict.

    With `averages` constructs have the average scale of their items instead.
    """
    n, ends = len(cov), layout.ends
    flat = np.zeros((n, len(layout.template)))
    unique = variance = cov.diagonal(axis1=1, axis2=2)
    if layout.n_latents:
        with np.errstate(all="ignore"):
            loading, path, psi, common = _constructs_of(layout, cov, variance, rough)
            if averages is not None:
                loading = np.where(_loads(layout), loading, 0.0)
                loading, path, psi = averaged(averages, loading, path, psi)
        parts = [part.reshape(n, -1) for part in (loading, path, psi)]
        flat[:, : ends[LATENT]] = np.concatenate(parts, axis=1)
        unique = variance * (1 - common)
    flat[:, layout.diagonals[layout.n_latents :]] = unique
    if mean is not None:
        means = _means(layout, mean)
        if averages is not None and averages.means:
            means = centred(averages, loading, path, *means)
        flat[:, ends[ITEM_MEAN - 1] : ends[LATENT_MEAN]] = np.concatenate(means, axis=1)
    theta = np.zeros((n, layout.n_free))
    theta[:, layout.owner] = flat.take(layout.place[layout.free >= 0], axis=1)
    return theta


def _constructs_of(
    layout: Layout, cov: Array, variance: Array, rough: bool
) -> tuple[Array, Array, Array, Array]:
    """Return Lambda (B, p, m), B and Psi (B, m, m), and communalities (B, p)."""
    items, constructs = _roles(layout)
    sd = np.sqrt(np.where(variance > 0, variance, np.nan))
    corr = cov / (sd[:, :, None] * sd[:, None, :])
    sign = np.where(corr.take(items.first, axis=2) < 0, -items.direction, items.direction)
    if rough:
        share = np.zeros_like(variance) + items.otherwise
        share[:, items.known] = _known(items, variance)
        between = np.zeros((len(cov), *layout.identity.shape)) + layout.identity
    else:
        share, between = _centroid(items, corr, variance, sign)
    common = share * sd
    scale = _scales(constructs, items.first, common)
    path, psi = _structure(constructs, between * (scale[:, :, None] * scale[:, None, :]))
    loading = sign * (common[:, :, None] / scale[:, None, :])
    return loading, path, psi, items.n_constructs * share * share


def _means(layout: Layout, mean: Array) -> tuple[Array, Array]:
    """Return intercepts (B, p) and latent means (B, m)."""
    latent = np.zeros((len(mean), layout.n_latents))
    if layout.n_latents:
        first = _roles(layout)[0].first
        nu = layout.template[layout.ends[ITEM_MEAN - 1] : layout.ends[ITEM_MEAN]].copy()
        nu[layout.row[(layout.matrix == ITEM_MEAN) & (layout.free >= 0)]] = np.nan
        given = nu[first]
        latent = np.where((first < 0) | np.isnan(given), 0.0, mean[:, first] - given)
    return mean, latent


def _centroid(items: _Items, corr: Array, variance: Array, sign: Array) -> tuple[Array, Array]:
    """Return sizes of standardized loadings (B, p), and correlations of constructs (B, m, m)."""
    weight = sign * items.member
    to_sums = corr @ weight
    others = np.add.reduce(weight * to_sums, axis=2) - 1
    share = np.sqrt(np.maximum(others @ items.average, LEAST_LOADING**2))
    for _ in range(ROUNDS):
        share = others / (share @ items.mates)
        share = np.minimum(np.maximum(share, LEAST_LOADING), MOST_LOADING)
    share = np.where(items.has_others, share, items.otherwise)
    if len(items.known):
        share[:, items.known] = _known(items, variance)
    total = share @ items.member + items.empty
    if len(items.known):
        # An error beyond the variance says nothing of the construct: it correlates with none.
        beyond = items.error >= variance[:, items.known]
        total[beyond @ items.member[items.known] > 0] = np.inf
    between = (weight.swapaxes(1, 2) @ to_sums) / (total[:, :, None] * total[:, None, :])
    between = np.minimum(np.maximum(between, -MOST_CORR), MOST_CORR)
    spot = np.arange(total.shape[1])
    between[:, spot, spot] = 1.0
    lost = np.flatnonzero(~linalg.definite(between))
    for _ in range(HALVINGS):
        if not len(lost):
            break
        between[lost] = (between[lost] + np.eye(len(spot))) / 2
        lost = lost[~linalg.definite(between[lost])]
    return share, between


def _known(items: _Items, variance: Array) -> Array:
    """Return standardized loadings (B, k) of the items whose error variances are fixed."""
    left = np.maximum(1 - items.error / variance[:, items.known], LEAST_SHARE)
    return np.sqrt(left / np.maximum(items.n_constructs[items.known], 1))


def _scales(constructs: _Constructs, first: Index, explained: Array) -> Array:
    """Return standard deviations (B, m) of constructs.

    From the parts (B, p) of the items' standard deviations that these explain.
    """
    own = constructs.scale
    scale = np.where(np.isnan(own), explained.take(first, axis=1) / constructs.loading, own)
    for whole, part, path in constructs.higher:
        scale[:, whole] = HALF * scale[:, part] / path
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
