"""The drawings: each takes plain labels and numbers and returns a function that paints axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from tcsmodel.report import theme
from tcsmodel.report.picture import Paint, wrap

LABEL_WIDTH = 2.1
MANY_ROWS = 12
ROW = 0.36
LABEL_SIZE, VALUE_SIZE = 9.5, 9.0
Write = Callable[[float], str]


@dataclass(frozen=True)
class Line:
    """A reference line and its words."""

    at: float
    words: str


def rows_height(labels: Sequence[str], row: float = ROW) -> float:
    """Return the height in inches that rows with these labels need."""
    tallest = max((len(lines) for lines in _row_labels(labels)), default=1)
    return len(labels) * max(row, theme.text_height(tallest, LABEL_SIZE) + 0.06)


def _row_labels(labels: Sequence[str]) -> list[list[str]]:
    """Break labels into lines: one wide line each where rows are many, else up to three."""
    if len(labels) > MANY_ROWS:
        return [wrap(label, 1.35 * LABEL_WIDTH, LABEL_SIZE, lines=1) for label in labels]
    return [wrap(label, LABEL_WIDTH, LABEL_SIZE, lines=3) for label in labels]


def label_rows(ax: Axes, labels: Sequence[str], bold: Sequence[bool] | None = None) -> None:
    """Write the labels of rows to the left of the axes, the first on top."""
    ax.set_yticks(range(len(labels)))
    ax.set_yticklabels(["\n".join(lines) for lines in _row_labels(labels)], fontsize=LABEL_SIZE)
    for tick, strong in zip(ax.get_yticklabels(), bold or [False] * len(labels), strict=True):
        tick.set_fontweight("bold" if strong else "normal")
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def write_rows(ax: Axes, words: Sequence[str], header: str = "") -> None:
    """Write one column of values to the right of the axes, in line with the rows."""
    transform = ax.get_yaxis_transform()
    for row, value in enumerate(words):
        ax.text(
            1.02, row, value, transform=transform, va="center", fontsize=VALUE_SIZE, color=theme.INK
        )
    if header:
        ax.text(
            1.02, -0.62, header, transform=transform, va="bottom", fontsize=VALUE_SIZE - 0.5,
            color=theme.QUIET,
        )  # fmt: skip


def _reference_lines(ax: Axes, lines: Sequence[Line]) -> None:
    for line in lines:
        ax.axvline(line.at, color=theme.FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        ax.annotate(
            line.words,
            (line.at, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3, 3),
            textcoords="offset points",
            va="bottom",
            fontsize=8.5,
            color=theme.QUIET,
        )


def forest(
    frame: pd.DataFrame,
    *,
    limits: tuple[float, float] | None = None,
    lines: Sequence[Line] = (),
    axis: str = "",
    values_header: str = "",
    bold: bool = True,
) -> Paint:
    """Paint dots with intervals, one row each.

    Parameters
    ----------
    frame : DataFrame
        Columns ``label estimate ci_lower ci_upper words strong``: words are written at
        the right; a strong row is drawn in the accent colour. Missing limits draw no
        interval.
    limits : (low, high), optional
        Of the axis.
    lines : sequence of Line
        Reference lines.
    axis, values_header : str
        What the axis and the written column show.
    bold : bool
        Whether labels of strong rows are bold.
    """

    def paint(ax: Axes) -> None:
        rows = np.arange(len(frame))
        strong = frame["strong"].to_numpy(dtype=bool)
        ends = span(frame, limits, lines)
        ax.hlines(rows, *ends, color=theme.GRID, linewidth=0.8, zorder=0)
        for row, (low, high) in enumerate(zip(frame["ci_lower"], frame["ci_upper"], strict=True)):
            color = theme.BLUE if strong[row] else theme.QUIET
            ax.plot([low, high], [row, row], color=color, linewidth=2.6, alpha=0.75, zorder=2)
        colors = np.where(strong, theme.BLUE, theme.QUIET)
        ax.scatter(
            frame["estimate"],
            rows,
            s=46,
            c=colors,
            edgecolors=theme.PAPER,
            linewidths=1.0,
            zorder=3,
        )
        label_rows(ax, list(frame["label"]), list(strong & bold))
        write_rows(ax, list(frame["words"]), values_header)
        _reference_lines(ax, lines)
        ax.set_xlim(*ends)
        ax.set_xlabel(axis)

    return paint


def span(
    frame: pd.DataFrame, limits: tuple[float, float] | None, lines: Sequence[Line] = ()
) -> tuple[float, float]:
    """Return limits of an axis that shows zero, all intervals and lines, unless they are given."""
    if limits is not None:
        return limits
    shown = frame[["estimate", "ci_lower", "ci_upper"]].to_numpy(dtype=float).ravel()
    numbers = np.append(shown, [line.at for line in lines])
    low, high = min(0.0, float(np.nanmin(numbers))), max(0.0, float(np.nanmax(numbers)))
    pad = 0.04 * (high - low or 1.0)
    return (low - pad if low < 0 else low), (high + pad if high > 0 else high)


def bars(
    frame: pd.DataFrame,
    *,
    axis: str,
    write_tick: Write,
    values_header: str = "",
) -> Paint:
    """Paint horizontal bars from zero with intervals.

    Parameters
    ----------
    frame : DataFrame
        Columns ``label estimate ci_lower ci_upper words strong``; bars that are not
        strong are hatched and grey.
    axis : str
        What the axis shows.
    write_tick : function of float
        Writes a tick of the axis.
    values_header : str
        Over the written column.
    """

    def paint(ax: Axes) -> None:
        rows = np.arange(len(frame))
        strong = frame["strong"].to_numpy(dtype=bool)
        drawn = ax.barh(
            rows,
            frame["estimate"],
            height=0.62,
            color=np.where(strong, theme.BLUE, theme.PAPER),
            edgecolor=np.where(strong, theme.BLUE, theme.QUIET),
            linewidth=0.9,
            zorder=2,
        )
        for bar, plain in zip(drawn, ~strong, strict=True):
            bar.set_hatch("////" if plain else "")
        for row, (low, high) in enumerate(zip(frame["ci_lower"], frame["ci_upper"], strict=True)):
            for color, width in ((theme.PAPER, 4.0), (theme.INK, 1.5)):
                ax.plot([low, high], [row, row], color=color, linewidth=width, zorder=3)
        label_rows(ax, list(frame["label"]))
        write_rows(ax, list(frame["words"]), values_header)
        ax.axvline(0, color=theme.FAINT, linewidth=0.9, zorder=3)
        ax.grid(axis="x", zorder=0)
        ax.set_axisbelow(True)
        ax.set_xlim(*span(frame, None))
        ax.xaxis.set_major_formatter(lambda value, _: write_tick(value))
        ax.set_xlabel(axis)

    return paint


@dataclass(frozen=True)
class Marks:
    """One of the series that `rivals` compares: its column, its words, and how it is drawn."""

    column: str
    words: str
    marker: str
    size: float
    fill: str
    edge: str


def rivals(
    frame: pd.DataFrame, series: Sequence[Marks], *, axis: str, values_header: str = ""
) -> Paint:
    """Paint several marks a row, told apart by shape, fill and a legend above.

    Parameters
    ----------
    frame : DataFrame
        Columns ``label words strong`` and one per series; missing values draw nothing. The
        last two series are joined by a line, in the accent colour where strong.
    series : sequence of Marks
        The last one lies on top.
    axis, values_header : str
        What the axis and the written column show.
    """

    def paint(ax: Axes) -> None:
        rows = np.arange(len(frame))
        strong = frame["strong"].to_numpy(dtype=bool)
        low, high = (frame[one.column].to_numpy(dtype=float) for one in series[-2:])
        colors = np.where(strong, theme.BLUE, theme.FAINT).tolist()
        ax.hlines(rows, low, high, colors=colors, linewidth=2.2, zorder=2)
        for layer, one in enumerate(series):
            ax.scatter(
                frame[one.column],
                rows,
                s=one.size,
                marker=one.marker,
                c=one.fill,
                edgecolors=one.edge,
                linewidths=1.2,
                zorder=3 + layer,
                label=one.words,
            )
        label_rows(ax, list(frame["label"]), list(strong))
        write_rows(ax, list(frame["words"]), values_header)
        ax.grid(axis="x", zorder=0)
        ax.set_axisbelow(True)
        ax.set_xlabel(axis)
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(-0.01, 1.0),
            ncols=len(series),
            frameon=False,
            fontsize=8.5,
            handletextpad=0.3,
            columnspacing=1.2,
            borderpad=0.1,
        )

    return paint


def scree(
    eigenvalues: pd.DataFrame, kept: int, words: tuple[str, str, str], axes: tuple[str, str]
) -> Paint:
    """Paint the eigenvalues of the data over those of random data.

    Parameters
    ----------
    eigenvalues : DataFrame
        One row per factor: ``observed``, ``mean`` and ``q95`` of random data.
    kept : int
        How many factors are kept; drawn in the accent colour.
    words : tuple of str
        Direct labels of the three series.
    axes : tuple of str
        Labels of the x and y axes.
    """

    def paint(ax: Axes) -> None:
        _scree_lines(ax, eigenvalues, kept)
        count = len(eigenvalues)
        ax.set_xlim(0.4, count + 0.6)
        ax.set_xticks(range(1, count + 1, max(1, int(np.ceil(count / 12)))))
        ax.grid(axis="y", zorder=0)
        ax.set_xlabel(axes[0])
        ax.set_ylabel(axes[1])
        shown = ax
        if count > 5:
            shown = ax.inset_axes((0.36, 0.30, 0.63, 0.68))
            _scree_close_up(shown, eigenvalues, kept)
        _label_scree(shown, eigenvalues, kept, words)

    return paint


def _scree_lines(ax: Axes, eigenvalues: pd.DataFrame, kept: int) -> None:
    number = np.arange(1, len(eigenvalues) + 1)
    observed = eigenvalues["observed"].to_numpy(dtype=float)
    ax.plot(number, eigenvalues["mean"], color=theme.FAINT, linewidth=1.4, zorder=2)
    ax.plot(
        number, eigenvalues["q95"], color=theme.ORANGE, linewidth=1.6, linestyle=(0, (5, 2)),
        zorder=2,
    )  # fmt: skip
    ax.plot(number, observed, color=theme.QUIET, linewidth=1.2, zorder=3)
    ax.scatter(number[kept:], observed[kept:], s=22, color=theme.QUIET, zorder=4)
    ax.scatter(number[:kept], observed[:kept], s=44, color=theme.BLUE, zorder=5)


def _scree_close_up(ax: Axes, eigenvalues: pd.DataFrame, kept: int) -> None:
    """Paint the stretch where the curves cross: from the second factor to a few after the last."""
    last = min(len(eigenvalues), max(kept + 4, 7))
    _scree_lines(ax, eigenvalues, kept)
    part = eigenvalues.iloc[1:last]
    low, high = float(part.min().min()), float(part.max().max())
    ax.set_xlim(1.6, last + 0.4)
    ax.set_ylim(low - 0.12 * (high - low), high + 0.18 * (high - low))
    ax.set_xticks(range(2, last + 1))
    ax.tick_params(labelsize=8)


def _label_scree(
    ax: Axes, eigenvalues: pd.DataFrame, kept: int, words: tuple[str, str, str]
) -> None:
    """Write the three labels in one column at the upper right, each with a line to its curve."""
    first, last = (int(x) for x in (np.ceil(ax.get_xlim()[0]), np.floor(ax.get_xlim()[1])))
    step = (last - first) / 6
    places = (
        ("observed", words[0], theme.BLUE, first),
        ("q95", words[2], "#8a5a00", first + 1.4 * step),
        ("mean", words[1], theme.QUIET, first + 4.0 * step),
    )
    for row, (column, label, color, x) in enumerate(places):
        y = float(np.interp(x, np.arange(1, len(eigenvalues) + 1), eigenvalues[column]))
        note = ax.annotate(
            label,
            (x, y),
            xytext=(0.40, 0.92 - 0.13 * row),
            textcoords="axes fraction",
            va="center",
            color=color,
            fontsize=9,
            fontweight="bold" if row == 0 else "normal",
            arrowprops={
                "arrowstyle": "-", "color": color, "linewidth": 0.7, "shrinkB": 4,
                "relpos": (0, 0.5),
            },
        )  # fmt: skip
        note.set_in_layout(False)


@dataclass(frozen=True)
class Cells:
    """A matrix to show as coloured cells.

    Parameters
    ----------
    values : DataFrame
        What is coloured; nan cells stay empty.
    words : DataFrame
        What is written in each cell.
    strong : DataFrame of bool
        Cells written in bold.
    outlined : DataFrame of bool
        Cells with a frame.
    """

    values: pd.DataFrame
    words: pd.DataFrame
    strong: pd.DataFrame
    outlined: pd.DataFrame


def heat(
    cells: Cells,
    limits: tuple[float, float],
    *,
    diverging: bool = False,
    size: float = 9.0,
) -> Paint:
    """Paint a matrix as coloured cells with their numbers, column names on top."""
    color_map = theme.DIVERGING if diverging else theme.SEQUENTIAL

    def paint(ax: Axes) -> None:
        values = cells.values.to_numpy(dtype=float)
        words, strong = cells.words.to_numpy(), cells.strong.to_numpy()
        outlined = cells.outlined.to_numpy()
        ax.imshow(values, cmap=color_map, vmin=limits[0], vmax=limits[1], aspect="auto")
        for (i, j), value in np.ndenumerate(values):
            if np.isnan(value):
                continue
            fill = color_map((value - limits[0]) / (limits[1] - limits[0]))
            ax.text(
                j,
                i,
                str(words[i, j]),
                ha="center",
                va="center",
                fontsize=size,
                fontweight="bold" if strong[i, j] else "normal",
                color=_ink_on(fill),
            )
            if outlined[i, j]:
                ax.add_patch(
                    Rectangle(
                        (j - 0.47, i - 0.45), 0.94, 0.9, fill=False, edgecolor=theme.VERMILLION,
                        linewidth=1.8,
                    )
                )  # fmt: skip
        names = [str(label) for label in cells.values.index]
        label_rows(ax, names)
        _label_columns(ax, [str(label) for label in cells.values.columns], names)
        ax.spines["bottom"].set_visible(False)

    return paint


def _label_columns(ax: Axes, labels: Sequence[str], row_labels: Sequence[str]) -> None:
    """Write the column names on top: wrapped where their words fit, slanted where not."""
    beside = max(
        theme.text_width(w, LABEL_SIZE) for lines in _row_labels(row_labels) for w in lines
    )
    room = (theme.figure_of(ax).get_size_inches()[0] - beside - 0.4) / len(labels) - 0.06
    widest = max(theme.text_width(word, 9) for label in labels for word in label.split() or [""])
    ax.xaxis.tick_top()
    if widest <= room:
        ax.set_xticks(range(len(labels)), ["\n".join(wrap(w, room, 9, lines=3)) for w in labels])
    else:
        ax.set_xticks(range(len(labels)), [wrap(w, 1.5, 9, lines=1)[0] for w in labels])
        for tick in ax.get_xticklabels():
            tick.set(rotation=38, ha="left", va="bottom", rotation_mode="anchor")
    ax.tick_params(axis="both", length=0)
    ax.tick_params(axis="x", labelsize=9, labelcolor=theme.INK)


def _ink_on(color: tuple[float, float, float, float]) -> str:
    """Return the text colour, dark or white, with the larger contrast ratio (WCAG 2) on `color`."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return theme.PAPER if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.063 else theme.INK


def checks(found: pd.DataFrame) -> Paint:
    """Paint what each check (column) found about each subject (row).

    ``found`` holds 0 (nothing), 1 (note), 2 (caution) or 3 (problem); colour, shape and
    size all tell them apart, so the picture survives a grey print.
    """
    marks = {
        3: ("s", 150, theme.VERMILLION, theme.VERMILLION),
        2: ("D", 80, theme.ORANGE, theme.ORANGE),
        1: ("o", 46, theme.PAPER, theme.QUIET),
        0: ("o", 8, theme.GRID, theme.FAINT),
    }

    def paint(ax: Axes) -> None:
        levels = found.to_numpy()
        for level, (marker, size, fill, edge) in marks.items():
            row, column = np.nonzero(levels == level)
            ax.scatter(
                column,
                row,
                s=size,
                marker=marker,
                c=fill,
                edgecolors=edge,
                linewidths=1.2,
                zorder=3,
            )
        names = [str(name) for name in found.index]
        ax.hlines(
            np.arange(len(names)), -0.5, found.shape[1] - 0.5, color=theme.GRID, linewidth=0.8
        )
        ax.set_xlim(-0.5, found.shape[1] - 0.5)
        label_rows(ax, names)
        _label_columns(ax, [str(name) for name in found.columns], names)
        ax.spines["bottom"].set_visible(False)

    return paint
