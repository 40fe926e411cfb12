"""The report: one valid, self-contained page that shows what ran and names what did not."""

from __future__ import annotations

import re
import warnings
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import tcsmodel as tcs
from tcsmodel.errors import OptionError, TcsWarning
from tcsmodel.report.html import render_report, write_report

VOID = {"meta", "br", "hr", "img", "input", "link"}
SECTIONS = [
    "findings",
    "trust",
    "answers",
    "structure",
    "model",
    "index",
    "drivers",
    "priorities",
    "appendix",
]
HOSTILE = "Quality <script>alert(1)</script> & $x$"
MODEL = f"""
Image =~ IMAG1 + IMAG2 + IMAG3
"{HOSTILE}" =~ PERQ1 + PERQ2 + PERQ3
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Satisfaction ~ Image + "{HOSTILE}"
"{HOSTILE}" ~ Image
"""


def run(model: str, survey: Any) -> Any:
    road = tcs.Study(tcs.ModelSpec.parse(model), bootstrap=60, driver_bootstrap=60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        return road.run(survey, seed=3)


@pytest.fixture(scope="module")
def study(mobi_frame: pd.DataFrame) -> Any:
    frame = mobi_frame.assign(brand=["A & B", "<i>C</i>"] * 125, w=[1.0, 2.0] * 125)
    survey = tcs.Survey(
        frame,
        items=list(mobi_frame.columns),
        scale=(1, 10),
        group="brand",
        weight="w",
        labels={"IMAG1": "<b>Trusted</b> in what it says & does"},
    )
    return run(MODEL, survey)


@pytest.fixture(scope="module")
def page(study: Any) -> str:
    return render_report(study)


class Reader(HTMLParser):
    """Collects what the page says and whether its tags balance."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "a":
            self.links.append(str(found["href"]))
        if found.get("role") == "img":
            self.labels.append(str(found.get("aria-label", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def test_tags_balance_and_ids_are_unique(page: str) -> None:
    reader = read(page)
    assert len(reader.ids) == len(set(reader.ids))


def test_every_link_leads_somewhere_on_the_page(page: str) -> None:
    reader = read(page)
    assert {link.lstrip("#") for link in reader.links} <= set(reader.ids)
    assert all(link.startswith("#") for link in reader.links)


def test_the_sections_come_in_the_readers_order(page: str) -> None:
    found = re.findall(r'<section id="(\w+)">', page)
    assert found == SECTIONS


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(page: str) -> None:
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not {"script", "link", "iframe", "object"} & set(read(page).tags)
    assert "@import" not in page
    assert not re.search(r"\son\w+=", page)


def test_every_label_is_escaped(page: str) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<b>Trusted" not in page
    assert "<i>C" not in page


def test_every_figure_has_a_text_for_those_who_cannot_see_it(page: str) -> None:
    reader = read(page)
    assert len(reader.labels) == reader.tags.count("svg") == reader.tags.count("figure")
    assert reader.tags.count("figure") >= 9
    assert all(len(label) > 20 for label in reader.labels)


def test_figures_and_tables_are_numbered_without_a_gap(page: str) -> None:
    for kind, name in (("figure", "Figure"), ("table", "Table")):
        numbers = [int(n) for n in re.findall(rf"<strong>{name} (\d+)\.", page)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert f'id="{kind}-{numbers[-1]}"' in page


def test_body_tables_have_at_most_eight_columns(page: str) -> None:
    body = page[: page.index('<section id="appendix">')]
    heads = re.findall(r"<thead>(.*?)</thead>", body, re.DOTALL)
    assert max(head.count("<th ") for head in heads) <= 8


def test_the_same_study_gives_the_same_page_without_a_clock(study: Any, page: str) -> None:
    assert render_report(study) == page
    assert not re.search(r"20\d\d-\d\d-\d\d", page)


def test_it_is_small(page: str) -> None:
    assert len(page.encode()) < 2_000_000


def test_numbers_on_the_page_are_those_of_the_results(study: Any, page: str) -> None:
    assert f'<span class="value">{study.index.value:.1f}</span>' in page
    alpha = study.pls.reliability.loc["Image", "alpha"]
    assert f">{alpha:.2f}<".replace("0.", ".") in page
    assert "A &amp; B" in page


def test_the_gate_is_shown_with_its_advice(study: Any, page: str) -> None:
    trust = page[page.index('<section id="trust">') : page.index('<section id="answers">')]
    for finding in study.gate.findings:
        words = finding.sentence("finding")
        assert words in unescape(trust)


def test_stages_that_failed_are_named_with_the_reason(mobi_frame: pd.DataFrame) -> None:
    model = MODEL.replace("Image =~", "Image <~")
    failed = run(model, tcs.Survey(mobi_frame, scale=(1, 10)))
    assert set(failed.failures) == {"cfa", "sem"}
    page = render_report(failed)
    read(page)
    assert "What could not be computed" in page
    assert "The covariance-based model (SEM) could not be computed. Construct" in page
    assert "SEM by maximum likelihood" not in page
    assert "PLS path model" in page


def test_a_study_in_which_nothing_worked_still_has_a_report(mobi_frame: pd.DataFrame) -> None:
    survey = tcs.Survey(mobi_frame.assign(PERQ1=5.0), scale=(1, 10))
    failed = run(MODEL, survey)
    page = render_report(failed)
    read(page)
    assert page.count("could not be computed") >= 2 * len(failed.failures)
    assert re.findall(r'<section id="(\w+)">', page) == SECTIONS


def test_answers_without_a_scale_lose_only_what_needs_it(mobi_frame: pd.DataFrame) -> None:
    page = render_report(run(MODEL, mobi_frame))
    read(page)
    assert "The index could not be computed" in page
    assert "PLS path model" in page


@pytest.mark.parametrize(
    ("brand", "said"),
    [
        (
            ["A", "B", None, None, "A"] * 50,
            "Respondents without a value of brand, in no segment: 100",
        ),
        ([None] * 250, "Column &#39;brand&#39; is empty, so it makes no segments."),
    ],
    ids=["gaps", "empty"],
)
def test_respondents_without_a_segment_are_counted(
    mobi_frame: pd.DataFrame, brand: list[str | None], said: str
) -> None:
    items = list(mobi_frame.columns)
    survey = tcs.Survey(mobi_frame.assign(brand=brand), items, scale=(1, 10), group="brand")
    page = render_report(run(MODEL, survey))
    read(page)
    assert said in page


def test_an_index_that_cannot_be_read_is_not_the_headline(mobi_frame: pd.DataFrame) -> None:
    turned = mobi_frame.assign(CUSA1=11 - mobi_frame["CUSA1"])
    page = render_report(run(MODEL, tcs.Survey(turned, scale=(1, 10))))
    assert "a better answer to CUSA1 lowers it" in page
    assert '<span class="value">' not in page


def test_it_is_written_as_utf8(study: Any, tmp_path: Path) -> None:
    write_report(study, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_bytes().decode("utf-8")
    assert text == render_report(study)
    assert '<html lang="en">' in text


def test_an_unknown_language_is_refused(study: Any, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="language='xx'"):
        write_report(study, tmp_path / "report.html", language="xx")


def test_a_report_of_simulated_answers_says_so(page: str) -> None:
    survey = tcs.simulate(tcs.library.bank(), n=300, seed=1, scale=(1, 10))
    simulated = render_report(run(str(tcs.library.bank()), survey))
    assert simulated.count("300 used of 300, simulated: nobody was asked") == 2
    assert "simulated" not in page
