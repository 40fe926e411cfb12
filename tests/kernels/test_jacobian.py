"""Derivatives of implied moments and of statistics of ordinal items."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels import implied, jacobian
from tcsmodel.kernels.implied import ITEM_MEAN, LATENT, LATENT_MEAN, LOADING, PATH, RESIDUAL

MIXED = np.array([3, 0, 2, 4, 0, 3])


def structural(*, ordinal: np.ndarray | None = None) -> implied.Layout:
    """Two factors, a path, tied loadings, intercepts, latent means and a residual covariance."""
    rows = [(LOADING, 0, 0, 1.0), (LOADING, 1, 0, "a"), (LOADING, 2, 0, "a")]
    rows += [(LOADING, 3, 1, 1.0), (LOADING, 4, 1, None), (LOADING, 5, 1, None)]
    fixed = np.zeros(6, dtype=bool) if ordinal is None else ordinal
    rows += [(RESIDUAL, i, i, 1.0 if fixed[i] else None) for i in range(6)]
    rows += [(RESIDUAL, 3, 0, None), (PATH, 1, 0, None)]
    rows += [(LATENT, 0, 0, None), (LATENT, 1, 1, None)]
    rows += [(ITEM_MEAN, i, 0, None) for i in np.flatnonzero(~fixed)]
    rows += [(LATENT_MEAN, 0, 0, None), (LATENT_MEAN, 1, 0, None)]
    labels: dict = {}
    free = [
        -1 if isinstance(v, float) else labels.setdefault(v or at, len(labels))
        for at, (*_, v) in enumerate(rows)
    ]
    values = [v if isinstance(v, float) else np.nan for *_, v in rows]
    matrix, row, column = zip(*(one[:3] for one in rows), strict=True)
    return implied.layout(6, 2, matrix=matrix, row=row, column=column, free=free, fixed=values)


def point(q: int, batch: int = 3) -> np.ndarray:
    return np.random.default_rng(0).uniform(0.3, 0.9, size=(batch, q))


def numeric(function, theta, h=1e-6):
    steps = h * np.eye(theta.shape[-1])
    parts = [(function(theta + step) - function(theta - step)) / (2 * h) for step in steps]
    return np.stack(parts, axis=-1)


def model(*, delta: bool, free_scales: bool = False) -> jacobian.OrdinalLayout:
    given = structural(ordinal=MIXED > 0)
    q, cuts = given.n_free, int((MIXED[MIXED > 0] - 1).sum())
    cut = q + np.minimum(np.arange(cuts), cuts - 2)
    scale = np.array([q + cuts, -1, -1, q + cuts - 1, -1, -1]) if free_scales else None
    return jacobian.OrdinalLayout.of(given, MIXED, delta=delta, cut=cut, scale=scale)


@pytest.mark.parametrize("mean", [False, True])
def test_slopes_of_moments_are_those_of_finite_differences(mean):
    layout = structural()
    theta = point(layout.n_free)
    expected = numeric(lambda t: jacobian.moments(layout, t, mean=mean), theta)
    found = jacobian.moment_jacobian(layout, theta, mean=mean)
    assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize(("delta", "free_scales"), [(True, False), (True, True), (False, False)])
def test_slopes_of_ordinal_statistics_are_those_of_finite_differences(delta, free_scales):
    given = model(delta=delta, free_scales=free_scales)
    theta = point(given.n_free)
    here = jacobian.ordinal_implied(given, theta)
    expected = numeric(lambda t: jacobian.ordinal_implied(given, t).statistics, theta)
    assert_allclose(jacobian.ordinal_jacobian(given, theta, here), expected, atol=1e-8)


def test_theta_parameterization_implies_correlations():
    given = model(delta=False)
    here = jacobian.ordinal_implied(given, point(given.n_free))
    both = np.flatnonzero(given.ordinal)
    variance = here.scale[:, both] ** 2 * here.at.sigma[:, both, both]
    assert_allclose(variance, 1.0)


def test_leading_axes_are_kept():
    given = model(delta=False)
    theta = point(given.n_free, batch=6)
    flat = jacobian.ordinal_jacobian(given, theta, jacobian.ordinal_implied(given, theta))
    theta = theta.reshape(2, 3, -1)
    here = jacobian.ordinal_implied(given, theta)
    found = jacobian.ordinal_jacobian(given, theta, here)
    assert_allclose(found.reshape(flat.shape), flat, rtol=1e-12)


def test_baseline_leaves_causes_correlated():
    layout = jacobian.independence_layout(4, np.array([1, 3]), mean=True)
    theta = np.arange(1.0, 10.0)[None]
    sigma = implied.implied(layout, theta).sigma[0]
    assert layout.n_free == 9
    assert sigma[3, 1] == sigma[1, 3] == 5.0
    assert np.count_nonzero(sigma) == 6
    assert_allclose(jacobian.moments(layout, theta, mean=True)[0, :4], [6, 7, 8, 9])


def test_negative_variance_gives_nan_without_a_warning():
    given = model(delta=False)
    theta = point(given.n_free)
    theta[0, given.layout.free[given.layout.matrix == LATENT][:1]] = -50.0
    statistics = jacobian.ordinal_implied(given, theta).statistics
    assert np.isnan(statistics[0]).any()
    assert np.isfinite(statistics[1:]).all()
