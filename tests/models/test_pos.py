"""`pls_pos`: segments that explain more, found, denied, and by the formulas of the paper."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import OptionError, SurveyError
from tcsmodel.kernels import pos as kernel
from tcsmodel.kernels.partition import adjusted_rand
from tcsmodel.models.hidden_segments import Verdict
from tcsmodel.models.local_models import weights_of

POPULATION = """
A =~ 0.97*a1 + 0.97*a2 + 0.97*a3
B =~ 0.97*b1 + 0.97*b2 + 0.97*b3
Y =~ 0.97*y1 + 0.97*y2 + 0.97*y3
Z =~ 0.97*z1 + 0.97*z2 + 0.97*z3
V =~ 0.97*v1 + 0.97*v2
Y ~ {0}*A
Z ~ {0}*B
V ~ {0}*Y + 0.1*B
"""
SPEC = tcs.ModelSpec.parse(re.sub(r"(0\.\d+|\{0\})\*", "", POPULATION))


def simulated(first, second, n=200):
    """Return answers of 60% of one population and 40% of another, and who is of which."""
    sizes = int(0.6 * n), n - int(0.6 * n)
    parts = [
        tcs.simulate(tcs.ModelSpec.parse(POPULATION.format(path)), n=size, seed=3 + i).data
        for i, (path, size) in enumerate(zip((first, second), sizes, strict=True))
    ]
    return pd.concat(parts, ignore_index=True), np.repeat([0, 1], sizes)


@pytest.fixture(scope="module")
def two():
    frame, truth = simulated(0.95, -0.95)
    survey = tcs.Survey(frame.assign(kind=np.where(truth, "b", "a")), items=SPEC.items)
    return tcs.PLS(SPEC).fit(survey), truth


@pytest.fixture(scope="module")
def found(two):
    return tcs.pls_pos(two[0], 2, starts=3, replications=19)


def test_strong_segments_are_recovered(found, two):
    assert adjusted_rand(two[1], found.labels) > 0.8
    assert found.p == pytest.approx(1 / 20)
    assert found.verdict is Verdict.UNCHECKED
    assert found.r_squared > 0.8 > 0.3 > found.r_squared_of_all
    assert found.found.reached > 1
    checked = found.bootstrap(5, seed=1)
    assert checked.verdict is Verdict.SEGMENTS
    assert "agreement" in repr(checked)
    assert checked.verify() == ()
    assert [finding.code for finding in found.verify()] == ["segments_unchecked"]
    by = found.describe("kind")
    assert by["p"][0] < 1e-6
    paths = found.paths().set_index(["source", "target"])
    assert_allclose(paths.loc[("A", "Y"), ["segment_1", "segment_2"]], [0.95, -0.95], atol=0.06)


def test_one_population_has_no_segments():
    model = tcs.PLS(SPEC).fit(simulated(0.6, 0.6)[0])
    none = tcs.pls_pos(model, 2, starts=2, replications=19)
    assert none.verdict is Verdict.NONE
    assert none.gain == pytest.approx(none.r_squared - none.r_squared_of_all, abs=1e-4)
    assert none.gain > 0.05
    codes = [finding.code for finding in none.verify()]
    assert codes[0] == "pos_by_chance"
    assert "segments_unchecked" not in codes
    assert "such a search typically adds" in none.summary()


def test_segments_have_the_models_of_their_members(found, two):
    pls, _ = two
    total = 0.0
    for s, name in enumerate(["segment_1", "segment_2"]):
        own = tcs.PLS(SPEC).fit(pls.sample.survey.where((found.segment_of() == s + 1).to_numpy()))
        assert_allclose(found.weights()[name], own.arrays["outer_weights"], atol=1e-6)
        assert_allclose(found.explained()[name], own.r_squared, atol=1e-6)
        row = found.table().loc[s + 1]
        assert row["r_squared"] == pytest.approx(own.r_squared.mean(), abs=1e-6)
        total += row["share"] * row["r_squared"]
    assert found.r_squared == pytest.approx(total, abs=1e-4)
    assert found.table().loc[0, "r_squared"] == pytest.approx(pls.r_squared.mean())
    assert found.sizes()["n"].is_monotonic_decreasing


def test_formative_segments_differ_in_weights():
    """The scores of the model of all cannot show them: each segment forms the construct its way."""
    random = np.random.default_rng(5)

    def answers(weights):
        x = random.normal(size=(200, 2))
        y = 0.95 * x @ weights / np.linalg.norm(weights) + 0.3 * random.normal(size=200)
        return np.column_stack([x, y + 0.1 * random.normal(size=200), y])

    values = np.vstack([answers(np.array(w)) for w in ([1.0, 0.0], [-0.3, 1.0])])
    frame = pd.DataFrame(values, columns=["f1", "f2", "y1", "y2"])
    model = tcs.PLS(tcs.ModelSpec.parse("F <~ f1 + f2\nY =~ y1 + y2\nY ~ F")).fit(frame)
    found = tcs.pls_pos(model, 2, starts=3, replications=19)
    own = found.weights().set_index("item")[["segment_1", "segment_2"]].loc[["f1", "f2"]]
    assert found.p == pytest.approx(1 / 20)
    assert sorted(own.loc["f1"].round()) == [0, 1]
    assert found.explained()[["segment_1", "segment_2"]].min(axis=None) > 0.75


# The formulas


def problem_of(found):
    answers, weights = found.pls.answers("a test"), weights_of(found.pls)
    z = (answers - answers.mean(axis=0)) / answers.std(axis=0)
    return found.search._problem(z, weights)


def test_the_criterion_is_the_sum_of_r_squared(found, two):
    problem = problem_of(found)
    r2 = found.explained()[["segment_1", "segment_2"]].sum().to_numpy()
    shares = found.sizes()["share"].to_numpy()
    one, other = (
        float(replace(problem, weighted=weighted).criterion(found.labels[None])[0])
        for weighted in (True, False)
    )
    assert one == pytest.approx(r2 @ shares, rel=1e-4)
    assert other == pytest.approx(r2.sum(), rel=1e-4)
    few = np.zeros((1, 200), dtype=int)
    few[0, :5] = 1
    assert problem.criterion(few)[0] == -np.inf


def test_the_distance_is_that_of_the_paper(found):
    """Residuals of each construct over the root of their sum of squares in the segment."""
    distance = problem_of(found).distances(found.labels[None])[0]
    survey, model = found.pls.sample.survey, found.estimator.model
    answers = survey.values(SPEC.items)
    for s in range(2):
        inside = found.labels == s
        own = tcs.PLS(SPEC, tol=1e-9).fit(survey.where(inside))
        part = answers[inside]
        scores = (answers - part.mean(axis=0)) / part.std(axis=0) @ own.outer_weights.to_numpy()
        by_hand = 0.0
        for j in model.targets:
            e = scores[:, j] - scores @ own.paths.to_numpy()[:, j]
            by_hand = by_hand + np.abs(e) / np.sqrt((e[inside] ** 2).sum())
        assert_allclose(distance[s], by_hand, rtol=2e-3)


def test_the_climb_never_falls_and_starts_do_not_matter_to_each_other(found):
    problem = problem_of(found)
    start = found.search._labels(200)
    together = kernel.climb(problem, start, 20)
    assert (together.criterion >= problem.criterion(start)).all()
    assert together.finished.all()
    assert_allclose(problem.criterion(together.labels), together.criterion)
    for s in range(len(start)):
        alone = kernel.climb(problem, start[s : s + 1], 20)
        assert_allclose(alone.criterion[0], together.criterion[s], atol=1e-6)
    cut = kernel.climb(problem, start, 20, max_iter=1)
    assert not cut.finished.any()


def test_nobody_alone_could_raise_the_criterion(found):
    problem = problem_of(found)
    labels = np.tile(found.labels, (200, 1))
    labels[np.arange(200), np.arange(200)] = 1 - found.labels
    rise = problem.criterion(labels) - problem.criterion(found.labels[None])
    gain, _ = kernel._gains(problem, found.labels[None])
    tried = np.argsort(-gain[0])[:50]
    assert rise[tried].max() < 1e-4


def test_weights_are_repeated_rows(two):
    frame, _ = simulated(0.95, -0.95)
    counts = np.random.default_rng(1).integers(1, 3, len(frame))
    weighted = tcs.Survey(frame.assign(w=counts), items=SPEC.items, weight="w")
    ours = tcs.pls_pos(tcs.PLS(SPEC).fit(weighted), 2, starts=1, replications=19)
    labels = np.repeat(ours.labels, counts)
    repeated = frame.loc[frame.index.repeat(counts)].reset_index(drop=True)
    first = tcs.PLS(SPEC).fit(repeated[labels == 0])
    assert ours.table().loc[1, "r_squared"] == pytest.approx(first.r_squared.mean(), abs=1e-6)
    assert ours.sizes()["share"][0] == pytest.approx((labels == 0).mean())


def test_a_single_target(two):
    pls, _ = two
    found = tcs.pls_pos(pls, 2, target="Y", weighted=False, starts=1, replications=19)
    assert found.table().loc[0, "r_squared"] == pytest.approx(pls.r_squared["Y"])
    y = found.explained().set_index("construct").loc["Y", ["segment_1", "segment_2"]]
    assert found.r_squared == pytest.approx(y.mean(), abs=1e-4)
    assert found.r_squared > 0.9


def test_many_respondents_are_screened(monkeypatch, found, two):
    monkeypatch.setattr("tcsmodel.models.pos_search.SCREENED", 120)
    part = found.search.found(found.pls.answers("a test"), weights_of(found.pls))
    assert adjusted_rand(two[1], part.labels) > 0.7


def test_seeds_repeat_and_the_number_is_that_of_fimix(two, found):
    again = tcs.pls_pos(two[0], starts=3, replications=19)
    assert again.k == max(tcs.fimix(two[0]).suggested, 2)
    if again.k == 2:
        assert_allclose(again.simulated, found.simulated)
        assert (again.labels == found.labels).all()


def test_what_is_refused(two, mobi_frame):
    pls, _ = two
    for options, message in (
        ({"segments": 1}, "segments=1 must be a whole number, 2 or more"),
        ({"starts": 0}, "starts=0"),
        ({"replications": 5}, "replications=5 must be a whole number, 19 or more"),
        ({"weighted": 1}, "weighted=1 must be True or False"),
        ({"target": "A"}, "target='A' has no antecedents.* are Y, Z, V"),
    ):
        with pytest.raises(OptionError, match=message):
            tcs.pls_pos(pls, **{"segments": 2} | options)
    with pytest.raises(tcs.TcsError, match="'W'"):
        tcs.pls_pos(pls, 2, target="W")
    with pytest.raises(SurveyError, match=r"200 respondents are too few for 6 segments.*with 20"):
        tcs.pls_pos(pls, 6)


def test_segments_without_a_model_are_refused():
    """One respondent alone gives the item its variance, so a segment is always without any."""
    frame = simulated(0.6, 0.6)[0].assign(rare=np.arange(200) == 0)
    spec = tcs.ModelSpec.parse("R =~ rare\nY =~ y1 + y2 + y3\nY ~ R")
    with pytest.raises(SurveyError, match="None of the starts came to 2 segments"):
        tcs.pls_pos(tcs.PLS(spec).fit(frame), 2, starts=2, replications=19)


def test_items_that_hardly_vary_leak_no_warnings(found):
    answers = found.pls.answers("a test").copy()
    answers[:, 0] = np.arange(200) < 4
    assert np.isfinite(found.search.found(answers, np.ones(200)).r_squared)
    answers[:, 0] = 1.0  # as in a resample without those four
    assert np.isnan(found.search.found(answers, np.ones(200)).r_squared)


def test_trouble_is_named(found):
    lone = replace(found, found=replace(found.found, reached=1))
    assert "pos_one_start" in [finding.code for finding in lone.verify()]
    assert "starts=15" in str(next(f for f in lone.verify() if f.code == "pos_one_start"))
    cut = replace(found, found=replace(found.found, finished=False))
    assert cut.verdict is Verdict.NONE
    assert cut.verify()[0].code == "pos_unfinished"
    unstable = replace(found, agreement=np.array([0.1, np.nan, 0.3]))
    assert unstable.verdict is Verdict.NONE
    assert "segments_unstable" in [finding.code for finding in unstable.verify()]


def test_three_strong_segments_are_recovered(found):
    parts = [simulated(path, path, 150)[0] for path in (0.95, -0.95)]
    third = parts[0].sample(frac=1, random_state=1).reset_index(drop=True)
    third[["z1", "z2", "z3"]] *= -1
    frame = pd.concat([*parts, third], ignore_index=True)
    search = replace(found.search, k=3, starts=15)
    part = search.found(frame[list(SPEC.items)].to_numpy(), np.ones(450))
    # The third differs in one regression alone, and crosses the first in it.
    assert adjusted_rand(np.repeat([0, 1, 2], 150), part.labels) > 0.5
    assert part.r_squared > 0.85
