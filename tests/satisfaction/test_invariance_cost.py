"""The cost of comparing groups that answer differently, in index points."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tcsmodel.errors import SurveyError
from tcsmodel.models.invariance import invariance
from tcsmodel.models.pls import PLS
from tcsmodel.report.language import language
from tcsmodel.report.plots import picture
from tcsmodel.satisfaction.index import satisfaction_index
from tcsmodel.satisfaction.invariance_cost import invariance_cost
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

SPEC = ModelSpec.parse(
    "Quality =~ q1 + q2 + q3 + q4\nSatisfaction =~ s1 + s2 + s3\nSatisfaction ~ Quality"
)
SCALE = (0, 10)


def survey(n=1000, *, shift=0.0, slope=0.0, mean=0.0, seed=5, **options):
    """Return answers of brands A and B; B answers q4 higher, or with another loading."""
    rng = np.random.default_rng(seed)
    parts = []
    for label in ("A", "B"):
        own = label == "B"
        quality = mean * own + rng.standard_normal(n)
        satisfaction = 0.7 * quality + 0.7 * rng.standard_normal(n)
        lam = np.array([1.0, 1.0, 1.0, 1.0 + slope * own])
        q = 5 + np.outer(quality, lam) + 0.6 * rng.standard_normal((n, 4))
        q[:, 3] += shift * own
        s = 5 + satisfaction[:, None] + 0.6 * rng.standard_normal((n, 3))
        frame = pd.DataFrame(np.hstack([q, s]), columns=list(SPEC.items))
        parts.append(frame.assign(brand=label))
    frame = pd.concat(parts, ignore_index=True)
    frame[list(SPEC.items)] = frame[list(SPEC.items)].clip(*SCALE)
    return Survey(frame, items=SPEC.items, group="brand", **({"scale": SCALE} | options))


@pytest.fixture(scope="module")
def biased():
    return survey(shift=1.0, mean=0.3)


@pytest.fixture(scope="module")
def cost(biased):
    return invariance_cost(invariance(SPEC, biased))


def test_the_cost_is_what_was_put_in(cost):
    row = cost.table().set_index("construct").loc["Quality"]
    # A quarter of one point on a scale of ten, and .3 on each item for the construct.
    assert row["cost"] == pytest.approx(2.5, abs=3 * row["se"])
    assert row["se"] < 0.3
    assert row["difference_latent"] == pytest.approx(3.0, abs=1.5)
    assert row["ci_lower"] < 2.5 < row["ci_upper"]
    assert cost.invariance.released == ("q4~1",)


def test_the_parts_add_up(cost):
    table = cost.table()
    parts = table[["difference_latent", "cost", "unexplained"]].sum(axis=1)
    assert_allclose(parts, table["difference_observed"], atol=1e-9)
    assert table["unexplained"].abs().max() < 0.3


def test_the_observed_difference_is_that_of_the_indices(cost, biased):
    means = biased.data.groupby("brand")[["q1", "q2", "q3", "q4"]].mean().mean(axis=1) * 10
    row = cost.table().iloc[0]
    assert row["difference_observed"] == pytest.approx(means["B"] - means["A"])


def test_it_is_the_formula_where_intercepts_differ(cost):
    rows = cost.invariance.steps["scalar"].estimates.query("op == '~1' and lhs == 'q4'")
    tau = rows.set_index("group")["estimate"]
    assert cost.table()["cost"][0] == pytest.approx(0.25 * 10 * (tau["B"] - tau["A"]))
    assert cost.table()["cost"][1] == 0


def test_the_weights_of_an_index_are_used(biased):
    index = satisfaction_index(PLS(SPEC).fit(biased))
    result = invariance(SPEC, biased)
    weighed = invariance_cost(result, index)
    shares = index.items.set_index("item")["share"]
    rows = weighed.invariance.steps["scalar"].estimates.query("op == '~1' and lhs == 'q4'")
    gap = rows["estimate"].diff().iloc[-1]
    assert weighed.table()["cost"][0] == pytest.approx(10 * shares["q4"] * gap)
    by = index.by("brand").query("construct == 'Quality'").set_index("segment")["index"]
    assert weighed.table()["difference_observed"][0] == pytest.approx(by["B"] - by["A"])


def test_the_standard_error_is_that_of_many_samples():
    costs, errors = [], []
    for seed in range(25):
        data = survey(300, shift=1.0, slope=-0.5, mean=0.5, seed=seed)
        table = invariance_cost(invariance(SPEC, data)).table()
        costs.append(table["cost"][0])
        errors.append(table["se"][0])
    # The standard deviation of 25 costs is itself uncertain by 14 percent.
    assert np.std(costs, ddof=1) == pytest.approx(np.mean(errors), rel=0.4)
    # tau: + 1, lambda: - .5 at a latent mean of .5, of one item in four.
    assert np.mean(costs) == pytest.approx(2.5 * (1 - 0.25), abs=0.3)


def test_groups_alike_cost_nothing():
    half = survey().where(lambda d: d["brand"] == "A").data
    both = pd.concat([half, half.assign(brand="B")], ignore_index=True)
    alike = Survey(both, items=SPEC.items, scale=SCALE, group="brand")
    table = invariance_cost(invariance(SPEC, alike)).table()
    columns = ["difference_observed", "difference_latent", "cost", "unexplained"]
    assert_allclose(table[columns], 0, atol=1e-6)


def test_what_misleads_is_said(cost):
    finding = cost.verify()[0]
    assert (finding.code, finding.subjects) == ("misread_difference", ("Quality",))
    assert "when B is compared with A" in str(finding)


def test_too_few_items_alike_is_a_problem():
    data = survey().data
    own = data["brand"] == "B"
    for item, shift in {"q1": 0.9, "q2": -0.9, "q3": 0.4, "q4": -0.4}.items():
        data.loc[own, item] += shift
    uneven = Survey(data, items=SPEC.items, group="brand", scale=(-5, 15))
    result = invariance_cost(invariance(SPEC, uneven))
    assert result.verify()[0].code == "cost_without_anchors"
    assert "scalar invariance is still not reached" in str(result.verify()[0])
    assert result.table()["difference_observed"].notna().all()
    assert result.table()[["cost", "se", "difference_latent"]].isna().all(axis=None)
    assert repr(result).endswith("no cost can be told)")
    assert picture(result).title == "What comparing the groups misreads cannot be told"
    assert result.plot().texts


def test_a_scale_is_needed(biased):
    frame = biased.data
    with pytest.raises(SurveyError, match=r"limits of the items' scales.*scale=\(1, 10\)"):
        invariance_cost(invariance(SPEC, frame, "brand"))
    scale = dict.fromkeys(("q1", "q2", "q3", "q4"), SCALE)
    part = invariance_cost(
        invariance(SPEC, Survey(frame, items=SPEC.items, scale=scale, group="brand"))
    )
    assert part.table()["construct"].tolist() == ["Quality"]
    assert part.verify()[-1].subjects == ("Satisfaction",)


def test_the_pictures_say_what_was_found(cost, biased):
    drawing = picture(cost)
    assert drawing.title.startswith("Comparing B with A on Quality misreads +2.")
    assert "released: q4~1" in drawing.caption
    steps = picture(invariance(SPEC, biased))
    assert steps.title == "Groups of brand do not answer alike: scalar invariance fails"
    assert "A 1000 and B 1000" in steps.caption
    mended = picture(invariance(SPEC, biased).partial())
    assert mended.title == "With 1 released, strict invariance holds between groups of brand"
    clean = picture(invariance_cost(invariance(SPEC, survey())))
    assert clean.title == "Comparing the groups' indices misreads less than a point"
    assert language("en").text("picture.cost.nothing") in clean.caption
