"""Necessary conditions of constructs and items, and the combined map."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from golden_files import expected
from tolerances import PLS as TOLERANCE

import tcsmodel as tcs
from tcsmodel.errors import OptionError, SpecError, SurveyError, TcsError
from tcsmodel.report.plots import kinds, picture

CASE = "D_seminrextras_mobi_nca"
SIDE = {"ce_fdh": 0, "cr_fdh": 1}


@pytest.fixture(scope="module")
def survey():
    return tcs.datasets.mobi()


@pytest.fixture(scope="module")
def pls(survey):
    return tcs.PLS(tcs.library.ecsi(), tol=1e-10).fit(survey)


@pytest.fixture(scope="module")
def needs(pls):
    return tcs.necessary_conditions(pls)


def by_condition(found, ceiling="ce_fdh"):
    frame = found.table()
    return frame[frame["ceiling"] == ceiling].set_index("condition")


@pytest.fixture(scope="module")
def five():
    """Return the five respondents of the kernel's hand-worked example."""
    return pd.DataFrame({"x": [1, 2, 2, 4, 5], "y": [2, 3, 1, 5, 4], "w": [1, 2, 1, 3, 1]})


@pytest.mark.parametrize("ceiling", ["ce_fdh", "cr_fdh"])
def test_effects_equal_those_of_another_program(pls, needs, ceiling):
    given = expected(CASE)
    theirs = given["effects"][ceiling]
    own = by_condition(needs, ceiling)["effect"]
    np.testing.assert_allclose(own[theirs.index], theirs, rtol=TOLERANCE, atol=1e-12)
    others = tcs.necessary_conditions(pls, "Loyalty", list(given["loyalty"].index))
    own = by_condition(others, ceiling)["effect"][given["loyalty"].index]
    np.testing.assert_allclose(own, given["loyalty"][ceiling], rtol=TOLERANCE)


@pytest.mark.parametrize("ceiling", ["ce_fdh", "cr_fdh"])
def test_bottlenecks_equal_those_of_another_program(needs, ceiling):
    theirs = expected(CASE)[f"bottleneck_{ceiling}"].drop(columns="Satisfaction")
    own = needs.bottleneck(ceiling=ceiling)[theirs.columns]
    assert own.index.tolist() == list(range(0, 101, 10))
    np.testing.assert_allclose(own.fillna(0), theirs.astype(float).fillna(0), atol=0.0501)


def test_the_example_worked_by_hand_in_its_own_units(five):
    found = tcs.necessary_conditions(five, "y", ["x"], ceiling="cr_fdh", permutations=99)
    steps, line = (by_condition(found, c).loc["x"] for c in SIDE)
    assert steps["effect"] == pytest.approx(7 / 16)
    assert (steps["scope"], steps["ceiling_zone"], steps["corners"]) == (16, pytest.approx(7), 3)
    assert line["effect"] == pytest.approx(4.5 / 16)
    assert (line["intercept"], line["slope"]) == (pytest.approx(1), pytest.approx(1))
    assert line[["condition_inefficiency", "target_inefficiency"]].tolist() == pytest.approx(
        [0.25] * 2
    )
    np.testing.assert_allclose(found.corners("x"), [[1, 2], [2, 3], [4, 5]])
    table = found.bottleneck("actual", steps=4)
    assert table.index.tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(table["x"], [np.nan, np.nan, 2, 3, 4])
    np.testing.assert_allclose(found.bottleneck("respondents", steps=4)["x"], [0, 0, 20, 60, 60])


def test_theoretical_limits_count_the_space_beyond_what_was_seen(five):
    answers = tcs.Survey(five[["x", "y"]], scale={"x": (0, 5), "y": (1, 7)})
    found = tcs.necessary_conditions(answers, "y", ["x"], scope="scale", permutations=99)
    row = by_condition(found).loc["x"]
    # 6 above 0-1, where nobody is; 5 above 1-2; 4 above 2-4 twice; 2 above 4-5.
    assert (row["ceiling_zone"], row["scope"]) == (pytest.approx(6 + 5 + 8 + 2), 30)
    assert row["target_inefficiency"] == 0
    table = found.bottleneck("actual", steps=3)
    np.testing.assert_array_equal(table["x"], [np.nan, 2, 4, np.inf])
    assert found.bottleneck("respondents", steps=3)["x"].tolist() == pytest.approx([0, 20, 60, 100])


def test_p_values_are_those_of_all_orders(five):
    from itertools import permutations

    x, y = five["x"].to_numpy(), five["y"].to_numpy()
    found = tcs.necessary_conditions(five, "y", ["x"], permutations=20_000, seed=4)
    area = []
    for order in permutations(y):
        top = [max(b for a, b in zip(x, order, strict=True) if a <= level) for level in (1, 2, 4)]
        area.append((5 - top[0]) + 2 * (5 - top[1]) + (5 - top[2]))
    assert by_condition(found).loc["x", "p"] == pytest.approx(
        np.mean(np.array(area) >= 7), abs=0.01
    )


def test_the_same_seed_gives_the_same_numbers(pls, needs):
    pd.testing.assert_frame_equal(tcs.necessary_conditions(pls).table(), needs.table())
    other = tcs.necessary_conditions(pls, seed=1, permutations=200).table()
    assert (other["p"] != needs.table()["p"]).any()


def test_an_index_and_its_model_give_the_same(pls, needs):
    found = tcs.necessary_conditions(tcs.satisfaction_index(pls))
    pd.testing.assert_frame_equal(found.table(), needs.table())


def test_items_of_a_model_are_on_0_to_100_and_need_no_rescaling(pls, survey):
    inside = tcs.necessary_conditions(pls, conditions=["PERQ1", "Value"], permutations=99)
    np.testing.assert_allclose(inside.points.values.max(axis=0), 100, rtol=1e-12)
    answers = tcs.necessary_conditions(survey, "CUSA3", ["PERQ1", "IMAG1"], permutations=99)
    reversed_order = tcs.necessary_conditions(survey, "CUSA3", ["IMAG1", "PERQ1"], permutations=99)
    np.testing.assert_allclose(
        by_condition(answers)["effect"].sort_index(),
        by_condition(reversed_order)["effect"].sort_index(),
    )


def test_the_scale_of_answers_changes_nothing(survey):
    one = tcs.necessary_conditions(survey, "CUSA3", ["PERQ1"], permutations=500)
    stretched = survey.data.assign(PERQ1=survey.data["PERQ1"] * 7 - 3)
    two = tcs.necessary_conditions(stretched, "CUSA3", ["PERQ1"], permutations=500)
    columns = ["effect", "p", "accuracy", "corners", "condition_inefficiency"]
    pd.testing.assert_frame_equal(one.table()[columns], two.table()[columns])


def test_weights_count_respondents_and_leave_ceilings_alone(five):
    weighted = tcs.Survey(five, items=["x", "y"], weight="w")
    repeated = five.loc[five.index.repeat(five["w"])]
    one, many = (
        tcs.necessary_conditions(s, "y", ["x"], permutations=99)
        for s in (weighted, repeated[["x", "y"]])
    )
    np.testing.assert_allclose(one.bottleneck("respondents"), many.bottleneck("respondents"))
    columns = ["effect", "accuracy", "ceiling_zone", "slope"]
    pd.testing.assert_frame_equal(one.table()[columns], many.table()[columns])
    assert one.required(5)["below"].tolist() == pytest.approx([0.5])


def test_respondents_who_skipped_an_item_are_left_out(five):
    frame = pd.concat([five[["x", "y"]], pd.DataFrame({"x": [np.nan], "y": [5]})])
    with pytest.warns(tcs.errors.DroppedRespondentsWarning, match="1 of 6"):
        found = tcs.necessary_conditions(frame, "y", ["x"], permutations=99)
    assert found.n == 5


def test_a_hundred_thousand_respondents():
    rng = np.random.default_rng(1)
    need, noise = rng.integers(1, 11, 100_000), rng.integers(1, 11, 100_000)
    frame = pd.DataFrame({"need": need, "noise": noise})
    frame["y"] = np.minimum(need + 2, rng.integers(1, 11, 100_000))
    found = tcs.necessary_conditions(frame, "y", ["need", "noise"])
    own = by_condition(found)
    # The corner above need + 2: levels 1 to 7 of the condition leave 7, 6, ... 1 empty.
    assert own.loc["need", "effect"] == pytest.approx(28 / 81)
    assert own["necessary"].tolist() == [True, False]
    assert own.loc["noise", "effect"] == 0
    picture(found).svg("many")


def test_findings_name_what_is_necessary_and_what_is_not(needs):
    found = {f.subjects: f for f in needs.verify()}
    assert {s: f.code for s, f in found.items()} == {
        ("Quality",): "necessary_condition",
        ("Image",): "necessary_condition",
        ("Expectation",): "necessary_condition",
        ("Value",): "not_necessary",
        ("Value", "Satisfaction"): "corner_of_one",
    }
    assert "d = .32 of the space (large by Dul 2016), p < .001" in str(found[("Quality",)])
    assert by_condition(needs)["size"].tolist() == ["large", "medium", "medium", "small"]


def test_a_straight_ceiling_that_does_not_fit_is_told(survey):
    found = tcs.necessary_conditions(
        survey, "CUSA3", ["PERQ2"], ceiling="cr_fdh", scope="scale", permutations=99
    )
    few = next(f for f in found.verify() if f.code == "few_corners")
    assert few.evidence["corners"] == 2
    x = np.linspace(0, 1, 40)
    frame = pd.DataFrame({"x": x, "y": np.sqrt(x)})
    found = tcs.necessary_conditions(frame, "y", ["x"], ceiling="cr_fdh", permutations=99)
    first = found.verify()[0]
    assert first.code == "inaccurate_ceiling"
    assert first.evidence["accuracy"] < 0.6


def test_a_single_respondent_who_fills_the_corner_is_told(needs, five):
    frame = pd.concat([five, pd.DataFrame({"x": [1], "y": [5]})])[["x", "y"]]
    found = tcs.necessary_conditions(frame, "y", ["x"], permutations=99)
    row = by_condition(found).loc["x"]
    assert row["effect"] == 0
    assert row["effect_without_one"] == pytest.approx(7 / 16)
    (first, _) = found.verify()
    assert (first.code, first.subjects) == ("corner_of_one", ("x", "y"))
    assert "d = .00; without that respondent it would be .44" in str(first)
    twice = pd.concat([frame, frame.iloc[-1:]])
    found = tcs.necessary_conditions(twice, "y", ["x"], permutations=99)
    assert by_condition(found).loc["x", "effect_without_one"] == 0
    assert [f.code for f in found.verify()] == ["not_necessary"]
    own = by_condition(needs)
    assert (own["effect_without_one"] >= own["effect"]).all()


def test_filled_answers_are_told(mobi_frame):
    frame = mobi_frame.copy()
    frame.loc[[3, 7], ["PERQ1", "CUSL1"]] = np.nan
    frame.loc[9, "CUSL2"] = np.nan
    survey = tcs.Survey(frame, scale=(1, 10))
    pls = tcs.PLS(tcs.library.ecsi(), missing="fiml").fit(survey)
    first = tcs.necessary_conditions(pls, permutations=99).verify()[0]
    assert first.code == "necessity_of_filled_answers"
    assert first.evidence["filled"] == 2, "the gap in Loyalty is of no concern here"


def test_clusters_are_told(survey):
    frame = survey.data.assign(branch=np.arange(250) % 25)
    drawn = tcs.Survey(frame, items=survey.items, cluster="branch")
    found = tcs.necessary_conditions(drawn, "CUSA3", ["PERQ1"], permutations=99)
    assert found.verify()[0].code == "necessity_of_clusters"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"conditions": ["Satisfaction"]}, OptionError, "both the target and a condition"),
        ({"conditions": ["Image", "Image"]}, OptionError, "'Image' is listed twice"),
        ({"conditions": "Image"}, OptionError, "one string; give a list"),
        ({"conditions": []}, OptionError, "no conditions of 'Satisfaction'"),
        ({"target": "Image"}, OptionError, "no conditions of 'Image'"),
        ({"target": "Satisfacton"}, SpecError, "Satisfaction"),
        ({"conditions": ["Imge"]}, SurveyError, "neither a construct nor an item.*'Image'"),
        ({"ceiling": "ce"}, OptionError, "is not one of ce_fdh, cr_fdh"),
        ({"scope": "theory"}, OptionError, "is not one of observed, scale"),
        ({"permutations": 0}, OptionError, "permutations=0 must be a whole number"),
        ({"seed": -1}, OptionError, "seed=-1 must be a whole number"),
    ],
)
def test_what_cannot_be_asked_for(pls, options, error, message):
    with pytest.raises(error, match=message):
        tcs.necessary_conditions(pls, **options)


def test_data_that_have_no_ceiling(survey, five):
    with pytest.raises(TcsError, match="A ceiling needs respondents"):
        tcs.necessary_conditions(survey.moments(), "CUSA1", ["PERQ1"])
    with pytest.raises(SurveyError, match="scope='scale' needs the limits of the scale of 'x'"):
        tcs.necessary_conditions(five, "y", ["x"], scope="scale")
    with pytest.raises(SurveyError, match="x"):
        tcs.necessary_conditions(five.assign(x=3), "y", ["x"])
    spec = tcs.ModelSpec.parse("A =~ IMAG1 + IMAG2\nS =~ CUSA1 + CUSA2\nS ~ A")
    scale = {"CUSA1": (1, 10), "CUSA2": (1, 10)}
    unscaled = tcs.PLS(spec).fit(tcs.Survey(survey.data, items=spec.items, scale=scale))
    with pytest.raises(SurveyError, match="'A' has no 0-100 level"):
        tcs.necessary_conditions(unscaled, "S", ["A"])
    moments = tcs.PLS(spec).fit(survey.moments())
    with pytest.raises(TcsError, match="needs respondents"):
        tcs.necessary_conditions(moments, "S")


def test_goals_lie_in_the_scope(needs):
    with pytest.raises(OptionError, match=r"goal=101 lies outside the scope of 'Satisfaction'"):
        needs.required(101)
    with pytest.raises(OptionError, match=r"condition='Imge' is not one of.*'Image'"):
        needs.corners("Imge")
    with pytest.raises(OptionError, match=r"unit='shares' is not one of"):
        needs.bottleneck("shares")


def test_the_combined_map_joins_both(pls, needs):
    order = tcs.priorities(pls)
    both = order.combined(85)
    table = both.table().set_index("driver")
    plain = order.table().set_index("driver")
    assert table.index.tolist() == plain.index.tolist()
    for name in ("importance", "performance", "gain", "priority"):
        np.testing.assert_allclose(table[name], plain[name])
    own = by_condition(needs).loc[table.index]
    np.testing.assert_allclose(table["effect"], own["effect"])
    wanted = needs.required(85).set_index("condition").loc[table.index]
    np.testing.assert_allclose(table["required"], wanted["required"])
    scores = tcs.satisfaction_index(pls).respondents
    high = scores[scores["Satisfaction"] >= 85]
    for name in ("Quality", "Image", "Expectation"):
        assert table.loc[name, "required"] == pytest.approx(high[name].min())
        assert table.loc[name, "below"] == pytest.approx((scores[name] < high[name].min()).mean())
    assert np.isnan(table.loc["Value", "required"])
    assert table.loc["Value", "below"] == 0


def test_the_combined_map_names_whom_it_holds_back(pls):
    both = tcs.priorities(pls).combined(85, permutations=999)
    found = [f for f in both.verify() if f.code == "bottleneck"]
    assert [f.subjects[0] for f in found] == ["Quality", "Image", "Expectation"]
    assert "holds 23% of the respondents back from 85 on Satisfaction" in str(found[0])
    assert picture(both).title == "Quality holds 23% back from 85 on Satisfaction"
    with pytest.raises(OptionError, match="goal=5 lies outside"):
        tcs.priorities(pls).combined(5)


def test_a_straight_ceiling_that_ends_below_the_goal_is_told():
    x = np.repeat(np.arange(1, 10), 3)
    y = np.where(x < 9, np.maximum(1, x - 2), 9)
    frame = pd.DataFrame({"x1": x, "y1": y})
    spec = tcs.ModelSpec.parse("X =~ x1\nY =~ y1\nY ~ X")
    pls = tcs.PLS(spec).fit(tcs.Survey(frame, items=["x1", "y1"], scale=(1, 9)))
    both = tcs.priorities(pls, "Y").combined(100, ceiling="cr_fdh", permutations=999)
    row = both.table().iloc[0]
    assert row["required"] == np.inf
    assert row["below"] == pytest.approx(1)
    assert "goal_out_of_reach" in {f.code for f in both.verify()}
    assert "> 100" in {text.get_text() for text in both.needs.plot("bottleneck").texts}


def test_pictures_say_whether_a_condition_is_necessary(needs):
    assert list(kinds(needs))[:2] == ["ceiling", "bottleneck"]
    assert picture(needs).title == "Quality is a necessary condition of Satisfaction (d = .32)"
    assert picture(needs, "Value").title.startswith("Value is not shown to be necessary")
    assert picture(needs, "bottleneck").title == (
        "What high Satisfaction needs: Quality, Image and Expectation"
    )
    for kind in kinds(needs):
        assert needs.plot(kind).has_data()
    drawn = [text.get_text() for text in needs.plot("Value").get_legend().get_texts()]
    assert drawn == ["Step ceiling (CE-FDH)"], "there is no line to name"
    nothing = tcs.necessary_conditions(tcs.datasets.mobi(), "CUSA3", ["PERV1"], permutations=99)
    assert picture(nothing, "bottleneck").title.startswith("No condition is shown")


def test_no_warning_reaches_the_user(pls):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tcs.priorities(pls).combined(85, ceiling="cr_fdh", permutations=99).summary()
