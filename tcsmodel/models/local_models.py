"""Segments of respondents with PLS models of their own, however they were found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.pls import composites
from tcsmodel.kernels.rebus import local_moments
from tcsmodel.kernels.regression import structure
from tcsmodel.models import hidden_segments as hidden
from tcsmodel.models.pls import PLS
from tcsmodel.models.pls_result import PLSResult
from tcsmodel.result import Finding, Result, as_text, worst_first

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Values = dict[str, Array]

# The largest p value of segments that are better than by chance; with fewer samples without
# segments no p value could be as small.
CHANCE, FEWEST = 0.05, 19


def local_fit(pls: PLS, mean: Array, cov: Array) -> Values:
    """Return weights, loadings, paths and R2 of moments (..., p) and (..., p, p)."""
    model = pls.model
    found = composites(
        to_corr(cov) if pls.standardized else cov,
        model.block,
        model.paths,
        model.mode_b,
        pls.scheme,
        pls.tol,
        pls.max_iter,
        held=pls.weighting.held,
        sign=pls.weighting.sign,
    )
    inner = structure(found.construct_corr, model.paths)
    return {
        "outer_weights": found.weights,
        "outer_loadings": (found.cross_loadings * model.member).sum(axis=-1),
        "paths": inner.paths,
        "r_squared": inner.r_squared,
    }


def weights_of(result: PLSResult) -> Array:
    """Return the weights (n,) of the respondents, one each without weights."""
    given = result.sample.weights
    return np.ones(result.sample.n) if given is None else given


def by_size(labels: Index, k: int) -> Index:
    """Return labels (n,) from 0, the largest of k segments first, that cannot be written to."""
    order = np.argsort(-np.bincount(labels, minlength=k), kind="stable")
    found = np.argsort(order)[labels]
    found.setflags(write=False)
    return found


def normal_answers(mean: Array, cov: Array, n: int, seed: int, number: int) -> Array:
    """Return answers (n, p) from a normal population, which has no segments, by number."""
    key = np.random.SeedSequence(seed, spawn_key=(1, number))
    return np.random.default_rng(key).multivariate_normal(mean, cov, size=n, method="eigh")


@dataclass(frozen=True, eq=False, repr=False)
class LocalModels(Result):
    """Segments with models of their own beside the model of all.

    Parameters
    ----------
    pls : PLSResult
        The model of all.
    labels : ndarray (n,) of int
        The segment of each respondent, from 0, the largest first.
    k : int
        The number of segments.
    seed : int
        Of the random parts.
    """

    pls: PLSResult
    labels: Index
    k: int
    seed: int

    @property
    def estimator(self) -> PLS:
        """The options of the model."""
        return self.pls.estimator

    @cached_property
    def local_arrays(self) -> Values:
        """Weights, loadings, paths and R2 of the segments' models, the segment first."""
        answers = self.pls.answers("Segments")[None]
        moments = local_moments(answers, weights_of(self.pls)[None], self.labels[None], self.k)
        return {name: value[0] for name, value in local_fit(self.estimator, *moments).items()}

    @property
    def shares(self) -> Array:
        """Shares (k,) of the segments in the sum of weights."""
        weights = weights_of(self.pls)
        return np.bincount(self.labels, weights, minlength=self.k) / weights.sum()

    def sizes(self) -> pd.DataFrame:
        """Return ``segment share n`` of the segments."""
        return pd.DataFrame(
            {
                "segment": hidden.label_names(self.k),
                "share": self.shares,
                "n": np.bincount(self.labels, minlength=self.k),
            }
        )

    def paths(self) -> pd.DataFrame:
        """Return ``source target path`` of the model of all and a column for each segment."""
        model = self.estimator.model
        source, target = np.array(model.written).T
        frame = pd.DataFrame(
            {
                "source": [model.constructs[i] for i in source],
                "target": [model.constructs[j] for j in target],
                "path": self.pls.arrays["paths"][source, target],
            }
        )
        return self._beside(frame, self.local_arrays["paths"][:, source, target])

    def loadings(self) -> pd.DataFrame:
        """Return ``item construct loading`` of the model of all and a column for each segment."""
        return self._items("loading", "outer_loadings")

    def weights(self) -> pd.DataFrame:
        """Return ``item construct weight`` of the model of all and a column for each segment."""
        return self._items("weight", "outer_weights")

    def _items(self, column: str, name: str) -> pd.DataFrame:
        model = self.estimator.model
        frame = pd.DataFrame(
            {
                "item": model.items,
                "construct": [model.constructs[c] for c in model.block],
                column: self.pls.arrays[name],
            }
        )
        return self._beside(frame, self.local_arrays[name])

    def _beside(self, frame: pd.DataFrame, local: Array) -> pd.DataFrame:
        return frame.assign(**dict(zip(hidden.label_names(self.k), local, strict=True)))

    def segment_of(self) -> pd.Series:
        """Return the segment of each respondent, from 1, by row of the data."""
        return pd.Series(self.labels + 1, self.pls.sample.row_labels, name="segment")

    def verify(self) -> tuple[Finding, ...]:
        """Return why these segments may be none, worst first."""
        return worst_first(self._findings())

    def _findings(self) -> Iterator[Finding]:
        raise NotImplementedError

    def summary(self) -> str:
        """Return facts, findings and segments, then the paths of each."""
        paths = as_text(self.paths(), index=False)
        return f"{super().summary()}\n\n{paths}"

    def describe(self, column: str) -> pd.DataFrame:
        """Return the shares of segments by a column of the survey; see `FIMIX.describe`."""
        return hidden.shares_by(self.pls.sample, self.labels, self.k, column)


def require_respondents(n: int, least: int, what: str) -> None:
    """Raise SurveyError when respondents are too few for what is named."""
    if n < least:
        raise SurveyError(
            f"{n} respondents are too few for {what}: {least} is the least. Use fewer items, or "
            "segments that you know, as a column."
        )
