"""What may be compared between groups, and what stands against it, as named findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tcsmodel.models.grouped_pls import GroupedPLS
from tcsmodel.models.permuted import Permuted
from tcsmodel.result import Finding, Severity, worst_first

if TYPE_CHECKING:
    from tcsmodel.models.micom import MICOMResult

# Below this a permutation test misses all but large differences, and so finds invariance.
FEW = 100
UNEQUAL = 2.0
MANY_LOST = 0.05
# How many cautions of a group are told in full.
TOLD = 3
# What is said of the comparison itself, or is the same in every group.
SHARED = ("few_for_model", "model_in_parts")
# Where means differ by more standard deviations than this, permutation tests of other things
# reject noticeably too often.
FAR = 0.5


def findings(result: MICOMResult) -> tuple[Finding, ...]:
    """Return what MICOM allows, and what weakens it, worst first."""
    rejected = (result.table()["invariance"] == "none").any()
    found = [
        *_verdicts(result),
        *level_findings(result, bool(rejected)),
        *circumstances(result.grouped, result.permuted),
    ]
    return worst_first(found)


def _verdicts(result: MICOMResult) -> Iterator[Finding]:
    yield from composition_findings(result)
    table = result.table()
    partial = table[table["invariance"] == "partial"]
    if result.invariance == "partial":
        limit = 1 - result.level
        evidence: dict[str, object] = {
            "group": result.group,
            "means": _named(partial[partial["mean_p"] < limit]["construct"]),
            "variances": _named(partial[partial["variance_p"] < limit]["construct"]),
        }
        subjects = tuple(dict.fromkeys(partial["construct"]))
        yield Finding("micom_partial", Severity.CAUTION, subjects, evidence)
    if result.invariance == "full":
        evidence = {"group": result.group, "least": float(table["correlation"].min())}
        smallest = int(result.sizes.min())
        if smallest >= FEW:
            yield Finding("micom_full", Severity.NOTE, (result.group,), evidence)
        else:
            evidence |= {"smallest": smallest, "limit": FEW, "label": str(result.sizes.idxmin())}
            yield Finding("micom_undecided", Severity.CAUTION, (result.group,), evidence)


def composition_findings(result: MICOMResult) -> Iterator[Finding]:
    """Yield the constructs that are made of their items differently in two groups."""
    table = result.table()
    for row in table[table["invariance"] == "none"].to_dict("records"):
        evidence = {
            "group": row["group"],
            "other": row["other"],
            "correlation": float(row["correlation"]),
            "quantile": float(row["correlation_quantile"]),
            "p": float(row["correlation_p"]),
        }
        yield Finding("composition_differs", Severity.PROBLEM, (str(row["construct"]),), evidence)


def level_findings(result: MICOMResult, rejected: bool) -> Iterator[Finding]:
    """Yield that groups differ in level so far that a test of something else may reject for it."""
    table = result.table()
    far = table[(table["mean_p"] < 1 - result.level) & (table["mean_difference"].abs() > FAR)]
    if rejected and len(far) and not result.centered:
        row = far.iloc[int(far["mean_difference"].abs().argmax())]
        evidence = {
            "group": row["group"],
            "other": row["other"],
            "difference": float(row["mean_difference"]),
        }
        yield Finding("level_disturbs", Severity.CAUTION, (str(row["construct"]),), evidence)


def _named(constructs: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(constructs)) or ("none",)


def circumstances(grouped: GroupedPLS, permuted: Sequence[Permuted]) -> Iterator[Finding]:
    """Yield fits that are no solution, permutations lost, small or unequal groups, a design."""
    for label, fit in zip(grouped.groups, grouped.fits, strict=True):
        if not fit.proper:
            evidence: dict[str, object] = {"reason": fit.verify()[0].sentence(), "by": grouped.by}
            yield Finding("group_without_solution", Severity.PROBLEM, (label,), evidence)
        own = [f for f in fit.verify() if f.severity is Severity.CAUTION and f.code not in SHARED]
        if own:
            said = " ".join(finding.sentence() for finding in own[:TOLD])
            evidence = {"by": grouped.by, "said": said, "count": len(own)}
            yield Finding("group_with_cautions", Severity.CAUTION, (label,), evidence)
    for one in permuted:
        if one.lost:
            share = one.lost / len(one.status)
            severity = Severity.CAUTION if share > MANY_LOST else Severity.NOTE
            evidence = {"lost": one.lost, "permutations": len(one.status), "share": share}
            names = tuple(grouped.groups[g] for g in one.members)
            yield Finding("permutations_lost", severity, names, evidence)
    for label, n in zip(grouped.groups, grouped.sizes.tolist(), strict=True):
        if n < FEW:
            yield Finding("group_of_few", Severity.CAUTION, (label,), {"n": n, "limit": FEW})
    small, large = int(np.argmin(grouped.sizes)), int(np.argmax(grouped.sizes))
    if grouped.sizes[large] > UNEQUAL * grouped.sizes[small]:
        evidence = {"large": int(grouped.sizes[large]), "small": int(grouped.sizes[small])}
        names = (grouped.groups[large], grouped.groups[small])
        yield Finding("groups_unequal", Severity.NOTE, names, evidence)
    if grouped.sample.design is not None:
        yield Finding("permutation_without_design", Severity.CAUTION, (grouped.by,))
