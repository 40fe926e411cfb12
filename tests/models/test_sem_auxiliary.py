"""Auxiliary variables: what they add to full-information maximum likelihood, and what not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_files import DATA
from numpy.testing import assert_allclose

from tcsmodel.errors import OptionError, SurveyError, TcsError
from tcsmodel.models.cfa import CFA
from tcsmodel.models.modification import modification_indices
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

HS = ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")
TRUTH = {"q1": 0.0, "q2": 0.0, "q3": 0.0}
ONE = ModelSpec.parse("quality =~ q1 + q2 + q3")


def dropouts(n=20_000, seed=1):
    """Return answers that the worse served more often leave out, and a trace of their service."""
    random = np.random.default_rng(seed)
    quality = random.normal(size=n)
    frame = pd.DataFrame({name: quality + random.normal(size=n) for name in ("q1", "q2", "q3")})
    frame["calls"] = -1.2 * quality + 0.5 * random.normal(size=n)
    gone = random.uniform(size=n) < 1 / (1 + np.exp(-2 * frame["calls"]))
    frame.loc[gone, ["q2", "q3"]] = np.nan
    frame.loc[gone & (random.uniform(size=n) < 0.5), "q1"] = np.nan
    return frame


@pytest.fixture(scope="module")
def frame():
    return dropouts()


@pytest.fixture(scope="module")
def gaps():
    return pd.read_csv(DATA / "HS1939_missing.csv")


@pytest.mark.parametrize("missing", ["fiml", "two_stage", "robust_two_stage"])
@pytest.mark.filterwarnings("ignore::tcsmodel.errors.DroppedRespondentsWarning")
def test_they_remove_the_bias_of_answers_missing_because_of_them(frame, missing):
    plain = CFA(ONE, missing=missing).fit(frame).estimates.set_index(["lhs", "op", "rhs"])
    ours = CFA(ONE, missing=missing, auxiliary=["calls"]).fit(frame)
    found = ours.estimates.set_index(["lhs", "op", "rhs"])
    for item in TRUTH:
        z = found.loc[(item, "~1", ""), "estimate"] / found.loc[(item, "~1", ""), "se"]
        assert abs(z) < 3
        assert plain.loc[(item, "~1", ""), "estimate"] > 0.1
    for key in (("quality", "~~", "quality"), ("q2", "~~", "q2"), ("quality", "=~", "q3")):
        assert abs(found.loc[key, "estimate"] - 1) < 3.5 * found.loc[key, "se"]
    assert plain.loc[("quality", "~~", "quality"), "estimate"] < 0.95
    assert ours.sample.n == len(frame)


@pytest.mark.parametrize("options", [{}, {"group": "school"}, {"estimator": "mlr"}])
def test_complete_answers_gain_nothing(hs_frame, options):
    plain = CFA(HS, missing="fiml", **options).fit(hs_frame)
    ours = CFA(HS, missing="fiml", auxiliary=["ageyr", "agemo"], **options).fit(hs_frame)
    assert_allclose(ours.estimates["estimate"], plain.estimates["estimate"], rtol=1e-6, atol=1e-8)
    assert_allclose(ours.estimates["se"], plain.estimates["se"], rtol=1e-6, atol=1e-8)
    of_both = ("loglik", "aic", "bic")
    names = [n for n in plain.fit_measures.index if not n.startswith(of_both)]
    kept = [n for n in names if not n.endswith("_robust")]
    assert_allclose(ours.fit_measures[kept], plain.fit_measures[kept], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
@pytest.mark.filterwarnings("ignore::tcsmodel.errors.DroppedRespondentsWarning")
def test_robust_fit_measures_are_those_of_saturated_correlates(gaps, estimator):
    """Written out in the text they have a part in the discrepancy too, but hardly any."""
    options = {"missing": "fiml", "estimator": estimator}
    aux, items = ["ageyr", "agemo"], [f"x{i}" for i in range(1, 10)]
    text = "\n".join([*(f"{a} ~~ {x}" for a in aux for x in items), "ageyr ~~ agemo"])
    written = CFA(ModelSpec.parse(f"{HS}\n{text}"), **options).fit(gaps).fit_measures
    ours = CFA(HS, auxiliary=aux, **options).fit(gaps).fit_measures
    plain = CFA(HS, **options).fit(gaps).fit_measures
    assert ours["rmsea_robust"] == pytest.approx(written["rmsea_robust"], rel=2e-3)
    assert abs(ours["rmsea_robust"] - plain["rmsea_robust"]) > 3e-4
    assert ours["cfi_robust"] == pytest.approx(plain["cfi_robust"], abs=2e-3)


def test_robust_fit_measures_of_groups_and_observed_causes(hs_frame):
    """Answers that are all there, so that correlates add nothing; one group is as two alike."""
    twice = pd.concat([hs_frame.assign(half=h) for h in "ab"])
    spec = ModelSpec.parse("visual =~ x1 + x2 + x3\nvisual ~ x4 + x5\nx2 ~~ x6")
    options = {"missing": "fiml", "auxiliary": ["agemo"]}
    one = SEM(spec, **options).fit(hs_frame.loc[hs_frame["agemo"].notna()]).fit_measures
    two = SEM(spec, group="half", **options).fit(twice).fit_measures
    for name in ("cfi_robust", "tli_robust"):
        assert two[name] == pytest.approx(one[name], abs=1e-6)


@pytest.mark.parametrize("missing", ["two_stage", "robust_two_stage"])
def test_complete_answers_gain_nothing_in_two_stages(hs_frame, missing):
    plain = CFA(HS, missing=missing, group="school").fit(hs_frame)
    ours = CFA(HS, missing=missing, auxiliary=["ageyr"], group="school").fit(hs_frame)
    for column in ("estimate", "se"):
        assert_allclose(ours.estimates[column], plain.estimates[column], rtol=1e-6, atol=1e-8)
    assert_allclose(ours.fit_measures, plain.fit_measures, rtol=1e-6, atol=1e-8)


def test_two_stages_are_close_to_one(gaps):
    one, two = (
        CFA(HS, missing=missing, auxiliary=["ageyr"]).fit(gaps) for missing in ("fiml", "two_stage")
    )
    ratio = (two.estimates["se"] / one.estimates["se"])[one.estimates["se"] > 0]
    assert ratio.between(0.7, 1.4).all()
    assert ratio[one.estimates["op"] == "~1"].between(0.98, 1.02).all()
    gap = (two.estimates["estimate"] - one.estimates["estimate"]).abs()
    assert (gap <= 0.6 * one.estimates["se"]).all()
    assert two.fit_measures[["df", "npar"]].tolist() == [24, 30]
    draws = two.resampled(np.ones((1, two.sample.n))).draws.values["estimates"]
    assert_allclose(draws[0], two.estimates["estimate"], rtol=1e-5, atol=1e-6)


def test_the_model_stays_what_it_is(gaps):
    ours = CFA(HS, missing="fiml", auxiliary=["ageyr"]).fit(gaps)
    assert ours.fit_measures[["df", "npar"]].tolist() == [24, 30]
    assert ours.fit_measures["baseline_df"] == 36
    assert ours.estimates["lhs"].isin([*HS.items, *HS.construct_names]).all()
    assert ours.implied_cov.shape == (9, 9)
    assert len(ours.vcov) == 30
    assert ours.proper


def test_by_hand_as_one_likelihood(gaps):
    """The same likelihood written as a model of all variables at once."""
    text = f"{HS}\n" + "\n".join(f"{item} ~~ ageyr" for item in HS.items)
    whole = CFA(ModelSpec.parse(f"{text}\nageyr ~~ ageyr"), missing="fiml").fit(gaps)
    ours = CFA(HS, missing="fiml", auxiliary=["ageyr"]).fit(gaps)
    assert ours.fit_measures["chi2"] == pytest.approx(whole.fit_measures["chi2"], rel=1e-8)
    assert ours.fit_measures["loglik"] == pytest.approx(whole.fit_measures["loglik"], rel=1e-9)
    theirs = whole.estimates.set_index(["lhs", "op", "rhs"])
    mine = ours.estimates.set_index(["lhs", "op", "rhs"])
    for column in ("estimate", "se"):
        assert_allclose(mine[column], theirs.loc[mine.index, column], rtol=1e-6, atol=1e-7)


def test_replicates_use_them_too(gaps):
    ours = CFA(HS, missing="fiml", auxiliary=["ageyr"]).fit(gaps)
    draws = ours.resampled(np.ones((1, ours.sample.n))).draws.values
    assert_allclose(draws["estimates"][0], ours.estimates["estimate"], rtol=1e-5, atol=1e-6)
    assert draws["chi2"][0] == pytest.approx(ours.fit_measures["chi2"], rel=1e-6)


def test_columns_of_a_survey_that_are_not_items_serve(gaps):
    survey = Survey(gaps, items=HS.items)
    ours = CFA(HS, missing="fiml", auxiliary=["ageyr"]).fit(survey)
    assert ours.fit_measures["n"] == 301
    assert survey.items == HS.items


def test_single_items_and_paths():
    spec = ModelSpec.parse("quality =~ q1 + q2 + q3\nleave ~ quality")
    frame = dropouts(500).rename(columns={"calls": "age"})
    frame["leave"] = frame["age"] + np.random.default_rng(2).normal(size=500)
    ours = SEM(spec, missing="fiml", auxiliary=["age"]).fit(frame)
    assert ours.proper
    assert ours.fit_measures["df"] == SEM(spec, missing="fiml").parameters.n_moments - 12


def test_what_does_not_know_them_says_so(gaps):
    ours = CFA(HS, missing="fiml", auxiliary=["ageyr"]).fit(gaps)
    with pytest.raises(TcsError, match=r"modification_indices\(\) knows nothing of auxiliary"):
        modification_indices(ours)
    with pytest.raises(TcsError, match="do not have the same auxiliary variables"):
        ours.compare(CFA(HS, missing="fiml", auxiliary=["agemo"]).fit(gaps))


def test_refusals(gaps, hs_frame):
    with pytest.raises(OptionError, match="add missing='fiml'"):
        CFA(HS, auxiliary=["ageyr"])
    with pytest.raises(OptionError, match="'x1' is an item of the model"):
        CFA(HS, missing="fiml", auxiliary=["x1"])
    with pytest.raises(SurveyError, match=r"agey.*Did you mean 'ageyr'"):
        CFA(HS, missing="fiml", auxiliary=["agey"]).fit(gaps)
    with pytest.raises(SurveyError, match=r"^Auxiliary.*'school' holds text.*out of auxiliary="):
        CFA(HS, missing="fiml", auxiliary=["school"]).fit(gaps)
    constant = gaps.assign(k=3.0, none=np.nan)
    with pytest.raises(SurveyError, match=r"^Auxiliary.*'k'.*gave 3.*out of auxiliary="):
        CFA(HS, missing="fiml", auxiliary=["ageyr", "k"]).fit(constant)
    with pytest.raises(SurveyError, match=r"^Auxiliary.*'none'.*nobody answered.*auxiliary="):
        CFA(HS, missing="fiml", auxiliary=["none"]).fit(constant)
    moments = Survey(hs_frame, items=HS.items).moments()
    with pytest.raises(TcsError, match="auxiliary= needs respondents"):
        CFA(HS, missing="fiml", auxiliary=["ageyr"]).fit(moments)
