"""The respondents of a necessary condition analysis: their levels, limits and weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError
from tcsmodel.kernels.index import rescaled
from tcsmodel.models.estimator import Sample, take
from tcsmodel.models.pls import PLSResult
from tcsmodel.options import Scope, did_you_mean, require
from tcsmodel.satisfaction.index import SatisfactionIndex, satisfaction_index
from tcsmodel.survey.moments import read_only
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]

# Levels that differ by less than this part of the scope are one level.
DECIMALS = 12


@dataclass(frozen=True, eq=False)
class Scatter:
    """Levels of conditions and of their target, the target last.

    Parameters
    ----------
    names : tuple of str
        The d conditions and the target.
    values : ndarray (n, d + 1)
        Their levels.
    limits : ndarray (d + 1, 2)
        Lower and upper limit of the scope.
    weights : ndarray (n,) or None
        Sampling weights. They count in shares of respondents; a ceiling has none, for it
        stands over everyone.
    clustered : bool
        Whether respondents were drawn in clusters.
    filled : int
        Respondents some of whose levels rest on answers that were filled in.
    """

    names: tuple[str, ...]
    values: Array
    limits: Array
    weights: Array | None
    clustered: bool
    filled: int

    @cached_property
    def unit(self) -> Array:
        """The levels (n, d + 1) on 0-1 of the scope."""
        low, high = self.limits.T
        return read_only(np.round((self.values - low) / (high - low), DECIMALS))

    @cached_property
    def shares(self) -> Array:
        """What part of all each respondent stands for (n,); they sum to 1."""
        n = len(self.values)
        return np.full(n, 1 / n) if self.weights is None else self.weights / self.weights.sum()

    def share(self, chosen: NDArray[np.bool_]) -> float:
        """Return the share of respondents (n,) who are chosen."""
        return float(self.shares @ chosen)


def from_survey(
    data: Survey | pd.DataFrame,
    target: str,
    conditions: Sequence[str] | None,
    scope: Scope,
) -> Scatter:
    """Return the answers to items as they are; respondents who skipped one are left out."""
    names = _names(() if conditions is None else conditions, target)
    sample = take(data, names)
    scale = {} if sample.survey is None else sample.survey.scale
    limits = np.array([scale.get(name, (np.nan, np.nan)) for name in names])
    return _scatter(names, sample.respondents("A ceiling"), limits, sample, scope)


def from_index(
    source: SatisfactionIndex | PLSResult,
    target: str,
    conditions: Sequence[str] | None,
    scope: Scope,
) -> Scatter:
    """Return the 0-100 indices of constructs, and items on 0-100."""
    index = satisfaction_index(source, target) if isinstance(source, PLSResult) else source
    spec, sample = index.estimator.spec, index.pls.sample
    spec.construct(target)
    if conditions is None:
        conditions = [name for name in index.sources_of(target) if np.isfinite(index.indices[name])]
    names = _names(conditions, target)
    sample.require_applicable("A ceiling")
    answers = rescaled(index.pls.answers("A ceiling"), index.low, index.high)
    levels = {name: index.respondents[name].to_numpy() for name in index.constructs}
    model = index.estimator.model
    levels |= {name: answers[:, i] for i, name in enumerate(model.observed) if name not in levels}
    for name in names:
        if name not in levels:
            raise SurveyError(
                f"{name!r} is neither a construct nor an item of the model."
                f"{did_you_mean(name, levels)}"
            )
        if np.isnan(levels[name]).any():
            raise SurveyError(
                f"{name!r} has no 0-100 level, for an item has no scale. "
                "Try: Survey(..., scale=(1, 10)), or other conditions."
            )
    values = np.column_stack([levels[name] for name in names])
    gaps = np.isnan(sample.respondents("A ceiling"))
    behind = dict(zip(index.constructs, model.stands_behind.T, strict=True))
    used = np.any([behind.get(name, np.array(model.observed) == name) for name in names], axis=0)
    filled = int(gaps[:, np.flatnonzero(used)].any(axis=1).sum())
    return _scatter(names, values, np.tile([0.0, 100.0], (len(names), 1)), sample, scope, filled)


def _names(conditions: Sequence[str], target: str) -> tuple[str, ...]:
    """Return the conditions and the target, or raise OptionError."""
    require(
        not isinstance(conditions, str),
        f"conditions={conditions!r} is one string; give a list of names, as ['a', 'b'].",
    )
    names = (*conditions, target)
    require(len(names) > 1, f"There are no conditions of {target!r}; name some in conditions=.")
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    require(
        target not in conditions,
        f"{target!r} is both the target and a condition; remove it from conditions.",
    )
    require(not twice, f"Condition {twice[0]!r} is listed twice." if twice else "")
    return names


def _scatter(
    names: tuple[str, ...],
    values: Array,
    limits: Array,
    sample: Sample,
    scope: Scope,
    filled: int = 0,
) -> Scatter:
    seen = np.column_stack([values.min(axis=0), values.max(axis=0)])
    for j, name in enumerate(names):
        if scope is Scope.SCALE and np.isnan(limits[j]).any():
            raise SurveyError(
                f"scope='scale' needs the limits of the scale of {name!r}, and there are none. "
                "Try: Survey(..., scale=(1, 10)), or scope='observed'."
            )
        outside = seen[j, 0] < limits[j, 0] - 1e-9 or seen[j, 1] > limits[j, 1] + 1e-9
        if scope is Scope.SCALE and outside:
            raise SurveyError(
                f"{name!r} runs from {seen[j, 0]:g} to {seen[j, 1]:g}, beyond {limits[j, 0]:g} to "
                f"{limits[j, 1]:g}, because an item counts against it. Use scope='observed'."
            )
    design = sample.design
    clustered = design is not None and sample.survey is not None and sample.survey.cluster
    return Scatter(
        names,
        read_only(np.ascontiguousarray(values)),
        read_only(limits if scope is Scope.SCALE else seen),
        sample.weights,
        bool(clustered),
        filled,
    )
