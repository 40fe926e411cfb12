"""Bootstrap resamples as counts.

A resample is a row of counts: how often each respondent was drawn. Replicates
are made in blocks of `BLOCK`, each from its own random stream, so replicate b of
a seed is the same whatever the number of replicates, the chunk size or the
number of workers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK = 64


def counts_from_rows(rows: NDArray[np.integer], n: int) -> NDArray[np.float64]:
    """Return counts (B, n) of resampled row numbers (B, m), which start at 0."""
    shifted = rows + np.arange(rows.shape[0])[:, None] * n
    counts = np.bincount(shifted.ravel(), minlength=rows.shape[0] * n)
    return counts.reshape(rows.shape[0], n).astype(np.float64)


def bootstrap_chunks(
    n: int, replicates: int, seed: int, size: int = 512
) -> Iterator[NDArray[np.float64]]:
    """Yield nonparametric bootstrap counts, at most about `size` replicates (b, n) at a time."""
    pending: list[NDArray[np.float64]] = []
    for block, start in enumerate(range(0, replicates, BLOCK)):
        stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block,)))
        rows = stream.integers(0, n, size=(BLOCK, n))[: replicates - start]
        pending.append(counts_from_rows(rows, n))
        if sum(len(part) for part in pending) >= size:
            yield np.concatenate(pending)
            pending = []
    if pending:
        yield np.concatenate(pending)
