"""Five findings for every outcome of a study."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_files import DATA

from tcsmodel.models.pls import PLS
from tcsmodel.result import Severity
from tcsmodel.satisfaction.drivers import KeyDrivers
from tcsmodel.satisfaction.gate import structure_gate
from tcsmodel.satisfaction.headlines import headlines
from tcsmodel.satisfaction.index import satisfaction_index
from tcsmodel.satisfaction.priorities import priorities
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

ALIKE = """
Left =~ PERQ1 + PERQ2
Right =~ PERQ3 + PERQ4
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Satisfaction ~ Left + Right
"""
SOUND = "A =~ a1 + a2 + a3\nB =~ b1 + b2 + b3\nC =~ c1 + c2 + c3\nC ~ A + B"


def tell(text: str, data: pd.DataFrame, target: str, scale: tuple[int, int], draws: int = 200):
    spec = ModelSpec.parse(text)
    pls = PLS(spec).fit(Survey(data, items=spec.items, scale=scale))
    pls = pls.bootstrap(draws, seed=1) if draws else pls
    index = satisfaction_index(pls, target)
    drivers = KeyDrivers(target, spec.antecedents(target)).fit(index.survey())
    drivers = drivers.bootstrap(100, seed=1)
    found = headlines(index, drivers, priorities(pls, target), structure_gate(pls), {})
    for finding in found:
        for part in ("finding", "evidence", "meaning", "advice"):
            words = finding.sentence(part)
            assert words
            assert not set("{}") & set(words)
    return found


def sound(loading: float = 0.85, strength: tuple[float, float] = (0.6, 0.2)) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, 400))
    c = strength[0] * a + strength[1] * b + 0.7 * rng.normal(size=400)
    noise = np.sqrt(1 - loading**2)
    return pd.DataFrame(
        {
            f"{name}{i}": loading * latent / latent.std() + noise * rng.normal(size=400)
            for name, latent in (("a", a), ("b", b), ("c", c))
            for i in (1, 2, 3)
        }
    )


@pytest.fixture(scope="module")
def mobi() -> pd.DataFrame:
    return pd.read_csv(DATA / "mobi.csv")


def test_a_clear_study():
    found = tell(SOUND, sound(), "C", (-9, 9))
    assert [f.code for f in found] == [
        "headline_index",
        "headline_driver",
        "headline_priority",
        "headline_trusted",
        "next_act",
    ]
    assert found[1].subjects == found[2].subjects == found[4].subjects == ("A",)
    assert "95% CI" in found[0].sentence()


def test_drivers_and_priorities_that_tie(mobi):
    found = tell(ALIKE, mobi, "Satisfaction", (1, 10))
    assert found[1].code == "headline_drivers"
    assert set(found[1].subjects) == {"Left", "Right"}
    assert found[2].code == "headline_tie"
    assert "which one cannot be told" in found[2].sentence()


def test_without_a_bootstrap_the_order_has_no_probability():
    found = tell(SOUND, sound(), "C", (-9, 9), draws=0)
    assert found[2].code == "headline_order"
    assert "replicates" not in found[2].sentence()


def test_overlap_leads_to_merging(mobi):
    text = ALIKE.replace("Left", "Image").replace("PERQ1 + PERQ2", "IMAG1 + IMAG4 + IMAG5")
    found = tell(text.replace("PERQ3 + PERQ4", "PERQ1 + PERQ7"), mobi, "Satisfaction", (1, 10))
    assert found[3].code == "headline_overlap"
    assert found[4].code == "next_merge"
    assert set(found[4].subjects) <= set(found[3].subjects)


def test_unreliable_scales_lead_to_mending():
    found = tell(SOUND, sound(loading=0.5, strength=(0.9, 0.3)), "C", (-9, 9), draws=0)
    assert found[3].code == "headline_unreliable"
    assert found[4].code == "next_mend"


def test_an_item_against_the_index_is_told_before_all_else(mobi):
    found = tell(ALIKE, mobi.assign(CUSA1=11 - mobi["CUSA1"]), "Satisfaction", (1, 10))
    assert found[0].code == "headline_index_turned"
    assert found[0].severity is Severity.PROBLEM
    assert "a better answer to CUSA1 lowers it" in found[0].sentence()
    assert [f.code for f in found[1:3]] == ["headline_drivers_turned", "headline_priority_turned"]
    assert all(f.evidence == {"items": ("CUSA1",)} and "CUSA1" in f.sentence() for f in found[1:3])
    assert (found[4].code, found[4].subjects) == ("next_turn", ("CUSA1",))


def test_failed_stages_are_named_with_their_reason():
    found = headlines(None, None, None, None, {"index": "No scale.", "gate": "It needs pls."})
    assert [f.code for f in found] == ["stage_failed"] * 4 + ["next_repair"]
    assert found[0].sentence("evidence") == "No scale."
    assert "'index'" in found[0].sentence()
