"""The standard bivariate normal distribution over the cells of a two-way table.

Symbols: `h` (..., r) and `k` (..., c) cut points, finite; `rho` (...,) correlations strictly
between -1 and 1; a cell is the rectangle between two neighboring cut points of each side,
the outermost open, so that there are (r + 1) x (c + 1) of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, owens_t

Array = NDArray[np.float64]

# Up to here the quadrature is exact to rounding; beyond it the integrand grows too steep.
STEEP = 0.9
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(16)


def density(x: Array) -> Array:
    """Return the standard normal density."""
    return np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)


def distribution(h: Array, k: Array, rho: Array) -> Array:
    """Return ``Pr(X <= h_s, Y <= k_t)`` (..., r, c), to about 1e-15.

    ``Phi(h) Phi(k) + 1/(2 pi) integral_0^arcsin(rho) exp(-(h^2 + k^2 - 2 h k sin t) /
    (2 cos^2 t)) dt`` by Gauss-Legendre quadrature (Drezner & Wesolowsky 1990, Journal of
    Statistical Computation and Simulation 35, 101-107) while ``|rho|`` is at most 0.9, and by
    Owen's T function (Owen 1956, Annals of Mathematical Statistics 27, 1075-1090) above.
    """
    a, b, r = h[..., :, None], k[..., None, :], rho[..., None, None]
    gentle = np.abs(rho) <= STEEP
    if gentle.all():
        return _by_quadrature(a, b, r)
    out = np.empty((*rho.shape, h.shape[-1], k.shape[-1]))
    out[gentle] = _by_quadrature(a[gentle], b[gentle], r[gentle])
    out[~gentle] = _by_owen(a[~gentle], b[~gentle], r[~gentle])
    return out


def _by_quadrature(h: Array, k: Array, rho: Array) -> Array:
    half = np.arcsin(rho) / 2
    squares, product = -0.5 * (h * h + k * k), h * k
    total = np.zeros_like(squares)
    for node, weight in zip(NODES, NODE_WEIGHTS, strict=True):
        sine = np.sin(half * (1 + node))
        rest = (1 - sine) * (1 + sine)
        term = product * (sine / rest)
        term += squares / rest
        np.exp(term, out=term)
        term *= weight
        total += term
    total *= half / (2 * np.pi)
    total += ndtr(h) * ndtr(k)
    return total


def _by_owen(h: Array, k: Array, rho: Array) -> Array:
    h, k = (np.where(x == 0, 1e-300, x) for x in (h, k))
    root = np.sqrt((1 - rho) * (1 + rho))
    with np.errstate(over="ignore"):
        tails = owens_t(h, (k / h - rho) / root) + owens_t(k, (h / k - rho) / root)
    return (ndtr(h) + ndtr(k)) / 2 - tails - np.where((h < 0) != (k < 0), 0.5, 0.0)


def cell_probabilities(h: Array, k: Array, rho: Array) -> Array:
    """Return the probabilities (..., r + 1, c + 1) of the cells."""
    grid = np.zeros((*rho.shape, h.shape[-1] + 2, k.shape[-1] + 2))
    grid[..., 1:-1, 1:-1] = distribution(h, k, rho)
    grid[..., 1:-1, -1] = ndtr(h)
    grid[..., -1, 1:-1] = ndtr(k)
    grid[..., -1, -1] = 1
    return np.diff(np.diff(grid, axis=-1), axis=-2)


def cell_slopes(h: Array, k: Array, rho: Array) -> tuple[Array, Array]:
    """Return first and second derivatives (..., r + 1, c + 1) of the cells with respect to rho.

    The first is the density at the corners, differenced (Plackett 1954, Biometrika 41, 351-360).
    """
    a, b, r = h[..., :, None], k[..., None, :], rho[..., None, None]
    rest = (1 - r) * (1 + r)
    exponent = (2 * r * a * b - a * a - b * b) / (2 * rest)
    at = np.exp(exponent) / (2 * np.pi * np.sqrt(rest))
    slope = at * (r + a * b + 2 * r * exponent) / rest
    return _differenced(at), _differenced(slope)


def _differenced(corner: Array) -> Array:
    grid = np.zeros((*corner.shape[:-2], corner.shape[-2] + 2, corner.shape[-1] + 2))
    grid[..., 1:-1, 1:-1] = corner
    return np.diff(np.diff(grid, axis=-1), axis=-2)


def row_slopes(h: Array, k: Array, rho: Array) -> Array:
    """Return d Pr(X <= h_t, Y in its interval) / d h_t, (..., r, c + 1).

    A cut point gives to the cells of the row before it what it takes from those after it.
    """
    root = np.sqrt((1 - rho) * (1 + rho))[..., None, None]
    below = ndtr((k[..., None, :] - rho[..., None, None] * h[..., :, None]) / root)
    edges = np.zeros((*below.shape[:-1], below.shape[-1] + 2))
    edges[..., 1:-1] = below
    edges[..., -1] = 1
    return density(h)[..., :, None] * np.diff(edges, axis=-1)
