"""Chi-square difference tests of nested covariance-based models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tcsmodel.errors import TcsError
from tcsmodel.kernels import fitmeasures
from tcsmodel.options import require

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

KEPT = ["df", "chi2", "aic", "bic", "cfi", "rmsea", "srmr"]


def compare(results: Sequence[SEMResult], names: Sequence[str] | None) -> pd.DataFrame:
    """Return what `SEMResult.compare` describes."""
    require(len(results) > 1, "compare() needs another result beside this one.")
    labels = [f"model {k + 1}" for k in range(len(results))] if names is None else list(names)
    require(
        len(labels) == len(results),
        f"names has {len(labels)} entries for {len(results)} models; give one for each.",
    )
    first = results[0]
    for label, other in zip(labels[1:], results[1:], strict=True):
        _require_same_data(first, other, labels[0], label)
    frame = pd.DataFrame([r.fit_measures[KEPT] for r in results], index=pd.Index(labels))
    order = np.argsort(frame["df"].to_numpy(), kind="stable")
    frame = frame.iloc[order]
    chi2, df = frame["chi2"].diff().to_numpy(), frame["df"].diff().to_numpy()
    each = first.sample.n / first.model.n_groups
    known = df > 0
    return frame.assign(
        chi2_diff=chi2,
        df_diff=df,
        p=np.where(known, fitmeasures.chi2_p(chi2, df), np.nan),
        rmsea_diff=np.where(known, fitmeasures.rmsea(chi2, df, each), np.nan),
        cfi_diff=frame["cfi"].diff(),
    )


def _require_same_data(first: SEMResult, other: SEMResult, name: str, label: str) -> None:
    """Raise when two results were not fitted to the same answers of the same groups."""
    items = set(first.sample.names) ^ set(other.sample.names)
    advice = "Fit nested models to the same survey, items and groups."
    if items:
        raise TcsError(
            f"{name!r} and {label!r} do not have the same items ({', '.join(sorted(items))} "
            f"only in one), so their chi-squares cannot be compared. {advice}"
        )
    if first.sample.groups != other.sample.groups:
        raise TcsError(f"{name!r} and {label!r} do not have the same groups. {advice}")
    ours, theirs = first.sample.moments, other.sample.moments.select(first.sample.names)
    if ours.n != theirs.n or not np.allclose(ours.cov_array, theirs.cov_array, rtol=1e-9):
        raise TcsError(
            f"{name!r} (n={ours.n}) and {label!r} (n={theirs.n}) were fitted to different "
            f"respondents. {advice}"
        )
