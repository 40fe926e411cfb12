"""Strata, clusters and frequencies of a survey: what is refused, and what is carried along."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tcsmodel.errors import SurveyError
from tcsmodel.kernels.design import between, design, spread, totals
from tcsmodel.survey.screening import screening
from tcsmodel.survey.survey import Survey


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "q1": [1, 2, 3, 4, 5, 4, 3, 2],
            "q2": [2, 2, 3, 5, 5, 3, 3, 1],
            "region": ["N", "N", "N", "N", "S", "S", "S", "S"],
            "branch": ["a", "a", "b", "b", "c", "c", "d", "d"],
            "count": [1, 2, 3, 1, 1, 2, 1, 1],
        }
    )


def designed(frame, **options):
    return Survey(frame, items=["q1", "q2"], strata="region", cluster="branch", **options)


def test_columns_of_the_design_are_not_items(frame):
    frame["branch"] = [1, 1, 2, 2, 3, 3, 4, 4]
    survey = Survey(frame, strata="region", cluster="branch", weight="count")
    assert survey.items == ("q1", "q2")
    assert "strata='region', cluster='branch'" in repr(survey)
    with pytest.raises(SurveyError, match="'branch' is both an item and the cluster"):
        Survey(frame, items=["q1", "branch"], cluster="branch")


def test_parts_keep_the_design(frame):
    survey = designed(frame)
    part = survey.where(lambda d: d["q1"] > 1)
    assert (part.strata, part.cluster) == ("region", "branch")
    assert part.design().stratum.tolist() == [0, 0, 1, 1]
    assert part.design().cluster.tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert survey.split(seed=1)[0].cluster == "branch"


def test_linearized_variances_by_hand(frame):
    given, z = designed(frame).design(), frame[["q1", "q2"]].to_numpy(float)
    sums = np.array([[3, 4], [7, 8], [9, 8], [5, 4]], dtype=float)
    assert_allclose(totals(given, z), sums)
    north, south = sums[:2] - sums[:2].mean(axis=0), sums[2:] - sums[2:].mean(axis=0)
    by_hand = 2 * (north.T @ north + south.T @ south)
    assert_allclose(between(given, sums), by_hand)
    assert_allclose(spread(z, None), z.T @ z)


def test_respondents_are_clusters_of_one_without_any(frame):
    z = frame[["q1"]].to_numpy(float)
    found = spread(z, design(None, None, 8))
    assert_allclose(found, 8 * z.var(axis=0, ddof=1).reshape(1, 1))


def test_a_stratum_of_one_cluster_is_named(frame):
    survey = designed(frame.iloc[:6])
    with pytest.raises(SurveyError, match=r"Stratum 'S' of 'region' is in one cluster only"):
        survey.design()
    survey = Survey(frame.iloc[:2], items=["q1"], cluster="branch")
    with pytest.raises(SurveyError, match="All respondents used are in one cluster only"):
        survey.design()
    with pytest.raises(SurveyError, match="in one respondent only"):
        Survey(frame.iloc[:5], items=["q1"], strata="region").design()


def test_gaps_in_the_design_are_refused(frame):
    frame.loc[2, "branch"] = None
    with pytest.raises(SurveyError, match=r"cluster='branch' is empty for 1 respondent \(first in"):
        designed(frame)


def test_clusters_lie_in_one_stratum(frame):
    frame.loc[1, "branch"] = "c"
    with pytest.raises(SurveyError, match=r"Cluster 'c' of 'branch' lies in 2 strata.*join the"):
        designed(frame)


@pytest.mark.parametrize("column", ["branch", "region"])
def test_numbers_in_the_design_are_shown_plainly(frame, column):
    frame = frame.assign(branch=[1, 1, 2, 2, 3, 3, 4, 4], region=[1, 1, 1, 1, 2, 2, 2, 2])
    if column == "branch":
        with pytest.raises(SurveyError, match=r"Cluster '3' of 'branch' lies in 2 strata"):
            designed(frame.assign(branch=[1, 3, 2, 2, 3, 3, 4, 4]))
    else:
        with pytest.raises(SurveyError, match=r"Stratum '2' of 'region' is in one cluster"):
            designed(frame.iloc[:6]).design()


def test_a_typo_is_answered(frame):
    with pytest.raises(SurveyError, match="Did you mean 'region'"):
        Survey(frame, strata="regoin")


def test_frequencies_are_repeated_rows(frame):
    survey = Survey(frame, items=["q1", "q2"], weight="count", frequency=True)
    rows = frame.loc[frame.index.repeat(frame["count"])]
    assert survey.n == frame["count"].sum()
    assert survey.weights is None
    ours, theirs = survey.moments(), Survey(rows, items=["q1", "q2"]).moments()
    assert ours.n == theirs.n
    assert_allclose(ours.cov_array, theirs.cov_array, rtol=1e-14)
    again = Survey(survey.data, items=["q1", "q2"], weight="count", frequency=True)
    assert again.n == survey.n


def test_counted_rows_are_no_duplicates():
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.integers(1, 11, (60, 10)), columns=[f"q{i}" for i in range(10)])
    frame["count"] = 3
    survey = Survey(frame, weight="count", frequency=True)
    found = screening(survey)
    assert found.flags["duplicate"] == 0
    assert len(found.respondents) == 180


def test_zero_counts_nobody(frame):
    frame.loc[0, "count"] = 0
    survey = Survey(frame, items=["q1"], weight="count", frequency=True)
    assert survey.n == frame["count"].sum()


@pytest.mark.parametrize("wrong", [1.5, -1, np.nan])
def test_frequencies_are_whole(frame, wrong):
    counts = frame["count"].astype(float)
    counts[3] = wrong
    with pytest.raises(SurveyError, match=r"must be a whole number.*first in row 4"):
        Survey(frame.assign(count=counts), items=["q1"], weight="count", frequency=True)


def test_frequencies_need_a_column_and_a_sensible_sum(frame):
    with pytest.raises(SurveyError, match="weight='count'"):
        Survey(frame, items=["q1"], frequency=True)
    frame["count"] = 10_000_000
    with pytest.raises(SurveyError, match="Weights that sum to a population are sampling weights"):
        Survey(frame, items=["q1"], weight="count", frequency=True)
