"""Scaled tests, differences of them, and what they do without degrees of freedom."""

from __future__ import annotations

import numpy as np
import pytest
import tolerances as tol
from golden_files import expected
from lavaan_cases import Likelihood, case, generalized, maximum_likelihood
from numpy.testing import assert_allclose

from tcsmodel.kernels import gamma, robust, scaled_tests, squares
from tcsmodel.kernels.robust import Traces
from tcsmodel.kernels.scaled_tests import Correction
from tcsmodel.kernels.starting import starting_values
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.spec.model import ModelSpec


def traces(first, second):
    return Traces(np.array([first]), np.array([second]))


def test_perfect_normality_changes_nothing():
    for kind in Correction:
        test = scaled_tests.scaled(np.array([30.0]), 20, traces(20.0, 20.0), kind)
        assert_allclose([test.chi2[0], test.df[0], test.factor[0]], [30, 20, 1])
        assert_allclose(test.shift, 0, atol=1e-12)


def test_saturated_model_is_left_alone():
    baseline = scaled_tests.scaled(np.array([90.0]), 3, traces(3.3, 4.0), Correction.MEAN)
    for kind in Correction:
        test = scaled_tests.scaled(np.array([0.0]), 0, traces(0.0, 0.0), kind)
        assert test.chi2[0] == 0
        assert np.isnan(test.p[0])
        fit = scaled_tests.scaled_fit(test, baseline, 100)
        assert (fit.cfi[0], fit.tli[0], fit.rmsea[0]) == (1, 1, 0)


def test_robust_measures_are_unknown_for_adjusted_degrees_of_freedom():
    test = scaled_tests.scaled(np.array([30.0]), 20, traces(22.0, 30.0), Correction.MEAN_VARIANCE)
    assert np.isnan(scaled_tests.robust_fit(test, test, 100).rmsea[0])


def test_unknown_traces_stay_unknown_without_a_warning():
    for kind in Correction:
        test = scaled_tests.scaled(
            np.array([30.0, 30.0]), 20, Traces(*np.array([[np.nan, 22.0]] * 2)), kind
        )
        fit = scaled_tests.scaled_fit(test, test, 100)
        assert np.isnan(test.chi2[0])
        assert np.isfinite([test.chi2[1], fit.rmsea[1]]).all()


@pytest.mark.parametrize("name", ["B_HS1939_mg_lrt_MLM", "B_HS1939_mg_lrt_MLR"])
def test_difference_of_2001(name):
    theirs = expected(name)
    fits, steps = theirs["fit"].T, theirs["satorra.bentler.2001"]
    tests = [
        scaled_tests.scaled(
            np.array([row["chisq"]]),
            row["df"],
            traces(row["chisq.scaling.factor"] * row["df"], 1.0),
            Correction.MEAN,
        )
        for _, row in fits.iterrows()
    ]
    for at in range(1, len(tests)):
        found = scaled_tests.difference(tests[at], tests[at - 1])
        assert found.df[0] == steps["Df diff"].iloc[at]
        assert_allclose(found.chi2[0], steps["Chisq diff"].iloc[at], rtol=tol.CHI2)
        assert_allclose(found.p[0], steps["Pr(>Chisq)"].iloc[at], atol=tol.CHI2)


def test_difference_that_cannot_be_scaled_is_unknown():
    wide = scaled_tests.scaled(np.array([30.0]), 20, traces(20.0, 1.0), Correction.MEAN)
    narrow = scaled_tests.scaled(np.array([25.0]), 19, traces(21.0, 1.0), Correction.MEAN)
    assert np.isnan(scaled_tests.difference(wide, narrow).chi2[0])
    assert scaled_tests.difference(wide, narrow, np.array([1.0])).chi2[0] == pytest.approx(5.0)


@pytest.fixture(scope="module")
def nested():
    """The ACSI model and the same without one path: layouts, names, estimates, chi-squares."""
    given = case("B_mobi_acsi_MLR", "mobi")
    text = given.theirs["model"]
    fewer = text.replace("Satisfaction ~ Expectation", "Satisfaction ~ 0*Expectation")
    layouts, keys = [], []
    for one in (text, fewer):
        model = CovarianceModel.of(ModelSpec.parse(one), std_lv=False)
        layouts.append(model.layout)
        rows = [r for r in model.parameters.rows if r.free is not None]
        keys.append([(r.lhs, str(r.op), r.rhs) for r in rows])
    x, n = given.x, len(given.x)
    cov = np.cov(x.T, bias=True)[None]
    spread = gamma.asymptotic_cov(
        x, x.mean(axis=0)[None], cov, gamma.shares(np.ones((1, n))), with_mean=False
    )
    fits = [maximum_likelihood(layout, cov) for layout in layouts]
    free, restricted = (
        Likelihood.of(layout, fit.theta, cov, spread)
        for layout, fit in zip(layouts, fits, strict=True)
    )
    there = np.zeros_like(fits[0].theta)
    there[0, [keys[0].index(key) for key in keys[1]]] = fits[1].theta[0]
    at_restricted = Likelihood.of(layouts[0], there, cov, spread)
    tests = [
        scaled_tests.scaled(n * fit.value, df, model.traces("MLR"), Correction.MEAN)
        for fit, df, model in zip(fits, (144, 145), (free, restricted), strict=True)
    ]
    return tests, free, restricted, at_restricted


@pytest.mark.parametrize("method", ["2001", "2010", "2000"])
def test_differences_of_one_model(nested, method):
    (free_test, restricted_test), free, restricted, there = nested
    theirs = expected("B_mobi_acsi_lrt")
    if method == "2000":
        scaling = robust.difference_traces(
            free.delta, restricted.delta, free.observed, free.products
        )
        found = scaled_tests.difference_by_traces(
            restricted_test, free_test, scaling, Correction.MEAN
        )
    else:
        factor = there.traces("MLR").first / 144 if method == "2010" else None
        found = scaled_tests.difference(restricted_test, free_test, factor)
    tolerance = tol.DIFFERENCE_2010 if method == "2010" else tol.CHI2
    wanted = theirs[f"MLR_{method}"]["Chisq diff"].iloc[1]
    assert_allclose(found.chi2[0], wanted, rtol=tolerance)


def test_singular_information_gives_nan():
    delta = np.ones((1, 3, 2))
    weight = np.ones((1, 3))
    found = robust.residual_traces(delta, weight, np.eye(3)[None])
    assert np.isnan(found.first[0])
    bread = robust.information(delta, weight)
    assert np.isnan(robust.sandwich(bread, np.eye(2)[None], 10)).all()
    lost = robust.difference_traces(np.full((1, 3, 2), np.nan), delta[:, :, :1], bread, bread)
    assert np.isnan(lost.first[0])


def test_residual_test_is_gls_where_the_estimates_are():
    given = case("B_mobi_acsi_GLS", "mobi")
    cov = np.cov(given.x.T)[None]
    own = generalized(given.layout, cov, len(given.x))
    fit = squares.fit(own, starting_values(given.layout, cov), patient=True, gamma=None)
    found = squares.residual_test(own, squares.curve(own, fit.theta))
    assert_allclose(found[0], 249 * fit.value[0], rtol=1e-8)
