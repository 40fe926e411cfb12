"""The command line: two commands, one clear line for every mistake."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from golden_files import DATA

import tcsmodel
from tcsmodel.cli import main

QUICK = """
[data]
file = "mobi.csv"
scale = [1, 10]
[model]
text = '''
Image =~ IMAG1 + IMAG2 + IMAG3
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Satisfaction ~ Image
'''
[study]
bootstrap = 50
driver_bootstrap = 40
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mobi.csv").write_bytes((DATA / "mobi.csv").read_bytes())
    (tmp_path / "study.toml").write_text(QUICK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_demo_carries_the_bundled_survey_to_a_report(folder, capsys):
    assert main(["demo"]) == 0
    said = capsys.readouterr()
    report = folder / "tcsmodel-demo" / "report.html"
    assert 20_000 < report.stat().st_size < 5_000_000
    assert "Satisfaction stands at 72.5 of 100 points" in said.out
    assert str(report) in said.out
    assert "5000" in report.read_text(encoding="utf-8").replace(",", "")
    assert said.err == "", "no progress bar, no warning, where there is no terminal"


def test_run_writes_where_it_is_told(folder, capsys):
    assert main(["run", "study.toml", "--out", "a/b"]) == 0
    assert (folder / "a" / "b" / "report.html").exists()
    assert "1. Satisfaction stands at" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("mobi.csv", "mobi.cvs", "mobi.cvs"),
        ("[1, 10]", "[1, 7]", "outside its scale 1-7"),
        ("bootstrap = 50", "bootstrp = 50", "Did you mean 'bootstrap'?"),
        ("IMAG3", "IMAG33", "Item 'IMAG33' is not a column of the data"),
        ("IMAG2 +", "IMAG2 &", "line 1: Unexpected character '&'"),
        ("Satisfaction ~ Image", "Satisfaction ~ Imgae", "Did you mean 'Image'?"),
    ],
)
def test_a_mistake_gets_one_line_and_status_2(folder, capsys, old, new, said):
    (folder / "study.toml").write_text(QUICK.replace(old, new, 1), encoding="utf-8")
    assert main(["run", "study.toml"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tcsmodel: ")
    assert err.count("\n") == 1
    assert said in err
    assert not (folder / "tcsmodel-report" / "report.html").exists()


def test_no_such_study(folder, capsys):
    assert main(["run", "nothing.toml"]) == 2
    assert "There is no file 'nothing.toml'" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made(folder, capsys):
    assert main(["run", "study.toml", "--out", "mobi.csv"]) == 2
    err = capsys.readouterr().err
    assert "mobi.csv" in err
    assert "--out" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["walk"], ["run"], ["demo", "extra"]])
def test_wrong_arguments_show_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: tcsmodel" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == tcsmodel.__version__


def test_a_terminal_without_unicode_is_no_obstacle(folder, monkeypatch):
    text = QUICK.replace("Satisfaction", "满意度") + 'target = "满意度"\n'
    (folder / "study.toml").write_text(text, encoding="utf-8")
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", narrow)
    assert main(["run", "study.toml"]) == 0
    narrow.seek(0)
    assert "??? stands at" in narrow.read()
