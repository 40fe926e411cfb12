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
from tcsmodel.models.cross_validation import home_loadings
from tcsmodel.models.path_model import PathModel
from tcsmodel.models.staged import answer_weights

if TYPE_CHECKING:
    from tcsmodel.models.pls import PLS
    from tcsmodel.models.pls_result import PLSResult

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]

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
    A higher-order construct is a composite of composites: the correlations of its parts are not
    restricted, and those of a part with other constructs are its loading times those of the
    whole (Schuberth, Rademaker & Henseler 2020).
    """
    model = estimator.model
    construct, at = values["construct_corr"], model.homes
    upper = construct[..., at[:, None], at]
    if not saturated:
        linked = model.paths[np.ix_(at, at)]
        paths = values["paths"][..., at[:, None], at]
        upper = pls_fit.structural(upper, paths, values["r_squared"][..., at], linked)
    if model.parts:
        first, loadings, whole = _of_parts(model, values)
        among = construct[..., first[:, None], first]
        no_factors = np.zeros(len(at), dtype=bool)
        upper = pls_fit.implied(among, loadings, upper, whole, no_factors)
        at = first
    own = _own(model, values["outer_loadings"])[..., at]
    block = np.searchsorted(at, model.block[model.answered])
    return pls_fit.implied(corr, own, upper, block, factors(estimator)[at])


def _own(model: PathModel, values: Array) -> Array:
    """Return what answered items have in their own construct (..., p, k), 0 in others."""
    return values[..., model.answered, None] * model.member[model.answered]


def _of_parts(model: PathModel, values: Mapping[str, Array]) -> tuple[Index, Array, Index]:
    """Return constructs (f,) made of answers, their loadings (..., f, h), and their place (f,).

    On the h constructs with paths and among these; 1 of a construct that is no part.
    """
    first = np.flatnonzero(~model.made)
    whole = {part: c for c, parts in model.parts.items() for part in parts}
    place = np.searchsorted(model.homes, [whole.get(int(c), int(c)) for c in first])
    size = np.ones((*values["outer_loadings"].shape[:-1], len(first)))
    for c, parts in model.parts.items():
        size[..., np.searchsorted(first, parts)] = values["outer_loadings"][..., model.block == c]
    return first, size[..., None] * (place[:, None] == np.arange(len(model.homes))), place


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
    estimator.model.require_linear("fit_measures")
    model, corr = estimator.model, to_corr(result.sample.moments.cov_array)
    own, saturated = (
        distances(estimator, arrays, corr, saturated=whole) for whole in (False, True)
    )
    sigma = implied_corr(estimator, arrays, corr, saturated=False)
    values = {name: float(value) for name, value in own.items()}
    values |= {f"{name}_saturated": float(value) for name, value in saturated.items()}
    values |= _by_chi2(result, corr, values["d_ml"])
    at, home = model.homes, np.searchsorted(model.homes, model.home)
    member = home[:, None] == np.arange(len(at))
    loadings = home_loadings(model, arrays["outer_loadings"])[:, None] * member
    weights = answer_weights(model, arrays)[:, at]
    theta = pls_fit.rms_theta(corr, loadings, weights, home, factors(estimator)[at])
    values["gfi"] = float(fitmeasures.gfi(corr, sigma))
    values["rms_theta"] = float(theta)
    values["gof"] = float(
        pls_fit.gof(loadings, arrays["r_squared"][list(model.targets)], member.sum(axis=0), home)
    )
    values["n"] = float(result.sample.n)
    return values


def _by_chi2(result: PLSResult, corr: Array, d_ml: float) -> dict[str, float]:
    model, n = result.estimator.model, result.sample.n - 1
    p, at = len(model.observed), model.homes
    df = pls_fit.degrees(p, model.sizes, factors(result.estimator), model.paths[np.ix_(at, at)])
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
    """Return the model in which all constructs before one with antecedents are among these.

    Interactions stay where they are.
    """
    paths = model.paths * model.is_product[:, None]
    before: list[int] = []
    for c in _causal_order(model):
        if model.paths[:, c].any():
            paths[before, c] = True
        before.append(c)
    written = tuple((int(i), int(j)) for i, j in np.argwhere(paths))
    return replace(model, paths=paths, written=written)


def _causal_order(model: PathModel) -> list[int]:
    """Return constructs, those without antecedents first and every cause before its effects."""
    order = [int(c) for c in model.homes if not model.paths[:, c].any()]
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
