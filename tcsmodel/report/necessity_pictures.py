"""Pictures of necessary conditions, of the combined map, and of the map of items."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tcsmodel.options import Ceiling
from tcsmodel.report.ceilings import Ceilings, ceilings
from tcsmodel.report.charts import Cells, heat, rows_height
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.map import POINT, label_points, quadrants
from tcsmodel.report.picture import WIDTH, Picture
from tcsmodel.report.satisfaction_pictures import caption, corner_words
from tcsmodel.satisfaction.combined import CombinedMap
from tcsmodel.satisfaction.necessity import NecessaryConditions
from tcsmodel.satisfaction.priorities import Priorities

# Area of the point of a driver that holds everyone back.
LARGEST = 900.0


def strongest(needs: NecessaryConditions) -> str:
    """Return the condition with the largest effect."""
    return str(needs.table()["condition"].iloc[0])


def ceiling_picture(needs: NecessaryConditions, words: Language, condition: str) -> Picture:
    """Return the scatter of a condition and the target under both ceilings."""
    table = needs.table()
    own = table[table["condition"] == condition].set_index("ceiling").to_dict("index")
    row, line = own[needs.ceiling], own[Ceiling.CR_FDH]
    j = needs.conditions.index(condition)
    values = {
        "condition": condition,
        "target": needs.target,
        "effect": float(row["effect"]),
        "p": float(row["p"]),
        "size": str(row["size"]),
    }
    key = "needed" if row["necessary"] else "not"
    return Picture(
        title=words.text(f"picture.ceiling.title.{key}", **values),
        subtitle=words.text("picture.ceiling.subtitle", **values),
        caption=words.text(
            "picture.ceiling.caption",
            n=needs.n,
            permutations=needs.permutations,
            seed=needs.seed,
            scope=needs.scope,
        ),
        alt=words.text("picture.ceiling.alt", **values),
        paint=ceilings(
            Ceilings(
                needs.points.values[:, j],
                needs.points.values[:, -1],
                needs.points.limits[[j, -1]],
                needs.corners(condition).to_numpy(),
                (float(line["intercept"]), float(line["slope"])),
                needs.ceiling is Ceiling.CE_FDH,
            ),
            (condition, needs.target),
            (words.text("picture.ceiling.steps"), words.text("picture.ceiling.line")),
        ),
        size=(WIDTH, 4.0),
    )


def bottleneck_picture(needs: NecessaryConditions, words: Language) -> Picture:
    """Return what each level of the target needs of each condition, in percent of the range."""
    levels = needs.bottleneck().iloc[::-1]
    levels.index = pd.Index([f"{level:.0f}%" for level in levels.index])
    written = levels.map(_percent)
    shown = levels.replace(np.inf, 100.0)
    table = needs.table()
    sure = table[(table["ceiling"] == needs.ceiling) & table["necessary"]]["condition"]
    strong = pd.DataFrame(
        {name: np.full(len(levels), name in set(sure)) for name in levels.columns},
        index=levels.index,
    )
    values = {"target": needs.target, "sure": tuple(sure), "scope": needs.scope}
    key = "some" if len(sure) else "none"
    return Picture(
        title=words.text(f"picture.bottleneck.title.{key}", **values),
        subtitle=words.text("picture.bottleneck.subtitle", **values),
        caption=words.text("picture.bottleneck.caption", n=needs.n),
        alt=words.text(
            "picture.bottleneck.alt",
            listing=words.listing(
                f"{name} {value}" for name, value in written.iloc[0].items() if value
            ),
            **values,
        ),
        paint=heat(Cells(shown, written, strong, shown > 101), (0, 100)),
        size=(WIDTH, rows_height(list(levels.index))),
    )


def _percent(value: float) -> str:
    if np.isinf(value):
        return "> 100"
    return "" if np.isnan(value) else f"{value:.0f}"


def combined_picture(both: CombinedMap, words: Language) -> Picture:
    """Return the importance-performance map, points as large as the shares held back."""
    table = both.table()
    limits = both.order.table().drop(columns=["importance", "performance"])
    frame = table[["driver", "importance", "performance", "below", "necessary"]]
    frame = frame.merge(limits, on="driver").rename(columns={"driver": "label"})
    held = np.where(frame["necessary"], frame["below"], 0.0)
    frame = frame.assign(strong=frame["necessary"], size=POINT + (LARGEST - POINT) * held)
    order = both.order
    cross = (float(order.cuts["importance"]), float(order.cuts["performance"]))
    worst = table[table["necessary"]].sort_values("below", ascending=False)
    values: dict[str, object] = {"target": both.target, "goal": both.goal}
    key = "none"
    if len(worst):
        key = "some"
        values |= {"driver": worst["driver"].iloc[0], "below": float(worst["below"].iloc[0])}
    listing = words.listing(
        words.text(
            "picture.combined.point",
            driver=row.driver,
            importance=row.importance,
            performance=row.performance,
            below=row.below if row.necessary else 0.0,
        )
        for row in rows(table)
    )
    axes = [words.text(f"picture.priorities.{axis}", target=both.target) for axis in "xy"]
    return Picture(
        title=words.text(f"picture.combined.title.{key}", **values),
        subtitle=words.text("picture.combined.subtitle", **values),
        caption=caption(
            words,
            order.index.n,
            order.level,
            order.index.draws,
            words.text("picture.combined.caption"),
        ),
        alt=words.text("picture.combined.alt", listing=listing, **values),
        paint=quadrants(frame, cross, corner_words(words), (axes[0], axes[1])),
        settle=label_points(frame),
        size=(WIDTH, 4.2),
    )


def items_picture(order: Priorities, words: Language) -> Picture:
    """Return the importance-performance map of the items of the drivers."""
    return _parts_picture(order, order.items, "item", words)


def dimensions_picture(order: Priorities, words: Language) -> Picture:
    """Return the importance-performance map of the parts of higher-order drivers."""
    return _parts_picture(order, order.dimensions, "dimension", words)


def _parts_picture(order: Priorities, table: pd.DataFrame, what: str, words: Language) -> Picture:
    """Return the map of what drivers are made of, named in the column `what` of a table."""
    first, key = table.iloc[0], f"picture.{what}s"
    frame = table.rename(columns={what: "label"})
    frame = frame.assign(strong=frame["driver"] == first["driver"], size=POINT)
    cross = (float(table["importance"].mean()), float(table["performance"].mean()))
    values = {
        "target": order.target,
        what: str(first[what]),
        "driver": str(first["driver"]),
        "gain": float(first["gain"]),
        "importance": cross[0],
        "performance": cross[1],
    }
    listing = words.listing(
        words.text(
            "picture.priorities.point",
            driver=getattr(row, what),
            importance=row.importance,
            performance=row.performance,
        )
        for row in rows(table)
    )
    return Picture(
        title=words.text(f"{key}.title", **values),
        subtitle=words.text(f"{key}.subtitle", **values),
        caption=caption(
            words,
            order.index.n,
            order.level,
            order.index.draws,
            words.text(f"{key}.cuts", **values),
        ),
        alt=words.text("picture.priorities.alt", listing=listing, **values),
        paint=quadrants(
            frame,
            cross,
            corner_words(words),
            (words.text(f"{key}.x", **values), words.text(f"{key}.y")),
        ),
        settle=label_points(frame),
        size=(WIDTH, 4.6),
    )
