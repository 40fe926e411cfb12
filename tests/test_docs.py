"""The documentation as a test: examples run, names exist, facts agree, pages build."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from golden_files import DATA

import tcsmodel as tcs

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    p for p in DOCS.rglob("*.md") if "_build" not in p.parts and "generated" not in p.parts
)
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *PAGES]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "tcsmodel").rglob("*.py")
    if path.name != "__main__.py"
)
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LIST_TABLE = re.compile(r"^```\{list-table\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings(module: str) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, _ = doctest.testmod(importlib.import_module(module), optionflags=flags)
    assert failed == 0


def cells_of(text: str) -> list[str]:
    """Return the code cells of a page without their options."""
    cells = [cell.splitlines() for cell in CELL.findall(text)]
    return ["\n".join(line for line in cell if not line.startswith(":")) for cell in cells]


def run_cell(code: str, names: dict[str, Any]) -> None:
    """Run a cell as a notebook does: what the last line gives is rendered."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    if last is not None:
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
        for render in ("_repr_html_", "_repr_png_"):
            getattr(value, render, lambda: None)()
        repr(value)


@pytest.mark.parametrize("page", [p for p in PAGES if CELL.search(read(p))], ids=name_of)
def test_code_cells_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with warnings.catch_warnings():
        # A page shows what the library warns of, as a notebook does.
        warnings.simplefilter("ignore", tcs.errors.TcsWarning)
        for code in cells_of(read(page)):
            run_cell(code, names)


def cells_under(text: str, header: str) -> list[str]:
    """Return the code in the column of a ``list-table`` that has this header."""
    found = []
    for table in LIST_TABLE.findall(text):
        head, *rows = [
            re.split(r"\n  - ?", row) for row in re.split(r"^\* - ", table, flags=re.M)[1:]
        ]
        names = [name.strip() for name in head]
        if header in names:
            found += [
                code for row in rows for code in re.findall("`([^`]+)`", row[names.index(header)])
            ]
    return found


@pytest.fixture(scope="module")
def others() -> tuple[str, dict[str, Any]]:
    """The page about other programs, and the names that its cells define."""
    text, names = read(DOCS / "how-to" / "from-other-programs.md"), {}
    for code in cells_of(text):
        run_cell(code, names)
    return text, names


def test_code_for_users_of_other_programs_runs(others: tuple[str, dict[str, Any]]) -> None:
    text, names = others
    snippets = cells_under(text, "here")
    assert len(snippets) > 40
    for code in snippets:
        assert eval(compile(code, "<table>", "eval"), names) is not None, code


def test_model_text_for_users_of_other_programs_is_understood(
    others: tuple[str, dict[str, Any]],
) -> None:
    text, names = others
    snippets = cells_under(text, "model text here")
    assert len(snippets) > 12
    for code in snippets:
        tcs.ModelSpec.parse(f"{names['text']}\n{code}")


@pytest.mark.parametrize("page", TEXTS, ids=name_of)
def test_python_blocks_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tcs.errors.TcsWarning)
        for code in PYTHON.findall(read(page)):
            run_cell(code, {})
            assert "72.5" in capsys.readouterr().out, "the index of the bundled survey"


def test_a_cell_that_fails_is_noticed() -> None:
    (code,) = cells_of("```{code-cell} python\n:tags: [x]\n\nassert False\n```\n")
    with pytest.raises(AssertionError):
        run_cell(code, {})


@pytest.mark.parametrize("page", TEXTS, ids=name_of)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", read(page))
    here = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in here if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", TEXTS, ids=name_of)
def test_names_in_texts_exist(page: Path) -> None:
    names = set(re.findall(r"\btcs\.([A-Za-z_]\w*)", read(page)))
    assert [name for name in names if not hasattr(tcs, name)] == []


def test_reference_lists_every_public_name() -> None:
    text = read(DOCS / "reference" / "index.md")
    listed = set(re.findall(r"^   ([a-zA-Z_]\w*)$", text, re.MULTILINE))
    assert set(tcs.__all__) - {"TcsError"} <= listed


def test_reference_lists_every_result() -> None:
    from tcsmodel.result import Result

    for module in MODULES:
        importlib.import_module(module)
    text = read(DOCS / "reference" / "index.md")
    results: list[type[Result]] = [Result]
    for one in results:
        results += one.__subclasses__()
    # A class without a table of its own only lends its verbs to others.
    made = [c for c in results if c.__module__.startswith("tcsmodel.") and "table" in vars(c)]
    assert [c.__name__ for c in made if f".{c.__name__}\n" not in text] == []


def test_public_names_are_documented() -> None:
    objects = {name: getattr(tcs, name) for name in tcs.__all__}
    bare = [n for n, o in objects.items() if callable(o) and len((o.__doc__ or "").strip()) < 40]
    assert bare == []


def test_one_version_everywhere() -> None:
    from importlib.metadata import PackageNotFoundError, version

    citation = re.search(r"^version: (\S+)$", read(ROOT / "CITATION.cff"), re.MULTILINE)
    assert citation is not None
    assert citation[1] == tcs.__version__
    assert f"## [{tcs.__version__}]" in read(ROOT / "CHANGELOG.md")
    try:
        assert version("tcsmodel") == tcs.__version__
    except PackageNotFoundError:
        pytest.skip("tcsmodel runs from its source folder without being installed")


def test_changelog_accounts_for_changed_numbers() -> None:
    releases = re.split(r"^## ", read(ROOT / "CHANGELOG.md"), flags=re.MULTILINE)[1:]
    silent = [r.splitlines()[0] for r in releases if len(r.splitlines()) > 2 and CHANGED not in r]
    assert silent == []


CHANGED = "### Changed numbers"


def test_readme_has_exactly_two_set_up_commands() -> None:
    lines = [line for line in read(ROOT / "README.md").splitlines() if "-m venv" in line]
    assert lines == [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/tcsmodel demo",
        "python3 -m venv .venv && .venv/bin/pip install '.[test]' && .venv/bin/pytest",
        r"py -m venv .venv && .venv\Scripts\pip install . && .venv\Scripts\tcsmodel demo",
        r"py -m venv .venv && .venv\Scripts\pip install .[test] && .venv\Scripts\pytest",
    ]


def test_readme_example_is_short_and_its_picture_is_there() -> None:
    text = read(ROOT / "README.md")
    (code,) = PYTHON.findall(text)
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    picture = re.search(r"!\[[^]]{20,}\]\(([^)]+\.png)\)", text)
    assert picture is not None
    assert (ROOT / picture[1]).read_bytes().startswith(b"\x89PNG")


def test_study_file_of_the_docs_runs(tmp_path: Path) -> None:
    from tcsmodel.cli import main

    text = read(DOCS / "study.toml")
    shutil.copy(DATA / "mobi.csv", tmp_path / "mobi.csv")
    (tmp_path / "study.toml").write_text(quick(text), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tcs.errors.TcsWarning)
        assert main(["run", str(tmp_path / "study.toml"), "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000


def quick(study: str) -> str:
    """Return the text of a study file with few replicates."""
    fewer = re.sub(r"^((?:driver_)?bootstrap) *= *\d+", r"\1 = 50", study, flags=re.MULTILINE)
    assert fewer != study
    return fewer


@pytest.mark.slow
def test_pages_build_without_warnings(tmp_path: Path) -> None:
    pytest.importorskip("myst_nb", reason="the docs are built where the extra 'docs' is installed")
    pytest.importorskip("furo")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [*command, str(DOCS), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reference" / "generated" / "tcsmodel.PLS.html").exists()
