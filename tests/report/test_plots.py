"""Every picture of every result, drawn from real fits."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import tcsmodel as tcs
from tcsmodel.errors import OptionError, TcsWarning
from tcsmodel.report.plots import kinds, picture
from tcsmodel.result import Result

HOSTILE = "<script>alert(1)</script> costs $5 & $6"
MODEL = f"""
Image =~ IMAG1 + IMAG2 + IMAG3
"{HOSTILE}" =~ PERQ1 + PERQ2 + PERQ3
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Loyalty =~ CUSL1 + CUSL3
Satisfaction ~ Image + "{HOSTILE}"
Loyalty ~ Satisfaction + Image
"""


@pytest.fixture(scope="module")
def study() -> Any:
    road = tcs.Study(tcs.ModelSpec.parse(MODEL), bootstrap=60, driver_bootstrap=60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        return road.run(tcs.datasets.mobi(), seed=3)


def test_all_stages_ran(study: Any) -> None:
    assert not study.failures


def test_every_picture_of_every_stage_is_drawn(study: Any) -> None:
    drawn = []
    for name, result in study.stages.items():
        assert kinds(result), name
        for kind in kinds(result):
            ax = result.plot(kind)
            words = picture(result, kind)
            assert words.title
            assert words.alt
            assert words.caption
            assert ax.figure.get_size_inches()[1] < 12
            drawn.append(f"{name}.{kind}")
    assert {"efa.scree", "efa.loadings", "cfa.loadings", "sem.diagram", "pls.diagram"} <= set(drawn)
    assert {"pls.htmt", "gate.findings", "index.index", "drivers.shares"} <= set(drawn)
    assert {"drivers.ranks", "priorities.map", "screening.answers"} <= set(drawn)


def test_hostile_labels_are_text(study: Any) -> None:
    for result in (study.pls, study.index, study.priorities, study.drivers):
        markup = picture(result).svg("a")
        assert "<script" not in markup
        assert "&lt;script&gt;" in markup


def test_titles_give_the_answer(study: Any) -> None:
    assert picture(study.index).title == f"Satisfaction stands at {study.index.value:.1f} of 100"
    first = study.priorities.table().loc[lambda t: t["tie_group"] == 1, "driver"]
    assert all(name in picture(study.priorities).title for name in first)


def test_a_driver_that_may_rank_first_is_named_in_the_title(study: Any) -> None:
    table = study.drivers.table()
    rivals = table.loc[table["rank_low"] <= 1, "driver"]
    assert all(name in picture(study.drivers).title for name in rivals)


def test_an_improper_solution_is_never_an_answer() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        improper = tcs.SEM(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    drawing = picture(improper)
    assert drawing.title == "No admissible solution: these paths must not be read"
    assert "not admissible" in drawing.caption


def test_without_a_bootstrap_pictures_say_what_their_intervals_are(study: Any) -> None:
    plain = tcs.PLS(study.spec).fit(study.survey)
    index = tcs.satisfaction_index(plain)
    assert "weights held fixed" in picture(index).caption
    assert "bootstrap" not in picture(plain).caption
    assert picture(tcs.priorities(plain)).title.startswith("Improve ")
    drivers = tcs.KeyDrivers("CUSA1", ["IMAG1", "PERQ1"]).fit(study.survey)
    assert list(kinds(drivers)) == ["shares"]
    for result in (plain, index, drivers, tcs.priorities(plain)):
        result.plot()


def test_a_single_driver_is_drawn(mobi_frame: pd.DataFrame) -> None:
    spec = tcs.ModelSpec.parse("Q =~ PERQ1 + PERQ2\nS =~ CUSA1 + CUSA2\nS ~ Q")
    pls = tcs.PLS(spec).fit(tcs.Survey(mobi_frame, scale=(1, 10))).bootstrap(50, seed=1)
    assert picture(tcs.priorities(pls, target="S")).title == "Improve Q first"
    tcs.priorities(pls, target="S").plot()


def test_correlated_factors_without_paths_are_drawn(hs_frame: pd.DataFrame) -> None:
    spec = tcs.ModelSpec.parse("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6")
    cfa = tcs.CFA(spec).fit(hs_frame)
    drawing = picture(cfa, "diagram")
    assert drawing.title == "How 6 items measure their constructs"
    cfa.plot("diagram")


def test_second_order_constructs_point_at_their_parts(hs_frame: pd.DataFrame) -> None:
    spec = tcs.ModelSpec.parse(
        "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\n"
        "g =~ visual + textual + speed"
    )
    drawing = picture(tcs.CFA(spec).fit(hs_frame), "diagram")
    assert "g to textual" in drawing.alt
    assert drawing.title == "How 9 items measure their constructs"


def test_an_unknown_kind_lists_the_pictures(study: Any) -> None:
    with pytest.raises(OptionError, match=r"no picture 'diagramm'.*diagram, htmt, dens.*'diagram'"):
        study.pls.plot("diagramm")


def test_a_result_without_a_picture_says_so() -> None:
    class Bare(Result):
        pass

    with pytest.raises(OptionError, match="Bare has no picture of its own"):
        Bare().plot()


def test_labels_of_the_map_do_not_overlap() -> None:
    from tcsmodel.report import theme
    from tcsmodel.report.map import label_points, quadrants

    generator = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "label": [f"Driver number {i} of many" for i in range(12)],
            "importance": generator.uniform(0, 1, 12),
            "performance": generator.uniform(60, 80, 12),
            "size": 62.0,
            "strong": [True] + [False] * 11,
        }
    )
    for name, column in (("ci", "importance"), ("performance_ci", "performance")):
        frame[f"{name}_lower"] = frame[column] - 0.02
        frame[f"{name}_upper"] = frame[column] + 0.02
    with theme.style():
        ax = Figure(figsize=(6.5, 4.5)).add_subplot()
        quadrants(frame, (0.5, 70), ("a", "b", "c", "d"), ("x", "y"))(ax)
        label_points(frame)(ax)
    renderer = theme.renderer_of(ax)
    shown = [text.get_window_extent(renderer) for text in ax.texts]
    assert len(shown) == 4 + 12
    overlaps = [a.overlaps(b) for i, a in enumerate(shown) for b in shown[:i]]
    assert not any(overlaps)


def test_a_diagram_tells_groups_apart() -> None:
    data = tcs.datasets.mobi().data.assign(half=["first", "second"] * 125)
    spec = tcs.ModelSpec.parse("Quality =~ PERQ1 + PERQ3 + PERQ7\nCUSA1 ~ Quality")
    fit = tcs.SEM(spec, group="half").fit(data)
    paths = fit.standardized.query("op == '~'")["std"]
    drawn = picture(fit, "diagram")
    first, second = (f"{value:.2f}".lstrip("0") for value in paths)
    assert f"{first}*** | {second}***" in drawn.svg("a")
    assert "groups beside each other: first and second" in drawn.caption
    assert "(second)" in picture(fit, "loadings").svg("a")


def test_a_model_without_constructs_is_drawn() -> None:
    spec, mobi = tcs.ModelSpec.parse("CUSA1 ~~ CUSA2"), tcs.datasets.mobi()
    fit = tcs.SEM(spec).fit(mobi)
    drawn = picture(fit)
    assert drawn.title == "How the items go together"
    assert ".54***" in drawn.svg("a")
    with pytest.raises(OptionError, match=r"no picture 'loadings'\. Its pictures are diagram"):
        fit.plot("loadings")
    assert list(kinds(tcs.CFA(spec).fit(mobi))) == ["diagram"]
    imputations = tcs.impute(tcs.Survey(mobi.data[["CUSA1", "CUSA2"]]), m=2, seed=1)
    with pytest.raises(OptionError, match="PooledSEM has no picture of its own"):
        tcs.SEM(spec).fit(imputations).plot()
