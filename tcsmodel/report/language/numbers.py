"""How a language writes numbers: leading zeros, p values, intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TypeGuard

from tcsmodel.errors import percent

NOTHING = "–"
MINUS = "−"


def is_number(value: object) -> TypeGuard[float]:
    """Return whether `value` is a finite real number (booleans are not numbers here)."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True)
class NumberFormat:
    """The number conventions of one language.

    Parameters
    ----------
    leading_zero : bool
        Whether a quantity that cannot exceed 1 is written 0.85 (Chinese theses) or
        .85 (APA 7).

    Examples
    --------
    >>> apa = NumberFormat(leading_zero=False)
    >>> apa.ratio(-0.4519), apa.p(0.00004), apa.interval(0.41, 0.6, ratio=True)
    ('−.45', '< .001', '[.41, .60]')
    """

    leading_zero: bool

    def number(self, value: object, digits: int = 2) -> str:
        """Return `value` with `digits` decimals, a real minus sign, and – for nothing."""
        if not is_number(value):
            return NOTHING
        text = f"{value:,.{digits}f}"
        if text.startswith("-"):
            text = text[1:] if float(text.replace(",", "")) == 0 else MINUS + text[1:]
        return text

    def ratio(self, value: object, digits: int = 2) -> str:
        """Return a quantity that lies between -1 and 1 by nature (r, beta, alpha, R2, p)."""
        text = self.number(value, digits)
        if self.leading_zero or not text.lstrip(MINUS).startswith("0."):
            return text
        return text.replace("0.", ".", 1)

    def p(self, value: object, least: float = 0.0) -> str:
        """Return a p value: three decimals, or ``< .001``.

        One of zero is below `least`, the smallest that resamples can tell from it.
        """
        if is_number(value) and value < 0.001:
            return f"< {self.ratio(max(least, 0.001) if value == 0 else 0.001, 3)}"
        return self.ratio(value, 3)

    def p_phrase(self, value: object, least: float = 0.0) -> str:
        """Return ``p = .034`` or ``p < .001``."""
        text = self.p(value, least)
        return f"p {text}" if text.startswith("<") else f"p = {text}"

    def count(self, value: object) -> str:
        """Return a whole number with thousands separated."""
        return self.number(value, 0)

    def percent(self, value: object, digits: int = 0) -> str:
        """Return a share between 0 and 1 as a percentage; 0% and 100% only of none and all."""
        if not is_number(value):
            return NOTHING
        if digits == 0 and 0 < value < 1:
            return percent(value)
        return f"{self.number(100 * value, digits)}%"

    def interval(
        self, lower: object, upper: object, digits: int = 2, *, ratio: bool = False
    ) -> str:
        """Return ``[lower, upper]``, or – when a limit is missing."""
        if not (is_number(lower) and is_number(upper)):
            return NOTHING
        write = self.ratio if ratio else self.number
        return f"[{write(lower, digits)}, {write(upper, digits)}]"
