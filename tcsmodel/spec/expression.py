"""Arithmetic over labels: text to a small tree, the tree to text and to postfix programs.

Nothing is ever evaluated here; `kernels.expressions` runs the programs on arrays.
Precedence is R's: ``^`` binds first and to the right, then minus signs, then ``*`` and
``/``, then ``+`` and ``-``, so that ``-a^2`` is ``-(a^2)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from tcsmodel.errors import SpecError
from tcsmodel.options import did_you_mean
from tcsmodel.spec.tokens import NAMES, Kind, Token, located, number_text, quoted

FUNCTIONS = ("exp", "log", "sqrt", "abs")
OPERATORS = ("+", "-", "*", "/", "^")
DEEPEST, LONGEST = 30, 300

Instruction = tuple[str, float]
Program = tuple[Instruction, ...]


@dataclass(frozen=True)
class Placed:
    """What remembers its place in the model text; the place takes no part in comparisons.

    Parameters
    ----------
    line, column : int
        Both start at 1; 0 for what was not read from text.
    """

    line: int = field(default=0, kw_only=True, compare=False, repr=False)
    column: int = field(default=0, kw_only=True, compare=False, repr=False)


@dataclass(frozen=True)
class Expression(Placed):
    """One node of the tree; `str` writes text that reads back as an equal tree."""

    def __str__(self) -> str:
        return _written(self)[0]


@dataclass(frozen=True)
class Number(Expression):
    """A number, zero or above; a negative one is `Unary` of it."""

    value: float

    def __post_init__(self) -> None:
        if not isfinite(self.value) or self.value < 0:
            raise SpecError(f"{self.value!r} is not a finite number from zero on.")


@dataclass(frozen=True)
class Name(Expression):
    """A parameter's label or a defined parameter."""

    name: str


@dataclass(frozen=True)
class Unary(Expression):
    """Minus `operand`."""

    operand: Expression


@dataclass(frozen=True)
class Binary(Expression):
    """`left` and `right` joined by one of ``+ - * / ^``."""

    operator: str
    left: Expression
    right: Expression

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise SpecError(f"{self.operator!r} is not one of {' '.join(OPERATORS)}.")


@dataclass(frozen=True)
class Call(Expression):
    """One of the functions ``exp log sqrt abs`` of `argument`."""

    function: str
    argument: Expression

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise SpecError(
                f"{self.function}() is not one of the functions {', '.join(FUNCTIONS)}."
                f"{did_you_mean(self.function, FUNCTIONS)}"
            )


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield the nodes of a tree, in the order in which they are written."""
    if isinstance(expression, Binary):
        yield from walk(expression.left)
    yield expression
    if isinstance(expression, Binary):
        yield from walk(expression.right)
    elif isinstance(expression, Unary):
        yield from walk(expression.operand)
    elif isinstance(expression, Call):
        yield from walk(expression.argument)


def names(expression: Expression) -> tuple[Name, ...]:
    """Return the names in a tree, in the order in which they are written."""
    return tuple(node for node in walk(expression) if isinstance(node, Name))


def parse_expression(words: Sequence[Token], text: str) -> Expression:
    """Return the tree of an arithmetic expression.

    Parameters
    ----------
    words : sequence of Token
        The expression, and one token more: what ends it.
    text : str
        The model text, which error messages show.

    Raises
    ------
    SpecError
        With the line and a caret under the place.

    Examples
    --------
    >>> from tcsmodel.spec.expression import parse_expression
    >>> from tcsmodel.spec.tokens import tokens
    >>> text = "2 * (a - b) / exp(c)"
    >>> print(parse_expression(list(tokens(text)), text))
    2 * (a - b) / exp(c)
    """
    if len(words) > LONGEST:
        raise located("The expression is too long; name parts of it with ':='.", words[0], text)
    reader = _Reader(words, text)
    expression = reader.sum()
    if reader.here is not words[-1]:
        raise reader.unexpected("where an operator such as + or * should stand")
    return expression


class _Reader:
    """Reads one expression by recursive descent: sum, product, sign, power, atom."""

    def __init__(self, words: Sequence[Token], text: str) -> None:
        self.words, self.text, self.at, self.depth = words, text, 0, 0

    @property
    def here(self) -> Token:
        return self.words[self.at]

    def is_symbol(self, *symbols: str) -> bool:
        is_inside = self.at < len(self.words) - 1
        return is_inside and self.here.kind is Kind.SYMBOL and self.here.text in symbols

    def take(self) -> Token:
        word = self.here
        self.at = min(self.at + 1, len(self.words) - 1)
        return word

    def sum(self) -> Expression:
        left = self.product()
        while self.is_symbol("+", "-"):
            left = _joined(self.take(), left, self.product())
        return left

    def product(self) -> Expression:
        left = self.signed()
        while self.is_symbol("*", "/"):
            left = _joined(self.take(), left, self.signed())
        return left

    def signed(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise located("The expression is nested too deeply; use ':='.", self.here, self.text)
        expression = self.minus() if self.is_symbol("-", "+") else self.power()
        self.depth -= 1
        return expression

    def minus(self) -> Expression:
        sign = self.take()
        operand = self.signed()
        if sign.text == "+":
            return operand
        return Unary(operand, line=sign.line, column=sign.column)

    def power(self) -> Expression:
        base = self.atom()
        return _joined(self.take(), base, self.signed()) if self.is_symbol("^") else base

    def atom(self) -> Expression:
        if self.is_symbol("("):
            return self.enclosed()
        word, is_last = self.here, self.at == len(self.words) - 1
        if is_last or word.kind not in (*NAMES, Kind.NUMBER):
            raise self.unexpected("where a label or number should stand")
        self.take()
        if word.kind is Kind.NUMBER:
            if not isfinite(float(word.text)):
                raise located(f"{word.text} is too large a number.", word, self.text)
            return Number(float(word.text), line=word.line, column=word.column)
        if not self.is_symbol("("):
            return Name(word.text, line=word.line, column=word.column)
        argument = self.enclosed()
        try:
            return Call(word.text, argument, line=word.line, column=word.column)
        except SpecError as error:
            raise located(str(error), word, self.text) from None

    def enclosed(self) -> Expression:
        opening = self.take()
        inside = self.sum()
        if not self.is_symbol(")"):
            raise located("This parenthesis is not closed.", opening, self.text)
        self.take()
        return inside

    def unexpected(self, where: str) -> SpecError:
        word = self.here
        if word.kind is Kind.END:
            return located(f"The statement ends {where}.", word, self.text)
        advice = ""
        if word.kind is Kind.OPERATOR and word is not self.words[-1]:
            advice = " A statement has one operator; write one statement for each."
        return located(f"Unexpected {word.text!r} {where}.{advice}", word, self.text)


def _joined(operator: Token, left: Expression, right: Expression) -> Binary:
    return Binary(operator.text, left, right, line=operator.line, column=operator.column)


SUM, PRODUCT, SIGN, POWER, ATOM = range(1, 6)
STRENGTH = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "^": POWER}


def _written(node: Expression) -> tuple[str, int]:
    """Return the text of a node and how strongly it binds."""
    match node:
        case Number(value):
            return number_text(value), ATOM
        case Name(name):
            return quoted(name), ATOM
        case Unary(operand):
            return f"-{_enclosed(operand, SIGN)}", SIGN
        case Call(function, argument):
            return f"{function}({argument})", ATOM
        case Binary("^", left, right):
            return f"{_enclosed(left, ATOM)}^{_enclosed(right, SIGN)}", POWER
        case Binary(operator, left, right):
            own = STRENGTH[operator]
            return f"{_enclosed(left, own)} {operator} {_enclosed(right, own + 1)}", own
    raise TypeError(f"{node!r} is not an expression.")


def _enclosed(node: Expression, least: int) -> str:
    text, strength = _written(node)
    return text if strength >= least else f"({text})"


def postfix(
    expression: Expression,
    parameters: Mapping[str, int],
    *,
    constants: Mapping[str, float] | None = None,
    results: Mapping[str, int] | None = None,
) -> Program:
    """Return the instructions that compute an expression on a stack.

    Parameters
    ----------
    expression : Expression
        The tree.
    parameters : mapping of str to int
        Labels of free parameters, with their places in the parameter vector.
    constants : mapping of str to float, optional
        Labels of fixed parameters, with their values.
    results : mapping of str to int, optional
        Defined parameters, with the places of their programs among those run before.

    Returns
    -------
    tuple of (str, float)
        ``("number", value)``, ``("parameter", place)`` and ``("result", place)`` put a
        value on the stack; ``("negate", 0)``, operators and functions replace what they
        use by what they make.

    Raises
    ------
    SpecError
        When a name has no meaning.

    Examples
    --------
    >>> from tcsmodel.spec.expression import Binary, Name, Number, postfix
    >>> postfix(Binary("*", Number(2.0), Name("a")), {"a": 3})
    (('number', 2.0), ('parameter', 3), ('*', 0))
    """
    constants, results = constants or {}, results or {}

    def steps(node: Expression) -> Iterator[Instruction]:
        match node:
            case Number(value):
                yield "number", value
            case Name(name) if name in parameters:
                yield "parameter", parameters[name]
            case Name(name) if name in constants:
                yield "number", constants[name]
            case Name(name) if name in results:
                yield "result", results[name]
            case Name(name):
                raise SpecError(f"{name!r} in '{expression}' is not a label of the model.")
            case Unary(operand):
                yield from steps(operand)
                yield "negate", 0
            case Call(function, argument):
                yield from steps(argument)
                yield function, 0
            case Binary(operator, left, right):
                yield from steps(left)
                yield from steps(right)
                yield operator, 0

    return tuple(steps(expression))
