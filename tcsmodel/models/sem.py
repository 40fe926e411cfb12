"""`SEM`: covariance-based structural equation models, and their result."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from tcsmodel.errors import IdentificationError, ImproperSolutionWarning
from tcsmodel.kernels import sem as kernel
from tcsmodel.kernels.implied import implied
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.status import Status
from tcsmodel.models import sem_findings, sem_text
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.models.draws import Draws, bootstrap, from_counts
from tcsmodel.models.estimator import Data, Sample, require_definite, take
from tcsmodel.options import Estimator, Missing, choose, require
from tcsmodel.result import Finding, Result
from tcsmodel.spec.model import ModelSpec
from tcsmodel.spec.parameters import ParameterTable
from tcsmodel.survey.moments import read_only

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SEM:
    """Covariance-based structural equation modelling of a specification.

    Defaults are those of lavaan's ``sem()``: the first loading of a construct is one, the
    error of a single item is zero, exogenous constructs correlate, observed causes keep
    their sample moments, and the likelihood divides by n. Variances may become negative;
    such a solution is reported as improper, not hidden by a bound.

    Parameters
    ----------
    spec : ModelSpec
        Reflective constructs (``=~``), paths (``~``; cycles are allowed) and covariances
        (``~~``).
    estimator : {"ml"}
        The discrepancy that is minimized: normal-theory maximum likelihood.
    missing : {"listwise"}
        What is done about missing answers.
    std_lv : bool
        Identify constructs by (residual) variances of one instead of first loadings.
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
    Hessian, on any number of covariance matrices at once.

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
    """

    spec: ModelSpec
    estimator: Estimator = field(default=Estimator.ML, kw_only=True)
    missing: Missing = field(default=Missing.LISTWISE, kw_only=True)
    std_lv: bool = field(default=False, kw_only=True)
    level: float = field(default=0.95, kw_only=True)

    def __post_init__(self) -> None:
        kind = type(self).__name__
        require(
            isinstance(self.spec, ModelSpec),
            f"spec must be a ModelSpec, not {type(self.spec).__name__}. "
            f"Try {kind}(tcs.ModelSpec.parse(text)).",
        )
        object.__setattr__(self, "estimator", choose(Estimator, self.estimator, "estimator"))
        object.__setattr__(self, "missing", choose(Missing, self.missing, "missing"))
        require(isinstance(self.std_lv, bool), f"std_lv={self.std_lv!r} must be True or False.")
        require(0 < self.level < 1, f"level={self.level!r} must lie between 0 and 1, as 0.95.")
        model = CovarianceModel.of(self._fitted_spec(), std_lv=self.std_lv)
        object.__setattr__(self, "_model", model)

    def _fitted_spec(self) -> ModelSpec:
        return self.spec

    @property
    def model(self) -> CovarianceModel:
        """The specification as a parameter table and arrays."""
        return self.__dict__["_model"]

    @property
    def parameters(self) -> ParameterTable:
        """The parameter table: what is estimated, in the order in which it is reported."""
        return self.model.parameters

    def fit(self, data: Data) -> SEMResult:
        """Return the fitted model.

        Parameters
        ----------
        data : Survey, pandas.DataFrame or Moments
            The bootstrap needs respondents, so not `Moments`.

        Raises
        ------
        SurveyError
            When an item is absent, holds text or is constant, when items repeat each other,
            or when there are no more respondents than items.
        IdentificationError
            When no data can determine a parameter.

        Warns
        -----
        DroppedRespondentsWarning
            When respondents with missing answers are left out.
        ImproperSolutionWarning
            When the solution is not admissible or was not reached.
        """
        sample = take(data, self.parameters.items, self.missing)
        require_definite(sample.moments, "maximum likelihood")
        cov = sample.moments.cov_array * ((sample.n - 1) / sample.n)
        fitted = self.model.fit(cov[None], sample.n, patient=True)
        if not fitted.regular[0]:
            self._check_identified(cov)
        values = self.model.structure(fitted.theta)
        result = self._result_class()(
            self,
            sample,
            {name: read_only(value[0]) for name, value in values.items()},
            read_only(fitted.theta[0]),
            read_only(fitted.vcov[0]),
            float(fitted.value[0]),
            Status(int(fitted.status[0])),
            int(fitted.iterations[0]),
            bool(fitted.converged[0]),
        )
        if not result.proper:
            head = result.verify()[0]
            warnings.warn(
                f"{type(self).__name__} ended with an improper solution (status "
                f"{result.status!r}): {head.sentence()} {head.sentence('evidence')} "
                "result.verify() says what to do.",
                ImproperSolutionWarning,
                stacklevel=2,
            )
        return result

    def _result_class(self) -> type[SEMResult]:
        return SEMResult

    def _check_identified(self, cov: Array) -> None:
        unknown = np.flatnonzero(kernel.unidentified(self.model.layout, cov))
        if len(unknown):
            names = [self.parameters.free[k].name for k in unknown]
            more = f" and {len(names) - 6} more" if len(names) > 6 else ""
            raise IdentificationError(
                f"The model is not identified: no data can determine {', '.join(names[:6])}{more}. "
                "Fix or remove one of these parameters, or give the constructs items of their own."
            )


@dataclass(frozen=True, eq=False, repr=False)
class SEMResult(Result):
    """A fitted structural equation model; frozen. `bootstrap` returns a new one with draws.

    Parameters
    ----------
    estimator : SEM
        The options that made it.
    sample : Sample
        The moments of the items, and the respondents where known.
    arrays : dict of str to ndarray
        Estimates, standardized estimates, explained variances and correlations of constructs
        as read-only arrays, named and shaped as in ``draws.values``.
    theta : ndarray (q,)
        The free parameters.
    vcov_array : ndarray (q, q)
        Their covariances, from the expected information.
    discrepancy : float
        The minimum of the discrepancy; chi-square is n times it.
    ended : Status
        How the fit ended.
    iterations : int
        How many iterations it took.
    converged : bool
        Whether a minimum was reached.
    draws : Draws, optional
        Bootstrap replicates.

    Examples
    --------
    >>> import warnings
    >>> import tcsmodel as tcs
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", tcs.errors.ImproperSolutionWarning)
    ...     result = tcs.SEM(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    >>> result.proper, result.status
    (False, 'ridge')
    """

    estimator: SEM
    sample: Sample
    arrays: Mapping[str, Array]
    theta: Array
    vcov_array: Array
    discrepancy: float
    ended: Status
    iterations: int
    converged: bool
    draws: Draws | None = None

    @property
    def status(self) -> str:
        """How the fit ended: ``converged improper ridge iteration_cap singular``."""
        return self.ended.name.lower()

    @property
    def proper(self) -> bool:
        """Whether the solution is admissible and every coefficient is determined.

        No negative variance, no indefinite covariance matrix, no standardized loading or
        path with a standard error above one, and a minimum was reached.
        """
        return self.ended is Status.CONVERGED

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return self.estimator.level if self.draws is None else self.draws.level

    @property
    def model(self) -> CovarianceModel:
        """The parameter table and arrays of the specification."""
        return self.estimator.model

    @property
    def _cov(self) -> Array:
        n = self.sample.n
        return self.sample.moments.cov_array * ((n - 1) / n)

    @cached_property
    def _sigma(self) -> Array:
        return implied(self.model.layout, self.theta).sigma

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """All parameters, tidy, in lavaan's order.

        ``lhs op rhs group label estimate se z p ci_lower ci_upper std``; `std` is lavaan's
        ``std.all``. Fixed parameters have a standard error of zero. After a bootstrap `se`,
        `z`, `p` and the percentile interval come from its replicates.
        """
        model = self.model
        with np.errstate(invalid="ignore"):
            se = np.sqrt(np.diag(self.vcov_array))[model.layout.free]
        se = np.where(model.estimated, se, 0.0)
        names = model.names
        return pd.DataFrame(
            {
                "lhs": names["lhs"],
                "op": names["op"],
                "rhs": names["rhs"],
                "group": "",
                "label": names["label"],
                "estimate": self.arrays["estimates"],
                **self._inference("estimates", se),
                "std": self.arrays["std"],
            }
        )

    @cached_property
    def standardized(self) -> pd.DataFrame:
        """The standardized solution with its own inference: ``lhs op rhs std se z p ci_*``.

        Standard errors by the delta method; after a bootstrap from its replicates.
        """
        layout = self.model.layout
        se = kernel.standardized_errors(
            layout, self.theta, implied(layout, self.theta), self.vcov_array
        )
        names = {name: self.model.names[name] for name in ("lhs", "op", "rhs")}
        inference = self._inference("std", np.where(se < 1e-12, 0.0, se))
        return pd.DataFrame({**names, "std": self.arrays["std"], **inference})

    def _inference(self, name: str, se: Array) -> dict[str, Array]:
        """Return ``se z p ci_lower ci_upper`` of a quantity of every row of the table."""
        value = self.arrays[name]
        if self.draws is not None:
            se = np.where(se == 0, 0.0, self.draws.se(name))
            lower, upper = self.draws.interval(name)
        else:
            half = special.ndtri((1 + self.level) / 2) * se
            lower, upper = value - half, value + half
        with np.errstate(all="ignore"):
            z = np.where(se == 0, np.nan, value / se)
        return {
            "se": se,
            "z": z,
            "p": 2 * special.ndtr(-np.abs(z)),
            "ci_lower": np.where(se == 0, value, lower),
            "ci_upper": np.where(se == 0, value, upper),
        }

    @cached_property
    def fit_measures(self) -> pd.Series:
        """Fit of the model to the covariances.

        ``chi2 df p baseline_chi2 baseline_df cfi tli rmsea rmsea_ci_lower rmsea_ci_upper
        rmsea_p_close srmr loglik aic bic npar n``. The RMSEA interval is the customary 90%,
        `srmr` is Bentler's; the likelihood divides by n, and is conditional on observed
        causes, as in lavaan.
        """
        measures = self.model.fit_measures(
            self._cov[None], np.array([self.discrepancy]), self._sigma[None], self.sample.n
        )
        values = [float(value[0]) for value in measures.values()]
        return pd.Series(values, index=list(measures), name="fit_measures")

    @cached_property
    def r_squared(self) -> pd.Series:
        """Explained variance of items and constructs; nan where an error variance is negative."""
        return pd.Series(
            self.arrays["r_squared"], index=list(self.model.explained), name="r_squared"
        )

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Covariances of the free parameters, named as lavaan names them (``visual=~x2``)."""
        kept = [k for k, r in enumerate(self.model.parameters.free) if not r.exogenous]
        names = [self.model.parameters.free[k].name for k in kept]
        return pd.DataFrame(self.vcov_array[np.ix_(kept, kept)], index=names, columns=names)

    @cached_property
    def implied_cov(self) -> pd.DataFrame:
        """The covariances of the items that the model implies (divisor n)."""
        return self._by_items(self._sigma)

    @cached_property
    def residual_corr(self) -> pd.DataFrame:
        """Observed minus implied correlations of the items."""
        return self._by_items(to_corr(self._cov) - to_corr(self._sigma))

    @cached_property
    def _measurement(self) -> dict[str, Array]:
        values = self.model.measurement(self._cov[None], self.theta[None], self.arrays["std"][None])
        return {name: value[0] for name, value in values.items()}

    def _by_items(self, values: Array) -> pd.DataFrame:
        names = list(self.model.parameters.items)
        return pd.DataFrame(values, index=names, columns=names)

    def _by_constructs(self, values: Array) -> pd.DataFrame:
        names = list(self.model.constructs)
        return pd.DataFrame(values, index=names, columns=names)

    @cached_property
    def construct_corr(self) -> pd.DataFrame:
        """The correlations of the constructs that the model implies."""
        return self._by_constructs(self.arrays["construct_corr"])

    @cached_property
    def htmt(self) -> pd.DataFrame:
        """Heterotrait-monotrait ratios of absolute correlations; nan on the diagonal."""
        return self._by_constructs(self._measurement["htmt"])

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """Columns ``alpha alpha_std omega rho_c ave n_items``, a row per construct.

        `alpha` is Cronbach's from covariances, `alpha_std` from correlations; `omega` is
        McDonald's with the variance that the model implies, residual covariances included;
        `rho_c` and `ave` come from standardized loadings. Nan for second-order constructs,
        and alpha for single items.
        """
        names = ("alpha", "alpha_std", "omega", "rho_c", "ave")
        frame = pd.DataFrame(
            {name: self._measurement[name] for name in names}, index=list(self.model.constructs)
        )
        sizes = [len(construct.items) for construct in self.estimator.spec.constructs]
        return frame.assign(n_items=sizes)

    def bootstrap(
        self, n: int = 1000, *, seed: int = 0, level: float | None = None, progress: bool = False
    ) -> SEMResult:
        """Return this result with `n` bootstrap replicates.

        Respondents are drawn with replacement and the model is fitted anew. Replicates on a
        ridge and improper ones are kept, those without a solution are nan; all are counted in
        ``draws.status_shares``. The same seed gives the same numbers on any number of cores.

        Parameters
        ----------
        n : int
            Number of replicates.
        seed : int
            Seed of the resamples.
        level : float, optional
            Confidence level of the intervals; the estimator's by default.
        progress : bool
            Show a progress bar.

        Raises
        ------
        TcsError
            When fitted to moments alone, or when no replicate could be computed.
        """
        draws = bootstrap(
            self._replicate,
            self.sample,
            n,
            seed=seed,
            level=self.estimator.level if level is None else level,
            progress=progress,
            what=f"{type(self.estimator).__name__} bootstrap",
        )
        return replace(self, draws=draws)

    def resampled(self, counts: Array) -> SEMResult:
        """Return this result with the draws of given resamples.

        Parameters
        ----------
        counts : ndarray (B, n)
            How often each respondent used was drawn.
        """
        draws = from_counts(self._replicate, self.sample, counts, level=self.estimator.level)
        return replace(self, draws=draws)

    def _replicate(self, mean: Array, cov: Array) -> dict[str, Array]:
        n = self.sample.n
        cov = cov * ((n - 1) / n)
        fitted = self.model.fit(cov, n, patient=False)
        values = self.model.structure(fitted.theta)
        values |= self.model.measurement(cov, fitted.theta, values["std"])
        values["chi2"] = n * fitted.value
        lost = fitted.status >= Status.ITERATION_CAP
        for value in values.values():
            value[lost] = np.nan
        return values | {"status": fitted.status.astype(np.float64)}

    def verify(self) -> tuple[Finding, ...]:
        """Return what makes the solution inadmissible or undetermined, worst first."""
        return sem_findings.findings(self)

    def table(self) -> pd.DataFrame:
        """Return `estimates`."""
        return self.estimates.copy()

    def summary(self) -> str:
        """Return the result as text, laid out like lavaan's summary."""
        return sem_text.summary(self)

    def _facts(self) -> str:
        measures = self.fit_measures
        facts = [
            f"{len(self.model.constructs)} constructs",
            f"{len(self.model.parameters.items)} items",
            f"n={self.sample.n}",
            f"chi2={measures['chi2']:.3f}",
            f"df={measures['df']:.0f}",
            self.status,
        ]
        if self.draws is not None:
            facts.append(f"{self.draws.n} draws")
        return ", ".join(facts)
