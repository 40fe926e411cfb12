"""The model language: what it reads, what it refuses and where it points, the round trip."""

from __future__ import annotations

import pytest

from tcsmodel.errors import SpecError
from tcsmodel.spec.model import ModelSpec, Modifiers, Op, Term


def parse_terms(text):
    return ModelSpec.parse(text).terms


def read(text):
    return [(t.lhs, str(t.op), t.rhs) for t in parse_terms(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A =~ x1 + x2", [("A", "=~", "x1"), ("A", "=~", "x2")]),
        ("A<~x1+x2", [("A", "<~", "x1"), ("A", "<~", "x2")]),
        ("B ~ A; x1 ~~ x2", [("B", "~", "A"), ("x1", "~~", "x2")]),
        ("A =~ x1 +\n\n  x2 # items\n  + x3\nB ~\n A", [
            ("A", "=~", "x1"), ("A", "=~", "x2"), ("A", "=~", "x3"), ("B", "~", "A"),
        ]),
        ("# nothing here\n! nor here\nA =~ x1 ! the first\n;;\n", [("A", "=~", "x1")]),
        ("A + B ~ C + D", [("A", "~", "C"), ("A", "~", "D"), ("B", "~", "C"), ("B", "~", "D")]),
        ("A + B =~ x", [("A", "=~", "x"), ("B", "=~", "x")]),
        ('"Q1 - overall" =~ "a + b" + \'it is\'', [
            ("Q1 - overall", "=~", "a + b"), ("Q1 - overall", "=~", "it is"),
        ]),
        ("满意度 =~ 质量.1 + प्रश्न", [("满意度", "=~", "质量.1"), ("满意度", "=~", "प्रश्न")]),
        ("A =~ x.1 + .y + _z", [("A", "=~", "x.1"), ("A", "=~", ".y"), ("A", "=~", "_z")]),
        ("\ufeffA =~ NA + start + c", [("A", "=~", "NA"), ("A", "=~", "start"), ("A", "=~", "c")]),
        (r'A =~ "say \"hi\" \\ \u4f60"', [("A", "=~", 'say "hi" \\ 你')]),
        ("A =~ x1\r\nB =~ x2", [("A", "=~", "x1"), ("B", "=~", "x2")]),
    ],
)  # fmt: skip
def test_statements(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    ("modifier", "expected"),
    [
        ("0.5*", {"fixed": 0.5}),
        ("-1.5e-1 *", {"fixed": -0.15}),
        ("a*", {"label": "a"}),
        ('"my label"*', {"label": "my label"}),
        ('label("a")*', {"label": "a"}),
        ("NA*", {"free": True}),
        ('"NA"*', {"label": "NA"}),
        ("start(0.5)*", {"start": 0.5}),
        ("start(-.5)*a*", {"start": -0.5, "label": "a"}),
        ("0*a*", {"fixed": 0.0, "label": "a"}),
        ("NA*start(2)*b*", {"free": True, "start": 2.0, "label": "b"}),
    ],
)
def test_modifiers(modifier, expected):
    assert parse_terms(f"A =~ {modifier}x") == (Term("A", Op.REFLECTIVE, "x", **expected),)


def test_modifiers_given_one_at_a_time_belong_to_one_term():
    terms = parse_terms("A =~ x + y + a*x + start(0.5)*x")
    assert terms == (
        Term("A", Op.REFLECTIVE, "x", label="a", start=0.5),
        Term("A", Op.REFLECTIVE, "y"),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x ~ 1", [Term("x", "~1", "")]),
        ("x + f ~ 1", [Term("x", "~1", ""), Term("f", "~1", "")]),
        ("y ~ x + 0.2*1 + a*z", [
            Term("y", "~", "x"), Term("y", "~1", "", fixed=0.2), Term("y", "~", "z", label="a"),
        ]),
        ("y ~ NA*1 + m*1", [Term("y", "~1", "", free=True, label="m")]),
        ("x | t1 + k*t2", [Term("x", "|", "t1"), Term("x", "|", "t2", label="k")]),
        ("A =~ lower(0)*upper(.9)*start(0.5)*x", [
            Term("A", "=~", "x", lower=0.0, upper=0.9, start=0.5),
        ]),
    ],
)  # fmt: skip
def test_intercepts_thresholds_and_bounds(text, expected):
    assert parse_terms(text) == tuple(expected)


@pytest.mark.parametrize(
    ("modifier", "groups"),
    [
        ("c(a, b)*", ({"label": "a"}, {"label": "b"})),
        ('c("a", "a")*', ({"label": "a"}, {"label": "a"})),
        ("c(NA, b)*", ({}, {"label": "b"})),
        ("c(1, NA)*", ({"fixed": 1.0}, {"free": True})),
        ("c(NA, NA)*", ({"free": True}, {"free": True})),
        ("c(-0.5, 1)*", ({"fixed": -0.5}, {"fixed": 1.0})),
        ("start(c(1, NA))*", ({"start": 1.0}, {})),
        ("start(2)*c(a,\nb\n)*", ({"label": "a", "start": 2.0}, {"label": "b", "start": 2.0})),
        ("NA*c(a, b)*", ({"label": "a", "free": True}, {"label": "b", "free": True})),
        ("c(1, NA)*lower(c(NA, 0))*", ({"fixed": 1.0}, {"free": True, "lower": 0.0})),
        ("c(NA, 1, NA)*k*", (
            {"free": True, "label": "k"}, {"fixed": 1.0, "label": "k"},
            {"free": True, "label": "k"},
        )),
    ],
)  # fmt: skip
def test_modifiers_by_group(modifier, groups):
    spec = ModelSpec.parse(f"A =~ {modifier}x + y")
    first, second = spec.terms
    assert first.groups == tuple(Modifiers(**group) for group in groups)
    assert spec.n_groups == len(groups)
    assert first.in_group(1) == Term("A", "=~", "x", **groups[1])
    assert second.in_group(1) is second
    assert ModelSpec.parse(str(spec)) == spec


def test_groups_are_free_where_another_is_fixed():
    built = Term("A", "=~", "x", groups=(Modifiers(fixed=1.0), Modifiers(label="b")))
    assert built.groups[1] == Modifiers(label="b", free=True)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('A =~ x + equal("A =~ x")*y', ("A=~x", "A=~x")),
        ('A =~ equal("A =~ y")*x + k*y', ("k", "k")),
        ("A =~ k*x + equal('A=~x')*y", ("k", "k")),
        ('A =~ x + equal("A =~ x")*y + equal("A =~ y")*z', ("A=~x",) * 3),
        ('A =~ x + equal("A =~ z")*y + equal("A =~ x")*z', ("A=~z",) * 3),
        ('x ~~ y\ny ~~ equal("y ~~ x")*z', ("x~~y", "x~~y")),
        ('x ~ 1\ny ~ equal("x ~ 1")*1', ("x~1", "x~1")),
    ],
)
def test_equal_gives_both_parameters_one_label(text, labels):
    spec = ModelSpec.parse(text)
    assert tuple(term.label for term in spec.terms) == labels
    assert ModelSpec.parse(str(spec)) == spec


@pytest.mark.parametrize(
    ("text", "named", "line", "column"),
    [
        ("x ~*~ 1*x", "~*~", 1, 3),
        ("A % B", "%", 1, 3),
        ("group: 1\nA =~ x", ":", 1, 6),
        ("y =~ a:b", "Only paths", 1, 7),
        ("y ~ a:", "second factor", 1, 6),
        ("y ~ a:b:c", "two factors", 1, 8),
        ("y ~ a:b + b:a", "stated twice", 1, 11),
        ("a:b ~ y", ":", 1, 2),
        ('efa("b")*f1 + f2 =~ x', "efa()", 1, 1),
        ("A =~ x + prior(1)*y", "prior()", 1, 10),
        ("A =~ rv(a)*x", "rv()", 1, 6),
        ("A =~ 0.5?x", "start(0.5)*x", 1, 9),
        ("y ~ x\ny ~ 0", "x ~ 0*1", 2, 5),
    ],
)
def test_what_is_not_part_of_the_language_is_named_in_its_place(text, named, line, column):
    with pytest.raises(SpecError, match=f"line {line}: ") as caught:
        ModelSpec.parse(text)
    assert named in str(caught.value).splitlines()[0]
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("operator", "meant"),
    [
        ("~=", "=~"), ("==~", "=~"), ("=~~", "=~"), ("~~~", "~~"), ("~<", "<~"), ("===", "=="),
        ("=:", ":="), ("::=", ":="), ("<=", "<"), (">=", ">"), ("=>", ">"), (">>", ">"),
    ],
)  # fmt: skip
def test_a_typo_in_an_operator(operator, meant):
    with pytest.raises(SpecError, match=f"'{operator}' is not an operator. Did you mean") as caught:
        ModelSpec.parse(f"A =~ a*x + y\na {operator} 2")
    assert f"Did you mean '{meant}'?" in str(caught.value)
    assert ("includes equality" in str(caught.value)) == (operator in ("<=", ">=", "=>"))
    assert (caught.value.line, caught.value.column) == (2, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A =~ x & y", "Unexpected character '&'"),
        ("A =~ x - y", "Unexpected '-' after a term.* quote names"),
        ("A =~ x y", "Unexpected 'y' after a term.* Join terms with [+]"),
        ("A =~ x B =~ y", "Unexpected 'B' after a term"),
        ("A =~ Q1 (all)", r"Unexpected '\(' after 'Q1'"),
        ("A =~", "'=~' needs at least one name on its right"),
        ("A =~ x +", "'=~' needs at least one name on its right"),
        ("A ~ B ~ C", "Unexpected '~' after a term.* new line"),
        ("A x", "no operator.* =~, <~, ~, ~~"),
        ("A = x", "'=' is not an operator; items are written with '=~'"),
        ("=~ x", "Unexpected '=~' where a name should stand on the left"),
        ("A B =~ x", "Unexpected 'B' before '=~'"),
        ("a*A =~ x", "on the right side only"),
        ("A =~ * x", "Unexpected '[*]' where a name should stand on the right"),
        ("A =~ 1", "Unexpected '1' where a name should stand"),
        ("A =~ 3G", 'begins with a digit needs quotes.* "3G quality"'),
        ("A =~ 0.5x", "a value needs a star"),
        ('A =~ "x', "quote is not closed"),
        ('A =~ " "', "quoted name is empty"),
        (r'A =~ "C:\data"', r"'\\d' is not an escape"),
        ("A =~ “x”", "Use straight quotes"),
        ("A =~ x ＋ y", "half-width '[+]'"),
        ("A =~ 1e999*x", "too large a number"),
        ("A =~ start(x)*y", "Unexpected 'x' where a number should stand"),
        ("A =~ start(1*y", r"should close start\(\)"),
        ("A =~ label(1)*y", "where the label should stand"),
        ("A =~ start(1) y", "should follow a modifier"),
        ("A =~ x + x", "'x' stands twice"),
        ("A =~ 2*3*x", "one value of each kind"),
        ("A =~ a*x + b*x", "one value of each kind"),
        ("A =~ NA*2*x", "fixed to 2 and freed at once"),
        ("A =~ x :| y", "':[|]' is not an operator. Use one of =~, <~, ~, ~~, [|], :=, ==, <, >"),
        ("A =~ lower(1)*upper(0)*x", "lower bound of 1 above its upper bound of 0"),
        ("A =~ lower(1)*start(0)*x", "starts at 0, outside its bounds"),
        ("A =~ 1*lower(0)*x", "fixed to 1 and bounded at once"),
        ("x | cut", "thresholds are named t1, t2, .* not 'cut'"),
        ("A =~ x\nA | t1", "line 2: .*'A' is a construct, and thresholds belong to items"),
        ("x ~ 1 + 1", "'1' stands twice"),
        ("x ~ 1\nx ~ 2*1", "line 2: 'x ~ 1' is stated twice"),
        ("A =~ c(1)*x", r"c\(\) takes one value for each group, two at least"),
        ("A =~ c(1, a)*x", r"c\(\) takes labels or numbers, not both.*c\(0, NA\)\*c\(a, b\)\*x"),
        ("A =~ c(1, 2*x", r"should close c\(\)"),
        ("A =~ c(a, b)*start(c(1, 2, 3))*x", "same number of groups throughout a term"),
        ("A =~ c(a, b)*x\nA =~ c(a, b, d)*y", "line 2: .*3 groups, but 'A =~ x' about 2"),
        ("A =~ start(c(a, b))*x", r"start\(\) takes numbers"),
        ("A =~ c(1, NA)*start(1)*x", "fixed to 1 and freed at once"),
        ('A =~ x + equal("A =~ q")*y', r"equal\(\) names 'A =~ q', which is no other parameter"),
        ('A =~ equal("A =~ x")*x', "is no other parameter"),
        ("A =~ x + equal(x)*y", r"equal\(\) takes one parameter in quotes"),
        ('A =~ x + equal("A ~~~ x")*y', r"equal\(\) takes one parameter in quotes"),
        ('A =~ x + equal("=~ x")*y', r"equal\(\) takes one parameter in quotes"),
        ('A =~ a*x + b*equal("A =~ x")*y', "without labels of their own"),
        ("A =~ x*y + x", "line 1: Label 'x' of 'A =~ y' is also an item"),
        ("A =~ A*x", "Label 'A' of 'A =~ x' is also a construct"),
        ("y ~ x*z + x", r"x\*z are not interactions"),
        ("A =~ x\nB ~ A\nB ~ A", "line 3: 'B ~ A' is stated twice"),
        ("x ~~ y; y ~~ x", "'y ~~ x' is stated twice"),
        ("A =~ x\nA <~ y", "line 2: Construct 'A' is measured with both"),
        ("A =~ A", "cannot measure itself"),
        ("A =~ B\nB =~ C\nC =~ A", "line 3: Construct 'C' cannot measure itself"),
        ("A ~ A", "path from a construct to itself"),
        ("", "has no statements"),
        ("# only this", "has no statements"),
    ],
)
def test_refusals(text, message):
    with pytest.raises(SpecError, match=message):
        ModelSpec.parse(text)


@pytest.mark.parametrize("text", ["f<-x1", "f =~ x1 + x2\nf <- x4 + x5", "f =~ x1 + x2\ny <-x1"])
def test_an_arrow_is_no_comparison(text):
    with pytest.raises(SpecError, match=r"mean '<~' \(a construct formed by items\) or '~'"):
        ModelSpec.parse(text)


def test_a_label_below_minus_another_is_a_comparison():
    (constraint,) = ModelSpec.parse("f =~ x1 + a*x2 + b*x3\na<-b").constraints
    assert str(constraint) == "a < -b"


@pytest.mark.parametrize("term", ["(1/2)*x2", "sqrt(4)*x2", "1/2*x2", "-(1/2)*x2", "start(1/2)*x2"])
def test_values_are_numbers_not_arithmetic(term):
    with pytest.raises(SpecError, match=r"Write a value as one number: 0\.5\*x"):
        ModelSpec.parse(f"f =~ x1 + {term} + x3")
    with pytest.raises(SpecError, match="Join terms with"):
        ModelSpec.parse("f =~ x1 2*x2")


def test_the_caret_stands_under_the_place():
    with pytest.raises(SpecError) as caught:
        parse_terms("Image =~ i1\n\tValue =~ perv1 & perv2")
    assert str(caught.value).splitlines()[1:] == ["   Value =~ perv1 & perv2", " " * 18 + "^"]


def test_the_caret_is_moved_by_wide_letters():
    with pytest.raises(SpecError) as caught:
        parse_terms("满意 =~ a & b")
    assert str(caught.value).splitlines()[2] == "  　　      ^"


def test_text_must_be_text():
    with pytest.raises(SpecError, match="must be a string, not list"):
        ModelSpec.parse(["A =~ x"])


def test_model_text_is_never_evaluated():
    with pytest.raises(SpecError, match=r"Unexpected '\('"):
        parse_terms("A =~ __import__('os').system('true')*x")


def test_neighbors_share_a_line():
    text = (
        'A =~ 1*x + a*y + "z z"\nB =~ w\nB ~ A\nB ~ 1\nx ~~ 0.5*y\nx | t1 + t2\n'
        "twice := 2 * a\na > 0"
    )
    assert str(ModelSpec.parse(text)) == text
