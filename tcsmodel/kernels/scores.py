"""Weights that turn centered or standardized answers into factor scores: ``z @ weights``.

Symbols: `corr` (..., p, p), or covariances of centered answers; `lam` loadings (pattern,
(..., p, k)); `phi` factor correlations (..., k, k), or covariances; `psi` uniquenesses (..., p).
Each returns weights (..., p, k).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import linalg

Array = NDArray[np.float64]


def regression(corr: Array, lam: Array, phi: Array) -> Array:
    """Return ``R^-1 lam phi``: the least-squares prediction of the factors (Thurstone 1935)."""
    return np.asarray(np.linalg.solve(corr, lam @ phi), dtype=np.float64)


def bartlett(lam: Array, psi: Array) -> Array:
    """Return ``psi^-1 lam (lam' psi^-1 lam)^-1``: unbiased scores (Bartlett 1937)."""
    scaled = lam / psi[..., None]
    return scaled @ np.linalg.inv(_t(lam) @ scaled)


def unbiased(cov: Array, lam: Array) -> Array:
    """Return ``Sigma^-1 lam (lam' Sigma^-1 lam)^-1`` (..., p, k), Sigma = cov (..., p, p).

    Bartlett's weights by the covariances that a model implies: the same numbers, and their
    limit where an error variance is zero or errors correlate. Nan where there are none.
    """
    scaled = linalg.inverse(cov) @ lam
    return scaled @ linalg.inverse(_t(lam) @ scaled)


def ten_berge(corr: Array, lam: Array, phi: Array) -> Array:
    """Return weights whose scores correlate exactly as the factors do.

    ``R^-1/2 C phi^1/2`` with ``C = M (M'M)^-1/2``, ``M = R^-1/2 lam phi^1/2`` (ten Berge,
    Krijnen, Wansbeek & Shapiro 1999). Nan where corr or phi is indefinite.
    """
    with np.errstate(invalid="ignore"):
        root = _power(corr, -0.5)
        half = _power(phi, 0.5)
        m = root @ lam @ half
        return root @ m @ _power(_t(m) @ m, -0.5) @ half


def _power(matrix: Array, exponent: float) -> Array:
    known = np.asarray(np.isfinite(matrix).all(axis=(-2, -1), keepdims=True))
    values, vectors = np.linalg.eigh(np.where(known, matrix, 0.0))
    values = np.where(known[..., 0], values, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (vectors * values[..., None, :] ** exponent) @ _t(vectors)


def _t(matrix: Array) -> Array:
    return np.swapaxes(matrix, -1, -2)
