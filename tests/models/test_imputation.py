"""Multiple imputation: surveys completed, models pooled over them, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tolerances import CLOSED_FORM

import tcsmodel as tcs
from tcsmodel.errors import DroppedRespondentsWarning, OptionError, SurveyError, TcsError
from tcsmodel.kernels import rubin

TEXT = """
    Quality      =~ PERQ1 + PERQ2 + PERQ3
    Value        =~ PERV1 + PERV2
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Value        ~ Quality
    Satisfaction ~ Quality + Value
"""
SPEC = tcs.ModelSpec.parse(TEXT)


def gapped(**options):
    """Return a survey in which the less satisfied leave out more."""
    frame = tcs.datasets.mobi().data[list(SPEC.items)].astype(float)
    skipped = (frame["CUSA1"] <= 7) & (np.arange(250) % 3 > 0)
    frame.loc[skipped, ["CUSA2", "CUSA3"]] = np.nan
    frame.loc[::7, "PERV1"] = np.nan
    frame = frame.assign(**options.pop("columns", {}))
    given = {"items": SPEC.items, "scale": (1, 10)}
    return tcs.Survey(frame, **(given | options))


def complete():
    return tcs.Survey(tcs.datasets.mobi().data, items=SPEC.items, scale=(1, 10))


def codes(result):
    return [finding.code for finding in result.verify()]


@pytest.fixture(scope="module")
def imputations():
    return tcs.impute(gapped(), m=40, iterations=3, seed=1)


@pytest.fixture(scope="module")
def pooled(imputations):
    return tcs.PLS(SPEC).fit(imputations).bootstrap(60, seed=2)


class TestImpute:
    def test_surveys_are_complete_and_else_as_they_were(self, imputations):
        first, last = imputations.completed(0), imputations.completed(39)
        seen = np.isfinite(gapped().values())
        assert np.isfinite(first.values()).all()
        assert_array_equal(first.values()[seen], gapped().values()[seen])
        assert (first.values() != last.values()).any()
        assert first.scale == gapped().scale
        assert len(list(imputations)) == imputations.m == 40

    def test_the_seed_alone_decides(self, imputations):
        fewer = tcs.impute(gapped(), m=3, iterations=3, seed=1)
        assert_array_equal(fewer.draws, imputations.draws[:3])
        other = tcs.impute(gapped(), m=3, iterations=3, seed=2)
        assert (other.draws != fewer.draws).any()

    def test_the_table_says_what_was_drawn(self, imputations):
        table = imputations.table().set_index("item")
        assert table.loc["CUSA2", "imputed"] == gapped().data["CUSA2"].isna().sum()
        assert table.loc["CUSA2", "imputed_mean"] < table.loc["CUSA2", "mean"] - 0.5
        assert table.loc[["CUSA2", "CUSA3", "PERV1"], "low"].min() >= 1
        assert table.loc[["CUSA2", "CUSA3", "PERV1"], "high"].max() <= 10
        assert table.loc["PERQ1", ["imputed_mean", "low"]].isna().all()
        own = imputations.table().loc[lambda t: t["item"] == "PERV1", "imputed_mean"].item()
        full = np.array([s.values(["PERV1"])[::7, 0] for s in imputations])
        assert own == pytest.approx(full.mean())

    def test_the_trace_has_every_mean(self, imputations):
        trace = imputations.trace
        assert len(trace) == 3 * 40 * 3  # items with gaps, imputations, iterations
        last = trace.query("item == 'PERV1' and imputation == 4 and iteration == 3")["mean"].item()
        assert last == pytest.approx(imputations.completed(4).values(["PERV1"])[::7, 0].mean())

    def test_the_trace_of_an_item_is_drawn(self, imputations):
        lines = imputations.plot("CUSA2").lines
        assert len(lines) == 41  # and the mean of the answers given
        own = imputations.trace.query("item == 'CUSA2' and imputation == 3")["mean"]
        assert_allclose(lines[3].get_ydata(), own)

    def test_groups_waves_strata_and_weights_predict(self):
        rng = np.random.default_rng(1)
        brand = np.where(np.arange(250) % 2, "A", "B")
        columns = {"brand": brand, "w": rng.uniform(0.5, 2, 250), "firm": np.arange(250) // 10}
        survey = gapped(columns=columns, group="brand", wave="firm", weight="w")
        found = tcs.impute(survey, m=2, iterations=1)
        assert found.predictors == ("brand", "w")
        assert found.unused == ("firm",)
        assert "predictor_unused" in codes(found)
        frame = survey.data
        frame["PERV1"] += 20.0 * (brand == "A")
        other = tcs.Survey(frame, items=SPEC.items, group="brand")
        table = tcs.impute(other, m=2, iterations=2).completed(0).values(["PERV1"])[::7, 0]
        assert ((table > 15) == (brand == "A")[::7]).all()

    def test_reversed_items_are_imputed_as_recoded(self):
        frame = gapped().data
        frame["CUSA2"] = 11 - frame["CUSA2"]
        turned = tcs.Survey(frame, items=SPEC.items, scale=(1, 10), reverse=["CUSA2"])
        plain = tcs.impute(gapped(), m=2, iterations=2, seed=3)
        assert_array_equal(tcs.impute(turned, m=2, iterations=2, seed=3).draws, plain.draws)

    def test_who_answered_nothing_is_left_out(self):
        frame = gapped().data
        frame.loc[:4, list(SPEC.items)] = np.nan
        with pytest.warns(DroppedRespondentsWarning, match="5 of 250"):
            found = tcs.impute(frame, m=2, iterations=1, items=SPEC.items)
        assert found.n == 245

    def test_what_does_not_apply_stays_empty(self):
        frame = gapped().data.fillna(99)
        frame.loc[::5, "PERQ3"] = 98
        survey = tcs.Survey(
            frame, items=SPEC.items, scale=(1, 10), missing_codes=[99], not_applicable=[98]
        )
        found = tcs.impute(survey, m=2, iterations=2)
        filled = found.completed(1)
        assert_array_equal(np.isnan(filled.values()), ~survey.applies())
        assert "not_imputed" in codes(found)
        with pytest.warns(DroppedRespondentsWarning, match="50 of 250.*does not apply") as caught:
            result = tcs.PLS(SPEC).fit(found)
        assert len(caught) == 1
        assert result.n == 200
        assert "not_applicable_left_out" in codes(result)
        assert "not_applicable_kept" in codes(tcs.PLS(SPEC, missing="pairwise").fit(found))

    def test_nothing_missing_is_said_and_changes_nothing(self):
        found = tcs.impute(complete(), m=2)
        assert codes(found) == ["nothing_to_impute"]
        pooled = tcs.PLS(SPEC).fit(found).bootstrap(50, seed=1)
        alone = tcs.PLS(SPEC).fit(complete())
        assert_allclose(pooled.paths, alone.paths, rtol=CLOSED_FORM)
        intervals = pooled.intervals("paths")
        assert_array_equal(intervals["between"], 0)
        assert_array_equal(intervals["riv"], 0)
        assert "nothing_to_impute" in codes(pooled)

    def test_findings_name_few_imputations_and_items_mostly_imputed(self):
        frame = gapped().data
        frame.loc[:160, "PERQ1"] = np.nan
        found = {f.code: f for f in tcs.impute(frame, m=2, iterations=1).verify()}
        assert found["few_imputations"].evidence["needed"] > 64
        assert found["mostly_imputed"].subjects == ("PERQ1",)

    def test_what_cannot_be_imputed_is_refused(self, imputations):
        frame = gapped().data
        with pytest.raises(OptionError, match="m=1"):
            tcs.impute(frame, m=1)
        with pytest.raises(OptionError, match="iterations=0"):
            tcs.impute(frame, iterations=0)
        with pytest.raises(SurveyError, match="'PERQ2' has no answers at all"):
            tcs.impute(frame.assign(PERQ2=np.nan), items=SPEC.items)
        few = frame.assign(PERQ2=frame["PERQ2"].where(np.arange(250) < 8))
        with pytest.raises(SurveyError, match=r"'PERQ2' has 8 answers, too few .* 7 predictors"):
            tcs.impute(few)
        with pytest.raises(OptionError, match="Survey or a DataFrame, not Moments"):
            tcs.impute(complete().moments())
        with pytest.raises(SurveyError, match="PERQ9"):
            tcs.impute(gapped(), items=["PERQ9"])
        with pytest.raises(OptionError, match="items is empty"):
            tcs.impute(gapped(), items=[])
        with pytest.raises(OptionError, match="k=40 must be below 40"):
            imputations.completed(40)
        some = tcs.impute(gapped(), m=2, iterations=1, items=["CUSA1", "CUSA2", "CUSA3"])
        with pytest.raises(SurveyError, match="'PERQ1' of the model is not among those imputed"):
            tcs.PLS(SPEC).fit(some)


class TestPooledPLS:
    def test_estimates_are_means_and_errors_are_rubins(self, imputations, pooled):
        fits = [tcs.PLS(SPEC).fit(survey) for survey in imputations]
        paths = np.array([fit.paths.loc["Quality", "Satisfaction"] for fit in fits])
        assert pooled.paths.loc["Quality", "Satisfaction"] == pytest.approx(paths.mean())
        row = pooled.intervals("paths").query("source == 'Quality' and target == 'Satisfaction'")
        row = row.iloc[0]
        at = SPEC.construct_names.index("Quality"), SPEC.construct_names.index("Satisfaction")
        within = np.array([r.draws.se("paths")[at] ** 2 for r in pooled.results])
        theirs = rubin.pool(paths, within, 249)
        for column in ("estimate", "se", "df", "within", "between", "riv", "fmi"):
            assert row[column] == pytest.approx(float(getattr(theirs, column)))
        assert (row["ci_lower"], row["ci_upper"]) == pytest.approx(theirs.interval(0.95))
        assert row["se"] ** 2 == pytest.approx(within.mean() + 41 / 40 * paths.var(ddof=1))

    def test_every_quantity_is_pooled_and_labelled(self, pooled):
        assert pooled.reliability.loc["Satisfaction", "n_items"] == 3
        assert set(pooled.r_squared.index) == {"Value", "Satisfaction"}
        assert pooled.outer_loadings.shape == (8, 3)
        for quantity in ("htmt", "outer_weights", "total_effects", "r_squared"):
            assert (pooled.intervals(quantity)["se"] > 0).all()
        narrow, wide = (pooled.intervals("paths", level) for level in (0.8, 0.99))
        assert (narrow["ci_lower"] > wide["ci_lower"]).all()

    def test_more_is_missing_of_the_items_with_gaps(self, pooled):
        loadings = pooled.intervals("item_means").set_index("item")["fmi"]
        assert loadings["CUSA2"] > 0.08 > loadings["PERQ1"]

    def test_the_seed_alone_decides(self, imputations, pooled):
        again = tcs.PLS(SPEC).fit(imputations).bootstrap(60, seed=2)
        pd.testing.assert_frame_equal(again.table(), pooled.table())
        other = tcs.PLS(SPEC).fit(imputations).bootstrap(60, seed=3)
        assert (other.table()["se"] != pooled.table()["se"]).all()

    def test_before_a_bootstrap_there_are_estimates_only(self, imputations):
        plain = tcs.PLS(SPEC).fit(imputations)
        assert list(plain.table().columns) == ["source", "target", "path"]
        with pytest.raises(TcsError, match=r"pooled\.bootstrap\(500, seed=7\)"):
            plain.intervals("paths")
        with pytest.raises(OptionError, match=r"quantity='pths'.*Did you mean 'paths'"):
            plain.intervals("pths")

    def test_a_design_limits_the_degrees_of_freedom(self):
        survey = gapped(columns={"branch": np.arange(250) // 10}, cluster="branch")
        pooled = tcs.PLS(SPEC).fit(tcs.impute(survey, m=3, iterations=1)).bootstrap(20, seed=1)
        assert pooled.df_complete == 24
        assert (pooled.table()["df"] < 24).all()

    def test_replicate_weights_give_the_variance_within(self):
        part = np.arange(250) % 8
        columns = {f"r{k}": np.where(part == k, 0.0, 8 / 7) for k in range(8)}
        survey = gapped(
            columns={"w": 1.0, **columns},
            weight="w",
            replicates=tcs.ReplicateWeights(columns="r*", kind="jk1"),
        )
        pooled = tcs.PLS(SPEC).fit(tcs.impute(survey, m=3, iterations=1)).replicated()
        own = [fit.draws.se("paths") ** 2 for fit in pooled.results]
        assert_allclose(pooled.pooled("paths").within, np.mean(own, axis=0))
        assert pooled.df_complete == 7
        row = tcs.satisfaction_index(pooled).table().iloc[2]
        assert row["ci_lower"] < row["index"] < row["ci_upper"]
        assert row["df"] < 7
        assert pooled.summary().startswith("PooledPLS")
        pooled.plot()

    def test_weights_and_other_options_hold_in_every_survey(self, imputations):
        rng = np.random.default_rng(1)
        survey = gapped(columns={"w": rng.uniform(0.2, 3, 250)}, weight="w")
        weighted = tcs.PLS(SPEC, scheme="factorial").fit(tcs.impute(survey, m=3, seed=1))
        fits = [tcs.PLS(SPEC, scheme="factorial").fit(s) for s in weighted.imputations]
        assert fits[0].sample.weights is not None
        mean = np.mean([fit.paths.to_numpy() for fit in fits], axis=0)
        assert_allclose(weighted.paths, mean, rtol=CLOSED_FORM)

    def test_interactions_are_made_of_what_was_imputed(self, imputations):
        spec = tcs.ModelSpec.parse(
            TEXT.replace("Quality + Value", "Quality + Value + Quality:Value")
        )
        found = tcs.PLS(spec).fit(imputations)
        fits = [tcs.PLS(spec).fit(survey) for survey in imputations]
        own = [fit.paths.loc["Quality:Value", "Satisfaction"] for fit in fits]
        assert found.paths.loc["Quality:Value", "Satisfaction"] == pytest.approx(np.mean(own))
        assert tcs.satisfaction_index(found).value == pytest.approx(
            np.mean([tcs.satisfaction_index(fit).value for fit in fits])
        )

    def test_surveys_without_a_proper_solution_are_counted(self, imputations):
        strict = tcs.PLS(SPEC, max_iter=2)
        with pytest.warns(tcs.errors.ImproperSolutionWarning, match="did not converge") as caught:
            result = strict.fit(imputations)
        assert len(caught) == 1
        found = {f.code: f for f in result.verify()}
        assert found["imputed_not_converged"].evidence == {"count": 40, "m": 40}
        corrected = tcs.PLS(SPEC, reliability=None, consistent=True)
        with pytest.warns(tcs.errors.ImproperSolutionWarning, match="improper solution"):
            result = corrected.fit(imputations)
        improper = sum(not fit.proper for fit in result.results)
        found = {f.code: f for f in result.verify()}
        assert found["imputed_improper"].evidence == {"count": improper, "m": 40}

    def test_a_path_that_rests_on_the_gaps_is_named(self):
        frame = gapped().data
        frame.loc[np.arange(250) % 10 > 1, ["PERV1", "PERV2"]] = np.nan
        found = tcs.PLS(SPEC).fit(tcs.impute(frame, m=5, iterations=2)).bootstrap(40, seed=1)
        assert "much_missing_information" in codes(found)

    def test_other_functions_refuse_what_is_pooled(self, pooled):
        for function in (tcs.priorities, tcs.structure_gate, tcs.necessary_conditions):
            with pytest.raises(OptionError, match="takes one fitted model, not one pooled"):
                function(pooled)
        with pytest.raises(OptionError, match="PooledPLS"):
            tcs.mediation(pooled)


class TestPooledIndex:
    def test_is_the_mean_of_the_indices_with_rubins_error(self, pooled):
        index = tcs.satisfaction_index(pooled)
        parts = [tcs.satisfaction_index(result) for result in pooled.results]
        values = np.array([part.value for part in parts])
        rows = [part.table().set_index("construct").loc["Satisfaction"] for part in parts]
        theirs = rubin.pool(values, np.array([row["se"] for row in rows]) ** 2, 249)
        row = index.table().set_index("construct").loc["Satisfaction"]
        assert index.value == row["index"] == pytest.approx(values.mean())
        assert row["se"] == pytest.approx(float(theirs.se))
        assert (row["ci_lower"], row["ci_upper"]) == pytest.approx(theirs.interval(0.95))
        assert row["interval"] == "bootstrap"

    def test_brings_back_what_the_unhappy_left_out(self, pooled):
        whole = tcs.satisfaction_index(tcs.PLS(SPEC).fit(complete())).value
        with pytest.warns(DroppedRespondentsWarning):
            left = tcs.PLS(SPEC).fit(gapped())
        assert tcs.satisfaction_index(left).value > whole + 2
        row = tcs.satisfaction_index(pooled).table().set_index("construct").loc["Satisfaction"]
        assert row["ci_lower"] < whole < row["ci_upper"]
        assert abs(row["index"] - whole) < 1

    @pytest.mark.parametrize("kind", ["acsi", "standardized", "metric4", "equal"])
    def test_every_definition(self, imputations, kind):
        index = tcs.satisfaction_index(tcs.PLS(SPEC).fit(imputations), kind=kind)
        part = tcs.satisfaction_index(tcs.PLS(SPEC).fit(imputations.completed(0)), kind=kind)
        assert index.definition == part.definition
        assert index.interval == "fixed weights"
        assert index.value == pytest.approx(part.value, abs=1)
        assert (index.table()["se"] > 0).all()

    def test_impacts_and_segments(self):
        survey = gapped(columns={"brand": ["A", "B"] * 125}, group="brand")
        imputations = tcs.impute(survey, m=4, iterations=2)
        pooled = tcs.PLS(SPEC).fit(imputations).bootstrap(30, seed=1)
        index = tcs.satisfaction_index(pooled)
        parts = [tcs.satisfaction_index(result) for result in pooled.results]
        assert_allclose(index.impacts["impact"], np.mean([p.impacts["impact"] for p in parts], 0))
        assert (index.impacts["ci_lower"] < index.impacts["ci_upper"]).all()
        by = index.by("brand")
        assert_allclose(by["index"], np.mean([p.by("brand")["index"] for p in parts], axis=0))
        assert by["segment"].tolist() == ["A"] * 3 + ["B"] * 3
        assert (by["df"] < 124).all()

    def test_findings_are_those_of_the_parts_and_of_the_imputations(self):
        survey = gapped(scale={name: (1, 10) for name in SPEC.items if name != "PERV1"})
        index = tcs.satisfaction_index(tcs.PLS(SPEC).fit(tcs.impute(survey, m=2, iterations=1)))
        assert codes(index) == ["no_index", "few_imputations"]
        assert np.isnan(index.indices["Value"])


@pytest.mark.slow
def test_intervals_cover_at_their_level():
    """100 samples of a known population, gaps made by answers: 95% within 4 errors of a share."""
    text = "Quality =~ 0.8*q1 + 0.7*q2\nSatisfaction =~ 0.8*s1 + 0.8*s2\nSatisfaction ~ 0.6*Quality"
    spec = tcs.ModelSpec.parse(text.replace("0.8*", "").replace("0.7*", "").replace("0.6*", ""))
    population = tcs.ModelSpec.parse(text)
    truth = tcs.PLS(spec).fit(tcs.simulate(population, n=200_000, seed=9, scale=(1, 10)))
    known = np.array([truth.paths.loc["Quality", "Satisfaction"], index_of(truth).value])
    hits = np.zeros((100, 2))
    for r in range(100):
        frame = tcs.simulate(population, n=200, seed=100 + r, scale=(1, 10)).data
        low = frame["q1"] + frame["q2"] < (frame["q1"] + frame["q2"]).median()
        chance = np.random.default_rng(r).uniform(size=200)
        frame["s2"] = frame["s2"].where(chance > np.where(low, 0.6, 0.15))
        imputations = tcs.impute(tcs.Survey(frame, scale=(1, 10)), m=5, iterations=3, seed=r)
        pooled = tcs.PLS(spec).fit(imputations).bootstrap(60, seed=r)
        rows = [pooled.table().iloc[0], index_of(pooled).table().iloc[1]]
        hits[r] = [a["ci_lower"] < t < a["ci_upper"] for a, t in zip(rows, known, strict=True)]
    assert (np.abs(hits.mean(axis=0) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 100)).all()


def index_of(fitted):
    return tcs.satisfaction_index(fitted)
