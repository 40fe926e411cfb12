"""Sampling variances of thresholds and polychoric correlations, counted cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from tcsmodel.kernels.polychoric import coded, mixed_moments
from tcsmodel.kernels.polychoric_gamma import asymptotic_cov, asymptotic_variance


@pytest.mark.parametrize("frequency", [True, False])
@pytest.mark.parametrize("members", [1, 3])
def test_the_diagonal_by_cells_is_that_of_gamma_by_respondents(members, frequency):
    """With gaps, unequal numbers of categories, and one category that a member lacks."""
    generator = np.random.default_rng(8)
    latent = generator.normal(size=(150, 1)) + generator.normal(size=(150, 4))
    x = np.column_stack(
        [np.digitize(y, np.linspace(-1, 1, k)) for y, k in zip(latent.T, (1, 2, 3, 4), strict=True)]
    )
    x = np.where(generator.random(x.shape) < 0.1, np.nan, x)
    answers = coded(x, np.ones(4, dtype=bool))
    weights = generator.integers(0, 4, (members, 150)).astype(float)
    weights[0, answers.x[:, 3] == 4] = 0
    moments = mixed_moments(answers, weights)
    gamma = asymptotic_cov(answers, moments, weights, frequency=frequency)
    variance = asymptotic_variance(answers, moments, weights, frequency=frequency)
    assert np.isnan(variance[0]).sum() == 1
    np.testing.assert_allclose(variance, np.diagonal(gamma, axis1=1, axis2=2), rtol=1e-10)
