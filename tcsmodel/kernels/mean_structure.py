"""Means and covariances as one matrix.

``Sigma~ = [[Sigma + d d', d], [d', 1]]``, d = mu - origin, has the determinant of Sigma, and
with the sample means as origin and ``S~ = [[S, 0], [0, 1]]``

    log|Sigma~| + tr(S~ Sigma~^-1) - 1 = log|Sigma| + tr(S Sigma^-1) + d' Sigma^-1 d,

the normal discrepancy with means. Sigma~ is itself the covariance matrix of a model, with one
more item that is its own latent variable of variance one, whose loadings are nu - origin and
whose paths are alpha; so its derivatives are those of `kernels.discrepancy`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.discrepancy import State
from tcsmodel.kernels.implied import (
    ITEM_MEAN,
    LATENT_MEAN,
    LOADING,
    PATH,
    Implied,
    Layout,
    Means,
    implied,
    layout,
    means,
)
from tcsmodel.kernels.linalg import definite_inverse

Array = NDArray[np.float64]


def bordered(given: Layout) -> Layout:
    """Return the same parameters in the model of Sigma~, with p+1 items and m+1 latents."""
    kind, p, m = given.matrix, given.n_items, given.n_latents
    made = layout(
        p + 1,
        m + 1,
        matrix=np.select([kind == ITEM_MEAN, kind == LATENT_MEAN], [LOADING, PATH], kind).tolist(),
        row=given.row.tolist(),
        column=np.where(kind >= ITEM_MEAN, m, given.column).tolist(),
        free=given.free.tolist(),
        fixed=np.zeros(len(kind)),
        observed=((p, m),),
    )
    return replace(made, n_free=given.n_free, shared=given.shared)


def border(a: Array, column: Array | None = None, row: Array | None = None) -> Array:
    """Return ``[[a, column], [row, 1]]`` of matrices (B, h, w); zero where not given."""
    b, height, width = a.shape
    out = np.zeros((b, height + 1, width + 1))
    out[:, :-1, :-1] = a
    out[:, -1, -1] = 1.0
    if column is not None:
        out[:, :-1, -1] = column
    if row is not None:
        out[:, -1, :-1] = row
    return out


def evaluate(given: Layout, theta: Array, second: Array, origin: Array) -> State:
    """Return the discrepancy of S~ = second (B, p+1, p+1) about origin (B, p) at theta (B, q).

    Its value is the one above without the one; its arrays are those of Sigma~, for
    `kernels.discrepancy.slopes` with the bordered layout.
    """
    at = implied(given, theta)
    mu = means(given, theta, at)
    here = bordered_at(given, at, mu, mu.item - origin)
    log_det, inverse, definite = definite_inverse(here.sigma)
    value = log_det + np.einsum("bij,bij->b", inverse, second) - definite
    return State(value, here.sigma, inverse, here.total, here.phi, here.directions)


def bordered_at(given: Layout, at: Implied, mu: Means, shift: Array) -> Implied:
    """Return what the bordered layout implies, d = shift (B, p), where the given one implies `at`.

    For `kernels.discrepancy`; mu are the implied means. Its matrices stay those of the given one.
    """
    m = given.n_latents
    reach, shared = at.directions[..., :m], at.directions[..., m:]
    shared = shared + shift[:, :, None] * mu.latent[:, None, :]
    phi = at.phi + mu.latent[:, :, None] * mu.latent[:, None, :]
    directions = [border(reach, shift), border(shared, shift, mu.latent)]
    return Implied(
        at.flat,
        border(at.sigma + shift[:, :, None] * shift[:, None, :], shift, shift),
        border(at.total, mu.latent),
        border(phi, mu.latent, mu.latent),
        np.concatenate(directions, axis=-1),
    )
