"""Satisfaction indices on 0-100, their impacts on each other, and their standard errors.

Symbols: `m` (p, k) true where an item stands behind a construct, which is its own and one that
its own is a part of; `w` (..., p, k) their weights on the rescaled items; `performance` (..., p)
rescaled item means. An item without a scale has nan limits, and so have the indices of the
constructs that it stands behind, no others.
Source: Fornell et al. (1996), Journal of Marketing 60(4), appendix.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.available import prorated
from tcsmodel.kernels.design import Design, between, totals
from tcsmodel.kernels.replicates import Replicates

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def rescaled(x: Array, low: Array, high: Array) -> Array:
    """Return answers or means (..., p) on 0-100, ``100 (x - low) / (high - low)``."""
    return 100 * (x - low) / (high - low)


def unstandardized_weights(a: Array, sds: Array, low: Array, high: Array) -> Array:
    """Return weights (..., p, k) on the 0-100 items of PLS weights `a` on standardized items.

    ``a_i / s_i`` on the answers is ``a_i / s_i * (high_i - low_i)`` on the rescaled
    items, up to a factor that a construct's items share. `sds` (..., p).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return a / sds[..., :, None] * (high - low)[:, None]


def shares(w: Array, m: Mask) -> Array:
    """Return each item's share (..., p, k) of its construct's index; columns sum to 1.

    nan where the weights of a construct sum to zero.
    """
    own = np.where(m, w, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return own / own.sum(axis=-2, keepdims=True)


def index(performance: Array, shares: Array, m: Mask) -> Array:
    """Return indices (..., k): the share-weighted means of the rescaled items."""
    parts = np.where(m, shares * performance[..., :, None], 0.0)
    return parts.sum(axis=-2)


def impacts(total_effects: Array, w: Array, m: Mask) -> Array:
    """Return unstandardized total effects (..., k, k) between indices, source x target.

    `w` are `unstandardized_weights`. A PLS score has variance 1 and is ``D / 100`` times
    its 0-100 index, up to a constant, with D the sum of those weights in its construct;
    so a standardized effect T becomes ``T * D_source / D_target`` points per point.
    """
    d = np.where(m, w, 0.0).sum(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return total_effects * d[..., :, None] / d[..., None, :]


def of_respondents(performance: Array, shares: Array, m: Mask, applies: Mask) -> Array:
    """Return the indices (n, k) of rescaled answers (n, p), of the items that apply (n, p)."""
    parts = [
        prorated(performance[:, own], shares[own, j : j + 1], applies[:, own])
        for j, own in enumerate(m.T)
    ]
    return np.hstack(parts)


def linearized(
    performance: Array, shares: Array, m: Mask, applies: Mask, weights: Array | None = None
) -> Array:
    """Return scores (n, k) whose means are the indices of item means, their spread its error.

    Of an item that applies to a share q the deviations from its mean count 1 / q times, since its
    mean is a ratio. Items that apply to nobody have no part.
    """
    if applies.all():
        return of_respondents(performance, shares, m, applies)
    w = np.full(len(applies), 1 / len(applies)) if weights is None else weights / weights.sum()
    reach = w @ applies
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = w @ np.where(applies, performance, 0.0) / reach
        scores = mean + np.where(applies, performance - mean, 0.0) / reach
    met = np.broadcast_to(reach > 0, applies.shape)
    return of_respondents(scores, shares, m, met)


def weighted_mean_se(
    y: Array, weights: Array | None = None, given: Design | Replicates | None = None
) -> tuple[Array, Array]:
    """Return the mean (...,) of y (n, ...) and its standard error, weights (n,) held fixed.

    ``se^2 = n/(n-1) sum w_i^2 (y_i - mean)^2 / (sum w)^2``: linearized, with sampling
    weights; ``s^2 / n`` without. nan for a single respondent. Of clusters and strata the sums
    over clusters vary instead (`kernels.design`), of replicate weights the means themselves.
    """
    n = len(y)
    share = np.full(n, 1 / n) if weights is None else weights / weights.sum()
    mean = np.tensordot(share, y, axes=1)
    if isinstance(given, Replicates):
        given = given.balanced(share)
    if given is not None:
        sums = totals(given, share[:, None] * (y - mean))
        return mean, np.sqrt(np.diagonal(between(given, sums)))
    spread = np.tensordot(share**2, (y - mean) ** 2, axes=1)
    factor = n / (n - 1) if n > 1 else np.nan
    return mean, np.sqrt(factor * spread)
