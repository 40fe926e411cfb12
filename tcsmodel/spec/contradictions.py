"""Constraints that cannot hold together, found without data.

Statements that are linear in the labels are solved exactly, in fractions: equalities by
elimination, then inequalities likewise. What is not linear is left to the estimator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tcsmodel.spec.expression import Binary, Call, Expression, Name, Number, Placed, Unary, walk
from tcsmodel.spec.model import Constraint, Definition, Relation, Term

# How many inequalities elimination may make of fewer; the rest is left to the estimator.
MOST = 200

FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
}


@dataclass(frozen=True)
class Affine:
    """A constant plus slopes times labels; slopes are not zero."""

    constant: Fraction
    slopes: Mapping[str, Fraction]

    def plus(self, other: Affine, times: Fraction = Fraction(1)) -> Affine:
        """Return the sum with `times` the other."""
        slopes = {
            name: self.slopes.get(name, Fraction(0)) + times * other.slopes.get(name, Fraction(0))
            for name in (*self.slopes, *other.slopes)
        }
        return Affine(
            self.constant + times * other.constant, {n: s for n, s in slopes.items() if s}
        )

    def scaled(self, factor: Fraction) -> Affine:
        """Return the product with a number."""
        return Affine(Fraction(0), {}).plus(self, factor)


@dataclass(frozen=True)
class Claim:
    """That something is zero, or zero and above, and where it was said."""

    form: Affine
    is_equality: bool
    text: str
    place: Placed


@dataclass(frozen=True)
class Known:
    """A linear form with the statements that it follows from."""

    form: Affine
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Sum:
    """A form that is zero and above by inequalities, by number, and by equalities, by text."""

    form: Affine
    claims: frozenset[int]
    sources: tuple[str, ...]

    def times(self, factor: Fraction) -> Sum:
        """Return the inequality times a number above zero."""
        return Sum(self.form.scaled(factor), self.claims, self.sources)

    def plus(self, other: Sum) -> Sum:
        """Return what both say together."""
        sources = tuple(dict.fromkeys((*self.sources, *other.sources)))
        return Sum(self.form.plus(other.form), self.claims | other.claims, sources)


def contradictions(
    terms: Sequence[Term], constraints: Sequence[Constraint], definitions: Sequence[Definition]
) -> Iterator[tuple[str, Placed]]:
    """Yield each contradiction in words, with the place where it shows."""
    known: dict[str, Affine] = {}
    for definition in definitions:
        yield from _impossible(definition.expression, known)
        form = _affine(definition.expression, known)
        if form is not None:
            known[definition.name] = form
    curved = {d.name for d in definitions if d.name not in known}
    claims = [*_stated(terms)]
    for constraint in constraints:
        yield from _impossible(constraint.difference, known)
        form = _affine(constraint.difference, known)
        if form is not None and not curved & set(form.slopes):
            is_equality = constraint.relation is Relation.EQUAL
            claims.append(Claim(form, is_equality, str(constraint), constraint))
    solved: dict[str, Known] = {}
    yield from _among_equalities([c for c in claims if c.is_equality], solved)
    yield from _among_bounds([c for c in claims if not c.is_equality], solved)


def _stated(terms: Sequence[Term]) -> Iterator[Claim]:
    """Yield what values and bounds in the terms say about labels."""
    for term in terms:
        for one in (term, *term.groups):
            if one.label is None:
                continue
            label = Affine(Fraction(0), {one.label: Fraction(1)})
            for value, sign, form in (
                (one.fixed, 0, "{value:g}*{label}*"),
                (one.lower, 1, "lower({value:g})*{label}*"),
                (one.upper, -1, "upper({value:g})*{label}*"),
            ):
                if value is None:
                    continue
                gap = label.plus(Affine(_fraction(value), {}), Fraction(-1))
                text = form.format(value=value, label=one.label) + (term.rhs or "1")
                yield Claim(gap.scaled(Fraction(sign or 1)), sign == 0, text, term)


def _among_equalities(
    claims: Sequence[Claim], solved: dict[str, Known]
) -> Iterator[tuple[str, Placed]]:
    """Solve the equalities into `solved`, label by label, and yield those that cannot hold."""
    for claim in claims:
        now = _reduced(Known(claim.form, ()), solved)
        if not now.form.slopes:
            if now.form.constant:
                yield _message(claim, now.sources), claim.place
            continue
        pivot, slope = next(iter(now.form.slopes.items()))
        solved[pivot] = Known(now.form.scaled(1 / slope), (*now.sources, claim.text))
        for name in [name for name in solved if name != pivot]:
            solved[name] = _reduced(solved[name], {pivot: solved[pivot]})


def _among_bounds(
    claims: Sequence[Claim], solved: Mapping[str, Known]
) -> Iterator[tuple[str, Placed]]:
    """Yield inequalities that exclude each other, or what the equalities say.

    Labels are eliminated one by one (Fourier and Motzkin), each sum of two inequalities being one
    more, until what is left are numbers below zero, if there are any.
    """
    left = [
        Sum(now.form, frozenset((at,)), now.sources)
        for at, claim in enumerate(claims)
        for now in (_reduced(Known(claim.form, ()), solved),)
    ]
    most = max(MOST, len(left))
    while left and len(left) <= most:
        impossible = [one for one in left if not one.form.slopes and one.form.constant < 0]
        if impossible:
            first = min(impossible, key=lambda one: max(one.claims))
            *others, last = (claims[at] for at in sorted(first.claims))
            sources = dict.fromkeys((*first.sources, *(claim.text for claim in others)))
            yield _message(last, tuple(sources)), last.place
            return
        left = [one for one in left if one.form.slopes]
        if left:
            left = _eliminated(left, next(iter(left[0].form.slopes)))


def _eliminated(sums: Sequence[Sum], label: str) -> list[Sum]:
    """Return what inequalities say of the other labels."""
    slope = [one.form.slopes.get(label, Fraction(0)) for one in sums]
    rising = [one.times(1 / own) for one, own in zip(sums, slope, strict=True) if own > 0]
    falling = [one.times(-1 / own) for one, own in zip(sums, slope, strict=True) if own < 0]
    others = [one for one, own in zip(sums, slope, strict=True) if not own]
    return others + [one.plus(other) for one in rising for other in falling]


def _reduced(known: Known, solved: Mapping[str, Known]) -> Known:
    """Return a form with the solved labels replaced."""
    form, sources = known.form, dict.fromkeys(known.sources)
    for name in [name for name in form.slopes if name in solved]:
        form = form.plus(solved[name].form, -form.slopes[name])
        sources |= dict.fromkeys(solved[name].sources)
    return Known(form, tuple(sources))


def _message(claim: Claim, sources: Sequence[str]) -> str:
    if not sources:
        return f"'{claim.text}' can never hold. Correct or remove it."
    others = " and ".join(f"'{source}'" for source in sources)
    return f"'{claim.text}' contradicts {others}. Keep what you believe and remove the rest."


def _impossible(
    expression: Expression, known: Mapping[str, Affine]
) -> Iterator[tuple[str, Placed]]:
    """Yield divisions by zero and functions of numbers outside their range."""
    for node in walk(expression):
        if isinstance(node, Binary) and node.operator == "/":
            below = _affine(node.right, known)
            if below is not None and not below.slopes and not below.constant:
                yield f"'{node}' divides by zero. Correct or remove it.", node
        elif isinstance(node, Call) or (isinstance(node, Binary) and node.operator == "^"):
            parts = (node.argument,) if isinstance(node, Call) else (node.left, node.right)
            forms = [_affine(part, known) for part in parts]
            is_number = all(form is not None and not form.slopes for form in forms)
            if is_number and _affine(node, known) is None:
                yield f"'{node}' is not a finite number. Correct or remove it.", node


def _affine(node: Expression, known: Mapping[str, Affine]) -> Affine | None:
    """Return a tree as a linear form, None when it is none."""
    match node:
        case Number(value):
            return Affine(_fraction(value), {})
        case Name(name):
            return known.get(name, Affine(Fraction(0), {name: Fraction(1)}))
        case Unary(operand):
            form = _affine(operand, known)
            return None if form is None else form.scaled(Fraction(-1))
        case Call(function, argument):
            form = _affine(argument, known)
            if form is None or form.slopes:
                return None
            return _number(lambda: FUNCTIONS[function](float(form.constant)))
        case Binary(operator, left, right):
            first, second = _affine(left, known), _affine(right, known)
            return None if first is None or second is None else _combined(operator, first, second)
    return None


def _combined(operator: str, first: Affine, second: Affine) -> Affine | None:
    if operator in "+-":
        return first.plus(second, Fraction(1 if operator == "+" else -1))
    if operator == "*" and not (first.slopes and second.slopes):
        form, number = (second, first) if second.slopes else (first, second)
        return form.scaled(number.constant)
    if second.slopes:
        return None
    if operator == "/":
        return first.scaled(1 / second.constant) if second.constant else None
    if operator == "^" and not first.slopes:
        return _number(lambda: float(first.constant) ** float(second.constant))
    return first if operator == "^" and second.constant == 1 else None


def _number(compute: Callable[[], float]) -> Affine | None:
    try:
        value = compute()
        return Affine(_fraction(value), {})
    except (ArithmeticError, TypeError, ValueError):
        return None


def _fraction(value: float) -> Fraction:
    """Return a number as it is written in decimals, so that 0.1 + 0.2 is 0.3."""
    return Fraction(repr(float(value)))
