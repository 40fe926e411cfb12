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


def test_what_parts_leave_has_its_own_moments(x):
    rng = np.random.default_rng(4)
    weights = rng.uniform(0.5, 2, 60)
    unit = np.stack([rng.permutation(np.repeat([0, 1, 2], [10, 15, 35])) for _ in range(5)])
    parts = (unit[:, None, :] == np.arange(2)[:, None]) * weights
    means, covs = kernel.moments(x, parts)
    mean, cov = kernel.moments(x, weights)
    share = parts.sum(axis=-1) / weights.sum()
    left = kernel.remainder(mean, cov * 59 / 60, means, covs * 59 / 60, share)
    wanted = kernel.moments(x, (unit == 2) * weights)
    assert_allclose(left[0], wanted[0], rtol=1e-12)
    assert_allclose(left[1], wanted[1] * 59 / 60, rtol=1e-9, atol=1e-12)


def test_a_column_that_does_not_vary_in_the_rest_has_no_variance_there(x):
    flat = x.copy()
    flat[20:, 2] = 1 / 3
    part = (np.arange(60) < 20).astype(float)[None, None]
    means, covs = kernel.moments(flat, part)
    mean, cov = kernel.moments(flat)
    _, found = kernel.remainder(mean, cov * 59 / 60, means, covs * 59 / 60, np.array([[1 / 3]]))
    assert found[0, 2, 2] == 0
    assert (np.diag(found[0])[[0, 1, 3]] > 0).all()
