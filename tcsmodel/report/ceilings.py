"""A scatter under its ceilings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tcsmodel.report import theme
from tcsmodel.report.picture import Paint

SMALLEST, LARGEST = 9.0, 70.0
# More points than these are drawn as pixels in a vector picture.
MANY = 2000

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ceilings:
    """What is drawn: points, and two ceilings over them.

    Parameters
    ----------
    x, y : ndarray (n,)
        The points.
    limits : ndarray (2, 2)
        Lower and upper limits of x and of y: the scope.
    steps : ndarray (k, 2)
        Corners of the step ceiling, from left to right.
    line : (intercept, slope)
        Of the straight ceiling; nan where there is none.
    by_steps : bool
        Whether the empty space is that above the steps, not that above the line.
    """

    x: Array
    y: Array
    limits: Array
    steps: Array
    line: tuple[float, float]
    by_steps: bool


def ceilings(drawn: Ceilings, axes: tuple[str, str], names: tuple[str, str]) -> Paint:
    """Paint points, larger where more fall together, the two ceilings and the empty space.

    Parameters
    ----------
    drawn : Ceilings
        Points and lines.
    axes : (x, y)
        Labels of the axes.
    names : (steps, line)
        Words of the two ceilings in the legend.
    """
    (left, right), (bottom, top) = drawn.limits
    path = _steps(drawn)
    straight = _straight(drawn)

    def paint(ax: Axes) -> None:
        shaded = path if drawn.by_steps else straight
        if len(shaded):
            corner = np.array([[right, top], [left, top]])
            ax.fill(*np.vstack([shaded, corner]).T, color=theme.BLUE, alpha=0.09, linewidth=0)
        points, count = np.unique(np.column_stack([drawn.x, drawn.y]), axis=0, return_counts=True)
        size = SMALLEST + (LARGEST - SMALLEST) * (count - 1) / max(count.max() - 1, 1)
        x, y = points.T
        ax.scatter(
            x, y, s=size, color=theme.QUIET, alpha=0.55, linewidths=0, zorder=2,
            rasterized=len(points) > MANY,
        )  # fmt: skip
        styles = [(path, names[0], "-"), (straight, names[1], (0, (5, 3)))]
        for own, (line, word, style) in enumerate(styles):
            if not len(line):
                continue
            strong = drawn.by_steps == (own == 0)
            ax.plot(
                *line.T, color=theme.BLUE if strong else theme.ORANGE,
                linewidth=1.8 if strong else 1.3, linestyle=style, label=word, zorder=3,
            )  # fmt: skip
        pad_x, pad_y = 0.03 * (right - left), 0.04 * (top - bottom)
        ax.set_xlim(left - pad_x, right + pad_x)
        ax.set_ylim(bottom - pad_y, top + pad_y)
        ax.set_xlabel(axes[0])
        ax.set_ylabel(axes[1])
        ax.legend(loc="lower right", fontsize=9, frameon=True, framealpha=0.9, edgecolor="none")

    return paint


def _steps(drawn: Ceilings) -> Array:
    """Return the path (m, 2) of the step ceiling from the lower left to the right edge."""
    (left, right), (bottom, _) = drawn.limits
    path = [(left, bottom)]
    for x, y in drawn.steps:
        path += [(x, path[-1][1]), (x, y)]
    return np.array([*path, (right, path[-1][1])])


def _straight(drawn: Ceilings) -> Array:
    """Return the path of the straight ceiling, bent where it leaves the scope; empty without."""
    (left, right), (bottom, top) = drawn.limits
    intercept, slope = drawn.line
    if not np.isfinite(slope):
        return np.empty((0, 2))
    bends = (np.array([bottom, top]) - intercept) / slope
    x = np.sort(np.clip([left, *bends, right], left, right))
    return np.column_stack([x, np.clip(intercept + slope * x, bottom, top)])
