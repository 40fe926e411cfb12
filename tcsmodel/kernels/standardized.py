"""The completely standardized solution (lavaan's ``std.all``) and its delta-method errors.

A loading or path times the standard deviation of its source over that of its target; a
variance over the total variance of its variable; a covariance as the correlation of the two
residuals; an intercept over the standard deviation of its variable.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.implied import (
    ITEM_MEAN,
    LATENT,
    PATH,
    RESIDUAL,
    SCALE,
    Implied,
    Layout,
    merged,
    own_variances,
    row_values,
)

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Scaling:
    """Standardized value of each row: ``value * first^(a/2) * second^(b/2)``.

    first, second (r,) are positions among the m latent variances, p item variances and the
    m and p diagonal entries of Psi and Theta; a, b (r,) powers; is_variance (r,). Derivatives
    by the f free rows: own (r, q) of the values, residual (m + p, f) of the entries of Psi and
    Theta.
    """

    first: Index
    second: Index
    a: Array
    b: Array
    is_variance: Mask
    own: Array
    residual: Array


@lru_cache(maxsize=16)
def _scaling(layout: Layout) -> _Scaling:
    p, m = layout.n_items, layout.n_latents
    kind, i, j = layout.matrix, layout.row, layout.column
    is_variance = ((kind == LATENT) | (kind == RESIDUAL)) & (i == j)
    is_alone, directed = is_variance | (kind >= ITEM_MEAN), kind <= PATH
    # By kind: Lambda, B, Psi, Theta, nu, alpha, tau, d; covariances are scaled by their own
    # diagonal.
    offset = np.array([m, 0, m + p, m + p + m, m, 0, m, m])[kind]
    offset[is_variance] = np.array([0, 0, 0, m])[kind[is_variance]]
    free = np.flatnonzero(layout.free >= 0)
    own = np.zeros((len(kind), layout.n_free))
    own[free, layout.free[free]] = 1.0
    varying = np.flatnonzero(is_variance[free])
    residual = np.zeros((m + p, len(free)))
    residual[(offset + i)[free[varying]], varying] = 1.0
    return _Scaling(
        offset + i,
        np.where(is_alone, offset + i, np.where(directed, 0, offset) + j),
        np.where(is_variance, -2.0, np.where(kind == SCALE, 1.0, -1.0)),
        np.where(is_alone, 0.0, np.where(directed, 1.0, -1.0)),
        is_variance,
        own,
        residual,
    )


def _variances(layout: Layout, at: Implied) -> Array:
    total = [cov.diagonal(axis1=-2, axis2=-1) for cov in (at.phi, at.sigma)]
    return np.concatenate([*total, own_variances(layout, at)], axis=-1)


def _factors(scaling: _Scaling, variances: Array) -> Array:
    """Return what turns each row's value (..., r) into its standardized value."""
    first, second = (variances.take(at, axis=-1) for at in (scaling.first, scaling.second))
    return np.where(
        scaling.is_variance,
        1 / first,
        np.sqrt(first) ** scaling.a * np.sqrt(second) ** scaling.b,
    )


def standardize(layout: Layout, at: Implied) -> Array:
    """Return standardized values (..., r) of every row of a parameter table.

    Of its layout and what parameters imply; nan where a variance is not positive.
    """
    with np.errstate(all="ignore"):
        return row_values(layout, at) * _factors(_scaling(layout), _variances(layout, at))


def jacobian(layout: Layout, at: Implied) -> Array:
    """Return derivatives (..., r, q) of the standardized values by the free parameters.

    ``d std = factor (dv + v (a/2 d log first + b/2 d log second))``.
    """
    scaling, variances = _scaling(layout), _variances(layout, at)
    with np.errstate(all="ignore"):
        relative = _variance_changes(layout, at, scaling.residual) / variances[..., None]
        bend = scaling.a[:, None] * relative.take(scaling.first, axis=-2)
        bend = bend + scaling.b[:, None] * relative.take(scaling.second, axis=-2)
        value = row_values(layout, at)[..., None]
        return _factors(scaling, variances)[..., None] * (scaling.own + value * bend / 2)


def _variance_changes(layout: Layout, at: Implied, residual: Array) -> Array:
    """Return derivatives (..., m + p + m + p, q) of the variances that scale rows.

    ``d Sigma_ii = 2 h u_i v_i``, and for Phi the same with ``[0, A, Phi]`` in place of W.
    """
    p, m = layout.n_items, layout.n_latents
    wide = np.zeros((*at.sigma.shape[:-2], m + p, p + 2 * m))
    wide[..., :m, p : p + m], wide[..., :m, p + m :] = at.total, at.phi
    items = np.arange(p)
    wide[..., m + items, items] = 1.0
    wide[..., m:, p:] = at.directions
    changes = np.empty((*wide.shape[:-2], 2 * (m + p), residual.shape[1]))
    total = wide.take(layout.left, axis=-1) * wide.take(layout.right, axis=-1)
    changes[..., : m + p, :] = 2 * layout.half * total
    changes[..., m + p :, :] = residual
    return merged(layout, changes)
