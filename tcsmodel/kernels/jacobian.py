"""Derivatives of the moments that a model implies, with respect to its parameters.

The moments are ``[mu, vech Sigma]``, vech column by column. With the columns of
``W = [I, G, C]`` of `kernels.implied` a free row of the parameter table moves

    Sigma by h (u v' + v u')        mu by u times eta_j (Lambda and B), 1 (nu and alpha), else 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.implied import (
    ITEM_MEAN,
    LATENT_MEAN,
    LOADING,
    PATH,
    RESIDUAL,
    Implied,
    Layout,
    implied,
    layout,
    means,
    merged,
)

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def vech(matrix: Array) -> Array:
    """Return the lower triangles (..., p (p + 1) / 2), column by column, of (..., p, p)."""
    column, row = np.triu_indices(matrix.shape[-1])
    return matrix[..., row, column]


def cov_slopes(given: Layout, at: Implied, row: Index, column: Index) -> Array:
    """Return derivatives (..., t, q) of the t entries (row, column) of Sigma."""
    p = given.n_items
    identity = np.broadcast_to(np.eye(p), (*at.sigma.shape[:-2], p, p))
    w = np.concatenate([identity, at.directions], axis=-1)
    u, v = w[..., given.left], w[..., given.right]
    slopes = u[..., row, :] * v[..., column, :] + v[..., row, :] * u[..., column, :]
    return merged(given, given.half * slopes)


def mean_slopes(given: Layout, theta: Array, at: Implied) -> Array:
    """Return derivatives (..., p, q) of mu at theta (..., q)."""
    p, m = given.n_items, given.n_latents
    kind, column = (values[given.free >= 0] for values in (given.matrix, given.column))
    identity = np.broadcast_to(np.eye(p), (*at.sigma.shape[:-2], p, p))
    u = np.concatenate([identity, at.directions[..., :m]], axis=-1)[
        ..., np.minimum(given.left, p + m - 1)
    ]
    carried = np.isin(kind, (LOADING, PATH))
    factor = np.zeros((*theta.shape[:-1], len(kind)))
    factor[..., np.isin(kind, (ITEM_MEAN, LATENT_MEAN))] = 1.0
    factor[..., carried] = means(given, theta, at).latent[..., column[carried]]
    return merged(given, u * factor[..., None, :])


def moments(given: Layout, theta: Array, *, mean: bool) -> Array:
    """Return the implied [mu, vech Sigma], or vech Sigma alone without `mean`, (..., s)."""
    at = implied(given, theta)
    sigma = vech(at.sigma)
    return np.concatenate([means(given, theta, at).item, sigma], axis=-1) if mean else sigma


def moment_jacobian(given: Layout, theta: Array, *, mean: bool) -> Array:
    """Return the derivatives (..., s, q) of `moments` at theta (..., q)."""
    at = implied(given, theta)
    column, row = np.triu_indices(given.n_items)
    sigma = cov_slopes(given, at, row, column)
    if not mean:
        return sigma
    return np.concatenate([mean_slopes(given, theta, at), sigma], axis=-2)


def independence_layout(p: int, causes: Index, *, mean: bool = False) -> Layout:
    """Return the baseline model: no covariances of p items, except among observed `causes` (c,).

    Its parameters: the variances, the covariances of the causes, and with `mean` the means.
    """
    first, second = np.triu_indices(len(causes), 1)
    row = [*range(p), *causes[second], *(range(p) if mean else ())]
    column = [*range(p), *causes[first], *([0] * p if mean else ())]
    count = p + len(first)
    return layout(
        p,
        0,
        matrix=[RESIDUAL] * count + [ITEM_MEAN] * (len(row) - count),
        row=row,
        column=column,
        free=range(len(row)),
        fixed=np.full(len(row), np.nan),
    )
