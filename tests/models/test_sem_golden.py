"""CFA and SEM against lavaan and semTools."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import expected
from lavaan_cases import frame
from lavaan_numbers import MEASURES, close
from numpy.testing import assert_allclose

from tcsmodel.errors import TcsWarning
from tcsmodel.kernels.resample import counts_from_rows
from tcsmodel.kernels.status import Status
from tcsmodel.models.cfa import CFA
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec

# Case: estimator class, options, data, and how far from its minimum lavaan stops (in SE).
CASES = {
    "B_HS1939_cfa_ML": (CFA, {}, "HolzingerSwineford1939", 0.0),
    "B_HS1939_cfa_ML_stdlv": (CFA, {"std_lv": True}, "HolzingerSwineford1939", 0.0),
    "B_HS1939_cfa_2nd": (CFA, {}, "HolzingerSwineford1939", 0.0),
    "B_PolDem_ML": (SEM, {}, "PoliticalDemocracy", 0.0),
    "B_mobi_acsi_ML": (SEM, {}, "mobi", tol.LAVAAN_STOP),
    "B_mobi_acsi_cfa_ML": (CFA, {}, "mobi", tol.LAVAAN_STOP),
    "B_mobi_mini_eq": (SEM, {}, "mobi", 0.0),
    "B_regression_obs": (SEM, {}, "mobi", 0.0),
    "B_mobi_mini_ML": (SEM, {}, "mobi", 0.0),
    "B_mobi_mini_ineq": (SEM, {}, "mobi", tol.LAVAAN_STOP),
    "B_HS1939_cfa_ML_parallelmaker": (CFA, {}, "HolzingerSwineford1939", 0.0),
    "B_HS1939_cfa_ML_effectcoding": (CFA, {"effect_coding": True}, "HolzingerSwineford1939", 0.0),
    "B_HS1939_cfa_ML_orthogonal": (CFA, {"orthogonal": True}, "HolzingerSwineford1939", 0.0),
    "B_HS1939_cfa_ML_wishart": (
        CFA, {"likelihood": "wishart"}, "HolzingerSwineford1939", tol.LAVAAN_STOP,
    ),
    "B_HS1939_cfa_2nd_stdlv": (CFA, {"std_lv": True}, "HolzingerSwineford1939", tol.LAVAAN_STOP),
    "B_HS1939_listwise_ML": (CFA, {}, "HS1939_missing", 0.0),
    "B_bfirev10_ML": (CFA, {}, "bfi_rev", tol.LAVAAN_STOP),
    "B_bfirev25_ML_stdlv": (CFA, {"std_lv": True}, "bfi_rev", tol.LAVAAN_STOP),
    "B_mobi_acsi_2nd": (CFA, {}, "mobi", tol.LAVAAN_STOP),
    "B_mobi_acsi_fixerr": (SEM, {}, "mobi", tol.LAVAAN_STOP),
    "B_mobi_acsi_manifest_ML": (SEM, {}, "mobi", tol.LAVAAN_STOP),
    "B_regression_obs_fixedxF": (SEM, {"fixed_x": False, "meanstructure": True}, "mobi", 0.0),
    "B_HS1939_cfa_ML_mean": (CFA, {"meanstructure": True}, "HolzingerSwineford1939", 0.0),
    "B_mobi_acsi_cfa_ML_stdlv": (
        CFA, {"std_lv": True, "meanstructure": True}, "mobi", tol.LAVAAN_STOP,
    ),
    "B_mobi_acsi_stdlv_mean": (
        SEM, {"std_lv": True, "meanstructure": True}, "mobi", tol.LAVAAN_STOP,
    ),
}  # fmt: skip


def fit(estimator, text, data, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        return estimator(ModelSpec.parse(text), **options).fit(data)


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request):
    theirs = expected(request.param)
    estimator, options, data, stop = CASES[request.param]
    return fit(estimator, theirs["model"], frame(data), **options), theirs, stop


@pytest.fixture(scope="module")
def ecsi(mobi_frame):
    theirs = expected("B_mobi_ecsi_ML")
    return fit(SEM, theirs["model"], mobi_frame), theirs


def rows(theirs, key="parameterEstimates"):
    table = theirs[key]
    return table[table["op"].isin(["=~", "~", "~~", "~1", ":="])].reset_index(drop=True)


def test_rows_are_those_of_lavaan(case):
    ours, theirs, _ = case
    names = ["lhs", "op", "rhs"]
    own = ours.estimates[names].assign(rhs=ours.estimates["rhs"].str.replace(" ", ""))
    pd.testing.assert_frame_equal(own, rows(theirs)[names], check_dtype=False)


def test_minimum_is_not_above_lavaans(case):
    ours, theirs, _ = case
    assert ours.converged
    assert ours.fit_measures["chi2"] <= theirs["fitMeasures"]["chisq"] + 1e-8


def test_estimates(case):
    ours, theirs, stop = case
    table = rows(theirs)
    close(ours.estimates["estimate"], table["est"], tol.POINT, stop * table["se"].to_numpy(float))


def test_standard_errors(case):
    ours, theirs, _ = case
    close(ours.estimates["se"], rows(theirs)["se"], tol.SE)


def test_intervals_and_p_values(case):
    ours, theirs, stop = case
    table = rows(theirs)
    slack = (tol.SE + stop) * table["se"].to_numpy(float)
    close(ours.estimates["ci_lower"], table["ci.lower"], tol.SE, slack)
    close(ours.estimates["ci_upper"], table["ci.upper"], tol.SE, slack)
    known = table["pvalue"].notna().to_numpy()
    assert_allclose(
        ours.estimates["p"].to_numpy()[known], table["pvalue"].to_numpy(float)[known], atol=tol.SE
    )


def test_standardized_solution(case):
    ours, theirs, stop = case
    table = rows(theirs)
    close(ours.estimates["std"], table["std.all"], tol.POINT, stop)
    if theirs["model"].startswith("CUSA1"):
        return  # lavaan takes observed causes as fixed in these errors as well
    own = rows(theirs, "standardizedSolution")
    close(ours.standardized["std"], own["est.std"], tol.POINT, stop)
    close(ours.standardized["se"], own["se"], tol.SE, 1e-7 + stop)


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_fit_measures(case, name):
    ours, theirs, _ = case
    close(ours.fit_measures[name], theirs["fitMeasures"][MEASURES[name]], tol.FIT, 1e-8)


def test_implied_and_residuals(case):
    ours, theirs, stop = case
    cov = theirs["implied"]["cov"]
    close(ours.implied_cov.loc[cov.index, cov.columns], cov, tol.POINT, 1e-6 + stop)
    residual = theirs["resid_cor"]
    close(ours.residual_corr.loc[residual.index, residual.columns], residual, 0, tol.POINT + stop)


def test_explained_variance(case):
    ours, theirs, stop = case
    r_squared = pd.Series(theirs["rsquare"], dtype=float)
    assert set(r_squared.index) == set(ours.r_squared.index)
    close(ours.r_squared[r_squared.index], r_squared, tol.POINT, 1e-6 + stop)


def test_construct_correlations(case):
    ours, theirs, stop = case
    if "cor.lv" not in theirs or not len(ours.construct_corr):
        pytest.skip("no constructs")
    corr = theirs["cor.lv"]
    close(ours.construct_corr.loc[corr.index, corr.columns], corr, tol.POINT, 1e-6 + stop)


@pytest.mark.parametrize("name", ["B_HS1939_cfa_ML", "B_PolDem_ML"])
def test_covariances_of_estimates(name):
    estimator, options, data, _ = CASES[name]
    theirs = expected(name)
    ours = fit(estimator, theirs["model"], frame(data), **options)
    vcov = theirs["vcov"]
    scale = np.sqrt(np.outer(np.diag(vcov), np.diag(vcov)))
    assert_allclose(ours.vcov.loc[vcov.index, vcov.columns] / scale, vcov / scale, atol=tol.SE)


def test_lavaan_and_we_agree_on_properness(case):
    ours, theirs, _ = case
    assert ours.proper == bool(theirs["post.check"])


def test_ecsi_reaches_the_known_chi_square(ecsi):
    ours, theirs = ecsi
    for name in ("chi2", "df", "cfi", "tli", "rmsea", "rmsea_ci_lower", "srmr", "aic", "bic"):
        close(ours.fit_measures[name], theirs["fitMeasures"][MEASURES[name]], tol.FIT)
    assert ours.fit_measures["chi2"] == pytest.approx(575.571, abs=5e-4)
    assert ours.fit_measures["df"] == 241


def test_ecsi_implies_the_known_covariances(ecsi):
    ours, theirs = ecsi
    cov = theirs["implied"]["cov"]
    variance = np.sqrt(np.outer(np.diag(cov), np.diag(cov)))
    gap = (ours.implied_cov.loc[cov.index, cov.columns] - cov) / variance
    assert np.abs(gap.to_numpy()).max() < tol.POINT
    residual = theirs["resid_cor"]
    close(ours.residual_corr.loc[residual.index, residual.columns], residual, 0, tol.POINT)


def test_ecsi_is_on_a_ridge(ecsi):
    ours, _ = ecsi
    assert ours.converged
    assert not ours.proper
    assert ours.status == "ridge"
    found = {finding.code: finding for finding in ours.verify()}
    assert "Expectation -> Value" in found["ridge"].subjects
    assert {found["ridge"].evidence["first"], found["ridge"].evidence["second"]} == {
        "Expectation",
        "Quality",
    }


@pytest.fixture(scope="module")
def resamples(hs_frame):
    theirs = expected("B_HS1939_cfa_resamples")
    ours = fit(CFA, expected("B_HS1939_cfa_ML")["model"], hs_frame)
    counts = counts_from_rows(np.array(theirs["rows"]) - 1, len(hs_frame))
    return ours.resampled(counts), theirs


def test_every_resample_is_the_same(resamples):
    ours, theirs = resamples
    values = np.array(theirs["values"], dtype=float)
    names = theirs["names"]
    free = [row.name for row in ours.model.parameters]
    at = [free.index(name) for name in names[:-2]]
    draws = ours.draws.values["estimates"][:, at]
    assert_allclose(ours.draws.values["chi2"], values[:, names.index("chisq")], rtol=tol.CHI2)
    se = ours.estimates["se"].to_numpy()[at]
    close(draws, values[:, :-2], tol.POINT, tol.LAVAAN_STOP * se)
    assert (ours.draws.values["chi2"] <= values[:, names.index("chisq")] + 1e-6).all()


def test_heywood_resamples_are_counted(resamples):
    ours, theirs = resamples
    values = np.array(theirs["values"], dtype=float)
    negative = (values[:, 6:18] < 0).any(axis=1)
    assert ((ours.draws.status == Status.IMPROPER) == negative).all()


def test_reliability_equals_semtools(hs_frame):
    ours = fit(CFA, expected("B_HS1939_cfa_ML")["model"], hs_frame).reliability
    theirs = expected("C_reliability")["HS1939"]
    for column, key in (("alpha", "alpha"), ("omega", "omega_modelvar")):
        assert_allclose(ours[column], [theirs[key][name] for name in ours.index], rtol=tol.POINT)


def test_average_variance_extracted_is_the_mean_squared_loading_of_lavaan(hs_frame):
    """The AVE of semTools is another one: it divides unstandardized sums."""
    theirs = expected("B_HS1939_cfa_ML")
    loadings = rows(theirs).query("op == '=~'")
    squares = (loadings["std.all"].astype(float) ** 2).groupby(loadings["lhs"]).mean()
    ours = fit(CFA, theirs["model"], hs_frame).reliability["ave"]
    assert_allclose(ours, squares[ours.index], rtol=2 * tol.POINT)


def test_htmt_equals_semtools(hs_frame):
    ours = fit(CFA, expected("B_HS1939_cfa_ML")["model"], hs_frame).htmt
    theirs = expected("C_htmt")["HS1939_htmt1"]
    off = ~np.eye(3, dtype=bool)
    assert_allclose(ours.to_numpy()[off], theirs.to_numpy()[off], rtol=tol.CLOSED_FORM)
