"""Predictions of answers by a path model, and by regressions, that were fitted to other answers.

PLSpredict (Shmueli, Ray, Velasquez Estrada & Chatla 2016): with weights W of standardized items,
coefficients P of constructs and loadings L the prediction is linear in the answers,
``mean + (x - mean) / sd W P L' sd``, so a training fold is a matrix of slopes. Symbols: p items,
k constructs, b training folds; `rows` (b, m) the respondents held out of each, n where a place
is empty.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import linalg

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]

# A regression has no coefficients where the variance of one is inflated more than this.
INFLATED = 1e11
# A variance that is nothing but rounding error, as a share of the sum of squares.
ROUNDING = 1e-13
MOST_FOLDS = 256


def random_folds(n: int, folds: int, repetitions: int, seed: int) -> Index:
    """Return the fold (R, n) of each respondent; sizes within a repetition differ by 1 at most.

    Repetition r of a seed is the same whatever their number.
    """
    label = np.arange(n) * folds // n
    out = np.empty((repetitions, n), dtype=np.intp)
    for r in range(repetitions):
        stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(r,)))
        out[r, stream.permutation(n)] = label
    return out


def held_out(fold: Index, answers: int) -> Iterator[Index]:
    """Yield the held-out `rows` (b, m) of folds (R, n), about `answers` at a time.

    Every fold of every repetition comes once.
    """
    n = fold.shape[1]
    parts = [part for own in fold for part in _members(own)]
    largest = max(map(len, parts))
    size = max(1, min(MOST_FOLDS, answers // largest))
    for start in range(0, len(parts), size):
        chunk = parts[start : start + size]
        rows = np.full((len(chunk), largest), n)
        for b, part in enumerate(chunk):
            rows[b, : len(part)] = part
        yield rows


def _members(label: Index) -> list[Index]:
    """Return the places of each label (n,), ascending."""
    _, size = np.unique(label, return_counts=True)
    return np.split(np.argsort(label, kind="stable"), np.cumsum(size)[:-1])


def training_weights(rows: Index, weights: Array) -> Array:
    """Return the weights (b, n) of respondents without those held out, `rows` (b, m)."""
    n = len(weights)
    out = np.repeat(np.append(weights, 0.0)[None], len(rows), axis=0)
    out[np.arange(len(rows))[:, None], rows] = 0.0
    return out[:, :n]


def training_moments(x: Array, weights: Array, rows: Index) -> tuple[Array, Array]:
    """Return means (b, p) and covariances (b, p, p) without the held-out `rows` (b, m).

    Those of `kernels.moments.moments` with `training_weights`, as differences of sums: the work
    is that of the respondents held out. The divisor is the one of all n respondents.
    """
    n, center = len(x), np.average(x, axis=0, weights=weights)
    d, w = np.append(x - center, np.zeros((1, x.shape[1])), axis=0), np.append(weights, 0.0)
    out = d[rows]
    weighted = out * w[rows][..., None]
    everyone = (d * w[:, None]).T @ d
    total = (w.sum() - w[rows].sum(axis=1))[:, None]
    with np.errstate(all="ignore"):
        shift = (w @ d - weighted.sum(axis=1)) / total
        second = (everyone - out.swapaxes(1, 2) @ weighted) / total[..., None]
        cov = second - shift[:, :, None] * shift[:, None, :]
        own = np.arange(x.shape[1])
        least = ROUNDING * np.diagonal(everyone) / total
        cov[:, own, own] = np.where(cov[:, own, own] > least, cov[:, own, own], 0.0)
        return center + shift, cov * (n / (n - 1))


def own_divisors(cov: Array, answered: Array, n: int, trained: Array) -> Array:
    """Return covariances (b, p, p) of the training folds with the divisor of their own size.

    Moments of weights count all n respondents; a share `answered` (b, p) of the `trained` (b,)
    of a fold has answered each item.
    """
    with np.errstate(all="ignore"):
        own, counted = answered * trained[:, None], answered * n
        root = np.sqrt(own / (own - 1) * ((counted - 1) / counted))
        return cov * root[:, :, None] * root[:, None, :]


def path_slopes(scoring: Array, carried: Array, loadings: Array, sd: Array) -> Array:
    """Return the slopes (..., p, q) of q items on all items that a path model predicts with.

    Parameters
    ----------
    scoring : ndarray (..., p, k)
        Weights of the items, in answer units.
    carried : ndarray (..., k, k)
        What the score of a construct (row) adds to the prediction of another (column).
    loadings : ndarray (..., q, k)
        Loadings of the q items on their own construct, else 0.
    sd : ndarray (..., q)
        Their standard deviations.
    """
    with np.errstate(all="ignore"):
        return scoring @ carried @ np.swapaxes(loadings * sd[..., :, None], -1, -2)


def regression_slopes(corr: Array, sd: Array, block: Index, used: Mask) -> Array:
    """Return the slopes (b, p, p) of the regression of each item on the items of other constructs.

    Parameters
    ----------
    corr : ndarray (b, p, p)
        Correlations of the items.
    sd : ndarray (b, p)
        Standard deviations.
    block : ndarray (p,) of int
        The construct of each item.
    used : ndarray (k, k) of bool
        Whether the items of a construct (row) are regressors of those of another (column).

    Returns
    -------
    ndarray (b, p, p)
        Regressor x item; nan where the regressors are linearly dependent.
    """
    slopes = np.zeros(corr.shape)
    for target in np.flatnonzero(used.any(axis=0)).tolist():
        x = np.flatnonzero(used[block, target])
        y = np.flatnonzero(block == target)
        among = corr[:, x[:, None], x]
        inverses = linalg.inverse(among)
        inflation = np.diagonal(inverses, axis1=1, axis2=2)
        regular: Mask = np.asarray(((inflation > 0) & (inflation < INFLATED)).all(axis=1))
        beta = inverses @ corr[:, x[:, None], y]
        with np.errstate(all="ignore"):
            beta = beta * (sd[:, None, y] / sd[:, x, None])
        slopes[:, x[:, None], y] = np.where(regular[:, None, None], beta, np.nan)
    return slopes


def gaps(x: Array, mean: Array, rows: Index) -> Array:
    """Return the distances (b, m, p) of held-out answers from training means (b, p).

    Nan where an answer is missing and where a place of `rows` is empty.
    """
    padded = np.concatenate([x, np.full((1, x.shape[1]), np.nan)])
    return padded[rows] - mean[:, None]


def errors(
    gap: Array, slopes: Array, scoring: Array, carried: Array, items: Index, targets: list[int]
) -> Array:
    """Return the errors (b, m, 3q + 2t) of those held out.

    Parameters
    ----------
    gap : ndarray (b, m, p)
        Distances of their answers from the training means; nan counts as the mean in what
        predicts.
    slopes : ndarray (b, p, 2q)
        Of the q `items` on all items, by the path model and by the linear model.
    scoring, carried : ndarray (b, p, k), (b, k, k)
        As for `path_slopes`.
    items, targets : (q,), (t,) of int
        What is predicted.

    Returns
    -------
    ndarray (b, m, 3q + 2t)
        Of the items: path model, linear model, mean; of the t constructs: path model, mean.
    """
    q, t = len(items), len(targets)
    out = np.empty((*gap.shape[:2], 3 * q + 2 * t))
    with np.errstate(all="ignore"):
        made = np.nan_to_num(gap) @ np.concatenate([slopes, scoring], axis=-1)
        scores = made[..., 2 * q :]
        out[..., 2 * q : 3 * q] = own = gap[..., items]
        out[..., :q] = own - made[..., :q]
        out[..., q : 2 * q] = own - made[..., q : 2 * q]
        out[..., -t:] = own = scores[..., targets]
        out[..., 3 * q : -t] = own - scores @ carried[..., targets]
    return out


def add_rows(total: Array, count: Array, rows: Index, errors: Array) -> None:
    """Add errors (b, m, q) of respondents `rows` (b, m) to sums (n + 1, q) and counts (n + 1,)."""
    flat = rows.ravel()
    order = np.argsort(flat, kind="stable")
    present, first = np.unique(flat[order], return_index=True)
    total[present] += np.add.reduceat(errors.reshape(len(flat), -1)[order], first, axis=0)
    count += np.bincount(flat, minlength=len(count))


def mean_over_repetitions(total: Array, count: Array) -> Array:
    """Return sums (n, q) over as many repetitions (n,) as means; nan where there is none."""
    with np.errstate(all="ignore"):
        return np.where(count[:, None] > 0, total / count[:, None], np.nan)


def losses(errors: Array, weights: Array) -> tuple[Array, Array]:
    """Return root mean squared and mean absolute errors (..., q) of errors (..., n, q).

    Weighted by `weights` (n,), over the respondents whose errors are known.
    """
    known = np.isfinite(errors)
    shares = np.where(known, weights[:, None], 0.0)
    with np.errstate(all="ignore"):
        shares = shares / shares.sum(axis=-2, keepdims=True)
        held = np.where(known, errors, 0.0)
        return np.sqrt((shares * held**2).sum(axis=-2)), (shares * np.abs(held)).sum(axis=-2)
