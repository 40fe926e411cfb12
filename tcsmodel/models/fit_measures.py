"""Fit measures of covariance-based models: what `SEMResult.fit_measures` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import fitmeasures, implied, likelihood
from tcsmodel.kernels.discrepancy import saturated
from tcsmodel.kernels.likelihood import Sampled

if TYPE_CHECKING:
    from tcsmodel.models.covariance_model import CovarianceModel
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]


def of_result(result: SEMResult) -> dict[str, float]:
    """Return the fit measures of a result by name, the scaled and robust ones behind."""
    values = result.plain_fit
    if result.robust is None:
        return values
    values = values | result.robust.measures(result.sampled.total / result.model.n_groups)
    if result.sampled.table is not None:
        values |= {name: np.nan for name in values if name.endswith("_robust")}
    return values


def normal_theory(
    model: CovarianceModel, sampled: Sampled, value: Array, theta: Array
) -> dict[str, Array]:
    """Return the fit measures (B,) of maximum likelihood by name.

    For discrepancies `value` (B,) at theta (B, q).
    """
    table, cov = model.parameters, sampled.cov
    p, q = len(table.items), table.n_parameters - model.n_equalities
    df = float(table.n_moments - table.n_free + model.n_equalities)
    n, share, each = sampled.total, sampled.n / sampled.total, sampled.total / model.n_groups
    causes = np.array([table.items.index(name) for name in table.causes], dtype=np.intp)
    c = len(causes)
    floor = likelihood.saturated(sampled)
    chi2 = n * value
    null = n * (likelihood.baseline(sampled, causes) - floor)
    null_df = model.n_groups * (p * (p - 1) / 2 - c * (c - 1) / 2)
    given = np.zeros(len(cov))
    if c:
        own = cov[..., causes[:, None], causes].reshape(-1, c, c)
        given = saturated(own).reshape(cov.shape[:2]) @ share
    answers = likelihood.answers(sampled) - c
    loglik = fitmeasures.log_likelihood(value + floor - given, n, answers)
    lower, upper = fitmeasures.rmsea_interval(chi2, df, each)
    local = model.spread(theta)
    at = implied.implied(model.layout, local)
    gap = None
    if sampled.mean is not None:
        gap = sampled.mean - implied.means(model.layout, local, at).item
    return {
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
        "loglik": loglik,
        "aic": fitmeasures.aic(loglik, q),
        "bic": fitmeasures.bic(loglik, q, n),
        "npar": np.full(len(cov), float(q)),
        "n": np.full(len(cov), n),
    }
