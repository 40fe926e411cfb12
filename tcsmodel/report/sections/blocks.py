"""The parts that a report is made of; a template turns each into HTML."""

from __future__ import annotations

from dataclasses import dataclass

from tcsmodel.report.language import Language
from tcsmodel.report.picture import Picture
from tcsmodel.report.plots import picture
from tcsmodel.report.sections.study_like import StudyLike
from tcsmodel.report.tables import Table
from tcsmodel.result import Finding, Result, Severity, worst_first


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `kind` is ``plain``, ``good`` (all is well) or ``failed``."""

    text: str
    kind: str = "plain"
    template = "paragraph"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences, folded under a title where there is one."""

    items: tuple[str, ...]
    folded: str = ""
    template = "bullets"


@dataclass(frozen=True)
class Facts:
    """Pairs of a name and a value."""

    pairs: tuple[tuple[str, str], ...]
    template = "facts"


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one kind that mean the same and ask for the same."""

    severity: Severity
    rows: tuple[tuple[str, str], ...]
    meaning: str
    advice: str


@dataclass(frozen=True)
class Findings:
    """Findings as a table, worst first; those of one kind share a meaning and an advice."""

    findings: tuple[Finding, ...]
    words: Language
    template = "findings"

    @property
    def groups(self) -> tuple[FindingGroup, ...]:
        """The findings as (finding, evidence), joined where severity, meaning and advice agree."""
        tell = self.words.finding
        rows: dict[tuple[Severity, str, str], list[tuple[str, str]]] = {}
        for finding in worst_first(self.findings):
            key = (finding.severity, tell(finding, "meaning"), tell(finding, "advice"))
            rows.setdefault(key, []).append((tell(finding, "finding"), tell(finding, "evidence")))
        return tuple(FindingGroup(key[0], tuple(told), *key[1:]) for key, told in rows.items())


@dataclass(frozen=True)
class Figure:
    """A picture, numbered in the order of the page."""

    picture: Picture
    template = "figure"


@dataclass(frozen=True)
class Tabular:
    """A table, numbered in the order of the page."""

    table: Table
    template = "table"


@dataclass(frozen=True)
class Code:
    """Text in a fixed-width font."""

    title: str
    text: str
    template = "code"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    template = "heading"


Block = Paragraph | Bullets | Facts | Findings | Figure | Tabular | Code | Heading


@dataclass(frozen=True)
class Section:
    """A numbered part of the report; `key` is its anchor."""

    key: str
    title: str
    blocks: tuple[Block, ...]


def figure(result: Result, kind: str, words: Language) -> Figure:
    """Return a picture of a result as a block."""
    return Figure(picture(result, kind, words.code))


def failed(stage: str, study: StudyLike, words: Language) -> tuple[Block, ...]:
    """Return the paragraph that names a failed stage with its reason; nothing when it ran."""
    if stage not in study.failures:
        return ()
    text = words.text(
        "report.failed", stage=words.text(f"stage.{stage}"), reason=study.failures[stage]
    )
    return (Paragraph(text, "failed"),)
