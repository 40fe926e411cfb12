"""Confirmatory tetrad analysis: which tetrads, what they are, and what is concluded."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.kernels.resample import bootstrap_chunks
from tcsmodel.kernels.tetrads import corrected_interval, nonredundant, tetrads

TEXT = """
Quality =~ q1 + q2 + q3 + q4 + q5
Outcome =~ y1 + y2
Outcome ~ Quality
"""
LOADINGS = np.array([0.9, 0.8, 0.7, 0.6, 0.5])


def answers(n, seed, *, extra=0.0):
    """Return answers that one factor explains, but for what q1 and q2 share besides."""
    rng = np.random.default_rng(seed)
    factor, error = rng.standard_normal(n), rng.standard_normal((n, 7))
    both = np.sqrt(extra) * rng.standard_normal(n)
    x = factor[:, None] * LOADINGS + error[:, :5] * np.sqrt(1 - LOADINGS**2)
    x[:, 0] += both
    x[:, 1] += both
    y = 0.6 * factor[:, None] + 0.8 * error[:, 5:]
    return pd.DataFrame(np.column_stack([x, y]), columns=["q1", "q2", "q3", "q4", "q5", "y1", "y2"])


def fit(frame, text=TEXT, **options):
    return tcs.PLS(tcs.ModelSpec.parse(text), **options).fit(frame)


def exponents(at, m):
    """Return the correlations (t, m (m - 1) / 2) that each tetrad multiplies, 1 or -1."""
    pairs = {pair: e for e, pair in enumerate(zip(*np.triu_indices(m, 1), strict=True))}
    out = np.zeros((len(at), len(pairs)))
    for row, (g, h, i, j) in zip(out, at, strict=True):
        for sign, pair in ((1, (g, h)), (1, (i, j)), (-1, (g, i)), (-1, (h, j))):
            row[pairs[tuple(sorted(pair))]] += sign
    return out


@pytest.mark.parametrize("m", range(1, 8))
def test_no_tetrad_follows_from_others_and_all_others_follow_from_these(m):
    at, every = nonredundant(np.arange(m)), np.array(list(permutations(range(m), 4)))
    assert len(at) == max(m * (m - 3) // 2, 0)
    if len(at):
        rank = np.linalg.matrix_rank
        assert rank(exponents(at, m)) == rank(exponents(every, m)) == len(at)


def test_the_two_tetrads_of_four_items_are_those_of_bollen_and_ting():
    assert nonredundant(np.array([2, 3, 4, 5])).tolist() == [[2, 3, 4, 5], [2, 3, 5, 4]]


def test_tetrads_vanish_under_one_factor_and_not_otherwise():
    corr = np.outer(LOADINGS, LOADINGS)
    np.fill_diagonal(corr, 1.0)
    at = nonredundant(np.arange(5))
    assert_allclose(tetrads(corr, at), np.zeros(5), atol=1e-15)
    corr[0, 1] = corr[1, 0] = 0.9
    found = tetrads(np.stack([corr, np.eye(5)]), at)
    assert_allclose(found[0, 0], 0.9 * corr[2, 3] - corr[0, 2] * corr[1, 3])
    assert (found[0] > 0.05).all()
    assert_allclose(found[1], np.zeros(5))


def test_intervals_are_corrected_for_bias():
    draws = np.random.default_rng(1).normal(0.3, 0.1, size=(4000, 1))
    draws[0] = np.nan
    lower, upper, p = corrected_interval(draws, np.array([0.2]), 0.95)
    center, se = 0.4 - np.nanmean(draws), np.nanstd(draws, ddof=1)
    assert_allclose([lower[0], upper[0]], center + np.array([-1, 1]) * 1.959963985 * se, rtol=1e-8)
    assert 0.2 < p[0] < 0.5


def test_replicates_are_the_tetrads_of_each_resample():
    frame = answers(80, 3)
    test = fit(frame).tetrads(3, seed=5)
    (counts,) = bootstrap_chunks(80, 3, 5)
    at = nonredundant(np.arange(5))
    for b in range(3):
        corr = frame.loc[frame.index.repeat(counts[b].astype(int))].corr().to_numpy()
        assert_allclose(test.draws.values["tetrads"][b], tetrads(corr, at), atol=1e-12)
    again = fit(frame).tetrads(3, seed=5)
    assert (again.draws.values["tetrads"] == test.draws.values["tetrads"]).all()


def test_one_factor_is_rejected_as_rarely_as_the_level_says():
    verdicts = [
        fit(answers(250, seed)).tetrads(200, seed=seed, level=0.9).verdicts["verdict"].iloc[0]
        for seed in range(80)
    ]
    assert 0 < np.mean([verdict == "formative" for verdict in verdicts]) < 0.2


def test_items_that_share_more_are_found_and_said():
    test = fit(answers(400, 1, extra=0.5)).tetrads(500, seed=1)
    assert test.verdicts.set_index("construct")["verdict"].to_dict() == {
        "Quality": "formative",
        "Outcome": "untested",
    }
    (finding,) = test.verify()
    assert finding.code == "tetrads_differ"
    assert finding.subjects == ("Quality",)
    assert "<~" in finding.sentence("advice")
    table = test.table()
    assert (table["rejected"] == (table["ci_lower"] * table["ci_upper"] > 0)).all()
    assert (table["p_adjusted"] == np.minimum(5 * table["p"], 1)).all()


def test_a_composite_that_one_factor_explains_is_noted():
    text = TEXT.replace("Quality =~", "Quality <~")
    (finding,) = fit(answers(250, 2), text).tetrads(300, seed=1).verify()
    assert finding.code == "tetrads_vanish"


def test_answers_with_gaps_are_tested_with_their_own_moments():
    frame = answers(200, 4)
    frame.iloc[::7, 0] = np.nan
    test = fit(frame, missing="pairwise").tetrads(50, seed=1)
    corr = frame.corr().to_numpy()
    assert_allclose(test.estimates, tetrads(corr, nonredundant(np.arange(5))), atol=0.02)
    assert np.isfinite(test.table()["se"]).all()


def test_what_cannot_be_tested_is_said(mobi_frame):
    short = "A =~ PERQ1 + PERQ2 + PERQ3\nB =~ CUSA1 + CUSA2\nB ~ A"
    with pytest.raises(tcs.TcsError, match="four items or more"):
        fit(mobi_frame, short).tetrads(20)
    with pytest.raises(tcs.TcsError, match="moments alone"):
        tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi().moments()).tetrads(20)
    with pytest.raises(tcs.TcsError, match="level"):
        fit(answers(50, 1)).tetrads(20, level=95)
