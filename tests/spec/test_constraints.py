"""Constraints and defined parameters: what is read, what contradicts itself and where."""

from __future__ import annotations

import pytest

from tcsmodel.errors import SpecError
from tcsmodel.spec.expression import Binary, Name, Number
from tcsmodel.spec.model import Constraint, Definition, ModelSpec, Relation, Term

MODEL = "A =~ a*x + b*y + c*z\n"


def test_what_is_read():
    spec = ModelSpec.parse(f"{MODEL}a == 2*b; b > 0\na + b <\n c\ntotal := a*b\ntotal < 1")
    twice = Binary("*", Number(2.0), Name("b"))
    assert spec.constraints == (
        Constraint(Name("a"), Relation.EQUAL, twice),
        Constraint(Name("b"), Relation.GREATER, Number(0.0)),
        Constraint(Binary("+", Name("a"), Name("b")), Relation.LESS, Name("c")),
        Constraint(Name("total"), Relation.LESS, Number(1.0)),
    )
    assert spec.definitions == (Definition("total", Binary("*", Name("a"), Name("b"))),)
    assert spec.labels == ("a", "b", "c")
    assert repr(spec) == ("ModelSpec(1 construct, 3 items, 0 paths, 4 constraints, 1 definition)")


def test_parts_make_the_model_of_the_text():
    built = ModelSpec.of(
        [Term("A", "=~", "x", label="a")],
        [Definition("twice", Binary("*", Number(2), Name("a")))],
        [Constraint(Name("twice"), "<", Number(1))],
    )
    assert built == ModelSpec.parse("A =~ a*x\ntwice := 2*a\ntwice < 1")


def test_a_difference_is_zero_or_above_where_the_constraint_holds():
    spec = ModelSpec.parse(f"{MODEL}a == b; a < b; a > b")
    assert [str(c.difference) for c in spec.constraints] == ["a - b", "b - a", "a - b"]


def test_the_measurement_part_keeps_what_it_can_say():
    spec = ModelSpec.parse(
        f"{MODEL}B =~ w\nB ~ p*A\nx ~ 1\nw | t1\nab := a*b\npa := p*a\nmore := pa + 1\n"
        "a == b\np > 0\nab < 1"
    )
    assert str(spec.measurement()).splitlines()[1:] == [
        "B =~ w", "x ~ 1", "w | t1", "ab := a * b", "a == b", "ab < 1",
    ]  # fmt: skip


def test_items_that_are_only_in_intercepts_and_thresholds():
    assert ModelSpec.parse("A =~ x; A ~ 1; y ~ 1; z | t1 + t2; w ~ v").items == (
        "x", "y", "z", "w", "v",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("a == q", "'q' in 'a == q' is not a label of the model", 2, 6),
        ("a == bb", r"'bb' in .* is not a label.* Did you mean 'b'\?", 2, 6),
        ("x == 1", "'x' in 'x == 1' is an item, not a label. Label the parameter you mean", 2, 1),
        ("t := A + a", "'A' in 't := A [+] a' is a construct, not a label", 2, 6),
        ("t := t + a", "'t' in .* is defined by itself", 2, 6),
        ("t := u\nu := a", "'u' in 't := u' is defined later. Move its definition up", 2, 6),
        ("a := 2", "'a' is the label of a parameter and cannot be defined again", 2, 1),
        ("x := a", "Defined parameter 'x' is also an item", 2, 1),
        ("A := a", "Defined parameter 'A' is also a construct", 2, 1),
        ("t := a\nt := b", "'t' is defined twice", 3, 1),
        ("1 == 1", "'1 == 1' names no label", 2, 3),
        ("a == 1\na == 2", "'a == 2' contradicts 'a == 1'", 3, 3),
        ("a == 0.1 + 0.2\na == 0.3\na == 0.4", "'a == 0.4' contradicts 'a == 0.1 [+] 0.2'", 4, 3),
        ("a == b\nb == c\nc == a + 1", "contradicts 'a == b' and 'b == c'", 4, 3),
        ("a == 2*b\na == 1\nb == 1", "'b == 1' contradicts 'a == 2 [*] b' and 'a == 1'", 4, 3),
        ("t := a + b\nt == 1\na == 1\nb == 1", "'b == 1' contradicts", 5, 3),
        ("a == sqrt(4)\na == 2^2", r"'a == 2\^2' contradicts 'a == sqrt\(4\)'", 3, 3),
        ("a == a + 1", "can never hold", 2, 3),
        ("a < a - 1", "can never hold", 2, 3),
        ("a > 1\na < 0.5", "'a < 0.5' contradicts 'a > 1'", 3, 3),
        ("a == 1\na < 0", "'a < 0' contradicts 'a == 1'", 3, 3),
        ("a == b\na > 1\nb < 0", "'b < 0' contradicts 'a == b' and 'a > 1'", 4, 3),
        ("a > b + 1\nb > a", r"'b > a' contradicts 'a > b [+] 1'", 3, 3),
        ("a > b\nb > c\nc > a + 1", r"'c > a [+] 1' contradicts 'a > b' and 'b > c'", 4, 3),
        ("a + b > 1\na < 0.4\nb < 0.4", r"'b < 0.4' contradicts 'a [+] b > 1' and 'a < 0.4'", 4, 3),
        ("B =~ 1*d*u + 2*d*v", "'2[*]d[*]v' contradicts '1[*]d[*]u'", 2, 14),
        ("B =~ lower(0)*d*u\nd == -1", "'lower[(]0[)][*]d[*]u' contradicts 'd == -1'", 2, 6),
        ("B =~ lower(0)*d*u\nd < -1", "'d < -1' contradicts 'lower[(]0[)][*]d[*]u'", 3, 3),
        ("a == 1/0", "'1 / 0' divides by zero", 2, 7),
        ("a == b/(1 - 1)", "divides by zero", 2, 7),
        ("a == log(-1)", "'log[(]-1[)]' is not a finite number", 2, 6),
        ("a == (-8)^0.5", "is not a finite number", 2, 10),
        ("a == exp(1e6)", "is not a finite number", 2, 6),
        ("a < b < c", "Unexpected '<'.*write one statement for each", 2, 7),
        ("a ==", "ends where a label or number should stand", 2, 4),
        ("== a", "Unexpected '==' where a label or number should stand", 2, 1),
        ("a = b", "equalities with '=='", 2, 3),
        ("a + b := c", "Unexpected '[+]' before ':='", 2, 3),
        ("2 := c", "where the name of a defined parameter should stand", 2, 1),
    ],
)
def test_refusals(text, message, line, column):
    with pytest.raises(SpecError, match=message) as caught:
        ModelSpec.parse(MODEL + text)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    "text",
    [
        "a == b\nb == a", "a > 0\na < 1", "a > 1\na < 1", "a == 0.1 + 0.2\na == 0.3",
        "a*b == 1\na == 1\nb == 2", "a == b\na == 1", "a^2 == 4\na == 1", "a == b/c",
        "t := a*b\nt == 1\nt == 2*a", "B =~ 1*d*u + 1*d*v",
    ],
)  # fmt: skip
def test_what_is_left_to_the_estimator(text):
    assert ModelSpec.parse(MODEL + text).labels


def test_built_specifications_are_checked_like_text():
    terms = ModelSpec.parse(MODEL).terms
    one, two = (Constraint(Name("a"), "==", Number(value)) for value in (1, 2))
    with pytest.raises(SpecError, match=r"^'a == 2' contradicts 'a == 1'"):
        ModelSpec(terms, constraints=(one, two))
    with pytest.raises(SpecError, match=r"^'q' in 't := q' is not a label"):
        ModelSpec(terms, definitions=(Definition("t", Name("q")),))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constraint(Name("a"), "<=", Name("b")), "'<=' is not one of ==, <, >"),
        (lambda: Definition(" ", Name("b")), "':=' needs a name on its left"),
        (lambda: Term("x", "~1", "y"), "intercept of 'x' has no right side"),
        (lambda: Term("x", "~", "y", label=" "), "has an empty label"),
    ],
)
def test_a_statement_checks_itself(make, message):
    with pytest.raises(SpecError, match=message):
        make()
