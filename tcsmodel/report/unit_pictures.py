"""Pictures of one model fitted to many units."""

from __future__ import annotations

import pandas as pd

from tcsmodel.models.sem_fits import SEMFits
from tcsmodel.report.charts import Line, forest, rows_height
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Picture


def spread_picture(fits: SEMFits, words: Language) -> Picture:
    """Return the median and the middle half over the units of each path, else of each loading."""
    numbers, table = words.numbers, fits.spread
    paths = table[table["op"] == "~"]
    shown = paths if len(paths) else table[table["op"] == "=~"]
    shown = shown if len(shown) else table
    labels = [_label(row) for row in rows(shown)]
    frame = pd.DataFrame(
        {
            "label": labels,
            "estimate": shown["median"].to_numpy(),
            "ci_lower": shown["q25"].to_numpy(),
            "ci_upper": shown["q75"].to_numpy(),
            "words": [
                f"{numbers.number(row.median, 2)} {numbers.interval(row.q25, row.q75)}"
                for row in rows(shown)
            ],
            "strong": True,
        }
    )
    by, count = fits.units_fitted.by, int(fits.status["proper"].sum())
    width = (shown["q75"] - shown["q25"]).to_numpy()
    widest = labels[int(width.argmax())] if count else ""
    return Picture(
        title=words.text("picture.units.title" if count else "picture.units.none", widest=widest),
        subtitle=words.text("picture.units.subtitle", by=by),
        caption=words.text("picture.units.caption", count=count, total=len(fits)),
        alt=words.text(
            "picture.units.alt",
            by=by,
            listing=words.listing(
                f"{label} {value}" for label, value in zip(labels, frame["words"], strict=True)
            ),
        ),
        paint=forest(
            frame,
            lines=[Line(0.0, "")],
            axis=words.text("picture.units.axis"),
            values_header=words.text("header.median_half"),
            bold=False,
        ),
        size=(WIDTH, rows_height(labels)),
    )


def _label(row: object) -> str:
    lhs, op, rhs = (getattr(row, name) for name in ("lhs", "op", "rhs"))
    written = {"~": f"{rhs} → {lhs}", "=~": f"{lhs}: {rhs}"}
    return written.get(op, f"{lhs} ↔ {rhs}")
