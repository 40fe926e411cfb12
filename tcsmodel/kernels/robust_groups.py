"""Sandwiches and test traces of a maximum likelihood fit to groups of respondents.

The weight and Gamma of `kernels.robust` are block-diagonal here, with blocks ``W_g = n_g/N V_g``
and ``G_g = N/r_g Gamma_g`` (n_g the weight and r_g the number of the respondents of group g), so
that sums over groups do, and no matrix of all groups is formed:

    E = sum D'WD    B = sum D'WGWD    C = sum D'WGWGWD
    tr(U Gamma)         = sum tr(WG) - tr(E^-1 B)
    tr(U Gamma U Gamma) = sum tr(WGWG) - 2 tr(E^-1 C) + tr((E^-1 B)^2)

Constraints leave theta the directions K: D K stands in the place of D, and covariances of the
estimates are K .. K' (as `kernels.constrained.inverse`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import constrained, design, gamma, grouped, implied, jacobian, linalg, robust
from tcsmodel.kernels.design import Design
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.least_squares import weighted
from tcsmodel.kernels.likelihood import Sampled, normal
from tcsmodel.kernels.replicates import Replicates
from tcsmodel.kernels.robust import Traces

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Entry of an orthonormal basis that is zero.
ROUNDING = 1e-13


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers x of each group (r_g, p), and shares (r_g,) of `gamma.shares`.

    design: how the respondents of each group were drawn, where not one by one; causes: the items
    whose values are taken as they are.
    """

    x: tuple[Array, ...]
    share: tuple[Array, ...]
    design: tuple[Design | Replicates, ...] | None = None
    causes: Index | None = None

    def of_group(self, group: int) -> Answers:
        """Return those of one group on its own."""
        design = None if self.design is None else (self.design[group],)
        return Answers((self.x[group],), (self.share[group],), design, self.causes)

    def gamma(self, mean: Array, cov: Array, total: float, *, with_mean: bool) -> Array:
        """Return the blocks ``N/r_g Gamma_g`` (G, s, s) at means (G, p), covariances (G, p, p)."""
        designs = (None,) * len(self.x) if self.design is None else self.design
        parts = zip(self.x, mean, cov, self.share, designs, strict=True)
        return np.stack(
            [
                total
                / len(x)
                * gamma.asymptotic_cov(
                    x, m, c, share, with_mean=with_mean, given=design, causes=self.causes
                )
                for x, m, c, share, design in parts
            ]
        )


@dataclass(frozen=True, slots=True)
class Weighed:
    """A model at its estimates, and what its residuals are weighed by.

    basis (q, r): the directions K that constraints leave, None without any; delta (G, s, r):
    D K; weight (G, s, s), or its diagonal (G, s).
    """

    basis: Array | None
    delta: Array
    weight: Array


def together(given: Weighed) -> Weighed:
    """Return groups as one with the statistics of all, for Gamma that is not block-diagonal.

    Of groups whose W is a diagonal.
    """
    delta = np.concatenate(list(given.delta))[None]
    return Weighed(given.basis, delta, given.weight.reshape(1, -1))


@dataclass(frozen=True, slots=True)
class Model(Weighed):
    """A model at its maximum likelihood estimates.

    observed (r, r): the exact Hessian of F, halved, along K; mean (G, p), cov (G, p, p): what
    it implies, the mean that of the sample where means are not modelled.
    """

    observed: Array
    mean: Array
    cov: Array


def at_estimates(given: Grouped, sampled: Sampled, theta: Array, sample_mean: Array) -> Model:
    """Return what inference needs of a model at theta (q,), fitted to one sample.

    sample_mean (G, p) stands in for the implied means of a model without means.
    """
    with_mean = sampled.mean is not None
    local = grouped.spread(given, theta[None])
    at = implied.implied(given.layout, local)
    mean = implied.means(given.layout, local, at).item[0] if with_mean else sample_mean
    basis = directions(given, theta)
    delta = grouped.by_theta(given, jacobian.moment_jacobian(given.layout, local, mean=with_mean))
    likelihood, first = normal(given, sampled), np.zeros(1, dtype=np.intp)
    state = likelihood.evaluate(theta[None], first)
    hessian = likelihood.slopes(state, first, True).hessian
    assert hessian is not None
    share = sampled.n / sampled.total
    weight = share[:, None, None] * _normal_weight(at.sigma[0], with_mean)
    delta, observed = delta[0], hessian[0] / 2
    if basis is not None:
        delta, observed = delta @ basis, basis.T @ observed @ basis
    return Model(basis, delta, weight, observed, mean, at.sigma[0])


def directions(given: Grouped, theta: Array) -> Array | None:
    """Return an orthonormal basis (q, r) of what the constraints that hold at theta leave."""
    if given.constraints is None:
        return None
    tight = constrained.at_limit(given.constraints, theta[None])[0]
    rows = constrained.conditions(given.constraints, theta[None]).rows[0][tight]
    if not len(rows):
        return None
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)
    _, size, right = np.linalg.svd(rows)
    free = right[(size > 1e-10).sum() :].T
    return np.where(np.abs(free) > ROUNDING, free, 0.0)


def _normal_weight(cov: Array, with_mean: bool) -> Array:
    return gamma.normal_weight(linalg.inverse(cov), with_mean=with_mean)


def expected_information(model: Weighed) -> Array:
    """Return E (r, r)."""
    return robust.information(model.delta, model.weight).sum(axis=0)


def score_products(model: Weighed, spread: Array) -> Array:
    """Return B (r, r) of the blocks of Gamma (G, s, s)."""
    return robust.score_products(model.delta, model.weight, spread).sum(axis=0)


def designed_products(model: Model, answers: Answers, total: float, *, with_mean: bool) -> Array:
    """Return B (r, r) of respondents in clusters and strata, which may lie across groups."""
    assert answers.design is not None
    sums = np.zeros((answers.design[0].units, model.delta.shape[-1]))
    parts = zip(answers.x, answers.share, answers.design, strict=True)
    for g, (x, share, given) in enumerate(parts):
        at = model.mean[g : g + 1], model.cov[g : g + 1]
        z = gamma.influence(x, *at, with_mean=with_mean)[0]
        z *= np.sqrt(total / len(x) * share)[:, None]
        design.totals(given, z @ (model.weight[g] @ model.delta[g]), sums)
    return design.between(answers.design[0], sums)


def vcov(model: Weighed, bread: Array, products: Array, n: float) -> Array:
    """Return the covariances (q, q) of the estimates; nan where the bread A is singular."""
    inner = robust.sandwich(bread[None], products[None], n)[0]
    return inner if model.basis is None else model.basis @ inner @ model.basis.T


def saturated_trace(sampled: Sampled, spread: Array) -> Array:
    """Return tr(A1^-1 B1) (1,) of the saturated model, Gamma (G, s, s) at the sample's moments."""
    share = sampled.n / sampled.total
    weight = share[:, None, None] * _normal_weight(sampled.cov[0], sampled.mean is not None)
    return robust.saturated_trace(weight, spread).sum(keepdims=True)


def yuan_bentler(saturated: Array, model: Model, products: Array) -> Traces:
    """Return the trace of MLR: `robust.yuan_bentler_trace`; there is no second one."""
    trace = robust.yuan_bentler_trace(saturated, model.observed[None], products[None])
    return Traces(trace, np.full(1, np.nan))


def residual_traces(model: Weighed, spread: Array) -> Traces:
    """Return the traces (1,) of MLM and MLMV; nan where E is singular."""
    inverse = linalg.inverse(expected_information(model))
    both = weighted(model.weight, spread)
    wide = weighted(model.weight, model.delta)
    along = inverse @ score_products(model, spread)
    reach = spread @ wide
    twice = (np.swapaxes(reach, 1, 2) @ weighted(model.weight, reach)).sum(axis=0)
    first = np.einsum("gii->", both) - np.trace(along)
    second = np.einsum("gij,gji->", both, both) - 2 * np.einsum("ij,ji->", inverse, twice)
    second = second + np.einsum("ij,ji->", along, along)
    return Traces(np.array([first]), np.array([second]))


def independence(sampled: Sampled, sample_mean: Array, causes: Index) -> tuple[Grouped, Array]:
    """Return the baseline model of one group and its estimates (q,)."""
    p, with_mean = sample_mean.shape[-1], sampled.mean is not None
    layout = jacobian.independence_layout(p, causes, mean=with_mean)
    q = layout.n_free
    model = grouped.grouped(layout, np.arange(q)[None], np.full((1, q), np.nan), q)
    cov = sampled.cov[0, 0]
    first, second = np.triu_indices(len(causes), 1)
    parts = [np.diagonal(cov), cov[causes[second], causes[first]]]
    if with_mean:
        parts.append(sample_mean[0])
    return model, np.concatenate(parts)


def of_group(sampled: Sampled, group: int) -> Sampled:
    """Return the moments of one group on its own."""
    own = slice(group, group + 1)
    mean = None if sampled.mean is None else sampled.mean[:, own]
    return Sampled(sampled.cov[:, own], mean, sampled.n[own])


def added(traces: Sequence[Traces]) -> Traces:
    """Return the traces of a model that has its own parameters in every group."""
    return Traces(
        np.sum([one.first for one in traces], axis=0),
        np.sum([one.second for one in traces], axis=0),
    )
