"""`PLS`: partial least squares path modelling, and its result."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import ImproperSolutionWarning, SampleSizeWarning, counted
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.status import Status
from tcsmodel.models.assessment import (
    assess,
    convergence_findings,
    explain_singular,
    findings,
)
from tcsmodel.models.bootstrapped import Bootstrapped, refuse_studentized
from tcsmodel.models.draws import Draws, Replicator
from tcsmodel.models.estimator import Data, Sample, take
from tcsmodel.models.path_model import PathModel
from tcsmodel.models.quantities import (
    QUANTITIES,
    interval_table,
    measurement_table,
    path_table,
)
from tcsmodel.models.weighting import Weighting, listed_names
from tcsmodel.options import (
    IntervalKind,
    Missing,
    Mode,
    Scheme,
    SignRule,
    choose,
    require,
    require_level,
    require_whole,
)
from tcsmodel.result import Finding, Severity
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import read_only

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PLS:
    """Partial least squares path modelling of a specification.

    ``=~`` constructs are Mode A (weights from covariances), ``<~`` composites Mode B
    (weights from regressions). Items are standardized, constructs have variance 1, and
    each construct is turned so that its loadings have a positive sum. A construct with
    one item is that item.

    Parameters
    ----------
    spec : ModelSpec
        Constructs with their items, and paths without a cycle.
    scheme : {"path", "factorial", "centroid"}
        The inner weighting.
    modes : dict of str to {"A", "B"}, optional
        Modes of single constructs, against what their operator says.
    missing : {"listwise"}
        What is done about missing answers.
    tol : float
        The algorithm ends when no outer weight changes by this much or more.
    max_iter : int
        The most iterations.
    level : float
        Confidence level of the bootstrap intervals.

    Raises
    ------
    SpecError
        When the specification has what PLS does not estimate: a cycle, a covariance, a
        fixed parameter, a second-order construct, an unconnected construct, a path of a
        bare item, an item in two constructs.
    OptionError
        When an option is outside its vocabulary or range.

    Notes
    -----
    Wold (1982), Lohmoeller (1989); the iteration runs on the correlation matrix and
    never forms scores, so thousands of bootstrap samples are one batch.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> result = tcs.PLS(tcs.library.ecsi(), scheme="path").fit(tcs.datasets.mobi())
    >>> result
    PLSResult(7 constructs, 24 items, n=250, scheme=path, converged in 6)
    >>> round(float(result.paths.loc["Quality", "Satisfaction"]), 4)
    0.512
    """

    spec: ModelSpec = field(kw_only=False)
    scheme: Scheme = Scheme.PATH
    modes: Mapping[str, Mode] | None = field(default=None, hash=False)
    weights: Mapping[str, Mapping[str, float]] | None = field(default=None, hash=False)
    consistent: bool | tuple[str, ...] = False
    reliability: Mapping[str, float] | None = field(default=None, hash=False)
    standardized: bool = True
    sign: SignRule = SignRule.SUM
    missing: Missing = Missing.LISTWISE
    tol: float = 1e-7
    max_iter: int = 300
    level: float = 0.95

    def __post_init__(self) -> None:
        require(
            isinstance(self.spec, ModelSpec),
            f"spec must be a ModelSpec, not {type(self.spec).__name__}. "
            "Try PLS(tcs.ModelSpec.parse(text)).",
        )
        object.__setattr__(self, "scheme", choose(Scheme, self.scheme, "scheme"))
        object.__setattr__(self, "missing", choose(Missing, self.missing, "missing"))
        require(self.tol > 0, f"tol={self.tol!r} must be positive, as 1e-7.")
        require_whole(self.max_iter, "max_iter", 1)
        require_level(self.level)
        modes = {
            name: choose(Mode, mode, f"modes[{name!r}]")
            for name, mode in (self.modes or {}).items()
        }
        object.__setattr__(self, "modes", modes)
        object.__setattr__(self, "weights", dict(self.weights or {}))
        object.__setattr__(self, "reliability", dict(self.reliability or {}))
        object.__setattr__(self, "consistent", listed_names(self.consistent))
        object.__setattr__(self, "sign", choose(SignRule, self.sign, "sign"))
        require(
            isinstance(self.standardized, bool),
            f"standardized={self.standardized!r} must be True or False.",
        )
        given = {name: Mode.FIXED for name in self.weights if name in self.spec.construct_names}
        model = PathModel.of(self.spec, modes | given)
        weighting = Weighting.of(
            model,
            weights=self.weights,
            consistent=self.consistent,
            reliability=self.reliability,
            standardized=self.standardized,
            sign=self.sign,
        )
        object.__setattr__(self, "_model", model)
        object.__setattr__(self, "_weighting", weighting)

    @property
    def model(self) -> PathModel:
        """The specification as constructs, blocks and paths."""
        return self.__dict__["_model"]

    @property
    def weighting(self) -> Weighting:
        """How items become constructs, beyond modes."""
        return self.__dict__["_weighting"]

    def fit(self, data: Data) -> PLSResult:
        """Return the fitted model.

        Parameters
        ----------
        data : Survey, pandas.DataFrame or Moments
            Scores, the bootstrap and the index need respondents, so not `Moments`.

        Raises
        ------
        SurveyError
            When an item is absent, holds text or is constant.
        IdentificationError
            When weights or paths are not determined by these data.

        Warns
        -----
        DroppedRespondentsWarning
            When respondents with missing answers are left out.
        SampleSizeWarning
            When there are no more respondents than items.
        ImproperSolutionWarning
            When the algorithm did not converge.
        """
        sample = take(data, self.model.items, self.missing)
        if sample.n <= len(sample.names):
            warnings.warn(
                f"{sample.n} respondents are few for {len(sample.names)} items: weights and "
                "loadings will hardly repeat in another sample. Collect more answers, or use "
                "fewer items and constructs.",
                SampleSizeWarning,
                stacklevel=2,
            )
        values = self.quantities(sample.moments.mean_array, sample.moments.cov_array, sample.n)
        status = Status(int(values.pop("status")))
        iterations = int(values.pop("iterations"))
        if status is Status.SINGULAR:
            raise explain_singular(self.model, to_corr(sample.moments.cov_array))
        if status is Status.ITERATION_CAP:
            warnings.warn(
                f"PLS did not converge in {iterations} iterations; do not read its numbers. Try "
                "another scheme, or look for items that point in the wrong direction.",
                ImproperSolutionWarning,
                stacklevel=2,
            )
        arrays = {name: read_only(values[name]) for name in values}
        return PLSResult(self, sample, arrays, status, iterations)

    def quantities(self, mean: Array, cov: Array, n: int) -> dict[str, Array]:
        """Return every quantity of means (..., p) and covariances (..., p, p), with `status`."""
        return assess(
            self.model,
            self.weighting,
            mean,
            cov,
            n,
            scheme=self.scheme,
            tol=self.tol,
            max_iter=self.max_iter,
        )


@dataclass(frozen=True, eq=False, repr=False)
class PLSResult(Bootstrapped):
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
        return self.status is Status.CONVERGED

    @property
    def _model(self) -> PathModel:
        return self.estimator.model

    def _items(self, name: str) -> pd.Series:
        return pd.Series(self.arrays[name], index=list(self._model.items), name=name)

    def _square(self, name: str) -> pd.DataFrame:
        names = list(self._model.constructs)
        return pd.DataFrame(self.arrays[name], index=names, columns=names)

    def _by_item(self, values: Array) -> pd.DataFrame:
        model = self._model
        return pd.DataFrame(values, index=list(model.items), columns=list(model.constructs))

    @cached_property
    def outer_weights(self) -> pd.DataFrame:
        """Weights (item x construct) of the standardized items, 0 outside the own construct."""
        return self._by_item(self.arrays["outer_weights"][:, None] * self._model.member)

    @cached_property
    def outer_loadings(self) -> pd.DataFrame:
        """Correlations of items with their own construct (item x construct), else 0."""
        return self._by_item(self.arrays["outer_loadings"][:, None] * self._model.member)

    @cached_property
    def cross_loadings(self) -> pd.DataFrame:
        """Correlations of all items with all constructs (item x construct)."""
        return self._by_item(self.arrays["cross_loadings"])

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Standardized path coefficients (source x target), 0 where there is no path."""
        return self._square("paths")

    @cached_property
    def total_effects(self) -> pd.DataFrame:
        """Direct and indirect effects together (source x target)."""
        return self._square("total_effects")

    @cached_property
    def indirect_effects(self) -> pd.DataFrame:
        """Total indirect effects (source x target): total minus direct."""
        return self._square("indirect_effects")

    @cached_property
    def r_squared(self) -> pd.Series:
        """Share of variance explained, of each construct with antecedents."""
        return self._explained("r_squared")

    @cached_property
    def r_squared_adj(self) -> pd.Series:
        """R2 adjusted for the number of antecedents."""
        return self._explained("r_squared_adj")

    def _explained(self, name: str) -> pd.Series:
        targets = list(self._model.targets)
        names = [self._model.constructs[j] for j in targets]
        return pd.Series(self.arrays[name][targets], index=names, name=name)

    @cached_property
    def f_squared(self) -> pd.DataFrame:
        """Effect sizes f2 (source x target), nan where there is no path.

        ``(R2 - R2 without the path) / (1 - R2)`` with the construct scores kept, the
        textbook definition (Cohen 1988); R's seminr estimates the model anew.
        """
        return self._square("f_squared")

    @cached_property
    def vif(self) -> pd.DataFrame:
        """Variance inflation of the antecedents (source x target), nan where there is no path."""
        return self._square("vif")

    @cached_property
    def item_vif(self) -> pd.Series:
        """Variance inflation of each item among the items of its construct, inf if dependent."""
        return self._items("item_vif")

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """Columns ``alpha rho_a rho_c ave n_items``, a row per construct.

        `alpha` is standardized, `rho_c` and `ave` come from the PLS loadings. A single
        item counts as measured without error, 1 throughout; Mode B composites are not
        reflective, so theirs are nan.
        """
        columns = {name: self.arrays[name] for name in ("alpha", "rho_a", "rho_c", "ave")}
        frame = pd.DataFrame(columns, index=list(self._model.constructs))
        return frame.assign(n_items=self._model.sizes)

    @cached_property
    def htmt(self) -> pd.DataFrame:
        """Heterotrait-monotrait ratios of absolute correlations (construct x construct).

        Symmetric, nan on the diagonal and for Mode B composites.
        """
        return self._square("htmt")

    @cached_property
    def fornell_larcker(self) -> pd.DataFrame:
        """Construct correlations with the square root of AVE on the diagonal."""
        return self._square("fornell_larcker")

    @cached_property
    def construct_corr(self) -> pd.DataFrame:
        """Correlations of the construct scores."""
        return self._square("construct_corr")

    @cached_property
    def item_means(self) -> pd.Series:
        """Weighted means of the items, in answer units."""
        return self._items("item_means")

    @cached_property
    def item_sds(self) -> pd.Series:
        """Weighted standard deviations of the items (divisor n - 1), in answer units."""
        return self._items("item_sds")

    @property
    def ignored(self) -> tuple[str, ...]:
        """What the specification states and PLS has no use for: labels, starting values."""
        return self._model.ignored

    def scores(self) -> pd.DataFrame:
        """Return construct scores (respondent x construct) with mean 0 and variance 1.

        Only respondents who answered every item; the index is their row number in the
        survey, starting at 0.

        Raises
        ------
        TcsError
            When fitted to moments alone.
        """
        answers = self.sample.respondents("Construct scores")
        standardized = (answers - self.arrays["item_means"]) / self.arrays["item_sds"]
        rows = pd.Index(np.asarray(self.sample.rows), name="row")
        scores = standardized @ self.outer_weights.to_numpy()
        return pd.DataFrame(scores, index=rows, columns=list(self._model.constructs))

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
        interval : {"percentile", "bca", "basic"}
            How replicates become intervals. ``"bca"`` estimates once more without each
            respondent.
        progress : bool
            Show a progress bar.
        """
        return self._bootstrapped(n, seed, level, interval, progress)

    def _replicator(self, kind: IntervalKind) -> Replicator:
        refuse_studentized(kind, "PLS")
        return Replicator(self._replicate, self.sample)

    def _replicate(self, mean: Array, cov: Array) -> dict[str, Array]:
        values = self.estimator.quantities(mean, cov, self.sample.n)
        lost = values["status"] >= Status.ITERATION_CAP
        del values["iterations"]
        if lost.any():
            for name in QUANTITIES:
                values[name][lost] = np.nan
        return values

    def intervals(self, quantity: str, level: float | None = None) -> pd.DataFrame:
        """Return a quantity, tidy, with bootstrap standard error and interval.

        Parameters
        ----------
        quantity : str
            A name in ``draws.values``, such as ``"paths"``, ``"htmt"`` or ``"rho_a"``.
        level : float, optional
            Confidence level; that of the bootstrap by default.

        Raises
        ------
        OptionError
            When there is no such quantity.
        TcsError
            Before a bootstrap.
        """
        return interval_table(self._model, self.arrays, self.draws, quantity, level)

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
        """Return low loadings, negative weights, collinearity, lost replicates, worst first."""
        found = [
            *convergence_findings(self.iterations, self.converged, self.draws),
            *findings(self._model, self.arrays),
        ]
        order = list(Severity)
        return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))

    def summary(self) -> str:
        """Return facts, findings, paths, explained variance, reliability and items as text."""

        def shown(frame: pd.DataFrame | pd.Series) -> str:
            return frame.to_string(float_format=lambda value: f"{value:.3f}")

        explained = pd.DataFrame({"r_squared": self.r_squared, "r_squared_adj": self.r_squared_adj})
        return "\n\n".join(
            [
                super().summary(),
                shown(explained),
                shown(self.reliability),
                shown(self.measurement_table()),
            ]
        )

    def _facts(self) -> str:
        model = self._model
        facts = [
            counted(len(model.constructs), "construct"),
            counted(len(model.items), "item"),
            f"n={self.sample.n}",
            f"scheme={self.estimator.scheme}",
            f"converged in {self.iterations}" if self.converged else "not converged",
        ]
        return ", ".join([*facts, *self._drawn_facts()])
