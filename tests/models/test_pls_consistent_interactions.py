"""Interactions in consistent PLS: cSEM's number, a known population, trouble."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import expected
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import IdentificationError, OptionError
from tcsmodel.kernels.consistent import with_products

MEASURED = """
    Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
    Expectation =~ CUEX1 + CUEX2 + CUEX3
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
"""
PRODUCT = MEASURED + "Satisfaction ~ Image + Expectation + Image:Expectation"
TRUE = {"X": 0.4, "Z": 0.3, "X:Z": 0.25}


def model(text, **options):
    return tcs.PLS(tcs.ModelSpec.parse(text), consistent=True, tol=1e-12, **options)


@pytest.fixture(scope="module")
def fitted(mobi_frame):
    return model(PRODUCT).fit(mobi_frame)


def from_scores(fitted, divisor):
    """Return correlations and spreads of scores and their product, moments over `divisor`."""
    y = fitted.scores()[["Image", "Expectation", "Satisfaction"]].to_numpy()
    y = (y - y.mean(axis=0)) / y.std(axis=0, ddof=1)
    mixed = (y[:, 0] * y[:, 1]).sum() / divisor
    columns = np.column_stack([y, y[:, 0] * y[:, 1] - mixed])
    cov = columns.T @ columns / divisor
    cov[:3, 3] = cov[3, :3] = (columns[:, :3] * (columns[:, [3]] + mixed)).sum(axis=0) / divisor
    cov[3, 3] = ((columns[:, 3] + mixed) ** 2).sum() / divisor - mixed**2
    spread = np.array([1, 1, 1, np.sqrt(cov[3, 3])])
    corr = cov / np.outer(spread, spread)
    np.fill_diagonal(corr, 1.0)
    rho = np.append(fitted.reliability["rho_a"].iloc[:3], 1.0)
    return with_products(corr, spread, rho, {3: (0, 1)})


def regression(corr, spread):
    sources = [0, 1, 3]
    b = np.linalg.solve(corr[np.ix_(sources, sources)], corr[sources, 2])
    return b / spread[sources], float(b @ corr[sources, 2])


def test_the_interaction_of_csem_is_reproduced_from_its_moments(fitted):
    """cSEM divides moments by n of scores whose standard deviations have n - 1."""
    theirs = expected("D_csem_mobi_interaction")
    paths, explained = regression(*from_scores(fitted, fitted.sample.n))
    names = ("Image", "Expectation", "Image.Expectation")
    assert_allclose(paths, [theirs["paths"][name] for name in names], atol=tol.PLS, rtol=0)
    assert_allclose(explained, theirs["r_squared"], atol=tol.PLS, rtol=0)


def test_pls_has_one_divisor_throughout(fitted):
    paths, explained = regression(*from_scores(fitted, fitted.sample.n - 1))
    own = fitted.paths.loc[["Image", "Expectation", "Image:Expectation"], "Satisfaction"]
    assert_allclose(own, paths, atol=2e-4)  # the mean of a product has the divisor n
    assert_allclose(fitted.r_squared["Satisfaction"], explained, atol=2e-4)
    theirs = expected("D_csem_mobi_interaction")["paths"]["Image.Expectation"]
    assert own["Image:Expectation"] == pytest.approx(theirs, rel=2 / 250)


def test_what_is_linear_stays_as_without_the_interaction(mobi_frame, fitted):
    linear = model(MEASURED + "Satisfaction ~ Image + Expectation").fit(mobi_frame)
    names = ["Image", "Expectation", "Satisfaction"]
    assert_allclose(fitted.construct_corr.loc[names, names], linear.construct_corr, atol=1e-9)
    assert_allclose(fitted.reliability.loc[names], linear.reliability, atol=1e-9)
    assert_allclose(fitted.outer_loadings.iloc[:11, :3], linear.outer_loadings, atol=1e-9)


def test_reliability_of_one_corrects_nothing(mobi_frame):
    text = "X =~ PERQ1; M =~ PERV1; Y =~ CUSA1; Y ~ X + M + X:M"
    plain = tcs.PLS(tcs.ModelSpec.parse(text)).fit(mobi_frame)
    sure = tcs.PLS(tcs.ModelSpec.parse(text), reliability={"X": 1.0, "M": 1.0, "Y": 1.0})
    assert_allclose(sure.fit(mobi_frame).paths, plain.paths, atol=1e-10)
    unsure = tcs.PLS(tcs.ModelSpec.parse(text), reliability={"X": 0.8, "M": 0.7}).fit(mobi_frame)
    assert abs(unsure.paths.loc["X", "Y"]) > abs(plain.paths.loc["X", "Y"])


@pytest.fixture(scope="module")
def population():
    rng = np.random.default_rng(1)
    x, z = rng.standard_normal((2, 60_000))
    z = 0.4 * x + np.sqrt(1 - 0.16) * z
    y = 0.4 * x + 0.3 * z + 0.25 * (x * z - 0.4)
    y = y + np.sqrt(1 - y.var()) * rng.standard_normal(len(y))
    columns = {
        f"{name}{k}": loading * v + np.sqrt(1 - loading**2) * rng.standard_normal(len(v))
        for name, v in (("x", x), ("z", z), ("y", y))
        for k, loading in enumerate((0.8, 0.7, 0.6))
    }
    return pd.DataFrame(columns)


SPEC = "X =~ x0 + x1 + x2\nZ =~ z0 + z1 + z2\nY =~ y0 + y1 + y2\nY ~ X + Z + X:Z"


def test_a_known_population_is_recovered(population):
    found = model(SPEC).fit(population)
    assert_allclose(found.paths.loc[[*TRUE], "Y"], [*TRUE.values()], atol=0.015)
    assert found.construct_corr.loc["X", "Z"] == pytest.approx(0.4, abs=0.01)
    attenuated = tcs.PLS(tcs.ModelSpec.parse(SPEC)).fit(population)
    assert attenuated.paths.loc["X:Z", "Y"] < 0.19
    slopes = found.simple_slopes("X:Z")
    assert_allclose(slopes.slopes, [0.15, 0.4, 0.65], atol=0.025)
    assert_allclose(slopes.expected(np.zeros(1))[:, 0], [-0.3 - 0.1, -0.1, 0.2], atol=0.03)


def test_replicates_are_those_of_repeated_rows(population):
    frame = population.head(300)
    counts = np.random.default_rng(2).multinomial(300, np.full(300, 1 / 300), size=3)
    drawn = model(SPEC).fit(frame).resampled(counts.astype(float)).draws.values["paths"]
    for own, count in zip(drawn, counts, strict=True):
        repeated = model(SPEC).fit(frame.iloc[np.repeat(np.arange(300), count)])
        assert_allclose(own, repeated.paths, atol=1e-6)


def test_corrections_that_contradict_each_other_are_named(mobi_frame):
    text = MEASURED + "Satisfaction ~ Image + Expectation + Image:Image + Image:Expectation"
    with pytest.raises(IdentificationError, match="no paths to 'Satisfaction': corrected for unr"):
        model(text).fit(mobi_frame)


def test_a_product_that_error_explains_is_named(mobi_frame):
    flat = mobi_frame.assign(
        PERQ1=np.tile([1.0, 5, 5, 9], 63)[:250], PERV1=np.tile([5, 1.0, 9, 5], 63)[:250]
    )
    text = "X =~ PERQ1; M =~ PERV1; Y =~ CUSA1; Y ~ X + M + X:M"
    low = tcs.PLS(tcs.ModelSpec.parse(text), reliability={"X": 0.3, "M": 0.3})
    with pytest.raises(IdentificationError, match="cannot correct the interaction 'X:M'"):
        low.fit(flat + np.random.default_rng(0).normal(size=flat.shape) / 10)


def test_products_of_items_and_constructs_of_constructs_are_not_corrected():
    with pytest.raises(OptionError, match="interaction='orthogonalizing' multiplies items"):
        model(PRODUCT, interaction="orthogonalizing")
    with pytest.raises(OptionError, match="do not go with higher-order constructs yet"):
        model("A =~ x1 + x2; B =~ x3 + x4; C =~ A + B; Y =~ y1 + y2; Y ~ C")
