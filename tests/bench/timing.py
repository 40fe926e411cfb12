"""Timing shared by the benchmarks: the least of alternating runs, printed as ratios.

On a shared machine a median measures the neighbors; the least disturbed run of each is nearest to
what the work takes.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from time import perf_counter

# Seconds of calls in a row, as the standard library's `timeit`.
TIMEIT = 0.2


@dataclass(frozen=True)
class Timing:
    """Least seconds of ours and of a peer, measured in turns."""

    task: str
    ours: float
    peer: str
    theirs: float

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.theirs / self.ours

    def __str__(self) -> str:
        return (
            f"{self.task:<47} {1000 * self.ours:10.2f} ms {self.peer:>22} "
            f"{1000 * self.theirs:10.2f} ms {self.ratio:8.1f} x"
        )


def seconds(function: Callable[[], object], calls: int = 1, *, alone: bool = False) -> float:
    """Return the wall-clock seconds of one of some calls.

    Garbage of others is not collected meanwhile; own garbage is, where the process is `alone`.
    """
    gc.collect()
    if not alone:
        gc.disable()
    start = perf_counter()
    try:
        for _ in range(calls):
            function()
        return (perf_counter() - start) / calls
    finally:
        gc.enable()


def in_a_row(lasting: float, each: float) -> int:
    """Return how many calls of some seconds each last so long; one at least."""
    return max(1, ceil(lasting / each))


def compare(
    task: str,
    ours: Callable[[], object],
    peers: Mapping[str, Callable[[], object]],
    runs: int = 25,
    lasting: float = 0.0,
) -> list[Timing]:
    """Return timings of ours against each peer; the runs alternate, so load hits all alike.

    Each run makes as many calls in a row as last some seconds, one at least: what takes
    milliseconds is timed as it is met in use, in a loop over models, and not with a processor that
    has just done something else.
    """
    functions, calls = {"": ours, **peers}, {}
    for name, function in functions.items():
        function()
        calls[name] = in_a_row(lasting, seconds(function))
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(runs):
        for name, function in functions.items():
            times[name].append(seconds(function, calls[name]))
    own = min(times[""])
    return [Timing(task, own, name, min(times[name])) for name in peers]
