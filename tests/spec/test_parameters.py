"""The parameter table: defaults, places, labels, and what it refuses."""

from __future__ import annotations

import pytest

from tcsmodel.errors import IdentificationError, SpecError
from tcsmodel.spec.model import ModelSpec
from tcsmodel.spec.parameters import Matrix, parameter_table

TWO = """
    A =~ a1 + a2 + a3
    B =~ b1 + b2 + b3
"""


def table(text, **options):
    return parameter_table(ModelSpec.parse(text), **options)


def row(of, name):
    return next(r for r in of if r.name == name)


def test_first_loading_is_one_and_the_rest_free():
    rows = table(TWO)
    assert row(rows, "A=~a1").fixed == 1.0
    assert row(rows, "A=~a2").free == 0
    assert rows.n_parameters == 13
    assert rows.df == 8


def test_order_is_statements_then_variances_then_covariances():
    names = [r.name for r in table(TWO + "b1 ~~ b2")]
    assert names[6:] == [
        "b1~~b2", "a1~~a1", "a2~~a2", "a3~~a3", "b1~~b1", "b2~~b2", "b3~~b3",
        "A~~A", "B~~B", "A~~B",
    ]  # fmt: skip


def test_std_lv_fixes_variances_instead():
    rows = table(TWO, std_lv=True)
    assert row(rows, "A=~a1").free == 0
    assert row(rows, "A~~A").fixed == 1.0
    assert rows.df == 8


def test_na_frees_the_marker():
    rows = table("A =~ NA*a1 + a2 + a3\nA ~~ 1*A")
    assert row(rows, "A=~a1").free == 0
    assert row(rows, "A~~A").fixed == 1.0


def test_single_item_has_no_error():
    rows = table(TWO + "C =~ c1\nC ~ A")
    assert row(rows, "c1~~c1").fixed == 0.0


def test_stated_covariance_replaces_the_default():
    rows = table(TWO + "A ~~ 0*B")
    assert [r.fixed for r in rows if {r.lhs, r.rhs} == {"A", "B"}] == [0.0]


def test_exogenous_constructs_correlate_and_outcomes_do():
    rows = table("A =~ a1+a2+a3\nB =~ b1+b2+b3\nC =~ c1+c2+c3\nD =~ d1+d2+d3\nC + D ~ A + B")
    names = [r.name for r in rows if r.op == "~~" and r.lhs != r.rhs]
    assert names == ["A~~B", "C~~D"]


def test_a_mediator_does_not_covary_with_its_outcome():
    rows = table("A =~ a1+a2+a3\nB =~ b1+b2+b3\nC =~ c1+c2+c3\nB ~ A\nC ~ B")
    assert not [r for r in rows if r.op == "~~" and r.lhs != r.rhs]


def test_second_order_loading_is_a_path_and_first_orders_do_not_correlate():
    rows = table("A =~ a1+a2+a3\nB =~ b1+b2+b3\nC =~ c1+c2+c3\ng =~ A + B + C")
    assert row(rows, "g=~B").matrix is Matrix.PATH
    assert not [r for r in rows if r.op == "~~" and r.lhs != r.rhs]


def test_observed_causes_keep_their_moments():
    rows = table("y ~ x1 + x2")
    assert rows.causes == ("x1", "x2")
    assert rows.n_parameters == 3
    assert rows.n_exogenous == 3
    assert rows.df == 0
    assert rows.latents == ("y", "x1", "x2")


def test_item_with_a_path_becomes_its_own_latent_variable():
    rows = table("A =~ a1 + a2 + a3\na1 ~ x\na1 ~~ a2")
    assert row(rows, "A=~a1").matrix is Matrix.PATH
    assert row(rows, "a1~~a2").matrix is Matrix.LATENT
    assert set(rows.latents) == {"A", "a1", "a2", "x"}
    assert (rows.items.index("a1"), rows.latents.index("a1")) in rows.observed_latents


def test_labels_share_a_parameter():
    rows = table("A =~ a1 + k*a2 + k*a3 + a4")
    assert row(rows, "A=~a2").free == row(rows, "A=~a3").free == 0
    assert row(rows, "A=~a4").free == 1
    assert [r.name for r in rows.free][:2] == ["A=~a2", "A=~a4"]


def test_a_label_shared_with_a_fixed_parameter_fixes_both():
    rows = table("Value =~ a*v1 + a*v2")
    assert row(rows, "Value=~v2").fixed == 1.0
    assert rows.df == 0


def test_composite_is_named():
    with pytest.raises(SpecError, match=r"'Image' is a composite \(<~\).*PLS"):
        table("Image <~ i1 + i2\nB =~ b1 + b2 + b3\nB ~ Image")


def test_two_items_alone_are_not_identified():
    with pytest.raises(IdentificationError) as caught:
        table("Loyalty =~ cusl1 + cusl2")
    assert "Construct 'Loyalty' has 2 items and no connection" in str(caught.value)
    assert "Loyalty =~ a*cusl1 + a*cusl2" in str(caught.value)


def test_the_cure_that_the_message_names_works():
    assert table("Loyalty =~ a*cusl1 + a*cusl2").df == 0


def test_two_items_with_a_connection_are_identified():
    assert table("A =~ a1 + a2\nB =~ b1 + b2").df == 1


def test_two_first_order_constructs_do_not_identify_a_second():
    with pytest.raises(IdentificationError, match="'g' has 2 items"):
        table(TWO + "g =~ A + B")


def test_construct_without_a_scale():
    with pytest.raises(IdentificationError, match=r"'A' has no scale.*A ~~ 1\*A"):
        table("A =~ NA*a1 + a2 + a3")


def test_single_item_with_free_error():
    with pytest.raises(IdentificationError, match=r"'C' has one item, 'c1'.*c1 ~~ 0\*c1"):
        table(TWO + "C =~ c1\nc1 ~~ c1\nC ~ A")


def test_more_parameters_than_the_items_of_a_construct_allow():
    with pytest.raises(IdentificationError, match=r"'A' has 8 free parameters.*only 6 variances"):
        table("A =~ a1 + a2 + a3\na1 ~~ a2\na2 ~~ a3")


def test_more_parameters_than_moments():
    text = "A =~ a1 + a2\nB =~ b1 + b2\na1 ~~ b1\na2 ~~ b2"
    with pytest.raises(IdentificationError, match=r"11 free parameters but its 4 items give only"):
        table(text)


def test_nothing_to_estimate():
    with pytest.raises(SpecError, match="nothing is left to estimate"):
        table("A =~ 1*a1\nA ~~ 1*A\na1 ~~ 1*a1")
