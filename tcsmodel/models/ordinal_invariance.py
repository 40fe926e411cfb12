"""Invariance of ordinal items: thresholds first, and tests of single parameters by refits.

Wu & Estabrook (2016, Psychometrika 81, 1014-1045): thresholds that are equal in all groups give
the variables behind the items a common location and scale, so that loadings, intercepts and
residual variances can be compared after them, in that order. Two thresholds (three categories)
only set that scale, more than two are testable; one (two categories) cannot do so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from tcsmodel.errors import SurveyError
from tcsmodel.models.ordinal_least_squares import OrdinalLeastSquares
from tcsmodel.models.sem import SEM
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.result import Finding, Severity

if TYPE_CHECKING:
    from tcsmodel.models.invariance import InvarianceResult


def fitted_like(model: SEM, like: SEMResult) -> SEMResult:
    """Return a model fitted to the thresholds and correlations that another was fitted to."""
    parameters = model.model_of(like.sample)
    criterion = cast(OrdinalLeastSquares, like.criterion).sharing(parameters)
    fitted = criterion.problem.fit(patient=True)
    return model.result_of(criterion, fitted, parameters.structure(fitted.theta))


def require_testable(result: SEMResult) -> None:
    """Raise SurveyError when an ordinal item has too few categories for separate steps."""
    two = [name for name, count in result.model.parameters.ordinal.categories if count < 3]
    if two:
        raise SurveyError(
            f"Item {two[0]!r} has two categories, and with one threshold equal thresholds, "
            "loadings and intercepts cannot be tested one after the other (Wu & Estabrook 2016). "
            f"Leave {', '.join(two)} out of ordered, or compare() two models: CFA(spec, "
            "group=..., ordered=...) with and without group_equal=('thresholds', 'loadings', "
            "'intercepts')."
        )


def refit_tests(
    result: InvarianceResult, step: str, kind: str, items: Mapping[str, str]
) -> pd.DataFrame:
    """Return scaled differences of a step and those with one parameter free, the largest first.

    Parameters
    ----------
    result : InvarianceResult
        The fits of all steps.
    step, kind : str
        The step that is tested, and the operator of its parameters.
    items : mapping of str to str
        The construct of each item.

    Returns
    -------
    DataFrame
        ``parameter construct item group chi2 df p p_adjusted epc``, without parameters that
        cannot be freed alone; `epc` is nan.
    """
    held = result.steps[step]
    rows = []
    for name, item in _parameters(held, kind):
        if item not in items or name in result.released:
            continue
        partial = (*held.estimator.group_partial, *released_with(name, item, step))
        free = fitted_like(replace(held.estimator, group_partial=partial), held)
        if free.converged and np.isfinite(free.vcov_array).all():
            row = free.compare(held).iloc[1]
            chi2, p = float(row["chi2_diff_scaled"]), float(row["p_scaled"])
            rows.append((name, items[item], item, chi2, float(row["df_diff"]), p))
    columns = ["parameter", "construct", "item", "chi2", "df", "p"]
    frame = pd.DataFrame(rows, columns=columns).sort_values(
        "chi2", ascending=False, ignore_index=True
    )
    group = result.groups[1] if len(result.groups) == 2 else ""
    adjusted = np.minimum(frame["p"] * len(frame), 1.0)
    return frame.assign(group=group, p_adjusted=adjusted, epc=np.nan)


def _parameters(result: SEMResult, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a kind in the first group, each with its item."""
    for row in result.model.parameters.by_group[0]:
        if row.op == kind and (row.op != "~~" or row.is_variance):
            yield row.name, row.rhs if row.op == "=~" else row.lhs


def released_with(parameter: str, item: str, step: str) -> tuple[str, ...]:
    """Return a parameter with what loses its equality too: the intercept, with a loading."""
    return (parameter, f"{item}~1") if step == "metric" else (parameter,)


def findings(result: InvarianceResult) -> Iterator[Finding]:
    """Yield items whose equal thresholds are not a test."""
    ordinal = result.steps["configural"].model.parameters.ordinal
    three = tuple(name for name, count in ordinal.categories if count == 3)
    if three:
        yield Finding("thresholds_untested", Severity.NOTE, three, {"count": len(three)})
