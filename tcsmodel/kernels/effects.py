"""Indirect and total effects of a structural model.

Symbols: `direct` (..., k, k) direct effects. Both orientations work, source x
target as in PLS or target x source as in ``eta = B eta + zeta``; the outcome is
oriented alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def total_effects(direct: Array) -> Array:
    """Return total effects (..., k, k): ``(I - direct)^-1 - I``, Bollen (1987).

    For a model without cycles this is the sum of the products along all directed
    ways. Nan for members of the batch where ``I - direct`` is singular.
    """
    eye = np.eye(direct.shape[-1])
    with np.errstate(all="ignore"):
        system = eye - direct
        solvable = np.linalg.det(system) != 0
        inverse = np.linalg.inv(np.where(solvable[..., None, None], system, eye))
        return np.where(solvable[..., None, None], inverse - eye, np.nan)


def indirect_effects(direct: Array) -> Array:
    """Return total indirect effects (..., k, k): total minus direct."""
    return total_effects(direct) - direct
