"""Closed vocabularies, conditions, and the suggestion in a refusal."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tcsmodel as tcs
from tcsmodel.errors import OptionError, TcsError
from tcsmodel.options import (
    IntervalKind,
    Scheme,
    choose,
    did_you_mean,
    require,
    require_level,
    require_whole,
)


def test_members_are_chosen_by_name():
    assert choose(Scheme, "path", "scheme") is Scheme.PATH
    assert choose(Scheme, Scheme.CENTROID, "scheme") is Scheme.CENTROID


def test_a_typo_lists_the_vocabulary_and_suggests():
    message = r"scheme='pth' is not one of path, factorial, centroid. Did you mean 'path'\?"
    with pytest.raises(OptionError, match=message):
        choose(Scheme, "pth", "scheme")
    with pytest.raises(TcsError, match=r"scheme=3 is not one of path, factorial, centroid\.$"):
        choose(Scheme, 3, "scheme")


def test_suggestions_ignore_case_and_need_likeness():
    assert did_you_mean("cusa1", ["CUSA1", "PERQ1"]) == " Did you mean 'CUSA1'?"
    assert did_you_mean("Cusa1", ["cusa1", "CUSA1"]) == " Did you mean 'cusa1'?"
    assert did_you_mean("zzz", ["CUSA1"]) == ""
    assert did_you_mean("x", []) == ""


def test_require():
    require(True, "never seen")
    with pytest.raises(OptionError, match="level"):
        require(False, "level must lie between 0 and 1")


@pytest.mark.parametrize("value", [1, -1, 2.5, "7", True, None])
def test_whole_numbers_start_where_they_must(value):
    require_whole(np.int64(2), "seed", 2)
    with pytest.raises(OptionError, match=rf"seed={value!r} must be a whole number, 2 or more\."):
        require_whole(value, "seed", 2)


@pytest.mark.parametrize("level", [0, 1, 95, "0.95", None])
def test_levels_lie_between_0_and_1(level):
    require_level(np.float64(0.9))
    with pytest.raises(OptionError, match=rf"level={level!r} must lie between 0 and 1"):
        require_level(level)


def spoken() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the public functions, and the methods of public classes, by name."""
    for name in tcs.__all__:
        own = getattr(tcs, name)
        if inspect.isfunction(own):
            yield name, own
        elif inspect.isclass(own) and not issubclass(own, Exception):
            yield name, own
            for method, function in inspect.getmembers(own, inspect.isfunction):
                if not method.startswith("_"):
                    yield f"{name}.{method}", function


@pytest.mark.parametrize(("name", "function"), list(spoken()))
def test_one_name_for_one_idea(name: str, function: Callable[..., Any]) -> None:
    """The rule about draws in CONTRIBUTING."""
    given = inspect.signature(function).parameters
    assert not given.keys() & {"simulations", "nboot", "resamples", "alpha"}
    kinds = [p.name for p in given.values() if IntervalKind.__name__ in str(p.annotation)]
    assert set(kinds) <= {"interval"}
    assert "draws" not in given or "int" not in str(given["draws"].annotation).split()
