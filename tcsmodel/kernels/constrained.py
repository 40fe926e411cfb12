"""Equality and inequality constraints on a parameter vector, batched.

A step solves ``min g's + s'Hs/2`` subject to ``h + A s = 0`` for equalities and active
inequalities, by an active set for each member of the batch (Nocedal & Wright 2006,
Numerical Optimization, ch. 16). A trial point is then brought back to where the constraints
hold, by Gauss-Newton steps of least length. Covariances of estimates are those along the
constraints, active inequalities taken as equalities (Aitchison & Silvey 1958), as in lavaan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import linalg
from tcsmodel.kernels.expressions import Program, evaluate

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

MAX_RETURNS = 25
HOLDS = 1e-11
# An inequality this close to its limit, relative to the size of its terms, is at it.
AT_LIMIT = 1e-8
# Weight of the multipliers in the bordered system: constraints may repeat each other.
REDUNDANT = 1e-12
# A variance this small, relative to that with all else known, is that of a fixed parameter.
NOTHING = 1e-9
PROBES = 3
STIFF = 1e4


@dataclass(frozen=True, slots=True)
class Constraints:
    """c conditions on theta: programs, then bounds.

    programs : run in order, the first `skipped` only for the others to use
    n_equal : how many of the others must be zero, the rest must not be negative
    bounded, side, limit : (b,) ``side * (theta[bounded] - limit)`` must not be negative
    linear : whether no derivative depends on theta
    """

    programs: tuple[Program, ...]
    skipped: int
    n_equal: int
    bounded: Index
    side: Array
    limit: Array
    linear: bool


@dataclass(frozen=True, slots=True)
class Conditions:
    """gap (B, c), zero or above where the conditions hold; rows (B, c, q) its derivatives."""

    gap: Array
    rows: Array


def constraints(
    programs: Sequence[Program],
    skipped: int,
    n_equal: int,
    bounds: Sequence[tuple[int, float, float]],
    q: int,
) -> Constraints | None:
    """Return constraints on q parameters, None where there are none.

    Parameters
    ----------
    programs : sequence of programs
        Defined parameters (`skipped` of them), what must be zero (`n_equal`), and what must
        not be negative.
    bounds : sequence of (parameter, side, limit)
        Side 1 for a lower, -1 for an upper bound.
    """
    if len(programs) == skipped and not bounds:
        return None
    bounded = np.array([k for k, _, _ in bounds], dtype=np.intp)
    side, limit = (np.array([b[i] for b in bounds], dtype=np.float64) for i in (1, 2))
    made = Constraints(tuple(programs), skipped, n_equal, bounded, side, limit, False)
    rows = conditions(made, np.random.default_rng(0).uniform(0.5, 2.0, (PROBES, q))).rows
    with np.errstate(invalid="ignore"):
        linear = bool(np.all(np.abs(rows - rows[:1]) <= 1e-12 * np.abs(rows[:1])))
    return Constraints(tuple(programs), skipped, n_equal, bounded, side, limit, linear)


def conditions(on: Constraints, theta: Array) -> Conditions:
    """Return the conditions and their derivatives at theta (B, q)."""
    done = evaluate(on.programs, theta)
    gap, rows = done.values[:, on.skipped :], done.jacobian[:, on.skipped :]
    if not len(on.bounded):
        return Conditions(gap, rows)
    slope = np.zeros((len(on.bounded), theta.shape[1]))
    slope[np.arange(len(on.bounded)), on.bounded] = on.side
    room = on.side * (theta[:, on.bounded] - on.limit)
    slopes = np.broadcast_to(slope, (len(theta), *slope.shape))
    return Conditions(np.concatenate([gap, room], axis=1), np.concatenate([rows, slopes], axis=1))


def feasible(on: Constraints, theta: Array) -> Array:
    """Return the points (B, q) near theta where the conditions hold, as far as they can."""
    theta = theta.copy()
    for _ in range(MAX_RETURNS):
        at = conditions(on, theta)
        short = at.gap.copy()
        short[:, on.n_equal :] = np.minimum(short[:, on.n_equal :], 0.0)
        size = _size(at, theta)
        with np.errstate(invalid="ignore"):
            broken = np.abs(short) > HOLDS * size
        moving = np.flatnonzero(broken.any(axis=1) & np.isfinite(at.gap).all(axis=1))
        if not len(moving):
            break
        held = broken[moving]
        held[:, : on.n_equal] = True
        rows = np.where(held[:, :, None], at.rows[moving], 0.0)
        wide = np.maximum(np.abs(theta[moving]), 0.1)
        back = np.linalg.pinv(rows * wide[:, None, :], rcond=1e-10)
        theta[moving] -= wide * (back @ np.where(held, short[moving], 0.0)[:, :, None])[..., 0]
    return theta


def _size(at: Conditions, theta: Array) -> Array:
    """Return how large (B, c) the terms of each condition are."""
    return 1.0 + (np.abs(at.rows) * np.abs(theta)[:, None, :]).sum(axis=2)


def kept(on: Constraints, theta: Array) -> Mask:
    """Return (B,) whether all conditions hold."""
    return np.asarray(~broken(on, theta).any(axis=1))


def broken(on: Constraints, theta: Array) -> Mask:
    """Return (B, c) whether a condition does not hold."""
    at = conditions(on, theta)
    short = at.gap.copy()
    short[:, on.n_equal :] = np.minimum(short[:, on.n_equal :], 0.0)
    return np.asarray(~(np.abs(short) <= AT_LIMIT * _size(at, theta)))


def at_limit(on: Constraints, theta: Array) -> Mask:
    """Return (B, c) whether a condition holds as an equality."""
    at = conditions(on, theta)
    tight: Mask = np.asarray(np.abs(at.gap) <= AT_LIMIT * _size(at, theta))
    tight[:, : on.n_equal] = True
    return tight


def settled(on: Constraints, theta: Array) -> Array:
    """Return theta (B, q) with what a condition holds at a limit exactly there.

    Only conditions on one parameter: others are held to rounding, and what to move is open.
    """
    at = conditions(on, theta)
    tight = np.abs(at.gap) <= AT_LIMIT * _size(at, theta)
    lone = tight & (np.count_nonzero(at.rows, axis=2) == 1)
    slope = at.rows.sum(axis=2)
    excess = np.divide(at.gap, slope, out=np.zeros_like(slope), where=lone)
    excess = np.where(at.rows != 0, excess[:, :, None], 0.0)
    largest = np.abs(excess).argmax(axis=1)[:, None]
    return theta - np.take_along_axis(excess, largest, axis=1)[:, 0]


def direction(on: Constraints, theta: Array, hessian: Array, gradient: Array) -> Array:
    """Return the steps (B, q) to the minima of the quadratics that keep the conditions."""
    at, n = conditions(on, theta), len(theta)
    active = at_limit(on, theta)
    step = np.zeros_like(theta)
    waiting = np.arange(n)
    for _ in range(2 * active.shape[1] + 4):
        own = Conditions(at.gap[waiting], at.rows[waiting])
        move, force = _bordered_step(hessian[waiting], gradient[waiting], own, active[waiting])
        step[waiting] = move
        room = own.gap + np.einsum("bcq,bq->bc", own.rows, move)
        size = _size(own, theta[waiting])
        hit = np.where(active[waiting], 0.0, np.minimum(room / size, 0.0))
        pull = np.where(active[waiting], np.minimum(force * size, 0.0), 0.0)
        pull[:, : on.n_equal] = hit[:, : on.n_equal] = 0.0
        adds = (hit < -AT_LIMIT).any(axis=1)
        drops = ~adds & (pull < -1e-12).any(axis=1)
        more = np.flatnonzero(adds)
        active[waiting[more], hit[more].argmin(axis=1)] = True
        less = np.flatnonzero(drops)
        active[waiting[less], pull[less].argmin(axis=1)] = False
        waiting = waiting[adds | drops]
        if not len(waiting):
            break
    return step


def _bordered_step(
    hessian: Array, gradient: Array, at: Conditions, active: Mask
) -> tuple[Array, Array]:
    """Return the step (B, q) with the active conditions as equalities, and their multipliers."""
    q = gradient.shape[1]
    right = np.concatenate([-gradient, -np.where(active, at.gap, 0.0)], axis=1)
    solved = linalg.solve(_bordered(hessian, at.rows, active), right)
    return solved[:, :q], -solved[:, q:]


def _bordered(hessian: Array, rows: Array, active: Mask) -> Array:
    """Return ``[[H, A'], [A, 0]]`` (B, q+c, q+c), unit rows for conditions not active."""
    n, c, q = rows.shape
    out = np.zeros((n, q + c, q + c))
    held = np.where(active[:, :, None], rows, 0.0)
    out[:, :q, :q] = hessian
    out[:, q:, :q] = held
    out[:, :q, q:] = np.swapaxes(held, 1, 2)
    own = np.arange(q, q + c)
    out[:, own, own] = np.where(active, -REDUNDANT, 1.0)
    return out


def inverse(on: Constraints, theta: Array, information: Array) -> Array:
    """Return the inverse (B, q, q) of the information along the conditions; nan without one.

    The information may be singular where the conditions determine what it does not.
    """
    q = theta.shape[1]
    tight, rows = at_limit(on, theta), conditions(on, theta).rows
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.maximum(np.diagonal(information, axis1=1, axis2=2), 1e-300))
        outer = scale[:, :, None] * scale[:, None, :]
        rows = rows * scale[:, None, :]
        length = np.sqrt((rows**2).sum(axis=2, keepdims=True))
        rows = np.where(length > 0, rows / length, 0.0)
        solved = linalg.inverse(_bordered(information * outer, rows, tight))
        found = solved[:, :q, :q] * outer
        own = np.arange(q)
        variance = found[:, own, own]
        known: Mask = np.asarray((variance >= -NOTHING * scale**2).all(axis=1))
        varies = variance > NOTHING * scale**2
        found = np.where(varies[:, :, None] & varies[:, None, :], found, 0.0)
    return np.where(known[:, None, None], found, np.nan)


def stiffened(on: Constraints, theta: Array, hessian: Array) -> Array:
    """Return Hessians (B, q, q) made definite against the conditions that hold as equalities.

    They are definite where the Hessian is so along these (Debreu 1952).
    """
    rows = np.where(at_limit(on, theta)[:, :, None], conditions(on, theta).rows, 0.0)
    own = np.abs(np.diagonal(hessian, axis1=1, axis2=2))
    with np.errstate(all="ignore"):
        length = (rows**2 / own[:, None, :]).sum(axis=2, keepdims=True)
        rows = np.where(length > 0, rows / np.sqrt(length), 0.0)
    return hessian + STIFF * (np.swapaxes(rows, 1, 2) @ rows)


def pinned(on: Constraints, theta: Array) -> Array:
    """Return ``A'A`` (B, q, q) of the equalities: what they say about the parameters."""
    rows = conditions(on, theta).rows[:, : on.n_equal]
    return np.swapaxes(rows, 1, 2) @ rows


def rank(on: Constraints, q: int) -> int:
    """Return how many parameters the equalities take away, at an arbitrary point."""
    theta = np.random.default_rng(0).uniform(0.5, 2.0, (1, q))
    rows = conditions(on, theta).rows[0, : on.n_equal]
    return int(np.linalg.matrix_rank(rows)) if len(rows) else 0
