"""Confidence intervals over the leading (replicate) axis; nan replicates are left out.

Symbols: `draws` (B, ...) replicates; `estimate` (...) of the sample itself; limits are (...).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

# Replicates this close to the estimate, relative to it, are ties.
ROUNDING = 1e-12


def percentile(draws: Array, level: float) -> tuple[Array, Array]:
    """Return lower and upper percentile limits (...,) of draws (B, ...).

    Quantiles interpolate as R's type 7. Where fewer than two draws are finite
    both limits are nan.
    """
    tail = (1 - level) / 2
    if np.isfinite(draws).all():
        limits = np.quantile(draws, [tail, 1 - tail], axis=0)
        return limits[0], limits[1]
    flat = draws.reshape(len(draws), -1)
    limits = np.full((2, flat.shape[1]), np.nan)
    enough = np.isfinite(flat).sum(axis=0) >= 2
    kept = np.where(np.isfinite(flat), flat, np.nan)[:, enough]
    limits[:, enough] = np.nanquantile(kept, [tail, 1 - tail], axis=0)
    limits = limits.reshape(2, *draws.shape[1:])
    return limits[0], limits[1]


def basic(draws: Array, estimate: Array, level: float) -> tuple[Array, Array]:
    """Return ``2 estimate - quantile``: the percentile limits turned about the estimate.

    Davison & Hinkley (1997), eq. 5.6.
    """
    lower, upper = percentile(draws, level)
    return 2 * estimate - upper, 2 * estimate - lower


def studentized(
    draws: Array, errors: Array, estimate: Array, se: Array, level: float
) -> tuple[Array, Array]:
    """Return ``estimate - se quantile(t)``, t the distances of draws in their own errors (B, ...).

    Davison & Hinkley (1997), eq. 5.7. What is the same in every draw is no distance.
    """
    away = draws - estimate
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where((away == 0) & (errors == 0), 0.0, away / errors)
    lower, upper = percentile(t, level)
    return estimate - se * upper, estimate - se * lower


def bca(draws: Array, estimate: Array, acceleration: Array, level: float) -> tuple[Array, Array]:
    """Return limits corrected for bias and acceleration (...,), Efron (1987).

    The percentiles ``Phi(b + (b + z) / (1 - a (b + z)))``, z normal quantiles of the level, b
    that of the share of draws below the estimate, and a the acceleration. nan where all draws
    lie on one side of the estimate.
    """
    b = bias(draws, estimate)
    tail = special.ndtri((1 - level) / 2)
    ordered = np.sort(np.where(np.isfinite(draws), draws, np.nan), axis=0)
    count = np.isfinite(draws).sum(axis=0)
    limits = []
    for z in (tail, -tail):
        with np.errstate(all="ignore"):
            share = special.ndtr(b + (b + z) / (1 - acceleration * (b + z)))
        limits.append(_quantile(ordered, count, np.where(np.isfinite(b), share, np.nan)))
    return limits[0], limits[1]


def bias(draws: Array, estimate: Array) -> Array:
    """Return the normal quantile (...,) of the share of draws below the estimate; ties half."""
    with np.errstate(divide="ignore", invalid="ignore"):
        near = np.abs(draws - estimate) <= ROUNDING * np.abs(estimate)
        below = np.where(near, 0.5, draws < estimate).sum(axis=0)
        share = below / np.isfinite(draws).sum(axis=0)
    return np.asarray(special.ndtri(share))


def acceleration(changes: Array) -> Array:
    """Return the acceleration (...,) from what leaving each respondent out takes away (n, ...).

    ``sum d^3 / (6 (sum d^2)^1.5)`` of d about its mean, Efron (1987); the changes of several
    samples may stand together (Davison & Hinkley 1997, ch. 5). Zero where nothing changes; nan
    respondents are left out.
    """
    finite = np.isfinite(changes)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(finite, changes, 0.0).sum(axis=0) / finite.sum(axis=0)
        d = np.where(finite, changes - mean, 0.0)
        return skewed((d**2).sum(axis=0), (d**3).sum(axis=0))


def skewed(square: Array, cube: Array) -> Array:
    """Return the acceleration of sums of squares and cubes (...,); zero where these are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(square == 0, 0.0, cube / (6 * square**1.5))


def standard_error(draws: Array) -> Array:
    """Return the standard deviation (...,) of draws (B, ...), divisor B - 1."""
    finite = np.isfinite(draws)
    count = finite.sum(axis=0)
    kept = np.where(finite, draws, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        center = kept.sum(axis=0) / count
        spread = np.where(finite, draws - center, 0.0)
        return np.where(count > 1, np.sqrt((spread**2).sum(axis=0) / (count - 1)), np.nan)


def _quantile(ordered: Array, count: NDArray[np.intp], share: Array) -> Array:
    """Return quantiles (...,) of sorted draws (B, ...), nan last, each at its own share."""
    known = (count >= 2) & np.isfinite(share)
    place = np.where(known, share, 0.0) * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.intp)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    lower, upper = (np.take_along_axis(ordered, at[None], axis=0)[0] for at in (below, above))
    return np.where(known, lower + (place - below) * (upper - lower), np.nan)
