"""What covariance-based models say of input that cannot be fitted, and of odd results."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import SpecError, SurveyError
from tcsmodel.models.cfa import CFA
from tcsmodel.models.efa import EFA
from tcsmodel.models.pls import PLS
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


def model(added="", **options):
    return CFA(ModelSpec.parse(f"{HS}\n{added}"), **options)


@pytest.mark.parametrize(
    ("added", "named"),
    [
        ("visual ~~ 9*textual", r"'visual ~~ 9\*textual'"),
        ("visual ~~ start(9)*textual", r"'visual ~~ start\(9\)\*textual'"),
        ("x1 ~~ 50*x2", r"'x1 ~~ 50\*x2'"),
        ("visual ~~ -2*visual", r"'visual ~~ -2\*visual'"),
    ],
)
def test_values_that_no_variables_can_have_are_named(added, named, hs_frame):
    with pytest.raises(SpecError, match=named + ".*Give smaller values, or leave the parameters"):
        model(added).fit(hs_frame)


def test_a_definition_without_a_value_is_a_finding(hs_frame):
    spec = ModelSpec.parse("f =~ x1 + a*x2 + x3\nz := log(-a)\ntwice := 2*a")
    result = CFA(spec).fit(hs_frame)
    (found,) = result.verify()
    assert (found.code, found.subjects) == ("undefined_parameter", ("z",))
    assert found.sentence("evidence") == "It is defined as log(-a)."
    assert result.proper
    rows = result.estimates.set_index("label")
    assert rows.loc["z", ["estimate", "se", "ci_lower"]].isna().all()
    assert rows.loc["twice", "se"] > 0


def test_the_items_of_a_sum_are_named(hs_frame):
    data = hs_frame.assign(total=hs_frame["x1"] + hs_frame["x2"])
    spec = ModelSpec.parse(f"{HS}\nsum =~ total + x9")
    with pytest.raises(SurveyError, match="among 'x1', 'x2', 'total' some item is a sum"):
        CFA(spec).fit(data)


@pytest.mark.parametrize("missing", ["listwise", "fiml"])
def test_an_item_that_a_group_was_not_asked(missing, hs_frame):
    data = hs_frame.copy()
    data.loc[data["school"] == "Pasteur", "x3"] = np.nan
    with pytest.raises(SurveyError, match="Nobody in group 'Pasteur' answered item 'x3'"):
        model(group="school", missing=missing).fit(data)


@pytest.mark.filterwarnings("ignore::tcsmodel.errors.DroppedRespondentsWarning")
def test_a_group_is_not_lost_in_silence(hs_frame):
    data = hs_frame.assign(city=np.repeat(["A", "B", "C"], [150, 145, 6]))
    data.loc[295:297, "x1"] = np.nan
    data.loc[298:, "x2"] = np.nan
    with pytest.raises(SurveyError, match=r"None of the 6 respondents of group 'C' answered all"):
        model(group="city").fit(data)


def test_a_group_that_is_too_small_or_constant_is_named(hs_frame):
    few = hs_frame.assign(city=np.repeat(["A", "B"], [297, 4]))
    with pytest.raises(SurveyError, match="In group 'B': 4 respondents are too few for 9 items"):
        model(group="city").fit(few)
    with pytest.raises(SurveyError, match=r"leave out the group with survey.where\(...\), or join"):
        model(group="city").fit(few)
    one = hs_frame.assign(city=np.repeat(["A", "B"], [300, 1]))
    with pytest.raises(SurveyError, match="Group 'B' has 1 respondent only"):
        model(group="city").fit(one)
    constant = hs_frame.copy()
    constant.loc[constant["school"] == "Pasteur", "x3"] = 2.0
    with pytest.raises(SurveyError, match="In group 'Pasteur': Item 'x3' is constant"):
        model(group="school").fit(constant)


def test_a_single_item_has_no_measures_of_correlations_and_no_complaint(hs_frame):
    result = CFA(ModelSpec.parse("f =~ x1")).fit(hs_frame)
    assert repr(result).startswith("CFAResult(1 construct, 1 item, n=301, chi2=0.000, df=0")
    assert result.fit_measures[["crmr", "pnfi", "pcfi"]].isna().all()
    assert result.fit_measures["srmr"] == 0


@pytest.mark.filterwarnings("ignore::tcsmodel.errors.ImproperSolutionWarning")
def test_nine_respondents_of_eight_ordinal_items_are_no_complaint_of_numpy(mobi_frame):
    items = ["IMAG1", "IMAG3", "IMAG5", "PERV1", "PERV2", "CUSA1", "CUSA2", "CUSA3"]
    spec = ModelSpec.parse("""
        Image =~ IMAG1 + IMAG3 + IMAG5
        Value =~ PERV1 + PERV2
        Satisfaction =~ CUSA1 + CUSA2 + CUSA3
        Value ~ Image
        Satisfaction ~ Image + Value
    """)
    five = ((mobi_frame[items] + 1) // 2).head(9)
    result = SEM(spec, ordered=True).fit(five)
    assert not (result.converged and result.proper)


def test_too_few_respondents_whatever_the_estimator(hs_frame):
    with pytest.raises(SurveyError, match=r"8 respondents .* of their covariances needs"):
        model(estimator="uls").fit(hs_frame.head(8))


@pytest.mark.parametrize("statement", ["visual ~ texual", "visual ~~ texual", "texual ~ x1"])
@pytest.mark.parametrize("fit", ["fit", "fit_each"])
def test_what_is_neither_a_construct_nor_a_column_is_told_so(hs_frame, statement, fit):
    text = f"visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\n{statement}"
    options = {"by": "school"} if fit == "fit_each" else {}
    message = r"'texual' in .* neither a construct with items nor a column.*Did you mean 'textual'"
    for data in (hs_frame, Survey(hs_frame, items=[f"x{i}" for i in range(1, 7)])):
        with pytest.raises(SpecError, match=message):
            getattr(SEM(ModelSpec.parse(text)), fit)(data, **options)
    if fit == "fit":
        with pytest.raises(SpecError, match=message):
            SEM(ModelSpec.parse(text)).fit(Survey(hs_frame[["x1", "x2", "x3"]]).moments())


def test_two_respondents_are_too_few_not_constant(hs_frame):
    two = hs_frame.head(2).assign(x1=3.0)
    spec = ModelSpec.parse("visual =~ x1 + x2 + x3")
    path = ModelSpec.parse("visual =~ x1 + x2\ntextual =~ x4 + x5\ntextual ~ visual")
    for estimator in (CFA(spec), CFA(spec, missing="fiml"), PLS(path), EFA(n_factors=1)):
        with pytest.raises(SurveyError, match=r"^2 respondents are too few: any two items"):
            estimator.fit(two[[f"x{i}" for i in range(1, 7)]])


def test_few_respondents_who_agree_are_too_few_not_constant(hs_frame):
    three = hs_frame.head(3).assign(x1=4.0)
    message = r"^3 respondents are too few for 3 items: all .* \(4\) to 'x1'"
    with pytest.raises(SurveyError, match=message):
        CFA(ModelSpec.parse("visual =~ x1 + x2 + x3")).fit(three)


def test_ordinal_items_need_more_respondents_than_items():
    spec = ModelSpec.parse("Image =~ IMAG1 + IMAG3 + IMAG4")
    three = tcs.datasets.mobi().data.head(3)
    with pytest.raises(SurveyError, match=r"^3 respondents are too few for 3 items"):
        CFA(spec, ordered=True).fit(three)


@pytest.mark.parametrize(
    ("text", "equivalent"),
    [
        ("F =~ a + b + c\nF ~ x + y\nF ~~ 0*F", "F =~ a + b + c\nF ~ x + y\nF ~~ 1e-9*F"),
        ("F =~ -1*a + b + c\nF ~ x + y", "F =~ a + b + c\nF ~ x + y"),
    ],
)
def test_a_search_begins_without_a_disturbance_or_below_zero(text, equivalent):
    rng = np.random.default_rng(1)
    causes = rng.normal(size=(200, 2))
    items = (causes @ [0.5, 0.3])[:, None] + rng.normal(size=(200, 3))
    frame = pd.DataFrame(np.hstack([causes, items]), columns=list("xyabc"))
    ours, same = (SEM(ModelSpec.parse(one)).fit(frame) for one in (text, equivalent))
    assert ours.status == "converged"
    assert_allclose(ours.fit_measures["chi2"], same.fit_measures["chi2"], atol=1e-4)
