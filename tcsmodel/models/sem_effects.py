"""Direct, indirect, specific and total effects of a fitted structural equation model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from tcsmodel.errors import TcsError
from tcsmodel.models.covariance_model import delta_errors
from tcsmodel.models.ways import EFFECTS, Ways
from tcsmodel.spec.model import Op

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

Index = NDArray[np.intp]


def effects(result: SEMResult) -> pd.DataFrame:
    """Return what `SEMResult.effects` describes."""
    table = result.model.parameters
    if not any(row.op is Op.REGRESSION for row in table.rows):
        raise TcsError(
            "The model fitted has no paths (~), so there are no effects. Add paths to the model "
            "text, as Loyalty ~ Satisfaction, and fit it with SEM."
        )
    size = len(table.rows) // len(table.groups)
    frames = []
    for group, rows in enumerate(table.by_group):
        at = [k for k, row in enumerate(rows) if row.op is Op.REGRESSION]
        source = np.array([rows[k].column for k in at], dtype=np.intp)
        target = np.array([rows[k].row for k in at], dtype=np.intp)
        own = Ways(table.latents, source, target)
        positions = np.array(at, dtype=np.intp) + group * size
        frames.append(_frame(result, own, positions, table.groups[group]))
    return pd.concat(frames, ignore_index=True)


def _frame(result: SEMResult, paths: Ways, at: Index, group: str) -> pd.DataFrame:
    """Return the effects of one group, whose paths stand at rows `at` of the table."""
    own = result.arrays["estimates"][at]
    value, slope = paths.values(own), paths.slopes(own)
    free = result.model.free[at]
    known = (free >= 0)[:, None] & (free >= 0)
    vcov = np.where(known, result.vcov_of_theta[np.ix_(free, free)], 0.0)
    se = delta_errors(slope, vcov)
    half = special.ndtri((1 + result.level) / 2) * se
    lower, upper = value - half, value + half
    if result.draws is not None:
        drawn = result.draws.derived(
            lambda values: {EFFECTS: paths.values(values["estimates"][:, at])}
        )
        se = np.where(se == 0, 0.0, drawn.se(EFFECTS))
        lower, upper = drawn.interval(EFFECTS)
    with np.errstate(all="ignore"):
        z = np.where(se == 0, np.nan, value / se)
    frame = pd.DataFrame(list(paths.names()), columns=["source", "target", "effect", "via"])
    return frame.assign(
        group=group,
        estimate=value,
        se=se,
        z=z,
        p=2 * special.ndtr(-np.abs(z)),
        ci_lower=np.where(se == 0, value, lower),
        ci_upper=np.where(se == 0, value, upper),
        std=paths.values(result.arrays["std"][at]),
    )
