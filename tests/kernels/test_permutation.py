"""Permutation p values, Holm, tests between groups, and agreement of composites."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.multitest import multipletests

from tcsmodel.kernels import group_tests, micom, permutation
from tcsmodel.kernels.resample import permutation_chunks

RNG = np.random.default_rng(3)


def test_p_counts_the_observed_statistic_among_the_draws():
    draws = np.array([[-3.0, 0.1], [-1.0, 0.2], [2.0, np.nan], [0.5, 0.4]])
    assert permutation.two_sided(draws, np.array([-2.0, 0.3])).tolist() == [3 / 5, 2 / 4]
    assert permutation.lower(draws, np.array([-2.0, 0.3])).tolist() == [2 / 5, 3 / 4]
    assert permutation.upper(draws, np.array([-2.0, 0.3])).tolist() == [4 / 5, 2 / 4]


def test_draws_within_rounding_of_the_statistic_are_as_extreme():
    ones = np.array([[1 - 2e-16], [1.0], [1 + 2e-16]])
    assert permutation.lower(ones, np.array([1.0])) == 1
    assert permutation.upper(ones, np.array([1.0])) == 1


def test_p_without_draws_is_nan():
    assert np.isnan(permutation.two_sided(np.full((3, 1), np.nan), np.array([1.0])))
    assert np.isnan(permutation.two_sided(np.ones((3, 1)), np.array([np.nan])))


def test_holm_equals_statsmodels_and_leaves_out_nan():
    p = RNG.uniform(0, 0.2, (7, 4))
    expected = [multipletests(own, method="holm")[1] for own in p.T]
    assert_allclose(permutation.holm(p), np.transpose(expected), rtol=1e-14)
    gaps = np.insert(p, 3, np.nan, axis=0)
    assert_allclose(np.delete(permutation.holm(gaps), 3, axis=0), np.transpose(expected))
    assert np.isnan(permutation.holm(gaps)[3]).all()


@pytest.mark.parametrize(("test", "equal"), [("parametric", True), ("welch", False)])
def test_t_tests_are_those_of_means_with_the_same_errors(test, equal):
    b, se, n = np.array([0.5, 0.31]), (np.array([0.11]), np.array([0.07])), (40, 95)
    ours = getattr(group_tests, test)(b[:1] - b[1:], se, n)
    sd = [s[0] * np.sqrt(m - 1) for s, m in zip(se, n, strict=True)]
    theirs = stats.ttest_ind_from_stats(b[0], sd[0], n[0], b[1], sd[1], n[1], equal_var=equal)
    assert_allclose([ours.statistic[0], ours.p[0]], [theirs.statistic, theirs.pvalue], rtol=1e-12)


def test_t_tests_without_an_error_have_no_p():
    nothing = (np.zeros(1), np.zeros(1))
    for test in (group_tests.parametric, group_tests.welch):
        assert np.isnan(test(np.zeros(1), nothing, (10, 10)).p)


def test_probability_larger_equals_the_count_over_all_pairs():
    first, second = RNG.normal(0.2, 1, (30, 2)), RNG.normal(0, 2, (41, 2))
    first[:, 1] = second[:30, 1]  # ties
    turned = [2 * part.mean(axis=0) - part for part in (first, second)]
    gap = turned[0][:, None] - turned[1][None]
    expected = (np.sign(gap) + 1).mean(axis=(0, 1)) / 2
    assert_allclose(group_tests.probability_larger(first, second), expected, rtol=1e-12)


def test_heterogeneity_of_two_groups_is_the_squared_z():
    b, se = np.array([[0.5], [0.2]]), np.array([[0.1], [0.2]])
    test = group_tests.heterogeneity(b, se)
    assert_allclose(test.statistic, 0.3**2 / (0.1**2 + 0.2**2))
    assert_allclose(test.p, 2 * stats.norm.sf(0.3 / np.hypot(0.1, 0.2)))
    assert test.df == 1


def test_spread_is_the_variance_weighted_by_size():
    b, n = RNG.normal(size=(5, 3, 2)), np.array([10.0, 20.0, 70.0])
    expected = np.array([np.cov(own.T, aweights=n, ddof=0).diagonal() for own in b])
    assert_allclose(group_tests.spread(b, n), expected)


def test_agreement_is_the_correlation_of_scores():
    x = RNG.normal(size=(50, 5)) @ RNG.normal(size=(5, 5))
    member = np.array([0, 0, 0, 1, 1])[:, None] == np.arange(2)
    first, second = RNG.uniform(0.5, 1, (2, 4, 5))
    weights = (each[..., None] * member for each in (first, second))
    found = micom.agreement(*weights, np.cov(x.T))
    for b in range(4):
        for c in range(2):
            own = member[:, c]
            scores = x[:, own] @ np.stack([first[b, own], second[b, own]], axis=1)
            assert_allclose(found[b, c], np.corrcoef(scores.T)[0, 1], rtol=1e-12)


def test_score_moments_are_those_of_the_scores():
    x, weights = RNG.normal(1, 2, (60, 4)), RNG.uniform(0.5, 1, 4)
    member = np.array([0, 1, 1, 1])[:, None] == np.arange(2)
    weights = weights[:, None] * member
    scores = x @ weights
    mean, variance = micom.score_moments(weights, x.mean(axis=0), np.cov(x.T))
    assert_allclose(mean, scores.mean(axis=0))
    assert_allclose(variance, scores.var(axis=0, ddof=1))


@pytest.mark.parametrize("size", [1, 7, 64, 100, 512])
def test_permutations_depend_on_the_seed_alone(size):
    orders = np.concatenate(list(permutation_chunks(11, 150, 5, size)))
    whole = np.concatenate(list(permutation_chunks(11, 300, 5)))
    assert orders.shape == (150, 11)
    np.testing.assert_array_equal(orders, whole[:150])
    np.testing.assert_array_equal(np.sort(orders, axis=1), np.tile(np.arange(11), (150, 1)))
    assert len(np.unique(orders, axis=0)) == 150
