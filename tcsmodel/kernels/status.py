"""How a fit ended: one code per member of a batch."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """The end of one fit; larger is worse.

    At a bound: at a minimum where an inequality holds as an equality.
    """

    CONVERGED = 0
    AT_BOUND = 1
    IMPROPER = 2
    RIDGE = 3
    ITERATION_CAP = 4
    SINGULAR = 5
