"""Replicate weights of a survey: which columns, and what their variance is multiplied by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from numbers import Real
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import OptionError, SurveyError, counted
from tcsmodel.kernels.replicates import Replicates, degrees
from tcsmodel.options import ReplicateKind, choose, require, require_whole
from tcsmodel.survey.cleaning import require_column

Array = NDArray[np.float64]

# Fewer say nothing about how estimates vary.
FEWEST = 2


@dataclass(frozen=True, kw_only=True)
class ReplicateWeights:
    """Columns of replicate weights, and how the variance follows from them.

    The variance of any estimate is ``scale * sum_r rscales_r (theta_r - theta)^2``, theta_r
    estimated with column r in place of the weight.

    Parameters
    ----------
    columns : str or sequence of str
        The R columns, or a pattern that their names fit, such as ``"rw*"``; then in the order
        in which they stand in the data. They hold weights that can be used as they are, not
        factors of the weight.
    kind : {"brr", "fay", "jk1", "jkn", "bootstrap", "other"}
        How they were made: balanced repeated replication, Fay's variant of it, the jackknife of
        a sample without strata, the jackknife within strata, a bootstrap of the design, or
        another way.
    rho : float, optional
        What ``"fay"`` leaves of the weights of the half that is left out, as 0.5.
    scale : float, optional
        By default 1/R (``"brr"``, ``"bootstrap"``), ``1 / (R (1 - rho)^2)`` (``"fay"``),
        (R - 1)/R (``"jk1"``) or 1 (``"jkn"``); ``"other"`` has none.
    rscales : float or sequence of float, optional
        A factor for each column, 1 by default. ``"jkn"`` has no default: (m - 1)/m, m the
        clusters of the stratum that the column leaves one out of, or 1 for pairs of which one
        is left out (JK2).
    df : int, optional
        Degrees of freedom of the t intervals; by default the rank of the replicate weights of
        the respondents used, less one.

    Raises
    ------
    OptionError
        When the kind needs what is not given, or a number is out of range.

    Notes
    -----
    The names and numbers are those of R's `survey` (``svrepdesign(mse=TRUE)``) and of WesVar.
    Wolter (2007), Introduction to Variance Estimation, 2nd ed., ch. 3-5; Judkins (1990, Journal
    of Official Statistics 6, 223-239) for Fay's variant.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.ReplicateWeights(columns="rw*", kind="fay", rho=0.5).coefficients(80)[:2].tolist()
    [0.05, 0.05]
    """

    columns: str | Sequence[str]
    kind: ReplicateKind
    rho: float | None = None
    scale: float | None = None
    rscales: float | Sequence[float] | None = None
    df: int | None = None

    def __post_init__(self) -> None:
        kind = choose(ReplicateKind, self.kind, "kind")
        object.__setattr__(self, "kind", kind)
        require(
            isinstance(self.columns, Iterable),
            f"columns={self.columns!r} must be a pattern, as 'rw*', or a list of columns.",
        )
        if not isinstance(self.columns, str):
            object.__setattr__(self, "columns", tuple(str(name) for name in self.columns))
        fay = kind is ReplicateKind.FAY
        require(
            (self.rho is not None) is fay,
            "rho is what Fay's method leaves of the weights left out: give it with kind='fay', "
            "as rho=0.5, and with no other kind.",
        )
        require(
            self.rho is None or (_is_number(self.rho) and 0 <= self.rho < 1),
            f"rho={self.rho!r} must be a number, 0 or more and below 1.",
        )
        require(
            self.scale is None or (_is_number(self.scale) and 0 < self.scale < np.inf),
            f"scale={self.scale!r} must be a positive number.",
        )
        require(
            self.scale is not None or kind is not ReplicateKind.OTHER,
            "kind='other' needs scale=, what the squared deviations are multiplied by: it stands "
            "in the handbook of the survey, as scale=4/80 for successive differences.",
        )
        require(
            self.rscales is not None or kind is not ReplicateKind.JKN,
            "kind='jkn' needs rscales=, a factor for each column: (m - 1)/m where one of the m "
            "clusters of a stratum is left out, or 1 for pairs of which one is left out (JK2).",
        )
        if self.rscales is not None and not _is_number(self.rscales):
            object.__setattr__(self, "rscales", _factors(self.rscales))
        elif _is_number(self.rscales):
            _factors([self.rscales])
        if self.df is not None:
            require_whole(self.df, "df", 1)

    def coefficients(self, replicates: int) -> Array:
        """Return what the squared deviation of each of R replicates counts (R,).

        Raises
        ------
        OptionError
            When `rscales` are not as many.
        """
        scale, r = self.scale, replicates
        if scale is None:
            scale = {
                ReplicateKind.JK1: (r - 1) / r,
                ReplicateKind.JKN: 1.0,
                ReplicateKind.FAY: 1 / (r * (1 - (self.rho or 0.0)) ** 2),
            }.get(self.kind, 1 / r)
        factors = np.atleast_1d(1.0 if self.rscales is None else self.rscales)
        require(
            len(factors) in (1, r),
            f"rscales has {len(factors)} factors for {r} columns of replicate weights; give one "
            "for each, in the order of the columns, or a single number.",
        )
        return np.broadcast_to(scale * factors.astype(np.float64), (r,)).copy()

    def names(self, frame: pd.DataFrame) -> list[str]:
        """Return the columns of a survey.

        Raises
        ------
        SurveyError
            When one is absent, or there are fewer than two.
        """
        if isinstance(self.columns, str):
            names = [name for name in frame.columns if fnmatchcase(name, self.columns)]
            where = f"fit columns={self.columns!r}"
        else:
            names, where = list(self.columns), "are named"
            for name in names:
                require_column(frame, name, f"Replicate weight {name!r}")
        if len(set(names)) < FEWEST:
            raise SurveyError(
                f"{counted(len(set(names)), 'column')} of replicate weights {where}, and {FEWEST} "
                'are the least. Name them, or give a pattern, as columns="rw*".'
            )
        return list(dict.fromkeys(names))

    def read(self, frame: pd.DataFrame) -> Array:
        """Return the replicate weights (R, n) of a survey.

        Raises
        ------
        SurveyError
            When one is missing, negative or not a number.
        """
        names = self.names(frame)
        numbers = frame[names].apply(pd.to_numeric, errors="coerce")
        values = numbers.to_numpy(np.float64, na_value=np.nan).T
        row, column = np.nonzero(~(np.isfinite(values) & (values >= 0)).T)
        if len(row):
            given = frame[names[column[0]]].astype(object).tolist()[row[0]]
            raise SurveyError(
                f"Replicate weight {names[column[0]]!r} must be a number, 0 or more, for every "
                f"respondent; it is {given!r} in row {row[0] + 1}. Correct the weights, or leave "
                "those respondents out of the data."
            )
        return values


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _factors(values: object) -> tuple[float, ...]:
    """Return factors of the replicates, none negative, or raise OptionError."""
    try:
        found = tuple(float(value) for value in cast(Iterable[float], values))
    except (TypeError, ValueError):
        found = (np.nan,)
    if not (found and np.isfinite(found).all() and min(found) >= 0):
        raise OptionError(f"rscales={values!r} must be numbers, 0 or more, one for each column.")
    return found


def replicates_of(
    frame: pd.DataFrame, given: ReplicateWeights, weights: Array, rows: NDArray[np.intp] | None
) -> Replicates:
    """Return the replicate weights of some rows beside their weights (n,).

    Raises
    ------
    SurveyError
        When a column has no weight for any of them.
    """
    values = given.read(frame)
    coefficients = given.coefficients(len(values))
    if rows is not None:
        values, weights = values[:, rows], weights[rows]
    empty = np.flatnonzero(~values.any(axis=1))
    if len(empty):
        raise SurveyError(
            f"Replicate weight {given.names(frame)[empty[0]]!r} is zero for all {len(weights)} "
            "respondents used: they lie in the part of the sample that it leaves out, so there is "
            "no replicate to compare with. Use more respondents, or look at the column."
        )
    df = degrees(values) if given.df is None else given.df
    return Replicates(values / weights, coefficients, df)


def check_replicates(
    frame: pd.DataFrame,
    given: ReplicateWeights | None,
    roles: dict[str, str | None],
    frequency: bool,
) -> set[str]:
    """Return the columns of replicate weights, or raise SurveyError when they do not fit.

    They need the weight of the sample, and stand for strata and clusters.
    """
    if given is None:
        return set()
    if not isinstance(given, ReplicateWeights):
        raise SurveyError(
            f"replicates is a {type(given).__name__}; say how they were made, too: "
            'replicates=tcs.ReplicateWeights(columns="rw*", kind="brr").'
        )
    if roles["weight"] is None or frequency:
        raise SurveyError(
            "Replicate weights need the sampling weight of each respondent beside them: "
            "weight='w', without frequency=True."
        )
    if roles["strata"] is not None or roles["cluster"] is not None:
        raise SurveyError(
            "Replicate weights already say how respondents were drawn. Leave out strata= and "
            "cluster=, or replicates=."
        )
    given.coefficients(len(given.read(frame)))
    return set(given.names(frame))
