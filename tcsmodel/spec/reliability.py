"""Single items whose reliability is known: error variances that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tcsmodel.errors import SpecError
from tcsmodel.spec.model import ModelSpec, Modifiers, Op, Term


def single_items(spec: ModelSpec, reliability: Mapping[str, float]) -> tuple[str, ...]:
    """Return the item of each construct with a given reliability.

    Raises
    ------
    SpecError
        When there is no such construct, it has several items, its item measures others too or
        has a part in paths, or the text states the item's variance.
    """
    return tuple(_single_item(spec, name) for name in reliability)


def _single_item(spec: ModelSpec, name: str) -> str:
    items = spec.construct(name).items
    if len(items) > 1:
        raise SpecError(
            f"reliability= is about constructs with one item, and {name!r} has {len(items)}: "
            "their errors are estimated. Leave it out of reliability=."
        )
    item = items[0]
    for term in spec.terms:
        if term.op is Op.COVARIANCE and term.lhs == term.rhs == item:
            raise SpecError(
                f"reliability= fixes the error variance of {item!r}, the item of {name!r}, but "
                f"the text states it: '{term.statement}'. Keep one of them."
            )
        measures_another = term.op is Op.REFLECTIVE and term.rhs == item and term.lhs != name
        in_path = term.op is Op.REGRESSION and item in (term.lhs, term.rhs)
        if measures_another or in_path or item in spec.construct_names:
            raise SpecError(
                f"reliability= needs an item that does nothing but measure {name!r}, and "
                f"'{term.statement}' gives {item!r} another part. Name {name!r} in its place, or "
                "leave it out of reliability=."
            )
    return item


def with_errors(
    spec: ModelSpec,
    reliability: Mapping[str, float],
    variances: Sequence[Mapping[str, float]],
) -> ModelSpec:
    """Return a specification with the error variances of single items fixed.

    Parameters
    ----------
    spec : ModelSpec
        The specification.
    reliability : mapping of str to float
        Share of the variance of its only item that a construct explains.
    variances : sequence of mapping of str to float
        The variance of each item, for each group.

    Returns
    -------
    ModelSpec
        With error variances of one minus the reliability times the variance of the item.

    Raises
    ------
    SpecError
        As `single_items`.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> from tcsmodel.spec.reliability import with_errors
    >>> spec = tcs.ModelSpec.parse("Complaints =~ CUSCO")
    >>> print(with_errors(spec, {"Complaints": 0.75}, [{"CUSCO": 4.0}]))
    Complaints =~ CUSCO
    CUSCO ~~ 1*CUSCO
    """
    added = []
    for item, share in zip(single_items(spec, reliability), reliability.values(), strict=True):
        fixed = [Modifiers(fixed=(1 - share) * own[item]) for own in variances]
        groups = tuple(fixed) if len(fixed) > 1 else ()
        value = None if groups else fixed[0].fixed
        added.append(Term(item, Op.COVARIANCE, item, groups=groups, fixed=value))
    return replace(spec, terms=(*spec.terms, *added))
