"""Models and data of lavaan's reference fits, as arrays for the kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from golden_files import DATA, expected

from tcsmodel.kernels import (
    discrepancy,
    fitmeasures,
    gamma,
    grouped,
    implied,
    jacobian,
    linalg,
    robust,
)
from tcsmodel.kernels.gamma import NormalWeight
from tcsmodel.kernels.implied import ITEM_MEAN, RESIDUAL, THRESHOLD
from tcsmodel.kernels.least_squares import Structure, Weight, moment_structure
from tcsmodel.kernels.minimize import Minimum, Objective, minimize
from tcsmodel.kernels.missing import PatternMoments
from tcsmodel.kernels.polychoric_gamma import Statistics
from tcsmodel.kernels.robust import Traces
from tcsmodel.kernels.squares import Squares
from tcsmodel.kernels.starting import starting_values
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.spec.model import ModelSpec

REVERSED = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Case:
    """A reference case: what lavaan found, the answers x (n, p) and the model.

    keys: lhs, op, rhs of each parameter.
    """

    theirs: dict[str, Any]
    x: np.ndarray
    weights: np.ndarray
    layout: implied.Layout
    keys: list[Key]

    @property
    def fit(self) -> dict[str, float]:
        return self.theirs["fitMeasures"]

    def column(self, name: str) -> np.ndarray:
        """Return a column of lavaan's parameter table for our parameters."""
        table = self.theirs["parameterEstimates"]
        rows = zip(table["lhs"], table["op"], table["rhs"].fillna(""), strict=True)
        found = dict(zip(rows, table[name], strict=True))
        return np.array([found[key] for key in self.keys], dtype=float)


def frame(name: str) -> pd.DataFrame:
    """Return a data file by lavaan's name; bfi_rev has some items of bfi reversed."""
    if name == "bfi_rev":
        bfi = pd.read_csv(DATA / "bfi.csv")
        return bfi.assign(**{item: 7 - bfi[item] for item in REVERSED})
    if name == "mixed":
        ordinal, mobi = pd.read_csv(DATA / "mobi_ord5.csv"), pd.read_csv(DATA / "mobi.csv")
        return mobi.assign(**{c: ordinal[c] for c in mobi if c.startswith("PERQ")})
    return pd.read_csv(DATA / f"{name}.csv")


def case(
    name: str,
    data: str,
    *,
    weights: str | None = None,
    std_lv: bool = False,
    text: str | None = None,
) -> Case:
    """Return a case of continuous items without a mean structure; `text` is another model."""
    theirs = expected(name)
    model = CovarianceModel.of(ModelSpec.parse(text or theirs["model"]), std_lv=std_lv)
    x = frame(data)[list(model.parameters.items)].to_numpy(float)
    x = x[np.isfinite(x).all(axis=1)]
    weight = np.ones(len(x)) if weights is None else frame(weights)["wt"].to_numpy(float)
    keys = [(r.lhs, str(r.op), r.rhs) for r in model.parameters.rows if r.free is not None]
    return Case(theirs, x, weight, model.layout, keys)


def layout_of(
    given: implied.Layout, keep: np.ndarray, more: list[tuple[int, int, int]]
) -> implied.Layout:
    """Return a layout with some rows (r,) free as they are, others fixed at 1, and free ones more.

    Those by matrix, row and column: intercepts and thresholds.
    """
    kept = np.where(keep, given.free, -1)
    order = {k: at for at, k in enumerate(sorted(set(kept[kept >= 0].tolist())))}
    free = [order.get(k, -1) for k in kept.tolist()]
    fixed = np.where((given.free >= 0) & ~keep, 1.0, given.template[given.place])
    matrix, row, column = np.array(more).T.tolist()
    return implied.layout(
        given.n_items,
        given.n_latents,
        matrix=[*given.matrix.tolist(), *matrix],
        row=[*given.row.tolist(), *row],
        column=[*given.column.tolist(), *column],
        free=[*free, *(len(order) + at for at in range(len(more)))],
        fixed=[*fixed.tolist(), *([np.nan] * len(more))],
        n_cuts=1 + max((c for kind, _, c in more if kind == THRESHOLD), default=-1),
    )


def ordinal(given: Case, categories: np.ndarray, items: list[str]) -> Case:
    """Return the case with ordinal residuals fixed, intercepts of continuous items, thresholds."""
    layout = given.layout
    diagonal = (layout.matrix == RESIDUAL) & (layout.row == layout.column)
    keep = ~(diagonal & (categories[layout.row] > 0))
    means = np.flatnonzero(categories == 0).tolist()
    lost = set(layout.free[~keep].tolist())
    keys = [key for at, key in enumerate(given.keys) if at not in lost]
    keys += [(items[i], "~1", "") for i in means]
    order = Statistics.of(categories)
    cuts = [
        (i, t) for i, t in zip(order.item.tolist(), order.threshold.tolist(), strict=True) if t >= 0
    ]
    keys += [(items[i], "|", f"t{t + 1}") for i, t in cuts]
    more = [(ITEM_MEAN, i, 0) for i in means] + [(THRESHOLD, i, t) for i, t in cuts]
    made = layout_of(layout, keep, more)
    return Case(given.theirs, given.x, given.weights, made, keys)


def maximum_likelihood(layout: implied.Layout, cov: np.ndarray) -> Minimum:
    """Return the ML fits to covariances (B, p, p); value is that of F, 0 when saturated."""
    at, floor = discrepancy.gathers(layout), discrepancy.saturated(cov)
    goal = Objective(
        lambda theta, who: discrepancy.evaluate(layout, theta, cov[who]),
        lambda state, who, exact: discrepancy.slopes(layout, at, state, cov[who], exact=exact),
        lambda theta, *_: np.zeros(len(theta), dtype=bool),
    )
    found = minimize(goal, starting_values(layout, cov), max_iter=200, patience=200)
    assert found.converged.all()
    return found._replace(value=found.value - floor)


def squares_of(
    layout: implied.Layout, structure: Structure, s: np.ndarray, weight: Weight, n: int
) -> Squares:
    """Return what least squares minimize of statistics (B, s) of n respondents without groups."""
    index = np.arange(layout.n_free)[None]
    model = grouped.grouped(layout, index, np.full(index.shape, np.nan), layout.n_free)
    return Squares(model, structure, s[:, None], weight, np.array([n - 1.0]))


def generalized(layout: implied.Layout, cov: np.ndarray, n: int) -> Squares:
    """Return what GLS minimize of covariances (B, p, p), their weight not formed."""
    structure = moment_structure(layout, mean=False)
    weight = NormalWeight(linalg.inverse(cov), with_mean=False)
    return squares_of(layout, structure, jacobian.vech(cov), weight, n)


def reported(value: np.ndarray, table: PatternMoments) -> np.ndarray:
    """Return the log-likelihood (B,) that fits report of a discrepancy (B,)."""
    answered = table.share @ table.observed.sum(axis=1)
    return fitmeasures.log_likelihood(value, table.n, answered)


@dataclass
class Likelihood:
    """A maximum likelihood fit: derivatives, weight, Gamma and observed information."""

    delta: np.ndarray
    weight: np.ndarray
    gamma: np.ndarray
    observed: np.ndarray
    sigma: np.ndarray
    cov: np.ndarray

    @classmethod
    def of(cls, layout, theta, cov, gamma_):
        sigma = implied.implied(layout, theta).sigma
        state = discrepancy.evaluate(layout, theta, cov)
        at = discrepancy.gathers(layout)
        slopes = discrepancy.slopes(layout, at, state, cov, exact=True)
        return cls(
            jacobian.moment_jacobian(layout, theta, mean=False),
            gamma.normal_weight(linalg.inverse(sigma), with_mean=False),
            gamma_,
            slopes.hessian / 2,
            sigma,
            cov,
        )

    @property
    def products(self):
        return robust.score_products(self.delta, self.weight, self.gamma)

    @property
    def expected(self):
        return robust.information(self.delta, self.weight)

    def vcov(self, estimator, n):
        if estimator in ("MLR", "sandwich"):
            return robust.sandwich(self.observed, self.products, n)
        if estimator in ("MLM", "MLMV", "MLMVS"):
            return robust.sandwich(self.expected, self.products, n)
        information = {"MLF": self.products, "observed": self.observed}
        return linalg.inverse(information.get(estimator, self.expected)) / n

    def traces(self, estimator):
        if estimator == "MLR":
            at_sample = gamma.normal_weight(linalg.inverse(self.cov), with_mean=False)
            saturated = robust.saturated_trace(at_sample, self.gamma)
            trace = robust.yuan_bentler_trace(saturated, self.observed, self.products)
            return Traces(trace, trace)
        weight = self.weight
        if estimator == "sandwich":
            weight = gamma.observed_weight(linalg.inverse(self.sigma), self.cov)
        return robust.residual_traces(self.delta, weight, self.gamma)
