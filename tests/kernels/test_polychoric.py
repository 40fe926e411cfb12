"""Polychoric and polyserial moments and their Gamma: lavaan, polycor, and properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_files import DATA, expected
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from tolerances import CLOSED_FORM, SE

from tcsmodel.kernels import bivariate, latent_correlation, polychoric_gamma
from tcsmodel.kernels import polychoric as polychoric_module
from tcsmodel.kernels.latent_correlation import (
    LARGEST,
    pearson,
    polychoric,
    polyserial,
    without_zeros,
)
from tcsmodel.kernels.polychoric import coded, mixed_moments
from tcsmodel.kernels.polychoric_gamma import (
    Statistics,
    asymptotic_cov,
    asymptotic_variance,
    influence,
)
from tcsmodel.kernels.status import Status

BFI10 = [f"{trait}{k}" for trait in "AC" for k in range(1, 6)]


def ordinal(frame: pd.DataFrame):
    return coded(frame.to_numpy(float), np.ones(frame.shape[1], dtype=bool))


@pytest.fixture(scope="module")
def bfi():
    return pd.read_csv(DATA / "bfi.csv")


@pytest.fixture(scope="module")
def mobi5():
    return pd.read_csv(DATA / "mobi_ord5.csv")


@pytest.fixture(scope="module")
def mixed(mobi5, mobi_frame):
    """Answers of the mixed reference case: seven ordinal items, then five continuous ones."""
    names = expected("B_mobi_mixed_WLSMV")["sampstat"]["cov"].index
    ordered = names.str.startswith("PERQ")
    frame = pd.concat([mobi5[names[ordered]], mobi_frame[names[~ordered]]], axis=1)
    return coded(frame.to_numpy(float), ordered)


@pytest.fixture(scope="module")
def small():
    """Answers of two ordinal and two continuous items, some missing."""
    generator = np.random.default_rng(8)
    y = generator.multivariate_normal(np.zeros(4), 0.4 + 0.6 * np.eye(4), 120)
    x = np.column_stack([np.digitize(y[:, 0], [-0.5, 0.6]), y[:, 1] > 0.2, y[:, 2:] * 2 + 5])
    x = x.astype(float)
    x[generator.random(x.shape) < 0.05] = np.nan
    return coded(x[:, [0, 2, 1, 3]], np.array([True, False, True, False]))


# The bivariate normal distribution


@pytest.mark.parametrize("rho", [-0.9999, -0.93, -0.9, -0.3, 0.0, 0.5, 0.9, 0.95, 0.999, 0.99999])
def test_distribution_is_the_integral_of_the_conditional(rho):
    h, k = np.array([-2.1, -0.3, 0.0, 0.4, 1.9]), np.array([-2.0, -0.301, 0.0, 0.41, 2.6])
    root = np.sqrt(1 - rho**2)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    direct = np.empty((5, 5))
    for s, t in np.ndindex(5, 5):
        # Panels end where the conditional distribution jumps, and grow away from there.
        jump = k[t] / rho if rho else 0.0
        away = root * np.array([0.0, 1, 2, 4, 8, 16, 64, 256, 1024])
        ends = np.unique(np.clip(np.r_[-9, -6, -3, 0, jump - away, jump + away, h[s]], -9, h[s]))
        half = np.diff(ends)[:, None] / 2
        x = ends[:-1, None] + half * (1 + nodes)
        values = bivariate.density(x) * ndtr((k[t] - rho * x) / root)
        direct[s, t] = (half * weights * values).sum()
    ours = bivariate.distribution(h, k, np.array(rho))
    np.testing.assert_allclose(ours, direct, atol=1e-13)


@pytest.mark.parametrize("rho", [-0.97, -0.4, 0.0, 0.6, 0.95])
def test_slopes_of_cells_are_derivatives(rho):
    h, k, r = np.array([-1.0, 0.2, 1.1]), np.array([-0.4, 0.7]), np.array(rho)
    step = 1e-5
    first, second = bivariate.cell_slopes(h, k, r)
    up, down = (bivariate.cell_probabilities(h, k, r + s) for s in (step, -step))
    np.testing.assert_allclose(first, (up - down) / (2 * step), atol=1e-7)
    up, down = (bivariate.cell_slopes(h, k, r + s)[0] for s in (step, -step))
    np.testing.assert_allclose(second, (up - down) / (2 * step), atol=1e-5)
    up, down = (bivariate.cell_probabilities(h + s * np.eye(3)[1], k, r) for s in (step, -step))
    slope = bivariate.row_slopes(h, k, r)[1]
    change = (up - down) / (2 * step)
    np.testing.assert_allclose(change, [0 * slope, slope, -slope, 0 * slope], atol=1e-9)


# Correlations


@pytest.mark.parametrize("rho", [-0.9999, -0.95, -0.5, 0.0, 0.3, 0.89, 0.91, 0.99, 0.9999])
def test_the_correlation_of_an_exact_table_is_recovered(rho):
    h, k = np.array([-1.2, -0.1, 0.8]), np.array([-0.6, -0.09, 0.5, 1.3])
    k = k if rho > 0 else -k[::-1]
    table = 1000 * bivariate.cell_probabilities(h, k, np.array(rho))
    table[table < 1e-9] = 0
    found = polychoric(table, h, k)
    assert found.status == Status.CONVERGED
    assert found.rho == pytest.approx(rho, abs=1e-9)


@pytest.mark.parametrize(("table", "sign"), [([[30, 0], [0, 20]], 1), ([[0, 30], [20, 0]], -1)])
def test_perfect_association_ends_at_the_bound_as_improper(table, sign):
    found = polychoric(np.array(table, dtype=float), np.array([0.253]), np.array([0.253 * sign]))
    assert found.status == Status.IMPROPER
    assert found.rho == sign * LARGEST


def test_a_table_that_fits_any_strong_correlation_is_improper():
    h, k = np.array([-1.0, 0.5]), np.array([-0.2, 1.5])
    table = 200 * bivariate.cell_probabilities(h, k, np.array(0.99999))
    found = polychoric(np.where(table < 1e-9, 0, table), h, k)
    assert found.status == Status.IMPROPER
    assert found.rho > 0.98


def test_empty_cells_of_small_tables_keep_their_margins():
    two, four = np.array([2, 3]), np.array([2, 3])
    tables = np.zeros((2, 3, 3))
    tables[0, :2, :2] = [[10, 0], [4, 6]]
    tables[1] = [[0, 1, 2], [3, 4, 5], [6, 0, 7]]
    small, large = without_zeros(tables, two, four, (0.5, 0.0))
    np.testing.assert_array_equal(small[:2, :2], [[9.5, 0.5], [4.5, 5.5]])
    np.testing.assert_array_equal(small.sum(axis=0), tables[0].sum(axis=0))
    np.testing.assert_array_equal(large, tables[1])
    _, large = without_zeros(tables, two, four, (0.5, 0.25))
    np.testing.assert_array_equal(large, [[0.25, 1, 2], [3, 4, 5], [6, 0.25, 7]])
    np.testing.assert_array_equal(without_zeros(tables, two, four, (0.5, 0.25))[0, 2], 0)


def test_polyserial_start_is_the_ad_hoc_estimate_of_polycor(mobi5, mobi_frame):
    x = mobi_frame[["CUSA1", "CUSA2", "CUSA3"]].to_numpy(float).T
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    answers = ordinal(mobi5[["CUSL1"]])
    code = np.broadcast_to(answers.x[:, 0].astype(int), z.shape)
    cut = np.broadcast_to(mixed_moments(answers).thresholds, (3, 4))
    ours = latent_correlation._polyserial_by_moments(z, code, cut, np.full_like(z, 1 / 250))
    theirs = [expected("A_polyserial")[f"CUSA{k}"]["twostep"] for k in (1, 2, 3)]
    np.testing.assert_allclose(ours, theirs, rtol=CLOSED_FORM)


def test_polyserial_is_where_the_likelihood_is_largest(mixed):
    moments = mixed_moments(mixed)
    z = (mixed.x[:, 7] - moments.mean[7]) / np.sqrt(moments.variance[7])
    cut = np.r_[-np.inf, moments.thresholds[0], np.inf]
    code = mixed.x[:, 0].astype(int)

    def loglik(rho):
        u = (cut[:, None] - rho * z) / np.sqrt(1 - rho**2)
        at = np.arange(len(z))
        return np.log(ndtr(u[code + 1, at]) - ndtr(u[code, at])).sum()

    found = polyserial(z, mixed.x[:, 0], moments.thresholds[0], np.ones(250))
    rho = float(found.rho)
    assert rho == moments.corr[0, 7]
    assert loglik(rho + 1e-5) - loglik(rho - 1e-5) == pytest.approx(0, abs=1e-8)
    assert loglik(rho) > max(loglik(rho + 0.01), loglik(rho - 0.01))


@pytest.mark.parametrize("rho", [-0.9999, -0.9, 0.0, 0.95, 0.9999])
def test_polyserial_of_a_population_is_recovered(rho):
    """Weights are the joint probabilities of categories and a fine grid of z."""
    cut = np.array([-0.7, 0.1, 1.0])
    grid = np.linspace(-6, 6, 40_001)
    u = (np.r_[-np.inf, cut, np.inf][:, None] - rho * grid) / np.sqrt(1 - rho**2)
    weights = np.diff(ndtr(u), axis=0) * bivariate.density(grid)
    code = np.repeat(np.arange(4.0), len(grid))
    found = polyserial(np.tile(grid, 4), code, cut, weights.ravel())
    assert found.status == Status.CONVERGED
    assert found.rho == pytest.approx(rho, abs=1e-9)


def test_mixed_moments_as_lavaan(mixed):
    theirs = expected("B_mobi_mixed_WLSMV")["sampstat"]
    ours = mixed_moments(mixed)
    np.testing.assert_allclose(ours.cov, theirs["cov"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(ours.mean, list(theirs["mean"].values()), rtol=CLOSED_FORM)
    cut = ours.thresholds[:7].ravel()
    np.testing.assert_allclose(cut, list(theirs["th"].values()), rtol=CLOSED_FORM)
    assert np.isnan(ours.thresholds[7:]).all()


@pytest.mark.parametrize("rho", [-0.9, 0.0, 0.3, 0.99])
def test_pearson_is_the_product_of_standardized_answers(rho):
    found = pearson(np.array([rho]), np.ones(1), np.ones(1))
    assert found.status == Status.CONVERGED
    assert found.rho[0] == pytest.approx(rho, abs=1e-12)


def test_pearson_is_where_the_likelihood_is_largest():
    product, first, second = 0.5, 1.3, 0.8

    def loglik(rho):
        rest = 1 - rho**2
        return -np.log(rest) / 2 - (first + second - 2 * rho * product) / (2 * rest)

    rho = pearson(*(np.array([v]) for v in (product, first, second))).rho[0]
    assert loglik(rho + 1e-5) - loglik(rho - 1e-5) == pytest.approx(0, abs=1e-10)


# Gamma


def test_moments_and_gamma_as_lavaan(bfi):
    theirs = expected("B_bfi10_ord_sampstat")
    answers = ordinal(bfi[BFI10].dropna())
    moments = mixed_moments(answers)
    np.testing.assert_allclose(moments.corr, theirs["polychoric"], rtol=CLOSED_FORM, atol=1e-7)
    cut = list(theirs["thresholds"].values())
    np.testing.assert_allclose(moments.thresholds.ravel(), cut, rtol=CLOSED_FORM)
    variance = asymptotic_variance(answers, moments)
    np.testing.assert_allclose(variance, theirs["gamma_diag"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(1 / variance, theirs["wls_v_diag"], rtol=CLOSED_FORM)
    gamma = asymptotic_cov(answers, moments)
    np.testing.assert_allclose(np.diag(gamma), variance, rtol=1e-10)
    np.testing.assert_allclose(gamma, gamma.T, atol=1e-12)
    assert np.linalg.eigvalsh(gamma).min() > 0


def test_standard_errors_as_lavcor(mobi5):
    table = expected("B_lavCor_mobi_ord")["est"]
    answers = ordinal(mobi5[["PERQ1", "PERQ2", "PERQ3", "CUSA1"]])
    moments = mixed_moments(answers)
    order = Statistics.of(answers.categories)
    rows = pd.concat([table[table.op == "|"], table[(table.op == "~~") & (table.lhs != table.rhs)]])
    ours = order.vector(moments.thresholds, moments.mean, moments.cov)
    np.testing.assert_allclose(ours, rows["est.std"].astype(float), rtol=CLOSED_FORM)
    # lavaan divides Gamma by n - 1.
    se = np.sqrt(asymptotic_variance(answers, moments) / 249)
    np.testing.assert_allclose(se, rows["se"].astype(float), rtol=SE)


def test_standard_errors_of_means_beside_ordinal_items_as_lavaan(mixed):
    """Their scores' outer products, not the information, so that skewness matters."""
    table = expected("B_mobi_mixed_WLSMV")["parameterEstimates"]
    table = table[(table.op == "~1") & (table.se > 0)]
    table = table.set_index("lhs").loc[["PERV1", "PERV2", "CUSA1", "CUSA2", "CUSA3"]]
    order = Statistics.of(mixed.categories)
    variance = asymptotic_variance(mixed, mixed_moments(mixed))
    se = np.sqrt(variance[: len(order.item)][order.threshold < 0] / 249)
    np.testing.assert_allclose(se, table.se.astype(float), rtol=SE)


def test_mixed_gamma_as_lavaan(mixed):
    """Standard errors of the reference's DWLS estimates need all of Gamma, not its diagonal."""
    theirs = expected("B_mobi_mixed_WLSMV")
    moments = mixed_moments(mixed)
    order = Statistics.of(mixed.categories)
    gamma = asymptotic_cov(mixed, moments)[len(order.item) :, len(order.item) :]
    table = theirs["parameterEstimates"]
    table = table[(table.se > 0) & ~table.op.isin(["|", "~1"])]
    estimates = table.est.to_numpy(float)

    def implied(theta):
        cov = _ecsi_core(theta)
        return order.vector(moments.thresholds, moments.mean, cov)[len(order.item) :]

    step = 1e-6
    jacobian = np.stack(
        [
            (implied(estimates + step * e) - implied(estimates - step * e)) / (2 * step)
            for e in np.eye(len(estimates))
        ],
        axis=1,
    )
    weight = 1 / np.diag(gamma)
    bread = np.linalg.inv(jacobian.T @ (weight[:, None] * jacobian))
    lever = bread @ jacobian.T * weight
    se = np.sqrt(np.diag(lever @ gamma @ lever.T) / 249)
    np.testing.assert_allclose(se, table.se.astype(float), rtol=SE)


def _ecsi_core(theta):
    """Quality (7 items, standardized), Value (2), Satisfaction (3): lavaan's parameters."""
    lam = np.zeros((12, 3))
    lam[[0, 7, 9], [0, 1, 2]] = 1
    lam[1:7, 0], lam[8, 1], lam[10:, 2] = theta[:6], theta[6], theta[7:9]
    paths = np.zeros((3, 3))
    paths[[1, 2, 2], [0, 0, 1]] = theta[9:12]
    total = lam @ np.linalg.inv(np.eye(3) - paths)
    cov = total @ np.diag(theta[17:20]) @ total.T
    cov[np.arange(7, 12), np.arange(7, 12)] += theta[12:17]
    cov[np.arange(7), np.arange(7)] = 1
    return cov


def test_standard_errors_with_missing_answers_as_lavaan(bfi):
    table = expected("B_bfi10_ord_WLSMV_pairwise")["parameterEstimates"]
    table = table[table.op == "|"]
    answers = ordinal(bfi[BFI10])
    moments = mixed_moments(answers)
    theirs = expected("B_bfi10_ord_WLSMV_pairwise")["sampstat"]["cov"]
    np.testing.assert_allclose(moments.corr, theirs, rtol=CLOSED_FORM, atol=1e-7)
    se = np.sqrt(asymptotic_variance(answers, moments)[:50] / 2799)
    np.testing.assert_allclose(se, table.se.astype(float), rtol=SE)


def test_influences_are_derivatives_of_thresholds_and_sum_to_nothing(small):
    w = np.ones((1, 120))
    found = influence(small, mixed_moments(small, w), w)[0]
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-7)
    order = Statistics.of(small.categories)
    step = 1e-5
    for i in range(0, 120, 30):
        ahead, behind = w[0].copy(), w[0].copy()
        ahead[i] += step
        behind[i] -= step
        up, down = (mixed_moments(small, each).thresholds for each in (ahead, behind))
        slope = 120 * (up - down) / (2 * step)
        held = order.threshold >= 0
        ours = found[i, : len(order.item)][held]
        direct = slope[order.item[held], order.threshold[held]]
        np.testing.assert_allclose(ours, direct, atol=1e-6)


@pytest.mark.slow
def test_gamma_is_the_sampling_covariance():
    generator = np.random.default_rng(5)
    n, draws = 400, 600
    cov = np.array([[1, 0.5, 0.6], [0.5, 1, 0.3], [0.6, 0.3, 1]])
    vectors, diagonals = [], []
    for _ in range(draws):
        y = generator.multivariate_normal(np.zeros(3), cov, n)
        x = np.column_stack([np.digitize(y[:, 0], [-0.5, 0.6]), y[:, 1] > 0.2, 2 * y[:, 2]])
        answers = coded(x, np.array([True, True, False]))
        moments = mixed_moments(answers)
        order = Statistics.of(answers.categories)
        vectors.append(order.vector(moments.thresholds, moments.mean, moments.cov))
        diagonals.append(asymptotic_variance(answers, moments))
    ratio = n * np.var(vectors, axis=0) / np.mean(diagonals, axis=0)
    # A variance of 600 draws has a relative standard error of 5.8%.
    np.testing.assert_allclose(ratio, 1, atol=0.2)


# Batches, weights, edges


def test_batch_equals_loop(small):
    weights = np.random.default_rng(3).integers(0, 4, (2, 3, 120)).astype(float)
    together = mixed_moments(small, weights)
    gamma = asymptotic_cov(small, together, weights, frequency=True)
    diagonal = asymptotic_variance(small, together, weights, frequency=True)
    for at in np.ndindex(2, 3):
        alone = mixed_moments(small, weights[at])
        np.testing.assert_allclose(together.thresholds[at], alone.thresholds, atol=1e-12)
        np.testing.assert_allclose(together.cov[at], alone.cov, atol=1e-10)
        assert (together.pair_status[at] == alone.pair_status).all()
        one = asymptotic_cov(small, alone, weights[at], frequency=True)
        np.testing.assert_allclose(gamma[at], one, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(diagonal[at], np.diag(one), rtol=1e-7)


def test_chunks_change_nothing(small, monkeypatch):
    weights = np.random.default_rng(9).integers(0, 4, (5, 120)).astype(float)
    whole = mixed_moments(small, weights)
    gamma = asymptotic_cov(small, whole, weights, frequency=True)
    for module in (polychoric_module, polychoric_gamma):
        monkeypatch.setattr(module, "ELEMENTS", 1)
    monkeypatch.setattr(polychoric_gamma, "AT_ONCE", 1)
    monkeypatch.setattr(polychoric_module, "ROWS", 7)
    monkeypatch.setattr(latent_correlation, "CELLS", 20)
    parts = mixed_moments(small, weights)
    np.testing.assert_allclose(parts.cov, whole.cov, atol=1e-12)
    again = asymptotic_cov(small, parts, weights, frequency=True)
    np.testing.assert_allclose(again, gamma, rtol=1e-9, atol=1e-12)


def test_counts_are_repeated_rows_and_zeros_and_ones_pick_groups(small):
    counts = np.random.default_rng(4).integers(0, 3, 120)
    repeated = coded(np.repeat(small.x, counts, axis=0), small.categories > 0)
    weighted, direct = mixed_moments(small, counts.astype(float)), mixed_moments(repeated)
    np.testing.assert_allclose(weighted.cov, direct.cov, atol=1e-10)
    np.testing.assert_allclose(weighted.thresholds, direct.thresholds, atol=1e-12)
    np.testing.assert_allclose(
        asymptotic_cov(small, weighted, counts.astype(float), frequency=True),
        asymptotic_cov(repeated, direct),
        rtol=1e-7,
        atol=1e-9,
    )
    member = (np.arange(120) < 70).astype(float)
    group = coded(small.x[:70], small.categories > 0)
    np.testing.assert_allclose(
        asymptotic_cov(small, mixed_moments(small, member), member),
        asymptotic_cov(group, mixed_moments(group)),
        rtol=1e-7,
        atol=1e-9,
    )


def test_the_unit_of_sampling_weights_does_not_matter(small):
    weights = np.random.default_rng(6).uniform(0.5, 2, 120)
    one, ten = (mixed_moments(small, scale * weights) for scale in (1, 10))
    np.testing.assert_allclose(one.cov, ten.cov, atol=1e-10)
    np.testing.assert_allclose(
        asymptotic_cov(small, one, weights), asymptotic_cov(small, ten, 10 * weights), atol=1e-7
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_turned_and_reordered_items_change_signs_and_places_only(seed):
    generator = np.random.default_rng(seed)
    y = generator.multivariate_normal(np.zeros(3), 0.5 + 0.5 * np.eye(3), 150)
    x = np.column_stack([np.digitize(y[:, :2], [-0.4, 0.5]), y[:, 2]]).astype(float)
    plain = mixed_moments(coded(x, np.array([True, True, False])))
    turned = mixed_moments(coded(x * [-1, 1, 3], np.array([True, True, False])))
    np.testing.assert_allclose(turned.thresholds[0], -plain.thresholds[0][::-1], atol=1e-12)
    sign = np.array([-1, 1, 1])
    np.testing.assert_allclose(turned.corr, plain.corr * np.outer(sign, sign), atol=1e-9)
    order = [2, 0, 1]
    moved = mixed_moments(coded(x[:, order], np.array([False, True, True])))
    np.testing.assert_allclose(moved.corr, plain.corr[np.ix_(order, order)], atol=1e-9)


def test_statistics_stand_in_order():
    order = Statistics.of(np.array([3, 0, 2]))
    thresholds = np.array([[0.1, 0.2], [np.nan, np.nan], [0.3, np.nan]])
    cov = np.array([[1, 0.4, 0.5], [0.4, 9, 0.6], [0.5, 0.6, 1]])
    found = order.vector(thresholds, np.array([0, 7.0, 0]), cov)
    assert found.tolist() == [0.1, 0.2, 7, 0.3, 9, 0.4, 0.5, 0.6]
    assert order.size == 8


def test_trouble_has_a_status_and_spares_the_other_items():
    generator = np.random.default_rng(7)
    y = generator.multivariate_normal(np.zeros(2), [[1, 0.5], [0.5, 1]], 60)
    good = np.digitize(y, [-0.5, 0.5]).astype(float)
    nobody = np.full(60, np.nan)
    x = np.column_stack([good, np.full(60, 2.0), np.full(60, 2.0), nobody, good[:, 0]])
    answers = coded(x, np.array([True, True, True, False, True, True]))
    found = mixed_moments(answers)
    assert found.item_status.tolist() == [0, 0, *3 * [Status.SINGULAR], 0]
    assert found.pair_status[0, 1] == Status.CONVERGED
    assert found.pair_status[0, 5] == Status.IMPROPER
    assert (found.pair_status[0, 2:5] == Status.SINGULAR).all()
    assert np.isnan(found.corr[0, 2:5]).all()
    alone = mixed_moments(coded(good, np.array([True, True])))
    np.testing.assert_allclose(found.corr[:2, :2], alone.corr, atol=1e-12)
    variance = asymptotic_variance(answers, found)
    theirs = asymptotic_variance(coded(good, np.array([True, True])), alone)
    np.testing.assert_allclose(variance[:4], theirs[:4], rtol=1e-10)


def test_a_category_empty_in_a_resample_is_improper_not_fatal(small):
    weights = np.where(small.x[:, 0] == 2, 0.0, 1.0)
    found = mixed_moments(small, weights)
    assert found.item_status[0] == Status.IMPROPER
    assert found.thresholds[0, 1] == np.inf
    assert np.isfinite(found.corr).all()
    variance = asymptotic_variance(small, found, weights)
    assert np.isnan(variance).tolist() == [False, True, *(len(variance) - 2) * [False]]


def test_two_different_answers_have_the_influences_of_their_moments(mobi5):
    """The scores of their mean and variance say the same, and have no inverse sum of squares."""
    frame = mobi5[["PERQ1", "PERQ2"]].assign(good=(mobi5["CUSA1"] > 3) * 1.0)
    answers = coded(frame.to_numpy(float), np.array([True, True, False]))
    weights = np.linspace(0.5, 1.5, len(frame))
    moments = mixed_moments(answers, weights[None])
    order, found = Statistics.of(answers.categories), influence(answers, moments, weights[None])[0]
    d = frame["good"].to_numpy() - moments.mean[0, 2]
    mean = np.flatnonzero(order.item == 2)
    np.testing.assert_allclose(found[:, mean[0]], d, atol=1e-12)
    variance = found[:, len(order.item)]
    np.testing.assert_allclose(variance, d**2 - moments.variance[0, 2], atol=1e-12)
