"""Thresholds and correlations of ordinal and continuous items, all pairs at once.

An ordinal item cuts a standard normal variable at its thresholds. Two steps, as Olsson (1979,
Psychometrika 44, 443-460) and Olsson, Drasgow & Dorans (1982, Psychometrika 47, 337-347): the
thresholds from each item's own margin, the means and variances (divisor n) of continuous items;
then each correlation by maximum likelihood with those fixed. A pair uses the respondents who
answered both items.

Symbols: `x` (n, p) answers, `weights` (..., n) case weights, bootstrap counts, or 0 and 1 that
pick the members of groups; K the largest number of categories; P the number of pairs.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array
from scipy.special import ndtri

from tcsmodel.kernels.bivariate import cell_probabilities
from tcsmodel.kernels.latent_correlation import (
    EDGE,
    Correlation,
    pearson,
    polychoric,
    polyserial,
    without_zeros,
)
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

# Held at once, so that memory grows neither with n nor with the batch.
ROWS = 4_000_000
ELEMENTS = 10_000_000


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers ready for the kernels of this module.

    x (n, p): 0, 1, ... for the categories of ordinal items in rising order, the answers
    themselves for continuous items, nan where missing; categories (p,): how many an ordinal
    item has, 0 for continuous items.
    """

    x: Array
    categories: Index


@dataclass(frozen=True, slots=True)
class MixedMoments:
    """What ordinal and continuous items tell of the variables behind them.

    thresholds (..., p, K - 1): inf or -inf where no answer lies beyond, nan where an item has
    fewer or is continuous; mean and variance (..., p): 0 and 1 for ordinal items; corr
    (..., p, p). item_status (..., p): IMPROPER where a category has no answers, SINGULAR where
    all answers are equal or there are none. pair_status (..., p, p): IMPROPER where the
    correlation runs to 1 or -1 or cannot be told, SINGULAR (and corr nan) where an item is
    singular or nobody answered both, ITERATION_CAP; the diagonal repeats item_status.
    """

    thresholds: Array
    mean: Array
    variance: Array
    corr: Array
    item_status: Index
    pair_status: Index

    @property
    def cov(self) -> Array:
        """Covariances (..., p, p): corr with the variances of the continuous items."""
        sd = np.sqrt(self.variance)
        return self.corr * sd[..., :, None] * sd[..., None, :]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of items (P,) in the order of the lower triangle, column by column.

    `first` is the column and `second`, which comes later, the row. `both`, `mixed` and
    `neither` (P,) tell how many of the two are ordinal.
    """

    first: Index
    second: Index
    both: Mask
    mixed: Mask
    neither: Mask

    @classmethod
    def of(cls, categories: Index) -> Pairs:
        """Return all pairs of items with these numbers of categories (p,)."""
        first, second = np.triu_indices(len(categories), 1)
        ordinal = (categories[first] > 0).astype(int) + (categories[second] > 0)
        return cls(first, second, ordinal == 2, ordinal == 1, ordinal == 0)

    def ordinal_continuous(self, categories: Index) -> tuple[Index, Index]:
        """Return the ordinal and the continuous item of each mixed pair."""
        first, second = self.first[self.mixed], self.second[self.mixed]
        leads = categories[first] > 0
        return np.where(leads, first, second), np.where(leads, second, first)


def coded(x: Array, ordered: Mask) -> Answers:
    """Return answers (n, p) with those of the items `ordered` (p,) replaced by 0, 1, ..."""
    codes = np.array(x, dtype=np.float64)
    categories = np.zeros(codes.shape[1], dtype=np.intp)
    for j in np.flatnonzero(ordered):
        there = np.isfinite(codes[:, j])
        values, codes[there, j] = np.unique(codes[there, j], return_inverse=True)
        categories[j] = len(values)
    return Answers(codes, categories)


def mixed_moments(
    answers: Answers, weights: Array | None = None, zero_add: tuple[float, float] = (0.5, 0.0)
) -> MixedMoments:
    """Return thresholds, means, variances and correlations of all items.

    Parameters
    ----------
    answers : Answers
        From `coded`.
    weights : ndarray (..., n), optional
        One set of moments for each; 1 by default.
    zero_add : (float, float)
        What an empty cell of a 2 x 2 table counts, margins kept, and one of a larger table.
        The default is lavaan's; psych's ``correct`` is the same number twice.
    """
    n, p = answers.x.shape
    w = np.ones((1, n)) if weights is None else weights.reshape(-1, n).astype(np.float64)
    pairs = Pairs.of(answers.categories)
    cells = len(pairs.first) * (most_categories(answers.categories) + 1) ** 2
    step = max(1, ELEMENTS // (cells + n * (p + int(pairs.mixed.sum()))))
    starts = range(0, max(len(w), 1), step)
    parts = [_moments(answers, w[start : start + step], pairs, zero_add) for start in starts]
    lead = () if weights is None else weights.shape[:-1]
    together = [np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(parts[0])]
    return MixedMoments(*(one.reshape(*lead, *one.shape[1:]) for one in together))


def _moments(
    answers: Answers, w: Array, pairs: Pairs, zero_add: tuple[float, float]
) -> MixedMoments:
    """Moments of weights (B, n)."""
    p = len(answers.categories)
    thresholds, ordinal_status = _thresholds(answers, w)
    mean, variance, status = _continuous(answers, w)
    status = np.where(answers.categories > 0, ordinal_status, status)
    corr = np.ones((len(w), p, p))
    pair_status = np.empty((len(w), p, p), dtype=np.intp)
    pair_status[:, np.arange(p), np.arange(p)] = status
    for chosen, correlate in (
        (pairs.both, lambda: _polychorics(answers, w, thresholds, pairs, zero_add)),
        (pairs.mixed, lambda: _polyserials(answers, w, thresholds, mean, variance, pairs)),
        (pairs.neither, lambda: _pearsons(answers, w, mean, variance, pairs)),
    ):
        if not chosen.any():
            continue
        found = correlate()
        i, j = pairs.first[chosen], pairs.second[chosen]
        singular = (status[:, i] == Status.SINGULAR) | (status[:, j] == Status.SINGULAR)
        corr[:, i, j] = corr[:, j, i] = np.where(singular, np.nan, found.rho)
        ended = np.where(singular, Status.SINGULAR, found.status)
        pair_status[:, i, j] = pair_status[:, j, i] = ended
    shown = _as_shown(thresholds, answers.categories)
    return MixedMoments(shown, mean, variance, corr, status, pair_status)


def _thresholds(answers: Answers, w: Array) -> tuple[Array, Index]:
    """Thresholds (B, p, K - 1), EDGE where there are fewer, and the status of ordinal items."""
    most = most_categories(answers.categories)
    margin = np.stack([w @ (answers.x == a) for a in range(most)], axis=-1)
    below = np.cumsum(margin, axis=-1)[..., :-1]
    above = np.cumsum(margin[..., ::-1], axis=-1)[..., -2::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        cut = np.where(
            below < above, ndtri(below / (below + above)), -ndtri(above / (below + above))
        )
    used = np.arange(most) < answers.categories[:, None]
    empty = ((margin == 0) & used).any(axis=-1)
    singular = (margin > 0).sum(axis=-1) < 2
    status = np.where(singular, Status.SINGULAR, np.where(empty, Status.IMPROPER, 0))
    return np.where(np.isnan(cut), EDGE, np.clip(cut, -EDGE, EDGE)), status


def _as_shown(thresholds: Array, categories: Index) -> Array:
    shown = np.where(np.abs(thresholds) == EDGE, np.copysign(np.inf, thresholds), thresholds)
    return np.where(np.arange(shown.shape[-1]) < categories[:, None] - 1, shown, np.nan)


def _continuous(answers: Answers, w: Array) -> tuple[Array, Array, Index]:
    """Means and variances (B, p), 0 and 1 for ordinal items, and the status of the others."""
    there = np.isfinite(answers.x)
    continuous = answers.categories == 0
    x = np.where(there & continuous, answers.x, 0.0)
    center = x.sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    d = np.where(there & continuous, x - center, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = w @ there
        shift = (w @ d) / total
        second = (w @ (d * d)) / total
        variance = second - shift**2
    singular = ~(variance > 1e-13 * second)
    mean = np.where(continuous, center + shift, 0.0)
    variance = np.where(continuous, np.where(singular, 0.0, variance), 1.0)
    return mean, variance, np.where(singular, int(Status.SINGULAR), 0)


def pair_tables(answers: Answers, w: Array, first: Index, second: Index) -> Array:
    """Return weighted two-way tables (B, P, K, K) of pairs of ordinal items, weights (B, n)."""
    return whole_tables(answers, w, first, second)[..., :-1, :-1]


def whole_tables(answers: Answers, w: Array, first: Index, second: Index) -> Array:
    """Return these tables with a last row and column for missing answers, (B, P, K + 1, K + 1)."""
    if len(w) == 1:
        return _products(answers, w[0])[first, second][None]
    side = most_categories(answers.categories) + 1
    size = len(first) * side * side
    out = np.zeros((size, len(w)))
    step = max(1, ROWS // max(len(first), 1))
    for start in range(0, len(answers.x), step):
        rows = slice(start, start + step)
        cell = pair_cells(answers.x[rows], first, second, side - 1)
        ends = np.arange(len(cell) + 1) * len(first)
        counted = csc_array((np.ones(cell.size), cell.ravel(), ends), shape=(size, len(cell)))
        out += counted @ np.ascontiguousarray(w[:, rows].T)
    return out.T.reshape(len(w), len(first), side, side)


def _products(answers: Answers, w: Array) -> Array:
    """Return weighted two-way tables (p, p, K + 1, K + 1) of all pairs of items, weights (n,).

    By products of indicators of the categories, which pays for one set of weights.
    """
    p, most = len(answers.categories), most_categories(answers.categories)
    has_gaps = bool(np.isnan(answers.x).any())
    side = most + has_gaps
    out = np.zeros((p * side, p * side))
    step = max(1, ROWS // (p * side))
    for start in range(0, len(answers.x), step):
        codes = answers.x[start : start + step]
        if has_gaps:
            codes = np.where(np.isnan(codes), most, codes)
        there = (codes[:, :, None] == np.arange(side)).astype(np.float64)
        there = there.reshape(-1, p * side)
        out += (there * w[start : start + step, None]).T @ there
    tables = np.zeros((p, p, most + 1, most + 1))
    tables[..., :side, :side] = np.swapaxes(out.reshape(p, side, p, side), 1, 2)
    return tables


def empty_cells(answers: Answers, weights: Array, corr: Array) -> tuple[Array, Mask]:
    """Return how many answers normal variables would give where there are none, (p, p).

    The largest number in an empty cell of the two-way table of each pair of ordinal items, with
    these correlations (p, p) and the thresholds of the items, as weighted by `weights` (n,); zero
    without empty cells, apart from whole rows and columns. The second (p, p) tells which of the
    tables with an empty cell are 2 x 2.
    """
    pairs, expected = Pairs.of(answers.categories), np.zeros(corr.shape)
    first, second = pairs.first[pairs.both], pairs.second[pairs.both]
    small = np.zeros(corr.shape, dtype=bool)
    tables = pair_tables(answers, weights[None], first, second)[0]
    cut = _thresholds(answers, weights[None])[0][0]
    rho = np.clip(np.nan_to_num(corr[first, second]), -1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.nan_to_num(cell_probabilities(cut[first], cut[second], rho))
    empty = (tables == 0) & tables.any(axis=2, keepdims=True) & tables.any(axis=1, keepdims=True)
    most = (share * tables.sum(axis=(1, 2), keepdims=True) * empty).max(axis=(1, 2), initial=0.0)
    two = (answers.categories[first] == 2) & (answers.categories[second] == 2)
    expected[first, second] = expected[second, first] = most
    small[first, second] = small[second, first] = two & empty.any(axis=(1, 2))
    return expected, small


def most_categories(categories: Index) -> int:
    """Return K, at least 2, so that arrays over thresholds are never empty."""
    return max(int(categories.max(initial=0)), 2)


def category_codes(x: Array, most: int) -> Index:
    """Return categories as integers, `most` where missing; anything for continuous items."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(x), x, most).astype(np.intp)


def pair_cells(x: Array, first: Index, second: Index, most: int) -> Index:
    """Return which cell of all tables each respondent is in, (n, P).

    The tables lie one behind the other, each with a last row and column for missing answers.
    """
    codes = category_codes(x, most)
    row = np.arange(len(first)) * (most + 1) + codes[:, first]
    return row * (most + 1) + codes[:, second]


def _polychorics(
    answers: Answers, w: Array, thresholds: Array, pairs: Pairs, zero_add: tuple[float, float]
) -> Correlation:
    first, second = pairs.first[pairs.both], pairs.second[pairs.both]
    tables = pair_tables(answers, w, first, second)
    sizes = answers.categories[first], answers.categories[second]
    tables = without_zeros(tables, *sizes, zero_add)
    return polychoric(tables, thresholds[:, first], thresholds[:, second])


def _polyserials(
    answers: Answers, w: Array, thresholds: Array, mean: Array, variance: Array, pairs: Pairs
) -> Correlation:
    ordinal, continuous = pairs.ordinal_continuous(answers.categories)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (answers.x[:, continuous].T - mean[:, continuous, None]) / np.sqrt(
            variance[:, continuous, None]
        )
    code = np.broadcast_to(answers.x[:, ordinal].T, z.shape)
    return polyserial(z, code, thresholds[:, ordinal], w[:, None, :])


def _pearsons(
    answers: Answers, w: Array, mean: Array, variance: Array, pairs: Pairs
) -> Correlation:
    i, j = pairs.first[pairs.neither], pairs.second[pairs.neither]
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (answers.x - mean[:, None, :]) / np.sqrt(variance)[:, None, :]
        there = np.isfinite(z)
        z = np.where(there, z, 0.0)
        wide, answered = w[:, :, None] * z, w[:, :, None] * there
        both = (np.swapaxes(answered, -1, -2) @ there)[:, i, j]
        squares = np.swapaxes(wide * z, -1, -2) @ there
        product = (np.swapaxes(wide, -1, -2) @ z)[:, i, j]
        return pearson(product / both, squares[:, i, j] / both, squares[:, j, i] / both)
