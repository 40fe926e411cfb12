"""What covariance-based models take from a sample, and what they require of each group."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError, counted
from tcsmodel.kernels.likelihood import Sampled, incomplete
from tcsmodel.kernels.missing import patterns
from tcsmodel.kernels.replicates import Replicates
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.models.estimator import Sample, of_group, require_definite
from tcsmodel.spec.checks import require_measured
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments, require_respondents, require_varying
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]


def rows_of(sample: Sample) -> Array:
    """Return the number of respondents (G,) of each group."""
    return np.array([float(part.n) for part in sample.by_group])


def gamma_factors(sample: Sample) -> Array:
    """Return what Gamma of each group is multiplied by (G,), to be divided by the group's size.

    A group counts by the sum of its weights, but its sampling covariances are those of the
    respondents it has: ``(size - 1) / (rows - 1)``, one in every group without weights.
    """
    return (sample.sizes - 1) / (rows_of(sample) - 1)


def groups_of(sample: Sample) -> list[NDArray[np.intp]]:
    """Return which respondents are in each group."""
    if sample.strata is None:
        return [np.arange(sample.n)]
    return [np.flatnonzero(sample.strata == g) for g in range(len(sample.groups))]


def spanning(sample: Sample) -> bool:
    """Return whether groups are no samples apart: a cluster has respondents in several of them.

    Replicate weights do not tell, so that groups are taken to vary together.
    """
    given, strata = sample.design, sample.strata
    if given is None or strata is None:
        return False
    if isinstance(given, Replicates):
        return True
    shared = np.unique(np.stack([given.cluster, strata]), axis=1).shape[1]
    return shared > len(np.unique(given.cluster))


def patterned_of(sample: Sample, weights: Array) -> Sampled:
    """Return the patterns of answers and their moments, under weights (B, n) of respondents."""
    strata = np.zeros(sample.n, dtype=np.intp) if sample.strata is None else sample.strata
    inside = strata == np.arange(len(sample.groups))[:, None]
    values = sample.respondents("Full-information maximum likelihood")
    return incomplete(patterns(values), values, weights[:, None, :] * inside, sample.sizes)


def weighted_of(sample: Sample, weights: Array) -> Sampled:
    """Return what is fitted to answers with gaps, under weights (B, n) of the respondents.

    Their patterns, or in two-stage estimation the moments alone.
    """
    if not sample.staged:
        return patterned_of(sample, weights)
    found, p = patterned_of(sample.joint or sample, weights), len(sample.names)
    mean = None if found.mean is None else found.mean[..., :p]
    return Sampled(found.cov[..., :p, :p], mean, found.n)


def own_weights(sample: Sample) -> Array:
    """Return the weights (n,) of the respondents, ones without any."""
    return np.ones(sample.n) if sample.weights is None else sample.weights


def sampled_of(model: CovarianceModel, sample: Sample) -> Sampled:
    """Return the moments of a sample as a batch of one."""
    if sample.has_gaps and not sample.staged:
        return patterned_of(sample, own_weights(sample)[None])
    moments = [part.moments for part in sample.by_group]
    return model.sampled(
        np.stack([m.mean_array for m in moments])[None],
        np.stack([m.cov_array for m in moments])[None],
        sample.sizes,
        rows_of(sample),
    )


def item_variances(sample: Sample | None, spec: ModelSpec, n_groups: int) -> list[dict[str, float]]:
    """Return the variance of each item, group by group; ones where there is no sample yet."""
    if sample is None:
        return [dict.fromkeys(spec.items, 1.0)] * n_groups
    diagonals = [np.diag(part.moments.cov_array).tolist() for part in sample.by_group]
    return [dict(zip(sample.names, own, strict=True)) for own in diagonals]


def require_joined(spec: ModelSpec, data: object) -> None:
    """Raise SpecError when a path or covariance names neither a construct nor a column."""
    if isinstance(data, (Survey, pd.DataFrame)):
        require_measured(spec, data.columns)
    elif isinstance(data, Moments):
        require_measured(spec, data.names)


def require_usable(sample: Sample, group: str, *, definite: bool = True) -> None:
    """Raise SurveyError when a sample cannot be fitted, naming the items and the group.

    Without groups `group` is empty, and `take` has looked whether the items vary.
    """
    require_enough = require_definite if definite else require_respondents
    try:
        if group:
            require_varying(sample.moments)
        require_enough(sample.moments, "a model of their covariances")
    except SurveyError as error:
        if not group:
            raise
        raise of_group(error, group) from None


def require_complete(sample: Sample, causes: tuple[str, ...]) -> None:
    """Raise SurveyError when an observed cause has gaps: its moments are taken as they are."""
    for name in causes:
        gaps = int(np.isnan(sample.respondents("A cause")[:, sample.names.index(name)]).sum())
        if gaps:
            raise SurveyError(
                f"{name!r} is an observed cause and {counted(gaps, 'respondent')} did not "
                "answer it; missing='fiml' needs a model of its variance. Say fixed_x=False, or "
                "use missing='listwise'."
            )
