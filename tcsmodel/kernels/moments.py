"""Weighted means, covariances and correlations, many weightings at once.

Symbols: `x` (n, p) answers; `weights` (..., n) case weights, bootstrap counts,
or their product; `mean` (..., p); `cov` (..., p, p).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PRODUCTS = 4_000_000  # pair products held at once, so that memory does not grow with n
ROUNDING = 1e-13
LOST = 1e-12  # the same of a difference


def moments(x: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Return weighted means (..., p) and covariances (..., p, p).

    ``cov = n / (n - 1) * sum_i w_i d_i d_i' / sum_i w_i`` with ``d_i = x_i - mean``
    and n the number of rows: the usual sample covariance when all weights are
    equal, and for counts that sum to n the sample covariance of the resample. A variance
    that is nothing but rounding error, as of an item that is constant in a resample, is 0.
    One matrix product serves all leading axes of `weights`.
    """
    n = len(x)
    center = np.add.reduce(x, axis=0) / n
    if weights is None:
        shift, second = (total / n for total in _sums(x, center))
    else:
        share = weights / weights.sum(axis=-1, keepdims=True)
        if share.ndim == 1:
            shift, second = _sums(x, center, share)
        else:
            d = x - center
            shift, second = share @ d, _batched_gram(d, share)
    cov = second - shift[..., :, None] * shift[..., None, :]
    own = np.arange(x.shape[1])
    variance = cov[..., own, own]
    cov[..., own, own] = np.where(variance > ROUNDING * second[..., own, own], variance, 0.0)
    return center + shift, cov * (n / (n - 1))


def by_unit(
    x: Array, unit: NDArray[np.intp], units: int, weights: Array | None = None
) -> tuple[Array, Array]:
    """Return means (U, p) and covariances (U, p, p) of the rows of each unit.

    What `moments` returns for the rows of one unit, numbered by `unit` (n,); nan where a unit
    has fewer than two. Units of about one size are stacked and multiplied together.
    """
    p, size = x.shape[1], np.bincount(unit, minlength=units)
    order, first = np.argsort(unit, kind="stable"), np.cumsum(size) - size
    mean, cov = np.full((units, p), np.nan), np.full((units, p, p), np.nan)
    if weights is None:
        weights = np.ones(len(x))
    for own in alike(size, PRODUCTS // p):
        place = np.arange(size[own].max())
        inside = place < size[own, None]
        rows = order[np.where(inside, first[own, None] + place, 0)]
        share = np.where(inside, weights[rows], 0.0)
        share /= share.sum(axis=1, keepdims=True)
        mean[own] = (share[:, None] @ x[rows])[:, 0]
        root = (x[rows] - mean[own, None]) * np.sqrt(share)[..., None]
        factor = size[own] / (size[own] - 1)
        cov[own] = root.swapaxes(1, 2) @ root * factor[:, None, None]
    return mean, cov


def stacked(x: Array, weights: Array, size: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return means (U, B, p) and covariances (U, B, p, p) of U units, each under B weightings.

    What `moments` returns for each, of answers (U, n, p) and weights (U, B, n); rows behind the
    first `size` (U,) of a unit fill it up and weigh nothing.
    """
    p = x.shape[-1]
    center = x.sum(axis=1, keepdims=True) / size[:, None, None]
    d = x - center
    first, second = np.triu_indices(p)
    share = weights / weights.sum(axis=-1, keepdims=True)
    shift = share @ d
    packed = share @ (d[..., first] * d[..., second])
    raw = packed[..., first == second]
    packed -= shift[..., first] * shift[..., second]
    cov = np.empty((*shift.shape, p))
    cov[..., first, second] = packed
    cov[..., second, first] = packed
    own = np.arange(p)
    cov[..., own, own] = np.where(cov[..., own, own] > ROUNDING * raw, cov[..., own, own], 0.0)
    return center + shift, cov * (size / (size - 1))[:, None, None, None]


def alike(size: NDArray[np.intp], most: int) -> Iterator[NDArray[np.intp]]:
    """Yield units of two rows or more, those of about one size together, `most` rows at once."""
    order = np.argsort(size, kind="stable")
    order = order[size[order] > 1]
    while len(order):
        end = int(np.searchsorted(size[order], 1.25 * size[order[0]] + 8, side="right"))
        end = min(end, max(1, most // int(size[order[end - 1]])))
        yield order[:end]
        order = order[end:]


def remainder(
    mean: Array, cov: Array, means: Array, covs: Array, share: Array
) -> tuple[Array, Array]:
    """Return means (..., p) and covariances (..., p, p) of the rows that are in no part.

    Of all rows, (p,) and (p, p), and of parts, (..., g, p) and (..., g, p, p), with their shares
    (..., g) of the weights; all divide by sums of weights. Exact as long as the rest is no small
    part. A variance that is nothing but rounding error is 0, as in `moments`.
    """
    left = 1 - share.sum(axis=-1)
    gap = means - mean
    about = covs + gap[..., :, None] * gap[..., None, :]
    shift = -(share[..., None] * gap).sum(axis=-2) / left[..., None]
    second = (cov - (share[..., None, None] * about).sum(axis=-3)) / left[..., None, None]
    found = second - shift[..., :, None] * shift[..., None, :]
    own = np.arange(len(mean))
    variance, least = found[..., own, own], LOST * np.diag(cov) / left[..., None]
    found[..., own, own] = np.where(variance > least, variance, 0.0)
    return mean + shift, found


def _sums(x: Array, center: Array, share: Array | None = None) -> tuple[Array, Array]:
    """Return weighted sums (p,), (p, p) of deviations and their products, some rows at a time."""
    p = x.shape[1]
    first, second = np.zeros(p), np.zeros((p, p))
    for start in range(0, len(x), step := max(1, PRODUCTS // p)):
        d = x[start : start + step] - center
        if share is None:
            first += np.add.reduce(d, axis=0)
        else:
            own = share[start : start + step]
            first += own @ d
            d *= np.sqrt(own)[:, None]
        second += d.T @ d
    return first, second


def _batched_gram(d: Array, share: Array) -> Array:
    """Second moments (..., p, p) of d (n, p): one matrix product with all pair products."""
    n, p = d.shape
    first, second = np.triu_indices(p)
    packed = np.zeros((*share.shape[:-1], len(first)))
    step = max(1, PRODUCTS // len(first))
    for start in range(0, n, step):
        rows = slice(start, start + step)
        packed += share[..., rows] @ (d[rows, first] * d[rows, second])
    full = np.empty((*share.shape[:-1], p, p))
    full[..., first, second] = packed
    full[..., second, first] = packed
    return full


def to_corr(cov: Array) -> Array:
    """Return correlations (..., p, p) of covariances (..., p, p); nan where a variance is zero."""
    variance = cov.diagonal(axis1=-2, axis2=-1)
    scale = 1 / np.sqrt(np.where(variance > 0, variance, np.nan))
    corr = cov * scale[..., :, None] * scale[..., None, :]
    spot = np.arange(cov.shape[-1])
    corr[..., spot, spot] = np.where(variance > 0, 1.0, np.nan)
    return corr


def merge(
    n: tuple[int, int],
    total: tuple[float, float],
    mean: tuple[Array, Array],
    cov: tuple[Array, Array],
) -> tuple[Array, Array]:
    """Return mean (p,) and cov (p, p) of two sets of rows put together.

    The pairwise update of Chan, Golub & LeVeque (1983): `n` row numbers, `total`
    sums of weights. Weights are shared among the rows as if both sets had been
    weighted together.
    """
    n_a, n_b = n
    share = total[1] / (total[0] + total[1])
    gap = mean[1] - mean[0]
    spread = (1 - share) * cov[0] * (n_a - 1) / n_a + share * cov[1] * (n_b - 1) / n_b
    spread = spread + share * (1 - share) * np.outer(gap, gap)
    rows = n_a + n_b
    return mean[0] + share * gap, spread * (rows / (rows - 1))
