"""What makes screening suspicious: each rule once, with its threshold, as findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.kernels import moments as moment_kernel
from tcsmodel.kernels import screening as kernel
from tcsmodel.result import Finding, Severity
from tcsmodel.survey.cleaning import Array
from tcsmodel.survey.survey import Survey

CROWDED = 0.5
MISSING_ITEM = 0.05
LISTWISE_LOSS = 0.10
PER_ITEM = 5
FEWEST_ITEMS_FOR_RUNS = 6
STRAIGHT_SHARE = 0.05
FEWEST_FOR_CODES = 20
MOST_CODES = 0.25
ROOMY_GAP = 3.0
LONGEST_SCALE = 10.0
KMO_LOW, KMO_UNACCEPTABLE = 0.60, 0.50
NOT_SPHERICAL_P = 0.05


class Block(Protocol):
    """A construct as far as screening needs it."""

    @property
    def name(self) -> str:
        """What the researcher calls it."""

    @property
    def items(self) -> Sequence[str]:
        """The items that measure it."""


class Blocks(Protocol):
    """A `ModelSpec` as far as screening needs it."""

    @property
    def constructs(self) -> Sequence[Block]:
        """All constructs."""


def about_items(
    survey: Survey, about: kernel.Description, floor: Array, ceiling: Array
) -> Iterator[Finding]:
    """Yield what is wrong with items taken one at a time, and with identical ones."""
    names = survey.items
    empty = about.n == 0
    constant = (about.n > 1) & (about.minimum == about.maximum)
    for j in np.flatnonzero(empty):
        yield Finding("all_missing_item", Severity.PROBLEM, (names[j],))
    for j in np.flatnonzero(constant):
        evidence = {"value": float(about.minimum[j]), "n": int(about.n[j])}
        yield Finding("constant_item", Severity.PROBLEM, (names[j],), evidence)
    for group in _identical(survey, ~(empty | constant)):
        yield Finding("identical_items", Severity.PROBLEM, group, {"count": len(group)})
    yield from _likely_codes(survey)
    applying = survey.applies().sum(axis=0)
    share = (applying - about.n) / np.maximum(applying, 1)
    many = np.flatnonzero((share > MISSING_ITEM) & ~empty)
    if len(many):
        worst = many[np.argmax(share[many])]
        evidence = {
            "count": len(many),
            "limit": MISSING_ITEM,
            "worst": names[worst],
            "share": float(share[worst]),
        }
        yield Finding("many_missing", Severity.CAUTION, tuple(names[j] for j in many), evidence)
    yield from not_applicable(survey)
    for code, shares in (("ceiling", ceiling), ("floor", floor)):
        crowded = np.flatnonzero((shares > CROWDED) & ~constant & (about.n > 1))
        if len(crowded):
            worst = crowded[np.argmax(shares[crowded])]
            evidence = {
                "count": len(crowded),
                "worst": names[worst],
                "share": float(shares[worst]),
            }
            yield Finding(code, Severity.NOTE, tuple(names[j] for j in crowded), evidence)


def not_applicable(survey: Survey) -> Iterator[Finding]:
    """Yield the items that do not apply to some respondents."""
    outside = ~survey.applies()
    share = outside.mean(axis=0)
    some = np.flatnonzero(share)
    if len(some):
        worst = some[np.argmax(share[some])]
        evidence = {
            "count": int(outside.any(axis=1).sum()),
            "n": survey.n,
            "worst": survey.items[worst],
            "share": float(share[worst]),
        }
        subjects = tuple(survey.items[j] for j in some)
        yield Finding("not_applicable", Severity.NOTE, subjects, evidence)


def _identical(survey: Survey, varying: NDArray[np.bool_]) -> Iterator[tuple[str, ...]]:
    groups: dict[bytes, list[str]] = {}
    for name, column, varies in zip(survey.items, survey.values().T, varying, strict=True):
        if varies:
            key = np.where(np.isfinite(column), column + 0.0, np.nan).tobytes()
            groups.setdefault(key, []).append(name)
    return (tuple(group) for group in groups.values() if len(group) > 1)


def _likely_codes(survey: Survey) -> Iterator[Finding]:
    for name, column in zip(survey.items, survey.values().T, strict=True):
        if name in survey.scale:
            continue
        answers, counts = np.unique(column[np.isfinite(column)], return_counts=True)
        codes = unlikely_answers(answers, counts)
        if len(codes):
            rest = np.setdiff1d(answers, codes)
            evidence = {
                "codes": ", ".join(f"{code:g}" for code in codes),
                "count": int(counts[np.isin(answers, codes)].sum()),
                "low": float(rest[0]),
                "high": float(rest[-1]),
            }
            yield Finding("outside_likely_scale", Severity.PROBLEM, (name,), evidence)


def unlikely_answers(answers: Array, counts: NDArray[np.intp]) -> Array:
    """Return the answers that look like codes for "no answer".

    Of whole-numbered distinct `answers` (sorted, with their `counts`) of at least 20
    respondents, those at one end that are at most a quarter of all and are either negative
    where the rest is not; or above 10 and farther from the rest than the rest is wide; or
    an 8 or 9 at least three points above a rest that runs without a gap from 0 or 1.
    """
    if counts.sum() < FEWEST_FOR_CODES or len(answers) < 3 or (answers % 1).any():
        return answers[:0]
    most = MOST_CODES * counts.sum()
    negative = answers < 0
    if negative.any() and not negative.all() and counts[negative].sum() <= most:
        return answers[negative]
    for cut in range(1, len(answers) - 1):
        rest, codes = answers[:-cut], answers[-cut:]
        if counts[-cut:].sum() > most:
            break
        gap, width = codes[0] - rest[-1], rest[-1] - rest[0]
        far = codes[0] > LONGEST_SCALE and gap > max(width, ROOMY_GAP)
        usual = rest[0] in (0, 1) and width == len(rest) - 1 and set(codes) <= {8.0, 9.0}
        if far or (usual and gap >= ROOMY_GAP):
            return codes
    return answers[:0]


def about_direction(survey: Survey, spec: Blocks | None) -> Iterator[Finding]:
    """Yield the items that run against their block.

    A block is a construct of `spec`, or all items without one. Its items are aligned by
    the signs of the first principal component of their correlations, turned so that the
    block runs with the first component of all items. Those left with a negative sign, but
    for a block that runs against the rest as a whole, are suspected when their corrected
    correlation with the aligned others is below ``-1.96 / sqrt(n)``. Gaps count as average
    answers.
    """
    values = survey.values()
    answered = np.isfinite(values)
    mean = kernel.describe(values, survey.weights).mean
    if survey.n < 3:
        return
    filled = np.where(answered, values, np.where(np.isfinite(mean), mean, 0.0))
    r = moment_kernel.to_corr(moment_kernel.moments(filled, survey.weights)[1])
    at = {name: j for j, name in enumerate(survey.items) if np.isfinite(r[j, j])}
    everything = list(at.values())
    if len(everything) < 2:
        return
    general = dict(zip(everything, _first_component(r, everything), strict=True))
    blocks = [list(at)] if spec is None else [list(block.items) for block in spec.constructs]
    for block in blocks:
        names = [name for name in block if name in at]
        own = [at[name] for name in names]
        if len(own) < 2:
            continue
        signs = np.where(_first_component(r, own) < 0, -1.0, 1.0)
        if signs @ [general[j] for j in own] < 0 and (signs < 0).any():
            signs = -signs
        correlations = kernel.corrected_correlations(r[np.ix_(own, own)], signs)
        for i in np.flatnonzero(signs < 0):
            if correlations[i] < -1.96 / np.sqrt(answered[:, own[i]].sum()):
                evidence = {"correlation": float(correlations[i]), "others": len(own) - 1}
                yield Finding("reversed_item", Severity.CAUTION, (names[i],), evidence)


def _first_component(r: Array, at: Sequence[int]) -> Array:
    """First principal component of some items, on whose positive side most of them lie."""
    vector = np.linalg.eigh(r[np.ix_(at, at)])[1][:, -1]
    positive = (vector > 0).sum() * 2
    most = positive > len(vector) or (positive == len(vector) and vector.sum() >= 0)
    return vector if most else -vector


def straight_lines(run: NDArray[np.intp], p: int) -> NDArray[np.bool_]:
    """Whether runs (n,) of one answer are longer than half of p >= 6 items."""
    return (run > p / 2) & (p >= FEWEST_ITEMS_FOR_RUNS)


def about_respondents(
    survey: Survey, run: NDArray[np.intp], copies: NDArray[np.intp]
) -> Iterator[Finding]:
    """Yield what is wrong with respondents: too few, careless, copied, incomplete."""
    n, p = survey.n, len(survey.items)
    if n < PER_ITEM * p:
        severity = Severity.PROBLEM if n <= p else Severity.CAUTION
        evidence: dict[str, Any] = {"n": n, "items": p, "needed": PER_ITEM * p}
        yield Finding("few_respondents", severity, (), evidence)
    straight = straight_lines(run, p)
    if straight.any():
        share = float(straight.mean())
        severity = Severity.CAUTION if share >= STRAIGHT_SHARE else Severity.NOTE
        evidence = {"count": int(straight.sum()), "share": share, "limit": p // 2, "items": p}
        yield Finding("straight_lining", severity, (), evidence)
    copied = int(((copies > 0) & ~straight).sum())
    if copied and p >= 10:
        yield Finding("duplicate_respondents", Severity.CAUTION, (), {"count": copied, "items": p})
    answered = np.isfinite(survey.values())
    settled = answered | ~survey.applies()
    lost = int((~settled[:, answered.any(axis=0)].all(axis=1)).sum())
    if lost > LISTWISE_LOSS * n:
        evidence = {"count": lost, "n": n, "share": lost / n}
        yield Finding("listwise_loss", Severity.CAUTION, (), evidence)


def about_factorability(kmo: float, items: pd.Series, p: float) -> tuple[Finding, ...]:
    """Return what speaks against factoring: low KMO, low items, no correlation at all."""
    findings = []
    if kmo < KMO_LOW:
        severity = Severity.PROBLEM if kmo < KMO_UNACCEPTABLE else Severity.CAUTION
        findings.append(Finding("kmo_low", severity, (), {"kmo": kmo}))
    if p >= NOT_SPHERICAL_P:
        findings.append(Finding("not_correlated", Severity.PROBLEM, (), {"p": p}))
    low = items[items < KMO_UNACCEPTABLE]
    if len(low):
        evidence = {"worst": str(low.idxmin()), "kmo": float(low.min()), "count": len(low)}
        findings.append(
            Finding("kmo_item_low", Severity.CAUTION, tuple(map(str, low.index)), evidence)
        )
    return tuple(findings)
