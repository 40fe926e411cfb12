"""The importance-performance map, with labels that do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from tcsmodel.report import theme
from tcsmodel.report.frames import rows
from tcsmodel.report.picture import Paint, wrap

# Area of a point in square points.
POINT = 62.0
LABEL_SIZE = 9.5
LABEL_WIDTH = 1.35
DIRECTIONS = (
    (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1),
    (1, 0.5), (1, -0.5), (-1, 0.5), (-1, -0.5), (0.5, 1), (-0.5, 1), (0.5, -1), (-0.5, -1),
)  # fmt: skip
ROUNDS = 3
RADII = (9.0, 18.0, 30.0, 46.0)


def quadrants(
    frame: pd.DataFrame,
    cross: tuple[float, float],
    corners: tuple[str, str, str, str],
    axes: tuple[str, str],
) -> Paint:
    """Paint importance against performance.

    Parameters
    ----------
    frame : DataFrame
        Columns ``label importance performance strong size`` (area of the points) and the
        limits ``ci_lower``, ``ci_upper`` (importance), ``performance_ci_lower``,
        ``performance_ci_upper``.
    cross : (importance, performance)
        Where the lines between the quadrants stand.
    corners : tuple of str
        Names of the quadrants: upper right, lower right, upper left, lower left.
    axes : tuple of str
        Labels of the x and y axes.
    """

    def paint(ax: Axes) -> None:
        ax.set_xlim(*_limits(frame, ("importance", "ci_lower", "ci_upper"), cross[0]))
        vertical = ("performance", "performance_ci_lower", "performance_ci_upper")
        low, high = _limits(frame, vertical, cross[1])
        ax.set_ylim(low, high)
        ax.axvline(cross[0], color=theme.FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        ax.axhline(cross[1], color=theme.FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        colors = np.where(frame["strong"], theme.BLUE, theme.QUIET)
        for color, row in zip(colors, rows(frame), strict=True):
            line = {"color": color, "linewidth": 1.5, "alpha": 0.45, "zorder": 2}
            ax.plot([row.ci_lower, row.ci_upper], [row.performance] * 2, **line)
            limits = [row.performance_ci_lower, row.performance_ci_upper]
            ax.plot([row.importance] * 2, limits, **line)
        ax.scatter(
            frame["importance"], frame["performance"], s=frame["size"], c=colors,
            edgecolors=theme.PAPER, linewidths=1.2, zorder=4,
        )  # fmt: skip
        ax.set_xlabel(axes[0])
        ax.set_ylabel(axes[1])
        for words, (x, y) in zip(corners, ((1, 1), (1, 0), (0, 1), (0, 0)), strict=True):
            ax.annotate(
                words,
                (x, y),
                xycoords="axes fraction",
                xytext=(-5 if x else 5, -5 if y else 5),
                textcoords="offset points",
                ha="right" if x else "left",
                va="top" if y else "bottom",
                fontsize=9,
                fontstyle="italic",
                color=theme.QUIET,
            )

    return paint


def _limits(frame: pd.DataFrame, columns: Sequence[str], through: float) -> tuple[float, float]:
    numbers = np.append(frame[list(columns)].to_numpy(dtype=float).ravel(), through)
    low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
    pad = 0.14 * (high - low or 1.0)
    return low - pad, high + pad


def label_points(frame: pd.DataFrame) -> Paint:
    """Paint the label of each point where it covers no other label, point, line or corner.

    Each label takes the place with the least overlap, among directions at growing
    distances, the nearest first; in later rounds it sees where all the others went.
    """

    def settle(ax: Axes) -> None:
        renderer, dpi = theme.renderer_of(ax), theme.figure_of(ax).dpi
        points = ax.transData.transform(frame[["importance", "performance"]].to_numpy(dtype=float))
        scale = dpi / 72
        fixed = [
            Bbox.from_bounds(x - r, y - r, 2 * r, 2 * r)
            for (x, y), r in zip(points, _radii(frame) * scale, strict=True)
        ]
        fixed += [text.get_window_extent(renderer) for text in ax.texts]
        lines = [line.get_window_extent(renderer) for line in ax.lines]
        inside = ax.get_window_extent(renderer)
        words = [_words(row) for row in rows(frame)]
        places: dict[int, Bbox] = {}
        for i in ROUNDS * list(range(len(points))):
            size = _extent(words[i], bool(frame["strong"].iloc[i]), dpi)
            others = [box.padded(3 * scale) for j, box in places.items() if j != i]
            places[i] = _best_place(points[i], size, scale, fixed + others, lines, inside)
        for i, box in places.items():
            strong = bool(frame["strong"].iloc[i])
            _write_label(ax, "\n".join(words[i]), box, points[i], strong)

    return settle


def _radii(frame: pd.DataFrame) -> np.ndarray:
    return np.sqrt(frame["size"].to_numpy(dtype=float) / np.pi) + 0.5


def _words(row: Any) -> list[str]:
    return wrap(str(row.label), LABEL_WIDTH, LABEL_SIZE, lines=3, weight=_weight(row.strong))


def _weight(strong: bool) -> str:
    return "bold" if strong else "normal"


def _extent(words: Sequence[str], strong: bool, dpi: float) -> tuple[float, float]:
    width = max(theme.text_width(line, LABEL_SIZE, _weight(strong)) for line in words)
    return width * dpi, theme.text_height(len(words), LABEL_SIZE) * dpi


def _best_place(
    point: np.ndarray,
    size: tuple[float, float],
    scale: float,
    taken: Sequence[Bbox],
    lines: Sequence[Bbox],
    inside: Bbox,
) -> Bbox:
    """Return the place with the least cost; solid things weigh more than interval lines."""
    best, best_cost = None, np.inf
    for step, radius in enumerate(RADII):
        for order, (dx, dy) in enumerate(DIRECTIONS):
            reach = radius * scale / np.hypot(dx, dy)
            x = point[0] + dx * (reach + size[0] / 2) - size[0] / 2
            y = point[1] + dy * (reach + size[1] / 2) - size[1] / 2
            box = Bbox.from_bounds(x, y, *size)
            covered = [area for other in taken if (area := _overlap(box, other)) > 0]
            cost = (
                20 * (size[0] * size[1] - _overlap(box, inside))
                + 10 * sum(covered)
                + 2000 * scale**2 * len(covered)
                + 3 * scale * sum(_crossed(box, line) for line in lines)
                + scale**2 * (80 * step + 2 * order)
            )
            if cost < best_cost:
                best, best_cost = box, cost
    assert best is not None
    return best


def _overlap(a: Bbox, b: Bbox) -> float:
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return max(width, 0.0) * max(height, 0.0)


def _crossed(box: Bbox, line: Bbox) -> float:
    """Return how much of a horizontal or vertical line runs through the box, in pixels."""
    width = min(box.x1, line.x1) - max(box.x0, line.x0)
    height = min(box.y1, line.y1) - max(box.y0, line.y0)
    return max(width, height) if width >= 0 and height >= 0 else 0.0


def _write_label(ax: Axes, words: str, box: Bbox, point: np.ndarray, strong: bool) -> None:
    to_data = ax.transData.inverted().transform
    center = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    near = np.clip(point, [box.x0, box.y0], [box.x1, box.y1])
    gap = float(np.hypot(*(near - point))) * 72 / theme.figure_of(ax).dpi
    if gap > 1.3 * RADII[0]:
        ax.plot(*to_data([point, near]).T, color=theme.FAINT, linewidth=0.7, zorder=3)
    x, y = to_data(center)
    ax.text(
        x,
        y,
        words,
        ha="center",
        va="center",
        fontsize=LABEL_SIZE,
        fontweight=_weight(strong),
        color=theme.INK,
        zorder=5,
    )
