"""The model language: what it reads, what it refuses and where it points, the round trip."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcsmodel.errors import SpecError
from tcsmodel.spec.model import ModelSpec, Op, Term
from tcsmodel.spec.syntax import parse_terms, write_terms


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
    ("text", "named", "line", "column"),
    [
        ("A =~ x\nind := a*b - (c^2)", ":=", 2, 5),
        ("a == b", "==", 1, 3),
        ("a - b*2 < 3", "<", 1, 9),
        ("a > 0", ">", 1, 3),
        ("x | t1 + t2", "|", 1, 3),
        ("x ~*~ 1*x", "~*~", 1, 3),
        ("A % B", "%", 1, 3),
        ("y ~ 1", "~1", 1, 5),
        ("y ~ x + 0.2*1", "~1", 1, 13),
        ("group: 1\nA =~ x", ":", 1, 6),
        ("y ~ a:b", ":", 1, 6),
        ("A =~ c(a, b)*x", "c()", 1, 6),
        ('A =~ x + equal("A=~x")*y', "equal()", 1, 10),
        ('efa("b")*f1 + f2 =~ x', "efa()", 1, 1),
        ("A =~ lower(0)*x", "lower()", 1, 6),
        ("A =~ upper(0)*x", "upper()", 1, 6),
        ("A =~ 0.5?x", "start(0.5)*x", 1, 9),
    ],
)
def test_what_has_no_estimator_is_named_in_its_place(text, named, line, column):
    with pytest.raises(SpecError, match=f"line {line}: ") as caught:
        parse_terms(text)
    assert named in str(caught.value).splitlines()[0]
    assert (caught.value.line, caught.value.column) == (line, column)


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
    text = 'A =~ 1*x + a*y + "z z"\nB =~ w\nB ~ A\nx ~~ 0.5*y'
    assert write_terms(parse_terms(text)) == text


names = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8),
    st.sampled_from(["x1", "NA", "start", "c", "满意度", "Q1 - overall", "3G", "a\nb", '"', "\\n"]),
).filter(lambda name: name.strip())
numbers = st.floats(allow_nan=False, allow_infinity=False)
terms = st.builds(
    Term,
    lhs=names,
    op=st.sampled_from(Op),
    rhs=names,
    fixed=st.none() | numbers,
    label=st.none() | names,
) | st.builds(
    Term,
    lhs=names,
    op=st.sampled_from(Op),
    rhs=names,
    free=st.booleans(),
    start=st.none() | numbers,
    label=st.none() | names,
)


@st.composite
def specs(draw):
    kept: list[Term] = []
    for term in draw(st.lists(terms, min_size=1, max_size=8)):
        try:
            ModelSpec((*kept, term))
        except SpecError:
            continue
        kept.append(term)
    return kept


@settings(max_examples=150, deadline=None)
@given(specs().filter(bool))
def test_round_trip(kept):
    spec = ModelSpec(tuple(kept))
    assert ModelSpec.parse(str(spec)) == spec


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("Ax1 \n;#=~<>:|+*-(),?\"'\\.%!"), max_size=25))
def test_any_text_is_read_or_refused(text):
    try:
        spec = ModelSpec.parse(text)
    except SpecError:
        return
    assert ModelSpec.parse(str(spec)) == spec
