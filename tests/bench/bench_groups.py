"""Groups of a PLS model, ECSI on mobi: ours beside openpls-engine and seminr.

Run as a script in an environment with the extra ``bench``. Equality comes first: a timing counts
only where the paths of the groups and the statistics agree. openpls-engine runs few permutations
and seminr few replicates, scaled to 5,000 after the time of none is taken away.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import warnings
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from timing import Timing, seconds

import tcsmodel as tcs
from tcsmodel.kernels.group_tests import probability_larger
from tcsmodel.kernels.micom import agreement
from tcsmodel.kernels.moments import moments
from tcsmodel.kernels.resample import counts_from_rows
from tcsmodel.models.grouped_pls import GroupedPLS

DATA = Path(__file__).parent.parent / "golden" / "data"
DRAWS = 5000
OPENPLS_DRAWS = 8
SEMINR_DRAWS = 200
# openpls-engine stops when weights change by 1e-5, and takes no other tolerance here.
TOLERANCE = 2e-5
TARGET = 30.0

SPEC = tcs.library.ecsi()
ITEMS = {construct.name: list(construct.items) for construct in SPEC.constructs}
ARROWS = [(path.source, path.target) for path in SPEC.paths]
GROUPS = ("low", "high")


def require_equal(peer: str, what: str, ours: Any, theirs: Any, tolerance: float) -> None:
    """Stop unless the two agree."""
    gap = float(np.max(np.abs(np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float))))
    if not gap < tolerance:
        sys.exit(f"{what} of {peer} {version(peer)} differ by {gap:.1e}; no timing is printed.")
    print(f"equal to {peer} {version(peer)}: largest difference of {what} {gap:.1e}")


def least(function: Callable[[], object], runs: int = 5) -> float:
    """Return the least seconds of several calls."""
    return min(seconds(function) for _ in range(runs))


def openpls_calls(frame: pd.DataFrame) -> tuple[Callable[[int], Any], Callable[[int], Any]]:
    """Return what runs MICOM and permutation MGA in openpls-engine with so many permutations."""
    import openpls.config as config
    from openpls.mga import MGA
    from openpls.micom import MICOM, GroupSpec
    from openpls.mode import Mode
    from openpls.scheme import Scheme

    structure = config.Structure()
    for source, target in ARROWS:
        structure.add_path([source], [target])
    setup = config.Config(structure.path(), scaled=True)
    for name, items in ITEMS.items():
        setup.add_lv(name, Mode.A, *[config.MV(item) for item in items])
    specs = [GroupSpec(name, values=[name]) for name in GROUPS]

    def micom(draws: int) -> Any:
        return MICOM(frame, setup, "group", *specs, scheme=Scheme.PATH, iterations=draws, seed=1)

    def mga(draws: int) -> Any:
        return MGA(frame, setup, "group", specs, scheme=Scheme.PATH, iterations=draws, seed=1)

    return micom, mga


def check_openpls(grouped: GroupedPLS, micom: Any, mga: Any) -> None:
    """Compare what does not depend on permutations.

    openpls-engine, as cSEM, weights answers in their own units in step 2, and standardizes
    scores with the divisor n in step 3.
    """
    ours = tcs.micom(grouped.estimator, grouped_frame(), "group", permutations=19).table()
    theirs = micom.step3().set_index("construct").loc[ours["construct"]]
    weights = [fit.outer_weights.to_numpy() for fit in grouped.fits]
    _, cov = moments(grouped.sample.values)
    same = agreement(*weights, cov)
    steps = micom.step2().set_index("construct").loc[ours["construct"], "c"]
    require_equal("openpls-engine", "correlations", same, steps, TOLERANCE)
    scale = np.sqrt(grouped.n / (grouped.n - 1))
    require_equal(
        "openpls-engine", "means", scale * ours["mean_difference"], theirs["mean_diff"], TOLERANCE
    )
    require_equal(
        "openpls-engine",
        "variances",
        ours["log_variance_ratio"],
        theirs["log_var_ratio"],
        TOLERANCE,
    )
    paths = mga.group_estimates().set_index(["group", "source", "target"])["estimate"]
    for name, fit in zip(grouped.groups, grouped.fits, strict=True):
        own = [fit.paths.loc[source, target] for source, target in ARROWS]
        given = [paths[name, source, target] for source, target in ARROWS]
        require_equal("openpls-engine", f"paths of {name}", own, given, TOLERANCE)


def seminr_call(frame: pd.DataFrame, grouped: GroupedPLS) -> Callable[[int], Any]:
    """Return what runs Henseler's test in seminr with so many replicates, after a check."""
    import seminr

    blocks = [seminr.composite(name, items) for name, items in ITEMS.items()]
    arrows = [seminr.paths(*arrow) for arrow in ARROWS]
    items = frame.drop(columns="group")
    model = seminr.estimate_pls(items, seminr.constructs(*blocks), seminr.relationships(*arrows))
    condition = (frame["group"] == grouped.groups[0]).tolist()
    rows = [np.random.default_rng(g).integers(0, n, (40, n)) for g, n in enumerate(grouped.sizes)]
    first, second = (own.tolist() for own in rows)
    found = seminr.estimate_pls_mga(
        model, condition, nboot=40, group1_indices=first, group2_indices=second
    )
    theirs = {(row.source, row.target): row for row in found}
    at = tuple(np.array(grouped.estimator.model.written).T)
    draws = [
        fit.resampled(counts_from_rows(own, fit.sample.n)).draws.values["paths"][(slice(None), *at)]
        for fit, own in zip(grouped.fits, rows, strict=True)
    ]
    p = 1 - probability_larger(*draws)
    require_equal("seminr", "Henseler's p", p, [theirs[a].pls_mga_p for a in ARROWS], 1e-9)

    def mga(draws: int) -> Any:
        return seminr.estimate_pls_mga(model, condition, nboot=draws, cores=1)

    return mga


def grouped_frame() -> pd.DataFrame:
    """Return mobi with its respondents in two groups, the less and the more demanding."""
    frame = pd.read_csv(DATA / "mobi.csv")
    return frame.assign(group=np.where(frame["CUEX1"] < 8, *GROUPS))


def main() -> None:
    """Print equality, timings and ratios."""
    warnings.simplefilter("ignore")
    frame = grouped_frame()
    model = tcs.PLS(SPEC, tol=1e-9)
    grouped = GroupedPLS.of(model, frame, "group", "bench")
    micom, mga = openpls_calls(frame)
    check_openpls(grouped, micom(2), mga(2))
    plain = tcs.PLS(SPEC)
    own = least(lambda: tcs.micom(plain, frame, "group", permutations=DRAWS))
    both = least(
        lambda: tcs.compare_groups(
            plain, frame, "group", permutations=DRAWS, bootstrap=DRAWS
        ).table()
    )
    print(f"ours: MICOM {own:.2f} s; MICOM, MGA by permutation and bootstrap {both:.2f} s")
    calls = (
        ("MICOM", own, lambda draws: micom(draws).step2()),
        ("permutation MGA", both, lambda draws: mga(draws).comparisons()),
    )
    for what, mine, call in calls:
        few, more = (seconds(partial(call, draws)) for draws in (2, 2 + OPENPLS_DRAWS))
        spent = (more - few) * DRAWS / OPENPLS_DRAWS
        timing = Timing(f"{what}, {DRAWS}", mine, "openpls-engine", spent)
        print(timing, "reaches" if timing.ratio >= TARGET else "MISSES", TARGET)
    bootstrap = seminr_call(frame, grouped)
    spent = seconds(lambda: bootstrap(SEMINR_DRAWS)) * DRAWS / SEMINR_DRAWS
    timing = Timing(f"bootstrap MGA, {DRAWS}", both, "seminr", spent)
    print(timing, "reaches" if timing.ratio >= TARGET else "MISSES", TARGET)


if __name__ == "__main__":
    main()
