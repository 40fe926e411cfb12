"""From the statements of a specification to those of every group, defaults filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from tcsmodel.errors import SpecError
from tcsmodel.options import GroupEqual, did_you_mean
from tcsmodel.spec.model import Construct, ModelSpec, Op, Term
from tcsmodel.spec.ordinal import CONTINUOUS, OrdinalItems

if TYPE_CHECKING:
    from tcsmodel.spec.parameters import Structure

Stated = tuple[Term, bool]


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


def written(spec: ModelSpec, group: int, defaults: Defaults) -> Iterator[tuple[Term, bool]]:
    """Yield the statements as written, with the marker loading of each construct fixed."""
    markers = {c.name: defaults.marker(spec, c) for c in spec.constructs}
    for stated in spec.terms:
        term = stated.in_group(group)
        is_marker = term.op is Op.REFLECTIVE and markers[term.lhs] == term.rhs
        if is_marker and term.fixed is None and not term.free:
            yield _fixed(term, 1.0), False
        else:
            yield term, False


def _fixed(term: Term, value: float | None) -> Term:
    return replace(term, fixed=value, free=False, start=None, lower=None, upper=None)


def unwritten(
    spec: ModelSpec, structure: Structure, group: int, defaults: Defaults
) -> Iterator[tuple[Term, bool]]:
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
    for term in ordinal.thresholds(spec, observed):
        yield term, False
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
            yield Term(lhs, Op.COVARIANCE, rhs, fixed=fixed), False
    for at, lhs in enumerate(structure.causes):
        for rhs in structure.causes[at:]:
            yield Term(lhs, Op.COVARIANCE, rhs), defaults.fixed_x
    for term in ordinal.scales(observed, group, equal):
        yield term, False
    if not defaults.means:
        return
    intercepts = {t.lhs for t in spec.terms if t.op is Op.INTERCEPT}
    for name in (*observed, *structure.causes):
        if name not in intercepts:
            fixed = ordinal.intercept(name, group, equal, partial)
            is_given = defaults.fixed_x and name in structure.causes
            yield Term(name, Op.INTERCEPT, "", fixed=fixed), is_given
    for construct in spec.constructs:
        if construct.name not in intercepts:
            fixed = defaults.mean(group, set(construct.items) <= set(constructs))
            yield Term(construct.name, Op.INTERCEPT, "", fixed=fixed), False


def tie(
    terms: list[list[tuple[Term, bool]]],
    structure: Structure,
    equal: frozenset[GroupEqual],
    partial: frozenset[str],
) -> None:
    """Give the free rows of the kinds that are equal in all groups one label for all groups."""
    names = [f"{term.lhs}{term.op}{term.rhs}" for term, _ in terms[0]]
    for name in sorted(partial - set(names)):
        raise SpecError(
            f"group_partial names {name!r}, which is not a parameter of the model."
            f"{did_you_mean(name, names)}"
        )
    for at, name in enumerate(names):
        term, exogenous = terms[0][at]
        if exogenous or name in partial or structure.kind(term) not in equal:
            continue
        for rows in terms:
            own = rows[at][0]
            if own.fixed is None and own.label is None:
                rows[at] = replace(own, label=f".p{at + 1}."), False


def numbered(
    terms: list[list[tuple[Term, bool]]],
) -> Iterator[tuple[Term, bool, int, int | None]]:
    """Yield terms with group and free index; a label shared with a fixed term fixes both."""
    flat = [(term, exo, group) for group, own in enumerate(terms) for term, exo in own]
    fixed = {t.label: t.fixed for t, _, _ in flat if t.label and t.fixed is not None}
    index: dict[str, int] = {}
    count = 0
    for term, exogenous, group in flat:
        if term.fixed is not None:
            yield term, exogenous, group, None
        elif term.label in fixed:
            yield _fixed(term, fixed[term.label]), exogenous, group, None
        elif term.label in index:
            yield term, exogenous, group, index[term.label]
        else:
            if term.label:
                index[term.label] = count
            yield term, exogenous, group, count
            count += 1
