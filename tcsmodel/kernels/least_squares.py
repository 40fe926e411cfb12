"""What least squares fit: mean and covariance structures, and statistics of ordinal items.

    F = (s - sigma)' W (s - sigma)

s the sample statistics, sigma what theta implies, and W by estimator:

- ULS: identity
- GLS: inverse of the normal-theory Gamma at S, ``F = tr[(S^-1 (S - Sigma))^2] / 2``, for which W
  is not formed (Joreskog & Goldberger 1972, Psychometrika 37, 243-260)
- WLS: inverse of the distribution-free Gamma (Browne 1984)
- DWLS: inverse of the diagonal of Gamma (Muthen, du Toit & Spisic 1997)

With D the derivatives of sigma, the gradient is ``-2 D'W (s - sigma)``, the Gauss-Newton Hessian
``2 D'W D``, and the exact one adds ``sum_i c_i d2 sigma_i``, ``c = -2 W (s - sigma)``: for
covariances tr(Omega Sigma_kl) of `kernels.discrepancy`, with dF = tr(Omega dSigma).

lavaan's fmin is ``(n - 1) F / 2n``. Its covariances have divisor n - 1 for all four, its
chi-square is (n - 1) F and n - 1 divides in standard errors, with ordinal items too; the
distribution-free Gamma has divisor n.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import discrepancy, jacobian, mean_structure, ordinal
from tcsmodel.kernels.average_scale import Averages
from tcsmodel.kernels.discrepancy import Gathers, add_curvature, merged_twice
from tcsmodel.kernels.gamma import NormalWeight
from tcsmodel.kernels.implied import (
    LATENT_MEAN,
    SCALE,
    THRESHOLD,
    Implied,
    Layout,
    implied,
    means,
    sandwich,
)
from tcsmodel.kernels.starting import starting_values

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Weight: TypeAlias = Array | NormalWeight


@dataclass(frozen=True, slots=True)
class Structure:
    """What is fitted to statistics: functions of theta (B, q).

    Attributes
    ----------
    implied : callable
        Returns the statistics sigma (B, s).
    jacobian : callable
        Returns their derivatives (B, s, q).
    curvature : callable or None
        Of c (B, s) too, returns ``sum_i c_i d2 sigma_i`` (B, q, q); None where it is not known,
        so that steps are of Gauss and Newton to the end.
    """

    implied: Callable[[Array], Array]
    jacobian: Callable[[Array], Array]
    curvature: Callable[[Array, Array], Array] | None


def moment_structure(layout: Layout, *, mean: bool) -> Structure:
    """Return the structure of [mu, vech Sigma], or of vech Sigma alone."""
    column, row = np.triu_indices(layout.n_items)
    return Structure(
        partial(jacobian.moments, layout, mean=mean),
        partial(jacobian.moment_jacobian, layout, mean=mean),
        _MeanCurvature(layout) if mean else _Curvature(layout, row, column),
    )


def ordinal_structure(model: ordinal.OrdinalLayout) -> Structure:
    """Return the structure of the statistics of ordinal, or mixed, items."""
    given, order = model.layout, model.order
    start = len(order.item)
    row = np.concatenate([order.continuous, order.pairs.second])
    curve = _Curvature(given, row, np.concatenate([order.continuous, order.pairs.first]))
    # Then locations are linear, and correlations are covariances.
    is_free = given.free >= 0
    bent = is_free & np.isin(given.matrix, (LATENT_MEAN, SCALE))
    return Structure(
        partial(_ordinal_statistics, model),
        partial(_ordinal_slopes, model),
        partial(_ordinal_curvature, curve, start) if model.delta and not bent.any() else None,
    )


def _ordinal_statistics(model: ordinal.OrdinalLayout, theta: Array) -> Array:
    return ordinal.ordinal_implied(model, theta).statistics


def _ordinal_slopes(model: ordinal.OrdinalLayout, theta: Array) -> Array:
    return ordinal.ordinal_jacobian(model, theta, ordinal.ordinal_implied(model, theta))


def _ordinal_curvature(curve: _Curvature, start: int, theta: Array, c: Array) -> Array:
    return curve(theta, c[:, start:])


class _Curvature:
    """``sum_i c_i d2 Sigma_i`` over the entries (row, column) of Sigma."""

    def __init__(self, layout: Layout, row: Index, column: Index) -> None:
        self.layout, self.row, self.column = layout, row, column
        self.at = discrepancy.gathers(layout)

    def __call__(self, theta: Array, c: Array) -> Array:
        here = implied(self.layout, theta)
        omega = np.zeros_like(here.sigma)
        omega[:, self.row, self.column] = c
        omega = 0.5 * (omega + np.swapaxes(omega, 1, 2))
        return curvature(self.layout, self.at, here, omega)


class _MeanCurvature:
    """``sum_i c_i d2 s_i`` over [mu, vech Sigma], by the bordered layout of `mean_structure`.

    Its Sigma~ has ``Sigma + d d'`` in the place of Sigma, which bends by d too.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout, self.bordered = layout, mean_structure.bordered(layout)
        self.at = discrepancy.gathers(self.bordered)

    def __call__(self, theta: Array, c: Array) -> Array:
        here = implied(self.layout, theta)
        mu, p = means(self.layout, theta, here), self.layout.n_items
        column, row = np.triu_indices(p)
        omega = np.zeros((len(theta), p + 1, p + 1))
        omega[:, row, column] = c[:, p:]
        omega[:, -1, :p] = c[:, :p]
        omega = 0.5 * (omega + np.swapaxes(omega, 1, 2))
        around = mean_structure.bordered_at(self.layout, here, mu, np.zeros_like(mu.item))
        bent = curvature(self.bordered, self.at, around, omega)
        slope = jacobian.mean_slopes(self.layout, theta, here)
        return bent - 2 * np.swapaxes(slope, 1, 2) @ omega[:, :p, :p] @ slope


def curvature(layout: Layout, at: Gathers, here: Implied, omega: Array) -> Array:
    """Return ``tr(Omega Sigma_kl)`` (B, q, q) for symmetric Omega (B, p, p)."""
    n, f = len(omega), len(at.pair)
    state = discrepancy.State(np.zeros(n), here.sigma, omega, here.total, here.phi, here.directions)
    out = np.zeros((n, f, f))
    flat = sandwich(omega, here.directions).reshape(n, -1)
    add_curvature(layout, at, state, flat, out)
    return merged_twice(layout, out)


def weighted(weight: Weight, a: Array) -> Array:
    """Return ``W a`` (..., s, k) of columns a; W (..., s, s), its diagonal (..., s) or unformed."""
    if isinstance(weight, NormalWeight) or weight.ndim == a.ndim:
        return weight @ a
    return weight[..., None] * a


def unit_weight(variance: Array, size: int) -> tuple[Array, Array]:
    """Return the diagonal (B, s) that stands for the identity in ULS, and its size (B,).

    One over the squared mean variance of the items (B, p): F comes out free of the unit of
    measurement; divide its minimum by the second array to have lavaan's.
    """
    scale = 1 / variance.mean(axis=-1) ** 2
    return np.broadcast_to(scale[:, None], (len(scale), size)), scale


def ordinal_start(
    model: ordinal.OrdinalLayout, statistics: Array, averages: Averages | None = None
) -> Array:
    """Return starting values (B, q) from the statistics (B, s) of ordinal items in a sample."""
    given, order, p, m = model.layout, model.order, model.layout.n_items, len(model.order.item)
    cov = np.broadcast_to(np.eye(p), (len(statistics), p, p)).copy()
    continuous = order.continuous
    cov[:, continuous, continuous] = statistics[:, m : m + len(continuous)]
    i, j = order.pairs.first, order.pairs.second
    cov[:, i, j] = cov[:, j, i] = statistics[:, m + len(continuous) :]
    # Half of an item's variance is unexplained; theta parameterization calls that half one.
    stretch = np.where(model.ordinal & (not model.delta), np.sqrt(2.0), 1.0)
    cov *= stretch[:, None] * stretch
    is_cut = order.threshold >= 0
    mean = np.zeros((len(statistics), p))
    mean[:, order.item[~is_cut]] = statistics[:, :m][:, ~is_cut]
    theta = starting_values(given, cov, mean, averages=averages)
    cut = np.zeros((len(statistics), p, given.n_cuts))
    cut[:, order.item[is_cut], order.threshold[is_cut]] = statistics[:, :m][:, is_cut]
    for kind, values in (
        (THRESHOLD, cut * stretch[:, None]),
        (SCALE, np.ones((len(statistics), p, 1))),
    ):
        own = (given.matrix == kind) & (given.free >= 0)
        theta[:, given.free[own]] = values[:, given.row[own], given.column[own]]
    return theta
