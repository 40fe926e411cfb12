"""PLS bootstrap of ECSI on mobi with every quantity: ours beside seminr, openpls-engine, plspm.

Run as a script in an environment with the extra ``bench``; plspm does not run with pandas 3, so
it needs one of its own with ``pandas<3``. Peers that are not installed are left out. Equality
comes first: a timing counts only where the paths agree, with seminr also on the same resamples.
The slow peers run fewer replicates and are scaled to 5,000; openpls-engine and plspm use two
processes, their default, and draw the same resamples in both, which is to their favor.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import resource
import sys
import warnings
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from timing import Timing, seconds

import tcsmodel as tcs
from tcsmodel.kernels.resample import counts_from_rows

DATA = Path(__file__).parent.parent / "golden" / "data"
REPLICATES = 5000
SEMINR_REPLICATES = 1000
SLOW_REPLICATES = 20
MORE_REPLICATES = 10_000
TOLERANCE = 1e-6
TARGETS = {"seminr": 100.0, "openpls-engine": 1000.0, "plspm": 1000.0}
MEMORY_MB = 1536

SPEC = tcs.library.ecsi()
ITEMS = {construct.name: list(construct.items) for construct in SPEC.constructs}


def ours(frame: pd.DataFrame, replicates: int = REPLICATES) -> Any:
    """Return the fit with replicates and the intervals of every quantity."""
    from tcsmodel.models.quantities import QUANTITIES

    result = tcs.PLS(SPEC).fit(frame).bootstrap(replicates, seed=7)
    return result, {name: result.intervals(name) for name in QUANTITIES}


def require_equal(peer: str, ours: Any, theirs: Any) -> None:
    """Stop unless the two agree to `TOLERANCE`."""
    gap = float(np.max(np.abs(np.asarray(ours) - np.asarray(theirs))))
    if not gap < TOLERANCE:
        sys.exit(f"{peer} {version(peer)} differs by {gap:.1e}; no timing is printed.")
    print(f"equal to {peer} {version(peer)}: largest difference of paths {gap:.1e}")


def time_seminr(frame: pd.DataFrame) -> float:
    """Return seconds for 5,000 seminr replicates, scaled, after checking equality."""
    import seminr

    blocks = [seminr.composite(name, items) for name, items in ITEMS.items()]
    arrows = [seminr.paths(path.source, path.target) for path in SPEC.paths]
    model = seminr.estimate_pls(frame, seminr.constructs(*blocks), seminr.relationships(*arrows))

    def matrix(named: Any) -> list[float]:
        return [named.get(path.source, path.target) for path in SPEC.paths]

    rows = np.random.default_rng(1).integers(0, len(frame), size=(20, len(frame)))
    given = seminr.bootstrap_model(model, nboot=20, indices=rows.tolist(), cores=1)
    mine = tcs.PLS(SPEC).fit(frame)
    resampled = mine.resampled(counts_from_rows(rows, len(frame))).draws.values["paths"]
    at = [
        (SPEC.construct_names.index(p.source), SPEC.construct_names.index(p.target))
        for p in SPEC.paths
    ]
    source, target = np.array(at).T
    require_equal("seminr", mine.arrays["paths"][source, target], matrix(model.path_coef))
    theirs = [matrix(named) for named in given.boot_paths]
    require_equal("seminr", resampled[:, source, target], theirs)
    spent = seconds(lambda: seminr.bootstrap_model(model, nboot=SEMINR_REPLICATES, seed=1, cores=1))
    return spent * REPLICATES / SEMINR_REPLICATES


def time_openpls(frame: pd.DataFrame) -> float:
    """Return seconds for 5,000 openpls-engine replicates, scaled, after checking equality."""
    return _time_plspm(frame, "openpls", "openpls.", "openpls-engine")


def time_plspm(frame: pd.DataFrame) -> float:
    """Return seconds for 5,000 plspm replicates, scaled, after checking equality.

    It divides all items by one pooled standard deviation, so it gets standardized ones.
    """
    return _time_plspm((frame - frame.mean()) / frame.std(), "plspm.plspm", "plspm.", "plspm")


def _time_plspm(frame: pd.DataFrame, main: str, inside: str, peer: str) -> float:
    """Return what `time_plspm` does, for plspm or its descendant with the same interface."""
    names = ("config", "mode", "scheme")
    config, mode, scheme = (import_module(inside + name) for name in names)
    structure = config.Structure()
    for path in SPEC.paths:
        structure.add_path([path.source], [path.target])
    setup = config.Config(structure.path(), scaled=True)
    for name, items in ITEMS.items():
        setup.add_lv(name, mode.Mode.A, *[config.MV(item) for item in items])

    def fit(**options: Any) -> Any:
        chosen = {"iterations": 300, "tolerance": 1e-9, **options}
        return import_module(main).Plspm(frame, setup, scheme.Scheme.PATH, **chosen)

    coefficients = fit().path_coefficients()
    mine = tcs.PLS(SPEC, tol=1e-9).fit(frame).paths
    theirs = coefficients.loc[list(mine.columns), list(mine.index)].T
    require_equal(peer, mine, theirs)
    alone = median(seconds(fit) for _ in range(3))
    both = seconds(lambda: fit(bootstrap=True, bootstrap_iterations=SLOW_REPLICATES))
    return (both - alone) * REPLICATES / SLOW_REPLICATES


def main() -> None:
    """Print equality, timings, ratios and memory."""
    warnings.simplefilter("ignore")
    frame = pd.read_csv(DATA / "mobi.csv")
    ours(frame)
    own = median(seconds(lambda: ours(frame)) for _ in range(5))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"ours: {own:.3f} s for {REPLICATES} replicates and all intervals, peak {memory:.0f} MB")
    task = f"ECSI on mobi, {REPLICATES} replicates"
    peers = (
        ("seminr", "seminr", time_seminr),
        ("openpls-engine", "openpls", time_openpls),
        ("plspm", "plspm", time_plspm),
    )
    for peer, module, clock in peers:
        if find_spec(module) is None or (peer == "plspm" and pd.__version__ >= "3"):
            print(f"{peer} is not installed, or not with a pandas it runs with, so it is left out")
            continue
        timing = Timing(task, own, peer, clock(frame))
        print(timing, "reaches" if timing.ratio >= TARGETS[peer] else "MISSES", TARGETS[peer])
    spent = seconds(lambda: ours(frame, MORE_REPLICATES))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    limit = "below" if memory < MEMORY_MB else "ABOVE"
    print(
        f"{MORE_REPLICATES} replicates: {spent:.2f} s, peak {memory:.0f} MB, {limit} {MEMORY_MB} MB"
    )


if __name__ == "__main__":
    main()
