"""Replicate weights: variance by hand and by R's survey, tables, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from numpy.testing import assert_allclose
from scipy import stats

import tcsmodel as tcs
from tcsmodel.config import read_study
from tcsmodel.kernels.replicates import degrees
from tcsmodel.models.draws import Source

CASE = "F_survey_mobi_replicates"
SPEC = tcs.ModelSpec.parse(
    "Quality =~ PERQ1 + PERQ3 + PERQ7\n"
    "Satisfaction =~ CUSA1 + CUSA2 + CUSA3\n"
    "Satisfaction ~ Quality"
)
OPTIONS = {
    "brr": {},
    "fay": {"rho": 0.3},
    "jk1": {},
    "jkn": {"rscales": 0.8},
    "bootstrap": {"scale": 1 / 23},  # R divides by R - 1
}


@pytest.fixture(scope="module")
def frame(mobi_frame):
    return mobi_frame.join(pd.read_csv(DATA / "mobi_replicates.csv")).copy()


def survey_of(frame, kind="jk1", items=SPEC.items, **options):
    given = tcs.ReplicateWeights(columns=f"{kind}_*", kind=kind, **OPTIONS[kind] | options)
    return tcs.Survey(frame, items=items, scale=(1, 10), weight="w", replicates=given)


@pytest.fixture(scope="module", params=OPTIONS)
def pair(request, frame):
    survey = survey_of(frame, request.param)
    return tcs.PLS(SPEC).fit(survey).replicated(), expected(CASE)[request.param]


def test_coefficients_and_degrees_are_those_of_survey(pair):
    ours, theirs = pair
    assert_allclose(ours.draws.coefficients, theirs["scale"] * np.array(theirs["rscales"]))
    assert ours.draws.df == theirs["df"]


def test_standard_errors_are_those_of_survey(pair):
    ours, theirs = pair
    table, se = ours.table().iloc[0], theirs["se"]
    assert table["path"] == pytest.approx(theirs["estimate"]["path"], rel=tol.PLS)
    assert table["se"] == pytest.approx(se["path"], rel=tol.PLS)
    explained = ours.intervals("r_squared").iloc[0]
    assert explained["se"] == pytest.approx(se["r_squared"], rel=tol.PLS)
    weight = ours.intervals("outer_weights").iloc[0]
    assert weight["se"] == pytest.approx(se["weight.PERQ1"], rel=tol.PLS)


def test_the_index_has_the_standard_error_of_survey(pair):
    ours, theirs = pair
    index = tcs.satisfaction_index(ours)
    row = index.table().set_index("construct").loc["Satisfaction"]
    assert row["index"] == pytest.approx(theirs["estimate"]["index"], rel=tol.PLS)
    assert row["se"] == pytest.approx(theirs["se"]["index"], rel=tol.PLS)
    assert row["interval"] == index.interval == "replicate weights"


def test_means_with_fixed_weights_have_the_interval_of_survey(pair):
    """Of a single item: nothing but the mean varies."""
    ours, theirs = pair
    spec = tcs.ModelSpec.parse(str(SPEC).replace("CUSA1 + CUSA2 + CUSA3", "CUSA1"))
    fitted = tcs.PLS(spec).fit(ours.sample.survey)
    row = tcs.satisfaction_index(fitted, kind="equal").table().iloc[1]
    limits = [(limit - 1) / 9 * 100 for limit in theirs["mean_ci"]]
    assert row["interval"] == "fixed weights"
    assert row["se"] == pytest.approx(theirs["mean_se"] / 9 * 100, rel=1e-9)
    assert_allclose(row[["ci_lower", "ci_upper"]].astype(float), limits, rtol=1e-9)


def test_intervals_are_students_about_the_estimate(frame):
    result = tcs.PLS(SPEC).fit(survey_of(frame)).replicated(level=0.9)
    row = result.table().iloc[0]
    half = stats.t.ppf(0.95, 24) * row["se"]
    assert_allclose(
        row[["ci_lower", "ci_upper"]].astype(float), [row["path"] - half, row["path"] + half]
    )
    upper = result.intervals("paths", 0.95, side="upper").iloc[0]
    assert upper["ci_upper"] == pytest.approx(row["ci_upper"])
    assert upper["ci_lower"] == -np.inf
    p = 2 * stats.t.sf(row["path"] / row["se"], 24)
    assert result.draws.p("paths")[0, 1] == pytest.approx(p)
    assert "25 replicate weights (all converged)" in repr(result)
    assert result.draws.source is Source.REPLICATE_WEIGHTS


def test_a_hand_worked_jackknife():
    """Three respondents: means without each are 2.5, 2 and 1.5, of 1, 2 and 3."""
    frame = pd.DataFrame({"x": [1.0, 2, 3], "y": [1.0, 2, 4], "w": 1.0})
    for r in range(3):
        frame[f"r{r}"] = np.where(np.arange(3) == r, 0, 1.5)
    given = tcs.ReplicateWeights(columns=["r0", "r1", "r2"], kind="jk1")
    survey = tcs.Survey(frame, items=["x", "y"], scale=(0, 100), weight="w", replicates=given)
    spec = tcs.ModelSpec.parse("X =~ x\nY =~ y\nY ~ X")
    index = tcs.satisfaction_index(tcs.PLS(spec).fit(survey).replicated(), "Y")
    # 2/3 (0.5^2 + 0 + 0.5^2) = 1/3, the variance 1 of the answers over their number.
    assert index.table()["se"].tolist()[0] == pytest.approx((1 / 3) ** 0.5)
    assert index.pls.draws.df == 2


def test_a_jackknife_of_respondents_is_our_jackknife(mobi_frame):
    """Replicate weights that leave out each respondent are the jackknife, about the estimate."""
    frame = mobi_frame.head(40)[list(SPEC.items)].assign(w=1.0)
    left = pd.DataFrame(1.0 - np.eye(40), columns=[f"r{i}" for i in range(40)]) * 40 / 39
    given = tcs.ReplicateWeights(columns="r*", kind="jk1")
    survey = tcs.Survey(frame.join(left), items=SPEC.items, weight="w", replicates=given)
    ours = tcs.PLS(SPEC).fit(survey).replicated().table().iloc[0]
    theirs = tcs.PLS(SPEC).fit(frame).jackknife("paths").iloc[0]
    about = theirs["bias"] / 39  # how far the mean of the replicates lies from the estimate
    assert ours["se"] ** 2 == pytest.approx(theirs["se"] ** 2 + 39 * about**2, rel=1e-6)


def test_the_unit_of_weights_does_not_matter(frame):
    columns = [name for name in frame if name == "w" or name.startswith("jk1_")]
    large = frame.assign(**{name: 1e4 * frame[name] for name in columns})
    ours, theirs = (tcs.PLS(SPEC).fit(survey_of(f)).replicated().table() for f in (frame, large))
    assert_allclose(ours["se"], theirs["se"])


def test_robust_errors_of_covariance_models_count_replicate_weights(frame):
    """By linearisation, so near those that fit the model with each replicate weight."""
    survey = survey_of(frame, "jkn")
    robust = tcs.SEM(SPEC, estimator="mlr").fit(survey)
    refitted = tcs.SEM(SPEC).fit(survey).replicated()
    paths = [r.estimates.query("op == '~'").iloc[0] for r in (robust, refitted)]
    assert paths[0]["se"] == pytest.approx(paths[1]["se"], rel=0.05)
    naive = tcs.SEM(SPEC).fit(survey)
    assert "ignored_replicates" in [finding.code for finding in naive.verify()]
    assert "ignored_replicates" not in [finding.code for finding in robust.verify()]
    assert paths[1]["p"] == pytest.approx(2 * stats.t.sf(abs(paths[1]["z"]), 20))
    assert "25 replicate weights" in refitted.summary()


def test_linearized_replicates_of_a_cluster_jackknife_are_the_clusters(frame):
    """The jackknife within strata has the linearized variance of clusters within strata."""
    with_columns = tcs.Survey(
        frame, items=SPEC.items, scale=(1, 10), weight="w", strata="stratum", cluster="psu"
    )
    ours, theirs = (
        tcs.SEM(SPEC, estimator="mlr").fit(s) for s in (survey_of(frame, "jkn"), with_columns)
    )
    assert_allclose(ours.estimates["se"], theirs.estimates["se"], rtol=1e-5)
    assert_allclose(ours.fit_measures["chi2_scaled"], theirs.fit_measures["chi2_scaled"], rtol=1e-5)


def test_groups_are_jackknifed_together(frame):
    spec = tcs.ModelSpec.parse("Quality =~ PERQ1 + PERQ3 + PERQ7")
    brands = frame.assign(brand=np.where(np.arange(250) % 3 == 0, "A", "B"))
    fits = [
        tcs.CFA(spec, group="brand", estimator="mlr", group_equal="loadings").fit(
            tcs.Survey(brands, items=spec.items, weight="w", **design)
        )
        for design in (
            {"strata": "stratum", "cluster": "psu"},
            {"replicates": tcs.ReplicateWeights(columns="jkn_*", kind="jkn", rscales=0.8)},
        )
    ]
    assert_allclose(fits[1].estimates["se"], fits[0].estimates["se"], rtol=1e-5)


def test_what_follows_from_draws_follows_from_replicate_weights(frame):
    result = tcs.PLS(SPEC).fit(survey_of(frame)).replicated()
    index = tcs.satisfaction_index(result, kind="metric4")
    assert index.table()["interval"].eq("replicate weights").all()
    assert index.intervals["interval"].tolist() == [
        "fixed weights",
        "survey design",
        "replicate weights",
    ]
    assert index.impacts["se"].notna().all()
    kept = index.survey()
    assert_allclose(kept.design().ratios, survey_of(frame).design().ratios)
    order = tcs.priorities(result)
    assert order.table()["p_first"].tolist() == [1.0]


def test_segments_have_the_error_of_their_own_means(frame):
    """Replicate by replicate the mean of the segment under its weights."""
    part = frame.assign(brand=np.where(np.arange(250) % 3 == 0, "A", "B"))
    index = tcs.satisfaction_index(tcs.PLS(SPEC).fit(survey_of(part)))
    row = index.by("brand").query("segment == 'A' and construct == 'Satisfaction'").iloc[0]
    own = (part["brand"] == "A").to_numpy()
    scores = index.respondents["Satisfaction"].to_numpy()[own]
    columns = part.loc[own, ["w", *(name for name in part if name.startswith("jk1_"))]]
    means = scores @ columns.to_numpy() / columns.sum().to_numpy()
    assert row["se"] == pytest.approx(np.sqrt(24 / 25 * ((means[1:] - means[0]) ** 2).sum()))


def test_ranks_of_drivers_come_from_normal_draws(frame):
    survey = survey_of(frame, items=["CUSA1", "PERQ1", "PERQ3", "PERQ7"])
    drivers = tcs.KeyDrivers("CUSA1", ["PERQ1", "PERQ3", "PERQ7"]).fit(survey).replicated()
    table = drivers.table()
    assert (table["rank_low"] <= table["rank"]).all()
    assert (table["rank_high"] >= table["rank"]).all()
    assert table["p_first"].sum() == pytest.approx(1)
    likely = drivers.draws.likely["importance"]
    assert_allclose(likely.std(axis=0, ddof=1), drivers.draws.se("importance"), rtol=0.08)
    assert_allclose(drivers.rank_probabilities.sum(axis=1), 1)


def test_a_replicate_that_is_lost_leaves_no_error(frame):
    """In one replicate an item does not vary."""
    part = frame.copy()
    part["jk1_1"] = np.where(part["CUSA1"] == 8, 1.0, 0.0)
    result = tcs.PLS(SPEC).fit(survey_of(part)).replicated()
    assert np.isnan(result.table()["se"]).all()
    assert "replicate_weights_lost" in [finding.code for finding in result.verify()]
    fitted = tcs.SEM(SPEC).fit(survey_of(part)).replicated()
    assert "replicate_weights_lost" in [finding.code for finding in fitted.verify()]
    assert np.isnan(fitted.estimates.query("op == '~'")["se"]).all()


def test_degrees_are_the_rank_less_one(frame):
    survey = survey_of(frame, df=7)
    assert tcs.PLS(SPEC).fit(survey).replicated().draws.df == 7
    assert degrees(np.ones((5, 9))) == 0
    assert degrees(np.zeros((5, 9))) == 0


def test_a_study_uses_the_replicate_weights(frame, tmp_path):
    study = tcs.Study(SPEC, bootstrap=100, driver_bootstrap=100)
    result = study.run(survey_of(frame), seed=1)
    assert result.failures == {}
    assert result.pls.draws.source is Source.REPLICATE_WEIGHTS
    assert result.drivers.draws.n == 25
    text = result.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "PLS (path scheme) with 25 replicate weights" in text
    assert "25 (JK1)" in text
    assert "t intervals from 25 replicate weights" in text
    assert "bootstrap replicates" not in text
    assert "% of the draws" in text  # ranks come from normal draws, not from the 25 replicates
    assert "% of the replicates" not in text
    other = study.run(survey_of(frame.assign(jk1_1=frame["jk1_2"])), seed=1)
    assert other.data_hash != result.data_hash


def test_a_study_file_names_replicate_weights(frame, tmp_path):
    frame.to_csv(tmp_path / "answers.csv", index=False)
    text = f"""
        [data]
        file = "answers.csv"
        weight = "w"
        replicates = {{ columns = "fay_*", kind = "fay", rho = 0.3 }}
        [model]
        text = '''
        {SPEC}
        '''
    """
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    survey = read_study(tmp_path / "study.toml").survey
    assert survey.design().coefficients == pytest.approx(np.full(8, 1 / (8 * 0.49)))
    (tmp_path / "wrong.toml").write_text(text.replace("rho", "ro"), encoding="utf-8")
    with pytest.raises(tcs.TcsError, match="columns, df, kind, rho, rscales, scale"):
        read_study(tmp_path / "wrong.toml")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "jk3"}, r"'jk3' is not one of .* Did you mean 'jkn'"),
        ({"kind": "fay"}, "with kind='fay', as rho=0.5"),
        ({"kind": "brr", "rho": 0.5}, "and with no other kind"),
        ({"kind": "fay", "rho": 1.0}, "rho=1.0 must be a number, 0 or more and below 1"),
        ({"kind": "fay", "rho": "half"}, "rho='half' must be a number"),
        ({"kind": "jk1", "columns": 5}, "columns=5 must be a pattern, as 'rw\\*', or a list"),
        ({"kind": "jk1", "scale": float("inf")}, "scale=inf must be a positive number"),
        ({"kind": "other"}, "kind='other' needs scale="),
        ({"kind": "jkn"}, "kind='jkn' needs rscales="),
        ({"kind": "jk1", "scale": -1}, "scale=-1 must be a positive number"),
        ({"kind": "jkn", "rscales": [0.5, -1]}, "must be numbers, 0 or more"),
        ({"kind": "jkn", "rscales": "half"}, "must be numbers, 0 or more"),
        ({"kind": "jk1", "df": 0}, "df"),
    ],
)
def test_options_of_replicate_weights(options, message):
    with pytest.raises(tcs.TcsError, match=message):
        tcs.ReplicateWeights(**{"columns": "rw*"} | options)


def test_what_the_survey_refuses(frame):
    def read(data=frame, columns="jk1_*", kind="jk1", given=None, **roles):
        options = {"items": SPEC.items, "weight": "w"} | roles
        given = given or tcs.ReplicateWeights(columns=columns, kind=kind)
        return tcs.Survey(data, replicates=given, **options)

    for message, arguments in (
        ("need the sampling weight of each respondent", {"weight": None}),
        ("already say how respondents were drawn", {"strata": "stratum"}),
        ("0 columns of replicate weights fit columns='rep\\*'", {"columns": "rep*"}),
        ("'jk1_0' is not a column of the data. Did you mean", {"columns": ["jk1_0", "jk1_1"]}),
        ("both an item and a replicate weight", {"items": [*SPEC.items, "jk1_3"]}),
        ("it is -1.0 in row 1", {"data": frame.assign(jk1_2=-1.0)}),
        ("replicates is a list; say how they were made", {"given": ["jk1_1"]}),
    ):
        with pytest.raises(tcs.TcsError, match=message):
            read(**arguments)
    with pytest.raises(tcs.TcsError, match="rscales has 2 factors for 25 columns"):
        read(given=tcs.ReplicateWeights(columns="jk1_*", kind="jkn", rscales=[0.5, 0.5]))
    one = survey_of(frame).where(np.arange(250) < 10)
    with pytest.raises(tcs.TcsError, match="'jk1_1' is zero for all 10 respondents"):
        one.design()
    assert "25 replicate weights" in repr(survey_of(frame))


def test_what_is_drawn_anew_is_refused(frame, mobi_frame):
    fitted = tcs.PLS(SPEC).fit(survey_of(frame))
    for refused in (
        lambda: fitted.bootstrap(50),
        lambda: fitted.jackknife("paths"),
        lambda: tcs.fimix(fitted, [1, 2], starts=2).bootstrap(5, k=2),
    ):
        with pytest.raises(tcs.TcsError, match=r"Call \.replicated\(\)"):
            refused()
    with pytest.raises(tcs.TcsError, match="leave out interval="):
        fitted.replicated().draws.interval("paths", interval="bca")
    with pytest.raises(tcs.TcsError, match="The survey has no replicate weights"):
        tcs.PLS(SPEC).fit(mobi_frame).replicated()
    with pytest.raises(tcs.TcsError, match="strata, clusters or replicate weights"):
        tcs.SEM(SPEC, estimator="mlmv").fit(survey_of(frame))
