"""The normal likelihood of grouped samples as a function to minimize, with or without gaps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import discrepancy, fiml, grouped, mean_structure, missing
from tcsmodel.kernels.discrepancy import Gathers, Slopes, State
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.implied import Layout
from tcsmodel.kernels.missing import PatternMoments, Patterns

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sampled:
    """Moments of B samples in G groups.

    cov (B, G, p, p) with divisor n; mean (B, G, p), None where means are not modelled;
    n (G,): respondents behind each, or (B, 1) where samples of one group differ in size.
    With gaps the moments are those of maximum likelihood, and `table` has the patterns of the
    B G samples. `floor` (B, G) are their least discrepancies, where these are known.
    """

    cov: Array
    mean: Array | None
    n: Array
    table: PatternMoments | None = None
    floor: Array | None = None

    @cached_property
    def total(self) -> float:
        """Respondents in all groups of a sample; all samples have as many."""
        return float(self.n.sum())

    @cached_property
    def sizes(self) -> Array:
        """Respondents in all groups of each sample: (B,), or (1,) where all have as many."""
        return np.add.reduce(self.n.reshape(-1, self.n.shape[-1]), axis=1)

    @cached_property
    def share(self) -> Array:
        """The share (G,) of each group in the respondents."""
        return self.n / self.n.sum() if self.n.ndim == 1 else np.ones(1)


@dataclass(frozen=True, slots=True)
class Normal:
    """The discrepancy of B samples: the mean of those of their groups, weighted by n.

    model, sampled : as given
    curved : the layout whose derivatives are taken, bordered where means are modelled
    at : what these gather
    second : (B G, p', p') the moments that Sigma, or Sigma bordered by mu, is compared with
    share : (G,) the groups' shares of n
    floor : (B,) the least value there can be; inf where a sample is singular
    singular : (B,) whether it is; None where none is
    """

    model: Grouped
    sampled: Sampled
    curved: Layout
    at: Gathers
    second: Array
    share: Array
    floor: Array
    singular: Mask | None

    def evaluate(self, theta: Array, members: Index) -> State:
        """Return value (b,), and the arrays (b, G, ...) of the groups, at theta (b, q)."""
        local, second = grouped.flat(self.model, theta), self._second(members)
        if self.sampled.mean is None:
            state = discrepancy.evaluate(self.model.layout, local, second)
        else:
            origin = _flat(_of(self.sampled.mean, members))
            state = mean_structure.evaluate(self.model.layout, local, second, origin)
        return _pooled_state(state, self.share, members, self.singular)

    def slopes(self, state: State, members: Index, exact: bool) -> Slopes:
        """Return the derivatives (b, q), (b, q, q) at a state."""
        second = self._second(members)
        slopes = discrepancy.slopes(self.curved, self.at, _flat_state(state), second, exact=exact)
        if len(self.share) == 1 and self.model.plain:
            return slopes
        return _joined(self.model, self.share, slopes, (len(members), self.model.n_groups))

    def _second(self, members: Index) -> Array:
        """Return `second` (b G, p', p') of some members."""
        if len(members) == len(self.floor):
            return self.second
        own = self.second.reshape(len(self.floor), -1, *self.second.shape[1:])
        return _flat(own[members])


def _joined(model: Grouped, share: Array, slopes: Slopes, groups: tuple[int, int]) -> Slopes:
    """Return the derivatives by theta of those (B G, ...) of the groups."""
    weight, f = share[:, None], model.layout.n_free

    def summed(values: Array) -> Array:
        return grouped.curvature(model, values.reshape(*groups, f, f) * weight[:, None])

    return Slopes(
        grouped.gradient(model, slopes.gradient.reshape(*groups, f) * weight),
        summed(slopes.expected),
        None if slopes.hessian is None else summed(slopes.hessian),
    )


def normal(model: Grouped, sampled: Sampled) -> Normal:
    """Return the discrepancy of a model from samples."""
    layout, second, floor = model.layout, _flat(sampled.cov), saturated(sampled)
    if sampled.mean is not None:
        layout, second = mean_structure.bordered(layout), mean_structure.border(second)
    at, share = discrepancy.gathers(layout), sampled.share
    return Normal(model, sampled, layout, at, second, share, floor, _singular(floor))


def _singular(floor: Array) -> Mask | None:
    """Return whether samples (B,) of some least discrepancies are singular; None if none is."""
    known: Mask = np.isfinite(floor)
    return None if np.count_nonzero(known) == len(known) else ~known


def _flat(values: Array) -> Array:
    """Return (B G, ...) of (B, G, ...)."""
    return values.reshape(-1, *values.shape[2:])


def _of(values: Array, members: Index) -> Array:
    """Return the values (b, ...) of members, each there once and in order."""
    return values if len(members) == len(values) else values[members]


def _pooled_state(state: State, share: Array, members: Index, singular: Mask | None) -> State:
    """Return the state of members (b, ...) of that of their groups (b G, ...).

    The value is inf where a sample is singular; the arrays of one group stay as they are.
    """
    n, groups = len(members), len(share)
    value = state.value if groups == 1 else state.value.reshape(n, groups) @ share
    if singular is not None:
        value[singular[members]] = np.inf
    if groups == 1:
        return state
    return State(value, *(array.reshape(n, groups, *array.shape[1:]) for array in state[1:]))


def _flat_state(state: State) -> State:
    """Return the state of groups (b G, ...) of that of members (b, ...)."""
    if state.sigma.ndim == 3:
        return state
    own = [_flat(array) for array in state[1:]]
    return State(np.zeros(len(own[0])), *own)


@dataclass(frozen=True, slots=True)
class Full:
    """The discrepancy of B samples with gaps, as `Normal` has it of complete ones.

    model, sampled, share, floor, singular : as there; structure : of `kernels.fiml`
    """

    model: Grouped
    sampled: Sampled
    structure: fiml.Structure
    share: Array
    floor: Array
    singular: Mask | None

    def evaluate(self, theta: Array, members: Index) -> State:
        """Return value (b,), and the arrays (b, G, ...) of the groups, at theta (b, q)."""
        local = grouped.flat(self.model, theta)
        state = fiml.evaluate(self.structure, local, self._table(members))
        return _pooled_state(state, self.share, members, self.singular)

    def slopes(self, state: State, members: Index, exact: bool) -> Slopes:
        """Return the derivatives (b, q), (b, q, q) at a state."""
        groups = (len(members), self.model.n_groups)
        slopes = fiml.slopes(self.structure, _flat_state(state), self._table(members), exact=exact)
        return _joined(self.model, self.share, slopes, groups)

    def _table(self, members: Index) -> PatternMoments:
        groups = self.model.n_groups
        rows = members[:, None] * groups + np.arange(groups)
        return cast(PatternMoments, self.sampled.table).of(rows.ravel())


def likelihood(model: Grouped, sampled: Sampled) -> Normal | Full:
    """Return the discrepancy of a model from samples."""
    if sampled.table is None:
        return normal(model, sampled)
    floor, structure = saturated(sampled), fiml.structure(model.layout)
    return Full(model, sampled, structure, sampled.share, floor, _singular(floor))


def complete(cov: Array, mean: Array | None, n: Array) -> Sampled:
    """Return what is fitted to complete answers, of moments as those of `Sampled`."""
    floor = discrepancy.saturated(_flat(cov)).reshape(cov.shape[:2])
    return Sampled(cov, mean, n, floor=floor)


def incomplete(found: Patterns, x: Array, weights: Array, n: Array) -> Sampled:
    """Return what is fitted to answers with gaps.

    Parameters
    ----------
    found : Patterns
        Of `x`.
    x : ndarray (n, p)
        Answers, nan where missing.
    weights : ndarray (B, G, n)
        Weights of the rows in each group, zero outside it.
    n : ndarray (G,)
        Respondents of each group.
    """
    groups, p = weights.shape[:2], x.shape[1]
    table = missing.tabulate(found, x, _flat(weights))
    own = missing.saturated(table)
    return Sampled(
        own.cov.reshape(*groups, p, p),
        own.mean.reshape(*groups, p),
        n,
        table,
        own.value.reshape(groups),
    )


def saturated(sampled: Sampled) -> Array:
    """Return the least discrepancy (B,) that any model can have."""
    if sampled.floor is not None:
        return sampled.floor @ sampled.share
    return _pooled(sampled, discrepancy.saturated(_flat(sampled.cov)))


def baseline(sampled: Sampled, causes: Index) -> Array:
    """Return the discrepancy (B,) of the model without covariances but among `causes`."""
    if sampled.table is not None:
        return _pooled(sampled, missing.independence(sampled.table, causes))
    return _pooled(sampled, discrepancy.independence(_flat(sampled.cov), causes))


def answers(sampled: Sampled) -> Array:
    """Return how many items (B,) a respondent has answered on average."""
    if sampled.table is None:
        return np.full(len(sampled.cov), float(sampled.cov.shape[-1]))
    seen = (sampled.table.share * sampled.table.observed.sum(axis=-1)).sum(axis=-1)
    return _pooled(sampled, seen)


def _pooled(sampled: Sampled, values: Array) -> Array:
    return values.reshape(sampled.cov.shape[:2]) @ sampled.share
