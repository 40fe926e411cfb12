"""Effect coding changes the unit of a construct, not the fit, whatever the signs of its items."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tcsmodel import CFA, SEM, ModelSpec, Moments
from tcsmodel.kernels.implied import implied, matrices
from tcsmodel.kernels.starting import starting_values
from tcsmodel.models.covariance_model import CovarianceModel

F, G = "F =~ f1 + f2 + f3 + f4", "G =~ g1 + g2 + g3"
# The second item of each construct is worded against the others.
LOADINGS = {"F": (0.8, -1.1, 0.9, 0.6), "G": (0.7, -0.6, 1.0)}


def answers(seed, n=300, unit=1.0, groups=1, **loadings):
    """Return answers to items of correlated constructs, in groups whose constructs differ."""
    rng = np.random.default_rng(seed)
    loadings = LOADINGS | loadings
    columns = {"group": np.repeat([f"g{at}" for at in range(groups)], n)}
    shift = np.repeat(np.arange(groups), n)
    common = rng.normal(size=n * groups)
    for name, own in loadings.items():
        construct = 0.6 * common + 0.8 * rng.normal(size=n * groups)
        construct = construct * (1 + 0.3 * shift) + 0.4 * shift
        for at, loading in enumerate(own):
            error = rng.normal(size=n * groups) * 0.7
            columns[f"{name.lower()}{at + 1}"] = unit * (loading * construct + error) + 4
    return pd.DataFrame(columns)


def same_fit(text, data, estimator=SEM, **options):
    """Return the effect-coded fit, held to the one with reference items."""
    spec = ModelSpec.parse(text)
    marker = estimator(spec, **options).fit(data)
    coded = estimator(spec, effect_coding=True, **options).fit(data)
    assert marker.converged
    assert coded.converged
    for name in ("chi2", "df"):
        expected = pytest.approx(marker.fit_measures[name], rel=1e-6)
        assert coded.fit_measures[name] == expected
    kept = (coded.estimates["op"] != "~1").to_numpy()
    std = np.abs(marker.estimates["std"][kept])
    assert_allclose(np.abs(coded.estimates["std"][kept]), std, atol=1e-4)
    return coded


@pytest.mark.parametrize("meanstructure", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_items_of_both_signs(seed, meanstructure):
    data = answers(seed, unit=[0.5, 1.0, 3.0, 10.0][seed])
    coded = same_fit(f"{F}\n{G}\nG ~ F", data, meanstructure=meanstructure)
    assert coded.iterations < 10


@pytest.mark.parametrize("equal", [(), ("loadings",), ("loadings", "intercepts")])
def test_items_of_both_signs_in_groups(equal):
    same_fit(f"{F}\n{G}", answers(5, groups=2), group="group", group_equal=equal)


def test_most_items_worded_against_the_first():
    data = answers(1, F=(0.8, -1.1, -0.9, -0.6))
    coded = same_fit(f"{F}\n{G}\nG ~ F", data, meanstructure=True)
    loadings = coded.estimates.query("lhs == 'F' and op == '=~'")["estimate"]
    assert list(np.sign(loadings)) == [-1, 1, 1, 1]


def test_groups_share_a_unit_where_loadings_nearly_cancel():
    data = answers(3, n=200, groups=2, F=(1.0, -0.5, -0.6), G=(1.0, 0.9, -1.2, 0.8))
    same_fit(
        "F =~ f1 + f2 + f3\nG =~ g1 + g2 + g3 + g4",
        data,
        group="group",
        group_equal=("loadings",),
    )


@pytest.mark.parametrize("unit", [0.1, 3.0])
def test_items_of_one_sign_in_any_unit(unit):
    data = answers(2, unit=unit, F=(0.8, 1.1, 0.9, 0.6), G=(0.7, 0.6, 1.0))
    assert same_fit(f"{F}\n{G}", data, meanstructure=True).iterations < 8


def test_constructs_of_constructs():
    data = answers(4, n=500, H=(0.7, 0.8, -0.9), J=(1.0, 0.8, 0.6))
    text = f"{F}\n{G}\nH =~ h1 + h2 + h3\nJ =~ j1 + j2 + j3\nwhole =~ F + G + H + J"
    assert same_fit(text, data, meanstructure=True).iterations < 15


def test_ordinal_items():
    data = answers(6, n=500).drop(columns="group")
    ordered = data.apply(lambda item: pd.cut(item, 4, labels=False))
    spec = ModelSpec.parse(f"{F}\n{G}")
    marker, coded = (
        CFA(spec, ordered=True, estimator="dwls", effect_coding=coded).fit(ordered)
        for coded in (False, True)
    )
    assert coded.fit_measures["chi2"] == pytest.approx(marker.fit_measures["chi2"], rel=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        f"{F}\n{G}",
        f"{F} + g1\n{G}\nG ~ F",
        f"{F}\n{G}\ny ~ F + G",
        f"{F}\n{G}\nwhole =~ F + G + y",
        f"{F} + 0*g1\n{G}\nS =~ y\nS ~ F\nF ~ G",
    ],
)
def test_starting_values_imply_what_they_do_in_another_unit(text):
    spec = ModelSpec.parse(text)
    built = CovarianceModel.of(spec, means=True, effect_coding=True)
    data = answers(7).assign(y=lambda d: d["f1"] - d["g1"])[list(spec.items)]
    cov, mean, layout = np.cov(data.T), data.mean().to_numpy(), built.layout
    other = starting_values(layout, cov[None], mean[None])
    coded = starting_values(layout, cov[None], mean[None], averages=built.grouped.averages)
    assert_allclose(implied(layout, coded).sigma, implied(layout, other).sigma, atol=1e-12)
    parts = matrices(layout, coded)
    latent = np.linalg.solve(np.eye(layout.n_latents) - parts.path, parts.latent_mean)
    assert_allclose((parts.item_mean + parts.loading @ latent)[0, :, 0], mean)
    local = dict(zip((row.name for row in built.parameters.free), coded[0], strict=True))
    for construct in spec.constructs:
        loadings = [local.get(f"{construct.name}=~{i}", 0.0) for i in construct.items]
        assert sum(loadings) == pytest.approx(len(loadings) if len(loadings) > 1 else 0.0)
        assert sum(local[f"{i}~1"] for i in construct.items) == pytest.approx(0.0, abs=1e-9)


def test_a_unit_that_loadings_of_both_signs_leave_open_is_found():
    spec = ModelSpec.parse(f"{F}\n{G}")
    data = answers(0, F=(0.9, -0.8, 0.8, -0.85))
    coded = CFA(spec, effect_coding=True).fit(data)
    (found,) = (one for one in coded.verify() if one.code == "unit_unknown")
    assert found.subjects == ("F",)
    assert "Effect coding gives F a unit that the data do not determine" in str(found)
    assert not [one for one in CFA(spec).fit(data).verify() if one.code == "unit_unknown"]
    clear = CFA(spec, effect_coding=True).fit(answers(0))
    assert not [one for one in clear.verify() if one.code == "unit_unknown"]


def test_a_negative_variance_of_a_construct_is_found():
    cov = np.array([[1.0, 0.3, 0.3], [0.3, 1.0, -0.2], [0.3, -0.2, 1.0]])
    text = """
        F =~ a + start(-0.66)*b + start(-0.66)*c
        F ~~ start(-0.45)*F
        a ~~ start(1.45)*a
        b ~~ start(1.2)*b
        c ~~ start(1.2)*c
    """
    with pytest.warns(match="The unexplained variance of F is negative"):
        result = CFA(ModelSpec.parse(text)).fit(Moments.from_cov(cov, 300, names=("a", "b", "c")))
    assert [one.subjects for one in result.verify()] == [("F",)]
