"""A study in five findings: index, drivers, priority, trust, what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from tcsmodel.result import Finding, Severity
from tcsmodel.satisfaction.drivers import Drivers
from tcsmodel.satisfaction.gate import Gate
from tcsmodel.satisfaction.impacts import STEP
from tcsmodel.satisfaction.index import SatisfactionIndex
from tcsmodel.satisfaction.priorities import Priorities


def headlines(
    index: SatisfactionIndex | None,
    drivers: Drivers | None,
    priorities: Priorities | None,
    gate: Gate | None,
    failures: Mapping[str, str],
) -> tuple[Finding, ...]:
    """Return the five findings a reader needs first, in their order.

    Where a stage is None its place says so, with the reason in `failures`. An index that an item
    counts against has no drivers and no priorities that could be read.
    """
    turned = () if index is None else _turned(index)
    return (
        _failed("index", failures) if index is None else _index(index, turned),
        _failed("drivers", failures) if drivers is None else _drivers(drivers, turned),
        _failed("priorities", failures) if priorities is None else _priority(priorities, turned),
        _failed("gate", failures) if gate is None else _trust(gate),
        _next(turned, priorities, gate),
    )


def _turned(index: SatisfactionIndex) -> tuple[str, ...]:
    """Return the items that count against the target's index."""
    frame = index.items
    return tuple(frame["item"][(frame["construct"] == index.target) & (frame["share"] < 0)])


def _failed(stage: str, failures: Mapping[str, str]) -> Finding:
    evidence = {"reason": failures.get(stage, "")}
    return Finding("stage_failed", Severity.CAUTION, (stage,), evidence)


def _index(index: SatisfactionIndex, turned: tuple[str, ...]) -> Finding:
    if turned:
        evidence = {"index": index.value, "items": turned}
        return Finding("headline_index_turned", Severity.PROBLEM, (index.target,), evidence)
    row = index.table().iloc[index.constructs.index(index.target)]
    evidence = {
        "index": float(row["index"]),
        "ci_lower": float(row["ci_lower"]),
        "ci_upper": float(row["ci_upper"]),
        "level": index.level,
        "n": index.n,
        "kind": index.kind.value,
    }
    return Finding("headline_index", Severity.NOTE, (index.target,), evidence)


def _drivers(drivers: Drivers, turned: tuple[str, ...]) -> Finding:
    if turned:
        return _withheld("headline_drivers_turned", drivers.target, turned)
    table = drivers.table()
    first = table.iloc[0]
    evidence = {"target": drivers.target, "r_squared": drivers.r_squared, "level": drivers.level}
    rivals = table[table["rank_low"] == 1]
    if len(rivals) > 1:
        evidence |= {"share": float(rivals["share"].sum())}
        return Finding("headline_drivers", Severity.NOTE, tuple(rivals["driver"]), evidence)
    evidence |= {
        "share": float(first["share"]),
        "ci_lower": float(first["share_ci_lower"]),
        "ci_upper": float(first["share_ci_upper"]),
    }
    return Finding("headline_driver", Severity.NOTE, (str(first["driver"]),), evidence)


def _withheld(code: str, target: str, turned: tuple[str, ...]) -> Finding:
    return Finding(code, Severity.PROBLEM, (target,), {"items": turned})


def _priority(priorities: Priorities, turned: tuple[str, ...]) -> Finding:
    if turned:
        return _withheld("headline_priority_turned", priorities.target, turned)
    table = priorities.table()
    first = table.iloc[0]
    impacts = priorities.index.impacts.set_index("source").loc[first["driver"]]
    evidence = {
        "target": priorities.target,
        "impact": float(impacts["impact_5"]),
        "rise": float(impacts["rise"]),
        "ci_lower": float(impacts["impact_5_ci_lower"]),
        "ci_upper": float(impacts["impact_5_ci_upper"]),
        "level": priorities.level,
        "performance": float(first["performance"]),
    }
    if "tie_group" not in table:
        return Finding("headline_order", Severity.NOTE, (str(first["driver"]),), evidence)
    tied = table[table["tie_group"] == 1]
    evidence |= {"p_first": float(first["p_first"])}
    if len(tied) > 1:
        evidence |= {"p_lowest": float(tied["p_first"].min()), "p_first": tied["p_first"].max()}
        return Finding("headline_tie", Severity.NOTE, tuple(tied["driver"]), evidence)
    return Finding("headline_priority", Severity.NOTE, (str(first["driver"]),), evidence)


def _trust(gate: Gate) -> Finding:
    counts = {f"n_{name}s": int(n) for name, n in gate.counts.items()}
    if gate.passed:
        return Finding("headline_trusted", Severity.NOTE, (), counts)
    overlapping = [f.subjects for f in gate.findings if f.code == "merge_candidates"]
    unreliable = [f.subjects[0] for f in _problems(gate) if f.code == "low_alpha"]
    improper = any(f.code == "improper_sem" for f in gate.findings)
    if overlapping:
        names = tuple(dict.fromkeys(name for group in overlapping for name in group))
        code = "headline_overlap_improper" if improper else "headline_overlap"
        return Finding(code, Severity.PROBLEM, names, counts)
    if unreliable:
        return Finding("headline_unreliable", Severity.PROBLEM, tuple(unreliable), counts)
    return Finding("headline_problems", Severity.PROBLEM, (), counts)


def _problems(gate: Gate) -> list[Finding]:
    return [finding for finding in gate.findings if finding.severity is Severity.PROBLEM]


def _next(turned: tuple[str, ...], priorities: Priorities | None, gate: Gate | None) -> Finding:
    """Return the step after reading: mend the worst, else act on the first priority."""
    if turned:
        return Finding("next_turn", Severity.NOTE, turned)
    if gate is not None and not gate.passed:
        merge = [f for f in gate.findings if f.code == "merge_candidates"]
        if merge:
            return Finding("next_merge", Severity.NOTE, merge[0].subjects)
        worst = _problems(gate)[0]
        return Finding("next_mend", Severity.NOTE, worst.subjects)
    if priorities is None or gate is None:
        return Finding("next_repair", Severity.NOTE)
    first = str(priorities.table()["driver"].iloc[0])
    return Finding("next_act", Severity.NOTE, (first,), {"target": priorities.target, "step": STEP})
