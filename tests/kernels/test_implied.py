"""Implied covariances, discrepancy and their derivatives, against other ways to compute them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tcsmodel.kernels import discrepancy, implied, sem, standardized
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.spec.model import ModelSpec

TEXTS = {
    "factors": "A =~ a1 + a2 + a3\nB =~ b1 + b2 + b3\na1 ~~ b1",
    "paths": "A =~ a1+a2+a3\nB =~ b1+b2+b3\nC =~ c1+c2\nB ~ A\nC ~ A + B\nb1 ~~ b2",
    "second": "A =~ a1+a2+a3\nB =~ b1+b2+b3\nC =~ c1+c2+c3\ng =~ A + B + C",
    "labels": "A =~ a1 + k*a2 + k*a3\nB =~ b1 + k*b2 + b3\nB ~ r*A\nC =~ c1\nC ~ r*B",
    "cycle": "A =~ a1+a2+a3\nB =~ b1+b2+b3\nX =~ x1+x2\nZ =~ z1+z2\nA ~ B + X\nB ~ A + Z",
    "observed": "A =~ a1 + a2 + a3\nA ~ x + z\na1 ~ x\ny ~ A + z",
}


def model(name, std_lv=False):
    return CovarianceModel.of(ModelSpec.parse(TEXTS[name]), std_lv=std_lv)


def sampled(cov, n):
    return Sampled(cov[:, None], None, np.array([float(n)]))


def fit(built, cov, n, **options):
    return sem.fit(built.grouped, sampled(cov, n), **options)


def point(layout, seed=0, batch=3):
    """Return plausible parameters (batch, q): positive variances, small everything else."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 0.2, size=(batch, layout.n_free))
    for kind, i, j, k in zip(layout.matrix, layout.row, layout.column, layout.free, strict=True):
        if k >= 0 and kind >= implied.LATENT and i == j:
            theta[:, k] = rng.uniform(0.5, 1.5, size=batch)
        elif k >= 0 and kind == implied.LOADING:
            theta[:, k] = rng.uniform(0.4, 1.2, size=batch)
    return theta


def sample_cov(p, seed=1, batch=3):
    x = np.random.default_rng(seed).normal(size=(batch, 4 * p, p))
    return np.einsum("bni,bnj->bij", x, x) / (4 * p)


@pytest.fixture(params=sorted(TEXTS))
def built(request):
    return model(request.param)


@pytest.fixture
def layout(built):
    return built.layout


def numeric(function, theta, h=1e-6):
    """Return central differences (b, ..., q) of a function of theta (b, q)."""
    steps = h * np.eye(theta.shape[-1])
    parts = [(function(theta + step) - function(theta - step)) / (2 * h) for step in steps]
    return np.stack(parts, axis=-1)


def test_implied_covariance_from_the_definition(layout):
    theta = point(layout)
    parts = implied.matrices(layout, theta)
    for b in range(len(theta)):
        gap = np.linalg.inv(np.eye(layout.n_latents) - parts.path[b])
        phi = gap @ parts.latent[b] @ gap.T
        sigma = parts.loading[b] @ phi @ parts.loading[b].T + parts.residual[b]
        assert_allclose(implied.implied(layout, theta).sigma[b], sigma, atol=1e-12)
        assert_allclose(sigma, sigma.T, atol=1e-14)


def test_row_values_are_the_parameters(layout):
    theta = point(layout)
    values = implied.row_values(layout, implied.implied(layout, theta))
    free = layout.free >= 0
    assert_allclose(values[:, free], theta[:, layout.free[free]])


def test_gradient_and_hessian_are_derivatives(layout):
    theta, cov = point(layout), sample_cov(layout.n_items)
    at = discrepancy.gathers(layout)

    def value(t):
        return discrepancy.evaluate(layout, t, cov).value

    def slopes(t):
        return discrepancy.slopes(layout, at, discrepancy.evaluate(layout, t, cov), cov, exact=True)

    here = slopes(theta)
    assert_allclose(here.gradient, numeric(value, theta), atol=1e-6)
    assert_allclose(here.hessian, numeric(lambda t: slopes(t).gradient, theta), atol=1e-5)


def test_exact_and_expected_hessian_agree_where_the_model_fits(layout):
    theta = point(layout)
    cov = implied.implied(layout, theta).sigma
    at = discrepancy.gathers(layout)
    state = discrepancy.evaluate(layout, theta, cov)
    here = discrepancy.slopes(layout, at, state, cov, exact=True)
    assert_allclose(here.gradient, 0, atol=1e-10)
    assert_allclose(here.hessian, here.expected, atol=1e-9)


def test_expected_hessian_is_the_trace_formula(layout):
    theta, cov = point(layout), sample_cov(layout.n_items)
    at = discrepancy.gathers(layout)
    state = discrepancy.evaluate(layout, theta, cov)
    change = numeric(lambda t: implied.implied(layout, t).sigma, theta)
    product = np.einsum("bij,bjkq->bikq", state.inverse, change)
    trace = np.einsum("bijq,bjir->bqr", product, product)
    got = discrepancy.slopes(layout, at, state, cov, exact=False).expected
    assert_allclose(got, trace, atol=1e-6)


def test_standardized_jacobian_is_the_derivative(layout):
    theta = point(layout)

    def value(t):
        return standardized.standardize(layout, implied.implied(layout, t))

    ours = standardized.jacobian(layout, implied.implied(layout, theta))
    assert_allclose(ours, numeric(value, theta), atol=1e-7)


def test_value_is_infinite_where_sigma_is_not_definite():
    layout = model("factors").layout
    theta = point(layout)
    theta[1] = -theta[1]
    value = discrepancy.evaluate(layout, theta, sample_cov(layout.n_items)).value
    assert np.isfinite(value).tolist() == [True, False, True]


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.integers(0, 10_000))
def test_rescaling_items_changes_nothing_standardized(name, seed):
    built = model(name, std_lv=name in ("factors", "paths"))
    layout = built.layout
    theta = point(layout, seed=seed, batch=1)
    cov = implied.implied(layout, theta).sigma
    if not np.isfinite(discrepancy.saturated(cov)).all() or layout.shared:
        return
    scale = np.random.default_rng(seed).uniform(0.5, 2.0, size=layout.n_items)
    fits = [fit(built, c, 200, patient=True) for c in (cov, cov * np.outer(scale, scale)[None])]
    if not all(fit.status[0] == 0 for fit in fits):
        return
    std = [standardized.standardize(layout, implied.implied(layout, f.theta)) for f in fits]
    assert_allclose(std[0], std[1], atol=2e-5)


def test_batch_equals_loop():
    built = model("paths")
    layout = built.layout
    cov = (
        sample_cov(layout.n_items, batch=6) * 0.3 + implied.implied(layout, point(layout)).sigma[:1]
    )
    together = fit(built, cov, 100)
    for b in range(6):
        alone = fit(built, cov[b : b + 1], 100)
        assert alone.status[0] == together.status[b]
        assert_allclose(alone.theta[0], together.theta[b], rtol=1e-6, atol=1e-8)
        assert_allclose(alone.value[0], together.value[b], rtol=1e-9)


def test_population_is_recovered(built):
    layout = built.layout
    theta = point(layout, batch=1)
    cov = implied.implied(layout, theta).sigma
    found = fit(built, cov, 500, patient=True)
    assert_allclose(found.value, 0, atol=1e-10)
    assert_allclose(implied.implied(layout, found.theta).sigma, cov, atol=1e-5)


def test_a_singular_covariance_is_a_status():
    built = model("factors")
    layout = built.layout
    good = implied.implied(layout, point(layout, batch=1)).sigma
    cov = np.concatenate([good, np.ones_like(good), np.full_like(good, np.nan)])
    found = fit(built, cov, 50)
    assert found.status[0] == sem.Status.CONVERGED
    assert found.status[1] >= sem.Status.ITERATION_CAP
    assert found.status[2] >= sem.Status.ITERATION_CAP
    assert found.converged.tolist() == [True, False, False]


def test_identified_models_pass_and_unidentified_are_named():
    built = model("paths")
    cov = implied.implied(built.layout, point(built.layout, batch=1)).sigma
    assert not sem.unidentified(built.grouped, sampled(cov, 100)).any()
    six = " + ".join(f"x{i}" for i in range(1, 7))
    lost = CovarianceModel.of(ModelSpec.parse(f"f =~ {six}\ng =~ {six}\nf ~~ 0*g"), std_lv=False)
    at = sem.unidentified(lost.grouped, sampled(sample_cov(6, batch=1), 100))
    names = [row.name for row, gone in zip(lost.parameters.free, at, strict=True) if gone]
    assert "g=~x2" in names
    assert not any(name.startswith("x1~~") for name in names)
