"""Full-information maximum likelihood: a mean and covariance structure with missing answers.

`kernels.missing` turns the likelihood into a discrepancy of ``Sigma~ = [[Sigma + d d', d],
[d', 1]]``, d = mu - origin, pattern by pattern. Sigma~ is itself the covariance matrix of a
model: one more item, the constant, is its own latent variable with variance one; nu - origin
are its loadings and alpha its paths,

    Lambda~ = [[Lambda, nu - origin], [0, 1]]
    A~ = [[A, eta], [0, 1]]
    Psi~ = [[Psi, 0], [0, 1]]

so every derivative of Sigma~ is of rank one, in the columns of ``W~`` (`kernels.implied`), and
with P_k, T_k of `kernels.missing` and ``Omega_k = P_k - P_k T_k P_k``

    F_a  = sum_k w_k tr(Omega_k S_a)
    E_ab = sum_k w_k tr(P_k S_a P_k S_b)         (information given the patterns)
    F_ab = E_ab - 2 sum_k w_k tr(Omega_k S_a P_k S_b) + tr(Omega S_ab)

where S_a is the derivative of Sigma~ by parameter a, Omega the sum of w_k Omega_k, and w_k the
shares of the weight. With one pattern, complete answers, this
is maximum likelihood with a mean structure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import mean_structure, missing
from tcsmodel.kernels.discrepancy import (
    Gathers,
    Slopes,
    State,
    add_curvature,
    gathers,
    merged_twice,
)
from tcsmodel.kernels.implied import (
    ITEM_MEAN,
    RESIDUAL,
    Layout,
    implied,
    layout,
    means,
    merged,
    sandwich,
)
from tcsmodel.kernels.mean_structure import border
from tcsmodel.kernels.missing import PatternMoments, Patterns

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Products of pairs of free rows held at once: they should stay in the cache.
PRODUCTS = 60_000


@dataclass(frozen=True, slots=True)
class Structure:
    """A layout with intercepts, made ready once.

    layout : as given
    bordered : the same parameters in the model of Sigma~, with p+1 items, m+1 latents
    at : positions that the derivatives gather, of `bordered`
    first, second : (t,) the t = f (f + 1) / 2 pairs of free rows
    pairs : (4, t) positions of (u, u), (v, v), (u, v) and (v, u) of each pair
    """

    layout: Layout
    bordered: Layout
    at: Gathers
    first: Index
    second: Index
    pairs: Index


def structure(given: Layout) -> Structure:
    """Return what `evaluate` and `slopes` need of a layout."""
    bordered = mean_structure.bordered(given)
    first, second = np.triu_indices(len(bordered.owner))
    wide = bordered.n_items + 2 * bordered.n_latents
    u, v = bordered.left, bordered.right
    sides = ((u, u), (v, v), (u, v), (v, u))
    pairs = np.stack([a[first] * wide + b[second] for a, b in sides])
    return Structure(given, bordered, gathers(bordered), first, second, pairs)


def saturated_layout(p: int) -> Layout:
    """Return the layout of free moments: theta is (mu, vech Sigma), vech by columns."""
    column, row = np.triu_indices(p)
    pairs = len(row)
    return layout(
        p,
        0,
        matrix=[ITEM_MEAN] * p + [RESIDUAL] * pairs,
        row=[*range(p), *row.tolist()],
        column=[0] * p + column.tolist(),
        free=range(p + pairs),
        fixed=np.full(p + pairs, np.nan),
    )


def saturated_theta(mean: Array, cov: Array) -> Array:
    """Return (mu, vech Sigma) (B, p + p (p+1) / 2) of means (B, p) and covariances (B, p, p)."""
    column, row = np.triu_indices(cov.shape[-1])
    return np.concatenate([mean, cov[:, row, column]], axis=-1)


def evaluate(model: Structure, theta: Array, table: PatternMoments) -> State:
    """Return the discrepancy ``-2 loglik / n`` without ``log(2 pi)`` at theta (B, q).

    The arrays of the state are those of Sigma~; `inverse` is (B, K, p+1, p+1).
    """
    at = implied(model.layout, theta)
    mu = means(model.layout, theta, at)
    shift = mu.item - table.origin
    sigma = missing.second_moments(mu.item, at.sigma, table.origin)
    part = missing.restrict(sigma, table.observed)
    reach, shared = np.split(at.directions, 2, axis=-1)
    shared = shared + shift[:, :, None] * mu.latent[:, None, :]
    phi = at.phi + mu.latent[:, :, None] * mu.latent[:, None, :]
    directions = [border(reach, shift), border(shared, shift, mu.latent)]
    return State(
        missing.discrepancy(part, table),
        sigma,
        part.inverse,
        border(at.total, mu.latent),
        border(phi, mu.latent, mu.latent),
        np.concatenate(directions, axis=-1),
    )


def slopes(model: Structure, state: State, table: PatternMoments, *, exact: bool) -> Slopes:
    """Return the derivatives of the discrepancy at a state; the exact Hessian when asked for.

    Half of n times the exact Hessian is the observed information, and half of n times
    `expected` the information expected of answers with these patterns.
    """
    own, n = model.bordered, len(state.value)
    root = np.sqrt(table.share)[..., None, None]
    seen = root * (state.inverse @ table.second @ state.inverse)
    weighted = root * state.inverse
    omega = (root * (weighted - seen)).sum(axis=1)
    r = sandwich(omega, state.directions).reshape(n, -1)
    gradient = 2 * own.half * r[:, model.at.pair]
    expected = np.zeros((n, len(model.first)))
    crossed = np.zeros_like(expected)
    step = max(1, PRODUCTS // max(1, expected.shape[1] * table.weight.shape[1]))
    for start in range(0, n, step):
        some = slice(start, start + step)
        directions = state.directions[some]
        q = _gathered(model, directions, weighted[some])
        expected[some] = _products(q, q)
        if exact:
            x = _gathered(model, directions, 2 * seen[some] - weighted[some])
            crossed[some] = (_products(x, q) + _products(q, x)) / 2
    hessian = None
    if exact:
        hessian = _unpacked(model, crossed)
        add_curvature(own, model.at, state, r, hessian)
    return Slopes(
        merged(own, gradient),
        merged_twice(own, _unpacked(model, expected)),
        None if hessian is None else merged_twice(own, hessian),
    )


@dataclass(frozen=True, slots=True)
class _Gathered:
    """Entries (B, t, K) of ``W' M_k W`` for all pairs of free rows."""

    uu: Array
    vv: Array
    uv: Array
    vu: Array


def _gathered(model: Structure, directions: Array, inner: Array) -> _Gathered:
    shape = (*inner.shape[:2], *directions.shape[1:])
    entries = sandwich(inner, np.broadcast_to(directions[:, None], shape))
    by_place = np.ascontiguousarray(np.moveaxis(entries.reshape(*inner.shape[:2], -1), 1, 2))
    return _Gathered(*(by_place.take(where, axis=1) for where in model.pairs))


def _products(x: _Gathered, y: _Gathered) -> Array:
    """Return ``sum_k X_uu Y_vv + X_uv Y_vu`` (B, t)."""
    return np.einsum("btk,btk->bt", x.uu, y.vv) + np.einsum("btk,btk->bt", x.uv, y.vu)


def _unpacked(model: Structure, packed: Array) -> Array:
    """Return the scaled symmetric matrices (B, f, f) of pairs (B, t)."""
    f = len(model.bordered.owner)
    out = np.empty((len(packed), f, f))
    out[:, model.first, model.second] = packed
    out[:, model.second, model.first] = packed
    return model.at.scale * out


@dataclass(frozen=True, slots=True)
class Casewise:
    """loglik (B, n) of each respondent; scores (B, n, q), its derivatives; 0 without answers."""

    loglik: Array
    scores: Array


def casewise(
    model: Structure, state: State, table: PatternMoments, found: Patterns, x: Array
) -> Casewise:
    """Return each respondent's log-likelihood and scores at a state, without weights.

    Parameters
    ----------
    model, state, table
        As for `slopes`.
    found : Patterns
        The rows behind `table`.
    x : ndarray (n, p)
        Answers, nan where missing.
    """
    own, n = model.bordered, len(state.value)
    log_det = missing.restrict(state.sigma, table.observed).log_det
    constants = table.observed.sum(axis=1) * np.log(2 * np.pi) - 1
    loglik = np.zeros((n, len(x)))
    scores = np.zeros((n, len(x), own.n_free))
    for k, rows in enumerate(found.rows):
        inverse = state.inverse[:, k]
        z = missing.bordered(x[rows], table.origin)
        y = z @ inverse
        loglik[:, rows] = -(constants[k] + log_det[:, k, None] + (y * z).sum(axis=-1)) / 2
        y = np.concatenate([y, y @ state.directions], axis=-1)
        q = sandwich(inverse, state.directions).reshape(n, -1)[:, None, model.at.pair]
        gap = y[..., own.left] * y[..., own.right] - q
        scores[:, rows] = merged(own, own.half * gap)
    return Casewise(loglik, scores)
