"""Studentized intervals of PLS, with standard errors by the infinitesimal jackknife."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.kernels import influence
from tcsmodel.kernels.moments import moments

ONE = tcs.ModelSpec.parse("X =~ x\nY =~ y\nY ~ X")
TEXT = """
Quality =~ PERQ1 + PERQ3 + PERQ7
Value =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Value ~ Quality
Satisfaction ~ Quality + Value
"""


def correlated(n, seed, r=0.5):
    x, e = np.random.default_rng(seed).standard_exponential((2, n))
    return pd.DataFrame({"x": x, "y": r * x + np.sqrt(1 - r**2) * e})


def of_correlation(x, y):
    """Return r and its standard error from the influence ``u v - r (u^2 + v^2) / 2``."""
    u, v = ((z - z.mean()) / z.std() for z in (x, y))
    r = np.mean(u * v)
    return r, np.sqrt(np.sum((u * v - r * (u**2 + v**2) / 2) ** 2)) / len(x)


def test_a_correlation_by_hand():
    """With one item each the path is the correlation, whose influence is known."""
    frame = correlated(30, 1)
    rows = np.random.default_rng(2).integers(0, 30, (400, 30))
    counts = np.stack([np.bincount(row, minlength=30) for row in rows]).astype(float)
    ours = tcs.PLS(ONE).fit(frame).resampled(counts, interval="studentized")
    theirs = np.array([of_correlation(*frame.to_numpy()[row].T) for row in rows])
    assert_allclose(ours.draws.values["paths"][:, 0, 1], theirs[:, 0], atol=1e-9)
    assert_allclose(ours.draws.values["paths_se"][:, 0, 1], theirs[:, 1], rtol=2e-3, atol=1e-6)
    r, se = of_correlation(*frame.to_numpy().T)
    t = (theirs[:, 0] - r) / theirs[:, 1]
    high, low = np.quantile(t, [0.025, 0.975])
    row = ours.table().iloc[0]
    limits = row[["ci_lower", "ci_upper"]].astype(float)
    assert_allclose(limits, [r - se * low, r - se * high], rtol=3e-3)
    assert "400 draws (studentized; all converged)" in repr(ours)


def test_a_weighted_mean_by_hand(mobi_frame):
    """Drawn f times, weighing w: the squares of w (x - mean) count f times."""
    w = np.linspace(0.5, 2, 250)
    survey = tcs.Survey(mobi_frame.assign(w=w), items=list(mobi_frame), weight="w")
    counts = np.random.default_rng(1).multinomial(250, np.full(250, 1 / 250), 3).astype(float)
    drawn = tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(survey).resampled(counts, interval="studentized")
    x = mobi_frame["PERQ1"].to_numpy()
    for f, se in zip(counts, drawn.draws.values["item_means_se"][:, 0], strict=True):
        mean = np.average(x, weights=f * w)
        by_hand = np.sqrt((f * (w * (x - mean)) ** 2).sum()) / (f @ w)
        assert se == pytest.approx(by_hand, rel=1e-9)


def test_every_quantity_has_a_standard_error_near_its_bootstrap(mobi_frame):
    fitted = tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(mobi_frame)
    drawn = fitted.bootstrap(200, seed=3, interval="studentized").draws
    for name in fitted.arrays.keys() & drawn.values.keys():
        theirs = drawn.se(name)
        known = theirs > 1e-3
        assert_allclose(drawn.origin[f"{name}_se"][known], theirs[known], rtol=0.35, err_msg=name)
        lower, upper = drawn.interval(name)
        same = np.ptp(drawn.values[name], axis=0) == 0
        assert_allclose(lower[same], drawn.origin[name][same])
        assert (upper[known] > lower[known]).all()


def test_chunks_change_nothing(mobi_frame, monkeypatch):
    fitted = tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(mobi_frame)
    one = fitted.bootstrap(10, seed=3, interval="studentized").draws
    monkeypatch.setattr(influence, "ENTRIES", 20_000)
    other = fitted.bootstrap(10, seed=3, interval="studentized").draws
    assert_allclose(one.values["paths_se"], other.values["paths_se"], rtol=1e-10)


def test_a_replicate_without_a_solution_has_no_error(mobi_frame):
    fitted = tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(mobi_frame)
    counts = np.ones((2, 250))
    counts[1, 1:] = 0
    drawn = fitted.resampled(counts, interval="studentized").draws
    assert np.isfinite(drawn.values["paths_se"][0]).all()
    assert np.isnan(drawn.values["paths_se"][1]).all()


def test_the_sum_of_influences_is_that_of_the_moments():
    """Of a function that is the moments themselves: their own standard errors."""
    x = np.random.default_rng(5).normal(size=(60, 2))
    counts, w = np.ones((1, 60)), np.ones(60)
    mean, cov = moments(x, counts)

    def function(m, c):
        return {"mean": m, "cov": c[:, [0, 0, 1], [0, 1, 1]]}

    found = influence.standard_errors(function, function(mean, cov), mean, cov, x, counts, w)
    assert_allclose(found["mean"][0], x.std(axis=0) / np.sqrt(60), rtol=1e-6)
    d = x - x.mean(axis=0)
    pairs = np.column_stack([d[:, 0] ** 2, d[:, 0] * d[:, 1], d[:, 1] ** 2])
    by_hand = np.sqrt(((pairs - pairs.mean(axis=0)) ** 2).sum(axis=0)) / 59
    assert_allclose(found["cov"][0], by_hand, rtol=1e-6)


def test_what_is_refused(mobi_frame):
    spec = tcs.ModelSpec.parse(TEXT)
    for options in ({"missing": "mean"}, {"ordered": True}):
        with pytest.raises(tcs.TcsError, match="needs complete answers of continuous items"):
            tcs.PLS(spec, **options).fit(mobi_frame).bootstrap(5, interval="studentized")
    frame = mobi_frame.assign(branch=np.arange(250) // 10)
    survey = tcs.Survey(frame, items=list(mobi_frame), cluster="branch")
    with pytest.raises(tcs.TcsError, match="takes respondents for drawn one by one"):
        tcs.PLS(spec).fit(survey).bootstrap(5, interval="studentized")


@pytest.mark.parametrize("derive", [tcs.satisfaction_index, tcs.priorities])
def test_an_index_has_no_studentized_intervals(mobi_frame, derive):
    """It says so when asked for, not when it is printed."""
    survey = tcs.Survey(mobi_frame, scale=(1, 10))
    drawn = tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(survey).bootstrap(5, interval="studentized")
    target = drawn.estimator.model.constructs[-1]
    with pytest.raises(tcs.TcsError, match="in every replicate, which a 0-100 index does not have"):
        derive(drawn, target)


@pytest.mark.slow
def test_intervals_cover_the_path_of_the_population():
    """Of skewed answers, whose percentile intervals of a correlation cover too seldom."""
    samples, hits = 400, {"studentized": 0, "percentile": 0}
    for k in range(samples):
        fitted = tcs.PLS(ONE).fit(correlated(40, 1000 + k))
        drawn = fitted.bootstrap(399, seed=k, interval="studentized").draws
        for kind in hits:
            lower, upper = drawn.interval("paths", interval=kind)
            hits[kind] += lower[0, 1] < 0.5 < upper[0, 1]
    # 2.5 Monte Carlo errors of .95 are .027.
    assert abs(hits["studentized"] / samples - 0.95) < 0.027
    assert hits["studentized"] > hits["percentile"]
