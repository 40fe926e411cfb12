"""What measures that differ between groups cost in index points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import ndtri

from tcsmodel.errors import SurveyError, counted
from tcsmodel.kernels.expected_answers import Answering, answering
from tcsmodel.models.cfa import CFA
from tcsmodel.models.invariance import InvarianceResult
from tcsmodel.models.ordinal_sample import category_values
from tcsmodel.result import Finding, Result, Severity, worst_first
from tcsmodel.satisfaction.index import SatisfactionIndex

# A bias below one point moves no decision.
MATTERS = 1.0


def invariance_cost(
    invariance: InvarianceResult, index: SatisfactionIndex | None = None
) -> InvarianceCost:
    """Return what a reader of 0-100 indices misreads when groups answer items differently.

    The index of a construct is the weighted mean of its items on 0-100. Between a group and the
    first group it differs by what the constructs differ, and by what items differ although
    the constructs do not. The second part is the cost: the index that the model expects of the
    group, less what it expects of the same respondents, were they to answer in the way of the
    first group. Of continuous items that is ``sum_i w_i (tau_i - tau_i of the first group)`` with
    the intercepts tau on 0-100, and ``sum_i w_i (lambda_i - lambda_i of the first group) kappa``
    where loadings differ, kappa being the group's latent mean. Of ordinal ones it is the difference
    in ``sum_i w_i sum_c x_ic P_ic``, the values x of the categories and the shares P of the group
    that choose them by the thresholds, loadings, intercepts and residual variances of either group.

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

    Notes
    -----
    Item by item this is the bias in the mean of Nye & Drasgow (2011, Journal of Applied Psychology
    96, 966-980) and, of ordinal items, the signed difference of expected scores over the normal
    distribution of the group of Meade (2010, same journal 95, 728-743). Standard errors are by the
    delta method.

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
        values = category_values(scalar.sample, scalar.model.parameters.ordinal)
        answers = answering(scalar.model.grouped, scalar.theta, values)
        rows = [
            self._row(construct, g, answers)
            for construct in self.points
            for g in range(1, len(scalar.sample.groups))
        ]
        frame = pd.DataFrame(rows)
        if not self.invariance.comparable:
            frame[[name for name in frame.columns[2:] if name != "difference_observed"]] = np.nan
        return frame

    def _row(self, construct: str, g: int, answers: Answering) -> dict[str, object]:
        scalar = self.invariance.steps["scalar"]
        names, parts = scalar.model.parameters.items, scalar.sample.by_group
        weight = np.array([self.points[construct].get(name, 0.0) for name in names])
        own, alike = answers.own, answers.alike
        observed = weight @ (parts[g].moments.mean_array - parts[0].moments.mean_array)
        latent = weight @ (alike.value[g] - own.value[0])
        cost = weight @ (own.value[g] - alike.value[g])
        slope = weight @ (own.slopes[g] - alike.slopes[g])
        with np.errstate(invalid="ignore"):
            se = float(np.sqrt(slope @ scalar.vcov_of_theta @ slope))
        half = ndtri((1 + self.level) / 2) * se
        return {
            "construct": construct,
            "group": scalar.sample.groups[g],
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
        of this the constructs make `difference_latent`, answers to released items `cost` (of
        ordinal items also unequal residual variances), and `unexplained` is what the model
        misses. Standard error and interval are of the cost, with the weights of items held
        fixed. Where scalar invariance is not reached even in part, only the observed difference
        is known; the others are nan.
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
