"""Confidence intervals over the leading (replicate) axis; nan replicates are left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


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


def standard_error(draws: Array) -> Array:
    """Return the standard deviation (...,) of draws (B, ...), divisor B - 1."""
    finite = np.isfinite(draws)
    count = finite.sum(axis=0)
    kept = np.where(finite, draws, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        center = kept.sum(axis=0) / count
        spread = np.where(finite, draws - center, 0.0)
        return np.where(count > 1, np.sqrt((spread**2).sum(axis=0) / (count - 1)), np.nan)
