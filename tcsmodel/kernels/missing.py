"""Answers with gaps: patterns of missing items, and the saturated moments by EM.

A row of answers enters the normal likelihood by the items that it has. Rows with the same
items make a pattern, of which the likelihood needs the weight w_k and the second moments
``T_k = sum w_i z_i z_i' / w_k`` with ``z = [x - origin, 1]``: moments about a fixed origin,
bordered by the mean and by one. With ``Sigma~ = [[Sigma + d d', d], [d', 1]]``,
``d = mu - origin``, and P_k the inverse of its part for the items of pattern k, zero elsewhere,

    -2 loglik / n - constant = sum_k w_k / n [ log|Sigma~_k| + tr(P_k T_k) - 1 ],

because the border adds nothing to the determinant and one to the trace: means and covariances
are one matrix, and its derivative is ``Omega = sum_k w_k / n (P_k - P_k T_k P_k)``. The
expected second moments of complete answers are ``Sigma~ - Sigma~ Omega Sigma~``: one EM step
(Orchard & Woodbury 1972; Dempster, Laird & Rubin 1977).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import linalg
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

MAX_STEPS = 1000
# Of tr(Omega Sigma Omega Sigma), the squared length of an EM step in units of standard
# errors over n/2; what remains to the maximum is larger by 1 / (share of information seen).
TOLERANCE = 1e-18
# EM never raises the discrepancy; where it seems to, Sigma has become singular.
RISE = 1e-8
# Entries of pair products held at once, so that memory does not grow with the rows.
PRODUCTS = 4_000_000
# A variance this small, relative to the size of the answers, is rounding.
ROUNDING = 1e-13


@dataclass(frozen=True, slots=True)
class Patterns:
    """Which items are observed together.

    observed (K, p); rows: K arrays with the row numbers of each pattern, where rows without
    any answer are in none; origin (p,): means of the answers there are, 0 without any.
    """

    observed: Mask
    rows: tuple[Index, ...]
    origin: Array


def patterns(x: Array) -> Patterns:
    """Return the patterns of answers (n, p), nan where missing; the most complete come first."""
    seen = ~np.isnan(x)
    kept = np.flatnonzero(seen.any(axis=1))
    bits, label = np.unique(np.packbits(seen[kept], axis=1), axis=0, return_inverse=True)
    label = label.ravel()
    observed = np.unpackbits(bits, axis=1, count=x.shape[1]).astype(bool)
    order = np.argsort(-observed.sum(axis=1), kind="stable")
    ends = np.cumsum(np.bincount(label, minlength=len(bits)))
    members = np.split(kept[np.argsort(label, kind="stable")], ends[:-1])
    origin = np.where(seen, x, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return Patterns(observed[order], tuple(members[k] for k in order), origin)


@dataclass(frozen=True, slots=True)
class PatternMoments:
    """Moments of every pattern under B weightings.

    observed (K, p) and origin (p,) as in `Patterns`; weight (B, K) sums of weights; second
    (B, K, p+1, p+1) the T_k, zero for missing items and where the weight is zero. Of samples
    apart, observed (B, K, p): patterns of each, filled up by complete ones of weight zero.
    """

    observed: Mask
    origin: Array
    weight: Array
    second: Array

    @property
    def n(self) -> Array:
        """Sums of the weights (B,) of rows with an answer."""
        return self.weight.sum(axis=-1)

    @property
    def share(self) -> Array:
        """Weights (B, K) that sum to one; nan where there are none."""
        with np.errstate(invalid="ignore"):
            return self.weight / self.n[:, None]

    @property
    def mean(self) -> Array:
        """Means (B, K, p); zero for missing items."""
        return np.where(self.observed, self.second[..., :-1, -1] + self.origin, 0.0)

    @property
    def cov(self) -> Array:
        """Covariances (B, K, p, p) with divisor w_k; zero for missing items."""
        shift = self.second[..., :-1, -1]
        return self.second[..., :-1, :-1] - shift[..., :, None] * shift[..., None, :]

    @property
    def coverage(self) -> Array:
        """Shares (B, p, p) of the weight in which both items are observed."""
        both = self.observed[..., :, None] & self.observed[..., None, :]
        return np.einsum("...k,...kij->...ij", self.share, both.astype(np.float64))

    def of(self, members: Index | Mask) -> PatternMoments:
        """Return the moments of some members of the batch."""
        observed = self.observed if self.observed.ndim == 2 else self.observed[members]
        weight, second = self.weight[members], self.second[members]
        return replace(self, observed=observed, weight=weight, second=second)

    def items(self, chosen: Index) -> PatternMoments:
        """Return the moments of some items."""
        at = np.append(chosen, len(self.origin))
        return replace(
            self,
            observed=self.observed[..., chosen],
            origin=self.origin[chosen],
            second=self.second[..., at[:, None], at],
        )


def tabulate(found: Patterns, x: Array, weights: Array | None = None) -> PatternMoments:
    """Return the moments of every pattern.

    Parameters
    ----------
    found : Patterns
        Of `x`.
    x : ndarray (n, p)
        Answers, nan where missing.
    weights : ndarray (B, n), optional
        Case weights, bootstrap counts, or their product; by default all one and B = 1.
    """
    if weights is None:
        weights = np.ones((1, len(x)))
    p = x.shape[1]
    shape = (len(weights), len(found.rows))
    weight, second = np.zeros(shape), np.zeros((*shape, p + 1, p + 1))
    for k, rows in enumerate(found.rows):
        at = np.append(np.flatnonzero(found.observed[k]), p)
        first, other = np.triu_indices(len(at))
        packed = np.zeros((len(weights), len(first)))
        step = max(1, PRODUCTS // len(first))
        for start in range(0, len(rows), step):
            own = rows[start : start + step]
            z = bordered(x[own], found.origin)[:, at]
            packed += weights[:, own] @ (z[:, first] * z[:, other])
        weight[:, k] = packed[:, -1]
        packed /= np.where(weight[:, k] > 0, weight[:, k], 1.0)[:, None]
        second[:, k, at[first], at[other]] = packed
        second[:, k, at[other], at[first]] = packed
    return PatternMoments(found.observed, found.origin, weight, second)


def tabulate_apart(
    x: Array, member: Index, weight: Array, n_members: int
) -> tuple[PatternMoments, Index]:
    """Return the moments of the patterns of samples apart, and the pattern (n,) of each row.

    Parameters
    ----------
    x : ndarray (n, p)
        Answers, nan where missing, at least one in a row.
    member, weight : ndarray (n,)
        The sample of each row, numbered from 0, and its weight.
    n_members : int
        Number of samples B.
    """
    seen, p = ~np.isnan(x), x.shape[1]
    key = np.column_stack([member, np.packbits(~seen, axis=1)])
    pairs, first, pair = np.unique(key, axis=0, return_index=True, return_inverse=True)
    pair, owner = pair.ravel(), pairs[:, 0]
    number = np.arange(len(pairs)) - np.searchsorted(owner, owner)
    shape = (n_members, int(number.max()) + 1)
    observed = np.ones((*shape, p), dtype=bool)
    observed[owner, number] = seen[first]
    origin = np.where(seen, x, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    row, column = np.triu_indices(p + 1)
    order = np.argsort(pair, kind="stable")
    z = bordered(x[order], origin)
    begin = np.searchsorted(pair[order], np.arange(len(pairs)))
    packed = np.empty((len(pairs), len(row)))
    step = max(1, PRODUCTS // len(x))
    for start in range(0, len(row), step):
        some = slice(start, start + step)
        products = weight[order, None] * z[:, row[some]] * z[:, column[some]]
        packed[:, some] = np.add.reduceat(products, begin, axis=0)
    whole = np.zeros(shape)
    whole[owner, number] = packed[:, -1]
    packed /= packed[:, -1:]
    second = np.zeros((*shape, p + 1, p + 1))
    second[owner[:, None], number[:, None], row, column] = packed
    second[owner[:, None], number[:, None], column, row] = packed
    return PatternMoments(observed, origin, whole, second), number[pair]


def bordered(x: Array, origin: Array) -> Array:
    """Return ``z = [x - origin, 1]`` (n, p+1), zero where an answer is missing."""
    z = np.ones((len(x), x.shape[1] + 1))
    z[:, :-1] = np.where(np.isnan(x), 0.0, x - origin)
    return z


def second_moments(mean: Array, cov: Array, origin: Array) -> Array:
    """Return ``Sigma~`` (B, p+1, p+1) of means (B, p) and covariances (B, p, p)."""
    shift = mean - origin
    out = np.ones((len(mean), cov.shape[-1] + 1, cov.shape[-1] + 1))
    out[:, :-1, :-1] = cov + shift[:, :, None] * shift[:, None, :]
    out[:, :-1, -1] = out[:, -1, :-1] = shift
    return out


@dataclass(frozen=True, slots=True)
class Restricted:
    """What each pattern sees of a matrix.

    inverse (B, K, p+1, p+1): the P_k; log_det (B, K), inf where not positive definite.
    """

    inverse: Array
    log_det: Array


def restrict(sigma: Array, observed: Mask) -> Restricted:
    """Return the inverses of the observed parts of Sigma~ (B, p+1, p+1), zero elsewhere.

    Patterns that miss equally many items are one batch. Where these are few, what they take
    away from the inverse of Sigma~ is of low rank: with M the items that are missing and
    ``P = Sigma~^-1``, ``P_k = P - P_.M P_MM^-1 P_M.`` and ``|Sigma~_k| = |Sigma~| |P_MM|``.
    """
    if observed.ndim == 3:
        return _restrict_apart(sigma, observed)
    n, width = len(sigma), sigma.shape[-1]
    seen = np.append(observed, np.ones((len(observed), 1), dtype=bool), axis=1)
    inverse = np.zeros((n, len(seen), width, width))
    log_det = np.full((n, len(seen)), np.inf)
    log_whole, whole, definite = linalg.definite_inverse(sigma)
    gaps = width - seen.sum(axis=1)
    for count in np.unique(gaps):
        own = np.flatnonzero(gaps == count)
        if 2 * count <= width:
            missing = np.nonzero(~seen[own])[1].reshape(len(own), count)
            _reduce(inverse, log_det, own, missing, whole, np.where(definite, log_whole, np.inf))
        rest = np.arange(n) if 2 * count > width else np.flatnonzero(~definite)
        if len(rest):
            present = np.nonzero(seen[own])[1].reshape(len(own), width - count)
            _invert(inverse, log_det, own, present, sigma, rest)
    return Restricted(inverse, log_det)


def _restrict_apart(sigma: Array, observed: Mask) -> Restricted:
    """Return the same of patterns (B, K, p) that each member has by itself."""
    shape, width = observed.shape[:2], sigma.shape[-1]
    seen = np.append(observed, np.ones((*shape, 1), dtype=bool), axis=2)
    inverse, log_det = np.zeros((*shape, width, width)), np.full(shape, np.inf)
    log_whole, whole, definite = linalg.definite_inverse(sigma)
    gaps = width - seen.sum(axis=2)
    for count in np.unique(gaps):
        b, k = np.nonzero(gaps == count)
        low = definite[b] & (2 * count <= width)
        if low.any():
            own, at = b[low], k[low]
            gone = np.nonzero(~seen[own, at])[1].reshape(len(own), count)
            part = whole[own]
            column = np.take_along_axis(part, gone[:, None, :], axis=2)
            inner = np.take_along_axis(column, gone[:, :, None], axis=1)
            log_gap, gap, fine = linalg.definite_inverse(inner)
            part -= column @ gap @ np.swapaxes(column, 1, 2)
            part[~(seen[own, at][:, :, None] & seen[own, at][:, None, :])] = 0.0
            inverse[own, at] = np.where(fine[:, None, None], part, 0.0)
            log_det[own, at] = np.where(fine, log_whole[own] + log_gap, np.inf)
        if (~low).any():
            own, at = b[~low], k[~low]
            there = np.nonzero(seen[own, at])[1].reshape(len(own), width - count)
            place = own[:, None, None], there[:, :, None], there[:, None, :]
            found_log, found, fine = linalg.definite_inverse(sigma[place])
            found = np.where(fine[:, None, None], found, 0.0)
            inverse[own[:, None, None], at[:, None, None], place[1], place[2]] = found
            log_det[own, at] = np.where(fine, found_log, np.inf)
    return Restricted(inverse, log_det)


def _reduce(
    inverse: Array, log_det: Array, own: Index, missing: Index, whole: Array, log_whole: Array
) -> None:
    """Fill in patterns `own` (k,) that miss the items `missing` (k, m), from the whole inverse."""
    at = missing[:, :, None], missing[:, None, :]
    log_gap, gap, definite = _inverses(whole[:, at[0], at[1]])
    column = np.swapaxes(whole[:, missing], -1, -2)
    reduced = whole[:, None] - column @ gap @ np.swapaxes(column, -1, -2)
    rows = np.arange(len(own))[:, None]
    reduced[:, rows, missing] = 0.0
    reduced[:, rows, :, missing] = 0.0
    fine = definite & np.isfinite(log_whole)[:, None]
    inverse[:, own] = np.where(fine[..., None, None], reduced, 0.0)
    log_det[:, own] = np.where(fine, log_whole[:, None] + log_gap, np.inf)


def _inverses(parts: Array) -> tuple[Array, Array, Mask]:
    """Return log determinants (B, k), inverses (B, k, m, m) and (B, k) whether each is definite."""
    shape = parts.shape[:2]
    flat = parts.reshape(shape[0] * shape[1], *parts.shape[2:])
    log_det, found, definite = linalg.definite_inverse(flat)
    return log_det.reshape(shape), found.reshape(parts.shape), definite.reshape(shape)


def _invert(
    inverse: Array, log_det: Array, own: Index, present: Index, sigma: Array, rest: Index
) -> None:
    """Fill in patterns `own` (k,) with the items `present` (k, o), for members `rest`."""
    at = present[:, :, None], present[:, None, :]
    found_log, found, definite = _inverses(sigma[rest][:, at[0], at[1]])
    members = rest[:, None, None, None]
    inverse[members, own[:, None, None], at[0], at[1]] = np.where(
        definite[..., None, None], found, 0.0
    )
    log_det[rest[:, None], own] = np.where(definite, found_log, np.inf)


def discrepancy(part: Restricted, table: PatternMoments) -> Array:
    """Return ``-2 loglik / n`` (B,) without ``log(2 pi)``; inf where Sigma is not definite."""
    value = part.log_det + np.einsum("bkij,bkij->bk", part.inverse, table.second) - 1
    definite = np.all(np.isfinite(part.log_det), axis=-1)
    return np.where(definite, (table.share * np.where(definite[:, None], value, 0)).sum(-1), np.inf)


def weighted_slope(inverse: Array, table: PatternMoments) -> Array:
    """Return Omega (B, p+1, p+1), the derivative of the discrepancy by Sigma~."""
    gap = inverse - inverse @ table.second @ inverse
    return np.einsum("bk,bkij->bij", table.share, gap)


@dataclass(frozen=True, slots=True)
class Saturated:
    """Maximum likelihood moments of B weightings.

    mean (B, p); cov (B, p, p), divisor n; value (B,) the discrepancy; steps (B,) of EM;
    status (B,): CONVERGED, ITERATION_CAP, or SINGULAR where no covariance matrix is a unique
    maximum, because two items are never observed together or items determine another.
    """

    mean: Array
    cov: Array
    value: Array
    steps: Index
    status: Index


def saturated(table: PatternMoments) -> Saturated:
    """Return the means and covariances of all items by maximum likelihood.

    EM from the means and variances of the answers there are, for every member of the batch
    until its own end. Two steps foretell where a line of steps leads (SQUAREM, Varadhan &
    Roland 2008); a leap there that raises the discrepancy is taken back.
    """
    mean, variance = available(table)
    diagonal = variance[:, :, None] * np.eye(variance.shape[-1])
    sigma = second_moments(mean, diagonal, table.origin)
    safe, value = sigma.copy(), np.full(len(sigma), np.inf)
    steps = np.zeros(len(sigma), dtype=np.intp)
    known = (table.coverage > 0).all(axis=(1, 2)) & (variance > 0).all(axis=1)
    status = np.where(known, Status.ITERATION_CAP, Status.SINGULAR).astype(np.intp)
    members = np.flatnonzero(known)
    while len(members):
        own = table.of(members)
        start, once = sigma[members], _em(sigma[members], own)
        leapt = np.flatnonzero(once.value > value[members] + ROUNDING)
        start[leapt] = safe[members[leapt]]
        again = _em(start[leapt], own.of(leapt))
        once.value[leapt], once.sigma[leapt] = again.value, again.sigma
        twice = _em(once.sigma, own)
        steps[members] += 2
        regular = (once.value <= value[members] + RISE) & (twice.value <= once.value + RISE)
        regular &= np.isfinite(twice.value)
        done = regular & (twice.length <= TOLERANCE)
        status[members[~regular]], status[members[done]] = Status.SINGULAR, Status.CONVERGED
        value[members], safe[members] = twice.value, twice.sigma
        sigma[members] = _leap(start, once.sigma, twice.sigma)
        members = members[regular & ~done & (steps[members] < MAX_STEPS)]
    return _outcome(table, safe, value, steps, status)


@dataclass(frozen=True, slots=True)
class _Step:
    """An EM step: value (B,) before, length (B,) and sigma (B, p+1, p+1) after it."""

    value: Array
    length: Array
    sigma: Array


def _em(sigma: Array, table: PatternMoments) -> _Step:
    part = restrict(sigma, table.observed)
    change = weighted_slope(part.inverse, table) @ sigma
    length = np.abs(np.einsum("bij,bji->b", change, change))
    moved = sigma - sigma @ change
    return _Step(discrepancy(part, table), length, (moved + np.swapaxes(moved, 1, 2)) / 2)


def _leap(start: Array, once: Array, twice: Array) -> Array:
    """Return where the line of two steps leads, never short of the second step."""
    step, bend = once - start, twice - 2 * once + start
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.diagonal(start, axis1=1, axis2=2))
        outer = scale[:, :, None] * scale[:, None, :]
        length = np.linalg.norm(step * outer, axis=(1, 2))
        length = length / np.linalg.norm(bend * outer, axis=(1, 2))
    reach = np.where(np.isfinite(length), np.maximum(length, 1.0), 1.0)[:, None, None]
    return start + 2 * reach * step + reach**2 * bend


def independence(table: PatternMoments, causes: Index) -> Array:
    """Return the least discrepancy (B,) of the baseline model: means and variances are free.

    No covariances, except among observed causes. Every other item has its maximum at the
    answers there are: ``sum_j n_j / n (log v_j + 1)``. inf where an item has no variance.
    """
    others = np.setdiff1d(np.arange(table.observed.shape[-1]), causes)
    weight = np.diagonal(table.coverage, axis1=1, axis2=2)[:, others]
    variance = available(table)[1][:, others]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (weight * (np.log(variance) + 1)).sum(axis=-1)
    value = np.where((variance > 0).all(axis=-1), value, np.inf)
    return value + saturated(table.items(causes)).value if len(causes) else value


def available(table: PatternMoments) -> tuple[Array, Array]:
    """Return means and variances (B, p), divisor n_j, of the answers there are; nan without."""
    weight = np.diagonal(table.coverage, axis1=1, axis2=2)
    total = np.einsum("bk,bkij->bij", table.share, table.second)
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = total[:, :-1, -1] / weight
        second = np.diagonal(total, axis1=1, axis2=2)[:, :-1] / weight
    variance = second - shift**2
    rounding = ROUNDING * second + (ROUNDING * table.origin) ** 2
    return table.origin + shift, np.where(variance <= rounding, 0.0, variance)


def _outcome(
    table: PatternMoments, sigma: Array, value: Array, steps: Index, status: Index
) -> Saturated:
    shift = sigma[:, :-1, -1]
    cov = sigma[:, :-1, :-1] - shift[:, :, None] * shift[:, None, :]
    mean, wrong = table.origin + shift, status == Status.SINGULAR
    mean[wrong], cov[wrong], value[wrong] = np.nan, np.nan, np.inf
    return Saturated(mean, cov, value, steps, status)
