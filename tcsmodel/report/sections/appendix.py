"""Every full table, the model text, the options, the formulas, how to repeat it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import pandas as pd

from tcsmodel.models.efa import EFAResult
from tcsmodel.models.pls import PLSResult
from tcsmodel.models.sem import SEMResult
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.sections.blocks import (
    Block,
    Bullets,
    Code,
    Facts,
    Heading,
    Section,
    Tabular,
)
from tcsmodel.report.sections.structure import htmt_pairs
from tcsmodel.report.sections.study_like import StudyLike
from tcsmodel.report.tables import Columns, Table, shown
from tcsmodel.satisfaction.index import SatisfactionIndex

FORMULAS = {
    "index": "index",
    "impacts": "index",
    "priorities": "priorities",
    "lmg": "drivers",
    "pls": "pls",
    "alpha": "pls",
    "rho": "pls",
    "ave": "pls",
    "htmt": "pls",
    "f_squared": "pls",
    "sem": "sem",
    "parallel": "efa",
    "bootstrap": "pls",
}


def appendix(study: StudyLike, words: Language) -> Section:
    """Return what a careful reader needs to check and to repeat the study."""
    tables = list(_full_tables(study, words))
    blocks: list[Block] = [Heading(words.text("report.full_tables"))] if tables else []
    blocks += [Tabular(table) for table in tables]
    blocks += [
        Heading(words.text("report.how")),
        Code(words.text("report.model_text"), str(study.spec)),
        Facts(options(study, words)),
    ]
    used = [name for name, stage in FORMULAS.items() if getattr(study, stage) is not None]
    if study.survey.replicates is not None:
        used = ["replicate_weights" if name == "bootstrap" else name for name in used]
    if used:
        blocks += [
            Heading(words.text("report.formulas")),
            Bullets(tuple(words.text(f"formula.{name}") for name in used)),
        ]
    blocks += [
        Heading(words.text("report.repeat")),
        Code(words.text("report.repeat.code"), recipe(study)),
    ]
    return Section("appendix", words.text("section.appendix"), tuple(blocks))


def _full_tables(study: StudyLike, words: Language) -> Iterator[Table]:
    """Yield the full tables of the stages that ran."""
    if study.efa is not None:
        yield loadings_table(study.efa, words)
    if study.pls is not None:
        yield measurement_table(study.pls, dict(study.survey.labels), words)
        yield cross_loadings_table(study.pls, words)
        yield effects_table(study.pls, words)
        if study.pls.htmt.notna().any(axis=None):
            yield all_htmt_table(study.pls, words)
    if study.index is not None:
        yield exact_index_table(study.index, words)
    for name, fit in (("CFA", study.cfa), ("SEM", study.sem)):
        if fit is not None:
            yield estimates_table(name, fit, words)


def options(study: StudyLike, words: Language) -> tuple[tuple[str, str], ...]:
    """Return the options of the study and the versions that made it."""
    chosen = [
        (field.name, str(getattr(study.estimator, field.name)))
        for field in fields(study.estimator)
        if field.name != "spec"
    ]
    chosen.append(("seed", str(study.seed)))
    versions = [f"{name} {version}" for name, version in study.versions.items()]
    return (
        *chosen,
        (words.text("fact.versions"), words.text("list.comma").join(versions)),
        (words.text("fact.hash"), study.data_hash),
    )


def recipe(study: StudyLike) -> str:
    """Return the Python that repeats the study."""
    chosen = [
        f"{field.name}={_literal(getattr(study.estimator, field.name))}"
        for field in fields(study.estimator)
        if field.name != "spec"
    ]
    return "\n".join(
        [
            "import tcsmodel as tcs",
            "",
            f"spec = tcs.ModelSpec.parse({_quoted(str(study.spec))})",
            f"study = tcs.Study(spec, {', '.join(chosen)})",
            f"result = study.run(survey, seed={study.seed})",
            'result.report("report.html")',
        ]
    )


def _quoted(text: str) -> str:
    """Return a Python string literal, over several lines where nothing needs an escape."""
    return repr(text) if "\\" in text or '"""' in text else f'"""\n{text.strip()}\n"""'


def _literal(value: object) -> str:
    return repr(str(value)) if isinstance(value, str) else repr(value)


def loadings_table(efa: EFAResult, words: Language) -> Table:
    """Return all loadings with communalities."""
    make, table = Columns(words), efa.table()
    return Table(
        words.text("table.loadings"),
        (
            make.label("column.item", table["item"]),
            *(make.ratio("column.plain", table[name], name=name) for name in efa.factors),
            make.ratio("column.communality", table["communality"]),
            make.number("column.complexity", table["complexity"], 1),
        ),
        (words.text("note.loadings", rotation=str(efa.estimator.rotation)),),
        long=True,
    )


def measurement_table(pls: PLSResult, labels: dict[str, str], words: Language) -> Table:
    """Return weights and loadings of every item."""
    make, table = Columns(words), pls.measurement_table()
    blank = pd.Series(np.nan, index=table.index)
    item = [f"{name}  {labels[name]}" if labels.get(name) else name for name in table["item"]]
    columns = shown(
        make.label("column.item", item),
        make.label("column.construct", table["construct"]),
        make.label("column.mode", table["mode"]),
        make.ratio("column.weight", table["weight"], 3),
        make.interval(
            "column.ci",
            table.get("weight_ci_lower", blank),
            table.get("weight_ci_upper", blank),
            ratio=True,
            level=pls.level,
        ),
        make.ratio("column.loading", table["loading"], 3),
        make.interval(
            "column.ci",
            table.get("loading_ci_lower", blank),
            table.get("loading_ci_upper", blank),
            ratio=True,
            level=pls.level,
        ),
        make.number("column.vif", table["vif"]),
    )
    return Table(words.text("table.measurement"), columns, long=True)


def exact_index_table(found: SatisfactionIndex, words: Language) -> Table:
    """Return the index of every construct with more digits than its interval supports."""
    make, table = Columns(words), found.table()
    return Table(
        words.text("table.index_exact"),
        (
            make.label("column.construct", table["construct"]),
            make.number("column.index", table["index"], 4),
            make.interval("column.ci", table["ci_lower"], table["ci_upper"], 4, level=found.level),
            make.number("column.se", table["se"], 4),
        ),
    )


def cross_loadings_table(pls: PLSResult, words: Language) -> Table:
    """Return the correlations of all items with all constructs."""
    make, frame = Columns(words), pls.cross_loadings
    columns = [make.label("column.item", frame.index)]
    columns += [make.ratio("column.plain", frame[name], name=name) for name in frame.columns]
    return Table(words.text("table.cross_loadings"), tuple(columns), long=True)


def effects_table(pls: PLSResult, words: Language) -> Table:
    """Return direct, indirect and total effects of all pairs that have any."""
    make = Columns(words)
    names = list(pls.paths.index)
    total = pls.total_effects.to_numpy()
    rows = [
        (i, j) for j in range(len(names)) for i in range(len(names)) if abs(total[i, j]) > 1e-12
    ]
    source, target = (np.array(column, dtype=int) for column in zip(*rows, strict=True))
    blank = np.full(total.shape, np.nan)
    lower, upper = (blank, blank) if pls.draws is None else pls.draws.interval("total_effects")
    columns = shown(
        make.label("column.path", [f"{names[i]} → {names[j]}" for i, j in rows]),
        make.ratio("column.direct", pls.paths.to_numpy()[source, target], 3),
        make.ratio("column.indirect", pls.indirect_effects.to_numpy()[source, target], 3),
        make.ratio("column.total", total[source, target], 3),
        make.interval(
            "column.ci",
            lower[source, target],
            upper[source, target],
            3,
            ratio=True,
            level=pls.level,
        ),
        make.number("column.f_squared", pls.f_squared.to_numpy()[source, target], 3),
        make.number("column.vif", pls.vif.to_numpy()[source, target]),
    )
    return Table(words.text("table.effects"), columns, (words.text("note.effects"),), long=True)


def all_htmt_table(pls: PLSResult, words: Language) -> Table:
    """Return the HTMT of every pair."""
    make, frame = Columns(words), htmt_pairs(pls)
    columns = shown(
        make.label("column.first", frame["first"]),
        make.label("column.second", frame["second"]),
        make.ratio("column.htmt", frame["htmt"], 3),
        make.interval(
            "column.ci", frame["ci_lower"], frame["ci_upper"], 3, ratio=True, level=pls.level
        ),
    )
    return Table(words.text("table.all_htmt"), columns, long=True)


def estimates_table(name: str, fit: SEMResult, words: Language) -> Table:
    """Return every estimate of a covariance-based model."""
    make, table = Columns(words), fit.estimates
    columns = shown(
        make.label("column.parameter", [f"{r.lhs} {r.op} {r.rhs}" for r in rows(table)]),
        make.number("column.estimate", table["estimate"], 3),
        make.number("column.se", table["se"], 3),
        make.number("column.z", table["z"]),
        make.p("column.p", table["p"]),
        make.interval("column.ci", table["ci_lower"], table["ci_upper"], 3, level=fit.level),
        make.number("column.std", table["std"], 3),
    )
    notes = () if fit.proper else (words.text("note.improper"),)
    return Table(words.text("table.estimates", model=name), columns, notes, long=True)
