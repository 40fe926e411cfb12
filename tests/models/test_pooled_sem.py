"""Covariance-based models pooled over imputations, against lavaan fitted to each of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from golden_files import expected
from numpy.testing import assert_allclose
from tolerances import POINT, SE

import tcsmodel as tcs
from tcsmodel.errors import ImproperSolutionWarning, OptionError, SurveyError
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


def test_no_chi_square_is_pooled_and_that_is_said(pooled):
    assert "no_pooled_test" in codes(pooled)
    assert not hasattr(pooled, "fit_measures")


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
