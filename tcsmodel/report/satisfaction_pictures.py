"""Pictures of what a satisfaction study asks: indices, drivers, priorities."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tcsmodel.models.draws import Draws, Source
from tcsmodel.report.charts import Cells, bars, forest, heat, rows_height
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.map import POINT, label_points, quadrants
from tcsmodel.report.picture import WIDTH as FULL_WIDTH
from tcsmodel.report.picture import Picture
from tcsmodel.satisfaction.drivers import Drivers
from tcsmodel.satisfaction.index import SatisfactionIndex
from tcsmodel.satisfaction.pooled_index import PooledIndex
from tcsmodel.satisfaction.priorities import Priorities, Quadrant


def caption(words: Language, n: int, level: float, draws: Draws | None, *more: str) -> str:
    """Return n, the interval level and the replicates behind a picture in one line."""
    parts = [words.text("caption.n", n=n)]
    if draws is not None:
        facts = {"kind": draws.kind, "replicates": draws.n, "seed": draws.seed}
        drawn = draws.source is not Source.REPLICATE_WEIGHTS
        name = "caption.bootstrap" if drawn else "caption.replicate_weights"
        parts.append(words.text(name, level=level, **facts))
        parts += _ends(words, draws)
    return words.text("caption.join").join([*parts, *(part for part in more if part)])


def _ends(words: Language, draws: Draws) -> list[str]:
    """Return the shares of how replicates ended, where they did not all converge."""
    shares = draws.status_shares[draws.status_shares > 0]
    if list(shares.index) == ["converged"]:
        return []
    ends = [words.text(f"ends.{name}", share=share) for name, share in shares.items()]
    return [words.text("caption.ends", ends=ends)]


def leaders(drivers: Drivers) -> list[str]:
    """Return the drivers that may rank first: the first alone before a bootstrap."""
    table = drivers.table()
    if drivers.draws is None:
        return [str(table["driver"].iloc[0])]
    return [str(name) for name in table.loc[table["rank_low"] <= 1, "driver"]]


def first_group(order: Priorities) -> list[str]:
    """Return the drivers that share the first place."""
    table = order.table()
    if "tie_group" not in table:
        return [str(table["driver"].iloc[0])]
    return [str(name) for name in table.loc[table["tie_group"] == 1, "driver"]]


def index_picture(index: SatisfactionIndex, words: Language) -> Picture:
    """Return the indices of all constructs with their intervals, highest first."""
    fixed = (
        "" if index.draws is not None else words.text("caption.fixed_weights", level=index.level)
    )
    return index_forest(index, caption(words, index.n, index.level, index.draws, fixed), words)


def index_forest(index: SatisfactionIndex | PooledIndex, told: str, words: Language) -> Picture:
    """Return indices with intervals above a caption."""
    numbers = words.numbers
    table = index.table().dropna(subset=["index"]).sort_values("index", ascending=False)
    frame = pd.DataFrame(
        {
            "label": table["construct"],
            "estimate": table["index"],
            "ci_lower": table["ci_lower"],
            "ci_upper": table["ci_upper"],
            "words": [
                f"{numbers.number(row.index_, 1)} {numbers.interval(row.ci_lower, row.ci_upper, 1)}"
                for row in table.rename(columns={"index": "index_"}).itertuples()
            ],
            "strong": table["construct"] == index.target,
        }
    )
    low, high = zoomed(frame)
    own = table.set_index("construct").loc[index.target]
    values = {
        "target": index.target,
        "index": index.value,
        "lower": own["ci_lower"],
        "upper": own["ci_upper"],
        "level": index.level,
    }
    return Picture(
        title=words.text("picture.index.title", **values),
        subtitle=words.text("picture.index.subtitle"),
        caption=told,
        alt=words.text("picture.index.alt", listing=_listing(frame, words), **values),
        paint=forest(
            frame,
            limits=(low, high),
            axis=words.text(
                "picture.index.axis" if high - low == 100 else "picture.index.axis_zoomed",
                low=low,
                high=high,
            ),
            values_header=words.text("header.index_ci", level=index.level),
        ),
        size=(FULL_WIDTH, rows_height(list(frame["label"]))),
    )


def zoomed(frame: pd.DataFrame) -> tuple[float, float]:
    """Return limits of a 0-100 axis, in tens, that hold all intervals and span at least 30."""
    numbers = frame[["estimate", "ci_lower", "ci_upper"]].to_numpy(dtype=float)
    low = 10 * np.floor((np.nanmin(numbers) - 2) / 10)
    high = 10 * np.ceil((np.nanmax(numbers) + 2) / 10)
    high = max(high, low + 30)
    return float(max(min(low, 70.0), 0.0)), float(min(high, 100.0))


def _listing(frame: pd.DataFrame, words: Language) -> str:
    return words.listing(
        f"{label} {value}" for label, value in zip(frame["label"], frame["words"], strict=True)
    )


def drivers_picture(drivers: Drivers, words: Language) -> Picture:
    """Return the shares of R2 as bars with intervals; negative weights hatched."""
    numbers = words.numbers
    table = drivers.table()
    frame = pd.DataFrame(
        {
            "label": table["driver"],
            "estimate": table["share"],
            "ci_lower": table["share_ci_lower"],
            "ci_upper": table["share_ci_upper"],
            "words": [
                _share(numbers.percent(row.share), row.share_ci_lower, row.share_ci_upper)
                for row in rows(table)
            ],
            "strong": table["sign"] > 0,
        }
    )
    ahead = leaders(drivers)
    values = {
        "target": drivers.target,
        "leader": str(table["driver"].iloc[0]),
        "share": float(table["share"].iloc[0]),
        "leaders": ahead,
        "r_squared": drivers.r_squared,
    }
    key = "one" if len(ahead) == 1 else "many"
    negative = "" if frame["strong"].all() else words.text("picture.drivers.negative")
    return Picture(
        title=words.text(f"picture.drivers.title.{key}", **values),
        subtitle=words.text("picture.drivers.subtitle", **values),
        caption=caption(words, drivers.n, drivers.level, drivers.draws, negative),
        alt=words.text("picture.drivers.alt", listing=_listing(frame, words), **values),
        paint=bars(
            frame,
            axis=words.text("picture.drivers.axis", **values),
            write_tick=numbers.percent,
            values_header=words.text(
                "header.share" if drivers.draws is None else "header.share_ci", level=drivers.level
            ),
        ),
        size=(FULL_WIDTH, rows_height(list(frame["label"]), 0.42)),
    )


def _share(share: str, lower: float, upper: float) -> str:
    if not np.isfinite(lower):
        return share
    return f"{share} [{100 * lower:.0f}, {100 * upper:.0f}]"


def ranks_picture(drivers: Drivers, words: Language) -> Picture:
    """Return the probability of each rank of each driver, most important first."""
    names = list(drivers.table()["driver"])
    values = drivers.rank_probabilities.loc[names]
    sure = float(values.to_numpy()[0, 0])
    cells = Cells(
        values,
        values.map(lambda share: words.numbers.percent(share) if share >= 0.005 else "·"),
        values.eq(values.max(axis=1), axis=0),
        values > 1,
    )
    key = "one" if len(leaders(drivers)) == 1 else "many"
    told = {"leader": names[0], "p": sure, "leaders": leaders(drivers), "target": drivers.target}
    return Picture(
        title=words.text(f"picture.ranks.title.{key}", **told),
        subtitle=words.text("picture.ranks.subtitle"),
        caption=caption(words, drivers.n, drivers.level, drivers.draws),
        alt=words.text("picture.ranks.alt", **told),
        paint=heat(cells, (0, 1)),
        size=(_narrow(len(names)), rows_height(names)),
    )


def _narrow(columns: int) -> float:
    return min(FULL_WIDTH, 2.6 + 0.85 * columns)


def corner_words(words: Language) -> tuple[str, str, str, str]:
    """Return the names of the quadrants: upper right, lower right, upper left, lower left."""
    return (
        words.text(f"quadrant.{Quadrant.KEEP_UP}"),
        words.text(f"quadrant.{Quadrant.CONCENTRATE}"),
        words.text(f"quadrant.{Quadrant.OVERKILL}"),
        words.text(f"quadrant.{Quadrant.LOW_PRIORITY}"),
    )


def priorities_picture(order: Priorities, words: Language) -> Picture:
    """Return the importance-performance map with intervals."""
    table = order.table()
    group = first_group(order)
    cross = (float(order.cuts["importance"]), float(order.cuts["performance"]))
    frame = table.rename(columns={"driver": "label"})
    frame = frame.assign(strong=table["driver"].isin(group), size=POINT)
    values = {
        "target": order.target,
        "leaders": group,
        "leader": group[0],
        "importance": cross[0],
        "performance": cross[1],
    }
    key = "one" if len(group) == 1 else "many"
    cuts = words.text("picture.priorities.cuts", **values)
    listing = words.listing(
        words.text(
            "picture.priorities.point",
            driver=row.driver,
            importance=row.importance,
            performance=row.performance,
        )
        for row in rows(table)
    )
    return Picture(
        title=words.text(f"picture.priorities.title.{key}", **values),
        subtitle=words.text("picture.priorities.subtitle", **values),
        caption=caption(words, order.index.n, order.level, order.index.draws, cuts),
        alt=words.text("picture.priorities.alt", listing=listing, **values),
        paint=quadrants(
            frame,
            cross,
            corner_words(words),
            (
                words.text("picture.priorities.x", **values),
                words.text("picture.priorities.y", **values),
            ),
        ),
        settle=label_points(frame),
        size=(FULL_WIDTH, 4.2),
    )
