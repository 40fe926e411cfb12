"""Pictures of tests and cut-offs of the fit of covariance-based models."""

from __future__ import annotations

import pandas as pd

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
