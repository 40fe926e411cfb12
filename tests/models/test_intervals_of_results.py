"""Kinds of bootstrap intervals on results: against other software, the loop, and each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_files import expected
from numpy.testing import assert_allclose
from scipy.special import ndtr, ndtri

import tcsmodel as tcs
from tcsmodel.errors import OptionError
from tcsmodel.kernels import intervals
from tcsmodel.kernels.resample import jackknife_chunks
from tcsmodel.models import draws as module

MINI = expected("B_mobi_mini_ML")["model"]


def order_statistic(values, share):
    """Return a quantile interpolated on the normal scale (Davison & Hinkley 1997, eq. 5.8)."""
    ordered, rank = np.sort(values), (len(values) + 1) * share
    k, count = int(rank), len(values) + 1
    part = (ndtri(share) - ndtri(k / count)) / (ndtri((k + 1) / count) - ndtri(k / count))
    return ordered[k - 1] + part * (ordered[k] - ordered[k - 1])


def near(limit, values, theirs):
    """Assert that a limit and theirs fall between the same neighbours of order statistics."""
    at = np.searchsorted(np.sort(values), [limit, theirs])
    assert abs(at[0] - at[1]) <= 1


@pytest.fixture(scope="module")
def mini(mobi_frame):
    return tcs.SEM(tcs.ModelSpec.parse(MINI)).fit(mobi_frame)


@pytest.mark.parametrize("name", ["a", "b", "Quality~~Quality", "PERV1~~PERV1"])
def test_kinds_of_lavaan_from_its_draws(name):
    theirs = expected("B_mobi_mini_boot_ci")
    values = theirs["boot_coef"][name].to_numpy(dtype=float)
    names = theirs["perc"]["label"].where(
        theirs["perc"]["label"] != "",
        theirs["perc"]["lhs"] + theirs["perc"]["op"] + theirs["perc"]["rhs"],
    )
    row = {kind: theirs[kind][names == name].iloc[0] for kind in ("perc", "basic", "bca.simple")}
    estimate = np.array(row["perc"]["est"])
    low, high = order_statistic(values, 0.025), order_statistic(values, 0.975)
    assert_allclose([low, high], row["perc"][["ci.lower", "ci.upper"]].astype(float), rtol=1e-10)
    turned = [2 * estimate - high, 2 * estimate - low]
    assert_allclose(turned, row["basic"][["ci.lower", "ci.upper"]].astype(float), rtol=1e-10)
    # lavaan's "bca.simple" corrects for bias alone.
    shares = ndtr(2 * intervals.bias(values, estimate) + ndtri([0.025, 0.975]))
    corrected = [order_statistic(values, share) for share in shares]
    limits = row["bca.simple"][["ci.lower", "ci.upper"]].astype(float)
    assert_allclose(corrected, limits, rtol=1e-10)
    for ours, its in zip(intervals.bca(values, estimate, np.array(0.0), 0.95), limits, strict=True):
        near(ours, values, its)
    for ours, its in zip(intervals.percentile(values, 0.95), (low, high), strict=True):
        near(ours, values, its)
    for ours, its in zip(intervals.basic(values, estimate, 0.95), turned, strict=True):
        near(2 * estimate - ours, values, 2 * estimate - its)


def test_percentiles_of_seminr_from_its_draws():
    theirs = expected("D_seminr_boot_draws")
    for source in ("Image", "Value"):
        values = np.array(theirs["draws"][source])
        row = theirs["summary_paths"].loc[f"{source}  ->  Satisfaction"]
        limits = intervals.percentile(values, 0.95)
        assert_allclose(limits, row[["2.5% CI", "97.5% CI"]].astype(float), rtol=1e-12)
        assert_allclose(intervals.standard_error(values), row["Bootstrap SD"], rtol=1e-12)


def test_percentiles_of_relaimpo_from_its_draws():
    theirs = expected("E_relimp_boot")
    for values, low, high in zip(
        theirs["lmg.boot"].to_numpy(dtype=float).T,
        theirs["lmg.lower"].to_numpy(dtype=float)[0],
        theirs["lmg.upper"].to_numpy(dtype=float)[0],
        strict=True,
    ):
        assert_allclose(order_statistic(values, 0.025), low, rtol=1e-10)
        assert_allclose(order_statistic(values, 0.975), high, rtol=1e-10)
        ours = intervals.percentile(values, 0.95)
        near(ours[0], values, low)
        near(ours[1], values, high)


@pytest.mark.parametrize("kind", ["percentile", "basic", "bca", "studentized"])
def test_every_kind_reaches_the_table(mini, kind):
    result = mini.bootstrap(200, seed=3, interval=kind)
    low, high = result.draws.interval("estimates")
    free = result.estimates["se"].to_numpy() > 0
    assert_allclose(result.estimates["ci_lower"][free], low[free])
    assert_allclose(result.estimates["ci_upper"][free], high[free])
    assert (result.standardized["ci_lower"] <= result.standardized["ci_upper"]).all()
    assert f"200 draws ({kind}; " in repr(result)
    assert f"{kind} bootstrap, 95%" in result.summary()
    assert_allclose(result.draws.origin["estimates"], mini.arrays["estimates"], rtol=1e-6)
    for name in ("chi2", "cfi", "tli", "rmsea", "srmr"):  # fit is among the draws
        assert_allclose(result.draws.origin[name], mini.fit_measures[name], rtol=1e-5)


def test_the_jackknife_of_bca_is_leaving_each_respondent_out(mobi_frame):
    rows = mobi_frame.iloc[:40]
    drivers = tcs.KeyDrivers("CUSA1", ["IMAG1", "IMAG3", "PERQ1"])
    result = drivers.fit(rows).bootstrap(64, seed=1, interval="bca")
    left = np.array([drivers.fit(rows.drop(index=i))._importance for i in rows.index])
    assert_allclose(result.draws.probes.values["importance"], left, rtol=1e-8)
    change = left.mean(axis=0) - left
    expected_a = (change**3).sum(axis=0) / (6 * (change**2).sum(axis=0) ** 1.5)
    found = result.draws.probes.acceleration(result.draws.probes.values["importance"])
    assert_allclose(found, expected_a, rtol=1e-6)


def test_the_infinitesimal_jackknife_agrees_with_the_jackknife(mobi_frame, monkeypatch):
    def acceleration(result, name):
        probes = result.draws.probes
        return probes.acceleration(probes.values[name])

    # What the two differ by falls with the number of respondents.
    frame = pd.concat([mobi_frame.assign(w=np.linspace(0.5, 1.5, 250))] * 4, ignore_index=True)
    survey = tcs.Survey(frame, weight="w")
    fitted = tcs.PLS(tcs.library.ecsi()).fit(survey)
    one = fitted.bootstrap(2, seed=1, interval="bca")
    monkeypatch.setattr(module, "JACKKNIFED", 100)
    other = fitted.bootstrap(2, seed=1, interval="bca")
    assert len(other.draws.probes.values["paths"]) == 2 * (24 + 24 * 25 // 2)
    assert_allclose(acceleration(one, "paths"), acceleration(other, "paths"), atol=1.5e-3)


def test_groups_of_the_infinitesimal_jackknife(mobi_frame, monkeypatch):
    text = "Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4"
    frame = pd.concat([mobi_frame.assign(g=np.arange(250) % 3 > 0)] * 6, ignore_index=True)
    fitted = tcs.CFA(tcs.ModelSpec.parse(text), group="g").fit(tcs.Survey(frame, group="g"))
    one = fitted.bootstrap(2, seed=1, interval="bca").draws.probes
    monkeypatch.setattr(module, "JACKKNIFED", 100)
    other = fitted.bootstrap(2, seed=1, interval="bca").draws.probes
    accelerations = [p.acceleration(p.values["estimates"]) for p in (one, other)]
    assert_allclose(*accelerations, atol=1.5e-3)


def test_derived_quantities_have_every_kind(mobi_frame):
    survey = tcs.Survey(mobi_frame, scale=(1, 10))
    pls = tcs.PLS(tcs.library.ecsi()).fit(survey).bootstrap(200, seed=1, interval="bca")
    index = tcs.satisfaction_index(pls, target="Satisfaction")
    for table in (index.table(), index.impacts, tcs.priorities(pls, "Satisfaction").table()):
        limits = table[["ci_lower", "ci_upper"]] if "ci_lower" in table else table.filter(like="ci")
        assert np.isfinite(limits.to_numpy(dtype=float)).all()
    plain = tcs.satisfaction_index(
        tcs.PLS(tcs.library.ecsi()).fit(survey).bootstrap(200, seed=1), target="Satisfaction"
    )
    assert (index.table()["ci_lower"] != plain.table()["ci_lower"]).all()
    assert_allclose(index.table()["ci_lower"], plain.table()["ci_lower"], atol=1)


def test_respondents_with_gaps_are_left_out_too(mobi_frame):
    frame = mobi_frame[["PERQ1", "PERQ2", "PERQ3", "PERQ4"]].iloc[:60].astype(float)
    frame.iloc[::7, 0] = np.nan
    spec = tcs.ModelSpec.parse("Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4")
    result = tcs.CFA(spec, missing="fiml").fit(frame).bootstrap(20, seed=1, interval="bca")
    assert len(result.draws.probes.values["estimates"]) == 60
    one = tcs.CFA(spec, missing="fiml").fit(frame.drop(index=frame.index[5]))
    assert_allclose(
        result.draws.probes.values["estimates"][5], one.arrays["estimates"], rtol=1e-4, atol=1e-5
    )


def test_kinds_that_are_not_there(mini, mobi_frame):
    drawn = mini.bootstrap(20, seed=1)
    with pytest.raises(OptionError, match=r"no bca intervals. Ask for them.*interval='bca'"):
        drawn.draws.interval("estimates", interval="bca")
    with pytest.raises(OptionError, match=r"no draws of 'estimate', .*Did you mean 'estimates'"):
        drawn.draws.interval("estimate")
    with pytest.raises(OptionError, match="no studentized intervals"):
        drawn.draws.interval("estimates", interval="studentized")
    assert drawn.draws.interval("estimates", interval="basic")[0].shape == (27,)
    studentized = mini.bootstrap(20, seed=1, interval="studentized")
    with pytest.raises(OptionError, match="replicates of 'htmt' have no standard errors"):
        studentized.draws.interval("htmt")
    with pytest.raises(OptionError, match=r"interval='bc' is not one of.*Did you mean 'bca'"):
        mini.bootstrap(20, seed=1, interval="bc")
    drivers = tcs.KeyDrivers("CUSA1", ["IMAG1", "IMAG3"]).fit(mobi_frame)
    with pytest.raises(OptionError, match="a standard error in every replicate, which a key-dri"):
        drivers.bootstrap(20, seed=1, interval="studentized")


def test_parts_that_are_left_out():
    whole = np.concatenate(list(jackknife_chunks(7, size=3)))
    np.testing.assert_array_equal(whole, 1 - np.eye(7))
    parts = np.concatenate(list(jackknife_chunks(7, 3)))
    assert [np.flatnonzero(part == 0).tolist() for part in parts] == [[0, 3, 6], [1, 4], [2, 5]]
