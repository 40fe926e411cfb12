"""Study files: what is read, and one clear line for each mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from golden_files import DATA

from tcsmodel.config import KEYS, read_study
from tcsmodel.errors import TcsError
from tcsmodel.spec import library

EXAMPLE = Path(__file__).parent.parent / "docs" / "study.toml"
MINIMAL = '[data]\nfile = "mobi.csv"\nscale = [1, 10]\n[model]\nlibrary = "ecsi"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mobi.csv").write_bytes((DATA / "mobi.csv").read_bytes())
    return tmp_path


def read(folder: Path, text: str):
    file = folder / "study.toml"
    file.write_text(text, encoding="utf-8")
    return read_study(file)


def test_a_minimal_file(folder):
    file = read(folder, MINIMAL)
    assert file.study.spec == library.ecsi()
    assert (file.study.target, file.study.bootstrap, file.study.driver_bootstrap) == (
        "Satisfaction",
        5000,
        1000,
    )
    assert (file.seed, file.language) == (7, "en")
    assert file.survey.items == library.ecsi().items


def test_the_example_states_the_defaults(folder):
    example = read(folder, EXAMPLE.read_text(encoding="utf-8"))
    minimal = read(folder, MINIMAL)
    assert example.study == minimal.study
    assert (example.seed, example.language) == (minimal.seed, minimal.language)
    assert example.survey.scale == minimal.survey.scale
    assert example.survey.labels == {"CUSA1": "Overall satisfaction"}


def test_the_example_names_every_key(folder):
    text = EXAMPLE.read_text(encoding="utf-8")
    for section, keys in KEYS.items():
        for key in keys:
            named = re.search(rf"^(# )?(\[{section}\.)?{key}( =|\])", text, re.MULTILINE)
            assert named, f"[{section}] {key}"


def test_everything_about_the_data(folder):
    frame = pd.read_csv(DATA / "mobi.csv")
    frame["CUSA1"] = (11 - frame["CUSA1"]).where(frame.index > 3, 99)
    extra = frame.assign(w=1.5, brand="Ä", year=2026, who=range(250), note="text")
    extra = extra.assign(region=extra["who"] % 2, branch=extra["who"] % 20)
    extra.to_csv(folder / "answers.csv", index=False, encoding="gb18030")
    text = """
    [data]
    file = "answers.csv"
    encoding = "gb18030"
    items = ["IMAG1", "IMAG2", "CUSA1", "CUSA2"]
    reverse = ["CUSA1"]
    missing_codes = [99, "n/a"]
    not_applicable = [98]
    weight = "w"
    strata = "region"
    cluster = "branch"
    frequency = false
    group = "brand"
    wave = "year"
    id = "who"
    [data.scale]
    CUSA1 = [1, 10]
    CUSA2 = [1, 10]
    [data.labels]
    CUSA1 = "总体满意度"
    [model]
    text = "Image =~ IMAG1 + IMAG2\\nCSI =~ CUSA1 + CUSA2\\nCSI ~ Image"
    [study]
    target = "CSI"
    seed = 11
    bootstrap = 100
    level = 0.9
    """
    file = read(folder, text)
    survey = file.survey
    assert (survey.weight, survey.group, survey.wave, survey.id) == ("w", "brand", "year", "who")
    assert (survey.strata, survey.cluster, survey.frequency) == ("region", "branch", False)
    assert survey.values(["CUSA1"])[:5].ravel().tolist()[4:] == [11 - frame["CUSA1"][4]]
    assert pd.isna(survey.values(["CUSA1"])[:4]).all()
    assert survey.not_applicable == (98,)
    assert survey.column("brand")[0] == "Ä"
    assert survey.labels["CUSA1"] == "总体满意度"
    assert (file.study.target, file.study.level, file.seed) == ("CSI", 0.9, 11)


def test_library_model_with_own_items(folder):
    items = "\n".join(
        f"{construct.name} = {list(construct.items)}" for construct in library.acsi().constructs
    ).replace("'", '"')
    text = MINIMAL.replace('"ecsi"', '"acsi"') + f"[model.items]\n{items}\n"
    assert read(folder, text).study.spec == library.acsi()


@pytest.mark.parametrize("name", library.MODELS)
def test_every_library_model_by_name(folder, name):
    items = list(library.MODELS[name]().items)
    pd.DataFrame(5, index=range(3), columns=items).to_csv(folder / "mobi.csv", index=False)
    target = library.MODELS[name]().construct_names[0]
    text = MINIMAL.replace('"ecsi"', f'"{name}"') + f'[study]\ntarget = "{target}"\n'
    assert read(folder, text).study.spec == library.MODELS[name]()


def test_a_variant_of_a_library_model(folder):
    text = MINIMAL.replace('"ecsi"', '"ccsi"\nvariant = "b"')
    assert read(folder, text).study.spec == library.ccsi(variant="b")


MISTAKES = {
    "typo in a section": (
        MINIMAL.replace("[model]", "[modle]"),
        r"study\.toml: 'modle' is not a section; .*Did you mean 'model'\?",
    ),
    "typo in a key": (
        MINIMAL + "[study]\nbootstrp = 5\n",
        r"study\.toml \[study\]: 'bootstrp' is not a key .*Did you mean 'bootstrap'\?",
    ),
    "key outside a section": ("target = 1\n" + MINIMAL, r"'target' is not a section"),
    "section as a key": ('data = "mobi.csv"\n', r"'data' is a section; write \[data\] above it"),
    "not TOML": (MINIMAL + "[study\n", r"study\.toml is not valid TOML: .*line 6"),
    "wrong kind": (
        MINIMAL + '[study]\nbootstrap = "many"\n',
        r"\[study\]: bootstrap = 'many' must be a whole number",
    ),
    "true is no number": (MINIMAL + "[study]\nseed = true\n", r"seed = True must be a whole"),
    "too few replicates": (
        MINIMAL + "[study]\nbootstrap = 1\n",
        r"\[study\]: bootstrap=1 must be a whole number, 2 or more",
    ),
    "level": (MINIMAL + "[study]\nlevel = 95\n", r"\[study\]: level=95 must lie between 0 and 1"),
    "scheme": (
        MINIMAL + '[study]\nscheme = "pth"\n',
        r"scheme='pth' is not one of path, factorial, centroid\. Did you mean 'path'",
    ),
    "target": (
        MINIMAL + '[study]\ntarget = "Satisfation"\n',
        r"\[study\]: There is no construct 'Satisfation'.*Did you mean 'Satisfaction'",
    ),
    "language": (
        MINIMAL + '[report]\nlanguage = "klingon"\n',
        r"\[report\]: language='klingon' is not one of",
    ),
    "no data file named": (
        MINIMAL.replace('file = "mobi.csv"\n', ""),
        r"\[data\]: file is missing",
    ),
    "missing data file": (MINIMAL.replace("mobi.csv", "moby.csv"), r"\[data\]: .*moby\.csv"),
    "negative seed": (
        MINIMAL + "[study]\nseed = -1\n",
        r"\[study\]: seed=-1 must be a whole number, 0 or more",
    ),
    "label of no column": (
        MINIMAL + '[data.labels]\nCUSA9 = "Overall"\n',
        r"\[data\.labels\]: 'CUSA9' is not a column of the data\. Did you mean 'CUSA\d'",
    ),
    "an item as the weight": (
        MINIMAL.replace("scale", 'weight = "CUSA1"\nscale'),
        r"\[data\]: Column 'CUSA1' is both an item and the weight",
    ),
    "bad scale": (
        MINIMAL.replace("[1, 10]", "[1, 10, 5]"),
        r"\[data\]: scale = \[1, 10, 5\] must be \[low, high\]",
    ),
    "scale upside down": (MINIMAL.replace("[1, 10]", "[10, 1]"), r"\[data\]: .*low below high"),
    "value outside the scale": (
        MINIMAL.replace("[1, 10]", "[1, 7]"),
        r"\[data\]: Item 'IMAG1' has \d+ answers outside its scale 1-7",
    ),
    "unknown column": (
        MINIMAL.replace("scale", 'weight = "wieght"\nscale'),
        r"\[data\]: weight='wieght' is not a column of the data\. The columns are .*, \.\.\.\.",
    ),
    "unknown item in the model": (
        '[data]\nfile = "mobi.csv"\n[model]\ntext = "A =~ CUSA1 + CUSA9"\n',
        r"\[data\]: Item 'CUSA9' is not a column of the data\. Did you mean 'CUSA\d'",
    ),
    "reversed but not an item": (
        MINIMAL.replace("scale", 'reverse = ["CUSA9"]\nscale'),
        r"\[data\]: reverse names 'CUSA9', which is not an item\. Did you mean",
    ),
    "syntax of the model": (
        '[data]\nfile = "mobi.csv"\n[model]\ntext = "A =~ CUSA1 & CUSA2"\n',
        r"\[model\]: line 1: ",
    ),
    "construct without items": (
        '[data]\nfile = "mobi.csv"\n[model]\ntext = "A =~ "\n',
        r"\[model\]: line 1: ",
    ),
    "library construct without items": (
        MINIMAL + '[model.items]\nImage = ["IMAG1"]\n',
        r"\[model\]: Construct 'Expectation' of ecsi\(\) has no items",
    ),
    "library": (
        MINIMAL.replace('"ecsi"', '"ecis"'),
        r"\[model\]: library = 'ecis' is not one of acsi, .*profit_chain\. Did you mean 'ecsi'",
    ),
    "no model": ('[data]\nfile = "mobi.csv"\n', r"\[model\]: give either text.*not neither"),
    "two models": (MINIMAL + 'text = "A =~ CUSA1"\n', r"\[model\]: give either text.*not both"),
    "items beside text": (
        '[data]\nfile = "mobi.csv"\n[model]\ntext = "A =~ CUSA1"\n[model.items]\nA = ["CUSA1"]\n',
        r"\[model\]: items belongs to library models",
    ),
    "variant beside text": (
        '[data]\nfile = "mobi.csv"\n[model]\ntext = "A =~ CUSA1"\nvariant = "b"\n',
        r"\[model\]: variant belongs to library models",
    ),
    "variant of a model with one": (
        MINIMAL + 'variant = "b"\n',
        r"\[model\]: variant belongs to ccsi; ecsi has one only",
    ),
    "unknown variant": (
        MINIMAL.replace('"ecsi"', '"ccsi"') + 'variant = "c"\n',
        r"\[model\]: variant='c' is not one of a, b",
    ),
}


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_each_mistake_has_a_message(folder, name):
    text, message = MISTAKES[name]
    with pytest.raises(TcsError, match=message):
        read(folder, text)


def test_no_such_study_file(tmp_path):
    with pytest.raises(TcsError, match=r"There is no file .*nothing\.toml.*docs/study\.toml"):
        read_study(tmp_path / "nothing.toml")
    with pytest.raises(TcsError, match="cannot be read"):
        read_study(tmp_path)


def test_a_byte_order_mark_is_no_mistake(folder):
    (folder / "study.toml").write_text(MINIMAL, encoding="utf-8-sig")
    assert read_study(folder / "study.toml").study.target == "Satisfaction"


def test_a_study_file_that_is_not_utf_8(tmp_path):
    (tmp_path / "study.toml").write_bytes("[data]\nfile = 'Zürich.csv'".encode("cp1252"))
    with pytest.raises(TcsError, match=r"study\.toml is not UTF-8 text"):
        read_study(tmp_path / "study.toml")
