"""Percentile intervals: numpy's quantiles, blind to lost replicates, and covering."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels.intervals import percentile, standard_error
from tcsmodel.kernels.moments import moments
from tcsmodel.kernels.resample import bootstrap_chunks


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
