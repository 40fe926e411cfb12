"""Asymptotic covariances of moments, and the normal-theory weight."""

from __future__ import annotations

import numpy as np
import pytest
import tolerances as tol
from lavaan_cases import case, layout_of, maximum_likelihood
from numpy.testing import assert_allclose

from tcsmodel.kernels import gamma, implied, jacobian, robust
from tcsmodel.kernels.implied import ITEM_MEAN


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.gamma(2.0, size=(40, 1)) + rng.exponential(size=(40, 4))


def moments(x, weights):
    share = weights / weights.sum(axis=-1, keepdims=True)
    mean = share @ x
    d = x - mean[..., None, :]
    return mean, np.swapaxes(d * share[..., None], -1, -2) @ d


def test_is_the_covariance_of_means_and_products(x):
    mean, cov = moments(x, np.ones((1, 40)))
    found = gamma.asymptotic_cov(x, mean, cov, gamma.shares(np.ones((1, 40))), with_mean=True)[0]
    d = x - x.mean(axis=0)
    column, row = np.triu_indices(4)
    z = np.column_stack([d, d[:, row] * d[:, column]])
    assert_allclose(found, np.cov(z.T, bias=True), atol=1e-13)


@pytest.mark.parametrize("elements", [50, 4_000_000])
def test_blocks_and_batches_change_nothing(x, monkeypatch, elements):
    monkeypatch.setattr(gamma, "ELEMENTS", elements)
    weights = np.random.default_rng(0).uniform(0.5, 2, size=(2, 3, 40))
    mean, cov = moments(x, weights)
    found = gamma.asymptotic_cov(x, mean, cov, gamma.shares(weights), with_mean=False)
    assert found.shape == (2, 3, 10, 10)
    one = gamma.asymptotic_cov(
        x, mean[1, 2], cov[1, 2], gamma.shares(weights[1, 2]), with_mean=False
    )
    assert_allclose(found[1, 2], one, rtol=1e-12)


def test_frequencies_equal_repeated_rows(x):
    counts = np.random.default_rng(1).integers(0, 4, size=40)
    repeated = np.repeat(x, counts, axis=0)
    mean, cov = moments(x, counts[None].astype(float))
    share = gamma.shares(counts[None].astype(float), frequency=True)
    found = gamma.asymptotic_cov(x, mean, cov, share, with_mean=True)
    other = gamma.asymptotic_cov(
        repeated, mean, cov, gamma.shares(np.ones((1, len(repeated)))), with_mean=True
    )
    assert_allclose(found, other, rtol=1e-12)


def test_the_size_of_sampling_weights_does_not_matter(x):
    weights = np.random.default_rng(2).uniform(0.5, 2, size=(1, 40))
    assert_allclose(gamma.shares(7 * weights), gamma.shares(weights), rtol=1e-12)
    assert_allclose(gamma.shares(np.ones((1, 40))), 1 / 40)


@pytest.mark.parametrize("with_mean", [False, True])
def test_weight_is_the_inverse_of_gamma_under_normality(x, with_mean):
    cov = moments(x, np.ones((1, 40)))[1]
    weight = gamma.normal_weight(np.linalg.inv(cov), with_mean=with_mean)
    product = weight @ gamma.normal_theory(cov, with_mean=with_mean)
    assert_allclose(product[0], np.eye(weight.shape[-1]), atol=1e-10)
    columns = np.random.default_rng(0).normal(size=(1, weight.shape[-1], 3))
    found = gamma.normal_weighted(np.linalg.inv(cov), columns, with_mean=with_mean)
    assert_allclose(found, weight @ columns, rtol=1e-10)


def test_diagonal_and_observed_weight_agree_with_the_rest(x):
    cov = moments(x, np.ones((1, 40)))[1]
    diagonal = np.diagonal(gamma.normal_theory(cov, with_mean=False), axis1=1, axis2=2)
    assert_allclose(gamma.normal_variance(cov), diagonal, rtol=1e-12)
    inverse = np.linalg.inv(cov)
    expected_ = gamma.normal_weight(inverse, with_mean=False)
    assert_allclose(gamma.observed_weight(inverse, cov), expected_, rtol=1e-9)


def test_normal_data_have_the_normal_gamma():
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(3, 3))
    x = rng.normal(size=(200_000, 3)) @ mixing
    mean, cov = moments(x, np.ones((1, len(x))))
    found = gamma.asymptotic_cov(x, mean, cov, gamma.shares(np.ones((1, len(x)))), with_mean=True)
    wanted = gamma.normal_theory(cov, with_mean=True)
    scale = np.sqrt(np.diagonal(wanted[0]))
    assert_allclose(
        found[0] / np.outer(scale, scale), wanted[0] / np.outer(scale, scale), atol=0.03
    )


def test_mean_structure_has_lavaans_standard_errors():
    given = case("B_HS1939_cfa_ML_mean", "HolzingerSwineford1939")
    theirs = given.theirs["parameterEstimates"]
    means = [rhs for _, op, rhs in given.keys if op == "~~"][:9]
    cov, n = np.cov(given.x.T, bias=True)[None], len(given.x)
    theta = maximum_likelihood(given.layout, cov).theta
    layout = layout_of(given.layout, given.layout.free >= 0, [(ITEM_MEAN, i, 0) for i in range(9)])
    theta = np.concatenate([theta, given.x.mean(axis=0)[None]], axis=1)
    delta = jacobian.moment_jacobian(layout, theta, mean=True)
    inverse = np.linalg.inv(implied.implied(layout, theta).sigma)
    weight = gamma.normal_weight(inverse, with_mean=True)
    se = np.sqrt(np.diagonal(np.linalg.inv(robust.information(delta, weight))[0]) / n)
    intercepts = theirs[(theirs["op"] == "~1") & theirs["lhs"].isin(means)]
    assert_allclose(theta[0, -9:], intercepts["est"], rtol=tol.POINT)
    assert_allclose(se, [*given.column("se"), *intercepts["se"]], rtol=tol.SE)
