"""Pictures of effects that pass through other constructs, or depend on them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tcsmodel.models.mediation import Effect, Mediation
from tcsmodel.models.simple_slopes import SimpleSlopes
from tcsmodel.report import theme
from tcsmodel.report.charts import Line, forest, rows_height
from tcsmodel.report.curves import spread
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import HEIGHT, WIDTH, Paint, Picture, wrap
from tcsmodel.report.satisfaction_pictures import caption

Array = NDArray[np.float64]

ORDER = ("direct", "specific", "indirect", "total")
# More pairs than these are shown by their indirect effects alone.
WHOLE = 3
# Of more ways than these the strongest are shown.
STRONGEST = 5
# Slopes are drawn over so many standard deviations to either side.
REACH = 2.0
GAP = 0.13
LABEL_SIZE, LABEL_WIDTH = 9.0, 2.0


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


def slopes_picture(found: SimpleSlopes, words: Language) -> Picture:
    """Return the expected target over the source, a line per value of the moderator."""
    labels = _slope_labels(found, words)
    return Picture(
        title=_slopes_title(found, words),
        subtitle=words.text("picture.slopes.subtitle", target=found.target),
        caption=caption(words, found.n, found.level, found.draws),
        alt=words.text(
            "picture.slopes.alt", target=found.target, source=found.source, listing=labels
        ),
        paint=_lines(
            found,
            labels,
            words.text("picture.slopes.x", source=found.source),
            words.text("picture.slopes.y", target=found.target),
        ),
        size=(WIDTH, HEIGHT),
    )


def _slope_labels(found: SimpleSlopes, words: Language) -> list[str]:
    numbers, labels = words.numbers, []
    for row in rows(found.table()):
        away = words.text("picture.slopes.line.mean")
        if row.at:
            away = words.text("picture.slopes.line.away", at=f"{row.at:+g}".replace("-", "−"))
        known = np.isfinite(row.ci_lower)
        interval = numbers.interval(row.ci_lower, row.ci_upper) if known else ""
        labels.append(
            words.text(
                "picture.slopes.line",
                moderator=row.moderator,
                at=away,
                slope=numbers.number(row.slope),
                interval=interval,
            ).strip()
        )
    return labels


def _slopes_title(found: SimpleSlopes, words: Language) -> str:
    low, high = found.change
    known = np.isfinite(low)
    key = ("rises" if low > 0 else "falls" if high < 0 else "even") if known else "untested"
    return words.text(
        f"picture.slopes.title.{key}",
        source=found.source,
        moderator=found.moderator,
        target=found.target,
    )


def _lines(found: SimpleSlopes, labels: list[str], x_words: str, y_words: str) -> Paint:
    x = np.linspace(-REACH, REACH, 81)
    drawn = found.expected(x)

    def paint(ax: Axes) -> None:
        colors = _shades(len(drawn))
        for values, color in zip(drawn, colors, strict=True):
            ax.plot(x, values, color=color, linewidth=1.8)
        ax.axhline(0, color=theme.GRID, linewidth=0.8, zorder=0)
        ax.axvline(0, color=theme.GRID, linewidth=0.8, zorder=0)
        ax.set_xlim(-REACH, REACH)
        ax.set_xlabel(x_words)
        ax.set_ylabel(y_words)
        if found.is_quadratic:
            _mark_slopes(ax, found, labels)
        else:
            _name_lines(ax, drawn[:, -1], labels, colors)

    return paint


def _shades(count: int) -> list[str]:
    """Return the colours of lines from the lowest value of the moderator to the highest."""
    shades = (theme.QUIET, theme.INK, theme.BLUE)
    return [theme.BLUE if count == 1 else shades[round(2 * k / (count - 1))] for k in range(count)]


def _name_lines(
    ax: Axes, ends: Array, labels: list[str], colors: list[str], *, joined: bool = True
) -> None:
    """Write the label of each line beside its end, none over another."""
    low, high = ax.get_ylim()
    order = np.argsort(ends)
    places = np.empty(len(ends))
    places[order] = spread(ends[order], GAP * (high - low), high)
    link = {"arrowstyle": "-", "color": theme.FAINT, "linewidth": 0.6}
    for label, end, place, color in zip(labels, ends, places, colors, strict=True):
        ax.annotate(
            "\n".join(_label_lines(label)),
            (REACH, end),
            xytext=(1.05, place),
            textcoords=("axes fraction", "data"),
            va="center",
            fontsize=LABEL_SIZE,
            color=color,
            annotation_clip=False,
            arrowprops=link if joined else None,
        )


def _label_lines(label: str) -> list[str]:
    """Break a label before its interval."""
    what, bracket, interval = label.partition(" [")
    return [*wrap(what, LABEL_WIDTH, LABEL_SIZE, lines=2), *([f"[{interval}"] if bracket else [])]


def _mark_slopes(ax: Axes, found: SimpleSlopes, labels: list[str]) -> None:
    """Mark the places of a curve whose slopes are asked for, and write them beside it."""
    values = found.expected(found.at)[0]
    ax.scatter(found.at, values, s=34, color=theme.BLUE, zorder=3)
    _name_lines(ax, values, labels, [theme.BLUE] * len(labels), joined=False)
