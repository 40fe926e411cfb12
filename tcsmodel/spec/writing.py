"""Statements to model text, which `syntax` reads back to equal statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from tcsmodel.spec.model import Modifiers, Op, Statement, Term
from tcsmodel.spec.tokens import number_text, quote, quoted


def write_statements(statements: Iterable[Statement]) -> str:
    """Return model text, one statement a line.

    Neighbouring terms with the same left side and operator share a line.
    """
    lines = []
    for (lhs, op), group in groupby(statements, key=_left):
        own = list(group)
        if op is None:
            lines += [str(statement) for statement in own]
            continue
        right = " + ".join(_modifiers(t) + _right(t) for t in own if isinstance(t, Term))
        lines.append(f"{quoted(lhs)} {Op.REGRESSION if op is Op.INTERCEPT else op} {right}")
    return "\n".join(lines)


def _left(statement: Statement) -> tuple[str, Op | None]:
    return (statement.lhs, statement.op) if isinstance(statement, Term) else ("", None)


def _right(term: Term) -> str:
    if term.product:
        return ":".join(quoted(name) for name in term.product)
    return "1" if term.op is Op.INTERCEPT else quoted(term.rhs)


def _modifiers(term: Term) -> str:
    if term.groups:
        return _by_group(term.groups)
    parts = []
    if term.free:
        parts.append("NA")
    if term.fixed is not None:
        parts.append(number_text(term.fixed))
    for name in ("start", "lower", "upper"):
        value = getattr(term, name)
        if value is not None:
            parts.append(f"{name}({number_text(value)})")
    if term.label is not None:
        parts.append(_label(term.label))
    return "".join(f"{part}*" for part in parts)


def _by_group(groups: Sequence[Modifiers]) -> str:
    parts = []
    if any(one.free or one.fixed is not None for one in groups):
        parts.append(_numbers([one.fixed for one in groups]))
    for name in ("start", "lower", "upper"):
        values = [getattr(one, name) for one in groups]
        if any(value is not None for value in values):
            parts.append(f"{name}({_numbers(values)})")
    labels = [one.label for one in groups]
    if any(label is not None for label in labels):
        written = ("NA" if label is None else _label(label) for label in labels)
        parts.append(f"c({', '.join(written)})")
    return "".join(f"{part}*" for part in parts)


def _numbers(values: Sequence[float | None]) -> str:
    return f"c({', '.join('NA' if v is None else number_text(v) for v in values)})"


def _label(label: str) -> str:
    return quote(label) if label == "NA" else quoted(label)
