"""Total and indirect effects: sums of products along the ways, batched."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tcsmodel.kernels.effects import total_effects

CHAIN = np.array([[0, 0.5, 0.2], [0, 0, 0.4], [0, 0, 0]])


def test_chain_by_hand():
    total = total_effects(CHAIN)
    assert np.allclose(total, [[0, 0.5, 0.2 + 0.5 * 0.4], [0, 0, 0.4], [0, 0, 0]])


def test_orientation_follows_the_input():
    assert np.allclose(total_effects(CHAIN.T), total_effects(CHAIN).T)


@settings(max_examples=20, deadline=None)
@given(arrays(float, (4, 5, 5), elements=st.floats(-1, 1)))
def test_acyclic_total_is_the_power_series(square):
    direct = np.triu(square, 1)
    power, series = direct, direct
    for _ in range(4):
        power = power @ direct
        series = series + power
    assert np.allclose(total_effects(direct), series, atol=1e-12)
    assert np.allclose(total_effects(direct)[2], total_effects(direct[2]), atol=0)


def test_cycle_with_gain_one_is_nan_and_spares_its_neighbours():
    loop = np.array([[0.0, 1.0], [1.0, 0.0]])
    total = total_effects(np.stack([loop, loop / 2]))
    assert np.isnan(total[0]).all()
    assert np.allclose(total[1], [[1 / 3, 2 / 3], [2 / 3, 1 / 3]])
