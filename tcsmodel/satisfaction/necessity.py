"""Necessary conditions: what must be in place before a target can be high."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import TcsError, counted
from tcsmodel.kernels import necessity as kernel
from tcsmodel.models.imputed_fits import require_one_fit
from tcsmodel.models.pls import PLSResult
from tcsmodel.options import (
    BottleneckUnit,
    Ceiling,
    Scope,
    choose,
    did_you_mean,
    require,
    require_whole,
)
from tcsmodel.result import Finding, Result, Severity
from tcsmodel.satisfaction.index import SatisfactionIndex
from tcsmodel.satisfaction.scatter import Scatter, from_index, from_survey
from tcsmodel.survey.moments import Moments, read_only
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]

# Conventions of Dul (2016, p. 30) and Dul, van der Laan & Kuik (2020).
LEAST_EFFECT = 0.1
SIZES = {0.5: "very large", 0.3: "large", 0.1: "medium"}
SIGNIFICANCE = 0.05
ACCURATE = 0.95
FEW_CORNERS = 3


def necessary_conditions(
    source: SatisfactionIndex | PLSResult | Survey | pd.DataFrame,
    target: str = "Satisfaction",
    conditions: Sequence[str] | None = None,
    *,
    ceiling: Ceiling | str = Ceiling.CE_FDH,
    scope: Scope | str = Scope.OBSERVED,
    permutations: int = 10_000,
    seed: int = 0,
) -> NecessaryConditions:
    """Return how far low levels of conditions rule out high levels of a target.

    Necessary condition analysis (Dul 2016, Organizational Research Methods 19(1), 10-52;
    with PLS: Richter, Schubring, Hauff, Ringle & Sarstedt 2020, Industrial Management & Data
    Systems 120(12), 2243-2267). Where a condition is necessary, the upper left corner of its
    scatter with the target is empty: nobody without the condition has a high target. A ceiling
    is drawn over the scatter; the effect d is the share of the scope above it. Two ceilings are
    always computed: the step function over all respondents (CE-FDH) and the straight line
    through its corners (CR-FDH). The p value is the share of random shuffles of the target
    with a d as large (Dul, van der Laan & Kuik 2020); the sample itself counts as one of them.

    Parameters
    ----------
    source : SatisfactionIndex, PLSResult, Survey or DataFrame
        An index or a PLS model gives the 0-100 indices of constructs and the items rescaled to
        0-100; a survey gives the answers as they are.
    target : str
        The construct that is to be high; with a survey, the item.
    conditions : sequence of str, optional
        Constructs or items. With an index the constructs with a directed way to the target are
        the default.
    ceiling : {"ce_fdh", "cr_fdh"}
        On which ceiling findings, bottlenecks and pictures rest. Steps are for few levels,
        as single items have, the line is for many.
    scope : {"observed", "scale"}
        The space is bounded by the smallest and largest value seen, or by the theoretical limits
        of the scale.
    permutations : int
        Number of shuffles.
    seed : int
        Of the shuffles.

    Returns
    -------
    NecessaryConditions

    Raises
    ------
    OptionError
        When the target is among the conditions, one is listed twice, or there are none.
    SpecError
        When the model has no construct `target`.
    SurveyError
        When a name is unknown, does not vary, or has no scale and one is needed.
    TcsError
        When there are moments alone.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> pls = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    >>> needed = tcs.necessary_conditions(pls, target="Satisfaction")
    >>> needed.table().query("ceiling == 'ce_fdh'")[["condition", "effect", "size", "p"]].round(3)
         condition  effect    size    p
    0      Quality   0.324   large  0.0
    2        Image   0.292  medium  0.0
    4  Expectation   0.192  medium  0.0
    6        Value   0.000   small  1.0
    >>> needed.bottleneck().loc[[50, 80, 100]].round(0)
                  Image  Expectation  Quality  Value
    Satisfaction
    50.0           17.0         16.0     26.0    NaN
    80.0           47.0         20.0     57.0    NaN
    100.0          74.0         62.0     62.0    NaN
    """
    ceiling = choose(Ceiling, ceiling, "ceiling")
    scope = choose(Scope, scope, "scope")
    require_whole(permutations, "permutations", 1)
    require_whole(seed, "seed", 0)
    require_one_fit(source, "necessary_conditions()")
    if isinstance(source, Moments):
        raise TcsError(
            "A ceiling needs respondents, but moments were given. Give a Survey or a DataFrame."
        )
    if isinstance(source, (SatisfactionIndex, PLSResult)):
        points = from_index(source, target, conditions, scope)
    else:
        points = from_survey(source, target, conditions, scope)
    v = points.unit[:, -1]
    stream = np.random.default_rng(seed)
    p = []
    for u in points.unit[:, :-1].T:
        given = kernel.ladder(u)
        top = kernel.tops(given, v)
        own = _effects(given, top)
        shuffled = kernel.shuffled_effects(given, v, permutations, stream)
        p.append([kernel.p_value(d, draws) for d, draws in zip(own, shuffled, strict=True)])
    return NecessaryConditions(
        points, ceiling, scope, read_only(np.array(p)), int(permutations), int(seed)
    )


def _effects(given: kernel.Ladder, top: Array) -> tuple[float, float]:
    """Return the effects of the step ceiling and of the line."""
    step = kernel.step_effect(given.at, top)
    return float(step), float(kernel.line_effect(kernel.corner_line(given.at, top)))


@dataclass(frozen=True, eq=False, repr=False)
class NecessaryConditions(Result):
    """Ceilings of a target over its conditions, made by `necessary_conditions`.

    Parameters
    ----------
    points : Scatter
        The n respondents, on d conditions and the target.
    ceiling : Ceiling
        On which ceiling findings, bottlenecks and pictures rest.
    scope : Scope
        What bounds the space.
    p_values : ndarray (d, 2)
        Of the step ceiling and of the line, in the order of the conditions.
    permutations, seed : int
        Of the test.
    """

    points: Scatter
    ceiling: Ceiling
    scope: Scope
    p_values: Array
    permutations: int
    seed: int

    @property
    def target(self) -> str:
        """What is to be high."""
        return self.points.names[-1]

    @property
    def conditions(self) -> tuple[str, ...]:
        """The d conditions, in the order given."""
        return self.points.names[:-1]

    @property
    def n(self) -> int:
        """Number of respondents used."""
        return len(self.points.values)

    @cached_property
    def _ladders(self) -> tuple[kernel.Ladder, ...]:
        return tuple(kernel.ladder(u) for u in self.points.unit[:, :-1].T)

    @cached_property
    def _tops(self) -> tuple[Array, ...]:
        return tuple(kernel.tops(given, self.points.unit[:, -1]) for given in self._ladders)

    def table(self) -> pd.DataFrame:
        """Return two rows per condition, a row per ceiling, the largest effect first.

        ``condition ceiling effect size p necessary accuracy``: `size` in the words of Dul
        (2016): medium from .1, large from .3, very large from .5; `necessary` from .1 and with
        p below .05; `accuracy` is the share of respondents on or below the ceiling. ``scope
        ceiling_zone`` are areas in units of condition times target; ``corners`` of the step
        ceiling; ``intercept slope`` of the line; ``condition_inefficiency
        target_inefficiency`` are the shares of their ranges in which the condition does not
        constrain, and the target is not constrained. ``effect_without_one`` is the largest
        effect that leaving out a single respondent can make, the scope kept: how much rests on
        one person.
        """
        rows = [
            {"condition": name, "ceiling": str(ceiling), **self._row(j, ceiling)}
            for j, name in enumerate(self.conditions)
            for ceiling in Ceiling
        ]
        frame = pd.DataFrame(rows)
        strength = frame[frame["ceiling"] == self.ceiling].set_index("condition")["effect"]
        order = strength.sort_values(ascending=False, kind="stable").index
        place = frame["condition"].map({name: i for i, name in enumerate(order)})
        return frame.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)

    def _row(self, j: int, ceiling: Ceiling) -> dict[str, object]:
        at, top = self._ladders[j].at, self._tops[j]
        line = kernel.corner_line(at, top)
        steps = ceiling is Ceiling.CE_FDH
        effect = _effects(self._ladders[j], top)[0 if steps else 1]
        p = float(self.p_values[j, 0 if steps else 1])
        breadth, height = np.ptp(self.points.limits[j]), np.ptp(self.points.limits[-1])
        inefficiency = kernel.step_slack(at, top) if steps else kernel.line_slack(line)
        slope = np.nan if steps else float(line.slope) * height / breadth
        start, bottom = self.points.limits[j, 0], self.points.limits[-1, 0]
        return {
            "effect": effect,
            "size": next((word for least, word in SIZES.items() if effect >= least), "small"),
            "p": p,
            "necessary": effect >= LEAST_EFFECT and p < SIGNIFICANCE,
            "accuracy": 1.0 if steps else self._accuracy(j, line),
            "scope": breadth * height,
            "ceiling_zone": effect * breadth * height,
            "corners": int(kernel.corners(top).sum()),
            "intercept": np.nan
            if steps
            else bottom + height * float(line.intercept) - slope * start,
            "slope": slope,
            "condition_inefficiency": float(inefficiency[0]),
            "target_inefficiency": float(inefficiency[1]),
            "effect_without_one": max(effect, *self._without_one[j][0 if steps else 1], 0.0),
        }

    @cached_property
    def _without_one(self) -> list[tuple[Array, Array]]:
        """Return each condition's effects (c,) of both ceilings, one respondent left out."""
        v, found = self.points.unit[:, -1], []
        for given, top in zip(self._ladders, self._tops, strict=True):
            left = kernel.without_each(given, v, kernel.alone(given, v, top))
            line = kernel.line_effect(kernel.corner_line(given.at, left))
            found.append((kernel.step_effect(given.at, left), line))
        return found

    def _accuracy(self, j: int, line: kernel.Line) -> float:
        u, v = self.points.unit[:, j], self.points.unit[:, -1]
        if np.isnan(line.slope):
            return 1.0
        return self.points.share(v <= line.intercept + line.slope * u + kernel.ROUNDING)

    def bottleneck(
        self,
        unit: BottleneckUnit | str = BottleneckUnit.PERCENT,
        *,
        ceiling: Ceiling | str | None = None,
        steps: int = 10,
    ) -> pd.DataFrame:
        """Return the level of each condition (column) without which a target level is not reached.

        nan where any level will do; inf where the ceiling is still lower at the highest level
        of the condition.

        Parameters
        ----------
        unit : {"percent", "actual", "respondents"}
            In percent of the range of the scope; in the units of condition and target; or the
            percentage of respondents who are below the level that is needed.
        ceiling : {"ce_fdh", "cr_fdh"}, optional
            That of the result by default.
        steps : int
            The rows are the target's range in so many steps, in percent of the range; in its
            own units for ``"actual"``.
        """
        unit = choose(BottleneckUnit, unit, "unit")
        require_whole(steps, "steps", 1)
        index = np.linspace(0.0, 100.0, int(steps) + 1)
        levels = index / 100
        needed = self._needed(levels, ceiling)
        low, high = self.points.limits.T
        if unit is BottleneckUnit.ACTUAL:
            index = low[-1] + levels * (high[-1] - low[-1])
            needed = low[:-1] + needed * (high[:-1] - low[:-1])
        elif unit is BottleneckUnit.RESPONDENTS:
            needed = 100 * self._below(needed)
        else:
            needed = 100 * needed
        rows = pd.Index(index, name=self.target)
        return pd.DataFrame(needed, index=rows, columns=list(self.conditions))

    def corners(self, condition: str) -> pd.DataFrame:
        """Return the corners of the step ceiling over a condition, from left to right.

        A column for the condition and one for the target, in their own units: the respondents
        on whom both ceilings rest.

        Raises
        ------
        OptionError
            When `condition` is not one of the conditions.
        """
        require(
            condition in self.conditions,
            f"condition={condition!r} is not one of {', '.join(self.conditions)}."
            f"{did_you_mean(condition, self.conditions)}",
        )
        j = self.conditions.index(condition)
        at, top = self._ladders[j].at, self._tops[j]
        here = kernel.corners(top)
        low, high = self.points.limits[[j, -1]].T
        corners = low + np.column_stack([at[here], top[here]]) * (high - low)
        return pd.DataFrame(corners, columns=[condition, self.target])

    def required(self, goal: float, *, ceiling: Ceiling | str | None = None) -> pd.DataFrame:
        """Return what each condition must reach at least for the target to reach `goal`.

        Parameters
        ----------
        goal : float
            A level of the target, in its units.
        ceiling : {"ce_fdh", "cr_fdh"}, optional
            That of the result by default.

        Returns
        -------
        pandas.DataFrame
            ``condition required below``: the level in the units of the condition, nan where any
            will do and inf where the highest will not; and the (weighted) share of respondents
            below it, whom the condition holds back.

        Raises
        ------
        OptionError
            When `goal` lies outside the scope of the target.
        """
        low, high = self.points.limits.T
        require(
            bool(low[-1] <= goal <= high[-1]),
            f"goal={goal!r} lies outside the scope of {self.target!r}, {low[-1]:g} to "
            f"{high[-1]:g}, so nothing is known of it. Choose a level in between.",
        )
        level = np.array([(goal - low[-1]) / (high[-1] - low[-1])])
        needed = self._needed(level, ceiling)
        return pd.DataFrame(
            {
                "condition": self.conditions,
                "required": low[:-1] + needed[0] * (high[:-1] - low[:-1]),
                "below": self._below(needed)[0],
            }
        )

    def _needed(self, levels: Array, ceiling: Ceiling | str | None) -> Array:
        """Return the least conditions (k, d) for levels (k,), both on 0-1 of the scope."""
        kind = self.ceiling if ceiling is None else choose(Ceiling, ceiling, "ceiling")
        columns = []
        for given, top in zip(self._ladders, self._tops, strict=True):
            if kind is Ceiling.CE_FDH:
                columns.append(kernel.step_required(given.at, top, levels))
            else:
                columns.append(kernel.line_required(kernel.corner_line(given.at, top), levels))
        return np.column_stack(columns)

    def _below(self, needed: Array) -> Array:
        """Return the shares (k, d) of respondents below the least conditions (k, d)."""
        short = self.points.unit[:, None, :-1] < np.nan_to_num(needed, nan=0.0) - kernel.ROUNDING
        return np.tensordot(self.points.shares, short, axes=1)

    def verify(self) -> tuple[Finding, ...]:
        """Return which conditions are necessary, which are not, and what weakens that."""
        frame = self.table()
        own = frame[frame["ceiling"] == self.ceiling].set_index("condition")
        found = list(self._weaknesses(own))
        for name, row in own[own["necessary"]].iterrows():
            evidence = {
                "target": self.target,
                "effect": float(row["effect"]),
                "size": str(row["size"]),
                "p": float(row["p"]),
            }
            found.append(Finding("necessary_condition", Severity.NOTE, (str(name),), evidence))
        others = own[~own["necessary"]]
        if len(others):
            evidence = {
                "target": self.target,
                "effect": float(others["effect"].max()),
                "p": float(others["p"].min()),
                "least": LEAST_EFFECT,
            }
            subjects = tuple(str(name) for name in others.index)
            found.append(Finding("not_necessary", Severity.NOTE, subjects, evidence))
        return tuple(found)

    def _weaknesses(self, own: pd.DataFrame) -> Iterator[Finding]:
        if self.points.clustered:
            yield Finding("necessity_of_clusters", Severity.CAUTION, (self.target,))
        if self.points.filled:
            evidence: dict[str, float] = {"filled": self.points.filled, "n": self.n}
            yield Finding("necessity_of_filled_answers", Severity.CAUTION, (self.target,), evidence)
        for name, row in own.iterrows():
            effect, without = float(row["effect"]), float(row["effect_without_one"])
            if effect < LEAST_EFFECT <= without:
                evidence = {"effect": effect, "without": without, "least": LEAST_EFFECT}
                yield Finding("corner_of_one", Severity.CAUTION, (str(name), self.target), evidence)
        if self.ceiling is Ceiling.CE_FDH:
            return
        for name, row in own.iterrows():
            evidence = {"accuracy": float(row["accuracy"]), "corners": int(row["corners"])}
            if row["corners"] < FEW_CORNERS:
                yield Finding("few_corners", Severity.CAUTION, (str(name),), evidence)
            elif row["accuracy"] < ACCURATE:
                yield Finding("inaccurate_ceiling", Severity.CAUTION, (str(name),), evidence)

    def _facts(self) -> str:
        frame = self.table()
        own = frame[frame["ceiling"] == self.ceiling]
        return (
            f"{self.target}: {int(own['necessary'].sum())} of "
            f"{counted(len(self.conditions), 'condition')} necessary, ceiling={self.ceiling}, "
            f"scope={self.scope}, n={self.n}, {self.permutations} permutations"
        )
