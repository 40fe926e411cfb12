"""Interactions and quadratic effects in PLS: seminr's numbers, least squares, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import expected
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import IdentificationError, OptionError, SpecError, TcsError
from tcsmodel.kernels.resample import counts_from_rows
from tcsmodel.kernels.status import Status
from tcsmodel.models.pls import PLS
from tcsmodel.report.plots import picture
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

MEASURED = """
    Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
    Expectation =~ CUEX1 + CUEX2 + CUEX3
    Value =~ PERV1 + PERV2
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
"""
SPEC = ModelSpec.parse(
    MEASURED + "Satisfaction ~ Image + Expectation + Value + Image:Expectation + Image:Value"
)
CURVE = ModelSpec.parse(MEASURED + "Satisfaction ~ Image + Value + Expectation + Image:Image")
METHODS = ("two_stage", "product_indicator", "orthogonalizing")
CASES = {
    "two_stage": "D_seminr_mobi_int_two_stage",
    "product_indicator": "D_seminr_mobi_int_product_indicator",
}
SINGLE = ModelSpec.parse("X =~ PERQ1; M =~ PERV1; Y =~ CUSA1; Y ~ X + M + X:M")


def ours(name):
    return name.replace("*", ":").replace("_intxn", "")


@pytest.fixture(scope="module", params=sorted(CASES))
def pair(request, mobi_frame):
    result = PLS(SPEC, interaction=request.param, tol=1e-10).fit(mobi_frame)
    return result, expected(CASES[request.param])


@pytest.mark.parametrize(
    ("attribute", "key"),
    [
        ("outer_weights", "outer_weights"),
        ("paths", "path_coef"),
        ("total_effects", "total_effects"),
        ("construct_corr", "construct_cor"),
    ],
)
def test_interactions_equal_seminr(pair, attribute, key):
    theirs = pair[1][key].rename(index=ours, columns=ours)
    own = getattr(pair[0], attribute).loc[theirs.index, theirs.columns]
    assert_allclose(own, theirs, rtol=0, atol=tol.PLS)


def test_loadings_of_answers_equal_seminr(pair):
    for attribute in ("outer_loadings", "cross_loadings"):
        theirs = pair[1][attribute].iloc[:13].drop(columns=["Image*Expectation", "Image*Value"])
        own = getattr(pair[0], attribute).loc[theirs.index, theirs.columns]
        assert_allclose(own, theirs, rtol=0, atol=tol.PLS)


def test_scores_moments_and_fit_equal_seminr(pair):
    result, theirs = pair
    scores = theirs["construct_scores_first5"].rename(columns=ours)
    assert_allclose(result.scores()[scores.columns].head(5), scores, rtol=0, atol=tol.PLS)
    for own, key in ((result.item_means, "meanData"), (result.item_sds, "sdData")):
        other = pd.Series(theirs[key]).rename(index=ours)
        assert_allclose(own[other.index], other, rtol=0, atol=tol.PLS)
    rsq = theirs["rSquared_AdjR2_etc"].iloc[:, 0]
    assert_allclose(result.r_squared.iloc[-1], rsq.iloc[0], atol=tol.PLS)
    assert_allclose(result.r_squared_adj.iloc[-1], rsq.iloc[1], atol=tol.PLS)
    for source, value in theirs["vif_antecedents"]["Satisfaction"].items():
        assert_allclose(result.vif.loc[ours(source), "Satisfaction"], value, atol=tol.PLS)


def standardized(frame, *items):
    return [(frame[i] - frame[i].mean()) / frame[i].std() for i in items]


def least_squares(y, *x):
    columns = np.column_stack([np.ones(len(y)), *x])
    return np.linalg.lstsq(columns, y, rcond=None)[0][1:]


@pytest.mark.parametrize("method", METHODS)
def test_single_items_are_a_regression_with_a_product(mobi_frame, method):
    result = PLS(SINGLE, interaction=method).fit(mobi_frame)
    x, m, y = standardized(mobi_frame, "PERQ1", "PERV1", "CUSA1")
    b = least_squares(y, x, m, x * m)
    scale = result.arrays["spread"][3] / (x * m).std() if method != "two_stage" else 1.0
    own = result.paths.loc[["X", "M", "X:M"], "Y"].to_numpy() * (1, 1, scale)
    if method == "orthogonalizing":
        residual = x * m - np.column_stack([x, m]) @ least_squares(x * m, x, m)
        b = np.append(least_squares(y, x, m), b[2])
        assert_allclose(result.arrays["spread"][3], residual.std(ddof=1))
        own[2] /= scale
    assert_allclose(own, b, atol=1e-9)
    assert_allclose(result.reliability.loc["X:M", ["alpha", "rho_a", "rho_c", "ave"]].isna(), True)


def test_f_squared_of_an_interaction_is_what_it_adds_to_r_squared(mobi_frame):
    with_it = PLS(SINGLE).fit(mobi_frame)
    without = PLS(ModelSpec.parse("X =~ PERQ1; M =~ PERV1; Y =~ CUSA1; Y ~ X + M")).fit(mobi_frame)
    more, less = with_it.r_squared["Y"], without.r_squared["Y"]
    assert_allclose(with_it.f_squared.loc["X:M", "Y"], (more - less) / (1 - more), atol=1e-9)


def test_a_quadratic_effect_is_a_regression_on_the_square(mobi_frame):
    spec = ModelSpec.parse("X =~ PERQ1; Y =~ CUSA1; Y ~ X + X:X")
    result = PLS(spec).fit(mobi_frame)
    x, y = standardized(mobi_frame, "PERQ1", "CUSA1")
    assert_allclose(result.paths.loc[["X", "X:X"], "Y"], least_squares(y, x, x**2), atol=1e-9)


def test_residuals_of_products_are_uncorrelated_with_the_main_effects(mobi_frame):
    corr = PLS(SPEC, interaction="orthogonalizing").fit(mobi_frame).construct_corr
    assert_allclose(corr.loc["Image:Value", ["Image", "Value"]], 0, atol=1e-9)
    assert_allclose(corr.loc["Image:Expectation", ["Image", "Expectation"]], 0, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("spec", [SPEC, CURVE], ids=["products", "square"])
def test_every_replicate_is_a_fit_to_its_resample(mobi_frame, method, spec):
    result = PLS(spec, interaction=method, tol=1e-9).fit(mobi_frame)
    rows = np.random.default_rng(3).integers(0, 250, (3, 250))
    drawn = result.resampled(counts_from_rows(rows, 250)).draws.values
    for k, own in enumerate(rows):
        alone = PLS(spec, interaction=method, tol=1e-9).fit(mobi_frame.iloc[own])
        for name in ("paths", "outer_weights", "f_squared", "construct_corr", "item_means"):
            assert_allclose(drawn[name][k], alone.arrays[name], atol=1e-6)


def test_scores_are_what_the_numbers_are_of(mobi_frame):
    result = PLS(SPEC, tol=1e-10).fit(mobi_frame)
    scores = result.scores()
    assert_allclose(scores.corr(), result.construct_corr, atol=1e-9)
    product = scores["Image"] * scores["Value"]
    assert_allclose(scores["Image:Value"].corr(product), 1, atol=1e-9)
    assert_allclose(result.answers("This test"), mobi_frame[list(SPEC.items)])
    names = ["Image", "Expectation", "Value", "Image:Expectation", "Image:Value"]
    b = least_squares(scores["Satisfaction"], *(scores[name] for name in names))
    assert_allclose(result.paths.loc[names, "Satisfaction"], b, atol=1e-9)


def test_weights_are_repeated_rows(mobi_frame):
    weight = np.random.default_rng(0).integers(1, 4, 250).astype(float)
    survey = Survey(mobi_frame.assign(w=weight), items=SPEC.items, weight="w")
    once = PLS(SPEC, tol=1e-10).fit(survey)
    again = PLS(SPEC, tol=1e-10).fit(mobi_frame.loc[np.repeat(np.arange(250), weight.astype(int))])
    # The sample variance of n rows and of all their repetitions differ, by which the
    # product of standardized answers is scaled.
    n, repeated = once.sample.n, weight.sum()
    scale = np.sqrt(n / (n - 1) * (repeated - 1) / repeated)
    ratio = np.where(once.estimator.model.is_product, scale, 1.0)
    assert_allclose(once.paths, again.paths.mul(ratio, axis=0), atol=1e-6)


def test_a_higher_order_construct_may_moderate(mobi_frame):
    spec = ModelSpec.parse(
        MEASURED + "Brand =~ Image + Expectation\nSatisfaction ~ Brand + Value + Brand:Value"
    )
    for how in ("disjoint", "embedded", "repeated"):
        result = PLS(spec, higher_order=how, tol=1e-10).fit(mobi_frame)
        scores = result.scores()
        assert_allclose(scores.corr(), result.construct_corr, atol=1e-9)
        product = scores["Brand"] * scores["Value"]
        assert abs(scores["Brand:Value"].corr(product) - 1) < 1e-4
    with pytest.raises(OptionError, match="'Brand' in 'Brand:Value' is made of constructs"):
        PLS(spec, interaction="product_indicator")


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ("Satisfaction ~ Image + Value + Imag:Value", "'Imag' in .* is not a construct.*'Image'"),
        ("Satisfaction ~ Image + Image:Value", "has no path of 'Value' itself beside it"),
        ("Satisfaction ~ Image + CUSL1 + Image:CUSL1", "'CUSL1' in .* is not a construct"),
        ("Satisfaction ~ Image\nImage ~ Satisfaction + Satisfaction:Satisfaction", "cycle"),
    ],
)
def test_factors_need_constructs_with_paths(paths, message):
    rest = "\nValue ~ Expectation\nExpectation ~ Image"
    with pytest.raises(SpecError, match=message):
        PLS(ModelSpec.parse(MEASURED + paths + rest))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"consistent": True, "interaction": "product_indicator"},
            "correct products of scores, and interaction='product_indicator' multiplies items",
        ),
        ({"standardized": False}, "standardized=False does not go with interactions"),
        ({"missing": "fiml"}, r"missing='fiml' and ordered= do not go .* or fit\(tcs\.impute"),
        ({"ordered": True}, "ordered= do not go with interactions"),
        (
            {"interaction": "product_indicator", "modes": {"Value": "B"}},
            r"'Value' in 'Image:Value' is made of formative items \(Mode B\)",
        ),
        ({"interaction": "two-stage"}, "Did you mean 'two_stage'"),
        ({"modes": {"Image:Value": "B"}}, "modes names 'Image:Value', which is not a construct"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        PLS(SPEC, **options)


def test_what_needs_respondents_or_one_stage_says_so(mobi_frame):
    with pytest.raises(TcsError, match="Interactions need respondents, but moments were given"):
        PLS(SPEC).fit(Survey(mobi_frame, items=SPEC.items).moments(SPEC.items))


@pytest.mark.parametrize("every", [2, 3])
def test_the_square_of_an_answer_with_two_values_is_no_construct(mobi_frame, every):
    frame = mobi_frame.assign(male=np.arange(250) % every == 0)
    spec = ModelSpec.parse("Male =~ male; Y =~ CUSA1 + CUSA2; Y ~ Male + Male:Male")
    with pytest.raises(IdentificationError, match="'Male:Male' says nothing beside its factors"):
        PLS(spec).fit(frame.astype(float))


def test_resamples_in_which_an_interaction_repeats_its_factors_are_lost(mobi_frame):
    frame = mobi_frame.assign(rare=(np.arange(250) < 3).astype(float))
    spec = ModelSpec.parse("A =~ IMAG1 + IMAG2; M =~ rare; Y =~ CUSA1 + CUSA2; Y ~ A + M + A:M")
    rows = np.arange(250)
    resamples = np.array([np.where(rows < 2, 249, rows), rows])
    drawn = PLS(spec).fit(frame).resampled(counts_from_rows(resamples, 250)).draws
    assert drawn.status.tolist() == [Status.SINGULAR, Status.CONVERGED]
    assert np.isnan(drawn.values["paths"][0]).all()
    many = PLS(spec).fit(frame).bootstrap(200, seed=1)
    assert many.table()["ci_upper"].max() < 5


def test_estimators_without_interactions_refuse_them():
    with pytest.raises(SpecError, match=r"Interactions \(:\) have no estimator in CFA and SEM"):
        tcs.SEM(SPEC)


def test_the_builder_makes_the_same_specification():
    built = ModelSpec.of(
        tcs.reflective("Image", ["IMAG1", "IMAG2"]),
        tcs.single("Value", "PERV1"),
        tcs.single("Loyalty", "CUSL1"),
        tcs.paths(["Image", "Value"], "Loyalty"),
        tcs.interaction("Image", "Value", to="Loyalty"),
    )
    text = "Image =~ IMAG1 + IMAG2; Value =~ PERV1; Loyalty =~ CUSL1"
    assert built == ModelSpec.parse(text + "; Loyalty ~ Image + Value + Image:Value")
    assert built.items == ("IMAG1", "IMAG2", "PERV1", "CUSL1")
    with pytest.raises(SpecError, match="two factors, and they make its name"):
        tcs.interaction("A", "B", to="C")[0].__class__("C", "~", "A*B", product=("A", "B"))


@pytest.fixture(scope="module")
def drawn(mobi_frame):
    return PLS(SPEC).fit(mobi_frame).bootstrap(200, seed=7)


def test_simple_slopes_are_the_effect_at_values_of_the_moderator(drawn):
    found = drawn.simple_slopes("Image:Value")
    b1, b3 = drawn.paths.loc[["Image", "Image:Value"], "Satisfaction"]
    assert_allclose(found.table()["slope"], [b1 - b3, b1, b1 + b3])
    names = drawn.estimator.model.constructs
    at = [names.index(name) for name in ("Image", "Image:Value")]
    paths = drawn.draws.values["paths"][:, at, names.index("Satisfaction")]
    above = paths.sum(axis=1)
    last = found.table().iloc[-1]
    assert_allclose(last["se"], above.std(ddof=1))
    assert_allclose(last[["ci_lower", "ci_upper"]].tolist(), np.quantile(above, [0.025, 0.975]))
    half = drawn.simple_slopes("Image:Value", level=0.5).table().iloc[-1]
    assert_allclose(half["ci_lower"], np.quantile(above, 0.25))
    assert found.f_squared == drawn.f_squared.loc["Image:Value", "Satisfaction"]


def test_expected_values_are_those_of_the_regression(drawn):
    found = drawn.simple_slopes("Value:Image", source="Value", at=[-2, 0.5])
    assert (found.source, found.moderator) == ("Value", "Image")
    b = drawn.paths["Satisfaction"]
    scores = drawn.scores()
    mean = (scores["Image"] * scores["Value"]).mean()
    x = np.array([-1.0, 3.0])
    for row, m in zip(found.expected(x), (-2, 0.5), strict=True):
        own = b["Value"] * x + b["Image"] * m + b["Image:Value"] * (x * m - mean)
        assert_allclose(row, own, atol=1e-4)


def test_slopes_of_a_curve_are_its_derivative(mobi_frame):
    found = PLS(CURVE).fit(mobi_frame).simple_slopes("Image:Image", at=[-1, 0, 2])
    step = 1e-5
    for at, slope in zip(found.at, found.slopes, strict=True):
        low, high = found.expected(np.array([at - step, at + step]))[0]
        assert_allclose((high - low) / (2 * step), slope, atol=1e-8)
    assert found.table()["se"].isna().all()
    assert picture(found).title == "The effect of Image on Satisfaction by Image"


def test_simple_slopes_say_what_they_need(drawn, mobi_frame):
    with pytest.raises(SpecError, match="'Image:Loyalty' is not an interaction of the model"):
        drawn.simple_slopes("Image:Loyalty")
    with pytest.raises(OptionError, match=r"source='Valu' is not a factor .*Did you mean 'Value'"):
        drawn.simple_slopes("Image:Value", source="Valu")
    with pytest.raises(OptionError, match="target='Value' is not what the interaction"):
        drawn.simple_slopes("Image:Value", target="Value")
    with pytest.raises(OptionError, match="values of the moderator in standard deviations"):
        drawn.simple_slopes("Image:Value", at=[])
    other = PLS(SPEC, interaction="orthogonalizing").fit(mobi_frame)
    with pytest.raises(OptionError, match="Fit with interaction='two_stage'"):
        other.simple_slopes("Image:Value")
    plain = PLS(ModelSpec.parse("X =~ PERQ1; Y =~ CUSA1; Y ~ X")).fit(mobi_frame)
    with pytest.raises(SpecError, match="The model has no interaction"):
        plain.simple_slopes("X:Y")
    both = ModelSpec.parse(
        "X =~ PERQ1; M =~ PERV1; Y =~ CUSA1; Z =~ CUSL1; Y ~ X + M + X:M; Z ~ X + M + X:M"
    )
    with pytest.raises(OptionError, match="say target='Y' or another"):
        PLS(both).fit(mobi_frame).simple_slopes("X:M")


def test_a_moderation_planted_in_the_data_is_found():
    rng = np.random.default_rng(5)
    x, m = rng.standard_normal((2, 2000))
    y = 0.4 * x + 0.3 * m + 0.25 * x * m + 0.7 * rng.standard_normal(2000)
    noisy = {
        f"{name}{k}": value + 0.3 * rng.standard_normal(2000)
        for name, value in (("x", x), ("m", m), ("y", y))
        for k in range(3)
    }
    spec = ModelSpec.parse(
        "X =~ x0 + x1 + x2; M =~ m0 + m1 + m2; Y =~ y0 + y1 + y2; Y ~ X + M + X:M"
    )
    found = PLS(spec).fit(pd.DataFrame(noisy)).bootstrap(100, seed=1).simple_slopes("X:M")
    low, high = found.change
    assert low > 0.15
    assert high < 0.35
    assert picture(found).title == "The effect of X on Y rises with M"
    assert "M +1 SD: slope" in picture(found).alt
