"""`Weighting`: how PLS turns items into constructs, beyond the modes of its constructs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import OptionError
from tcsmodel.kernels.consistent import Corrected, corrected
from tcsmodel.kernels.pls import Composites
from tcsmodel.models.path_model import PathModel
from tcsmodel.options import HigherOrder, Interaction, Mode, SignRule, did_you_mean, require

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Weighting:
    """What is given, what is corrected, and how constructs are turned.

    Parameters
    ----------
    held : ndarray (p,)
        Weights that are given, nan where they are estimated.
    consistent : ndarray (k,) of bool
        Constructs corrected by rho_A.
    reliability : ndarray (k,)
        The given reliability of single items, nan where none is.
    standardized : bool
        Whether items are standardized before they are weighted.
    sign : SignRule
        How constructs are turned.
    higher_order : HigherOrder
        How constructs that constructs measure come about.
    """

    held: Array
    consistent: Mask
    reliability: Array
    standardized: bool
    sign: SignRule
    higher_order: HigherOrder

    @classmethod
    def of(
        cls,
        model: PathModel,
        *,
        weights: Mapping[str, Mapping[str, float]],
        consistent: bool | tuple[str, ...],
        reliability: Mapping[str, float],
        standardized: bool,
        sign: SignRule,
        higher_order: HigherOrder,
    ) -> Weighting:
        """Return the weighting of a path model; arguments as those of `PLS`.

        Raises
        ------
        OptionError
            When a name is not a construct, a value outside its range, or a construct not of
            the kind that the argument is for.
        """
        made = cls(
            _held(model, weights),
            _consistent(model, consistent),
            _reliability(model, reliability),
            standardized,
            sign,
            higher_order,
        )
        if model.is_staged:
            _refuse_in_stages(model, made)
        return made

    @property
    def corrects(self) -> bool:
        """Whether any construct is corrected for unreliability."""
        return bool(self.consistent.any() or np.isfinite(self.reliability).any())

    def reliabilities(self, rho_a: Array) -> Array:
        """Return the reliability (..., k) that scores are corrected by; 1 where they are not."""
        given = np.where(np.isfinite(self.reliability), self.reliability, 1.0)
        return np.where(self.consistent, rho_a, given)

    def corrected(self, found: Composites, rho: Array, member: Mask) -> Corrected:
        """Return loadings and correlations of constructs, corrected where they are to be."""
        if not self.corrects:
            own = found.cross_loadings * member
            return Corrected(own, found.cross_loadings, found.construct_corr)
        return corrected(found.weights, found.cross_loadings, found.construct_corr, rho, member)


def _refuse_in_stages(model: PathModel, weighting: Weighting) -> None:
    what = "higher-order constructs" if model.parts else "interactions"
    require(
        not (weighting.corrects and model.parts),
        "consistent= and reliability= do not go with higher-order constructs yet: leave them out, "
        "or leave out the higher-order constructs.",
    )
    require(
        not weighting.corrects or model.interaction is Interaction.TWO_STAGE,
        f"consistent= and reliability= correct products of scores, and interaction="
        f"{model.interaction.value!r} multiplies items. Take interaction='two_stage'.",
    )
    require(
        weighting.standardized,
        f"standardized=False does not go with {what}, which are made of standardized scores. "
        "Leave it out.",
    )
    for c, parts in model.parts.items():
        own = np.flatnonzero(model.block == c)
        given = np.isfinite(weighting.held[own]).all() and model.modes[c] is Mode.FIXED
        require(
            not (given and weighting.higher_order is HigherOrder.REPEATED),
            f"weights[{model.constructs[c]!r}] says the weights of constructs, which repeated "
            "indicators do not have. Try higher_order='disjoint'.",
        )
        formative = model.modes[c] is Mode.B and model.paths[:, c].any()
        require(
            not (formative and weighting.higher_order is HigherOrder.REPEATED),
            f"With repeated indicators nothing is left to explain of {model.constructs[c]!r}: it "
            f"is formative (<~), so its parts {', '.join(model.constructs[p] for p in parts)} "
            "explain all of it. Try higher_order='disjoint' or 'embedded'.",
        )
    if model.interaction is not Interaction.TWO_STAGE:
        for name, pair in zip(
            np.array(model.constructs)[[*model.factors]], model.factors.values(), strict=True
        ):
            _refuse_items_of(model, str(name), pair)


def _refuse_items_of(model: PathModel, name: str, factors: tuple[int, int]) -> None:
    for c in factors:
        if c in model.parts or model.modes[c] is Mode.B:
            what = "constructs" if c in model.parts else "formative items (Mode B)"
            raise OptionError(
                f"interaction={model.interaction.value!r} multiplies reflective items, and "
                f"{model.constructs[c]!r} in {name!r} is made of {what}. Try "
                "interaction='two_stage'."
            )


def _held(model: PathModel, weights: Mapping[str, Mapping[str, float]]) -> Array:
    held = np.full(len(model.items), np.nan)
    for c, mode in enumerate(model.modes):
        name = model.constructs[c]
        require(
            mode is not Mode.FIXED or name in weights,
            f"modes[{name!r}]='fixed' needs the weights: weights={{{name!r}: {{...}}}}.",
        )
        if mode is Mode.UNIT:
            held[model.block == c] = 1.0
    for name, own in weights.items():
        items = model.own_items(_place(model, name, "weights"))
        require(
            isinstance(own, Mapping),
            f"weights[{name!r}] must say the weight of each item: {{{items[0]!r}: 1.0, ...}}.",
        )
        for item in own:
            require(
                item in items,
                f"weights[{name!r}] names {item!r}, which is not one of its items "
                f"({', '.join(items)}).{did_you_mean(item, items)}",
            )
        left = [item for item in items if item not in own]
        require(
            not left,
            f"weights[{name!r}] says nothing of {', '.join(left)}; give each item a weight, "
            "0 where it is to be left out.",
        )
        values = np.array([own[item] for item in items], dtype=np.float64)
        require(
            bool(np.isfinite(values).all() and (values != 0).any()),
            f"weights[{name!r}] must be numbers, not all of them 0.",
        )
        held[[model.items.index(item) for item in items]] = values
    return held


def _consistent(model: PathModel, consistent: bool | tuple[str, ...]) -> Mask:
    able = np.array([mode is Mode.A for mode in model.modes]) & (model.sizes > 1)
    if isinstance(consistent, bool):
        return able & consistent
    chosen = np.zeros(len(able), dtype=bool)
    for name in consistent:
        c = _place(model, name, "consistent")
        if model.sizes[c] == 1:
            raise OptionError(
                f"consistent names {name!r}, which has one item, and one item says nothing about "
                f"its reliability. State it: reliability={{{name!r}: 0.8}}."
            )
        if not able[c]:
            raise OptionError(
                f"consistent names {name!r}, whose weights are not those of Mode A, so its "
                "reliability is not known. Make it Mode A (=~), or leave it out of consistent=."
            )
        chosen[c] = True
    return chosen


def _reliability(model: PathModel, reliability: Mapping[str, float]) -> Array:
    given = np.full(len(model.constructs), np.nan)
    for name, value in reliability.items():
        c = _place(model, name, "reliability")
        if model.sizes[c] > 1:
            raise OptionError(
                f"reliability names {name!r}, which has {model.sizes[c]} items; PLS estimates its "
                f"reliability itself: consistent=[{name!r}]."
            )
        inside = isinstance(value, Real) and 0 < float(value) <= 1
        require(inside, f"reliability[{name!r}]={value!r} must lie above 0 and not above 1.")
        given[c] = value
    return given


def _place(model: PathModel, name: str, argument: str) -> int:
    if name not in model.constructs:
        raise OptionError(
            f"{argument} names {name!r}, which is not a construct "
            f"({', '.join(model.constructs)}).{did_you_mean(name, model.constructs)}"
        )
    return model.constructs.index(name)


def listed_names(names: bool | str | Iterable[str]) -> bool | tuple[str, ...]:
    """Return an argument that is True, False or names as a value that can be compared."""
    if isinstance(names, bool):
        return names
    return (names,) if isinstance(names, str) else tuple(names)
