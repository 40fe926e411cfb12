"""Asymptotic covariances of thresholds, means, variances and correlations of mixed items.

Muthen (1984, Psychometrika 49, 115-132): the two steps of `tcsmodel.kernels.polychoric` solve
one system of score equations, and the sandwich of its derivative with the covariances of the
scores is Gamma. The derivative is estimated by outer products of scores, as lavaan does, which
supposes that the variables behind the answers are normal. Written casewise: each respondent
has an influence on each statistic, and Gamma is the mean product of influences. Scores of
ordinal pairs depend on the cell of their two-way table only, so they are worked out once a
cell and looked up.

Symbols: `x` (n, p) answers; `weights` (..., n); `influence` (..., n, q); P pairs, K categories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tcsmodel.kernels import design
from tcsmodel.kernels.bivariate import cell_probabilities, cell_slopes, density, row_slopes
from tcsmodel.kernels.design import Design
from tcsmodel.kernels.latent_correlation import (
    EDGE,
    SMALLEST_PROBABILITY,
    as_finite,
    between,
    interval,
)
from tcsmodel.kernels.polychoric import (
    Answers,
    MixedMoments,
    Pairs,
    category_codes,
    most_categories,
    pair_cells,
    pair_tables,
    whole_tables,
)
from tcsmodel.kernels.replicates import Replicates

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Influences held at once, and those of pairs worked out at once, so that memory stays bounded.
ELEMENTS = 8_000_000
AT_ONCE = 2_000_000
# A determinant that is zero but for rounding.
TWO = 1e-10


@dataclass(frozen=True, slots=True)
class Statistics:
    """Which number stands where among the q statistics, in lavaan's order.

    First items in turn, with the thresholds of an ordinal and the mean of a continuous one:
    `item` and `threshold` (m,), -1 where it is a mean. Then the variances of the items
    `continuous` (c,). Then the covariances of `pairs` (P,), which are correlations where both
    items are ordinal. lavaan keeps the means with their sign reversed.
    """

    item: Index
    threshold: Index
    continuous: Index
    pairs: Pairs

    @classmethod
    def of(cls, categories: Index) -> Statistics:
        """Return the order for items with these numbers of categories (p,), 0 if continuous."""
        own = np.where(categories > 0, categories - 1, 1)
        item = np.repeat(np.arange(len(own)), own)
        threshold = np.arange(len(item)) - np.repeat(np.cumsum(own) - own, own)
        threshold[categories[item] == 0] = -1
        return cls(item, threshold, np.flatnonzero(categories == 0), Pairs.of(categories))

    @property
    def size(self) -> int:
        """How many statistics there are, q."""
        return len(self.item) + len(self.continuous) + len(self.pairs.first)

    def unfolded(self, matrix: Array) -> Array:
        """Return a matrix (..., c + P, c + P) of covariances in the order of vech, (..., t, t).

        Those of variances and covariances, without the statistics of the items before them.
        Variances of ordinal items are one in every sample and have zeros.
        """
        p = int(self.item.max()) + 1
        column, row = np.triu_indices(p)
        place = np.empty((p, p), dtype=np.intp)
        place[column, row] = np.arange(len(row))
        at = np.concatenate(
            [place[self.continuous, self.continuous], place[self.pairs.first, self.pairs.second]]
        )
        out = np.zeros((*matrix.shape[:-2], len(row), len(row)))
        out[..., at[:, None], at] = matrix
        return out

    def vector(self, thresholds: Array, mean: Array, cov: Array) -> Array:
        """Return the statistics (..., q) of thresholds, means and covariances.

        Of a sample or implied by a model: (..., p, K - 1), (..., p) and (..., p, p).
        """
        cut = thresholds[..., self.item, np.maximum(self.threshold, 0)]
        return np.concatenate(
            [
                np.where(self.threshold < 0, mean[..., self.item], cut),
                cov[..., self.continuous, self.continuous],
                cov[..., self.pairs.first, self.pairs.second],
            ],
            axis=-1,
        )


def asymptotic_cov(
    answers: Answers,
    moments: MixedMoments,
    weights: Array | None = None,
    *,
    frequency: bool = False,
) -> Array:
    """Return Gamma (..., q, q): n times the sampling covariances of the statistics.

    The inverse is the weight matrix of WLS, the inverse of the diagonal that of DWLS. lavaan
    divides Gamma by n - 1 for standard errors.

    Parameters
    ----------
    answers : Answers
        From `coded`.
    moments : MixedMoments
        From `mixed_moments` with the same weights.
    weights : ndarray (..., n), optional
        1 by default.
    frequency : bool
        Whether a weight counts equal rows, as in a resample, rather than being a sampling
        weight; n is the sum of the weights then, else the number of rows that have any.

    Returns
    -------
    ndarray (..., q, q)
        In the order of `Statistics`; nan where a statistic has no finite value.
    """

    def product(found: MixedMoments, w: Array, share: Array) -> Array:
        own = influence(answers, found, w)
        own *= np.sqrt(share)[..., None]
        return np.swapaxes(own, -1, -2) @ own

    size = len(answers.x) * Statistics.of(answers.categories).size
    return _over_members(answers, moments, weights, frequency, product, size)


def asymptotic_variance(
    answers: Answers,
    moments: MixedMoments,
    weights: Array | None = None,
    *,
    frequency: bool = False,
) -> Array:
    """Return the diagonal (..., q) of `asymptotic_cov`, without the rest of it."""

    def squares(found: MixedMoments, w: Array, share: Array) -> Array:
        own = influence(answers, found, w)
        return np.einsum("bn,bnq,bnq->bq", share, own, own)

    def by_cell(found: MixedMoments, w: Array, share: Array) -> Array:
        return _squares_by_cell(answers, found, w, None if frequency else share)

    order = Statistics.of(answers.categories)
    if len(order.continuous):
        size = len(answers.x) * order.size
        return _over_members(answers, moments, weights, frequency, squares, size)
    # A table of each pair, and what is worked out of it.
    size = 8 * len(order.pairs.first) * (most_categories(answers.categories) + 1) ** 2
    return _over_members(answers, moments, weights, frequency, by_cell, len(answers.x) + size)


def designed_cov(
    answers: Answers, moments: MixedMoments, weights: Array, given: Design | Replicates
) -> Array:
    """Return n - 1 times the covariances (B, q, q) of the statistics under a sampling design.

    By linearization (`kernels.design`), of members with weights (B, n); n counts the rows that
    have any. Where every respondent is a cluster it is `asymptotic_cov`.
    """
    out = []
    for member, own in enumerate(weights):
        sums = designed_totals(answers, _members(moments, slice(member, member + 1)), own, given)
        out.append(((own > 0).sum() - 1) * design.between(given, sums))
    return np.stack(out)


def designed_totals(
    answers: Answers, moments: MixedMoments, weights: Array, given: Design | Replicates
) -> Array:
    """Return what each cluster (C, q) adds to the statistics of one member, weights (n,).

    `moments` have a leading axis of one. Side by side with those of other groups of the same
    clusters they say, by `design.between`, how the statistics of all vary together.
    """
    found = influence(answers, moments, weights[None])[0]
    return design.totals(given, weights[:, None] / weights.sum() * found)


def _over_members(
    answers: Answers,
    moments: MixedMoments,
    weights: Array | None,
    frequency: bool,
    collect: Callable[[MixedMoments, Array, Array], Array],
    size: int,
) -> Array:
    """Return what `collect`, holding `size` elements a member, makes of moments, w and shares."""
    n = len(answers.x)
    lead = moments.mean.shape[:-1]
    w = np.ones((1, n)) if weights is None else weights.reshape(-1, n).astype(np.float64)
    total = w.sum(axis=-1, keepdims=True)
    rows = (w > 0).sum(axis=-1, keepdims=True)
    share = w / total if frequency else rows * (w / total) ** 2
    parts = []
    step = max(1, ELEMENTS // size)
    for start in range(0, len(w), step):
        part = slice(start, start + step)
        parts.append(collect(_members(moments, part), w[part], share[part]))
    return np.concatenate(parts).reshape(*lead, *parts[0].shape[1:])


def _members(moments: MixedMoments, part: slice) -> MixedMoments:
    """Return some members of a batch, whose leading axes become one."""
    lead = moments.mean.ndim - 1
    arrays = [getattr(moments, field.name) for field in fields(moments)]
    return MixedMoments(*(one.reshape(-1, *one.shape[lead:])[part] for one in arrays))


def influence(answers: Answers, moments: MixedMoments, weights: Array) -> Array:
    """Return the influence (B, n, q) of each respondent on each statistic, weights (B, n).

    A statistic differs from its population value by about the weighted mean of its
    influences; their sums over clusters give covariances for clustered samples. `moments`
    have the leading axis (B,) as well.
    """
    order = Statistics.of(answers.categories)
    pairs = order.pairs
    out = np.empty((*weights.shape, order.size))
    m, c = len(order.item), len(order.continuous)
    at = m + c + np.arange(len(pairs.first))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        single = _Single.of(answers, moments, weights)
        out[..., :m] = _locations(answers, moments, single, order)
        out[..., m : m + c] = single.variance[..., order.continuous]
        both = np.flatnonzero(pairs.both)
        tables = pair_tables(answers, weights, pairs.first[both], pairs.second[both])
        cells = _pair_cells(moments, weights, single.steps, pairs, tables)
        for part in _parts(np.arange(len(both)), weights.size):
            i, j = pairs.first[both[part]], pairs.second[both[part]]
            place = pair_cells(answers.x, i, j, cells.shape[-1] - 1)
            out[..., at[both[part]]] = cells[:, part].reshape(len(weights), -1)[:, place]
        for chosen, of_pairs in ((pairs.mixed, _mixed_pairs), (pairs.neither, _continuous_pairs)):
            for part in _parts(np.flatnonzero(chosen), weights.size):
                i, j = pairs.first[part], pairs.second[part]
                out[..., at[part]] = of_pairs(answers, moments, weights, single, i, j)
    return out


def _squares_by_cell(
    answers: Answers, moments: MixedMoments, weights: Array, share: Array | None
) -> Array:
    """Return weighted sums of squared influences (B, q) of ordinal items, weights (B, n).

    An influence depends on the category, or on the cell of a two-way table, so that counts of
    these, weighted by `share` (B, n) or by the weights' own, are enough.
    """
    order = Statistics.of(answers.categories)
    pairs, most = order.pairs, most_categories(answers.categories)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        steps = _threshold_steps(answers, as_finite(moments.thresholds), weights)
        counts = whole_tables(answers, weights, pairs.first, pairs.second)
        cells = _pair_cells(moments, weights, steps, pairs, counts[..., :-1, :-1])
        if share is None:
            total = weights.sum(axis=-1)
            share, counts = weights / total[:, None], counts / total[:, None, None, None]
        else:
            counts = whole_tables(answers, share, pairs.first, pairs.second)
        own = steps[:, order.item, order.threshold, :-1]
        margin = np.stack([share @ (answers.x == a) for a in range(most)], axis=-1)
        single = (margin[:, order.item] * own * own).sum(axis=-1)
        infinite = np.isinf(moments.thresholds[:, order.item, order.threshold])
        of_pairs = np.where(counts > 0, counts * cells * cells, 0.0).sum(axis=(-2, -1))
    return np.concatenate([np.where(infinite, np.nan, single), of_pairs], axis=1)


def _parts(pairs: Index, rows: int) -> Iterator[Index]:
    step = max(1, AT_ONCE // rows)
    for start in range(0, len(pairs), step):
        yield pairs[start : start + step]


@dataclass(frozen=True, slots=True)
class _Single:
    """Influences on what is estimated from single items; 0 for a missing answer.

    steps (B, p, K - 1, K + 1): of an answer in each category on each threshold, the last
    category standing for a missing answer; mean and variance (B, n, p). 0 where an item has
    no such statistic.
    """

    steps: Array
    mean: Array
    variance: Array

    @classmethod
    def of(cls, answers: Answers, moments: MixedMoments, w: Array) -> _Single:
        steps = _threshold_steps(answers, as_finite(moments.thresholds), w)
        return cls(steps, *_continuous(answers, moments, w))


def _threshold_steps(answers: Answers, cut: Array, w: Array) -> Array:
    """``(1[category <= t] - Phi(cut_t)) / phi(cut_t)``, over the share who answered the item."""
    most = cut.shape[-1] + 1
    scale = w.sum(axis=-1, keepdims=True) / (w @ np.isfinite(answers.x))
    before = np.arange(most) <= np.arange(most - 1)[:, None]
    steps = np.zeros((*cut.shape, most + 1))
    steps[..., :-1] = (before - ndtr(cut)[..., None]) / density(cut)[..., None]
    steps[np.abs(cut) == EDGE] = 0
    return steps * scale[..., None, None]


def _continuous(answers: Answers, moments: MixedMoments, w: Array) -> tuple[Array, Array]:
    """Influences (B, n, p) on means and variances: inverse sum of squared scores times score.

    Of two different answers both scores say the same, and that sum has no inverse; there the
    influences are those of the moments themselves, ``x - m`` and ``(x - m)^2 - v``.
    """
    ordinal = answers.categories > 0
    d = np.where(np.isfinite(answers.x) & ~ordinal, answers.x - moments.mean[:, None, :], 0.0)
    v = moments.variance[:, None, :]
    there = np.isfinite(answers.x)
    mean = d / v
    variance = np.where(there, (d * d - v) / (2 * v * v), 0.0)
    weight = w[:, :, None]
    a, b, c = (
        (weight * one * other).sum(axis=1, keepdims=True)
        for one, other in ((mean, mean), (mean, variance), (variance, variance))
    )
    total = w.sum(axis=-1)[:, None, None]
    scale, own = total / (a * c - b * b), total / (weight * there).sum(axis=1, keepdims=True)
    two = a * c - b * b <= TWO * a * (c + a / v)
    of_mean = np.where(two, own * d, scale * (c * mean - b * variance))
    of_variance = np.where(two, own * 2 * v * v * variance, scale * (a * variance - b * mean))
    return np.where(ordinal, 0.0, of_mean), np.where(ordinal, 0.0, of_variance)


def _locations(
    answers: Answers, moments: MixedMoments, single: _Single, order: Statistics
) -> Array:
    """Influences (B, n, m) on thresholds and means; nan for a threshold that is infinite."""
    item, threshold = order.item, np.maximum(order.threshold, 0)
    code = category_codes(answers.x[:, item], single.steps.shape[-1] - 1)
    is_mean = order.threshold < 0
    found = single.steps[:, item, threshold, np.where(is_mean, 0, code)]
    infinite = np.isinf(moments.thresholds[:, item, threshold])
    found = np.where(infinite[:, None, :], np.nan, found)
    return np.where(is_mean, single.mean[..., item], found)


def _pair_cells(
    moments: MixedMoments, w: Array, steps: Array, pairs: Pairs, tables: Array
) -> Array:
    """Influences (B, P, K + 1, K + 1) of those in each cell on polychoric correlations.

    Of the ordinal pairs with two-way `tables`; the last row and column are for missing answers.
    """
    i, j = pairs.first[pairs.both], pairs.second[pairs.both]
    cut = as_finite(moments.thresholds)
    h, k, rho = cut[:, i], cut[:, j], moments.corr[:, i, j]
    p = np.maximum(cell_probabilities(h, k, rho), SMALLEST_PROBABILITY)
    score = cell_slopes(h, k, rho)[0] / p
    cross = tables * score / p
    rows = _carried(row_slopes(h, k, rho), cross, steps[:, i])
    columns = _carried(row_slopes(k, h, rho), np.swapaxes(cross, -1, -2), steps[:, j])
    information = (cross * score * p).sum(axis=(-2, -1))[..., None, None]
    cells = np.zeros((*rows.shape, columns.shape[-1]))
    cells[..., :-1, :-1] = w.sum(axis=-1)[:, None, None, None] * score
    return (cells - rows[..., :, None] - columns[..., None, :]) / information


def _carried(slopes: Array, cross: Array, steps: Array) -> Array:
    """Return what thresholds carry over to a correlation, (B, P, K + 1) by category.

    The sum over cells of correlation score times threshold score, times the influence.
    """
    products = -(slopes * np.diff(cross, axis=-2)).sum(axis=-1)[..., None, :]
    return (products @ steps)[..., 0, :]


def _mixed_pairs(
    answers: Answers, moments: MixedMoments, w: Array, single: _Single, i: Index, j: Index
) -> Array:
    """Influences (B, n, P) on covariances of an ordinal and a continuous item."""
    leads = answers.categories[i] > 0
    ordinal, continuous = np.where(leads, i, j), np.where(leads, j, i)
    here = _Serial.of(answers, moments, ordinal, continuous)
    wide = w[:, None, :] * here.score
    mean_product = -(wide * here.slope).sum(axis=-1, keepdims=True) / here.sd
    fall = (wide * (1 + here.slope * here.z)).sum(axis=-1, keepdims=True)
    variance_product = -fall / (2 * here.sd**2)
    steps = single.steps[:, ordinal]
    products = _products_with_thresholds(wide, here, steps.shape[-2])
    carried = (products @ steps)[..., 0, :]
    of_mean, of_variance = (
        np.swapaxes(one[..., continuous], -1, -2) for one in (single.mean, single.variance)
    )
    found = w.sum(axis=-1)[:, None, None] * here.score
    found -= np.take_along_axis(carried, here.code, axis=-1)
    found -= mean_product * of_mean + variance_product * of_variance
    found /= (wide * here.score).sum(axis=-1, keepdims=True)
    return np.swapaxes(here.sd * found + here.rho / (2 * here.sd) * of_variance, -1, -2)


@dataclass(frozen=True, slots=True)
class _Serial:
    """Pairs of an ordinal and a continuous item, respondent by respondent, (B, P, n).

    code, K where missing; z, the standardized answer; at_lower and at_upper, the derivatives
    of the log likelihood with respect to the thresholds around the answer, but for their
    sign; score, the one with respect to rho, and slope, the one with respect to z. What
    belongs to respondents who did not answer both is 0. rho and sd (B, P, 1).
    """

    code: Index
    z: Array
    at_lower: Array
    at_upper: Array
    score: Array
    slope: Array
    rho: Array
    sd: Array

    @classmethod
    def of(
        cls, answers: Answers, moments: MixedMoments, ordinal: Index, continuous: Index
    ) -> _Serial:
        cut = as_finite(moments.thresholds)[:, ordinal]
        most = cut.shape[-1] + 1
        sd = np.sqrt(moments.variance[:, continuous])[..., None]
        z = (answers.x[:, continuous].T - moments.mean[:, continuous, None]) / sd
        code = np.broadcast_to(category_codes(answers.x[:, ordinal], most).T, z.shape)
        there = np.isfinite(z) & (code < most)
        z = np.where(there, z, 0.0)
        rho = moments.corr[:, ordinal, continuous][..., None]
        root = np.sqrt((1 - rho) * (1 + rho))
        lower, upper = interval(cut, np.where(there, code, 0))
        a, b = (lower - rho * z) / root, (upper - rho * z) / root
        scale = there / (np.maximum(between(a, b), SMALLEST_PROBABILITY) * root)
        at_lower, at_upper = density(a) * scale, density(b) * scale
        score = (at_upper * (rho * upper - z) - at_lower * (rho * lower - z)) / root**2
        slope = -z - rho * (at_upper - at_lower)
        return cls(code, z, at_lower, at_upper, score, slope, rho, sd)


def _products_with_thresholds(wide: Array, here: _Serial, number: int) -> Array:
    """Return sums (B, P, 1, K - 1) of weighted correlation scores times threshold scores."""
    products = [
        (wide * ((here.code == t) * here.at_upper - (here.code == t + 1) * here.at_lower)).sum(-1)
        for t in range(number)
    ]
    return np.stack(products, axis=-1)[..., None, :]


def _continuous_pairs(
    answers: Answers, moments: MixedMoments, w: Array, single: _Single, i: Index, j: Index
) -> Array:
    """Influences (B, n, P) on covariances of two continuous items."""
    there = np.isfinite(answers.x[:, i]) & np.isfinite(answers.x[:, j])
    sd = np.sqrt(moments.variance)[:, None, :]
    z = (answers.x - moments.mean[:, None, :]) / sd
    a, b = np.where(there, z[..., i], 0.0), np.where(there, z[..., j], 0.0)
    rho = moments.corr[:, None, i, j]
    rest = (1 - rho) * (1 + rho)
    score = rho / rest + ((1 + rho**2) * a * b - rho * (a**2 + b**2)) / rest**2
    score = np.where(there, score, 0.0)
    wide = w[:, :, None] * score
    found = w.sum(axis=-1)[:, None, None] * score
    relative = np.zeros_like(found)
    for own, other, item in ((a, b, i), (b, a, j)):
        s = sd[..., item]
        slope = (own - rho * other) / rest
        mean_product = (wide * slope).sum(axis=1, keepdims=True) / s
        variance_product = (wide * (slope * own - 1)).sum(axis=1, keepdims=True) / (2 * s**2)
        found -= mean_product * single.mean[..., item]
        found -= variance_product * single.variance[..., item]
        relative += single.variance[..., item] / (2 * s**2)
    found /= (wide * score).sum(axis=1, keepdims=True)
    return (found + rho * relative) * sd[..., i] * sd[..., j]
