"""Weighted moments: equal to numpy's, batch equals loop, blocks of rows change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels import moments as kernel


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(size=(60, 4)) * [1, 10, 0.1, 3] + 1000


def test_without_weights_they_are_numpy_s(x):
    mean, cov = kernel.moments(x)
    assert_allclose(mean, x.mean(axis=0))
    assert_allclose(cov, np.cov(x.T), rtol=1e-9)
    assert (cov == cov.T).all()


def test_batch_is_loop_over_any_leading_axes(x):
    weights = np.random.default_rng(1).integers(0, 4, size=(2, 3, 60)).astype(float)
    mean, cov = kernel.moments(x, weights)
    assert cov.shape == (2, 3, 4, 4)
    for index in np.ndindex(2, 3):
        one = kernel.moments(x, weights[index])
        assert_allclose(mean[index], one[0])
        assert_allclose(cov[index], one[1], rtol=1e-9)
        assert_allclose(cov[index], np.cov(x.T, aweights=weights[index], ddof=0) * 60 / 59)


def test_counts_are_the_resample(x):
    rows = np.random.default_rng(2).integers(0, 60, size=60)
    counts = np.bincount(rows, minlength=60).astype(float)
    assert_allclose(kernel.moments(x, counts)[1], np.cov(x[rows].T), rtol=1e-9)


def test_row_blocks_change_nothing(x, monkeypatch):
    weights = np.random.default_rng(1).uniform(size=(5, 60))
    whole = kernel.moments(x, weights)[1]
    monkeypatch.setattr(kernel, "PRODUCTS", 70)
    assert_allclose(kernel.moments(x, weights)[1], whole, rtol=1e-9)


def test_correlations_without_variance_are_nan():
    corr = kernel.to_corr(np.array([[4.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 0.0]]))
    assert corr[0, 1] == 0.5
    assert corr[0, 0] == 1
    assert np.isnan(corr[2]).all()
