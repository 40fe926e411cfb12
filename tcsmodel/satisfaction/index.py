"""Satisfaction indices on 0-100 with their uncertainty, and what moves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.kernels import index as kernel
from tcsmodel.models.bootstrapped import refuse_studentized
from tcsmodel.models.draws import Draws
from tcsmodel.models.path_model import PathModel
from tcsmodel.models.pls import PLS, PLSResult
from tcsmodel.models.pooled_pls import PooledPLS
from tcsmodel.options import IndexKind, choose
from tcsmodel.result import Finding, Result
from tcsmodel.satisfaction.definitions import (
    DEFINITIONS,
    defined,
    indices,
    limits,
    model_of,
    performances,
    shares,
    unstandardized,
)
from tcsmodel.satisfaction.impacts import impact_table, moderated_table
from tcsmodel.satisfaction.index_findings import findings
from tcsmodel.satisfaction.index_survey import survey_of
from tcsmodel.satisfaction.pooled_index import PooledIndex
from tcsmodel.satisfaction.respondent_indices import EVERYBODY, linearizer, respondent_indices
from tcsmodel.satisfaction.segments import FIXED, interval_about, segment_table
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]

DESIGNED = "survey design"


@overload
def satisfaction_index(
    pls: PLSResult, target: str = ..., kind: IndexKind | str = ...
) -> SatisfactionIndex: ...


@overload
def satisfaction_index(
    pls: PooledPLS, target: str = ..., kind: IndexKind | str = ...
) -> PooledIndex: ...


def satisfaction_index(
    pls: PLSResult | PooledPLS,
    target: str = "Satisfaction",
    kind: IndexKind | str = IndexKind.ACSI,
) -> SatisfactionIndex | PooledIndex:
    """Return the 0-100 index of every construct, and what moves the index of `target`.

    An index is the mean over respondents of ``sum_i share_i * 100 (x_i - low_i) /
    (high_i - low_i)``, with the theoretical limits of the scale. The shares of a
    construct's items sum to 1 and come from the PLS weights: with ``kind="acsi"``
    they are proportional to ``a_i / s_i * (high_i - low_i)``, a the weight of the
    standardized item and s its standard deviation (Fornell, Johnson, Anderson, Cha &
    Bryant 1996, appendix); ``"standardized"`` leaves out the division by s; ``"metric4"``
    takes the weights of PLS on the answers as they are (Tenenhaus, Esposito Vinzi,
    Chatelin & Lauro 2005); ``"equal"`` gives all items the same share.

    The items of a higher-order construct are those of its parts, whose weights in its score are
    those in the part times that of the part. Interactions enter no index.

    Parameters
    ----------
    pls : PLSResult or PooledPLS
        Fitted to a survey whose items have a scale, or to its imputations. After
        ``.bootstrap(...)`` intervals come from replicates that estimate the weights again;
        before, the weights are held fixed and the interval is that of a mean (t, linearized
        under sampling weights).
    target : str
        The construct whose index the study is about.
    kind : {"acsi", "standardized", "metric4", "equal"}
        The definition; it is printed with the number.

    Returns
    -------
    SatisfactionIndex or PooledIndex

    Raises
    ------
    SpecError
        When the model has no construct `target`.
    OptionError
        When `kind` is none of these, or ``"metric4"`` of a model with higher-order constructs or
        interactions; or the replicates of `pls` are for studentized intervals.
    SurveyError
        When an item of `target` has no scale.
    TcsError
        When the model was fitted to moments alone.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> pls = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    >>> index = tcs.satisfaction_index(pls, target="Satisfaction")
    >>> index
    SatisfactionIndex(Satisfaction 72.5, 95% CI 70.7 to 74.2, kind=acsi, n=250, fixed weights)
    >>> index.impacts.loc[:, ["source", "impact", "impact_5"]].round(2)
            source  impact  impact_5
    0        Image    0.41      2.07
    1  Expectation    0.43      2.16
    2      Quality    0.64      3.20
    3        Value    0.14      0.69
    """
    kind = choose(IndexKind, kind, "kind")
    if isinstance(pls, PooledPLS):
        parts = tuple(satisfaction_index(one, target, kind) for one in pls.results)
        return PooledIndex(pls, target, kind, parts)
    pls.estimator.spec.construct(target)
    defined(pls.estimator.model, kind)
    pls.sample.respondents("A 0-100 index")
    if pls.draws is not None:
        refuse_studentized(pls.draws.kind, "a 0-100 index")
    low, high = limits(pls.sample, pls.estimator.model, target)
    return SatisfactionIndex(pls, target, kind, low, high)


@dataclass(frozen=True, eq=False, repr=False)
class SatisfactionIndex(Result):
    """0-100 indices of all constructs of a PLS model, made by `satisfaction_index`.

    Parameters
    ----------
    pls : PLSResult
        The model, bootstrapped or not.
    target : str
        The construct the study is about.
    kind : IndexKind
        Which item weights the index uses.
    low, high : ndarray (p,)
        Limits of the items' scales; nan for items without a scale.
    """

    pls: PLSResult
    target: str
    kind: IndexKind
    low: Array
    high: Array

    @property
    def estimator(self) -> PLS:
        """The options of the PLS model behind the index."""
        return self.pls.estimator

    @property
    def definition(self) -> str:
        """What the number is, in words; print it with the number."""
        return DEFINITIONS[self.kind]

    @property
    def interval(self) -> str:
        """How the intervals were made: ``fixed weights``, ``bootstrap``, ``replicate weights``."""
        return FIXED if self.pls.draws is None else self.pls.draws.source.value

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return self.pls.level

    @property
    def n(self) -> int:
        """Number of respondents used."""
        return self.pls.sample.n

    @cached_property
    def _standardized(self) -> PLSResult:
        return model_of(self.pls, IndexKind.STANDARDIZED)

    @cached_property
    def _raw(self) -> PLSResult:
        return model_of(self.pls, IndexKind.METRIC4)

    def model_by(self, kind: IndexKind) -> PLSResult:
        """Return the PLS model whose weights a definition uses."""
        if kind is IndexKind.EQUAL:
            return self.pls
        return self._raw if kind is IndexKind.METRIC4 else self._standardized

    @cached_property
    def constructs(self) -> tuple[str, ...]:
        """The k constructs but interactions, in the order of the model."""
        return self._path_model.scored

    @cached_property
    def indices(self) -> pd.Series:
        """The index (k,) of each construct, 0-100."""
        values = self._of(self.kind, self.model_by(self.kind).arrays)
        return pd.Series(values, index=list(self.constructs), name="index")

    @property
    def value(self) -> float:
        """The index of the target, 0-100."""
        return float(self.indices[self.target])

    @cached_property
    def draws(self) -> Draws | None:
        """Replicates of `quantities`, each (B, ...); None before a bootstrap."""
        draws = self.model_by(self.kind).draws
        return None if draws is None else draws.derived(self._quantities)

    @cached_property
    def quantities(self) -> Mapping[str, Array]:
        """``index`` (k,), ``impacts`` (k, k), ``item_shares`` (m,), ``item_performance`` (p,).

        Shares are those of `parts`.
        """
        return self._quantities(self.model_by(self.kind).arrays)

    def _quantities(self, q: Mapping[str, Array]) -> dict[str, Array]:
        item, construct = self.parts
        return {
            "index": self._of(self.kind, q),
            "impacts": self.impacts_of(q),
            "item_shares": self._shares(self.kind, q)[..., item, construct],
            "item_performance": performances(self._path_model, q, self.low, self.high),
        }

    def table(self) -> pd.DataFrame:
        """Return one row per construct: ``construct index ci_lower ci_upper n se interval``."""
        lower, upper, se = self._uncertainty(self.kind)
        return pd.DataFrame(
            {
                "construct": self.constructs,
                "index": self.indices.to_numpy(),
                "ci_lower": lower,
                "ci_upper": upper,
                "n": self.n,
                "se": se,
                "interval": self.interval,
            }
        )

    @cached_property
    def definitions(self) -> pd.DataFrame:
        """The target's index by every definition: the choice moves it, so it is shown.

        By all but METRIC 4 in a model with higher-order constructs or interactions.
        """
        at = self.constructs.index(self.target)
        rows = []
        for kind in IndexKind:
            if kind is IndexKind.METRIC4 and self._path_model.is_staged:
                continue
            lower, upper, se = self._uncertainty(kind)
            rows.append(
                {
                    "kind": kind.value,
                    "index": self._of(kind, self.model_by(kind).arrays)[at],
                    "ci_lower": lower[at],
                    "ci_upper": upper[at],
                    "n": self.n,
                    "se": se[at],
                    "interval": self.interval,
                    "definition": DEFINITIONS[kind],
                }
            )
        return pd.DataFrame(rows)

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """The target's index with every interval that can be made: ``interval se ci_* ratio``.

        ``fixed weights``: the mean of respondents drawn one by one, with the item weights
        taken as known; ``survey design``: the same linearised for strata and clusters, or by
        replicate weights, where the survey has them; ``bootstrap`` or ``replicate weights``:
        item weights estimated again, once bootstrapped or replicated.
        `ratio` is the standard error over that of the first: what the others know of and it
        does not.
        """
        at, sample = self.constructs.index(self.target), self.pls.sample
        scores, value = (
            linearizer(self, self.kind)(EVERYBODY)[:, [at]],
            self.indices.to_numpy()[[at]],
        )
        designs = {FIXED: None} if sample.design is None else {FIXED: None, DESIGNED: sample.design}
        rows = []
        for name, design in designs.items():
            lower, upper, se = interval_about(value, scores, sample.weights, self.level, design)
            rows.append((name, float(se[0]), float(lower[0]), float(upper[0])))
        if self.draws is not None:
            lower, upper = (limit[at] for limit in self.draws.interval("index"))
            rows.append((self.interval, self.draws.se("index")[at], lower, upper))
        frame = pd.DataFrame(rows, columns=["interval", "se", "ci_lower", "ci_upper"])
        return frame.assign(ratio=frame["se"] / frame["se"].iloc[0])

    @cached_property
    def items(self) -> pd.DataFrame:
        """Each item's part in its construct's index: ``construct item share performance``.

        ``performance`` is the item's mean on 0-100; the index is the sum over items of
        ``share * performance``. The items of a part count for the whole as well.
        """
        shares = self.shares_by(self.kind)
        performance = performances(self._path_model, self.pls.arrays, self.low, self.high)
        item, construct = self.parts
        names = self._path_model.observed
        frame = pd.DataFrame(
            {
                "construct": [self.constructs[j] for j in construct],
                "item": [names[i] for i in item],
                "share": shares[item, construct],
                "performance": performance[item],
            }
        )
        order = pd.Series(construct).sort_values(kind="stable").index
        return frame.loc[order].reset_index(drop=True)

    @cached_property
    def respondents(self) -> pd.DataFrame:
        """Each used respondent's index (n, k), 0-100, with the row labels of the data."""
        return pd.DataFrame(
            self.respondents_by(self.kind),
            index=self.pls.sample.row_labels,
            columns=list(self.constructs),
        )

    def survey(self, constructs: Sequence[str] | None = None) -> Survey:
        """Return the respondents' indices as a survey, with the weights of the model.

        So that constructs can be the target and the drivers of `KeyDrivers`.

        Parameters
        ----------
        constructs : sequence of str, optional
            All that have an index by default.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> pls = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
        >>> index = tcs.satisfaction_index(pls)
        >>> tcs.KeyDrivers("Satisfaction", ["Image", "Quality", "Value"]).fit(index.survey())
        Drivers(Satisfaction on 3 drivers, n=250, R2=0.678)
        """
        names = [name for name in self.constructs if np.isfinite(self.indices[name])]
        frame = self.respondents[names if constructs is None else list(constructs)]
        return survey_of(frame, self.pls.sample)

    @cached_property
    def impacts(self) -> pd.DataFrame:
        """What the target's index gains when another construct's index rises.

        ``impact`` is the unstandardized total effect: points of the target per point of
        the source, ``T * sd(source's score) / sd(target's score)`` in index units.
        ``impact_5`` is the gain for +5 points, the custom of the ACSI, or for the
        ``rise`` that is left below 100 where that is less. Effects are those of the PLS
        scores, so they are the same for every `kind` but ``"metric4"``, which has scores of
        its own. Limits are nan before a bootstrap. An effect that depends on a
        moderator is that at the mean of the moderator; see `moderated_impacts`. Of a higher-order
        target that nothing leads to, the sources are its parts, whose weights in its index these
        are.
        """
        return impact_table(self)

    def sources_of(self, target: str) -> tuple[str, ...]:
        """Return the constructs that move another: those with a directed way to it.

        Of a higher-order construct that nothing leads to, its parts.
        """
        model = self._path_model
        found = self.estimator.spec.antecedents(target)
        parts = model.parts.get(model.constructs.index(target), ())
        return found or tuple(model.constructs[part] for part in parts)

    @cached_property
    def moderated_impacts(self) -> pd.DataFrame:
        """Impacts on the target where moderators are low, at their mean and high.

        ``source moderator at impact ci_lower ci_upper se``: of each interaction on the way to the
        target, both factors in turn, with the other at -1, 0 and 1 standard deviations from its
        mean and all other moderators at theirs. Of a quadratic effect source and moderator are the
        same construct. Without interactions no rows.

        Raises
        ------
        OptionError
            When interactions were not made of scores (``interaction="two_stage"``).
        """
        return moderated_table(self)

    def by(self, column: str | Sequence[str]) -> pd.DataFrame:
        """Return the indices of segments: the model's weights, each segment's respondents.

        Parameters
        ----------
        column : str or sequence of str
            Any column of the survey, such as the group or the wave, or several. Respondents
            without a value are left out with a warning.

        Returns
        -------
        pandas.DataFrame
            ``construct index ci_lower ci_upper n segment se interval``, segments sorted; of
            several columns these instead of ``segment``. After a bootstrap its replicates give
            the intervals (percentiles where BCa was asked for); before, and for answers with
            gaps or segments of fewer than 20, these hold the weights fixed. Strata and clusters
            count, except for a segment inside one cluster, such as a branch: its respondents are
            taken as drawn one by one from it, with weights held fixed.

        Raises
        ------
        SurveyError
            When the survey has no such column.
        """
        return segment_table(self, column)

    def verify(self) -> tuple[Finding, ...]:
        """Return what speaks against the index, worst first.

        Items that count against their own index, constructs without a scale, a target that no
        construct leads to, and what the fit says of its weights: not converged, few respondents,
        gaps filled with means, replicates lost.
        """
        return findings(self)

    def _facts(self) -> str:
        row = self.table().set_index("construct").loc[self.target]
        return (
            f"{self.target} {row['index']:.1f}, {self.level:.0%} CI {row['ci_lower']:.1f} to "
            f"{row['ci_upper']:.1f}, kind={self.kind}, n={self.n}, {self.interval}"
        )

    def summary(self) -> str:
        """Return the facts, the definition, the findings and the table as plain text."""
        facts, *rest = super().summary().split("\n")
        return "\n".join([facts, f"Index: {self.definition}.", *rest])

    @property
    def _path_model(self) -> PathModel:
        return self.pls.estimator.model

    @cached_property
    def parts(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The places (m,) of items and of the constructs behind which they stand, item by item."""
        item, construct = np.nonzero(self._path_model.stands_behind)
        return item, construct

    def _shares(self, kind: IndexKind, q: Mapping[str, Array]) -> Array:
        """Return item shares (..., p, k) by a definition, from quantities with batch axes."""
        return shares(kind, self._path_model, q, self.low, self.high)

    def indices_of(self, q: Mapping[str, Array]) -> Array:
        """Return the indices (..., k) of PLS quantities with batch axes."""
        return self._of(self.kind, q)

    def _of(self, kind: IndexKind, q: Mapping[str, Array]) -> Array:
        """Return indices (..., k) by a definition, from quantities with batch axes."""
        return indices(kind, self._path_model, q, self.low, self.high)

    def impacts_of(self, q: Mapping[str, Array]) -> Array:
        """Return points of indices per point (..., k, k), from quantities with batch axes.

        Of a whole per point of its part: what the items of the part weigh in it.
        """
        model = self._path_model
        w = unstandardized(model, q, self.low, self.high)
        k = len(model.scored)
        found = kernel.impacts(q["total_effects"][..., :k, :k], w, model.stands_behind)
        if model.parts:
            share = self._shares(self.kind, q)
            for whole, parts in model.parts.items():
                own = model.stands_behind[:, list(parts)].astype(np.float64)
                found[..., list(parts), whole] = share[..., whole] @ own
        return found

    def respondents_by(self, kind: IndexKind) -> Array:
        """Return each respondent's indices (n, k) by a definition, of the items that apply."""
        return respondent_indices(self, kind)

    def shares_by(self, kind: IndexKind) -> Array:
        """Return the items' shares (p, k) by a definition."""
        return self._shares(kind, self.model_by(kind).arrays)

    def _uncertainty(self, kind: IndexKind) -> tuple[Array, Array, Array]:
        """Return lower and upper limits and standard errors (k,) of the indices."""
        draws = self.model_by(kind).draws
        if draws is None:
            sample, value = self.pls.sample, self._of(kind, self.model_by(kind).arrays)
            scores = linearizer(self, kind)(EVERYBODY)
            return interval_about(value, scores, sample.weights, self.level, sample.design)
        draws = draws.derived(lambda values: {"index": self._of(kind, values)})
        return *draws.interval("index"), draws.se("index")
