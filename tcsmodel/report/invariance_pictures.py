"""Pictures of invariance: the fit of the steps, and the cost in index points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tcsmodel.models.invariance import InvarianceResult
from tcsmodel.report.charts import Line, forest, rows_height
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Picture
from tcsmodel.satisfaction.invariance_cost import MATTERS, InvarianceCost


def steps_picture(result: InvarianceResult, words: Language) -> Picture:
    """Return RMSEA of every step with its interval; CFI, its change and the verdict beside it."""
    numbers = words.numbers
    fits = [result.steps[name].fit_measures for name in result.steps]
    verdicts = result.table()
    frame = pd.DataFrame(
        {
            "label": [words.text(f"invariance.step.{name}") for name in result.steps],
            "estimate": [fit["rmsea"] for fit in fits],
            "ci_lower": [fit["rmsea_ci_lower"] for fit in fits],
            "ci_upper": [fit["rmsea_ci_upper"] for fit in fits],
            "words": [_fit_words(row, words) for row in rows(verdicts)],
            "strong": (verdicts["verdict"] == "holds").cummin().to_numpy(),
        }
    )
    listing = words.listing(
        f"{label} {numbers.ratio(value, 3)}, {written}"
        for label, value, written in zip(
            frame["label"], frame["estimate"], frame["words"], strict=True
        )
    )
    sizes = words.listing(f"{label} {n}" for label, n in result.sizes.items())
    caption = [f"n = {result.n} ({sizes})", words.text("picture.invariance.caption")]
    return Picture(
        title=_steps_title(result, words),
        subtitle=words.text("picture.invariance.subtitle"),
        caption=words.text("caption.join").join(caption),
        alt=words.text("picture.invariance.alt", listing=listing),
        paint=forest(
            frame,
            axis=words.text("picture.invariance.axis"),
            values_header=words.text("picture.invariance.values"),
            bold=False,
        ),
        size=(WIDTH, rows_height(frame["label"].tolist())),
    )


def _fit_words(row: Any, words: Language) -> str:
    cfi, delta = float(row.cfi), float(row.delta_cfi)
    change = "" if np.isnan(delta) else f" ({words.numbers.ratio(delta, 3)})"
    verdict = words.text(f"invariance.{row.verdict}")
    return f"{words.numbers.ratio(cfi, 3)}{change}  {verdict}"


def _steps_title(result: InvarianceResult, words: Language) -> str:
    key = "some"
    if result.comparable:
        key = "released" if result.released else "all"
    return words.text(
        f"picture.invariance.title.{key}",
        group=result.group,
        level=result.level,
        failing=result.failing or "",
        count=len(result.released),
    )


def cost_picture(cost: InvarianceCost, words: Language) -> Picture:
    """Return the cost of each construct with its interval, beside the observed difference."""
    numbers, table = words.numbers, cost.table()
    several = len(cost.invariance.groups) > 2
    beyond = (table["ci_lower"] > 0) | (table["ci_upper"] < 0)
    frame = pd.DataFrame(
        {
            "label": [
                f"{row.construct} ({row.group})" if several else str(row.construct)
                for row in rows(table)
            ],
            "estimate": table["cost"],
            "ci_lower": table["ci_lower"],
            "ci_upper": table["ci_upper"],
            "words": [
                f"{numbers.number(row.cost, 1)} {numbers.interval(row.ci_lower, row.ci_upper, 1)}"
                f"  {numbers.number(row.difference_observed, 1)}"
                for row in rows(table)
            ],
            "strong": beyond,
        }
    )
    first = cost.invariance.groups[0]
    released = words.listing(cost.invariance.released) or words.text("picture.cost.nothing")
    listing = words.listing(
        f"{label} {written}" for label, written in zip(frame["label"], frame["words"], strict=True)
    )
    n = f"n = {cost.invariance.n}"
    return Picture(
        title=_cost_title(cost, first, words),
        subtitle=words.text("picture.cost.subtitle"),
        caption=words.text("caption.join").join(
            [n, words.text("picture.cost.caption", released=released)]
        ),
        alt=words.text("picture.cost.alt", listing=listing),
        paint=forest(
            frame,
            limits=_around_zero(table),
            lines=[Line(0.0, "")],
            axis=words.text("picture.cost.axis", first=first),
            values_header=words.text("picture.cost.values", level=cost.level),
            bold=False,
        ),
        size=(WIDTH, rows_height(frame["label"].tolist())),
    )


def _around_zero(table: pd.DataFrame) -> tuple[float, float]:
    """Return limits of the axis that leave room beside zero and the intervals."""
    low = float(np.fmin(0.0, table["ci_lower"].min()))
    high = float(np.fmax(0.0, table["ci_upper"].max()))
    pad = 0.05 * (high - low or 1.0)
    return low - pad, high + pad


def _cost_title(cost: InvarianceCost, first: str, words: Language) -> str:
    worst = cost.worst
    if worst is None:
        return words.text("picture.cost.title.unknown")
    if abs(worst["cost"]) < MATTERS:
        return words.text("picture.cost.title.none")
    if worst["ci_lower"] <= 0 <= worst["ci_upper"]:
        return words.text("picture.cost.title.unsure")
    return words.text(
        "picture.cost.title.some",
        group=worst["group"],
        first=first,
        construct=worst["construct"],
        cost=float(worst["cost"]),
    )
