"""What every result shares, and `Finding`, a trouble that a result knows of itself.

This is the only module below `report` that reaches up to it, by deferred imports
inside `Result.plot` and `Finding.sentence`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_P_VALUE = re.compile(r"(?!p_first$)(.*_)?p(_.*)?")
_DF = re.compile(r"(.*_)?df[12]?(_.*)?")


def decimals(value: float) -> str:
    """Return a number to three decimals, without a sign where they are zero."""
    return f"{value:z.3f}"


def shown_p(value: float, least: float = 0.0) -> str:
    """Return a p value to three decimals, never as zero.

    Parameters
    ----------
    value : float
        The p value.
    least : float
        The smallest that resamples can tell from zero: one over their number.
    """
    if value == 0 and least > 0.001:
        return f"<{least:.3g}"
    return "<0.001" if value < 0.001 else decimals(value)


def p_phrase(value: float, least: float = 0.0) -> str:
    """Return ``p=0.034`` or ``p<0.001``."""
    return f"p={shown_p(value, least)}".replace("=<", "<")


def shown_df(value: float) -> str:
    """Return degrees of freedom: a whole number, or to three decimals where scaling makes them."""
    return f"{value:.0f}" if float(value).is_integer() else decimals(value)


def formats_of(frame: pd.DataFrame, least: float = 0.0) -> dict[Any, Callable[[Any], str]]:
    """Return how the columns of p values and of degrees of freedom of a frame are printed."""
    names = [name for name in frame.select_dtypes("number").columns if isinstance(name, str)]
    tests = {name: partial(shown_p, least=least) for name in names if _P_VALUE.fullmatch(name)}
    return tests | {name: shown_df for name in names if _DF.fullmatch(name)}


def as_text(frame: pd.DataFrame, least: float = 0.0, **options: Any) -> str:
    """Return a frame in fixed width, with numbers to three decimals and no p value of 0.000."""
    formats = formats_of(frame, least)
    # Chinese, Japanese and Korean letters are two columns wide in a terminal.
    with pd.option_context("display.unicode.east_asian_width", True):
        return frame.to_string(float_format=decimals, formatters=formats, **options)


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


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by severity, problems first; those alike in the order given."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


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
        body = as_text(self._known(), self._least_p)
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

    @property
    def _least_p(self) -> float:
        """The smallest p value that its resamples can tell from zero; zero without any."""
        return 0.0

    def _known(self) -> pd.DataFrame:
        """Return the main table without columns that hold nothing yet, as intervals do at first."""
        return self.table().dropna(axis=1, how="all")

    def _repr_html_(self) -> str:
        from html import escape

        known = self._known()
        formats = formats_of(known, self._least_p)
        frame = known.to_html(float_format=decimals, formatters=formats, escape=True)
        return f"<p>{escape(repr(self))}</p>{frame}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._facts()})"
