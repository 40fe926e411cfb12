"""Comparison of PLS estimates between groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from grouped_answers import ITEMS, SPEC, in_group, sample
from numpy.testing import assert_allclose

from tcsmodel.errors import OptionError, SurveyError, TcsError
from tcsmodel.kernels.permutation import holm, two_sided
from tcsmodel.kernels.resample import permutation_chunks
from tcsmodel.models import permuted as engine
from tcsmodel.models.group_comparison import compare_groups
from tcsmodel.models.micom import micom
from tcsmodel.models.pls import PLS
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

PATHS = ["source", "target", "group", "other"]


def run(frame, model=SPEC, **options):
    given = {"permutations": 199, "bootstrap": 200, "seed": 1}
    return compare_groups(model, frame, "brand", **{**given, **options})


def differing(n=400):
    """Return groups in which Quality acts on Sat in opposite directions."""
    frame = sample(n, seed=3)
    second = frame["brand"] == "B"
    frame.loc[second, "s1"] -= 1.2 * frame.loc[second, ["q1", "q2"]].mean(axis=1)
    return frame


def test_estimates_are_those_of_each_group():
    frame = sample()
    result = run(frame)
    fits = {label: PLS(SPEC).fit(in_group(frame, label)) for label in "AB"}
    for row in result.table().itertuples():
        first, second = (fits[g].paths.loc[row.source, row.target] for g in (row.group, row.other))
        assert row.difference == pytest.approx(first - second, abs=1e-12)
    explained = result.by_group("r_squared").set_index(["construct", "group"])["estimate"]
    assert explained["Sat", "B"] == pytest.approx(fits["B"].r_squared["Sat"], abs=1e-12)


@pytest.mark.parametrize("quantity", engine.COMPARED)
def test_permuted_differences_are_those_of_permuted_labels(quantity):
    frame, model = sample(90), PLS(SPEC, tol=1e-10)
    result = run(frame, model, permutations=19)
    order = next(permutation_chunks(90, 19, 1))[11]
    labels = frame["brand"].to_numpy()[order]
    moved = run(frame.assign(brand=labels), model, permutations=19, bootstrap=2)
    sign = 1 if moved.groups == ("A", "B") else -1
    own = moved.differences(quantity)["difference"]
    assert_allclose(sign * result.permuted[0].draws[quantity][11], own, atol=1e-7)
    table = result.differences(quantity)
    p = two_sided(result.permuted[0].draws[quantity], table["difference"].to_numpy())
    assert_allclose(table["p_permutation"], p)


def test_bootstrap_draws_are_those_of_each_group():
    frame = sample(60)
    result = run(frame, bootstrap=30)
    rows = result.grouped.rows((1,))
    drawn = next(iter(engine.resamples(with_strata(result), 30, 1)))[:, rows]
    fit = PLS(SPEC).fit(in_group(frame, "B")).resampled(drawn)
    at = tuple(np.array(result.estimator.model.written).T)
    expected = fit.draws.values["paths"][(slice(None), *at)]
    assert_allclose(result.draws.values["paths"][:, 1], expected, atol=1e-6)


def with_strata(result):
    from dataclasses import replace

    return replace(result.grouped.sample, groups=result.groups, strata=result.grouped.member)


def test_a_path_that_differs_is_found_by_every_test():
    result = run(differing())
    row = result.table().set_index(["source", "target"]).loc[("Quality", "Sat")]
    for method in ("permutation", "henseler", "parametric", "welch"):
        assert row[f"p_{method}"] < 0.01
    assert row["ci_lower"] > 0.3
    (finding,) = [one for one in result.verify() if one.code == "paths_differ"]
    assert "Quality → Sat (A " in finding.sentence("evidence")
    assert result.significant.loc[0, "target"] == "Sat"


def test_nothing_found_is_said_not_to_be_equality():
    (finding,) = [one for one in run(sample()).verify() if one.code == "no_path_differs"]
    assert "no proof of equality" in finding.sentence("meaning")


@pytest.mark.parametrize("method", ["permutation", "henseler", "parametric", "welch"])
def test_the_method_that_decides_is_adjusted(method):
    result = run(differing(), method=method)
    table, tests = result.table(), result.tests()
    assert_allclose(table["p_adjusted"], holm(table[f"p_{method}"].to_numpy()))
    own = tests[tests["method"] == method]
    assert_allclose(own["p_adjusted"], table["p_adjusted"])
    assert set(tests["method"]) == {"permutation", "henseler", "parametric", "welch"}


def test_invariance_is_that_of_the_same_permutations():
    frame = sample()
    assert (
        run(frame)
        .micom.table()
        .equals(micom(SPEC, frame, "brand", permutations=199, seed=1).table())
    )


def test_composites_that_differ_stand_before_the_paths():
    frame = sample(600, seed=4)
    second = frame["brand"] == "B"
    frame.loc[second, ["i1", "i2"]] = np.random.default_rng(8).normal(size=(second.sum(), 2))
    first = run(frame).verify()[0]
    assert (first.code, first.severity) == ("composition_differs", "problem")


def test_several_groups_are_compared_in_pairs_and_at_once():
    frame = sample(300, groups=3)
    result = run(frame)
    table = result.table()
    assert len(table) == 9
    assert table[PATHS].head(3).to_numpy().tolist() == [
        ["Image", "Quality", *pair] for pair in (("A", "B"), ("A", "C"), ("B", "C"))
    ]
    omnibus = result.omnibus()
    values = result.by_group().pivot_table(
        index=["source", "target"], columns="group", values="estimate", sort=False
    )
    assert_allclose(omnibus["variance"], values.var(axis=1, ddof=0), rtol=1e-9)
    assert omnibus["p_permutation"].between(0.005, 1).all()
    assert (omnibus["df"] == 2).all()
    assert run(sample()).omnibus().empty


def test_an_omnibus_difference_is_found_where_one_group_differs():
    frame = sample(600, seed=3, groups=3)
    third = frame["brand"] == "C"
    frame.loc[third, "s1"] -= 1.2 * frame.loc[third, ["q1", "q2"]].mean(axis=1)
    found = run(frame).omnibus().set_index(["source", "target"]).loc[("Quality", "Sat")]
    assert found["p_permutation"] == pytest.approx(1 / 200)
    assert found["p_welch"] < 1e-6


@pytest.mark.parametrize("centered", [True, False])
def test_centered_permutations_do_not_know_of_levels(centered):
    frame = sample(80)
    moved = frame.copy()
    moved.loc[frame["brand"] == "B", ITEMS] += [3, 1, -2, 5, 4, 1]
    model = PLS(SPEC, tol=1e-10)
    first, second = (run(data, model, centered=centered).permuted[0] for data in (frame, moved))
    assert_allclose(first.observed["paths"], second.observed["paths"], atol=1e-8)
    same = np.allclose(first.draws["paths"], second.draws["paths"], atol=1e-8)
    assert same == centered


def test_integer_weights_equal_repeated_rows():
    frame = sample(80)
    times = np.random.default_rng(5).integers(1, 4, 80)
    repeated = frame.loc[frame.index.repeat(times)].reset_index(drop=True)
    weighted = Survey(frame.assign(w=times), items=ITEMS, weight="w")
    for quantity in engine.COMPARED:
        ours, theirs = (
            run(data, PLS(SPEC, tol=1e-10)).differences(quantity) for data in (weighted, repeated)
        )
        assert_allclose(ours["difference"], theirs["difference"], atol=1e-8)


def test_clusters_are_drawn_whole():
    frame = sample(80).assign(branch=np.arange(80) // 4)
    alone, whole = run(frame), run(Survey(frame, items=ITEMS, cluster="branch"))
    assert_allclose(alone.table()["difference"], whole.table()["difference"])
    assert not np.allclose(alone.table()["se"], whole.table()["se"], rtol=1e-3)


def test_a_group_that_a_draw_of_clusters_misses_is_counted():
    frame = sample(80).assign(branch=np.arange(80) // 2 // 8)
    frame["brand"] = np.where(frame["branch"] == 0, "A", "B")
    result = run(Survey(frame, items=ITEMS, cluster="branch"))
    assert 0.2 < result.status_shares.loc["A", "singular"] < 0.6
    codes = {f.code: f for f in result.verify()}
    assert codes["replicates_lost"].subjects == ("group A",)
    assert result.table()["p_welch"].notna().all()


def test_too_few_replicates_with_a_solution_are_an_error(monkeypatch):
    found = {
        "status": np.full((2, 2), 5.0),
        **{n: np.full((2, 2, 1), np.nan) for n in engine.COMPARED},
    }
    monkeypatch.setattr(engine, "_replicates", lambda *_: found)
    with pytest.raises(TcsError, match="Of the 2 bootstrap replicates of group 'A' fewer than two"):
        run(sample(), bootstrap=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "chin"}, "method='chin' is not one of permutation, henseler"),
        ({"permutations": 5}, "permutations=5 must be a whole number, 19 or more"),
        ({"bootstrap": 1}, "bootstrap=1 must be a whole number, 2 or more"),
        ({"seed": 1.5}, "seed=1.5 must be a whole number"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(OptionError, match=message):
        run(sample(), **options)


def test_unknown_quantities_list_the_known():
    with pytest.raises(OptionError, match=r"quantity='path' is not one of paths, .* mean 'paths'"):
        run(sample()).differences("path")


def test_a_group_too_small_is_named():
    frame = sample()
    frame["brand"] = np.where(frame.index < 3, "tiny", frame["brand"])
    with pytest.raises(SurveyError, match="Group 'tiny' of 'brand' has 3 respondents"):
        run(frame)


def test_groups_with_long_names_leave_room_for_the_drawing():
    names = [
        f"{letter} customers of a bank with a very long name in the north" for letter in "ABCD"
    ]
    frame = sample(400, groups=4)
    frame["brand"] = frame["brand"].map(dict(zip("ABCD", names, strict=True)))
    result = run(frame)
    for kind in ("paths", "differences"):
        axes = result.plot(kind)
        assert axes.get_position().width * axes.figure.get_size_inches()[0] > 2.2
    assert result.micom.plot().get_position().width > 0.3


def test_pictures_of_what_differs_name_it():
    result = run(differing())
    figure = result.plot().figure
    assert "Quality → Sat differs most between groups of brand" in [
        t.get_text() for t in figure.texts
    ]
    assert pd.Series([t.get_text() for t in result.plot().texts]).str.contains("p \\(Holm\\)").any()


def test_distances_tell_whole_models_apart():
    apart, alike = run(differing()).distances, run(sample(200, seed=5)).distances
    assert apart["measure"].tolist() == ["d_g", "d_uls"]
    assert (apart["p"] < 0.02).all()
    assert (apart["distance"] > apart["critical"]).all()
    assert (alike["p"] > 0.05).all()


def test_distances_are_those_of_implied_correlations_averaged_over_pairs():
    frame = sample(150)
    frame["brand"] = np.array(["A", "B", "C"])[np.arange(150) % 3]
    result = run(frame, permutations=19, bootstrap=2)
    implied = [fit.implied_corr.to_numpy() for fit in result.fits.values()]
    pairs = [(0, 1), (0, 2), (1, 2)]
    squared = [((implied[i] - implied[j]) ** 2).sum() / 2 for i, j in pairs]
    roots = [np.linalg.eigvals(np.linalg.solve(implied[i], implied[j])).real for i, j in pairs]
    geodesic = [(np.log(one) ** 2).sum() / 2 for one in roots]
    assert_allclose(result.distances["distance"], [np.mean(geodesic), np.mean(squared)])


def test_a_permuted_distance_is_that_of_permuted_labels():
    frame = sample(90)
    result = run(frame, PLS(SPEC, tol=1e-10), permutations=19, bootstrap=2)
    found = engine.permuted(result.grouped, (0, 1), 19, 1, quantities=(engine.APART,))
    order = next(permutation_chunks(90, 19, 1))[7]
    moved = frame.assign(brand=frame["brand"].to_numpy()[order])
    again = run(moved, PLS(SPEC, tol=1e-10), permutations=19, bootstrap=2)
    assert_allclose(found.draws[engine.APART][7], again.distances["distance"], rtol=1e-5)
    assert_allclose(found.p(engine.APART), result.distances["p"])


def test_products_imply_no_correlations_and_wholes_do():
    result = run(sample(120), ModelSpec.parse(f"{SPEC}\nSat ~ Image:Quality"), permutations=19)
    with pytest.raises(TcsError, match=r"GroupComparison\.distances rests on the correlations"):
        _ = result.distances
    text = str(SPEC).replace("Quality ~ Image", "Offer =~ Image + Quality")
    text = text.replace("Sat ~ Image + Quality", "Sat ~ Offer")
    whole = run(sample(120), ModelSpec.parse(text), permutations=19, bootstrap=5)
    implied = [fit.implied_corr.to_numpy() for fit in whole.fits.values()]
    squared = ((implied[0] - implied[1]) ** 2).sum() / 2
    assert whole.distances["distance"][1] == pytest.approx(squared)
