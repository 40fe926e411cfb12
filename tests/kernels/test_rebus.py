"""REBUS-PLS beside a plain loop over classes, respondents and constructs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels import rebus
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.pls import composites
from tcsmodel.kernels.regression import structure
from tcsmodel.kernels.status import Status

BLOCK = np.repeat([0, 1, 2], [3, 3, 1])
PATHS = np.zeros((3, 3), dtype=bool)
PATHS[0, 1] = PATHS[0, 2] = PATHS[1, 2] = True


def fit(mean, cov):
    found = composites(to_corr(cov), BLOCK, PATHS, np.zeros(3, dtype=bool))
    inner = structure(found.construct_corr, PATHS)
    member = BLOCK[:, None] == np.arange(3)
    return {
        "outer_weights": found.weights,
        "outer_loadings": (found.cross_loadings * member).sum(axis=-1),
        "paths": inner.paths,
        "r_squared": inner.r_squared,
    }


def answers(n, seed):
    """Return items of two classes whose second path has opposite signs, standardized."""
    rng = np.random.default_rng(seed)
    second = rng.random(n) < 0.5
    a = rng.standard_normal(n)
    b = np.where(second, -0.9, 0.9) * a + 0.4 * rng.standard_normal(n)
    c = 0.3 * a + 0.6 * b + 0.5 * rng.standard_normal(n)
    noise = 0.4 * rng.standard_normal((n, 6))
    x = np.column_stack([a[:, None] + noise[:, :3], b[:, None] + noise[:, 3:], c])
    return (x - x.mean(0)) / x.std(0), second.astype(int)


def plain_closeness(z, weights, labels, k):
    """Return the closeness measure, one class, item and construct at a time."""
    out = np.empty((k, len(z)))
    for g in range(k):
        own = weights * (labels == g)
        corr = np.cov(z.T, aweights=own, ddof=0)
        values = {name: value[0] for name, value in fit(None, corr[None]).items()}
        score = np.column_stack(
            [z[:, c == BLOCK] @ values["outer_weights"][c == BLOCK] for c in range(3)]
        )
        items, inner = np.zeros(len(z)), np.zeros(len(z))
        for i, c in enumerate(BLOCK[:6]):
            loading = values["outer_loadings"][i]
            items += (z[:, i] - loading * score[:, c]) ** 2 / loading**2
        for j in (1, 2):
            residual = score[:, j] - score @ values["paths"][:, j]
            inner += residual**2 / values["r_squared"][j]
        n = weights.sum()
        items /= weights @ items / (n - 2)
        inner /= weights @ inner / (n - 2)
        out[g] = np.sqrt(items * inner)
    return out


@pytest.mark.parametrize("weighted", [False, True])
def test_closeness_is_that_of_a_plain_loop(weighted):
    z, truth = answers(200, 1)
    weights = np.random.default_rng(1).uniform(0.5, 2, 200) if weighted else np.ones(200)
    values = fit(*rebus.local_moments(z[None], weights[None], truth[None], 2))
    ours = rebus.closeness(z[None], weights[None], values, BLOCK, PATHS)[0]
    assert_allclose(ours, plain_closeness(z, weights, truth, 2), rtol=1e-8, atol=1e-10)


def test_classes_are_those_of_a_plain_loop():
    z, _ = answers(200, 2)
    start = np.random.default_rng(1).integers(0, 2, 200)
    weights = np.ones(200)
    found = rebus.classes(z[None], weights[None], start[None], 2, fit, BLOCK, PATHS)
    labels, moved, iterations = start, 1.0, 0
    while moved >= 0.005:
        closest = plain_closeness(z, weights, labels, 2).argmin(axis=0)
        moved, labels, iterations = (closest != labels).mean(), closest, iterations + 1
    assert found.labels[0].tolist() == labels.tolist()
    assert found.iterations[0] == iterations
    assert found.status[0] == Status.CONVERGED
    assert found.moving[0] == pytest.approx(moved)


def test_members_of_a_batch_end_by_themselves():
    (first, _), (second, truth) = answers(150, 3), answers(150, 4)
    z, weights = np.stack([first, second]), np.ones((2, 150))
    start = np.stack([np.random.default_rng(1).integers(0, 2, 150), truth])
    both = rebus.classes(z, weights, start, 2, fit, BLOCK, PATHS)
    for i in range(2):
        one = rebus.classes(z[[i]], weights[[i]], start[[i]], 2, fit, BLOCK, PATHS)
        assert both.labels[i].tolist() == one.labels[0].tolist()
        assert both.iterations[i] == one.iterations[0]


def test_a_class_that_dies_out_is_singular():
    z, _ = answers(150, 5)
    start = np.zeros(150, dtype=int)
    start[:2] = 1
    found = rebus.classes(z[None], np.ones((1, 150)), start[None], 2, fit, BLOCK, PATHS)
    assert found.status[0] == Status.SINGULAR


def test_the_quality_of_one_class_is_the_goodness_of_fit():
    z, _ = answers(200, 6)
    values = fit(*rebus.local_moments(z[None], np.ones((1, 200)), np.zeros((1, 200), int), 1))
    loadings, r_squared = values["outer_loadings"][0, 0, :6], values["r_squared"][0, 0, 1:]
    quality = rebus.group_quality(values, np.ones((1, 1)), BLOCK, PATHS)
    assert_allclose(quality, np.sqrt((loadings**2).mean() * r_squared.mean()))


def test_the_tree_is_cut_where_its_heights_leap_and_others_join_the_nearest():
    rng = np.random.default_rng(1)
    centers = np.array([[0, 0], [6, 0], [0, 6]])
    points = np.concatenate([center + 0.3 * rng.standard_normal((40, 2)) for center in centers])
    some = np.arange(0, 120, 2)
    tree = rebus.ward(points[some])
    assert rebus.leap(tree, 5) == 3
    labels = rebus.cut(tree, points[some], 3, points)
    assert [len(set(labels[at : at + 40])) for at in (0, 40, 80)] == [1, 1, 1]
    assert len(set(labels)) == 3
    assert rebus.cut(tree, points[some], 3, points[some]).tolist() == labels[some].tolist()
