"""The definitions of a satisfaction index: which weights the items of a construct have."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import OptionError, SurveyError, TcsWarning
from tcsmodel.kernels import index as kernel
from tcsmodel.models.estimator import Sample
from tcsmodel.models.path_model import PathModel
from tcsmodel.models.pls import PLSResult
from tcsmodel.models.replicated import ReplicateDraws
from tcsmodel.models.staged import answer_weights
from tcsmodel.options import IndexKind
from tcsmodel.survey.moments import read_only

Array = NDArray[np.float64]
Values = Mapping[str, Array]

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

    Fitted and, where `pls` is not that model itself, bootstrapped by the same seed, or with the
    replicate weights.
    """
    standardized = kind is not IndexKind.METRIC4
    if kind is IndexKind.EQUAL or pls.estimator.standardized is standardized:
        return pls
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        other = replace(pls.estimator, standardized=standardized).fit_sample(pls.sample)
    draws = pls.draws
    if isinstance(draws, ReplicateDraws):
        return other.replicated(draws.level)
    if draws is None or draws.seed is None:
        return other
    return other.bootstrap(draws.n, seed=draws.seed, level=draws.level, interval=draws.kind)


def defined(model: PathModel, kind: IndexKind) -> None:
    """Raise OptionError where a model has no index by a definition."""
    if kind is IndexKind.METRIC4 and model.is_staged:
        what = "higher-order constructs" if model.parts else "interactions"
        raise OptionError(
            f"kind='metric4' weights the answers as they are, and models with {what} are made of "
            "standardized scores. Try kind='acsi', whose weights are of the unstandardized items "
            "too."
        )


def unstandardized(model: PathModel, values: Values, low: Array, high: Array) -> Array:
    """Return the weights (..., p, c) on the 0-100 items that add up to the scores."""
    sds = values["item_sds"][..., model.answered]
    return kernel.unstandardized_weights(answer_weights(model, values), sds, low, high)


def shares(kind: IndexKind, model: PathModel, values: Values, low: Array, high: Array) -> Array:
    """Return item shares (..., p, c) by a definition, from PLS quantities with batch axes."""
    if kind in (IndexKind.ACSI, IndexKind.METRIC4):
        weights = unstandardized(model, values, low, high)
    else:
        weights = answer_weights(model, values)
        if kind is IndexKind.EQUAL:
            weights = np.ones_like(weights)
    return kernel.shares(weights, model.stands_behind)


def performances(model: PathModel, values: Values, low: Array, high: Array) -> Array:
    """Return the means (..., p) of the items that respondents answered, on 0-100."""
    return kernel.rescaled(values["item_means"][..., model.answered], low, high)


def indices(kind: IndexKind, model: PathModel, values: Values, low: Array, high: Array) -> Array:
    """Return indices (..., c) by a definition, from PLS quantities with batch axes."""
    share = shares(kind, model, values, low, high)
    return kernel.index(performances(model, values, low, high), share, model.stands_behind)


def limits(sample: Sample, model: PathModel, target: str) -> tuple[Array, Array]:
    """Return the scale limits (p,) of the items answered; nan where there is no scale.

    Raises
    ------
    SurveyError
        When an item that stands behind the target has no scale.
    """
    scale = {} if sample.survey is None else sample.survey.scale
    own = (model.observed[i] for i in model.behind(model.constructs.index(target)))
    unscaled = [item for item in own if item not in scale]
    if unscaled:
        raise SurveyError(
            f"The 0-100 index of {target!r} needs the limits of its items' scales, and "
            f"there are none for {', '.join(unscaled)}. Try: Survey(..., scale=(1, 10))."
        )
    limits = np.array([scale.get(name, (np.nan, np.nan)) for name in model.observed])
    return read_only(limits[:, 0]), read_only(limits[:, 1])
