"""The architecture as a test: imports go one way, and every room keeps to its tools."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from imports import Import, imports_of, read_imports

import tcsmodel

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tcsmodel"
SOURCES = sorted(PACKAGE.rglob("*.py"))
HAND_WRITTEN = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), *sorted(ROOT.glob("docs/*.py"))]
LONGEST = 500

ARRAYS = frozenset({"numpy", "scipy", "threadpoolctl"})
FRAMES = ARRAYS | {"pandas"}
BARS = FRAMES | {"tqdm"}

# Slow to import: only inside functions, except in the report, which is itself deferred.
HEAVY = (
    "statsmodels",
    "sklearn",
    "matplotlib",
    "jinja2",
    "scipy.stats",
    "scipy.optimize",
    "semopy",
)


@dataclass(frozen=True)
class Layer:
    """Which of our layers a layer may import, and which third-party distributions."""

    ours: frozenset[str]
    theirs: frozenset[str] = frozenset()


def layer(*ours: str, theirs: frozenset[str] = frozenset()) -> Layer:
    return Layer(frozenset(ours), theirs)


BASE = ("errors", "result")
LAYERS = {
    "errors": layer("errors"),
    "result": layer(*BASE, theirs=FRAMES),
    "kernels": layer("kernels", theirs=ARRAYS),
    "spec": layer("errors", "spec"),
    "survey": layer(*BASE, "kernels", "survey", theirs=FRAMES),
    "models": layer(*BASE, "kernels", "spec", "survey", "models", theirs=BARS | {"semopy"}),
    "satisfaction": layer(
        *BASE, "kernels", "spec", "survey", "models", "satisfaction",
        theirs=BARS | {"statsmodels", "sklearn"},
    ),
    "report": layer(
        *BASE, "spec", "survey", "models", "satisfaction", "report",
        theirs=FRAMES | {"matplotlib", "jinja2", "markupsafe"},
    ),
    "study": layer(
        *BASE, "spec", "survey", "models", "satisfaction", "report", "study", theirs=BARS
    ),
}  # fmt: skip
MODULES = {
    "errors": "errors",
    "options": "errors",
    "result": "result",
    "datasets": "survey",
    "study": "study",
    "stages": "study",
    "config": "study",
    "cli": "study",
    "__main__": "study",
}


def layer_of(parts: tuple[str, ...]) -> str:
    """Return the layer of a module given as the parts of its name below `tcsmodel`."""
    return MODULES.get(parts[0], parts[0]) if parts else "the package itself"


def own_layer(path: Path) -> str:
    return layer_of(path.relative_to(PACKAGE).with_suffix("").parts)


def breaches(layer_name: str, imported: list[Import], *, may_plot: bool = False) -> list[str]:
    """Return what a file of a layer imports against the rules, in words."""
    rules, found = LAYERS[layer_name], []
    for one in imported:
        if one.name.startswith("."):
            found.append(f"line {one.line}: write the import out from tcsmodel, not relatively")
        elif one.top == "tcsmodel":
            found += _own_breach(layer_name, rules, one, may_plot)
        elif one.typing or one.top in sys.stdlib_module_names:
            continue
        elif one.top not in rules.theirs:
            found.append(f"line {one.line}: {layer_name} may not import {one.top}")
        elif layer_name != "report" and not one.deferred and any(map(one.within, HEAVY)):
            found.append(f"line {one.line}: import {one.name} inside the function that needs it")
    return found


def _own_breach(layer_name: str, rules: Layer, one: Import, may_plot: bool) -> list[str]:
    parts = tuple(one.name.split(".")[1:])
    target = layer_of(parts)
    if target in rules.ours:
        return []
    if target == "report" and may_plot and (one.deferred or one.typing):
        return []
    # A type annotation may name what stands above its user in the tree.
    if one.typing and layer_name == "survey" and target == "spec":
        return []
    return [f"line {one.line}: {layer_name} may not import {one.name} ({target})"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [p for p in SOURCES if p != PACKAGE / "__init__.py"], ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    assert breaches(own_layer(path), imports_of(path), may_plot=path.name == "result.py") == []


def test_only_result_reaches_up_to_the_report() -> None:
    below = [p for p in SOURCES if own_layer(p) not in ("report", "study") and p.parent != PACKAGE]
    reaching = [
        name_of(path)
        for path in [*below, PACKAGE / "result.py"]
        if any(one.within("tcsmodel.report") for one in imports_of(path))
    ]
    assert reaching == ["tcsmodel/result.py"]


def test_type_checkers_see_the_public_names() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    seen = [
        (f"{node.module}.{name.name}" if name.name in tcsmodel._MODULES else node.module, name.name)
        for node in ast.walk(guarded)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    ]
    assert sorted(seen) == sorted((home, name) for name, home in tcsmodel._HOMES.items())
    assert sorted(tcsmodel.__all__) == sorted(tcsmodel._HOMES)


@pytest.mark.parametrize(
    ("room", "source", "fault"),
    [
        ("kernels", "from tcsmodel.errors import TcsError", "kernels may not import"),
        ("kernels", "import pandas as pd", "kernels may not import pandas"),
        ("kernels", "from scipy import stats", "inside the function"),
        ("spec", "import numpy as np", "spec may not import numpy"),
        ("survey", "from tcsmodel.spec import model", "survey may not import"),
        ("survey", "def f():\n    from tcsmodel.models.pls import PLS", "survey may not import"),
        ("models", "from tcsmodel.satisfaction.index import Index", "models may not import"),
        ("models", "from tcsmodel.report import plots", "models may not import"),
        ("models", "from . import estimator", "not relatively"),
        ("models", "import tcsmodel", "models may not import"),
        ("satisfaction", "import statsmodels.api as sm", "inside the function"),
        ("report", "from tcsmodel.kernels.pls import solve", "report may not import"),
        ("study", "import requests", "study may not import requests"),
    ],
)
def test_a_breach_is_found(room: str, source: str, fault: str) -> None:
    assert any(fault in breach for breach in breaches(room, read_imports(source)))


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("kernels", "import math\nimport numpy as np\nfrom scipy import linalg, special"),
        ("kernels", "def f():\n    from scipy.stats import ncx2"),
        ("satisfaction", "def f():\n    import statsmodels.api as sm"),
        ("report", "from matplotlib.figure import Figure"),
        (
            "survey",
            "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from tcsmodel.spec.model import ModelSpec",
        ),
    ],
)
def test_what_is_allowed_passes(room: str, source: str) -> None:
    assert breaches(room, read_imports(source)) == []


@pytest.mark.parametrize("path", HAND_WRITTEN, ids=name_of)
def test_no_file_outgrows_its_room(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines < LONGEST, f"{lines} lines: split it by subject"


def calls_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_text_is_ever_executed(path: Path) -> None:
    assert calls_of(path) & {"eval", "exec", "compile", "pd.eval", "__import__"} == set()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_warning_finds_the_line_of_its_user(path: Path) -> None:
    assert path.name == "errors.py" or "warnings.warn" not in calls_of(path)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_randomness_comes_from_a_seed(path: Path) -> None:
    legacy = [call for call in calls_of(path) if re.fullmatch(r"(np|numpy)\.random\.[a-z_]+", call)]
    assert set(legacy) <= {"np.random.default_rng"}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_error_is_caught_by_name(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    caught = [
        ast.unparse(node.type) if node.type else "everything"
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
    ]
    assert not {"everything", "Exception", "BaseException"} & set(caught)


@pytest.mark.parametrize("path", [p for p in SOURCES if own_layer(p) == "kernels"], ids=name_of)
def test_kernels_answer_with_a_status_not_an_error(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Raise)] == []
