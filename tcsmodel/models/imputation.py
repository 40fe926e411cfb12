"""Multiple imputation: several completed surveys that differ by what is not known of the gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError, counted
from tcsmodel.kernels.imputation import DONORS, chained
from tcsmodel.options import require, require_whole
from tcsmodel.result import Finding, Result, Severity
from tcsmodel.survey.cleaning import listed
from tcsmodel.survey.completed import completed
from tcsmodel.survey.moments import read_only
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]

# More categories than these are no predictors.
MOST_CATEGORIES = 20
MUCH = 0.5


def impute(
    data: Survey | pd.DataFrame,
    m: int = 20,
    *,
    items: Sequence[str] | None = None,
    iterations: int = 10,
    seed: int = 0,
) -> Imputations:
    """Return `m` completed surveys, for models that are pooled over them by Rubin's rules.

    What stands for a missing answer is drawn, not computed, so that the surveys differ by what is
    not known of it, and standard errors over them count that too. Draws are by chained equations
    with predictive mean matching (van Buuren & Groothuis-Oudshoorn 2011): each item is regressed
    on all others, the regression itself drawn from its posterior, and a gap gets the answer of one
    of the five respondents predicted most alike. So imputed answers are answers that somebody gave,
    on the scale of the item. Group, wave, strata and sampling weight are predictors too. It
    supposes that gaps depend on what is in the survey (missing at random).

    Parameters
    ----------
    data : Survey or DataFrame
        The answers. Where an item does not apply nothing is drawn.
    m : int
        How many completed surveys; not fewer than the percentage of respondents with a gap
        (White, Royston & Wood 2011).
    items : sequence of str, optional
        The items that are imputed, and predict each other; all by default. Name more than the
        model has: what says who skips, or what they would have answered, helps.
    iterations : int
        How often each item is drawn; see `Imputations.trace`.
    seed : int
        The same seed gives the same draws, and survey k is the same whatever `m` is.

    Returns
    -------
    Imputations
        For ``tcs.PLS(spec).fit(imputations)``.

    Raises
    ------
    OptionError
        When `m` is below 2 or `iterations` below 1.
    SurveyError
        When an item has no answers at all, or too few to be regressed on the others.

    Warns
    -----
    DroppedRespondentsWarning
        When respondents answered none of the items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> frame = tcs.datasets.mobi().data
    >>> frame.loc[::4, ["CUSA2", "CUSA3"]] = float("nan")
    >>> imputations = tcs.impute(tcs.Survey(frame, scale=(1, 10)), m=25, seed=7)
    >>> imputations
    Imputations(25 of 126 answers to 2 items, n=250, seed=7)
    >>> imputations.completed(0)
    Survey(250 respondents, 24 items, 0 missing answers)
    """
    require_whole(m, "m", 2)
    require_whole(iterations, "iterations", 1)
    require_whole(seed, "seed", 0)
    require(
        isinstance(data, (Survey, pd.DataFrame)),
        f"impute() takes a Survey or a DataFrame, not {type(data).__name__}.",
    )
    survey = data if isinstance(data, Survey) else Survey(data, items=items)
    names = survey.items if items is None else listed(items, "items")
    require(len(names) > 0, "items is empty; name the items to impute, or leave it out.")
    rows = survey.answered(names)[2]
    if len(rows) < survey.n:
        kept = np.zeros(survey.n, dtype=bool)
        kept[rows] = True
        survey = survey.where(kept)
    gaps = np.isnan(survey.values(names)) & survey.applies(names)
    beside, known, unused = _beside(survey)
    _require_answers(survey, names, gaps, beside.shape[1])
    found = chained(survey.values(names), gaps, beside, iterations, m, seed)
    gaps.setflags(write=False)
    return Imputations(
        survey, names, gaps, read_only(found.values), read_only(found.trace), seed, known, unused
    )


def _beside(survey: Survey) -> tuple[Array, tuple[str, ...], tuple[str, ...]]:
    """Return predictors (n, q) beside the items, their columns, and columns that are too long."""
    columns: list[Array] = []
    known, unused = [], []
    for role in ("group", "wave", "strata"):
        name = getattr(survey, role)
        if name is None or name in known:
            continue
        codes, labels = pd.factorize(survey.column(name), use_na_sentinel=False)
        if len(labels) > MOST_CATEGORIES:
            unused.append(name)
            continue
        known.append(name)
        columns += [(codes == k).astype(np.float64) for k in range(1, len(labels))]
    if survey.weights is not None and survey.weight is not None:
        known.append(survey.weight)
        columns.append(np.log(survey.weights))
    return np.array(columns).reshape(-1, survey.n).T, tuple(known), tuple(unused)


def _require_answers(
    survey: Survey, names: tuple[str, ...], gaps: NDArray[np.bool_], beside: int
) -> None:
    """Raise SurveyError naming the item with gaps that too few answered to be regressed."""
    count = np.isfinite(survey.values(names)).sum(axis=0)
    predictors = len(names) - 1 + beside
    few = np.flatnonzero(gaps.any(axis=0) & (count <= max(predictors + 1, DONORS)))
    if len(few):
        worst = few[np.argmin(count[few])]
        raise SurveyError(
            f"Item {names[worst]!r} has {counted(int(count[worst]), 'answer')}, too few to be "
            f"imputed from {counted(predictors, 'predictor')}. Name fewer items in items=[...], or "
            "leave this one out of the model."
        )


@dataclass(frozen=True, eq=False, repr=False)
class Imputations(Result):
    """Completed surveys, made by `impute`.

    Parameters
    ----------
    survey : Survey
        The respondents, gaps as they are.
    items : tuple of str
        The p items that were imputed, or predicted others.
    gaps : ndarray (n, p) of bool
        Which answers were drawn.
    draws : ndarray (m, c)
        What was drawn for each gap, row by row.
    trace_array : ndarray (iterations, m, p)
        Means of the draws of each item in each iteration, nan without gaps.
    seed : int
        Of the draws.
    predictors : tuple of str
        Columns beside the items that predicted: group, wave, strata, weight.
    unused : tuple of str
        Those of them that have too many categories.
    """

    survey: Survey
    items: tuple[str, ...]
    gaps: NDArray[np.bool_]
    draws: Array
    trace_array: Array
    seed: int
    predictors: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def m(self) -> int:
        """How many completed surveys there are."""
        return len(self.draws)

    @property
    def n(self) -> int:
        """How many respondents there are."""
        return self.survey.n

    def completed(self, k: int) -> Survey:
        """Return completed survey `k`, from 0 to m - 1.

        Raises
        ------
        OptionError
            When there is no such survey.
        """
        require_whole(k, "k", 0)
        require(k < self.m, f"k={k} must be below {self.m}, the number of completed surveys.")
        return completed(self.survey, self.items, self.gaps, self.draws[k])

    def __iter__(self) -> Iterator[Survey]:
        """Iterate over the completed surveys."""
        return (self.completed(k) for k in range(self.m))

    @cached_property
    def trace(self) -> pd.DataFrame:
        """Means of the draws: ``item imputation iteration mean``.

        Without a trend, and with imputations that mingle, the iterations were enough.
        """
        at = np.flatnonzero(self.gaps.any(axis=0))
        iterations, m, _ = self.trace_array.shape
        item, imputation, iteration = np.indices((len(at), m, iterations)).reshape(3, -1)
        return pd.DataFrame(
            {
                "item": np.array(self.items, dtype=object)[at][item].tolist(),
                "imputation": imputation,
                "iteration": iteration + 1,
                "mean": self.trace_array[iteration, imputation, at[item]],
            }
        )

    def table(self) -> pd.DataFrame:
        """Return the items, with what was answered and what was drawn.

        Columns: ``item answered imputed not_applicable mean sd imputed_mean imputed_sd
        imputed_mean_min imputed_mean_max low high``. `mean` and `sd` are those of the answers, as
        given (no weights); the next are of the draws, over all imputations, and the least and the
        greatest mean of one; `low` and `high` the least and greatest draw.
        """
        values, applies = self.survey.values(self.items), self.survey.applies(self.items)
        rows = []
        for j, name in enumerate(self.items):
            own, drawn = values[:, j][np.isfinite(values[:, j])], self._drawn(j)
            known = {
                "item": name,
                "answered": len(own),
                "imputed": drawn.shape[1],
                "not_applicable": int((~applies[:, j]).sum()),
                "mean": own.mean(),
                "sd": own.std(ddof=1),
            }
            rows.append(known | (_drawn_facts(drawn) if drawn.size else NOTHING))
        return pd.DataFrame(rows)

    def _drawn(self, j: int) -> Array:
        """Return the draws (m, g) for the gaps of an item."""
        return self.draws[:, np.nonzero(self.gaps)[1] == j]

    @property
    def incomplete(self) -> float:
        """Share of the respondents with a gap."""
        return float(self.gaps.any(axis=1).mean())

    def verify(self) -> tuple[Finding, ...]:
        """Return whether there was anything to impute, too much, or too few imputations.

        Codes: ``few_imputations``, ``mostly_imputed``, ``predictor_unused``, ``not_imputed``,
        ``nothing_to_impute``.
        """
        if not self.gaps.any():
            return (Finding("nothing_to_impute", Severity.NOTE, (), {"n": self.n}),)
        return tuple(self._findings())

    def _findings(self) -> Iterator[Finding]:
        needed = int(np.ceil(100 * self.incomplete))
        if self.m < needed:
            evidence = {"m": self.m, "needed": needed, "share": self.incomplete}
            yield Finding("few_imputations", Severity.CAUTION, (), evidence)
        applies = self.survey.applies(self.items)
        share = self.gaps.sum(axis=0) / np.maximum(applies.sum(axis=0), 1)
        most = np.flatnonzero(share > MUCH)
        if len(most):
            subjects = tuple(self.items[j] for j in most)
            worst = {"share": float(share.max()), "worst": self.items[int(share.argmax())]}
            yield Finding("mostly_imputed", Severity.CAUTION, subjects, worst)
        if self.unused:
            evidence = {"limit": MOST_CATEGORIES}
            yield Finding("predictor_unused", Severity.CAUTION, self.unused, evidence)
        outside = ~applies
        if outside.any():
            subjects = tuple(self.items[j] for j in np.flatnonzero(outside.any(axis=0)))
            evidence = {"count": int(outside.any(axis=1).sum()), "n": self.n}
            yield Finding("not_imputed", Severity.NOTE, subjects, evidence)

    def _facts(self) -> str:
        imputed = counted(int(self.gaps.sum()), "answer")
        items = counted(int(self.gaps.any(axis=0).sum()), "item")
        return f"{self.m} of {imputed} to {items}, n={self.n}, seed={self.seed}"


DRAWN = ("imputed_mean", "imputed_sd", "imputed_mean_min", "imputed_mean_max", "low", "high")
NOTHING = dict.fromkeys(DRAWN, np.nan)


def _drawn_facts(drawn: Array) -> dict[str, float]:
    means = drawn.mean(axis=1)
    facts = (drawn.mean(), drawn.std(), means.min(), means.max(), drawn.min(), drawn.max())
    return dict(zip(DRAWN, facts, strict=True))
