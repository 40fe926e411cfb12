"""Derivatives of implied moments and of statistics of ordinal items."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels import implied, jacobian, ordinal
from tcsmodel.kernels.implied import (
    ITEM_MEAN,
    LATENT,
    LATENT_MEAN,
    LOADING,
    PATH,
    RESIDUAL,
    SCALE,
    THRESHOLD,
)

MIXED = np.array([3, 0, 2, 4, 0, 3])


def structural(*, ordinal: bool = False, delta: bool = True, scales: bool = False):
    """Two factors, a path, tied loadings, intercepts, latent means and a residual covariance.

    With ordinal items also thresholds, two of them equal, and scales, one of them free.
    """
    fixed = (MIXED > 0) & ordinal
    rows = [(LOADING, 0, 0, 1.0), (LOADING, 1, 0, "a"), (LOADING, 2, 0, "a")]
    rows += [(LOADING, 3, 1, 1.0), (LOADING, 4, 1, None), (LOADING, 5, 1, None)]
    rows += [(RESIDUAL, i, i, 1.0 if fixed[i] and not delta else None) for i in range(6)]
    rows += [(RESIDUAL, 3, 0, None), (PATH, 1, 0, None)]
    rows += [(LATENT, 0, 0, None), (LATENT, 1, 1, None)]
    rows += [(ITEM_MEAN, i, 0, None) for i in np.flatnonzero(~fixed)]
    rows += [(LATENT_MEAN, 0, 0, None), (LATENT_MEAN, 1, 0, None)]
    if ordinal:
        cuts = [(i, t) for i in np.flatnonzero(fixed) for t in range(MIXED[i] - 1)]
        rows += [(THRESHOLD, i, t, "t" if t == 0 and i < 3 else None) for i, t in cuts]
        free = [not delta or (scales and i in (0, 3)) for i in range(6)]
        rows += [(SCALE, i, 0, None if free[i] else 1.0) for i in np.flatnonzero(fixed)]
    labels: dict = {}
    free = [
        -1 if isinstance(v, float) else labels.setdefault(v or at, len(labels))
        for at, (*_, v) in enumerate(rows)
    ]
    values = [v if isinstance(v, float) else np.nan for *_, v in rows]
    matrix, row, column = zip(*(one[:3] for one in rows), strict=True)
    return implied.layout(
        6, 2, matrix=matrix, row=row, column=column, free=free, fixed=values, n_cuts=3 * ordinal
    )


def point(q: int, batch: int = 3) -> np.ndarray:
    return np.random.default_rng(0).uniform(0.3, 0.9, size=(batch, q))


def numeric(function, theta, h=1e-6):
    steps = h * np.eye(theta.shape[-1])
    parts = [(function(theta + step) - function(theta - step)) / (2 * h) for step in steps]
    return np.stack(parts, axis=-1)


def model(*, delta: bool, free_scales: bool = False) -> ordinal.OrdinalLayout:
    given = structural(ordinal=True, delta=delta, scales=free_scales)
    return ordinal.OrdinalLayout.of(given, MIXED, delta=delta)


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
    theta = point(given.layout.n_free)
    here = ordinal.ordinal_implied(given, theta)
    expected = numeric(lambda t: ordinal.ordinal_implied(given, t).statistics, theta)
    assert_allclose(ordinal.ordinal_jacobian(given, theta, here), expected, atol=1e-8)


def test_theta_parameterization_implies_correlations():
    given = model(delta=False)
    here = ordinal.ordinal_implied(given, point(given.layout.n_free))
    both = np.flatnonzero(given.ordinal)
    variance = here.scale[:, both] ** 2 * here.at.sigma[:, both, both]
    assert_allclose(variance, 1.0)


@pytest.mark.parametrize(("delta", "free_scales"), [(True, False), (True, True), (False, False)])
def test_derived_values_make_scales_and_variances_agree(delta, free_scales):
    given = model(delta=delta, free_scales=free_scales)
    theta = point(given.layout.n_free)
    found = ordinal.completed(given, theta)
    sigma = implied.implied(given.layout, found).sigma
    scale = implied.matrices(given.layout, found).scale[..., 0]
    variance = scale**2 * np.diagonal(sigma, axis1=1, axis2=2)
    assert_allclose(variance[:, MIXED > 0], 1.0)
    expected = numeric(lambda t: ordinal.completed(given, t), theta)
    assert_allclose(ordinal.completed_slopes(given, theta), expected, atol=1e-7)


def test_leading_axes_are_kept():
    given = model(delta=False)
    theta = point(given.layout.n_free, batch=6)
    flat = ordinal.ordinal_jacobian(given, theta, ordinal.ordinal_implied(given, theta))
    theta = theta.reshape(2, 3, -1)
    here = ordinal.ordinal_implied(given, theta)
    found = ordinal.ordinal_jacobian(given, theta, here)
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
    theta = point(given.layout.n_free)
    theta[0, given.layout.free[given.layout.matrix == LATENT][:1]] = -50.0
    statistics = ordinal.ordinal_implied(given, theta).statistics
    assert np.isnan(statistics[0]).any()
    assert np.isfinite(statistics[1:]).all()
