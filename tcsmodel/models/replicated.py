"""Standard errors and intervals from replicate weights, each one member of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tcsmodel.errors import OptionError, TcsError
from tcsmodel.kernels.replicates import Replicates, normal_draws, variance
from tcsmodel.kernels.status import Status
from tcsmodel.models.draws import Draws, Replicator, Source, Values, chunk_size, replicate
from tcsmodel.options import IntervalKind, require_level
from tcsmodel.result import Finding, Severity

Array = NDArray[np.float64]

# Draws for what is no number with a standard error, such as the rank of a driver, and their seed.
NORMAL, SEED = 2000, 0


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ReplicateDraws(Draws):
    """What each replicate weight makes of every quantity, and the variance that follows.

    Intervals are Student's about the estimate. A quantity that one replicate weight does not
    determine has no standard error: each stands for a part of the sample.

    Parameters
    ----------
    coefficients : ndarray (R,)
        What the squared deviation of each replicate counts.
    df : int
        Degrees of freedom.
    """

    coefficients: Array
    df: int

    @property
    def facts(self) -> str:
        """The number of replicate weights and how their estimates ended, in words."""
        return f"{self.n} replicate weights ({self.ends})"

    def se(self, name: str) -> Array:
        """Return the standard error of a quantity."""
        self._of(name)
        return np.sqrt(variance(self.values[name], self.origin[name], self.coefficients))

    def p(self, name: str) -> Array:
        """Return the two-sided p of a quantity, that of Student's t."""
        with np.errstate(all="ignore"):
            return np.asarray(
                2 * special.stdtr(self.df, -np.abs(self.origin[name] / self.se(name)))
            )

    @cached_property
    def likely(self) -> Values:
        """Draws about the estimates that vary together as the replicates do."""
        return {
            name: normal_draws(value, self.origin[name], self.coefficients, NORMAL, SEED)
            for name, value in self.values.items()
        }

    def _limits(self, name: str, level: float, kind: IntervalKind | None) -> tuple[Array, Array]:
        if kind is not None:
            raise OptionError(
                "Replicate weights give one kind of interval, Student's t about the estimate; "
                "leave out interval=."
            )
        t = special.stdtrit(self.df, (1 + level) / 2) if self.df else np.nan
        half, estimate = t * self.se(name), self.origin[name]
        return estimate - half, estimate + half


def lost_weights(draws: ReplicateDraws, name: str) -> Iterator[Finding]:
    """Yield how many replicate weights do not determine a model."""
    lost = int((draws.status >= Status.ITERATION_CAP).sum())
    if lost:
        evidence = {"lost": lost, "replicates": draws.n}
        yield Finding("replicate_weights_lost", Severity.CAUTION, (name,), evidence)


def replicated(make: Replicator, level: float) -> ReplicateDraws:
    """Return the quantities under each replicate weight of the survey, all in one batch.

    Raises
    ------
    TcsError
        When the survey has no replicate weights, or the model was fitted to moments alone.
    OptionError
        When `level` is not between 0 and 1.
    """
    require_level(level)
    sample = make.sample
    sample.respondents("Replicate weights")
    given = sample.design
    if not isinstance(given, Replicates):
        raise TcsError(
            "The survey has no replicate weights. Name them, as Survey(..., weight='w', "
            "replicates=tcs.ReplicateWeights(columns='rw*', kind='brr')), or call "
            ".bootstrap(1000, seed=7)."
        )
    size = chunk_size(sample)
    chunks = [given.ratios[at : at + size] for at in range(0, given.units, size)]
    values = replicate(make, chunks)
    status = values.pop("status").astype(np.intp)
    itself = replicate(make, [np.ones((1, sample.n))])
    return ReplicateDraws(
        values,
        status,
        None,
        level,
        origin={name: value[0] for name, value in itself.items() if name != "status"},
        source=Source.REPLICATE_WEIGHTS,
        coefficients=given.coefficients,
        df=given.df,
    )
