"""Chi-square difference tests of nested covariance-based models."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tcsmodel.errors import TcsError
from tcsmodel.kernels import fitmeasures, robust, scaled_tests
from tcsmodel.kernels.scaled_tests import Difference
from tcsmodel.models.fitted import require_fit
from tcsmodel.models.robust_inference import RobustInference
from tcsmodel.options import require

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

KEPT = ["df", "chi2", "aic", "bic", "cfi", "rmsea", "srmr"]
KEPT_SCALED = ["df", "chi2", "chi2_scaled", "aic", "bic", "cfi_robust", "rmsea_robust", "srmr"]


def compare(results: Sequence[SEMResult], names: Sequence[str] | None) -> pd.DataFrame:
    """Return what `SEMResult.compare` describes."""
    require(len(results) > 1, "compare() needs another result beside this one.")
    for other in results:
        require_fit(other, "compare()")
    labels = [f"model {k + 1}" for k in range(len(results))] if names is None else list(names)
    require(
        len(labels) == len(results),
        f"names has {len(labels)} entries for {len(results)} models; give one for each.",
    )
    first = results[0]
    for label, other in zip(labels[1:], results[1:], strict=True):
        _require_same_data(first, other, labels[0], label)
    kept = KEPT if first.robust is None else KEPT_SCALED
    if any(np.isnan(r.fit_measures.get("cfi_robust", 0.0)) for r in results):
        kept = [name.replace("robust", "scaled") for name in kept]
    kept = [name for name in kept if name in first.fit_measures]
    frame = pd.DataFrame([r.fit_measures[kept] for r in results], index=pd.Index(labels))
    order = np.argsort(frame["df"].to_numpy(), kind="stable")
    frame = frame.iloc[order]
    if first.robust is not None:
        return _with_scaled(frame, [results[k] for k in order])
    chi2, df = frame["chi2"].diff().to_numpy(), frame["df"].diff().to_numpy()
    each = first.criterion.problem.n / first.model.n_groups
    known = (df > 0) & first.criterion.problem.is_chi_square
    return frame.assign(
        chi2_diff=chi2,
        df_diff=df,
        p=np.where(known, fitmeasures.chi2_p(chi2, df), np.nan),
        rmsea_d=np.where(known, fitmeasures.rmsea(chi2, df, each), np.nan),
        cfi_diff=frame["cfi"].diff(),
        rmsea_diff=frame["rmsea"].diff(),
    )


def _with_scaled(frame: pd.DataFrame, results: Sequence[SEMResult]) -> pd.DataFrame:
    """Return the frame of results in order with their scaled difference tests."""
    inferences = [r.robust for r in results if r.robust is not None]
    steps = [_scaled_step(free, restricted) for free, restricted in pairwise(inferences)]
    chi2, p = (
        np.array([np.nan, *(float(getattr(step, name)[0]) for step in steps)])
        for name in ("chi2", "p")
    )
    df = frame["df"].diff().to_numpy()
    known, kind = df > 0, "robust" if "cfi_robust" in frame else "scaled"
    scaled = np.where(known, chi2, np.nan)
    with np.errstate(all="ignore"):
        factor = frame["chi2"].diff().to_numpy() / scaled
    return frame.assign(
        chi2_diff_scaled=scaled,
        df_diff=df,
        p_scaled=np.where(known, p, np.nan),
        scaling_diff=factor,
        **{f"{name}_{kind}_diff": frame[f"{name}_{kind}"].diff() for name in ("cfi", "rmsea")},
    )


def _scaled_step(free: RobustInference, restricted: RobustInference) -> Difference:
    """Return the scaled difference test of two nested models."""
    if free.nested is None or restricted.nested is None:
        return scaled_tests.difference(restricted.test, free.test)
    own = free.nested
    if free.test.plain_df[0] == restricted.test.plain_df[0]:
        unknown = np.full(1, np.nan)
        return Difference(unknown, np.zeros(1), unknown)
    traces = robust.difference_traces(
        own.delta[None], restricted.nested.delta[None], own.bread[None], own.products[None]
    )
    return scaled_tests.difference_by_traces(
        restricted.test, free.test, traces, free.test.correction
    )


def _require_same_data(first: SEMResult, other: SEMResult, name: str, label: str) -> None:
    """Raise unless two results were fitted alike to the same answers of the same groups."""
    ways = [result.estimator.estimator.value for result in (first, other)]
    if ways[0] != ways[1]:
        raise TcsError(
            f"{name!r} (estimator={ways[0]!r}) and {label!r} (estimator={ways[1]!r}) have tests "
            "of different kinds. Fit both with the same estimator."
        )
    stages = [result.estimator.missing for result in (first, other)]
    if stages[0] is not stages[1] and any(missing.is_staged for missing in stages):
        raise TcsError(
            f"{name!r} (missing={stages[0].value!r}) and {label!r} (missing={stages[1].value!r}) "
            "have tests of different kinds. Fit both with the same missing=."
        )
    if set(first.estimator.auxiliary) != set(other.estimator.auxiliary):
        raise TcsError(
            f"{name!r} and {label!r} do not have the same auxiliary variables, so their "
            "likelihoods are of different answers. Fit both with the same auxiliary=."
        )
    if first.estimator.likelihood is not other.estimator.likelihood:
        raise TcsError(
            f"{name!r} (likelihood={first.estimator.likelihood.value!r}) and {label!r} "
            f"(likelihood={other.estimator.likelihood.value!r}) weigh respondents differently. Fit "
            "both with the same likelihood."
        )
    if set(first.estimator.ordinal_items) != set(other.estimator.ordinal_items):
        raise TcsError(
            f"{name!r} and {label!r} do not take the same items for ordinal, so their chi-squares "
            "are of different statistics. Fit both with the same ordered=."
        )
    items = set(first.sample.names) ^ set(other.sample.names)
    advice = "Fit nested models to the same survey, items and groups."
    if items:
        raise TcsError(
            f"{name!r} and {label!r} do not have the same items ({', '.join(sorted(items))} "
            f"only in one), so their chi-squares cannot be compared. {advice}"
        )
    if first.sample.groups != other.sample.groups:
        raise TcsError(f"{name!r} and {label!r} do not have the same groups. {advice}")
    if first.model.parameters.has_means != other.model.parameters.has_means:
        raise TcsError(
            f"Only one of {name!r} and {label!r} models the means, so their likelihoods are of "
            "different data. Fit both with meanstructure=True."
        )
    ours, theirs = first.sample.moments, other.sample.moments.select(first.sample.names)
    if ours.n != theirs.n or not np.allclose(ours.cov_array, theirs.cov_array, rtol=1e-9):
        raise TcsError(
            f"{name!r} (n={ours.n}) and {label!r} (n={theirs.n}) were fitted to different "
            f"respondents. {advice}"
        )
