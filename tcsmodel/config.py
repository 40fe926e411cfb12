"""A study as a TOML file: what `tcsmodel run study.toml` reads.

========== ==================== ====================================================
Section    Key                  Meaning
========== ==================== ====================================================
[data]     file                 CSV file, relative to the TOML file (required)
[data]     encoding             of the CSV file; "utf-8" by default
[data]     items                item columns; those of the model by default
[data]     scale                [low, high] of all items, or a table of item = [low, high]
[data]     reverse              items worded against the others
[data]     weight, group, wave, id, strata, cluster   columns
[data]     replicates           table of replicate weights: columns, kind, and rho, scale,
                                rscales or df where the kind needs them
[data]     frequency            whether weights count rows: true or false
[data]     missing_codes        codes in the items that mean "no answer"
[data]     not_applicable       codes in the items that mean "does not apply"
[data]     labels               table of item = "question text"
[model]    text                 the model in lavaan's language, or:
[model]    library              a published model, as "ecsi"; see `tcsmodel.library`
[model]    variant              of a library model with several, as "b" of "ccsi"
[model]    items                table of construct = ["item", ...] for the library model
[study]    target               the construct the study is about
[study]    seed                 of everything random
[study]    bootstrap            PLS replicates
[study]    driver_bootstrap     key-driver replicates
[study]    scheme               "path", "factorial" or "centroid"
[study]    missing              "listwise"
[study]    level                confidence level, as 0.95
[report]   language             of the report; "en" by default
========== ==================== ====================================================
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from inspect import signature
from os import PathLike
from pathlib import Path
from typing import Any, TypeGuard

from tcsmodel.errors import OptionError, TcsError
from tcsmodel.options import did_you_mean, require_whole
from tcsmodel.report.language import language
from tcsmodel.spec import library
from tcsmodel.spec.checks import require_measured
from tcsmodel.spec.model import ModelSpec
from tcsmodel.study import Study
from tcsmodel.survey.cleaning import require_column
from tcsmodel.survey.io import read_table
from tcsmodel.survey.replicates import ReplicateWeights
from tcsmodel.survey.survey import Survey


@dataclass(frozen=True)
class Kind:
    """What a key may hold: a check, and the words for it."""

    holds: Callable[[Any], bool]
    words: str


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_list(value: object, check: Callable[[Any], bool]) -> TypeGuard[list[Any]]:
    return isinstance(value, list) and all(check(part) for part in value)


def _is_table(value: object, check: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(check(part) for part in value.values())


def _is_pair(value: object) -> bool:
    return _is_list(value, _is_number) and len(value) == 2


def _is_names(value: object) -> bool:
    return _is_list(value, _is_text)


REPLICATE_KEYS = {each.name for each in fields(ReplicateWeights)}

TEXT = Kind(_is_text, 'a text in quotes, as "mobi.csv"')
NAMES = Kind(_is_names, 'a list of names, as ["q1", "q2"]')
WHOLE = Kind(lambda v: isinstance(v, int) and not isinstance(v, bool), "a whole number, as 7")
TRUTH = Kind(lambda v: isinstance(v, bool), "true or false")
NUMBER = Kind(_is_number, "a number, as 0.95")
SCALE = Kind(
    lambda v: _is_pair(v) or _is_table(v, _is_pair),
    "[low, high], as [1, 10], or a table of item = [low, high]",
)
CODES = Kind(
    lambda v: _is_list(v, lambda code: _is_number(code) or isinstance(code, str)),
    'a list of numbers or texts, as [99, "n/a"]',
)
LABELS = Kind(lambda v: _is_table(v, _is_text), 'a table of item = "question text"')
MAPPING = Kind(lambda v: _is_table(v, _is_names), 'a table of construct = ["item", ...]')
REPLICATES = Kind(
    lambda v: isinstance(v, dict) and {"columns", "kind"} <= v.keys() <= REPLICATE_KEYS,
    'a table, as { columns = "rw*", kind = "fay", rho = 0.5 }; it may have '
    f"{', '.join(sorted(REPLICATE_KEYS))}",
)

KEYS: Mapping[str, Mapping[str, Kind]] = {
    "data": {
        "file": TEXT,
        "encoding": TEXT,
        "items": NAMES,
        "scale": SCALE,
        "reverse": NAMES,
        "weight": TEXT,
        "group": TEXT,
        "wave": TEXT,
        "id": TEXT,
        "strata": TEXT,
        "cluster": TEXT,
        "replicates": REPLICATES,
        "frequency": TRUTH,
        "missing_codes": CODES,
        "not_applicable": CODES,
        "labels": LABELS,
    },
    "model": {"text": TEXT, "library": TEXT, "variant": TEXT, "items": MAPPING},
    "study": {
        "target": TEXT,
        "seed": WHOLE,
        "bootstrap": WHOLE,
        "driver_bootstrap": WHOLE,
        "scheme": TEXT,
        "missing": TEXT,
        "level": NUMBER,
    },
    "report": {"language": TEXT},
}


@dataclass(frozen=True)
class StudyFile:
    """A study read from a file, ready to run.

    Parameters
    ----------
    path : Path
        The TOML file.
    study : Study
        Model and options.
    survey : Survey
        The answers.
    seed : int
        Of everything random.
    language : str
        Of the report.
    """

    path: Path
    study: Study
    survey: Survey
    seed: int
    language: str


def read_study(path: str | PathLike[str]) -> StudyFile:
    """Return the study that a TOML file describes.

    Raises
    ------
    TcsError
        With one sentence on what is wrong, in which section and key, and what to try.
    """
    file = Path(path)
    sections = _sections(file)
    data, options = dict(sections["data"]), dict(sections["study"])
    with _at(file, "model"):
        spec = _spec(sections["model"])
    with _at(file, "data"):
        if "file" not in data:
            raise OptionError('file is missing. Try: file = "answers.csv".')
        source = file.parent / data.pop("file")
        frame = read_table(source, data.pop("encoding", "utf-8"))
    with _at(file, "model"):
        require_measured(spec, frame.columns)
    with _at(file, "data"):
        data.setdefault("items", spec.items)
        if "replicates" in data:
            data["replicates"] = ReplicateWeights(**data["replicates"])
        survey = Survey(frame, **data)
    with _at(file, "data.labels"):
        for name in survey.labels:
            require_column(survey.data, name, repr(name))
    seed = options.pop("seed", 7)
    with _at(file, "study"):
        require_whole(seed, "seed", 0)
        study = Study(spec, **options)
    code = sections["report"].get("language", "en")
    with _at(file, "report"):
        language(code)
    return StudyFile(file, study, survey, seed, code)


@contextmanager
def _at(file: Path, section: str) -> Iterator[None]:
    """Put the file and the section before the message of an error."""
    try:
        yield
    except TcsError as error:
        raise type(error)(f"{file.name} [{section}]: {error}") from error


def _sections(file: Path) -> dict[str, dict[str, Any]]:
    """Return the checked sections of a TOML file, empty ones included."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise OptionError(
            f"There is no file {str(file)!r}. docs/study.toml is an example to start from."
        ) from None
    except OSError as error:
        raise OptionError(f"{str(file)!r} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise OptionError(f"{file.name} is not UTF-8 text; save it with that encoding.") from None
    except tomllib.TOMLDecodeError as error:
        raise OptionError(
            f"{file.name} is not valid TOML: {error}. Texts stand in quotes, lists in brackets."
        ) from None
    for section, keys in content.items():
        if section not in KEYS:
            raise OptionError(
                f"{file.name}: {section!r} is not a section; they are "
                f"{', '.join(f'[{name}]' for name in KEYS)}.{did_you_mean(section, KEYS)}"
            )
        if not isinstance(keys, dict):
            raise OptionError(f"{file.name}: {section!r} is a section; write [{section}] above it.")
        with _at(file, section):
            _check_keys(section, keys)
    return {section: content.get(section, {}) for section in KEYS}


def _check_keys(section: str, keys: Mapping[str, Any]) -> None:
    known = KEYS[section]
    for key, value in keys.items():
        if key not in known:
            raise OptionError(
                f"{key!r} is not a key of [{section}], which has {', '.join(known)}."
                f"{did_you_mean(key, known)}"
            )
        if not known[key].holds(value):
            raise OptionError(f"{key} = {value!r} must be {known[key].words}.")


def _spec(model: Mapping[str, Any]) -> ModelSpec:
    if ("text" in model) == ("library" in model):
        raise OptionError(
            'give either text = """...""" in lavaan\'s language or library = "ecsi", '
            f"not {'both' if 'text' in model else 'neither'}."
        )
    if "text" in model:
        for key in ("items", "variant"):
            if key in model:
                raise OptionError(
                    f"{key} belongs to library models; text names its items itself, and is what it "
                    "says."
                )
        return ModelSpec.parse(model["text"])
    name = model["library"]
    if name not in library.MODELS:
        raise OptionError(
            f"library = {name!r} is not one of {', '.join(library.MODELS)}."
            f"{did_you_mean(name, library.MODELS)}"
        )
    made = library.MODELS[name]
    if "variant" not in model:
        return made(model.get("items"))
    several = [
        other for other, one in library.MODELS.items() if "variant" in signature(one).parameters
    ]
    if name not in several:
        raise OptionError(
            f"variant belongs to {', '.join(several)}; {name} has one only. Leave it out."
        )
    return made(model.get("items"), variant=model["variant"])
