"""Effects of PLS path models, and what mediates them."""

from __future__ import annotations

import numpy as np
import pytest
import tolerances as tol
from golden_files import expected
from numpy.testing import assert_allclose

from tcsmodel.errors import OptionError, SpecError, TcsError
from tcsmodel.models.efa import EFA
from tcsmodel.models.mediation import Effect, Mediation, mediation
from tcsmodel.models.pls import PLS
from tcsmodel.models.sem import SEM
from tcsmodel.report.plots import picture
from tcsmodel.spec import library
from tcsmodel.spec.model import ModelSpec

SMALL = ModelSpec.parse("""
    Image =~ IMAG1 + IMAG3 + IMAG5
    Value =~ PERV1 + PERV2
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Loyalty =~ CUSL1 + CUSL3
    Value ~ Image
    Satisfaction ~ Image + Value
    Loyalty ~ Satisfaction
""")


@pytest.fixture(scope="module")
def fitted(mobi_frame):
    return PLS(library.ecsi()).fit(mobi_frame)


@pytest.fixture(scope="module")
def drawn(fitted):
    return fitted.bootstrap(300, seed=7)


def one(frame, **wanted):
    kept = np.logical_and.reduce([frame[name] == value for name, value in wanted.items()])
    assert kept.sum() == 1
    return frame[kept].iloc[0]


def test_specific_effects_equal_seminr(fitted):
    theirs = expected("D_seminr_mobi_specific_effect")
    ways = {
        "qsl": "Quality -> Satisfaction -> Loyalty",
        "evsl": "Expectation -> Value -> Satisfaction -> Loyalty",
    }
    for key, via in ways.items():
        value = theirs[key].loc["Original Est."].iloc[0]
        assert_allclose(one(fitted.effects(), via=via)["estimate"], value, rtol=0, atol=tol.PLS)


def test_specific_effects_add_up_to_the_indirect_and_that_to_the_total(fitted):
    frame = fitted.effects()
    specific = frame[frame["effect"] == "specific"].groupby(["source", "target"])["estimate"].sum()
    for (source, target), value in specific.items():
        assert_allclose(value, fitted.indirect_effects.loc[source, target], atol=1e-12)
        total = one(frame, source=source, target=target, effect="total")["estimate"]
        assert_allclose(total, fitted.total_effects.loc[source, target], atol=1e-12)


def test_every_replicate_of_an_effect_is_the_product_of_its_paths(drawn):
    via = ("Quality", "Satisfaction", "Loyalty")
    at = [drawn.estimator.model.constructs.index(name) for name in via]
    paths = drawn.draws.values["paths"]
    product = paths[:, at[0], at[1]] * paths[:, at[1], at[2]]
    row = one(drawn.effects(), via=" -> ".join(via))
    assert_allclose(row["se"], product.std(ddof=1), rtol=1e-12)
    assert_allclose([row["ci_lower"], row["ci_upper"]], np.quantile(product, [0.025, 0.975]))
    low = one(drawn.effects(level=0.5), via=" -> ".join(via))["ci_lower"]
    assert_allclose(low, np.quantile(product, 0.25))


def test_intervals_of_total_effects_are_those_of_the_result(drawn):
    ours = drawn.effects().query("effect == 'total'").set_index(["source", "target"])
    theirs = drawn.intervals("total_effects").set_index(["source", "target"])
    columns = ["estimate", "se", "ci_lower", "ci_upper"]
    assert_allclose(ours.loc[theirs.index, columns], theirs[columns], atol=1e-12)


@pytest.mark.parametrize("kind", ["basic", "bca"])
def test_effects_have_every_kind_of_interval(mobi_frame, kind):
    drawn = PLS(SMALL).fit(mobi_frame).bootstrap(200, seed=7, interval=kind)
    frame = drawn.effects(interval=kind)
    assert (frame["ci_lower"] < frame["ci_upper"]).all()
    assert not np.allclose(frame["ci_lower"], drawn.effects(interval="percentile")["ci_lower"])


def test_variance_accounted_for_is_the_share_of_the_total(fitted):
    row = one(fitted.effects(), source="Image", target="Loyalty", effect="indirect")
    share = fitted.indirect_effects / fitted.total_effects
    assert_allclose(row["vaf"], share.loc["Image", "Loyalty"])
    assert fitted.effects().query("effect == 'direct'")["vaf"].isna().all()


def effect(kind, estimate, low, high):
    return Effect("A", "C", kind, "", "", estimate, low, high)


@pytest.mark.parametrize(
    ("direct", "indirect", "kind"),
    [
        ((0.3, 0.1, 0.5), (0.2, 0.1, 0.3), "complementary"),
        ((-0.3, -0.5, -0.1), (0.2, 0.1, 0.3), "competitive"),
        ((0.1, -0.1, 0.3), (0.2, 0.1, 0.3), "indirect only"),
        ((0.3, 0.1, 0.5), (0.1, -0.1, 0.3), "direct only"),
        ((0.1, -0.1, 0.3), (0.1, -0.1, 0.3), "none"),
        (None, (0.2, 0.1, 0.3), "untested"),
    ],
)
def test_kinds_are_those_of_zhao_lynch_and_chen(direct, indirect, kind):
    total = indirect[0] + (direct[0] if direct else 0.0)
    parts = [effect("indirect", *indirect), effect("total", total, -1, 1)]
    parts += [effect("direct", *direct)] if direct else []
    found = Mediation(tuple(parts), 0.95)
    row = found.table().iloc[0]
    assert row["kind"] == kind
    if kind == "competitive":
        assert np.isnan(row["vaf"])
        assert [f.code for f in found.verify()] == ["competitive_mediation"]
        assert "Direct −.30, indirect .20" in str(found.verify()[0])
    else:
        assert_allclose(row["vaf"], indirect[0] / total)
    assert ("direct_path_left_out" in [f.code for f in found.verify()]) == (kind == "untested")


def test_mediation_of_pls_keeps_the_pair_asked_for(drawn):
    found = mediation(drawn, source="Image", target="Loyalty")
    assert found.pairs == (("Image", "Loyalty", ""),)
    row = found.table().iloc[0]
    total = drawn.intervals("total_effects").query("source == 'Image' and target == 'Loyalty'")
    assert_allclose(
        row[["total_ci_lower", "total_ci_upper"]].astype(float),
        total[["ci_lower", "ci_upper"]].iloc[0],
    )
    assert picture(found).title == "How Image reaches Loyalty: directly and through others"


def test_mediation_of_sem_tells_groups_apart(mobi_frame):
    frame = mobi_frame.assign(half=["a", "b"] * 125)
    found = mediation(SEM(SMALL, group="half").fit(frame), target="Satisfaction")
    assert found.table()[["source", "target", "group"]].values.tolist() == [
        ["Image", "Satisfaction", "a"],
        ["Image", "Satisfaction", "b"],
    ]
    labels = [text.get_text() for text in found.plot().get_yticklabels()]
    assert any("Satisfaction (b)" in label for label in labels)


def test_mediation_says_what_it_needs(mobi_frame, fitted, drawn):
    with pytest.raises(TcsError, match=r"result\.bootstrap\(5000, seed=7\)"):
        mediation(fitted)
    with pytest.raises(SpecError, match="Did you mean 'Image'"):
        mediation(drawn, source="Imag")
    with pytest.raises(SpecError, match="effect of 'Image'; those with one are Loyalty"):
        mediation(
            PLS(SMALL_CHAIN).fit(mobi_frame).bootstrap(20, seed=1),
            source="Image",
            target="Satisfaction",
        )
    with pytest.raises(OptionError, match="takes a result of PLS or SEM, not EFAResult"):
        mediation(EFA(n_factors=2).fit(mobi_frame))
    flat = ModelSpec.parse("A =~ IMAG1 + IMAG2; B =~ CUSA1 + CUSA2; B ~ A")
    with pytest.raises(TcsError, match="No effect of the model passes through"):
        mediation(PLS(flat).fit(mobi_frame).bootstrap(20, seed=1))


SMALL_CHAIN = ModelSpec.parse("""
    Image =~ IMAG1 + IMAG3
    Value =~ PERV1 + PERV2
    Quality =~ PERQ1 + PERQ2
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Value ~ Image
    Loyalty =~ CUSL1 + CUSL3
    Loyalty ~ Value
    Satisfaction ~ Quality
    Switching =~ CUSL2
    Switching ~ Satisfaction
""")
