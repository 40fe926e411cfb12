"""`SEMResult`: a fitted structural equation model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from tcsmodel.errors import counted
from tcsmodel.kernels.implied import Implied, implied, means
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.status import Status
from tcsmodel.models import fit_measures, sem_findings, sem_replicates, sem_text
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.models.criterion import Criterion
from tcsmodel.models.draws import Draws, Replicator
from tcsmodel.models.estimator import Sample
from tcsmodel.models.robust_inference import RobustInference
from tcsmodel.models.sem_derived import Derived
from tcsmodel.models.sem_intervals import RELIABILITY
from tcsmodel.options import IntervalKind
from tcsmodel.result import Finding

if TYPE_CHECKING:
    from tcsmodel.models.sem import SEM

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class SEMResult(Derived):
    """A fitted structural equation model; frozen. `bootstrap` returns a new one with draws.

    Parameters
    ----------
    estimator : SEM
        The options that made it.
    criterion : Criterion
        What was minimized, and the sample on which.
    arrays : dict of str to ndarray
        Estimates, standardized estimates, explained variances and correlations of constructs
        as read-only arrays, named and shaped as in ``draws.values``.
    theta : ndarray (q,)
        The free parameters.
    vcov_array : ndarray (q, q)
        Their covariances under normality, from the expected information.
    discrepancy : float
        The minimum of the discrepancy.
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
    criterion: Criterion
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
        """How it ended: ``converged at_bound improper ridge iteration_cap singular``."""
        return self.ended.name.lower()

    @property
    def proper(self) -> bool:
        """Whether the solution is admissible and every coefficient is determined.

        No negative variance, no indefinite covariance matrix, no standardized loading or
        path with a standard error above one, and a minimum was reached, at a bound or not.
        """
        return self.ended <= Status.AT_BOUND

    @property
    def model(self) -> CovarianceModel:
        """The parameter table and arrays of the specification."""
        return self.criterion.model

    @property
    def sample(self) -> Sample:
        """The moments of the items, and the respondents where known."""
        return self.criterion.sample

    @property
    def sampled(self) -> Sampled:
        """The moments that were fitted, a batch of one."""
        return self.criterion.problem.sampled

    @cached_property
    def robust(self) -> RobustInference | None:
        """Covariances of the estimates and scaled tests; None where the plain ones hold."""
        return self.criterion.robust(self, self.plain_fit)

    @cached_property
    def _local(self) -> Array:
        """The parameters (G, f) of each group."""
        return self.model.spread(self.theta[None])[0]

    @cached_property
    def _implied(self) -> Implied:
        return implied(self.model.layout, self._local)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """All parameters, tidy, in lavaan's order; defined parameters (``:=``) at the end.

        ``lhs op rhs group label estimate se z p ci_lower ci_upper std``; `std` is lavaan's
        ``std.all``. Fixed parameters have a standard error of zero. After a bootstrap `se`,
        `z`, `p` and the interval come from its replicates.
        """
        names = self.model.names
        return pd.DataFrame(
            {
                "lhs": names["lhs"],
                "op": names["op"],
                "rhs": names["rhs"],
                "group": names["group"],
                "label": names["label"],
                "estimate": self.arrays["estimates"],
                **self._inference("estimates", self._errors),
                "std": self.arrays["std"],
            }
        )

    @cached_property
    def _errors(self) -> Array:
        found = self.model.errors(self.theta[None], self.vcov_of_theta[None])[0]
        return np.where(np.isnan(self.arrays["estimates"]), np.nan, found)

    @property
    def vcov_of_theta(self) -> Array:
        """Covariances (q, q) of the free parameters, those of the estimator chosen."""
        return self.vcov_array if self.robust is None else self.robust.vcov

    @cached_property
    def standardized_errors(self) -> Array:
        """Normal-theory standard errors (r,) of the standardized values of all rows."""
        return self._standardized_errors(self.vcov_array)

    def _standardized_errors(self, vcov: Array) -> Array:
        return self.model.standardized_errors(self.theta[None], vcov[None])[0]

    @cached_property
    def standardized(self) -> pd.DataFrame:
        """The standardized solution with its own inference: ``lhs op rhs std se z p ci_*``.

        Standard errors by the delta method; after a bootstrap from its replicates.
        """
        se = self.standardized_errors
        if self.robust is not None:
            se = self._standardized_errors(self.vcov_of_theta)
        kept = ("lhs", "op", "rhs", *(("group",) if self.model.n_groups > 1 else ()))
        names = {name: self.model.names[name] for name in kept}
        inference = self._inference("std", np.where(se < 1e-12, 0.0, se))
        return pd.DataFrame({**names, "std": self.arrays["std"], **inference})

    def _inference(self, name: str, se: Array) -> dict[str, Array]:
        """Return ``se z p ci_lower ci_upper`` of a quantity of every row of the table."""
        if self.draws is not None:
            se = np.where(se == 0, 0.0, self.draws.se(name))
        value, fixed = self.arrays[name], se == 0
        with np.errstate(all="ignore"):
            z = value / np.where(fixed, np.nan, se)
        if self.draws is not None:
            (lower, upper), p = self.draws.interval(name), self.draws.p(name)
        else:
            half = special.ndtri((1 + self.level) / 2) * se
            lower, upper = value - half, value + half
            p = 2 * special.ndtr(-np.abs(z))
        return {
            "se": se,
            "z": z,
            "p": np.where(fixed, np.nan, p),
            "ci_lower": np.where(fixed, value, lower),
            "ci_upper": np.where(fixed, value, upper),
        }

    @cached_property
    def fit_measures(self) -> pd.Series:
        """Fit of the model to the covariances; the measures that most report come first.

        ``chi2 df p baseline_chi2 baseline_df cfi tli rmsea rmsea_ci_lower rmsea_ci_upper
        rmsea_p_close srmr loglik aic bic npar n``. The RMSEA interval is the customary 90%,
        `srmr` is Bentler's; the likelihood divides by n, and is conditional on observed
        causes, as in lavaan. With groups RMSEA has the factor sqrt(G) of Steiger (1998), and
        `srmr` is the mean over groups, weighted by their sizes.

        Then the others: `chi2_per_df` (CMIN/DF); `rmsea_p_not_close`, small when RMSEA is below
        .08; of the residuals ``gfi rmr crmr srmr_mplus agfi pgfi`` (GFI as in LISREL and AMOS);
        against the baseline ``nfi pnfi rfi ifi rni pcfi``; from chi-square ``mfi gamma_hat
        gamma_hat_adj ecvi cn_05 cn_01`` (McDonald's centrality, Hoelter's critical n); ``aicc
        bic2`` (adjusted for the sample size); `loglik_saturated`, `baseline_p`, and
        `baseline_rmsea`, below .158 of which CFI and TLI say little (Kenny, Kaniskan & McCoach
        2015).

        For the estimators that do not rely on normality also ``chi2_scaled df_scaled p_scaled
        scaling_factor``, those of the baseline (``baseline_chi2_scaled`` ...), and ``cfi tli rni
        rmsea`` with its limits and p values with the suffix ``_scaled``, from these tests, and
        ``_robust``, estimates of what the measure is in the population (Brosseau-Liard, Savalei
        & Li 2012; Brosseau-Liard & Savalei 2014), and ``nfi pnfi rfi ifi`` with ``_scaled``.
        Report the robust ones. With ``missing="fiml"`` there are robust ones for ``ml`` too: the
        plain ones flatter a model the more answers are missing; these estimate the fit to
        complete answers (Zhang & Savalei 2023).
        """
        return fit_measures.series(fit_measures.of_result(self))

    @cached_property
    def plain_fit(self) -> dict[str, float]:
        """The fit measures that are not scaled, by name."""
        measures = fit_measures.plain(
            self.model, self.criterion.problem, np.array([self.discrepancy]), self.theta[None]
        )
        return {name: float(value[0]) for name, value in measures.items()}

    @cached_property
    def r_squared(self) -> pd.Series:
        """Explained variance of items and constructs; nan where an error variance is negative."""
        index = self._index(self.model.explained)
        return pd.Series(self.arrays["r_squared"].ravel(), index=index, name="r_squared")

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Covariances of the free parameters, named as lavaan names them (``visual=~x2``)."""
        kept = [k for k, r in enumerate(self.model.parameters.free) if not r.exogenous]
        names = [self.model.parameters.free[k].name for k in kept]
        return pd.DataFrame(self.vcov_of_theta[np.ix_(kept, kept)], index=names, columns=names)

    @cached_property
    def implied_cov(self) -> pd.DataFrame:
        """The covariances of the items that the model implies (divisor n)."""
        return self._by_items(self.model.comparable(self._local, self._implied.sigma))

    @cached_property
    def implied_mean(self) -> pd.Series:
        """The means of the items that the model implies; the sample means without a mean part."""
        values = np.stack([part.moments.mean_array for part in self.sample.by_group])
        if self.model.parameters.has_means:
            values = means(self.model.layout, self._local, self._implied).item
        index = self._index(self.model.parameters.items)
        return pd.Series(values.ravel(), index=index, name="implied_mean")

    @cached_property
    def residual_corr(self) -> pd.DataFrame:
        """Observed minus implied correlations of the items."""
        return self._by_items(to_corr(self.sampled.cov[0]) - to_corr(self._implied.sigma))

    @cached_property
    def measurement(self) -> dict[str, Array]:
        """Reliability of the constructs and their HTMT, named and shaped as in ``draws.values``."""
        values = self.model.measurement(
            self.sampled.cov, self.theta[None], self.arrays["std"][None]
        )
        return {name: value[0] for name, value in values.items()}

    def _index(self, names: Sequence[str]) -> pd.Index | pd.MultiIndex:
        """Return names, for every group where there are groups."""
        if self.model.n_groups == 1:
            return pd.Index(list(names))
        return pd.MultiIndex.from_product([self.sample.groups, names], names=["group", None])

    def _by_items(self, values: Array) -> pd.DataFrame:
        names = list(self.model.parameters.items)
        return pd.DataFrame(
            values.reshape(self.model.n_groups * len(names), len(names)),
            index=self._index(names),
            columns=names,
        )

    def _by_constructs(self, values: Array) -> pd.DataFrame:
        names = list(self.model.constructs)
        return pd.DataFrame(
            values.reshape(self.model.n_groups * len(names), len(names)),
            index=self._index(names),
            columns=names,
        )

    @cached_property
    def construct_corr(self) -> pd.DataFrame:
        """The correlations of the constructs that the model implies."""
        return self._by_constructs(self.arrays["construct_corr"])

    @cached_property
    def htmt(self) -> pd.DataFrame:
        """Heterotrait-monotrait ratios of absolute correlations; nan on the diagonal."""
        return self._by_constructs(self.measurement["htmt"])

    @cached_property
    def htmt2(self) -> pd.DataFrame:
        """HTMT2, with geometric means, consistent when loadings differ; nan on the diagonal.

        Roemer, Schuberth & Henseler (2021). Intervals: ``bootstrap(...).intervals("htmt2")``.
        """
        return self._by_constructs(self.measurement["htmt2"])

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """A row per construct: ``alpha alpha_std omega omega_observed rho_c ave ave_raw n_items``.

        With ordinal items, whose other columns are of the variables behind them, also
        ``omega_categorical omega_categorical_observed``: of the sum of the answers as they were
        given (Green & Yang 2009), with the correlations that the model implies and with the
        polychoric ones, which is semTools' default.

        `alpha` is Cronbach's from covariances, `alpha_std` from correlations; `omega` is
        McDonald's with the variance that the model implies, residual covariances included,
        `omega_observed` with that of the answers; `rho_c` and `ave` come from standardized
        loadings, `ave_raw` from unstandardized ones. Nan for second-order constructs,
        and alpha for single items.
        """
        values = {
            name: self.measurement[name].ravel() for name in RELIABILITY if name in self.measurement
        }
        frame = pd.DataFrame(values, index=self._index(self.model.constructs))
        sizes = [len(construct.items) for construct in self.estimator.spec.constructs]
        return frame.assign(n_items=sizes * self.model.n_groups)

    def bootstrap(
        self,
        n: int = 1000,
        *,
        seed: int = 0,
        level: float | None = None,
        interval: IntervalKind | str = "percentile",
        progress: bool = False,
    ) -> SEMResult:
        """Return this result with `n` bootstrap replicates.

        Respondents are drawn with replacement, within groups where there are groups (or clusters
        within strata, where the survey names them), and the model is fitted anew: estimates,
        standardized estimates, effects, reliability and fit. Replicates at a bound, on a ridge
        and improper ones are kept, those without a solution are nan; all are counted in
        ``draws.status_shares``. The same seed gives the same numbers on any number of cores.

        Parameters
        ----------
        n : int
            Number of replicates.
        seed : int
            Seed of the resamples.
        level : float, optional
            Confidence level of the intervals; the estimator's by default.
        interval : {"percentile", "bca", "basic", "studentized"}
            How replicates become intervals. ``"bca"`` fits the model once more without each
            respondent; ``"studentized"`` serves estimates and standardized estimates.
        progress : bool
            Show a progress bar.

        Raises
        ------
        TcsError
            When fitted to moments alone, or when no replicate could be computed.
        """
        return self._bootstrapped(n, seed, level, interval, progress)

    def _replicator(self, kind: IntervalKind) -> Replicator:
        return sem_replicates.replicator(self.criterion, kind)

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
        kind = "" if self.robust is None else "_scaled"
        chi2, df = (self.fit_measures[f"{name}{kind}"] for name in ("chi2", "df"))
        groups = [f"{self.model.n_groups} groups"] if self.model.n_groups > 1 else []
        facts = [
            counted(len(self.model.constructs), "construct"),
            counted(len(self.model.parameters.items), "item"),
            *groups,
            f"n={self.sample.n}",
            f"chi2{kind}={chi2:z.3f}",
            f"df={df:.0f}",
            self.status,
        ]
        return ", ".join([*facts, *self._drawn_facts()])
