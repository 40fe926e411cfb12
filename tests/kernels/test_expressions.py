"""Postfix programs: values and derivatives against closed forms, central differences, a loop."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels.expressions import evaluate
from tcsmodel.spec.model import ModelSpec
from tcsmodel.spec.programs import programs

LABELS = {"a": 0, "b": 1, "c": 2}
THETA = np.random.default_rng(2).uniform(0.2, 2.0, size=(4, 3, 3))


def compiled(*expressions):
    defined = "\n".join(f"d{at} := {text}" for at, text in enumerate(expressions))
    spec = ModelSpec.parse(f"F =~ a*x + b*y + c*z\n{defined}")
    return programs(spec, LABELS).all


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b - c", lambda a, b, c: a + b - c),
        ("a * b / c", lambda a, b, c: a * b / c),
        ("-a^2 + 2^b", lambda a, b, c: -(a**2) + 2**b),
        ("a^b^c", lambda a, b, c: a ** (b**c)),
        ("exp(a*b) * log(c)", lambda a, b, c: np.exp(a * b) * np.log(c)),
        ("sqrt(a + b) / abs(c - 1)", lambda a, b, c: np.sqrt(a + b) / np.abs(c - 1)),
        ("a/(a + 4/9*b)", lambda a, b, c: a / (a + 4 / 9 * b)),
        ("(a - 3)^3", lambda a, b, c: (a - 3) ** 3),
        ("2*sqrt(9)", lambda a, b, c: 6 + 0 * a),
    ],
)
def test_values_and_derivatives(text, expected):
    done = evaluate(compiled(text), THETA)
    a, b, c = np.moveaxis(THETA, -1, 0)
    assert done.values.shape == (4, 3, 1)
    assert done.jacobian.shape == (4, 3, 1, 3)
    assert_allclose(done.values[..., 0], expected(a, b, c), rtol=1e-12)
    step = 1e-6
    for at in range(3):
        up, down = (expected(*np.moveaxis(THETA + s * np.eye(3)[at], -1, 0)) for s in (step, -step))
        assert_allclose(done.jacobian[..., 0, at], (up - down) / (2 * step), rtol=1e-5, atol=1e-7)


def test_programs_use_earlier_results():
    done = evaluate(compiled("a*b", "d0 + c", "d1/d0"), THETA)
    product = THETA[..., 0] * THETA[..., 1]
    assert_allclose(done.values[..., 2], 1 + THETA[..., 2] / product)
    assert_allclose(done.jacobian[..., 2, 2], 1 / product)
    assert_allclose(done.jacobian[..., 2, 0], -THETA[..., 2] / product / THETA[..., 0])


def test_a_batch_equals_its_loop():
    own = compiled("exp(a) - b^c", "d0/a")
    done = evaluate(own, THETA)
    for at in np.ndindex(THETA.shape[:-1]):
        single = evaluate(own, THETA[at])
        assert np.array_equal(single.values, done.values[at])
        assert np.array_equal(single.jacobian, done.jacobian[at])


def test_what_is_undefined_is_nan_or_infinite_without_a_warning():
    theta = np.array([[-1.0, 0.0, 2.0]])
    done = evaluate(compiled("log(a)", "sqrt(a)", "1/b", "a^0.5"), theta)
    assert np.isnan(done.values[0, [0, 1, 3]]).all()
    assert np.isinf(done.values[0, 2])


def test_powers_at_zero_and_below():
    theta = np.array([0.0, -2.0, 3.0])
    done = evaluate(compiled("a^2", "a^0", "b^3", "a^c"), theta)
    assert_allclose(done.values, [0, 1, -8, 0])
    assert_allclose(done.jacobian, [[0, 0, 0], [0, 0, 0], [0, 12, 0], [0, 0, 0]])


def test_no_programs_at_all():
    done = evaluate([], THETA)
    assert done.values.shape == (4, 3, 0)
    assert done.jacobian.shape == (4, 3, 0, 3)
