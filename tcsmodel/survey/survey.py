"""`Survey`: the one door through which answers enter.

It copies, checks and recodes once; nothing below it meets a pandas object and
nothing ever writes to the caller's frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError, counted
from tcsmodel.kernels.design import Design
from tcsmodel.kernels.replicates import Replicates
from tcsmodel.options import Missing, choose, did_you_mean, require_whole
from tcsmodel.survey.applicability import (
    INCOMPLETE,
    SILENT,
    UNFILLED,
    beside,
    coded_cells,
    require_answered,
    require_apart,
    some,
    warn_left_out,
)
from tcsmodel.survey.categories import indicators
from tcsmodel.survey.choosing import halves, require_no_item, truths
from tcsmodel.survey.cleaning import (
    Array,
    Scale,
    check_scales,
    checked_frame,
    item_names,
    listed,
    named_columns,
    normalized,
    require_column,
    scale_limits,
    to_numbers,
    to_weights,
    turn,
)
from tcsmodel.survey.moments import Moments, read_only
from tcsmodel.survey.replicates import ReplicateWeights, check_replicates, replicates_of
from tcsmodel.survey.sampling import check_design, design_of, repeated


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Survey:
    """Answers of respondents (rows) to items (columns), with what is known about them.

    Parameters
    ----------
    data : pandas.DataFrame
        One row per respondent. It is copied, never changed. Columns that are not
        named by another argument are kept in `.data` and otherwise ignored. Tables with a row
        per respondent carry the labels of its rows, those of scores and indices too.
    items : sequence of str, optional
        The item columns. By default all numeric columns that have no other role. An ordered
        pandas Categorical of text is read as 1, 2, ..., k, a number for each category, those
        that nobody chose too; as brands and regions come from some files in this form, it is no
        item unless it is named.
    scale : (low, high) or dict of str to (low, high), optional
        The theoretical limits of the answers. The 0-100 index, reversed items and
        the out-of-range check need them.
    reverse : sequence of str
        Items worded against the others; recoded to ``low + high - answer``.
    weight : str, optional
        Column of sampling weights. Their unit does not matter: they are normalized to
        sum to n wherever they are used.
    group, wave, id : str, optional
        Columns with the respondent's group (brand, segment), wave, and identifier.
    missing_codes : sequence of numbers or str
        Codes in the items that mean "no answer". One that is a category takes no number.
    not_applicable : sequence of numbers or str
        Codes in the items that mean "does not apply" (who never complained has no opinion of how
        complaints are handled): counted apart, and nothing stands for them.
    labels : dict of str to str, optional
        Question texts of items.
    strata, cluster : str, optional
        Columns of the sampling design: respondents were drawn within strata (regions), and in
        clusters (branches, interviewers, households), which lie in one stratum each. Robust
        standard errors (``SEM(estimator="mlr")``), the intervals of an index and every
        bootstrap take them into account; estimates are as without.
    replicates : ReplicateWeights, optional
        Columns of replicate weights, which say how respondents were drawn in place of strata and
        clusters: ``tcs.ReplicateWeights(columns="rw*", kind="brr")``.
    frequency : bool
        Whether the weights count rows: a row of weight 3 stands for 3 respondents with the same
        answers, and is 3 rows of the survey.
    simulated : bool
        Whether nobody gave these answers; the survey says so wherever it is shown.

    Raises
    ------
    SurveyError
        When a column is absent, an item holds text or answers outside its scale or is
        also the weight, the identifier, the stratum or the cluster, a weight is missing, zero
        or negative, a frequency is not a whole number, a stratum or cluster is missing, a
        cluster lies in two strata, or there are no rows.

    Examples
    --------
    >>> import pandas as pd
    >>> import tcsmodel as tcs
    >>> frame = pd.DataFrame({"sat1": [7, 9, 10, 99], "sat2": [2, 1, 3, 1], "city": list("abcd")})
    >>> survey = tcs.Survey(frame, scale=(1, 10), reverse=["sat2"], missing_codes=[99])
    >>> survey
    Survey(4 respondents, 2 items, 1 missing answer)
    >>> survey.values(["sat2"]).ravel().tolist()
    [9.0, 10.0, 8.0, 10.0]
    """

    items: tuple[str, ...]
    scale: Mapping[str, Scale]
    reverse: tuple[str, ...]
    weight: str | None
    group: str | None
    wave: str | None
    id: str | None
    missing_codes: tuple[Any, ...]
    not_applicable: tuple[Any, ...]
    labels: Mapping[str, str]
    strata: str | None
    cluster: str | None
    replicates: ReplicateWeights | None
    frequency: bool
    simulated: bool
    _frame: pd.DataFrame
    _index: pd.Index
    _answers: Array
    _inapplicable: NDArray[np.bool_] | None
    _weights: Array | None

    def __init__(
        self,
        data: pd.DataFrame,
        items: Sequence[str] | None = None,
        scale: Scale | Mapping[str, Scale] | None = None,
        reverse: Sequence[str] = (),
        weight: str | None = None,
        group: str | None = None,
        wave: str | None = None,
        id: str | None = None,
        missing_codes: Sequence[Any] = (),
        labels: Mapping[str, str] | None = None,
        strata: str | None = None,
        cluster: str | None = None,
        replicates: ReplicateWeights | None = None,
        frequency: bool = False,
        simulated: bool = False,
        not_applicable: Sequence[Any] = (),
    ) -> None:
        frame = checked_frame(data)
        index = data.index.view()  # whoever renames the one leaves the other alone
        roles = named_columns(
            frame, weight=weight, group=group, wave=wave, id=id, strata=strata, cluster=cluster
        )
        check_design(frame, roles["strata"], roles["cluster"])
        drawn = check_replicates(frame, replicates, roles, frequency)
        column = roles["weight"]
        if frequency:
            frame, index = repeated(frame, index, column)
            weights = None
        else:
            weights = None if column is None else to_weights(frame[column], column)
        taken = {column for column in roles.values() if column is not None} | drawn
        missing_codes = listed(missing_codes, "missing_codes")
        not_applicable = listed(not_applicable, "not_applicable")
        require_apart(missing_codes, not_applicable)
        codes = (*missing_codes, *not_applicable)
        reverse = tuple(dict.fromkeys(listed(reverse, "reverse")))
        names = item_names(frame, items, taken, codes)
        require_no_item(names, roles, drawn)
        limits = scale_limits(scale, names)
        answers = to_numbers(frame, names, codes)
        check_scales(answers, names, limits)
        turn(answers, names, reverse, limits)
        answers.setflags(write=False)
        fields = {
            "items": tuple(names),
            "scale": limits,
            "reverse": reverse,
            **roles,
            "missing_codes": missing_codes,
            "not_applicable": not_applicable,
            "labels": dict(labels or {}),
            "replicates": replicates,
            "frequency": bool(frequency),
            "simulated": bool(simulated),
            "_frame": frame,
            "_index": index,
            "_answers": answers,
            "_inapplicable": some(coded_cells(frame, names, not_applicable)),
            "_weights": weights,
        }
        for field, value in fields.items():
            object.__setattr__(self, field, value)

    @classmethod
    def read(cls, path: str | PathLike[str], encoding: str = "utf-8", **options: Any) -> Survey:
        """Return the survey in a CSV file.

        Parameters
        ----------
        path : str or path
            The file.
        encoding : str
            How the file encodes text; ``"gb18030"`` or ``"cp1252"`` for older exports.
        **options
            Those of `Survey`.

        Raises
        ------
        SurveyError
            When the file is absent, empty, not readable as text, or of another kind.
        """
        from tcsmodel.survey.io import read_table

        return cls(read_table(path, encoding), **options)

    @property
    def n(self) -> int:
        """Number of respondents."""
        return len(self._answers)

    @property
    def row_labels(self) -> pd.Index:
        """Row labels (n,) of the respondents: the index of the frame, which may repeat."""
        return self._index.view()

    @property
    def data(self) -> pd.DataFrame:
        """A copy of the frame, items cleaned: numbers, nan where missing, reversals recoded."""
        answers = {name: self._answers[:, i] for i, name in enumerate(self.items)}
        return self._frame.assign(**answers).set_axis(self.row_labels)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, the items among them."""
        return tuple(self._frame.columns)

    @property
    def weights(self) -> Array | None:
        """Sampling weights (n,), normalized to sum to n; None without weights."""
        return None if self._weights is None else normalized(self._weights)

    def design(self, rows: NDArray[np.intp] | None = None) -> Design | Replicates | None:
        """Return clusters and strata of some respondents, or replicate weights; None without any.

        Raises
        ------
        SurveyError
            When a stratum has one cluster only, so that nothing says how its clusters differ, or
            a replicate weight is zero for all of them.
        """
        if self.replicates is not None and self._weights is not None:
            return replicates_of(self._frame, self.replicates, self._weights, rows)
        if self.strata is None and self.cluster is None:
            return None
        return design_of(self._frame, self.strata, self.cluster, rows)

    def values(self, items: Sequence[str] | None = None) -> Array:
        """Return the answers (n, k) of `items`, nan where missing.

        Raises
        ------
        SurveyError
            When a name is not an item; the message suggests the nearest.
        """
        if items is None:
            return self._answers
        at = {name: i for i, name in enumerate(self.items)}
        for name in items:
            if name not in at:
                raise SurveyError(self._absent(name))
        if tuple(items) == self.items:
            return self._answers
        answers = self._answers[:, [at[name] for name in items]]
        answers.setflags(write=False)
        return answers

    def applies(self, items: Sequence[str] | None = None) -> NDArray[np.bool_]:
        """Return whether each of `items` applies to each respondent (n, k).

        Raises
        ------
        SurveyError
            When a name is not an item.
        """
        values = self.values(items)
        if self._inapplicable is None:
            return np.ones(values.shape, dtype=bool)
        names = self.items if items is None else items
        return ~self._inapplicable[:, [self.items.index(name) for name in names]]

    @property
    def _codes(self) -> tuple[Any, ...]:
        return (*self.missing_codes, *self.not_applicable)

    def _absent(self, name: str) -> str:
        hint = did_you_mean(name, self.items)
        if name in self._frame.columns:
            to_numbers(self._frame, [name], self._codes)  # refuses text in its own words
            hint = " It is a column of the data but not an item; add it to items=[...]."
        elif not hint:
            hint = f" The items are {', '.join(self.items)}."
        return f"Item {name!r} is not in the survey.{hint}"

    def with_items(self, columns: Sequence[str]) -> Survey:
        """Return the survey with more of its columns as items.

        Raises
        ------
        SurveyError
            When a column is absent or holds text without an order.
        """
        new = [name for name in columns if name not in self.items]
        for name in new:
            require_column(self._frame, name, repr(name))
        if not new:
            return self
        answers = to_numbers(self._frame, new, self._codes)
        return self._joined(self._frame, new, answers, new)

    def dummies(self, column: str, *, reference: Any) -> Survey:
        """Return the survey with an item of 0 and 1 for each category of a column but one.

        The items are called ``column_category``: 1 for respondents of that category, 0 for the
        others, missing where the answer is. A path of one compares with the reference.

        Parameters
        ----------
        column : str
            Any column, of text or of numbers.
        reference : object
            The category that the others are compared with.

        Raises
        ------
        SurveyError
            When the column is absent, has fewer than two categories or more than 20, none of
            them is `reference`, or an item would take the name of another column.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> frame = tcs.datasets.mobi().data.assign(plan=["pre", "post"] * 125)
        >>> survey = tcs.Survey(frame, items=["CUSA1", "CUSA2"]).dummies("plan", reference="pre")
        >>> survey.items
        ('CUSA1', 'CUSA2', 'plan_post')
        """
        require_column(self._frame, column, repr(column))
        made = indicators(self._frame[column], reference, self._codes)
        taken = [name for name in made if name in self._frame.columns]
        if taken:
            raise SurveyError(
                f"The survey has a column {taken[0]!r} already. Rename it, or rename {column!r}."
            )
        frame, sources = self._frame.join(made), [column] * made.shape[1]
        return self._joined(frame, made.columns.tolist(), made.to_numpy(), sources)

    def _joined(
        self, frame: pd.DataFrame, items: list[str], answers: Array, sources: list[str]
    ) -> Survey:
        """Return the survey of a frame with more items, their answers (n, k) and source columns."""
        part = self._rows(np.arange(self.n))
        for name, value in {
            "_frame": frame,
            "_answers": read_only(np.column_stack([self._answers, answers])),
            "_inapplicable": beside(self.applies(), frame, sources, self.not_applicable),
            "items": (*self.items, *items),
        }.items():
            object.__setattr__(part, name, value)
        return part

    def column(self, name: str) -> pd.Series:
        """Return a copy of any column as given, such as the group."""
        require_column(self._frame, name, repr(name))
        return self._frame[name].copy().set_axis(self.row_labels)

    def where(self, rows: pd.Series | NDArray[np.bool_] | Callable[[pd.DataFrame], Any]) -> Survey:
        """Return the survey of some respondents.

        Parameters
        ----------
        rows : boolean array (n,) or function
            A condition per respondent, or a function of `.data` that returns one:
            ``survey.where(lambda d: d["brand"] == "A")``. A missing truth value is False.

        Raises
        ------
        OptionError
            When `rows` is not one truth value per respondent.
        SurveyError
            When nobody remains.
        """
        mask = truths(rows(self.data) if callable(rows) else rows, self.row_labels)
        return self._rows(np.flatnonzero(mask))

    def split(self, seed: int = 0) -> tuple[Survey, Survey]:
        """Return two random halves, stratified by group and wave; no value is a stratum too."""
        require_whole(seed, "seed", 0)
        by = [name for name in (self.group, self.wave) if name is not None]
        first, second = halves(self._frame, by, seed)
        return self._rows(first), self._rows(second)

    def moments(
        self, items: Sequence[str] | None = None, missing: Missing | str = Missing.LISTWISE
    ) -> Moments:
        """Return the weighted moments of `items` over the respondents who answered all of them."""
        names = tuple(self.items if items is None else items)
        values, weights, _ = self.complete(names, missing)
        return Moments.of(names, values, weights)

    def complete(
        self, items: Sequence[str], missing: Missing | str = Missing.LISTWISE
    ) -> tuple[Array, Array | None, NDArray[np.intp]]:
        """Return answers (m, k), weights as given (m,) or None, and row numbers (m,).

        Only respondents who answered all of `items` are kept.

        Warns with `DroppedRespondentsWarning` when respondents are left out.

        Raises
        ------
        SurveyError
            When a name is not an item, or an item has no answers at all.
        """
        choose(Missing, missing, "missing")
        values = self.values(items)
        seen = ~np.isnan(values)
        rows = np.flatnonzero(seen.all(axis=1))
        if len(rows) == self.n:
            return values, self._weights, rows
        applies = self.applies(items)
        require_answered(items, seen, applies)
        warn_left_out(rows, np.all(applies, axis=1), INCOMPLETE)
        weights = None if self._weights is None else self._weights[rows]
        return values[rows], weights, rows

    def answered(
        self, items: Sequence[str], *, fill: bool = False
    ) -> tuple[Array, Array | None, NDArray[np.intp]]:
        """Return answers (m, k), nan where missing, weights as given or None, and row numbers.

        Respondents who answered none of `items` are left out; where gaps are to be filled, so
        are those to whom an item does not apply, for nothing can stand for it.

        Warns with `DroppedRespondentsWarning` when there are any.
        """
        values, applies = self.values(items), self.applies(items)
        seen = ~np.isnan(values)
        require_answered(items, seen, applies)
        usable = np.all(applies, axis=1) if fill else np.any(applies, axis=1)
        rows = np.flatnonzero(seen.any(axis=1) & usable)
        warn_left_out(rows, usable, UNFILLED if fill else SILENT)
        return values[rows], None if self._weights is None else self._weights[rows], rows

    def _rows(self, rows: NDArray[np.intp]) -> Survey:
        part = object.__new__(Survey)
        kept = {field: getattr(self, field) for field in self.__dataclass_fields__}
        kept["_frame"] = self._frame.iloc[rows].reset_index(drop=True)
        kept["_index"] = self._index.take(rows)
        kept["_answers"] = read_only(self._answers[rows])
        if self._inapplicable is not None:
            kept["_inapplicable"] = self._inapplicable[rows]
        if self._weights is not None:
            kept["_weights"] = read_only(self._weights[rows])
        for field, value in kept.items():
            object.__setattr__(part, field, value)
        return part

    def __repr__(self) -> str:
        outside = int((~self.applies()).sum())
        facts = [
            counted(self.n, "respondent"),
            counted(len(self.items), "item"),
            counted(int(np.isnan(self._answers).sum()) - outside, "missing answer"),
        ]
        facts += [f"{outside} not applicable"] * bool(outside)
        facts += [
            f"{role}={getattr(self, role)!r}"
            for role in ("weight", "group", "wave", "strata", "cluster")
            if getattr(self, role) is not None
        ]
        if self.replicates is not None:
            facts.append(counted(len(self.replicates.names(self._frame)), "replicate weight"))
        facts += ["simulated"] * self.simulated
        return f"Survey({', '.join(facts)})"
