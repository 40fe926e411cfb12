"""Effects of a structural equation model, and the other verbs of its result."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_files import expected
from lavaan_numbers import close
from numpy.testing import assert_allclose

from tcsmodel.errors import TcsError
from tcsmodel.kernels import effects as kernel
from tcsmodel.models.cfa import CFA
from tcsmodel.models.latent_scores import latent_scores
from tcsmodel.models.modification import modification_indices
from tcsmodel.models.sem import SEM
from tcsmodel.spec.model import ModelSpec

CHAIN = """
    Quality =~ PERQ1 + PERQ3 + PERQ7
    Value =~ PERV1 + PERV2
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Loyalty =~ CUSL1 + CUSL3
    Value ~ a*Quality
    Satisfaction ~ b*Value + c*Quality
    Loyalty ~ d*Satisfaction + e*Value
    through := a*b*d
    all_ways := a*b*d + c*d + a*e
"""


@pytest.fixture(scope="module")
def chain(mobi_frame):
    return SEM(ModelSpec.parse(CHAIN)).fit(mobi_frame)


def row(frame, **wanted):
    kept = np.logical_and.reduce([frame[name] == value for name, value in wanted.items()])
    assert kept.sum() == 1
    return frame[kept].iloc[0]


def test_effects_are_those_defined_by_hand(chain):
    effects = chain.effects()
    hand = chain.estimates.set_index("lhs")
    specific = row(effects, via="Quality -> Value -> Satisfaction -> Loyalty")
    total = row(effects, source="Quality", target="Loyalty", effect="total")
    indirect = row(effects, source="Quality", target="Loyalty", effect="indirect")
    for ours, name in ((specific, "through"), (total, "all_ways"), (indirect, "all_ways")):
        for column in ("estimate", "se", "z", "ci_lower", "ci_upper", "std"):
            assert ours[column] == pytest.approx(hand.loc[name, column], rel=1e-9)


def test_defined_effects_agree_with_lavaan(mobi_frame):
    theirs = expected("B_mobi_mini_ML")
    effects = SEM(ModelSpec.parse(theirs["model"])).fit(mobi_frame).effects()
    table = theirs["parameterEstimates"].set_index("label")
    for kind, label in (("indirect", "ind"), ("total", "total")):
        ours = row(effects, source="Quality", target="Satisfaction", effect=kind)
        close(ours["estimate"], table.loc[label, "est"], 1e-5)
        close(ours["se"], table.loc[label, "se"], 1e-4)
        close(ours["std"], table.loc[label, "std.all"], 1e-5)


def test_total_is_direct_plus_indirect_and_indirect_is_the_sum_of_ways(chain):
    frame = chain.effects()
    wide = frame[frame["effect"] != "specific"].pivot_table(
        index=["source", "target"], columns="effect", values="estimate"
    )
    assert_allclose(wide["total"], wide["direct"].fillna(0) + wide["indirect"].fillna(0))
    ways = frame[frame["effect"] == "specific"].groupby(["source", "target"])["estimate"].sum()
    assert_allclose(ways, wide["indirect"].dropna().loc[ways.index])


def test_replicates_of_effects_are_effects_of_replicates(chain):
    drawn = chain.bootstrap(150, seed=3)
    frame, table = drawn.effects(), drawn.estimates
    specific = row(frame, via="Quality -> Value -> Satisfaction -> Loyalty")
    hand = table.set_index("lhs").loc["through"]
    for column in ("estimate", "se", "ci_lower", "ci_upper"):
        assert specific[column] == pytest.approx(hand[column], rel=1e-9)


def test_effects_of_each_group(hs_frame):
    text = """
        visual =~ x1 + x2 + x3
        textual =~ x4 + x5 + x6
        speed =~ x7 + x8 + x9
        textual ~ visual
        speed ~ textual
    """
    effects = SEM(ModelSpec.parse(text), group="school").fit(hs_frame).effects()
    alone = SEM(ModelSpec.parse(text)).fit(hs_frame[hs_frame["school"] == "Pasteur"]).effects()
    own = effects[effects["group"] == "Pasteur"]
    assert_allclose(own["estimate"], alone["estimate"], rtol=1e-5)
    assert_allclose(own["se"], alone["se"], rtol=1e-4)


def test_fixed_paths_have_no_error(mobi_frame):
    text = CHAIN.split("through")[0].replace("d*Satisfaction", "0.5*Satisfaction")
    effects = SEM(ModelSpec.parse(text)).fit(mobi_frame).effects()
    direct = row(effects, source="Satisfaction", target="Loyalty", effect="direct")
    assert (direct["estimate"], direct["se"]) == (0.5, 0.0)
    assert direct["ci_lower"] == direct["ci_upper"] == 0.5


def test_slopes_of_total_effects_are_derivatives():
    target, source = np.array([1, 2, 2, 0]), np.array([0, 0, 1, 2])
    paths = np.array([0.4, 0.3, -0.5, 0.2])

    def total(values):
        direct = np.zeros((3, 3))
        direct[target, source] = values
        return kernel.total_effects(direct)

    direct = np.zeros((3, 3))
    direct[target, source] = paths
    slopes = kernel.total_effect_slopes(direct, target, source)
    for k in range(4):
        step = 1e-6 * np.eye(4)[k]
        change = (total(paths + step) - total(paths - step)) / 2e-6
        assert_allclose(slopes[..., k], change, atol=1e-8)


def test_a_model_without_paths_has_no_effects(hs_frame):
    with pytest.raises(TcsError, match=r"no paths .*Add paths to the model"):
        CFA(ModelSpec.parse("visual =~ x1 + x2 + x3")).fit(hs_frame).effects()


def test_verbs_are_the_functions(chain):
    pd.testing.assert_frame_equal(chain.scores(), latent_scores(chain))
    pd.testing.assert_frame_equal(chain.modification_indices(), modification_indices(chain))
