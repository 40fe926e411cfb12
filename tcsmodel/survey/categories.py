"""Categories of a column as items of 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tcsmodel.errors import SurveyError
from tcsmodel.options import did_you_mean
from tcsmodel.survey.cleaning import is_blank

MOST = 20


def indicators(column: pd.Series, reference: Any, codes: tuple[Any, ...]) -> pd.DataFrame:
    """Return a column of 0 and 1 per category but `reference`, nan where the answer is missing.

    Categories in their own order where they have one, else sorted; named after the column.

    Raises
    ------
    SurveyError
        When there are fewer than two categories or too many, or no `reference` among them.
    """
    name = str(column.name)
    plain = column.astype(object)
    gone = plain.isna() | plain.isin(list(codes)) | is_blank(plain)
    known = _categories(column, plain[~gone])
    words = {_word(value): value for value in known}
    if len(known) < 2:
        raise SurveyError(
            f"Column {name!r} has one category only, {', '.join(words) or 'none'}, so there is "
            "nothing to compare. Leave it out."
        )
    if len(known) > MOST:
        raise SurveyError(
            f"Column {name!r} has {len(known)} categories; more than {MOST} are no items. Join "
            "some of them, or take the column as it is when its numbers are amounts."
        )
    if _word(reference) not in words:
        raise SurveyError(
            f"reference={reference!r} is not a category of column {name!r} ({', '.join(words)})."
            f"{did_you_mean(reference, words)}"
        )
    made = {
        f"{name}_{word}": (plain == value).astype(float).where(~gone)
        for word, value in words.items()
        if word != _word(reference)
    }
    return pd.DataFrame(made, index=column.index)


def _categories(column: pd.Series, plain: pd.Series) -> list[Any]:
    present = list(pd.unique(plain))
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [value for value in column.cat.categories if value in present]
    try:
        return sorted(present)
    except TypeError:
        return sorted(present, key=str)


def _word(value: Any) -> str:
    """Return how a category is written: 2.0 as 2."""
    whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
    return str(int(value)) if whole else str(value)
