"""Segments by how well the model predicts within them (PLS-POS), many starts at once.

Becker, Rai, Ringle & Voelckner (2013, MIS Quarterly 37, 665-694): respondents move to segments
whose own model predicts their endogenous scores better, as long as the explained variance of the
segments rises with it. Symbols: `z` (n, p) answers standardized over everybody; `products` (n, m)
of them with the constant first; `weights` (n,) case weights; `labels` (S, n) segments from 0, a
row each start; `aims` (k,) bool, the constructs whose R2 counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.moments import ROUNDING

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]
Values = Mapping[str, Array]
# Takes means (..., p) and covariances (..., p, p), and returns quantities of PLS by name.
Fit = Callable[[Array, Array], Values]

# A rise of the criterion less than this is none.
RISE = 1e-5


@dataclass(frozen=True, slots=True)
class Problem:
    """What the criterion is of.

    z (n, p), products, weights (n,), fit, block (p,) and aims (k,) as above; segments their
    number; weighted whether a segment counts by its share; least the fewest respondents of a
    segment.
    """

    z: Array
    products: Array
    weights: Array
    fit: Fit
    block: Index
    aims: Mask
    segments: int
    weighted: bool
    least: int

    def moments(self, labels: Index) -> tuple[Array, Array, Array]:
        """Return shares (..., s), means (..., s, p) and covariances (..., s, p, p) of segments."""
        inside = labels[..., None, :] == np.arange(self.segments)[:, None]
        return of_sums((inside * self.weights) @ self.products, self.z.shape[1])

    def criterion(self, labels: Index) -> Array:
        """Return the criterion (...,) of labels (..., n); -inf where a segment is too small."""
        share, mean, cov = self.moments(labels)
        return self._summed(share, self.fit(mean, cov), self._sizes(labels))

    def _sizes(self, labels: Index) -> Index:
        inside = labels[..., None, :] == np.arange(self.segments)[:, None]
        return (inside & (self.weights > 0)).sum(axis=-1)

    def _summed(self, share: Array, values: Values, sizes: Index) -> Array:
        explained = values["r_squared"][..., self.aims].sum(axis=-1)
        total = ((share if self.weighted else 1.0) * explained).sum(axis=-1)
        fine = np.isfinite(total) & (sizes >= self.least).all(axis=-1)
        return np.where(fine, total, -np.inf)

    def distances(self, labels: Index) -> Array:
        """Return how badly the model of each segment predicts respondents, (S, s, n).

        ``sum_b |e_b| / sqrt(sum e_b^2)`` over the constructs that count, e_b the residual of the
        score under the weights, means and paths of a segment, and the sum over its members.
        Inf where a segment has no model.
        """
        return self._distances(labels, self.z)

    def closest(self, labels: Index, z: Array) -> Index:
        """Return the segment (N,) that predicts other answers (N, p) best, from labels (n,)."""
        return np.asarray(self._distances(labels[None], z)[0].argmin(axis=0), dtype=np.intp)

    def _distances(self, labels: Index, z: Array) -> Array:
        _, mean, cov = self.moments(labels)
        values = self.fit(mean, cov)
        k = len(self.aims)
        inside = labels[:, None] == np.arange(self.segments)[:, None]
        total = (inside * self.weights).sum(axis=-1)
        found = np.zeros((*labels.shape[:1], self.segments, len(z)))
        with np.errstate(all="ignore"):
            spread = values["outer_weights"][..., :, None] * (self.block[:, None] == np.arange(k))
            spread = spread / np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1))[..., None]
            turn = spread @ (np.eye(k) - values["paths"])[..., self.aims]
            level = (mean[..., None, :] @ turn)[..., 0, :]
            spent = turn.swapaxes(-1, -2) @ cov @ turn
            for b in range(turn.shape[-1]):
                e = np.abs(turn[..., b] @ z.T - level[..., b, None])
                found += e / np.sqrt(total * spent[..., b, b])[..., None]
        return np.where(np.isfinite(found), found, np.inf)


@dataclass(frozen=True, slots=True)
class Climb:
    """Where the starts ended: labels (S, n), criterion (S,), and whether none could rise (S,)."""

    labels: Index
    criterion: Array
    finished: Mask


def products_of(z: Array) -> Array:
    """Return the constant, the answers and their products (n, 1 + p + p (p + 1) / 2)."""
    first, second = np.triu_indices(z.shape[1])
    return np.column_stack([np.ones(len(z)), z, z[:, first] * z[:, second]])


def of_sums(sums: Array, p: int) -> tuple[Array, Array, Array]:
    """Return shares (..., s), means and covariances of segments from sums of products."""
    with np.errstate(all="ignore"):
        share = sums[..., 0] / sums[..., 0].sum(axis=-1, keepdims=True)
        mean = sums[..., 1 : p + 1] / sums[..., :1]
        first, second = np.triu_indices(p)
        cov = np.empty((*mean.shape, p))
        cov[..., first, second] = sums[..., p + 1 :] / sums[..., :1]
        cov[..., second, first] = cov[..., first, second]
        own = np.arange(p)
        square = cov[..., own, own]
        cov -= mean[..., :, None] * mean[..., None, :]
        varies = cov[..., own, own] > ROUNDING * square
        cov[..., own, own] = np.where(varies, cov[..., own, own], 0.0)
    return share, mean, cov


def climb(problem: Problem, start: Index, depth: int, max_iter: int = 200) -> Climb:
    """Return where the criterion can rise no more, from labels (S, n).

    Respondents are listed by how much closer another segment is. Of the first 1, 2, 4, ... or
    all of the list those move whose move raises the criterion most; where none does, each of the
    first `depth` is tried alone, and those who raise it move together as far as that helps. The
    climb ends when nobody alone can raise it.
    """
    labels = start.copy()
    height = problem.criterion(labels)
    finished = np.zeros(len(labels), dtype=bool)
    active = np.arange(len(labels))
    for _ in range(max_iter):
        own = labels[active]
        gain, target = _gains(problem, own)
        moved, reached = _prefixes(problem, own, target, np.argsort(-gain), (gain > 0).sum(axis=-1))
        stuck = np.flatnonzero(~(reached > height[active] + RISE))
        if len(stuck):
            held, to = own[stuck], target[stuck]
            order, count = _alone(problem, held, to, gain[stuck], height[active[stuck]], depth)
            moved[stuck], reached[stuck] = _prefixes(problem, held, to, order, count)
        rises = reached > height[active] + RISE
        labels[active[rises]], height[active[rises]] = moved[rises], reached[rises]
        finished[active[~rises]] = True
        active = active[rises]
        if not len(active):
            break
    return Climb(labels, height, finished)


def _gains(problem: Problem, labels: Index) -> tuple[Array, Index]:
    """Return how much closer (S, n) the closest other segment is, and which it is."""
    distance = problem.distances(labels)
    at = labels[:, None]
    own = np.take_along_axis(distance, at, axis=1)[:, 0]
    np.put_along_axis(distance, at, np.inf, axis=1)
    with np.errstate(invalid="ignore"):
        gain = own - distance.min(axis=1)
    known = np.isfinite(gain) & (problem.weights > 0)
    return np.where(known, gain, -np.inf), distance.argmin(axis=1)


def _prefixes(
    problem: Problem, labels: Index, target: Index, order: Index, count: Index
) -> tuple[Index, Array]:
    """Return the best labels (S, n) after moves of the first of each list, and its criterion."""
    n = labels.shape[1]
    steps = 2 ** np.arange(int(np.ceil(np.log2(max(n, 2)))) + 1)
    length = np.minimum(steps, count[:, None])
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(n), order.shape), axis=1)
    moves = place[:, None] < length[..., None]
    options = np.where(moves, target[:, None], labels[:, None])
    reached = problem.criterion(options)
    best = reached.argmax(axis=1)
    rows = np.arange(len(labels))
    return options[rows, best], reached[rows, best]


def _alone(
    problem: Problem, labels: Index, target: Index, gain: Array, height: Array, depth: int
) -> tuple[Index, Index]:
    """Return the order of respondents by what their move alone adds, and how many add anything."""
    tried = np.argsort(-gain, axis=1)[:, :depth]
    options = np.repeat(labels[:, None], tried.shape[1], axis=1)
    to = np.take_along_axis(target, tried, axis=1)
    np.put_along_axis(options, tried[..., None], to[..., None], axis=2)
    reached, rise = problem.criterion(options), np.full(labels.shape, -np.inf)
    gained = np.where(np.isfinite(reached), reached - np.nan_to_num(height)[:, None], -np.inf)
    np.put_along_axis(rise, tried, gained, axis=1)
    return np.argsort(-rise, axis=1), (rise > RISE).sum(axis=1)
