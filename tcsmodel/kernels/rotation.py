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

from tcsmodel.kernels import linalg
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Criterion = Callable[[Array], tuple[Array, Array]]

SMALLEST_GRADIENT = 1e-8
# Rounding may end the descent before; with a gradient above this it has not converged.
STALLED_GRADIENT = 1e-6
ROUNDING = 4e-16
MOST_ITERATIONS = 5000
MOST_HALVINGS = 30
SHORTEST_PACE, LONGEST_PACE = 1e-3, 1e3
MEMORY = 8
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
    reached = np.where(status == Status.CONVERGED, value, np.inf)
    lowest = reached.min(axis=-1, keepdims=True)
    chosen = np.argmax(reached <= lowest + SAME_CRITERION * (1 + np.abs(lowest)), axis=-1)

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

    Steps have the length of Barzilai & Borwein (1988) and halve until the criterion falls
    below its highest of the last 8 by half of what the gradient promises (Grippo, Lampariello
    & Lucidi 1986) or, at the level of rounding error, the gradient shrinks. Members leave the
    batch when the gradient along the manifold is nearly zero.
    """
    batch, k = a.shape[:-2], a.shape[-1]
    flat = a.reshape(-1, *a.shape[-2:])
    usable = np.asarray(np.isfinite(flat).all(axis=(-2, -1)))
    at = _Position.start(np.where(usable[:, None, None], flat, 0.0), criterion, manifold)
    iterations = np.zeros(len(flat), dtype=np.intp)
    recent = np.repeat(at.value[:, None], MEMORY, axis=1)
    live = np.arange(len(flat))
    for iteration in range(MOST_ITERATIONS):
        live = live[at.size[live] > SMALLEST_GRADIENT]
        if not len(live):
            break
        iterations[live] += 1
        t, gradient = at.t[live], at.gradient[live]
        stuck = at.descend(live, recent.max(axis=1))
        recent[live, iteration % MEMORY] = at.value[live]
        at.pace[live] = _barzilai_borwein(at.t[live] - t, at.gradient[live] - gradient)
        live = np.setdiff1d(live, stuck)
    status = np.where(at.size > STALLED_GRADIENT, Status.ITERATION_CAP, Status.CONVERGED)
    status = np.where(usable, status, Status.SINGULAR)
    return (
        at.t.reshape(*batch, k, k),
        at.value.reshape(batch),
        iterations.reshape(batch),
        status.reshape(batch),
    )


@dataclass(slots=True)
class _Position:
    """Where the members of a batch stand; the arrays are moved in place.

    a (b, p, k); t and gradient (b, k, k), the gradient along the manifold; value, size
    (length of the gradient) and pace (next step length), each (b,).
    """

    a: Array
    criterion: Criterion
    manifold: Manifold
    t: Array
    value: Array
    gradient: Array
    size: Array
    pace: Array

    @classmethod
    def start(cls, a: Array, criterion: Criterion, manifold: Manifold) -> _Position:
        t = np.tile(np.eye(a.shape[-1]), (len(a), 1, 1))
        value, gradient = _slope(a, t, criterion, manifold)
        return cls(a, criterion, manifold, t, value, gradient, _norm(gradient), np.ones(len(a)))

    def descend(self, moving: NDArray[np.intp], ceiling: Array) -> NDArray[np.intp]:
        """Take one accepted step each; return the members that found none."""
        for _ in range(MOST_HALVINGS):
            pace, size, value = self.pace[moving], self.size[moving], self.value[moving]
            trial = self.manifold.retract(
                self.t[moving] - pace[:, None, None] * self.gradient[moving]
            )
            found, slope = _slope(self.a[moving], trial, self.criterion, self.manifold)
            length = _norm(slope)
            falls = found <= ceiling[moving] - pace * size**2 / 2
            level = found <= value + ROUNDING * np.abs(value)
            better = falls | (level & (length < size))
            good = moving[better]
            self.t[good], self.value[good] = trial[better], found[better]
            self.gradient[good], self.size[good] = slope[better], length[better]
            moving = moving[~better]
            if not len(moving):
                break
            self.pace[moving] /= 2
        return moving


def _barzilai_borwein(step: Array, change: Array) -> Array:
    """Return ``s's / s'y`` (b,), the step length that the last change of gradient suggests."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pace = (step**2).sum(axis=(-2, -1)) / np.abs((step * change).sum(axis=(-2, -1)))
    return np.clip(np.nan_to_num(pace, nan=1.0), SHORTEST_PACE, LONGEST_PACE)


def _slope(a: Array, t: Array, criterion: Criterion, manifold: Manifold) -> tuple[Array, Array]:
    """Return the criterion (b,) at rotation t and its gradient (b, k, k) along the manifold."""
    inverse = linalg.inverse(t)
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
