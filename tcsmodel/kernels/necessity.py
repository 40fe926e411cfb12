"""Necessary conditions: ceilings over a scatter, and the empty space above them.

Symbols: `u` (n,) the condition and `v` (..., n) the target, both on 0-1 of their scope; `at` (s,)
the distinct values of the condition; `tops` (..., s) the highest target at that value or to the
left of it. The corners of the ceiling are where `tops` rises. Sources: Dul (2016), Organizational
Research Methods 19(1), 10-52; Dul, van der Laan & Kuik (2020), same journal 23(2), 385-395.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

# Levels and effects this close are equal.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Ladder:
    """The respondents in the order of a condition.

    Parameters
    ----------
    order : ndarray (n,) of int
        Rows by ascending condition.
    starts : ndarray (s,) of int
        Where each distinct value begins in that order.
    at : ndarray (s,)
        The distinct values.
    """

    order: Rows
    starts: Rows
    at: Array


@dataclass(frozen=True)
class Line:
    """The line through the corners of a ceiling, ``v = intercept + slope u``.

    Both (...,) are nan where there is one corner only.
    """

    intercept: Array
    slope: Array


def ladder(u: Array) -> Ladder:
    """Return the order of a condition (n,), its equal values joined."""
    order = np.argsort(u, kind="stable")
    at, starts = np.unique(u[order], return_index=True)
    return Ladder(order, starts, at)


def tops(given: Ladder, v: Array) -> Array:
    """Return the highest target (..., s) at each value of the condition or to the left of it."""
    highest = np.maximum.reduceat(v[..., given.order], given.starts, axis=-1)
    return np.asarray(np.maximum.accumulate(highest, axis=-1))


def step_effect(at: Array, tops: Array) -> Array:
    """Return the effect (...,) of the step ceiling: the share of the scope above it, CE-FDH.

    Left of the smallest value seen the whole height of the scope is empty.
    """
    widths = np.diff(at, append=1.0)
    return np.asarray(at[0] + (1.0 - at[0]) - tops @ widths)


def corners(tops: Array) -> NDArray[np.bool_]:
    """Return where (..., s) the step ceiling has a corner: its first value, and where it rises."""
    rises = np.diff(tops, axis=-1) > 0
    first = np.ones((*tops.shape[:-1], 1), dtype=bool)
    return np.concatenate([first, rises], axis=-1)


def corner_line(at: Array, tops: Array) -> Line:
    """Return the least-squares line through the corners of the step ceiling, CR-FDH."""
    corner = corners(tops).astype(float)
    count, height = corner.sum(axis=-1), corner * tops
    center, level = (corner @ at) / count, height.sum(axis=-1) / count
    spread = corner @ at**2 - count * center**2
    together = height @ at - count * center * level
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(count > 1, together / spread, np.nan)
    return Line(level - slope * center, slope)


def line_effect(line: Line) -> Array:
    """Return the effect (...,) of a line: the share of the scope above it; 0 without a line."""
    low, high = line.intercept, line.intercept + line.slope
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = 1.0 - (_below(high) - _below(low)) / line.slope
    return np.where(np.isfinite(effect), np.maximum(effect, 0.0), 0.0)


def _below(t: Array) -> Array:
    """Return the integral of ``clip(t, 0, 1)`` up to t."""
    return np.clip(t, 0.0, 1.0) ** 2 / 2 + np.maximum(t - 1.0, 0.0)


def step_slack(at: Array, tops: Array) -> tuple[Array, Array]:
    """Return the shares of both ranges that the step ceiling leaves unconstrained.

    The condition beyond its last corner, and the target below the first one, which is 0 where
    the scope begins to the left of the smallest condition seen.
    """
    last = at[np.argmax(tops, axis=-1)]
    return 1.0 - last, np.where(at[0] > ROUNDING, 0.0, tops[..., 0])


def line_slack(line: Line) -> tuple[Array, Array]:
    """Return the shares of both ranges that a line leaves unconstrained; 1 without a line."""
    with np.errstate(divide="ignore", invalid="ignore"):
        condition = 1.0 - np.clip((1.0 - line.intercept) / line.slope, 0.0, 1.0)
    target = np.clip(line.intercept, 0.0, 1.0)
    return np.nan_to_num(condition, nan=1.0), np.nan_to_num(target, nan=1.0)


def step_required(at: Array, tops: Array, levels: Array) -> Array:
    """Return the least condition (k,) under the step ceiling for levels (k,) of the target.

    nan where any will do, inf where none of the condition seen reaches the level.
    """
    place = np.searchsorted(tops, levels - ROUNDING)
    required = np.append(at, np.inf)[place]
    return np.where((levels <= ROUNDING) | (required <= ROUNDING), np.nan, required)


def line_required(line: Line, levels: Array) -> Array:
    """Return the least condition (k,) under a line for levels (k,) of the target.

    nan where any will do or there is no line, inf where the scope ends before the line is there.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        required = (levels - line.intercept) / line.slope
    required = np.where(required > 1.0 + ROUNDING, np.inf, required)
    return np.where((levels <= ROUNDING) | (required <= ROUNDING), np.nan, required)


def alone(given: Ladder, v: Array, tops: Array) -> Rows:
    """Return the rows (c,) of respondents who hold up a corner of the ceiling by themselves."""
    corner = corners(tops)
    step = np.cumsum(np.bincount(given.starts, minlength=len(v)))[np.argsort(given.order)] - 1
    there = corner[step] & (v == tops[step])
    lonely = np.bincount(step[there], minlength=len(tops)) == 1
    return np.flatnonzero(there & lonely[step])


def without_each(given: Ladder, v: Array, rows: Rows) -> Array:
    """Return the tops (c, s) with each of the rows (c,) left out and the scope kept."""
    lowered = np.tile(v, (len(rows), 1))
    lowered[np.arange(len(rows)), rows] = 0.0
    return tops(given, lowered)


@dataclass
class _Sums:
    """Running sums (B,) over the corners of B ceilings."""

    count: Array
    u: Array
    v: Array
    uu: Array
    uv: Array

    def add(self, rows: Rows, u: Array, v: Array) -> None:
        for name, term in (("count", 1.0), ("u", u), ("v", v), ("uu", u * u), ("uv", u * v)):
            getattr(self, name)[rows] += term

    def line(self) -> Line:
        spread = self.count * self.uu - self.u**2
        together = self.count * self.uv - self.u * self.v
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(self.count > 1, together / spread, np.nan)
        return Line((self.v - slope * self.u) / self.count, slope)


def shuffled_effects(
    given: Ladder, v: Array, permutations: int, stream: np.random.Generator
) -> tuple[Array, Array]:
    """Return effects (B,) of step ceilings and of lines, the target (n,) shuffled B times.

    Only the corners of a shuffled scatter are drawn, from the highest target down: it falls on
    any place alike; of the values left those to its left are a random subset, of which the
    highest is the next, and so on to the first place. That is exactly the distribution of all
    permutations, and takes about log n draws for each.
    """
    highest_first = np.sort(v)[::-1]
    value_at = np.repeat(given.at, np.diff(given.starts, append=len(v)))
    rows = np.arange(permutations)
    places, used = np.full(permutations, len(v)), np.zeros(permutations, dtype=np.intp)
    effect = np.full(permutations, given.at[0])
    right = np.ones(permutations)
    corner_u, corner_v = np.full(permutations, np.inf), np.full(permutations, np.inf)
    sums = _Sums(*np.zeros((5, permutations)))
    while len(rows):
        rank = used[rows] + _gap(places[rows], len(v) - used[rows], stream.random(len(rows)))
        places[rows] = stream.integers(0, places[rows])
        used[rows] = rank + 1
        own_u, own_v = value_at[places[rows]], highest_first[rank]
        effect[rows] += (1.0 - own_v) * (right[rows] - own_u)
        right[rows] = own_u
        left, lower = own_u < corner_u[rows], own_v < corner_v[rows]
        done = left & lower & np.isfinite(corner_u[rows])
        sums.add(rows[done], corner_u[rows[done]], corner_v[rows[done]])
        corner_u[rows[left]], corner_v[rows[left]] = own_u[left], own_v[left]
        rows = rows[places[rows] > 0]
    sums.add(np.arange(permutations), corner_u, corner_v)
    return effect, line_effect(sums.line())


def _gap(drawn: Rows, left: Rows, chance: Array) -> Rows:
    """Return how many of the highest of `left` values a random subset of `drawn` misses.

    ``P(gap >= g) = C(left - g, drawn) / C(left, drawn)``, inverted at a uniform number (b,).
    """
    target = np.log1p(-chance)
    with np.errstate(divide="ignore", invalid="ignore"):
        bound = target / np.log1p(-drawn / left)
    low = np.zeros(len(drawn), dtype=np.intp)
    high = np.minimum(left - drawn, np.where(drawn == left, 0, np.ceil(bound))).astype(np.intp)
    whole = _log_choices(left, drawn)
    while (low < high).any():
        middle = (low + high + 1) // 2
        reached = _log_choices(left - middle, drawn) - whole >= target
        low, high = np.where(reached, middle, low), np.where(reached, high, middle - 1)
    return low


def _log_choices(n: Rows, k: Rows) -> Array:
    """Return the logarithm of ``C(n, k)`` up to ``log k!``."""
    return np.asarray(gammaln(n + 1.0) - gammaln(n - k + 1.0))


def p_value(effect: float, shuffled: Array) -> float:
    """Return the share of shuffles (B,) with an effect as large, the sample itself among them."""
    return float((np.sum(shuffled >= effect - ROUNDING) + 1) / (len(shuffled) + 1))
