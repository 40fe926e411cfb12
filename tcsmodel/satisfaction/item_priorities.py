"""Priorities below the drivers: the part of each item, and of each part, in a driver's effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.kernels import priority as kernel

if TYPE_CHECKING:
    from tcsmodel.satisfaction.priorities import Priorities

Array = NDArray[np.float64]

SHOWN = ("importance", "performance", "gain")


def item_table(order: Priorities) -> pd.DataFrame:
    """Return one row per item of a driver, first priority first; the columns of `items`."""
    index, model = order.index, order.estimator.model
    item, construct = index.parts
    at = np.flatnonzero([index.constructs[c] in order.drivers for c in construct])

    def quantities(values: Mapping[str, Array]) -> dict[str, Array]:
        share, performance = values["item_shares"], values["item_performance"]
        return _quantities(order, values, construct[at], share[..., at], performance[..., item[at]])

    labels = {
        "driver": [index.constructs[c] for c in construct[at]],
        "item": [model.observed[i] for i in item[at]],
    }
    return _ranked(order, labels, quantities)


def dimension_table(order: Priorities) -> pd.DataFrame:
    """Return one row per part of a higher-order driver; the columns of `dimensions`."""
    index, model = order.index, order.estimator.model
    pairs = [
        (part, whole)
        for whole, parts in model.parts.items()
        for part in parts
        if index.constructs[whole] in order.drivers
    ]
    part, whole = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    item, construct = index.parts
    own = (construct == whole[:, None]) & model.stands_behind.T[part][:, item]

    def quantities(values: Mapping[str, Array]) -> dict[str, Array]:
        share = values["item_shares"] @ own.T
        return _quantities(order, values, whole, share, values["index"][..., part])

    labels = {
        "driver": [index.constructs[c] for c in whole],
        "dimension": [index.constructs[c] for c in part],
    }
    return _ranked(order, labels, quantities)


def _quantities(
    order: Priorities,
    values: Mapping[str, Array],
    driver: NDArray[np.intp],
    share: Array,
    performance: Array,
) -> dict[str, Array]:
    """Return what is shown of shares (..., m) of the indices of drivers (m,)."""
    effect = values["impacts"][..., order.index.constructs.index(order.target)]
    importance = share * effect[..., driver]
    gain = kernel.potential_gain(importance, performance)
    return dict(zip(("share", *SHOWN), (share, importance, performance, gain), strict=True))


def _ranked(
    order: Priorities,
    labels: Mapping[str, list[str]],
    quantities: Callable[[Mapping[str, Array]], dict[str, Array]],
) -> pd.DataFrame:
    index = order.index
    own = quantities(index.quantities)
    columns: dict[str, object] = {**labels, "share": own["share"]}
    draws = None if index.draws is None else index.draws.derived(quantities)
    for name in SHOWN:
        blank = np.full(len(own["share"]), np.nan)
        lower, upper = (blank, blank) if draws is None else draws.interval(name)
        prefix = "" if name == "importance" else f"{name}_"
        columns |= {name: own[name], f"{prefix}ci_lower": lower, f"{prefix}ci_upper": upper}
    frame = pd.DataFrame({**columns, "priority": kernel.ranks(own["gain"])})
    return frame.sort_values("priority", ignore_index=True)
