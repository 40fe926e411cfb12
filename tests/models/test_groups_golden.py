"""MICOM and multigroup analysis against cSEM and seminr, mobi.

What these draw at random is compared within the Monte Carlo error of both sides.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from numpy.testing import assert_allclose

from tcsmodel.kernels import group_tests, micom, permutation
from tcsmodel.kernels.moments import moments
from tcsmodel.models.group_comparison import compare_groups
from tcsmodel.models.permuted import bootstrap_groups
from tcsmodel.models.pls import PLS
from tcsmodel.spec import library
from tcsmodel.spec.model import ModelSpec

SPEC = ModelSpec.parse("""
Quality      =~ PERQ1 + PERQ2 + PERQ3 + PERQ4
Value        =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Value ~ Quality
Satisfaction ~ Quality + Value
""")
SIGMAS = 4


def within_error(ours, theirs, n_ours, n_theirs):
    """Compare shares of draws: each has the error of a binomial share."""
    ours, theirs = (np.asarray(p, dtype=float) for p in (ours, theirs))
    error = np.sqrt(ours * (1 - ours) * (1 / n_ours + 1 / n_theirs))
    assert np.all(np.abs(ours - theirs) <= SIGMAS * error + 1 / n_theirs)


@pytest.fixture(scope="module")
def halves():
    frame = pd.read_csv(DATA / "mobi_drivers.csv")
    return compare_groups(PLS(SPEC, tol=1e-9), frame, "group", permutations=3000, bootstrap=3000)


def of_micom(halves, test):
    tests = halves.micom.tests
    return tests[tests["test"] == test].set_index("construct")


@pytest.mark.parametrize("test", ["means", "variances"])
def test_differences_of_scores_equal_csem(halves, test):
    theirs, ours = expected("D_csem_testMICOM"), of_micom(halves, test)
    for name in theirs["constructs"]:
        assert_allclose(ours.loc[name, "statistic"], theirs[test][name], atol=tol.PLS, rtol=0)


@pytest.mark.parametrize("test", ["composition", "means", "variances"])
def test_p_of_micom_equals_csem_within_error(halves, test):
    theirs, ours = expected("D_csem_testMICOM"), of_micom(halves, test)
    p = [theirs[f"{test}_p"][name] for name in ours.index]
    within_error(ours["p"], p, 3000, 200)


def test_composition_on_the_answers_as_they_are_equals_csem(halves):
    """cSEM weights answers in their own units with weights of standardized items."""
    theirs, model = expected("D_csem_testMICOM"), halves.estimator.model
    weights = [fit.outer_weights.to_numpy() for fit in halves.grouped.fits]
    _, cov = moments(halves.grouped.sample.values)
    same = micom.agreement(*weights, cov)
    assert_allclose(same, [theirs["composition"][c] for c in model.constructs], atol=tol.PLS)
    draws = theirs["composition_permuted"][list(model.constructs)].to_numpy()
    p = [theirs["composition_p"][c] for c in model.constructs]
    assert_allclose(permutation.lower(draws, same), (1 + 200 * np.array(p)) / 201, atol=1e-12)


def test_differences_of_paths_and_weights_equal_csem(halves):
    theirs = expected("D_csem_testMGD")["difference"]
    for row in halves.table().itertuples():
        assert_allclose(row.difference, theirs[f"{row.target} ~ {row.source}"], atol=tol.PLS)
    for row in halves.differences("outer_weights").itertuples():
        assert_allclose(row.difference, theirs[f"{row.construct} <~ {row.item}"], atol=tol.PLS)


def csem_rows(halves):
    paths, weights = halves.tests(), halves.tests("outer_weights")
    paths["name"] = paths["target"] + " ~ " + paths["source"]
    weights["name"] = weights["construct"] + " <~ " + weights["item"]
    return pd.concat([paths, weights])


def test_p_of_permutations_equals_csem_within_error(halves):
    theirs, ours = expected("D_csem_testMGD"), csem_rows(halves)
    own = ours[ours["method"] == "permutation"].set_index("name")["p"]
    names = theirs["rows"]
    within_error(own[names], [theirs["p_permutation"][name] for name in names], 3000, 100)


def test_distances_of_whole_models_equal_csem(halves):
    """cSEM takes logarithms to the base 10 in its geodesic distance."""
    theirs, ours = expected("D_csem_testMGD"), halves.distances.set_index("measure")
    d_g, d_l = theirs["distances"]["dG"] * np.log(10) ** 2, theirs["distances"]["dL"]
    assert_allclose(ours.loc[["d_g", "d_uls"], "distance"], [d_g, d_l], rtol=tol.PLS)
    shares = theirs["p_distances"]
    within_error(ours.loc[["d_g", "d_uls"], "p"], [shares["dG"], shares["dL"]], 3000, 100)
    drawn = theirs["permuted_distances"]
    for name, measure, scale in (("dG", "d_g", np.log(10) ** 2), ("dL", "d_uls", 1.0)):
        low, high = np.quantile(drawn[name], [0.85, 0.99]) * scale
        assert low < ours.loc[measure, "critical"] < high


def test_p_of_given_permutations_equals_csem():
    theirs = expected("D_csem_testMGD")
    observed = np.array([theirs["difference"][name] for name in theirs["rows"]])
    p = permutation.two_sided(np.array(theirs["permuted"]).T, observed)
    shares = np.array([theirs["p_permutation"][name] for name in theirs["rows"]])
    assert_allclose(p, (1 + 100 * shares) / 101, atol=1e-12)


def spread_of_probability(comparison, quantity, draws):
    """Return the standard deviation of the probabilities over samples of so many replicates."""
    first, second = (comparison.draws.of(quantity, g) for g in (0, 1))
    parts = range(0, len(first) - draws + 1, draws)
    found = [
        group_tests.probability_larger(first[k : k + draws], second[k : k + draws]) for k in parts
    ]
    return np.std(found, axis=0, ddof=1)


def test_henseler_p_equals_csem_within_error(halves):
    theirs = expected("D_csem_testMGD")["p_henseler"]
    table = halves.tests()
    ours = table[table["method"] == "henseler"]
    p = [theirs[f"{row.target} ~ {row.source}"] for row in ours.itertuples()]
    error = spread_of_probability(halves, "paths", 100)
    assert np.all(np.abs((1 - ours["statistic"]) - p) < SIGMAS * error)


@pytest.fixture(scope="module")
def ecsi(mobi_frame):
    pleased = np.where(mobi_frame["CUEX1"] < 8, "below 8", "8 and more")
    frame = mobi_frame.assign(pleased=pleased)
    model = PLS(library.ecsi(), tol=1e-9)
    return compare_groups(model, frame, "pleased", permutations=50, bootstrap=5000)


def seminr_rows(comparison):
    theirs = expected("D_seminr_mobi_mga")["mga"].set_index(["source", "target"])
    ours = comparison.table().set_index(["source", "target"])
    sign = 1 if comparison.groups[0] == "below 8" else -1
    return ours.loc[theirs.index], theirs, sign


def test_paths_of_groups_and_differences_equal_seminr(ecsi):
    ours, theirs, sign = seminr_rows(ecsi)
    first, second = ("estimate", "estimate_other")[::sign]
    assert sorted(ecsi.sizes) == [108, 142]
    assert_allclose(ours[first], theirs["group1_beta"], atol=tol.PLS)
    assert_allclose(ours[second], theirs["group2_beta"], atol=tol.PLS)
    assert_allclose(sign * ours["difference"], theirs["diff"], atol=tol.PLS)


def test_henseler_p_and_bootstrap_means_equal_seminr_within_error(ecsi):
    _, theirs, sign = seminr_rows(ecsi)
    tests = ecsi.tests()
    own = tests[tests["method"] == "henseler"].set_index(["source", "target"])["statistic"]
    larger = own[theirs.index] if sign > 0 else 1 - own[theirs.index]
    error = spread_of_probability(ecsi, "paths", 500)
    at = [list(own.index).index(index) for index in theirs.index]
    assert np.all(np.abs((1 - larger) - theirs["pls_mga_p"]) < SIGMAS * error[at])
    for g, name in enumerate(("group1_beta_mean", "group2_beta_mean")[::sign]):
        draws = ecsi.draws.of("paths", g)[:, at]
        limit = SIGMAS * draws.std(axis=0) * np.sqrt(1 / 500 + 1 / 5000)
        assert np.all(np.abs(draws.mean(axis=0) - theirs[name]) < limit)


def test_bootstrap_of_groups_is_that_of_each_group(ecsi):
    """The replicates of a group are fits to its resampled respondents."""
    draws = bootstrap_groups(ecsi.grouped, 3, 0)
    fit = ecsi.grouped.fits[1]
    spread = ecsi.draws.of("paths", 1).std(axis=0)
    own = fit.bootstrap(2000, seed=3).draws.values["paths"]
    at = tuple(np.array(ecsi.estimator.model.written).T)
    assert_allclose(own[(slice(None), *at)].std(axis=0), spread, rtol=0.1)
    assert_allclose(draws.values["paths"], ecsi.draws.values["paths"][:3], atol=tol.PLS)
