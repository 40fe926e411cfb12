"""`ModelSpec`: what is read off the terms."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from tcsmodel.errors import SpecError
from tcsmodel.spec.model import Construct, ModelSpec, Op, Path, Term

TEXT = """
General =~ Image + Value
Image =~ i1 + i2
Value <~ v1 + v2
Loyalty =~ l1
Loyalty ~ General + age
i1 ~~ i2
Image ~~ Loyalty
"""


@pytest.fixture(scope="module")
def spec():
    return ModelSpec.parse(TEXT)


def test_constructs_items_and_paths(spec):
    assert spec.constructs == (
        Construct("General", ("Image", "Value")),
        Construct("Image", ("i1", "i2")),
        Construct("Value", ("v1", "v2"), composite=True),
        Construct("Loyalty", ("l1",)),
    )
    assert spec.items == ("i1", "i2", "v1", "v2", "l1", "age")
    assert spec.paths == (Path("General", "Loyalty"), Path("age", "Loyalty"))
    assert repr(spec) == "ModelSpec(4 constructs, 6 items, 2 paths)"


def test_measurement_keeps_only_what_is_about_items(spec):
    assert str(spec.measurement()).splitlines() == [
        "General =~ Image + Value",
        "Image =~ i1 + i2",
        "Value <~ v1 + v2",
        "Loyalty =~ l1",
        "i1 ~~ i2",
    ]


def test_antecedents_are_all_with_a_directed_way():
    spec = ModelSpec.parse("A =~ a; B =~ b; C =~ c; D =~ d; B ~ A; C ~ B; D ~ C; A ~ D")
    assert spec.antecedents("C") == ("A", "B", "D")
    assert ModelSpec.parse("A =~ a; B =~ b; B ~ A").antecedents("A") == ()


def test_an_unknown_construct_gets_a_suggestion(spec):
    with pytest.raises(SpecError, match=r"no construct 'Loyality'.*Did you mean 'Loyalty'\?"):
        spec.construct("Loyality")
    assert spec.construct("Value").composite


def test_it_is_a_value(spec):
    assert spec == ModelSpec.parse(TEXT)
    assert hash(spec) == hash(ModelSpec.parse(TEXT))
    assert spec != spec.measurement()
    with pytest.raises(FrozenInstanceError):
        spec.terms = ()


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ({"lhs": "", "op": "=~", "rhs": "x"}, "needs a name on each side, not ''"),
        ({"lhs": "A", "op": "=~", "rhs": 3}, "needs a name on each side, not 3"),
        ({"lhs": "A", "op": "=", "rhs": "x"}, "'=' is not one of =~, <~, ~, ~~"),
        ({"lhs": "A", "op": "=~", "rhs": "x", "fixed": float("nan")}, "give a finite number"),
        ({"lhs": "A", "op": "=~", "rhs": "x", "fixed": 1, "start": 2}, "freed at once"),
    ],
)
def test_a_term_checks_itself(term, message):
    with pytest.raises(SpecError, match=message):
        Term(**term)


def test_a_term_takes_its_operator_as_text():
    assert Term("A", "=~", "x").op is Op.REFLECTIVE
