"""`fimix` and `rebus`: segments found, segments denied, tables, trouble."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_files import expected
from numpy.testing import assert_allclose
from tolerances import FIMIX

import tcsmodel as tcs
from tcsmodel.errors import ConvergenceError, OptionError, SurveyError, TcsError
from tcsmodel.kernels.partition import adjusted_rand
from tcsmodel.models import hidden_segments as hidden
from tcsmodel.models.hidden_segments import Verdict

POPULATION = """
A =~ 0.95*a1 + 0.95*a2 + 0.95*a3
B =~ 0.95*b1 + 0.95*b2 + 0.95*b3
Y =~ 0.95*y1 + 0.95*y2 + 0.95*y3
Z =~ 0.95*z1 + 0.95*z2 + 0.95*z3
Y ~ {}*A + {}*B
Z ~ {}*Y
"""
SPEC = tcs.ModelSpec.parse("""
A =~ a1 + a2 + a3
B =~ b1 + b2 + b3
Y =~ y1 + y2 + y3
Z =~ z1 + z2 + z3
Y ~ A + B
Z ~ Y
""")
FIRST, SECOND = (0.95, 0.0, 0.95), (0.0, 0.95, -0.7)


def simulated(first, second, n=240, seed=1):
    """Return answers of 60% of one population and 40% of another, and who is of which."""
    sizes = int(0.6 * n), n - int(0.6 * n)
    parts = [
        tcs.simulate(tcs.ModelSpec.parse(POPULATION.format(*paths)), n=size, seed=seed + i).data
        for i, (paths, size) in enumerate(zip((first, second), sizes, strict=True))
    ]
    truth = np.repeat([0, 1], sizes)
    frame = pd.concat(parts, ignore_index=True).assign(
        region=np.where(truth, "north", "south"), alternate=["x", "y"] * (n // 2)
    )
    return frame, truth


@pytest.fixture(scope="module")
def two():
    frame, truth = simulated(FIRST, SECOND)
    survey = tcs.Survey(frame, items=SPEC.items)
    return tcs.PLS(SPEC).fit(survey), truth


@pytest.fixture(scope="module")
def one():
    return tcs.PLS(SPEC).fit(simulated(FIRST, FIRST)[0])


@pytest.fixture(scope="module")
def mixed(two):
    return tcs.fimix(two[0], range(1, 5), starts=10)


@pytest.fixture(scope="module")
def classed(two):
    return tcs.rebus(two[0], 2, replications=30)


# FIMIX


def test_fimix_recovers_two_segments_and_their_paths(mixed, two):
    pls, truth = two
    checked = mixed.bootstrap(10, seed=1)
    assert mixed.suggested == 2
    assert mixed.verdict is Verdict.UNCHECKED
    assert checked.verdict is Verdict.SEGMENTS
    assert adjusted_rand(truth, mixed.labels()) > 0.6
    assert mixed.sizes()["share"].to_numpy() == pytest.approx([0.6, 0.4], abs=0.07)
    scores = pls.scores().assign(constant=1.0)
    wide = mixed.paths().set_index(["source", "target"])
    for s, name in enumerate(["segment_1", "segment_2"]):
        own = scores[truth == s]
        b = np.linalg.lstsq(own[["A", "B", "constant"]], own["Y"], rcond=None)[0]
        assert wide.loc[[("A", "Y"), ("B", "Y")], name].to_numpy() == pytest.approx(b[:2], abs=0.12)
    explained = mixed.explained().set_index(["construct", "segment"])
    assert (explained["r_squared"] > 0.5).all()
    assert explained["intercept"].notna().all()


def test_one_segment_is_the_model_itself(mixed):
    paths = mixed.paths(1)
    assert_allclose(paths["segment_1"], paths["path"], atol=1e-7)
    assert mixed.sizes(1)["n"].tolist() == [240]


def test_no_segments_is_a_finding(one):
    found = tcs.fimix(one, [2, 3], starts=5)
    assert found.numbers == (1, 2, 3)
    assert (found.suggested, found.verdict) == (1, Verdict.NONE)
    assert [finding.code for finding in found.verify()] == ["segments_none"]
    assert "no segments" in repr(found)
    assert found.bootstrap(3, seed=1).verdict is Verdict.NONE


def test_segments_that_do_not_come_back_are_none(mobi_frame):
    pls = tcs.PLS(tcs.library.ecsi()).fit(mobi_frame)
    found = tcs.fimix(pls, [2], starts=5)
    assert found.verdict is Verdict.UNCHECKED
    checked = found.bootstrap(12, seed=1)
    assert checked.verdict is Verdict.NONE
    assert "segments_unstable" in [finding.code for finding in checked.verify()]


def test_fimix_agrees_with_seminr_extras(mobi_frame):
    theirs, tolerance = expected("D_seminrExtras_mobi_fimix"), FIMIX
    found = tcs.fimix(tcs.PLS(tcs.library.ecsi()).fit(mobi_frame), 2, starts=5)
    row = found.table().set_index("segments").loc[2]
    assert_allclose(row["loglik"], theirs["loglik"], rtol=tolerance)
    assert row["n_parameters"] == theirs["n_parameters"]
    for name, value in theirs["criteria"].items():
        assert_allclose(row[name], value, rtol=tolerance, err_msg=name)
    assert_allclose(found.sizes(2)["share"], theirs["share"], atol=tolerance)
    assert found.sizes(2)["n"].tolist() == theirs["n"]
    paths = found.paths(2).set_index(["source", "target"])
    for (source, target), *values in zip(theirs["written"], *theirs["paths"], strict=True):
        ours = paths.loc[(source, target), ["segment_1", "segment_2"]].to_numpy(dtype=float)
        assert_allclose(ours, values, atol=tolerance)
    explained = found.explained(2).set_index(["construct", "segment"])
    for construct, values in theirs["variances"].items():
        assert_allclose(explained.loc[construct, "variance"], values, atol=tolerance)
    for s, levels in enumerate(theirs["intercepts"], start=1):
        for construct, value in levels.items():
            ours = explained.loc[(construct, f"segment_{s}"), "intercept"]
            assert_allclose(ours, value, atol=tolerance)


def test_more_starts_begin_with_the_fewer_and_seeds_repeat(two, mixed):
    few = tcs.fimix(two[0], 2, starts=3)
    more = tcs.fimix(two[0], 2, starts=6)
    theirs = more.solutions[1].starts_loglik[:3]
    assert_allclose(few.solutions[1].starts_loglik, theirs, rtol=1e-9)
    again = tcs.fimix(two[0], range(1, 5), starts=10)
    pd.testing.assert_frame_equal(again.table(), mixed.table())


def test_regressions_through_the_mean_have_no_intercepts(two):
    found = tcs.fimix(two[0], 2, starts=5, intercepts=False)
    assert found.explained(2)["intercept"].eq(0).all()
    # K - 1 shares, and three paths and two variances in each segment
    assert found.table()["n_parameters"].tolist() == [5, 11]


def test_weights_multiply_the_likelihood(two):
    frame, _ = simulated(FIRST, SECOND)
    counts = np.random.default_rng(1).integers(1, 3, len(frame))
    weighted = tcs.Survey(frame.assign(w=counts), items=SPEC.items, weight="w")
    rows = np.repeat(np.arange(len(frame)), counts)
    repeated = frame.iloc[rows].reset_index(drop=True)
    ours = tcs.fimix(tcs.PLS(SPEC).fit(weighted), 2, starts=4)
    theirs = tcs.fimix(tcs.PLS(SPEC).fit(repeated), 2, starts=4)
    for k in (1, 2):
        assert_allclose(ours.sizes(k)["share"], theirs.sizes(k)["share"], atol=1e-4)
        columns = [f"segment_{s}" for s in range(1, k + 1)]
        assert_allclose(ours.paths(k)[columns], theirs.paths(k)[columns], atol=0.01)


def test_memberships_add_up_and_keep_the_rows_of_the_survey(two):
    frame, _ = simulated(FIRST, SECOND)
    frame.loc[[0, 5], "a1"] = np.nan
    with pytest.warns(tcs.errors.DroppedRespondentsWarning):
        pls = tcs.PLS(SPEC).fit(frame)
    found = tcs.fimix(pls, 2, starts=4)
    shares = found.memberships(2)
    assert 0 not in shares.index
    assert 5 not in shares.index
    assert_allclose(shares.sum(axis=1), 1)
    assert (found.segment_of(2) == shares.to_numpy().argmax(axis=1) + 1).all()


def test_missing_answers_are_filled_as_the_model_does(two):
    frame, _ = simulated(FIRST, SECOND)
    frame.loc[[0, 5], "a1"] = np.nan
    found = tcs.fimix(tcs.PLS(SPEC, missing="mean").fit(frame), 2, starts=4)
    assert len(found.segment_of(2)) == 240
    assert found.bootstrap(3, k=2).agreement.shape == (3,)


def test_a_single_target_has_a_mixture_too():
    spec = tcs.ModelSpec.parse("A =~ a1 + a2\nY =~ y1\nY ~ A")
    found = tcs.fimix(tcs.PLS(spec).fit(simulated(FIRST, SECOND)[0]), 2, starts=4)
    assert found.paths(2).shape == (1, 5)


def test_many_respondents_are_screened(monkeypatch, two, mixed):
    monkeypatch.setattr("tcsmodel.models.mixture_search.SCREENED", 120)
    found = tcs.fimix(two[0], 2, starts=6)
    assert_allclose(found.solutions[1].loglik, mixed.solutions[1].loglik, rtol=1e-8)


def test_exact_segments_are_degenerate_and_said_to_be():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": rng.integers(1, 8, 200)}).assign(y=lambda d: d["a"] * 1.0)
    frame.loc[100:, "y"] = 8 - frame.loc[100:, "a"]
    spec = tcs.ModelSpec.parse("A =~ a\nY =~ y\nY ~ A")
    found = tcs.fimix(tcs.PLS(spec).fit(frame), 2, starts=4)
    assert found.solutions[1].degenerate == 4
    assert np.isnan(found.table()["loglik"][1])
    assert "segments_degenerate" in [finding.code for finding in found.verify()]
    with pytest.raises(TcsError, match="no solution with 2 segments: all 4 starts"):
        found.paths(2)
    with pytest.raises(OptionError, match="One segment is always stable"):
        found.bootstrap(3)


# REBUS


def test_rebus_recovers_two_classes(classed, two):
    assert classed.converged
    assert classed.gqi > classed.gof + 0.1
    assert classed.p == pytest.approx(1 / 31)
    assert classed.verdict is Verdict.UNCHECKED
    assert classed.bootstrap(8, seed=1).verdict is Verdict.SEGMENTS
    assert adjusted_rand(two[1], classed.labels) > 0.3
    paths = classed.paths().set_index(["source", "target"])
    assert np.sign(paths.loc[("Y", "Z"), ["segment_1", "segment_2"]].prod()) == -1


def test_classes_have_the_models_of_their_members(classed, two):
    pls, _ = two
    survey = pls.sample.survey
    for s, name in enumerate(["segment_1", "segment_2"]):
        own = tcs.PLS(SPEC).fit(survey.where(classed.segment_of().to_numpy() == s + 1))
        paths = classed.paths()
        theirs = [
            own.paths.loc[a, b] for a, b in zip(paths["source"], paths["target"], strict=True)
        ]
        assert_allclose(paths[name], theirs, atol=1e-6)
        loadings = own.arrays["outer_loadings"]
        assert_allclose(classed.loadings()[name], loadings, atol=1e-6)
        assert classed.table().loc[s + 1, "communality"] == pytest.approx((loadings**2).mean())


def test_rebus_says_that_there_are_no_classes(one):
    found = tcs.rebus(one, 2, replications=20)
    assert found.verdict is Verdict.NONE
    assert {"classes_by_chance", "classes_moving"} & {f.code for f in found.verify()}


def test_rebus_takes_the_number_of_classes_from_the_tree(two):
    assert 2 <= tcs.rebus(two[0], replications=19).k <= 5


def test_rebus_is_seeded_and_small_parts_give_the_same(monkeypatch, classed, two):
    monkeypatch.setattr("tcsmodel.models.rebus.AT_ONCE", 3)
    again = tcs.rebus(two[0], 2, replications=30)
    assert_allclose(again.simulated, classed.simulated, atol=1e-6)


def test_weights_count_in_rebus():
    frame, _ = simulated(FIRST, SECOND)
    counts = np.random.default_rng(1).integers(1, 3, len(frame))
    survey = tcs.Survey(frame.assign(w=counts), items=SPEC.items, weight="w")
    found = tcs.rebus(tcs.PLS(SPEC).fit(survey), 2, replications=19)
    own = found.labels == 0
    assert found.sizes()["share"][0] == pytest.approx(counts[own].sum() / counts.sum())


# Both


@pytest.mark.parametrize("which", ["mixed", "classed"])
def test_a_column_describes_the_segments(which, two, request):
    found = request.getfixturevalue(which)
    by = found.describe("region")
    assert by["value"].tolist() == ["north", "south"]
    assert by["n"].tolist() == [96, 144]
    assert_allclose(by[["segment_1", "segment_2"]].sum(axis=1), 1)
    assert by["p"][0] < 1e-6
    assert found.describe("alternate")["p"][0] > 0.001


def test_columns_that_describe_nothing(mixed):
    with pytest.raises(SurveyError, match="'place'"):
        mixed.describe("place")
    scores = mixed.pls.sample.survey.data
    scores["id"], scores["empty"] = np.arange(240), np.nan
    pls = tcs.PLS(SPEC).fit(tcs.Survey(scores, items=SPEC.items))
    found = tcs.fimix(pls, 1)
    with pytest.raises(OptionError, match=r"'id' has 240 values.*pandas.cut"):
        found.describe("id")
    with pytest.raises(SurveyError, match="'empty' is empty"):
        found.describe("empty")


@pytest.mark.parametrize("find", [tcs.fimix, tcs.rebus, tcs.pls_pos])
def test_models_without_scores_are_refused(find, one, mobi_frame):
    name = find.__name__
    with pytest.raises(OptionError, match=rf"{name}\(\) takes a fitted PLS model, not int"):
        find(3)
    moments = tcs.PLS(SPEC).fit(one.sample.moments)
    with pytest.raises(TcsError, match="needs respondents"):
        find(moments)
    frame = simulated(FIRST, FIRST)[0]
    with pytest.raises(OptionError, match="consistent= and reliability= do not touch"):
        find(tcs.PLS(SPEC, consistent=True).fit(frame))
    with pytest.warns(tcs.errors.ImproperSolutionWarning):
        lost = tcs.PLS(SPEC, max_iter=1).fit(frame)
    with pytest.raises(ConvergenceError, match="PLS did not converge"):
        find(lost)


def test_options_of_fimix(one):
    for given in ([], [0], 2.5, ["2"]):
        with pytest.raises(OptionError, match="segments="):
            tcs.fimix(one, given)
    with pytest.raises(OptionError, match="starts=0"):
        tcs.fimix(one, starts=0)
    with pytest.raises(OptionError, match="intercepts=1"):
        tcs.fimix(one, intercepts=1)
    with pytest.raises(SurveyError, match=r"240 respondents are too few for 60 segments.*range"):
        tcs.fimix(one, 60)
    with pytest.raises(OptionError, match="k=4 was not tried, only 1, 2"):
        tcs.fimix(one, 2, starts=2).paths(4)


def test_options_and_refusals_of_rebus(one, mobi_frame):
    with pytest.raises(OptionError, match="segments=1"):
        tcs.rebus(one, 1)
    with pytest.raises(OptionError, match="replications=18"):
        tcs.rebus(one, replications=18)
    formative = tcs.PLS(SPEC, modes={"A": "B"}).fit(simulated(FIRST, FIRST)[0])
    with pytest.raises(OptionError, match=r"Mode B constructs \(A\) do not have"):
        tcs.rebus(formative)
    with pytest.raises(SurveyError, match="fewer than 6 respondents"):
        tcs.rebus(one, 40)
    with pytest.raises(SurveyError, match="20 respondents are too few"):
        tcs.rebus(tcs.PLS(SPEC).fit(simulated(FIRST, FIRST, n=20)[0]))


def test_chance_counts_the_samples_that_came_to_segments():
    simulated = np.array([0.1, 0.5, np.nan, 0.3])
    assert hidden.chance(simulated, 0.4) == 2 / 4
    assert hidden.chance(np.full(3, np.nan), 0.4) == 1


def test_segments_must_be_better_and_come_back():
    assert hidden.verdict_of(False, np.ones(3)) is Verdict.NONE
    assert hidden.verdict_of(True, None) is Verdict.UNCHECKED
    assert hidden.verdict_of(True, np.ones(3)) is Verdict.SEGMENTS
    assert hidden.verdict_of(True, np.zeros(3)) is Verdict.NONE
