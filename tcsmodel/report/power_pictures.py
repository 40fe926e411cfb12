"""Pictures of a power study: by parameter, and over sample sizes."""

from __future__ import annotations

import pandas as pd

from tcsmodel.errors import OptionError
from tcsmodel.models.power import PowerResult
from tcsmodel.report.charts import Line, forest, rows_height
from tcsmodel.report.curves import Curve, curves, curves_height
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Picture

CUSTOMARY = 0.80
NAMED = 3


def power_forest(study: PowerResult, words: Language) -> Picture:
    """Return the power of each parameter at the largest n, with its Monte Carlo interval."""
    numbers, n = words.numbers, study.sizes[-1]
    shown = _shown(study)
    table = shown[shown["n"] == n]
    frame = pd.DataFrame(
        {
            "label": table["label"].to_numpy(),
            "estimate": table["power"].to_numpy(),
            "ci_lower": table["ci_lower"].to_numpy(),
            "ci_upper": table["ci_upper"].to_numpy(),
            "words": [
                f"{numbers.ratio(row.power)} "
                f"{numbers.interval(row.ci_lower, row.ci_upper, ratio=True)}"
                for row in rows(table)
            ],
            "strong": table["power"].to_numpy() >= CUSTOMARY,
        }
    )
    return Picture(
        title=_title(table, n, words),
        subtitle=words.text("picture.power.subtitle"),
        caption=_caption(study, table, words),
        alt=words.text("picture.power.alt", n=n, listing=_listing(table, words), limit=CUSTOMARY),
        paint=forest(
            frame,
            limits=(0, 1.02),
            lines=[Line(CUSTOMARY, numbers.ratio(CUSTOMARY))],
            axis=words.text("picture.power.axis"),
            values_header=words.text("header.power_ci", level=study.level),
            bold=False,
        ),
        size=(WIDTH, rows_height(frame["label"].tolist(), 0.27)),
    )


def power_curves(study: PowerResult, words: Language) -> Picture:
    """Return the power of each parameter over the sample sizes."""
    shown, last = _shown(study), study.sizes[-1]
    needed = _needed(study, shown)
    drawn = [
        Curve(
            _numbered(part.iloc[0], needed, words),
            part["power"].to_numpy(),
            part["ci_lower"].to_numpy(),
            part["ci_upper"].to_numpy(),
            bool(part["power"].iloc[-1] >= CUSTOMARY),
        )
        for _, part in shown.groupby("name", sort=False)
    ]
    end = shown[shown["n"] == last]
    title = _title(end, last, words)
    true = end[end["population"] != 0]
    if len(true) and (true["power"] >= CUSTOMARY).all():
        title = words.text(
            "picture.power.title.enough",
            n=max(needed.values(), default=study.sizes[0]),
            limit=CUSTOMARY,
            kind=_kind(end, words),
        )
    return Picture(
        title=title,
        subtitle=words.text("picture.power.subtitle"),
        caption=_caption(study, end, words, words.text("picture.power.numbers", limit=CUSTOMARY)),
        alt=words.text(
            "picture.power.alt_curves",
            first=study.sizes[0],
            last=last,
            listing=_listing(end, words),
        ),
        paint=curves(
            study.sizes,
            drawn,
            CUSTOMARY,
            (words.text("picture.power.x"), words.text("picture.power.axis")),
        ),
        size=(WIDTH, curves_height(len(drawn))),
    )


def _shown(study: PowerResult) -> pd.DataFrame:
    """Return what is tested in practice: paths and what is defined, else all but variances."""
    truth = study.table()["population"]
    table = study.intervals.assign(population=truth)
    table["name"] = list(study.names) * len(study.sizes)
    table["label"] = [_label(row) for row in rows(table)]
    paths = table["op"].isin(["~", ":="])
    between = (table["op"] != "~~") | (table["lhs"] != table["rhs"])
    chosen = paths if paths.any() else between if between.any() else slice(None)
    return table.loc[chosen]


def _needed(study: PowerResult, shown: pd.DataFrame) -> dict[str, int]:
    """Return the respondents for the customary power by parameter, where the curve crosses it."""
    needed = {}
    for name in shown["name"].unique():
        try:
            needed[name] = int(study.n_for(name, CUSTOMARY)["n"])
        except OptionError:
            continue
    return needed


def _numbered(row: pd.Series, needed: dict[str, int], words: Language) -> str:
    label, name = str(row["label"]), str(row["name"])
    if name not in needed:
        return label
    return words.text("picture.power.needed", n=needed[name], label=label)


def _label(row: object) -> str:
    lhs, op, rhs = (str(getattr(row, name)) for name in ("lhs", "op", "rhs"))
    written = {"~": f"{rhs} → {lhs}", "=~": f"{lhs}: {rhs}", ":=": lhs}
    return written.get(op, f"{lhs} – {rhs}")


def _kind(table: pd.DataFrame, words: Language) -> str:
    return words.text(
        "picture.power.path" if (table["op"] == "~").all() else "picture.power.parameter"
    )


def _title(table: pd.DataFrame, n: int, words: Language) -> str:
    true = table[table["population"] != 0]
    weak = [str(label) for label in true.loc[~(true["power"] >= CUSTOMARY), "label"]]
    few = "some" if len(weak) <= NAMED else "many"
    key = "zero" if true.empty else few if weak else "all"
    told = {"weak": weak, "count": len(weak), "total": len(true), "kind": _kind(table, words)}
    return words.text(f"picture.power.title.{key}", n=n, limit=CUSTOMARY, **told)


def _listing(table: pd.DataFrame, words: Language) -> str:
    return words.listing(f"{row.label} {words.numbers.ratio(row.power)}" for row in rows(table))


def _caption(study: PowerResult, table: pd.DataFrame, words: Language, *more: str) -> str:
    parts = [
        words.text(
            "picture.power.caption",
            level=study.level,
            replications=study.replications,
            seed=study.seed,
        ),
        words.text("picture.power.key", limit=CUSTOMARY),
        *more,
    ]
    none = [str(label) for label in table.loc[table["population"] == 0, "label"]]
    if none:
        parts.append(words.text("picture.power.zero", names=none))
    return words.text("caption.join").join(parts)
