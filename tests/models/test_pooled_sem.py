"""Covariance-based models pooled over imputations, against lavaan fitted to each of them."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from golden_files import expected
from numpy.testing import assert_allclose
from tolerances import CHI2, FIT, POINT, POOLED_DF, POOLED_RIV, SE

import tcsmodel as tcs
from tcsmodel.errors import ImproperSolutionWarning, OptionError, SurveyError, TcsError
from tcsmodel.kernels.implied import implied
from tcsmodel.kernels.rubin import pooled_chi2
from tcsmodel.survey.moments import read_only

ITEMS = ["IMAG1", "IMAG3", "IMAG5", "PERV1", "PERV2", "CUSA1", "CUSA2", "CUSA3"]
SPEC = tcs.ModelSpec.parse("""
    Image        =~ IMAG1 + IMAG3 + IMAG5
    Value        =~ PERV1 + PERV2
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Value        ~ Image
    Satisfaction ~ Image + Value
""")


def gapped(**columns):
    frame = tcs.datasets.mobi().data[ITEMS].astype(float)
    row = np.arange(250)
    low = (frame["CUSA1"] <= 8) & (row % 3 != 0)
    frame.loc[low, "CUSA2"] = np.nan
    frame.loc[low & (row % 2 == 0), "PERV1"] = np.nan
    frame.loc[row % 4 == 0, "IMAG1"] = np.nan
    return tcs.Survey(frame.assign(**columns), items=ITEMS, scale=(1, 10))


@pytest.fixture(scope="module")
def imputations():
    """Return imputations with the draws that lavaan was given."""
    draws = np.array(expected("B_mi_lavaan")["draws"], dtype=float)
    return replace(tcs.impute(gapped(), m=5, iterations=1), draws=read_only(draws))


@pytest.fixture(scope="module")
def pooled(imputations):
    return tcs.SEM(SPEC).fit(imputations)


def codes(result):
    return [finding.code for finding in result.verify()]


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
@pytest.mark.parametrize(("table", "column"), [("estimates", "estimate"), ("standardized", "std")])
class TestAgainstLavaan:
    @pytest.fixture
    def pair(self, imputations, estimator, table, column):
        theirs = expected("B_mi_lavaan")[estimator]
        ours = getattr(tcs.SEM(SPEC, estimator=estimator.lower()).fit(imputations), table)
        labels = [theirs[name] for name in ("lhs", "op", "rhs")]
        assert [ours[name].tolist() for name in ("lhs", "op", "rhs")] == labels
        return ours.rename(columns={column: "est"}), theirs[table]

    def test_estimates(self, pair):
        ours, theirs = pair
        assert_allclose(ours["est"], theirs["est"], rtol=POINT)

    @pytest.mark.parametrize("of", ["se", "riv", "df", "fmi"])
    def test_errors_and_what_is_missing(self, pair, of):
        ours, theirs = pair
        free = np.array(theirs["se"]) > 0
        assert_allclose(ours[of][free], np.array(theirs[of], dtype=float)[free], rtol=SE)


def test_what_is_fixed_has_no_error(pooled):
    marker = pooled.estimates.iloc[0]
    assert (marker["estimate"], marker["se"]) == (1, 0)
    assert (marker["ci_lower"], marker["ci_upper"]) == (1, 1)
    assert marker[["t", "df", "p", "riv", "fmi"]].isna().all()


def test_intervals_and_tests_are_students(pooled):
    from scipy import stats

    row = pooled.estimates.query("lhs == 'Satisfaction' and rhs == 'Value'").iloc[0]
    reach = stats.t.ppf(0.975, row["df"]) * row["se"]
    assert row["ci_upper"] - row["estimate"] == pytest.approx(reach)
    assert row["p"] == pytest.approx(2 * stats.t.sf(row["estimate"] / row["se"], row["df"]))
    narrow = tcs.SEM(SPEC, level=0.8).fit(pooled.imputations).estimates
    assert (narrow["ci_upper"] <= pooled.estimates["ci_upper"]).all()


def test_explained_variance_is_the_mean(pooled):
    own = [result.r_squared["Satisfaction"] for result in pooled.results]
    assert pooled.r_squared["Satisfaction"] == pytest.approx(np.mean(own))


RESTRICTED = str(SPEC).replace("Satisfaction ~ Image + Value", "Satisfaction ~ Image + 0*Value")


@pytest.fixture(scope="module")
def restricted(imputations):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImproperSolutionWarning)
        return tcs.SEM(tcs.ModelSpec.parse(RESTRICTED)).fit(imputations)


def assert_tested(ours, theirs):
    assert_allclose(ours["f"], theirs["F"], rtol=CHI2)
    assert_allclose(ours["df1"], theirs["df1"])
    assert_allclose(ours["df2"], theirs["df2"], rtol=POOLED_DF)
    assert_allclose(ours["p"], theirs["pvalue"], rtol=CHI2)
    assert_allclose([ours["riv"], ours["fmi"]], [theirs["ariv"], theirs["fmi"]], rtol=POOLED_RIV)
    assert_allclose(ours["chi2"], theirs["asymptotic.chisq"], rtol=CHI2)


@pytest.mark.parametrize("method", ["D2", "D3"])
class TestAgainstSemTools:
    @pytest.mark.parametrize("means", [False, True])
    def test_of_the_model(self, imputations, method, means):
        theirs = expected("B_mi_tests")["means" if means else "model"][method]
        ours = tcs.SEM(SPEC, meanstructure=means).fit(imputations)
        assert_tested(ours.fit_measures.loc[method.lower()], theirs)

    def test_fit_measures(self, pooled, method):
        theirs = expected("B_mi_tests")["fit"][method]
        ours = pooled.fit_measures.loc[method.lower()]
        names = ["cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "srmr"]
        assert_allclose(ours[names], [theirs[n.replace("_", ".")] for n in names], rtol=FIT)
        assert_allclose(ours["baseline_chi2"], theirs["baseline.chisq"], rtol=CHI2)

    def test_of_a_nested_model(self, pooled, restricted, method):
        theirs = expected("B_mi_tests")["nested"][method]
        assert_tested(pooled.compare(restricted).loc[method.lower()], theirs)
        assert_allclose(restricted.compare(pooled), pooled.compare(restricted))


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_models_with_equal_degrees_of_freedom_have_no_test_pooled_or_not(imputations, estimator):
    models = [
        tcs.SEM(tcs.ModelSpec.parse(f"Satisfaction =~ CUSA1 + {rest}"), estimator=estimator)
        for rest in ("a*CUSA2 + a*CUSA3 + IMAG1", "a*CUSA2 + CUSA3 + a*IMAG1")
    ]
    fits = [model.fit(imputations) for model in models]
    alone = fits[0].results[0].compare(fits[1].results[0]).iloc[1]
    assert alone["df_diff"] == 0
    assert np.isnan(alone["p" if estimator == "ml" else "p_scaled"])
    assert np.isfinite(alone[["aic", "bic"]].astype(float)).all()
    for found in (fits[0].compare(fits[1]), fits[1].compare(fits[0]), fits[0].compare(fits[0])):
        assert found.index.tolist() == (["d2", "d3"] if estimator == "ml" else ["d2"])
        assert (found["df1"] == 0).all()
        assert found.drop(columns="df1").isna().all(axis=None)


def test_scaled_tests_are_pooled_by_d2(imputations):
    theirs = expected("B_mi_tests")["robust"]
    ours = tcs.SEM(SPEC, estimator="mlr").fit(imputations)
    assert ours.fit_measures.index.tolist() == ["d2"]
    row = ours.fit_measures.loc["d2"]
    assert_allclose(row["chi2"], theirs["chisq.scaled"], rtol=CHI2)
    assert_allclose(
        [row["riv"], row["fmi"]], [theirs["ariv.scaled"], theirs["fmi.scaled"]], rtol=SE
    )
    tests = [one.fit_measures["chi2_scaled"] for one in ours.results]
    assert row["riv"] == pytest.approx(1.2 * np.var(np.sqrt(tests), ddof=1))


def test_surveys_without_gaps_have_the_test_of_one():
    survey = tcs.Survey(tcs.datasets.mobi().data, items=ITEMS)
    found = tcs.SEM(SPEC).fit(tcs.impute(survey, m=3, iterations=1))
    alone = tcs.SEM(SPEC).fit(survey).fit_measures
    for method in ("d2", "d3"):
        row = found.fit_measures.loc[method]
        names = ["chi2", "p", "cfi", "tli", "rmsea", "rmsea_ci_upper", "srmr"]
        assert_allclose(row[names], alone[names], rtol=1e-8)
        assert (row["riv"], row["df2"]) == (0, np.inf)
    assert found.summary().count(" inf ") > len(found.estimates) / 2


def test_tests_of_groups(imputations):
    """D3 of groups without anything equal adds up the likelihood ratios of the groups."""
    survey = gapped(brand=["A", "B"] * 125)
    spec = tcs.ModelSpec.parse("Satisfaction =~ CUSA1 + CUSA2 + CUSA3 + IMAG1")
    drawn = tcs.impute(survey, m=4, iterations=2)
    both = tcs.SEM(spec, group="brand").fit(drawn)
    equal = tcs.SEM(spec, group="brand", group_equal=["loadings"]).fit(drawn)
    assert both.fit_measures.loc["d3", "df1"] == 4
    assert both.compare(equal).loc["d3", "df1"] == 3
    own = np.mean([one.fit_measures["chi2"] for one in both.results])
    row = both.fit_measures.loc["d3"]
    common = row["f"] * row["df1"] * (1 + row["riv"])
    assert row["riv"] == pytest.approx(5 / 12 * (own - common))
    parts = 0.0
    for brand in "AB":
        own = [one.where(lambda d, b=brand: d["brand"] == b) for one in drawn]
        fits = [tcs.SEM(spec, meanstructure=True).fit(one) for one in own]
        theta = np.mean([fit.theta for fit in fits], axis=0)
        cov = np.mean([fit.sampled.cov[0, 0] for fit in fits], axis=0)
        mean = np.mean([fit.sampled.mean[0, 0] for fit in fits], axis=0)
        sigma = implied(fits[0].model.layout, theta).sigma
        for fit in fits:
            gap = fit.sampled.mean[0, 0] - mean
            second = fit.sampled.cov[0, 0] + np.outer(gap, gap)
            values = [
                np.linalg.slogdet(one)[1] + np.trace(second @ np.linalg.inv(one))
                for one in (sigma, cov)
            ]
            parts += fit.sample.n * (values[0] - values[1]) / len(fits)
    assert common == pytest.approx(parts, rel=1e-6)


def test_what_has_no_test_says_so(pooled, imputations):
    assert "no_pooled_test" not in codes(pooled)
    assert "Fit, pooled:" in pooled.summary()
    spec = tcs.ModelSpec.parse("Satisfaction =~ CUSA1 + CUSA2 + CUSA3")
    saturated = tcs.SEM(spec).fit(imputations)
    assert np.isnan(saturated.fit_measures["p"]).all()
    assert "no_pooled_test" not in codes(saturated)


def test_what_cannot_be_compared(pooled, restricted):
    with pytest.raises(OptionError, match="another model fitted to the same imputations, not SEM"):
        pooled.compare(pooled.results[0])
    fewer = replace(restricted, results=restricted.results[:3])
    with pytest.raises(TcsError, match="over 5 and 3 completed surveys"):
        pooled.compare(fewer)
    robust = tcs.SEM(SPEC, estimator="mlr").fit(pooled.imputations)
    with pytest.raises(TcsError, match="have tests of different kinds"):
        pooled.compare(robust)


def test_the_measurement_alone_and_groups(imputations):
    loadings = tcs.CFA(SPEC).fit(imputations).estimates
    assert (loadings.query("op == '~~'")["lhs"] != loadings.query("op == '~~'")["rhs"]).any()
    survey = gapped(brand=["A", "B"] * 125)
    spec = tcs.ModelSpec.parse("Satisfaction =~ CUSA1 + CUSA2 + CUSA3 + IMAG1")
    grouped = tcs.SEM(spec, group="brand").fit(tcs.impute(survey, m=2, iterations=2))
    assert set(grouped.estimates["group"]) == {"A", "B"}
    assert set(grouped.standardized["group"]) == {"A", "B"}


def test_ordinal_items(imputations):
    spec = tcs.ModelSpec.parse("Satisfaction =~ CUSA1 + CUSA2 + CUSA3 + PERV1")
    frame = gapped().data
    five = (frame + 1) // 2
    found = tcs.SEM(spec, ordered=True).fit(tcs.impute(five, m=3, iterations=2, seed=1))
    fits = [tcs.SEM(spec, ordered=True).fit(survey) for survey in found.imputations]
    assert_allclose(
        found.estimates["estimate"], np.mean([fit.estimates["estimate"] for fit in fits], axis=0)
    )
    chi2 = np.array([fit.fit_measures["chi2_scaled"] for fit in fits])
    assert found.fit_measures.loc["d2", "f"] == pytest.approx(pooled_chi2(chi2, 2).f)
    srmr = [fit.fit_measures["srmr"] for fit in fits]
    assert found.fit_measures.loc["d2", "srmr"] == pytest.approx(np.mean(srmr), rel=0.3)
    untested = tcs.SEM(spec, ordered=True, estimator="dwls").fit(found.imputations)
    assert "no_pooled_test" in codes(untested)


def test_surveys_without_a_solution_are_counted(imputations):
    spec = tcs.ModelSpec.parse("A =~ CUSA1 + CUSA3\nB =~ CUSA2 + PERV2\nA ~ B")
    with pytest.warns(ImproperSolutionWarning, match="of 5 completed surveys, such as") as caught:
        found = tcs.SEM(spec).fit(imputations)
    assert len(caught) == 1
    wrong = sum(not result.proper for result in found.results)
    assert wrong > 0
    finding = {f.code: f for f in found.verify()}["imputed_sem_improper"]
    assert finding.evidence == {"count": wrong, "m": 5}


def test_what_was_not_imputed_is_refused(pooled):
    some = tcs.impute(gapped(), m=2, iterations=1, items=["CUSA1", "CUSA2"])
    with pytest.raises(SurveyError, match="'IMAG1' of the model is not among those imputed"):
        tcs.SEM(SPEC).fit(some)
    with pytest.raises(OptionError, match="PooledSEM"):
        tcs.mediation(pooled)
