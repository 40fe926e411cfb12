"""Words: every string that a reader sees comes from the tables in this package.

A language is two files: ``xx.py`` with ``STRINGS`` (text by key) and
``LEADING_ZERO`` (its number convention), and ``findings_xx.py`` with ``FINDINGS``.

Placeholders are those of `str.format`, with more format types for statistics:
``{alpha:.2r}`` (a ratio, written .85 or 0.85 as the language does), ``{p:p}``
(p = .034 or p < .001) and ``{share:%}`` as a whole percentage. ``{kind:@weights}``
is the string under ``weights.<kind>``, the language's word for an option. Sequences
are joined with the language's "and".
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from string import Formatter
from typing import Any

from tcsmodel.errors import OptionError
from tcsmodel.options import did_you_mean
from tcsmodel.report.language.numbers import NumberFormat, is_number
from tcsmodel.result import Finding

_DECIMALS = re.compile(r"(?P<sign>\+?),?\.(?P<digits>\d)(?P<kind>[fr])")
PARTS = ("finding", "evidence", "meaning", "advice")


@dataclass(frozen=True)
class Language:
    """One language: its strings, its words of findings, and its number format."""

    code: str
    strings: Mapping[str, str]
    findings: Mapping[str, Mapping[str, str]]
    numbers: NumberFormat

    def text(self, key: str, **values: Any) -> str:
        """Return the string under `key` with its placeholders filled."""
        return _Words(self).vformat(self.strings[key], (), values)

    def finding(self, finding: Finding, part: str) -> str:
        """Return one part of a finding in words."""
        subjects = finding.subjects
        values = {
            "subject": subjects[0] if subjects else "",
            "subjects": subjects,
            **finding.evidence,
        }
        return _Words(self).vformat(self.findings[finding.code][part], (), values)

    def listing(self, names: Iterable[object]) -> str:
        """Return ``a, b and c``."""
        words = [str(name) for name in names]
        if len(words) < 2:
            return "".join(words)
        return self.strings["list.and"].format(
            first=self.strings["list.comma"].join(words[:-1]), last=words[-1]
        )


class _Words(Formatter):
    """`str.format` that knows ratios, p values, real minus signs and sequences."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        numbers = self.language.numbers
        if isinstance(value, (list, tuple, set, frozenset)):
            return self.language.listing(value)
        if format_spec.startswith("@"):
            return self.language.strings[f"{format_spec[1:]}.{value}"]
        if format_spec == "p":
            return numbers.p_phrase(value)
        if format_spec == "%":
            return numbers.percent(value)
        decimals = _DECIMALS.fullmatch(format_spec)
        if decimals:
            write = numbers.ratio if decimals["kind"] == "r" else numbers.number
            sign = decimals["sign"] if is_number(value) and value > 0 else ""
            return sign + write(value, int(decimals["digits"]))
        if not format_spec and is_number(value):
            return numbers.count(value) if value == int(value) else numbers.number(value)
        return str(super().format_field(value, format_spec))


def languages() -> tuple[str, ...]:
    """Return the codes of the languages that have a table."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(n.removeprefix("findings_") for n in names if n.startswith("findings_")))


@cache
def language(code: str = "en") -> Language:
    """Return a language by its code.

    Raises
    ------
    OptionError
        When there is no table for it; the message lists those there are.
    """
    if code not in languages():
        raise OptionError(
            f"language={code!r} is not one of {', '.join(languages())}."
            f"{did_you_mean(code, languages())}"
        )
    strings = import_module(f"{__name__}.{code}")
    findings = import_module(f"{__name__}.findings_{code}")
    return Language(code, strings.STRINGS, findings.FINDINGS, NumberFormat(strings.LEADING_ZERO))


def text(key: str, language_code: str = "en", **values: Any) -> str:
    """Return the string under `key` in a language, with its placeholders filled."""
    return language(language_code).text(key, **values)


def finding_text(finding: Finding, part: str, language_code: str = "en") -> str:
    """Return a finding's ``finding``, ``evidence``, ``meaning`` or ``advice`` in words."""
    return language(language_code).finding(finding, part)
