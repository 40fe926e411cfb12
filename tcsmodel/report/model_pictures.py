"""Pictures of PLS models, of the gate, and of what was answered."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from tcsmodel.models.pls import PLSResult
from tcsmodel.report.charts import Cells, Line, checks, forest, heat, rows_height
from tcsmodel.report.diagram import Edge, Node, diagram
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import PAD, WIDTH, Picture
from tcsmodel.report.satisfaction_pictures import caption
from tcsmodel.result import Severity
from tcsmodel.satisfaction.gate import Gate
from tcsmodel.survey.screening import Factorability, Screening

OVERLAP = 0.90
CUSTOMARY_KMO = 0.60
CHECKS = {
    "low_alpha": "reliability",
    "low_ave": "convergence",
    "low_loading": "convergence",
    "modest_loading": "convergence",
    "negative_weight": "convergence",
    "htmt_high": "distinction",
    "htmt_indistinct": "distinction",
    "htmt_uncertain": "distinction",
    "merge_candidates": "distinction",
    "fornell_larcker": "distinction",
    "collinear": "collinearity",
    "collinear_items": "collinearity",
    "collinear_antecedents": "collinearity",
    "methods_disagree": "agreement",
    "methods_disagree_sign": "agreement",
}
COLUMNS = ("reliability", "convergence", "distinction", "collinearity", "agreement", "solution")


def item_label(name: str, labels: dict[str, str] | None) -> str:
    """Return an item's name with its question, where the survey has one."""
    question = (labels or {}).get(name, "")
    return f"{name}  {question}" if question else name


def pls_diagram(pls: PLSResult, words: Language) -> Picture:
    """Return the path diagram: standardized paths, loadings, R²."""
    numbers = words.numbers
    loadings, explained = pls.outer_loadings, pls.r_squared
    model = pls.estimator.model
    nodes = [
        Node(
            name,
            f"R² {numbers.ratio(explained[name])}" if name in explained else "",
            ()
            if model.is_product[c]
            else tuple((i, numbers.ratio(loadings.loc[i, name])) for i in model.own_items(c)),
            bool(model.mode_b[c]),
        )
        for c, name in enumerate(model.constructs)
        if c not in model.lower
    ]
    table = pls.table()
    edges = []
    for row in rows(table):
        lines, sure = [numbers.ratio(row.path)], True
        if pls.draws is not None:
            lines.append(numbers.interval(row.ci_lower, row.ci_upper, ratio=True))
            sure = row.ci_lower > 0 or row.ci_upper < 0
        edges.append(Edge(row.source, row.target, tuple(lines), abs(row.path), sure))
    named = table.rename(columns={"path": "estimate"})
    return diagram_picture(
        nodes,
        edges,
        named,
        words,
        title=strongest_path(named, words),
        subtitle=words.text("picture.diagram.pls"),
        caption_text=caption(
            words,
            pls.sample.n,
            pls.level,
            pls.draws,
            words.text("picture.diagram.key" if pls.draws else "picture.diagram.key_plain"),
        ),
    )


def strongest_path(paths: pd.DataFrame, words: Language) -> str:
    """Return the title that names the strongest path into the construct with most sources.

    Of several such constructs the one with the largest path. Where it has one source, the title
    is of the path, or of the group in which that is strongest.
    """
    sizes = paths.assign(size=paths["estimate"].abs()).groupby("target", sort=False)
    busiest = sizes.agg(sources=("source", "nunique"), size=("size", "max"))
    crowded = busiest.sort_values(["sources", "size"], ascending=False, kind="stable").index[0]
    into = paths[paths["target"] == crowded]
    row = into.iloc[int(np.argmax(into["estimate"].abs()))]
    several, grouped = busiest.loc[crowded, "sources"] > 1, into.duplicated("source").any()
    key = "" if several else "_alone"
    if grouped:
        key = "_group" if several else "_groups"
    return words.text(
        f"picture.diagram.title{key}",
        source=row["source"],
        target=crowded,
        estimate=float(row["estimate"]),
        group=row.get("group", ""),
    )


def diagram_picture(
    nodes: list[Node],
    edges: list[Edge],
    paths: pd.DataFrame,
    words: Language,
    *,
    title: str,
    subtitle: str,
    caption_text: str,
) -> Picture:
    """Return a path diagram with its words; `paths` (``source target estimate``) are told aloud."""
    drawn = diagram(nodes, edges)
    told = words.listing(
        words.text(
            "picture.diagram.path", source=row.source, target=row.target, estimate=row.estimate
        )
        for row in rows(paths)
    )
    return Picture(
        title=title,
        subtitle=subtitle,
        caption=caption_text,
        alt=words.text("picture.diagram.alt", paths=told or words.text("none"), count=len(nodes)),
        paint=drawn.paint,
        size=(max(drawn.size[0] + 2 * PAD, WIDTH), drawn.size[1]),
    )


def htmt_picture(pls: PLSResult, words: Language) -> Picture:
    """Return the heterotrait-monotrait ratios of all pairs of constructs."""
    full = pls.htmt
    names = [name for name in full.index if full.loc[name].notna().any()]
    lower = np.tril(np.ones((len(names), len(names)), dtype=bool), -1)
    values = full.loc[names, names].where(lower).iloc[1:, :-1]
    high = values >= OVERLAP
    cells = Cells(
        values, values.map(lambda v: words.numbers.ratio(v) if np.isfinite(v) else ""), high, high
    )
    pairs = [f"{values.index[i]} – {values.columns[j]}" for i, j in np.argwhere(high.to_numpy())]
    key = {0: "none", 1: "one"}.get(len(pairs), "many")
    told = {"pairs": pairs, "count": len(pairs), "limit": OVERLAP, "total": int(lower.sum())}
    return Picture(
        title=words.text(f"picture.htmt.title.{key}", **told),
        subtitle=words.text("picture.htmt.subtitle"),
        caption=words.text("caption.join").join(
            [words.text("caption.n", n=pls.sample.n), words.text("picture.htmt.key", **told)]
        ),
        alt=words.text("picture.htmt.alt", **told),
        paint=heat(cells, (0, 1)),
        size=(WIDTH, rows_height(names[1:], 0.42)),
    )


def gate_picture(gate: Gate, words: Language) -> Picture:
    """Return which check found what about which construct."""
    whole = words.text("check.whole_model")
    spec = gate.estimator.spec
    home = {item: construct.name for construct in spec.constructs for item in construct.items}
    names = [*spec.construct_names, whole]
    weight = {Severity.PROBLEM: 3, Severity.CAUTION: 2, Severity.NOTE: 1}
    worst = np.zeros((len(names), len(COLUMNS)), dtype=int)
    for finding in gate.findings:
        column = COLUMNS.index(CHECKS.get(finding.code, "solution"))
        for name in _concerned(finding.subjects, home, names, whole):
            at = names.index(name), column
            worst[at] = max(worst[at], weight[finding.severity])
    headers = [words.text(f"check.{name}") for name in COLUMNS]
    found = pd.DataFrame(worst, index=names, columns=headers)
    if not worst[-1].any():
        found = found.iloc[:-1]
    problems, cautions = (int(gate.counts[name]) for name in ("problem", "caution"))
    key = "problems" if problems else "cautions" if cautions else "clear"
    told = {"problems": problems, "cautions": cautions, "notes": int(gate.counts["note"])}
    return Picture(
        title=words.text(f"picture.gate.title.{key}", **told),
        subtitle=words.text("picture.gate.subtitle"),
        caption=words.text("picture.gate.key"),
        alt=words.text("picture.gate.alt", **told),
        paint=checks(found),
        size=(WIDTH, rows_height(list(found.index), 0.32)),
    )


def _concerned(
    subjects: Iterable[str], home: dict[str, str], names: list[str], whole: str
) -> set[str]:
    """Return the constructs that a finding is about: items count for their construct."""
    named = {home.get(subject, subject) for subject in subjects}
    return named & set(names) or {whole}


def answers_picture(screening: Screening, words: Language) -> Picture:
    """Return the mean of each item with one standard deviation to either side."""
    numbers, survey = words.numbers, screening.survey
    table = screening.items.sort_values("mean", ascending=False)
    labels = [item_label(str(name), dict(survey.labels)) for name in table.index]
    frame = pd.DataFrame(
        {
            "label": labels,
            "estimate": table["mean"].to_numpy(),
            "ci_lower": (table["mean"] - table["sd"]).to_numpy(),
            "ci_upper": (table["mean"] + table["sd"]).to_numpy(),
            "words": [
                f"{numbers.number(row.mean)} ({numbers.number(row.sd)})" for row in rows(table)
            ],
            "strong": np.isin(np.arange(len(table)), [0, len(table) - 1]),
        }
    )
    limits = set(survey.scale.values())
    told = {"highest": table.index[0], "lowest": table.index[-1]}
    return Picture(
        title=words.text("picture.answers.title", **told),
        subtitle=words.text("picture.answers.subtitle"),
        caption=words.text("caption.n", n=survey.n),
        alt=words.text("picture.answers.alt", count=len(table), **told),
        paint=forest(
            frame,
            limits=limits.pop() if len(limits) == 1 else None,
            axis=words.text("picture.answers.axis"),
            values_header=words.text("header.mean_sd"),
        ),
        size=(WIDTH, rows_height(labels, 0.27)),
    )


def factorability_picture(adequacy: Factorability, words: Language) -> Picture:
    """Return each item's sampling adequacy beside the custom."""
    numbers = words.numbers
    table = adequacy.kmo_items.sort_values(ascending=False)
    frame = pd.DataFrame(
        {
            "label": [str(name) for name in table.index],
            "estimate": table.to_numpy(),
            "ci_lower": np.nan,
            "ci_upper": np.nan,
            "words": [numbers.ratio(value) for value in table],
            "strong": table.to_numpy() < CUSTOMARY_KMO,
        }
    )
    told = {"kmo": adequacy.kmo, "items": len(table), "lowest": table.index[-1]}
    return Picture(
        title=words.text(
            "picture.kmo.title" if adequacy.kmo >= CUSTOMARY_KMO else "picture.kmo.title_low",
            **told,
        ),
        subtitle=words.text("picture.kmo.subtitle"),
        caption=words.text("caption.n", n=adequacy.moments.n),
        alt=words.text("picture.kmo.alt", **told),
        paint=forest(
            frame,
            limits=(0, 1),
            lines=[Line(CUSTOMARY_KMO, numbers.ratio(CUSTOMARY_KMO))],
            axis=words.text("picture.kmo.axis"),
        ),
        size=(WIDTH, rows_height(frame["label"].tolist(), 0.25)),
    )
