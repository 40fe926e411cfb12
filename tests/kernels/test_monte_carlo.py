"""Sample covariances without samples, and how estimates perform."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special

from tcsmodel.kernels import monte_carlo as kernel

COV = np.array([[2.0, 0.8, -0.3], [0.8, 1.0, 0.2], [-0.3, 0.2, 0.5]])


def drawn(n, replications, seed, size=256):
    return np.concatenate(list(kernel.sample_covariances(COV, n, replications, seed, size)))


def test_moments_of_the_wishart_distribution():
    n, count = 7, 20_000
    found = drawn(n, count, 3)
    mean = COV * (n - 1) / n
    variance = (n - 1) / n**2 * (np.outer(np.diag(COV), np.diag(COV)) + COV**2)
    assert_allclose(found.mean(axis=0), mean, atol=5 * np.sqrt(variance / count).max())
    assert_allclose(found.var(axis=0), variance, rtol=0.08)
    digamma = special.digamma((n - 1 - np.arange(3)) / 2).sum()
    wanted = digamma + 3 * np.log(2 / n) + np.linalg.slogdet(COV)[1]
    assert np.linalg.slogdet(found)[1].mean() == pytest.approx(wanted, abs=0.05)


def test_draws_have_the_distribution_of_covariances_of_answers():
    n, count = 12, 4000
    generator = np.random.default_rng(8)
    answers = generator.multivariate_normal(np.zeros(3), COV, size=(count, n))
    centered = answers - answers.mean(axis=1, keepdims=True)
    theirs = np.swapaxes(centered, 1, 2) @ centered / n
    ours = drawn(n, count, 4)
    tails = np.linspace(0.05, 0.95, 7)
    for i, j in ((0, 0), (0, 1), (1, 2)):
        wanted = np.quantile(theirs[:, i, j], tails)
        assert_allclose(
            (ours[:, i, j, None] <= wanted).mean(axis=0), tails, atol=5 * np.sqrt(0.5 / count)
        )


def test_seed_size_and_place_decide_a_draw_and_nothing_else():
    whole = drawn(20, 150, 1)
    assert_array_equal(drawn(20, 150, 1, size=1), whole)
    assert_array_equal(drawn(20, 70, 1), whole[:70])
    assert not np.isclose(drawn(20, 150, 2), whole).any()
    assert not np.isclose(drawn(21, 150, 1), whole).any()


def test_performance_by_hand():
    estimate = np.array([[0.5, 0.0], [1.5, 3.0], [9.0, 9.0]])
    error = np.array([[0.2, 1.0], [0.2, 1.0], [np.nan, np.nan]])
    counted = np.array([True, True, False])
    found = kernel.performance(estimate, error, counted, np.array([0.6, 0.0]), 0.95)
    assert_allclose(found.mean, [1.0, 1.5])
    assert_allclose(found.sd, [np.sqrt(0.5), np.sqrt(4.5)])
    assert_allclose(found.mean_se, [0.2, 1.0])
    assert_allclose(found.coverage, [0.5, 0.5])
    assert_allclose(found.power, [1.0, 0.5])
    assert found.count == 2


def test_a_batch_is_a_loop_and_nothing_counted_is_nan():
    generator = np.random.default_rng(0)
    estimate, error = generator.normal(0.4, 1, (3, 50, 4)), generator.uniform(0.1, 0.5, (3, 50, 4))
    counted = generator.random((3, 50)) > 0.3
    counted[2] = False
    truth = np.array([0.4, 0.0, 0.2, 1.0])
    batch = kernel.performance(estimate, error, counted, truth, 0.9)
    for k in range(2):
        one = kernel.performance(estimate[k], error[k], counted[k], truth, 0.9)
        for name in ("mean", "sd", "mean_se", "coverage", "power", "count"):
            assert_allclose(getattr(batch, name)[k], getattr(one, name), rtol=1e-12)
    assert np.isnan(batch.power[2]).all()


def test_intervals_of_shares_as_newcombe_prints_them():
    # Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3.
    count = np.array([263.0, 148.0, 20.0])
    lower, upper = kernel.share_interval(np.array([81.0, 15.0, 0.0]) / count, count, 0.95)
    assert_allclose(lower, [0.2553, 0.0624, 0.0], atol=5e-5)
    assert_allclose(upper, [0.3662, 0.1605, 0.1611], atol=5e-5)


def test_error_of_a_share():
    assert_allclose(kernel.share_error(np.array([0.8, 1.0]), np.array([400.0, 400.0])), [0.02, 0.0])
