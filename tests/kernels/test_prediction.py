"""Kernels of prediction: folds, slopes and losses, each member of a batch by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tcsmodel.kernels import prediction
from tcsmodel.kernels.design import design
from tcsmodel.kernels.moments import moments, to_corr
from tcsmodel.kernels.paired import bootstrap_p, paired

BLOCK = np.array([0, 0, 1, 1, 1])
USED = np.array([[False, True], [False, False]])


def answers(seed, n=40, p=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, p)) @ rng.normal(size=(p, p)) + rng.normal(size=p)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 30), st.integers(0, 12), st.integers(1, 3), st.integers(1, 9))
def test_every_respondent_is_held_out_once_a_repetition(n, more, repetitions, size):
    folds = 2 + more % (n - 1)
    fold = prediction.random_folds(n, folds, repetitions, seed=more)
    times, parts = np.zeros(n, dtype=int), 0
    for rows in prediction.held_out(fold, size):
        for padded in rows:
            own = padded[padded < n]
            times[own] += 1
            assert n // folds <= len(own) <= -(-n // folds)
            parts += 1
    assert (times == repetitions).all()
    assert parts == folds * repetitions


@pytest.mark.parametrize("weights", [np.ones(40), 1.0 + np.arange(40) % 3])
@pytest.mark.parametrize("folds", [2, 7, 40])
def test_training_moments_are_those_of_the_others(weights, folds):
    x = answers(8) + 1e4
    x[:, 4] = np.where(np.arange(40) == 0, 3.0, 2.0)
    fold = prediction.random_folds(40, folds, 2, seed=folds)
    for rows in prediction.held_out(fold, 60):
        mean, cov = prediction.training_moments(x, weights, rows)
        theirs = moments(x, prediction.training_weights(rows, weights))
        assert_allclose(mean, theirs[0], rtol=1e-12)
        assert_allclose(cov, theirs[1], rtol=1e-9, atol=1e-9)
        assert_array_equal(cov[:, 4, 4] == 0, (rows == 0).any(axis=1))


def test_regressions_of_a_batch_are_those_of_each_member():
    x = [answers(seed) for seed in range(3)]
    cov = np.stack([np.cov(one.T) for one in x])
    sd = np.sqrt(np.diagonal(cov, axis1=1, axis2=2))
    slopes = prediction.regression_slopes(to_corr(cov), sd, BLOCK, USED)
    for one, found in zip(x, slopes, strict=True):
        centered = one - one.mean(axis=0)
        beta = np.linalg.lstsq(centered[:, :2], centered[:, 2:], rcond=None)[0]
        assert_allclose(found[:2, 2:], beta, atol=1e-10)
        assert not found[2:].any()
        assert not found[:, :2].any()


def test_dependent_regressors_have_no_slopes_and_stop_nothing():
    good, bad = answers(1), answers(2)
    bad[:, 1] = 2 * bad[:, 0]
    constant = answers(3)
    constant[:, 0] = 1.0
    cov = np.stack([np.cov(one.T) for one in (good, bad, constant)])
    sd = np.sqrt(np.diagonal(cov, axis1=1, axis2=2))
    slopes = prediction.regression_slopes(to_corr(cov), sd, BLOCK, USED)
    assert np.isfinite(slopes[0]).all()
    assert np.isnan(slopes[1:, :2, 2:]).all()


def test_losses_are_weighted_means_over_what_is_known():
    errors = np.array([[1.0, np.nan], [-3.0, 2.0], [np.nan, np.nan]])
    rmse, mae = prediction.losses(errors, np.array([1.0, 3.0, 5.0]))
    assert_allclose(rmse, [np.sqrt((1 + 27) / 4), 2.0])
    assert_allclose(mae, [10 / 4, 2.0])
    nothing, _ = prediction.losses(np.full((3, 1), np.nan), np.ones(3))
    assert np.isnan(nothing).all()


def test_paired_errors_follow_clusters():
    d = np.repeat(answers(5, n=12, p=2), 3, axis=0)
    ones, cluster = np.ones(36), np.repeat(np.arange(12), 3)
    clustered = paired(d, ones, design(cluster, None, 36))
    alone = paired(d[::3], np.ones(12))
    assert_allclose(clustered.se, alone.se)
    assert_allclose(clustered.df, 11)
    missing = np.where(np.arange(36)[:, None] < 30, d, np.nan)
    assert_allclose(paired(missing, ones).mean, d[:30].mean(axis=0))
    assert_allclose(paired(missing, ones).se, d[:30].std(axis=0, ddof=1) / np.sqrt(30))


def test_the_bootstrap_p_value_is_a_share_of_recomputed_t_values():
    d, counts = (
        answers(6, n=15, p=2),
        np.random.default_rng(2).multinomial(15, np.ones(15) / 15, 50),
    )
    ones = np.ones(15)
    found = paired(d, ones)
    observed = found.mean / found.se
    shifted = d - d.mean(axis=0)
    below = np.zeros(2)
    for row in counts:
        own = np.repeat(shifted, row, axis=0)
        below += own.mean(axis=0) / (own.std(axis=0, ddof=1) / np.sqrt(15)) <= observed
    ours = bootstrap_p(d, ones, found, [counts[:20].astype(float), counts[20:].astype(float)])
    assert_allclose(ours, (below + 1) / 51)
