"""How an estimator takes its data: a `Survey`, a DataFrame or `Moments` becomes a `Sample`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import OptionError, SurveyError, TcsError, counted
from tcsmodel.kernels.design import Design
from tcsmodel.kernels.missing import available, patterns, saturated, tabulate
from tcsmodel.kernels.replicates import Replicates
from tcsmodel.kernels.status import Status
from tcsmodel.options import Missing, SEMMissing
from tcsmodel.survey.cleaning import normalized
from tcsmodel.survey.moments import Moments, read_only, require_two, require_varying
from tcsmodel.survey.moments import require_definite as require_definite
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]
Data = Survey | pd.DataFrame | Moments

SCORE_OTHERS = " Or give the respondents to score: scores(data)."


@dataclass(frozen=True, eq=False, repr=False)
class Sample:
    """The items of one model: their moments, and the respondents behind them where known.

    Parameters
    ----------
    moments : Moments
        Of the p items of the model.
    values : ndarray (n, p) or None
        Complete answers; None when fitted to moments alone.
    weights : ndarray (n,) or None
        Weights of those respondents, summing to n.
    rows : ndarray (n,) or None
        Their row numbers in `survey`.
    survey : Survey or None
        Where they come from.
    groups : tuple of str
        Labels of the groups that are told apart, in the order in which they first appear.
    strata : ndarray (n,) of int, or None
        The group of each respondent, None without groups.
    staged : bool
        Whether moments stand in for answers with gaps: two-stage estimation.
    joint : Sample or None
        The same respondents with auxiliary variables behind the items.
    """

    moments: Moments
    values: Array | None = None
    weights: Array | None = None
    rows: NDArray[np.intp] | None = None
    survey: Survey | None = None
    groups: tuple[str, ...] = ("",)
    strata: NDArray[np.intp] | None = None
    staged: bool = False
    joint: Sample | None = None

    @property
    def by_group(self) -> tuple[Sample, ...]:
        """The sample of each group; this one without groups."""
        return (self,) if self.strata is None else self._apart

    @cached_property
    def _apart(self) -> tuple[Sample, ...]:
        return tuple(self._members(k) for k in range(len(self.groups)))

    @cached_property
    def has_gaps(self) -> bool:
        """Whether an answer is missing."""
        return self.values is not None and bool(np.count_nonzero(np.isnan(self.values)))

    def narrowed(self, names: tuple[str, ...]) -> Sample:
        """Return the sample of its first items, with all of them as its `joint` sample."""
        values = read_only(self.respondents("Auxiliary variables")[:, : len(names)])
        return replace(self, moments=self.moments.select(names), values=values, joint=self)

    def _members(self, group: int) -> Sample:
        if self.joint is not None:
            return self.joint.by_group[group].narrowed(self.names)
        own = np.flatnonzero(self.strata == group)
        values = self.respondents("A group")[own]
        weights = None if self.weights is None else self.weights[own]
        rows = None if self.rows is None else self.rows[own]
        try:
            moments = moments_of(self.names, values, weights)
        except SurveyError as error:
            raise of_group(error, self.groups[group]) from None
        return Sample(moments, values, weights, rows, self.survey, staged=self.staged)

    @property
    def row_labels(self) -> pd.Index:
        """Row labels (n,) of the respondents in the frame they come from; positions without one."""
        if self.survey is None or self.rows is None:
            return pd.RangeIndex(self.n)
        return self.survey.row_labels.take(self.rows)

    @cached_property
    def design(self) -> Design | Replicates | None:
        """Clusters and strata, or replicate weights; None where everybody was drawn alone."""
        return None if self.survey is None else self.survey.design(self.rows)

    @property
    def sizes(self) -> Array:
        """Respondents (G,) of each group; sums of their normalized weights."""
        if self.strata is None:
            return np.array([float(self.n)])
        return np.bincount(self.strata, self.weights, minlength=len(self.groups)).astype(float)

    @property
    def n(self) -> int:
        """Number of respondents used."""
        return self.moments.n

    @property
    def names(self) -> tuple[str, ...]:
        """The p items."""
        return self.moments.names

    @cached_property
    def applies(self) -> NDArray[np.bool_]:
        """Whether each item applies to each respondent (n, p)."""
        values = self.respondents("What applies")
        if self.survey is None or not self.has_gaps:
            return np.ones(values.shape, dtype=bool)
        return self.survey.applies(self.names)[self.rows]

    def require_applicable(self, purpose: str) -> None:
        """Raise TcsError when an item does not apply to a respondent; `purpose` needs them all."""
        self.respondents(purpose)
        outside = ~self.applies
        if outside.any():
            names = ", ".join(self.names[j] for j in np.flatnonzero(outside.any(axis=0)))
            raise TcsError(
                f"{purpose} needs items that apply to everybody, and to "
                f"{counted(int(outside.any(axis=1).sum()), 'respondent')} these do not: {names}. "
                "Fit the model with missing='listwise', or leave these items out."
            )

    def respondents(self, purpose: str, advice: str = "") -> Array:
        """Return the answers (n, p), or raise TcsError saying that `purpose` needs them."""
        if self.values is None:
            raise TcsError(
                f"{purpose} needs respondents, but the model was fitted to moments alone. "
                f"Fit it to a Survey or a DataFrame.{advice}"
            )
        return self.values


def as_survey(data: Survey | pd.DataFrame, items: Sequence[str]) -> Survey:
    """Return `data` as a survey; a bare DataFrame gives only the columns in `items`."""
    if isinstance(data, Survey):
        return data
    if not isinstance(data, pd.DataFrame):
        raise OptionError(
            f"Respondents are needed, as a Survey or a DataFrame, not {type(data).__name__}."
        )
    return Survey(data, items=items)


def take(
    data: Data,
    items: Sequence[str],
    missing: Missing | SEMMissing | str = Missing.LISTWISE,
    group: str | None = None,
    auxiliary: tuple[str, ...] = (),
) -> Sample:
    """Return the sample of `items` from a survey, a DataFrame or moments.

    Unless `missing` is ``"listwise"`` respondents who answered any of the items are in it, and
    its moments are those of maximum likelihood; columns in `auxiliary` count as items there.

    Raises
    ------
    SurveyError
        When an item is absent or constant, or fewer than two respondents remain; when the
        column `group` is absent, empty for a respondent, or names one group only.
    TcsError
        When groups are to be told apart in moments.
    """
    names = tuple(items)
    if auxiliary:
        if not isinstance(data, (Survey, pd.DataFrame)):
            raise TcsError(
                "auxiliary= needs respondents, but moments were given. "
                "Fit the model to a Survey or a DataFrame."
            )
        survey = _with_auxiliary(as_survey(data, names), auxiliary)
        return take(survey, names + auxiliary, missing, group).narrowed(names)
    if isinstance(data, Moments):
        if group is not None:
            raise TcsError(
                f"group={group!r} needs respondents, but moments were given. "
                "Fit the model to a Survey or a DataFrame."
            )
        sample = Sample(data.select(names))
    elif isinstance(data, (Survey, pd.DataFrame)):
        survey = as_survey(data, names)
        if group is not None:
            _require_answered(survey, names, group)
        some = isinstance(missing, SEMMissing) and missing.uses_partial
        staged = isinstance(missing, SEMMissing) and missing.is_staged
        if some:
            values, weights, rows = survey.answered(names)
            moments = moments_of(names, values, weights)
        else:
            values, weights, rows = survey.complete(names, str(missing))
            moments = Moments.of(names, values, weights)
        if weights is not None:
            weights = normalized(weights)
        groups, strata = _strata(survey, rows, group)
        sample = Sample(moments, values, weights, rows, survey, groups, strata, staged)
    else:
        raise OptionError(
            f"fit() takes a Survey, a DataFrame or Moments, not {type(data).__name__}."
        )
    require_varying(sample.moments)
    return sample


def _with_auxiliary(survey: Survey, names: tuple[str, ...]) -> Survey:
    """Return a survey with auxiliary variables as items; SurveyError names one of no use."""
    for name in names:
        try:
            survey = survey.with_items((name,))
        except SurveyError:
            if name not in survey.columns:
                raise
            raise SurveyError(
                f"Auxiliary variable {name!r} holds text, dates or infinite values. Leave it out "
                "of auxiliary=, recode it to numbers, or name variables of its categories: "
                f"survey.dummies({name!r}, reference=...)."
            ) from None
        answers = survey.values((name,))
        given = answers[~np.isnan(answers)]
        if not np.any(given != given[:1]):
            what = f"everyone who answered gave {given[0]:g}" if len(given) else "nobody answered"
            raise SurveyError(
                f"Auxiliary variable {name!r} says nothing: {what}. Leave it out of auxiliary=."
            )
    return survey


def respondents_of(data: Survey | pd.DataFrame, items: Sequence[str]) -> Sample:
    """Return those who answered all `items`, without their moments.

    Raises
    ------
    SurveyError
        When an item is absent, or fewer than two respondents remain.
    """
    names, survey = tuple(items), as_survey(data, items)
    values, weights, rows = survey.complete(names)
    require_two(len(values), names)
    return without_moments(names, values, weights, rows, survey)


def without_moments(
    names: tuple[str, ...],
    values: Array,
    weights: Array | None,
    rows: NDArray[np.intp],
    survey: Survey,
) -> Sample:
    """Return respondents, with weights as given, whose moments nobody has made: all are nan."""
    p = len(names)
    mean, cov = read_only(np.full(p, np.nan)), read_only(np.full((p, p), np.nan))
    moments = Moments(names, len(values), mean, cov, float(len(values)))
    own = None if weights is None else normalized(weights)
    return Sample(moments, values, own, rows, survey)


def moments_of(names: tuple[str, ...], values: Array, weights: Array | None) -> Moments:
    """Return the moments of answers; by maximum likelihood where some are missing."""
    if not np.isnan(values).any():
        return Moments.of(names, values, weights)
    given = np.ones(len(values)) if weights is None else weights
    table = tabulate(patterns(values), values, given[None])
    apart = table.coverage[0] == 0
    alone = np.flatnonzero(apart.diagonal())
    if len(alone):
        raise SurveyError(
            f"Nobody answered item {names[alone[0]]!r}, so nothing is known of it. Leave it out, "
            "or use other respondents."
        )
    i, j = np.nonzero(apart)
    if len(i):
        raise SurveyError(
            f"Items {names[i[0]]!r} and {names[j[0]]!r} are never answered together, so nothing "
            "says how they covary. Leave one of them out, or use other respondents."
        )
    n, total = len(values), float(given.sum())
    center, variance = (read_only(one[0]) for one in available(table))
    require_varying(Moments(names, n, center, np.diag(variance), total))
    found = saturated(table)
    if found.status[0] == Status.SINGULAR:
        raise SurveyError(
            f"The answers to the {len(names)} items have no likelihood: some item is a sum of "
            "others, or too few respondents answered items together. Use fewer items."
        )
    cov = found.cov[0] * (n / (n - 1))
    return Moments(names, n, read_only(found.mean[0]), read_only(cov), total)


def of_group(error: SurveyError, group: str) -> SurveyError:
    """Return an error about the answers of a group that says which one, and what else to try."""
    return SurveyError(
        f"In group {group!r}: {error} Or leave out the group with survey.where(...), or join it "
        "with another."
    )


def _require_answered(survey: Survey, names: tuple[str, ...], group: str) -> None:
    """Raise SurveyError when nobody of a group answered an item."""
    gaps = np.isnan(survey.values(names))
    if not gaps.any() or gaps.all(axis=0).any():
        return
    column = survey.column(group)
    for label in column.dropna().unique():
        own = gaps[(column == label).to_numpy()].all(axis=0)
        if own.any():
            raise SurveyError(
                f"Nobody in group {str(label)!r} answered item {names[int(own.argmax())]!r}, so "
                "nothing is known of it there. Leave out the item, or the group with "
                "survey.where(...)."
            )


def _strata(
    survey: Survey, rows: NDArray[np.intp], group: str | None
) -> tuple[tuple[str, ...], NDArray[np.intp] | None]:
    """Return the labels of groups by first appearance, and the group of each row used."""
    if group is None:
        return ("",), None
    column = survey.column(group)
    found, codes = labelled(column.iloc[rows])
    if len(found) < 2:
        raise SurveyError(
            f"Column {group!r} has one group only, {found[0]!r}, among the respondents used. "
            "Leave out group=, or look at the data."
        )
    lost = column[column.notna() & ~column.isin(column.iloc[rows])]
    if len(lost):
        label = lost.iloc[0]
        raise SurveyError(
            f"None of the {int((lost == label).sum())} respondents of group {str(label)!r} "
            "answered all items used, so the group is lost. Keep their answers with "
            "missing='fiml', or leave the group out with survey.where(...)."
        )
    alone = np.flatnonzero(np.bincount(codes) < 2)
    if len(alone):
        raise SurveyError(
            f"Group {found[alone[0]]!r} has 1 respondent only among those used, too few to "
            "estimate anything. Leave the group out with survey.where(...), or join it with others."
        )
    return found, codes


def labelled(column: pd.Series) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Return the labels in a column by first appearance, and the number of each row's.

    Raises SurveyError when a cell is empty or blank.
    """
    codes, labels = pd.factorize(column)
    blank = [k for k, label in enumerate(labels) if not str(label).strip()]
    unknown = codes < 0
    if blank:
        unknown |= np.isin(codes, blank)
    empty = int(np.count_nonzero(unknown))
    if empty:
        raise SurveyError(
            f"Column {column.name!r} is empty for {empty} of the {len(column)} respondents used, "
            "so their group is unknown. Leave them out with survey.where(...)."
        )
    return tuple(str(label) for label in labels), codes.astype(np.intp)
