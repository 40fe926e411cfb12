"""PLS and the index of many units: the same as of each by itself; aggregates; bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import (
    DroppedRespondentsWarning,
    ImproperSolutionWarning,
    OptionError,
    SurveyError,
    TcsError,
)
from tcsmodel.kernels.design import Design, clusters, within
from tcsmodel.kernels.moments import moments, stacked
from tcsmodel.kernels.resample import bootstrap_chunks

SPEC = tcs.library.ecsi()


@pytest.fixture(scope="module")
def frame():
    data = tcs.datasets.mobi().data
    rng = np.random.default_rng(4)
    firm = np.repeat(["A", "B", "C"], [60, 100, 90])
    return data.assign(firm=firm, wave=np.tile([1, 2], 125), w=rng.uniform(0.5, 2, len(data)))


def survey_of(frame, **options):
    return tcs.Survey(frame, items=SPEC.items, scale=(1, 10), **options)


@pytest.fixture(scope="module")
def fits(frame):
    return tcs.PLS(SPEC).fit_each(survey_of(frame), by="firm")


def test_stacked_moments_are_those_of_each_unit():
    rng = np.random.default_rng(0)
    x, size = rng.standard_normal((3, 20, 4)) + 5, np.array([20, 12, 7])
    weights = rng.uniform(0.1, 2, (3, 6, 20))
    for k, n in enumerate(size):
        x[k, n:], weights[k, :, n:] = 0, 0
    mean, cov = stacked(x, weights, size)
    for k, n in enumerate(size):
        alone = moments(x[k, :n], weights[k, :, :n])
        assert_allclose(mean[k], alone[0], rtol=1e-12)
        assert_allclose(cov[k], alone[1], rtol=1e-10, atol=1e-12)


def test_units_are_fitted_as_if_alone(frame, fits):
    for firm, own in frame.groupby("firm"):
        alone = tcs.PLS(SPEC).fit(survey_of(own))
        assert_allclose(fits[firm].paths, alone.paths, atol=1e-9)
        assert_allclose(fits[firm].r_squared_adj, alone.r_squared_adj, atol=1e-9)
        assert_allclose(fits.reliability("ave").loc[firm], alone.reliability["ave"], atol=1e-9)
        assert_allclose(fits.r_squared.loc[firm], alone.r_squared, atol=1e-9)
    table = fits.paths.query("unit == 'B' and source == 'Quality' and target == 'Satisfaction'")
    assert table["path"].item() == fits["B"].paths.loc["Quality", "Satisfaction"]


def test_weights_count_within_units(frame):
    fits = tcs.PLS(SPEC).fit_each(survey_of(frame, weight="w"), by="firm")
    alone = tcs.PLS(SPEC).fit(survey_of(frame.query("firm == 'B'"), weight="w"))
    assert_allclose(fits["B"].paths, alone.paths, atol=1e-9)
    index = tcs.unit_indices(fits, bootstrap=0).table().set_index("unit").loc["B"]
    other = tcs.satisfaction_index(alone).table().set_index("construct").loc["Satisfaction"]
    assert index["index"] == pytest.approx(other["index"])
    assert index["se"] == pytest.approx(other["se"], rel=1e-9)


def test_indices_and_their_replicates_are_those_of_each_unit(fits):
    found = tcs.unit_indices(fits, bootstrap=70, seed=3)
    for k, unit in enumerate(fits.units):
        pls = fits[unit]
        own = tcs.satisfaction_index(pls)
        assert found.constructs.loc[unit].to_dict() == pytest.approx(own.indices.to_dict())
        counts = np.concatenate(list(bootstrap_chunks(pls.sample.n, 70, 3, 70, stratum=k)))
        drawn = tcs.satisfaction_index(pls.resampled(counts)).draws.values["index"]
        at = own.constructs.index("Satisfaction")
        assert_allclose(found.drawn[k], drawn[:, at], atol=1e-8)


def test_a_unit_has_the_same_interval_among_others(frame):
    few = tcs.PLS(SPEC).fit_each(survey_of(frame.query("firm != 'C'")), by="firm")
    many = tcs.PLS(SPEC).fit_each(survey_of(frame), by="firm")
    first, second = (tcs.unit_indices(f, bootstrap=40, seed=1).table() for f in (few, many))
    pd.testing.assert_frame_equal(first, second.iloc[:2], atol=1e-9)


def test_several_columns_make_units_of_their_combinations(frame):
    fits = tcs.PLS(SPEC).fit_each(survey_of(frame), by=["firm", "wave"])
    assert fits.units[:2] == ("A, 1", "A, 2")
    assert len(fits) == 6
    alone = tcs.PLS(SPEC).fit(survey_of(frame.query("firm == 'C' and wave == 2")))
    assert_allclose(fits["C, 2"].paths, alone.paths, atol=1e-9)


def test_aggregates_are_weighted_means_of_independent_units(fits):
    found = tcs.unit_indices(fits, bootstrap=0)
    table = found.table().set_index("unit")
    revenue = pd.Series({"A": 5.0, "B": 1.0, "C": 2.0})
    sector = {"A": "mobile", "B": "mobile", "C": "fixed"}
    result = found.aggregate(revenue, sector).set_index("group")
    assert result.index.tolist() == ["mobile", "fixed", "all"]
    by_hand = (5 * table.loc["A", "index"] + table.loc["B", "index"]) / 6
    assert result.loc["mobile", "index"] == pytest.approx(by_hand)
    se = np.hypot(5 * table.loc["A", "se"], table.loc["B", "se"]) / 6
    assert result.loc["mobile", "se"] == pytest.approx(se)
    assert result.loc["all", "index"] == pytest.approx(np.average(table["index"], weights=revenue))
    assert result["share"].tolist() == [0.75, 0.25, 1.0]
    assert found.aggregate()["index"].item() == pytest.approx(table["index"].mean())


def test_definitions_need_their_own_fits(frame, fits):
    with pytest.raises(OptionError, match="kind='metric4' needs fits with PLS"):
        tcs.unit_indices(fits, kind="metric4")
    raw = tcs.PLS(SPEC, standardized=False).fit_each(survey_of(frame), by="firm")
    values = tcs.unit_indices(raw, kind="metric4", bootstrap=0).table().set_index("unit")["index"]
    own = tcs.satisfaction_index(fits["A"], kind="metric4").value
    assert values["A"] == pytest.approx(own, abs=1e-4)


def test_units_that_cannot_be_fitted_are_named(frame):
    broken = frame.copy()
    broken.loc[broken["firm"] == "A", "CUSA1"] = 7
    broken.loc[:1, "firm"] = "D"
    with pytest.warns(ImproperSolutionWarning, match="2 of 4 units of firm"):
        fits = tcs.PLS(SPEC).fit_each(survey_of(broken), by="firm")
    assert fits.status.loc["A", "status"] == "constant_item"
    assert fits.status.loc["D", "status"] == "too_few"
    assert fits.fitted == ("B", "C")
    assert tcs.unit_indices(fits, bootstrap=20).table()["unit"].tolist() == ["B", "C"]
    with pytest.raises(SurveyError, match="Unit 'A' was not fitted"):
        fits["A"]
    codes = [f.code for f in fits.verify() if f.severity == "problem"]
    assert codes == ["units_too_few", "units_constant"]


def test_bad_input_is_told(frame, fits):
    with pytest.raises(SurveyError, match="not a column"):
        tcs.PLS(SPEC).fit_each(survey_of(frame), by="frim")
    with pytest.raises(OptionError, match="is an item of the model"):
        tcs.PLS(SPEC).fit_each(survey_of(frame), by="CUSA1")
    with pytest.raises(OptionError, match="takes complete answers"):
        tcs.PLS(SPEC, missing="mean").fit_each(survey_of(frame), by="firm")
    with pytest.raises(TcsError, match="None of the 250 units"):
        tcs.PLS(SPEC).fit_each(survey_of(frame.assign(id=range(250))), by="id")
    found = tcs.unit_indices(fits, bootstrap=0)
    with pytest.raises(OptionError, match="weights says nothing of unit 'C'"):
        found.aggregate({"A": 1, "B": 2})
    with pytest.raises(OptionError, match=r"weights\['B'\]=-1 must be a positive number"):
        found.aggregate({"A": 1, "B": -1, "C": 1})
    unscaled = tcs.PLS(SPEC).fit_each(tcs.Survey(frame, items=SPEC.items), by="firm")
    with pytest.raises(SurveyError, match="needs the limits of its items' scales"):
        tcs.unit_indices(unscaled)
    gaps = frame.copy()
    gaps.loc[3, "CUSA1"] = np.nan
    with pytest.warns(DroppedRespondentsWarning):
        tcs.PLS(SPEC).fit_each(survey_of(gaps), by="firm")


@pytest.fixture(scope="module")
def clustered(frame):
    """Clusters of five within firms, in two strata that each firm has; one firm is one cluster."""
    branch = np.where(frame["firm"] == "A", -1, np.arange(250) // 5)
    return frame.assign(branch=branch, region=np.where(branch < 0, 0, np.arange(250) // 5 % 2))


def test_each_unit_of_a_clustered_survey_is_a_sample_of_its_clusters(clustered):
    survey = survey_of(clustered, cluster="branch", strata="region", weight="w")
    fits = tcs.PLS(SPEC).fit_each(survey, by="firm")
    fixed = tcs.unit_indices(fits, bootstrap=0).table().set_index("unit")
    drawn = tcs.unit_indices(fits, bootstrap=400, seed=2).table().set_index("unit")
    for firm in ("B", "C"):
        own = survey_of(
            clustered.query("firm == @firm"), cluster="branch", strata="region", weight="w"
        )
        alone = tcs.satisfaction_index(tcs.PLS(SPEC).fit(own)).table().set_index("construct")
        columns = ["index", "ci_lower", "ci_upper", "se"]
        wanted = alone.loc["Satisfaction", columns].tolist()
        assert fixed.loc[firm, columns].tolist() == pytest.approx(wanted, rel=1e-9)
        again = tcs.satisfaction_index(tcs.PLS(SPEC).fit(own).bootstrap(400, seed=5)).table()
        se = again.set_index("construct").loc["Satisfaction", "se"]
        assert drawn.loc[firm, "se"] == pytest.approx(se, rel=0.15)
    plain = tcs.PLS(SPEC).fit_each(survey_of(clustered, weight="w"), by="firm")
    one_by_one = tcs.unit_indices(plain, bootstrap=0).table().set_index("unit")
    assert fixed.loc["A", "se"] == pytest.approx(one_by_one.loc["A", "se"], rel=1e-9)
    assert (fixed.loc[["B", "C"], "se"] != one_by_one.loc[["B", "C"], "se"]).all()
    found = tcs.unit_indices(fits, bootstrap=0)
    (inside,) = [one for one in found.verify() if one.code == "units_inside_cluster"]
    assert inside.subjects == ("A",)
    assert "drawn one by one" in inside.sentence("meaning")


def test_clusters_move_together_within_a_unit(frame):
    """Answers that are the same within clusters tell as much as one respondent of each."""
    first = frame.iloc[:250:5]
    copies = first.loc[first.index.repeat(5)].reset_index(drop=True).assign(firm="all")
    survey = survey_of(copies.assign(branch=np.arange(250) // 5), cluster="branch")
    fits = tcs.PLS(SPEC).fit_each(survey, by="firm")
    clustered = tcs.unit_indices(fits, bootstrap=500, seed=3).table()["se"].item()
    plain = tcs.PLS(SPEC).fit_each(survey_of(copies), by="firm")
    naive = tcs.unit_indices(plain, bootstrap=500, seed=3).table()["se"].item()
    assert clustered / naive == pytest.approx(np.sqrt(5), rel=0.15)


def test_a_stratum_with_one_cluster_in_a_unit_is_joined_with_its_others():
    given = Design(np.array([0, 0, 1, 2, 3, 3, 4]), np.array([0, 0, 1, 0, 1]))
    found = within(given, np.array([0, 0, 0, 0, 1, 1, 1]))
    assert found.sizes.tolist() == [3, 2]
    assert found.cluster.tolist() == [0, 0, 1, 2, 3, 3, 4]
    alone = within(given, np.array([0, 0, 1, 1, 1, 1, 1]))
    assert alone.sizes.tolist() == [2, 2, 2]
    assert clusters(given, np.array([0, 0, 1, 1, 1, 1, 1])).tolist() == [1, 4]


def test_units_without_weights_are_left_out_of_aggregates(frame):
    twice = frame.copy()
    twice.loc[twice["firm"] == "B", "CUEX2"] = twice["CUEX1"]
    model = tcs.PLS(SPEC, modes={"Expectation": "B"})
    with pytest.warns(ImproperSolutionWarning, match="1 of 3 units"):
        fits = model.fit_each(survey_of(twice), by="firm")
    assert (
        "items 'CUEX1', 'CUEX2', 'CUEX3' are linearly dependent" in fits.status.loc["B", "reason"]
    )
    (finding,) = [one for one in fits.verify() if one.code == "units_undetermined"]
    assert finding.subjects == ("B",)
    assert "Of B: The Mode B weights of 'Expectation'" in finding.sentence("evidence")
    found = tcs.unit_indices(fits, bootstrap=20)
    assert "nan" not in repr(found)
    assert "unit_replicates_lost" not in [one.code for one in found.verify()]
    with pytest.warns(ImproperSolutionWarning, match="1 unit without an index are left out.*: B"):
        whole = found.aggregate()
    assert whole["units"].item() == 2
    assert whole["index"].notna().all()


def test_units_that_are_weak_are_named(frame):
    odd = frame.copy()
    odd.loc[odd["firm"] == "C", "CUSA3"] = 11 - odd["CUSA3"]
    odd.loc[odd["firm"] == "A", "PERQ7"] = (odd["PERQ6"] + 0.02 * np.arange(250) % 3).clip(1, 10)
    fits = tcs.PLS(SPEC, modes={"Quality": "B"}).fit_each(survey_of(odd), by="firm")
    found = {one.code: one for one in fits.verify()}
    assert found["units_of_few"].subjects == ("A",)
    assert found["units_of_few"].evidence["needed"] == 70
    assert "C" in found["units_negative_weight"].subjects
    assert "CUSA3" in found["units_negative_weight"].evidence["items"]
    assert found["units_collinear_items"].subjects[0] == "A"
    assert "units_low_loading" in found
    index = tcs.unit_indices(fits, bootstrap=0)
    first = index.verify()[0]
    assert (first.code, first.severity, first.subjects) == (
        "units_negative_share",
        "problem",
        ("C",),
    )
    assert first.evidence["items"] == ("CUSA3",)


def test_four_respondents_are_no_unit(frame):
    few = frame.assign(firm=np.where(np.arange(250) < 4, "tiny", "rest"))
    with pytest.warns(ImproperSolutionWarning, match="1 of 2 units"):
        fits = tcs.PLS(SPEC).fit_each(survey_of(few), by="firm")
    assert fits.status.loc["tiny", "status"] == "too_few"
    assert "4 respondents of the 6 that the model needs" in fits.status.loc["tiny", "reason"]


def test_replicate_weights_do_not_tell_of_units(frame, fits):
    rng = np.random.default_rng(3)
    columns = {f"rw{r}": frame["w"] * rng.uniform(0, 2, 250) for r in range(6)}
    drawn = survey_of(
        frame.assign(**columns),
        weight="w",
        replicates=tcs.ReplicateWeights(columns="rw*", kind="brr"),
    )
    found = tcs.unit_indices(tcs.PLS(SPEC).fit_each(drawn, by="firm"), bootstrap=20)
    assert "units_without_design" in [finding.code for finding in found.verify()]
    assert "sampling design of the survey" in found.summary()
    assert "units_without_design" not in [
        finding.code for finding in tcs.unit_indices(fits, bootstrap=0).verify()
    ]
