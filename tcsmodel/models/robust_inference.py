"""Standard errors and tests of maximum likelihood fits that do not rely on normality.

========  ===================================================  =================================
          standard errors                                      test
========  ===================================================  =================================
``mlr``   A^-1 B A^-1 / n, A the observed information          Yuan & Bentler (2000), mean
``mlm``   E^-1 B E^-1 / n, E the expected information          Satorra & Bentler (1994), mean
``mlmv``  as ``mlm``                                           scaled and shifted, Asparouhov &
                                                               Muthen (2010)
========  ===================================================  =================================

B is the mean product of the respondents' scores: at the implied moments for MLR, from the
distribution-free covariances of the sample moments for MLM and MLMV (`kernels.robust`), given the
values of observed causes. A sampling weight multiplies a score. Estimates, and everything else that
rests on them alone, are those of ``ml``. Score tests, z values of residuals and discriminant
validity remain normal-theory ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import fitmeasures, gamma, robust_groups, scaled_tests
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.robust import Traces
from tcsmodel.kernels.robust_groups import Answers
from tcsmodel.kernels.scaled_tests import Correction, ScaledFit, ScaledTest
from tcsmodel.options import Estimator
from tcsmodel.survey.moments import read_only

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]

CORRECTIONS = {
    Estimator.MLR: Correction.MEAN,
    Estimator.MLM: Correction.MEAN,
    Estimator.MLMV: Correction.SHIFT,
}


@dataclass(frozen=True, eq=False)
class Nested:
    """What scales the difference of chi-square from a nested model (Satorra 2000).

    Parameters
    ----------
    delta : ndarray (s, r)
        Derivatives of the statistics of all groups, along the constraints.
    bread, products : ndarray (r, r)
        As in `kernels.robust`.
    """

    delta: Array
    bread: Array
    products: Array


@dataclass(frozen=True, eq=False)
class RobustInference:
    """What takes the place of normal-theory inference.

    Parameters
    ----------
    vcov : ndarray (q, q)
        Covariances of the estimates.
    test, baseline : ScaledTest
        Of the model and of the baseline model, a batch of one.
    nested : Nested, optional
        What differences of chi-square are scaled by; None where the factors of both tests are.
    robust_fit : ScaledFit, optional
        Robust fit measures that do not come from these tests.
    """

    vcov: Array
    test: ScaledTest
    baseline: ScaledTest
    nested: Nested | None = None
    robust_fit: ScaledFit | None = None

    def measures(self, n: float | Array) -> dict[str, float]:
        """Return the scaled test and the scaled fit measures; n that of RMSEA."""
        return _first(scaled_measures(self.test, self.baseline, n))

    def robust_measures(self, n: float | Array) -> dict[str, float]:
        """Return the robust fit measures; n that of RMSEA."""
        if self.robust_fit is not None:
            return _first(_named(self.robust_fit, "robust"))
        return _first(robust_measures(self.test, self.baseline, n))


def scaled_measures(test: ScaledTest, baseline: ScaledTest, n: float | Array) -> dict[str, Array]:
    """Return the scaled test and the scaled fit measures (B,) by name; n that of RMSEA."""
    values = {
        "chi2_scaled": test.chi2,
        "df_scaled": test.df,
        "p_scaled": test.p,
        "scaling_factor": test.factor,
        "baseline_chi2_scaled": baseline.chi2,
        "baseline_df_scaled": baseline.df,
        "baseline_scaling_factor": baseline.factor,
        "baseline_p_scaled": baseline.p,
    }
    more = fitmeasures.incremental(test.chi2, test.df, baseline.chi2, baseline.df)
    values |= {f"{name}_scaled": value for name, value in more.items()}
    return values | _named(scaled_tests.scaled_fit(test, baseline, n), "scaled")


def robust_measures(test: ScaledTest, baseline: ScaledTest, n: float | Array) -> dict[str, Array]:
    """Return the robust fit measures (B,) of a test and that of the baseline; n that of RMSEA."""
    return _named(scaled_tests.robust_fit(test, baseline, n), "robust")


def _named(fit: scaled_tests.ScaledFit, suffix: str) -> dict[str, Array]:
    return {f"{f.name}_{suffix}": getattr(fit, f.name) for f in fields(fit)}


def _first(values: dict[str, Array]) -> dict[str, float]:
    return {name: float(value[0]) for name, value in values.items()}


def robust_inference(result: SEMResult, plain: dict[str, float]) -> RobustInference:
    """Return the inference of a fit by one of `CORRECTIONS`, from its plain fit measures."""
    estimator = result.estimator.estimator
    answers = _answers(result)
    if estimator is Estimator.MLR:
        return inferred(result, plain, _observed, answers, CORRECTIONS[estimator])
    answers = replace(answers, causes=_causes(result))
    return inferred(result, plain, _expected, answers, CORRECTIONS[estimator])


def _causes(result: SEMResult) -> NDArray[np.intp]:
    """Return which items are observed causes, whose moments are taken as they are."""
    table = result.model.parameters
    return np.array([table.items.index(name) for name in table.causes], dtype=np.intp)


class Evidence(Protocol):
    """What says how moments vary from sample to sample."""

    def of_group(self, group: int) -> Self:
        """Return that of one group on its own."""
        ...


Known = TypeVar("Known", bound=Evidence)
# Of a model, its estimates (q,), moments, their means (G, p) and evidence.
Way = Callable[[Grouped, Array, Sampled, Array, Known], tuple[Array, Traces]]


def inferred(
    result: SEMResult,
    plain: dict[str, float],
    way: Way[Known],
    evidence: Known,
    correction: Correction,
) -> RobustInference:
    """Return the inference of a fit by a way to covariances of the estimates and traces."""
    model, sampled = result.model, result.sampled
    mean = np.stack([part.moments.mean_array for part in result.sample.by_group])
    vcov, traces = way(model.grouped, result.theta, sampled, mean, evidence)
    causes = _causes(result)
    null_traces = []
    for g in range(model.n_groups):
        own, there = robust_groups.of_group(sampled, g), mean[g : g + 1]
        null, null_theta = robust_groups.independence(own, there, causes)
        null_traces.append(way(null, null_theta, own, there, evidence.of_group(g))[1])

    def test(prefix: str, of: Traces) -> ScaledTest:
        chi2 = np.array([plain[f"{prefix}chi2"]])
        return scaled_tests.scaled(chi2, plain[f"{prefix}df"], of, correction)

    baseline = test("baseline_", robust_groups.added(null_traces))
    return RobustInference(read_only(vcov), test("", traces), baseline)


def _observed(
    model: Grouped, theta: Array, sampled: Sampled, mean: Array, answers: Answers
) -> tuple[Array, Traces]:
    """Return covariances of the estimates and traces of MLR."""
    at = robust_groups.at_estimates(model, sampled, theta, mean)
    n, with_mean = sampled.total, sampled.mean is not None
    spread = answers.gamma(mean, sampled.cov[0], n, with_mean=with_mean)
    saturated = robust_groups.saturated_trace(sampled, spread)
    if answers.design is None:
        there = answers.gamma(at.mean, at.cov, n, with_mean=with_mean)
        products = robust_groups.score_products(at, there)
    else:
        products = robust_groups.designed_products(at, answers, n, with_mean=with_mean)
    vcov = robust_groups.vcov(at, at.observed, products, n)
    return vcov, robust_groups.yuan_bentler(saturated, at, products)


def _expected(
    model: Grouped, theta: Array, sampled: Sampled, mean: Array, answers: Answers
) -> tuple[Array, Traces]:
    """Return covariances of the estimates and traces of MLM and MLMV."""
    at = robust_groups.at_estimates(model, sampled, theta, mean)
    n, with_mean = sampled.total, sampled.mean is not None
    spread = answers.gamma(mean, sampled.cov[0], n, with_mean=with_mean)
    bread = robust_groups.expected_information(at)
    vcov = robust_groups.vcov(at, bread, robust_groups.score_products(at, spread), n)
    return vcov, robust_groups.residual_traces(at, spread)


def _answers(result: SEMResult) -> Answers:
    parts = result.sample.by_group
    values = tuple(part.respondents("Robust inference") for part in parts)
    weights = [np.ones(part.n) if part.weights is None else part.weights for part in parts]
    given, strata = result.sample.design, result.sample.strata
    designs = None
    if given is not None:
        member = np.zeros(result.sample.n, dtype=np.intp) if strata is None else strata
        designs = tuple(given.part(np.flatnonzero(member == g)) for g in range(len(parts)))
    return Answers(values, tuple(gamma.shares(own) for own in weights), designs)
