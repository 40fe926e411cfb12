"""Postfix programs over a parameter vector: values and exact derivatives, batched.

A program is a sequence of ``(code, operand)``. ``number``, ``parameter`` and ``result``
put a number, an entry of the parameter vector or the value of an earlier program on a
stack; ``negate``, ``+ - * / ^`` and ``exp log sqrt abs`` replace the top of it. Derivatives
go along by the chain rule (forward mode; Griewank & Walther 2008, Evaluating Derivatives,
ch. 3). What is not defined, such as the logarithm of a negative number, is nan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Program = Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """values (..., m) of m programs; jacobian (..., m, q) by the parameters."""

    values: Array
    jacobian: Array


@dataclass(frozen=True, slots=True)
class _Number:
    """value (...); slope (..., q), None where nothing depends on the parameters."""

    value: Array
    slope: Array | None = None


def evaluate(programs: Sequence[Program], theta: Array) -> Evaluated:
    """Return values and derivatives of programs.

    Parameters
    ----------
    programs : sequence of programs
        In an order in which each uses results of earlier ones only.
    theta : ndarray (..., q)
        Parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from tcsmodel.kernels.expressions import evaluate
    >>> product = (("parameter", 0), ("parameter", 1), ("*", 0))
    >>> done = evaluate([product], np.array([2.0, 3.0]))
    >>> done.values, done.jacobian
    (array([6.]), array([[3., 2.]]))
    """
    shape, q = theta.shape[:-1], theta.shape[-1]
    values = np.zeros((*shape, len(programs)))
    jacobian = np.zeros((*shape, len(programs), q))
    results: list[_Number] = []
    with np.errstate(all="ignore"):
        for at, program in enumerate(programs):
            result = _run(program, theta, results)
            results.append(result)
            values[..., at] = result.value
            if result.slope is not None:
                jacobian[..., at, :] = result.slope
    return Evaluated(values, jacobian)


def _run(program: Program, theta: Array, results: Sequence[_Number]) -> _Number:
    stack: list[_Number] = []
    for code, operand in program:
        if code == "number":
            stack.append(_Number(np.array(operand)))
        elif code == "parameter":
            one = np.zeros(theta.shape[-1])
            one[int(operand)] = 1.0
            stack.append(_Number(theta[..., int(operand)], one))
        elif code == "result":
            stack.append(results[int(operand)])
        elif code in JOINING:
            right, left = stack.pop(), stack.pop()
            stack.append(JOINING[code](left, right))
        else:
            stack.append(_changed(code, stack.pop()))
    return stack.pop()


def _times(factor: Array, slope: Array | None) -> Array | None:
    return None if slope is None else factor[..., None] * slope


def _plus(first: Array | None, second: Array | None) -> Array | None:
    if first is None or second is None:
        return second if first is None else first
    return first + second


def _changed(code: str, x: _Number) -> _Number:
    """Return minus or a function of one number."""
    v = x.value
    if code == "negate":
        return _Number(-v, _times(-np.ones_like(v), x.slope))
    if code == "exp":
        return _Number(np.exp(v), _times(np.exp(v), x.slope))
    if code == "log":
        return _Number(np.log(v), _times(1 / v, x.slope))
    if code == "sqrt":
        return _Number(np.sqrt(v), _times(0.5 / np.sqrt(v), x.slope))
    return _Number(np.abs(v), _times(np.sign(v), x.slope))


def _sum(x: _Number, y: _Number) -> _Number:
    return _Number(x.value + y.value, _plus(x.slope, y.slope))


def _difference(x: _Number, y: _Number) -> _Number:
    return _sum(x, _changed("negate", y))


def _product(x: _Number, y: _Number) -> _Number:
    slope = _plus(_times(y.value, x.slope), _times(x.value, y.slope))
    return _Number(x.value * y.value, slope)


def _ratio(x: _Number, y: _Number) -> _Number:
    value = x.value / y.value
    return _Number(value, _plus(_times(1 / y.value, x.slope), _times(-value / y.value, y.slope)))


def _power(x: _Number, y: _Number) -> _Number:
    """x^y with ``y x^(y-1) dx + x^y log(x) dy``; a constant exponent allows x below zero."""
    value = x.value**y.value
    by_base = np.where(y.value == 0, 0.0, y.value * x.value ** (y.value - 1))
    by_exponent = np.where(value == 0, 0.0, value * np.log(x.value))
    return _Number(value, _plus(_times(by_base, x.slope), _times(by_exponent, y.slope)))


JOINING: dict[str, Callable[[_Number, _Number], _Number]] = {
    "+": _sum,
    "-": _difference,
    "*": _product,
    "/": _ratio,
    "^": _power,
}
