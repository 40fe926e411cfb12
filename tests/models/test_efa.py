"""Exploratory factor analysis against psych, and its behaviour on hard input."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from alignment import aligned, match
from golden_files import DATA, expected

from tcsmodel.errors import (
    DroppedRespondentsWarning,
    IdentificationError,
    ImproperSolutionWarning,
    OptionError,
    SurveyError,
    TcsError,
)
from tcsmodel.models.efa import EFA, EFAResult
from tcsmodel.result import Severity
from tcsmodel.survey.moments import Moments
from tcsmodel.survey.survey import Survey

HS = [f"x{i}" for i in range(1, 10)]
CASES = {
    "A_fa_HS1939_minres": (3, "minres"),
    "A_fa_HS1939_ml": (3, "ml"),
    "A_fa_mobi_minres": (6, "minres"),
    "A_fa_mobi_ml": (6, "ml"),
}
TOLERANCE = {"none": tol.EFA_UNROTATED, "varimax": tol.EFA_VARIMAX, "oblimin": tol.EFA_OBLIMIN}


def frame_of(case: str) -> pd.DataFrame:
    if "HS1939" in case:
        return pd.read_csv(DATA / "HolzingerSwineford1939.csv")[HS]
    return pd.read_csv(DATA / "mobi.csv")


@pytest.fixture(scope="module", params=sorted(CASES))
def pair(request):
    k, extraction = CASES[request.param]
    ours = EFA(k, extraction=extraction, rotation="none").fit(frame_of(request.param))
    return ours, expected(request.param)


@pytest.fixture(scope="module")
def hs(hs_frame) -> EFAResult:
    return EFA(3).fit(hs_frame[HS])


@pytest.mark.parametrize("rotation", sorted(TOLERANCE))
def test_loadings(pair, rotation):
    ours, theirs = pair[0].rotated(rotation), pair[1][rotation]
    reference = theirs["loadings"].to_numpy()
    assert ours.loadings.index.tolist() == theirs["loadings"].index.tolist()
    np.testing.assert_allclose(
        aligned(ours.loadings.to_numpy(), reference), reference, rtol=0, atol=TOLERANCE[rotation]
    )
    structure = theirs["Structure"].to_numpy()
    np.testing.assert_allclose(
        aligned(ours.structure.to_numpy(), structure), structure, rtol=0, atol=TOLERANCE[rotation]
    )


def test_factor_correlations(pair):
    ours, theirs = pair[0].rotated("oblimin"), pair[1]["oblimin"]
    order, sign = match(ours.loadings.to_numpy(), theirs["loadings"].to_numpy())
    phi = ours.factor_correlations.to_numpy()[np.ix_(order, order)] * np.outer(sign, sign)
    np.testing.assert_allclose(phi, theirs["Phi"].to_numpy(), rtol=0, atol=tol.EFA_OBLIMIN)


@pytest.mark.parametrize("rotation", sorted(TOLERANCE))
def test_variance_and_order_of_the_factors(pair, rotation):
    ours, theirs = pair[0].rotated(rotation), pair[1][rotation]
    total, slack = theirs["Vaccounted"].loc["SS loadings"], 2 * TOLERANCE[rotation]
    reach = ours.loadings.abs().sum().to_numpy()
    assert (
        np.abs(ours.variance["ss_loadings"].to_numpy() - total.to_numpy()) < slack * reach
    ).all()
    np.testing.assert_allclose(
        ours.variance["cumulative"].iloc[-1],
        theirs["Vaccounted"].loc["Cumulative Var"].iloc[-1],
        atol=tol.EFA_UNROTATED,
    )


def test_complexity(pair):
    theirs = pd.Series(pair[1]["oblimin"]["complexity"])
    ours = pair[0].rotated("oblimin").complexity
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tol.EFA_COMPLEXITY)


def test_communalities(pair):
    ours, theirs = pair[0], pair[1]["none"]
    np.testing.assert_allclose(
        ours.communalities, pd.Series(theirs["communality"]), rtol=0, atol=tol.EFA_UNROTATED
    )
    np.testing.assert_allclose(
        ours.uniqueness, pd.Series(theirs["uniquenesses"]), rtol=0, atol=tol.EFA_UNROTATED
    )
    residual = theirs["residual"].to_numpy()
    np.testing.assert_allclose(
        ours.residual_corr.to_numpy(), residual, rtol=0, atol=tol.EFA_UNROTATED
    )


@pytest.mark.parametrize(
    ("measure", "key"),
    [
        ("chi2", "chi_ml"),
        ("df", "dof"),
        ("p", "PVAL"),
        ("baseline_chi2", "null.chisq"),
        ("baseline_df", "null.dof"),
        ("tli", "TLI"),
        ("cfi", "CFI"),
        ("bic", "BIC"),
        ("rmsr", "rms"),
    ],
)
def test_fit_measures(pair, measure, key):
    ours, theirs = pair
    slack = tol.EFA_P if measure == "p" else tol.CHI2
    np.testing.assert_allclose(ours.fit_measures[measure], theirs["none"][key], rtol=slack)


def test_rmsea_and_its_interval(pair):
    ours, theirs = pair[0].fit_measures, pair[1]["none"]["RMSEA"]
    np.testing.assert_allclose(ours["rmsea"], theirs["RMSEA"], rtol=tol.CHI2)
    np.testing.assert_allclose(ours["rmsea_ci_lower"], theirs["lower"], rtol=tol.CHI2)
    np.testing.assert_allclose(ours["rmsea_ci_upper"], theirs["upper"], rtol=tol.CHI2)


SCORES = {"regression": "regression", "bartlett": "Bartlett", "ten_berge": "tenBerge"}


@pytest.mark.parametrize("rotation", ["varimax", "oblimin"])
@pytest.mark.parametrize("method", sorted(SCORES))
def test_scores(hs_frame, method, rotation):
    theirs = expected("A_factor_scores_HS1939")[f"{SCORES[method]}_{rotation}"]["scores_first5"]
    ours = EFA(3, extraction="ml", rotation=rotation).fit(hs_frame[HS]).scores(method=method)
    reference = theirs.to_numpy()
    np.testing.assert_allclose(
        aligned(ours.to_numpy()[:5], reference), reference, rtol=0, atol=TOLERANCE[rotation]
    )


def test_scores_of_others_use_the_fit(hs, hs_frame):
    own = hs.scores()
    assert own.shape == (301, 3)
    assert list(own.columns) == ["f1", "f2", "f3"]
    np.testing.assert_allclose(hs.scores(hs_frame.iloc[[7, 3]]), own.iloc[[7, 3]], atol=1e-12)
    np.testing.assert_allclose(hs.scores(hs_frame.iloc[[7]]), own.iloc[[7]], atol=1e-12)
    np.testing.assert_allclose(hs.scores(method="ten_berge").corr(), hs.factor_correlations)


def test_parallel_analysis_chooses_the_number(hs_frame):
    result = EFA().fit(hs_frame[HS])
    assert result.n_factors == 3
    assert result.votes["n_factors"].tolist() == [3, 3, 3]
    assert result.votes["used"].tolist() == [True, False, False]
    curve = result.parallel
    assert curve.index.tolist() == list(range(1, 10))
    assert (curve["observed"] > curve["q95"]).tolist() == [True] * 3 + [False] * 6
    assert (curve["mean"] < curve["q95"]).all()
    assert list(curve.columns[3:]) == ["component_observed", "component_mean", "component_q95"]


def test_seed_decides_the_simulation(hs_frame):
    first, again = (EFA(2, seed=4).fit(hs_frame[HS]).parallel for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert not EFA(2, seed=5).fit(hs_frame[HS]).parallel["mean"].equals(first["mean"])


def test_mobi_has_four_factors_and_says_that_the_rules_disagree(mobi_frame):
    result = EFA().fit(mobi_frame)
    assert result.n_factors == 4
    found = {finding.code: finding for finding in result.verify()}
    assert found["number_uncertain"].evidence["parallel_component"] == 2
    assert "CUSL2" in found["weak_item"].subjects
    assert "CUSL2" in result.summary()


def test_rotated_returns_a_new_result_with_the_same_fit(hs):
    turned = hs.rotated("varimax")
    assert hs.estimator.rotation == "oblimin"
    assert turned.estimator.rotation == "varimax"
    assert not hs.loadings.equals(turned.loadings)
    pd.testing.assert_series_equal(hs.communalities, turned.communalities)
    pd.testing.assert_series_equal(hs.fit_measures, turned.fit_measures)
    np.testing.assert_array_equal(turned.factor_correlations, np.eye(3))
    pd.testing.assert_frame_equal(turned.rotated("oblimin").loadings, hs.loadings)
    np.testing.assert_allclose(hs.communalities + hs.uniqueness, 1)


def test_table_is_sorted_by_factor_and_size(hs):
    table = hs.table()
    assert list(table.columns) == [
        "item", "factor", "f1", "f2", "f3", "communality", "uniqueness", "complexity",
    ]  # fmt: skip
    assert table["factor"].tolist() == sorted(table["factor"])
    assert set(table.loc[table["factor"] == "f1", "item"]) == {"x4", "x5", "x6"}
    first = table[table["factor"] == "f1"]["f1"]
    assert (np.diff(first) <= 0).all()


def test_moments_survey_and_frame_agree(hs, hs_frame):
    survey = Survey(hs_frame, items=HS)
    for data in (survey, survey.moments(HS)):
        pd.testing.assert_frame_equal(EFA(3).fit(data).loadings, hs.loadings)
    assert EFA(3, items=HS).fit(hs_frame).items == tuple(HS)
    with pytest.raises(TcsError, match=r"^scores\(\) needs respondents.*scores\(data\)"):
        EFA(3).fit(survey.moments(HS)).scores()


def test_weights_equal_repeated_rows(hs_frame):
    counts = np.random.default_rng(0).integers(1, 4, len(hs_frame))
    weighted = EFA(3, items=HS).fit(Survey(hs_frame.assign(w=counts), items=HS, weight="w"))
    repeated = EFA(3).fit(hs_frame.loc[np.repeat(hs_frame.index, counts), HS])
    np.testing.assert_allclose(weighted.loadings, repeated.loadings, atol=1e-6)


def test_scale_of_an_item_changes_nothing(hs, hs_frame):
    stretched = hs_frame[HS].assign(x3=100 - 7 * hs_frame["x3"])
    again = EFA(3).fit(stretched)
    np.testing.assert_allclose(again.communalities, hs.communalities, atol=1e-8)


def test_missing_answers_are_counted(hs_frame):
    gaps = hs_frame[HS].copy()
    gaps.loc[[0, 5], "x2"] = np.nan
    with pytest.warns(DroppedRespondentsWarning, match="2 of 301"):
        result = EFA(3).fit(gaps)
    assert result.n == 299
    assert 0 not in result.scores().index


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_factors": 0}, "n_factors=0 must be a whole number of at least 1"),
        ({"n_factors": True}, "n_factors=True must be a whole number"),
        ({"n_factors": 2.5}, r"n_factors=2.5 must be a whole number"),
        ({"n_factors": "paralel"}, "n_factors='paralel' is not one of parallel. Did you mean"),
        ({"extraction": "minre"}, "extraction='minre' .* Did you mean 'minres'"),
        ({"rotation": "varimx"}, "rotation='varimx' .* Did you mean 'varimax'"),
        ({"seed": -1}, "seed=-1 must be a whole number"),
        ({"items": "x1"}, "items='x1' is one string"),
        ({"missing": "fiml"}, "missing='fiml' is not one of listwise"),
    ],
)
def test_options_are_checked_at_birth(options, message):
    with pytest.raises(OptionError, match=message):
        EFA(**options)


def test_unknown_score_method(hs):
    with pytest.raises(OptionError, match=r"'regresion' .* Did you mean 'regression'"):
        hs.scores(method="regresion")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.assign(x2=3), "'x2' is constant"),
        (lambda d: d.assign(x2=d["x1"]), "'x1' and 'x2' are perfectly correlated"),
        (lambda d: d.assign(x2=d["x1"] + d["x3"]), "some item is a sum of others"),
        (lambda d: d.assign(x2=np.nan), "'x2' has no answers at all"),
        (lambda d: d.assign(x2="often"), "'x2' holds text in 301 rows"),
        (lambda d: d.drop(columns="x2"), "'x2' is not a column"),
        (lambda d: d.head(9), "9 respondents are too few for 9 items"),
        (lambda d: d.head(0), "0 rows"),
    ],
)
def test_unusable_data_are_named(hs_frame, change, message):
    with pytest.raises(SurveyError, match=message):
        EFA(3, items=HS).fit(change(hs_frame[HS]))


def test_too_few_items(hs_frame):
    with pytest.raises(IdentificationError, match="2 items cannot show a factor; at least 3"):
        EFA(1).fit(hs_frame[["x1", "x2"]])
    with pytest.raises(IdentificationError, match=r"6 factors .* 9 items, .* at most 5"):
        EFA(6).fit(hs_frame[HS])


def test_wrong_data_type():
    with pytest.raises(OptionError, match="takes a Survey, a DataFrame or Moments, not list"):
        EFA(1).fit([1, 2])


def test_three_items_leave_no_degrees_of_freedom(hs_frame):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = EFA(1).fit(hs_frame[["x4", "x5", "x6"]])
        measures = result.fit_measures
    assert measures["df"] == 0
    assert measures[["p", "tli", "rmsea", "rmsea_ci_lower"]].isna().all()
    assert measures["rmsr"] == pytest.approx(0, abs=1e-8)


def heywood() -> Moments:
    corr = np.array(
        [[1, 0.8, 0.8, 0.2], [0.8, 1, 0.4, 0.2], [0.8, 0.4, 1, 0.2], [0.2, 0.2, 0.2, 1]]
    )
    return Moments.from_cov(corr, 200, names=["a", "b", "c", "d"])


@pytest.mark.parametrize("extraction", ["minres", "ml"])
def test_heywood_case_is_warned_of_and_found(extraction):
    with pytest.warns(ImproperSolutionWarning, match="explain a completely"):
        result = EFA(1, extraction=extraction).fit(heywood())
    assert not result.proper
    worst = result.verify()[0]
    assert (worst.code, worst.severity, worst.subjects) == ("heywood", Severity.PROBLEM, ("a",))
    assert np.isfinite(result.fit_measures).all()


def test_noise_has_no_common_factor():
    noise = np.random.default_rng(3).normal(size=(300, 6))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImproperSolutionWarning)
        result = EFA().fit(pd.DataFrame(noise, columns=list("abcdef")))
    assert result.n_factors == 1
    assert result.votes["n_factors"].iloc[0] == 0
    assert "no_common_factor" in {finding.code for finding in result.verify()}


def factors_of(phi: float, seed: int = 0) -> pd.DataFrame:
    """Return 500 answers to a1-a4 of one factor, b1-b4 of another, and an item between."""
    generator = np.random.default_rng(seed)
    f = generator.multivariate_normal([0, 0], [[1, phi], [phi, 1]], 500)
    noise = generator.normal(size=(500, 10)) * 0.5
    columns = {f"a{i}": 0.8 * f[:, 0] + noise[:, i] for i in range(4)}
    columns |= {f"b{i}": 0.8 * f[:, 1] + noise[:, 4 + i] for i in range(4)}
    columns["both"] = 0.5 * f.sum(axis=1) + noise[:, 8]
    columns["none"] = noise[:, 9]
    return pd.DataFrame(columns)


def test_findings_name_items_that_do_not_fit():
    found = {finding.code: finding for finding in EFA(2).fit(factors_of(0.2)).verify()}
    assert found["weak_item"].subjects == ("none",)
    assert found["cross_loading"].subjects == ("both",)
    assert "few_items_factor" not in found
    assert "factors_overlap" not in found


def test_findings_name_factors_that_are_nearly_one():
    lam = np.kron(np.eye(2), np.full((4, 1), 0.8))
    corr = lam @ np.array([[1, 0.9], [0.9, 1]]) @ lam.T
    np.fill_diagonal(corr, 1)
    result = EFA(2).fit(Moments.from_cov(corr, 500))
    (overlap,) = [f for f in result.verify() if f.code == "factors_overlap"]
    assert overlap.subjects == ("f1", "f2")
    assert overlap.evidence["correlation"] == pytest.approx(0.9, abs=1e-6)


def test_findings_name_a_factor_with_few_items():
    frame = factors_of(0.2)[["a0", "a1", "a2", "a3", "b0", "b1"]]
    (finding,) = [f for f in EFA(2).fit(frame).verify() if f.code == "few_items_factor"]
    assert finding.subjects == ("f2",)
    assert set(finding.evidence["items"]) == {"b0", "b1"}


def test_a_hundred_thousand_respondents():
    generator = np.random.default_rng(0)
    factor = generator.normal(size=(100_000, 1))
    frame = pd.DataFrame(0.7 * factor + generator.normal(size=(100_000, 6)), columns=list("abcdef"))
    result = EFA().fit(frame)
    assert result.n_factors == 1
    assert result.loadings["f1"].to_numpy() == pytest.approx(0.7 / np.sqrt(1.49), abs=0.01)


@pytest.mark.slow
def test_parallel_analysis_finds_the_number_of_simulated_factors():
    hits = [EFA(seed=s).fit(factors_of(0.3, s).drop(columns="both")).n_factors for s in range(30)]
    assert np.mean(np.array(hits) == 2) >= 0.9
