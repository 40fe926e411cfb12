"""Residuals and their sampling errors where both are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels import gamma, residuals
from tcsmodel.kernels.implied import LATENT, LOADING, RESIDUAL, implied, layout
from tcsmodel.kernels.jacobian import independence_layout

N = 200


def covariances(p, count=1):
    x = np.random.default_rng(5).standard_normal((count, N, p)) @ np.triu(np.ones((p, p)))
    return np.swapaxes(x, 1, 2) @ x / N


def one_factor(p):
    return layout(
        p,
        1,
        matrix=[LOADING] * p + [RESIDUAL] * p + [LATENT],
        row=[*range(p), *range(p), 0],
        column=[0] * p + [*range(p)] + [0],
        free=[*range(2 * p), -1],
        fixed=[np.nan] * (2 * p) + [1.0],
    )


def test_a_model_without_covariances_leaves_all_of_them():
    cov = covariances(4)
    model = independence_layout(4, np.array([], dtype=np.intp))
    theta = np.diagonal(cov, axis1=1, axis2=2)
    (xi,) = residuals.residual_cov([model], theta, [cov], [N])
    column, row = np.triu_indices(4)
    off = column != row
    spread = gamma.normal_theory(cov, with_mean=False)[0] / N
    sigma = implied(model, theta).sigma
    tested = residuals.tested(cov, sigma, xi, gamma.normal_variance(cov) / N)
    assert_allclose(np.diag(xi[0])[off], np.diag(spread)[off])
    assert np.isnan(np.diagonal(tested.standardized[0])).all()
    assert_allclose(
        tested.standardized[0][row[off], column[off]], tested.normalized[0][row[off], column[off]]
    )


def test_a_model_that_reproduces_any_moments_has_no_z():
    theta = np.array([[0.9, 0.8, 0.7, 0.3, 0.4, 0.5]])
    cov = implied(one_factor(3), theta).sigma
    (xi,) = residuals.residual_cov([one_factor(3)], theta, [cov], [N])
    assert np.abs(xi).max() < 1e-12
    tested = residuals.tested(cov, cov, xi, gamma.normal_variance(cov) / N)
    assert np.isnan(tested.standardized).all()
    assert np.isnan(tested.correlation).all()


def test_batch_equals_loop():
    theta = np.tile([1.0, 1.1, 1.2, 1.3, 0.8, 0.9, 1.0, 1.1], (3, 1))
    theta = theta * np.array([[0.9], [1.0], [1.2]])
    cov, model = covariances(4, 3), one_factor(4)
    (together,) = residuals.residual_cov([model], theta, [cov], [N])
    for b in range(3):
        (alone,) = residuals.residual_cov([model], theta[b : b + 1], [cov[b : b + 1]], [N])
        assert_allclose(together[b], alone[0], atol=1e-12)


def test_two_equal_groups_are_one_of_twice_the_size():
    theta = np.array([[1.0, 1.1, 1.2, 1.3, 0.8, 0.9, 1.0, 1.1]])
    cov, model = covariances(4), one_factor(4)
    (whole,) = residuals.residual_cov([model], theta, [cov], [2 * N])
    first, second = residuals.residual_cov([model, model], theta, [cov, cov], [N, N])
    spread = gamma.normal_theory(cov, with_mean=False) / (2 * N)
    # Apart, a group varies about the common fit by what the other half of the sample adds.
    assert_allclose(first, whole + spread, atol=1e-12)
    assert_allclose(second, first, atol=1e-12)


def test_a_constraint_is_a_model_with_less_freedom():
    theta = np.array([[1.0, 1.0, 1.2, 1.3, 0.8, 0.9, 1.0, 1.1]])
    cov, model = covariances(4), one_factor(4)
    held = np.zeros((1, 8))
    held[0, :2] = 1.0, -1.0
    (free,) = residuals.residual_cov([model], theta, [cov], [N])
    (kept,) = residuals.residual_cov([model], theta, [cov], [N], restrictions=held)
    (twice,) = residuals.residual_cov(
        [model], theta, [cov], [N], restrictions=np.vstack([held, 2 * held])
    )
    assert np.linalg.matrix_rank(kept[0], tol=1e-9) == np.linalg.matrix_rank(free[0], tol=1e-9) + 1
    assert_allclose(twice, kept, atol=1e-12)


def test_srmr_of_the_population_is_below_that_of_the_sample():
    theta = np.array([[1.0, 1.1, 1.2, 1.3, 0.8, 0.9, 1.0, 1.1]])
    cov, model = covariances(4), one_factor(4)
    sigma = implied(model, theta).sigma
    (xi,) = residuals.residual_cov([model], theta, [cov], [N])
    test = residuals.srmr_test(cov, sigma, xi)
    assert 0 <= test.unbiased[0] < test.srmr[0]
    assert test.ci_lower[0] < test.unbiased[0] < test.ci_upper[0]
    at = residuals.srmr_test(cov, sigma, xi, bound=float(test.unbiased[0]))
    assert at.p_close[0] == pytest.approx(0.5)
    assert test.p_close[0] < 0.5


@pytest.mark.parametrize("scale", [residuals.bentler, residuals.bollen])
def test_units_of_items_do_not_matter(scale):
    cov, units = covariances(4), np.diag([1.0, 10.0, 0.1, 3.0])
    sigma = implied(one_factor(4), np.array([[1.0, 1, 1, 1, 1, 1, 1, 1]])).sigma
    assert_allclose(scale(units @ cov @ units, units @ sigma @ units), scale(cov, sigma))
