"""Model text to statements; lavaan's language, parsed without ever evaluating anything.

`tokens` finds the words, `expression` the arithmetic of constraints, this module the
statements. What is legal in lavaan but unknown here is an error that names it, never ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from tcsmodel.errors import SpecError
from tcsmodel.options import did_you_mean
from tcsmodel.spec.expression import Expression, parse_expression
from tcsmodel.spec.model import (
    MODIFIERS,
    Constraint,
    Definition,
    Modifiers,
    Op,
    Relation,
    Statement,
    Term,
    product_name,
)
from tcsmodel.spec.tokens import NAMES, Kind, Token, advice_at, located, tokens
from tcsmodel.spec.unsupported import UNSUPPORTED, UNSUPPORTED_CALLS

DEFINED = ":="
SUPPORTED = (
    *(str(op) for op in Op if op not in (Op.INTERCEPT, Op.SCALE)),
    DEFINED,
    *map(str, Relation),
)
CONTINUES_AFTER = ("+", "-", "*", "/", "^", ",", "(")
CONTINUES_BEFORE = ("+", "*", "/", "^", ")")
VALUES = (*NAMES, Kind.NUMBER)
NUMERIC = ("start", "lower", "upper")
Right = dict[tuple[Op, str], tuple[dict[str, Any], Token]]


@dataclass(frozen=True)
class _Same:
    """``equal("f =~ x1")``: the parameter named takes part in an equality."""

    key: tuple[str, str, str]
    place: Token


def parse_statements(text: str) -> tuple[Statement, ...]:
    """Return the statements of lavaan-style model text, in the order written.

    Whether they agree with each other is for `ModelSpec` to say.

    Statements stand on lines or between semicolons and go on after ``+``, ``*`` or an
    operator; ``#`` and ``!`` begin comments.

    Raises
    ------
    SpecError
        With the line and a caret under the place.

    Examples
    --------
    >>> from tcsmodel.spec.syntax import parse_statements
    >>> first, second, third = parse_statements("Quality =~ 1*q1 + a*q2; a > 0")
    >>> first.statement, first.fixed, second.label, str(third)
    ('Quality =~ q1', 1.0, 'a', 'a > 0')
    """
    if not isinstance(text, str):
        raise SpecError(
            f"Model text must be a string, not {type(text).__name__}. "
            "Try: ModelSpec.parse('Satisfaction =~ sat1 + sat2 + sat3')."
        )
    text = text.removeprefix("\ufeff")
    read: list[Statement] = []
    equal: dict[int, _Same] = {}
    for words in _statements(list(tokens(text))):
        for statement, same in _Statement(words, text).statements():
            if same is not None:
                equal[len(read)] = same
            read.append(statement)
    for at, same in equal.items():
        _share_label(read, at, same, text)
    return tuple(read)


def parse_constraints(text: str) -> tuple[Constraint, ...]:
    """Return the equations and inequalities of a text that has nothing else.

    Raises
    ------
    SpecError
        With the line and a caret under the place, or naming a statement of another kind.

    Examples
    --------
    >>> from tcsmodel.spec.syntax import parse_constraints
    >>> [str(constraint) for constraint in parse_constraints("a == b; b > 2*c")]
    ['a == b', 'b > 2 * c']
    """
    if not isinstance(text, str):
        raise SpecError(f"A constraint must be a string as 'a == b', not {type(text).__name__}.")
    found = []
    for words in _statements(list(tokens(text))):
        for statement, _ in _Statement(words, text).statements():
            if not isinstance(statement, Constraint):
                raise SpecError(
                    f"'{statement}' is not a constraint between labels, as 'a == b'. Label the "
                    "parameters in the model text, as y ~ a*x."
                )
            found.append(statement)
    return tuple(found)


def _key(term: Term) -> tuple[str, str, str]:
    left, right = (term.lhs, term.rhs)
    if term.op is Op.COVARIANCE:
        left, right = sorted((left, right))
    return left, term.op, right


def _share_label(read: list[Statement], at: int, same: _Same, text: str) -> None:
    """Give the term at `at` and the one that its equal() names one label."""
    found = [i for i, s in enumerate(read) if isinstance(s, Term) and _key(s) == same.key]
    term, other = read[at], read[found[0]] if found else None
    named = " ".join(same.key).rstrip()
    if not isinstance(term, Term) or not isinstance(other, Term) or found[0] == at:
        known = [s.statement for s in read if isinstance(s, Term) and s is not term]
        raise located(
            f"equal() names {named!r}, which is no other parameter written in the model."
            f"{did_you_mean(named, known)}",
            same.place,
            text,
        )
    if term.groups or other.groups or (term.label and other.label not in (None, term.label)):
        raise located(
            "equal() joins parameters without labels of their own. Give both the same label, as "
            "in a*x1 + a*x2.",
            same.place,
            text,
        )
    label = other.label or term.label or "".join(same.key)
    read[at], read[found[0]] = replace(term, label=label), replace(other, label=label)


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
    """Reads one statement: left side, operator, right side."""

    def __init__(self, words: Sequence[Token], text: str) -> None:
        self.words, self.text, self.at = words, text, 0
        self.products: dict[str, tuple[str, str]] = {}

    @property
    def here(self) -> Token:
        return self.words[self.at]

    def is_symbol(self, symbol: str) -> bool:
        word = self.words[self.at]
        return word.kind is Kind.SYMBOL and word.text == symbol

    def precedes(self, symbols: str) -> bool:
        """Return whether one of some symbols stands behind a word that is no END."""
        following = self.words[self.at + 1]
        return following.kind is Kind.SYMBOL and following.text in symbols

    def take(self) -> Token:
        word = self.words[self.at]
        if word.kind is not Kind.END:
            self.at += 1
        return word

    def statements(self) -> Iterator[tuple[Statement, _Same | None]]:
        operator = self.operator()
        if operator.text in tuple(Relation):
            yield self.constraint(operator), None
        elif operator.text == DEFINED:
            yield self.definition(operator), None
        else:
            yield from self.terms(operator)

    def operator(self) -> Token:
        """Return the operator of the statement, or fail when there is none that is known."""
        for word in self.words:
            if word.kind is Kind.OPERATOR:
                if word.text not in SUPPORTED:
                    raise self.error(UNSUPPORTED[word.text], word)
                return word
            if word.kind is Kind.SYMBOL and word.text == ":":
                raise self.error(UNSUPPORTED[":"], word)
            if word.kind is Kind.SYMBOL and word.text == "=":
                raise self.error(
                    "'=' is not an operator; items are written with '=~', equalities with '=='.",
                    word,
                )
        raise self.error(
            f"This statement has no operator. Use one of {', '.join(SUPPORTED)}, as in "
            "Satisfaction =~ sat1 + sat2.",
            self.words[0],
        )

    def constraint(self, operator: Token) -> Constraint:
        at = self.words.index(operator)
        return Constraint(
            self.expression(self.words[: at + 1]),
            Relation(operator.text),
            self.expression(self.words[at + 1 :]),
            line=operator.line,
            column=operator.column,
        )

    def definition(self, operator: Token) -> Definition:
        if self.here.kind not in NAMES:
            raise self.unexpected("where the name of a defined parameter should stand")
        name = self.take()
        if self.here is not operator:
            raise self.unexpected(f"before {operator.text!r}")
        expression = self.expression(self.words[self.at + 1 :])
        return Definition(name.text, expression, line=name.line, column=name.column)

    def expression(self, words: Sequence[Token]) -> Expression:
        return parse_expression(words, self.text)

    def terms(self, operator: Token) -> Iterator[tuple[Term, _Same | None]]:
        left = [self.left()]
        while self.is_symbol("+"):
            self.take()
            left.append(self.left())
        if self.here is not operator:
            raise self.unexpected(f"before {operator.text!r}")
        self.take()
        right: Right = {}
        op = Op(operator.text)
        self.right(right, operator, op)
        while self.is_symbol("+"):
            self.take()
            self.right(right, operator, op)
        if self.here.kind is not Kind.END:
            raise self.unexpected("after a term")
        for name in left:
            for (own, rhs), (modifiers, place) in right.items():
                yield self.term(name.text, own, rhs, modifiers, place), modifiers.get("equal")

    def left(self) -> Token:
        if self.here.kind not in NAMES:
            raise self.unexpected("where a name should stand on the left")
        if self.precedes("("):
            self.call()
        if self.precedes("*"):
            raise self.error("Labels and values stand on the right side only.", self.here)
        return self.take()

    def right(self, found: Right, operator: Token, op: Op) -> None:
        """Read one term on the right; a name that returns with a new modifier is one term."""
        modifiers: dict[str, Any] = {}
        place = self.here
        while self.is_modifier():
            self.modifier(modifiers)
        name = self.here
        if name.kind is Kind.END:
            raise self.error(f"{operator.text!r} needs at least one name on its right.", operator)
        key = self.target(name, op)
        self.take()
        if self.is_symbol(":"):
            key = self.product(key[0], name)
        earlier, place = found.get(key, ({}, place))
        if key in found and not (modifiers or earlier):
            raise self.error(f"{name.text!r} stands twice on the right; keep one.", name)
        found[key] = (self.merged(earlier, modifiers, name), place)

    def target(self, name: Token, op: Op) -> tuple[Op, str]:
        """Return operator and right side of the parameter at `name`; ``1`` is an intercept."""
        if name.kind is Kind.NUMBER and op is Op.REGRESSION and name.text in ("0", "1"):
            if name.text == "0":
                raise self.error(UNSUPPORTED["0"], name)
            return Op.INTERCEPT, ""
        if name.kind not in NAMES:
            raise self.unexpected(f"where a name should stand on the right of {str(op)!r}")
        return op, name.text

    def product(self, op: Op, first: Token) -> tuple[Op, str]:
        """Read ``:Value`` after the first factor of an interaction."""
        colon = self.take()
        if op is not Op.REGRESSION:
            raise self.error(
                "Only paths (~) have interactions, as in Loyalty ~ A + B + A:B.", colon
            )
        if self.here.kind not in NAMES:
            raise self.unexpected("where the second factor of an interaction should stand")
        second = self.take()
        if self.is_symbol(":"):
            raise self.error("An interaction has two factors.", self.here)
        factors = first.text, second.text
        self.products[product_name(*factors)] = factors
        return op, product_name(*factors)

    def is_modifier(self) -> bool:
        is_value = self.here.kind in VALUES
        return self.precedes("*?(") if is_value else self.is_symbol("-")

    def modifier(self, modifiers: dict[str, Any]) -> None:
        """Read one modifier and its star into `modifiers`."""
        place = self.here
        if place.kind is Kind.NUMBER or self.is_symbol("-"):
            new: dict[str, Any] = {"fixed": self.number()}
        elif self.precedes("("):
            new = self.call()
        elif self.is_missing():
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

    def is_missing(self) -> bool:
        return self.here.kind is Kind.NAME and self.here.text == "NA"

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
        """Read ``start(0.5)``, ``lower(0)``, ``label("a")``, ``c(a, b)``, ``equal("f =~ x")``."""
        name = self.here
        if name.text in UNSUPPORTED_CALLS:
            raise self.error(UNSUPPORTED_CALLS[name.text], name)
        if name.kind is Kind.NAME and name.text == "c":
            return self.by_group(self.vector(), name)
        self.take()
        if name.kind is not Kind.NAME or name.text not in (*NUMERIC, "label", "equal"):
            raise self.unexpected(f"after {name.text!r}")
        self.take()
        new: dict[str, Any]
        if name.text in NUMERIC:
            new = {name.text: self.numbers(name)}
        elif name.text == "equal":
            new = {"equal": self.same()}
        elif self.here.kind in NAMES:
            new = {"label": self.take().text}
        else:
            raise self.unexpected('where the label should stand, as in label("a")*x')
        self.close(name)
        return new

    def close(self, name: Token) -> None:
        if not self.is_symbol(")"):
            raise self.unexpected(f"where ')' should close {name.text}()")
        self.take()

    def numbers(self, name: Token) -> float | tuple[float | None, ...]:
        """Read the one number of ``start()``, or one for each group in ``c()``."""
        if not (self.here.text == "c" and self.precedes("(")):
            return self.number()
        place, values = self.here, self.vector()
        if any(isinstance(value, str) for value in values):
            raise self.error(f"{name.text}() takes numbers.", place)
        return values

    def vector(self) -> tuple[Any, ...]:
        """Read ``c(a, NA, 0.5)`` into names, None and numbers."""
        name = self.take()
        self.take()
        values = [self.element()]
        while self.is_symbol(","):
            self.take()
            values.append(self.element())
        self.close(name)
        if len(values) < 2:
            raise self.error("c() takes one value for each group, two at least.", name)
        return tuple(values)

    def element(self) -> str | float | None:
        if self.is_missing():
            self.take()
            return None
        return self.take().text if self.here.kind in NAMES else self.number()

    def by_group(self, values: tuple[Any, ...], place: Token) -> dict[str, Any]:
        """Return ``c()`` as labels, or as fixed values among which NA frees."""
        if not any(isinstance(value, str) for value in values):
            return {"fixed": values}
        if any(isinstance(value, float) for value in values):
            raise self.error(
                "c() takes labels or numbers, not both at once. Write both, as c(0, NA)*c(a, b)*x.",
                place,
            )
        return {"label": values}

    def same(self) -> _Same:
        """Read the parameter that ``equal()`` names in quotes."""
        place = self.take()
        try:
            words = list(tokens(place.text)) if place.kind is Kind.QUOTED else []
            read = [
                s for own in _statements(words) for s, _ in _Statement(own, place.text).statements()
            ]
        except SpecError:
            read = []
        if len(read) != 1 or not isinstance(read[0], Term):
            raise self.error(
                'equal() takes one parameter in quotes, as in equal("Image =~ imag1")*imag2.', place
            )
        return _Same(_key(read[0]), place)

    def merged(
        self, earlier: Mapping[str, Any], new: Mapping[str, Any], place: Token
    ) -> dict[str, Any]:
        for key in new:
            if key in earlier:
                raise self.error(
                    "A parameter takes one value of each kind; keep one of them.", place
                )
        return {**earlier, **new}

    def term(self, lhs: str, op: Op, rhs: str, modifiers: dict[str, Any], place: Token) -> Term:
        own = {key: value for key, value in modifiers.items() if key != "equal"}
        sizes = {len(value) for value in own.values() if isinstance(value, tuple)}
        if len(sizes) > 1:
            raise self.error("c() takes the same number of groups throughout a term.", place)
        if sizes:
            own = {"groups": _groups(own, sizes.pop())}
        factors = self.products.get(rhs, ())
        try:
            return Term(lhs, op, rhs, product=factors, line=place.line, column=place.column, **own)
        except SpecError as error:
            raise self.error(str(error), place) from None

    def error(self, message: str, place: Token) -> SpecError:
        return located(message, place, self.text)

    def unexpected(self, where: str) -> SpecError:
        word = self.here
        if word.kind is Kind.END:
            return self.error(f"The statement ends {where}.", word)
        advice = advice_at(self.words, self.at)
        return self.error(f"Unexpected {word.text!r} {where}. {advice}", word)


def _groups(modifiers: Mapping[str, Any], n: int) -> tuple[Modifiers, ...]:
    """Return the modifiers of each group, from values for all and values by group."""
    by_name = {
        name: value if isinstance(value, tuple) else (value,) * n
        for name, value in modifiers.items()
    }
    if isinstance(modifiers.get("fixed"), tuple) and "free" not in modifiers:
        by_name["free"] = tuple(value is None for value in by_name["fixed"])
    names = [name for name in MODIFIERS if name in by_name]
    return tuple(Modifiers(**{name: by_name[name][g] for name in names}) for g in range(n))
