"""Pictures of prediction: errors by item, and differences of losses."""

from __future__ import annotations

import pandas as pd

from tcsmodel.models.cvpat import CVPAT, OVERALL
from tcsmodel.models.prediction import Prediction
from tcsmodel.report import theme
from tcsmodel.report.charts import Line, Marks, forest, rivals, rows_height
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Picture


def errors_picture(prediction: Prediction, words: Language) -> Picture:
    """Return the RMSE of PLS, the linear model and the mean, item by item."""
    numbers, table = words.numbers, prediction.table()
    frame = pd.DataFrame(
        {
            "label": [f"{row.construct}: {row.item}" for row in rows(table)],
            "average": table["rmse_average"],
            "linear": table["rmse_linear"],
            "pls": table["rmse"],
            "words": [
                f"{numbers.number(row.rmse)} / {numbers.number(row.rmse_linear)}"
                for row in rows(table)
            ],
            "strong": table["rmse"] < table["rmse_linear"],
        }
    )
    series = [
        Marks(
            "average", words.text("picture.prediction.average"), "s", 20, theme.FAINT, theme.FAINT
        ),
        Marks("linear", words.text("picture.prediction.linear"), "D", 34, theme.PAPER, theme.QUIET),
        Marks("pls", words.text("picture.prediction.pls"), "o", 46, theme.BLUE, theme.PAPER),
    ]
    listing = [f"{row.label} {row.words}" for row in rows(frame)]
    return Picture(
        title=_title(table, words),
        subtitle=words.text("picture.prediction.subtitle"),
        caption=words.text("caption.join").join(
            [
                words.text("caption.n", n=prediction.sample.n),
                words.text(
                    "picture.prediction.caption",
                    folds=prediction.n_folds // len(prediction.fold),
                    repetitions=len(prediction.fold),
                ),
            ]
        ),
        alt=words.text("picture.prediction.alt", listing=listing),
        paint=rivals(
            frame,
            series,
            axis=words.text("picture.prediction.axis"),
            values_header=words.text("picture.prediction.header"),
        ),
        size=(WIDTH, rows_height(frame["label"].tolist(), 0.25) + 0.2),
    )


def _title(table: pd.DataFrame, words: Language) -> str:
    known = table["rmse_linear"].notna().all()
    rival = table["rmse_linear"] if known else table["rmse_average"]
    better, count = int((table["rmse"] < rival).sum()), len(table)
    key = "some" if 0 < better < count else "all" if better else "none"
    return words.text(
        f"picture.prediction.title.{key if known else 'unknown'}", better=better, count=count
    )


def cvpat_forest(test: CVPAT, words: Language) -> Picture:
    """Return the difference to each benchmark, overall and by construct, with its interval."""
    numbers, table = words.numbers, test.table()
    limit = 1 - test.estimator.level
    names = {name: words.text(f"picture.cvpat.{name}") for name in table["benchmark"].unique()}
    whole = words.text("picture.cvpat.overall")
    frame = pd.DataFrame(
        {
            "label": [
                words.text(
                    "picture.cvpat.row",
                    construct=whole if row.construct == OVERALL else row.construct,
                    benchmark=names[row.benchmark],
                )
                for row in rows(table)
            ],
            "estimate": table["difference"],
            "ci_lower": table["ci_lower"],
            "ci_upper": table["ci_upper"],
            "words": [
                f"{numbers.number(row.difference)} {numbers.interval(row.ci_lower, row.ci_upper)}"
                for row in rows(table)
            ],
            "strong": table["p"] < limit,
        }
    )
    key = "yes" if frame["strong"].iloc[0] else "no"
    listing = [f"{row.label} {row.words}" for row in rows(frame)]
    return Picture(
        title=words.text(f"picture.cvpat.title.{key}", benchmark=names[table["benchmark"].iloc[0]]),
        subtitle=words.text("picture.cvpat.subtitle"),
        caption=words.text("caption.join").join(
            [
                words.text("caption.n", n=test.n),
                words.text("picture.cvpat.caption", limit=limit),
            ]
        ),
        alt=words.text("picture.cvpat.alt", listing=listing),
        paint=forest(
            frame,
            lines=[Line(0.0, "0")],
            axis=words.text("picture.cvpat.axis"),
            values_header=words.text("header.difference_ci", level=test.estimator.level),
        ),
        size=(WIDTH, rows_height(frame["label"].tolist(), 0.27)),
    )
