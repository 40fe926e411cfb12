"""Arithmetic of the model language: precedence, places, refusals, postfix programs."""

from __future__ import annotations

import pytest

from tcsmodel.errors import SpecError
from tcsmodel.spec.expression import (
    Binary,
    Call,
    Name,
    Number,
    Unary,
    names,
    parse_expression,
    postfix,
    walk,
)
from tcsmodel.spec.model import ModelSpec
from tcsmodel.spec.programs import programs
from tcsmodel.spec.tokens import tokens

A, B, C = Name("a"), Name("b"), Name("c")


def parse(text):
    return parse_expression(list(tokens(text)), text)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b * c", Binary("+", A, Binary("*", B, C))),
        ("a - b - c", Binary("-", Binary("-", A, B), C)),
        ("a / b * c", Binary("*", Binary("/", A, B), C)),
        ("a^b^c", Binary("^", A, Binary("^", B, C))),
        ("-a^b", Unary(Binary("^", A, B))),
        ("-a * b", Binary("*", Unary(A), B)),
        ("a^-b", Binary("^", A, Unary(B))),
        ("a * -b", Binary("*", A, Unary(B))),
        ("(a + b) * c", Binary("*", Binary("+", A, B), C)),
        ("a - (b - c)", Binary("-", A, Binary("-", B, C))),
        ("(a^b)^c", Binary("^", Binary("^", A, B), C)),
        ("(-a)^b", Binary("^", Unary(A), B)),
        ("sqrt(a + 0.5)", Call("sqrt", Binary("+", A, Number(0.5)))),
        ("exp + exp(exp)", Binary("+", Name("exp"), Call("exp", Name("exp")))),
        ('"my label" * 1e-05', Binary("*", Name("my label"), Number(1e-5))),
    ],
)
def test_trees_and_their_text(text, tree):
    assert parse(text) == tree
    assert str(tree) == text


@pytest.mark.parametrize(
    ("text", "written"), [("+a", "a"), ("--a", "--a"), ("((a))", "a"), ("2*(a*b)", "2 * (a * b)")]
)
def test_what_is_written_shorter(text, written):
    assert str(parse(text)) == written


def test_nodes_know_their_place_and_compare_without_it():
    spec = ModelSpec.parse("y ~ a*x + b*z\nd := a +\n log(b)")
    tree = spec.definitions[0].expression
    assert [(node.line, node.column) for node in walk(tree)] == [(2, 6), (2, 8), (3, 2), (3, 6)]
    assert tree == Binary("+", A, Call("log", B))
    assert names(tree) == (A, B)


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("a +", "ends where a label or number should stand", 3),
        ("a b", "Unexpected 'b' where an operator such as", 3),
        ("2 a", "Unexpected 'a' where an operator such as", 3),
        ("(a + b", "This parenthesis is not closed", 1),
        ("a)", "Unexpected '[)]'", 2),
        ("a * / b", "Unexpected '/' where a label", 5),
        (
            "logg(a)",
            r"logg\(\) is not one of the functions exp, log, sqrt, abs. Did you mean 'log",
            1,
        ),
        ("system(a)", r"system\(\) is not one of the functions", 1),
        ("exp()", "Unexpected '[)]' where a label", 5),
        ("a, b", "Unexpected ','", 2),
        ("1e999", "too large a number", 1),
        ("-" * 40 + "a", "nested too deeply", 31),
        ("(" * 40 + "a" + ")" * 40, "nested too deeply", 31),
        ("a" + " + a" * 200, "too long", 1),
    ],
)
def test_refusals(text, message, column):
    with pytest.raises(SpecError, match=message) as caught:
        parse(text)
    assert caught.value.column == column


def test_the_longest_expression_is_still_handled():
    tree = parse("a" + " + a" * 149)
    assert parse(str(tree)) == tree
    assert len(postfix(tree, {"a": 0})) == 299


@pytest.mark.parametrize(
    "make",
    [
        lambda: Number(-1.0), lambda: Number(float("inf")), lambda: Binary("%", A, B),
        lambda: Call("sin", A),
    ],
)  # fmt: skip
def test_a_node_checks_itself(make):
    with pytest.raises(SpecError, match="not"):
        make()


def test_postfix_takes_parameters_constants_and_results():
    program = postfix(parse("-a * b^2 + exp(c)"), {"a": 4}, constants={"b": 0.5}, results={"c": 1})
    assert program == (
        ("parameter", 4), ("negate", 0), ("number", 0.5), ("number", 2.0), ("^", 0), ("*", 0),
        ("result", 1), ("exp", 0), ("+", 0),
    )  # fmt: skip
    with pytest.raises(SpecError, match="'b' in 'a - b' is not a label of the model"):
        postfix(parse("a - b"), {"a": 0})


def test_programs_put_definitions_first_and_orient_inequalities():
    spec = ModelSpec.parse("y ~ a*x + b*z; a < b; t := a*b; t == 1; t > a")
    ready = programs(spec, {"a": 0}, {"b": 2.0})
    a, b, t = ("parameter", 0), ("number", 2.0), ("result", 0)
    assert ready.definitions == ((a, b, ("*", 0)),)
    assert ready.equalities == ((t, ("number", 1.0), ("-", 0)),)
    assert ready.inequalities == ((b, a, ("-", 0)), (t, a, ("-", 0)))
    assert ready.all == (*ready.definitions, *ready.equalities, *ready.inequalities)
