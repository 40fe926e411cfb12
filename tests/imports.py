"""Reads the import statements of a Python file, and where each of them stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """One imported dotted name.

    Parameters
    ----------
    name : str
        As ``tcsmodel.kernels.pls`` or ``scipy.stats``; a name imported *from* a module is
        part of it, since it may be a submodule.
    deferred : bool
        True inside a function: it runs when the function does, not at import.
    typing : bool
        True under ``if TYPE_CHECKING``: it never runs.
    line : int
        Where it stands.
    """

    name: str
    deferred: bool
    typing: bool
    line: int

    @property
    def top(self) -> str:
        """The distribution's name, such as ``scipy``."""
        return self.name.partition(".")[0]

    def within(self, module: str) -> bool:
        """Return whether this imports `module` or something below it."""
        return self.name == module or self.name.startswith(f"{module}.")


def imports_of(path: Path) -> list[Import]:
    """Return every import of a file, in the order written."""
    return read_imports(path.read_text(encoding="utf-8"))


def read_imports(source: str) -> list[Import]:
    """Return every import of a source text, in the order written."""
    return list(_walk(ast.parse(source), deferred=False, typing=False))


def _walk(node: ast.AST, *, deferred: bool, typing: bool) -> Iterator[Import]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        deferred = True
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, deferred, typing, node.lineno)
    elif isinstance(node, ast.ImportFrom):
        home = "." * node.level + (node.module or "")
        for alias in node.names:
            yield Import(f"{home}.{alias.name}", deferred, typing, node.lineno)
    elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        for child in node.body:
            yield from _walk(child, deferred=deferred, typing=True)
        for child in node.orelse:
            yield from _walk(child, deferred=deferred, typing=typing)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _walk(child, deferred=deferred, typing=typing)
