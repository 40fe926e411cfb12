"""The information about polychoric correlations: by differences, by simulation, and its gaps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels.bivariate import cell_probabilities
from tcsmodel.kernels.polychoric import coded, mixed_moments
from tcsmodel.kernels.underlying_normality import curvature

CUTS = np.array([-1.2, -0.4, 0.3, 1.1])


def answers(n, rng, tails=None, cuts=CUTS, items=4):
    corr = np.full((items, items), 0.5) + 0.5 * np.eye(items)
    z = rng.standard_normal((n, items)) @ np.linalg.cholesky(corr).T
    if tails is not None:
        z *= np.sqrt((tails - 2) / rng.chisquare(tails, (n, 1)))
    return coded(np.searchsorted(cuts, z).astype(float), np.ones(items, dtype=bool))


def ratio(given):
    weights = np.ones(len(given.x))
    found = curvature(given, mixed_moments(given, weights), weights)
    return np.median(found.second / found.outer)


def test_the_gap_is_that_of_second_derivatives():
    given, weights = answers(300, np.random.default_rng(1), items=2), np.linspace(0.5, 1.5, 300)
    moments = mixed_moments(given, weights)
    h, k = moments.thresholds
    first, second = given.x.T.astype(int)

    def loglik(rho):
        return weights @ np.log(cell_probabilities(h, k, np.asarray(rho)))[first, second]

    def score(rho, step=1e-5):
        inside = np.log(cell_probabilities(h, k, np.asarray(rho + step)))
        inside -= np.log(cell_probabilities(h, k, np.asarray(rho - step)))
        return (inside / (2 * step))[first, second]

    rho, step = moments.corr[0, 1], 1e-3
    found = curvature(given, moments, weights)
    assert_allclose(found.outer, [weights @ score(rho) ** 2], rtol=1e-7)
    bend = (loglik(rho + step) - 2 * loglik(rho) + loglik(rho - step)) / step**2
    assert_allclose(found.second, [-bend], rtol=1e-5)
    assert_allclose(found.gap.sum(), found.outer[0] - found.second[0], rtol=1e-9)


@pytest.mark.parametrize(("tails", "expected"), [(None, 1.0), (5, 0.77)])
def test_the_information_is_short_where_tails_are_long(tails, expected):
    rng = np.random.default_rng(2)
    assert ratio(answers(20_000, rng, tails)) == pytest.approx(expected, abs=0.03)


def test_gaps_and_pairs_that_cannot_tell_count_nothing():
    rng = np.random.default_rng(3)
    two = answers(300, rng, cuts=CUTS[1:2])
    weights = np.ones(300)
    found = curvature(two, mixed_moments(two, weights), weights)
    assert not len(found.outer)
    assert not found.gap.any()
    given = answers(300, rng)
    given.x[:50, 1:] = np.nan
    found = curvature(given, mixed_moments(given, weights), weights)
    assert not found.gap[:50].any()
    assert found.gap[50:].all()
