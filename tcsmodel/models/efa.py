"""`EFA`: exploratory factor analysis, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import ConvergenceError, IdentificationError, ImproperSolutionWarning, warn
from tcsmodel.kernels import extraction as extractions
from tcsmodel.kernels import rotation as rotations
from tcsmodel.kernels import scores as score_weights
from tcsmodel.kernels.factorfit import factor_fit, most_factors
from tcsmodel.kernels.parallel import Parallel, parallel_analysis
from tcsmodel.kernels.status import Status
from tcsmodel.models.efa_findings import findings, heywood_findings
from tcsmodel.models.estimator import SCORE_OTHERS, Data, Sample, as_survey, require_definite, take
from tcsmodel.options import (
    Extraction,
    FactorRule,
    Missing,
    Rotation,
    ScoreMethod,
    choose,
    is_whole,
    require,
    require_whole,
)
from tcsmodel.result import Finding, Result
from tcsmodel.survey.moments import Moments, read_only
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]

EXTRACT = {
    Extraction.MINRES: extractions.minres,
    Extraction.ML: extractions.maximum_likelihood,
}
ROTATE = {
    Rotation.NONE: rotations.unrotated,
    Rotation.VARIMAX: rotations.varimax,
    Rotation.OBLIMIN: rotations.oblimin,
}
SIMULATED = 500


@dataclass(frozen=True, kw_only=True)
class EFA:
    """Exploratory factor analysis of the correlations among items.

    Parameters
    ----------
    n_factors : int or "parallel"
        How many factors. ``"parallel"`` keeps those whose eigenvalue in the reduced
        correlation matrix exceeds the 95th percentile of 500 simulated samples of
        uncorrelated items (Horn 1965, factor version).
    extraction : {"minres", "ml"}
        Minimum residuals (also known as ULS), or maximum likelihood.
    rotation : {"oblimin", "varimax", "none"}
        Oblimin with gamma 0 (quartimin; correlated factors), varimax with Kaiser
        normalization (uncorrelated factors), or as extracted.
    seed : int
        Of the parallel analysis.
    items : sequence of str, optional
        Which items; all of the survey by default.
    missing : {"listwise"}
        What is done about missing answers.

    Raises
    ------
    OptionError
        When an option is outside its vocabulary or range.

    Notes
    -----
    Factors are named f1, f2, ... by falling variance and turned so that each has a positive
    sum of loadings. With sampling weights the correlations are weighted, and the tests of
    fit count the respondents, not their effective number.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> survey = tcs.datasets.mobi()
    >>> efa = tcs.EFA(n_factors=3).fit(survey)
    >>> efa
    EFAResult(3 factors, 24 items, n=250, minres, oblimin)
    >>> efa.loadings.round(2).loc["PERV2"].tolist()
    [0.02, 0.06, 0.82]
    """

    n_factors: int | str = field(default=FactorRule.PARALLEL, kw_only=False)
    extraction: Extraction | str = Extraction.MINRES
    rotation: Rotation | str = Rotation.OBLIMIN
    seed: int = 0
    items: Sequence[str] | None = None
    missing: Missing | str = Missing.LISTWISE

    def __post_init__(self) -> None:
        if isinstance(self.n_factors, str):
            object.__setattr__(self, "n_factors", choose(FactorRule, self.n_factors, "n_factors"))
        else:
            require(
                is_whole(self.n_factors, 1),
                f"n_factors={self.n_factors!r} must be a whole number of at least 1, "
                "or 'parallel'.",
            )
        require_whole(self.seed, "seed", 0)
        object.__setattr__(self, "extraction", choose(Extraction, self.extraction, "extraction"))
        object.__setattr__(self, "rotation", choose(Rotation, self.rotation, "rotation"))
        object.__setattr__(self, "missing", choose(Missing, self.missing, "missing"))
        if self.items is not None:
            require(
                not isinstance(self.items, str),
                f"items={self.items!r} is one string; give a list of names, as ['a', 'b'].",
            )
            object.__setattr__(self, "items", tuple(self.items))

    def fit(self, data: Data) -> EFAResult:
        """Return the factors.

        Parameters
        ----------
        data : Survey, DataFrame or Moments
            With moments alone everything works but scores of the respondents.

        Raises
        ------
        SurveyError
            When an item is absent, constant or a combination of others, or there are fewer
            respondents than items.
        IdentificationError
            When there are fewer than 3 items, or too few for `n_factors`.
        ConvergenceError
            When the extraction or the rotation does not end.

        Warns
        -----
        ImproperSolutionWarning
            When a uniqueness ended at its lower bound (a Heywood case).
        DroppedRespondentsWarning
            When respondents with missing answers are left out.
        """
        sample = take(data, self._item_names(data), self.missing)
        p = len(sample.names)
        most = most_factors(p)
        if most == 0:
            raise IdentificationError(
                f"{p} items cannot show a factor; at least 3 are needed. Name more in items=[...]."
            )
        if self.n_factors != FactorRule.PARALLEL and int(self.n_factors) > most:
            raise IdentificationError(
                f"{self.n_factors} factors cannot be found in {p} items, which identify at most "
                f"{most}. Use fewer factors, or more items."
            )
        require_definite(sample.moments, "an exploratory factor analysis")
        corr = sample.moments.corr.to_numpy()
        parallel = None
        k = self.n_factors
        if k == FactorRule.PARALLEL:
            parallel = parallel_analysis(corr, sample.n, self.seed, SIMULATED)
            k = min(max(parallel.factors, 1), most)
        return self._extract(sample, corr, int(k), parallel)

    def _item_names(self, data: Data) -> Sequence[str]:
        if self.items is not None:
            return self.items
        if isinstance(data, pd.DataFrame):
            data = Survey(data)
        if isinstance(data, Survey):
            return data.items
        return data.names if isinstance(data, Moments) else ()

    def _extract(self, sample: Sample, corr: Array, k: int, parallel: Parallel | None) -> EFAResult:
        found = EXTRACT[Extraction(self.extraction)](corr, k)
        if found.status > Status.IMPROPER:
            raise ConvergenceError(
                f"The extraction of {k} factors from {len(corr)} items did not converge "
                f"({found.iterations} iterations). Try fewer factors, or extraction='minres'."
            )
        turned = _rotate(found.loadings, Rotation(self.rotation))
        result = EFAResult(
            estimator=self,
            sample=sample,
            status=Status(int(found.status)),
            _unrotated=read_only(found.loadings),
            _uniqueness=read_only(found.uniqueness),
            _loadings=read_only(turned.loadings),
            _phi=read_only(turned.phi),
            _parallel=parallel,
        )
        for finding in heywood_findings(result):
            warn(str(finding), ImproperSolutionWarning)
        return result


@dataclass(frozen=True, eq=False, repr=False)
class EFAResult(Result):
    """Common factors; made by `EFA(...).fit(data)`.

    Attributes
    ----------
    estimator : EFA
        The options.
    sample : Sample
        The respondents and moments used.
    status : Status
        ``CONVERGED``, or ``IMPROPER`` when a uniqueness ended at its bound.
    """

    estimator: EFA
    sample: Sample
    status: Status
    _unrotated: Array
    _uniqueness: Array
    _loadings: Array
    _phi: Array
    _parallel: Parallel | None

    @property
    def items(self) -> tuple[str, ...]:
        """The p items."""
        return self.sample.names

    @property
    def factors(self) -> tuple[str, ...]:
        """The k factors, by falling variance: f1, f2, ..."""
        return tuple(f"f{j + 1}" for j in range(self.n_factors))

    @property
    def n_factors(self) -> int:
        """Number of factors k."""
        return self._loadings.shape[1]

    @property
    def n(self) -> int:
        """Number of respondents used."""
        return self.sample.n

    @property
    def proper(self) -> bool:
        """Whether every uniqueness is inside its bounds."""
        return self.status is Status.CONVERGED

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Loadings (item x factor); of correlated factors the pattern, regression-like."""
        return self._by_factor(self._loadings)

    @cached_property
    def structure(self) -> pd.DataFrame:
        """Correlations of items with factors (item x factor), ``loadings @ phi``."""
        return self._by_factor(self._loadings @ self._phi)

    @cached_property
    def factor_correlations(self) -> pd.DataFrame:
        """Correlations among the factors (factor x factor)."""
        return pd.DataFrame(self._phi, index=list(self.factors), columns=list(self.factors))

    @cached_property
    def communalities(self) -> pd.Series:
        """Share of each item's variance that the factors explain, the diagonal of ``L phi L'``."""
        return pd.Series(
            (self._unrotated**2).sum(axis=1), index=list(self.items), name="communality"
        )

    @cached_property
    def uniqueness(self) -> pd.Series:
        """Share of each item's variance that they do not, ``1 - communality``."""
        return (1 - self.communalities).rename("uniqueness")

    @property
    def estimated_uniqueness(self) -> Array:
        """The uniquenesses (p,) at which the extraction ended, at least 0.005.

        They equal `uniqueness` unless one of them stands at that bound.
        """
        return self._uniqueness

    @cached_property
    def complexity(self) -> pd.Series:
        """How many factors an item needs, ``(sum l^2)^2 / sum l^4`` (Hofmann 1978)."""
        square = self._loadings**2
        needed = square.sum(axis=1) ** 2 / (square**2).sum(axis=1)
        return pd.Series(needed, index=list(self.items), name="complexity")

    @cached_property
    def variance(self) -> pd.DataFrame:
        """Variance by factor: ``ss_loadings``, ``proportion`` of all items', and ``cumulative``.

        Of correlated factors the diagonal of ``phi L'L``, so that the sum stays the sum of
        the communalities.
        """
        total = np.diag(self._phi @ self._loadings.T @ self._loadings)
        share = total / len(self.items)
        columns = {"ss_loadings": total, "proportion": share, "cumulative": share.cumsum()}
        return pd.DataFrame(columns, index=list(self.factors))

    @cached_property
    def fit_measures(self) -> pd.Series:
        """Fit of the factors to the correlations, whatever the rotation.

        ``chi2 df p`` with Bartlett's correction; ``baseline_chi2 baseline_df`` of
        uncorrelated items; ``cfi tli``; ``rmsea`` as ``sqrt(max(chi2/(n df) - 1/(n-1), 0))``
        with 90% limits ``rmsea_ci_lower rmsea_ci_upper``; ``rmsr``, the root mean square of
        the off-diagonal residual correlations; ``bic`` as ``chi2 - df log n``. All as in psych.
        """
        fit = factor_fit(self._corr, self._unrotated, self._uniqueness, self.n)
        return pd.Series({name: float(value) for name, value in asdict(fit).items()}, name="value")

    @cached_property
    def residual_corr(self) -> pd.DataFrame:
        """Observed less reproduced correlations (item x item), uniquenesses on the diagonal."""
        residual = self._corr - self._unrotated @ self._unrotated.T
        return pd.DataFrame(residual, index=list(self.items), columns=list(self.items))

    @cached_property
    def parallel(self) -> pd.DataFrame:
        """Parallel analysis, one row per position 1 to p.

        Columns ``observed mean q95`` for the reduced matrix (factor version) and
        ``component_observed component_mean component_q95`` for the full matrix.
        """
        found = self._simulated
        columns = {
            f"{kind}{name}": getattr(values, part)
            for kind, part in (("", "factor"), ("component_", "component"))
            for name, values in (
                ("observed", found.observed),
                ("mean", found.mean),
                ("q95", found.q95),
            )
        }
        return pd.DataFrame(columns, index=pd.RangeIndex(1, len(self.items) + 1, name="factor"))

    @cached_property
    def votes(self) -> pd.DataFrame:
        """How many factors each rule suggests: ``rule n_factors used``.

        ``kaiser`` (eigenvalues above 1) is shown because readers ask for it; it retains too
        many.
        """
        found = self._simulated
        rows = {
            "parallel_factor": found.factors,
            "parallel_component": found.components,
            "kaiser": int((found.observed.component > 1).sum()),
        }
        frame = pd.DataFrame({"rule": list(rows), "n_factors": list(rows.values())})
        by_rule = self.estimator.n_factors == FactorRule.PARALLEL
        return frame.assign(used=[by_rule, False, False])

    def rotated(self, method: Rotation | str) -> EFAResult:
        """Return the same factors rotated otherwise; communalities and fit do not change.

        Parameters
        ----------
        method : {"none", "varimax", "oblimin"}
            The rotation.

        Raises
        ------
        OptionError
            When there is no such rotation.
        ConvergenceError
            When it does not converge.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> efa = tcs.EFA(n_factors=3).fit(tcs.datasets.mobi())
        >>> efa.rotated("varimax").factor_correlations.loc["f1", "f2"].item()
        0.0
        """
        rotation = choose(Rotation, method, "method")
        turned = _rotate(self._unrotated, rotation)
        return replace(
            self,
            estimator=replace(self.estimator, rotation=rotation),
            _loadings=read_only(turned.loadings),
            _phi=read_only(turned.phi),
        )

    def scores(
        self, data: Survey | pd.DataFrame | None = None, method: ScoreMethod | str = "regression"
    ) -> pd.DataFrame:
        """Return factor scores (respondent x factor), in standard deviations.

        Parameters
        ----------
        data : Survey or DataFrame, optional
            Whom to score, with the means and standard deviations of the fit; those who were
            fitted by default. Rows have the labels of the rows of the data.
        method : {"regression", "bartlett", "ten_berge"}
            ``regression`` predicts best, ``bartlett`` is unbiased, ``ten_berge`` keeps the
            factor correlations.

        Raises
        ------
        TcsError
            When fitted to moments alone and no `data` are given.
        """
        chosen = choose(ScoreMethod, method, "method")
        if data is None:
            values = self.sample.respondents("scores()", SCORE_OTHERS)
            labels = self.sample.row_labels
        else:
            survey = as_survey(data, self.items)
            values, _, rows = survey.complete(self.items)
            labels = survey.row_labels.take(rows)
        moments = self.sample.moments
        z = (values - moments.mean_array) / np.sqrt(np.diag(moments.cov_array))
        scored = z @ self._score_weights(chosen)
        return pd.DataFrame(scored, index=labels, columns=list(self.factors))

    def table(self) -> pd.DataFrame:
        """Return the loadings, sorted by each item's own factor and the size of its loading.

        Columns: ``item``; ``factor``, that of its largest loading; one per factor;
        ``communality uniqueness complexity``.
        """
        size = np.abs(self._loadings)
        own = size.argmax(axis=1)
        frame = pd.DataFrame({"item": list(self.items), "factor": np.array(self.factors)[own]})
        frame[list(self.factors)] = self._loadings
        for column in (self.communalities, self.uniqueness, self.complexity):
            frame[str(column.name)] = column.to_numpy()
        return frame.iloc[np.lexsort((-size.max(axis=1), own))].reset_index(drop=True)

    def verify(self) -> tuple[Finding, ...]:
        """Return what must be known before the factors are named, worst first.

        Codes: ``heywood``, ``no_common_factor``, ``factors_limited``, ``number_uncertain``,
        ``weak_item``, ``cross_loading``, ``few_items_factor``, ``factors_overlap``.
        """
        return findings(self, self._simulated)

    @property
    def _corr(self) -> Array:
        return self.sample.moments.corr.to_numpy()

    @cached_property
    def _simulated(self) -> Parallel:
        if self._parallel is not None:
            return self._parallel
        return parallel_analysis(self._corr, self.n, self.estimator.seed, SIMULATED)

    def _score_weights(self, method: ScoreMethod) -> Array:
        if method is ScoreMethod.BARTLETT:
            return score_weights.bartlett(self._loadings, self._uniqueness)
        if method is ScoreMethod.TEN_BERGE:
            return score_weights.ten_berge(self._corr, self._loadings, self._phi)
        return score_weights.regression(self._corr, self._loadings, self._phi)

    def _by_factor(self, values: Array) -> pd.DataFrame:
        return pd.DataFrame(values, index=list(self.items), columns=list(self.factors))

    def _facts(self) -> str:
        options = f"{self.estimator.extraction}, {self.estimator.rotation}"
        factors = "1 factor" if self.n_factors == 1 else f"{self.n_factors} factors"
        return f"{factors}, {len(self.items)} items, n={self.n}, {options}"


def _rotate(loadings: Array, rotation: Rotation) -> rotations.Rotated:
    turned = ROTATE[rotation](loadings)
    if turned.status != Status.CONVERGED:
        raise ConvergenceError(
            f"The rotation {rotation} of {loadings.shape[1]} factors did not converge "
            f"({turned.iterations} iterations). Try another rotation, or fewer factors."
        )
    return turned
