"""`PLS`: partial least squares path modelling, and its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import ImproperSolutionWarning, SampleSizeWarning, warn
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.status import Status
from tcsmodel.models.assessment import Solution, assess, explain_singular, solution
from tcsmodel.models.estimator import Data, Sample
from tcsmodel.models.imputation import Imputations
from tcsmodel.models.path_model import PathModel
from tcsmodel.models.pls_fits import PLSFits, fit_each
from tcsmodel.models.pls_result import PLSResult
from tcsmodel.models.pls_sample import Rule, ordered_names, pls_sample
from tcsmodel.models.pooled_pls import PooledPLS, fit_imputed
from tcsmodel.models.weighting import Weighting, listed_names
from tcsmodel.options import (
    HigherOrder,
    Interaction,
    Mode,
    PLSMissing,
    Scheme,
    SignRule,
    choose,
    require,
    require_level,
    require_whole,
)
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import read_only
from tcsmodel.survey.survey import Survey

__all__ = ["PLS", "PLSResult"]

Array = NDArray[np.float64]

SIGNS = {
    SignRule.SUM: "constructs turned so that their loadings have a positive sum",
    SignRule.DOMINANT: "constructs turned so that their largest loading is positive",
    SignRule.NONE: "constructs not turned",
}


@dataclass(frozen=True, kw_only=True)
class PLS:
    """Partial least squares path modelling of a specification.

    ``=~`` constructs are Mode A (weights from covariances), ``<~`` composites Mode B
    (weights from regressions). A construct with one item is that item. Weights are those of
    standardized items, so that constructs have variance 1.

    Parameters
    ----------
    spec : ModelSpec
        Constructs with their items, and paths without a cycle.
    scheme : {"path", "factorial", "centroid"}
        The inner weighting.
    modes : dict of str to {"A", "B", "unit"}, optional
        Modes of single constructs, against what their operator says; ``"unit"`` weights all
        standardized items alike.
    weights : dict of str to dict of str to float, optional
        Weights of the items of single constructs that are given, not estimated. Only their
        ratios matter; they are those of standardized items, or of the answers with
        ``standardized=False``.
    consistent : bool or sequence of str
        Whether Mode A constructs, or which, are corrected for unreliability by rho_A
        (PLSc): loadings, correlations of constructs and all that follows from them.
    reliability : dict of str to float, optional
        The reliability of constructs with one item, which are corrected by it.
    standardized : bool
        False to weight the answers as they are, for items on one scale (METRIC 4).
    sign : {"sum", "dominant", "none"}
        Each construct is turned so that its loadings have a positive sum, or its largest
        loading is positive, or it stays as the algorithm ended.
    higher_order : {"disjoint", "embedded", "repeated"}
        How a construct that constructs measure (``Quality =~ Tangible + Reliability``) comes
        about: from their scores, estimated first without it (disjoint two-stage) or with it
        (embedded two-stage), or from all of their items at once (repeated indicators).
    interaction : {"two_stage", "product_indicator", "orthogonalizing"}
        What stands for an interaction (``Loyalty ~ Image + Value + Image:Value``): the product of
        the scores of a fit without it, the products of all items, or what is left of those
        when the items have explained what they can.
    ordered : bool or sequence of str
        Whether items, or which, are ordinal: their correlations are polychoric, with
        `consistent` ordinal PLSc.
    missing : {"listwise", "mean", "pairwise", "fiml"}
        What is done about missing answers: respondents with any are left out; the mean of
        the item stands for them; correlations come from the respondents who answered both
        items; or means and covariances are those of maximum likelihood.
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
        fixed parameter, a third-order construct, an unconnected construct, a path of a
        bare item, an item in two constructs.
    OptionError
        When an option is outside its vocabulary or range.

    Notes
    -----
    Wold (1982), Lohmoeller (1989); the iteration runs on the correlation matrix and never
    forms scores, so thousands of bootstrap samples are one batch. Consistent PLS is Dijkstra &
    Henseler (2015), with interactions Dijkstra & Schermelleh-Engel (2014), with polychoric
    correlations Schuberth, Henseler & Dijkstra (2018); PLS on maximum likelihood moments Wang,
    Lu & Liu (2022). Survey weights enter through the weighted moments (Becker & Ismail 2016).

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
    higher_order: HigherOrder = HigherOrder.DISJOINT
    interaction: Interaction = Interaction.TWO_STAGE
    ordered: bool | tuple[str, ...] = False
    missing: PLSMissing = PLSMissing.LISTWISE
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
        object.__setattr__(self, "missing", choose(PLSMissing, self.missing, "missing"))
        require(self.tol > 0, f"tol={self.tol!r} must be positive, as 1e-7.")
        require_whole(self.max_iter, "max_iter", 1)
        require_level(self.level)
        modes = {
            name: choose(Mode, mode, f"modes[{name!r}]")
            for name, mode in (self.modes or {}).items()
        }
        object.__setattr__(self, "modes", modes)
        weights, reliability = dict(self.weights or {}), dict(self.reliability or {})
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "reliability", reliability)
        object.__setattr__(self, "consistent", listed_names(self.consistent))
        object.__setattr__(self, "sign", choose(SignRule, self.sign, "sign"))
        require(
            isinstance(self.standardized, bool),
            f"standardized={self.standardized!r} must be True or False.",
        )
        object.__setattr__(
            self, "higher_order", choose(HigherOrder, self.higher_order, "higher_order")
        )
        object.__setattr__(
            self, "interaction", choose(Interaction, self.interaction, "interaction")
        )
        given = {name: Mode.FIXED for name in weights if name in self.spec.construct_names}
        model = PathModel.of(self.spec, modes | given, self.interaction)
        weighting = Weighting.of(
            model,
            weights=weights,
            consistent=self.consistent,
            reliability=reliability,
            standardized=self.standardized,
            sign=self.sign,
            higher_order=self.higher_order,
        )
        object.__setattr__(self, "ordered", ordered_names(self.ordered, model.observed))
        require(
            not model.factors or self.rule.is_plain,
            f"missing={self.missing.value!r} and ordered= do not go with interactions, whose "
            "products need complete, continuous answers. Use missing='listwise' without ordered=, "
            "or fit(tcs.impute(survey)) where answers are missing.",
        )
        object.__setattr__(self, "_model", model)
        object.__setattr__(self, "_weighting", weighting)

    @property
    def model(self) -> PathModel:
        """The specification as constructs, blocks and paths."""
        return self.__dict__["_model"]

    @property
    def rule(self) -> Rule:
        """How answers become the moments that PLS runs on."""
        assert not isinstance(self.ordered, bool)
        return Rule(self.missing, self.ordered)

    @property
    def weighting(self) -> Weighting:
        """How items become constructs, beyond modes."""
        return self.__dict__["_weighting"]

    @property
    def how(self) -> str:
        """What was weighted and corrected, and how constructs were turned, in a sentence."""
        items = "standardized items" if self.standardized else "the answers as they are"
        if self.ordered:
            items += ", polychoric correlations"
        parts = [f"Weights of {items}", SIGNS[self.sign]]
        if self.weighting.corrects:
            parts.append("loadings and paths corrected for unreliability")
        return "; ".join(parts)

    @overload
    def fit(self, data: Data) -> PLSResult: ...

    @overload
    def fit(self, data: Imputations) -> PooledPLS: ...

    def fit(self, data: Data | Imputations) -> PLSResult | PooledPLS:
        """Return the fitted model.

        Parameters
        ----------
        data : Survey, pandas.DataFrame, Moments or Imputations
            Scores, the bootstrap and the index need respondents, so not `Moments`. To
            `tcsmodel.impute`'s completed surveys the model is fitted one by one, and pooled.

        Raises
        ------
        SurveyError
            When an item is absent, holds text or is constant, or was not imputed.
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
        if isinstance(data, Imputations):
            return fit_imputed(self, data)
        return self.fit_sample(pls_sample(data, self.model.observed, self.rule, self.model.pairs))

    def fit_sample(self, sample: Sample) -> PLSResult:
        """Return the model fitted to the sample of another `PLS` with the same items."""
        items = len(self.model.observed)
        if sample.n <= items:
            warn(
                f"{sample.n} respondents are few for {items} items: weights and "
                "loadings will hardly repeat in another sample. Collect more answers, or use "
                "fewer items and constructs.",
                SampleSizeWarning,
            )
        values = self.quantities(sample.moments.mean_array, sample.moments.cov_array, sample.n)
        status = Status(int(values.pop("status")))
        iterations = int(values.pop("iterations"))
        if status is Status.SINGULAR:
            corr = to_corr(sample.moments.cov_array)
            raise explain_singular(self.model, self.weighting, values, corr)
        if status is Status.ITERATION_CAP:
            warn(
                f"PLS did not converge in {iterations} iterations; do not read its numbers. Try "
                "another scheme, or look for items that point in the wrong direction.",
                ImproperSolutionWarning,
            )
        arrays = {name: read_only(values[name]) for name in values}
        result = PLSResult(self, sample, arrays, status, iterations)
        if status is Status.IMPROPER:
            head = result.verify()[0]
            warn(
                f"Consistent PLS ended with an improper solution: {head.sentence()} "
                "result.verify() says what to do.",
                ImproperSolutionWarning,
            )
        return result

    def fit_each(self, data: Survey | pd.DataFrame, by: str | Sequence[str]) -> PLSFits:
        """Return the model fitted to each unit by itself, all in one batch.

        Every unit, such as a firm, or a firm in a wave, has weights and paths of its own, the
        same as from `fit` to its respondents alone. What cannot be fitted is named with the
        reason, and stops nothing.

        Parameters
        ----------
        data : Survey or pandas.DataFrame
            The respondents of all units. Those with missing answers are left out; weights count
            within their unit.
        by : str or sequence of str
            The column that tells units apart; with several, each combination is a unit.

        Raises
        ------
        OptionError
            When items are ordered or answers with gaps are to be kept; when `by` is an item.
        SurveyError
            When `by` is not a column, or is empty for a respondent used.
        TcsError
            When no unit can be fitted, or moments were given.

        Warns
        -----
        DroppedRespondentsWarning
            When respondents with missing answers are left out.
        ImproperSolutionWarning
            When a unit could not be fitted, or its solution must not be read.
        """
        return fit_each(self, data, by)

    def quantities(self, mean: Array, cov: Array, n: int | NDArray[np.intp]) -> dict[str, Array]:
        """Return every quantity of means (..., p) and covariances (..., p, p), with `status`."""
        return assess(self.model, self.weighting, self.solution(mean, cov, n), n)

    def solution(self, mean: Array, cov: Array, n: int | NDArray[np.intp]) -> Solution:
        """Return composites and paths of means (..., p) and covariances (..., p, p)."""
        return solution(
            self.model,
            self.weighting,
            mean,
            cov,
            n,
            scheme=self.scheme,
            tol=self.tol,
            max_iter=self.max_iter,
        )
