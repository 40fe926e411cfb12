"""`Moments`: the sufficient statistics that every model starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tcsmodel.errors import SurveyError, counted
from tcsmodel.kernels import linalg
from tcsmodel.kernels import moments as kernel
from tcsmodel.options import did_you_mean

Array = NDArray[np.float64]

# What an eigenvalue, or a correlation beyond one, may be by rounding.
ROUNDING = 1e-9
# A standard deviation that is rounding, as a share of the mean.
NO_SPREAD = 1e-12


def read_only(values: ArrayLike) -> Array:
    """Return a float64 copy that cannot be written to."""
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False, repr=False)
class Moments:
    """Names, number of respondents, means and covariances of items; frozen, mergeable.

    Parameters
    ----------
    names : tuple of str
        The p items.
    n : int
        Number of respondents (rows).
    mean_array : ndarray (p,)
        Weighted means, in answer units.
    cov_array : ndarray (p, p)
        Weighted covariances with divisor n - 1 (``n/(n-1) sum w d d' / sum w``).
    sum_weights : float
        Sum of the weights as given; n without weights. Needed to merge.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> m = tcs.Moments.from_cov([[1.0, 0.5], [0.5, 1.0]], n=100, names=["a", "b"])
    >>> float(m.corr.loc["a", "b"])
    0.5
    >>> (m + m).n
    200
    """

    names: tuple[str, ...]
    n: int
    mean_array: Array
    cov_array: Array
    sum_weights: float

    @classmethod
    def of(cls, names: Sequence[str], values: Array, weights: Array | None = None) -> Moments:
        """Return the moments of complete answers (n, p) with optional weights (n,).

        Raises
        ------
        SurveyError
            When there are fewer than two respondents.
        """
        require_two(len(values), names)
        mean, cov = kernel.moments(values, weights)
        total = float(len(values) if weights is None else weights.sum())
        return cls(tuple(names), len(values), read_only(mean), read_only(cov), total)

    @classmethod
    def from_cov(
        cls,
        cov: pd.DataFrame | ArrayLike,
        n: int,
        mean: ArrayLike | None = None,
        names: Sequence[str] | None = None,
    ) -> Moments:
        """Return moments from a published covariance (divisor n - 1) or correlation matrix.

        Raises
        ------
        SurveyError
            When the matrix is not square, symmetric and finite with positive variances, the
            names do not fit, or `n` is below 2.
        """
        if isinstance(cov, pd.DataFrame) and names is None:
            names = [str(name) for name in cov.columns]
        try:
            matrix = read_only(np.asarray(cov))
            center = read_only(np.zeros(len(matrix)) if mean is None else mean)
        except (TypeError, ValueError):
            raise SurveyError("cov and mean must hold numbers only, cov in a square.") from None
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise SurveyError(f"cov has shape {matrix.shape}; give a square (p, p) matrix.")
        p = len(matrix)
        labels = (
            tuple(map(str, names)) if names is not None else tuple(f"x{i + 1}" for i in range(p))
        )
        if len(labels) != p or center.shape != (p,):
            raise SurveyError(
                f"cov has {p} items but names has {len(labels)} and mean has {center.size}."
            )
        known = np.isfinite(matrix).all(axis=1) & np.isfinite(center)
        wrong = np.flatnonzero(~known | (np.diag(matrix) < 0))
        if len(wrong):
            raise SurveyError(
                f"cov or mean has a missing or infinite value, or a variance below zero, in the "
                f"row of {labels[wrong[0]]!r}. Correct it, or leave the item out."
            )
        if n < 2:
            raise SurveyError(f"n={n} is not a number of respondents; at least 2 are needed.")
        if not np.allclose(matrix, matrix.T, rtol=1e-6, atol=1e-10):
            raise SurveyError("cov is not symmetric; fill both triangles with the same numbers.")
        if len(set(labels)) < p:
            raise SurveyError(f"names has the same item twice: {', '.join(labels)}.")
        return cls(labels, int(n), center, matrix, float(n))

    @cached_property
    def mean(self) -> pd.Series:
        """Means (p,), in answer units."""
        return pd.Series(self.mean_array, index=list(self.names), name="mean")

    @cached_property
    def cov(self) -> pd.DataFrame:
        """Covariances (p, p), divisor n - 1."""
        return pd.DataFrame(self.cov_array, index=list(self.names), columns=list(self.names))

    @cached_property
    def corr(self) -> pd.DataFrame:
        """Correlations (p, p)."""
        return pd.DataFrame(
            kernel.to_corr(self.cov_array), index=list(self.names), columns=list(self.names)
        )

    def select(self, names: Sequence[str]) -> Moments:
        """Return the moments of some items, in the order given.

        Raises
        ------
        SurveyError
            When a name is not an item.
        """
        missing = [name for name in names if name not in self.names]
        if missing:
            raise SurveyError(
                f"Item {missing[0]!r} is not among the moments "
                f"({', '.join(self.names)}).{did_you_mean(missing[0], self.names)}"
            )
        at = [self.names.index(name) for name in names]
        return Moments(
            tuple(names),
            self.n,
            read_only(self.mean_array[at]),
            read_only(self.cov_array[np.ix_(at, at)]),
            self.sum_weights,
        )

    def __add__(self, other: Moments) -> Moments:
        if not isinstance(other, Moments):
            return NotImplemented
        if self.names != other.names:
            raise SurveyError(
                f"Moments of {', '.join(self.names)} cannot be merged with moments of "
                f"{', '.join(other.names)}; use .select(names) to give both the same items."
            )
        mean, cov = kernel.merge(
            (self.n, other.n),
            (self.sum_weights, other.sum_weights),
            (self.mean_array, other.mean_array),
            (self.cov_array, other.cov_array),
        )
        return Moments(
            self.names,
            self.n + other.n,
            read_only(mean),
            read_only(cov),
            self.sum_weights + other.sum_weights,
        )

    def __repr__(self) -> str:
        return f"Moments({len(self.names)} items, n={self.n})"


def require_two(n: int, names: Sequence[str]) -> None:
    """Raise SurveyError unless two respondents answered all of some items."""
    if n < 2:
        raise SurveyError(
            f"{counted(n, 'respondent')} answered {'all ' if len(names) > 1 else ''}"
            f"{counted(len(names), 'item')}, and at least 2 are needed. Try fewer items, or "
            "look at tcs.screening(survey).missing_patterns."
        )


def require_varying(moments: Moments) -> None:
    """Raise SurveyError naming the first item without variance, or when respondents are too few."""
    n, p = moments.n, len(moments.names)
    if n < 3:
        raise SurveyError(
            f"{n} respondents are too few: any two items of two respondents correlate by 1 or -1. "
            "Ask more respondents, or look at tcs.screening(survey).missing_patterns."
        )
    least = np.square(NO_SPREAD * moments.mean_array)
    for j in np.flatnonzero(~(np.diag(moments.cov_array) > least)):
        if n <= p:
            raise SurveyError(
                f"{n} respondents are too few for {counted(p, 'item')}: all of them gave the same "
                f"answer ({moments.mean_array[j]:g}) to {moments.names[j]!r}. Ask more "
                "respondents, or use fewer items."
            )
        raise SurveyError(
            f"Item {moments.names[j]!r} is constant: every respondent used gave the same answer "
            f"({moments.mean_array[j]:g}). Remove it from the model."
        )


def require_respondents(moments: Moments, purpose: str) -> None:
    """Raise SurveyError when there are no more respondents than items."""
    p = len(moments.names)
    if moments.n <= p:
        raise SurveyError(
            f"{moments.n} respondents are too few for {counted(p, 'item')}: {purpose} needs more "
            "respondents than items. Use fewer items, or PLS."
        )


def require_definite(moments: Moments, purpose: str) -> None:
    """Raise SurveyError when the correlation matrix is singular, naming the cause."""
    require_respondents(moments, purpose)
    names, corr = moments.names, kernel.to_corr(moments.cov_array)
    p = len(names)
    if linalg.definite((corr - 1e-10 * np.eye(p))[None])[0]:
        return
    values, vectors = np.linalg.eigh(corr)
    first, second = np.unravel_index(np.abs(np.triu(corr, 1)).argmax(), corr.shape)
    if abs(corr[first, second]) > 1 + ROUNDING:
        raise SurveyError(
            f"Items {names[first]!r} and {names[second]!r} have a correlation of "
            f"{corr[first, second]:.3g}, beyond one, so {purpose} is impossible. Check their "
            "covariance and their variances."
        )
    if abs(corr[first, second]) > 1 - ROUNDING:
        raise SurveyError(
            f"Items {names[first]!r} and {names[second]!r} are perfectly correlated, "
            f"so {purpose} is impossible. Remove one of them."
        )
    weights = np.abs(vectors[:, 0])
    if values[0] < -ROUNDING:
        most = [names[j] for j in np.flatnonzero(weights > weights.max() / 2)]
        raise SurveyError(
            f"The correlation matrix of the {p} items is not one that answers can have (its least "
            f"eigenvalue is {values[0]:.3g}), so {purpose} is impossible. Check the numbers, above "
            f"all those of {', '.join(map(repr, most))}; correlations that were computed pair by "
            "pair can be at odds, too."
        )
    # Items without a part in the combination that does not vary have weights of rounding.
    part = [name for name, own in zip(names, weights, strict=True) if own > 1e-6]
    raise SurveyError(
        f"The correlation matrix of the {p} items is singular, so {purpose} is impossible: "
        f"among {', '.join(map(repr, part))} some item is a sum of others. Remove the total."
    )
