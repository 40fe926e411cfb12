"""Whether the results can be trusted, and who answered."""

from __future__ import annotations

from tcsmodel.report.language import Language
from tcsmodel.report.sections.blocks import (
    Block,
    Bullets,
    Facts,
    Findings,
    Heading,
    Paragraph,
    Section,
    Tabular,
    failed,
    figure,
)
from tcsmodel.report.sections.study_like import StudyLike
from tcsmodel.report.tables import Columns, Table
from tcsmodel.survey.screening import Screening
from tcsmodel.survey.survey import Survey


def trust(study: StudyLike, words: Language) -> Section:
    """Return the structure gate: findings worst first, or the line that all is well."""
    blocks: list[Block] = [*failed("gate", study, words)]
    gate = study.gate
    if gate is not None:
        verdict = "report.gate.passed" if gate.passed else "report.gate.not_passed"
        counts = {f"n_{name}s": int(count) for name, count in gate.counts.items()}
        kind = "good" if not gate.findings else "plain"
        key = verdict if gate.findings else "report.gate.clear"
        blocks.append(Paragraph(words.text(key, **counts), kind))
        if gate.findings:
            blocks.append(figure(gate, "findings", words))
            blocks.append(Findings(gate.findings, words))
    blocks += _not_run(study, words)
    return Section("trust", words.text("section.trust"), tuple(blocks))


def _not_run(study: StudyLike, words: Language) -> list[Block]:
    """Name every stage that failed, with its reason."""
    if not study.failures:
        return []
    lines = tuple(
        words.text("report.failed", stage=words.text(f"stage.{stage}"), reason=reason)
        for stage, reason in study.failures.items()
    )
    return [Heading(words.text("report.not_run")), Bullets(lines)]


def used_of(study: StudyLike, words: Language) -> str:
    """Return how many respondents were used, and whether there were any."""
    key = "fact.used_of_simulated" if study.survey.simulated else "fact.used_of"
    return words.text(key, used=study.n, all=study.survey.n)


def design_facts(survey: Survey, words: Language) -> list[tuple[str, str]]:
    """Return how respondents were drawn, where the survey says so, each fact under its key."""
    pairs = [
        (f"fact.{role}", getattr(survey, role))
        for role in ("strata", "cluster")
        if getattr(survey, role)
    ]
    if survey.replicates is not None:
        given, count = survey.replicates, len(survey.replicates.names(survey.data))
        text = words.text("fact.replicates_are", count=count, kind=given.kind.upper())
        pairs.append(("fact.replicates", text))
    return pairs


def answers(study: StudyLike, words: Language) -> Section:
    """Return who answered and how: the sample, what is missing, what looks odd."""
    survey = study.survey
    pairs = [
        (words.text("fact.respondents"), words.numbers.count(survey.n)),
        (words.text("fact.used"), used_of(study, words)),
        (words.text("fact.items"), words.numbers.count(len(study.spec.items))),
        (words.text("fact.weights"), survey.weight or words.text("fact.none")),
        *((words.text(key), value) for key, value in design_facts(survey, words)),
    ]
    blocks: list[Block] = [Facts(tuple(pairs))]
    if study.cautions:
        title = words.text("report.cautions", count=len(study.cautions))
        blocks.append(Bullets(study.cautions, title))
    blocks += failed("screening", study, words)
    if study.screening is not None:
        blocks += _screened(study.screening, words)
    return Section("answers", words.text("section.answers"), tuple(blocks))


def _screened(screening: Screening, words: Language) -> list[Block]:
    found: Block = Paragraph(words.text("report.screening.clear"), "good")
    if screening.findings:
        found = Findings(screening.findings, words)
    flagged = words.listing(
        words.text("report.flag", flag=words.text(f"flag.{code}"), count=int(count))
        for code, count in screening.flags.items()
    )
    return [
        Heading(words.text("report.screening")),
        found,
        Paragraph(words.text("report.flags", flags=flagged)),
        figure(screening, "answers", words),
        Tabular(items_table(screening, words)),
        Tabular(patterns_table(screening, words)),
    ]


def items_table(screening: Screening, words: Language) -> Table:
    """Return the descriptives of the items with their questions."""
    make, items = Columns(words), screening.items
    labels = screening.survey.labels
    columns = [make.label("column.item", items.index)]
    if labels:
        columns.append(
            make.label("column.question", [labels.get(str(name), "") for name in items.index])
        )
    columns += [
        make.number("column.mean", items["mean"]),
        make.number("column.sd", items["sd"]),
        make.number("column.skew", items["skew"]),
        make.percent("column.lowest", items["floor"]),
        make.percent("column.highest", items["ceiling"]),
        make.count("column.missing", items["missing"]),
    ]
    if items["not_applicable"].any():
        columns.append(make.count("column.not_applicable", items["not_applicable"]))
    notes = [words.text("note.items")]
    if screening.survey.reverse:
        notes.append(words.text("note.reversed", items=screening.survey.reverse))
    return Table(words.text("table.items"), tuple(columns), tuple(notes), long=True)


def patterns_table(screening: Screening, words: Language) -> Table:
    """Return the patterns of missing answers, the commonest ten."""
    make, patterns = Columns(words), screening.missing_patterns.head(10)
    nothing = words.text("report.complete")
    columns = [
        make.label("column.missing_items", [m or nothing for m in patterns["missing_items"]]),
        make.count("column.n", patterns["n"]),
        make.percent("column.share", patterns["share"], 1),
    ]
    if patterns["n_not_applicable"].any():
        outside = make.label("column.not_applicable_items", patterns["not_applicable_items"])
        columns.insert(1, outside)
    return Table(
        words.text("table.patterns"),
        tuple(columns),
        (words.text("note.patterns", shown=len(patterns), all=len(screening.missing_patterns)),),
        long=True,
    )
