"""PLS against seminr, plspm and the published SmartPLS results, ECSI on mobi."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import expected
from numpy.testing import assert_allclose

from tcsmodel.kernels.resample import counts_from_rows
from tcsmodel.models.pls import PLS
from tcsmodel.spec import library

SEMINR = {
    "D_seminr_mobi_ecsi_path_A": {"scheme": "path"},
    "D_seminr_mobi_ecsi_factor_A": {"scheme": "factorial"},
    "D_seminr_mobi_ecsi_path_B": {"scheme": "path", "modes": "all"},
    "D_seminr_mobi_ecsi_mixedAB": {"scheme": "path", "modes": {"Image": "B", "Quality": "B"}},
}
MODE_A = ("D_seminr_mobi_ecsi_path_A", "D_seminr_mobi_ecsi_factor_A")


def fit(frame, scheme, modes=None):
    spec = library.ecsi()
    if modes == "all":
        modes = dict.fromkeys(spec.construct_names, "B")
    return PLS(spec, scheme=scheme, modes=modes).fit(frame)


def close(ours, theirs, tolerance=tol.PLS):
    assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=0, atol=tolerance
    )


@pytest.fixture(scope="module", params=sorted(SEMINR))
def pair(request, mobi_frame):
    return fit(mobi_frame, **SEMINR[request.param]), expected(request.param)


@pytest.fixture(scope="module", params=MODE_A)
def reflective(request, mobi_frame):
    return fit(mobi_frame, **SEMINR[request.param]), expected(request.param)


@pytest.mark.parametrize(
    ("attribute", "key"),
    [
        ("outer_weights", "outer_weights"),
        ("outer_loadings", "outer_loadings"),
        ("cross_loadings", "cross_loadings"),
        ("paths", "path_coef"),
        ("total_effects", "total_effects"),
        ("indirect_effects", "total_indirect_effects"),
        ("construct_corr", "construct_cor"),
    ],
)
def test_frames_equal_seminr(pair, attribute, key):
    ours, theirs = getattr(pair[0], attribute), pair[1][key]
    close(ours.loc[theirs.index, theirs.columns], theirs)


def test_r_squared_equals_seminr(pair):
    theirs = pair[1]["rSquared_AdjR2_etc"]
    close(pair[0].r_squared[theirs.columns], theirs.loc["Rsq"])
    close(pair[0].r_squared_adj[theirs.columns], theirs.loc["AdjRsq"])


def test_variance_inflation_equals_seminr(pair):
    result, theirs = pair
    for target, sources in theirs["vif_antecedents"].items():
        for source, value in sources.items():
            close(result.vif.loc[source, target], 1.0 if np.isnan(value) else value)
    for items in theirs["vif_items"].values():
        for item, value in items.items():
            close(result.item_vif[item], value)


def test_scores_and_item_moments_equal_seminr(pair):
    result, theirs = pair
    scores = theirs["composite_scores_first5"]
    close(result.scores()[scores.columns].head(5), scores)
    close(result.item_means, pd.Series(theirs["meanData"])[result.item_means.index])
    close(result.item_sds, pd.Series(theirs["sdData"])[result.item_sds.index])


def test_reliability_equals_seminr(reflective):
    theirs = reflective[1]["reliability_alpha_rhoC_AVE_rhoA"]
    close(reflective[0].reliability[["alpha", "rho_c", "ave", "rho_a"]], theirs)


def test_discriminant_validity_equals_seminr(reflective):
    result, theirs = reflective
    lower = np.tril_indices(7, -1)
    close(result.htmt.to_numpy()[lower], theirs["htmt"].to_numpy()[lower])
    close(result.htmt.T, result.htmt)
    lower = np.tril_indices(7)
    close(result.fornell_larcker.to_numpy()[lower], theirs["fornell_larcker"].to_numpy()[lower])


def test_centroid_scheme_equals_plspm(mobi_frame):
    result, theirs = fit(mobi_frame, "centroid"), expected("D_plspm_mobi_ecsi_centroid_A")
    outer = theirs["outer_model"]
    close(result.outer_weights.sum(axis=1)[outer["name"]], outer["weight"])
    close(result.outer_loadings.sum(axis=1)[outer["name"]], outer["loading"])
    close(result.paths.T, theirs["path_coefs"])
    crossed = theirs["crossloadings"].set_index("name").drop(columns="block")
    close(result.cross_loadings.loc[crossed.index, crossed.columns], crossed)
    inner = theirs["inner_summary"]
    close(result.r_squared, inner["R2"][result.r_squared.index])
    close(result.reliability["ave"], inner["AVE"])
    close(result.reliability["alpha"], theirs["unidim"]["C.alpha"])
    for row in theirs["effects"].itertuples():
        source, target = row.relationships.split(" -> ")
        close(result.total_effects.loc[source, target], row.total)
        close(result.indirect_effects.loc[source, target], row.indirect)


@pytest.fixture(scope="module")
def resamples(mobi_frame):
    theirs = expected("D_seminr_mobi_ecsi_resamples")
    counts = counts_from_rows(np.array(theirs["rows"]) - 1, len(mobi_frame))
    result = fit(mobi_frame, "path").resampled(counts)
    return result, theirs


def flattened(theirs, key, columns):
    """Return replicate x row x column of a matrix flattened column-major."""
    values = np.array(theirs[key], dtype=float)
    return values.reshape(len(values), columns, -1).transpose(0, 2, 1)


@pytest.mark.parametrize(
    ("name", "key"), [("paths", "path"), ("total_effects", "total_effects"), ("htmt", "htmt")]
)
def test_every_resample_has_seminr_structure(resamples, name, key):
    result, theirs = resamples
    values = flattened(theirs, key, 7)
    known = np.isfinite(values)
    assert known.sum() >= 200 * 21
    close(result.draws.values[name][known], values[known])


@pytest.mark.parametrize("name", ["outer_weights", "outer_loadings"])
def test_every_resample_has_seminr_measurement(resamples, name):
    result, theirs = resamples
    assert list(result.sample.names) == theirs["items"]
    close(result.draws.values[name], theirs[name])


def test_every_resample_has_seminr_r_squared_and_reliability(resamples):
    result, theirs = resamples
    at = [theirs["constructs"].index(name) for name in theirs["r2_constructs"]]
    close(result.draws.values["r_squared"][:, at], theirs["r_squared"])
    values = flattened(theirs, "reliability", 4)
    for column, name in enumerate(["alpha", "rho_c", "ave", "rho_a"]):
        close(result.draws.values[name], values[:, :, column])
    assert result.draws.status_shares["converged"] == 1


PUBLISHED = "published_mobi_ecsi"


@pytest.mark.parametrize("scheme", ["centroid", "factorial", "path"])
def test_published_paths(mobi_frame, scheme):
    result, paths = fit(mobi_frame, scheme), expected(PUBLISHED)["paths"]
    for row in paths.itertuples():
        close(result.paths.loc[row.source, row.target], getattr(row, scheme), tol.PLS_PRINTED)


@pytest.mark.parametrize("scheme", ["centroid", "path"])
def test_published_weights_loadings_and_r_squared(mobi_frame, scheme):
    result, theirs = fit(mobi_frame, scheme), expected(PUBLISHED)
    weights = theirs["outer_weights"][scheme]
    close(result.outer_weights.sum(axis=1)[weights.index], weights, tol.PLS_PRINTED)
    r_squared = theirs["r_squared"][scheme]
    close(result.r_squared[r_squared.index], r_squared, tol.PLS_PRINTED)
    if scheme in theirs["outer_loadings"]:
        loadings = theirs["outer_loadings"][scheme]
        close(result.outer_loadings.sum(axis=1)[loadings.index], loadings, tol.PLS_PRINTED)


def test_published_total_effects_and_reliability(mobi_frame):
    result, theirs = fit(mobi_frame, "centroid"), expected(PUBLISHED)
    for way, value in theirs["total_effects"]["centroid"].items():
        source, target = way.split("->")
        close(result.total_effects.loc[source, target], value, tol.PLS_PRINTED)
    for name, values in theirs["reliability"]["centroid"].items():
        close(result.reliability[name][values.index], values, tol.PLS_PRINTED)
    alpha = theirs["alpha"]
    close(result.reliability["alpha"][alpha.index], alpha, tol.PLS_PRINTED)


def test_published_effect_sizes(mobi_frame):
    result = fit(mobi_frame, "path")
    sizes = expected(PUBLISHED)["f_squared_satisfaction"]["path"]
    close(result.f_squared["Satisfaction"][sizes.index], sizes, tol.PLS_PRINTED)


def test_published_bootstrap_standard_errors(mobi_frame):
    table = fit(mobi_frame, "centroid").bootstrap(2000, seed=7).intervals("paths")
    se = table.set_index(table["source"] + "->" + table["target"])["se"]
    theirs = expected(PUBLISHED)["bootstrap_se"]
    assert_allclose(se[theirs.index], theirs, rtol=tol.PUBLISHED_SE)
