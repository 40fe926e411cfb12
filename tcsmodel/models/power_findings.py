"""What a Monte Carlo study of a model says against it, as named findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tcsmodel.result import Finding, Severity, worst_first

if TYPE_CHECKING:
    from tcsmodel.models.power import PowerResult

# The limits of Muthen & Muthen (2002, Structural Equation Modeling 9(4), 599-620).
BIAS, ERROR_BIAS = 0.10, 0.10
# Coverage from .91 to .98 for intervals of .95.
SHORT, LONG = -0.04, 0.03
LOST, UNUSABLE = 0.05, 0.10
# Deviations of fewer Monte Carlo standard errors than this may be chance.
CHANCE = 3.0


def findings(study: PowerResult) -> tuple[Finding, ...]:
    """Return what falls short, worst first."""
    found = [*_replicates(study), *_estimates(study), *_fixed(study)]
    return worst_first(found)


def _replicates(study: PowerResult) -> Iterator[Finding]:
    lost = 1 - study.counted / study.replications
    worst, n = float(lost.max()), study.sizes[int(lost.argmax())]
    if worst > LOST:
        severity = Severity.PROBLEM if worst > 0.5 else Severity.CAUTION
        yield Finding("power_lost", severity, ("SEM",), {"share": worst, "n": n})
    shares = study.status_shares[["improper", "ridge"]]
    unusable = shares.sum(axis=1)
    if unusable.max() > UNUSABLE:
        at = int(unusable.argmax())
        improper, ridge = (float(share) for share in shares.iloc[at])
        evidence = {"n": study.sizes[at], "improper": improper, "ridge": ridge}
        yield Finding("power_improper", Severity.CAUTION, ("SEM",), evidence)


def _fixed(study: PowerResult) -> Iterator[Finding]:
    """Yield the loadings and paths with values in the text, but for zeros and ones."""
    rows = [row for row in study.estimator.parameters if row.op in ("=~", "~")]
    held = [row for row in rows if row.fixed not in (None, 0.0, 1.0)]
    names = [f"{row.lhs} {row.op} {row.rhs}" for row in held]
    if names:
        first = {"first": names[0], "source": held[0].rhs, "value": held[0].fixed}
        evidence = {"count": len(names)} | first
        yield Finding("power_fixed", Severity.NOTE, tuple(names), evidence)


def _estimates(study: PowerResult) -> Iterator[Finding]:
    """Yield what the estimates at the largest n fall short of, the worst parameter first."""
    n = study.sizes[-1]
    count = float(study.counted[n])
    if count < 2:
        return
    table = study.table()
    table = table[table["n"] == n].assign(name=study.names)
    bias = table["relative_bias"].abs()
    chance = CHANCE * table["sd"] / np.sqrt(count) / table["population"].abs()
    yield from _one("power_bias", table, bias, bias - chance > BIAS, n)
    off = (table["mean_se"] / table["sd"] - 1).abs()
    yield from _one("power_se_bias", table, off, off - CHANCE / np.sqrt(2 * count) > ERROR_BIAS, n)
    gap = table["coverage"] - study.level
    margin = CHANCE * np.sqrt(study.level * (1 - study.level) / count)
    wrong = (gap + margin < SHORT) | (gap - margin > LONG)
    yield from _one("power_coverage", table, gap.abs(), wrong, n)


def _one(
    code: str, table: pd.DataFrame, size: pd.Series, wrong: pd.Series, n: int
) -> Iterator[Finding]:
    if not wrong.any():
        return
    ranked = table.assign(size=size)[wrong].sort_values("size", ascending=False)
    worst = ranked.iloc[0]
    evidence = {
        "n": n,
        "size": float(worst["size"]),
        "coverage": float(worst["coverage"]),
        "count": len(ranked),
        "worst": str(worst["name"]),
    }
    yield Finding(code, Severity.CAUTION, tuple(ranked["name"].astype(str)), evidence)
