"""Reading frames row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows with the columns as attributes; their types are those of the columns."""
    yield from frame.itertuples(index=False)
