"""What a model did about items that do not apply to some respondents, as named findings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tcsmodel.models.estimator import Sample
from tcsmodel.result import Finding, Severity

MANY = 0.10


def applicability(sample: Sample) -> Iterator[Finding]:
    """Yield whether respondents were left out, or kept, to whom an item does not apply."""
    survey, rows = sample.survey, sample.rows
    if survey is None or rows is None or not survey.not_applicable:
        return
    names = tuple(name for name in sample.names if name in survey.items)
    outside = ~survey.applies(names)
    if not outside.any():
        return
    concerned = np.asarray(outside.any(axis=1))
    subjects = tuple(names[j] for j in np.flatnonzero(outside.any(axis=0)))
    count, kept = int(concerned.sum()), int(concerned[rows].sum())
    evidence = {"count": kept or count, "n": survey.n, "share": (kept or count) / survey.n}
    if kept:
        yield Finding("not_applicable_kept", Severity.CAUTION, subjects, evidence)
        return
    severity = Severity.CAUTION if count > MANY * survey.n else Severity.NOTE
    evidence["silent"] = survey.n - len(rows) - count
    yield Finding("not_applicable_left_out", severity, subjects, evidence)
