"""Categories of a column as items of 0 and 1."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tcsmodel.errors import SurveyError
from tcsmodel.models.pls import PLS
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

PLANS = ["pre", "post", "family", "pre", None, " "]


@pytest.fixture
def survey():
    frame = pd.DataFrame({"q1": [1, 2, 3, 4, 5, 6], "plan": PLANS, "region": [3, 1, 2, 1, 9, 2]})
    return Survey(frame, items=["q1"], missing_codes=[0, 9])


def test_each_category_but_the_reference_becomes_an_item(survey):
    found = survey.dummies("plan", reference="pre")
    assert found.items == ("q1", "plan_family", "plan_post")
    assert_array_equal(found.values(["plan_post"])[:, 0], [0, 1, 0, 0, np.nan, np.nan])
    assert_array_equal(found.data["plan_family"], [0, 0, 1, 0, np.nan, np.nan])
    assert survey.items == ("q1",)


def test_numbers_are_categories_too_and_missing_codes_are_missing(survey):
    found = survey.dummies("region", reference=2)
    assert found.items[1:] == ("region_1", "region_3")
    assert_array_equal(found.values(["region_1"])[:, 0], [0, 1, 0, 1, np.nan, 0])


def test_categories_keep_their_own_order():
    column = pd.Categorical(["low", "high", "mid", "low"], categories=["low", "mid", "high", "no"])
    found = Survey(pd.DataFrame({"q": [1, 2, 3, 4], "size": column}), items=["q"])
    assert found.dummies("size", reference="low").items[1:] == ("size_mid", "size_high")


@pytest.mark.parametrize(
    ("frame", "column", "reference", "message"),
    [
        ({"plan": PLANS}, "plan", "pree", r"reference='pree' is not a category .*Did you mean"),
        ({"plan": ["a"] * 6}, "plan", "a", "has one category only, a, so there is nothing"),
        ({"plan": PLANS, "plan_post": [1] * 6}, "plan", "pre", "a column 'plan_post' already"),
        ({"plan": PLANS}, "plans", "pre", "'plans'"),
    ],
)
def test_what_cannot_be_compared_is_refused(frame, column, reference, message):
    frame = pd.DataFrame({"q": range(6), **frame})
    with pytest.raises(SurveyError, match=message):
        Survey(frame, items=["q"]).dummies(column, reference=reference)


def test_numbers_that_are_no_categories_are_refused():
    frame = pd.DataFrame({"q": range(30), "age": range(20, 50)})
    with pytest.raises(SurveyError, match="'age' has 30 categories; more than 20 are no items"):
        Survey(frame, items=["q"]).dummies("age", reference=20)


def test_text_among_items_says_what_to_do():
    with pytest.raises(SurveyError, match=r"survey\.dummies\('plan', reference=\.\.\.\)"):
        Survey(pd.DataFrame({"plan": PLANS, "q": range(6)}), items=["plan", "q"])


def test_a_path_of_an_indicator_is_the_difference_of_group_means(mobi_frame):
    plan = np.where(np.arange(250) % 3 == 0, "pre", "post")
    survey = Survey(mobi_frame.assign(plan=plan), items=["CUSA1"]).dummies("plan", reference="pre")
    spec = ModelSpec.parse("Post =~ plan_post; Satisfaction =~ CUSA1; Satisfaction ~ Post")
    result = PLS(spec).fit(survey)
    means = mobi_frame["CUSA1"].groupby(plan).mean()
    slope = result.paths.loc["Post", "Satisfaction"] / result.item_sds["plan_post"]
    gap = (means["post"] - means["pre"]) / mobi_frame["CUSA1"].std()
    assert_allclose(slope, gap, atol=1e-9)
