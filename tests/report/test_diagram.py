"""The path diagram: nothing covers anything, arrows run to the right, the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

import tcsmodel as tcs
from tcsmodel.report import theme
from tcsmodel.report.diagram import (
    Diagram,
    Edge,
    Node,
    _edge_ends,
    _label_size,
    diagram,
    label_places,
)
from tcsmodel.report.layout import arrange, segments_hit

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
    params=[({}, ""), ({"Quality": LONG, "Image": "Corporate image"}, "Q - overall question ")],
    ids=["short", "long"],
)
def drawn(request: pytest.FixtureRequest) -> Diagram:
    return ecsi(*request.param)


def boxes(drawn: Diagram) -> tuple[np.ndarray, np.ndarray]:
    places = np.vstack([drawn.layout.centers, drawn.layout.cards])
    sizes = np.vstack([np.tile(drawn.ellipse, (len(drawn.nodes), 1)), np.array(drawn.cards)])
    return places, sizes


def test_no_construct_or_card_covers_another(drawn: Diagram) -> None:
    places, sizes = boxes(drawn)
    gap = np.abs(places[:, None] - places[None]) - (sizes[:, None] + sizes[None]) / 2
    touching = (gap < 0).all(-1)
    np.fill_diagonal(touching, False)
    assert not touching.any()


def test_everything_lies_inside_the_picture(drawn: Diagram) -> None:
    places, sizes = boxes(drawn)
    assert (places - sizes / 2 >= 0).all()
    assert (places + sizes / 2 <= np.array(drawn.size)).all()


def test_arrows_run_to_the_right_or_up_and_down(drawn: Diagram) -> None:
    at = {node.name: place for node, place in zip(drawn.nodes, drawn.layout.centers, strict=True)}
    assert all(at[e.target][0] >= at[e.source][0] - 1e-9 for e in drawn.edges)


def test_no_arrow_runs_through_a_construct_or_a_card(drawn: Diagram) -> None:
    places, sizes = boxes(drawn)
    starts, ends = (np.array(column) for column in zip(*_edge_ends(drawn), strict=True))
    names = [node.name for node in drawn.nodes]
    hit = segments_hit(starts, ends, places, sizes * 0.98)
    for e, edge in enumerate(drawn.edges):
        hit[e, [names.index(edge.source), names.index(edge.target)]] = False
    assert not hit.any()


def test_no_label_covers_a_label_a_construct_or_a_card(drawn: Diagram) -> None:
    labels = np.array(label_places(drawn))
    size = np.array([_label_size(edge) for edge in drawn.edges])
    places, sizes = boxes(drawn)
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
