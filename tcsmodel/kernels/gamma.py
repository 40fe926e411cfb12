"""Asymptotic covariances of sample means and covariances, and the normal-theory weight.

Gamma is n times the sampling covariance of ``[mean, vech S]`` (vech column by column).
Asymptotically distribution-free (Browne 1984, Br. J. Math. Stat. Psychol. 37, 62-83), by the
influence ``z_i = [d_i, vech(d_i d_i' - S)]``, d_i = x_i - mean, of each respondent:

    Gamma = sum_i share_i z_i z_i'

Under normality (no mean-covariance block)

    Gamma_ij,kl = s_ik s_jl + s_il s_jk        cov(mean) = S

whose inverse is the weight V of GLS and of ML; V times a vector is ``P X P`` with P = S^-1, so
V itself need not be formed (`normal_weighted`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import linalg
from tcsmodel.kernels.design import Design, between, totals
from tcsmodel.kernels.jacobian import vech
from tcsmodel.kernels.replicates import Replicates

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Influences held at once, so that memory grows neither with n nor with the batch.
ELEMENTS = 4_000_000


def shares(weights: Array, *, frequency: bool = False) -> Array:
    """Return the share (..., n) of each respondent's squared influence in Gamma.

    A sampling weight (..., n) multiplies an influence, so its square counts:
    ``n (w / sum w)^2``, n the respondents with any weight. A frequency is a number of
    respondents with the same answers: ``w / sum w``.
    """
    share = weights / weights.sum(axis=-1, keepdims=True)
    if frequency:
        return share
    return (weights > 0).sum(axis=-1, keepdims=True) * share**2


def asymptotic_cov(
    x: Array,
    mean: Array,
    cov: Array,
    share: Array,
    *,
    with_mean: bool,
    given: Design | Replicates | None = None,
    causes: Index | None = None,
) -> Array:
    """Return Gamma (..., s, s) of [mean, vech S], or of vech S alone.

    At the sample's mean and covariances this is Browne's. At those that a model implies it is
    what scores of a normal likelihood are made of (`kernels.robust.score_products`).

    Parameters
    ----------
    x : ndarray (n, p)
        Answers without missing values.
    mean, cov : ndarray (..., p), (..., p, p)
        Where influences are taken, with the weights of `share`; divisor n (lavaan's).
    share : ndarray (..., n)
        From `shares`.
    with_mean : bool
        Whether the means are among the statistics.
    given : Design, optional
        Clusters and strata of the respondents, whose influences are then not independent.
    causes : ndarray of int, optional
        Items whose values are taken as they are, so that only the others vary about what they
        predict of them.
    """
    n, p = x.shape
    lead = mean.shape[:-1]
    mean, cov, share = mean.reshape(-1, p), cov.reshape(-1, p, p), share.reshape(-1, n)
    s = p * (p + 1) // 2 + (p if with_mean else 0)
    gamma = np.zeros((len(mean), s, s))
    rows = max(1, min(n, ELEMENTS // s))
    members = max(1, ELEMENTS // (rows * s))
    for first in range(0, len(mean), members):
        part = slice(first, first + members)
        sums = [np.zeros((0 if given is None else given.units, s)) for _ in mean[part]]
        for start in range(0, n, rows):
            block = slice(start, start + rows)
            z = influence(x[block], mean[part], cov[part], with_mean=with_mean, causes=causes)
            z *= np.sqrt(share[part, block])[..., None]
            if given is None:
                gamma[part] += np.swapaxes(z, -1, -2) @ z
                continue
            for total, own in zip(sums, z, strict=True):
                totals(given.part(np.arange(n)[block]), own, total)
        if given is not None:
            gamma[part] = [between(given, total) for total in sums]
    return gamma.reshape(*lead, s, s)


def influence(
    x: Array, mean: Array, cov: Array, *, with_mean: bool, causes: Index | None = None
) -> Array:
    """Return the influences (B, n, s) of answers (n, p) or (B, n, p) on [mean, vech S].

    With the values of `causes` taken as they are, answers ``d = f + e`` vary about what a
    regression on these predicts: e is in the place of d, and ``d d' - f f'`` in that of ``d d'``.
    """
    d = x - mean[:, None, :]
    column, row = np.triu_indices(x.shape[-1])
    second = d[..., row] * d[..., column] - vech(cov)[:, None, :]
    if causes is not None and len(causes):
        own = cov[:, causes[:, None], causes]
        slope = linalg.inverse(own) @ cov[:, causes]
        fitted = d[..., causes] @ slope
        predicted = np.swapaxes(slope, -1, -2) @ own @ slope
        second -= fitted[..., row] * fitted[..., column] - vech(predicted)[:, None, :]
        d = d - fitted
    return np.concatenate([d, second], axis=-1) if with_mean else second


def normal_theory(cov: Array, *, with_mean: bool) -> Array:
    """Return Gamma (..., s, s) under normality, of covariances (..., p, p)."""
    j, i = np.triu_indices(cov.shape[-1])
    gamma = _crossed(cov, i, i) * _crossed(cov, j, j) + _crossed(cov, i, j) * _crossed(cov, j, i)
    return _with_mean(cov, gamma) if with_mean else gamma


def normal_variance(cov: Array) -> Array:
    """Return the diagonal (..., s) of Gamma of vech S under normality, as DWLS divides by."""
    j, i = np.triu_indices(cov.shape[-1])
    return cov[..., i, i] * cov[..., j, j] + cov[..., i, j] ** 2


def normal_weight(inverse: Array, *, with_mean: bool) -> Array:
    """Return the inverse V (..., s, s) of `normal_theory`, of the inverse of cov (..., p, p)."""
    j, i = np.triu_indices(inverse.shape[-1])
    count = np.where(i == j, 1.0, 2.0)
    both = _crossed(inverse, i, i) * _crossed(inverse, j, j)
    weight = 0.25 * np.outer(count, count)
    weight = weight * (both + _crossed(inverse, i, j) * _crossed(inverse, j, i))
    return _with_mean(inverse, weight) if with_mean else weight


def observed_weight(inverse: Array, cov: Array) -> Array:
    """Return the observed information (..., s, s) of saturated covariances, at Sigma.

    The second derivative of F_ML / 2 by vech Sigma, ``D' (P (2 S - Sigma) P kron P) D / 2`` made
    symmetric, D the duplication matrix and P = Sigma^-1; it is `normal_weight` where Sigma = S.
    The test ``yuan.bentler`` of lavaan uses it.

    Parameters
    ----------
    inverse : ndarray (..., p, p)
        Inverse of the implied covariances Sigma.
    cov : ndarray (..., p, p)
        Sample covariances S.
    """
    j, i = np.triu_indices(inverse.shape[-1])
    bent = 2 * inverse @ cov @ inverse - inverse
    count = np.where(i == j, 1.0, 2.0)
    both = _crossed(inverse, i, i) * _crossed(bent, j, j)
    both = both + _crossed(bent, i, i) * _crossed(inverse, j, j)
    both = both + _crossed(inverse, i, j) * _crossed(bent, j, i)
    both = both + _crossed(bent, i, j) * _crossed(inverse, j, i)
    return 0.125 * np.outer(count, count) * both


def normal_weighted(inverse: Array, columns: Array, *, with_mean: bool) -> Array:
    """Return ``V a`` (..., s, k) for columns a (..., s, k), V of `normal_weight`, unformed."""
    j, i = np.triu_indices(inverse.shape[-1])
    mean, both = _unpacked(inverse.shape[-1], columns, with_mean=with_mean)
    second = _between(inverse, both) * np.where(i == j, 0.5, 1.0)[:, None]
    return second if mean is None else np.concatenate([inverse @ mean, second], axis=-2)


def normal_spread(cov: Array, columns: Array, *, with_mean: bool) -> Array:
    """Return ``Gamma a`` (..., s, k) for columns a (..., s, k), Gamma of `normal_theory`, unformed.

    ``S A S`` with A the symmetric matrix of a, its diagonal doubled.
    """
    j, i = np.triu_indices(cov.shape[-1])
    doubled = np.concatenate([np.ones(cov.shape[-1] * with_mean), np.where(i == j, 2.0, 1.0)])
    mean, both = _unpacked(cov.shape[-1], columns * doubled[:, None], with_mean=with_mean)
    second = _between(cov, both)
    return second if mean is None else np.concatenate([cov @ mean, second], axis=-2)


def _unpacked(p: int, columns: Array, *, with_mean: bool) -> tuple[Array | None, Array]:
    """Return the means (..., p, k) among columns (..., s, k), and symmetric (..., k, p, p)."""
    j, i = np.triu_indices(p)
    start = p if with_mean else 0
    lifted = np.swapaxes(columns[..., start:, :], -1, -2)
    matrix = np.empty((*lifted.shape[:-1], p, p))
    matrix[..., i, j] = lifted
    matrix[..., j, i] = lifted
    return (columns[..., :p, :] if with_mean else None), matrix


def _between(outer: Array, matrix: Array) -> Array:
    """Return the entries (..., t, k) of ``P X P``, P (..., p, p), X (..., k, p, p)."""
    j, i = np.triu_indices(outer.shape[-1])
    outer = outer[..., None, :, :]
    return np.swapaxes((outer @ matrix @ outer)[..., i, j], -1, -2)


@dataclass(frozen=True, slots=True)
class NormalWeight:
    """V of `normal_weight` of inverses (B, p, p), unformed."""

    inverse: Array
    with_mean: bool

    def __getitem__(self, rows: NDArray[np.intp]) -> NormalWeight:
        return NormalWeight(self.inverse[rows], self.with_mean)

    def __matmul__(self, columns: Array) -> Array:
        return normal_weighted(self.inverse, columns, with_mean=self.with_mean)


@dataclass(frozen=True, slots=True)
class NormalGamma:
    """Gamma of `normal_theory` of covariances (B, p, p), unformed."""

    cov: Array
    with_mean: bool

    def __matmul__(self, columns: Array) -> Array:
        return normal_spread(self.cov, columns, with_mean=self.with_mean)


def _crossed(matrix: Array, row: NDArray[np.intp], column: NDArray[np.intp]) -> Array:
    return matrix[..., row[:, None], column]


def _with_mean(of_mean: Array, of_cov: Array) -> Array:
    p, s = of_mean.shape[-1], of_cov.shape[-1]
    out = np.zeros((*of_mean.shape[:-2], p + s, p + s))
    out[..., :p, :p] = of_mean
    out[..., p:, p:] = of_cov
    return out
