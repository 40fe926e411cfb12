"""Patterns of missing answers, and saturated moments: definitions, references, odd data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from hypothesis import given, settings
from hypothesis import strategies as st
from lavaan_cases import reported
from numpy.testing import assert_allclose

from tcsmodel.kernels import missing
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.resample import counts_from_rows
from tcsmodel.kernels.status import Status

ALONE = np.array([], dtype=np.intp)


def answers(seed: int, n: int = 60, p: int = 4, gaps: float = 0.15) -> np.ndarray:
    """Return correlated answers of different sizes, some missing, the first row all missing."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1)) + rng.normal(size=(n, p))
    x = x * np.logspace(-1, 2, p) + np.linspace(-5, 3000, p)
    x[rng.uniform(size=(n, p)) < gaps] = np.nan
    x[0] = np.nan
    return x


def fitted(x: np.ndarray, weights: np.ndarray | None = None) -> missing.Saturated:
    return missing.saturated(missing.tabulate(missing.patterns(x), x, weights))


def log_likelihood(x: np.ndarray, mean: np.ndarray, cov: np.ndarray) -> float:
    """The sum over respondents of the normal density of what they answered."""
    total = 0.0
    for row in x:
        own = np.flatnonzero(~np.isnan(row))
        d, s = row[own] - mean[own], cov[np.ix_(own, own)]
        total -= (len(own) * np.log(2 * np.pi) + np.log(np.linalg.det(s))) / 2
        total -= d @ np.linalg.solve(s, d) / 2
    return total


def test_patterns_hold_every_row_with_an_answer_once():
    x = answers(0)
    found = missing.patterns(x)
    assert sorted(np.concatenate(found.rows)) == list(range(1, len(x)))
    for observed, rows in zip(found.observed, found.rows, strict=True):
        assert (~np.isnan(x[rows]) == observed).all()
    assert (np.diff(found.observed.sum(axis=1)) <= 0).all()
    assert len(np.unique(found.observed, axis=0)) == len(found.observed)
    assert_allclose(found.origin, np.nanmean(x, axis=0))


def test_the_table_holds_weighted_moments():
    x = answers(1)
    found = missing.patterns(x)
    weights = np.random.default_rng(1).uniform(size=(2, len(x)))
    table = missing.tabulate(found, x, weights)
    for k, (rows, own) in enumerate(zip(found.rows, found.observed, strict=True)):
        w = weights[1, rows]
        mean = np.average(x[np.ix_(rows, own)], axis=0, weights=w)
        cov = np.cov(x[np.ix_(rows, own)].T, aweights=w, ddof=0).reshape(own.sum(), -1)
        assert table.weight[1, k] == pytest.approx(w.sum())
        assert_allclose(table.mean[1, k, own], mean)
        assert_allclose(table.cov[1, k][np.ix_(own, own)], cov, atol=1e-9)
        assert not table.cov[1, k, ~own].any()
    both = ~np.isnan(x[:, [0]]) & ~np.isnan(x)
    kept = weights[1, 1:].sum()
    assert_allclose(table.coverage[1, 0], weights[1] @ both / kept)


def test_row_blocks_change_nothing(monkeypatch):
    x = answers(2)
    whole = missing.tabulate(missing.patterns(x), x).second
    monkeypatch.setattr(missing, "PRODUCTS", 30)
    assert_allclose(missing.tabulate(missing.patterns(x), x).second, whole, rtol=1e-10)


def test_complete_answers_have_their_sample_moments():
    x = answers(3, gaps=0)[1:]
    found = fitted(x)
    assert_allclose(found.mean[0], x.mean(axis=0))
    assert_allclose(found.cov[0], np.cov(x.T, ddof=0), rtol=1e-10)
    assert found.steps == 2


def test_the_log_likelihood_is_the_sum_over_respondents():
    x = answers(4)
    table = missing.tabulate(missing.patterns(x), x)
    found = missing.saturated(table)
    direct = log_likelihood(x, found.mean[0], found.cov[0])
    assert reported(found.value, table)[0] == pytest.approx(direct, rel=1e-12)


def test_no_other_moments_are_more_likely():
    x = answers(5)
    found = fitted(x)
    best = log_likelihood(x, found.mean[0], found.cov[0])
    scale = np.sqrt(np.diag(found.cov[0]))
    for i in range(4):
        for sign in (-1e-3, 1e-3):
            mean, cov = found.mean[0].copy(), found.cov[0].copy()
            mean[i] += sign * scale[i]
            assert log_likelihood(x, mean, found.cov[0]) < best
            cov[i, :] += sign * scale[i] * scale[0]
            cov[:, i] = cov[i, :]
            assert log_likelihood(x, found.mean[0], cov) < best


def test_batch_is_loop_and_counts_are_the_resample():
    x = answers(6)
    rows = np.random.default_rng(6).integers(0, len(x), size=(5, len(x)))
    together = fitted(x, counts_from_rows(rows, len(x)))
    for b in range(5):
        alone = fitted(x[rows[b]])
        assert_allclose(together.mean[b], alone.mean[0], rtol=1e-8)
        assert_allclose(together.cov[b], alone.cov[0], rtol=1e-6)
        assert together.value[b] == pytest.approx(alone.value[0], rel=1e-10)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_order_and_scale_of_items_change_nothing(seed):
    x = answers(seed, n=40)
    order = np.random.default_rng(seed).permutation(4)
    found, again = fitted(x), fitted(x[::-1][:, order] * 7 - 100)
    assert_allclose(again.mean[0], found.mean[0, order] * 7 - 100, rtol=1e-7)
    assert_allclose(to_corr(again.cov)[0], to_corr(found.cov)[0][np.ix_(order, order)], atol=1e-7)


def test_planned_gaps_of_half_the_answers_end_well():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(3000, 1)) + rng.normal(size=(3000, 6))
    x[rng.uniform(size=x.shape).argsort(axis=1) < 3] = np.nan
    found = fitted(x)
    assert found.status == Status.CONVERGED
    assert found.steps < 60
    assert_allclose(found.cov[0], np.ones((6, 6)) + np.eye(6), atol=0.2)


def test_the_baseline_model_takes_each_item_by_itself():
    x = answers(8)
    table = missing.tabulate(missing.patterns(x), x)
    diagonal = np.diag(np.nanvar(x, axis=0))
    direct = log_likelihood(x, np.nanmean(x, axis=0), diagonal)
    value = missing.independence(table, ALONE)
    assert reported(value, table)[0] == pytest.approx(direct, rel=1e-12)


def test_causes_covary_in_the_baseline_model():
    x = answers(8)
    table = missing.tabulate(missing.patterns(x), x)
    causes = np.array([3, 1])
    mean, cov = np.nanmean(x, axis=0), np.diag(np.nanvar(x, axis=0))
    together = fitted(x[:, causes])
    mean[causes], cov[np.ix_(causes, causes)] = together.mean[0], together.cov[0]
    value = missing.independence(table, causes)
    direct = log_likelihood(x, mean, cov)
    assert reported(value, table)[0] == pytest.approx(direct, rel=1e-12)


def never_together(x):
    x[::2, 0] = np.nan
    x[1::2, 1] = np.nan


def constant(x):
    x[~np.isnan(x[:, 2]), 2] = 3.3


def copied(x):
    x[:, 3] = 2 * x[:, 0]


def summed(x):
    x[:, 3] = x[:, :3].sum(axis=1)


def unanswered(x):
    x[:, 1] = np.nan


@pytest.mark.parametrize("spoil", [never_together, constant, copied, summed, unanswered])
@pytest.mark.parametrize("gaps", [0.05, 0.3])
def test_what_cannot_be_estimated_is_a_status(spoil, gaps):
    x = answers(9, gaps=gaps)
    spoil(x)
    found = fitted(x)
    assert found.status == Status.SINGULAR
    assert np.isnan(found.cov).all()
    assert found.value == np.inf


def test_rounding_is_no_variance():
    x = answers(11)
    constant(x)
    weights = np.random.default_rng(11).uniform(size=(20, len(x)))
    assert (fitted(x, weights).status == Status.SINGULAR).all()
    table = missing.tabulate(missing.patterns(x), x, weights)
    assert (missing.independence(table, ALONE) == np.inf).all()


def test_unusable_members_spare_their_neighbours():
    x = answers(10)
    weights = np.ones((3, len(x)))
    weights[0] = 0
    weights[2, 5:] = 0
    found = fitted(x, weights)
    assert found.status.tolist() == [Status.SINGULAR, Status.CONVERGED, Status.SINGULAR]
    assert_allclose(found.cov[1], fitted(x).cov[0], rtol=1e-9)
    table = missing.tabulate(missing.patterns(x), x, weights)
    assert np.isfinite(missing.independence(table, ALONE)).tolist() == [False, True, True]


def test_em_moments_of_lavaan():
    theirs = expected("A_corFiml")
    names = list(theirs["h1_cov"].columns)
    x = pd.read_csv(DATA / "mobi_missing.csv")[names].to_numpy(float)
    found = fitted(x)
    assert_allclose(found.cov[0], theirs["h1_cov"], rtol=tol.POINT)
    assert_allclose(to_corr(found.cov)[0], theirs["lavCor_fiml"], rtol=tol.POINT)


@pytest.mark.parametrize(
    ("case", "data"),
    [("B_HS1939_fiml_ML", "HS1939_missing"), ("B_mobi_acsi_fiml_ML", "mobi_missing")],
)
def test_saturated_and_baseline_models_of_lavaan(case, data):
    theirs = expected(case)
    names = list(theirs["sampstat"]["cov"].columns)
    x = pd.read_csv(DATA / f"{data}.csv")[names].to_numpy(float)
    table = missing.tabulate(missing.patterns(x), x)
    found, fit = missing.saturated(table), theirs["fitMeasures"]
    assert table.n == theirs["nobs"]
    assert found.status == Status.CONVERGED
    assert_allclose(found.cov[0], theirs["sampstat"]["cov"], rtol=tol.POINT)
    assert_allclose(found.mean[0], list(theirs["sampstat"]["mean"].values()), rtol=tol.POINT)
    loglik = reported(found.value, table)[0]
    assert_allclose(loglik, fit["unrestricted.logl"], rtol=1e-10)
    chi2 = table.n * (missing.independence(table, ALONE) - found.value)
    assert_allclose(chi2[0], fit["baseline.chisq"], rtol=1e-9)


def test_what_patterns_see_is_the_inverse_of_their_part():
    generator = np.random.default_rng(4)
    root = generator.normal(size=(3, 7, 7))
    sigma = root @ np.swapaxes(root, 1, 2)
    observed = np.array([[True] * 6, [True] * 5 + [False], [False, True] * 3, [True] + [False] * 5])
    sigma[2, 5, 5] = -1.0  # indefinite as a whole, not where the last item is missing
    part = missing.restrict(sigma, observed)
    for b in range(3):
        for k, seen in enumerate(observed):
            own = np.append(np.flatnonzero(seen), 6)
            cov = sigma[b][np.ix_(own, own)]
            if np.linalg.eigvalsh(cov)[0] <= 0:
                assert part.log_det[b, k] == np.inf
                assert (part.inverse[b, k] == 0).all()
                continue
            expected = np.zeros((7, 7))
            expected[np.ix_(own, own)] = np.linalg.inv(cov)
            assert_allclose(part.inverse[b, k], expected, rtol=1e-8, atol=1e-10)
            assert_allclose(part.log_det[b, k], np.linalg.slogdet(cov)[1], rtol=1e-10)
    assert np.isfinite(part.log_det[2]).tolist() == [False, True, False, True]


def test_patterns_of_samples_apart_are_those_of_each():
    rng = np.random.default_rng(12)
    member, x = rng.integers(0, 4, 300), rng.normal(5, 2, (300, 5))
    x[rng.random(x.shape) < 0.25] = np.nan
    x[np.isnan(x).all(axis=1), 0] = 1.0
    weight = rng.uniform(0.5, 2, 300)
    table, pattern = missing.tabulate_apart(x, member, weight, 4)
    together, cov = missing.saturated(table), np.eye(5) + 0.5
    sigma = missing.second_moments(np.full((4, 5), 5.0), np.tile(cov, (4, 1, 1)), table.origin)
    part = missing.restrict(sigma, table.observed)
    for k in range(4):
        rows = member == k
        assert (table.observed[k, pattern[rows]] == ~np.isnan(x[rows])).all()
        alone = missing.tabulate(missing.patterns(x[rows]), x[rows], weight[None, rows])
        own = missing.saturated(alone)
        assert_allclose(together.mean[k], own.mean[0], atol=1e-7)
        assert_allclose(together.cov[k], own.cov[0], atol=1e-7)
        there = missing.second_moments(np.full((1, 5), 5.0), cov[None], alone.origin)
        value = missing.discrepancy(missing.restrict(there, alone.observed), alone)
        assert_allclose(missing.discrepancy(part, table)[k], value[0], rtol=1e-10)
