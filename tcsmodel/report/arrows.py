"""The shapes of arrows in a path diagram: straight, bent apart, or arcs beside a column."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# How far the middle of an arrow stands off, as a share of twice its length.
APART = 0.22
BENDS = (0.22, -0.22, 0.12, -0.12, 0.36, -0.36)
FINE = np.linspace(0, 1, 401)
SAMPLED = np.linspace(0.05, 0.95, 37)
# Where arcs leave the right side of a shape in a column, from the outermost towards the middle,
# and how far apart they may be: shares of half its height.
OUTERMOST, EASY = 0.86, 0.44
# The room before the nearest arc, in inches, and between lanes of arcs, in widths of their words.
FIRST_ARC, LANE = 0.18, 1.25


@dataclass(frozen=True)
class Curve:
    """A cubic Bezier curve from rim to rim: four points (4, 2)."""

    points: Array

    @classmethod
    def bent(cls, start: Array, middle: Array, end: Array) -> Curve:
        """Return the quadratic curve that `middle` pulls at."""
        return cls(np.stack([start, (start + 2 * middle) / 3, (2 * middle + end) / 3, end]))

    def at(self, share: Array) -> Array:
        """Return the points (s, 2) at shares (s,) of the way."""
        return self._blended(share, share, share)

    def between(self, first: float, last: float) -> Curve:
        """Return the part between two shares of the way."""
        ends = np.array([[first] * 3, [first, first, last], [first, last, last], [last] * 3])
        return Curve(self._blended(*ends.T))

    def _blended(self, *shares: Array) -> Array:
        """Return the polar form at three shares (s,) each: de Casteljau's construction."""
        left = self.points[:, None]
        for share in shares:
            left = left[:-1] + (left[1:] - left[:-1]) * share[:, None]
        return left[0]


@dataclass(frozen=True)
class Shapes:
    """What arrows join: centers (k, 2), one size, and which (k,) are boxes, not ellipses."""

    centers: Array
    size: tuple[float, float]
    square: NDArray[np.bool_]

    def holds(self, which: int, points: Array) -> NDArray[np.bool_]:
        """Return which points (n, 2) lie inside a shape."""
        off = np.abs(points - self.centers[which]) / (np.array(self.size) / 2)
        reach = off.max(axis=-1) if self.square[which] else np.hypot(off[:, 0], off[:, 1])
        return np.asarray(reach < 1)

    def joined(self, source: int, target: int, bend: float) -> Curve:
        """Return the arrow from rim to rim; a positive bend is to the right on the way."""
        start, end = self.centers[source], self.centers[target]
        run = end - start
        aside = bend * np.array([run[1], -run[0]])
        whole = Curve.bent(start, (start + end) / 2 + aside, end)
        points = whole.at(FINE)
        free = ~(self.holds(source, points) | self.holds(target, points))
        if not free.any():
            return whole
        first, last = np.flatnonzero(free)[[0, -1]]
        return whole.between(float(FINE[first]), float(FINE[last]))


Link = tuple[int, int, bool]


def arrows(shapes: Shapes, links: list[Link], boxes: Array, sizes: Array) -> list[Curve]:
    """Return the arrows of links (source, target, directed).

    Paths run straight; covariances bend, outwards and around boxes (b, 2) of given sizes where
    possible; what joins the same two shapes is bent apart.
    """
    count = Counter(frozenset(link[:2]) for link in links)
    seen: Counter[frozenset[int]] = Counter()
    out = []
    for source, target, directed in links:
        pair = frozenset((source, target))
        if count[pair] > 1:
            place = seen[pair] / (count[pair] - 1) * 2 - 1
            bend = APART * place * (1 if source < target else -1)
            seen[pair] += 1
            out.append(shapes.joined(source, target, bend))
        elif directed:
            out.append(shapes.joined(source, target, 0.0))
        else:
            options = [shapes.joined(source, target, bend) for bend in BENDS]
            others = np.delete(np.arange(len(boxes)), [source, target])
            cost = [_cost(one, shapes, boxes[others], sizes[others]) for one in options]
            out.append(options[int(np.argmin(cost))])
    return out


def _cost(curve: Curve, shapes: Shapes, boxes: Array, sizes: Array) -> float:
    """Return how bad a bend is: what it runs through, then whether it bends inwards."""
    points = curve.at(SAMPLED)
    middle = shapes.centers.mean(axis=0)
    straight = curve.points[[0, -1]].mean(axis=0)
    inwards = np.hypot(*(points[18] - middle)) < np.hypot(*(straight - middle)) + 1e-9
    return 10.0 * met(points, boxes, sizes).sum() + float(inwards)


def met(points: Array, boxes: Array, sizes: Array) -> NDArray[np.bool_]:
    """Return (b,): which boxes hold one of the points (n, 2)."""
    inside = np.abs(points[:, None] - boxes[None]) < sizes[None] / 2
    return np.asarray(inside.all(axis=-1).any(axis=0))


def arcs(shapes: Shapes, links: list[Link], label: float) -> list[Curve]:
    """Return arcs on the right of shapes that stand in a column, from the top downwards.

    The more shapes an arc spans, the farther out it runs; `label` is the width of its words.
    """
    leaving: dict[tuple[int, bool], list[tuple[int, int]]] = defaultdict(list)
    for at, (source, target, _) in enumerate(links):
        for one, other in ((source, target), (target, source)):
            leaving[one, other > one].append((abs(one - other), at))
    ends: dict[tuple[int, int], Array] = {}
    for (shape, downwards), found in leaving.items():
        gaps = len(found) + len(leaving.get((shape, not downwards), ())) - 1
        step = min(EASY, 2 * OUTERMOST / max(gaps, 1))
        for place, (_, at) in enumerate(sorted(found)):
            height = OUTERMOST - place * step
            across = 1.0 if shapes.square[shape] else np.sqrt(1 - height**2)
            rim = np.array([across, -height if downwards else height])
            ends[at, shape] = shapes.centers[shape] + rim * np.array(shapes.size) / 2
    out = []
    for at, (source, target, _) in enumerate(links):
        start, end = ends[at, source], ends[at, target]
        far = FIRST_ARC + label * (0.5 + LANE * (abs(source - target) - 1))
        apex = shapes.centers[source][0] + shapes.size[0] / 2 + far
        # A cubic whose inner points lie straight beside its ends reaches three quarters there.
        beside = (4 * apex - (start[0] + end[0]) / 2) / 3
        inner = [np.array([beside, point[1]]) for point in (start, end)]
        out.append(Curve(np.stack([start, *inner, end])))
    return out
