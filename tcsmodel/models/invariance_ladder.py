"""The models that `invariance` fits: each step with more that is equal in all groups."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tcsmodel.errors import ImproperSolutionWarning, SurveyError
from tcsmodel.models.cfa import CFA
from tcsmodel.models.invariance_rules import ORDINAL_STEPS, STEPS
from tcsmodel.models.ordinal_invariance import fitted_like, require_testable
from tcsmodel.models.sem import listed
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.options import Estimator, GroupEqual, Parameterization, choose, require
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey


def options_of(
    spec: ModelSpec,
    group: str,
    estimator: Estimator | str | None,
    ordered: bool | Sequence[str],
) -> dict[str, Any]:
    """Return the options of the steps that the kind of items decides."""
    named = ordered if isinstance(ordered, bool) else listed(ordered)
    chosen = {} if estimator is None else {"estimator": choose(Estimator, estimator, "estimator")}
    if not CFA(spec, group=group, ordered=named).ordinal_items:
        return chosen
    own = chosen.get("estimator", Estimator.WLSMV)
    require(
        own in (Estimator.WLSMV, Estimator.WLSM, Estimator.ULSMV),
        f"estimator={own.value!r} has no test to compare the steps of ordinal items by. Use "
        "'wlsmv' (the default), 'wlsm' or 'ulsmv'.",
    )
    theta = Parameterization.THETA
    return chosen | {"ordered": named, "parameterization": theta, "std_lv": True}


def require_answers(survey: Survey, items: tuple[str, ...], group: str) -> None:
    """Raise SurveyError when nobody in a group answered an item."""
    values, column = survey.values(items), survey.column(group)
    for label in column.dropna().unique():
        empty = np.isnan(values[(column == label).to_numpy(dtype=bool)]).all(axis=0)
        for name in (item for item, gone in zip(items, empty, strict=True) if gone):
            raise SurveyError(
                f"Item {name!r} has no answers at all in group {str(label)!r} of {group!r}. Leave "
                f"the item out of the model, or the group out with survey.where(...)."
            )


def ladder(model: CFA, survey: Survey, released: tuple[str, ...]) -> dict[str, SEMResult]:
    """Return the fits of all steps, with some parameters free in every group."""
    steps: dict[str, SEMResult] = {}
    equal: tuple[GroupEqual, ...] = ()
    is_ordinal = bool(model.ordinal_items)
    for name, more in (ORDINAL_STEPS if is_ordinal else STEPS).items():
        equal += more
        own = replace(model, group_equal=equal, group_partial=released if equal else ())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImproperSolutionWarning)
            steps[name] = (
                fitted_like(own, steps["configural"]) if steps and is_ordinal else own.fit(survey)
            )
        if name == "configural" and is_ordinal:
            require_testable(steps[name])
    return steps
