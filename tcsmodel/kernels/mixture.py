"""Mixtures of the regressions among construct scores, from many starts at once.

Hahn, Johnson, Herrmann & Huber (2002): in segment s the residuals of the m regressions are
independent normal with variances ``omega``, so that the density of a respondent is ``sum_s
rho_s prod_m phi(y_m - x_m b_sm; omega_sm)``. Everything a segment has is a function of its
weighted second moments, and the log density of a respondent is linear in his own products:
``-(y'A y + sum_m log(2 pi omega_m)) / 2`` with ``A = sum_m d_m d_m' / omega_m``. An EM step is
therefore two matrix products, and steps are extrapolated in the space of the moments (SQUAREM,
Varadhan & Roland 2008), where the constraints are linear.

Symbols: `products` (n, q) of :func:`products_of`; `weights` (n,) case weights; `design`
(k + 1, k + 1) bool, source x target, the first one being the constant; `moments` (F, K, q) of F
members with K segments, each the sum of weighted memberships times products over the sum of the
weights, so that its first column holds the shares ``rho``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.regression import solved
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]

SMALLEST_VARIANCE = 1e-6
LONGEST_STEP = 256.0
# Densities computed at once: they stay in the cache, and memory does not grow with n.
CELLS = 200_000


@dataclass(frozen=True, slots=True)
class Mixture:
    """How EM ended, one member each.

    moments (F, K, q); loglik (F,), nan where degenerate; iterations (F,) EM steps;
    status (F,), `Status` codes, SINGULAR where a segment ran out of respondents or of
    residual variance, where the likelihood has no bound.
    """

    moments: Array
    loglik: Array
    iterations: Index
    status: Index


@dataclass(frozen=True, slots=True)
class Segments:
    """What moments (..., q) of segments say.

    share (...,); intercepts, variances and r_squared (..., k), nan where there is no
    regression; paths (..., k, k), source x target, 0 where there is no path.
    """

    share: Array
    intercepts: Array
    paths: Array
    variances: Array
    r_squared: Array


def design_of(paths: Mask, intercepts: bool) -> Mask:
    """Return the design (k + 1, k + 1) of paths (k, k), with the constant before all."""
    k = len(paths)
    design = np.zeros((k + 1, k + 1), dtype=bool)
    design[1:, 1:] = paths
    design[0, 1:] = paths.any(axis=0) & intercepts
    return design


def products_of(scores: Array) -> Array:
    """Return the products (n, q) of constant and scores (n, k), q = (k + 1)(k + 2) / 2."""
    y = np.column_stack([np.ones(len(scores)), scores])
    first, second = np.triu_indices(y.shape[1])
    return y[:, first] * y[:, second]


def moments_of(products: Array, weights: Array, labels: Index, k: int) -> Array:
    """Return the moments (F, k, q) of respondents put into segments by labels (F, n)."""
    out = np.empty((len(labels), k, products.shape[1]))
    weighted = products * (weights / weights.sum())[:, None]
    for s in range(k):
        out[:, s] = (labels == s).astype(np.float64) @ weighted
    return out


def em(
    products: Array,
    weights: Array,
    design: Mask,
    start: Array,
    tol: float = 1e-8,
    max_iter: int = 3000,
) -> Mixture:
    """Return the maxima of the likelihood that EM reaches from moments (F, K, q).

    A member ends when a plain step adds less than `tol` to the mean log-likelihood of a
    respondent. An extrapolation counts as a step, and is taken back where it loses.
    """
    size = len(start)
    out = Mixture(
        start.copy(),
        np.full(size, np.nan),
        np.zeros(size, dtype=np.intp),
        np.full(size, Status.SINGULAR, dtype=np.intp),
    )
    active, here, where = np.arange(size), start, regressions_of(design)
    for step in range(3, max_iter + 3, 3):
        once, before = _step(products, weights, design, where, here)
        twice, loglik = _step(products, weights, design, where, once)
        stuck = loglik - before < tol * weights.sum()
        ended = stuck | np.isnan(loglik) | (step >= max_iter)
        at = active[ended]
        out.moments[at], out.loglik[at], out.iterations[at] = once[ended], loglik[ended], step
        status = np.where(stuck, Status.CONVERGED, Status.ITERATION_CAP)
        out.status[at] = np.where(np.isnan(loglik), Status.SINGULAR, status)[ended]
        stays = ~ended
        if not stays.any():
            break
        active = active[stays]
        far = _extrapolated(here[stays], once[stays], twice[stays])
        beyond, reached = _step(products, weights, design, where, far)
        gains = reached >= loglik[stays]
        here = np.where(gains[:, None, None], beyond, twice[stays])
    return out


def _extrapolated(here: Array, once: Array, twice: Array) -> Array:
    first = once - here
    second = twice - once - first
    with np.errstate(all="ignore"):
        length = np.sqrt((first**2).sum((1, 2)) / (second**2).sum((1, 2)))
    length = np.clip(np.nan_to_num(length, nan=1.0), 1.0, LONGEST_STEP)[:, None, None]
    return here + 2 * length * first + length**2 * second


def _step(
    products: Array, weights: Array, design: Mask, where: Regressions, here: Array
) -> tuple[Array, Array]:
    """Return the moments (F, K, q) after an EM step, and the log-likelihood (F,) before it."""
    total = weights.sum()
    slopes, constants, fine = _densities(here, design, where, total)
    loglik, after = np.zeros(len(here)), np.zeros_like(here)
    for rows in chunks(len(products), here.shape[0] * here.shape[1]):
        logs, shares = _memberships(products[rows], slopes, constants)
        loglik += logs @ weights[rows]
        weighted = products[rows] * (weights[rows] / total)[:, None]
        after += (shares.reshape(-1, len(logs.T)) @ weighted).reshape(after.shape)
    return after, np.where(fine & np.isfinite(loglik), loglik, np.nan)


def chunks(n: int, width: int) -> Iterator[slice]:
    """Yield slices of n rows, so that `width` numbers for each make about `CELLS`."""
    size = max(64, CELLS // max(width, 1))
    for start in range(0, n, size):
        yield slice(start, start + size)


def memberships(products: Array, design: Mask, moments: Array) -> Array:
    """Return the probabilities (n, K) that respondents belong to segments (K, q)."""
    where = regressions_of(design)
    slopes, constants, _ = _densities(moments[None], design, where, np.inf)
    parts = [
        _memberships(products[rows], slopes, constants)[1][0].T
        for rows in chunks(len(products), len(moments))
    ]
    return np.concatenate(parts)


def _memberships(products: Array, slopes: Array, constants: Array) -> tuple[Array, Array]:
    """Return log densities (F, n) and memberships (F, K, n) of respondents."""
    with np.errstate(all="ignore"):
        logs = slopes @ products.T + constants[..., None]
        top = logs.max(axis=1)
        density = np.exp(logs - top[:, None])
        total = density.sum(axis=1)
        density /= total[:, None]
        return top + np.log(total), density


@dataclass(frozen=True, slots=True)
class Regressions:
    """Where the m regressions of a design stand among packed moments.

    at (m, r) columns of the sources, then of the target; rows are filled up with columns beyond
    those of the design, which stand for variables that go with nothing. packed (m, r, r) where
    their products are among the moments, followed by a zero and a one. upper the pairs of the
    packed moments, and once (q,) minus a half for squares, else minus one.
    """

    at: Index
    packed: Index
    upper: tuple[Index, Index]
    once: Array


def regressions_of(design: Mask) -> Regressions:
    """Return where the regressions of a design (k + 1, k + 1) stand."""
    width, targets = len(design), np.flatnonzero(design.any(axis=0))
    most = int(design.sum(axis=0).max())
    at = np.empty((len(targets), most + 1), dtype=np.intp)
    for row, target in zip(at, targets, strict=True):
        sources = np.flatnonzero(design[:, target])
        row[: len(sources)] = sources
        row[len(sources) : -1] = width + np.arange(most - len(sources))
        row[-1] = target
    first, second = np.triu_indices(width)
    whole = np.full((width + most, width + most), len(first))
    np.fill_diagonal(whole, len(first) + 1)
    whole[first, second] = whole[second, first] = np.arange(len(first))
    once = np.where(first == second, -0.5, -1.0)
    return Regressions(at, whole[at[:, :, None], at[:, None, :]], (first, second), once)


def _solved(moments: Array, design: Mask, where: Regressions) -> tuple[Array, Array]:
    """Return ``y_m - x_m b_m`` as weights (..., m, k + 1) of the scores, and variances (..., m)."""
    edge = np.zeros((*moments.shape[:-1], 2))
    edge[..., 1] = 1.0
    given = np.concatenate([moments / moments[..., :1], edge], axis=-1)
    m = len(where.at)
    found, variances = solved(given[..., where.packed])
    weights = np.zeros((*moments.shape[:-1], m, len(design) + where.at.shape[1]))
    weights[..., np.arange(m)[:, None], where.at] = np.concatenate(
        [-found, np.ones((*moments.shape[:-1], m, 1))], axis=-1
    )
    return weights[..., : len(design)], variances


def _densities(
    moments: Array, design: Mask, where: Regressions, total: float
) -> tuple[Array, Array, Mask]:
    """Return log densities as slopes (F, K, q) and constants (F, K), and what is fine (F,)."""
    share = moments[..., 0]
    with np.errstate(all="ignore"):
        weights, variances = _solved(moments, design, where)
        squares = (weights / variances[..., None]).swapaxes(-1, -2) @ weights
        constants = np.log(share) - 0.5 * np.log(2 * np.pi * variances).sum(axis=-1)
        slopes = squares[..., where.upper[0], where.upper[1]] * where.once
    fewest = design.sum(axis=0).max() + 1
    fine = (variances.min(axis=-1) > SMALLEST_VARIANCE) & (share * total >= fewest)
    return slopes, constants, fine.all(axis=1)


def segments_of(moments: Array, design: Mask) -> Segments:
    """Return shares, coefficients, residual variances and R2 of segments (..., q).

    R2 is about the mean of the target in the segment, without intercepts about zero.
    """
    share, width, where = moments[..., 0], len(design), regressions_of(design)
    weights, found = _solved(moments, design, where)
    targets = where.at[:, -1]
    coefficients = np.zeros((*share.shape, width, width))
    coefficients[..., targets] = -weights.swapaxes(-1, -2) * design[:, targets]
    variances, spread = (np.full((*share.shape, width), np.nan) for _ in range(2))
    variances[..., targets] = found
    (first, second), own = where.upper, moments / share[..., None]
    spread[..., targets] = own[..., first == second][..., targets]
    center = own[..., first == 0] * design[0]
    with np.errstate(all="ignore"):
        r_squared = 1 - variances / (spread - center**2)
    intercepts = np.where(design.any(axis=0), coefficients[..., 0, :], np.nan)
    return Segments(
        share,
        intercepts[..., 1:],
        coefficients[..., 1:, 1:],
        variances[..., 1:],
        r_squared[..., 1:],
    )


def parameters(design: Mask, segments: int) -> int:
    """Return the number of free parameters: shares, coefficients and residual variances."""
    return segments - 1 + segments * int(design.sum() + design.any(axis=0).sum())


def criteria(loglik: Array, count: Array, n: float) -> dict[str, Array]:
    """Return information criteria of log-likelihoods with `count` parameters, elementwise.

    ``-2 loglik + c count`` with c = 2 (aic), 3 (aic3), 4 (aic4), log n (bic), log n + 1 (caic),
    2 log log n (hq), 5 log n (mdl5), Sarstedt, Becker, Ringle & Schwaiger (2011).
    """
    log_n = np.log(n)
    costs = {
        "aic": 2.0,
        "aic3": 3.0,
        "aic4": 4.0,
        "bic": log_n,
        "caic": log_n + 1,
        "hq": 2 * np.log(log_n),
        "mdl5": 5 * log_n,
    }
    return {name: -2 * loglik + cost * count for name, cost in costs.items()}


def normed_entropy(shares: Array, weights: Array) -> float:
    """Return EN of memberships (n, K): 1 when each is certain, 0 when none is; nan for K = 1.

    ``1 + sum_i w_i sum_s p_is log p_is / (sum_i w_i log K)``, Ramaswamy et al. (1993).
    """
    k = shares.shape[1]
    if k == 1:
        return float("nan")
    entropy = -(shares * np.log(np.maximum(shares, 1e-300))).sum(axis=1)
    return float(1 - weights @ entropy / (weights.sum() * np.log(k)))
