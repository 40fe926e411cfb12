"""Tokens of the model language: characters in, tokens with their places out; no grammar."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from itertools import takewhile
from typing import NamedTuple, Protocol

from tcsmodel.errors import SpecError


class Kind(Enum):
    """What a token is."""

    NAME = auto()
    QUOTED = auto()
    NUMBER = auto()
    OPERATOR = auto()
    SYMBOL = auto()
    END = auto()


class Token(NamedTuple):
    """One word of the model text; `line` and `column` start at 1, quoted text is unescaped."""

    kind: Kind
    text: str
    line: int
    column: int


PATTERN = re.compile(
    r"""
    \s* (?:
    (?P<name>[A-Za-z_][A-Za-z0-9_.]*+(?![^\x00-\x7f]))
  | (?P<comment>[#!].*)
  | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<operator>~\*~|[=~<>:|]{2,}|[~<>|%])
  | (?P<end>;)
  | (?P<symbol>[-+*/^?,():=])
  | (?P<space>$)
    )
    """,
    re.VERBOSE,
)
SILENT = ("space", "comment")
PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*", re.ASCII)
OPERATORS = ("=~", "<~", "~", "~~", "|", ":=", "==", "<", ">", "~*~", "%")
MEANT = {
    "~=": "=~", "~~=": "=~", "=~~": "=~", "==~": "=~", "~==": "=~", "~~~": "~~", "~<": "<~",
    "<~~": "<~", "<=~": "<~", "===": "==", "=:": ":=", "::=": ":=", ":==": ":=", "<<": "<",
    ">>": ">", "<=": "<", "=<": "<", ">=": ">", "=>": ">", "~>": "~",
}  # fmt: skip
KINDS = {
    "number": Kind.NUMBER,
    "operator": Kind.OPERATOR,
    "end": Kind.END,
}
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}


NAMES = (Kind.NAME, Kind.QUOTED)
ARITHMETIC = ("(", ")", "+", "-", "*", "/", "^")


class Place(Protocol):
    """What knows where it stands in the model text."""

    @property
    def line(self) -> int:
        """Line, from 1."""

    @property
    def column(self) -> int:
        """Column, from 1."""


def located(message: str, place: Place, text: str) -> SpecError:
    """Return a SpecError that shows the line of `place` and a caret under it."""
    return SpecError(message, line=place.line, column=place.column, text=text)


def advice_at(words: Sequence[Token], at: int) -> str:
    """Return what to do about a word of a statement that stands where none of its kind may."""
    if words[at].kind is Kind.OPERATOR:
        return "Begin each statement on a new line."
    if _is_calculated(words[at:]):
        return "Write a value as one number: 0.5*x, not (1/2)*x."
    return 'Join terms with +, and quote names with spaces or signs: "Q1 - overall".'


def _is_calculated(words: Sequence[Token]) -> bool:
    """Return whether words begin with arithmetic of numbers and a star behind it."""
    part = takewhile(lambda word: word.kind is Kind.NUMBER or word.text in ARITHMETIC, words)
    text = "".join(word.text for word in part)
    return "*" in text and not {*text}.isdisjoint("(/^") and any(map(str.isdigit, text))


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of model text; each line and each ``;`` ends with an END token.

    Raises
    ------
    SpecError
        At a character or quote that belongs to no token.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        at = 0
        while at < len(line):
            match = PATTERN.match(line, at)
            if match is None:
                start = at + len(line[at:]) - len(line[at:].lstrip())
                at, place = name_end(line, start), Token(Kind.END, "", number, start + 1)
                if at == start:
                    raise located(_unexpected(line[at]), place, text)
                yield Token(Kind.NAME, line[start:at], number, start + 1)
                continue
            at, group = match.end(), str(match.lastgroup)
            column = match.start(group) + 1
            if group == "name":
                yield Token(Kind.NAME, match["name"], number, column)
            elif group == "symbol":
                yield Token(Kind.SYMBOL, match["symbol"], number, column)
            elif group not in SILENT:
                yield from _matched(match, Token(Kind.END, "", number, column), text)
        yield Token(Kind.END, "", number, max(len(line), 1))


def _matched(match: re.Match[str], place: Token, text: str) -> Iterator[Token]:
    group = str(match.lastgroup)
    word = match[group]
    if group == "number" and name_end("_" + match.string[match.end() :], 0) > 1:
        raise located(
            "A name that begins with a digit needs quotes, and a value needs a star: "
            '"3G quality", 0.5*x.',
            place,
            text,
        )
    if group == "operator" and word not in OPERATORS:
        raise located(_not_an_operator(word), place, text)
    if group == "quoted":
        yield Token(Kind.QUOTED, _unescape(word, place, text), place.line, place.column)
    elif group in KINDS:
        yield Token(KINDS[group], word, place.line, place.column)


def name_end(line: str, start: int) -> int:
    """Return where the unquoted name at `start` ends; `start` itself when there is none.

    A name is a Unicode identifier in which dots are allowed, as in ``x.1`` or ``满意度``.
    """
    plain = PLAIN_NAME.match(line, start)
    end = start if plain is None else plain.end()
    while end < len(line):
        letter = line[end]
        leading = end == start
        if letter == "." and leading and not line[end + 1 : end + 2].isidentifier():
            break
        if letter != "." and not (letter if leading else "_" + letter).isidentifier():
            break
        end += 1
    return end


def is_plain(name: str) -> bool:
    """Whether `name` can be written without quotes."""
    return bool(name) and name_end(name, 0) == len(name)


def quote(name: str) -> str:
    """Return `name` in double quotes with everything escaped that would not survive."""
    return '"' + "".join(_escape(letter) for letter in name) + '"'


def quoted(name: str) -> str:
    """Return `name` as it is written in model text: in quotes only when it needs them."""
    return name if is_plain(name) else quote(name)


def number_text(value: float) -> str:
    """Return the shortest text that reads back as `value`."""
    return repr(float(value) + 0.0).removesuffix(".0")


def _not_an_operator(word: str) -> str:
    message = f"{word!r} is not an operator."
    if word not in MEANT:
        return f"{message} Use one of {', '.join(OPERATORS[:-2])}."
    hint = " It includes equality." if MEANT[word] in "<>" and "=" in word else ""
    return f"{message} Did you mean {MEANT[word]!r}?{hint}"


def _escape(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter.isprintable():
        return letter
    code = ord(letter)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _unescape(word: str, place: Token, text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match.group(1)
        if len(code) > 1 and int(code[1:], 16) <= 0x10FFFF:
            return chr(int(code[1:], 16))
        if code not in ESCAPED:
            raise located(f"'\\{code}' is not an escape; write a backslash as '\\\\'.", place, text)
        return ESCAPED[code]

    value = ESCAPE.sub(one, word[1:-1])
    if not value.strip():
        raise located(
            "A quoted name is empty; write the column header between the quotes.", place, text
        )
    return value


def _unexpected(letter: str) -> str:
    message = f"Unexpected character {letter!r}."
    plain = unicodedata.normalize("NFKC", letter)
    if letter in "\"'":
        return "This quote is not closed on its line."
    if letter in "“”„‘’«»「」":
        return f'{message} Use straight quotes: "Q1 - overall".'
    if plain != letter and plain.isascii() and plain.isprintable():
        return f"{message} Type the half-width {plain!r}."
    return f'{message} Names with spaces or signs need quotes: "Q1 - overall".'
