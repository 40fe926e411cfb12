"""Standard errors and tests that do not rely on normality, for answers with gaps.

``mlr`` with ``missing="fiml"``: the sandwich A^-1 B A^-1 of the observed information and the
products of the respondents' scores, and the test of Yuan & Bentler (2000) with the traces
tr(A^-1 B) of the saturated model and of the model, as Mplus and lavaan have it. A sampling
weight multiplies a score. And the robust fit measures of any model fitted to answers with gaps,
`kernels.gapless`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from tcsmodel.kernels import (
    constrained,
    design,
    fiml,
    gapless,
    grouped,
    implied,
    jacobian,
    linalg,
    robust_groups,
    scaled_tests,
)
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.likelihood import Sampled, likelihood
from tcsmodel.kernels.missing import PatternMoments, patterns
from tcsmodel.kernels.robust import Traces
from tcsmodel.kernels.scaled_tests import Correction
from tcsmodel.kernels.sem import Fit
from tcsmodel.models.covariance_sample import own_weights, patterned_of
from tcsmodel.models.robust_inference import RobustInference, robust_measures
from tcsmodel.options import SEMMissing
from tcsmodel.survey.moments import read_only

if TYPE_CHECKING:
    from tcsmodel.models.estimator import Sample
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]
ONE = np.zeros(1, dtype=np.intp)


@runtime_checkable
class Joint(Protocol):
    """A fit with auxiliary variables: the moments of all, and the baseline model of all."""

    @property
    def joint(self) -> Sampled:
        """Moments of the items and the variables behind them."""

    @property
    def baseline(self) -> tuple[Grouped, Fit]:
        """The baseline model and its fit."""


def robust_inference_with_gaps(result: SEMResult, plain: dict[str, float]) -> RobustInference:
    """Return the inference of MLR for answers with gaps, from the plain fit measures."""
    model, sampled, sample = result.model.grouped, result.sampled, result.sample
    everyone = list(range(len(sampled.n)))
    vcov, own = sandwich(model, result.theta, sampled, sample, everyone)
    full = sandwich(*saturated(sampled), sampled, sample, everyone)[1]
    null = sum(
        sandwich(null, theta, moments, sample, [g])[1]
        for g, (null, theta, moments) in enumerate(_independence(result))
    )
    return scaled_by_traces(vcov, full, own, null, plain)


def scaled_by_traces(
    vcov: Array, full: float, own: float, null: float, plain: dict[str, float]
) -> RobustInference:
    """Return the inference from tr(A^-1 B) of the saturated, the fitted and the baseline model."""

    def test(prefix: str, trace: float) -> scaled_tests.ScaledTest:
        traces = Traces(np.array([full - trace]), np.array([np.nan]))
        chi2 = np.array([plain[f"{prefix}chi2"]])
        return scaled_tests.scaled(chi2, plain[f"{prefix}df"], traces, Correction.MEAN)

    return RobustInference(read_only(vcov), test("", own), test("baseline_", null))


def is_of_incomplete_answers(result: SEMResult) -> bool:
    """Whether robust fit is that of answers which may have gaps.

    ``missing="fiml"`` has it without gaps too: one more answer must not move a fit measure from one
    formula to the other, nor take it away.
    """
    return result.estimator.missing is SEMMissing.FIML or result.sampled.table is not None


def robust_fit_with_gaps(result: SEMResult) -> dict[str, float]:
    """Return the ``_robust`` fit measures, of Zhang & Savalei (2023), with V at the EM moments.

    Of ``ml`` they hold under normality, of ``mlr`` without it, as in lavaan. Auxiliary variables
    take part in the EM moments of the items and in their covariances; as nothing is restricted
    about them, H is the inverse of the items' part of these.
    """
    model, sampled = result.model, _patterned(result)
    share, n = sampled.n / sampled.total, sampled.total
    cov, mean = sampled.cov[0], _mean(sampled)
    normal, spread = _moment_covariances(result)
    information = linalg.inverse(normal)
    complete = gapless.complete_information(cov, share)

    def test(sigma: Array, mu: Array, delta: Array, df: float) -> scaled_tests.ScaledTest:
        bread = linalg.inverse(delta.T @ information @ delta)
        trace = gapless.expectation(delta, information, complete, spread, bread)[None]
        chi2 = n * np.array([gapless.discrepancy(cov, mean, sigma, mu) @ share])
        return scaled_tests.scaled(chi2, df, Traces(trace, trace), Correction.MEAN)

    at = robust_groups.at_estimates(model.grouped, sampled, result.theta, mean)
    delta = at.delta.reshape(-1, at.delta.shape[-1])
    own = test(at.cov, at.mean, delta, result.plain_fit["df"])
    nulls = list(_independence(result))
    slopes = [
        jacobian.moment_jacobian(null.layout, grouped.spread(null, theta[None]), mean=True)[0, 0]
        for null, theta, _ in nulls
    ]
    at_null = [implied.implied(null.layout, theta[None]).sigma[0] for null, theta, _ in nulls]
    null_mean = np.stack([_mean(moments)[0] for _, _, moments in nulls])
    null = test(np.stack(at_null), null_mean, block_diag(*slopes), result.plain_fit["baseline_df"])
    found = robust_measures(own, null, n / model.n_groups)
    return {name: float(value[0]) for name, value in found.items()}


def _moment_covariances(result: SEMResult) -> tuple[Array, Array]:
    """Return n times the covariances (q, q) of the EM moments of the items, group by group.

    Under normality, and as the estimator has them.
    """
    sample = result.sample.joint or result.sample
    sampled = _whole(result)
    top, at_top = saturated(sampled)
    n, groups, width = sampled.total, len(sampled.n), sampled.cov.shape[-1]
    row = np.triu_indices(width)[1]
    p = len(result.model.parameters.items)
    of_items = np.concatenate([np.arange(width) < p, row < p])
    kept = np.flatnonzero(np.tile(of_items, groups))
    normal = n * observed_inverse(top, at_top, sampled)
    spread = normal
    if result.robust is not None:
        products = _products(top, at_top, sampled, sample, list(range(groups))) / n
        spread = normal @ products @ normal
    return normal[np.ix_(kept, kept)], spread[np.ix_(kept, kept)]


def _whole(result: SEMResult) -> Sampled:
    """Return the moments of the items and, behind them, of the auxiliary variables."""
    problem = result.criterion.problem
    return problem.joint if isinstance(problem, Joint) else _patterned(result)


def _patterned(result: SEMResult) -> Sampled:
    """Return the moments of the items with the patterns of answers, one where all are complete."""
    if result.sampled.table is not None:
        return result.sampled
    return patterned_of(result.sample, own_weights(result.sample)[None])


def _mean(sampled: Sampled) -> Array:
    return cast(Array, sampled.mean)[0]


def saturated(sampled: Sampled) -> tuple[Grouped, Array]:
    """Return the model of free means and covariances in every group, and its estimates (q,)."""
    groups, layout = len(sampled.n), fiml.saturated_layout(sampled.cov.shape[-1])
    q = layout.n_free
    index = np.arange(groups * q).reshape(groups, q)
    model = grouped.grouped(layout, index, np.full(index.shape, np.nan), groups * q)
    return model, fiml.saturated_theta(_mean(sampled), sampled.cov[0]).ravel()


def sandwich(
    model: Grouped, theta: Array, sampled: Sampled, sample: Sample, members: list[int]
) -> tuple[Array, float]:
    """Return A^-1 B A^-1 (q, q) at theta (q,), and tr(A^-1 B), of some groups of a sample."""
    bread = observed_inverse(model, theta, sampled)
    filling = bread @ _products(model, theta, sampled, sample, members)
    return filling @ bread, float(np.trace(filling))


def observed_inverse(model: Grouped, theta: Array, sampled: Sampled) -> Array:
    """Return the inverse (q, q) of the observed information of a sample at theta (q,)."""
    function = likelihood(model, sampled)
    state = function.evaluate(theta[None], ONE)
    hessian = cast(Array, function.slopes(state, ONE, True).hessian)
    if model.constraints is None:
        inverse = linalg.inverse(hessian)
    else:
        inverse = constrained.inverse(model.constraints, theta[None], hessian)
    return 2 / sampled.total * inverse[0]


def _products(
    model: Grouped, theta: Array, sampled: Sampled, sample: Sample, members: list[int]
) -> Array:
    """Return the sum of products (q, q) of the respondents' weighted scores."""
    structure = fiml.structure(model.layout)
    local, table = grouped.spread(model, theta[None])[0], cast(PatternMoments, sampled.table)
    total = np.zeros((sample.n, model.n_free))
    values = sample.respondents("Robust inference")
    found = patterns(values)
    weights = np.ones(len(values)) if sample.weights is None else sample.weights
    strata = np.zeros(len(values), dtype=np.intp) if sample.strata is None else sample.strata
    for k, g in enumerate(members):
        own = table.of(np.array([k]))
        state = fiml.evaluate(structure, local[k][None], own)
        scores = fiml.casewise(structure, state, own, found, values).scores[0]
        inside = np.where(strata == g, weights, 0.0)[:, None]
        by_theta = grouped.by_theta(model, (inside * scores)[None, None])
        part = by_theta[0, k if len(by_theta[0]) > 1 else 0]
        total += part
    return design.spread(total, sample.design)


def _independence(result: SEMResult) -> Iterator[tuple[Grouped, Array, Sampled]]:
    """Yield the baseline model of each group, its estimates, and the moments that it implies.

    Its maximum is at the means and variances of the answers that there are, unless auxiliary
    variables tell of those that are not.
    """
    table, sample, sampled = result.model.parameters, result.sample, _patterned(result)
    mean = _mean(sampled)
    causes = np.array([table.items.index(name) for name in table.causes], dtype=np.intp)
    for g, part in enumerate(sample.by_group):
        center, spread = _alone(result, part, g)
        cov = sampled.cov[:, g : g + 1].copy()
        others = np.setdiff1d(np.arange(len(spread)), causes)
        cov[..., others, others] = spread[others]
        there = np.where(np.isin(np.arange(len(spread)), causes), mean[g], center)
        moments = Sampled(cov, there[None, None], sampled.n[g : g + 1])
        null, theta = robust_groups.independence(moments, there[None], causes)
        own = Sampled(
            cov,
            there[None, None],
            moments.n,
            cast(PatternMoments, sampled.table).of(np.array([g])),
            None if sampled.floor is None else sampled.floor[:, g : g + 1],
        )
        yield null, theta, own


def _alone(result: SEMResult, part: Sample, group: int) -> tuple[Array, Array]:
    """Return the means and variances (p,) of items by themselves, and of auxiliary variables."""
    problem = result.criterion.problem
    if isinstance(problem, Joint):
        model, fitted = problem.baseline
        local = grouped.spread(model, fitted.theta)[0, group]
        p, at = len(part.names), implied.implied(model.layout, local)
        return implied.means(model.layout, local, at).item[:p], np.diagonal(at.sigma)[:p]
    values = part.respondents("Robust inference")
    seen = ~np.isnan(values)
    weights = np.ones(part.n) if part.weights is None else part.weights
    share = np.where(seen, weights[:, None], 0.0)
    share = share / share.sum(axis=0)
    center = np.where(seen, share * np.nan_to_num(values), 0.0).sum(axis=0)
    return center, (share * np.nan_to_num(values - center) ** 2).sum(axis=0)
