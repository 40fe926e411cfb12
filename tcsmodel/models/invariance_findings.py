"""What stands against comparing groups, as named findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tcsmodel.models import ordinal_invariance
from tcsmodel.result import Finding, Severity, worst_first

if TYPE_CHECKING:
    from tcsmodel.models.invariance import InvarianceResult

# Chen (2007) and Meade & Bauer (2007) find rules of change of fit unreliable below this.
FEW = 100


def findings(result: InvarianceResult) -> tuple[Finding, ...]:
    """Return improper steps, what may not be compared, small groups and what was released."""
    found = [
        *_improper(result),
        *_level(result),
        *_small(result),
        *_released(result),
        *_doubted(result),
        *ordinal_invariance.findings(result),
    ]
    return worst_first(found)


def _improper(result: InvarianceResult) -> Iterator[Finding]:
    wrong = {name: step for name, step in result.steps.items() if not step.proper}
    if wrong:
        name, step = next(iter(wrong.items()))
        evidence = {"first": name, "status": step.status, "reason": step.verify()[0].sentence()}
        yield Finding("improper_step", Severity.PROBLEM, tuple(wrong), evidence)


def _level(result: InvarianceResult) -> Iterator[Finding]:
    if result.comparable or result.failing is None:
        return
    table = result.table()
    row = table[table["step"] == result.failing].iloc[0]
    if result.failing == "configural" and row["verdict"] == "improper":
        return
    if result.failing == "configural":
        evidence: dict[str, object] = {"cfi": float(row["cfi"]), "srmr": float(row["srmr"])}
        yield Finding("no_common_structure", Severity.PROBLEM, (result.group,), evidence)
        return
    worst = result.noninvariant["parameter"].astype(str).tolist()
    evidence = {
        "level": result.level,
        "step": result.failing,
        "delta_cfi": float(row["delta_cfi"]),
        "delta_chi2": float(row["delta_chi2"]),
        "delta_df": int(row["delta_df"]),
        "worst": worst[0] if worst else "no single parameter",
    }
    yield Finding("not_comparable", Severity.PROBLEM, (result.group,), evidence)


def _small(result: InvarianceResult) -> Iterator[Finding]:
    for label, n in result.sizes.items():
        if n < FEW:
            evidence = {"n": int(n), "limit": FEW}
            yield Finding("small_group", Severity.CAUTION, (str(label),), evidence)


def _doubted(result: InvarianceResult) -> Iterator[Finding]:
    """Find steps that hold by the change of fit, though the chi-square difference says no."""
    table = result.table()
    doubted = (table["verdict"] == "holds") & (table["chi2_rule"] == "fails")
    for row in table[doubted & table["step"].isin(["thresholds", "metric", "scalar"])].itertuples():
        evidence = {"chi2": row.delta_chi2, "df": row.delta_df, "p": row.p_difference}
        code = "rules_disagree_ordinal" if result.estimator.ordinal_items else "rules_disagree"
        yield Finding(code, Severity.NOTE, (str(row.step),), evidence)


def _released(result: InvarianceResult) -> Iterator[Finding]:
    if result.released:
        evidence = {"count": len(result.released), "level": result.level}
        yield Finding("partial_invariance", Severity.NOTE, result.released, evidence)
