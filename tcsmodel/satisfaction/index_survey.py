"""Respondents' indices as a survey that was drawn as the survey they come from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.kernels.replicates import Replicates
from tcsmodel.models.estimator import Sample
from tcsmodel.survey.survey import Survey

ROLES = ("strata", "cluster")


def survey_of(frame: pd.DataFrame, sample: Sample) -> Survey:
    """Return the columns of a frame as items, with the weights and the design of a sample."""
    items = list(frame.columns)
    roles: dict[str, str] = {}
    for role, values in _columns(sample).items():
        name = role
        while name in items:
            name += "_"
        frame, roles[role] = frame.assign(**{name: values}), name
    replicates, drawn = None, sample.design
    if isinstance(drawn, Replicates):
        assert sample.survey is not None
        assert sample.survey.replicates is not None
        assert sample.weights is not None
        names = [f"{roles['weight']}_{r}" for r in range(1, drawn.units + 1)]
        weights = drawn.ratios.T * sample.weights[:, None]
        frame = frame.assign(**dict(zip(names, weights.T, strict=True)))
        replicates = replace(sample.survey.replicates, columns=names)
    weight, strata, cluster = (roles.get(role) for role in ("weight", *ROLES))
    return Survey(
        frame, items=items, weight=weight, strata=strata, cluster=cluster, replicates=replicates
    )


def _columns(sample: Sample) -> dict[str, NDArray[Any]]:
    """Return the weights, strata and clusters of the respondents that there are."""
    found: dict[str, NDArray[Any]] = {}
    if sample.weights is not None:
        found["weight"] = sample.weights
    for role in ROLES:
        column = None if sample.survey is None else getattr(sample.survey, role)
        if sample.survey is not None and column is not None:
            found[role] = sample.survey.column(column).to_numpy()[np.asarray(sample.rows)]
    return found
