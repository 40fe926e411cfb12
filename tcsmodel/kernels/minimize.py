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
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

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
    """What an objective knows at theta: arrays (B, ...), among them `value` (B,)."""

    value: Array


class Curved(Protocol):
    """gradient (B, q), expected (B, q, q), and hessian (B, q, q) or None."""

    gradient: Array
    expected: Array
    hessian: Array | None


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


@dataclass(frozen=True, slots=True)
class Minimum:
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
    start = objective.held(start)
    best = Minimum(
        start.copy(),
        np.full(n, np.inf),
        np.full(n, np.inf),
        np.zeros(n, dtype=np.intp),
        np.zeros(n, dtype=bool),
        np.zeros(n, dtype=bool),
        np.full((n, q, q), np.nan),
    )
    damping, gain = np.zeros(n), np.full(n, np.inf)
    members = np.arange(n)
    point = objective.evaluate(start, members)
    best.value[:] = point.value
    alive = np.isfinite(point.value)
    for iteration in range(max_iter):
        members, point = pick(members, alive), pick(point, alive)
        if not len(members):
            break
        best.iterations[members] = iteration + 1
        here = _local(objective, best, members, point, damping[members])
        going = np.ones(len(members), dtype=bool)
        if iteration >= patience:
            going = ~objective.hopeless(
                here.theta, members, here.expected, gain[members], here.damping
            )
            best.hopeless[members] = ~going
        move, decrement = _direction(objective, here)
        best.decrement[members] = decrement
        done = going & (np.abs(decrement) <= TOLERANCE)
        if np.count_nonzero(done):
            done &= here.damping == 0
            best.converged[members[done]] = True
            best.theta[members[done]] = objective.held((here.theta + move)[done])
            best.value[members[done]] -= decrement[done] / 2
            going &= ~done
        if not np.count_nonzero(going):
            break
        members, point, here = pick(members, going), pick(point, going), pick(here, going)
        move, decrement = pick(move, going), pick(decrement, going)
        new = _descend(objective, members, point, here, move, decrement)
        gain[members] = point.value - new.point.value
        damping[members] = new.damping
        best.theta[members] = new.theta
        best.value[members] = new.point.value
        point, alive = new.point, ~new.stuck
    return best


def _may_be_exact(objective: Objective) -> bool:
    """Return whether the Hessian of the function is that of the problem."""
    return objective.constraints is None or objective.constraints.linear


def pick(point: Any, rows: Mask | Index) -> Any:
    """Return an array (B, ...), or a record of them, for some members of the batch."""
    if rows.dtype == bool and np.count_nonzero(rows) == len(rows):
        return point
    if isinstance(point, np.ndarray):
        return point[rows]
    return replace(point, **{f.name: getattr(point, f.name)[rows] for f in fields(point)})


def _place(point: Any, rows: Index, part: Any) -> None:
    for field in fields(point):
        getattr(point, field.name)[rows] = getattr(part, field.name)


@dataclass(frozen=True, slots=True)
class _Local:
    """What is known of the function around theta (b, q).

    hessian (b, q, q) to step with: the exact one near the minimum, where it is definite;
    expected (b, q, q); gradient (b, q); damping (b,).
    """

    theta: Array
    hessian: Array
    expected: Array
    gradient: Array
    damping: Array


def _local(
    objective: Objective, best: Minimum, members: Index, point: Any, damping: Array
) -> _Local:
    theta = best.theta[members]
    near = (best.decrement[members] < NEAR) & _may_be_exact(objective)
    n_near = np.count_nonzero(near)
    found = objective.slopes(point, members, n_near == len(near))
    hessian = found.expected
    if n_near:
        exact = found.hessian
        if exact is None:
            exact = objective.slopes(pick(point, near), members[near], True).hessian
        on = objective.constraints
        stiff = exact if on is None else stiffened(on, theta[near], exact)
        definite = linalg.definite(stiff)
        near[near] = definite
        if np.count_nonzero(near) == len(near):
            hessian = exact
        else:
            hessian = hessian.copy()
            hessian[near] = exact[definite]
    best.expected[members] = found.expected
    return _Local(theta, hessian, found.expected, found.gradient, damping)


def _direction(objective: Objective, here: _Local) -> tuple[Array, Array]:
    """Return the steps (b, q) and their decrements (b,)."""
    hessian = here.hessian
    if np.count_nonzero(here.damping):
        hessian, at = hessian.copy(), np.arange(hessian.shape[1])
        hessian[:, at, at] += here.damping[:, None] * here.expected[:, at, at]
    if objective.constraints is None:
        step = -linalg.solve(hessian, here.gradient)
    else:
        step = direction(objective.constraints, here.theta, hessian, here.gradient)
    return step, -np.vecdot(here.gradient, step)


@dataclass(frozen=True, slots=True)
class _Moved:
    """What became of a step: theta (b, q), the point there, damping (b,), stuck (b,)."""

    theta: Array
    point: Any
    damping: Array
    stuck: Mask


def _descend(
    objective: Objective, members: Index, point: Any, here: _Local, move: Array, decrement: Array
) -> _Moved:
    """Move every member downhill, raising the damping until it succeeds."""
    theta = objective.held(here.theta + move)
    new = objective.evaluate(theta, members)
    enough = _enough(point.value, new.value, decrement)
    stuck = np.zeros(len(members), dtype=bool)
    if np.count_nonzero(enough) == len(enough):
        return _Moved(theta, new, _relaxed(here.damping), stuck)
    failed = np.flatnonzero(~enough)
    damping = np.where(enough, _relaxed(here.damping), here.damping)
    new = replace(new, **{f.name: np.array(getattr(new, f.name)) for f in fields(new)})
    for _ in range(MAX_TRIALS):
        if not len(failed):
            break
        damping[failed] = np.maximum(10 * damping[failed], LEAST_DAMPING)
        again = replace(pick(here, failed), damping=damping[failed])
        move, decrement = _direction(objective, again)
        theta[failed] = objective.held(again.theta + move)
        trial = objective.evaluate(theta[failed], members[failed])
        _place(new, failed, trial)
        failed = failed[~_enough(point.value[failed], trial.value, decrement)]
    if len(failed):
        theta[failed] = here.theta[failed]
        _place(new, failed, pick(point, failed))
        stuck[failed] = True
    return _Moved(theta, new, damping, stuck)


def _enough(before: Array, after: Array, decrement: Array) -> Mask:
    """Return where a step lowered the value as far as its slope promised (Armijo)."""
    return after <= before - SUFFICIENT * decrement + ROUNDING * np.abs(before)


def _relaxed(damping: Array) -> Array:
    """Return the damping after a step that succeeded: a tenth of it, or none."""
    if not np.count_nonzero(damping):
        return damping
    return np.where(damping > NO_DAMPING, damping / 10, 0.0)
