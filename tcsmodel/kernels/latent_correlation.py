"""Correlations of variables that are seen through categories, many pairs at once.

The variables are standard normal; the categories lie between thresholds, which are given.
Symbols: M pairs; `h` (M, r) and `k` (M, c) thresholds of the row and the column item of a
two-way table (M, r + 1, c + 1); `z` (M, n) standardized answers, `code` (M, n) categories,
`cut` (M, K - 1) their thresholds, `w` (M, n) weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tcsmodel.kernels.batch import map_chunks
from tcsmodel.kernels.bivariate import cell_probabilities, cell_slopes, density
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Slopes = Callable[[Array, Index], tuple[Array, Array, Array]]

# Stands for an infinite threshold, so that arithmetic stays finite: the tail beyond is 2e-33.
EDGE = 12.0
LARGEST = 1 - 1e-6
TOLERANCE = 1e-8  # of a Newton step, so that the error left behind is its square
DECREMENT = 1e-18  # of the mean log likelihood, where it is flat
FLAT = 1e-6  # information about rho in one respondent
MAX_ITER = 100
SMALLEST_PROBABILITY = 1e-14  # of a cell, a difference of numbers known to 1e-16
FAR_OUT = 1e-290
CELLS = 100_000  # array elements of one intermediate result, so that memory stays bounded


@dataclass(frozen=True, slots=True)
class Correlation:
    """rho (...,) and status (...,).

    IMPROPER where rho runs to 1 or -1 or hardly changes the likelihood, as in a table that
    any correlation near 1 explains; SINGULAR, and rho nan, where there is nothing to go by.
    """

    rho: Array
    status: Index


def as_finite(thresholds: Array) -> Array:
    """Return thresholds with EDGE for those that do not exist or are infinite."""
    return np.where(np.isnan(thresholds), EDGE, np.clip(thresholds, -EDGE, EDGE))


def without_zeros(
    tables: Array, rows: Index, columns: Index, zero_add: tuple[float, float]
) -> Array:
    """Return tables (..., P, K, K) with something added to their empty cells.

    `rows` and `columns` (P,) are the numbers of categories. A 2 x 2 table gets
    ``zero_add[0]`` in its empty cell and in the opposite one, and loses it in the other two,
    so that the margins stay; a larger one gets ``zero_add[1]`` in each empty cell.
    """
    most = tables.shape[-1]
    at = np.arange(most)
    inside = (at[:, None] < rows[:, None, None]) & (at < columns[:, None, None])
    small = (rows == 2) & (columns == 2)
    empty = (tables == 0) & inside
    out = tables + zero_add[1] * (empty & ~small[:, None, None])
    main = empty[..., 0, 0] | empty[..., 1, 1]
    cross = empty[..., 0, 1] | empty[..., 1, 0]
    change = zero_add[0] * small * (main.astype(float) - cross)
    out[..., 0, 0] += change
    out[..., 1, 1] += change
    out[..., 0, 1] -= change
    out[..., 1, 0] -= change
    return out


def polychoric(tables: Array, rows: Array, columns: Array) -> Correlation:
    """Return polychoric correlations (...,) of two-way tables (..., r + 1, c + 1).

    Maximum likelihood with the thresholds `rows` (..., r) and `columns` (..., c) given, by
    Newton's method on the derivative between bounds that close in on its zero.
    """
    lead, (r, c) = tables.shape[:-2], tables.shape[-2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        flat = (tables / tables.sum(axis=(-2, -1), keepdims=True)).reshape(-1, r, c)
    h, k = as_finite(rows).reshape(-1, r - 1), as_finite(columns).reshape(-1, c - 1)
    start = _score_correlation(flat, h, k)

    def solve(part: slice) -> Correlation:
        table, a, b = flat[part], h[part], k[part]

        def slopes(rho: Array, members: Index) -> tuple[Array, Array, Array]:
            return _table_slopes(table[members], a[members], b[members], rho)

        return _maximize(slopes, start[part])

    return _joined(_in_parts(solve, len(flat), r * c), lead)


def _in_parts(solve: Callable[[slice], Correlation], problems: int, size: int) -> list[Correlation]:
    step = max(1, CELLS // size)
    parts = [slice(at, at + step) for at in range(0, problems, step)]
    return list(map_chunks(solve, parts)) if len(parts) > 1 else [solve(part) for part in parts]


def _joined(parts: list[Correlation], lead: tuple[int, ...]) -> Correlation:
    rho = np.concatenate([part.rho for part in parts]) if parts else np.empty(0)
    status = np.concatenate([part.status for part in parts]) if parts else np.empty(0, np.intp)
    return Correlation(rho.reshape(lead), status.reshape(lead))


def _score_correlation(tables: Array, h: Array, k: Array) -> Array:
    """Pearson correlations (M,) of tables whose categories count as their mean normal scores."""
    row, column = _scores(h), _scores(k)
    both = ((tables @ column[..., None])[..., 0] * row).sum(axis=-1)
    rows = (tables.sum(axis=-1) * row**2).sum(axis=-1)
    columns = (tables.sum(axis=-2) * column**2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return both / np.sqrt(rows * columns)


def _scores(cut: Array) -> Array:
    """Means of a standard normal variable in the intervals between cut points, 0 if empty."""
    edge = np.full_like(cut[..., :1], EDGE)
    edges = np.concatenate([-edge, cut, edge], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = -np.diff(density(edges), axis=-1) / np.diff(ndtr(edges), axis=-1)
    return np.where(np.isfinite(score), score, 0.0)


def _table_slopes(table: Array, h: Array, k: Array, rho: Array) -> tuple[Array, Array, Array]:
    p = cell_probabilities(h, k, rho)
    first, second = cell_slopes(h, k, rho)
    # Below it a probability is rounding error, ln p about -d^2 / (2 (1 - rho^2)).
    lost = p < SMALLEST_PROBABILITY
    p[lost] = 1
    pull = 2 * np.log(SMALLEST_PROBABILITY) * rho / ((1 - rho) * (1 + rho))
    score = np.where(lost, pull[:, None, None], first / p)
    squares = (table * score * score).sum(axis=(-2, -1))
    bend = (table * np.where(lost, 0.0, second / p)).sum(axis=(-2, -1))
    return (table * score).sum(axis=(-2, -1)), bend - squares, squares


def polyserial(z: Array, code: Array, thresholds: Array, weights: Array) -> Correlation:
    """Return polyserial correlations (...,) of z (..., n) with categories (..., n) of an item.

    Maximum likelihood of the categories given `z`, which is standardized, with the
    `thresholds` (..., K - 1) given; respondents with a nan count nothing.
    """
    lead, n = z.shape[:-1], z.shape[-1]
    there = np.isfinite(z) & np.isfinite(code)
    w = np.where(there, weights, 0.0).reshape(-1, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        w = w / w.sum(axis=-1, keepdims=True)
    flat = np.where(there, z, 0.0).reshape(-1, n)
    category = np.where(there, code, 0).astype(np.intp).reshape(-1, n)
    cut = as_finite(thresholds).reshape(-1, thresholds.shape[-1])
    lower, upper = interval(cut, category)
    start = _polyserial_by_moments(flat, category, cut, w)

    def solve(part: slice) -> Correlation:
        a, b, x, weight = lower[part], upper[part], flat[part], w[part]

        def slopes(rho: Array, members: Index) -> tuple[Array, Array, Array]:
            return _serial_slopes(x[members], a[members], b[members], weight[members], rho)

        return _maximize(slopes, start[part])

    return _joined(_in_parts(solve, len(flat), n), lead)


def interval(cut: Array, code: Index) -> tuple[Array, Array]:
    """Return the cut points (..., n) below and above each category, of cut (..., K - 1)."""
    edge = np.full_like(cut[..., :1], EDGE)
    edges = np.concatenate([-edge, cut, edge], axis=-1)
    return np.take_along_axis(edges, code, axis=-1), np.take_along_axis(edges, code + 1, axis=-1)


def _polyserial_by_moments(z: Array, code: Index, cut: Array, w: Array) -> Array:
    """Polyserial correlations (M,) by Olsson, Drasgow & Dorans' (1982) ad hoc formula.

    The Pearson correlation with the category numbers times their standard deviation over
    the sum of the normal densities at the thresholds.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return (w * z * code).sum(axis=-1) / density(cut).sum(axis=-1)


def between(lower: Array, upper: Array) -> Array:
    """Return the normal probability of intervals, without cancellation in the upper tail."""
    turn = np.where(lower > 0, -1.0, 1.0)
    return turn * (ndtr(turn * upper) - ndtr(turn * lower))


def _serial_slopes(
    z: Array, lower: Array, upper: Array, w: Array, rho: Array
) -> tuple[Array, Array, Array]:
    r = rho[:, None]
    rest = (1 - r) * (1 + r)
    root = np.sqrt(rest)
    a, b = (lower - r * z) / root, (upper - r * z) / root
    p = between(a, b)
    # The interval is so far out that ln p is about -u^2 / 2 at its nearer end u.
    lost = p < FAR_OUT
    p[lost] = 1
    first, second, near = np.zeros_like(z), np.zeros_like(z), np.zeros_like(z)
    for cut, u, sign in ((lower, a, -1), (upper, b, 1)):
        slope = (r * cut - z) / (rest * root)
        bend = (cut + 3 * r * (r * cut - z) / rest) / (rest * root)
        first += sign * density(u) * slope
        second += sign * density(u) * (bend - u * slope**2)
        near = np.where(u * sign < 0, -u * slope, near)
    score = np.where(lost, near, first / p)
    squares = (w * score * score).sum(axis=-1)
    bends = (w * np.where(lost, 0.0, second / p)).sum(axis=-1)
    return (w * score).sum(axis=-1), bends - squares, squares


def pearson(product: Array, first: Array, second: Array) -> Correlation:
    """Return correlations (...,) of normal variables with known means and variances.

    Maximum likelihood from the mean `product` of two standardized variables and their mean
    squares, `first` and `second`; the product itself where both are 1.
    """
    c, total = product.ravel(), (first + second).ravel()

    def slopes(rho: Array, members: Index) -> tuple[Array, Array, Array]:
        rest = (1 - rho) * (1 + rho)
        score = rho * rest + (1 + rho**2) * c[members] - rho * total[members]
        bend = 1 - 3 * rho**2 + 2 * rho * c[members] - total[members]
        information = (1 + rho**2) / rest**2
        return score / rest**2, (bend + 4 * rho * score / rest) / rest**2, information

    with np.errstate(divide="ignore", invalid="ignore"):
        start = c / np.sqrt((first * second).ravel())
    found = _maximize(slopes, start)
    return Correlation(found.rho.reshape(product.shape), found.status.reshape(product.shape))


def _maximize(slopes: Slopes, start: Array) -> Correlation:
    """Return where likelihoods of a correlation are largest, from starts (M,).

    `slopes` returns the first and second derivative and the mean of squared scores, each
    (m,), of the mean log likelihood at correlations (m,) of some members. A step is cut back
    to half of the way to the bounds between which the first derivative changes its sign.
    """
    usable = np.isfinite(start)
    rho = np.where(usable, np.clip(start, -0.95, 0.95), np.nan)
    status = np.where(usable, int(Status.ITERATION_CAP), int(Status.SINGULAR))
    low, high = np.full(len(rho), -1.0), np.ones(len(rho))
    members = np.flatnonzero(usable)
    for _ in range(MAX_ITER):
        at = rho[members]
        first, second, squares = slopes(at, members)
        low[members] = np.where(first > 0, at, low[members])
        high[members] = np.where(first < 0, at, high[members])
        information = np.where(second < 0, -second, squares)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.where(first == 0, 0.0, first / information)
        ahead = np.clip(at + step, (at + low[members]) / 2, (at + high[members]) / 2)
        rho[members] = np.clip(ahead, -LARGEST, LARGEST)
        bounded = np.abs(ahead) > LARGEST
        done = (np.abs(step) <= TOLERANCE) | (first * step <= DECREMENT)
        improper = bounded | (information < FLAT)
        ended = np.where(done, Status.CONVERGED, Status.ITERATION_CAP)
        status[members] = np.where(improper, int(Status.IMPROPER), ended)
        members = members[~(done | bounded)]
        if not len(members):
            break
    return Correlation(rho, status)
