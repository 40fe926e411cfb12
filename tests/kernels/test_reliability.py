"""Reliability formulas against hand calculations and known identities."""

from __future__ import annotations

import numpy as np
import pytest

from tcsmodel.kernels import reliability

MEMBER = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]], dtype=bool)


@pytest.fixture(scope="module")
def cov():
    mixing = np.random.default_rng(3).normal(size=(20, 6, 6))
    return mixing @ mixing.transpose(0, 2, 1) + 2.0


def test_alpha_by_hand_and_nan_for_a_single_item(cov):
    a = reliability.alpha(cov[0], MEMBER)
    block = cov[0][:3, :3]
    assert a[0] == pytest.approx(1.5 * (1 - np.trace(block) / block.sum()))
    assert np.isnan(a[2])


def test_parallel_items_make_alpha_omega_rho_c_and_rho_a_one_number():
    corr = np.full((3, 3), 0.49) + 0.51 * np.eye(3)
    member = np.ones((3, 1), dtype=bool)
    loadings = np.full((3, 1), 0.7)
    weights = np.full((3, 1), 1 / np.sqrt(corr.sum()))
    spearman_brown = 3 * 0.49 / (1 + 2 * 0.49)
    for value in (
        reliability.alpha(corr, member),
        reliability.rho_c(loadings, member),
        reliability.rho_a(corr, weights),
        reliability.omega(loadings * 2, np.array([0.25]), 0.51 * np.eye(3), member),
    ):
        assert value == pytest.approx(spearman_brown, abs=1e-12)
    assert reliability.ave(loadings, member) == pytest.approx(0.49)


def test_omega_counts_residual_covariances():
    residual = 0.51 * np.eye(3)
    residual[0, 1] = residual[1, 0] = 0.2
    value = reliability.omega(
        np.full((3, 1), 0.7), np.ones(1), residual, np.ones((3, 1), dtype=bool)
    )
    assert value == pytest.approx(2.1**2 / (2.1**2 + 3 * 0.51 + 2 * 0.2))


def test_htmt_by_hand_uses_absolute_values():
    corr = np.eye(4)
    for i, j, value in [
        (0, 1, 0.5),
        (2, 3, 0.8),
        (0, 2, 0.4),
        (0, 3, -0.2),
        (1, 2, 0.3),
        (1, 3, 0.3),
    ]:
        corr[i, j] = corr[j, i] = value
    member = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=bool)
    ratio = reliability.htmt(corr, member)
    assert ratio[0, 1] == pytest.approx(0.3 / np.sqrt(0.5 * 0.8))
    assert ratio[1, 0] == pytest.approx(ratio[0, 1])
    assert np.isnan(np.diag(ratio)).all()


def test_htmt_of_a_single_item_takes_one_within():
    corr = np.array([[1, 0.5, 0.4], [0.5, 1, 0.2], [0.4, 0.2, 1]])
    member = np.array([[1, 0], [1, 0], [0, 1]], dtype=bool)
    assert reliability.htmt(corr, member)[0, 1] == pytest.approx(0.3 / np.sqrt(0.5))


def test_batch_equals_loop(cov):
    corr = cov / np.sqrt(np.einsum("bi,bj->bij", *[np.diagonal(cov, axis1=1, axis2=2)] * 2))
    for function in (reliability.alpha, reliability.htmt):
        batch = function(corr, MEMBER)
        each = np.array([function(one, MEMBER) for one in corr])
        assert np.allclose(batch, each, rtol=1e-13, atol=0, equal_nan=True)


def test_singular_input_gives_nan_without_a_warning():
    zero = np.zeros((6, 6))
    assert np.isnan(reliability.alpha(zero, MEMBER)).all()
    assert np.isnan(reliability.htmt(zero, MEMBER)[0, 1])
