"""Replicate weights: a sampling design told by how estimates vary from weights to weights.

Of estimates theta under the weights of the sample and theta_r under R replicate weights

    Var(theta) = scale sum_r rscale_r (theta_r - theta)^2

Wolter (2007), Introduction to Variance Estimation; Rust & Rao (1996, Statistical Methods in
Medical Research 5, 283-310). Deviations are from theta, not from the mean of the theta_r.

Symbols: `coefficients` (R,) are ``scale rscale_r``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# A singular value of the weights this small beside the largest is rounding.
RANK = 1e-5


@dataclass(frozen=True, slots=True)
class Replicates:
    """ratios (R, n): replicate weights over weights; coefficients (R,); df of a variance."""

    ratios: Array
    coefficients: Array
    df: int

    @property
    def units(self) -> int:
        """Number of replicates R."""
        return len(self.coefficients)

    def part(self, rows: Index) -> Replicates:
        """Return the replicates of some respondents, with the degrees of freedom of all."""
        return replace(self, ratios=self.ratios[:, rows])

    def balanced(self, weights: Array) -> Replicates:
        """Return replicates whose weights, ratios times weights (n,), have the sum of these."""
        totals = (self.ratios @ weights) / weights.sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            return replace(self, ratios=self.ratios / totals[:, None])


def variance(values: Array, estimate: Array, coefficients: Array) -> Array:
    """Return the variance (...,) of an estimate (...,) from its replicates (R, ...).

    Nan where a replicate is: none can be spared, since each stands for a part of the sample.
    """
    return np.tensordot(coefficients, (values - estimate) ** 2, axes=1)


def normal_draws(values: Array, estimate: Array, coefficients: Array, n: int, seed: int) -> Array:
    """Return n draws (n, ...) about an estimate that vary as the replicates (R, ...) say.

    ``theta + sum_r z_r sqrt(c_r) (theta_r - theta)`` with standard normal z: their covariances
    are those of the replicates, also across quantities that are drawn with the same seed.
    """
    z = np.random.default_rng(seed).standard_normal((n, len(coefficients)))
    return estimate + np.tensordot(z * np.sqrt(coefficients), values - estimate, axes=1)


def degrees(weights: Array) -> int:
    """Return the degrees of freedom of replicate weights (R, n): their rank less one."""
    scale = np.sqrt((weights**2).sum(axis=1))
    kept = weights[scale > 0] / scale[scale > 0, None]
    if not len(kept):
        return 0
    roots = np.linalg.eigvalsh(kept @ kept.T)
    return max(int((roots > RANK**2 * roots[-1]).sum()) - 1, 0)
