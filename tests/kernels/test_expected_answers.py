"""Answers that a model expects, of ordinal and continuous items."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import norm

from tcsmodel.kernels.expected_answers import answering
from tcsmodel.models.cfa import CFA
from tcsmodel.spec.model import ModelSpec

SPEC = ModelSpec.parse("f =~ a + b + c + d")
EQUAL = ("thresholds", "loadings", "intercepts")
# Items a, b and c have the answers 1, 2 and 4; d is continuous.
VALUES = np.array([[1.0, 2.0, 4.0]] * 3 + [[np.nan] * 3])
# Loading, intercept, residual variance, thresholds.
WAYS = {"one": (0.8, 0.0, 1.0, (-0.4, 0.9)), "two": (0.7, 0.3, 1.4, (-0.6, 1.1))}
MEMBERS = {"one": (0.0, 1.0), "two": (0.5, 1.69)}


@pytest.fixture(scope="module")
def model():
    """Return a model with item a of its own in each group, and parameters that say so."""
    free = ("f=~a", "a~1", "a|t1", "a|t2", "f=~d", "d~1")
    options = {"std_lv": True, "parameterization": "theta", "ordered": ["a", "b", "c"]}
    found = CFA(SPEC, group="g", group_equal=EQUAL, group_partial=free, **options).model
    theta = np.full(found.grouped.n_free, np.nan)
    for row in found.parameters.free:
        group = ("one", "two")[row.group]
        loading, intercept, residual, cuts = WAYS[group]
        mean, variance = MEMBERS[group]
        given = {
            "f=~a": loading,
            "f=~d": 2 * loading,
            "a~1": intercept,
            "d~1": 5 + intercept,
            "a|t1": cuts[0],
            "a|t2": cuts[1],
            "f~1": mean,
            "f~~f": variance,
        }
        elsewhere = {"=~": 0.6, "~~": residual, "~1": 0.0, "|": -0.5 + 1.2 * (row.rhs == "t2")}
        theta[row.free] = given.get(row.name.removesuffix(".g2"), elsewhere[str(row.op)])
    return found.grouped, theta


def by_hand(way, members):
    """Return the answer to item a that people give, summed over where they stand."""
    loading, intercept, residual, cuts = WAYS[way]
    mean, variance = MEMBERS[members]

    def answer(eta):
        above = ndtr((intercept + loading * eta - np.array(cuts)) / np.sqrt(residual))
        return 1 + above[0] + 2 * above[1]

    weigh = norm(mean, np.sqrt(variance)).pdf
    return quad(lambda eta: answer(eta) * weigh(eta), -12, 12, epsabs=1e-12)[0]


def test_the_answer_expected_is_that_of_everybody_together(model):
    found = answering(*model, VALUES)
    assert_allclose(found.own.value[:, 0], [by_hand("one", "one"), by_hand("two", "two")])
    assert_allclose(found.alike.value[:, 0], [by_hand("one", "one"), by_hand("one", "two")])


def test_a_continuous_item_has_its_mean(model):
    found = answering(*model, VALUES)
    assert_allclose(found.own.value[:, 3], [5.0, 5.3 + 1.4 * 0.5])
    assert_allclose(found.alike.value[:, 3], [5.0, 5.0 + 1.6 * 0.5])


def test_slopes_are_finite_differences(model):
    given, theta = model
    found, step = answering(given, theta, VALUES), 1e-6
    for name in ("own", "alike"):
        ends = [
            [getattr(answering(given, theta + sign * move, VALUES), name).value for sign in (1, -1)]
            for move in step * np.eye(len(theta))
        ]
        numeric = np.stack([(up - down) / (2 * step) for up, down in ends], axis=-1)
        assert_allclose(getattr(found, name).slopes, numeric, atol=1e-8)
