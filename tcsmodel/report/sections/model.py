"""The model: the diagram, its fit, and every path by both methods."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tcsmodel.models.pls import PLSResult
from tcsmodel.models.sem import SEMResult
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.language.numbers import NOTHING
from tcsmodel.report.sections.blocks import (
    Block,
    Findings,
    Heading,
    Paragraph,
    Section,
    Tabular,
    failed,
    figure,
)
from tcsmodel.report.sections.study_like import StudyLike
from tcsmodel.report.tables import Column, Columns, Table, shown
from tcsmodel.satisfaction.gate import Gate

RATIOS = ("cfi", "tli", "srmr")
CONVENTIONS = ("chi2", "p", "cfi", "tli", "rmsea", "srmr", "aic", "bic")


def model(study: StudyLike, words: Language) -> Section:
    """Return the path model by PLS and by covariance-based SEM."""
    blocks: list[Block] = [*failed("pls", study, words), *failed("sem", study, words)]
    if study.pls is not None:
        key = "report.model.pls" if study.sem is None else "report.model.text"
        blocks += [
            Paragraph(words.text(key, scheme=str(study.pls.estimator.scheme))),
            figure(study.pls, "diagram", words),
        ]
    if study.sem is not None and study.sem.proper:
        blocks.append(figure(study.sem, "diagram", words))
    fits: dict[str, SEMResult] = {
        name: fit for name, fit in (("CFA", study.cfa), ("SEM", study.sem)) if fit is not None
    }
    if fits:
        blocks += [Heading(words.text("report.fit")), *_fits(fits, words)]
    if study.pls is not None:
        blocks += [
            Heading(words.text("report.paths")),
            Tabular(paths_table(study.pls, study.gate, study.sem, words)),
            Tabular(explained_table(study.pls, words)),
        ]
    return Section("model", words.text("section.model"), tuple(blocks))


def _fits(fits: dict[str, SEMResult], words: Language) -> list[Block]:
    blocks: list[Block] = [Tabular(fit_table(fits, words))]
    improper = [name for name, fit in fits.items() if not fit.proper]
    if improper:
        blocks.append(Paragraph(words.text("report.improper", models=improper), "failed"))
    unique = {(f.code, f.subjects): f for fit in fits.values() for f in fit.verify()}
    return [*blocks, Findings(tuple(unique.values()), words)] if unique else blocks


def fit_table(fits: dict[str, SEMResult], words: Language) -> Table:
    """Return the fit of the covariance-based models beside the customs, named as customs."""
    make = Columns(words)
    columns = [make.label("column.measure", [words.text(f"fit.{name}") for name in CONVENTIONS])]
    for name, fit in fits.items():
        cells = tuple(_fit_cell(fit.fit_measures, measure, words) for measure in CONVENTIONS)
        columns.append(Column(name, cells))
    customs = [words.text(f"custom.{name}") for name in CONVENTIONS]
    columns.append(make.label("column.custom", customs))
    return Table(words.text("table.fit"), tuple(columns), (words.text("note.fit"),))


def _fit_cell(fit: pd.Series, measure: str, words: Language) -> str:
    numbers, value = words.numbers, fit[measure]
    if measure == "chi2":
        return f"{numbers.number(value)} ({int(fit['df'])})"
    if measure == "p":
        return numbers.p(value)
    if measure in RATIOS:
        return numbers.ratio(value, 3)
    if measure == "rmsea":
        limits = numbers.interval(fit["rmsea_ci_lower"], fit["rmsea_ci_upper"], 3, ratio=True)
        return f"{numbers.ratio(value, 3)} {limits}"
    return numbers.number(value, 1)


def paths_table(pls: PLSResult, gate: Gate | None, sem: SEMResult | None, words: Language) -> Table:
    """Return every path by PLS and, beside it, by covariance-based SEM."""
    make, paths = Columns(words), pls.table()
    for name in ("se", "ci_lower", "ci_upper"):
        if name not in paths:
            paths[name] = np.nan
    columns = [
        make.label("column.path", [f"{r.source} → {r.target}" for r in rows(paths)]),
        make.ratio("column.pls_beta", paths["path"]),
        make.ratio("column.se", paths["se"]),
        make.interval(
            "column.ci", paths["ci_lower"], paths["ci_upper"], ratio=True, level=pls.level
        ),
        make.label("column.decision", [_decision(row, words) for row in rows(paths)]),
    ]
    notes = [words.text("note.paths", level=pls.level)]
    agreement = None if gate is None else gate.agreement
    if agreement is not None and sem is not None:
        both = paths[["source", "target"]].merge(agreement, on=["source", "target"], how="left")
        columns += [
            make.ratio(
                "column.sem_beta" if sem.proper else "column.sem_beta_improper", both["sem"]
            ),
            make.p("column.p", both["sem_p"]),
            make.label("column.agree", [_agreement(row, words) for row in rows(both)]),
        ]
        notes.append(words.text("note.agree"))
        if not sem.proper:
            notes.append(words.text("note.improper"))
    title = words.text("table.paths_pls" if agreement is None else "table.paths")
    return Table(title, shown(*columns), tuple(notes))


def _decision(row: Any, words: Language) -> str:
    if not np.isfinite(row.ci_lower):
        return NOTHING
    sure = row.ci_lower > 0 or row.ci_upper < 0
    return words.text("decision.differs" if sure else "decision.open")


def _agreement(row: Any, words: Language) -> str:
    if not isinstance(row.reason, str):
        return NOTHING
    return words.text("agree.yes") if not row.reason else words.text(f"agree.{row.reason}")


def explained_table(pls: PLSResult, words: Language) -> Table:
    """Return R2 of the constructs with antecedents."""
    make = Columns(words)
    names = list(pls.r_squared.index)
    blank = np.full(len(names), np.nan)
    limits = (blank, blank)
    if pls.draws is not None:
        at = [list(pls.paths.index).index(name) for name in names]
        lower, upper = pls.draws.interval("r_squared")
        limits = lower[at], upper[at]
    return Table(
        words.text("table.explained"),
        shown(
            make.label("column.construct", names),
            make.ratio("column.r_squared", pls.r_squared),
            make.interval("column.ci", *limits, ratio=True, level=pls.level),
            make.ratio("column.r_squared_adj", pls.r_squared_adj),
        ),
    )
