"""Items that do not apply to a respondent, kept apart from answers that are missing.

Who never complained has no opinion of how complaints are handled: nothing is missing, so nothing
is to be filled in. Who complained and skipped the question left an answer out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import DroppedRespondentsWarning, SurveyError, percent, warn
from tcsmodel.survey.cleaning import numeric_codes

Mask = NDArray[np.bool_]


def require_apart(missing: tuple[Any, ...], inapplicable: tuple[Any, ...]) -> None:
    """Raise SurveyError when a code means both "no answer" and "does not apply"."""
    known = {str(code) for code in missing}
    both = [code for code in inapplicable if str(code) in known]
    if both:
        raise SurveyError(
            f"Code {both[0]!r} is in missing_codes and in not_applicable. Keep it where it "
            "belongs: an answer left out is missing, a question that was not for the respondent "
            "does not apply."
        )


def coded_cells(frame: pd.DataFrame, names: Sequence[str], codes: tuple[Any, ...]) -> Mask:
    """Return which cells (n, k) of columns hold one of the codes."""
    cells = np.zeros((len(frame), len(names)), dtype=bool)
    if not codes:
        return cells
    numeric = numeric_codes(codes)
    for j, name in enumerate(names):
        cells[:, j] = _coded(frame[name], codes, numeric)
    return cells


def some(cells: Mask) -> Mask | None:
    """Return the cells, read only; None where none is marked."""
    cells.setflags(write=False)
    return cells if cells.any() else None


def beside(
    applies: Mask, frame: pd.DataFrame, columns: Sequence[str], codes: tuple[Any, ...]
) -> Mask | None:
    """Return which cells do not apply, with columns of the data beside the items (n, k)."""
    return some(np.column_stack([~applies, coded_cells(frame, columns, codes)]))


def _coded(column: pd.Series, codes: tuple[Any, ...], numeric: NDArray[np.float64]) -> Mask:
    plain = column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
    found = plain.isin(list(codes)).to_numpy(dtype=bool)
    if len(numeric):
        numbers = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        found = found | np.isin(numbers, numeric)
    return found


def require_answered(items: Sequence[str], seen: Mask, applies: Mask) -> None:
    """Raise SurveyError naming the first item without any answer (n, k)."""
    for j in np.flatnonzero(~seen.any(axis=0)).tolist():
        if not applies[:, j].any():
            raise SurveyError(
                f"Item {items[j]!r} applies to nobody; remove it from the model, or look at "
                "not_applicable."
            )
        raise SurveyError(
            f"Item {items[j]!r} has no answers at all; remove it from the model, or look at "
            "missing_codes."
        )


class Reasons(NamedTuple):
    """Why respondents are left out: they gave no answer, or there was nothing to be answered."""

    silent: str
    outside: str


INCOMPLETE = Reasons(
    "they did not answer every item used (missing='listwise')",
    "an item used does not apply to them",
)
UNFILLED = Reasons(
    "they answered none of the items used",
    "an item used does not apply to them, so that nothing can stand for it",
)
SILENT = Reasons("they answered none of the items used", "no item used applies to them")


def warn_left_out(rows: NDArray[np.intp], usable: Mask, told: Reasons) -> None:
    """Warn of respondents who are not among `rows`, told apart by whether items apply (n,)."""
    n = len(usable)
    lost = np.ones(n, dtype=bool)
    lost[rows] = False
    count, outside = n - len(rows), int((lost & ~usable).sum())
    if not count:
        return
    reason = told.outside if outside else told.silent
    if 0 < outside < count:
        reason = f"{told.outside} ({outside}) or {told.silent} ({count - outside})"
    warn(
        f"{count} of {n} respondents ({percent(count / n)}) are left out because {reason}; "
        f"{len(rows)} remain.",
        DroppedRespondentsWarning,
    )
