"""Partial least squares path modelling on covariance matrices, many at once.

Wold (1982), Lohmoeller (1989), without ever forming scores: with outer weights `w`
the constructs' correlations are ``c = W' S W``, the items' covariances with them
``S W``. Symbols: `cov` (..., p, p) = S, covariances of the items, or correlations when
items are to be standardized; `block` (p,) the construct of each item; `paths` (k, k)
bool, source x target; `mode_b` (k,) bool; `held` (p,) weights that are given, nan where
they are estimated; `inner` (..., k, k), column j the weights of the neighbours of
construct j.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.regression import coefficients, sweep
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Composites:
    """How PLS ended, one member of the batch each.

    weights (..., p) of standardized items, scaled so that each composite has variance 1;
    cross_loadings (..., p, k) correlations of items and constructs; construct_corr
    (..., k, k); iterations (...,); status (...,), `Status` codes. Nan where the status is
    SINGULAR.
    """

    weights: Array
    cross_loadings: Array
    construct_corr: Array
    iterations: Index
    status: Index


def composites(
    cov: Array,
    block: Index,
    paths: Mask,
    mode_b: Mask,
    scheme: str = "path",
    tol: float = 1e-7,
    max_iter: int = 300,
    *,
    held: Array | None = None,
    sign: str = "sum",
) -> Composites:
    """Return the PLS composites of covariance matrices (..., p, p).

    From unit weights, alternate inner weights (`scheme`: ``path``, ``factorial`` or
    ``centroid``) and outer weights (mode A: covariances of the items with the inner
    proxy; mode B: regression of the proxy on the items) until no weight of a standardized
    item changes by `tol` or more. Members leave the batch as they converge. Then each
    construct is turned so that its loadings have a positive sum (`sign` is ``sum``), or
    its largest one is positive (``dominant``), or left as it is (``none``).
    """
    p, k = cov.shape[-1], len(paths)
    flat = cov.reshape(-1, p, p)
    sds = np.sqrt(np.diagonal(flat, axis1=1, axis2=2))
    member = block[:, None] == np.arange(k)
    size = len(flat)
    out = Composites(
        np.full((size, p), np.nan),
        np.full((size, p, k), np.nan),
        np.full((size, k, k), np.nan),
        np.zeros(size, dtype=np.intp),
        np.full(size, Status.SINGULAR, dtype=np.intp),
    )
    with np.errstate(all="ignore"):
        inverse = _mode_b_inverses(flat, block, mode_b)
        given = np.full(p, np.nan) if held is None else held
        known, start = np.isfinite(given), np.where(np.isfinite(given), given, 1.0)
        state = _scaled(flat, np.broadcast_to(start, (size, p)), member)
        active = np.arange(size)
        for iteration in range(1, max_iter + 1):
            proxy = _proxy_covariances(state, block, _inner(state[2], paths, scheme))
            for own, inv in inverse:
                proxy[:, own] = (inv @ proxy[:, own, None])[..., 0]
            proxy[:, known] = given[known]
            weights_before = state[0]
            state = _scaled(flat, proxy, member)
            change = (np.abs(state[0] - weights_before) * sds[active]).max(axis=1)
            ended = (change < tol) | np.isnan(change) | (iteration == max_iter)
            if not ended.any():
                continue
            status = np.where(change < tol, Status.CONVERGED, Status.ITERATION_CAP)
            _leave(out, active[ended], ended, state, status, iteration)
            stays = ~ended
            active, flat = active[stays], flat[stays]
            state = (state[0][stays], state[1][stays], state[2][stays])
            inverse = [(own, inv[stays]) for own, inv in inverse]
            if not len(active):
                break
        _standardize(out, sds)
        _turn(out, member, sign)
    batch = cov.shape[:-2]
    return Composites(
        out.weights.reshape(*batch, p),
        out.cross_loadings.reshape(*batch, p, k),
        out.construct_corr.reshape(*batch, k, k),
        out.iterations.reshape(batch),
        out.status.reshape(batch),
    )


def _mode_b_inverses(cov: Array, block: Index, mode_b: Mask) -> list[tuple[Index, Array]]:
    """Return (items, inverse covariances (b, m, m)) of the mode B blocks of several items."""
    blocks = [np.flatnonzero(block == c) for c in np.flatnonzero(mode_b)]
    return [(own, sweep(cov[:, own[:, None], own], len(own))) for own in blocks if len(own) > 1]


def _scaled(cov: Array, weights: Array, member: Mask) -> tuple[Array, Array, Array]:
    """Return unit-variance weights (b, p), ``S W`` (b, p, k) and ``W' S W`` (b, k, k)."""
    spread = weights[:, :, None] * member
    rw = cov @ spread
    scale = 1 / np.sqrt((spread * rw).sum(axis=1))
    rw = rw * scale[:, None, :]
    weights = weights * (scale @ member.T)
    return weights, rw, member.T.astype(np.float64) @ (weights[:, :, None] * rw)


def _inner(c: Array, paths: Mask, scheme: str) -> Array:
    """Return inner weights (b, k, k) from the constructs' correlations."""
    linked = paths | paths.T
    if scheme == "centroid":
        return np.sign(c) * linked
    inner = c * linked
    if scheme == "path":
        for target in np.flatnonzero(paths.sum(axis=0) > 1):
            sources = np.flatnonzero(paths[:, target])
            inner[:, sources, target] = coefficients(c, sources, target)
    return inner


def _proxy_covariances(state: tuple[Array, Array, Array], block: Index, inner: Array) -> Array:
    """Return each item's covariance (b, p) with the inner proxy of its construct."""
    own = inner.transpose(0, 2, 1)[:, block, :]
    return np.einsum("bpk,bpk->bp", state[1], own)


def _leave(
    out: Composites,
    at: Index,
    ended: Mask,
    state: tuple[Array, Array, Array],
    status: Index,
    iteration: int,
) -> None:
    """Write the members of the batch that ended."""
    weights, cross, c = (part[ended] for part in state)
    out.weights[at], out.cross_loadings[at], out.construct_corr[at] = weights, cross, c
    out.iterations[at] = iteration
    finite = np.isfinite(weights).all(axis=1)
    out.status[at] = np.where(finite, status[ended], Status.SINGULAR)


def _standardize(out: Composites, sds: Array) -> None:
    """Turn weights and covariances of items with standard deviations (b, p) to those of scores."""
    out.weights[...] *= sds
    out.cross_loadings[...] /= sds[:, :, None]


def _turn(out: Composites, member: Mask, sign: str) -> None:
    """Turn every construct as the rule says."""
    if sign == "none":
        return
    own = out.cross_loadings * member
    if sign == "dominant":
        largest = np.nan_to_num(np.abs(own)).argmax(axis=1)
        toward = np.take_along_axis(own, largest[:, None, :], axis=1)[:, 0]
    else:
        toward = own.sum(axis=1)
    turn = np.where(toward < 0, -1.0, 1.0)
    out.weights[...] *= turn @ member.T
    out.cross_loadings[...] *= turn[:, None, :]
    out.construct_corr[...] *= turn[:, :, None] * turn[:, None, :]
