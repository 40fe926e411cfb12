"""From the statements of a specification to those of every group, defaults filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from tcsmodel.errors import SpecError
from tcsmodel.options import GroupEqual, did_you_mean
from tcsmodel.spec.model import Construct, ModelSpec, Op, Term
from tcsmodel.spec.ordinal import CONTINUOUS, OrdinalItems

if TYPE_CHECKING:
    from tcsmodel.spec.parameters import Structure


class Row(NamedTuple):
    """One statement in one group, as the fields of `Term` and `parameters.Parameter` say."""

    lhs: str
    op: Op
    rhs: str
    fixed: float | None = None
    start: float | None = None
    lower: float | None = None
    upper: float | None = None
    label: str | None = None
    exogenous: bool = False

    @classmethod
    def of(cls, term: Term) -> Row:
        """Return the row of a statement as written."""
        return cls(
            term.lhs,
            term.op,
            term.rhs,
            term.fixed,
            term.start,
            term.lower,
            term.upper,
            term.label,
        )

    def fixed_at(self, value: float | None) -> Row:
        """Return the row with a fixed value, which takes the place of start and bounds."""
        return self._replace(fixed=value, start=None, lower=None, upper=None)


@dataclass(frozen=True)
class Defaults:
    """The options on which defaults depend; as those of `parameters.parameter_table`."""

    means: bool
    std_lv: bool = False
    effect_coding: bool = False
    orthogonal: bool = False
    fixed_x: bool = True
    equal: frozenset[GroupEqual] = frozenset()
    ordinal: OrdinalItems = CONTINUOUS
    partial: frozenset[str] = frozenset()

    def marker(self, spec: ModelSpec, construct: Construct) -> str:
        """Return the item whose loading is one by default, empty without one."""
        if self.std_lv and not self.ordinal.only_item(spec, construct.name):
            return ""
        return "" if self.effect_coding and len(construct.items) > 1 else construct.items[0]

    def variance(self, group: int) -> float | None:
        """Return what a construct's variance is fixed to by default."""
        equal = GroupEqual.LOADINGS in self.equal and GroupEqual.LV_VARIANCES not in self.equal
        return 1.0 if self.std_lv and not (group and equal) else None

    def covariance(self, both_latent: bool) -> float | None:
        """Return what a covariance of exogenous constructs or of outcomes is fixed to."""
        return 0.0 if self.orthogonal and both_latent else None

    def mean(self, group: int, of_constructs: bool) -> float | None:
        """Return what the mean of a construct, of items or `of_constructs`, is fixed to."""
        equal = GroupEqual.INTERCEPTS in self.equal and GroupEqual.MEANS not in self.equal
        if self.effect_coding and not self.ordinal:
            return None
        # Means of the parts and of the whole cannot be told apart.
        return None if group and equal and not of_constructs else 0.0


def written(spec: ModelSpec, group: int, defaults: Defaults) -> Iterator[Row]:
    """Yield the statements as written, with the marker loading of each construct fixed."""
    markers = {c.name: defaults.marker(spec, c) for c in spec.constructs}
    for stated in spec.terms:
        term = stated.in_group(group)
        is_marker = term.op is Op.REFLECTIVE and markers[term.lhs] == term.rhs
        if is_marker and term.fixed is None and not term.free:
            yield Row.of(term).fixed_at(1.0)
        else:
            yield Row.of(term)


def unwritten(
    spec: ModelSpec, structure: Structure, group: int, defaults: Defaults
) -> Iterator[Row]:
    """Yield the variances, covariances and intercepts that the text leaves to the defaults."""
    stated = {frozenset((t.lhs, t.rhs)) for t in spec.terms if t.op is Op.COVARIANCE}
    alone = {c.items[0] for c in spec.constructs if len(c.items) == 1}
    alone -= {i for c in spec.constructs if len(c.items) > 1 for i in c.items}
    alone -= set(structure.outcomes)
    constructs = spec.construct_names
    observed = [i for i in structure.indicators if i not in constructs]
    observed += [n for n in structure.outcomes if n not in constructs]
    observed += [n for n in spec.items if n not in structure.causes]
    observed = list(dict.fromkeys(observed))
    ordinal, equal, partial = defaults.ordinal, defaults.equal, defaults.partial
    for name, threshold in ordinal.thresholds(spec, observed):
        yield Row(name, Op.THRESHOLD, threshold)
    pairs = [(n, n, ordinal.residual(n, group, equal, partial, n in alone)) for n in observed]
    for name in constructs:
        # An ordinal item alone tells nothing of its construct's scale.
        single = ordinal.only_item(spec, name)
        pairs.append((name, name, 1.0 if single else defaults.variance(group)))
    for a, b in combinations(structure.exogenous, 2):
        pairs.append((a, b, defaults.covariance(True)))
    for a, b in combinations(structure.pure_outcomes, 2):
        pairs.append((a, b, defaults.covariance({a, b} <= set(constructs))))
    for lhs, rhs, fixed in pairs:
        if frozenset((lhs, rhs)) not in stated:
            yield Row(lhs, Op.COVARIANCE, rhs, fixed)
    for at, lhs in enumerate(structure.causes):
        for rhs in structure.causes[at:]:
            yield Row(lhs, Op.COVARIANCE, rhs, exogenous=defaults.fixed_x)
    for name, fixed in ordinal.scales(observed, group, equal):
        yield Row(name, Op.SCALE, name, fixed)
    if not defaults.means:
        return
    intercepts = {t.lhs for t in spec.terms if t.op is Op.INTERCEPT}
    for name in (*observed, *structure.causes):
        if name not in intercepts:
            fixed = ordinal.intercept(name, group, equal, partial)
            is_given = defaults.fixed_x and name in structure.causes
            yield Row(name, Op.INTERCEPT, "", fixed, exogenous=is_given)
    for construct in spec.constructs:
        if construct.name not in intercepts:
            fixed = defaults.mean(group, set(construct.items) <= set(constructs))
            yield Row(construct.name, Op.INTERCEPT, "", fixed)


def tie(
    rows: list[list[Row]],
    structure: Structure,
    equal: frozenset[GroupEqual],
    partial: frozenset[str],
) -> None:
    """Give the free rows of the kinds that are equal in all groups one label for all groups."""
    names = [f"{row.lhs}{row.op}{row.rhs}" for row in rows[0]]
    for name in sorted(partial - set(names)):
        raise SpecError(
            f"group_partial names {name!r}, which is not a parameter of the model."
            f"{did_you_mean(name, names)}"
        )
    for at, name in enumerate(names):
        row = rows[0][at]
        if row.exogenous or name in partial or structure.kind(row) not in equal:
            continue
        for own in rows:
            if own[at].fixed is None and own[at].label is None:
                own[at] = own[at]._replace(label=f".p{at + 1}.")


def numbered(rows: list[list[Row]]) -> Iterator[tuple[Row, int, int | None]]:
    """Yield rows with group and free index; a label shared with a fixed row fixes both."""
    flat = [(row, group) for group, own in enumerate(rows) for row in own]
    fixed = {row.label: row.fixed for row, _ in flat if row.label and row.fixed is not None}
    index: dict[str, int] = {}
    count = 0
    for row, group in flat:
        if row.fixed is not None:
            yield row, group, None
        elif row.label in fixed:
            yield row.fixed_at(fixed[row.label]), group, None
        elif row.label in index:
            yield row, group, index[row.label]
        else:
            if row.label:
                index[row.label] = count
            yield row, group, count
            count += 1
