"""Ordinal items in a parameter table: their thresholds, scales, and what is fixed or derived.

Behind each answer lies a continuous variable y*, of which only the interval between thresholds is
seen. Its location and scale are conventions: the intercept is zero, and in the *delta*
parameterization its scale is one, so that the residual variance follows (is *derived*); in the
*theta* parameterization the residual variance is one, and the scale follows. Where thresholds are
equal in all groups, they give later groups a location and a scale (Wu & Estabrook 2016):
intercepts are free there until they are made equal too, and so are scales, or residual variances.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tcsmodel.errors import OptionError, SpecError
from tcsmodel.options import GroupEqual
from tcsmodel.spec.model import ModelSpec, Op, Term

if TYPE_CHECKING:
    from tcsmodel.spec.parameters import Parameter, Structure


@dataclass(frozen=True)
class OrdinalItems:
    """Which items of a model are ordinal.

    Parameters
    ----------
    categories : tuple of (str, int)
        Their names and numbers of categories.
    theta : bool
        Whether residual variances are given and scales derived, rather than the reverse.
    """

    categories: tuple[tuple[str, int], ...] = ()
    theta: bool = False

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of categories by item."""
        return dict(self.categories)

    def __contains__(self, name: str) -> bool:
        return name in self.counts

    def __bool__(self) -> bool:
        return bool(self.categories)

    @property
    def most_thresholds(self) -> int:
        """The largest number of thresholds of an item; 0 without ordinal items."""
        return max((count - 1 for count in self.counts.values()), default=0)

    def n_statistics(self, items: Collection[str]) -> int:
        """Return how many thresholds, means, variances and correlations items have."""
        own = sum(self.counts[name] - 1 if name in self else 2 for name in items)
        return own + len(items) * (len(items) - 1) // 2

    def only_item(self, spec: ModelSpec, name: str) -> bool:
        """Tell whether a construct is measured by one item, an ordinal one."""
        items = spec.construct(name).items
        return len(items) == 1 and items[0] in self

    def thresholds(self, spec: ModelSpec, items: Collection[str]) -> Iterator[tuple[str, str]]:
        """Yield items with the thresholds that the text does not state."""
        stated = {(t.lhs, t.rhs) for t in spec.terms if t.op is Op.THRESHOLD}
        for name in items:
            for number in range(1, self.counts.get(name, 1)):
                if (name, f"t{number}") not in stated:
                    yield name, f"t{number}"

    def scales(
        self, items: Collection[str], group: int, equal: Collection[str]
    ) -> Iterator[tuple[str, float | None]]:
        """Yield ordinal items with what their scales are fixed to, None where free."""
        for name in items:
            if name in self:
                free = not self.theta and self._released(name, group, equal)
                yield name, None if free else 1.0

    def residual(
        self, name: str, group: int, equal: Collection[str], partial: Collection[str], alone: bool
    ) -> float | None:
        """Return what an item's residual variance is fixed to by default, None where free.

        What is equal in all groups is fixed alike, but for the rows named in `partial`.
        """
        if alone and (self.theta or name not in self):
            return 0.0
        if name not in self:
            return None
        is_free = self.theta and self._released(name, group, equal)
        held = GroupEqual.RESIDUALS in equal and f"{name}~~{name}" not in partial
        return None if is_free and not held else 1.0

    def intercept(
        self, name: str, group: int, equal: Collection[str], partial: Collection[str]
    ) -> float | None:
        """Return what an item's intercept is fixed to by default, None where free."""
        if name not in self:
            return None
        held = GroupEqual.INTERCEPTS in equal and f"{name}~1" not in partial
        return None if group and GroupEqual.THRESHOLDS in equal and not held else 0.0

    def _released(self, name: str, group: int, equal: Collection[str]) -> bool:
        """Tell whether equal thresholds give an item of a later group its scale.

        Two thresholds do; a single one only together with equal loadings and intercepts.
        """
        if not group or GroupEqual.THRESHOLDS not in equal:
            return False
        return self.counts[name] > 2 or {GroupEqual.LOADINGS, GroupEqual.INTERCEPTS} <= set(equal)

    def derives(self, row: Parameter) -> bool:
        """Tell whether the value of a row follows from those of others."""
        if row.lhs not in self:
            return False
        return row.op is Op.SCALE if self.theta else row.is_variance

    def check(
        self, spec: ModelSpec, structure: Structure, equal: Collection[str], *, fixed_x: bool
    ) -> None:
        """Raise where ordinal items are asked for what they do not have.

        Raises
        ------
        SpecError
            Naming the item or construct and what to do.
        OptionError
            When what is to be equal in all groups says nothing about ordinal items.
        """
        if not self:
            return
        for name in structure.causes if fixed_x else ():
            raise SpecError(
                f"{name!r} is an observed cause in a model with ordinal items, whose thresholds "
                "would depend on it. Take fixed_x=False, so that it counts as one of the items."
            )
        for name in self.counts:
            if name in structure.latents:
                raise SpecError(
                    f"{name!r} is ordinal and has a path or covariance with a construct of its "
                    f"own. Give it a construct, as in {name}_latent =~ {name}, and write the path "
                    "with that."
                )
        for term in spec.terms:
            self._check_term(term)
        for construct in spec.constructs:
            if self.only_item(spec, construct.name):
                self._check_single(construct.name, construct.items[0], structure)
        self._check_equal(equal)

    def _check_term(self, term: Term) -> None:
        if term.op is Op.THRESHOLD:
            count = self.counts.get(term.lhs)
            if count is None:
                raise SpecError(
                    f"'{term.statement}': {term.lhs!r} counts as continuous, which has no "
                    "thresholds. Name it in ordered=[...], or remove the statement."
                )
            if int(term.rhs[1:]) >= count:
                raise SpecError(
                    f"'{term.statement}': {term.lhs!r} has {count} categories, so its last "
                    f"threshold is t{count - 1}."
                )
        own = term.op is Op.COVARIANCE and term.lhs == term.rhs and term.lhs in self
        if own and not self.theta:
            raise SpecError(
                f"'{term.statement}': the residual variance of an ordinal item follows from its "
                "loading in the delta parameterization. Remove the statement, or take "
                "parameterization='theta'."
            )

    def _check_single(self, name: str, item: str, structure: Structure) -> None:
        if name in structure.outcomes and not self.theta:
            raise SpecError(
                f"Construct {name!r} is explained by paths and measured by one ordinal item, "
                f"{item!r}, whose scale follows from them. Take parameterization='theta'."
            )

    def _check_equal(self, equal: Collection[str]) -> None:
        if GroupEqual.RESIDUALS in equal and not self.theta:
            raise OptionError(
                "group_equal has 'residuals', which ordinal items have in the theta "
                "parameterization only. Take parameterization='theta'."
            )
        for kind in (GroupEqual.INTERCEPTS, GroupEqual.RESIDUALS):
            if kind in equal and GroupEqual.THRESHOLDS not in equal:
                raise OptionError(
                    f"group_equal has {kind.value!r} without 'thresholds', but ordinal items have "
                    f"comparable {kind.value} only where thresholds are equal. Add 'thresholds'."
                )


# No ordinal items.
CONTINUOUS = OrdinalItems()
