"""`Ways`: the effects that paths add up to, direct, indirect, specific and total."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.kernels import effects as kernel

Array = NDArray[np.float64]
Index = NDArray[np.intp]

KINDS = ("direct", "indirect", "total", "specific")
MOST = 5000
EFFECTS = "effects"


@dataclass(frozen=True, eq=False)
class Ways:
    """The paths of a model, and what effects there are.

    Parameters
    ----------
    variables : tuple of str
        The names of the m variables.
    source, target : ndarray (k,) of int
        Where each path begins and ends.
    """

    variables: tuple[str, ...]
    source: Index
    target: Index

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
        waiting: list[tuple[int, ...]] = [(k,) for k in range(len(self.source))]
        count = 0
        while waiting and count <= 2 * MOST:
            way = waiting.pop(0)
            count += 1
            yield way
            met = {self.source[way[0]], *(self.target[k] for k in way)}
            end = self.target[way[-1]]
            waiting += [
                (*way, k)
                for k in range(len(self.source))
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
        m = len(self.variables)
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
        k = len(self.source)
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
        name = self.variables
        for kind, pairs in zip(KINDS, (self.direct, self.indirect, self.total), strict=False):
            for target, source in pairs:
                yield name[source], name[target], kind, ""
        for way in self.ways:
            stops = [name[self.source[way[0]]], *(name[self.target[k]] for k in way)]
            yield stops[0], stops[-1], KINDS[3], " -> ".join(stops)
