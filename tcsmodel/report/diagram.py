"""The path diagram: constructs, items and arrows, drawn without system programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch, Patch, Rectangle
from matplotlib.path import Path
from numpy.typing import NDArray

from tcsmodel.report import theme
from tcsmodel.report.arrows import Curve, Shapes, arcs, arrows, met
from tcsmodel.report.layout import CLEAR, Layout, arrange, stacked
from tcsmodel.report.picture import wrap

Array = NDArray[np.float64]
NAME_SIZE, NOTE_SIZE, ITEM_SIZE, EDGE_SIZE = 9.5, 8.5, 8.0, 8.5
ROW = 0.185
# How much wider long values are on a screen, where letters begin at whole dots.
LOOSE = 1.05
NAME_WIDTH, WIDEST_WORD, ITEM_WIDTH = 1.25, 1.9, 1.25
MOST_LINES = 4
AFTER_MARK = re.compile(r"(?<=[:_])(?=[^:_])")
BEFORE_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True)
class Node:
    """A construct: its name, a note under it (such as R²), and its items with their loadings.

    Composites (``composite=True``) are formed by their items; reflective constructs
    are measured by them, and the small arrow between construct and card says which. An
    observed variable is a box (``observed=True``).
    """

    name: str
    note: str = ""
    items: tuple[tuple[str, str], ...] = ()
    composite: bool = False
    observed: bool = False


@dataclass(frozen=True)
class Edge:
    """An arrow: its words (estimate, then its interval), its size (0 to 1) and how sure it is.

    ``directed=False`` is a covariance, drawn bent and with two heads.
    """

    source: str
    target: str
    words: tuple[str, ...] = ()
    size: float = 0.5
    sure: bool = True
    directed: bool = True


@dataclass(frozen=True)
class Diagram:
    """A path diagram ready to paint, and its size in inches."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    ellipse: tuple[float, float]
    cards: tuple[tuple[float, float], ...]
    layout: Layout

    @cached_property
    def curves(self) -> list[Curve]:
        """The arrows, from rim to rim."""
        at = {node.name: i for i, node in enumerate(self.nodes)}
        links = [(at[e.source], at[e.target], e.directed) for e in self.edges]
        square = np.array([node.observed for node in self.nodes])
        shapes = Shapes(self.layout.centers, self.ellipse, square)
        if _is_column(self.edges):
            return arcs(shapes, links, max((_label_size(e)[0] for e in self.edges), default=0.0))
        return arrows(shapes, links, *self.boxes)

    @cached_property
    def boxes(self) -> tuple[Array, Array]:
        """Centers and sizes (b, 2) of constructs, then cards."""
        sizes = np.vstack([np.tile(self.ellipse, (len(self.nodes), 1)), np.array(self.cards)])
        return np.vstack([self.layout.centers, self.layout.cards]), sizes

    @cached_property
    def labels(self) -> list[Array]:
        """The center of each arrow's label."""
        return label_places(self)

    @cached_property
    def _extent(self) -> tuple[Array, Array]:
        """The lower left and upper right corners: constructs and cards, arrows and labels."""
        half = [np.array(_label_size(edge)) / 2 for edge in self.edges]
        points = [curve.at(np.linspace(0, 1, 21)) for curve in self.curves]
        points += [np.vstack([at - h, at + h]) for at, h in zip(self.labels, half, strict=True)]
        low, high = np.zeros(2), np.array(self.layout.size)
        if points:
            every = np.vstack(points)
            low = np.minimum(low, every.min(0) - CLEAR)
            high = np.maximum(high, every.max(0) + CLEAR)
        return low, high

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        low, high = self._extent
        width, height = (high - low).tolist()
        return width, height

    def paint(self, ax: Axes) -> None:
        """Paint the diagram; one unit of the axes is one inch."""
        low, high = self._extent
        ax.set_xlim(low[0], high[0])
        ax.set_ylim(low[1], high[1])
        ax.set_aspect("equal", adjustable="box")
        ax.set_axis_off()
        _paint_edges(ax, self)
        for node, center, card, size in zip(
            self.nodes, self.layout.centers, self.layout.cards, self.cards, strict=True
        ):
            _paint_card(ax, node, center, card, size, self.ellipse)
            _paint_node(ax, node, center, self.ellipse)
        _paint_labels(ax, self)


def _is_column(edges: Sequence[Edge]) -> bool:
    """Return whether constructs stand in a column: nothing acts on anything."""
    return not any(edge.directed for edge in edges)


def diagram(nodes: Sequence[Node], edges: Sequence[Edge]) -> Diagram:
    """Return the diagram of constructs and arrows, arranged.

    Examples
    --------
    >>> from tcsmodel.report.diagram import Edge, Node, diagram
    >>> drawn = diagram([Node("Quality"), Node("Satisfaction", "R² .67")],
    ...                 [Edge("Quality", "Satisfaction", (".82",), 0.82)])
    >>> bool(drawn.layout.centers[0, 0] < drawn.layout.centers[1, 0])
    True
    """
    ellipse = _ellipse_size(nodes)
    cards = tuple(_card_size(node) for node in nodes)
    at = {node.name: i for i, node in enumerate(nodes)}
    links = tuple((at[e.source], at[e.target], e.directed) for e in edges)
    sizes = [_label_size(edge) for edge in edges] or [(0.0, 0.0)]
    label = tuple(np.max(sizes, axis=0).tolist())
    if _is_column(edges):
        layout = stacked(ellipse, cards, label)
    else:
        layout = arrange(ellipse, cards, links, label)
    return Diagram(tuple(nodes), tuple(edges), ellipse, cards, layout)


def _name_lines(node: Node) -> list[str]:
    """Break a name between words: at spaces, behind colons and underscores, before capitals.

    Inside a word only where the word alone is wider than `WIDEST_WORD`.
    """
    lines: list[str] = []
    for piece in AFTER_MARK.split(node.name):
        words = piece if _width(piece) <= NAME_WIDTH else BEFORE_CAPITAL.sub(" ", piece)
        widest = max((_width(word) for word in words.split()), default=0.0)
        width = NAME_WIDTH if _width(words) <= NAME_WIDTH else max(NAME_WIDTH, widest)
        broken = wrap(words, min(width, WIDEST_WORD), NAME_SIZE, weight="bold")
        if lines and broken and _width(lines[-1] + broken[0]) <= NAME_WIDTH:
            lines[-1] += broken.pop(0)
        lines += broken
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], f"{lines[3]}…"]


def _width(words: str) -> float:
    return theme.text_width(words, NAME_SIZE, "bold")


def _ellipse_size(nodes: Sequence[Node]) -> tuple[float, float]:
    """Return one size for all constructs: the inscribed box holds the longest name and note."""
    lines = [_name_lines(node) for node in nodes]
    width = max(
        *(_width(line) for name in lines for line in name),
        *(theme.text_width(node.note, NOTE_SIZE) for node in nodes),
    )
    count = max(len(name) for name in lines)
    noted = any(node.note for node in nodes)
    height = theme.text_height(count, NAME_SIZE) + theme.text_height(int(noted), NOTE_SIZE)
    return max(1.05, 1.22 * width + 0.12), max(0.58, 1.28 * height + 0.14)


def _card_size(node: Node) -> tuple[float, float]:
    if not node.items:
        return (0.0, 0.0)
    names = max(theme.text_width(_item_name(name), ITEM_SIZE) for name, _ in node.items)
    values = max(theme.text_width(value, ITEM_SIZE) for _, value in node.items)
    return names + LOOSE * values + 0.28, ROW * len(node.items)


def _item_name(name: str) -> str:
    return wrap(name, ITEM_WIDTH, ITEM_SIZE, lines=1)[0]


def _label_size(edge: Edge) -> tuple[float, float]:
    if not edge.words:
        return (0.0, 0.0)
    first, *rest = edge.words
    width = max(
        theme.text_width(first, EDGE_SIZE, "bold"),
        *(theme.text_width(line, EDGE_SIZE - 1) for line in rest),
        0.0,
    )
    return width + 0.10, theme.text_height(len(edge.words), EDGE_SIZE) + 0.02


def _paint_node(ax: Axes, node: Node, center: Array, size: tuple[float, float]) -> None:
    style: dict[str, Any] = {
        "facecolor": "#eaf3f9", "edgecolor": theme.BLUE, "linewidth": 1.3, "zorder": 4,
    }  # fmt: skip
    shape: Patch = Ellipse(_point(center), *size, **style)
    if node.observed:
        shape = Rectangle(_point(center - np.array(size) / 2), *size, **style)
    ax.add_patch(shape)
    lines = _name_lines(node)
    heights = [theme.text_height(1, NAME_SIZE)] * len(lines)
    heights += [theme.text_height(1, NOTE_SIZE)] * bool(node.note)
    y = center[1] + sum(heights) / 2
    for line, height in zip([*lines, *[node.note] * bool(node.note)], heights, strict=True):
        is_note = bool(node.note) and height is heights[-1]
        ax.text(
            center[0],
            y - height / 2,
            line,
            ha="center",
            va="center_baseline",
            fontsize=NOTE_SIZE if is_note else NAME_SIZE,
            fontweight="normal" if is_note else "bold",
            color=theme.QUIET if is_note else theme.INK,
            zorder=5,
        )
        y -= height


def _point(place: Array) -> tuple[float, float]:
    return float(place[0]), float(place[1])


def _paint_card(
    ax: Axes,
    node: Node,
    center: Array,
    card: Array,
    size: tuple[float, float],
    ellipse: tuple[float, float],
) -> None:
    if not node.items:
        return
    left, bottom = card[0] - size[0] / 2, card[1] - size[1] / 2
    _paint_stem(ax, node, center, card, size, ellipse)
    for row, (name, value) in enumerate(node.items):
        y = bottom + size[1] - (row + 1) * ROW
        ax.add_patch(
            Rectangle(
                (left, y), size[0], ROW, facecolor=theme.PAPER, edgecolor=theme.FAINT,
                linewidth=0.7, zorder=3,
            )
        )  # fmt: skip
        middle = y + ROW / 2
        style: dict[str, Any] = {"va": "center_baseline", "fontsize": ITEM_SIZE, "zorder": 5}
        ax.text(left + 0.07, middle, _item_name(name), ha="left", color=theme.INK, **style)
        ax.text(left + size[0] - 0.07, middle, value, ha="right", color=theme.QUIET, **style)


def _paint_stem(
    ax: Axes,
    node: Node,
    center: Array,
    card: Array,
    size: tuple[float, float],
    ellipse: tuple[float, float],
) -> None:
    """Join construct and card by a short arrow: to the items, or from them for a composite."""
    edge = np.clip(center, card - np.array(size) / 2, card + np.array(size) / 2)
    rim = center + (edge - center) * _reach(edge - center, ellipse)
    start, end = (edge, rim) if node.composite else (rim, edge)
    ax.add_patch(
        FancyArrowPatch(
            _point(start),
            _point(end),
            arrowstyle="-|>",
            mutation_scale=7,
            color=theme.FAINT,
            linewidth=0.9,
            shrinkA=0,
            shrinkB=0,
            zorder=2,
        )
    )


def _reach(run: Array, ellipse: tuple[float, float]) -> float:
    """Return the share of `run`, from the center of an ellipse, that lies inside it."""
    return float(1 / np.hypot(*(run / (np.array(ellipse) / 2))))


def _paint_edges(ax: Axes, drawn: Diagram) -> None:
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    for edge, curve in zip(drawn.edges, drawn.curves, strict=True):
        size = min(max(edge.size, 0.0), 1.0)
        thickness = 3.2 if edge.directed else 1.4
        ax.add_patch(
            FancyArrowPatch(
                path=Path([_point(point) for point in curve.points], codes),
                arrowstyle="-|>" if edge.directed else "<|-|>",
                mutation_scale=9 + 5 * size * edge.directed,
                linewidth=0.8 + thickness * size if edge.sure else 1.1,
                linestyle="-" if edge.sure else (0, (4, 3)),
                color=theme.BLUE if edge.sure and edge.directed else theme.FAINT,
                zorder=2,
            )
        )


def _paint_labels(ax: Axes, drawn: Diagram) -> None:
    for edge, place in zip(drawn.edges, drawn.labels, strict=True):
        if not edge.words:
            continue
        width, height = _label_size(edge)
        ax.add_patch(
            FancyBboxPatch(
                (place[0] - width / 2, place[1] - height / 2), width, height,
                boxstyle="round,pad=0.01", facecolor=theme.PAPER, edgecolor="none", zorder=6,
            )
        )  # fmt: skip
        line = theme.text_height(1, EDGE_SIZE)
        for row, words in enumerate(edge.words):
            ax.text(
                place[0],
                place[1] + (len(edge.words) / 2 - row - 0.5) * line,
                words,
                ha="center",
                va="center_baseline",
                fontsize=EDGE_SIZE - (1 if row else 0),
                fontweight="bold" if edge.sure and not row else "normal",
                color=theme.INK if edge.sure and not row else theme.QUIET,
                zorder=7,
            )


def label_places(drawn: Diagram) -> list[Array]:
    """Return the center of each arrow's label: on the arrow, off labels, arrows and boxes.

    Three rounds: from the second on each label sees where all the others went.
    """
    curves = drawn.curves
    sizes = np.array([_label_size(edge) for edge in drawn.edges])
    boxes, box_sizes = drawn.boxes
    along = np.array(sorted(np.linspace(0.2, 0.8, 25), key=lambda share: abs(share - 0.5)))
    runs = [curve.at(np.linspace(0, 1, 41)) for curve in curves]
    options = [curve.at(along) for curve in curves]
    places = np.array([one[0] for one in options]).reshape(-1, 2)
    for _ in range(3):
        for e, own in enumerate(options):
            others = np.delete(np.arange(len(curves)), e)
            repeated = np.tile(sizes[e], (len(own), 1))
            crossed = sum((met(runs[o], own, repeated) for o in others), np.zeros(len(own)))
            cost = (
                4 * _shared(own, sizes[e], places[others], sizes[others])
                + 4 * _shared(own, sizes[e], boxes, box_sizes)
                + 1.0 * crossed
                + 0.5 * np.abs(along - 0.5)
            )
            places[e] = own[int(np.argmin(cost))]
    return list(places)


def _shared(options: Array, size: Array, boxes: Array, sizes: Array) -> Array:
    """Return (o,): the share of a label's area, at each option, that lies on other boxes."""
    room = (size + sizes)[None] / 2 - np.abs(options[:, None] - boxes[None])
    area = np.clip(room, 0, np.minimum(size, sizes)).prod(-1) * (sizes[:, 0] > 0)
    return area.sum(1) / max(float(size.prod()), 1e-9)
