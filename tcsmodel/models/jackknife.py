"""The jackknife of a fitted PLS model: standard errors and bias without random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from tcsmodel.errors import TcsError
from tcsmodel.kernels import intervals
from tcsmodel.kernels.resample import jackknife_chunks
from tcsmodel.kernels.status import Status
from tcsmodel.models.draws import JACKKNIFED, Replicator, chunk_size, drawable, replicate
from tcsmodel.models.quantities import cells, require_quantity
from tcsmodel.options import require_level

if TYPE_CHECKING:
    from tcsmodel.models.pls_result import PLSResult


PARTS = 200  # of many respondents, so many parts are left out one by one


def jackknife(
    result: PLSResult, make: Replicator, quantity: str, level: float | None
) -> pd.DataFrame:
    """Return what `PLSResult.jackknife` describes."""
    require_quantity(quantity)
    level = result.estimator.level if level is None else level
    require_level(level)
    sample = result.sample
    sample.respondents("The jackknife")
    if drawable(sample.design) is not None:
        raise TcsError(
            "The jackknife leaves respondents out one by one, and the survey has strata or "
            "clusters. Try .bootstrap(1000, seed=7), which draws clusters within strata."
        )
    parts = sample.n if sample.n <= JACKKNIFED else PARTS
    values = replicate(make, jackknife_chunks(sample.n, parts, chunk_size(sample)))
    if not (values["status"] < Status.ITERATION_CAP).any():
        raise TcsError("No sample without a respondent could be estimated; see result.verify().")
    frame, at = cells(result.estimator.model, quantity)
    estimate, left = result.arrays[quantity][at], np.moveaxis(values[quantity], 0, -1)[at].T
    count = np.isfinite(left).sum(axis=0)
    with np.errstate(all="ignore"):
        mean = np.where(np.isfinite(left), left, 0.0).sum(axis=0) / count
        # The sum of squares is (count - 1) variances; the factor (count - 1) / count inflates it.
        se = intervals.standard_error(left) * (count - 1) / np.sqrt(count)
        half = special.stdtrit(count - 1, (1 + level) / 2) * se
    return frame.assign(
        estimate=estimate,
        bias=(count - 1) * (mean - estimate),
        se=se,
        ci_lower=estimate - half,
        ci_upper=estimate + half,
    )
