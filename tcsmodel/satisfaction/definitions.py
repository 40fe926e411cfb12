"""The definitions of a satisfaction index: which weights the items of a construct have."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import TcsWarning
from tcsmodel.kernels import index as kernel
from tcsmodel.models.pls import PLSResult
from tcsmodel.options import IndexKind

Array = NDArray[np.float64]

RESCALED = "mean of the items rescaled to 0-100 by the limits of their scales, "

DEFINITIONS: Mapping[IndexKind, str] = {
    IndexKind.ACSI: (
        f"{RESCALED}weighted by the PLS weights of the unstandardized items (standardized weight / "
        "standard deviation)"
    ),
    IndexKind.STANDARDIZED: f"{RESCALED}weighted by the PLS weights of the standardized items",
    IndexKind.METRIC4: (
        f"{RESCALED}weighted by the weights that PLS gives the answers as they are (METRIC 4)"
    ),
    IndexKind.EQUAL: f"{RESCALED}all weighted alike",
}


def model_of(pls: PLSResult, kind: IndexKind) -> PLSResult:
    """Return the model whose weights a definition uses: of raw answers for METRIC 4.

    Fitted and, by the same seed, bootstrapped where `pls` is not that model itself.
    """
    standardized = kind is not IndexKind.METRIC4
    if kind is IndexKind.EQUAL or pls.estimator.standardized is standardized:
        return pls
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        other = replace(pls.estimator, standardized=standardized).fit_sample(pls.sample)
    draws = pls.draws
    if draws is None or draws.seed is None:
        return other
    return other.bootstrap(draws.n, seed=draws.seed, level=draws.level, interval=draws.kind)


def shares(
    kind: IndexKind, values: Mapping[str, Array], low: Array, high: Array, member: NDArray[np.bool_]
) -> Array:
    """Return item shares (..., p, k) by a definition, from PLS quantities with batch axes."""
    weights = values["outer_weights"]
    if kind in (IndexKind.ACSI, IndexKind.METRIC4):
        weights = kernel.unstandardized_weights(weights, values["item_sds"], low, high)
    elif kind is IndexKind.EQUAL:
        weights = np.ones_like(weights)
    return kernel.shares(weights, member)
