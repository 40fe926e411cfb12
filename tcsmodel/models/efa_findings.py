"""What an exploratory factor analysis knows against itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.extraction import SMALLEST_UNIQUENESS, at_bound
from tcsmodel.kernels.factorfit import most_factors
from tcsmodel.kernels.parallel import Parallel
from tcsmodel.models.applicability import applicability
from tcsmodel.options import FactorRule
from tcsmodel.result import Finding, Severity, worst_first

if TYPE_CHECKING:
    from tcsmodel.models.efa import EFAResult


# Customary limits: Hair et al. (2010) for loadings, Howard (2016) for the gap of .20.
SALIENT = 0.40
SECOND = 0.30
GAP = 0.20
OVERLAP = 0.85
FEWEST_ITEMS = 3


def findings(result: EFAResult, parallel: Parallel) -> tuple[Finding, ...]:
    """Return the troubles of a factor solution, worst first."""
    found = [
        *heywood_findings(result),
        *_number(result, parallel),
        *_items(result),
        *_factors(result),
        *applicability(result.sample),
    ]
    return worst_first(found)


def heywood_findings(result: EFAResult) -> Iterator[Finding]:
    """Yield the items whose uniqueness ended at its bound."""
    if not result.proper:
        items = _named(result.items, at_bound(result.estimated_uniqueness))
        yield Finding("heywood", Severity.PROBLEM, items, {"bound": SMALLEST_UNIQUENESS})


def _number(result: EFAResult, parallel: Parallel) -> Iterator[Finding]:
    """Yield doubts about the number of factors."""
    kaiser = int((parallel.observed.component > 1).sum())
    evidence = {
        "used": result.n_factors,
        "parallel_factor": parallel.factors,
        "parallel_component": parallel.components,
        "kaiser": kaiser,
    }
    by_rule = result.estimator.n_factors == FactorRule.PARALLEL
    most = most_factors(len(result.items))
    if parallel.factors == 0:
        yield Finding("no_common_factor", Severity.PROBLEM, result.items, evidence)
    elif by_rule and parallel.factors > most:
        yield Finding("factors_limited", Severity.CAUTION, result.items, evidence | {"most": most})
    elif {parallel.factors, parallel.components} != {result.n_factors}:
        yield Finding("number_uncertain", Severity.NOTE, result.factors, evidence)


def _items(result: EFAResult) -> Iterator[Finding]:
    """Yield items that belong nowhere, or to more than one factor."""
    size = np.sort(np.abs(result.loadings.to_numpy()), axis=1)[:, ::-1]
    weak = size[:, 0] < SALIENT
    if weak.any():
        evidence = {"largest": float(size[weak, 0].max()), "minimum": SALIENT}
        yield Finding("weak_item", Severity.CAUTION, _named(result.items, weak), evidence)
    if result.n_factors < 2:
        return
    torn = ~weak & (size[:, 1] >= SECOND) & (size[:, 0] - size[:, 1] < GAP)
    if torn.any():
        evidence = {"gap": GAP, "second": SECOND}
        yield Finding("cross_loading", Severity.CAUTION, _named(result.items, torn), evidence)


def _factors(result: EFAResult) -> Iterator[Finding]:
    """Yield factors that rest on too few items, and pairs that are nearly one."""
    size = np.abs(result.loadings.to_numpy())
    own = (size == size.max(axis=1, keepdims=True)) & (size >= SALIENT)
    for j, factor in enumerate(result.factors):
        count = int(own[:, j].sum())
        if count < FEWEST_ITEMS:
            severity = Severity.CAUTION if count < 2 else Severity.NOTE
            evidence = {
                "count": count,
                "items": _named(result.items, own[:, j]) or ("-",),
                "fewest": FEWEST_ITEMS,
            }
            yield Finding("few_items_factor", severity, (factor,), evidence)
    phi = result.factor_correlations.to_numpy()
    for i, j in zip(*np.nonzero(np.triu(np.abs(phi) > OVERLAP, 1)), strict=True):
        pair = (result.factors[i], result.factors[j])
        evidence = {"correlation": float(phi[i, j]), "limit": OVERLAP}
        yield Finding("factors_overlap", Severity.CAUTION, pair, evidence)


def _named(names: tuple[str, ...], chosen: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(name for name, yes in zip(names, chosen, strict=True) if yes)
