"""The minimizer on functions whose minimum is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.testing import assert_allclose

from tcsmodel.kernels.minimize import Objective, minimize


class Point(NamedTuple):
    value: np.ndarray
    theta: np.ndarray


class Curve(NamedTuple):
    gradient: np.ndarray
    expected: np.ndarray
    hessian: np.ndarray | None


def rosenbrock(scale):
    """Return a batch of curved valleys with their minimum at (1, 1); scale (B,) is their depth."""

    def evaluate(theta, members):
        a, b, s = theta[:, 0], theta[:, 1], scale[members]
        return Point((1 - a) ** 2 + s * (b - a**2) ** 2, theta)

    def slopes(point, members, exact):
        a, b, s = point.theta[:, 0], point.theta[:, 1], scale[members]
        gradient = np.stack([-2 * (1 - a) - 4 * s * a * (b - a**2), 2 * s * (b - a**2)], axis=1)
        first = np.stack([np.stack([2 + 8 * s * a**2, -4 * s * a], 1),
                          np.stack([-4 * s * a, 2 * s], 1)], 1)  # fmt: skip
        second = first.copy()
        second[:, 0, 0] -= 4 * s * (b - a**2)
        return Curve(gradient, first, second if exact else None)

    def hopeless(theta, members, expected, gain, damping):
        return np.zeros(len(theta), dtype=bool)

    return Objective(evaluate, slopes, hopeless)


def test_every_member_reaches_its_minimum():
    best = minimize(
        rosenbrock(np.array([1.0, 10.0, 100.0])),
        np.tile([-1.2, 1.0], (3, 1)),
        max_iter=100,
        patience=100,
    )
    assert best.converged.all()
    assert_allclose(best.theta, 1.0, atol=1e-5)
    assert (best.iterations < 60).all()


def test_the_cap_ends_without_convergence():
    best = minimize(rosenbrock(np.array([100.0])), np.array([[-1.2, 1.0]]), max_iter=2, patience=9)
    assert not best.converged[0]
    assert best.iterations[0] == 2
    assert np.isfinite(best.theta).all()


def test_hopeless_members_leave_and_the_others_stay():
    objective = rosenbrock(np.array([100.0, 100.0]))

    def second(theta, members, expected, gain, damping):
        return members == 1

    start = np.array([[0.5, 0.5], [-1.2, 1.0]])
    best = minimize(
        Objective(objective.evaluate, objective.slopes, second), start, max_iter=100, patience=0
    )
    assert best.converged.tolist() == [True, False]
    assert best.hopeless.tolist() == [False, True]
    assert best.iterations[1] == 1


def test_a_bad_start_stays_where_it_is():
    objective = rosenbrock(np.array([1.0, 1.0]))
    best = minimize(objective, np.array([[0.0, 0.0], [np.inf, 0.0]]), max_iter=50, patience=50)
    assert best.converged.tolist() == [True, False]
    assert best.iterations[1] == 0
