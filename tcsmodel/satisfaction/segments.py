"""Indices of segments: the weights of one model, the respondents of each segment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from tcsmodel.errors import DroppedRespondentsWarning, SurveyError, warn
from tcsmodel.kernels import index as kernel
from tcsmodel.kernels.design import Design
from tcsmodel.kernels.replicates import Replicates
from tcsmodel.models.draws import Draws, resamples
from tcsmodel.models.estimator import Sample
from tcsmodel.models.replicated import ReplicateDraws
from tcsmodel.options import IntervalKind
from tcsmodel.satisfaction.respondent_indices import linearizer

if TYPE_CHECKING:
    from tcsmodel.satisfaction.index import SatisfactionIndex

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

FIXED = "fixed weights"
# Of fewer respondents than this percentiles are too narrow, and Student's t is not.
FEW = 20


def segment_table(index: SatisfactionIndex, column: str | Sequence[str]) -> pd.DataFrame:
    """Return the indices of the segments of a column, or of several; see `SatisfactionIndex.by`."""
    sample = index.pls.sample
    assert sample.survey is not None  # `satisfaction_index` refuses moments
    names = [column] if isinstance(column, str) else list(column)
    given = [sample.survey.column(name).iloc[np.asarray(sample.rows)] for name in names]
    frame = pd.concat([column.reset_index(drop=True) for column in given], axis=1)
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
    found = list(frame[known].groupby(shown, observed=True))
    members = [part.index.to_numpy() for _, part in found]
    fixed = [_fixed(index, scores_of(own), own) for own in members]
    drawn = _replicates(index, members, np.stack([one[0] for one in fixed]))
    parts = []
    for k, ((segment, _), own) in enumerate(zip(found, members, strict=True)):
        (mean, lower, upper, se), interval = fixed[k], FIXED
        if drawn is not None and _is_drawn(sample, own):
            lower, upper = (limit[k] for limit in drawn.interval("index"))
            se, interval = drawn.se("index")[k], index.interval
        values = {
            "construct": index.constructs,
            "index": mean,
            "ci_lower": lower,
            "ci_upper": upper,
            "n": len(own),
            **dict(zip(shown, segment, strict=True)),
            "se": se,
            "interval": interval,
        }
        parts.append(pd.DataFrame(values))
    return pd.concat(parts, ignore_index=True)


def _fixed(
    index: SatisfactionIndex, scores: Array, rows: Rows
) -> tuple[Array, Array, Array, Array]:
    """Return the indices (k,) of a segment with limits and standard errors, weights held fixed."""
    sample = index.pls.sample
    weights = None if sample.weights is None else sample.weights[rows]
    return mean_interval(scores, weights, index.level, _design_within(sample.design, rows))


def _is_drawn(sample: Sample, rows: Rows) -> bool:
    """Return whether replicates tell how the index of a segment varies.

    Not of few respondents, nor of one cluster, which replicates have or have not.
    """
    nested = sample.design is not None and _design_within(sample.design, rows) is None
    return len(rows) >= FEW and not nested


def _replicates(index: SatisfactionIndex, members: list[Rows], estimate: Array) -> Draws | None:
    """Return the draws of the indices (S, k) of segments; None where there are none to make.

    Respondents count as they did in the replicates of the model, whose weights are kept. None
    where that is not known, and for answers with gaps, whose filling is not part of the draws.
    """
    pls = index.model_by(index.kind)
    draws, x = pls.draws, pls.sample.respondents("Indices of segments")
    drawn = None if draws is None else _resamples(pls.sample, draws)
    if draws is None or drawn is None or np.isnan(x).any():
        return None
    answered = pls.estimator.model.answered
    x, first, parts = x[:, : len(answered)], 0, []
    for counts in drawn:
        weights = counts if pls.sample.weights is None else counts * pls.sample.weights
        own = {name: value[first : first + len(counts)] for name, value in draws.values.items()}
        first += len(counts)
        parts.append(np.empty((len(counts), len(members), len(index.constructs))))
        for k, rows in enumerate(members):
            means = np.full_like(own["item_means"], np.nan)
            with np.errstate(invalid="ignore"):
                total = weights[:, rows].sum(axis=1, keepdims=True)
                means[:, answered] = weights[:, rows] @ x[rows] / total
            parts[-1][:, k] = index.indices_of(own | {"item_means": means})
    kind = draws.kind if draws.kind is IntervalKind.BASIC else IntervalKind.PERCENTILE
    values = {"index": np.concatenate(parts)}
    return replace(draws, values=values, origin={"index": estimate}, kind=kind, probes=None)


def _resamples(sample: Sample, draws: Draws) -> Iterable[Array] | None:
    """Return what respondents counted (b, n) in the replicates, chunk by chunk, if it is known."""
    if isinstance(sample.design, Replicates):
        return [sample.design.ratios] if isinstance(draws, ReplicateDraws) else None
    return None if draws.seed is None else resamples(sample, draws.n, draws.seed)


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
