"""`ModelSpec`: what the researcher believes, as a tuple of terms.

A term is one statement of the model language, such as ``Image =~ a*IMAG1``.
Everything else (constructs, paths, items) is read off the terms, so the text, the
builder and the library make the same object and nothing is stored twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import isfinite

from tcsmodel.errors import SpecError


class Op(StrEnum):
    """Operators of the model language."""

    REFLECTIVE = "=~"
    COMPOSITE = "<~"
    REGRESSION = "~"
    COVARIANCE = "~~"


@dataclass(frozen=True)
class Term:
    """One statement about one pair.

    Parameters
    ----------
    lhs, op, rhs : str, Op, str
        As written: ``Image =~ IMAG1``, ``Loyalty ~ Satisfaction``, ``x1 ~~ x2``.
    fixed : float, optional
        The value of a fixed parameter (``0.5*x``).
    free : bool
        True where the text frees a parameter that would be fixed (``NA*x``).
    label : str, optional
        The parameter's label (``a*x``).
    start : float, optional
        Starting value (``start(0.5)*x``).
    """

    lhs: str
    op: Op
    rhs: str
    fixed: float | None = None
    free: bool = False
    label: str | None = None
    start: float | None = None

    def __post_init__(self) -> None:
        statement = f"'{self.lhs} {self.op} {self.rhs}'"
        for name in (self.lhs, self.rhs):
            if not isinstance(name, str) or not name.strip():
                raise SpecError(f"{statement} needs a name on each side, not {name!r}.")
        if self.op not in tuple(Op):
            raise SpecError(f"{statement}: {self.op!r} is not one of {', '.join(Op)}.")
        object.__setattr__(self, "op", Op(self.op))
        for value in (self.fixed, self.start):
            if value is not None and not isfinite(value):
                raise SpecError(f"{statement} has the value {value!r}; give a finite number.")
        if self.fixed is not None and (self.free or self.start is not None):
            raise SpecError(
                f"{statement} is fixed to {self.fixed:g} and freed at once; keep one of them."
            )


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
        The statements, in the order written.

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(self.terms))
        if not self.terms:
            raise SpecError(
                "The model has no statements. Try: Satisfaction =~ sat1 + sat2 + sat3, one per "
                "line."
            )
        conflict = first_conflict(self.terms)
        if conflict is not None:
            raise SpecError(conflict[1])

    @classmethod
    def parse(cls, text: str) -> ModelSpec:
        """Return the specification written as lavaan-style model text.

        Raises
        ------
        SpecError
            With the line and a caret under the place.
        """
        from tcsmodel.spec.syntax import parse_terms

        return cls(parse_terms(text))

    @classmethod
    def of(cls, *parts: Iterable[Term]) -> ModelSpec:
        """Return the specification of builder parts (`reflective`, `single`, `paths`, ...)."""
        return cls(tuple(term for part in parts for term in part))

    def __str__(self) -> str:
        from tcsmodel.spec.syntax import write_terms

        return write_terms(self.terms)

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
    def construct_names(self) -> tuple[str, ...]:
        """Names of the constructs."""
        return tuple(construct.name for construct in self.constructs)

    @cached_property
    def items(self) -> tuple[str, ...]:
        """Observed variables: those measured first, then those only in paths or covariances."""
        latent = set(self.construct_names)
        measured = (item for construct in self.constructs for item in construct.items)
        other = (
            name
            for term in self.terms
            if term.op in (Op.REGRESSION, Op.COVARIANCE)
            for name in (term.lhs, term.rhs)
        )
        return tuple(dict.fromkeys(n for n in (*measured, *other) if n not in latent))

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
        """Return the measurement part alone: no paths, no covariances of constructs."""
        kept = tuple(
            t
            for t in self.terms
            if t.op in (Op.REFLECTIVE, Op.COMPOSITE)
            or (t.op is Op.COVARIANCE and not {t.lhs, t.rhs} & set(self.construct_names))
        )
        return ModelSpec(kept)

    def __repr__(self) -> str:
        return (
            f"ModelSpec({len(self.constructs)} constructs, {len(self.items)} items, "
            f"{len(self.paths)} paths)"
        )


def first_conflict(terms: Sequence[Term]) -> tuple[int, str] | None:
    """Return the index of the first term that contradicts those before it, and the message."""
    seen: set[tuple[str, str, str]] = set()
    kind: dict[str, Op] = {}
    parts: dict[str, list[str]] = {}
    for i, term in enumerate(terms):
        left, right = term.lhs, term.rhs
        if term.op is Op.COVARIANCE:
            left, right = sorted((left, right))
        key = (left, term.op, right)
        if key in seen:
            return i, f"'{term.lhs} {term.op} {term.rhs}' is stated twice; keep one of them."
        seen.add(key)
        if term.op is Op.REGRESSION and term.lhs == term.rhs:
            return i, (
                f"'{term.lhs} ~ {term.rhs}' is a path from a construct to itself; remove it."
            )
        if term.op not in (Op.REFLECTIVE, Op.COMPOSITE):
            continue
        if kind.setdefault(term.lhs, term.op) is not term.op:
            return i, (
                f"Construct {term.lhs!r} is measured with both =~ and <~; choose one, or use two "
                "names."
            )
        parts.setdefault(term.lhs, []).append(term.rhs)
        if _reaches(parts, term.rhs, term.lhs):
            return i, f"Construct {term.lhs!r} cannot measure itself; name its items instead."
    return None


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
