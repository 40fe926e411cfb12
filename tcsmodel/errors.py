"""Every error and warning that tcsmodel speaks.

A message says what is wrong, where, and what to try. Kernels never raise on
data: they return a status, and the layer that knows the names turns it into
one of these.
"""

from __future__ import annotations

import inspect
import unicodedata
import warnings


def _blank(letter: str) -> str:
    """Return white space as wide as `letter` is in a terminal, so that a caret stands under it."""
    if unicodedata.combining(letter):
        return ""
    return "\u3000" if unicodedata.east_asian_width(letter) in "WF" else " "


class TcsError(ValueError):
    """Base class of all errors about input or results; catch this one."""


class SurveyError(TcsError):
    """The answers cannot be used: columns, scales, weights, missing values, files."""


class SpecError(TcsError):
    """The model text or the built specification is wrong.

    Parameters
    ----------
    message : str
        What is wrong and what to try.
    line, column : int, optional
        Where in `text` (both start at 1). With them the message shows the
        line and a caret under the place.
    text : str, optional
        The whole model text.
    """

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        text: str | None = None,
    ) -> None:
        self.line, self.column = line, column
        if line is not None and column is not None and text is not None:
            source = text.splitlines()[line - 1].replace("\t", " ")
            caret = "".join(map(_blank, source[: column - 1])) + "^"
            message = f"line {line}: {message}\n  {source}\n  {caret}"
        super().__init__(message)


class IdentificationError(TcsError):
    """The data cannot determine a parameter, whatever the sample size."""


class ConvergenceError(TcsError):
    """An iteration ended without a solution."""


class OptionError(TcsError):
    """An argument has a value outside its vocabulary or range."""


class TcsWarning(UserWarning):
    """Base class of all warnings; the result is usable with the stated caution."""


class DroppedRespondentsWarning(TcsWarning):
    """Respondents were left out of a computation; the message counts them."""


class ImproperSolutionWarning(TcsWarning):
    """A fitted model is not admissible; `result.verify()` lists the findings."""


class SampleSizeWarning(TcsWarning):
    """The sample is small for what was asked."""


def counted(n: int, noun: str) -> str:
    """Return ``1 item`` or ``2 items``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def percent(share: float) -> str:
    """Return a share as a whole percentage, of 0 and 100 only what is none or all."""
    if 0 < share < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= share < 1 else f"{share:.0%}"


def warn(message: str, category: type[TcsWarning]) -> None:
    """Warn at the line that called this library, however deep inside it the trouble is found."""
    frame, level = inspect.currentframe(), 0
    while frame is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level + 1)


def _is_ours(module: str) -> bool:
    """Return whether a module is of this library, or `functools`, through which it calls itself."""
    return module.partition(".")[0] in ("tcsmodel", "functools")
