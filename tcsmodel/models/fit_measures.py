"""Fit measures of covariance-based models: what `SEMResult.fit_measures` holds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.kernels import fitmeasures, implied
from tcsmodel.models.robust_gaps import is_of_incomplete_answers, robust_fit_with_gaps

if TYPE_CHECKING:
    from tcsmodel.models.covariance_model import CovarianceModel
    from tcsmodel.models.criterion import Problem
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]


def of_result(result: SEMResult) -> dict[str, float]:
    """Return the fit measures of a result by name, the scaled and robust ones behind."""
    values, robust = result.plain_fit, result.robust
    n = result.criterion.problem.n / result.model.n_groups
    if robust is not None:
        values = values | robust.measures(n)
    if is_of_incomplete_answers(result):
        return values | robust_fit_with_gaps(result)
    if robust is not None:
        return values | robust.robust_measures(n)
    return values


def series(values: Mapping[str, float]) -> pd.Series:
    """Return measures by name as a Series."""
    numbers = np.fromiter(values.values(), dtype=np.float64, count=len(values))
    return pd.Series(numbers, index=_index(tuple(values)), name="fit_measures")


@lru_cache(maxsize=16)
def _index(names: tuple[str, ...]) -> pd.Index:
    return pd.Index(names)


def plain(model: CovarianceModel, problem: Problem, value: Array, theta: Array) -> dict[str, Array]:
    """Return the fit measures (B,) by name, the essential ones first.

    For discrepancies `value` (B,) at theta (B, q).
    """
    table, sampled, cov = model.parameters, problem.sampled, problem.sampled.cov
    q, df, null_df = table.n_parameters - model.n_equalities, _df(model), _null_df(model)
    sigma, gap = _implied(model, problem, theta)
    each, found = problem.n / model.n_groups, _compared(model, problem, value, theta)
    residual = fitmeasures.residual(cov, sigma, sampled.share, gap, sampled.mean)
    chi2, one = found["chi2"], np.ones(len(cov))
    lower, upper = fitmeasures.rmsea_interval(chi2, df, each)
    values = {
        "chi2": chi2,
        "df": df * one,
        "p": _p(problem, chi2, df),
        "baseline_chi2": found["baseline_chi2"],
        "baseline_df": null_df * one,
        "cfi": found["cfi"],
        "tli": found["tli"],
        "rmsea": found["rmsea"],
        "rmsea_ci_lower": lower,
        "rmsea_ci_upper": upper,
        "rmsea_p_close": fitmeasures.rmsea_close(chi2, df, each),
        "srmr": residual["srmr"],
    }
    n, loglik = model.respondents(sampled), problem.loglik(value)
    if loglik is not None:
        values["loglik"] = loglik
        values["aic"] = fitmeasures.aic(loglik, q)
        values["bic"] = fitmeasures.bic(loglik, q, n)
    values["npar"] = q * one
    values["n"] = n * one
    values |= residual
    if loglik is not None:
        gfi = fitmeasures.gfi(cov, sigma, gap, sampled.mean, model.given) @ sampled.share
        values["gfi"] = gfi
        values["agfi"] = fitmeasures.adjusted(gfi, df, table.n_moments)
        values["pgfi"] = fitmeasures.pgfi(gfi, df, table.n_moments)
        values["aicc"] = fitmeasures.aicc(loglik, q, n)
        values["bic2"] = fitmeasures.bic2(loglik, q, n)
        with np.errstate(invalid="ignore"):
            values["loglik_saturated"] = loglik + n / 2 * value
    return values | _more(model, problem, values)


def _p(problem: Problem, chi2: Array, df: float | Array) -> Array:
    """Return p (B,) of chi-square; nan where its distribution is not known."""
    return np.where(problem.is_chi_square, fitmeasures.chi2_p(chi2, df), np.nan)


def _more(model: CovarianceModel, problem: Problem, known: Mapping[str, Array]) -> dict[str, Array]:
    """Return the less common measures (B,) that follow from the two chi-squares."""
    table, n = model.parameters, problem.n
    chi2, null, null_df = known["chi2"], known["baseline_chi2"], known["baseline_df"]
    df, each = _df(model), n / model.n_groups
    parameters = table.n_parameters - model.n_equalities
    return {
        "chi2_per_df": fitmeasures.ratio(chi2, df),
        "rmsea_p_not_close": fitmeasures.rmsea_not_close(chi2, df, each),
        **fitmeasures.incremental(chi2, df, null, null_df),
        "pcfi": fitmeasures.pcfi(known["cfi"], df, null_df),
        **fitmeasures.absolute(
            chi2, df, n, p=len(table.items), moments=table.n_moments, parameters=parameters
        ),
        "baseline_p": _p(problem, null, null_df),
        "baseline_rmsea": fitmeasures.rmsea(null, null_df, each),
    }


def points(
    model: CovarianceModel, problem: Problem, value: Array, theta: Array
) -> dict[str, Array]:
    """Return ``chi2 baseline_chi2 cfi tli rmsea srmr`` (B,): what is cheap in many replicates."""
    sampled, (sigma, gap) = problem.sampled, _implied(model, problem, theta)
    srmr = fitmeasures.srmr(sampled.cov, sigma, gap) @ sampled.share
    return {**_compared(model, problem, value, theta), "srmr": srmr}


def _implied(model: CovarianceModel, problem: Problem, theta: Array) -> tuple[Array, Array | None]:
    """Return the implied covariances (B, G, p, p) and, where modelled, gaps of means (B, G, p)."""
    local = model.spread(theta)
    at = implied.implied(model.layout, local)
    sigma = model.comparable(local, at.sigma)
    if problem.sampled.mean is None:
        return sigma, None
    return sigma, problem.sampled.mean - implied.means(model.layout, local, at).item


def _compared(
    model: CovarianceModel, problem: Problem, value: Array, theta: Array
) -> dict[str, Array]:
    """Return the two chi-squares (B,), and the measures that compare them."""
    df, null_df = _df(model), _null_df(model)
    chi2, null = problem.chi2(value, theta), problem.baseline_chi2()
    return {
        "chi2": chi2,
        "baseline_chi2": null,
        "cfi": fitmeasures.cfi(chi2, df, null, null_df),
        "tli": fitmeasures.tli(chi2, df, null, null_df),
        "rmsea": fitmeasures.rmsea(chi2, df, problem.n / model.n_groups),
    }


def _df(model: CovarianceModel) -> float:
    table = model.parameters
    return float(table.n_moments - table.n_free + model.n_equalities)


def _null_df(model: CovarianceModel) -> float:
    """Return the degrees of freedom of the model without covariances but among causes."""
    p, c = len(model.parameters.items), len(model.causes)
    return model.n_groups * (p * (p - 1) / 2 - c * (c - 1) / 2)
