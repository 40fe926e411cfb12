"""Maximum likelihood fits of structural equation models, many covariance matrices at once.

A fit ends with a status. *Ridge*: the fit hardly changes while a standardized loading or
path runs off, so that its standard error exceeds one, the largest value that such a
coefficient of a single cause can have; nothing is known about it. On a ridge there may be no
minimum at all, or one far out that means nothing; replicates of a bootstrap that climb one
are recognised early, while a fit to the sample itself follows it long enough to reach a
minimum where there is one.
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
    matrices,
)
from tcsmodel.kernels.minimize import Minimum, Objective, minimize, pick
from tcsmodel.kernels.standardized import jacobian
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

MAX_ITER = 200
# A ridge is looked for after so many iterations (of a replicate; of a fit that matters by
# itself), when the last step gained less chi-square than this. A single fit is left alone as
# long as full Newton steps succeed: those end at a minimum.
PATIENCE = (10, 20)
STALLED = (0.1, 1e-3)
# The standard error of a standardized loading or path that gives a climb away.
RUNAWAY = 3.0
# The largest standard error of a standardized loading or path that says anything.
UNKNOWN = 1.0
# Least eigenvalue of the information, scaled to a unit diagonal, of an identified model.
UNIDENTIFIED = 1e-11
# Relative size below which a negative variance or eigenvalue is rounding.
BOUNDARY = 1e-8


@dataclass(frozen=True, slots=True)
class Fit:
    """B fits.

    theta (B, q); value (B,): ``log|Sigma| + tr(S Sigma^-1) - log|S| - p``;
    vcov (B, q, q) covariances of the estimates from the expected information, nan where
    it is singular; status, iterations (B,); converged (B,): whether a minimum was reached;
    regular (B,): whether the information has full rank there, as it has nowhere in a model
    that is not identified.
    """

    theta: Array
    value: Array
    vcov: Array
    status: Index
    iterations: Index
    converged: Mask
    regular: Mask


def fit(
    layout: Layout,
    cov: Array,
    n: int,
    *,
    start: Array | None = None,
    patient: bool = False,
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
    patient : bool
        Whether to follow a ridge for long before giving it up, as a single fit should and the
        replicates of a bootstrap need not.
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
        theta: Array, state: discrepancy.State, expected: Array, gain: Array, damping: Array
    ) -> Mask:
        lost = n * gain < STALLED[patient]
        if patient:
            lost &= damping > 0
        if lost.any():
            errors = _directed_errors(
                layout, theta[lost], pick(_implied_by(state), lost), _vcov(expected[lost], n)
            )
            lost[lost] = ~(errors < RUNAWAY)
        return lost

    objective = Objective(evaluate, slopes, hopeless)
    best = minimize(objective, begin, max_iter=MAX_ITER, patience=PATIENCE[patient])
    state = discrepancy.evaluate(layout, best.theta, cov)
    expected = discrepancy.slopes(layout, at, state, cov, exact=False).expected
    vcov = _vcov(expected, n)
    status = _status(layout, best, _implied_by(state), vcov)
    with np.errstate(invalid="ignore"):
        value = best.value - floor
        # The trace of the inverse bounds that of the least eigenvalue.
        regular = n / 2 * np.einsum("bkk,bkk->b", vcov, expected) < 1 / UNIDENTIFIED
    return Fit(best.theta, value, vcov, status, best.iterations, best.converged, regular)


def _implied_by(state: discrepancy.State) -> Implied:
    return Implied(state.sigma, state.total, state.phi, state.directions)


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
    diagonal = layout.row == layout.column
    i, j, k = _free_rows(layout, layout.matrix == LOADING)
    sign = np.where(cov[:, i, markers[j]] < 0, -1.0, 1.0)
    theta[:, k] = sign * np.sqrt(variance[:, i] / (2 * phi[:, j]))
    i, j, k = _free_rows(layout, layout.matrix == PATH)
    theta[:, k] = np.where(higher[j], np.sqrt(phi[:, i] / (2 * phi[:, j])), 0.0)
    i, j, k = _free_rows(layout, (layout.matrix == LATENT) & diagonal)
    theta[:, k] = phi[:, i] * np.where(explained[i], 0.5, 1.0)
    i, j, k = _free_rows(layout, (layout.matrix == RESIDUAL) & diagonal)
    theta[:, k] = variance[:, i] / 2
    return theta


def _free_rows(layout: Layout, chosen: Mask) -> tuple[Index, Index, Index]:
    """Return rows, columns and parameters of the free ones among `chosen` (r,)."""
    at = np.flatnonzero(chosen & (layout.free >= 0))
    return layout.row[at], layout.column[at], layout.free[at]


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
            own = variance[:, known[0]]
            share = np.maximum(own - error, 0.05 * own) if np.isfinite(error) else own / 2
            phi[:, j] = share / fixed.loading[known[0], j] ** 2
    for higher in np.flatnonzero(markers < 0):
        path = fixed.path[:, higher]
        known = np.flatnonzero(np.isfinite(path) & (path != 0))
        if np.isfinite(fixed.latent[higher, higher]):
            phi[:, higher] = fixed.latent[higher, higher] or 1.0
        elif len(known):
            phi[:, higher] = phi[:, known[0]] / (2 * path[known[0]] ** 2)
    return phi, markers


def _vcov(expected: Array, n: int) -> Array:
    """Return ``2/n E^-1``, by way of the unit diagonal; nan where E is singular."""
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.diagonal(expected, axis1=1, axis2=2))
        outer = scale[:, :, None] * scale[:, None, :]
        _, inverse, definite = linalg.definite_inverse(expected * outer)
        return np.where(definite[:, None, None], 2 / n * inverse * outer, np.nan)


def standardized_errors(layout: Layout, theta: Array, at: Implied, vcov: Array) -> Array:
    """Return standard errors (B, r) of the standardized values of every row (delta method)."""
    slope = jacobian(layout, theta, at)
    with np.errstate(all="ignore"):
        return np.sqrt(np.maximum(((slope @ vcov) * slope).sum(axis=-1), 0.0))


def _directed_errors(layout: Layout, theta: Array, at: Implied, vcov: Array) -> Array:
    """Return (B,) the largest standard error of a standardized loading or path; nan if unknown."""
    directed = (layout.matrix <= PATH) & (layout.free >= 0)
    if not directed.any():
        return np.zeros(len(theta))
    return standardized_errors(layout, theta, at, vcov)[:, directed].max(axis=1)


def unidentified(layout: Layout, cov: Array) -> Mask:
    """Return (q,) True for parameters that no data of this model determine.

    The information at an arbitrary point near the starting values of cov (p, p): a
    singular one there is the model's fault, not that of the data. True where the
    parameter takes part in a direction of which nothing is known.
    """
    theta = starting_values(layout, cov[None])[0]
    shake = np.random.default_rng(0).uniform(0.5, 1.0, size=layout.n_free)
    kind = np.empty(layout.n_free, dtype=np.intp)
    kind[layout.owner] = layout.matrix[layout.free >= 0]
    theta = np.where((theta == 0) & (kind == PATH), 0.3 * shake, theta * (0.8 + 0.4 * shake))
    at = discrepancy.gathers(layout)
    state = discrepancy.evaluate(layout, theta[None], cov[None])
    expected = discrepancy.slopes(layout, at, state, cov[None], exact=False).expected[0]
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.diag(expected))
        scaled = expected * scale[:, None] * scale[None, :]
    if not np.isfinite(scaled).all():
        return ~np.isfinite(scale)
    values, vectors = np.linalg.eigh(scaled)
    null = vectors[:, values < UNIDENTIFIED]
    return (np.abs(null) > 1e-4).any(axis=1)


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
    negative: Mask = residual < -BOUNDARY * np.abs(sigma)
    correlated = ((layout.matrix == RESIDUAL) & (layout.row != layout.column)).any()
    return Admissibility(
        latent < -BOUNDARY * np.abs(phi),
        negative,
        _indefinite(at.phi, phi),
        _indefinite(parts.residual, sigma) if correlated else np.asarray(negative.any(axis=1)),
    )


def _indefinite(cov: Array, variance: Array) -> Mask:
    """Return (B,) whether covariances, scaled by variances (B, p), have a negative eigenvalue."""
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.abs(variance))
        scaled = cov * scale[:, :, None] * scale[:, None, :]
    lost = ~np.isfinite(scaled).all(axis=(1, 2))
    scaled[lost] = 0.0
    return lost | (np.linalg.eigvalsh(scaled)[:, 0] < -BOUNDARY)


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
