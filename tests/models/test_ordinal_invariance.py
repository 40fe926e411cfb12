"""Groups with ordinal items: equal thresholds, and invariance by Wu & Estabrook."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import OptionError, SpecError, SurveyError
from tcsmodel.models.cfa import CFA
from tcsmodel.spec.model import ModelSpec

SPEC = ModelSpec.parse("f =~ a + b + c + d + e")
LOADING = np.array([0.8, 0.7, 0.75, 0.6, 0.7])
CUTS = np.array([-0.9, 0.0, 0.8])


def simulated(n=1200, shift=0.0, mean=0.0, spread=1.0, cuts=CUTS):
    """Return answers of two groups; in the second the factor and one item's intercept differ."""
    rng = np.random.default_rng(5)
    group = np.repeat(["one", "two"], n)
    later = group == "two"
    factor = rng.normal(size=2 * n) * np.where(later, spread, 1.0) + mean * later
    y = LOADING * factor[:, None] + np.sqrt(1 - LOADING**2) * rng.normal(size=(2 * n, 5))
    y[:, 1] += shift * later
    data = pd.DataFrame((y[:, :, None] > cuts).sum(axis=2), columns=list("abcde"))
    return data.assign(group=group)


@pytest.fixture(scope="module")
def data():
    return simulated(shift=0.6, mean=0.5, spread=1.2)


def fitted(data, *equal, **options):
    options = {"ordered": True, "group": "group", "std_lv": True} | options
    return CFA(SPEC, group_equal=equal, **options).fit(data)


def test_unrestricted_groups_are_separate_fits(data):
    both = fitted(data)
    alone = [
        CFA(SPEC, ordered=True, std_lv=True).fit(data[data["group"] == g]) for g in ("one", "two")
    ]
    chi2 = sum(result.fit_measures["chi2"] for result in alone)
    assert both.fit_measures["chi2"] == pytest.approx(chi2, rel=1e-8)
    own = np.concatenate([result.estimates["estimate"] for result in alone])
    assert_allclose(both.estimates["estimate"], own, atol=1e-7)
    errors = np.concatenate([result.estimates["se"] for result in alone])
    assert_allclose(both.estimates["se"], errors, atol=1e-7)


@pytest.mark.parametrize(
    "equal",
    [("thresholds",), ("thresholds", "loadings"), ("thresholds", "loadings", "intercepts")],
)
def test_parameterization_and_units_change_no_fit(data, equal):
    one = fitted(data, *equal)
    for options in ({"parameterization": "theta"}, {"std_lv": False}):
        other = fitted(data, *equal, **options)
        for name in ("chi2", "df", "chi2_scaled"):
            assert_allclose(other.fit_measures[name], one.fit_measures[name], rtol=1e-6)
        assert_allclose(other.implied_cov, one.implied_cov, atol=1e-6)


def test_three_categories_fit_equal_thresholds_as_well_as_free_ones():
    three = simulated(shift=0.6, cuts=CUTS[:2])
    free, held = fitted(three), fitted(three, "thresholds")
    assert held.fit_measures["df"] == free.fit_measures["df"]
    assert held.fit_measures["chi2"] == pytest.approx(free.fit_measures["chi2"], rel=1e-5)


def test_robust_fit_knows_nothing_of_equal_thresholds(data):
    assert np.isfinite(fitted(data).fit_measures["cfi_robust"])
    held = fitted(data, "thresholds")
    assert np.isnan(held.fit_measures["cfi_robust"])
    assert "cfi_scaled_diff" in fitted(data).compare(held)


def test_the_difference_of_the_factor_is_recovered(data):
    equal = ("thresholds", "loadings", "intercepts")
    held = fitted(data, *equal, group_partial=["b~1"], parameterization="theta")
    table = held.estimates.set_index(["lhs", "op", "rhs", "group"])["estimate"]
    # In units of the first group's factor.
    assert table["f", "~1", "", "two"] == pytest.approx(0.5, abs=0.12)
    assert np.sqrt(table["f", "~~", "f", "two"]) == pytest.approx(1.2, abs=0.12)
    assert held.fit_measures["p_scaled"] > 0.001


@pytest.fixture(scope="module")
def ladder(data):
    return tcs.invariance(SPEC, data, group="group", ordered=True)


def test_thresholds_come_first(ladder):
    table = ladder.table()
    steps = ["configural", "thresholds", "metric", "scalar", "strict", "means"]
    assert table["step"].tolist() == steps
    assert ladder.steps["metric"].estimator.parameterization == "theta"
    assert table["delta_df"].tolist()[1:] == [5.0, 4.0, 4.0, 5.0, 1.0]
    free, held = ladder.steps["thresholds"], ladder.steps["metric"]
    expected = free.compare(held)["chi2_diff_scaled"].iloc[1]
    assert table["delta_chi2"].iloc[2] == pytest.approx(expected)


def test_a_shifted_item_is_found_and_released(ladder):
    assert ladder.level == "metric"
    assert ladder.failing == "scalar"
    assert ladder.noninvariant["parameter"].iloc[0] == "b~1"
    mended = ladder.partial()
    assert mended.released == ("b~1",)
    assert mended.comparable
    difference = mended.latent_means["difference"].iloc[0]
    assert difference == pytest.approx(0.5, abs=0.12)
    assert mended.plot() is not None


def test_any_threshold_can_be_released(data):
    free = fitted(data, "thresholds", group_partial=["b|t3"])
    held = fitted(data, "thresholds")
    assert held.fit_measures["df"] == free.fit_measures["df"] + 1
    with pytest.raises(SpecError, match=r"'b\|t4', which is not a parameter"):
        fitted(data, "thresholds", group_partial=["b|t4"])


def test_groups_alike_are_invariant():
    result = tcs.invariance(SPEC, simulated(), group="group", ordered=True)
    assert result.level == "strict"
    assert result.partial("thresholds") is result


def test_what_cannot_be_tested_is_said():
    three = tcs.invariance(SPEC, simulated(cuts=CUTS[:2]), group="group", ordered=True)
    found = {finding.code: finding for finding in three.verify()}
    assert found["thresholds_untested"].subjects == ("a", "b", "c", "d", "e")
    two = simulated(cuts=CUTS[:1])
    with pytest.raises(SurveyError, match=r"'a' has two categories.*Wu & Estabrook.*compare"):
        tcs.invariance(SPEC, two, group="group", ordered=True)
    with pytest.raises(OptionError, match=r"'dwls' has no test.*'wlsmv'"):
        tcs.invariance(SPEC, two, group="group", ordered=True, estimator="dwls")
    continuous = tcs.invariance(SPEC, simulated(), group="group")
    with pytest.raises(OptionError, match="'thresholds' is one of ordinal items"):
        continuous.partial("thresholds")
