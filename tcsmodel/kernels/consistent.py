"""Consistent PLS: composites corrected for the unreliability of their items.

Dijkstra & Henseler (2015), MIS Quarterly 39, 297-316. With the reliability rho of a
construct's scores (rho_A, or given for a single item) its loadings are
``w sqrt(rho) / w'w``, and correlations of constructs are those of their scores over
``sqrt(rho_i rho_j)``. Symbols as in `kernels.pls`.
"""

from __future__ import annotations

from dataclasses import dataclass

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
