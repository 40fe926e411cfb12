"""Exact LMG shares of 15 drivers on mobi: ours beside pingouin's `relimp`.

Run as a script in an environment with the extra ``bench``. Equality comes first: a timing
counts only where the shares agree. Both run the whole call on the same frame: ours with its
checks, its table and its variance inflation, pingouin's with its regression table.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pingouin
from timing import compare

import tcsmodel as tcs

DATA = Path(__file__).parent.parent / "golden" / "data"
TARGET = "CUSA1"
DRIVERS = [
    *(f"IMAG{i}" for i in range(1, 6)),
    *(f"PERQ{i}" for i in range(1, 8)),
    *(f"CUEX{i}" for i in range(1, 4)),
]
TOLERANCE = 1e-9
REQUIRED = 40.0


def ours(frame: pd.DataFrame) -> pd.Series:
    """Return the shares of R2 by driver."""
    table = tcs.KeyDrivers(TARGET, DRIVERS).fit(frame).table()
    return table.set_index("driver")["importance"].loc[DRIVERS]


def theirs(frame: pd.DataFrame) -> pd.Series:
    """Return pingouin's shares of R2 by driver."""
    table = pingouin.linear_regression(frame[DRIVERS], frame[TARGET], relimp=True)
    return table.set_index("names")["relimp"].loc[DRIVERS]


def main() -> int:
    """Check equality, print the ratio, and return 0 when it reaches what is required."""
    frame = pd.read_csv(DATA / "mobi.csv")
    gap = float(np.abs(ours(frame).to_numpy() - theirs(frame).to_numpy()).max())
    if not gap < TOLERANCE:
        sys.exit(f"pingouin {version('pingouin')} differs by {gap:.1e}; no timing is printed.")
    print(f"equal to pingouin {version('pingouin')}: largest difference of shares {gap:.1e}")
    peers = {"pingouin": lambda: theirs(frame)}
    (timing,) = compare(f"LMG of {len(DRIVERS)} drivers", lambda: ours(frame), peers, runs=3)
    print(timing)
    print(f"required: {REQUIRED:.0f} x")
    return 0 if timing.ratio >= REQUIRED else 1


if __name__ == "__main__":
    sys.exit(main())
