"""The model library: published structures, the user's item names, refusals, and the page."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

import tcsmodel as tcs
from tcsmodel.errors import OptionError, SpecError
from tcsmodel.spec.library import MODELS
from tcsmodel.spec.model import ModelSpec, Op

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reference" / "models.md").read_text(encoding="utf-8")

STRUCTURES = {
    "acsi": """
        Quality ~ Expectation
        Value ~ Expectation + Quality
        Satisfaction ~ Expectation + Quality + Value
        Complaints ~ Satisfaction
        Loyalty ~ Satisfaction + Complaints""",
    "ecsi": """
        Expectation ~ Image
        Quality ~ Expectation
        Value ~ Expectation + Quality
        Satisfaction ~ Image + Expectation + Quality + Value
        Complaints ~ Satisfaction
        Loyalty ~ Image + Satisfaction + Complaints""",
    "epsi": """
        Value ~ Expectation + ProductQuality + ServiceQuality
        Satisfaction ~ Image + Expectation + ProductQuality + ServiceQuality + Value
        Loyalty ~ Image + Satisfaction""",
    "scsb": """
        Performance ~ Expectation
        Satisfaction ~ Expectation + Performance
        Complaints ~ Satisfaction
        Loyalty ~ Satisfaction + Complaints""",
    "ncsb": """
        Satisfaction ~ Tangibles + Reliability + Responsiveness + Assurance + Empathy
        Satisfaction ~ Price + ComplaintHandling
        Image ~ Satisfaction
        Affective ~ Satisfaction
        Calculative ~ Satisfaction
        Loyalty ~ Satisfaction + Image + Affective + Calculative + Price + ComplaintHandling""",
    "ccsi": """
        Expectation ~ Image
        Quality ~ Image + Expectation
        Value ~ Expectation + Quality
        Satisfaction ~ Image + Expectation + Quality + Value
        Loyalty ~ Image + Satisfaction""",
    "telecom": """
        Value ~ Quality
        Satisfaction ~ Quality + Value
        Loyalty ~ Satisfaction + SwitchingCost""",
    "bank": """
        Expectation ~ Image
        Quality ~ Expectation
        Value ~ Expectation + Quality
        Satisfaction ~ Image + Expectation + Quality + Value
        Loyalty ~ Image + Satisfaction""",
    "service_profit_chain": """
        Quality ~ EmployeeSatisfaction
        Satisfaction ~ Quality
        Loyalty ~ Satisfaction
        Revenue ~ Loyalty""",
}
OF_MOBI = ("acsi", "ecsi", "epsi", "scsb", "ncsi", "ccsi")


def arrows(spec: ModelSpec) -> set[tuple[str, str]]:
    return {(path.source, path.target) for path in spec.paths}


def own_items(spec: ModelSpec) -> dict[str, list[str]]:
    """Return the user's columns for each construct that has items."""
    first_order = [c for c in spec.constructs if not set(c.items) & set(spec.construct_names)]
    return {c.name: [f"my {c.name} {i}" for i in (1, 2)] for c in first_order}


@pytest.mark.parametrize("name", STRUCTURES)
def test_structures_are_the_published_ones(name: str) -> None:
    assert arrows(MODELS[name]()) == arrows(ModelSpec.parse(STRUCTURES[name]))


def test_variants_and_second_order() -> None:
    first, second = (arrows(tcs.library.ccsi(variant=variant)) for variant in "ab")
    assert first - second == {("Expectation", "Satisfaction")}
    assert second - first == {("Image", "Value")}
    assert tcs.library.ncsi() == tcs.library.acsi()
    servqual = tcs.library.servqual()
    sizes = {c.name: len(c.items) for c in servqual.constructs}
    assert sizes == {
        "Tangibles": 4, "Reliability": 5, "Responsiveness": 4, "Assurance": 4, "Empathy": 5,
        "ServiceQuality": 5,
    }  # fmt: skip
    assert len(servqual.items) == 22
    telecom = tcs.library.telecom()
    formed = {term.lhs for term in telecom.terms if term.op is Op.COMPOSITE}
    assert formed == {"Quality", *telecom.construct("Quality").items}
    assert len(telecom.construct("Quality").items) == 7


@pytest.mark.parametrize("name", MODELS)
def test_own_item_names(name: str) -> None:
    default = MODELS[name]()
    items = own_items(default)
    mine = MODELS[name](items)
    assert arrows(mine) == arrows(default)
    assert {c: list(mine.construct(c).items) for c in items} == items
    assert mine.construct_names == default.construct_names
    assert ModelSpec.parse(str(mine)) == mine


@pytest.mark.parametrize("name", MODELS)
def test_refusals_name_the_model(name: str) -> None:
    items = own_items(MODELS[name]())
    first = next(iter(items))
    with pytest.raises(SpecError, match=rf"not a construct of {name}\(\).*Did you mean '{first}'"):
        MODELS[name]({**items, f"{first}s": ["a"]})
    with pytest.raises(SpecError, match=rf"Construct '{first}' of {name}\(\) has no items\. Add"):
        MODELS[name]({key: own for key, own in items.items() if key != first})
    with pytest.raises(SpecError, match=f"Construct '{first}' has no items"):
        MODELS[name]({**items, first: []})
    with pytest.raises(SpecError, match=rf"give a list, as \['a'\], or use single\('{first}'"):
        MODELS[name]({**items, first: "a"})


def test_other_refusals() -> None:
    with pytest.raises(SpecError, match=r"'ServiceQuality' of servqual\(\) is made of Tangib"):
        tcs.library.servqual({"ServiceQuality": ["q1", "q2"]})
    with pytest.raises(OptionError, match="variant='c' is not one of a, b"):
        tcs.library.ccsi(variant="c")


@pytest.mark.parametrize("name", OF_MOBI)
def test_models_of_the_bundled_survey_fit_it(name: str) -> None:
    result = tcs.PLS(MODELS[name]()).fit(tcs.datasets.mobi())
    assert tcs.satisfaction_index(result).value == pytest.approx(72.5, abs=0.3)


@pytest.mark.parametrize("name", [name for name in MODELS if name not in OF_MOBI])
def test_other_models_fit_surveys_drawn_from_them(name: str) -> None:
    survey = tcs.simulate(MODELS[name](), n=400, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if name == "servqual":
            assert tcs.SEM(MODELS[name]()).fit(survey).proper
        else:
            assert tcs.PLS(MODELS[name]()).fit(survey).proper


@pytest.mark.parametrize("name", MODELS)
def test_the_page_describes_the_model(name: str) -> None:
    spec = MODELS[name]()
    row = re.search(rf"^\| \[`{name}`\].*?\| (\d+), (\d+|second order) \| (.*?) \|", PAGE, re.M)
    assert row is not None
    assert int(row[1]) == len(spec.constructs)
    assert row[2] == (str(len(spec.paths)) if spec.paths else "second order")
    assert ("reconstructed" in row[3]) == (name == "ccsi")
    assert re.search(rf"^## {name.replace('_', ' ')}$", PAGE, re.M | re.I)
    year = re.search(r"\b(19|20)\d\d\b", MODELS[name].__doc__ or "")
    assert year is not None, "a reference"
    assert year[0] in PAGE
    if name != "ncsi":
        picture = DOCS / "_static" / "models" / f"{name}.png"
        assert f"../_static/models/{name}.png" in PAGE
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_reconstructed_models_say_so() -> None:
    said = {name: " ".join((MODELS[name].__doc__ or "").split()) for name in ("ccsi", "telecom")}
    assert "reconstruct" in said["ccsi"]
    assert "not a published model" in said["telecom"]
