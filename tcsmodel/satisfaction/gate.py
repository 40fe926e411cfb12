"""The structure gate: whether the constructs can be measured, told apart and related.

On both classic satisfaction surveys PLS prints calm numbers while the covariance-based
solution is improper and constructs overlap. The gate puts those facts side by side
before drivers and priorities are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import counted
from tcsmodel.models.imputed_fits import require_one_fit
from tcsmodel.models.pls import PLS, PLSResult
from tcsmodel.result import Finding, Result, Severity, worst_first

if TYPE_CHECKING:
    from tcsmodel.models.cfa import CFAResult
    from tcsmodel.models.sem import SEMResult

Array = NDArray[np.float64]

ALPHA = 0.7
ALPHA_LOWEST = 0.6
AVE = 0.5
HTMT = 0.9
VIF_NOTE, VIF = 3.3, 5.0


def structure_gate(
    pls: PLSResult, sem: SEMResult | None = None, cfa: CFAResult | None = None
) -> Gate:
    """Return what must be known about the measured structure before results are read.

    Checked are reliability (alpha below .70; a problem below .60), convergent validity
    (AVE below .50), weak items, discriminant validity (HTMT of .90 or more; a problem
    when its interval reaches 1; the Fornell-Larcker rule), collinear antecedents (VIF
    above 3.3), whether the covariance-based solutions are admissible, and whether both
    methods tell the same story about every path. Thresholds: Nunnally & Bernstein 1994;
    Fornell & Larcker 1981; Henseler, Ringle & Sarstedt 2015; Kock 2015. They are customs,
    not tests; each finding carries its number.

    Parameters
    ----------
    pls : PLSResult
        Bootstrapped, where intervals of HTMT and of the paths are to count.
    sem : SEMResult, optional
        The same specification by covariance-based SEM.
    cfa : CFAResult, optional
        Its measurement part.

    Returns
    -------
    Gate

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> pls = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    >>> gate = tcs.structure_gate(pls)
    >>> gate.passed
    False
    >>> [f.subjects for f in gate.findings if f.code == "merge_candidates"]
    [('Image', 'Quality', 'Satisfaction'), ('Satisfaction', 'Loyalty')]
    """
    require_one_fit(pls, "structure_gate()")
    found: list[Finding] = []
    for model, fit in (("SEM", sem), ("CFA", cfa)):
        if fit is not None:
            found += _new(found, _improper(model, fit))
    found += [
        *_overlap(pls),
        *_reliability(pls),
        *_fornell_larcker(pls),
        *_collinear(pls),
        *_new(found, pls.verify()),
    ]
    paths = None if sem is None else tuple(_path_pairs(pls, sem))
    if paths is not None:
        found += _disagreement(paths)
    return Gate(worst_first(found), paths, pls.estimator)


def _new(found: Sequence[Finding], more: Iterable[Finding]) -> list[Finding]:
    """Return the findings that no other model has of the same constructs or items."""
    known = {(finding.code, finding.subjects) for finding in found}
    return [finding for finding in more if (finding.code, finding.subjects) not in known]


@dataclass(frozen=True, slots=True)
class PathPair:
    """One path by both methods, standardized.

    Parameters
    ----------
    source, target : str
        From where to where.
    pls, pls_ci_lower, pls_ci_upper : float
        By PLS; limits nan before a bootstrap.
    sem, sem_p : float
        By covariance-based SEM; nan where it has no such path.
    reason : str
        What differs: ``sign``; ``significance`` (one method finds the path different from
        zero at the level of the PLS result, the other does not; compared after a
        bootstrap); ``no estimate`` by SEM; empty when both agree.
    """

    source: str
    target: str
    pls: float
    pls_ci_lower: float
    pls_ci_upper: float
    sem: float
    sem_p: float
    reason: str

    @property
    def agree(self) -> bool:
        """Whether both methods say the same of this path."""
        return not self.reason


@dataclass(frozen=True, eq=False, repr=False)
class Gate(Result):
    """Findings about the measured structure, worst first; made by `structure_gate`.

    Parameters
    ----------
    findings : tuple of Finding
        Worst first.
    paths : tuple of PathPair or None
        Every path by both methods; None without a SEM result.
    estimator : PLS
        The options of the PLS model that was checked.
    """

    findings: tuple[Finding, ...]
    paths: tuple[PathPair, ...] | None
    estimator: PLS

    @property
    def passed(self) -> bool:
        """Whether no finding is a problem; cautions and notes may remain."""
        return all(finding.severity is not Severity.PROBLEM for finding in self.findings)

    @cached_property
    def counts(self) -> pd.Series:
        """Number of findings of each severity."""
        severities = [finding.severity for finding in self.findings]
        return pd.Series({s.value: severities.count(s) for s in Severity}, name="findings")

    @cached_property
    def agreement(self) -> pd.DataFrame | None:
        """PLS beside SEM for every path; None without a SEM result.

        ``source target pls pls_ci_lower pls_ci_upper sem sem_p agree reason``, see `PathPair`.
        """
        if self.paths is None:
            return None
        rows = [{**asdict(pair), "agree": pair.agree} for pair in self.paths]
        columns = [*(field.name for field in fields(PathPair)), "agree"]
        return pd.DataFrame(rows, columns=columns)

    def table(self) -> pd.DataFrame:
        """Return one row per finding: ``finding severity subjects evidence meaning advice``."""
        columns = ["finding", "severity", "subjects", "evidence", "meaning", "advice"]
        rows = [
            {
                "finding": finding.sentence("finding"),
                "severity": finding.severity.value,
                "subjects": ", ".join(finding.subjects),
                "evidence": finding.sentence("evidence"),
                "meaning": finding.sentence("meaning"),
                "advice": finding.sentence("advice"),
            }
            for finding in self.findings
        ]
        return pd.DataFrame(rows, columns=columns)

    def verify(self) -> tuple[Finding, ...]:
        """Return the findings, worst first."""
        return self.findings

    def summary(self) -> str:
        """Return the findings as plain text, worst first."""
        return "\n".join([repr(self), *(f"{f.severity}: {f}" for f in self.findings)])

    def _facts(self) -> str:
        verdict = "passed" if self.passed else "not passed"
        return f"{verdict}: " + ", ".join(counted(n, str(name)) for name, n in self.counts.items())


def _path_pairs(pls: PLSResult, sem: SEMResult) -> Iterator[PathPair]:
    names, paths = pls.estimator.model.constructs, pls.arrays["paths"]
    lower = upper = np.full_like(paths, np.nan)
    if pls.draws is not None:
        lower, upper = pls.draws.interval("paths")
    rows = sem.estimates.query("op == '~'")
    numbers = rows[["std", "p"]].to_numpy(dtype=float)
    fitted = dict(zip(zip(rows["rhs"], rows["lhs"], strict=True), numbers, strict=True))
    for path in pls.estimator.spec.paths:
        at = names.index(path.source), names.index(path.target)
        own, limits = float(paths[at]), (float(lower[at]), float(upper[at]))
        other, p = map(float, fitted.get((path.source, path.target), (np.nan, np.nan)))
        reason = _difference(own, limits, other, p, pls.level)
        yield PathPair(path.source, path.target, own, *limits, other, p, reason)


def _difference(
    own: float, limits: tuple[float, float], other: float, p: float, level: float
) -> str:
    if not np.isfinite(other):
        return "no estimate"
    if own * other < 0:
        return "sign"
    if not (np.isfinite(limits).all() and np.isfinite(p)):
        return ""
    excludes_zero = limits[0] > 0 or limits[1] < 0
    return "" if excludes_zero == (p < 1 - level) else "significance"


def _reliability(pls: PLSResult) -> Iterator[Finding]:
    model = pls.estimator.model
    for i, name in enumerate(model.constructs):
        alpha, ave = float(pls.arrays["alpha"][i]), float(pls.arrays["ave"][i])
        if alpha < ALPHA:
            severity = Severity.PROBLEM if alpha < ALPHA_LOWEST else Severity.CAUTION
            evidence = {"alpha": alpha, "threshold": ALPHA, "n_items": int(model.sizes[i])}
            yield Finding("low_alpha", severity, (name,), evidence)
        if ave < AVE:
            evidence = {"ave": ave, "threshold": AVE}
            yield Finding("low_ave", Severity.CAUTION, (name,), evidence)


def _overlap(pls: PLSResult) -> Iterator[Finding]:
    names, ratio = pls.estimator.model.constructs, pls.arrays["htmt"]
    lower = upper = np.full_like(ratio, np.nan)
    if pls.draws is not None:
        lower, upper = pls.draws.interval("htmt")
    pairs = np.argwhere(np.triu((ratio >= HTMT) | (upper >= 1), k=1))
    uncertain = []
    for i, j in sorted(map(tuple, pairs), key=lambda at: -ratio[at]):
        pair = (names[i], names[j])
        evidence = {"htmt": float(ratio[i, j]), "threshold": HTMT}
        if upper[i, j] >= 1 and ratio[i, j] < HTMT:
            uncertain.append((i, j))
        elif upper[i, j] >= 1:
            evidence |= {"ci_lower": float(lower[i, j]), "ci_upper": float(upper[i, j])}
            yield Finding("htmt_indistinct", Severity.PROBLEM, pair, evidence)
        else:
            severity = Severity.PROBLEM if ratio[i, j] >= 1 else Severity.CAUTION
            yield Finding("htmt_high", severity, pair, evidence)
    if uncertain:
        yield _uncertain(names, uncertain, ratio, upper)
    for group in _cliques(ratio >= HTMT):
        inside = ratio[np.ix_(group, group)][np.triu_indices(len(group), 1)]
        evidence = {"lowest": float(inside.min()), "threshold": HTMT}
        subjects = tuple(names[i] for i in group)
        yield Finding("merge_candidates", Severity.CAUTION, subjects, evidence)


def _uncertain(
    names: tuple[str, ...], pairs: list[tuple[int, int]], ratio: Array, upper: Array
) -> Finding:
    """Return one finding for all pairs whose ratio is low but whose interval reaches 1."""
    evidence = {
        "pairs": tuple(f"{names[i]}–{names[j]}" for i, j in pairs),
        "lowest": float(min(ratio[at] for at in pairs)),
        "highest": float(max(ratio[at] for at in pairs)),
        "upper_lowest": float(min(upper[at] for at in pairs)),
        "upper_highest": float(max(upper[at] for at in pairs)),
        "threshold": HTMT,
    }
    involved = {name for i, j in pairs for name in (names[i], names[j])}
    subjects = tuple(name for name in names if name in involved)
    return Finding("htmt_uncertain", Severity.PROBLEM, subjects, evidence)


def _cliques(linked: NDArray[np.bool_]) -> list[list[int]]:
    """Return the largest groups of two or more in which all pairs are linked, sorted.

    Bron & Kerbosch (1973); a construct can be in several groups.
    """
    linked = linked & ~np.eye(len(linked), dtype=bool)
    groups: list[list[int]] = []

    def grow(group: set[int], candidates: set[int], done: set[int]) -> None:
        if not candidates and not done and len(group) > 1:
            groups.append(sorted(group))
        while candidates:
            node = candidates.pop()
            near = set(np.flatnonzero(linked[node]).tolist())
            grow(group | {node}, candidates & near, done & near)
            done.add(node)

    grow(set(), set(range(len(linked))), set())
    return sorted(groups)


def _fornell_larcker(pls: PLSResult) -> Iterator[Finding]:
    """Find constructs that share more with another than with their own items.

    A whole and its parts are not meant to differ.
    """
    model = pls.estimator.model
    names = model.constructs
    corr = np.abs(pls.arrays["construct_corr"]) * ~np.eye(len(names), dtype=bool)
    for whole, parts in model.parts.items():
        corr[whole, list(parts)] = corr[list(parts), whole] = 0
    for i, ave in enumerate(pls.arrays["ave"]):
        other = int(np.argmax(corr[i]))
        if np.sqrt(ave) <= corr[i, other]:
            evidence = {
                "root_ave": float(np.sqrt(ave)),
                "corr": float(corr[i, other]),
                "other": names[other],
            }
            yield Finding("fornell_larcker", Severity.CAUTION, (names[i],), evidence)


def _collinear(pls: PLSResult) -> Iterator[Finding]:
    names, vif = pls.estimator.model.constructs, pls.arrays["vif"]
    for i, j in np.argwhere((vif > VIF_NOTE) & (vif <= VIF)):
        evidence = {"vif": float(vif[i, j]), "target": names[j], "threshold": VIF_NOTE}
        yield Finding("collinear", Severity.NOTE, (names[i],), evidence)


def _improper(model: str, fit: SEMResult | CFAResult) -> list[Finding]:
    """Return what makes a covariance-based solution inadmissible, its head line first."""
    found = list(fit.verify())
    if fit.proper:
        return found
    evidence = {"model": model, "status": str(fit.status), "count": len(found)}
    return [Finding("improper_sem", Severity.PROBLEM, (model,), evidence), *found]


def _disagreement(paths: tuple[PathPair, ...]) -> Iterator[Finding]:
    codes = {
        "sign": ("methods_disagree_sign", Severity.CAUTION),
        "significance": ("methods_disagree", Severity.NOTE),
    }
    for reason, (code, severity) in codes.items():
        part = [pair for pair in paths if pair.reason == reason]
        if part:
            subjects = tuple(f"{pair.source} -> {pair.target}" for pair in part)
            evidence = {"count": len(part), "total": len(paths)}
            yield Finding(code, severity, subjects, evidence)
