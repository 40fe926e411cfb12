"""Tables hold formatted cells."""

from __future__ import annotations

import numpy as np
import pytest

from tcsmodel.report.language import language
from tcsmodel.report.tables import Column, Columns, Table, shown

MAKE = Columns(language("en"))


def test_columns_write_numbers_in_the_language() -> None:
    column = MAKE.interval("column.ci", [0.1, np.nan], [0.2, 0.3], ratio=True, level=0.95)
    assert column == Column("95% CI", ("[.10, .20]", "–"))
    assert MAKE.p("column.p", [0.0002]).cells == ("< .001",)
    assert MAKE.label("column.item", ["<b>", None]) == Column("Item", ("<b>", "–"), numeric=False)


def test_columns_that_hold_nothing_are_left_out_but_the_first_stays() -> None:
    empty, full = Column("a", ("–", "")), Column("b", ("1", "–"))
    assert shown(empty, empty, full) == (empty, full)


def test_columns_of_different_length_are_our_mistake() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        Table("t", (Column("a", ("1",)), Column("b", ())))
