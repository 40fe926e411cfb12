"""What measures that differ between groups cost in index points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from tcsmodel.errors import SurveyError, TcsError, counted
from tcsmodel.models.cfa import CFA
from tcsmodel.models.invariance import InvarianceResult
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.result import Finding, Result, Severity, worst_first
from tcsmodel.satisfaction.index import SatisfactionIndex
from tcsmodel.spec.parameters import Parameter

Array = NDArray[np.float64]
Key = tuple[int, str, str, str]

# A bias below one point moves no decision.
MATTERS = 1.0


def invariance_cost(
    invariance: InvarianceResult, index: SatisfactionIndex | None = None
) -> InvarianceCost:
    """Return what a reader of 0-100 indices misreads when groups answer items differently.

    The index of a construct is the weighted mean of its items on 0-100. Between a group and the
    first group it differs by what the constructs differ, and by what items differ although
    the constructs do not: ``sum_i w_i (tau_i - tau_i of the first group)`` with the intercepts
    tau on 0-100, and ``sum_i w_i (lambda_i - lambda_i of the first group) kappa`` where loadings
    differ, kappa being the group's latent mean. The second part is the cost.

    Parameters
    ----------
    invariance : InvarianceResult
        Of a survey whose items have a scale. Where scalar invariance does not hold it is mended
        first, by ``invariance.partial()``: without common items there is no measure of the bias.
    index : SatisfactionIndex, optional
        Whose item weights are used; by default all items of a construct weigh alike.

    Returns
    -------
    InvarianceCost

    Raises
    ------
    SurveyError
        When no construct has a scale for all of its items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse("Quality =~ q1 + q2 + q3 + q4")
    >>> frame = tcs.simulate(spec, n=600, seed=1, scale=(1, 10)).data
    >>> frame["brand"] = ["A", "B"] * 300
    >>> frame["q4"] = (frame["q4"] + 2 * (frame["brand"] == "B")).clip(1, 10)
    >>> survey = tcs.Survey(frame, items=spec.items, scale=(1, 10), group="brand")
    >>> cost = tcs.invariance_cost(tcs.invariance(spec, survey))
    >>> cost.table()[["difference_observed", "difference_latent", "cost"]].round(1).values.tolist()
    [[6.4, 1.5, 4.9]]
    """
    if invariance.estimator.ordinal_items:
        raise TcsError(
            "invariance_cost() counts points of the answers, and ordinal items say nothing of the "
            "distances between them. Take tcs.invariance(spec, survey) without ordered=, or read "
            "the latent_means of the ordinal one."
        )
    mended = invariance if invariance.comparable else invariance.partial()
    sample = mended.steps["scalar"].sample
    scale = {} if sample.survey is None else sample.survey.scale
    shares = _shares(invariance, index)
    known = {name: own for name, own in shares.items() if own and set(own) <= set(scale)}
    if not known:
        raise SurveyError(
            "The cost in index points needs the limits of the items' scales, and no construct has "
            "them for all of its items. Try: Survey(..., scale=(1, 10))."
        )
    points = {
        name: {item: 100 * w / (scale[item][1] - scale[item][0]) for item, w in own.items()}
        for name, own in known.items()
    }
    without = tuple(name for name in shares if name not in known)
    return InvarianceCost(mended, points, without)


def _shares(
    invariance: InvarianceResult, index: SatisfactionIndex | None
) -> dict[str, dict[str, float]]:
    """Return the share of each item in the index of its construct."""
    observed = set(invariance.estimator.parameters.items)
    constructs = invariance.estimator.spec.constructs
    out = {
        c.name: {item: 1 / len(c.items) for item in c.items if set(c.items) <= observed}
        for c in constructs
    }
    if index is None:
        return out
    parts = index.items.groupby("construct", sort=False)
    given = {str(name): dict(zip(own["item"], own["share"], strict=True)) for name, own in parts}
    return {name: given.get(name, {}) for name in out}


@dataclass(frozen=True, eq=False, repr=False)
class InvarianceCost(Result):
    """Index points that are misread because groups answer differently; by `invariance_cost`.

    Parameters
    ----------
    invariance : InvarianceResult
        The model behind it, mended where it had to be.
    points : mapping of str to mapping of str to float
        By construct, the index points of one scale point of each item.
    without : tuple of str
        Constructs that have no index, for want of a scale.
    """

    invariance: InvarianceResult
    points: Mapping[str, Mapping[str, float]]
    without: tuple[str, ...] = ()

    @property
    def estimator(self) -> CFA:
        """The options of the model."""
        return self.invariance.estimator

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return self.estimator.level

    @cached_property
    def _table(self) -> pd.DataFrame:
        scalar = self.invariance.steps["scalar"]
        places = _Places(scalar)
        rows = [
            self._row(construct, g, places)
            for construct in self.points
            for g in range(1, len(scalar.sample.groups))
        ]
        frame = pd.DataFrame(rows)
        if not self.invariance.comparable:
            frame[[name for name in frame.columns[2:] if name != "difference_observed"]] = np.nan
        return frame

    def _row(self, construct: str, g: int, places: _Places) -> dict[str, object]:
        own = self.points[construct]
        parts = places.result.sample.by_group
        gap = parts[g].moments.mean - parts[0].moments.mean
        observed = sum(w * gap[item] for item, w in own.items())
        latent = cost = 0.0
        slope = np.zeros(len(places.values))
        for item, w in own.items():
            for row in places.loadings[item]:
                first, other = places.at(row, 0), places.at(row, g)
                means = [places.mean_at(row.lhs, group) for group in (0, g)]
                kappa = [0.0 if at is None else places.values[at] for at in means]
                latent += w * places.values[first] * (kappa[1] - kappa[0])
                cost += w * (places.values[other] - places.values[first]) * kappa[1]
                slope[other] += w * kappa[1]
                slope[first] -= w * kappa[1]
                if means[1] is not None:
                    slope[means[1]] += w * (places.values[other] - places.values[first])
            first, other = places.intercept(item, 0), places.intercept(item, g)
            cost += w * (places.values[other] - places.values[first])
            slope[other] += w
            slope[first] -= w
        se = places.error(slope)
        half = ndtri((1 + self.level) / 2) * se
        return {
            "construct": construct,
            "group": places.result.sample.groups[g],
            "difference_observed": float(observed),
            "difference_latent": float(latent),
            "cost": float(cost),
            "se": se,
            "ci_lower": float(cost) - half,
            "ci_upper": float(cost) + half,
            "unexplained": float(observed - latent - cost),
        }

    @property
    def worst(self) -> pd.Series | None:
        """The row of the table with the largest cost; None where none can be told."""
        cost = self._table["cost"]
        return None if cost.isna().all() else self._table.iloc[int(cost.abs().argmax())]

    def table(self) -> pd.DataFrame:
        """Return one row per construct and group but the first, in index points.

        ``construct group difference_observed difference_latent cost se ci_lower ci_upper
        unexplained``: the index differs from that of the first group by `difference_observed`;
        of this the constructs make `difference_latent`, answers to released items `cost`, and
        `unexplained` is what the means of the model miss. Standard error and interval are of
        the cost, with the weights of items held fixed. Where scalar invariance is not reached
        even in part, only the observed difference is known; the others are nan.
        """
        return self._table.copy()

    def verify(self) -> tuple[Finding, ...]:
        """Return costs that would mislead, and what they rest on, worst first."""
        found = [*self._unanchored(), *self._costs(), *self._unscaled()]
        return worst_first(found)

    def _unanchored(self) -> Iterator[Finding]:
        if not self.invariance.comparable:
            step, released = self.invariance.failing or "", len(self.invariance.released)
            evidence = {"step": step, "released": released}
            subjects = (self.invariance.group,)
            yield Finding("cost_without_anchors", Severity.PROBLEM, subjects, evidence)

    def _costs(self) -> Iterator[Finding]:
        first = self.invariance.groups[0]
        for row in self._table.to_dict("records"):
            sure = row["ci_lower"] > 0 or row["ci_upper"] < 0
            if sure and abs(row["cost"]) >= MATTERS:
                evidence = {
                    "group": row["group"],
                    "first": first,
                    "cost": row["cost"],
                    "lower": row["ci_lower"],
                    "upper": row["ci_upper"],
                    "observed": row["difference_observed"],
                    "latent": row["difference_latent"],
                }
                yield Finding("misread_difference", Severity.CAUTION, (row["construct"],), evidence)

    def _unscaled(self) -> Iterator[Finding]:
        if self.without:
            yield Finding("no_index", Severity.CAUTION, self.without)

    def _facts(self) -> str:
        worst = self.worst
        largest = "no cost can be told"
        if worst is not None:
            largest = (
                f"largest cost {worst['cost']:.1f} points ({worst['construct']}, {worst['group']})"
            )
        return (
            f"{counted(len(self.points), 'construct')}, {len(self.invariance.groups)} groups, "
            f"{len(self.invariance.released)} released, {largest}"
        )


class _Places:
    """Where the parameters of a fitted model stand among the rows of its table."""

    def __init__(self, result: SEMResult) -> None:
        self.result = result
        self.values: Array = result.arrays["estimates"]
        rows = result.model.parameters.rows
        self._free = np.array([-1 if row.free is None else row.free for row in rows])
        self._at: dict[Key, int] = {
            (row.group, row.lhs, str(row.op), row.rhs): k for k, row in enumerate(rows)
        }
        self.loadings: dict[str, list[Parameter]] = {}
        for row in result.model.parameters.by_group[0]:
            if row.op == "=~":
                self.loadings.setdefault(row.rhs, []).append(row)

    def at(self, row: Parameter, group: int) -> int:
        """Return where the same row stands in a group."""
        return self._at[group, row.lhs, str(row.op), row.rhs]

    def intercept(self, item: str, group: int) -> int:
        return self._at[group, item, "~1", ""]

    def mean_at(self, construct: str, group: int) -> int | None:
        return self._at.get((group, construct, "~1", ""))

    def error(self, slope: Array) -> float:
        """Return the standard error of what has `slope` (r,) on the rows."""
        estimated = self._free >= 0
        gradient = np.zeros(len(self.result.theta))
        np.add.at(gradient, self._free[estimated], slope[estimated])
        with np.errstate(invalid="ignore"):
            return float(np.sqrt(gradient @ self.result.vcov_of_theta @ gradient))
