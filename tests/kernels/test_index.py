from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tcsmodel.kernels import index as kernel

MEMBER = np.array([[True, False], [True, False], [False, True]])
LOW, HIGH = np.ones(3), np.full(3, 10.0)
unit = st.floats(0.01, 1.0)


def test_all_lowest_answers_are_0_and_all_highest_100():
    shares = kernel.shares(np.array([0.3, 0.7, 1.0])[:, None], MEMBER)
    assert kernel.index(kernel.rescaled(LOW, LOW, HIGH), shares, MEMBER).tolist() == [0, 0]
    assert kernel.index(kernel.rescaled(HIGH, LOW, HIGH), shares, MEMBER) == pytest.approx(100)


def test_acsi_formula_of_three_ten_point_items():
    """(sum w xbar - sum w) / (9 sum w) * 100 with w = a / s."""
    member = np.ones((3, 1), dtype=bool)
    a, s, xbar = np.array([0.4, 0.3, 0.5]), np.array([2.0, 1.5, 1.0]), np.array([7.0, 8.0, 6.5])
    w = a / s
    by_hand = (w @ xbar - w.sum()) / (9 * w.sum()) * 100
    weights = kernel.unstandardized_weights(a[..., None], s, LOW, HIGH)
    performance = kernel.rescaled(xbar, LOW, HIGH)
    ours = kernel.index(performance, kernel.shares(weights, member), member)
    assert ours == pytest.approx([by_hand], rel=1e-12)


@settings(deadline=None, max_examples=30)
@given(arrays(float, 3, elements=unit), arrays(float, 3, elements=st.floats(1, 9)))
def test_index_lies_in_0_100_and_rises_with_every_item(w, x):
    shares = kernel.shares(w[:, None], MEMBER)

    def index(answers):
        return kernel.index(kernel.rescaled(answers, LOW, HIGH), shares, MEMBER)

    assert (index(x) >= 0).all()
    assert (index(x) <= 100).all()
    for i in range(3):
        higher = index(x + np.eye(3)[i]) - index(x)
        assert (higher[MEMBER[i]] > 0).all()
        assert (higher[~MEMBER[i]] == 0).all()


@settings(deadline=None, max_examples=20)
@given(arrays(float, 3, elements=unit), st.floats(0.1, 10), st.floats(-5, 5))
def test_a_scale_with_its_limits_may_be_changed(a, factor, shift):
    s, x = np.array([1.0, 2.0, 0.5]), np.array([4.0, 7.0, 9.0])

    def index(x, s, low, high):
        w = kernel.unstandardized_weights(a[..., None], s, low, high)
        return kernel.index(kernel.rescaled(x, low, high), kernel.shares(w, MEMBER), MEMBER)

    moved = [np.where([True, False, False], factor * v + shift, v) for v in (x, LOW, HIGH)]
    scaled = np.where([True, False, False], factor * s, s)
    changed = index(moved[0], scaled, *moved[1:])
    assert changed == pytest.approx(index(x, s, LOW, HIGH), rel=1e-9)


def test_an_item_without_a_scale_spoils_its_own_construct_only():
    low, high = np.array([1.0, 1.0, np.nan]), np.array([10.0, 10.0, np.nan])
    w = kernel.unstandardized_weights(np.ones((3, 1)), np.ones(3), low, high)
    performance = kernel.rescaled(np.full(3, 5.5), low, high)
    index = kernel.index(performance, kernel.shares(w, MEMBER), MEMBER)
    assert index[0] == pytest.approx(50)
    assert np.isnan(index[1])
    total = np.array([[0.0, 0.5], [0.0, 0.0]])
    assert np.isnan(kernel.impacts(total, w, MEMBER)[0, 1])


def test_batch_equals_loop():
    rng = np.random.default_rng(3)
    a, s, x = (rng.uniform(0.2, 2, size=(4, 3)) for _ in range(3))
    total = rng.normal(size=(4, 2, 2))
    w = kernel.unstandardized_weights(a[..., None], s, LOW, HIGH)
    batch = kernel.index(x, kernel.shares(w, MEMBER), MEMBER), kernel.impacts(total, w, MEMBER)
    for b in range(4):
        one = kernel.unstandardized_weights(a[b][:, None], s[b], LOW, HIGH)
        index = kernel.index(x[b], kernel.shares(one, MEMBER), MEMBER)
        np.testing.assert_array_equal(batch[0][b], index)
        np.testing.assert_array_equal(batch[1][b], kernel.impacts(total[b], one, MEMBER))


def test_mean_and_its_standard_error():
    y = np.array([[1.0, 2.0], [3.0, 2.5], [8.0, 9.0], [4.0, 4.0]])
    mean, se = kernel.weighted_mean_se(y)
    np.testing.assert_allclose(mean, y.mean(axis=0))
    np.testing.assert_allclose(se, y.std(axis=0, ddof=1) / 2)


def test_weights_are_linearized_and_their_unit_does_not_matter():
    y, w = np.array([[1.0], [3.0], [8.0]]), np.array([1.0, 2.0, 1.0])
    mean, se = kernel.weighted_mean_se(y, w)
    assert mean == pytest.approx([3.75])
    by_hand = 1.5 * (1 * 2.75**2 + 4 * 0.75**2 + 1 * 4.25**2) / 16
    assert se == pytest.approx([np.sqrt(by_hand)])
    np.testing.assert_allclose(kernel.weighted_mean_se(y, 10 * w)[1], se)


def test_a_single_respondent_has_no_standard_error():
    mean, se = kernel.weighted_mean_se(np.array([[5.0]]))
    assert mean == [5]
    assert np.isnan(se).all()
