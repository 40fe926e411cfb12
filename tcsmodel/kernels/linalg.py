"""Batched factorizations that report failure per matrix instead of raising."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Relative to the largest eigenvalue: below it Cholesky cannot be trusted to succeed.
DEFINITE = 1e-13


def log_determinant(a: Array) -> tuple[Array, Mask]:
    """Return log determinants (B,) of symmetric (B, p, p), and (B,) whether each is definite.

    The log determinant is inf where the matrix is not positive definite or not finite.
    """
    value = _log_determinant(a)
    if value is None:
        return _log_determinant_by_eigenvalues(a)
    return value, np.isfinite(value)


def definite(a: Array) -> Mask:
    """Return (B,) whether symmetric matrices (B, p, p) are positive definite."""
    try:
        diagonal = np.linalg.cholesky(a).diagonal(axis1=-2, axis2=-1)
    except np.linalg.LinAlgError:
        return _log_determinant_by_eigenvalues(a)[1]
    # Cholesky lets nan pass.
    finite = np.isfinite(np.add.reduce(diagonal, axis=-1))
    if np.count_nonzero(finite) == len(finite):
        return finite
    return _log_determinant_by_eigenvalues(a)[1]


def _log_determinant(a: Array) -> Array | None:
    """Return log determinants (B,); None where a matrix is not definite or not finite."""
    try:
        diagonal = np.linalg.cholesky(a).diagonal(axis1=-2, axis2=-1)
    except np.linalg.LinAlgError:
        return None
    value = np.asarray(2 * np.add.reduce(np.log(diagonal), axis=-1))
    # Cholesky lets nan pass, down to the last of the diagonal.
    return value if np.count_nonzero(np.isfinite(value)) == len(value) else None


def _log_determinant_by_eigenvalues(a: Array) -> tuple[Array, Mask]:
    if len(a) == 1:
        return np.array([np.inf]), np.array([False])
    finite: Mask = np.asarray(np.isfinite(a).all(axis=(-2, -1)))
    eigenvalues = np.linalg.eigvalsh(np.where(finite[:, None, None], a, 0.0))
    definite = eigenvalues[:, 0] > DEFINITE * eigenvalues[:, -1]
    value = np.full(len(a), np.inf)
    value[definite] = np.log(eigenvalues[definite]).sum(axis=-1)
    return value, definite


def definite_inverse(a: Array) -> tuple[Array, Array, Mask]:
    """Return log determinants (B,), inverses (B, p, p) and (B,) whether each is definite.

    Of symmetric matrices (B, p, p); inf and zeros where one is not definite.
    """
    known = _log_determinant(a)
    if known is not None:
        return known, np.asarray(np.linalg.inv(a)), np.ones(len(a), dtype=bool)
    value, definite = _log_determinant_by_eigenvalues(a)
    inverses = np.zeros_like(a)
    inverses[definite] = np.linalg.inv(a[definite])
    return value, inverses, definite


def inverse(a: Array) -> Array:
    """Return inverses of (..., p, p), nan where there is none."""
    try:
        return np.asarray(np.linalg.inv(a))
    except np.linalg.LinAlgError:
        finite: Mask = np.asarray(np.isfinite(a).all(axis=(-2, -1)))
        regular = np.linalg.slogdet(np.where(finite[..., None, None], a, 0.0))[0] != 0
    out = np.full_like(a, np.nan)
    out[regular] = np.linalg.inv(a[regular])
    return out


def solve(a: Array, b: Array) -> Array:
    """Return x (B, q) with ``a x = b`` for a (B, q, q) and b (B, q); nan where a is singular."""
    try:
        return np.asarray(np.linalg.solve(a, b[..., None])[..., 0])
    except np.linalg.LinAlgError:
        return np.einsum("bij,bj->bi", inverse(a), b)


def null_space(restrictions: Array) -> Array:
    """Return an orthonormal basis (q, m) of what constraints (r, q) leave free; they may repeat."""
    q = restrictions.shape[1]
    if not len(restrictions):
        return np.eye(q)
    _, size, rows = np.linalg.svd(restrictions)
    return np.asarray(rows[int((size > 1e-10 * size[0]).sum()) :].T)
