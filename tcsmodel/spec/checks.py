"""What a model's statements may not say together, whichever way they were written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tcsmodel.errors import SpecError
from tcsmodel.options import did_you_mean
from tcsmodel.spec.contradictions import contradictions
from tcsmodel.spec.expression import Binary, Name, Placed, Unary, names
from tcsmodel.spec.model import (
    Constraint,
    Definition,
    ModelSpec,
    Op,
    Relation,
    Term,
    product_name,
)
from tcsmodel.spec.tokens import quoted


@dataclass(frozen=True)
class Conflict:
    """What is wrong and what to try, and the statement or name where it shows."""

    message: str
    place: Placed


def first_conflict(
    terms: Sequence[Term],
    constraints: Sequence[Constraint],
    definitions: Sequence[Definition],
) -> Conflict | None:
    """Return the first contradiction among statements, None when they agree."""
    return next(_conflicts(terms, constraints, definitions), None)


def _conflicts(
    terms: Sequence[Term],
    constraints: Sequence[Constraint],
    definitions: Sequence[Definition],
) -> Iterator[Conflict]:
    variables = _variables(terms)
    yield from _among_terms(terms)
    yield from _among_groups(terms)
    yield from _among_labels(terms, definitions, variables)
    yield from _among_names(terms, constraints, definitions, variables)
    for message, place in contradictions(terms, constraints, definitions):
        yield Conflict(message, place)


def _among_terms(terms: Sequence[Term]) -> Iterator[Conflict]:
    seen: set[tuple[str, str, str]] = set()
    kind: dict[str, Op] = {}
    parts: dict[str, list[str]] = {}
    for term in terms:
        left, right = term.lhs, term.rhs
        if term.op is Op.COVARIANCE:
            left, right = sorted((left, right))
        key = (left, term.op, right)
        if key in seen:
            yield Conflict(f"'{term.statement}' is stated twice; keep one of them.", term)
        seen.add(key)
        first, second = term.product or ("", "")
        if first != second and (left, term.op, product_name(second, first)) in seen:
            yield Conflict(
                f"'{term.statement}' is {product_name(second, first)!r} stated twice; keep one of "
                "them.",
                term,
            )
        if term.op is Op.REGRESSION and term.lhs == term.rhs:
            yield Conflict(
                f"'{term.statement}' is a path from a construct to itself; remove it.", term
            )
        if term.op not in (Op.REFLECTIVE, Op.COMPOSITE):
            continue
        if kind.setdefault(term.lhs, term.op) is not term.op:
            yield Conflict(
                f"Construct {term.lhs!r} is measured with both =~ and <~; choose one, or use two "
                "names.",
                term,
            )
        parts.setdefault(term.lhs, []).append(term.rhs)
        if term.rhs in parts and _reaches(parts, term.rhs, term.lhs):
            yield Conflict(
                f"Construct {term.lhs!r} cannot measure itself; name its items instead.", term
            )
    for term in terms:
        if term.op is Op.THRESHOLD and term.lhs in parts:
            yield Conflict(
                f"'{term.statement}': {term.lhs!r} is a construct, and thresholds belong to "
                "items. Name the item.",
                term,
            )


def _reaches(parts: Mapping[str, Sequence[str]], start: str, goal: str) -> bool:
    """Whether `goal` is `start` or measured by it, over any number of orders."""
    waiting, met = [start], set[str]()
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in met:
            met.add(name)
            waiting.extend(parts.get(name, ()))
    return False


def _among_groups(terms: Sequence[Term]) -> Iterator[Conflict]:
    first = next((term for term in terms if term.groups), None)
    for term in terms:
        if first is not None and term.groups and len(term.groups) != len(first.groups):
            yield Conflict(
                f"'{term.statement}' is about {len(term.groups)} groups, but '{first.statement}' "
                f"about {len(first.groups)}. Give c() one value for each group.",
                term,
            )


def _among_labels(
    terms: Sequence[Term], definitions: Sequence[Definition], variables: Mapping[str, str]
) -> Iterator[Conflict]:
    """Yield labels that are variables, and defined parameters that are labels or variables."""
    labels = {label for term in terms for label in term.labels}
    for term in terms:
        for label in term.labels:
            if label in variables:
                yield Conflict(
                    f"Label {label!r} of '{term.statement}' is also {variables[label]}. Give the "
                    "parameter another label"
                    f"{_product(label, term, variables)}.",
                    term,
                )
    defined: set[str] = set()
    for definition in definitions:
        name = definition.name
        if name in variables:
            yield Conflict(
                f"Defined parameter {name!r} is also {variables[name]}. Give it another name.",
                definition,
            )
        if name in labels:
            yield Conflict(
                f"{name!r} is the label of a parameter and cannot be defined again. Give the "
                "defined parameter another name.",
                definition,
            )
        if name in defined:
            yield Conflict(f"{name!r} is defined twice; keep one of them.", definition)
        defined.add(name)


def _product(label: str, term: Term, variables: Mapping[str, str]) -> str:
    """Return a hint when both sides of the star are variables, as in an interaction."""
    if term.rhs not in variables or term.op is not Op.REGRESSION:
        return ""
    return f"; products such as {quoted(label)}*{quoted(term.rhs)} are not interactions here"


def _variables(terms: Sequence[Term]) -> dict[str, str]:
    """Return items and constructs with what they are, in words."""
    found: dict[str, str] = {}
    for term in terms:
        if term.op in (Op.REFLECTIVE, Op.COMPOSITE):
            found[term.lhs] = "a construct"
    for term in terms:
        found.setdefault(term.lhs, "an item")
        if term.op not in (Op.INTERCEPT, Op.THRESHOLD):
            found.setdefault(term.rhs, "an interaction" if term.product else "an item")
    return found


def _among_names(
    terms: Sequence[Term],
    constraints: Sequence[Constraint],
    definitions: Sequence[Definition],
    variables: Mapping[str, str],
) -> Iterator[Conflict]:
    """Yield names in expressions that are no label and not defined before."""
    known = dict.fromkeys(label for term in terms for label in term.labels)
    later = {definition.name for definition in definitions}
    for definition in definitions:
        for name in names(definition.expression):
            if name.name not in known:
                yield _unknown(name, definition, known, variables, later)
        known[definition.name] = None
    for constraint in constraints:
        if not names(constraint.difference):
            yield Conflict(f"'{constraint}' names no label; remove it, or name one.", constraint)
        for name in names(constraint.difference):
            if name.name not in known:
                yield _unknown(name, constraint, known, variables, later)


def _unknown(
    name: Name,
    statement: Constraint | Definition,
    known: Mapping[str, None],
    variables: Mapping[str, str],
    later: set[str],
) -> Conflict:
    start = f"{name.name!r} in '{statement}' is"
    if isinstance(statement, Constraint) and is_arrow(statement):
        return Conflict(
            f"{start} not a label, and '<-' compares labels with what has a minus. Did you mean "
            "'<~' (a construct formed by items) or '~' (a path)?",
            statement,
        )
    if isinstance(statement, Definition) and statement.name == name.name:
        message = f"{start} defined by itself. Use labels of parameters, as in Loyalty ~ a*Image."
    elif name.name in later:
        message = f"{start} defined later. Move its definition up."
    elif name.name in variables:
        message = (
            f"{start} {variables[name.name]}, not a label. Label the parameter you mean, as in "
            "Loyalty ~ a*Image, and use the label."
        )
    else:
        message = (
            f"{start} not a label of the model. Label a parameter, as in Loyalty ~ a*Image."
            f"{did_you_mean(name.name, list(known))}"
        )
    return Conflict(message, name)


def is_arrow(constraint: Constraint) -> bool:
    """Return whether a comparison is written as an arrow, ``f <- x``: its minus touches ``<``."""
    first = constraint.right
    while isinstance(first, Binary):
        first = first.left
    touches = constraint.column is not None and first.column == constraint.column + 1
    is_less = constraint.relation is Relation.LESS and isinstance(first, Unary)
    return is_less and touches and first.line == constraint.line


def require_measured(spec: ModelSpec, columns: Iterable[str]) -> None:
    """Raise SpecError when a path or covariance joins what is neither a construct nor a column."""
    columns = tuple(columns)
    known = (*spec.construct_names, *spec.products, *columns)
    for term in spec.terms:
        ends = (term.rhs, term.lhs) if term.op in (Op.REGRESSION, Op.COVARIANCE) else ()
        for name in (name for name in ends if name not in known):
            raise SpecError(
                f"{name!r} in '{term.statement}' is neither a construct with items nor a column of "
                f"the data. Give it items, '{name} =~ item1 + item2', or correct its name."
                f"{did_you_mean(name, known)}"
            )
