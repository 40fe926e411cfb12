"""The rules by which data can, or cannot, determine the parameters of a table.

Counting, and what a construct needs: a scale, and enough items of its own. Where constraints
with operators are involved only counting is certain; the information at the data decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tcsmodel.errors import IdentificationError, SpecError
from tcsmodel.spec.model import Op

if TYPE_CHECKING:
    from tcsmodel.spec.parameters import Parameter, ParameterTable


def check_identified(table: ParameterTable) -> None:
    """Raise when no data can determine the parameters.

    Raises
    ------
    SpecError
        When nothing is left to estimate.
    IdentificationError
        Naming the construct and the cure, or the count of parameters and moments.
    """
    if table.n_free == 0:
        raise SpecError("Every parameter of the model is fixed; nothing is left to estimate.")
    if not table.spec.constraints:
        first = _First.of(table)
        for name in table.latents[: table.n_constructs]:
            _check_scaled(table, first, name)
            _check_single_item(table, first, name)
            _check_block(table, first, name)
        _check_means(table, first)
    if table.df < 0:
        moments = (
            "means, variances and covariances" if table.has_means else "variances and covariances"
        )
        if table.ordinal:
            moments = "thresholds and correlations"
        raise IdentificationError(
            f"The model has {table.n_parameters} free parameters but its {len(table.items)} items "
            f"give only {table.n_moments - table.n_exogenous} {moments} "
            f"(df = {table.df}). Remove paths or covariances, or add items."
        )


@dataclass(frozen=True)
class _First:
    """The rows of the first group, by what they are about.

    loadings: those of each construct; variances: by variable; second: all of them and the
    covariances and paths.
    """

    loadings: Mapping[str, Sequence[Parameter]]
    variances: Mapping[str, Parameter]
    second: Sequence[Parameter]

    @classmethod
    def of(cls, table: ParameterTable) -> _First:
        loadings: dict[str, list[Parameter]] = {}
        variances: dict[str, Parameter] = {}
        firsts = (Op.INTERCEPT, Op.THRESHOLD, Op.SCALE)
        second = [row for row in table.by_group[0] if row.op not in firsts]
        for row in second:
            if row.op is Op.REFLECTIVE:
                loadings.setdefault(row.lhs, []).append(row)
            elif row.is_variance:
                variances.setdefault(row.lhs, row)
        return cls(loadings, variances, second)


def _check_scaled(table: ParameterTable, first: _First, name: str) -> None:
    """Raise when neither a loading nor the variance of a construct is fixed."""
    own = [*first.loadings[name], first.variances[name]]
    if not table.scales and not any(row.fixed for row in own):
        raise IdentificationError(
            f"Construct {name!r} has no scale: its loadings and its variance are all free. Fix one "
            f"loading ({name} =~ 1*{own[0].rhs}) or its variance ({name} ~~ 1*{name})."
        )


def _check_single_item(table: ParameterTable, first: _First, name: str) -> None:
    """Raise when one item should tell a construct's variance from its own error."""
    loadings = first.loadings[name]
    item = loadings[0].rhs
    if len(loadings) > 1 or item in table.latents:
        return
    error, variance = first.variances.get(item), first.variances[name]
    loaded = sum(row.op is Op.REFLECTIVE and row.rhs == item for row in first.second)
    both_free = error is not None and error.free is not None
    both_free = both_free and variance.free is not None
    if both_free and loaded == 1:
        raise IdentificationError(
            f"Construct {name!r} has one item, {item!r}, so its variance cannot be told from the "
            f"item's error. Fix the error variance ({item} ~~ 0*{item}), or add items."
        )


def _check_block(table: ParameterTable, first: _First, name: str) -> None:
    """Raise when a construct on its own has more parameters than its indicators have moments."""
    indicators = [row.rhs for row in first.loadings[name]]
    inside = {name, *indicators}
    own = set()
    # Paths and covariances between constructs stand last: most constructs are told by the first.
    for row in reversed(first.second):
        left, right = row.lhs in inside, row.rhs in inside
        if not (left or right) or row.fixed == 0.0:
            continue
        if row.op is Op.REFLECTIVE and row.lhs in indicators:
            continue
        if not (left and right):
            return
        if row.free is not None:
            own.add(row.free)
    k = len(indicators)
    moments = k * (k + 1) // 2 - sum(name in table.ordinal for name in indicators)
    if len(own) - bool(table.scales) <= moments:
        return
    if k > 2:
        raise IdentificationError(
            f"Construct {name!r} has {len(own)} free parameters of its own, but its {k} items have "
            f"only {moments} variances and covariances. Remove covariances between its items, or "
            "give it more items."
        )
    equal = " + ".join(f"a*{item}" for item in indicators)
    raise IdentificationError(
        f"Construct {name!r} has {k} items and no connection to other constructs, so its loadings "
        "are not identified. Give it a third item, connect it with a path, or fix the loadings "
        f"equal: {name} =~ {equal}."
    )


def _check_means(table: ParameterTable, first: _First) -> None:
    """Raise when a construct's mean and the intercepts of all its items are free."""
    if table.scales or not table.has_means:
        return
    rows = table.by_group[0]
    free = {row.lhs for row in rows if row.op is Op.INTERCEPT and row.free is not None}
    for name in table.latents[: table.n_constructs]:
        items = [row.rhs for row in first.loadings[name]]
        labels = [row for row in rows if row.lhs in (name, *items) and row.label]
        if name in free and set(items) <= free and not labels and len(table.groups) == 1:
            raise IdentificationError(
                f"The mean of construct {name!r} and the intercepts of all its items are free, so "
                f"no data can tell them apart. Fix one intercept, as in {items[0]} ~ 0*1."
            )
