"""Whether normal variables behind ordinal answers give polychoric correlations their errors.

Where they do, second derivatives of the log likelihood of a two-way table with respect to rho
and outer products of its first ones have the same expectation, the information about rho (White
1982, Econometrica 50, 1-25). Gamma takes outer products (`polychoric_gamma`). Of other variables
the second derivatives still say how well rho is determined, outer products do not, and errors are
off by about the ratio of the two (Jin & Yang-Wallentin 2017, Psychometrika 82, 67-85). With the
probabilities pi of the cells and derivatives pi' and pi'' the difference is, over respondents,

    sum (pi' / pi)^2 + d^2 log pi / d rho^2 = sum pi'' / pi
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels.bivariate import cell_probabilities, cell_slopes
from tcsmodel.kernels.latent_correlation import SMALLEST_PROBABILITY, as_finite
from tcsmodel.kernels.polychoric import (
    ROWS,
    Answers,
    MixedMoments,
    Pairs,
    most_categories,
    pair_cells,
    pair_tables,
)
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curvature:
    """Information about the polychoric correlations of P pairs of items in a sample.

    outer and second (P,): by outer products and by second derivatives; gap (n,): what the answers
    of a respondent, times the weight, add to the former less the latter, summed over pairs.
    """

    outer: Array
    second: Array
    gap: Array


def curvature(answers: Answers, moments: MixedMoments, weights: Array) -> Curvature:
    """Return the information about correlations, of pairs that could contradict normality.

    Two items of two categories have any table with some normal variables, and where rho is at its
    limit there is no information; such pairs are left out.

    Parameters
    ----------
    answers : Answers
        From `kernels.polychoric.coded`.
    moments : MixedMoments
        From `kernels.polychoric.mixed_moments` with the same weights.
    weights : ndarray (n,)
        Of the respondents.
    """
    pairs, categories = Pairs.of(answers.categories), answers.categories
    found = moments.pair_status[pairs.first, pairs.second] == Status.CONVERGED
    larger = np.maximum(categories[pairs.first], categories[pairs.second]) > 2
    chosen = pairs.both & larger & found
    i, j = pairs.first[chosen], pairs.second[chosen]
    cut, rho = as_finite(moments.thresholds), moments.corr[i, j]
    p = np.maximum(cell_probabilities(cut[i], cut[j], rho), SMALLEST_PROBABILITY)
    first, second = cell_slopes(cut[i], cut[j], rho)
    tables = pair_tables(answers, weights[None], i, j)[0]
    most = most_categories(categories)
    cells = np.zeros((len(i), most + 1, most + 1))
    cells[:, :-1, :-1] = second / p
    gap = np.empty(len(weights))
    step = max(1, ROWS // max(len(i), 1))
    for start in range(0, len(gap), step):
        rows = slice(start, start + step)
        gap[rows] = cells.ravel()[pair_cells(answers.x[rows], i, j, most)].sum(axis=-1)
    outer = (tables * (first / p) ** 2).sum(axis=(-2, -1))
    less = (tables * second / p).sum(axis=(-2, -1))
    some = outer > 0
    return Curvature(outer[some], (outer - less)[some], weights * gap)
