"""Kernels of screening: batch equals loop, weights equal repeated rows, edges are nan."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tcsmodel.kernels import screening as kernel
from tcsmodel.kernels.moments import moments, to_corr


@pytest.fixture(scope="module")
def x():
    generator = np.random.default_rng(2)
    values = generator.integers(1, 8, size=(3, 40, 5)).astype(float)
    values[generator.random(values.shape) < 0.1] = np.nan
    return values


def test_describe_batch_is_loop(x):
    weights = np.random.default_rng(3).uniform(0.5, 2, size=x.shape[:2])
    batch = kernel.describe(x, weights)
    for i in range(len(x)):
        one = kernel.describe(x[i], weights[i])
        for field in fields(one):
            assert_allclose(getattr(batch, field.name)[i], getattr(one, field.name), rtol=1e-12)


def test_the_median_halves_the_weight(x):
    assert_array_equal(kernel.describe(x).median, np.nanmedian(x, axis=1))
    column = np.array([[1.0], [2.0], [3.0], [np.nan]])
    for weights, median in (([1, 1, 2, 9], 2.5), ([1, 1, 3, 9], 3.0), ([3, 1, 1, 9], 1.0)):
        assert kernel.describe(column, np.array(weights, dtype=float)).median[0] == median


def test_edges_are_nan_without_warnings():
    column = np.array([[np.nan, 4.0, 2.0], [np.nan, 4.0, np.nan]])
    found = kernel.describe(column)
    assert found.n.tolist() == [0, 2, 1]
    assert_array_equal(found.mean, [np.nan, 4, 2])
    assert_array_equal(found.sd, [np.nan, 0, np.nan])
    assert_array_equal(found.median, [np.nan, 4, 2])
    assert_array_equal(found.minimum, [np.nan, 4, 2])
    assert np.isnan(found.skew).all()
    assert np.isnan(kernel.within_sd(column)).tolist() == [False, True]


def test_longest_run():
    nan = np.nan
    x = np.array([[1, 1, 2, 2, 2], [1, 2, 3, 4, 5], [3, 3, nan, 3, 3], [nan] * 5])
    assert kernel.longest_run(x).tolist() == [3, 1, 2, 0]
    assert kernel.longest_run(x[None])[0].tolist() == [3, 1, 2, 0]


def test_within_sd_is_the_standard_deviation(x):
    assert_allclose(kernel.within_sd(x), np.nanstd(x, axis=-1, ddof=1))


def test_mahalanobis_leaves_out_directions_without_variance():
    generator = np.random.default_rng(4)
    x = generator.normal(size=(50, 3))
    full, p = kernel.mahalanobis(x, *moments(x))
    wide = np.column_stack([x, x[:, 0] + x[:, 1], np.full(50, 3.0)])
    mean, cov = moments(wide)
    cov[-1] = cov[:, -1] = 0
    assert_allclose(kernel.mahalanobis(wide, mean, cov)[0], full, rtol=1e-8)
    assert_allclose(kernel.mahalanobis(wide, mean, cov)[1], p, rtol=1e-8)
    assert_allclose(full.mean(), 3 * 49 / 50)


def test_same_rows_counts_the_others():
    nan = np.nan
    x = np.array([[1, nan], [1, nan], [0.0, 2], [-0.0, 2], [3, 3], [1, nan]])
    assert kernel.same_rows(x).tolist() == [2, 2, 1, 1, 0, 2]


def test_adequacy_batch_is_loop_and_singular_is_nan(x):
    corr = to_corr(np.stack([np.cov(np.nan_to_num(part).T) for part in x]))
    corr[1] = 1.0
    batch = kernel.adequacy(corr, 40)
    for i in (0, 2):
        one = kernel.adequacy(corr[i], 40)
        for field in fields(one):
            if field.name != "df":
                assert_allclose(getattr(batch, field.name)[i], getattr(one, field.name))
    assert np.isnan(batch.kmo[1])
    assert np.isnan(batch.kmo_items[1]).all()
    assert np.isnan(batch.chi2[1])


def test_corrected_correlations_are_those_of_the_sums():
    z = np.random.default_rng(5).normal(size=(80, 4)) @ np.array(
        [[1, 1, 1, -1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]
    )
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    signs = np.array([1.0, 1.0, 1.0, -1.0])
    direct = [
        np.corrcoef(z[:, i], (z * signs)[:, np.arange(4) != i].sum(axis=1))[0, 1] for i in range(4)
    ]
    assert_allclose(kernel.corrected_correlations(np.corrcoef(z.T), signs), direct)
