"""PLS with other weights, consistent PLS and raw data, against seminr, cSEM, plspm and semPLS."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import expected
from numpy.testing import assert_allclose

from tcsmodel.models.pls import PLS
from tcsmodel.spec import library

NAMES = library.ecsi().construct_names

SEMINR = {
    "D_seminr_mobi_ecsi_unit": {"modes": dict.fromkeys(NAMES, "unit")},
    "D_seminr_mobi_ecsi_PLSc": {"consistent": True},
}
# Three constructs reflective, Quality Mode B, the others Mode A composites.
MIXED = "D_seminr_mobi_ecsi_PLSc_mixed"
REFLECTIVE = ("Image", "Satisfaction", "Loyalty")
CSEM = {
    "D_csem_mobi_ecsi_unit": {"modes": dict.fromkeys(NAMES, "unit")},
    "D_csem_mobi_ecsi_comp": {},
    "D_csem_mobi_ecsi_comp_B": {"modes": dict.fromkeys(NAMES, "B")},
    "D_csem_mobi_ecsi_comp_centroid": {"scheme": "centroid"},
    "D_csem_mobi_ecsi_comp_factorial": {"scheme": "factorial"},
    "D_csem_mobi_ecsi_PLSc": {"consistent": True},
    "D_csem_mobi_ecsi_noPLSc": {},
}
MODE_B = dict.fromkeys(NAMES, "B")
PLSPM = {
    "D_plspm_mobi_ecsi_path_A": {"scheme": "path"},
    "D_plspm_mobi_ecsi_nonmetric_NUM": {"scheme": "path"},
    "D_plspm_mobi_ecsi_PLScore_NUM": {"scheme": "path"},
    "D_plspm_mobi_ecsi_path_B": {"scheme": "path", "modes": MODE_B},
    "D_plspm_mobi_ecsi_factorial_A": {"scheme": "factorial"},
    "D_plspm_mobi_ecsi_factorial_B": {"scheme": "factorial", "modes": MODE_B},
    "D_plspm_mobi_ecsi_centroid_B": {"scheme": "centroid", "modes": MODE_B},
    "D_plspm_mobi_ecsi_unscaled": {"scheme": "path", "standardized": False},
}

# Tenenhaus et al. (2005), as printed; items on their answer scale, centroid scheme.
PAPER_PATHS = {
    ("Image", "Expectation"): 0.493,
    ("Expectation", "Quality"): 0.545,
    ("Expectation", "Value"): 0.066,
    ("Quality", "Value"): 0.540,
    ("Image", "Satisfaction"): 0.153,
    ("Expectation", "Satisfaction"): 0.037,
    ("Quality", "Satisfaction"): 0.544,
    ("Value", "Satisfaction"): 0.200,
    ("Satisfaction", "Complaints"): 0.540,
    ("Image", "Loyalty"): 0.212,
    ("Satisfaction", "Loyalty"): 0.466,
    ("Complaints", "Loyalty"): 0.050,
}
PAPER_R_SQUARED = {
    "Expectation": 0.243,
    "Quality": 0.297,
    "Value": 0.335,
    "Satisfaction": 0.672,
    "Complaints": 0.292,
    "Loyalty": 0.432,
}


def close(ours, theirs, tolerance=tol.PLS):
    assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=0, atol=tolerance
    )


def fit(frame, **options):
    return PLS(library.ecsi(), tol=1e-10, **options).fit(frame)


@pytest.fixture(scope="module", params=sorted(SEMINR))
def seminr(request, mobi_frame):
    return fit(mobi_frame, **SEMINR[request.param]), expected(request.param)


@pytest.mark.parametrize(
    ("attribute", "key"),
    [
        ("outer_weights", "outer_weights"),
        ("outer_loadings", "outer_loadings"),
        ("paths", "path_coef"),
        ("total_effects", "total_effects"),
        ("indirect_effects", "total_indirect_effects"),
    ],
)
def test_frames_equal_seminr(seminr, attribute, key):
    ours, theirs = getattr(seminr[0], attribute), seminr[1][key]
    close(ours.loc[theirs.index, theirs.columns], theirs)


def test_r_squared_equals_seminr(seminr):
    theirs = seminr[1]["rSquared_AdjR2_etc"]
    close(seminr[0].r_squared[theirs.columns], theirs.loc["Rsq"])
    close(seminr[0].r_squared_adj[theirs.columns], theirs.loc["AdjRsq"])


def test_only_constructs_that_are_named_are_corrected(mobi_frame):
    """seminr corrects the loadings of reflective constructs, and the paths of Mode A ones too."""
    theirs = expected(MIXED)
    result = fit(mobi_frame, consistent=REFLECTIVE, modes={"Quality": "B"})
    weights, loadings = theirs["outer_weights"], theirs["outer_loadings"]
    close(result.outer_weights.loc[weights.index, weights.columns], weights)
    close(result.outer_loadings.loc[loadings.index, loadings.columns], loadings)
    close(result.paths["Loyalty"][["Image", "Satisfaction"]],
          theirs["path_coef"]["Loyalty"][["Image", "Satisfaction"]])  # fmt: skip
    everyone = fit(mobi_frame, consistent=True, modes={"Quality": "B"})
    close(everyone.paths.loc[theirs["path_coef"].index, theirs["path_coef"].columns],
          theirs["path_coef"])  # fmt: skip


@pytest.mark.parametrize("case", ["D_seminr_mobi_ecsi_unit", "D_seminr_mobi_ecsi_PLSc"])
def test_reliability_equals_seminr(mobi_frame, case):
    theirs = expected(case)["reliability_alpha_rhoC_AVE_rhoA"]
    ours = fit(mobi_frame, **SEMINR[case]).reliability
    close(ours[["alpha", "rho_c", "ave", "rho_a"]], theirs)


@pytest.fixture(scope="module", params=sorted(CSEM))
def csem(request, mobi_frame):
    return fit(mobi_frame, **CSEM[request.param]), expected(request.param)


def test_everything_equals_csem(csem):
    result, theirs = csem
    for ours, key in (
        (result.paths, "Path_estimates"),
        (result.outer_loadings, "Loading_estimates"),
        (result.outer_weights, "Weight_estimates"),
        (result.construct_corr, "Construct_VCV"),
    ):
        other = theirs[key]
        close(ours.T.loc[other.index, other.columns], other)
    close(result.r_squared, pd.Series(theirs["R2"])[result.r_squared.index])
    close(result.r_squared_adj, pd.Series(theirs["R2adj"])[result.r_squared.index])
    f_squared = theirs["F2"]
    for target, source in zip(*np.nonzero(f_squared.to_numpy()), strict=True):
        target, source = f_squared.index[target], f_squared.columns[source]
        close(result.f_squared.loc[source, target], f_squared.loc[target, source])


@pytest.fixture(scope="module", params=sorted(PLSPM))
def plspm(request, mobi_frame):
    return fit(mobi_frame, **PLSPM[request.param]), expected(request.param)


def test_everything_equals_plspm(plspm):
    result, theirs = plspm
    outer = theirs["outer_model"]
    weights = result.outer_weights.sum(axis=1)
    if not result.estimator.standardized:
        n = result.sample.n
        weights = weights / result.item_sds * np.sqrt(n / (n - 1))
    close(weights[outer["name"]], outer["weight"])
    close(result.outer_loadings.sum(axis=1)[outer["name"]], outer["loading"])
    close(result.paths.T, theirs["path_coefs"])
    close(result.r_squared, theirs["inner_summary"]["R2"][result.r_squared.index])


def test_everything_equals_sempls(mobi_frame):
    result, theirs = fit(mobi_frame), expected("D_semPLS_mobi_ecsi_path")
    close(result.paths.loc[theirs["path"].index, theirs["path"].columns], theirs["path"])
    close(result.total_effects, theirs["total"])
    weights = theirs["weights"]
    close(result.outer_weights.loc[weights.index, weights.columns], weights)
    loadings = theirs["loadings"]
    close(result.outer_loadings.loc[loadings.index, loadings.columns], loadings)


def test_raw_data_give_what_tenenhaus_and_others_printed(mobi_frame):
    result = fit(mobi_frame, scheme="centroid", standardized=False)
    for (source, target), printed in PAPER_PATHS.items():
        close(result.paths.loc[source, target], printed, 6e-4)
    for target, printed in PAPER_R_SQUARED.items():
        close(result.r_squared[target], printed, 6e-4)
