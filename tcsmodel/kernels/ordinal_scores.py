"""Factor scores from ordinal and continuous answers: modes of the posterior distribution.

With ``y* = nu + Lambda eta + epsilon`` behind the answers, eta normal and the residuals
independent, the log posterior density of eta is

    sum_j log [Phi(u_j) - Phi(l_j)] - (eta - alpha)' Phi^-1 (eta - alpha) / 2,

u_j and l_j the thresholds around the answer, less what eta implies, over the residual standard
deviation; a continuous item adds its normal log density. It is concave, and Newton's method
finds its mode for all respondents at once (empirical Bayes modal scores, Muthen 2004; lavaan's
``EBM``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import linalg
from tcsmodel.kernels.bivariate import density
from tcsmodel.kernels.latent_correlation import between

Array = NDArray[np.float64]
Index = NDArray[np.intp]

MAX_ITER = 100
TOLERANCE = 1e-10
# The longest step, in prior standard deviations, and the least probability of a category.
LONGEST = 2.0
LEAST = 1e-290


def posterior_modes(
    x: Array,
    categories: Index,
    thresholds: Array,
    intercept: Array,
    loading: Array,
    residual: Array,
    mean: Array,
    cov: Array,
) -> Array:
    """Return the modes (n, m) of the latent variables of respondents.

    Parameters
    ----------
    x : ndarray (n, p)
        0, 1, ... for the categories of ordinal items, the answers of continuous ones, nan where
        missing.
    categories : ndarray (p,) of int
        How many an ordinal item has, 0 for continuous items.
    thresholds : ndarray (p, K - 1)
        Of the variables behind ordinal items, in their own units.
    intercept, residual : ndarray (p,)
        nu and the residual variances, which are positive.
    loading : ndarray (p, m)
        Lambda.
    mean, cov : ndarray (m,), (m, m)
        Of the latent variables, cov positive definite.
    """
    precision = linalg.inverse(cov)
    scale = np.sqrt(np.diagonal(cov))
    slope = loading / np.sqrt(residual)[:, None]
    lower, upper, there = _limits(x, categories, thresholds, intercept, residual)
    eta = np.broadcast_to(mean, (len(x), len(mean))).copy()
    members = np.arange(len(x))
    for _ in range(MAX_ITER):
        at = eta[members]
        shift = at @ slope.T
        first, second = _slopes(
            lower[members] - shift, upper[members] - shift, categories > 0, there[members]
        )
        gradient = first @ slope - (at - mean) @ precision
        bend = np.einsum("np,pi,pj->nij", second, slope, slope) + precision
        step = np.linalg.solve(bend, gradient[..., None])[..., 0]
        length = np.abs(step / scale).max(axis=1)
        eta[members] = at + step * np.minimum(1.0, LONGEST / np.maximum(length, 1e-300))[:, None]
        members = members[length > TOLERANCE]
        if not len(members):
            break
    return eta


def _limits(
    x: Array, categories: Index, thresholds: Array, intercept: Array, residual: Array
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return the limits (n, p) around answers, standardized, and which answers there are.

    Both are the answer itself where an item is continuous.
    """
    ordinal, there = categories > 0, np.isfinite(x)
    code = np.where(there & ordinal, x, 0).astype(np.intp)
    far = np.full((len(categories), 1), np.inf)
    used = np.arange(thresholds.shape[1]) < categories[:, None] - 1
    edges = np.concatenate([-far, np.where(used, thresholds, np.inf), far], axis=1)
    item = np.arange(len(categories))
    answers = np.where(there, x, intercept)
    root = np.sqrt(residual)
    lower, upper = (
        (np.where(ordinal, edges[item, code + above], answers) - intercept) / root
        for above in (0, 1)
    )
    return lower, upper, there


def _slopes(
    lower: Array, upper: Array, ordinal: NDArray[np.bool_], there: NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Return the slope and the curvature, reversed, of each log density (n, p) by Lambda eta."""
    low, high = np.clip(lower, -1e3, 1e3), np.clip(upper, -1e3, 1e3)
    p = np.maximum(between(low, high), LEAST)
    at_low, at_high = density(low), density(high)
    first = (at_low - at_high) / p
    second = (high * at_high - low * at_low) / p + first**2
    first, second = np.where(ordinal, first, low), np.where(ordinal, second, 1.0)
    return np.where(there, first, 0.0), np.where(there, second, 0.0)
