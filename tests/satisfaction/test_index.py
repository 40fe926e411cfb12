"""The 0-100 index: published numbers, definitions, uncertainty, hard input."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from golden_files import DATA

from tcsmodel.errors import DroppedRespondentsWarning, OptionError, SpecError, SurveyError, TcsError
from tcsmodel.kernels import index as kernel
from tcsmodel.kernels.resample import bootstrap_chunks
from tcsmodel.models.pls import PLS
from tcsmodel.models.simulation import population, simulate
from tcsmodel.result import Severity
from tcsmodel.satisfaction.index import FIXED, satisfaction_index
from tcsmodel.spec import library
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments
from tcsmodel.survey.replicates import ReplicateWeights
from tcsmodel.survey.survey import Survey

# METHODS: index of mobi by PLS weights on 0-100 (computed in R from semPLS weights).
PUBLISHED = {
    "centroid": [73.5209, 72.4714, 74.9853, 62.2979, 72.5428, 67.4222, 70.6107],
    "path": [73.52798, 72.47382, 74.97657, 62.34676, 72.45412, 67.42222, 70.91385],
}
IMPACTS = {
    "Satisfaction": [0.414655, 0.432275, 0.639795, 0.138289],
    "Loyalty": [0.643221, 0.341350, 0.505220, 0.109201, 0.789659, 0.057876],
}
SMALL = """
Image =~ IMAG1 + IMAG2 + IMAG3
Quality =~ PERQ1 + PERQ2 + PERQ3
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Quality ~ Image
Satisfaction ~ Image + Quality
"""


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.read_csv(DATA / "mobi.csv")


@pytest.fixture(scope="module")
def survey(frame) -> Survey:
    return Survey(frame, scale=(1, 10))


@pytest.fixture(scope="module")
def pls(survey):
    return PLS(library.ecsi()).fit(survey)


@pytest.fixture(scope="module")
def index(pls):
    return satisfaction_index(pls)


@pytest.fixture(scope="module")
def small(survey):
    return PLS(ModelSpec.parse(SMALL)).fit(survey)


@pytest.mark.parametrize("scheme", sorted(PUBLISHED))
def test_indices_of_mobi(survey, scheme):
    index = satisfaction_index(PLS(library.ecsi(), scheme=scheme).fit(survey))
    np.testing.assert_allclose(index.indices, PUBLISHED[scheme], atol=6e-5)


@pytest.mark.parametrize("target", sorted(IMPACTS))
def test_impacts_of_mobi(pls, target):
    impacts = satisfaction_index(pls, target).impacts
    np.testing.assert_allclose(impacts["impact"], IMPACTS[target], atol=1e-6)


def test_five_points_of_quality_are_worth_3_2_points_of_satisfaction(index):
    impacts = index.impacts.set_index("source")
    assert impacts.loc["Quality", "impact_5"] == pytest.approx(3.20, abs=0.005)
    assert (impacts["rise"] == 5).all()


def test_the_definition_moves_the_index(survey):
    index = satisfaction_index(PLS(library.ecsi(), scheme="centroid").fit(survey))
    values = index.definitions.set_index("kind")["index"]
    assert values["acsi"] == pytest.approx(72.54, abs=0.005)
    assert values["standardized"] == pytest.approx(71.86, abs=0.005)
    assert values["metric4"] == pytest.approx(71.248, abs=0.0005)
    assert values["equal"] == pytest.approx(71.97, abs=0.005)
    for kind in values.index:
        alone = satisfaction_index(index.pls, kind=kind)
        assert alone.value == values[kind]
        assert alone.definition in alone.summary()


def test_metric_4_gives_the_latent_means_of_the_published_analysis(survey):
    pls = PLS(library.ecsi(), scheme="centroid").fit(survey)
    index = satisfaction_index(pls, kind="metric4")
    printed = {
        "Image": 72.684,
        "Expectation": 72.324,
        "Quality": 74.583,
        "Value": 61.583,
        "Satisfaction": 71.248,
        "Complaints": 67.422,
        "Loyalty": 69.292,
    }
    assert index.indices.to_dict() == pytest.approx(printed, abs=6e-4)
    raw = PLS(library.ecsi(), scheme="centroid", standardized=False).fit(survey)
    assert satisfaction_index(raw, kind="metric4").value == index.value
    assert satisfaction_index(raw).value == pytest.approx(72.5428, abs=5e-4)
    drawn = satisfaction_index(pls.bootstrap(50, seed=2), kind="metric4").draws.values["index"]
    own = satisfaction_index(raw.bootstrap(50, seed=2), kind="metric4").draws.values["index"]
    np.testing.assert_allclose(drawn, own)


def test_every_interval_stands_beside_the_others(survey, pls):
    index = satisfaction_index(pls.bootstrap(400, seed=1))
    frame = index.intervals.set_index("interval")
    assert frame.index.tolist() == ["fixed weights", "bootstrap"]
    assert frame.loc["fixed weights", "ratio"] == 1
    assert 0.9 < frame.loc["bootstrap", "ratio"] < 1.2
    row = index.table().set_index("construct").loc["Satisfaction"]
    assert frame.loc["bootstrap", "ci_lower"] == row["ci_lower"]
    block = np.repeat(np.arange(50), 5)
    clustered = Survey(
        survey.data.assign(block=block), items=survey.items, scale=(1, 10), cluster="block"
    )
    designed = satisfaction_index(PLS(library.ecsi()).fit(clustered)).intervals
    assert designed["interval"].tolist() == ["fixed weights", "survey design"]
    assert designed["se"].nunique() == 2


def test_segments_by_several_columns(survey):
    frame = survey.data.assign(brand=list("AB") * 125, wave=np.repeat([1, 2], 125))
    whole = Survey(frame, items=survey.items, scale=(1, 10))
    index = satisfaction_index(PLS(library.ecsi()).fit(whole))
    table = index.by(["brand", "wave"]).query("construct == 'Satisfaction'")
    assert list(zip(table["brand"], table["wave"], strict=True)) == [
        ("A", 1), ("A", 2), ("B", 1), ("B", 2)]  # fmt: skip
    assert np.average(table["index"], weights=table["n"]) == pytest.approx(index.value)


def test_a_segment_inside_one_cluster_is_a_sample_of_that_cluster(survey):
    frame = survey.data.assign(branch=np.repeat(np.arange(10), 25), half=np.tile([1, 2], 125))
    options = {"items": survey.items, "scale": (1, 10)}
    drawn = satisfaction_index(PLS(library.ecsi()).fit(Survey(frame, cluster="branch", **options)))
    plain = satisfaction_index(PLS(library.ecsi()).fit(Survey(frame, **options)))
    for inside in ("branch", ["branch", "half"]):
        pd.testing.assert_frame_equal(drawn.by(inside), plain.by(inside))
    assert (drawn.by("half")["se"] != plain.by("half")["se"]).all()


def test_equal_weights_give_the_mean_of_the_items(frame, pls):
    by_hand = (frame[["CUSA1", "CUSA2", "CUSA3"]].mean(axis=1).mean() - 1) / 9 * 100
    assert satisfaction_index(pls, kind="equal").value == pytest.approx(by_hand, rel=1e-12)


def test_index_is_the_mean_over_respondents_and_over_items(index):
    np.testing.assert_allclose(index.respondents.mean(), index.indices, rtol=1e-12)
    items = index.items.assign(part=lambda d: d["share"] * d["performance"])
    parts = items.groupby("construct", sort=False)[["share", "part"]].sum()
    np.testing.assert_allclose(parts["share"], 1, rtol=1e-12)
    np.testing.assert_allclose(parts["part"], index.indices[parts.index], rtol=1e-12)
    # Shares sum to one but for rounding, and so an index of 100 is that but for rounding.
    assert index.respondents.min(axis=None) >= -1e-12
    assert index.respondents.max(axis=None) <= 100 * (1 + 1e-12)


def test_impacts_are_total_effects_among_the_respondents_indices(index):
    """Least squares on the 0-100 columns, then (I - B)^-1 - I: no scores, no rescaling."""
    y, spec = index.respondents, index.pls.estimator.spec
    names = list(y.columns)
    b = pd.DataFrame(0.0, index=names, columns=names)
    for target in {path.target for path in spec.paths}:
        sources = [path.source for path in spec.paths if path.target == target]
        x = np.column_stack([np.ones(len(y)), y[sources]])
        b.loc[sources, target] = np.linalg.lstsq(x, y[target], rcond=None)[0][1:]
    total = np.linalg.inv(np.eye(len(names)) - b) - np.eye(len(names))
    by_hand = pd.DataFrame(total, index=names, columns=names)["Satisfaction"]
    impacts = index.impacts.set_index("source")["impact"]
    np.testing.assert_allclose(impacts, by_hand[impacts.index], rtol=1e-8)


def test_fixed_weight_interval_is_that_of_a_mean(index):
    from scipy.stats import t

    row = index.table().set_index("construct").loc["Satisfaction"]
    y = index.respondents["Satisfaction"]
    se = y.std() / np.sqrt(250)
    assert row["se"] == pytest.approx(se)
    assert row["ci_upper"] == pytest.approx(y.mean() + t.ppf(0.975, 249) * se)
    assert row["interval"] == FIXED
    assert index.impacts[["se", "ci_lower", "ci_upper"]].isna().all(axis=None)


def test_replicates_equal_refits_on_the_repeated_rows(frame, small):
    counts = next(bootstrap_chunks(250, 3, seed=11))
    draws = satisfaction_index(small.resampled(counts)).draws
    for b, count in enumerate(counts):
        again = Survey(frame.loc[frame.index.repeat(count.astype(int))], scale=(1, 10))
        alone = satisfaction_index(PLS(small.estimator.spec).fit(again))
        np.testing.assert_allclose(draws.values["index"][b], alone.indices, rtol=1e-6)
        np.testing.assert_allclose(
            draws.values["impacts"][b, :2, 2], alone.impacts["impact"], rtol=1e-5
        )


def test_bootstrap_interval_estimates_the_weights_again(small):
    booted = small.bootstrap(400, seed=7, level=0.9)
    index = satisfaction_index(booted)
    row = index.table().set_index("construct").loc["Satisfaction"]
    assert row["interval"] == "bootstrap"
    assert row["ci_lower"] < index.value < row["ci_upper"]
    draws = index.draws.values["index"][:, 2]
    assert row["se"] == pytest.approx(draws.std(ddof=1))
    assert row["ci_lower"] == pytest.approx(np.quantile(draws, 0.05))
    assert index.level == 0.9
    assert (index.impacts["ci_lower"] < index.impacts["impact"]).all()
    assert index.definitions["interval"].eq("bootstrap").all()


def test_integer_weights_equal_repeated_rows(frame):
    weights = 1 + np.arange(250) % 3
    spec = ModelSpec.parse(SMALL)
    weighted = Survey(frame.assign(w=weights), items=spec.items, scale=(1, 10), weight="w")
    repeated = Survey(frame.loc[frame.index.repeat(weights)], scale=(1, 10))
    ours, theirs = (satisfaction_index(PLS(spec).fit(s)) for s in (weighted, repeated))
    np.testing.assert_allclose(ours.indices, theirs.indices, rtol=1e-7)
    np.testing.assert_allclose(ours.impacts["impact"], theirs.impacts["impact"], rtol=1e-6)
    assert ours.table()["se"].gt(theirs.table()["se"]).all()


def test_segments_average_to_the_whole(frame):
    spec = ModelSpec.parse(SMALL)
    brand = np.where(np.arange(250) % 5 == 0, "A", "B")
    survey = Survey(frame.assign(brand=brand), items=spec.items, scale=(1, 10), group="brand")
    index = satisfaction_index(PLS(spec).fit(survey))
    parts = index.by("brand")
    assert list(parts.columns[:6]) == ["construct", "index", "ci_lower", "ci_upper", "n", "segment"]
    own = parts[parts["construct"] == "Satisfaction"]
    assert own["n"].tolist() == [50, 200]
    assert np.average(own["index"], weights=own["n"]) == pytest.approx(index.value)
    assert (own["ci_lower"] < own["index"]).all()


def test_segments_are_weighted(frame):
    spec = ModelSpec.parse(SMALL)
    rng = np.random.default_rng(2)
    extra = frame.assign(w=rng.uniform(0.5, 3, 250), city=rng.choice(["x", "y"], 250))
    survey = Survey(extra, items=spec.items, scale=(1, 10), weight="w")
    index = satisfaction_index(PLS(spec).fit(survey))
    part = index.by("city").query("segment == 'x' and construct == 'Quality'")
    rows = (extra["city"] == "x").to_numpy()
    y = index.respondents["Quality"][rows]
    assert part["index"].item() == pytest.approx(np.average(y, weights=extra["w"][rows]))


def test_respondents_without_a_segment_are_counted(frame):
    spec = ModelSpec.parse(SMALL)
    city = pd.Series(["x", "y"] * 125, dtype=object).where(frame.index >= 10)
    survey = Survey(frame.assign(city=city), items=spec.items, scale=(1, 10))
    index = satisfaction_index(PLS(spec).fit(survey))
    with pytest.warns(DroppedRespondentsWarning, match="10 of 250 respondents have no value"):
        parts = index.by("city")
    assert parts.groupby("segment")["n"].first().tolist() == [120, 120]
    with pytest.raises(SurveyError, match=r"'citi' is not a column.*Did you mean 'city'"):
        index.by("citi")


def test_a_segment_of_one_has_no_interval(frame):
    spec = ModelSpec.parse(SMALL)
    survey = Survey(frame.assign(k=(frame.index == 4) * 1), items=spec.items, scale=(1, 10))
    parts = satisfaction_index(PLS(spec).fit(survey)).by("k")
    alone = parts[parts["segment"] == 1]
    assert alone["index"].notna().all()
    assert alone["ci_lower"].isna().all()


def test_rows_of_respondents_are_survey_rows(frame):
    spec = ModelSpec.parse(SMALL)
    gaps = frame.astype(float)
    gaps.loc[[0, 7], "CUSA1"] = np.nan
    with pytest.warns(DroppedRespondentsWarning):
        pls = PLS(spec).fit(Survey(gaps, items=spec.items, scale=(1, 10)))
    index = satisfaction_index(pls)
    assert index.n == 248
    assert not {0, 7} & set(index.respondents.index)
    assert index.respondents.index.tolist()[:3] == [1, 2, 3]


def test_impact_of_five_points_stops_at_100(frame):
    spec = ModelSpec.parse(SMALL)
    image = ["IMAG1", "IMAG2", "IMAG3"]
    high = frame.assign(**(frame[image].gt(4) + 9))
    impacts = satisfaction_index(PLS(spec).fit(Survey(high, scale=(1, 10)))).impacts
    image = impacts.set_index("source").loc["Image"]
    assert 0 < image["rise"] < 5
    assert image["impact_5"] == pytest.approx(image["impact"] * image["rise"])


def test_the_target_needs_a_scale(frame):
    spec = ModelSpec.parse(SMALL)
    scale = {name: (1, 10) for name in spec.items if name != "CUSA2"}
    pls = PLS(spec).fit(Survey(frame, items=spec.items, scale=scale))
    with pytest.raises(SurveyError, match=r"'Satisfaction'.*none for CUSA2.*scale=\(1, 10\)"):
        satisfaction_index(pls)
    with pytest.raises(SurveyError, match="CUSA1, CUSA2, CUSA3"):
        satisfaction_index(PLS(spec).fit(frame))


def test_another_construct_without_a_scale_is_named(frame):
    spec = ModelSpec.parse(SMALL)
    scale = {name: (1, 10) for name in spec.items if name != "IMAG2"}
    index = satisfaction_index(PLS(spec).fit(Survey(frame, items=spec.items, scale=scale)))
    assert np.isnan(index.indices["Image"])
    assert index.indices.drop("Image").notna().all()
    (finding,) = index.verify()
    assert (finding.code, finding.subjects) == ("no_index", ("Image",))
    assert finding.sentence() == "There is no 0-100 index of Image."


def test_an_item_that_was_not_reversed_is_found(frame, pls):
    turned = frame.assign(CUSA1=11 - frame["CUSA1"])
    index = satisfaction_index(PLS(library.ecsi()).fit(Survey(turned, scale=(1, 10))))
    (finding,) = index.verify()
    assert (finding.code, finding.severity) == ("negative_share", Severity.PROBLEM)
    assert finding.evidence["item"] == "CUSA1"
    assert "CUSA1 counts against the index of Satisfaction" in str(finding)
    restored = Survey(turned, scale=(1, 10), reverse=["CUSA1"])
    again = satisfaction_index(PLS(library.ecsi()).fit(restored))
    assert again.value == pytest.approx(satisfaction_index(pls).value, rel=1e-12)


def test_wrong_names_are_explained(pls):
    with pytest.raises(SpecError, match="Did you mean 'Satisfaction'"):
        satisfaction_index(pls, "Satisfactoin")
    with pytest.raises(OptionError, match="Did you mean 'acsi'"):
        satisfaction_index(pls, kind="asci")


def test_moments_alone_are_not_enough(survey):
    spec = ModelSpec.parse(SMALL)
    with pytest.raises(TcsError, match="A 0-100 index needs respondents"):
        satisfaction_index(PLS(spec).fit(survey.moments(spec.items)))


def test_repr_is_one_line(index):
    assert re.fullmatch(
        r"SatisfactionIndex\(Satisfaction 72\.5, 95% CI 70\.7 to 74\.2, kind=acsi, n=250, fixed "
        r"weights\)",
        repr(index),
    )


def test_indices_make_a_survey_with_the_weights_of_the_model(frame):
    spec = ModelSpec.parse(SMALL.replace("Image", "weight"))
    survey = Survey(frame.assign(w=range(1, 251)), items=spec.items, scale=(1, 10), weight="w")
    index = satisfaction_index(PLS(spec).fit(survey))
    own = index.survey()
    assert own.items == ("weight", "Quality", "Satisfaction")
    assert own.weight == "weight_"
    np.testing.assert_allclose(own.moments().mean, index.indices)


def test_many_rows_are_quick(frame):
    spec = ModelSpec.parse(SMALL)
    many = frame.loc[np.arange(100_000) % 250, list(spec.items)]
    index = satisfaction_index(PLS(spec).fit(Survey(many, scale=(1, 10))))
    assert len(index.respondents) == 100_000
    assert index.table()["se"].max() < 0.1


@pytest.mark.slow
def test_bootstrap_intervals_cover_at_their_level():
    """Of 240 samples, those whose 90% interval holds the population's index and impact."""
    spec = ModelSpec.parse(SMALL)
    center, spread, limits = 50.0, 10.0, (-50, 150)
    truth = PLS(spec).fit(Moments.from_cov(population(spec).cov, n=10**6)).arrays
    ranges = np.full(9, limits[0]), np.full(9, limits[1])
    w = kernel.unstandardized_weights(truth["outer_weights"][:, None], np.ones(9), *ranges)
    member = PLS(spec).model.member
    impact = kernel.impacts(truth["total_effects"], w, member)[0, 2]
    held = np.zeros(2)
    for seed in range(240):
        answers = center + spread * simulate(spec, n=150, seed=seed).data[list(spec.items)]
        survey = Survey(answers, items=spec.items, scale=limits)
        index = satisfaction_index(PLS(spec).fit(survey).bootstrap(300, seed=seed, level=0.9))
        row, image = index.table().iloc[2], index.impacts.iloc[0]
        held += (
            row["ci_lower"] < center < row["ci_upper"],
            image["ci_lower"] < impact < image["ci_upper"],
        )
    assert (np.abs(held / 240 - 0.9) < 3 * np.sqrt(0.9 * 0.1 / 240)).all(), held / 240


def segmented(frame, **options):
    extra = frame.assign(
        everyone="all",
        brand=np.where(np.arange(250) % 5 == 0, "A", "B"),
        few=np.where(np.arange(250) < 15, "few", "rest"),
        branch=np.arange(250) // 10,
        w=1 + np.arange(250) % 3 / 2,
    )
    return Survey(extra, items=library.ecsi().items, scale=(1, 10), **options)


@pytest.mark.parametrize("kind", ["acsi", "standardized", "metric4", "equal"])
def test_a_segment_of_everyone_has_the_interval_of_the_whole(frame, kind):
    survey = segmented(frame, weight="w")
    drawn = PLS(library.ecsi()).fit(survey).bootstrap(80, seed=5, interval="basic")
    index = satisfaction_index(drawn, kind=kind)
    columns = ["construct", "index", "ci_lower", "ci_upper", "n", "se", "interval"]
    pd.testing.assert_frame_equal(index.by("everyone")[columns], index.table()[columns])


def test_segments_have_the_full_bootstrap_by_hand(frame):
    survey = segmented(frame)
    counts = np.concatenate(list(bootstrap_chunks(250, 60, 3)))
    index = satisfaction_index(PLS(library.ecsi()).fit(survey).bootstrap(60, seed=3))
    own = survey.data["brand"].to_numpy() == "A"
    x = survey.values(list(index.pls.sample.names))
    at = index.constructs.index("Quality")
    block = np.flatnonzero(index.pls.estimator.model.block == at)
    drawn = []
    for b in range(60):
        weights = index.pls.draws.values["outer_weights"][b, block]
        share = weights / index.pls.draws.values["item_sds"][b, block]
        mean = counts[b, own] @ x[own][:, block] / counts[b, own].sum()
        drawn.append((mean - 1) / 9 * 100 @ share / share.sum())
    row = index.by("brand").query("segment == 'A' and construct == 'Quality'").iloc[0]
    assert row["interval"] == "bootstrap"
    assert row["se"] == pytest.approx(np.std(drawn, ddof=1))
    assert [row["ci_lower"], row["ci_upper"]] == pytest.approx(np.quantile(drawn, [0.025, 0.975]))


def test_small_segments_gaps_and_branches_keep_fixed_weights(frame):
    survey = segmented(frame, cluster="branch")
    index = satisfaction_index(PLS(library.ecsi()).fit(survey).bootstrap(60, seed=3))
    plain = satisfaction_index(PLS(library.ecsi()).fit(survey))
    small = index.by("few").query("segment == 'few'")
    pd.testing.assert_frame_equal(small, plain.by("few").query("segment == 'few'"))
    assert index.by("branch")["interval"].unique().tolist() == [FIXED]
    assert index.by("brand")["interval"].unique().tolist() == ["bootstrap"]
    gaps = frame.astype(float)
    gaps.loc[3, "CUSA1"] = np.nan
    filled = PLS(library.ecsi(), missing="mean").fit(segmented(gaps)).bootstrap(20, seed=3)
    assert satisfaction_index(filled).by("brand")["interval"].unique().tolist() == [FIXED]


def test_segments_follow_replicate_weights(frame):
    rng = np.random.default_rng(3)
    columns = {f"rw{r}": rng.uniform(0.2, 1.8, 250) for r in range(12)}
    survey = Survey(
        frame.assign(everyone="all", w=1.0, **columns),
        items=library.ecsi().items,
        scale=(1, 10),
        weight="w",
        replicates=ReplicateWeights(columns="rw*", kind="brr"),
    )
    index = satisfaction_index(PLS(library.ecsi()).fit(survey).replicated())
    columns = ["construct", "index", "ci_lower", "ci_upper", "n", "se", "interval"]
    pd.testing.assert_frame_equal(index.by("everyone")[columns], index.table()[columns])
