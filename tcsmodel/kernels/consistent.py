"""Consistent PLS: composites corrected for the unreliability of their items.

Dijkstra & Henseler (2015), MIS Quarterly 39, 297-316. With the reliability rho of a
construct's scores (rho_A, or given for a single item) its loadings are
``w sqrt(rho) / w'w``, and correlations of constructs are those of their scores over
``sqrt(rho_i rho_j)``. Symbols as in `kernels.pls`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

ROUNDING = 1e-10


@dataclass(frozen=True, slots=True)
class Corrected:
    """loadings (..., p, k), zero outside; cross_loadings (..., p, k); construct_corr (..., k, k).

    `cross_loadings` are the correlations of items and constructs: the loadings within the
    own construct, those with the scores over sqrt(rho) elsewhere. Nan of constructs whose
    rho is not positive.
    """

    loadings: Array
    cross_loadings: Array
    construct_corr: Array


def corrected(
    weights: Array, cross_loadings: Array, construct_corr: Array, rho: Array, member: Mask
) -> Corrected:
    """Return what constructs would have shown without measurement error.

    Parameters
    ----------
    weights : ndarray (..., p)
        Of the standardized items.
    cross_loadings : ndarray (..., p, k)
        Correlations of items and scores.
    construct_corr : ndarray (..., k, k)
        Correlations of scores.
    rho : ndarray (..., k)
        Reliability of scores; 1 where they stay as they are.
    member : ndarray (p, k) of bool
        Which item belongs to which construct.
    """
    with np.errstate(all="ignore"):
        root = np.sqrt(rho)
        own = weights[..., :, None] * member
        spread = own * (root / (own**2).sum(axis=-2))[..., None, :]
        kept = cross_loadings * member
        loadings = np.where((rho == 1)[..., None, :], kept, spread)
        across = np.where(member, loadings, cross_loadings / root[..., None, :])
        corr = construct_corr / (root[..., :, None] * root[..., None, :])
    diagonal = np.arange(rho.shape[-1])
    corr[..., diagonal, diagonal] = 1.0
    return Corrected(loadings, across, corr)


def inadmissible(rho: Array, loadings: Array, corr: Array, r_squared: Array) -> tuple[Mask, Mask]:
    """Return which constructs (..., k) have a solution that no data can have, and which pairs.

    A reliability that is not positive or above 1, a loading beyond 1, more than all variance
    explained; correlations (..., k, k) beyond 1.
    """
    with np.errstate(invalid="ignore"):
        alone = ~((rho > 0) & (rho <= 1 + ROUNDING))
        alone |= (np.abs(loadings) > 1 + ROUNDING).any(axis=-2) | (r_squared > 1 + ROUNDING)
        return alone, np.abs(corr) > 1 + ROUNDING


def with_products(
    scores: Array, spread: Array, rho: Array, factors: Mapping[int, tuple[int, int]]
) -> tuple[Array, Array]:
    """Return correlations (..., k, k) and spreads (..., k) of constructs and products of them.

    Dijkstra & Schermelleh-Engel (2014), Psychometrika 79, 585-604, eq. 21-24. A score is
    ``Q eta + delta`` with ``Q = sqrt(rho)`` and an error that is independent of everything else, so
    ``E(y_i y_j y_k) = Q_i Q_j Q_k E(eta_i eta_j eta_k)``, and moments of four scores have, for each
    pair of the same score, ``(1 - rho_i) E(y_j y_k)`` beside that. Of squares this takes errors to
    be normal.

    Parameters
    ----------
    scores : ndarray (..., k, k)
        Correlations of scores and of products of them.
    spread : ndarray (..., k)
        Standard deviations: 1 of scores, those of products as they are.
    rho : ndarray (..., k)
        Reliability of scores; 1 where they stay as they are, and of products.
    factors : mapping of int to (int, int)
        The scores of which each product is.
    """
    with np.errstate(all="ignore"):
        root, error = np.sqrt(rho), 1 - rho
        cov = scores * spread[..., :, None] * spread[..., None, :]
        true = cov / (root[..., :, None] * root[..., None, :])
        own = np.arange(rho.shape[-1])
        true[..., own, own] = 1.0
        plain = [c for c in own.tolist() if c not in factors]
        for a, first in factors.items():
            scale = root[..., first[0]] * root[..., first[1]]
            for c in plain:
                true[..., a, c] = true[..., c, a] = cov[..., a, c] / (scale * root[..., c])
            for b, second in factors.items():
                i, j, m, n = *first, *second
                raw = cov[..., a, b] + cov[..., i, j] * cov[..., m, n]
                whole = _four(raw, (i, j, m, n), true, root, error)
                true[..., a, b] = whole - true[..., i, j] * true[..., m, n]
        wide = np.sqrt(true[..., own, own])
        corr = true / (wide[..., :, None] * wide[..., None, :])
    corr[..., own, own] = np.where(np.isfinite(wide), 1.0, np.nan)
    return corr, wide


def _four(raw: Array, at: tuple[int, ...], true: Array, root: Array, error: Array) -> Array:
    """Return the moment (...,) of four constructs from that of their scores."""
    places = range(4)
    for p, q in combinations(places, 2):
        if at[p] == at[q]:
            r, s = (at[one] for one in places if one not in (p, q))
            raw = raw - error[..., at[p]] * root[..., r] * root[..., s] * true[..., r, s]
    for q in (1, 2, 3):
        r, s = (one for one in places if one not in (0, q))
        if at[0] == at[q] and at[r] == at[s]:
            raw = raw - error[..., at[0]] * error[..., at[r]]
    return raw / np.prod([root[..., one] for one in at], axis=0)
