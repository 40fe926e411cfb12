"""The correction for unreliability, in a population where it is exact."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels.consistent import corrected, inadmissible, with_products
from tcsmodel.kernels.pls import composites
from tcsmodel.kernels.reliability import rho_a

LOADINGS = np.array([0.9, 0.7, 0.6, 0.8, 0.8, 0.5, 0.7, 0.6])
BLOCK = np.array([0, 0, 0, 1, 1, 1, 2, 2])
MEMBER = BLOCK[:, None] == np.arange(3)
FACTORS = np.array([[1, 0.5, 0.4], [0.5, 1, 0.6], [0.4, 0.6, 1]])
PATHS = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]], dtype=bool)


def population():
    wide = LOADINGS[:, None] * MEMBER
    corr = wide @ FACTORS @ wide.T
    np.fill_diagonal(corr, 1.0)
    return corr


def correct(corr):
    found = composites(corr, BLOCK, PATHS, np.zeros(3, dtype=bool), tol=1e-12)
    rho = rho_a(corr, found.weights[..., :, None] * MEMBER)
    return corrected(found.weights, found.cross_loadings, found.construct_corr, rho, MEMBER)


def test_three_factors_are_recovered():
    found = correct(population())
    assert_allclose(found.loadings.sum(axis=1), LOADINGS, atol=1e-9)
    assert_allclose(found.construct_corr, FACTORS, atol=1e-9)
    assert_allclose(found.cross_loadings, LOADINGS[:, None] * FACTORS[BLOCK], atol=1e-9)


def test_batch_equals_loop():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((5, 200, 8)) @ np.linalg.cholesky(population()).T
    corr = np.stack([np.corrcoef(own.T) for own in x])
    together = correct(corr)
    for b in range(5):
        assert_allclose(together.construct_corr[b], correct(corr[b]).construct_corr, atol=1e-12)


def test_what_no_data_can_have_is_told():
    loadings = np.diag([0.9, 1.2, 0.5])
    corr = np.array([[1, 0.3, 1.1], [0.3, 1, 0.2], [1.1, 0.2, 1]])
    alone, pairs = inadmissible(
        np.array([0.8, 0.9, -0.1]), loadings, corr, np.array([np.nan, 0.5, 0.7])
    )
    assert alone.tolist() == [False, True, True]
    assert np.argwhere(pairs).tolist() == [[0, 2], [2, 0]]


def moment(eta, root, at):
    """Return the expected product of scores: all ways to take an error instead of a construct."""
    total = 0.0
    for taken in product((False, True), repeat=len(at)):
        errors = [c for c, error in zip(at, taken, strict=True) if error]
        rest = [c for c, error in zip(at, taken, strict=True) if not error]
        normal = {0: lambda v: 1, 1: lambda v: 0, 2: lambda v: v, 3: lambda v: 0}
        normal[4] = lambda v: 3 * v**2
        noise = np.prod([normal[errors.count(c)](1 - root[c] ** 2) for c in set(errors)])
        total += noise * np.prod(root[rest]) * np.prod(eta[:, rest], axis=1).mean()
    return total


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_products_are_recovered_whatever_the_distribution_of_constructs(seed):
    rng = np.random.default_rng(seed)
    eta = rng.exponential(size=(60, 4)) @ np.tril(rng.uniform(0.2, 1, (4, 4)))
    eta = (eta - eta.mean(axis=0)) / eta.std(axis=0)
    root = np.sqrt([0.8, 0.6, 1.0, 0.7])
    factors = {4: (0, 1), 5: (0, 0), 6: (2, 3), 7: (1, 3), 8: (1, 1)}
    parts = [(c,) for c in range(4)] + [*factors.values()]
    means = [moment(eta, root, at) for at in parts]
    cov = np.array([[moment(eta, root, (*a, *b)) for b in parts] for a in parts])
    cov -= np.outer(means, means)
    spread = np.sqrt(np.diag(cov))
    scores = cov / np.outer(spread, spread)
    rho = np.concatenate([root**2, np.ones(5)])
    corr, wide = with_products(scores, spread, rho, factors)
    columns = np.column_stack([np.prod(eta[:, list(at)], axis=1) for at in parts])
    assert_allclose(corr, np.corrcoef(columns.T), atol=1e-10)
    assert_allclose(wide, columns.std(axis=0), atol=1e-10)
    stacked = with_products(np.stack([scores] * 2), np.stack([spread] * 2), rho, factors)
    assert_allclose(stacked[0][1], corr)


def test_without_error_products_stay_as_they_are():
    scores = np.array([[1, 0.3, 0.1], [0.3, 1, -0.2], [0.1, -0.2, 1]])
    spread = np.array([1, 1, 1.2])
    corr, wide = with_products(scores, spread, np.ones(3), {2: (0, 1)})
    assert_allclose(corr, scores)
    assert_allclose(wide, spread)


def test_a_product_of_less_variance_than_error_has_no_correlations():
    scores, spread = np.eye(3), np.array([1, 1, 0.3])
    corr, wide = with_products(scores, spread, np.array([0.5, 0.5, 1.0]), {2: (0, 1)})
    assert np.isnan(wide[2])
    assert np.isnan(corr[2]).all()
    assert_allclose(corr[:2, :2], np.eye(2))
