"""Pictures of one model fitted to many units."""

from __future__ import annotations

import pandas as pd

from tcsmodel.models.pls_fits import PLSFits
from tcsmodel.models.sem_fits import SEMFits
from tcsmodel.report.charts import Line, forest, rows_height
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Picture
from tcsmodel.report.satisfaction_pictures import zoomed
from tcsmodel.satisfaction.unit_indices import UnitIndices


def spread_picture(fits: SEMFits | PLSFits, words: Language) -> Picture:
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


# Of more units the highest and the lowest are drawn.
MOST = 24


def indices_picture(found: UnitIndices, words: Language) -> Picture:
    """Return the indices of units with their intervals, highest first."""
    numbers, table = words.numbers, found.table().sort_values("index", ascending=False)
    total = len(table)
    if total > MOST:
        table = pd.concat([table.head(MOST // 2), table.tail(MOST // 2)])
    table = table.rename(columns={"index": "value"})
    frame = pd.DataFrame(
        {
            "label": table["unit"].to_numpy(),
            "estimate": table["value"].to_numpy(),
            "ci_lower": table["ci_lower"].to_numpy(),
            "ci_upper": table["ci_upper"].to_numpy(),
            "words": [
                f"{numbers.number(row.value, 1)} {numbers.interval(row.ci_lower, row.ci_upper, 1)}"
                for row in rows(table)
            ],
            "strong": True,
        }
    )
    low, high = zoomed(frame)
    by = found.fits.units_fitted.by
    told = {"target": found.target, "by": by, "total": total, "shown": len(table)}
    axis = "picture.index.axis" if high - low == 100 else "picture.index.axis_zoomed"
    return Picture(
        title=words.text("picture.unit_indices.title", best=table["unit"].iloc[0], **told),
        subtitle=words.text(
            "picture.unit_indices.some" if total > MOST else "picture.unit_indices.subtitle", **told
        ),
        caption=words.text(
            "picture.unit_indices.caption", level=found.level, interval=found.interval
        ),
        alt=words.text(
            "picture.unit_indices.alt",
            listing=words.listing(
                f"{label} {value}"
                for label, value in zip(frame["label"], frame["words"], strict=True)
            ),
            **told,
        ),
        paint=forest(
            frame,
            limits=(low, high),
            axis=words.text(axis, low=low, high=high),
            values_header=words.text("header.index_ci", level=found.level),
            bold=False,
        ),
        size=(WIDTH, rows_height(list(frame["label"]))),
    )


def _label(row: object) -> str:
    lhs, op, rhs = (getattr(row, name) for name in ("lhs", "op", "rhs"))
    written = {"~": f"{rhs} → {lhs}", "=~": f"{lhs}: {rhs}"}
    return written.get(op, f"{lhs} ↔ {rhs}")
