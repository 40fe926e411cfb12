"""The fit of PLS models, model selection and the test of exact fit, against cSEM, plspm, seminr."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.kernels import fitmeasures, pls_fit, reliability
from tcsmodel.models.pls import PLS
from tcsmodel.spec import library

NAMES = library.ecsi().construct_names
MODE_B = dict.fromkeys(NAMES, "B")
COMPOSITES = {
    "D_csem_mobi_ecsi_comp": {},
    "D_csem_mobi_ecsi_comp_B": {"modes": MODE_B},
    "D_csem_mobi_ecsi_comp_centroid": {"scheme": "centroid"},
    "D_csem_mobi_ecsi_comp_factorial": {"scheme": "factorial"},
    "D_csem_mobi_ecsi_unit": {"modes": dict.fromkeys(NAMES, "unit")},
}
FACTORS = {"D_csem_mobi_ecsi_PLSc": {"consistent": True}}
CSEM = COMPOSITES | FACTORS
DISTANCES = {"srmr": "SRMR", "d_uls": "DL", "d_ml": "DML", "chi2": "Chi_square", "nfi": "NFI"}
BY_DF = {"df": "Df", "cfi": "CFI", "tli": "NNFI", "ifi": "IFI", "rmsea": "RMSEA", "cn_05": "CN"}
CRITERIA = {"aic": "AIC", "aicc": "AICc", "aicu": "AICu", "bic": "BIC", "hq": "HQ", "hqc": "HQc"}
PLSPM = {
    "D_plspm_mobi_ecsi_path_A": {"scheme": "path"},
    "D_plspm_mobi_ecsi_path_B": {"scheme": "path", "modes": MODE_B},
    "D_plspm_mobi_ecsi_factorial_A": {"scheme": "factorial"},
    "D_plspm_mobi_ecsi_centroid_A": {"scheme": "centroid"},
    "D_plspm_mobi_ecsi_centroid_B": {"scheme": "centroid", "modes": MODE_B},
    "D_plspm_mobi_ecsi_unscaled": {"scheme": "path", "standardized": False},
}
SMALL = """
Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4
Value =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Value ~ Quality
Satisfaction ~ Quality + Value
"""


def close(ours, theirs, tolerance=tol.PLS):
    assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=0, atol=tolerance
    )


def fit(data, **options):
    return PLS(library.ecsi(), tol=1e-10, **options).fit(data)


@pytest.fixture(scope="module")
def small(mobi_frame):
    return PLS(tcs.ModelSpec.parse(SMALL), tol=1e-10).fit(mobi_frame)


@pytest.fixture(scope="module", params=sorted(CSEM))
def csem(request, mobi_frame):
    return fit(mobi_frame, **CSEM[request.param]), expected(request.param)


def test_distances_equal_csem(csem):
    ours, theirs = csem[0].fit_measures, csem[1]["assess"]
    for name, other in DISTANCES.items():
        assert_allclose(ours[name], theirs[other], rtol=tol.PLS)


def test_geodesic_distance_is_csem_s_in_natural_logarithms(csem):
    """cSEM takes decimal logarithms where Dijkstra and Henseler (2015) write ln."""
    theirs = csem[1]["assess"]["DG"]
    assert_allclose(csem[0].fit_measures["d_g"] / np.log(10) ** 2, theirs, rtol=tol.PLS)


@pytest.mark.parametrize("case", ["comp", "comp_B", "PLSc"])
def test_implied_correlations_equal_csem(mobi_frame, case):
    case = f"D_csem_mobi_ecsi_{case}"
    ours, theirs = fit(mobi_frame, **CSEM[case]).implied_corr, expected(case)
    theirs = theirs["fitted_indicator_VCV"]
    close(ours.loc[theirs.index, theirs.columns], theirs)


@pytest.fixture(scope="module", params=sorted(COMPOSITES))
def composites(request, mobi_frame):
    return fit(mobi_frame, **COMPOSITES[request.param]), expected(request.param)


def test_measures_of_composites_that_count_degrees_of_freedom_equal_csem(composites):
    ours, theirs = composites[0].fit_measures, composites[1]["assess"]
    for name, other in {**BY_DF, "rms_theta": "RMS_theta"}.items():
        assert_allclose(ours[name], theirs[other], rtol=tol.PLS)


def test_a_single_item_has_no_loading_to_estimate(mobi_frame):
    """cSEM counts the loading of 1 of Complaints, lavaan does not: 241 for this model."""
    (case,) = FACTORS
    ours, theirs = fit(mobi_frame, **FACTORS[case]).fit_measures, expected(case)["assess"]
    close(ours["df"], theirs["Df"] + 1)
    df, null = theirs["Df"], theirs["Chi_square"] / (1 - theirs["NFI"])
    close(fitmeasures.cfi(ours["chi2"], df, null, 276), theirs["CFI"])
    close(fitmeasures.rmsea(ours["chi2"], df, 249), theirs["RMSEA"])


def test_residuals_of_corrected_constructs_are_those_of_scores(mobi_frame):
    """cSEM mixes covariances of scores with corrected ones, which gives no covariance matrix."""
    (case,) = FACTORS
    result, theirs = fit(mobi_frame, **FACTORS[case]), expected(case)["assess"]["RMS_theta"]
    model = result.estimator.model
    corr = result.sample.moments.corr.to_numpy()
    weights, loadings = result.outer_weights.to_numpy(), result.outer_loadings.to_numpy()
    scores = weights.T @ corr @ weights
    residual = np.eye(24) - weights @ loadings.T
    theta = residual.T @ corr @ residual
    off = ~np.eye(24, dtype=bool)
    close(result.fit_measures["rms_theta"], np.sqrt((theta[off] ** 2).mean()))
    mixed = theta + loadings @ (result.construct_corr.to_numpy() - scores) @ loadings.T
    close(np.sqrt((mixed[off] ** 2).mean()), theirs)
    assert model.sizes.sum() == 24


def test_gfi_is_that_of_lisrel(csem):
    """cSEM squares the cells of Sigma^-1 S, which changes with the scales of the items."""
    result, theirs = csem
    corr, sigma = result.sample.moments.corr.to_numpy(), result.implied_corr.to_numpy()
    ratio = np.linalg.solve(sigma, corr)
    left = ratio - np.eye(24)
    gfi = 1 - np.trace(left @ left) / np.trace(ratio @ ratio)
    close(result.fit_measures["gfi"], gfi)
    close(1 - (left**2).sum() / (ratio**2).sum(), theirs["assess"]["GFI"])


def test_criteria_equal_csem(csem):
    ours, theirs = csem[0].selection_criteria, csem[1]["assess"]
    for name, other in {**CRITERIA, "fpe": "FPE"}.items():
        close(ours[name], pd.Series(theirs[other])[ours.index])


def test_cp_and_gm_of_csem_divide_the_error_of_the_largest_model_by_n_minus_1(composites):
    """Ours by its degrees of freedom, so that Cp of the largest model is its parameters."""
    result, theirs = composites
    ours, n = result.selection_criteria, 250
    parameters = result.estimator.model.paths.sum(axis=0)[1:] + 1
    largest = np.arange(2, 8)
    for name, other, penalty in (
        ("gm", "GM", parameters * np.log(n)),
        ("cp", "Mallows_Cp", -(n - 2 * parameters)),
    ):
        relative = (ours[name] - penalty) * (n - 1) / (n - largest)
        close(relative + penalty, pd.Series(theirs["assess"][other])[ours.index])


def test_cp_of_the_largest_model_is_its_parameters(small):
    close(small.selection_criteria["cp"], [2, 3], 1e-9)


def test_criteria_equal_seminr(mobi_frame):
    for mode in "AB":
        case = f"D_seminr_mobi_ecsi_path_{mode}"
        theirs = expected(case)["it_criteria"]
        ours = fit(mobi_frame, modes=dict.fromkeys(NAMES, mode)).selection_criteria
        close(ours.loc[theirs.columns, "aic"], theirs.loc["AIC"])
        close(ours.loc[theirs.columns, "bic"], theirs.loc["BIC"])


@pytest.mark.parametrize("case", sorted(PLSPM))
def test_gof_equals_plspm(mobi_frame, case):
    close(fit(mobi_frame, **PLSPM[case]).fit_measures["gof"], expected(case)["gof"])


def test_gof_equals_csem(csem):
    close(csem[0].fit_measures["gof"], csem[1]["assess"]["GoF"])


def test_communality_and_redundancy_equal_plspm(mobi_frame):
    for case, options in PLSPM.items():
        result, theirs = fit(mobi_frame, **options), expected(case)
        outer = theirs["outer_model"].set_index("name")
        close(result.measurement_table().set_index("item")["communality"], outer["communality"])
        redundancy = np.nan_to_num(result.arrays["redundancy"])
        close(redundancy, outer["redundancy"][list(result.sample.names)])
        inner = theirs["inner_summary"]
        close(result.redundancy["mean_communality"], inner["Block_Communality"])
        close(result.redundancy["mean_redundancy"].fillna(0), inner["Mean_Redundancy"])


def test_htmt2_equals_csem_where_correlations_are_positive(mobi_frame):
    """cSEM multiplies signed correlations: its value is empty where a product is negative."""
    (case,) = FACTORS
    theirs = expected(case)["assess"]["HTMT2"]
    ours = fit(mobi_frame).htmt2.loc[theirs.index, theirs.columns]
    corr = fit(mobi_frame).sample.moments.corr
    lower = np.tril_indices(7, -1)
    known = np.isfinite(theirs.to_numpy(dtype=float)[lower])
    assert known.sum() >= 15
    assert (corr.loc["CUSL2"] < 0).any()
    close(ours.to_numpy()[lower][known], theirs.to_numpy(dtype=float)[lower][known])


def test_htmt_of_a_batch_is_that_of_its_definition():
    rng = np.random.default_rng(4)
    corr = np.corrcoef(rng.standard_normal((7, 50)))
    corr[0, 2] = corr[2, 0] = 0.0
    member = np.zeros((7, 3), dtype=bool)
    member[[0, 1], 0] = member[[2, 3, 4, 5], 1] = member[6, 2] = True
    batch = np.stack([corr, np.eye(7) * 0.5 + corr * 0.5])
    size = np.abs(batch[1])
    within = size[0, 1], size[2:6, 2:6][np.triu_indices(4, 1)].mean()
    ratio = reliability.htmt(batch, member)[1]
    close(ratio[0, 1], size[:2, 2:6].mean() / np.sqrt(within[0] * within[1]), 1e-12)
    close(ratio[1, 2], size[2:6, 6].mean() / np.sqrt(within[1]), 1e-12)
    geometric = np.exp(np.log(np.abs(corr[2:6, 2:6][np.triu_indices(4, 1)])).mean())
    found = reliability.htmt2(batch, member)[0]
    close(found[1, 2], np.exp(np.log(np.abs(corr[2:6, 6])).mean()) / np.sqrt(geometric), 1e-12)
    assert 0 <= found[0, 1] < 1e-20
    assert np.isnan(np.diagonal(found)).all()


def test_fit_of_ordinal_items_equals_csem():
    theirs = expected("D_csem_mobi_OrdPLSc")
    spec = tcs.ModelSpec.parse(theirs["model"])
    frame = pd.read_csv(DATA / "mobi_ord5.csv")
    ours = PLS(spec, ordered=True, consistent=True, tol=1e-10).fit(frame).fit_measures
    for name, other in {"srmr": "SRMR", "d_uls": "DL", "gof": "GoF", "df": "Df"}.items():
        close(ours[name], theirs["assess"][other], tol.ORDINAL_PLS)


def test_a_saturated_structure_has_one_fit(small):
    measures = small.fit_measures
    for name in ("srmr", "d_uls", "d_g", "d_ml"):
        close(measures[name], measures[f"{name}_saturated"], 1e-12)
    close(small.residual_corr, small.sample.moments.corr - small.implied_corr, 1e-12)


def test_leaving_paths_out_shows_in_the_estimated_model_alone(mobi_frame):
    full, without = SMALL, SMALL.replace("Quality + Value", "Value")
    full, without = (PLS(tcs.ModelSpec.parse(text)).fit(mobi_frame) for text in (full, without))
    assert without.fit_measures["srmr"] > 1.5 * full.fit_measures["srmr"]
    assert without.fit_measures["srmr_saturated"] < 1.1 * full.fit_measures["srmr"]
    assert without.fit_measures["df"] == full.fit_measures["df"] + 1


def test_a_single_item_of_given_reliability_is_a_factor(mobi_frame):
    result = fit(mobi_frame, reliability={"Complaints": 0.8})
    implied = result.implied_corr
    expected_corr = result.outer_loadings.loc["CUSCO", "Complaints"] ** 2
    close(expected_corr, 0.8)
    close(np.diag(implied), np.ones(24))


def population():
    """Return correlations of items that a model of common factors gives exactly."""
    loadings = np.zeros((9, 3))
    for c, own in enumerate(([0.8, 0.7, 0.6], [0.75, 0.65, 0.85], [0.7, 0.8, 0.9])):
        loadings[3 * c : 3 * c + 3, c] = own
    construct = pls_fit.structural(
        np.eye(3),
        np.array([[0, 0.5, 0.3], [0, 0, 0.4], [0, 0, 0]]),
        np.array([np.nan, 0.25, 0.37]),
        np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]], dtype=bool),
    )
    block = np.repeat(np.arange(3), 3)
    corr = pls_fit.implied(np.eye(9), loadings, construct, block, np.ones(3, dtype=bool))
    return pd.DataFrame(corr, *[[f"x{i}" for i in range(9)]] * 2), construct


def test_a_model_that_holds_has_no_distance():
    corr, construct = population()
    close(np.diag(construct), np.ones(3), 1e-12)
    spec = tcs.ModelSpec.parse(
        "A =~ x0 + x1 + x2\nB =~ x3 + x4 + x5\nC =~ x6 + x7 + x8\nB ~ A\nC ~ A + B"
    )
    measures = PLS(spec, consistent=True, tol=1e-12).fit(tcs.Moments.from_cov(corr, 400))
    close(measures.fit_measures[["srmr", "d_uls", "d_g", "d_ml"]], np.zeros(4), 1e-9)
    close(measures.fit_measures[["cfi", "gfi", "nfi"]], np.ones(3), 1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), p=st.integers(2, 6))
def test_distances_are_zero_only_at_home_and_d_g_is_symmetric(seed, p):
    rng = np.random.default_rng(seed)
    draws = rng.standard_normal((2, 40, p)) @ rng.standard_normal((p, p))
    one, two = (np.corrcoef(x, rowvar=False) for x in draws)
    home, there, back = (pls_fit.distances(*pair) for pair in ((one, one), (one, two), (two, one)))
    for name in ("srmr", "d_uls", "d_g", "d_ml"):
        close(getattr(home, name), 0.0, 1e-9)
        assert getattr(there, name) > 0
    assert_allclose(there.d_g, back.d_g, rtol=1e-6)
    inverse = np.linalg.inv(two)
    direct = np.linalg.slogdet(two)[1] - np.linalg.slogdet(one)[1] + np.trace(one @ inverse) - p
    assert_allclose(there.d_ml, direct, rtol=1e-6, atol=1e-9)


def test_distances_of_a_batch_are_those_of_its_members_and_know_the_impossible():
    one = np.array([[1, 0.5], [0.5, 1]])
    impossible = np.array([[1, 1.2], [1.2, 1]])
    found = pls_fit.distances(np.stack([one, one]), np.stack([np.eye(2), impossible]))
    assert np.isfinite(found.d_g).tolist() == [True, False]
    assert np.isfinite(found.d_ml).tolist() == [True, False]
    assert np.isfinite(found.srmr).all()
    close(found.d_g[0], (np.log([2 / 3, 2]) ** 2).sum() / 2)


def test_statistics_of_exact_fit_equal_csem_and_critical_values_are_near(small):
    theirs = expected("D_csem_testOMF")
    test = small.exact_fit(2000, seed=8)
    ours = test.table().set_index("measure")
    for name, other in {"srmr": "SRMR", "d_uls": "dL", "d_ml": "dML", "d_g": "dG"}.items():
        scale = np.log(10) ** 2 if name == "d_g" else 1
        close(ours.loc[name, "statistic"] / scale, theirs["Test_statistic"][other])
        critical = theirs["Critical_value"].loc[other, "95%"]
        near = quantile_error(test.distribution(name), 0.95, 200)
        assert abs(ours.loc[name, "critical_95"] / scale - critical) < 4 * near / scale
        assert ours.loc[name, "p"] < 0.05


def quantile_error(values, share, draws):
    """Return the standard error of a quantile estimated from so few draws, by their density."""
    low, high = np.quantile(values, [share - 0.02, share + 0.02])
    return np.sqrt(share * (1 - share) / draws) * (high - low) / 0.04


@pytest.mark.filterwarnings("ignore::tcsmodel.errors.ImproperSolutionWarning")
def test_exact_fit_keeps_to_its_level_where_the_model_holds():
    corr, _ = population()
    rng = np.random.default_rng(11)
    root = np.linalg.cholesky(corr.to_numpy())
    spec = tcs.ModelSpec.parse(
        "A =~ x0 + x1 + x2\nB =~ x3 + x4 + x5\nC =~ x6 + x7 + x8\nB ~ A\nC ~ A + B"
    )
    p = []
    for seed in range(60):
        frame = pd.DataFrame(rng.standard_normal((300, 9)) @ root.T, columns=corr.columns)
        test = PLS(spec, consistent=True).fit(frame).exact_fit(150, seed=seed)
        p.append(test.table().set_index("measure")["p"][["srmr", "d_g"]])
    rejected = (pd.DataFrame(p) < 0.05).mean()
    assert (rejected < 0.17).all()
    assert pd.DataFrame(p).mean().between(0.35, 0.75).all()


def test_the_transformed_answers_fit_the_model(small):
    from tcsmodel.models.exact_fit import _turn

    cov = small.sample.moments.cov_array
    sigma = small.implied_corr.to_numpy()
    turn = _turn(cov, sigma)
    sd = np.sqrt(np.diag(cov))
    close(turn.T @ cov @ turn, sigma * np.outer(sd, sd), 1e-9)


def test_exact_fit_of_raw_weighted_answers_is_that_of_repeated_rows(mobi_frame):
    weights = np.tile([1.0, 2.0], 125)
    survey = tcs.Survey(mobi_frame.assign(w=weights), items=list(mobi_frame), weight="w")
    repeated = mobi_frame.loc[mobi_frame.index.repeat(weights.astype(int))]
    spec = tcs.ModelSpec.parse(SMALL)
    estimator = PLS(spec, standardized=False, tol=1e-10)
    ours = estimator.fit(survey).exact_fit(20, seed=1).table()["statistic"]
    theirs = estimator.fit(repeated.reset_index(drop=True)).exact_fit(20, seed=1).table()
    close(ours, theirs["statistic"])


def test_improper_replicates_are_left_out_and_counted(mobi_frame):
    result = PLS(library.ecsi(), consistent=True).fit(mobi_frame)
    test = result.exact_fit(100, seed=1)
    known = test.table().set_index("measure")["replicates"]
    shares = test.draws.status_shares
    assert known["srmr"] == round(100 * shares["converged"])
    assert known["srmr"] < 100
    assert "replicates_left_out" in [finding.code for finding in test.verify()]


def test_exact_fit_needs_complete_answers_and_a_possible_model(mobi_frame, small):
    with pytest.raises(tcs.TcsError, match="fitted to moments alone"):
        PLS(tcs.ModelSpec.parse(SMALL)).fit(small.sample.moments).exact_fit(20)
    with pytest.raises(tcs.TcsError, match="listwise"):
        PLS(tcs.ModelSpec.parse(SMALL), missing="mean").fit(mobi_frame).exact_fit(20)
    twice = mobi_frame.assign(PERQ2=mobi_frame["PERQ1"])
    with pytest.raises(tcs.TcsError, match="positive definite"):
        PLS(tcs.ModelSpec.parse(SMALL)).fit(twice).exact_fit(20)


def test_measures_of_duplicate_items_are_there_as_far_as_they_go(mobi_frame):
    twice = mobi_frame.assign(PERQ2=mobi_frame["PERQ1"])
    result = PLS(tcs.ModelSpec.parse(SMALL)).fit(twice)
    assert np.isfinite(result.fit_measures[["srmr", "d_uls"]]).all()
    assert result.fit_measures[["d_g", "d_ml", "chi2", "nfi"]].isna().all()


def test_a_rejected_model_says_so_and_where_to_look(small):
    finding = next(f for f in small.exact_fit(200, seed=8).verify() if "exact" in f.code)
    assert "residual_corr" in finding.sentence("advice")
