"""What permuting the labels of groups does to a PLS model, and what a bootstrap within groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from tcsmodel.errors import TcsError
from tcsmodel.kernels import group_tests, micom
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.kernels.moments import remainder, to_corr
from tcsmodel.kernels.permutation import lower, two_sided, upper
from tcsmodel.kernels.pls_fit import distances
from tcsmodel.kernels.resample import permutation_chunks
from tcsmodel.kernels.status import Status
from tcsmodel.models.draws import resamples
from tcsmodel.models.grouped_pls import GroupedPLS
from tcsmodel.models.pls_fit import implied_corr
from tcsmodel.models.quantities import cells
from tcsmodel.models.staged import answer_weights

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Codes = NDArray[np.integer]
Values = dict[str, Array]

COMPOSITION, MEANS, VARIANCES = "composition", "means", "variances"
INVARIANCE = (COMPOSITION, MEANS, VARIANCES)
# What may be compared between groups.
COMPARED = (
    "paths",
    "total_effects",
    "indirect_effects",
    "r_squared",
    "outer_loadings",
    "outer_weights",
)
# How far apart what groups imply for their items is, and by which measures.
APART = "apart"
MEASURES = ("d_g", "d_uls")
NUMBERS_HELD = 6_000_000


@dataclass(frozen=True, eq=False)
class Permuted:
    """Statistics of some groups, as they are and with their labels permuted.

    Of two groups `composition` is the correlation of composites made with the weights of either,
    and all else a difference, first minus second: means of scores, logarithms of their variances,
    estimates. Of more groups composition is the mean of the correlations of all pairs, weighted
    by the product of their sizes, and all else the variance between groups weighted by size.

    Parameters
    ----------
    members : tuple of int
        The groups.
    observed : dict of str to ndarray (c,)
        By name ``composition means variances`` (one number a construct), the quantities compared
        (one number a cell), and ``apart`` (one number a measure of `MEASURES`).
    draws : dict of str to ndarray (B, c)
        The same of permuted groups; nan of permutations without a solution.
    status : ndarray (B,) of int
        How the worst fit of each permutation ended.
    """

    members: tuple[int, ...]
    observed: Values
    draws: Values
    status: Index

    @property
    def lost(self) -> int:
        """Permutations without a solution."""
        return int((self.status >= Status.ITERATION_CAP).sum())

    def p(self, name: str) -> Array:
        """Return the p values (c,) of a statistic.

        Composition is tested against smaller correlations, a variance between groups against
        larger ones, a difference two-sided.
        """
        test = upper if len(self.members) > 2 else two_sided
        return (lower if name == COMPOSITION else test)(self.draws[name], self.observed[name])

    def quantile(self, name: str, share: float) -> Array:
        """Return a quantile (c,) of a statistic under permutation; nan where it has no value."""
        kept = self.draws[name][self.status < Status.ITERATION_CAP]
        found = np.full(kept.shape[1], np.nan)
        for c in np.flatnonzero(np.isfinite(kept).any(axis=0)):
            found[c] = np.quantile(kept[np.isfinite(kept[:, c]), c], share)
        return found


def permuted(
    grouped: GroupedPLS,
    members: tuple[int, ...],
    n: int,
    seed: int,
    *,
    quantities: tuple[str, ...] = (),
    centered: bool = False,
    bar: tqdm | None = None,
) -> Permuted:
    """Return the statistics of some groups under `n` permutations of their labels.

    The seed alone decides the permutations; two groups are permuted alike whatever other groups
    there are. A permutation is a set of weights 0 and 1 for each group, so all of them are one
    batch of weighted moments. With `centered`, what is permuted are answers about the means of
    their groups, except for the test of means.

    Raises
    ------
    TcsError
        When no permutation had a solution.
    """
    rows = grouped.rows(members)
    codes = np.searchsorted(np.array(members), grouped.member[rows])
    statistics = partial(_statistics, _Pooled.of(grouped, members, rows, centered), quantities)
    observed = statistics(codes[None])
    observed.pop("status")
    parts = []
    chunks = _permuted_codes(codes, n, seed, len(members))
    for part in map_chunks(statistics, chunks):
        parts.append(part)
        if bar is not None:
            bar.update(len(part["status"]))
    draws = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    status = draws.pop("status").astype(np.intp)
    if not (status < Status.ITERATION_CAP).any():
        names = ", ".join(repr(grouped.groups[g]) for g in members)
        advice = "Join small groups, or leave out items that hardly vary."
        if (status == Status.ITERATION_CAP).all():
            most = grouped.estimator.max_iter
            advice = (
                f"PLS does not converge in {most} iterations: raise max_iter, try another scheme, "
                "or look for items that point in the wrong direction."
            )
        raise TcsError(
            f"None of the {n} permutations of the groups {names} has a solution, so nothing can "
            f"be tested. {advice}"
        )
    _freeze(draws)
    return Permuted(members, {name: value[0] for name, value in observed.items()}, draws, status)


def _permuted_codes(codes: Index, n: int, seed: int, groups: int) -> Iterator[NDArray[np.int16]]:
    size = max(1, min(256, NUMBERS_HELD // (len(codes) * max(groups - 1, 1))))
    small = codes.astype(np.int16)
    for order in permutation_chunks(len(codes), n, seed, size):
        yield small[order]


@dataclass(frozen=True, eq=False)
class _Pooled:
    """Some groups pooled: what permutations of their labels leave as it is.

    rows (m,) of respondents; x (m, p) their answers about the means of their groups, None where
    answers are permuted as they are; sizes (g,); cov (p, p) of pooled items, or their
    correlations; center and sd (p,) of pooled items; weights (p, k) of pooled composites, of items
    in units of sd. Of what respondents answered, and of composites of that: interactions are
    products of composites, and as alike as these. whole and whole_centered: the moments of all
    columns, as they are and about the means of groups.
    """

    grouped: GroupedPLS
    rows: Index
    x: Array | None
    sizes: Array
    cov: Array
    center: Array
    sd: Array
    weights: Array
    whole: tuple[Array, Array]
    whole_centered: tuple[Array, Array]

    @classmethod
    def of(
        cls, grouped: GroupedPLS, members: tuple[int, ...], rows: Index, centered: bool
    ) -> _Pooled:
        mean, cov = grouped.moments(rows, np.ones(len(rows)), np.array(len(rows)))
        fit = grouped.estimator.quantities(mean, cov, len(rows))
        standardized = grouped.estimator.standardized
        sizes = grouped.sizes[list(members)].astype(float)
        model = grouped.estimator.model
        p = len(model.observed)
        center, among = mean[:p], cov[:p, :p]
        sd = np.sqrt(np.diag(among))
        used = to_corr(among) if standardized else among
        x = grouped.centered(rows) if centered else None
        whole, about = (mean, cov), (mean, cov)
        if x is not None:
            about = grouped.moments(rows, np.ones(len(rows)), np.array(len(rows)), x)
        made = answer_weights(model, fit)
        return cls(grouped, rows, x, sizes, used, center, sd, made, whole, about)


def _statistics(pooled: _Pooled, quantities: tuple[str, ...], codes: Codes) -> Values:
    """Return the statistics (b, c) of groups (b, m) numbered from 0, and ``status`` (b,)."""
    grouped = pooled.grouped
    mean, cov = _moments(pooled, codes, None)
    center = mean
    if pooled.x is not None:
        center, cov = _moments(pooled, codes, pooled.x)
    values = grouped.estimator.quantities(center, cov, len(pooled.rows))
    found = _invariance(pooled, mean, cov, answer_weights(grouped.estimator.model, values))
    for name in quantities:
        if name == APART:
            found[name] = _apart(grouped, values, to_corr(cov))
        else:
            found[name] = _between(pooled, _numbers(grouped, name, values[name]))
    status = values["status"].max(axis=1)
    for value in found.values():
        value[status >= Status.ITERATION_CAP] = np.nan
    return found | {"status": status.astype(np.float64)}


def _moments(pooled: _Pooled, codes: Codes, x: Array | None) -> tuple[Array, Array]:
    """Return means (b, g, P) and covariances (b, g, P, P) of groups (b, m) numbered from 0.

    Of complete answers those of the largest group are what the others leave of all.
    """
    grouped, rows, sizes = pooled.grouped, pooled.rows, pooled.sizes
    last = int(np.argmax(sizes)) if grouped.estimator.rule.is_plain else len(sizes)
    others = np.delete(np.arange(len(sizes)), last) if last < len(sizes) else np.arange(last)
    weights = (codes[:, None, :] == others[:, None]).astype(np.float64)
    mean, cov = grouped.moments(rows, weights, sizes[others], x)
    if last == len(sizes):
        return mean, cov
    given = np.ones(len(rows)) if grouped.sample.weights is None else grouped.sample.weights[rows]
    scale = ((sizes[others] - 1) / sizes[others])[:, None, None]
    n = sizes.sum()
    whole = pooled.whole if x is None else pooled.whole_centered
    rest_mean, rest_cov = remainder(
        whole[0], whole[1] * (n - 1) / n, mean, cov * scale, weights @ given / given.sum()
    )
    rest_cov *= sizes[last] / (sizes[last] - 1)
    return np.insert(mean, last, rest_mean, axis=1), np.insert(cov, last, rest_cov, axis=1)


def _numbers(grouped: GroupedPLS, quantity: str, values: Array) -> Array:
    """Return the numbers (..., c) of a quantity that its table shows."""
    places: tuple[Any, ...] = (..., *cells(grouped.estimator.model, quantity)[1])
    return np.asarray(values[places])


def _invariance(pooled: _Pooled, mean: Array, cov: Array, own: Array) -> Values:
    """Return what MICOM compares (b, k), from the weights (b, g, p, k) of the groups themselves."""
    p = len(pooled.center)
    mean, cov = mean[..., :p], cov[..., :p, :p]
    with np.errstate(divide="ignore", invalid="ignore"):
        if not pooled.grouped.estimator.standardized:
            own = own / np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1))[..., None]
        scores, variances = micom.score_moments(
            pooled.weights,
            (mean - pooled.center) / pooled.sd,
            cov / np.outer(pooled.sd, pooled.sd),
        )
        logs = np.log(variances)
    pairs = np.triu_indices(len(pooled.sizes), 1)
    same = micom.agreement(own[:, pairs[0]], own[:, pairs[1]], pooled.cov)
    share = pooled.sizes[pairs[0]] * pooled.sizes[pairs[1]]
    return {
        COMPOSITION: (share / share.sum()) @ same,
        MEANS: _between(pooled, scores),
        VARIANCES: _between(pooled, logs),
    }


def _apart(grouped: GroupedPLS, values: Mapping[str, Array], corr: Array) -> Array:
    """Return distances (b, 2) of what groups (b, g, p, p) imply, means over pairs of groups."""
    sigma = implied_corr(grouped.estimator, values, corr, saturated=False)
    first, second = np.triu_indices(sigma.shape[1], 1)
    found = distances(sigma[:, first], sigma[:, second])
    return np.stack([getattr(found, name).mean(axis=1) for name in MEASURES], axis=1)


def _between(pooled: _Pooled, values: Array) -> Array:
    """Return how values (b, g, c) differ between groups: a difference of two, else a variance."""
    if len(pooled.sizes) == 2:
        return np.asarray(values[:, 0] - values[:, 1])
    return group_tests.spread(values, pooled.sizes)


@dataclass(frozen=True, eq=False)
class GroupDraws:
    """Bootstrap replicates of every group by itself.

    Parameters
    ----------
    values : dict of str to ndarray (B, G, c)
        The quantities compared, one number a cell; nan of replicates without a solution.
    status : ndarray (B, G) of int
        How each ended.
    """

    values: Values
    status: Index

    def of(self, name: str, group: int) -> Array:
        """Return the replicates (b, c) of a group that have a solution."""
        return self.values[name][self.status[:, group] < Status.ITERATION_CAP, group]

    @property
    def lost(self) -> Index:
        """Replicates (G,) without a solution."""
        return np.asarray((self.status >= Status.ITERATION_CAP).sum(axis=0))


def bootstrap_groups(grouped: GroupedPLS, n: int, seed: int, bar: tqdm | None = None) -> GroupDraws:
    """Return `n` bootstrap replicates of all groups, respondents drawn within their groups.

    Of a survey with strata or clusters, clusters are drawn within strata.

    Raises
    ------
    TcsError
        When a group has fewer than two replicates with a solution.
    """
    sample = replace(grouped.sample, groups=grouped.groups, strata=grouped.member)
    parts = []
    for part in map_chunks(partial(_replicates, grouped), resamples(sample, n, seed)):
        parts.append(part)
        if bar is not None:
            bar.update(len(part["status"]))
    values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    status = values.pop("status").astype(np.intp)
    few = np.flatnonzero((status < Status.ITERATION_CAP).sum(axis=0) < 2)
    if len(few):
        raise TcsError(
            f"Of the {n} bootstrap replicates of group {grouped.groups[few[0]]!r} fewer than two "
            "have a solution. Join it with a group that resembles it, or leave it out."
        )
    _freeze(values)
    return GroupDraws(values, status)


def _replicates(grouped: GroupedPLS, counts: Array) -> Values:
    """Return the quantities (b, G, c) of respondents drawn so often (b, n)."""
    groups = range(len(grouped.groups))
    own = [grouped.rows((g,)) for g in groups]
    gone = np.stack([counts[:, rows].sum(axis=1) == 0 for rows in own], axis=1)
    drawn = [np.where(gone[:, [g]], 1.0, counts[:, own[g]]) for g in groups]
    sizes = [np.array(float(len(rows))) for rows in own]
    moments = [grouped.moments(own[g], drawn[g], sizes[g]) for g in groups]
    mean, cov = (np.stack(part, axis=1) for part in zip(*moments, strict=True))
    values = grouped.estimator.quantities(mean, cov, grouped.n)
    status = np.where(gone, Status.SINGULAR, values["status"])
    found: Values = {"status": status.astype(np.float64)}
    for name in COMPARED:
        found[name] = _numbers(grouped, name, values[name])
        found[name][status >= Status.ITERATION_CAP] = np.nan
    return found


def estimates(grouped: GroupedPLS, name: str) -> tuple[pd.DataFrame, Array]:
    """Return the labels of a quantity's numbers, and its estimates (G, c)."""
    frame, at = cells(grouped.estimator.model, name)
    return frame, np.stack([fit.arrays[name][at] for fit in grouped.fits])


def _freeze(values: Values) -> None:
    for value in values.values():
        value.setflags(write=False)
