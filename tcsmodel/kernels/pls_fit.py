"""How far the moments that a PLS model implies are from those observed, many models at once.

Symbols: `corr` (..., p, p) observed correlations of the items, S; `sigma` (..., p, p) those
implied; `loadings` (..., p, k), zero outside the own construct; `block` (p,) the construct of
each item; `factor` (k,) bool, whether a construct is a common factor, as those corrected by
consistent PLS, and not a composite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import fitmeasures, linalg

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Distances:
    """Four discrepancies (...,) of observed and implied correlations.

    srmr the root mean square residual; d_uls half the squared Euclidean distance; d_g the
    geodesic distance; d_ml that of maximum likelihood. The last two are nan where a matrix is
    not positive definite.
    """

    srmr: Array
    d_uls: Array
    d_g: Array
    d_ml: Array


def structural(construct_corr: Array, paths: Array, r_squared: Array, linked: Mask) -> Array:
    """Return the covariances (..., k, k) of constructs that the paths imply.

    ``(I - B)^-1 Psi (I - B)^-T`` with paths (..., k, k) source x target where `linked` (k, k),
    the correlations of constructs without antecedents as they are, and ``1 - R2`` as residual
    variances.
    """
    k = paths.shape[-1]
    endogenous = linked.any(axis=0)
    outer = ~np.logical_or.outer(endogenous, endogenous)
    psi = np.where(outer, construct_corr, 0.0)
    own = np.arange(k)
    psi[..., own, own] = np.where(endogenous, 1 - r_squared, 1.0)
    turn = linalg.inverse(np.eye(k) - paths)
    return np.swapaxes(turn, -1, -2) @ psi @ turn


def implied(corr: Array, loadings: Array, construct: Array, block: Index, factor: Mask) -> Array:
    """Return the correlations (..., p, p) of items that a model implies.

    Between constructs ``Lambda V Lambda'`` with covariances V = `construct` (..., k, k). Among
    the items of one composite those observed, since a composite says nothing of them; of a
    common factor ``lambda lambda'`` (Dijkstra & Henseler 2015).
    """
    same = block[:, None] == block
    sigma = loadings @ construct @ np.swapaxes(loadings, -1, -2)
    within = np.where(factor[block][:, None], loadings @ np.swapaxes(loadings, -1, -2), corr)
    sigma = np.where(same, within, sigma)
    own = np.arange(len(block))
    sigma[..., own, own] = 1.0
    return sigma


def distances(corr: Array, sigma: Array) -> Distances:
    """Return the discrepancies of correlations (..., p, p).

    ``d_uls = sum (s - sigma)^2 / 2`` over all cells, ``d_g = sum (ln phi)^2 / 2`` with phi the
    eigenvalues of ``S^-1 Sigma`` (Dijkstra & Henseler 2015), ``d_ml = ln|Sigma| - ln|S| +
    tr(S Sigma^-1) - p = sum (ln phi + 1 / phi - 1)``.
    """
    with np.errstate(all="ignore"):
        log = np.log(_relative_roots(corr, sigma))
        return Distances(
            fitmeasures.srmr(corr, sigma),
            ((corr - sigma) ** 2).sum(axis=(-2, -1)) / 2,
            (log**2).sum(axis=-1) / 2,
            (log + np.expm1(-log)).sum(axis=-1),
        )


def _relative_roots(corr: Array, sigma: Array) -> Array:
    """Return the eigenvalues (..., p) of ``S^-1 Sigma``; nan where one is not definite."""
    values, vectors = np.linalg.eigh(_finite(corr))
    least = linalg.DEFINITE * values[..., -1]
    whiten = vectors / np.sqrt(np.where(values > least[..., None], values, np.nan))[..., None, :]
    whitened = np.swapaxes(whiten, -1, -2) @ sigma @ whiten
    known: Mask = np.asarray(np.isfinite(whitened).all(axis=(-2, -1)))
    roots = np.linalg.eigvalsh(_finite(whitened))
    definite = known & (roots[..., 0] > linalg.DEFINITE * roots[..., -1])
    return np.where(definite[..., None], roots, np.nan)


def _finite(matrix: Array) -> Array:
    """Return matrices with those that are not finite replaced by identity."""
    finite: Mask = np.asarray(np.isfinite(matrix).all(axis=(-2, -1)))
    return np.where(finite[..., None, None], matrix, np.eye(matrix.shape[-1]))


def degrees(p: int, sizes: Index, factor: Mask, paths: Mask) -> int:
    """Return the degrees of freedom of a model of p items with blocks of `sizes` (k,).

    The items of a block may be composites themselves; `paths` (h, h) are those of constructs that
    are in no block.

    Correlations of items less free parameters: loadings of a factor with several items; weights
    of a composite, one of which its variance fixes, and all correlations among its items; paths
    and the correlations of constructs without antecedents.
    """
    outer = int((~paths.any(axis=0)).sum())
    structure = int(paths.sum()) + outer * (outer - 1) // 2
    composite = (sizes - 1) + sizes * (sizes - 1) // 2
    measured = np.where(factor, np.where(sizes > 1, sizes, 0), composite).sum()
    return p * (p - 1) // 2 - structure - int(measured)


def rms_theta(corr: Array, loadings: Array, weights: Array, block: Index, factor: Mask) -> Array:
    """Return the root mean square covariance (...,) of what scores leave of the items.

    Of ``x - Lambda W'x``, Lohmoeller (1989): pairs of items of different constructs, and of the
    same common factor; a composite leaves the covariances of its items free. Weights
    (..., p, k) of standardized items.
    """
    known = corr @ weights
    scores = np.swapaxes(weights, -1, -2) @ known
    told = loadings @ np.swapaxes(known, -1, -2)
    theta = corr - told - np.swapaxes(told, -1, -2)
    theta = theta + loadings @ scores @ np.swapaxes(loadings, -1, -2)
    first, second = np.triu_indices(len(block), 1)
    kept = (block[first] != block[second]) | factor[block[first]]
    pairs = theta[..., first[kept], second[kept]]
    with np.errstate(invalid="ignore"):
        return np.sqrt((pairs**2).sum(axis=-1) / max(int(kept.sum()), 1))


def gof(loadings: Array, r_squared: Array, sizes: Index, block: Index) -> Array:
    """Return ``sqrt(mean communality * mean R2)`` (...,), Tenenhaus, Amato & Esposito Vinzi (2004).

    The mean communality is over the items of constructs with several; nan where there is none.
    """
    several = sizes[block] > 1
    communality = (loadings**2).sum(axis=-1)
    with np.errstate(all="ignore"):
        shared = (communality * several).sum(axis=-1) / several.sum()
        return np.sqrt(shared * np.nanmean(r_squared, axis=-1))


def selection(r_squared: Array, parameters: Array, n: int, error: Array) -> dict[str, Array]:
    """Return model selection criteria (...,) of regressions by name.

    Sharma, Sarstedt, Shmueli, Kim & Thiele (2019), with ``SSE = (1 - R2)(n - 1)``, `parameters`
    the antecedents and one, and `error` the mean squared error of the largest model considered:
    AIC ``n (ln(SSE/n) + 2k/n)``, AICc, AICu, BIC, HQ, HQc, the final prediction error, Mallows'
    Cp ``SSE/MSE - (n - 2k)`` and Geweke & Meese's GM ``SSE/MSE + k ln n``.
    """
    k, free = parameters, n - parameters
    with np.errstate(all="ignore"):
        sse = (1 - r_squared) * (n - 1)
        fit = n * np.log(np.where(sse > 0, sse, np.nan) / n)
        left = np.where(free > 2, free - 2, np.nan)
        relative = sse / np.where(error > 0, error, np.nan)
        return {
            "aic": fit + 2 * k,
            "aicc": fit + n * (n + k) / left,
            "aicu": fit + n * np.log(n / free) + 2 * k,
            "bic": fit + k * np.log(n),
            "hq": fit + 2 * k * np.log(np.log(n)),
            "hqc": fit + 2 * n * k * np.log(np.log(n)) / left,
            "fpe": sse / free * (1 + k / n),
            "cp": relative - (n - 2 * k),
            "gm": relative + k * np.log(n),
        }
