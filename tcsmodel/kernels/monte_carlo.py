"""Monte Carlo studies of an estimator: sample covariances, and what became of the estimates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tcsmodel.kernels.resample import BLOCK

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def sample_covariances(
    cov: Array, n: int, replications: int, seed: int, size: int = 256
) -> Iterator[Array]:
    """Yield covariances (b, p, p), divisor n, of normal samples of n from a population.

    By Bartlett's (1933) decomposition: n S is ``L A A' L'`` with the root L of `cov` (p, p)
    and a lower triangular A, standard normal below its diagonal, on which are the roots of
    chi-squares with ``n - 1, n - 2, ..., n - p`` degrees of freedom. So no respondent is drawn,
    and the cost does not depend on n, which must exceed p. Replicate b depends on the seed, n
    and b alone; about `size` come at a time.
    """
    p = len(cov)
    root = np.linalg.cholesky(cov) / np.sqrt(n)
    below, diagonal = np.tril_indices(p, -1), np.arange(p)
    pending: list[Array] = []
    for block, start in enumerate(range(0, replications, BLOCK)):
        stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(n, block)))
        factor = np.zeros((BLOCK, p, p))
        factor[:, diagonal, diagonal] = np.sqrt(stream.chisquare(n - 1 - diagonal, (BLOCK, p)))
        factor[:, below[0], below[1]] = stream.standard_normal((BLOCK, len(below[0])))
        half = root @ factor[: replications - start]
        pending.append(half @ np.swapaxes(half, -1, -2))
        if sum(len(part) for part in pending) >= size:
            yield np.concatenate(pending)
            pending = []
    if pending:
        yield np.concatenate(pending)


@dataclass(frozen=True, slots=True)
class Performance:
    """What B replicates say about the estimates of q parameters: arrays (..., q).

    mean, sd: of the estimates; mean_se: of their standard errors; coverage: share of intervals
    that hold the population value; power: share of tests against zero that reject;
    count (...,): the replicates behind each.
    """

    mean: Array
    sd: Array
    mean_se: Array
    coverage: Array
    power: Array
    count: Array


def performance(
    estimate: Array, error: Array, counted: Mask, population: Array, level: float
) -> Performance:
    """Return how estimates (..., B, q) with standard errors perform.

    Parameters
    ----------
    estimate, error : ndarray (..., B, q)
        Of each replicate.
    counted : ndarray (..., B) of bool
        The replicates that count.
    population : ndarray (q,)
        The true values.
    level : float
        Of the intervals, and one minus the size of the tests (two-sided, by Wald).
    """
    z = special.ndtri((1 + level) / 2)
    count = counted.sum(axis=-1)
    chosen = counted[..., None]

    def mean(values: Array | Mask) -> Array:
        return np.where(chosen, values, 0.0).sum(axis=-2) / count[..., None]

    with np.errstate(all="ignore"):
        center = mean(estimate)
        square = mean(np.square(estimate - center[..., None, :]))
        return Performance(
            center,
            np.sqrt(square * (count / (count - 1.0))[..., None]),
            mean(error),
            mean(np.abs(estimate - population) <= z * error),
            mean(np.abs(estimate) > z * error),
            count.astype(np.float64),
        )


def share_error(share: Array, count: Array) -> Array:
    """Return the standard error ``sqrt(s (1 - s) / B)`` of shares of B replicates, elementwise."""
    with np.errstate(all="ignore"):
        return np.sqrt(share * (1 - share) / count)


def share_interval(share: Array, count: Array, level: float) -> tuple[Array, Array]:
    """Return Wilson's (1927) limits of shares of B replicates, elementwise."""
    z = special.ndtri((1 + level) / 2)
    with np.errstate(all="ignore"):
        shrink = 1 + z**2 / count
        center = (share + z**2 / (2 * count)) / shrink
        half = z / shrink * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return center - half, center + half
