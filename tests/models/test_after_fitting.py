"""What one does after fitting a covariance model, against lavaan and semTools."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from numpy.testing import assert_allclose

from tcsmodel.errors import SurveyError, TcsError, TcsWarning
from tcsmodel.kernels import reliability
from tcsmodel.kernels.implied import implied, matrices
from tcsmodel.models.cfa import CFA
from tcsmodel.models.fitted import fitted_groups
from tcsmodel.models.latent_scores import latent_scores
from tcsmodel.models.modification import modification_indices, release_tests
from tcsmodel.models.residuals import residuals, srmr_test
from tcsmodel.models.second_order import second_order_reliability
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments

# Case: estimator, options and data.
HS = "HolzingerSwineford1939"
CASES = {
    "B_HS1939_cfa_ML": (CFA, {}, HS),
    "B_HS1939_cfa_2nd": (CFA, {}, HS),
    "B_PolDem_ML": (SEM, {}, "PoliticalDemocracy"),
    "B_mobi_acsi_ML": (SEM, {}, "mobi"),
    "B_HS1939_fiml_ML": (CFA, {"missing": "fiml"}, "HS1939_missing"),
    "B_mobi_mini_eq": (SEM, {}, "mobi"),
    "B_HS1939_mg_configural_ML": (CFA, {"group": "school"}, HS),
    "B_HS1939_mg_scalar_ML": (
        CFA,
        {"group": "school", "group_equal": ("loadings", "intercepts")},
        HS,
    ),
    "B_HS1939_mg_means_ML": (
        CFA,
        {"group": "school", "group_equal": ("loadings", "intercepts", "residuals", "means")},
        HS,
    ),
}
HS_TEXT = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
# lavaan stops before the minimum on mobi and for groups: scores and residual correlations in
# units of one, and z values, are off by as much.
SCORES = 1e-4
RESIDUAL_Z = 6e-3


def fit(estimator, text, data, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        return estimator(ModelSpec.parse(text), **options).fit(data)


@cache
def solved(name):
    estimator, options, data = CASES[name]
    text = expected(f"{name}_diagnosis").get("model", HS_TEXT)
    return fit(estimator, text, pd.read_csv(DATA / f"{data}.csv"), **options)


def fitted(name):
    return solved(name), expected(f"{name}_diagnosis")


@pytest.fixture(params=sorted(CASES))
def case(request):
    return fitted(request.param)


@pytest.fixture(params=sorted({*CASES} - {"B_mobi_mini_eq"}))
def scored(request):
    return fitted(request.param)


@pytest.fixture(
    params=sorted(
        name for name in CASES if not any(part in name for part in ("_mg_", "_eq", "_fiml_"))
    )
)
def single(request):
    """Return a case without groups, constraints and missing answers."""
    return fitted(request.param)


@pytest.fixture(scope="module")
def second_order(hs_frame):
    return fit(CFA, expected("B_HS1939_cfa_2nd_diagnosis")["model"], hs_frame)


@pytest.fixture(scope="module")
def acsi_cfa(mobi_frame):
    return fit(CFA, expected("B_mobi_acsi_cfa_ML")["model"], mobi_frame)


def labels(result):
    return result.model.parameters.groups


def by_group(result, entry):
    """Yield each group with what lavaan says of it."""
    names = labels(result)
    yield from ((name, entry[name]) for name in names) if len(names) > 1 else [("", entry)]


@pytest.mark.parametrize("name", ["HS1939", "acsi"])
def test_fit_measures_equal_semtools(name, hs_frame, acsi_cfa):
    theirs = expected("C_moreFit")[name]
    found = (fit(CFA, HS_TEXT, hs_frame) if name == "HS1939" else acsi_cfa).fit_measures
    for ours, there in {
        "gamma_hat": "gammaHat",
        "gamma_hat_adj": "adjGammaHat",
        "baseline_rmsea": "baseline.rmsea",
        "aicc": "aic.smallN",
    }.items():
        assert found[ours] == pytest.approx(theirs[there], rel=tol.FIT), ours


def test_modification_indices(case):
    ours, theirs = case
    table = theirs["modindices_top20"]
    names = labels(ours)
    group = table["group"].map(lambda g: names[int(g) - 1]) if "group" in table else ""
    table = table.assign(group=group)
    found = modification_indices(ours)
    assert found.columns.tolist() == [
        "lhs", "op", "rhs", "group", "mi", "epc", "sepc_lv", "sepc_all",
    ]  # fmt: skip
    key = ["lhs", "op", "rhs", "group"]
    both = table.merge(found, on=key, how="left", suffixes=("_there", ""))
    for name, there in {
        "mi": "mi_there",
        "epc": "epc_there",
        "sepc_lv": "sepc.lv",
        "sepc_all": "sepc.all",
    }.items():
        known = both[name].notna()
        # A negative residual variance has no root; lavaan takes that of its size.
        assert known.all() or (name == "sepc_all" and not ours.proper)
        theirs_known = both.loc[known, there].astype(float)
        assert_allclose(both.loc[known, name], theirs_known, rtol=tol.MODIFICATION)
    assert set(map(tuple, found[key].head(20).to_numpy())) == set(map(tuple, table[key].to_numpy()))


def test_moments_of_observed_causes_count_as_free(mobi_frame):
    theirs = expected("B_regression_obs_fixedxF_diagnosis")
    found = modification_indices(fit(SEM, theirs["model"], mobi_frame))
    table = theirs["modindices_top20"]
    key = ["lhs", "op", "rhs"]
    both = table.merge(found, on=key, how="outer", suffixes=("_there", ""))
    assert_allclose(both["mi"], both["mi_there"], rtol=tol.MODIFICATION)
    assert_allclose(both["epc"], both["epc_there"], rtol=tol.MODIFICATION)


def test_modification_index_is_about_the_fall_of_chi2(hs_frame):
    base = fit(CFA, HS_TEXT, hs_frame)
    row = modification_indices(base).query("lhs == 'x1' and rhs == 'x9'").iloc[0]
    freed = fit(CFA, HS_TEXT + "\nx1 ~~ x9", hs_frame)
    fall = base.fit_measures["chi2"] - freed.fit_measures["chi2"]
    assert row["mi"] == pytest.approx(fall, rel=0.1)
    estimate = freed.estimates.query("lhs == 'x1' and rhs == 'x9'")["estimate"].iloc[0]
    assert row["epc"] == pytest.approx(estimate, rel=0.1)


def test_modification_indices_of_a_saturated_model_are_an_empty_table(hs_frame):
    found = modification_indices(fit(CFA, "f =~ x1 + x2 + x3", hs_frame))
    assert len(found) == 0


def test_release_tests_of_groups(hs_frame):
    theirs = expected("B_HS1939_mg_scoretest")
    _, options, _ = CASES["B_HS1939_mg_scalar_ML"]
    found = release_tests(fit(CFA, HS_TEXT, hs_frame, **options))
    singles = found[found["label"] != ""].set_index("label")
    uni = theirs["uni"].set_index("lhs")
    assert_allclose(singles["chi2"], uni.loc[singles.index, "X2"], rtol=tol.MODIFICATION, atol=1e-4)
    last = found.iloc[-1]
    assert_allclose(last["chi2"], theirs["test"]["X2"].iloc[0], rtol=tol.MODIFICATION)
    assert last["df"] == 12


def test_release_test_is_about_the_fall_of_chi2(mobi_frame):
    text = "Quality =~ PERQ1 + a*PERQ3 + a*PERQ4 + PERQ6"
    held = fit(CFA, text, mobi_frame)
    found = release_tests(held)
    freed = fit(CFA, text.replace("a*", ""), mobi_frame)
    fall = held.fit_measures["chi2"] - freed.fit_measures["chi2"]
    assert found.loc[0, "chi2"] == pytest.approx(fall, rel=0.1)


def test_release_test_of_a_stated_constraint_and_of_a_label_agree(mobi_frame):
    stated = expected("B_mobi_mini_eq_diagnosis")["model"]
    labelled = stated.replace("b*Value", "a*Value").replace("a == b", "").split("ind :=")[0]
    one, other = (release_tests(fit(SEM, text, mobi_frame)) for text in (stated, labelled))
    assert one.loc[0, "label"] == "a == b"
    assert one.loc[0, "chi2"] == pytest.approx(other.loc[0, "chi2"], rel=1e-5)
    assert one["df"].tolist() == other["df"].tolist() == [1, 1]
    assert one.loc[0, "chi2"] == pytest.approx(one.loc[1, "chi2"])


def test_release_test_with_missing_answers(mobi_frame):
    gaps = mobi_frame.astype(float)
    gaps.loc[:20, "PERQ1"] = np.nan
    text = "Quality =~ PERQ1 + a*PERQ3 + a*PERQ4 + PERQ6"
    held = fit(CFA, text, gaps, missing="fiml")
    fall = held.fit_measures["chi2"]
    fall -= fit(CFA, text.replace("a*", ""), gaps, missing="fiml").fit_measures["chi2"]
    assert release_tests(held).loc[0, "chi2"] == pytest.approx(fall, rel=0.1)


def test_modification_indices_with_missing_answers_are_those_of_each_group_by_itself(mobi_frame):
    gaps = mobi_frame.astype(float).assign(half=np.arange(len(mobi_frame)) % 2)
    gaps.loc[:20, "PERQ1"] = np.nan
    text = "Quality =~ PERQ1 + PERQ3 + PERQ4 + PERQ6"
    both = modification_indices(fit(CFA, text, gaps, missing="fiml", group="half"))
    for half in (0, 1):
        own = modification_indices(fit(CFA, text, gaps[gaps["half"] == half], missing="fiml"))
        ours = both[both["group"] == str(half)]
        pairs = [t.sort_values(["lhs", "rhs"])[["mi", "epc"]] for t in (ours, own)]
        assert_allclose(*pairs, rtol=1e-4)


def test_release_tests_need_an_equality(mobi_frame):
    result = fit(CFA, "Quality =~ PERQ1 + PERQ3 + PERQ4 + PERQ6", mobi_frame)
    with pytest.raises(TcsError, match=r"held equal, and this model has none.*label"):
        release_tests(result)


def test_residuals(case):
    ours, theirs = case
    found = residuals(ours)
    assert (found["corr"].abs().diff().dropna() <= 0).all()
    for name, there in by_group(ours, theirs["resid_cor_bollen_z"]):
        own = found[found["group"] == name]
        pairs = list(zip(own["lhs"], own["rhs"], strict=True))
        corr = np.array([there["cov"].loc[pair] for pair in pairs], dtype=float)
        assert_allclose(own["corr"], corr, atol=tol.POINT)
        if np.isnan(ours.sample.values).any():
            assert own["z"].isna().all()
            continue
        z = np.array([there["cov.z"].loc[pair] for pair in pairs], dtype=float)
        known = np.isfinite(own["z"])
        assert_allclose(own["z"][known], z[known], atol=RESIDUAL_Z)
        assert known.mean() > 0.9


def test_raw_and_bentler_residuals(single):
    ours, theirs = single
    found = residuals(ours)
    pairs = list(zip(found["lhs"], found["rhs"], strict=True))
    for name, there in (("residual", "resid_raw"), ("corr_bentler", "resid_cor")):
        values = np.array([theirs[there]["cov"].loc[pair] for pair in pairs], dtype=float)
        assert_allclose(found[name], values, atol=SCORES)


def test_srmr_inference(single):
    ours, theirs = single
    summary = theirs["resid_cor"]["summary"]["cov"].astype(float)
    found = srmr_test(ours).iloc[0]
    for name, there in {
        "srmr": "srmr",
        "z": "srmr.exactfit.z",
        "unbiased": "usrmr",
        "se": "usrmr.se",
        "ci_lower": "usrmr.ci.lower",
        "ci_upper": "usrmr.ci.upper",
        "p_close": "usrmr.closefit.pvalue",
    }.items():
        assert found[name] == pytest.approx(summary[there], rel=2 * tol.POINT), name


def test_the_error_of_an_item_that_is_its_construct_has_no_z(mobi_frame):
    text = "Quality =~ PERQ1 + PERQ3 + PERQ4 + PERQ6\nLoyalty =~ CUSL1 + CUSL3\nQuality ~ Loyalty"
    found = residuals(fit(SEM, text + "\nQuality =~ CUSCO", mobi_frame))
    assert np.isfinite(found["corr"]).all()
    alone = fit(SEM, "A =~ PERQ1 + PERQ3\nB =~ CUSL1 + CUSL3\nA ~ B", mobi_frame)
    pair = residuals(alone).query("lhs == 'PERQ1' and rhs == 'PERQ3'").iloc[0]
    assert abs(pair["corr"]) < 1e-8
    assert np.isnan(pair["z"])


@pytest.mark.parametrize(
    ("method", "key"), [("regression", "scores5_regression"), ("bartlett", "scores5_Bartlett")]
)
def test_latent_scores(scored, method, key):
    ours, theirs = scored
    found = latent_scores(ours, method=method)
    assert len(found) == ours.sample.n
    strata = ours.sample.strata
    for at, (_, there) in enumerate(by_group(ours, theirs[key])):
        own = found if strata is None else found[strata == at]
        assert own.columns.tolist() == there.columns.tolist()
        # Who answered nothing has no row here.
        first = there.astype(float).dropna()
        assert_allclose(own.iloc[: len(first)].to_numpy(), first.to_numpy(), atol=SCORES)


def test_scores_of_given_respondents_are_those_of_the_fit(hs_frame):
    _, options, _ = CASES["B_HS1939_mg_scalar_ML"]
    result = fit(CFA, HS_TEXT, hs_frame, **options)
    assert_allclose(latent_scores(result, hs_frame), latent_scores(result))
    turned = hs_frame.iloc[::-1]
    assert_allclose(latent_scores(result, turned), latent_scores(result)[::-1])
    with pytest.raises(SurveyError, match=r"'Pastor'.*none of the groups.*Did you mean 'Pasteur'"):
        latent_scores(result, hs_frame.replace({"school": {"Pasteur": "Pastor"}}))


def test_ten_berge_scores_keep_the_covariances(hs_frame):
    result = fit(CFA, HS_TEXT, hs_frame)
    (group,) = fitted_groups(result)
    values = result.sample.values - group.mean
    weights = np.linalg.lstsq(values, latent_scores(result, method="ten_berge"), rcond=None)[0]
    at = implied(group.layout, result.theta)
    assert_allclose(weights.T @ at.sigma @ weights, at.phi, atol=1e-8)


def test_second_order_constructs_have_no_ten_berge_scores(second_order):
    with pytest.raises(TcsError, match=r"'g' is measured by constructs.*regression"):
        latent_scores(second_order, method="ten_berge")


def test_missing_answers_are_scored_by_what_is_there(hs_frame):
    result = fit(CFA, HS_TEXT, hs_frame)
    gaps = hs_frame.astype({f"x{i}": float for i in range(1, 10)})
    gaps.loc[0, "x1"] = np.nan
    gaps.loc[1, ["x1", "x2", "x3"]] = np.nan
    gaps.loc[2, [f"x{i}" for i in range(1, 10)]] = np.nan
    for method in ("regression", "bartlett"):
        full, some = latent_scores(result, method=method), latent_scores(result, gaps, method)
        assert_allclose(some.iloc[3:], full.iloc[3:])
        assert some.iloc[0].notna().all()
        assert some.loc[0, "visual"] != pytest.approx(full.loc[0, "visual"])
        assert some.iloc[2].isna().all()
    assert latent_scores(result, gaps).iloc[1].notna().all()
    bartlett = latent_scores(result, gaps, "bartlett").iloc[1]
    assert np.isnan(bartlett["visual"])
    assert np.isfinite(bartlett["textual"])


def test_one_model_written_two_ways_has_one_set_of_scores(mobi_frame):
    """A construct with one item without error is that item; lavaan scores them differently."""
    text = "Q =~ PERQ1 + PERQ3 + PERQ4\nS =~ CUSA1 + CUSA2 + CUSA3\nS ~ Q\n"
    latent = fit(SEM, text + "C =~ 1*CUSCO\nCUSCO ~~ 0*CUSCO\nC ~ S", mobi_frame)
    observed = fit(SEM, text + "CUSCO ~ S", mobi_frame)
    for method in ("regression", "bartlett"):
        one, other = (latent_scores(r, method=method)[["Q", "S"]] for r in (latent, observed))
        assert_allclose(one, other, atol=1e-5)


def test_srmr_is_not_tested_with_missing_answers():
    result, _ = fitted("B_HS1939_fiml_ML")
    with pytest.raises(TcsError, match=r"needs complete answers.*listwise"):
        srmr_test(result)


def test_srmr_of_a_saturated_model_is_not_tested(hs_frame):
    """Its residuals are rounding, of which z and p of close fit were taken."""
    found = srmr_test(fit(CFA, "visual =~ x1 + x2 + x3", hs_frame)).iloc[0]
    assert found["srmr"] == pytest.approx(0, abs=1e-12)
    assert found.drop(["group", "srmr"]).isna().all()


def test_scores_need_respondents(mobi_frame):
    items = ["PERQ1", "PERQ3", "PERQ4", "PERQ6"]
    moments = Moments.from_cov(mobi_frame[items].cov(), 250)
    result = fit(CFA, "Quality =~ " + " + ".join(items), moments)
    with pytest.raises(TcsError, match=r"^scores\(\) needs respondents.*: scores\(data\)"):
        result.scores()
    assert len(result.scores(mobi_frame)) == 250


def test_second_order_reliability_equals_semtools(second_order):
    theirs = expected("C_reliability_2nd")
    row = second_order_reliability(second_order).set_index("construct").loc["g"]
    for name, there in {
        "omega_l1": "omegaL1",
        "omega_l2": "omegaL2",
        "omega_l1_partial": "partialOmegaL1",
    }.items():
        assert_allclose(row[name], theirs["reliabilityL2"][there], rtol=tol.POINT)
    assert row["n_items"] == 9
    at = implied(second_order.model.layout, second_order.theta)
    general = at.directions[:, 3]
    common = at.phi[3, 3] * np.outer(general, general)
    (group,) = fitted_groups(second_order)
    member = np.kron(np.eye(3, dtype=bool), np.ones((3, 1), dtype=bool))
    shares = reliability.variance_share(common, group.cov, member)
    assert_allclose(shares, list(theirs["compRelSEM"].values()), rtol=tol.POINT)


def test_second_order_reliability_needs_a_second_order(hs_frame):
    with pytest.raises(TcsError, match="General =~ visual"):
        second_order_reliability(fit(CFA, HS_TEXT, hs_frame))


def parts(result):
    """Return covariances, implied ones, member, loadings and construct variances."""
    (group,) = fitted_groups(result)
    at, own = implied(group.layout, result.theta), matrices(group.layout, result.theta)
    member = result.model.member
    k = member.shape[1]
    raw = np.where(member, own.loading[:, :k], 0.0)
    return group.cov, at, member, raw, np.diagonal(at.phi)[:k], own


@pytest.mark.parametrize("name", ["HS1939", "acsi"])
def test_reliability_conventions_of_semtools(name, hs_frame, acsi_cfa):
    theirs = expected("C_reliability_all")[name]
    result = fit(CFA, HS_TEXT, hs_frame) if name == "HS1939" else acsi_cfa
    cov, at, member, raw, phi, own = parts(result)
    for ours, there in (
        (reliability.omega(raw, phi, own.residual, member), "omega_modelvar"),
        (reliability.omega_observed(raw, phi, cov, member), "omega_obsvar"),
        (reliability.ave_raw(raw, phi, cov, member), "AVE"),
        (reliability.ave_raw(raw, phi, at.sigma, member), "AVE_modelvar"),
    ):
        # As lavaan's stopping rule allows: omega of Expectation, of three weak items, moves most.
        assert_allclose(ours, list(theirs[there].values()), rtol=2 * tol.POINT)
    common = own.loading @ at.phi @ own.loading.T
    assert reliability.maximal_overall(common, cov) == pytest.approx(
        theirs["maximalRelia"], rel=tol.POINT
    )
    assert reliability.maximal_overall(common, at.sigma) < 1


@pytest.mark.parametrize("name", ["HS1939", "acsi"])
def test_reliability_of_a_result_equals_semtools(name, hs_frame, acsi_cfa):
    theirs = expected("C_reliability_all")[name]
    result = fit(CFA, HS_TEXT, hs_frame) if name == "HS1939" else acsi_cfa
    for ours, there in {
        "omega": "omega_modelvar",
        "omega_observed": "omega_obsvar",
        "ave_raw": "AVE",
    }.items():
        found = result.reliability.loc[list(theirs[there]), ours]
        assert_allclose(found, list(theirs[there].values()), rtol=2 * tol.POINT)


@pytest.mark.parametrize("quantity", ["htmt", "htmt2", "omega", "r_squared"])
@pytest.mark.parametrize("group", [None, "school"])
def test_intervals_of_constructs_are_those_of_the_draws(quantity, group, hs_frame):
    result = fit(CFA, HS_TEXT, hs_frame, group=group).bootstrap(80, seed=4)
    table = result.intervals(quantity)
    lower, upper = result.draws.interval(quantity)
    assert len(table) == {"htmt": 3, "htmt2": 3, "omega": 3, "r_squared": 9}[quantity] * (
        2 if group else 1
    )
    assert (table["ci_lower"] < table["estimate"]).all()
    assert (table["estimate"] < table["ci_upper"]).all()
    last = (-1, 1, 2) if "htmt" in quantity else (-1, -1)
    where = last if group else last[1:]
    row = table.iloc[-1]
    assert (row["ci_lower"], row["ci_upper"]) == (lower[where], upper[where])
    if "htmt" in quantity:
        frame = getattr(result, quantity)
        assert row["estimate"] == pytest.approx(frame.iloc[-1, 1])
        assert (row["construct"], row["other"]) == ("textual", "speed")
    assert not group or table["group"].tolist()[0] == result.sample.groups[0]


def test_intervals_need_draws_and_a_quantity(hs_frame):
    result = fit(CFA, HS_TEXT, hs_frame)
    with pytest.raises(TcsError, match=r"no draws yet.*bootstrap"):
        result.intervals("htmt2")
    with pytest.raises(TcsError, match=r"'htmt3' is not one of .* Did you mean 'htmt"):
        result.intervals("htmt3")


@pytest.mark.parametrize("name", ["HS1939", "acsi"])
def test_htmt2_equals_semtools(name, hs_frame, acsi_cfa):
    result = fit(CFA, HS_TEXT, hs_frame) if name == "HS1939" else acsi_cfa
    ours = result.htmt2.to_numpy()
    theirs = expected("C_htmt_all")[name].to_numpy(dtype=float)
    off = ~np.eye(len(theirs), dtype=bool)
    assert_allclose(ours[off], theirs[off], rtol=tol.CLOSED_FORM)
