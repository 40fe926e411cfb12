"""Chi-square tests and fit measures pooled over completed surveys: D2 and D3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.kernels import fitmeasures, implied, likelihood, linalg, rubin
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.rubin import PooledTest
from tcsmodel.models.maximum_likelihood import LikelihoodProblem
from tcsmodel.options import Estimator, require

if TYPE_CHECKING:
    from tcsmodel.models.pooled_sem import PooledSEM
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]

SHOWN = ("f", "df1", "df2", "p", "riv", "fmi", "chi2")


def pooled_fit(results: Sequence[SEMResult]) -> pd.DataFrame:
    """Return what `PooledSEM.fit_measures` describes."""
    first = results[0].plain_fit
    df, null_df = first["df"], first["baseline_df"]
    name = "chi2" if results[0].robust is None else "chi2_scaled"
    both = _chi2(results, name), _chi2(results, f"baseline_{name}")
    rows = {"d2": (rubin.pooled_chi2(both[0], df), rubin.pooled_chi2(both[1], null_df))}
    if _has_likelihood(results):
        own = _at_common(results)
        plain = _chi2(results, "chi2"), _chi2(results, "baseline_chi2")
        rows["d3"] = (
            rubin.pooled_likelihood(plain[0], own, df),
            rubin.pooled_likelihood(plain[1], _at_baseline(results), null_df),
        )
    srmr, each = _srmr(results), results[0].criterion.problem.n / results[0].model.n_groups
    table = {kind: _row(*tests, each) | {"srmr": srmr} for kind, tests in rows.items()}
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("method")


def pooled_difference(one: PooledSEM, other: PooledSEM) -> pd.DataFrame:
    """Return what `PooledSEM.compare` describes."""
    require(
        isinstance(other, type(one)),
        "compare() takes another model fitted to the same imputations, not "
        f"{type(other).__name__}.",
    )
    if len(one.results) != len(other.results):
        raise TcsError(
            f"The models are pooled over {len(one.results)} and {len(other.results)} completed "
            "surveys. Fit both to the same imputations."
        )
    pairs = [a.compare(b).iloc[1] for a, b in zip(one.results, other.results, strict=True)]
    name = "chi2_diff" if "chi2_diff" in pairs[0] else "chi2_diff_scaled"
    df = float(pairs[0]["df_diff"])
    chi2 = np.array([float(pair[name]) for pair in pairs])
    rows = {"d2": rubin.pooled_chi2(chi2, df)}
    if _has_likelihood(one.results) and _has_likelihood(other.results):
        free, restricted = sorted((one.results, other.results), key=lambda r: r[0].plain_fit["df"])
        common = _at_common(restricted) - _at_common(free)
        rows["d3"] = rubin.pooled_likelihood(chi2, common, df)
    table = {kind: _tested(test) for kind, test in rows.items()}
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("method")


def _tested(test: PooledTest) -> dict[str, float]:
    return {name: getattr(test, name) for name in SHOWN}


def _row(test: PooledTest, baseline: PooledTest, n: float | Array) -> dict[str, float]:
    """Return a test, and the measures that compare F times df1 with that of the baseline."""
    chi2, null = np.array([test.chi2]), np.array([baseline.chi2])
    df, null_df = test.df1, baseline.df1
    lower, upper = fitmeasures.rmsea_interval(chi2, df, n)
    values = {
        "baseline_chi2": null,
        "cfi": fitmeasures.cfi(chi2, df, null, null_df),
        "tli": fitmeasures.tli(chi2, df, null, null_df),
        "rmsea": fitmeasures.rmsea(chi2, df, n),
        "rmsea_ci_lower": lower,
        "rmsea_ci_upper": upper,
    }
    return _tested(test) | {name: float(value[0]) for name, value in values.items()}


def _chi2(results: Sequence[SEMResult], name: str) -> Array:
    """Return a chi-square (m,) of each survey; nan where it has no known distribution."""
    known = results[0].robust is not None or results[0].criterion.problem.is_chi_square
    return np.array([one.fit_measures[name] if known else np.nan for one in results])


def _has_likelihood(results: Sequence[SEMResult]) -> bool:
    """Whether there is a likelihood ratio: of complete answers, whose test is not scaled."""
    return all(
        one.estimator.estimator is Estimator.ML
        and type(one.criterion.problem) is LikelihoodProblem
        and one.sampled.table is None
        for one in results
    )


def _at_common(results: Sequence[SEMResult]) -> Array:
    """Return the likelihood ratios (m,) of the model and the saturated one at mean estimates."""
    theta = np.mean([one.theta for one in results], axis=0)
    first, ratios = np.zeros(1, dtype=np.intp), []
    saturated = _saturated(results)
    for one in results:
        function = likelihood.likelihood(one.model.grouped, one.sampled)
        value = function.evaluate(theta[None], first).value
        ratios.append(one.criterion.problem.n * (value - _at(one.sampled, *saturated)))
    return np.concatenate(ratios)


def _at_baseline(results: Sequence[SEMResult]) -> Array:
    """Return the same (m,) of the baseline model."""
    cov, mean = _saturated(results)
    null, causes = cov * np.eye(cov.shape[-1]), results[0].model.causes
    null[:, causes[:, None], causes] = cov[:, causes[:, None], causes]
    return np.concatenate(
        [
            one.criterion.problem.n * (_at(one.sampled, null, mean) - _at(one.sampled, cov, mean))
            for one in results
        ]
    )


def _saturated(results: Sequence[SEMResult]) -> tuple[Array, Array | None]:
    """Return the mean moments (G, p, p) and (G, p), these where means are modelled."""
    cov = np.mean([one.sampled.cov[0] for one in results], axis=0)
    means = [one.sampled.mean[0] for one in results if one.sampled.mean is not None]
    return cov, np.mean(means, axis=0) if means else None


def _at(sampled: Sampled, cov: Array, mean: Array | None) -> Array:
    """Return the discrepancy (1,) of free moments (G, p, p), (G, p), without constants."""
    inverse, second = linalg.inverse(cov), sampled.cov[0]
    if mean is not None and sampled.mean is not None:
        gap = sampled.mean[0] - mean
        second = second + gap[:, :, None] * gap[:, None, :]
    own = linalg.log_determinant(cov)[0] + np.einsum("gij,gji->g", inverse, second)
    return np.array([own @ sampled.share])


def _srmr(results: Sequence[SEMResult]) -> float:
    """Return SRMR of the mean moments at the mean estimates."""
    model, (cov, mean) = results[0].model, _saturated(results)
    local = model.spread(np.mean([one.theta for one in results], axis=0)[None])
    at = implied.implied(model.layout, local)
    gap = None if mean is None else mean - implied.means(model.layout, local, at).item
    found = fitmeasures.srmr(cov[None], model.comparable(local, at.sigma), gap)
    return float((found @ results[0].sampled.share)[0])
