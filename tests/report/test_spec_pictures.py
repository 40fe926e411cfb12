"""The picture of a specification: every construct, item and arrow, and no numbers."""

from __future__ import annotations

import numpy as np
import pytest

import tcsmodel as tcs
from tcsmodel.errors import OptionError
from tcsmodel.report.diagram import Node, _name_lines
from tcsmodel.report.plots import draw, picture


def words(spec: tcs.ModelSpec) -> list[str]:
    return [text.get_text() for text in draw(spec).texts]


def test_a_specification_is_drawn_before_there_are_data() -> None:
    spec = tcs.library.scsb()
    shown = words(spec)
    assert {*spec.construct_names, *spec.items} <= set(shown)
    assert not any(
        character.isdigit() for text in set(shown) - set(spec.items) for character in text
    )
    drawn = picture(spec)
    assert drawn.title == "The model: 5 constructs, 12 items, 6 paths"
    assert "Expectation to Performance, Expectation to Satisfaction" in drawn.alt
    with pytest.raises(OptionError, match="diagram"):
        draw(spec, "loadings")


def test_second_order_constructs_covariances_and_items_in_paths_are_drawn() -> None:
    spec = tcs.ModelSpec.parse("""
        A =~ a1 + a2
        B <~ b1 + b2
        Above =~ A + C
        C =~ c1 + c2
        age ~~ 0*B
        Above ~~ B
        C ~ age
    """)
    shown = words(spec)
    assert {"A", "B", "C", "Above", "age", "a1", "b1", "c2"} <= set(shown)
    assert shown.count("A") == 1
    assert "Above to A, Above to C and age to C" in picture(spec).alt


def test_products_of_constructs_are_drawn_as_constructs() -> None:
    spec = tcs.ModelSpec.parse("A =~ a1 + a2\nB =~ b1 + b2\nC =~ c1\nC ~ A + B + A:B")
    assert "A:B" in words(spec)
    assert "A:B to C" in picture(spec).alt


def test_long_names_break_before_capitals() -> None:
    assert _name_lines(Node("ComplaintHandling")) == ["Complaint", "Handling"]
    assert _name_lines(Node("HotLine")) == ["HotLine"]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Satisfaction:SwitchingCost", ["Satisfaction:", "SwitchingCost"]),
        ("Image:Value", ["Image:Value"]),
        (
            "PerceivedQuality:ComplaintHandling",
            ["Perceived", "Quality:", "Complaint", "Handling"],
        ),
        ("perceived_service_quality", ["perceived_", "service_quality"]),
        ("Kundenzufriedenheit", ["Kundenzufriedenheit"]),
        ("Kundenzufriedenheit:Wechselkosten", ["Kundenzufriedenheit:", "Wechselkosten"]),
        ("Perceived overall quality", ["Perceived", "overall quality"]),
        ("顾客满意度:转换成本感知程度", ["顾客满意度:", "转换成本感知程度"]),
    ],
)
def test_names_break_between_words(name: str, lines: list[str]) -> None:
    assert _name_lines(Node(name)) == lines


def test_what_forms_a_whole_points_to_it() -> None:
    alt = picture(tcs.library.telecom()).alt
    assert "Network to Quality" in alt
    assert "Quality to Network" not in alt


def test_the_same_model_gives_the_same_picture() -> None:
    first, second = (draw(tcs.library.scsb()).figure for _ in range(2))
    assert np.array_equal(first.get_size_inches(), second.get_size_inches())
