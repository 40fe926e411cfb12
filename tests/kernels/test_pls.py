"""The PLS iteration on correlation matrices: batch, schemes, modes, statuses."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels.pls import composites
from tcsmodel.kernels.status import Status

BLOCK = np.array([0, 0, 0, 1, 1, 2, 2])
PATHS = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]], dtype=bool)
MODE_A = np.zeros(3, dtype=bool)
SCHEMES = ("path", "factorial", "centroid")


def correlations(seed, size=()):
    generator = np.random.default_rng(seed)
    latent = generator.normal(size=(*size, 80, 1))
    x = generator.normal(size=(*size, 80, 7)) + latent
    x = (x - x.mean(axis=-2, keepdims=True)) / x.std(axis=-2, keepdims=True)
    return x.swapaxes(-1, -2) @ x / 80, x


def wold(x, scheme, mode_b, tol=1e-12):
    """PLS on respondents, scores and all, as the textbook writes it."""
    blocks = [np.flatnonzero(c == BLOCK) for c in range(3)]
    scores = np.column_stack([x[:, own].sum(axis=1) for own in blocks])
    weights = np.ones(7)
    while True:
        scores = scores / scores.std(axis=0)
        corr = np.corrcoef(scores.T)
        inner = np.where(PATHS | PATHS.T, np.sign(corr) if scheme == "centroid" else corr, 0)
        if scheme == "path":
            for j in range(3):
                before = np.flatnonzero(PATHS[:, j])
                inner[before, j] = np.linalg.lstsq(scores[:, before], scores[:, j], rcond=None)[0]
        proxies = scores @ inner
        new = np.empty(7)
        for c, own in enumerate(blocks):
            new[own] = x[:, own].T @ proxies[:, c] / len(x)
            if mode_b[c]:
                new[own] = np.linalg.lstsq(x[:, own], proxies[:, c], rcond=None)[0]
            new[own] /= (x[:, own] @ new[own]).std()
        scores = np.column_stack([x[:, own] @ new[own] for own in blocks])
        if np.abs(new - weights).max() < tol:
            return new, scores
        weights = new


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("mode_b", [MODE_A, np.array([True, False, True])], ids=["A", "BAB"])
def test_equals_the_algorithm_on_respondents(scheme, mode_b):
    corr, x = correlations(1)
    found = composites(corr, BLOCK, PATHS, mode_b, scheme, tol=1e-12)
    weights, scores = wold(x, scheme, mode_b)
    assert found.status == Status.CONVERGED
    assert_allclose(found.weights, weights, atol=1e-10)
    assert_allclose(found.construct_corr, np.corrcoef(scores.T), atol=1e-10)
    assert_allclose(found.cross_loadings, x.T @ scores / 80, atol=1e-10)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_batch_equals_loop_whatever_its_shape(scheme):
    corr, _ = correlations(2, (3, 4))
    mode_b = np.array([False, True, False])
    batch = composites(corr, BLOCK, PATHS, mode_b, scheme)
    assert batch.weights.shape == (3, 4, 7)
    for i in np.ndindex(3, 4):
        one = composites(corr[i], BLOCK, PATHS, mode_b, scheme)
        assert_allclose(batch.weights[i], one.weights, rtol=1e-13, atol=1e-14)
        assert batch.iterations[i] == one.iterations


def test_a_hopeless_member_ends_alone():
    corr, _ = correlations(3, (3,))
    corr[1] = np.nan
    found = composites(corr, BLOCK, PATHS, MODE_A)
    assert found.status.tolist() == [Status.CONVERGED, Status.SINGULAR, Status.CONVERGED]
    assert np.isnan(found.weights[1]).all()
    assert np.isfinite(found.weights[[0, 2]]).all()


def test_duplicated_items_are_singular_in_mode_b_only():
    corr, _ = correlations(4)
    corr[1], corr[:, 1] = corr[0], corr[:, 0]
    corr[1, 1] = 1
    assert composites(corr, BLOCK, PATHS, np.array([True, False, False])).status == Status.SINGULAR
    found = composites(corr, BLOCK, PATHS, MODE_A)
    assert found.status == Status.CONVERGED
    assert found.weights[0] == pytest.approx(found.weights[1])


def test_iteration_cap_is_told():
    corr, _ = correlations(5)
    found = composites(corr, BLOCK, PATHS, MODE_A, tol=1e-15, max_iter=2)
    assert found.status == Status.ITERATION_CAP
    assert found.iterations == 2
    assert np.isfinite(found.weights).all()


def test_loadings_of_each_construct_have_a_positive_sum():
    corr, _ = correlations(6, (20,))
    flip = np.array([1, -1, -1, 1, 1, -1, 1.0])
    found = composites(corr * np.outer(flip, flip), BLOCK, PATHS, MODE_A)
    own = found.cross_loadings[:, np.arange(7), BLOCK]
    sums = own @ (BLOCK[:, None] == np.arange(3))
    assert (sums > 0).all()


def test_composites_have_variance_one():
    corr, _ = correlations(7, (5,))
    found = composites(corr, BLOCK, PATHS, np.array([True, False, False]))
    assert_allclose(np.diagonal(found.construct_corr, axis1=1, axis2=2), 1, atol=1e-12)
