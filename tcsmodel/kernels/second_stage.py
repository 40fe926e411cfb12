"""Regressions among scores of constructs with terms that a PLS model does not have.

Symbols: `columns` (b, n, q) the variables of n respondents in b samples; `weights` (b, n)
case weights or counts; `products` (b, q, q) the weighted mean products of columns, from which
every regression among them follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tcsmodel.kernels.regression import sweep

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Test:
    """An F statistic (...,) with its degrees of freedom and p (...,)."""

    f: Array
    df1: int
    df2: int
    p: Array


def scores(x: Array, mean: Array, sd: Array, weights: Array) -> Array:
    """Return scores (b, n, k) of answers (n, p), standardized by means and deviations (b, p).

    With weights (b, p, k) of standardized items.
    """
    turn = weights / sd[:, :, None]
    return x @ turn - (mean[:, None] @ turn)


def gram(columns: Array, weights: Array) -> Array:
    """Return the weighted mean products (b, q, q) of columns (b, n, q)."""
    share = weights / weights.sum(axis=1, keepdims=True)
    return np.asarray(np.swapaxes(columns, 1, 2) @ (columns * share[:, :, None]))


def regressed(products: Array, predictors: Index, target: int) -> tuple[Array, Array]:
    """Return coefficients (b, m) of a column on m others and the mean square (b,) that is left.

    Nan where the predictors are linearly dependent, as a variable with two values and its square.
    """
    at = np.append(predictors, target)
    swept = sweep(products[:, at[:, None], at], len(predictors))
    return swept[:, :-1, -1], swept[:, -1, -1]


def copula(values: Array, weights: Array) -> Array:
    """Return the Gaussian copula terms (b, n, q) of columns (b, n, q), Park & Gupta (2012).

    The normal quantiles of the weighted share of respondents with no larger a value, times
    n / (n + 1) so that the largest has one too (Becker, Proksch & Ringle 2022); 0 where nobody
    with a weight has so small a value.
    """
    n = values.shape[1]
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    mass = np.cumsum(np.take_along_axis(weights[:, :, None], order, axis=1), axis=1)
    last = np.ones(ordered.shape, dtype=bool)
    last[:, :-1] = ordered[:, 1:] > ordered[:, :-1]
    # Ties have the share of the last of them: the smallest mass at an end of ties from here on.
    mass = np.where(last, mass, np.inf)
    mass = np.minimum.accumulate(mass[:, ::-1], axis=1)[:, ::-1]
    share = np.empty_like(mass)
    np.put_along_axis(share, order, mass / weights.sum(axis=1)[:, None, None], axis=1)
    return np.where(share > 0, special.ndtri(share * n / (n + 1)), 0.0)


def reset(y: Array, x: Array, weights: Array) -> Test:
    """Return Ramsey's (1969) test of y (n,) on x (n, m), an intercept among them.

    Whether the squares and cubes of what x explains explain more, with a covariance matrix that
    allows for unequal variances and sampling weights (White 1980, HC1).
    """
    fitted = x @ _weighted(x, y, weights)
    center = np.average(fitted, weights=weights)
    spread = np.sqrt(np.average((fitted - center) ** 2, weights=weights))
    with np.errstate(all="ignore"):
        z = (fitted - center) / spread
        wide = np.column_stack([x, z**2, z**3])
        b, cov = _robust(wide, y, weights)
        tested = b[-2:] @ np.linalg.pinv(cov[-2:, -2:]) @ b[-2:] / 2
    df2 = len(y) - wide.shape[1]
    return Test(tested, 2, df2, np.asarray(special.fdtrc(2, df2, tested)))


def _weighted(x: Array, y: Array, weights: Array) -> Array:
    return np.asarray(np.linalg.lstsq(x * np.sqrt(weights)[:, None], y * np.sqrt(weights))[0])


def _robust(x: Array, y: Array, weights: Array) -> tuple[Array, Array]:
    """Return coefficients (m,) and their HC1 covariances (m, m)."""
    b = _weighted(x, y, weights)
    push = x * (weights * (y - x @ b))[:, None]
    bread = np.linalg.pinv(x.T @ (x * weights[:, None]))
    return b, bread @ (push.T @ push) @ bread * (len(y) / (len(y) - x.shape[1]))


def shape(values: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Return skewness, excess kurtosis and p (q,) of Jarque & Bera (1987) of columns (n, q)."""
    share = weights / weights.sum()
    d = values - share @ values
    variance = share @ d**2
    with np.errstate(all="ignore"):
        skewness = (share @ d**3) / variance**1.5
        kurtosis = (share @ d**4) / variance**2 - 3
    statistic = len(values) / 6 * (skewness**2 + kurtosis**2 / 4)
    return skewness, kurtosis, np.asarray(special.chdtrc(2, statistic))
