"""PLSpredict against seminr, on its own folds, and cSEM, whose folds were not saved."""

from __future__ import annotations

import numpy as np
import pytest
import tolerances as tol
from golden_files import expected
from numpy.testing import assert_allclose

import tcsmodel as tcs

SEMINR = {
    "D_seminr_mobi_ecsi_predict_LOO": "direct",
    "D_seminr_mobi_ecsi_predict_DA": "direct",
    "D_seminr_mobi_ecsi_predict_EA": "earliest",
}
MINI = """
Quality <~ PERQ1 + PERQ2 + PERQ3 + PERQ4
Value <~ PERV1 + PERV2
Satisfaction <~ CUSA1 + CUSA2 + CUSA3
Value ~ Quality
Satisfaction ~ Quality + Value
"""


def close(ours, theirs):
    assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=0, atol=tol.PLS)


@pytest.fixture(scope="module")
def ecsi(mobi_frame):
    return tcs.PLS(tcs.library.ecsi()).fit(mobi_frame)


@pytest.fixture(scope="module", params=sorted(SEMINR))
def pair(request, ecsi):
    theirs = expected(request.param)
    folds = theirs.get("folds", "loo")
    ours = ecsi.predict(folds, technique=SEMINR[request.param], regressors="others")
    return ours, theirs


@pytest.mark.parametrize(
    ("key", "columns"),
    [
        ("PLS_out_of_sample", ["rmse", "mae"]),
        ("LM_out_of_sample", ["rmse_linear", "mae_linear"]),
    ],
)
def test_errors_equal_seminr(pair, key, columns):
    ours, theirs = pair[0].table().set_index("item"), pair[1][key]
    close(ours.loc[theirs.columns, columns].T, theirs)


def test_predictions_equal_seminr(ecsi):
    theirs = expected("D_seminr_mobi_ecsi_predict_LOO")
    ours = ecsi.predict("loo", regressors="others")
    shown = theirs["pred_oos_first5"]
    close(ours.predicted[shown.columns].head(5), shown)
    linear = theirs["lm_oos_first5"]
    at = [ours.items.index(name) for name in linear.columns]
    answers = tcs.datasets.mobi().data[list(linear.columns)].head(5)
    close(answers - ours.errors_array[1][:5, at], linear)


def test_errors_agree_with_csem_within_the_spread_over_folds(mobi_frame):
    spec = tcs.ModelSpec.parse(MINI)
    modes = dict.fromkeys(spec.construct_names, "A")
    result = tcs.PLS(spec, modes=modes).fit(mobi_frame)
    theirs = expected("D_csem_predict")["table"].set_index("Name").filter(regex="target|Q2")
    draws = np.array(
        [
            result.predict(10, 5, seed=seed, technique="earliest")
            .table()
            .set_index("item")
            .loc[theirs.index, ["mae", "rmse", "q2_predict"]]
            .to_numpy()
            for seed in range(40)
        ]
    )
    far = (theirs.to_numpy(dtype=float) - draws.mean(axis=0)) / draws.std(axis=0, ddof=1)
    assert_allclose(far, np.zeros_like(far), atol=tol.FOLDS)
    assert (draws.std(axis=0) < 0.02).all()


def through_the_origin(x, y, rng):
    """Return mae and rmse of predictions from 5 times 10 folds, without an intercept."""
    predicted = np.zeros_like(y)
    for _ in range(5):
        fold = rng.permutation(np.arange(len(x)) % 10)
        for held_out in (fold == k for k in range(10)):
            slopes = np.linalg.lstsq(x[~held_out], y[~held_out], rcond=None)[0]
            predicted[held_out] += x[held_out] @ slopes / 5
    error = y - predicted
    return np.abs(error).mean(axis=0), np.sqrt((error**2).mean(axis=0))


def test_linear_model_of_csem_has_no_intercept(mobi_frame):
    """Which costs an item with a high mean and a small spread the most."""
    theirs = expected("D_csem_predict")["table"].set_index("Name").filter(like="benchmark")
    x = mobi_frame[["PERQ1", "PERQ2", "PERQ3", "PERQ4"]].to_numpy(float)
    y = mobi_frame[theirs.index].to_numpy(float)
    rng = np.random.default_rng(7)
    draws = np.array([through_the_origin(x, y, rng) for _ in range(40)])
    far = (theirs.to_numpy(dtype=float).T - draws.mean(axis=0)) / draws.std(axis=0, ddof=1)
    assert_allclose(far, np.zeros_like(far), atol=tol.FOLDS)
    spec = tcs.ModelSpec.parse(MINI)
    modes = dict.fromkeys(spec.construct_names, "A")
    result = tcs.PLS(spec, modes=modes).fit(mobi_frame)
    ours = result.predict("loo", technique="earliest").table().set_index("item")["rmse_linear"]
    assert ours["CUSA1"] < theirs.loc["CUSA1", "RMSE_benchmark"] - 0.1
