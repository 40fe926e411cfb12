"""The reliability of sums of ordinal answers, from the formula written out."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal, norm

from tcsmodel.kernels.categorical_omega import (
    categorical_omega,
    score_covariances,
    score_variances,
)

CUTS = np.array([[-1.0, 0.2, 1.1], [-0.3, 0.9, np.inf], [0.5, 1.0, np.inf], [-0.8, 0.1, 1.4]])
LOADINGS = np.array([[0.8, 0], [0.6, 0], [0, 0.7], [0, 0.5]])
MEMBER = LOADINGS > 0
CORR = np.eye(4) + 0.45 * (MEMBER @ MEMBER.T) * (1 - np.eye(4))


def long_hand(first, second, rho):
    """Return the covariance of two scores, cell by cell."""
    total = 0.0
    for h in first[np.isfinite(first)]:
        for k in second[np.isfinite(second)]:
            joint = multivariate_normal.cdf([h, k], cov=[[1, rho], [rho, 1]])
            total += joint - norm.cdf(h) * norm.cdf(k)
    return total


def test_covariances_and_variances_of_scores():
    first, second = np.triu_indices(4, 1)
    rho = np.linspace(-0.95, 0.95, 6)
    ours = score_covariances(CUTS, rho, first, second)
    theirs = [long_hand(CUTS[i], CUTS[j], r) for i, j, r in zip(first, second, rho, strict=True)]
    assert_allclose(ours, theirs, atol=1e-7)
    answers = np.digitize(norm.ppf(np.linspace(0, 1, 200_002)[1:-1]), CUTS[0])
    assert_allclose(score_variances(CUTS)[0], answers.var(), rtol=1e-4)
    assert np.isnan(score_covariances(CUTS, np.array([1.2]), first[:1], second[:1])).all()


def test_omega_is_the_share_of_what_the_construct_explains():
    ours = categorical_omega(CUTS, LOADINGS, np.ones(2), CORR, MEMBER)
    shared = LOADINGS[:2, 0][:, None] * LOADINGS[:2, 0]
    true = sum(long_hand(CUTS[i], CUTS[j], shared[i, j]) for i in (0, 1) for j in (0, 1))
    whole = score_variances(CUTS)[:2].sum() + 2 * long_hand(CUTS[0], CUTS[1], CORR[0, 1])
    assert_allclose(ours[0], true / whole, atol=1e-7)


def test_a_batch_is_a_loop_and_a_continuous_item_costs_its_construct_only():
    cuts = np.stack([CUTS, CUTS + 0.2, np.where([[True], [True], [True], [False]], CUTS, np.nan)])
    variance = np.array([[1.0, 1.0], [0.9, 1.1], [1.0, 1.0]])
    batch = categorical_omega(
        cuts, np.stack([LOADINGS] * 3), variance, np.stack([CORR] * 3), MEMBER
    )
    alone = [
        categorical_omega(c, LOADINGS, v, CORR, MEMBER) for c, v in zip(cuts, variance, strict=True)
    ]
    assert_allclose(batch, alone, atol=1e-12)
    assert np.isnan(batch).tolist() == [[False, False], [False, False], [False, True]]
