"""Reliability and validity of constructs from covariances, weights and loadings.

Symbols: `cov` (..., p, p) covariances or correlations of the items; `member`
(p, k) true where item belongs to construct; `loadings` (..., p, k) with zeros
outside; `weights` (..., p, k) with zeros outside. Everything returns one value
per construct (..., k), or one per pair (..., k, k).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def alpha(cov: Array, member: Mask) -> Array:
    """Return Cronbach's alpha (..., k): ``m/(m-1) (1 - sum of variances / variance of sum)``.

    Raw from covariances, standardized from correlations. Nan for single items.
    """
    m = member.sum(axis=0)
    variance = np.diagonal(cov, axis1=-2, axis2=-1) @ member
    with np.errstate(all="ignore"):
        return np.where(m > 1, m / (m - 1) * (1 - variance / _quadratic(cov, member)), np.nan)


def rho_a(corr: Array, weights: Array) -> Array:
    """Return the reliability rho_A (..., k) of PLS composites, Dijkstra & Henseler (2015).

    ``(w'w)^2 w'(S - diag S)w / w'(ww' - diag ww')w`` with weights scaled so that
    ``w'Sw = 1``. Nan for single items.
    """
    squared = weights**2
    length = squared.sum(axis=-2)
    own = (np.diagonal(corr, axis1=-2, axis2=-1)[..., None] * squared).sum(axis=-2)
    several = (weights != 0).sum(axis=-2) > 1
    with np.errstate(all="ignore"):
        shared = length**2 - (squared**2).sum(axis=-2)
        value = length**2 * (_quadratic(corr, weights) - own) / shared
        return np.where(several, value, np.nan)


def rho_c(loadings: Array, member: Mask) -> Array:
    """Return composite reliability rho_c (..., k) of standardized loadings, Joereskog (1971).

    ``(sum l)^2 / ((sum l)^2 + sum(1 - l^2))``.
    """
    squared_sum = loadings.sum(axis=-2) ** 2
    error = member.sum(axis=0) - (loadings**2).sum(axis=-2)
    with np.errstate(all="ignore"):
        return squared_sum / (squared_sum + error)


def omega(loadings: Array, variance: Array, residual: Array, member: Mask) -> Array:
    """Return McDonald's omega (..., k) of unstandardized loadings, Raykov (2001).

    ``(sum l)^2 psi / ((sum l)^2 psi + sum of the items' residual covariances)`` with
    factor variances `variance` (..., k) and residual covariances `residual` (..., p, p).
    """
    true = loadings.sum(axis=-2) ** 2 * variance
    with np.errstate(all="ignore"):
        return true / (true + _quadratic(residual, member))


def omega_observed(loadings: Array, variance: Array, cov: Array, member: Mask) -> Array:
    """Return omega (..., k) with the observed variance of the sum below: ``(sum l)^2 psi / s_T^2``.

    McDonald (1999), semTools' default and "omega3"; equal to `omega` where the model fits.
    """
    with np.errstate(all="ignore"):
        return loadings.sum(axis=-2) ** 2 * variance / _quadratic(cov, member)


def variance_share(common: Array, total: Array, member: Mask) -> Array:
    """Return the share (..., k) of the variance of each sum that covariances `common` account for.

    Of sums of the variables in `member` (p, k), with `total` (..., p, p) covariances in all. With
    what a second-order construct explains as `common` it is its reliability on the items (Raykov
    & Zinbarg 2011) or, among the first-order constructs, theirs as its indicators.
    """
    with np.errstate(all="ignore"):
        return _quadratic(common, member) / _quadratic(total, member)


def maximal(loadings: Array, member: Mask) -> Array:
    """Return the maximal reliability (..., k) of any weighted sum: Hancock & Mueller's (2001) H.

    ``h / (1 + h)`` with ``h = sum l^2 / (1 - l^2)`` of standardized loadings; errors uncorrelated.
    """
    with np.errstate(all="ignore"):
        share = np.where(member, loadings**2 / (1 - loadings**2), 0.0).sum(axis=-2)
        return np.where(np.isinf(share), 1.0, share / (1 + share))


def maximal_overall(common: Array, total: Array) -> Array:
    """Return the largest reliability (...,) that any weighted sum of all items can have.

    The largest root of ``common w = rho total w`` for covariances (..., p, p), Li (1997). With the
    observed covariances as `total` (semTools) it can exceed one; with the implied ones it cannot.
    Nan where `total` is not positive definite.
    """
    values, vectors = np.linalg.eigh(total)
    with np.errstate(all="ignore"):
        whiten = vectors / np.sqrt(values)[..., None, :]
    definite = values[..., 0] > 0
    whiten = np.where(definite[..., None, None], whiten, 0.0)
    roots = np.linalg.eigvalsh(np.swapaxes(whiten, -1, -2) @ common @ whiten)
    return np.where(definite, roots[..., -1], np.nan)


def ave_raw(loadings: Array, variance: Array, cov: Array, member: Mask) -> Array:
    """Return AVE (..., k) of unstandardized loadings: ``psi sum l^2 / sum of item variances``.

    Weights items by their variances, as semTools; `ave` weights them equally.
    """
    explained = (loadings**2).sum(axis=-2) * variance
    with np.errstate(all="ignore"):
        return explained / (np.diagonal(cov, axis1=-2, axis2=-1) @ member)


def ave(loadings: Array, member: Mask) -> Array:
    """Return average variance extracted (..., k): mean squared standardized loading."""
    with np.errstate(all="ignore"):
        return (loadings**2).sum(axis=-2) / member.sum(axis=0)


def htmt(corr: Array, member: Mask) -> Array:
    """Return heterotrait-monotrait ratios (..., k, k), symmetric; nan on the diagonal.

    Mean absolute correlation between the items of two constructs over the geometric
    mean of the two mean absolute correlations within them (Henseler, Ringle &
    Sarstedt 2015). A single item counts as correlating 1 within its construct.
    """
    pairs = _Pairs.of(member)
    mean = pairs.means(np.abs(pairs.correlations(corr)), alone=1.0)
    own = np.diagonal(mean, axis1=-2, axis2=-1)
    with np.errstate(all="ignore"):
        return _off_diagonal(mean / np.sqrt(own[..., :, None] * own[..., None, :]))


def htmt2(corr: Array, member: Mask) -> Array:
    """Return HTMT2 (..., k, k), symmetric; nan on the diagonal: `htmt` with geometric means.

    Consistent when loadings differ (Roemer, Schuberth & Henseler 2021). A single item counts as
    correlating 1 within its construct.
    """
    pairs = _Pairs.of(member)
    log = np.log(np.maximum(np.abs(pairs.correlations(corr)), np.finfo(np.float64).tiny))
    mean = pairs.means(log, alone=0.0)
    own = np.diagonal(mean, axis1=-2, axis2=-1)
    return _off_diagonal(np.exp(mean - (own[..., :, None] + own[..., None, :]) / 2))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Which pairs of items stand between, and within, which constructs.

    cell (q,) the place of each pair in a flat correlation matrix; share (q, r) its share in the
    mean of each pair of constructs, or of a construct; place (k, k) the column of `share` that
    belongs to a pair; alone (k,) constructs of one item.
    """

    cell: NDArray[np.intp]
    share: Array
    place: NDArray[np.intp]
    alone: Mask

    @classmethod
    def of(cls, member: Mask) -> _Pairs:
        p, k = member.shape
        i, j = np.triu_indices(p)
        a, b = np.triu_indices(k)
        inside = member.astype(np.float64)
        share = inside[i][:, a] * inside[j][:, b]
        share += np.where((i != j)[:, None], inside[j][:, a] * inside[i][:, b], 0.0)
        share[np.ix_(i == j, a == b)] = 0.0
        kept = share.any(axis=1)
        share = share[kept] / np.maximum(share.sum(axis=0), 1.0)
        place = np.zeros((k, k), dtype=np.intp)
        place[a, b] = place[b, a] = np.arange(len(a))
        return cls((i * p + j)[kept], share, place, member.sum(axis=0) == 1)

    def correlations(self, corr: Array) -> Array:
        """Return the correlations (..., q) of the pairs."""
        return corr.reshape(*corr.shape[:-2], -1)[..., self.cell]

    def means(self, values: Array, alone: float) -> Array:
        """Return means (..., k, k) of values (..., q); `alone` within a construct of one item."""
        mean = (values @ self.share)[..., self.place]
        own = np.flatnonzero(self.alone)
        mean[..., own, own] = alone
        return mean


def _off_diagonal(ratio: Array) -> Array:
    """Return ratios (..., k, k) with nan on the diagonal."""
    diagonal = np.arange(ratio.shape[-1])
    ratio[..., diagonal, diagonal] = np.nan
    return ratio


def _quadratic(cov: Array, weights: Array | Mask) -> Array:
    """Return ``w' cov w`` (..., k) of each column w."""
    return ((cov @ weights) * weights).sum(axis=-2)
