"""Pictures of hidden segments: the criteria by their number, and their paths."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tcsmodel.models.fimix_result import FIMIX
from tcsmodel.models.hidden_segments import Verdict
from tcsmodel.models.pos import POS
from tcsmodel.models.rebus import REBUS
from tcsmodel.report import theme
from tcsmodel.report.charts import Cells, heat, rows_height
from tcsmodel.report.curves import spread
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Paint, Picture

SHOWN = ("aic3", "aic4", "bic", "caic")
HEIGHT = 3.2
LABEL_SIZE = 9.0
BEST_SIZE, OTHER_SIZE = 46, 14


def criteria_picture(found: FIMIX, words: Language) -> Picture:
    """Return four information criteria over the number of segments, each above its least."""
    table = found.table().set_index("segments")
    gaps = table[list(SHOWN)] - table[list(SHOWN)].min()
    entropies = [
        f"{k}: {words.numbers.ratio(value)}" for k, value in table["en"].items() if value == value
    ]
    listing = words.listing(f"{name.upper()} {gaps[name].idxmin()}" for name in SHOWN)
    entropy = words.text("picture.segments.entropy", listing=words.listing(entropies))
    return Picture(
        title=words.text(f"picture.segments.title.{found.verdict.name}", count=found.suggested),
        subtitle=words.text("picture.segments.subtitle"),
        caption=words.text("caption.join").join(
            [words.text("caption.n", n=found.pls.sample.n), *([entropy] if entropies else [])]
        ),
        alt=words.text("picture.segments.alt", listing=listing),
        paint=_curves(gaps, words.text("picture.segments.x"), words.text("picture.segments.axis")),
        size=(WIDTH, HEIGHT),
    )


def _curves(gaps: pd.DataFrame, across: str, up: str) -> Paint:
    """Paint each column over the index, its least as a large dot, its name at the right."""
    x, top = gaps.index.to_numpy(), float(np.nanmax(gaps.to_numpy())) or 1.0
    colors = dict(
        zip(gaps.columns, (theme.FAINT, theme.ORANGE, theme.BLUE, theme.VERMILLION), strict=True)
    )

    def paint(ax: Axes) -> None:
        ends = gaps.iloc[-1].fillna(0.0)
        order = list(ends.sort_values(kind="stable").index)
        places = spread(ends[order].to_numpy(), 0.075 * top, 1.05 * top)
        for name, place in zip(order, places, strict=True):
            values, color = gaps[name].to_numpy(), colors[name]
            size = np.where(values == 0, BEST_SIZE, OTHER_SIZE)
            ax.plot(x, values, color=color, linewidth=1.5, zorder=3)
            ax.scatter(x, values, s=size, color=color, zorder=4, clip_on=False)
            ax.annotate(
                str(name).upper(),
                (1.02, place),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=LABEL_SIZE,
                color=color if color != theme.FAINT else theme.QUIET,
                annotation_clip=False,
            )
        ax.set_ylim(-0.04 * top, 1.05 * top)
        ax.set_xticks(x)
        ax.margins(x=0.03)
        ax.set_xlabel(across)
        ax.set_ylabel(up)

    return paint


def paths_picture(found: FIMIX | POS | REBUS, words: Language) -> Picture:
    """Return the paths of all and of each segment as coloured cells."""
    table, sizes = found.paths(), found.sizes()
    values = table.drop(columns=["source", "target"]).set_axis(
        [
            f"{source} → {target}"
            for source, target in zip(table["source"], table["target"], strict=True)
        ]
    )
    values.columns = pd.Index(
        [
            words.text("picture.paths.all"),
            *(
                words.text("picture.paths.segment", number=number, n=n)
                for number, n in enumerate(sizes["n"], start=1)
            ),
        ]
    )
    nowhere = pd.DataFrame(False, index=values.index, columns=values.columns)
    written = values.map(words.numbers.ratio)
    segments = values.iloc[:, 1:]
    widest = str((segments.max(axis=1) - segments.min(axis=1)).idxmax())
    title = "none" if found.verdict is Verdict.NONE else "differ"
    title = title if segments.shape[1] > 1 else "one"
    return Picture(
        title=words.text(f"picture.paths.title.{title}", path=widest),
        subtitle=words.text("picture.paths.subtitle"),
        caption=words.text("caption.join").join(
            [words.text("caption.n", n=found.pls.sample.n), words.text("picture.paths.caption")]
        ),
        alt=words.text(
            "picture.paths.alt",
            listing=words.listing(
                f"{label} {words.listing(row)}"
                for label, row in zip(written.index, written.to_numpy(), strict=True)
            ),
        ),
        paint=heat(Cells(values, written, nowhere, nowhere), (-1, 1), diverging=True),
        size=(WIDTH, rows_height(list(values.index), 0.32)),
    )
