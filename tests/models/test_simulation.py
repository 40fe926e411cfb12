"""Simulated surveys: the population is the stated one, and the draws have it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tcsmodel.errors import OptionError, SpecError
from tcsmodel.models.pls import PLS
from tcsmodel.models.sem import SEM
from tcsmodel.models.simulation import population, simulate
from tcsmodel.spec.library import ecsi
from tcsmodel.spec.model import ModelSpec

FACTORS = """
A =~ 0.9*a1 + 0.8*a2 + start(0.7)*a3
B =~ 0.8*b1 + 0.7*b2 + 0.6*b3
C =~ 0.9*c1 + 0.8*c2 + 0.7*c3
A ~~ 0.4*B
C ~ 0.5*A + 0.2*B
"""
COMPOSITES = """
A <~ 2*a1 + 1*a2 + 1*a3
B <~ 1*b1 + 3*b2
C <~ 1*c1 + 1*c2 + 2*c3
a1 ~~ 0.5*a2
A ~~ 0.4*B
C ~ 0.5*A + 0.3*B
"""


def parse(text):
    return ModelSpec.parse(text)


def test_the_factor_model_in_closed_form():
    people = population(parse(FACTORS))
    lam = np.zeros((9, 3))
    lam[:3, 0], lam[3:6, 1], lam[6:, 2] = (0.9, 0.8, 0.7), (0.8, 0.7, 0.6), (0.9, 0.8, 0.7)
    first, second = 0.5 + 0.2 * 0.4, 0.5 * 0.4 + 0.2
    phi = np.array([[1, 0.4, first], [0.4, 1, second], [first, second, 1]])
    cov = lam @ phi @ lam.T
    np.fill_diagonal(cov, 1.0)
    assert_allclose(people.cov, cov, atol=1e-12)
    assert_allclose(people.construct_corr, phi, atol=1e-12)
    assert people.paths.loc["A", "C"] == 0.5
    assert people.loadings.loc["a3", "A"] == 0.7


def test_composites_correlate_as_stated_and_carry_all_that_blocks_share():
    people = population(parse(COMPOSITES))
    cov = people.cov.to_numpy()
    weights = np.zeros((8, 3))
    weights[:3, 0], weights[3:5, 1], weights[5:, 2] = (2, 1, 1), (1, 3), (1, 1, 2)
    between = weights.T @ cov @ weights
    scale = 1 / np.sqrt(np.diag(between))
    phi = np.array([[1, 0.4, 0.62], [0.4, 1, 0.5], [0.62, 0.5, 1]])
    assert_allclose(between * np.outer(scale, scale), phi, atol=1e-12)
    assert_allclose(np.diag(cov), 1)
    assert cov[0, 1] == pytest.approx(0.5)
    assert cov[0, 2] == pytest.approx(0.3)
    assert np.linalg.matrix_rank(cov[:3, 3:5], tol=1e-9) == 1
    with_items = cov @ weights * scale
    assert_allclose(people.loadings["A"][:3], with_items[:3, 0], atol=1e-12)


def test_second_order_single_items_and_observed_causes():
    people = population(
        parse("G =~ 0.7*A + 0.6*B\nA =~ a1 + a2\nB =~ b1 + b2\nS =~ s\nS ~ 0.3*G + 0.2*age")
    )
    assert people.latents == ("G", "A", "B", "S", "age")
    assert people.construct_corr.loc["A", "B"] == pytest.approx(0.42)
    assert people.cov.loc["a1", "b2"] == pytest.approx(0.8 * 0.42 * 0.8)
    assert people.cov.loc["s", "age"] == pytest.approx(0.2 + 0.3 * 0.3)
    assert people.cov.loc["age", "a1"] == pytest.approx(0.3 * 0.7 * 0.8)
    assert_allclose(np.diag(people.cov), 1)


def test_what_is_not_stated_is_assumed_as_documented():
    people = population(parse("A =~ a1 + a2\nB =~ b1 + b2\nC =~ c\nC ~ A + B"))
    assert people.loadings.loc["a1", "A"] == 0.8
    assert people.loadings.loc["c", "C"] == 1
    assert people.paths.loc["A", "C"] == 0.4
    assert people.construct_corr.loc["A", "B"] == 0.3


def test_a_path_of_zero_leaves_its_target_endogenous():
    people = population(parse("A =~ a1 + a2\nC =~ c\nC ~ 0*A"))
    assert people.construct_corr.loc["A", "C"] == 0


def test_stated_variances_are_kept():
    people = population(parse("A =~ 1*a1 + 1*a2\nA ~~ 2*A\na1 ~~ 0.5*a1\na2 ~~ 1*a2"))
    assert_allclose(people.cov, [[2.5, 2.0], [2.0, 3.0]])
    assert people.construct_corr.loc["A", "A"] == pytest.approx(1)


def test_covariances_of_errors_are_added():
    text = "A =~ 0.8*a1 + 0.8*a2 + 0.8*a3\na1 ~~ 0.1*a2"
    assert population(parse(text)).cov.loc["a1", "a2"] == pytest.approx(0.74)


def test_observed_variables_alone():
    assert population(parse("x ~~ 0.4*y")).cov.loc["x", "y"] == pytest.approx(0.4)
    assert population(parse("y ~ 0.6*x")).cov.loc["x", "y"] == pytest.approx(0.6)


def test_cycles_keep_unit_variances():
    people = population(parse("A =~ a1 + a2\nB =~ b1 + b2\nA ~ 0.3*B\nB ~ 0.2*A"))
    assert_allclose(np.diag(people.cov), 1)
    gap = np.linalg.inv(np.array([[1, -0.3], [-0.2, 1]]))
    psi = np.linalg.solve(gap**2, [1, 1])
    assert people.construct_corr.loc["A", "B"] == pytest.approx((gap @ np.diag(psi) @ gap.T)[0, 1])


def test_parameters_go_before_the_text():
    spec = parse(FACTORS)
    people = population(spec, parameters={"C ~ A": 0.1, "B ~~ A": 0.0, "A =~ a1": 0.6})
    assert people.paths.loc["A", "C"] == 0.1
    assert people.construct_corr.loc["A", "B"] == 0.0
    assert people.loadings.loc["a1", "A"] == 0.6
    assert people.loadings.loc["a2", "A"] == 0.8


@pytest.mark.parametrize(
    ("text", "parameters", "message"),
    [
        (FACTORS, {"C ~ a": 0.1}, r"'C ~ a', which is not one statement.*Did you mean 'C ~ A'\?"),
        (FACTORS, {"C ~ A + B": 0.1}, "not one statement"),
        (FACTORS, {"": 0.1}, "no statements"),
        (FACTORS, {"C ~ A": np.nan}, r"parameters\['C ~ A'\] is nan"),
        ("A =~ a\nB =~ b\nB ~ 1.2*A", {}, r"sources of 'B' explain more than all.*R2 = 1.44"),
        ("A =~ 1.1*a1 + a2", {}, r"loadings of 'a1' explain more than all of .*1.21"),
        ("A =~ 1*a1 + 1*a2", {}, "items is not positive definite"),
        ("A =~ a1 + a2\na1 ~~ 0.9*a2", {}, "items is not positive definite"),
        ("A =~ a\nB =~ b\nC =~ c\nA ~~ 0.9*B\nA ~~ 0.9*C\nB ~~ -0.9*C", {},
         "covariances of the constructs are not positive definite"),
        ("A =~ a\nB =~ b\nA ~ 1*B\nB ~ 1*A", {}, "cycle that never settles"),
        ("A <~ a1 + a2\nB =~ a1 + b", {}, "'a1' in composite 'A' is also"),
        ("A <~ a1 + a2\na1 ~~ 1*a2", {}, "items of composite 'A' have no positive definite"),
        ("A <~ 0*a1 + 0*a2", {}, "weights are all zero"),
    ],
)  # fmt: skip
def test_values_that_describe_no_population(text, parameters, message):
    with pytest.raises(SpecError, match=message):
        population(parse(text), parameters=parameters)


def test_the_seed_decides():
    first, again, other = (simulate(ecsi(), 50, seed=seed).values() for seed in (1, 1, 2))
    assert_array_equal(first, again)
    assert (first != other).all()


def test_answers_on_a_scale():
    survey = simulate(ecsi(), 4000, seed=1, scale=(1, 10))
    values = survey.values()
    assert set(np.unique(values)) == set(range(1, 11))
    assert survey.scale["IMAG1"] == (1.0, 10.0)
    assert_allclose(values.mean(axis=0), 5.5, atol=0.15)
    assert_allclose(values.std(axis=0), 2.25, atol=0.15)
    assert simulate(ecsi(), 10, seed=1).scale == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 1}, "n=1 must be a whole number, 2 or more"),
        ({"n": 10.5}, "n=10.5 must be a whole number"),
        ({"seed": -1}, "seed=-1 must be a whole number"),
        ({"seed": "a"}, "seed='a' must be a whole number"),
        ({"scale": (10, 1)}, "two whole numbers, low below high"),
        ({"scale": (0.5, 3)}, "two whole numbers"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(OptionError, match=message):
        simulate(ecsi(), **{"n": 100, "seed": 1, **options})


@pytest.mark.slow
@pytest.mark.parametrize("text", [FACTORS, COMPOSITES])
def test_draws_have_the_covariances_of_the_population(text):
    people = population(parse(text))
    cov = simulate(parse(text), 200_000, seed=5).moments().cov
    pd.testing.assert_frame_equal(cov, people.cov, atol=0.015)


@pytest.mark.slow
def test_sem_recovers_a_factor_population():
    free = "A =~ a1 + a2 + a3\nB =~ b1 + b2 + b3\nC =~ c1 + c2 + c3\nC ~ A + B"
    fit = SEM(parse(free)).fit(simulate(parse(FACTORS), 50_000, seed=3))
    std = fit.estimates.set_index(["lhs", "op", "rhs"])["std"]
    people = population(parse(FACTORS))
    for construct in parse(FACTORS).constructs:
        for item in construct.items:
            expected = people.loadings.loc[item, construct.name]
            assert std[construct.name, "=~", item] == pytest.approx(expected, abs=0.015)
    assert std["C", "~", "A"] == pytest.approx(0.5, abs=0.02)
    assert std["C", "~", "B"] == pytest.approx(0.2, abs=0.02)
    assert std["A", "~~", "B"] == pytest.approx(0.4, abs=0.02)


@pytest.mark.slow
def test_pls_recovers_a_composite_population():
    free = "A <~ a1 + a2 + a3\nB <~ b1 + b2\nC <~ c1 + c2 + c3\nC ~ A + B"
    fit = PLS(parse(free)).fit(simulate(parse(COMPOSITES), 50_000, seed=3))
    assert fit.paths.loc["A", "C"] == pytest.approx(0.5, abs=0.02)
    assert fit.paths.loc["B", "C"] == pytest.approx(0.3, abs=0.02)
    weights = fit.outer_weights.loc[["a1", "a2", "a3"], "A"]
    assert_allclose(weights / weights.iloc[1], [2, 1, 1], atol=0.12)


WHOLE = """
A <~ a1 + a2
B =~ 0.8*b1 + 0.7*b2
C <~ c1 + c2
Q <~ 2*A + 1*B + 1*C
A ~~ 0.5*B
Y =~ 0.9*y1 + 0.8*y2
Y ~ 0.6*Q
"""


def test_a_composite_of_constructs_is_the_sum_of_its_parts():
    people = population(parse(WHOLE))
    at = [people.latents.index(name) for name in "ABCQY"]
    phi = people.latent_array[np.ix_(at, at)]
    parts = np.array([[1, 0.5, 0.3], [0.5, 1, 0.3], [0.3, 0.3, 1]])
    weights = np.array([2, 1, 1])
    weights = weights / np.sqrt(weights @ parts @ weights)
    assert_allclose(phi[:3, :3], parts, atol=1e-12)
    assert_allclose(phi[3], [*(parts @ weights), 1, 0.6], atol=1e-12)
    assert_allclose(phi[4, :3], 0.6 * parts @ weights, atol=1e-12)
    found = PLS(parse(re.sub(r"[\d.]+\*", "", WHOLE.replace("A ~~ 0.5*B\n", "")))).fit(
        simulate(parse(WHOLE), n=20_000, seed=1)
    )
    own = found.outer_weights.loc[["A", "B", "C"], "Q"]
    assert_allclose(own / own["C"], [2, 1, 1], rtol=0.25)


def test_a_part_with_sources_is_not_simulated():
    with pytest.raises(SpecError, match="'A' in composite 'Q' has sources or another whole"):
        population(parse("A <~ a1 + a2; B <~ b1 + b2; Q <~ A + B; Y =~ y1 + y2; Y ~ Q; A ~ B"))
    with pytest.raises(SpecError, match="parts of composite 'Q' have no positive definite"):
        population(parse("A <~ a1 + a2; B <~ b1 + b2; Q <~ A + B; Y =~ y1 + y2; Y ~ Q; A ~~ 1*B"))
