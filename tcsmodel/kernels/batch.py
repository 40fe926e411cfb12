"""Run a batched function chunk by chunk on a thread pool, with one BLAS thread each.

Batched small matrices are slower with a multithreaded BLAS; the cores are used
by chunks instead, since numpy's linear algebra releases the interpreter lock.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

Chunk = TypeVar("Chunk")
Outcome = TypeVar("Outcome")


def map_chunks(
    function: Callable[[Chunk], Outcome], chunks: Iterable[Chunk], workers: int | None = None
) -> Iterator[Outcome]:
    """Yield ``function(chunk)`` in the order of `chunks`, `workers` at a time.

    No more than ``workers + 1`` chunks exist at once, so memory stays bounded
    when `chunks` is a generator.
    """
    workers = workers or os.cpu_count() or 1
    with (
        _libraries(len(sys.modules)).limit(limits=1, user_api="blas"),
        ThreadPoolExecutor(max_workers=workers) as pool,
    ):
        running: deque[Future[Outcome]] = deque()
        for chunk in chunks:
            running.append(pool.submit(function, chunk))
            if len(running) > workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


@lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:
    """Return the linear algebra libraries of the process; looked up anew where it imported more."""
    return ThreadpoolController()
