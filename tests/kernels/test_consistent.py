"""The correction for unreliability, in a population where it is exact."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from tcsmodel.kernels.consistent import corrected, inadmissible
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
