"""Survey weights in models of groups: a group has the errors that it has by itself."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.models.cfa import CFA
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

OPTIONS = [
    {"estimator": "mlr"},
    {"estimator": "mlm"},
    {"estimator": "mlr", "missing": "fiml"},
    {"estimator": "wls"},
    {"estimator": "wlsmv"},
    {"estimator": "ulsmv"},
    {"ordered": True},
    {"ordered": True, "estimator": "ulsmv"},
    {"ordered": ["x1", "x2"]},
]


@pytest.fixture(scope="module")
def answers(hs_frame):
    """Answers in four categories, and weights by which the smaller school counts for more."""
    items = [f"x{j}" for j in range(1, 7)]
    ranks = hs_frame[items].rank(pct=True, method="first")
    frame = np.ceil(4 * ranks).assign(school=hs_frame["school"])
    unequal = 1.0 + np.arange(len(frame)) % 3
    return frame.assign(w=np.where(frame["school"] == "Pasteur", unequal, 4 * unequal))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_group_has_the_errors_that_it_has_alone(answers, options):
    spec = ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6")
    survey = Survey(answers, items=list(spec.items), weight="w")
    together = CFA(spec, group="school", **options).fit(survey).estimates
    for school in ("Pasteur", "Grant-White"):
        part = survey.where(lambda data, school=school: data["school"] == school)
        alone = CFA(spec, meanstructure=True, **options).fit(part).estimates
        own = together[together["group"] == school]
        assert_allclose(own["estimate"], alone["estimate"], atol=1e-6)
        assert_allclose(own["se"], alone["se"], rtol=1e-5)
