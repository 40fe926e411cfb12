"""Chained equations with predictive mean matching: against mice, and what each step must do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_files import DATA, expected
from numpy.testing import assert_allclose, assert_array_equal
from tolerances import IMPUTATIONS

from tcsmodel.kernels.imputation import DONORS, chained, matched

NOTHING = np.empty((250, 0))


def with_gaps():
    """Return eight items of mobi in which the gaps of `D_mice_pmm` were made."""
    frame = pd.read_csv(DATA / "mobi.csv")[expected("D_mice_pmm")["items"]].astype(float)
    row = np.arange(250)
    low = (frame["CUSA1"] <= 8) & (row % 3 != 0)
    frame.loc[low, "CUSA2"] = np.nan
    frame.loc[low & (row % 2 == 0), "PERV1"] = np.nan
    frame.loc[row % 4 == 0, "IMAG1"] = np.nan
    return frame.to_numpy()


def drawn(x, m, iterations=10, seed=11, beside=NOTHING):
    gaps = np.isnan(x)
    found = chained(x, gaps, beside, iterations, m, seed)
    full = np.repeat(x[None], m, axis=0)
    full[:, gaps] = found.values
    return full


@pytest.fixture(scope="module")
def pair():
    return drawn(with_gaps(), 400), expected("D_mice_pmm")


class TestAgainstMice:
    """Both sides are means of random draws, compared in standard errors of their difference."""

    def test_means(self, pair):
        full, theirs = pair
        spread = np.array(theirs["mean_between_sd"])
        gap = (full.mean(axis=(0, 1)) - theirs["mean"])[spread > 0]
        assert_allclose(gap / errors(spread), 0, atol=IMPUTATIONS)

    def test_correlations(self, pair):
        full, theirs = pair
        spread = np.array(theirs["corr_between_sd"])
        gap = (correlations(full).mean(axis=0) - theirs["corr_lower"])[spread > 0]
        assert_allclose(gap / errors(spread), 0, atol=IMPUTATIONS)

    @pytest.mark.parametrize("of", ["mean", "corr"])
    def test_spread_between_imputations(self, pair, of):
        full, theirs = pair
        spread = np.array(theirs[f"{of}_between_sd"])
        values = full.mean(axis=1) if of == "mean" else correlations(full)
        ratio = (values.std(axis=0, ddof=1) / np.where(spread > 0, spread, np.nan))[spread > 0]
        assert_allclose(np.log(ratio) * np.sqrt(400), 0, atol=IMPUTATIONS)


def errors(spread):
    """Return standard errors of the difference of two means of 400, where there is any."""
    return np.sqrt(2 / 400) * spread[spread > 0]


def correlations(full):
    j, i = np.triu_indices(8, 1)
    return np.array([np.corrcoef(part.T)[i, j] for part in full])


def test_answers_are_left_and_draws_are_answers_that_somebody_gave():
    x = with_gaps()
    full = drawn(x, 3, iterations=2)
    seen = np.isfinite(x)
    assert_array_equal(full[:, seen], np.repeat(x[seen][None], 3, axis=0))
    for j in range(x.shape[1]):
        assert set(full[:, :, j].ravel()) <= set(x[seen[:, j], j])


def test_an_imputation_is_the_same_whatever_their_number():
    x = with_gaps()
    assert_array_equal(drawn(x, 3, 2), drawn(x, 7, 2)[:3])
    assert (drawn(x, 3, 2, seed=12) != drawn(x, 3, 2)).any()


def test_what_a_gap_depends_on_is_brought_back():
    """Answers missing where a predictor is low: the mean of those left is too high."""
    rng = np.random.default_rng(5)
    cause = rng.normal(size=2000)
    x = np.column_stack([cause, cause + 0.5 * rng.normal(size=2000)])
    truth = x[:, 1].mean()
    x[(cause < 0) & (rng.uniform(size=2000) < 0.8), 1] = np.nan
    assert np.nanmean(x[:, 1]) > truth + 0.4
    full = drawn(x, 5, 3, beside=np.empty((2000, 0)))
    assert_allclose(full[:, :, 1].mean(), truth, atol=0.06)
    assert_allclose(np.corrcoef(full[0].T)[0, 1], 1 / np.sqrt(1.25), atol=0.03)


def test_predictors_beside_the_items_count():
    rng = np.random.default_rng(5)
    group = rng.integers(0, 2, size=1000).astype(float)
    x = (4 * group + rng.normal(size=1000))[:, None]
    x[rng.uniform(size=1000) < 0.4] = np.nan
    gone = np.isnan(x[:, 0])
    known = drawn(x, 2, 2, beside=group[:, None])
    unknown = drawn(x, 2, 2, beside=np.empty((1000, 0)))
    apart = [d[:, gone & (group == 1), 0].mean() - d[:, gone & (group == 0), 0].mean()
             for d in (known, unknown)]  # fmt: skip
    assert apart[0] > 3.5
    assert abs(apart[1]) < 0.7


def test_where_an_item_does_not_apply_nothing_is_drawn_and_others_are_still_predicted():
    rng = np.random.default_rng(2)
    base = rng.normal(size=800)
    x = np.column_stack([base, base + 0.3 * rng.normal(size=800), base])
    outside = np.arange(800) % 2 == 0
    x[outside, 1] = np.nan
    gaps = np.zeros(x.shape, dtype=bool)
    gaps[:, 2] = rng.uniform(size=800) < 0.3
    x[gaps] = np.nan
    found = chained(x, gaps, np.empty((800, 0)), 3, 2, 1)
    assert found.values.shape == (2, gaps.sum())
    assert np.corrcoef(found.values[0], base[gaps[:, 2]])[0, 1] > 0.97
    assert np.isnan(found.trace[:, :, :2]).all()
    assert np.isfinite(found.trace[:, :, 2]).all()


def test_collinear_and_constant_items_do_no_harm():
    rng = np.random.default_rng(3)
    a = rng.integers(1, 11, size=120).astype(float)
    x = np.column_stack([a, a, np.full(120, 5.0), 11 - a])
    x[:20, 1], x[30:40, 2], x[50:60, 3] = np.nan, np.nan, np.nan
    full = drawn(x, 2, 2, beside=np.zeros((120, 1)))
    assert np.isfinite(full).all()
    assert (full[:, :, 2] == 5).all()
    assert np.abs(full[:, :20, 1] - a[:20]).max() <= 1


class TestMatching:
    def test_is_with_one_of_the_nearest(self):
        rng = np.random.default_rng(1)
        seen, sought = rng.normal(size=(3, 40)), rng.normal(size=(3, 9)) * 1.5
        for slot in range(DONORS):
            found = matched(seen, sought, np.full((3, 9), slot), np.zeros((3, 9)))
            order = np.argsort(np.abs(seen[:, None, :] - sought[:, :, None]), axis=2)
            assert_array_equal(found, order[:, :, slot])

    def test_all_equal_predictions_have_the_same_chance(self):
        seen = np.zeros((1, 50))
        tie = np.linspace(0, 1, 50, endpoint=False)[None] + 0.001
        found = matched(seen, np.full((1, 50), 0.2), np.zeros((1, 50), dtype=int), tie)
        assert sorted(found[0].tolist()) == list(range(50))

    def test_few_who_answered_are_all_donors(self):
        slot = np.arange(5)[None]
        found = matched(np.array([[3.0, 1.0]]), np.zeros((1, 5)), slot, np.zeros((1, 5)))
        assert found[0].tolist() == [1, 0, 0, 0, 0]
