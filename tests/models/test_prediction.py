"""PLSpredict: one batch of folds equals a loop of fits, and trouble has names."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from statsmodels.api import WLS, add_constant

import tcsmodel as tcs
from tcsmodel.errors import IdentificationError, OptionError, SurveyError, TcsError

TEXT = """
Image        =~ IMAG1 + IMAG3 + IMAG5
Value        =~ PERV1 + PERV2
Complaints   =~ CUSCO
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Value ~ Image
Satisfaction ~ Image + Value
Complaints ~ Satisfaction
"""
SPEC = tcs.ModelSpec.parse(TEXT)
LABELS = np.arange(250) % 4
MODELS = {
    "mode A": tcs.PLS(SPEC),
    "mode B": tcs.PLS(SPEC, modes={"Image": "B", "Satisfaction": "B"}),
    "consistent": tcs.PLS(SPEC, consistent=["Image", "Satisfaction"]),
    "answers as they are": tcs.PLS(SPEC, standardized=False, scheme="factorial"),
}


@pytest.fixture(scope="module")
def frame():
    return tcs.datasets.mobi().data[list(SPEC.items)].assign(w=1.0 + np.arange(250) % 3)


@pytest.fixture(scope="module")
def result(frame):
    return tcs.PLS(SPEC).fit(frame)


def codes(found):
    return [finding.code for finding in found.verify()]


@pytest.mark.parametrize("technique", ["direct", "earliest"])
@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize("weight", [None, "w"])
def test_a_batch_of_folds_equals_a_loop_of_fits(frame, name, technique, weight):
    def survey(part):
        return tcs.Survey(part, items=SPEC.items, weight=weight)

    model = MODELS[name]
    ours = model.fit(survey(frame)).predict(LABELS, technique=technique)
    for label in range(4):
        held = label == LABELS
        alone = model.fit(survey(frame[~held].reset_index(drop=True)))
        theirs = alone.predict_items(survey(frame[held].reset_index(drop=True)), technique)
        assert_allclose(ours.predicted[held], theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("technique", "regressors", "items"),
    [
        ("direct", "antecedents", ["CUSA1", "CUSA2", "CUSA3"]),
        ("earliest", "antecedents", ["IMAG1", "IMAG3", "IMAG5"]),
        ("direct", "others", [i for i in SPEC.items if i != "CUSCO"]),
    ],
)
def test_the_linear_model_is_a_weighted_regression(frame, technique, regressors, items):
    survey = tcs.Survey(frame, items=SPEC.items, weight="w")
    found = tcs.PLS(SPEC).fit(survey).predict(LABELS, technique=technique, regressors=regressors)
    errors = np.empty(250)
    for label in range(4):
        held = label == LABELS
        x = add_constant(frame[items])
        fit = WLS(frame.loc[~held, "CUSCO"], x[~held], frame.loc[~held, "w"]).fit()
        errors[held] = frame.loc[held, "CUSCO"] - fit.predict(x[held])
    assert_allclose(found.errors_array[1][:, found.items.index("CUSCO")], errors, atol=1e-8)
    row = found.table().set_index("item").loc["CUSCO"]
    assert_allclose(row["rmse_linear"], np.sqrt(np.average(errors**2, weights=frame["w"])))
    assert_allclose(row["mae_linear"], np.average(np.abs(errors), weights=frame["w"]))


def test_q2_predict_is_against_the_mean_of_the_training_fold(frame, result):
    found = result.predict(LABELS)
    for item in found.items:
        means = (
            frame[item]
            .groupby(LABELS)
            .transform(lambda own, item=item: frame[item].drop(own.index).mean())
        )
        errors = found.errors[item].to_numpy()
        q2 = 1 - (errors**2).sum() / ((frame[item] - means) ** 2).sum()
        assert_allclose(found.table().set_index("item").loc[item, "q2_predict"], q2)


def test_construct_errors_are_those_of_scores(frame, result):
    found = result.predict(LABELS)
    errors = np.empty(250)
    for label in range(4):
        held = label == LABELS
        alone = tcs.PLS(SPEC).fit(frame[~held].reset_index(drop=True))
        scores = alone.scores(frame[held])
        ahead = scores[["Image", "Value"]] @ alone.paths.loc[["Image", "Value"], "Satisfaction"]
        errors[held] = scores["Satisfaction"] - ahead
    row = found.constructs.set_index("construct").loc["Satisfaction"]
    assert_allclose(row["rmse"], np.sqrt(np.mean(errors**2)), atol=1e-6)
    assert_allclose(row["mae"], np.mean(np.abs(errors)), atol=1e-6)


def test_predictive_power_counts_items(result):
    found = result.predict(seed=3)
    items = found.table()
    for row in found.constructs.itertuples():
        own = items[items["construct"] == row.construct]
        better = int((own["rmse"] < own["rmse_linear"]).sum())
        assert better == row.items_below_linear
        share = better / row.n_items
        power = "high" if share == 1 else "medium" if share >= 0.5 else "low" if share else "none"
        assert row.predictive_power == power
        assert (f"predictive_power_{power}" in codes(found)) or power == "high"


def test_repetitions_average_predictions(result):
    both = result.predict(np.stack([LABELS, LABELS[::-1]]))
    each = [result.predict(labels) for labels in (LABELS, LABELS[::-1])]
    assert_allclose(both.errors, (each[0].errors + each[1].errors) / 2, atol=1e-12)


def test_folds_are_reproducible_and_even(result):
    once, longer, other = (
        result.predict(7, repetitions=r, seed=s).fold for r, s in ((2, 5), (3, 5), (2, 6))
    )
    assert_array_equal(once, longer[:2])
    assert (once != other).any()
    assert {len(np.unique(own)) for own in once} == {7}
    assert set(np.bincount(once[0])) == {35, 36}


def test_as_many_folds_as_respondents_leave_out_one(result):
    loo = result.predict("loo")
    pd.testing.assert_frame_equal(loo.table(), result.predict(250).table())
    assert loo.seed is None
    assert "250 folds" in repr(loo)


def test_folds_may_be_given_for_the_whole_survey(frame, result):
    gaps = frame.copy()
    gaps.loc[[3, 10], "IMAG1"] = np.nan
    with pytest.warns(tcs.errors.DroppedRespondentsWarning):
        fitted = tcs.PLS(SPEC).fit(gaps)
    kept = np.setdiff1d(np.arange(250), [3, 10])
    words = np.array(["north", "east", "south", "west"])[LABELS]
    whole = fitted.predict(words)
    pd.testing.assert_frame_equal(whole.errors, fitted.predict(LABELS[kept]).errors)
    assert list(whole.errors.index[:4]) == [0, 1, 2, 4]


@pytest.mark.parametrize("missing", ["mean", "pairwise"])
def test_gaps_are_filled_from_the_training_fold_and_not_predicted(frame, missing):
    gaps = frame.drop(columns="w")
    gaps.loc[::7, "IMAG1"] = np.nan
    gaps.loc[::11, "CUSA2"] = np.nan
    model = tcs.PLS(SPEC, missing=missing)
    found = model.fit(gaps).predict(LABELS)
    assert_array_equal(found.errors["CUSA2"].isna(), gaps["CUSA2"].isna())
    assert np.isfinite(found.table().select_dtypes("number")).all(axis=None)
    held = LABELS == 1
    alone = model.fit(gaps[~held].reset_index(drop=True))
    theirs = alone.predict_items(gaps[held])
    ours = gaps.loc[held, theirs.columns].to_numpy() - found.errors[held]
    known = gaps.loc[held, theirs.columns].notna().to_numpy()
    assert_allclose(ours.to_numpy()[known], theirs.to_numpy()[known], atol=1e-6)


def test_what_the_model_cannot_do_is_refused(frame, result):
    with pytest.raises(OptionError, match="missing='fiml', which would fill the answers"):
        tcs.PLS(SPEC, missing="fiml").fit(frame).predict()
    with pytest.raises(OptionError, match="Fit the model without ordered="):
        tcs.PLS(SPEC, ordered=["CUSA1"]).fit(frame).predict()
    moments = tcs.Survey(frame, items=SPEC.items).moments()
    with pytest.raises(TcsError, match="Prediction needs respondents"):
        tcs.PLS(SPEC).fit(moments).predict()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": 251}, "folds=251 are more than the 250 respondents used. Use folds='loo'"),
        ({"folds": 1}, "folds=1 must be a whole number, 2 or more"),
        ({"folds": True}, "folds=True must be a whole number"),
        ({"folds": "ten"}, "folds='ten' must be a whole number, 'loo', or labels"),
        ({"folds": [1, 2, 3]}, r"one label per respondent \(250\), not shape \(3,\)"),
        ({"folds": np.ones(250)}, "folds has one label only"),
        ({"repetitions": 0}, "repetitions=0 must be a whole number, 1 or more"),
        ({"seed": -1}, "seed=-1 must be a whole number"),
        ({"technique": "earlier"}, "technique='earlier' is not one of direct, earliest. Did you"),
        ({"regressors": "all"}, "regressors='all' is not one of antecedents, others"),
    ],
)
def test_options_are_checked(result, options, message):
    with pytest.raises(OptionError, match=message):
        result.predict(**options)


def test_a_missing_label_is_named(result):
    with pytest.raises(SurveyError, match="A label in folds is missing"):
        result.predict(pd.Series(LABELS, dtype=float).where(LABELS != 2))


def test_an_item_that_is_constant_in_a_training_fold_loses_that_fold(frame):
    constant = frame.drop(columns="w")
    constant["CUSCO"] = np.where(LABELS == 1, constant["CUSCO"], 5.0)
    found = tcs.PLS(SPEC).fit(constant).predict(LABELS)
    assert found.lost == 1
    assert found.errors[LABELS == 1].isna().all(axis=None)
    assert found.errors[LABELS != 1].notna().all(axis=None)
    assert "folds_lost" in codes(found)
    assert "1 of 4 were lost" in found.summary()


def test_no_solution_at_all_is_an_error(frame):
    few = frame.drop(columns="w").head(4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = tcs.PLS(SPEC, modes={"Image": "unit"}).fit(
            few.assign(CUSCO=[1.0, 1.0, 1.0, 4.0], PERV1=[3.0, 5.0, 5.0, 5.0])
        )
    with pytest.raises(IdentificationError, match="no solution in any of the 2 training folds"):
        fitted.predict([0, 0, 0, 1])


def test_more_regressors_than_respondents_leave_the_linear_model_out(frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tcs.errors.SampleSizeWarning)
        found = tcs.PLS(SPEC).fit(frame.head(7)).predict("loo", regressors="others")
    assert found.table()["rmse_linear"].isna().all()
    assert found.constructs["predictive_power"].isna().all()
    assert found.table()["rmse"].notna().all()
    assert "linear_model_impossible" in codes(found)


def test_items_that_are_not_predicted_are_named(frame):
    noise = np.random.default_rng(1).normal(size=250)
    found = tcs.PLS(SPEC).fit(frame.assign(PERV1=noise)).predict(seed=1)
    finding = next(f for f in found.verify() if f.code == "item_not_predicted")
    assert finding.subjects == ("Value", "PERV1")
    assert found.table().set_index("item").loc["PERV1", "q2_predict"] <= 0


def test_consistent_predictions_are_said_to_be_too_far_out(frame):
    assert "consistent_prediction" in codes(MODELS["consistent"].fit(frame).predict(LABELS))


def test_integer_weights_predict_as_repeated_rows(frame):
    counts = frame["w"].astype(int)
    weighted = tcs.PLS(SPEC).fit(tcs.Survey(frame, items=SPEC.items, weight="w")).predict(LABELS)
    rows = np.repeat(np.arange(250), counts)
    repeated = tcs.PLS(SPEC).fit(frame.iloc[rows].reset_index(drop=True)).predict(LABELS[rows])
    assert_allclose(
        weighted.table().select_dtypes("number"), repeated.table().select_dtypes("number")
    )


def test_folds_in_chunks_give_the_same(result, monkeypatch):
    whole = result.predict(10, 3, seed=2).errors
    monkeypatch.setattr("tcsmodel.models.cross_validation.AT_ONCE", 4 * 25)
    assert_allclose(result.predict(10, 3, seed=2).errors, whole, atol=1e-6)
