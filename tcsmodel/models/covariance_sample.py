"""What covariance-based models take from a sample, and what they require of each group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.models.estimator import Sample, require_definite
from tcsmodel.survey.moments import require_varying

Array = NDArray[np.float64]


def rows_of(sample: Sample) -> Array:
    """Return the number of respondents (G,) of each group."""
    return np.array([float(part.n) for part in sample.by_group])


def sampled_of(model: CovarianceModel, sample: Sample) -> Sampled:
    """Return the moments of a sample as a batch of one."""
    moments = [part.moments for part in sample.by_group]
    return model.sampled(
        np.stack([m.mean_array for m in moments])[None],
        np.stack([m.cov_array for m in moments])[None],
        sample.sizes,
        rows_of(sample),
    )


def require_usable(sample: Sample, group: str) -> None:
    """Raise SurveyError when a sample has no likelihood, naming the items and the group."""
    try:
        require_varying(sample.moments)
        require_definite(sample.moments, "maximum likelihood")
    except SurveyError as error:
        if not group:
            raise
        raise SurveyError(f"In group {group!r}: {error}") from None
