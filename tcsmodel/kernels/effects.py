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


def total_effect_slopes(direct: Array, target: NDArray[np.intp], source: NDArray[np.intp]) -> Array:
    """Return derivatives (..., k, k, e) of total effects by the e entries [target, source].

    For ``eta = B eta + zeta``, direct = B (..., k, k) target x source: with
    ``A = (I - B)^-1`` the derivative of ``A[t, s]`` by ``B[i, j]`` is ``A[t, i] A[j, s]``.
    """
    reach = total_effects(direct) + np.eye(direct.shape[-1])
    return reach[..., :, None, target] * np.swapaxes(reach, -1, -2)[..., None, :, source]


def products(values: Array, ways: list[tuple[int, ...]]) -> Array:
    """Return products (..., w) of the values (..., e) along ways."""
    return np.stack([values[..., list(way)].prod(axis=-1) for way in ways], axis=-1)


def product_slopes(values: Array, ways: list[tuple[int, ...]]) -> Array:
    """Return the derivatives (..., w, e) of `products`."""
    slopes = np.zeros((*values.shape[:-1], len(ways), values.shape[-1]))
    for at, way in enumerate(ways):
        for k in way:
            others = [other for other in way if other != k]
            slopes[..., at, k] = values[..., others].prod(axis=-1)
    return slopes
