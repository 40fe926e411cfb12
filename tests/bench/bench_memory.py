"""Peak memory of a process that draws 10,000 bootstrap replicates of a covariance-based model."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import resource
import sys
import warnings

import pandas as pd
import texts
from r_peer import DATA
from timing import seconds

import tcsmodel as tcs

REPLICATES = 10_000
LIMIT_MB = 1000


def peak_mb() -> float:
    """Return the largest resident size of this process so far."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> int:
    """Print time and memory; return 1 when the limit is passed."""
    warnings.simplefilter("ignore")
    frame = pd.read_csv(DATA / "HolzingerSwineford1939.csv")
    fit = tcs.CFA(tcs.ModelSpec.parse(texts.HOLZINGER)).fit(frame)
    before = peak_mb()
    took = seconds(lambda: fit.bootstrap(REPLICATES, seed=7).estimates)
    peak = peak_mb()
    print(
        f"Holzinger-Swineford, {REPLICATES:,} replicates: {took:.1f} s, peak {peak:.0f} MB "
        f"({before:.0f} MB before), limit {LIMIT_MB} MB{'' if peak < LIMIT_MB else '  MISSED'}"
    )
    return int(peak >= LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
