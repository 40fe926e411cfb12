"""Tables: columns of formatted cells, ready for HTML now and Word or LaTeX later."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tcsmodel.report.language import Language
from tcsmodel.report.language.numbers import NOTHING


@dataclass(frozen=True)
class Column:
    """A header and its cells; numbers are aligned at the right, words at the left."""

    header: str
    cells: tuple[str, ...]
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """A titled table.

    Parameters
    ----------
    title : str
        What the table shows.
    columns : tuple of Column
        The first one holds the row labels.
    notes : tuple of str
        Printed under the table.
    long : bool
        Whether an HTML page folds it up.
    strong : frozenset of int
        Rows in bold.

    Examples
    --------
    >>> from tcsmodel.report.tables import Column, Table
    >>> table = Table("R²", (Column("Construct", ("Loyalty",), False), Column("R²", (".46",))))
    >>> table.rows
    (('Loyalty', '.46'),)
    """

    title: str
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()
    long: bool = False
    strong: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        lengths = {len(column.cells) for column in self.columns}
        if len(lengths) != 1:
            raise ValueError(f"Columns of {self.title!r} have different lengths: {lengths}.")

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The cells, row by row."""
        return tuple(zip(*(column.cells for column in self.columns), strict=True))


@dataclass(frozen=True)
class Columns:
    """Makes columns in one language: headers by key, numbers in its conventions."""

    words: Language

    def _column(
        self, key: str, values: Iterable[object], write: Callable[[object], str], **header: object
    ) -> Column:
        return Column(self.words.text(key, **header), tuple(write(value) for value in values))

    def label(self, key: str, values: Iterable[object], **header: object) -> Column:
        """Return a column of words."""
        cells = tuple(NOTHING if value is None else str(value) for value in values)
        return Column(self.words.text(key, **header), cells, numeric=False)

    def number(
        self, key: str, values: Iterable[object], digits: int = 2, **header: object
    ) -> Column:
        """Return a column of numbers with `digits` decimals."""
        return self._column(
            key, values, lambda value: self.words.numbers.number(value, digits), **header
        )

    def ratio(
        self, key: str, values: Iterable[object], digits: int = 2, **header: object
    ) -> Column:
        """Return a column of quantities between -1 and 1 by nature."""
        return self._column(
            key, values, lambda value: self.words.numbers.ratio(value, digits), **header
        )

    def p(self, key: str, values: Iterable[object], **header: object) -> Column:
        """Return a column of p values."""
        return self._column(key, values, self.words.numbers.p, **header)

    def count(self, key: str, values: Iterable[object], **header: object) -> Column:
        """Return a column of whole numbers."""
        return self._column(key, values, self.words.numbers.count, **header)

    def percent(
        self, key: str, values: Iterable[object], digits: int = 0, **header: object
    ) -> Column:
        """Return a column of shares as percentages."""
        return self._column(
            key, values, lambda value: self.words.numbers.percent(value, digits), **header
        )

    def interval(
        self,
        key: str,
        lower: Iterable[object],
        upper: Iterable[object],
        digits: int = 2,
        *,
        ratio: bool = False,
        **header: object,
    ) -> Column:
        """Return a column of intervals in brackets."""
        write = self.words.numbers.interval
        cells = tuple(write(a, b, digits, ratio=ratio) for a, b in zip(lower, upper, strict=True))
        return Column(self.words.text(key, **header), cells)


def shown(*columns: Column) -> tuple[Column, ...]:
    """Return the columns that hold something; the first one always stays."""
    first, *rest = columns
    return (first, *(c for c in rest if any(cell not in ("", NOTHING) for cell in c.cells)))
