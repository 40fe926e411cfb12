"""Full-information maximum likelihood, and which information errors come from."""

from __future__ import annotations

import lavaan_cases
import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from lavaan_numbers import MEASURES, close
from numpy.testing import assert_allclose

from tcsmodel.errors import DroppedRespondentsWarning, OptionError, SurveyError
from tcsmodel.kernels.gamma import normal_weight
from tcsmodel.models.cfa import CFA
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

HS = ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")
CASES = {
    "B_HS1939_fiml_ML": (CFA, "HS1939_missing", {"missing": "fiml"}),
    "B_mobi_acsi_fiml_ML": (SEM, "mobi_missing", {"missing": "fiml"}),
    "B_bfi10_fiml": (CFA, "bfi", {"missing": "fiml"}),
    "B_bfirev10_fiml_ML": (CFA, "bfi_rev", {"missing": "fiml"}),
    "B_HS1939_cfa_ML_observed": (CFA, "HolzingerSwineford1939", {"information": "observed"}),
}


@pytest.fixture(scope="module")
def gaps():
    """Answers with gaps; respondent 0 has none of the items of HS."""
    return pd.read_csv(DATA / "HS1939_missing.csv")


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request):
    estimator, data, options = CASES[request.param]
    theirs = expected(request.param)
    spec = ModelSpec.parse(theirs["model"]) if "model" in theirs else HS
    frame = lavaan_cases.frame(data)
    kept = frame[frame[list(spec.items)].notna().any(axis=1)]
    return estimator(spec, **options).fit(kept), theirs


def test_estimates_and_errors(case):
    ours, theirs = case
    table = theirs["parameterEstimates"]
    assert ours.converged
    assert ours.estimates["lhs"].tolist() == table["lhs"].tolist()
    slack = tol.LAVAAN_STOP * table["se"].to_numpy(float)
    close(ours.estimates["estimate"], table["est"], tol.POINT, slack)
    close(ours.estimates["se"], table["se"], tol.SE)


@pytest.mark.parametrize("name", sorted(set(MEASURES)))
def test_fit_measures(case, name):
    ours, theirs = case
    tolerance = tol.GFI_WITH_GAPS if name in ("gfi", "agfi", "pgfi") else tol.FIT
    if MEASURES[name] in theirs["fitMeasures"]:
        close(ours.fit_measures[name], theirs["fitMeasures"][MEASURES[name]], tolerance, 2e-7)


@pytest.mark.parametrize("name", [name for name in CASES if "fiml" in name])
def test_gfi_of_lavaan_compares_with_moments_of_available_answers(name):
    """Means of all who answered and pairwise covariances, by the information that there is."""
    estimator, data, options = CASES[name]
    theirs = expected(name)
    spec = ModelSpec.parse(theirs["model"]) if "model" in theirs else HS
    frame = lavaan_cases.frame(data)[list(spec.items)].dropna(how="all")
    fit = estimator(spec, **options).fit(frame)
    sigma, x = fit.implied_cov.to_numpy(), frame[fit.implied_cov.index]
    patterns, shares = np.unique(x.notna(), axis=0, return_counts=True)
    precision = np.zeros((len(patterns), *sigma.shape))
    for seen, inverse in zip(patterns, precision, strict=True):
        inverse[np.ix_(seen, seen)] = np.linalg.inv(sigma[np.ix_(seen, seen)])
    weight = shares / len(x) @ normal_weight(precision, with_mean=True).swapaxes(0, 1)
    column, row = np.triu_indices(len(sigma))
    cov = x.cov().to_numpy() * (len(x) - 1) / len(x)
    moments = np.concatenate([x.mean(), cov[column, row]])
    gap = moments - np.concatenate([fit.implied_mean, sigma[column, row]])
    gfi = 1 - gap @ weight @ gap / (moments @ weight @ moments)
    assert gfi == pytest.approx(theirs["fitMeasures"]["gfi_lisrel"], abs=1e-7)


def test_without_gaps_it_is_maximum_likelihood(hs_frame):
    full = CFA(HS, missing="fiml", information="expected").fit(hs_frame)
    plain = CFA(HS, meanstructure=True).fit(hs_frame)
    assert_allclose(full.estimates["estimate"], plain.estimates["estimate"], atol=1e-6)
    assert_allclose(full.estimates["se"], plain.estimates["se"], rtol=1e-6)
    assert full.fit_measures["chi2"] == pytest.approx(plain.fit_measures["chi2"], abs=1e-8)


def test_those_without_an_answer_are_named(gaps):
    with pytest.warns(
        DroppedRespondentsWarning, match=r"1 of 301 respondents \(<1%\).*none of the items"
    ):
        result = CFA(HS, missing="fiml").fit(gaps)
    assert result.fit_measures["n"] == 300


@pytest.mark.filterwarnings("ignore::tcsmodel.errors.DroppedRespondentsWarning")
def test_groups_are_fits_of_their_own(gaps):
    together = CFA(HS, missing="fiml", group="school").fit(gaps)
    chi2 = 0.0
    for label in together.sample.groups:
        alone = CFA(HS, missing="fiml").fit(gaps[gaps["school"] == label])
        own = together.estimates.query("group == @label")
        assert_allclose(own["estimate"], alone.estimates["estimate"], atol=1e-5)
        assert_allclose(own["se"], alone.estimates["se"], rtol=1e-3, atol=1e-8)
        chi2 += alone.fit_measures["chi2"]
    assert together.fit_measures["chi2"] == pytest.approx(chi2, abs=1e-5)


@pytest.mark.filterwarnings("ignore::tcsmodel.errors.DroppedRespondentsWarning")
def test_a_replicate_is_the_fit_of_its_rows(gaps):
    kept = gaps[gaps[list(HS.items)].notna().any(axis=1)].reset_index(drop=True)
    result = CFA(HS, missing="fiml").fit(kept)
    counts = np.bincount(np.random.default_rng(1).integers(0, 300, 300), minlength=300)
    drawn = result.resampled(counts[None])
    alone = CFA(HS, missing="fiml").fit(kept.loc[kept.index.repeat(counts)])
    assert_allclose(
        drawn.draws.values["estimates"][0], alone.estimates["estimate"], rtol=1e-5, atol=1e-5
    )
    assert drawn.draws.values["chi2"][0] == pytest.approx(alone.fit_measures["chi2"], rel=1e-6)
    boot = result.bootstrap(64, seed=2)
    free = result.estimates["se"] > 0
    assert (boot.estimates["se"] / result.estimates["se"])[free].between(0.4, 3).all()


@pytest.mark.filterwarnings("ignore::tcsmodel.errors.DroppedRespondentsWarning")
def test_weights_are_repeated_rows(gaps):
    kept = gaps[gaps[list(HS.items)].notna().any(axis=1)].reset_index(drop=True)
    weights = np.arange(300) % 2 + 1
    survey = Survey(kept.assign(w=weights), items=HS.items, weight="w")
    weighted = CFA(HS, missing="fiml").fit(survey)
    repeated = CFA(HS, missing="fiml").fit(kept.loc[kept.index.repeat(weights)])
    assert_allclose(weighted.estimates["estimate"], repeated.estimates["estimate"], atol=1e-5)


def test_items_never_answered_together_are_named(hs_frame):
    frame = hs_frame.copy()
    frame.loc[frame.index[:150], "x1"] = np.nan
    frame.loc[frame.index[150:], "x9"] = np.nan
    with pytest.raises(SurveyError, match="'x1' and 'x9' are never answered together"):
        CFA(HS, missing="fiml").fit(frame)
    with pytest.raises(SurveyError, match="'x1' has no answers"):
        CFA(HS, missing="fiml").fit(frame.iloc[:150])


def test_a_constant_item_with_gaps_is_named_with_its_group(gaps):
    flat = gaps[gaps[list(HS.items)].notna().any(axis=1)].assign(
        half=lambda d: np.arange(len(d)) % 2
    )
    flat.loc[(flat["half"] == 1) & flat["x3"].notna(), "x3"] = 2.0
    with pytest.raises(SurveyError, match=r"In group '1': Item 'x3' is constant.*leave out the gr"):
        CFA(HS, missing="fiml", group="half").fit(flat)


def test_an_observed_cause_with_gaps_is_named(mobi_frame):
    frame = mobi_frame.astype(float)
    frame.loc[3, "PERV1"] = np.nan
    spec = ModelSpec.parse("CUSA1 ~ PERQ1 + PERV1")
    with pytest.raises(SurveyError, match="'PERV1' is an observed cause and 1 respondent did"):
        SEM(spec, missing="fiml").fit(frame)
    stated = ModelSpec.parse("CUSA1 ~ PERQ1 + PERV1\nPERV1 ~~ PERV1 + PERQ1\nPERQ1 ~~ PERQ1")
    result = SEM(stated, missing="fiml").fit(frame)
    assert result.fit_measures["n"] == 250
    assert result.fit_measures["df"] == 0


def test_options_are_checked():
    with pytest.raises(OptionError, match=r"missing='fimll'.*Did you mean 'fiml'"):
        CFA(HS, missing="fimll")
    with pytest.raises(OptionError, match=r"information='observd'.*Did you mean 'observed'"):
        CFA(HS, information="observd")


def test_the_summary_says_which_information(hs_frame):
    assert "observed information" in CFA(HS, information="observed").fit(hs_frame).summary()
    assert "expected information" in CFA(HS).fit(hs_frame).summary()


def test_robust_fit_is_in_the_summary_with_gaps(gaps):
    answered = gaps[gaps[list(HS.items)].notna().any(axis=1)]
    result = CFA(HS, missing="fiml").fit(answered)
    text, value = result.summary(), result.fit_measures["cfi_robust"]
    assert f"Robust CFI, TLI         {value:.3f}" in text
