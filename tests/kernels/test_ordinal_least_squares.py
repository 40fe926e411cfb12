"""DWLS, ULS and WLS of ordinal and mixed items, plain, scaled and robust, against lavaan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import tolerances as tol
from golden_files import expected
from lavaan_cases import Case, case, squares_of
from lavaan_cases import ordinal as ordinal_case
from numpy.testing import assert_allclose

from tcsmodel.kernels import (
    least_squares,
    linalg,
    ordinal,
    ordinal_squares,
    polychoric,
    polychoric_gamma,
    robust,
    scaled_tests,
    squares,
)
from tcsmodel.kernels.implied import THRESHOLD
from tcsmodel.kernels.robust import Traces
from tcsmodel.kernels.scaled_tests import Correction, ScaledTest

BFI = ["DWLS", "ULS", "ULSMV", "WLSM", "WLSMV", "WLSMVS", "WLSMV_theta", "WLSMV_marker"]
MOBI = ["DWLS", "ULS", "ULSMV", "WLSM", "WLSMV", "WLSMV_theta"]
CASES = {
    **{f"bfirev10_ord_{e}": ("bfi_rev", not e.endswith("marker")) for e in BFI},
    **{f"mobi_ord_{e}": ("mobi_ord5", False) for e in MOBI},
    "bfirev25_ord_WLSMV": ("bfi_rev", True),
    "bfi10_ord_WLS": ("bfi", False),
    "mobi_mixed_WLSMV_fit": ("mixed", False),
}
CORRECTIONS = {
    "WLSM": Correction.MEAN,
    "WLSMV": Correction.SHIFT,
    "ULSMV": Correction.SHIFT,
    "WLSMVS": Correction.MEAN_VARIANCE,
}


@dataclass
class Ours:
    """What the kernels found of a case."""

    case: Case
    model: ordinal.OrdinalLayout
    statistics: np.ndarray
    gamma: np.ndarray
    weight: np.ndarray
    theta: np.ndarray
    delta: np.ndarray
    value: np.ndarray
    kind: Correction | None

    @property
    def n(self) -> int:
        return len(self.case.x) - 1

    @property
    def se(self) -> np.ndarray:
        products = robust.score_products(self.delta, self.weight, self.gamma)
        bread = robust.information(self.delta, self.weight)
        vcov = robust.sandwich(bread, products, self.n)
        return np.sqrt(np.diagonal(vcov, axis1=1, axis2=2))[0]

    def baseline(self) -> tuple[np.ndarray, np.ndarray]:
        """Return F and the derivatives of the model without any covariance."""
        own = self.located
        delta = np.eye(self.statistics.shape[1])[None, :, :own]
        whole = self.weight.ndim > self.statistics.ndim
        gamma = self.gamma if whole else 1 / self.weight
        order = self.model.order
        return ordinal_squares.independence_discrepancy(order, self.statistics, gamma), delta

    @property
    def located(self) -> int:
        return len(self.model.order.item) + len(self.model.order.continuous)

    def tests(self) -> tuple[ScaledTest, ScaledTest]:
        found = []
        p = self.case.x.shape[1]
        null, null_delta = self.baseline()
        for value, delta, df in (
            (self.value, self.delta, self.case.fit["df"]),
            (null, null_delta, p * (p - 1) / 2),
        ):
            traces = robust.residual_traces(delta, self.weight, self.gamma)
            found.append(scaled_tests.scaled(self.n * value, df, traces, self.kind))
        return tuple(found)

    def likelihood_tests(self) -> tuple[ScaledTest, ScaledTest]:
        own, p = self.located, self.case.x.shape[1]
        pairs = self.model.order.pairs
        weight, spread = self.weight[:, own:], self.gamma[:, own:, own:]
        implied = ordinal.ordinal_implied(self.model, self.theta).statistics
        corr, sigma = (np.eye(p)[None].copy() for _ in range(2))
        for matrix, values in ((corr, self.statistics), (sigma, implied)):
            matrix[:, pairs.first, pairs.second] = values[:, own:]
            matrix[:, pairs.second, pairs.first] = values[:, own:]
        delta = self.delta[
            :, own:, self.model.layout.matrix[self.model.layout.free >= 0] < THRESHOLD
        ]
        found = []
        for at, slopes, df in (
            (sigma, delta, self.case.fit["df"]),
            (np.eye(p)[None], delta[:, :, :0], p * (p - 1) / 2),
        ):
            part = scaled_tests.correlation_likelihood(corr, at, slopes, weight, spread, np.ones(1))
            chi2 = len(self.case.x) * part.value
            traces = Traces(part.trace, part.trace)
            found.append(scaled_tests.scaled(chi2, df, traces, Correction.MEAN))
        return tuple(found)


def fitted(name: str) -> Ours:
    data, std_lv = CASES[name]
    return fitted_case(name, case(f"B_{name}", data, std_lv=std_lv), data)


def fitted_case(name: str, given: Case, data: str) -> Ours:
    estimator = name.split("_ord_")[-1].split("_")[0].replace("mobi", "WLSMV")
    items = [rhs for _, op, rhs in given.keys if op == "~~"][: given.x.shape[1]]
    ordered = np.array([data != "mixed" or item.startswith("PERQ") for item in items])
    answers = polychoric.coded(given.x, ordered)
    ones = np.ones((1, len(given.x)))
    moments = polychoric.mixed_moments(answers, ones)
    spread = polychoric_gamma.asymptotic_cov(answers, moments, ones)
    delta = not name.endswith("theta")
    given = ordinal_case(given, answers.categories, items)
    model = ordinal.OrdinalLayout.of(given.layout, answers.categories, delta=delta)
    s = model.order.vector(moments.thresholds, moments.mean, moments.cov)
    if estimator.startswith("ULS"):
        weight = np.ones_like(s)
    elif estimator == "WLS":
        weight = linalg.inverse(spread)
    else:
        weight = 1 / np.diagonal(spread, axis1=1, axis2=2)
    structure = least_squares.ordinal_structure(model)
    start = least_squares.ordinal_start(model, s)
    own = squares_of(given.layout, structure, s, weight, len(given.x))
    fit = squares.fit(own, start, patient=True, gamma=None)
    assert fit.converged.all()
    delta_ = structure.jacobian(fit.theta)
    kind = CORRECTIONS.get(estimator)
    return Ours(given, model, s, spread, weight, fit.theta, delta_, fit.value, kind)


@pytest.fixture(scope="module", params=CASES)
def ours(request):
    return fitted(request.param)


def test_estimates(ours):
    slack = tol.LAVAAN_STOP * ours.case.column("se")
    gap = np.abs(ours.theta[0] - ours.case.column("est"))
    assert (gap <= tol.POINT * np.abs(ours.case.column("est")) + slack).all()


def test_standard_errors(ours):
    assert_allclose(ours.se, ours.case.column("se"), rtol=tol.SE)


def test_chi_square_and_baseline(ours):
    assert_allclose(ours.n * ours.value[0], ours.case.fit["chisq"], rtol=tol.CHI2)
    null, _ = ours.baseline()
    assert_allclose(ours.n * null[0], ours.case.fit["baseline.chisq"], rtol=tol.CHI2)


SCALED = [name for name in CASES if "M" in name.split("LS")[-1]]


@pytest.mark.parametrize("ours", SCALED, indirect=True)
def test_scaled_test_and_baseline(ours):
    fit = ours.case.fit
    test, baseline = ours.tests()
    for theirs, found in (
        ("chisq.scaled", test.chi2),
        ("df.scaled", test.df),
        ("chisq.scaling.factor", test.factor),
        ("baseline.chisq.scaled", baseline.chi2),
        ("baseline.df.scaled", baseline.df),
        ("baseline.chisq.scaling.factor", baseline.factor),
    ):
        assert_allclose(found[0], fit[theirs], rtol=tol.CHI2, err_msg=theirs)


def assert_measures(found, fit, kind):
    for mine, theirs in (
        ("cfi", "cfi"),
        ("tli", "tli"),
        ("rmsea", "rmsea"),
        ("rmsea_ci_lower", "rmsea.ci.lower"),
        ("rmsea_ci_upper", "rmsea.ci.upper"),
        ("rmsea_p_close", "rmsea.pvalue"),
    ):
        got, value = getattr(found, mine)[0], fit[f"{theirs}.{kind}"]
        assert_allclose(got, value, rtol=tol.FIT, atol=1e-6, err_msg=mine)


@pytest.mark.parametrize("ours", SCALED, indirect=True)
def test_scaled_fit_measures(ours):
    assert_measures(scaled_tests.scaled_fit(*ours.tests(), ours.n), ours.case.fit, "scaled")


ROBUST = [name for name in SCALED if "mixed" not in name and "MVS" not in name]


@pytest.mark.parametrize("ours", ROBUST, indirect=True)
def test_robust_fit_measures_by_the_likelihood_of_the_correlations(ours):
    found = scaled_tests.robust_fit(*ours.likelihood_tests(), len(ours.case.x))
    assert_measures(found, ours.case.fit, "robust")


def test_both_parameterizations_have_one_minimum():
    by_delta, by_theta = fitted("mobi_ord_WLSMV"), fitted("mobi_ord_WLSMV_theta")
    assert_allclose(by_delta.value, by_theta.value, rtol=1e-10)


def test_difference_of_nested_models():
    free = fitted("mobi_ord_WLSMV")
    text = free.case.theirs["model"]
    fewer = text.replace("Satisfaction ~ Quality", "Satisfaction ~ 0*Quality")
    given = case("B_mobi_ord_WLSMV", "mobi_ord5", text=fewer)
    restricted = fitted_case("mobi_ord_WLSMV", given, "mobi_ord5")
    tests = [
        scaled_tests.scaled(
            one.n * one.value,
            df,
            robust.residual_traces(one.delta, one.weight, one.gamma),
            Correction.SHIFT,
        )
        for one, df in ((restricted, 52), (free, 51))
    ]
    traces = robust.difference_traces(
        free.delta,
        restricted.delta,
        robust.information(free.delta, free.weight),
        robust.score_products(free.delta, free.weight, free.gamma),
    )
    found = scaled_tests.difference_by_traces(*tests, traces, Correction.SHIFT)
    theirs = expected("B_mobi_acsi_lrt")["WLSMV"]
    assert_allclose(found.chi2[0], theirs["Chisq diff"].iloc[1], rtol=tol.CHI2)
