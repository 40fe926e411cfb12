"""The search behind PLS-POS: starts, the highest of their ends, other samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import mixture
from tcsmodel.kernels import pos as kernel
from tcsmodel.kernels.moments import moments
from tcsmodel.kernels.partition import adjusted_rand
from tcsmodel.kernels.status import Status
from tcsmodel.models import mixture_search
from tcsmodel.models.local_models import local_fit, normal_answers
from tcsmodel.models.pls import PLS

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

# The search sees no more respondents than these, drawn at random; the others join the closest.
SCREENED = 2000
# Respondents whose move alone is tried where no move of the first of the list helps.
DEPTH = 50
# Weights of the search need not be those of the model to the last digit.
TOL, MAX_ITER = 1e-5, 100
# Ends this close are the same.
ALIKE = 1e-4


@dataclass(frozen=True)
class Partition:
    """Segments of respondents.

    labels (n,) from 0; r_squared the mean R2 that the search raises, of_all that of one segment
    in the same respondents; reached how many starts came to it; mixed whether the start from
    FIMIX is among these; finished whether nobody alone could raise it more. Nan where there are
    none.
    """

    labels: Index
    r_squared: float
    of_all: float
    reached: int
    mixed: bool
    finished: bool

    @property
    def gain(self) -> float:
        """How much more is explained than by the model of all."""
        return self.r_squared - self.of_all


@dataclass(frozen=True, eq=False)
class PosSearch:
    """What segments are looked for.

    Parameters
    ----------
    estimator : PLS
        The model.
    k : int
        The number of segments.
    aims : ndarray (c,) of bool
        The constructs whose R2 counts.
    weighted : bool
        Whether segments count by their shares.
    least : int
        The fewest respondents of a segment.
    starts : int
        Random starts, beside that from FIMIX.
    seed : int
        Of all that is random.
    """

    estimator: PLS
    k: int
    aims: Mask
    weighted: bool
    least: int
    starts: int
    seed: int

    def found(self, answers: Array, weights: Array) -> Partition:
        """Return the segments of answers (n, p) under weights (n,)."""
        mean, cov = moments(answers, weights)
        sd = np.sqrt(np.diagonal(cov)) if self.estimator.standardized else np.ones(len(cov))
        z = (answers - mean) / np.where(sd > 0, sd, 1.0)
        rows = self._screened(weights)
        problem = self._problem(z[rows], weights[rows])
        start = self._labels(len(rows))
        blended = self._blended(z[rows], weights[rows])
        if blended is not None:
            start = np.concatenate([blended[None], start])
        ends = kernel.climb(problem, start, DEPTH)
        best = int(ends.criterion.argmax())
        height = float(ends.criterion[best])
        labels = problem.closest(ends.labels[best], z)
        labels[rows] = ends.labels[best]
        labels.setflags(write=False)
        reached = ends.criterion > height - ALIKE
        one = replace(problem, segments=1, least=0).criterion(np.zeros((1, len(rows)), np.intp))
        return Partition(
            labels,
            self.scaled(height),
            float(one[0] / self.aims.sum()),
            int(reached.sum()),
            bool(blended is not None and reached[0]),
            bool(ends.finished[best]),
        )

    def scaled(self, criterion: float) -> float:
        """Return the mean R2 of a sum over constructs and segments; nan where there is none."""
        terms = self.aims.sum() * (1 if self.weighted else self.k)
        return float(criterion / terms) if np.isfinite(criterion) else float("nan")

    def without_segments(self, answers: Array, weights: Array, number: int) -> float:
        """Return how much more the search explains in a sample without any segments.

        Its answers are normal with the means and covariances of those at hand.
        """
        mean, cov = moments(answers, weights)
        drawn = normal_answers(mean, cov, len(answers), self.seed, number)
        return self.found(drawn, weights).gain

    def agreement(self, answers: Array, weights: Array, labels: Index, counts: Array) -> Array:
        """Return how segments of respondents drawn so often (1, n) agree with labels (n,), (1,)."""
        found = self.found(answers, counts[0] * weights)
        agreed = np.nan if np.isnan(found.r_squared) else adjusted_rand(labels, found.labels)
        return np.array([agreed])

    def _problem(self, z: Array, weights: Array) -> kernel.Problem:
        return kernel.Problem(
            z,
            kernel.products_of(z),
            weights,
            partial(local_fit, replace(self.estimator, tol=TOL, max_iter=MAX_ITER)),
            self.estimator.model.block,
            self.aims,
            self.k,
            self.weighted,
            self.least,
        )

    def _screened(self, weights: Array) -> Index:
        drawn = np.flatnonzero(weights > 0)
        if len(drawn) <= SCREENED:
            return drawn
        stream = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(0,)))
        return np.sort(stream.choice(drawn, SCREENED, replace=False))

    def _labels(self, n: int) -> Index:
        """Return random segments of about equal size for each start, (starts, n)."""
        even = np.arange(n) % self.k
        keys = [np.random.SeedSequence(self.seed, spawn_key=(2, s)) for s in range(self.starts)]
        return np.stack([np.random.default_rng(key).permutation(even) for key in keys])

    def _blended(self, z: Array, weights: Array) -> Index | None:
        """Return the segments (n,) of a mixture of regressions of the scores; None without any."""
        model = self.estimator.model
        values = local_fit(self.estimator, *moments(z, weights))
        with np.errstate(all="ignore"):
            standardized = z / z.std(axis=0)
        scores = standardized @ (values["outer_weights"][:, None] * model.member)
        if not np.isfinite(scores).all():
            return None
        products, design = mixture.products_of(scores), mixture.design_of(model.paths, True)
        search = mixture_search.Search(products, weights, design, self.starts, self.seed)
        solution = search.solution(self.k)
        if solution.status is Status.SINGULAR:
            return None
        shares = mixture.memberships(products, design, solution.moments)
        return np.asarray(shares.argmax(axis=1), dtype=np.intp)
