"""The perceived structure: factors explored and confirmed, reliability, distinctness."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tcsmodel.models.cfa import CFAResult
from tcsmodel.models.efa import EFAResult
from tcsmodel.models.pls import PLSResult
from tcsmodel.report.language import Language
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
from tcsmodel.report.tables import Columns, Table, shown
from tcsmodel.survey.screening import Factorability

CLOSE = 0.80


def structure(study: StudyLike, words: Language) -> Section:
    """Return what the answers say about the structure, before any path is read."""
    split = study.split
    key = "report.split.halves" if split.halves else "report.split.everyone"
    told = {"n_efa": split.n_efa, "n_cfa": split.n_cfa, "needed": split.n_needed}
    blocks: list[Block] = [Paragraph(words.text(key, **told))]
    blocks += failed("factorability", study, words)
    if study.factorability is not None:
        blocks += _factorability(study.factorability, words)
    blocks += failed("efa", study, words)
    if study.efa is not None:
        blocks += _explored(study.efa, words)
    blocks += failed("cfa", study, words)
    if study.cfa is not None:
        blocks += [Heading(words.text("report.cfa")), *_confirmed(study.cfa, words)]
    if study.pls is not None:
        blocks += _measured(study.pls, words)
    return Section("structure", words.text("section.structure"), tuple(blocks))


def _factorability(adequacy: Factorability, words: Language) -> list[Block]:
    told = {
        "kmo": adequacy.kmo,
        "chi2": adequacy.bartlett_chi2,
        "df": adequacy.bartlett_df,
        "p": words.numbers.p_phrase(adequacy.bartlett_p),
        "items": len(adequacy.kmo_items),
        "lowest": adequacy.kmo_items.idxmin(),
        "least": float(adequacy.kmo_items.min()),
    }
    return [
        Heading(words.text("report.factorability")),
        Paragraph(words.text("report.factorability.text", **told)),
    ]


def _explored(efa: EFAResult, words: Language) -> list[Block]:
    fit = efa.fit_measures
    told = {
        "factors": efa.n_factors,
        "n": efa.n,
        "cumulative": float(efa.variance["cumulative"].iloc[-1]),
        "rmsea": float(fit["rmsea"]),
        "lower": float(fit["rmsea_ci_lower"]),
        "upper": float(fit["rmsea_ci_upper"]),
        "chi2": float(fit["chi2"]),
        "df": int(fit["df"]),
        "p": words.numbers.p_phrase(fit["p"]),
    }
    key = "report.efa.one" if efa.n_factors == 1 else "report.efa.many"
    blocks: list[Block] = [
        Heading(words.text("report.efa")),
        Paragraph(words.text(key, **told)),
        figure(efa, "scree", words),
        Tabular(votes_table(efa, words)),
        figure(efa, "loadings", words),
    ]
    found = efa.verify()
    return [*blocks, Findings(found, words)] if found else blocks


def votes_table(efa: EFAResult, words: Language) -> Table:
    """Return how many factors each rule suggests."""
    make, votes = Columns(words), efa.votes
    used = [words.text("report.used") if used else "" for used in votes["used"]]
    return Table(
        words.text("table.votes"),
        (
            make.label("column.rule", [words.text(f"rule.{rule}") for rule in votes["rule"]]),
            make.count("column.factors", votes["n_factors"]),
            make.label("column.used", used),
        ),
        (words.text("note.votes"),),
    )


def _confirmed(cfa: CFAResult, words: Language) -> list[Block]:
    fit = cfa.fit_measures
    told = {
        "n": cfa.sample.n,
        "chi2": float(fit["chi2"]),
        "df": int(fit["df"]),
        "p": words.numbers.p_phrase(fit["p"]),
        "cfi": float(fit["cfi"]),
        "rmsea": float(fit["rmsea"]),
        "lower": float(fit["rmsea_ci_lower"]),
        "upper": float(fit["rmsea_ci_upper"]),
        "srmr": float(fit["srmr"]),
    }
    blocks: list[Block] = [Paragraph(words.text("report.cfa.text", **told))]
    if not cfa.proper:
        blocks.append(Paragraph(words.text("report.cfa.improper"), "failed"))
    return [*blocks, Tabular(cfa_reliability_table(cfa, words))]


def cfa_reliability_table(cfa: CFAResult, words: Language) -> Table:
    """Return the reliability of the scales by the confirmatory model."""
    make = Columns(words)
    frame = cfa.reliability[cfa.reliability["n_items"] > 1]
    notes = [words.text("note.cfa_reliability")]
    if not cfa.proper:
        notes.append(words.text("note.improper"))
    columns = (
        make.label("column.construct", frame.index),
        make.count("column.items", frame["n_items"]),
        make.ratio("column.alpha_raw", frame["alpha"]),
        make.ratio("column.alpha", frame["alpha_std"]),
        make.ratio("column.omega", frame["omega"]),
        make.ratio("column.rho_c", frame["rho_c"]),
        make.ratio("column.ave", frame["ave"]),
    )
    return Table(words.text("table.cfa_reliability"), columns, tuple(notes), long=True)


def _measured(pls: PLSResult, words: Language) -> list[Block]:
    blocks: list[Block] = [
        Heading(words.text("report.reliability")),
        Tabular(reliability_table(pls, words)),
        Heading(words.text("report.distinct")),
    ]
    if pls.htmt.notna().any(axis=None):
        blocks += [figure(pls, "htmt", words), Tabular(htmt_table(pls, words))]
    return [*blocks, Tabular(fornell_larcker_table(pls, words))]


def reliability_table(pls: PLSResult, words: Language) -> Table:
    """Return alpha, rho_a, rho_c and AVE with the intervals of alpha and AVE."""
    make, frame = Columns(words), pls.reliability
    multiple = frame["n_items"] > 1
    frame = frame.where(multiple, np.nan).assign(n_items=frame["n_items"])
    limits = _limits(pls, ("alpha", "ave"), multiple)
    columns = shown(
        make.label("column.construct", frame.index),
        make.count("column.items", frame["n_items"]),
        make.ratio("column.alpha", frame["alpha"]),
        make.interval("column.ci", *limits["alpha"], ratio=True, level=pls.level),
        make.ratio("column.rho_a", frame["rho_a"]),
        make.ratio("column.rho_c", frame["rho_c"]),
        make.ratio("column.ave", frame["ave"]),
        make.interval("column.ci", *limits["ave"], ratio=True, level=pls.level),
    )
    return Table(words.text("table.reliability"), columns, (words.text("note.reliability"),))


def _limits(pls: PLSResult, names: tuple[str, ...], keep: pd.Series) -> dict[str, Any]:
    blank = np.full(len(keep), np.nan)
    if pls.draws is None:
        return dict.fromkeys(names, (blank, blank))
    return {
        name: tuple(np.where(keep, limit, np.nan) for limit in pls.draws.interval(name))
        for name in names
    }


def htmt_pairs(pls: PLSResult) -> pd.DataFrame:
    """Return ``first second htmt ci_lower ci_upper`` of all pairs, the closest first."""
    names = list(pls.htmt.index)
    row, column = np.tril_indices(len(names), -1)
    blank = np.full(pls.htmt.shape, np.nan)
    lower, upper = (blank, blank) if pls.draws is None else pls.draws.interval("htmt")
    frame = pd.DataFrame(
        {
            "first": [names[j] for j in column],
            "second": [names[i] for i in row],
            "htmt": pls.htmt.to_numpy()[row, column],
            "ci_lower": lower[row, column],
            "ci_upper": upper[row, column],
        }
    )
    return frame.dropna(subset="htmt").sort_values("htmt", ascending=False, ignore_index=True)


def htmt_table(pls: PLSResult, words: Language) -> Table:
    """Return the pairs of constructs that come close to each other, with intervals."""
    make, every = Columns(words), htmt_pairs(pls)
    close = every[(every["htmt"] >= CLOSE) | (every["ci_upper"] >= 1)]
    close = close if len(close) else every.head(3)
    columns = shown(
        make.label(
            "column.pair",
            [f"{a} – {b}" for a, b in zip(close["first"], close["second"], strict=True)],
        ),
        make.ratio("column.htmt", close["htmt"]),
        make.interval(
            "column.ci", close["ci_lower"], close["ci_upper"], ratio=True, level=pls.level
        ),
    )
    note = words.text("note.htmt", shown=len(close), all=len(every))
    return Table(words.text("table.htmt"), columns, (note,))


def fornell_larcker_table(pls: PLSResult, words: Language) -> Table:
    """Return construct correlations under the roots of AVE."""
    make, frame = Columns(words), pls.fornell_larcker
    lower = frame.where(np.tril(np.ones(frame.shape, dtype=bool)))
    columns = [make.label("column.construct", frame.index)]
    for name in frame.columns:
        cells = make.ratio("column.plain", lower[name], name=name)
        blanked = tuple(
            cell if np.isfinite(value) else ""
            for cell, value in zip(cells.cells, lower[name], strict=True)
        )
        columns.append(type(cells)(cells.header, blanked))
    return Table(
        words.text("table.fornell_larcker"),
        tuple(columns),
        (words.text("note.fornell_larcker"),),
        long=True,
    )
