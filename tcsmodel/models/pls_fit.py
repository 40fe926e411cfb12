"""What a fitted PLS model implies for its items, how well it fits, and how it compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.kernels import fitmeasures, pls_fit
from tcsmodel.kernels.moments import to_corr
from tcsmodel.models.assessment import assess, solution
from tcsmodel.models.path_model import PathModel

if TYPE_CHECKING:
    from tcsmodel.models.pls import PLS
    from tcsmodel.models.pls_result import PLSResult

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

DISTANCES = ("srmr", "d_uls", "d_g", "d_ml")


def factors(estimator: PLS) -> Mask:
    """Return which constructs (k,) are corrected, and so common factors; the others composites."""
    weighting = estimator.weighting
    return weighting.consistent | np.isfinite(weighting.reliability)


def implied_corr(
    estimator: PLS, values: Mapping[str, Array], corr: Array, *, saturated: bool
) -> Array:
    """Return the correlations (..., p, p) of items that quantities of correlations imply.

    `saturated` leaves constructs correlated as they are, so that only the measurement is judged.
    """
    model = estimator.model
    loadings = values["outer_loadings"][..., :, None] * model.member
    construct = values["construct_corr"]
    if not saturated:
        construct = pls_fit.structural(construct, values["paths"], values["r_squared"], model.paths)
    return pls_fit.implied(corr, loadings, construct, model.block, factors(estimator))


def distances(
    estimator: PLS, values: Mapping[str, Array], corr: Array, *, saturated: bool
) -> dict[str, Array]:
    """Return ``srmr d_uls d_g d_ml`` (...,) of quantities of correlations (..., p, p)."""
    sigma = implied_corr(estimator, values, corr, saturated=saturated)
    found = pls_fit.distances(corr, sigma)
    return {name: getattr(found, name) for name in DISTANCES}


def fit_measures(result: PLSResult) -> dict[str, float]:
    """Return what `PLSResult.fit_measures` holds."""
    estimator, arrays = result.estimator, result.arrays
    estimator.model.require_one_stage("fit_measures")
    model, corr = estimator.model, to_corr(result.sample.moments.cov_array)
    own, saturated = (
        distances(estimator, arrays, corr, saturated=whole) for whole in (False, True)
    )
    sigma = implied_corr(estimator, arrays, corr, saturated=False)
    values = {name: float(value) for name, value in own.items()}
    values |= {f"{name}_saturated": float(value) for name, value in saturated.items()}
    values |= _by_chi2(result, corr, values["d_ml"])
    loadings = arrays["outer_loadings"][:, None] * model.member
    weights = arrays["outer_weights"][:, None] * model.member
    theta = pls_fit.rms_theta(corr, loadings, weights, model.block, factors(estimator))
    values["gfi"] = float(fitmeasures.gfi(corr, sigma))
    values["rms_theta"] = float(theta)
    values["gof"] = float(
        pls_fit.gof(loadings, arrays["r_squared"][list(model.targets)], model.sizes, model.block)
    )
    values["n"] = float(result.sample.n)
    return values


def _by_chi2(result: PLSResult, corr: Array, d_ml: float) -> dict[str, float]:
    model, n = result.estimator.model, result.sample.n - 1
    p = len(model.items)
    df = pls_fit.degrees(model.sizes, factors(result.estimator), model.paths)
    null, null_df = -n * np.linalg.slogdet(corr)[1], p * (p - 1) // 2
    chi2 = n * d_ml
    return {
        "chi2": chi2,
        "df": float(df),
        "nfi": float(fitmeasures.nfi(chi2, null)),
        "cfi": float(fitmeasures.cfi(chi2, df, null, null_df)),
        "tli": float(fitmeasures.tli(chi2, df, null, null_df)),
        "ifi": float(fitmeasures.ifi(chi2, df, null)),
        "rmsea": float(fitmeasures.rmsea(chi2, df, n)),
        "cn_05": float(fitmeasures.critical_n(chi2, df, n, 0.95)),
    }


def selection_criteria(result: PLSResult) -> pd.DataFrame:
    """Return what `PLSResult.selection_criteria` holds."""
    result.estimator.model.require_one_stage("selection_criteria")
    model, n, targets = (
        result.estimator.model,
        result.sample.n,
        list(result.estimator.model.targets),
    )
    largest = _largest(model)
    whole = _fitted(result, largest)["r_squared"][targets]
    full = largest.paths.sum(axis=0)[targets] + 1
    with np.errstate(all="ignore"):
        error = np.where(n > full, (1 - whole) * (n - 1) / (n - full), np.nan)
    found = pls_fit.selection(
        result.arrays["r_squared"][targets], model.paths.sum(axis=0)[targets] + 1, n, error
    )
    return pd.DataFrame(found, index=[model.constructs[c] for c in targets])


def _largest(model: PathModel) -> PathModel:
    """Return the model in which all constructs before one with antecedents are among these."""
    paths = np.zeros_like(model.paths)
    before: list[int] = []
    for c in _causal_order(model):
        if model.paths[:, c].any():
            paths[before, c] = True
        before.append(c)
    written = tuple((int(i), int(j)) for i, j in np.argwhere(paths))
    return replace(model, paths=paths, written=written)


def _causal_order(model: PathModel) -> list[int]:
    """Return constructs, those without antecedents first and every cause before its effects."""
    order = [int(c) for c in np.flatnonzero(~model.paths.any(axis=0))]
    left = list(model.targets)
    while left:
        first = next(c for c in left if not model.paths[left, c].any())
        order.append(first)
        left.remove(first)
    return order


def _fitted(result: PLSResult, model: PathModel) -> dict[str, Array]:
    """Return the quantities of another path model of the same constructs."""
    estimator, moments = result.estimator, result.sample.moments
    solved = solution(
        model,
        estimator.weighting,
        moments.mean_array,
        moments.cov_array,
        result.sample.n,
        scheme=estimator.scheme,
        tol=estimator.tol,
        max_iter=estimator.max_iter,
    )
    return assess(model, estimator.weighting, solved, result.sample.n)
