"""Batched damped Newton minimization.

Each member of the batch takes ``theta - (H + mu D)^-1 g`` where H is the exact Hessian
once it is near its minimum and the Fisher information before that, D the diagonal of the
Fisher information, and mu a damping that is zero as long as full steps succeed (Levenberg
1944, Marquardt 1963). With constraints the step is the best one along them
(`kernels.constrained`), and every trial point is one where they hold. Members that have
converged, or that a caller recognises as hopeless, leave the batch at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import linalg
from tcsmodel.kernels.constrained import Constraints, direction, feasible, stiffened

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

# The decrement g' H^-1 g is about the squared distance to the minimum in units of standard
# errors, over n/2. Where it is below the tolerance one more full step, which squares what is
# left, ends the search.
TOLERANCE = 1e-12
NEAR = 0.1
LEAST_DAMPING = 1e-2
NO_DAMPING = 1e-5
SUFFICIENT = 1e-4
ROUNDING = 1e-12
MAX_TRIALS = 15


class Point(Protocol):
    """What an objective knows at theta: a named tuple of arrays (B, ...), `value` among them."""

    @property
    def value(self) -> Array:
        """The function (B,)."""


class Curved(Protocol):
    """Its derivatives: gradient (B, q), expected (B, q, q), and hessian (B, q, q) or None."""

    @property
    def gradient(self) -> Array:
        """First derivatives (B, q)."""

    @property
    def expected(self) -> Array:
        """The Fisher information (B, q, q)."""

    @property
    def hessian(self) -> Array | None:
        """Second derivatives (B, q, q)."""


@dataclass(frozen=True, slots=True)
class Objective:
    """A batch of functions to minimize.

    Attributes
    ----------
    evaluate : function of theta (b, q) and members (b,)
        Returns a Point.
    slopes : function of Point, members (b,) and exact
        Returns a Curved.
    hopeless : function of theta, members, expected, gain and damping
        Returns (b,) of bool. Asked each iteration about members that have not converged;
        `gain` (b,) is how much the last step lowered the value, `damping` (b,) what the next
        one starts with.
    constraints : Constraints, optional
        What must hold of theta.
    """

    evaluate: Callable[[Array, Index], Any]
    slopes: Callable[[Any, Index, bool], Any]
    hopeless: Callable[[Array, Index, Array, Array, Array], Mask]
    constraints: Constraints | None = None

    def held(self, theta: Array) -> Array:
        """Return theta (b, q), brought to where the constraints hold."""
        return theta if self.constraints is None else feasible(self.constraints, theta)


class Minimum(NamedTuple):
    """theta (B, q); value, decrement (B,); iterations (B,); converged, hopeless (B,).

    expected (B, q, q): the information at the last point but one, which for members that
    converged is the minimum to within the tolerance; nan where there is none.
    """

    theta: Array
    value: Array
    decrement: Array
    iterations: Index
    converged: Mask
    hopeless: Mask
    expected: Array


class _At(NamedTuple):
    """Where members that are still under way stand.

    members (b,); theta (b, q); the point there; damping (b,) of the next step; gain (b,): how
    much the last one lowered the value; decrement (b,) of the last one.
    """

    members: Index
    theta: Array
    point: Any
    damping: Array
    gain: Array
    decrement: Array


def minimize(objective: Objective, start: Array, *, max_iter: int, patience: int) -> Minimum:
    """Return the minimum of every member of the batch.

    Parameters
    ----------
    objective : Objective
        The functions.
    start : ndarray (B, q)
        Where to begin; members whose value there is not finite stay there, unconverged.
    max_iter : int
        Most iterations of a member.
    patience : int
        Iterations before `objective.hopeless` is asked.
    """
    n, q = start.shape
    start, members = objective.held(start), np.arange(n)
    point, unknown = objective.evaluate(start, members), np.full(n, np.inf)
    best = Minimum(
        start.copy(),
        np.array(point.value),
        unknown.copy(),
        np.zeros(n, dtype=np.intp),
        np.zeros(n, dtype=bool),
        np.zeros(n, dtype=bool),
        np.full((n, q, q), np.nan),
    )
    at = _At(members, start, point, np.zeros(n), unknown, unknown)
    at = _pick(at, np.isfinite(point.value))
    for iteration in range(1, max_iter + 1):
        if not len(at.members):
            break
        here = _local(objective, at)
        move, decrement = _direction(objective, at, here)
        at = at._replace(decrement=decrement)
        done = (np.abs(decrement) <= TOLERANCE) & (at.damping == 0)
        ended = done
        if iteration > patience:
            lost = objective.hopeless(at.theta, at.members, here.expected, at.gain, at.damping)
            done, ended = done & ~lost, done | lost
        if np.count_nonzero(ended):
            last = np.where(done[:, None], move, 0.0)
            left = _pick(at, ended)
            theta = objective.held(left.theta + _pick(last, ended))
            value = _pick(at.point.value - np.where(done, decrement / 2, 0.0), ended)
            _record(best, left, theta, value, _pick(here.expected, ended), iteration)
            best.converged[left.members] = _pick(done, ended)
            best.hopeless[left.members] = ~_pick(done, ended)
            if np.count_nonzero(ended) == len(ended):
                break
            at, here, move = (_pick(each, ~ended) for each in (at, here, move))
        at, stuck = _descend(objective, at, here, move)
        ended = stuck if iteration < max_iter else np.ones_like(stuck)
        if np.count_nonzero(ended):
            left, expected = _pick(at, ended), _pick(here.expected, ended)
            _record(best, left, left.theta, left.point.value, expected, iteration)
            at = _pick(at, ~ended)
    return best


def _record(
    best: Minimum, at: _At, theta: Array, value: Array, expected: Array, iteration: int
) -> None:
    """Write down where some members of the batch ended."""
    best.theta[at.members] = theta
    best.value[at.members] = value
    best.decrement[at.members] = at.decrement
    best.iterations[at.members] = iteration
    best.expected[at.members] = expected


def _may_be_exact(objective: Objective) -> bool:
    """Return whether the Hessian of the function is that of the problem."""
    return objective.constraints is None or objective.constraints.linear


def _pick(point: Any, rows: Mask) -> Any:
    """Return an array (B, ...), or a named tuple of them, for some members of the batch."""
    if np.count_nonzero(rows) == len(rows):
        return point
    return _picked(point, rows)


def _picked(point: Any, rows: Mask | Index) -> Any:
    if isinstance(point, np.ndarray):
        return point[rows]
    return point._make(_picked(part, rows) for part in point)


def _place(point: Any, rows: Index, part: Any) -> None:
    for array, own in zip(point, part, strict=True):
        array[rows] = own


class _Local(NamedTuple):
    """What is known of the function around theta.

    hessian (b, q, q) to step with: the exact one near the minimum, where it is definite;
    expected (b, q, q); gradient (b, q).
    """

    hessian: Array
    expected: Array
    gradient: Array


def _local(objective: Objective, at: _At) -> _Local:
    near = (at.decrement < NEAR) & _may_be_exact(objective)
    n_near = np.count_nonzero(near)
    found = objective.slopes(at.point, at.members, n_near == len(near))
    hessian = found.expected
    if n_near:
        exact = found.hessian
        if exact is None:
            exact = objective.slopes(_pick(at.point, near), at.members[near], True).hessian
        on = objective.constraints
        stiff = exact if on is None else stiffened(on, at.theta[near], exact)
        definite = linalg.definite(stiff)
        near[near] = definite
        if np.count_nonzero(near) == len(near):
            hessian = exact
        else:
            hessian = hessian.copy()
            hessian[near] = exact[definite]
    return _Local(hessian, found.expected, found.gradient)


def _direction(objective: Objective, at: _At, here: _Local) -> tuple[Array, Array]:
    """Return the steps (b, q) and their decrements (b,)."""
    hessian = here.hessian
    if np.count_nonzero(at.damping):
        hessian, spot = hessian.copy(), np.arange(hessian.shape[1])
        hessian[:, spot, spot] += at.damping[:, None] * here.expected[:, spot, spot]
    if objective.constraints is None:
        step = -linalg.solve(hessian, here.gradient)
    else:
        step = direction(objective.constraints, at.theta, hessian, here.gradient)
    return step, -np.vecdot(here.gradient, step)


def _descend(objective: Objective, at: _At, here: _Local, move: Array) -> tuple[_At, Mask]:
    """Move every member downhill, raising the damping until it succeeds.

    Return where they are then, and which (b,) are stuck.
    """
    theta, before = objective.held(at.theta + move), at.point.value
    new = objective.evaluate(theta, at.members)
    enough = _enough(before, new.value, at.decrement)
    stuck = np.zeros(len(enough), dtype=bool)
    if np.count_nonzero(enough) == len(enough):
        gain, damping = before - new.value, _relaxed(at.damping)
        return _At(at.members, theta, new, damping, gain, at.decrement), stuck
    failed = np.flatnonzero(~enough)
    damping = np.where(enough, _relaxed(at.damping), at.damping)
    new = new._make(np.array(part) for part in new)
    for _ in range(MAX_TRIALS):
        if not len(failed):
            break
        damping[failed] = np.maximum(10 * damping[failed], LEAST_DAMPING)
        again = _picked(at, failed)._replace(damping=damping[failed])
        move, decrement = _direction(objective, again, _picked(here, failed))
        theta[failed] = objective.held(again.theta + move)
        trial = objective.evaluate(theta[failed], again.members)
        _place(new, failed, trial)
        failed = failed[~_enough(before[failed], trial.value, decrement)]
    if len(failed):
        theta[failed] = at.theta[failed]
        _place(new, failed, _picked(at.point, failed))
        stuck[failed] = True
    gain = before - new.value
    return _At(at.members, theta, new, damping, gain, at.decrement), stuck


def _enough(before: Array, after: Array, decrement: Array) -> Mask:
    """Return where a step lowered the value as far as its slope promised (Armijo)."""
    return after <= before - SUFFICIENT * decrement + ROUNDING * np.abs(before)


def _relaxed(damping: Array) -> Array:
    """Return the damping after a step that succeeded: a tenth of it, or none."""
    if not np.count_nonzero(damping):
        return damping
    return np.where(damping > NO_DAMPING, damping / 10, 0.0)
