"""Pictures: measured text, figures that fit, SVG for a page, no trace in the user's session."""

from __future__ import annotations

import re
import warnings

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tcsmodel.errors import TcsWarning
from tcsmodel.report import theme
from tcsmodel.report.picture import Picture, wrap

LONG = "A very long label that says <script>alert('x')</script> & costs $5 or $6 a month"


def bars(ax: Axes) -> None:
    ax.barh([LONG, "short"], [1, 2])
    ax.set_xlabel("amount")


PICTURE = Picture("The answer " * 9, "measure", "n = 250", "two bars", bars)


def test_wrapped_lines_fit_and_lose_nothing() -> None:
    lines = wrap(LONG, 1.5, 10)
    assert all(theme.text_width(line, 10) <= 1.5 for line in lines)
    assert "".join(lines).replace(" ", "") == LONG.replace(" ", "")


def test_words_wider_than_the_room_are_broken_and_too_much_ends_in_an_ellipsis() -> None:
    lines = wrap("Donaudampfschifffahrtsgesellschaft" * 2, 1.0, 10, lines=2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert all(theme.text_width(line, 10) <= 1.0 for line in lines)


def test_chinese_breaks_between_characters() -> None:
    lines = wrap("顾客满意度指数是一个很长的标签", 1.0, 10)
    assert len(lines) > 1
    assert "".join(lines) == "顾客满意度指数是一个很长的标签"


def test_every_label_lies_inside_the_figure() -> None:
    ax = PICTURE.draw()
    figure = ax.figure
    assert isinstance(figure, Figure)
    renderer = theme.renderer_of(ax)
    boxes = [text.get_window_extent(renderer) for text in figure.texts]
    for box in [*boxes, ax.get_tightbbox(renderer)]:
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y0 >= 0
        assert box.y1 <= figure.bbox.y1 + 1


def test_the_svg_keeps_text_and_escapes_it() -> None:
    markup = PICTURE.svg("figure-7")
    assert "&lt;script&gt;" in "".join(re.findall(r"<text[^>]*>([^<]*)", markup))
    assert "<script" not in markup
    assert "The answer" not in markup


def test_the_svg_has_no_clock_no_style_sheet_and_ids_of_its_own() -> None:
    markup = PICTURE.svg("figure-7")
    assert "<metadata" not in markup
    assert "<style" not in markup
    assert "font-family" not in markup
    assert set(re.findall(r'\bid="(figure-7)?', markup)) == {"figure-7"}
    assert set(re.findall(r'(?:url\(|href=")#(figure-7)?', markup)) <= {"figure-7"}
    assert PICTURE.svg("figure-7") == markup


def test_drawing_leaves_no_setting_behind() -> None:
    before = dict(mpl.rcParams)
    PICTURE.draw()
    PICTURE.svg("a")
    assert dict(mpl.rcParams) == before


def test_a_notebook_gets_a_picture() -> None:
    ax = PICTURE.draw()
    assert isinstance(ax, theme.PictureAxes)
    assert ax._repr_png_().startswith(b"\x89PNG")


def test_given_axes_are_used() -> None:
    ax = Figure().add_subplot()
    assert PICTURE.draw(ax) is ax
    assert ax.get_title(loc="left").startswith("The answer")


@pytest.fixture
def without_cjk(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = (theme.font_families, theme._drawable, theme._advance, theme.warn_undrawable)
    monkeypatch.setattr(theme, "CJK_FONTS", ())
    for cached in caches:
        cached.cache_clear()
    yield
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


@pytest.mark.usefixtures("without_cjk")
def test_characters_that_no_font_has_are_warned_of_once() -> None:
    with pytest.warns(TcsWarning, match="Noto Sans CJK SC"):
        theme.check_drawable("满意", "en")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        theme.check_drawable("满意", "en")
        markup = Picture("t", "", "", "", lambda ax: ax.set_xlabel("满意")).svg("a")
    assert "满意" in markup
