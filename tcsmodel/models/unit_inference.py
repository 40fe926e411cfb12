"""Errors and tests that do not rely on normality, of fits to many units in one batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import gamma, gaps_apart, robust_apart
from tcsmodel.kernels.gaps_apart import Models, Sandwich
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.robust import Traces
from tcsmodel.kernels.scaled_tests import Correction, ScaledTest, scaled
from tcsmodel.kernels.sem import Fit
from tcsmodel.models import fit_measures
from tcsmodel.models.maximum_likelihood import LikelihoodProblem
from tcsmodel.models.robust_inference import CORRECTIONS, robust_measures, scaled_measures
from tcsmodel.models.units import Units
from tcsmodel.options import Estimator, SEMMissing

if TYPE_CHECKING:
    from tcsmodel.models.sem import SEM

Array = NDArray[np.float64]
Index = NDArray[np.intp]

UNKNOWN = np.full(1, np.nan)


@dataclass(frozen=True)
class UnitInference:
    """vcov (u, q, q) of the estimates of units, those of the estimator; their fit measures (u,)."""

    vcov: Array
    measures: dict[str, Array]


def unit_inference(
    estimator: SEM, units: Units, own: Index, problem: LikelihoodProblem, fitted: Fit
) -> UnitInference:
    """Return the inference of units `own` (u,), as that of a fit to each of them alone."""
    plain = fit_measures.plain(problem.model, problem, fitted.value, fitted.theta)
    kind, gaps = estimator.estimator, problem.sampled.table is not None
    if kind is Estimator.ML and not gaps:
        if estimator.missing is SEMMissing.FIML:
            sampled = gaps_apart.sampled(units.answers(own), units.mean[own], units.cov[own])
            plain |= _complete(problem, fitted, plain, sampled, None)
        return UnitInference(fitted.vcov, plain)
    if kind is not Estimator.ML and units.sample.design is not None:
        return _one_by_one(estimator, units, own, fitted)
    if gaps:
        return _with_gaps(kind, units.answers(own), problem, fitted, plain)
    x, weights = units.stacked(own)
    found = robust_apart.inference(
        problem.model.grouped,
        fitted.theta,
        problem.sampled,
        robust_apart.Answers(x, units.mean[own], gamma.shares(weights)),
        _causes(problem),
        expected=kind is not Estimator.MLR,
    )
    tests = _tests(plain, found.traces, found.baseline, CORRECTIONS[kind])
    robust = robust_measures(*tests, problem.n)
    if estimator.missing is SEMMissing.FIML:
        answers = units.answers(own)
        sampled = gaps_apart.sampled(answers, units.mean[own], units.cov[own])
        top = gaps_apart.saturated(sampled).sandwich(answers)
        robust = _complete(problem, fitted, plain, sampled, top)
    return UnitInference(found.vcov, plain | scaled_measures(*tests, problem.n) | robust)


def _tests(
    plain: Mapping[str, Array], traces: Traces, baseline: Traces, correction: Correction
) -> tuple[ScaledTest, ScaledTest]:
    """Return the scaled tests of the model and of the baseline model."""
    own = scaled(plain["chi2"], float(plain["df"][0]), traces, correction)
    null = scaled(plain["baseline_chi2"], float(plain["baseline_df"][0]), baseline, correction)
    return own, null


def _causes(problem: LikelihoodProblem) -> Index:
    table = problem.model.parameters
    return np.array([table.items.index(name) for name in table.causes], dtype=np.intp)


def _with_gaps(
    kind: Estimator,
    answers: gaps_apart.Answers,
    problem: LikelihoodProblem,
    fitted: Fit,
    plain: dict[str, Array],
) -> UnitInference:
    """Return the inference of ``ml`` and ``mlr`` for answers with gaps, as `robust_gaps` does."""
    sampled = problem.sampled
    if kind is Estimator.ML:
        return UnitInference(fitted.vcov, plain | _complete(problem, fitted, plain, sampled, None))
    null = gaps_apart.independence(sampled, _causes(problem))
    own, baseline = (one.sandwich(answers) for one in (_models(problem, fitted, sampled), null))
    top = gaps_apart.saturated(sampled).sandwich(answers)
    of_own, of_null = (Traces(top.trace - one.trace, UNKNOWN) for one in (own, baseline))
    tests = _tests(plain, of_own, of_null, CORRECTIONS[kind])
    scales = scaled_measures(*tests, problem.n)
    robust = _complete(problem, fitted, plain, sampled, top)
    return UnitInference(own.vcov(sampled.sizes), plain | scales | robust)


def _models(problem: LikelihoodProblem, fitted: Fit, sampled: Sampled) -> Models:
    return Models(problem.model.grouped, fitted.theta, sampled)


def _complete(
    problem: LikelihoodProblem,
    fitted: Fit,
    plain: Mapping[str, Array],
    sampled: Sampled,
    top: Sandwich | None,
) -> dict[str, Array]:
    """Return the robust fit measures as of complete answers (`kernels.gapless`).

    `top` is the sandwich of the saturated moments; None under normality.
    """
    full = gaps_apart.saturated(sampled)
    information = full.observed
    spread = full.bread(information) if top is None else top.vcov(np.ones(1))

    def test(of: str, one: Models) -> ScaledTest:
        fit = gaps_apart.complete_fit(one, sampled, information, spread)
        traces = Traces(fit.expected, fit.expected)
        return scaled(fit.chi2, float(plain[f"{of}df"][0]), traces, Correction.MEAN)

    null = gaps_apart.independence(sampled, _causes(problem))
    own = test("", _models(problem, fitted, sampled))
    return robust_measures(own, test("baseline_", null), problem.n)


def _one_by_one(estimator: SEM, units: Units, own: Index, fitted: Fit) -> UnitInference:
    """Return the inference of units whose respondents were drawn in clusters or strata."""
    model = estimator.model
    arrays: Mapping[str, Array] = model.structure(fitted.theta)
    results = [
        estimator.result_of(
            estimator.criterion_of(model, units.sample_of(int(k))), fitted, arrays, at
        )
        for at, k in enumerate(own)
    ]
    measures = [fit_measures.of_result(one) for one in results]
    return UnitInference(
        np.stack([one.vcov_of_theta for one in results]),
        {name: np.array([one[name] for one in measures]) for name in measures[0]},
    )
