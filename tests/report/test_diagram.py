"""The path diagram: nothing covers anything, arrows run to the right, the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

import tcsmodel as tcs
from tcsmodel.report import theme
from tcsmodel.report.arrows import APART, met
from tcsmodel.report.diagram import (
    Diagram,
    Edge,
    Node,
    _label_size,
    diagram,
)
from tcsmodel.report.layout import arrange

LONG = "A very long construct name with <script> & more"
WORDS = (".48***", "[.35, .62]")


def ecsi(rename: dict[str, str], item: str) -> Diagram:
    spec = tcs.library.ecsi()
    name = {construct: rename.get(construct, construct) for construct in spec.construct_names}
    nodes = [
        Node(name[c.name], "R² .68", tuple((item + i, ".78") for i in c.items))
        for c in spec.constructs
    ]
    edges = [Edge(name[p.source], name[p.target], WORDS, 0.5) for p in spec.paths]
    return diagram(nodes, edges)


@pytest.fixture(
    scope="module",
    params=[
        lambda: ecsi({}, ""),
        lambda: ecsi({"Quality": LONG, "Image": "Corporate image"}, "Q - overall question "),
        lambda: related(7),
    ],
    ids=["short", "long", "correlated"],
)
def drawn(request: pytest.FixtureRequest) -> Diagram:
    return request.param()


def related(k: int) -> Diagram:
    """A measurement model: all constructs correlate."""
    names = [f"Construct {i}" for i in range(k)]
    nodes = [
        Node(n, items=tuple((f"{n} {j}", ".78") for j in range(2 + i))) for i, n in enumerate(names)
    ]
    edges = [
        Edge(a, b, (".48***",), 0.5, directed=False) for i, a in enumerate(names) for b in names[:i]
    ]
    return diagram(nodes, edges)


def test_no_construct_or_card_covers_another(drawn: Diagram) -> None:
    places, sizes = drawn.boxes
    gap = np.abs(places[:, None] - places[None]) - (sizes[:, None] + sizes[None]) / 2
    touching = (gap < 0).all(-1)
    np.fill_diagonal(touching, False)
    assert not touching.any()


def test_everything_lies_inside_the_picture(drawn: Diagram) -> None:
    places, sizes = drawn.boxes
    assert (places - sizes / 2 >= 0).all()
    assert (places + sizes / 2 <= np.array(drawn.size)).all()


def test_arrows_run_to_the_right_or_up_and_down(drawn: Diagram) -> None:
    at = {node.name: place for node, place in zip(drawn.nodes, drawn.layout.centers, strict=True)}
    paths = [e for e in drawn.edges if e.directed]
    assert all(at[e.target][0] >= at[e.source][0] - 1e-9 for e in paths)


def test_no_arrow_runs_through_a_construct_or_a_card(drawn: Diagram) -> None:
    places, sizes = drawn.boxes
    names = [node.name for node in drawn.nodes]
    for edge, curve in zip(drawn.edges, drawn.curves, strict=True):
        hit = met(curve.at(np.linspace(0, 1, 200)), places, sizes * 0.98)
        hit[[names.index(edge.source), names.index(edge.target)]] = False
        assert not hit.any()


def test_no_label_covers_a_label_a_construct_or_a_card(drawn: Diagram) -> None:
    labels = np.array(drawn.labels)
    size = np.array([_label_size(edge) for edge in drawn.edges])
    places, sizes = drawn.boxes
    places, sizes = np.vstack([places, labels]), np.vstack([sizes, size])
    room = (size[:, None] + sizes[None]) / 2 - np.abs(labels[:, None] - places[None])
    shared = np.clip(room, 0, None).prod(-1)
    shared[np.arange(len(labels)), len(places) - len(labels) + np.arange(len(labels))] = 0
    assert shared.max() < 0.02 * size.prod(-1).min()


def test_the_same_model_gives_the_same_picture() -> None:
    first = ecsi({}, "")
    arrange.cache_clear()
    again = ecsi({}, "")
    assert np.array_equal(first.layout.centers, again.layout.centers)
    assert np.array_equal(first.layout.cards, again.layout.cards)


def test_unusual_models_are_drawn() -> None:
    alone = diagram([Node("A")], [])
    circle = diagram([Node("A"), Node("B")], [Edge("A", "B"), Edge("B", "A")])
    related = diagram(
        [Node("a"), Node("b"), Node("c", items=(("c1", ".7"),), composite=True)],
        [Edge("a", "b", (".4",), directed=False), Edge("a", "c"), Edge("b", "c", sure=False)],
    )
    for each in (alone, circle, related):
        with theme.style():
            ax = Figure(figsize=each.size).add_subplot()
            each.paint(ax)
        assert len(ax.patches) >= len(each.nodes)


def test_two_ways_and_a_covariance_of_one_pair_are_told_apart() -> None:
    both = [Edge("A", "B"), Edge("B", "A"), Edge("A", "B", directed=False)]
    drawn = diagram([Node("A"), Node("B")], both)
    middles = np.array([curve.at(np.array([0.5]))[0] for curve in drawn.curves])
    gaps = np.hypot(*(middles[:, None] - middles[None]).transpose(2, 0, 1))
    apart = np.hypot(*np.diff(drawn.layout.centers, axis=0)[0]) * APART / 2
    assert gaps[np.triu_indices(3, 1)].min() > 0.9 * apart


def test_arrows_end_at_the_rim_of_ellipses_and_boxes() -> None:
    drawn = diagram([Node("A"), Node("B", observed=True)], [Edge("A", "B")])
    (curve,) = drawn.curves
    off = np.abs(curve.points[[0, 3]] - drawn.layout.centers) / (np.array(drawn.ellipse) / 2)
    assert np.hypot(*off[0]) == pytest.approx(1, abs=0.02)
    assert off[1].max() == pytest.approx(1, abs=0.02)


def test_a_covariance_bends_around_what_stands_between() -> None:
    spec = [Node("A"), Node("B"), Node("C")]
    drawn = diagram(spec, [Edge("A", "B"), Edge("B", "C"), Edge("A", "C", directed=False)])
    places, sizes = drawn.boxes
    (bent,) = [c for c, e in zip(drawn.curves, drawn.edges, strict=True) if not e.directed]
    assert not met(bent.at(np.linspace(0, 1, 99)), places[1:2], sizes[1:2]).any()


def test_arcs_lie_inside_the_picture() -> None:
    drawn = related(5)
    with theme.style():
        ax = Figure(figsize=drawn.size).add_subplot()
        drawn.paint(ax)
    points = np.vstack([curve.at(np.linspace(0, 1, 50)) for curve in drawn.curves])
    assert points[:, 0].max() < ax.get_xlim()[1]
    assert points[:, 0].max() > drawn.layout.size[0]


@pytest.mark.parametrize("k", [2, 4, 6])
def test_arcs_of_many_covariances_keep_apart(k: int) -> None:
    drawn = related(k)
    ends = np.vstack([curve.points[[0, 3]] for curve in drawn.curves])
    gaps = np.hypot(*(ends[:, None] - ends[None]).transpose(2, 0, 1))
    assert gaps[np.triu_indices(len(ends), 1)].min() > 0.1


def test_no_arc_of_four_constructs_runs_through_the_words_of_another() -> None:
    drawn = related(4)
    places, sizes = np.array(drawn.labels), np.array([_label_size(edge) for edge in drawn.edges])
    for at, curve in enumerate(drawn.curves):
        others = np.delete(np.arange(len(places)), at)
        assert not met(curve.at(np.linspace(0, 1, 99)), places[others], sizes[others]).any()
