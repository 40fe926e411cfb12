"""Fit measures of covariance-based models: what `SEMResult.fit_measures` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import fitmeasures, implied

if TYPE_CHECKING:
    from tcsmodel.models.covariance_model import CovarianceModel
    from tcsmodel.models.criterion import Problem
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]


def of_result(result: SEMResult) -> dict[str, float]:
    """Return the fit measures of a result by name, the scaled and robust ones behind."""
    values = result.plain_fit
    if result.robust is None:
        return values
    values = values | result.robust.measures(result.criterion.problem.n / result.model.n_groups)
    if result.sampled.table is not None:
        values |= {name: np.nan for name in values if name.endswith("_robust")}
    return values


def plain(model: CovarianceModel, problem: Problem, value: Array, theta: Array) -> dict[str, Array]:
    """Return the fit measures (B,) by name, for discrepancies `value` (B,) at theta (B, q)."""
    table, sampled, cov = model.parameters, problem.sampled, problem.sampled.cov
    q, df, null_df = table.n_parameters - model.n_equalities, _df(model), _null_df(model)
    each, found = problem.n / model.n_groups, points(model, problem, value, theta)
    chi2 = found["chi2"]
    lower, upper = fitmeasures.rmsea_interval(chi2, df, each)
    values = {
        "chi2": chi2,
        "df": np.full(len(cov), df),
        "p": fitmeasures.chi2_p(chi2, df),
        "baseline_chi2": found["baseline_chi2"],
        "baseline_df": np.full(len(cov), null_df),
        "cfi": found["cfi"],
        "tli": found["tli"],
        "rmsea": found["rmsea"],
        "rmsea_ci_lower": lower,
        "rmsea_ci_upper": upper,
        "rmsea_p_close": fitmeasures.rmsea_close(chi2, df, each),
        "srmr": found["srmr"],
    }
    loglik = problem.loglik(value)
    if loglik is not None:
        values["loglik"] = loglik
        values["aic"] = fitmeasures.aic(loglik, q)
        values["bic"] = fitmeasures.bic(loglik, q, sampled.sizes)
    values["npar"] = np.full(len(cov), float(q))
    values["n"] = np.full(len(cov), sampled.sizes)
    return values


def points(
    model: CovarianceModel, problem: Problem, value: Array, theta: Array
) -> dict[str, Array]:
    """Return ``chi2 baseline_chi2 cfi tli rmsea srmr`` (B,): what is cheap in many replicates."""
    sampled, df, null_df = problem.sampled, _df(model), _null_df(model)
    chi2, null = problem.chi2(value, theta), problem.baseline_chi2()
    local = model.spread(theta)
    at = implied.implied(model.layout, local)
    gap = None
    if sampled.mean is not None:
        gap = sampled.mean - implied.means(model.layout, local, at).item
    return {
        "chi2": chi2,
        "baseline_chi2": null,
        "cfi": fitmeasures.cfi(chi2, df, null, null_df),
        "tli": fitmeasures.tli(chi2, df, null, null_df),
        "rmsea": fitmeasures.rmsea(chi2, df, problem.n / model.n_groups),
        "srmr": fitmeasures.srmr(sampled.cov, at.sigma, gap) @ sampled.share,
    }


def _df(model: CovarianceModel) -> float:
    table = model.parameters
    return float(table.n_moments - table.n_free + model.n_equalities)


def _null_df(model: CovarianceModel) -> float:
    """Return the degrees of freedom of the model without covariances but among causes."""
    p, c = len(model.parameters.items), len(model.causes)
    return model.n_groups * (p * (p - 1) / 2 - c * (c - 1) / 2)
