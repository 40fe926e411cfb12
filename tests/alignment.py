"""Factors are defined up to order and sign: bring ours into the order and signs of theirs."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment


def match(ours: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each column of `theirs` the column of `ours` that matches it, and its sign."""
    product = ours.T @ theirs
    rows, columns = linear_sum_assignment(-np.abs(product))
    order = rows[np.argsort(columns)]
    return order, np.sign(product[order, np.arange(len(order))])


def aligned(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return the columns of `ours` in the order and with the signs of `theirs`."""
    order, sign = match(ours, theirs)
    return ours[:, order] * sign
