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
# errors, over n/2. A full step ends the search when the decrement is small and the next one,
# foreseen from the fall of the last two, is below the tolerance.
TOLERANCE = 1e-12
SMALL = 1e-6
NEAR = 0.1
LEAST_DAMPING = 1e-4
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
    hopeless : function of theta, Point, expected, gain and damping
        Returns (b,) of bool. Asked each iteration about members that have not converged;
        `gain` (b,) is how much the last step lowered the value, `damping` (b,) what the next
        one starts with.
    constraints : Constraints, optional
        What must hold of theta.
    """

    evaluate: Callable[[Array, Index], Any]
    slopes: Callable[[Any, Index, bool], Any]
    hopeless: Callable[[Array, Any, Array, Array, Array], Mask]
    constraints: Constraints | None = None

    def held(self, theta: Array) -> Array:
        """Return theta (b, q), brought to where the constraints hold."""
        return theta if self.constraints is None else feasible(self.constraints, theta)


@dataclass(frozen=True, slots=True)
class Minimum:
    """theta (B, q); value, decrement (B,); iterations (B,); converged, hopeless (B,)."""

    theta: Array
    value: Array
    decrement: Array
    iterations: Index
    converged: Mask
    hopeless: Mask


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
    n = len(start)
    start = objective.held(start)
    best = Minimum(
        start.copy(),
        np.full(n, np.inf),
        np.full(n, np.inf),
        np.zeros(n, dtype=np.intp),
        np.zeros(n, dtype=bool),
        np.zeros(n, dtype=bool),
    )
    damping, gain = np.zeros(n), np.full(n, np.inf)
    members = np.arange(n)
    point = objective.evaluate(start, members)
    best.value[:] = point.value
    alive = np.isfinite(point.value)
    for iteration in range(max_iter):
        members, point = members[alive], pick(point, alive)
        if not len(members):
            break
        best.iterations[members] = iteration + 1
        near = (best.decrement[members] < NEAR) & _may_be_exact(objective)
        hessian, expected, gradient = _curvature(
            objective, best.theta[members], point, members, near
        )
        lost = np.zeros(len(members), dtype=bool)
        if iteration >= patience:
            lost = objective.hopeless(
                best.theta[members], point, expected, gain[members], damping[members]
            )
            best.hopeless[members] = lost
        step = _Step(objective, best.theta[members], hessian, expected, gradient, damping[members])
        undamped = step.damping == 0
        point = _descend(objective, best, members, point, step)
        gain[members] = step.before - point.value
        damping[members] = step.damping
        best.value[members] = point.value
        best.converged[members] = undamped & _settled(best.decrement[members], step.decrement)
        best.decrement[members] = step.decrement
        alive = ~(best.converged[members] | lost | step.stuck)
    return best


def _may_be_exact(objective: Objective) -> bool:
    """Return whether the Hessian of the function is that of the problem."""
    return objective.constraints is None or objective.constraints.linear


def pick(point: Any, rows: Mask | Index) -> Any:
    """Return a record of arrays (B, ...) for some members of the batch."""
    if rows.dtype == bool and rows.all():
        return point
    return replace(point, **{f.name: getattr(point, f.name)[rows] for f in fields(point)})


def _place(point: Any, rows: Index, part: Any) -> None:
    for field in fields(point):
        getattr(point, field.name)[rows] = getattr(part, field.name)


def _curvature(
    objective: Objective, theta: Array, point: Any, members: Index, near: Mask
) -> tuple[Array, Array, Array]:
    """Return the Hessian to step with, the Fisher information and the gradient.

    The exact Hessian is used for members near their minimum, where it is definite.
    """
    on = objective.constraints

    def is_definite(hessian: Array, at: Array) -> Mask:
        stiff = hessian if on is None else stiffened(on, at, hessian)
        return linalg.log_determinant(stiff)[1]

    if near.all():
        here = objective.slopes(point, members, True)
        definite = is_definite(here.hessian, theta)
        if definite.all():
            return here.hessian, here.expected, here.gradient
        chosen = np.where(definite[:, None, None], here.hessian, here.expected)
        return chosen, here.expected, here.gradient
    here = objective.slopes(point, members, False)
    if not near.any():
        return here.expected, here.expected, here.gradient
    exact = objective.slopes(pick(point, near), members[near], True).hessian
    definite = is_definite(exact, theta[near])
    chosen = here.expected.copy()
    chosen[np.flatnonzero(near)[definite]] = exact[definite]
    return chosen, here.expected, here.gradient


class _Step:
    """One damped step of every active member, and what became of it."""

    def __init__(
        self,
        objective: Objective,
        theta: Array,
        hessian: Array,
        expected: Array,
        gradient: Array,
        damping: Array,
    ) -> None:
        self.constraints, self.theta = objective.constraints, theta
        self.hessian, self.gradient = hessian, gradient
        self.diagonal = np.diagonal(expected, axis1=1, axis2=2)
        self.damping = damping
        n = len(gradient)
        self.before = self.decrement = np.full(n, np.inf)
        self.stuck = np.zeros(n, dtype=bool)

    def direction(self, rows: Index | slice) -> tuple[Array, Array]:
        """Return the step (b, q) and its decrement (b,)."""
        hessian, gradient = self.hessian[rows], self.gradient[rows]
        damping = self.damping[rows]
        if damping.any():
            q = gradient.shape[1]
            hessian = hessian.copy()
            at = np.arange(q)
            hessian[:, at, at] += damping[:, None] * self.diagonal[rows]
        if self.constraints is None:
            step = -linalg.solve(hessian, gradient)
        else:
            step = direction(self.constraints, self.theta[rows], hessian, gradient)
        return step, -(gradient * step).sum(axis=1)


def _descend(objective: Objective, best: Minimum, members: Index, point: Any, step: _Step) -> Any:
    """Move every member downhill, raising the damping until it succeeds; return the new point."""
    here = best.theta[members]
    step.before = point.value
    move, decrement = step.direction(slice(None))
    step.decrement = decrement
    theta = objective.held(here + move)
    new = objective.evaluate(theta, members)
    failed = np.flatnonzero(~_enough(point.value, new.value, decrement))
    step.damping = _relaxed(step.damping, failed)
    if len(failed):
        new = replace(new, **{f.name: np.array(getattr(new, f.name)) for f in fields(new)})
    for _ in range(MAX_TRIALS):
        if not len(failed):
            break
        step.damping[failed] = np.maximum(10 * step.damping[failed], LEAST_DAMPING)
        move, decrement = step.direction(failed)
        theta[failed] = objective.held(here[failed] + move)
        trial = objective.evaluate(theta[failed], members[failed])
        _place(new, failed, trial)
        failed = failed[~_enough(point.value[failed], trial.value, decrement)]
    if len(failed):
        theta[failed] = here[failed]
        _place(new, failed, pick(point, failed))
        step.stuck[failed] = True
    best.theta[members] = theta
    return new


def _settled(last: Array, now: Array) -> Mask:
    """Return where the decrement after this step will be negligible.

    It is foreseen to fall as much as it did last: Newton steps do better once they converge
    quadratically, but where the information is nearly singular that begins late.
    """
    fall = np.where(np.isfinite(last), np.minimum(now / last, 1.0), 1.0)
    return (now <= SMALL) & (now * fall <= TOLERANCE)


def _enough(before: Array, after: Array, decrement: Array) -> Mask:
    """Return where a step lowered the value as far as its slope promised (Armijo)."""
    with np.errstate(invalid="ignore"):
        return after <= before - SUFFICIENT * decrement + ROUNDING * np.abs(before)


def _relaxed(damping: Array, failed: Index) -> Array:
    """Return the damping for the next step: a tenth of it, or none, where this one succeeded."""
    relaxed = np.where(damping > NO_DAMPING, damping / 10, 0.0)
    relaxed[failed] = damping[failed]
    return relaxed
