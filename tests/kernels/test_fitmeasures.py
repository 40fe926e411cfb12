"""Fit measures against published values and their own limits."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels import fitmeasures as measures


def test_holzinger_swineford_as_published():
    assert measures.cfi(85.306, 24, 918.852, 36) == pytest.approx(0.931, abs=5e-4)
    assert measures.tli(85.306, 24, 918.852, 36) == pytest.approx(0.896, abs=5e-4)
    assert measures.rmsea(85.306, 24, 301) == pytest.approx(0.092, abs=5e-4)
    lower, upper = measures.rmsea_interval(85.306, 24, 301)
    assert (round(float(lower), 3), round(float(upper), 3)) == (0.071, 0.114)


def test_interval_covers_the_estimate_and_starts_at_zero_for_good_fit():
    chi2 = np.array([10.0, 24.0, 60.0, 300.0])
    lower, upper = measures.rmsea_interval(chi2, 24, 200)
    point = measures.rmsea(chi2, 24, 200)
    assert (lower <= point).all()
    assert (point <= upper).all()
    assert lower[0] == upper[0] == point[0] == 0
    assert (np.diff(upper) > 0).all()


def test_an_unknown_chi_square_has_no_rmsea_interval():
    limits = measures.rmsea_interval(np.array([np.nan, 3.0]), 3, 100)
    assert [np.isnan(limit).tolist() for limit in limits] == [[True, False]] * 2


def test_saturated_model():
    assert measures.cfi(0.0, 0.0, 500.0, 36) == 1
    # Two saturated models, one of them but for rounding; and one that a bound keeps from fitting.
    assert measures.cfi(6.7e-14, 0.0, 0.0, 0.0) == 1
    assert measures.cfi(2.0, 0.0, 0.0, 0.0) == 0
    assert np.isnan(measures.cfi(np.nan, 5.0, 100.0, 10.0))
    assert measures.tli(0.0, 0.0, 500.0, 36) == 1
    assert measures.rmsea(0.0, 0.0, 200) == 0
    assert np.isnan(measures.chi2_p(0.0, 0.0))
    assert np.isnan(measures.rmsea_close(0.0, 0.0, 200))


def test_close_fit_probability_rises_with_the_bound():
    p = [float(measures.rmsea_close(60.0, 24, 200, bound)) for bound in (0.05, 0.08, 0.12)]
    assert p == sorted(p)


def test_srmr_of_one_wrong_correlation():
    cov = np.array([[4.0, 1.0], [1.0, 1.0]])
    sigma = np.array([[4.0, 0.0], [0.0, 1.0]])
    assert_allclose(measures.srmr(cov, sigma), np.sqrt(0.25 / 3))


def test_measures_are_elementwise():
    chi2 = np.array([30.0, 60.0])
    assert_allclose(measures.rmsea(chi2, 24, 100)[1], measures.rmsea(60.0, 24, 100))
    assert measures.bic(np.array([-100.0, -90.0]), 5, 100).shape == (2,)
