"""Pictures of the robustness checks of PLS paths: quadratic terms and copulas."""

from __future__ import annotations

import pandas as pd

from tcsmodel.models.endogeneity import Endogeneity
from tcsmodel.models.nonlinearity import Nonlinearity
from tcsmodel.report.charts import Line, forest, rows_height
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Picture


def curved_forest(found: Nonlinearity, words: Language) -> Picture:
    """Return the quadratic term of each path, with its interval."""
    table = found.table().rename(columns={"quadratic": "estimate"})
    return _forest(table, found.n, found.level, words, "curved")


def copula_forest(found: Endogeneity, words: Language) -> Picture:
    """Return the copula of each antecedent, alone in its equation, with its interval."""
    table = found.table().rename(columns={"copula": "estimate"})
    alone = table[table["copulas"] == table["source"]]
    return _forest(alone, found.n, found.level, words, "copula")


def _forest(table: pd.DataFrame, n: int, level: float, words: Language, key: str) -> Picture:
    numbers = words.numbers
    strong = table["ci_lower"] * table["ci_upper"] > 0
    frame = pd.DataFrame(
        {
            "label": [
                words.text("picture.check.path", source=row.source, target=row.target)
                for row in rows(table)
            ],
            "estimate": table["estimate"].to_numpy(),
            "ci_lower": table["ci_lower"].to_numpy(),
            "ci_upper": table["ci_upper"].to_numpy(),
            "words": [
                f"{numbers.number(row.estimate)} {numbers.interval(row.ci_lower, row.ci_upper)}"
                for row in rows(table)
            ],
            "strong": strong.to_numpy(),
        }
    )
    told = {"count": int(strong.sum()), "paths": len(table)}
    listing = [f"{row.label} {row.words}" for row in rows(frame)]
    return Picture(
        title=words.text(f"picture.{key}.title.{'some' if strong.any() else 'none'}", **told),
        subtitle=words.text(f"picture.{key}.subtitle", level=level),
        caption=words.text("caption.n", n=n),
        alt=words.text("picture.check.alt", paths=len(table), listing=listing),
        paint=forest(
            frame,
            lines=[Line(0.0, "0")],
            axis=words.text(f"picture.{key}.axis"),
            values_header=words.text("header.coefficient_ci"),
            bold=False,
        ),
        size=(WIDTH, rows_height(frame["label"].tolist(), 0.25)),
    )
