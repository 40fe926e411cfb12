"""Auxiliary variables: full-information maximum likelihood with saturated correlates.

Variables beside the model that say something about missing answers enter the likelihood with the
items, and nothing is restricted about them: their variances, their covariances with each other
and with every item, and their means are free (Graham 2003, Structural Equation Modeling 10,
80-100). So the saturated model and the model gain the same parameters, and degrees of freedom
remain those of the model. The baseline model keeps them free as well and only holds the items
uncorrelated (Enders 2010, Applied Missing Data Analysis, ch. 5; semTools).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import grouped, implied, sem
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.missing import PatternMoments
from tcsmodel.kernels.status import Status
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.models.covariance_sample import own_weights, patterned_of
from tcsmodel.models.estimator import Sample
from tcsmodel.models.maximum_likelihood import LikelihoodProblem, MaximumLikelihood
from tcsmodel.models.robust_gaps import sandwich, saturated, scaled_by_traces
from tcsmodel.models.robust_inference import RobustInference
from tcsmodel.options import Estimator

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class AuxiliaryProblem(LikelihoodProblem):
    """The likelihood of B samples of items and auxiliary variables.

    Parameters
    ----------
    joint : Sampled
        Moments of the items and the variables behind them; `sampled` has those of the items.
    """

    joint: Sampled

    @classmethod
    def of(cls, model: CovarianceModel, joint: Sampled, *, observed: bool) -> AuxiliaryProblem:
        """Return the problem of joint moments."""
        p = len(model.parameters.items)
        table, mean = cast(PatternMoments, joint.table), cast(Array, joint.mean)
        own = table.items(np.arange(p))
        items = Sampled(joint.cov[..., :p, :p], mean[..., :p], joint.n, own)
        return cls(model, items, observed, joint=joint)

    @cached_property
    def whole(self) -> Grouped:
        """The model of items and auxiliary variables."""
        items = len(self.model.parameters.items)
        return self.model.grouped_with(self.joint.cov.shape[-1] - items)

    @cached_property
    def best(self) -> sem.Fit:
        """The fits of items and auxiliary variables, patiently."""
        return self._fit(patient=True)

    def _fit(self, *, patient: bool) -> sem.Fit:
        start = np.full(self.whole.n_free, np.nan)
        start[: self.model.parameters.n_free] = self.model.start
        return sem.fit(self.whole, self.joint, start=start, patient=patient, observed=self.observed)

    def fit(self, *, patient: bool) -> sem.Fit:
        """Return the fits, of the parameters of the model alone."""
        found, q = self.best if patient else self._fit(patient=False), self.model.parameters.n_free
        theta = found.theta[:, :q]
        # A residual matrix with the auxiliary variables in it need not be definite.
        proper = (found.status == Status.IMPROPER) & ~sem.improper(self.model.grouped, theta)
        status = np.where(proper, Status.CONVERGED, found.status)
        return replace(found, theta=theta, vcov=found.vcov[:, :q, :q], status=status)

    @cached_property
    def baseline(self) -> tuple[Grouped, sem.Fit]:
        """The model without covariances of the items but among observed causes, and its fit."""
        model = _baseline(self.joint, self.model)
        return model, sem.fit(model, self.joint, patient=True)

    def baseline_chi2(self) -> Array:
        """Return chi-square (B,) of the baseline model."""
        return self.n * self.baseline[1].value

    def loglik(self, value: Array) -> Array:
        """Return the log-likelihood (B,) of items and auxiliary variables."""
        return LikelihoodProblem(self.model, self.joint).loglik(value)

    def unidentified(self) -> NDArray[np.bool_]:
        """Return (q,) True for parameters that no data of the model determine."""
        items = Sampled(self.sampled.cov, self.sampled.mean, self.sampled.n)
        return sem.unidentified(self.model.grouped, items)


def _baseline(joint: Sampled, model: CovarianceModel) -> Grouped:
    """Return the baseline model: every covariance but those of two items is free."""
    p, width, groups = len(model.parameters.items), joint.cov.shape[-1], len(joint.n)
    causes = set(model.causes.tolist())
    cov = [
        (i, j) for i in range(width) for j in range(i + 1) if i == j or i >= p or {i, j} <= causes
    ]
    row, column = (list(part) for part in zip(*cov, strict=True))
    count = len(cov) + width
    layout = implied.layout(
        width,
        0,
        matrix=[implied.RESIDUAL] * len(cov) + [implied.ITEM_MEAN] * width,
        row=[*row, *range(width)],
        column=[*column, *([0] * width)],
        free=range(count),
        fixed=np.full(count, np.nan),
    )
    index = np.arange(groups * count).reshape(groups, count)
    return grouped.grouped(layout, index, np.full(index.shape, np.nan), groups * count)


class Auxiliary(MaximumLikelihood):
    """Full-information maximum likelihood with auxiliary variables behind the items."""

    @property
    def _joint(self) -> Sample:
        return cast(Sample, self.sample.joint)

    @cached_property
    def problem(self) -> AuxiliaryProblem:
        """The fit to the sample, a batch of one."""
        sampled = patterned_of(self._joint, own_weights(self.sample)[None])
        return AuxiliaryProblem.of(self.model, sampled, observed=self.observed)

    @property
    def takes_weights(self) -> bool:
        """Whether `resampled` takes weights of respondents: it does."""
        return True

    def resampled(self, first: Array, cov: Array | None = None) -> AuxiliaryProblem:
        """Return the fits to resamples, given by weights (B, n)."""
        sampled = patterned_of(self._joint, first)
        return AuxiliaryProblem.of(self.model, sampled, observed=self.observed)

    def robust(self, result: SEMResult, plain: dict[str, float]) -> RobustInference | None:
        """Return the inference of ``mlr``; None for ``ml``."""
        if self.estimator is Estimator.ML:
            return None
        problem, everyone = self.problem, list(range(self.model.n_groups))
        joint, q = problem.joint, self.model.parameters.n_free

        def at(model: Grouped, theta: Array) -> tuple[Array, float]:
            return sandwich(model, theta, joint, self._joint, everyone)

        vcov, own = at(problem.whole, problem.best.theta[0])
        null = at(problem.baseline[0], problem.baseline[1].theta[0])[1]
        full = at(*saturated(joint))[1]
        return scaled_by_traces(vcov[:q, :q], full, own, null, plain)
