"""Path diagrams of covariance-based models: what is drawn, and what is said instead."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch, Rectangle

import tcsmodel as tcs
from tcsmodel.errors import ImproperSolutionWarning
from tcsmodel.report.picture import wrap
from tcsmodel.report.plots import picture
from tcsmodel.result import Result

MEASURED = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"


def fit(text: str, frame: pd.DataFrame, **options: object) -> Result:
    return tcs.SEM(tcs.ModelSpec.parse(text), **options).fit(frame)


def two_headed(result: Result) -> int:
    """Count the labelled arrows that are no stems between a construct and its items."""
    return sum(isinstance(patch, FancyBboxPatch) for patch in result.plot().patches)


def test_constructs_are_ellipses_and_observed_variables_boxes(hs_frame: pd.DataFrame) -> None:
    ax = fit("visual =~ x1 + x2 + x3; x9 ~ visual + x7", hs_frame).plot()
    shapes = [type(patch) for patch in ax.patches if patch.get_linewidth() == 1.3]
    assert shapes.count(Ellipse) == 1
    assert shapes.count(Rectangle) == 2


def test_what_is_fixed_to_zero_is_not_drawn(hs_frame: pd.DataFrame) -> None:
    text = f"{MEASURED}; visual ~~ 0*speed; textual ~~ 0*speed"
    assert two_headed(fit(MEASURED, hs_frame)) == 3
    assert two_headed(fit(text, hs_frame)) == 1


def test_covariances_of_drawn_items_are_arrows_and_of_others_words(hs_frame: pd.DataFrame) -> None:
    result = fit(f"{MEASURED}; x8 ~~ x7; x1 ~~ x4", hs_frame)
    caption = picture(result).caption
    assert "correlated residuals of items: x8 – x7" in caption
    assert "x1 – x4" in caption
    drawn = fit("visual =~ x1 + x2 + x3; x8 ~ visual; x9 ~ visual; x8 ~~ x9", hs_frame)
    assert "correlated residuals" not in picture(drawn).caption
    arrows = [p for p in drawn.plot().patches if isinstance(p, FancyArrowPatch)]
    assert len(arrows) == 1 + 2 + 1


def test_many_residual_correlations_are_counted(hs_frame: pd.DataFrame) -> None:
    more = "x1 ~~ x4; x2 ~~ x5; x3 ~~ x6; x4 ~~ x7; x5 ~~ x8; x6 ~~ x9"
    assert picture(fit(f"{MEASURED}; {more}", hs_frame)).caption.count(" – ") == 4
    assert "and 2 more" in picture(fit(f"{MEASURED}; {more}", hs_frame)).caption


def test_the_title_of_one_path_does_not_compare_it(hs_frame: pd.DataFrame) -> None:
    text = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; textual ~ visual"
    assert picture(fit(text, hs_frame)).title == "The path from visual to textual is .46"
    groups = picture(fit(text, hs_frame, group="school"))
    assert groups.title == "The path from visual to textual is strongest in Grant-White (.53)"
    several = picture(fit(f"{MEASURED}; speed ~ visual + textual", hs_frame))
    assert several.title == "visual has the strongest path to speed (.43)"


def test_the_title_names_the_largest_path_of_targets_with_as_many_sources(
    hs_frame: pd.DataFrame,
) -> None:
    result = fit("x7 ~ x1 + x2; x8 ~ x7 + x1; x9 ~ x8 + x7", hs_frame)
    paths = result.standardized.query("op == '~'")
    largest = paths.loc[paths["std"].abs().idxmax()]
    title = f"{largest['rhs']} has the strongest path to {largest['lhs']} ("
    assert picture(result).title.startswith(title)


def test_the_title_names_the_group_of_the_strongest_of_several_paths(
    hs_frame: pd.DataFrame,
) -> None:
    groups = fit(f"{MEASURED}; speed ~ visual + textual", hs_frame, group="school")
    assert picture(groups).title == "In Grant-White, visual has the strongest path to speed (.48)"


def test_a_caption_keeps_the_meaning_of_a_star_on_one_line(hs_frame: pd.DataFrame) -> None:
    caption = picture(fit(f"{MEASURED}; speed ~ visual + textual", hs_frame)).caption
    stars = ["*\u00a0p\u00a0<\u00a0.05", "**\u00a0p\u00a0<\u00a0.01"]
    for width in np.arange(2, 7, 0.25):
        lines = wrap(caption, width, 8.5)
        assert all(any(mark in line for line in lines) for mark in stars)


def test_values_of_groups_leave_room_for_arrows_and_names(hs_frame: pd.DataFrame) -> None:
    frame = hs_frame.assign(city=[f"city {k % 4}" for k in range(len(hs_frame))])
    text = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; textual ~ visual"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImproperSolutionWarning)
        result = fit(text, frame, group="city")
    ax = result.plot()
    figure = ax.get_figure()
    assert figure is not None
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    words = {label.get_text(): label.get_window_extent(renderer) for label in ax.texts}
    assert ax.transData.transform((1, 0))[0] - ax.transData.transform((0, 0))[0] == pytest.approx(
        figure.dpi
    )
    values = [box for text, box in words.items() if text.count("|") == 3]
    names = [words[f"x{k}"] for k in range(1, 7)]
    assert not any(name.overlaps(box) for name in names for box in values)
    one, other = (
        patch.get_window_extent(renderer) for patch in ax.patches if isinstance(patch, Ellipse)
    )
    (note,) = (box for text, box in words.items() if text.startswith("R²"))
    assert other.x0 < note.x0 < note.x1 < other.x1
    between = [
        (one.x0 + one.x1 + other.x0 + other.x1) / 4,
        (one.y0 + one.y1 + other.y0 + other.y1) / 4,
    ]
    (label,) = (box for box in words.values() if box.contains(*between))
    across = max(other.x0 - one.x1, one.x0 - other.x1) - label.width
    along = max(other.y0 - one.y1, one.y0 - other.y1) - label.height
    assert max(across, along) > 0.3 * figure.dpi


def test_a_limit_that_all_constructs_keep_away_from_is_on_the_axis(hs_frame: pd.DataFrame) -> None:
    ax = tcs.discriminant_validity(fit(MEASURED, hs_frame)).plot()
    assert ax.get_xlim()[1] > 0.9
    assert ax.texts[-1].xy[0] == 0.9
