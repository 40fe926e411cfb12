"""What is known of a covariance-based model in every replicate of a bootstrap."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.status import Status
from tcsmodel.models import fit_measures
from tcsmodel.models.draws import ERROR, Replicator
from tcsmodel.options import IntervalKind

if TYPE_CHECKING:
    from tcsmodel.models.criterion import Criterion

Array = NDArray[np.float64]


def replicator(criterion: Criterion, kind: IntervalKind) -> Replicator:
    """Return how replicates are fitted, with standard errors where a kind of interval needs them.

    These are normal-theory ones, in the replicates and in the sample alike: what divides a
    distance only has to be of its size (Davison & Hinkley 1997, section 5.2.1).
    """
    function = partial(_replicates, criterion, errors=kind is IntervalKind.STUDENTIZED)
    return Replicator(function, criterion.sample, criterion.takes_weights)


def _replicates(
    criterion: Criterion, first: Array, cov: Array | None = None, *, errors: bool
) -> dict[str, Array]:
    """Return estimates, what follows from them, and fit, of resamples as `Criterion` takes them.

    A resample in which an item does not vary has no start, and nan in all that follows.
    """
    size = criterion.members
    own = [slice(k, k + size) for k in range(0, len(first), size)]
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = [_held(criterion, first[k], None if cov is None else cov[k], errors) for k in own]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _held(criterion: Criterion, first: Array, cov: Array | None, errors: bool) -> dict[str, Array]:
    """Return the replicates of as many resamples as may be held at once."""
    model, problem = criterion.model, criterion.resampled(first, cov)
    fitted = problem.fit(patient=False)
    values = model.structure(fitted.theta)
    if errors:
        values[ERROR.format("estimates")] = model.errors(fitted.theta, fitted.vcov)
        values[ERROR.format("std")] = model.standardized_errors(fitted.theta, fitted.vcov)
    values |= model.measurement(problem.sampled.cov, fitted.theta, values["std"])
    values |= fit_measures.points(model, problem, fitted.value, fitted.theta)
    lost = fitted.status >= Status.ITERATION_CAP
    for value in values.values():
        value[lost] = np.nan
    return values | {"status": fitted.status.astype(np.float64)}
