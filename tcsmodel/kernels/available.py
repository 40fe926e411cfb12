"""Moments of answers with gaps from what is there, many weightings at once; and filled gaps.

Symbols: `x` (n, p) answers, nan where missing; `weights` (B, n) case weights, bootstrap counts,
or their product. Without gaps both kinds of moments are those of `kernels.moments`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.missing import patterns

Array = NDArray[np.float64]

PRODUCTS = 4_000_000  # pair products held at once


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums (B, p, p) over the respondents who answered both items of a pair.

    weight: of the weights; first: of item i; squared: of its square; product: of i times j;
    center (p,): what was subtracted from the answers.
    """

    weight: Array
    first: Array
    squared: Array
    product: Array
    center: Array


def _sums(x: Array, weights: Array) -> _Sums:
    seen = np.isfinite(x)
    center = np.where(seen, x, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    z, on = np.where(seen, x - center, 0.0), seen.astype(np.float64)
    n, p = x.shape
    parts = np.zeros((4, len(weights), p * p))
    for start in range(0, n, step := max(1, PRODUCTS // (p * p))):
        rows = slice(start, start + step)
        w, own, there = weights[:, rows], z[rows], on[rows]
        for part, (left, right) in zip(
            parts, ((there, there), (own, there), (own**2, there), (own, own)), strict=True
        ):
            part += w @ (left[:, :, None] * right[:, None, :]).reshape(len(left), -1)
    weight, first, squared, product = parts.reshape(4, -1, p, p)
    return _Sums(weight, first, squared, product, center)


def mean_replaced(x: Array, weights: Array) -> tuple[Array, Array]:
    """Return means (B, p) and covariances (B, p, p), gaps replaced by the means of the items."""
    s, n = _sums(x, weights), len(x)
    with np.errstate(all="ignore"):
        mean = _diagonal(s.first) / _diagonal(s.weight)
        left, right = mean[:, :, None], mean[:, None, :]
        cross = s.product - left * s.first.swapaxes(1, 2) - right * s.first
        cov = (cross + left * right * s.weight) / weights.sum(axis=1)[:, None, None]
    return s.center + mean, cov * (n / (n - 1))


def pairwise(x: Array, weights: Array) -> tuple[Array, Array]:
    """Return means (B, p) and covariances (B, p, p) from all answers to an item or a pair.

    Correlations use the respondents who answered both items, for deviations too; means and
    variances those who answered the item. Nan for pairs that nobody answered.
    """
    s, n = _sums(x, weights), len(x)
    with np.errstate(all="ignore"):
        mean = s.first / s.weight
        variance = s.squared / s.weight - mean**2
        cross = s.product / s.weight - mean * mean.swapaxes(1, 2)
        corr = cross / np.sqrt(variance * variance.swapaxes(1, 2))
        answered = _diagonal(s.weight) * (n / weights.sum(axis=1)[:, None])
        sd = np.sqrt(_diagonal(variance) * answered / (answered - 1))
        cov = corr * sd[:, :, None] * sd[:, None, :]
    return s.center + _diagonal(mean), cov


def filled(x: Array, mean: Array, cov: Array) -> Array:
    """Return answers (n, p) with gaps replaced by what the others of a respondent predict.

    Conditional means of a normal distribution with these moments (p,) and (p, p). Means of
    items are the special case of a diagonal `cov`.
    """
    found, out = patterns(x), np.where(np.isfinite(x), x, mean)
    z = np.where(np.isfinite(x), x - mean, 0.0)
    for seen, rows in zip(found.observed, found.rows, strict=True):
        gone = ~seen
        slope = np.linalg.lstsq(cov[np.ix_(seen, seen)], cov[np.ix_(seen, gone)], rcond=None)[0]
        out[np.ix_(rows, gone)] = mean[gone] + z[np.ix_(rows, seen)] @ slope
    return out


def prorated(x: Array, weights: Array, there: NDArray[np.bool_]) -> Array:
    """Return weighted sums (n, k) of the values (n, p) that are there, by weights (p, k).

    They stand for all, in proportion to their weights: the sum over what is there, times the sum
    of all weights over that of the weights there are. nan where none is.
    """
    if there.all():
        return np.asarray(x @ weights)
    some = (there.astype(np.float64) @ (weights != 0)) > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = weights.sum(axis=0) / (there @ weights)
        return np.where(some, (np.where(there, x, 0.0) @ weights) * scale, np.nan)


def _diagonal(a: Array) -> Array:
    return np.diagonal(a, axis1=1, axis2=2)
