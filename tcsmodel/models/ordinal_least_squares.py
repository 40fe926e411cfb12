"""Least squares as the criterion of a covariance-based model with ordinal items.

=========  ==============================  ======================================
           weight W                        test
=========  ==============================  ======================================
``wls``    inverse of Gamma                (n - 1) F
``dwls``   inverse of its diagonal         none: (n - 1) F has no known distribution
``wlsm``   as ``dwls``                     mean-corrected
``wlsmv``  as ``dwls``                     scaled and shifted
``uls``    identity                        none
``ulsmv``  identity                        scaled and shifted
=========  ==============================  ======================================

The statistics are thresholds, polychoric and polyserial correlations, and the means, variances
and covariances of continuous items (`kernels.polychoric_gamma`); Gamma is n times their sampling
covariance. Standard errors are those of its sandwich, whatever the weight. Robust fit measures
are those of Savalei (2021), for ordinal items alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError
from tcsmodel.kernels import grouped, linalg, robust_groups, sem, squares
from tcsmodel.kernels import ordinal_squares as kernel
from tcsmodel.kernels.design import spread
from tcsmodel.kernels.implied import Layout
from tcsmodel.kernels.least_squares import Structure, ordinal_structure
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.modification import Scores
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.ordinal import OrdinalLayout, ordinal_implied
from tcsmodel.kernels.ordinal_squares import Sampling
from tcsmodel.kernels.polychoric import Answers, empty_cells, mixed_moments
from tcsmodel.kernels.robust import Traces
from tcsmodel.kernels.robust_groups import Weighed
from tcsmodel.kernels.scaled_tests import (
    Correction,
    ScaledFit,
    correlation_likelihood,
    robust_fit,
    scaled,
)
from tcsmodel.kernels.squares import Joint, Squares
from tcsmodel.kernels.underlying_normality import curvature
from tcsmodel.models import squares_diagnosis
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.models.covariance_sample import (
    gamma_factors,
    groups_of,
    own_weights,
    require_usable,
    rows_of,
    spanning,
)
from tcsmodel.models.estimator import Sample
from tcsmodel.models.ordinal_sample import coded
from tcsmodel.models.robust_inference import RobustInference
from tcsmodel.options import Estimator

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

CORRECTIONS = {
    Estimator.WLSM: Correction.MEAN,
    Estimator.WLSMV: Correction.SHIFT,
    Estimator.ULSMV: Correction.SHIFT,
}
# Replicates held at once: more do not pay, and statistics of many items take their room.
MEMBERS = 64


@dataclass(frozen=True, eq=False)
class OrdinalProblem:
    """Least squares fits to B samples with ordinal items.

    Parameters
    ----------
    model : CovarianceModel
        The model.
    estimator : Estimator
        Which weight and test.
    sampling : Sampling
        The statistics of the samples and their Gamma.
    weights : ndarray (G,)
        Respondents of each group, or the sum of their normalized weights.
    """

    model: CovarianceModel
    estimator: Estimator
    sampling: Sampling
    weights: Array

    @property
    def sampled(self) -> Sampled:
        """Correlations of ordinal items, among covariances of others; means are not compared."""
        return Sampled(self.sampling.cov, None, self.weights)

    @property
    def n(self) -> float:
        """Respondents in all groups, one less for each."""
        return self.squares.total

    @property
    def ordinal(self) -> OrdinalLayout:
        """Where the parameters of a group live."""
        return cast(OrdinalLayout, self.model.grouped.ordinal)

    @cached_property
    def squares(self) -> Squares:
        """The function to minimize."""
        structure = ordinal_structure(self.ordinal)
        size = self.weights - 1
        return Squares(self.model.grouped, structure, self.sampling.statistics, self._weight, size)

    def structure_of(self, layout: Layout) -> Structure:
        """Return the statistics of a group as functions of the parameters of a layout."""
        given = OrdinalLayout.of(layout, self.model.categories, delta=self.ordinal.delta)
        return ordinal_structure(given)

    def spread_of(self, group: int) -> Array:
        """Return Gamma (s, s) of a group of the first sample."""
        return self.sampling.spread[0, group]

    @property
    def joint(self) -> Array | None:
        """Sampling covariances (G s, G s) of all groups; None where these are samples apart."""
        return self.sampling.joint

    @property
    def _weight(self) -> Array:
        """W (B G, s, s), or its diagonal (B G, s), of the samples."""
        if self.estimator is Estimator.WLS:
            gamma = self.sampling.gamma
            _, inverse, definite = linalg.definite_inverse(gamma.reshape(-1, *gamma.shape[-2:]))
            return np.where(definite[:, None, None], inverse, np.nan)
        return self.diagonal.reshape(-1, self.diagonal.shape[-1])

    @property
    def diagonal(self) -> Array:
        """The diagonal (B, G, s) of W, where W has no more."""
        if self.estimator.is_unweighted:
            return np.ones_like(self.sampling.statistics)
        with np.errstate(divide="ignore"):
            return 1 / self.sampling.variance

    @property
    def _gamma(self) -> Array | Joint | None:
        """Gamma (B G, s, s) for the errors; None where W is its inverse, or it is not known."""
        if self.joint is not None:
            return Joint(self.joint)
        gamma = self.sampling.spread
        if self.estimator is Estimator.WLS or gamma.ndim == self.sampling.statistics.ndim:
            return None
        return gamma.reshape(-1, *gamma.shape[-2:])

    @property
    def _start(self) -> Array:
        known = np.nan_to_num(self.sampling.statistics, nan=0.0, posinf=0.0, neginf=0.0)
        return kernel.starts(self.model.grouped, self.ordinal, known, self.model.start)

    def fit(self, *, patient: bool) -> sem.Fit:
        """Return the fits; a patient one follows a ridge for as long as there are iterations."""
        found = squares.fit(self.squares, self._start, patient=patient, gamma=self._gamma)
        return replace(found, status=kernel.lost(self.sampling.usable, found.status))

    def chi2(self, value: Array, theta: Array) -> Array:
        """Return (n - 1) F, (B,)."""
        return self.n * value

    def baseline_chi2(self) -> Array:
        """Return chi-square (B,) of the model without correlations."""
        order, s = self.ordinal.order, self.sampling.statistics
        gamma = self.sampling.gamma if self.estimator is Estimator.WLS else 1 / self.diagonal
        own = kernel.independence_discrepancy(order, s, gamma)
        return self.n * own @ self.squares.share

    def loglik(self, value: Array) -> None:
        """Return None: there is no likelihood."""

    @property
    def is_chi_square(self) -> bool:
        """Whether chi-square has that distribution; not before it is scaled."""
        return self.estimator is Estimator.WLS

    def unidentified(self) -> Mask:
        """Return (q,) True for parameters that no data of the model determine."""
        return kernel.unidentified(self.squares, self._start[0])


@dataclass(frozen=True, eq=False)
class OrdinalLeastSquares:
    """Least squares at work on one sample with ordinal items.

    Parameters
    ----------
    model : CovarianceModel
        The model.
    sample : Sample
        What is fitted, with gaps or without.
    estimator : Estimator
        Which of the table above.
    """

    model: CovarianceModel
    sample: Sample
    estimator: Estimator

    @cached_property
    def _answers(self) -> list[tuple[Answers, NDArray[np.intp]]]:
        """The answers and the rows of the respondents of each group."""
        whole = coded(self.sample, self.model.parameters.ordinal)
        return [(Answers(whole.x[rows], whole.categories), rows) for rows in groups_of(self.sample)]

    @cached_property
    def problem(self) -> OrdinalProblem:
        """The fit to the sample, a batch of one."""
        given = self.sample.design
        designs = [] if given is None else [given.part(rows) for _, rows in self._answers]
        groups = [own_weights(self.sample)[None, rows] for _, rows in self._answers]
        return self._found(
            groups, frequency=False, whole=True, designs=designs, spanning=spanning(self.sample)
        )

    def sharing(self, model: CovarianceModel) -> OrdinalLeastSquares:
        """Return the criterion of another model of these items, with the same statistics."""
        other = replace(self, model=model)
        problem = replace(self.problem, model=model)
        other.__dict__["problem"] = problem
        return other

    def empty_cells(self, least: float) -> Mask:
        """Return (G, p, p) pairs of items with a cell that is empty where this matters.

        The cell of a 2 x 2 table, and one of a larger table where the correlation lets `least`
        respondents or more be expected.
        """
        weights, found = own_weights(self.sample), []
        corr = to_corr(self.problem.sampling.cov[0])
        for (answers, rows), own in zip(self._answers, corr, strict=True):
            expected, small = empty_cells(answers, weights[rows], own)
            found.append(small | (expected >= least))
        return np.stack(found)

    def information_ratio(self) -> tuple[float, float]:
        """Return the information that second derivatives have about correlations, and its z.

        As a share of that by outer products, which errors and tests rest on, in the median of
        pairs: one where the variables behind the answers are normal
        (`kernels.underlying_normality`). z tells by the sum over pairs whether there is less,
        with the sampling design; nan without a pair that could.
        """
        weights, found = own_weights(self.sample), []
        gap = np.zeros(self.sample.n)
        for answers, rows in self._answers:
            own = weights[rows]
            found.append(curvature(answers, mixed_moments(answers, own), own))
            gap[rows] = found[-1].gap
        shares = np.concatenate([one.second / one.outer for one in found])
        if not len(shares):
            return np.nan, np.nan
        error = np.sqrt(spread(gap[:, None] - gap.mean(), self.sample.design)[0, 0])
        return float(np.median(shares)), float(gap.sum() / error)

    @property
    def takes_weights(self) -> bool:
        """Correlations of ordinal items come from the respondents."""
        return True

    @property
    def members(self) -> int:
        """How many replicates to hold at once."""
        return MEMBERS

    def _found(self, weights: list[Array], **options: Any) -> OrdinalProblem:
        """Return the fits of samples, from weights (B, n) of the respondents of each group."""
        found = kernel.sampling([answers for answers, _ in self._answers], weights, **options)
        found = found.multiplied(gamma_factors(self.sample))
        return OrdinalProblem(self.model, self.estimator, found, self.sample.sizes)

    def resampled(self, first: Array, cov: Array | None = None) -> OrdinalProblem:
        """Return the fits to resamples, given by weights of the respondents."""
        frequency, whole = self.sample.weights is None, self.estimator is Estimator.WLS
        groups = [first[:, rows] for _, rows in self._answers]
        return self._found(groups, frequency=frequency, whole=whole)

    def check(self) -> None:
        """Raise SurveyError when the sample cannot be fitted."""
        for part, label in zip(self.sample.by_group, self.sample.groups, strict=True):
            require_usable(part, label, definite=False)
        if self.estimator is not Estimator.WLS:
            return
        s, weight = self.n_statistics, cast(Array, self.problem.squares.weight)
        for n, label, own in zip(rows_of(self.sample), self.sample.groups, weight, strict=True):
            if n <= s or not np.isfinite(own).all():
                place = f" in group {label!r}" if label else ""
                raise SurveyError(
                    f"estimator='wls' needs many more respondents{place} ({n:.0f}) than thresholds "
                    f"and correlations of the items ({s}): its weight is the inverse of their "
                    "sampling covariances, which are singular here. Use estimator='wlsmv', which "
                    "needs the diagonal only."
                )

    @property
    def n_statistics(self) -> int:
        """Number of statistics s of a group."""
        return self.model.parameters.n_moments // self.model.n_groups

    def robust(self, result: SEMResult, plain: dict[str, float]) -> RobustInference | None:
        """Return the scaled tests; None for the estimators that have none."""
        correction = CORRECTIONS.get(self.estimator)
        if correction is None:
            return None
        problem = self.problem
        share = problem.squares.share
        spread = problem.sampling.spread[0] / share[:, None, None]
        at, null = self._weighed(result.theta), self._independent()
        robust_fit = self._robust_fit(result.theta, plain, at)
        if problem.joint is not None:
            at, null = robust_groups.together(at), robust_groups.together(null)
            spread = problem.n * problem.joint[None]
        return squares_diagnosis.scaled_inference(
            result.vcov_array, plain, at, null, spread, correction, robust_fit
        )

    def scores(self, layouts: Sequence[Layout], theta: Sequence[Array]) -> Scores:
        """Return the scores of candidates for modification, of all respondents."""
        q = self.model.parameters.n_free
        return squares_diagnosis.scores(self.problem, layouts, theta, q)

    def residual_cov(
        self, layouts: Sequence[Layout], theta: Array, restrictions: Array | None
    ) -> tuple[Array, ...]:
        """Return the sampling covariances (1, t, t) of vech(S - Sigma) of each group."""
        order = self.problem.ordinal.order
        found = squares_diagnosis.residual_cov(
            self.problem, layouts, theta, restrictions, start=len(order.item)
        )
        return tuple(order.unfolded(xi) for xi in found)

    @property
    def moment_variances(self) -> tuple[Array, ...]:
        """The sampling variances (1, t) of vech S of each group."""
        order, problem = self.problem.ordinal.order, self.problem
        start = len(order.item)
        found = (
            order.unfolded(problem.spread_of(g)[start:, start:] / size)
            for g, size in enumerate(problem.squares.size)
        )
        return tuple(np.diagonal(one)[None] for one in found)

    @property
    def _diagonal(self) -> Array:
        """The diagonal (G, s) of W, groups counting by their shares."""
        return self.problem.diagonal[0] * self.problem.squares.share[:, None]

    def _weighed(self, theta: Array) -> Weighed:
        """Return derivatives and weights of the groups at theta (q,)."""
        given = self.model.grouped
        local = grouped.spread(given, theta[None])
        slopes = self.problem.squares.structure.jacobian(local[0])[None]
        delta = grouped.by_theta(given, slopes)[0]
        basis = robust_groups.directions(given, theta)
        return Weighed(basis, delta if basis is None else delta @ basis, self._diagonal)

    def _independent(self) -> Weighed:
        """Return the same of the baseline model.

        Its free thresholds, means and variances have no residuals, and so no weight.
        """
        weight = self._diagonal.copy()
        weight[:, : self.n_statistics - len(self.problem.ordinal.order.pairs.first)] = 0.0
        return Weighed(None, np.zeros((*weight.shape, 0)), weight)

    def _robust_fit(self, theta: Array, plain: dict[str, float], at: Weighed) -> ScaledFit:
        """Return robust fit measures.

        They look at correlations alone: nan unless all items are ordinal, and where the model
        restricts thresholds, as it does when they are equal in groups.
        """
        problem = self.problem
        pairs, corr = problem.ordinal.order.pairs, problem.sampling.cov[0]
        start = self.n_statistics - len(pairs.first)
        located = at.delta[:, :start].reshape(-1, at.delta.shape[-1])
        if not problem.ordinal.ordinal.all() or np.linalg.matrix_rank(located) < len(located):
            return ScaledFit(*(np.full(1, np.nan) for _ in ScaledFit.__slots__))
        local = self.model.spread(theta[None])[0]
        values = ordinal_implied(problem.ordinal, local).statistics[:, start:]
        identity = np.broadcast_to(np.eye(corr.shape[-1]), corr.shape)
        sigma = identity.copy()
        sigma[:, pairs.first, pairs.second] = sigma[:, pairs.second, pairs.first] = values
        total = problem.weights.sum()
        share, weight = problem.weights / total, problem.diagonal[0, :, start:]
        spread = problem.sampling.spread[0][:, start:, start:]
        joint = self._joint_spread(share, start)
        delta = at.delta[:, start:]
        found = []
        for prefix, there, slopes in (
            ("", sigma, delta),
            ("baseline_", identity, delta[:, :, :0]),
        ):
            part = correlation_likelihood(corr, there, slopes, weight, spread, share, joint)
            traces, df = Traces(part.trace, part.trace), plain[f"{prefix}df"]
            found.append(scaled(total * part.value, df, traces, Correction.MEAN))
        return robust_fit(found[0], found[1], float(total) / self.model.n_groups)

    def _joint_spread(self, share: Array, start: int) -> Array | None:
        """Return the covariances of correlations of all groups, as Gamma over the shares.

        None where groups are samples apart.
        """
        problem, s = self.problem, self.n_statistics
        if problem.joint is None:
            return None
        root = np.repeat(np.sqrt(problem.squares.size / share), s)
        kept = np.flatnonzero(np.tile(np.arange(s) >= start, len(share)))
        return (root[:, None] * problem.joint * root)[np.ix_(kept, kept)]
