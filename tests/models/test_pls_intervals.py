"""One-sided intervals and the jackknife of PLS."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import tcsmodel as tcs
from tcsmodel.models.quantities import QUANTITIES

TEXT = """
Quality =~ PERQ1 + PERQ3 + PERQ7
Value =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Value ~ Quality
Satisfaction ~ Quality + Value
"""


@pytest.fixture(scope="module")
def fitted(mobi_frame):
    return tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(mobi_frame)


@pytest.fixture(scope="module")
def drawn(fitted):
    return fitted.bootstrap(400, seed=3, interval="bca")


@pytest.mark.parametrize("kind", ["percentile", "basic", "bca"])
def test_one_limit_is_that_of_the_wider_interval(drawn, kind):
    lower, upper = drawn.draws.interval("htmt2", 0.9, kind)
    none, high = drawn.draws.interval("htmt2", 0.95, kind, "upper")
    low, nothing = drawn.draws.interval("htmt2", 0.95, kind, "lower")
    assert_allclose(high, upper)
    assert_allclose(low, lower)
    known = np.isfinite(upper)
    assert (none[known] == -np.inf).all()
    assert (nothing[known] == np.inf).all()
    assert np.isnan(none[~known]).all()


def test_tables_take_a_side(drawn):
    frame = drawn.intervals("htmt", 0.95, side="upper")
    two = drawn.intervals("htmt", 0.9)
    assert_allclose(frame["ci_upper"], two["ci_upper"])
    assert (frame["ci_lower"] == -np.inf).all()
    with pytest.raises(tcs.TcsError, match="Did you mean 'upper'"):
        drawn.intervals("htmt", side="uper")
    with pytest.raises(tcs.TcsError, match=r"above 0\.5"):
        drawn.intervals("htmt", 0.4, side="upper")
    with pytest.raises(tcs.TcsError, match="level"):
        drawn.intervals("htmt", 95)


def test_covariance_based_models_take_a_side(mobi_frame):
    result = tcs.CFA(tcs.ModelSpec.parse(TEXT).measurement()).fit(mobi_frame).bootstrap(30, seed=1)
    one, two = result.intervals("htmt", 0.95, side="upper"), result.intervals("htmt", 0.9)
    assert_allclose(one["ci_upper"], two["ci_upper"])


def test_the_jackknife_leaves_each_respondent_out(mobi_frame):
    frame = mobi_frame.head(40)
    spec = tcs.ModelSpec.parse(TEXT)
    result = tcs.PLS(spec).fit(frame)
    left = np.array([tcs.PLS(spec).fit(frame.drop(index=i)).table()["path"] for i in frame.index])
    table = result.jackknife("paths", level=0.9)
    mean, estimate = left.mean(axis=0), result.table()["path"]
    se = np.sqrt(39 / 40 * ((left - mean) ** 2).sum(axis=0))
    assert_allclose(table["se"], se, rtol=1e-6)
    assert_allclose(table["bias"], 39 * (mean - estimate), atol=1e-6)
    half = stats.t.ppf(0.95, 39) * se
    assert_allclose(table[["ci_lower", "ci_upper"]].T, [estimate - half, estimate + half])
    assert_allclose(table["estimate"], estimate)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_quantity_has_a_jackknife_near_its_bootstrap(fitted, drawn, quantity):
    ours, theirs = fitted.jackknife(quantity), drawn.intervals(quantity)
    assert ours.columns.tolist()[-5:] == ["estimate", "bias", "se", "ci_lower", "ci_upper"]
    known = theirs["se"] > 1e-9
    assert_allclose(ours["se"][known], theirs["se"][known], rtol=0.4)


def test_above_two_thousand_respondents_parts_are_left_out(mobi_frame):
    spec = tcs.ModelSpec.parse(TEXT)
    survey = tcs.simulate(
        tcs.ModelSpec.parse(TEXT.replace("~ Quality", "~ 0.5*Quality")), n=2500, seed=1
    )
    result = tcs.PLS(spec).fit(survey)
    ratio = result.jackknife("paths")["se"] / result.bootstrap(400, seed=1).table()["se"]
    assert ratio.between(0.8, 1.25).all()


def test_what_the_jackknife_refuses(fitted, mobi_frame):
    with pytest.raises(tcs.TcsError, match="Did you mean 'paths'"):
        fitted.jackknife("path")
    with pytest.raises(tcs.TcsError, match="moments alone"):
        tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(fitted.sample.moments).jackknife("paths")
    survey = tcs.Survey(
        mobi_frame.assign(branch=np.arange(250) // 10), items=list(mobi_frame), cluster="branch"
    )
    with pytest.raises(tcs.TcsError, match="clusters"):
        tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(survey).jackknife("paths")
