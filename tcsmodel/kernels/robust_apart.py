"""Sandwiches and test traces of maximum likelihood fits to many samples, each by itself, batched.

What `kernels.robust_groups` finds of one sample in groups, for B samples of one group each. Answers
x (B, m, p) are filled up behind the respondents of a sample by rows of share zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import constrained, gamma, grouped, implied, jacobian, linalg, robust
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.least_squares import weighted
from tcsmodel.kernels.likelihood import Sampled, normal
from tcsmodel.kernels.robust import Traces

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers x (B, m, p), their means (B, p), and shares (B, m) as those of `gamma.shares`."""

    x: Array
    mean: Array
    share: Array

    def gamma(
        self, mean: Array, cov: Array, *, with_mean: bool, causes: Index | None = None
    ) -> Array:
        """Return Gamma (B, s, s) at means (B, p), covariances (B, p, p), given any causes."""
        p = self.x.shape[-1]
        s = p * (p + 1) // 2 + (p if with_mean else 0)
        out = np.zeros((len(self.x), s, s))
        rows = max(1, gamma.ELEMENTS // (s * len(self.x)))
        for start in range(0, self.x.shape[1], rows):
            block = slice(start, start + rows)
            own = self.x[:, block]
            z = gamma.influence(own, mean, cov, with_mean=with_mean, causes=causes)
            z *= np.sqrt(self.share[:, block])[..., None]
            out += np.swapaxes(z, -1, -2) @ z
        return out


@dataclass(frozen=True, slots=True)
class Inference:
    """vcov (B, q, q) of the estimates; traces of the tests of the model and of the baseline."""

    vcov: Array
    traces: Traces
    baseline: Traces


def inference(
    model: Grouped,
    theta: Array,
    sampled: Sampled,
    answers: Answers,
    causes: Index,
    *,
    expected: bool,
) -> Inference:
    """Return what does not rely on normality of fits theta (B, q) of a model of one group.

    Parameters
    ----------
    model : Grouped
        The model.
    theta : ndarray (B, q)
        Its estimates.
    sampled : Sampled
        The moments of the samples.
    answers : Answers
        The respondents behind them.
    causes : ndarray (c,)
        Observed causes, which correlate in the baseline model.
    expected : bool
        Whether errors and traces are those of MLM and MLMV, rather than MLR.
    """
    with_mean, given = sampled.mean is not None, causes if expected else None
    spread = answers.gamma(answers.mean, sampled.cov[:, 0], with_mean=with_mean, causes=given)
    way = _expected if expected else _observed
    null, null_theta = _independence(sampled, answers, causes)
    vcov, traces = way(model, theta, sampled, answers, spread)
    return Inference(vcov, traces, way(null, null_theta, sampled, answers, spread)[1])


@dataclass(frozen=True, slots=True)
class _Model:
    """Models at their estimates, as `robust_groups.Model`: delta (B, s, q), weight (B, s, s)."""

    delta: Array
    weight: Array
    mean: Array
    cov: Array


def _at_estimates(model: Grouped, theta: Array, sampled: Sampled, answers: Answers) -> _Model:
    with_mean = sampled.mean is not None
    local = grouped.spread(model, theta)
    at = implied.implied(model.layout, local)
    mean = implied.means(model.layout, local, at).item[:, 0] if with_mean else answers.mean
    slopes = jacobian.moment_jacobian(model.layout, local, mean=with_mean)
    delta = grouped.by_theta(model, slopes)[:, 0]
    return _Model(delta, _weight(at.sigma[:, 0], with_mean), mean, at.sigma[:, 0])


def _weight(cov: Array, with_mean: bool) -> Array:
    return gamma.normal_weight(linalg.inverse(cov), with_mean=with_mean)


def _inverse(model: Grouped, theta: Array, information: Array) -> Array:
    """Return the inverses (B, q, q), along the constraints; zero where these leave no way."""
    if model.constraints is None:
        return linalg.inverse(information)
    found = constrained.inverse(model.constraints, theta, information)
    moves = np.diagonal(found, axis1=1, axis2=2) != 0
    return np.where(moves[:, :, None] & moves[:, None, :], found, 0.0)


def _observed(
    model: Grouped, theta: Array, sampled: Sampled, answers: Answers, spread: Array
) -> tuple[Array, Traces]:
    """Return covariances of the estimates and traces of MLR."""
    with_mean, everyone = sampled.mean is not None, np.arange(len(theta))
    at = _at_estimates(model, theta, sampled, answers)
    likelihood = normal(model, sampled)
    hessian = likelihood.slopes(likelihood.evaluate(theta, everyone), everyone, True).hessian
    assert hessian is not None
    there = answers.gamma(at.mean, at.cov, with_mean=with_mean)
    filling = _inverse(model, theta, hessian / 2)
    products = robust.score_products(at.delta, at.weight, there)
    whole = robust.saturated_trace(_weight(sampled.cov[:, 0], with_mean), spread)
    trace = whole - np.einsum("bij,bji->b", filling, products)
    vcov = filling @ products @ filling / sampled.sizes[:, None, None]
    return vcov, Traces(trace, np.full(len(trace), np.nan))


def _expected(
    model: Grouped, theta: Array, sampled: Sampled, answers: Answers, spread: Array
) -> tuple[Array, Traces]:
    """Return covariances of the estimates and traces of MLM and MLMV."""
    at = _at_estimates(model, theta, sampled, answers)
    filling = _inverse(model, theta, robust.information(at.delta, at.weight))
    wide = weighted(at.weight, at.delta)
    along = filling @ np.swapaxes(wide, -1, -2)
    vcov = along @ spread @ np.swapaxes(along, -1, -2) / sampled.sizes[:, None, None]
    product = weighted(at.weight, spread) - wide @ (along @ spread)
    return vcov, Traces(
        np.trace(product, axis1=-2, axis2=-1), np.einsum("bij,bji->b", product, product)
    )


def _independence(sampled: Sampled, answers: Answers, causes: Index) -> tuple[Grouped, Array]:
    """Return the baseline model and its estimates (B, q)."""
    with_mean, cov = sampled.mean is not None, sampled.cov[:, 0]
    layout = jacobian.independence_layout(cov.shape[-1], causes, mean=with_mean)
    q = layout.n_free
    model = grouped.grouped(layout, np.arange(q)[None], np.full((1, q), np.nan), q)
    first, second = np.triu_indices(len(causes), 1)
    parts = [np.diagonal(cov, axis1=1, axis2=2), cov[:, causes[second], causes[first]]]
    if with_mean:
        parts.append(answers.mean)
    return model, np.concatenate(parts, axis=1)
