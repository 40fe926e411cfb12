"""Errors and tests that do not rely on normality: against lavaan, and what they must mean."""

from __future__ import annotations

import json
import warnings

import lavaan_cases
import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, GOLDEN, expected
from lavaan_numbers import MEASURES, close
from numpy.testing import assert_allclose

from tcsmodel.errors import ImproperSolutionWarning, TcsError
from tcsmodel.models.cfa import CFA
from tcsmodel.models.sem import SEM
from tcsmodel.report.language import finding_text
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments
from tcsmodel.survey.survey import Survey

HS = ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")
LEVELS = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
    "means": ("loadings", "intercepts", "residuals", "means"),
}
MODELS = {
    "B_HS1939_cfa": (CFA, "HolzingerSwineford1939", ("mlr", "mlm", "mlmv")),
    "B_PolDem": (SEM, "PoliticalDemocracy", ("mlr", "mlm", "mlmv")),
    "B_mobi_acsi": (SEM, "mobi", ("mlr", "mlm", "mlmv")),
    "B_bfirev10": (CFA, "bfi_rev", ("mlr",)),
    "B_mobi_mini": (SEM, "mobi", ("mlr",)),
    "B_HS1939_weights": (CFA, "HolzingerSwineford1939", ("mlr",)),
    "B_mobi_acsi_weights": (SEM, "mobi", ("mlr",)),
    **{
        f"B_HS1939_mg_{step}": (CFA, "HolzingerSwineford1939", ("mlr", "mlm"))
        for step in LEVELS
    },
}  # fmt: skip
CASES = {
    f"{stem}_{estimator.upper()}": (stem, estimator)
    for stem, (_, _, estimators) in MODELS.items()
    for estimator in estimators
}
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
        for ours, theirs in MEASURES.items()
        if ours in ("cfi", "tli", "rni") or ours.startswith("rmsea")
    },
    **{f"{name}_scaled": f"{name}.scaled" for name in ("nfi", "pnfi", "rfi", "ifi")},
    "baseline_p_scaled": "baseline.pvalue.scaled",
}


def data_of(stem, name):
    frame = lavaan_cases.frame(name)
    if name == "bfi_rev":
        return frame.dropna(subset=[f"{trait}{k}" for trait in "AC" for k in range(1, 6)])
    if not stem.endswith("_weights"):
        return frame
    weights = "mobi_weights" if name == "mobi" else "HS1939_weights"
    items = [column for column in frame if column.startswith("x") or name == "mobi"]
    weight = pd.read_csv(DATA / f"{weights}.csv")["wt"]
    return Survey(frame.assign(wt=weight), items=items, weight="wt")


def fitted(case):
    stem, estimator = CASES[case]
    kind, data, _ = MODELS[stem]
    options = {"estimator": estimator}
    if "_mg_" in stem:
        options |= {"group": "school", "group_equal": LEVELS[stem.rpartition("_")[2]]}
    return kind(ModelSpec.parse(expected(case)["model"]), **options).fit(data_of(stem, data))


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request):
    return fitted(request.param), expected(request.param)


def test_every_reference_of_these_estimators_is_a_case():
    there = {
        path.name
        for path in GOLDEN.glob("B_*")
        if json.loads((path / "META.json").read_text())["call"].startswith(("cfa(", "sem("))
        and path.name.endswith(("_MLR", "_MLM", "_MLMV"))
    }
    elsewhere = ("fiml", "cluster")
    assert {n for n in there if not any(part in n for part in elsewhere)} == set(CASES)


def test_estimates_and_errors(case):
    ours, theirs = case
    table = theirs["parameterEstimates"]
    table = table[table["op"].isin(["=~", "~", "~~", "~1", ":="])]
    se = table["se"].to_numpy(float)
    close(ours.estimates["estimate"], table["est"], tol.POINT, tol.LAVAAN_STOP * se)
    close(ours.estimates["se"], se, tol.SE)


def test_scaled_and_robust_fit(case):
    ours, theirs = case
    for name, key in SCALED.items():
        tolerance = tol.CHI2 if "chi2" in name or name == "p_scaled" else tol.FIT
        # A limit of RMSEA near zero is the root of a small difference.
        close(ours.fit_measures[name], theirs["fitMeasures"][key], tolerance, 1e-6)


def test_the_rest_is_that_of_maximum_likelihood(hs_frame):
    plain, robust = CFA(HS).fit(hs_frame), CFA(HS, estimator="mlr").fit(hs_frame)
    pd.testing.assert_series_equal(
        robust.fit_measures[plain.fit_measures.index], plain.fit_measures, check_exact=True
    )
    for name in ("estimate", "std"):
        assert (robust.estimates[name] == plain.estimates[name]).all()
    assert not np.allclose(robust.vcov, plain.vcov, rtol=0.01)
    assert_allclose(
        np.sqrt(np.diag(robust.vcov)), robust.estimates["se"][robust.estimates["se"] > 0]
    )


def test_errors_of_the_sandwich_alone(hs_frame):
    theirs = expected("B_HS1939_cfa_ML_sandwich")["parameterEstimates"]
    close(CFA(HS, estimator="mlr").fit(hs_frame).estimates["se"], theirs["se"], tol.SE)


def test_standardized_errors_are_robust_too(hs_frame):
    """A standardized loading times a standard deviation that is known is the loading."""
    frame = hs_frame[["x1", "x2", "x3"]]
    spec = ModelSpec.parse("a =~ x1 + x2 + x3")
    robust = CFA(spec, estimator="mlm", std_lv=True).fit(frame)
    plain = CFA(spec, std_lv=True).fit(frame)
    ratio = robust.standardized["se"][:3] / plain.standardized["se"][:3]
    assert (np.abs(ratio - 1) > 0.01).all()
    assert_allclose(robust.standardized["std"], plain.standardized["std"])


@pytest.mark.parametrize("estimator", ["mlr", "mlm"])
@pytest.mark.parametrize("means", [False, True])
def test_a_regression_has_the_errors_of_white(mobi_frame, estimator, means):
    """White (1980), HC0: without latent variables the sandwich is that of least squares."""
    spec = ModelSpec.parse("CUSA1 ~ PERQ1 + PERV1 + IMAG1")
    ours = SEM(spec, estimator=estimator, meanstructure=means).fit(mobi_frame).estimates
    x = np.column_stack([np.ones(len(mobi_frame)), mobi_frame[["PERQ1", "PERV1", "IMAG1"]]])
    y = mobi_frame["CUSA1"].to_numpy(float)
    residual = y - x @ np.linalg.lstsq(x, y)[0]
    inverse = np.linalg.inv(x.T @ x)
    white = np.sqrt(np.diag(inverse @ (x.T * residual**2) @ x @ inverse))
    assert_allclose(ours.query("op == '~'")["se"], white[1:], rtol=1e-6)


@pytest.mark.parametrize("estimator", ["mlr", "mlm", "mlmv"])
def test_groups_without_equalities_add_up(hs_frame, estimator):
    together = CFA(HS, estimator=estimator, group="school").fit(hs_frame)
    trace, null = 0.0, 0.0
    for label in together.sample.groups:
        part = hs_frame[hs_frame["school"] == label]
        alone = CFA(HS, estimator=estimator, meanstructure=True).fit(part)
        own = together.estimates.query("group == @label")
        assert_allclose(own["se"], alone.estimates["se"], rtol=1e-5)
        trace += 24 * alone.robust.test.mean_factor[0]
        null += 36 * alone.robust.baseline.mean_factor[0]
    assert_allclose(48 * together.robust.test.mean_factor[0], trace, rtol=1e-6)
    assert_allclose(72 * together.robust.baseline.mean_factor[0], null, rtol=1e-6)


def test_normal_answers_hardly_need_a_correction():
    rng = np.random.default_rng(1)
    factor = rng.normal(size=(20_000, 1))
    x = pd.DataFrame(0.7 * factor + rng.normal(size=(20_000, 5)), columns=list("abcde"))
    spec = ModelSpec.parse("f =~ a + b + c + d + e")
    plain = CFA(spec).fit(x).estimates["se"].to_numpy()
    for estimator in ("mlr", "mlm", "mlmv"):
        robust = CFA(spec, estimator=estimator).fit(x)
        assert_allclose(robust.fit_measures["scaling_factor"], 1, atol=0.05)
        assert_allclose(robust.estimates["se"], plain, rtol=0.03)


def test_adding_a_mean_structure_changes_nothing_of_a_saturated_mean(hs_frame):
    for estimator in ("mlr", "mlm", "mlmv"):
        without = CFA(HS, estimator=estimator).fit(hs_frame)
        means = CFA(HS, estimator=estimator, meanstructure=True).fit(hs_frame)
        for name in ("chi2_scaled", "cfi_robust", "rmsea_robust"):
            assert_allclose(means.fit_measures[name], without.fit_measures[name], rtol=1e-6)
        both = means.estimates["op"] != "~1"
        assert_allclose(means.estimates["se"][both], without.estimates["se"], rtol=1e-6)


@pytest.mark.parametrize("estimator", ["mlr", "mlm"])
def test_a_constraint_is_the_same_as_a_label(hs_frame, estimator):
    text = "f =~ x1 + {}*x2 + {}*x3\ng =~ x4 + x5 + x6\n"
    label = CFA(ModelSpec.parse(text.format("a", "a")), estimator=estimator).fit(hs_frame)
    written = text.format("a", "b") + "a == b"
    constraint = CFA(ModelSpec.parse(written), estimator=estimator).fit(hs_frame)
    assert_allclose(constraint.estimates["se"], label.estimates["se"], rtol=1e-5)
    names = ["chi2_scaled", "df_scaled", "cfi_robust", "rmsea_robust"]
    assert_allclose(constraint.fit_measures[names], label.fit_measures[names], rtol=1e-5)


def test_whole_weights_are_repeated_rows_in_estimates_not_in_errors(hs_frame):
    weight = np.arange(len(hs_frame)) % 3 + 1
    weighted = Survey(hs_frame.assign(w=weight), items=list(HS.items), weight="w")
    repeated = hs_frame.loc[np.repeat(hs_frame.index, weight)]
    ours = CFA(HS, estimator="mlr").fit(weighted).estimates
    rows = CFA(HS, estimator="mlr").fit(repeated).estimates
    assert_allclose(ours["estimate"], rows["estimate"], atol=1e-6)
    assert (ours["se"] > rows["se"])[ours["se"] > 0].all()


def test_unit_of_weights_does_not_matter(hs_frame):
    weight = 1.0 + np.arange(len(hs_frame)) % 3
    first, second = (
        CFA(HS, estimator="mlr")
        .fit(Survey(hs_frame.assign(w=w), items=list(HS.items), weight="w"))
        .fit_measures
        for w in (weight, 1000 * weight)
    )
    assert_allclose(first, second, rtol=1e-8)


def test_plain_errors_of_weighted_answers_are_a_caution(hs_frame):
    def fit(weight, estimator):
        survey = Survey(hs_frame.assign(w=weight), items=list(HS.items), weight="w")
        return CFA(HS, estimator=estimator).fit(survey)

    weight = 1.0 + np.arange(len(hs_frame)) % 3
    (finding,) = fit(weight, "ml").verify()
    assert (finding.code, str(finding.severity)) == ("naive_errors", "caution")
    effect = len(weight) * (weight**2).sum() / weight.sum() ** 2
    assert finding.evidence["effect"] == pytest.approx(effect)
    assert "estimator='mlr'" in finding_text(finding, "advice", "en")
    assert fit(weight, "ml").proper
    assert fit(weight, "mlr").verify() == ()
    assert fit(np.full(len(hs_frame), 2.0), "ml").verify() == ()


@pytest.mark.parametrize("estimator", ["mlr", "mlm", "mlmv"])
def test_moments_are_not_enough(hs_frame, estimator):
    frame = hs_frame[list(HS.items)]
    moments = Moments.from_cov(frame.cov(), len(frame))
    with pytest.raises(TcsError, match=f"estimator='{estimator}' needs respondents"):
        CFA(HS, estimator=estimator).fit(moments)


def test_bootstrap_takes_the_place_of_the_sandwich(hs_frame):
    robust = CFA(HS, estimator="mlr").fit(hs_frame).bootstrap(100, seed=1)
    plain = CFA(HS).fit(hs_frame).bootstrap(100, seed=1)
    pd.testing.assert_frame_equal(robust.estimates, plain.estimates)
    assert robust.fit_measures["chi2_scaled"] == pytest.approx(87.1316, abs=1e-3)


@pytest.mark.parametrize("estimator", ["mlr", "mlm", "mlmv"])
def test_differences_of_nested_models(hs_frame, estimator):
    theirs = expected(f"B_HS1939_mg_lrt_{'MLR' if estimator == 'mlr' else 'MLM'}")
    theirs = theirs["satorra.bentler.2001"]
    fits = [
        CFA(HS, estimator=estimator, group="school", group_equal=equal).fit(hs_frame)
        for equal in LEVELS.values()
    ]
    names = list(LEVELS)
    ours = fits[2].compare(fits[0], fits[1], *fits[3:], names=[names[2], *names[:2], *names[3:]])
    assert ours.index.tolist() == names
    columns = {
        "df": "Df", "chi2": "Chisq", "aic": "AIC", "chi2_diff_scaled": "Chisq diff",
        "df_diff": "Df diff",
    }  # fmt: skip
    for name, theirs_name in columns.items():
        close(ours[name], theirs[theirs_name], tol.CHI2)
    assert_allclose(ours["p_scaled"], theirs["Pr(>Chisq)"], atol=tol.CHI2)
    apart = ours["chi2"].diff() / ours["scaling_diff"]
    assert_allclose(apart, ours["chi2_diff_scaled"], rtol=1e-12)
    assert "chi2_diff" not in ours


def test_only_the_same_estimator_is_compared(hs_frame):
    equal = ModelSpec.parse(str(HS).replace("x2", "a*x2").replace("x3", "a*x3"))
    with pytest.raises(TcsError, match=r"'mlr'.*'ml'.*same estimator"):
        CFA(HS, estimator="mlr").fit(hs_frame).compare(CFA(equal).fit(hs_frame))


def test_the_summary_says_how(hs_frame):
    text = CFA(HS, estimator="mlr").fit(hs_frame).summary()
    for part in ("MLR", "Scaled chi-square       87.132, df 24", "0.979", "Robust CFI, TLI"):
        assert part in text
    assert "sandwich, observed information" in text
    assert "Scaled" not in CFA(HS).fit(hs_frame).summary()


def test_a_ridge_is_found_with_robust_errors_too(mobi_frame):
    theirs = expected("B_mobi_ecsi_ML")
    with pytest.warns(ImproperSolutionWarning, match="ridge"):
        result = SEM(ModelSpec.parse(theirs["model"]), estimator="mlr").fit(mobi_frame)
    assert not result.proper
    # lavaan's scaled test of the same fit; the path coefficients mean nothing.
    assert result.fit_measures["chi2_scaled"] == pytest.approx(444.8956, rel=1e-4)


def test_a_saturated_model_has_nothing_to_scale(hs_frame):
    spec = ModelSpec.parse("a =~ x1 + x2 + x3")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for estimator in ("mlr", "mlm", "mlmv"):
            measures = CFA(spec, estimator=estimator).fit(hs_frame).fit_measures
            assert measures["chi2_scaled"] == pytest.approx(0, abs=1e-6)
            assert np.isnan(measures["p_scaled"])


@pytest.mark.parametrize("estimator", ["mlr", "mlm", "mlmv"])
def test_one_line_shows_the_chi_square_that_is_reported(hs_frame, estimator):
    result = CFA(HS, estimator=estimator).fit(hs_frame)
    assert f"chi2_scaled={result.fit_measures['chi2_scaled']:.3f}, df=24" in repr(result)
    assert "chi2_scaled" not in repr(CFA(HS).fit(hs_frame))


def test_the_scaled_comparison_has_plain_differences_beside_its_test(hs_frame):
    held = ModelSpec.parse("visual =~ x1 + a*x2 + a*x3")
    free = ModelSpec.parse("visual =~ x1 + x2 + x3\n x1 ~~ 0.7*x1")
    ours = (
        CFA(free, estimator="mlr").fit(hs_frame).compare(CFA(held, estimator="mlr").fit(hs_frame))
    )
    for name in ("cfi_robust", "rmsea_robust"):
        assert ours[f"{name}_diff"].iloc[1] == ours[name].iloc[1] - ours[name].iloc[0]


@pytest.mark.parametrize(
    ("options", "chi2", "baseline", "errors"),
    [
        ({"estimator": "mlm"}, 12.14468, 200.97992, (0.05325921661, 0.10230098602)),
        ({"estimator": "mlmv"}, 12.07766, 172.31842, (0.05325921661, 0.10230098602)),
        (
            {"estimator": "mlm", "group": "school"},
            14.53359, 222.46329, (0.06998109751, 0.14185987173),
        ),
    ],
)  # fmt: skip
def test_observed_causes_are_taken_as_they_are(hs_frame, options, chi2, baseline, errors):
    """lavaan 0.6-14; and firms of a batch have what they have by themselves."""
    paths = ModelSpec.parse("x9 ~ x7 + x8 + ageyr\nx8 ~ x7 + sex")
    result = SEM(paths, **options).fit(hs_frame)
    measures = result.fit_measures
    assert measures["chi2_scaled"] == pytest.approx(chi2, rel=tol.CHI2)
    assert measures["baseline_chi2_scaled"] == pytest.approx(baseline, rel=tol.CHI2)
    se = result.estimates["se"]
    assert_allclose([se[0], se[4]], errors, rtol=tol.SE)
    if "group" not in options:
        each = SEM(paths, **options).fit_each(hs_frame, by="school").table().set_index("unit")
        alone = SEM(paths, **options).fit(hs_frame[hs_frame["school"] == "Pasteur"])
        assert each.loc["Pasteur", "chi2"] == pytest.approx(alone.fit_measures["chi2_scaled"])
