"""`Moments`: equal to pandas, mergeable, and the same for weights as for repeated rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from tcsmodel.errors import SurveyError
from tcsmodel.survey.moments import Moments, require_definite, require_varying
from tcsmodel.survey.survey import Survey

answers = arrays(
    float, st.tuples(st.integers(2, 12), st.just(3)), elements=st.integers(1, 10).map(float)
)


def test_unweighted_moments_are_those_of_pandas(mobi_frame):
    moments = Survey(mobi_frame).moments()
    pd.testing.assert_frame_equal(moments.cov, mobi_frame.cov())
    pd.testing.assert_frame_equal(moments.corr, mobi_frame.corr())
    pd.testing.assert_series_equal(moments.mean, mobi_frame.mean(), check_names=False)
    assert repr(moments) == "Moments(24 items, n=250)"


@settings(max_examples=40, deadline=None)
@given(answers, answers, st.integers(0, 10_000))
def test_merged_moments_are_those_of_all_rows(first, second, seed):
    generator = np.random.default_rng(seed)
    names = ("a", "b", "c")
    weights = [generator.uniform(0.2, 3, len(part)) for part in (first, second)]
    rows = np.concatenate([first, second])
    for own in (weights, (None, None)):
        parts = Moments.of(names, first, own[0]) + Moments.of(names, second, own[1])
        whole = Moments.of(names, rows, None if own[0] is None else np.concatenate(own))
        assert parts.n == whole.n
        assert_allclose(parts.sum_weights, whole.sum_weights)
        assert_allclose(parts.mean_array, whole.mean_array, atol=1e-10)
        assert_allclose(parts.cov_array, whole.cov_array, atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(answers, st.integers(0, 10_000))
def test_integer_weights_are_repeated_rows(x, seed):
    counts = np.random.default_rng(seed).integers(1, 4, len(x))
    weighted = Moments.of(("a", "b", "c"), x, counts.astype(float))
    repeated = Moments.of(("a", "b", "c"), np.repeat(x, counts, axis=0))
    assert_allclose(weighted.mean_array, repeated.mean_array, atol=1e-10)
    n, total = len(x), counts.sum()
    expected = repeated.cov_array * (total - 1) / total * n / (n - 1)
    assert_allclose(weighted.cov_array, expected, atol=1e-10)


def test_the_unit_of_weights_does_not_matter(mobi_frame):
    weight = np.linspace(0.5, 2, 250)
    first = Moments.of(("a", "b"), mobi_frame.to_numpy(float)[:, :2], weight)
    second = Moments.of(("a", "b"), mobi_frame.to_numpy(float)[:, :2], 1000 * weight)
    assert_allclose(first.cov_array, second.cov_array, rtol=1e-12)


def test_from_a_published_matrix():
    published = pd.DataFrame([[4.0, 1.0], [1.0, 1.0]], ["a", "b"], ["a", "b"])
    moments = Moments.from_cov(published, n=80, mean=[5, 6])
    assert moments.names == ("a", "b")
    assert moments.corr.loc["a", "b"] == 0.5
    assert moments.mean.tolist() == [5, 6]
    assert Moments.from_cov([[1.0]], n=5).names == ("x1",)
    picked = moments.select(["b"])
    assert (picked.names, picked.cov_array.tolist(), picked.n) == (("b",), [[1.0]], 80)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0, 2.0]], 9), r"shape \(1, 2\); give a square"),
        (([[1.0, 0.5], [0.4, 1.0]], 9), "not symmetric"),
        (([[1.0, np.nan], [np.nan, 1.0]], 9), "missing or infinite value"),
        (([[1.0, 0.2], [0.2, -1.0]], 9), "a variance below zero, in the row of 'x2'"),
        (([["a"]], 9), "must hold numbers only"),
        (([[1.0]], 1), "n=1 is not a number of respondents"),
        (([[1.0]], 9, [1, 2]), "1 items but names has 1 and mean has 2"),
        (([[1.0]], 9, None, ["a", "b"]), "names has 2"),
        ((np.eye(2), 9, None, ["a", "a"]), "the same item twice"),
    ],
)
def test_refused_matrices(arguments, message):
    with pytest.raises(SurveyError, match=message):
        Moments.from_cov(*arguments)


def test_only_the_same_items_merge():
    first, second = (Moments.from_cov([[1.0]], n=9, names=[name]) for name in "ab")
    with pytest.raises(SurveyError, match=r"Moments of a cannot be merged with moments of b"):
        first + second
    with pytest.raises(TypeError):
        first + 1


def test_an_absent_item_gets_a_suggestion():
    moments = Moments.from_cov(np.eye(2), n=9, names=["sat1", "sat2"])
    with pytest.raises(SurveyError, match=r"'sat3' is not among the moments.*Did you mean"):
        moments.select(["sat3"])


def test_one_respondent_has_no_moments():
    with pytest.raises(SurveyError, match="1 respondent answered 1 item, and at least 2"):
        Moments.of(("a",), np.ones((1, 1)))


def test_arrays_cannot_be_written():
    moments = Moments.from_cov(np.eye(2), n=9)
    with pytest.raises(ValueError, match="read-only"):
        moments.cov_array[0, 0] = 2


def test_too_few_respondents_are_told_before_what_follows_from_it():
    three = Moments.of(("a", "b", "c"), np.array([[1.0, 2, 3], [2, 4, 1], [3, 6, 7]]))
    with pytest.raises(SurveyError, match="3 respondents are too few for 3 items"):
        require_definite(three, "this")


def test_what_cannot_be_inverted_is_named():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(50, 3))
    names = ("a", "b", "c")
    require_definite(Moments.of(names, x), "SEM")
    copied = Moments.of(names, np.column_stack([x[:, :2], -x[:, 0]]))
    with pytest.raises(SurveyError, match="'a' and 'c' are perfectly correlated, so SEM is"):
        require_definite(copied, "SEM")
    total = Moments.of(names, np.column_stack([x[:, :2], x[:, 0] + x[:, 1]]))
    with pytest.raises(SurveyError, match="some item is a sum of others"):
        require_definite(total, "SEM")
    beyond = Moments.from_cov([[1.0, 3.0, 0], [3.0, 1.0, 0], [0, 0, 1.0]], 50, names=names)
    with pytest.raises(SurveyError, match="'a' and 'b' have a correlation of 3, beyond one"):
        require_definite(beyond, "SEM")
    at_odds = np.eye(4)
    at_odds[:3, :3] = [[1.0, 0.9, 0.9], [0.9, 1.0, -0.9], [0.9, -0.9, 1.0]]
    mistyped = Moments.from_cov(at_odds, 50, names=(*names, "d"))
    with pytest.raises(
        SurveyError, match=r"eigenvalue is -0.8\).*above all those of 'a', 'b', 'c';"
    ):
        require_definite(mistyped, "SEM")
    with pytest.raises(SurveyError, match="3 respondents are too few for 3 items"):
        require_definite(Moments.of(names, x[:3]), "SEM")
    still = Moments.of(names, np.column_stack([x[:, :2], np.full(50, 4.0)]))
    with pytest.raises(SurveyError, match=r"Item 'c' is constant.*\(4\)"):
        require_varying(still)


def test_small_units_vary_and_large_constants_do_not():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(50, 3))
    require_varying(Moments.of(("a", "b", "c"), 1e-9 * x))
    weights = generator.uniform(0.3, 3.0, 50)
    for constant in (0.0, 0.1, 1 / 3, 5.0, -7.3, 1e9 + 0.1):
        still = np.column_stack([x[:, :2], np.full(50, constant)])
        for own in (None, weights):
            with pytest.raises(SurveyError, match="Item 'c' is constant"):
                require_varying(Moments.of(("a", "b", "c"), still, own))
