"""What speaks against a satisfaction index, as named findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tcsmodel.result import Finding, Severity, worst_first
from tcsmodel.satisfaction.impacts import impact_findings

if TYPE_CHECKING:
    from tcsmodel.satisfaction.index import SatisfactionIndex

# What a fit says against itself that an index inherits.
BEARING = ("not_converged", "few_for_model", "gaps_filled_with_means", "replicates_lost")


def findings(index: SatisfactionIndex) -> tuple[Finding, ...]:
    """Return what speaks against an index, worst first; see `SatisfactionIndex.verify`."""
    found = [
        *_shares(index),
        *impact_findings(index),
        *_gaps(index),
        *(finding for finding in index.pls.verify() if finding.code in BEARING),
    ]
    return worst_first(found)


def _shares(index: SatisfactionIndex) -> Iterator[Finding]:
    """Yield the items that count against their own index."""
    for row in index.items.query("share < 0").to_dict("records"):
        severity = Severity.PROBLEM if row["construct"] == index.target else Severity.CAUTION
        evidence = {"item": row["item"], "share": row["share"]}
        yield Finding("negative_share", severity, (str(row["construct"]),), evidence)


def _gaps(index: SatisfactionIndex) -> Iterator[Finding]:
    """Yield the constructs without an index, and a target that nothing leads to."""
    unscaled = tuple(name for name in index.constructs if np.isnan(index.indices[name]))
    if unscaled:
        yield Finding("no_index", Severity.CAUTION, unscaled)
    model = index.estimator.model
    whole = model.constructs.index(index.target) in model.parts
    if not whole and not index.estimator.spec.antecedents(index.target):
        yield Finding("index_without_drivers", Severity.NOTE, (index.target,))
