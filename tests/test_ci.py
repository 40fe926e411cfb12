"""The checks of `.ci` can fail: each fault of a report is found, and the README is obeyed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

CI = Path(__file__).parent.parent / ".ci"


@pytest.fixture(scope="module")
def inspector() -> ModuleType:
    spec = importlib.util.spec_from_file_location("inspect_report", CI / "inspect_report.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page(inspector: ModuleType) -> str:
    """A report that says what it must."""
    sections = "".join(f'<h2 id="s{i}">{s}</h2>' for i, s in enumerate(inspector.SECTIONS))
    pictures = "<figure><svg><path d='M0'/></svg></figure>" * 6
    return (
        "<!doctype html><html><head><title>T</title><style>p{color:#000}</style></head><body>"
        f'<a href="#s0">Findings</a><p>The index is 72.5.<br>{sections}{pictures}</body></html>'
    )


def test_a_good_report_passes(inspector: ModuleType, page: str) -> None:
    assert inspector.troubles(page) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("72.5", "71.3", "72.5 is not in the text"),
        ("<svg>", "<i>", "figures"),
        ("appendix", "the end", "appendix"),
        ("<p>The", '<img src="https://example.org/x.png"><p>The', "not self-contained"),
        ("<p>The", '<script src="chart.js"></script><p>The', "not self-contained"),
        ("p{color:#000}", "@import url(https://example.org/font.css)", "not self-contained"),
        ("p{color:#000}", "p{background:url('https://example.org/x')}", "not self-contained"),
        ("<title>", '<link rel="stylesheet" href="style.css"><title>', "not self-contained"),
        ('href="#s0"', 'href="#nowhere"', "leads nowhere"),
        ('id="s1"', 'id="s0"', "used twice"),
        ("</body>", "<table></body>", "not closed"),
        ("</body>", "</div></body>", "closes nothing"),
        ("<!doctype html>", "", "doctype"),
    ],
)
def test_a_fault_is_found(inspector: ModuleType, page: str, old: str, new: str, fault: str) -> None:
    assert old in page
    assert any(fault in trouble for trouble in inspector.troubles(page.replace(old, new)))


def test_data_and_inner_links_stay_inside(inspector: ModuleType, page: str) -> None:
    inside = '<img alt="" src="data:image/png;base64,AAAA"><a href="https://doi.org/10">x</a>'
    assert inspector.troubles(page.replace("<p>The", f"{inside}<p>The")) == []


def test_a_missing_report_fails(
    inspector: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspector.main([str(tmp_path / "report.html")]) == 1
    assert "was not written" in capsys.readouterr().err


def test_the_size_and_the_printed_path_count(
    inspector: ModuleType, page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, printed = tmp_path / "report.html", tmp_path / "out.txt"
    report.write_text(page + " " * inspector.LARGEST, encoding="utf-8")
    printed.write_text("nothing", encoding="utf-8")
    assert inspector.main([str(report), str(printed)]) == 1
    said = capsys.readouterr().err
    assert "must stay below" in said
    assert "did not print 'report.html'" in said


@pytest.mark.skipif(os.name == "nt" or not shutil.which("bash"), reason=".ci/run is for bash")
def test_ci_refuses_a_readme_without_the_two_commands(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(CI / "run", tmp_path / ".ci" / "run")
    (tmp_path / "README.md").write_text("python3 -m venv .venv && ls\n", encoding="utf-8")
    done = subprocess.run(
        ["bash", str(tmp_path / ".ci" / "run")],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 1
    assert "it must have 2" in done.stderr
