"""Where the constructs of a path diagram stand.

Constructs sit on a grid, in columns from left to right and in half rows; each has a
card of items on one of its four sides. A seeded search keeps the arrangement with the
least cost: arrows that cross, run through a construct or a card, point leftwards, or
bundle together all cost more than length and area do. The same model always gives the
same picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Size = tuple[float, float]

SIDES = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
COLUMN_GAP, ROW_GAP, CARD_GAP, CLEAR, WIDEST = 1.05, 0.70, 0.16, 0.10, 8.6
STACK_GAP = 0.20
# What must be seen of an arrow beside its words, in inches.
ARROW = 0.45
CHAINS, STEPS, HEATS = 48, (250, 800), (6.0, 4.0)


@dataclass(frozen=True)
class Layout:
    """Centers (k, 2) of the constructs and of their cards, and the size of the whole, in inches.

    The origin is at the lower left.
    """

    centers: Array
    cards: Array
    size: Size


@dataclass(frozen=True)
class _Scene:
    """What the search moves about: k constructs of one size, their cards, and arrows."""

    ellipse: Size
    cards: Array
    source: NDArray[np.intp]
    target: NDArray[np.intp]
    directed: NDArray[np.bool_]
    label: Size

    @property
    def pitch(self) -> Array:
        """Distance between columns, with room for an arrow beside its words, and half rows."""
        gap = float(np.clip(self.label[0] + ARROW, COLUMN_GAP, 3 * COLUMN_GAP))
        return np.array([self.ellipse[0] + gap, (self.ellipse[1] + ROW_GAP) / 2])


@lru_cache(maxsize=32)
def arrange(
    ellipse: Size,
    cards: tuple[Size, ...],
    edges: tuple[tuple[int, int, bool], ...],
    label: Size,
) -> Layout:
    """Return the arrangement of constructs.

    Parameters
    ----------
    ellipse : (width, height)
        Of every construct, in inches.
    cards : tuple of (width, height)
        Of each construct's items; (0, 0) without.
    edges : tuple of (source, target, directed)
        Arrows between constructs by position.
    label : (width, height)
        Of an arrow's label.
    """
    links = np.array(edges, dtype=np.intp).reshape(-1, 3)
    source, target, directed = links[:, 0], links[:, 1], links[:, 2].astype(bool)
    scene = _Scene(ellipse, np.array(cards), source, target, directed, label)
    grid, sides = _search(scene)
    centers, card_centers = _places(scene, grid, sides)
    sizes = np.vstack([np.tile(ellipse, (len(cards), 1)), scene.cards])
    boxes = np.vstack([centers, card_centers])
    shown = sizes[:, 0] > 0
    low = (boxes - sizes / 2)[shown].min(0) - CLEAR
    high = (boxes + sizes / 2)[shown].max(0) + CLEAR
    width, height = high - low
    return Layout(centers - low, card_centers - low, (float(width), float(height)))


def stacked(ellipse: Size, cards: tuple[Size, ...], label: Size) -> Layout:
    """Return constructs one below another, cards on their left: for models without paths.

    Arguments as those of `arrange`.
    """
    sizes = np.array(cards)
    tall = np.maximum(sizes[:, 1], ellipse[1])
    steps = np.maximum((tall[1:] + tall[:-1]) / 2 + STACK_GAP, ellipse[1] + 1.6 * label[1])
    below = np.concatenate([[0.0], np.cumsum(steps)])
    height = below[-1] + (tall[0] + tall[-1]) / 2 + 2 * CLEAR
    carded = float(sizes[:, 0].max())
    left = carded + CARD_GAP * (carded > 0) + CLEAR
    x = np.full(len(cards), left + ellipse[0] / 2)
    y = height - CLEAR - tall[0] / 2 - below
    beside = np.column_stack([left - CARD_GAP - sizes[:, 0] / 2, y])
    return Layout(np.column_stack([x, y]), beside, (left + ellipse[0] + CLEAR, float(height)))


def depths(k: int, edges: Sequence[tuple[int, int]]) -> NDArray[np.intp]:
    """Return each construct's longest way from a start, by relaxation; cycles stop at k."""
    depth = np.zeros(k, dtype=np.intp)
    for _ in range(k):
        for source, target in edges:
            depth[target] = min(max(depth[target], depth[source] + 1), k - 1)
    return depth


def _start(scene: _Scene) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return a first arrangement: depth squeezed into few columns, one after another below."""
    k = len(scene.cards)
    arrows = [(int(s), int(t)) for s, t, d in _edges(scene) if d]
    depth = depths(k, arrows)
    columns = min(int(depth.max()) + 1, max(2, int(np.ceil(1.5 * np.sqrt(k)))))
    column = np.floor(depth * columns / (depth.max() + 1)).astype(np.intp)
    row = np.zeros(k, dtype=np.intp)
    for c in range(columns):
        here = np.flatnonzero(column == c)
        row[here] = 2 * np.arange(len(here)) - len(here)
    return np.column_stack([column, row]), np.where(column == 0, 0, 3).astype(np.intp)


def _edges(scene: _Scene) -> list[tuple[int, int, bool]]:
    columns = scene.source.tolist(), scene.target.tolist(), scene.directed.tolist()
    return list(zip(*columns, strict=True))


def _search(scene: _Scene) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Arrange the constructs alone, then, from all of those arrangements, with their cards."""
    generator = np.random.default_rng(0)
    grid, sides = _start(scene)
    if len(grid) == 1:
        return grid, sides
    columns = max(int(grid[:, 0].max()) + 1, int(np.ceil(1.2 * np.sqrt(len(grid)))))
    bounds = columns, max(3, int(np.ptp(grid[:, 1])) // 2 + 2)
    grid, sides = np.tile(grid, (CHAINS, 1, 1)), np.tile(sides, (CHAINS, 1))
    plain = replace(scene, cards=np.zeros_like(scene.cards))
    for stage, heat, steps in ((plain, HEATS[0], STEPS[0]), (scene, HEATS[1], STEPS[1])):
        grid, sides = _annealed(stage, generator, grid, sides, bounds, heat, steps)
    return grid[0], sides[0]


def _annealed(
    scene: _Scene,
    generator: np.random.Generator,
    grid: NDArray[np.intp],
    sides: NDArray[np.intp],
    bounds: tuple[int, int],
    heat: float,
    steps: int,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Anneal many chains side by side; return the best state that each has seen, best first."""
    cost = _cost(scene, grid, sides)
    best_grid, best_sides, best_cost = grid, sides, cost
    for step in range(steps):
        grid_, sides_ = _moved(generator, grid, sides, bounds)
        candidate = _cost(scene, grid_, sides_)
        worse = (cost - candidate) / (heat * (1 - step / steps) ** 2 + 0.02)
        taken = generator.random(CHAINS) < np.exp(np.clip(worse, -50, 0))
        grid, sides, cost = _where(taken, (grid_, sides_, candidate), (grid, sides, cost))
        best_grid, best_sides, best_cost = _where(
            cost < best_cost, (grid, sides, cost), (best_grid, best_sides, best_cost)
        )
    order = np.argsort(best_cost, kind="stable")
    return best_grid[order], best_sides[order]


def _where(chains: NDArray[np.bool_], new: tuple, old: tuple) -> tuple:
    """Return (grid, sides, cost) with the chosen chains replaced."""
    return (
        np.where(chains[:, None, None], new[0], old[0]),
        np.where(chains[:, None], new[1], old[1]),
        np.where(chains, new[2], old[2]),
    )


def _moved(
    generator: np.random.Generator,
    grid: NDArray[np.intp],
    sides: NDArray[np.intp],
    bounds: tuple[int, int],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return every chain after one random move.

    A construct goes to a new place, swaps with another, moves half a row, or its card
    goes to another side.
    """
    columns, rows = bounds
    chains, k = sides.shape
    grid, sides, all_ = grid.copy(), sides.copy(), np.arange(chains)
    i, j = generator.integers(k, size=(2, chains))
    kind = generator.random(chains)
    place = np.column_stack(
        [generator.integers(columns, size=chains), generator.integers(-rows, rows + 1, size=chains)]
    )
    go, swap, nudge, turn = (
        kind < 0.4,
        (kind >= 0.4) & (kind < 0.55),
        (kind >= 0.55) & (kind < 0.75),
        kind >= 0.75,
    )
    grid[all_[go], i[go]] = place[go]
    one, other = grid[all_[swap], i[swap]], grid[all_[swap], j[swap]]
    grid[all_[swap], i[swap]], grid[all_[swap], j[swap]] = other, one
    grid[all_[nudge], i[nudge], 1] += generator.choice((-1, 1), size=np.count_nonzero(nudge))
    sides[all_[turn], i[turn]] = generator.integers(4, size=np.count_nonzero(turn))
    return grid, sides


def _places(scene: _Scene, grid: NDArray[np.intp], sides: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return centers (..., k, 2) of constructs and cards, in inches."""
    centers = grid * scene.pitch
    reach = (np.array(scene.ellipse) + scene.cards) / 2 + CARD_GAP
    return centers, centers + SIDES[sides] * reach


def _cost(scene: _Scene, grid: NDArray[np.intp], sides: NDArray[np.intp]) -> Array:
    """Return the cost (...,) of arrangements: grid (..., k, 2), sides (..., k)."""
    centers, cards = _places(scene, grid, sides)
    shown = scene.cards[:, 0] > 0
    boxes = np.concatenate([centers, cards[..., shown, :]], axis=-2)
    sizes = np.vstack([np.tile(scene.ellipse, (len(shown), 1)), scene.cards[shown]])
    start, end = centers[..., scene.source, :], centers[..., scene.target, :]
    run = end - start
    length = np.hypot(run[..., 0], run[..., 1])
    left = scene.directed & (run[..., 0] < -0.01)
    upright = np.abs(run[..., 0]) < 0.01
    span = (boxes + sizes / 2).max(-2) - (boxes - sizes / 2).min(-2)
    return (
        60 * _overlaps(boxes, sizes)
        + _meetings(scene, start, end, boxes, sizes)
        + 10 * _crossings(scene, start, end)
        + 9 * _bundles(scene, run, length)
        + 30 * left.sum(-1)
        + 1.2 * upright.sum(-1)
        + 0.55 * length.sum(-1)
        + 0.8 * span[..., 0]
        + 4 * np.maximum(span[..., 0] - WIDEST, 0)
        + 1.1 * span[..., 1]
    )


def _touching(
    a: Array, a_size: Array, b: Array, b_size: Array, clear: float = 0.0
) -> NDArray[np.bool_]:
    """Return (...,): whether boxes come closer than `clear`, by centers and sizes (..., 2)."""
    reach = (a_size + b_size) / 2 + clear
    return (np.abs(a[..., 0] - b[..., 0]) < reach[..., 0]) & (
        np.abs(a[..., 1] - b[..., 1]) < reach[..., 1]
    )


def _overlaps(boxes: Array, sizes: Array) -> Array:
    """Return how many pairs of constructs and cards touch."""
    i, j = np.triu_indices(len(sizes), 1)
    close = _touching(boxes[..., i, :], sizes[i], boxes[..., j, :], sizes[j], CLEAR)
    return close.sum(-1)


def segments_hit(start: Array, end: Array, boxes: Array, sizes: Array) -> NDArray[np.bool_]:
    """Return (..., e, b): whether segment e meets box b, by the slab method."""
    (x_enter, x_leave), (y_enter, y_leave) = (
        _slab(start[..., axis], end[..., axis], boxes[..., axis], sizes[..., axis])
        for axis in (0, 1)
    )
    enter, leave = np.maximum(x_enter, y_enter), np.minimum(x_leave, y_leave)
    return (enter < leave) & (leave > 0) & (enter < 1)


def _slab(start: Array, end: Array, boxes: Array, sizes: Array) -> tuple[Array, Array]:
    """Return where (..., e, b) along the segments one coordinate enters and leaves the boxes."""
    run = np.where(np.abs(end - start) < 1e-9, 1e-9, end - start)[..., :, None]
    offset = boxes[..., None, :] - start[..., :, None]
    near, far = (offset - sizes / 2) / run, (offset + sizes / 2) / run
    return np.minimum(near, far), np.maximum(near, far)


def _meetings(scene: _Scene, start: Array, end: Array, boxes: Array, sizes: Array) -> Array:
    """Return the cost of arrows through boxes and of labels, in the middle of their arrows.

    An arrow may meet its two constructs and its own label; a label nothing else at all.
    """
    middle, label = (start + end) / 2, np.array(scene.label)
    count, own = boxes.shape[-2], np.arange(len(scene.source))
    targets = np.concatenate([boxes, middle], axis=-2)
    target_sizes = np.vstack([sizes + 2 * CLEAR, np.tile(label, (len(own), 1))])
    hit = segments_hit(start, end, targets, target_sizes)
    hit[..., own, scene.source] = hit[..., own, scene.target] = hit[..., own, count + own] = False
    i, j = np.triu_indices(len(own), 1)
    meet = _touching(middle[..., i, :], label, middle[..., j, :], label)
    covered = _touching(middle[..., :, None, :], label, boxes[..., None, :, :], sizes)
    return (
        24 * hit[..., :count].sum((-2, -1))
        + 3 * hit[..., count:].sum((-2, -1))
        + 5 * meet.sum(-1)
        + 7.5 * covered.sum((-2, -1))
    )


def _crossings(scene: _Scene, start: Array, end: Array) -> Array:
    """Return how many pairs of arrows without a common end cross."""
    i, j = np.triu_indices(len(scene.source), 1)
    s, t = scene.source, scene.target
    apart = (s[i] != s[j]) & (s[i] != t[j]) & (t[i] != s[j]) & (t[i] != t[j])
    a, b = start[..., i[apart], :], end[..., i[apart], :]
    c, d = start[..., j[apart], :], end[..., j[apart], :]
    crossed = (_turn(a, b, c) * _turn(a, b, d) < 0) & (_turn(c, d, a) * _turn(c, d, b) < 0)
    return crossed.sum(-1)


def _turn(a: Array, b: Array, c: Array) -> Array:
    u, v = b - a, c - a
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]


def _bundles(scene: _Scene, run: Array, length: Array) -> Array:
    """Return how many pairs of arrows leave or enter a construct in nearly one direction."""
    i, j = np.triu_indices(len(scene.source), 1)
    s, t = scene.source, scene.target
    together, chained = (s[i] == s[j]) | (t[i] == t[j]), (s[i] == t[j]) | (t[i] == s[j])
    near = together | chained
    i, j, sign = i[near], j[near], np.where(together[near], 1.0, -1.0)
    x, y = (run[..., axis] / np.maximum(length, 1e-9) for axis in (0, 1))
    cosine = x[..., i] * x[..., j] + y[..., i] * y[..., j]
    return (sign * cosine > 0.965).sum(-1)
