"""`ModelSpec.parse(str(spec)) == spec`, for whatever can be said; any text is read or refused."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tcsmodel.errors import SpecError
from tcsmodel.spec.expression import FUNCTIONS, OPERATORS, Binary, Call, Name, Number, Unary, names
from tcsmodel.spec.model import (
    TWO_SIDED,
    Constraint,
    Definition,
    ModelSpec,
    Modifiers,
    Op,
    Relation,
    Term,
    product_name,
)

words = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8),
    st.sampled_from(["x1", "NA", "start", "c", "满意度", "Q1 - overall", "3G", "a\nb", '"', "\\n"]),
).filter(lambda name: name.strip())
labels = st.sampled_from(["a", "b", "exp", "NA", "c", "start", "一", "f=~x1", "a + b", "t1"])
numbers = st.floats(allow_nan=False, allow_infinity=False)
fixed = st.builds(Modifiers, fixed=numbers, label=st.none() | labels)
free = st.builds(
    Modifiers,
    free=st.booleans(),
    start=st.none() | st.floats(-1, 1),
    lower=st.none() | st.floats(-1e6, -1),
    upper=st.none() | st.floats(1, 1e6),
    label=st.none() | labels,
)
modifiers = fixed | free


@st.composite
def terms(draw):
    op = draw(st.sampled_from([op for op in Op if op is not Op.SCALE]))
    rhs = draw(words) if op in TWO_SIDED else ""
    if op is Op.THRESHOLD:
        rhs = f"t{draw(st.integers(1, 99))}"
    product = (draw(words), draw(words)) if op is Op.REGRESSION and draw(st.booleans()) else ()
    rhs = product_name(*product) if product else rhs
    bare = Term(draw(words), op, rhs, product=product)
    groups = tuple(draw(st.none() | st.lists(modifiers, min_size=2, max_size=3)) or ())
    if any(one.says_something for one in groups):
        return replace(bare, groups=groups)
    return Term(bare.lhs, op, rhs, product=product, **vars(draw(modifiers)))


trees = st.recursive(
    st.builds(Number, numbers.map(abs)) | st.builds(Name, labels),
    lambda inner: st.one_of(
        st.builds(Unary, inner),
        st.builds(Binary, st.sampled_from(OPERATORS), inner, inner),
        st.builds(Call, st.sampled_from(FUNCTIONS), inner),
    ),
    max_leaves=8,
)
statements = st.one_of(
    terms(),
    terms(),
    st.builds(Constraint, trees, st.sampled_from(Relation), trees),
    st.builds(Definition, labels | words, trees),
)


def kept(drawn):
    """Return the statements that agree with those before them, as a specification or None."""
    spec = None
    for statement in sorted(drawn, key=lambda s: not isinstance(s, Term)):
        before = () if spec is None else (spec.terms, spec.definitions, spec.constraints)
        try:
            spec = ModelSpec.of(*before, (statement,))
        except SpecError:
            continue
    return spec


@settings(max_examples=150, deadline=None)
@given(st.lists(statements, min_size=1, max_size=10).map(kept).filter(bool))
def test_specifications(spec):
    again = ModelSpec.parse(str(spec))
    assert again == spec
    assert hash(again) == hash(spec)
    assert str(again) == str(spec)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.builds(Definition, st.just("d"), trees))
def test_expressions(definition):
    measured = [Term("F", Op.REFLECTIVE, f"i{at}", label=name.name) for at, name in
                enumerate(dict.fromkeys(names(definition.expression)))]  # fmt: skip
    try:
        spec = ModelSpec((*measured, Term("F", Op.REFLECTIVE, "z")), definitions=(definition,))
    except SpecError:
        return
    assert ModelSpec.parse(str(spec)) == spec


PIECES = [
    "A", "x", "b", "1", "0.5", "NA", "t1", "a*", "c(a, 1)*", "c(", "start(", "equal(", '"A =~ x"',
    " =~ ", " ~ ", " ~~ ", "<~", "|", " := ", " == ", " < ", ">", "+", "-", "*", "/", "^", "(", ")",
    ",", "?", ":", "%", "=", "!", "#", "\"", "'", "\\", ".", "exp", "\n", ";", " ", "A =~ a*x\n",
]  # fmt: skip


SAMPLE = """A =~ a*x + c(1, NA)*y + equal("A =~ w")*z + w
A ~ 1; B ~ lower(-1)*A
x | t1 + start(.5)*t2
t := -a^2 * (exp(a) - 1)
a < t/3
"""


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(SAMPLE)), st.integers(0, 3), st.just("") | st.sampled_from(PIECES)
        ),
        max_size=3,
    )
)
def test_any_text_is_read_or_refused(edits):
    text = SAMPLE
    for at, length, piece in edits:
        text = text[:at] + piece + text[at + length :]
    try:
        spec = ModelSpec.parse(text)
    except SpecError:
        return
    assert ModelSpec.parse(str(spec)) == spec
