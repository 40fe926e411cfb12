"""Pictures of imputed answers, and of what is pooled over them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tcsmodel.models.imputation import Imputations
from tcsmodel.models.pooled_pls import PooledPLS
from tcsmodel.models.pooled_sem import PooledSEM
from tcsmodel.report import theme
from tcsmodel.report.charts import Line, forest, rows_height
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Picture
from tcsmodel.report.satisfaction_pictures import index_forest
from tcsmodel.satisfaction.pooled_index import PooledIndex

HEADERS = {"paths": "effect_ci", "loadings": "loading_ci"}


def imputed_picture(found: Imputations, words: Language) -> Picture:
    """Return how far imputed answers lie from those given, item by item."""
    numbers, table = words.numbers, found.table()
    table = table[table["imputed"] > 0] if found.gaps.any() else table.head(1)
    scale = table["sd"].where(table["sd"] > 0, 1.0)
    frame = pd.DataFrame(
        {
            "label": table["item"],
            "estimate": ((table["imputed_mean"] - table["mean"]) / scale).fillna(0.0),
            "ci_lower": (table["imputed_mean_min"] - table["mean"]) / scale,
            "ci_upper": (table["imputed_mean_max"] - table["mean"]) / scale,
            "words": [
                f"{numbers.number(row.imputed_mean)}, {numbers.number(row.mean)}"
                for row in rows(table)
            ],
            "strong": True,
        }
    )
    title = words.text("picture.imputations.nothing")
    if found.gaps.any():
        signs = np.sign(frame["estimate"])
        side = "above" if (signs > 0).all() else "below" if (signs < 0).all() else "among"
        direction = words.text(f"picture.imputations.direction.{side}")
        title = words.text("picture.imputations.title", direction=direction)
    listing = [f"{row.label} {row.words}" for row in rows(frame)]
    return Picture(
        title=title,
        subtitle=words.text("picture.imputations.subtitle"),
        caption=words.text("picture.imputations.key", m=found.m),
        alt=words.text("picture.imputations.alt", listing=listing),
        paint=forest(
            frame,
            lines=[Line(0.0, "")],
            axis=words.text("picture.imputations.axis"),
            values_header=words.text("picture.imputations.values"),
            bold=False,
        ),
        size=(WIDTH, rows_height(frame["label"].tolist())),
    )


def trace_picture(found: Imputations, words: Language, item: str) -> Picture:
    """Return the means of the draws for an item over the iterations, a line per imputation."""
    trace = found.trace.query("item == @item")
    lines = trace.pivot_table(index="iteration", columns="imputation", values="mean")
    given = found.table().query("item == @item")["mean"].item()

    def paint(ax: Axes) -> None:
        ax.plot(lines.index, lines.to_numpy(), color=theme.BLUE, linewidth=0.9, alpha=0.55)
        ax.axhline(given, color=theme.QUIET, linewidth=1.0, linestyle=(0, (4, 3)))
        ax.set_xticks(lines.index[:: max(1, len(lines) // 10)])
        ax.set_xlabel(words.text("picture.trace.axis"))

    last = lines.iloc[-1]
    values = {"item": item, "m": found.m, "mean": given}
    return Picture(
        title=words.text("picture.trace.title", **values),
        subtitle=words.text("picture.trace.subtitle", **values),
        caption=words.text("picture.trace.key", **values),
        alt=words.text("picture.trace.alt", low=last.min(), high=last.max(), **values),
        paint=paint,
    )


def pooled_paths_picture(found: PooledPLS, words: Language) -> Picture:
    """Return pooled paths with their intervals, once bootstrapped."""
    table = found.table().rename(columns={"path": "estimate"})
    for name in ("ci_lower", "ci_upper"):
        if not found.bootstrapped:
            table[name] = np.nan
    table["label"] = [f"{row.source} → {row.target}" for row in rows(table)]
    return _pooled_forest(table, "paths", pooled_caption(found, words), found.level, words)


def pooled_sem_picture(found: PooledSEM, words: Language) -> Picture:
    """Return the pooled paths of a covariance-based model, standardized; else its loadings."""
    table = found.standardized.rename(columns={"std": "estimate"})
    paths = table[table["op"] == "~"]
    which = "paths" if len(paths) else "loadings"
    shown = (paths if len(paths) else table[table["op"] == "=~"]).copy()
    shown["label"] = [
        f"{row.rhs} → {row.lhs}" if row.op == "~" else str(row.rhs) for row in rows(shown)
    ]
    values = {"n": found.n, "m": len(found.results), "level": found.level}
    told = words.text("picture.pooled.vcov", **values)
    return _pooled_forest(shown, which, told, found.level, words)


def _pooled_forest(
    table: pd.DataFrame, which: str, told: str, level: float, words: Language
) -> Picture:
    """Return rows of ``label estimate ci_lower ci_upper`` above a caption."""
    numbers, known = words.numbers, bool(table["ci_lower"].notna().any())
    frame = table[["label", "estimate", "ci_lower", "ci_upper"]].assign(
        words=[
            f"{numbers.number(row.estimate)} {numbers.interval(row.ci_lower, row.ci_upper)}"
            if known
            else numbers.number(row.estimate)
            for row in rows(table)
        ],
        strong=(table["ci_lower"] > 0) | (table["ci_upper"] < 0),
    )
    listing = [f"{row.label} {row.words}" for row in rows(frame)]
    return Picture(
        title=words.text(f"picture.pooled_{which}.title"),
        subtitle=words.text(f"picture.pooled_{which}.subtitle"),
        caption=told,
        alt=words.text("picture.pooled.alt", listing=listing),
        paint=forest(
            frame,
            lines=[Line(0.0, "")],
            axis=words.text(f"picture.pooled_{which}.axis"),
            values_header=words.text(f"header.{HEADERS[which]}", level=level) if known else "",
            bold=False,
        ),
        size=(WIDTH, rows_height(frame["label"].tolist())),
    )


def pooled_index_picture(found: PooledIndex, words: Language) -> Picture:
    """Return pooled indices with their intervals, highest first."""
    told = pooled_caption(found.pls, words)
    if not found.pls.bootstrapped:
        values = {"n": found.n, "m": len(found.parts), "level": found.level}
        told = words.text("picture.pooled.fixed", **values)
    return index_forest(found, told, words)


def pooled_caption(found: PooledPLS, words: Language) -> str:
    """Return n, the imputations, and how intervals were made."""
    values = {"n": found.n, "m": len(found.results)}
    draws = found.results[0].draws
    if draws is None:
        estimates = words.text("picture.pooled.estimates")
        parts = [words.text("picture.pooled.none", **values), estimates]
        return words.text("caption.join").join(parts)
    return words.text("picture.pooled.key", level=found.level, replicates=draws.n, **values)
