"""Closed forms of sample size against the published tables, and reading a power curve."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special, stats

from tcsmodel.kernels import power as kernel

DF = np.array([5, 10, 15, 20, 30, 40, 50, 100])


@pytest.mark.parametrize(
    ("actual", "needed"),
    [
        # MacCallum, Browne & Sugawara 1996, table 4, which prints 435 at df 20.
        (0.08, [1464, 782, 551, 434, 314, 252, 214, 132]),
        (0.01, [1216, 750, 572, 474, 367, 307, 268, 178]),
    ],
)
def test_sample_sizes_of_maccallum_browne_and_sugawara(actual, needed):
    found = kernel.rmsea_sample_size(DF, kernel.CLOSE, actual)
    assert_allclose(found, needed, atol=1)


def test_the_sample_size_is_the_least_that_reaches_the_power():
    for actual in (kernel.POOR, kernel.EXCELLENT):
        n = kernel.rmsea_sample_size(DF, kernel.CLOSE, actual, 0.9, 0.99)
        assert (kernel.rmsea_power(n, DF, kernel.CLOSE, actual, 0.99) >= 0.9).all()
        assert (kernel.rmsea_power(n - 1, DF, kernel.CLOSE, actual, 0.99) < 0.9).all()


@pytest.mark.parametrize(("n", "df", "null", "actual"), [(200, 24, 0.05, 0.08), (90, 60, 0.0, 0.1)])
def test_power_of_the_rmsea_test_is_that_of_the_noncentral_chi_square(n, df, null, actual):
    center = (n - 1) * df * np.array([null, actual]) ** 2
    before, after = (stats.ncx2(df, c) if c else stats.chi2(df) for c in center)
    wanted = after.sf(before.ppf(0.95))
    assert kernel.rmsea_power(n, df, null, actual) == pytest.approx(wanted, rel=1e-6)


def test_where_nothing_is_wrong_the_test_has_its_size():
    assert kernel.rmsea_power(200, 24, 0.05, 0.05) == pytest.approx(0.05, rel=1e-6)
    barely = kernel.rmsea_power(200, 24, 0.05, 0.05 + 1e-9)
    assert barely == pytest.approx(0.05, rel=1e-5)


def test_what_no_sample_can_show_is_nan():
    assert np.isnan(kernel.rmsea_sample_size(10, 0.05, 0.05))


def test_inverse_square_root_of_kock_and_hadaya():
    path = np.array([0.197, 0.2, -0.15, 0.1, 0.3])
    assert_array_equal(kernel.path_sample_size(path), [160, 155, 275, 619, 69])


def curve(n, slope):
    return special.ndtr(slope * np.sqrt(n) - special.ndtri(0.975))


def test_the_power_curve_is_read_where_it_crosses():
    n = np.array([100.0, 200.0, 400.0])
    wanted = ((special.ndtri(0.975) + special.ndtri(0.8)) / 0.18) ** 2
    found = kernel.crossing(n, curve(n, 0.18), np.full(3, 1e6), 0.8, 0.95)
    assert found.n == pytest.approx(wanted, rel=1e-5)
    assert found.lower < found.n < found.upper
    assert found.upper - found.lower < 2


def test_a_curve_that_wavers_is_read_at_its_last_rise():
    n = np.array([100.0, 150.0, 200.0, 250.0, 300.0])
    power = np.array([0.70, 0.81, 0.79, 0.85, 0.90])
    found = kernel.crossing(n, power, np.full(5, 500.0), 0.8, 0.95)
    assert 200 < found.n < 250


@pytest.mark.parametrize("power", [[0.2, 0.5], [0.9, 0.95], [0.85, 0.7]])
def test_a_curve_that_does_not_cross_has_no_answer(power):
    found = kernel.crossing(np.array([100.0, 200.0]), np.array(power), np.full(2, 500.0), 0.8, 0.95)
    assert np.isnan([found.n, found.lower, found.upper]).all()


def test_certainty_at_the_larger_size_still_gives_an_interval():
    found = kernel.crossing(
        np.array([50.0, 500.0]), np.array([0.0, 1.0]), np.full(2, 200.0), 0.8, 0.95
    )
    assert 50 < found.lower < found.n < found.upper


def test_the_interval_covers_what_is_needed():
    n, count = np.array([150.0, 250.0]), np.full(2, 500.0)
    wanted = ((special.ndtri(0.975) + special.ndtri(0.8)) / 0.2) ** 2
    draws = np.random.default_rng(5).binomial(500, curve(n, 0.2), size=(2000, 2)) / 500
    found = [kernel.crossing(n, power, count, 0.8, 0.95) for power in draws]
    inside = np.mean([one.lower <= wanted <= one.upper for one in found])
    assert abs(inside - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 2000)
