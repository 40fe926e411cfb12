"""Ordinal items in the parameter table: lavaan's rows and order, what is fixed, what refused."""

from __future__ import annotations

import pytest

from tcsmodel.errors import IdentificationError, OptionError, SpecError
from tcsmodel.options import GroupEqual
from tcsmodel.spec.model import ModelSpec
from tcsmodel.spec.ordinal import OrdinalItems
from tcsmodel.spec.parameters import Matrix, parameter_table

TWO = "A =~ a1 + a2 + a3\nB =~ b1 + b2 + b3\n"
ALL = ("a1", "a2", "a3", "b1", "b2", "b3")


def table(text=TWO, categories=4, names=ALL, theta=False, **options):
    ordinal = OrdinalItems(tuple((name, categories) for name in names), theta)
    return parameter_table(ModelSpec.parse(text), ordinal=ordinal, **options)


def row(of, name):
    return next(r for r in of if r.name == name)


def test_order_is_that_of_lavaan():
    names = [r.name for r in table(categories=3, names=("a1",))]
    assert names[6:] == [
        "a1|t1", "a1|t2",
        "a1~~a1", "a2~~a2", "a3~~a3", "b1~~b1", "b2~~b2", "b3~~b3", "A~~A", "B~~B", "A~~B",
        "a1~*~a1",
        "a1~1", "a2~1", "a3~1", "b1~1", "b2~1", "b3~1", "A~1", "B~1",
    ]  # fmt: skip


@pytest.mark.parametrize("theta", [False, True])
def test_what_is_fixed_and_what_follows(theta):
    rows = table(theta=theta)
    derived = "a1~*~a1" if theta else "a1~~a1"
    assert next(r.name for r in rows if r.derived) == derived
    assert row(rows, "a1~1").fixed == 0.0
    assert row(rows, "a1~~a1").free is row(rows, "a1~*~a1").free is None
    assert row(rows, "a1|t3").free is not None
    assert rows.n_moments == 6 * 3 + 15
    assert rows.df == 8


def test_items_that_are_not_ordinal_keep_means_and_variances():
    rows = table(names=ALL[:3])
    assert row(rows, "b1~1").free is not None
    assert row(rows, "b1~~b1").free is not None
    assert rows.n_moments == 3 * 3 + 3 * 2 + 15
    assert rows.df == 8


def test_thresholds_of_the_text_stay_where_they_are_written():
    rows = table(TWO + "a1 | 0*t2 + cut*t1", categories=3)
    assert [r.name for r in rows][6:10] == ["a1|t2", "a1|t1", "a2|t1", "a2|t2"]
    assert row(rows, "a1|t2").fixed == 0.0
    assert row(rows, "a1|t1").label == "cut"
    assert row(rows, "a1|t2").matrix is Matrix.THRESHOLD
    assert row(rows, "a1|t2").column == 1


@pytest.mark.parametrize(
    ("equal", "theta", "free"),
    [
        ((), True, set()),
        (("thresholds",), True, {"a1~~a1.g2", "a1~1.g2"}),
        (("thresholds",), False, {"a1~*~a1.g2", "a1~1.g2"}),
        (("thresholds", "loadings"), True, {"a1~~a1.g2", "a1~1.g2", "A~~A.g2"}),
        (("thresholds", "loadings", "intercepts"), True, {"a1~~a1.g2", "A~1.g2", "A~~A.g2"}),
        (("thresholds", "loadings", "intercepts", "residuals"), True, {"A~1.g2", "A~~A.g2"}),
    ],
)  # fmt: skip
def test_what_equal_thresholds_release_in_later_groups(equal, theta, free):
    rows = table(
        theta=theta, std_lv=True, groups=("one", "two"), group_equal=[GroupEqual(e) for e in equal]
    )
    asked = {"a1~~a1.g2", "a1~*~a1.g2", "a1~1.g2", "A~1.g2", "A~~A.g2"}
    assert {r.name for r in rows if r.free is not None} & asked == free


def test_two_categories_release_a_scale_with_all_else_equal_only():
    kinds = [GroupEqual.THRESHOLDS, GroupEqual.LOADINGS, GroupEqual.INTERCEPTS]
    for count, free in ((1, False), (2, False), (3, True)):
        rows = table(categories=2, groups=("one", "two"), group_equal=kinds[:count])
        assert (row(rows, "a1~*~a1.g2").free is not None) is free


def test_three_categories_have_thresholds_that_are_equal_without_being_tested():
    groups = {"groups": ("one", "two"), "std_lv": True}
    equal = table(categories=3, group_equal=[GroupEqual.THRESHOLDS], **groups)
    assert equal.df == table(categories=3, **groups).df


@pytest.mark.parametrize("theta", [False, True])
def test_a_single_ordinal_item_gives_its_construct_no_scale(theta):
    rows = table(TWO + "C =~ c1", names=(*ALL, "c1"), theta=theta, std_lv=True)
    assert row(rows, "C=~c1").fixed == row(rows, "C~~C").fixed == 1.0


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        (TWO + "c1 | t1\nA ~~ c1", {}, SpecError, "'c1' counts as continuous.*ordered="),
        (TWO + "a1 | t4", {}, SpecError, "'a1' has 4 categories, so its last threshold is t3"),
        (TWO + "a1 ~~ a1", {}, SpecError, "parameterization='theta'"),
        (TWO + "A ~ z", {}, SpecError, "'z' is an observed cause .*fixed_x=False"),
        ("A =~ a1 + a2 + a3\nb1 ~ A", {"names": ("b1",)}, SpecError, "b1_latent =~ b1"),
        (TWO + "C =~ c1\nC ~ A", {"names": (*ALL, "c1")}, SpecError, "one ordinal item, 'c1'"),
        ("A =~ a1 + a2", {"names": ALL[:2]}, IdentificationError, "'A' has 2 items"),
        (TWO, {"group_equal": [GroupEqual.INTERCEPTS]}, OptionError, "Add 'thresholds'"),
        (
            TWO,
            {"group_equal": [GroupEqual.THRESHOLDS, GroupEqual.RESIDUALS]},
            OptionError,
            "theta parameterization only",
        ),
    ],
)
def test_what_ordinal_items_do_not_have_is_refused(text, options, error, message):
    with pytest.raises(error, match=message):
        table(text, **options)


def test_items_of_a_construct_have_correlations_alone():
    text = "A =~ a1 + a2 + a3\na1 ~~ a2"
    with pytest.raises(IdentificationError, match="3 items have"):
        table(text, names=ALL[:3])
