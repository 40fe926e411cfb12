"""Full collinearity, quadratic terms, RESET and Gaussian copulas of PLS paths."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy import special, stats

import tcsmodel as tcs
from tcsmodel.kernels import marker, second_stage
from tcsmodel.kernels.resample import bootstrap_chunks

TEXT = """
Quality =~ PERQ1 + PERQ3 + PERQ7
Value =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Value ~ Quality
Satisfaction ~ Quality + Value
"""
SINGLE = "A =~ a\nB =~ b\nC =~ c\nC ~ A + B"


@pytest.fixture(scope="module")
def fitted(mobi_frame):
    return tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(mobi_frame)


def single(frame, **options):
    return tcs.PLS(tcs.ModelSpec.parse(SINGLE), **options).fit(frame)


def endogenous(n, share, seed):
    """Return a skewed cause a of c that correlates with what else causes c, and another, b."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 3))
    error = share * z[:, 0] + np.sqrt(1 - share**2) * z[:, 2]
    a, b = -np.log(1 - special.ndtr(z[:, 0])), np.exp(0.7 * z[:, 1])
    return pd.DataFrame({"a": a, "b": b, "c": 0.5 * a + 0.3 * b + error})


def curved(n, seed, bend=-0.2):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, n))
    return pd.DataFrame({"a": a, "b": b, "c": 0.5 * a + bend * a**2 + 0.3 * b + rng.normal(size=n)})


# Full collinearity


def test_full_collinearity_is_a_regression_on_all_other_constructs(fitted):
    scores = fitted.scores()
    for name in scores:
        others = sm.add_constant(scores.drop(columns=name))
        r_squared = sm.OLS(scores[name], others).fit().rsquared
        assert_allclose(fitted.full_vif[name], 1 / (1 - r_squared), rtol=1e-9)


# A marker variable


def test_what_a_marker_shares_is_taken_out(mobi_frame):
    frame = mobi_frame.assign(age=np.random.default_rng(1).integers(20, 60, 250))
    survey = tcs.Survey(frame, items=list(mobi_frame))
    result = tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(survey)
    common = result.scores().corrwith(frame["age"]).abs().min()
    table = result.marker_adjusted("age")
    assert len(table) == 3
    assert_allclose(table["marker"], common, rtol=1e-9)
    for row in table.itertuples():
        corr = result.construct_corr.loc[row.construct, row.other]
        left = (corr - common) / (1 - common)
        t = left / np.sqrt((1 - left**2) / 247)
        assert_allclose([row.corr, row.corr_adjusted, row.t], [corr, left, t])
        assert_allclose(row.p, 2 * stats.t.sf(abs(t), 247))
    same = result.marker_adjusted("CUSCO")
    assert (same["corr_adjusted"] < same["corr"]).all()


def test_a_worked_example_of_lindell_and_whitney():
    left, t, p = marker.adjusted(np.array([0.35, 0.10]), 0.10, 103)
    assert_allclose(left, [0.25 / 0.9, 0.0])
    assert_allclose(t[0], 0.2777778 / np.sqrt((1 - 0.2777778**2) / 100), rtol=1e-6)
    assert_allclose(p[1], 1.0)
    assert p[0] < 0.01


def test_method_variance_is_found_again():
    """A common part of .2 in every correlation: .5 between constructs without it."""
    rng = np.random.default_rng(2)
    method = rng.standard_normal(20_000)
    one = rng.standard_normal(20_000)
    two = 0.5 * one + np.sqrt(0.75) * rng.standard_normal(20_000)
    three = rng.standard_normal(20_000)
    frame = pd.DataFrame({"a": one, "b": two, "m": three}) * np.sqrt(0.8)
    frame = frame.add(np.sqrt(0.2) * method, axis=0)
    spec = tcs.ModelSpec.parse("A =~ a\nB =~ b\nB ~ A")
    table = tcs.PLS(spec).fit(tcs.Survey(frame, items=["a", "b"])).marker_adjusted("m")
    assert abs(table["corr"].iloc[0] - 0.6) < 0.02
    assert abs(table["corr_adjusted"].iloc[0] - 0.5) < 0.02


def test_what_no_marker_can_be(mobi_frame, fitted):
    with pytest.raises(tcs.TcsError, match="is an item of the model"):
        fitted.marker_adjusted("PERQ1")
    with pytest.raises(tcs.TcsError, match="CUSCOO"):
        fitted.marker_adjusted("CUSCOO")
    frame = mobi_frame.astype(float)
    frame.loc[3, "CUSCO"] = np.nan
    with pytest.raises(tcs.TcsError, match="1 have none"):
        tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(frame).marker_adjusted("CUSCO")
    with pytest.raises(tcs.TcsError, match="moments alone"):
        tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(fitted.sample.moments).marker_adjusted("CUSCO")


# Kernels


def test_copulas_give_ties_one_value_and_leave_out_who_was_not_drawn():
    values = np.array([3.0, 1.0, 2.0, 2.0, 5.0])[None, :, None]
    found = second_stage.copula(values, np.ones((1, 5)))[0, :, 0]
    assert_allclose(special.ndtr(found), np.array([4, 1, 3, 3, 5]) / 6)
    found = second_stage.copula(values, np.array([[1.0, 0, 2, 1, 1]]))[0, :, 0]
    assert_allclose(special.ndtr(found[[0, 2, 3, 4]]), np.array([4, 3, 3, 5]) / 6)
    assert found[1] == 0.0


def test_copulas_of_counts_are_those_of_repeated_rows():
    rng = np.random.default_rng(1)
    values = rng.integers(1, 8, size=(40, 2)).astype(float)
    counts = rng.multinomial(40, np.full(40, 1 / 40)).astype(float)
    repeated = np.repeat(values, counts.astype(int), axis=0)
    ours = second_stage.copula(values[None], counts[None])[0]
    theirs = second_stage.copula(repeated[None], np.ones((1, 40)))[0]
    assert_allclose(np.repeat(ours, counts.astype(int), axis=0), theirs)


@pytest.mark.parametrize("weighted", [False, True])
def test_reset_equals_a_wald_test_of_statsmodels(weighted):
    rng = np.random.default_rng(3)
    x = sm.add_constant(rng.standard_normal((120, 2)))
    y = x @ [0.2, 0.5, -0.3] + 0.2 * x[:, 1] ** 2 + rng.standard_normal(120)
    weights = rng.uniform(0.5, 2, 120) if weighted else np.ones(120)
    ours = second_stage.reset(y, x, weights)
    fitted = sm.WLS(y, x, weights=weights).fit().fittedvalues
    wide = np.column_stack([x, fitted**2, fitted**3])
    model = sm.WLS(y, wide, weights=weights).fit(cov_type="HC1")
    theirs = model.f_test(np.eye(5)[3:])
    assert_allclose([ours.f, ours.p], [float(theirs.fvalue), float(theirs.pvalue)], rtol=1e-5)
    assert (ours.df1, ours.df2) == (2, 115)


def test_shape_equals_scipy():
    values = np.random.default_rng(2).gamma(2.0, size=(90, 2))
    skewness, kurtosis, p = second_stage.shape(values, np.ones(90))
    assert_allclose(skewness, stats.skew(values), rtol=1e-10)
    assert_allclose(kurtosis, stats.kurtosis(values), rtol=1e-10)
    assert_allclose(p, [stats.jarque_bera(column).pvalue for column in values.T], rtol=1e-8)


# Nonlinearity


def test_quadratic_terms_are_regressions_of_the_scores(fitted):
    table = fitted.nonlinearity(20, seed=1).table()
    scores = fitted.scores()
    for row in table.itertuples():
        sources = list(fitted.paths.index[fitted.paths[row.target] != 0])
        plain = sm.OLS(scores[row.target], sm.add_constant(scores[sources])).fit()
        wide = sm.add_constant(scores[sources].assign(square=scores[row.source] ** 2))
        more = sm.OLS(scores[row.target], wide).fit()
        assert_allclose(row.quadratic, more.params["square"], atol=1e-9)
        assert_allclose(
            row.f_squared, (more.rsquared - plain.rsquared) / (1 - more.rsquared), atol=1e-9
        )


def test_replicates_are_fits_to_repeated_rows(fitted, mobi_frame):
    draws = fitted.nonlinearity(3, seed=5).draws.values["quadratic"]
    copulas = fitted.endogeneity(3, seed=5).draws.values["copula"]
    (counts,) = bootstrap_chunks(250, 3, 5)
    for b in range(3):
        rows = mobi_frame.index.repeat(counts[b].astype(int))
        again = tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(mobi_frame.loc[rows].reset_index(drop=True))
        assert_allclose(draws[b], again.nonlinearity(2).table()["quadratic"], atol=1e-9)
        assert_allclose(copulas[b], again.endogeneity(2).table()["copula"], atol=1e-9)


def test_weights_count_as_repeated_rows(mobi_frame):
    weights = np.tile([1.0, 2.0], 125)
    survey = tcs.Survey(mobi_frame.assign(w=weights), items=list(mobi_frame), weight="w")
    repeated = mobi_frame.loc[mobi_frame.index.repeat(weights.astype(int))].reset_index(drop=True)
    spec = tcs.ModelSpec.parse(TEXT)
    ours, theirs = (tcs.PLS(spec).fit(data).nonlinearity(2) for data in (survey, repeated))
    # Scores have a variance of 1 with divisor n - 1, and n differs.
    assert_allclose(ours.table()["quadratic"], theirs.table()["quadratic"], rtol=3e-3)


def test_a_curve_is_found_and_a_line_is_not():
    found = single(curved(400, 1)).nonlinearity(300, seed=1)
    (finding,) = found.verify()
    assert (finding.code, finding.subjects) == ("curved_path", ("A", "C"))
    assert "from A to C" in finding.sentence()
    assert found.reset["p"][0] < 0.01
    straight = single(curved(400, 1, bend=0.0)).nonlinearity(300, seed=1)
    assert straight.verify() == ()
    assert straight.reset["p"][0] > 0.05


def test_a_variable_with_two_values_has_no_square():
    frame = curved(200, 2)
    frame["a"] = (frame["a"] > 0).astype(float)
    table = single(frame).nonlinearity(20, seed=1).table().set_index("source")
    assert np.isnan(table.loc["A", "quadratic"])
    assert np.isfinite(table.loc["B", "quadratic"])


# Endogeneity


def test_a_copula_takes_up_what_the_model_leaves_out():
    found = single(endogenous(600, 0.5, 1)).endogeneity(300, seed=1)
    table = found.table().set_index(["source", "copulas"])
    alone = table.loc[("A", "A")]
    truth = 0.5 * endogenous(600, 0.5, 1)["a"].std() / endogenous(600, 0.5, 1)["c"].std()
    assert alone["path"] > truth + 0.15
    assert abs(alone["path_corrected"] - truth) < 0.1
    assert alone["p"] < 0.001
    assert table.loc[("B", "B"), "p"] > 0.01
    assert table.loc[("A", "A, B"), "p"] < 0.001
    assert [finding.subjects for finding in found.verify()] == [("A", "C")]


def test_copulas_reject_as_rarely_as_the_level_says():
    p = [
        single(endogenous(200, 0.0, seed)).endogeneity(60, seed=seed).table()["p"].iloc[0]
        for seed in range(30)
    ]
    assert np.mean(np.array(p) < 0.05) < 0.2
    assert 0.3 < np.mean(p) < 0.7


def test_a_normal_antecedent_is_not_judged():
    rng = np.random.default_rng(6)
    frame = pd.DataFrame(rng.standard_normal((300, 2)), columns=["a", "b"])
    frame["c"] = 0.5 * frame["a"] + 0.5 * frame["b"] + rng.standard_normal(300)
    found = single(frame).endogeneity(50, seed=1)
    (finding,) = found.verify()
    assert (finding.code, finding.subjects) == ("normal_antecedent", ("A", "B"))
    assert (found.normality["p"] > 0.05).all()


def test_scores_are_needed(mobi_frame, fitted):
    spec = tcs.ModelSpec.parse(TEXT)
    with pytest.raises(tcs.TcsError, match="moments alone"):
        tcs.PLS(spec).fit(fitted.sample.moments).nonlinearity(20)
    with pytest.raises(tcs.TcsError, match="consistent=False"):
        tcs.PLS(spec, consistent=["Quality"]).fit(mobi_frame).endogeneity(20)
    with pytest.raises(tcs.TcsError, match="listwise"):
        tcs.PLS(spec, missing="mean").fit(mobi_frame).endogeneity(20)
    with pytest.raises(tcs.TcsError, match="level"):
        fitted.nonlinearity(20, level=95)
