"""SEM and CFA as a user meets them: data in, results out, messages."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tcsmodel.errors import (
    DroppedRespondentsWarning,
    IdentificationError,
    ImproperSolutionWarning,
    OptionError,
    SpecError,
    SurveyError,
    TcsError,
)
from tcsmodel.kernels.implied import implied
from tcsmodel.kernels.resample import counts_from_rows
from tcsmodel.models.cfa import CFA, CFAResult
from tcsmodel.models.sem import SEM, SEMResult
from tcsmodel.spec import library
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments
from tcsmodel.survey.survey import Survey

TEXT = """
    Quality =~ PERQ1 + PERQ3 + PERQ7
    Value =~ PERV1 + PERV2
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Value ~ Quality
    Satisfaction ~ Quality + Value
"""
SPEC = ModelSpec.parse(TEXT)


@pytest.fixture(scope="module")
def fitted(mobi_frame):
    return SEM(SPEC).fit(mobi_frame)


@pytest.fixture(scope="module")
def ecsi(mobi_frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImproperSolutionWarning)
        return SEM(library.ecsi()).fit(mobi_frame)


def std(result):
    return result.estimates["std"].to_numpy()


def test_result_names(fitted):
    assert isinstance(fitted, SEMResult)
    assert fitted.estimates.columns.tolist() == [
        "lhs", "op", "rhs", "group", "label", "estimate", "se", "z", "p",
        "ci_lower", "ci_upper", "std",
    ]  # fmt: skip
    assert fitted.construct_corr.index.tolist() == ["Quality", "Value", "Satisfaction"]
    assert fitted.reliability.columns.tolist() == [
        "alpha", "alpha_std", "omega", "omega_observed", "rho_c", "ave", "ave_raw", "n_items",
    ]  # fmt: skip
    assert fitted.proper
    assert fitted.converged
    assert fitted.status == "converged"
    assert fitted.verify() == ()


def test_repr_is_one_line(fitted):
    assert repr(fitted) == (
        "SEMResult(3 constructs, 8 items, n=250, chi2=38.645, df=17, converged)"
    )


def test_summary_shows_what_lavaan_users_look_for(fitted):
    text = fitted.summary()
    for part in (
        "Chi-square",
        "RMSEA",
        "Latent variables",
        "Regressions",
        "Variances",
        "R-squared",
    ):
        assert part in text
    assert "Satisfaction ~ Quality" in text


def test_summary_prints_no_p_of_zero_and_no_name_twice(mobi_frame):
    spec = ModelSpec.parse("Quality =~ PERQ1 + a*PERQ3 + PERQ7 + PERQ4; twice := 2*a")
    text = SEM(spec).fit(mobi_frame).summary()
    assert " 0.000 " not in text.split("Latent variables")[0]
    assert "<0.001" in text
    assert "twice (twice)" not in text


@pytest.mark.parametrize("options", [{}, {"group": "school"}, {"estimator": "mlr"}])
def test_summary_says_that_a_saturated_model_is_not_tested(hs_frame, options):
    result = CFA(ModelSpec.parse("visual =~ x1 + x2 + x3"), **options).fit(hs_frame)
    head = result.summary().split("Latent variables")[0]
    assert "0.000, df 0 (saturated, nothing to test)" in head
    assert "nan" not in head
    assert "-0.000" not in head
    assert result.fit_measures["chi2"] >= 0


def test_intervals_follow_the_level(mobi_frame, fitted):
    narrow = SEM(SPEC, level=0.5).fit(mobi_frame).estimates
    wide = fitted.estimates
    free = wide["se"] > 0
    assert (narrow["ci_upper"] < wide["ci_upper"])[free].all()
    assert_allclose(narrow["estimate"], wide["estimate"])


def test_std_lv_is_the_same_model(mobi_frame, fitted):
    other = SEM(SPEC, std_lv=True).fit(mobi_frame)
    assert_allclose(other.fit_measures["chi2"], fitted.fit_measures["chi2"], rtol=1e-8)
    assert_allclose(std(other)[:-3], std(fitted)[:-3], atol=1e-5)


def test_moments_survey_and_frame_agree(mobi_frame, fitted):
    items = SPEC.items
    survey = Survey(mobi_frame, items=items)
    for data in (survey, survey.moments(), Moments.from_cov(mobi_frame[list(items)].cov(), 250)):
        assert_allclose(std(SEM(SPEC).fit(data)), std(fitted), atol=1e-7)


def test_order_of_items_and_rows_does_not_matter(mobi_frame, fitted):
    shuffled = mobi_frame.sample(frac=1, random_state=3)[mobi_frame.columns[::-1]]
    assert_allclose(std(SEM(SPEC).fit(shuffled)), std(fitted), atol=1e-7)


def test_rescaling_an_item_changes_nothing_standardized(mobi_frame, fitted):
    scaled = mobi_frame.assign(PERQ1=mobi_frame["PERQ1"] * 100, CUSA2=mobi_frame["CUSA2"] / 10)
    result = SEM(SPEC).fit(scaled)
    assert_allclose(std(result), std(fitted), atol=1e-5)
    assert_allclose(result.fit_measures["chi2"], fitted.fit_measures["chi2"], rtol=1e-7)


def test_integer_weights_are_repeated_rows(mobi_frame):
    weights = np.arange(len(mobi_frame)) % 3 + 1
    weighted = SEM(SPEC).fit(Survey(mobi_frame.assign(w=weights), items=SPEC.items, weight="w"))
    repeated = SEM(SPEC).fit(mobi_frame.loc[mobi_frame.index.repeat(weights)])
    assert_allclose(std(weighted), std(repeated), atol=1e-6)


def test_missing_answers_are_dropped_with_a_count(mobi_frame, fitted):
    frame = mobi_frame.astype(float)
    frame.loc[frame.index[:20], "PERV1"] = np.nan
    with pytest.warns(DroppedRespondentsWarning, match="20 of 250"):
        result = SEM(SPEC).fit(frame)
    assert result.fit_measures["n"] == 230


def test_unused_text_columns_are_ignored(mobi_frame, fitted):
    result = SEM(SPEC).fit(mobi_frame.assign(city="Oslo"))
    assert_allclose(std(result), std(fitted))


def test_many_respondents(mobi_frame, fitted):
    many = pd.concat([mobi_frame] * 400, ignore_index=True)
    result = SEM(SPEC).fit(many)
    assert result.fit_measures["n"] == 100_000
    assert_allclose(std(result), std(fitted), atol=1e-6)


def test_nonrecursive_model_is_fitted():
    text = "A =~ a1+a2+a3\nB =~ b1+b2+b3\nX =~ x1+x2+x3\nZ =~ z1+z2+z3\nA ~ B + X\nB ~ A + Z"
    model = SEM(ModelSpec.parse(text))
    free = model.parameters.free
    theta = np.array([1.0 if r.is_variance or r.op == "=~" else 0.3 for r in free])
    cov = implied(model.model.layout, theta).sigma
    result = model.fit(Moments.from_cov(cov, 400, names=model.parameters.items))
    paths = result.estimates.query("op == '~'")["estimate"]
    assert_allclose(paths, 0.3, atol=1e-5)


def test_reversed_item_loads_negatively(mobi_frame, fitted):
    turned = mobi_frame.assign(PERQ3=11 - mobi_frame["PERQ3"])
    result = SEM(SPEC).fit(turned)
    estimates = result.estimates.set_index(["lhs", "rhs"])
    assert estimates.loc[("Quality", "PERQ3"), "std"] < -0.5
    (found,) = (one for one in result.verify() if one.code == "item_against_others")
    assert found.subjects == ("PERQ3",)
    assert "runs against the other items of Quality" in str(found)
    assert not [one for one in fitted.verify() if one.code == "item_against_others"]


def test_the_items_that_run_against_most_others_are_named_whichever_is_the_reference(mobi_frame):
    turned = mobi_frame.assign(PERQ1=11 - mobi_frame["PERQ1"])
    found = [one for one in SEM(SPEC).fit(turned).verify() if one.code == "item_against_others"]
    assert [one.subjects for one in found] == [("PERQ1",)]


def test_start_values_do_not_change_the_solution(mobi_frame, fitted):
    text = TEXT.replace("+ PERQ3", "+ start(2)*PERQ3").replace(
        "~ Quality\n", "~ start(1)*Quality\n"
    )
    assert_allclose(std(SEM(ModelSpec.parse(text)).fit(mobi_frame)), std(fitted), atol=1e-5)


def test_fixed_value_is_kept(mobi_frame):
    result = SEM(ModelSpec.parse(TEXT.replace("+ PERV2", "+ 0.9*PERV2"))).fit(mobi_frame)
    row = result.estimates.query("rhs == 'PERV2' and op == '=~'").iloc[0]
    assert (row["estimate"], row["se"]) == (0.9, 0.0)
    assert np.isnan(row["z"])


def test_cfa_leaves_out_the_paths(mobi_frame):
    result = CFA(SPEC).fit(mobi_frame)
    assert isinstance(result, CFAResult)
    assert "~" not in set(result.estimates["op"])
    pairs = result.estimates.query("op == '~~' and lhs != rhs")
    assert len(pairs) == 3


def test_cfa_without_paths_keeps_covariances(hs_frame):
    text = "A =~ x1 + x2 + x3\nB =~ x4 + x5 + x6\nA ~~ 0*B"
    result = CFA(ModelSpec.parse(text)).fit(hs_frame)
    assert result.construct_corr.loc["A", "B"] == 0


def test_second_order_reliability_is_nan(hs_frame):
    text = "A =~ x1+x2+x3\nB =~ x4+x5+x6\nC =~ x7+x8+x9\ng =~ A + B + C"
    reliability = CFA(ModelSpec.parse(text)).fit(hs_frame).reliability
    assert np.isnan(reliability.loc["g", "omega"])
    assert reliability.loc["A", "omega"] > 0.6


def test_composite_is_named():
    with pytest.raises(SpecError, match=r"'Q' is a composite \(<~\)"):
        SEM(ModelSpec.parse("Q <~ a + b\nS =~ c + d + e\nS ~ Q"))


def test_options_are_checked():
    known = "ml, mlr, mlm, mlmv, gls, uls, wls, dwls, ulsmv, wlsmv, wlsm"
    with pytest.raises(OptionError, match=f"estimator='mll' is not one of {known}. Did you mean"):
        SEM(SPEC, estimator="mll")
    with pytest.raises(OptionError, match="level=95"):
        SEM(SPEC, level=95)
    with pytest.raises(OptionError, match=r"level='0\.9' must lie between 0 and 1"):
        SEM(SPEC, level="0.9")
    with pytest.raises(OptionError, match=r"ModelSpec\.parse"):
        CFA("f =~ a + b + c")


def test_unidentified_model_names_parameters(hs_frame):
    items = " + ".join(f"x{i}" for i in range(1, 8))
    spec = ModelSpec.parse(f"f =~ {items}\ng =~ {items}\nf ~~ 0*g")
    with pytest.raises(IdentificationError, match=r"no data can determine .*=~x"):
        SEM(spec).fit(hs_frame)


@pytest.mark.parametrize("options", [{}, {"information": "observed"}, {"missing": "fiml"}])
def test_paths_both_ways_without_causes_are_named(mobi_frame, options):
    """Their information is singular but for rounding, whose inverse has negative variances."""
    spec = ModelSpec.parse("A =~ IMAG1 + IMAG2 + IMAG3\nB =~ CUSA1 + CUSA2\nB ~ A\nA ~ B")
    gaps = mobi_frame.index % 7 == (0 if "missing" in options else 7)
    with pytest.raises(IdentificationError, match="no data can determine B~A, A~B, A~~A, B~~B"):
        SEM(spec, **options).fit(mobi_frame.assign(CUSA1=mobi_frame["CUSA1"].mask(gaps)))


def test_absent_item_is_suggested(mobi_frame):
    with pytest.raises(SurveyError, match="Did you mean 'PERQ33'"):
        SEM(SPEC).fit(mobi_frame.rename(columns={"PERQ3": "PERQ33"}))


def test_constant_item(mobi_frame):
    with pytest.raises(SurveyError, match="'PERV1' is constant"):
        SEM(SPEC).fit(mobi_frame.assign(PERV1=5))


def test_identical_items(mobi_frame):
    with pytest.raises(SurveyError, match="'PERQ1' and 'PERQ3' are perfectly correlated"):
        SEM(SPEC).fit(mobi_frame.assign(PERQ3=mobi_frame["PERQ1"]))


def test_fewer_respondents_than_items(mobi_frame):
    with pytest.raises(SurveyError, match="7 respondents are too few for 8 items"):
        SEM(SPEC).fit(mobi_frame.iloc[[0, 30, 60, 90, 120, 150, 180]])


def test_text_in_an_item(mobi_frame):
    frame = mobi_frame.astype(object)
    frame.loc[4, "PERV1"] = "n/a"
    with pytest.raises(SurveyError, match=r"'PERV1' holds text in 1 row .*row 5"):
        SEM(SPEC).fit(frame)


def test_heywood_case_is_reported(mobi_frame):
    text = TEXT.replace("Satisfaction ~ Quality + Value", "Satisfaction ~ a*Value + Quality")
    spec = ModelSpec.parse(text.replace("Value ~ Quality", "Value ~ a*Quality"))
    with pytest.warns(ImproperSolutionWarning, match="improper"):
        result = SEM(spec).fit(mobi_frame)
    assert result.status == "improper"
    found = {finding.code: finding for finding in result.verify()}
    assert found["negative_variance"].subjects == ("PERV2",)
    assert found["negative_variance"].evidence["variance"] < 0
    assert np.isnan(result.r_squared["PERV2"])
    assert "Heywood" in str(found["negative_variance"])


def test_impossible_correlations_are_reported(mobi_frame):
    items = "CUEX1 + CUEX2 + CUEX3", "PERQ1 + PERQ2 + PERQ3", "CUSA1 + CUSA2 + CUSA3"
    text = "\n".join(f"F{i} =~ {own}" for i, own in enumerate(items))
    with pytest.warns(ImproperSolutionWarning):
        result = CFA(ModelSpec.parse(text)).fit(mobi_frame)
    codes = [finding.code for finding in result.verify()]
    assert "correlation_above_one" in codes or "latent_not_definite" in codes
    assert all("{" not in str(finding) for finding in result.verify())


def test_ecsi_is_reported_as_improper(mobi_frame):
    with pytest.warns(ImproperSolutionWarning, match="status 'ridge'"):
        result = SEM(library.ecsi()).fit(mobi_frame)
    assert not result.proper
    assert "do not determine" in result.summary()


def test_a_ridge_of_uncorrelated_constructs_names_no_pair(mobi_frame):
    spec = ModelSpec.parse("""
        Overall =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7 + PERV1 + PERV2
        Price =~ a*PERV1 + a*PERV2
        Service =~ PERQ4 + PERQ5 + PERQ6
        Overall ~~ 0*Service + 0*Price
        Price ~~ 0*Service
    """)
    with pytest.warns(ImproperSolutionWarning, match="ridge"):
        result = SEM(spec, std_lv=True).fit(mobi_frame)
    found = {finding.code: str(finding) for finding in result.verify()}
    assert "No two constructs correlate above .80" in found["ridge_apart"]
    assert "ridge" not in found


def test_a_ridge_of_few_respondents_does_not_ask_to_merge_what_is_apart(hs_frame):
    text = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
    with pytest.warns(ImproperSolutionWarning):
        result = CFA(ModelSpec.parse(text)).fit(hs_frame[:10])
    found = {finding.code: str(finding) for finding in result.verify()}
    assert "Ask more respondents" in found["ridge_apart"]
    assert "coefficients (1 in all), above all textual -> x5" in found["ridge_apart"]


def test_an_endless_ridge_is_given_up(mobi_frame):
    spec = ModelSpec(tuple(t for t in library.ecsi().terms if "Complaints" not in (t.lhs, t.rhs)))
    with pytest.warns(ImproperSolutionWarning):
        result = SEM(spec).fit(mobi_frame)
    assert not result.converged
    assert result.status == "ridge"
    assert result.iterations < 50
    assert result.fit_measures["chi2"] == pytest.approx(536.06, abs=0.05)
    assert {"search_not_converged", "ridge"} <= {finding.code for finding in result.verify()}


def test_bootstrap_replaces_errors_and_keeps_estimates(fitted):
    drawn = fitted.bootstrap(200, seed=5)
    assert fitted.draws is None
    assert drawn.draws.n == 200
    assert_allclose(drawn.estimates["estimate"], fitted.estimates["estimate"])
    ratio = drawn.estimates["se"] / fitted.estimates["se"]
    free = fitted.estimates["se"] > 0
    assert ratio[free].between(0.5, 3).all()
    assert (drawn.estimates["se"][~free] == 0).all()
    assert drawn.draws.values["htmt"].shape == (200, 3, 3)
    assert "bootstrap, 200 replicates" in drawn.summary()


def test_same_seed_same_draws(fitted):
    one, two = (fitted.bootstrap(80, seed=9).draws.values["estimates"] for _ in range(2))
    assert_allclose(one, two, rtol=1e-10)
    other = fitted.bootstrap(80, seed=10).draws.values["estimates"]
    assert np.abs(one - other).max() > 0.01


@pytest.mark.filterwarnings("ignore::tcsmodel.errors.ImproperSolutionWarning")
def test_a_replicate_is_the_fit_of_its_rows(mobi_frame, fitted):
    rows = np.random.default_rng(2).integers(0, 250, size=(2, 250))
    drawn = fitted.resampled(counts_from_rows(rows, 250))
    for b in range(2):
        alone = SEM(SPEC).fit(mobi_frame.iloc[rows[b]].reset_index(drop=True))
        assert_allclose(drawn.draws.values["estimates"][b], alone.estimates["estimate"], atol=1e-5)
        assert_allclose(drawn.draws.values["chi2"][b], alone.fit_measures["chi2"], rtol=1e-8)


def test_bootstrap_needs_respondents(mobi_frame):
    result = SEM(SPEC).fit(Survey(mobi_frame, items=SPEC.items).moments())
    with pytest.raises(TcsError, match="needs respondents"):
        result.bootstrap(50)


def test_ecsi_bootstrap_ends_every_replicate_with_a_status(ecsi):
    drawn = ecsi.bootstrap(120, seed=7)
    shares = drawn.draws.status_shares
    assert shares.sum() == pytest.approx(1)
    assert shares["ridge"] > 0.5
    assert shares["iteration_cap"] == 0
    found = {finding.code: finding for finding in drawn.verify()}
    assert found["replicates_improper"].evidence["ridge"] == pytest.approx(shares["ridge"])
    assert np.isfinite(drawn.draws.values["estimates"]).all()


def test_result_is_frozen(fitted):
    with pytest.raises(dataclasses.FrozenInstanceError):
        fitted.iterations = 3
    with pytest.raises(ValueError, match="read-only"):
        fitted.theta[0] = 1.0


@pytest.mark.slow
def test_intervals_cover_at_their_level():
    """Simulated from the fitted population, 95% intervals hold it in about 95% of samples."""
    rng = np.random.default_rng(11)
    loading = np.array([[0.8, 0], [0.7, 0], [0.6, 0], [0, 0.8], [0, 0.7], [0, 0.6]])
    cov = loading @ np.array([[1, 0.5], [0.5, 1]]) @ loading.T
    cov += np.diag(1 - np.diag(cov))
    root = np.linalg.cholesky(cov)
    spec = ModelSpec.parse("A =~ x1+x2+x3\nB =~ x4+x5+x6\nB ~ A")
    hits = []
    for _ in range(300):
        x = pd.DataFrame(rng.normal(size=(300, 6)) @ root.T, columns=[f"x{i}" for i in range(1, 7)])
        row = SEM(spec, std_lv=False).fit(x).standardized.query("op == '~'").iloc[0]
        hits.append(row["ci_lower"] <= 0.5 <= row["ci_upper"])
    assert 0.91 <= np.mean(hits) <= 0.98


@pytest.mark.parametrize("missing", ["listwise", "fiml"])
@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_covariance_of_items_without_constructs(mobi_frame, missing, estimator):
    spec = ModelSpec.parse("CUSA1 ~~ CUSA2")
    result = SEM(spec, missing=missing, estimator=estimator).fit(mobi_frame)
    cov = np.cov(mobi_frame[["CUSA1", "CUSA2"]].to_numpy(float), rowvar=False, bias=True)
    ours = result.estimates.set_index(["lhs", "op", "rhs"])["estimate"]
    assert ours["CUSA1", "~~", "CUSA2"] == pytest.approx(cov[0, 1])
    assert (result.proper, result.fit_measures["df"]) == (True, 0)
    assert "R-squared" not in result.summary()


def test_missing_answers_without_constructs(mobi_frame):
    gaps = mobi_frame.astype(float)
    gaps.loc[:20, "CUSA1"] = np.nan
    result = SEM(ModelSpec.parse("CUSA1 ~~ CUSA2"), missing="fiml").fit(gaps)
    assert result.sample.n == len(gaps)
    assert result.fit_measures["chi2"] == pytest.approx(0, abs=1e-6)
