"""Screening: descriptives against psych, and each suspicion on data made to deserve it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_files import expected
from numpy.testing import assert_allclose
from tolerances import CLOSED_FORM

from tcsmodel import datasets
from tcsmodel.errors import SurveyError
from tcsmodel.result import Severity
from tcsmodel.spec.library import ecsi
from tcsmodel.survey.moments import Moments
from tcsmodel.survey.screening import factorability, screening
from tcsmodel.survey.survey import Survey

HS_ITEMS = [f"x{i}" for i in range(1, 10)]


def found(screened, code):
    return [finding for finding in screened.findings if finding.code == code]


def subjects(screened, code):
    return [finding.subjects for finding in found(screened, code)]


@pytest.fixture(scope="module")
def mobi():
    return datasets.mobi()


@pytest.mark.parametrize(
    ("case", "fixture", "items"),
    [("A_adequacy_mobi", "mobi_frame", None), ("A_adequacy_HS1939", "hs_frame", HS_ITEMS)],
)
class TestAgainstPsych:
    def test_descriptives(self, case, fixture, items, request):
        survey = Survey(request.getfixturevalue(fixture), items=items)
        theirs = expected(case)["describe"]
        ours = screening(survey).items
        for column in ("n", "mean", "sd", "median", "min", "max", "skew", "kurtosis"):
            assert_allclose(ours[column], theirs[column], rtol=CLOSED_FORM)

    def test_adequacy(self, case, fixture, items, request):
        ours = factorability(request.getfixturevalue(fixture), items)
        theirs = expected(case)
        assert_allclose(ours.kmo, theirs["KMO"]["MSA"], rtol=CLOSED_FORM)
        each = [theirs["KMO"]["MSAi"][name] for name in ours.kmo_items.index]
        assert_allclose(ours.kmo_items, each, rtol=CLOSED_FORM)
        assert_allclose(ours.bartlett_chi2, theirs["bartlett"]["chisq"], rtol=CLOSED_FORM)
        assert ours.bartlett_df == theirs["bartlett"]["df"]
        assert_allclose(ours.bartlett_p, theirs["bartlett"]["p.value"], rtol=CLOSED_FORM)
        assert_allclose(ours.eigenvalues, theirs["eigenvalues"], rtol=CLOSED_FORM)


def test_the_known_figures_of_mobi(mobi):
    ours = factorability(mobi)
    assert round(ours.kmo, 6) == 0.923213
    assert round(ours.bartlett_chi2, 2) == 2868.59
    assert not ours.verify()
    assert repr(ours).startswith("Factorability(24 items, n=250, KMO 0.923, Bartlett chi2(276)")


def test_clean_answers_raise_no_suspicion(mobi):
    screened = screening(mobi, ecsi())
    assert {finding.code for finding in screened.findings} == {"straight_lining"}
    assert screened.flags["straight_lining"] == 5
    assert screened.items.loc["CUSA1", "ceiling"] == np.mean(mobi.values(["CUSA1"]) == 10)


def test_weights_are_used_in_the_descriptives(mobi_frame):
    counts = np.arange(250) % 3 + 1
    weighted = screening(Survey(mobi_frame.assign(w=counts), weight="w")).items
    repeated = screening(Survey(mobi_frame.loc[mobi_frame.index.repeat(counts)])).items
    for column in ("mean", "median", "floor", "ceiling", "min", "max"):
        assert_allclose(weighted[column], repeated[column], rtol=1e-12)
    total = counts.sum()
    factor = np.sqrt((total - 1) / total * 250 / 249)
    assert_allclose(weighted["sd"], repeated["sd"] * factor, rtol=1e-12)
    assert (weighted["n"] == 250).all()


def test_factorability_of_integer_weights_is_that_of_repeated_rows(mobi_frame):
    counts = np.arange(250) % 3 + 1
    items = list(mobi_frame.columns)
    weighted = factorability(Survey(mobi_frame.assign(w=counts), items, weight="w"))
    repeated = factorability(Survey(mobi_frame.loc[mobi_frame.index.repeat(counts)]))
    assert weighted.kmo == pytest.approx(repeated.kmo, rel=1e-12)
    assert_allclose(weighted.kmo_items, repeated.kmo_items, rtol=1e-12)


def test_missing_patterns_are_counted():
    nan = np.nan
    frame = pd.DataFrame({"a": [1, nan, 1, nan, 2], "b": [1, 2, 3, 1, 2], "c": [nan, nan, 1, 2, 3]})
    patterns = screening(frame).missing_patterns
    assert patterns["n"].tolist() == [2, 1, 1, 1]
    assert patterns["missing_items"].tolist() == ["", "a", "c", "a, c"]
    assert patterns["n_missing"].tolist() == [0, 1, 1, 2]


@pytest.mark.parametrize("spec", [None, ecsi()], ids=["all items", "by construct"])
@pytest.mark.parametrize(
    "turned",
    [
        ["PERQ3"],
        ["CUSA1"],
        ["PERV1"],
        ["IMAG2", "PERQ3"],
        ["CUSL1", "CUSL3"],
        ["IMAG1", "IMAG2", "IMAG3"],
    ],
)
def test_items_that_were_not_recoded_are_named_and_recoding_restores(mobi_frame, turned, spec):
    frame = mobi_frame.copy()
    frame[turned] = 11 - frame[turned]
    suspected = subjects(screening(Survey(frame, scale=(1, 10)), spec), "reversed_item")
    assert sorted(name for (name,) in suspected) == turned
    recoded = Survey(frame, scale=(1, 10), reverse=turned)
    assert not found(screening(recoded, spec), "reversed_item")
    np.testing.assert_array_equal(recoded.values(), mobi_frame.to_numpy(float))


def test_a_whole_block_that_runs_against_the_rest_is_not_reversed(mobi_frame):
    frame = mobi_frame.copy()
    frame[["PERV1", "PERV2"]] = 11 - frame[["PERV1", "PERV2"]]
    assert not found(screening(Survey(frame), ecsi()), "reversed_item")


def test_direction_is_judged_in_spite_of_gaps(mobi_frame):
    frame = mobi_frame.astype(float).mask(np.random.default_rng(0).random((250, 24)) < 0.2)
    frame["CUSA2"] = 11 - frame["CUSA2"]
    assert subjects(screening(Survey(frame), ecsi()), "reversed_item") == [("CUSA2",)]


def test_what_is_wrong_with_items(mobi_frame):
    frame = mobi_frame.astype(float)
    frame["CUEX1"] = 5.0
    frame["CUEX2"] = np.nan
    frame["PERQ2"] = frame["PERQ1"]
    frame.loc[:40, "IMAG1"] = np.nan
    frame.loc[50:, "PERV1"] = 10
    frame.loc[50:, "PERV2"] = 1
    screened = screening(frame)
    assert subjects(screened, "constant_item") == [("CUEX1",)]
    assert found(screened, "constant_item")[0].evidence == {"value": 5.0, "n": 250}
    assert subjects(screened, "all_missing_item") == [("CUEX2",)]
    assert subjects(screened, "identical_items") == [("PERQ1", "PERQ2")]
    assert subjects(screened, "many_missing") == [("IMAG1",)]
    assert found(screened, "listwise_loss")[0].evidence["count"] == 41
    assert subjects(screened, "ceiling") == [("PERV1",)]
    assert subjects(screened, "floor") == [("PERV2",)]
    severities = [finding.severity for finding in screened.findings]
    assert severities == sorted(severities, key=list(Severity).index)


@pytest.mark.parametrize(
    ("answers", "codes"),
    [
        ([1, 2, 3, 4, 5, 99], "99"),
        ([1, 2, 5, 10, 98, 99], "98, 99"),
        ([1, 2, 3, 4, 5, -1], "-1"),
        ([0, 1, -9, -8], "-9, -8"),
        ([1, 2, 3, 4, 5, 9], "9"),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9], None),
        ([0, 1], None),
        ([1, 9, 10], None),
        ([5, 6, 10], None),
        ([-2, -1, 0, 1, 2], None),
        ([0, 10, 20, 50, 100], None),
        ([1.5, 2.5, 99.0], None),
    ],
)
def test_codes_that_are_no_answers(answers, codes):
    usual = [a for a in answers if codes is None or f"{a}" not in codes.split(", ")]
    values = [*usual * 12, *answers]
    evidence = [f.evidence for f in found(screening(pd.DataFrame({"q": values})), CODES)]
    assert [e["codes"] for e in evidence] == ([codes] if codes else [])
    stated = {"scale": (min(answers), max(answers))} if min(answers) < max(answers) else {}
    assert not found(screening(Survey(pd.DataFrame({"q": values}), **stated)), CODES)


CODES = "outside_likely_scale"


def test_what_is_wrong_with_respondents(mobi_frame):
    frame = mobi_frame.copy()
    frame.loc[:19] = 7
    frame.loc[30] = frame.loc[31]
    frame["who"] = [f"p{i}" for i in range(250)]
    screened = screening(Survey(frame, id="who"))
    straight = found(screened, "straight_lining")[0]
    assert straight.severity is Severity.CAUTION
    assert straight.evidence["count"] == 25
    assert found(screened, "duplicate_respondents")[0].evidence["count"] == 2
    respondents = screened.respondents
    assert respondents.loc[0, "id"] == "p0"
    assert respondents.loc[0, "longstring"] == 24
    assert respondents.loc[0, "irv"] == 0
    assert respondents.loc[0, "duplicates"] == 19
    assert respondents.loc[30, "flag"] == "duplicate"
    assert respondents.loc[0, "flag"] == "straight_lining"


def test_runs_are_of_the_answers_as_given(mobi_frame):
    frame = mobi_frame.copy()
    frame.loc[0] = 7
    turned = Survey(frame, scale=(1, 10), reverse=list(frame.columns[::2]))
    assert screening(turned).respondents.loc[0, "longstring"] == 24
    assert screening(turned).respondents.loc[0, "irv"] == 0


def test_outliers_are_flagged_by_their_distance(mobi):
    respondents = screening(mobi).respondents
    x = mobi.values()
    d = x - x.mean(axis=0)
    distance = np.einsum("ij,jk,ik->i", d, np.linalg.inv(np.cov(x.T)), d)
    assert_allclose(respondents["mahalanobis"], distance, rtol=1e-9)
    flagged = respondents["flag"].str.contains("outlier")
    assert (respondents.loc[flagged, "mahalanobis_p"] < 0.001).all()
    assert flagged.sum() == 16


@pytest.mark.parametrize("n", [1, 2, 5, 24, 60])
def test_few_respondents(mobi_frame, n):
    screened = screening(mobi_frame.head(n))
    finding = found(screened, "few_respondents")[0]
    assert finding.severity is (Severity.PROBLEM if n <= 24 else Severity.CAUTION)
    assert finding.evidence == {"n": n, "items": 24, "needed": 120}
    assert len(screened.respondents) == n
    assert np.isnan(screened.respondents["mahalanobis"]).all() == (n <= 24)


def test_nothing_that_can_be_described_raises():
    frame = pd.DataFrame({"a": [np.nan, np.nan, np.nan], "b": [1, 1, 1], "c": [1.0, 2.0, np.nan]})
    screened = screening(frame, ecsi())
    assert screened.items["n"].tolist() == [0, 3, 2]
    assert len(screened.missing_patterns) == 2
    assert repr(screened).startswith("Screening(3 respondents, 3 items, 44.4% missing")


def test_a_finding_reads_as_a_sentence(mobi_frame):
    frame = mobi_frame.copy()
    frame.loc[:5, "CUSA1"] = 99
    text = screening(frame).summary()
    assert "CUSA1 seems to contain codes that are not answers: 99." in text
    assert "missing_codes=[...]" in text


def test_every_finding_has_its_words(mobi_frame):
    frame = mobi_frame.astype(float)
    frame["CUEX1"], frame["CUEX2"], frame["PERQ2"] = 5.0, np.nan, frame["PERQ1"]
    frame["PERQ3"] = 11 - frame["PERQ3"]
    frame.loc[:40, "IMAG1"], frame.loc[41:45, "CUSA1"] = np.nan, 99
    frame.loc[50:, "PERV1"], frame.loc[50:, "PERV2"] = 10, 1
    frame.loc[60] = frame.loc[61]
    weak = Moments.from_cov([[1, 0.1, 0.1], [0.1, 1, -0.1], [0.1, -0.1, 1]], n=30)
    findings = [*screening(frame).findings, *screening(frame.head(60)).findings]
    findings += factorability(weak).verify()
    codes = {finding.code for finding in findings}
    assert len(codes) == 15, sorted(codes)
    for finding in findings:
        for part in ("finding", "evidence", "meaning", "advice"):
            words = finding.sentence(part)
            assert words.endswith("."), words
            assert "{" not in words


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[["CUSA1"]], "at least 2 items"),
        (lambda x: x.assign(CUSA1=5), "Item 'CUSA1' is constant"),
        (lambda x: x.assign(CUSA1=x["CUSA2"]), "'CUSA1' and 'CUSA2' are perfectly correlated"),
        (lambda x: x.assign(CUSA1=x["CUSA2"] + x["IMAG1"]), "some item is a sum of others"),
        (lambda x: x.head(20), "20 respondents are too few for 24 items"),
    ],
)
def test_factorability_refuses_what_cannot_be_inverted(mobi_frame, change, message):
    with pytest.raises(SurveyError, match=message):
        factorability(change(mobi_frame))


def test_factorability_of_moments_and_of_noise(mobi):
    from_moments = factorability(mobi.moments(), ["CUSA1", "CUSA2", "CUSA3"])
    assert from_moments.kmo == factorability(mobi, ["CUSA1", "CUSA2", "CUSA3"]).kmo
    noise = factorability(Moments.from_cov(np.eye(4) + 0.01, n=30))
    codes = {finding.code for finding in noise.verify()}
    assert "not_correlated" in codes
    opposed = Moments.from_cov([[1, 0.5, 0.5], [0.5, 1, -0.4], [0.5, -0.4, 1]], n=300)
    assert {f.code for f in factorability(opposed).verify()} == {"kmo_low", "kmo_item_low"}
