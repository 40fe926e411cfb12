"""Least squares of continuous items: against lavaan, and what the fits must mean."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from lavaan_numbers import MEASURES, close
from numpy.testing import assert_allclose

from tcsmodel.errors import (
    ImproperSolutionWarning,
    OptionError,
    SpecError,
    SurveyError,
    TcsError,
)
from tcsmodel.kernels import fitmeasures, squares
from tcsmodel.kernels.resample import bootstrap_chunks
from tcsmodel.models.cfa import CFA
from tcsmodel.models.modification import release_tests
from tcsmodel.models.residuals import residuals
from tcsmodel.models.sem import SEM
from tcsmodel.models.simulation import population
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments
from tcsmodel.survey.survey import Survey

HS = ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")
MODELS = {
    "B_HS1939_cfa": (CFA, "HolzingerSwineford1939"),
    "B_PolDem": (SEM, "PoliticalDemocracy"),
    "B_mobi_acsi": (SEM, "mobi"),
}
ALL = ("gls", "uls", "wls", "dwls", "ulsmv", "wlsmv")
CASES = {
    f"{stem}_{estimator.upper()}": (stem, estimator)
    for stem in MODELS
    for estimator in ALL
    if (stem, estimator) != ("B_mobi_acsi", "wls")
}
SCALED = {
    "chi2_scaled": "chisq.scaled",
    "df_scaled": "df.scaled",
    "p_scaled": "pvalue.scaled",
    "scaling_factor": "chisq.scaling.factor",
    "baseline_chi2_scaled": "baseline.chisq.scaled",
    **{
        f"{ours}_{kind}": f"{theirs}.{kind}"
        for kind in ("scaled", "robust")
        for ours, theirs in MEASURES.items()
        if ours in ("cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "rmsea_p_close")
    },
}


def fitted(stem, estimator):
    kind, data = MODELS[stem]
    spec = ModelSpec.parse(expected(f"{stem}_{estimator.upper()}")["model"])
    return kind(spec, estimator=estimator).fit(pd.read_csv(DATA / f"{data}.csv"))


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request):
    return fitted(*CASES[request.param]), expected(request.param)


def test_estimates_and_errors(case):
    ours, theirs = case
    table = theirs["parameterEstimates"]
    se = table["se"].to_numpy(float)
    close(ours.estimates["estimate"], table["est"], tol.POINT, tol.LAVAAN_STOP * se)
    close(ours.estimates["se"], se, tol.SE)


def test_fit(case):
    ours, theirs = case
    names = MEASURES | (SCALED if ours.robust is not None else {})
    given = theirs["fitMeasures"]
    shared = {
        name: key for name, key in names.items() if name in ours.fit_measures and key in given
    }
    assert {"chi2", "baseline_chi2", "cfi", "tli", "rmsea", "srmr"} <= set(shared)
    for name, key in shared.items():
        tolerance = tol.CHI2 if "chi2" in name or name.startswith("p") else tol.FIT
        # RMSEA near zero is the root of a small difference, and so are its limits.
        slack = 1e-5 if "rmsea" in name else 1e-6
        close(ours.fit_measures[name], given[key], tolerance, slack)


def test_standardized_solution(case):
    ours, theirs = case
    table = theirs["standardizedSolution"]
    table = table[table["op"].isin(["=~", "~", "~~", ":="])]
    se = table["se"].to_numpy(float)
    close(ours.standardized["std"], table["est.std"], tol.POINT, tol.LAVAAN_STOP * se)
    estimated = se > 1e-9
    close(ours.standardized["se"][estimated], se[estimated], tol.SE)


def test_there_is_no_likelihood(case):
    ours, theirs = case
    for name in ("loglik", "aic", "bic"):
        assert name not in ours.fit_measures
    assert "logl" not in theirs["fitMeasures"]
    assert "AIC" not in ours.summary()
    assert not ours.fit_measures[["chi2", "df", "cfi", "srmr", "npar", "n"]].isna().any()


def test_two_chi_squares_of_unweighted_least_squares(hs_frame):
    """The residual-based test, and n - 1 times the discrepancy, which lavaan 0.6 printed."""
    ours, theirs = fitted("B_HS1939_cfa", "uls"), expected("B_HS1939_cfa_ULS")["test"]
    close(ours.fit_measures["chi2"], theirs["browne.residual.nt"]["stat"], tol.CHI2)
    moments, implied = hs_frame[list(HS.items)].cov(), ours.implied_cov
    half = (len(hs_frame) - 1) / 2
    chi2 = half * ((moments - implied) ** 2).to_numpy().sum()
    close(chi2, theirs["standard"]["stat"], tol.CHI2)
    alone = moments - np.diag(np.diag(moments))
    null = half * (alone**2).to_numpy().sum()
    # lavaan 0.6-14: chisq 72.09821963, baseline.chisq 1880.15154606, cfi .97391851.
    close(np.array([chi2, null]), [72.09821963, 1880.15154606], tol.CHI2)
    close(fitmeasures.cfi(chi2, 24.0, null, 36.0), 0.97391851, tol.FIT)
    assert ours.fit_measures["cfi"] < 0.80
    assert ours.fit_measures["baseline_chi2"] == pytest.approx(277.991, abs=1e-3)


def test_a_ridge_is_told(mobi_frame):
    theirs = expected("B_mobi_ecsi_ULS")
    with pytest.warns(ImproperSolutionWarning, match="ridge"):
        ours = SEM(ModelSpec.parse(theirs["model"]), estimator="uls").fit(mobi_frame)
    assert not ours.proper
    for name in ("chi2", "df", "baseline_chi2", "cfi", "tli", "rmsea", "srmr"):
        tolerance = tol.CHI2 if "chi2" in name else tol.FIT
        close(ours.fit_measures[name], theirs["fitMeasures"][MEASURES[name]], tolerance)
    implied = theirs["implied"]["cov"]
    close(ours.implied_cov.loc[implied.index, implied.columns], implied, tol.POINT)


def test_generalized_least_squares_without_a_minimum_is_a_ridge_too(mobi_frame):
    """Where lavaan says that its optimizer found no solution."""
    spec = ModelSpec.parse(expected("B_mobi_ecsi_ULS")["model"])
    with pytest.warns(ImproperSolutionWarning, match="ridge"):
        assert not SEM(spec, estimator="gls").fit(mobi_frame).converged


# lavaan 0.6-14, cfa(HS, HolzingerSwineford1939, group="school", estimator=,
# group.equal=c("loadings","intercepts")): chisq, baseline.chisq, and the first free estimate.
GROUPS = {
    "gls": (146.230030217, 288.021015488, 0.49388645),
    "wls": (197.96127577, 466.20559404, 0.210991952),
    "uls": (143.76829, None, 0.51553631),
    "wlsmv": (87.919204682, 958.325776638, 0.53482805),
    "ulsmv": (133.96174, 1845.5088, 0.51553631),
}


@pytest.mark.parametrize("estimator", GROUPS)
def test_groups_with_equal_intercepts(hs_frame, estimator):
    chi2, baseline, first = GROUPS[estimator]
    equal = ["loadings", "intercepts"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImproperSolutionWarning)  # as lavaan says of wls
        ours = CFA(HS, estimator=estimator, group="school", group_equal=equal).fit(hs_frame)
    assert ours.converged
    assert ours.fit_measures["chi2"] == pytest.approx(chi2, rel=tol.CHI2)
    if baseline is not None:
        assert ours.fit_measures["baseline_chi2"] == pytest.approx(baseline, rel=tol.CHI2)
    assert ours.estimates["estimate"][1] == pytest.approx(first, rel=2e-5)


def test_scaled_test_of_groups(hs_frame):
    """lavaan 0.6-14; it weighs groups by n in the scaling, by n - 1 elsewhere."""
    ours = CFA(HS, estimator="wlsmv", group="school", group_equal=["loadings"]).fit(hs_frame)
    assert ours.fit_measures["chi2_scaled"] == pytest.approx(100.188574136, rel=tol.CHI2)
    assert ours.fit_measures["baseline_chi2_scaled"] == pytest.approx(482.264335, rel=tol.CHI2)


@pytest.mark.parametrize("estimator", ALL)
def test_saturated_means_change_nothing(hs_frame, estimator):
    plain = CFA(HS, estimator=estimator).fit(hs_frame)
    means = CFA(HS, estimator=estimator, meanstructure=True).fit(hs_frame)
    if estimator != "wls":  # whose weight lets means and covariances depend on each other
        both = means.estimates[means.estimates["op"] != "~1"]
        assert_allclose(both["estimate"], plain.estimates["estimate"], rtol=1e-6)
        assert_allclose(both["se"], plain.estimates["se"], rtol=1e-6)
        names = ["chi2", "df", "baseline_chi2", "cfi"]
        assert_allclose(means.fit_measures[names], plain.fit_measures[names], rtol=1e-7)
    assert means.fit_measures["df"] == plain.fit_measures["df"]


@pytest.mark.parametrize("estimator", ALL)
def test_labels_and_constraints_are_the_same(hs_frame, estimator):
    label = CFA(ModelSpec.parse(str(HS).replace("x2", "a*x2").replace("x3", "a*x3")),
                estimator=estimator).fit(hs_frame)  # fmt: skip
    text = str(HS).replace("x2", "a*x2").replace("x3", "b*x3") + "\na == b"
    stated = CFA(ModelSpec.parse(text), estimator=estimator).fit(hs_frame)
    assert_allclose(stated.estimates["estimate"], label.estimates["estimate"], rtol=1e-6)
    assert_allclose(stated.estimates["se"], label.estimates["se"], rtol=1e-5)
    both = label.fit_measures.index
    assert_allclose(stated.fit_measures[both], label.fit_measures, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("estimator", ALL)
def test_identification_changes_nothing_standardized(hs_frame, estimator):
    marker = CFA(HS, estimator=estimator).fit(hs_frame)
    unit = CFA(HS, estimator=estimator, std_lv=True).fit(hs_frame)
    assert_allclose(unit.fit_measures["chi2"], marker.fit_measures["chi2"], rtol=1e-7)
    assert_allclose(unit.standardized["std"], marker.standardized["std"], atol=1e-6)
    assert_allclose(unit.standardized["se"], marker.standardized["se"], atol=1e-6)


def test_a_bound_is_kept(hs_frame):
    spec = ModelSpec.parse(str(HS).replace("x9", "upper(1.0)*x9"))
    result = CFA(spec, estimator="uls").fit(hs_frame)
    assert result.estimates["estimate"][8] == pytest.approx(1.0)
    assert [finding.code for finding in result.verify()] == ["at_bound"]


@pytest.mark.parametrize("estimator", ["gls", "dwls", "wlsmv", "wls"])
@pytest.mark.parametrize("group", [None, "school"])
def test_bootstrap_equals_a_loop_over_fits(hs_frame, estimator, group):
    spec = HS if estimator != "wls" else ModelSpec.parse("visual =~ x1 + x2 + x3 + x4")
    model = CFA(spec, estimator=estimator, group=group)
    result = model.fit(hs_frame)
    rows = np.arange(len(hs_frame))
    draw = np.random.default_rng(3)
    counts = np.zeros((4, len(rows)))
    for own in (
        [rows] if group is None else [np.flatnonzero(result.sample.strata == g) for g in (0, 1)]
    ):
        for one in counts:
            one[:] += np.bincount(draw.choice(own, len(own)), minlength=len(rows))
    values, seen = result.resampled(counts).draws.values, 0
    for b, one in enumerate(counts):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImproperSolutionWarning)
            alone = model.fit(hs_frame.loc[np.repeat(rows, one.astype(int))])
        order = np.arange(len(values["estimates"][b]))
        if group is not None and alone.sample.groups != result.sample.groups:
            order = np.roll(order, len(order) // 2)
        if not alone.proper:  # a replicate is given up sooner than a fit
            continue
        seen += 1
        assert_allclose(values["estimates"][b][order], alone.estimates["estimate"], atol=2e-5)
        assert values["chi2"][b] == pytest.approx(alone.fit_measures["chi2"], rel=1e-6)
    assert seen


def test_bootstrap_in_parts_is_one(mobi_frame):
    """Twenty-four items are too many to hold all replicates at once."""
    theirs = expected("B_mobi_acsi_WLSMV")
    result = SEM(ModelSpec.parse(theirs["model"]), estimator="wlsmv").fit(mobi_frame)
    assert result.criterion.members < 300
    counts = next(bootstrap_chunks(result.sample.n, result.criterion.members + 1, seed=1))
    whole, last = result.resampled(counts).draws, result.resampled(counts[-1:]).draws
    assert_allclose(whole.values["estimates"][-1], last.values["estimates"][0], atol=1e-6)


@pytest.mark.parametrize("estimator", ALL)
def test_a_known_population_is_recovered(estimator):
    text = "F =~ 0.8*a + 0.7*b + 0.6*c\nG =~ 0.7*d + 0.8*e + 0.6*f\nG ~ 0.5*F"
    plain = ModelSpec.parse("F =~ a + b + c\nG =~ d + e + f\nG ~ F")
    people = population(ModelSpec.parse(text))
    draw = np.random.default_rng(11)
    z = draw.standard_normal((40_000, 6)) @ np.linalg.cholesky(people.cov_array).T
    frame = pd.DataFrame(z, columns=list(people.items))
    ours = SEM(plain, estimator=estimator).fit(frame)
    true = SEM(plain).fit(Moments.from_cov(people.cov_array, 10**6, names=people.items))
    gap = ours.estimates["estimate"] - true.estimates["estimate"]
    free = ours.estimates["se"] > 0
    assert (np.abs(gap[free] / ours.estimates["se"][free]) < 3.5).all()
    p = "p_scaled" if estimator.endswith("mv") else "p"
    assert ours.fit_measures[p] > 0.001


def test_a_fit_to_the_population_is_exact():
    """All of them agree where the model holds."""
    people = population(ModelSpec.parse("F =~ 0.8*a + 0.7*b + 0.6*c + 0.5*d"))
    moments = Moments.from_cov(people.cov_array, 500, names=people.items)
    spec = ModelSpec.parse("F =~ a + b + c + d")
    for estimator in ("gls", "uls", "dwls"):
        ours = CFA(spec, estimator=estimator, std_lv=True).fit(moments)
        assert_allclose(ours.estimates["estimate"][:4], [0.8, 0.7, 0.6, 0.5], atol=1e-7)
        assert ours.fit_measures["chi2"] == pytest.approx(0, abs=1e-8)


def test_generalized_and_weighted_squares_are_cousins_under_normality():
    draw = np.random.default_rng(5)
    frame = pd.DataFrame(draw.standard_normal((20_000, 1)) + draw.standard_normal((20_000, 4)),
                         columns=list("abcd"))  # fmt: skip
    spec = ModelSpec.parse("F =~ a + b + c + d")
    fits = {e: CFA(spec, estimator=e).fit(frame) for e in ("ml", *ALL)}
    for estimator, fit in fits.items():
        assert_allclose(fit.estimates["estimate"], fits["ml"].estimates["estimate"], atol=0.03)
        assert_allclose(
            fit.estimates["se"], fits["ml"].estimates["se"], rtol=0.1, err_msg=estimator
        )


@pytest.mark.parametrize("estimator", ["gls", "uls", "dwls", "wlsmv"])
def test_unit_of_measurement_does_not_matter(hs_frame, estimator):
    small = CFA(HS, estimator=estimator).fit(hs_frame)
    large = CFA(HS, estimator=estimator).fit(
        hs_frame.assign(**{x: hs_frame[x] * 1000 for x in HS.items})
    )
    assert_allclose(large.fit_measures["srmr"], small.fit_measures["srmr"], rtol=1e-6)
    assert_allclose(large.fit_measures["chi2"] if estimator != "ulsmv" else 0,
                    small.fit_measures["chi2"], rtol=1e-6)  # fmt: skip
    assert_allclose(large.estimates["std"], small.estimates["std"], atol=1e-6)


@pytest.mark.parametrize("name", [name for name in CASES if name.endswith(("_GLS", "_WLS"))])
def test_modification_indices_are_those_of_lavaan(name):
    """Which multiplies the information by n and the score by n - 1."""
    ours, theirs = fitted(*CASES[name]), expected(name)["modindices_top20"]
    table = ours.modification_indices().set_index(["lhs", "op", "rhs"])
    keys = list(zip(theirs["lhs"], theirs["op"], theirs["rhs"], strict=True))
    n = ours.sample.n
    for column in ("mi", "epc"):
        close(table.loc[keys, column] * (n - 1) / n, theirs[column], tol.MODIFICATION, 1e-5)


@pytest.mark.parametrize("estimator", ["gls", "uls", "dwls", "wlsmv"])
def test_a_modification_index_is_the_square_of_the_z_to_come(estimator):
    """Near the truth a score test is the Wald test of the model with the parameter."""
    draw = np.random.default_rng(2)
    f = draw.standard_t(8, (5_000, 1))
    x = f + draw.standard_t(8, (5_000, 5))
    x[:, 4] += 0.04 * x[:, 3]
    frame = pd.DataFrame(x, columns=list("abcde"))
    spec, more = (ModelSpec.parse(f"F =~ a + b + c + d + e{t}") for t in ("", "\nd ~~ e"))
    table = CFA(spec, estimator=estimator).fit(frame).modification_indices()
    mine = table.query("op == '~~' and lhs == 'd' and rhs == 'e'").iloc[0]
    after = CFA(more, estimator=estimator).fit(frame).estimates
    row = after.query("op == '~~' and lhs == 'd' and rhs == 'e'").iloc[0]
    assert mine["mi"] == pytest.approx(row["z"] ** 2, rel=0.1)
    assert mine["epc"] == pytest.approx(row["estimate"], rel=0.1)


def test_modification_indices_of_groups_and_constraints(hs_frame):
    result = CFA(HS, estimator="uls", group="school", group_equal=["loadings"]).fit(hs_frame)
    table = result.modification_indices()
    assert set(table["group"]) == {"Pasteur", "Grant-White"}
    assert (table["mi"] >= 0).all()
    tests = release_tests(result)
    assert np.isfinite(tests["chi2"]).all()
    assert tests["df"].iloc[-1] == len(tests) - 1


@pytest.mark.parametrize("estimator", ["gls", "uls", "dwls"])
def test_errors_of_residuals(estimator):
    """Of samples of a population that the model describes their z values are standard normal."""
    people = population(ModelSpec.parse("F =~ 0.8*a + 0.7*b + 0.6*c + 0.5*d + 0.7*e"))
    spec = ModelSpec.parse("F =~ a + b + c + d + e")
    root, draw = np.linalg.cholesky(people.cov_array).T, np.random.default_rng(8)
    z = []
    for _ in range(60):
        frame = pd.DataFrame(draw.standard_normal((400, 5)) @ root, columns=list(people.items))
        z.append(residuals(CFA(spec, estimator=estimator).fit(frame))["standardized"])
    assert np.std(np.concatenate(z)) == pytest.approx(1, abs=0.15)


def test_nested_models(hs_frame):
    equal = ModelSpec.parse(str(HS).replace("x2", "a*x2").replace("x3", "a*x3"))
    for estimator, column in (("gls", "chi2_diff"), ("uls", "chi2_diff")):
        free, held = (CFA(s, estimator=estimator).fit(hs_frame) for s in (HS, equal))
        table = free.compare(held)
        gap = held.fit_measures["chi2"] - free.fit_measures["chi2"]
        assert table[column].iloc[1] == pytest.approx(gap)
        assert "aic" not in table


def test_scaled_difference_of_2000(hs_frame):
    """lavaan 0.6-14, lavTestLRT() of the two models: method satorra.2000, scaled and shifted."""
    equal = ModelSpec.parse(str(HS).replace("x2", "a*x2").replace("x3", "a*x3"))
    free, held = (CFA(s, estimator="wlsmv").fit(hs_frame) for s in (HS, equal))
    table = held.compare(free)
    assert table["chi2_diff_scaled"].iloc[1] == pytest.approx(2.593167627, rel=tol.CHI2)
    with pytest.raises(TcsError, match="same estimator"):
        free.compare(CFA(HS, estimator="dwls").fit(hs_frame))


def test_scores_and_effects_work(mobi_frame):
    result = fitted("B_mobi_acsi", "dwls")
    assert result.scores(mobi_frame).shape[1] == len(result.model.constructs)
    assert {"direct", "total"} <= set(result.effects()["effect"])
    assert result.reliability["omega"].notna().any()


def test_the_summary_says_how(hs_frame):
    text = CFA(HS, estimator="wlsmv").fit(hs_frame).summary()
    for part in ("WLSMV", "Scaled chi-square", "sandwich, distribution-free"):
        assert part in text
    assert "sandwich, normal theory" in CFA(HS, estimator="uls").fit(hs_frame).summary()


@pytest.mark.parametrize("estimator", ALL)
def test_gaps_are_refused(estimator):
    with pytest.raises(OptionError, match=r"needs complete answers; .*'fiml' use estimator='mlr'"):
        CFA(HS, estimator=estimator, missing="fiml")
    with pytest.raises(OptionError, match=r"missing='two_stage' leave out estimator="):
        CFA(HS, estimator=estimator, missing="two_stage")


@pytest.mark.parametrize("meanstructure", [False, True])
@pytest.mark.parametrize("estimator", ALL)
def test_results_pickle(hs_frame, estimator, meanstructure):
    fitted = CFA(HS, estimator=estimator, meanstructure=meanstructure).fit(hs_frame)
    again = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_frame_equal(again.estimates, fitted.estimates)
    draws = [result.bootstrap(5, seed=1).draws.values["estimates"] for result in (fitted, again)]
    np.testing.assert_array_equal(draws[1], draws[0])


@pytest.mark.parametrize("estimator", ["wls", "ulsmv", "wlsmv"])
def test_moments_are_not_enough(hs_frame, estimator):
    frame = hs_frame[list(HS.items)]
    with pytest.raises(TcsError, match=f"estimator='{estimator}' needs respondents"):
        CFA(HS, estimator=estimator).fit(Moments.from_cov(frame.cov(), len(frame)))


@pytest.mark.parametrize("estimator", ["wls", "ulsmv", "wlsmv"])
def test_a_test_without_normality_needs_no_bootstrap(hs_frame, estimator):
    result = CFA(HS, estimator=estimator).fit(hs_frame)
    with pytest.raises(TcsError, match=f"Bollen and Stine mends.*estimator='{estimator}'"):
        result.bollen_stine(20)
    plain = CFA(HS, estimator="uls").fit(hs_frame).bollen_stine(20, seed=1)
    assert plain.chi2 == pytest.approx(74.526, abs=1e-3)


def test_moments_are_enough_under_normality(hs_frame):
    frame = hs_frame[list(HS.items)]
    moments = Moments.from_cov(frame.cov(), len(frame))
    for estimator in ("gls", "uls", "dwls"):
        ours, whole = (CFA(HS, estimator=estimator).fit(d) for d in (moments, hs_frame))
        assert_allclose(ours.estimates["se"], whole.estimates["se"], rtol=1e-9)


def test_too_few_respondents_for_a_full_weight(hs_frame, mobi_frame):
    with pytest.raises(SurveyError, match=r"more respondents \(45\).*\(45\).*'mlr'.*'wlsmv'"):
        CFA(HS, estimator="wls").fit(hs_frame.iloc[:45])
    with pytest.raises(SurveyError, match="in group"):
        CFA(HS, estimator="wls", group="sex").fit(hs_frame.iloc[:90])


def test_an_observed_cause_needs_a_variance(mobi_frame):
    text = "Satisfaction =~ CUSA1 + CUSA2 + CUSA3\nSatisfaction ~ CUEX1"
    with pytest.raises(SpecError, match=r"'CUEX1' is an observed cause.*CUEX1 ~~ CUEX1"):
        SEM(ModelSpec.parse(text), estimator="wlsmv")
    stated = SEM(ModelSpec.parse(text + "\nCUEX1 ~~ CUEX1"), estimator="gls").fit(mobi_frame)
    free = SEM(ModelSpec.parse(text), estimator="gls", fixed_x=False).fit(mobi_frame)
    assert stated.fit_measures["df"] == free.fit_measures["df"] == 2
    assert stated.fit_measures["chi2"] == pytest.approx(free.fit_measures["chi2"])


def test_weights_of_answers(hs_frame):
    weight = 1.0 + np.arange(len(hs_frame)) % 3

    def fit(estimator, scale=1.0):
        frame = hs_frame.assign(w=scale * weight)
        return CFA(HS, estimator=estimator).fit(Survey(frame, items=list(HS.items), weight="w"))

    for estimator in ("gls", "uls", "dwls"):
        assert [finding.code for finding in fit(estimator).verify()] == ["naive_errors"]
    for estimator in ("wls", "ulsmv", "wlsmv"):
        result = fit(estimator)
        assert result.verify() == ()
        assert_allclose(fit(estimator, 1000.0).estimates["se"], result.estimates["se"], rtol=1e-8)


def test_derivatives_with_means_in_groups(hs_frame):
    """The exact Hessian, where means do not fit and bend."""
    model = CFA(HS, estimator="gls", group="school", group_equal=["loadings", "intercepts"])
    given = model.fit(hs_frame)
    function, first = squares.objective(given.criterion.problem.squares), np.zeros(1, dtype=int)
    theta = given.theta[None] + 0.1
    found = function.slopes(function.evaluate(theta, first), first, True)
    steps = 1e-5 * np.eye(theta.shape[1])

    def gradient(at):
        return function.slopes(function.evaluate(at, first), first, False).gradient[0]

    numeric = np.stack([(gradient(theta + h) - gradient(theta - h)) / 2e-5 for h in steps])
    assert_allclose(found.hessian[0], numeric, atol=1e-6 * np.abs(numeric).max())


def test_a_chi_square_of_zero_has_no_sign(hs_frame):
    three = CFA(ModelSpec.parse("visual =~ x1 + x2 + x3"), estimator="wlsmv").fit(hs_frame)
    assert three.fit_measures["df"] == 0
    assert "chi2_scaled=0.000" in repr(three)
