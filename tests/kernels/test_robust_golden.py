"""Robust maximum likelihood and least squares of continuous items, against lavaan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import tolerances as tol
from lavaan_cases import Case, Likelihood, case, generalized, maximum_likelihood, squares_of
from numpy.testing import assert_allclose

from tcsmodel.kernels import (
    discrepancy,
    gamma,
    jacobian,
    least_squares,
    linalg,
    robust,
    scaled_tests,
    squares,
)
from tcsmodel.kernels.scaled_tests import Correction, ScaledTest
from tcsmodel.kernels.starting import starting_values

NO_CAUSES = np.array([], dtype=np.intp)
DATA = {"HS1939_cfa": "HolzingerSwineford1939", "PolDem": "PoliticalDemocracy", "mobi_acsi": "mobi"}
LIKELIHOOD = {
    "HS1939_cfa": ["MLR", "MLM", "MLMV", "MLF", "ML_sandwich", "ML_observed", "ML_wishart"],
    "PolDem": ["MLR", "MLM", "MLMV", "MLMVS", "MLF"],
    "mobi_acsi": ["MLR", "MLM", "MLMV", "MLMVS", "MLF", "weights_MLR"],
    "HS1939": ["weights_MLR"],
}
LEAST_SQUARES = {
    "HS1939_cfa": ["GLS", "ULS", "ULSMV", "WLS", "DWLS", "WLSMV"],
    "PolDem": ["GLS", "ULS", "ULSMV", "WLS", "DWLS", "WLSMV"],
    "mobi_acsi": ["GLS", "ULS", "ULSMV", "DWLS", "WLSMV"],
}
CORRECTIONS = {
    "MLR": Correction.MEAN,
    "MLM": Correction.MEAN,
    "sandwich": Correction.MEAN,
    "MLMV": Correction.SHIFT,
    "MLMVS": Correction.MEAN_VARIANCE,
    "ULSMV": Correction.SHIFT,
    "WLSMV": Correction.SHIFT,
}


@dataclass
class Ours:
    """What the kernels found: estimates, standard errors and tests; n of tests and of RMSEA."""

    case: Case
    theta: np.ndarray
    se: np.ndarray
    chi2: float
    plain: float
    baseline: float
    n: float
    test: ScaledTest | None = None
    baseline_test: ScaledTest | None = None


def errors(vcov):
    return np.sqrt(np.diagonal(vcov, axis1=1, axis2=2))[0]


def baseline_df(p):
    return p * (p - 1) / 2


def likelihood(given: Case, estimator: str) -> Ours:
    x, w = given.x, given.weights[None]
    n, p = x.shape
    share = w / w.sum()
    mean = share @ x
    centered = x - mean
    cov = ((centered * share[0][:, None]).T @ centered)[None]
    size = n - 1 if estimator == "wishart" else n
    cov = cov * n / size
    fit = maximum_likelihood(given.layout, cov)
    spread = gamma.asymptotic_cov(x, mean, cov, gamma.shares(w), with_mean=False)
    model = Likelihood.of(given.layout, fit.theta, cov, spread)
    null_layout = jacobian.independence_layout(p, NO_CAUSES)
    null_theta = np.diagonal(cov, axis1=1, axis2=2)
    null = Likelihood.of(null_layout, null_theta, cov, spread)
    chi2 = size * fit.value
    floor = discrepancy.saturated(cov)
    null_chi2 = size * (discrepancy.independence(cov, NO_CAUSES) - floor)
    found = Ours(
        given,
        fit.theta[0],
        errors(model.vcov(estimator, size)),
        chi2[0],
        chi2[0],
        null_chi2[0],
        size,
    )
    if estimator in CORRECTIONS:
        kind = CORRECTIONS[estimator]
        found.test = scaled_tests.scaled(chi2, given.fit["df"], model.traces(estimator), kind)
        traces = null.traces(estimator)
        found.baseline_test = scaled_tests.scaled(null_chi2, baseline_df(p), traces, kind)
    return found


def least(given: Case, estimator: str) -> Ours:
    x = given.x
    n, p = x.shape
    size = n - 1
    mean, biased, cov = x.mean(axis=0)[None], np.cov(x.T, bias=True)[None], np.cov(x.T)[None]
    s = jacobian.vech(cov)
    free = gamma.asymptotic_cov(x, mean, biased, gamma.shares(np.ones((1, n))), with_mean=False)
    normal = gamma.normal_theory(cov, with_mean=False)
    normal_weight = gamma.normal_weight(linalg.inverse(cov), with_mean=False)
    spread = normal if estimator in ("GLS", "ULS", "DWLS") else free
    scale = np.ones(1)
    if estimator.startswith("ULS"):
        weight, scale = least_squares.unit_weight(np.diagonal(cov, axis1=1, axis2=2), s.shape[1])
    elif estimator == "GLS":
        weight = normal_weight
    elif estimator == "WLS":
        weight = linalg.inverse(free)
    else:
        weight = 1 / np.diagonal(spread, axis1=1, axis2=2)

    def solve(layout, start):
        structure = least_squares.moment_structure(layout, mean=False)
        own = squares_of(layout, structure, s, weight, n)
        if estimator == "GLS":
            own = generalized(layout, cov, n)
        found = squares.fit(own, start, patient=True, gamma=None)
        assert found.converged.all()
        chi2 = size * found.value / scale
        if estimator in ("ULS", "DWLS"):
            tested = generalized(layout, cov, n)
            chi2 = squares.residual_test(tested, squares.curve(tested, found.theta))
        return found, structure.jacobian(found.theta), chi2

    fit, delta, chi2 = solve(given.layout, starting_values(given.layout, cov))
    null = solve(jacobian.independence_layout(p, NO_CAUSES), np.diagonal(cov, axis1=1, axis2=2))
    products = robust.score_products(delta, weight, spread)
    vcov = robust.sandwich(robust.information(delta, weight), products, size)
    found = Ours(
        given,
        fit.theta[0],
        errors(vcov),
        chi2[0],
        (size * fit.value / scale)[0],
        null[2][0],
        size,
    )
    if estimator in CORRECTIONS:
        kind = CORRECTIONS[estimator]
        w = weight / scale[:, None]
        traces = robust.residual_traces(delta, w, free)
        found.test = scaled_tests.scaled(size * fit.value / scale, given.fit["df"], traces, kind)
        traces = robust.residual_traces(null[1], w, free)
        value = size * null[0].value / scale
        found.baseline_test = scaled_tests.scaled(value, baseline_df(p), traces, kind)
    return found


def fitted(name: str) -> Ours:
    stem, _, estimator = name.rpartition("_")
    if estimator == "MLR" and stem.endswith("_weights"):
        stem = stem.removesuffix("_weights")
        data = "mobi" if stem == "mobi_acsi" else "HolzingerSwineford1939"
        weights = "mobi_weights" if data == "mobi" else "HS1939_weights"
        return likelihood(case(f"B_{name}", data, weights=weights), "MLR")
    stem = stem.removesuffix("_ML")
    given = case(f"B_{name}", DATA[stem])
    return (least if estimator in LEAST_SQUARES[stem] else likelihood)(given, estimator)


CASES = [
    f"{stem}_{estimator}"
    for names in (LIKELIHOOD, LEAST_SQUARES)
    for stem, estimators in names.items()
    for estimator in estimators
]


@pytest.fixture(scope="module", params=CASES)
def ours(request):
    return fitted(request.param)


def test_estimates(ours):
    # lavaan stops near the minimum: the nearer to zero, the larger a relative deviation.
    slack = tol.LAVAAN_STOP * ours.case.column("se")
    gap = np.abs(ours.theta - ours.case.column("est"))
    assert (gap <= tol.POINT * np.abs(ours.case.column("est")) + slack).all()


def test_standard_errors(ours):
    assert_allclose(ours.se, ours.case.column("se"), rtol=tol.SE)


def test_chi_square_and_baseline(ours):
    assert_allclose(ours.chi2, ours.case.fit["chisq"], rtol=tol.CHI2)
    assert_allclose(ours.plain, ours.case.theirs["test"]["standard"]["stat"], rtol=tol.CHI2)
    assert_allclose(ours.baseline, ours.case.fit["baseline.chisq"], rtol=tol.CHI2)


SCALED = [name for name in CASES if name.rpartition("_")[2] in CORRECTIONS]


@pytest.mark.parametrize("ours", SCALED, indirect=True)
def test_scaled_test_and_baseline(ours):
    fit, test, baseline = ours.case.fit, ours.test, ours.baseline_test
    for theirs, found in (
        ("chisq.scaled", test.chi2),
        ("df.scaled", test.df),
        ("chisq.scaling.factor", test.factor),
        ("baseline.chisq.scaled", baseline.chi2),
        ("baseline.df.scaled", baseline.df),
        ("baseline.chisq.scaling.factor", baseline.factor),
    ):
        assert_allclose(found[0], fit[theirs], rtol=tol.CHI2, err_msg=theirs)
    assert_allclose(test.p[0], fit["pvalue.scaled"], atol=tol.CHI2)


@pytest.mark.parametrize("ours", SCALED, indirect=True)
@pytest.mark.parametrize("kind", ["scaled", "robust"])
def test_fit_measures_of_scaled_tests(ours, kind):
    make = scaled_tests.scaled_fit if kind == "scaled" else scaled_tests.robust_fit
    found = make(ours.test, ours.baseline_test, ours.n)
    for mine, theirs in (
        ("cfi", "cfi"),
        ("tli", "tli"),
        ("rmsea", "rmsea"),
        ("rmsea_ci_lower", "rmsea.ci.lower"),
        ("rmsea_ci_upper", "rmsea.ci.upper"),
        ("rmsea_p_close", "rmsea.pvalue"),
    ):
        value = ours.case.fit.get(f"{theirs}.{kind}", np.nan)
        got = getattr(found, mine)[0]
        # A limit of RMSEA near zero is the root of a small difference.
        assert_allclose(got, value, rtol=tol.FIT, atol=1e-6, err_msg=mine)
