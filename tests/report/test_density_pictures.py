"""Pictures of replicates: which there are, what they say, what they draw."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

import tcsmodel as tcs
from tcsmodel.errors import OptionError
from tcsmodel.models.densities import pls_densities
from tcsmodel.report.plots import kinds, picture

TEXT = """
    Quality =~ PERQ1 + PERQ2 + PERQ3
    Complaints =~ CUSCO
    Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    Complaints ~ Quality
    Satisfaction ~ Quality + Complaints
"""


@pytest.fixture(scope="module")
def fitted(mobi_frame):
    return tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(
        tcs.Survey(mobi_frame, items=tcs.ModelSpec.parse(TEXT).items, scale=(1, 10))
    )


@pytest.fixture(scope="module")
def drawn(fitted):
    return fitted.bootstrap(200, seed=7)


def test_there_are_densities_once_there_are_draws(fitted, drawn):
    assert not [kind for kind in kinds(fitted) if "densities" in kind]
    found = [kind for kind in kinds(drawn) if "densities" in kind]
    assert found[:2] == ["densities", "total_effects_densities"]
    with pytest.raises(OptionError, match="densities"):
        fitted.plot("densities")


def test_there_are_none_of_what_the_model_does_not_have(mobi_frame):
    spec = tcs.ModelSpec.parse("X =~ PERQ1; Y =~ CUSA1; Y ~ X")
    drawn = tcs.PLS(spec).fit(mobi_frame).bootstrap(30, seed=1)
    found = [kind for kind in kinds(drawn) if "densities" in kind]
    assert found == [
        "densities",
        "total_effects_densities",
        "r_squared_densities",
        "htmt_densities",
    ]


def test_each_path_is_drawn_with_estimate_and_interval(drawn):
    made, table = picture(drawn, "densities"), drawn.table()
    clear = int((table["ci_lower"] * table["ci_upper"] > 0).sum())
    assert made.title == f"Intervals that leave out zero: {clear} of 3 path coefficients"
    first = table.iloc[0]
    assert f"Quality → Complaints {first['path']:.2f} [{first['ci_lower']:.2f}" in made.alt
    ax = drawn.plot("densities")
    assert len([one for one in ax.collections if isinstance(one, PolyCollection)]) == 2 * 3
    lines = [line for line in ax.lines if line.get_linewidth() == 1.1]
    assert [line.get_xdata()[0] for line in lines] == pytest.approx(table["path"].tolist())
    assert ax.get_yticklabels()[0].get_text() == "Quality → Complaints"


def test_what_does_not_vary_is_left_out(drawn):
    frame = pls_densities(drawn, "outer_weights")
    assert "CUSCO (Complaints)" not in frame["label"].tolist()
    assert len(frame) == 6
    assert picture(drawn, "r_squared_densities").title.startswith("How far 2 explained variances")
    assert "Quality – Satisfaction" in picture(drawn, "htmt_densities").alt


def test_indices_are_drawn_too(drawn):
    index = tcs.satisfaction_index(drawn)
    made = picture(index, "densities")
    assert f"Satisfaction {index.value:.1f}" in made.alt
    assert "densities" not in kinds(tcs.satisfaction_index(tcs.PLS(drawn.estimator.spec).fit(
        drawn.sample.survey
    )))  # fmt: skip


def test_paths_or_loadings_of_covariance_models(hs_frame):
    text = "visual =~ x1 + x2 + x3; speed =~ x7 + x8 + x9"
    cfa = tcs.CFA(tcs.ModelSpec.parse(text)).fit(hs_frame).bootstrap(40, seed=1)
    made = picture(cfa, "densities")
    assert "4 of 4 loadings" in made.title
    assert "visual → x2" in made.alt
    sem = tcs.SEM(tcs.ModelSpec.parse(text + "; speed ~ visual"), group="school").fit(hs_frame)
    assert "densities" not in kinds(sem)
    several = picture(sem.bootstrap(40, seed=1), "densities")
    assert "visual → speed (Pasteur)" in several.alt


def test_replicate_weights_have_densities_of_their_variance(mobi_frame):
    rng = np.random.default_rng(3)
    columns = {f"rw{r}": rng.uniform(0.2, 1.8, 250) for r in range(8)}
    survey = tcs.Survey(
        mobi_frame.assign(w=1.0, **columns),
        items=tcs.ModelSpec.parse(TEXT).items,
        weight="w",
        replicates=tcs.ReplicateWeights(columns="rw*", kind="brr"),
    )
    result = tcs.PLS(tcs.ModelSpec.parse(TEXT)).fit(survey).replicated()
    own = pls_densities(result, "paths")["density"][0]
    assert own.grid.mean() == pytest.approx(result.table()["path"][0], abs=0.1)


def test_chinese_names_are_drawn(mobi_frame):
    text = TEXT.replace("Quality", '"感知质量"').replace("Satisfaction", '"顾客满意度"')
    drawn = tcs.PLS(tcs.ModelSpec.parse(text)).fit(mobi_frame).bootstrap(30, seed=1)
    labels = [tick.get_text() for tick in drawn.plot("densities").get_yticklabels()]
    assert "感知质量 → 顾客满意度" in labels
