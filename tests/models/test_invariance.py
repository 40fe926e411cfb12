"""Invariance between groups: against lavaan, against data that were made, and its findings."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from lavaan_numbers import close
from numpy.testing import assert_allclose

from tcsmodel.errors import (
    DroppedRespondentsWarning,
    ImproperSolutionWarning,
    OptionError,
    SpecError,
    SurveyError,
    TcsError,
)
from tcsmodel.models.cfa import CFA
from tcsmodel.models.invariance import invariance
from tcsmodel.models.invariance_rules import LARGE, STRICTER, chen_limits, holds_by_chen
from tcsmodel.models.modification import release_tests
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments
from tcsmodel.survey.survey import Survey

HS = ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")
FIVE = ModelSpec.parse("Quality =~ q1 + q2 + q3 + q4 + q5")


@pytest.fixture(scope="module")
def schools(hs_frame):
    return invariance(HS, hs_frame, group="school")


@pytest.fixture(scope="module")
def mended(schools):
    return schools.partial()


def brands(n=800, loadings=(), intercepts=(), labels=("A", "B"), mean=0.0):
    """Return answers of brands; the last differs in loadings and intercepts of its first items."""
    rng = np.random.default_rng(7)
    parts = []
    for label in labels:
        lam, tau, kappa = np.full(5, 0.8), np.full(5, 5.0), 0.0
        if label == labels[-1]:
            lam[: len(loadings)], kappa = loadings or lam[:0], mean
            tau[: len(intercepts)] += intercepts
        eta = kappa + rng.standard_normal(n)
        x = tau + np.outer(eta, lam) + 0.6 * rng.standard_normal((n, 5))
        parts.append(pd.DataFrame(x, columns=list(FIVE.items)).assign(brand=label))
    return pd.concat(parts, ignore_index=True)


def test_steps_are_lavaans(schools):
    table = schools.table().set_index("step")
    theirs = expected("B_HS1939_mg_lrt_ML")
    lrt, fit = theirs["default"], theirs["fit"].astype(float)
    assert table.index.tolist() == lrt.index.tolist()
    for ours, name in {
        "chi2": "Chisq", "df": "Df", "delta_chi2": "Chisq diff", "delta_df": "Df diff",
        "p_difference": "Pr(>Chisq)",
    }.items():  # fmt: skip
        close(table[ours], lrt[name], tol.CHI2)
    for name in ("cfi", "rmsea", "srmr"):
        close(table[name], fit.loc[name], tol.FIT)
        close(table[f"delta_{name}"], fit.loc[name].diff(), 0, tol.FIT)
    close(table["p"], fit.loc["pvalue"], tol.EFA_P, 1e-12)


def test_the_verdicts_on_the_schools(schools):
    table = schools.table().set_index("step")
    assert table["verdict"].tolist() == ["holds", "holds", "fails", "holds", "fails"]
    assert table.loc["strict", ["chi2_rule", "cfi_rule", "chen_rule"]].tolist() == [
        "fails", "holds", "holds",
    ]  # fmt: skip
    assert (schools.level, schools.failing, schools.comparable) == ("metric", "scalar", False)


def test_latent_means_are_lavaans(schools):
    table = expected("B_HS1939_mg_scalar_ML")["parameterEstimates"]
    theirs = table[
        (table["op"] == "~1") & (table["group"] == 2) & table["lhs"].isin(HS.construct_names)
    ]
    ours = schools.latent_means
    assert ours["construct"].tolist() == theirs["lhs"].tolist()
    close(ours["difference"], theirs["est"], tol.POINT, tol.LAVAAN_STOP * theirs["se"])
    close(ours["se"], theirs["se"], tol.SE)
    assert ours["difference"].round(3).tolist() == [-0.148, 0.576, -0.177]  # published
    assert ours["se"].round(3).tolist() == [0.122, 0.117, 0.09]
    first = schools.steps["scalar"].estimates.query("op == '~~' and group == 'Pasteur'")
    variance = first[first["lhs"] == first["rhs"]].set_index("lhs")["estimate"][["visual"]]
    assert ours["std"][0] == pytest.approx(ours["difference"][0] / np.sqrt(variance.iloc[0]))


def test_the_repair_is_the_model_of_the_reference(mended):
    assert mended.released == ("x3~1", "x7~1")
    theirs = expected("B_HS1939_mg_partial")
    ours = mended.steps["scalar"]
    close(ours.fit_measures["chi2"], theirs["fitMeasures"]["chisq"], tol.CHI2)
    close(ours.fit_measures["cfi"], theirs["fitMeasures"]["cfi"], tol.FIT)
    table = theirs["parameterEstimates"]
    slack = tol.LAVAAN_STOP * table["se"].to_numpy(float)
    close(ours.estimates["estimate"], table["est"], tol.POINT, slack)
    assert mended.comparable


def test_score_tests_are_those_of_the_failing_step(schools):
    tests = release_tests(schools.steps["scalar"]).query("op == '~1'")
    worst = schools.noninvariant
    assert worst["parameter"].tolist() == ["x3~1", "x7~1"]
    assert_allclose(worst["chi2"], tests["chi2"].to_numpy()[:2])
    assert_allclose(worst["p_adjusted"], 9 * worst["p"])
    assert worst["construct"].tolist() == ["visual", "speed"]


def test_two_items_of_a_construct_stay(schools):
    strict = schools.partial("strict")
    for construct in HS.constructs:
        assert len(set(construct.items) - {n.removesuffix("~1") for n in strict.released}) >= 2
    shifts = invariance(FIVE, brands(intercepts=(0.9, -0.9, 0.3, -0.3, 0.0)), "brand").partial()
    assert len(shifts.released) == 3
    assert not shifts.comparable


def test_groups_alike_differ_in_nothing():
    frame = brands(labels=("A",))
    both = pd.concat([frame, frame.assign(brand="B")])
    result = invariance(FIVE, both, "brand")
    assert result.level == "strict"
    assert_allclose(result.latent_means["difference"], 0, atol=1e-7)
    assert_allclose(result.table()["delta_chi2"][1:], 0, atol=1e-6)
    assert result.noninvariant.empty
    assert result.verify() == ()
    assert result.partial().released == ()


def test_a_first_item_whose_loading_differs_is_found():
    result = invariance(FIVE, brands(loadings=(0.3,)), "brand")
    assert result.failing == "metric"
    assert result.noninvariant.loc[0, "parameter"] == "Quality=~q1"
    repaired = result.partial()
    assert repaired.released == ("Quality=~q1", "q1~1")
    assert repaired.level == "strict"
    loadings = repaired.steps["scalar"].estimates.query("op == '=~' and rhs == 'q1'")["estimate"]
    assert loadings.iloc[0] == pytest.approx(0.8, abs=0.1)
    assert loadings.iloc[1] == pytest.approx(0.3, abs=0.1)


def test_the_repair_finds_the_true_difference_of_means():
    result = invariance(FIVE, brands(n=3000, intercepts=(1.0,), mean=0.5), "brand")
    repaired = result.partial()
    assert repaired.released == ("q1~1",)
    row = repaired.latent_means.iloc[0]
    assert row["std"] == pytest.approx(0.5, abs=0.06)
    assert result.latent_means.iloc[0]["std"] > row["std"] + 0.1


def test_values_by_group_in_the_text_are_those_of_the_groups(hs_frame):
    found = invariance(ModelSpec.parse("f =~ x1 + c(1, 1)*x2 + x3 + x4"), hs_frame, "school")
    held = found.steps["configural"].estimates.query("op == '=~' and rhs == 'x2'")
    assert held["estimate"].tolist() == [1.0, 1.0]
    with pytest.raises(SpecError, match=r"3 groups apart, c\(\), but the data have 2\. Give one"):
        invariance(ModelSpec.parse("f =~ x1 + c(1, 1, 1)*x2 + x3"), hs_frame, "school")
    with pytest.raises(SpecError, match=r"2 groups apart.*none are named.*group="):
        CFA(ModelSpec.parse("f =~ x1 + c(1, 1)*x2 + x3"))


def test_means_of_a_second_order_model_are_those_of_its_parts(hs_frame):
    spec = ModelSpec.parse(f"{HS}\ng =~ visual + textual + speed")
    found = invariance(spec, hs_frame, group="school")
    scalar = found.table().set_index("step").loc["scalar"]
    # lavaan 0.6-14 frees the mean of g too, which nothing determines: one df less, the same fit.
    assert scalar["chi2"] == pytest.approx(165.841, abs=1e-3)
    assert scalar["df"] == 62
    free = found.steps["scalar"].estimates.query("op == '~1' and group == 'Grant-White' and se > 0")
    assert set(free["lhs"]) >= {"visual", "textual", "speed"}
    assert "g" not in set(free["lhs"])


def test_three_groups_are_compared_with_the_first():
    result = invariance(FIVE, brands(intercepts=(1.0,), labels=("A", "B", "C")), "brand")
    assert result.latent_means["group"].tolist() == ["B", "C"]
    assert result.noninvariant.loc[0, ["parameter", "group"]].tolist() == ["q1~1", "C"]
    assert result.partial().comparable


def test_the_limits_of_chen():
    assert chen_limits(np.array([200.0, 200.0])) is LARGE
    assert chen_limits(np.array([150.0, 150.0])) is STRICTER
    assert chen_limits(np.array([900.0, 300.0])) is STRICTER
    falls = {"cfi": -0.02, "rmsea": 0.0, "srmr": 0.02}
    assert holds_by_chen("metric", falls, LARGE)
    assert not holds_by_chen("scalar", falls, LARGE)
    assert not holds_by_chen("scalar", {"cfi": -0.006, "rmsea": 0.011, "srmr": 0.0}, STRICTER)
    assert holds_by_chen("scalar", {"cfi": -0.006, "rmsea": 0.011, "srmr": 0.0}, LARGE)


def test_findings_name_what_is_wrong(schools, mended):
    assert [f.code for f in schools.verify()] == ["not_comparable"]
    assert "scalar invariance is not reached" in str(schools.verify()[0])
    assert "x3~1" in str(schools.verify()[0])
    assert [f.code for f in mended.verify()] == ["partial_invariance"]
    assert "x3~1 and x7~1" in str(mended.verify()[0])


def test_a_difference_that_only_chi_square_sees_is_noted():
    result = invariance(FIVE, brands(n=2000, intercepts=(0.12,)), "brand")
    assert result.level == "strict"
    finding = result.verify()[0]
    assert (finding.code, finding.subjects) == ("rules_disagree", ("scalar",))
    assert "release_tests(result.steps['scalar'])" in str(finding)


def test_small_groups_are_named():
    frame = brands()
    small = frame[(frame["brand"] == "A") | (frame.index % 10 == 0)]
    codes = {f.code: f.subjects for f in invariance(FIVE, small, "brand").verify()}
    assert codes["small_group"] == ("B",)


def test_groups_without_a_common_structure_reach_nothing():
    frame = brands()
    own = frame["brand"] == "B"
    noise = np.random.default_rng(1).normal(0, 0.4, (2, own.sum()))
    for item, other, error in zip(("q1", "q3"), ("q2", "q4"), noise, strict=True):
        frame.loc[own, item] = frame.loc[own, other] + error
    result = invariance(FIVE, frame, "brand")
    assert result.level == "none"
    assert result.verify()[0].code == "no_common_structure"
    assert result.partial().released == ()
    assert repr(result).endswith("no invariance, configural fails)")


def test_improper_steps_are_named(hs_frame):
    frame = hs_frame.copy()
    own = frame["school"] == "Pasteur"
    frame.loc[own, "x1"] = frame.loc[own, "x4"] + np.random.default_rng(0).normal(0, 0.1, own.sum())
    with pytest.warns(ImproperSolutionWarning, match="improper solution of configural"):
        result = invariance(HS, frame, "school")
    finding = next(f for f in result.verify() if f.code == "improper_step")
    assert finding.subjects[0] == "configural"
    assert "(Pasteur)" in finding.sentence("evidence")
    assert "no_common_structure" not in [f.code for f in result.verify()]
    assert result.table()["verdict"][0] == "improper"
    assert result.level == "none"


def test_the_group_is_that_of_the_survey(hs_frame, schools):
    survey = Survey(hs_frame, items=HS.items, group="school")
    assert invariance(HS, survey).summary() == schools.summary()


def test_respondents_are_dropped_once(hs_frame):
    frame = hs_frame.assign(x1=hs_frame["x1"].where(hs_frame.index > 2))
    with pytest.warns(DroppedRespondentsWarning) as caught:
        result = invariance(HS, frame, "school")
    assert len(caught) == 1
    assert result.n == 298


def test_paths_are_left_out(hs_frame, schools):
    with_paths = ModelSpec.parse(f"{HS}\nspeed ~ visual")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_allclose(
            invariance(with_paths, hs_frame, "school").table()["chi2"], schools.table()["chi2"]
        )


def test_estimates_are_those_of_the_model_itself(hs_frame, schools):
    alone = CFA(HS, group="school", group_equal=("loadings",)).fit(hs_frame)
    pd.testing.assert_frame_equal(schools.steps["metric"].estimates, alone.estimates)
    assert schools.estimator == CFA(HS, group="school")


def test_bad_input_is_named(hs_frame):
    with pytest.raises(OptionError, match=r"name their column, as in group='brand'"):
        invariance(HS, hs_frame)
    with pytest.raises(OptionError, match=r"spec must be a ModelSpec, not CFA"):
        invariance(CFA(HS), hs_frame, "school")
    with pytest.raises(SurveyError, match=r"'scool'.*Did you mean 'school'"):
        invariance(HS, hs_frame, "scool")
    grant = hs_frame["school"] == "Grant-White"
    with pytest.raises(SurveyError, match=r"'x3' has no answers at all in group 'Grant-White'"):
        invariance(HS, hs_frame.assign(x3=hs_frame["x3"].where(~grant)), "school")
    with pytest.raises(SurveyError, match=r"group 'Grant-White': Item 'x3' is constant"):
        invariance(HS, hs_frame.assign(x3=hs_frame["x3"].where(~grant, 1.0)), "school")
    with pytest.raises(SurveyError, match=r"'Grant-White': 5 respondents are too few"):
        invariance(HS, hs_frame.iloc[:161], "school")
    with pytest.raises(SurveyError, match="one group only"):
        invariance(HS, hs_frame[~grant], "school")
    with pytest.raises(TcsError, match="needs respondents"):
        invariance(HS, Moments.from_cov(np.eye(9), 100, names=HS.items), "school")


def test_a_step_that_is_none_is_named(schools):
    with pytest.raises(OptionError, match=r"step='scalr'.*Did you mean 'scalar'"):
        schools.partial("scalr")


def test_a_model_without_constructs_has_no_measure(hs_frame):
    with pytest.raises(OptionError, match=r"the model has none. Measure some"):
        invariance(ModelSpec.parse("x1 ~ x2"), hs_frame, group="school")


@pytest.fixture(scope="module")
def hs_gaps():
    frame = pd.read_csv(DATA / "HS1939_missing.csv")
    return frame[frame[list(HS.items)].notna().any(axis=1)].reset_index(drop=True)


def test_robust_steps_are_lavaans(hs_frame):
    table = invariance(HS, hs_frame, group="school", estimator="mlr").table().set_index("step")
    lrt = expected("B_HS1939_mg_lrt_MLR")["satorra.bentler.2001"]
    for ours, name in {"delta_chi2": "Chisq diff", "delta_df": "Df diff"}.items():
        close(table[ours], lrt[name], tol.CHI2)
    names = {"chi2": "chisq.scaled", "cfi": "cfi.robust", "rmsea": "rmsea.robust", "srmr": "srmr"}
    for step in table.index:
        theirs = expected(f"B_HS1939_mg_{step}_MLR")["fitMeasures"]
        for ours, name in names.items():
            close(table.loc[step, ours], theirs[name], tol.CHI2 if ours == "chi2" else tol.FIT)


def test_missing_answers_are_kept(hs_gaps):
    full = invariance(HS, hs_gaps, group="school", missing="fiml")
    assert full.n == 300  # 53 of them answered everything
    scalar = full.steps["scalar"]
    alone = CFA(HS, missing="fiml", group="school", group_equal=["loadings", "intercepts"])
    fitted = alone.fit(hs_gaps)
    assert scalar.fit_measures["chi2"] == pytest.approx(fitted.fit_measures["chi2"], rel=1e-8)
    mended = full.partial()
    assert mended.released
    assert mended.steps["scalar"].estimator.missing == "fiml"
    assert mended.n == 300


@pytest.mark.parametrize(
    "options", [{"missing": "fiml", "estimator": "mlr"}, {"missing": "robust_two_stage"}]
)
def test_differences_of_scaled_tests_are_scaled(hs_gaps, options):
    result = invariance(HS, hs_gaps, group="school", **options)
    table = result.table()
    steps = list(result.steps.values())
    tests = steps[0].compare(*steps[1:])
    assert_allclose(table["delta_chi2"], tests["chi2_diff_scaled"].to_numpy())
    assert (table["delta_chi2"] - table["chi2"].diff()).abs().max() > 0.1
    assert np.isfinite(table["cfi"]).all()


def test_options_of_the_fits_are_checked(hs_frame):
    with pytest.raises(OptionError, match="Did you mean 'mlr'"):
        invariance(HS, hs_frame, group="school", estimator="mlrr")
    with pytest.raises(OptionError, match="Did you mean 'fiml'"):
        invariance(HS, hs_frame, group="school", missing="fimll")
