"""Direct, indirect, specific and total effects of a fitted structural equation model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from tcsmodel.errors import TcsError
from tcsmodel.kernels import effects as kernel
from tcsmodel.spec.model import Op

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult
    from tcsmodel.spec.parameters import Parameter

Array = NDArray[np.float64]
Index = NDArray[np.intp]

KINDS = ("direct", "indirect", "total", "specific")
MOST = 5000
EFFECTS = "effects"


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
        own = _Paths([rows[k] for k in at], table.latents)
        positions = np.array(at, dtype=np.intp) + group * size
        frames.append(_frame(result, own, positions, table.groups[group]))
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True, eq=False)
class _Paths:
    """The paths of one group, and what effects there are."""

    rows: Sequence[Parameter]
    latents: tuple[str, ...]

    @cached_property
    def target(self) -> Index:
        return np.array([row.row for row in self.rows], dtype=np.intp)

    @cached_property
    def source(self) -> Index:
        return np.array([row.column for row in self.rows], dtype=np.intp)

    @cached_property
    def ways(self) -> list[tuple[int, ...]]:
        """Every way of two paths or more that meets no variable twice."""
        found = [way for way in self._walks() if len(way) > 1]
        if len(found) > MOST:
            raise TcsError(
                f"The model has more than {MOST} specific indirect effects. Define those you need "
                "in the model text, as in indirect := a*b."
            )
        return found

    def _walks(self) -> Iterator[tuple[int, ...]]:
        waiting: list[tuple[int, ...]] = [(k,) for k in range(len(self.rows))]
        count = 0
        while waiting and count <= 2 * MOST:
            way = waiting.pop(0)
            count += 1
            yield way
            met = {self.source[way[0]], *(self.target[k] for k in way)}
            end = self.target[way[-1]]
            waiting += [
                (*way, k)
                for k in range(len(self.rows))
                if self.source[k] == end and self.target[k] not in met
            ]

    @cached_property
    def indirect(self) -> list[tuple[int, int]]:
        """Pairs (target, source) that a way of two paths or more connects."""
        ends = [(int(self.target[way[-1]]), int(self.source[way[0]])) for way in self.ways]
        return list(dict.fromkeys(ends))

    @cached_property
    def direct(self) -> list[tuple[int, int]]:
        """Pairs (target, source) of the paths."""
        return list(zip(self.target.tolist(), self.source.tolist(), strict=True))

    @cached_property
    def total(self) -> list[tuple[int, int]]:
        """Pairs (target, source) with any effect."""
        return list(dict.fromkeys([*self.direct, *self.indirect]))

    def _places(self, pairs: list[tuple[int, int]]) -> tuple[Index, Index]:
        target, source = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
        return target, source

    def _matrix(self, paths: Array) -> Array:
        """Return the direct effects (..., m, m), target x source."""
        m = len(self.latents)
        direct = np.zeros((*paths.shape[:-1], m, m))
        direct[..., self.target, self.source] = paths
        return direct

    def values(self, paths: Array) -> Array:
        """Return all effects (..., e), in the order of `names`, of paths (..., k)."""
        direct = self._matrix(paths)
        total = kernel.total_effects(direct)
        indirect = (total - direct)[..., *self._places(self.indirect)]
        parts = [paths, indirect, total[..., *self._places(self.total)]]
        if self.ways:
            parts.append(kernel.products(paths, self.ways))
        return np.concatenate(parts, axis=-1)

    def slopes(self, paths: Array) -> Array:
        """Return the derivatives (..., e, k) of `values`."""
        k = len(self.rows)
        slopes = kernel.total_effect_slopes(self._matrix(paths), self.target, self.source)
        own = np.zeros((*slopes.shape[-3:-1], k))
        own[self.target, self.source, np.arange(k)] = 1.0
        parts = [np.broadcast_to(np.eye(k), (*paths.shape[:-1], k, k))]
        for change, pairs in ((slopes - own, self.indirect), (slopes, self.total)):
            target, source = self._places(pairs)
            parts.append(change[..., target, source, :])
        if self.ways:
            parts.append(kernel.product_slopes(paths, self.ways))
        return np.concatenate(parts, axis=-2)

    def names(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield source, target, kind and way of each effect."""
        name = self.latents
        for kind, pairs in zip(KINDS, (self.direct, self.indirect, self.total), strict=False):
            for target, source in pairs:
                yield name[source], name[target], kind, ""
        for way in self.ways:
            stops = [name[self.source[way[0]]], *(name[self.target[k]] for k in way)]
            yield stops[0], stops[-1], KINDS[3], " -> ".join(stops)


def _frame(result: SEMResult, paths: _Paths, at: Index, group: str) -> pd.DataFrame:
    """Return the effects of one group, whose paths stand at rows `at` of the table."""
    own = result.arrays["estimates"][at]
    value, slope = paths.values(own), paths.slopes(own)
    free = result.model.free[at]
    known = (free >= 0)[:, None] & (free >= 0)
    vcov = np.where(known, result.vcov_of_theta[np.ix_(free, free)], 0.0)
    with np.errstate(all="ignore"):
        se = np.sqrt(np.maximum(((slope @ vcov) * slope).sum(axis=-1), 0.0))
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
