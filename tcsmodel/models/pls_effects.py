"""Direct, indirect, specific and total effects of a fitted PLS path model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.models.draws import Draws
from tcsmodel.models.ways import EFFECTS, Ways
from tcsmodel.options import IntervalKind

if TYPE_CHECKING:
    from tcsmodel.models.pls_result import PLSResult

Array = NDArray[np.float64]

SHARED = ("indirect", "specific")


def effects(
    result: PLSResult, level: float | None = None, interval: IntervalKind | str | None = None
) -> pd.DataFrame:
    """Return what `PLSResult.effects` describes."""
    model = result.estimator.model
    source, target = np.array(model.written, dtype=np.intp).T
    ways = Ways(model.constructs, source, target)
    value = ways.values(result.arrays["paths"][source, target])
    frame = pd.DataFrame(list(ways.names()), columns=["source", "target", "effect", "via"])
    frame["estimate"] = value
    if result.draws is not None:
        drawn = result.draws.derived(
            lambda values: {EFFECTS: ways.values(values["paths"][:, source, target])}
        )
        frame = frame.assign(**_inference(value, drawn, level, interval))
    return frame.assign(vaf=_accounted(frame))


def _inference(
    value: Array, drawn: Draws, level: float | None, interval: IntervalKind | str | None
) -> dict[str, Array]:
    se = drawn.se(EFFECTS)
    lower, upper = drawn.interval(EFFECTS, level, interval)
    with np.errstate(all="ignore"):
        z = value / se
    return {"se": se, "z": z, "p": drawn.p(EFFECTS), "ci_lower": lower, "ci_upper": upper}


def _accounted(frame: pd.DataFrame) -> Array:
    """Return the share of the total effect that an indirect one is; nan for the others."""
    whole = frame[frame["effect"] == "total"].set_index(["source", "target"])["estimate"]
    pairs = pd.MultiIndex.from_frame(frame[["source", "target"]])
    total = whole.reindex(pairs).to_numpy()
    with np.errstate(all="ignore"):
        share = frame["estimate"].to_numpy() / total
    return np.where(frame["effect"].isin(SHARED), share, np.nan)
