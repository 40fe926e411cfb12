"""`Survey`: what it accepts, what it refuses in which words, and that it never writes back."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tcsmodel.errors import DroppedRespondentsWarning, OptionError, SurveyError
from tcsmodel.survey.survey import Survey

nan = np.nan


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "q1": [1, 5, 3, 2],
            "q2": [2.0, 4.0, nan, 5.0],
            "brand": ["a", "b", "a", "b"],
            "w": [1.0, 3.0, 2.0, 2.0],
        }
    )


def test_numeric_columns_without_a_role_are_items(frame):
    survey = Survey(frame, weight="w", group="brand")
    assert survey.items == ("q1", "q2")
    assert survey.n == 4
    assert repr(survey) == (
        "Survey(4 respondents, 2 items, 1 missing answer, weight='w', group='brand')"
    )
    assert_allclose(survey.weights, [0.5, 1.5, 1.0, 1.0])


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2, None, 4], dtype="Int64"),
        pd.Series([1, 2, None, 4], dtype="Float64"),
        pd.Series([1, 2, None, 4], dtype="float32"),
        pd.Series([1, 2, None, 4], dtype=object),
        pd.Series(["1", " 2", "", "4"]),
        pd.Series(["1", "2", None, "4"], dtype="string"),
        pd.Categorical([1, 2, None, 4], ordered=True),
        pd.Categorical(["1", "2", None, "4"]),
        pd.Series([1, 2, 99, 4]),
        pd.Series([1, 2, "dk", 4], dtype=object),
        pd.Series(["1", "2", "99", "4"]),
        pd.Categorical(["1", "2", "dk", "4"]),
    ],
    ids=lambda column: f"{column.dtype}-{column[2]}",
)
def test_every_kind_of_number_column_is_read(column):
    frame = pd.DataFrame({"x": [1, 2, 3, 4], "q": column})
    for items in (["q"], None):
        survey = Survey(frame, items=items, missing_codes=[99, "dk"])
        assert_array_equal(survey.values(["q"]).ravel(), [1, 2, nan, 4])


def test_codes_written_as_text_mean_numbers_too(frame):
    assert_array_equal(Survey(frame, missing_codes=["5"]).values(["q1"]).ravel(), [1, nan, 3, 2])


def test_true_and_false_are_one_and_zero():
    survey = Survey(pd.DataFrame({"q": [True, False, True]}))
    assert survey.values().ravel().tolist() == [1, 0, 1]


@pytest.mark.parametrize("header", ["Q1 - overall?", "müşteri memnuniyeti", "满意度", "a\nb", 7])
def test_any_header_is_legal(header):
    survey = Survey(pd.DataFrame({header: [1, 2], "other": ["x", "y"]}))
    assert survey.items == (str(header),)
    assert survey.values([str(header)]).ravel().tolist() == [1, 2]


def test_text_dates_and_roles_are_not_items(frame):
    frame["when"] = pd.date_range("2024-01-01", periods=4)
    frame["took"] = frame["when"] - frame["when"][0]
    frame["who"] = [11, 12, 13, 14]
    survey = Survey(frame, weight="w", id="who")
    assert survey.items == ("q1", "q2")
    assert survey.column("brand").tolist() == ["a", "b", "a", "b"]


def test_the_callers_frame_is_never_changed_or_watched(frame):
    before = frame.copy(deep=True)
    survey = Survey(frame, items=["q1"], scale=(1, 5), reverse=["q1"], missing_codes=[3])
    pd.testing.assert_frame_equal(frame, before)
    frame.loc[0, "q1"] = 2
    assert survey.values().ravel().tolist()[0] == 5.0
    data, column = survey.data, survey.column("q1")
    data.loc[0, "q1"] = column[0] = 4
    assert survey.column("q1")[0] == 1
    assert survey.data.loc[0, "q1"] == 5.0
    with pytest.raises(ValueError, match="read-only"):
        survey.values()[0, 0] = 1
    with pytest.raises(FrozenInstanceError):
        survey.items = ()


def test_reversed_items_are_recoded_once(frame):
    survey = Survey(frame, scale={"q1": (1, 5)}, reverse=["q1", "q1"])
    assert survey.values(["q1"]).ravel().tolist() == [5, 1, 3, 4]
    assert survey.reverse == ("q1",)
    assert survey.data["q1"].tolist() == [5, 1, 3, 4]
    assert survey.column("q1").tolist() == [1, 5, 3, 2]


def test_labels_and_scale_are_kept(frame):
    survey = Survey(frame, items=["q1"], scale=(1, 5), labels={"q1": "Overall"})
    assert survey.labels == {"q1": "Overall"}
    assert survey.scale == {"q1": (1.0, 5.0)}


def refused(**options):
    return lambda frame: Survey(frame, **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda frame: Survey(frame.to_numpy()), "needs a pandas DataFrame, not ndarray"),
        (lambda frame: Survey(frame.iloc[:0]), "0 rows"),
        (lambda frame: Survey(frame[["brand"]]), "No column of the data is numeric"),
        (lambda frame: Survey(frame[["q1", "q1"]]), "Column 'q1' appears twice"),
        (refused(items=["q1", "Q 2"]), r"Item 'Q 2' is not a column.*Did you mean 'q2'\?"),
        (refused(items=["q1", "q1"]), "Item 'q1' is listed twice"),
        (refused(items=[]), "items is empty"),
        (refused(items="q1"), r"items='q1' must be a list: items=\['q1'\]"),
        (refused(reverse="q1"), r"reverse='q1' must be a list"),
        (refused(missing_codes=99), r"missing_codes=99 must be a list: missing_codes=\[99\]"),
        (refused(items=["brand"]), r"Item 'brand' holds text in 4 rows \(first 'a' in row 1\)"),
        (refused(scale=(1, 4)), r"Item 'q1' has 1 answer outside its scale 1-4 \(values 5; first "
                                r"in row 2\).*missing_codes=\[\.\.\.\]"),
        (refused(scale=(5, 1)), "low below high"),
        (refused(scale=5), r"scale of 'q1' is 5; give \(low, high\)"),
        (refused(scale=(0, np.inf)), "low below high"),
        (refused(scale={"q3": (1, 5)}), "scale names 'q3', which is not an item"),
        (refused(reverse=["q1"]), "reversed but has no scale"),
        (refused(reverse=["q9"]), "reverse names 'q9', which is not an item"),
        (refused(weight="ww"), r"weight='ww' is not a column.*Did you mean 'w'\?"),
        (refused(group="brnd"), r"group='brnd' is not a column.*Did you mean 'brand'\?"),
        (refused(items=["q1", "w"], weight="w"), "'w' is both an item and the weight"),
        (refused(items=["q1"], id="q1"), "'q1' is both an item and the id"),
        (refused(weight="brand"), r"missing, zero or negative in 4 rows \(first in row 1: 'a'\)"),
        (refused(weight="q2"), r"missing, zero or negative in 1 row \(first in row 3: nan\)"),
    ],
)  # fmt: skip
def test_refusals(frame, call, message):
    with pytest.raises(SurveyError, match=message):
        call(frame)


@pytest.mark.parametrize("bad", [0, -1, np.inf])
def test_weights_must_be_positive(frame, bad):
    frame.loc[2, "w"] = bad
    with pytest.raises(SurveyError, match=r"positive number.*first in row 3"):
        Survey(frame, weight="w")


def test_columns_are_those_of_the_data_as_text(frame):
    assert Survey(frame.rename(columns={"q2": 7}), weight="w").columns == tuple(
        str(name) for name in frame.rename(columns={"q2": 7}).columns
    )


def test_an_infinite_answer_and_a_date_are_refused(frame):
    frame["far"] = [1.0, np.inf, 2.0, 3.0]
    with pytest.raises(SurveyError, match=r"'far' holds an infinite value \(first in row 2\)"):
        Survey(frame, items=["far"])
    frame["when"] = pd.date_range("2024-01-01", periods=4)
    with pytest.raises(SurveyError, match="'when' holds dates"):
        Survey(frame, items=["when"])


def test_an_item_of_the_model_with_one_text_among_its_numbers_is_named(frame):
    survey = Survey(frame.assign(q1=[1, 5, "very good", 2]), weight="w")
    assert survey.items == ("q2",)
    with pytest.raises(SurveyError, match=r"'q1' holds text .*'very good' in row 3"):
        survey.values(["q1"])


def test_an_absent_item_says_why(frame):
    survey = Survey(frame, items=["q1"])
    with pytest.raises(SurveyError, match=r"'q2' is not in the survey\. It is a column"):
        survey.values(["q2"])
    with pytest.raises(SurveyError, match="The items are q1"):
        survey.values(["zzz"])
    with pytest.raises(SurveyError, match=r"Did you mean 'q1'\?"):
        survey.values(["q11"])


def test_incomplete_respondents_are_counted_when_dropped(frame):
    survey = Survey(frame, weight="w")
    with pytest.warns(DroppedRespondentsWarning, match=r"1 of 4 respondents \(25%\).*3 remain"):
        values, weights, rows = survey.complete(["q1", "q2"])
    assert rows.tolist() == [0, 1, 3]
    assert weights.tolist() == [1, 3, 2]
    assert_array_equal(values, survey.values()[rows])
    survey.complete(["q1"])


def test_an_item_without_answers_is_named(frame):
    frame["q2"] = nan
    with pytest.raises(SurveyError, match="Item 'q2' has no answers at all"):
        Survey(frame, items=["q1", "q2"]).moments()


def test_an_unknown_rule_for_missing_answers_lists_the_known(frame):
    with pytest.raises(OptionError, match="missing='mean' is not one of listwise"):
        Survey(frame).moments(missing="mean")


def test_where_keeps_everything_else(frame):
    frame.index = [10, 11, 12, 13]
    survey = Survey(frame, scale=(1, 5), reverse=["q1"], weight="w", group="brand", items=["q1"])
    for condition in (
        lambda data: data["brand"] == "b",
        frame["brand"] == "b",
        [False, True, False, True],
        pd.array([None, True, None, True], dtype="boolean"),
        lambda data: (data["brand"] == "b").astype("boolean"),
    ):
        part = survey.where(condition)
        assert part.values().ravel().tolist() == [1, 4]
        assert part.column("w").tolist() == [3.0, 2.0]
        assert_allclose(part.weights, [1.2, 0.8])
        assert part.scale == survey.scale


def test_where_refuses_a_condition_about_other_rows(frame):
    survey = Survey(frame.set_axis(["a", "b", "c", "d"]), weight="w")
    chosen = survey.data["q1"] > 2
    assert survey.where(chosen).n == chosen.sum()
    for other in (chosen.iloc[::-1], chosen.reset_index(drop=True)):
        with pytest.raises(OptionError, match="other row labels"):
            survey.where(other)
    assert survey.where(chosen.to_numpy()).row_labels.tolist() == chosen[chosen].index.tolist()


def test_where_refuses_what_is_not_a_condition(frame):
    survey = Survey(frame)
    with pytest.raises(OptionError, match=r"one True or False per respondent \(n=4\)"):
        survey.where([True])
    with pytest.raises(OptionError, match="one True or False"):
        survey.where(lambda data: data["q1"])
    with pytest.raises(SurveyError, match="leaves no respondents"):
        survey.where(lambda data: data["q1"] > 9)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=40), st.integers(0, 99))
def test_split_halves_every_stratum(groups, seed):
    frame = pd.DataFrame({"q": range(len(groups)), "g": groups})
    halves = Survey(frame, items=["q"], group="g").split(seed=seed)
    together = np.concatenate([half.values().ravel() for half in halves])
    assert sorted(together) == list(range(len(groups)))
    assert abs(halves[0].n - halves[1].n) <= 1
    for name in set(groups):
        first, second = (int((half.column("g") == name).sum()) for half in halves)
        assert abs(first - second) <= 1


def test_split_is_decided_by_the_seed(mobi_frame):
    survey = Survey(mobi_frame)
    again = survey.split(seed=3)[0].values()
    assert_array_equal(survey.split(seed=3)[0].values(), again)
    assert (survey.split(seed=4)[0].values() != again).any()


def test_a_hundred_thousand_rows(mobi_frame):
    survey = Survey(pd.concat([mobi_frame] * 400, ignore_index=True), scale=(1, 10))
    assert survey.n == 100_000
    assert_allclose(survey.moments().mean, mobi_frame.mean())
