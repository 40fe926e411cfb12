"""The bundled survey is the published one."""

from __future__ import annotations

import numpy as np

from tcsmodel import datasets


def test_mobi_holds_the_reference_values(mobi_frame):
    survey = datasets.mobi()
    assert survey.n == 250
    assert list(survey.items) == list(mobi_frame.columns)
    np.testing.assert_array_equal(survey.values(), mobi_frame.to_numpy(float))


def test_mobi_knows_its_scale_and_questions():
    survey = datasets.mobi()
    assert set(survey.scale.values()) == {(1.0, 10.0)}
    assert set(survey.labels) == set(survey.items)
    assert len(set(survey.labels.values())) == 24
