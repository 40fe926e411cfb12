"""Correlations without what a marker variable says they owe to the method of the survey."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]


def adjusted(corr: Array, common: Array | float, n: int) -> tuple[Array, Array, Array]:
    """Return correlations (...,) without a common one, their t and two-sided p.

    ``(r - r_m) / (1 - r_m)`` and ``t = r / sqrt((1 - r^2) / (n - 3))``, Lindell & Whitney
    (2001). Nan where nothing is left of a correlation of one.
    """
    with np.errstate(all="ignore"):
        left = (corr - common) / (1 - np.asarray(common))
        t = left / np.sqrt((1 - left**2) / (n - 3))
    return left, t, np.asarray(2 * special.stdtr(n - 3, -np.abs(t)))
