"""MLR for answers with gaps, against lavaan and against complete answers."""

from __future__ import annotations

import lavaan_cases
import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import expected
from lavaan_numbers import MEASURES as NAMES
from lavaan_numbers import close
from numpy.testing import assert_allclose

from tcsmodel.errors import OptionError
from tcsmodel.models.cfa import CFA
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

HS = ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")
CASES = {
    "B_HS1939_fiml_MLR": (CFA, "HS1939_missing"),
    "B_mobi_acsi_fiml_MLR": (SEM, "mobi_missing"),
    "B_bfirev10_fiml_MLR": (CFA, "bfi_rev"),
}
MEASURES = {
    "chi2_scaled": "chisq.scaled",
    "df_scaled": "df.scaled",
    "p_scaled": "pvalue.scaled",
    "scaling_factor": "chisq.scaling.factor",
    "baseline_chi2_scaled": "baseline.chisq.scaled",
    "baseline_scaling_factor": "baseline.chisq.scaling.factor",
    "cfi_scaled": "cfi.scaled",
    "tli_scaled": "tli.scaled",
    "rmsea_scaled": "rmsea.scaled",
    "rmsea_ci_lower_scaled": "rmsea.ci.lower.scaled",
    "rmsea_ci_upper_scaled": "rmsea.ci.upper.scaled",
    "rmsea_p_close_scaled": "rmsea.pvalue.scaled",
}
ROBUST = {
    f"{ours}_robust": f"{theirs}.robust"
    for ours, theirs in NAMES.items()
    if ours in ("cfi", "tli", "rni") or ours.startswith("rmsea")
}


def answered(name, items):
    frame = lavaan_cases.frame(name)
    return frame[frame[list(items)].notna().any(axis=1)].reset_index(drop=True)


def mlr(frame, estimator=CFA, spec=HS, **options):
    return estimator(spec, estimator="mlr", missing="fiml", **options).fit(frame)


@pytest.fixture(scope="module")
def gaps():
    return answered("HS1939_missing", HS.items)


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request):
    estimator, data = CASES[request.param]
    theirs = expected(request.param)
    spec = ModelSpec.parse(theirs["model"])
    return mlr(answered(data, spec.items), estimator, spec), theirs


def test_standard_errors(case):
    ours, theirs = case
    table = theirs["parameterEstimates"]
    slack = tol.LAVAAN_STOP * table["se"].to_numpy(float)
    close(ours.estimates["estimate"], table["est"], tol.POINT, slack)
    close(ours.estimates["se"], table["se"], tol.SE)


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_scaled_fit(case, name):
    ours, theirs = case
    close(ours.fit_measures[name], theirs["fitMeasures"][MEASURES[name]], tol.FIT, 2e-6)


@pytest.mark.parametrize("name", sorted(ROBUST))
def test_robust_fit(case, name):
    ours, theirs = case
    close(ours.fit_measures[name], theirs["fitMeasures"][ROBUST[name]], tol.FIT, 2e-6)


@pytest.mark.parametrize("name", sorted(CASES))
def test_robust_fit_under_normality(name):
    estimator, data = CASES[name]
    theirs = expected(name.removesuffix("R"))
    spec = ModelSpec.parse(theirs["model"]) if "model" in theirs else HS
    ours = estimator(spec, missing="fiml").fit(answered(data, spec.items)).fit_measures
    for measure, there in ROBUST.items():
        close(ours[measure], theirs["fitMeasures"][there], tol.FIT, 2e-6)
    assert "chi2_scaled" not in ours


def test_one_gap_hardly_changes_complete_answers(hs_frame):
    frame = hs_frame.copy()
    frame.loc[5, "x4"] = np.nan
    complete = CFA(HS, estimator="mlr", meanstructure=True).fit(hs_frame)
    almost = mlr(frame)
    free = complete.estimates["se"] > 0
    ratio = (almost.estimates["se"] / complete.estimates["se"])[free]
    assert ratio.between(0.97, 1.03).all()
    for name in ("scaling_factor", "baseline_scaling_factor"):
        assert almost.fit_measures[name] == pytest.approx(complete.fit_measures[name], rel=0.02)


def test_groups_are_fits_of_their_own(gaps):
    together = mlr(gaps, group="school")
    traces = []
    for label in together.sample.groups:
        alone = mlr(gaps[gaps["school"] == label].reset_index(drop=True))
        own = together.estimates.query("group == @label")
        assert_allclose(own["se"], alone.estimates["se"], rtol=1e-3, atol=1e-8)
        traces.append(alone.fit_measures["scaling_factor"] * alone.fit_measures["df"])
    trace = together.fit_measures["scaling_factor"] * together.fit_measures["df"]
    assert trace == pytest.approx(sum(traces), rel=1e-4)


def test_constraints_are_kept(gaps):
    label = mlr(gaps, spec=ModelSpec.parse(f"{HS}".replace("x2 + x3", "a*x2 + a*x3")))
    text = f"{HS}".replace("x2 + x3", "a*x2 + b*x3") + "\na == b"
    equality = mlr(gaps, spec=ModelSpec.parse(text))
    assert_allclose(equality.estimates["se"], label.estimates["se"], rtol=1e-4, atol=1e-8)
    for name in ("chi2_scaled", "scaling_factor"):
        ours = equality.fit_measures[name]
        assert ours == pytest.approx(label.fit_measures[name], rel=1e-5)


def test_equal_weights_change_nothing(gaps):
    weighted = mlr(Survey(gaps.assign(w=3.0), items=HS.items, weight="w"))
    plain = mlr(gaps)
    assert_allclose(weighted.estimates["se"], plain.estimates["se"], rtol=1e-6, atol=1e-9)
    ours = weighted.fit_measures["chi2_scaled"]
    assert ours == pytest.approx(plain.fit_measures["chi2_scaled"], rel=1e-8)


def test_only_mlr_knows_gaps():
    with pytest.raises(OptionError, match=r"'mlm' needs complete answers; .*'mlr' or 'ml'"):
        CFA(HS, estimator="mlm", missing="fiml")
    with pytest.raises(OptionError, match=r"information= is a choice for estimator='ml'"):
        CFA(HS, estimator="mlr", information="observed")


def excess(result):
    """Return what chi-square would exceed its expectation by with complete answers."""
    fit = result.fit_measures
    return fit["rmsea_robust"] ** 2 * fit["df"] * fit["n"] / result.model.n_groups


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_robust_misfit_of_groups_adds_up(estimator):
    spec = ModelSpec.parse("visual =~ x1 + x2 + x3 + x4 + x7 + x9")
    gaps = answered("HS1939_missing", spec.items)
    options = {"estimator": estimator, "missing": "fiml"}
    together = CFA(spec, group="school", **options).fit(gaps)
    parts = [excess(CFA(spec, **options).fit(part)) for _, part in gaps.groupby("school")]
    assert min(parts) > 1
    assert excess(together) == pytest.approx(sum(parts), rel=1e-6)


def test_robust_fit_of_nearly_complete_answers_is_the_plain_one(hs_frame):
    almost = hs_frame.astype({"x1": float})
    almost.loc[0, "x1"] = np.nan
    ours = CFA(HS, missing="fiml").fit(almost).fit_measures
    for name in ("cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper"):
        assert ours[f"{name}_robust"] == pytest.approx(ours[name], rel=0.005)
        assert ours[f"{name}_robust"] != ours[name]


# lavaan 0.6-14: cfa(HS, HolzingerSwineford1939, estimator="MLR", missing="fiml", group=).
COMPLETE = {
    None: (0.9315932971, 0.8973899456, 0.0913704721, 0.0701281267, 0.1134660702),
    "school": (0.9243892418, 0.8865838627, 0.0961895795, 0.0734089117, 0.1191875805),
}


@pytest.mark.parametrize("group", COMPLETE)
def test_robust_fit_of_complete_answers_has_the_formula_for_gaps(hs_frame, group):
    ours = mlr(hs_frame, group=group).fit_measures
    names = ("cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper")
    for name, theirs in zip(names, COMPLETE[group], strict=True):
        close(ours[f"{name}_robust"], theirs, tol.FIT)
    listwise = CFA(HS, estimator="mlr", group=group).fit(hs_frame).fit_measures
    assert listwise["cfi_robust"] < ours["cfi_robust"] - 0.001


@pytest.mark.parametrize("cluster", [None, "ageyr"])
def test_a_gap_without_weight_does_not_move_robust_fit(hs_frame, cluster):
    complete = hs_frame.assign(w=1.0).astype({"x1": float})
    gap = complete.iloc[[4]].assign(x1=np.nan, w=1e-9)
    ours, almost = (
        mlr(Survey(frame, items=HS.items, weight="w", cluster=cluster)).fit_measures
        for frame in (complete, pd.concat([complete, gap], ignore_index=True))
    )
    for name in ("cfi_robust", "tli_robust", "rmsea_robust"):
        assert almost[name] == pytest.approx(ours[name], rel=1e-5)


def test_robust_fit_knows_an_equality_written_as_a_constraint(gaps):
    text = "visual =~ x1 + {}*x2 + {}*x3 + x4 + x9{}"
    label = mlr(gaps, spec=ModelSpec.parse(text.format("a", "a", "")))
    equality = mlr(gaps, spec=ModelSpec.parse(text.format("a", "b", "\na == b")))
    for name in ("cfi_robust", "rmsea_robust"):
        assert equality.fit_measures[name] == pytest.approx(label.fit_measures[name], rel=1e-5)


@pytest.mark.parametrize("group", [None, "school"])
def test_without_gaps_robust_measures_are_there_and_the_plain_ones(hs_frame, group):
    fit = CFA(HS, missing="fiml", group=group).fit(hs_frame).fit_measures
    for name in ("cfi", "tli", "rmsea", "rmsea_ci_upper"):
        assert fit[f"{name}_robust"] == pytest.approx(fit[name], abs=1e-9)
