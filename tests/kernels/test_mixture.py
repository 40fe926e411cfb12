"""Mixtures of regressions beside a plain loop; partitions beside other programs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import chi2_contingency, norm
from sklearn.metrics import adjusted_rand_score

from tcsmodel.kernels import mixture
from tcsmodel.kernels.partition import adjusted_rand, crossed, independence
from tcsmodel.kernels.status import Status

PATHS = np.zeros((4, 4), dtype=bool)
PATHS[0, 2] = PATHS[1, 2] = PATHS[2, 3] = True
TARGETS = {2: [0, 1], 3: [2]}


def scores(n, seed):
    """Return scores of two segments with opposite weights of two sources, and the segments."""
    rng = np.random.default_rng(seed)
    x, first = rng.standard_normal((n, 2)), rng.random(n) < 0.6
    third = np.where(first, x @ [0.9, 0.0], x @ [0.0, 0.9]) + 0.4 * rng.standard_normal(n)
    fourth = np.where(first, 0.9, -0.5) * third + 0.4 * rng.standard_normal(n)
    y = np.column_stack([x, third, fourth])
    return (y - y.mean(0)) / y.std(0, ddof=1), (~first).astype(int)


def loop(y, weights, labels, k, intercepts, steps):
    """Return log-likelihood, memberships and coefficients of EM, one regression at a time."""
    shares = (labels[:, None] == np.arange(k)).astype(float)
    for _ in range(steps):
        log_density, coefficients = np.zeros((len(y), k)), {}
        for s in range(k):
            own = weights * shares[:, s]
            log_density[:, s] = np.log(own.sum() / weights.sum())
            for target, sources in TARGETS.items():
                x = np.column_stack([np.ones(len(y))] * intercepts + [y[:, j] for j in sources])
                root = np.sqrt(own)
                b = np.linalg.lstsq(x * root[:, None], y[:, target] * root, rcond=None)[0]
                residual = y[:, target] - x @ b
                sd = np.sqrt((own * residual**2).sum() / own.sum())
                log_density[:, s] += norm.logpdf(residual, scale=sd)
                coefficients[s, target] = b
        density = np.exp(log_density)
        shares = density / density.sum(axis=1, keepdims=True)
    return weights @ np.log(density.sum(axis=1)), shares, coefficients


def fitted(y, weights, labels, k, intercepts=True, **options):
    design = mixture.design_of(PATHS, intercepts)
    products = mixture.products_of(y)
    start = mixture.moments_of(products, weights, labels, k)
    return mixture.em(products, weights, design, start, **options), design, products


@pytest.mark.parametrize("intercepts", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_em_is_that_of_a_plain_loop(intercepts, weighted):
    y, truth = scores(300, 1)
    weights = np.random.default_rng(2).uniform(0.2, 3.0, 300) if weighted else np.ones(300)
    found, design, products = fitted(y, weights, truth[None], 2, intercepts, tol=1e-14)
    loglik, shares, coefficients = loop(y, weights, truth, 2, intercepts, 300)
    assert found.status[0] == Status.CONVERGED
    assert_allclose(found.loglik[0], loglik, rtol=0, atol=1e-8)
    assert_allclose(mixture.memberships(products, design, found.moments[0]), shares, atol=1e-6)
    segments = mixture.segments_of(found.moments[0], design)
    assert_allclose(segments.share, weights @ shares / weights.sum(), atol=1e-6)
    for (s, target), b in coefficients.items():
        assert_allclose(segments.paths[s, TARGETS[target], target], b[int(intercepts) :], atol=1e-6)
        if intercepts:
            assert_allclose(segments.intercepts[s, target], b[0], atol=1e-6)
    count, n = mixture.parameters(design, 2), weights.sum()
    assert count == 1 + 2 * (3 + 2 + 2 * intercepts)
    values = mixture.criteria(found.loglik[0], count, n)
    wanted = {"aic3": 3, "aic4": 4, "bic": np.log(n), "caic": np.log(n) + 1, "mdl5": 5 * np.log(n)}
    for name, cost in wanted.items():
        assert_allclose(values[name], -2 * loglik + cost * count, rtol=0, atol=2e-8)
    entropy = weights @ (shares * np.log(shares)).sum(axis=1) / (n * np.log(2))
    own = mixture.memberships(products, design, found.moments[0])
    assert_allclose(mixture.normed_entropy(own, weights), 1 + entropy, atol=1e-6)


def test_acceleration_ends_where_plain_steps_do_and_sooner():
    y, _ = scores(250, 3)
    labels = np.random.default_rng(1).integers(0, 2, 250)
    found, _, _ = fitted(y, np.ones(250), labels[None], 2, tol=1e-13)
    loglik, _, _ = loop(y, np.ones(250), labels, 2, True, 400)
    assert_allclose(found.loglik[0], loglik, rtol=0, atol=1e-8)
    early, _, _ = loop(y, np.ones(250), labels, 2, True, int(found.iterations[0]))
    assert early < loglik - 1e-12


def test_one_segment_is_the_regressions_of_all():
    y, _ = scores(200, 4)
    found, design, _ = fitted(y, np.ones(200), np.zeros((1, 200), dtype=int), 1)
    segments = mixture.segments_of(found.moments[0], design)
    corr = np.corrcoef(y.T)
    beta = np.linalg.solve(corr[:2, :2], corr[:2, 2])
    assert_allclose(segments.paths[0, :2, 2], beta, atol=1e-10)
    assert_allclose(segments.r_squared[0, 2], corr[:2, 2] @ beta, atol=1e-10)
    assert found.iterations[0] == 3


def test_a_batch_of_starts_is_a_loop_over_them():
    y, _ = scores(150, 5)
    labels = np.random.default_rng(1).integers(0, 3, (6, 150))
    together, _, _ = fitted(y, np.ones(150), labels, 3)
    alone = [fitted(y, np.ones(150), row[None], 3)[0] for row in labels]
    assert_allclose(together.loglik, [one.loglik[0] for one in alone], rtol=1e-9)
    assert together.status.tolist() == [one.status[0] for one in alone]


def test_rows_in_chunks_are_rows_at_once(monkeypatch):
    y, _ = scores(400, 6)
    labels = np.random.default_rng(1).integers(0, 2, (3, 400))
    whole, _, _ = fitted(y, np.ones(400), labels, 2)
    monkeypatch.setattr(mixture, "CELLS", 400)
    parts, _, _ = fitted(y, np.ones(400), labels, 2)
    assert_allclose(parts.loglik, whole.loglik, rtol=1e-10)


def test_whole_weights_are_repeated_rows():
    y, truth = scores(120, 7)
    counts = np.random.default_rng(1).integers(1, 4, 120)
    weighted, _, _ = fitted(y, counts.astype(float), truth[None], 2)
    rows = np.repeat(np.arange(120), counts)
    repeated, _, _ = fitted(y[rows], np.ones(len(rows)), truth[rows][None], 2)
    assert_allclose(weighted.loglik, repeated.loglik, rtol=1e-10)


def test_starts_without_a_maximum_are_singular_and_leave_the_others_alone():
    y, truth = scores(200, 8)
    exact = np.zeros(200, dtype=int)
    exact[:3] = 1
    found, _, _ = fitted(y, np.ones(200), np.stack([truth, exact]), 2)
    assert found.status.tolist() == [Status.CONVERGED, Status.SINGULAR]
    assert np.isfinite(found.loglik[0])
    assert np.isnan(found.loglik[1])


def test_the_iteration_cap_is_a_status():
    y, _ = scores(200, 9)
    labels = np.random.default_rng(1).integers(0, 3, (2, 200))
    found, _, _ = fitted(y, np.ones(200), labels, 3, tol=0.0, max_iter=6)
    assert found.status.tolist() == [Status.ITERATION_CAP] * 2
    assert found.iterations.tolist() == [6, 6]


def test_entropy_is_one_for_certain_and_zero_for_even_memberships():
    assert mixture.normed_entropy(np.eye(3)[[0, 1, 2, 0]], np.ones(4)) == pytest.approx(1)
    assert mixture.normed_entropy(np.full((5, 3), 1 / 3), np.ones(5)) == pytest.approx(0)
    assert np.isnan(mixture.normed_entropy(np.ones((4, 1)), np.ones(4)))


def test_the_adjusted_rand_index_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    first = rng.integers(0, 3, 200)
    second = np.where(rng.random(200) < 0.7, first, rng.integers(0, 4, 200))
    assert adjusted_rand(first, second) == pytest.approx(adjusted_rand_score(first, second))
    assert adjusted_rand(first, (first + 1) % 3) == 1.0
    assert adjusted_rand(np.zeros(9, dtype=int), np.zeros(9, dtype=int)) == 1.0


def test_the_test_of_independence_is_that_of_scipy():
    rng = np.random.default_rng(1)
    table = crossed(rng.integers(0, 3, 300), rng.integers(0, 2, 300))
    chi2, df, p = independence(np.vstack([table, np.zeros(2)]))
    theirs = chi2_contingency(table, correction=False)
    assert (chi2, df, p) == pytest.approx((theirs.statistic, theirs.dof, theirs.pvalue))
    assert np.isnan(independence(np.ones((3, 1)))[2])
