"""Factor scores of models with ordinal items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError, TcsError
from tcsmodel.kernels import implied
from tcsmodel.kernels.ordinal_scores import posterior_modes
from tcsmodel.models.fitted import FittedGroup
from tcsmodel.options import ScoreMethod, require

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]


def ordinal_scores(
    result: SEMResult, group: FittedGroup, values: Array, method: ScoreMethod
) -> Array:
    """Return the posterior modes (n, k) of the constructs of respondents of a group.

    Raises
    ------
    OptionError
        When the method is another than ``"regression"``.
    TcsError
        When an item measures without error, so that its answer would be a limit of the score.
    SurveyError
        When an answer did not occur in the fit.
    """
    require(
        method is ScoreMethod.REGRESSION,
        f"method={method.value!r} is for continuous items. Ordinal ones have scores by "
        "method='regression': the mode of what is known of each respondent.",
    )
    layout, theta = group.layout, result.theta
    parts, at = implied.matrices(layout, theta), implied.implied(layout, theta)
    residual = np.diag(parts.residual)
    names = result.model.parameters.items
    exact = [name for name, own in zip(names, residual, strict=True) if own <= 0]
    if exact:
        raise TcsError(
            f"scores() needs items with a residual variance, and that of {exact[0]!r} is "
            "zero or less. Give the construct more items, or look at result.verify()."
        )
    measured = (parts.loading != 0).any(axis=0)
    mean = implied.means(layout, theta, at).latent
    own = np.ix_(measured, measured)
    modes = posterior_modes(
        _coded(result, values),
        result.model.categories,
        parts.threshold,
        parts.item_mean[:, 0],
        parts.loading[:, measured],
        residual,
        mean[measured],
        at.phi[own],
    )
    # What constructs of constructs are expected to be.
    k = len(result.model.constructs)
    onto = np.linalg.solve(at.phi[own], at.phi[measured][:, :k])
    out = mean[:k] + (modes - mean[measured]) @ onto
    out[np.isnan(values).all(axis=1)] = np.nan
    return out


def _coded(result: SEMResult, values: Array) -> Array:
    """Return answers with the categories of ordinal items as 0, 1, ... as in the fit."""
    x, fitted = np.array(values), result.sample.respondents("scores()")
    names = result.model.parameters.items
    for name in result.model.parameters.ordinal.counts:
        j = names.index(name)
        known = np.unique(fitted[np.isfinite(fitted[:, j]), j])
        there = np.isfinite(x[:, j])
        at = np.minimum(np.searchsorted(known, x[there, j]), len(known) - 1)
        strange = np.asarray(known[at] != x[there, j])
        if strange.any():
            raise SurveyError(
                f"{name!r} has the answer {x[there, j][strange][0]:g}, which nobody gave in the "
                "fit, so it has no thresholds. Join it with a category that occurs."
            )
        x[there, j] = at
    return x
