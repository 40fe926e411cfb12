"""Rotation against strict references, and what no rotation may change."""

from __future__ import annotations

import numpy as np
import pytest
import tolerances as tol
from alignment import aligned, match
from golden_files import expected
from hypothesis import given, settings
from hypothesis import strategies as st

from tcsmodel.kernels import rotation
from tcsmodel.kernels.rotation import oblimin, unrotated, varimax
from tcsmodel.kernels.status import Status

METHODS = [varimax, oblimin, unrotated]


@pytest.fixture(scope="module")
def theirs():
    return expected("A_rotations_HS1939")


def noisy(seed: int, p: int = 10, k: int = 3) -> np.ndarray:
    generator = np.random.default_rng(seed)
    simple = np.zeros((p, k))
    simple[np.arange(p), np.arange(p) % k] = generator.uniform(0.5, 0.9, p)
    simple += generator.uniform(-0.15, 0.15, (p, k))
    return simple @ np.linalg.qr(generator.normal(size=(k, k)))[0]


@pytest.mark.parametrize("key", ["stats_varimax", "Varimax_kaiser"])
def test_varimax(theirs, key):
    reference = theirs[key]["loadings"].to_numpy()
    ours = varimax(theirs["unrotated"].to_numpy())
    np.testing.assert_allclose(
        aligned(ours.loadings, reference), reference, rtol=0, atol=tol.EFA_STRICT
    )


def test_oblimin(theirs):
    reference, phi = (theirs["oblimin"][key].to_numpy() for key in ("loadings", "Phi"))
    ours = oblimin(theirs["unrotated"].to_numpy())
    np.testing.assert_allclose(
        aligned(ours.loadings, reference), reference, rtol=0, atol=tol.EFA_STRICT
    )
    order, sign = match(ours.loadings, reference)
    turned = ours.phi[np.ix_(order, order)] * np.outer(sign, sign)
    np.testing.assert_allclose(turned, phi, rtol=0, atol=tol.EFA_STRICT)
    np.testing.assert_allclose(ours.criterion, theirs["oblimin"]["f"], rtol=1e-9)


@pytest.mark.parametrize("criterion", [rotation._varimax, rotation._quartimin])
def test_gradients_are_derivatives(criterion):
    loadings, step = noisy(1), 1e-6
    gradient = criterion(loadings)[1]
    for at in np.ndindex(loadings.shape):
        ahead, behind = loadings.copy(), loadings.copy()
        ahead[at] += step
        behind[at] -= step
        slope = (criterion(ahead)[0] - criterion(behind)[0]) / (2 * step)
        assert gradient[at] == pytest.approx(slope, abs=1e-8)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(METHODS))
def test_rotation_keeps_what_the_factors_explain(seed, method):
    a = noisy(seed)
    turned = method(a)
    assert turned.status == Status.CONVERGED
    np.testing.assert_allclose(
        turned.loadings @ turned.phi @ turned.loadings.T, a @ a.T, atol=1e-10
    )
    np.testing.assert_allclose(np.diag(turned.phi), 1)
    assert (turned.loadings.sum(axis=0) >= 0).all()
    variance = np.diag(turned.phi @ turned.loadings.T @ turned.loadings)
    assert (np.diff(variance) <= 1e-12).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([varimax, oblimin]))
def test_the_start_does_not_matter_with_a_clear_structure(seed, method):
    a = noisy(seed)
    spun = a @ np.linalg.qr(np.random.default_rng(seed + 1).normal(size=(3, 3)))[0]
    first, second = method(a), method(spun)
    np.testing.assert_allclose(aligned(second.loadings, first.loadings), first.loadings, atol=1e-6)


@pytest.mark.parametrize("phi", [0.5, 0.9])
def test_oblimin_leaves_saddles_and_local_minima(phi):
    """Equal loadings make the unrotated start stationary; at .9 a local minimum is near."""
    a = np.kron(np.eye(2), np.full((4, 1), 0.8))
    values, vectors = np.linalg.eigh(a @ np.array([[1, phi], [phi, 1]]) @ a.T)
    turned = oblimin(vectors[:, -2:] * np.sqrt(values[-2:]))
    assert turned.criterion == pytest.approx(0, abs=1e-12)
    assert turned.phi[0, 1] == pytest.approx(phi, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_batch_equals_loop(method):
    a = np.stack([noisy(seed) for seed in range(4)]).reshape(2, 2, 10, 3)
    together = method(a)
    for at in np.ndindex(2, 2):
        np.testing.assert_allclose(together.loadings[at], method(a[at]).loadings, atol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_one_factor_is_only_turned_to_a_positive_sum(method):
    a = -noisy(3)[:, :1]
    np.testing.assert_allclose(method(a).loadings, a * np.sign(a.sum()), atol=1e-12)


def test_loadings_that_are_not_numbers_get_a_status():
    a = np.stack([noisy(1), np.full((10, 3), np.nan)])
    turned = oblimin(a)
    assert turned.status.tolist() == [Status.CONVERGED, Status.SINGULAR]
    np.testing.assert_allclose(turned.loadings[0], oblimin(noisy(1)).loadings, atol=1e-8)


def test_an_item_without_loadings_survives_kaiser_normalization():
    a = noisy(2)
    a[4] = 0
    turned = varimax(a)
    assert turned.status == Status.CONVERGED
    np.testing.assert_array_equal(turned.loadings[4], 0)
