"""Separate fits to the units of a survey: the same as one by one, and nothing stops for one."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import (
    DroppedRespondentsWarning,
    IdentificationError,
    ImproperSolutionWarning,
    OptionError,
    SurveyError,
    TcsError,
)
from tcsmodel.kernels.moments import by_unit, moments

TEXT = """
Quality =~ q1 + q2 + q3
Value =~ v1 + v2 + v3
Value ~ b*Quality
Quality ~~ s*Quality
effect := b * s
"""
SPEC = tcs.ModelSpec.parse(TEXT)
CONSTRAINED = """
Quality =~ a*q1 + b*q2 + q3
Value =~ v1 + c*v2 + v3
a == b
c < 1.2
"""
POPULATION = tcs.ModelSpec.parse("""
Quality =~ start(0.8)*q1 + start(0.7)*q2 + start(0.8)*q3
Value =~ start(0.8)*v1 + start(0.7)*v2 + start(0.8)*v3
Value ~ start(0.5)*Quality
""")
NUMBERS = ["estimate", "se", "z", "p", "ci_lower", "ci_upper", "std"]


@pytest.fixture(scope="module")
def frame():
    """Six firms of different size, their respondents mixed, two of which cannot be fitted."""
    drawn = tcs.simulate(POPULATION, n=900, seed=3, scale=(1, 10)).data
    firm = np.repeat(["A", "B", "C", "D", "E", "F"], [300, 60, 150, 240, 5, 145])
    drawn = drawn.assign(firm=firm, wt=np.random.default_rng(4).uniform(0.4, 2.5, 900))
    drawn.loc[drawn["firm"] == "D", "v2"] = 7
    return drawn.sample(frac=1, random_state=5).reset_index(drop=True)


@pytest.fixture(scope="module")
def fits(frame):
    return each(tcs.SEM(SPEC), frame)


def each(estimator, data, by="firm"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImproperSolutionWarning)
        return estimator.fit_each(data, by=by)


def alone(estimator, data, unit):
    if isinstance(data, pd.DataFrame):
        data = tcs.Survey(data, items=SPEC.items)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImproperSolutionWarning)
        return estimator.fit(data.where(lambda d: d["firm"] == unit))


def assert_same(fits, single, unit):
    own = fits.estimates[fits.estimates["unit"] == unit]
    assert_allclose(own[NUMBERS], single.estimates[NUMBERS], rtol=1e-8, atol=1e-10)
    assert list(own["label"]) == list(single.estimates["label"])
    measures = fits.fit_measures.loc[unit, single.fit_measures.index]
    assert_allclose(measures, single.fit_measures, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"meanstructure": True},
        {"information": "observed"},
        {"bounds": "standard"},
        {"estimator": "mlr"},
        {"estimator": "mlr", "meanstructure": True, "bounds": "standard"},
        {"likelihood": "wishart"},
        {"estimator": "mlm"},
        {"estimator": "mlmv", "meanstructure": True},
    ],
    ids=str,
)
def test_each_unit_is_what_it_is_alone(frame, options):
    estimator = tcs.SEM(SPEC, **options)
    fits = each(estimator, frame)
    assert set(fits.estimates["unit"]) == set("ABCF")
    for unit in "ABCF":
        assert_same(fits, alone(estimator, frame, unit), unit)


@pytest.mark.parametrize("kind", ["mlr", "mlmv"])
@pytest.mark.parametrize(
    "text",
    [
        "Quality =~ q1 + q2 + q3\nQuality ~ v1 + v2",
        "Quality =~ q1 + a*q2 + b*q3\nValue =~ v1 + c*v2 + v3\na == b\nc < 0.7",
    ],
    ids=["observed causes", "constraints"],
)
def test_robust_inference_of_units_with(frame, text, kind):
    estimator = tcs.SEM(tcs.ModelSpec.parse(text), estimator=kind, meanstructure=True)
    fits = each(estimator, frame)
    for unit in "ABCF":
        assert_same(fits, alone(estimator, frame, unit), unit)


def test_units_in_clusters(frame):
    survey = tcs.Survey(
        frame.assign(branch=np.arange(len(frame)) // 6), items=SPEC.items, cluster="branch"
    )
    estimator = tcs.SEM(SPEC, estimator="mlr")
    fits = each(estimator, survey)
    for unit in "ABCF":
        assert_same(fits, alone(estimator, survey, unit), unit)


def test_the_result_of_one_unit_has_everything(frame, fits):
    ours, single = fits["B"], alone(tcs.SEM(SPEC), frame, "B")
    pd.testing.assert_frame_equal(ours.estimates, single.estimates, rtol=1e-8)
    pd.testing.assert_frame_equal(ours.reliability, single.reliability, rtol=1e-8)
    pd.testing.assert_frame_equal(ours.vcov, single.vcov, rtol=1e-8)
    assert ours.sample.n == 60
    again = [one.bootstrap(20, seed=1).estimates["se"] for one in (ours, single)]
    assert_allclose(*again, rtol=1e-7)
    assert type(tcs.CFA(SPEC).fit_each(frame[frame["firm"] == "A"], by="firm")["A"]).__name__ == (
        "CFAResult"
    )


def test_weights_count_within_a_unit(frame):
    survey = tcs.Survey(frame, items=SPEC.items, weight="wt")
    for estimator in (tcs.SEM(SPEC), tcs.SEM(SPEC, estimator="mlr")):
        fits = each(estimator, survey)
        for unit in "AB":
            single = alone(estimator, survey, unit)
            assert_same(fits, single, unit)
            assert_allclose(fits[unit].sample.weights, single.sample.weights, rtol=1e-12)
    plain = each(tcs.SEM(SPEC), frame)
    assert not np.allclose(fits.fit_measures["chi2"].dropna(), plain.fit_measures["chi2"].dropna())


def test_units_are_tables_of_their_own(fits):
    assert list(fits.units) == list(fits.fit_measures.index) == list(fits.table()["unit"])
    assert fits.fit_measures.loc[["D", "E"]].isna().all(axis=None)
    assert fits.estimates.columns[0] == "unit"
    assert dict(fits.status["n"]) == {"A": 300, "B": 60, "C": 150, "D": 240, "E": 5, "F": 145}


def test_what_cannot_be_fitted_says_why(fits):
    status = fits.status
    assert dict(status["status"].drop(["A", "B", "C", "F"])) == {
        "D": "constant_item",
        "E": "too_few",
    }
    assert "'v2' is constant" in status.loc["D", "reason"]
    assert "5 respondents are too few" in status.loc["E", "reason"]
    found = {finding.code: finding for finding in fits.verify()}
    assert found["units_constant"].subjects == ("D",)
    assert "v2" in str(found["units_constant"])
    assert found["units_too_few"].subjects == ("E",)
    assert "the model needs 7" in str(found["units_too_few"])
    with pytest.raises(SurveyError, match="'E' was not fitted: 5 respondents are too few"):
        fits["E"]
    with pytest.raises(OptionError, match="no unit 'a' in column 'firm'"):
        fits["a"]


def test_an_item_constant_for_everybody_is_named(frame):
    with pytest.raises(SurveyError, match="Item 'v2' is constant: every respondent used"):
        tcs.SEM(SPEC).fit_each(frame.assign(v2=7), by="firm")


def test_an_item_constant_within_each_unit_is_each_unit_s_trouble(frame):
    within = frame.assign(v2=frame["firm"].map(dict(zip("ABCDEF", range(6), strict=True))))
    with pytest.raises(TcsError, match=r"None of the 6 units .* 'v2' is constant"):
        tcs.SEM(SPEC).fit_each(within, by="firm")


def test_items_that_repeat_each_other_in_one_unit(frame):
    again = frame.assign(q2=frame["q2"].where(frame["firm"] != "B", frame["q1"]))
    status = each(tcs.SEM(SPEC), again).status
    assert status.loc["B", "status"] == "singular_items"
    assert "'q1' and 'q2' are perfectly correlated" in status.loc["B", "reason"]
    assert status.loc["A", "status"] == "converged"


def test_an_improper_solution_is_named_and_kept(frame):
    own = frame["firm"] == "B"
    q1 = frame["q2"] + frame["q3"] + np.random.default_rng(1).normal(size=len(frame)) / 9
    odd = frame.assign(q1=frame["q1"].where(~own, q1))
    with pytest.warns(ImproperSolutionWarning, match="Of 6 units of 'firm', 2 could not be fitted"):
        fits = tcs.SEM(SPEC).fit_each(odd, by="firm")
    assert fits.status.loc["B", "status"] == "improper"
    assert not fits.status.loc["B", "proper"]
    assert {f.code: f.subjects for f in fits.verify()}["units_improper"] == ("B",)
    assert fits["B"].status == "improper"
    assert (fits.spread["n_units"] == 3).all()


def test_the_spread_is_over_proper_units(fits):
    estimates = fits.estimates[fits.estimates["label"] == "effect"]["estimate"]
    row = fits.spread.set_index("label").loc["effect"]
    assert_allclose(row[["mean", "sd", "median"]].astype(float),
                    [estimates.mean(), estimates.std(), estimates.median()])  # fmt: skip
    assert "Quality =~  q1" not in fits.summary()
    assert "converged" in fits.summary()


def test_missing_answers_and_units_without_any(frame):
    gaps = frame.copy()
    gaps.loc[gaps["firm"] == "F", "q1"] = np.nan
    with pytest.warns(DroppedRespondentsWarning, match="145 of 900"):
        fits = each(tcs.SEM(SPEC), gaps)
    assert fits.status.loc["F", ["n", "status"]].tolist() == [0, "too_few"]
    assert fits.status.loc["A", "status"] == "converged"


@pytest.fixture(scope="module")
def gaps(frame):
    """The same with missing answers, other than those of firm C."""
    random, out = np.random.default_rng(6), frame.copy()
    for name in SPEC.items:
        out.loc[(random.random(len(out)) < 0.06) & (out["firm"] != "C"), name] = np.nan
    return out


@pytest.mark.parametrize("weight", [None, "wt"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"estimator": "mlr"},
        {"information": "expected", "bounds": "standard"},
        {"estimator": "mlr", "std_lv": True},
    ],
    ids=str,
)
def test_each_unit_with_gaps_is_what_it_is_alone(gaps, options, weight):
    survey = tcs.Survey(gaps, items=SPEC.items, weight=weight)
    spec = SPEC if not options.get("std_lv") else tcs.ModelSpec.parse(CONSTRAINED)
    estimator = tcs.SEM(spec, missing="fiml", **options)
    fits = each(estimator, survey)
    assert set(fits.estimates["unit"]) == set("ABCF")
    for unit in "ABCF":
        assert_same(fits, alone(estimator, survey, unit), unit)


@pytest.mark.parametrize("kind", ["ml", "mlr"])
def test_full_information_without_any_gap(frame, kind):
    estimator = tcs.SEM(SPEC, missing="fiml", estimator=kind)
    fits = each(estimator, frame)
    assert fits.fit_measures.loc[list("ABCF"), "cfi_robust"].notna().all()
    assert_same(fits, alone(estimator, frame, "C"), "C")


def test_a_defined_parameter_without_a_value_has_no_error(frame):
    spec = tcs.ModelSpec.parse(str(SPEC) + "\nnone := log(s - 1000)")
    estimator = tcs.SEM(spec)
    fits = each(estimator, frame)
    own = fits.estimates.query("lhs == 'none'")
    assert own[["estimate", "se", "z"]].isna().all(axis=None)
    assert_same(fits, alone(estimator, frame, "A"), "A")


def test_gaps_in_observed_causes(gaps):
    spec = tcs.ModelSpec.parse("Quality =~ q1 + q2 + q3\nQuality ~ v1 + v2")
    with pytest.raises(SurveyError, match="'v1' is an observed cause and"):
        tcs.SEM(spec, missing="fiml").fit_each(gaps, by="firm")
    complete = gaps.dropna(subset=["v1", "v2"])
    for estimator in (
        tcs.SEM(spec, missing="fiml"),
        tcs.SEM(spec, missing="fiml", estimator="mlr"),
    ):
        fits = each(estimator, complete)
        for unit in "AB":
            assert_same(fits, alone(estimator, complete, unit), unit)


def test_what_cannot_be_fitted_with_gaps_says_why(gaps):
    apart = gaps.copy()
    own = np.flatnonzero(apart["firm"] == "B")
    apart.loc[own[::2], "q1"] = np.nan
    apart.loc[own[1::2], "q2"] = np.nan
    apart.loc[apart["firm"] == "A", "v3"] = np.nan
    fits = each(tcs.SEM(SPEC, missing="fiml"), apart)
    status = fits.status
    assert status.loc[list("ABDE"), "status"].tolist() == [
        "unanswered_items",
        "unanswered_items",
        "constant_item",
        "too_few",
    ]
    assert "Nobody answered item 'v3'" in status.loc["A", "reason"]
    finding = {f.code: f for f in fits.verify()}["units_unanswered"]
    assert (finding.subjects, finding.evidence["items"]) == (("A", "B"), ("v3", "q1", "q2"))
    assert "'q1' and 'q2' are never answered together" in status.loc["B", "reason"]
    assert "'v2' is constant" in status.loc["D", "reason"]
    with pytest.raises(SurveyError, match="'v2' is constant"):
        alone(tcs.SEM(SPEC, missing="fiml"), gaps, "D")


def test_units_with_gaps_in_clusters(gaps):
    branch = gaps.assign(branch=np.arange(len(gaps)) // 6)
    survey = tcs.Survey(branch, items=SPEC.items, cluster="branch")
    estimator = tcs.SEM(SPEC, estimator="mlr", missing="fiml")
    fits = each(estimator, survey)
    for unit in "AC":
        assert_same(fits, alone(estimator, survey, unit), unit)


def test_one_unit_and_numbers_as_names(frame):
    one = tcs.SEM(SPEC).fit_each(frame[frame["firm"] == "A"].assign(firm=7), by="firm")
    assert one.units == ("7",)
    assert one[7].converged


def test_too_few_who_answered_are_counted_by_items_not_products(frame):
    spec = tcs.ModelSpec.parse("A =~ q1 + q2 + q3\nB =~ v1 + v2\nC =~ v3\nC ~ A + B + A:B")
    gone = frame.copy()
    gone.loc[1:, "q1"] = np.nan
    with (
        pytest.warns(DroppedRespondentsWarning),
        pytest.raises(SurveyError, match="1 respondent answered all 6 items"),
    ):
        tcs.PLS(spec).fit_each(gone, by="firm")


def test_a_blank_label_is_no_unit(frame):
    blank = frame.assign(firm=frame["firm"].replace("B", " "), wave=1)
    for by in ("firm", ["firm", "wave"]):
        with pytest.raises(SurveyError, match="is empty for 60 of the 900 respondents"):
            tcs.SEM(SPEC).fit_each(blank, by=by)


def test_what_cannot_be_asked(frame):
    with pytest.raises(OptionError, match="by='q1' is an item of the model"):
        tcs.SEM(SPEC).fit_each(frame, by="q1")
    with pytest.raises(SurveyError, match="'fims' is not a column"):
        tcs.SEM(SPEC).fit_each(frame, by="fims")
    with pytest.raises(SurveyError, match="'firm' is empty for 1 of the 900"):
        tcs.SEM(SPEC).fit_each(frame.assign(firm=frame["firm"].where(frame.index > 0)), by="firm")
    with pytest.raises(TcsError, match="needs respondents, but moments were given"):
        tcs.SEM(SPEC).fit_each(tcs.Survey(frame, items=SPEC.items).moments(), by="firm")
    for options in ({"missing": "two_stage"}, {"group": "firm"}, {"estimator": "wls"}):
        with pytest.raises(OptionError, match="or with missing='fiml', without auxiliary=, groups"):
            tcs.SEM(SPEC, **options).fit_each(frame, by="firm")
    with pytest.raises(TcsError, match=r"None of the 1 units .* 'E': 5 respondents"):
        tcs.SEM(SPEC).fit_each(frame[frame["firm"] == "E"], by="firm")
    loose = tcs.ModelSpec.parse("Quality =~ NA*a*q1 + b*q2 + q3\na == 2*b")
    with pytest.raises(IdentificationError, match="no data can determine"):
        tcs.CFA(loose).fit_each(frame[frame["firm"] == "A"], by="firm")


def test_moments_of_units_are_those_of_their_rows():
    rng = np.random.default_rng(8)
    unit = rng.choice(40, size=3000, p=rng.dirichlet(np.full(40, 0.2)))
    x, weights = rng.normal(5, 2, size=(3000, 4)), rng.uniform(0.2, 3, 3000)
    for own in (None, weights):
        mean, cov = by_unit(x, unit, 41, own)
        for k in range(41):
            rows = unit == k
            if rows.sum() < 2:
                assert np.isnan(cov[k]).all()
                continue
            theirs = moments(x[rows], None if own is None else own[rows])
            assert_allclose(mean[k], theirs[0], rtol=1e-12)
            assert_allclose(cov[k], theirs[1], rtol=1e-10, atol=1e-12)
