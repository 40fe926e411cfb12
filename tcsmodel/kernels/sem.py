"""Maximum likelihood fits of structural equation models, many covariance matrices at once.

A fit ends with a status. *Ridge*: the fit hardly changes while a standardized loading or
path runs off, so that its standard error exceeds one, the largest value that such a
coefficient of a single cause can have; nothing is known about it. On a ridge there may be no
minimum at all, or one far out that means nothing; replicates of a bootstrap that climb one
are recognised early, while a fit to the sample itself follows it to its end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import discrepancy, linalg
from tcsmodel.kernels.implied import (
    LATENT,
    LOADING,
    PATH,
    RESIDUAL,
    Implied,
    Layout,
    implied,
    matrices,
)
from tcsmodel.kernels.minimize import Minimum, Objective, minimize
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.standardized import jacobian
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

MAX_ITER = 200
# Iterations before a ridge is looked for, the chi-square that the last step must have
# gained to be left alone, and the standardized error that gives a climb away.
PATIENCE = 10
STALLED = 0.1
RUNAWAY = 3.0
# The largest standard error of a standardized loading or path that says anything.
UNKNOWN = 1.0
# Eigenvalues of the information, scaled to a unit diagonal, below which it is singular.
SINGULAR = 1e-14
BOUNDARY = 1e-8


@dataclass(frozen=True, slots=True)
class Fit:
    """B fits.

    theta (B, q); value (B,): ``log|Sigma| + tr(S Sigma^-1) - log|S| - p``;
    vcov (B, q, q) covariances of the estimates from the expected information, nan where
    it is singular; status, iterations (B,); converged (B,): whether a minimum was reached.
    """

    theta: Array
    value: Array
    vcov: Array
    status: Index
    iterations: Index
    converged: Mask


def fit(
    layout: Layout,
    cov: Array,
    n: int,
    *,
    start: Array | None = None,
    recognise: bool = True,
) -> Fit:
    """Return the maximum likelihood fits of a model to covariance matrices.

    Parameters
    ----------
    layout : Layout
        The model.
    cov : ndarray (B, p, p)
        Covariances with divisor n.
    n : int
        Respondents behind each.
    start : ndarray (q,), optional
        Starting values; nan where the default is to be used.
    recognise : bool
        Whether fits that climb a ridge are ended early.
    """
    at = discrepancy.gathers(layout)
    floor = discrepancy.saturated(cov)
    begin = starting_values(layout, cov)
    if start is not None:
        begin = np.where(np.isnan(start), begin, start)

    def evaluate(theta: Array, members: Index) -> discrepancy.State:
        state = discrepancy.evaluate(layout, theta, cov[members])
        state.value[~np.isfinite(floor[members])] = np.inf
        return state

    def slopes(state: discrepancy.State, members: Index, exact: bool) -> discrepancy.Slopes:
        return discrepancy.slopes(layout, at, state, cov[members], exact=exact)

    def hopeless(
        theta: Array, state: discrepancy.State, expected: Array, _: Index, gain: Array
    ) -> Mask:
        lost = n * gain < STALLED
        if lost.any():
            here = Implied(state.sigma, state.total, state.phi, state.directions)
            here = Implied(*(getattr(here, name)[lost] for name in Implied.__slots__))
            errors = _directed_errors(layout, theta[lost], here, _vcov(expected[lost], n))
            lost[lost] = ~(errors < RUNAWAY)
        return lost

    objective = Objective(evaluate, slopes, hopeless if recognise else None)
    best = minimize(objective, begin, max_iter=MAX_ITER, patience=PATIENCE)
    here = implied(layout, best.theta)
    state = discrepancy.evaluate(layout, best.theta, cov)
    vcov = _vcov(discrepancy.slopes(layout, at, state, cov, exact=False).expected, n)
    status = _status(layout, best, here, vcov)
    return Fit(best.theta, best.value - floor, vcov, status, best.iterations, best.converged)


def starting_values(layout: Layout, cov: Array) -> Array:
    """Return starting values (B, q) from the variances of the items.

    Half of each item's variance is its construct's, whose scale a reference item gives: the
    first with a fixed loading, else the first. Paths and covariances start at zero.
    """
    theta = np.zeros((len(cov), layout.n_free))
    variance = np.diagonal(cov, axis1=1, axis2=2)
    phi, markers = _latent_scales(layout, variance)
    explained = np.isin(np.arange(layout.n_latents), layout.row[layout.matrix == PATH])
    higher = markers < 0
    for kind, i, j, k in zip(layout.matrix, layout.row, layout.column, layout.free, strict=True):
        if k < 0:
            continue
        if kind == LOADING:
            sign = np.where(cov[:, i, markers[j]] < 0, -1.0, 1.0)
            theta[:, k] = sign * np.sqrt(variance[:, i] / (2 * phi[:, j]))
        elif kind == PATH and higher[j]:
            theta[:, k] = np.sqrt(phi[:, i] / (2 * phi[:, j]))
        elif kind == LATENT and i == j:
            theta[:, k] = phi[:, i] * (0.5 if explained[i] else 1.0)
        elif kind == RESIDUAL and i == j:
            theta[:, k] = variance[:, i] / 2
    return theta


def _latent_scales(layout: Layout, variance: Array) -> tuple[Array, Index]:
    """Return rough latent variances (B, m) and the reference item (m,) of each, -1 without."""
    m = layout.n_latents
    fixed = matrices(layout, np.full(layout.n_free, np.nan))
    phi = np.ones((len(variance), m))
    markers = np.full(m, -1, dtype=np.intp)
    for j in range(m):
        items = np.flatnonzero(fixed.loading[:, j] != 0)
        if not len(items):
            continue
        known = items[np.isfinite(fixed.loading[items, j])]
        markers[j] = known[0] if len(known) else items[0]
        if np.isfinite(fixed.latent[j, j]):
            phi[:, j] = fixed.latent[j, j] or 1.0
        elif len(known):
            error = fixed.residual[known[0], known[0]]
            own = variance[:, known[0]] - (error if np.isfinite(error) else 0.0)
            share = 1.0 if np.isfinite(error) else 0.5
            phi[:, j] = share * np.maximum(own, 0.05) / fixed.loading[known[0], j] ** 2
    for j in np.flatnonzero(markers < 0):
        known = np.flatnonzero(np.isfinite(fixed.path[:, j]) & (fixed.path[:, j] != 0))
        if np.isfinite(fixed.latent[j, j]):
            phi[:, j] = fixed.latent[j, j] or 1.0
        elif len(known):
            phi[:, j] = phi[:, known[0]] / (2 * fixed.path[known[0], j] ** 2)
    return phi, markers


def _vcov(expected: Array, n: int) -> Array:
    """Return ``2/n E^-1``, by way of the unit diagonal; nan where E is singular."""
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.diagonal(expected, axis1=1, axis2=2))
        outer = scale[:, :, None] * scale[:, None, :]
        scaled = expected * outer
        inverse, _ = linalg.inverse(scaled)
        definite = linalg.log_determinant(scaled)[1]
        return np.where(definite[:, None, None], 2 / n * inverse * outer, np.nan)


def _directed_errors(layout: Layout, theta: Array, at: Implied, vcov: Array) -> Array:
    """Return (B,) the largest standard error of a standardized loading or path; nan if unknown."""
    rows = np.flatnonzero((layout.matrix <= PATH) & (layout.free >= 0))
    if not len(rows):
        return np.zeros(len(theta))
    slope = jacobian(layout, theta, at)[:, rows]
    with np.errstate(all="ignore"):
        return np.sqrt(((slope @ vcov) * slope).sum(axis=-1)).max(axis=1)


@dataclass(frozen=True, slots=True)
class Admissibility:
    """What is inadmissible about fits: (B, m), (B, p) and (B,), True where wrong.

    latent_variance, residual_variance: negative; latent_cov, residual_cov: not positive
    semidefinite.
    """

    latent_variance: Mask
    residual_variance: Mask
    latent_cov: Mask
    residual_cov: Mask


def admissibility(layout: Layout, theta: Array, at: Implied) -> Admissibility:
    """Return which variances are negative and which covariance matrices indefinite."""
    parts = matrices(layout, theta)
    latent = np.diagonal(parts.latent, axis1=1, axis2=2)
    residual = np.diagonal(parts.residual, axis1=1, axis2=2)
    phi = np.diagonal(at.phi, axis1=1, axis2=2)
    sigma = np.diagonal(at.sigma, axis1=1, axis2=2)
    return Admissibility(
        latent < -BOUNDARY * np.abs(phi),
        residual < -BOUNDARY * np.abs(sigma),
        _indefinite(at.phi),
        _indefinite(parts.residual / np.sqrt(sigma[:, :, None] * sigma[:, None, :])),
    )


def _indefinite(cov: Array) -> Mask:
    """Return (B,) whether a variance or, scaled, an eigenvalue of covariances is negative."""
    variance = np.diagonal(cov, axis1=1, axis2=2)
    negative = (variance < -BOUNDARY).any(axis=1) | ~np.isfinite(cov).all(axis=(1, 2))
    scaled = np.where(np.isfinite(to_corr(cov)), to_corr(cov), 0.0)
    scaled[negative] = 0.0
    return negative | (np.linalg.eigvalsh(scaled)[:, 0] < -BOUNDARY)


def _status(layout: Layout, best: Minimum, here: Implied, vcov: Array) -> Index:
    wrong = admissibility(layout, best.theta, here)
    improper = wrong.latent_variance.any(axis=1) | wrong.residual_variance.any(axis=1)
    improper |= wrong.latent_cov | wrong.residual_cov
    errors = _directed_errors(layout, best.theta, here, vcov)
    status = np.where(improper, Status.IMPROPER, Status.CONVERGED)
    status = np.where(~best.converged & ~best.hopeless, Status.ITERATION_CAP, status)
    status = np.where((errors > UNKNOWN) | best.hopeless, Status.RIDGE, status)
    unknown = ~np.isfinite(np.diagonal(vcov, axis1=1, axis2=2)).all(axis=1) & ~best.hopeless
    return np.where(unknown, Status.SINGULAR, status).astype(np.intp)
