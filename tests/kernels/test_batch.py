"""Chunks run in parallel come back in order, and a failure is not swallowed."""

from __future__ import annotations

import time

import pytest

from tcsmodel.kernels.batch import map_chunks


def slow_first(value):
    time.sleep(0.02 if value == 0 else 0)
    return value * 2


@pytest.mark.parametrize("workers", [1, 2, None])
def test_order_is_kept(workers):
    assert list(map_chunks(slow_first, range(7), workers)) == list(range(0, 14, 2))


def test_no_more_chunks_exist_than_are_needed():
    taken = []

    def chunks():
        for value in range(20):
            taken.append(value)
            yield value

    results = map_chunks(slow_first, chunks(), 2)
    next(results)
    assert len(taken) <= 3


def test_a_failure_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(map_chunks(lambda value: 1 / value, [1, 0, 2], 2))
