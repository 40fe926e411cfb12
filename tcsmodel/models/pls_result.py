"""`PLSResult`: a fitted PLS path model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import counted
from tcsmodel.kernels import influence
from tcsmodel.kernels.moments import moments
from tcsmodel.kernels.status import Status
from tcsmodel.models.applicability import applicability
from tcsmodel.models.assessment import (
    convergence_findings,
    findings,
)
from tcsmodel.models.bootstrapped import require_studentized
from tcsmodel.models.draws import ERROR, Draws, Replicator
from tcsmodel.models.estimator import SCORE_OTHERS, Sample
from tcsmodel.models.jackknife import jackknife
from tcsmodel.models.new_respondents import new_scores
from tcsmodel.models.pls_circumstances import circumstances
from tcsmodel.models.pls_derived import Derived
from tcsmodel.models.pls_tables import PLSTables
from tcsmodel.models.quantities import (
    interval_table,
    measurement_table,
    path_table,
)
from tcsmodel.models.staged import KEPT, scores_of
from tcsmodel.options import IntervalKind, Side
from tcsmodel.result import Finding, as_text, worst_first
from tcsmodel.survey.survey import Survey

if TYPE_CHECKING:
    from tcsmodel.models.pls import PLS

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class PLSResult(PLSTables, Derived):
    """A fitted PLS path model; frozen. `bootstrap` returns a new one with draws.

    Parameters
    ----------
    estimator : PLS
        The options that made it.
    sample : Sample
        The respondents and the moments of the items.
    arrays : dict of str to ndarray
        Every quantity as a read-only array, named and shaped as in ``draws.values``:
        items (p,), item x construct (p, k), constructs (k,), source x target (k, k).
    status : Status
        How the algorithm ended.
    iterations : int
        How many iterations it took.
    draws : Draws, optional
        Bootstrap replicates of every quantity.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> result = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    >>> result.reliability.loc["Quality"].round(3).to_dict()
    {'alpha': 0.877, 'rho_a': 0.884, 'rho_c': 0.905, 'ave': 0.577, 'n_items': 7.0}
    >>> result.bootstrap(200, seed=7).intervals("paths").columns.tolist()
    ['source', 'target', 'estimate', 'se', 'ci_lower', 'ci_upper']
    """

    estimator: PLS
    sample: Sample
    arrays: Mapping[str, Array]
    status: Status
    iterations: int
    draws: Draws | None = None

    @property
    def converged(self) -> bool:
        """Whether the algorithm converged."""
        return self.status < Status.ITERATION_CAP

    @property
    def proper(self) -> bool:
        """Whether it converged, and consistent PLS gave nothing that no data can have."""
        return self.status is Status.CONVERGED

    @property
    def ignored(self) -> tuple[str, ...]:
        """What the specification states and PLS has no use for: labels, starting values."""
        return self._model.ignored

    def answers(self, purpose: str, advice: str = "") -> Array:
        """Return the answers (n, p) of the respondents used, gaps filled.

        With what their other answers predict for ``missing="fiml"``, else with the mean of the
        item; nan where an item does not apply.

        Raises
        ------
        TcsError
            When fitted to moments alone; `purpose` says what needs the answers, `advice` what
            else may be done.
        """
        moments = self.sample.moments
        answers = self.sample.respondents(purpose, advice)
        if self._model.factors:
            return answers[:, : len(self._model.observed)]
        filled = self.estimator.rule.complete(answers, moments.mean_array, moments.cov_array)
        return (
            filled if self.sample.applies.all() else np.where(self.sample.applies, filled, np.nan)
        )

    def scores(self, data: Survey | pd.DataFrame | None = None) -> pd.DataFrame:
        """Return construct scores (respondent x construct) with mean 0 and variance 1.

        Rows have the labels of the rows of the data.

        Those of an interaction are the centered product, whose variance is not 1.
        The index is the row number in the survey, starting at 0. What stands for a missing answer
        is said at `answers`. Items that do not apply have no part: those that do stand for the
        construct, in proportion to their weights.

        Parameters
        ----------
        data : Survey or DataFrame, optional
            New respondents, scored with the weights, means and standard deviations of the fit;
            the respondents used by default. A DataFrame is read with the scale, reversed items and
            missing codes of the fitted survey. With ``missing="listwise"`` a construct that lacks
            an answer has no score.

        Raises
        ------
        TcsError
            When fitted to moments alone and no `data` are given.
        SurveyError
            When `data` lack an item.
        """
        if data is not None:
            return new_scores(self, data)
        answers = self.answers("scores()", SCORE_OTHERS)
        mean = self.sample.moments.mean_array
        applies = self.sample.applies[:, : answers.shape[1]]
        scores = scores_of(self._model, self.arrays, mean, answers, applies)
        columns = list(self._model.constructs)
        return pd.DataFrame(scores, index=self.sample.row_labels, columns=columns)

    def bootstrap(
        self,
        n: int = 5000,
        *,
        seed: int = 0,
        level: float | None = None,
        interval: IntervalKind | str = "percentile",
        progress: bool = False,
    ) -> PLSResult:
        """Return this result with `n` bootstrap replicates of every quantity.

        Respondents are drawn with replacement, weights, loadings and paths estimated anew.
        Replicates follow the sign rule of the fit and no other. Those that did not
        converge are nan and counted in ``draws.status_shares``. The same seed gives the
        same numbers on any number of cores.

        Parameters
        ----------
        n : int
            Number of replicates.
        seed : int
            Seed of the resamples.
        level : float, optional
            Confidence level of the intervals; the estimator's by default.
        interval : {"percentile", "bca", "basic", "studentized"}
            How replicates become intervals. ``"bca"`` estimates once more without each
            respondent. ``"studentized"`` has a standard error of every quantity in every
            replicate, by the infinitesimal jackknife (Davison & Hinkley 1997, ch. 2 and 5): the
            model is estimated once more for every mean and covariance of items, so take 1,000
            replicates.
        progress : bool
            Show a progress bar.
        """
        return self._bootstrapped(n, seed, level, interval, progress)

    def _replicator(self, kind: IntervalKind) -> Replicator:
        if kind is IntervalKind.STUDENTIZED:
            require_studentized(self.sample, plain=self.estimator.rule.is_plain)
            return Replicator(self._with_errors, self.sample, weighted=True)
        if self.estimator.rule.is_plain:
            return Replicator(self._replicate, self.sample)
        return Replicator(self._reweighted, self.sample, weighted=True)

    def _with_errors(self, weights: Array) -> dict[str, Array]:
        given = np.ones(self.sample.n) if self.sample.weights is None else self.sample.weights
        answers = self.sample.respondents("The bootstrap")
        mean, cov = moments(answers, weights)
        values = self._replicate(mean, cov)
        estimates = {name: value for name, value in values.items() if name != "status"}
        errors = influence.standard_errors(
            self._replicate, estimates, mean, cov, answers, weights / given, given
        )
        return values | {ERROR.format(name): error for name, error in errors.items()}

    def _reweighted(self, weights: Array) -> dict[str, Array]:
        answers, rule = self.sample.respondents("The bootstrap"), self.estimator.rule
        return self._replicate(*rule.moments(self._model.observed, answers, weights))

    def _replicate(self, mean: Array, cov: Array) -> dict[str, Array]:
        values = self.estimator.quantities(mean, cov, self.sample.n)
        lost = values["status"] >= Status.ITERATION_CAP
        del values["iterations"]
        for name in KEPT & values.keys():
            del values[name]
        if lost.any():
            for name in values.keys() - {"status"}:
                values[name][lost] = np.nan
        return values

    def intervals(
        self, quantity: str, level: float | None = None, *, side: Side | str = "both"
    ) -> pd.DataFrame:
        """Return a quantity, tidy, with bootstrap standard error and interval.

        Parameters
        ----------
        quantity : str
            A name in ``draws.values``, such as ``"paths"``, ``"htmt"`` or ``"rho_a"``.
        level : float, optional
            Confidence level; that of the bootstrap by default.
        side : {"both", "lower", "upper"}
            Which limits: ``"upper"`` for the question whether HTMT lies below a threshold.

        Raises
        ------
        OptionError
            When there is no such quantity.
        TcsError
            Before a bootstrap.
        """
        return interval_table(self._model, self.arrays, self.draws, quantity, level, side)

    def jackknife(self, quantity: str, level: float | None = None) -> pd.DataFrame:
        """Return a quantity, tidy, with its jackknife bias, standard error and interval.

        The model is estimated without each respondent, above 2,000 without each of 200 parts of
        them, all in one batch; limits are Student's t about the estimate (Efron &
        Tibshirani 1993, ch. 11). The same numbers every time, but no skewed intervals: for
        indirect effects and R2 prefer `bootstrap`.

        Parameters
        ----------
        quantity : str
            A name as in `intervals`.
        level : float, optional
            Confidence level; the estimator's by default.

        Raises
        ------
        OptionError
            When there is no such quantity.
        TcsError
            When fitted to moments alone, or to a survey with strata or clusters.
        """
        make = self._replicator(IntervalKind.PERCENTILE)
        return jackknife(self, make, quantity, level)

    def table(self) -> pd.DataFrame:
        """Return the paths: ``source target path se ci_lower ci_upper f_squared vif``.

        The standard error and the interval are there once bootstrapped.
        """
        return path_table(self._model, self.arrays, self.draws)

    def measurement_table(self) -> pd.DataFrame:
        """Return the items: ``item construct mode weight loading communality vif mean sd``.

        Once bootstrapped with ``weight_ci_lower weight_ci_upper loading_ci_lower
        loading_ci_upper``.
        """
        return measurement_table(self._model, self.arrays, self.draws)

    def verify(self) -> tuple[Finding, ...]:
        """Return what speaks against the fit, worst first.

        Few respondents, many gaps, low loadings, negative weights, collinearity, a model in parts
        and lost replicates.
        """
        found = [
            *convergence_findings(self.iterations, self.converged, self.draws),
            *findings(self._model, self.estimator.weighting, self.arrays),
            *applicability(self.sample),
            *circumstances(self._model, self.estimator.missing, self.sample),
        ]
        return worst_first(found)

    def summary(self) -> str:
        """Return facts, findings, paths, explained variance, reliability and items as text."""
        explained = pd.DataFrame({"r_squared": self.r_squared, "r_squared_adj": self.r_squared_adj})
        return "\n\n".join(
            [
                super().summary(),
                f"{self.estimator.how}.",
                as_text(explained),
                as_text(self.reliability),
                as_text(self.measurement_table()),
            ]
        )

    def _facts(self) -> str:
        model = self._model
        facts = [
            counted(len(model.constructs), "construct"),
            counted(len(model.observed), "item"),
            f"n={self.sample.n}",
            f"scheme={self.estimator.scheme}",
            f"converged in {self.iterations}" if self.converged else "not converged",
        ]
        return ", ".join([*facts, *self._drawn_facts()])
