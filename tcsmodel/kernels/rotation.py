"""Rotation of loadings by gradient projection, many at once.

Symbols: `a` unrotated loadings (..., p, k); `t` rotation (..., k, k); rotated loadings
``a t'^-1`` with factor correlations ``phi = t't`` (the identity when t is orthogonal).
The algorithms are those of Jennrich (2001, orthogonal; 2002, oblique) with the criteria as
in Bernaards & Jennrich (2005). They start at the unrotated loadings and, since criteria have
local minima and saddles, at 15 fixed random turns of them; the lowest criterion wins, the
unrotated start where it is one of the lowest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Criterion = Callable[[Array], tuple[Array, Array]]

SMALLEST_GRADIENT = 1e-8
# Rounding may end the descent before; with a gradient above this it has not converged.
STALLED_GRADIENT = 1e-6
ROUNDING = 4e-16
MOST_ITERATIONS = 5000
MOST_HALVINGS = 30
RANDOM_STARTS = 15
SAME_CRITERION = 1e-9


@dataclass(frozen=True, slots=True)
class Manifold:
    """Where rotations live: `retract` lands on it, `tangent` is a gradient's part along it."""

    retract: Callable[[Array], Array]
    tangent: Callable[[Array, Array], Array]


@dataclass(frozen=True, slots=True)
class Rotated:
    """Rotated factors, by falling variance, each with a positive sum of loadings.

    loadings (..., p, k), the pattern; phi (..., k, k) factor correlations; criterion (...,),
    the minimized function; iterations (...,) from the chosen start; status (...,), `Status`.
    """

    loadings: Array
    phi: Array
    criterion: Array
    iterations: NDArray[np.intp]
    status: NDArray[np.intp]


def varimax(a: Array) -> Rotated:
    """Return the orthogonal rotation with the largest variance of squared loadings.

    Kaiser (1958), rows normalized to communality 1 while rotating (Kaiser 1959).
    """
    length = np.sqrt((a**2).sum(axis=-1, keepdims=True))
    length = np.where(length > 0, length, 1.0)
    turned = _rotated(a, *_best(a / length, _varimax, ORTHOGONAL))
    return replace(turned, phi=np.broadcast_to(np.eye(a.shape[-1]), turned.phi.shape))


def oblimin(a: Array) -> Rotated:
    """Return the oblique rotation with the smallest covariances of squared loadings.

    Direct oblimin with gamma = 0, also known as quartimin (Jennrich & Sampson 1966), without
    Kaiser normalization.
    """
    return _rotated(a, *_best(a, _quartimin, OBLIQUE))


def unrotated(a: Array) -> Rotated:
    """Return the loadings as extracted, with uncorrelated factors."""
    batch, k = a.shape[:-2], a.shape[-1]
    zero = np.zeros(batch, dtype=np.intp)
    t = np.broadcast_to(np.eye(k), (*batch, k, k))
    return _rotated(a, t, np.zeros(batch), zero, zero + Status.CONVERGED)


def _varimax(loadings: Array) -> tuple[Array, Array]:
    """``-1/4 sum (l^2 - column mean of l^2)^2`` and its gradient."""
    square = loadings**2
    deviation = square - square.mean(axis=-2, keepdims=True)
    return -(deviation**2).sum(axis=(-2, -1)) / 4, -loadings * deviation


def _quartimin(loadings: Array) -> tuple[Array, Array]:
    """``1/4 sum over pairs of columns of sum_i l_ij^2 l_ik^2`` and its gradient."""
    square = loadings**2
    others = square.sum(axis=-1, keepdims=True) - square
    return (square * others).sum(axis=(-2, -1)) / 4, loadings * others


def _orthogonal(t: Array) -> Array:
    left, _, right = np.linalg.svd(t)
    return left @ right


def _orthogonal_tangent(t: Array, gradient: Array) -> Array:
    inner = _t(t) @ gradient
    return gradient - t @ (inner + _t(inner)) / 2


def _oblique(t: Array) -> Array:
    return t / np.sqrt((t**2).sum(axis=-2, keepdims=True))


def _oblique_tangent(t: Array, gradient: Array) -> Array:
    return gradient - t * (t * gradient).sum(axis=-2, keepdims=True)


ORTHOGONAL = Manifold(_orthogonal, _orthogonal_tangent)
OBLIQUE = Manifold(_oblique, _oblique_tangent)


def _best(
    a: Array, criterion: Criterion, manifold: Manifold
) -> tuple[Array, Array, NDArray[np.intp], NDArray[np.intp]]:
    """Return t, the criterion, iterations and status from the best of the starts."""
    turns = _starts(a.shape[-1])
    t, value, iterations, status = _project(a[..., None, :, :] @ turns, criterion, manifold)
    lowest = value.min(axis=-1, keepdims=True)
    chosen = np.argmax(value <= lowest + SAME_CRITERION * (1 + np.abs(lowest)), axis=-1)

    def of_chosen(values: NDArray[Any]) -> NDArray[Any]:
        return np.take_along_axis(values, chosen[..., None], axis=-1)[..., 0]

    t = np.take_along_axis(turns @ t, chosen[..., None, None, None], axis=-3)[..., 0, :, :]
    return np.asarray(t), of_chosen(value), of_chosen(iterations), of_chosen(status)


def _starts(k: int) -> Array:
    """Return orthogonal turns (S, k, k), the identity first; it alone for one factor."""
    if k == 1:
        return np.ones((1, 1, 1))
    generator = np.random.default_rng(0)
    normal = generator.standard_normal((RANDOM_STARTS, k, k))
    return np.concatenate([np.eye(k)[None], np.linalg.qr(normal)[0]])


def _project(
    a: Array, criterion: Criterion, manifold: Manifold
) -> tuple[Array, Array, NDArray[np.intp], NDArray[np.intp]]:
    """Return t, the criterion, iterations and status of each member of the batch.

    Steps double after a success and halve until the criterion falls by half of what the
    gradient promises or, at the level of rounding error, the gradient shrinks. Members leave
    the batch when the gradient along the manifold is nearly zero.
    """
    batch, k = a.shape[:-2], a.shape[-1]
    flat = a.reshape(-1, *a.shape[-2:])
    usable = np.isfinite(flat).all(axis=(-2, -1))
    t = np.tile(np.eye(k), (len(flat), 1, 1))
    value, gradient = _slope(flat, t, criterion, manifold)
    size, pace = _norm(gradient), np.ones(len(flat))
    iterations = np.zeros(len(flat), dtype=np.intp)
    live = np.flatnonzero(usable)
    for _ in range(MOST_ITERATIONS):
        live = live[size[live] > SMALLEST_GRADIENT]
        if not len(live):
            break
        iterations[live] += 1
        pace[live] *= 2
        moving = live
        for _ in range(MOST_HALVINGS):
            at = pace[moving]
            trial = manifold.retract(t[moving] - at[:, None, None] * gradient[moving])
            found = _slope(flat[moving], trial, criterion, manifold)
            length = _norm(found[1])
            falls = found[0] <= value[moving] - at * size[moving] ** 2 / 2
            level = found[0] <= value[moving] + ROUNDING * np.abs(value[moving])
            better = falls | (level & (length < size[moving]))
            good = moving[better]
            t[good], value[good], gradient[good] = trial[better], found[0][better], found[1][better]
            size[good] = length[better]
            moving = moving[~better]
            if not len(moving):
                break
            pace[moving] /= 2
        live = np.setdiff1d(live, moving)
    status = np.where(size > STALLED_GRADIENT, Status.ITERATION_CAP, Status.CONVERGED)
    status = np.where(usable, status, Status.SINGULAR)
    return (
        t.reshape(*batch, k, k),
        value.reshape(batch),
        iterations.reshape(batch),
        status.reshape(batch),
    )


def _slope(a: Array, t: Array, criterion: Criterion, manifold: Manifold) -> tuple[Array, Array]:
    """Return the criterion (b,) at rotation t and its gradient (b, k, k) along the manifold."""
    inverse = np.asarray(np.linalg.inv(t), dtype=np.float64)
    loadings = a @ _t(inverse)
    value, gradient = criterion(loadings)
    return value, manifold.tangent(t, -_t(_t(loadings) @ gradient @ inverse))


def _rotated(
    a: Array, t: Array, criterion: Array, iterations: NDArray[np.intp], status: NDArray[np.intp]
) -> Rotated:
    """Apply t, then put the factors in order of variance, with positive sums of loadings."""
    inverse = np.asarray(np.linalg.inv(t), dtype=np.float64)
    loadings, phi = a @ _t(inverse), _t(t) @ t
    variance = np.diagonal(phi @ (_t(loadings) @ loadings), axis1=-2, axis2=-1)
    order = np.argsort(-variance, axis=-1, kind="stable")
    sign = np.where(loadings.sum(axis=-2) < 0, -1.0, 1.0)
    loadings, phi = loadings * sign[..., None, :], phi * sign[..., :, None] * sign[..., None, :]
    loadings = np.take_along_axis(loadings, order[..., None, :], axis=-1)
    phi = np.take_along_axis(phi, order[..., None, :], axis=-1)
    phi = np.take_along_axis(phi, order[..., :, None], axis=-2)
    return Rotated(loadings, phi, criterion, iterations, status)


def _norm(gradient: Array) -> Array:
    return np.sqrt((gradient**2).sum(axis=(-2, -1)))


def _t(matrix: Array) -> Array:
    return np.swapaxes(matrix, -1, -2)
