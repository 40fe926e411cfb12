"""Priorities among items: each item's part in the effect of its driver."""

from __future__ import annotations

from collections.abc import Mapping
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
    index = order.index
    pls_model = index.estimator.model
    driver_of = np.array(pls_model.constructs, dtype=object)[pls_model.block]
    at = np.flatnonzero([name in order.drivers for name in driver_of])

    def quantities(values: Mapping[str, Array]) -> dict[str, Array]:
        effect = values["impacts"][..., index.constructs.index(order.target)]
        share = values["item_shares"][..., at]
        importance = share * effect[..., pls_model.block[at]]
        performance = values["item_performance"][..., at]
        gain = kernel.potential_gain(importance, performance)
        return dict(zip(("share", *SHOWN), (share, importance, performance, gain), strict=True))

    own = quantities(index.quantities)
    columns: dict[str, object] = {
        "driver": driver_of[at].tolist(),
        "item": [pls_model.items[i] for i in at],
        "share": own["share"],
    }
    draws = None if index.draws is None else index.draws.derived(quantities)
    for name in SHOWN:
        blank = np.full(len(at), np.nan)
        lower, upper = (blank, blank) if draws is None else draws.interval(name)
        prefix = "" if name == "importance" else f"{name}_"
        columns |= {name: own[name], f"{prefix}ci_lower": lower, f"{prefix}ci_upper": upper}
    frame = pd.DataFrame({**columns, "priority": kernel.ranks(own["gain"])})
    return frame.sort_values("priority", ignore_index=True)
