"""Least squares fits of models to samples of groups, their errors and tests, batched.

The discrepancy of G groups is the mean of theirs, ``F = sum m_g F_g / M``, with m_g one less than
the respondents of group g and M their sum. A structure (`kernels.least_squares.Structure`) gives
the statistics of one group as functions of its local parameters, f of them; any W of
`kernels.least_squares.weighted` may weigh them. With D the derivatives and e = s - sigma,

    E = sum m_g/M D'WD        B = sum m_g/M D'W Gamma WD        vcov = E^-1 B E^-1 / M

where E^-1 is the inverse along the constraints, if there are any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import constrained, grouped, linalg, sem, standardized
from tcsmodel.kernels.gamma import NormalGamma
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.implied import PATH, implied
from tcsmodel.kernels.least_squares import Structure, Weight, weighted
from tcsmodel.kernels.minimize import Objective, minimize

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

MAX_ITER = 200
# As in `kernels.sem`: a ridge is looked for after so many iterations of a replicate, when the last
# step gained less chi-square than this; a standardized loading or path, or its standard error,
# beyond the third gives it away.
PATIENCE = 10
STALLED = 0.1
RUNAWAY = 3.0


@dataclass(frozen=True, slots=True)
class Squares:
    """A model and the statistics of B samples.

    model : of the local parameters (G, f)
    structure : of one group
    statistics : (B, G, s)
    weight : of the B G samples, one after the other
    size : (G,) m, one less than the respondents of each group
    """

    model: Grouped
    structure: Structure
    statistics: Array
    weight: Weight
    size: Array

    @property
    def total(self) -> float:
        """M, by which chi-square is the multiple of F."""
        return float(self.size.sum())

    @property
    def share(self) -> Array:
        """The weight (G,) of each group."""
        return self.size / self.size.sum()

    def rows(self, members: Index) -> Index:
        """Return which of the B G samples belong to members of the batch."""
        groups = len(self.size)
        return (members[:, None] * groups + np.arange(groups)).ravel()

    def flat(self, theta: Array) -> Array:
        """Return the local parameters (B G, f) at theta (B, q)."""
        local = grouped.spread(self.model, theta)
        return local.reshape(-1, local.shape[-1])

    def residual(self, theta: Array, members: Index) -> Array:
        """Return s - sigma (b G, s) at theta (b, q)."""
        given = self.statistics[members].reshape(-1, self.statistics.shape[-1])
        return given - self.structure.implied(self.flat(theta))

    def summed(self, first: Array) -> Array:
        """Return derivatives (b, q) by theta of those (b G, f) of the groups."""
        local = first.reshape(-1, len(self.size), first.shape[-1])
        return grouped.gradient(self.model, local * self.share[:, None])

    def summed_twice(self, second: Array) -> Array:
        """Return second derivatives (b, q, q) by theta of those (b G, f, f) of the groups."""
        local = second.reshape(-1, len(self.size), *second.shape[1:])
        return grouped.curvature(self.model, local * self.share[:, None, None])


@dataclass(frozen=True, slots=True)
class Joint:
    """cov (G s, G s): how the statistics of groups, which are no samples apart, vary together."""

    cov: Array


class Point(NamedTuple):
    """value (B,), inf where not finite; theta (B, q); residual (B, G, s) s - sigma."""

    value: Array
    theta: Array
    residual: Array


class Slopes(NamedTuple):
    """gradient (B, q); expected, hessian (B, q, q): Gauss-Newton and exact, None if not asked."""

    gradient: Array
    expected: Array
    hessian: Array | None


def objective(given: Squares) -> Objective:
    """Return F, ready for `kernels.minimize`; members on a ridge are given up.

    Least squares let a residual variance fall without end, which likelihood does not.
    """

    def evaluate(theta: Array, members: Index) -> Point:
        with np.errstate(all="ignore"):
            residual = given.residual(theta, members)
            wide = weighted(given.weight[given.rows(members)], residual[..., None])[..., 0]
            own = (residual * wide).sum(axis=-1).reshape(len(theta), -1)
            value = own @ given.share
        residual = residual.reshape(*own.shape, -1)
        return Point(np.where(np.isfinite(value), value, np.inf), theta, residual)

    def slopes(point: Point, members: Index, exact: bool) -> Slopes:
        flat, weight = given.flat(point.theta), given.weight[given.rows(members)]
        residual = point.residual.reshape(len(flat), -1)
        slope = given.structure.jacobian(flat)
        wide = np.swapaxes(weighted(weight, slope), -1, -2)
        gradient = given.summed(-2 * (wide @ residual[..., None])[..., 0])
        expected = 2 * wide @ slope
        hessian = None
        if exact:
            hessian = expected
            if given.structure.curvature is not None:
                c = -2 * weighted(weight, residual[..., None])[..., 0]
                hessian = expected + given.structure.curvature(flat, c)
            hessian = given.summed_twice(hessian)
        return Slopes(gradient, given.summed_twice(expected), hessian)

    def hopeless(
        theta: Array, members: Index, expected: Array, gain: Array, damping: Array
    ) -> Mask:
        lost = given.total * gain < STALLED
        if lost.any():
            lost[lost] = _runs_away(given, theta[lost], expected[lost])
        return lost

    return Objective(evaluate, slopes, hopeless, given.model.constraints)


def _runs_away(given: Squares, theta: Array, expected: Array) -> Mask:
    """Return (b,) whether a standardized loading or path, or its error, is beyond RUNAWAY."""
    model = given.model
    layout = model.layout
    directed = layout.matrix <= PATH
    if not directed.any():
        return np.zeros(len(theta), dtype=bool)
    local = grouped.spread(model, theta)
    at = implied(layout, local)
    vcov = 2 / given.total * _inverse(model, theta, expected)
    own = grouped.local_cov(model, vcov, local)
    errors = sem.standardized_errors(layout, at, own)[..., directed]
    size = np.abs(standardized.standardize(layout, at)[..., directed])
    return np.asarray(~(np.maximum(errors, size).max(axis=(1, 2)) < RUNAWAY))


def _inverse(model: Grouped, theta: Array, information: Array) -> Array:
    """Return the inverses (b, q, q) of information, along the constraints; nan without one."""
    if model.constraints is not None:
        return constrained.inverse(model.constraints, theta, information)
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.diagonal(information, axis1=1, axis2=2))
        outer = scale[:, :, None] * scale[:, None, :]
        _, inverse, definite = linalg.definite_inverse(information * outer)
        return np.where(definite[:, None, None], inverse * outer, np.nan)


@dataclass(frozen=True, slots=True)
class Curve:
    """A model at theta (B, q).

    theta; residual (B G, s); delta (B G, s, f) D by the local parameters; information,
    inverse (B, q, q) E and E^-1.
    """

    theta: Array
    residual: Array
    delta: Array
    information: Array
    inverse: Array


def curve(given: Squares, theta: Array) -> Curve:
    """Return what errors and tests need at theta (B, q)."""
    with np.errstate(all="ignore"):
        flat = given.flat(theta)
        delta = given.structure.jacobian(flat)
        own = np.swapaxes(delta, -1, -2) @ weighted(given.weight, delta)
        information = given.summed_twice(own)
        inverse = _inverse(given.model, theta, information)
        residual = given.residual(theta, np.arange(len(theta)))
        return Curve(theta, residual, delta, information, inverse)


def vcov(given: Squares, at: Curve, gamma: Array | NormalGamma | Joint | None) -> Array:
    """Return the covariances (B, q, q) of estimates.

    gamma (B G, s, s) are those of the statistics; None where W is their inverse.
    """
    if gamma is None:
        return at.inverse / given.total
    with np.errstate(all="ignore"):
        wide = weighted(given.weight, at.delta)
        if isinstance(gamma, Joint):
            by_group = wide.reshape(-1, len(given.size), *wide.shape[1:])
            own = grouped.by_theta(given.model, by_group) * given.share[:, None, None]
            own = own.reshape(len(own), -1, own.shape[-1]) @ at.inverse
            return np.swapaxes(own, -1, -2) @ gamma.cov @ own
        products = given.summed_twice(np.swapaxes(wide, -1, -2) @ (gamma @ wide))
        return at.inverse @ products @ at.inverse / given.total


def residual_test(given: Squares, at: Curve) -> Array:
    """Return the residual-based chi-square (B,) by the weight of `given`, an inverse of Gamma.

    ``M (e'We - e'WD E^-1 D'We)`` at any consistent estimate (Browne 1984, eq. 2.20b); lavaan's
    ``browne.residual.nt`` takes the normal-theory weight at S.
    """
    with np.errstate(all="ignore"):
        wide = weighted(given.weight, at.residual[..., None])[..., 0]
        own = (at.residual * wide).sum(axis=-1).reshape(len(at.theta), -1) @ given.share
        local = (np.swapaxes(at.delta, -1, -2) @ wide[..., None])[..., 0]
        along = given.summed(local)[..., None]
        return given.total * (own - (np.swapaxes(along, -1, -2) @ at.inverse @ along)[:, 0, 0])


def fit(
    given: Squares, start: Array, *, patient: bool, gamma: Array | NormalGamma | Joint | None
) -> sem.Fit:
    """Return the fits from start (B, q).

    Parameters
    ----------
    given : Squares
        The model and the samples.
    start : ndarray (B, q)
        Where to begin.
    patient : bool
        Whether to follow a ridge for as long as there are iterations, as a single fit should.
    gamma : ndarray (B G, s, s), NormalGamma, Joint or None
        Of `vcov`.
    """
    model = given.model
    patience = MAX_ITER if patient else PATIENCE
    best = minimize(objective(given), start, max_iter=MAX_ITER, patience=patience)
    best = sem.held(model, best)
    at = curve(given, best.theta)
    return sem.ended(model, best, 2 * at.information, given.total, vcov(given, at, gamma))
