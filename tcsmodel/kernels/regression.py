"""Regressions among variables known by their correlations, by the sweep operator.

Symbols: `corr` (..., k, k) correlations; `paths` (k, k) bool, source x target.
Sweeping the predictors of a regression (Goodnight 1979) gives its coefficients,
its unexplained variance and the variance inflation of its predictors at once,
without a call per member of the batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
SMALLEST_PIVOT = 1e-11


@dataclass(frozen=True, slots=True)
class Structure:
    """Regressions of all targets on their sources.

    paths (..., k, k) standardized coefficients, source x target, 0 where there is no
    path; r_squared (..., k), nan without sources; vif and f_squared (..., k, k), nan
    where there is no path. Everything of a target with linearly dependent sources is
    nan, and its vif is inf.
    """

    paths: Array
    r_squared: Array
    vif: Array
    f_squared: Array


def sweep(matrix: Array, m: int) -> Array:
    """Return symmetric matrices (..., q, q) with their first m rows and columns swept.

    The leading m x m block becomes its inverse, the block right of it the regression
    coefficients, the block below that the residual covariance. Nan where a pivot is
    not above 1e-11: the predictors are linearly dependent.
    """
    a = _batch_last(matrix)
    with np.errstate(all="ignore"):
        for q in range(m):
            pivot = np.where(a[q, q] > SMALLEST_PIVOT, a[q, q], np.nan)
            column, row = a[:, q].copy(), a[q] / pivot
            a -= column[:, None] * row
            a[q], a[:, q] = row, -column / pivot
            a[q, q] = 1 / pivot
    return a.transpose(*range(2, a.ndim), 0, 1)


def _batch_last(matrix: Array) -> Array:
    """Return a copy (q, q, ...) of matrices (..., q, q): long rows of numbers are fast."""
    last = matrix.ndim - 1
    return matrix.transpose(last - 1, last, *range(last - 1)).copy()


def solved(matrix: Array) -> tuple[Array, Array]:
    """Return coefficients (..., m) of the last variable on the others, and its residual variance.

    Of products (..., m + 1, m + 1): what `sweep` finds of them, in half the time. Nan where it has
    nan.
    """
    a, m = _batch_last(matrix), matrix.shape[-1] - 1
    with np.errstate(all="ignore"):
        for q in range(m):
            row = a[q, q + 1 :] / np.where(a[q, q] > SMALLEST_PIVOT, a[q, q], np.nan)
            a[q + 1 :, q + 1 :] -= a[q + 1 :, q, None] * row
            a[q, q + 1 :] = row
        found = a[:m, m]
        for q in range(m - 2, -1, -1):
            found[q] -= (a[q, q + 1 : m] * found[q + 1 :]).sum(axis=0)
    return found.transpose(*range(1, found.ndim), 0), a[m, m]


def coefficients(corr: Array, sources: NDArray[np.intp], target: np.intp) -> Array:
    """Return the standardized coefficients (..., m) of `target` on m `sources`."""
    if len(sources) == 1:
        return corr[..., sources, target]
    at = np.append(sources, target)
    return solved(corr[..., at[:, None], at])[0]


def structure(corr: Array, paths: Mask) -> Structure:
    """Return the regressions of every target on its sources.

    ``f2 = (R2 - R2 without the source) / (1 - R2)`` with the scores kept (Cohen 1988),
    here as ``b^2 / (vif (1 - R2))``; ``vif`` is the diagonal of the inverse correlation
    matrix of the sources.
    """
    b = np.zeros(corr.shape)
    vif = np.full(corr.shape, np.nan)
    f_squared = np.full(corr.shape, np.nan)
    r_squared = np.full(corr.shape[:-1], np.nan)
    for target in np.flatnonzero(paths.any(axis=0)):
        sources = np.flatnonzero(paths[:, target])
        swept = _swept(corr, sources, target)
        beta = swept[..., :-1, -1]
        unexplained = swept[..., -1, -1]
        inflation = np.diagonal(swept, axis1=-2, axis2=-1)[..., :-1]
        with np.errstate(all="ignore"):
            f_squared[..., sources, target] = beta**2 / (inflation * unexplained[..., None])
        b[..., sources, target] = beta
        r_squared[..., target] = 1 - unexplained
        vif[..., sources, target] = _infinite_where_dependent(inflation, corr)
    return Structure(b, r_squared, vif, f_squared)


def adjusted(r_squared: Array, paths: Mask, n: int | NDArray[np.intp]) -> Array:
    """Return adjusted R2 (..., k), ``1 - (1 - R2)(n - 1)/(n - m - 1)`` with m sources.

    Nan where ``n <= m + 1``.
    """
    free = n - paths.sum(axis=0) - 1
    with np.errstate(all="ignore"):
        return np.where(free > 0, 1 - (1 - r_squared) * (n - 1) / free, np.nan)


def block_vif(corr: Array, block: NDArray[np.intp]) -> Array:
    """Return each item's variance inflation (..., p) among the items of its block (p,).

    1 for an item alone in its block; inf where the items of a block are linearly dependent.
    """
    vif = np.ones(corr.shape[:-1])
    for own in (np.flatnonzero(block == c) for c in np.unique(block)):
        if len(own) > 1:
            inverse = sweep(corr[..., own[:, None], own], len(own))
            diagonal = np.diagonal(inverse, axis1=-2, axis2=-1)
            vif[..., own] = _infinite_where_dependent(diagonal, corr)
    return vif


def _swept(corr: Array, sources: NDArray[np.intp], target: np.intp) -> Array:
    at = np.append(sources, target)
    return sweep(corr[..., at[:, None], at], len(sources))


def _infinite_where_dependent(inflation: Array, corr: Array) -> Array:
    known = np.isfinite(corr.sum(axis=(-2, -1)))[..., None]
    return np.where(np.isnan(inflation) & known, np.inf, inflation)
