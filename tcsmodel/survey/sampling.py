"""How respondents were drawn: strata, clusters, and rows that stand for several of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError, counted
from tcsmodel.kernels.design import Design, design

# More rows than these were hardly meant to be counted one by one.
MOST_ROWS = 50_000_000


def check_design(frame: pd.DataFrame, strata: str | None, cluster: str | None) -> None:
    """Raise SurveyError when a stratum or cluster is missing, or a cluster lies in two strata."""
    for role, name in (("strata", strata), ("cluster", cluster)):
        gaps = 0 if name is None else int(frame[name].isna().sum())
        if gaps:
            raise SurveyError(
                f"{role}={name!r} is empty for {counted(gaps, 'respondent')} (first in row "
                f"{int(np.argmax(frame[name].isna().to_numpy())) + 1}). Fill the column in, or "
                "leave those respondents out of the data."
            )
    if strata is None or cluster is None:
        return
    spans = frame.groupby(cluster, sort=False, observed=True)[strata].nunique()
    wrong = spans[spans > 1]
    if len(wrong):
        raise SurveyError(
            f"Cluster {str(wrong.index[0])!r} of {cluster!r} lies in {wrong.iloc[0]} strata of "
            f"{strata!r} ({counted(len(wrong), 'cluster')} in all do so), but clusters are drawn "
            "within strata. Where clusters are numbered anew in every stratum, join the two "
            f'columns: frame["{cluster}"] = frame["{strata}"].astype(str) + "-" + '
            f'frame["{cluster}"].astype(str).'
        )


def design_of(
    frame: pd.DataFrame,
    strata: str | None,
    cluster: str | None,
    rows: NDArray[np.intp] | None,
) -> Design:
    """Return the design of some rows, or raise SurveyError naming a stratum with one cluster."""
    frame = frame if rows is None else frame.iloc[rows]
    codes = [
        None if name is None else pd.factorize(frame[name])[0].astype(np.intp)
        for name in (cluster, strata)
    ]
    found = design(codes[0], codes[1], len(frame))
    alone = np.flatnonzero(found.sizes == 1)
    if len(alone):
        unit = "respondent" if cluster is None else "cluster"
        where = "All respondents used are"
        if strata is not None:
            at = np.flatnonzero(found.stratum[found.cluster] == alone[0])[0]
            where = f"Stratum {str(frame[strata].iloc[at])!r} of {strata!r} is"
        raise SurveyError(
            f"{where} in one {unit} only, so nothing says how its {unit}s differ. Join the "
            "stratum with a similar one before reading the survey, or leave the design out."
        )
    return found


def repeated(
    frame: pd.DataFrame, labels: pd.Index, weight: str | None
) -> tuple[pd.DataFrame, pd.Index]:
    """Return each row and its label as often as its weight counts, with weights of one.

    Raises
    ------
    SurveyError
        When no weight is named, or one is no whole number.
    """
    if weight is None:
        raise SurveyError(
            "frequency=True says that the weights count rows; name their column: weight='count'."
        )
    counts = pd.to_numeric(frame[weight], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~(np.isfinite(counts) & (counts >= 0) & (counts == np.round(counts))))
    if len(wrong):
        given = frame[weight].astype(object).tolist()[wrong[0]]
        raise SurveyError(
            f"Weight {weight!r} counts rows (frequency=True), so it must be a whole number, 0 or "
            f"more; it is not in {counted(len(wrong), 'row')} (first in row {wrong[0] + 1}: "
            f"{given!r}). Without frequency=True weights are sampling weights, of any size."
        )
    if not 0 < counts.sum() <= MOST_ROWS:
        raise SurveyError(
            f"The counts in {weight!r} sum to {counts.sum():,.0f}, and 1 to {MOST_ROWS:,} rows can "
            "be repeated. Weights that sum to a population are sampling weights: leave out "
            "frequency=True."
        )
    rows = np.repeat(np.arange(len(frame)), counts.astype(np.intp))
    return frame.iloc[rows].reset_index(drop=True).assign(**{weight: 1}), labels.take(rows)
