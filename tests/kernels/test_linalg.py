"""Factorizations report failure per matrix and never raise."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from tcsmodel.kernels import linalg

GOOD = np.array([[2.0, 0.5], [0.5, 1.0]])
INDEFINITE = np.array([[1.0, 2.0], [2.0, 1.0]])
SINGULAR = np.ones((2, 2))
BROKEN = np.full((2, 2), np.nan)


def test_log_determinant_of_definite_matrices():
    value, definite = linalg.log_determinant(np.stack([GOOD, 3 * GOOD]))
    assert definite.all()
    assert_allclose(value, np.linalg.slogdet([GOOD, 3 * GOOD])[1])


def test_one_bad_matrix_leaves_the_others_alone():
    batch = np.stack([GOOD, INDEFINITE, SINGULAR, BROKEN, -GOOD])
    value, definite = linalg.log_determinant(batch)
    assert definite.tolist() == [True, False, False, False, False]
    assert_allclose(value[0], np.linalg.slogdet(GOOD)[1])
    assert np.isinf(value[1:]).all()


def test_cholesky_that_lets_nan_pass_is_not_believed():
    batch = np.stack([GOOD, BROKEN])
    value, inverse, definite = linalg.definite_inverse(batch)
    assert definite.tolist() == [True, False]
    assert np.isinf(value[1])
    assert not inverse[1].any()
    assert linalg.definite(batch).tolist() == [True, False]
    assert not linalg.definite(BROKEN[None]).any()
    unbounded = np.diag([np.inf, 1.0])
    assert linalg.definite(np.stack([unbounded, GOOD])).tolist() == [False, True]


def test_inverse_gives_nan_for_singular_matrices():
    inverse = linalg.inverse(np.stack([GOOD, SINGULAR, BROKEN]))
    assert_allclose(inverse[0] @ GOOD, np.eye(2), atol=1e-14)
    assert np.isnan(inverse[1:]).all()
    for alone in (GOOD, SINGULAR, BROKEN):
        assert_allclose(linalg.inverse(alone), linalg.inverse(alone[None])[0])
    batches = linalg.inverse(np.array([[GOOD, SINGULAR], [BROKEN, 2 * GOOD]]))
    assert_allclose(batches[1, 1], inverse[0] / 2)
    assert np.isnan(batches[[0, 1], [1, 0]]).all()


def test_solve_gives_nan_for_singular_matrices():
    x = linalg.solve(np.stack([GOOD, SINGULAR]), np.ones((2, 2)))
    assert_allclose(GOOD @ x[0], [1, 1])
    assert np.isnan(x[1]).all()
