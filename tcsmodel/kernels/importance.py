"""How much of R2 each predictor carries, for many covariance matrices at once.

Symbols: `cov` (..., p + 1, p + 1) covariances or correlations, the p predictors
first and the target last. A subset of the predictors is a number from 0 to
``2**p - 1`` whose bit j says that predictor j is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.regression import sweep
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]

# A predictor whose share of variance not explained by those before it is below this adds nothing.
COLLINEAR = 1e-10
# Subsets times matrices worked on at once; about 100 bytes each.
AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Importance:
    """lmg (..., p), in units of R2; r_squared (...,); status (...,), `Status` codes."""

    lmg: Array
    r_squared: Array
    status: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Regression:
    """beta (..., p) standardized; r_squared (...,); vif (..., p); status (...,), `Status` codes."""

    beta: Array
    r_squared: Array
    vif: Array
    status: NDArray[np.intp]


def regress(cov: Array) -> Regression:
    """Return the standardized least-squares regression of the last variable on the others.

    ``beta = R^-1 r``, ``R2 = r'beta`` and ``VIF_j = (R^-1)_jj`` with R the predictors'
    correlations and r those with the target. Members whose predictors are linearly dependent
    come back as nan with `Status.SINGULAR`.
    """
    p = cov.shape[-1] - 1
    swept = sweep(to_corr(cov), p)
    beta = swept[..., :p, p].copy()
    vif = np.diagonal(swept, axis1=-2, axis2=-1)[..., :p].copy()
    status = np.where(np.isfinite(beta).all(axis=-1), Status.CONVERGED, Status.SINGULAR)
    return Regression(beta, 1 - swept[..., p, p], vif, status)


def subset_r_squared(cov: Array) -> Array:
    """Return the R2 (..., 2**p) of the target on every subset of the predictors.

    Recursive pivoting: one predictor at a time, each matrix becomes two, one with the
    predictor deleted and one with it swept out (its Schur complement), about ``3 * 2**p``
    multiplications for one matrix. A predictor that is a combination of those already in a
    subset adds nothing to it. Members with a variance of zero come back as nan.
    """
    corr = to_corr(cov)
    p = corr.shape[-1] - 1
    first, second = np.triu_indices(p + 1)
    packed = np.ascontiguousarray(corr.reshape(-1, p + 1, p + 1)[:, first, second].T)
    explained = 1 - _residual_variances(packed, p).T
    return np.ascontiguousarray(explained).reshape(*corr.shape[:-2], 1 << p)


def _residual_variances(packed: Array, p: int) -> Array:
    """Return the target's residual variances (2**p, b) of packed upper triangles (., b)."""
    batch = packed.shape[1]
    for size in range(p, 0, -1):
        packed = _pivot(packed, size)
    return packed.reshape(-1, batch)


def _pivot(packed: Array, size: int) -> Array:
    """Delete the first of `size` predictors, and sweep it out, in every matrix (., m) -> (., 2m).

    In a packed upper triangle the first row comes first, so what remains after deleting the
    first predictor is a slice.
    """
    pivot, row, rest = packed[0], packed[1 : size + 1], packed[size + 1 :]
    halves = np.empty((len(rest), 2, packed.shape[1]))
    halves[:, 0] = rest
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = row * np.where(np.abs(pivot) > COLLINEAR, 1 / pivot, 0.0)
    start = 0
    for i in range(size):
        swept = halves[start : start + size - i, 1]
        np.multiply(row[i], ratio[i:], out=swept)
        np.subtract(rest[start : start + size - i], swept, out=swept)
        start += size - i
    return halves.reshape(len(rest), -1)


def shapley(worth: Array) -> Array:
    """Return the Shapley values (..., p) of a worth (..., 2**p) known for every subset.

    ``sum over S without j of s!(p-s-1)!/p! (worth(S + j) - worth(S))``, s the size of S
    (Shapley 1953). Each subset enters once, with the sum of its weights as S + j and as S.
    """
    p = worth.shape[-1].bit_length() - 1
    joins = np.array([1 / (p * comb(p - 1, s)) for s in range(p)] + [0.0])
    joined = joins + np.concatenate([[0.0], joins[:-1]])
    size = np.bitwise_count(np.arange(1 << p))
    values = np.empty((*worth.shape[:-1], p))
    weighted = worth * joined[size]
    for j in range(p - 1, -1, -1):
        halves = weighted.reshape(*worth.shape[:-1], 2, 1 << j)
        values[..., j] = halves[..., 1, :].sum(axis=-1)
        weighted = halves.sum(axis=-2)
    return values - (worth * joins[size]).sum(axis=-1, keepdims=True)


def lmg(cov: Array) -> Importance:
    """Return the LMG shares of R2: each predictor's gain averaged over all orders of entry.

    Lindeman, Merenda & Gold (1980); the Shapley value of R2 (Lipovetsky & Conklin 2001) and
    general dominance (Budescu 1993). The shares sum to R2. Members that have a variance of
    zero come back as nan with `Status.SINGULAR`.
    """
    p = cov.shape[-1] - 1
    flat = cov.reshape(-1, p + 1, p + 1)
    shares, r_squared = np.empty((len(flat), p)), np.empty(len(flat))
    together = max(1, AT_ONCE >> p)
    for start in range(0, len(flat), together):
        part = slice(start, start + together)
        explained = subset_r_squared(flat[part])
        shares[part], r_squared[part] = shapley(explained), explained[:, -1]
    finite = np.isfinite(shares).all(axis=-1)
    status = np.where(finite, Status.CONVERGED, Status.SINGULAR)
    batch = cov.shape[:-2]
    return Importance(shares.reshape(*batch, p), r_squared.reshape(batch), status.reshape(batch))
