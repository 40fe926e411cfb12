"""Tests of a mean of paired differences, with weights and sampling designs.

Symbols: `d` (n, q) differences, nan where a respondent has none; `weights` (n,).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.design import Design, between, totals
from tcsmodel.kernels.replicates import Replicates

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Paired:
    """mean (q,), its standard error se (q,), and degrees of freedom df (q,)."""

    mean: Array
    se: Array
    df: Array


def paired(d: Array, weights: Array, design: Design | Replicates | None = None) -> Paired:
    """Return the weighted means of differences (n, q) and their standard errors.

    By linearisation; without weights and design ``sd / sqrt(n)`` with ``n - 1`` degrees of
    freedom. Columns are judged one by one, each over those who have it.
    """
    known = np.isfinite(d)
    held, w = np.where(known, d, 0.0), np.where(known, weights[:, None], 0.0)
    n = known.sum(axis=0)
    with np.errstate(all="ignore"):
        total = w.sum(axis=0)
        mean = (w * held).sum(axis=0) / total
        score = w * np.where(known, held - mean, 0.0) / total
        if design is None:
            se, df = np.sqrt((score**2).sum(axis=0) * n / (n - 1)), n - 1.0
        else:
            se = np.sqrt(np.diagonal(between(design, totals(design, score))))
            df = np.full(d.shape[1], float(design.df))
    return Paired(mean, se, df)


def bootstrap_p(
    d: Array, weights: Array, found: Paired, chunks: Iterable[Array], *, studentized: bool = True
) -> NDArray[np.float64]:
    """Return the p value (q,) of a mean of differences (n, q) below zero, from resamples.

    The share of resamples, counts (b, n) at a time, whose t lies below that of the differences;
    they are drawn from differences shifted to a mean of zero (Liengaard et al. 2021). Their t
    has their own standard error, or where not `studentized` that of the differences, as resamples
    of a sampling design need.
    """
    known = np.isfinite(d)
    w = np.where(known, weights[:, None], 0.0)
    z = np.where(known, d - found.mean, 0.0)
    parts = [w, w * z]
    if studentized:
        parts += [w**2, w**2 * z, w**2 * z**2, known.astype(np.float64)]
    together = np.column_stack(parts)
    below, replicates = np.zeros(d.shape[1]), 0
    with np.errstate(all="ignore"):
        observed = found.mean / found.se
        for counts in chunks:
            total, first, *rest = np.split(counts @ together, len(parts), axis=1)
            mean = first / total
            t = mean / (_errors(mean, total, *rest) if studentized else found.se)
            below += (t <= observed).sum(axis=0)
            replicates += len(counts)
        return np.where(np.isfinite(observed), (below + 1) / (replicates + 1), np.nan)


def _errors(mean: Array, total: Array, w2: Array, w2z: Array, w2zz: Array, n: Array) -> Array:
    """Return the standard errors (b, q) of the means of resamples from their sums."""
    spread = w2zz - 2 * mean * w2z + mean**2 * w2
    return np.sqrt(spread * n / (n - 1)) / total
