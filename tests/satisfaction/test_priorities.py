"""The order of improvements, its certainty, and hard input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_files import DATA

from tcsmodel.errors import SpecError, SurveyError
from tcsmodel.models.pls import PLS
from tcsmodel.satisfaction.index import satisfaction_index
from tcsmodel.satisfaction.priorities import priorities
from tcsmodel.spec import library
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

COLUMNS = [
    "driver",
    "importance",
    "ci_lower",
    "ci_upper",
    "performance",
    "performance_ci_lower",
    "performance_ci_upper",
    "gain",
    "gain_ci_lower",
    "gain_ci_upper",
    "priority",
    "quadrant",
    "quadrant_probability",
    "p_first",
    "p_top3",
    "tie_group",
]
ONE_DRIVER = "A =~ IMAG1 + IMAG2\nSatisfaction =~ CUSA1 + CUSA2\nSatisfaction ~ A"


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.read_csv(DATA / "mobi.csv")


@pytest.fixture(scope="module")
def survey(frame) -> Survey:
    return Survey(frame, scale=(1, 10))


@pytest.fixture(scope="module")
def pls(survey):
    return PLS(library.ecsi()).fit(survey).bootstrap(600, seed=7)


@pytest.fixture(scope="module")
def table(pls):
    return priorities(pls).table()


def test_columns_and_order(table):
    assert list(table.columns) == COLUMNS
    assert table["driver"].tolist() == ["Quality", "Expectation", "Image", "Value"]
    assert table["priority"].tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(
        table["gain"], table["importance"] * (100 - table["performance"]), rtol=1e-12
    )
    assert table["gain"].is_monotonic_decreasing


def test_importance_and_performance_are_those_of_the_index(pls, table):
    index = satisfaction_index(pls)
    rows = table.set_index("driver")
    impacts = index.impacts.set_index("source")
    np.testing.assert_allclose(rows["importance"], impacts.loc[rows.index, "impact"])
    np.testing.assert_allclose(rows["ci_lower"], impacts.loc[rows.index, "ci_lower"])
    np.testing.assert_allclose(rows["performance"], index.indices[rows.index])


def test_probabilities_are_shares_of_replicates(pls, table):
    draws = satisfaction_index(pls).draws.values
    names = pls.estimator.spec.construct_names
    at, target = [names.index(d) for d in table["driver"]], names.index("Satisfaction")
    gain = draws["impacts"][:, at, target] * (100 - draws["index"][:, at])
    first = np.bincount(gain.argmax(axis=1), minlength=4) / len(gain)
    np.testing.assert_allclose(table["p_first"], first)
    top3 = (gain.argsort(axis=1)[:, :1] != np.arange(4)).mean(axis=0)
    np.testing.assert_allclose(table["p_top3"], top3)
    assert table["p_first"].sum() == pytest.approx(1)
    assert table["p_top3"].sum() == pytest.approx(3)


def test_uncertain_orders_share_a_tie_group(pls, table):
    assert table["tie_group"].tolist() == [1, 2, 2, 3]
    order = priorities(pls)
    p = order.superiority
    assert p.loc["Quality", "Value"] > 0.99
    assert 0.1 < p.loc["Image", "Expectation"] < 0.9
    assert {f.code for f in order.verify()} == {"unstable_quadrant"}


def test_ties_for_the_first_place_are_told(frame):
    """Two drivers made alike: each is first in about half of the replicates."""
    text = """
    Left =~ PERQ1 + PERQ2
    Right =~ PERQ3 + PERQ4
    Satisfaction =~ CUSA1 + CUSA2
    Satisfaction ~ Left + Right
    """
    survey = Survey(frame, scale=(1, 10))
    order = priorities(PLS(ModelSpec.parse(text)).fit(survey).bootstrap(300, seed=1))
    assert order.table()["tie_group"].tolist() == [1, 1]
    tied = next(f for f in order.verify() if f.code == "tied_priorities")
    assert set(tied.subjects) == {"Left", "Right"}
    assert tied.evidence["p_lowest"] + tied.evidence["p_highest"] == pytest.approx(1)
    assert "cannot be told" in str(tied)


def test_before_a_bootstrap_there_is_an_order_without_probabilities(pls, survey):
    plain = priorities(PLS(library.ecsi()).fit(survey))
    frame = plain.table()
    assert list(frame.columns) == COLUMNS[:12]
    assert frame[["ci_lower", "gain_ci_upper", "performance_ci_lower"]].isna().all(axis=None)
    assert plain.superiority is None
    assert frame["driver"].tolist() == priorities(pls).table()["driver"].tolist()


def test_quadrants_are_cut_at_the_means_of_the_drivers(pls, table):
    cuts = priorities(pls).cuts
    high = table["importance"] >= cuts["importance"]
    well = table["performance"] >= cuts["performance"]
    names = {
        (True, False): "concentrate here",
        (True, True): "keep up",
        (False, False): "low priority",
        (False, True): "possible overkill",
    }
    assert table["quadrant"].tolist() == [names[pair] for pair in zip(high, well, strict=True)]


def test_rule_is_printed_with_the_order(pls):
    order = priorities(pls)
    assert "total effect * (100 - performance)" in order.rule
    assert order.rule in order.summary()


def test_another_target(pls):
    table = priorities(pls, "Loyalty").table()
    assert set(table["driver"]) == set(library.ecsi().construct_names) - {"Loyalty"}


def test_a_driver_that_does_harm_is_named(frame):
    turned = frame.assign(IMAG1=11 - frame["IMAG1"], IMAG2=11 - frame["IMAG2"])
    pls = PLS(ModelSpec.parse(ONE_DRIVER)).fit(Survey(turned, scale=(1, 10)))
    order = priorities(pls)
    (finding,) = order.verify()
    assert (finding.code, finding.subjects) == ("negative_importance", ("A",))
    assert finding.evidence["importance"] < 0


def test_a_single_driver_has_no_quadrant(frame):
    pls = PLS(ModelSpec.parse(ONE_DRIVER)).fit(Survey(frame, scale=(1, 10)))
    row = priorities(pls.bootstrap(50, seed=1)).table().iloc[0]
    assert row["quadrant"] is None or pd.isna(row["quadrant"])
    assert np.isnan(row["quadrant_probability"])
    assert row["p_first"] == 1


def test_no_drivers_and_no_scale_are_errors(frame, pls):
    with pytest.raises(SpecError, match=r"'Image' has no drivers to rank: no path leads to it"):
        priorities(pls, "Image")
    spec = ModelSpec.parse(ONE_DRIVER)
    with pytest.raises(SurveyError, match="limits of its items' scales"):
        priorities(PLS(spec).fit(frame))
    survey = Survey(frame, items=spec.items, scale={"CUSA1": (1, 10), "CUSA2": (1, 10)})
    with pytest.raises(SpecError, match="none of its drivers has a scale"):
        priorities(PLS(spec).fit(survey))


# METHODS: unstandardized total effects and indices of ECSI on mobi, path weighting (made in R).
IMPORTANCE = {
    "Satisfaction": {
        "Image": 0.414655,
        "Expectation": 0.432275,
        "Quality": 0.639795,
        "Value": 0.138289,
    },
    "Loyalty": {
        "Image": 0.643221,
        "Expectation": 0.341350,
        "Quality": 0.505220,
        "Value": 0.109201,
        "Satisfaction": 0.789659,
        "Complaints": 0.057876,
    },
}
PERFORMANCE = {
    "Image": 73.52798,
    "Expectation": 72.47382,
    "Quality": 74.97657,
    "Value": 62.34676,
    "Satisfaction": 72.45412,
    "Complaints": 67.42222,
}


@pytest.mark.parametrize("target", IMPORTANCE)
def test_importance_and_performance_of_the_reference(pls, target):
    table = priorities(pls, target).table().set_index("driver")
    wanted = pd.Series(IMPORTANCE[target])
    np.testing.assert_allclose(table["importance"][wanted.index], wanted, rtol=0, atol=6e-7)
    performance = pd.Series(PERFORMANCE)[wanted.index]
    np.testing.assert_allclose(table["performance"][wanted.index], performance, rtol=0, atol=6e-6)


def test_items_share_the_effect_and_the_gain_of_their_driver(pls):
    order = priorities(pls)
    items, drivers = order.items, order.table().set_index("driver")
    assert len(items) == 17
    sums = items.groupby("driver")[["share", "importance", "gain"]].sum()
    np.testing.assert_allclose(sums["share"], 1)
    for name in ("importance", "gain"):
        np.testing.assert_allclose(sums[name], drivers.loc[sums.index, name])
    parts = (items["share"] * items["performance"]).groupby(items["driver"]).sum()
    np.testing.assert_allclose(parts, drivers.loc[parts.index, "performance"])
    assert items["priority"].tolist() == list(range(1, 18))
    assert items["gain"].is_monotonic_decreasing


def test_an_item_weighs_as_its_unstandardized_weight(pls, frame):
    items = priorities(pls).items.set_index("item")
    own = items.index[items["driver"] == "Value"]
    weight = pls.outer_weights.loc[own, "Value"] / frame[own].std()
    share = weight / weight.sum()
    np.testing.assert_allclose(items.loc[own, "share"], share, rtol=1e-6)
    np.testing.assert_allclose(items.loc[own, "importance"], share * 0.138289, rtol=1e-5)
    wanted = (frame[own].mean() - 1) / 9 * 100
    np.testing.assert_allclose(items.loc[own, "performance"], wanted)


def test_raising_an_item_raises_the_target_by_its_importance(pls, frame):
    """One point of the item is its share of a point of the driver, with the weights held."""
    items = priorities(pls).items.set_index("item")
    index = satisfaction_index(pls)
    lifted = index.items.set_index("item")["performance"].copy()
    lifted["PERQ1"] += 1
    own = index.items.set_index("item").query("construct == 'Quality'")["share"]
    moved = (own * lifted[own.index]).sum() - index.indices["Quality"]
    effect = index.impacts.set_index("source").loc["Quality", "impact"]
    assert items.loc["PERQ1", "importance"] == pytest.approx(moved * effect)


def test_items_have_intervals_from_the_replicates(pls, survey):
    items = priorities(pls).items
    for name, prefix in (("importance", ""), ("performance", "performance_"), ("gain", "gain_")):
        lower, upper = items[f"{prefix}ci_lower"], items[f"{prefix}ci_upper"]
        assert (lower < items[name]).all()
        assert (items[name] < upper).all()
    draws = satisfaction_index(pls).draws.values
    at = list(pls.estimator.spec.items).index("PERV1")
    names = pls.estimator.spec.construct_names
    effect = draws["impacts"][:, names.index("Value"), names.index("Satisfaction")]
    limits = np.quantile(draws["item_shares"][:, at] * effect, [0.025, 0.975])
    row = items.set_index("item").loc["PERV1"]
    np.testing.assert_allclose(row[["ci_lower", "ci_upper"]].astype(float), limits)
    plain = priorities(PLS(library.ecsi()).fit(survey)).items
    assert plain[["ci_lower", "gain_ci_upper"]].isna().all(axis=None)


def test_items_of_drivers_without_a_scale_are_left_out(frame):
    spec = ModelSpec.parse(ONE_DRIVER.replace("~ A", "~ A + B") + "\nB =~ PERQ1 + PERQ2")
    scale = dict.fromkeys(("CUSA1", "CUSA2", "PERQ1", "PERQ2"), (1, 10))
    order = priorities(PLS(spec).fit(Survey(frame, items=spec.items, scale=scale)))
    assert set(order.items["item"]) == {"PERQ1", "PERQ2"}


def test_the_map_of_items_is_drawn(pls):
    order = priorities(pls)
    ax = order.plot("items")
    written = {text.get_text() for text in ax.texts}
    assert set(order.items["item"]) <= written
