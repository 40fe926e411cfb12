"""Resamples: whole, reproducible, and independent of how they are cut into chunks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcsmodel.kernels.resample import BLOCK, bootstrap_chunks, counts_from_rows


def drawn(n, replicates, seed, size=512):
    return np.concatenate(list(bootstrap_chunks(n, replicates, seed, size)))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 200), st.integers(0, 9), st.integers(1, 300))
def test_chunks_do_not_change_the_draws(n, replicates, seed, size):
    counts = drawn(n, replicates, seed, size)
    assert counts.shape == (replicates, n)
    assert (counts.sum(axis=1) == n).all()
    np.testing.assert_array_equal(counts, drawn(n, replicates, seed))


def test_more_replicates_begin_with_the_same():
    few, many = drawn(30, BLOCK + 3, 7), drawn(30, 3 * BLOCK, 7)
    np.testing.assert_array_equal(many[: len(few)], few)


def test_seeds_and_blocks_differ():
    first = drawn(30, 2 * BLOCK, 7)
    assert (first[:BLOCK] != first[BLOCK:]).any()
    assert (first != drawn(30, 2 * BLOCK, 8)).any()


def test_every_respondent_is_drawn_equally_often():
    counts = drawn(20, 4000, 1)
    assert counts.mean(axis=0) == pytest.approx(np.ones(20), abs=0.06)
    assert counts.var() == pytest.approx(19 / 20, abs=0.03)


def test_counts_from_rows():
    rows = np.array([[0, 0, 2], [1, 1, 1]])
    assert counts_from_rows(rows, 4).tolist() == [[2, 0, 1, 0], [0, 3, 0, 0]]
