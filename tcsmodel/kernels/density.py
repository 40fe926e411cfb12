"""Densities of replicates, by Gaussian kernels (Silverman 1986, Density Estimation)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Points at which a density is computed, and what share of the draws lies beyond them.
POINTS, BEYOND = 200, 0.005
# Replicates that differ by less than this, relative to their size, do not vary.
ROUNDING = 1e-10


@dataclass(frozen=True, slots=True)
class Density:
    """grid (g,) and the density height (g,) there."""

    grid: Array
    height: Array


def varies(draws: Array) -> bool:
    """Return whether draws (B,) differ by more than rounding, those that are not finite apart."""
    kept = draws[np.isfinite(draws)]
    if len(kept) < 2:
        return False
    return bool(kept.std(ddof=1) > ROUNDING * max(float(np.abs(kept).max()), ROUNDING))


def density(draws: Array) -> Density | None:
    """Return the density of draws (B,); None of fewer than two, or where they do not vary.

    The bandwidth is ``0.9 min(sd, IQR / 1.34) B^-1/5``, Silverman's rule of thumb (eq. 3.31);
    draws that are not finite are left out.
    """
    if not varies(draws):
        return None
    kept = draws[np.isfinite(draws)]
    low, first, third, high = np.quantile(kept, [BEYOND, 0.25, 0.75, 1 - BEYOND])
    sd = float(kept.std(ddof=1))
    narrow = min(sd, (third - first) / 1.34) if third > first else sd
    width = 0.9 * narrow * len(kept) ** -0.2
    grid = np.linspace(low - 3 * width, high + 3 * width, POINTS)
    height = np.zeros(POINTS)
    for part in np.array_split(kept, 1 + len(kept) // 2000):
        height += np.exp(-0.5 * ((grid[:, None] - part) / width) ** 2).sum(axis=1)
    return Density(grid, height / (len(kept) * width * np.sqrt(2 * np.pi)))
