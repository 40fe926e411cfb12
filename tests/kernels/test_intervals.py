"""Intervals: quantiles, blind to lost replicates, corrected as they promise, and covering."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tcsmodel.kernels.intervals import (
    acceleration,
    basic,
    bca,
    percentile,
    standard_error,
    studentized,
)
from tcsmodel.kernels.moments import moments
from tcsmodel.kernels.resample import bootstrap_chunks, jackknife_chunks


@pytest.fixture(scope="module")
def draws():
    return np.random.default_rng(0).normal(size=(200, 3, 2))


def test_limits_are_quantiles(draws):
    low, high = percentile(draws, 0.9)
    assert_allclose(low, np.quantile(draws, 0.05, axis=0))
    assert_allclose(high, np.quantile(draws, 0.95, axis=0))
    assert_allclose(standard_error(draws), draws.std(axis=0, ddof=1))


def test_lost_replicates_are_left_out(draws):
    holed = draws.copy()
    holed[::4, 0, 0] = np.nan
    kept = np.delete(draws[:, 0, 0], np.s_[::4])
    low, high = percentile(holed, 0.95)
    assert_allclose([low[0, 0], high[0, 0]], np.quantile(kept, [0.025, 0.975]))
    assert_allclose(low[1], percentile(draws, 0.95)[0][1])
    assert_allclose(standard_error(holed)[0, 0], kept.std(ddof=1))


def test_too_few_replicates_give_nan():
    draws = np.full((5, 2), np.nan)
    draws[0] = 1.0
    draws[1, 1] = 3.0
    low, high = percentile(draws, 0.95)
    assert np.isnan([low[0], high[0]]).all()
    assert low[1] < high[1]
    assert np.isnan(standard_error(draws)).tolist() == [True, False]


@pytest.mark.slow
def test_intervals_of_a_correlation_cover_at_their_level():
    generator = np.random.default_rng(11)
    root = np.linalg.cholesky([[1, 0.5], [0.5, 1]])
    covered = []
    for trial in range(400):
        x = generator.normal(size=(150, 2)) @ root.T
        cov = np.concatenate([moments(x, c)[1] for c in bootstrap_chunks(150, 256, trial)])
        corr = cov[:, 0, 1] / np.sqrt(cov[:, 0, 0] * cov[:, 1, 1])
        low, high = percentile(corr, 0.9)
        covered.append(low < 0.5 < high)
    assert np.mean(covered) == pytest.approx(0.9, abs=0.04)


def test_bca_without_bias_and_acceleration_is_percentile(draws):
    estimate = np.median(draws, axis=0)
    for ours, theirs in zip(
        bca(draws, estimate, np.zeros((3, 2)), 0.9), percentile(draws, 0.9), strict=True
    ):
        assert_allclose(ours, theirs, rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 99), st.floats(-0.1, 0.1), st.floats(-0.5, 0.5))
def test_bca_respects_transformations(seed, a, shift):
    values = np.random.default_rng(seed).normal(size=301)
    estimate = np.array(shift)
    plain = bca(values, estimate, np.array(a), 0.9)
    stretched = bca(np.exp(values), np.exp(estimate), np.array(a), 0.9)
    # Quantiles between order statistics are linear in one scale only.
    for ours, theirs in zip(plain, stretched, strict=True):
        at = np.searchsorted(np.sort(values), [ours, np.log(theirs)])
        assert abs(at[0] - at[1]) <= 1


def test_bca_leaves_lost_replicates_out(draws):
    holed, a = draws.copy(), np.full((3, 2), 0.05)
    holed[::4, 0, 0] = np.nan
    kept = np.delete(draws[:, 0, 0], np.s_[::4])
    low, high = bca(holed, np.zeros((3, 2)), a, 0.95)
    own = bca(kept, np.array(0.0), np.array(0.05), 0.95)
    assert_allclose([low[0, 0], high[0, 0]], own)
    assert_allclose(low[1], bca(draws, np.zeros((3, 2)), a, 0.95)[0][1])


def test_bca_of_one_side_is_unknown_and_of_a_constant_the_constant():
    values = np.ones((50, 2))
    values[:, 1] += np.arange(1, 51)
    low, high = bca(values, np.ones(2), np.zeros(2), 0.95)
    assert_allclose([low[0], high[0]], 1.0)
    assert np.isnan([low[1], high[1]]).all()


def test_basic_and_studentized(draws):
    estimate, errors = np.full((3, 2), 0.1), np.exp(0.1 * draws)
    low, high = percentile(draws, 0.9)
    assert_allclose(basic(draws, estimate, 0.9), [0.2 - high, 0.2 - low])
    one = studentized(draws, np.ones_like(draws), estimate, np.ones((3, 2)), 0.9)
    assert_allclose(one, basic(draws, estimate, 0.9), rtol=1e-12)
    t = np.quantile((draws - estimate) / errors, [0.95, 0.05], axis=0)
    assert_allclose(studentized(draws, errors, estimate, 2.0, 0.9), estimate - 2 * t)


def test_acceleration_of_a_mean_is_its_skewness():
    x = np.random.default_rng(3).exponential(size=400)
    left_out = (x.sum() - x) / 399
    skewness = ((x - x.mean()) ** 3).mean() / x.std() ** 3
    assert_allclose(acceleration(-left_out), skewness / (6 * np.sqrt(400)), rtol=1e-8)
    assert acceleration(np.ones(5)) == 0


@pytest.mark.slow
def test_bca_of_a_variance_covers_better_than_percentiles():
    """The textbook case: the variance of few answers (Efron & Tibshirani 1993, table 14.2)."""
    generator, covered = np.random.default_rng(5), []
    for trial in range(1500):
        x = generator.normal(size=(60, 1))
        cov = np.concatenate([moments(x, c)[1] for c in bootstrap_chunks(60, 1024, trial)])[:, 0, 0]
        (left,) = jackknife_chunks(60)
        a = acceleration(-moments(x, left)[1][:, 0, 0])
        limits = [
            bca(cov, moments(x)[1][0, 0], a, 0.9),
            percentile(cov, 0.9),
        ]
        covered.append([low < 1 < high for low, high in limits])
    ours, plain = np.mean(covered, axis=0)
    assert ours > plain + 0.01
    assert ours == pytest.approx(0.9, abs=0.03)
