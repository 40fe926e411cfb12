"""`ModelSpec`: what the researcher believes, as statements.

A term is one statement about parameters, such as ``Image =~ a*IMAG1``; constraints and
defined parameters are statements about their labels. Everything else (constructs, paths,
items) is read off the terms, so the text, the builder and the library make the same object
and nothing is stored twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from math import isfinite

from tcsmodel.errors import SpecError, counted
from tcsmodel.spec.expression import Binary, Expression, Placed, names
from tcsmodel.spec.tokens import quoted


class Op(StrEnum):
    """Operators of statements about parameters."""

    REFLECTIVE = "=~"
    COMPOSITE = "<~"
    REGRESSION = "~"
    COVARIANCE = "~~"
    INTERCEPT = "~1"
    THRESHOLD = "|"
    SCALE = "~*~"


class Relation(StrEnum):
    """Operators of constraints; the inequalities include equality."""

    EQUAL = "=="
    LESS = "<"
    GREATER = ">"


TWO_SIDED = (Op.REFLECTIVE, Op.COMPOSITE, Op.REGRESSION, Op.COVARIANCE)
THRESHOLD_NAME = re.compile(r"t[1-9][0-9]*")


@dataclass(frozen=True, kw_only=True)
class Modifiers(Placed):
    """What a statement says about one parameter besides that it exists.

    Parameters
    ----------
    fixed : float, optional
        The value of a fixed parameter (``0.5*x``).
    free : bool
        True where the text frees a parameter that would be fixed (``NA*x``).
    label : str, optional
        The parameter's label (``a*x``); parameters with one label are equal.
    start : float, optional
        Starting value (``start(0.5)*x``).
    lower, upper : float, optional
        Bounds (``lower(0)*x``, ``upper(1)*x``).
    """

    fixed: float | None = None
    free: bool = False
    label: str | None = None
    start: float | None = None
    lower: float | None = None
    upper: float | None = None

    @property
    def says_something(self) -> bool:
        """Whether any modifier is given."""
        values = (self.fixed, self.label, self.start, self.lower, self.upper)
        return self.free or values != NOTHING

    def mistake(self) -> str | None:
        """Return what contradicts itself here, in words that follow the statement."""
        if not self.says_something:
            return None
        values = (self.fixed, self.start, self.lower, self.upper)
        for value in values:
            if value is not None and not isfinite(value):
                return f"has the value {value!r}; give a finite number."
        if self.label is not None and not self.label.strip():
            return "has an empty label; give it a name or none."
        if self.fixed is not None and (self.free or self.start is not None):
            return f"is fixed to {self.fixed:g} and freed at once; keep one of them."
        low = -float("inf") if self.lower is None else self.lower
        high = float("inf") if self.upper is None else self.upper
        if self.fixed is not None and (self.lower, self.upper) != (None, None):
            return f"is fixed to {self.fixed:g} and bounded at once; keep one of them."
        if low > high:
            return f"has a lower bound of {low:g} above its upper bound of {high:g}; swap them."
        if self.start is not None and not low <= self.start <= high:
            return f"starts at {self.start:g}, outside its bounds; start within them."
        return None


MODIFIERS = ("free", "fixed", "label", "start", "lower", "upper")
NOTHING = (None,) * 5


@dataclass(frozen=True)
class Term(Modifiers):
    """One statement about one parameter.

    Parameters
    ----------
    lhs, op, rhs : str, Op, str
        As written: ``Image =~ IMAG1``, ``Loyalty ~ Satisfaction``, ``x1 ~~ x2``. The right
        side of an intercept (``x ~ 1``) is empty; that of a threshold is ``t1``, ``t2``, ...
    product : tuple of str, keyword
        The two factors where the right side is an interaction, ``Loyalty ~ Image:Value``, or
        twice the same name of a quadratic effect; `rhs` is then ``"Image:Value"``.
    groups : tuple of Modifiers, keyword
        One per group where the text tells groups apart (``c(a, b)*x``), else empty; where
        one group is fixed the others are free. The modifiers of the term itself then say
        nothing.

    See `Modifiers` for the others.
    """

    lhs: str
    op: Op
    rhs: str
    product: tuple[str, ...] = field(default=(), kw_only=True)
    groups: tuple[Modifiers, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.op, Op):
            if self.op not in tuple(Op):
                raise SpecError(
                    f"'{self.lhs} {self.op} {self.rhs}': {self.op!r} is not one of {', '.join(Op)}."
                )
            object.__setattr__(self, "op", Op(self.op))
        if not isinstance(self.groups, tuple):
            object.__setattr__(self, "groups", tuple(self.groups))
        self._check_names()
        if self.product:
            self._check_product()
        if self.groups:
            self._check_groups()
        for one in (self, *self.groups):
            mistake = one.mistake()
            if mistake is not None:
                raise SpecError(f"'{self.statement}' {mistake}")

    def _check_names(self) -> None:
        named = (self.lhs,) if self.op is Op.INTERCEPT else (self.lhs, self.rhs)
        for name in named:
            if not isinstance(name, str) or not name.strip():
                raise SpecError(f"'{self.statement}' needs a name on each side, not {name!r}.")
        if self.op is Op.INTERCEPT and self.rhs:
            raise SpecError(f"The intercept of {self.lhs!r} has no right side, not {self.rhs!r}.")
        if self.op is Op.THRESHOLD and not THRESHOLD_NAME.fullmatch(self.rhs):
            raise SpecError(
                f"'{self.statement}': thresholds are named t1, t2, ... in the order of the "
                f"categories, not {self.rhs!r}."
            )

    def _check_product(self) -> None:
        object.__setattr__(self, "product", tuple(self.product))
        if self.op is not Op.REGRESSION:
            raise SpecError(
                f"'{self.statement}': only paths have interactions, as Loyalty ~ Image:Value."
            )
        if len(self.product) != 2 or self.rhs != product_name(*self.product):
            raise SpecError(
                f"'{self.statement}': an interaction has two factors, and they make its name. "
                "Try tcs.interaction('Image', 'Value', to='Loyalty')."
            )

    def _check_groups(self) -> None:
        if len(self.groups) < 2:
            raise SpecError(f"'{self.statement}' has one group; c() takes one value per group.")
        if self.says_something:
            raise SpecError(f"'{self.statement}' has modifiers beside those of its groups.")
        if not any(one.says_something for one in self.groups):
            raise SpecError(f"'{self.statement}' has groups without modifiers; leave them out.")
        if any(one.free or one.fixed is not None for one in self.groups):
            freed = [replace(one, free=one.fixed is None or one.free) for one in self.groups]
            object.__setattr__(self, "groups", tuple(freed))

    @property
    def statement(self) -> str:
        """The statement without its modifiers: ``Image =~ IMAG1``, ``x ~ 1``."""
        if self.op is Op.INTERCEPT:
            return f"{self.lhs} ~ 1"
        return f"{self.lhs} {self.op} {self.rhs}"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the term, each once."""
        if not self.groups:
            return () if self.label is None else (self.label,)
        own = (one.label for one in self.groups)
        return tuple(dict.fromkeys(label for label in own if label is not None))

    def in_group(self, group: int) -> Term:
        """Return the term as it is in one group, counted from 0; itself when all are alike."""
        if not self.groups:
            return self
        own = {name: getattr(self.groups[group], name) for name in MODIFIERS}
        return replace(self, groups=(), **own)


def product_name(first: str, second: str) -> str:
    """Return the name of an interaction: ``Image:Value``."""
    return f"{first}:{second}"


@dataclass(frozen=True)
class Constraint(Placed):
    """A relation between expressions in labels, such as ``a == 2*b`` or ``a > 0``.

    Parameters
    ----------
    left : Expression
        Left side.
    relation : Relation
        ``==``, ``<`` or ``>``.
    right : Expression
        Right side.
    """

    left: Expression
    relation: Relation
    right: Expression

    def __post_init__(self) -> None:
        if self.relation not in tuple(Relation):
            raise SpecError(f"{self.relation!r} is not one of {', '.join(Relation)}.")
        object.__setattr__(self, "relation", Relation(self.relation))

    @property
    def difference(self) -> Expression:
        """What must be zero (``==``) or zero and above (``<``, ``>``)."""
        sides = self.left, self.right
        larger, smaller = reversed(sides) if self.relation is Relation.LESS else sides
        return Binary("-", larger, smaller)

    def __str__(self) -> str:
        return f"{self.left} {self.relation} {self.right}"


@dataclass(frozen=True)
class Definition(Placed):
    """A parameter defined by others, such as ``indirect := a*b``.

    Parameters
    ----------
    name : str
        Its name, which later statements may use.
    expression : Expression
        In labels and in parameters defined before.
    """

    name: str
    expression: Expression

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise SpecError(f"':=' needs a name on its left, not {self.name!r}.")

    def __str__(self) -> str:
        return f"{quoted(self.name)} := {self.expression}"


Statement = Term | Constraint | Definition


@dataclass(frozen=True)
class Construct:
    """A latent variable (reflective, ``=~``) or composite (``<~``) with its indicators.

    `items` are the right-hand sides in order; those of a second-order construct
    are constructs themselves.
    """

    name: str
    items: tuple[str, ...]
    composite: bool = False


@dataclass(frozen=True)
class Path:
    """A directed effect from `source` to `target`."""

    source: str
    target: str


@dataclass(frozen=True)
class ModelSpec:
    r"""Measurement and structure of a model; frozen, comparable, printable as model text.

    Parameters
    ----------
    terms : tuple of Term
        The statements about parameters, in the order written.
    constraints : tuple of Constraint
        What holds between labels.
    definitions : tuple of Definition
        Parameters made of others; each may use those before it.

    Raises
    ------
    SpecError
        When there are no terms, or two statements contradict each other.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse("Image =~ i1 + i2\nLoyalty =~ l1 + l2\nLoyalty ~ Image")
    >>> [c.name for c in spec.constructs]
    ['Image', 'Loyalty']
    >>> spec.paths
    (Path(source='Image', target='Loyalty'),)
    >>> tcs.ModelSpec.parse(str(spec)) == spec
    True
    """

    terms: tuple[Term, ...]
    constraints: tuple[Constraint, ...] = ()
    definitions: tuple[Definition, ...] = ()

    def __post_init__(self) -> None:
        from tcsmodel.spec.checks import first_conflict, is_arrow

        for name in ("terms", "constraints", "definitions"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.terms and not any(map(is_arrow, self.constraints)):
            raise SpecError(
                "The model has no statements. Try: Satisfaction =~ sat1 + sat2 + sat3, one per "
                "line."
            )
        conflict = first_conflict(self.terms, self.constraints, self.definitions)
        if conflict is not None:
            place = conflict.place
            raise SpecError(conflict.message, line=place.line or None, column=place.column)

    @classmethod
    def parse(cls, text: str) -> ModelSpec:
        """Return the specification written as lavaan-style model text.

        Raises
        ------
        SpecError
            With the line and a caret under the place.
        """
        from tcsmodel.spec.syntax import parse_statements

        statements = parse_statements(text)
        try:
            return cls.of(statements)
        except SpecError as error:
            if error.line is None:
                raise
            read = text.removeprefix("\ufeff")
            raise SpecError(str(error), line=error.line, column=error.column, text=read) from None

    @classmethod
    def of(cls, *parts: Iterable[Statement]) -> ModelSpec:
        """Return the specification of builder parts (`reflective`, `single`, `paths`, ...)."""
        statements = [statement for part in parts for statement in part]
        return cls(
            tuple(s for s in statements if isinstance(s, Term)),
            tuple(s for s in statements if isinstance(s, Constraint)),
            tuple(s for s in statements if isinstance(s, Definition)),
        )

    def __str__(self) -> str:
        from tcsmodel.spec.writing import write_statements

        return write_statements((*self.terms, *self.definitions, *self.constraints))

    @cached_property
    def constructs(self) -> tuple[Construct, ...]:
        """Constructs in the order of their first measurement statement."""
        items: dict[str, list[str]] = {}
        composite: dict[str, bool] = {}
        for term in self.terms:
            if term.op in (Op.REFLECTIVE, Op.COMPOSITE):
                items.setdefault(term.lhs, []).append(term.rhs)
                composite[term.lhs] = term.op is Op.COMPOSITE
        return tuple(Construct(name, tuple(own), composite[name]) for name, own in items.items())

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """Directed effects in the order written."""
        return tuple(Path(t.rhs, t.lhs) for t in self.terms if t.op is Op.REGRESSION)

    @cached_property
    def products(self) -> dict[str, tuple[str, str]]:
        """The factors of each interaction, by its name, in the order written."""
        return {t.rhs: (t.product[0], t.product[1]) for t in self.terms if t.product}

    @cached_property
    def construct_names(self) -> tuple[str, ...]:
        """Names of the constructs."""
        return tuple(construct.name for construct in self.constructs)

    @cached_property
    def items(self) -> tuple[str, ...]:
        """Observed variables: those measured first, then those only in other statements."""
        latent = {*self.construct_names, *self.products}
        measured = (item for construct in self.constructs for item in construct.items)
        other = (
            name
            for term in self.terms
            if term.op not in (Op.REFLECTIVE, Op.COMPOSITE)
            for name in ((term.lhs, term.rhs) if term.op in TWO_SIDED else (term.lhs,))
        )
        return tuple(dict.fromkeys(n for n in (*measured, *other) if n not in latent))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Labels of parameters, in the order written."""
        return tuple(dict.fromkeys(label for term in self.terms for label in term.labels))

    @cached_property
    def n_groups(self) -> int | None:
        """How many groups the statements tell apart (``c(a, b)*x``); None when none does."""
        return next((len(term.groups) for term in self.terms if term.groups), None)

    def construct(self, name: str) -> Construct:
        """Return the construct called `name`; SpecError with a suggestion when there is none."""
        from tcsmodel.options import did_you_mean

        for construct in self.constructs:
            if construct.name == name:
                return construct
        raise SpecError(
            f"There is no construct {name!r}; the model has {', '.join(self.construct_names)}."
            f"{did_you_mean(name, self.construct_names)}"
        )

    def antecedents(self, target: str) -> tuple[str, ...]:
        """Return the constructs with a directed way to `target`, in the order of the model."""
        reached: set[str] = set()
        waiting = [target]
        while waiting:
            name = waiting.pop()
            sources = {path.source for path in self.paths if path.target == name} - reached
            reached |= sources
            waiting.extend(sources)
        return tuple(name for name in self.construct_names if name in reached - {target})

    def measurement(self) -> ModelSpec:
        """Return the measurement part alone: no paths, no covariances of constructs.

        Constraints and defined parameters stay when all that they name stays.
        """
        constructs = set(self.construct_names)
        kept = tuple(
            t
            for t in self.terms
            if t.op is not Op.REGRESSION
            and not (t.op is Op.COVARIANCE and {t.lhs, t.rhs} & constructs)
        )
        known = {label for term in kept for label in term.labels}
        definitions = []
        for definition in self.definitions:
            if {name.name for name in names(definition.expression)} <= known:
                definitions.append(definition)
                known.add(definition.name)
        constraints = tuple(
            c for c in self.constraints if {name.name for name in names(c.difference)} <= known
        )
        return ModelSpec(kept, constraints, tuple(definitions))

    def __repr__(self) -> str:
        more = [
            f", {len(own)} {what}{'s' * (len(own) > 1)}"
            for own, what in ((self.constraints, "constraint"), (self.definitions, "definition"))
            if own
        ]
        kinds = ((self.constructs, "construct"), (self.items, "item"), (self.paths, "path"))
        parts = ", ".join(counted(len(own), what) for own, what in kinds)
        return f"ModelSpec({parts}{''.join(more)})"
