"""Constructs on the average scale of their items, as effect coding has it, in starting values.

A construct may be measured in any unit c: loadings become ``lambda / c``, its paths ``b_ij c_i /
c_j``, its covariances ``psi_ij c_i c_j``, and what the model implies stays. So starting values
in any unit become those with loadings of one on average, whatever the signs of these; a shift of
each construct's mean then makes the intercepts of its items zero on average.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import linalg

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Least average loading, relative to the average size. There is no unit where signs cancel.
LEAST_AVERAGE = 0.02


@dataclass(frozen=True, eq=False, slots=True)
class Averages:
    """Which of p items and m latent variables measure which of the latter.

    measures (p + m, m): one where an item, or behind the items a latent variable, measures a
    construct. shared (G, p + m, m): whether group g has the loading of the first one. several
    (m,): constructs whose loadings are one on average. levels: how many constructs a chain of
    constructs of constructs has. means: whether the intercepts of what measures a construct
    are zero on average.
    """

    measures: Array
    shared: Mask
    several: Mask
    levels: int
    means: bool

    @property
    def of_one(self) -> Averages:
        """The same of a group by itself."""
        return replace(self, shared=self.shared[:1])


def averages(measures: Mask, shared: Mask, *, means: bool) -> Averages:
    """Return what effect coding averages; arguments as the attributes of `Averages`."""
    m, size = measures.shape[1], measures.sum(axis=0)
    between = measures[len(measures) - m :].astype(np.intp)
    chain, levels = between, 1
    while chain.any() and levels < m:
        chain, levels = np.minimum(chain @ between, 1), levels + 1
    return Averages(measures.astype(np.float64), shared, size > 1, levels, means)


def averaged(on: Averages, loading: Array, path: Array, psi: Array) -> tuple[Array, Array, Array]:
    """Return Lambda (B G, p, m), B and Psi (B G, m, m) with loadings that are one on average.

    Less where loadings of both signs cancel. A group that has the loadings of the first one
    takes its unit from these, so far as its own are of the same size.
    """
    unit, count = np.ones((len(loading), len(on.several))), np.maximum(on.measures.sum(axis=0), 1)
    for _ in range(on.levels):
        own = np.concatenate([loading, path * unit[:, :, None]], axis=1) * on.measures
        by_group = own.reshape(-1, *on.shared.shape)
        held = np.where(on.shared, by_group[:, :1], by_group).reshape(own.shape)
        total, size = held.sum(axis=1), np.abs(held).sum(axis=1)
        total = np.copysign(np.maximum(np.abs(total), LEAST_AVERAGE * size), total)
        total *= np.abs(own).sum(axis=1) / size
        unit = np.where(on.several, total / count, 1.0)
    rows, columns = unit[:, :, None], unit[:, None, :]
    return loading / columns, path * (rows / columns), psi * (rows * columns)


def centred(
    on: Averages, loading: Array, path: Array, mean: Array, latent: Array
) -> tuple[Array, Array]:
    """Return nu (B, p) and alpha (B, m) with item intercepts that are zero on average.

    With them the model implies the means (B, p) of the items. Latent variables that nothing
    measures have means `latent` (B, m), and all have where no such intercepts exist.
    """
    m = path.shape[1]
    apart = np.eye(m) - path
    system = on.measures.T @ np.concatenate([loading, -apart], axis=1)
    right = mean @ on.measures[:-m]
    given = ~on.measures.any(axis=0)
    system[:, given] = np.eye(m)[given]
    right[:, given] = latent[:, given]
    kappa = linalg.solve(system, right)
    kappa = np.where(np.isfinite(kappa).all(axis=1, keepdims=True), kappa, latent)
    shift = kappa[:, :, None]
    return mean - (loading @ shift)[..., 0], (apart @ shift)[..., 0]
