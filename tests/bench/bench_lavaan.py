"""Covariance-based models beside R: lavaan, and psych for polychoric correlations.

R runs as one process that times its own tasks, so neither its start nor reading data counts; its
tasks and ours are run in turns. Equality comes first, as everywhere. Where R would run for
minutes, a smaller number of replicates is timed and scaled, and the line says so.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import texts
from r_peer import DATA, RPeer, r_peer
from timing import TIMEIT, Timing, in_a_row, seconds

import tcsmodel as tcs
from tcsmodel.kernels import polychoric
from tcsmodel.models.covariance_model import CovarianceModel

REPLICATES = 1000
REVERSED = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]


@dataclass(frozen=True)
class Task:
    """Something both do: ours, R's task, how much of ours R does in one, and the target ratio.

    What takes milliseconds is timed in rows of calls that last some seconds, on both sides.
    """

    name: str
    ours: Callable[[], object]
    theirs: str
    peer: str
    target: float
    scale: float = 1.0
    runs: int = 7
    peer_runs: int | None = None
    lasting: float = 0.0


def frame(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv")


def big_five() -> pd.DataFrame:
    """Return the 25 items of those who answered all, some reversed."""
    bfi = frame("bfi")
    bfi = bfi.assign(**{item: 7 - bfi[item] for item in REVERSED})
    items = [column for column in bfi if column[0] in "ACENO" and column[1:].isdigit()]
    return bfi[items].dropna()


def fitted(estimator: type, text: str, data: pd.DataFrame, **options: object) -> tcs.SEM:
    """Return the result of a model built anew, with its estimates and fit measures made."""
    CovarianceModel.of.cache_clear()
    result = estimator(tcs.ModelSpec.parse(text), **options).fit(data)
    result.estimates, result.fit_measures  # noqa: B018
    return result


def check_fit(peer: RPeer, task: Task) -> None:
    """Stop unless chi-square, df and CFI agree, and the standard errors in sum."""
    result, theirs = task.ours(), peer.run(task.theirs)[1]
    ours = [*result.fit_measures[["chi2", "df", "cfi"]], result.estimates["se"].sum()]
    np.testing.assert_allclose(ours, [*theirs[:3], theirs[4]], rtol=1e-4)
    print(f"{task.name}: equal in chi2 {ours[0]:.3f}, df {ours[1]:.0f}, CFI, standard errors")


def polychorics(values: np.ndarray) -> np.ndarray:
    """Return the polychoric correlations of all pairs, along rows of the upper triangle."""
    answers = polychoric.coded(values, np.ones(values.shape[1], dtype=bool))
    found = polychoric.mixed_moments(answers, zero_add=(0.0, 0.0))
    return found.corr[np.triu_indices(values.shape[1], 1)]


def wlsmv() -> tuple[float, float]:
    """Return chi-square and the sum of standard errors of five factors, with all fit measures."""
    CovarianceModel.of.cache_clear()
    answers = big_five()
    text = "\n".join(
        f"{name} =~ {' + '.join(item for item in answers if item[0] == name)}" for name in "ACENO"
    )
    fit = tcs.CFA(tcs.ModelSpec.parse(text), std_lv=True, ordered=True).fit(answers)
    return float(fit.fit_measures["chi2"]), float(fit.estimates["se"].sum())


def compare(peer: RPeer, task: Task) -> Timing:
    """Return the least of runs in turns; R's scaled to the work of ours."""
    calls = peer_calls = 1
    if task.lasting:
        task.ours(), peer.run(task.theirs)
        calls = in_a_row(task.lasting, seconds(task.ours))
        peer_calls = in_a_row(task.lasting, peer.run(task.theirs)[0])
    own, theirs = [], []
    for run in range(task.runs):
        own.append(seconds(task.ours, calls, alone=True))
        if run < (task.peer_runs or task.runs):
            theirs.append(peer.run(task.theirs, peer_calls)[0] * task.scale)
    return Timing(task.name, min(own), task.peer, min(theirs))


def fits() -> list[Task]:
    hs, mobi, gaps = frame("HolzingerSwineford1939"), frame("mobi"), frame("mobi_missing")
    return [
        Task("HS, text to SE and fit measures",
             lambda: fitted(tcs.CFA, texts.HOLZINGER, hs), "hs_ml", "lavaan", 10, runs=25,
             lasting=TIMEIT),
        Task("ACSI mobi, the same",
             lambda: fitted(tcs.SEM, texts.ACSI, mobi), "acsi_ml", "lavaan", 10, runs=25,
             lasting=TIMEIT),
        Task("ACSI mobi, FIML with 192 missing cells",
             lambda: fitted(tcs.SEM, texts.ACSI, gaps, missing="fiml"), "acsi_fiml", "lavaan", 20,
             peer_runs=3),
    ]  # fmt: skip


def bootstraps() -> list[Task]:
    hs = fitted(tcs.CFA, texts.HOLZINGER, frame("HolzingerSwineford1939"))
    ecsi = fitted(tcs.SEM, texts.ECSI, frame("mobi"))

    def drawn(result: object, name: str) -> None:
        shares = result.bootstrap(REPLICATES, seed=7).draws.status_shares
        ended = ", ".join(f"{share:.1%} {status}" for status, share in shares[shares > 0].items())
        print(f"  {name}: {ended}")

    return [
        Task(f"HS, {REPLICATES:,} bootstrap replicates (R: 100, scaled)",
             lambda: drawn(hs, "HS"), "hs_boot", "lavaan", 40, REPLICATES / 100, 3),
        Task(f"ECSI, {REPLICATES:,} replicates (R: 12, scaled)",
             lambda: drawn(ecsi, "ECSI"), "ecsi_boot", "lavaan", 50, REPLICATES / 12, 2, 1),
    ]  # fmt: skip


def ordinal(peer: RPeer) -> list[Task]:
    """Return the tasks of ordinal items, whose numbers were found to agree."""
    values = big_five().to_numpy(float)
    # R's lower triangle down its columns is our upper one along its rows.
    gap = np.abs(polychorics(values) - peer.run("bfi_polychoric")[1]).max()
    chi2, errors = wlsmv()
    theirs = peer.run("bfi_wlsmv")[1]
    if gap > 5e-5:
        sys.exit(f"polychoric correlations differ by {gap:.1e}; no timing is printed.")
    np.testing.assert_allclose([chi2, errors], [theirs[0], theirs[3]], rtol=1e-4)
    print(f"polychoric correlations: equal to {gap:.1e}, n {len(values)}")
    print(f"WLSMV: equal in chi2 {chi2:.3f} and standard errors")
    return [
        Task("polychoric correlations of 25 items",
             lambda: polychorics(values), "bfi_polychoric", "psych", 80, peer_runs=3),
        Task("WLSMV, 25 six-category items, 5 factors",
             wlsmv, "bfi_wlsmv", "lavaan", 5, peer_runs=3),
    ]  # fmt: skip


def main() -> int:
    """Print the comparison; return 1 when a target ratio is missed."""
    warnings.simplefilter("ignore")
    peer = r_peer()
    if peer is None:
        return 0
    load = os.getloadavg()[0]
    print(f"tcsmodel {tcs.__version__}; {peer.version}; one BLAS thread; load {load:.1f}")
    tasks = fits()
    for task in tasks:
        check_fit(peer, task)
    if not peer.run("ecsi_ml")[1][0]:
        print("ECSI mobi: this lavaan does not converge, so a single fit is not compared")
    tasks += ordinal(peer)
    tasks += bootstraps()
    solved = peer.run("ecsi_boot")[1]
    print(f"ECSI: lavaan solved {sum(solved):.0f} of {len(solved)} resamples, the rest unexplained")
    missed = 0
    for task in tasks:
        timing = compare(peer, task)
        verdict = "" if timing.ratio >= task.target else "  MISSED"
        print(f"{timing}  target {task.target:g} x{verdict}")
        missed += timing.ratio < task.target
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
