"""What PLS refuses in a specification, in words, and what it only ignores."""

from __future__ import annotations

import numpy as np
import pytest

from tcsmodel.errors import SpecError
from tcsmodel.models.path_model import PathModel
from tcsmodel.models.pls import PLS
from tcsmodel.options import Mode
from tcsmodel.spec.model import ModelSpec, Op, Term

MEASURED = "A =~ a1 + a2\nB =~ b1 + b2\nC =~ c1 + c2\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "B ~ A\nC ~ B\nA ~ C",
            r"The paths form a cycle: (A -> B -> C -> A|B -> C -> A -> B|C -> A -> B -> C)\. .*SEM",
        ),
        ("B ~ A\nA ~ B\nC ~ A", r"cycle: (A -> B -> A|B -> A -> B)\."),
        ("B ~ A\nC ~ B\nA ~~ C", "'A ~~ C' is a covariance, which PLS does not estimate"),
        ("B ~ A\nC ~ B\na1 ~~ b1", r"'a1 ~~ b1' \(items of 'A' and 'B'\) is a covariance"),
        ("B ~ A\nC ~ B\nc1 ~~ c2", r"'c1 ~~ c2' \(items of 'C'\) is a covariance"),
        ("B ~ 0.5*A\nC ~ B", r"'B ~ 0.5\*A' fixes a parameter of 'B'"),
        ("B ~ k*A\nC ~ k*B", r"Label 'k' \(first in 'B ~ k\*A'\) appears 2 times"),
        ("B ~ A", "Construct 'C' has no path.*'C ~ Other'"),
        ("B ~ A\nC ~ complaints", r"'complaints' in 'C ~ complaints' is not a construct.*single\("),
        ("B ~ A\nc1 ~ B", r"'c1' in 'c1 ~ B' is not a construct.*'Myc1 =~ c1'"),
        ("B ~ A\nC ~ b", r"'b' in 'C ~ b' is not a construct.* Did you mean 'B'\?"),
        ("B ~ A\nC ~ B\nG =~ A + B", "'B ~ A': 'A' measures 'G'.*Take 'G' in its"),
        ("B ~ A\nC ~ B\nC ~ 2*1", r"'C ~ 2\*1' fixes a parameter of 'C'"),
        ("B ~ A\nC ~ B + D\nD =~ a1 + d2", "Item 'a1' belongs to 'A' and to 'D'"),
    ],
)
def test_what_pls_does_not_estimate_is_refused(text, message):
    with pytest.raises(SpecError, match=message):
        PLS(ModelSpec.parse(MEASURED + text))


def test_a_fixed_loading_names_its_construct():
    with pytest.raises(SpecError, match=r"'A =~ 1\*a1' fixes a parameter of 'A'.*Remove '1\*'"):
        PLS(ModelSpec.parse("A =~ 1*a1 + a2\nB =~ b1\nB ~ A"))


def test_measurement_alone_is_refused():
    with pytest.raises(SpecError, match="Construct 'A' has no path"):
        PLS(ModelSpec.parse(MEASURED))


def test_labels_and_starting_values_are_listed_not_hidden():
    spec = ModelSpec.parse("A =~ l1*a1 + NA*a2\nB =~ b1 + b2\nB ~ start(0.3)*A")
    assert PLS(spec).model.ignored == (
        "label 'l1' of 'A =~ a1'",
        "free parameter mark 'NA' of 'A =~ a2'",
        "starting value '0.3' of 'B ~ A'",
    )


def test_intercepts_and_defined_parameters_are_listed_not_hidden():
    spec = ModelSpec.parse(f"{MEASURED}B ~ p*A\nC ~ q*B\na1 ~ 1\nindirect := p*q")
    assert PLS(spec).model.ignored == (
        "label 'p' of 'B ~ A'",
        "label 'q' of 'C ~ B'",
        "intercept 'a1 ~ 1'",
        "defined parameter 'indirect := p * q'",
    )


def test_arrays_follow_the_specification():
    spec = ModelSpec(
        (
            Term("B", Op.COMPOSITE, "b1"),
            Term("B", Op.COMPOSITE, "b2"),
            Term("A", Op.REFLECTIVE, "a1"),
            Term("C", Op.REFLECTIVE, "c1"),
            Term("C", Op.REGRESSION, "B"),
            Term("B", Op.REGRESSION, "A"),
        )
    )
    model = PathModel.of(spec, {"C": Mode.B})
    assert model.constructs == ("B", "A", "C")
    assert model.items == ("b1", "b2", "a1", "c1")
    assert model.block.tolist() == [0, 0, 1, 2]
    assert model.mode_b.tolist() == [True, False, True]
    assert model.written == ((0, 2), (1, 0))
    assert model.sources(0) == ("A",)
    assert np.argwhere(model.ways).tolist() == [[0, 2], [1, 0], [1, 2]]
    assert np.argwhere(model.detours).tolist() == [[1, 2]]
