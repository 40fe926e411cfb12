"""Pictures of replicates: the density of each number over its estimate and interval."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tcsmodel.models.densities import index_densities, pls_densities, sem_densities
from tcsmodel.models.pls import PLSResult
from tcsmodel.models.sem import SEMResult
from tcsmodel.report import theme
from tcsmodel.report.charts import label_rows, rows_height, write_rows
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Picture
from tcsmodel.report.satisfaction_pictures import caption
from tcsmodel.satisfaction.index import SatisfactionIndex

# What may be below zero, so that an interval may leave zero out.
SIGNED = (
    "paths", "total_effects", "indirect_effects", "outer_weights", "outer_loadings", "parameters",
)  # fmt: skip
ROW, TALLEST = 0.42, 0.86


def pls_picture(result: PLSResult, words: Language, quantity: str) -> Picture:
    """Return the densities of a quantity of a bootstrapped PLS model."""
    assert result.draws is not None
    said = caption(words, result.sample.n, result.level, result.draws)
    return _picture(pls_densities(result, quantity), words, quantity, result.level, said)


def sem_picture(result: SEMResult, words: Language) -> Picture:
    """Return the densities of the paths of a bootstrapped model, of its loadings without any."""
    assert result.draws is not None
    frame, quantity = sem_densities(result, "~"), "parameters"
    if not len(frame):
        frame, quantity = sem_densities(result, "=~"), "outer_loadings"
    said = caption(words, result.sample.n, result.level, result.draws)
    return _picture(frame, words, quantity, result.level, said)


def index_picture(result: SatisfactionIndex, words: Language) -> Picture:
    """Return the densities of the indices of all constructs."""
    assert result.draws is not None
    frame = index_densities(result.draws, result.table())
    said = caption(words, result.n, result.level, result.draws)
    return _picture(frame, words, "index", result.level, said)


def _picture(
    frame: pd.DataFrame, words: Language, quantity: str, level: float, said: str
) -> Picture:
    numbers, signed = words.numbers, quantity in SIGNED
    clear = (frame["ci_lower"] * frame["ci_upper"] > 0).to_numpy()
    digits = 1 if quantity == "index" else 2
    frame = frame.assign(
        strong=clear if signed else True,
        words=[
            f"{numbers.number(row.estimate, digits)} "
            f"{numbers.interval(row.ci_lower, row.ci_upper, digits)}"
            for row in rows(frame)
        ],
    )
    named = words.text(f"quantity.{quantity}")
    key = "signed" if signed else "plain"
    told = {"count": int(clear.sum()), "total": len(frame), "named": named}
    listing = [f"{row.label} {row.words}" for row in rows(frame)]
    return Picture(
        title=words.text(f"picture.densities.title.{key}", **told),
        subtitle=words.text("picture.densities.subtitle", level=level),
        caption=said,
        alt=words.text("picture.densities.alt", named=named, listing=listing),
        paint=partial(
            _ridges,
            frame=frame,
            lines=[0.0] if signed else [1.0] if quantity == "htmt" else [],
            axis=words.text(f"quantity.axis.{quantity}"),
            header=words.text("header.estimate_ci", level=level),
        ),
        size=(WIDTH, rows_height(frame["label"].tolist(), ROW) + 0.5 * ROW),
    )


def _ridges(ax: Axes, frame: pd.DataFrame, lines: list[float], axis: str, header: str) -> None:
    for place, row in enumerate(rows(frame)):
        color = theme.BLUE if row.strong else theme.QUIET
        grid, height = row.density.grid, row.density.height
        top = place + 0.32 - TALLEST * height / height.max()
        base = np.full_like(top, place + 0.32)
        inside = (grid >= row.ci_lower) & (grid <= row.ci_upper)
        ax.fill_between(grid, base, top, color=color, alpha=0.22, linewidth=0, zorder=2 + place)
        ax.fill_between(
            grid, base, top, where=inside, color=color, alpha=0.5, linewidth=0, zorder=2 + place
        )
        ax.plot(grid, top, color=color, linewidth=1.0, zorder=2 + place)
        ax.hlines(base[0], grid[0], grid[-1], color=theme.GRID, linewidth=0.8, zorder=1)
        peak = float(np.interp(row.estimate, grid, top))
        ax.plot(
            [row.estimate] * 2, [base[0], peak], color=theme.PAPER, linewidth=2.4, zorder=3 + place
        )
        ax.plot(
            [row.estimate] * 2, [base[0], peak], color=theme.INK, linewidth=1.1, zorder=3 + place
        )
    label_rows(ax, frame["label"].tolist())
    write_rows(ax, frame["words"].tolist(), header)
    ax.set_ylim(len(frame) - 0.5, -0.8)
    for at in lines:
        ax.axvline(at, color=theme.FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    ax.set_xlabel(axis)
