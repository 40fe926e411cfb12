"""Words: numbers as the language writes them, every key there, every finding in words."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest

import tcsmodel
from tcsmodel.errors import OptionError
from tcsmodel.report.language import PARTS, finding_text, language, languages, text
from tcsmodel.report.language.numbers import NumberFormat
from tcsmodel.result import Finding, Severity

PACKAGE = Path(tcsmodel.__file__).parent
SOURCES = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
TEMPLATES = "".join(p.read_text(encoding="utf-8") for p in PACKAGE.rglob("templates/*.html"))
APA, THESIS = NumberFormat(leading_zero=False), NumberFormat(leading_zero=True)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (APA.ratio(0.4519), ".45"),
        (APA.ratio(-0.4519), "−.45"),
        (APA.ratio(1.0), "1.00"),
        (APA.ratio(3.27), "3.27"),
        (APA.ratio(-0.001), ".00"),
        (APA.ratio(10.5), "10.50"),
        (THESIS.ratio(0.853, 3), "0.853"),
        (APA.p(0.00004), "< .001"),
        (APA.p(0.034), ".034"),
        (THESIS.p(0.0001), "< 0.001"),
        (APA.p_phrase(0.0001), "p < .001"),
        (APA.p_phrase(0.2), "p = .200"),
        (APA.number(-1234.5, 1), "−1,234.5"),
        (APA.number(-0.04, 1), "0.0"),
        (APA.number(float("nan")), "–"),
        (APA.number(None), "–"),
        (APA.number(True), "–"),
        (APA.percent(0.625), "62%"),
        (APA.percent(0.0033), "<1%"),
        (APA.percent(0.006), "1%"),
        (APA.percent(0.0), "0%"),
        (APA.percent(0.999), ">99%"),
        (APA.percent(1.0), "100%"),
        (APA.interval(0.41, 0.6, ratio=True), "[.41, .60]"),
        (APA.interval(0.41, float("nan")), "–"),
    ],
)
def test_numbers_follow_the_conventions(written: str, wanted: str) -> None:
    assert written == wanted


def test_placeholders_know_ratios_p_values_lists_and_counts() -> None:
    found = Finding(
        "htmt_indistinct",
        Severity.PROBLEM,
        ("A & B", "C"),
        {"htmt": 0.954, "ci_lower": 0.9, "ci_upper": 1.02},
    )
    assert finding_text(found, "finding").startswith("A & B and C cannot be told apart")
    assert "HTMT is .95 [.90, 1.02]" in finding_text(found, "evidence")
    assert language().listing(["a", "b", "c"]) == "a, b and c"
    assert language().listing([]) == ""


def test_signed_numbers_have_a_real_minus_sign() -> None:
    evidence = {
        "cost": -1.1,
        "lower": -1.6,
        "upper": -0.6,
        "observed": 0.4,
        "latent": 0.0,
        "group": "B",
        "first": "A",
    }
    found = Finding("misread_difference", Severity.CAUTION, ("Quality",), evidence)
    said = finding_text(found, "evidence")
    assert "−1.1 points [−1.6, −0.6] of a difference of +0.4; the constructs differ by 0.0" in said


def test_values_with_braces_are_not_templates() -> None:
    found = Finding("not_converged", Severity.PROBLEM, ("{iterations} {0}",), {"iterations": 3})
    assert finding_text(found, "finding") == "{iterations} {0} did not converge."


def test_an_unknown_language_lists_those_there_are() -> None:
    with pytest.raises(OptionError, match=r"language='eng' is not one of .*Did you mean 'en'"):
        text("list.comma", "eng")


def used_keys() -> set[str]:
    pattern = re.compile(r"""\btext\(\s*["']([\w. -]+)["']\s*[,)]""")
    keys = {key for source in SOURCES.values() for key in pattern.findall(source)}
    columns = re.compile(r"""make\.\w+\(\s*"([\w.]+)\"""")
    keys |= {key for source in SOURCES.values() for key in columns.findall(source)}
    return keys | set(pattern.findall(TEMPLATES))


@pytest.mark.parametrize("code", languages())
def test_every_key_that_is_used_has_words(code: str) -> None:
    keys = used_keys()
    assert len(keys) > 150
    assert not keys - set(language(code).strings)


@pytest.mark.parametrize("code", languages())
def test_every_finding_that_is_made_has_all_its_words(code: str) -> None:
    pattern = re.compile(r"""Finding\(\s*"(\w+)\"""")
    codes = {found for source in SOURCES.values() for found in pattern.findall(source)}
    assert len(codes) > 40
    words = language(code).findings
    assert not codes - set(words)
    assert all(set(PARTS) <= set(parts) for parts in words.values())


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("code", languages())
def test_languages_have_the_same_keys_and_placeholders(code: str) -> None:
    ours, english = language(code), language("en")
    assert set(ours.strings) == set(english.strings)
    assert set(ours.findings) == set(english.findings)
    for key, template in english.strings.items():
        assert placeholders(ours.strings[key]) <= placeholders(template), key


@pytest.mark.parametrize("code", languages())
def test_no_finding_has_words_in_two_places(code: str) -> None:
    module = import_module(f"tcsmodel.report.language.findings_{code}")
    written = [table for name, table in vars(module).items() if name.isupper()]
    parts = [table for table in written if table is not module.FINDINGS]
    codes = [key for table in parts for key in table]
    twice = {key for key in codes if codes.count(key) > 1}
    hidden = {k for table in parts for k in table if table[k] is not module.FINDINGS[k]}
    assert twice | hidden == set()
