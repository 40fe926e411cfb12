"""Reliability of the sum of ordinal items as they were answered, Green & Yang (2009).

An item scored 0, 1, ... counts the thresholds below the normal variable behind it, so that two
items whose variables correlate by rho have the covariance

    c(rho) = sum_s sum_t Pr(X <= h_s, Y <= k_t; rho) - Phi(h_s) Phi(k_t)

and omega is the sum of c over all pairs at the correlations that the construct accounts for,
over the sum at their correlations in all (Psychometrika 74, 155-167, eq. 21). Omega of the
variables behind the items is that of sums nobody observes, and mostly larger.

Symbols: `thresholds` (..., p, m), of standard normal variables, inf where an item has fewer;
`member` (p, k) true where item belongs to construct.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tcsmodel.kernels.bivariate import distribution

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

# Nobody answers beyond this, to rounding.
FAR = 9.0


def score_covariances(thresholds: Array, corr: Array, first: Index, second: Index) -> Array:
    """Return the covariances (..., P) of the scores of items `first` and `second` (P,).

    Of variables that correlate by `corr` (..., P); nan where that is not between -1 and 1.
    """
    known = np.abs(corr) < 1
    cut = np.clip(thresholds, -FAR, FAR)
    h, k = cut[..., first, :], cut[..., second, :]
    joint = distribution(h, k, np.where(known, corr, 0.0))
    apart = ndtr(h)[..., :, None] * ndtr(k)[..., None, :]
    return np.where(known, (joint - apart).sum(axis=(-2, -1)), np.nan)


def score_variances(thresholds: Array) -> Array:
    """Return the variances (..., p) of the scores of items."""
    below = ndtr(thresholds)
    smaller = np.minimum(below[..., :, None], below[..., None, :])
    return (smaller - below[..., :, None] * below[..., None, :]).sum(axis=(-2, -1))


def categorical_omega(
    thresholds: Array, loadings: Array, variance: Array, corr: Array, member: Mask
) -> Array:
    """Return omega (..., k) of the sums of the scores of the items of each construct.

    Parameters
    ----------
    thresholds : ndarray (..., p, m)
        Of the items; those of continuous ones are nan, and so is omega of their constructs.
    loadings : ndarray (..., p, k)
        Of the variables behind the items, with a variance of one; zeros outside.
    variance : ndarray (..., k)
        Of the constructs.
    corr : ndarray (..., p, p)
        Correlations of the variables behind the items in all, implied or observed.
    member : ndarray (p, k)
        Which items belong to a construct.
    """
    pairs = member[:, None, :] & member[None, :, :]
    first, second, own = np.nonzero(np.triu(np.moveaxis(pairs, -1, 0)).transpose(1, 2, 0))
    same = first == second
    shared = loadings[..., first, own] * loadings[..., second, own] * variance[..., own]
    true = score_covariances(thresholds, shared, first, second)
    between = np.where(same, 0.0, corr[..., first, second])
    whole = score_covariances(thresholds, between, first, second)
    whole = np.where(same, score_variances(thresholds)[..., first], whole)
    sums = np.where(same, 1.0, 2.0)[:, None] * (own[:, None] == np.arange(member.shape[1]))
    unknown = np.isnan(true) | np.isnan(whole)
    lost = (unknown[..., None] & (sums > 0)).any(axis=-2)
    with np.errstate(all="ignore"):
        share = (np.where(unknown, 0.0, true) @ sums) / (np.where(unknown, 0.0, whole) @ sums)
    return np.where(lost, np.nan, share)
