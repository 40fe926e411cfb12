"""`Picture`: something to draw together with the words around it.

A notebook gets the words inside the image; an HTML page sets them as text around the
bare drawing, so that they wrap on a phone and can be read aloud.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from matplotlib.axes import Axes

from tcsmodel.report import theme

Paint = Callable[[Axes], None]
WIDTH, HEIGHT = 6.5, 4.0
PAD = 0.12
TITLE_SIZE, SUBTITLE_SIZE, CAPTION_SIZE = 12.5, 10.0, 8.5


@dataclass(frozen=True)
class Picture:
    """A drawing and its words.

    Parameters
    ----------
    title : str
        The answer that the picture gives.
    subtitle : str
        The measure and its unit.
    caption : str
        n, interval level, source.
    alt : str
        The picture in words, for those who cannot see it.
    paint : function of Axes
        Draws into axes.
    settle : function of Axes, optional
        Draws what depends on the final size of the axes, such as labels that must not
        overlap.
    size : (width, height)
        Width of the figure and height of the axes, in inches; words and labels add to
        the height of the figure.
    """

    title: str
    subtitle: str
    caption: str
    alt: str
    paint: Paint
    settle: Paint | None = None
    size: tuple[float, float] = (WIDTH, HEIGHT)

    def draw(self, ax: Axes | None = None) -> Axes:
        """Draw into `ax` with the title, or into a new figure with all the words."""
        with theme.style():
            if ax is not None:
                self.paint(ax)
                ax.set_title(self.title, loc="left", fontsize=TITLE_SIZE, fontweight="bold")
                self._settle(ax)
                return ax
            return self._framed()

    def bare(self) -> Axes:
        """Draw into a new figure without title, subtitle and caption."""
        wordless = replace(self, title="", subtitle="", caption="")
        with theme.style():
            return wordless._framed()

    def svg(self, prefix: str) -> str:
        """Return the bare drawing as an SVG element whose ids begin with `prefix`."""
        return theme.svg(theme.figure_of(self.bare()), prefix)

    def _settle(self, ax: Axes) -> None:
        if self.settle is not None:
            self.settle(ax)

    def _framed(self) -> Axes:
        width = self.size[0] - 2 * PAD
        head = [
            *_lines(self.title, width, TITLE_SIZE, "bold", theme.INK),
            *_lines(self.subtitle, width, SUBTITLE_SIZE, "normal", theme.QUIET),
        ]
        foot = _lines(self.caption, width, CAPTION_SIZE, "normal", theme.QUIET)
        above = sum(line.height for line in head) + (PAD if head else 0)
        below = sum(line.height for line in foot) + (PAD if foot else 0)
        ax = theme.canvas((self.size[0], 2 * self.size[1]))
        ax.set_position((0.25, 0.25, 0.5, 0.5))
        self.paint(ax)
        _fit(ax, self.size[1], above + PAD, below + PAD)
        self._settle(ax)
        _write(ax, head, theme.figure_of(ax).get_size_inches()[1] - PAD)
        _write(ax, foot, PAD + sum(line.height for line in foot))
        return ax


@dataclass(frozen=True)
class _Line:
    words: str
    size: float
    weight: str
    color: str

    @property
    def height(self) -> float:
        return theme.text_height(1, self.size)


def _lines(words: str, width: float, size: float, weight: str, color: str) -> list[_Line]:
    return [_Line(line, size, weight, color) for line in wrap(words, width, size, weight=weight)]


def _write(ax: Axes, lines: list[_Line], top: float) -> None:
    figure = theme.figure_of(ax)
    width, height = figure.get_size_inches()
    for line in lines:
        top -= line.height
        figure.text(
            PAD / width,
            (top + 0.25 * line.height) / height,
            line.words,
            fontsize=line.size,
            fontweight=line.weight,
            color=line.color,
            va="baseline",
        )


def _fit(ax: Axes, inner_height: float, above: float, below: float) -> None:
    """Give the axes `inner_height` inches, their labels the room they need, words the rest.

    Words keep their size when axes grow: labels are measured about axes as wide as the figure has
    room for, where words inside them have as much of it as they will have.
    """
    figure, renderer = theme.figure_of(ax), theme.renderer_of(ax)
    width, whole = figure.get_size_inches()[0], inner_height + above + below
    figure.set_size_inches(width, whole)
    ax.set_position((PAD / width, below / whole, 1 - 2 * PAD / width, inner_height / whole))
    inner = ax.get_window_extent(renderer)
    outer = ax.get_tightbbox(renderer) or inner
    dpi = figure.dpi
    left = max(inner.x0 - outer.x0, 0) / dpi + PAD
    right = max(outer.x1 - inner.x1, 0) / dpi + PAD
    below += max(inner.y0 - outer.y0, 0) / dpi
    above += max(outer.y1 - inner.y1, 0) / dpi
    height = inner_height + above + below
    figure.set_size_inches(width, height)
    inner_width = max(width - left - right, 0.5)
    ax.set_position((left / width, below / height, inner_width / width, inner_height / height))


def wrap(
    words: str, width: float, size: float, *, lines: int | None = None, weight: str = "normal"
) -> list[str]:
    """Break `words` into lines of at most `width` inches at `size` points.

    Breaks at spaces that are not no-break ones, inside a word only where the word alone is too
    wide. With `lines`
    given, what does not fit ends in an ellipsis.
    """
    done: list[str] = []
    current = ""
    for piece in _pieces(words, width, size, weight):
        candidate = (current + piece) if current else piece.lstrip()
        if current and theme.text_width(candidate.rstrip(), size, weight) > width:
            done.append(current.rstrip())
            current = piece.lstrip()
        else:
            current = candidate
    if current.strip():
        done.append(current.rstrip())
    if lines is not None and len(done) > lines:
        done = [*done[: lines - 1], _clipped(done[lines - 1], width, size, weight)]
    return done


def _pieces(words: str, width: float, size: float, weight: str) -> list[str]:
    pieces: list[str] = []
    for word in re.split(r"\s+", words.strip(), flags=re.ASCII):
        piece = " "
        for character in word:
            too_wide = theme.text_width(piece.strip() + character, size, weight) > width
            if len(piece) > 1 and (too_wide or _is_cjk(piece[-1]) or _is_cjk(character)):
                pieces.append(piece)
                piece = ""
            piece += character
        pieces.append(piece)
    return pieces


def _is_cjk(character: str) -> bool:
    return "\u2e80" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7a3"


def _clipped(line: str, width: float, size: float, weight: str) -> str:
    while line and theme.text_width(line + "…", size, weight) > width:
        line = line[:-1]
    return line.rstrip() + "…"
