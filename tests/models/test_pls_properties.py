"""What must hold for any data: order, units, weights, simulation, coverage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tcsmodel.models.pls import PLS
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments

TEXT = """
Image   =~ i1 + i2 + i3
Quality =~ q1 + q2
Sat     =~ s1 + s2 + s3
Quality ~ Image
Sat     ~ Image + Quality
"""
SPEC = ModelSpec.parse(TEXT)
SCHEMES = st.sampled_from(["path", "factorial", "centroid"])
CASES = {"max_examples": 15, "deadline": None}


def population(path=0.4):
    """Return the correlations of congeneric items of a three-construct chain."""
    phi = np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])
    b = np.array([0.3, path])
    phi[:2, 2] = phi[2, :2] = phi[:2, :2] @ b
    loadings = np.array([0.8, 0.7, 0.75, 0.9, 0.8, 0.85, 0.8, 0.7])
    block = np.repeat([0, 1, 2], [3, 2, 3])
    corr = phi[np.ix_(block, block)] * np.outer(loadings, loadings)
    np.fill_diagonal(corr, 1)
    return pd.DataFrame(corr, index=SPEC.items, columns=SPEC.items)


def sample(seed, n=120):
    generator = np.random.default_rng(seed)
    root = np.linalg.cholesky(population().to_numpy())
    return pd.DataFrame(generator.normal(size=(n, 8)) @ root.T, columns=list(SPEC.items))


@settings(**CASES)
@given(st.integers(0, 10_000), SCHEMES)
def test_row_order_item_order_and_units_change_nothing_standardized(seed, scheme):
    frame = sample(seed)
    generator = np.random.default_rng(seed)
    first = PLS(SPEC, scheme=scheme).fit(frame)
    changed = frame.sample(frac=1, random_state=seed) * generator.uniform(0.5, 20, 8) + 3
    measured, structural = SPEC.terms[:8], SPEC.terms[8:]
    shuffled = ModelSpec((*(measured[i] for i in generator.permutation(8)), *structural))
    second = PLS(shuffled, scheme=scheme).fit(changed)
    assert_allclose(
        second.outer_weights.loc[SPEC.items, SPEC.construct_names], first.outer_weights, atol=1e-6
    )
    for name in ("paths", "htmt", "total_effects", "f_squared"):
        ours = getattr(second, name).loc[SPEC.construct_names, SPEC.construct_names]
        assert_allclose(ours, getattr(first, name), atol=1e-6)
    assert_allclose(
        second.reliability.loc[list(SPEC.construct_names)], first.reliability, atol=1e-6
    )


@settings(**CASES)
@given(st.integers(0, 10_000), SCHEMES, st.sets(st.sampled_from(SPEC.construct_names)))
def test_effects_r_squared_and_inflation_fit_together(seed, scheme, formative):
    result = PLS(SPEC, scheme=scheme, modes=dict.fromkeys(formative, "B")).fit(sample(seed))
    paths, corr = result.paths, result.construct_corr
    assert_allclose(result.total_effects - result.indirect_effects, paths, atol=1e-12)
    for target in ("Quality", "Sat"):
        explained = (paths[target] * corr[target]).sum()
        assert result.r_squared[target] == pytest.approx(explained, abs=1e-12)
    assert result.r_squared.between(0, 1).all()
    assert (result.table()["vif"] >= 1 - 1e-12).all()
    assert (result.reliability["ave"].dropna() <= 1).all()


@settings(**CASES)
@given(st.integers(0, 10_000))
def test_reversing_every_item_of_a_construct_only_turns_it_round(seed):
    frame = sample(seed)
    turned = frame.assign(s1=-frame["s1"], s2=-frame["s2"], s3=-frame["s3"])
    first, second = PLS(SPEC).fit(frame), PLS(SPEC).fit(turned)
    assert_allclose(second.outer_loadings, first.outer_loadings, atol=1e-6)
    assert_allclose(second.paths["Sat"], -first.paths["Sat"], atol=1e-6)
    assert_allclose(second.paths["Quality"], first.paths["Quality"], atol=1e-6)


def test_mode_a_of_parallel_items_weights_them_equally():
    corr = np.full((4, 4), 0.3)
    corr[:2, :2] = corr[2:, 2:] = 0.6
    np.fill_diagonal(corr, 1)
    spec = ModelSpec.parse("A =~ x1 + x2\nB =~ x3 + x4\nB ~ A")
    result = PLS(spec).fit(Moments.from_cov(corr, n=100))
    weight = 1 / np.sqrt(2 + 2 * 0.6)
    assert_allclose(result.outer_weights.sum(axis=1), weight, atol=1e-7)
    assert result.paths.loc["A", "B"] == pytest.approx(0.3 * 4 * weight**2)


@pytest.mark.slow
def test_intervals_cover_the_population_composites_at_their_rate():
    """The truth is PLS on the population correlations; 400 samples of 200 respondents."""
    truth = PLS(SPEC).fit(Moments.from_cov(population(), n=10**6))
    names = {"paths": (1, 2), "outer_loadings": (0,), "rho_c": (2,), "r_squared": (2,)}
    hits = dict.fromkeys(names, 0)
    runs = 400
    for seed in range(runs):
        draws = PLS(SPEC).fit(sample(seed, n=200)).bootstrap(300, seed=seed, level=0.9).draws
        for name, at in names.items():
            lower, upper = draws.interval(name)
            hits[name] += lower[at] <= truth.arrays[name][at] <= upper[at]
    for name, count in hits.items():
        assert 0.85 <= count / runs <= 0.945, (name, count / runs)


@pytest.mark.slow
def test_large_samples_recover_the_population_composites():
    truth = PLS(SPEC).fit(Moments.from_cov(population(), n=10**6))
    result = PLS(SPEC).fit(sample(1, n=200_000))
    assert_allclose(result.paths, truth.paths, atol=0.01)
    assert_allclose(result.outer_weights, truth.outer_weights, atol=0.01)
