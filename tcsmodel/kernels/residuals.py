"""Residuals of covariance structure models, their sampling errors, and tests of SRMR.

Raw residuals S - Sigma depend on the units of the items; two scales make them correlations:
Bentler's ``(s_ij - sigma_ij) / sqrt(s_ii s_jj)``, whose root mean square is SRMR, and Bollen's
differences of correlations. Divided by their own standard errors they are z values.

With Delta the derivatives of vech Sigma, V the normal-theory weight at Sigma and Gamma that of
the sample (`kernels.gamma`), the residuals of n respondents have covariances

    Xi = M Gamma(S) M' / n        M = I - Delta (Delta' V Delta)^-1 Delta' V

(Maydeu-Olivares 2017, Psychometrika 82, 533-558; Ogasawara 2001, Psychometrika 66, 421-436).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tcsmodel.kernels import gamma, linalg
from tcsmodel.kernels.implied import Layout, implied
from tcsmodel.kernels.jacobian import moment_jacobian, vech
from tcsmodel.kernels.moments import to_corr

Array = NDArray[np.float64]

# Sampling variance of a residual, relative to that of its moment, below which it is fixed at zero.
FIXED = 1e-9
# The trace of their covariances, in standard deviations of the items, below which all do.
NOTHING = 1e-15


def raw(cov: Array, sigma: Array) -> Array:
    """Return ``S - Sigma`` (..., p, p)."""
    return cov - sigma


def bentler(cov: Array, sigma: Array) -> Array:
    """Return residuals (..., p, p) in units of the items' sample standard deviations."""
    deviation = np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1))
    return (cov - sigma) / (deviation[..., :, None] * deviation[..., None, :])


def bollen(cov: Array, sigma: Array) -> Array:
    """Return observed minus implied correlations (..., p, p)."""
    return to_corr(cov) - to_corr(sigma)


def residual_cov(
    layouts: Sequence[Layout],
    theta: Array,
    cov: Sequence[Array],
    n: Sequence[float],
    *,
    mean: bool = False,
    restrictions: Array | None = None,
) -> tuple[Array, ...]:
    """Return the sampling covariances Xi (B, s, s) of vech(S - Sigma) of each group.

    Parameters
    ----------
    layouts : sequence of Layout
        The model of each group; one without groups.
    theta : ndarray (B, q)
        Estimates by maximum likelihood, of all groups.
    cov : sequence of ndarray (B, p, p)
        Covariances of each group, divisor n.
    n : sequence of float
        Respondents of each group.
    mean : bool
        Whether means are modelled, so that they move the estimates.
    restrictions : ndarray (r, q), optional
        Derivatives of the constraints that hold as equalities at the estimates.

    Notes
    -----
    With groups h, ``B = sum n_h Delta_h' V_h Delta_h`` and ``W_h = V_h Delta_h``:

        Xi_g = Gamma_g / n_g - D - D' + Delta_g B^-1 (sum n_h W_h' Gamma_h W_h) B^-1 Delta_g'
        D = Delta_g B^-1 W_g' Gamma_g

    and with constraints ``N (N' B N)^-1 N'`` in place of ``B^-1``, N their null space.
    """
    slopes = [moment_jacobian(layout, theta, mean=mean) for layout in layouts]
    spread = [gamma.normal_theory(own, with_mean=mean) for own in cov]
    weighted = []
    for layout, slope in zip(layouts, slopes, strict=True):
        inverse = linalg.inverse(implied(layout, theta).sigma)
        weighted.append(gamma.normal_weighted(inverse, slope, with_mean=mean))
    start = cov[0].shape[-1] if mean else 0
    return carried(slopes, weighted, spread, n, start=start, restrictions=restrictions)


def carried(
    slopes: Sequence[Array],
    weighted: Sequence[Array],
    spread: Sequence[Array],
    n: Sequence[float],
    *,
    start: int,
    restrictions: Array | None,
) -> tuple[Array, ...]:
    """Return Xi of `residual_cov` for any weight.

    Parameters
    ----------
    slopes, weighted : sequence of ndarray (B, s, q)
        Delta and V Delta of each group.
    spread : sequence of ndarray (B, s, s)
        Gamma of each group.
    n, restrictions
        As there.
    start : int
        How many means there are among the statistics.
    """
    pairs = list(zip(weighted, slopes, spread, n, strict=True))
    bread = np.sum([k * _t(w) @ slope for w, slope, _, k in pairs], axis=0)
    if restrictions is None:
        bread = linalg.inverse(bread)
    else:
        basis = linalg.null_space(restrictions)
        bread = basis @ linalg.inverse(basis.T @ bread @ basis) @ basis.T
    filling = np.sum([k * _t(w) @ own @ w for w, _, own, k in pairs], axis=0)
    out = []
    for w, slope, own, k in pairs:
        shared = slope @ bread
        drawn = shared @ _t(w) @ own
        xi = own / k - drawn - _t(drawn) + shared @ filling @ _t(shared)
        out.append(xi[:, start:, start:])
    return tuple(out)


def _t(matrix: Array) -> Array:
    return np.swapaxes(matrix, -1, -2)


@dataclass(frozen=True, slots=True)
class Tested:
    """Residuals (B, p, p) over their standard errors; nan where a residual cannot but be zero.

    normalized : raw, by the standard error of the sample covariance
    standardized : raw, by the standard error of the residual
    correlation : Bollen's, by the standard error of the residual
    """

    normalized: Array
    standardized: Array
    correlation: Array


def tested(cov: Array, sigma: Array, xi: Array, variance: Array) -> Tested:
    """Return residuals as z values.

    Parameters
    ----------
    cov, sigma : ndarray (B, p, p)
        Of samples, and implied.
    xi : ndarray (B, s, s)
        From `residual_cov`.
    variance : ndarray (B, s)
        The sampling variances of vech S.
    """
    p = cov.shape[-1]
    column, row = np.triu_indices(p)
    place = np.empty((p, p), dtype=np.intp)
    place[row, column] = place[column, row] = np.arange(len(row))
    i, j = place.diagonal()[row], place.diagonal()[column]
    k = np.arange(len(row))
    moment = variance[..., place]
    own = xi[:, k, k]
    a, b = cov[:, row, row], cov[:, column, column]
    corr = vech(to_corr(cov))
    ratio = own / (a * b) - corr / np.sqrt(a * b) * (xi[:, k, i] / a + xi[:, k, j] / b)
    ratio += corr**2 / 4 * (xi[:, i, i] / a**2 + xi[:, j, j] / b**2 + 2 * xi[:, i, j] / (a * b))
    scale = cov[:, row, row] * cov[:, column, column]
    free = own[:, place] > FIXED * moment
    with np.errstate(all="ignore"):
        spread = np.where(free, own[:, place], np.nan)
        correlated = np.where(ratio * scale > FIXED * moment[:, row, column], ratio, np.nan)
        return Tested(
            raw(cov, sigma) / np.sqrt(moment),
            raw(cov, sigma) / np.sqrt(spread),
            bollen(cov, sigma) / np.sqrt(correlated[:, place]),
        )


@dataclass(frozen=True, slots=True)
class SrmrTest:
    """Inference on SRMR (B,), Maydeu-Olivares (2017).

    srmr, z, p : the sample's, biased upwards, and the test that the model fits exactly
    unbiased, se, ci_lower, ci_upper : of the population; the lower limit may be negative
    p_close : of the test that the population's is `bound` or less
    """

    srmr: Array
    z: Array
    p: Array
    unbiased: Array
    se: Array
    ci_lower: Array
    ci_upper: Array
    p_close: Array


def srmr_test(
    cov: Array, sigma: Array, xi: Array, *, bound: float = 0.05, level: float = 0.90
) -> SrmrTest:
    """Return tests of exact and of close fit by SRMR, and an interval for it.

    With e the t standardized residuals and Xi their covariances, ``a = tr Xi``,
    ``b = tr Xi^2``, ``c = e' Xi e``:

        E SRMR = sqrt(a/t) (1 - b / 4a^2)    se = sqrt(b / 2ta)              under exact fit
        unbiased = sqrt(max(e'e - a, 0) / t) / k      se = sqrt((b + 2c) / (2t e'e)) / k
        k = 1 - (b + 2c) / (4 (e'e)^2)

    All nan but `srmr` where Xi is zero: such a model has no residuals that could differ.
    """
    t = xi.shape[-1]
    deviation = np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1))
    scale = 1 / vech(deviation[..., :, None] * deviation[..., None, :])
    e = vech(bentler(cov, sigma))
    scaled = xi * scale[..., :, None] * scale[..., None, :]
    a = np.trace(scaled, axis1=-2, axis2=-1)
    a = np.where(a > NOTHING, a, np.nan)
    b = (scaled**2).sum(axis=(-2, -1))
    square = (e**2).sum(axis=-1)
    noise = b + 2 * np.einsum("...i,...ij,...j->...", e, scaled, e)
    with np.errstate(all="ignore"):
        expected = np.sqrt(a / t) * (1 - b / (4 * a**2))
        z = (np.sqrt(square / t) - expected) / np.sqrt(b / (2 * t * a))
        k = 1 - noise / (4 * square**2)
        unbiased = np.sqrt(np.maximum(square - a, 0.0) / t) / k
        se = np.where(np.isnan(a), np.nan, np.sqrt(noise / (2 * t * square)) / k)
        half = special.ndtri((1 + level) / 2) * se
        close = special.ndtr(-(unbiased - bound) / se)
    return SrmrTest(
        np.sqrt(square / t),
        z,
        special.ndtr(-z),
        unbiased,
        se,
        unbiased - half,
        unbiased + half,
        close,
    )
