"""Scores and predicted answers of respondents to whom the model was not fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import OptionError, SurveyError

TEXT = """
Image        =~ IMAG1 + IMAG3 + IMAG5
Value        =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Value ~ Image
Satisfaction ~ Image + Value
"""
SPEC = tcs.ModelSpec.parse(TEXT)


@pytest.fixture(scope="module")
def frame():
    return tcs.datasets.mobi().data[list(SPEC.items)]


@pytest.fixture(scope="module")
def result(frame):
    return tcs.PLS(SPEC).fit(frame.head(200))


def test_scores_of_those_who_were_fitted_are_their_scores(frame, result):
    pd.testing.assert_frame_equal(result.scores(frame.head(200)), result.scores())


def test_new_scores_keep_the_means_and_weights_of_the_fit(frame, result):
    new = frame.tail(50)
    z = (new - result.item_means) / result.item_sds
    assert_allclose(result.scores(new), z @ result.outer_weights)


def test_predictions_need_only_the_items_that_predict(frame, result):
    new = frame.tail(50)
    scores = result.scores(new)
    direct = result.predict_items(new.drop(columns=["CUSA1", "CUSA2", "CUSA3"]))
    ahead = scores[["Image", "Value"]] @ result.paths.loc[["Image", "Value"], "Satisfaction"]
    cusa1 = result.item_means["CUSA1"] + ahead * (
        result.outer_loadings.loc["CUSA1", "Satisfaction"] * result.item_sds["CUSA1"]
    )
    assert_allclose(direct["CUSA1"], cusa1)
    earliest = result.predict_items(new[["IMAG1", "IMAG3", "IMAG5"]], "earliest")
    total = scores["Image"] * result.total_effects.loc["Image", "Satisfaction"]
    assert_allclose(
        (earliest["CUSA1"] - result.item_means["CUSA1"])
        / (result.outer_loadings.loc["CUSA1", "Satisfaction"] * result.item_sds["CUSA1"]),
        total,
    )
    assert list(direct.columns) == ["PERV1", "PERV2", "CUSA1", "CUSA2", "CUSA3"]


def test_a_frame_is_read_as_the_fitted_survey(frame):
    turned = frame.assign(IMAG1=11 - frame["IMAG1"]).replace({"IMAG3": {7: 99}})
    survey = tcs.Survey(
        turned, items=SPEC.items, scale=(1, 10), reverse=["IMAG1"], missing_codes=[99]
    )
    result = tcs.PLS(SPEC, missing="mean").fit(survey)
    pd.testing.assert_frame_equal(result.scores(turned), result.scores())
    with pytest.raises(SurveyError, match="scale"):
        result.scores(turned.assign(CUSA1=11))


def test_an_unanswered_item_leaves_no_score_unless_it_is_filled(frame, result):
    new = frame.tail(4).reset_index(drop=True)
    new.loc[1, "IMAG1"] = np.nan
    scores = result.scores(new)
    assert scores.isna().to_numpy().tolist()[1] == [True, False, False]
    assert result.predict_items(new).isna().any(axis=1).tolist() == [False, True, False, False]
    partial = result.predict_items(new.assign(PERV2=[np.nan, 5, 5, 5]))
    assert partial.loc[0].isna().to_dict() == {
        "PERV1": False, "PERV2": False, "CUSA1": True, "CUSA2": True, "CUSA3": True
    }  # fmt: skip
    filling = tcs.PLS(SPEC, missing="mean").fit(frame)
    with_mean = new.fillna({"IMAG1": filling.item_means["IMAG1"]})
    assert_allclose(filling.scores(new), filling.scores(with_mean))
    likely = tcs.PLS(SPEC, missing="fiml").fit(frame)
    assert likely.predict_items(new).notna().all(axis=None)
    assert likely.scores(new).loc[1, "Image"] != pytest.approx(
        likely.scores(with_mean).loc[1, "Image"]
    )


def test_what_cannot_be_read_is_refused(frame, result):
    with pytest.raises(SurveyError, match="IMAG1"):
        result.predict_items(frame.drop(columns="IMAG1"))
    with pytest.raises(OptionError, match="Survey or a DataFrame, not list"):
        result.scores([[1, 2]])
    with pytest.raises(OptionError, match="technique='far'"):
        result.predict_items(frame, "far")


def test_a_model_of_moments_scores_new_respondents(frame, result):
    moments = tcs.Survey(frame.head(200), items=SPEC.items).moments()
    assert_allclose(tcs.PLS(SPEC).fit(moments).scores(frame), result.scores(frame), atol=1e-9)
