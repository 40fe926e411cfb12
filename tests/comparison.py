"""The comparison with reference software: one line for each quantity of each reference case.

``python tests/comparison.py`` runs the tests that open a reference case and prints what they
compared: case, quantity, worst deviation, tolerance. There is no second list of cases. While
tests run, `Watch` notes which cases a test and its fixtures open (`golden_files.expected`) and
what it then compares by `numpy.testing.assert_allclose`, `pytest.approx` or
`lavaan_numbers.close`, so a new test is a new line by itself. Names of tests are names of
quantities.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

import golden_files
import numpy as np
import pandas as pd
import pytest

TESTS = Path(__file__).parent


@dataclass(frozen=True)
class Line:
    """The worst of some comparisons: `deviation` is comparable with `tolerance`.

    Where a tolerance has a relative and an absolute part, it is the deviation in units in which
    the larger of both is the limit.
    """

    case: str
    quantity: str
    deviation: float
    tolerance: float
    numbers: int

    @property
    def share(self) -> float:
        """How much of the tolerance is used."""
        return self.deviation / self.tolerance


class Ledger:
    """What was compared in this session, a line for each quantity of each case."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], Line] = {}
        self.opened: list[str] = []
        self.quantity = ""
        self._of_test: list[str] = []
        self._compared = False

    def begin(self, cases: Sequence[str], quantity: str) -> None:
        """Start a test whose fixtures opened some cases."""
        self._of_test, self.opened = list(cases), list(cases)
        self.quantity, self._compared = quantity, False

    def open(self, case: str) -> None:
        """Note that a case was opened; after a comparison it replaces those opened before."""
        if self._compared:
            self.opened, self._compared = list(self._of_test), False
        if case not in self.opened:
            self.opened.append(case)

    def note(self, ours: Any, theirs: Any, allowed: Callable[[Any], Any], tolerance: float) -> None:
        """Note a comparison, where a case is open and the numbers are comparable."""
        if not (self.opened and self.quantity):
            return
        try:
            ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
            gap, limit = np.abs(ours - theirs), np.broadcast_to(allowed(theirs), theirs.shape)
        except (TypeError, ValueError):
            return
        gap, limit = np.broadcast_arrays(gap, limit)
        known = np.isfinite(gap)
        if not known.any():
            return
        with np.errstate(all="ignore"):
            share = np.where(gap[known] == 0, 0.0, gap[known] / limit[known]).max()
        self._add(" + ".join(self.opened), float(share) * tolerance, tolerance, int(known.sum()))
        self._compared = True

    def _add(self, case: str, deviation: float, tolerance: float, numbers: int) -> None:
        key = (case, self.quantity)
        line = Line(*key, deviation, tolerance, numbers)
        known = self.lines.get(key)
        if known is not None:
            worst = max(known, line, key=lambda one: one.share)
            line = replace(worst, numbers=known.numbers + numbers)
        self.lines[key] = line

    def table(self) -> pd.DataFrame:
        """Return ``case quantity numbers deviation tolerance beyond``, sorted by case."""
        lines = sorted(self.lines.values(), key=lambda one: (one.case, one.quantity))
        return pd.DataFrame(
            {
                "case": [one.case for one in lines],
                "quantity": [one.quantity for one in lines],
                "numbers": [one.numbers for one in lines],
                "deviation": [one.deviation for one in lines],
                "tolerance": [one.tolerance for one in lines],
                "beyond": [one.share > 1 for one in lines],
            }
        )

    def cases(self) -> set[str]:
        """Return the cases that have a line."""
        return {case for one in self.lines.values() for case in one.case.split(" + ")}


LEDGER = Ledger()


class Approximately:
    """`pytest.approx` that notes what it is compared with."""

    __array_ufunc__ = None
    __hash__ = None

    def __init__(self, ledger: Ledger, inner: Any, theirs: Any, rel: float, abs: float) -> None:
        self.ledger, self.inner, self.theirs, self.rel, self.abs = ledger, inner, theirs, rel, abs

    def __eq__(self, ours: object) -> bool:
        self.ledger.note(
            ours,
            self.theirs,
            lambda value: np.maximum(self.rel * np.abs(value), self.abs),
            max(self.rel, self.abs),
        )
        return ours == self.inner

    def __repr__(self) -> str:
        return repr(self.inner)


class Watch:
    """Fills the ledger while tests run; `conftest` registers it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.of_fixture: dict[tuple[str, str], list[str]] = {}

    def pytest_configure(self) -> None:
        """Watch the opening of cases and the comparison of numbers."""
        golden_files.watchers.append(self.ledger.open)
        np.testing.assert_allclose = self._watched(np.testing.assert_allclose)
        pytest.approx = self._approximately(pytest.approx)

    def _approximately(self, approx: Callable[..., Any]) -> Callable[..., Approximately]:
        @wraps(approx)
        def watched(
            theirs: Any, rel: float | None = None, abs: float | None = None, nan_ok: bool = False
        ) -> Approximately:
            inner = approx(theirs, rel=rel, abs=abs, nan_ok=nan_ok)
            relative = (0.0 if abs is not None else 1e-6) if rel is None else rel
            return Approximately(self.ledger, inner, theirs, relative, abs or 1e-12)

        return watched

    def _watched(self, check: Callable[..., None]) -> Callable[..., None]:
        @wraps(check)
        def assert_allclose(
            ours: Any, theirs: Any, rtol: float = 1e-7, atol: float = 0, **options: Any
        ) -> None:
            self.ledger.note(
                ours, theirs, lambda value: rtol * np.abs(value) + atol, max(rtol, atol)
            )
            check(ours, theirs, rtol=rtol, atol=atol, **options)

        return assert_allclose

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """Note which cases a fixture opens."""
        before = self.ledger.opened
        self.ledger.opened = []
        try:
            return (yield)
        finally:
            key = (fixturedef.baseid, fixturedef.argname)
            self.of_fixture[key] = self.ledger.opened
            self.ledger.opened = before

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Name the quantity after the test, and start with the cases of its fixtures."""
        cases = [
            case
            for (base, name), opened in self.of_fixture.items()
            if name in getattr(item, "fixturenames", ()) and item.nodeid.startswith(base)
            for case in opened
        ]
        self.ledger.begin(list(dict.fromkeys(cases)), _quantity(item))
        try:
            return (yield)
        finally:
            self.ledger.begin([], "")


def _quantity(item: pytest.Item) -> str:
    """Return the name of a test as words, with parameters that are no case."""
    words = getattr(item, "originalname", item.name).removeprefix("test_").replace("_", " ")
    callspec = getattr(item, "callspec", None)
    own = [] if callspec is None else callspec.id.split("-")
    more = [part for part in own if part not in known_cases()]
    return f"{words}: {', '.join(more)}" if more else words


def known_cases() -> set[str]:
    """Return the reference cases held in ``tests/golden``."""
    return {path.parent.name for path in golden_files.GOLDEN.glob("*/expected.json")}


def modules() -> list[Path]:
    """Return the test modules that open reference cases."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(TESTS.glob("*/test_*.py"))}
    return [p for p, text in texts.items() if "expected(" in text or "lavaan_cases" in text]


def written(table: pd.DataFrame) -> str:
    """Return the table as text, with a last line that says whether all is within tolerance."""
    rows = [("case", "quantity", "numbers", "worst deviation", "tolerance", "")]
    for case, quantity, numbers, deviation, tolerance, beyond in table.itertuples(index=False):
        verdict = "BEYOND" if beyond else ""
        rows.append((case, quantity, f"{numbers}", f"{deviation:.1e}", f"{tolerance:.1e}", verdict))
    width = [max(len(row[at]) for row in rows) for at in range(5)]
    text = "\n".join(
        f"{row[0]:<{width[0]}}  {row[1]:<{width[1]}}  {row[2]:>{width[2]}}  {row[3]:>{width[3]}}  "
        f"{row[4]:>{width[4]}}  {row[5]}".rstrip()
        for row in rows
    )
    beyond = int(table["beyond"].sum())
    cases = len({case for row in table["case"] for case in row.split(" + ")})
    verdict = f"{beyond} lines beyond tolerance" if beyond else "no line beyond tolerance"
    return f"{text}\n\n{cases} cases, {table['numbers'].sum():,} numbers, {verdict}"


def main(arguments: Sequence[str]) -> int:
    """Run the tests that compare with references and print the table."""
    import comparison  # the module that conftest fills, not this script

    files = list(arguments) or [str(path) for path in modules()]
    failed = pytest.main(["-q", "--no-summary", "-p", "no:cacheprovider", *files])
    table = comparison.LEDGER.table()
    print(written(table))
    return int(bool(failed) or bool(table["beyond"].any()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
