"""Bootstrap resamples as counts, and permutations as orders.

A resample is a row of counts: how often each respondent was drawn. Replicates
are made in blocks of `BLOCK`, each from its own random stream, so replicate b of
a seed is the same whatever the number of replicates, the chunk size or the
number of workers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.design import Design

BLOCK = 64


def counts_from_rows(rows: NDArray[np.integer], n: int) -> NDArray[np.float64]:
    """Return counts (B, n) of resampled row numbers (B, m), which start at 0."""
    shifted = rows + np.arange(rows.shape[0])[:, None] * n
    counts = np.bincount(shifted.ravel(), minlength=rows.shape[0] * n)
    return counts.reshape(rows.shape[0], n).astype(np.float64)


def bootstrap_chunks(
    n: int,
    replicates: int,
    seed: int,
    size: int = 512,
    *,
    stratum: int | tuple[int, int] | None = None,
    drawn: int | None = None,
) -> Iterator[NDArray[np.float64]]:
    """Yield nonparametric bootstrap counts, at most about `size` replicates (b, n) at a time.

    Each `stratum` (of a unit, where two numbers are given) has random streams of its own; `drawn`
    of n are drawn, n by default.
    """
    key = () if stratum is None else (stratum,) if isinstance(stratum, int) else stratum
    pending: list[NDArray[np.float64]] = []
    for block, start in enumerate(range(0, replicates, BLOCK)):
        stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block, *key)))
        rows = stream.integers(0, n, size=(BLOCK, n if drawn is None else drawn))[
            : replicates - start
        ]
        pending.append(counts_from_rows(rows, n))
        if sum(len(part) for part in pending) >= size:
            yield np.concatenate(pending)
            pending = []
    if pending:
        yield np.concatenate(pending)


def stratified_chunks(
    strata: NDArray[np.intp], replicates: int, seed: int, size: int = 512
) -> Iterator[NDArray[np.float64]]:
    """Yield counts (b, n) of resamples drawn within strata (n,), numbered from 0."""
    members = [np.flatnonzero(strata == k) for k in range(int(strata.max()) + 1)]
    own = [
        bootstrap_chunks(len(rows), replicates, seed, size, stratum=k)
        for k, rows in enumerate(members)
    ]
    for parts in zip(*own, strict=True):
        counts = np.zeros((len(parts[0]), len(strata)))
        for rows, part in zip(members, parts, strict=True):
            counts[:, rows] = part
        yield counts


def design_chunks(
    given: Design, replicates: int, seed: int, size: int = 512, *, unit: int | None = None
) -> Iterator[NDArray[np.float64]]:
    """Yield weights (b, n) of resamples of clusters drawn within strata, of a `unit` its own.

    Of the m clusters of a stratum m - 1 are drawn with replacement and count m / (m - 1) times,
    which makes the variance of a sum unbiased (Rao & Wu 1988, JASA 83, 231-241; Rao, Wu & Yue
    1992): m of m would make it too small, by half for two clusters.
    """
    members = [np.flatnonzero(given.stratum == h) for h in range(len(given.sizes))]
    own = [
        bootstrap_chunks(
            m, replicates, seed, size, stratum=h if unit is None else (unit, h), drawn=m - 1
        )
        for h, m in enumerate(given.sizes.tolist())
    ]
    for parts in zip(*own, strict=True):
        counts = np.empty((len(parts[0]), len(given.stratum)))
        for clusters, part in zip(members, parts, strict=True):
            m = len(clusters)
            counts[:, clusters] = part * (m / (m - 1))
        yield counts[:, given.cluster]


def permutation_chunks(
    n: int, replicates: int, seed: int, size: int = 512
) -> Iterator[NDArray[np.intp]]:
    """Yield random orders (b, n) of n respondents, at most about `size` at a time."""
    pending: list[NDArray[np.intp]] = []
    for block, start in enumerate(range(0, replicates, BLOCK)):
        stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block,)))
        for first in range(start, min(start + BLOCK, replicates), size):
            rows = min(size, start + BLOCK - first, replicates - first)
            pending.append(stream.permuted(np.tile(np.arange(n), (rows, 1)), axis=1))
            if sum(len(part) for part in pending) >= size:
                yield np.concatenate(pending)
                pending = []
    if pending:
        yield np.concatenate(pending)


def jackknife_chunks(
    n: int, parts: int | None = None, size: int = 512
) -> Iterator[NDArray[np.float64]]:
    """Yield the counts (b, n) of leaving out each respondent, or each of so many parts of them.

    Part k has every `parts`-th respondent from the k-th on.
    """
    parts = n if parts is None else parts
    member = np.arange(n) % parts
    for start in range(0, parts, size):
        left_out = np.arange(start, min(start + size, parts))
        yield (member != left_out[:, None]).astype(np.float64)
