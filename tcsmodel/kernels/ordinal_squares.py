"""What least squares of ordinal items take from samples of groups, and what they are compared with.

The statistics are those of `kernels.polychoric_gamma.Statistics`; `kernels.squares` fits them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import grouped, linalg
from tcsmodel.kernels.design import Design, between
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.least_squares import ordinal_start, weighted
from tcsmodel.kernels.ordinal import OrdinalLayout
from tcsmodel.kernels.polychoric import Answers, mixed_moments
from tcsmodel.kernels.polychoric_gamma import (
    Statistics,
    asymptotic_cov,
    asymptotic_variance,
    designed_cov,
    designed_totals,
)
from tcsmodel.kernels.replicates import Replicates
from tcsmodel.kernels.squares import Squares
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

# Least eigenvalue of the information, scaled to a unit diagonal, of an identified model.
UNIDENTIFIED = 1e-11


@dataclass(frozen=True, slots=True)
class Sampling:
    """Statistics of B samples of G groups.

    statistics (B, G, s); cov (B, G, p, p) correlations of ordinal items among covariances;
    gamma (B, G, s, s), or its diagonal (B, G, s) where no more was asked for; item_status
    (B, G, p) and pair_status (B, G, p, p) as those of `kernels.polychoric.MixedMoments`; designed
    (B, G, s, s) Gamma under a sampling design, which W knows nothing of, or None; joint (G s, G s)
    the sampling covariances of the statistics of all groups, where these vary together, or None.
    """

    statistics: Array
    cov: Array
    gamma: Array
    item_status: Index
    pair_status: Index
    designed: Array | None = None
    joint: Array | None = None

    @property
    def spread(self) -> Array:
        """Gamma for errors and tests."""
        return self.gamma if self.designed is None else self.designed

    @property
    def variance(self) -> Array:
        """The diagonal (B, G, s) of Gamma."""
        if self.gamma.ndim == self.statistics.ndim:
            return self.gamma
        return np.diagonal(self.gamma, axis1=-2, axis2=-1)

    @property
    def usable(self) -> Mask:
        """Whether every statistic of every group of a member (B,) is known."""
        known = np.isfinite(self.statistics) & np.isfinite(self.variance) & (self.variance > 0)
        return np.asarray(known.all(axis=(-2, -1)))

    def multiplied(self, factors: Array) -> Sampling:
        """Return the statistics with Gamma of each group times a factor (G,)."""
        designed = None if self.designed is None else self.designed * factors[:, None, None]
        by_group = factors.reshape(-1, *(1,) * (self.gamma.ndim - 2))
        return replace(self, gamma=self.gamma * by_group, designed=designed)


def sampling(
    groups: list[Answers],
    weights: list[Array],
    *,
    frequency: bool,
    whole: bool,
    designs: Sequence[Design | Replicates] = (),
    spanning: bool = False,
) -> Sampling:
    """Return the statistics of groups, each with weights (B, n) of its respondents.

    Parameters
    ----------
    groups : list of Answers
        With the same categories.
    weights : list of ndarray (B, n)
        Of the respondents.
    frequency : bool
        Whether a weight counts equal rows, as in a resample.
    whole : bool
        Whether all of Gamma is needed, rather than its diagonal.
    designs : sequence of Design or Replicates
        How the respondents of each group were drawn; one by one without any.
    spanning : bool
        Whether clusters have respondents in several groups (of one member, B = 1).
    """
    parts, designed, sums = [], [], []
    for g, (answers, own) in enumerate(zip(groups, weights, strict=True)):
        found = mixed_moments(answers, own)
        take = asymptotic_cov if whole else asymptotic_variance
        spread = take(answers, found, own, frequency=frequency)
        order = Statistics.of(answers.categories)
        s = order.vector(found.thresholds, found.mean, found.cov)
        parts.append((s, found.cov, spread, found.item_status, found.pair_status))
        if designs:
            designed.append(designed_cov(answers, found, own, designs[g]))
        if spanning:
            sums.append(designed_totals(answers, found, own[0], designs[g]))
    arrays = [np.stack(part, axis=1) for part in zip(*parts, strict=True)]
    whole_sample = Sampling(*arrays)
    if not designed:
        return whole_sample
    joint = between(designs[0], np.concatenate(sums, axis=1)) if spanning else None
    return replace(whole_sample, designed=np.stack(designed, axis=1), joint=joint)


def starts(model: Grouped, own: OrdinalLayout, statistics: Array, given: Array) -> Array:
    """Return where to begin (B, q): at values given (q,), where they are not nan."""
    averages = None if model.averages is None else model.averages.of_one
    local = [ordinal_start(own, statistics[:, g], averages) for g in range(model.n_groups)]
    begin = grouped.collected(model, np.stack(local, axis=1))
    return np.where(np.isnan(given), begin, given)


def independence_discrepancy(order: Statistics, statistics: Array, gamma: Array) -> Array:
    """Return F (...,) of the baseline model, without correlations, of statistics (..., s).

    Parameters
    ----------
    order : Statistics
        Of the items.
    statistics : ndarray (..., s)
        Of samples.
    gamma : ndarray (..., s, s) or (..., s)
        W is the inverse of it, all of Gamma or what stands for its diagonal.
    """
    start = order.size - len(order.pairs.first)
    r = statistics[..., start:]
    if gamma.ndim == statistics.ndim:
        return (r**2 / gamma[..., start:]).sum(axis=-1)
    inverse = linalg.inverse(gamma[..., start:, start:])
    return ((inverse @ r[..., None])[..., 0] * r).sum(axis=-1)


def unidentified(given: Squares, start: Array) -> Mask:
    """Return (q,) True for parameters that no data of this model determine.

    Those that take part in a direction of which the statistics tell nothing, at an arbitrary
    point near where a search starts (q,).
    """
    shake = np.random.default_rng(0).uniform(0.5, 1.0, size=start.shape)
    theta = np.where(start == 0, 0.3 * shake, start * (0.8 + 0.4 * shake))[None]
    delta = given.structure.jacobian(given.flat(theta))
    weight = np.ones(delta.shape[:-1])
    expected = given.summed_twice(np.swapaxes(delta, -1, -2) @ weighted(weight, delta))[0]
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.diag(expected))
        scaled = expected * scale[:, None] * scale[None, :]
    if not np.isfinite(scaled).all():
        return np.asarray(~np.isfinite(scale))
    values, vectors = np.linalg.eigh(scaled)
    return np.asarray((np.abs(vectors[:, values < UNIDENTIFIED]) > 1e-4).any(axis=1))


def lost(usable: Mask, status: Index) -> Index:
    """Return the status (B,) of fits, SINGULAR where a statistic of the sample is not known."""
    return np.where(usable, status, int(Status.SINGULAR))
