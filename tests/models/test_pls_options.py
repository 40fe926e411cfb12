"""Options of PLS: gaps, ordinal items, given weights, consistency; and what they refuse."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import (
    IdentificationError,
    ImproperSolutionWarning,
    OptionError,
    SurveyError,
    TcsError,
)
from tcsmodel.kernels.status import Status

GAPS = pd.read_csv(DATA / "mobi_missing.csv")
MODEL = tcs.ModelSpec.parse("""
    Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4
    Value =~ PERV1 + PERV2
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Value ~ Quality
    Satisfaction ~ Quality + Value
""")
KINDS = ("mean", "pairwise", "fiml")


def close(ours, theirs, tolerance=tol.PLS):
    assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=0, atol=tolerance
    )


@pytest.mark.parametrize(
    ("case", "missing"),
    [("D_seminr_mobi_missing_meanrep", "mean"), ("D_seminr_mobi_missing_listwise", "listwise")],
)
@pytest.mark.filterwarnings("ignore::tcsmodel.errors.DroppedRespondentsWarning")
def test_gaps_equal_seminr(case, missing):
    theirs = expected(case)
    ours = tcs.PLS(tcs.library.ecsi(), missing=missing, tol=1e-10).fit(GAPS)
    for frame, key in ((ours.paths, "path_coef"), (ours.outer_weights, "outer_weights")):
        close(frame.loc[theirs[key].index, theirs[key].columns], theirs[key])
    close(ours.item_sds, pd.Series(theirs["sdData"])[ours.item_sds.index])
    scores = theirs["composite_scores_first5"]
    close(ours.scores()[scores.columns].head(5), scores)


def test_likely_moments_are_those_of_sem():
    pls = tcs.PLS(MODEL, missing="fiml").fit(GAPS)
    sem = tcs.CFA(MODEL, missing="fiml").fit(GAPS)
    n = pls.sample.n
    theirs = sem.sampled.cov[0, 0] * n / (n - 1)
    assert_allclose(pls.sample.moments.cov_array, theirs, rtol=1e-6)


@pytest.mark.parametrize("missing", KINDS)
def test_all_answers_given_changes_nothing(mobi_frame, missing):
    usual = tcs.PLS(MODEL).fit(mobi_frame)
    other = tcs.PLS(MODEL, missing=missing).fit(mobi_frame)
    assert_allclose(other.paths, usual.paths, atol=1e-9)
    draws = (r.bootstrap(20, seed=3).draws.values["paths"] for r in (usual, other))
    assert_allclose(*draws, atol=1e-6)


@pytest.mark.parametrize("missing", KINDS)
def test_gaps_are_bootstrapped_anew(missing):
    result = tcs.PLS(MODEL, missing=missing).fit(GAPS)
    counts = np.zeros((2, result.sample.n))
    counts[0], counts[1, :100] = 1, 2
    counts[1, 200:] = 1
    draws = result.resampled(counts).draws.values
    assert_allclose(draws["paths"][0], result.paths, atol=1e-9)
    frame = GAPS.iloc[np.repeat(np.asarray(result.sample.rows), counts[1].astype(int))]
    alone = tcs.PLS(MODEL, missing=missing).fit(frame.reset_index(drop=True))
    assert_allclose(draws["paths"][1], alone.paths, atol=1e-6)


@pytest.mark.parametrize("missing", KINDS)
def test_weights_are_repeated_rows(missing):
    weight = np.random.default_rng(0).integers(1, 4, len(GAPS)).astype(float)
    survey = tcs.Survey(GAPS.assign(w=weight), items=MODEL.items, weight="w")
    again = GAPS.loc[np.repeat(GAPS.index, weight.astype(int))].reset_index(drop=True)
    once = tcs.PLS(MODEL, missing=missing).fit(survey)
    other = tcs.PLS(MODEL, missing=missing).fit(again)
    assert_allclose(once.paths, other.paths, atol=1e-6)
    assert_allclose(once.item_means, other.item_means, atol=1e-9)


def test_scores_and_index_use_every_respondent_with_answers():
    survey = tcs.Survey(GAPS, items=tcs.library.ecsi().items, scale=(1, 10))
    for missing in KINDS:
        pls = tcs.PLS(tcs.library.ecsi(), missing=missing).fit(survey)
        assert pls.scores().notna().all(axis=None)
        index = tcs.satisfaction_index(pls)
        assert len(index.respondents) == pls.sample.n == len(pls.scores())
        assert index.respondents.notna().all(axis=None)


@pytest.mark.filterwarnings("ignore::tcsmodel.errors.SampleSizeWarning")
def test_contradicting_pairs_are_refused():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((60, 3))
    x[:20, 1] = x[:20, 0] + 0.05 * x[:20, 1]
    x[20:40, 2] = x[20:40, 1] + 0.05 * x[20:40, 2]
    x[40:, 2] = -x[40:, 0] + 0.05 * x[40:, 2]
    x[:20, 2], x[20:40, 0], x[40:, 1] = np.nan, np.nan, np.nan
    frame = pd.DataFrame(x, columns=list("abc"))
    spec = tcs.ModelSpec.parse("A =~ a\nB =~ b\nC =~ c\nB ~ A\nC ~ B")
    with pytest.raises(SurveyError, match="contradict each other"):
        tcs.PLS(spec, missing="pairwise").fit(frame)


@pytest.mark.parametrize("missing", ["pairwise", "fiml"])
def test_items_never_answered_together_are_named(mobi_frame, missing):
    frame = mobi_frame.astype(float)
    frame.loc[:120, "PERQ1"], frame.loc[121:, "PERV1"] = np.nan, np.nan
    with pytest.raises(SurveyError, match="'PERQ1' and 'PERV1' correlate: nobody answered"):
        tcs.PLS(MODEL, missing=missing).fit(frame)


def test_ordinal_items_equal_csem():
    theirs = expected("D_csem_mobi_OrdPLSc")
    frame = pd.read_csv(DATA / "mobi_ord5.csv")
    result = tcs.PLS(MODEL, ordered=True, consistent=True, tol=1e-10).fit(frame)
    for ours, key in (
        (result.paths, "Path_estimates"),
        (result.outer_loadings, "Loading_estimates"),
        (result.construct_corr, "Construct_VCV"),
    ):
        other = theirs[key]
        close(ours.T.loc[other.index, other.columns], other, tol.ORDINAL_PLS)
    boot = result.bootstrap(20, seed=1)
    assert (boot.draws.values["paths"].std(axis=0)[result.paths.to_numpy() != 0] > 0.01).all()


def test_ordered_items_need_few_answers_and_a_name(mobi_frame):
    with pytest.raises(OptionError, match=r"ordered names 'PERQ9'.*Did you mean"):
        tcs.PLS(MODEL, ordered=["PERQ9"])
    frame = mobi_frame.assign(PERQ1=np.arange(len(mobi_frame)))
    with pytest.raises(SurveyError, match="'PERQ1' is ordered but has 250 different answers"):
        tcs.PLS(MODEL, ordered=True).fit(frame)
    with pytest.raises(TcsError, match="ordered= needs respondents"):
        tcs.PLS(MODEL, ordered=True).fit(tcs.Survey(mobi_frame).moments(MODEL.items))


def test_given_weights_are_kept(mobi_frame):
    given = {"CUSA1": 1.0, "CUSA2": 2.0, "CUSA3": 1.0}
    result = tcs.PLS(MODEL, weights={"Satisfaction": given}).fit(mobi_frame)
    own = result.outer_weights["Satisfaction"][list(given)]
    assert_allclose(own / own["CUSA1"], list(given.values()))
    assert set(result.measurement_table().set_index("item").loc[list(given), "mode"]) == {"fixed"}
    free = tcs.PLS(MODEL).fit(mobi_frame).outer_weights["Quality"]
    assert not np.allclose(free, result.outer_weights["Quality"], atol=1e-6)


def test_unit_weights_give_the_sum_of_standardized_items(mobi_frame):
    result = tcs.PLS(MODEL, modes={"Value": "unit"}).fit(mobi_frame)
    z = (mobi_frame - mobi_frame.mean()) / mobi_frame.std()
    total = z["PERV1"] + z["PERV2"]
    assert_allclose(result.scores()["Value"], (total / total.std()).to_numpy(), atol=1e-10)


def test_a_reliable_single_item_is_corrected(mobi_frame):
    spec = tcs.library.ecsi()
    plain = tcs.PLS(spec).fit(mobi_frame)
    result = tcs.PLS(spec, reliability={"Complaints": 0.8}).fit(mobi_frame)
    assert_allclose(
        result.paths.loc["Satisfaction", "Complaints"],
        plain.paths.loc["Satisfaction", "Complaints"] / np.sqrt(0.8),
    )
    assert result.reliability.loc["Complaints", ["rho_a", "rho_c", "ave"]].tolist() == (
        pytest.approx([0.8] * 3)
    )


def test_sign_rules(mobi_frame):
    frame = mobi_frame.assign(PERV1=11 - mobi_frame["PERV1"], PERV2=11 - mobi_frame["PERV2"])
    turned = tcs.PLS(MODEL).fit(frame)
    assert (turned.outer_loadings["Value"][["PERV1", "PERV2"]] > 0).all()
    assert turned.paths.loc["Quality", "Value"] < 0
    for sign in ("sum", "dominant"):
        own = tcs.PLS(MODEL, sign=sign).fit(frame).outer_loadings["Value"]
        assert own.abs().max() == own.max()
    assert "none" in str(tcs.PLS(MODEL, sign="none").sign)


def test_an_inadmissible_correction_is_told(mobi_frame):
    spec = tcs.ModelSpec.parse("""
        Satisfaction =~ CUSA1 + CUSA3
        Loyalty =~ CUSL2 + CUSL3
        Loyalty ~ Satisfaction
    """)
    with pytest.warns(ImproperSolutionWarning, match="Consistent PLS ended with an improper"):
        result = tcs.PLS(spec, consistent=True).fit(mobi_frame)
    assert result.converged
    assert not result.proper
    codes = {finding.code for finding in result.verify()}
    assert {"inadmissible_correction", "correlation_above_one"} <= codes
    shares = result.bootstrap(50, seed=1).draws.status_shares
    assert shares["improper"] > 0.2


def test_constructs_that_share_nothing_cannot_be_corrected():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((300, 4)), columns=list("abcd"))
    frame["b"] = -0.4 * frame["a"] + frame["b"]
    frame["c"] += 0.5 * frame["a"] + 0.8 * frame["b"]
    spec = tcs.ModelSpec.parse("A =~ a + b\nC =~ c + d\nC ~ A")
    with pytest.raises(IdentificationError, match="cannot correct 'A': the reliability rho_A"):
        tcs.PLS(spec, consistent=["A"]).fit(frame)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"consistent": ["Qualty"]}, "consistent names 'Qualty'.*Did you mean 'Quality'"),
        ({"consistent": ["Quality"], "modes": {"Quality": "B"}}, "not those of Mode A"),
        ({"reliability": {"Quality": 0.8}}, "which has 4 items"),
        ({"reliability": {"Nobody": 0.8}}, "not a construct"),
        ({"weights": {"Value": {"PERV1": 1}}}, "says nothing of PERV2"),
        ({"weights": {"Value": {"PERV1": 1, "PERV3": 1}}}, "names 'PERV3'.*Did you mean"),
        ({"weights": {"Value": {"PERV1": 0, "PERV2": 0}}}, "not all of them 0"),
        ({"weights": {"Value": [1, 2]}}, "must say the weight of each item"),
        ({"modes": {"Value": "fixed"}}, "needs the weights"),
        ({"sign": "plus"}, "sign='plus' is not one of sum, dominant, none"),
        ({"standardized": 1}, "must be True or False"),
    ],
)
def test_mistakes_are_told(options, message):
    with pytest.raises(OptionError, match=message):
        tcs.PLS(MODEL, **options)


def test_a_single_item_has_no_reliability_of_its_own():
    with pytest.raises(OptionError, match=r"State it: reliability=\{'Complaints': 0.8\}"):
        tcs.PLS(tcs.library.ecsi(), consistent=["Complaints"])
    with pytest.raises(OptionError, match="must lie above 0"):
        tcs.PLS(tcs.library.ecsi(), reliability={"Complaints": 1.2})


def test_options_leave_no_warning_behind(mobi_frame):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tcs.PLS(tcs.library.ecsi(), consistent=True, scheme="factorial").fit(mobi_frame).summary()


def test_inadmissible_replicates_of_consistent_pls_are_told(mobi_frame):
    result = tcs.PLS(tcs.library.ecsi(), consistent=True).fit(mobi_frame).bootstrap(60, seed=1)
    share = float((result.draws.status == Status.IMPROPER).mean())
    assert share > 0
    found = {finding.code: finding for finding in result.verify()}
    assert found["correction_replicates"].evidence == {"share": share, "replicates": 60}
    assert f"{share:.0%} of 60" in result.summary()
    assert "correction_replicates" not in [
        f.code for f in tcs.PLS(MODEL).fit(mobi_frame).bootstrap(60, seed=1).verify()
    ]
