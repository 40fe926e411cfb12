"""`PooledPLS`: a PLS path model fitted to completed surveys, and pooled by Rubin's rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import TcsError, counted
from tcsmodel.kernels import rubin
from tcsmodel.kernels.status import Status
from tcsmodel.models.applicability import applicability
from tcsmodel.models.assessment import findings, replicate_findings
from tcsmodel.models.imputation import Imputations
from tcsmodel.models.imputed_fits import Pooled, fit_completed
from tcsmodel.models.pls_circumstances import circumstances
from tcsmodel.models.pls_result import PLSResult
from tcsmodel.models.pls_tables import PLSTables
from tcsmodel.models.quantities import cells, require_quantity
from tcsmodel.options import require_level, require_whole
from tcsmodel.result import Finding, Result, Severity, worst_first
from tcsmodel.survey.moments import read_only

if TYPE_CHECKING:
    from tcsmodel.models.pls import PLS

Array = NDArray[np.float64]

# Above it the gaps say more about an interval than the answers do.
MUCH_MISSING = 0.5


def fit_imputed(estimator: PLS, imputations: Imputations) -> PooledPLS:
    """Return the model fitted to each completed survey, pooled; see `PLS.fit`."""
    results = fit_completed(estimator.fit, imputations, estimator.model.observed)
    return PooledPLS.of(estimator, imputations, results)


@dataclass(frozen=True, eq=False, repr=False)
class PooledPLS(PLSTables, Pooled, Result):
    """A PLS path model pooled over completed surveys; `bootstrap` gives it its errors.

    Estimates are means over the surveys, each quantity by itself. Errors are by Rubin's rules:
    the variance within a survey, from its bootstrap, and that between surveys.

    Parameters
    ----------
    estimator : PLS
        The options that made it.
    imputations : Imputations
        The completed surveys.
    results : tuple of PLSResult
        The fit to each of them.
    arrays : dict of str to ndarray
        Means of their quantities, named and shaped as theirs.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> frame = tcs.datasets.mobi().data
    >>> frame.loc[::4, ["CUSA2", "CUSA3"]] = float("nan")
    >>> imputations = tcs.impute(tcs.Survey(frame, scale=(1, 10)), m=25, seed=7)
    >>> pooled = tcs.PLS(tcs.library.ecsi()).fit(imputations).bootstrap(100, seed=7)
    >>> pooled
    PooledPLS(7 constructs, 24 items, n=250, 25 imputations, 100 draws each)
    >>> pooled.table().columns.tolist()
    ['source', 'target', 'path', 'se', 'df', 'ci_lower', 'ci_upper', 'riv', 'fmi']
    """

    estimator: PLS
    imputations: Imputations
    results: tuple[PLSResult, ...]
    arrays: Mapping[str, Array]

    @classmethod
    def of(
        cls, estimator: PLS, imputations: Imputations, results: tuple[PLSResult, ...]
    ) -> PooledPLS:
        """Return the pooled fits."""
        first = results[0].arrays
        arrays = {q: read_only(np.mean([r.arrays[q] for r in results], axis=0)) for q in first}
        return cls(estimator, imputations, results, arrays)

    @property
    def n(self) -> int:
        """How many respondents the model was fitted to."""
        return self.results[0].sample.n

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return self.results[0].level

    @property
    def bootstrapped(self) -> bool:
        """Whether there are replicates, and so standard errors."""
        return self.results[0].draws is not None

    @property
    def df_complete(self) -> float:
        """Degrees of freedom without gaps: n - 1, or those of the survey's design."""
        design = self.results[0].sample.design
        return float(self.n - 1 if design is None else design.df)

    def bootstrap(
        self, n: int = 500, *, seed: int = 0, level: float | None = None, progress: bool = False
    ) -> PooledPLS:
        """Return this result with `n` bootstrap replicates of every completed survey.

        Parameters
        ----------
        n : int
            Number of replicates of each survey. Only their variance is used, so a few hundred do.
        seed : int
            The same seed gives the same numbers.
        level : float, optional
            Confidence level of the intervals; the estimator's by default.
        progress : bool
            Show a progress bar for each survey.
        """
        require_whole(seed, "seed", 0)
        seeds = np.random.SeedSequence(seed).generate_state(len(self.results))
        results = tuple(
            result.bootstrap(n, seed=int(own), level=level, progress=progress)
            for result, own in zip(self.results, seeds, strict=True)
        )
        return replace(self, results=results)

    def replicated(self, level: float | None = None) -> PooledPLS:
        """Return this result with the variance within surveys from replicate weights.

        Parameters
        ----------
        level : float, optional
            Confidence level; the estimator's by default.

        Raises
        ------
        TcsError
            When the survey has no replicate weights (`tcsmodel.ReplicateWeights`).
        """
        return replace(self, results=tuple(result.replicated(level) for result in self.results))

    def pooled(self, quantity: str) -> rubin.Pooled:
        """Return what Rubin's rules make of a quantity, arrays shaped as it.

        Raises
        ------
        OptionError
            When there is no such quantity.
        TcsError
            Before a bootstrap.
        """
        require_quantity(quantity)
        draws = [result.draws for result in self.results if result.draws is not None]
        if not draws:
            raise TcsError(
                "There are no draws yet, so nothing is known of the errors. "
                "Try pooled.bootstrap(500, seed=7)."
            )
        estimates = np.stack([result.arrays[quantity] for result in self.results])
        variances = np.stack([one.se(quantity) ** 2 for one in draws])
        return rubin.pool(estimates, variances, self.df_complete)

    def intervals(self, quantity: str, level: float | None = None) -> pd.DataFrame:
        """Return a quantity, tidy, with everything that Rubin's rules say of it.

        Columns after the labels: ``estimate se df ci_lower ci_upper within between riv fmi``.
        ``se^2 = within + (1 + 1/m) between``; `df` are Barnard and Rubin's; `riv` is the relative
        increase of the variance, `fmi` the fraction of the information that is missing.

        Parameters
        ----------
        quantity : str
            A name such as ``"paths"``, ``"htmt"`` or ``"total_effects"``.
        level : float, optional
            Confidence level; that of the bootstrap by default.

        Raises
        ------
        OptionError
            When there is no such quantity.
        TcsError
            Before a bootstrap.
        """
        found = self.pooled(quantity)
        level = self.level if level is None else level
        require_level(level)
        frame, at = cells(self._model, quantity)
        return frame.assign(**pooled_columns(found, level, at))

    def table(self) -> pd.DataFrame:
        """Return the paths: ``source target path se df ci_lower ci_upper riv fmi``.

        From `se` on once bootstrapped.
        """
        frame, at = cells(self._model, "paths")
        frame["path"] = self.arrays["paths"][at]
        if self.bootstrapped:
            more = self.intervals("paths").drop(columns=["estimate", "within", "between"])
            frame = frame.join(more.drop(columns=["source", "target"]))
        return frame

    @cached_property
    def _paths(self) -> pd.DataFrame:
        return self.intervals("paths")

    def verify(self) -> tuple[Finding, ...]:
        """Return what is wrong with the fits, their replicates and the imputations, worst first."""
        found = [
            *self._ends(),
            *findings(self._model, self.estimator.weighting, self.arrays),
            *circumstances(self._model, self.estimator.rule.missing, self.results[0].sample),
            *applicability(self.results[0].sample),
            *self._missing_information(),
            *self.imputations.verify(),
        ]
        return worst_first(found)

    def _ends(self) -> Iterator[Finding]:
        wrong = sum(not result.converged for result in self.results)
        if wrong:
            evidence = {"count": wrong, "m": len(self.results)}
            yield Finding("imputed_not_converged", Severity.PROBLEM, ("PLS",), evidence)
        improper = sum(result.status is Status.IMPROPER for result in self.results)
        if improper:
            evidence = {"count": improper, "m": len(self.results)}
            yield Finding("imputed_improper", Severity.CAUTION, ("PLS",), evidence)
        draws = [result.draws.status for result in self.results if result.draws is not None]
        if draws:
            yield from replicate_findings(np.concatenate(draws))

    def _missing_information(self) -> Iterator[Finding]:
        """Yield the path of which the gaps hide more than the answers show."""
        if not self.bootstrapped:
            return
        worst = self._paths.iloc[int(np.nanargmax(self._paths["fmi"]))]
        if worst["fmi"] > MUCH_MISSING:
            subjects = (str(worst["source"]), str(worst["target"]))
            evidence = {"fmi": float(worst["fmi"]), "m": len(self.results)}
            yield Finding("much_missing_information", Severity.CAUTION, subjects, evidence)

    def _facts(self) -> str:
        facts = [
            counted(len(self._model.constructs), "construct"),
            counted(len(self._model.observed), "item"),
            f"n={self.n}",
            counted(len(self.results), "imputation"),
        ]
        draws = self.results[0].draws
        return ", ".join(facts + ([] if draws is None else [f"{draws.n} draws each"]))


def pooled_columns(
    found: rubin.Pooled, level: float, at: tuple[NDArray[np.intp], ...]
) -> dict[str, Array]:
    """Return the columns of a tidy table of some places of pooled quantities."""
    lower, upper = found.interval(level)
    columns = {
        "estimate": found.estimate,
        "se": found.se,
        "df": found.df,
        "ci_lower": lower,
        "ci_upper": upper,
        "within": found.within,
        "between": found.between,
        "riv": found.riv,
        "fmi": found.fmi,
    }
    return {name: values[at] for name, values in columns.items()}
