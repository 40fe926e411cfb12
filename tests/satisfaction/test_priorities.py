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
