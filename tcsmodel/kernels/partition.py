"""Partitions of respondents: how alike two are, and whether a column goes with one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def crossed(rows: Index, columns: Index, weights: Array | None = None) -> Array:
    """Return counts (r, c) of labels (n,) by labels (n,), both numbered from 0."""
    r, c = int(rows.max()) + 1, int(columns.max()) + 1
    counts = np.bincount(rows * c + columns, weights, minlength=r * c)
    return counts.reshape(r, c).astype(np.float64)


def adjusted_rand(first: Index, second: Index) -> float:
    """Return the adjusted Rand index of labels (n,) and labels (n,), Hubert & Arabie (1985).

    1 for the same partition, 0 on average for partitions that have nothing to do with each
    other; 1 for two partitions of one class each.
    """

    def pairs(counts: Array) -> float:
        return float((counts * (counts - 1)).sum() / 2)

    table = crossed(first, second)
    both, n = pairs(table), float(table.sum())
    one, other = pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = one * other / (n * (n - 1) / 2)
    most = (one + other) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def independence(table: Array) -> tuple[float, int, float]:
    """Return Pearson's chi-square of counts (r, c), its degrees of freedom and its p value.

    Rows and columns without counts are left out; nan where fewer than two of either remain.
    """
    kept = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    df = (kept.shape[0] - 1) * (kept.shape[1] - 1)
    if df == 0:
        return float("nan"), 0, float("nan")
    expected = np.outer(kept.sum(axis=1), kept.sum(axis=0)) / kept.sum()
    chi2 = float(((kept - expected) ** 2 / expected).sum())
    return chi2, df, float(chdtrc(df, chi2))
