"""The infinitesimal jackknife of a function of moments.

A respondent moves a function of means and covariances by its derivatives times what the
respondent does to these: ``x - mean`` and ``(x - mean)(x - mean)' - cov`` (Jaeckel 1972). So the
function is computed at a few changed moments, however many respondents there are.

Symbols: `mean` (G, p) and `cov` (G, p, p) of G samples; m = p + p (p + 1) / 2 moments each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.intervals import skewed

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Change of each moment, in standard deviations of the items: far above the tolerance of an
# iterative estimator, far below the sampling error of samples this is meant for.
STEP = 1e-3
# Of one-sided differences, whose error grows with the step itself.
FORWARD = 2e-4
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


def _sizes(cov: Array, step: float = STEP) -> Array:
    """Return the steps (G, m): of the means, then of the upper triangle of covariances."""
    first, second = np.triu_indices(cov.shape[-1])
    sd = np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1))
    return step * np.concatenate([sd, sd[:, first] * sd[:, second]], axis=1)


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


def standard_errors(
    function: Callable[[Array, Array], Mapping[str, Array]],
    values: Mapping[str, Array],
    mean: Array,
    cov: Array,
    x: Array,
    counts: Array,
    weights: Array,
) -> dict[str, Array]:
    """Return the standard errors (B, ...) of a function of moments in each of B resamples.

    ``se^2 = sum_i f_i (w_i l_i)^2 / (sum_i f_i w_i)^2`` with l_i the empirical influence of a
    respondent in the resample itself, the nonparametric delta method (Davison & Hinkley 1997,
    section 2.7.2). Derivatives are one-sided differences.

    Parameters
    ----------
    function : callable
        Takes means (..., p) and covariances (..., p, p) with one leading axis, and returns arrays
        by name.
    values : dict of str to ndarray (B, ...)
        What it returns of the resamples.
    mean, cov : ndarray (B, p), (B, p, p)
        Their moments.
    x : ndarray (n, p)
        Answers.
    counts : ndarray (B, n)
        How often each respondent was drawn, f.
    weights : ndarray (n,)
        Case weights, w.
    """
    p = x.shape[1]
    size = max(1, ENTRIES // (p**2 * (p * (p + 3) // 2)))
    parts = []
    for start in range(0, len(mean), size):
        own = slice(start, start + size)
        base = {name: value[own] for name, value in values.items()}
        slopes = _slopes(function, base, mean[own], cov[own])
        parts.append(_errors(slopes, mean[own], cov[own], x, counts[own], weights))
    joined = np.concatenate(parts)
    out, at = {}, 0
    for name, value in values.items():
        width = int(np.prod(value.shape[1:]))
        out[name] = joined[:, at : at + width].reshape(value.shape)
        at += width
    return out


def _slopes(
    function: Callable[[Array, Array], Mapping[str, Array]],
    base: Mapping[str, Array],
    mean: Array,
    cov: Array,
) -> Array:
    """Return the derivatives (b, m, q) of all quantities with respect to the moments."""
    b, p = mean.shape
    size = _sizes(cov, FORWARD)
    m = size.shape[1]
    first, second = np.triu_indices(p)
    means, covs = np.repeat(mean, m, axis=0), np.repeat(cov, m, axis=0)
    means, covs = means.reshape(b, m, p), covs.reshape(b, m, p, p)
    own, at = np.arange(p), p + np.arange(len(first))
    means[:, own, own] += size[:, :p]
    covs[:, at, first, second] += size[:, p:]
    covs[:, at, second, first] = covs[:, at, first, second]
    moved = function(means.reshape(-1, p), covs.reshape(-1, p, p))
    changes = [
        moved[name].reshape(b, m, -1) - value.reshape(b, 1, -1) for name, value in base.items()
    ]
    return np.concatenate(changes, axis=-1) / size[..., None]


def _errors(
    slopes: Array, mean: Array, cov: Array, x: Array, counts: Array, weights: Array
) -> Array:
    """Return the standard errors (b, q) of quantities with derivatives (b, m, q)."""
    first, second = np.triu_indices(x.shape[1])
    b, m, q = slopes.shape
    share = counts * weights**2 / ((counts @ weights) ** 2)[:, None]
    square = np.zeros((b, q))
    step, unbiased = max(1, ENTRIES // (b * (m + q))), len(x) / (len(x) - 1)
    for start in range(0, len(x), step):
        rows = slice(start, start + step)
        d = x[rows] - mean[:, None]
        pairs = unbiased * d[..., first] * d[..., second] - cov[:, None, first, second]
        change = np.concatenate([d, pairs], axis=-1) @ slopes
        square += (share[:, None, rows] @ change**2)[:, 0]
    return np.sqrt(square)
