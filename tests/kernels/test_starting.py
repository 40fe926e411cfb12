"""Starting values: exact where they can be, near elsewhere, finite where every item varies."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels import linalg, sem
from tcsmodel.kernels.implied import implied
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.starting import is_settled, starting_values
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.spec.model import ModelSpec

FACTORS = "A =~ a1 + a2 + a3\nB =~ b1 + b2 + b3 + b4\n"


def layout_of(text, **options):
    return CovarianceModel.of(ModelSpec.parse(text), **options).layout


def start(text, cov, mean=None, **options):
    """Return starting values of one sample by the names of the parameters."""
    built = CovarianceModel.of(ModelSpec.parse(text), **options)
    means = None if mean is None else np.atleast_2d(mean)
    theta = starting_values(built.layout, np.asarray(cov)[None], means)[0]
    return dict(zip((row.name for row in built.parameters.free), theta, strict=True))


def congeneric(loadings, phi, error):
    """Return covariances of items with one construct each: loadings (p, m), error (p,)."""
    return loadings @ phi @ loadings.T + np.diag(error)


@pytest.fixture
def population():
    """Two constructs with loadings of one, correlated .5, the second with a variance of four."""
    loadings = np.zeros((7, 2))
    loadings[:3, 0], loadings[3:, 1] = 1.0, 1.0
    return congeneric(loadings, np.array([[1.0, 1.0], [1.0, 4.0]]), np.repeat([1.0, 2.0], [3, 4]))


def test_equal_loadings_give_the_population(population):
    found = start(FACTORS, population)
    assert_allclose([found[n] for n in ("A=~a2", "A=~a3", "B=~b2", "B=~b4")], 1.0, atol=1e-12)
    assert_allclose([found["A~~A"], found["B~~B"], found["A~~B"]], [1, 4, 1], atol=1e-12)
    assert_allclose([found["a1~~a1"], found["b3~~b3"]], [1, 2], atol=1e-12)


def test_paths_are_least_squares_between_constructs(population):
    found = start(FACTORS + "B ~ A", population)
    assert_allclose([found["B~A"], found["B~~B"]], [1, 3], atol=1e-12)


def test_unequal_loadings_are_near():
    loadings = np.array([[1.0, 0.7, 1.3]]).T
    found = start("A =~ a1 + a2 + a3", congeneric(loadings, np.eye(1), np.array([0.5, 0.6, 0.9])))
    assert_allclose([found["A=~a2"], found["A=~a3"]], [0.7, 1.3], atol=0.1)


def test_observed_variables_start_at_the_solution():
    cov = np.array([[2.0, 0.4, 0.9], [0.4, 1.0, 0.5], [0.9, 0.5, 3.0]])
    found = start("y ~ x + m\nm ~ x", cov)
    at = {name: k for k, name in enumerate(ModelSpec.parse("y ~ x + m\nm ~ x").items)}
    y, x, m = (at[name] for name in "yxm")
    own = np.linalg.solve(cov[np.ix_([x, m], [x, m])], cov[[x, m], y])
    assert_allclose([found["y~x"], found["y~m"]], own)
    assert_allclose(found["m~x"], cov[m, x] / cov[x, x])
    assert_allclose(found["y~~y"], cov[y, y] - own @ cov[[x, m], y])


def test_items_turned_round_load_negatively(population):
    turn = np.diag([1.0, -1, 1, 1, 1, 1, -1])
    found = start(FACTORS, turn @ population @ turn)
    assert_allclose([found["A=~a2"], found["B=~b4"], found["A~~B"]], [-1, -1, 1], atol=1e-12)


def test_a_reference_loading_fixed_below_zero_turns_the_construct(population):
    found = start(FACTORS.replace("A =~ a1", "A =~ -1*a1"), population)
    assert_allclose([found["A=~a2"], found["A~~A"], found["A~~B"]], [-1, 1, -1], atol=1e-12)


def test_given_scales_are_kept(population):
    found = start(FACTORS, population, std_lv=True)
    assert_allclose([found["A=~a1"], found["B=~b1"], found["A~~B"]], [1, 2, 0.5], atol=1e-12)
    found = start(FACTORS.replace("B =~ b1", "B =~ 2*b1"), population)
    assert_allclose([found["B=~b2"], found["B~~B"], found["A~~B"]], [2, 1, 0.5], atol=1e-12)


def test_known_errors_leave_the_rest_to_the_construct():
    cov = np.array([[4.0, 1.2], [1.2, 1.0]])
    found = start("A =~ a\nB =~ b\na ~~ 1*a\nB ~ A", cov)
    assert_allclose([found["A~~A"], found["B~A"]], [3, 1.2 / 3])


def test_an_error_beyond_the_variance_says_nothing_of_the_construct():
    text = "A =~ a\nB =~ b\na ~~ {}*a\nB ~ A"
    cov = np.array([[4.0, 1.2], [1.2, 1.0]])
    assert start(text.format(4.5), cov)["B~A"] == 0
    assert start(text.format(3.9), cov)["B~A"] > 1


@pytest.mark.parametrize("disturbance", [0, 1e-9])
def test_a_fixed_disturbance_leaves_the_scale_to_the_reference_item(population, disturbance):
    units = np.diag([1.0, 1, 1, 10, 10, 10, 10])
    found = start(FACTORS + f"B ~ A\nB ~~ {disturbance:.9f}*B", units @ population @ units)
    assert_allclose([found["B=~b2"], found["B~A"]], [1, 10], atol=1e-12)


def test_an_item_of_two_constructs_shares_half_of_its_variance_with_them(population):
    found = start(FACTORS + "A =~ b1", population, std_lv=True)
    variance = population[3, 3]
    assert_allclose(found["b1~~b1"], variance / 2)
    assert_allclose([found["A=~b1"], found["B=~b1"]], np.sqrt(variance / 4))


def test_a_construct_of_constructs_explains_half_of_each(population):
    text = "A =~ a1 + a2 + a3\nB =~ b1 + b2\nC =~ b3 + b4\ng =~ A + B + C"
    found = start(text, population)
    assert_allclose([found["A~~A"], found["g~~g"]], 0.5, atol=1e-12)
    assert_allclose([found["B~~B"], found["g=~B"]], 2.0, atol=1e-12)


def test_only_paths_around_a_cycle_start_at_zero(population):
    cov = np.eye(9)
    cov[:7, :7], cov[7, :3], cov[:3, 7] = population, 0.3, 0.3
    found = start(FACTORS + "A ~ x + B\nB ~ z + A", cov)
    assert found["A~B"] == found["B~A"] == 0
    assert_allclose(found["A~x"], 0.3)


def test_a_construct_of_constructs_starts_alike_beside_a_cycle(population):
    cov = np.eye(11)
    cov[:7, :7] = population
    text = "A =~ a1 + a2 + a3\nB =~ b1 + b2\nC =~ b3 + b4\ng =~ A + B + C"
    found = start(text + "\ny ~ x + w\nw ~ z + y", cov, std_lv=True)
    assert found["y~w"] == found["w~y"] == 0
    assert_allclose([found["g=~A"], found["g=~B"], found["g=~C"]], 0.5**0.5)


@pytest.mark.parametrize(("others", "expected"), [(2, 0.95 / 2), (5, 0.95 / 4)])
def test_correlations_that_cannot_be_together_are_halved_until_they_can(others, expected):
    # Corrected for attenuation A would correlate .95 with others, which do not correlate.
    blocks = 0.3 * np.eye(1 + others)
    blocks[0, 1:] = blocks[1:, 0] = 0.29
    cov = np.kron(blocks, np.ones((3, 3)))
    np.fill_diagonal(cov, 1.0)
    names = "ABCDEF"[: 1 + others]
    text = "\n".join(f"{n} =~ {n}1 + {n}2 + {n}3" for n in names)
    found = start(text, cov, std_lv=True)
    assert_allclose([found[f"A~~{n}"] for n in names[1:]], expected)
    assert found["B~~C"] == 0


def test_values_that_a_fixed_covariance_contradicts_give_way_to_rough_ones():
    # Items that hardly correlate make for small variances of constructs, beside .4 between them.
    cov = congeneric(np.full((6, 1), 0.2), np.eye(1), np.full(6, 0.96))
    built = CovarianceModel.of(ModelSpec.parse("A =~ a1 + a2 + a3\nB =~ b1 + b2 + b3\nA ~~ 0.4*B"))
    sampled = Sampled(cov[None, None], None, np.array([200.0]))
    begin = [starting_values(built.layout, cov[None]), sem.starts(built.grouped, sampled)]
    sigma = implied(built.layout, np.concatenate(begin)).sigma
    assert linalg.definite(sigma).tolist() == [False, True]
    assert sem.fit(built.grouped, sampled, patient=True).iterations[0] > 1


def test_means_start_at_those_of_the_items(population):
    found = start(FACTORS, population, np.arange(7.0), means=True)
    assert [found[f"{n}~1"] for n in ("a1", "a3", "b4")] == [0, 2, 6]


def test_each_member_of_a_batch_starts_as_alone():
    rng = np.random.default_rng(3)
    covs = np.stack([np.cov(rng.normal(size=(20, 7)).T) for _ in range(5)])
    layout = layout_of(FACTORS + "B ~ A")
    alone = np.concatenate([starting_values(layout, cov[None]) for cov in covs])
    assert_allclose(starting_values(layout, covs), alone, rtol=1e-13)


def test_constant_items_disturb_nobody_else(population):
    constant = population.copy()
    constant[0] = constant[:, 0] = 0.0
    layout = layout_of(FACTORS + "B ~ A")
    both = starting_values(layout, np.stack([constant, population]))
    assert_allclose(both[1], starting_values(layout, population[None])[0], rtol=1e-13)
    assert np.isnan(both[0]).any()
    assert not np.isinf(both).any()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", True),
        ("B ~ A\na1 ~~ b1\nb2 ~~ 0*b3\nB ~~ 0*B", True),
        ("A ~~ 0*B", True),
        ("A ~~ 0*B\nC =~ c1 + c2 + c3", False),
        ("A ~~ 0.4*B", False),
        ("A ~~ 0*A", False),
        ("A ~~ v*A\nB ~~ v*B", False),
        ("a1 ~~ 0.4*b1", False),
    ],
)
def test_what_is_fixed_or_equal_may_contradict_the_values(more, expected):
    assert is_settled(layout_of(FACTORS + more)) is expected


def test_given_values_that_imply_no_definite_covariances_stand_beside_rough_ones():
    built = CovarianceModel.of(ModelSpec.parse(FACTORS + "A ~~ start(0.45)*B"))
    cov = np.eye(7) * 0.96 + 0.04
    sampled = Sampled(cov[None, None], None, np.array([200.0]))
    begin = sem.starts(built.grouped, sampled, built.start)
    assert linalg.definite(implied(built.layout, begin).sigma).all()
    assert 0.45 in begin
