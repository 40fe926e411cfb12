"""The drawing of several groups side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tcsmodel.report import charts, theme
from tcsmodel.report.picture import Paint, wrap

# Colours that the colour-blind tell apart (Okabe & Ito); shapes survive a grey print.
MARKS = (
    (theme.BLUE, "o"),
    (theme.VERMILLION, "s"),
    ("#009E73", "D"),
    (theme.ORANGE, "^"),
    ("#CC79A7", "v"),
    (theme.INK, "P"),
)
STEP = 0.17
KEY = 0.19
NAME_WIDTH, NAME_SIZE = 3.2, 9.0


def grouped_height(bands: int, groups: int) -> float:
    """Return the height in inches that bands of so many groups need, with the names on top."""
    return bands * _band(groups) + groups * KEY + 0.1


def _band(groups: int) -> float:
    return max(charts.ROW, STEP * groups + 0.16)


def grouped_forest(
    frame: pd.DataFrame,
    groups: Sequence[str],
    *,
    words: Sequence[str],
    strong: Sequence[bool],
    axis: str,
    values_header: str,
) -> Paint:
    """Paint dots with intervals, a band per label and within it one for each group.

    Parameters
    ----------
    frame : DataFrame
        Columns ``label group estimate ci_lower ci_upper``, the groups of a label together.
    groups : sequence of str
        The groups in the order of their marks; named above the first band.
    words, strong : sequence
        What is written at the right of each band, and whether its label is bold.
    axis, values_header : str
        What the axis and the written column show.
    """

    def paint(ax: Axes) -> None:
        labels = list(dict.fromkeys(frame["label"]))
        inner = (np.arange(len(groups)) - (len(groups) - 1) / 2) * STEP / _band(len(groups))
        bands = np.arange(len(labels))
        ax.hlines(
            bands[:-1] + 0.5, *charts.span(frame, None), color=theme.GRID, linewidth=0.8, zorder=0
        )
        for g, name in enumerate(groups):
            color, marker = MARKS[g % len(MARKS)]
            own = frame[frame["group"] == name]
            rows = bands + inner[g]
            ax.hlines(rows, own["ci_lower"], own["ci_upper"], color=color, linewidth=1.8, zorder=2)
            ax.scatter(
                own["estimate"],
                rows,
                s=26,
                c=color,
                marker=marker,
                edgecolors=theme.PAPER,
                linewidths=0.7,
                zorder=3,
                label=wrap(name, NAME_WIDTH, NAME_SIZE, lines=1)[0],
            )
        charts.label_rows(ax, labels, list(strong))
        charts.write_rows(ax, words, values_header)
        ax.plot(
            [0, 0],
            [-0.5, len(bands) - 0.5],
            color=theme.FAINT,
            linewidth=0.9,
            linestyle=(0, (4, 3)),
            zorder=1,
        )
        ax.set_xlim(*charts.span(frame, None))
        ax.set_xlabel(axis)
        top = grouped_height(len(bands), len(groups)) / _band(len(groups))
        ax.set_ylim(len(bands) - 0.5, len(bands) - 0.5 - top)
        key = ax.legend(
            loc="upper left",
            bbox_to_anchor=(0, 1),
            frameon=False,
            fontsize=NAME_SIZE,
            handletextpad=0.2,
            labelspacing=0.25,
            borderaxespad=0,
            borderpad=0,
        )
        key.set_in_layout(False)

    return paint
