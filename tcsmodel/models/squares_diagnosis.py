"""Score tests, sampling errors of residuals and scaled tests of least squares fits.

A fit that is not efficient has scores whose variance is not the information: with R the
derivatives of a candidate, net of what is free, and W the weight, its score ``R'We`` has the
variance ``R'W Gamma W R / n``, by which the score test divides (Boos 1992).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from tcsmodel.kernels import residuals, robust_groups
from tcsmodel.kernels.implied import Layout
from tcsmodel.kernels.least_squares import Structure, weighted
from tcsmodel.kernels.modification import Products, Scores
from tcsmodel.kernels.robust import Traces
from tcsmodel.kernels.robust_groups import Weighed
from tcsmodel.kernels.scaled_tests import Correction, ScaledFit, ScaledTest, scaled
from tcsmodel.kernels.squares import Squares
from tcsmodel.models.robust_inference import Nested, RobustInference

Array = NDArray[np.float64]


class Diagnosed(Protocol):
    """A least squares problem of one sample, as scores and residuals need it."""

    @property
    def squares(self) -> Squares:
        """The function that was minimized."""

    def structure_of(self, layout: Layout) -> Structure:
        """Return the statistics of a group as functions of the parameters of a layout."""

    def spread_of(self, group: int) -> Array:
        """Return Gamma (s, s) of a group."""

    @property
    def joint(self) -> Array | None:
        """Sampling covariances (G s, G s) of all groups; None where these are samples apart."""


@dataclass(frozen=True, slots=True)
class _Own:
    """One group: size m; residual (s,); delta, wide (s, c): D and WD; spread (s, s) Gamma."""

    size: float
    residual: Array
    delta: Array
    wide: Array
    spread: Array


def _groups(
    problem: Diagnosed, layouts: Sequence[Layout], theta: Sequence[Array]
) -> Iterator[_Own]:
    """Yield the groups, with derivatives by the parameters theta (c,) of a layout each."""
    squares = problem.squares
    for g, (layout, here) in enumerate(zip(layouts, theta, strict=True)):
        structure = problem.structure_of(layout)
        delta = structure.jacobian(here[None])
        yield _Own(
            float(squares.size[g]),
            (squares.statistics[:, g] - structure.implied(here[None]))[0],
            delta[0],
            weighted(squares.weight[np.array([g])], delta)[0],
            problem.spread_of(g),
        )


def scores(problem: Diagnosed, layouts: Sequence[Layout], theta: Sequence[Array], q: int) -> Scores:
    """Return the scores of candidates, of all respondents.

    The layout of each group has the q free parameters of the model, and behind them its
    candidates; theta (c,) are the values of both.
    """
    groups = list(_groups(problem, layouts, theta))
    first, own, cross, free = [], [], [], np.zeros((q, q))
    for group in groups:
        information = group.size * group.delta.T @ group.wide
        first.append(group.size * group.wide[:, q:].T @ group.residual)
        own.append(np.diag(information)[q:])
        cross.append(information[q:, :q])
        free += information[:q, :q]
    products = _products(groups, q)
    if problem.joint is not None:
        products = _products_together(groups, q, problem.joint)
    return Scores(
        np.concatenate(first)[None],
        np.concatenate(own)[None],
        np.concatenate(cross)[None],
        free[None],
        products,
    )


def _products(groups: Sequence[_Own], q: int) -> Products:
    """Return the covariances of the scores of candidates and of what is free."""
    found = [group.size * group.wide.T @ group.spread @ group.wide for group in groups]
    return Products(
        np.concatenate([np.diag(one)[q:] for one in found])[None],
        np.concatenate([one[q:, :q] for one in found])[None],
        np.sum([one[:q, :q] for one in found], axis=0)[None],
    )


def _products_together(groups: Sequence[_Own], q: int, joint: Array) -> Products:
    """Return the same of groups that vary together."""
    free = np.concatenate([group.size * group.wide[:, :q] for group in groups])
    alone = block_diag(*(group.size * group.wide[:, q:] for group in groups))
    carried = alone.T @ joint
    return Products(
        (carried * alone.T).sum(axis=1)[None],
        (carried @ free)[None],
        (free.T @ joint @ free)[None],
    )


def apart(
    problem: Diagnosed, layouts: Sequence[Layout], theta: Sequence[Array]
) -> tuple[Array, Array, Array]:
    """Return score (1, f), information and variance of the score (1, f, f) of all groups.

    By the parameters theta of a layout each, one group after another.
    """
    groups = list(_groups(problem, layouts, theta))
    score = np.concatenate([g.size * g.wide.T @ g.residual for g in groups])
    information = block_diag(*(g.size * g.delta.T @ g.wide for g in groups))
    if problem.joint is None:
        products = block_diag(*(g.size * g.wide.T @ g.spread @ g.wide for g in groups))
    else:
        wide = block_diag(*(g.size * g.wide for g in groups))
        products = wide.T @ problem.joint @ wide
    return score[None], information[None], products[None]


def residual_cov(
    problem: Diagnosed,
    layouts: Sequence[Layout],
    theta: Array,
    restrictions: Array | None,
    *,
    start: int,
) -> tuple[Array, ...]:
    """Return the sampling covariances (1, t, t) of vech(S - Sigma) of each group at theta (q,).

    Behind `start` means.
    """
    groups = list(_groups(problem, layouts, [theta] * len(layouts)))
    if problem.joint is not None:
        return _residual_cov_together(groups, problem.joint, restrictions, start)
    return residuals.carried(
        [group.delta[None] for group in groups],
        [group.wide[None] for group in groups],
        [group.spread[None] for group in groups],
        [group.size for group in groups],
        start=start,
        restrictions=restrictions,
    )


def _residual_cov_together(
    groups: Sequence[_Own], joint: Array, restrictions: Array | None, start: int
) -> tuple[Array, ...]:
    """Return the same of groups that vary together: those of one group with all statistics."""
    (whole,) = residuals.carried(
        [np.concatenate([group.delta for group in groups])[None]],
        [np.concatenate([group.size * group.wide for group in groups])[None]],
        [joint[None]],
        [1.0],
        start=0,
        restrictions=restrictions,
    )
    s = len(groups[0].residual)
    ends = [slice(g * s + start, (g + 1) * s) for g in range(len(groups))]
    return tuple(whole[:, own, own] for own in ends)


def scaled_inference(
    vcov: Array,
    plain: Mapping[str, float],
    at: Weighed,
    null: Weighed,
    spread: Array,
    correction: Correction,
    robust_fit: ScaledFit | None = None,
) -> RobustInference:
    """Return the scaled tests of a model and of its baseline model.

    Parameters
    ----------
    vcov : ndarray (q, q)
        Covariances of the estimates.
    plain : dict of str to float
        Fit measures before scaling.
    at, null : Weighed
        Derivatives and weights of both models.
    spread : ndarray (G, s, s)
        Gamma of each group over its share.
    correction : Correction
        How chi-square is scaled.
    robust_fit : ScaledFit, optional
        Robust fit measures that do not come from these tests.
    """

    def test(prefix: str, of: Traces) -> ScaledTest:
        chi2 = np.array([plain[f"{prefix}chi2"]])
        return scaled(chi2, plain[f"{prefix}df"], of, correction)

    products = robust_groups.score_products(at, spread)
    bread = robust_groups.expected_information(at)
    nested = Nested(np.concatenate(list(at.delta)), bread, products)
    return RobustInference(
        vcov,
        test("", robust_groups.residual_traces(at, spread)),
        test("baseline_", robust_groups.residual_traces(null, spread)),
        nested if correction is Correction.SHIFT else None,
        robust_fit,
    )
