"""Least squares fits: derivatives, equivalences, members that cannot be fitted."""

from __future__ import annotations

import numpy as np
import pytest
from lavaan_cases import case, generalized, squares_of
from numpy.testing import assert_allclose

from tcsmodel.kernels import gamma, jacobian, least_squares, linalg, squares
from tcsmodel.kernels.minimize import minimize
from tcsmodel.kernels.moments import moments
from tcsmodel.kernels.resample import bootstrap_chunks
from tcsmodel.kernels.starting import starting_values


@pytest.fixture(scope="module")
def given():
    return case("B_PolDem_ULS", "PoliticalDemocracy")


@pytest.fixture(scope="module")
def covs(given):
    """Covariances of the sample and of two resamples, their sizes (B,) alike."""
    x = given.x
    counts = next(bootstrap_chunks(len(x), 2, seed=4))
    parts = [x, *(np.repeat(x, row.astype(int), axis=0) for row in counts)]
    return np.stack([np.cov(part.T) for part in parts])


def weights(kind, cov):
    if kind == "DWLS":
        return 1 / gamma.normal_variance(cov)
    if kind == "ULS":
        size = cov.shape[-1] * (cov.shape[-1] + 1) // 2
        return least_squares.unit_weight(np.diagonal(cov, axis1=1, axis2=2), size)[0]
    return gamma.normal_weight(linalg.inverse(cov), with_mean=False)


def problem(kind, given, cov):
    n = len(given.x)
    if kind == "GLS unformed":
        return generalized(given.layout, cov, n)
    structure = least_squares.moment_structure(given.layout, mean=False)
    return squares_of(given.layout, structure, jacobian.vech(cov), weights(kind, cov), n)


def fit(given, start):
    return squares.fit(given, start, patient=True, gamma=None)


def members(cov):
    return np.arange(len(cov))


@pytest.mark.parametrize("kind", ["ULS", "DWLS", "GLS", "GLS unformed"])
def test_gradient_and_exact_hessian_are_those_of_finite_differences(kind, given, covs):
    goal, who = squares.objective(problem(kind, given, covs)), members(covs)
    theta = starting_values(given.layout, covs) + 0.05
    found = goal.slopes(goal.evaluate(theta, who), who, True)
    steps = 1e-5 * np.eye(theta.shape[1])
    value = [
        (goal.evaluate(theta + h, who).value - goal.evaluate(theta - h, who).value) / 2e-5
        for h in steps
    ]
    slope = [
        (
            goal.slopes(goal.evaluate(theta + h, who), who, False).gradient
            - goal.slopes(goal.evaluate(theta - h, who), who, False).gradient
        )
        / 2e-5
        for h in steps
    ]
    size = np.abs(found.gradient).max()
    assert_allclose(found.gradient, np.stack(value, axis=-1), atol=1e-6 * size)
    size = np.abs(found.hessian).max()
    assert_allclose(found.hessian, np.stack(slope, axis=-1), atol=1e-6 * size)


def test_gls_needs_no_kronecker_product(given, covs):
    start = starting_values(given.layout, covs)
    found = [fit(problem(kind, given, covs), start) for kind in ("GLS unformed", "GLS")]
    assert found[0].converged.all()
    assert_allclose(found[0].value, found[1].value, rtol=1e-9)


@pytest.mark.parametrize("kind", ["ULS", "DWLS", "GLS unformed"])
def test_batch_equals_loop(kind, given, covs):
    start = starting_values(given.layout, covs)
    together = fit(problem(kind, given, covs), start)
    for b in range(len(covs)):
        alone = fit(problem(kind, given, covs[b : b + 1]), start[b : b + 1])
        assert_allclose(together.theta[b], alone.theta[0], rtol=1e-6, atol=1e-8)


def test_unweighted_fit_converges_in_any_unit(given, covs):
    cov = covs[:1]
    plain = fit(problem("ULS", given, cov), starting_values(given.layout, cov))
    wide = cov * 1e10
    other = fit(problem("ULS", given, wide), starting_values(given.layout, wide))
    assert plain.converged.all()
    assert other.converged.all()
    assert_allclose(plain.value, other.value, rtol=1e-9)


@pytest.mark.parametrize("kind", ["ULS", "DWLS", "GLS unformed"])
@pytest.mark.parametrize("trouble", ["constant item", "missing"])
def test_a_member_that_cannot_be_fitted_does_not_stop_the_others(kind, trouble, given, covs):
    broken = covs.copy()
    broken[1, 0] = broken[1, :, 0] = 0.0 if trouble == "constant item" else np.nan
    start = starting_values(given.layout, covs)
    with np.errstate(all="ignore"):
        goal = problem(kind, given, broken)
    found = fit(goal, start)
    assert found.converged[[0, 2]].all()
    if trouble == "missing":
        assert not found.converged[1]
        assert np.isinf(found.value[1])


def test_members_that_run_along_a_ridge_are_given_up_early():
    given = case("B_HS1939_cfa_GLS", "HolzingerSwineford1939")
    n = len(given.x)
    counts = next(bootstrap_chunks(n, 128, seed=1))
    cov = moments(given.x, counts)[1]
    goal = squares.objective(generalized(given.layout, cov, n))
    start, most = starting_values(given.layout, cov), squares.MAX_ITER
    found = minimize(goal, start, max_iter=most, patience=squares.PATIENCE)
    assert 0 < found.hopeless.mean() < 0.05
    assert (found.converged | found.hopeless).all()
    left = minimize(goal, start, max_iter=most, patience=most)
    assert found.hopeless[~left.converged].all()
    assert_allclose(left.value[found.converged], found.value[found.converged], rtol=1e-9)
