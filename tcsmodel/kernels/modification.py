"""Score tests: what a fixed parameter, or an equality, costs the fit, without refitting.

At the estimate theta let s be the derivatives of the log-likelihood and I the expected
information, both of everything that is free now (f) and of one candidate c. Releasing c
lowers chi-square by about its *modification index* and moves c by its *expected parameter
change* (Soerbom 1989, Psychometrika 54, 371-384; a Lagrange multiplier test):

    V = I_cc - I_cf I_ff^-1 I_fc        MI = s_c^2 / V        EPC = s_c / V

For one respondent, with ``Omega = Sigma^-1 (Sigma - S) Sigma^-1`` and the rank-one derivatives
``Sigma_k = h (u v' + v u')``, ``mu_k = e u`` of `kernels.implied`,

    s_k  = -h u' Omega v + e u' Sigma^-1 (xbar - mu)
    I_kl = h_k h_l [(u_k' P u_l)(v_k' P v_l) + (u_k' P v_l)(v_k' P u_l)] + e_k e_l u_k' P u_l

where ``P = Sigma^-1`` and S is taken about mu. Groups, each with its n, add up.

Where the variance of the scores is J, not I, as of least squares that are not efficient, MI has
``J_cc - 2 M J_fc + M J_ff M'``, ``M = I_cf I_ff^-1``, in the place of V (Boos 1992, American
Statistician 46, 327-333).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import fiml, linalg
from tcsmodel.kernels.implied import (
    ITEM_MEAN,
    LATENT,
    LATENT_MEAN,
    LOADING,
    PATH,
    RESIDUAL,
    Implied,
    Layout,
    implied,
    matrices,
    means,
    merged,
    sandwich,
)
from tcsmodel.kernels.missing import PatternMoments

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Share of its own information that a candidate must keep, given all that is free.
UNIDENTIFIED = 1e-9


@dataclass(frozen=True, slots=True)
class Products:
    """The variances of scores, where they are not the information: own, cross, free as there."""

    own: Array
    cross: Array
    free: Array


@dataclass(frozen=True, slots=True)
class Scores:
    """First derivatives and information of c candidates beside q free parameters, per respondent.

    score, own (B, c): s_c and I_cc; cross (B, c, q): I_cf; free (B, q, q): I_ff; products: J, the
    variances of the scores, None where they are the information.
    """

    score: Array
    own: Array
    cross: Array
    free: Array
    products: Products | None = None


def slopes_with_gaps(given: Layout, theta: Array, table: PatternMoments) -> tuple[Array, Array]:
    """Return score (B, q) and information (B, q, q), per respondent, of answers with gaps.

    Parameters
    ----------
    given : Layout
        Of q free parameters; the model and its candidates together where these are wanted.
    theta : ndarray (B, q)
        Where to take them.
    table : PatternMoments
        The answers, pattern by pattern; the information is the expected one, given the patterns.
    """
    model = fiml.structure(given)
    slopes = fiml.slopes(model, fiml.evaluate(model, theta, table), table, exact=False)
    return -slopes.gradient / 2, slopes.expected / 2


def apart(score: Array, information: Array, q: int) -> Scores:
    """Return the scores of the parameters from q on as those of candidates."""
    return Scores(
        score[:, q:],
        np.diagonal(information, axis1=1, axis2=2)[:, q:],
        information[:, q:, :q],
        information[:, :q, :q],
    )


@dataclass(frozen=True, slots=True)
class _Moves:
    """How rows move the moments: columns left, right (r,) of W; half (r,); mean (B, r) e."""

    left: Index
    right: Index
    half: Array
    mean: Array


def scores(
    given: Layout, extra: Layout, theta: Array, cov: Array, mean: Array | None = None
) -> Scores:
    """Return the derivatives at the estimate of a model.

    Parameters
    ----------
    given : Layout
        The model that was fitted.
    extra : Layout
        The candidates: each row free, with a parameter of its own.
    theta : ndarray (B, q)
        Its estimates.
    cov : ndarray (B, p, p)
        Covariances with divisor n.
    mean : ndarray (B, p), optional
        Sample means, where means are modelled.
    """
    at = implied(given, theta)
    inverse = linalg.inverse(at.sigma)
    modelled = means(given, theta, at)
    spread, pull = cov, None
    if mean is not None:
        gap = mean - modelled.item
        spread = cov + gap[:, :, None] * gap[:, None, :]
        pull = _swept(inverse, at, gap)
    omega = inverse @ (at.sigma - spread) @ inverse
    q = sandwich(inverse, at.directions)
    r = sandwich(omega, at.directions)
    new, old = (_moves(rows, modelled.latent, mean is not None) for rows in (extra, given))
    score = -new.half * r[:, new.left, new.right]
    if pull is not None:
        score = score + new.mean * pull[:, new.left]
    cross = merged(given, _information(q, new, old))
    inside = np.swapaxes(merged(given, _information(q, old, old)), 1, 2)
    return Scores(score, _diagonal(q, new), cross, merged(given, inside))


def _moves(rows: Layout, latent: Array, has_means: bool) -> _Moves:
    free = rows.free >= 0
    kind, column = rows.matrix[free], rows.column[free]
    mean = np.zeros((len(latent), len(kind)))
    if has_means:
        carried = kind <= PATH
        mean[:, carried] = latent[:, column[carried]]
        mean[:, kind >= ITEM_MEAN] = 1.0
    return _Moves(rows.left, rows.right, rows.half, mean)


def _swept(inverse: Array, at: Implied, gap: Array) -> Array:
    """Return ``W' P gap`` (B, w)."""
    first = inverse @ gap[:, :, None]
    return np.concatenate([first, np.swapaxes(at.directions, 1, 2) @ first], axis=1)[..., 0]


def _information(q: Array, a: _Moves, b: _Moves) -> Array:
    """Return the information (B, a, b) of rows, one respondent's, of ``q = W' P W``."""

    def entries(first: Index, second: Index) -> Array:
        return q[:, first[:, None], second]

    both = entries(a.left, b.left) * entries(a.right, b.right)
    both += entries(a.left, b.right) * entries(a.right, b.left)
    both *= a.half[:, None] * b.half
    if a.mean.any() and b.mean.any():
        both += a.mean[:, :, None] * b.mean[:, None, :] * entries(a.left, b.left)
    return both


def _diagonal(q: Array, a: _Moves) -> Array:
    uu, vv, uv = q[:, a.left, a.left], q[:, a.right, a.right], q[:, a.left, a.right]
    return a.half**2 * (uu * vv + uv**2) + a.mean**2 * uu


@dataclass(frozen=True, slots=True)
class Indices:
    """mi, epc (B, c): modification indices and expected changes; nan where not identified."""

    mi: Array
    epc: Array


def indices(given: Scores, *, restrictions: Array | None = None) -> Indices:
    """Return modification indices of candidates.

    Parameters
    ----------
    given : Scores
        Of the whole sample: those of one respondent times n, summed over groups.
    restrictions : ndarray (r, q), optional
        Derivatives of the constraints that hold as equalities at the estimates.
    """
    basis = None if restrictions is None else linalg.null_space(restrictions)
    cross, free = _along(basis, given.cross, given.free)
    with np.errstate(all="ignore"):
        moved = cross @ _inverse(free)
        left = given.own - (moved * cross).sum(axis=-1)
        left = np.where(left > UNIDENTIFIED * given.own, left, np.nan)
        variance = left
        if given.products is not None:
            cross, free = _along(basis, given.products.cross, given.products.free)
            variance = given.products.own - 2 * (moved * cross).sum(axis=-1)
            variance = variance + (moved @ free * moved).sum(axis=-1)
            variance = np.where(np.isfinite(left), variance, np.nan)
        return Indices(given.score**2 / variance, given.score / left)


def _along(basis: Array | None, cross: Array, free: Array) -> tuple[Array, Array]:
    """Return `cross` (B, c, m) and `free` (B, m, m) along a basis (q, m)."""
    return (cross, free) if basis is None else (cross @ basis, basis.T @ free @ basis)


def _inverse(information: Array) -> Array:
    """Return the inverse (B, q, q), by way of the unit diagonal; nan where singular."""
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.diagonal(information, axis1=1, axis2=2))
        outer = scale[:, :, None] * scale[:, None, :]
        return linalg.inverse(information * outer) * outer


@dataclass(frozen=True, slots=True)
class Releases:
    """Tests of releasing r equality constraints.

    chi2, df (B,) of releasing all of them, df the parameters gained that data can determine;
    each (B, r) of releasing one while the others hold, nan where nothing is gained; epc
    (B, r, q) how the parameters would then change.
    """

    chi2: Array
    df: Index
    each: Array
    epc: Array


def release_tests(
    score: Array,
    information: Array,
    restrictions: Array,
    kept: Array | None = None,
    products: Array | None = None,
) -> Releases:
    """Return score tests of equality constraints.

    Parameters
    ----------
    score : ndarray (B, q)
        Derivatives of the log-likelihood by the parameters as if they were unconstrained, at
        the constrained estimates.
    information : ndarray (B, q, q)
        Their expected information.
    restrictions : ndarray (r, q)
        Derivatives of the constraints.
    kept : ndarray (k, q), optional
        Derivatives of constraints that hold throughout.
    products : ndarray (B, q, q), optional
        The variance J of the score, where it is not the information.

    Notes
    -----
    ``s' N (N' I N)^- N' s`` with N the null space of what still holds (Silvey 1959, Ann. Math.
    Stat. 30, 389-407). The generalized inverse serves models that are not identified without
    the constraints, as with free latent means when all intercepts are let go. With J the
    variance of the score at the estimates takes the place of I there (Boos 1992): ``P J P'``,
    ``P = 1 - I H (H' I H)^-1 H'`` and H the null space of all that held.
    """
    r = len(restrictions)
    always = np.zeros((0, score.shape[-1])) if kept is None else kept
    fixed = linalg.null_space(np.vstack([restrictions, always]))
    held = _released(score, information, fixed)[1]
    spread = None if products is None else _left(information, products, fixed)
    basis = linalg.null_space(always)
    free, rank = _released(score, information, basis)
    chi2 = _tested(score, free, information, spread, basis, rank - held)
    each = np.empty((len(score), r))
    changes = np.full((len(score), r, score.shape[-1]), np.nan)
    for k in range(r):
        others = np.vstack([np.delete(restrictions, k, axis=0), always])
        basis = linalg.null_space(others)
        change, own = _released(score, information, basis)
        changes[:, k] = np.where((own > held)[:, None], change, np.nan)
        each[:, k] = _tested(score, changes[:, k], information, spread, basis, own - held)
    return Releases(chi2, rank - held, each, changes)


def _left(information: Array, products: Array, held: Array) -> Array:
    """Return the variance (B, q, q) of the score where its part along `held` (q, m) is zero."""
    slope = information @ held
    taken = np.eye(len(held)) - slope @ _inverse(held.T @ slope) @ held.T
    return np.asarray(taken @ products @ np.swapaxes(taken, 1, 2))


def _tested(
    score: Array, change: Array, information: Array, spread: Array | None, basis: Array, rank: Index
) -> Array:
    """Return chi-square (B,) of a score along a basis (q, m) in which `rank` (B,) is gained."""
    if spread is None:
        return np.asarray((change * score).sum(axis=-1))
    inside = basis.T @ spread @ basis
    own = np.diagonal(basis.T @ information @ basis, axis1=1, axis2=2)
    lost = np.asarray(~np.isfinite(inside).all(axis=(1, 2)) | np.isnan(change).any(axis=-1))
    scale = np.where(own > 0, 1 / np.sqrt(np.where(own > 0, own, 1.0)), 0.0)
    scaled = np.where(lost[:, None, None], 0.0, inside * scale[:, :, None] * scale[:, None, :])
    values, vectors = np.linalg.eigh(scaled)
    known = np.arange(len(basis.T))[::-1] < rank[:, None]
    pull = np.einsum("bki,bk->bi", vectors, scale * (score @ basis))
    total = np.where(known, pull**2 / np.where(known, values, 1.0), 0.0).sum(axis=-1)
    return np.where(lost, np.nan, total)


def _released(score: Array, information: Array, basis: Array) -> tuple[Array, Index]:
    """Return the change (B, q) of parameters that may move along `basis`, and the rank there."""
    inside = basis.T @ information @ basis
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(np.diagonal(inside, axis1=1, axis2=2))
        scaled = inside * scale[:, :, None] * scale[:, None, :]
    lost = ~np.isfinite(scaled).all(axis=(1, 2))
    scaled[lost], scale[lost] = 0.0, np.nan
    values, vectors = np.linalg.eigh(scaled)
    known = values > UNIDENTIFIED
    pull = np.einsum("bki,bk->bi", vectors, scale * (score @ basis))
    moved = np.where(known, pull / np.where(known, values, 1.0), 0.0)
    along = scale * np.einsum("bki,bi->bk", vectors, moved)
    return along @ basis.T, known.sum(axis=-1)


@dataclass(frozen=True, slots=True)
class Standards:
    """What turns changes into standardized ones: lv, all (B, c) factors.

    `lv`: constructs in units of their standard deviations; `all`: items too.
    """

    lv: Array
    all: Array


def standards(given: Layout, extra: Layout, theta: Array, constructs: int) -> Standards:
    """Return the scales of candidates at theta (B, q).

    A loading or path is multiplied by the standard deviation of its source over that of its
    target; a covariance divided by those of the two residuals; a variance by the total
    variance. The first `constructs` latent variables are constructs, the others observed.
    """
    parts, at = matrices(given, theta), implied(given, theta)
    known = np.arange(given.n_latents) < constructs
    latent, disturbance, item, residual = (
        _deviation(np.diagonal(cov, axis1=1, axis2=2))
        for cov in (at.phi, parts.latent, at.sigma, parts.residual)
    )
    one = np.ones_like(item)
    return Standards(
        _scales(extra, np.where(known, latent, 1.0), np.where(known, disturbance, 1.0), one, one),
        _scales(extra, latent, disturbance, item, residual),
    )


def _deviation(variance: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.where(variance > 0, np.sqrt(variance), np.nan)


def _scales(
    extra: Layout, latent: Array, disturbance: Array, item: Array, residual: Array
) -> Array:
    """Return the factor (B, c) of each candidate, of standard deviations (B, m) and (B, p)."""
    out = np.ones((len(latent), len(extra.matrix)))
    rules = {
        LOADING: (latent, item),
        PATH: (latent, latent),
        LATENT: (disturbance, disturbance),
        RESIDUAL: (residual, residual),
        ITEM_MEAN: (item, item),
        LATENT_MEAN: (latent, latent),
    }
    for kind, (by_column, by_row) in rules.items():
        own = np.flatnonzero(extra.matrix == kind)
        row, column = extra.row[own], extra.column[own]
        if kind <= PATH:
            out[:, own] = by_column[:, column] / by_row[:, row]
        elif kind >= ITEM_MEAN:
            out[:, own] = 1 / by_row[:, row]
        else:
            total = latent if kind == LATENT else item
            apart = 1 / (by_column[:, column] * by_row[:, row])
            out[:, own] = np.where(row == column, 1 / total[:, row] ** 2, apart)
    return out
