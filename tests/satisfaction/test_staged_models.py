"""Index, priorities and necessity of models with higher-order constructs and interactions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import OptionError, SurveyError
from tcsmodel.kernels.resample import counts_from_rows
from tcsmodel.models.pls import PLS
from tcsmodel.models.simulation import simulate
from tcsmodel.result import Severity
from tcsmodel.satisfaction.index import satisfaction_index
from tcsmodel.satisfaction.necessity import necessary_conditions
from tcsmodel.satisfaction.priorities import priorities
from tcsmodel.spec import library
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

SECOND = ModelSpec.parse("""
    Product =~ PERQ1 + PERQ2 + PERQ3
    Service =~ PERQ4 + PERQ5 + PERQ6 + PERQ7
    Image =~ IMAG1 + IMAG2 + IMAG3
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Quality =~ Product + Service
    Quality ~ Image
    Satisfaction ~ Image + Quality
""")
WHOLE = ModelSpec.parse("""
    Pleased =~ CUSA1 + CUSA2 + CUSA3
    Loyal =~ CUSL1 + CUSL2 + CUSL3
    Quality =~ PERQ1 + PERQ2 + PERQ3
    Relation =~ Pleased + Loyal
    Relation ~ Quality
""")
KINDS = ("disjoint", "embedded", "repeated")


def with_terms(*extra):
    return ModelSpec.of(library.ecsi().terms, *extra)


MODERATED = with_terms(tcs.interaction("Image", "Quality", to="Satisfaction"))
CURVED = with_terms(tcs.interaction("Quality", "Quality", to="Satisfaction"))


@pytest.fixture(scope="module")
def survey(mobi_frame) -> Survey:
    return Survey(mobi_frame, scale=(1, 10))


@pytest.fixture(scope="module", params=KINDS)
def second(request, survey):
    return PLS(SECOND, higher_order=request.param).fit(survey)


@pytest.fixture(scope="module")
def moderated(survey):
    return PLS(MODERATED).fit(survey).bootstrap(60, seed=4)


def test_a_first_stage_of_single_items_changes_nothing(survey):
    """Parts with one item are that item, so the whole is a construct of those items.

    Not embedded or repeated, where the whole has its parts for neighbours.
    """
    plain = """
        Quality =~ PERQ1 + PERQ2 + PERQ3
        Satisfaction =~ CUSA1 + CUSA2 + CUSA3
        Satisfaction ~ Quality
    """
    parts = "".join(f"Part{i} =~ PERQ{i}\n" for i in (1, 2, 3))
    staged = parts + plain.replace("PERQ", "Part")
    theirs = PLS(ModelSpec.parse(plain), tol=1e-13).fit(survey).bootstrap(20, seed=3)
    own = PLS(ModelSpec.parse(staged), tol=1e-13).fit(survey).bootstrap(20, seed=3)
    names, limits = ["Quality", "Satisfaction"], ["ci_lower", "ci_upper", "se"]
    for kind in ("acsi", "standardized", "equal"):
        ours, alike = (satisfaction_index(result, kind=kind) for result in (own, theirs))
        assert_allclose(ours.indices[names], alike.indices[names], rtol=1e-12)
        impacts = (index.impacts.iloc[:, 1:].to_numpy() for index in (ours, alike))
        assert_allclose(*impacts, rtol=1e-9)
        tables = (index.table().set_index("construct").loc[names] for index in (ours, alike))
        assert_allclose(*(table[limits] for table in tables), rtol=1e-9)


def test_the_score_of_a_construct_is_its_index_in_other_units(second):
    """All that stages do to the answers is to weight them."""
    index = satisfaction_index(second)
    scores = second.scores()
    for name in index.constructs:
        own = index.respondents[name]
        assert_allclose((own - index.indices[name]) / own.std(), scores[name], atol=1e-8)
    assert_allclose(index.respondents.mean(), index.indices, rtol=1e-12)


def test_the_whole_is_a_weighted_mean_of_its_parts(survey):
    index = satisfaction_index(PLS(WHOLE).fit(survey), target="Relation")
    parts = index.respondents[["Pleased", "Loyal"]].to_numpy()
    share, left, *_ = np.linalg.lstsq(parts, index.respondents["Relation"], rcond=None)
    assert left[0] < 1e-15
    assert share.sum() == pytest.approx(1)
    items = index.items
    own = items.query("construct == 'Relation'").set_index("item")["share"]
    assert set(own.index) == {*WHOLE.construct("Pleased").items, *WHOLE.construct("Loyal").items}
    assert_allclose(own[list(WHOLE.construct("Loyal").items)].sum(), share[1])
    equal = satisfaction_index(index.pls, "Relation", kind="equal")
    by_hand = (survey.data[list(own.index)].to_numpy().mean() - 1) / 9 * 100
    assert equal.value == pytest.approx(by_hand)


def test_impacts_are_total_effects_among_the_respondents_indices(second):
    """Least squares on the 0-100 columns: no scores, no rescaling."""
    index = satisfaction_index(second)
    y = index.respondents
    x = np.column_stack([np.ones(len(y)), y[["Image", "Quality"]]])
    direct = np.linalg.lstsq(x, y["Satisfaction"], rcond=None)[0][1:]
    on_quality = np.linalg.lstsq(x[:, :2], y["Quality"], rcond=None)[0][1]
    impacts = index.impacts.set_index("source")["impact"]
    assert_allclose(impacts["Quality"], direct[1], rtol=1e-6)
    if second.estimator.higher_order != "repeated":  # there the parts explain Quality as well
        assert_allclose(impacts["Image"], direct[0] + on_quality * direct[1], rtol=1e-6)


def test_replicates_are_indices_of_their_resamples(survey, mobi_frame):
    rows = np.random.default_rng(3).integers(0, 250, (2, 250))
    for spec in (SECOND, MODERATED):
        pls = PLS(spec, tol=1e-10).fit(survey)
        drawn = satisfaction_index(pls.resampled(counts_from_rows(rows, 250))).draws.values
        for k, own in enumerate(rows):
            again = Survey(mobi_frame.iloc[own].reset_index(drop=True), scale=(1, 10))
            alone = satisfaction_index(PLS(spec, tol=1e-10).fit(again))
            for name in ("index", "impacts", "item_shares"):
                assert_allclose(drawn[name][k], alone.quantities[name], atol=1e-6)


def test_servqual_has_an_index_with_three_intervals():
    spec = ModelSpec.of(
        library.servqual().terms,
        tcs.reflective("Satisfaction", ["sat1", "sat2", "sat3"]),
        tcs.paths("ServiceQuality", "Satisfaction"),
    )
    answers = simulate(spec, n=200, seed=2).data[list(spec.items)] * 1.2 + 5
    frame = answers.clip(1, 10).assign(branch=np.repeat(np.arange(20), 10), city=["x", "y"] * 100)
    survey = Survey(frame, items=spec.items, scale=(1, 10), cluster="branch")
    pls = PLS(spec).fit(survey).bootstrap(50, seed=1)
    index = satisfaction_index(pls, target="ServiceQuality")
    assert index.intervals["interval"].tolist() == ["fixed weights", "survey design", "bootstrap"]
    row = index.table().set_index("construct").loc["ServiceQuality"]
    assert row["ci_lower"] < row["index"] < row["ci_upper"]
    parts = index.by("city").query("construct == 'ServiceQuality'")
    assert np.average(parts["index"], weights=parts["n"]) == pytest.approx(index.value)
    assert index.definitions["kind"].tolist() == ["acsi", "standardized", "equal"]
    assert priorities(pls).table()["driver"].tolist() == ["ServiceQuality"]
    dimensions = priorities(pls).dimensions
    assert sorted(dimensions["dimension"]) == sorted(spec.construct("ServiceQuality").items)
    assert_allclose(dimensions["share"].sum(), 1)
    assert index.verify() == ()
    order = priorities(pls, "ServiceQuality")
    parts = order.table().set_index("driver")
    assert_allclose(parts["importance"].sum(), 1)
    ranked = dimensions.set_index("dimension")["share"]
    assert_allclose(parts["importance"], ranked[parts.index])
    assert_allclose((parts["importance"] * parts["performance"]).sum(), index.value)
    assert (parts["ci_lower"] < parts["importance"]).all()
    assert len(order.items) == 22
    found = necessary_conditions(index, "ServiceQuality", permutations=5)
    assert set(found.conditions) == set(parts.index)
    other = necessary_conditions(index, "Satisfaction", permutations=5)
    assert other.conditions == ("ServiceQuality",)
    equal = satisfaction_index(pls, "ServiceQuality", kind="equal").impacts
    assert_allclose(equal["impact"], np.array([4, 5, 4, 4, 5]) / 22)


@pytest.mark.parametrize("spec", [SECOND, MODERATED], ids=["higher", "moderated"])
def test_metric_4_is_of_answers_and_stages_are_of_scores(survey, spec):
    pls = PLS(spec).fit(survey)
    with pytest.raises(OptionError, match=r"kind='metric4' weights the answers .* kind='acsi'"):
        satisfaction_index(pls, kind="metric4")
    assert "metric4" not in set(satisfaction_index(pls).definitions["kind"])


def test_the_target_needs_the_scales_of_the_items_behind_it(mobi_frame):
    scale = {name: (1, 10) for name in WHOLE.items if name != "CUSL2"}
    pls = PLS(WHOLE).fit(Survey(mobi_frame, items=WHOLE.items, scale=scale))
    with pytest.raises(SurveyError, match=r"index of 'Relation' .* none for CUSL2"):
        satisfaction_index(pls, "Relation")
    index = satisfaction_index(pls, "Quality")
    assert index.indices.isna().tolist() == [False, True, False, True]


def test_a_product_that_does_not_lead_to_the_target_leaves_its_index(survey):
    """Complaints have one item, so what else acts on them moves no weight."""
    extra = tcs.interaction("Satisfaction", "Satisfaction", to="Complaints")
    ours = satisfaction_index(PLS(with_terms(extra)).fit(survey))
    theirs = satisfaction_index(PLS(library.ecsi()).fit(survey))
    assert_allclose(ours.indices, theirs.indices, rtol=1e-12)
    assert_allclose(ours.impacts["impact"], theirs.impacts["impact"], rtol=1e-12)
    assert ours.moderated_impacts.empty
    assert ours.verify() == ()


def test_an_interaction_without_an_effect_leaves_index_and_impacts(mobi_frame):
    """In answers and their mirror image every product has zero correlation with every answer."""
    items = [*mobi_frame.filter(regex="IMAG[123]|PERQ[123]|CUSA")]
    both = pd.concat([mobi_frame[items], 11 - mobi_frame[items]], ignore_index=True)
    text = (
        "Image =~ IMAG1 + IMAG2 + IMAG3; Quality =~ PERQ1 + PERQ2 + PERQ3;"
        "Satisfaction =~ CUSA1 + CUSA2 + CUSA3; Satisfaction ~ Image + Quality"
    )
    survey = Survey(both, scale=(1, 10))
    plain = satisfaction_index(PLS(ModelSpec.parse(text), tol=1e-13).fit(survey))
    for how in ("two_stage", "product_indicator"):
        spec = ModelSpec.parse(f"{text} + Image:Quality")
        pls = PLS(spec, interaction=how, tol=1e-13).fit(survey)
        assert abs(pls.paths.loc["Image:Quality", "Satisfaction"]) < 1e-10
        index = satisfaction_index(pls)
        assert_allclose(index.indices, plain.indices, rtol=1e-12)
        assert_allclose(index.impacts["impact"], plain.impacts["impact"], rtol=1e-10)
        if how == "two_stage":
            by_source = index.moderated_impacts.groupby("source")["impact"]
            assert (by_source.max() - by_source.min()).max() < 1e-9


def test_moderated_impacts_are_those_at_values_of_the_moderator(moderated):
    index = satisfaction_index(moderated)
    frame = index.moderated_impacts.set_index(["source", "at"])
    at_mean = index.impacts.set_index("source")
    for source in ("Image", "Quality"):
        columns = ["impact", "ci_lower", "ci_upper", "se"]
        assert_allclose(frame.loc[(source, 0.0), columns], at_mean.loc[source, columns], rtol=1e-9)
    slopes = moderated.simple_slopes("Image:Quality", source="Quality").table()["slope"]
    b = moderated.paths
    around = b.loc["Quality", "Value"] * b.loc["Value", "Satisfaction"]
    unit = at_mean.loc["Quality", "impact"] / (slopes[1] + around)
    assert_allclose(frame.loc["Quality", "impact"], unit * (slopes + around), rtol=1e-9)


def test_what_a_rise_moves_is_the_derivative_of_a_curve(survey):
    pls = PLS(CURVED).fit(survey)
    frame = satisfaction_index(pls).moderated_impacts
    assert frame["source"].tolist() == frame["moderator"].tolist() == ["Quality"] * 3
    assert frame["ci_lower"].isna().all()
    slopes = pls.simple_slopes("Quality:Quality").table()["slope"]
    steps = np.diff(frame["impact"]) / np.diff(slopes)
    assert_allclose(steps[0], steps[1])


def test_an_index_says_that_its_impacts_are_those_at_the_mean(moderated):
    index = satisfaction_index(moderated)
    (finding,) = index.verify()
    assert (finding.code, finding.severity) == ("impact_at_means", Severity.NOTE)
    assert finding.subjects == ("Image", "Quality")
    assert "Image:Quality" in finding.sentence("evidence")
    assert "those at the mean of what moderates them" in index.summary()
    assert "Image:Quality" not in index.table()["construct"].tolist()
    fit = PLS(MODERATED, interaction="orthogonalizing").fit(index.pls.sample.survey)
    of_items = satisfaction_index(fit)
    with pytest.raises(OptionError, match="Impacts at values of a moderator need the product of"):
        _ = of_items.moderated_impacts


def test_gains_of_items_and_dimensions_add_up_to_those_of_their_driver(second):
    order = priorities(second.bootstrap(30, seed=2))
    drivers = order.table().set_index("driver")
    assert set(drivers.index) == {"Image", "Quality"}
    for frame in (order.items, order.dimensions):
        whole = frame.query("driver == 'Quality'")[["share", "importance", "gain"]].sum()
        assert whole["share"] == pytest.approx(1)
        assert whole["importance"] == pytest.approx(drivers.loc["Quality", "importance"])
        within = second.estimator.higher_order != "repeated" or frame is order.items
        assert not within or whole["gain"] == pytest.approx(drivers.loc["Quality", "gain"])
    dimension = order.dimensions.set_index("dimension").loc["Service"]
    assert dimension["performance"] == pytest.approx(order.index.indices["Service"])
    own = order.items[order.items["item"].isin(SECOND.construct("Service").items)]
    assert own["importance"].sum() == pytest.approx(dimension["importance"])
    assert dimension["ci_lower"] < dimension["importance"] < dimension["ci_upper"]


def test_the_map_of_parts_is_drawn(second):
    order = priorities(second)
    written = {text.get_text() for text in order.plot("dimensions").texts}
    assert {"Product", "Service"} <= written
    assert "Image" not in written


def test_a_model_without_higher_drivers_has_no_dimensions(survey):
    order = priorities(PLS(library.ecsi()).fit(survey))
    with pytest.raises(OptionError, match="has no picture 'dimensions'"):
        order.plot("dimensions")
    frame = order.dimensions
    assert frame.empty
    assert frame.columns[:4].tolist() == ["driver", "dimension", "share", "importance"]


def test_necessity_takes_wholes_parts_and_items(second):
    names = ["Quality", "Service", "PERQ1"]
    found = necessary_conditions(second, "Satisfaction", names, permutations=20)
    alone = necessary_conditions(second.sample.survey, "CUSA1", ["PERQ1"], permutations=20)
    assert found.conditions == tuple(names)
    assert_allclose(
        found.points.values[:, 2], (alone.points.values[:, 0] - 1) / 9 * 100, rtol=1e-12
    )
    index = satisfaction_index(second)
    assert_allclose(found.points.values[:, 0], index.respondents["Quality"])


def test_the_combined_map_of_a_moderated_model(moderated):
    frame = priorities(moderated).combined(80, permutations=20).table()
    assert frame["driver"].tolist() == ["Quality", "Expectation", "Image", "Value"]
    assert frame["effect"].notna().all()


def test_filled_answers_of_parts_are_counted_for_their_whole(mobi_frame):
    frame = mobi_frame.astype(float)
    frame.loc[::25, "PERQ4"] = np.nan
    pls = PLS(SECOND, missing="mean").fit(Survey(frame, items=SECOND.items, scale=(1, 10)))
    assert necessary_conditions(pls, permutations=10).points.filled == 10
    only = necessary_conditions(pls, conditions=["Product"], permutations=10)
    assert only.points.filled == 0


@pytest.mark.parametrize("curved", [False, True])
def test_moderated_impacts_of_single_items_are_derivatives_of_a_regression(mobi_frame, curved):
    """Least squares on answers rescaled to 0-100: no scores, no weights."""
    term = "X:X" if curved else "X:M"
    text = f"X =~ PERQ1; M =~ PERV1; Y =~ CUSA1; Y ~ X + M + {term}"
    survey = Survey(mobi_frame, scale=(1, 10))
    index = satisfaction_index(PLS(ModelSpec.parse(text)).fit(survey), "Y")
    x, m, y = (100 * (mobi_frame[i] - 1) / 9 for i in ("PERQ1", "PERV1", "CUSA1"))
    other = x if curved else m
    columns = np.column_stack([np.ones(250), x, m, x * other])
    b = np.linalg.lstsq(columns, y, rcond=None)[0]
    at = other.mean() + np.array([-1, 0, 1]) * other.std()
    slopes = b[1] + (2 if curved else 1) * b[3] * at
    own = index.moderated_impacts.query("source == 'X'")["impact"]
    assert_allclose(own, slopes, rtol=1e-9)
    assert_allclose(index.impacts.set_index("source").loc["X", "impact"], slopes[1], rtol=1e-9)
