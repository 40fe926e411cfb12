"""Parallel analysis: eigenvalues against those of uncorrelated items (Horn 1965).

Symbols: `corr` (..., p, p) correlations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.extraction import minres
from tcsmodel.kernels.moments import to_corr

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Eigenvalues:
    """factor (..., p) of the reduced and component (..., p) of the full correlations, falling."""

    factor: Array
    component: Array


@dataclass(frozen=True, slots=True)
class Parallel:
    """observed, mean and q95 of simulated eigenvalues, each with factor and component (p,).

    q95 is the 95th percentile. factors and components are the numbers of leading observed
    eigenvalues above it.
    """

    observed: Eigenvalues
    mean: Eigenvalues
    q95: Eigenvalues
    factors: int
    components: int


def eigenvalues(corr: Array) -> Eigenvalues:
    """Return the eigenvalues of the correlations as they are, and with communalities inside.

    The communalities of the reduced matrix are those of one minres factor, so that random
    data and real data are reduced by the same rule.
    """
    uniqueness = minres(corr, 1).uniqueness
    p = corr.shape[-1]
    reduced = corr - uniqueness[..., None] * np.eye(p)
    return Eigenvalues(_falling(reduced), _falling(corr))


def _falling(matrix: Array) -> Array:
    return np.asarray(np.linalg.eigvalsh(matrix)[..., ::-1], dtype=np.float64)


def random_correlations(n: int, p: int, replicates: int, seed: int) -> Array:
    """Return correlations (B, p, p) of n respondents who answer p normal items at random.

    Drawn from the Wishart distribution itself (Bartlett 1933), so the cost does not depend
    on n.
    """
    generator = np.random.default_rng(seed)
    factor = np.tril(generator.standard_normal((replicates, p, p)), -1)
    freedom = n - 1 - np.arange(p)
    at = np.arange(p)
    factor[:, at, at] = np.sqrt(generator.chisquare(freedom, size=(replicates, p)))
    return to_corr(factor @ np.swapaxes(factor, -1, -2))


def parallel_analysis(corr: Array, n: int, seed: int, replicates: int) -> Parallel:
    """Return observed and simulated eigenvalues of one correlation matrix (p, p), n > p."""
    observed = eigenvalues(corr)
    random = eigenvalues(random_correlations(n, corr.shape[-1], replicates, seed))
    mean = Eigenvalues(random.factor.mean(axis=0), random.component.mean(axis=0))
    limits = [np.quantile(part, 0.95, axis=0) for part in (random.factor, random.component)]
    return Parallel(
        observed,
        mean,
        Eigenvalues(*limits),
        _leading(observed.factor > limits[0]),
        _leading(observed.component > limits[1]),
    )


def _leading(above: NDArray[np.bool_]) -> int:
    return int(np.argmin(above)) if not above.all() else len(above)
