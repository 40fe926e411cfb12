from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tcsmodel.kernels import priority as kernel


def test_ranks_of_a_batch():
    gain = np.array([[3.0, 5.0, 1.0], [2.0, 2.0, 7.0]])
    assert kernel.ranks(gain).tolist() == [[2, 1, 3], [2, 3, 1]]


def test_potential_gain_is_zero_for_a_perfect_driver():
    assert kernel.potential_gain(np.array([0.5, 0.5]), np.array([100.0, 60.0])).tolist() == [0, 20]


def test_quadrants_are_cut_at_the_means():
    importance, performance = np.array([0.1, 0.1, 0.9, 0.9]), np.array([50.0, 90.0, 50.0, 90.0])
    assert kernel.quadrants(importance, performance).tolist() == [0, 1, 2, 3]


@settings(deadline=None, max_examples=25)
@given(arrays(float, (12, 4), elements=st.integers(0, 5).map(float)))
def test_superiority_is_a_probability_of_pairs(gain):
    p = kernel.superiority(gain)
    np.testing.assert_allclose(p + p.T, 1)
    assert ((p >= 0) & (p <= 1)).all()


def test_certain_orders_are_not_tied_and_even_ones_are():
    p = np.array([[0.5, 0.6, 1.0], [0.4, 0.5, 0.95], [0.0, 0.05, 0.5]])
    assert kernel.tie_groups(p, np.array([0, 1, 2]), 0.9).tolist() == [1, 1, 2]


def test_ties_go_along_chains():
    """First and last differ surely, but each is tied with the middle: one group."""
    p = np.array([[0.5, 0.7, 0.95], [0.3, 0.5, 0.7], [0.05, 0.3, 0.5]])
    assert kernel.tie_groups(p, np.array([0, 1, 2]), 0.9).tolist() == [1, 1, 1]


@settings(deadline=None, max_examples=25)
@given(arrays(float, (20, 5), elements=st.floats(0, 1)))
def test_drivers_in_different_groups_can_be_told_apart(gain):
    p = kernel.superiority(gain)
    order = np.argsort(kernel.ranks(gain.mean(axis=0)))
    groups = kernel.tie_groups(p, order, 0.9)
    apart = groups[:, None] != groups[None, :]
    assert (np.maximum(p, p.T)[apart] >= 0.9).all()
    assert groups[order[0]] == 1
    assert sorted(set(groups)) == list(range(1, groups.max() + 1))


def test_certainty_at_its_limit_counts_as_certain():
    p = np.array([[0.5, 0.9], [0.1, 0.5]])
    assert kernel.tie_groups(p, np.array([0, 1]), 0.9).tolist() == [1, 2]
    assert pytest.approx(0.9) == p.max()
