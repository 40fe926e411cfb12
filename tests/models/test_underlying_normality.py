"""Whether normal variables are behind ordinal answers, and what it does to errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tcsmodel.models.cfa import CFA
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

SPEC = ModelSpec.parse("f =~ a + b + c + d + e")
CODE = "underlying_not_normal"


def drawn(n, tails, rng, cuts=(-1.2, -0.4, 0.3, 1.1)):
    """Return five items of one factor with loadings of .7, of normal or long-tailed variables."""
    z = 0.7 * rng.standard_normal((n, 1)) + np.sqrt(0.51) * rng.standard_normal((n, 5))
    if tails:
        z *= np.sqrt((tails - 2) / rng.chisquare(tails, (n, 1)))
    return pd.DataFrame(np.searchsorted(cuts, z), columns=list(SPEC.items))


def codes(result):
    return [finding.code for finding in result.verify()]


def test_normal_variables_are_not_suspected():
    rng = np.random.default_rng(1)
    found = [CODE in codes(CFA(SPEC, ordered=True).fit(drawn(200, 0, rng))) for _ in range(20)]
    assert not any(found)


def test_errors_are_too_small_by_about_the_ratio_where_tails_are_long():
    rng = np.random.default_rng(2)
    fits = [CFA(SPEC, ordered=True, std_lv=True).fit(drawn(400, 5, rng)) for _ in range(60)]
    loadings = np.array([fit.estimates.query("op == '=~'")["estimate"] for fit in fits])
    errors = np.array([fit.estimates.query("op == '=~'")["se"] for fit in fits])
    short = (errors.mean(axis=0) / loadings.std(axis=0, ddof=1)).mean()
    ratios = [fit.criterion.information_ratio()[0] for fit in fits]
    assert short < 0.85
    assert short == pytest.approx(np.mean(ratios), abs=0.08)
    assert np.mean([CODE in codes(fit) for fit in fits]) > 0.9


def test_mobile_phone_customers(mobi_frame):
    spec = ModelSpec.parse("Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5")
    ten = CFA(spec, ordered=True, std_lv=True).fit(mobi_frame)
    found = {f.code: f for f in ten.verify()}[CODE]
    assert found.evidence["ratio"] < 0.7
    assert "intervals from .bootstrap" in found.sentence("advice")
    resampled = ten.bootstrap(200, seed=1).estimates.query("op == '=~'")["se"].to_numpy()
    short = ten.estimates.query("op == '=~'")["se"].to_numpy() / resampled
    assert short.mean() == pytest.approx(found.evidence["ratio"], abs=0.1)
    three = mobi_frame[list(spec.items)].clip(6, 9) // 2
    assert CODE not in codes(CFA(spec, ordered=True).fit(three))


def test_groups_weights_and_clusters_count():
    frame = drawn(600, 5, np.random.default_rng(4)).assign(g=np.arange(600) % 2, w=1.0)
    plain = CFA(SPEC, ordered=True).fit(frame).criterion.information_ratio()
    weighted = CFA(SPEC, ordered=True).fit(Survey(frame, items=SPEC.items, weight="w"))
    assert weighted.criterion.information_ratio() == pytest.approx(plain)
    twice = pd.concat([frame, frame], ignore_index=True).assign(who=np.tile(np.arange(600), 2))
    clustered = CFA(SPEC, ordered=True).fit(Survey(twice, items=SPEC.items, cluster="who"))
    assert clustered.criterion.information_ratio() == pytest.approx(plain, rel=2e-3)
    grouped = CFA(SPEC, ordered=True, group="g").fit(frame)
    assert CODE in codes(grouped)


@pytest.mark.parametrize("ordered", [["a"], True])
def test_nothing_is_said_where_nothing_can_be_told(ordered):
    frame = drawn(300, 5, np.random.default_rng(5))
    two = (frame > 2).astype(int) if ordered is True else frame
    fit = CFA(SPEC, ordered=ordered).fit(two)
    assert np.isnan(fit.criterion.information_ratio()).all()
    assert CODE not in codes(fit)
