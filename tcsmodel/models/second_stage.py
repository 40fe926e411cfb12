"""Regressions among the scores of a fitted PLS model, in the sample and in every replicate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.kernels import second_stage
from tcsmodel.kernels.moments import moments
from tcsmodel.kernels.second_stage import Index
from tcsmodel.models.draws import Draws, Replicator, bootstrap
from tcsmodel.models.path_model import PathModel
from tcsmodel.models.staged import answer_weights

if TYPE_CHECKING:
    from tcsmodel.models.pls_result import PLSResult

Array = NDArray[np.float64]
# Takes scores (b, n, k) and weights (b, n), returns one more column of each construct.
Terms = Callable[[Array, Array], Array]

CELLS = 4_000_000  # scores held at once, so that memory does not grow with n


def require_scores(result: PLSResult, what: str) -> None:
    """Raise TcsError unless the paths of a result are regressions among scores of respondents."""
    result.sample.respondents(what)
    if result.estimator.model.factors:
        raise TcsError(
            f"{what} adds a term to each path, and what it adds to the path of a product is not "
            "settled. Fit the model of the main effects alone for that."
        )
    if result.estimator.weighting.corrects:
        raise TcsError(
            f"{what} regresses scores, and consistent PLS corrects paths for what is wrong with "
            "scores. Fit with consistent=False and without reliability=."
        )
    if not result.estimator.rule.is_plain:
        raise TcsError(
            f"{what} needs the complete answers of respondents; this model was fitted to moments "
            "of answers with gaps or of ordinal answers. Use missing='listwise' and no ordered=."
        )


def drawn(
    result: PLSResult,
    terms: Terms,
    regress: Callable[[Array], dict[str, Array]],
    n: int,
    seed: int,
    level: float,
    progress: bool,
    what: str,
) -> Draws:
    """Return draws of what `regress` makes of products (b, 2 k + 1, 2 k + 1), and the estimate.

    Of an intercept, the scores and their `terms`; weights of items are estimated in every draw.
    """

    def replicate(weights: Array) -> dict[str, Array]:
        found, status = _products(result, terms, weights)
        return {**regress(found), "status": status}

    make = Replicator(replicate, result.sample, weighted=True)
    return bootstrap(make, n, seed=seed, level=level, progress=progress, what=what)


def _products(result: PLSResult, terms: Terms, weights: Array) -> tuple[Array, Array]:
    estimator, x = result.estimator, result.sample.respondents("The bootstrap")
    model = estimator.model
    mean, cov = moments(x, weights)
    values = estimator.quantities(mean, cov, result.sample.n)
    sd = np.sqrt(np.diagonal(cov, axis1=1, axis2=2))
    outer = answer_weights(model, values)
    step = max(1, CELLS // (len(x) * len(model.constructs)))
    parts = []
    for start in range(0, len(weights), step):
        at = slice(start, start + step)
        own = second_stage.scores(x, mean[at], sd[at], outer[at])
        columns = np.concatenate([np.ones((*own.shape[:2], 1)), own, terms(own, weights[at])], 2)
        parts.append(second_stage.gram(columns, weights[at]))
    return np.concatenate(parts), values["status"].astype(np.float64)


def predictors(model: PathModel, target: int, more: tuple[int, ...] = ()) -> Index:
    """Return the columns of a regression: intercept, antecedents, and terms of constructs."""
    sources = np.flatnonzero(model.paths[:, target])
    return np.concatenate([[0], 1 + sources, [1 + len(model.constructs) + c for c in more]]).astype(
        np.intp
    )


def weights_of(result: PLSResult) -> Array:
    """Return the weights (n,) of the respondents, ones without."""
    weights = result.sample.weights
    return np.ones(result.sample.n) if weights is None else weights
