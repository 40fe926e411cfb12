"""Which columns are items and which rows make up a part of a survey."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import OptionError, SurveyError

Index = NDArray[np.intp]

# Roles of a column that is no answer.
NO_ITEMS = ("weight", "id", "strata", "cluster")


def require_no_item(
    items: Sequence[str], roles: dict[str, str | None], replicates: set[str]
) -> None:
    """Raise SurveyError when an item is also a weight, an identifier, a stratum or a cluster."""
    others = {roles[role]: (f"the {role}", f"{role}=") for role in NO_ITEMS}
    others |= dict.fromkeys(replicates, ("a replicate weight", "replicates="))
    for name in items:
        if name in others:
            what, argument = others[name]
            raise SurveyError(
                f"Column {name!r} is both an item and {what}. Correct {argument}, or "
                "take it out of items."
            )


def truths(chosen: Any, labels: pd.Index) -> NDArray[np.bool_]:
    """Return a condition as truth values (n,), False where missing, of rows with some labels.

    Raises
    ------
    OptionError
        When there is not one truth value per respondent, or a Series has other labels.
    SurveyError
        When all are False.
    """
    if getattr(chosen, "dtype", None) == "boolean":
        chosen = pd.array(chosen, dtype="boolean").to_numpy(dtype=bool, na_value=False)
    mask, n = np.asarray(chosen), len(labels)
    if isinstance(chosen, pd.Series) and len(chosen) == n and not chosen.index.equals(labels):
        raise OptionError(
            "where() got a Series with other row labels than the survey, so it may be about other "
            "respondents. Pass condition.to_numpy() if its rows are in the order of the survey, or "
            "condition.loc[survey.row_labels]."
        )
    if mask.shape != (n,) or mask.dtype != bool:
        raise OptionError(
            f"where() needs one True or False per respondent (n={n}); "
            f"got shape {mask.shape} of {mask.dtype}."
        )
    if not mask.any():
        raise SurveyError("where() leaves no respondents; look at the condition.")
    return mask


def halves(frame: pd.DataFrame, by: list[str], seed: int) -> tuple[Index, Index]:
    """Return the rows of two random halves, stratified by columns; no value is a stratum too."""
    order = np.random.default_rng(seed).permutation(len(frame))
    stratum: NDArray[Any] = np.zeros(len(frame))
    if by:
        strata = frame[by].astype(object).groupby(by, dropna=False, sort=False)
        stratum = strata.ngroup().to_numpy()
    ordered = order[np.argsort(stratum[order], kind="stable")]
    return np.sort(ordered[::2]), np.sort(ordered[1::2])
