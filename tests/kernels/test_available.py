"""Moments of answers with gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose

from tcsmodel.kernels.available import filled, mean_replaced, pairwise
from tcsmodel.kernels.moments import moments


def answers(seed=3, n=60, p=4, share=0.15):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, p)) @ rng.uniform(0.2, 1, (p, p)) + 5
    x[rng.random((n, p)) < share] = np.nan
    return x


def test_without_gaps_both_are_the_usual_moments():
    x = answers(share=0)
    weights = np.random.default_rng(0).uniform(0.5, 2, (3, len(x)))
    for kind in (mean_replaced, pairwise):
        for ours, usual in zip(kind(x, weights), moments(x, weights), strict=True):
            assert_allclose(ours, usual, rtol=1e-11)


def test_means_stand_for_gaps():
    x = answers()
    mean, cov = mean_replaced(x, np.ones((1, len(x))))
    frame = pd.DataFrame(x)
    assert_allclose(mean[0], frame.mean(), rtol=1e-12)
    assert_allclose(cov[0], frame.fillna(frame.mean()).cov(), rtol=1e-10)


def test_pairs_use_those_who_answered_both():
    x = answers()
    mean, cov = pairwise(x, np.ones((1, len(x))))
    frame, sd = pd.DataFrame(x), np.sqrt(np.diagonal(cov[0]))
    assert_allclose(mean[0], frame.mean(), rtol=1e-12)
    assert_allclose(sd, frame.std(), rtol=1e-12)
    assert_allclose(cov[0] / np.outer(sd, sd), frame.corr(), rtol=1e-10)


def test_counts_are_repeated_rows():
    x = answers()
    counts = np.random.default_rng(2).integers(0, 4, len(x))
    for kind in (mean_replaced, pairwise):
        mean, cov = kind(x, counts[None].astype(float))
        again = np.repeat(x, counts, axis=0)
        once, other = kind(again, np.ones((1, len(again))))
        assert_allclose(mean, once, rtol=1e-12)
        n, m = len(x), len(again)
        rescaled = other * ((m - 1) / m) * (n / (n - 1))
        if kind is mean_replaced:
            assert_allclose(cov, rescaled, rtol=1e-10)
        else:
            scale = np.sqrt(np.einsum("bii->bi", cov))
            unit = np.sqrt(np.einsum("bii->bi", other))
            assert_allclose(
                cov / (scale[:, :, None] * scale[:, None, :]),
                other / (unit[:, :, None] * unit[:, None, :]),
                rtol=1e-10,
            )


def test_pairs_that_nobody_answered_are_nan():
    x = answers(share=0)
    x[:30, 0], x[30:, 1] = np.nan, np.nan
    cov = pairwise(x, np.ones((1, len(x))))[1][0]
    assert np.isnan(cov[0, 1])
    assert np.isfinite(cov[2:, 2:]).all()


def test_gaps_are_filled_by_regression_on_the_other_answers():
    x = answers()
    mean = np.array([5.0, 5.1, 4.9, 5.2])
    cov = np.cov(answers(seed=9, share=0).T)
    out = filled(x, mean, cov)
    seen = np.isfinite(x)
    assert_allclose(out[seen], x[seen])
    row = np.flatnonzero(seen.sum(axis=1) == 3)[0]
    own, gone = np.flatnonzero(seen[row]), np.flatnonzero(~seen[row])
    slope = np.linalg.solve(cov[np.ix_(own, own)], cov[np.ix_(own, gone)])
    assert_allclose(out[row, gone], mean[gone] + (x[row, own] - mean[own]) @ slope)
    assert_allclose(
        filled(x, mean, np.diag(np.diag(cov)))[~seen], np.broadcast_to(mean, x.shape)[~seen]
    )
