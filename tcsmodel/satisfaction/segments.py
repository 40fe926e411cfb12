"""Indices of segments: the weights of one model, the respondents of each segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from tcsmodel.errors import DroppedRespondentsWarning, SurveyError, warn
from tcsmodel.kernels import index as kernel
from tcsmodel.kernels.design import Design
from tcsmodel.kernels.replicates import Replicates
from tcsmodel.satisfaction.respondent_indices import linearizer

if TYPE_CHECKING:
    from tcsmodel.satisfaction.index import SatisfactionIndex

Array = NDArray[np.float64]

FIXED = "fixed weights"


def segment_table(index: SatisfactionIndex, column: str | Sequence[str]) -> pd.DataFrame:
    """Return the indices of the segments of a column, or of several; see `SatisfactionIndex.by`."""
    sample = index.pls.sample
    assert sample.survey is not None  # `satisfaction_index` refuses moments
    names = [column] if isinstance(column, str) else list(column)
    frame = pd.concat([sample.survey.column(name) for name in names], axis=1)
    frame = frame.iloc[np.asarray(sample.rows)].reset_index(drop=True)
    shown = ["segment"] if isinstance(column, str) else names
    frame.columns = pd.Index(shown)
    known = frame.notna().all(axis=1)
    told = ", ".join(repr(name) for name in names)
    if not known.all():
        warn(
            f"{int((~known).sum())} of {len(frame)} respondents have no value in {told} and "
            "are in no segment.",
            DroppedRespondentsWarning,
        )
    if not known.any():
        raise SurveyError(f"Column {told} is empty, so it makes no segments.")
    scores_of = linearizer(index, index.kind)
    parts = []
    for segment, part in frame[known].groupby(shown, observed=True):
        own = part.index.to_numpy()
        weights = None if sample.weights is None else sample.weights[own]
        design = _design_within(sample.design, own)
        mean, lower, upper, se = mean_interval(scores_of(own), weights, index.level, design)
        values = {
            "construct": index.constructs,
            "index": mean,
            "ci_lower": lower,
            "ci_upper": upper,
            "n": len(own),
            **dict(zip(shown, segment, strict=True)),
            "se": se,
            "interval": FIXED,
        }
        parts.append(pd.DataFrame(values))
    return pd.concat(parts, ignore_index=True)


def _design_within(
    design: Design | Replicates | None, rows: NDArray[np.intp]
) -> Design | Replicates | None:
    """Return the design of a segment; none inside one cluster, which says nothing of others."""
    if design is None:
        return None
    part = design.part(rows)
    if isinstance(part, Replicates):
        return part
    return part if (part.cluster != part.cluster[0]).any() else None


def interval_about(
    value: Array,
    scores: Array,
    weights: Array | None,
    level: float,
    design: Design | Replicates | None,
) -> tuple[Array, Array, Array]:
    """Return t limits about indices (k,), and standard errors, from their scores (n, k)."""
    mean, lower, upper, se = mean_interval(scores, weights, level, design)
    return value + (lower - mean), value + (upper - mean), se


def mean_interval(
    scores: Array, weights: Array | None, level: float, design: Design | Replicates | None
) -> tuple[Array, Array, Array, Array]:
    """Return means, t limits and standard errors (k,) of scores (n, k)."""
    mean, se = kernel.weighted_mean_se(scores, weights, design)
    df = len(scores) - 1 if design is None else design.df
    t = stdtrit(df, (1 + level) / 2) if df else np.nan
    return mean, mean - t * se, mean + t * se, se
