"""Standard errors and tests of two-stage estimation.

Means and covariances of answers with gaps are estimated by maximum likelihood (EM), and the
model is fitted to them as if they were those of complete answers. What the gaps cost is in Gamma,
n times the sampling covariance of those moments:

    vcov = E^-1 D'W Gamma W D E^-1 / n        chi2 / c, c = tr(U Gamma) / df

with D, E and U as in `kernels.robust` and W the normal-theory weight at the moments themselves.
``two_stage`` has the inverse of the observed information of the moments for Gamma (Savalei &
Bentler 2009, Structural Equation Modeling 16, 477-497); ``robust_two_stage`` the sandwich
A^-1 B A^-1, which does not rely on normality (Yuan & Bentler 2000, Sociological Methodology 30,
165-200; Savalei & Falk 2014). Both follow lavaan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.kernels import gamma, linalg, robust_groups
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.robust import Traces
from tcsmodel.kernels.scaled_tests import Correction
from tcsmodel.models.covariance_sample import own_weights, patterned_of
from tcsmodel.models.maximum_likelihood import MaximumLikelihood
from tcsmodel.models.robust_gaps import observed_inverse, sandwich, saturated
from tcsmodel.models.robust_inference import RobustInference, inferred
from tcsmodel.options import SEMMissing

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FirstStage:
    """Sampling covariances (G, s, s) of the means and covariances of each group."""

    cov: Array

    def of_group(self, group: int) -> FirstStage:
        """Return those of one group on its own."""
        return FirstStage(self.cov[group : group + 1])


class TwoStage(MaximumLikelihood):
    """Maximum likelihood from moments that were estimated first."""

    def check(self) -> None:
        """Raise TcsError when the sample cannot be fitted."""
        super().check()
        if self.sample.design is not None and self.model.n_groups > 1:
            raise TcsError(
                "Two-stage estimation of groups takes them for drawn apart, and the survey has "
                "strata, clusters or replicate weights. Use missing='fiml' with estimator='mlr'."
            )

    def robust(self, result: SEMResult, plain: dict[str, float]) -> RobustInference:
        """Return the inference with what the first stage says of the moments."""
        return inferred(result, plain, _staged, _first_stage(result), Correction.MEAN)


def _first_stage(result: SEMResult) -> FirstStage:
    sample = result.sample.joint or result.sample
    sampled = patterned_of(sample, own_weights(sample)[None])
    model, theta = saturated(sampled)
    if result.estimator.missing is SEMMissing.ROBUST_TWO_STAGE:
        vcov = sandwich(model, theta, sampled, sample, list(range(len(sampled.n))))[0]
    else:
        vcov = observed_inverse(model, theta, sampled)
    # Auxiliary variables stand behind the items, and only the moments of items go on.
    p, layout = len(result.sample.names), model.layout
    kept = np.flatnonzero(np.maximum(layout.row, layout.column) < p)
    return FirstStage(np.stack([vcov[own[:, None], own] for own in model.index[:, kept]]))


def _staged(
    model: Grouped, theta: Array, sampled: Sampled, mean: Array, first: FirstStage
) -> tuple[Array, Traces]:
    """Return covariances of the estimates and traces, with the weight at the moments."""
    n = sampled.total
    weight = gamma.normal_weight(linalg.inverse(sampled.cov[0]), with_mean=True)
    at = robust_groups.at_estimates(model, sampled, theta, mean)
    at = replace(at, weight=(sampled.n / n)[:, None, None] * weight)
    spread = n * first.cov
    products = robust_groups.score_products(at, spread)
    bread = robust_groups.expected_information(at)
    return robust_groups.vcov(at, bread, products, n), robust_groups.residual_traces(at, spread)
