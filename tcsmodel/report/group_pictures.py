"""Pictures of groups: invariance of composites, and paths by group."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tcsmodel.models.group_comparison import GroupComparison
from tcsmodel.models.micom import MICOMResult
from tcsmodel.report.charts import LABEL_SIZE, Line, forest, rows_height
from tcsmodel.report.frames import rows
from tcsmodel.report.group_charts import grouped_forest, grouped_height
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Picture, wrap

# Rows of the picture of differences.
SHOWN = 12
# Inches of one of two groups in a label.
NAME_WIDTH = 1.5


def micom_picture(result: MICOMResult, words: Language) -> Picture:
    """Return the correlations of composites beside their values under permutation.

    Of more than two groups, those of the pair with the smallest p for each construct.
    """
    numbers, table = words.numbers, result.table()
    several = len(result.groups) > 2
    if several:
        least = table.sort_values("correlation_p", kind="stable").drop_duplicates("construct")
        order = list(result.estimator.model.scored)
        table = least.set_index("construct").loc[order].reset_index()
    rejected = (table["invariance"] == "none").to_numpy()
    frame = pd.DataFrame(
        {
            "label": [_construct(row, several, words) for row in rows(table)],
            "estimate": table["correlation"],
            "ci_lower": table["correlation_quantile"],
            "ci_upper": 1.0,
            "words": [
                f"{numbers.ratio(row.correlation, 3)}  {numbers.p(row.correlation_p)}"
                for row in rows(table)
            ],
            "strong": rejected,
        }
    )
    lowest = float(frame[["estimate", "ci_lower"]].min().min())
    pad = 0.06 * max(1 - lowest, 1e-3)
    different = tuple(dict.fromkeys(table["construct"][rejected]))
    caption = [_sizes(result, words), words.text("picture.micom.caption")]
    return Picture(
        title=words.text(
            f"picture.micom.title.{result.invariance}", group=result.group, constructs=different
        ),
        subtitle=words.text(f"picture.micom.subtitle.{'several' if several else 'two'}"),
        caption=words.text("caption.join").join(caption),
        alt=words.text("picture.micom.alt", listing=_listing(frame, words)),
        paint=forest(
            frame,
            limits=(lowest - pad, 1 + pad),
            lines=[Line(1.0, "")],
            axis=words.text("picture.micom.axis", level=result.level),
            values_header=words.text("picture.micom.values"),
        ),
        size=(WIDTH, rows_height(frame["label"].tolist())),
    )


def _construct(row: Any, several: bool, words: Language) -> str:
    if not several:
        return str(row.construct)
    group, other = _short(row.group), _short(row.other)
    return words.text("picture.micom.label", construct=row.construct, group=group, other=other)


def paths_picture(result: GroupComparison, words: Language) -> Picture:
    """Return the paths of every group with their intervals, a band per path."""
    numbers, table = words.numbers, result.by_group("paths")
    frame = table.assign(label=[_path(row) for row in rows(table)])
    tests = result.omnibus() if len(result.groups) > 2 else result.table()
    p = tests["p_adjusted"]
    caption = [_sizes(result, words), _rule(result, words)]
    listing = words.listing(
        f"{row.label}: "
        + words.text("picture.groups.of", group=row.group, value=numbers.number(row.estimate, 2))
        for row in rows(frame)
    )
    return Picture(
        title=_paths_title(result, words),
        subtitle=words.text("picture.groups.subtitle", level=result.level),
        caption=words.text("caption.join").join(caption),
        alt=words.text("picture.groups.alt", listing=listing),
        paint=grouped_forest(
            frame,
            result.groups,
            words=[numbers.p(value) for value in p],
            strong=list(p < 1 - result.level),
            axis=words.text("picture.groups.axis"),
            values_header=words.text("picture.groups.values"),
        ),
        size=(WIDTH, grouped_height(len(p), len(result.groups))),
    )


def _rule(result: GroupComparison, words: Language) -> str:
    if len(result.groups) > 2:
        return words.text("picture.groups.omnibus")
    return words.text("picture.groups.caption", method=result.method.value)


def _paths_title(result: GroupComparison, words: Language) -> str:
    found = result.significant
    if not len(found):
        return words.text("picture.groups.title.none", group=result.group)
    first = next(rows(found))
    return words.text("picture.groups.title.some", path=_path(first), group=result.group)


def differences_picture(result: GroupComparison, words: Language) -> Picture:
    """Return the differences of paths between the groups of each pair.

    Of many, those with the smallest p.
    """
    numbers, table = words.numbers, result.table()
    strong, several = table["p_adjusted"] < 1 - result.level, len(result.groups) > 2
    shown = table
    if len(table) > SHOWN:
        shown = table.sort_values("p_permutation", kind="stable").head(SHOWN)
    frame = shown[["ci_lower", "ci_upper"]].assign(
        label=[_pair(row, words) if several else _path(row) for row in rows(shown)],
        estimate=shown["difference"],
        words=[
            f"{numbers.number(row.difference, 2)}  {numbers.p(row.p_adjusted)}"
            for row in rows(shown)
        ],
        strong=strong[shown.index],
    )
    caption = [
        _sizes(result, words),
        words.text("picture.differences.caption", method=result.method.value),
    ]
    if len(shown) < len(table):
        caption.insert(1, words.text("picture.differences.shown", shown=SHOWN, total=len(table)))
    first, second = result.groups[:2]
    return Picture(
        title=words.text(
            f"picture.differences.title.{'some' if strong.any() else 'none'}",
            count=int(strong.sum()),
            total=len(table),
        ),
        subtitle=words.text("picture.differences.subtitle", group=result.group, level=result.level),
        caption=words.text("caption.join").join(caption),
        alt=words.text("picture.differences.alt", listing=_listing(frame, words)),
        paint=forest(
            frame,
            lines=[Line(0.0, "")],
            axis=words.text("picture.differences.axis")
            if several
            else words.text("picture.differences.axis.two", group=first, other=second),
            values_header=words.text("picture.differences.values"),
        ),
        size=(WIDTH, rows_height(frame["label"].tolist())),
    )


def _pair(row: Any, words: Language) -> str:
    group, other = _short(row.group), _short(row.other)
    return words.text("picture.differences.label", path=_path(row), group=group, other=other)


def _short(name: str) -> str:
    return wrap(name, NAME_WIDTH, LABEL_SIZE, lines=1)[0]


def _path(row: Any) -> str:
    return f"{row.source} → {row.target}"


def _sizes(result: MICOMResult | GroupComparison, words: Language) -> str:
    listed = words.listing(f"{label} {n}" for label, n in result.sizes.items())
    return f"n = {result.grouped.n} ({listed})"


def _listing(frame: pd.DataFrame, words: Language) -> str:
    return words.listing(f"{row.label} {row.words}" for row in rows(frame))
