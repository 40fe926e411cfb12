"""What every result shares, and `Finding`, a trouble that a result knows of itself.

This is the only module below `report` that reaches up to it, by deferred imports
inside `Result.plot` and `Finding.sentence`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Severity(StrEnum):
    """How much a finding weighs."""

    PROBLEM = "problem"
    CAUTION = "caution"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One named trouble: what was found, about whom, with which evidence.

    The words come from the report's language table under `code`, so a finding
    reads the same in a notebook, in a warning and in a report, in any language.

    Parameters
    ----------
    code : str
        The key in the language table, such as ``"low_alpha"``.
    severity : Severity
        ``problem`` (do not use the number), ``caution`` or ``note``.
    subjects : tuple of str
        The constructs or items concerned, in the user's names.
    evidence : mapping of str to float, int or str
        The numbers and names that the sentence prints.
    """

    code: str
    severity: Severity
    subjects: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, part: str = "finding", language: str = "en") -> str:
        """Return one part in words: ``finding``, ``evidence``, ``meaning`` or ``advice``."""
        from tcsmodel.report.language import finding_text

        return finding_text(self, part, language)

    def __str__(self) -> str:
        return " ".join(self.sentence(part) for part in ("finding", "evidence", "advice"))


class Result:
    """Base of all results: one table, many renderings, no clock.

    A subclass is a frozen dataclass (``frozen=True, eq=False``) that stores
    read-only arrays and names, and implements `table` and `_facts`.
    """

    def table(self) -> pd.DataFrame:
        """Return the main table, tidy."""
        raise NotImplementedError

    def _facts(self) -> str:
        raise NotImplementedError

    def verify(self) -> tuple[Finding, ...]:
        """Return the troubles that this result knows of itself, worst first."""
        return ()

    def summary(self) -> str:
        """Return the result as plain text: the one-line facts, findings, and the main table."""
        findings = [f"{finding.severity}: {finding}" for finding in self.verify()]
        body = self._known().to_string(float_format=lambda value: f"{value:.3f}")
        return "\n".join([repr(self), *findings, body])

    def plot(self, kind: str | None = None, **options: Any) -> Axes:
        """Draw the result and return the matplotlib Axes.

        Parameters
        ----------
        kind : str, optional
            Which picture, where the result has several; the first one by default.
        **options
            Passed to the drawing function in `tcsmodel.report.plots`.
        """
        from tcsmodel.report.plots import draw

        return draw(self, kind, **options)

    def _known(self) -> pd.DataFrame:
        """Return the main table without columns that hold nothing yet, as intervals do at first."""
        return self.table().dropna(axis=1, how="all")

    def _repr_html_(self) -> str:
        from html import escape

        frame = self._known().to_html(float_format=lambda value: f"{value:.3f}", escape=True)
        return f"<p>{escape(repr(self))}</p>{frame}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._facts()})"
