"""Every solution that is not admissible says why."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcsmodel.errors import ImproperSolutionWarning, TcsError
from tcsmodel.models.sem import SEM
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.result import Severity
from tcsmodel.spec.model import ModelSpec

HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
CYCLE = "x7 ~ x1 + x8\nx8 ~ x2 + x7\nx7 ~~ x8"


def improper(text: str, frame: pd.DataFrame, **options: object) -> SEMResult:
    with pytest.warns(ImproperSolutionWarning):
        return SEM(ModelSpec.parse(text), **options).fit(frame)


@pytest.mark.parametrize("options", [{}, {"estimator": "mlr"}, {"group": "school"}])
def test_a_ridge_without_constructs_speaks_of_paths(options, hs_frame):
    result = improper(CYCLE, hs_frame, **options)
    found = {finding.code: str(finding) for finding in result.verify()}
    assert result.status == "ridge"
    assert "-> x" in found["ridge_items"]
    assert "construct" not in found["ridge_items"]
    assert "Leave out a path or covariance" in found["ridge_items"]


@pytest.mark.parametrize("options", [{}, {"group": "school"}])
def test_a_construct_that_covaries_without_a_variance_is_named(options, hs_frame):
    result = improper(f"{HS}\nvisual ~~ 0*visual", hs_frame, **options)
    first = result.verify()[0]
    assert first.code == "covaries_without_variance"
    assert first.sentence("evidence").startswith("It covaries with textual")
    assert first.subjects[0].startswith("visual")


ODD = (
    "visual ~~ 0*visual",
    "speed ~~ 0*speed",
    "visual ~~ 0*textual",
    "speed ~ visual + textual",
    "visual ~ speed",
    "g =~ visual + textual + speed",
    "g =~ x1 + x4 + x7 + x8",
    "x1 ~~ 0*x1",
    "x1 ~~ x4",
    "x1 ~~ x2",
    "x7 ~~ x8\nx8 ~~ x9\nx7 ~~ x9",
    "x7 ~ x8",
    "single =~ x9",
    "visual ~~ a*textual\na == 1.2",
    "visual ~~ b*visual\nb == -0.1",
)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.sets(st.sampled_from(ODD), min_size=1, max_size=3),
    st.sampled_from(["ml", "gls"]),
    st.sampled_from([25, 301]),
)
def test_what_is_not_proper_has_a_problem(hs_frame, added, estimator, n):
    text = "\n".join([HS, *sorted(added)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = SEM(ModelSpec.parse(text), estimator=estimator).fit(hs_frame[:n])
        except TcsError:
            return
    problems = [one for one in result.verify() if one.severity is Severity.PROBLEM]
    assert result.proper or problems
    assert not any("{" in str(one) for one in problems)
