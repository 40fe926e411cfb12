"""The whole road: every stage, its failures, and what decides its numbers."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from golden_files import DATA

from tcsmodel.errors import (
    DroppedRespondentsWarning,
    ImproperSolutionWarning,
    OptionError,
    SpecError,
    SurveyError,
    TcsError,
    TcsWarning,
)
from tcsmodel.result import Severity
from tcsmodel.spec import library
from tcsmodel.spec.model import ModelSpec
from tcsmodel.stages import STAGES
from tcsmodel.study import Study
from tcsmodel.survey.survey import Survey

SMALL = """
Image =~ IMAG1 + IMAG2 + IMAG3
Quality =~ PERQ1 + PERQ2 + PERQ3
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Quality ~ Image
Satisfaction ~ Image + Quality
"""
FEW = {"bootstrap": 60, "driver_bootstrap": 40}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.read_csv(DATA / "mobi.csv")


@pytest.fixture(scope="module")
def ecsi(frame):
    study = Study(library.ecsi(), bootstrap=400, driver_bootstrap=200)
    with pytest.warns(ImproperSolutionWarning):
        return study.run(Survey(frame, scale=(1, 10)), seed=7)


def run(text: str, survey: Survey | pd.DataFrame, seed: int = 7, **options):
    """Run a small study whose warnings are not what is tested."""
    study = Study(ModelSpec.parse(text), **FEW | options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        return study.run(survey, seed=seed)


@pytest.fixture(scope="module")
def small(frame):
    return run(SMALL, Survey(frame, scale=(1, 10)))


def test_every_stage_is_reachable(ecsi):
    assert ecsi.failures == {}
    assert list(ecsi.stages) == list(STAGES)
    for stage in STAGES:
        assert getattr(ecsi, stage) is ecsi.stages[stage]
    assert ecsi.pls.draws.n == 400
    assert ecsi.drivers.draws.n == 200
    assert ecsi.table()["done"].all()


def test_the_finding_that_shapes_the_product(ecsi):
    """SEM is improper, PLS looks calm, and the gate says so before anything is ranked."""
    assert not ecsi.sem.proper
    assert ecsi.pls.converged
    assert ecsi.pls.paths.abs().max(axis=None) < 1
    assert not ecsi.gate.passed
    improper = [f for f in ecsi.gate.findings if f.code == "improper_sem" and "SEM" in f.subjects]
    assert improper[0].severity is Severity.PROBLEM
    assert ecsi.gate.agreement["agree"].sum() < 12
    assert any("not admissible" in f.sentence() for f in ecsi.gate.findings)


def test_structure_is_explored_and_confirmed_on_different_halves(ecsi):
    assert ecsi.split.halves
    assert (ecsi.split.n_efa, ecsi.split.n_cfa, ecsi.split.n_needed) == (125, 125, 240)
    first, second = (set(r.sample.survey.column("id_")) for r in halves_with_rows())
    assert not first & second
    assert len(first | second) == 250


def halves_with_rows():
    frame = pd.read_csv(DATA / "mobi.csv").assign(id_=range(250))
    spec = ModelSpec.parse(SMALL)
    result = run(SMALL, Survey(frame, items=spec.items, scale=(1, 10)))
    return result.efa, result.cfa


def test_small_samples_use_everyone_twice_and_say_so(frame):
    result = run(SMALL, Survey(frame.iloc[:150], scale=(1, 10)))
    assert not result.split.halves
    assert (result.split.n_efa, result.split.n_cfa) == (150, 150)
    finding = next(f for f in result.verify() if f.code == "same_respondents")
    assert finding.evidence["n_half"] == 75
    assert "75 complete respondents; 100 are needed for 9 items" in finding.sentence("evidence")


def test_drivers_are_the_indices_of_all_that_leads_to_the_target(ecsi):
    assert ecsi.drivers.target == "Satisfaction"
    assert set(ecsi.drivers.names) == {"Image", "Expectation", "Quality", "Value"}
    y = ecsi.index.respondents
    x = np.column_stack([np.ones(250), y[list(ecsi.drivers.names)]])
    residual = y["Satisfaction"] - x @ np.linalg.lstsq(x, y["Satisfaction"], rcond=None)[0]
    assert ecsi.drivers.r_squared == pytest.approx(1 - residual.var() / y["Satisfaction"].var())


def test_summary_is_five_findings(ecsi):
    lines = ecsi.summary().splitlines()
    assert lines[0] == repr(ecsi)
    assert [line[:2] for line in lines[2:7]] == ["1.", "2.", "3.", "4.", "5."]
    assert "72.5 of 100 points (95% CI" in lines[2]
    assert "; ACSI weights, n = 250)" in lines[2]
    assert "Quality" in lines[3]
    assert "Improve Quality first" in lines[4]
    assert "not admissible" in lines[5]
    assert "merged" in lines[6]


def test_cautions_are_warned_of_once(ecsi):
    assert len(set(ecsi.cautions)) == len(ecsi.cautions)
    assert all(f"Caution: {caution}" in ecsi.summary() for caution in ecsi.cautions)


def test_the_seed_decides_the_numbers(frame, small):
    survey = Survey(frame, scale=(1, 10))
    again = run(SMALL, survey)
    other = run(SMALL, survey, seed=8)
    pd.testing.assert_frame_equal(small.priorities.table(), again.priorities.table())
    pd.testing.assert_frame_equal(small.efa.loadings, again.efa.loadings)
    assert not small.priorities.table().equals(other.priorities.table())


def test_a_stage_that_fails_leaves_the_others(frame):
    result = run(SMALL.replace("Quality =~", "Quality <~"), Survey(frame, scale=(1, 10)))
    assert set(result.failures) == {"cfa", "sem"}
    assert "Quality" in result.failures["sem"]
    assert result.sem is None
    assert result.index is not None
    assert result.priorities is not None
    assert result.gate.agreement is None
    assert "Failed: sem: " in result.summary()
    failed = result.table().set_index("stage").loc["sem"]
    assert (failed["done"], failed["result"]) == (False, result.failures["sem"])


def test_an_interaction_is_left_to_the_stages_that_know_it(frame, tmp_path):
    result = run(SMALL + "Satisfaction ~ Image:Quality", Survey(frame, scale=(1, 10)))
    assert "Image:Quality" in result.pls.paths.index
    assert set(result.failures) == {"sem"}
    assert "Interactions (:)" in result.failures["sem"]
    assert sorted(result.priorities.drivers) == ["Image", "Quality"]
    assert "impact_at_means" in [finding.code for finding in result.verify()]
    page = result.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "those at the mean of what moderates them" in page
    assert "by the level of its moderator" in page


def test_a_construct_of_constructs_goes_the_whole_road(frame, tmp_path):
    text = SMALL.replace("Quality =~ PERQ1 + PERQ2 + PERQ3", "Quality =~ Product + Service")
    text += "Product =~ PERQ1 + PERQ2 + PERQ3\nService =~ PERQ4 + PERQ5 + PERQ6\n"
    result = run(text, Survey(frame, scale=(1, 10)))
    assert not result.failures
    assert set(result.drivers.table()["driver"]) == {"Image", "Quality"}
    assert set(result.priorities.dimensions["dimension"]) == {"Product", "Service"}
    page = result.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Priorities for Satisfaction among the parts of drivers" in page
    assert "by the level of its moderator" not in page


def test_stages_behind_a_failed_one_say_why(frame):
    result = run(SMALL + "Image ~ Satisfaction", Survey(frame, scale=(1, 10)))
    assert "cycle" in result.failures["pls"]
    for stage, needs in (("gate", "pls"), ("index", "pls"), ("drivers", "index")):
        assert result.failures[stage] == f"It needs {needs}, which could not be computed."
    assert result.screening is not None
    assert [f.code for f in result.headlines] == ["stage_failed"] * 4 + ["next_repair"]
    assert "could not be computed" in result.summary()


def test_a_bare_frame_has_no_index(frame):
    result = run(SMALL, frame.assign(note="text"))
    assert "scale=(1, 10)" in result.failures["index"]
    assert set(result.failures) == {"index", "drivers", "priorities"}
    assert result.gate is not None


def test_hard_data_fail_in_words(frame):
    constant = Survey(frame.assign(CUSA1=7), scale=(1, 10))
    result = run(SMALL, constant)
    assert {"pls", "sem", "factorability"} <= set(result.failures)
    assert all("CUSA1" in result.failures[stage] for stage in ("pls", "sem"))
    twins = run(SMALL, Survey(frame.assign(CUSA1=frame["CUSA2"]), scale=(1, 10)))
    assert "'CUSA1' and 'CUSA2'" in twins.failures["sem"]
    assert twins.index is not None
    few = run(SMALL, Survey(frame.iloc[:8], scale=(1, 10)))
    assert "few" in few.failures["sem"]
    assert few.screening is not None


def test_an_item_that_nobody_answered(frame):
    empty = frame.astype(float).assign(CUSA1=np.nan)
    result = run(SMALL, Survey(empty, items=list(frame.columns), scale=(1, 10)))
    assert result.screening is not None
    assert "CUSA1" in result.failures["pls"]


def test_dropped_respondents_are_counted_once(frame):
    gaps = frame.astype(float)
    gaps.loc[:9, "CUSA1"] = np.nan
    study = Study(ModelSpec.parse(SMALL), **FEW)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = study.run(Survey(gaps, scale=(1, 10)), seed=7)
    (dropped,) = [w for w in caught if w.category is DroppedRespondentsWarning]
    assert str(dropped.message).startswith("10 of 250 respondents (4%) are left out")
    assert dropped.filename == __file__
    assert result.n == 240
    assert result.split.n_efa == 120


def test_weights_reach_every_stage(frame):
    rng = np.random.default_rng(4)
    spec = ModelSpec.parse(SMALL)
    weighted = frame.assign(w=rng.uniform(0.3, 3, 250))
    result = run(SMALL, Survey(weighted, items=spec.items, scale=(1, 10), weight="w"))
    assert result.failures == {}
    for stage in ("efa", "cfa", "sem", "pls", "drivers"):
        assert getattr(result, stage).sample.weights is not None
    y = result.index.respondents["Satisfaction"]
    assert result.index.value == pytest.approx(np.average(y, weights=weighted["w"]))


def test_every_kind_of_column_goes_the_whole_road(frame, small):
    """Nullable numbers, categories, a Unicode header, gaps in the group, text: as plain ones."""
    text = SMALL.replace("CUSA1", '"Q1 – 总体 «é»"')
    odd = frame.rename(columns={"CUSA1": "Q1 – 总体 «é»"}).astype("Int64")
    odd = odd.assign(**{name: odd[name].astype("category") for name in ("IMAG1", "PERQ2")})
    odd["PERQ3"] = odd["PERQ3"].astype(str).astype("category")
    odd["brand"] = pd.array([1, 2, None, 1, 2] * 50, dtype="Int64")
    odd["wave"] = pd.Categorical(["a", "b"] * 125)
    odd["comment"] = "<b>text</b>"
    result = run(text, Survey(odd, scale=(1, 10), group="brand", wave="wave"))
    assert result.failures == {}
    assert result.index.value == pytest.approx(small.index.value)
    pd.testing.assert_frame_equal(result.pls.paths, small.pls.paths)


def test_the_seed_must_be_a_whole_number(frame):
    with pytest.raises(OptionError, match="seed=-1 must be a whole number"):
        run(SMALL, frame, seed=-1)


def test_names_that_the_data_lack_are_refused_at_once(frame):
    survey = Survey(frame, scale=(1, 10))
    with pytest.raises(SurveyError, match=r"'CUSA9' is not in the survey\. Did you mean 'CUSA"):
        run(SMALL.replace("CUSA3", "CUSA9"), survey)
    with pytest.raises(SpecError, match=r"'Imgae' .* neither a construct .*Did you mean 'Image'"):
        run(SMALL + "Satisfaction ~ Imgae", survey)


def test_options_are_checked_at_birth():
    spec = ModelSpec.parse(SMALL)
    with pytest.raises(SpecError, match="no construct 'Loyalty'"):
        Study(spec, target="Loyalty")
    with pytest.raises(OptionError, match="bootstrap=0 must be a whole number"):
        Study(spec, bootstrap=0)
    with pytest.raises(OptionError, match="driver_bootstrap"):
        Study(spec, driver_bootstrap=2.5)
    with pytest.raises(OptionError, match="level=95"):
        Study(spec, level=95)
    with pytest.raises(OptionError, match="Did you mean 'centroid'"):
        Study(spec, scheme="centriod")
    with pytest.raises(OptionError, match="ModelSpec"):
        Study(SMALL)


def test_level_and_scheme_reach_the_stages(frame):
    result = run(SMALL, Survey(frame, scale=(1, 10)), level=0.8, scheme="centroid")
    assert result.pls.estimator.scheme == "centroid"
    assert {result.index.level, result.drivers.level, result.priorities.level} == {0.8}


def test_plot_draws_a_stage(small):
    assert small.plot("index").has_data()
    with pytest.raises(OptionError, match=r"'indx' is not a stage .*Did you mean 'index'"):
        small.plot("indx")


def test_same_data_same_hash(frame, small):
    assert run(SMALL, Survey(frame, scale=(1, 10))).data_hash == small.data_hash
    changed = frame.assign(CUSA1=frame["CUSA1"].where(frame.index > 0, 1))
    assert run(SMALL, Survey(changed, scale=(1, 10))).data_hash != small.data_hash
    assert set(small.versions) >= {"tcsmodel", "python", "numpy"}


def test_report_makes_its_folder_and_returns_its_path(small, tmp_path):
    path = small.report(tmp_path / "new" / "folder" / "report.html")
    text = path.read_text(encoding="utf-8")
    assert text.lstrip().lower().startswith("<!doctype html")
    assert f"{small.index.value:.1f}" in text
    with pytest.raises(OptionError, match="is a folder; name the file"):
        small.report(tmp_path)
    with pytest.raises(TcsError, match="klingon"):
        small.report(tmp_path / "report.html", language="klingon")


def test_report_names_failed_stages(frame, tmp_path):
    result = run(SMALL + "Image ~ Satisfaction", Survey(frame, scale=(1, 10)))
    text = result.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "cycle" in text
