"""`GroupedPLS`: one PLS model and the respondents of several groups."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import (
    ImproperSolutionWarning,
    OptionError,
    SampleSizeWarning,
    SurveyError,
    TcsError,
    counted,
)
from tcsmodel.kernels.products import multiplied
from tcsmodel.models.estimator import Sample, as_survey, labelled
from tcsmodel.models.pls import PLS, PLSResult
from tcsmodel.models.pls_circumstances import largest_regression
from tcsmodel.models.pls_sample import pls_sample
from tcsmodel.options import require
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Of fewer respondents than this in a group no difference can be told from chance.
FEWEST = 10


@dataclass(frozen=True, eq=False)
class GroupedPLS:
    """A PLS model fitted to several groups of respondents.

    Parameters
    ----------
    estimator : PLS
        The options of every fit.
    by : str
        The column that tells groups apart.
    groups : tuple of str
        The G groups, in the order in which they first appear.
    sample : Sample
        The respondents used, of all groups.
    member : ndarray (n,) of int
        The group of each.
    fits : tuple of PLSResult
        The fit to each group.
    """

    estimator: PLS
    by: str
    groups: tuple[str, ...]
    sample: Sample
    member: Index
    fits: tuple[PLSResult, ...]

    @classmethod
    def of(
        cls, model: PLS | ModelSpec, survey: Survey | pd.DataFrame, group: str | None, by: str
    ) -> GroupedPLS:
        """Return the fits to all groups; `by` is the function that compares them, for messages.

        Raises
        ------
        OptionError
            When no column of groups is named, or the column is an item of the model.
        SurveyError
            When there is one group only, or a group is too small, lacks answers to an item or
            gave one answer only; the message names the group and the item.
        IdentificationError
            When weights or paths are not determined in a group.
        """
        estimator = model if isinstance(model, PLS) else PLS(model)
        names = estimator.model.observed
        if not isinstance(survey, (Survey, pd.DataFrame)):
            raise OptionError(
                f"{by}() takes a Survey or a DataFrame, not {type(survey).__name__}: it tells "
                "respondents apart by their group."
            )
        column = survey.group if isinstance(survey, Survey) and group is None else group
        if column is None:
            raise OptionError(
                f"{by}() compares groups: name their column, as in group='brand', or in the survey."
            )
        column = str(column)
        require(
            column not in names,
            f"group={column!r} is an item of the model, so it is constant in every group. Name "
            "another column, or leave the item out of the model.",
        )
        survey = as_survey(survey, names)
        everyone = survey.column(column)
        sample = pls_sample(survey, names, estimator.rule, estimator.model.pairs)
        rows = np.asarray(sample.rows)
        groups, member = labelled(everyone.iloc[rows])
        _require_groups(column, everyone, groups)
        _require_enough(estimator, column, groups, np.bincount(member))
        fits = tuple(
            _fit(estimator, survey, rows[member == g], f"{label!r} of {column!r}")
            for g, label in enumerate(groups)
        )
        return cls(estimator, column, groups, sample, member, fits)

    @property
    def n(self) -> int:
        """Number of respondents used."""
        return self.sample.n

    @cached_property
    def sizes(self) -> Index:
        """Respondents (G,) of each group."""
        return np.bincount(self.member, minlength=len(self.groups)).astype(np.intp)

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """All pairs of groups."""
        count = len(self.groups)
        return tuple((i, j) for i in range(count) for j in range(i + 1, count))

    def rows(self, members: tuple[int, ...]) -> Index:
        """Return the places of the respondents of some groups among those used."""
        return np.flatnonzero(np.isin(self.member, members))

    def answers(self, rows: Index) -> Array:
        """Return the answers (m, P) of some respondents, with their gaps.

        The products that interactions need stand behind those to the p items.
        """
        return self.sample.respondents("A comparison of groups")[rows]

    def centered(self, rows: Index) -> Array:
        """Return the answers (m, P) of some respondents about the means of their groups.

        Products are those of such answers.

        Raises
        ------
        OptionError
            When items are ordinal.
        """
        require(
            not self.estimator.ordered,
            "centered=True takes the means of groups away from the answers, and ordinal items "
            "(ordered=) have none. Leave out one of the two.",
        )
        model = self.estimator.model
        means = np.stack([fit.arrays["item_means"][model.answered] for fit in self.fits])
        about = self.answers(rows)[:, : len(model.observed)] - means[self.member[rows]]
        return multiplied(about, model.pairs)

    def moments(
        self, rows: Index, weights: Array, sizes: Array, x: Array | None = None
    ) -> tuple[Array, Array]:
        """Return means (..., P) and covariances (..., P, P) of some respondents.

        Parameters
        ----------
        rows : ndarray (m,)
            Their places among those used.
        weights : ndarray (..., m)
            How often each counts, survey weights left aside: these are multiplied in.
        sizes : ndarray, broadcast to (...,)
            How many they are; covariances have the divisor of that many less one.
        x : ndarray (m, P), optional
            Their answers, where not as they are.
        """
        given = self.sample.weights
        weights = weights if given is None else weights * given[rows]
        x = self.answers(rows) if x is None else x
        flat = weights.reshape(-1, len(rows))
        mean, cov = self.estimator.rule.moments(self.estimator.model.observed, x, flat)
        factor = (sizes / (sizes - 1)) * ((len(rows) - 1) / len(rows))
        batch, p = weights.shape[:-1], x.shape[1]
        cov = cov.reshape(*batch, p, p) * np.broadcast_to(factor, batch)[..., None, None]
        return mean.reshape(*batch, p), cov


def _require_groups(column: str, everyone: pd.Series, groups: tuple[str, ...]) -> None:
    """Raise SurveyError when there is one group only, or a group has nobody left."""
    named = dict.fromkeys(str(label) for label in everyone.dropna().unique())
    lost = [label for label in named if label not in groups]
    if lost:
        count = int((everyone.astype(str) == lost[0]).sum())
        raise SurveyError(
            f"None of the {counted(count, 'respondent')} of group {lost[0]!r} answered all items "
            "used, so the group is lost. Keep their answers with PLS(spec, missing='fiml'), or "
            "leave the group out with survey.where(...)."
        )
    if len(groups) < 2:
        raise SurveyError(
            f"Column {column!r} has one group only, {groups[0]!r}, among the respondents used, and "
            "a comparison needs two. Name another column, or look at the data."
        )


def _require_enough(
    estimator: PLS, column: str, groups: tuple[str, ...], sizes: NDArray[np.integer]
) -> None:
    """Raise SurveyError for a group with too few respondents to be told from chance."""
    variables = largest_regression(estimator.model)
    needed = max(variables + 2, FEWEST)
    why = f", for a regression on {counted(variables, 'variable')}" if needed > FEWEST else ""
    for label, n in zip(groups, sizes.tolist(), strict=True):
        if n < needed:
            raise SurveyError(
                f"Group {label!r} of {column!r} has {counted(n, 'respondent')}, and a comparison "
                f"needs {needed} or more in each{why}. Join it with a group that resembles it, or "
                "leave it out with survey.where(...)."
            )


def _fit(estimator: PLS, survey: Survey, rows: Index, where: str) -> PLSResult:
    """Return the fit to one group; errors say which."""
    chosen = np.zeros(survey.n, dtype=bool)
    chosen[rows] = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SampleSizeWarning)
        warnings.simplefilter("ignore", ImproperSolutionWarning)
        try:
            return estimator.fit(survey.where(chosen))
        except TcsError as error:
            raise type(error)(f"In group {where}: {error}") from None
