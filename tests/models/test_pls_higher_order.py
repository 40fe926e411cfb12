"""Constructs that constructs measure, in PLS: seminr's numbers, stages by hand, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import tolerances as tol
from golden_files import expected
from numpy.testing import assert_allclose

from tcsmodel.errors import OptionError, SpecError
from tcsmodel.kernels.resample import counts_from_rows
from tcsmodel.models.pls import PLS
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

LOWER = """
    Expectation =~ CUEX1 + CUEX2 + CUEX3
    Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
    Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
    Value =~ PERV1 + PERV2
    Complaints =~ CUSCO
    Loyalty =~ CUSL1 + CUSL2 + CUSL3
"""
TEXT = (
    LOWER
    + """
    Satisfaction =~ Image + Value
    Satisfaction ~ Expectation + Quality
    Complaints ~ Satisfaction
    Loyalty ~ Satisfaction
"""
)
SPEC = ModelSpec.parse(TEXT)
FORMATIVE = ModelSpec.parse(TEXT.replace("Satisfaction =~", "Satisfaction <~"))
KINDS = ("disjoint", "embedded", "repeated")


def close(ours, theirs, tolerance=tol.PLS):
    ours = ours.loc[theirs.index, theirs.columns].to_numpy(dtype=float)
    theirs = theirs.to_numpy(dtype=float)
    known = np.isfinite(theirs)
    assert known.any()
    assert_allclose(ours[known], theirs[known], rtol=0, atol=tolerance)


@pytest.fixture(scope="module")
def pair(mobi_frame):
    return PLS(SPEC).fit(mobi_frame), expected("D_seminr_mobi_hoc_modeA")


@pytest.mark.parametrize(
    ("attribute", "key"),
    [
        ("outer_weights", "outer_weights"),
        ("outer_loadings", "outer_loadings"),
        ("cross_loadings", "cross_loadings"),
        ("paths", "path_coef"),
        ("total_effects", "total_effects"),
        ("indirect_effects", "total_indirect_effects"),
        ("construct_corr", "construct_cor"),
    ],
)
def test_disjoint_stages_equal_seminr(pair, attribute, key):
    close(getattr(pair[0], attribute), pair[1][key])


def test_reliability_of_the_higher_construct_comes_from_the_lower_ones(pair):
    theirs = pair[1]["reliability_alpha_rhoC_AVE_rhoA"]
    close(pair[0].reliability, theirs.set_axis(["alpha", "rho_c", "ave", "rho_a"], axis=1))
    assert pair[0].reliability.loc["Satisfaction", "n_items"] == 2


def test_htmt_equals_seminr_except_between_a_construct_and_its_parts(pair):
    theirs = pair[1]["htmt"].copy()
    parts = ["Image", "Value"]
    assert pair[0].htmt.loc["Satisfaction", parts].isna().all()
    theirs.loc[parts, "Satisfaction"] = np.nan
    close(pair[0].htmt, theirs)
    close(pair[0].fornell_larcker, pair[1]["fornell_larcker"])


def test_scores_and_explained_variance_equal_seminr(pair):
    result, theirs = pair
    own = theirs["rSquared_AdjR2_etc"]
    assert_allclose(result.r_squared[own.columns], own.loc["Rsq"], atol=tol.PLS)
    assert_allclose(result.r_squared_adj[own.columns], own.loc["AdjRsq"], atol=tol.PLS)
    scores = theirs["construct_scores_first5"]
    assert_allclose(result.scores()[scores.columns].head(5), scores, atol=tol.PLS)


def test_the_first_stage_is_a_model_of_the_parts(pair, mobi_frame):
    theirs = expected("D_seminr_mobi_hoc_modeA_firststage")
    paths = [f"{target} ~ {source}" for source, target in theirs["smMatrix"].to_numpy()]
    first = PLS(ModelSpec.parse(LOWER + "\n".join(paths))).fit(mobi_frame)
    close(first.outer_weights, theirs["weights"])
    close(first.paths, theirs["paths"])
    weights = theirs["weights"][["Image", "Value"]].loc[lambda w: (w != 0).any(axis=1)]
    close(pair[0].outer_weights, weights)


def by_hand(frame, how):
    """Return paths of stages that are fitted one after the other to data with scores."""
    copies = {f"{item}_": frame[item] for item in (*IMAGE, *VALUE)}
    text = LOWER + "Satisfaction =~ " + " + ".join(copies)
    text += "\nSatisfaction ~ Expectation + Quality\nComplaints ~ Satisfaction"
    text += "\nLoyalty ~ Satisfaction\nImage ~ Satisfaction\nValue ~ Satisfaction"
    first = PLS(ModelSpec.parse(text)).fit(frame.assign(**copies))
    if how == "repeated":
        return first.paths
    names = ("Expectation", "Quality", "Complaints", "Loyalty")
    text = "\n".join(f"{name} =~ {name}_" for name in names)
    text += "\nSatisfaction =~ Image_ + Value_\nSatisfaction ~ Expectation + Quality"
    text += "\nComplaints ~ Satisfaction\nLoyalty ~ Satisfaction"
    return PLS(ModelSpec.parse(text)).fit(first.scores().add_suffix("_")).paths


IMAGE, VALUE = ("IMAG1", "IMAG2", "IMAG3", "IMAG4", "IMAG5"), ("PERV1", "PERV2")


@pytest.mark.parametrize("how", ["embedded", "repeated"])
def test_other_approaches_equal_stages_by_hand(mobi_frame, how):
    result = PLS(SPEC, higher_order=how).fit(mobi_frame)
    theirs = by_hand(mobi_frame, how).drop(
        index=["Image", "Value"], columns=["Image", "Value"], errors="ignore"
    )
    close(result.paths, theirs)


@pytest.mark.parametrize(
    ("how", "spec"),
    [*((how, SPEC) for how in KINDS), ("disjoint", FORMATIVE), ("embedded", FORMATIVE)],
    ids=lambda value: value if isinstance(value, str) else "<~" * value.constructs[-1].composite,
)
def test_every_replicate_is_a_fit_to_its_resample(mobi_frame, how, spec):
    result = PLS(spec, higher_order=how).fit(mobi_frame)
    rows = np.random.default_rng(3).integers(0, 250, (3, 250))
    drawn = result.resampled(counts_from_rows(rows, 250)).draws.values
    for k, own in enumerate(rows):
        alone = PLS(spec, higher_order=how).fit(mobi_frame.iloc[own].reset_index(drop=True))
        for name in ("paths", "outer_weights", "rho_c", "htmt", "cross_loadings"):
            assert_allclose(drawn[name][k], alone.arrays[name], atol=1e-6)


def test_scores_are_what_the_numbers_are_of(mobi_frame):
    for how in KINDS:
        result = PLS(SPEC, higher_order=how).fit(mobi_frame)
        assert_allclose(result.scores().corr(), result.construct_corr, atol=1e-9)
        assert_allclose(result.scores().std(), 1, atol=1e-9)


def test_formative_weights_are_a_regression(mobi_frame):
    result = PLS(FORMATIVE).fit(mobi_frame)
    scores = result.scores()
    x = scores[["Image", "Value"]].to_numpy()
    own, left, *_ = np.linalg.lstsq(x, scores["Satisfaction"], rcond=None)
    assert_allclose(result.outer_weights.loc[["Image", "Value"], "Satisfaction"], own, atol=1e-9)
    assert left[0] < 1e-9
    assert np.isnan(result.reliability.loc["Satisfaction", "ave"])


def test_two_higher_constructs_may_depend_on_each_other(mobi_frame):
    spec = ModelSpec.parse(
        LOWER + "Before =~ Expectation + Image\nAfter =~ Complaints + Loyalty\n"
        "Before ~ Quality\nAfter ~ Before + Value"
    )
    result = PLS(spec).fit(mobi_frame)
    assert result.converged
    assert_allclose(result.scores().corr(), result.construct_corr, atol=1e-9)


def test_weights_are_repeated_rows(mobi_frame):
    weight = np.random.default_rng(0).integers(1, 4, 250).astype(float)
    once = PLS(SPEC).fit(Survey(mobi_frame.assign(w=weight), items=SPEC.items, weight="w"))
    again = PLS(SPEC).fit(mobi_frame.loc[np.repeat(np.arange(250), weight.astype(int))])
    assert_allclose(once.paths, again.paths, atol=1e-6)


def test_gaps_and_moments_are_no_obstacle(mobi_frame, pair):
    moments = Survey(mobi_frame, items=SPEC.items).moments(SPEC.items)
    assert_allclose(PLS(SPEC).fit(moments).paths, pair[0].paths, atol=1e-9)
    frame = mobi_frame.astype(float)
    frame.iloc[::9, 3] = np.nan
    result = PLS(SPEC, missing="fiml").fit(frame)
    assert result.bootstrap(10, seed=1).draws.n == 10


def test_a_unit_weighted_higher_construct_weights_its_parts_alike(mobi_frame):
    result = PLS(SPEC, modes={"Satisfaction": "unit"}).fit(mobi_frame)
    own = result.outer_weights.loc[["Image", "Value"], "Satisfaction"]
    assert_allclose(own.iloc[0], own.iloc[1])


REST = "\nSatisfaction ~ Quality\nLoyalty ~ Satisfaction\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Satisfaction =~ Image + CUSA1", "by construct 'Image' and by item 'CUSA1'.*'MyCUSA1 =~"),
        ("Satisfaction =~ Image", "measured by one construct, 'Image', so it is the same"),
        (
            "Mid =~ Image + Value\nSatisfaction =~ Mid + Complaints",
            "third order.*'Mid' is measured",
        ),
        ("Satisfaction =~ Image + Value\nBrand =~ Image + Complaints", "'Image' measures"),
        ("Satisfaction =~ Image + Value\nLoyalty ~ Image", "'Image' measures 'Satisfaction', and"),
    ],
)
def test_what_is_not_second_order_is_refused(text, message):
    with pytest.raises(SpecError, match=message):
        PLS(ModelSpec.parse(LOWER + text + REST))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"consistent": True}, "consistent= and reliability= do not go with higher-order"),
        ({"standardized": False}, "standardized=False does not go with higher-order constructs"),
        (
            {
                "higher_order": "repeated",
                "weights": {"Satisfaction": {"Image": 1.0, "Value": 2.0}},
            },
            "repeated indicators do not have",
        ),
        ({"higher_order": "embeded"}, "Did you mean 'embedded'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        PLS(SPEC, **options)


def test_repeated_indicators_leave_nothing_to_explain_of_a_formative_construct():
    with pytest.raises(OptionError, match="nothing is left to explain of 'Satisfaction'"):
        PLS(FORMATIVE, higher_order="repeated")


def test_full_collinearity_is_that_of_constructs_with_paths(pair):
    names = ["Expectation", "Quality", "Complaints", "Loyalty", "Satisfaction"]
    inverse = np.linalg.inv(pair[0].construct_corr.loc[names, names])
    assert_allclose(pair[0].full_vif[names], np.diag(inverse), atol=1e-9)
    assert len(pair[0].full_vif) == 5


def test_the_diagram_shows_the_parts_as_items_of_the_higher_construct(pair):
    axes = pair[0].plot()
    words = [text.get_text() for text in axes.texts]
    assert words.count("Image") == words.count("Value") == 1
    assert not {"IMAG1", "PERV1"} & set(words)


def test_many_firms_are_fitted_at_once(mobi_frame):
    frame = mobi_frame.assign(firm=["A", "B"] * 125)
    fits = PLS(SPEC).fit_each(frame, by="firm")
    alone = PLS(SPEC).fit(frame[frame["firm"] == "B"])
    assert_allclose(fits.arrays["paths"][1], alone.arrays["paths"], atol=1e-6)
