"""`Blueprint`: a published model with the places where a survey's own item names go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tcsmodel.errors import SpecError
from tcsmodel.options import did_you_mean
from tcsmodel.spec.build import composite, paths, reflective
from tcsmodel.spec.model import ModelSpec, Term

Items = Mapping[str, Sequence[str]]
Structure = tuple[tuple[tuple[str, ...], str], ...]

MOBI = {
    "Image": ("IMAG1", "IMAG2", "IMAG3", "IMAG4", "IMAG5"),
    "Expectation": ("CUEX1", "CUEX2", "CUEX3"),
    "Quality": ("PERQ1", "PERQ2", "PERQ3", "PERQ4", "PERQ5", "PERQ6", "PERQ7"),
    "Value": ("PERV1", "PERV2"),
    "Satisfaction": ("CUSA1", "CUSA2", "CUSA3"),
    "Complaints": ("CUSCO",),
    "Loyalty": ("CUSL1", "CUSL2", "CUSL3"),
}


def from_mobi(*constructs: str) -> dict[str, tuple[str, ...]]:
    """Return the items that the bundled survey has for these constructs."""
    return {name: MOBI[name] for name in constructs}


def numbered(**counts: int) -> dict[str, tuple[str, ...]]:
    """Return generic item names: the construct in lower case and a number.

    Examples
    --------
    >>> from tcsmodel.spec.library.blueprint import numbered
    >>> numbered(SwitchingCost=2, Revenue=1)
    {'SwitchingCost': ('switching_cost1', 'switching_cost2'), 'Revenue': ('revenue',)}
    """
    stems = {name: re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in counts}
    return {
        name: (stems[name],) if n == 1 else tuple(f"{stems[name]}{i}" for i in range(1, n + 1))
        for name, n in counts.items()
    }


@dataclass(frozen=True)
class Blueprint:
    """Constructs with default items, and the paths among them.

    Parameters
    ----------
    name : str
        The function that gives the model, for messages.
    items : dict of str to tuple of str
        The default items of each construct, in the order of the model.
    structure : tuple of (sources, target)
        The paths.
    formed : tuple of str
        Constructs that their items form (``<~``).
    above : dict of str to tuple of str
        Second-order constructs and the constructs that measure or, where they are `formed`, form
        them.
    """

    name: str
    items: Items
    structure: Structure = ()
    formed: tuple[str, ...] = ()
    above: Items = field(default_factory=dict)

    def spec(self, items: Items | None) -> ModelSpec:
        """Return the model with these items of every construct; by default its own."""
        items = self.items if items is None else items
        self._check(items)
        own = (self._block(construct, items[construct]) for construct in self.items)
        higher = (self._block(construct, parts) for construct, parts in self.above.items())
        return ModelSpec.of(*own, *higher, *(paths(*arrow) for arrow in self.structure))

    def _block(self, construct: str, items: Sequence[str]) -> Iterable[Term]:
        return (composite if construct in self.formed else reflective)(construct, items)

    def _check(self, items: Items) -> None:
        known = list(self.items)
        for construct in items:
            if construct in self.above:
                raise SpecError(
                    f"{construct!r} of {self.name}() is made of "
                    f"{', '.join(self.above[construct])}; give the items to those."
                )
            if construct not in known:
                raise SpecError(
                    f"{construct!r} is not a construct of {self.name}(), which has "
                    f"{', '.join(known)}.{did_you_mean(construct, known)}"
                )
        for construct in known:
            if construct not in items:
                raise SpecError(
                    f"Construct {construct!r} of {self.name}() has no items. Add {construct!r}: "
                    "[...] to items, or write the model without it with ModelSpec.parse(text)."
                )
