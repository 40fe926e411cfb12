"""What the fit would be without gaps: fit measures of models fitted to answers with missing ones.

The discrepancy that full information minimizes weighs each misfit by how often it was observed,
so that fit measures made of it tend to flatter a model the more answers are missing. Zhang &
Savalei (2023, Psychological Methods 28, 263-283) put the likelihood discrepancy of complete
answers in its place, between the implied moments at the estimates and the saturated model's.
With the derivatives D of the implied moments, the information H of the saturated model given the
gaps, Gamma n times the covariances of its estimates and V the information that complete answers
would have, the expectation of n times that discrepancy is

    tr(M' V M Gamma)    M = I - D (D' H D)^-1 D' H

Gamma is H^-1, or H^-1 J H^-1 with the products J of scores; then robust to non-normality too.
Moments of groups stand one after another, their blocks weighted by the groups' shares.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from tcsmodel.kernels.gamma import normal_weight
from tcsmodel.kernels.linalg import inverse

Array = NDArray[np.float64]


def discrepancy(cov: Array, mean: Array, sigma: Array, mu: Array) -> Array:
    """Return F_ML (G,) of implied moments, `sigma` and `mu`, from (G, p, p) and (G, p).

    ``log|Sigma| - log|S| + tr(Sigma^-1 S) - p + (m - mu)' Sigma^-1 (m - mu)``.
    """
    gap = (mean - mu)[..., None]
    half = inverse(sigma) @ np.concatenate([cov, gap], axis=-1)
    size = np.linalg.slogdet(sigma)[1] - np.linalg.slogdet(cov)[1] - cov.shape[-1]
    trace = np.einsum("gii->g", half[..., :-1])
    return np.asarray(size + trace + (half[..., -1] * gap[..., 0]).sum(axis=-1))


def complete_information(cov: Array, share: Array) -> Array:
    """Return V (G s, G s) of the moments, means first, of groups with covariances (G, p, p)."""
    weight = normal_weight(np.asarray(np.linalg.inv(cov)), with_mean=True)
    return np.asarray(linalg.block_diag(*(share[:, None, None] * weight)))


def expectation(
    delta: Array, information: Array, complete: Array, gamma: Array, bread: Array
) -> Array:
    """Return ``tr(M' V M Gamma)`` (...,).

    Of D (..., s, q), H, V and Gamma (..., s, s), and `bread` (..., q, q), the inverse of D' H D.
    """
    wide = information @ delta
    left = np.eye(delta.shape[-2]) - delta @ bread @ np.swapaxes(wide, -1, -2)
    return np.asarray(np.einsum("...ij,...ij->...", complete @ left, left @ gamma))
