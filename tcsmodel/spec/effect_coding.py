"""Effect coding: a construct has the average scale of its items (Little, Slegers & Card 2006).

The loadings of each construct are one on average and, where means are modelled, the intercepts of
its items zero, so that its variance and mean are in the unit of the answers. In every group.
Ordinal items have thresholds instead of intercepts, and leave the means of constructs at zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tcsmodel.errors import SpecError
from tcsmodel.spec.expression import Program
from tcsmodel.spec.model import Construct, ModelSpec, Op

if TYPE_CHECKING:
    from tcsmodel.spec.parameters import Parameter


def scales(spec: ModelSpec, rows: Sequence[Parameter], *, means: bool) -> tuple[Program, ...]:
    """Return what effect coding makes zero, each once.

    Raises
    ------
    SpecError
        When the text fixes a loading, the variance or the mean of a construct: it would have
        two scales.
    """
    made: dict[Program, None] = {}
    rows = [row for row in rows if means or row.op is not Op.INTERCEPT]
    for group in dict.fromkeys(row.group for row in rows):
        own = [row for row in rows if row.group == group]
        for construct in spec.constructs:
            loadings = [r for r in own if r.op is Op.REFLECTIVE and r.lhs == construct.name]
            origins = [r for r in own if r.op is Op.INTERCEPT and r.lhs in construct.items]
            _require_free(construct, loadings, own)
            if len(loadings) > 1:
                made[_sum(loadings, len(loadings))] = None
            if origins:
                made[_sum(origins, 0)] = None
    return tuple(made)


def _require_free(
    construct: Construct, loadings: Sequence[Parameter], rows: Sequence[Parameter]
) -> None:
    name = construct.name
    moments = [r for r in rows if r.lhs == name and (r.is_variance or r.op is Op.INTERCEPT)]
    for row in (*(loadings if len(loadings) > 1 else ()), *moments):
        if row.fixed is not None and not (row.fixed == 0.0 and row.op is Op.REFLECTIVE):
            raise SpecError(
                f"effect_coding=True gives construct {name!r} the average scale of its items, but "
                f"the text fixes '{row.name}' at {row.fixed:g}. Free it, or leave out "
                "effect_coding."
            )


def _sum(rows: Sequence[Parameter], total: float) -> Program:
    """Return the sum of parameters minus a number, as a program."""
    known = sum(row.fixed for row in rows if row.fixed is not None)
    steps: list[tuple[str, int | float]] = [("number", float(known - total))]
    for row in rows:
        if row.free is not None:
            steps += [("parameter", row.free), ("+", 0)]
    return tuple(steps)
