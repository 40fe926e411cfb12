"""Hidden segments of models with higher-order constructs and interactions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import tcsmodel as tcs
from tcsmodel.errors import TcsError
from tcsmodel.kernels.partition import adjusted_rand
from tcsmodel.models.pls import PLS
from tcsmodel.spec.model import ModelSpec

MEASURED = """
    Product =~ PERQ1 + PERQ2 + PERQ3
    Service =~ PERQ4 + PERQ5 + PERQ6
    Image =~ IMAG1 + IMAG2 + IMAG3
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
"""
SPECS = {
    "higher": ModelSpec.parse(
        MEASURED + "Quality =~ Product + Service\nQuality ~ Image\nSatisfaction ~ Image + Quality"
    ),
    "moderated": ModelSpec.parse(
        MEASURED + "Satisfaction ~ Image + Product + Service + Image:Service"
    ),
}


@pytest.mark.parametrize("name", list(SPECS))
def test_one_segment_has_the_paths_of_the_model(mobi_frame, name):
    pls = PLS(SPECS[name]).fit(mobi_frame)
    paths = tcs.fimix(pls, 1).paths(1)
    assert_allclose(paths["segment_1"], paths["path"], atol=1e-6)
    assert len(paths) == len(pls.estimator.model.written)


@pytest.mark.parametrize("name", list(SPECS))
def test_a_sample_of_everybody_finds_its_own_segments_again(mobi_frame, name):
    found = tcs.fimix(PLS(SPECS[name]).fit(mobi_frame), [1, 2], starts=3)
    stable = found.bootstrap(3, seed=1)
    assert np.isfinite(stable.agreement).all()


def test_segments_that_are_moderated_otherwise_are_found():
    rng = np.random.default_rng(5)
    x, m = rng.standard_normal((2, 600))
    group = np.arange(600) % 2
    y = 0.5 * x + 0.9 * (2 * group - 1) * x * m + 0.3 * rng.standard_normal(600)
    frame = pd.DataFrame(
        {
            f"{name}{k}": value + 0.2 * rng.standard_normal(600)
            for name, value in (("x", x), ("m", m), ("y", y))
            for k in range(2)
        }
    )
    pls = PLS(ModelSpec.parse("X =~ x0 + x1; M =~ m0 + m1; Y =~ y0 + y1; Y ~ X + M + X:M"))
    found = tcs.fimix(pls.fit(frame), 2, starts=5)
    assert found.table()["bic"].is_monotonic_decreasing
    assert adjusted_rand(found.labels(2), group) > 0.2  # where x m is near 0 nothing tells
    products = found.paths(2).set_index("source").loc["X:M", ["segment_1", "segment_2"]]
    assert products.min() < -0.4
    assert products.max() > 0.4


@pytest.mark.parametrize(("name", "words"), [("higher", "parts"), ("moderated", "main effects")])
def test_classes_of_residuals_are_refused_with_the_reason(mobi_frame, name, words):
    pls = PLS(SPECS[name]).fit(mobi_frame)
    with pytest.raises(TcsError, match=rf"Esposito Vinzi et al. 2008.*or fit the {words} alone"):
        tcs.rebus(pls, 2)
