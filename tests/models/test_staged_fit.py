"""Fit, tetrads and robustness of models with higher-order constructs; what interactions lack."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import TcsError
from tcsmodel.kernels.moments import to_corr
from tcsmodel.models.pls import PLS
from tcsmodel.models.pls_fit import distances
from tcsmodel.models.simulation import simulate
from tcsmodel.spec import library
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments

MEASURED = """
    Product =~ PERQ1 + PERQ2 + PERQ3
    Service =~ PERQ4 + PERQ5 + PERQ6 + PERQ7
    Image =~ IMAG1 + IMAG2 + IMAG3
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Loyalty =~ CUSL1 + CUSL3
"""
SPEC = ModelSpec.parse(
    MEASURED + "Quality =~ Product + Service\nQuality ~ Image\nSatisfaction ~ Quality\n"
    "Loyalty ~ Satisfaction"
)
MODERATED = ModelSpec.parse(MEASURED + "Satisfaction ~ Image + Product + Service + Image:Product\n"
                            "Loyalty ~ Satisfaction + Image")  # fmt: skip
PLAIN = """
    Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Satisfaction ~ Quality
"""
PARTS = "".join(f"Part{i} =~ PERQ{i}\n" for i in (1, 2, 3, 4)) + PLAIN.replace("PERQ", "Part")


@pytest.fixture(scope="module")
def result(mobi_frame):
    return PLS(SPEC).fit(mobi_frame)


@pytest.fixture(scope="module")
def moderated(mobi_frame):
    return PLS(MODERATED).fit(mobi_frame)


@pytest.fixture(scope="module")
def alike(mobi_frame):
    return [PLS(ModelSpec.parse(text), tol=1e-13).fit(mobi_frame) for text in (PARTS, PLAIN)]


def test_single_items_for_parts_are_the_plain_model(alike):
    ours, theirs = alike
    assert_allclose(ours.fit_measures, theirs.fit_measures, rtol=1e-8)
    items = theirs.implied_corr.index
    assert_allclose(ours.implied_corr.loc[items, items], theirs.implied_corr, atol=1e-10)
    assert_allclose(ours.selection_criteria, theirs.selection_criteria, rtol=1e-9)
    tests = (one.exact_fit(30, seed=3).table() for one in alike)
    assert_allclose(*(table.select_dtypes("number") for table in tests), rtol=1e-7, atol=1e-9)


def test_tetrads_of_single_items_for_parts_are_those_of_the_items(alike):
    ours, theirs = (one.tetrads(40, seed=2).table() for one in alike)
    assert ours["tetrad"].str.replace("Part", "PERQ").tolist() == theirs["tetrad"].tolist()
    assert_allclose(
        ours.select_dtypes("number"), theirs.select_dtypes("number"), rtol=1e-6, atol=1e-10
    )


@pytest.mark.parametrize("saturated", [True, False])
def test_implied_correlations_by_hand(result, saturated):
    model = result.estimator.model
    corr = to_corr(result.sample.moments.cov_array)
    names = ["Image", "Satisfaction", "Loyalty", "Quality"]
    v = result.construct_corr.loc[names, names].copy()
    if not saturated:
        b = result.paths
        way = {"Image": 1.0, "Quality": b.loc["Image", "Quality"]}
        way["Satisfaction"] = way["Quality"] * b.loc["Quality", "Satisfaction"]
        way["Loyalty"] = way["Satisfaction"] * b.loc["Satisfaction", "Loyalty"]
        for first in names:
            for second in names:
                low, high = sorted((way[first], way[second]))
                v.loc[first, second] = low / high  # a chain: the paths between the two
    loading = {
        item: result.outer_loadings.loc[item, part] for part in model.constructs
        for item in SPEC.construct(part).items
    }  # fmt: skip
    home = {i: c.name for c in SPEC.constructs for i in c.items if c.name != "Quality"}

    def correlation(first, second):
        a, b = home[first], home[second]
        if a == b:
            return corr[model.observed.index(first), model.observed.index(second)]
        r = result.construct_corr.loc[a, b]
        if {a, b} != {"Product", "Service"}:
            r = 1.0
            for part in (a, b):
                r *= loading.get(part, 1.0)
            r *= v.loc[*("Quality" if p in ("Product", "Service") else p for p in (a, b))]
        return loading[first] * loading[second] * r

    sigma = np.array([[correlation(i, j) for j in model.observed] for i in model.observed])
    np.fill_diagonal(sigma, 1.0)
    own = distances(result.estimator, result.arrays, corr, saturated=saturated)
    by_hand = np.sqrt(((corr - sigma)[np.tril_indices(len(corr))] ** 2).mean())
    assert_allclose(own["srmr"], by_hand, rtol=1e-9)
    if not saturated:
        assert_allclose(result.implied_corr, sigma, atol=1e-9)


def test_a_model_that_holds_has_no_distance(result):
    """What composites of composites imply is what they find: all of Mode B."""
    modes = dict.fromkeys(SPEC.construct_names, "B")
    spec = ModelSpec.parse(str(SPEC))
    first = PLS(spec, modes=modes, tol=1e-13).fit(result.sample.survey)
    implied = first.implied_corr
    moments = Moments.from_cov(implied, n=250)
    again = PLS(spec, modes=modes, tol=1e-13).fit(moments)
    assert_allclose(again.paths, first.paths, atol=1e-8)
    fit = again.fit_measures
    assert_allclose(fit[["srmr", "d_uls", "d_g", "d_ml"]], 0, atol=1e-10)
    assert first.fit_measures["srmr"] > 0.02


def test_degrees_of_freedom_count_what_is_free(result):
    """15 items; composites of 3, 4, 3, 3, 2 items and of 2 parts; 3 paths, 1 construct to start."""
    p, blocks = 15, (3, 4, 3, 3, 2, 2)
    free = sum(m - 1 + m * (m - 1) // 2 for m in blocks) + 3
    assert result.fit_measures["df"] == p * (p - 1) // 2 - free


def test_replicates_of_exact_fit_are_fits_to_transformed_answers(result):
    found = result.exact_fit(40, seed=1)
    assert set(found.table()["measure"]) == {"srmr", "d_uls", "d_g", "d_ml"}
    assert found.table()["p"].between(0, 1).all()
    assert result.residual_corr.shape == (15, 15)


def test_dimensions_of_servqual_are_tested_as_items_of_their_whole():
    spec = ModelSpec.of(
        library.servqual().terms,
        tcs.reflective("Satisfaction", ["sat1", "sat2", "sat3"]),
        tcs.paths("ServiceQuality", "Satisfaction"),
    )
    answers = simulate(spec, n=300, seed=2).data[list(spec.items)]
    pls = PLS(spec).fit(answers)
    found = pls.tetrads(60, seed=3)
    verdicts = found.verdicts.set_index("construct")
    assert verdicts.loc["ServiceQuality", ["n_items", "tetrads"]].tolist() == [5, 5]
    assert verdicts.loc["ServiceQuality", "verdict"] == "reflective"
    r = pls.scores().corr()
    row = found.table().query("construct == 'ServiceQuality'").iloc[0]
    g, h, i, j = row["tetrad"].split(", ")
    assert_allclose(row["estimate"], r.loc[g, h] * r.loc[i, j] - r.loc[g, i] * r.loc[h, j])
    plain = library.servqual().construct("Reliability").items
    alone = ModelSpec.parse(f"R =~ {' + '.join(plain)}; S =~ sat1 + sat2 + sat3; S ~ R")
    theirs = PLS(alone).fit(answers).tetrads(60, seed=3).table()
    own = found.table().query("construct == 'Reliability'")
    assert_allclose(own["estimate"], theirs.query("construct == 'R'")["estimate"])
    assert_allclose(own["se"], theirs.query("construct == 'R'")["se"])


def test_the_largest_model_has_no_paths_of_parts(result, mobi_frame):
    whole = MEASURED + (
        "Quality =~ Product + Service\nQuality ~ Image\nSatisfaction ~ Image + Quality\n"
        "Loyalty ~ Image + Quality + Satisfaction"
    )
    largest = PLS(ModelSpec.parse(whole)).fit(mobi_frame)
    error = (1 - largest.r_squared["Loyalty"]) * 249 / (250 - 4)
    sse = (1 - result.r_squared["Loyalty"]) * 249
    assert_allclose(result.selection_criteria.loc["Loyalty", "cp"], sse / error - (250 - 4))


def test_criteria_weigh_what_an_interaction_adds(moderated, mobi_frame):
    text = MEASURED + "Satisfaction ~ Image + Product + Service\nLoyalty ~ Satisfaction + Image"
    plain = PLS(ModelSpec.parse(text)).fit(mobi_frame).selection_criteria
    ours = moderated.selection_criteria
    r2 = moderated.r_squared["Satisfaction"]
    by_hand = 250 * np.log((1 - r2) * 249 / 250) + 2 * 5
    assert_allclose(ours.loc["Satisfaction", "aic"], by_hand)
    assert ours.loc["Satisfaction", "bic"] != plain.loc["Satisfaction", "bic"]


def test_nonlinearity_is_that_of_a_model_of_the_scores(result):
    """Scores as single items: the same regressions, but for weights that are not estimated."""
    found = result.nonlinearity(20, seed=1)
    scores = result.scores()[["Image", "Quality", "Satisfaction", "Loyalty"]]
    text = "".join(f"{name} =~ {name}_\n" for name in scores)
    text += "Quality ~ Image\nSatisfaction ~ Quality\nLoyalty ~ Satisfaction"
    alone = PLS(ModelSpec.parse(text)).fit(scores.add_suffix("_")).nonlinearity(20, seed=1)
    assert_allclose(found.table()["quadratic"], alone.table()["quadratic"], atol=1e-8)
    own, theirs = (one.reset.set_index("target")["f"].sort_index() for one in (found, alone))
    assert_allclose(own, theirs, rtol=1e-6)
    copulas = result.endogeneity(20, seed=1).table()
    assert copulas["path"].notna().all()


def test_a_marker_is_taken_out_of_wholes_and_parts(result, moderated, mobi_frame):
    frame = mobi_frame.assign(marker=np.random.default_rng(1).normal(size=250))
    found = PLS(SPEC).fit(frame).marker_adjusted("marker")
    assert len(found) == 15
    scores = result.scores()
    common = scores.corrwith(pd.Series(frame["marker"])).abs().min()
    assert_allclose(found["marker"], common)
    r = result.construct_corr.loc["Quality", "Image"]
    row = found.set_index(["construct", "other"]).loc[("Image", "Quality")]
    assert_allclose(row["corr_adjusted"], (r - common) / (1 - common))
    with_product = PLS(MODERATED).fit(frame).marker_adjusted("marker")
    assert not with_product[["construct", "other"]].isin(["Image:Product"]).any(axis=None)


def test_what_has_no_meaning_with_a_product_says_why(moderated):
    for ask in (
        lambda: moderated.fit_measures,
        lambda: moderated.implied_corr,
        lambda: moderated.residual_corr,
        lambda: moderated.exact_fit(10),
    ):
        with pytest.raises(TcsError, match=r"'Image:Product' are not of that kind \(Dijkstra &"):
            ask()
    for ask in (lambda: moderated.nonlinearity(10), lambda: moderated.endogeneity(10)):
        with pytest.raises(TcsError, match="what it adds to the path of a product is not settled"):
            ask()
    assert set(moderated.tetrads(20).table()["construct"]) == {"Service"}
