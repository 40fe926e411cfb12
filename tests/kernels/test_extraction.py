"""Extraction: derivatives, known solutions, batches, and matrices that cannot be factored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcsmodel.kernels import extraction
from tcsmodel.kernels.extraction import maximum_likelihood, minres, ml_discrepancy
from tcsmodel.kernels.status import Status

METHODS = [minres, maximum_likelihood]
OBJECTIVES = {
    "minres": (extraction._least_squares(2), lambda psi: psi),
    "ml": (extraction._likelihood(2), np.log),
}


def population(seed: int, p: int = 8, k: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings with a simple structure and the correlations that they imply."""
    generator = np.random.default_rng(seed)
    lam = np.zeros((p, k))
    lam[np.arange(p), np.arange(p) % k] = generator.uniform(0.4, 0.8, p)
    lam += generator.uniform(-0.1, 0.1, (p, k))
    corr = lam @ lam.T
    np.fill_diagonal(corr, 1)
    return lam, corr


def sampled(seed: int, n: int = 200, p: int = 8) -> np.ndarray:
    _, corr = population(seed, p)
    generator = np.random.default_rng(seed)
    return np.corrcoef(generator.multivariate_normal(np.zeros(p), corr, n).T)


@pytest.mark.parametrize("method", METHODS)
def test_population_is_recovered_exactly(method):
    lam, corr = population(1)
    found = method(corr, 2)
    assert found.status == Status.CONVERGED
    np.testing.assert_allclose(found.uniqueness, 1 - (lam**2).sum(axis=1), atol=1e-7)
    np.testing.assert_allclose(found.loadings @ found.loadings.T, lam @ lam.T, atol=1e-7)
    assert found.discrepancy == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", sorted(OBJECTIVES))
def test_gradient_and_hessian_are_derivatives(name):
    objective, into = OBJECTIVES[name]
    corr = sampled(2)[None]
    x = into(np.random.default_rng(2).uniform(0.3, 0.7, (1, 8)))
    _, gradient, hessian = objective(corr, x)
    step = 1e-5
    for j in range(8):
        ahead, behind = x.copy(), x.copy()
        ahead[0, j] += step
        behind[0, j] -= step
        up, down = objective(corr, ahead), objective(corr, behind)
        assert gradient[0, j] == pytest.approx(((up[0] - down[0]) / (2 * step)).item(), abs=1e-8)
        np.testing.assert_allclose(hessian[0, j], ((up[1] - down[1]) / (2 * step))[0], atol=1e-7)


def test_ml_function_is_the_ml_discrepancy():
    corr = sampled(3)
    found = maximum_likelihood(corr, 2)
    direct = ml_discrepancy(corr, found.loadings, found.uniqueness)
    assert found.discrepancy == pytest.approx(direct.item(), rel=1e-10)


def test_minres_leaves_smaller_residuals_than_ml():
    corr = sampled(4)
    off = ~np.eye(8, dtype=bool)

    def residual(found):
        return ((corr - found.loadings @ found.loadings.T)[off] ** 2).sum()

    least = minres(corr, 2)
    assert residual(least) < residual(maximum_likelihood(corr, 2))
    assert least.discrepancy == pytest.approx(residual(least) / 2, rel=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_batch_equals_loop(method):
    corr = np.stack([sampled(seed) for seed in range(6)]).reshape(2, 3, 8, 8)
    together = method(corr, 2)
    for at in np.ndindex(2, 3):
        alone = method(corr[at], 2)
        np.testing.assert_allclose(together.loadings[at], alone.loadings, atol=1e-9)
        assert together.status[at] == alone.status


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(METHODS))
def test_item_order_changes_nothing(seed, method):
    corr = sampled(seed)
    found = method(corr, 2)
    order = np.random.default_rng(seed).permutation(8)
    again = method(corr[np.ix_(order, order)], 2)
    np.testing.assert_allclose(again.uniqueness, found.uniqueness[order], atol=1e-6)
    np.testing.assert_allclose(again.loadings, found.loadings[order], atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_heywood_case_ends_at_the_bound_with_a_status(method):
    corr = np.array([[1, 0.9, 0.9], [0.9, 1, 0.3], [0.9, 0.3, 1]])
    corr = corr + 0.2 * np.eye(3)
    corr /= 1.2
    found = method(corr, 1)
    assert found.status == Status.IMPROPER
    assert found.uniqueness.min() == pytest.approx(extraction.SMALLEST_UNIQUENESS)


@pytest.mark.parametrize("method", METHODS)
def test_unusable_members_spare_their_neighbours(method):
    good = sampled(5)
    gap = good.copy()
    gap[0, 1] = np.nan
    singular = np.ones((8, 8))
    found = method(np.stack([gap, good, singular]), 2)
    assert found.status.tolist() == [Status.SINGULAR, Status.CONVERGED, Status.SINGULAR]
    assert np.isnan(found.loadings[[0, 2]]).all()
    np.testing.assert_allclose(found.loadings[1], method(good, 2).loadings, atol=1e-9)
