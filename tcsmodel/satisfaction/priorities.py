"""What to improve first, and how sure that order is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SpecError, counted
from tcsmodel.kernels import priority as kernel
from tcsmodel.models.imputed_fits import require_one_fit
from tcsmodel.models.pls import PLS, PLSResult
from tcsmodel.options import Ceiling, Scope
from tcsmodel.result import Finding, Result, Severity
from tcsmodel.satisfaction.combined import CombinedMap
from tcsmodel.satisfaction.index import SatisfactionIndex, satisfaction_index
from tcsmodel.satisfaction.item_priorities import dimension_table, item_table
from tcsmodel.satisfaction.necessity import necessary_conditions

Array = NDArray[np.float64]

CERTAINTY = 0.9
STABLE = 0.8

RULE = (
    "drivers are ranked by potential gain, the points the target would gain if the driver were "
    "perfect: total effect * (100 - performance); drivers whose order is less than 90% certain "
    "share a tie group"
)


class Quadrant(StrEnum):
    """Parts of the importance-performance map, cut at the means of the drivers."""

    LOW_PRIORITY = "low priority"
    OVERKILL = "possible overkill"
    CONCENTRATE = "concentrate here"
    KEEP_UP = "keep up"


def priorities(pls: PLSResult, target: str = "Satisfaction") -> Priorities:
    """Return the drivers of `target` in the order in which improving them pays.

    Importance is the unstandardized total effect (points of the target's 0-100 index
    per point of the driver's), performance the driver's 0-100 index (Ringle & Sarstedt
    2016, Industrial Management & Data Systems 116(9)). Drivers are ranked by potential
    gain, ``importance * (100 - performance)``. After ``.bootstrap(...)`` everything is
    computed in every replicate, so the order comes with its probabilities: that a
    driver is first or among the first three, that it lies in its quadrant, and which
    drivers cannot be ordered (tie groups: the order of a pair is less than 90% certain).

    Parameters
    ----------
    pls : PLSResult
        Fitted to a survey whose items have a scale.
    target : str
        The construct to be raised; its drivers are the constructs with a directed way
        to it, of a higher-order construct without any its parts.

    Raises
    ------
    SpecError
        When the model has no construct `target`, or nothing leads to it.
    SurveyError
        When an item of `target` has no scale.
    TcsError
        When the model was fitted to moments alone.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> pls = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    >>> order = tcs.priorities(pls, target="Satisfaction")
    >>> order.table().loc[:, ["driver", "importance", "performance", "gain", "priority"]].round(2)
            driver  importance  performance   gain  priority
    0      Quality        0.64        74.98  16.01         1
    1  Expectation        0.43        72.47  11.90         2
    2        Image        0.41        73.53  10.98         3
    3        Value        0.14        62.35   5.21         4
    """
    require_one_fit(pls, "priorities()")
    index = satisfaction_index(pls, target)
    sources = index.impacts["source"]
    drivers = tuple(name for name in sources if np.isfinite(index.indices[name]))
    if not drivers:
        why = "no path leads to it" if sources.empty else "none of its drivers has a scale"
        raise SpecError(
            f"Construct {target!r} has no drivers to rank: {why}. Try a path such as "
            f"'{target} ~ Quality', or another target."
        )
    return Priorities(index, drivers)


@dataclass(frozen=True, eq=False, repr=False)
class Priorities(Result):
    """Drivers of a target in order of potential gain, made by `priorities`.

    Parameters
    ----------
    index : SatisfactionIndex
        Of the target, with the performance and the impacts of its drivers.
    drivers : tuple of str
        The d drivers, in the order of the model.
    """

    index: SatisfactionIndex
    drivers: tuple[str, ...]

    @property
    def estimator(self) -> PLS:
        """The options of the PLS model behind the priorities."""
        return self.index.estimator

    @property
    def target(self) -> str:
        """The construct to be raised."""
        return self.index.target

    @property
    def rule(self) -> str:
        """How drivers are ranked, in words."""
        return RULE

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return self.index.level

    @cached_property
    def cuts(self) -> pd.Series:
        """The lines of the importance-performance map: means over the drivers."""
        importance, performance = self._point
        return pd.Series({"importance": importance.mean(), "performance": performance.mean()})

    @cached_property
    def superiority(self) -> pd.DataFrame | None:
        """P(row's potential gain exceeds column's), driver x driver; None before a bootstrap."""
        if self._draws is None:
            return None
        values = kernel.superiority(kernel.potential_gain(*self._draws))
        return pd.DataFrame(values, index=list(self.drivers), columns=list(self.drivers))

    def table(self) -> pd.DataFrame:
        """Return one row per driver, first priority first.

        ``driver importance ci_lower ci_upper performance performance_ci_lower
        performance_ci_upper gain gain_ci_lower gain_ci_upper priority quadrant``, and after
        a bootstrap the limits and ``quadrant_probability p_first p_top3 tie_group``.
        """
        importance, performance = self._point
        gain = kernel.potential_gain(importance, performance)
        bounds = self._limits()
        frame = pd.DataFrame(
            {
                "driver": self.drivers,
                "importance": importance,
                "ci_lower": bounds[0][0],
                "ci_upper": bounds[0][1],
                "performance": performance,
                "performance_ci_lower": bounds[1][0],
                "performance_ci_upper": bounds[1][1],
                "gain": gain,
                "gain_ci_lower": bounds[2][0],
                "gain_ci_upper": bounds[2][1],
                "priority": kernel.ranks(gain),
                "quadrant": self._quadrant_names(),
                **self._probabilities(kernel.ranks(gain)),
            }
        )
        return frame.sort_values("priority", ignore_index=True)

    @cached_property
    def items(self) -> pd.DataFrame:
        """The items of the drivers, first priority first: the map one level down.

        ``driver item share importance ci_lower ci_upper performance performance_ci_lower
        performance_ci_upper gain gain_ci_lower gain_ci_upper priority``. `share` is the item's
        weight in the driver's index (the unstandardized weights, normalized to sum to 1; of a
        higher-order driver the items of its parts);
        `importance` that share of the driver's total effect: points of the target per point of
        the item; `performance` its mean on 0-100. Importances and gains of a driver's items sum
        to the driver's.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> pls = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
        >>> items = tcs.priorities(pls, target="Satisfaction").items
        >>> items[["driver", "item", "importance", "performance", "gain"]].head(2).round(2)
                driver   item  importance  performance  gain
        0  Expectation  CUEX1        0.17        73.11  4.68
        1  Expectation  CUEX2        0.14        72.58  3.93
        """
        return item_table(self)

    @property
    def has_dimensions(self) -> bool:
        """Whether a driver is a construct of constructs."""
        model = self.estimator.model
        return any(model.constructs[whole] in self.drivers for whole in model.parts)

    @cached_property
    def dimensions(self) -> pd.DataFrame:
        """The parts of higher-order drivers, first priority first: the map between both.

        The columns of `items` with ``dimension`` for the item: `share` is what the items of the
        part weigh in the index of the whole, `performance` the 0-100 index of the part. No rows
        without a higher-order driver.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> spec = tcs.ModelSpec.parse(
        ...     "Product =~ PERQ1 + PERQ2 + PERQ3; Service =~ PERQ4 + PERQ5 + PERQ6 + PERQ7;"
        ...     "Quality =~ Product + Service; Satisfaction =~ CUSA1 + CUSA2 + CUSA3;"
        ...     "Satisfaction ~ Quality"
        ... )
        >>> order = tcs.priorities(tcs.PLS(spec).fit(tcs.datasets.mobi()))
        >>> columns = ["driver", "dimension", "share", "importance", "performance", "gain"]
        >>> order.dimensions[columns].round(2)
            driver dimension  share  importance  performance   gain
        0  Quality   Product    0.5        0.41        74.30  10.47
        1  Quality   Service    0.5        0.41        75.41   9.99
        """
        return dimension_table(self)

    def combined(
        self,
        goal: float,
        *,
        ceiling: Ceiling | str = Ceiling.CE_FDH,
        scope: Scope | str = Scope.OBSERVED,
        permutations: int = 10_000,
        seed: int = 0,
    ) -> CombinedMap:
        """Return the combined map: importance and performance beside necessity.

        After Hauff, Richter, Sarstedt & Ringle (2024), Journal of Retailing and Consumer
        Services 78. A driver can matter little on average and still hold back everyone who
        lacks it.

        Parameters
        ----------
        goal : float
            The level of the target, 0-100, that respondents are to reach.
        ceiling, scope, permutations, seed
            Of `necessary_conditions`.

        Raises
        ------
        OptionError
            When `goal` lies outside the scope of the target.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> pls = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
        >>> both = tcs.priorities(pls, target="Satisfaction").combined(goal=80)
        >>> columns = ["driver", "importance", "effect", "required", "below"]
        >>> both.table()[columns].round(2)
                driver  importance  effect  required  below
        0      Quality        0.64    0.32     61.26   0.14
        1  Expectation        0.43    0.19     41.53   0.02
        2        Image        0.41    0.29     59.63   0.12
        3        Value        0.14    0.00       NaN   0.00
        """
        needs = necessary_conditions(
            self.index,
            self.target,
            self.drivers,
            ceiling=ceiling,
            scope=scope,
            permutations=permutations,
            seed=seed,
        )
        needs.required(goal)
        return CombinedMap(self, needs, float(goal))

    def verify(self) -> tuple[Finding, ...]:
        """Return drivers with a negative effect, orders and quadrants that are not certain."""
        frame = self.table()
        found = [
            Finding(
                "negative_importance",
                Severity.CAUTION,
                (driver,),
                {"importance": float(importance), "target": self.target},
            )
            for driver, importance in zip(frame["driver"], frame["importance"], strict=True)
            if importance < 0
        ]
        if self._draws is None:
            return tuple(found)
        first = frame[frame["tie_group"] == 1]
        if len(first) > 1:
            evidence = {
                "p_lowest": float(first["p_first"].min()),
                "p_highest": float(first["p_first"].max()),
            }
            subjects = tuple(first["driver"])
            found.append(Finding("tied_priorities", Severity.NOTE, subjects, evidence))
        unstable = frame[frame["quadrant_probability"] < STABLE]
        if len(unstable):
            evidence = {
                "lowest": float(unstable["quadrant_probability"].min()),
                "threshold": STABLE,
            }
            subjects = tuple(unstable["driver"])
            found.append(Finding("unstable_quadrant", Severity.NOTE, subjects, evidence))
        return tuple(found)

    def _facts(self) -> str:
        first = self.table().iloc[0]
        draws = self.index.draws
        replicates = "no draws" if draws is None else draws.facts
        return (
            f"{self.target}: {first['driver']} first of "
            f"{counted(len(self.drivers), 'driver')}, potential gain {first['gain']:.1f}, "
            f"n={self.index.n}, {replicates}"
        )

    def summary(self) -> str:
        """Return the facts, the rule, the findings and the table as plain text."""
        facts, *rest = super().summary().split("\n")
        return "\n".join([facts, f"Order: {self.rule}.", *rest])

    @cached_property
    def _point(self) -> tuple[Array, Array]:
        """Importance and performance (d,) of the drivers."""
        impacts = self.index.impacts.set_index("source")["impact"]
        names = list(self.drivers)
        return impacts[names].to_numpy(), self.index.indices[names].to_numpy()

    @cached_property
    def _draws(self) -> tuple[Array, Array] | None:
        """Replicates (b, d) of importance and performance, the complete ones; None without."""
        draws = self.index.draws
        if draws is None:
            return None
        own = self._quantities(draws.likely)
        importance, performance = own["importance"], own["performance"]
        complete = np.isfinite(importance + performance).all(axis=1)
        return importance[complete], performance[complete]

    @cached_property
    def _quadrants(self) -> NDArray[np.intp]:
        return kernel.quadrants(*self._point)

    def _quadrant_names(self) -> list[str | None]:
        """Return each driver's quadrant; None for a driver that is alone on the map."""
        if len(self.drivers) < 2:
            return [None]
        return [list(Quadrant)[code].value for code in self._quadrants]

    def _limits(self) -> tuple[tuple[Array, Array], ...]:
        """Return lower and upper limits (d,) of importance, performance and gain."""
        if self.index.draws is None:
            blank = np.full(len(self.drivers), np.nan)
            return ((blank, blank),) * 3
        own = self.index.draws.derived(self._quantities)
        return tuple(own.interval(name) for name in ("importance", "performance", "gain"))

    def _quantities(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Return the replicates (B, d) of what the limits are of."""
        at = [self.index.constructs.index(name) for name in self.drivers]
        importance = values["impacts"][:, at, self.index.constructs.index(self.target)]
        performance = values["index"][:, at]
        gain = kernel.potential_gain(importance, performance)
        return {"importance": importance, "performance": performance, "gain": gain}

    def _probabilities(self, rank: NDArray[np.intp]) -> dict[str, Array | NDArray[np.intp]]:
        """Return the columns that only replicates can fill."""
        if self._draws is None or self.superiority is None:
            return {}
        order = kernel.ranks(kernel.potential_gain(*self._draws))
        same = (kernel.quadrants(*self._draws) == self._quadrants).mean(axis=0)
        return {
            "quadrant_probability": same if len(same) > 1 else np.full(1, np.nan),
            "p_first": (order == 1).mean(axis=0),
            "p_top3": (order <= 3).mean(axis=0),
            "tie_group": kernel.tie_groups(
                self.superiority.to_numpy(), np.argsort(rank), CERTAINTY
            ),
        }
