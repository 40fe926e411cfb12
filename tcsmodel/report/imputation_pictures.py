"""Pictures of imputed answers, and of what is pooled over them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tcsmodel.models.imputation import Imputations
from tcsmodel.models.pooled_pls import PooledPLS
from tcsmodel.report.charts import Line, forest, rows_height
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Picture
from tcsmodel.report.satisfaction_pictures import index_forest
from tcsmodel.satisfaction.pooled_index import PooledIndex


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


def pooled_paths_picture(found: PooledPLS, words: Language) -> Picture:
    """Return pooled paths with their intervals, once bootstrapped."""
    numbers, table = words.numbers, found.table()
    empty = pd.Series(np.nan, index=table.index)
    lower, upper = (table.get(name, empty) for name in ("ci_lower", "ci_upper"))
    frame = pd.DataFrame(
        {
            "label": [f"{row.source} → {row.target}" for row in rows(table)],
            "estimate": table["path"],
            "ci_lower": lower,
            "ci_upper": upper,
            "words": [
                f"{numbers.number(path)} {numbers.interval(low, high)}"
                if found.bootstrapped
                else numbers.number(path)
                for path, low, high in zip(table["path"], lower, upper, strict=True)
            ],
            "strong": (lower > 0) | (upper < 0),
        }
    )
    m, constructs = len(found.results), len(found.estimator.model.constructs)
    listing = [f"{row.label} {row.words}" for row in rows(frame)]
    header = words.text("header.effect_ci", level=found.level) if found.bootstrapped else ""
    return Picture(
        title=words.text("picture.pooled_paths.title", m=m),
        subtitle=words.text("picture.pooled_paths.subtitle", constructs=constructs),
        caption=pooled_caption(found, words),
        alt=words.text("picture.pooled_paths.alt", listing=listing),
        paint=forest(
            frame,
            lines=[Line(0.0, "")],
            axis=words.text("picture.pooled_paths.axis"),
            values_header=header,
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
