"""Rubin's rules, against R's mice and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from golden_files import expected
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from tolerances import CLOSED_FORM

from tcsmodel.kernels import rubin


@pytest.mark.parametrize("which", range(4))
def test_pooled_as_by_mice(which):
    case = expected("D_mice_pool")["cases"][which]
    estimates, variances = np.array(case["Q"]), np.array(case["U"])
    found = rubin.pool(estimates, variances, case["dfcom"])
    theirs = {
        "estimate": "qbar", "within": "ubar", "between": "b", "total": "t", "df": "df",
        "riv": "r", "fmi": "fmi",
    }  # fmt: skip
    for ours, name in theirs.items():
        assert_allclose(getattr(found, ours), case[name], rtol=CLOSED_FORM, err_msg=ours)
    assert_allclose(found.interval(0.95), case["ci"], rtol=CLOSED_FORM)


def test_a_case_by_hand():
    # W = 4, B = 2, T = 4 + 1.5 * 2 = 7, share = 3/7; old = 49/9, seen = 11/13 * 10 * 4/7
    found = rubin.pool(np.array([9.0, 11.0]), np.array([3.0, 5.0]), 10)
    assert found.total == 7
    assert found.riv == 0.75
    seen = 11 / 13 * 10 * 4 / 7
    assert found.df == pytest.approx(1 / (9 / 49 + 1 / seen))
    assert found.fmi == pytest.approx((0.75 + 2 / (found.df + 3)) / 1.75)


def test_equal_estimates_have_the_error_of_one():
    found = rubin.pool(np.full((7, 2), 0.1), np.full((7, 2), 0.04), 99)
    assert_array_equal(found.between, 0)
    assert_allclose(found.se, 0.2)
    assert_array_equal(found.riv, 0)


def test_what_does_not_vary_or_is_not_there_is_quiet():
    estimates = np.array([[1.0, np.nan, 0.0], [1.0, np.nan, 1.0], [1.0, np.nan, 2.0]])
    found = rubin.pool(estimates, np.zeros((3, 3)), 50)
    assert found.estimate[0] == 1
    assert found.interval(0.95)[0][0] == found.interval(0.95)[1][0] == 1
    assert np.isnan([found.estimate[1], found.se[1], found.interval(0.95)[0][1]]).all()
    assert found.fmi[2] == 1


def test_many_quantities_are_many_single_ones():
    rng = np.random.default_rng(1)
    estimates, variances = rng.normal(size=(5, 3, 2)), rng.uniform(size=(5, 3, 2))
    whole = rubin.pool(estimates, variances, np.full((3, 2), 30.0))
    one = rubin.pool(estimates[:, 1, 1], variances[:, 1, 1], 30)
    assert_allclose(whole.df[1, 1], one.df)
    assert_allclose(whole.interval(0.9)[1][1, 1], one.interval(0.9)[1])


def test_d2_by_hand():
    """Roots 2, 3 and 4 on 2 degrees of freedom: riv is 4/3, the mean 29/3."""
    found = rubin.pooled_chi2(np.array([4.0, 9.0, 16.0]), 2)
    assert found.riv == pytest.approx(4 / 3)
    assert found.f == pytest.approx((29 / 6 - 2 * 4 / 3) / (7 / 3))
    assert found.df2 == pytest.approx(0.5 * 2 * (7 / 4) ** 2)
    assert found.p == pytest.approx(stats.f.sf(found.f, 2, found.df2))
    assert found.fmi == pytest.approx(4 / 7)
    assert found.chi2 == 2 * found.f


def test_d3_by_hand():
    """Means 10 and 8 of three sets: riv is 4/3 for 3 degrees of freedom, t = 6."""
    found = rubin.pooled_likelihood(np.array([9.0, 10, 11]), np.array([8.0, 7, 9]), 3)
    assert found.riv == pytest.approx(4 / 6 * 2)
    assert found.f == pytest.approx(8 / 3 / (7 / 3))
    assert found.df2 == pytest.approx(4 + 2 * (1 + 2 / 3 / (4 / 3)) ** 2)
    few = rubin.pooled_likelihood(np.array([9.0, 11]), np.array([7.0, 8]), 2)
    assert few.riv == pytest.approx(3 / 2 * 2.5)
    assert few.df2 == pytest.approx(2 * 1.5 * (1 + 1 / 3.75) ** 2 / 2)


SIX = np.full(4, 6.0)


@pytest.mark.parametrize("test", [rubin.pooled_chi2(SIX, 3), rubin.pooled_likelihood(SIX, SIX, 3)])
def test_sets_alike_are_one_chi_square(test):
    assert (test.chi2, test.riv, test.fmi, test.df2) == (6, 0, 0, np.inf)
    assert test.p == pytest.approx(stats.chi2.sf(6, 3))


def test_sets_that_differ_by_rounding_are_alike():
    near = SIX * (1 + 1e-13 * np.arange(4))
    assert (rubin.pooled_chi2(near, 3).riv, rubin.pooled_chi2(near, 3).df2) == (0, np.inf)
    found = rubin.pooled_likelihood(near, SIX, 3)
    assert (found.riv, found.df2) == (0, np.inf)


def test_statistics_below_zero_are_zero():
    assert rubin.pooled_chi2(np.array([0.1, 9.0]), 1).f == 0
    assert rubin.pooled_chi2(np.array([0.1, 9.0]), 1).p == 1
    assert rubin.pooled_likelihood(np.array([5.0, 6.0]), np.array([7.0, 8.0]), 2).riv == 0


def test_nothing_to_test_is_nan():
    for found in (
        rubin.pooled_chi2(np.zeros(3), 0),
        rubin.pooled_chi2(np.array([1.0, np.nan]), 2),
        rubin.pooled_likelihood(np.zeros(3), np.zeros(3), 0),
    ):
        assert np.isnan([found.f, found.df2, found.p, found.riv, found.fmi]).all()
