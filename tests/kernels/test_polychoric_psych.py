"""Polychoric correlations and thresholds against psych: gaps, empty cells, unused categories."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_files import DATA, expected

from tcsmodel.kernels.polychoric import Pairs, coded, mixed_moments, pair_tables
from tcsmodel.kernels.status import Status

# psych ends its one-dimensional search at R's default tolerance, up to 2e-5 from the maximum.
PSYCH = 5e-5


def answers_of(data, theirs):
    frame = pd.read_csv(DATA / data)[theirs["rho"].index]
    return coded(frame.to_numpy(float), np.ones(frame.shape[1], dtype=bool))


@pytest.mark.parametrize("case", ["A_polychoric_bfi10", "A_polychoric_bfi25"])
def test_polychoric_with_missing_answers_as_psych(case):
    theirs = expected(case)
    ours = mixed_moments(answers_of("bfi.csv", theirs))
    np.testing.assert_allclose(ours.corr, theirs["rho"], atol=PSYCH)
    assert (ours.pair_status == Status.CONVERGED).all()
    if "tau" in theirs:
        np.testing.assert_allclose(ours.thresholds, theirs["tau"], atol=1e-12)


def test_polychoric_with_empty_cells_as_psych():
    theirs = expected("A_polychoric_mobi_ord5")
    answers = answers_of("mobi_ord5.csv", theirs)
    pairs = Pairs.of(answers.categories)
    tables = pair_tables(answers, np.ones((1, 250)), pairs.first, pairs.second)[0]
    assert (tables == 0).any(axis=(-2, -1)).sum() == 92
    ours = mixed_moments(answers)
    np.testing.assert_allclose(ours.corr, theirs["rho"], atol=PSYCH)
    np.testing.assert_allclose(ours.thresholds, theirs["tau"], atol=1e-12)


def test_categories_that_nobody_chose_have_no_threshold():
    """psych has infinite ones for them, so that its columns are those of the scale."""
    theirs = expected("A_polychoric_mobi10pt")
    ours = mixed_moments(answers_of("mobi.csv", theirs))
    np.testing.assert_allclose(ours.corr, theirs["rho"], atol=PSYCH)
    cut = theirs["tau"].to_numpy(float)
    assert np.isnan(cut[0, :3]).all()
    cut[0] = np.roll(cut[0], -3)
    np.testing.assert_allclose(ours.thresholds, cut, atol=1e-12)
