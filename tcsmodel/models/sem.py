"""`SEM`: covariance-based structural equation models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import IdentificationError, ImproperSolutionWarning, warn
from tcsmodel.kernels.sem import Fit
from tcsmodel.kernels.status import Status
from tcsmodel.models import estimator_options, least_squares, ordinal_sample, semopy_engine
from tcsmodel.models.auxiliary import Auxiliary
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.models.covariance_sample import item_variances, require_joined
from tcsmodel.models.criterion import Criterion
from tcsmodel.models.estimator import Data, Sample, take
from tcsmodel.models.identification_options import require_one_way
from tcsmodel.models.imputation import Imputations
from tcsmodel.models.maximum_likelihood import MaximumLikelihood
from tcsmodel.models.ordinal_least_squares import OrdinalLeastSquares
from tcsmodel.models.pooled_sem import PooledSEM, fit_imputed
from tcsmodel.models.sem_fits import SEMFits, fit_each
from tcsmodel.models.sem_refusals import no_likelihood, refuse_design
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.models.two_stage import TwoStage
from tcsmodel.options import (
    Bounds,
    Engine,
    Estimator,
    GroupEqual,
    Information,
    Likelihood,
    Parameterization,
    SEMMissing,
    choose,
    require,
    require_level,
)
from tcsmodel.spec.model import ModelSpec
from tcsmodel.spec.parameters import ParameterTable
from tcsmodel.spec.reliability import with_errors
from tcsmodel.survey.moments import read_only
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]

__all__ = ["SEM", "SEMFits", "SEMResult"]


@dataclass(frozen=True)
class SEM:
    """Covariance-based structural equation modelling of a specification.

    Defaults are those of lavaan's ``sem()``: the first loading of a construct is one, the
    error of a single item is zero, exogenous constructs correlate, observed causes keep
    their sample moments, and the likelihood divides by n. Variances may become negative;
    such a solution is reported as improper, not hidden by a bound. Where means are modelled
    the intercepts of items are free and the means of constructs zero.

    Parameters
    ----------
    spec : ModelSpec
        Reflective constructs (``=~``), paths (``~``; cycles are allowed) and covariances
        (``~~``).
    estimator : {"ml", "mlr", "mlm", "mlmv", "gls", "uls", "wls", "dwls", "ulsmv", "wlsmv", "wlsm"}
        Maximum likelihood, with normal-theory standard errors and test (``"ml"``), or with
        standard errors and a scaled test that do not rely on normality: ``"mlr"``
        (Huber-White; Yuan and Bentler), ``"mlm"`` (Satorra and Bentler), ``"mlmv"`` (the same
        errors; scaled and shifted). The estimates are the same. With survey weights use
        ``"mlr"``: the errors of ``"ml"`` take a weighted sample for an unweighted one, and one
        drawn in clusters or strata for one drawn respondent by respondent.

        Least squares of the covariances instead: generalized (``"gls"``), unweighted (``"uls"``),
        weighted by all of their sampling covariances (``"wls"``, asymptotically distribution-free,
        for very large samples) or by their variances (``"dwls"``); ``"ulsmv"`` and ``"wlsmv"``
        are the second and the last with errors and a scaled and shifted test that do not rely on
        normality. See Notes.
    missing : {"listwise", "fiml", "two_stage", "robust_two_stage", "pairwise"}
        What is done about missing answers: respondents with any are left out; the likelihood of
        the answers there are is maximized (full information); or means and covariances are
        estimated that way and the model is fitted to them (two stages), with standard errors and
        a scaled test from the first stage, under normality or not (``"robust_two_stage"``). All
        but the first model the means. With ordered items the choice is between ``"listwise"`` and
        ``"pairwise"``, each correlation from those who answered both items.
    auxiliary : sequence of str
        Columns that say something about who did not answer or what they would have answered,
        such as age, unless ``missing="listwise"``. They are not part of the model, df or the
        number of parameters.
    information : {"expected", "observed"}, optional
        What standard errors come from; by default the expected information, and with
        ``missing="fiml"`` the observed one, as in lavaan.
    likelihood : {"normal", "wishart"}
        Of the answers, with covariances, chi-square and errors of divisor n, or of their
        covariances, with divisor n - 1, as in LISREL, EQS and AMOS.
    std_lv : bool
        Identify constructs by (residual) variances of one instead of first loadings.
    effect_coding : bool
        Identify them by loadings that are one on average instead, and by intercepts that are
        zero on average where means are modelled: constructs are on the scale of their items.
    orthogonal : bool
        Let constructs be uncorrelated unless the text says otherwise, as in bifactor models.
    fixed_x : bool
        Take the moments of observed causes as they are; else they are parameters, and part of
        the likelihood.
    reliability : dict of str to float, optional
        Reliability of the item of single-item constructs, ``{"Complaints": 0.8}``: the error
        variance is fixed at ``(1 - reliability)`` times the item's sample variance, in each
        group. The bootstrap keeps that value, as standard errors do, and as if it had been
        written in the text.
    meanstructure : bool
        Model the means of the items too. Always so where the text has an intercept (``~1``)
        and with `group`.
    group : str, optional
        The column that tells groups apart, such as ``survey.group``; they are ordered by first
        appearance. The model is fitted to all of them at once, each with parameters of its own
        but for labels, which are equal wherever they stand.
    group_equal : sequence of str
        What is equal in all groups: ``"loadings"``, ``"intercepts"``, ``"residuals"``,
        ``"means"``, ``"regressions"``, ``"lv_variances"``, ``"lv_covariances"``,
        ``"residual_covariances"``, ``"thresholds"``. With equal intercepts the means of constructs
        are free in all groups but the first, unless these are equal too.
    group_partial : sequence of str
        Parameters left out of that, by the names of `SEMResult.vcov`: ``"x3~1"``.
    bounds : {"standard"}, optional
        Keep variances at zero or above. Bounds of single parameters stand in the model text
        (``lower(0)*x``), as do constraints (``a == b``, ``a > 0``).
    ordered : bool or sequence of str
        Items whose answers are ordered categories; True for all items of constructs. Items with
        thresholds in the text (``x | t1``) are among them. The estimator is one of least squares
        then, ``"wlsmv"`` by default. See Notes.
    parameterization : {"delta", "theta"}
        What is fixed of the variables behind ordered items: their scales, or their residual
        variances. Fit and standardized estimates are the same.
    engine : {"native", "semopy"}
        The program that finds the solution: the kernels of this library, or the package semopy
        (extra ``engines``), for a cross-check. With semopy the estimator is ``"ml"``, answers are
        complete and there are no groups, means or constraints; what is computed from the
        solution, and a bootstrap, are always this library's.
    level : float
        Confidence level of the intervals.

    Raises
    ------
    SpecError
        When the model has a composite (``<~``).
    IdentificationError
        When no data can determine a parameter; the message names the construct and the cure.
    OptionError
        When an option is outside its vocabulary or range.

    Notes
    -----
    Joereskog (1969, 1973). Damped Fisher scoring that ends with Newton steps on the exact
    Hessian, on any number of covariance matrices at once. Constraints are kept along the way;
    standard errors are those along them, where an inequality that holds as an equality counts
    as one (Aitchison & Silvey 1958), and df count the equalities only.

    Least squares minimize ``(s - sigma)' W (s - sigma)`` of the moments s; covariances have divisor
    n - 1, and chi-square is n - 1 times the minimum, or Browne's (1984) residual-based test, as in
    lavaan. There is no likelihood, and so no AIC.

    =========  =====================================  ====================  ====================
    estimator  W                                      standard errors       test
    =========  =====================================  ====================  ====================
    ``gls``    inverse of Gamma under normality       from W                the minimum
    ``wls``    inverse of distribution-free Gamma     from W                the minimum
    ``uls``    identity                               sandwich, normality   residual-based
    ``dwls``   1 / diagonal of Gamma under normality  sandwich, normality   residual-based
    ``ulsmv``  identity                               sandwich, free        scaled and shifted
    ``wlsmv``  1 / diagonal of free Gamma             sandwich, free        scaled and shifted
    =========  =====================================  ====================  ====================

    Ordered items cut continuous variables at thresholds (Muthen 1984). The statistics are their
    thresholds, polychoric and polyserial correlations, and the moments of continuous items; Gamma
    is that of all of them, errors are always its sandwich, and ``"uls"`` and ``"dwls"`` have no
    test. With equal thresholds the intercepts of ordered items are free in later groups, and so
    are their scales or residual variances, until these are made equal too (Wu & Estabrook 2016);
    lavaan keeps the intercepts at zero.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse('''
    ...     Quality =~ PERQ1 + PERQ3 + PERQ7
    ...     Value =~ PERV1 + PERV2
    ...     Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    ...     Value ~ Quality
    ...     Satisfaction ~ Quality + Value
    ... ''')
    >>> result = tcs.SEM(spec).fit(tcs.datasets.mobi())
    >>> result.fit_measures[["chi2", "df", "cfi"]].round(3).to_dict()
    {'chi2': 38.645, 'df': 17.0, 'cfi': 0.979}

    Ordered items, here the answers in five categories:

    >>> spec = tcs.ModelSpec.parse('''
    ...     Image =~ IMAG1 + IMAG3 + IMAG5
    ...     Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    ...     Satisfaction ~ Image
    ... ''')
    >>> five = (tcs.datasets.mobi().data[list(spec.items)] + 1) // 2
    >>> ordinal = tcs.SEM(spec, ordered=True).fit(five)
    >>> ordinal.fit_measures[["chi2_scaled", "df", "cfi_robust"]].round(3).to_dict()
    {'chi2_scaled': 17.076, 'df': 8.0, 'cfi_robust': 0.961}
    """

    spec: ModelSpec
    # None is filled in at birth, by whether items are ordered.
    estimator: Estimator = field(default=cast(Estimator, None), kw_only=True)
    missing: SEMMissing = field(default=SEMMissing.LISTWISE, kw_only=True)
    auxiliary: tuple[str, ...] = field(default=(), kw_only=True)
    information: Information | None = field(default=None, kw_only=True)
    likelihood: Likelihood = field(default=Likelihood.NORMAL, kw_only=True)
    std_lv: bool = field(default=False, kw_only=True)
    effect_coding: bool = field(default=False, kw_only=True)
    orthogonal: bool = field(default=False, kw_only=True)
    fixed_x: bool = field(default=True, kw_only=True)
    reliability: Mapping[str, float] | None = field(default=None, kw_only=True, hash=False)
    meanstructure: bool = field(default=False, kw_only=True)
    group: str | None = field(default=None, kw_only=True)
    group_equal: tuple[GroupEqual, ...] = field(default=(), kw_only=True)
    group_partial: tuple[str, ...] = field(default=(), kw_only=True)
    bounds: Bounds | None = field(default=None, kw_only=True)
    ordered: bool | tuple[str, ...] = field(default=(), kw_only=True)
    parameterization: Parameterization = field(default=Parameterization.DELTA, kw_only=True)
    engine: Engine = field(default=Engine.NATIVE, kw_only=True)
    level: float = field(default=0.95, kw_only=True)

    def __post_init__(self) -> None:
        kind = type(self).__name__
        require(
            isinstance(self.spec, ModelSpec),
            f"spec must be a ModelSpec, not {type(self.spec).__name__}. "
            f"Try {kind}(tcs.ModelSpec.parse(text)).",
        )
        object.__setattr__(self, "missing", choose(SEMMissing, self.missing, "missing"))
        object.__setattr__(self, "likelihood", choose(Likelihood, self.likelihood, "likelihood"))
        estimator_options.resolve(self)
        object.__setattr__(self, "auxiliary", tuple(dict.fromkeys(listed(self.auxiliary))))
        require(
            not self.auxiliary or self.missing.uses_partial,
            "auxiliary= helps with missing answers that are kept: add missing='fiml', or "
            "'two_stage'.",
        )
        for name in self.auxiliary:
            require(
                name not in (*self.spec.items, self.group),
                f"auxiliary={name!r} is an item of the model or its group; name other columns.",
            )
        if self.information is not None:
            chosen = choose(Information, self.information, "information")
            object.__setattr__(self, "information", chosen)
        for name in ("std_lv", "effect_coding", "orthogonal", "fixed_x", "meanstructure"):
            value = getattr(self, name)
            require(isinstance(value, bool), f"{name}={value!r} must be True or False.")
        require_one_way(self)
        require_level(self.level)
        if self.bounds is not None:
            object.__setattr__(self, "bounds", choose(Bounds, self.bounds, "bounds"))
        equal = [choose(GroupEqual, k, "group_equal") for k in listed(self.group_equal)]
        object.__setattr__(self, "group_equal", tuple(equal))
        object.__setattr__(self, "group_partial", listed(self.group_partial))
        require(
            self.group is not None or not (self.group_equal or self.group_partial),
            "group_equal and group_partial need groups: name their column, as group='brand'.",
        )
        require(
            self.group not in self.spec.items,
            f"group={self.group!r} is an item of the model, so it is constant in every group. "
            "Name another column, or leave the item out of the model.",
        )
        object.__setattr__(self, "engine", choose(Engine, self.engine, "engine"))
        model = self.model_of(None)
        if self.estimator.is_least_squares and not self.ordinal_items:
            least_squares.require_modelled(model, self.estimator)
        if self.engine is Engine.SEMOPY:
            semopy_engine.require_known(self)

    def _some_groups(self) -> tuple[str, ...]:
        """Return labels in place of those in the data, to check the model before there are any."""
        if self.group is None:
            return ("",)
        return tuple(str(g + 1) for g in range(self._fitted_spec().n_groups or 2))

    def _fitted_spec(self) -> ModelSpec:
        return self.spec

    def model_of(self, sample: Sample | None) -> CovarianceModel:
        """Return the specification as a parameter table and arrays, for the groups of a sample."""
        groups, spec = self._some_groups(), self._fitted_spec()
        partial, ordered = self.group_partial, self.ordinal_items
        ordinal = ordinal_sample.assumed(spec, ordered, self._theta, partial)
        if sample is not None:
            groups = sample.groups
            ordinal = ordinal_sample.found(sample, ordered, self._theta)
        if self.reliability is not None:
            spec = with_errors(spec, self.reliability, item_variances(sample, spec, len(groups)))
        return CovarianceModel.of(
            spec,
            likelihood=self.likelihood,
            std_lv=self.std_lv,
            effect_coding=self.effect_coding,
            orthogonal=self.orthogonal,
            fixed_x=self.fixed_x,
            means=self.meanstructure or self.missing.uses_partial,
            groups=groups,
            group_equal=self.group_equal,
            group_partial=self.group_partial,
            bounds=self.bounds,
            ordinal=ordinal,
        )

    @property
    def ordinal_items(self) -> tuple[str, ...]:
        """The ordinal items of the model that is fitted."""
        return ordinal_sample.ordered_items(self._fitted_spec(), self.ordered)

    @property
    def _theta(self) -> bool:
        return self.parameterization is Parameterization.THETA

    @property
    def uses_observed(self) -> bool:
        """Whether standard errors come from the observed information."""
        if self.information is None:
            return self.missing is SEMMissing.FIML
        return self.information is Information.OBSERVED

    @property
    def model(self) -> CovarianceModel:
        """The specification as a parameter table and arrays."""
        return self.model_of(None)

    @property
    def parameters(self) -> ParameterTable:
        """The parameter table: what is estimated, in the order in which it is reported."""
        return self.model.parameters

    @overload
    def fit(self, data: Data) -> SEMResult: ...

    @overload
    def fit(self, data: Imputations) -> PooledSEM: ...

    def fit(self, data: Data | Imputations) -> SEMResult | PooledSEM:
        """Return the fitted model.

        Parameters
        ----------
        data : Survey, pandas.DataFrame, Moments or Imputations
            The bootstrap needs respondents, so not `Moments`. To `tcsmodel.impute`'s completed
            surveys the model is fitted one by one, and pooled.

        Raises
        ------
        SurveyError
            When an item is absent, holds text or is constant, when items repeat each other,
            or when there are no more respondents than items; when a group has no answers.
        SpecError
            When values in the text imply covariances that no variables can have.
        IdentificationError
            When no data can determine a parameter.

        Warns
        -----
        DroppedRespondentsWarning
            When respondents with missing answers are left out.
        ImproperSolutionWarning
            When the solution is not admissible or was not reached.
        """
        if isinstance(data, Imputations):
            return fit_imputed(self, data)
        require_joined(self._fitted_spec(), data)
        sample = take(data, self._fitted_spec().items, self.missing, self.group, self.auxiliary)
        if self.estimator.needs_respondents:
            sample.respondents(f"estimator={self.estimator.value!r}")
        refuse_design(self.estimator, sample.survey, ordinal=bool(self.ordinal_items))
        model = self.model_of(sample)
        criterion = self.criterion_of(model, sample)
        criterion.check()
        fitted = criterion.problem.fit(patient=True)
        if not np.isfinite(fitted.value[0]):
            raise no_likelihood(model.parameters)
        if not fitted.regular[0]:
            self.check_identified(criterion)
        result = self.result_of(criterion, fitted, model.structure(fitted.theta))
        if not result.proper:
            head = result.verify()[0]
            warn(
                f"{type(self).__name__} ended with an improper solution (status "
                f"{result.status!r}): {head.sentence()} {head.sentence('evidence')} "
                "result.verify() says what to do.",
                ImproperSolutionWarning,
            )
        return result

    def fit_each(self, data: Survey | pd.DataFrame, by: str) -> SEMFits:
        """Return the model fitted to each unit by itself, all in one batch.

        Every unit, such as a firm, a branch or a country, has parameters and a fit of its own,
        the same as from `fit` to its respondents alone. What cannot be fitted is named with the
        reason, and stops nothing.

        Parameters
        ----------
        data : Survey or pandas.DataFrame
            The respondents of all units. Those with missing answers are left out unless
            ``missing="fiml"``; weights count within their unit.
        by : str
            The column that tells units apart.

        Raises
        ------
        OptionError
            When the estimator is not one of maximum likelihood, answers with gaps are to be kept
            in another way or the model has groups; when `by` is one of its items.
        SurveyError
            When `by` is not a column, or is empty for a respondent used.
        IdentificationError
            When no data can determine a parameter.
        TcsError
            When no unit can be fitted, or moments were given.

        Warns
        -----
        DroppedRespondentsWarning
            When respondents with missing answers are left out.
        ImproperSolutionWarning
            When a unit could not be fitted, or its solution is not admissible.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> spec = tcs.ModelSpec.parse("Quality =~ q1 + q2 + q3 + q4")
        >>> frame = tcs.simulate(spec, n=600, seed=1).data.assign(firm=["A", "B", "C"] * 200)
        >>> fits = tcs.CFA(spec).fit_each(frame, by="firm")
        >>> fits.table()[["unit", "n", "status", "df"]].values.tolist()[0]
        ['A', 200, 'converged', 2.0]
        """
        require_joined(self._fitted_spec(), data)
        return fit_each(self, data, by)

    def result_of(
        self, criterion: Criterion, fitted: Fit, values: Mapping[str, Array], at: int = 0
    ) -> SEMResult:
        """Return the result of one of the fits, with the quantities (B, ...) of all."""
        return self._result_class()(
            self,
            criterion,
            {name: read_only(value[at]) for name, value in values.items()},
            read_only(fitted.theta[at]),
            read_only(fitted.vcov[at]),
            float(fitted.value[at]),
            Status(int(fitted.status[at])),
            int(fitted.iterations[at]),
            bool(fitted.converged[at]),
        )

    def _result_class(self) -> type[SEMResult]:
        return SEMResult

    def criterion_of(self, model: CovarianceModel, sample: Sample) -> Criterion:
        """Return what the model minimizes on a sample."""
        if self.engine is Engine.SEMOPY:
            return semopy_engine.SemopyLikelihood(model, sample, self.estimator, observed=False)
        if model.parameters.ordinal:
            return OrdinalLeastSquares(model, sample, self.estimator)
        if self.estimator.is_least_squares:
            return least_squares.LeastSquares(model, sample, self.estimator)
        if sample.staged:
            return TwoStage(model, sample, self.estimator, observed=False)
        if sample.joint is not None:
            return Auxiliary(model, sample, self.estimator, self.uses_observed)
        return MaximumLikelihood(model, sample, self.estimator, self.uses_observed)

    def check_identified(self, criterion: Criterion) -> None:
        """Raise IdentificationError, naming the parameters, when no data determine them."""
        unknown = np.flatnonzero(criterion.problem.unidentified())
        if len(unknown):
            names = [criterion.model.parameters.free[k].name for k in unknown]
            more = f" and {len(names) - 6} more" if len(names) > 6 else ""
            raise IdentificationError(
                f"The model is not identified: no data can determine {', '.join(names[:6])}{more}. "
                "Fix or remove one of these parameters, or give the constructs items of their own."
            )


def listed(names: str | Sequence[str]) -> tuple[str, ...]:
    """Return names as a tuple, of a single one too."""
    return (names,) if isinstance(names, str) else tuple(names)
