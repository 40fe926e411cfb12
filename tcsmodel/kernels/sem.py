"""Maximum likelihood fits of structural equation models, many covariance matrices at once.

A fit ends with a status. *Ridge*: the fit hardly changes while a standardized loading or
path runs off, so that its standard error exceeds one, the largest value that such a
coefficient of a single cause can have; nothing is known about it. On a ridge there may be no
minimum at all, or one far out that means nothing; replicates of a bootstrap that climb one
are recognised early, while a fit to the sample itself follows it long enough to reach a
minimum where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import constrained, grouped, linalg
from tcsmodel.kernels.constrained import Constraints
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.implied import (
    PATH,
    RESIDUAL,
    Implied,
    Layout,
    implied,
    matrices,
    own_variances,
)
from tcsmodel.kernels.likelihood import Sampled, likelihood
from tcsmodel.kernels.minimize import Minimum, Objective, minimize
from tcsmodel.kernels.standardized import jacobian
from tcsmodel.kernels.starting import is_settled, starting_values
from tcsmodel.kernels.status import Status

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

MAX_ITER = 200
# A ridge is looked for after so many iterations (of a replicate; of a fit that matters by
# itself), when the last step gained less chi-square than this. A single fit is left alone as
# long as full Newton steps succeed: those end at a minimum.
PATIENCE = (10, 20)
# The same for replicates that begin where moments without gaps would end.
NEARBY = 3
STALLED = (0.1, 1e-3)
# The standard error of a standardized loading or path that gives a climb away.
RUNAWAY = 3.0
# The largest standard error of a standardized loading or path that says anything.
UNKNOWN = 1.0
# Least eigenvalue of the information, scaled to a unit diagonal, of an identified model.
UNIDENTIFIED = 1e-11
# Relative size below which a negative variance or eigenvalue is rounding.
BOUNDARY = 1e-8


@dataclass(frozen=True, slots=True)
class Fit:
    """B fits.

    theta (B, q); value (B,): ``log|Sigma| + tr(S Sigma^-1) - log|S| - p``;
    vcov (B, q, q) covariances of the estimates from the information, nan where
    it is singular; status, iterations (B,); converged (B,): whether a minimum was reached;
    regular (B,): whether the information has full rank there, as it has nowhere in a model
    that is not identified.
    """

    theta: Array
    value: Array
    vcov: Array
    status: Index
    iterations: Index
    converged: Mask
    regular: Mask


def fit(
    model: Grouped,
    sampled: Sampled,
    *,
    start: Array | None = None,
    patient: bool = False,
    observed: bool = False,
) -> Fit:
    """Return the maximum likelihood fits of a model to the moments of samples.

    Parameters
    ----------
    model : Grouped
        The model.
    sampled : Sampled
        Moments of its items.
    start : ndarray (q,), optional
        Starting values; nan where the default is to be used.
    patient : bool
        Whether to follow a ridge for long before giving it up, as a single fit should and the
        replicates of a bootstrap need not.
    observed : bool
        Whether covariances of the estimates come from the observed information, the exact
        Hessian, instead of the expected one.
    """
    function, begin = likelihood(model, sampled), starts(model, sampled, start)
    n = np.zeros(len(begin)) + sampled.sizes
    if sampled.table is not None:
        # Near the minimum, and cheap: what the moments of maximum likelihood give.
        nearby = fit(model, replace(sampled, table=None, floor=None), start=start)
        found = nearby.converged | (nearby.status == Status.RIDGE)
        begin = np.where(found[:, None], nearby.theta, begin)

    def hopeless(
        theta: Array, members: Index, expected: Array, gain: Array, damping: Array
    ) -> Mask:
        lost = n[members] * gain < STALLED[patient]
        if patient:
            lost &= damping > 0
        if lost.any():
            vcov = _vcov(model, theta[lost], expected[lost], n[members][lost])
            local = grouped.flat(model, theta[lost])
            errors = _directed_errors(model, local, implied(model.layout, local), vcov)
            lost[lost] = ~(errors < RUNAWAY)
        return lost

    patience = PATIENCE[patient] if patient or sampled.table is None else NEARBY
    objective = Objective(function.evaluate, function.slopes, hopeless, model.constraints)
    best = minimize(objective, begin, max_iter=MAX_ITER, patience=patience)
    best = held(model, best)
    information = best.expected
    if observed:
        everyone = np.arange(len(begin))
        state = function.evaluate(best.theta, everyone)
        information = cast(Array, function.slopes(state, everyone, True).hessian)
    with np.errstate(invalid="ignore"):
        best = best._replace(value=best.value - function.floor)
    fitted = ended(model, best, information, n)
    if observed:
        # Exact derivatives are singular only as nearly as the minimum was reached.
        vcov = _vcov(model, best.theta, best.expected, n)
        fitted = replace(fitted, regular=_regular(vcov, best.expected, n))
    return fitted


def held(model: Grouped, best: Minimum) -> Minimum:
    """Return minima at the limits that hold them, converged only where all conditions hold."""
    if model.constraints is None:
        return best
    theta = constrained.settled(model.constraints, best.theta)
    kept = constrained.kept(model.constraints, theta)
    return best._replace(theta=theta, converged=best.converged & kept)


def ended(
    model: Grouped,
    best: Minimum,
    information: Array,
    n: float | Array,
    errors: Array | None = None,
) -> Fit:
    """Return the fits that a search ended with.

    Parameters
    ----------
    model : Grouped
        The model.
    best : Minimum
        Where the search ended; `value` is zero for a saturated model.
    information : ndarray (B, q, q)
        Second derivatives of the discrepancy, expected or exact ones.
    n : float or ndarray (B,)
        Number of respondents.
    errors : ndarray (B, q, q), optional
        Covariances of the estimates, where they do not follow from the information.
    """
    n = np.zeros(len(best.theta)) + n
    vcov = _vcov(model, best.theta, information, n)
    known = vcov if errors is None else errors
    status = _status(model, best, known)
    regular = _regular(vcov, information, n)
    return Fit(best.theta, best.value, known, status, best.iterations, best.converged, regular)


def _regular(vcov: Array, information: Array, n: Array) -> Mask:
    """Return (B,) whether information has full rank, of which `vcov` is ``2/n`` the inverse.

    The trace of the inverse bounds that of the least eigenvalue.
    """
    own = (a.diagonal(axis1=1, axis2=2) for a in (vcov, information))
    with np.errstate(invalid="ignore"):
        return np.asarray(n / 2 * np.vecdot(*own) < 1 / UNIDENTIFIED)


def starts(model: Grouped, sampled: Sampled, given: Array | None = None) -> Array:
    """Return where to begin (B, q): at values given (q,), where they are not nan.

    At rough values where the others, with what is given, or fixed or equal in the model, imply
    covariances that are not definite.
    """
    if given is not None and np.isnan(given).all():
        given = None
    begin = _starts(model, sampled, given, rough=False)
    if given is None and model.plain and is_settled(model.layout):
        return begin
    with np.errstate(all="ignore"):
        sigma = implied(model.layout, grouped.flat(model, begin)).sigma
    sound = linalg.definite(sigma)
    if np.count_nonzero(sound) == len(sound):
        return begin
    whole = sound.reshape(len(begin), -1).all(axis=1, keepdims=True)
    return np.where(whole, begin, _starts(model, sampled, given, rough=True))


def _starts(model: Grouped, sampled: Sampled, given: Array | None, *, rough: bool) -> Array:
    cov, mean = sampled.cov, sampled.mean
    p = cov.shape[-1]
    flat = None if mean is None else mean.reshape(-1, p)
    local = starting_values(
        model.layout, cov.reshape(-1, p, p), flat, rough=rough, averages=model.averages
    )
    begin = grouped.collected(model, local.reshape(*cov.shape[:2], -1))
    return begin if given is None else np.where(np.isnan(given), begin, given)


def _vcov(model: Grouped, theta: Array, expected: Array, n: Array) -> Array:
    """Return ``2/n E^-1`` of n (b,), by way of the unit diagonal; nan where E is singular.

    With constraints the inverse along them.
    """
    per = 2 / n[:, None, None]
    if model.constraints is not None:
        return per * constrained.inverse(model.constraints, theta, expected)
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(expected.diagonal(axis1=1, axis2=2))
        outer = scale[:, :, None] * scale[:, None, :]
        _, inverse, definite = linalg.definite_inverse(expected * outer)
        found = per * inverse * outer
    # Rounding lets a singular matrix pass for a definite one, whose inverse is then absurd.
    known = definite & (inverse.diagonal(axis1=1, axis2=2) > 0).all(axis=1)
    if np.count_nonzero(known) < len(known):
        found[~known] = np.nan
    return found


def standardized_errors(layout: Layout, at: Implied, vcov: Array) -> Array:
    """Return standard errors (..., r) of the standardized values of every row (delta method).

    For what the parameters of a layout imply, and their covariances (..., q, q).
    """
    slope = jacobian(layout, at)
    with np.errstate(all="ignore"):
        return np.sqrt(np.maximum(((slope @ vcov) * slope).sum(axis=-1), 0.0))


def _directed_errors(model: Grouped, local: Array, at: Implied, vcov: Array) -> Array:
    """Return (B,) the largest standard error of a standardized loading or path; nan if unknown.

    For the parameters (B G, f) of the groups and what they imply, and covariances (B, q, q).
    """
    layout = model.layout
    directed = (layout.matrix <= PATH) & (layout.free >= 0)
    if not directed.any():
        return np.zeros(len(vcov))
    own = grouped.local_cov(model, vcov, local.reshape(len(vcov), -1, layout.n_free))
    own = own.reshape(-1, layout.n_free, layout.n_free)
    errors = standardized_errors(layout, at, own)[:, directed]
    return errors.reshape(len(vcov), -1).max(axis=1)


def unidentified(model: Grouped, sampled: Sampled) -> Mask:
    """Return (q,) True for parameters that no data of this model determine.

    The information at an arbitrary point near the starting values of one sample: a
    singular one there is the model's fault, not that of the data. True where the
    parameter takes part in a direction of which nothing is known.
    """
    layout = model.layout
    theta = starts(model, sampled)[0]
    shake = np.random.default_rng(0).uniform(0.5, 1.0, size=model.n_free)
    local = np.empty(layout.n_free, dtype=np.intp)
    local[layout.owner] = layout.matrix[layout.free >= 0]
    kind = np.empty(model.n_free, dtype=np.intp)
    for own in model.index:
        kind[own[own >= 0]] = local[own >= 0]
    theta = np.where((theta == 0) & (kind == PATH), 0.3 * shake, theta * (0.8 + 0.4 * shake))
    if model.constraints is not None:
        theta = constrained.feasible(model.constraints, theta[None])[0]
    function, first = likelihood(model, sampled), np.zeros(1, dtype=np.intp)
    state = function.evaluate(theta[None], first)
    expected = function.slopes(state, first, False).expected[0]
    if model.constraints is not None:
        expected = expected + constrained.pinned(model.constraints, theta[None])[0]
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.diag(expected))
        scaled = expected * scale[:, None] * scale[None, :]
    if not np.isfinite(scaled).all():
        return ~np.isfinite(scale)
    values, vectors = np.linalg.eigh(scaled)
    null = vectors[:, values < UNIDENTIFIED]
    return (np.abs(null) > 1e-4).any(axis=1)


@dataclass(frozen=True, slots=True)
class Admissibility:
    """What is inadmissible about fits: (B, m), (B, p) and (B,), True where wrong.

    latent_variance, residual_variance: negative; latent_cov, residual_cov: not positive
    semidefinite.
    """

    latent_variance: Mask
    residual_variance: Mask
    latent_cov: Mask
    residual_cov: Mask


def admissibility(layout: Layout, theta: Array, at: Implied) -> Admissibility:
    """Return which variances are negative and which covariance matrices indefinite."""
    own, m = own_variances(layout, at), layout.n_latents
    latent, residual = own[:, :m], own[:, m:]
    phi, sigma = (cov.diagonal(axis1=1, axis2=2) for cov in (at.phi, at.sigma))
    negative: Mask = residual < -BOUNDARY * np.abs(sigma)
    wrong = np.asarray(negative.any(axis=1))
    if np.count_nonzero((layout.matrix == RESIDUAL) & (layout.row != layout.column)):
        wrong = _indefinite(matrices(layout, theta).residual, sigma)
    return Admissibility(
        latent < -BOUNDARY * np.abs(phi), negative, _indefinite(at.phi, phi), wrong
    )


def _indefinite(cov: Array, variance: Array) -> Mask:
    """Return (B,) whether covariances, scaled by variances (B, p), have a negative eigenvalue."""
    lost: Mask = ~linalg.definite(cov)
    unsure = np.flatnonzero(lost)
    if not len(unsure):
        return lost
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.abs(variance[unsure]))
        scaled = cov[unsure] * scale[:, :, None] * scale[:, None, :]
    unknown = ~np.isfinite(scaled).all(axis=(1, 2))
    scaled[unknown] = 0.0
    lost[unsure] = unknown | (np.linalg.eigvalsh(scaled) < -BOUNDARY).any(axis=1)
    return lost


def improper(model: Grouped, theta: Array) -> Mask:
    """Return (B,) whether a group is inadmissible at theta (B, q)."""
    local = grouped.flat(model, theta)
    return _improper(model.layout, local, implied(model.layout, local), len(theta))


def _improper(layout: Layout, local: Array, at: Implied, n: int) -> Mask:
    wrong = admissibility(layout, local, at)
    negative = np.concatenate([wrong.latent_variance, wrong.residual_variance], axis=1)
    found = negative.any(axis=1) | wrong.latent_cov | wrong.residual_cov
    return np.asarray(found.reshape(n, -1).any(axis=1))


def _status(model: Grouped, best: Minimum, vcov: Array) -> Index:
    layout, local = model.layout, grouped.flat(model, best.theta)
    at = implied(layout, local)
    errors = _directed_errors(model, local, at, vcov)
    known = np.isfinite(vcov.diagonal(axis1=1, axis2=2)).all(axis=1)
    status = np.full(len(vcov), int(Status.CONVERGED), dtype=np.intp)
    # What comes later tells more.
    if model.constraints is not None:
        status[_at_bound(model.constraints, best.theta)] = Status.AT_BOUND
    status[_improper(layout, local, at, len(vcov))] = Status.IMPROPER
    status[~best.converged & ~best.hopeless] = Status.ITERATION_CAP
    status[(errors > UNKNOWN) | best.hopeless] = Status.RIDGE
    status[~known & ~best.hopeless] = Status.SINGULAR
    return status


def _at_bound(on: Constraints, theta: Array) -> Mask:
    """Return (B,) whether an inequality holds as an equality."""
    return np.asarray(constrained.at_limit(on, theta)[:, on.n_equal :].any(axis=1))
