"""The builder and the library make the same specification as model text."""

from __future__ import annotations

import pytest

from tcsmodel import datasets
from tcsmodel.errors import SpecError
from tcsmodel.spec.build import bifactor, composite, covariances, items, paths, reflective, single
from tcsmodel.spec.library import acsi, ecsi
from tcsmodel.spec.model import ModelSpec

ACSI = """
Expectation =~ CUEX1 + CUEX2 + CUEX3
Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
Value =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Complaints =~ CUSCO
Loyalty =~ CUSL1 + CUSL2 + CUSL3
Quality ~ Expectation
Value ~ Expectation + Quality
Satisfaction ~ Expectation + Quality + Value
Complaints ~ Satisfaction
Loyalty ~ Satisfaction + Complaints
"""
ECSI = """
Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
Expectation =~ CUEX1 + CUEX2 + CUEX3
Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
Value =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Complaints =~ CUSCO
Loyalty =~ CUSL1 + CUSL2 + CUSL3
Expectation ~ Image
Quality ~ Expectation
Value ~ Expectation + Quality
Satisfaction ~ Image + Expectation + Quality + Value
Complaints ~ Satisfaction
Loyalty ~ Image + Satisfaction + Complaints
"""

OWN = {name: [f"{name} q{i}" for i in (1, 2)] for name in acsi().construct_names}


def test_parts_make_the_model_of_the_text():
    built = ModelSpec.of(
        reflective("Image", items("imag", 1, 2)),
        composite("Value", ["v1", "Q2 - worth it?"]),
        single("Complaints", "cusco"),
        paths(["Image", "Value"], "Complaints"),
    )
    assert built == ModelSpec.parse(
        'Image =~ imag1 + imag2\nValue <~ v1 + "Q2 - worth it?"\nComplaints =~ cusco\n'
        "Complaints ~ Image + Value"
    )
    assert ModelSpec.parse(str(built)) == built


def test_covariances_are_of_all_pairs():
    with pytest.raises(SpecError, match=r"needs two names or more, not x1\."):
        covariances("x1")
    built = ModelSpec.of(reflective("f", items("x", 1, 4)), covariances(items("x", 1, 3)))
    assert built == ModelSpec.parse("f =~ x1+x2+x3+x4\nx1 ~~ x2\nx1 ~~ x3\nx2 ~~ x3")


def test_constructs_of_a_bifactor_model_do_not_correlate():
    built = ModelSpec.of(bifactor("g", {"a": ["x1", "x2"], "b": ["x3", "x4", "x2"]}))
    assert built.construct("g").items == ("x1", "x2", "x3", "x4")
    fixed = [(t.lhs, t.rhs, t.fixed) for t in built.terms if t.op == "~~"]
    assert fixed == [("g", "a", 0.0), ("g", "b", 0.0), ("a", "b", 0.0)]
    with pytest.raises(SpecError, match="Construct 'a' has no items"):
        bifactor("g", {"a": []})


def test_items_count_both_ends():
    assert items("q", 9, 11) == ("q9", "q10", "q11")
    assert items("q", 3, 3) == ("q3",)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: items("q", 3, 1), "names no items; swap the numbers"),
        (lambda: reflective("Image", []), "Construct 'Image' has no items"),
        (lambda: composite("Image", "imag1"), r"give a list.*single\('Image', 'imag1'\)"),
        (lambda: paths([], "Image"), "at least one source and one target"),
        (lambda: paths("Image", []), "at least one source and one target"),
        (lambda: ModelSpec.of(), "no statements"),
        (lambda: ModelSpec.of(paths("A", "B"), paths("A", "B")), "'B ~ A' is stated twice"),
        (lambda: ecsi({"Imagee": ["a"]}), r"not a construct of ecsi\(\).*Did you mean 'Image'\?"),
        (lambda: acsi({"Image": ["a"]}), r"'Image' is not a construct of acsi\(\)"),
        (lambda: acsi({"Quality": ["a"]}), r"Construct 'Expectation' of acsi\(\) has no items"),
        (lambda: acsi({**OWN, "Value": []}), "Construct 'Value' has no items"),
    ],
)  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(SpecError, match=message):
        call()


def test_library_models_are_the_published_ones():
    assert ecsi() == ModelSpec.parse(ECSI)
    assert acsi() == ModelSpec.parse(ACSI)


def test_library_items_are_in_the_bundled_survey():
    assert set(ecsi().items) == set(datasets.mobi().items)


def test_library_with_own_items():
    spec = acsi(OWN)
    assert spec.paths == acsi().paths
    assert spec.construct("Value").items == ("Value q1", "Value q2")
