"""Maximum likelihood discrepancy: value, gradient, expected and exact Hessian.

``F = log|Sigma| + tr(S Sigma^-1)``, without the constants ``-log|S| - p``; with
``Omega = Sigma^-1 (Sigma - S) Sigma^-1``

    F_k  = tr(Omega Sigma_k)
    E_kl = tr(Sigma^-1 Sigma_k Sigma^-1 Sigma_l)                     (Fisher information)
    F_kl = E_kl - 2 tr(Omega Sigma_k Sigma^-1 Sigma_l) + tr(Omega Sigma_kl)

Since each Sigma_k is ``h (u v' + v u')`` all of these are sums of products of entries of
``Q = W' Sigma^-1 W`` and ``R = W' Omega W`` (`kernels.implied`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import linalg
from tcsmodel.kernels.implied import LATENT, LOADING, PATH, Layout, implied, merged, sandwich

Array = NDArray[np.float64]
Index = NDArray[np.intp]


class State(NamedTuple):
    """The discrepancy at one theta, and what its derivatives need.

    value (B,), inf where Sigma is not positive definite; sigma, inverse (B, p, p);
    total, phi (B, m, m) and directions (B, p, 2m) as in `kernels.implied.Implied`.
    """

    value: Array
    sigma: Array
    inverse: Array
    total: Array
    phi: Array
    directions: Array


Block = tuple[slice | Index, slice | Index]


@dataclass(frozen=True, slots=True)
class Gathers:
    """Flat positions in Q and R of all pairs of free rows, made once per layout.

    pair (f,): (u_k, v_k); pairs (3 f f,): all pairs u u, v v and u v. The others serve
    ``tr(Omega Sigma_kl)``, where k is one of the d rows of Lambda and B, directed from latent j
    to i, and l is directed from g to e (`path_*`), or one of the s rows of Psi, the covariance
    of e and g (`cov_*`); `*_block` are the places of k and l in F_kl.
    """

    pair: Index
    pairs: Index
    scale: Array
    path_block: Block
    cov_block: Block
    shape: tuple[int, int]
    path_total: Index
    path_cross: Index
    path_phi: Index
    path_reach: Index
    cov_total: Index
    cov_reach: Index
    cov_half: Array


@lru_cache(maxsize=16)
def gathers(layout: Layout) -> Gathers:
    """Return the positions that the derivatives of a layout gather."""
    p, m = layout.n_items, layout.n_latents
    wide, tall = p + 2 * m, p + m
    u, v, half = layout.left, layout.right, layout.half
    kind = layout.matrix[layout.free >= 0]
    directed = np.flatnonzero((kind == LOADING) | (kind == PATH))
    undirected = np.flatnonzero(kind == LATENT)
    i, j = u[directed], v[directed] - tall
    e, g = u[undirected], v[undirected]
    i_row, j_row, u_row = i[:, None] * wide, j[:, None] * m - p, u[:, None] * wide
    return Gathers(
        pair=u * wide + v,
        pairs=np.concatenate([u_row + u, v[:, None] * wide + v, u_row + v], axis=None),
        scale=2 * half[:, None] * half,
        path_block=_block(directed, directed),
        cov_block=_block(directed, undirected),
        shape=(len(directed), len(undirected)),
        path_total=(j * tall + i[:, None]).ravel(),
        path_cross=(i * wide + v[directed][:, None]).ravel(),
        path_phi=(j * m + j[:, None]).ravel(),
        path_reach=(i_row + i).ravel(),
        cov_total=np.concatenate([j_row + e, j_row + g], axis=None),
        cov_reach=np.concatenate([i_row + g, i_row + e], axis=None),
        cov_half=2 * half[undirected],
    )


def _block(rows: Index, columns: Index) -> Block:
    """Return what indexes a block of a matrix: slices where the rows and columns stand together."""
    if all(len(own) and own[-1] - own[0] == len(own) - 1 for own in (rows, columns)):
        return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return rows[:, None], columns[None, :]


def evaluate(layout: Layout, theta: Array, cov: Array) -> State:
    """Return the discrepancy of S = cov (B, p, p) at theta (B, q)."""
    at = implied(layout, theta)
    log_det, inverse, _ = linalg.definite_inverse(at.sigma)
    n = len(cov)
    value = log_det + np.vecdot(inverse.reshape(n, -1), cov.reshape(n, -1))
    return State(value, at.sigma, inverse, at.total, at.phi, at.directions)


class Slopes(NamedTuple):
    """gradient (B, q); expected, hessian (B, q, q): the Fisher and the exact Hessian.

    `hessian` is None where it was not asked for.
    """

    gradient: Array
    expected: Array
    hessian: Array | None


def slopes(layout: Layout, at: Gathers, state: State, cov: Array, *, exact: bool) -> Slopes:
    """Return the derivatives of F at a state; the exact Hessian only when asked for."""
    n, f = len(cov), len(at.pair)
    omega = state.inverse @ (state.sigma - cov) @ state.inverse
    q = sandwich(state.inverse, state.directions).reshape(n, -1)
    r = sandwich(omega, state.directions).reshape(n, -1)
    gradient = 2 * layout.half * r.take(at.pair, axis=1)
    q_uu, q_vv, q_uv = q.take(at.pairs, axis=1).reshape(n, 3, f, f).swapaxes(0, 1)
    q_vu = q_uv.swapaxes(1, 2)
    # In place: of many members the arrays are large.
    expected = q_uu * q_vv
    expected += q_uv * q_vu
    expected *= at.scale
    hessian = None
    if exact:
        r_uu, r_vv, r_uv = r.take(at.pairs, axis=1).reshape(n, 3, f, f).swapaxes(0, 1)
        r_uv *= q_vu
        hessian = r_uv + r_uv.swapaxes(1, 2)
        r_uu *= q_vv
        hessian += r_uu
        r_vv *= q_uu
        hessian += r_vv
        hessian *= at.scale
        np.subtract(expected, hessian, out=hessian)
        add_curvature(layout, at, state, r, hessian)
    return Slopes(
        merged(layout, gradient),
        merged_twice(layout, expected),
        None if hessian is None else merged_twice(layout, hessian),
    )


def merged_twice(layout: Layout, values: Array) -> Array:
    """Sum second derivatives (..., f, f) by the free rows into those (..., q, q) by parameters."""
    if not layout.shared:
        return values
    return merged(layout, np.swapaxes(merged(layout, values), 1, 2))


def add_curvature(layout: Layout, at: Gathers, state: State, r: Array, out: Array) -> None:
    """Add ``tr(Omega Sigma_kl)`` to `out`; Sigma is linear in all but Lambda and B."""
    n, p = len(r), layout.n_items
    d, s = at.shape
    total, phi = state.total.reshape(n, -1), state.phi.reshape(n, -1)
    bent = (phi.take(at.path_phi, axis=1) * r.take(at.path_reach, axis=1)).reshape(n, d, d)
    if layout.has_paths:
        padding = np.zeros((n, layout.n_latents, p))
        towards = np.concatenate([padding, state.total], axis=2).reshape(n, -1)
        chain = towards.take(at.path_total, axis=1) * r.take(at.path_cross, axis=1)
        chain = chain.reshape(n, d, d)
        bent += chain + chain.swapaxes(1, 2)
    out[:, *at.path_block] += 2 * bent
    both = total.take(at.cov_total, axis=1) * r.take(at.cov_reach, axis=1)
    mixed = at.cov_half * np.add.reduce(both.reshape(n, 2, d, s), axis=1)
    out[:, *at.cov_block] += mixed
    out.swapaxes(1, 2)[:, *at.cov_block] += mixed


def saturated(cov: Array) -> Array:
    """Return the least value (B,) that F can take: ``log|S| + p``; inf where S is singular."""
    return linalg.log_determinant(cov)[0] + cov.shape[-1]


def independence(cov: Array, causes: Index) -> Array:
    """Return F (B,) of the baseline model: no covariances, except among observed causes."""
    p = cov.shape[-1]
    variance = cov.diagonal(axis1=-2, axis2=-1)
    if len(causes):
        variance = np.delete(variance, causes, axis=-1)
    value = np.log(variance).sum(axis=-1) + p
    if len(causes):
        value = value + linalg.log_determinant(cov[:, causes[:, None], causes])[0]
    return value
