"""Tables hold formatted cells."""

from __future__ import annotations

import numpy as np
import pytest

from tcsmodel import datasets
from tcsmodel.report.language import language
from tcsmodel.report.sections.answers import items_table, patterns_table
from tcsmodel.report.tables import Column, Columns, Table, shown
from tcsmodel.survey.screening import screening
from tcsmodel.survey.survey import Survey

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


def test_what_does_not_apply_has_columns_of_its_own_where_there_is_any() -> None:
    frame = datasets.mobi().data[["CUSA1", "CUSA2", "CUSA3"]]
    plain = screening(Survey(frame))
    frame.loc[::10, "CUSA2"], frame.loc[5, "CUSA3"] = 98, np.nan
    screened = screening(Survey(frame, not_applicable=[98]))
    words = language("en")
    items = {c.header: c.cells for c in items_table(screened, words).columns}
    patterns = {c.header: c.cells for c in patterns_table(screened, words).columns}
    assert items["Missing (n)"] == ("0", "0", "1")
    assert items["Not applicable (n)"] == ("0", "25", "0")
    assert patterns["Missing items"] == ("none: complete", "none: complete", "CUSA3")
    assert patterns["Items that do not apply"] == ("", "CUSA2", "")
    for table in (items_table(plain, words), patterns_table(plain, words)):
        assert not any("appl" in column.header for column in table.columns)
