"""Checks and recodes what a caller hands to `Survey`; a refusal says where and what to try."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError, counted
from tcsmodel.options import did_you_mean
from tcsmodel.survey.moments import read_only

Array = NDArray[np.float64]
Scale = tuple[float, float]
SHOWN_COLUMNS = 12
# What to do with text: among numbers, in categories among numbers, and where all is text.
RECODE = "Recode it to numbers"
RENAME = "Recode it to numbers (data[{name!r}].cat.rename_categories({{{first!r}: ...}}))"
ORDER = (
    "Give its order if it has one (pandas.Categorical(data[{name!r}], categories=[...], "
    "ordered=True), lowest first), recode it to numbers"
)


def checked_frame(data: object) -> pd.DataFrame:
    """Return a copy with string column names and rows 0..n-1, or raise SurveyError."""
    if not isinstance(data, pd.DataFrame):
        raise SurveyError(
            f"Survey needs a pandas DataFrame, not {type(data).__name__}. "
            "Try pandas.DataFrame(data, columns=[...]) or Survey.read(path)."
        )
    if len(data) == 0:
        raise SurveyError("The data have 0 rows; nothing was answered. Look at the file or filter.")
    frame = data.reset_index(drop=True)  # a copy
    given = frame.columns.tolist()
    names = [str(column) for column in given]
    if names != given:
        frame.columns = names
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()]
        raise SurveyError(f"Column {twice[0]!r} appears twice; rename one of them.")
    return frame


def require_column(frame: pd.DataFrame, column: str, what: str) -> None:
    """Raise SurveyError with a suggestion unless `column` is in the frame."""
    if column in frame.columns:
        return
    shown = list(frame.columns[:SHOWN_COLUMNS])
    if len(frame.columns) > SHOWN_COLUMNS:
        shown.append("...")
    hint = did_you_mean(column, frame.columns) or f" The columns are {', '.join(shown)}."
    raise SurveyError(f"{what} is not a column of the data.{hint}")


def named_columns(frame: pd.DataFrame, **roles: str | None) -> dict[str, str | None]:
    """Return the column of each role, or raise SurveyError where the frame has no such column."""
    columns = {role: None if name is None else str(name) for role, name in roles.items()}
    for role, column in columns.items():
        if column is not None:
            require_column(frame, column, f"{role}={column!r}")
    return columns


def item_names(
    frame: pd.DataFrame, items: Sequence[str] | None, taken: set[str], codes: Sequence[Any]
) -> list[str]:
    """Return the item columns: those named, or all numeric columns without another role."""
    if items is None:
        names = [
            column
            for column in frame.columns
            if column not in taken and looks_numeric(frame[column], codes)
        ]
        if not names:
            raise SurveyError("No column of the data is numeric; name the items with items=[...].")
        return names
    names = [str(name) for name in listed(items, "items")]
    if not names:
        raise SurveyError("items is empty; name at least one item column.")
    for name in names:
        require_column(frame, name, f"Item {name!r}")
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise SurveyError(f"Item {twice[0]!r} is listed twice in items.")
    return names


def listed(values: Any, argument: str) -> tuple[Any, ...]:
    """Return a sequence argument as a tuple; a bare name or number raises SurveyError."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise SurveyError(f"{argument}={values!r} must be a list: {argument}=[{values!r}].")
    return tuple(values)


def looks_numeric(column: pd.Series, codes: Sequence[Any]) -> bool:
    """Tell whether a column holds numbers, apart from missing values and `codes`."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = pd.Series(column.cat.categories)
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        return True
    if is_date(column.dtype):
        return False
    present = column[~(column.isin(list(codes)) | is_blank(column))].dropna()
    return len(present) > 0 and bool(pd.to_numeric(present, errors="coerce").notna().all())


def is_date(dtype: Any) -> bool:
    """Tell whether a column holds dates or durations."""
    types = pd.api.types
    return types.is_datetime64_any_dtype(dtype) or types.is_timedelta64_dtype(dtype)


def is_blank(column: pd.Series) -> pd.Series:
    """Tell which cells are strings of white space only."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return pd.Series(False, index=column.index)
    return column.map(lambda cell: isinstance(cell, str) and not cell.strip()).astype(bool)


def to_numbers(frame: pd.DataFrame, names: Sequence[str], codes: tuple[Any, ...]) -> Array:
    """Return columns as floats (n, k), nan where missing.

    SurveyError where one holds text without an order.
    """
    columns = [frame[name] for name in names]
    values = np.column_stack(
        [_numbers(column, name, codes) for column, name in zip(columns, names, strict=True)]
    )
    if codes:
        coded = np.isin(values, numeric_codes(codes))
        for at, column in enumerate(columns):
            if isinstance(column.dtype, pd.CategoricalDtype):
                coded[:, at] = False  # a place in an order is no code
        values[coded] = np.nan
    infinite = np.isinf(values)
    if np.count_nonzero(infinite):
        row, at = np.argwhere(infinite)[0]
        raise SurveyError(
            f"Item {names[at]!r} holds an infinite value (first in row {row + 1}); recode it as "
            "missing."
        )
    return values


def numeric_codes(codes: tuple[Any, ...]) -> Array:
    """Return those of the codes that are numbers, as text or not."""
    numbers = pd.to_numeric(pd.Series(codes, dtype=object), errors="coerce").dropna()
    return numbers.to_numpy(dtype=np.float64)


def _numbers(column: pd.Series, name: str, codes: tuple[Any, ...]) -> Array:
    """Return the numbers (n,) in a column of any kind."""
    dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        return column.to_numpy(dtype=np.float64)
    if is_date(dtype.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype):
        raise SurveyError(f"Item {name!r} holds dates, not answers; leave it out of the items.")
    if isinstance(dtype, pd.CategoricalDtype):
        return _of_categories(column, name, codes)
    gone = column.isna() | column.isin(list(codes)) | is_blank(column)
    numbers = pd.to_numeric(column.where(~gone), errors="coerce")
    text = column[numbers.isna() & ~gone]
    if len(text):
        raise _holds_text(name, text, RECODE if numbers.notna().any() else ORDER)
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


def _of_categories(column: pd.Series, name: str, codes: tuple[Any, ...]) -> Array:
    """Return the numbers (n,) that categories are, or the places of text in its order from 1.

    Codes have no place, categories that do not occur do. Text among numbers has none either: a
    file that labels the ends of a scale only does not say which numbers the labels stand for.
    """
    known, at = pd.Series(column.cat.categories, dtype=object), column.cat.codes.to_numpy()
    numbers = pd.to_numeric(known, errors="coerce")
    gone = known.isin(list(codes)) | is_blank(known) | numbers.isin(numeric_codes(codes))
    text = numbers.isna() & ~gone
    values = numbers.where(~gone).to_numpy(dtype=np.float64, na_value=np.nan)
    held = np.append(text, False)[at]  # -1 is a missing answer
    if held.any():
        mixed = not text[~gone].all()
        if mixed or not column.cat.ordered:
            raise _holds_text(name, column[held], RENAME if mixed else ORDER)
        values = np.where(gone, np.nan, np.cumsum(~gone))
    return np.append(values, np.nan)[at]


def _holds_text(name: str, text: pd.Series, advice: str) -> SurveyError:
    """Return the refusal of an item for its cells that are text, by their rows."""
    first = text.astype(object).iloc[0]
    return SurveyError(
        f"Item {name!r} holds text in {counted(len(text), 'row')} (first {first!r} in "
        f"row {text.index[0] + 1}). {advice.format(name=name, first=first)}, name it in "
        "missing_codes=[...] (no answer) or not_applicable=[...] (does not apply), or "
        f"make items of its categories: survey.dummies({name!r}, reference=...)."
    )


def scale_limits(
    scale: Scale | Mapping[str, Scale] | None, names: Iterable[str]
) -> dict[str, Scale]:
    """Return the (low, high) limits of each item that has a scale."""
    if scale is None:
        return {}
    if not isinstance(scale, Mapping):
        scale = dict.fromkeys(names, scale)
    known = set(names)
    limits: dict[str, Scale] = {}
    for name, pair in scale.items():
        if name not in known:
            raise SurveyError(
                f"scale names {name!r}, which is not an item.{did_you_mean(name, known)}"
            )
        try:
            low, high = (float(limit) for limit in pair)
        except (TypeError, ValueError):
            low = high = np.nan
        if not (low < high and np.isfinite(high - low)):
            raise SurveyError(
                f"scale of {name!r} is {pair!r}; give (low, high) with low below high, as (1, 10)."
            )
        limits[name] = (low, high)
    return limits


def check_scales(answers: Array, names: Sequence[str], limits: Mapping[str, Scale]) -> None:
    """Raise SurveyError when answers (n, k) to an item lie outside its limits."""
    for name, values in zip(names, answers.T, strict=True):
        if name not in limits:
            continue
        low, high = limits[name]
        outside = np.flatnonzero((values < low) | (values > high))
        if len(outside):
            codes = sorted({f"{v:g}" for v in values[outside]}, key=float)
            raise SurveyError(
                f"Item {name!r} has {counted(len(outside), 'answer')} outside its scale "
                f"{low:g}-{high:g} (values {', '.join(codes[:5])}; first in row {outside[0] + 1}). "
                "Name codes for 'no answer' in missing_codes=[...] and for 'does not apply' in "
                "not_applicable=[...], or correct the scale."
            )


def turn(
    answers: Array, names: Sequence[str], reverse: Sequence[str], limits: Mapping[str, Scale]
) -> None:
    """Recode answers (n, k) to the items in `reverse` to ``low + high - answer``, in place."""
    for name in reverse:
        if name not in names:
            raise SurveyError(
                f"reverse names {name!r}, which is not an item.{did_you_mean(name, names)}"
            )
        if name not in limits:
            raise SurveyError(
                f"Item {name!r} is reversed but has no scale, so it cannot be recoded. "
                "Try: Survey(..., scale=(1, 10))."
            )
        at, (low, high) = names.index(name), limits[name]
        answers[:, at] = low + high - answers[:, at]


def to_weights(column: pd.Series, name: str) -> Array:
    """Return positive weights (n,) as given, or raise SurveyError naming the first bad row."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~(np.isfinite(numbers) & (numbers > 0)))
    if len(wrong):
        given = column.astype(object).tolist()[wrong[0]]
        raise SurveyError(
            f"Weight {name!r} must be a positive number for every respondent; it is "
            f"missing, zero or negative in {counted(len(wrong), 'row')} (first in row "
            f"{wrong[0] + 1}: {given!r}). "
            "Correct the weights, or leave those respondents out of the data."
        )
    return read_only(numbers)


def normalized(weights: Array) -> Array:
    """Return weights (n,) rescaled to sum to n."""
    return read_only(weights * (len(weights) / weights.sum()))
