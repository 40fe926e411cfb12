"""What a model implies for ordinal items, alone or among continuous ones, and derivatives.

Behind ordinal items lie normal variables y* whose scale answers do not show. The statistics, of
`kernels.polychoric_gamma.Statistics`, are those of ``d (y* - mu)``, d the scale of each item:

    correlation  d_i d_j Sigma_ij        threshold  d_i (tau - mu_i)

Delta parameterization (Muthen 1984): d is 1, or a parameter; the residual variance of an ordinal
item is what is left, so the diagonal of Sigma does not matter. Theta parameterization: the
residual variance is a parameter or given, and ``d_i = Sigma_ii^-1/2``. d is 1 for continuous
items. So either the residual variance or the scale of an ordinal item is *derived*: a parameter
of the layout without a value of its own, which `completed` finds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.implied import (
    RESIDUAL,
    SCALE,
    THRESHOLD,
    Implied,
    Layout,
    implied,
    matrices,
    means,
    merged,
)
from tcsmodel.kernels.jacobian import cov_slopes, mean_slopes
from tcsmodel.kernels.polychoric_gamma import Statistics

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class OrdinalLayout:
    """A layout with ordinal items among its items.

    Attributes
    ----------
    layout : Layout
        Of all parameters, thresholds and scales among them. The q parameters hold one for what
        is derived of each ordinal item, which nothing depends on.
    order : Statistics
        Of the items.
    delta : bool
        Whether residual variances are derived, rather than scales.
    """

    layout: Layout
    order: Statistics
    delta: bool

    @classmethod
    def of(cls, given: Layout, categories: Index, *, delta: bool) -> OrdinalLayout:
        """Return the layout of items with these numbers of categories (p,), 0 if continuous."""
        return cls(given, Statistics.of(categories), delta)

    @property
    def ordinal(self) -> Mask:
        """Which items (p,) are ordinal."""
        out = np.ones(self.layout.n_items, dtype=bool)
        out[self.order.continuous] = False
        return out

    @property
    def derived(self) -> tuple[Index, Index]:
        """Which items have a derived value, and which parameter that is."""
        given = self.layout
        kind = (given.matrix == RESIDUAL) if self.delta else (given.matrix == SCALE)
        own = kind & (given.row == given.column if self.delta else True)
        at = np.flatnonzero(own & self.ordinal[given.row] & (given.free >= 0))
        return given.row[at], given.free[at]


@dataclass(frozen=True, slots=True)
class OrdinalImplied:
    """What theta implies for ordinal items.

    at : Implied, of y* (the residuals of ordinal items in delta parameterization are not known
    to it); mean (..., p); scale (..., p) d; cut (..., m): the threshold of each location
    statistic, 0 where it is a mean; statistics (..., s).
    """

    at: Implied
    mean: Array
    scale: Array
    cut: Array
    statistics: Array


def ordinal_implied(model: OrdinalLayout, theta: Array) -> OrdinalImplied:
    """Return what theta (..., q) implies; nan where a variance of y* is not positive."""
    given, order = model.layout, model.order
    at = implied(given, theta)
    mean = means(given, theta, at).item
    parts = matrices(given, theta)
    scale = np.where(model.ordinal, parts.scale[..., 0], 1.0)
    if not model.delta:
        with np.errstate(invalid="ignore", divide="ignore"):
            root = 1 / np.sqrt(np.diagonal(at.sigma, axis1=-2, axis2=-1))
        scale = np.where(model.ordinal, root, 1.0)
    is_cut = order.threshold >= 0
    cut = np.where(is_cut, parts.threshold[..., order.item, np.maximum(order.threshold, 0)], 0.0)
    there, pairs = mean[..., order.item], order.pairs
    statistics = [
        np.where(is_cut, scale[..., order.item] * (cut - there), there),
        at.sigma[..., order.continuous, order.continuous],
        at.sigma[..., pairs.second, pairs.first]
        * scale[..., pairs.first]
        * scale[..., pairs.second],
    ]
    return OrdinalImplied(at, mean, scale, cut, np.concatenate(statistics, axis=-1))


def ordinal_thresholds(model: OrdinalLayout, theta: Array) -> Array:
    """Return the thresholds (..., p, m) of standard normal variables that theta implies.

    inf where an item has fewer, nan where it is continuous.
    """
    order = model.order
    cuts = np.flatnonzero(order.threshold >= 0)
    known = ordinal_implied(model, theta).statistics[..., cuts]
    shape = (*theta.shape[:-1], len(model.ordinal), int(order.threshold.max()) + 1)
    out = np.where(model.ordinal[:, None], np.inf, np.nan) * np.ones(shape)
    out[..., order.item[cuts], order.threshold[cuts]] = known
    return out


def ordinal_jacobian(model: OrdinalLayout, theta: Array, here: OrdinalImplied) -> Array:
    """Return the derivatives (..., s, q) of the statistics at theta (..., q)."""
    given, order, pairs = model.layout, model.order, model.order.pairs
    d, item = here.scale, order.item
    of_scale = _scale_slopes(model, here)
    of_mean = mean_slopes(given, theta, here.at)[..., item, :]
    is_cut = order.threshold >= 0
    location = np.where(is_cut[:, None], -d[..., item, None] * of_mean, of_mean)
    location += d[..., item, None] * _cut_slopes(model)
    gap = np.where(is_cut, here.cut - here.mean[..., item], 0.0)
    location += gap[..., None] * of_scale[..., item, :]
    spread = cov_slopes(given, here.at, order.continuous, order.continuous)
    i, j = pairs.first, pairs.second
    both = d[..., i, None] * of_scale[..., j, :] + d[..., j, None] * of_scale[..., i, :]
    product = d[..., i] * d[..., j]
    shared = here.at.sigma[..., j, i, None] * both
    shared += product[..., None] * cov_slopes(given, here.at, j, i)
    return np.concatenate([location, spread, shared], axis=-2)


def _cut_slopes(model: OrdinalLayout) -> Array:
    """Return the derivatives (m, q) of the thresholds behind the location statistics."""
    given, order = model.layout, model.order
    rows = given.free >= 0
    kind, row, column = given.matrix[rows], given.row[rows], given.column[rows]
    own = (row == order.item[:, None]) & (column == order.threshold[:, None])
    return merged(given, (own & (kind == THRESHOLD)).astype(np.float64))


def _scale_slopes(model: OrdinalLayout, here: OrdinalImplied) -> Array:
    """Return the derivatives (..., p, q) of the scales d."""
    given, p = model.layout, model.layout.n_items
    if model.delta:
        rows = given.free >= 0
        own = (given.row[rows] == np.arange(p)[:, None]) & (given.matrix[rows] == SCALE)
        slopes = merged(given, own.astype(np.float64))
        return np.broadcast_to(slopes, (*here.scale.shape, given.n_free))
    item = np.flatnonzero(model.ordinal)
    out = np.zeros((*here.scale.shape, given.n_free))
    d = here.scale[..., item]
    out[..., item, :] = -0.5 * (d**3)[..., None] * cov_slopes(given, here.at, item, item)
    return out


def completed(model: OrdinalLayout, theta: Array) -> Array:
    """Return theta (..., q) with what is derived in its place.

    Residual variances in delta parameterization: what is left of the variance ``d^-2`` of y*,
    negative where nothing is. Scales in theta parameterization.
    """
    here = ordinal_implied(model, theta)
    item, own = model.derived
    out = np.array(theta)
    if model.delta:
        out[..., own] = 0.0
        explained = np.diagonal(implied(model.layout, out).sigma, axis1=-2, axis2=-1)
        with np.errstate(divide="ignore"):
            out[..., own] = here.scale[..., item] ** -2.0 - explained[..., item]
    else:
        out[..., own] = here.scale[..., item]
    return out


def completed_slopes(model: OrdinalLayout, theta: Array) -> Array:
    """Return the derivatives (..., q, q) of `completed` at theta (..., q)."""
    here = ordinal_implied(model, theta)
    item, own = model.derived
    of_scale = _scale_slopes(model, here)[..., item, :]
    out = np.broadcast_to(np.eye(theta.shape[-1]), (*theta.shape, theta.shape[-1])).copy()
    out[..., own, :] = of_scale
    if model.delta:
        d = here.scale[..., item, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            total = -2 * of_scale / d**3
        out[..., own, :] = total - cov_slopes(model.layout, here.at, item, item)
    out[..., :, own] = 0.0
    return out
