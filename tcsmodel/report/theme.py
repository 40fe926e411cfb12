"""One look for every picture: palette, type, measured text, and saving.

Pictures are made with matplotlib's object interface alone; style settings live in a
context and never leak into the user's session.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.textpath import text_to_path

from tcsmodel.errors import TcsWarning, warn
from tcsmodel.report.language import text

BLUE, ORANGE, VERMILLION = "#0072B2", "#E69F00", "#D55E00"
INK, QUIET, FAINT, GRID, PAPER = "#1f2328", "#59636e", "#8c959f", "#e4e7eb", "#ffffff"
DIVERGING = LinearSegmentedColormap.from_list("blue_vermillion", [BLUE, PAPER, VERMILLION])
SEQUENTIAL = LinearSegmentedColormap.from_list("paper_blue", [PAPER, "#9ecae1", BLUE])

CJK_FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "SimHei",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Noto Sans CJK JP", "Arial Unicode MS",
)  # fmt: skip
BASE_FONT = "DejaVu Sans"
WEB_FONTS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Noto Sans', "
    "'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
)
PNG_DPI = 200
POINT = 1 / 72
LINE = 1.25


@cache
def font_families() -> tuple[str, ...]:
    """Return the families that pictures use: DejaVu Sans, then the first installed CJK family."""
    installed = {font.name for font in fontManager.ttflist}
    return (BASE_FONT, *[name for name in CJK_FONTS if name in installed][:1])


@cache
def _drawable() -> frozenset[int]:
    paths = [fontManager.findfont(family) for family in font_families()]
    return frozenset(code for path in paths for code in mpl.ft2font.FT2Font(path).get_charmap())


@cache
def warn_undrawable(characters: str, language: str) -> None:
    """Warn once that no installed font has these characters."""
    message = text("picture.no_font", language, characters=characters)
    warn(message, TcsWarning)


def check_drawable(words: str, language: str) -> None:
    """Warn, once for the same characters, when no installed font can draw some of `words`."""
    lost = sorted({c for c in words if ord(c) not in _drawable() and not c.isspace()})
    if lost:
        warn_undrawable("".join(lost[:12]), language)


@contextmanager
def style() -> Iterator[None]:
    """Set the look for the artists made inside the context."""
    settings: Any = {
        "font.family": list(font_families()),
        "font.size": 10,
        "text.color": INK,
        "text.parse_math": False,
        "axes.edgecolor": FAINT,
        "axes.labelcolor": QUIET,
        "axes.labelsize": 9.5,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 12.5,
        "axes.titleweight": "bold",
        "axes.formatter.use_mathtext": False,
        "axes.unicode_minus": True,
        "xtick.color": FAINT,
        "xtick.labelcolor": QUIET,
        "xtick.labelsize": 9,
        "ytick.color": FAINT,
        "ytick.labelcolor": INK,
        "ytick.labelsize": 9,
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "lines.solid_capstyle": "round",
        "figure.facecolor": PAPER,
        "axes.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "svg.fonttype": "none",
        "svg.hashsalt": "tcsmodel",
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        yield


class PictureAxes(Axes):
    """Axes that a notebook shows as a picture."""

    def _repr_png_(self) -> bytes:
        return png(figure_of(self))


def canvas(size: tuple[float, float]) -> PictureAxes:
    """Return fresh axes that fill a figure of `size` inches, free of any global state."""
    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    return cast(PictureAxes, figure.add_axes((0, 0, 1, 1), axes_class=PictureAxes))


def figure_of(ax: Axes) -> Figure:
    """Return the figure of axes, the outermost one."""
    figure = ax.figure
    while isinstance(figure, SubFigure):
        figure = figure.figure
    return figure


def renderer_of(ax: Axes) -> RendererAgg:
    """Return something that can measure text in a figure, whatever its own backend."""
    figure = figure_of(ax)
    width, height = figure.get_size_inches() * figure.dpi
    return RendererAgg(width, height, figure.dpi)


def png(figure: Figure, dpi: int = PNG_DPI) -> bytes:
    """Return the figure as a PNG, the same bytes each time."""
    stream = io.BytesIO()
    with style():
        figure.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
    return stream.getvalue()


_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_STYLE = re.compile(r"\s*<defs>\s*<style[^>]*>.*?</style>\s*</defs>", re.DOTALL)
_SIZE = re.compile(r'(<svg\b[^>]*?) width="[^"]*"|(<svg\b[^>]*?) height="[^"]*"')
_FAMILY = re.compile(r"font-family: [^;\"]*; ?")
_ID = re.compile(r'\bid="')
_LINK = re.compile(r'(url\(|href=")#')


def svg(figure: Figure, prefix: str) -> str:
    """Return the figure as an SVG element to be put into an HTML page.

    Text stays text, in the fonts that the page's style sheet names; ids are made unique
    by `prefix`; the clock, matplotlib's style sheet and the fixed size are left out.
    """
    stream = io.StringIO()
    with style():
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    markup = stream.getvalue()
    markup = markup[markup.index("<svg") :]
    markup = _STYLE.sub("", _METADATA.sub("", markup))
    for _ in range(2):
        markup = _SIZE.sub(lambda match: match.group(1) or match.group(2), markup, count=1)
    markup = _FAMILY.sub("", markup)
    markup = _ID.sub(f'id="{prefix}-', markup)
    return _LINK.sub(rf"\1#{prefix}-", markup)


@cache
def _advance(character: str, weight: str) -> float:
    """Return the width of one character at 100 points, in points."""
    font = FontProperties(family=list(font_families()), size=100, weight=weight)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        width, _, _ = text_to_path.get_text_width_height_descent(character, font, False)
    return float(width)


def text_width(words: str, size: float, weight: str = "normal") -> float:
    """Return the width in inches of one line of text at `size` points, kerning left aside."""
    return sum(_advance(character, weight) for character in words) * size / 100 * POINT


def text_height(lines: int, size: float) -> float:
    """Return the height in inches of `lines` lines at `size` points."""
    return lines * size * LINE * POINT
