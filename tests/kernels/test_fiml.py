"""Full-information likelihood: derivatives, complete answers, resamples, and lavaan's fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from lavaan_cases import reported
from numpy.testing import assert_allclose

from tcsmodel.kernels import discrepancy, fiml, implied, missing, sem
from tcsmodel.kernels.implied import (
    ITEM_MEAN,
    LATENT,
    LATENT_MEAN,
    LOADING,
    PATH,
    RESIDUAL,
    Layout,
)
from tcsmodel.kernels.minimize import Minimum, Objective, minimize
from tcsmodel.kernels.resample import counts_from_rows

LAVAAN = {
    "B_HS1939_fiml_ML": "HS1939_missing",
    "B_HS1939_fiml_MLR": "HS1939_missing",
    "B_mobi_acsi_fiml_ML": "mobi_missing",
    "B_mobi_acsi_fiml_MLR": "mobi_missing",
}


def layout_of(rows: list[tuple], items: int, latents: int) -> Layout:
    """Return the layout of rows (matrix, row, column, value); a value given is fixed.

    A value that is a word is a label: rows with the same word are one parameter.
    """
    labels: dict = {}
    free = [
        labels.setdefault(value if isinstance(value, str) else at, len(labels))
        if value is None or isinstance(value, str)
        else -1
        for at, (*_, value) in enumerate(rows)
    ]
    fixed = [value if isinstance(value, float) else np.nan for *_, value in rows]
    matrix, row, column = zip(*(row[:3] for row in rows), strict=True)
    return implied.layout(
        items, latents, matrix=matrix, row=row, column=column, free=free, fixed=fixed
    )


def growth() -> Layout:
    """Two factors with means, one path, tied loadings and intercepts, one intercept fixed."""
    loadings = [(LOADING, 0, 0, 1.0), (LOADING, 1, 0, "a"), (LOADING, 2, 0, "a")]
    loadings += [(LOADING, 3, 1, 1.0), (LOADING, 4, 1, None), (LOADING, 5, 1, None)]
    residuals = [(RESIDUAL, i, i, None) for i in range(6)] + [(RESIDUAL, 3, 0, None)]
    means = [(ITEM_MEAN, i, 0, v) for i, v in enumerate([2.0, "n", "n", 0.0, None, None])]
    structure = [(PATH, 1, 0, None), (LATENT, 0, 0, None), (LATENT, 1, 1, None)]
    structure += [(LATENT_MEAN, 0, 0, None), (LATENT_MEAN, 1, 0, None)]
    return layout_of(loadings + residuals + means + structure, 6, 2)


def point(layout: Layout, seed: int = 0, batch: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    theta = rng.uniform(0.2, 0.9, size=(batch, layout.n_free))
    for kind, i, j, k in zip(layout.matrix, layout.row, layout.column, layout.free, strict=True):
        if kind == RESIDUAL and i == j:
            theta[:, k] += 0.8
        elif kind == RESIDUAL:
            theta[:, k] -= 0.4
    return theta


def answers(seed: int, n: int = 50, p: int = 6, gaps: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1)) + rng.normal(size=(n, p)) + 2
    x[rng.uniform(size=x.shape) < gaps] = np.nan
    x[0] = np.nan
    return x


def numeric(function, theta, h=1e-5):
    steps = h * np.eye(theta.shape[-1])
    parts = [(function(theta + step) - function(theta - step)) / (2 * h) for step in steps]
    return np.stack(parts, axis=-1)


@dataclass
class Case:
    """A layout, answers and a point at which to look."""

    model: fiml.Structure
    theta: np.ndarray
    x: np.ndarray
    found: missing.Patterns
    table: missing.PatternMoments

    @classmethod
    def of(cls, layout: Layout, x: np.ndarray, batch: int = 2) -> Case:
        weights = np.random.default_rng(1).uniform(0.5, 2, size=(batch, len(x)))
        found = missing.patterns(x)
        table = missing.tabulate(found, x, weights)
        return cls(fiml.structure(layout), point(layout, batch=batch), x, found, table)

    def state(self, theta=None):
        return fiml.evaluate(self.model, self.theta if theta is None else theta, self.table)

    def slopes(self, theta=None, exact=True):
        return fiml.slopes(self.model, self.state(theta), self.table, exact=exact)


@pytest.fixture(scope="module", params=["growth", "saturated"])
def case(request):
    layout = growth() if request.param == "growth" else fiml.saturated_layout(4)
    if request.param == "growth":
        return Case.of(layout, answers(0))
    made = Case.of(layout, answers(0, p=4))
    far = point(layout) + fiml.saturated_theta(np.zeros((1, 4)), 2 * np.eye(4)[None])
    made.theta = far
    return made


def test_gradient_and_hessian_are_derivatives(case):
    here = case.slopes()
    value = numeric(lambda t: case.state(t).value, case.theta)
    assert_allclose(here.gradient, value, atol=1e-7)
    slope = numeric(lambda t: case.slopes(t, exact=False).gradient, case.theta)
    assert_allclose(here.hessian, slope, atol=1e-6)


def test_expected_information_is_that_of_every_pattern(case):
    """Against ``tr(S^-1 S_a S^-1 S_b) + 2 mu_a' S^-1 mu_b`` of numeric derivatives."""
    layout = case.model.layout

    def moments(theta):
        at = implied.implied(layout, theta)
        return np.concatenate([at.sigma, implied.means(layout, theta, at).item[:, None]], axis=1)

    slope = numeric(moments, case.theta)
    sigma = implied.implied(layout, case.theta).sigma
    for b in range(2):
        total = np.zeros((layout.n_free, layout.n_free))
        for own, share in zip(case.found.observed, case.table.share[b], strict=True):
            inverse = np.linalg.inv(sigma[b][np.ix_(own, own)])
            s, m = slope[b, :-1][np.ix_(own, own)], slope[b, -1][own]
            half = np.einsum("ij,jkq->ikq", inverse, s)
            total += share * np.einsum("ijq,jir->qr", half, half)
            total += 2 * share * m.T @ inverse @ m
        assert_allclose(case.slopes().expected[b], total, atol=1e-6)


def test_saturated_gradient_is_zero_at_the_em_moments():
    x = answers(2, p=4)
    table = missing.tabulate(missing.patterns(x), x)
    top = missing.saturated(table)
    model = fiml.structure(fiml.saturated_layout(4))
    state = fiml.evaluate(model, fiml.saturated_theta(top.mean, top.cov), table)
    assert state.value[0] == pytest.approx(top.value[0], rel=1e-12)
    assert_allclose(fiml.slopes(model, state, table, exact=False).gradient, 0, atol=1e-7)


def test_casewise_sums_are_the_log_likelihood_and_its_gradient(case):
    at = fiml.casewise(case.model, case.state(), case.table, case.found, case.x)
    weights = np.random.default_rng(1).uniform(0.5, 2, size=(2, len(case.x)))
    total = reported(case.state().value, case.table)
    assert_allclose((weights * at.loglik).sum(axis=1), total, rtol=1e-12)
    scores = np.einsum("bn,bnq->bq", weights, at.scores)
    assert_allclose(scores, -case.table.n[:, None] / 2 * case.slopes().gradient, atol=1e-9)
    assert not at.loglik[:, 0].any()
    assert not at.scores[:, 0].any()


def test_complete_answers_with_free_means_are_maximum_likelihood():
    x = answers(3, gaps=0)[1:]
    residuals = [(RESIDUAL, i, i, None) for i in range(6)]
    rows = [(LOADING, i, 0, None if i else 1.0) for i in range(6)] + residuals
    rows += [(LATENT, 0, 0, None)]
    plain, both = (
        layout_of(rows, 6, 1),
        layout_of(rows + [(ITEM_MEAN, i, 0, None) for i in range(6)], 6, 1),
    )
    cov = np.cov(x.T, ddof=0)[None]
    theta = point(plain, batch=1)
    state = discrepancy.evaluate(plain, theta, cov)
    own = discrepancy.slopes(plain, discrepancy.gathers(plain), state, cov, exact=True)
    model, table = fiml.structure(both), missing.tabulate(missing.patterns(x), x)
    full = fiml.evaluate(model, np.append(theta, x.mean(axis=0)[None], axis=1), table)
    here = fiml.slopes(model, full, table, exact=True)
    q = plain.n_free
    assert_allclose(full.value, state.value, rtol=1e-12)
    assert_allclose(here.gradient[:, :q], own.gradient, atol=1e-10)
    assert_allclose(here.hessian[:, :q, :q], own.hessian, atol=1e-10)
    assert_allclose(here.expected[:, :q, :q], own.expected, atol=1e-10)
    assert_allclose(here.expected[:, :q, q:], 0, atol=1e-12)


def test_intercepts_leave_the_covariance_structure_alone():
    layout, cov = growth(), np.cov(answers(6, gaps=0)[1:].T, ddof=0)[None]
    theta = point(layout, batch=1)
    state = discrepancy.evaluate(layout, theta, cov)
    at = discrepancy.gathers(layout)
    here = discrepancy.slopes(layout, at, state, cov, exact=True)
    means = layout.free[layout.matrix >= ITEM_MEAN]
    means = means[means >= 0]
    assert not here.gradient[:, means].any()
    assert not here.hessian[:, means].any()
    slope = numeric(lambda t: discrepancy.evaluate(layout, t, cov).value, theta)
    assert_allclose(here.gradient, slope, atol=1e-7)


def test_pattern_blocks_and_far_origins_change_nothing(monkeypatch):
    case = Case.of(growth(), answers(4))
    whole = case.slopes()
    monkeypatch.setattr(fiml, "PRODUCTS", 1)
    assert_allclose(case.slopes().hessian, whole.hessian, atol=1e-10)
    moved = missing.Patterns(case.found.observed, case.found.rows, case.found.origin + 3)
    weights = np.random.default_rng(1).uniform(0.5, 2, size=(2, len(case.x)))
    case.table = missing.tabulate(moved, case.x, weights)
    assert_allclose(case.slopes().gradient, whole.gradient, atol=1e-10)
    assert_allclose(case.slopes().hessian, whole.hessian, atol=1e-9)


def test_an_indefinite_covariance_has_no_likelihood():
    case = Case.of(growth(), answers(5))
    theta = case.theta.copy()
    layout = case.model.layout
    theta[0, layout.free[layout.matrix == RESIDUAL]] = -2.0
    assert case.state(theta).value[0] == np.inf
    assert_allclose(case.state(theta).value[1], case.state().value[1])


@dataclass
class Fitted:
    """A fit to answers: everything that a comparison needs."""

    model: fiml.Structure
    best: Minimum
    table: missing.PatternMoments
    saturated: missing.Saturated

    @classmethod
    def of(cls, layout: Layout, x: np.ndarray, weights: np.ndarray | None = None) -> Fitted:
        table = missing.tabulate(missing.patterns(x), x, weights)
        saturated = missing.saturated(table)
        model = fiml.structure(layout)
        start = sem.starting_values(layout, saturated.cov)
        own = (layout.matrix == ITEM_MEAN) & (layout.free >= 0)
        start[:, layout.free[own]] = saturated.mean[:, layout.row[own]]
        objective = Objective(
            lambda theta, some: fiml.evaluate(model, theta, table.of(some)),
            lambda state, some, exact: fiml.slopes(model, state, table.of(some), exact=exact),
            lambda theta, *_: np.zeros(len(theta), dtype=bool),
        )
        best = minimize(objective, start, max_iter=100, patience=100)
        return cls(model, best, table, saturated)

    def slopes(self, theta: np.ndarray | None = None) -> discrepancy.Slopes:
        theta = self.best.theta if theta is None else theta
        return fiml.slopes(
            self.model, fiml.evaluate(self.model, theta, self.table), self.table, exact=True
        )

    @property
    def chi2(self) -> np.ndarray:
        return self.table.n * (self.best.value - self.saturated.value)


def lavaan_layout(table: pd.DataFrame, items: list[str]) -> Layout:
    """Return the layout of lavaan's parameter table; rows without an error are fixed."""
    names = list(dict.fromkeys(table.lhs[table.op == "=~"]))
    rows: list[tuple] = []
    for lhs, op, rhs, value, se in table[["lhs", "op", "rhs", "est", "se"]].to_numpy():
        fixed = float(value) if se == 0 else None
        if op == "=~":
            rows.append((LOADING, items.index(rhs), names.index(lhs), fixed))
        elif op == "~":
            rows.append((PATH, names.index(lhs), names.index(rhs), fixed))
        elif op == "~1" and lhs in names:
            rows.append((LATENT_MEAN, names.index(lhs), 0, fixed))
        elif op == "~1":
            rows.append((ITEM_MEAN, items.index(lhs), 0, fixed))
        elif lhs in names:
            rows.append((LATENT, names.index(lhs), names.index(rhs), fixed))
        else:
            rows.append((RESIDUAL, items.index(lhs), items.index(rhs), fixed))
    return layout_of(rows, len(items), len(names))


@pytest.fixture(scope="module", params=sorted(LAVAAN))
def pair(request):
    theirs = expected(request.param)
    items = list(theirs["implied"]["cov"].columns)
    x = pd.read_csv(DATA / f"{LAVAAN[request.param]}.csv")[items].to_numpy(float)
    ours = Fitted.of(lavaan_layout(theirs["parameterEstimates"], items), x)
    return ours, theirs, x, request.param.endswith("MLR")


def vcov_of(ours: Fitted, x: np.ndarray, robust: bool) -> tuple[np.ndarray, float]:
    """Return the inverse observed information, or the sandwich, and the trace of its filling."""
    bread = 2 / ours.table.n[0] * np.linalg.inv(ours.slopes().hessian[0])
    if not robust:
        return bread, np.nan
    state = fiml.evaluate(ours.model, ours.best.theta, ours.table)
    scores = fiml.casewise(ours.model, state, ours.table, missing.patterns(x), x).scores[0]
    filling = bread @ scores.T @ scores
    return filling @ bread, float(np.trace(filling))


def test_estimates_of_lavaan(pair):
    ours, theirs, *_ = pair
    assert ours.best.converged.all()
    table, layout = theirs["parameterEstimates"], ours.model.layout
    assert layout.n_free == theirs["npar"]
    off = np.abs(
        implied.row_values(layout, implied.implied(layout, ours.best.theta))[0] - table.est
    )
    assert (off <= tol.LAVAAN_STOP * table.se).all()


def test_a_newton_step_from_lavaan_s_estimates_ends_at_ours(pair):
    ours, theirs, *_ = pair
    free = ours.model.layout.free >= 0
    given = theirs["parameterEstimates"].est.to_numpy()[free][None]
    here = ours.slopes(given)
    step = np.linalg.solve(here.hessian[0], here.gradient[0])
    assert_allclose(given[0] - step, ours.best.theta[0], rtol=tol.POINT, atol=1e-7)


def test_standard_errors_of_lavaan(pair):
    ours, theirs, x, robust = pair
    free = ours.model.layout.free >= 0
    vcov, _ = vcov_of(ours, x, robust)
    theirs_se = theirs["parameterEstimates"].se.to_numpy()[free]
    assert_allclose(np.sqrt(np.diag(vcov)), theirs_se, rtol=tol.SE)


def test_fit_of_lavaan(pair):
    ours, theirs, *_ = pair
    fit = theirs["fitMeasures"]
    loglik = reported(ours.best.value, ours.table)[0]
    assert_allclose(loglik, fit["logl"], rtol=1e-10)
    assert loglik >= fit["logl"]
    assert_allclose(ours.chi2[0], fit["chisq"], rtol=1e-8)


@pytest.mark.parametrize("pair", [c for c in LAVAAN if c.endswith("MLR")], indirect=True)
def test_scaling_factors_of_lavaan(pair):
    """Yuan & Bentler's (2000) correction as Mplus has it, from traces of both sandwiches."""
    ours, theirs, x, _ = pair
    fit, p, q = theirs["fitMeasures"], x.shape[1], ours.model.layout.n_free
    _, own = vcov_of(ours, x, robust=True)
    top = fiml.structure(fiml.saturated_layout(p))
    theta = fiml.saturated_theta(ours.saturated.mean, ours.saturated.cov)
    free = Fitted(top, Minimum(theta, *([np.zeros(1)] * 6)), ours.table, ours.saturated)
    _, full = vcov_of(free, x, robust=True)
    pieces = top.layout.n_free
    assert_allclose(own / q, fit["scaling.factor.h0"], rtol=tol.FIT)
    assert_allclose(full / pieces, fit["scaling.factor.h1"], rtol=tol.FIT)
    scaling = (full - own) / (pieces - q)
    assert_allclose(scaling, fit["chisq.scaling.factor"], rtol=tol.FIT)
    assert_allclose(ours.chi2[0] / scaling, fit["chisq.scaled"], rtol=tol.FIT)


def test_resamples_as_a_batch_are_resamples_one_by_one():
    theirs = expected("B_HS1939_fiml_ML")
    items = list(theirs["implied"]["cov"].columns)
    layout = lavaan_layout(theirs["parameterEstimates"], items)
    x = pd.read_csv(DATA / "HS1939_missing.csv")[items].to_numpy(float)
    rows = np.random.default_rng(3).integers(0, len(x), size=(6, len(x)))
    together = Fitted.of(layout, x, counts_from_rows(rows, len(x)))
    assert together.best.converged.all()
    for b in (0, 5):
        alone = Fitted.of(layout, x[rows[b]])
        assert_allclose(together.best.theta[b], alone.best.theta[0], atol=1e-6)
        assert together.chi2[b] == pytest.approx(alone.chi2[0], rel=1e-7)
