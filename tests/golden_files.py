"""Reader of the reference numbers in `tests/golden/`.

Each case is `tests/golden/<case>/expected.json` with a `META.json` that names the
software, its version, the call and the tolerance.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

GOLDEN = Path(__file__).parent / "golden"
DATA = GOLDEN / "data"

# Told which case is opened; `comparison` is one.
watchers: list[Callable[[str], None]] = []


def decode(entry: Any) -> Any:
    """Turn R's typed entries into pandas and numpy objects, in depth."""
    if isinstance(entry, list):
        return entry
    if not isinstance(entry, dict):
        return np.nan if entry is None else entry
    kind = entry.get(".type")
    if kind == "matrix":
        rows, cols = entry["rows"], entry["cols"]
        rows = [rows] if isinstance(rows, str) else rows
        values = np.array(entry["values"], dtype=object)
        values = np.where(pd.isna(values), np.nan, values)
        return pd.DataFrame(values, index=rows, columns=cols).infer_objects()
    if kind == "table":
        return pd.DataFrame(entry["columns"], index=entry.get("rows"))
    if kind == "array":
        return np.array(entry["values_colmajor"], dtype=float).reshape(entry["dim"], order="F")
    if kind == "named_vector":
        return pd.Series(entry["values"], index=entry["names"])
    return {key: decode(value) for key, value in entry.items()}


def expected(case: str) -> dict[str, Any]:
    """Return the decoded results of one reference case."""
    for tell in watchers:
        tell(case)
    return _read(case)


@cache
def _read(case: str) -> dict[str, Any]:
    text = (GOLDEN / case / "expected.json").read_text(encoding="utf-8")
    return decode(json.loads(text))
