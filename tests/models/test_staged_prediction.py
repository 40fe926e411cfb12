"""Scores and predictions of respondents held out, through the stages of a model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from statsmodels.api import OLS, add_constant

from tcsmodel.errors import OptionError
from tcsmodel.models.pls import PLS
from tcsmodel.satisfaction.index import satisfaction_index
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

MEASURED = """
    Product =~ PERQ1 + PERQ2 + PERQ3
    Service =~ PERQ4 + PERQ5
    Image =~ IMAG1 + IMAG2 + IMAG3
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
"""
HIGHER = ModelSpec.parse(
    MEASURED + "Quality =~ Product + Service\nQuality ~ Image\nSatisfaction ~ Image + Quality"
)
MODERATED = ModelSpec.parse(
    MEASURED + "Satisfaction ~ Image + Product + Service + Image:Service + Product:Product"
)
BOTH = ModelSpec.parse(
    MEASURED + "Quality =~ Product + Service\nSatisfaction ~ Image + Quality + Image:Quality"
)
STRICT = {"tol": 1e-11}
MODELS = {
    "disjoint": PLS(HIGHER, **STRICT),
    "embedded": PLS(HIGHER, higher_order="embedded", **STRICT),
    "repeated": PLS(HIGHER, higher_order="repeated", **STRICT),
    "two_stage": PLS(MODERATED, **STRICT),
    "product_indicator": PLS(MODERATED, interaction="product_indicator", **STRICT),
    "orthogonalizing": PLS(MODERATED, interaction="orthogonalizing", **STRICT),
    "both": PLS(BOTH, **STRICT),
}
LABELS = np.arange(250) % 3


@pytest.fixture(scope="module")
def frame(mobi_frame):
    return mobi_frame[list(MODERATED.items)].assign(w=1.0 + np.arange(250) % 3)


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_batch_of_folds_equals_a_loop_of_fits(frame, name, weight):
    def survey(part):
        return Survey(part.reset_index(drop=True), items=MODERATED.items, weight=weight)

    model = MODELS[name]
    whole = model.fit(survey(frame))
    ours = {
        technique: whole.predict(LABELS, technique=technique)
        for technique in ("direct", "earliest")
    }
    scored = np.empty(250)
    for label in range(3):
        held = label == LABELS
        alone = model.fit(survey(frame[~held]))
        new = survey(frame[held])
        for technique, found in ours.items():
            theirs = alone.predict_items(new, technique)
            assert list(theirs) == list(found.items)
            assert_allclose(found.predicted[held], theirs, rtol=0, atol=1e-6)
        scores = alone.scores(new)
        scored[held] = scores["Satisfaction"] - scores @ alone.paths["Satisfaction"]
    weights = np.ones(250) if weight is None else frame["w"]
    row = ours["direct"].constructs.set_index("construct").loc["Satisfaction"]
    assert_allclose(row["rmse"], np.sqrt(np.average(scored**2, weights=weights)), atol=1e-6)


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("name", sorted(MODELS))
def test_scores_of_those_who_were_fitted_are_their_scores(frame, name, weight):
    survey = Survey(frame, items=MODERATED.items, weight=weight)
    result = MODELS[name].fit(survey)
    scores = result.scores()
    pd.testing.assert_frame_equal(result.scores(survey), scores)
    means = np.average(scores, axis=0, weights=None if weight is None else frame["w"])
    assert_allclose(means, 0, atol=1e-9)


def test_predictions_are_regressions_on_products_of_scores(frame):
    result = PLS(BOTH, **STRICT).fit(frame.head(200))
    new = frame.tail(50)
    scores = result.scores(new)
    within = result.scores()
    product = scores["Image"] * scores["Quality"] - (within["Image"] * within["Quality"]).mean()
    assert_allclose(scores["Image:Quality"], product, atol=1e-3)  # of the scores of stage one
    b = result.paths["Satisfaction"]
    ahead = scores[["Image", "Quality", "Image:Quality"]] @ b[["Image", "Quality", "Image:Quality"]]
    unit = result.outer_loadings.loc["CUSA1", "Satisfaction"] * result.item_sds["CUSA1"]
    found = result.predict_items(new.drop(columns=["CUSA1", "CUSA2", "CUSA3"]))
    assert_allclose(found["CUSA1"], result.item_means["CUSA1"] + ahead * unit)
    assert list(found) == ["CUSA1", "CUSA2", "CUSA3"]


def test_items_of_parts_are_predicted_through_their_whole(frame):
    result = PLS(HIGHER, **STRICT).fit(frame)
    found = result.predict_items(frame[["IMAG1", "IMAG2", "IMAG3"]], "earliest")
    ahead = result.scores()["Image"] * result.paths.loc["Image", "Quality"]
    loading = result.outer_loadings
    unit = loading.loc["PERQ4", "Service"] * loading.loc["Service", "Quality"]
    unit *= result.item_sds["PERQ4"]
    assert_allclose(found["PERQ4"], result.item_means["PERQ4"] + ahead * unit)
    table = result.predict(LABELS).table()
    assert table.loc[table["construct"] == "Quality", "item"].tolist() == [
        "PERQ1", "PERQ2", "PERQ3", "PERQ4", "PERQ5"]  # fmt: skip
    constructs = result.predict(LABELS).constructs.set_index("construct")
    assert constructs["n_items"].to_dict() == {"Quality": 5, "Satisfaction": 3}


@pytest.mark.parametrize(
    ("name", "regressors"),
    [("disjoint", "antecedents"), ("two_stage", "antecedents"), ("disjoint", "others")],
)
def test_the_linear_model_knows_items_but_no_products(frame, name, regressors):
    items = [i for i in MODERATED.items if not i.startswith("CUSA")]
    found = MODELS[name].fit(frame).predict(LABELS, regressors=regressors)
    errors = np.empty(250)
    for label in range(3):
        held = label == LABELS
        x = add_constant(frame[items])
        errors[held] = frame.loc[held, "CUSA2"] - OLS(
            frame.loc[~held, "CUSA2"], x[~held]
        ).fit().predict(x[held])
    assert_allclose(found.errors_array[1][:, found.items.index("CUSA2")], errors, atol=1e-8)


def test_single_items_for_parts_are_the_plain_model(frame):
    plain = """
        Quality =~ PERQ1 + PERQ2 + PERQ3
        Satisfaction =~ CUSA1 + CUSA2 + CUSA3
        Satisfaction ~ Quality
    """
    parts = "".join(f"Part{i} =~ PERQ{i}\n" for i in (1, 2, 3)) + plain.replace("PERQ", "Part")
    ours, theirs = (
        PLS(ModelSpec.parse(text), tol=1e-13).fit(frame).predict(LABELS) for text in (parts, plain)
    )
    assert_allclose(ours.errors_array, theirs.errors_array, atol=1e-9)
    numbers = (one.cvpat(bootstrap=50).table().select_dtypes("number") for one in (ours, theirs))
    assert_allclose(*numbers, atol=1e-8)


def test_a_product_without_an_effect_predicts_nothing(mobi_frame):
    """In answers and their mirror image, folded alike, every product has a path of zero."""
    items = [*mobi_frame.filter(regex="IMAG[123]|PERQ[123]|CUSA")]
    both = pd.concat([mobi_frame[items], 11 - mobi_frame[items]], ignore_index=True)
    text = (
        "Image =~ IMAG1 + IMAG2 + IMAG3; Quality =~ PERQ1 + PERQ2 + PERQ3;"
        "Satisfaction =~ CUSA1 + CUSA2 + CUSA3; Satisfaction ~ Image + Quality"
    )
    folds = np.tile(LABELS, 2)
    ours, theirs = (
        PLS(ModelSpec.parse(spec), tol=1e-13).fit(both).predict(folds)
        for spec in (f"{text} + Image:Quality", text)
    )
    assert_allclose(ours.errors_array, theirs.errors_array, atol=1e-8)


@pytest.fixture(scope="module")
def noisy():
    rng = np.random.default_rng(5)
    x, m = rng.standard_normal((2, 600))
    y = 0.4 * x + 0.3 * m + 0.6 * x * m + 0.5 * rng.standard_normal(600)
    return pd.DataFrame(
        {
            f"{name}{k}": value + 0.3 * rng.standard_normal(600)
            for name, value in (("x", x), ("m", m), ("y", y))
            for k in range(3)
        }
    )


def test_corrected_products_are_fitted_to_every_fold(noisy):
    spec = ModelSpec.parse(
        "X =~ x0 + x1 + x2; M =~ m0 + m1 + m2; Y =~ y0 + y1 + y2; Y ~ X + M + X:M"
    )
    model, held = PLS(spec, consistent=["X", "Y"], **STRICT), np.arange(600) % 3 == 1
    found = model.fit(noisy).predict(np.arange(600) % 3)
    theirs = model.fit(noisy[~held].reset_index(drop=True)).predict_items(noisy[held])
    assert_allclose(found.predicted[held], theirs, atol=1e-6)
    assert "consistent_prediction" in [finding.code for finding in found.verify()]
    survey = Survey(noisy, items=spec.items, scale=(-9, 9))
    both = (
        satisfaction_index(PLS(spec, consistent=c).fit(survey), "Y") for c in (["X", "Y"], False)
    )
    corrected, plain = (index.moderated_impacts["impact"] for index in both)
    assert corrected[2] - corrected[0] > plain[2] - plain[0]


def test_a_moderation_that_is_there_predicts_better(noisy):
    text = "X =~ x0 + x1 + x2; M =~ m0 + m1 + m2; Y =~ y0 + y1 + y2; Y ~ X + M"
    with_it, without = (
        PLS(ModelSpec.parse(spec)).fit(noisy).predict(5, 1, seed=1)
        for spec in (f"{text} + X:M", text)
    )
    row = with_it.cvpat(without, bootstrap=200).table().iloc[0]
    assert row["difference"] < 0
    assert row["p"] < 0.001
    assert with_it.constructs.loc[0, "predictive_power"] == "high"


def test_an_endogenous_factor_has_no_earliest_prediction(frame):
    spec = ModelSpec.parse(
        MEASURED + "Product ~ Image\nService ~ Image\n"
        "Satisfaction ~ Product + Service + Product:Service"
    )
    result = PLS(spec).fit(frame)
    for ask in (
        lambda: result.predict(3, 1, technique="earliest"),
        lambda: result.predict_items(frame, "earliest"),
    ):
        with pytest.raises(OptionError, match="'Product:Service' is a product of 'Product'"):
            ask()
    assert result.predict(3, 1).items[-1] == "CUSA3"


def test_gaps_and_what_does_not_apply_go_through_the_stages(frame):
    gaps = frame[list(HIGHER.items)].astype(float)
    gaps.loc[3, "PERQ1"] = np.nan
    model = PLS(HIGHER, missing="mean", **STRICT)
    result = model.fit(gaps)
    filled = gaps.fillna({"PERQ1": result.item_means["PERQ1"]})
    assert_allclose(result.scores(gaps), result.scores(filled), atol=1e-9)
    assert result.predict(LABELS).errors["PERQ1"].isna().sum() == 1
    listwise = PLS(HIGHER, **STRICT).fit(frame)
    unknown = listwise.scores(gaps).loc[3]
    assert unknown.isna().to_dict() == {
        "Product": True, "Service": False, "Image": False, "Satisfaction": False, "Quality": True
    }  # fmt: skip
    survey = Survey(
        frame.assign(PERQ1=frame["PERQ1"].where(np.arange(250) % 9 > 0, 98)),
        items=HIGHER.items,
        not_applicable=[98],
    )
    fitted = PLS(HIGHER, missing="pairwise").fit(survey)
    scores = fitted.scores()
    assert scores.notna().all(axis=None)
    pd.testing.assert_frame_equal(fitted.scores(survey), scores)
    z = ((frame - fitted.item_means) / fitted.item_sds).loc[0, ["PERQ2", "PERQ3"]]
    own = fitted.outer_weights["Product"]
    scale = own.sum() / own[z.index].sum()
    assert_allclose(scores.loc[0, "Product"], (z * own[z.index]).sum() * scale)
