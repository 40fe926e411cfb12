"""Constructs made of constructs, and products of constructs: what PLS takes of them."""

from __future__ import annotations

from tcsmodel.errors import SpecError
from tcsmodel.options import did_you_mean
from tcsmodel.spec.model import Construct, ModelSpec


def refuse_higher_order(spec: ModelSpec) -> None:
    """Raise SpecError where a construct that constructs measure is not second order, and plain."""
    names = spec.construct_names
    above: dict[str, str] = {}
    for construct in spec.constructs:
        lower = [item for item in construct.items if item in names]
        if not lower:
            continue
        _refuse_mixture(construct, lower)
        for part in lower:
            if any(item in names for item in spec.construct(part).items):
                raise SpecError(
                    f"Construct {construct.name!r} is third order (its part {part!r} is measured "
                    f"by constructs too), which PLS does not fit. Measure {construct.name!r} by "
                    f"the parts of {part!r}, or use SEM."
                )
            if part in above:
                raise SpecError(
                    f"Construct {part!r} measures {above[part]!r} and {construct.name!r}; in PLS "
                    "it has one place. Keep it in one of them."
                )
            above[part] = construct.name
    for path in spec.paths:
        for name in (path.source, path.target):
            if name in above:
                raise SpecError(
                    f"'{path.target} ~ {path.source}': {name!r} measures {above[name]!r}, and in "
                    "PLS what measures another construct has no path of its own. Take "
                    f"{above[name]!r} in its place, or take {name!r} out of {above[name]!r}."
                )


def _refuse_mixture(construct: Construct, lower: list[str]) -> None:
    items = [item for item in construct.items if item not in lower]
    if items:
        raise SpecError(
            f"Construct {construct.name!r} is measured by construct {lower[0]!r} and by item "
            f"{items[0]!r}; in PLS it is the one or the other. Make the item a construct: "
            f"'My{items[0]} =~ {items[0]}', and name that."
        )
    if len(lower) < 2:
        raise SpecError(
            f"Construct {construct.name!r} is measured by one construct, {lower[0]!r}, so it is "
            "the same. Name another one besides, or take the items themselves."
        )


def refuse_products(spec: ModelSpec) -> None:
    """Raise SpecError where a factor of an interaction is unknown, or has no path beside it."""
    names = spec.construct_names
    for term in spec.terms:
        for factor in term.product:
            if factor not in names:
                raise SpecError(
                    f"{factor!r} in '{term.statement}' is not a construct, and interactions in "
                    f"PLS are of constructs. If it is an item, wrap it: 'My{factor} =~ {factor}'."
                    f"{did_you_mean(factor, names)}"
                )
            if not any(p.source == factor and p.target == term.lhs for p in spec.paths):
                raise SpecError(
                    f"'{term.statement}' has no path of {factor!r} itself beside it, so the "
                    "interaction would stand for both. Add it: "
                    f"'{term.lhs} ~ {factor} + {term.rhs}'."
                )
