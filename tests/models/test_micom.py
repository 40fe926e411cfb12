"""MICOM: what it says of groups, for any data, and when it cannot."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from grouped_answers import ITEMS, SPEC, in_group, sample
from numpy.testing import assert_allclose
from scipy import stats

from tcsmodel.errors import (
    DroppedRespondentsWarning,
    IdentificationError,
    OptionError,
    SurveyError,
    TcsError,
)
from tcsmodel.kernels.resample import permutation_chunks
from tcsmodel.models import permuted as engine
from tcsmodel.models.micom import MICOMResult, micom
from tcsmodel.models.pls import PLS
from tcsmodel.survey.moments import Moments
from tcsmodel.survey.survey import Survey


def run(frame, model=SPEC, **options):
    return micom(model, frame, "brand", **{"permutations": 199, "seed": 1, **options})


def by_scores(frame, model):
    """Return what MICOM compares, from scores of respondents."""
    pooled = (frame[ITEMS] - frame[ITEMS].mean()) / frame[ITEMS].std()
    own = [model.fit(in_group(frame, label)).outer_weights for label in "AB"]
    same = [np.corrcoef(pooled @ own[0][c], pooled @ own[1][c])[0, 1] for c in own[0]]
    scores = model.fit(frame).scores().set_index(frame["brand"])
    first, second = (scores.loc[label] for label in "AB")
    return {
        "composition": same,
        "means": first.mean() - second.mean(),
        "variances": np.log(first.var() / second.var()),
    }


@pytest.mark.filterwarnings("ignore::tcsmodel.errors.ImproperSolutionWarning")
@pytest.mark.parametrize(
    "options", [{}, {"modes": {"Image": "B"}, "scheme": "centroid"}, {"consistent": ["Image"]}]
)
def test_every_permutation_is_a_fit_to_permuted_labels(options):
    frame, model = sample(90), PLS(SPEC, tol=1e-10, **options)
    frame["brand"] = np.where(np.arange(90) < 30, "A", "B")  # of unequal size
    result = run(frame, model, permutations=20)
    (pair,) = result.permuted
    (orders,) = permutation_chunks(90, 20, 1)
    labels = [frame["brand"].to_numpy(), *(frame["brand"].to_numpy()[own] for own in orders)]
    for b in (-1, 0, 7, 19):
        expected = by_scores(frame.assign(brand=labels[b + 1]), model)
        for test, value in expected.items():
            found = pair.observed[test] if b < 0 else pair.draws[test][b]
            assert_allclose(found, value, atol=1e-8)


def test_answers_as_they_are_are_weighted_as_they_are():
    frame = sample(90)
    model = PLS(SPEC, tol=1e-10, standardized=False)
    first, second = (model.fit(in_group(frame, label)) for label in "AB")
    raw = [(fit.outer_weights.div(fit.item_sds, axis=0)) for fit in (first, second)]
    same = [np.corrcoef(frame[ITEMS] @ raw[0][c], frame[ITEMS] @ raw[1][c])[0, 1] for c in raw[0]]
    assert_allclose(run(frame, model).table()["correlation"], same, atol=1e-9)


def test_names_of_groups_units_and_rows_of_items_change_nothing():
    frame = sample()
    first = run(frame).table()
    renamed = frame.assign(brand=frame["brand"].map({"A": "z", "B": "a"}))
    renamed[ITEMS] = renamed[ITEMS] * [2, 5, 1, 3, 9, 4] + 7
    second = run(renamed).table()
    assert second["group"].unique().tolist() == ["z"]
    same = [name for name in first.columns if name not in ("group", "other", "construct")]
    pd.testing.assert_frame_equal(first[same], second[same], rtol=1e-6)


def test_chunks_change_nothing(monkeypatch):
    frame = sample()
    first = run(frame).table()
    monkeypatch.setattr(engine, "NUMBERS_HELD", 120 * 2 * 9)
    pd.testing.assert_frame_equal(first, run(frame).table(), rtol=1e-9)


def test_a_pair_is_tested_alike_whatever_other_groups_there_are():
    frame = sample(180, groups=3)
    three = run(frame)
    two = run(frame[frame["brand"] != "B"])
    pair = next(one for one in three.pairs if one.members == (0, 2))
    for name, draws in two.permuted[0].draws.items():
        assert_allclose(pair.draws[name], draws, atol=1e-9)


def test_of_more_groups_p_is_adjusted_over_pairs_and_all_are_tested_at_once():
    result = run(sample(240, groups=4))
    tests = result.tests
    assert len(tests) == 3 * 6 * 3
    own = tests[(tests["construct"] == "Image") & (tests["test"] == "means")]
    smallest = own["p"].idxmin()
    assert own.loc[smallest, "p_adjusted"] == pytest.approx(min(1, 6 * own.loc[smallest, "p"]))
    assert (tests["p_adjusted"] >= tests["p"]).all()
    assert len(result.omnibus) == 9
    assert result.omnibus["p"].between(0.005, 1).all()
    assert run(sample()).omnibus.empty


def test_a_single_item_is_the_same_composite_everywhere():
    row = run(sample()).table().set_index("construct").loc["Sat"]
    assert row["correlation"] == pytest.approx(1, abs=1e-12)
    assert row["correlation_p"] == 1


def test_integer_weights_equal_repeated_rows():
    frame = sample(80)
    times = np.random.default_rng(5).integers(1, 4, 80)
    repeated = frame.loc[frame.index.repeat(times)].reset_index(drop=True)
    weighted = Survey(frame.assign(w=times), items=ITEMS, weight="w")
    ours, theirs = run(weighted).permuted[0].observed, run(repeated).permuted[0].observed
    for test in ("composition", "means"):
        # Scores have variance 1 with the divisor n - 1, which differs.
        assert_allclose(ours[test], theirs[test], rtol=5e-3)
    assert_allclose(ours["composition"], theirs["composition"], atol=1e-7)


def test_weights_go_with_their_respondents_in_permutations():
    frame = sample(60).assign(w=np.random.default_rng(2).uniform(0.2, 3, 60))
    (pair,) = run(Survey(frame, items=ITEMS, weight="w")).permuted
    order = next(permutation_chunks(60, 1, 1))[0]
    moved = frame.assign(brand=frame["brand"].to_numpy()[order])
    other = run(Survey(moved, items=ITEMS, weight="w"))
    sign = 1 if other.groups == ("A", "B") else -1
    assert_allclose(pair.draws["means"][0], sign * other.permuted[0].observed["means"], atol=1e-7)


def differing(kind):
    """Return groups of which the second differs in one respect."""
    frame = sample(600, seed=4)
    second = (frame["brand"] == "B").to_numpy()
    if kind == "none":
        generator = np.random.default_rng(8)
        frame.loc[second, ["i1", "i2"]] = generator.normal(size=(second.sum(), 2))
    if kind == "partial":
        frame.loc[second, ITEMS] += 0.4
    return frame


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("full", "micom_full", "paths may be compared, and respondents pooled"),
        (
            "partial",
            "micom_partial",
            "paths may be compared between groups of brand, means may not",
        ),
        ("none", "composition_differs", "Image is not the same composite in A and B"),
    ],
)
def test_what_may_be_compared(kind, code, words):
    result = run(differing(kind))
    assert result.invariance == kind
    (finding,) = [one for one in result.verify() if one.code == code]
    assert words in finding.sentence()
    assert repr(result).endswith(f"{'no' if kind == 'none' else kind} invariance)")
    verdicts = result.table().set_index("construct")["invariance"]
    assert verdicts["Sat"] == ("full" if kind != "partial" else "partial")


def test_levels_far_apart_are_a_caution_where_a_test_rejects():
    frame = sample(300, seed=6)
    frame.loc[frame["brand"] == "B", ITEMS] += 2
    plain, centered = run(frame), run(frame, centered=True)
    assert plain.invariance == "none"
    assert centered.invariance == "partial"
    (finding,) = [one for one in plain.verify() if one.code == "level_disturbs"]
    assert finding.evidence["difference"] < -1
    assert "level_disturbs" not in [one.code for one in centered.verify()]
    kept = ["correlation", "mean_difference", "mean_p", "log_variance_ratio"]
    pd.testing.assert_frame_equal(plain.table()[kept], centered.table()[kept])


def test_ordinal_answers_have_no_means_to_be_centered():
    frame = sample()
    frame[ITEMS] = np.clip(np.round(frame[ITEMS]), -1, 1)
    with pytest.raises(OptionError, match="centered=True takes the means of groups away"):
        run(frame, PLS(SPEC, ordered=["i1"]), centered=True, permutations=19)


def test_partial_invariance_names_what_differs():
    (finding,) = [f for f in run(differing("partial")).verify() if f.code == "micom_partial"]
    assert finding.evidence["means"] == ("Image", "Quality", "Sat")
    assert finding.evidence["variances"] == ("none",)


def test_the_first_step_says_what_is_the_same():
    result = run(sample(), PLS(SPEC, scheme="centroid"))
    assert result.configural["items"] == "6 items in 3 constructs"
    assert "scheme=centroid" in result.configural["algorithm"]
    assert "The same in every group" in result.summary()


def test_small_and_unequal_groups_are_findings():
    frame = sample(150)
    frame["brand"] = np.where(np.arange(150) < 40, "A", "B")
    codes = {finding.code: finding for finding in run(frame).verify()}
    assert codes["group_of_few"].evidence["n"] == 40
    assert codes["groups_unequal"].subjects == ("B", "A")
    assert isinstance(run(frame), MICOMResult)


def test_permutations_without_a_solution_are_counted():
    frame = sample(40)
    frame["q2"] = frame["q1"] = 0.0
    frame.loc[[0, 1], ["q1", "q2"]] = 1.0  # one respondent of each group answers otherwise
    model = PLS(SPEC, modes={"Quality": "unit"})
    result = run(frame, model)
    (pair,) = result.permuted
    assert 0.3 < pair.lost / 199 < 0.7
    assert np.isnan(pair.draws["means"]).any(axis=1).sum() == pair.lost
    assert result.status_shares.loc[("A", "B"), "singular"] == pytest.approx(pair.lost / 199)
    (finding,) = [one for one in result.verify() if one.code == "permutations_lost"]
    assert finding.severity == "caution"
    assert result.table()["correlation_p"].notna().all()


def test_clusters_are_a_caution():
    frame = sample().assign(branch=np.arange(120) // 4)
    codes = [f.code for f in run(Survey(frame, items=ITEMS, cluster="branch")).verify()]
    assert "permutation_without_design" in codes


def test_missing_answers_follow_the_rule_of_the_model():
    frame = sample()
    frame.loc[:9, "i1"] = np.nan
    with pytest.warns(DroppedRespondentsWarning, match="10 of 120"):
        assert run(frame).grouped.n == 110
    for missing in ("mean", "pairwise", "fiml"):
        result = run(frame, PLS(SPEC, missing=missing), permutations=19)
        assert result.grouped.n == 120
        first = PLS(SPEC, missing=missing).fit(in_group(frame, "A"))
        again = result.grouped.moments(result.grouped.rows((0,)), np.ones(60), np.array(60.0))
        assert_allclose(again[1], first.sample.moments.cov_array, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"q1": lambda f: np.where(f["brand"] == "B", 3.0, f["q1"])}, SurveyError,
         "In group 'B' of 'brand': Item 'q1' is constant"),
        ({"brand": lambda f: "A"}, SurveyError, "has one group only, 'A', among the respondents"),
        ({"brand": lambda f: np.where(f.index < 3, "tiny", f["brand"])}, SurveyError,
         "Group 'tiny' of 'brand' has 3 respondents, and a comparison needs 10 or more"),
        ({"brand": lambda f: np.where(f.index < 3, None, f["brand"])}, SurveyError,
         "'brand' is empty for 3 of the 120 respondents"),
        ({"q2": lambda f: np.where(f["brand"] == "B", -f["q1"], f["q2"])}, IdentificationError,
         "In group 'B' of 'brand': The items of 'Quality' cancel each other out"),
    ],
)  # fmt: skip
def test_groups_that_cannot_be_compared(change, error, message):
    with pytest.raises(error, match=message):
        run(sample().assign(**change))


def test_a_group_that_is_lost_to_missing_answers_is_named():
    frame = sample()
    frame.loc[frame["brand"] == "B", "i1"] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DroppedRespondentsWarning)
        with pytest.raises(SurveyError, match="None of the 60 respondents of group 'B' answered"):
            run(frame)
    with pytest.raises(SurveyError, match="In group 'B' of 'brand': Item 'i1' has no answers"):
        run(frame, PLS(SPEC, missing="mean"))


def test_no_permutation_with_a_solution_is_an_error(monkeypatch):
    frame = sample()
    lost = lambda *_: {"status": np.full(1, 5.0), "composition": np.full((1, 3), np.nan)}  # noqa: E731
    monkeypatch.setattr(engine, "_statistics", lost)
    with pytest.raises(TcsError, match="None of the 199 permutations of the groups 'A', 'B'"):
        run(frame)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"group": None}, "micom\\(\\) compares groups: name their column"),
        ({"group": "i1"}, "group='i1' is an item of the model"),
        ({"group": "brand", "permutations": 18}, "permutations=18 must be a whole number, 19"),
        ({"group": "brand", "seed": -1}, "seed=-1 must be a whole number"),
    ],
)
def test_options_are_checked(arguments, message):
    with pytest.raises(OptionError, match=message):
        micom(SPEC, sample(), **arguments)


def test_moments_have_no_groups():
    moments = Moments.from_cov(np.eye(6), 100, names=ITEMS)
    with pytest.raises(OptionError, match=r"micom\(\) takes a Survey or a DataFrame, not Moments"):
        micom(SPEC, moments, "brand")


def test_the_group_of_a_survey_is_the_default():
    survey = Survey(sample(), items=ITEMS, group="brand")
    assert micom(SPEC, survey, permutations=19).group == "brand"


@pytest.mark.slow
def test_p_is_uniform_where_groups_do_not_differ():
    """Of identical halves each p is equally likely, whatever is tested."""
    found = []
    for seed in range(200):
        (pair,) = run(sample(60, seed=1000 + seed), permutations=99, seed=seed).permuted
        found.append([pair.p(test)[:2] for test in engine.INVARIANCE])
    for p in np.array(found).reshape(200, -1).T:
        assert stats.kstest(p - 0.005, "uniform").pvalue > 0.001
        assert 0.005 <= np.mean(p <= 0.05) <= 0.12
