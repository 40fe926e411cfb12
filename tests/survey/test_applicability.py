"""Items that do not apply: counted apart from missing answers, and nothing stands for them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tolerances import CLOSED_FORM

import tcsmodel as tcs
from tcsmodel.errors import DroppedRespondentsWarning, SurveyError, TcsError
from tcsmodel.result import Finding, Severity

SPEC = tcs.ModelSpec.parse("""
    Image        =~ IMAG1 + IMAG3 + IMAG5
    Handling     =~ PERQ1 + PERQ2 + PERQ3
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Handling     ~ Image
    Satisfaction ~ Image + Handling
""")
OUTSIDE = np.arange(250) % 5 == 0  # 50 respondents to whom PERQ1 and PERQ2 do not apply
SILENT = np.arange(250) % 25 == 1  # 10 more who left out PERQ3
APART = ("not_applicable", "not_applicable_left_out", "not_applicable_kept", "not_imputed")


def coded(**options):
    frame = tcs.datasets.mobi().data.astype(float)
    frame.loc[OUTSIDE, ["PERQ1", "PERQ2"]] = 98
    frame.loc[SILENT, "PERQ3"] = 99
    given = {"items": SPEC.items, "scale": (1, 10), "missing_codes": [99], "not_applicable": [98]}
    return tcs.Survey(frame, **(given | options))


def fitted(missing, survey=None, spec=SPEC):
    return tcs.PLS(spec, missing=missing).fit(coded() if survey is None else survey)


def codes(result):
    return {finding.code: finding for finding in result.verify()}


class TestSurvey:
    def test_is_told_from_a_missing_answer(self):
        survey = coded()
        assert repr(survey) == (
            "Survey(250 respondents, 9 items, 10 missing answers, 100 not applicable)"
        )
        assert_array_equal(~survey.applies(["CUSA1", "PERQ2"]), np.c_[OUTSIDE & False, OUTSIDE])
        assert np.isnan(survey.values(["PERQ2"])[OUTSIDE]).all()
        assert survey.applies(["PERQ3"]).all()

    def test_text_and_categories_are_codes_too(self):
        frame = pd.DataFrame({"q1": ["5", "n/a", "no", "2"], "q2": pd.Categorical([1, 2, 9, 4])})
        survey = tcs.Survey(frame, missing_codes=["no"], not_applicable=["n/a", 9])
        assert_array_equal(~survey.applies(), [[0, 0], [1, 0], [0, 1], [0, 0]])
        assert_array_equal(np.isnan(survey.values()), [[0, 0], [1, 0], [1, 1], [0, 0]])

    def test_parts_and_new_items_keep_it(self):
        frame = tcs.datasets.mobi().data.assign(extra=[98, 7] * 125, plan=["a", "b"] * 125)
        survey = coded()
        assert_array_equal(survey.where(OUTSIDE).applies(["PERQ1"]), np.zeros((50, 1)))
        first, second = survey.split(seed=1)
        assert (~first.applies()).sum() + (~second.applies()).sum() == 100
        wide = tcs.Survey(frame, items=["CUSA1"], not_applicable=[98, "a"])
        assert_array_equal(wide.with_items(["extra"]).applies()[:2], [[True, False], [True, True]])
        dummies = tcs.Survey(
            frame.assign(plan=["a", "b", "c", "b", "c"] * 50), items=["CUSA1"], not_applicable=["a"]
        ).dummies("plan", reference="b")
        assert dummies.items == ("CUSA1", "plan_c")
        assert_array_equal(dummies.applies()[:2], [[True, False], [True, True]])

    def test_a_reversed_item_and_repeated_rows_keep_it(self):
        frame = pd.DataFrame({"q": [1, 98, 5], "count": [2, 1, 1]})
        survey = tcs.Survey(
            frame, scale=(1, 5), reverse=["q"], weight="count", frequency=True, not_applicable=[98]
        )
        assert_array_equal(survey.applies().ravel(), [True, True, False, True])
        assert_array_equal(survey.values().ravel(), [5, 5, np.nan, 1])

    def test_what_contradicts_itself_is_refused(self):
        frame = tcs.datasets.mobi().data
        with pytest.raises(SurveyError, match="Code '99' is in missing_codes and"):
            tcs.Survey(frame, missing_codes=[98, 99], not_applicable=["99"])
        with pytest.raises(SurveyError, match=r"not_applicable=98 must be a list"):
            tcs.Survey(frame, not_applicable=98)
        with pytest.raises(SurveyError, match=r"'does not apply' in not_applicable=\[\.\.\.\]"):
            tcs.Survey(frame.assign(CUSA1=98), scale=(1, 10))
        survey = tcs.Survey(frame.assign(CUSA1=98), not_applicable=[98])
        with pytest.raises(SurveyError, match=r"'CUSA1' applies to nobody.*not_applicable"):
            survey.moments()


class TestScreening:
    def test_counts_it_apart(self):
        screened = tcs.screening(coded())
        items = screened.items
        assert items.loc["PERQ1", ["n", "missing", "not_applicable"]].tolist() == [200, 0, 50]
        assert items.loc["PERQ3", ["n", "missing", "not_applicable"]].tolist() == [240, 10, 0]
        patterns = screened.missing_patterns
        assert patterns["n"].tolist() == [190, 50, 10]
        assert patterns["missing_items"].tolist() == ["", "", "PERQ3"]
        assert patterns["not_applicable_items"].tolist() == ["", "PERQ1, PERQ2", ""]
        assert patterns["n_not_applicable"].tolist() == [0, 2, 0]
        assert screened.respondents["missing"].sum() == 10

    @pytest.mark.parametrize("items", [("PERQ1",), ("PERQ1", "PERQ2")])
    @pytest.mark.parametrize("code", APART)
    def test_is_told_of_one_item_as_of_several(self, code, items):
        said = Finding(code, Severity.NOTE, items, {}).sentence()
        assert said.endswith(": " + " and ".join(items) + ".")

    def test_says_so_and_does_not_call_it_nonresponse(self):
        found = {finding.code: finding for finding in tcs.screening(coded()).findings}
        assert found["not_applicable"].subjects == ("PERQ1", "PERQ2")
        assert found["not_applicable"].evidence["count"] == 50
        assert "many_missing" not in found
        assert "listwise_loss" not in found
        as_missing = coded(missing_codes=[98, 99], not_applicable=[])
        found = {finding.code for finding in tcs.screening(as_missing).findings}
        assert {"many_missing", "listwise_loss"} <= found
        assert "not_applicable" not in found

    def test_the_share_missing_is_of_those_to_whom_the_item_applies(self):
        frame = pd.DataFrame({"q1": [98.0] * 80 + [99.0] * 2 + [1, 2, 3, 4, 5, 6] * 3})
        survey = tcs.Survey(frame, missing_codes=[99], not_applicable=[98])
        found = {finding.code: finding for finding in tcs.screening(survey).findings}
        assert found["many_missing"].evidence["share"] == pytest.approx(2 / 20)


class TestModels:
    def test_listwise_counts_the_reasons_apart(self):
        with pytest.warns(DroppedRespondentsWarning) as caught:
            result = fitted("listwise")
        assert str(caught[0].message) == (
            "60 of 250 respondents (24%) are left out because an item used does not apply to them "
            "(50) or they did not answer every item used (missing='listwise') (10); 190 remain."
        )
        finding = codes(result)["not_applicable_left_out"]
        assert finding.evidence == {"count": 50, "n": 250, "share": 0.2, "silent": 10}

    def test_means_stand_for_missing_answers_only(self):
        with pytest.warns(DroppedRespondentsWarning, match="50 of 250.*nothing can stand for it"):
            result = fitted("mean")
        assert result.sample.n == 200
        same = fitted("mean", coded().where(~OUTSIDE))
        assert_allclose(result.paths, same.paths, rtol=CLOSED_FORM)

    @pytest.mark.parametrize("missing", ["pairwise", "fiml"])
    def test_what_does_not_apply_counts_as_not_observed_and_is_named(self, missing):
        result = fitted(missing)
        as_missing = fitted(missing, coded(missing_codes=[98, 99], not_applicable=[]))
        assert_allclose(result.paths, as_missing.paths, rtol=CLOSED_FORM)
        finding = codes(result)["not_applicable_kept"]
        assert finding.subjects == ("PERQ1", "PERQ2")
        assert finding.evidence["count"] == 50
        assert "missing at random is not the reason" in finding.sentence("meaning")
        assert "not_applicable_kept" not in codes(as_missing)

    def test_every_model_says_what_it_did(self):
        with pytest.warns(DroppedRespondentsWarning):
            factors = tcs.EFA(n_factors=2).fit(coded())
        with pytest.warns(DroppedRespondentsWarning):
            drivers = tcs.KeyDrivers("CUSA1", ["PERQ1", "IMAG1"]).fit(coded())
        full = tcs.SEM(SPEC, missing="fiml").fit(coded())
        assert "not_applicable_left_out" in codes(factors)
        assert codes(drivers)["not_applicable_left_out"].subjects == ("PERQ1",)
        assert "not_applicable_kept" in codes(full)

    def test_scores_use_the_items_that_apply(self):
        result = fitted("pairwise")
        weights = result.outer_weights["Handling"]
        z = (coded().data[list(SPEC.items)] - result.item_means) / result.item_sds
        own = z.loc[0, "PERQ3"] * weights.sum()  # PERQ3 stands for PERQ1 and PERQ2
        assert_allclose(result.scores().loc[0, "Handling"], own, rtol=CLOSED_FORM)
        assert_allclose(result.scores(coded()), result.scores(), rtol=1e-9)
        everybody = result.scores().loc[2]
        assert_allclose(everybody, z.loc[2] @ result.outer_weights, rtol=CLOSED_FORM)

    def test_who_has_no_item_that_applies_has_no_score(self):
        frame = coded().data.fillna(99)
        frame.loc[OUTSIDE, ["PERQ1", "PERQ2", "PERQ3"]] = 98
        survey = coded()
        survey = tcs.Survey(
            frame, items=SPEC.items, scale=(1, 10), missing_codes=[99], not_applicable=[98]
        )
        scores = fitted("fiml", survey).scores()
        assert scores["Handling"].isna().to_numpy().tolist() == OUTSIDE.tolist()
        assert scores[["Image", "Satisfaction"]].notna().all(axis=None)

    def test_methods_that_need_every_item_refuse(self):
        result = fitted("pairwise")
        for method in (result.predict, lambda: tcs.fimix(result, [1, 2])):
            with pytest.raises(TcsError, match="to 50 respondents these do not: PERQ1, PERQ2"):
                method()
        with pytest.raises(TcsError, match="A ceiling needs items that apply"):
            tcs.necessary_conditions(result)


class TestIndex:
    def test_a_respondents_index_is_of_the_items_that_apply(self):
        index = tcs.satisfaction_index(fitted("pairwise"))
        value = index.respondents.loc[0, "Handling"]
        assert value == pytest.approx(100 * (coded().values(["PERQ3"])[0, 0] - 1) / 9)

    def test_the_interval_is_about_the_index_and_as_wide_as_that_of_a_mean(self):
        spec = tcs.ModelSpec.parse(
            "Handling =~ PERQ1\nSatisfaction =~ CUSA1\nSatisfaction ~ Handling"
        )
        index = tcs.satisfaction_index(fitted("pairwise", spec=spec))
        row = index.table().set_index("construct").loc["Handling"]
        answers = 100 * (coded().values(["PERQ1"])[~OUTSIDE, 0] - 1) / 9
        assert row["index"] == pytest.approx(answers.mean())
        assert (row["ci_lower"] + row["ci_upper"]) / 2 == pytest.approx(answers.mean())
        assert row["se"] == pytest.approx(answers.std(ddof=1) / np.sqrt(200), rel=0.01)

    def test_segments_have_the_means_of_their_own(self):
        survey = coded()
        frame = survey.data.assign(brand=["A", "B"] * 125).fillna(99)
        frame.loc[OUTSIDE, ["PERQ1", "PERQ2"]] = 98
        frame.loc[frame["brand"] == "B", "PERQ1"] = 98
        survey = tcs.Survey(
            frame, items=SPEC.items, scale=(1, 10), group="brand", missing_codes=[99],
            not_applicable=[98],
        )  # fmt: skip
        index = tcs.satisfaction_index(fitted("pairwise", survey))
        rows = index.by("brand").query("construct == 'Handling'").set_index("segment")["index"]
        share = index.items.query("construct == 'Handling'").set_index("item")["share"]
        filled = pd.DataFrame(index.pls.answers("a test"), columns=list(SPEC.items))
        part = 100 * (filled[["PERQ1", "PERQ2", "PERQ3"]] - 1) / 9
        own = part[(frame["brand"] == "B").to_numpy()].mean()
        assert np.isnan(own["PERQ1"])
        expected = (own * share).sum() / share[["PERQ2", "PERQ3"]].sum()
        assert rows["B"] == pytest.approx(expected)


def test_a_study_says_once_what_it_did_about_items_that_do_not_apply():
    with pytest.warns(tcs.errors.TcsWarning):
        study = tcs.Study(SPEC, bootstrap=40, driver_bootstrap=20).run(coded(), seed=1)
    told = [f for f in study.gate.findings if f.code == "not_applicable_left_out"]
    assert [f.subjects for f in told] == [("PERQ1", "PERQ2")]
    assert any("does not apply to them (50)" in caution for caution in study.cautions)
