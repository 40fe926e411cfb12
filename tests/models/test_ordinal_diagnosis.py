"""What is read off a model of ordinal items once it is fitted, against lavaan and semTools."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import expected
from lavaan_cases import frame
from lavaan_numbers import close
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import DroppedRespondentsWarning, OptionError
from tcsmodel.models.cfa import CFA
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec

POPULATION = ModelSpec.parse("F =~ 0.8*a + 0.7*b + 0.6*c + 0.5*d + 0.7*e")
FREE = ModelSpec.parse("F =~ a + b + c + d + e")


@pytest.fixture(scope="module")
def mobi():
    return frame("mobi_ord5")


@pytest.mark.parametrize("case", ["B_mobi_ord_WLSMV", "B_mobi_ord_WLSMV_theta"])
def test_residuals_and_the_test_of_srmr_are_those_of_lavaan(mobi, case):
    way = "theta" if case.endswith("theta") else "delta"
    spec = ModelSpec.parse(expected(case)["model"])
    result, theirs = (
        SEM(spec, ordered=True, parameterization=way).fit(mobi),
        expected(f"{case}_residuals"),
    )
    table = tcs.residuals(result).set_index(["lhs", "rhs"])
    at = list(table.index)
    close(table["corr"], [theirs["cov"].loc[pair] for pair in at], tol.POINT, 1e-6)
    assert_allclose(table["residual"], table["corr"], atol=1e-12)
    # They divide by n here, and have a rounding error as the z of what is always reproduced.
    n, z = result.sample.n, table["z"].dropna()
    assert set(at) - set(z.index) == {("PERV1", "PERV2")}
    close(z * np.sqrt(n / (n - 1)), [theirs["z"].loc[pair] for pair in z.index], tol.SE, 1e-4)
    tested, there = tcs.srmr_test(result).iloc[0], theirs["summary"]["cor"]
    assert tested["srmr"] == pytest.approx(result.fit_measures["srmr"])
    close(tested["srmr"], there["srmr"], tol.FIT)
    for ours, name in {"unbiased": "usrmr", "se": "usrmr.se", "ci_upper": "usrmr.ci.upper"}.items():
        close(tested[ours], there[name], 2 / n)


def simulated(draw, n, cuts):
    """Return answers of the population, in the categories between cuts; continuous without."""
    people = tcs.simulate(POPULATION, n=n, seed=int(draw.integers(2**31))).data[list("abcde")]
    return people.apply(lambda x: np.digitize(x, cuts[x.name]) if cuts[x.name] else x)


@pytest.mark.parametrize("ordinal", [list("abcde"), list("abc")])
def test_errors_of_residuals(ordinal):
    """Of samples of a population that the model describes their z values are standard normal."""
    draw, z = np.random.default_rng(4), []
    cuts = {name: [-0.7, 0.2, 1.1] if name in ordinal else [] for name in "abcde"}
    for _ in range(60):
        result = CFA(FREE, ordered=ordinal).fit(simulated(draw, 400, cuts))
        z.append(tcs.residuals(result)[["z", "standardized"]])
    assert_allclose(pd.concat(z).std(), 1, atol=0.12)


@pytest.mark.parametrize("estimator", ["WLSMV", "MLR"])
def test_discriminant_validity_by_the_estimator_of_the_model(mobi, mobi_frame, estimator):
    theirs = expected("B_mobi_distinct")
    spec, data = ModelSpec.parse(theirs["model"]), mobi if estimator == "WLSMV" else mobi_frame
    result = CFA(spec, estimator=estimator.lower(), ordered=estimator == "WLSMV").fit(data)
    ours = tcs.discriminant_validity(result, cutoff=0.995).table().set_index(["lhs", "rhs"])
    there = theirs[estimator].set_index(["lhs", "rhs"]).loc[ours.index]
    close(ours["correlation"], there["est"], tol.POINT, 1e-6)
    close(ours["se"], there["se"], tol.SE)
    close(ours["chi2_diff"], there["chi2"], tol.CHI2, 1e-5)
    close(ours["p"], there["p"], tol.SE, 1e-5)


def test_discriminant_validity_without_a_test(mobi):
    spec = ModelSpec.parse(expected("B_mobi_distinct")["model"])
    result = CFA(spec, estimator="dwls", ordered=True).fit(mobi)
    table = tcs.discriminant_validity(result, cutoff=0.995).table()
    assert table[["chi2_diff", "p"]].isna().all(axis=None)
    assert np.isfinite(table["ci_upper"]).all()


def test_categorical_omega_is_that_of_semtools(mobi):
    theirs = expected("C_reliability_ordinal")
    ours = CFA(ModelSpec.parse(theirs["model"]), ordered=True).fit(mobi).reliability
    for name, there in {
        "omega_categorical_observed": "observed",
        "omega_categorical": "implied",
        "omega_observed": "response_observed",
        "omega": "response_implied",
    }.items():
        close(ours[name], theirs[there][ours.index], tol.POINT, 1e-6)


def test_categorical_omega_is_the_reliability_of_the_sum_of_answers():
    """The correlation of the sums of parallel forms, simulated."""
    spec = ModelSpec.parse("F =~ a + b + c")
    draw = np.random.default_rng(5)
    factor, loading = draw.normal(size=(1_000_000, 1)), np.array([0.8, 0.7, 0.5])
    forms = [
        np.digitize(
            factor * loading + np.sqrt(1 - loading**2) * draw.normal(size=(len(factor), 3)),
            [-0.3, 0.4, 1.6],
        )
        for _ in range(2)
    ]
    parallel = np.corrcoef(*(form.sum(axis=1) for form in forms))[0, 1]
    result = CFA(spec, ordered=True).fit(pd.DataFrame(forms[0][:200_000], columns=list("abc")))
    row = result.reliability.loc["F"]
    assert row["omega_categorical"] == pytest.approx(parallel, abs=0.004)
    assert row["omega"] - parallel > 0.03


def test_categorical_omega_needs_ordinal_items_only():
    mixed = frame("mixed")
    text = "Quality =~ PERQ1 + PERQ2 + PERQ3\nValue =~ PERV1 + PERV2"
    result = CFA(ModelSpec.parse(text), ordered=["PERQ1", "PERQ2", "PERQ3", "PERV1"]).fit(mixed)
    assert result.reliability["omega_categorical"].notna().tolist() == [True, False]
    drawn = result.bootstrap(20, seed=1).intervals("omega_categorical").set_index("construct")
    assert drawn.loc["Quality", "ci_lower"] < drawn.loc["Quality", "estimate"]
    plain = CFA(ModelSpec.parse(text)).fit(mixed)
    assert "omega_categorical" not in plain.reliability
    with pytest.raises(OptionError, match="'omega_categorical' is not one of htmt"):
        plain.bootstrap(20, seed=1).intervals("omega_categorical")


@pytest.mark.parametrize("way", ["delta", "theta"])
def test_second_order_reliability_is_of_what_is_behind_the_items(way):
    theirs = expected("C_reliability_ordinal")
    spec, data = ModelSpec.parse(theirs["second"]), frame("bfi_rev")
    with pytest.warns(DroppedRespondentsWarning):
        result = CFA(spec, ordered=True, parameterization=way).fit(data)
    row, there = tcs.second_order_reliability(result).iloc[0], theirs["second_response"]
    names = {"omega_l1": "omegaL1", "omega_l1_partial": "partialOmegaL1"}
    if way == "delta":  # the units of the constructs, which are added up here, depend on it
        names["omega_l2"] = "omegaL2"
    for ours, name in names.items():
        close(row[ours], there[name], tol.POINT, 1e-6)


TIED = ModelSpec.parse("F =~ NA*a + k*a + k*b + k*c + d + e\nF ~~ 1*F")


@pytest.mark.parametrize("ordinal", [True, False])
def test_equalities_that_hold_are_kept(ordinal):
    """Their score tests are chi-squares, of items that are far from normal too."""
    people = ModelSpec.parse("F =~ 0.7*a + 0.7*b + 0.7*c + 0.5*d + 0.6*e")
    draw, found = np.random.default_rng(9), []
    for _ in range(60):
        data = tcs.simulate(people, n=400, seed=int(draw.integers(2**31))).data[list("abcde")]
        data = data.apply(lambda x: np.digitize(x, [-0.8, 0.4, 1.2])) if ordinal else data**3
        found.append(tcs.release_tests(CFA(TIED, estimator="wlsmv", ordered=ordinal).fit(data)))
    each, all_ = zip(*((t["chi2"].iloc[:-1], t["chi2"].iloc[-1]) for t in found), strict=True)
    assert np.mean(each) == pytest.approx(1, abs=0.35)
    assert np.mean(all_) == pytest.approx(2, abs=0.6)
    assert {int(t["df"].iloc[-1]) for t in found} == {2}


def test_equalities_that_do_not_hold_are_told_as_by_a_second_fit():
    people = ModelSpec.parse("F =~ 0.8*a + 0.6*b + 0.5*c + 0.5*d + 0.6*e")
    data = tcs.simulate(people, n=1000, seed=4).data[list("abcde")]
    data = data.apply(lambda x: np.digitize(x, [-0.8, 0.4, 1.2]))
    tied, free = (
        CFA(ModelSpec.parse(text), ordered=True).fit(data)
        for text in (str(TIED), str(TIED).replace("k*", ""))
    )
    last = tcs.release_tests(tied).iloc[-1]
    row = free.compare(tied).iloc[1]
    assert (last["df"], row["df_diff"]) == (2, 2)
    assert last["chi2"] == pytest.approx(row["chi2_diff_scaled"], rel=0.2)


def test_equal_thresholds_of_groups_are_released_one_by_one(mobi):
    data = mobi.assign(group=["A", "B"] * 125)
    spec = ModelSpec.parse("Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4")
    held = CFA(spec, ordered=True, group="group", group_equal=["thresholds", "loadings"]).fit(data)
    tests = tcs.release_tests(held)
    assert set(tests["op"]) == {"|", "=~", ""}
    assert np.isfinite(tests["chi2"].iloc[-1])
    last = tests.iloc[-1]
    free = CFA(spec, ordered=True, group="group").fit(data)
    assert last["df"] == free.compare(held)["df_diff"].iloc[1]
