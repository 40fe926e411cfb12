"""Interactions from moments: products of constructs are sums of products of items.

With scores ``y = v'z`` of standardized items z, ``y_a y_b = sum_ij v_ia v_jb z_i z_j``. So the
covariances of items and of the products of their raw answers, which are moments like any
others, give those of every product of scores, whatever the weights; the respondents are read
once. Symbols: `mean` (..., P) and `cov` (..., P, P) of p items and q = P - p products of items;
`pairs` (q, 2) the items of each product.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.regression import sweep

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def multiplied(x: Array, pairs: Index) -> Array:
    """Return answers (n, p) with the products of pairs of them behind (n, p + q)."""
    return np.hstack([x, x[:, pairs[:, 0]] * x[:, pairs[:, 1]]])


def standardized(mean: Array, cov: Array, pairs: Index) -> Array:
    """Return covariances (..., P, P) of standardized items and of their products.

    ``z_i z_j = (x_i x_j - m_i x_j - m_j x_i + m_i m_j) / (s_i s_j)``: linear in the answers and
    their products.
    """
    p = mean.shape[-1] - len(pairs)
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1)[..., :p])
        scale = np.concatenate([scale, scale[..., pairs[:, 0]] * scale[..., pairs[:, 1]]], axis=-1)
        centered = _centered(np.swapaxes(_centered(cov, mean, pairs), -1, -2), mean, pairs)
        found = centered * scale[..., :, None] * scale[..., None, :]
    own = np.arange(p)
    found[..., own, own] = np.where(np.isfinite(scale[..., :p]), 1.0, np.nan)
    return found


def _centered(rows: Array, mean: Array, pairs: Index) -> Array:
    """Return rows (..., P, P) in which products are those of items about their means."""
    p = rows.shape[-1] - len(pairs)
    i, j = pairs.T
    out = rows.copy()
    out[..., p:, :] -= mean[..., j, None] * rows[..., i, :]
    out[..., p:, :] -= mean[..., i, None] * rows[..., j, :]
    return out


def product_means(cov: Array, pairs: Index, n: int | Index) -> Array:
    """Return the means (..., q) of products of standardized items: their correlations.

    Of n respondents, or (..., 1) of them.
    """
    return cov[..., pairs[:, 0], pairs[:, 1]] * ((n - 1) / n)


def centers(mean: Array, sd: Array, pairs: Index) -> Array:
    """Return the means (..., q) of products of standardized items, from the moments of answers.

    Of means (..., P) of answers and of products of answers, and standard deviations (..., p).
    """
    i, j = pairs.T
    return (mean[..., sd.shape[-1] :] - mean[..., i] * mean[..., j]) / (sd[..., i] * sd[..., j])


def centered(z: Array, means: Array, pairs: Index) -> Array:
    """Return items (..., n, p) with their products, about the means (..., q), behind them."""
    made = z[..., pairs[:, 0]] * z[..., pairs[:, 1]] - means[..., None, :]
    return np.concatenate([z, made], axis=-1)


def score_product(first: Array, second: Array, pairs: Index) -> Array:
    """Return weights (..., P) of items and products whose sum is the product of two scores.

    Of scores with weights (..., p) of standardized items. The product of a score with itself
    is its square.
    """
    i, j = pairs.T
    both = first[..., i] * second[..., j]
    both = both + np.where(i == j, 0.0, first[..., j] * second[..., i])
    return np.concatenate([np.zeros(first.shape), both], axis=-1)


def residualized(cov: Array, items: Index, products: Index) -> Array:
    """Return weights (..., P, r) of products of which what the items explain is taken out.

    Little, Bovaird & Widaman (2006). Nan where the items are linearly dependent.
    """
    at = np.concatenate([items, products])
    swept = sweep(cov[..., at[:, None], at], len(items))
    weights = np.zeros((*cov.shape[:-1], len(products)))
    weights[..., products, np.arange(len(products))] = 1.0
    weights[..., items[:, None], np.arange(len(products))] = -swept[..., : len(items), len(items) :]
    return weights
