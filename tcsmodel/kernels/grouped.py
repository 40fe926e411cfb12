"""Several groups with one parameter vector.

All groups share a layout of f local parameters, one for each set of rows that are alike in
every group. In group g local parameter j is ``theta[index[g, j]]``, or a fixed value where the
index is -1. So groups are a second batch axis, and derivatives by theta are sums of the local
ones over groups and over what is equal within a group. Of ordinal items one local parameter is
derived from the others (`kernels.ordinal`), and so is its derivative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.average_scale import Averages
from tcsmodel.kernels.constrained import Constraints
from tcsmodel.kernels.implied import Layout
from tcsmodel.kernels.ordinal import OrdinalLayout, completed, completed_slopes

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Grouped:
    """A model for G groups.

    layout : of the f local parameters; index, value (G, f) as above; n_free : q
    constraints : what must hold of theta
    plain : whether the local parameters are theta itself, as without groups
    ordinal : the layout with what ordinal items add, None without them
    averages : what effect coding averages, as starting values need it; None without it
    """

    layout: Layout
    index: Index
    value: Array
    n_free: int
    constraints: Constraints | None
    plain: bool
    ordinal: OrdinalLayout | None = None
    averages: Averages | None = None

    @property
    def n_groups(self) -> int:
        """Number of groups G."""
        return len(self.index)


def grouped(
    layout: Layout,
    index: Index,
    value: Array,
    n_free: int,
    constraints: Constraints | None = None,
    ordinal: OrdinalLayout | None = None,
    averages: Averages | None = None,
) -> Grouped:
    """Return the model of `index` and `value` (G, f)."""
    plain = len(index) == 1 and np.array_equal(index[0], np.arange(n_free))
    return Grouped(layout, index, value, n_free, constraints, plain, ordinal, averages)


def spread(model: Grouped, theta: Array) -> Array:
    """Return the local parameters (B, G, f) at theta (B, q)."""
    if model.plain:
        return theta[:, None, :]
    local = np.where(model.index >= 0, theta[:, model.index], model.value)
    return local if model.ordinal is None else completed(model.ordinal, local)


def flat(model: Grouped, theta: Array) -> Array:
    """Return the local parameters (B G, f) at theta (B, q)."""
    return theta if model.plain else spread(model, theta).reshape(-1, model.layout.n_free)


def collected(model: Grouped, local: Array) -> Array:
    """Return theta (B, q) of local parameters (B, G, f), from the first group that has each."""
    if model.plain:
        return local[:, 0]
    theta = np.zeros((len(local), model.n_free))
    for own, values in zip(model.index[::-1], np.moveaxis(local, 1, 0)[::-1], strict=True):
        free = np.flatnonzero(own >= 0)[::-1]
        theta[:, own[free]] = values[:, free]
    return theta


def gradient(model: Grouped, local: Array) -> Array:
    """Return derivatives (B, q) by theta of local ones (B, G, f)."""
    if model.plain:
        return local[:, 0]
    return np.einsum("bgf,gfq->bq", local, _basis(model))


def curvature(model: Grouped, local: Array) -> Array:
    """Return second derivatives (B, q, q) by theta of local ones (B, G, f, f)."""
    if model.plain:
        return local[:, 0]
    out = np.zeros((len(local), model.n_free, model.n_free))
    for g, own in enumerate(model.index):
        free = np.flatnonzero(own >= 0)
        to = own[free]
        values = local[:, g][:, free[:, None], free]
        if len(np.unique(to)) == len(to):
            out[:, to[:, None], to] += values
        else:
            basis = _basis(model)[g, free]
            out += basis.T @ values @ basis
    return out


def local_cov(model: Grouped, vcov: Array, local: Array) -> Array:
    """Return covariances (B, G, f, f) of local parameters (B, G, f); zero where fixed."""
    if model.plain:
        return vcov[:, None]
    known = model.index >= 0
    both = known[:, :, None] & known[:, None, :]
    cov = np.where(both, vcov[:, model.index[:, :, None], model.index[:, None, :]], 0.0)
    slopes = derived_slopes(model, local)
    return cov if slopes is None else slopes @ cov @ np.swapaxes(slopes, -1, -2)


def derived_slopes(model: Grouped, local: Array) -> Array | None:
    """Return the derivatives (B, G, f, f) of local parameters by those that are not derived.

    None where none is derived.
    """
    return None if model.ordinal is None else completed_slopes(model.ordinal, local)


def by_theta(model: Grouped, jacobian: Array) -> Array:
    """Return derivatives (B, G, r, q) by theta of those by local parameters (B, G, r, f)."""
    return jacobian if model.plain else jacobian @ _basis(model)


def _basis(model: Grouped) -> Array:
    """Return the derivatives (G, f, q) of the local parameters by theta."""
    return (model.index[:, :, None] == np.arange(model.n_free)).astype(np.float64)
