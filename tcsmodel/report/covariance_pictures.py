"""Pictures of covariance-based models: the path diagram and the loadings."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tcsmodel.models.discriminant import MODERATE, DiscriminantValidity, Overlap
from tcsmodel.models.sem import SEMResult
from tcsmodel.report.charts import Line, forest, rows_height
from tcsmodel.report.diagram import Edge, Node
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.model_pictures import diagram_picture, item_label, strongest_path
from tcsmodel.report.picture import WIDTH, Picture

STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
CUSTOMARY_LOADING = 0.50
NAMED = 4


def stars(p: float) -> str:
    """Return the customary stars of a p value."""
    return next((mark for limit, mark in STARS if p < limit), "")


def sem_diagram(fit: SEMResult, words: Language) -> Picture:
    """Return the path diagram: standardized paths with stars, loadings, R².

    Without constructs it is one of the items; the values of groups stand beside each other.
    """
    names = fit.estimator.spec.construct_names or fit.model.parameters.items
    table = fit.standardized
    # What is fixed to zero is not there: the covariances of orthogonal constructs.
    table = table[(table["std"] != 0) | (table["se"] > 0)]
    arrows = _arrows(table, set(names))
    ends_of = ["source", "target", "directed"]
    edges = [
        Edge(
            str(source),
            str(target),
            (_values(part, words),),
            part["std"].abs().max(),
            bool(((part["p"] < 1 - fit.level) | (part["se"] == 0)).any()),
            bool(directed),
        )
        for (source, target, directed), part in arrows.groupby(ends_of, sort=False)
    ]
    ends = [name for edge in edges for name in (edge.source, edge.target)]
    nodes = [_node(name, table, fit, words) for name in dict.fromkeys([*names, *ends])]
    paths = arrows[arrows["directed"]].rename(columns={"std": "estimate"})
    aside = _residual_correlations(table, {node.name for node in nodes})
    notes = [] if fit.proper else [words.text("picture.diagram.improper")]
    if fit.model.n_groups > 1:
        notes.append(words.text("picture.diagram.groups", groups=fit.sample.groups))
    return diagram_picture(
        nodes,
        edges,
        paths,
        words,
        title=_title(fit, paths[paths["op"] == "~"], words),
        subtitle=words.text("picture.diagram.sem"),
        caption_text=words.text("caption.join").join(
            [
                words.text("caption.n", n=fit.sample.n),
                *notes,
                *_told(aside, words),
                words.text("picture.diagram.key_sem", limit=1 - fit.level),
            ]
        ),
    )


def _title(fit: SEMResult, paths: pd.DataFrame, words: Language) -> str:
    if not fit.proper:
        return words.text("picture.diagram.title_improper")
    if paths.empty and not fit.model.constructs:
        return words.text("picture.diagram.title_items")
    if paths.empty:
        return words.text("picture.diagram.title_measurement", count=len(fit.estimator.spec.items))
    return strongest_path(paths, words)


def _residual_correlations(table: pd.DataFrame, drawn: set[str]) -> pd.DataFrame:
    """Return the covariances of which an end stands in a card, where no arrow can reach it."""
    pairs = table[(table["op"] == "~~") & (table["lhs"] != table["rhs"])]
    return pairs[~(pairs["lhs"].isin(drawn) & pairs["rhs"].isin(drawn))]


def _told(pairs: pd.DataFrame, words: Language) -> list[str]:
    """Return the correlations of residuals in words, the largest first."""
    found = [
        (part["std"].abs().max(), f"{lhs} – {rhs} {_values(part, words)}")
        for (lhs, rhs), part in pairs.groupby(["lhs", "rhs"], sort=False)
    ]
    if not found:
        return []
    told = [words_ for _, words_ in sorted(found, key=lambda pair: -pair[0])]
    key = "residuals" if len(told) <= NAMED else "residuals_many"
    shown, more = told[:NAMED], len(told) - NAMED
    return [words.text(f"picture.diagram.{key}", pairs=", ".join(shown), more=more)]


def _arrows(table: pd.DataFrame, constructs: set[str]) -> pd.DataFrame:
    """Return ``source target std se p directed`` of what is drawn between constructs."""
    paths = table[table["op"] == "~"]
    drawn = {*constructs, *paths["lhs"], *paths["rhs"]}
    second_order = table[(table["op"] == "=~") & table["rhs"].isin(constructs)]
    covariances = table[
        (table["op"] == "~~")
        & (table["lhs"] != table["rhs"])
        & table["lhs"].isin(drawn)
        & table["rhs"].isin(drawn)
    ]
    return pd.concat(
        [
            second_order.assign(
                source=second_order["lhs"], target=second_order["rhs"], directed=True
            ),
            paths.assign(source=paths["rhs"], target=paths["lhs"], directed=True),
            covariances.assign(
                source=covariances["lhs"], target=covariances["rhs"], directed=False
            ),
        ],
        ignore_index=True,
    )


def _node(name: str, table: pd.DataFrame, fit: SEMResult, words: Language) -> Node:
    constructs = set(fit.estimator.spec.construct_names)
    loads = table[(table["op"] == "=~") & (table["lhs"] == name) & ~table["rhs"].isin(constructs)]
    explained = fit.r_squared[fit.r_squared.index.get_level_values(-1) == name]
    note = _beside([words.numbers.ratio(value) for value in explained])
    items = tuple(
        (str(item), _values(part, words)) for item, part in loads.groupby("rhs", sort=False)
    )
    return Node(name, f"R² {note}" if note else "", items, observed=name not in constructs)


def _values(table: pd.DataFrame, words: Language) -> str:
    """Return the standardized values of one parameter with stars, group beside group."""
    return _beside([words.numbers.ratio(row.std) + stars(row.p) for row in rows(table)])


def _beside(values: list[str]) -> str:
    return " | ".join(values)


def loadings_forest(fit: SEMResult, words: Language) -> Picture:
    """Return the standardized loadings with intervals, construct by construct."""
    numbers, survey = words.numbers, fit.sample.survey
    labels = {} if survey is None else dict(survey.labels)
    table = fit.standardized.query("op == '=~'")
    frame = pd.DataFrame(
        {
            "label": [
                f"{row.lhs}: {item_label(row.rhs, labels)}{_group_of(row, fit)}"
                for row in rows(table)
            ],
            "estimate": table["std"].to_numpy(),
            "ci_lower": table["ci_lower"].to_numpy(),
            "ci_upper": table["ci_upper"].to_numpy(),
            "words": [
                numbers.ratio(row.std)
                + " "
                + numbers.interval(row.ci_lower, row.ci_upper, ratio=True)
                for row in rows(table)
            ],
            "strong": table["std"].to_numpy() >= CUSTOMARY_LOADING,
        }
    )
    weak = [str(name) for name in table.loc[table["std"] < CUSTOMARY_LOADING, "rhs"]]
    some = "weak" if len(weak) <= NAMED else "weak_many"
    key = "improper" if not fit.proper else some if weak else "fine"
    told = {"weak": weak, "count": len(weak), "items": len(table), "limit": CUSTOMARY_LOADING}
    return Picture(
        title=words.text(f"picture.cfa.title.{key}", **told),
        subtitle=words.text("picture.cfa.subtitle"),
        caption=words.text("caption.join").join(
            [
                words.text("caption.n", n=fit.sample.n),
                words.text("picture.cfa.key", level=fit.level, **told),
            ]
        ),
        alt=words.text("picture.cfa.alt", **told),
        paint=forest(
            frame,
            axis=words.text("picture.cfa.axis"),
            values_header=words.text("header.loading_ci", level=fit.level),
            bold=False,
        ),
        size=(WIDTH, rows_height(frame["label"].tolist(), 0.25)),
    )


def _group_of(row: Any, fit: SEMResult) -> str:
    return f" ({row.group})" if fit.model.n_groups > 1 else ""


def correlations_forest(validity: DiscriminantValidity, words: Language) -> Picture:
    """Return the correlations of the constructs with intervals, the closest pair first."""
    numbers, table = words.numbers, validity.table()
    table["label"] = [
        words.text("picture.distinct.pair", first=row.lhs, second=row.rhs) for row in rows(table)
    ]
    table["strong"] = table["overlap"].isin([Overlap.SEVERE, Overlap.MODERATE])
    frame = table.rename(columns={"correlation": "estimate"}).assign(
        words=[
            f"{numbers.ratio(row.correlation)} "
            f"{numbers.interval(row.ci_lower, row.ci_upper, ratio=True)}"
            for row in rows(table)
        ]
    )
    close = table[table["strong"]]
    key = "none" if close.empty else "many"
    if len(close) == 1:
        key = "one" if close["overlap"].iloc[0] == Overlap.SEVERE else "close"
    told = {
        "pairs": [str(label) for label in close["label"]],
        "count": len(close),
        "total": len(table),
        "limit": MODERATE,
    }
    return Picture(
        title=words.text(f"picture.distinct.title.{key}", **told),
        subtitle=words.text("picture.distinct.subtitle"),
        caption=words.text("caption.join").join(
            [
                words.text("caption.n", n=validity.n),
                words.text("picture.distinct.key", level=validity.level, **told),
            ]
        ),
        alt=words.text("picture.distinct.alt", **told),
        paint=forest(
            frame,
            lines=[Line(MODERATE, words.text("picture.distinct.limit", limit=MODERATE))],
            axis=words.text("picture.distinct.axis"),
            values_header=words.text("header.correlation_ci", level=validity.level),
            bold=False,
        ),
        size=(WIDTH, rows_height(frame["label"].tolist(), 0.25)),
    )
