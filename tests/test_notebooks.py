"""Notebooks are tests: each runs from top to bottom, and is committed without output."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import tcsmodel as tcs

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
SECONDS = 300


def load(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
# The messaging library's own warnings are not ours; the notebook's appear in its output.
@pytest.mark.filterwarnings("default")
def test_notebook_runs_without_complaint(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The kernel runs elsewhere and must meet the same package as this test.
    monkeypatch.setenv("PYTHONPATH", str(Path(tcs.__file__).parent.parent))
    notebook = load(path)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", resources=resources).execute()
    outputs = [(cell, output) for cell in notebook.cells for output in cell.get("outputs", [])]
    complaints = [
        output.text
        for cell, output in outputs
        if output.get("name") == "stderr" and not expected(cell, output.text)
    ]
    assert complaints == []
    assert any("image/png" in output.get("data", {}) for _, output in outputs), "no picture"


def expected(cell: nbformat.NotebookNode, text: str) -> bool:
    """Return whether a cell tagged ``warns`` said only what the library warns of."""
    said = set(re.findall(r"\b(\w+Warning)\b", text))
    ours = {name for name in dir(tcs.errors) if name.endswith("Warning")}
    return "warns" in cell.metadata.get("tags", []) and bool(said) and said <= ours


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_is_valid_and_without_output(path: Path) -> None:
    notebook = load(path)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [c.source for c in code if c.outputs or c.execution_count is not None] == []
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    assert notebook.cells[0].source.startswith("# "), "the first cell is the title"
