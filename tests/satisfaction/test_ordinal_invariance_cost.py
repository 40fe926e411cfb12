"""The cost of comparing groups that answer ordinal items differently, in index points."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from numpy.testing import assert_allclose
from scipy.stats import norm

from tcsmodel.models.cfa import CFA
from tcsmodel.models.invariance import InvarianceResult, invariance
from tcsmodel.models.invariance_ladder import ladder
from tcsmodel.report.plots import picture
from tcsmodel.satisfaction.invariance_cost import invariance_cost
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

BFI = ModelSpec.parse("f =~ A2 + A3 + A4 + A5")
SPEC = ModelSpec.parse("f =~ a + b + c + d")
LOADING = np.array([0.8, 0.7, 0.75, 0.6])
CUTS = np.array([-0.9, 0.0, 0.8])
MEAN, SD, SHIFT = 0.4, 1.2, 0.5


def released(result, survey, names):
    """Return the steps with some parameters free in every group."""
    return InvarianceResult(ladder(result.estimator, survey, names), names)


@pytest.fixture(scope="module")
def moods():
    frame = pd.read_csv(DATA / "bfi.csv")[[*BFI.items, "N1"]].dropna()
    frame["mood"] = np.where(frame.pop("N1") <= 3, "calm", "upset")
    return Survey(frame, items=BFI.items, scale=(1, 6), group="mood")


@pytest.fixture(scope="module")
def steps(moods):
    return invariance(BFI, moods, ordered=True)


@pytest.mark.parametrize("kind", ["intercept", "threshold"])
def test_it_is_lavaans_defined_parameter(steps, moods, kind):
    theirs = expected("B_bfi_cost_of_noninvariance")[kind]
    own = invariance_cost(released(steps, moods, tuple(theirs["released"])))
    row = own.table().iloc[0]
    for name, value in (("cost", row["cost"]), ("latent", row["difference_latent"])):
        assert_allclose(value, theirs["est"][name], atol=tol.LAVAAN_STOP * theirs["se"][name])
    assert_allclose(row["se"], theirs["se"]["cost"], rtol=tol.SE)


def test_what_differs_is_released_and_counted(steps, moods):
    cost = invariance_cost(steps)
    assert cost.invariance.released == ("A5~1",)
    row = cost.table().iloc[0]
    assert row["cost"] == pytest.approx(-1.29, abs=0.01)
    parts = row["difference_latent"] + row["cost"] + row["unexplained"]
    assert parts == pytest.approx(row["difference_observed"])
    means = moods.data.groupby("mood")[list(BFI.items)].mean().mean(axis=1) * 20
    assert row["difference_observed"] == pytest.approx(means["upset"] - means["calm"])
    assert abs(row["unexplained"]) < 0.3
    finding = cost.verify()[0]
    assert (finding.code, finding.subjects) == ("misread_difference", ("f",))
    assert picture(cost).title.startswith("Comparing upset with calm on f misreads")


def simulated(n, seed, cut=0.0):
    """Return answers 1 to 4; group two stands higher, and answers d higher, or b at another cut."""
    rng = np.random.default_rng(seed)
    group = np.repeat(["one", "two"], n)
    later = group == "two"
    factor = rng.normal(size=2 * n) * np.where(later, SD, 1.0) + MEAN * later
    y = LOADING * factor[:, None] + np.sqrt(1 - LOADING**2) * rng.normal(size=(2 * n, 4))
    y[:, 3] += SHIFT * later
    cuts = np.broadcast_to(CUTS, (2 * n, 4, 3)).copy()
    cuts[later, 1, 2] += cut
    answers = 1 + (y[:, :, None] > cuts).sum(axis=2)
    frame = pd.DataFrame(answers, columns=list(SPEC.items)).assign(group=group)
    return Survey(frame, items=SPEC.items, scale=(1, 4), group="group")


def truth(cut=0.0):
    """Return the points by which d, and b, are answered differently at the same opinion."""
    sd = np.sqrt(LOADING**2 * SD**2 + 1 - LOADING**2)
    y = norm(LOADING * MEAN, sd)
    higher = y.sf(CUTS[:, None] - SHIFT * (np.arange(4) == 3)) - y.sf(CUTS[:, None])
    other = (y.sf(CUTS[2] + cut) - y.sf(CUTS[2]))[1]
    return 100 / 3 / 4 * (higher.sum() + other)


def test_the_cost_is_what_was_put_in():
    survey = simulated(4000, seed=3, cut=0.6)
    result = invariance(SPEC, survey, ordered=True)
    cost = invariance_cost(released(result, survey, ("d~1", "b|t3")))
    row = cost.table().iloc[0]
    assert row["cost"] == pytest.approx(truth(0.6), abs=3 * row["se"])
    assert row["se"] < 0.4
    # Different thresholds alone: left as they are they would pass for a difference of opinion.
    assert truth(0.6) < truth() - 1


def test_groups_alike_cost_nothing():
    half = simulated(500, seed=2).where(lambda d: d["group"] == "one").data
    half.loc[half.index[::9], "b"] = np.nan
    both = pd.concat([half, half.assign(group="two")], ignore_index=True)
    survey = Survey(both, items=SPEC.items, scale=(1, 4), group="group")
    table = invariance_cost(invariance(SPEC, survey, ordered=True, missing="pairwise")).table()
    columns = ["difference_observed", "difference_latent", "cost", "unexplained"]
    assert_allclose(table[columns], 0, atol=1e-5)


def test_continuous_items_among_ordinal_ones():
    survey = simulated(1500, seed=8)
    rows = survey.data
    rows["d"] += np.random.default_rng(1).normal(0, 0.3, len(rows))
    mixed = Survey(
        rows, items=SPEC.items, scale=dict.fromkeys("abc", (1, 4)) | {"d": (0, 5)}, group="group"
    )
    result = invariance(SPEC, mixed, ordered=["a", "b", "c"])
    row = invariance_cost(released(result, mixed, ("d~1",))).table().iloc[0]
    assert row["cost"] == pytest.approx(2.0, abs=0.4)
    assert abs(row["unexplained"]) < 0.1


def test_the_standard_error_is_that_of_many_samples():
    costs, errors = [], []
    for seed in range(25):
        survey = simulated(400, seed=seed)
        model = CFA(SPEC, group="group", ordered=True, std_lv=True, parameterization="theta")
        released = InvarianceResult(ladder(model, survey, ("d~1",)), ("d~1",))
        row = invariance_cost(released).table().iloc[0]
        costs.append(row["cost"])
        errors.append(row["se"])
    # The standard deviation of 25 costs is itself uncertain by 14 percent.
    assert np.std(costs, ddof=1) == pytest.approx(np.mean(errors), rel=0.4)
    assert np.mean(costs) == pytest.approx(truth(), abs=3 * np.std(costs) / np.sqrt(25))
