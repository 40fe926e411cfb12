"""CVPAT: paired tests of losses, with weights and designs, between benchmarks and models."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import tcsmodel as tcs
from tcsmodel.errors import OptionError

TEXT = """
Image        =~ IMAG1 + IMAG3 + IMAG5
Value        =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Value ~ Image
Satisfaction ~ Image + Value
"""
SPEC = tcs.ModelSpec.parse(TEXT)
POORER = tcs.ModelSpec.parse(TEXT.replace("~ Image + Value", "~ Value"))


@pytest.fixture(scope="module")
def frame():
    return tcs.datasets.mobi().data


@pytest.fixture(scope="module")
def prediction(frame):
    return tcs.PLS(SPEC).fit(frame).predict(seed=1)


@pytest.fixture(scope="module")
def poorer(frame):
    return tcs.PLS(POORER).fit(frame).predict(seed=1)


def losses(prediction, kind, items):
    at = [prediction.items.index(item) for item in items]
    return (prediction.errors_array[kind][:, at] ** 2).mean(axis=1)


def row(test, construct, benchmark):
    table = test.table()
    return table[(table["construct"] == construct) & (table["benchmark"] == benchmark)].iloc[0]


@pytest.mark.parametrize(("benchmark", "kind"), [("average", 2), ("linear", 1)])
@pytest.mark.parametrize(
    ("construct", "items"),
    [
        ("Overall", ["PERV1", "PERV2", "CUSA1", "CUSA2", "CUSA3"]),
        ("Satisfaction", ["CUSA1", "CUSA2", "CUSA3"]),
    ],
)
def test_the_test_is_a_paired_one_sided_t_test(prediction, benchmark, kind, construct, items):
    found = row(prediction.cvpat(bootstrap=50), construct, benchmark)
    ours, theirs = losses(prediction, 0, items), losses(prediction, kind, items)
    test = stats.ttest_rel(ours, theirs, alternative="less")
    interval = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
    assert_allclose(
        [found["loss"], found["loss_benchmark"], found["t"], found["p"]],
        [ours.mean(), theirs.mean(), test.statistic, test.pvalue],
    )
    assert_allclose([found["ci_lower"], found["ci_upper"]], [interval.low, interval.high])
    assert found["n_items"] == len(items)


def test_the_bootstrap_agrees_with_the_t_test(prediction):
    table = prediction.cvpat(bootstrap=4000, seed=2).table()
    assert_allclose(table["p_bootstrap"], table["p"], atol=0.04)
    assert (table["p_bootstrap"] > 0).all()


def test_two_models_are_compared_on_their_common_items(prediction, poorer):
    found = prediction.cvpat(poorer, bootstrap=100)
    assert set(found.table()["benchmark"]) == {"other model"}
    items = ["CUSA1", "CUSA2", "CUSA3"]
    test = stats.ttest_rel(
        losses(prediction, 0, items), losses(poorer, 0, items), alternative="less"
    )
    assert_allclose(row(found, "Satisfaction", "other model")["p"], test.pvalue)
    assert row(found, "Satisfaction", "other model")["p"] < 0.05
    back = poorer.cvpat(prediction, bootstrap=100)
    assert_allclose(
        row(back, "Satisfaction", "other model")["difference"],
        -row(found, "Satisfaction", "other model")["difference"],
    )
    assert "no_better_than_other" in [finding.code for finding in back.verify()]


def test_a_model_is_not_better_than_itself(prediction):
    found = prediction.cvpat(prediction, bootstrap=20)
    assert (found.table()["difference"] == 0).all()
    assert found.table()["p"].isna().all()
    assert "no_better_than_other" in [finding.code for finding in found.verify()]
    assert "{" not in found.summary()


def test_only_comparable_predictions_are_compared(frame, prediction):
    result = tcs.PLS(POORER).fit(frame)
    with pytest.raises(OptionError, match="Use the same folds=, repetitions= and seed="):
        prediction.cvpat(result.predict(seed=2))
    fewer = tcs.PLS(POORER).fit(frame.head(200)).predict(seed=1)
    with pytest.raises(OptionError, match="these have 250 and 200, or other rows"):
        prediction.cvpat(fewer)
    elsewhere = tcs.ModelSpec.parse("A =~ IMAG1 + IMAG2\nB =~ CUSL1 + CUSL3\nB ~ A")
    with pytest.raises(OptionError, match="predict no item in common"):
        prediction.cvpat(tcs.PLS(elsewhere).fit(frame).predict(seed=1))
    with pytest.raises(OptionError, match="another Prediction, not PLSResult"):
        prediction.cvpat(result)
    with pytest.raises(OptionError, match="bootstrap=0 must be a whole number"):
        prediction.cvpat(bootstrap=0)


def test_integer_weights_give_the_losses_of_repeated_rows(frame):
    counts = 1 + np.arange(250) % 3
    labels = np.arange(250) % 5
    survey = tcs.Survey(frame.assign(w=counts), items=SPEC.items, weight="w")
    weighted = tcs.PLS(SPEC).fit(survey).predict(labels).cvpat(bootstrap=3000, seed=1).table()
    rows = np.repeat(np.arange(250), counts)
    copies = tcs.Survey(frame.iloc[rows].assign(person=rows), items=SPEC.items, cluster="person")
    repeated = tcs.PLS(SPEC).fit(copies).predict(labels[rows]).cvpat(bootstrap=3000, seed=1).table()
    columns = ["loss", "loss_benchmark", "difference", "se", "t", "df", "p"]
    assert_allclose(weighted[columns], repeated[columns], rtol=1e-6)
    assert_allclose(weighted["p_bootstrap"], repeated["p_bootstrap"], atol=0.04)


def test_errors_of_the_test_are_at_their_level():
    """Under no difference one-sided p values are uniform."""
    from tcsmodel.kernels.paired import bootstrap_p, paired
    from tcsmodel.kernels.resample import bootstrap_chunks

    d = np.random.default_rng(4).normal(size=(80, 600))
    ones = np.ones(80)
    found = paired(d, ones)
    p = bootstrap_p(d, ones, found, bootstrap_chunks(80, 400, 1))
    assert abs(np.mean(p < 0.1) - 0.1) < 0.04
    assert abs(np.mean(stats.t.cdf(found.mean / found.se, found.df) < 0.1) - 0.1) < 0.04
