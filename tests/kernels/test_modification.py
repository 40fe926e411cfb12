"""Score tests: what releasing something is said to gain against what it does gain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tcsmodel.kernels import modification
from tcsmodel.kernels.implied import LATENT, LOADING, RESIDUAL, implied, layout
from tcsmodel.kernels.modification import Scores

P = 5


def one_factor():
    """Return a factor of unit variance behind five items."""
    return layout(
        P,
        1,
        matrix=[LOADING] * P + [RESIDUAL] * P + [LATENT],
        row=[*range(P), *range(P), 0],
        column=[0] * P + [*range(P)] + [0],
        free=[*range(2 * P), -1],
        fixed=[np.nan] * (2 * P) + [1.0],
    )


def covariances_of_errors():
    first, second = np.triu_indices(P, 1)
    count = len(first)
    return layout(
        P,
        1,
        matrix=[RESIDUAL] * count,
        row=second.tolist(),
        column=first.tolist(),
        free=range(count),
        fixed=np.zeros(count),
    )


def variances():
    """Return the candidates of one more scale: the factor's variance."""
    return layout(P, 1, matrix=[LATENT], row=[0], column=[0], free=[0], fixed=[1.0])


THETA = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.5, 0.6, 0.7, 0.8])


def sample(seed, strength=0.0):
    """Return covariances near those of THETA, with errors 0 and 1 correlated."""
    rng = np.random.default_rng(seed)
    sigma = implied(one_factor(), THETA).sigma
    sigma[0, 1] = sigma[1, 0] = sigma[0, 1] + strength
    noise = rng.standard_normal((400, P)) @ np.linalg.cholesky(sigma).T
    return noise.T @ noise / 400


def log_likelihood(cov, theta, extra=None):
    sigma = implied(one_factor(), theta).sigma
    if extra is not None:
        first, second = np.triu_indices(P, 1)
        sigma[first, second] += extra
        sigma[second, first] += extra
    value = np.linalg.slogdet(sigma)[1] + np.trace(cov @ np.linalg.inv(sigma))
    return -value / 2


def test_scores_are_derivatives_of_the_log_likelihood():
    cov, extra = sample(1), covariances_of_errors()
    got = modification.scores(one_factor(), extra, THETA[None], cov[None]).score[0]
    step = 1e-5
    slopes = [
        (log_likelihood(cov, THETA, step * e) - log_likelihood(cov, THETA, -step * e)) / (2 * step)
        for e in np.eye(len(got))
    ]
    assert_allclose(got, slopes, atol=1e-8)


def test_information_is_the_expected_curvature():
    extra = covariances_of_errors()
    sigma = implied(one_factor(), THETA).sigma
    got = modification.scores(one_factor(), extra, THETA[None], sigma[None])
    step = 1e-4

    def slope(theta, change):
        up = log_likelihood(sigma, theta, change + step * np.eye(len(change))[3])
        return (up - log_likelihood(sigma, theta, change - step * np.eye(len(change))[3])) / (
            2 * step
        )

    none = np.zeros(len(got.score[0]))
    one = np.eye(len(none))[3]
    own = -(slope(THETA, step * one) - slope(THETA, -step * one)) / (2 * step)
    assert got.own[0, 3] == pytest.approx(own, rel=1e-5)
    for k in (0, 4, 7):
        shift = step * np.eye(len(THETA))[k]
        cross = -(slope(THETA + shift, none) - slope(THETA - shift, none)) / (2 * step)
        assert got.cross[0, 3, k] == pytest.approx(cross, rel=1e-5, abs=1e-8)


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_batch_equals_loop(seed):
    cov = np.stack([sample(seed), sample(seed + 1)])
    theta = np.stack([THETA, THETA * 1.1])
    extra = covariances_of_errors()
    both = modification.indices(modification.scores(one_factor(), extra, theta, cov))
    for b in range(2):
        one = modification.indices(
            modification.scores(one_factor(), extra, theta[b : b + 1], cov[b : b + 1])
        )
        assert_allclose(both.mi[b], one.mi[0])
        assert_allclose(both.epc[b], one.epc[0])


def test_what_the_data_cannot_determine_is_nan():
    found = modification.indices(
        modification.scores(one_factor(), variances(), THETA[None], sample(2)[None])
    )
    assert np.isnan(found.mi).all()
    assert np.isnan(found.epc).all()


def test_singular_information_is_nan_and_says_nothing():
    given_scores = modification.scores(
        one_factor(), covariances_of_errors(), np.zeros((1, 10)), sample(2)[None]
    )
    assert np.isnan(modification.indices(given_scores).mi).all()


def test_constraints_are_equal_to_fewer_parameters():
    """A restriction a = b is a model in which a and b are one parameter."""
    rng = np.random.default_rng(3)
    root = rng.standard_normal((6, 6))
    information = (root @ root.T)[None]
    free = Scores(
        rng.standard_normal((1, 2)),
        np.full((1, 2), 20.0),
        rng.standard_normal((1, 2, 6)),
        information,
    )
    joined = np.vstack([np.eye(5), np.eye(5)[4]])
    merged = Scores(free.score, free.own, free.cross @ joined, joined.T @ information @ joined)
    held = np.array([[0.0, 0, 0, 0, 1, -1]])
    assert_allclose(
        modification.indices(free, restrictions=held).mi, modification.indices(merged).mi
    )


def test_releasing_the_only_constraint_is_releasing_all():
    rng = np.random.default_rng(4)
    root = rng.standard_normal((4, 4))
    information = (root @ root.T)[None]
    held = np.array([[1.0, -1.0, 0, 0]])
    # At a constrained optimum only the multiplier of the constraint is left of the score.
    score = 1.7 * held
    found = modification.release_tests(score, information, held)
    inverse = np.linalg.inv(information[0])
    assert found.chi2[0] == pytest.approx(float(score[0] @ inverse @ score[0]))
    assert_allclose(found.each[0, 0], found.chi2[0])
    assert found.df[0] == 1
    assert_allclose(found.epc[0, 0], inverse @ score[0])


def test_scores_that_vary_as_the_information_are_tested_by_it():
    rng = np.random.default_rng(5)
    root = rng.standard_normal((3, 6, 6))
    information = root @ np.swapaxes(root, 1, 2)
    held = np.eye(6)[:3] - np.eye(6)[1:4]
    score = rng.standard_normal((3, 3)) @ held
    plain = modification.release_tests(score, information, held)
    same = modification.release_tests(score, information, held, products=information)
    twice = modification.release_tests(score, information, held, products=2 * information)
    assert_allclose(same.chi2, plain.chi2, rtol=1e-8)
    assert_allclose(same.each, plain.each, rtol=1e-8)
    assert_allclose(twice.each, plain.each / 2, rtol=1e-8)
    assert_allclose(twice.epc, plain.epc)


def test_a_release_that_gains_nothing_is_nan():
    information = np.array([[[1.0, 1.0], [1.0, 1.0]]])
    held = np.array([[1.0, -1.0]])
    found = modification.release_tests(np.zeros((1, 2)), information, held)
    assert found.df[0] == 0
    assert np.isnan(found.each).all()


def test_standard_scales():
    extra = covariances_of_errors()
    scales = modification.standards(one_factor(), extra, THETA[None], 1)
    assert_allclose(scales.lv, 1.0)
    assert scales.all[0, 0] == pytest.approx(1 / np.sqrt(THETA[5] * THETA[6]))
