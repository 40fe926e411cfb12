"""Extraction of common factors from correlation matrices, many at once.

Symbols: `corr` (..., p, p); k factors; `psi` uniquenesses (p,); `lam` loadings (p, k).
Both methods minimize over the uniquenesses alone, since the best loadings for given
uniquenesses are closed forms of an eigendecomposition (Joreskog 1967; Harman & Jones 1966),
by Newton steps with the exact Hessian.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Objective = Callable[[Array, Array], tuple[Array, Array, Array]]

SMALLEST_UNIQUENESS = 0.005
SMALLEST_EIGENVALUE = 1e-10
NEWTON_DECREMENT = 1e-16
AT_BOUND = 1e-10
MOST_ITERATIONS = 100
MOST_HALVINGS = 25


@dataclass(frozen=True, slots=True)
class Extraction:
    """Unrotated factors, by falling eigenvalue, each with a positive sum of loadings.

    loadings (..., p, k); uniqueness (..., p), at least 0.005; discrepancy (...,), the
    minimized function; iterations (...,); status (...,): `Status.IMPROPER` where a
    uniqueness ended at its bound (a Heywood case), `Status.SINGULAR` where the matrix was
    not finite or, for ML, not positive definite.
    """

    loadings: Array
    uniqueness: Array
    discrepancy: Array
    iterations: NDArray[np.intp]
    status: NDArray[np.intp]


def minres(corr: Array, k: int) -> Extraction:
    """Return the factors that leave the smallest squared off-diagonal residuals.

    Minimizes ``1/2 sum_(m > k) g_m^2`` over psi, g the eigenvalues of R - diag(psi): the
    minimum of minimum residuals (Harman & Jones 1966) and of unweighted least squares.
    """

    def loadings(corr: Array, psi: Array) -> Array:
        values, vectors = _leading_first(corr - _diagonal(psi))
        return vectors[..., :k] * np.sqrt(np.maximum(values[..., None, :k], 0))

    return _extract(corr, k, _least_squares(k), loadings, np.asarray, np.asarray)


def maximum_likelihood(corr: Array, k: int) -> Extraction:
    """Return the maximum likelihood factors.

    Minimizes ``sum_(m > k) (t_m - log t_m - 1)`` over psi, t the eigenvalues of
    ``psi^-1/2 R psi^-1/2`` (Joreskog 1967), which is the ML discrepancy
    ``log|Sigma| - log|R| + tr(R Sigma^-1) - p``.
    """

    def loadings(corr: Array, psi: Array) -> Array:
        root = np.sqrt(psi)
        values, vectors = _leading_first(corr / (root[..., :, None] * root[..., None, :]))
        scale = np.sqrt(np.maximum(values[..., None, :k] - 1, 0))
        return root[..., None] * vectors[..., :k] * scale

    return _extract(corr, k, _likelihood(k), loadings, np.log, np.exp)


def at_bound(psi: Array) -> NDArray[np.bool_]:
    """Return which uniquenesses (..., p) ended at their lower bound."""
    return psi <= SMALLEST_UNIQUENESS * (1 + 1e-6)


def ml_discrepancy(corr: Array, loadings: Array, uniqueness: Array) -> Array:
    """Return ``log|Sigma| - log|R| + tr(R Sigma^-1) - p`` (...,), Sigma = lam lam' + psi."""
    sigma = loadings @ np.swapaxes(loadings, -1, -2) + _diagonal(uniqueness)
    log_sigma = np.linalg.slogdet(sigma)[1]
    log_corr = np.linalg.slogdet(corr)[1]
    trace = np.trace(np.linalg.solve(sigma, corr), axis1=-2, axis2=-1)
    return log_sigma - log_corr + trace - corr.shape[-1]


def _extract(
    corr: Array,
    k: int,
    objective: Objective,
    loadings: Callable[[Array, Array], Array],
    into: Callable[[Array], Array],
    back: Callable[[Array], Array],
) -> Extraction:
    """Minimize over the coordinates ``into(psi)``, starting at psi = 1 - SMC (Guttman 1956).

    Where there are several minima this is the one that reference programs report.
    """
    batch, p = corr.shape[:-2], corr.shape[-1]
    flat = corr.reshape(-1, p, p)
    finite = np.isfinite(flat).all(axis=(-2, -1), keepdims=True)
    safe = np.where(finite, flat, 0.0)
    usable = np.linalg.eigvalsh(safe)[:, 0] > SMALLEST_EIGENVALUE
    safe = np.where(usable[:, None, None], safe, np.eye(p))
    start = 1 / np.diagonal(np.linalg.inv(safe), axis1=-2, axis2=-1)
    low, high = into(np.array([SMALLEST_UNIQUENESS, 1.0])).tolist()
    x, value, iterations, converged = _newton(objective, safe, into(start), (low, high))
    psi = np.maximum(back(x), SMALLEST_UNIQUENESS)
    lam = loadings(safe, psi)
    lam = lam * np.where(lam.sum(axis=-2, keepdims=True) < 0, -1.0, 1.0)
    heywood = at_bound(psi).any(axis=-1)
    status = np.where(heywood, Status.IMPROPER, Status.CONVERGED)
    status = np.where(converged, status, Status.ITERATION_CAP)
    status = np.where(usable, status, Status.SINGULAR)
    lam = np.where(usable[:, None, None], lam, np.nan)
    psi = np.where(usable[:, None], psi, np.nan)
    return Extraction(
        lam.reshape(*batch, p, k),
        psi.reshape(*batch, p),
        np.where(usable, value, np.nan).reshape(batch),
        iterations.reshape(batch),
        status.reshape(batch),
    )


def _least_squares(k: int) -> Objective:
    """Value, gradient and Hessian of the minres function in psi.

    With trailing eigenvectors N: gradient ``-diag(N G N')``, Hessian
    ``(NN')o(NN') + 2 sum_(n <= k, m > k) g_m / (g_m - g_n) (w_m o w_n)(w_m o w_n)'``.
    """

    def objective(corr: Array, psi: Array) -> tuple[Array, Array, Array]:
        values, vectors = _leading_first(corr - _diagonal(psi))
        last, lead = values[..., k:], values[..., :k]
        trailing = vectors[..., k:]
        value = 0.5 * (last**2).sum(axis=-1)
        gradient = -(trailing**2 @ last[..., None])[..., 0]
        factor = 2 * last[..., None, :] / _apart(last[..., None, :] - lead[..., :, None])
        hessian = (trailing @ _t(trailing)) ** 2 + _cross(vectors, factor, k)
        return value, gradient, hessian

    return objective


def _likelihood(k: int) -> Objective:
    """Value, gradient and Hessian of the ML function in log psi.

    With trailing eigenvectors N and eigenvalues T: gradient ``diag(N (1 - T) N')``, Hessian
    ``(NN')o(NTN') + sum_(n <= k, m > k) (1 - t_m)(t_m + t_n) / (t_n - t_m) (w_m o w_n)(...)'``.
    """

    def objective(corr: Array, log_psi: Array) -> tuple[Array, Array, Array]:
        root = np.exp(0.5 * log_psi)
        values, vectors = _leading_first(corr / (root[..., :, None] * root[..., None, :]))
        last, lead = values[..., k:], values[..., :k]
        trailing = vectors[..., k:]
        value = (last - np.log(last) - 1).sum(axis=-1)
        gradient = (trailing**2 @ (1 - last)[..., None])[..., 0]
        far, near = last[..., None, :], lead[..., :, None]
        factor = (1 - far) * (far + near) / _apart(near - far)
        inner = (trailing @ _t(trailing)) * ((trailing * last[..., None, :]) @ _t(trailing))
        return value, gradient, inner + _cross(vectors, factor, k)

    return objective


def _cross(vectors: Array, factor: Array, k: int) -> Array:
    """Return ``sum_nm factor[n, m] (w_n o w_m)(w_n o w_m)'`` over leading n and trailing m."""
    trailing = vectors[..., k:]
    total = np.zeros(vectors.shape)
    for n in range(k):
        pair = vectors[..., n, None] * trailing
        total += (pair * factor[..., n, None, :]) @ _t(pair)
    return total


def _newton(
    objective: Objective, corr: Array, x: Array, bounds: tuple[float, float]
) -> tuple[Array, Array, NDArray[np.intp], NDArray[np.bool_]]:
    """Minimize within bounds by projected Newton steps with step halving, the batch together.

    Coordinates at a bound with the gradient pointing outwards stand still. Eigenvalues of
    the Hessian enter by their absolute value, so every step goes downhill. Members leave
    the batch when the Newton decrement shows that they have arrived.
    """
    x = np.clip(x, *bounds)
    found = list(objective(corr, x))
    iterations = np.zeros(len(x), dtype=np.intp)
    converged = np.zeros(len(x), dtype=bool)
    live = np.arange(len(x))
    for _ in range(MOST_ITERATIONS):
        step, decrement = _step(x[live], found[1][live], found[2][live], bounds)
        arrived = decrement < NEWTON_DECREMENT
        converged[live[arrived]] = True
        live, step, decrement = live[~arrived], step[~arrived], decrement[~arrived]
        if not len(live):
            break
        iterations[live] += 1
        stuck = _advance(objective, corr, x, found, live, step, bounds)
        converged[live[stuck]] = decrement[stuck] < np.sqrt(NEWTON_DECREMENT)
        live = np.delete(live, stuck)
    return x, found[0], iterations, converged


def _advance(
    objective: Objective,
    corr: Array,
    x: Array,
    found: list[Array],
    live: NDArray[np.intp],
    step: Array,
    bounds: tuple[float, float],
) -> NDArray[np.intp]:
    """Move the live members of `x` and `found` in place, halving steps that go uphill.

    Return the positions in `live` of those for which no step goes downhill.
    """
    moving = np.arange(len(live))
    for _ in range(MOST_HALVINGS):
        at = live[moving]
        trial = np.clip(x[at] + step[moving], *bounds)
        new = objective(corr[at], trial)
        better = new[0] <= found[0][at]
        x[at[better]] = trial[better]
        for kept, part in zip(found, new, strict=True):
            kept[at[better]] = part[better]
        moving = moving[~better]
        if not len(moving):
            break
        step[moving] /= 2
    return moving


def _step(
    x: Array, gradient: Array, hessian: Array, bounds: tuple[float, float]
) -> tuple[Array, Array]:
    """Return the projected Newton step (b, p) and its decrement (b,)."""
    low, high = bounds[0] + AT_BOUND, bounds[1] - AT_BOUND
    held = ((x <= low) & (gradient > 0)) | ((x >= high) & (gradient < 0))
    free = ~held
    gradient = np.where(free, gradient, 0.0)
    hessian = np.where(free[:, :, None] & free[:, None, :], hessian, 0.0)
    values, vectors = np.linalg.eigh(hessian + _diagonal(held.astype(float)))
    curvature = np.maximum(np.abs(values), 1e-8)
    along = (_t(vectors) @ gradient[..., None])[..., 0]
    step = -(vectors @ (along / curvature)[..., None])[..., 0]
    return step, -(gradient * step).sum(axis=-1)


def _leading_first(matrix: Array) -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh(matrix)
    return values[..., ::-1], vectors[..., ::-1]


def _apart(gap: Array) -> Array:
    """Return a gap of eigenvalues kept away from zero, with its sign."""
    return np.where(np.abs(gap) < 1e-12, np.copysign(1e-12, gap), gap)


def _diagonal(values: Array) -> Array:
    return values[..., None] * np.eye(values.shape[-1])


def _t(matrix: Array) -> Array:
    return np.swapaxes(matrix, -1, -2)
