"""Ceilings by hand, by a slow way, and over all permutations of a small sample."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from tcsmodel.kernels import necessity as kernel

# Five respondents, on 0-1: condition 1 2 2 4 5 and target 2 3 1 5 4 on scales from 1 to 5.
U = (np.array([1.0, 2, 2, 4, 5]) - 1) / 4
V = (np.array([2.0, 3, 1, 5, 4]) - 1) / 4
LEVELS = np.array([0, 0.25, 0.5, 0.75, 1])


def ceiling(u, v):
    given = kernel.ladder(u)
    return given.at, kernel.tops(given, v)


def slow_steps(u, v):
    """Add up the empty columns between neighboring conditions."""
    at = sorted(set(u))
    area = at[0] * 1.0
    for here, after in zip(at, [*at[1:], 1.0], strict=True):
        area += (1 - max(b for a, b in zip(u, v, strict=True) if a <= here)) * (after - here)
    return area


def slow_line(u, v):
    """Fit the corners by numpy and measure the empty space on a grid."""
    corners, highest = [], -1.0
    for here in sorted(set(u)):
        own = max(b for a, b in zip(u, v, strict=True) if a == here)
        if own > highest:
            corners.append((here, own))
            highest = own
    if len(corners) < 2:
        return 0.0
    slope, intercept = np.polyfit(*np.array(corners).T, 1)
    grid = (np.arange(400_000) + 0.5) / 400_000
    return 1 - np.clip(intercept + slope * grid, 0, 1).mean()


def test_the_example_worked_by_hand():
    at, tops = ceiling(U, V)
    np.testing.assert_allclose(tops, [0.25, 0.5, 1, 1])
    # Empty: 3 of height above 1-2, 2 above 2-4, of 16.
    assert kernel.step_effect(at, tops) == pytest.approx(7 / 16, abs=1e-15)
    assert kernel.corners(tops).tolist() == [True, True, True, False]
    line = kernel.corner_line(at, tops)
    # The corners (1, 2), (2, 3), (4, 5) lie on y = x + 1: a triangle with sides of 3 is empty.
    assert (line.intercept, line.slope) == (pytest.approx(0.25), pytest.approx(1))
    assert kernel.line_effect(line) == pytest.approx(4.5 / 16, abs=1e-15)
    np.testing.assert_allclose(kernel.step_slack(at, tops), [0.25, 0.25])
    np.testing.assert_allclose(kernel.line_slack(line), [0.25, 0.25])


def test_the_bottlenecks_of_the_example():
    at, tops = ceiling(U, V)
    steps = kernel.step_required(at, tops, LEVELS)
    np.testing.assert_array_equal(steps, [np.nan, np.nan, 0.25, 0.75, 0.75])
    line = kernel.line_required(kernel.corner_line(at, tops), LEVELS)
    np.testing.assert_allclose(line, [np.nan, np.nan, 0.25, 0.5, 0.75])


def test_a_level_that_nobody_reached_needs_more_than_there_is():
    at, tops = ceiling(np.array([0.2, 0.6]), np.array([0.1, 0.7]))
    np.testing.assert_array_equal(kernel.step_required(at, tops, np.array([0.05, 0.7, 0.8])),
                                  [0.2, 0.6, np.inf])  # fmt: skip
    line = kernel.Line(np.array(0.0), np.array(0.5))
    np.testing.assert_array_equal(kernel.line_required(line, np.array([0.5, 0.6])), [1, np.inf])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("levels", [4, 9, None])
def test_who_holds_up_a_corner_is_found_by_leaving_out_everyone(seed, levels):
    rng = np.random.default_rng(seed)
    u, v = rng.random((2, 25))
    if levels:
        u, v = np.round(u * levels) / levels, np.round(v * levels) / levels
    given = kernel.ladder(u)
    tops = kernel.tops(given, v)
    rows = kernel.alone(given, v, tops)
    left = kernel.without_each(given, v, np.arange(25))
    matters = (left != tops).any(axis=1)
    assert set(np.flatnonzero(matters)) <= set(rows)
    assert not (kernel.without_each(given, v, rows) > tops).any()
    np.testing.assert_array_equal(kernel.without_each(given, v, rows), left[rows])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("levels", [4, 9, None])
def test_effects_equal_a_slow_independent_way(seed, levels):
    rng = np.random.default_rng(seed)
    u = rng.random(40)
    v = np.clip(0.2 * rng.random(40) + u * rng.random(40), 0, 1)
    if levels:
        u, v = np.round(u * levels) / levels, np.round(v * levels) / levels
    at, tops = ceiling(u, v)
    assert kernel.step_effect(at, tops) == pytest.approx(slow_steps(u, v), abs=1e-12)
    line = kernel.line_effect(kernel.corner_line(at, tops))
    assert line == pytest.approx(slow_line(u, v), abs=1e-8)


def test_a_batch_is_its_members_one_by_one():
    rng = np.random.default_rng(3)
    u, v = np.round(rng.random(30), 1), np.round(rng.random((2, 4, 30)), 1)
    given = kernel.ladder(u)
    tops = kernel.tops(given, v)
    for i, j in np.ndindex(2, 4):
        own = kernel.tops(given, v[i, j])
        np.testing.assert_array_equal(tops[i, j], own)
        assert kernel.step_effect(given.at, tops)[i, j] == pytest.approx(
            kernel.step_effect(given.at, own), abs=1e-14
        )
        both = [kernel.corner_line(given.at, t) for t in (tops, own)]
        assert kernel.line_effect(both[0])[i, j] == pytest.approx(
            kernel.line_effect(both[1]), abs=1e-14
        )


def test_one_corner_makes_no_line():
    at, tops = ceiling(np.array([0.0, 0.5, 1.0]), np.array([1.0, 0.0, 0.4]))
    line = kernel.corner_line(at, tops)
    assert np.isnan(line.slope)
    assert kernel.step_effect(at, tops) == 0
    assert kernel.line_effect(line) == 0
    np.testing.assert_allclose(kernel.line_slack(line), [1, 1])
    assert np.isnan(kernel.line_required(line, np.array([0.5]))).all()


@pytest.mark.parametrize(
    ("u", "v"),
    [
        ([0, 0, 0.3, 0.3, 0.6, 1, 1], [0, 0.2, 0.2, 0.5, 0.5, 0.9, 1]),
        ([0, 0.1, 0.3, 0.45, 0.6, 0.8, 1], [0, 0.15, 0.2, 0.5, 0.55, 0.9, 1]),
        ([0.2, 0.2, 0.2, 0.6, 0.6, 0.7, 0.9], [0.1, 0.1, 0.1, 0.5, 0.5, 0.5, 0.8]),
    ],
    ids=["some ties", "no ties", "many ties inside the scope"],
)
def test_shuffles_have_the_distribution_of_all_permutations(u, v):
    u, v, n = np.array(u, dtype=float), np.array(v, dtype=float), 100_000
    given = kernel.ladder(u)
    tops = kernel.tops(given, np.array(list(permutations(v))))
    every = (
        kernel.step_effect(given.at, tops),
        kernel.line_effect(kernel.corner_line(given.at, tops)),
    )
    drawn = kernel.shuffled_effects(given, v, n, np.random.default_rng(5))
    for exact, own in zip(every, drawn, strict=True):
        values = np.unique(exact)
        values = values[np.diff(values, prepend=-1) > 1e-7]
        wanted, found = (
            np.array([(np.abs(sample - x) < 1e-8).mean() for x in values])
            for sample in (exact, own)
        )
        assert found.sum() == pytest.approx(1)
        error = np.sqrt(wanted * (1 - wanted) / n)
        assert (np.abs(found - wanted) <= 4.5 * error + 1e-12).all()


def test_p_counts_the_sample_among_the_shuffles():
    assert kernel.p_value(0.5, np.array([0.1, 0.5, 0.6, 0.2])) == pytest.approx(3 / 5)
    assert kernel.p_value(0.7, np.array([0.1, 0.5, 0.6, 0.2])) == pytest.approx(1 / 5)


def test_p_values_of_unrelated_variables_are_uniform():
    rng = np.random.default_rng(8)
    p = []
    for _ in range(200):
        u, v = rng.random((2, 30))
        given = kernel.ladder(u)
        effect = kernel.step_effect(given.at, kernel.tops(given, v))
        p.append(kernel.p_value(float(effect), kernel.shuffled_effects(given, v, 199, rng)[0]))
    counts = np.histogram(p, bins=5, range=(0, 1))[0]
    assert (np.abs(counts - 40) < 4 * np.sqrt(200 * 0.2 * 0.8)).all()
