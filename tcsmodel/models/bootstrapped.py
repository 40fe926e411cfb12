"""What every result that can be bootstrapped shares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from tcsmodel.models.draws import Draws, Replicator, bootstrap, drawable, from_counts
from tcsmodel.models.estimator import Sample
from tcsmodel.models.replicated import replicated
from tcsmodel.options import IntervalKind, choose, require
from tcsmodel.result import Result

Array = NDArray[np.float64]


class Bootstrapped(Result):
    """A result with a field `draws`; a subclass says how a replicate is computed."""

    estimator: Any
    draws: Draws | None

    def _replicator(self, kind: IntervalKind) -> Replicator:
        """Return how replicates are computed, with what a kind of interval needs."""
        raise NotImplementedError

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return cast(float, self.estimator.level) if self.draws is None else self.draws.level

    def _bootstrapped(
        self, n: int, seed: int, level: float | None, interval: IntervalKind | str, progress: bool
    ) -> Self:
        kind = choose(IntervalKind, interval, "interval")
        draws = bootstrap(
            self._replicator(kind),
            n,
            seed=seed,
            level=self.estimator.level if level is None else level,
            kind=kind,
            progress=progress,
            what=f"{type(self.estimator).__name__} bootstrap",
        )
        return self._with(draws)

    def resampled(self, counts: Array, *, interval: IntervalKind | str = "percentile") -> Self:
        """Return this result with the draws of given resamples.

        Parameters
        ----------
        counts : ndarray (B, n)
            How often each respondent used was drawn.
        interval : {"percentile", "bca", "basic", "studentized"}
            As in `bootstrap`.
        """
        kind = choose(IntervalKind, interval, "interval")
        make, level = self._replicator(kind), self.estimator.level
        return self._with(from_counts(make, counts, level=level, kind=kind))

    def replicated(self, level: float | None = None) -> Self:
        """Return this result with standard errors and t intervals from replicate weights.

        Everything is estimated once with each replicate weight of the survey, in one batch. The
        tables that a bootstrap fills in are filled in; ranks come from normal draws with the
        covariances of the replicates.

        Parameters
        ----------
        level : float, optional
            Confidence level; the estimator's by default.

        Raises
        ------
        TcsError
            When the survey has no replicate weights (`tcsmodel.ReplicateWeights`), or the model
            was fitted to moments alone.
        """
        make = self._replicator(IntervalKind.PERCENTILE)
        return self._with(replicated(make, self.estimator.level if level is None else level))

    def _with(self, draws: Draws) -> Self:
        return cast(Self, replace(cast(Any, self), draws=draws))

    def _drawn_facts(self) -> list[str]:
        return [] if self.draws is None else [self.draws.facts]


def require_studentized(sample: Sample, *, plain: bool) -> None:
    """Raise OptionError where the infinitesimal jackknife does not know how answers vary.

    It takes complete answers (`plain`) of respondents who were drawn one by one.
    """
    require(
        plain,
        "interval='studentized' needs complete answers of continuous items; with missing= or "
        "ordered= try interval='bca'.",
    )
    require(
        drawable(sample.design) is None,
        "interval='studentized' takes respondents for drawn one by one, and the survey has strata "
        "or clusters. Take interval='percentile' or 'basic'.",
    )


def refuse_studentized(kind: IntervalKind, what: str) -> None:
    """Raise OptionError for intervals that need standard errors within each replicate."""
    require(
        kind is not IntervalKind.STUDENTIZED,
        f"interval='studentized' needs a standard error in every replicate, which {what} does "
        "not have. Try interval='bca'.",
    )
