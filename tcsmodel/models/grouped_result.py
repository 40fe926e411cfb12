"""What results that compare groups of a PLS model share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from tcsmodel.models.grouped_pls import GroupedPLS
from tcsmodel.models.permuted import Permuted
from tcsmodel.models.pls import PLS, PLSResult
from tcsmodel.result import Result


@dataclass(frozen=True, eq=False, repr=False)
class GroupedResult(Result):
    """A PLS model in several groups, and what permuting their labels does to it.

    Parameters
    ----------
    grouped : GroupedPLS
        The model fitted to each group.
    permuted : tuple of Permuted
        The statistics of all pairs of groups, and of more than two groups those of all at once.
    """

    grouped: GroupedPLS
    permuted: tuple[Permuted, ...]

    @property
    def estimator(self) -> PLS:
        """The options of the model, the same in every group."""
        return self.grouped.estimator

    @property
    def group(self) -> str:
        """The column that tells groups apart."""
        return self.grouped.by

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups, in the order in which they first appear."""
        return self.grouped.groups

    @property
    def level(self) -> float:
        """Confidence level of intervals, and one less the level of significance of tests."""
        return self.estimator.level

    @cached_property
    def sizes(self) -> pd.Series:
        """Respondents of each group."""
        return pd.Series(self.grouped.sizes, index=list(self.groups), name="n")

    @property
    def fits(self) -> dict[str, PLSResult]:
        """The fit to each group."""
        return dict(zip(self.groups, self.grouped.fits, strict=True))

    @property
    def pairs(self) -> tuple[Permuted, ...]:
        """The statistics of each pair of groups."""
        return tuple(one for one in self.permuted if len(one.members) == 2)

    @property
    def everyone(self) -> Permuted | None:
        """The statistics of all groups at once, where there are more than two."""
        return next((one for one in self.permuted if len(one.members) > 2), None)
