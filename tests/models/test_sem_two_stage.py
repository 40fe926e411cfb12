"""Two-stage estimation of answers with gaps, against lavaan and against complete answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from lavaan_numbers import MEASURES, close
from numpy.testing import assert_allclose

from tcsmodel.errors import OptionError, TcsError
from tcsmodel.models.cfa import CFA
from tcsmodel.models.residuals import residuals, srmr_test
from tcsmodel.models.simulation import simulate
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

HS = ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")
CASES = {"B_HS1939_twostage": "two_stage", "B_HS1939_robust2stage": "robust_two_stage"}
SUFFIXES = ("cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "rmsea_p_close")
SCALED = {
    "chi2_scaled": "chisq.scaled",
    "df_scaled": "df.scaled",
    "p_scaled": "pvalue.scaled",
    "scaling_factor": "chisq.scaling.factor",
    "baseline_chi2_scaled": "baseline.chisq.scaled",
    "baseline_scaling_factor": "baseline.chisq.scaling.factor",
    **{f"{name}_scaled": f"{MEASURES[name]}.scaled" for name in SUFFIXES},
    **{f"{name}_robust": f"{MEASURES[name]}.robust" for name in SUFFIXES},
}
ALL = MEASURES | SCALED


@pytest.fixture(scope="module")
def gaps():
    frame = pd.read_csv(DATA / "HS1939_missing.csv")
    return frame[frame[list(HS.items)].notna().any(axis=1)].reset_index(drop=True)


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request, gaps):
    return CFA(HS, missing=CASES[request.param]).fit(gaps), expected(request.param)


def test_estimates_and_errors(case):
    ours, theirs = case
    table = theirs["parameterEstimates"]
    slack = tol.LAVAAN_STOP * table["se"].to_numpy(float)
    close(ours.estimates["estimate"], table["est"], tol.POINT, slack)
    close(ours.estimates["se"], table["se"], tol.SE)


def test_standardized_errors(case):
    ours, theirs = case
    close(ours.standardized["se"], theirs["standardizedSolution"]["se"], tol.SE, 1e-8)


@pytest.mark.parametrize("name", sorted(ALL))
def test_fit(case, name):
    ours, theirs = case
    tolerance = tol.GFI_TWO_STAGE if name in ("gfi", "agfi", "pgfi") else tol.FIT
    close(ours.fit_measures[name], theirs["fitMeasures"][ALL[name]], tolerance, 2e-6)


def test_complete_answers_need_one_stage():
    frame = simulate(HS, n=4000, seed=1).data
    plain = CFA(HS, meanstructure=True).fit(frame)
    staged = CFA(HS, missing="two_stage").fit(frame)
    assert_allclose(staged.estimates["estimate"], plain.estimates["estimate"], rtol=1e-6, atol=1e-8)
    # The weight is taken at the moments, not at what the model, which holds here, implies.
    assert_allclose(staged.estimates["se"], plain.estimates["se"], rtol=0.03)
    assert staged.fit_measures["scaling_factor"] == pytest.approx(1.0, abs=1e-8)


def test_groups_are_fits_of_their_own(gaps):
    together = CFA(HS, missing="robust_two_stage", group="school").fit(gaps)
    trace = 0.0
    for label in together.sample.groups:
        part = gaps[gaps["school"] == label].reset_index(drop=True)
        alone = CFA(HS, missing="robust_two_stage").fit(part)
        own = together.estimates.query("group == @label")
        assert_allclose(own["se"], alone.estimates["se"], rtol=1e-4, atol=1e-8)
        trace += alone.fit_measures["scaling_factor"] * alone.fit_measures["df"]
    ours = together.fit_measures
    assert ours["scaling_factor"] * ours["df"] == pytest.approx(trace, rel=1e-5)


def test_constraints_are_kept(gaps):
    label = ModelSpec.parse(f"{HS}".replace("x2 + x3", "a*x2 + a*x3"))
    equality = ModelSpec.parse(f"{HS}".replace("x2 + x3", "a*x2 + b*x3") + "\na == b")
    first, second = (CFA(spec, missing="two_stage").fit(gaps) for spec in (label, equality))
    assert_allclose(second.estimates["se"], first.estimates["se"], rtol=1e-4, atol=1e-8)
    ours = second.fit_measures["scaling_factor"]
    assert ours == pytest.approx(first.fit_measures["scaling_factor"], rel=1e-5)


def test_equal_weights_change_nothing(gaps):
    survey = Survey(gaps.assign(w=3.0), items=HS.items, weight="w")
    weighted = CFA(HS, missing="robust_two_stage").fit(survey)
    plain = CFA(HS, missing="robust_two_stage").fit(gaps)
    assert_allclose(weighted.estimates["se"], plain.estimates["se"], rtol=1e-6, atol=1e-9)


def test_replicates_estimate_the_moments_anew(gaps):
    fitted = CFA(HS, missing="two_stage").fit(gaps)
    counts = np.stack([np.ones(fitted.sample.n), np.random.default_rng(1).integers(0, 3, 300)])
    draws = fitted.resampled(counts).draws.values["estimates"]
    assert_allclose(draws[0], fitted.estimates["estimate"], rtol=1e-5, atol=1e-7)
    rows = np.repeat(np.arange(300), counts[1].astype(int))
    again = CFA(HS, missing="two_stage").fit(gaps.iloc[rows].reset_index(drop=True))
    assert_allclose(draws[1], again.estimates["estimate"], rtol=1e-5, atol=1e-6)


def test_what_needs_complete_answers_says_so(gaps):
    fitted = CFA(HS, missing="two_stage").fit(gaps)
    assert residuals(fitted)["z"].isna().all()
    with pytest.raises(TcsError, match="needs complete answers"):
        srmr_test(fitted)
    with pytest.raises(TcsError, match="tests of different kinds"):
        fitted.compare(CFA(HS, missing="fiml").fit(gaps))


def test_summary_names_the_stages(gaps):
    text = CFA(HS, missing="robust_two_stage").fit(gaps).summary()
    assert "Standard errors         robust two-stage, sandwich" in text
    assert "Scaled chi-square       60.637" in text


def test_other_errors_are_refused():
    with pytest.raises(OptionError, match=r"'two_stage' has standard errors .* of its own"):
        CFA(HS, estimator="mlr", missing="two_stage")
    with pytest.raises(OptionError, match="two-stage standard errors have their own"):
        CFA(HS, information="observed", missing="two_stage")
    with pytest.raises(OptionError, match="Did you mean 'two_stage'"):
        CFA(HS, missing="twostage")


def test_first_stage_of_normal_theory_does_not_know_weights(gaps):
    weight = np.random.default_rng(1).uniform(0.3, 3, len(gaps))
    survey = Survey(gaps.assign(w=weight), items=HS.items, weight="w")
    plain, robust = (CFA(HS, missing=m).fit(survey) for m in ("two_stage", "robust_two_stage"))
    assert "naive_errors" in [finding.code for finding in plain.verify()]
    assert "naive_errors" not in [finding.code for finding in robust.verify()]
    assert "robust_two_stage" in plain.verify()[0].sentence("advice")
