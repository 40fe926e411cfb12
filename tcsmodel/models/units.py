"""Units of a survey, such as firms: respondents told apart, and the moments of each in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import OptionError, SurveyError, TcsError, counted
from tcsmodel.kernels.gaps_apart import Answers
from tcsmodel.kernels.linalg import definite
from tcsmodel.kernels.missing import available, saturated
from tcsmodel.kernels.moments import alike, by_unit, to_corr
from tcsmodel.models.estimator import (
    Data,
    Sample,
    labelled,
    moments_of,
    require_definite,
    respondents_of,
    take,
)
from tcsmodel.models.pls_sample import with_products
from tcsmodel.options import SEMMissing, did_you_mean, require
from tcsmodel.survey.cleaning import is_blank
from tcsmodel.survey.moments import Moments, require_varying
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Least eigenvalue of correlations, or variance, from which a unit need not be looked at closely.
SOUND = 1e-8
# Units held at once, their respondents, and the elements of their Gamma, or of inverses for their
# patterns of missing answers.
CHUNK, ROWS, SQUARES = 128, 50_000, 4_000_000


class Unfit(StrEnum):
    """Why a model was not fitted to a unit."""

    TOO_FEW = "too_few"
    CONSTANT = "constant_item"
    SINGULAR = "singular_items"
    UNANSWERED = "unanswered_items"


@dataclass(frozen=True)
class Refusal:
    """Why a unit was not fitted: the kind, the items concerned, and the reason in words."""

    kind: Unfit
    items: tuple[str, ...]
    reason: str


@dataclass(frozen=True, eq=False)
class Units:
    """The respondents of a survey by unit.

    Parameters
    ----------
    by : str
        The column that tells units apart.
    labels : tuple of str
        The U units, in the order in which they first appear.
    sample : Sample
        The respondents used, of all units.
    member : ndarray (n,) of int
        The unit of each.
    mean, cov : ndarray (U, p), (U, p, p)
        The moments of each, weighted within it, divisor n - 1; nan below two respondents.
    least : int, optional
        The fewest respondents of a unit, for a model that does not need covariances that can be
        inverted, as likelihood does and PLS does not.

    With gaps in the answers of a unit its moments are those of maximum likelihood.
    """

    by: str
    labels: tuple[str, ...]
    sample: Sample
    member: Index
    mean: Array
    cov: Array
    least: int | None = None

    @classmethod
    def of(
        cls,
        data: Data,
        items: Sequence[str],
        by: str | Sequence[str],
        *,
        least: int | None = None,
        pairs: Index | None = None,
        missing: SEMMissing = SEMMissing.LISTWISE,
    ) -> Units:
        """Return the units of those who answered all `items`, or any unless `missing` is listwise.

        With the products of `pairs` (q, 2) of items behind them, for interactions.

        With several columns in `by` a unit is a combination, such as a firm in a wave.

        Raises
        ------
        OptionError
            When `by` is one of the items.
        SurveyError
            When the column is absent, or empty for a respondent used; when fewer than two
            answered all items, or an item is constant for everybody.
        TcsError
            When moments were given instead of respondents.
        """
        columns = (by,) if isinstance(by, str) else tuple(by)
        require(len(columns) > 0, "by=[] names no column that tells units apart.")
        for name in columns:
            require(
                name not in items,
                f"by={name!r} is an item of the model, so it is constant in every unit. Name "
                "another column, or leave the item out of the model.",
            )
        by = ", ".join(columns)
        if isinstance(data, Moments):
            raise TcsError(
                f"by={by!r} needs respondents, but moments were given. Pass a Survey or a "
                "DataFrame; of moments, fit those of each unit by themselves."
            )
        is_complete = missing is SEMMissing.LISTWISE
        sample = respondents_of(data, items) if is_complete else take(data, items, missing)
        if pairs is not None and len(pairs):
            sample = with_products(sample, pairs)
        values, column = sample.respondents("Fitting units"), _combined(sample.survey, columns)
        rows = cast(Index, sample.rows)
        everybody = len(rows) == len(column)
        labels, member = labelled(column if everybody else column.iloc[rows])
        others = () if everybody else pd.unique(column.dropna())
        absent = (str(label) for label in others if str(label).strip())
        everyone = dict.fromkeys((*labels, *absent))
        whole = np.nan_to_num(values) if sample.has_gaps else values
        mean, cov = by_unit(whole, member, len(everyone), sample.weights)
        # What varies in no unit may still differ between them; then it is each unit's trouble.
        if is_complete and not (np.diagonal(cov, axis1=1, axis2=2) > SOUND).any(axis=0).all():
            require_varying(moments_of(sample.names, values, sample.weights))
        units = cls(by, tuple(everyone), sample, member, mean, cov, least)
        for own in units.chunks(np.flatnonzero(units.gaps)):
            found = saturated(units.answers(own).table)
            n = units.n[own, None, None]
            mean[own], cov[own] = found.mean, found.cov * (n / np.maximum(n - 1, 1))
        mean.setflags(write=False)
        cov.setflags(write=False)
        return units

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def n(self) -> Index:
        """Respondents (U,) of each."""
        return np.bincount(self.member, minlength=len(self)).astype(np.intp)

    @cached_property
    def gaps(self) -> NDArray[np.bool_]:
        """Whether an answer of each unit (U,) is missing."""
        if not self.sample.has_gaps:
            return np.zeros(len(self), dtype=np.bool_)
        rows = np.isnan(self.sample.respondents("Units")).any(axis=1)
        return np.bincount(self.member, rows, minlength=len(self)) > 0

    @cached_property
    def _patterns(self) -> float:
        """How many patterns of missing answers a unit has on average."""
        bits = np.packbits(np.isnan(self.sample.respondents("Units")), axis=1)
        found = len(np.unique(np.column_stack([self.member, bits]), axis=0))
        return found / max(1, int(np.count_nonzero(self.n)))

    def chunks(self, own: Index) -> Iterator[Index]:
        """Yield those units of `own` that have respondents, some of about one size at a time."""
        own, p = own[self.n[own] > 0], len(self.sample.names)
        most = max(1, min(CHUNK, SQUARES // (p * (p + 3) // 2) ** 2))
        if self.gaps[own].any():
            most = max(1, min(most, SQUARES // int(self._patterns * (p + 1) ** 2)))
        size = self.n[own]
        for some in alike(size, max(ROWS, int(size.max(initial=0)))):
            for part in np.array_split(some, -(-len(some) // most)):
                yield own[part]

    def answers(self, own: Index) -> Answers:
        """Return the respondents of units (u,), numbered from 0 in this order."""
        number = np.full(len(self), -1)
        number[own] = np.arange(len(own))
        rows = np.flatnonzero(number[self.member] >= 0)
        values, weights = self.sample.respondents("Units")[rows], self.sample.weights
        weight = np.ones(len(rows)) if weights is None else weights[rows]
        return Answers.of(values, number[self.member[rows]], weight)

    @cached_property
    def refused(self) -> dict[int, Refusal]:
        """The units whose moments the model cannot be fitted to."""
        variance = np.diagonal(self.cov, axis1=1, axis2=2)
        sound = (self.n >= self.needed) & (variance > SOUND).all(axis=1)
        if self._definite:
            corr = to_corr(self.cov[sound])
            sound[sound] = definite(corr - SOUND * np.eye(corr.shape[-1]))
        found = ((k, self._refusal(k)) for k in np.flatnonzero(~sound).tolist())
        return {k: refusal for k, refusal in found if refusal is not None}

    @property
    def needed(self) -> int:
        """The fewest respondents of a unit that can be fitted."""
        return len(self.sample.names) + 1 if self.least is None else self.least

    @property
    def _definite(self) -> bool:
        """Whether the model needs covariances that can be inverted."""
        return self.least is None

    def _refusal(self, k: int) -> Refusal | None:
        moments = self._moments(k)
        if moments.n < self.needed:
            kind, items = Unfit.TOO_FEW, tuple[str, ...]()
            if not self._definite:
                reason = (
                    f"{counted(moments.n, 'respondent')} of the {self.needed} that the model needs."
                )
                return Refusal(kind, items, reason)
        else:
            kind, items = self._trouble(k, moments)
        try:
            if self.gaps[k] and moments.n >= self.needed:
                own = self.sample_of(k)
                moments_of(own.names, own.respondents("A unit"), own.weights)
            if kind is Unfit.CONSTANT:
                require_varying(moments)
            if self._definite:
                require_definite(moments, "fitting it")
        except SurveyError as error:
            return Refusal(kind, items, str(error))
        return None

    def _trouble(self, k: int, moments: Moments) -> tuple[Unfit, tuple[str, ...]]:
        """Return what is wrong with the answers of a unit of enough respondents, and the items."""
        kind, at = Unfit.CONSTANT, np.flatnonzero(np.diag(moments.cov_array) < SOUND)
        if self.gaps[k]:
            table = self.answers(np.array([k])).table
            apart = table.coverage[0] == 0
            alone = apart.diagonal()
            at = np.flatnonzero(available(table)[1][0] < SOUND)
            if apart.any():
                kind = Unfit.UNANSWERED
                at = np.flatnonzero(alone if alone.any() else apart.any(axis=0))
        return kind if len(at) else Unfit.SINGULAR, tuple(moments.names[j] for j in at)

    @cached_property
    def fitted(self) -> Index:
        """The units that can be fitted."""
        return np.array([k for k in range(len(self)) if k not in self.refused], dtype=np.intp)

    def at(self, label: object) -> int:
        """Return the number of a unit that was fitted.

        Raises
        ------
        OptionError
            When there is no such unit.
        SurveyError
            When it could not be fitted.
        """
        name = str(label)
        if name not in self.labels:
            raise OptionError(
                f"There is no unit {name!r} in column {self.by!r}."
                f"{did_you_mean(name, self.labels) or ' result.units lists them.'}"
            )
        k = self.labels.index(name)
        if k in self.refused:
            raise SurveyError(f"Unit {name!r} was not fitted: {self.refused[k].reason}")
        return k

    def sample_of(self, k: int) -> Sample:
        """Return the respondents of one unit, with weights that sum to their number."""
        own, whole = np.flatnonzero(self.member == k), self.sample
        weights = None
        if whole.weights is not None:
            weights = whole.weights[own] * (len(own) / whole.weights[own].sum())
        values = whole.respondents("A unit")[own]
        rows = None if whole.rows is None else whole.rows[own]
        return Sample(self._moments(k), values, weights, rows, whole.survey)

    @cached_property
    def _order(self) -> Index:
        return np.argsort(self.member, kind="stable")

    def stacked(self, own: Index) -> tuple[Array, Array]:
        """Return the answers (u, m, p) of units (u,), m those of the largest, and weights (u, m).

        Rows behind the respondents of a unit fill it up and weigh nothing.
        """
        size, values = self.n[own, None], self.sample.respondents("Units")
        place = np.arange(size.max())
        first = (np.cumsum(self.n) - self.n)[own, None]
        rows = self._order[np.where(place < size, first + place, first)]
        given = self.sample.weights
        weights = np.ones(rows.shape) if given is None else given[rows]
        return values[rows], np.where(place < size, weights, 0.0)

    def _moments(self, k: int) -> Moments:
        n, weights = int(self.n[k]), self.sample.weights
        total = n if weights is None else weights[self.member == k].sum()
        return Moments(self.sample.names, n, self.mean[k], self.cov[k], float(total))


def _combined(survey: Survey | None, columns: Sequence[str]) -> pd.Series:
    """Return the column that tells units apart; of several the combinations of their values."""
    given = [cast(Survey, survey).column(name) for name in columns]
    if len(given) == 1:
        return given[0]
    known = np.logical_and.reduce([column.notna() & ~is_blank(column) for column in given])
    labels = [", ".join(str(value) for value in row) for row in zip(*given, strict=True)]
    return pd.Series(labels, name=", ".join(columns), dtype=object).where(known)
