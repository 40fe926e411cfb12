"""Numbers that describe raw answers: shape of items, care of respondents, factorability.

Symbols: `x` (..., n, p) answers with nan where missing; `weights` (..., n) case weights;
`r` (..., p, p) correlations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Description:
    """What `describe` finds; each (..., p), in answer units where it has units.

    `n` answers and `missing` gaps; `mean`, `sd` (divisor n - 1), `median`, `minimum`,
    `maximum`; `skew` and excess `kurtosis`.
    """

    n: NDArray[np.intp]
    missing: NDArray[np.intp]
    mean: Array
    sd: Array
    median: Array
    minimum: Array
    maximum: Array
    skew: Array
    kurtosis: Array


def describe(x: Array, weights: Array | None = None) -> Description:
    """Describe items (..., n, p) over the answers that are there.

    With ``m_k = sum w d^k / sum w`` and ``s^2 = n/(n-1) m_2``: skew ``m_3 / s^3`` and
    kurtosis ``m_4 / s^4 - 3``, b_1 and b_2 of Joanes & Gill (1998, The Statistician 47,
    183-189), which psych and Minitab print. The median halves the weight. nan where an
    item has too few answers or no spread.
    """
    there = np.isfinite(x)
    w = np.where(there, 1.0 if weights is None else weights[..., None], 0.0)
    n = there.sum(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = w.sum(axis=-2)
        mean = np.where(n > 0, np.where(there, w * x, 0.0).sum(axis=-2) / total, np.nan)
        d = np.where(there, x - mean[..., None, :], 0.0)
        squares = d * d
        second = (w * squares).sum(axis=-2) / total
        third = (w * squares * d).sum(axis=-2) / total
        fourth = (w * squares * squares).sum(axis=-2) / total
        variance = np.where(n > 1, second * (n / (n - 1)), np.nan)
        spread = np.where(variance > 1e-24 * (1 + mean**2), variance, np.nan)
        skew = third / spread**1.5
        kurtosis = fourth / spread**2 - 3
    some = n > 0
    return Description(
        n=n,
        missing=x.shape[-2] - n,
        mean=mean,
        sd=np.sqrt(variance),
        median=_median(x, w),
        minimum=np.where(some, np.where(there, x, np.inf).min(axis=-2), np.nan),
        maximum=np.where(some, np.where(there, x, -np.inf).max(axis=-2), np.nan),
        skew=skew,
        kurtosis=kurtosis,
    )


def _median(x: Array, w: Array) -> Array:
    """Weighted median (..., p); halfway between two answers that split the weight evenly."""
    order = np.argsort(x, axis=-2)
    values = np.take_along_axis(x, order, axis=-2)
    below = np.cumsum(np.take_along_axis(w, order, axis=-2), axis=-2)
    half = below[..., -1:, :] / 2
    tie = 1e-12 * half
    last = x.shape[-2] - 1
    low = np.minimum((below < half - tie).sum(axis=-2, keepdims=True), last)
    high = np.minimum((below <= half + tie).sum(axis=-2, keepdims=True), last)
    ends = [np.take_along_axis(values, at, axis=-2)[..., 0, :] for at in (low, high)]
    return np.where(np.isfinite(ends[1]), (ends[0] + ends[1]) / 2, ends[0])


def longest_run(x: Array) -> NDArray[np.intp]:
    """Return the longest run (..., n) of one answer over neighboring items; a gap ends a run."""
    longest = run = np.isfinite(x[..., 0]).astype(np.intp)
    for j in range(1, x.shape[-1]):
        same = x[..., j] == x[..., j - 1]
        run = np.where(same, run + 1, np.isfinite(x[..., j]).astype(np.intp))
        longest = np.maximum(longest, run)
    return longest


def within_sd(x: Array) -> Array:
    """Return the standard deviation (..., n) of each respondent's answers, divisor count - 1.

    The intra-individual response variability of Dunn, Heggestad, Shanock & Theilgard
    (2018, J. Business and Psychology 33, 105-121).
    """
    there = np.isfinite(x)
    count = there.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(there, x, 0.0).sum(axis=-1) / count
        squares = (np.where(there, x - mean[..., None], 0.0) ** 2).sum(axis=-1)
        return np.where(count > 1, np.sqrt(squares / (count - 1)), np.nan)


def mahalanobis(x: Array, mean: Array, cov: Array) -> tuple[Array, Array]:
    """Return squared distances (..., n) from `mean` in the metric of `cov`, and their p values.

    Directions without variance are left out; the chi-square has as many degrees of
    freedom as directions remain. nan for respondents with a gap.
    """
    variance = np.diagonal(cov, axis1=-2, axis2=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(variance > 0, 1 / np.sqrt(variance), 0.0)
    values, vectors = np.linalg.eigh(cov * scale[..., :, None] * scale[..., None, :])
    kept = values > 1e-10 * np.maximum(values[..., -1:], 1e-300)
    inverse = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1.0)), 0.0)
    z = ((x - mean[..., None, :]) * scale[..., None, :]) @ vectors * inverse[..., None, :]
    distance = (z**2).sum(axis=-1)
    rank = kept.sum(axis=-1)[..., None]
    return distance, np.where(np.isfinite(distance), chdtrc(rank, distance), np.nan)


def same_rows(x: Array) -> NDArray[np.intp]:
    """Return how many other rows of x (n, p) hold exactly the same answers and gaps, (n,)."""
    plain = np.ascontiguousarray(np.where(np.isfinite(x), x + 0.0, np.nan))
    rows = plain.view(np.dtype((np.void, plain.itemsize * plain.shape[1]))).ravel()
    _, inverse, counts = np.unique(rows, return_inverse=True, return_counts=True)
    return counts[inverse] - 1


@dataclass(frozen=True, slots=True)
class Adequacy:
    """`kmo` (...,); `kmo_items` (..., p); Bartlett's `chi2` (...,), `df`, `p` (...,).

    `eigenvalues` (..., p) of the correlations, descending. nan where `r` is singular.
    """

    kmo: Array
    kmo_items: Array
    chi2: Array
    df: int
    p: Array
    eigenvalues: Array


def adequacy(r: Array, n: int) -> Adequacy:
    """Return sampling adequacy and sphericity of correlations (..., p, p) of n respondents.

    KMO ``sum r_ij^2 / (sum r_ij^2 + sum a_ij^2)`` over i != j, with a the partial
    correlations given all other items (Kaiser & Rice 1974, Educational and Psychological
    Measurement 34, 111-117); sphericity ``-(n - 1 - (2p + 5)/6) ln|R|`` with df
    ``p (p - 1) / 2`` (Bartlett 1951, Biometrika 38, 337-344).
    """
    p = r.shape[-1]
    eigenvalues = np.asarray(np.linalg.eigvalsh(r)[..., ::-1], dtype=np.float64)
    regular = eigenvalues[..., -1] > 1e-10
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.linalg.inv(np.where(regular[..., None, None], r, np.eye(p)))
        scale = 1 / np.sqrt(np.diagonal(inverse, axis1=-2, axis2=-1))
        partial = inverse * scale[..., :, None] * scale[..., None, :]
        off = 1 - np.eye(p)
        simple = (r**2 * off).sum(axis=-1)
        anti = (partial**2 * off).sum(axis=-1)
        items = np.where(regular[..., None], simple / (simple + anti), np.nan)
        total, rest = simple.sum(axis=-1), anti.sum(axis=-1)
        kmo = np.where(regular, total / (total + rest), np.nan)
        logdet = np.log(np.where(regular[..., None], eigenvalues, np.nan)).sum(axis=-1)
    chi2 = -(n - 1 - (2 * p + 5) / 6) * logdet
    df = p * (p - 1) // 2
    return Adequacy(kmo, items, chi2, df, chdtrc(df, chi2), eigenvalues)


def corrected_correlations(r: Array, signs: Array) -> Array:
    """Return the correlation (..., p) of each item with the sum of the others.

    The sum is of standardized items with `signs` (..., p) of 1 or -1.
    """
    signed = r * signs[..., None, :]
    own = np.diagonal(signed, axis1=-2, axis2=-1)
    with_rest = signed.sum(axis=-1) - own
    both = signed * signs[..., :, None]
    total = both.sum(axis=(-2, -1))[..., None]
    rest = total - 2 * both.sum(axis=-1) + np.diagonal(both, axis1=-2, axis2=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rest > 0, with_rest / np.sqrt(rest), np.nan)
