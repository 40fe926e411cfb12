"""Regressions from correlations against least squares on the data."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels import regression

PATHS = np.zeros((4, 4), dtype=bool)
PATHS[0, 1] = PATHS[[0, 1], 2] = PATHS[[0, 1, 2], 3] = True


@pytest.fixture(scope="module")
def x():
    generator = np.random.default_rng(5)
    values = generator.normal(size=(60, 4)) @ generator.normal(size=(4, 4)) + 1
    return (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)


def explained(x, sources, target):
    fitted = x[:, sources] @ np.linalg.lstsq(x[:, sources], x[:, target], rcond=None)[0]
    return fitted @ fitted / (x[:, target] @ x[:, target])


def test_paths_and_r_squared_are_least_squares(x):
    found = regression.structure(np.corrcoef(x.T), PATHS)
    beta = np.linalg.lstsq(x[:, :3], x[:, 3], rcond=None)[0]
    assert_allclose(found.paths[:3, 3], beta, atol=1e-12)
    assert_allclose(found.r_squared[1:], [explained(x, range(j), j) for j in (1, 2, 3)], atol=1e-12)
    assert np.isnan(found.r_squared[0])
    assert not found.paths[~PATHS].any()


def test_vif_and_f_squared_by_their_definitions(x):
    found = regression.structure(np.corrcoef(x.T), PATHS)
    full = explained(x, [0, 1, 2], 3)
    for i in range(3):
        others = [j for j in range(3) if j != i]
        assert found.vif[i, 3] == pytest.approx(1 / (1 - explained(x, others, i)), rel=1e-10)
        size = (full - explained(x, others, 3)) / (1 - full)
        assert found.f_squared[i, 3] == pytest.approx(size, rel=1e-9)
    assert found.vif[0, 1] == pytest.approx(1)
    assert np.isnan(found.vif[~PATHS]).all()


def test_dependent_sources_are_nan_with_infinite_vif_and_spare_the_batch(x):
    good = np.corrcoef(x.T)
    bad = good.copy()
    bad[1], bad[:, 1] = bad[0], bad[:, 0]
    bad[1, 1] = 1
    found = regression.structure(np.stack([bad, good]), PATHS)
    assert np.isnan(found.paths[0, :2, 2]).all()
    assert np.isinf(found.vif[0, :2, 2]).all()
    assert np.isfinite(found.paths[1]).all()


def test_adjusted_r_squared_needs_more_cases_than_sources():
    r_squared = np.array([np.nan, 0.5, 0.5, 0.5])
    assert_allclose(regression.adjusted(r_squared, PATHS, 11)[3], 1 - 0.5 * 10 / 7)
    assert np.isnan(regression.adjusted(r_squared, PATHS, 4)[3])


def test_block_vif(x):
    corr = np.corrcoef(x.T)
    vif = regression.block_vif(corr, np.array([0, 0, 0, 1]))
    assert_allclose(vif, [*np.diag(np.linalg.inv(corr[:3, :3])), 1], rtol=1e-10)
    twins = np.array([[1, 1, 0.3], [1, 1, 0.3], [0.3, 0.3, 1]])
    assert np.isinf(regression.block_vif(twins, np.array([0, 0, 1]))[:2]).all()
    assert np.isnan(regression.block_vif(np.full((3, 3), np.nan), np.array([0, 0, 1]))[:2]).all()


def test_sweep_inverts_and_leaves_its_input_alone(x):
    corr = np.corrcoef(x.T)
    before = corr.copy()
    assert_allclose(regression.sweep(corr, 4), np.linalg.inv(corr), rtol=1e-9)
    assert (corr == before).all()


def test_solved_is_what_sweeping_finds_of_coefficients_and_residual():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(3, 2, 40, 5))
    products = x.swapaxes(-1, -2) @ x
    swept = regression.sweep(products, 4)
    found, residual = regression.solved(products)
    assert_allclose(found, swept[..., :4, 4], rtol=1e-9)
    assert_allclose(residual, swept[..., 4, 4], rtol=1e-9)


def test_solved_has_nan_where_sources_depend_on_each_other():
    corr = np.array([[1.0, 1.0, 0.5], [1.0, 1.0, 0.5], [0.5, 0.5, 1.0]])
    found, residual = regression.solved(corr)
    assert np.isnan(found).all()
    assert np.isnan(residual)
