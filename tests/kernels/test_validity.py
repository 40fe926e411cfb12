"""Reliability in other words: omega by observed variance, maximal reliability, HTMT2."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels import fitmeasures, reliability, scores

LOADINGS = np.array([[0.9], [0.7], [0.5], [0.6]])
MEMBER = np.ones((4, 1), dtype=bool)
COMMON = LOADINGS @ LOADINGS.T
CORR = COMMON + np.diag(1 - np.diag(COMMON))


def test_omega_by_observed_variance_is_omega_where_the_model_fits():
    one = np.array([1.0])
    error = np.diag(1 - np.diag(COMMON))
    assert_allclose(
        reliability.omega_observed(LOADINGS, one, CORR, MEMBER),
        reliability.omega(LOADINGS, one, error, MEMBER),
    )
    assert_allclose(
        reliability.variance_share(COMMON, CORR, MEMBER),
        reliability.omega(LOADINGS, one, error, MEMBER),
    )


def test_no_weights_are_more_reliable_than_the_maximal():
    best = reliability.maximal(LOADINGS, MEMBER)[0]
    assert reliability.maximal_overall(COMMON, CORR) == pytest.approx(best)
    draws = np.random.default_rng(1).uniform(0, 1, (200, 4))
    reached = ((draws @ COMMON) * draws).sum(1) / ((draws @ CORR) * draws).sum(1)
    assert reached.max() < best
    weights = LOADINGS[:, 0] / (1 - LOADINGS[:, 0] ** 2)
    assert weights @ COMMON @ weights / (weights @ CORR @ weights) == pytest.approx(best)


def test_maximal_reliability_of_an_item_without_error_is_one():
    assert reliability.maximal(np.array([[1.0], [0.5]]), np.ones((2, 1), dtype=bool))[0] == 1


def test_maximal_reliability_without_covariances_is_nan():
    indefinite = np.array([[1.0, 2.0], [2.0, 1.0]])
    assert np.isnan(reliability.maximal_overall(np.eye(2), indefinite))


def test_both_aves_agree_on_standardized_items():
    one = np.array([1.0])
    assert_allclose(
        reliability.ave_raw(LOADINGS, one, CORR, MEMBER), reliability.ave(LOADINGS, MEMBER)
    )


def blocks():
    return np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]], dtype=bool)


def test_both_htmts_agree_when_correlations_are_equal():
    member = blocks()
    same = member @ member.T
    corr = np.where(same, 0.6, 0.3)
    np.fill_diagonal(corr, 1.0)
    assert_allclose(reliability.htmt2(corr, member), reliability.htmt(corr, member))


def test_htmt2_is_that_of_the_factors_when_loadings_differ():
    member = blocks()
    loadings = member * np.array([0.9, 0.6, 0.8, 0.5, 1.0])[:, None]
    phi = np.array([[1.0, 0.7, 0.4], [0.7, 1.0, 0.2], [0.4, 0.2, 1.0]])
    corr = loadings @ phi @ loadings.T
    np.fill_diagonal(corr, 1.0)
    found = reliability.htmt2(corr, member)
    off = ~np.eye(3, dtype=bool)
    assert_allclose(found[off], phi[off])
    assert np.isnan(np.diag(found)).all()
    assert_allclose(reliability.htmt2(np.stack([corr, corr]), member)[1][off], phi[off])


def test_unbiased_scores_are_bartletts():
    psi = 1 - np.diag(COMMON)
    assert_allclose(scores.unbiased(CORR, LOADINGS), scores.bartlett(LOADINGS, psi))


def test_unbiased_scores_without_an_inverse_are_nan():
    assert np.isnan(scores.unbiased(np.ones((2, 2)), np.ones((2, 1)))).all()


def test_critical_n_is_where_chi2_turns_significant():
    n = float(fitmeasures.critical_n(85.3, 24, 301, 0.95)) - 1
    assert fitmeasures.chi2_p(85.3 * n / 301, 24) == pytest.approx(0.05)


def test_measures_of_a_perfect_and_of_a_saturated_model():
    assert fitmeasures.gfi(CORR, CORR) == pytest.approx(1)
    assert set(fitmeasures.residual(CORR[None], CORR[None], np.ones(1)).values()) == {0.0}
    assert np.isnan(fitmeasures.adjusted(1.0, 0, 10))
    assert np.isnan(fitmeasures.critical_n(0.0, 0, 100, 0.95))
    assert fitmeasures.rfi(0.0, 0, 500.0, 36) == 1
    assert np.isnan(fitmeasures.gfi(CORR, np.ones((4, 4))))
