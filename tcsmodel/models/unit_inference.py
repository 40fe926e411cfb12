"""Errors and tests that do not rely on normality, of fits to many units in one batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import gamma, robust_apart
from tcsmodel.kernels.scaled_tests import scaled
from tcsmodel.kernels.sem import Fit
from tcsmodel.models import fit_measures
from tcsmodel.models.maximum_likelihood import LikelihoodProblem
from tcsmodel.models.robust_inference import CORRECTIONS, robust_measures, scaled_measures
from tcsmodel.models.units import Units
from tcsmodel.options import Estimator

if TYPE_CHECKING:
    from tcsmodel.models.sem import SEM

Array = NDArray[np.float64]
Index = NDArray[np.intp]


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
    kind = estimator.estimator
    if kind is Estimator.ML:
        return UnitInference(fitted.vcov, plain)
    if units.sample.design is not None:
        return _one_by_one(estimator, units, own, fitted)
    sampled, table = problem.sampled, problem.model.parameters
    x, weights = units.stacked(own)
    answers = robust_apart.Answers(x, units.mean[own], gamma.shares(weights))
    causes = np.array([table.items.index(name) for name in table.causes], dtype=np.intp)
    found = robust_apart.inference(
        problem.model.grouped,
        fitted.theta,
        sampled,
        answers,
        causes,
        expected=kind is not Estimator.MLR,
    )
    test, null = (
        scaled(plain[f"{of}chi2"], float(plain[f"{of}df"][0]), traces, CORRECTIONS[kind])
        for of, traces in (("", found.traces), ("baseline_", found.baseline))
    )
    scales = scaled_measures(test, null, problem.n) | robust_measures(test, null, problem.n)
    return UnitInference(found.vcov, plain | scales)


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
