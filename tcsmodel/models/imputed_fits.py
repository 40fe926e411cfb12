"""A model fitted to each completed survey."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

from tcsmodel.errors import SurveyError, TcsWarning, warn
from tcsmodel.models.imputation import Imputations
from tcsmodel.options import require
from tcsmodel.survey.survey import Survey

Fitted = TypeVar("Fitted")


def fit_completed(
    fit: Callable[[Survey], Fitted], imputations: Imputations, items: Sequence[str]
) -> tuple[Fitted, ...]:
    """Return the fit to each completed survey; what all warn of is said once.

    Raises
    ------
    SurveyError
        When an item of the model was not imputed.
    """
    for name in items:
        if name not in imputations.items:
            raise SurveyError(
                f"Item {name!r} of the model is not among those imputed. Try: "
                "tcs.impute(survey, items=[...]) with all items of the model, or without items=."
            )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = tuple(fit(survey) for survey in imputations)
    told: dict[type[TcsWarning], list[str]] = {}
    for one in caught:
        if issubclass(one.category, TcsWarning):
            told.setdefault(one.category, []).append(str(one.message))
    for category, messages in told.items():
        alike = len(set(messages)) == 1
        count = f"In {len(messages)} of {imputations.m} completed surveys, such as: "
        warn(messages[0] if alike else count + messages[0], category)
    return results


class Pooled:
    """What is pooled over imputations, as other functions must know it."""


def require_one_fit(result: object, what: str) -> None:
    """Raise OptionError for a model that is pooled over imputations."""
    require(
        not isinstance(result, Pooled),
        f"{what} takes one fitted model, not one pooled over imputations. Fit it with "
        "missing='fiml', or use each of pooled.results.",
    )
