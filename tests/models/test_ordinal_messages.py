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
    assert "empty_cell" not in found


def empty_pairs(data, **options):
    spec = ModelSpec.parse("f =~ " + " + ".join(sorted(set(data) - {"g"})))
    found = {f.code: f for f in CFA(spec, ordered=True, **options).fit(data).verify()}
    return found["empty_cell"].subjects if "empty_cell" in found else ()


def cut(hs_frame):
    items = hs_frame[["x1", "x2", "x3", "x4"]]
    return (items > items.median()).astype(int)


def test_an_empty_cell_of_a_two_by_two_table_is_noted(hs_frame):
    two = cut(hs_frame)
    assert empty_pairs(two) == ()
    implied = two.assign(x2=two["x1"] * two["x2"])
    assert empty_pairs(implied) == ("x1 with x2",)
    other = pd.concat([two.assign(g="whole"), implied.assign(g="filtered")])
    assert empty_pairs(other, group="g") == ("x1 with x2 (filtered)",)
    assert empty_pairs(other.drop(columns="g")) == ()


def test_only_empty_cells_where_answers_were_to_be_expected_are_noted(mobi):
    perceived = mobi[[f"PERQ{k}" for k in range(1, 8)]]
    tables = [pd.crosstab(perceived[a], perceived[b]) for a in perceived for b in perceived]
    assert any((table == 0).any(axis=None) for table in tables)
    assert empty_pairs(perceived) == ()
    never = (mobi["PERQ1"] == 4) & (mobi["PERQ2"] == 4)
    assert empty_pairs(perceived[~never]) == ("PERQ1 with PERQ2",)


def test_models_of_other_items_are_not_compared(mobi):
    first = CFA(SPEC, ordered=True).fit(mobi)
    other = CFA(SPEC, ordered=["PERQ1"], estimator="wlsmv").fit(mobi)
    with pytest.raises(TcsError, match=r"same items for ordinal.*same ordered="):
        first.compare(other)
    plain = CFA(SPEC, ordered=True, estimator="dwls").fit(mobi)
    text = "Quality =~ PERQ1 + a*PERQ2 + a*PERQ3 + PERQ4"
    held = CFA(ModelSpec.parse(text), ordered=True, estimator="dwls").fit(mobi)
    assert plain.compare(held)["p"].isna().all()
