"""R2 of all subsets and its sharing, against definitions by brute force and known cases."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcsmodel.kernels.importance import lmg, regress, shapley, subset_r_squared
from tcsmodel.kernels.status import Status


def covariances(seed: int, p: int, batch: tuple[int, ...] = ()) -> np.ndarray:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(*batch, 40, p + 1)) + generator.normal(size=(*batch, 40, 1))
    x *= generator.uniform(0.1, 10, size=p + 1)
    d = x - x.mean(axis=-2, keepdims=True)
    return np.swapaxes(d, -1, -2) @ d / 39


def r_squared(cov: np.ndarray, subset: tuple[int, ...]) -> float:
    s = list(subset)
    if not s:
        return 0.0
    return float(cov[s, -1] @ np.linalg.solve(cov[np.ix_(s, s)], cov[s, -1]) / cov[-1, -1])


def test_every_subset_is_a_regression():
    cov = covariances(1, 5)
    explained = subset_r_squared(cov)
    for code in range(2**5):
        subset = tuple(j for j in range(5) if code >> j & 1)
        assert explained[code] == pytest.approx(r_squared(cov, subset), abs=1e-12)


def test_lmg_is_the_mean_over_all_orders():
    cov = covariances(2, 4)
    gains = np.zeros(4)
    orders = list(permutations(range(4)))
    for order in orders:
        for position, j in enumerate(order):
            gains[j] += r_squared(cov, order[: position + 1]) - r_squared(cov, order[:position])
    np.testing.assert_allclose(lmg(cov).lmg, gains / len(orders), atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7))
def test_properties_of_the_shares(seed, p):
    cov = covariances(seed, p)
    result = lmg(cov)
    assert result.lmg.sum() == pytest.approx(result.r_squared, abs=1e-12)
    assert (result.lmg > -1e-12).all()
    order = np.random.default_rng(seed).permutation(p)
    at = [*order, p]
    np.testing.assert_allclose(lmg(cov[np.ix_(at, at)]).lmg, result.lmg[order], atol=1e-12)
    scale = np.diag(np.linspace(0.5, 20, p + 1))
    np.testing.assert_allclose(lmg(scale @ cov @ scale).lmg, result.lmg, atol=1e-12)


@pytest.mark.parametrize("p", [3, 11])
def test_batch_equals_loop(p):
    cov = covariances(3, p, (2, 3))
    together, fit = lmg(cov), regress(cov)
    for at in np.ndindex(2, 3):
        np.testing.assert_allclose(together.lmg[at], lmg(cov[at]).lmg, rtol=0, atol=1e-13)
        np.testing.assert_allclose(fit.vif[at], regress(cov[at]).vif, rtol=1e-12)
        np.testing.assert_allclose(together.r_squared[at], fit.r_squared[at], atol=1e-12)


def test_many_matrices_of_many_predictors_are_worked_in_parts():
    cov = np.stack([covariances(4, 15)] * 40)
    result = lmg(cov)
    assert result.lmg.shape == (40, 15)
    assert np.ptp(result.lmg, axis=0).max() == 0


def test_uncorrelated_predictors_share_by_squared_correlation():
    cov = np.eye(4)
    cov[:3, 3] = cov[3, :3] = [0.6, -0.3, 0.1]
    np.testing.assert_allclose(lmg(cov).lmg, [0.36, 0.09, 0.01], atol=1e-14)


def test_identical_predictors_share_equally_and_regression_is_singular():
    cov = np.array(
        [[1.0, 1.0, 0.3, 0.5], [1.0, 1.0, 0.3, 0.5], [0.3, 0.3, 1.0, 0.4], [0.5, 0.5, 0.4, 1.0]]
    )
    result, fit = lmg(cov), regress(cov)
    assert result.lmg[0] == pytest.approx(result.lmg[1])
    assert result.r_squared == pytest.approx(r_squared(cov, (0, 2)))
    assert result.status == Status.CONVERGED
    assert fit.status == Status.SINGULAR
    assert np.isnan(fit.beta).all()


def test_zero_variance_spoils_only_its_own_replicate():
    good = covariances(5, 3)
    bad = good.copy()
    bad[1] = bad[:, 1] = 0
    result = lmg(np.stack([bad, good]))
    assert np.isnan(result.lmg[0]).all()
    assert result.status.tolist() == [Status.SINGULAR, Status.CONVERGED]
    assert regress(np.stack([bad, good])).status.tolist() == [Status.SINGULAR, Status.CONVERGED]
    np.testing.assert_allclose(result.lmg[1], lmg(good).lmg, atol=1e-13)


def test_shapley_of_a_simple_majority_game():
    worth = np.array([0, 0, 0, 1, 0, 1, 1, 1], dtype=float)
    np.testing.assert_allclose(shapley(worth), [1 / 3, 1 / 3, 1 / 3], atol=1e-15)
    gloves = np.array([0, 0, 0, 0, 0, 1, 1, 1], dtype=float)
    np.testing.assert_allclose(shapley(gloves), [1 / 6, 1 / 6, 2 / 3], atol=1e-15)
