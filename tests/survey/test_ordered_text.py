"""Ordered categories of text as items: their places in the order, and what has none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

import tcsmodel as tcs
from tcsmodel.errors import SurveyError
from tcsmodel.survey.survey import Survey

nan = np.nan
AGREE = ["strongly disagree", "disagree", "neither", "agree", "strongly agree"]


def ordered(answers, categories=AGREE):
    return pd.DataFrame({"q": pd.Categorical(answers, categories=categories, ordered=True)})


def read(frame, **options):
    return Survey(frame, items=["q"], **options).values().ravel()


def test_text_in_order_is_numbered_from_one_with_categories_that_nobody_chose():
    frame = ordered(["strongly agree", None, "disagree", "strongly agree"])
    assert_array_equal(read(frame), [5, nan, 2, 5])
    assert_array_equal(read(ordered([None, None])), [nan, nan])
    assert_array_equal(read(ordered([None], [])), [nan])


def test_the_survey_shows_and_checks_the_numbers():
    frame = ordered(["agree", "strongly disagree", None])
    survey = Survey(frame, items=["q"], scale=(1, 5), reverse=["q"])
    assert_array_equal(survey.data["q"], [2, 5, nan])
    assert survey.column("q").tolist()[:2] == ["agree", "strongly disagree"]
    assert_array_equal(survey.where([True, False, False]).values(), [[2]])
    with pytest.raises(SurveyError, match=r"outside its scale 2-5 \(values 1; first in row 2\)"):
        read(frame, scale=(2, 5))


@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("role", ["missing_codes", "not_applicable"])
def test_a_code_among_the_categories_takes_no_number(at, role):
    categories = [*AGREE[:at], "don't know", *AGREE[at:]]
    frame = ordered([*AGREE, "don't know"], categories)
    assert_array_equal(read(frame, scale=(1, 5), **{role: ["don't know"]}), [1, 2, 3, 4, 5, nan])
    survey = Survey(frame, items=["q"], **{role: ["don't know"]})
    assert survey.applies().all() == (role == "missing_codes")
    with pytest.raises(SurveyError, match=r"outside its scale 1-5 \(values 6;.*missing_codes"):
        read(frame, scale=(1, 5))


def test_numeric_codes_mean_categories_and_never_places():
    frame = ordered(["strongly agree", "99", "agree", "  "], [*AGREE[:2], "99", *AGREE[2:], "  "])
    for code in (99, "99"):
        frame["x"] = [5, 99, 1, 2]
        survey = Survey(frame, items=["q", "x"], missing_codes=[code, 5])
        assert_array_equal(survey.values(["q"]).ravel(), [5, nan, 4, nan])
        assert_array_equal(survey.values(["x"]).ravel(), [nan, nan, 1, 2])


@pytest.mark.parametrize(
    "categories", [[5, 3, 1], ["5", "3", "1"], ["5", "1", "very good"], [5, 3, 1, "dk"]]
)
def test_ordered_numbers_stay_the_numbers_they_are(categories):
    low = next(one for one in categories if str(one) == "1")
    frame = ordered([categories[0], low, None], categories)
    assert_array_equal(read(frame), [5, 1, nan])
    assert_array_equal(read(frame, missing_codes=[5]), [nan, 1, nan])


def test_truths_as_categories_are_one_and_zero():
    assert_array_equal(read(pd.DataFrame({"q": pd.Categorical([True, False, None])})), [1, 0, nan])


def test_ordered_text_is_an_item_only_where_it_is_named():
    frame = ordered(["agree", "disagree"]).assign(x=[1, 2])
    survey = Survey(frame)
    assert survey.items == ("x",)
    assert survey.column("q").tolist() == ["agree", "disagree"]
    with pytest.raises(SurveyError, match=r"'q' is not in .*add it to items=\[\.\.\.\]"):
        survey.values(["q"])
    assert survey.with_items(["q"]).values(["q"]).ravel().tolist() == [4, 2]
    with pytest.raises(SurveyError, match="is numeric; name the items with items="):
        Survey(frame[["q"]])


@pytest.mark.parametrize(
    "column",
    [
        pd.Categorical([None, "agree", "disagree"]),
        pd.Series([None, "agree", "disagree"], dtype=object),
        pd.Series([None, "agree", "disagree"], dtype="string"),
    ],
    ids=["categories", "object", "string"],
)
def test_text_without_an_order_is_refused_with_how_to_give_it_one(column):
    data = pd.DataFrame({"q": column})
    with pytest.raises(
        SurveyError,
        match=r"'q' holds text in 2 rows \(first 'agree' in row 2\)\. Give its order if it has one "
        r"\(pandas.Categorical\(data\['q'\], categories=\[\.\.\.\], ordered=True\), lowest first\)",
    ):
        read(data)
    data["q"] = pd.Categorical(data["q"], categories=AGREE, ordered=True)
    assert_array_equal(read(data), [nan, 4, 2])


@pytest.mark.parametrize("known", [True, False])
def test_text_among_numbers_has_no_place(known):
    """Where 4 does not occur, the place of the highest is not the 5 that it stands for."""
    data = pd.DataFrame({"q": pd.Categorical(["low", 2, 3, "high"], ["low", 2, 3, "high"], known)})
    with pytest.raises(
        SurveyError,
        match=r"text in 2 rows \(first 'low' in row 1\)\. Recode it to numbers "
        r"\(data\['q'\]\.cat\.rename_categories\(\{'low': \.\.\.\}\)\), name it in missing_codes",
    ):
        read(data)
    data["q"] = data["q"].cat.rename_categories({"low": 1, "high": 5})
    assert_array_equal(read(data), [1, 2, 3, 5])


def test_bands_have_places_and_dates_are_refused():
    ages = pd.Series([18, 70, 35])
    assert_array_equal(read(pd.DataFrame({"q": pd.cut(ages, [0, 30, 60, 99])})), [1, 3, 2])
    days = pd.Categorical(pd.date_range("2024-01-01", periods=3), ordered=True)
    with pytest.raises(SurveyError, match="'q' holds dates"):
        read(pd.DataFrame({"q": days}))


def test_a_model_of_words_is_that_of_their_numbers():
    items = ["CUSA1", "CUSA2", "CUSA3", "CUSL3"]
    numbers = (tcs.datasets.mobi().data[items] + 1) // 2
    numbers.loc[::9, "CUSA2"] = nan
    words = numbers.apply(
        lambda column: pd.Categorical(
            column.map(dict(enumerate(AGREE, 1))), categories=AGREE, ordered=True
        )
    )
    spec = tcs.ModelSpec.parse("Satisfaction =~ CUSA1 + CUSA2 + CUSA3 + CUSL3")
    theirs, ours = (tcs.CFA(spec, missing="fiml").fit(one) for one in (numbers, words))
    assert_array_equal(ours.estimates["estimate"], theirs.estimates["estimate"])


def test_files_of_stata_label_numbers_in_their_order(tmp_path):
    """With labels categories that occur are ordered, brands too; without them all are numbers."""
    frame = ordered(["agree", "disagree", "agree"], AGREE[1:4])
    frame["brand"] = pd.Categorical(["North", "South", "North"])
    frame["x"] = [3, 1, 2]
    frame.to_stata(tmp_path / "wave.dta", write_index=False)
    labelled = pd.read_stata(tmp_path / "wave.dta")
    assert labelled["brand"].cat.ordered
    assert Survey(labelled).items == ("x",)
    assert read(labelled).tolist() == [2, 1, 2]
    plain = pd.read_stata(tmp_path / "wave.dta", convert_categoricals=False)
    assert read(plain).tolist() == [2, 0, 2]  # to_stata counts from 0
    with pytest.raises(SurveyError, match="a file of Stata, which is not read yet"):
        Survey.read(tmp_path / "wave.dta")
