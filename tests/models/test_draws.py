"""Bootstrap draws: the estimate of each resample, its status, and the rules of the sample."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import (
    DroppedRespondentsWarning,
    OptionError,
    SurveyError,
    TcsError,
)
from tcsmodel.kernels.status import Status
from tcsmodel.models.draws import Replicator, bootstrap, from_counts
from tcsmodel.models.estimator import take
from tcsmodel.models.sem_findings import replicate_findings
from tcsmodel.result import Severity
from tcsmodel.survey.moments import Moments
from tcsmodel.survey.survey import Survey

ITEMS = ("CUSA1", "CUSA2", "CUSA3")


def estimate(mean, cov):
    return {"mean": mean, "cov": cov, "status": np.zeros(len(mean))}


@pytest.fixture(scope="module")
def sample(mobi_frame):
    return take(Survey(mobi_frame), ITEMS)


def test_the_same_seed_gives_the_same_draws(sample):
    make = Replicator(estimate, sample)
    first, again, other = (bootstrap(make, 70, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.values["cov"], again.values["cov"])
    assert (first.values["mean"] != other.values["mean"]).any()
    assert (first.n, first.seed) == (70, 1)
    assert repr(first) == "Draws(70 replicates of mean, cov, seed=1)"


def test_the_standard_error_of_a_mean(sample):
    draws = bootstrap(Replicator(estimate, sample), 2000, seed=1)
    expected = sample.values.std(axis=0) / np.sqrt(sample.n)
    assert_allclose(draws.se("mean"), expected, rtol=0.06)
    low, high = draws.interval("mean")
    assert_allclose((high - low) / 2 / 1.96, expected, rtol=0.1)
    wide = draws.interval("mean", level=0.99)
    assert (wide[0] < low).all()
    assert (wide[1] > high).all()


def test_given_resamples(sample):
    rows = np.random.default_rng(0).integers(0, sample.n, size=(3, sample.n))
    counts = np.stack([np.bincount(r, minlength=sample.n) for r in rows])
    draws = from_counts(Replicator(estimate, sample), counts)
    for b in range(3):
        assert_allclose(draws.values["mean"][b], sample.values[rows[b]].mean(axis=0))
        assert_allclose(draws.values["cov"][b], np.cov(sample.values[rows[b]].T))
    with pytest.raises(OptionError, match=r"counts has shape \(3, 5\); give \(replicates, 250\)"):
        from_counts(Replicator(estimate, sample), counts[:, :5])


def test_weights_enter_every_replicate(mobi_frame):
    weights = np.linspace(0.5, 2, 250)
    sample = take(Survey(mobi_frame.assign(w=weights), weight="w"), ITEMS)
    assert sample.weights.sum() == pytest.approx(250)
    counts = np.ones((1, 250))
    draws = from_counts(Replicator(estimate, sample), counts)
    expected = np.average(mobi_frame[list(ITEMS)], axis=0, weights=weights)
    assert_allclose(draws.values["mean"][0], expected)
    assert_allclose(sample.moments.mean_array, expected)


def test_statuses_are_counted_and_all_lost_is_an_error(sample):
    def half(mean, cov):
        lost = np.arange(len(mean)) % 2
        return {"mean": mean, "status": np.where(lost, Status.SINGULAR, Status.CONVERGED)}

    draws = bootstrap(Replicator(half, sample), 64, seed=1)
    assert draws.status_shares["singular"] == 0.5
    assert draws.status_shares.sum() == 1

    def none(mean, cov):
        return {"mean": mean, "status": np.full(len(mean), Status.SINGULAR)}

    with pytest.raises(TcsError, match="None of the 64 bootstrap replicates"):
        bootstrap(Replicator(none, sample), 64, seed=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"replicates": 1}, "n=1 must be a whole number, 2 or more"),
        ({"replicates": 10.5}, "n=10.5 must be a whole number"),
        ({"seed": -1}, "seed=-1 must be a whole number"),
        ({"seed": None}, "seed=None must be a whole number"),
        ({"level": 95}, "level=95 must lie"),
    ],
)
def test_options_are_checked(sample, options, message):
    with pytest.raises(OptionError, match=message):
        bootstrap(Replicator(estimate, sample), **{"replicates": 10, "seed": 1, **options})


def test_moments_alone_have_no_respondents(sample):
    from_moments = take(sample.moments, ITEMS[:2])
    assert from_moments.names == ITEMS[:2]
    with pytest.raises(TcsError, match="needs respondents, but the model was fitted to moments"):
        bootstrap(Replicator(estimate, from_moments), 10, seed=1)


def test_what_a_model_takes(mobi_frame):
    messy = mobi_frame.assign(city="x").astype({"CUSA1": "Int64"})
    assert take(messy, ITEMS).n == 250
    messy.loc[:9, "CUSA1"] = pd.NA
    with pytest.warns(DroppedRespondentsWarning, match="10 of 250 respondents"):
        gaps = take(messy, ITEMS)
    assert gaps.rows.tolist() == list(range(10, 250))
    with pytest.raises(SurveyError, match=r"Item 'CUSA4' is not a column.*Did you mean 'CUSA"):
        take(mobi_frame, ["CUSA4"])
    with pytest.raises(SurveyError, match=r"Item 'CUSA1' is constant.*\(5\)"):
        take(mobi_frame.assign(CUSA1=5), ITEMS)
    with pytest.raises(OptionError, match=r"takes a Survey, a DataFrame or Moments, not list"):
        take([1, 2], ITEMS)
    assert take(Moments.from_cov(np.eye(3), 9, names=ITEMS), ITEMS).values is None


def test_a_resample_in_which_an_item_does_not_vary_is_lost(mobi_frame):
    spec = tcs.ModelSpec.parse("Q =~ PERQ1 + PERQ3 + PERQ7\nS =~ CUSA1 + CUSA2\nS ~ Q")
    counts = np.ones((3, 250))
    counts[1] = mobi_frame["CUSA1"] == 8
    for model in (tcs.PLS, tcs.SEM):
        draws = model(spec).fit(mobi_frame).resampled(counts).draws
        name = "paths" if model is tcs.PLS else "estimates"
        assert draws.status.tolist()[::2] == [0, 0]
        assert draws.status[1] >= Status.ITERATION_CAP
        assert np.isnan(draws.values[name][1]).all()
        assert_allclose(draws.values[name][0], draws.values[name][2])


def test_shares_are_written_alike_everywhere(sample):
    draws = bootstrap(Replicator(estimate, sample), 1000, seed=1)
    status = draws.status.copy()
    status[:6] = Status.IMPROPER
    status[6] = Status.SINGULAR
    drawn = replace(draws, status=status)
    assert drawn.ends == "99% converged, 1% improper, <1% singular"
    lost, improper = replicate_findings(drawn, "CFA")
    assert (lost.code, lost.severity) == ("replicates_lost_few", Severity.NOTE)
    assert "1 of 1,000 (<1%)" in lost.sentence("evidence")
    assert "another seed" in lost.sentence("advice")
    assert "1% improper" in improper.sentence("evidence")
    (rare,) = replicate_findings(replace(drawn, status=status * (status > 2)), "CFA", ("x1",))
    assert rare.code == "replicates_lost_rare"
    status[:60] = Status.SINGULAR
    (many,) = replicate_findings(drawn, "CFA")
    assert (many.code, many.severity) == ("replicates_lost", Severity.CAUTION)
