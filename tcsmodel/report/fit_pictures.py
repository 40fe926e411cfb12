"""Pictures of tests and cut-offs of the fit of models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tcsmodel.models.dynamic_cutoffs import MEASURES, DynamicCutoffs
from tcsmodel.models.tetrads import TetradTest
from tcsmodel.models.wald import WaldTest
from tcsmodel.report.charts import Line, forest, rows_height
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Picture


def wald_forest(test: WaldTest, words: Language) -> Picture:
    """Return the difference between the sides of each equation, with its interval."""
    numbers, table = words.numbers, test.table()
    frame = pd.DataFrame(
        {
            "label": table["constraint"],
            "estimate": table["difference"],
            "ci_lower": table["ci_lower"],
            "ci_upper": table["ci_upper"],
            "words": [
                f"{numbers.number(row.difference)} {numbers.interval(row.ci_lower, row.ci_upper)}"
                for row in rows(table)
            ],
            "strong": table["p"] < 1 - test.level,
        }
    )
    key = "fails" if test.p < 1 - test.level else "holds"
    listing = [
        f"{label} {value}" for label, value in zip(frame["label"], frame["words"], strict=True)
    ]
    return Picture(
        title=words.text(f"picture.wald.title.{key}"),
        subtitle=words.text("picture.wald.subtitle", chi2=test.chi2, df=test.df, p=test.p),
        caption=words.text("caption.n", n=test.n),
        alt=words.text("picture.wald.alt", count=test.df, listing=listing),
        paint=forest(
            frame,
            lines=[Line(0.0, "0")],
            axis=words.text("picture.wald.axis"),
            values_header=words.text("header.difference_ci", level=test.level),
            bold=False,
        ),
        size=(WIDTH, rows_height(frame["label"].tolist(), 0.25)),
    )


def tetrads_forest(test: TetradTest, words: Language, construct: str) -> Picture:
    """Return the tetrads of one construct with their intervals."""
    numbers, table = words.numbers, test.table()
    own = table[table["construct"] == construct]
    frame = pd.DataFrame(
        {
            "label": own["tetrad"],
            "estimate": own["estimate"],
            "ci_lower": own["ci_lower"],
            "ci_upper": own["ci_upper"],
            "words": [
                f"{numbers.ratio(row.estimate, 3)} "
                f"{numbers.interval(row.ci_lower, row.ci_upper, 3, ratio=True)}"
                for row in rows(own)
            ],
            "strong": own["rejected"],
        }
    )
    key = "formative" if own["rejected"].any() else "reflective"
    listing = [f"{row.label} {row.words}" for row in rows(frame)]
    return Picture(
        title=words.text(f"picture.tetrads.title.{key}", construct=construct),
        subtitle=words.text("picture.tetrads.subtitle", level=test.level),
        caption=words.text("caption.n", n=test.n),
        alt=words.text("picture.tetrads.alt", count=len(own), construct=construct, listing=listing),
        paint=forest(
            frame,
            lines=[Line(0.0, "0")],
            axis=words.text("picture.tetrads.axis"),
            values_header=words.text("header.tetrad_ci"),
            bold=False,
        ),
        size=(WIDTH, rows_height(frame["label"].tolist(), 0.25)),
    )


def cutoffs_picture(found: DynamicCutoffs, words: Language, measure: str) -> Picture:
    """Return one measure in samples of the right model and of each level."""
    numbers, at = words.numbers, list(MEASURES).index(measure)
    low, middle, high = np.nanquantile(found.draws_array[..., at], (0.05, 0.5, 0.95), axis=1)
    levels = range(1, len(found.added) + 1)
    labels = [words.text("picture.cutoffs.level", level=level) for level in levels]
    frame = pd.DataFrame(
        {
            "label": [words.text("picture.cutoffs.right"), *labels],
            "estimate": middle,
            "ci_lower": low,
            "ci_upper": high,
            "words": [
                f"{numbers.ratio(m, 3)} {numbers.interval(a, b, 3, ratio=True)}"
                for m, a, b in zip(middle, low, high, strict=True)
            ],
            "strong": [False, *(True for _ in levels)],
        }
    )
    known = found.cutoffs[measure].dropna()
    told: dict[str, Any] = {"measure": measure.upper()}
    key = "none" if known.empty else "some" if MEASURES[measure] else "below"
    if len(known):
        told |= {"cutoff": known.iloc[0], "level": int(known.index[0])}
    lines = [Line(value, numbers.ratio(value, 3)) for value in known[:1]]
    if found.observed is not None:
        value = found.observed[at]
        lines.append(Line(value, words.text("picture.cutoffs.observed", value=value)))
    listing = [f"{row.label} {row.words}" for row in rows(frame)]
    return Picture(
        title=words.text(f"picture.cutoffs.title.{key}", **told),
        subtitle=words.text("picture.cutoffs.subtitle", **told),
        caption=words.text("caption.join").join(
            [
                words.text("caption.n", n=found.n),
                words.text("picture.cutoffs.caption", replications=found.replications),
            ]
        ),
        alt=words.text("picture.cutoffs.alt", listing=listing, **told),
        paint=forest(
            frame,
            lines=lines,
            axis=measure.upper(),
            values_header=words.text("header.median_range"),
            bold=False,
        ),
        size=(WIDTH, rows_height(frame["label"].tolist(), 0.25)),
    )
