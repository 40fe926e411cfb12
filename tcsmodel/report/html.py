"""The report as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tcsmodel.report.language import Language, language
from tcsmodel.report.sections import answers, appendix, model, results, structure
from tcsmodel.report.sections.blocks import Block, Figure, Section, Tabular
from tcsmodel.report.sections.study_like import StudyLike
from tcsmodel.report.theme import WEB_FONTS

READABLE_INDEX = "headline_index"
HEADLINE_ANCHORS = ("index", "drivers", "priorities", "trust", "trust")
HASH_SHOWN = 12
# Columns of a survey with a role that is told, where there are any.
ROLES = ("group", "wave")


def write_report(study: StudyLike, path: str | PathLike[str], language: str = "en") -> None:
    """Write the report of a study as one HTML file that opens offline.

    Parameters
    ----------
    study : StudyResult
        Stages that failed are named with their reason; the others are shown.
    path : str or path
        The file; its folder must exist.
    language : str
        Of the report.

    Raises
    ------
    OptionError
        When there is no such language.
    """
    Path(path).write_text(render_report(study, language), encoding="utf-8", newline="\n")


def render_report(study: StudyLike, language_code: str = "en") -> str:
    """Return the report as HTML; the same study gives the same text."""
    words = language(language_code)
    environment = Environment(
        loader=PackageLoader("tcsmodel.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=words, text=words.text)
    sections = [
        answers.trust(study, words),
        answers.answers(study, words),
        structure.structure(study, words),
        model.model(study, words),
        results.index(study, words),
        results.drivers(study, words),
        results.priorities(study, words),
        appendix.appendix(study, words),
    ]
    return environment.get_template("report.html").render(
        title=words.text("report.title", target=study.target),
        facts=title_facts(study, words),
        headlines=[
            (words.finding(finding, "finding"), anchor, words.text(f"section.{anchor}"))
            for finding, anchor in zip(study.headlines, HEADLINE_ANCHORS, strict=True)
        ],
        index=study.index if study.headlines[0].code == READABLE_INDEX else None,
        sections=numbered(sections),
        fonts=Markup(WEB_FONTS),
    )


def _replicates(study: StudyLike, words: Language) -> str:
    """Return what the intervals of PLS come from."""
    given = study.survey.replicates
    if given is None:
        return words.text("fact.replicates_drawn", count=study.estimator.bootstrap)
    return words.text("fact.replicates_given", count=len(given.names(study.survey.data)))


def title_facts(study: StudyLike, words: Language) -> list[tuple[str, str]]:
    """Return what identifies the study: sample, model, methods, seed, versions, data."""
    spec, survey, options = study.spec, study.survey, study.estimator
    pairs = [
        ("fact.sample", answers.used_of(study, words)),
        (
            "fact.model",
            words.text(
                "fact.model_is",
                constructs=len(spec.constructs),
                items=len(spec.items),
                paths=len(spec.paths),
            ),
        ),
        (
            "fact.methods",
            words.text(
                "fact.methods_are" if study.sem is None else "fact.methods_sem",
                scheme=str(options.scheme),
                replicates=_replicates(study, words),
                level=options.level,
            ),
        ),
        ("fact.missing", words.text(f"missing.{options.missing}")),
        ("fact.weights", survey.weight or words.text("fact.none")),
        *((f"fact.{r}", getattr(survey, r)) for r in ROLES if getattr(survey, r)),
        *answers.design_facts(survey, words),
        ("fact.seed", str(study.seed)),
        ("fact.software", f"tcsmodel {study.versions['tcsmodel']}"),
        ("fact.hash", study.data_hash[:HASH_SHOWN]),
    ]
    return [(words.text(key), value) for key, value in pairs]


@dataclass(frozen=True)
class Numbered:
    """A block with its number among figures or tables, its anchor, and its drawing."""

    block: Block
    number: int
    anchor: str
    svg: Markup


def numbered(sections: Sequence[Section]) -> list[tuple[Section, list[Numbered]]]:
    """Return the blocks with figures and tables numbered through the page, figures drawn."""
    counts = {Figure: 0, Tabular: 0}
    pages = []
    for section in sections:
        entries = []
        for block in section.blocks:
            number, anchor, svg = 0, "", Markup("")
            if isinstance(block, (Figure, Tabular)):
                kind = type(block)
                counts[kind] += 1
                number = counts[kind]
                anchor = f"{block.template}-{number}"
            if isinstance(block, Figure):
                svg = Markup(block.picture.svg(anchor))
            entries.append(Numbered(block, number, anchor, svg))
        pages.append((section, entries))
    return pages
