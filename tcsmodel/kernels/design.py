"""Samples in which respondents were not drawn one by one: clusters within strata.

A sum of independent respondents' scores z_i varies as ``sum_i z_i z_i'``. Of clusters c within
strata h it varies, by linearisation (Binder 1983, Int. Stat. Rev. 51, 279-292), as

    sum_h n_h / (n_h - 1) sum_c (t_hc - t_h)(t_hc - t_h)'        t_hc = sum of z_i in the cluster

with n_h clusters in stratum h and t_h their mean: sampled with replacement, without a correction
for finite populations. Without clusters every respondent is one. Replicate weights say the same
by what each of them makes of the sum, ``sum_r c_r (sum_i (w_ri / w_i - 1) z_i)^2``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.replicates import Replicates

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Design:
    """cluster (n,): the cluster of each respondent; stratum (C,): that of each cluster."""

    cluster: Index
    stratum: Index

    @property
    def units(self) -> int:
        """Number of clusters, whose `totals` there are."""
        return len(self.stratum)

    @property
    def sizes(self) -> Index:
        """Clusters (H,) of each stratum."""
        return np.bincount(self.stratum)

    @property
    def df(self) -> int:
        """Degrees of freedom of a variance: clusters less strata."""
        return len(self.stratum) - len(self.sizes)

    def part(self, rows: Index) -> Design:
        """Return the design of some respondents; clusters without any of them still count."""
        return Design(self.cluster[rows], self.stratum)


def design(cluster: Index | None, stratum: Index | None, n: int) -> Design:
    """Return the design of n respondents from codes (n,) of their clusters and strata.

    Codes may skip numbers; a cluster has the stratum of its first respondent.
    """
    own = np.arange(n) if cluster is None else cluster
    _, first, code = np.unique(own, return_index=True, return_inverse=True)
    if stratum is None:
        return Design(code.astype(np.intp), np.zeros(len(first), dtype=np.intp))
    _, within = np.unique(stratum[first], return_inverse=True)
    return Design(code.astype(np.intp), within.astype(np.intp))


def clusters(given: Design, unit: Index) -> Index:
    """Return how many clusters (U,) the respondents of each unit (n,), numbered from 0, are in."""
    pairs = np.unique(np.stack([unit, given.cluster]), axis=1)
    return np.bincount(pairs[0]).astype(np.intp)


def within(given: Design, unit: Index) -> Design:
    """Return the design of units (n,) that are samples by themselves: strata nest in units.

    A unit inside one cluster is a sample of respondents of that cluster. Where a stratum has one
    cluster in a unit, all clusters of the unit are one stratum, which errs on the safe side.
    """
    n, most = len(unit), len(given.stratum)
    alone = clusters(given, unit) == 1
    own = np.where(alone[unit], most + np.arange(n), given.cluster)
    _, first, code = np.unique(unit * (most + n) + own, return_index=True, return_inverse=True)
    owner = unit[first]
    stratum = np.where(alone[owner], 0, given.stratum[given.cluster[first]])
    for _ in range(2):
        _, at, size = np.unique(owner * most + stratum, return_inverse=True, return_counts=True)
        joined = np.unique(owner[size[at] == 1])
        stratum = np.where(np.isin(owner, joined), 0, stratum)
    return Design(code.astype(np.intp), at.astype(np.intp))


def totals(given: Design | Replicates, scores: Array, out: Array | None = None) -> Array:
    """Return the sums (C, q) of scores (n, q) in each cluster, added to `out` where given.

    Of replicate weights what each (R, q) changes in the sum over all.
    """
    if isinstance(given, Replicates):
        changes = (given.ratios - 1) @ scores
        return changes if out is None else np.add(out, changes, out=out)
    out = np.zeros((len(given.stratum), scores.shape[1])) if out is None else out
    order = np.argsort(given.cluster, kind="stable")
    clusters, first = np.unique(given.cluster[order], return_index=True)
    out[clusters] += np.add.reduceat(scores[order], first, axis=0)
    return out


def between(given: Design | Replicates, sums: Array) -> Array:
    """Return how the sum over all clusters varies, (q, q), from their `totals` (C, q).

    A stratum with one cluster, about which nothing is known, adds nothing.
    """
    if isinstance(given, Replicates):
        return sums.T @ (given.coefficients[:, None] * sums)
    sizes = given.sizes
    strata = Design(given.stratum, np.arange(len(sizes)))
    gap = sums - (totals(strata, sums) / sizes[:, None])[given.stratum]
    gap *= np.sqrt(sizes / np.maximum(sizes - 1, 1))[given.stratum][:, None]
    return gap.T @ gap


def spread(scores: Array, given: Design | Replicates | None) -> Array:
    """Return how the sum of scores (n, q) varies, (q, q); of independent ones without a design."""
    return scores.T @ scores if given is None else between(given, totals(given, scores))


def between_within(given: Design, scores: Array, unit: Index) -> tuple[Array, Index]:
    """Return how sums of scores (n,) of units (n,) vary, (U,), and degrees of freedom (U,).

    Each as `between`, of a design that nests in units as `within` makes it.
    """
    sums, size = np.bincount(given.cluster, scores), given.sizes
    owner = np.empty(len(sums), dtype=np.intp)
    owner[given.cluster] = unit
    gap = sums - (np.bincount(given.stratum, sums) / size)[given.stratum]
    squares = gap**2 * (size / np.maximum(size - 1, 1))[given.stratum]
    strata = np.bincount(owner, 1 / size[given.stratum]).round().astype(np.intp)
    df = np.bincount(owner).astype(np.intp) - strata
    return np.asarray(np.bincount(owner, squares), dtype=np.float64), df.astype(np.intp)
