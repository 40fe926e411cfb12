"""Model text to terms and back; lavaan's language, parsed without ever evaluating anything.

`tokens` finds the words, this module the statements. What is legal in lavaan but
has no estimator here yet is an error that names it, never ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import isfinite
from typing import Any

from tcsmodel.errors import SpecError
from tcsmodel.spec.model import Op, Term, first_conflict
from tcsmodel.spec.tokens import Kind, Token, is_plain, located, quote, tokens

SUPPORTED = tuple(str(op) for op in Op)
NAMES = (Kind.NAME, Kind.QUOTED)
CONTINUES_AFTER = ("+", "*", ",", "(")
CONTINUES_BEFORE = ("+", "*")
UNSUPPORTED = {
    ":=": "Defined parameters (:=) have no estimator yet. Remove the statement; total and "
    "indirect effects are in the result of PLS.",
    "==": "Equality constraints (==) have no estimator yet. Remove the statement, or simplify the "
    "model.",
    "<": "Inequality constraints (<) have no estimator yet. Remove the statement.",
    ">": "Inequality constraints (>) have no estimator yet. Remove the statement.",
    "|": "Thresholds (|) have no estimator yet. Remove the statement; items count as continuous.",
    "~*~": "Response scaling (~*~) has no estimator yet. Remove the statement.",
    "%": "The operator % has no estimator yet. Remove the statement.",
    ":": "Blocks and interactions (:) have no estimator yet. Fit each group by "
    "survey.where(...), or remove the term.",
    "~1": "Intercepts (~1) have no estimator yet. Remove the term; means are not modelled.",
    "?": "Starting values are written start(0.5)*x, not 0.5?x.",
}
UNSUPPORTED_CALLS = {
    "c": "One modifier per group, c(), has no estimator yet. Fit each group by survey.where(...).",
    "equal": "equal() has no estimator yet. Give both parameters the same label: a*x1 + a*x2.",
    "efa": "Exploratory blocks, efa(), have no estimator yet. Use EFA(...).",
    "rv": "Random slopes, rv(), have no estimator yet. Remove the modifier.",
    "prior": "Priors, prior(), have no estimator yet. Remove the modifier.",
    "lower": "Bounds, lower(), have no estimator yet. Remove the modifier.",
    "upper": "Bounds, upper(), have no estimator yet. Remove the modifier.",
}


def parse_terms(text: str) -> tuple[Term, ...]:
    """Return the terms of lavaan-style model text, in the order written.

    Statements stand on lines or between semicolons and go on after ``+``, ``*`` or an
    operator; ``#`` and ``!`` begin comments.

    Raises
    ------
    SpecError
        With the line and a caret under the place.

    Examples
    --------
    >>> from tcsmodel.spec.syntax import parse_terms
    >>> [(t.lhs, str(t.op), t.rhs, t.fixed) for t in parse_terms("Quality =~ 1*q1 + q2")]
    [('Quality', '=~', 'q1', 1.0), ('Quality', '=~', 'q2', None)]
    """
    if not isinstance(text, str):
        raise SpecError(
            f"Model text must be a string, not {type(text).__name__}. "
            "Try: ModelSpec.parse('Satisfaction =~ sat1 + sat2 + sat3')."
        )
    text = text.removeprefix("\ufeff")
    placed = [
        pair
        for statement in _statements(list(tokens(text)))
        for pair in _Statement(statement, text).terms()
    ]
    conflict = first_conflict([term for term, _ in placed])
    if conflict is not None:
        index, message = conflict
        raise located(message, placed[index][1], text)
    return tuple(term for term, _ in placed)


def _statements(words: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each statement, the last being its END."""
    statement: list[Token] = []
    for i, word in enumerate(words):
        if word.kind is not Kind.END:
            statement.append(word)
            continue
        if not statement or (word.text != ";" and _continues(statement[-1], words[i + 1 :])):
            continue
        yield [*statement, word]
        statement = []
    if statement:
        yield [*statement, words[-1]]


def _continues(last: Token, rest: Iterable[Token]) -> bool:
    if last.kind is Kind.OPERATOR or (last.kind is Kind.SYMBOL and last.text in CONTINUES_AFTER):
        return True
    following = next((word for word in rest if word.kind is not Kind.END or word.text), None)
    return (
        following is not None
        and following.kind is Kind.SYMBOL
        and following.text in CONTINUES_BEFORE
    )


class _Statement:
    """Reads one statement: left names, operator, right terms."""

    def __init__(self, words: Sequence[Token], text: str) -> None:
        self.words, self.text, self.at = words, text, 0

    @property
    def here(self) -> Token:
        return self.words[self.at]

    def is_symbol(self, symbol: str, ahead: int = 0) -> bool:
        word = self.words[min(self.at + ahead, len(self.words) - 1)]
        return word.kind is Kind.SYMBOL and word.text == symbol

    def take(self) -> Token:
        word = self.here
        self.at = min(self.at + 1, len(self.words) - 1)
        return word

    def terms(self) -> Iterator[tuple[Term, Token]]:
        operator = self.operator()
        left = [self.left()]
        while self.is_symbol("+"):
            self.take()
            left.append(self.left())
        if self.here is not operator:
            raise self.unexpected(f"before {operator.text!r}")
        self.take()
        right: dict[str, tuple[dict[str, Any], Token]] = {}
        self.right(right, operator)
        while self.is_symbol("+"):
            self.take()
            self.right(right, operator)
        if self.here.kind is not Kind.END:
            raise self.unexpected("after a term")
        for name in left:
            for rhs, (modifiers, place) in right.items():
                yield self.term(name.text, operator, rhs, modifiers, place), place

    def operator(self) -> Token:
        """Return the operator of the statement, or fail when there is none with an estimator."""
        for word in self.words:
            if word.kind is Kind.OPERATOR:
                if word.text not in SUPPORTED:
                    raise self.error(UNSUPPORTED[word.text], word)
                return word
            if word.kind is Kind.SYMBOL and word.text == ":":
                raise self.error(UNSUPPORTED[":"], word)
            if word.kind is Kind.SYMBOL and word.text == "=":
                raise self.error("'=' is not an operator; items are written with '=~'.", word)
        raise self.error(
            f"This statement has no operator. Use one of {', '.join(SUPPORTED)}, as in "
            "Satisfaction =~ sat1 + sat2.",
            self.words[0],
        )

    def left(self) -> Token:
        if self.here.kind not in NAMES:
            raise self.unexpected("where a name should stand on the left")
        if self.is_symbol("(", ahead=1):
            self.call()
        if self.is_symbol("*", ahead=1):
            raise self.error("Labels and values stand on the right side only.", self.here)
        return self.take()

    def right(self, found: dict[str, tuple[dict[str, Any], Token]], operator: Token) -> None:
        """Read one term on the right; a name that returns with a new modifier is one term."""
        modifiers: dict[str, Any] = {}
        place = self.here
        while self.is_modifier():
            self.modifier(modifiers)
        name = self.here
        if name.kind is Kind.END:
            raise self.error(f"{operator.text!r} needs at least one name on its right.", operator)
        if name.kind is Kind.NUMBER and operator.text == Op.REGRESSION and name.text in ("0", "1"):
            raise self.error(UNSUPPORTED["~1"], name)
        if name.kind not in NAMES:
            raise self.unexpected(f"where a name should stand on the right of {operator.text!r}")
        self.take()
        if self.is_symbol(":"):
            raise self.error(UNSUPPORTED[":"], self.here)
        earlier, place = found.get(name.text, ({}, place))
        if name.text in found and (not modifiers and not earlier):
            raise self.error(f"{name.text!r} stands twice on the right; keep one.", name)
        found[name.text] = (self.merged(earlier, modifiers, name), place)

    def is_modifier(self) -> bool:
        if self.here.kind in (*NAMES, Kind.NUMBER):
            return any(self.is_symbol(symbol, ahead=1) for symbol in "*?(")
        return self.is_symbol("-")

    def modifier(self, modifiers: dict[str, Any]) -> None:
        """Read one modifier and its star into `modifiers`."""
        place = self.here
        if place.kind is Kind.NUMBER or self.is_symbol("-"):
            new: dict[str, Any] = {"fixed": self.number()}
        elif self.is_symbol("(", ahead=1):
            new = self.call()
        elif place.kind is Kind.NAME and place.text == "NA":
            self.take()
            new = {"free": True}
        else:
            new = {"label": self.take().text}
        modifiers.update(self.merged(modifiers, new, place))
        if self.is_symbol("?"):
            raise self.error(UNSUPPORTED["?"], self.here)
        if not self.is_symbol("*"):
            raise self.unexpected("where '*' should follow a modifier")
        self.take()

    def number(self) -> float:
        sign = 1.0
        if self.is_symbol("-"):
            self.take()
            sign = -1.0
        if self.here.kind is not Kind.NUMBER:
            raise self.unexpected("where a number should stand")
        value = sign * float(self.here.text)
        if not isfinite(value):
            raise self.error(f"{self.here.text} is too large a number.", self.here)
        self.take()
        return value

    def call(self) -> dict[str, Any]:
        """Read ``start(0.5)`` or ``label("a")``."""
        name = self.take()
        if name.text in UNSUPPORTED_CALLS:
            raise self.error(UNSUPPORTED_CALLS[name.text], name)
        if name.kind is not Kind.NAME or name.text not in ("start", "label"):
            raise self.unexpected(f"after {name.text!r}")
        self.take()
        new: dict[str, Any]
        if name.text == "start":
            new = {"start": self.number()}
        elif self.here.kind in NAMES:
            new = {"label": self.take().text}
        else:
            raise self.unexpected('where the label should stand, as in label("a")*x')
        if not self.is_symbol(")"):
            raise self.unexpected(f"where ')' should close {name.text}()")
        self.take()
        return new

    def merged(
        self, earlier: Mapping[str, Any], new: Mapping[str, Any], place: Token
    ) -> dict[str, Any]:
        for key in new:
            if key in earlier:
                raise self.error(
                    "A parameter takes one value of each kind; keep one of them.", place
                )
        return {**earlier, **new}

    def term(
        self, lhs: str, operator: Token, rhs: str, modifiers: Mapping[str, Any], place: Token
    ) -> Term:
        try:
            return Term(lhs, Op(operator.text), rhs, **modifiers)
        except SpecError as error:
            raise self.error(str(error), place) from None

    def error(self, message: str, place: Token) -> SpecError:
        return located(message, place, self.text)

    def unexpected(self, where: str) -> SpecError:
        word = self.here
        if word.kind is Kind.END:
            return self.error(f"The statement ends {where}.", word)
        advice = ' Join terms with +, and quote names with spaces or signs: "Q1 - overall".'
        if word.kind is Kind.OPERATOR:
            advice = " Begin each statement on a new line."
        return self.error(f"Unexpected {word.text!r} {where}.{advice}", word)


def write_terms(terms: Iterable[Term]) -> str:
    """Return model text that `parse_terms` reads back to the same terms.

    Neighbouring terms with the same left side and operator share a line.
    """
    lines = []
    for (lhs, op), group in groupby(terms, key=lambda term: (term.lhs, term.op)):
        right = " + ".join(_modifiers(term) + _name(term.rhs) for term in group)
        lines.append(f"{_name(lhs)} {op} {right}")
    return "\n".join(lines)


def _name(name: str) -> str:
    return name if is_plain(name) else quote(name)


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _modifiers(term: Term) -> str:
    parts = []
    if term.free:
        parts.append("NA*")
    if term.fixed is not None:
        parts.append(f"{_number(term.fixed)}*")
    if term.start is not None:
        parts.append(f"start({_number(term.start)})*")
    if term.label is not None:
        parts.append(f"{quote('NA') if term.label == 'NA' else _name(term.label)}*")
    return "".join(parts)
