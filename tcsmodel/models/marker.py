"""Correlations of constructs without common method variance, by a marker variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError
from tcsmodel.kernels.marker import adjusted
from tcsmodel.models.quantities import cells
from tcsmodel.models.second_stage import weights_of
from tcsmodel.options import require

if TYPE_CHECKING:
    from tcsmodel.models.pls_result import PLSResult

Array = NDArray[np.float64]


def marker_adjusted(result: PLSResult, marker: str) -> pd.DataFrame:
    """Return what `PLSResult.marker_adjusted` describes."""
    model = result.estimator.model
    require(
        marker not in model.observed,
        f"marker={marker!r} is an item of the model; a marker is a question that has nothing to do "
        "with its constructs. Name another column.",
    )
    scores = result.scores()[list(model.scored)].to_numpy()
    values = _answers(result, marker)
    weights = weights_of(result)
    common = _least(scores, values, weights)
    frame, at = cells(model, "construct_corr")
    corr = result.arrays["construct_corr"][at]
    left, t, p = adjusted(corr, common, result.sample.n)
    frame = frame.assign(corr=corr, marker=common, corr_adjusted=left, t=t, p=p)
    plain = frame[["construct", "other"]].isin(model.scored).all(axis=1)
    return frame[plain].reset_index(drop=True)


def _answers(result: PLSResult, marker: str) -> Array:
    result.sample.respondents("A marker")
    survey, rows = result.sample.survey, result.sample.rows
    assert survey is not None
    survey.column(marker)
    values = pd.to_numeric(survey.data[marker], errors="coerce").to_numpy(np.float64)[rows]
    if np.isnan(values).any() or np.ptp(values) == 0:
        raise SurveyError(
            f"marker={marker!r} must have a number for every respondent used, and not the same one "
            f"for all; {int(np.isnan(values).sum())} have none. Fill it in, or name another column."
        )
    return values


def _least(scores: Array, values: Array, weights: Array) -> float:
    """Return the correlation nearest to zero between a marker (n,) and scores (n, k)."""
    both = np.cov(np.column_stack([values, scores]), rowvar=False, aweights=weights)
    sd = np.sqrt(np.diag(both))
    corr = both[0, 1:] / (sd[0] * sd[1:])
    return float(np.abs(corr).min())
