"""Samples with clusters, strata and frequencies in every model, against lavaan and by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from lavaan_numbers import MEASURES, close
from numpy.testing import assert_allclose
from statsmodels.regression.linear_model import OLS

from tcsmodel.errors import OptionError, TcsError
from tcsmodel.kernels.design import design
from tcsmodel.kernels.resample import design_chunks
from tcsmodel.models.cfa import CFA
from tcsmodel.models.efa import EFA
from tcsmodel.models.pls import PLS
from tcsmodel.models.sem import SEM
from tcsmodel.satisfaction.drivers import KeyDrivers
from tcsmodel.satisfaction.index import satisfaction_index
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.replicates import ReplicateWeights
from tcsmodel.survey.survey import Survey

TWO = ModelSpec.parse(
    "Quality =~ q1 + q2 + q3\nSatisfaction =~ s1 + s2 + s3\nSatisfaction ~ Quality"
)
HS = ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")


def branches(clusters=40, size=12, seed=3):
    """Return 1-10 answers of customers of branches that differ, in two regions."""
    random = np.random.default_rng(seed)
    branch = np.repeat(np.arange(clusters), size)
    shared = random.normal(size=(clusters, 2))[branch]
    quality = shared[:, 0] + random.normal(size=len(branch))
    satisfaction = 0.7 * quality + 0.7 * shared[:, 1] + 0.6 * random.normal(size=len(branch))
    columns = {
        f"{name}{k}": 5.5 + 1.2 * latent + 0.8 * random.normal(size=len(branch))
        for name, latent in (("q", quality), ("s", satisfaction))
        for k in (1, 2, 3)
    }
    frame = pd.DataFrame(columns).round().clip(1, 10)
    return frame.assign(branch=branch, region=np.where(branch < clusters // 2, "N", "S"))


@pytest.fixture(scope="module")
def frame():
    return branches()


def survey_of(frame, **design):
    return Survey(frame, items=TWO.items, scale=(1, 10), **design)


CLUSTERED = {"cluster": "branch", "strata": "region"}


@pytest.fixture(scope="module")
def two_level():
    theirs = expected("B_demo2l_cluster_MLR")
    spec = ModelSpec.parse(theirs["model"])
    survey = Survey(pd.read_csv(DATA / "Demo.twolevel.csv"), items=spec.items, cluster="cluster")
    # lavaan models the means of clustered answers; here they are asked for.
    return SEM(spec, estimator="mlr", meanstructure=True).fit(survey), theirs


def test_errors_of_clusters_are_lavaans(two_level):
    ours, theirs = two_level
    table = theirs["parameterEstimates"]
    close(ours.estimates["estimate"], table["est"], tol.POINT, 1e-6)
    close(ours.estimates["se"], table["se"], tol.SE)


def test_fit_of_clusters_is_lavaans(two_level):
    ours, theirs = two_level
    fit = theirs["fitMeasures"]
    names = MEASURES | {
        "chi2_scaled": "chisq.scaled",
        "scaling_factor": "chisq.scaling.factor",
        "baseline_chi2_scaled": "baseline.chisq.scaled",
        "baseline_scaling_factor": "baseline.chisq.scaling.factor",
        "tli_robust": "tli.robust",
    }
    for name, other in names.items():
        close(ours.fit_measures[name], fit[other], tol.FIT, 2e-6)


def test_full_information_has_the_same_errors(two_level):
    ours, _ = two_level
    spec = ours.estimator.spec
    both = ModelSpec.parse(f"{spec}\nx1 ~~ x1 + x2 + x3\nx2 ~~ x2 + x3\nx3 ~~ x3")
    survey = ours.sample.survey
    rows = [SEM(both, estimator="mlr", missing=m, meanstructure=True).fit(survey)
            for m in ("listwise", "fiml")]  # fmt: skip
    assert_allclose(rows[1].estimates["se"], rows[0].estimates["se"], rtol=1e-6, atol=1e-9)
    names = ["scaling_factor", "baseline_scaling_factor", "chi2_scaled"]
    assert_allclose(rows[1].fit_measures[names], rows[0].fit_measures[names], rtol=1e-6)


def test_gaps_hardly_move_them(frame):
    gaps = frame.copy()
    gaps.loc[::97, "q2"] = np.nan
    full = SEM(TWO, estimator="mlr", meanstructure=True).fit(survey_of(frame, **CLUSTERED))
    some = SEM(TWO, estimator="mlr", missing="fiml").fit(survey_of(gaps, **CLUSTERED))
    staged = SEM(TWO, missing="robust_two_stage").fit(survey_of(gaps, **CLUSTERED))
    free = full.estimates["se"] > 0
    for other in (some, staged):
        ratio = (other.estimates["se"] / full.estimates["se"])[free]
        assert ratio.between(0.9, 1.1).all()


def test_respondents_as_clusters_change_little(frame):
    plain = SEM(TWO, estimator="mlr").fit(survey_of(frame))
    alone = survey_of(frame.assign(who=range(len(frame))), cluster="who")
    ours = SEM(TWO, estimator="mlr").fit(alone)
    n = len(frame)
    assert_allclose(
        ours.estimates["se"], plain.estimates["se"] * np.sqrt(n / (n - 1)), rtol=1e-5, atol=1e-8
    )


def test_groups_of_the_same_clusters_are_not_independent(frame):
    """Scores of the halves of a branch are summed over groups, as in one long score."""
    half = frame.assign(half=np.arange(len(frame)) % 2)
    text = "Quality =~ q1 + a*q2 + b*q3\nq1 ~~ c*q1\nq2 ~~ d*q2\nq3 ~~ e*q3\nQuality ~~ f*Quality"
    spec = ModelSpec.parse(text)
    survey = Survey(half, items=spec.items, **CLUSTERED)
    together = CFA(spec, estimator="mlr", group="half").fit(survey)
    fiml = CFA(spec, estimator="mlr", group="half", missing="fiml").fit(survey)
    kept = together.vcov.index
    assert_allclose(fiml.vcov.loc[kept, kept], together.vcov, rtol=1e-3, atol=1e-6)
    one = CFA(spec, estimator="mlr").fit(survey)
    ours, theirs = (r.estimates.query("label == 'f'")["se"].iloc[0] for r in (together, one))
    assert ours == pytest.approx(theirs, rel=0.1)


def test_plain_errors_say_that_they_do_not_know(frame):
    found = SEM(TWO).fit(survey_of(frame, **CLUSTERED)).verify()
    assert [f.code for f in found] == ["ignored_design"]
    assert "40 sampling units" in found[0].sentence("evidence")
    assert not SEM(TWO, estimator="mlr").fit(survey_of(frame, **CLUSTERED)).verify()
    assert not SEM(TWO).fit(survey_of(frame)).verify()


def test_what_cannot_take_a_design_says_so(frame):
    survey = survey_of(frame, **CLUSTERED)
    with pytest.raises(TcsError, match=r"'mlm' takes respondents for drawn one by one"):
        SEM(TWO, estimator="mlm").fit(survey)
    with pytest.raises(TcsError, match=r"'mlmv' takes respondents for drawn one by one"):
        SEM(TWO, estimator="mlmv").fit_each(survey, by="region")
    with pytest.raises(TcsError, match="Two-stage estimation of groups"):
        SEM(TWO, missing="robust_two_stage", group="region").fit(survey)
    with pytest.raises(OptionError, match="'bca' takes respondents for drawn one by one"):
        PLS(TWO).fit(survey).bootstrap(50, interval="bca")


def test_resamples_are_of_clusters_within_strata():
    given = design(np.array([0, 0, 1, 2, 3, 4, 4]), np.array([0, 0, 0, 1, 1, 1, 1]), 7)
    counts = np.concatenate(list(design_chunks(given, 500, 1)))
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, 5] == counts[:, 6]).all()
    clusters = counts[:, [0, 2, 3, 4, 5]]
    assert_allclose(clusters[:, :2].sum(axis=1), 2)
    assert_allclose(clusters[:, 2:].sum(axis=1), 3)
    assert set(np.unique(clusters[:, :2])) == {0.0, 2.0}
    few = np.concatenate(list(design_chunks(given, 20, 1, size=8)))
    assert_allclose(few, counts[:20])


def test_bootstrap_of_clusters_has_the_linearized_error(frame):
    """Of a mean, whose linearized variance is exact but for the Monte Carlo error."""
    survey = survey_of(frame, **CLUSTERED)
    index = satisfaction_index(PLS(TWO).fit(survey), target="Satisfaction", kind="equal")
    draws = satisfaction_index(
        PLS(TWO).fit(survey).bootstrap(2000, seed=1), target="Satisfaction", kind="equal"
    )
    ours, linear = (r.table()["ci_upper"] - r.table()["ci_lower"] for r in (draws, index))
    assert_allclose(ours, linear, rtol=0.08)


def test_intervals_of_clusters_are_wider(frame):
    plain, clustered = (
        satisfaction_index(PLS(TWO).fit(survey_of(frame, **own)), target="Satisfaction")
        for own in ({}, CLUSTERED)
    )
    widths = [r.table()["ci_upper"] - r.table()["ci_lower"] for r in (plain, clustered)]
    assert (widths[1] > 1.5 * widths[0]).all()
    paths = [
        PLS(TWO).fit(survey_of(frame, **own)).bootstrap(300, seed=1).draws.se("paths")[0, 1]
        for own in ({}, CLUSTERED)
    ]
    assert paths[1] > 1.3 * paths[0]
    fits = [SEM(TWO, estimator="mlr").fit(survey_of(frame, **own)) for own in ({}, CLUSTERED)]
    errors = [fit.estimates.query("op == '~'")["se"].iloc[0] for fit in fits]
    boot = fits[1].bootstrap(300, seed=1).estimates.query("op == '~'")["se"].iloc[0]
    assert errors[1] > 1.3 * errors[0]
    assert boot == pytest.approx(errors[1], rel=0.2)


def test_segments_are_domains_of_the_design(frame):
    index = satisfaction_index(PLS(TWO).fit(survey_of(frame, **CLUSTERED)), target="Satisfaction")
    by = index.by("region").query("construct == 'Quality'").set_index("segment")
    scores = index.respondents["Quality"].to_numpy()
    branch = scores.reshape(40, 12).mean(axis=1)
    assert_allclose(
        by["se"], [branch[:20].std(ddof=1) / 20**0.5, branch[20:].std(ddof=1) / 20**0.5]
    )


def test_the_survey_of_indices_keeps_the_design(frame):
    index = satisfaction_index(PLS(TWO).fit(survey_of(frame, **CLUSTERED)), target="Satisfaction")
    kept = index.survey()
    assert (kept.strata, kept.cluster) == ("strata", "cluster")
    assert len(kept.design().stratum) == 40


def test_drivers_have_the_errors_of_clusters(frame):
    drivers = KeyDrivers("s1", ["q1", "q2"]).fit(survey_of(frame, cluster="branch"))
    x = np.column_stack([np.ones(len(frame)), frame[["q1", "q2"]]])
    fit = OLS(frame["s1"].to_numpy(float), x).fit()
    theirs = fit.get_robustcov_results(
        "cluster", groups=frame["branch"].to_numpy(), use_correction=False
    )
    factor = np.sqrt(40 / 39)
    assert_allclose(drivers.regression["se_robust"], factor * theirs.bse[1:], rtol=1e-8)


@pytest.fixture(scope="module")
def counted(hs_frame):
    counts = np.random.default_rng(4).integers(0, 4, len(hs_frame))
    options = {"items": [*HS.items], "group": "school"}
    once = Survey(hs_frame.assign(count=counts), weight="count", frequency=True, **options)
    rows = hs_frame.loc[hs_frame.index.repeat(counts)]
    return once, Survey(rows, **options)


@pytest.mark.parametrize(
    "make",
    [
        lambda s: CFA(HS, estimator="mlr").fit(s).estimates[["estimate", "se", "std"]],
        lambda s: CFA(HS, group="school", missing="fiml").fit(s).estimates[["estimate", "se"]],
        lambda s: CFA(HS, estimator="mlr").fit(s).fit_measures,
        lambda s: EFA(n_factors=3).fit(s).loadings,
        lambda s: EFA(n_factors=3, extraction="ml").fit(s).fit_measures,
        lambda s: PLS(HS_PATHS).fit(s).paths,
        lambda s: PLS(HS_PATHS).fit(s).bootstrap(64, seed=2).draws.values["paths"][:, 0, 1],
        lambda s: KeyDrivers("x1", ["x4", "x5"]).fit(s).regression[["b", "se", "se_robust"]],
    ],
)
def test_counts_of_rows_are_repeated_rows(counted, make):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = (make(survey) for survey in counted)
    assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), rtol=1e-10, atol=1e-12)


HS_PATHS = ModelSpec.parse(f"{HS}\nspeed ~ visual + textual")


def test_a_resample_without_a_group_is_lost(frame):
    """Two of eight clusters make up a group: some resamples have neither."""
    few = frame[frame["branch"] < 8].assign(brand=lambda d: np.where(d["branch"] < 2, "A", "B"))
    spec = ModelSpec.parse("Quality =~ q1 + q2 + q3")
    survey = Survey(few, items=spec.items, cluster="branch")
    for missing in ("listwise", "fiml"):
        fitted = CFA(spec, group="brand", missing=missing, meanstructure=True).fit(survey)
        draws = fitted.bootstrap(64, seed=1).draws
        assert 0.02 < draws.status_shares["singular"] < 0.4
        assert np.isfinite(draws.se("estimates")).all()


def test_weights_and_clusters_together_by_hand(frame):
    """The linearized variance of a weighted mean, here an intercept, branch by branch."""
    weight = np.random.default_rng(5).uniform(0.5, 2, len(frame))
    survey = Survey(frame.assign(w=weight), items=["q1", "q2", "q3"], weight="w", cluster="branch")
    spec = ModelSpec.parse("Quality =~ q1 + q2 + q3")
    fitted = CFA(spec, estimator="mlr", meanstructure=True).fit(survey)
    share, y = weight / weight.sum(), frame["q1"].to_numpy(float)
    z = pd.Series(share * (y - share @ y)).groupby(frame["branch"].to_numpy()).sum()
    row = fitted.estimates.query("lhs == 'q1' and op == '~1'").iloc[0]
    assert row["estimate"] == pytest.approx(share @ y, rel=1e-8)
    assert row["se"] == pytest.approx(np.sqrt(40 / 39 * (z**2).sum()), rel=1e-6)


def ordinal(frame, text="Quality =~ q1 + q2 + q3\nSatisfaction =~ s1 + s2 + s3", **design):
    """Return a model of answers in five categories."""
    names = [*TWO.items]
    five = frame.assign(**{name: np.ceil(frame[name] / 2) for name in names})
    return CFA(ModelSpec.parse(text), ordered=True).fit(survey_of(five, **design))


SCALED_TESTS = ["chi2_scaled", "p_scaled", "cfi_scaled", "rmsea_scaled"]


def test_ordinal_items_of_respondents_drawn_one_by_one(frame):
    plain = ordinal(frame)
    own = ordinal(frame.assign(person=np.arange(len(frame))), cluster="person")
    assert_allclose(own.estimates["se"], plain.estimates["se"], rtol=1e-9)
    assert_allclose(own.fit_measures[SCALED_TESTS], plain.fit_measures[SCALED_TESTS], rtol=1e-8)


def test_ordinal_answers_given_twice_say_no_more(frame):
    plain = ordinal(frame)
    twice = pd.concat([frame.assign(person=np.arange(len(frame)))] * 2)
    both = ordinal(twice, cluster="person")
    assert_allclose(both.estimates["estimate"], plain.estimates["estimate"], atol=1e-7)
    assert_allclose(both.estimates["se"], plain.estimates["se"], rtol=1e-6)
    assert_allclose(both.fit_measures[SCALED_TESTS], plain.fit_measures[SCALED_TESTS], rtol=1e-5)


def test_ordinal_items_in_clusters_vary_as_their_bootstrap(frame):
    ours, alone = ordinal(frame, **CLUSTERED), ordinal(frame)
    drawn = ours.bootstrap(300, seed=1).estimates
    kind = (drawn["op"] == "=~") & (drawn["se"] > 0)
    assert_allclose(ours.estimates["se"][kind], drawn["se"][kind], rtol=0.25)
    means = drawn["op"] == "|"
    assert (ours.estimates["se"] / alone.estimates["se"])[means].median() > 1.5
    assert_allclose(ours.estimates["estimate"], alone.estimates["estimate"])


def test_ordinal_items_with_replicate_weights_that_leave_clusters_out(frame):
    left = (frame["branch"].to_numpy()[:, None] != np.arange(40)) * 40 / 39
    columns = [f"rw{k}" for k in range(40)]
    weighted = pd.concat([frame.assign(w=1.0), pd.DataFrame(left, columns=columns)], axis=1)
    ours = ordinal(weighted, weight="w", replicates=ReplicateWeights(columns="rw*", kind="jk1"))
    theirs = ordinal(frame, cluster="branch")
    assert_allclose(ours.estimates["se"], theirs.estimates["se"], rtol=1e-8)
    assert_allclose(ours.fit_measures[SCALED_TESTS], theirs.fit_measures[SCALED_TESTS], rtol=1e-7)


def test_what_ordinal_items_do_not_know_of_a_design(frame):
    spec = ModelSpec.parse("Quality =~ q1 + q2 + q3")
    five = frame.assign(**{name: np.ceil(frame[name] / 2) for name in TWO.items})
    survey = survey_of(five, **CLUSTERED)
    with pytest.raises(TcsError, match="Use estimator='wlsmv'"):
        CFA(spec, ordered=True, estimator="wls").fit(survey)
    apart = CFA(spec, ordered=True, group="region").fit(survey)
    assert apart.proper
