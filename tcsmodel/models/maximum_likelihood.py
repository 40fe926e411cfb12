"""Maximum likelihood as the criterion of a covariance-based model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import fitmeasures, likelihood, sem
from tcsmodel.kernels.discrepancy import saturated
from tcsmodel.kernels.implied import Layout
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.models.covariance_sample import (
    require_complete,
    require_usable,
    rows_of,
    sampled_of,
    weighted_of,
)
from tcsmodel.models.estimator import Sample
from tcsmodel.models.robust_gaps import robust_inference_with_gaps
from tcsmodel.models.robust_inference import RobustInference, robust_inference
from tcsmodel.options import Estimator

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class LikelihoodProblem:
    """The likelihood of B samples.

    Parameters
    ----------
    model : CovarianceModel
        The model.
    sampled : Sampled
        Moments of its items.
    observed : bool
        Whether covariances of the estimates come from the observed information.
    """

    model: CovarianceModel
    sampled: Sampled
    observed: bool = False

    @property
    def n(self) -> float | Array:
        """Respondents in all groups; (B,) where samples differ in size.

        One less for each group with Wishart's likelihood.
        """
        return self.sampled.total if self.sampled.n.ndim == 1 else self.sampled.sizes

    def fit(self, *, patient: bool) -> sem.Fit:
        """Return the fits; `patient` as in `kernels.sem.fit`."""
        model = self.model
        return sem.fit(
            model.grouped, self.sampled, start=model.start, patient=patient, observed=self.observed
        )

    def chi2(self, value: Array, theta: Array) -> Array:
        """Return chi-square (B,), n times the discrepancy, which rounding may leave below zero."""
        return np.maximum(self.n * value, 0.0)

    @property
    def is_chi_square(self) -> bool:
        """Whether chi-square has that distribution, as it has under normality."""
        return True

    def baseline_chi2(self) -> Array:
        """Return chi-square (B,) of the model without covariances but among observed causes."""
        return self.n * (likelihood.baseline(self.sampled, self.model.causes) - self._floor)

    @cached_property
    def _floor(self) -> Array:
        """The least discrepancy (B,) that any model can have."""
        return likelihood.saturated(self.sampled)

    def loglik(self, value: Array) -> Array:
        """Return the log-likelihood (B,), conditional on observed causes that are given."""
        sampled, causes = self.sampled, self.model.given
        value, n = value + self._floor, self.model.respondents(sampled)
        if c := len(causes):
            own = sampled.cov[..., causes[:, None], causes].reshape(-1, c, c)
            given = saturated(own).reshape(sampled.cov.shape[:2])
            value = value - given @ sampled.share
        return fitmeasures.log_likelihood(value, n, likelihood.answers(sampled) - c)

    def unidentified(self) -> Mask:
        """Return (q,) True for parameters that no data of the model determine."""
        return sem.unidentified(self.model.grouped, self.sampled)


@dataclass(frozen=True, eq=False)
class MaximumLikelihood:
    """Maximum likelihood at work on one sample, with gaps or without.

    Parameters
    ----------
    model : CovarianceModel
        The model.
    sample : Sample
        What is fitted.
    estimator : Estimator
        ``ml``, or which inference takes the place of its own.
    observed : bool
        Whether errors of ``ml`` come from the observed information.
    """

    model: CovarianceModel
    sample: Sample
    estimator: Estimator
    observed: bool

    @cached_property
    def problem(self) -> LikelihoodProblem:
        """The fit to the sample, a batch of one."""
        return LikelihoodProblem(self.model, sampled_of(self.model, self.sample), self.observed)

    @property
    def takes_weights(self) -> bool:
        """Whether an answer is missing, so that moments come from the patterns."""
        return self.sample.has_gaps

    @property
    def members(self) -> int:
        """How many resamples to hold at once: as many as are drawn together."""
        return 512

    def check(self) -> None:
        """Raise SurveyError when the sample cannot be fitted."""
        for part, label in zip(self.sample.by_group, self.sample.groups, strict=True):
            require_usable(part, label)
        if self.sample.has_gaps and not self.sample.staged:
            require_complete(self.sample, self.model.parameters.given)

    def resampled(self, first: Array, cov: Array | None = None) -> LikelihoodProblem:
        """Return the fits to resamples, given by means and covariances or by weights."""
        if cov is None:
            return LikelihoodProblem(self.model, weighted_of(self.sample, first))
        sample = self.sample
        sampled = self.model.sampled(first, cov, sample.sizes, rows_of(sample))
        return LikelihoodProblem(self.model, sampled)

    def robust(self, result: SEMResult, plain: dict[str, float]) -> RobustInference | None:
        """Return the inference of ``mlr``, ``mlm`` and ``mlmv``; None for ``ml``."""
        if self.estimator is Estimator.ML:
            return None
        if self.sample.has_gaps:
            return robust_inference_with_gaps(result, plain)
        return robust_inference(result, plain)

    def scores(self, layouts: Sequence[Layout], theta: Sequence[Array]) -> None:
        """Return None: they are those of the likelihood."""

    def residual_cov(
        self, layouts: Sequence[Layout], theta: Array, restrictions: Array | None
    ) -> None:
        """Return None: they are those of maximum likelihood."""
