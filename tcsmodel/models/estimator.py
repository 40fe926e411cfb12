"""How an estimator takes its data: a `Survey`, a DataFrame or `Moments` becomes a `Sample`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import OptionError, TcsError
from tcsmodel.options import Missing
from tcsmodel.survey.cleaning import normalized
from tcsmodel.survey.moments import Moments, require_varying
from tcsmodel.survey.moments import require_definite as require_definite
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]
Data = Survey | pd.DataFrame | Moments


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
    """

    moments: Moments
    values: Array | None = None
    weights: Array | None = None
    rows: NDArray[np.intp] | None = None
    survey: Survey | None = None

    @property
    def n(self) -> int:
        """Number of respondents used."""
        return self.moments.n

    @property
    def names(self) -> tuple[str, ...]:
        """The p items."""
        return self.moments.names

    def respondents(self, purpose: str) -> Array:
        """Return the answers (n, p), or raise TcsError saying that `purpose` needs them."""
        if self.values is None:
            raise TcsError(
                f"{purpose} needs respondents, but the model was fitted to moments alone. "
                "Fit it to a Survey or a DataFrame."
            )
        return self.values


def as_survey(data: Survey | pd.DataFrame, items: Sequence[str]) -> Survey:
    """Return `data` as a survey; a bare DataFrame gives only the columns in `items`."""
    return data if isinstance(data, Survey) else Survey(data, items=items)


def take(data: Data, items: Sequence[str], missing: Missing | str = Missing.LISTWISE) -> Sample:
    """Return the sample of `items` from a survey, a DataFrame or moments.

    Raises
    ------
    SurveyError
        When an item is absent or constant, or fewer than two respondents remain.
    """
    names = tuple(items)
    if isinstance(data, Moments):
        sample = Sample(data.select(names))
    elif isinstance(data, (Survey, pd.DataFrame)):
        survey = as_survey(data, names)
        values, weights, rows = survey.complete(names, missing)
        moments = Moments.of(names, values, weights)
        if weights is not None:
            weights = normalized(weights)
        sample = Sample(moments, values, weights, rows, survey)
    else:
        raise OptionError(
            f"fit() takes a Survey, a DataFrame or Moments, not {type(data).__name__}."
        )
    require_varying(sample.moments)
    return sample
