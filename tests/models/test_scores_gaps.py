"""Factor scores of respondents who did not answer every item, each by a formula of its own."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from golden_files import DATA
from numpy.testing import assert_allclose

from tcsmodel.models.cfa import CFA
from tcsmodel.models.latent_scores import latent_scores
from tcsmodel.spec.model import ModelSpec

HS = ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")


@pytest.fixture(scope="module")
def gaps():
    return pd.read_csv(DATA / "HS1939_missing.csv")


@pytest.fixture(scope="module", params=["fiml", "robust_two_stage", "complete"])
def fitted(request, gaps, hs_frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if request.param == "complete":
            return CFA(HS, meanstructure=True).fit(hs_frame)
        return CFA(HS, missing=request.param).fit(gaps)


def one_by_one(fitted, answers, method):
    """Return scores respondent by respondent, from the moments that the model implies."""
    estimates = fitted.estimates.set_index(["lhs", "op", "rhs"])["estimate"]
    names = list(HS.construct_names)
    loading = np.array([[estimates.get((c, "=~", i), 0.0) for c in names] for i in HS.items])
    phi = np.array(
        [[estimates.get((a, "~~", b), estimates.get((b, "~~", a))) for b in names] for a in names]
    )
    residual = np.diag([estimates[i, "~~", i] for i in HS.items])
    mu = np.array([estimates[i, "~1", ""] for i in HS.items])
    out = np.full((len(answers), len(names)), np.nan)
    for k, y in enumerate(answers):
        seen = np.isfinite(y)
        own, theta = loading[seen], residual[np.ix_(seen, seen)]
        known = np.flatnonzero((own != 0).any(axis=0))
        if not len(known):
            continue
        gap = y[seen] - mu[seen]
        if method == "regression":
            out[k] = phi @ own.T @ np.linalg.solve(own @ phi @ own.T + theta, gap)
        else:
            weight = np.linalg.inv(theta)
            part = own[:, known]
            out[k, known] = np.linalg.solve(part.T @ weight @ part, part.T @ weight @ gap)
    return out


@pytest.mark.parametrize("method", ["regression", "bartlett"])
def test_scores_come_from_the_items_answered(fitted, gaps, method):
    ours = latent_scores(fitted, gaps, method)
    theirs = one_by_one(fitted, gaps[list(HS.items)].to_numpy(float), method)
    assert_allclose(ours.to_numpy(), theirs, atol=1e-9)
    assert ours.isna().all(axis=1).sum() == 1


def test_those_who_were_fitted_are_scored(gaps):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = CFA(HS, missing="fiml").fit(gaps)
    ours = latent_scores(fitted)
    assert len(ours) == 300
    assert_allclose(ours, latent_scores(fitted, gaps).loc[ours.index])


def test_auxiliary_answers_alone_give_no_scores(gaps):
    ours = latent_scores(CFA(HS, missing="fiml", auxiliary=["ageyr"]).fit(gaps))
    empty = gaps[list(HS.items)].isna().all(axis=1)
    assert len(ours) == len(gaps)
    assert ours[empty].isna().all(axis=None)
    assert ours[~empty].notna().all(axis=None)
