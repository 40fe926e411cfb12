"""Curves over one axis, each labelled at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tcsmodel.report import theme
from tcsmodel.report.picture import Paint, wrap

LABEL_SIZE = 9.0
LABEL_WIDTH = 1.9
LOWEST = 3.2
# Up to so many labels may take two lines each.
FEW = 6
# Ticks keep this share of the axis between them.
CLOSEST = 0.09

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """One curve: its label, its values with their limits (k,), and whether it stands out.

    At least one value is known; the others may be nan.
    """

    label: str
    values: Array
    lower: Array
    upper: Array
    strong: bool


def curves_height(count: int) -> float:
    """Return the height in inches of axes with room for the labels of `count` curves."""
    return max(LOWEST, (count + 1) * _spacing(count))


def _label_lines(count: int) -> int:
    return 2 if count <= FEW else 1


def _spacing(count: int) -> float:
    return theme.text_height(_label_lines(count), LABEL_SIZE) + 0.02


def curves(x: Sequence[float], drawn: Sequence[Curve], line: float, axes: tuple[str, str]) -> Paint:
    """Paint shares from 0 to 1 over `x` with their intervals, and a reference line at a height.

    Labels stand at the right, joined by thin lines to the ends of their curves and in the
    order of these, where they meet in that of their means.
    """

    def paint(ax: Axes) -> None:
        ax.set_ylim(0, 1.03)
        for one in drawn:
            color = theme.BLUE if one.strong else theme.QUIET
            order = 4 if one.strong else 3
            ax.plot(x, one.values, color=color, linewidth=1.5, zorder=order)
            ax.vlines(x, one.lower, one.upper, color=color, linewidth=2.6, alpha=0.5, zorder=order)
            ax.scatter(x, one.values, s=16, color=color, zorder=order)
        ax.axhline(line, color=theme.FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        _label_ends(ax, x, drawn)
        ax.set_xticks(_ticks(x))
        ax.margins(x=0.03)
        ax.set_xlabel(axes[0])
        ax.set_ylabel(axes[1])

    return paint


def _ticks(x: Sequence[float]) -> list[float]:
    """Return the places on the axis, from the last one down, without those too close to it."""
    room = CLOSEST * (x[-1] - x[0])
    kept = [x[-1]]
    for place in x[-2::-1]:
        if kept[-1] - place >= room:
            kept.append(place)
    return kept


def _label_ends(ax: Axes, x: Sequence[float], drawn: Sequence[Curve]) -> None:
    ends = np.array([_last(one.values) for one in drawn])
    gap = _spacing(len(drawn)) / curves_height(len(drawn)) * 1.03
    middle = np.array([np.nanmean(one.values) for one in drawn])
    order = np.lexsort((-np.arange(len(drawn)), middle, ends.round(2)))
    places = np.empty(len(drawn))
    places[order] = spread(ends[order], gap, 1.0)
    for one, end, place in zip(drawn, ends, places, strict=True):
        color = theme.BLUE if one.strong else theme.QUIET
        ax.annotate(
            "\n".join(wrap(one.label, LABEL_WIDTH, LABEL_SIZE, lines=_label_lines(len(drawn)))),
            (x[-1], end),
            xytext=(1.05, place),
            textcoords=("axes fraction", "data"),
            va="center",
            fontsize=LABEL_SIZE,
            color=color,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": theme.FAINT, "linewidth": 0.6, "shrinkA": 1,
                "shrinkB": 4, "relpos": (0, 0.5),
            },
        )  # fmt: skip


def _last(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known[-1])


def spread(wanted: Array, gap: float, top: float) -> Array:
    """Return ascending places near those wanted, at least `gap` apart, none above `top`."""
    steps = gap * np.arange(len(wanted))
    upward = np.maximum.accumulate(wanted - steps) + steps
    return np.minimum(upward, top - steps[::-1])
