"""Clusters with members in several groups of a model, against R's survey and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tolerances as tol
from golden_files import DATA, expected
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from tcsmodel.kernels import grouped, implied
from tcsmodel.models import ordinal_least_squares
from tcsmodel.models.cfa import CFA
from tcsmodel.models.modification import release_tests
from tcsmodel.models.residuals import residuals
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.replicates import ReplicateWeights
from tcsmodel.survey.survey import Survey

CASE = "F_survey_clusters_across_groups"
ITEMS = ["y1", "y2", "y3"]
FREE = ModelSpec.parse("y1 ~~ y1 + y2 + y3\ny2 ~~ y2 + y3\ny3 ~~ y3")
# Equal loadings, an equal variance and equal intercepts: groups share most parameters.
SHARED = ModelSpec.parse("f =~ y1 + a*y2 + b*y3\nf ~~ v*f\ny1 ~ i*1\ny2 ~ j*1\ny3 ~ k*1")
DESIGN = {"cluster": "cluster", "weight": "w", "strata": "stratum"}
STEP = 1e-4


@pytest.fixture(scope="module")
def frame():
    frame = pd.read_csv(DATA / "Demo.twolevel.csv")[[*ITEMS, "cluster"]]
    row = np.arange(len(frame))
    return frame.assign(
        half=np.where(row % 2 == 0, "odd", "even"),
        w=1 + (row + 1) % 3,
        stratum=frame["cluster"] % 4,
    )


@pytest.mark.parametrize("missing", ["listwise", "fiml"])
@pytest.mark.parametrize(("kind", "names"), [("plain", ["cluster"]), ("full", list(DESIGN))])
def test_moments_of_groups_vary_together_as_in_survey(frame, kind, names, missing):
    theirs = expected(CASE)[kind]
    survey = Survey(frame, items=ITEMS, **{name: DESIGN[name] for name in names})
    options = {"estimator": "mlr", "group": "half", "meanstructure": True, "missing": missing}
    ours = SEM(FREE, **options).fit(survey)
    label = [
        f"{r.group}:{r.lhs}" if r.op == "~1" else f"{r.group}:s{r.lhs[1]}{r.rhs[1]}"
        for r in ours.estimates.itertuples()
    ]
    at = [label.index(name) for name in theirs["label"]]
    assert_allclose(ours.estimates["estimate"].to_numpy()[at], theirs["est"], tol.CLOSED_FORM)
    vcov = np.array(theirs["vcov"])
    scale = np.sqrt(np.outer(np.diag(vcov), np.diag(vcov)))
    assert_allclose(ours.vcov.to_numpy()[np.ix_(at, at)] / scale, vcov / scale, atol=1e-10)
    assert vcov[0, 1] > 0.7 * vcov[0, 0]


def test_lavaan_takes_groups_for_samples_apart(frame):
    """Errors of what is estimated in one group agree; that of what groups share does not."""
    theirs = expected(CASE)["lavaan"]
    spec = ModelSpec.parse("f =~ y1 + y2 + y3\nf ~~ v*f")
    survey = Survey(frame, items=ITEMS, cluster="cluster")
    ours = CFA(spec, estimator="mlr", group="half", meanstructure=True).fit(survey).estimates
    assert_allclose(ours["estimate"], theirs["est"], atol=1e-5)
    means = ours["op"] == "~1"
    assert_allclose(ours["se"][means], np.array(theirs["se"])[means], rtol=tol.SE)
    shared = ours["label"] == "v"
    assert (ours["se"][shared] / np.array(theirs["se"])[shared] > 1.1).all()


def density(result, theta, values, group):
    """Return the log density (n,) of each respondent at theta (q,)."""
    model = result.model.grouped
    local = grouped.spread(model, theta[None])[0]
    at = implied.implied(model.layout, local)
    mean = implied.means(model.layout, local, at).item
    return _log_density(mean, at.sigma, values, group)


def _log_density(mean, cov, values, group):
    out, seen = np.zeros(len(values)), ~np.isnan(values)
    for g in range(len(mean)):
        for pattern in np.unique(seen, axis=0):
            own = (group == g) & (seen == pattern).all(axis=1)
            if own.any():
                law = multivariate_normal(mean[g][pattern], cov[g][np.ix_(pattern, pattern)])
                out[own] = law.logpdf(values[own][:, pattern])
    return out


def slopes(function, theta):
    """Return derivatives (..., q) of a function of theta (q,) by central differences."""
    steps = STEP * np.eye(len(theta))
    return np.stack([(function(theta + s) - function(theta - s)) / (2 * STEP) for s in steps], -1)


def by_hand(function, theta, frame, weights):
    """Return A^-1 (q, q) and B (q, q): scores summed in clusters, these about their strata."""
    scores = weights[:, None] * slopes(function, theta)
    total = slopes(lambda t: weights @ slopes(function, t), theta)
    sums = pd.DataFrame(scores).groupby([frame["stratum"], frame["cluster"]]).sum()
    products = 0
    for _, own in sums.groupby(level=0):
        gap = (own - own.mean()).to_numpy()
        products = products + len(gap) / (len(gap) - 1) * gap.T @ gap
    return -np.linalg.inv(total), products


@pytest.mark.parametrize("gaps", [False, True])
def test_errors_and_test_are_those_of_scores_summed_over_groups(frame, gaps):
    frame = frame.iloc[::4].reset_index(drop=True)
    frame["half"] = np.where(np.arange(len(frame)) % 2 == 0, "odd", "even")
    if gaps:
        frame.loc[::5, "y2"] = np.nan
        frame.loc[1::7, "y3"] = np.nan
    survey = Survey(frame, items=ITEMS, **DESIGN)
    missing = "fiml" if gaps else "listwise"
    ours = CFA(SHARED, estimator="mlr", group="half", meanstructure=True, missing=missing)
    ours = ours.fit(survey)
    values, group = frame[ITEMS].to_numpy(), (frame["half"] == "even").to_numpy(dtype=int)
    weights = frame["w"].to_numpy() / frame["w"].mean()
    inverse, products = by_hand(
        lambda theta: density(ours, theta, values, group), ours.theta, frame, weights
    )
    vcov = inverse @ products @ inverse
    scale = np.sqrt(np.outer(np.diag(vcov), np.diag(vcov)))
    assert_allclose(ours.vcov_of_theta / scale, vcov / scale, atol=1e-5)
    assert_allclose(
        ours.fit_measures["scaling_factor"],
        _factor(ours, frame, values, group, weights, np.trace(inverse @ products)),
        rtol=1e-4,
    )


def _factor(ours, frame, values, group, weights, own):
    """Return (tr(A1^-1 B1) - tr(A0^-1 B0)) / df, of the saturated model group by group."""
    row, column = np.tril_indices(3)
    whole = 0.0
    for g in range(2):
        inside = np.where(group == g, weights, 0.0)
        sampled = ours.sampled
        cov, mean = sampled.cov[0, g], sampled.mean[0, g]

        def function(free):
            sigma = np.zeros((3, 3))
            sigma[row, column] = sigma[column, row] = free[3:]
            return _log_density(free[None, :3], sigma[None], values, np.zeros(len(values)))

        theta = np.concatenate([mean, cov[row, column]])
        inverse, products = by_hand(function, theta, frame, inside)
        whole += np.trace(inverse @ products)
    return (whole - own) / ours.fit_measures["df"]


def ordinal(frame, text="f =~ y1 + y2 + y3 + y4", **design):
    """Return a model of answers in three categories, of two groups."""
    random = np.random.default_rng(4)
    y4 = frame[ITEMS].mean(axis=1) + random.normal(size=len(frame))
    three = frame.assign(y4=y4)
    names = [*ITEMS, "y4"]
    three[names] = (three[names] > -1).astype(int) + (three[names] > 1)
    options = {"group": design.pop("group", "half"), "ordered": True, "std_lv": True}
    options |= design.pop("options", {})
    survey = Survey(three, items=names, **design)
    return CFA(ModelSpec.parse(text), **options).fit(survey)


def test_thresholds_of_groups_vary_together_as_in_survey(frame):
    theirs = expected(CASE)["thresholds"]
    ours = ordinal(frame, **DESIGN)
    names = ours.vcov.index.str.replace("|", ".").str.replace(".g2", "")
    group = np.where(ours.vcov.index.str.endswith(".g2"), "even", "odd")
    label = [f"{g}:{name}" for g, name in zip(group, names, strict=True)]
    at = [label.index(name) for name in theirs["label"]]
    vcov = np.array(theirs["vcov"])
    scale = np.sqrt(np.outer(np.diag(vcov), np.diag(vcov)))
    assert_allclose(ours.vcov.to_numpy()[np.ix_(at, at)] / scale, vcov / scale, atol=1e-10)
    assert_allclose(ours.theta[at], theirs["est"], rtol=1e-10)


def test_the_same_respondents_in_two_groups_do_not_differ(frame):
    half = frame.iloc[::2].assign(person=np.arange(1250))
    both = pd.concat([half.assign(half="odd"), half.assign(half="even")], ignore_index=True)
    text = "f =~ y1 + y2 + y3"
    ours = ordinal(both, text, cluster="person")
    assert ours.estimates["se"].iloc[0] > 0.01
    q = len(ours.vcov) // 2
    difference = np.hstack([np.eye(q), -np.eye(q)])
    assert_allclose(difference @ ours.vcov.to_numpy() @ difference.T, 0, atol=1e-12)
    alone = ordinal(both, text)
    apart = difference @ alone.vcov.to_numpy() @ difference.T
    assert (np.diag(apart) > 1e-4).all()


MEASURES = [
    "chi2_scaled", "scaling_factor", "cfi_scaled", "rmsea_scaled", "cfi_robust", "rmsea_robust",
]  # fmt: skip


def diagnosis(result):
    """Return all that rests on how the statistics vary."""
    z = residuals(result)
    return [
        result.vcov,
        result.fit_measures[MEASURES],
        result.modification_indices()["mi"],
        z.select_dtypes("number"),
    ]


def test_groups_of_clusters_of_their_own_are_samples_apart(frame, monkeypatch):
    """What groups that vary together take is what samples apart take, where they do not."""
    apart = frame.assign(half=np.where(frame["cluster"] % 2 == 0, "even", "odd"))
    text = "f =~ y1 + a*y2 + a*y3 + y4"
    plain = ordinal(apart, text, cluster="cluster")
    tests = release_tests(plain)["chi2"]
    kept = diagnosis(plain)
    monkeypatch.setattr(ordinal_least_squares, "spanning", lambda sample: True)
    together = ordinal(apart, text, cluster="cluster")
    assert together.criterion.problem.joint is not None
    for ours, theirs in zip(diagnosis(together), kept, strict=True):
        assert_allclose(ours, theirs, rtol=1e-7, atol=1e-10)
    assert_allclose(release_tests(together)["chi2"], tests, rtol=1e-7)


def test_replicate_weights_say_the_same(frame):
    frame = frame[frame["cluster"] <= 60].reset_index(drop=True)
    clusters = np.unique(frame["cluster"])
    left = (frame["cluster"].to_numpy()[:, None] != clusters) * len(clusters) / (len(clusters) - 1)
    columns = [f"rw{k}" for k in range(len(clusters))]
    weighted = pd.concat([frame.assign(w=1.0), pd.DataFrame(left, columns=columns)], axis=1)
    given = ReplicateWeights(columns="rw*", kind="jk1")
    ours = ordinal(weighted, weight="w", replicates=given)
    theirs = ordinal(frame, cluster="cluster")
    assert_allclose(ours.estimates["se"], theirs.estimates["se"], rtol=1e-8)
    assert_allclose(ours.fit_measures[MEASURES], theirs.fit_measures[MEASURES], rtol=1e-7)


def test_invariance_of_ordinal_items_in_shared_clusters(frame):
    ours = ordinal(frame, cluster="cluster", options={"group_equal": ["thresholds", "loadings"]})
    free = ordinal(frame, cluster="cluster", options={"group_equal": ["thresholds"]})
    found = free.compare(ours).iloc[1]
    assert 0 < found["p_scaled"] < 1
    alone = ordinal(frame, options={"group_equal": ["thresholds", "loadings"]})
    assert_allclose(ours.estimates["estimate"], alone.estimates["estimate"], atol=1e-8)
    shared = ours.estimates["op"] == "|"
    assert (ours.estimates["se"] / alone.estimates["se"])[shared].min() > 1.2
