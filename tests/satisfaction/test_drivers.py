"""Key drivers against relaimpo and lm, and their behaviour on hard input."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected

from tcsmodel.errors import DroppedRespondentsWarning, OptionError, SurveyError, TcsError
from tcsmodel.kernels.resample import counts_from_rows
from tcsmodel.result import Severity
from tcsmodel.satisfaction.drivers import Drivers, KeyDrivers
from tcsmodel.survey.moments import Moments
from tcsmodel.survey.survey import Survey

IMAGE = [f"IMAG{i}" for i in range(1, 6)]
CASES = {
    "E_relimp_p5_CUSA1": "CUSA1",
    "E_relimp_p10_CUSA1": "CUSA1",
    "E_relimp_p10_ISAT": "ISAT",
    "E_relimp_weighted": "ISAT",
}


def read() -> pd.DataFrame:
    frame = pd.read_csv(DATA / "mobi_drivers.csv")
    return frame.assign(wt=pd.read_csv(DATA / "mobi_weights.csv")["wt"])


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return read()


@pytest.fixture(scope="module")
def booted(frame) -> Drivers:
    return KeyDrivers("CUSA1", IMAGE).fit(frame).bootstrap(400, seed=7)


@pytest.fixture(scope="module", params=sorted(CASES))
def pair(request):
    theirs = expected(request.param)
    data = Survey(read(), weight="wt") if request.param == "E_relimp_weighted" else read()
    return KeyDrivers(CASES[request.param], list(theirs["lmg"])).fit(data), theirs


def test_lmg(pair):
    ours, theirs = pair
    table = ours.table().set_index("driver")
    for name, value in theirs["lmg"].items():
        assert table.loc[name, "importance"] == pytest.approx(value, rel=tol.CLOSED_FORM)
    for name, value in theirs.get("lmg_share", {}).items():
        assert table.loc[name, "share"] == pytest.approx(value, rel=tol.CLOSED_FORM)


def test_regression(pair):
    ours, theirs = pair
    coef, fit = theirs["lm"]["coef"], ours.regression.set_index("driver")
    drivers = coef.index[1:]
    for column, label in [("b", "Estimate"), ("se", "Std. Error"), ("t", "t value")]:
        np.testing.assert_allclose(fit.loc[drivers, column], coef.loc[drivers, label], rtol=1e-8)
        np.testing.assert_allclose(
            ours.intercept[column], coef.loc["(Intercept)", label], rtol=1e-8
        )
    np.testing.assert_allclose(fit.loc[drivers, "p"], coef.loc[drivers, "Pr(>|t|)"], rtol=1e-6)
    assert ours.r_squared == pytest.approx(theirs["lm"]["r.squared"], rel=1e-10)
    assert ours.r_squared_adj == pytest.approx(theirs["lm"]["adj.r.squared"], rel=1e-10)


def test_regression_extras(pair):
    ours, theirs = pair
    fit = ours.regression.set_index("driver")
    keys = {"vif": "vif", "beta": "std_beta", "se_robust": "se_HC3"}
    known = {column: key for column, key in keys.items() if key in theirs["lm"]}
    assert "se_robust" in known
    for column, key in known.items():
        reference = pd.Series(theirs["lm"][key]).drop("(Intercept)", errors="ignore")
        np.testing.assert_allclose(
            fit.loc[reference.index, column], reference, rtol=tol.CLOSED_FORM
        )


def test_every_reference_resample(frame):
    theirs = expected("E_relimp_p10_resamples")
    rows = np.array(theirs["rows"]) - 1
    ours = KeyDrivers("ISAT", theirs["drivers"]).fit(frame)
    draws = ours.resampled(counts_from_rows(rows, len(frame))).draws
    np.testing.assert_allclose(draws.values["importance"], theirs["lmg"], rtol=tol.CLOSED_FORM)


def test_table_has_the_fixed_columns_before_and_after(frame, booted):
    fixed = [
        "driver",
        "importance",
        "share",
        "ci_lower",
        "ci_upper",
        "rank",
        "rank_low",
        "rank_high",
    ]
    plain = KeyDrivers("CUSA1", IMAGE).fit(frame).table()
    assert list(plain.columns[:8]) == fixed
    assert plain["ci_lower"].isna().all()
    table = booted.table()
    assert list(table.columns) == list(plain.columns)
    assert table["rank"].tolist() == [1, 2, 3, 4, 5]
    assert (table["ci_lower"] < table["importance"]).all()
    assert (table["importance"] < table["ci_upper"]).all()
    assert (table["rank_low"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_high"]).all()
    assert table["share"].sum() == pytest.approx(1)
    assert table["importance"].sum() == pytest.approx(booted.r_squared)


def test_rank_probabilities_are_doubly_stochastic(booted):
    probabilities = booted.rank_probabilities
    assert probabilities.index.tolist() == IMAGE
    assert probabilities.columns.tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(probabilities.sum(axis=0), 1)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    first = booted.table().set_index("driver")["p_first"]
    np.testing.assert_allclose(probabilities[1], first[IMAGE])


def test_bootstrap_depends_on_the_seed_alone(frame, booted):
    again = KeyDrivers("CUSA1", IMAGE).fit(frame).bootstrap(400, seed=7)
    pd.testing.assert_frame_equal(again.table(), booted.table())
    other = KeyDrivers("CUSA1", IMAGE).fit(frame).bootstrap(400, seed=8)
    assert not np.allclose(other.draws.values["beta"], booted.draws.values["beta"])


def test_bootstrap_level_widens_the_interval(frame, booted):
    narrow = KeyDrivers("CUSA1", IMAGE).fit(frame).bootstrap(400, seed=7, level=0.5)
    assert narrow.level == 0.5
    wide, tight = booted.table(), narrow.table()
    assert (wide["ci_upper"] - wide["ci_lower"] > tight["ci_upper"] - tight["ci_lower"]).all()


def test_integer_weights_equal_repeated_rows(frame):
    counts = np.random.default_rng(0).integers(1, 4, len(frame))
    repeated = frame.loc[np.repeat(frame.index, counts), ["CUSA1", *IMAGE]]
    weighted = KeyDrivers("CUSA1", IMAGE).fit(Survey(frame.assign(w=counts), weight="w"))
    plain = KeyDrivers("CUSA1", IMAGE).fit(repeated)
    np.testing.assert_allclose(
        weighted.table()["importance"], plain.table()["importance"], rtol=1e-10
    )
    np.testing.assert_allclose(weighted.regression["b"], plain.regression["b"], rtol=1e-10)


def test_missing_answers_are_counted(frame):
    gaps = frame.copy()
    gaps.loc[:9, "IMAG2"] = np.nan
    with pytest.warns(DroppedRespondentsWarning, match="10 of 250 respondents"):
        result = KeyDrivers("CUSA1", IMAGE).fit(gaps)
    assert result.n == 240


def test_published_correlations_give_shares_but_no_inference(frame):
    names = [*IMAGE, "CUSA1"]
    moments = Moments.from_cov(frame[names].corr(), n=250)
    result = KeyDrivers("CUSA1", IMAGE).fit(moments)
    ours = KeyDrivers("CUSA1", IMAGE).fit(frame)
    np.testing.assert_allclose(result.table()["importance"], ours.table()["importance"])
    assert [f.code for f in result.verify()] == [f.code for f in ours.verify()]
    with pytest.raises(TcsError, match="needs respondents, but the model was fitted to moments"):
        _ = result.regression
    with pytest.raises(TcsError, match="bootstrap needs respondents"):
        result.bootstrap(10, seed=1)


def test_one_driver_carries_everything(frame):
    result = KeyDrivers("CUSA1", ["IMAG1"]).fit(frame).bootstrap(50, seed=1)
    assert result.table()["share"].tolist() == [1.0]
    assert result.rank_probabilities.loc["IMAG1", 1] == 1


def test_text_columns_and_odd_names_do_no_harm(frame):
    odd = frame.rename(columns={"IMAG1": "Q1 - 形象", "CUSA1": "总体满意"})
    result = KeyDrivers("总体满意", ["Q1 - 形象", "IMAG2"]).fit(odd)
    assert set(result.table()["driver"]) == {"Q1 - 形象", "IMAG2"}
    assert "seg" in odd.columns


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"drivers": []}, "drivers is empty"),
        ({"drivers": "IMAG1"}, r"is one string; give a list"),
        ({"drivers": ["IMAG1", "IMAG1"]}, "'IMAG1' is listed twice"),
        ({"drivers": ["IMAG1", "CUSA1"]}, "'CUSA1' is both the target and a driver"),
        ({"drivers": [f"x{i}" for i in range(23)]}, r"23 drivers are too many .*at most 22"),
        ({"method": "lgm"}, "method='lgm' is not one of lmg. Did you mean 'lmg'"),
        ({"missing": "drop"}, "missing='drop' is not one of listwise"),
        ({"level": 95}, "level=95 must lie between 0 and 1"),
    ],
)
def test_options_are_checked_at_birth(options, message):
    with pytest.raises(OptionError, match=message):
        KeyDrivers(**({"target": "CUSA1", "drivers": ["IMAG1"]} | options))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.rename(columns={"IMAG2": "IMAGE2"}), "'IMAG2' is not a column.*'IMAGE2'"),
        (lambda d: d.assign(IMAG2=5), "'IMAG2' is constant"),
        (lambda d: d.assign(IMAG2=d["IMAG1"]), "'IMAG1' and 'IMAG2' are perfectly correlated"),
        (lambda d: d.assign(IMAG2=d["IMAG1"] + d["IMAG3"]), "some item is a sum of others"),
        (lambda d: d.assign(IMAG2="much"), "'IMAG2' holds text in 250 rows"),
        (lambda d: d.assign(IMAG2=np.nan), "'IMAG2' has no answers at all"),
        (lambda d: d.head(6), "6 respondents are too few for 6 items"),
        (lambda d: d.head(0), "0 rows"),
    ],
)
def test_unusable_data_are_named(frame, change, message):
    with pytest.raises(SurveyError, match=message):
        KeyDrivers("CUSA1", IMAGE).fit(change(frame))


def test_wrong_data_type():
    with pytest.raises(OptionError, match="takes a Survey, a DataFrame or Moments, not list"):
        KeyDrivers("a", ["b"]).fit([1, 2])


def test_counts_of_the_wrong_shape(frame):
    with pytest.raises(OptionError, match=r"give \(replicates, 250\)"):
        KeyDrivers("CUSA1", IMAGE).fit(frame).resampled(np.ones((3, 249)))


def test_rank_probabilities_ask_for_a_bootstrap(frame):
    with pytest.raises(TcsError, match=r"Try: result.bootstrap\(1000, seed=7\)"):
        _ = KeyDrivers("CUSA1", IMAGE).fit(frame).rank_probabilities


def simulated(n: int, seed: int, noise: float) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    a, b, c = generator.normal(size=(3, n))
    twin = a + 0.2 * generator.normal(size=n)
    target = a - 0.8 * twin + noise * generator.normal(size=n)
    return pd.DataFrame({"a": a, "twin": twin, "b": b, "c": c, "target": target + 0.3 * a})


def test_findings_name_collinearity_and_suppression():
    result = KeyDrivers("target", ["a", "twin", "b"]).fit(simulated(400, 1, 0.3))
    found = {(f.code, f.subjects): f for f in result.verify()}
    assert found["high_vif", ("twin",)].severity is Severity.PROBLEM
    assert found["high_vif", ("a",)].evidence["vif"] > 10
    suppressed = found["negative_beta", ("twin",)]
    assert suppressed.severity is Severity.CAUTION
    assert suppressed.evidence["beta"] < 0 < suppressed.evidence["corr"]
    assert "points against its correlation with target" in str(suppressed)


def test_findings_name_a_weak_model():
    result = KeyDrivers("b", ["c", "target"]).fit(simulated(60, 2, 1.0))
    (weak,) = [f for f in result.verify() if f.code == "weak_model"]
    assert weak.subjects == ("b",)
    assert "explain little of b" in str(weak)


def test_findings_name_an_order_that_cannot_be_told(booted):
    (finding,) = [f for f in booted.verify() if f.code == "order_uncertain"]
    rivals = booted.table().query("rank_low == 1")["driver"]
    assert finding.subjects == tuple(rivals)
    assert "IMAG3" not in finding.subjects
    assert "cannot be told" in booted.summary()


def test_replicates_that_lose_a_driver_are_counted_not_hidden():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(30, 2)), columns=["a", "y"])
    frame["rare"] = [1.0] + [0.0] * 29
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = KeyDrivers("y", ["a", "rare"]).fit(frame).bootstrap(200, seed=1)
    lost = result.draws.status_shares["singular"]
    assert 0.2 < lost < 0.5
    assert np.isfinite(result.table()[["ci_lower", "ci_upper", "rank_low"]]).all(axis=None)
    np.testing.assert_allclose(result.rank_probabilities.sum(axis=1), 1)


@pytest.mark.slow
def test_intervals_cover_the_population_shares():
    p, n, rounds = 3, 300, 120
    cov = np.array([[1, 0.5, 0.3, 0.6], [0.5, 1, 0.3, 0.5], [0.3, 0.3, 1, 0.3], [0.6, 0.5, 0.3, 1]])
    names = ["a", "b", "c", "y"]
    truth = KeyDrivers("y", names[:p]).fit(Moments.from_cov(cov, n, names=names)).table()
    truth = truth.set_index("driver")["importance"]
    generator, hits = np.random.default_rng(11), np.zeros(p)
    for _ in range(rounds):
        data = pd.DataFrame(generator.multivariate_normal(np.zeros(4), cov, n), columns=names)
        table = KeyDrivers("y", names[:p]).fit(data).bootstrap(300, seed=5).table()
        table = table.set_index("driver").loc[names[:p]]
        hits += (table["ci_lower"] < truth[names[:p]]) & (truth[names[:p]] < table["ci_upper"])
    assert (hits / rounds > 0.88).all()
