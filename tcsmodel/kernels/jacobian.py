"""Derivatives of the moments that a model implies, with respect to its parameters.

The moments are ``[mu, vech Sigma]`` (vech column by column), or for ordinal items the
statistics of `kernels.polychoric_gamma.Statistics`. With the columns of ``W = [I, G, C]`` of
`kernels.implied` a free row of the parameter table moves

    Sigma by h (u v' + v u')        mu by u times eta_j (Lambda and B), 1 (nu and alpha), else 0.

Behind ordinal items lie normal variables y* whose scale answers do not show. Statistics are
those of ``d (y* - mu)``, d the scale of each item:

    correlation  d_i d_j Sigma_ij        threshold  d_i (tau - mu_i)

Delta parameterization (Muthen 1984): d is 1, or a parameter; the residual variance of an ordinal
item is what is left, so the diagonal of Sigma does not matter. Theta parameterization: the
residual variance is given and ``d_i = Sigma_ii^-1/2``. d is 1 for continuous items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.implied import (
    ITEM_MEAN,
    LATENT_MEAN,
    LOADING,
    PATH,
    RESIDUAL,
    Implied,
    Layout,
    implied,
    layout,
    matrices,
    means,
    merged,
)
from tcsmodel.kernels.polychoric_gamma import Statistics

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]


def vech(matrix: Array) -> Array:
    """Return the lower triangles (..., p (p + 1) / 2), column by column, of (..., p, p)."""
    column, row = np.triu_indices(matrix.shape[-1])
    return matrix[..., row, column]


def cov_slopes(given: Layout, at: Implied, row: Index, column: Index) -> Array:
    """Return derivatives (..., t, q) of the t entries (row, column) of Sigma."""
    p = given.n_items
    identity = np.broadcast_to(np.eye(p), (*at.sigma.shape[:-2], p, p))
    w = np.concatenate([identity, at.directions], axis=-1)
    u, v = w[..., given.left], w[..., given.right]
    slopes = u[..., row, :] * v[..., column, :] + v[..., row, :] * u[..., column, :]
    return merged(given, given.half * slopes)


def mean_slopes(given: Layout, theta: Array, at: Implied) -> Array:
    """Return derivatives (..., p, q) of mu at theta (..., q)."""
    p, m = given.n_items, given.n_latents
    kind, column = (values[given.free >= 0] for values in (given.matrix, given.column))
    identity = np.broadcast_to(np.eye(p), (*at.sigma.shape[:-2], p, p))
    u = np.concatenate([identity, at.directions[..., :m]], axis=-1)[
        ..., np.minimum(given.left, p + m - 1)
    ]
    carried = np.isin(kind, (LOADING, PATH))
    factor = np.zeros((*theta.shape[:-1], len(kind)))
    factor[..., np.isin(kind, (ITEM_MEAN, LATENT_MEAN))] = 1.0
    factor[..., carried] = means(given, theta, at).latent[..., column[carried]]
    return merged(given, u * factor[..., None, :])


def moments(given: Layout, theta: Array, *, mean: bool) -> Array:
    """Return the implied [mu, vech Sigma], or vech Sigma alone without `mean`, (..., s)."""
    at = implied(given, theta)
    sigma = vech(at.sigma)
    return np.concatenate([means(given, theta, at).item, sigma], axis=-1) if mean else sigma


def moment_jacobian(given: Layout, theta: Array, *, mean: bool) -> Array:
    """Return the derivatives (..., s, q) of `moments` at theta (..., q)."""
    at = implied(given, theta)
    column, row = np.triu_indices(given.n_items)
    sigma = cov_slopes(given, at, row, column)
    if not mean:
        return sigma
    return np.concatenate([mean_slopes(given, theta, at), sigma], axis=-2)


def independence_layout(p: int, causes: Index, *, mean: bool = False) -> Layout:
    """Return the baseline model: no covariances of p items, except among observed `causes` (c,).

    Its parameters: the variances, the covariances of the causes, and with `mean` the means.
    """
    first, second = np.triu_indices(len(causes), 1)
    row = [*range(p), *causes[second], *(range(p) if mean else ())]
    column = [*range(p), *causes[first], *([0] * p if mean else ())]
    count = p + len(first)
    return layout(
        p,
        0,
        matrix=[RESIDUAL] * count + [ITEM_MEAN] * (len(row) - count),
        row=row,
        column=column,
        free=range(len(row)),
        fixed=np.full(len(row), np.nan),
    )


@dataclass(frozen=True, slots=True)
class OrdinalLayout:
    """A layout with ordinal items among its items.

    Attributes
    ----------
    layout : Layout
        Parameters of Lambda, B, Psi, Theta, nu and alpha: the first `layout.n_free` of theta.
        Variances of ordinal residuals are fixed rows: at 1 in theta parameterization, of no
        effect in delta parameterization.
    order : Statistics
        Of the items.
    cut : ndarray (t,) of int
        Which parameter each threshold is, item by item; one parameter may serve several.
    scale : ndarray (p,) of int
        Which parameter the scale d of each item is, -1 where it is 1; delta parameterization.
    delta : bool
        Whether scales are as `scale` says, rather than following from Sigma.
    n_free : int
        Parameters in all, q.
    """

    layout: Layout
    order: Statistics
    cut: Index
    scale: Index
    delta: bool
    n_free: int

    @classmethod
    def of(
        cls,
        given: Layout,
        categories: Index,
        *,
        delta: bool,
        cut: Index | None = None,
        scale: Index | None = None,
    ) -> OrdinalLayout:
        """Return the layout of items with these numbers of categories (p,), 0 if continuous.

        Thresholds are parameters of their own after those of the layout, and scales are 1,
        unless `cut` and `scale` say which parameters they are.
        """
        order = Statistics.of(categories)
        if cut is None:
            cut = given.n_free + np.arange((order.threshold >= 0).sum())
        if scale is None:
            scale = np.full(given.n_items, -1)
        n_free = 1 + max(given.n_free - 1, *cut.tolist(), *scale.tolist())
        return cls(given, order, cut, scale, delta, n_free)

    @property
    def ordinal(self) -> Mask:
        """Which items (p,) are ordinal."""
        out = np.ones(self.layout.n_items, dtype=bool)
        out[self.order.continuous] = False
        return out


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
    own = theta[..., : given.n_free]
    at = implied(given, own)
    mean = means(given, own, at).item
    scale = _scales(model, theta, at)
    is_cut = order.threshold >= 0
    cut = np.zeros((*theta.shape[:-1], len(is_cut)))
    cut[..., is_cut] = theta[..., model.cut]
    there, pairs = mean[..., order.item], order.pairs
    statistics = [
        np.where(is_cut, scale[..., order.item] * (cut - there), there),
        at.sigma[..., order.continuous, order.continuous],
        at.sigma[..., pairs.second, pairs.first]
        * scale[..., pairs.first]
        * scale[..., pairs.second],
    ]
    return OrdinalImplied(at, mean, scale, cut, np.concatenate(statistics, axis=-1))


def _scales(model: OrdinalLayout, theta: Array, at: Implied) -> Array:
    if model.delta:
        return np.where(model.scale >= 0, theta[..., model.scale], 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = 1 / np.sqrt(np.diagonal(at.sigma, axis1=-2, axis2=-1))
    return np.where(model.ordinal, root, 1.0)


def ordinal_jacobian(model: OrdinalLayout, theta: Array, here: OrdinalImplied) -> Array:
    """Return the derivatives (..., s, q) of the statistics at theta (..., q)."""
    given, order, pairs = model.layout, model.order, model.order.pairs
    k, d = given.n_free, here.scale
    own = theta[..., :k]
    of_scale = _scale_slopes(model, here)
    location = np.zeros((*theta.shape[:-1], len(order.item), model.n_free))
    is_cut, item = order.threshold >= 0, order.item
    of_mean = mean_slopes(given, own, here.at)[..., item, :]
    location[..., :k] = np.where(is_cut[:, None], -d[..., item, None] * of_mean, of_mean)
    at = np.flatnonzero(is_cut)
    location[..., at, model.cut] += d[..., item[at]]
    gap = np.where(is_cut, here.cut - here.mean[..., item], 0.0)
    location += gap[..., None] * of_scale[..., item, :]
    spread = np.zeros((*theta.shape[:-1], len(order.continuous), model.n_free))
    spread[..., :k] = cov_slopes(given, here.at, order.continuous, order.continuous)
    i, j = pairs.first, pairs.second
    sigma = here.at.sigma[..., j, i, None]
    both = d[..., i, None] * of_scale[..., j, :] + d[..., j, None] * of_scale[..., i, :]
    shared = sigma * both
    product = d[..., i] * d[..., j]
    shared[..., :k] += product[..., None] * cov_slopes(given, here.at, j, i)
    return np.concatenate([location, spread, shared], axis=-2)


def _scale_slopes(model: OrdinalLayout, here: OrdinalImplied) -> Array:
    """Return the derivatives (..., p, q) of the scales d."""
    given, p = model.layout, model.layout.n_items
    out = np.zeros((*here.scale.shape[:-1], p, model.n_free))
    if model.delta:
        free = np.flatnonzero(model.scale >= 0)
        out[..., free, model.scale[free]] = 1.0
        return out
    item = np.flatnonzero(model.ordinal)
    d = here.scale[..., item]
    out[..., item, : given.n_free] = (
        -0.5 * (d**3)[..., None] * cov_slopes(given, here.at, item, item)
    )
    return out


def ordinal_residuals(model: OrdinalLayout, theta: Array, here: OrdinalImplied) -> Array:
    """Return the residual variances (..., p) of y* and of continuous items.

    In delta parameterization those of ordinal items are what is left of the variance
    ``d^-2`` of y*; negative where nothing is.
    """
    given = model.layout
    own = matrices(given, theta[..., : given.n_free]).residual
    residual = np.diagonal(own, axis1=-2, axis2=-1)
    if not model.delta:
        return residual
    explained = np.diagonal(here.at.sigma, axis1=-2, axis2=-1) - residual
    return np.where(model.ordinal, here.scale**-2 - explained, residual)
