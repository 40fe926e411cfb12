"""Populations in which a factor model is wrong by a stated amount, in correlation metric.

Symbols: `loadings` (p, k) standardized, `phi` (k, k) correlations of the factors, `corr` (p, p)
correlations of the residuals. Items have a variance of one whatever is added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LARGEST = 0.95


@dataclass(frozen=True, slots=True)
class Factors:
    """loadings (p, k), phi (k, k) and corr (p, p) of a factor model."""

    loadings: Array
    phi: Array
    corr: Array

    @property
    def cov(self) -> Array:
        """The correlations (p, p) of the items."""
        common = self.loadings @ self.phi @ self.loadings.T
        scale = np.sqrt(np.maximum(1 - np.diagonal(common), 0.0))
        cov = common + self.corr * scale[:, None] * scale
        cov[np.diag_indices_from(cov)] = 1.0
        return cov


def cross_loading(model: Factors, item: int, factor: int) -> float:
    """Return a second loading of an item as large as its first, its communality at most .95."""
    own = int(np.argmax(np.abs(model.loadings[item])))
    first = abs(model.loadings[item, own])
    # Both loadings count with the sign of the first; phi says how they add up.
    shared = first * model.phi[own, factor]
    room = -shared + np.sqrt(max(shared**2 + LARGEST - first**2, 0.0))
    size = float(np.clip(room, 0.0, first))
    return float(np.copysign(size, model.loadings[item, own]))


def with_loading(model: Factors, item: int, factor: int, value: float) -> Factors:
    """Return the model with one more loading."""
    loadings = model.loadings.copy()
    loadings[item, factor] = value
    return Factors(loadings, model.phi, model.corr)


def with_residual_correlation(model: Factors, first: int, second: int, value: float) -> Factors:
    """Return the model with another correlation of two residuals."""
    corr = model.corr.copy()
    corr[first, second] = corr[second, first] = value
    return Factors(model.loadings, model.phi, corr)
