"""Parallel analysis against psych and Horn simulations, and the random correlations behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected

from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.parallel import parallel_analysis, random_correlations

ITEMS = {"HS1939": [f"x{i}" for i in range(1, 10)], "mobi": None}
FILES = {"HS1939": "HolzingerSwineford1939.csv", "mobi": "mobi.csv"}
ROUNDS = 2000


@pytest.fixture(scope="module", params=sorted(FILES))
def pair(request):
    frame = pd.read_csv(DATA / FILES[request.param])
    frame = frame if ITEMS[request.param] is None else frame[ITEMS[request.param]]
    ours = parallel_analysis(frame.corr().to_numpy(), len(frame), seed=1, replicates=ROUNDS)
    return ours, expected(f"A_parallel_{request.param}")


def test_observed_eigenvalues(pair):
    ours, theirs = pair
    np.testing.assert_allclose(ours.observed.component, theirs["pc_values"], atol=1e-10)
    np.testing.assert_allclose(
        ours.observed.factor, theirs["fa_values"], rtol=0, atol=tol.EFA_UNROTATED
    )


def test_number_of_factors(pair):
    ours, theirs = pair
    assert ours.factors == theirs["nfact"]
    assert ours.components == theirs["ncomp"]


def test_simulated_components_within_monte_carlo_error(pair):
    ours, theirs = pair
    spread = np.array(theirs["horn_sd"])
    mean_error = spread * np.sqrt(1 / ROUNDS + 1 / 500)
    assert (np.abs(ours.mean.component - theirs["horn_mean"]) < 4 * mean_error).all()
    q95_error = 2.11 * mean_error
    assert (np.abs(ours.q95.component - theirs["horn_q95"]) < 4 * q95_error).all()


def test_simulated_factors_within_monte_carlo_error(pair):
    """psych's 100 samples; the first factor of noise is often a Heywood case, so it spreads."""
    ours, theirs = pair
    spread = np.concatenate([[0.15], np.full(len(theirs["fa_sim"]) - 1, 0.06)])
    error = spread * np.sqrt(1 / ROUNDS + 1 / 100)
    assert (np.abs(ours.mean.factor - theirs["fa_sim"]) < 4 * error).all()


def test_random_correlations_are_those_of_random_answers():
    n, p, rounds = 40, 4, 4000
    generator = np.random.default_rng(0)
    x = generator.standard_normal((rounds, n, p))
    d = x - x.mean(axis=1, keepdims=True)
    drawn = to_corr(np.swapaxes(d, 1, 2) @ d)
    ours = random_correlations(n, p, rounds, seed=1)
    first, second = np.triu_indices(p, 1)
    for power in (1, 2, 4):
        ours_moment = (ours[:, first, second] ** power).mean()
        assert ours_moment == pytest.approx(
            (drawn[:, first, second] ** power).mean(), rel=0.1, abs=5e-3
        )
    top = [np.linalg.eigvalsh(c)[:, -1] for c in (ours, drawn)]
    assert np.quantile(top[0], 0.95) == pytest.approx(np.quantile(top[1], 0.95), abs=0.02)


def test_the_cost_does_not_depend_on_the_respondents():
    corr = random_correlations(10_000_000, 3, 2, seed=5)
    assert np.abs(corr - np.eye(3)).max() < 0.01
