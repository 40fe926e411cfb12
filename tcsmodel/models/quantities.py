"""The quantities of a PLS result, and how each is laid out as a tidy table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.models.draws import Draws
from tcsmodel.models.path_model import PathModel
from tcsmodel.options import Side, did_you_mean, require, require_level

Array = NDArray[np.float64]
Cells = tuple[NDArray[np.intp], ...]


class Layout(StrEnum):
    """What one number of a quantity belongs to."""

    ITEM = "item"
    OUTCOME_ITEM = "item of a construct with antecedents"
    ITEM_BY_CONSTRUCT = "item by construct"
    CONSTRUCT = "construct"
    TARGET = "construct with antecedents"
    PATH = "path"
    WAY = "directed way"
    DETOUR = "directed way of two or more paths"
    PAIR = "pair of constructs"
    TRIANGLE = "pair of constructs or the construct itself"


QUANTITIES: dict[str, Layout] = {
    "outer_weights": Layout.ITEM,
    "outer_loadings": Layout.ITEM,
    "cross_loadings": Layout.ITEM_BY_CONSTRUCT,
    "paths": Layout.PATH,
    "total_effects": Layout.WAY,
    "indirect_effects": Layout.DETOUR,
    "r_squared": Layout.TARGET,
    "r_squared_adj": Layout.TARGET,
    "f_squared": Layout.PATH,
    "vif": Layout.PATH,
    "construct_corr": Layout.PAIR,
    "alpha": Layout.CONSTRUCT,
    "rho_a": Layout.CONSTRUCT,
    "rho_c": Layout.CONSTRUCT,
    "ave": Layout.CONSTRUCT,
    "htmt": Layout.PAIR,
    "htmt2": Layout.PAIR,
    "communality": Layout.ITEM,
    "redundancy": Layout.OUTCOME_ITEM,
    "mean_communality": Layout.CONSTRUCT,
    "mean_redundancy": Layout.TARGET,
    "fornell_larcker": Layout.TRIANGLE,
    "item_vif": Layout.ITEM,
    "item_means": Layout.ITEM,
    "item_sds": Layout.ITEM,
}


def cells(model: PathModel, quantity: str) -> tuple[pd.DataFrame, Cells]:
    """Return the labels of a quantity's numbers, a row each, and their places in its array."""
    layout = QUANTITIES[quantity]
    constructs = np.array(model.constructs, dtype=object)
    items = np.array(model.items, dtype=object)
    if layout in (Layout.ITEM, Layout.OUTCOME_ITEM):
        explained = np.isin(model.block, model.targets)
        at: Cells = (np.flatnonzero(explained | (layout is Layout.ITEM)),)
        return _frame(item=items[at[0]], construct=constructs[model.block][at[0]]), at
    if layout is Layout.ITEM_BY_CONSTRUCT:
        at = tuple(np.indices((len(items), len(constructs))).reshape(2, -1))
        return _frame(item=items[at[0]], construct=constructs[at[1]]), at
    if layout in (Layout.CONSTRUCT, Layout.TARGET):
        everyone = range(len(constructs))
        at = (np.array(everyone if layout is Layout.CONSTRUCT else model.targets),)
        return _frame(construct=constructs[at[0]]), at
    if layout in (Layout.PAIR, Layout.TRIANGLE):
        second, first = np.tril_indices(len(constructs), -1 if layout is Layout.PAIR else 0)
        return _frame(construct=constructs[first], other=constructs[second]), (first, second)
    at = _directed(model, layout)
    return _frame(source=constructs[at[0]], target=constructs[at[1]]), at


def interval_table(
    model: PathModel,
    arrays: Mapping[str, Array],
    draws: Draws | None,
    quantity: str,
    level: float | None = None,
    side: Side | str = Side.BOTH,
) -> pd.DataFrame:
    """Return a quantity's labels and ``estimate se ci_lower ci_upper``.

    Raises
    ------
    OptionError
        When there is no such quantity.
    TcsError
        When there are no draws.
    """
    require_quantity(quantity)
    if level is not None:
        require_level(level)
    if draws is None:
        raise TcsError(
            "There are no draws yet, so there are no intervals. "
            "Try result.bootstrap(5000, seed=7).intervals(...)."
        )
    frame, at = cells(model, quantity)
    lower, upper = draws.interval(quantity, level, side=side)
    return frame.assign(
        estimate=arrays[quantity][at],
        se=draws.se(quantity)[at],
        ci_lower=lower[at],
        ci_upper=upper[at],
    )


def require_quantity(quantity: str) -> None:
    """Raise OptionError unless there is such a quantity."""
    require(
        quantity in QUANTITIES,
        f"quantity={quantity!r} is not one of {', '.join(QUANTITIES)}."
        f"{did_you_mean(quantity, QUANTITIES)}",
    )


def path_table(model: PathModel, arrays: Mapping[str, Array], draws: Draws | None) -> pd.DataFrame:
    """Return ``source target path se ci_lower ci_upper f_squared vif``, a row per path."""
    frame, at = cells(model, "paths")
    frame["path"] = arrays["paths"][at]
    if draws is not None:
        bounds = interval_table(model, arrays, draws, "paths")
        frame = frame.join(bounds[["se", "ci_lower", "ci_upper"]])
    return frame.assign(f_squared=arrays["f_squared"][at], vif=arrays["vif"][at])


def measurement_table(
    model: PathModel, arrays: Mapping[str, Array], draws: Draws | None
) -> pd.DataFrame:
    """Return weights, loadings, communalities, VIF, means and deviations, a row per item."""
    frame, _ = cells(model, "outer_weights")
    frame["mode"] = [str(model.modes[c]) for c in model.block]
    for name, quantity in (("weight", "outer_weights"), ("loading", "outer_loadings")):
        frame[name] = arrays[quantity]
        if draws is not None:
            lower, upper = draws.interval(quantity)
            frame[f"{name}_ci_lower"], frame[f"{name}_ci_upper"] = lower, upper
    return frame.assign(
        communality=arrays["outer_loadings"] ** 2,
        vif=arrays["item_vif"],
        mean=arrays["item_means"],
        sd=arrays["item_sds"],
    )


def _directed(model: PathModel, layout: Layout) -> Cells:
    """Return sources and targets: paths as written, ways by target."""
    if layout is Layout.PATH:
        source, target = np.array(model.written).T
    else:
        ways = model.ways if layout is Layout.WAY else model.detours
        target, source = np.nonzero(ways.T)
    return source, target


def _frame(**columns: NDArray[np.object_]) -> pd.DataFrame:
    return pd.DataFrame({name: values.tolist() for name, values in columns.items()})
