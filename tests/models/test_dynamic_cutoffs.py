"""Dynamic cut-offs: against an independent loop, and what must move them."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tcsmodel.errors import OptionError, SpecError, TcsWarning
from tcsmodel.kernels import misspecified
from tcsmodel.kernels.misspecified import Factors
from tcsmodel.models.cfa import CFA
from tcsmodel.models.dynamic_cutoffs import dynamic_cutoffs
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec

ONE = ModelSpec.parse("Q =~ q1 + q2 + q3 + q4 + q5 + q6")
THREE = ModelSpec.parse("A =~ a1 + a2 + a3\nB =~ b1 + b2 + b3\nC =~ c1 + c2 + c3")


def loadings(value):
    return {f"Q =~ q{k}": value for k in range(1, 7)}


@pytest.fixture(scope="module")
def one():
    return dynamic_cutoffs(ONE, n=250, parameters=loadings(0.7), replications=1000, seed=3)


def test_quantiles_are_those_of_a_loop_over_simulated_respondents(one):
    rng = np.random.default_rng(8)
    lam = np.full(6, 0.7)
    right = np.outer(lam, lam)
    np.fill_diagonal(right, 1.0)
    wrong = right.copy()
    wrong[0, 1] = wrong[1, 0] = right[0, 1] + 0.3 * (1 - 0.49)
    for level, cov in ((0, right), (1, wrong)):
        fits = []
        for _ in range(150):
            rows = rng.multivariate_normal(np.zeros(6), cov, size=250)
            found = CFA(ONE).fit(pd.DataFrame(rows, columns=list(ONE.items))).fit_measures
            fits.append(found[["srmr", "rmsea", "cfi"]].to_numpy())
        for share in (0.25, 0.5, 0.75):
            ours = np.quantile(one.draws_array[level], share, axis=0)
            # Three standard errors of a quantile of 150 draws, from the spread around it.
            spread = np.quantile(fits, min(share + 0.1, 1), axis=0)
            spread = np.abs(spread - np.quantile(fits, share - 0.1, axis=0)) / 0.2
            error = 3 * spread * np.sqrt(share * (1 - share) / 150) + 1e-12
            assert (np.abs(np.quantile(fits, share, axis=0) - ours) <= error).all()


def test_a_cutoff_is_the_quantile_that_separates(one):
    right, wrong = one.draws_array[0, :, 1], one.draws_array[3, :, 1]
    assert one.cutoffs.loc[3, "rmsea"] == np.quantile(wrong, 0.05) >= np.quantile(right, 0.95)
    table = one.table().set_index(["level", "measure"])
    assert table.loc[(3, "rmsea"), "misses"] == 0.05
    assert table.loc[(3, "rmsea"), "wrong"] == np.median(wrong)
    assert (one.draws_array[3, :, 2] > one.cutoffs.loc[3, "cfi"]).mean() == pytest.approx(0.05)


def test_levels_grow_and_so_do_the_cutoffs(one):
    assert [words.count("~~") for words in one.added] == [1, 2, 3]
    assert one.cutoffs["srmr"].dropna().is_monotonic_increasing
    assert one.cutoffs["cfi"].dropna().is_monotonic_decreasing


def test_cutoffs_move_with_loadings_and_n(one):
    weak = dynamic_cutoffs(ONE, n=250, parameters=loadings(0.5), seed=3)
    strong = dynamic_cutoffs(ONE, n=250, parameters=loadings(0.9), seed=3)
    # The reliability paradox: the same omission shows more where items are good.
    found = [result.cutoffs.loc[3, "srmr"] for result in (weak, one, strong)]
    assert found[0] > found[1] > found[2]
    assert weak.draws_array[3, :, 1].mean() < strong.draws_array[3, :, 1].mean()
    more = dynamic_cutoffs(ONE, n=2000, parameters=loadings(0.7), seed=3)
    assert more.cutoffs.loc[3, "rmsea"] > one.cutoffs.loc[3, "rmsea"]
    assert more.cutoffs.loc[1].notna().all()
    assert (more.table()["misses"] == 0.05).all()
    small = dynamic_cutoffs(ONE, n=40, parameters=loadings(0.5), seed=3)
    assert small.cutoffs.loc[1].isna().all()
    assert small.verify()[-1].code == "cutoffs_blur"


def test_the_same_seed_gives_the_same_numbers(one):
    again = dynamic_cutoffs(ONE, n=250, parameters=loadings(0.7), replications=1000, seed=3)
    pd.testing.assert_frame_equal(again.table(), one.table())


def test_constructs_have_a_level_less_than_there_are(hs_frame):
    text = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
    result = CFA(ModelSpec.parse(text)).fit(hs_frame)
    found = dynamic_cutoffs(result, replications=200, seed=1)
    # x2 is the weakest item of the weakest construct, textual is measured best.
    assert found.added[0] == "textual =~ 0.42*x2"
    assert found.added[1].startswith("textual =~ 0.42*x2, textual =~ 0.57*x7")
    assert found.n == 301
    assert found.level == 2
    assert found.verify()[0].code == "dynamic_misfit"
    assert "textual =~ 0.42*x2" in found.summary()


def test_a_right_model_reaches_no_level():
    rng = np.random.default_rng(2)
    cov = np.kron(np.eye(3), np.full((3, 3), 0.49)) + 0.15
    np.fill_diagonal(cov, 1.0)
    rows = rng.multivariate_normal(np.zeros(9), cov, size=500)
    result = CFA(THREE).fit(pd.DataFrame(rows, columns=list(THREE.items)))
    found = dynamic_cutoffs(result, replications=200, seed=1)
    assert found.level == 0
    assert not [f for f in found.verify() if f.code == "dynamic_misfit"]


def test_populations_keep_unit_variances_and_bounded_communalities():
    lam = np.zeros((6, 2))
    lam[:3, 0], lam[3:, 1] = [0.9, 0.8, -0.6], [0.95, 0.9, 0.9]
    model = Factors(lam, np.array([[1.0, 0.7], [0.7, 1.0]]), np.eye(6))
    for item in range(6):
        value = misspecified.cross_loading(model, item, 1 - item // 3)
        wrong = misspecified.with_loading(model, item, 1 - item // 3, value)
        common = wrong.loadings @ wrong.phi @ wrong.loadings.T
        assert common[item, item] <= misspecified.LARGEST + 1e-12
        assert_allclose(np.diag(wrong.cov), 1)
        assert np.linalg.eigvalsh(wrong.cov)[0] > 0
    far = Factors(lam, np.array([[1.0, 0.2], [0.2, 1.0]]), np.eye(6))
    assert misspecified.cross_loading(far, 2, 1) == -0.6


@pytest.mark.parametrize(
    ("model", "options", "error", "message"),
    [
        (ONE, {}, OptionError, r"n is missing.*n=300"),
        (ONE, {"n": 6}, OptionError, "above the 6 items"),
        (ONE, {"n": 100, "replications": 10}, OptionError, "50 or more"),
        ("Q =~ q1", {"n": 100}, OptionError, "must be a fitted CFA or SEM or a ModelSpec, not str"),
        (ModelSpec.parse("Q =~ q1 + q2 + q3"), {"n": 100}, SpecError, "four items or more"),
        (ModelSpec.parse("A =~ a1 + a2 + a3\nB =~ b1 + b2 + b3\nB ~ A"), {"n": 100}, SpecError,
         r"has paths.*spec.measurement"),
        (ModelSpec.parse("A =~ a1 + a2 + x\nB =~ b1 + b2 + x"), {"n": 100}, SpecError,
         "items of their own"),
    ],
)  # fmt: skip
def test_what_has_no_cutoffs(model, options, error, message):
    with pytest.raises(error, match=message):
        dynamic_cutoffs(model, **options)


def test_a_result_brings_its_own_population(mobi_frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        result = SEM(ModelSpec.parse("Q =~ PERQ1 + PERQ2 + PERQ3 + PERQ4")).fit(mobi_frame)
    with pytest.raises(OptionError, match="estimates of its own"):
        dynamic_cutoffs(result, parameters={"Q =~ PERQ1": 0.5})
    assert dynamic_cutoffs(result, replications=50).n == 250


def test_a_cfa_of_a_specification_with_paths_is_a_measurement_model(mobi_frame):
    text = "Value =~ PERV1 + PERV2\nLoyal =~ CUSA1 + CUSA2 + CUSA3\n"
    with_paths, without = ModelSpec.parse(text + "Loyal ~ Value"), ModelSpec.parse(text)
    made = [
        dynamic_cutoffs(CFA(spec).fit(mobi_frame), replications=50, seed=1).cutoffs
        for spec in (with_paths, without)
    ]
    pd.testing.assert_frame_equal(*made)
    with pytest.raises(SpecError, match=r"CFA\(spec\), which leaves them out"):
        dynamic_cutoffs(SEM(with_paths).fit(mobi_frame))
