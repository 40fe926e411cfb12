"""`Draws`: bootstrap replicates of named quantities, and how to make them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from tcsmodel.errors import TcsError
from tcsmodel.kernels import intervals
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.kernels.moments import moments
from tcsmodel.kernels.resample import bootstrap_chunks, stratified_chunks
from tcsmodel.kernels.status import Status
from tcsmodel.models.estimator import Sample
from tcsmodel.options import require, require_level, require_whole

Array = NDArray[np.float64]
Strata = NDArray[np.intp]
Replicate = Callable[..., Mapping[str, Array]]


@dataclass(frozen=True, eq=False, repr=False)
class Draws:
    """Bootstrap replicates.

    Parameters
    ----------
    values : dict of str to ndarray (B, ...)
        Each quantity's replicates, shaped as the quantity itself behind axis 0.
    status : ndarray (B,) of int
        How each replicate ended (`tcsmodel.kernels.status.Status`).
    seed : int or None
        The seed that made them; None when the resamples were given.
    level : float
        Confidence level of the intervals.
    """

    values: Mapping[str, Array]
    status: NDArray[np.intp]
    seed: int | None
    level: float = 0.95

    @property
    def n(self) -> int:
        """Number of replicates B."""
        return len(self.status)

    @property
    def status_shares(self) -> pd.Series:
        """Share of the replicates that ended with each status."""
        return pd.Series(
            {s.name.lower(): float(np.mean(self.status == s)) for s in Status}, name="share"
        )

    def interval(self, name: str, level: float | None = None) -> tuple[Array, Array]:
        """Return percentile limits of a quantity, each shaped as the quantity."""
        return intervals.percentile(self.values[name], self.level if level is None else level)

    def se(self, name: str) -> Array:
        """Return the bootstrap standard error of a quantity."""
        return intervals.standard_error(self.values[name])

    def __repr__(self) -> str:
        return f"Draws({self.n} replicates of {', '.join(self.values)}, seed={self.seed})"


def replicate(
    function: Replicate,
    sample: Sample,
    counts: Iterable[Array],
    progress: tqdm | None = None,
    *,
    weighted: bool = False,
) -> dict[str, Array]:
    """Return ``function(mean, cov)`` of every resample, concatenated over axis 0.

    Of a sample with groups the moments have the groups as second axis.

    Parameters
    ----------
    function : callable
        Takes means (b, p) and covariances (b, p, p) and returns arrays (b, ...) by name,
        among them ``"status"`` (b,).
    sample : Sample
        With respondents.
    counts : iterable of ndarray (b, n)
        How often each respondent was drawn, chunk by chunk.
    progress : tqdm, optional
        Advanced by the size of each chunk.
    weighted : bool
        Whether the function takes the weights (b, n) of the respondents instead of moments.
    """
    values = sample.respondents("The bootstrap")

    def one(chunk: Array) -> Mapping[str, Array]:
        weights = chunk if sample.weights is None else chunk * sample.weights
        return (
            function(weights) if weighted else function(*_moments(values, weights, sample.strata))
        )

    parts = []
    for part in map_chunks(one, counts):
        parts.append(part)
        if progress is not None:
            progress.update(len(part["status"]))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _moments(values: Array, weights: Array, strata: Strata | None) -> tuple[Array, Array]:
    if strata is None:
        return moments(values, weights)
    own = [np.flatnonzero(strata == k) for k in range(int(strata.max()) + 1)]
    parts = [moments(values[rows], weights[:, rows]) for rows in own]
    mean, cov = (np.stack(part, axis=1) for part in zip(*parts, strict=True))
    return mean, cov


def from_counts(
    function: Replicate,
    sample: Sample,
    counts: Array,
    *,
    level: float = 0.95,
    weighted: bool = False,
) -> Draws:
    """Return the draws of given resamples: counts (B, n) of how often each respondent was drawn.

    Raises
    ------
    OptionError
        When the counts do not have one column per respondent used.
    """
    counts = np.asarray(counts, dtype=np.float64)
    require(
        counts.ndim == 2 and counts.shape[1] == sample.n,
        f"counts has shape {counts.shape}; give (replicates, {sample.n}), one column per "
        "respondent used.",
    )
    values = replicate(function, sample, [counts], weighted=weighted)
    status = values.pop("status").astype(np.intp)
    return Draws(values, status, None, level)


def bootstrap(
    function: Replicate,
    sample: Sample,
    replicates: int,
    *,
    seed: int,
    level: float = 0.95,
    progress: bool = False,
    what: str = "bootstrap",
    weighted: bool = False,
) -> Draws:
    """Return nonparametric bootstrap draws; the seed alone decides the numbers.

    Respondents of a sample with groups are drawn within their groups.

    Raises
    ------
    TcsError
        When fitted to moments alone, or when no replicate could be computed.
    OptionError
        When `replicates` is not a whole number from 2 on, `seed` not one from 0 on, or
        `level` not between 0 and 1.
    """
    require_whole(replicates, "n", 2)
    require_whole(seed, "seed", 0)
    require_level(level)
    sample.respondents("The bootstrap")
    size = max(1, min(512, 32_000_000 // (8 * sample.n)))
    with tqdm(total=replicates, desc=what, disable=None if progress else True) as bar:
        chunks = (
            bootstrap_chunks(sample.n, replicates, seed, size)
            if sample.strata is None
            else stratified_chunks(sample.strata, replicates, seed, size)
        )
        values = replicate(function, sample, chunks, bar, weighted=weighted)
    status = values.pop("status").astype(np.intp)
    if not (status < Status.ITERATION_CAP).any():
        raise TcsError(
            f"None of the {replicates} bootstrap replicates could be computed; look at "
            "result.verify() of the fit itself."
        )
    return Draws(values, status, seed, level)
