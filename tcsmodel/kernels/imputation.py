"""Multiple imputation by chained equations with predictive mean matching.

Symbols: `x` (n, p) answers; `gaps` (n, p) which of them are to be drawn; `beside` (n, q) what else
is known of the respondents; M imputations, each with its own random stream.

One item after another is regressed on all other items and `beside`, among those who answered it,
the gaps of the others filled with their latest draws. Of the regression one draw is taken from
its posterior under a flat prior (Rubin 1987, p. 167),

    sigma^2 = SSE / chi2(n - k)        b ~ N(bhat, sigma^2 V)        V = (X'X)^-1

so that imputations are proper: they differ also because coefficients are not known. A gap becomes
the answer of a respondent drawn from the `DONORS` whose predictions ``x' bhat`` lie nearest to its
own ``x' b`` (Little 1988; type 1 matching, van Buuren 2018, section 3.4), and so is always an
answer that somebody gave.

Where items do not apply the centered column is zero, and an indicator of it is a predictor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.batch import map_chunks

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

DONORS = 5
RIDGE = 1e-5
# Predictions this close, relative to their spread, are those of equal respondents.
TIE = 1e-9
CELLS = 20_000_000
AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Imputed:
    """values (M, c): draws for the gaps, row by row; trace (iterations, M, p): their means."""

    values: Array
    trace: Array


def chained(
    x: Array, gaps: Mask, beside: Array, iterations: int, imputations: int, seed: int
) -> Imputed:
    """Return draws for the gaps, by chained equations.

    Parameters
    ----------
    x : ndarray (n, p)
        Answers, nan where there is none.
    gaps : ndarray (n, p)
        Which of them to draw. Other missing cells do not apply.
    beside : ndarray (n, q)
        Predictors without gaps.
    iterations : int
        How often each item is drawn.
    imputations, seed : int
        How many, and of which seed. Imputation i is the same whatever their number.
    """
    streams = [
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(i,)))
        for i in range(imputations)
    ]
    given = _given(x, gaps, beside)
    size = max(1, min(AT_ONCE, CELLS // max(given.start.size, 1)))
    chunks = [streams[i : i + size] for i in range(0, imputations, size)]
    parts = list(map_chunks(partial(_chain, given, iterations), chunks))
    return Imputed(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.trace for part in parts], axis=1),
    )


@dataclass(frozen=True, slots=True)
class _Given:
    """What all imputations share.

    start (n, k): one, predictors and standardized items, 0 in gaps; first: the column of the first
    item; answered, gaps (n, p); order: items with gaps, those with fewer first; x (n, p).
    """

    start: Array
    first: int
    answered: Mask
    gaps: Mask
    order: Index
    x: Array


def _given(x: Array, gaps: Mask, beside: Array) -> _Given:
    answered = np.isfinite(x)
    outside = np.unique(~(answered | gaps), axis=1).astype(np.float64)
    fixed = np.column_stack([beside, outside])
    fixed = fixed[:, np.ptp(fixed, axis=0) > 0]
    items = np.where(answered, _standardized(x, answered), 0.0)
    start = np.column_stack([np.ones(len(x)), _standardized(fixed, np.isfinite(fixed)), items])
    count = gaps.sum(axis=0)
    order = np.argsort(count, kind="stable")
    return _Given(start, 1 + fixed.shape[1], answered, gaps, order[count[order] > 0], x)


def _standardized(x: Array, there: Mask) -> Array:
    count = np.maximum(there.sum(axis=0), 1)
    d = np.where(there, x - np.where(there, x, 0.0).sum(axis=0) / count, 0.0)
    spread = np.sqrt((d**2).sum(axis=0) / count)
    return d / np.where(spread > 0, spread, 1.0)


def _chain(given: _Given, iterations: int, streams: Sequence[np.random.Generator]) -> Imputed:
    """Return the imputations of some streams."""
    z = np.repeat(given.start[None], len(streams), axis=0)
    drawn = np.full((len(streams), *given.x.shape), np.nan)
    for j in given.order:
        chosen = _integers(streams, int(given.answered[:, j].sum()), int(given.gaps[:, j].sum()))
        _put(given, z, drawn, j, np.flatnonzero(given.answered[:, j])[chosen])
    cross = z.swapaxes(1, 2) @ z
    trace = np.full((iterations, len(streams), given.x.shape[1]), np.nan)
    for t in range(iterations):
        for j in given.order:
            _put(given, z, drawn, j, _donors(given, z, cross, j, streams))
            column = given.first + j
            cross[:, column] = (z[:, None, :, column] @ z)[:, 0]
            cross[:, :, column] = cross[:, column]
            trace[t, :, j] = drawn[:, given.gaps[:, j], j].mean(axis=1)
    return Imputed(drawn[:, given.gaps], trace)


def _put(given: _Given, z: Array, drawn: Array, j: int, donors: Index) -> None:
    """Give the gaps of item j the answers of donors (M, g)."""
    own = np.flatnonzero(given.gaps[:, j])
    column = given.first + j
    drawn[:, own, j] = given.x[donors, j]
    z[:, own, column] = given.start[donors, column]


def _donors(
    given: _Given, z: Array, cross: Array, j: int, streams: Sequence[np.random.Generator]
) -> Index:
    """Return whose answers the gaps of item j take, row numbers (M, g)."""
    column, own = given.first + j, np.flatnonzero(given.gaps[:, j])
    answered = np.flatnonzero(given.answered[:, j])
    found, drawn = _regression(z, cross, column, answered, given.answered[:, j], streams)
    seen = (z @ found[:, :, None])[:, answered, 0]
    sought = (z[:, own] @ drawn[:, :, None])[..., 0]
    slot = _integers(streams, DONORS, len(own))
    tie = np.stack([stream.random(len(own)) for stream in streams])
    return answered[matched(seen, sought, slot, tie)]


def _regression(
    z: Array,
    cross: Array,
    column: int,
    answered: Index,
    is_answered: Mask,
    streams: Sequence[np.random.Generator],
) -> tuple[Array, Array]:
    """Return coefficients (M, k) of a column on the others, estimated and drawn; 0 for its own."""
    others = np.delete(np.arange(z.shape[2]), column)
    if 2 * len(answered) > z.shape[1]:
        rest = z[:, ~is_answered]
        products = cross - rest.swapaxes(1, 2) @ rest
    else:
        part = z[:, answered]
        products = part.swapaxes(1, 2) @ part
    square, right = products[:, others[:, None], others], products[:, others, column]
    size = np.diagonal(square, axis1=1, axis2=2)
    ridge = np.where(size > 0, RIDGE * size, 1.0)
    inverse = np.linalg.inv(square + ridge[:, :, None] * np.eye(len(others)))
    estimate = (inverse @ right[:, :, None])[..., 0]
    fitted = (square @ estimate[:, :, None])[..., 0]
    error = products[:, column, column] + (estimate * (fitted - 2 * right)).sum(axis=1)
    df = max(len(answered) - len(others), 1)
    spread = np.sqrt(np.maximum(error, 0.0) / [stream.chisquare(df) for stream in streams])
    normal = np.stack([stream.standard_normal(len(others)) for stream in streams])
    root = np.linalg.cholesky((inverse + inverse.swapaxes(1, 2)) / 2)
    moved = estimate + spread[:, None] * (root @ normal[:, :, None])[..., 0]
    out = np.zeros((2, *estimate.shape[:1], z.shape[2]))
    out[0][:, others], out[1][:, others] = estimate, moved
    return out[0], out[1]


def matched(seen: Array, sought: Array, slot: Index, tie: Array) -> Index:
    """Return the places (M, g) in `seen` of one of the `DONORS` values nearest to each sought.

    Parameters
    ----------
    seen : ndarray (M, o)
        Predictions of those who answered.
    sought : ndarray (M, g)
        Predictions of the gaps.
    slot : ndarray (M, g) of int
        Which of the nearest, from 0.
    tie : ndarray (M, g)
        Uniform numbers, which choose among equal predictions.
    """
    count = seen.shape[1]
    order = np.argsort(np.concatenate([seen, sought], axis=1), axis=1, kind="stable")
    is_seen = order < count
    below = np.cumsum(is_seen, axis=1)
    place = np.empty_like(below)
    np.put_along_axis(place, order, below, axis=1)
    place = place[:, count:]  # how many of those seen lie below
    ranked = order[is_seen].reshape(len(seen), count)
    values = np.take_along_axis(seen, ranked, axis=1)
    width = min(2 * DONORS, count)
    start = np.clip(place - DONORS, 0, count - width)
    window = start[:, :, None] + np.arange(width)
    rows = np.arange(len(seen))[:, None, None]
    distance = np.abs(values[rows, window] - sought[:, :, None])
    nearest = np.argsort(distance, axis=2, kind="stable")
    chosen = np.minimum(slot, min(DONORS, count) - 1)
    rank = start + np.take_along_axis(nearest, chosen[:, :, None], axis=2)[..., 0]
    low, high = _equals(values)
    low, high = (np.take_along_axis(bound, rank, axis=1) for bound in (low, high))
    rank = low + np.minimum((tie * (high - low + 1)).astype(np.intp), high - low)
    return np.take_along_axis(ranked, rank, axis=1)


def _equals(values: Array) -> tuple[Index, Index]:
    """Return the first and last place (M, o) of the values equal to each, sorted (M, o)."""
    m, count = values.shape
    limit = TIE * (values[:, -1:] - values[:, :1])
    new = np.ones((m, count), dtype=bool)
    new[:, 1:] = np.diff(values, axis=1) > limit
    places = np.broadcast_to(np.arange(count), (m, count))
    low = np.maximum.accumulate(np.where(new, places, 0), axis=1)
    last = np.ones((m, count), dtype=bool)
    last[:, :-1] = new[:, 1:]
    high = np.minimum.accumulate(np.where(last, places, count - 1)[:, ::-1], axis=1)[:, ::-1]
    return low, high


def _integers(streams: Sequence[np.random.Generator], below: int, count: int) -> Index:
    return np.stack([stream.integers(0, below, size=count) for stream in streams])
