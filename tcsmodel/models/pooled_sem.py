"""`PooledSEM`: a covariance-based model pooled over completed surveys by Rubin's rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import stdtr

from tcsmodel.errors import counted
from tcsmodel.kernels import rubin
from tcsmodel.models import pooled_tests
from tcsmodel.models.applicability import applicability
from tcsmodel.models.imputation import Imputations
from tcsmodel.models.imputed_fits import Pooled, fit_completed
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.result import Finding, Result, Severity, as_text, worst_first

if TYPE_CHECKING:
    from tcsmodel.models.sem import SEM

LABELS = ["lhs", "op", "rhs", "group", "label"]


def fit_imputed(estimator: SEM, imputations: Imputations) -> PooledSEM:
    """Return the model fitted to each completed survey, pooled; see `SEM.fit`."""
    results = fit_completed(estimator.fit, imputations, estimator.parameters.items)
    return PooledSEM(estimator, imputations, results)


@dataclass(frozen=True, eq=False, repr=False)
class PooledSEM(Pooled, Result):
    """A covariance-based model pooled over completed surveys.

    Estimates are means over the surveys; their variance is the mean of the squared standard
    errors, those of the estimator chosen, and that between surveys. Chi-squares are pooled too.

    Parameters
    ----------
    estimator : SEM
        The options that made it.
    imputations : Imputations
        The completed surveys.
    results : tuple of SEMResult
        The fit to each of them.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse("Satisfaction =~ CUSA1 + CUSA2 + CUSA3 + CUSL3")
    >>> frame = tcs.datasets.mobi().data
    >>> frame.loc[::4, ["CUSA2", "CUSA3"]] = float("nan")
    >>> pooled = tcs.SEM(spec).fit(tcs.impute(frame, m=25, seed=7))
    >>> pooled
    PooledSEM(1 construct, 4 items, n=250, estimator=ml, 25 imputations)
    >>> pooled.estimates.loc[1, ["lhs", "op", "rhs"]].tolist()
    ['Satisfaction', '=~', 'CUSA2']
    >>> pooled.fit_measures.index.tolist()
    ['d2', 'd3']
    """

    estimator: SEM
    imputations: Imputations
    results: tuple[SEMResult, ...]

    @property
    def n(self) -> int:
        """How many respondents the model was fitted to."""
        return self.results[0].sample.n

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return self.estimator.level

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """All parameters, in the order of `SEMResult.estimates`.

        ``lhs op rhs group label estimate se t df p ci_lower ci_upper riv fmi std``. `df` are
        Rubin's (1987) for large samples, `riv` the relative increase of the variance and `fmi` the
        fraction of the information that is missing. `std` is the mean standardized estimate.
        """
        tables = [result.estimates for result in self.results]
        std = np.mean([table["std"] for table in tables], axis=0)
        return tables[0][LABELS].assign(**self._pooled(tables, "estimate"), std=std)

    @cached_property
    def standardized(self) -> pd.DataFrame:
        """The standardized solution with its own inference, the columns of `estimates`."""
        tables = [result.standardized for result in self.results]
        labels = tables[0][[name for name in LABELS if name in tables[0]]]
        return labels.assign(**self._pooled(tables, "std"))

    def _pooled(self, tables: list[pd.DataFrame], name: str) -> dict[str, np.ndarray]:
        estimates, errors = (
            np.stack([table[own].to_numpy(dtype=float) for table in tables]) for own in (name, "se")
        )
        found = rubin.pool(estimates, errors**2, np.inf)
        lower, upper = found.interval(self.level)
        free = found.se > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(free, found.estimate / found.se, np.nan)
        return {
            name: found.estimate,
            "se": found.se,
            "t": t,
            "df": np.where(free, found.df, np.nan),
            "p": 2 * stdtr(found.df, -np.abs(t)),
            "ci_lower": lower,
            "ci_upper": upper,
            "riv": np.where(free, found.riv, np.nan),
            "fmi": np.where(free, found.fmi, np.nan),
        }

    @cached_property
    def r_squared(self) -> pd.Series:
        """Explained variance of items and constructs, means over the surveys."""
        first = self.results[0].r_squared
        values = np.mean([result.r_squared for result in self.results], axis=0)
        return pd.Series(values, index=first.index, name=first.name)

    @cached_property
    def fit_measures(self) -> pd.DataFrame:
        """The test of the model, and fit measures from it, a row for each way to pool.

        ``f df1 df2 p riv fmi chi2 baseline_chi2 cfi tli rmsea rmsea_ci_lower rmsea_ci_upper srmr``.
        ``d2`` pools the chi-squares of the surveys (Li, Meng, Raghunathan & Rubin 1991), those of
        scaled tests where the estimator has such; ``d3`` their likelihood ratios, at the estimates
        of each survey and at the mean ones (Meng & Rubin 1992), for ``estimator="ml"``: the one
        to report where it is there. `riv` is the relative increase of the variance by what is
        missing and `fmi` the fraction of missing information. `chi2` is ``f df1``, and CFI, TLI and
        RMSEA come from it and its like of the baseline model (Enders & Mansolf 2018); `srmr` is
        that of the mean estimates. nan where an estimator has no test.
        """
        return pooled_tests.pooled_fit(self.results)

    def compare(self, other: PooledSEM) -> pd.DataFrame:
        """Return the test of the difference from a model nested with this one.

        ``f df1 df2 p riv fmi chi2``, a row for each way to pool, as in `fit_measures`; of
        estimators with scaled tests the scaled differences are pooled. As in
        `SEMResult.compare`, that the models are nested is for you to know. Models with equally
        many degrees of freedom have no test, so `df1` is 0 and the rest nan; each of `results` has
        `aic` and `bic` where there is a likelihood.

        Parameters
        ----------
        other : PooledSEM
            Fitted to the same imputations.

        Raises
        ------
        OptionError
            When `other` is no such model.
        TcsError
            When the models were fitted to different data, or by different estimators.
        """
        return pooled_tests.pooled_difference(self, other)

    def table(self) -> pd.DataFrame:
        """Return `estimates`."""
        return self.estimates.copy()

    def summary(self) -> str:
        """Return the one-line facts, findings, the pooled tests and `estimates`."""
        facts, *rest = super().summary().split("\n")
        fit = as_text(self.fit_measures.reset_index(), index=False)
        return "\n".join([facts, *rest, "", "Fit, pooled:", fit])

    def verify(self) -> tuple[Finding, ...]:
        """Return what is wrong with the fits and the imputations, worst first."""
        found = [
            *self._ends(),
            *applicability(self.results[0].sample),
            *self.imputations.verify(),
        ]
        if self.results[0].plain_fit["df"] > 0 and np.isnan(self.fit_measures["p"]).all():
            found.append(Finding("no_pooled_test", Severity.NOTE, (), {"m": len(self.results)}))
        return worst_first(found)

    def _ends(self) -> Iterator[Finding]:
        """Yield in how many surveys there is no solution, or none that can be read."""
        name, m = type(self.estimator).__name__, len(self.results)
        lost = sum(not result.converged for result in self.results)
        if lost:
            evidence = {"count": lost, "m": m}
            yield Finding("imputed_not_converged", Severity.PROBLEM, (name,), evidence)
        improper = sum(result.converged and not result.proper for result in self.results)
        if improper:
            evidence = {"count": improper, "m": m}
            yield Finding("imputed_sem_improper", Severity.PROBLEM, (name,), evidence)

    def _facts(self) -> str:
        model = self.results[0].model
        facts = [
            counted(len(model.constructs), "construct"),
            counted(len(model.parameters.items), "item"),
            f"n={self.n}",
            f"estimator={self.estimator.estimator}",
            counted(len(self.results), "imputation"),
        ]
        return ", ".join(facts)
