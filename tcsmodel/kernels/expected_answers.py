"""The answers that a model expects, of one measure and of another in the same respondents.

A continuous item has the implied mean. An ordinal one answers with the value a_c where the normal
variable behind it lies between the thresholds tau_c and tau_{c+1}, so that with F_c, the share
below, which is Phi of the implied threshold d (tau_c - mu) (`kernels.ordinal`),

    E x = a_C - sum_c (a_{c+1} - a_c) F_c

over all respondents, the constructs being normal. Loadings, intercepts, thresholds and residual
variances are how a group answers; the means and covariances of constructs are whom it consists
of. What one group would answer in the way of another is at the parameters of either kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tcsmodel.kernels import grouped
from tcsmodel.kernels.bivariate import density
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.implied import ITEM_MEAN, LOADING, RESIDUAL, THRESHOLD, implied, means
from tcsmodel.kernels.jacobian import mean_slopes
from tcsmodel.kernels.ordinal import OrdinalLayout, ordinal_implied, ordinal_jacobian

Array = NDArray[np.float64]

# How a group answers, rather than whom it consists of.
MEASURE = (LOADING, RESIDUAL, ITEM_MEAN, THRESHOLD)


@dataclass(frozen=True, slots=True)
class Expected:
    """value (G, p): the answers expected; slopes (G, p, q): their derivatives by theta."""

    value: Array
    slopes: Array


@dataclass(frozen=True, slots=True)
class Answering:
    """What groups answer, each against the first.

    own : Expected
        Of each group as it is.
    alike : Expected
        Of each group, were it to answer in the way of the first.
    """

    own: Expected
    alike: Expected


def answering(model: Grouped, theta: Array, values: Array | None = None) -> Answering:
    """Return what groups answer at theta (q,).

    Parameters
    ----------
    model : Grouped
        The model; of ordinal items in the theta parameterization, in which residual variances
        are parameters.
    theta : ndarray (q,)
        Its parameters.
    values : ndarray (p, C), optional
        The answers that stand for the categories of ordinal items, rising; nan beyond the last,
        and of continuous items.
    """
    local = grouped.spread(model, theta[None])[0]
    kind = model.layout.matrix[model.layout.free >= 0]
    measure = np.zeros(local.shape[-1], dtype=bool)
    measure[model.layout.owner[np.isin(kind, MEASURE)]] = True
    value, slope = _expected(model, local, values)
    alike, slope_alike = _expected(model, np.where(measure, local[0], local), values)
    whom = grouped.by_theta(model, np.where(measure, 0.0, slope_alike)[None])[0]
    of_first = np.where(measure, slope_alike, 0.0).reshape(1, 1, -1, local.shape[-1])
    how = grouped.by_theta(model, of_first)[0, 0].reshape(whom.shape)
    return Answering(
        Expected(value, grouped.by_theta(model, slope[None])[0]), Expected(alike, whom + how)
    )


def _expected(model: Grouped, local: Array, values: Array | None) -> tuple[Array, Array]:
    """Return the answers expected (G, p) and their derivatives (G, p, f) at local (G, f)."""
    if model.ordinal is not None and values is not None:
        return _of_ordinal(model.ordinal, local, values)
    at = implied(model.layout, local)
    return means(model.layout, local, at).item, mean_slopes(model.layout, local, at)


def _of_ordinal(given: OrdinalLayout, local: Array, values: Array) -> tuple[Array, Array]:
    order, here = given.order, ordinal_implied(given, local)
    item, cut = order.item, order.threshold
    m, is_cut = len(item), cut >= 0
    step = values[item, np.maximum(cut, 0) + 1] - values[item, np.maximum(cut, 0)]
    location = here.statistics[..., :m]
    part = np.where(is_cut, -step * ndtr(location), location)
    slope = np.where(is_cut, -step * density(location), 1.0)
    last = np.where(given.ordinal, np.fmax.reduce(values, axis=1), 0.0)
    member = (item == np.arange(len(values))[:, None]).astype(np.float64)
    jacobian = ordinal_jacobian(given, local, here)[..., :m, :]
    return last + part @ member.T, member @ (slope[..., None] * jacobian)
