"""Groups and units of models with higher-order constructs and interactions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tcsmodel.kernels.resample import bootstrap_chunks, permutation_chunks
from tcsmodel.models.group_comparison import compare_groups
from tcsmodel.models.grouped_pls import GroupedPLS
from tcsmodel.models.micom import micom
from tcsmodel.models.permuted import permuted
from tcsmodel.models.pls import PLS
from tcsmodel.report.group_pictures import micom_picture
from tcsmodel.report.language import language
from tcsmodel.satisfaction.index import satisfaction_index
from tcsmodel.satisfaction.unit_indices import unit_indices
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

MEASURED = """
    Product =~ PERQ1 + PERQ2 + PERQ3
    Service =~ PERQ4 + PERQ5 + PERQ6
    Image =~ IMAG1 + IMAG2 + IMAG3
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
"""
HIGHER = ModelSpec.parse(MEASURED + "Quality =~ Product + Service\nSatisfaction ~ Image + Quality")
MODERATED = ModelSpec.parse(
    MEASURED + "Satisfaction ~ Image + Product + Service + Image:Service + Product:Product"
)
SPECS = {"higher": HIGHER, "moderated": MODERATED}
STRICT = {"tol": 1e-10}


@pytest.fixture(scope="module")
def survey(mobi_frame):
    frame = mobi_frame.assign(half=np.where(np.arange(250) % 5 < 2, "a", "b"))
    return Survey(frame, items=[*mobi_frame.columns], scale=(1, 10), group="half")


@pytest.fixture(scope="module", params=list(SPECS))
def grouped(request, survey):
    return GroupedPLS.of(PLS(SPECS[request.param], **STRICT), survey, None, "micom")


def test_composition_is_the_correlation_of_scores_with_the_weights_of_either(grouped):
    model = grouped.estimator.model
    observed = permuted(grouped, (0, 1), 3, 1).observed
    x = grouped.sample.values[:, : len(model.observed)]
    z = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    for c, name in enumerate(model.scored):
        scores = [z @ fit.arrays["score_weights"][:, c] for fit in grouped.fits]
        assert_allclose(observed["composition"][c], np.corrcoef(scores)[0, 1], err_msg=name)
    pooled = grouped.estimator.fit(grouped.sample.survey).scores()[list(model.scored)]
    first, second = (pooled[grouped.member == g] for g in (0, 1))
    assert_allclose(observed["means"], first.mean() - second.mean(), atol=1e-9)
    assert_allclose(observed["variances"], np.log(first.var() / second.var()), atol=1e-9)


def test_a_permutation_is_a_fit_to_permuted_groups(grouped, survey):
    drawn = permuted(grouped, (0, 1), 2, 5, quantities=("paths", "r_squared")).draws
    (orders,) = permutation_chunks(250, 2, 5, 2)
    for k, order in enumerate(orders):
        member = grouped.member[order]
        fits = [grouped.estimator.fit(survey.where(member == g)) for g in (0, 1)]
        source, target = np.array(grouped.estimator.model.written).T
        first, second = (fit.arrays["paths"][source, target] for fit in fits)
        assert_allclose(drawn["paths"][k], first - second, atol=1e-6)
        gap = fits[0].r_squared.to_numpy() - fits[1].r_squared.to_numpy()
        assert_allclose(drawn["r_squared"][k], gap, atol=1e-6)


def test_single_items_for_parts_are_the_plain_model(survey):
    plain = """
        Quality =~ PERQ1 + PERQ2 + PERQ3
        Satisfaction =~ CUSA1 + CUSA2 + CUSA3
        Satisfaction ~ Quality
    """
    parts = "".join(f"Part{i} =~ PERQ{i}\n" for i in (1, 2, 3)) + plain.replace("PERQ", "Part")
    options = {"permutations": 39, "bootstrap": 40, "seed": 2}
    ours, theirs = (
        compare_groups(PLS(ModelSpec.parse(text), tol=1e-12), survey, **options)
        for text in (parts, plain)
    )
    numbers = ours.table().select_dtypes("number")
    assert_allclose(numbers, theirs.table().select_dtypes("number"), rtol=1e-8)
    own = ours.micom.table().set_index("construct").loc[["Quality", "Satisfaction"]]
    other = theirs.micom.table().set_index("construct").loc[["Quality", "Satisfaction"]]
    own, other = (frame.select_dtypes("number") for frame in (own, other))
    assert_allclose(own, other, rtol=1e-6, atol=1e-10)


def test_what_is_taken_from_answers_is_taken_from_their_products(survey):
    """Groups that differ in their means alone: about these, permutations are as if not at all."""
    frame = survey.data.astype(dict.fromkeys(MODERATED.items, float))
    shifted = frame.copy()
    shifted.loc[shifted["half"] == "a", list(MODERATED.items)] += 3.0
    found = []
    for one in (frame, shifted):
        data = Survey(one, items=MODERATED.items, group="half")
        own = GroupedPLS.of(PLS(MODERATED, **STRICT), data, None, "micom")
        found.append(permuted(own, (0, 1), 5, 3, quantities=("paths",), centered=True))
    assert_allclose(found[0].draws["paths"], found[1].draws["paths"], atol=1e-6)


@pytest.mark.parametrize("spec", list(SPECS))
def test_every_test_of_a_path_is_there(survey, spec):
    found = compare_groups(PLS(SPECS[spec]), survey, permutations=39, bootstrap=40, seed=2)
    table = found.table()
    assert table.filter(like="p_").notna().all(axis=None)
    model = found.estimator.model
    assert len(table) == len(model.written)
    assert found.micom.table()["construct"].tolist() == list(model.scored)
    count = len(model.scored)
    assert found.micom.configural["items"] == f"12 items in {count} constructs"
    alone = PLS(SPECS[spec]).fit(survey.where(found.grouped.member == 0))
    assert_allclose(table["estimate"], alone.table()["path"], atol=1e-6)
    assert found.by_group("total_effects")["se"].gt(0).all()


def test_three_groups_have_an_omnibus_test_and_a_picture(mobi_frame):
    frame = mobi_frame.assign(brand=["A", "B", "C"] * 83 + ["A"])
    found = micom(PLS(HIGHER), frame, "brand", permutations=19)
    assert found.omnibus["construct"].unique().tolist() == list(PLS(HIGHER).model.scored)
    assert "Quality" in str(micom_picture(found, language("en")).alt)


@pytest.fixture(scope="module", params=list(SPECS))
def fits(request, survey):
    return PLS(SPECS[request.param], **STRICT).fit_each(survey, by="half")


def test_units_are_what_they_are_alone(fits, survey):
    alone = fits.estimator.fit(survey.where((survey.data["half"] == "b").to_numpy()))
    for name in ("paths", "outer_weights", "score_weights", "item_means"):
        assert_allclose(fits["b"].arrays[name], alone.arrays[name], atol=1e-7)
    assert_allclose(fits["b"].scores(), alone.scores(), atol=1e-6)
    own = satisfaction_index(alone)
    units = unit_indices(fits, bootstrap=0)
    assert_allclose(units.constructs.loc["b"], own.indices, rtol=1e-7)
    row, theirs = (
        units.table().set_index("unit").loc["b"],
        own.table().set_index("construct").loc["Satisfaction"],
    )
    assert_allclose(row["se"], theirs["se"], rtol=1e-6)
    assert list(units.constructs) == list(fits.estimator.model.scored)


def test_replicates_of_units_are_indices_of_their_resamples(fits):
    units = unit_indices(fits, bootstrap=3, seed=9)
    own = fits["b"]
    number = fits.units_fitted.at("b")
    counts = np.concatenate(list(bootstrap_chunks(own.sample.n, 3, 9, 3, stratum=number)))
    drawn = satisfaction_index(own.resampled(counts)).draws.values["index"]
    place = own.estimator.model.constructs.index("Satisfaction")
    assert_allclose(units.drawn[fits.fitted.index("b")], drawn[:, place], rtol=1e-7)


def test_a_unit_whose_answers_do_not_vary_is_named(mobi_frame):
    frame = mobi_frame.assign(firm=["A", "B"] * 125)
    frame.loc[frame["firm"] == "B", "IMAG1"] = 5
    with pytest.warns(UserWarning, match="1 of 2 units of firm have no proper solution"):
        fits = PLS(MODERATED).fit_each(frame, by="firm")
    assert fits.fitted == ("A",)
    assert "'IMAG1'" in fits.status.loc["B", "reason"]


def test_weights_go_with_their_respondents(mobi_frame):
    """Whole weights are repeated rows, but for the divisors of moments."""
    weight = np.random.default_rng(0).integers(1, 4, 250)
    frame = mobi_frame.assign(w=weight.astype(float), half=["a", "b"] * 125)
    weighted = Survey(frame, items=[*mobi_frame.columns], weight="w", group="half")
    rows = np.repeat(np.arange(250), weight)
    repeated = Survey(frame.iloc[rows], items=[*mobi_frame.columns], group="half")
    for spec in SPECS.values():
        ours, theirs = (
            GroupedPLS.of(PLS(spec, **STRICT), data, None, "micom") for data in (weighted, repeated)
        )
        own = permuted(ours, (0, 1), 2, 1).observed["composition"]
        assert_allclose(own, permuted(theirs, (0, 1), 2, 1).observed["composition"], atol=1e-6)
