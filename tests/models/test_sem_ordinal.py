"""Models with ordinal items against lavaan: estimates, errors, fit, and what follows from them."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import expected
from lavaan_cases import frame
from lavaan_numbers import MEASURES, close
from numpy.testing import assert_allclose
from scipy import optimize, stats
from scipy.special import ndtri

import tcsmodel as tcs
from tcsmodel.errors import (
    DroppedRespondentsWarning,
    ImproperSolutionWarning,
    OptionError,
    SurveyError,
)
from tcsmodel.kernels import modification as kernel
from tcsmodel.models import modification
from tcsmodel.models.cfa import CFA
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec

BFI10 = ["DWLS", "ULS", "ULSMV", "WLS", "WLSM", "WLSMV", "WLSMV_pairwise"]
REVERSED = ["DWLS", "ULS", "ULSMV", "WLSM", "WLSMV", "WLSMV_marker", "WLSMV_theta"]
MOBI = ["DWLS", "ULS", "ULSMV", "WLSM", "WLSMV", "WLSMV_theta"]
CASES = [
    *(f"B_bfi10_ord_{name}" for name in BFI10),
    *(f"B_bfirev10_ord_{name}" for name in REVERSED),
    *(f"B_mobi_ord_{name}" for name in MOBI),
    "B_bfirev25_ord_WLSMV",
    "B_mobi_mixed_WLSMV_fit",
]
DATA = {"bfi10": "bfi", "bfirev10": "bfi_rev", "bfirev25": "bfi_rev", "mobi": "mobi_ord5"}
SCALED = {
    "chi2_scaled": "chisq.scaled",
    "df_scaled": "df.scaled",
    "p_scaled": "pvalue.scaled",
    "scaling_factor": "chisq.scaling.factor",
    "baseline_chi2_scaled": "baseline.chisq.scaled",
    "baseline_df_scaled": "baseline.df.scaled",
    "baseline_scaling_factor": "baseline.chisq.scaling.factor",
    **{
        f"{ours}_{kind}": f"{theirs}.{kind}"
        for kind in ("scaled", "robust")
        for ours, theirs in (
            ("cfi", "cfi"),
            ("tli", "tli"),
            ("rmsea", "rmsea"),
            ("rmsea_ci_lower", "rmsea.ci.lower"),
            ("rmsea_ci_upper", "rmsea.ci.upper"),
            ("rmsea_p_close", "rmsea.pvalue"),
        )
    },
}
# Theirs of the correlations alone, for ordinal items have no means.
OWN = {"rmr": "rmr_nomean", "crmr": "crmr_nomean"}


def fitted(kind, text, data, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImproperSolutionWarning)
        warnings.simplefilter("ignore", DroppedRespondentsWarning)
        return kind(ModelSpec.parse(text), **options).fit(data)


def fit_of(name):
    parts = name.split("_")
    data, estimator = DATA[parts[1]], parts[3] if parts[2] == "ord" else "WLSMV"
    options = {"ordered": True, "estimator": estimator.lower()}
    if parts[2] == "mixed":
        data, options["ordered"] = "mixed", [f"PERQ{k}" for k in range(1, 8)]
    if name.endswith("theta"):
        options["parameterization"] = "theta"
    if name.endswith("pairwise"):
        options["missing"] = "pairwise"
    options["std_lv"] = parts[1].startswith("bfirev") and not name.endswith("marker")
    kind = SEM if data.startswith("m") else CFA
    return fitted(kind, expected(name)["model"], frame(data), **options)


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return fit_of(request.param), expected(request.param)


def test_rows_are_those_of_lavaan(case):
    ours, theirs = case
    names = ["lhs", "op", "rhs"]
    pd.testing.assert_frame_equal(
        ours.estimates[names],
        theirs["parameterEstimates"][names].fillna(""),
        check_dtype=False,
    )


def test_estimates_and_errors(case):
    ours, theirs = case
    table = theirs["parameterEstimates"]
    assert ours.converged
    assert ours.proper
    stop = tol.LAVAAN_STOP * np.maximum(table["se"].to_numpy(float), 1e-2)
    close(ours.estimates["estimate"], table["est"], tol.POINT, stop)
    close(ours.estimates["se"], table["se"], tol.SE)


def test_standardized_solution(case):
    ours, theirs = case
    close(ours.standardized["std"], theirs["parameterEstimates"]["std.all"], tol.POINT, 1e-5)
    close(ours.standardized["se"], theirs["std.se"], tol.SE, 1e-6)


def test_explained_variance(case):
    ours, theirs = case
    r_squared = pd.Series(theirs["rsquare"], dtype=float)
    assert set(r_squared.index) == set(ours.r_squared.index)
    close(ours.r_squared[r_squared.index], r_squared, tol.POINT, 1e-5)


def test_fit_measures(case):
    ours, theirs = case
    given = {**theirs["fitMeasures"], "ntotal": theirs["ntotal"]}
    names = MEASURES | (SCALED if ours.robust is not None else {}) | OWN
    shared = {a: b for a, b in names.items() if a in ours.fit_measures and b in given}
    shared.pop("srmr_mplus")
    wanted = {"chi2", "df", "p", "baseline_chi2", "cfi", "tli", "rmsea", "srmr", "npar", "n"}
    assert wanted <= set(shared)
    for mine, name in shared.items():
        tolerance = tol.CHI2 if "chi2" in mine else tol.FIT
        close(ours.fit_measures[mine], given[name], tolerance, 1e-6)


def test_there_is_no_likelihood(case):
    assert not {"loglik", "aic", "bic"} & set(case[0].fit_measures.index)


@pytest.mark.parametrize("name", ["B_mobi_ord_WLSMV_theta", "B_mobi_mixed_WLSMV_fit"])
def test_residual_correlations(name):
    ours, residual = fit_of(name), expected(name)["resid_cor"]["cov"]
    own = ours.residual_corr.loc[residual.index, residual.columns]
    assert_allclose(own, residual, atol=tol.POINT)


@pytest.fixture(scope="module")
def mobi():
    return frame("mobi_ord5")


@pytest.fixture(scope="module")
def model():
    return expected("B_mobi_ord_WLSMV")["model"]


@pytest.fixture(scope="module")
def both(mobi, model):
    return [
        fitted(SEM, model, mobi, ordered=True, parameterization=way) for way in ("delta", "theta")
    ]


def test_wlsmv_is_the_default_and_thresholds_in_the_text_make_items_ordinal(mobi):
    assert SEM(ModelSpec.parse("f =~ a + b + c"), ordered=["a"]).estimator == "wlsmv"
    assert SEM(ModelSpec.parse("f =~ a + b + c")).estimator == "ml"
    text = "f =~ PERQ1 + PERQ2 + PERQ3 + PERQ4"
    model = CFA(ModelSpec.parse(text + "\nPERQ1 | t1 + t2"))
    assert model.ordinal_items == ("PERQ1",)
    by_name = fitted(CFA, text, mobi, ordered="PERQ1")
    assert model.fit(mobi).fit_measures["chi2"] == pytest.approx(by_name.fit_measures["chi2"])


def test_both_parameterizations_say_the_same(both):
    first, second = both
    assert_allclose(first.fit_measures["chi2"], second.fit_measures["chi2"], rtol=1e-8)
    assert_allclose(first.r_squared, second.r_squared, atol=1e-6)
    assert_allclose(first.implied_cov, second.implied_cov, atol=1e-6)
    assert_allclose(first.reliability, second.reliability, atol=1e-6)
    assert_allclose(first.construct_corr, second.construct_corr, atol=1e-6)


def test_implied_correlations_have_a_unit_diagonal(both):
    for result in both:
        assert_allclose(np.diag(result.implied_cov), 1.0)


def test_effects_are_products_of_paths(both):
    for result in both:
        table = result.effects().set_index(["source", "target", "effect"])["estimate"]
        path = result.estimates.query("op == '~'").set_index(["rhs", "lhs"])["estimate"]
        found = table["Quality", "Satisfaction", "indirect"]
        expected_ = path["Quality", "Value"] * path["Value", "Satisfaction"]
        assert found == pytest.approx(expected_)


def test_difference_is_scaled_as_in_lavaan(mobi, model, both):
    fewer = model.replace("Satisfaction ~ Quality", "Satisfaction ~ 0*Quality")
    table = both[0].compare(fitted(SEM, fewer, mobi, ordered=True))
    theirs = expected("B_mobi_acsi_lrt")["WLSMV"]
    assert_allclose(table["chi2_diff_scaled"].iloc[1], theirs["Chisq diff"].iloc[1], rtol=tol.CHI2)


def test_order_of_rows_and_names_of_categories_change_nothing(mobi, model, both):
    shuffled = mobi.sample(frac=1, random_state=1) * 10 - 5
    again = fitted(SEM, model, shuffled, ordered=True)
    assert_allclose(again.estimates["estimate"], both[0].estimates["estimate"], atol=1e-7)
    assert_allclose(again.estimates["se"], both[0].estimates["se"], atol=1e-7)


def test_equal_weights_change_nothing_and_unequal_ones_do(mobi, model, both):
    equal = fitted(SEM, model, tcs.Survey(mobi.assign(w=3.0), weight="w"), ordered=True)
    assert_allclose(equal.estimates["se"], both[0].estimates["se"], atol=1e-7)
    weights = frame("mobi_weights")["wt"]
    other = fitted(SEM, model, tcs.Survey(mobi.assign(w=weights), weight="w"), ordered=True)
    thresholds = other.estimates.query("op == '|' and lhs == 'PERQ1'")["estimate"]
    share = np.array([weights[mobi["PERQ1"] <= k].sum() / weights.sum() for k in range(1, 5)])
    assert_allclose(thresholds, ndtri(share), atol=1e-6)
    assert "naive_errors" not in {finding.code for finding in other.verify()}


def test_a_single_ordinal_item_measures_a_construct(mobi):
    text = "Quality =~ PERQ1 + PERQ2 + PERQ3\nOverall =~ CUSA1\nOverall ~ Quality"
    result = fitted(SEM, text, mobi, ordered=True, parameterization="theta")
    assert result.proper
    row = result.estimates.query("lhs == 'Overall' and op == '~~'").iloc[0]
    assert (row["estimate"], row["se"]) == (1.0, 0.0)
    assert 0 < result.r_squared["Overall"] < 1


def test_simulated_thresholds_and_loadings_are_recovered():
    rng = np.random.default_rng(4)
    factor, loading = rng.normal(size=20_000), np.array([0.8, 0.7, 0.6, 0.5])
    y = loading * factor[:, None] + np.sqrt(1 - loading**2) * rng.normal(size=(20_000, 4))
    cuts = np.array([-1.0, 0.2, 1.1])
    data = pd.DataFrame((y[:, :, None] > cuts).sum(axis=2), columns=list("abcd"))
    result = fitted(CFA, "f =~ a + b + c + d", data, ordered=True, std_lv=True)
    table = result.estimates
    assert_allclose(table.query("op == '=~'")["estimate"], loading, atol=0.03)
    assert_allclose(table.query("op == '|'")["estimate"], np.tile(cuts, 4), atol=0.04)
    assert result.fit_measures["p_scaled"] > 0.001


def test_bootstrap_equals_a_loop_over_fits(mobi):
    text = "Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4"
    result = fitted(CFA, text, mobi, ordered=True)
    rng = np.random.default_rng(8)
    rows = rng.integers(0, len(mobi), size=(3, len(mobi)))
    counts = np.stack([np.bincount(own, minlength=len(mobi)) for own in rows]).astype(float)
    draws = result.resampled(counts).draws
    for own, found, chi2 in zip(rows, draws.values["estimates"], draws.values["chi2"], strict=True):
        alone = fitted(CFA, text, mobi.iloc[own], ordered=True)
        assert_allclose(found, alone.estimates["estimate"], atol=1e-5)
        assert chi2 == pytest.approx(alone.fit_measures["chi2"], rel=1e-5)


def test_a_replicate_without_a_category_is_lost_and_counted(mobi):
    rare = mobi.assign(PERQ1=mobi["PERQ1"].where(mobi.index != 0, 0))
    text = "Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4"
    result = fitted(CFA, text, rare, ordered=True)
    counts = np.ones((2, len(mobi)))
    counts[0, 0], counts[0, 1] = 0, 2
    draws = result.resampled(counts).draws
    assert np.isnan(draws.values["estimates"][0]).all()
    assert_allclose(draws.values["estimates"][1], result.estimates["estimate"], atol=1e-6)
    assert draws.status_shares["singular"] == 0.5


def test_results_pickle(both):
    for result in both:
        again = pickle.loads(pickle.dumps(result))
        pd.testing.assert_frame_equal(again.estimates, result.estimates)
        draws = [r.bootstrap(5, seed=1).draws.values["estimates"] for r in (result, again)]
        np.testing.assert_array_equal(draws[1], draws[0])


@pytest.mark.parametrize("name", ["B_mobi_ord_WLSMV", "B_bfirev10_ord_WLSMV"])
def test_expected_changes_are_those_of_lavaan(name):
    """Its indices divide by the information of these scores, which is not their variance."""
    theirs = expected(name)["modindices_top20"].set_index(["lhs", "op", "rhs"])
    result = fit_of(name)
    n = result.sample.n
    found = result.modification_indices().set_index(["lhs", "op", "rhs"]).loc[theirs.index]
    assert_allclose(found["epc"] * (n - 1) / n, theirs["epc"], rtol=tol.MODIFICATION)
    assert_allclose(found["sepc_all"] * (n - 1) / n, theirs["sepc.all"], rtol=tol.MODIFICATION)
    table, groups = result.model.parameters, modification.fitted_groups(result)
    offered = [tuple(modification.candidates(table, group.rows)) for group in groups]
    scores = result.criterion.scores(
        *modification._with_candidates(table, groups, offered, result.theta)
    )
    naive = kernel.indices(replace(scores, products=None)).mi[0]
    names = [(row.lhs, str(row.op), row.rhs) for row in offered[0]]
    own = pd.Series(naive, index=pd.MultiIndex.from_tuples(names)).loc[list(theirs.index)]
    assert_allclose(own * (n - 1) / n, theirs["mi"], rtol=tol.MODIFICATION)


def test_modification_indices_foretell_the_scaled_difference(mobi, model, both):
    worst = both[0].modification_indices().query("op == '~~'").iloc[0]
    free = fitted(SEM, f"{model}\n{worst['lhs']} ~~ {worst['rhs']}", mobi, ordered=True)
    table = both[0].compare(free)
    assert worst["mi"] == pytest.approx(table["chi2_diff_scaled"].iloc[1], rel=0.3)


def test_modification_indices_do_not_know_the_parameterization(both):
    first, second = (
        result.modification_indices().set_index(["lhs", "op", "rhs"])[["mi", "sepc_all"]]
        for result in both
    )
    assert set(first.index) == set(second.index)
    assert not {"|", "~*~", "~1"} & set(first.index.get_level_values("op"))
    assert_allclose(first, second.loc[first.index], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("way", ["delta", "theta"])
def test_scores_are_the_modes_of_lavaan(way):
    theirs = expected("B_bfirev10_ord_scores_EBM")["scores5"]
    data = frame("bfi_rev").head(300)
    model = expected("B_bfirev10_ord_WLSMV")["model"]
    result = fitted(CFA, model, data, ordered=True, std_lv=True, parameterization=way)
    assert_allclose(result.scores().head(5), theirs, atol=tol.POINT)


def test_scores_of_mixed_items_with_gaps_are_modes_of_the_posterior():
    result = fit_of("B_mobi_mixed_WLSMV_fit")
    data = frame("mixed")[list(result.model.parameters.items)].iloc[[7]].astype(float)
    data[["PERQ2", "CUSA1"]] = np.nan
    found = result.scores(data).to_numpy()[0]
    table = result.estimates.set_index(["lhs", "op", "rhs"])["estimate"].sort_index()
    constructs = list(result.model.constructs)
    phi = result.construct_corr.to_numpy()
    variance = [table[c, "~~", c] / (1 - result.r_squared.get(c, 0.0)) for c in constructs]
    precision = np.linalg.inv(phi * np.sqrt(np.outer(variance, variance)))

    def improbability(eta):
        value = eta @ precision @ eta / 2
        for construct, score in zip(constructs, eta, strict=True):
            for item in (c for c in data if (construct, "=~", c) in table.index):
                if np.isnan(answer := data[item].iloc[0]):
                    continue
                ahead = table[item, "~1", ""] + table[construct, "=~", item] * score
                spread = np.sqrt(table[item, "~~", item])
                if item.startswith("PERQ"):
                    cuts = [-np.inf, *table[item, "|"].to_numpy(), np.inf]
                    ends = (np.array(cuts[int(answer) - 1 : int(answer) + 1]) - ahead) / spread
                    value -= np.log(np.diff(stats.norm.cdf(ends))[0])
                else:
                    value -= stats.norm.logpdf(answer, ahead, spread)
        return value

    best = optimize.minimize(improbability, np.zeros(3), tol=1e-10).x
    assert_allclose(found, best, atol=1e-4)


def test_scores_need_answers_that_were_fitted(both, mobi):
    strange = mobi.assign(PERQ1=9)
    with pytest.raises(SurveyError, match="'PERQ1' has the answer 9, which nobody gave"):
        both[0].scores(strange)
    with pytest.raises(OptionError, match="'bartlett' is for continuous items"):
        both[0].scores(method="bartlett")
    nobody = mobi.astype(float).head(2)
    nobody.iloc[0] = np.nan
    scores = both[0].scores(nobody)
    assert scores.iloc[0].isna().all()
    assert_allclose(scores.iloc[1], both[0].scores().iloc[1])


def test_summary_names_what_is_ordinal(both):
    text = both[1].summary()
    for words in ("WLSMV", "12 of 12, theta parameterization", "Thresholds", "PERQ1 | t1"):
        assert words in text
    chi2 = text.split("Chi-square", 1)[1].splitlines()[0]
    assert ", p " not in chi2
    assert "AIC" not in text


# lavaan 0.6-14: cfa(text, data, ordered="a") of `two_valued`, by a generalized inverse.
TWO_VALUED = {
    "estimate": [1.0, 0.426, 0.384, 0.401, 0.476],
    "se": [0.0, 0.052, 0.050, 0.052, 0.057],
}


def two_valued():
    """Return five items of two answers, of a factor with long tails."""
    rng = np.random.default_rng(5)
    z = 0.7 * rng.standard_normal((300, 1)) + np.sqrt(0.51) * rng.standard_normal((300, 5))
    z *= np.sqrt(3 / rng.chisquare(5, (300, 1)))
    return pd.DataFrame((z > 0) * 1.0, columns=list("abcde"))


@pytest.mark.parametrize("unit", [1.0, 7.0])
def test_items_of_two_answers_may_be_continuous_in_any_unit(unit):
    frame = two_valued()
    frame[list("bcde")] *= unit
    ours = CFA(ModelSpec.parse("f =~ a + b + c + d + e"), ordered=["a"]).fit(frame)
    of = np.array([1.0, unit, unit, unit, unit])
    for column, theirs in TWO_VALUED.items():
        assert_allclose(ours.estimates[column][:5] / of, theirs, atol=6e-4)
    assert ours.fit_measures["chi2_scaled"] == pytest.approx(6.835, rel=1e-3)


def test_summary_has_scaled_measures_where_no_robust_ones_are_known(mobi):
    """Of mixed items, and where thresholds are equal in groups: the plain ones flatter."""
    text = "Quality =~ PERQ1 + PERQ3 + PERQ5 + PERQ7"
    mixed = fitted(CFA, text, mobi, ordered=["PERQ1", "PERQ3"])
    m = mixed.fit_measures
    assert np.isnan(m["cfi_robust"])
    printed = mixed.summary()
    assert f"Scaled CFI, TLI         {m['cfi_scaled']:.3f}, {m['tli_scaled']:.3f}" in printed
    assert f"Scaled RMSEA [90%]      {m['rmsea_scaled']:.3f}" in printed
    alone = fitted(CFA, text, mobi, ordered=True).summary()
    assert "Robust CFI" in alone
    assert "Scaled CFI" not in alone
