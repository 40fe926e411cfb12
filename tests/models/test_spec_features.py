"""What the language can say and an estimator cannot do yet is refused by its operator."""

from __future__ import annotations

import pytest

from tcsmodel.errors import SpecError
from tcsmodel.models.path_model import PathModel
from tcsmodel.models.simulation import population
from tcsmodel.spec.features import Feature, features, refuse_features
from tcsmodel.spec.model import ModelSpec
from tcsmodel.spec.parameters import KNOWN, parameter_table

MODEL = "A =~ a*a1 + b*a2 + a3\nB =~ b1 + b2 + b3\nB ~ p*A\n"
USES = {
    Feature.INTERCEPT: ("a1 ~ 1", "~1", "'a1 ~ 1'"),
    Feature.THRESHOLD: ("a1 | t1 + t2", "|", "'a1 | t1'"),
    Feature.EQUALITY: ("a == 2*b", "==", "'a == 2 * b'"),
    Feature.LESS: ("a < 1", "<", "'a < 1'"),
    Feature.GREATER: ("a > 0", ">", "'a > 0'"),
    Feature.DEFINITION: ("twice := 2*a", ":=", "'twice := 2 * a'"),
    Feature.GROUPS: ("C =~ c(k, m)*c1 + c2 + c3\nC ~ A", "c()", "'C =~ c1'"),
    Feature.LOWER: ("C =~ lower(0)*c1 + c2 + c3\nC ~ A", "lower()", "'C =~ c1'"),
    Feature.PRODUCT: ("B ~ A:A", ":", "'B ~ A:A'"),
    Feature.UPPER: ("C =~ upper(2)*c1 + c2 + c3\nC ~ A", "upper()", "'C =~ c1'"),
}


def pls(spec):
    PathModel.of(spec, {})


def table(spec):
    parameter_table(spec, groups=("one", "two")[: spec.n_groups or 1])


def cfa(spec):
    table(spec.measurement())


@pytest.mark.parametrize("feature", Feature)
@pytest.mark.parametrize(
    ("fit", "by", "known"),
    [
        (table, "CFA and SEM", KNOWN),
        (cfa, "CFA and SEM", (*KNOWN, Feature.PRODUCT)),
        (pls, "PLS", (Feature.INTERCEPT, Feature.DEFINITION, Feature.PRODUCT)),
        (population, r"simulate\(\) and power\(\)", (Feature.DEFINITION,)),
    ],
)
def test_each_estimator_names_what_it_lacks(fit, by, known, feature):
    text, operator, statement = USES[feature]
    spec = ModelSpec.parse(MODEL + text)
    if feature in known:
        fit(spec)
        return
    with pytest.raises(SpecError, match=f"no estimator in {by} yet: ") as caught:
        fit(spec)
    assert operator in str(caught.value)
    assert statement in str(caught.value)


@pytest.mark.parametrize("feature", Feature)
def test_a_feature_that_becomes_known_passes(feature):
    spec = ModelSpec.parse(MODEL + USES[feature][0])
    assert {found for found, _ in features(spec)} == {feature}
    refuse_features(spec, "SEM", known=(feature,))
    with pytest.raises(SpecError, match="have no estimator in SEM yet"):
        refuse_features(spec, "SEM", known=set(Feature) - {feature})


def test_plain_models_pass():
    spec = ModelSpec.parse(MODEL + "a1 ~~ 0.5*a2; b1 ~~ NA*start(1)*b1")
    assert list(features(spec)) == []
    refuse_features(spec, "SEM")
