"""Tests of one parameter between groups that were estimated by themselves.

Symbols: `b` estimates; `se` their bootstrap standard errors; `n` respondents; `draws` (B, ...)
bootstrap replicates. Everything is elementwise over (...,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, stdtr

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Test:
    """statistic (...,), its degrees of freedom df (...,), and p (...,), two-sided for t."""

    statistic: Array
    df: Array
    p: Array


def parametric(difference: Array, se: tuple[Array, Array], n: tuple[int, int]) -> Test:
    """Return the t test with equal variances, Keil et al. (2000).

    ``d / (sqrt(((n1-1)^2 se1^2 + (n2-1)^2 se2^2) / (n1+n2-2)) sqrt(1/n1 + 1/n2))``.
    """
    df = float(n[0] + n[1] - 2)
    pooled = sum((m - 1) ** 2 * s**2 for m, s in zip(n, se, strict=True)) / df
    return _t(difference, np.sqrt(pooled * (1 / n[0] + 1 / n[1])), np.full_like(difference, df))


def welch(difference: Array, se: tuple[Array, Array], n: tuple[int, int]) -> Test:
    """Return the t test with unequal variances (Sarstedt, Henseler & Ringle 2011).

    ``d / sqrt(v1 + v2)`` with ``v = (n-1)/n se^2`` and the degrees of freedom of Satterthwaite
    (1946), ``(v1 + v2)^2 / (v1^2/(n1-1) + v2^2/(n2-1))``.
    """
    v = [(m - 1) / m * s**2 for m, s in zip(n, se, strict=True)]
    with np.errstate(divide="ignore", invalid="ignore"):
        df = (v[0] + v[1]) ** 2 / (v[0] ** 2 / (n[0] - 1) + v[1] ** 2 / (n[1] - 1))
    return _t(difference, np.sqrt(v[0] + v[1]), df)


def _t(difference: Array, error: Array, df: Array) -> Test:
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0, difference / error, np.nan)
    return Test(t, df, 2 * stdtr(df, -np.abs(t)))


def probability_larger(first: Array, second: Array) -> Array:
    """Return the probability (...,) that the parameter is larger in the first group.

    The share of all pairs of bootstrap replicates (A, ...) and (B, ...), each turned about its
    mean, in which the first is larger (Henseler, Ringle & Sinkovics 2009; Henseler 2012):
    ``mean_ij [2 mean(b1) - b1_i > 2 mean(b2) - b2_j]``, ties half. From the ranks of both together.
    """
    from scipy.stats import rankdata

    turned = [2 * part.mean(axis=0) - part for part in (first, second)]
    a, b = len(first), len(second)
    ranks = rankdata(np.concatenate(turned), axis=0)[:a]
    return np.asarray((ranks.sum(axis=0) - a * (a + 1) / 2) / (a * b))


def heterogeneity(b: Array, se: Array) -> Test:
    """Return the test that parameters (G, ...) are the same in all groups.

    ``sum w (b - b_w)^2`` with ``w = 1/se^2`` and the w-weighted mean, chi-square with G - 1
    degrees of freedom (Cochran 1954).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.where(se > 0, 1 / se**2, np.nan)
        center = (w * b).sum(axis=0) / w.sum(axis=0)
        q = (w * (b - center) ** 2).sum(axis=0)
    df = np.full_like(q, len(b) - 1.0)
    return Test(q, df, np.asarray(chdtrc(df, q)))


def spread(b: Array, n: Array) -> Array:
    """Return the variance (...,) between groups of parameters (..., G, c), weighted by n (G,)."""
    share = (n / n.sum())[:, None]
    center = (share * b).sum(axis=-2, keepdims=True)
    return np.asarray((share * (b - center) ** 2).sum(axis=-2))
