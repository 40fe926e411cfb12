"""The covariance matrix and means that a structural equation model implies, and derivatives.

Symbols, in LISREL's all-y form with p items and m latent variables:
``Sigma = G Psi G' + Theta``, ``G = Lambda A``, ``A = (I - B)^-1``, ``Phi = A Psi A'``
(covariances of the latent variables) and ``C = G Psi A' = Lambda Phi`` (covariances of
items with latent variables).

Every derivative of Sigma is of rank one: with the columns of ``W = [I, G, C]``
(p, p + 2m), the derivative by one entry is ``h (u v' + v u')`` for two columns u, v of W;
h is 1/2 for a variance and 1 otherwise:

    Lambda[i, j]: u = e_i, v = C_j      B[i, j]: u = G_i, v = C_j
    Psi[i, j]:    u = G_i, v = G_j      Theta[i, j]: u = e_i, v = e_j

so first and second derivatives of any discrepancy are gathers from matrices ``W' M W``.

With intercepts nu and alpha, ``mu = nu + Lambda eta`` and ``eta = A alpha``. They leave Sigma
alone: h is 0 in their rows. `kernels.fiml` has the derivatives of mu. So do the thresholds and
scales of ordinal items, which `kernels.ordinal` knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tcsmodel.kernels import linalg

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

LOADING, PATH, LATENT, RESIDUAL, ITEM_MEAN, LATENT_MEAN, THRESHOLD, SCALE = range(8)


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """Where the q free parameters live in Lambda, B, Psi, Theta, nu, alpha, tau and d.

    Attributes
    ----------
    n_items, n_latents, n_free : int
        p, m, q.
    n_cuts : int
        Thresholds that an item has at most; 0 without ordinal items, which have no scales then.
    matrix, row, column, free : ndarray (r,) of int
        Place of each row of the parameter table, and the index of its free parameter (-1
        where fixed).
    template : ndarray (t,)
        The matrices laid end to end, with the fixed values; `place` (r,) is where each row is,
        and `ends` (8,) where each matrix ends.
    target, source : ndarray (s,) of int
        ``template[target] = theta[source]``.
    left, right : ndarray (f,) of int
        Columns u, v of W of each free row; `half` (f,) holds its h.
    owner : ndarray (f,) of int
        The parameter of each free row; `shared` when labels make two rows one.
    has_paths : bool
        Whether B has any entry.
    identity : ndarray (m, m)
        Ones on the diagonal.
    diagonals : ndarray (m + p,) of int
        Where the diagonals of Psi and Theta are in `template`.
    """

    n_items: int
    n_latents: int
    n_free: int
    n_cuts: int
    matrix: Index
    row: Index
    column: Index
    free: Index
    template: Array
    ends: tuple[int, ...]
    place: Index
    target: Index
    source: Index
    left: Index
    right: Index
    half: Array
    owner: Index
    shared: bool
    has_paths: bool
    identity: Array
    diagonals: Index


def layout(
    n_items: int,
    n_latents: int,
    *,
    matrix: Sequence[int],
    row: Sequence[int],
    column: Sequence[int],
    free: Sequence[int],
    fixed: ArrayLike,
    observed: Sequence[tuple[int, int]] = (),
    n_cuts: int = 0,
) -> Layout:
    """Return the layout of a parameter table.

    Parameters
    ----------
    n_items, n_latents : int
        p and m.
    matrix, row, column : sequence of int (r,)
        Which matrix (0 Lambda, 1 B, 2 Psi, 3 Theta, 4 nu, 5 alpha, 6 tau, 7 d) and where; one
        triangle of covariances, column 0 of intercepts and scales.
    free : sequence of int (r,)
        Index of the free parameter, -1 where fixed.
    fixed : array (r,)
        Values of fixed rows; ignored where free.
    observed : sequence of (item, latent)
        Items that are their own latent variable: loading one.
    n_cuts : int
        Columns of tau, the thresholds of ordinal items; with them items have scales d, which
        are 1 where no row says otherwise.
    """
    p, m = n_items, n_latents
    kind, i, j, index = (np.asarray(v, dtype=np.intp) for v in (matrix, row, column, free))
    value = np.asarray(fixed, dtype=np.float64)
    width = np.array([m, m, m, p, 1, 1, n_cuts, 1])[kind]
    ends = tuple(accumulate(rows * columns for rows, columns in _sides(p, m, n_cuts)))
    start = np.array([0, *ends])[kind]
    place, mirror = start + i * width + j, start + j * width + i
    template = np.zeros(ends[-1])
    template[ends[LATENT_MEAN + 1] :] = 1.0
    for item, latent in observed:
        template[item * m + latent] = 1.0
    is_free, symmetric = index >= 0, (kind == LATENT) | (kind == RESIDUAL)
    template[place[~is_free]] = value[~is_free]
    template[mirror[~is_free & symmetric]] = value[~is_free & symmetric]
    both = is_free & symmetric & (i != j)
    left = np.where((kind == PATH) | (kind == LATENT) | (kind == LATENT_MEAN), p + i, i)
    right = j + np.array([p + m, p + m, p, 0, 0, 0, 0, 0])[kind]
    half = np.where(left == right, 0.5, 1.0)
    half[kind >= ITEM_MEAN] = 0.0
    right[kind >= ITEM_MEAN] = 0
    n_free = int(index.max(initial=-1)) + 1
    psi, residual = ends[PATH], ends[LATENT]
    diagonals = [*range(psi, residual, m + 1), *range(residual, ends[RESIDUAL], p + 1)]
    return Layout(
        p,
        m,
        n_free,
        n_cuts,
        kind,
        i,
        j,
        index,
        template,
        ends,
        place,
        np.concatenate([place[is_free], mirror[both]]),
        np.concatenate([index[is_free], index[both]]),
        left[is_free],
        right[is_free],
        half[is_free],
        index[is_free],
        n_free < int(is_free.sum()),
        bool((kind == PATH).any()),
        np.eye(m),
        np.array(diagonals, dtype=np.intp),
    )


def _sides(p: int, m: int, n_cuts: int) -> tuple[tuple[int, int], ...]:
    """Return rows and columns of the matrices."""
    return (p, m), (m, m), (m, m), (p, p), (p, 1), (m, 1), (p, n_cuts), (p, min(n_cuts, 1))


@dataclass(frozen=True, slots=True)
class Matrices:
    """The matrices of a model, in the order of their codes.

    loading (..., p, m); path, latent (..., m, m); residual (..., p, p);
    item_mean (..., p, 1) nu; latent_mean (..., m, 1) alpha; threshold (..., p, c) tau, 0 where
    an item has fewer; scale (..., p, 1) d, or (..., p, 0) without ordinal items.
    """

    loading: Array
    path: Array
    latent: Array
    residual: Array
    item_mean: Array
    latent_mean: Array
    threshold: Array
    scale: Array


def matrices(layout: Layout, theta: Array) -> Matrices:
    """Return Lambda, B, Psi, Theta, nu, alpha, tau and d at theta (..., q)."""
    flat, shape = _filled(layout, theta), theta.shape[:-1]
    sides = _sides(layout.n_items, layout.n_latents, layout.n_cuts)
    starts = (0, *layout.ends[:-1])
    return Matrices(
        *(
            flat[..., start:end].reshape(*shape, *own)
            for start, end, own in zip(starts, layout.ends, sides, strict=True)
        )
    )


def _filled(layout: Layout, theta: Array) -> Array:
    """Return the matrices at theta (..., q), laid end to end (..., t)."""
    flat = np.empty((*theta.shape[:-1], len(layout.template)))
    flat[...] = layout.template
    flat[..., layout.target] = theta.take(layout.source, axis=-1)
    return flat


class Implied(NamedTuple):
    """What theta implies.

    flat (..., t): the matrices, laid end to end; sigma (..., p, p); total (..., m, m)
    A = (I - B)^-1; phi (..., m, m) latent covariances; directions (..., p, 2m) [G, C].
    """

    flat: Array
    sigma: Array
    total: Array
    phi: Array
    directions: Array


def implied(layout: Layout, theta: Array) -> Implied:
    """Return the implied covariances at theta (..., q); nan where I - B is singular."""
    flat, shape = _filled(layout, theta), theta.shape[:-1]
    p, m = layout.n_items, layout.n_latents
    b, psi, residuals, end = layout.ends[:4]
    loading = reach = flat[..., :b].reshape(*shape, p, m)
    phi = flat[..., psi:residuals].reshape(*shape, m, m)
    total = layout.identity - flat[..., b:psi].reshape(*shape, m, m)
    if layout.has_paths:
        total = linalg.inverse(total)
        reach = loading @ total
        phi = total @ phi @ total.swapaxes(-1, -2)
    shared = loading @ phi
    residual = flat[..., residuals:end].reshape(*shape, p, p)
    sigma = shared @ loading.swapaxes(-1, -2) + residual
    return Implied(flat, sigma, total, phi, np.concatenate([reach, shared], axis=-1))


def own_variances(layout: Layout, at: Implied) -> Array:
    """Return the diagonals (..., m + p) of Psi and Theta."""
    return at.flat.take(layout.diagonals, axis=-1)


def row_values(layout: Layout, at: Implied) -> Array:
    """Return the value (..., r) of every row of the parameter table, free and fixed."""
    return at.flat.take(layout.place, axis=-1)


@dataclass(frozen=True, slots=True)
class Means:
    """What theta implies beside covariances: item (..., p) mu, latent (..., m) eta."""

    item: Array
    latent: Array


def means(layout: Layout, theta: Array, at: Implied) -> Means:
    """Return the implied means at theta (..., q); zero where the layout has no intercepts."""
    parts = matrices(layout, theta)
    latent = at.total @ parts.latent_mean
    item = parts.item_mean + parts.loading @ latent
    return Means(item[..., 0], latent[..., 0])


def sandwich(weight: Array, directions: Array) -> Array:
    """Return ``W' M W`` (..., w, w) for symmetric M (..., p, p), w = p + 2m."""
    right = np.concatenate([weight, weight @ directions], axis=-1)
    return np.concatenate([right, directions.swapaxes(-1, -2) @ right], axis=-2)


def merged(layout: Layout, values: Array) -> Array:
    """Sum derivatives (..., f) by the free rows into derivatives (..., q) by the parameters."""
    if not layout.shared:
        return values
    owns = np.zeros((len(layout.owner), layout.n_free))
    owns[np.arange(len(layout.owner)), layout.owner] = 1.0
    return values @ owns
