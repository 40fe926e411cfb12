"""The search for the mixture behind FIMIX-PLS: starts, the best maximum, other samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import mixture as kernel
from tcsmodel.kernels.partition import adjusted_rand
from tcsmodel.kernels.status import Status
from tcsmodel.models.pls_result import PLSResult
from tcsmodel.models.staged import scores_of
from tcsmodel.survey.moments import read_only

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Starts run on no more respondents than these, drawn at random; the best one goes on with all.
SCREENED = 5000
TOL, FINISHED = 1e-8, 1e-12
# Log-likelihoods this close are the same maximum.
ALIKE = 0.01


@dataclass(frozen=True, eq=False)
class Solution:
    """The best maximum with k segments, and what the starts came to.

    Parameters
    ----------
    moments : ndarray (k, q)
        What the segments are made of (`tcsmodel.kernels.mixture`), the largest first.
    loglik : float
        The log-likelihood; nan where every start was degenerate.
    status : Status
        How the best one ended.
    starts_loglik : ndarray (starts,)
        The log-likelihood of each start; nan where degenerate.
    starts_status : ndarray (starts,) of int
        How each start ended.
    """

    moments: Array
    loglik: float
    status: Status
    starts_loglik: Array
    starts_status: Index

    @property
    def degenerate(self) -> int:
        """How many starts were degenerate."""
        return int((self.starts_status == Status.SINGULAR).sum())

    @property
    def reached(self) -> int:
        """How many starts came within .01 of the best log-likelihood."""
        if np.isnan(self.starts_loglik).all():
            return 0
        gap = np.nanmax(self.starts_loglik) - self.starts_loglik
        return int((gap < ALIKE).sum())


@dataclass(frozen=True, eq=False)
class Search:
    """What the likelihood is of: products (n, q) of scores, weights (n,) and the design."""

    products: Array
    weights: Array
    design: NDArray[np.bool_]
    starts: int
    seed: int

    def solution(self, k: int) -> Solution:
        """Return the best of the maxima that the starts with k segments reach."""
        rows = self._screened()
        labels = self._labels(k, len(rows))
        products, weights = self.products[rows], self.weights[rows]
        start = kernel.moments_of(products, weights, labels, k)
        found = kernel.em(products, weights, self.design, start, TOL)
        best = int(np.argmax(np.nan_to_num(found.loglik, nan=-np.inf)))
        done = kernel.em(
            self.products, self.weights, self.design, found.moments[best][None], FINISHED
        )
        found.status.setflags(write=False)
        order = np.argsort(-done.moments[0, :, 0], kind="stable")
        return Solution(
            read_only(done.moments[0, order]),
            float(done.loglik[0]),
            Status(int(done.status[0])),
            read_only(found.loglik),
            found.status,
        )

    def _screened(self) -> Index:
        n = len(self.products)
        if n <= SCREENED:
            return np.arange(n)
        stream = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(0,)))
        return np.sort(stream.choice(n, SCREENED, replace=False))

    def _labels(self, k: int, n: int) -> Index:
        """Return random segments of n respondents for each start, (starts, n)."""
        count = 1 if k == 1 else self.starts
        keys = [np.random.SeedSequence(self.seed, spawn_key=(k, s)) for s in range(count)]
        return np.stack([np.random.default_rng(key).integers(0, k, n) for key in keys])


def search_of(
    result: PLSResult,
    scores: Array,
    counts: Array | None,
    design: NDArray[np.bool_],
    starts: int,
    seed: int,
) -> Search:
    """Return the search among respondents who count so often (n,), once each by default."""
    given = result.sample.weights
    weights = np.ones(len(scores)) if given is None else given
    weights = weights if counts is None else weights * counts
    return Search(kernel.products_of(scores), weights, design, starts, seed)


def agreement(result: PLSResult, given: Search, k: int, labels: Index, counts: Array) -> Array:
    """Return how the k segments of a bootstrap sample agree with labels (n,); nan without any.

    The sample is that of `counts` (1, n), the agreement (1,).

    Outer weights, scores and segments are those of the sample; they classify everybody.
    """
    estimator, sample = result.estimator, result.sample
    weights = counts if sample.weights is None else counts * sample.weights
    answers = sample.respondents("The bootstrap")
    model = estimator.model
    mean, cov = estimator.rule.moments(model.observed, answers, weights)
    values = estimator.quantities(mean, cov, sample.n)
    if values["status"][0] >= Status.ITERATION_CAP:
        return np.full(1, np.nan)
    own = {name: value[0] for name, value in values.items()}
    p = len(model.observed)
    filled = estimator.rule.complete(answers[:, :p], mean[0, :p], cov[0, :p, :p])
    scores = scores_of(model, own, mean[0], filled, np.ones(filled.shape, dtype=bool))
    search = search_of(result, scores, counts[0], given.design, given.starts, given.seed)
    solution = search.solution(k)
    if solution.status is Status.SINGULAR:
        return np.full(1, np.nan)
    shares = kernel.memberships(search.products, given.design, solution.moments)
    return np.array([adjusted_rand(labels, shares.argmax(axis=1))])
