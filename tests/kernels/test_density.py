"""Kernel densities of replicates."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import gaussian_kde, iqr

from tcsmodel.kernels.density import density


def test_density_is_that_of_scipy_with_silvermans_bandwidth():
    draws = np.random.default_rng(1).gamma(3, size=5001)
    found = density(draws)
    width = 0.9 * min(draws.std(ddof=1), iqr(draws) / 1.34) * len(draws) ** -0.2
    peer = gaussian_kde(draws, bw_method=width / draws.std(ddof=1))
    assert_allclose(found.height, peer(found.grid), rtol=1e-9)
    assert np.trapezoid(found.height, found.grid) == pytest.approx(0.99, abs=0.01)


def test_scale_and_lost_replicates_change_nothing():
    draws = np.random.default_rng(1).normal(size=400)
    one = density(draws)
    other = density(np.concatenate([[np.nan, np.inf], 5 + 2 * draws]))
    assert_allclose(other.grid, 5 + 2 * one.grid)
    assert_allclose(other.height, one.height / 2)


@pytest.mark.parametrize("draws", [[], [1.0], [np.nan, 2.0], [3.0] * 50, [1.0, 1 + 1e-13] * 9])
def test_what_does_not_vary_has_no_density(draws):
    assert density(np.array(draws)) is None


def test_draws_of_two_values_have_one():
    found = density(np.array([0.0] * 90 + [1.0] * 10))
    assert np.isfinite(found.height).all()
