"""What a covariance-based model minimizes on a sample: how estimators plug into `SEM`.

A `Criterion` belongs to one fit and is kept by its result. It hands out a `Problem` for the
sample itself and for resamples of it; how chi-square follows from a minimum, and what inference
goes with it, are theirs to know, so that results need not ask for the estimator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.implied import Layout
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.modification import Scores
from tcsmodel.kernels.sem import Fit
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.models.estimator import Sample

if TYPE_CHECKING:
    from tcsmodel.models.robust_inference import RobustInference
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Problem(Protocol):
    """A model and B samples to fit it to."""

    @property
    def sampled(self) -> Sampled:
        """The moments that fits are compared with."""

    @property
    def n(self) -> float | Array:
        """What chi-square and RMSEA count respondents by; (B,) where samples differ in it."""

    def fit(self, *, patient: bool) -> Fit:
        """Return the fits; `patient` as in `kernels.sem.fit`."""

    def chi2(self, value: Array, theta: Array) -> Array:
        """Return chi-square (B,) of fits that ended at `value` (B,) and theta (B, q)."""

    @property
    def is_chi_square(self) -> bool:
        """Whether chi-square has that distribution where the model holds, so that p is known."""

    def baseline_chi2(self) -> Array:
        """Return chi-square (B,) of the model without covariances but among observed causes."""

    def loglik(self, value: Array) -> Array | None:
        """Return the log-likelihood (B,) of fits; None where there is no likelihood."""

    def unidentified(self) -> Mask:
        """Return (q,) True for parameters that no data of the model determine."""


class Criterion(Protocol):
    """An estimator at work on one sample."""

    @property
    def model(self) -> CovarianceModel:
        """The parameter table and arrays of the specification."""

    @property
    def sample(self) -> Sample:
        """What is fitted."""

    @property
    def problem(self) -> Problem:
        """The fit to the sample, a batch of one."""

    @property
    def takes_weights(self) -> bool:
        """Whether `resampled` takes weights of respondents rather than moments."""

    @property
    def members(self) -> int:
        """How many resamples to hold at once."""

    def check(self) -> None:
        """Raise SurveyError when the sample cannot be fitted."""

    def resampled(self, first: Array, cov: Array | None = None) -> Problem:
        """Return the fits to resamples.

        Parameters
        ----------
        first : ndarray
            Means (B, p) or (B, G, p); where the criterion takes weights, those (B, n) of the
            respondents.
        cov : ndarray, optional
            Covariances (B, p, p) or (B, G, p, p).
        """

    def robust(self, result: SEMResult, plain: dict[str, float]) -> RobustInference | None:
        """Return covariances of the estimates and scaled tests, from plain fit measures.

        None where the plain ones are to be used.
        """

    def scores(self, layouts: Sequence[Layout], theta: Sequence[Array]) -> Scores | None:
        """Return the scores of candidates for modification; None where the likelihood has them.

        Parameters
        ----------
        layouts : sequence of Layout
            Of each group: the free parameters of the model, and behind them its candidates.
        theta : sequence of ndarray
            The values of both.
        """

    def residual_cov(
        self, layouts: Sequence[Layout], theta: Array, restrictions: Array | None
    ) -> tuple[Array, ...] | None:
        """Return the sampling covariances of residuals; None for those of maximum likelihood.

        Arguments and result as `kernels.residuals.residual_cov`, at theta (q,).
        """
