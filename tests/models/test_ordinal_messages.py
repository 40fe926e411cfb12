"""What ordinal items need, and what is said where it is not there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lavaan_cases import frame

import tcsmodel as tcs
from tcsmodel.errors import DroppedRespondentsWarning, OptionError, SurveyError, TcsError
from tcsmodel.models.cfa import CFA
from tcsmodel.spec.model import ModelSpec

TEXT = "Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4"
SPEC = ModelSpec.parse(TEXT)


@pytest.fixture(scope="module")
def mobi():
    return frame("mobi_ord5")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ordered": ["PERQ9"]}, "PERQ9.*not an item of the model.*Did you mean 'PERQ4'"),
        ({"ordered": True, "estimator": "mlr"}, "'mlr' is for continuous items.*'wlsmv'"),
        ({"ordered": True, "estimator": "gls"}, "'gls' is for continuous items"),
        ({"ordered": True, "missing": "fiml"}, "'fiml' is for continuous items.*'pairwise'"),
        ({"ordered": True, "information": "observed"}, "information= .*Leave it out"),
        ({"ordered": True, "parameterization": "teta"}, "Did you mean 'theta'"),
        ({"parameterization": "theta"}, "'theta' is a choice for ordered items"),
        ({"missing": "pairwise"}, "'pairwise' is for ordered items.*'fiml'"),
        ({"estimator": "wlsm"}, "'wlsm' is for ordered items"),
    ],
)
def test_options_that_do_not_go_together(options, message):
    with pytest.raises(OptionError, match=message):
        CFA(SPEC, **options)


def test_a_reliability_of_an_ordinal_item_is_refused():
    spec = ModelSpec.parse(TEXT + "\nOverall =~ CUSA1")
    with pytest.raises(OptionError, match="reliability= is given for CUSA1, which is ordered"):
        CFA(spec, ordered=True, reliability={"Overall": 0.8})


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda d: d.assign(PERQ1=d["PERQ1"] + 0.5 * (d.index == 3)), {}, "'PERQ1'.*4.5.*whole"),
        (lambda d: d.assign(PERQ1=range(len(d))), {}, "250 categories; at most 15"),
        (lambda d: d.assign(PERQ1=1), {}, "'PERQ1' is constant"),
        (lambda d: d.head(20), {"estimator": "wls"}, r"more respondents \(20\).*'wlsmv'"),
        (
            lambda d: d.assign(g=np.where(d["PERQ1"] == 1, "a", np.resize(["a", "b"], len(d)))),
            {"group": "g"},
            "Nobody in group 'b' gave the answer 1 to 'PERQ1'.*Join categories",
        ),
    ],
)
def test_answers_that_will_not_do(mobi, change, options, message):
    with pytest.raises(SurveyError, match=message):
        CFA(SPEC, ordered=True, **options).fit(change(mobi))


def test_moments_have_no_categories(mobi):
    with pytest.raises(TcsError, match="needs respondents"):
        CFA(SPEC, ordered=True).fit(tcs.Survey(mobi).moments())


def test_pairwise_keeps_whom_listwise_drops(mobi):
    gaps = mobi.mask(np.random.default_rng(1).random(mobi.shape) < 0.05)
    kept = CFA(SPEC, ordered=True, missing="pairwise").fit(gaps)
    with pytest.warns(DroppedRespondentsWarning):
        dropped = CFA(SPEC, ordered=True).fit(gaps)
    assert kept.sample.n > dropped.sample.n


def test_rare_categories_and_impossible_correlations_are_noted(mobi):
    rare = mobi.assign(PERQ1=mobi["PERQ1"].where(mobi.index != 0, 0))
    found = {f.code: f for f in CFA(SPEC, ordered=True).fit(rare).verify()}
    assert found["rare_category"].evidence["count"] == 1
    assert "PERQ1" in found["rare_category"].subjects


def test_replicates_without_a_rare_category_lead_to_joining_it(mobi):
    rare = mobi.assign(PERQ1=mobi["PERQ1"].where(mobi.index != 0, 0))
    drawn = CFA(SPEC, ordered=True).fit(rare).bootstrap(30, seed=1)
    found = {f.code: f for f in drawn.verify()}
    assert "replicates_lost" not in found
    lost = found["replicates_lost_rare"]
    assert lost.evidence["lost"] > 0
    assert "PERQ1" in lost.evidence["items"]
    assert "Join rare categories" in lost.sentence("advice")


def test_items_that_are_all_but_the_same_are_noted():
    rng = np.random.default_rng(3)
    factor = rng.normal(size=300)
    data = pd.DataFrame({k: (factor + rng.normal(size=300) > 0) * 1 for k in "abcd"})
    result = CFA(ModelSpec.parse("f =~ a + b + c + d"), ordered=True).fit(data.assign(b=data["a"]))
    found = {finding.code: finding for finding in result.verify()}
    assert found["extreme_correlation"].subjects == ("a with b",)


def test_models_of_other_items_are_not_compared(mobi):
    first = CFA(SPEC, ordered=True).fit(mobi)
    other = CFA(SPEC, ordered=["PERQ1"], estimator="wlsmv").fit(mobi)
    with pytest.raises(TcsError, match=r"same items for ordinal.*same ordered="):
        first.compare(other)
    plain = CFA(SPEC, ordered=True, estimator="dwls").fit(mobi)
    text = "Quality =~ PERQ1 + a*PERQ2 + a*PERQ3 + PERQ4"
    held = CFA(ModelSpec.parse(text), ordered=True, estimator="dwls").fit(mobi)
    assert plain.compare(held)["p"].isna().all()
