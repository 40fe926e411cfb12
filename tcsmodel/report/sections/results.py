"""The index, the drivers, the priorities."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd

from tcsmodel.errors import DroppedRespondentsWarning, SurveyError
from tcsmodel.options import Interaction
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.language.numbers import NOTHING, is_number
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
from tcsmodel.satisfaction.drivers import Drivers
from tcsmodel.satisfaction.index import SatisfactionIndex
from tcsmodel.satisfaction.priorities import Priorities


def index(study: StudyLike, words: Language) -> Section:
    """Return the indices, what moves the target's, and what other definitions would give."""
    blocks: list[Block] = [*failed("index", study, words)]
    found = study.index
    if found is not None:
        definition = words.text(f"definition.{found.kind}")
        blocks += [
            Paragraph(words.text("report.index.text", target=found.target, definition=definition)),
            figure(found, "index", words),
            Tabular(index_table(found, words)),
            *_segments(study, found, words),
            Heading(words.text("report.impacts", target=found.target)),
            Tabular(impacts_table(found, words)),
            *_moderated(found, words),
            Heading(words.text("report.definitions")),
            Tabular(definitions_table(found, words)),
        ]
        troubles = found.verify()
        blocks += [Findings(troubles, words)] if troubles else []
    return Section("index", words.text("section.index"), tuple(blocks))


def index_table(found: SatisfactionIndex, words: Language) -> Table:
    """Return the index of every construct."""
    make, table = Columns(words), found.table()
    at = list(table["construct"]).index(found.target)
    return Table(
        words.text("table.index"),
        (
            make.label("column.construct", table["construct"]),
            make.number("column.index", table["index"], 1),
            make.interval("column.ci", table["ci_lower"], table["ci_upper"], 1, level=found.level),
            make.number("column.se", table["se"]),
            make.count("column.n", table["n"]),
        ),
        (words.text(f"note.interval.{found.interval}"),),
        strong=frozenset({at}),
    )


def _segments(study: StudyLike, found: SatisfactionIndex, words: Language) -> list[Block]:
    """Return the target's index by group and by wave, where the survey has them."""
    blocks: list[Block] = []
    for role in ("group", "wave"):
        column = getattr(study.survey, role)
        if column is not None:
            try:
                blocks.append(Tabular(segments_table(found, column, words)))
            except SurveyError as error:
                blocks.append(Paragraph(str(error), "failed"))
    return blocks


def segments_table(found: SatisfactionIndex, column: str, words: Language) -> Table:
    """Return the target's index in each segment of a column; a note counts who is in none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DroppedRespondentsWarning)
        every = found.by(column)
    make, table = Columns(words), every[every["construct"] == found.target]
    notes = [words.text("note.segments")]
    outside = found.n - int(table["n"].sum())
    if outside:
        notes.append(words.text("note.no_segment", count=outside, n=found.n, column=column))
    return Table(
        words.text("table.segments", target=found.target, column=column),
        (
            make.label("column.plain", table["segment"], name=column),
            make.number("column.index", table["index"], 1),
            make.interval("column.ci", table["ci_lower"], table["ci_upper"], 1, level=found.level),
            make.count("column.n", table["n"]),
        ),
        tuple(notes),
    )


def impacts_table(found: SatisfactionIndex, words: Language) -> Table:
    """Return the points that the target gains for +1 and +5 points of another construct."""
    make = Columns(words)
    table = found.impacts.sort_values("impact", ascending=False, ignore_index=True)
    columns = shown(
        make.label("column.source", table["source"]),
        make.number("column.impact", table["impact"]),
        make.interval("column.ci", table["ci_lower"], table["ci_upper"], level=found.level),
        make.number("column.impact_5", table["impact_5"], 1),
        make.interval(
            "column.ci",
            table["impact_5_ci_lower"],
            table["impact_5_ci_upper"],
            1,
            level=found.level,
        ),
    )
    notes = [words.text("note.impacts", target=found.target)]
    capped = table.loc[table["rise"] < 5, "source"]
    if len(capped):
        notes.append(words.text("note.capped", sources=tuple(capped)))
    return Table(words.text("table.impacts", target=found.target), columns, tuple(notes))


def _moderated(found: SatisfactionIndex, words: Language) -> list[Block]:
    """Return what impacts are where moderators are low or high, of products of scores."""
    model = found.estimator.model
    if model.interaction is not Interaction.TWO_STAGE or found.moderated_impacts.empty:
        return []
    return [Tabular(moderated_table(found, words))]


def moderated_table(found: SatisfactionIndex, words: Language) -> Table:
    """Return the points gained for +1 where a moderator is low, at its mean and high."""
    make, table = Columns(words), found.moderated_impacts
    return Table(
        words.text("table.moderated", target=found.target),
        shown(
            make.label("column.source", table["source"]),
            make.label("column.moderator", table["moderator"]),
            make.number("column.at", table["at"], 0),
            make.number("column.impact", table["impact"]),
            make.interval("column.ci", table["ci_lower"], table["ci_upper"], level=found.level),
        ),
        (words.text("note.moderated"),),
    )


def definitions_table(found: SatisfactionIndex, words: Language) -> Table:
    """Return the target's index by every definition."""
    make, table = Columns(words), found.definitions
    at = list(table["kind"]).index(str(found.kind))
    return Table(
        words.text("table.definitions", target=found.target),
        (
            make.label("column.definition", [words.text(f"kind.{k}") for k in table["kind"]]),
            make.number("column.index", table["index"], 1),
            make.interval("column.ci", table["ci_lower"], table["ci_upper"], 1, level=found.level),
            make.label("column.meaning", [words.text(f"definition.{k}") for k in table["kind"]]),
        ),
        strong=frozenset({at}),
    )


def drivers(study: StudyLike, words: Language) -> Section:
    """Return what drives the target."""
    blocks: list[Block] = [*failed("drivers", study, words)]
    found = study.drivers
    if found is not None:
        told = {"target": found.target, "drivers": found.names, "r_squared": found.r_squared}
        blocks += [
            Paragraph(words.text("report.drivers.text", **told)),
            figure(found, "shares", words),
            Tabular(drivers_table(found, words)),
        ]
        if found.draws is not None:
            blocks.append(figure(found, "ranks", words))
        troubles = found.verify()
        blocks += [Findings(troubles, words)] if troubles else []
    return Section("drivers", words.text("section.drivers"), tuple(blocks))


def drivers_table(found: Drivers, words: Language) -> Table:
    """Return shares, rank intervals and the regression behind them."""
    make = Columns(words)
    table = found.table().merge(found.regression, on="driver")
    ranks = Column(words.text("column.rank"), tuple(_rank(row, words) for row in rows(table)))
    columns = shown(
        make.label("column.driver", table["driver"]),
        make.percent("column.share", table["share"], 1),
        Column(
            words.text("column.ci", level=found.level),
            tuple(_percent_interval(row, words) for row in rows(table)),
        ),
        ranks,
        make.ratio("column.beta", table["beta"]),
        make.number("column.b", table["b"]),
        make.p("column.p_robust", table["p_robust"]),
        make.number("column.vif", table["vif"], 1),
    )
    return Table(
        words.text("table.drivers", target=found.target), columns, (words.text("note.drivers"),)
    )


def _rank(row: Any, words: Language) -> str:
    count = words.numbers.count
    if not is_number(row.rank_low):
        return count(row.rank)
    return f"{count(row.rank)} [{count(row.rank_low)}–{count(row.rank_high)}]"


def _percent_interval(row: Any, words: Language) -> str:
    return words.numbers.interval(100 * row.share_ci_lower, 100 * row.share_ci_upper, 1)


def priorities(study: StudyLike, words: Language) -> Section:
    """Return what to improve first, and how sure that order is."""
    blocks: list[Block] = [*failed("priorities", study, words)]
    found = study.priorities
    if found is not None:
        gate = study.gate
        blocks.append(Paragraph(words.text("report.priorities.text", target=found.target)))
        if gate is not None and not gate.passed:
            blocks.append(Paragraph(words.text("report.priorities.gate"), "failed"))
        blocks += [figure(found, "map", words), Tabular(priorities_table(found, words))]
        blocks += [Tabular(dimensions_table(found, words))] if found.has_dimensions else []
        troubles = found.verify()
        blocks += [Findings(troubles, words)] if troubles else []
    return Section("priorities", words.text("section.priorities"), tuple(blocks))


def priorities_table(found: Priorities, words: Language) -> Table:
    """Return the drivers in the order in which improving them pays."""
    make, table = Columns(words), found.table()
    sure = "tie_group" in table
    columns = [
        make.label("column.driver", table["driver"]),
        make.number("column.importance", table["importance"]),
        make.number("column.performance", table["performance"], 1),
        _gain(found, table, words),
        make.label("column.quadrant", [_quadrant(row, words) for row in rows(table)]),
    ]
    if sure:
        columns += [
            make.percent("column.p_first", table["p_first"]),
            make.percent("column.p_top3", table["p_top3"]),
            Column(words.text("column.tie_group"), _groups(table)),
        ]
    notes = (words.text("note.priorities", target=found.target),)
    strong = frozenset(table.index[table["tie_group"] == 1]) if sure else frozenset({0})
    return Table(
        words.text("table.priorities", target=found.target), shown(*columns), notes, strong=strong
    )


def dimensions_table(found: Priorities, words: Language) -> Table:
    """Return the parts of higher-order drivers in the order in which improving them pays."""
    make, table = Columns(words), found.dimensions
    return Table(
        words.text("table.dimensions", target=found.target),
        (
            make.label("column.dimension", table["dimension"]),
            make.label("column.driver", table["driver"]),
            make.percent("column.weight_in_driver", table["share"]),
            make.number("column.importance", table["importance"]),
            make.number("column.performance", table["performance"], 1),
            _gain(found, table, words),
        ),
        (words.text("note.dimensions"),),
    )


def _gain(found: Priorities, table: pd.DataFrame, words: Language) -> Column:
    """Return the potential gain with its interval, once there are replicates."""
    write = words.numbers
    if table["gain_ci_lower"].isna().all():
        return Columns(words).number("column.gain", table["gain"], 1)
    cells = tuple(
        f"{write.number(row.gain, 1)} {write.interval(row.gain_ci_lower, row.gain_ci_upper, 1)}"
        for row in rows(table)
    )
    return Column(words.text("column.gain_ci", level=found.level), cells)


def _groups(table: pd.DataFrame) -> tuple[str, ...]:
    return tuple(str(int(group)) for group in table["tie_group"])


def _quadrant(row: Any, words: Language) -> str:
    if not isinstance(row.quadrant, str):
        return NOTHING
    share = getattr(row, "quadrant_probability", None)
    told = words.text(f"quadrant.{row.quadrant}")
    return f"{told} ({words.numbers.percent(share)})" if is_number(share) else told
