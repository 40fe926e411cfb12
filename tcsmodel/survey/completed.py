"""A survey whose gaps are filled in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcsmodel.survey.cleaning import Array
from tcsmodel.survey.moments import read_only
from tcsmodel.survey.survey import Survey


def completed(
    survey: Survey, items: tuple[str, ...], gaps: NDArray[np.bool_], values: Array
) -> Survey:
    """Return the survey with values (c,) in the gaps (n, k) of some items, row by row."""
    part = survey.where(np.ones(survey.n, dtype=bool))
    own, answers = survey.values(items).copy(), survey.values().copy()
    own[gaps] = values
    answers[:, [survey.items.index(name) for name in items]] = own
    object.__setattr__(part, "_answers", read_only(answers))
    return part
