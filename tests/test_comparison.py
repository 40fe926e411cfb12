"""The printed comparison with reference software: complete, within tolerance, able to fail.

It stands behind the tests that compare, so that in a run of all tests their lines are there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from comparison import LEDGER, TESTS, Ledger, known_cases, modules, written


def noted(ours, theirs, tolerance=1e-3):
    ledger = Ledger()
    ledger.begin(["A_case"], "estimates")
    ledger.note(ours, theirs, lambda value: tolerance * np.abs(value), tolerance)
    return ledger


def test_the_worst_number_makes_the_line():
    ledger = noted([1.0, 2.001, np.nan], [1.0, 2.0, np.nan])
    row = ledger.table().iloc[0]
    assert row[["case", "quantity", "numbers"]].tolist() == ["A_case", "estimates", 2]
    assert row["deviation"] == pytest.approx(0.0005)
    assert not row["beyond"]
    assert "no line beyond tolerance" in written(ledger.table())


def test_a_wrong_number_is_beyond():
    ledger = noted([1.0, 2.01], [1.0, 2.0])
    ledger.note([1.0], [1.0], lambda value: 0.1 + 0 * value, 0.1)
    assert ledger.table()["beyond"].tolist() == [True]
    assert ledger.table()["numbers"].tolist() == [3]
    assert "BEYOND" in written(ledger.table())


def test_cases_opened_one_after_another_are_told_apart():
    ledger = Ledger()
    ledger.begin([], "measures")
    for case in ("A_case", "B_case"):
        ledger.open(case)
        ledger.note(1.0, 1.0, np.abs, 1e-3)
        ledger.note(2.0, 2.0, np.abs, 1e-3)
    assert ledger.table()["case"].tolist() == ["A_case", "B_case"]


def test_no_line_of_this_session_is_beyond_tolerance():
    table = LEDGER.table()
    assert table[table["beyond"]].to_dict("records") == []


def test_every_reference_case_has_a_line(request):
    """Only a run of all tests that compare can tell."""
    ran = {Path(item.path) for item in request.session.items}
    config = request.config
    if not set(modules()) <= ran or config.option.keyword or config.option.markexpr:
        pytest.skip("not all tests that compare were run")
    assert known_cases() - LEDGER.cases() == set()


def test_the_script_prints_one_table():
    done = subprocess.run(
        [sys.executable, str(TESTS / "comparison.py"), str(TESTS / "models/test_sem_effects.py")],
        cwd=TESTS.parent,
        env=os.environ | {"PYTHONPATH": str(TESTS.parent)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "worst deviation" in done.stdout
    assert "no line beyond tolerance" in done.stdout.splitlines()[-1]
