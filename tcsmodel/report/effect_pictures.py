"""Pictures of effects that pass through other constructs."""

from __future__ import annotations

import pandas as pd

from tcsmodel.models.mediation import Effect, Mediation
from tcsmodel.report.charts import Line, forest, rows_height
from tcsmodel.report.language import Language
from tcsmodel.report.picture import WIDTH, Picture

ORDER = ("direct", "specific", "indirect", "total")
# More pairs than these are shown by their indirect effects alone.
WHOLE = 3
# Of more ways than these the strongest are shown.
STRONGEST = 5


def mediation_forest(found: Mediation, words: Language) -> Picture:
    """Return the ways from each source to each target with their intervals."""
    numbers, shown = words.numbers, _shown(found)
    alone = len(found.pairs) == 1
    frame = pd.DataFrame(
        {
            "label": [_label(effect, alone, words) for effect in shown],
            "estimate": [effect.estimate for effect in shown],
            "ci_lower": [effect.ci_lower for effect in shown],
            "ci_upper": [effect.ci_upper for effect in shown],
            "words": [
                f"{numbers.number(e.estimate)} {numbers.interval(e.ci_lower, e.ci_upper)}"
                for e in shown
            ],
            "strong": [effect.is_clear for effect in shown],
        }
    )
    title = words.text("picture.mediation.title.many")
    if alone:
        source, target, group = found.pairs[0]
        kind = found.kind(source, target, group)
        title = words.text("picture.mediation.title", source=source, target=target, kind=kind)
    listing = [f"{row[0]} {row[1]}" for row in zip(frame["label"], frame["words"], strict=True)]
    return Picture(
        title=title,
        subtitle=words.text("picture.mediation.subtitle"),
        caption=words.text("picture.mediation.key", level=found.level),
        alt=words.text("picture.mediation.alt", count=len(shown), listing=listing),
        paint=forest(
            frame,
            lines=[Line(0.0, "")],
            axis=words.text("picture.mediation.axis"),
            values_header=words.text("header.effect_ci", level=found.level),
            bold=False,
        ),
        size=(WIDTH, rows_height(frame["label"].tolist())),
    )


def _shown(found: Mediation) -> list[Effect]:
    if len(found.pairs) > WHOLE:
        return [effect for effect in found.effects if effect.effect == "indirect"]
    shown = []
    for pair in found.pairs:
        own = [e for e in found.effects if (e.source, e.target, e.group) == pair]
        own.sort(key=lambda effect: ORDER.index(effect.effect))
        ways = [effect for effect in own if effect.effect == "specific"]
        weaker = sorted(ways, key=lambda way: -abs(way.estimate))[STRONGEST:]
        left_out = {*weaker, *(e for e in own if e.effect == "indirect" and len(ways) == 1)}
        shown += [effect for effect in own if effect not in left_out]
    return shown


def _label(effect: Effect, alone: bool, words: Language) -> str:
    if effect.effect == "specific":
        stops = " → ".join(effect.via.split(" -> ")[1:-1])
        said = words.text("picture.mediation.via", stops=stops)
    else:
        said = words.text(f"picture.mediation.{effect.effect}")
    if alone:
        return said
    where = f"{effect.target} ({effect.group})" if effect.group else effect.target
    return words.text("picture.mediation.pair", source=effect.source, target=where, effect=said)
