"""Files in: CSV tables, with a refusal that says what to do for everything else."""

from __future__ import annotations

import csv
import re
import warnings
from io import StringIO
from os import PathLike
from pathlib import Path

import pandas as pd

from tcsmodel.errors import SurveyError
from tcsmodel.options import did_you_mean

TEXT = (".csv", ".tsv", ".txt")
NOT_YET = {
    ".sav": "SPSS",
    ".zsav": "SPSS",
    ".por": "SPSS",
    ".dta": "Stata",
    ".sas7bdat": "SAS",
    ".xlsx": "Excel",
    ".xls": "Excel",
    ".ods": "OpenDocument",
    ".parquet": "Parquet",
    ".feather": "Feather",
    ".json": "JSON",
    ".rds": "R",
    ".rda": "R",
}
SEPARATORS = (",", ";", "\t")
OTHER_ENCODINGS = ("gb18030", "cp1252")
DECIMAL_COMMA = re.compile(r'(?:^|[;\t])"?-?\d+,\d+"?(?=[;\t\r]|$)', re.MULTILINE)
EXPORT = "Export it as CSV (UTF-8), or read it with pandas and pass the frame to Survey(...)."


def read_table(path: str | PathLike[str], encoding: str = "utf-8") -> pd.DataFrame:
    """Return a CSV file as a frame.

    Comma, semicolon and tab separate columns, whichever the header uses most; numbers
    may have a decimal comma where it is not the separator. Empty cells and ``NA`` are
    missing; an empty column without a name is left out.

    Parameters
    ----------
    path : str or path
        A file that ends with .csv, .tsv or .txt.
    encoding : str
        How the file encodes text.

    Raises
    ------
    SurveyError
        When the file is absent, a directory, of another kind, empty, without rows, not
        text in `encoding`, or when its header or a row does not fit.
    """
    file = Path(path)
    _require_file(file)
    text = _decoded(file, encoding)
    separator = _separator(text)
    rows = csv.reader(StringIO(text, newline=""), delimiter=separator)
    header = next((row for row in rows if any(cell.strip() for cell in row)), [])
    if not header:
        raise SurveyError(f"File '{file}' is empty; look at how it was exported.")
    twice = [name for i, name in enumerate(header) if name and name in header[:i]]
    if twice:
        raise SurveyError(f"File '{file}' has two columns {twice[0]!r}; rename one of them.")
    frame = _parsed(file, text, separator)
    nameless = [name for name in frame.columns if name not in header and frame[name].isna().all()]
    frame = frame.drop(columns=nameless)
    if frame.empty:
        raise SurveyError(
            f"File '{file}' has a header but 0 rows; nothing was answered, or the export stopped."
        )
    return frame


def _require_file(file: Path) -> None:
    if file.is_dir():
        raise SurveyError(f"'{file}' is a directory; name the CSV file in it.")
    if not file.exists():
        near = [other.name for other in file.parent.iterdir()] if file.parent.is_dir() else []
        hint = did_you_mean(file.name, near)
        raise SurveyError(f"There is no file '{file}'.{hint or ' Look at the path.'}")
    kind = file.suffix.lower()
    if kind in NOT_YET:
        raise SurveyError(f"'{file}' is a file of {NOT_YET[kind]}, which is not read yet. {EXPORT}")
    if kind not in TEXT:
        raise SurveyError(
            f"'{file}' is of an unknown kind ({kind or 'no suffix'}); {', '.join(TEXT)} are read. "
            f"{EXPORT}"
        )


def _decoded(file: Path, encoding: str) -> str:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise SurveyError(f"File '{file}' cannot be read: {error.strerror}.") from None
    if raw.startswith(b"PK\x03\x04"):
        raise SurveyError(f"'{file}' is a spreadsheet in spite of its name. {EXPORT}")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        text = raw.decode(encoding)
    except LookupError:
        raise SurveyError(
            f"encoding={encoding!r} is not known; try utf-8, {', '.join(OTHER_ENCODINGS)}."
        ) from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SurveyError(
            f"File '{file}' is not {encoding} text (line {line}). Try "
            f"{' or '.join(f'encoding={name!r}' for name in OTHER_ENCODINGS)}, or save it as UTF-8."
        ) from None
    if "\0" in text:
        raise SurveyError(f"'{file}' is not a text file. {EXPORT}")
    return text.removeprefix("\ufeff")


def _separator(text: str) -> str:
    header = next((line for line in text.splitlines() if line.strip()), "")
    unquoted = re.sub(r'"[^"]*"', "", header)
    return max(SEPARATORS, key=unquoted.count)


def _parsed(file: Path, text: str, separator: str) -> pd.DataFrame:
    decimal = "," if separator != "," and DECIMAL_COMMA.search(text) else "."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                StringIO(text), sep=separator, decimal=decimal, index_col=False, low_memory=False
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
        where = (
            f"line {found[2]} has {found[3]} cells, the header {found[1]}"
            if found
            else "its rows have more cells than the header"
        )
        raise SurveyError(
            f"File '{file}' is not a table: {where}. Quote texts that contain {separator!r}."
        ) from None
