"""How a fit ended: one code per member of a batch."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """The end of one fit; larger is worse."""

    CONVERGED = 0
    IMPROPER = 1
    RIDGE = 2
    ITERATION_CAP = 3
    SINGULAR = 4
