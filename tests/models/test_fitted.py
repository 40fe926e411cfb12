"""What is asked of a fitted model, and cannot be answered."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tcsmodel.errors import OptionError, TcsError, TcsWarning
from tcsmodel.kernels.scores import ten_berge
from tcsmodel.models.discriminant import discriminant_validity
from tcsmodel.models.latent_scores import latent_scores
from tcsmodel.models.modification import modification_indices, release_tests
from tcsmodel.models.residuals import residuals, srmr_test
from tcsmodel.models.second_order import second_order_reliability
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec

TEXT = """
    Quality =~ PERQ1 + PERQ3 + PERQ7
    Value =~ PERV1 + PERV2
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Value ~ Quality
    Satisfaction ~ Quality + Value
"""


def fit(estimator, text, data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        return estimator(ModelSpec.parse(text)).fit(data)


@pytest.mark.parametrize(
    "what",
    [
        discriminant_validity,
        latent_scores,
        modification_indices,
        release_tests,
        residuals,
        second_order_reliability,
        srmr_test,
    ],
)
def test_what_takes_a_fit_refuses_anything_else(what):
    with pytest.raises(OptionError, match=rf"{what.__name__}.. takes a result of SEM or CFA, not"):
        what(ModelSpec.parse("Satisfaction =~ CUSA1 + CUSA2 + CUSA3"))


def test_scores_that_cannot_be(mobi_frame):
    improper = fit(SEM, TEXT, mobi_frame.iloc[::2])
    assert improper.status == "improper"
    with pytest.raises(TcsError, match=r"are impossible: the solution is improper.*regression"):
        latent_scores(improper, method="ten_berge")
    with pytest.raises(TcsError, match=r"scores of constructs, and the model has none"):
        latent_scores(fit(SEM, "CUSA1 ~~ CUSA2", mobi_frame))


def test_ten_berge_scores_of_impossible_correlations_are_unknown():
    phi = np.array([[1.0, 2.0], [2.0, 1.0]])
    weights = ten_berge(np.eye(4), np.ones((4, 2)), np.stack([phi, np.eye(2)]))
    assert np.isnan(weights[0]).all()
