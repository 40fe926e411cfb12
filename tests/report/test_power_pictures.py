"""Pictures of power: what they say, and that labels stay apart and inside."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

import tcsmodel as tcs
from tcsmodel.report import theme
from tcsmodel.report.curves import spread
from tcsmodel.report.plots import kinds, picture

LONG = "Perceived quality of all that one may ask a customer about"
TEXT = f"""
"{LONG}" =~ q1 + q2 + q3
Value =~ v1 + v2 + v3
Loyalty =~ l1 + l2 + l3
Loyalty ~ start(0.4)*"{LONG}" + start(0)*Value
"""


@pytest.fixture(scope="module")
def sizes():
    return tcs.power(tcs.ModelSpec.parse(TEXT), n=[40, 60, 150], replications=100)


@pytest.fixture(scope="module")
def single():
    spec = tcs.ModelSpec.parse("A =~ a1 + a2 + a3\nB =~ b1 + b2 + b3")
    return tcs.power(spec, n=50, replications=100)


def test_several_sizes_are_curves_and_one_is_not(sizes, single):
    assert list(kinds(sizes)) == ["curves", "power"]
    assert list(kinds(single)) == ["power"]


def test_the_title_of_curves_is_the_number_of_respondents(sizes):
    needed = sizes.n_for(f"Loyalty ~ {LONG}")["n"]
    assert picture(sizes).title == f"{needed} respondents find every path with a power of .80"
    labels = [text.get_text() for text in sizes.plot().texts]
    assert [label.startswith(f"{needed}: Perceived") for label in labels] == [True, False]


def test_where_every_size_is_enough_the_smallest_is():
    spec = tcs.ModelSpec.parse("A =~ a1 + a2 + a3\nB =~ b1 + b2 + b3\nB ~ A")
    study = tcs.power(spec, n=[200, 100], replications=20)
    assert picture(study).title == "100 respondents find every path with a power of .80"


@pytest.mark.parametrize("n", [50, [50, 60]])
def test_where_nothing_is_there_nothing_is_claimed(n):
    study = tcs.power(tcs.ModelSpec.parse("y ~ start(0)*x"), n=n, replications=20)
    assert picture(study).title == "Nothing to find: every path is zero in the population"


def test_ticks_keep_apart():
    study = tcs.power(tcs.ModelSpec.parse("y ~ x"), n=[10, 12, 14, 100, 190, 200], replications=9)
    assert sorted(study.plot().get_xticks()) == [14, 100, 200]


def test_what_is_zero_is_a_false_alarm_and_not_a_lack(sizes):
    drawing = picture(sizes, "power")
    assert drawing.title == "With n = 150 every path is found with a power of .80 or more"
    assert drawing.caption.endswith("zero in the population, so false alarms: Value → Loyalty")


def test_without_paths_loadings_and_correlations_are_shown(single):
    drawing = picture(single)
    assert "A: a2" in drawing.alt
    assert "A – B" in drawing.alt
    assert "a1 – a1" not in drawing.alt
    assert drawing.title == "With n = 50 these lack power: A – B"


def test_many_that_lack_power_are_counted():
    spec = tcs.library.ecsi()
    drawing = picture(tcs.power(spec, n=60, replications=50))
    assert drawing.title.startswith("With n = 60 power is below .80 for ")
    assert drawing.title.endswith(" of 12")


@pytest.mark.parametrize("kind", ["curves", "power"])
def test_labels_lie_inside_the_figure_and_apart(sizes, kind):
    ax = sizes.plot(kind)
    figure = ax.figure
    assert isinstance(figure, Figure)
    renderer = theme.renderer_of(ax)
    boxes = [text.get_window_extent(renderer) for text in ax.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    for box in [*boxes, ax.get_tightbbox(renderer)]:
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1 + 1


def test_many_curves_keep_their_labels_apart():
    study = tcs.power(tcs.library.ecsi(), n=[100, 900], replications=50)
    ax = study.plot()
    renderer = theme.renderer_of(ax)
    lines = [text.get_window_extent(renderer).y0 for text in ax.texts]
    assert len(lines) == 12
    assert np.diff(sorted(lines)).min() > theme.text_height(1, 9.0) * ax.figure.dpi * 0.9


def test_places_keep_their_distance_and_stay_below_the_top():
    wanted = np.array([0.1, 0.11, 0.5, 0.99, 1.0, 1.0])
    places = spread(wanted, 0.1, 1.0)
    assert np.diff(places).min() >= 0.1 - 1e-12
    assert places[-1] == 1.0
    assert places[0] == 0.1
    assert places[2] == 0.5


def test_hostile_names_are_text():
    hostile = "<script>alert(1)</script> $5"
    text = f'"{hostile}" =~ a1 + a2 + a3\nB =~ b1 + b2 + b3\nB ~ "{hostile}"'
    study = tcs.power(tcs.ModelSpec.parse(text), n=[50, 60], replications=10)
    for kind in kinds(study):
        markup = picture(study, kind).svg("a")
        assert "<script" not in markup
        assert "&lt;script&gt;" in markup
