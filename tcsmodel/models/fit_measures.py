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
    p, q, c = len(table.items), table.n_parameters - model.n_equalities, len(model.causes)
    df = float(table.n_moments - table.n_free + model.n_equalities)
    share, each = sampled.share, problem.n / model.n_groups
    chi2, null = problem.chi2(value, theta), problem.baseline_chi2()
    null_df = model.n_groups * (p * (p - 1) / 2 - c * (c - 1) / 2)
    lower, upper = fitmeasures.rmsea_interval(chi2, df, each)
    local = model.spread(theta)
    at = implied.implied(model.layout, local)
    gap = None
    if sampled.mean is not None:
        gap = sampled.mean - implied.means(model.layout, local, at).item
    values = {
        "chi2": chi2,
        "df": np.full(len(cov), df),
        "p": fitmeasures.chi2_p(chi2, df),
        "baseline_chi2": null,
        "baseline_df": np.full(len(cov), null_df),
        "cfi": fitmeasures.cfi(chi2, df, null, null_df),
        "tli": fitmeasures.tli(chi2, df, null, null_df),
        "rmsea": fitmeasures.rmsea(chi2, df, each),
        "rmsea_ci_lower": lower,
        "rmsea_ci_upper": upper,
        "rmsea_p_close": fitmeasures.rmsea_close(chi2, df, each),
        "srmr": fitmeasures.srmr(cov, at.sigma, gap) @ share,
    }
    loglik = problem.loglik(value)
    if loglik is not None:
        values["loglik"] = loglik
        values["aic"] = fitmeasures.aic(loglik, q)
        values["bic"] = fitmeasures.bic(loglik, q, sampled.sizes)
    values["npar"] = np.full(len(cov), float(q))
    values["n"] = np.full(len(cov), sampled.sizes)
    return values
