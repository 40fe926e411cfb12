"""Scores and predictions of respondents to whom a PLS path model was not fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.kernels.available import filled
from tcsmodel.models.cross_validation import (
    carried,
    home_loadings,
    predicted_items,
    refuse_technique,
)
from tcsmodel.models.staged import scores_of
from tcsmodel.options import PLSMissing, Technique, choose, require
from tcsmodel.survey.survey import Survey

if TYPE_CHECKING:
    from tcsmodel.models.pls_result import PLSResult

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def new_scores(result: PLSResult, data: Survey | pd.DataFrame) -> pd.DataFrame:
    """Return what `PLSResult.scores` describes for new respondents."""
    model = result.estimator.model
    scores, rows = _scores(result, data, np.ones(len(model.constructs), dtype=bool))
    return pd.DataFrame(scores, index=rows, columns=list(model.constructs))


def predict_items(
    result: PLSResult, data: Survey | pd.DataFrame, technique: Technique | str
) -> pd.DataFrame:
    """Return what `PLSResult.predict_items` describes."""
    model, values = result.estimator.model, result.arrays
    chosen = choose(Technique, technique, "technique")
    refuse_technique(model, chosen)
    passed = carried(model, values["paths"], chosen)
    scores, rows = _scores(result, data, np.asarray(passed.any(axis=1)))
    ahead = np.nan_to_num(scores) @ passed
    ahead[np.isnan(scores).astype(float) @ (passed != 0) > 0] = np.nan
    at = predicted_items(model)
    standardized = ahead[:, model.home[at]] * home_loadings(model, values["outer_loadings"])[at]
    own = model.answered[at]
    answers = values["item_means"][own] + standardized * values["item_sds"][own]
    return pd.DataFrame(answers, index=rows, columns=[model.observed[i] for i in at])


def _scores(result: PLSResult, data: Survey | pd.DataFrame, wanted: Mask) -> tuple[Array, pd.Index]:
    """Return scores (n, k), nan of constructs that are not wanted or lack an answer, and rows."""
    model, values = result.estimator.model, result.arrays
    at = np.flatnonzero(model.needs[:, wanted].any(axis=1))
    names = tuple(model.observed[i] for i in at)
    survey = _as_fitted(result, data, names)
    given, moments = survey.values(names), result.sample.moments
    if result.estimator.rule.missing is not PLSMissing.LISTWISE:
        cov = moments.cov_array[np.ix_(at, at)]
        if result.estimator.rule.missing is not PLSMissing.FIML:
            cov = np.diag(np.diag(cov))
        given = filled(given, values["item_means"][model.answered[at]], cov)
    answers = np.full((len(given), len(model.observed)), np.nan)
    applies = np.ones(answers.shape, dtype=bool)
    answers[:, at], applies[:, at] = given, survey.applies(names)
    scores = scores_of(model, values, moments.mean_array, answers, applies)
    scores[(np.isnan(answers) & applies) @ model.needs] = np.nan
    scores[:, ~wanted] = np.nan
    return scores, survey.row_labels


def _as_fitted(result: PLSResult, data: Survey | pd.DataFrame, names: tuple[str, ...]) -> Survey:
    """Return data as a survey; a DataFrame with the scale, reversals and codes of the fit."""
    if isinstance(data, Survey):
        return data
    require(
        isinstance(data, pd.DataFrame),
        f"New respondents come as a Survey or a DataFrame, not {type(data).__name__}.",
    )
    fitted = result.sample.survey
    if fitted is None:
        return Survey(data, items=names)
    return Survey(
        data,
        items=names,
        scale={name: limits for name, limits in fitted.scale.items() if name in names},
        reverse=[name for name in fitted.reverse if name in names],
        missing_codes=fitted.missing_codes,
        not_applicable=fitted.not_applicable,
    )
