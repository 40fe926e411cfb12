"""What is thin about answers to ordinal items and their correlations, as named findings.

Whether normal variables could be behind the answers is judged by how much of the information
that errors rest on is there (`kernels.underlying_normality`): they are too small by about as much.
Foldnes & Groenneberg (2020, Structural Equation Modeling 27, 525-543) ask for a test before
polychoric correlations are used; the limit of a tenth is ours, beside a one-sided test at 5%.

An empty cell of a 2 x 2 table always matters: a perfect correlation would reproduce the table, so
that the one found rests on the half answer put there (Savalei 2011, Structural Equation Modeling
18, 253-273). Larger tables have empty cells by nature, far from their diagonal, and are best left
alone (same place); one matters where the correlation would have put so many answers that it is
empty beyond chance: m are all missed with probability exp(-m) (Poisson), which is held against 5%
shared among the cells of all tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.status import Status
from tcsmodel.models.ordinal_least_squares import OrdinalLeastSquares
from tcsmodel.result import Finding, Severity

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

# A threshold beside fewer answers than these is known to half of its size at best.
FEW = 5
# Errors too small by more than a tenth, which could not be seen if normal variables were behind.
SHORT, SURE = 0.9, 1.645
# Chance to find any cell empty of those that count, where normal variables are behind.
CHANCE = 0.05
# A correlation that tells two items apart no more.
SAME = 0.99


def ordinal_findings(result: SEMResult) -> Iterator[Finding]:
    """Yield rare categories, empty cells, and correlations extreme, impossible or not normal."""
    if not result.model.parameters.ordinal:
        return
    yield from _rare(result)
    yield from _extreme(result)
    yield from _empty(result)
    yield from _indefinite(result)
    yield from _not_normal(result)


def rare_categories(result: SEMResult) -> dict[str, int]:
    """Return the ordinal items with a category of few answers, and how few."""
    items, sample = result.model.parameters.items, result.sample
    least: dict[str, int] = {}
    if not result.model.parameters.ordinal:
        return least
    for part in sample.by_group:
        values = part.respondents("ordered=")
        for name in result.model.parameters.ordinal.counts:
            own = values[:, items.index(name)]
            count = int(np.unique(own[np.isfinite(own)], return_counts=True)[1].min())
            least[name] = min(count, least.get(name, count))
    return {name: count for name, count in least.items() if count < FEW}


def _rare(result: SEMResult) -> Iterator[Finding]:
    rare = rare_categories(result)
    if rare:
        evidence = {"count": min(rare.values()), "limit": FEW}
        yield Finding("rare_category", Severity.NOTE, tuple(rare), evidence)


def _unsure(result: SEMResult) -> NDArray[np.bool_]:
    """Return (G, p, p) pairs of items with a correlation of 1 or -1, or nearly."""
    sampling = cast(OrdinalLeastSquares, result.criterion).problem.sampling
    corr = to_corr(result.sampled.cov[0])
    return (sampling.pair_status[0] == Status.IMPROPER) | (np.abs(corr) > SAME)


def _extreme(result: SEMResult) -> Iterator[Finding]:
    items, unsure = result.model.parameters.items, _unsure(result).any(axis=0)
    pairs = [f"{items[i]} with {items[j]}" for i, j in np.argwhere(np.triu(unsure, 1))]
    if pairs:
        evidence = {"count": len(pairs)}
        yield Finding("extreme_correlation", Severity.CAUTION, tuple(pairs), evidence)


def _empty(result: SEMResult) -> Iterator[Finding]:
    """Find tables with an empty cell that matters, where the correlation does not tell."""
    items, groups = result.model.parameters.items, result.sample.groups
    counts = np.array(list(result.model.parameters.ordinal.counts.values()))
    cells = len(groups) * (counts.sum() ** 2 - (counts**2).sum()) / 2
    least = float(np.log(max(cells, 1) / CHANCE))
    empty = cast(OrdinalLeastSquares, result.criterion).empty_cells(least) & ~_unsure(result)
    pairs = [
        f"{items[i]} with {items[j]}" + (f" ({groups[g]})" if len(groups) > 1 else "")
        for g, i, j in np.argwhere(np.triu(empty, 1))
    ]
    if pairs:
        evidence = {"count": len(pairs), "limit": least}
        yield Finding("empty_cell", Severity.NOTE, tuple(pairs), evidence)


def _indefinite(result: SEMResult) -> Iterator[Finding]:
    corr = to_corr(result.sampled.cov[0])
    least = np.linalg.eigvalsh(np.nan_to_num(corr))[:, 0]
    if (least <= 0).any():
        name = type(result.estimator).__name__
        evidence = {"eigenvalue": float(least.min())}
        yield Finding("correlations_not_definite", Severity.CAUTION, (name,), evidence)


def _not_normal(result: SEMResult) -> Iterator[Finding]:
    ratio, z = cast(OrdinalLeastSquares, result.criterion).information_ratio()
    if ratio < SHORT and z > SURE:
        name = type(result.estimator).__name__
        evidence = {"ratio": ratio, "z": z, "limit": SHORT}
        yield Finding("underlying_not_normal", Severity.CAUTION, (name,), evidence)
