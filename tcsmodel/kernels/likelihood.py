"""The normal likelihood of grouped samples as a function to minimize."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import discrepancy, grouped, mean_structure
from tcsmodel.kernels.discrepancy import Gathers, Slopes, State
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.implied import Layout

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Sampled:
    """Moments of B samples in G groups.

    cov (B, G, p, p) with divisor n; mean (B, G, p), None where means are not modelled;
    n (G,): respondents behind each.
    """

    cov: Array
    mean: Array | None
    n: Array

    @property
    def total(self) -> float:
        """Respondents in all groups."""
        return float(self.n.sum())


@dataclass(frozen=True, slots=True)
class Normal:
    """The discrepancy of B samples: the mean of those of their groups, weighted by n.

    model, sampled : as given
    curved : the layout whose derivatives are taken, bordered where means are modelled
    at : what these gather
    second : (B, G, p', p') the moments that Sigma, or Sigma bordered by mu, is compared with
    share : (G,) the groups' shares of n
    floor : (B,) the least value there can be; inf where a sample is singular
    """

    model: Grouped
    sampled: Sampled
    curved: Layout
    at: Gathers
    second: Array
    share: Array
    floor: Array

    def evaluate(self, theta: Array, members: Index) -> State:
        """Return value (b,), and the arrays (b, G, ...) of the groups, at theta (b, q)."""
        local = grouped.spread(self.model, theta)
        flat, second = _flat(local), _flat(self.second[members])
        if self.sampled.mean is None:
            state = discrepancy.evaluate(self.model.layout, flat, second)
        else:
            origin = _flat(self.sampled.mean[members])
            state = mean_structure.evaluate(self.model.layout, flat, second, origin)
        value = state.value.reshape(local.shape[:2]) @ self.share
        value[~np.isfinite(self.floor[members])] = np.inf
        return _reshaped(state, value, local.shape[:2])

    def slopes(self, state: State, members: Index, exact: bool) -> Slopes:
        """Return the derivatives (b, q), (b, q, q) at a state."""
        flat = _reshaped(state, state.value, (len(members) * len(self.share),))
        slopes = discrepancy.slopes(
            self.curved, self.at, flat, _flat(self.second[members]), exact=exact
        )
        if len(self.share) == 1 and self.model.plain:
            return slopes
        weight, f = self.share[:, None], self.model.layout.n_free
        groups = (len(members), self.model.n_groups)

        def summed(values: Array) -> Array:
            local = values.reshape(*groups, f, f) * weight[:, None]
            return grouped.curvature(self.model, local)

        return Slopes(
            grouped.gradient(self.model, slopes.gradient.reshape(*groups, f) * weight),
            summed(slopes.expected),
            None if slopes.hessian is None else summed(slopes.hessian),
        )


def normal(model: Grouped, sampled: Sampled) -> Normal:
    """Return the discrepancy of a model from samples."""
    layout, cov = model.layout, sampled.cov
    share = sampled.n / sampled.total
    floor = discrepancy.saturated(_flat(cov)).reshape(cov.shape[:2]) @ share
    if sampled.mean is None:
        return Normal(model, sampled, layout, discrepancy.gathers(layout), cov, share, floor)
    curved = mean_structure.bordered(layout)
    second = mean_structure.border(_flat(cov))
    second = second.reshape(*cov.shape[:2], *second.shape[1:])
    at = discrepancy.gathers(curved)
    return Normal(model, sampled, curved, at, second, share, floor)


def _flat(values: Array) -> Array:
    """Return (B G, ...) of (B, G, ...)."""
    return values.reshape(-1, *values.shape[2:])


def _reshaped(state: State, value: Array, groups: tuple[int, ...]) -> State:
    """Return a state with another leading shape of its arrays."""
    skip = 1 if len(groups) == 2 else 2
    own = [getattr(state, f.name) for f in fields(state)[1:]]
    return State(value, *(array.reshape(*groups, *array.shape[skip:]) for array in own))
