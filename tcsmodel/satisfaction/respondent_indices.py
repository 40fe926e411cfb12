"""The indices of respondents, and what their spread says of the indices of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import index as kernel
from tcsmodel.options import IndexKind

if TYPE_CHECKING:
    from tcsmodel.satisfaction.index import SatisfactionIndex

Array = NDArray[np.float64]
Part = slice | NDArray[np.intp]

EVERYBODY = slice(None)


def respondent_indices(index: SatisfactionIndex, kind: IndexKind) -> Array:
    """Return each respondent's indices (n, k) by a definition, of the items that apply."""
    performance, applies, share = _parts(index, kind)
    member = index.estimator.model.stands_behind
    return kernel.of_respondents(performance, share, member, applies)


def linearizer(index: SatisfactionIndex, kind: IndexKind) -> Callable[[Part], Array]:
    """Return what gives some respondents scores (n, k) whose means are their indices."""
    performance, applies, share = _parts(index, kind)
    member, weights = index.estimator.model.stands_behind, index.pls.sample.weights

    def scores(at: Part) -> Array:
        own = None if weights is None else weights[at]
        return kernel.linearized(performance[at], share, member, applies[at], own)

    return scores


def _parts(index: SatisfactionIndex, kind: IndexKind) -> tuple[Array, NDArray[np.bool_], Array]:
    """Return rescaled answers (n, p), whether items apply (n, p), and item shares (p, k)."""
    performance = kernel.rescaled(index.pls.answers("A 0-100 index"), index.low, index.high)
    applies = index.pls.sample.applies[:, : performance.shape[1]]
    return performance, applies, index.shares_by(kind)
