"""The combined map: how much a driver matters, how well it does, and whom its lack holds back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tcsmodel.errors import counted
from tcsmodel.options import Ceiling
from tcsmodel.result import Finding, Result, Severity, worst_first
from tcsmodel.satisfaction.necessity import NecessaryConditions

if TYPE_CHECKING:
    from tcsmodel.satisfaction.priorities import Priorities


@dataclass(frozen=True, eq=False, repr=False)
class CombinedMap(Result):
    """Importance, performance and necessity of the drivers, made by `Priorities.combined`.

    Parameters
    ----------
    order : Priorities
        Importance and performance.
    needs : NecessaryConditions
        Of the same drivers.
    goal : float
        The level of the target, 0-100, that respondents are to reach.
    """

    order: Priorities
    needs: NecessaryConditions
    goal: float

    @property
    def target(self) -> str:
        """The construct to be raised."""
        return self.order.target

    @property
    def ceiling(self) -> Ceiling:
        """The ceiling on which necessity rests."""
        return self.needs.ceiling

    def table(self) -> pd.DataFrame:
        """Return one row per driver, in the order of the priorities.

        ``driver importance performance gain priority quadrant`` of the importance-performance
        map; ``effect p necessary`` of the necessity analysis; ``required``, the level of the
        driver without which nobody reached the goal (nan: any will do, inf: none does), and
        ``below``, the share of respondents who are below it.
        """
        columns = ["driver", "importance", "performance", "gain", "priority", "quadrant"]
        needs = self.needs.table().query("ceiling == @self.ceiling.value")
        needs = needs.merge(self.needs.required(self.goal), on="condition")
        needs = needs[["condition", "effect", "p", "necessary", "required", "below"]]
        frame = self.order.table()[columns]
        return frame.merge(needs.rename(columns={"condition": "driver"}), on="driver")

    def verify(self) -> tuple[Finding, ...]:
        """Return whom necessary drivers hold back, and what priorities and ceilings say."""
        found = [*self._bottlenecks(), *self.order.verify(), *self.needs.verify()]
        return worst_first(found)

    def _bottlenecks(self) -> list[Finding]:
        frame = self.table()
        held = frame[frame["necessary"] & (frame["below"] > 0)]
        held = held.sort_values("below", ascending=False)
        found = []
        for driver, required, below in zip(
            held["driver"], held["required"], held["below"], strict=True
        ):
            evidence = {
                "target": self.target,
                "goal": self.goal,
                "below": float(below),
                "required": float(required),
            }
            if np.isfinite(required):
                found.append(Finding("bottleneck", Severity.NOTE, (driver,), evidence))
            else:
                found.append(Finding("goal_out_of_reach", Severity.CAUTION, (driver,), evidence))
        return found

    def _facts(self) -> str:
        frame = self.table()
        return (
            f"{self.target} at {self.goal:g}: {int(frame['necessary'].sum())} of "
            f"{counted(len(frame), 'driver')} necessary, ceiling={self.ceiling}, n={self.needs.n}"
        )
