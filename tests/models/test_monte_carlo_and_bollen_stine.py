"""Monte Carlo intervals of effects, and the bootstrap of chi-square under the model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_files import DATA, expected
from numpy.testing import assert_allclose
from scipy import stats

import tcsmodel as tcs
from tcsmodel.errors import OptionError, TcsError
from tcsmodel.kernels.status import Status

HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


@pytest.fixture(scope="module")
def mini(mobi_frame):
    return tcs.SEM(tcs.ModelSpec.parse(expected("B_mobi_mini_ML")["model"])).fit(mobi_frame)


@pytest.fixture(scope="module")
def schools():
    return pd.read_csv(DATA / "HolzingerSwineford1939.csv")


def quantile_error(values, share):
    """Return the standard error of a quantile: ``sqrt(p (1 - p) / n) / density``."""
    at = np.quantile(values, share)
    density = stats.gaussian_kde(values)(at)[0]
    return np.sqrt(share * (1 - share) / len(values)) / density


def test_defined_parameters_agree_with_semtools(mini):
    theirs = expected("C_monteCarloCI")
    ours = mini.monte_carlo(20_000, seed=9)
    table = ours.estimates.set_index("lhs")
    rows = [*ours.model.names["lhs"]]
    for name in ("ind", "total", "ratio"):
        values = ours.draws.values["estimates"][:, rows.index(name)]
        for share, mine, its in ((0.025, "ci_lower", "ci.lower"), (0.975, "ci_upper", "ci.upper")):
            error = np.sqrt(2) * quantile_error(values, share)
            assert abs(table.loc[name, mine] - theirs.loc[name, its]) < 3.5 * error
        assert_allclose(table.loc[name, "estimate"], theirs.loc[name, "est"], rtol=1e-5)


@pytest.mark.parametrize("way", ["percentile", "bca", "monte_carlo", "delta"])
def test_effects_have_every_kind_of_interval(mini, way):
    result = mini
    if way == "monte_carlo":
        result = mini.monte_carlo(2000, seed=1)
    elif way != "delta":
        result = mini.bootstrap(300, seed=1, interval=way)
    effects = result.effects()
    assert set(effects["effect"]) == {"direct", "indirect", "total", "specific"}
    assert (effects["ci_lower"] < effects["estimate"]).all()
    assert (effects["ci_upper"] > effects["estimate"]).all()
    defined = result.estimates.set_index("lhs")
    for kind, name in (("indirect", "ind"), ("specific", "ind"), ("total", "total")):
        ours = effects[(effects["effect"] == kind) & (effects["source"] == "Quality")].iloc[-1]
        columns = ["estimate", "se", "ci_lower", "ci_upper"]
        assert_allclose(
            ours[columns].astype(float), defined.loc[name, columns].astype(float), rtol=1e-6
        )


def test_effects_are_not_studentized(mini):
    drawn = mini.bootstrap(30, seed=1, interval="studentized")
    with pytest.raises(OptionError, match="replicates of 'effects' have no standard errors"):
        drawn.effects()
    assert np.isfinite(drawn.estimates["ci_lower"]).all()  # define an effect to have them


def test_draws_of_the_estimates(mini):
    drawn = mini.monte_carlo(20_000, seed=1)
    values = drawn.draws.values["estimates"]
    assert_allclose(values.mean(axis=0), mini.arrays["estimates"], atol=0.01)
    linear = mini.estimates["op"].to_numpy() != ":="
    assert_allclose(values.std(axis=0)[linear], mini.estimates["se"][linear], rtol=0.03, atol=1e-9)
    same = mini.monte_carlo(20_000, seed=1).draws.values["estimates"]
    np.testing.assert_array_equal(values, same)
    assert repr(drawn).endswith("20000 Monte Carlo draws)")
    with pytest.raises(OptionError, match=r"no draws of 'htmt', only of.*try \.bootstrap"):
        drawn.intervals("htmt")
    assert "Monte Carlo, 20000 draws of the estimates" in drawn.summary()


def test_equalities_hold_in_every_draw(mobi_frame):
    spec = tcs.ModelSpec.parse("Quality =~ PERQ1 + a*PERQ2 + b*PERQ3 + PERQ4\na == 2 - b")
    drawn = tcs.CFA(spec).fit(mobi_frame).monte_carlo(200, seed=1)
    values = drawn.draws.values["estimates"]
    assert_allclose(values[:, 1] + values[:, 2], 2.0, rtol=1e-9)


def test_moments_are_enough_for_monte_carlo(mini, mobi_frame):
    moments = tcs.Survey(mobi_frame).moments(list(mini.model.parameters.items))
    from_moments = tcs.SEM(mini.estimator.spec).fit(moments).monte_carlo(500, seed=3)
    assert_allclose(
        from_moments.estimates["ci_lower"], mini.monte_carlo(500, seed=3).estimates["ci_lower"],
        rtol=1e-6, atol=1e-8,
    )  # fmt: skip


# Bollen and Stine


def test_p_agrees_with_lavaan(schools):
    theirs = expected("B_HS1939_bollenstine")["test"]["bollen.stine"]
    ours = tcs.CFA(tcs.ModelSpec.parse(HS)).fit(schools).bollen_stine(1000, seed=5)
    assert ours.chi2 == pytest.approx(theirs["stat"], rel=1e-4)
    assert ours.df == theirs["df"]
    # None of 200 replicates there, so p is below .015 with a probability of .95.
    assert theirs["pvalue"] == 0
    assert ours.p < 0.015
    assert "p<0.001" in repr(ours)


def test_replicates_are_those_of_transformed_answers(schools):
    fit = tcs.CFA(tcs.ModelSpec.parse(HS)).fit(schools)
    items = list(fit.model.parameters.items)
    x = schools[items].to_numpy()

    def root(matrix, power):
        values, vectors = np.linalg.eigh(matrix)
        return vectors @ np.diag(values**power) @ vectors.T

    turn = root(np.cov(x.T, bias=True), -0.5) @ root(fit.implied_cov.to_numpy(), 0.5)
    turned = pd.DataFrame((x - x.mean(axis=0)) @ turn, columns=items)
    refit = tcs.CFA(fit.estimator.spec)
    assert refit.fit(turned).fit_measures["chi2"] == pytest.approx(0, abs=1e-6)
    counts = fit.bollen_stine(3, seed=2)
    drawn = refit.fit(turned).bootstrap(3, seed=2).draws.values["chi2"]
    assert_allclose(counts.draws.values["chi2"], drawn, rtol=1e-6)


@pytest.mark.parametrize("means", [False, True])
def test_groups_and_means(schools, means):
    equal = ["loadings", "intercepts"] if means else ["loadings"]
    model = tcs.CFA(tcs.ModelSpec.parse(HS), group="school", group_equal=equal)
    result = model.fit(schools).bollen_stine(300, seed=1)
    table = result.table().iloc[0]
    assert table["mean"] == pytest.approx(table["df"], rel=0.15)
    assert table["p"] < 0.01
    assert result.draws.status_shares["converged"] > 0.8


@pytest.mark.slow
def test_p_is_uniform_where_the_model_holds():
    spec = tcs.ModelSpec.parse("A =~ 0.8*a1 + 0.7*a2 + 0.6*a3 + 0.7*a4\nA ~~ 1*A")
    free = tcs.ModelSpec.parse("A =~ a1 + a2 + a3 + a4")
    p = [
        tcs.CFA(free).fit(tcs.simulate(spec, n=200, seed=seed).data).bollen_stine(200, seed=1).p
        for seed in range(100)
    ]
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_what_bollen_stine_needs(mobi_frame, mini):
    frame = mobi_frame[["PERQ1", "PERQ2", "PERQ3", "PERQ4"]].astype(float)
    frame.iloc[::9, 0] = np.nan
    spec = tcs.ModelSpec.parse("Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4")
    with pytest.raises(TcsError, match=r"Bollen and Stine needs complete answers.*'listwise'"):
        tcs.CFA(spec, missing="fiml").fit(frame).bollen_stine(10)
    with pytest.raises(TcsError, match="needs respondents"):
        tcs.CFA(spec).fit(tcs.Survey(mobi_frame).moments(list(frame))).bollen_stine(10)
    lost = mini.bollen_stine(20, seed=1)
    assert set(lost.draws.status) <= {Status.CONVERGED, Status.IMPROPER, Status.RIDGE}
    assert lost.distribution.shape == (20,)
