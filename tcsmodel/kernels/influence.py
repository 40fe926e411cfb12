"""The infinitesimal jackknife of a function of moments.

A respondent moves a function of means and covariances by its derivatives times what the
respondent does to these: ``x - mean`` and ``(x - mean)(x - mean)' - cov`` (Jaeckel 1972). So the
function is computed at a few changed moments, however many respondents there are.

Symbols: `mean` (G, p) and `cov` (G, p, p) of G samples; m = p + p (p + 1) / 2 moments each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.intervals import skewed

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Change of each moment, in standard deviations of the items: far above the tolerance of an
# iterative estimator, far below the sampling error of samples this is meant for.
STEP = 1e-3
# Numbers held at once.
ENTRIES = 4_000_000


def moment_steps(mean: Array, cov: Array) -> tuple[Array, Array]:
    """Return the moments (2 G m, G, p) and (2 G m, G, p, p), each changed up, then each down."""
    groups, p = mean.shape
    size = _sizes(cov)
    first, second = np.triu_indices(p)
    means = np.zeros((groups, size.shape[1], groups, p))
    covs = np.zeros((groups, size.shape[1], groups, p, p))
    for g in range(groups):
        means[g, np.arange(p), g, np.arange(p)] = size[g, :p]
        at = p + np.arange(len(first))
        covs[g, at, g, first, second] = covs[g, at, g, second, first] = size[g, p:]
    up, wide = means.reshape(-1, groups, p), covs.reshape(-1, groups, p, p)
    return np.concatenate([mean + up, mean - up]), np.concatenate([cov + wide, cov - wide])


def _sizes(cov: Array) -> Array:
    """Return the steps (G, m): of the means, then of the upper triangle of covariances."""
    first, second = np.triu_indices(cov.shape[-1])
    sd = np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1))
    return STEP * np.concatenate([sd, sd[:, first] * sd[:, second]], axis=1)


def acceleration(
    values: Array, mean: Array, cov: Array, x: Array, weights: Array, strata: Index
) -> Array:
    """Return the acceleration (...,) of BCa intervals (`kernels.intervals.bca`).

    Parameters
    ----------
    values : ndarray (2 G m, ...)
        A function of moments at those of `moment_steps`.
    mean, cov : ndarray
        The moments of the samples.
    x : ndarray (n, p)
        Answers.
    weights : ndarray (n,)
        Case weights.
    strata : ndarray (n,)
        The sample that each respondent is in, numbered from 0.
    """
    size = _sizes(cov)
    up, down = np.split(values.reshape(len(values), -1), 2)
    slope = ((up - down) / (2 * size.reshape(-1, 1))).reshape(*size.shape, -1)
    share = weights / np.bincount(strata, weights)[strata]
    square, cube = np.zeros(slope.shape[-1]), np.zeros(slope.shape[-1])
    first, second = np.triu_indices(x.shape[1])
    step = max(1, ENTRIES // (size.shape[1] + slope.shape[-1]))
    for g in range(len(mean)):
        own = np.flatnonzero(strata == g)
        for start in range(0, len(own), step):
            rows = own[start : start + step]
            d = x[rows] - mean[g]
            pairs = d[:, first] * d[:, second] - cov[g][first, second]
            change = np.concatenate([d, pairs], axis=1) @ slope[g] * share[rows, None]
            square += (change**2).sum(axis=0)
            cube += (change**3).sum(axis=0)
    return skewed(square, cube).reshape(values.shape[1:])
