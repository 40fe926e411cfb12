"""What is thin about answers to ordinal items and their correlations, as named findings.

Whether normal variables could be behind the answers is judged by how much of the information
that errors rest on is there (`kernels.underlying_normality`): they are too small by about as much.
Foldnes & Groenneberg (2020, Structural Equation Modeling 27, 525-543) ask for a test before
polychoric correlations are used; the limit of a tenth is ours, beside a one-sided test at 5%.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import numpy as np

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
# A correlation that tells two items apart no more.
SAME = 0.99


def ordinal_findings(result: SEMResult) -> Iterator[Finding]:
    """Yield rare categories, and correlations that are extreme, impossible or not of normals."""
    if not result.model.parameters.ordinal:
        return
    yield from _rare(result)
    yield from _extreme(result)
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


def _extreme(result: SEMResult) -> Iterator[Finding]:
    sampling = cast(OrdinalLeastSquares, result.criterion).problem.sampling
    items, corr = result.model.parameters.items, to_corr(result.sampled.cov[0])
    improper = (sampling.pair_status[0] == Status.IMPROPER) | (np.abs(corr) > SAME)
    unsure = np.triu(np.any(improper, axis=0), 1)
    pairs = [f"{items[i]} with {items[j]}" for i, j in np.argwhere(unsure)]
    if pairs:
        evidence = {"count": len(pairs)}
        yield Finding("extreme_correlation", Severity.CAUTION, tuple(pairs), evidence)


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
