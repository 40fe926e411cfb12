"""How many respondents a test needs: closed forms, and reading a simulated power curve.

Symbols: `n` respondents, `df` degrees of freedom of the model, `level` one minus the size of
the test. All functions are elementwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Number: TypeAlias = float | Array

CLOSE, POOR, EXCELLENT = 0.05, 0.08, 0.01
LARGEST = 10**9


def rmsea_power(n: Number, df: Number, null: Number, actual: Number, level: float = 0.95) -> Array:
    """Return the power of a test that RMSEA is `null` when it is `actual`.

    MacCallum, Browne & Sugawara (1996): chi-square is noncentral with ``(n - 1) df rmsea^2``.
    With ``actual > null`` the test of close fit, which rejects where the fit is too bad; else
    that of not-close fit, which rejects where the fit is too good.
    """
    scale = (np.asarray(n, dtype=np.float64) - 1) * df
    before, after = scale * np.square(null), scale * np.square(actual)
    with np.errstate(all="ignore"):
        high = special.chndtr(special.chndtrix(level, df, before), df, after)
        low = special.chndtr(special.chndtrix(1 - level, df, before), df, after)
    return np.where(np.asarray(actual) > null, 1 - high, low)


def rmsea_sample_size(
    df: Number, null: Number, actual: Number, power: float = 0.8, level: float = 0.95
) -> Array:
    """Return the least n at which `rmsea_power` reaches `power`; nan beyond a thousand million."""
    df, null, actual = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (df, null, actual))
    )
    low, high = np.ones(df.shape), np.full(df.shape, float(LARGEST))
    out_of_reach = ~(rmsea_power(high, df, null, actual, level) >= power)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        enough = rmsea_power(middle, df, null, actual, level) >= power
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(out_of_reach, np.nan, high)


def path_sample_size(path: Number, power: float = 0.8, level: float = 0.95) -> Array:
    """Return the least n for a standardized path by the inverse square root.

    ``((z_level + z_power) / |path|)^2``, Kock & Hadaya (2018): a one-sided test of a
    coefficient whose standard error is at most ``1 / sqrt(n)``.
    """
    with np.errstate(divide="ignore"):
        needed = (special.ndtri(level) + special.ndtri(power)) / np.abs(path)
    return np.ceil(np.square(needed))


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where a power curve reaches a target.

    n, lower, upper: the respondents needed, and the limits of their interval.
    """

    n: float
    lower: float
    upper: float


def crossing(n: Array, power: Array, replicates: Array, target: float, level: float) -> Crossing:
    """Return where power, simulated at ascending sample sizes (k,), last rises to `target`.

    A Wald test's power is about ``Phi(a sqrt(n) - z)``, so the curve is a line between its two
    neighbours when its probit is drawn against the square root of n. The interval is that of
    the Monte Carlo error of both (delta method). nan where the curve does not cross the target.
    """
    below = np.flatnonzero((power[:-1] < target) & (power[1:] >= target))
    if not len(below) or (power[-1] < target):
        return Crossing(np.nan, np.nan, np.nan)
    pair = slice(below[-1], below[-1] + 2)
    count = replicates[pair]
    share = (count * power[pair] + 0.5) / (count + 1)
    probit = special.ndtri(share)
    density = np.exp(-np.square(probit) / 2) / np.sqrt(2 * np.pi)
    error = np.sqrt(share * (1 - share) / count) / density
    root = np.sqrt(n[pair])
    with np.errstate(all="ignore"):
        slope = (probit[1] - probit[0]) / (root[1] - root[0])
        at = np.clip((special.ndtri(target) - probit[0]) / (probit[1] - probit[0]), 0, 1)
    middle = root[0] + at * (root[1] - root[0])
    half = special.ndtri((1 + level) / 2) * np.hypot((1 - at) * error[0], at * error[1]) / slope
    return Crossing(
        float(middle**2), float(max(middle - half, 0) ** 2), float((middle + half) ** 2)
    )
