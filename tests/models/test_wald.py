"""Wald tests of equations between parameters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import expected
from scipy.stats import chi2

from tcsmodel.errors import OptionError, SpecError, TcsError
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec

TEXT = expected("B_mobi_mini_ML")["model"]


@pytest.fixture(scope="module")
def mini(mobi_frame):
    return SEM(ModelSpec.parse(TEXT)).fit(mobi_frame)


def test_equals_lavaan(mini):
    theirs = expected("B_mobi_wald")
    for test in (mini.wald_test("a == b", "b == c"), mini.wald_test("a == b; b == c")):
        assert test.chi2 == pytest.approx(theirs["stat"], rel=tol.CHI2)
        assert test.df == theirs["df"]
        # A tail probability far out: its error is that of chi-square times half of chi-square.
        assert test.p == pytest.approx(theirs["p.value"], rel=tol.CHI2 * test.chi2)


def test_one_label_against_zero_is_its_z_test(mini):
    row = mini.estimates.set_index("label").loc["c"]
    test = mini.wald_test("c == 0")
    assert test.chi2 == pytest.approx(row["z"] ** 2, rel=1e-10)
    assert test.p == pytest.approx(row["p"], rel=1e-8)
    assert test.table().loc[0, "ci_lower"] == pytest.approx(row["ci_lower"], rel=1e-10)


def test_defined_parameters_are_tested_by_the_delta_method(mini):
    row = mini.estimates.set_index("label").loc["ind"]
    for equation in ("ind == 0", "a*b == 0"):
        assert mini.wald_test(equation).chi2 == pytest.approx(row["z"] ** 2, rel=1e-10)


def test_robust_covariances_where_the_estimator_is_robust(mobi_frame, mini):
    robust = SEM(ModelSpec.parse(TEXT), estimator="mlr").fit(mobi_frame)
    row = robust.estimates.set_index("label").loc["c"]
    assert robust.wald_test("c == 0").chi2 == pytest.approx(row["z"] ** 2, rel=1e-10)
    assert robust.wald_test("a == b").chi2 != pytest.approx(mini.wald_test("a == b").chi2, rel=0.01)


def test_nearly_the_chi_square_difference_of_the_constrained_model(mobi_frame):
    text = "Q =~ PERQ1 + a*PERQ3 + b*PERQ5 + PERQ7"
    free = SEM(ModelSpec.parse(text)).fit(mobi_frame)
    held = SEM(ModelSpec.parse(f"{text}\na == b")).fit(mobi_frame)
    gap = held.fit_measures["chi2"] - free.fit_measures["chi2"]
    assert free.wald_test("a == b").chi2 == pytest.approx(gap, rel=0.15)


def test_it_rejects_a_true_equation_as_often_as_it_should():
    rng = np.random.default_rng(5)
    spec = ModelSpec.parse("y ~ a*x1 + b*x2")
    statistics = []
    for _ in range(300):
        x = rng.normal(size=(100, 2))
        y = x @ [0.4, 0.4] + rng.normal(size=100)
        frame = {"y": y, "x1": x[:, 0], "x2": x[:, 1]}
        statistics.append(SEM(spec).fit(pd.DataFrame(frame)).wald_test("a == b").chi2)
    rejected = np.mean(np.array(statistics) > chi2.ppf(0.95, 1))
    assert 0.02 < rejected < 0.095


@pytest.mark.parametrize(
    ("equations", "message"),
    [
        (["a == bb"], r"'bb' in 'a == bb' is not a label.*Did you mean 'b'\?.*It has a, b, c"),
        (["a > 0"], "'a > 0' is an inequality; .* 'a == 0'"),
        (["Value ~ Quality"], "is not a constraint between labels"),
        (["a == b", "b == c", "a == c"], "'a == c' says nothing beside 'a == b' and 'b == c'"),
        ([3], "must be a string as 'a == b', not int"),
        (["a == a"], "fixed numbers alone"),
        (["a =="], "line 1"),
        (["__import__('os') == 1"], "line 1"),
    ],
)
def test_what_cannot_be_tested(mini, equations, message):
    with pytest.raises(SpecError, match=message):
        mini.wald_test(*equations)


def test_nothing_to_test(mini):
    with pytest.raises(OptionError, match="needs an equation"):
        mini.wald_test()


def test_what_is_not_defined_is_said(mini):
    with pytest.raises(TcsError, match="not defined at the estimates"):
        mini.wald_test("log(0 - exp(a)) == 0")


def test_an_equation_that_the_model_holds_already(mobi_frame):
    text = "Q =~ PERQ1 + a*PERQ3 + b*PERQ5 + c*PERQ7\na == b"
    held = SEM(ModelSpec.parse(text)).fit(mobi_frame)
    with pytest.raises(SpecError, match="follows from the constraints of the model"):
        held.wald_test("a == b")
    assert held.wald_test("a == c").df == 1


def test_a_model_without_labels_says_how_to_label(mobi_frame):
    result = SEM(ModelSpec.parse("CUSA1 ~ PERQ1")).fit(mobi_frame)
    with pytest.raises(SpecError, match=r"It has none\. Label a parameter"):
        result.wald_test("a == 0")
