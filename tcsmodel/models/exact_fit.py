"""The bootstrap test that a PLS model holds exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.kernels.linalg import DEFINITE
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.status import Status
from tcsmodel.models.draws import Draws, Replicator, bootstrap
from tcsmodel.models.pls_fit import DISTANCES, distances, implied_corr
from tcsmodel.result import Finding, Result, Severity, p_phrase

if TYPE_CHECKING:
    from tcsmodel.models.pls import PLS
    from tcsmodel.models.pls_result import PLSResult

Array = NDArray[np.float64]

REJECTS = 0.05
MANY = 0.05


@dataclass(frozen=True, eq=False, repr=False)
class ExactFit(Result):
    """How far a PLS model would be from answers in which it holds; made by `exact_fit`.

    Parameters
    ----------
    estimator : PLS
        The options of the fit.
    n : int
        Number of respondents.
    saturated : bool
        Whether constructs were left correlated as they are.
    statistics : dict of str to float
        The discrepancies ``srmr d_uls d_g d_ml`` of the fit.
    draws : Draws
        Their replicates (B,).
    """

    estimator: PLS
    n: int
    saturated: bool
    statistics: Mapping[str, float]
    draws: Draws

    def distribution(self, measure: str) -> Array:
        """Return the replicates of a discrepancy that have one, ascending."""
        values = self.draws.values[measure]
        return np.sort(values[np.isfinite(values)])

    def table(self) -> pd.DataFrame:
        """Return a row per discrepancy: ``measure statistic critical_95 critical_99 p replicates``.

        Critical values are quantiles of the replicates; `p` is the share of these that are at
        least as far away as the data. Replicates that did not converge or are inadmissible are
        left out.
        """
        rows = []
        for name, statistic in self.statistics.items():
            values = self.distribution(name)
            known = len(values) > 0
            rows.append(
                {
                    "measure": name,
                    "statistic": statistic,
                    "critical_95": np.quantile(values, 0.95) if known else np.nan,
                    "critical_99": np.quantile(values, 0.99) if known else np.nan,
                    "p": float(np.mean(values >= statistic)) if known else np.nan,
                    "replicates": len(values),
                }
            )
        return pd.DataFrame(rows)

    def verify(self) -> tuple[Finding, ...]:
        """Return how many replicates were left out, and whether the model is rejected."""
        table = self.table()
        rejecting = table[table["p"] < REJECTS]
        found = []
        out = int((self.draws.status > Status.CONVERGED).sum())
        if out:
            share = out / self.draws.n
            severity = Severity.CAUTION if share > MANY else Severity.NOTE
            evidence = {"out": out, "replicates": self.draws.n, "share": share}
            found.append(Finding("replicates_left_out", severity, ("PLS",), evidence))
        if len(rejecting):
            evidence = {"p": float(rejecting["p"].min()), "limit": REJECTS, "n": self.n}
            names = tuple(rejecting["measure"])
            found.append(Finding("exact_fit_rejected", Severity.NOTE, names, evidence))
        return tuple(found)

    @property
    def _least_p(self) -> float:
        return 1 / self.draws.n

    def _facts(self) -> str:
        which = "saturated" if self.saturated else "estimated"
        p = self.table().set_index("measure")["p"]
        told = ", ".join(f"{name} {p_phrase(value, self._least_p)}" for name, value in p.items())
        return f"{which} model, n={self.n}, {told}, {self.draws.n} draws ({self.draws.ends})"


def exact_fit(result: PLSResult, n: int, seed: int, saturated: bool, progress: bool) -> ExactFit:
    """Return what `PLSResult.exact_fit` describes."""
    estimator, moments = result.estimator, result.sample.moments
    estimator.model.require_linear("exact_fit()")
    if not estimator.rule.is_plain:
        raise TcsError(
            "The test of exact fit transforms complete answers, and this model was fitted to "
            "moments of answers with gaps or of ordinal answers. Use missing='listwise' and no "
            "ordered=; fit_measures are there without the test."
        )
    cov = moments.cov_array
    corr = to_corr(cov)
    sigma = implied_corr(estimator, result.arrays, corr, saturated=saturated)
    turn = _turn(cov, sigma)
    function = partial(_replicate, estimator, result.sample.n, turn, saturated)
    draws = bootstrap(
        Replicator(function, result.sample), n, seed=seed, progress=progress, what="exact fit"
    )
    own = distances(estimator, result.arrays, corr, saturated=saturated)
    statistics = {name: float(own[name]) for name in DISTANCES}
    return ExactFit(estimator, result.sample.n, saturated, statistics, draws)


def _turn(cov: Array, sigma: Array) -> Array:
    """Return the matrix (p, p) by which answers with covariances `cov` come to fit the model.

    ``S^-1/2 Sigma^1/2``, Beran & Srivastava (1985), with the variances that the answers have.
    """
    sd = np.sqrt(np.diag(cov))
    return _root(cov, -0.5) @ _root(sigma * np.outer(sd, sd), 0.5)


def _root(cov: Array, power: float) -> Array:
    values, vectors = np.linalg.eigh(cov)
    if not values[0] > DEFINITE * values[-1]:
        raise TcsError(
            "There are no answers in which this model holds: the correlations that it implies, or "
            "those of the answers themselves, are not positive definite. result.verify() names "
            "inadmissible corrections; try consistent=False, or leave out duplicate items."
        )
    return np.asarray((vectors * values**power) @ vectors.T)


def _replicate(
    estimator: PLS, n: int, turn: Array, saturated: bool, mean: Array, cov: Array
) -> dict[str, Array]:
    """Return the discrepancies (B,) of resamples of the transformed answers.

    The transformation is linear, so their covariances follow from those of the answers.
    """
    cov = turn.T @ cov @ turn
    values = estimator.quantities(mean, cov, n)
    found = distances(estimator, values, to_corr(cov), saturated=saturated)
    status = values["status"]
    lost = status > Status.CONVERGED
    return {
        **{name: np.where(lost, np.nan, value) for name, value in found.items()},
        "status": status.astype(np.float64),
    }
