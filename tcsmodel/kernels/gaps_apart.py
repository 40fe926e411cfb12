"""Inference of full-information fits to many samples with gaps, each by itself, batched.

What `models.robust_gaps` finds of one sample, for B samples of one group each: sandwiches from
the scores of respondents at the estimates of their own sample, and what `kernels.gapless` makes
fit measures of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import (
    constrained,
    fiml,
    gamma,
    gapless,
    grouped,
    implied,
    jacobian,
    linalg,
    missing,
    robust,
)
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.implied import Layout
from tcsmodel.kernels.likelihood import Sampled, likelihood
from tcsmodel.kernels.missing import PatternMoments

Array = NDArray[np.float64]
Index = NDArray[np.intp]


# Entries of matrices of respondents held at once.
ELEMENTS = 4_000_000


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers of the respondents of B samples.

    x (n, p), nan where missing; member (n,): the sample of each respondent; weight (n,), which
    sums to its respondents in each sample; place (B, m): the respondents of a sample, filled up
    by -1; table: the patterns of each sample, pattern (n,) that of each respondent.
    """

    x: Array
    member: Index
    weight: Array
    place: Index
    table: PatternMoments
    pattern: Index

    @classmethod
    def of(cls, x: Array, member: Index, weight: Array) -> Answers:
        """Return answers (n, p) of the samples `member` (n,), numbered from 0, with weights."""
        size = np.bincount(member)
        weight = weight * (size / np.bincount(member, weight))[member]
        order, first = np.argsort(member, kind="stable"), np.cumsum(size) - size
        at = np.arange(size.max())
        last = len(order) - 1
        place = np.where(at < size[:, None], order[np.minimum(first[:, None] + at, last)], -1)
        table, pattern = missing.tabulate_apart(x, member, weight, len(size))
        return cls(x, member, weight, place, table, pattern)

    @property
    def size(self) -> Array:
        """Respondents (B,) of each sample."""
        return (self.place >= 0).sum(axis=1).astype(np.float64)


def sampled(answers: Answers, mean: Array, cov: Array) -> Sampled:
    """Return what is fitted, of the means (B, p) and covariances (B, p, p) of `missing.saturated`.

    The latter with divisor n - 1.
    """
    table, n = answers.table, answers.size
    cov = cov * ((n - 1) / n)[:, None, None]
    part = missing.restrict(missing.second_moments(mean, cov, table.origin), table.observed)
    floor = missing.discrepancy(part, table)[:, None]
    return Sampled(cov[:, None], mean[:, None], n[:, None], table, floor)


@dataclass(frozen=True, slots=True)
class Sandwich:
    """bread (B, q, q): A^-1 of one respondent; products (B, q, q): B, as `kernels.robust`."""

    bread: Array
    products: Array

    @property
    def trace(self) -> Array:
        """tr(A^-1 B), (B,)."""
        return np.einsum("bij,bji->b", self.bread, self.products)

    def vcov(self, n: Array) -> Array:
        """Return A^-1 B A^-1 / n, (B, q, q)."""
        return self.bread @ self.products @ self.bread / n[:, None, None]


@dataclass(frozen=True, slots=True)
class Models:
    """A model, its estimates (B, q), and the samples."""

    model: Grouped
    theta: Array
    sampled: Sampled

    def bread(self, information: Array) -> Array:
        """Return the inverses (B, q, q) of information, along the constraints."""
        if self.model.constraints is None:
            return linalg.inverse(information)
        found = constrained.inverse(self.model.constraints, self.theta, information)
        moves = np.diagonal(found, axis1=1, axis2=2) != 0
        return np.where(moves[:, :, None] & moves[:, None, :], found, 0.0)

    @property
    def observed(self) -> Array:
        """The observed information (B, q, q) of one respondent."""
        function, everyone = likelihood(self.model, self.sampled), np.arange(len(self.theta))
        state = function.evaluate(self.theta, everyone)
        return cast(Array, function.slopes(state, everyone, True).hessian) / 2

    def sandwich(self, answers: Answers) -> Sandwich:
        """Return A^-1 and B."""
        return Sandwich(self.bread(self.observed), self._products(answers))

    def _products(self, answers: Answers) -> Array:
        local = grouped.spread(self.model, self.theta)[:, 0]
        own = _scores(self.model.layout, local, cast(PatternMoments, self.sampled.table), answers)
        scores = grouped.by_theta(self.model, own[None, None])[0, 0] * answers.weight[:, None]
        padded = np.append(scores, np.zeros((1, scores.shape[1])), axis=0)[answers.place]
        return np.swapaxes(padded, 1, 2) @ padded / self.sampled.sizes[:, None, None]


def _scores(layout: Layout, local: Array, table: PatternMoments, answers: Answers) -> Array:
    """Return the scores (n, f) of respondents at the parameters (B, f) of their own sample."""
    structure = fiml.structure(layout)
    state, own = fiml.evaluate(structure, local, table), structure.bordered
    wide = np.broadcast_to(
        state.directions[:, None], (*state.inverse.shape[:2], *state.directions.shape[1:])
    )
    q = implied.sandwich(state.inverse, wide)
    q = q.reshape(*q.shape[:2], -1)[..., structure.at.pair]
    out = np.empty((len(answers.x), own.n_free))
    step = max(1, ELEMENTS // state.inverse[0, 0].size)
    for start in range(0, len(out), step):
        rows = slice(start, start + step)
        member, pattern = answers.member[rows], answers.pattern[rows]
        z = missing.bordered(answers.x[rows], table.origin)
        y = (z[:, None] @ state.inverse[member, pattern])[:, 0]
        y = np.concatenate([y, (y[:, None] @ state.directions[member])[:, 0]], axis=1)
        gap = y[:, own.left] * y[:, own.right] - q[member, pattern]
        out[rows] = implied.merged(own, own.half * gap)
    return out


def saturated(sampled: Sampled) -> Models:
    """Return the models of free means and covariances."""
    layout = fiml.saturated_layout(sampled.cov.shape[-1])
    return Models(_alone(layout), fiml.saturated_theta(_mean(sampled), sampled.cov[:, 0]), sampled)


def independence(sampled: Sampled, causes: Index) -> Models:
    """Return the baseline models: means and variances of the answers there are.

    Observed causes have their covariances.
    """
    cov, mean = sampled.cov.copy(), _mean(sampled).copy()
    center, variance = missing.available(cast(PatternMoments, sampled.table))
    others = np.setdiff1d(np.arange(cov.shape[-1]), causes)
    cov[:, 0, others, others], mean[:, others] = variance[:, others], center[:, others]
    layout = jacobian.independence_layout(cov.shape[-1], causes, mean=True)
    first, second = np.triu_indices(len(causes), 1)
    diagonal = np.diagonal(cov[:, 0], axis1=1, axis2=2)
    theta = np.concatenate([diagonal, cov[:, 0, causes[second], causes[first]], mean], axis=1)
    return Models(_alone(layout), theta, replace(sampled, cov=cov, mean=mean[:, None]))


def _alone(layout: Layout) -> Grouped:
    q = layout.n_free
    return grouped.grouped(layout, np.arange(q)[None], np.full((1, q), np.nan), q)


def _mean(sampled: Sampled) -> Array:
    return cast(Array, sampled.mean)[:, 0]


@dataclass(frozen=True, slots=True)
class Complete:
    """Fit to complete answers: n times the discrepancy (B,), and what is expected of it (B,)."""

    chi2: Array
    expected: Array


def complete_fit(given: Models, sampled: Sampled, information: Array, spread: Array) -> Complete:
    """Return the fit of models to the saturated moments, as if all had been answered.

    Parameters
    ----------
    given : Models
        The fitted models, or the baseline models.
    sampled : Sampled
        The saturated moments.
    information, spread : ndarray (B, s, s)
        H of the saturated moments, and Gamma.
    """
    cov, mean, layout = sampled.cov[:, 0], _mean(sampled), given.model.layout
    local = grouped.spread(given.model, given.theta)
    at = implied.implied(layout, local)
    mu = implied.means(layout, local, at).item[:, 0]
    slopes = jacobian.moment_jacobian(layout, local, mean=True)
    delta = grouped.by_theta(given.model, slopes)[:, 0]
    chi2 = sampled.sizes * gapless.discrepancy(cov, mean, at.sigma[:, 0], mu)
    weight = gamma.normal_weight(linalg.inverse(cov), with_mean=True)
    inverse = given.bread(robust.information(delta, information))
    return Complete(chi2, gapless.expectation(delta, information, weight, spread, inverse))
