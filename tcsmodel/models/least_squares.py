"""Least squares as the criterion of a covariance-based model of continuous items.

=========  ==============================  ======================  ============================
           weight W                        standard errors         test
=========  ==============================  ======================  ============================
``gls``    inverse of normal-theory Gamma  those of that weight    (n - 1) F
``wls``    inverse of the free Gamma       those of that weight    (n - 1) F
``uls``    identity                        sandwich, normal        residual-based, normal
``dwls``   diagonal of normal Gamma        sandwich, normal        residual-based, normal
``ulsmv``  identity                        sandwich, free          scaled and shifted, (n - 1) F
``wlsmv``  diagonal of the free Gamma      sandwich, free          scaled and shifted, (n - 1) F
=========  ==============================  ======================  ============================

Gamma is n times the sampling covariance of means and covariances: as it is under normality, or
free of distributions (Browne 1984), which takes respondents. Covariances have divisor n - 1, as in
lavaan, and each group counts by its respondents less one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import SpecError, SurveyError
from tcsmodel.kernels import gamma, grouped, jacobian, linalg, robust_groups, sem, squares
from tcsmodel.kernels.gamma import NormalGamma, NormalWeight
from tcsmodel.kernels.implied import Layout
from tcsmodel.kernels.jacobian import independence_layout, vech
from tcsmodel.kernels.least_squares import Structure, Weight, moment_structure, unit_weight
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.modification import Scores
from tcsmodel.kernels.moments import moments
from tcsmodel.kernels.robust_groups import Weighed
from tcsmodel.kernels.scaled_tests import Correction
from tcsmodel.kernels.squares import Squares
from tcsmodel.models import squares_diagnosis
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.models.covariance_sample import (
    gamma_factors,
    groups_of,
    own_weights,
    require_usable,
)
from tcsmodel.models.estimator import Sample
from tcsmodel.models.robust_inference import RobustInference
from tcsmodel.options import Estimator

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# What distribution-free Gamma of all replicates held at once may take, in numbers.
HELD = 8_000_000


def require_modelled(model: CovarianceModel, estimator: Estimator) -> None:
    """Raise SpecError when an observed cause has no variance in a model for least squares."""
    if model.parameters.given:
        name = model.parameters.given[0]
        raise SpecError(
            f"{name!r} is an observed cause whose variance is taken as it is, and "
            f"estimator={estimator.value!r} needs a model of it. State it ({name} ~~ {name}), give "
            "fixed_x=False, or use estimator='ml' or 'mlr'."
        )


@dataclass(frozen=True, eq=False)
class SquaresProblem:
    """Least squares fits to B samples.

    Parameters
    ----------
    model : CovarianceModel
        The model.
    sampled : Sampled
        Moments of its items, covariances with divisor n - 1.
    estimator : Estimator
        Which weight, errors and test.
    free : ndarray (B, G, s, s) or None
        Distribution-free Gamma, where the estimator asks for it.
    """

    model: CovarianceModel
    sampled: Sampled
    estimator: Estimator
    free: Array | None

    @property
    def n(self) -> float:
        """Respondents in all groups, one less for each."""
        return self.squares.total

    @cached_property
    def squares(self) -> Squares:
        """The function to minimize."""
        structure = moment_structure(self.model.layout, mean=self.has_means)
        return Squares(
            self.model.grouped, structure, self.statistics, self.weight, self.sampled.n - 1
        )

    @property
    def has_means(self) -> bool:
        """Whether means are modelled."""
        return self.sampled.mean is not None

    def structure_of(self, layout: Layout) -> Structure:
        """Return the moments of a group as functions of the parameters of a layout."""
        return moment_structure(layout, mean=self.has_means)

    def spread_of(self, group: int) -> Array:
        """Return Gamma (s, s) of a group of the first sample."""
        if self.free is not None:
            return self.free[0, group]
        return gamma.normal_theory(self.sampled.cov[0, group], with_mean=self.has_means)

    @property
    def joint(self) -> None:
        """Return None: groups are samples apart."""

    @cached_property
    def statistics(self) -> Array:
        """What is fitted, (B, G, s): [mean, vech S]."""
        mean, own = self.sampled.mean, vech(self.sampled.cov)
        return own if mean is None else np.concatenate([mean, own], axis=-1)

    @cached_property
    def scale(self) -> Array:
        """What F (B,) is the multiple of as it is minimized; one but for unweighted squares."""
        if not self.estimator.is_unweighted:
            return np.ones(len(self.sampled.cov))
        variance = np.diagonal(self.sampled.cov, axis1=-2, axis2=-1)
        return unit_weight(variance.reshape(len(variance), -1), 1)[1]

    @cached_property
    def weight(self) -> Weight:
        """W of the B G samples."""
        if self.estimator is Estimator.GLS:
            return self.normal_weight
        if self.estimator is Estimator.WLS:
            _, inverse, definite = linalg.definite_inverse(_flat(cast(Array, self.free)))
            return np.where(definite[:, None, None], inverse, np.nan)
        b, g, s = self.statistics.shape
        if self.estimator.is_unweighted:
            return np.broadcast_to(self.scale[:, None, None], (b, g, s)).reshape(b * g, s)
        with np.errstate(divide="ignore"):
            if self.free is not None:
                return 1 / _flat(np.diagonal(self.free, axis1=-2, axis2=-1))
            cov = _flat(self.sampled.cov)
            variance = gamma.normal_variance(cov)
            if self.has_means:
                own = np.diagonal(cov, axis1=-2, axis2=-1)
                variance = np.concatenate([own, variance], axis=-1)
            return 1 / variance

    @cached_property
    def normal_weight(self) -> NormalWeight:
        """The inverse of Gamma under normality, of the B G samples."""
        inverse = linalg.inverse(_flat(self.sampled.cov))
        return NormalWeight(inverse, self.has_means)

    @property
    def gamma(self) -> Array | NormalGamma | None:
        """Gamma of the B G samples; None where W is its inverse."""
        if self.estimator in (Estimator.GLS, Estimator.WLS):
            return None
        if self.free is not None:
            return _flat(self.free)
        return NormalGamma(_flat(self.sampled.cov), self.has_means)

    def fit(self, *, patient: bool) -> sem.Fit:
        """Return the fits; a patient one follows a ridge for as long as there are iterations."""
        start = sem.starts(self.model.grouped, self.sampled, self.model.start)
        found = squares.fit(self.squares, start, patient=patient, gamma=self.gamma)
        return replace(found, value=found.value / self.scale)

    @property
    def tested(self) -> Squares | None:
        """With the weight of the residual-based test; None where F itself is the test."""
        if self.estimator not in (Estimator.ULS, Estimator.DWLS):
            return None
        return replace(self.squares, weight=self.normal_weight)

    def chi2(self, value: Array, theta: Array) -> Array:
        """Return chi-square (B,)."""
        if self.tested is None:
            return self.n * value
        return squares.residual_test(self.tested, squares.curve(self.tested, theta))

    @property
    def is_chi_square(self) -> bool:
        """Whether chi-square has that distribution; not before it is scaled."""
        return not self.estimator.is_shifted_squares

    def baseline_chi2(self) -> Array:
        """Return chi-square (B,) of the model without covariances but among observed causes.

        It is linear in its parameters, so that the residual-based test at any of them is the
        minimum.
        """
        structure = moment_structure(self.null.layout, mean=self.has_means)
        null = replace(self.tested or self.squares, model=self.null, structure=structure)
        at = squares.curve(null, np.zeros((len(self.scale), self.null.n_free)))
        chi2 = squares.residual_test(null, at)
        return chi2 / self.scale if self.tested is None else chi2

    @cached_property
    def null(self) -> grouped.Grouped:
        """The baseline model, with parameters of its own in every group."""
        p, groups = self.sampled.cov.shape[-1], len(self.sampled.n)
        layout = independence_layout(p, self.model.causes, mean=self.has_means)
        index = np.arange(groups * layout.n_free).reshape(groups, layout.n_free)
        return grouped.grouped(layout, index, np.full(index.shape, np.nan), index.size)

    def loglik(self, value: Array) -> None:
        """Return None: there is no likelihood."""

    def unidentified(self) -> Mask:
        """Return (q,) True for parameters that no data of the model determine."""
        return sem.unidentified(self.model.grouped, self.sampled)


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """Least squares at work on one sample of complete answers.

    Parameters
    ----------
    model : CovarianceModel
        The model.
    sample : Sample
        What is fitted.
    estimator : Estimator
        Which of the table above.
    """

    model: CovarianceModel
    sample: Sample
    estimator: Estimator

    @cached_property
    def problem(self) -> SquaresProblem:
        """The fit to the sample, a batch of one."""
        parts = [part.moments for part in self.sample.by_group]
        mean = np.stack([m.mean_array for m in parts])[None]
        cov = np.stack([m.cov_array for m in parts])[None]
        weights = own_weights(self.sample)[None] if self.takes_weights else None
        return self._problem(mean, cov, weights)

    @property
    def takes_weights(self) -> bool:
        """Whether Gamma comes from the respondents."""
        return self.estimator.is_distribution_free

    @property
    def members(self) -> int:
        """How many replicates to hold at once."""
        s = self.model.parameters.n_moments // self.model.n_groups
        own = s * s if self.takes_weights else s * self.model.parameters.n_free
        return int(np.clip(HELD // (own * self.model.n_groups), 8, 512))

    def _problem(self, mean: Array, cov: Array, weights: Array | None) -> SquaresProblem:
        """Return the fits to moments (B, G, ...), with weights (B, n) that give Gamma."""
        has_means = self.model.parameters.has_means
        sampled = Sampled(cov, mean if has_means else None, self.sample.sizes)
        free = None if weights is None else self._free(mean, cov, weights, has_means)
        return SquaresProblem(self.model, sampled, self.estimator, free)

    def _free(self, mean: Array, cov: Array, weights: Array, has_means: bool) -> Array:
        """Return the distribution-free Gamma (B, G, s, s) under weights (B, n)."""
        own, factors = own_weights(self.sample), gamma_factors(self.sample)
        parts = []
        for g, (values, rows) in enumerate(self._groups()):
            n = len(rows)
            total = weights[:, rows].sum(axis=-1, keepdims=True)
            # A respondent drawn twice counts twice, a weight of two by its square.
            share = factors[g] * n * weights[:, rows] * own[rows] / total**2
            biased = cov[:, g] * ((n - 1) / n)
            parts.append(
                gamma.asymptotic_cov(values, mean[:, g], biased, share, with_mean=has_means)
            )
        return np.stack(parts, axis=1)

    def _groups(self) -> list[tuple[Array, NDArray[np.intp]]]:
        """Return the answers and the rows of the respondents of each group."""
        values = self.sample.respondents(f"estimator={self.estimator.value!r}")
        return [(values[rows], rows) for rows in groups_of(self.sample)]

    def check(self) -> None:
        """Raise SurveyError when the sample cannot be fitted."""
        table = self.model.parameters
        for part, label in zip(self.sample.by_group, self.sample.groups, strict=True):
            require_usable(part, label)
        if self.estimator is not Estimator.WLS:
            return
        s = table.n_moments // self.model.n_groups
        for part, label in zip(self.sample.by_group, self.sample.groups, strict=True):
            if part.n <= s:
                place = f" in group {label!r}" if label else ""
                raise SurveyError(
                    f"estimator='wls' needs more respondents{place} ({part.n}) than variances, "
                    f"covariances and means of the {len(table.items)} items ({s}): its weight is "
                    "the inverse of their sampling covariances, which are singular otherwise. Use "
                    "estimator='mlr', or 'wlsmv', which needs the diagonal only."
                )

    def resampled(self, first: Array, cov: Array | None = None) -> SquaresProblem:
        """Return the fits to resamples, given by means and covariances or by weights."""
        groups, p = self.model.n_groups, len(self.model.parameters.items)
        if cov is not None:
            return self._problem(first.reshape(-1, groups, p), cov.reshape(-1, groups, p, p), None)
        parts = [moments(values, first[:, rows]) for values, rows in self._groups()]
        mean, own = (np.stack(part, axis=1) for part in zip(*parts, strict=True))
        return self._problem(mean, own, first)

    def robust(self, result: SEMResult, plain: dict[str, float]) -> RobustInference | None:
        """Return the scaled tests of ``ulsmv`` and ``wlsmv``; None for the others."""
        if not self.estimator.is_shifted_squares:
            return None
        problem = self.problem
        scale = problem.n / (self.sample.sizes - 1)
        spread = scale[:, None, None] * cast(Array, problem.free)[0]
        at = self._weighed(problem.model.grouped, result.theta)
        null = self._weighed(problem.null, np.zeros(problem.null.n_free))
        return squares_diagnosis.scaled_inference(
            result.vcov_array, plain, at, null, spread, Correction.SHIFT
        )

    def scores(self, layouts: Sequence[Layout], theta: Sequence[Array]) -> Scores:
        """Return the scores of candidates for modification, of all respondents."""
        q = self.model.parameters.n_free
        return squares_diagnosis.scores(self.problem, layouts, theta, q)

    def residual_cov(
        self, layouts: Sequence[Layout], theta: Array, restrictions: Array | None
    ) -> tuple[Array, ...]:
        """Return the sampling covariances of residuals of each group at theta (q,)."""
        return squares_diagnosis.residual_cov(
            self.problem,
            layouts,
            theta,
            restrictions,
            start=self.problem.sampled.cov.shape[-1] if self.problem.has_means else 0,
        )

    def _weighed(self, model: grouped.Grouped, theta: Array) -> Weighed:
        """Return derivatives and weights of the groups at theta (q,), W free of `scale`."""
        problem = self.problem
        local = grouped.spread(model, theta[None])
        slopes = jacobian.moment_jacobian(model.layout, local, mean=problem.has_means)
        delta = grouped.by_theta(model, slopes)[0]
        basis = robust_groups.directions(model, theta)
        share = problem.squares.share[:, None]
        diagonal = cast(Array, problem.weight) / problem.scale * share
        weight = diagonal[..., None] * np.eye(diagonal.shape[-1])
        return Weighed(basis, delta if basis is None else delta @ basis, weight)


def _flat(values: Array) -> Array:
    """Return (B G, ...) of (B, G, ...)."""
    return values.reshape(-1, *values.shape[2:])
