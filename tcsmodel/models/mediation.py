"""`mediation`: what of an effect passes through other constructs, and what remains direct."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import pandas as pd

from tcsmodel.errors import SpecError, TcsError, counted
from tcsmodel.models.pls_result import PLSResult
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.options import did_you_mean, require
from tcsmodel.result import Finding, Result, Severity

NAN = float("nan")


class MediationKind(StrEnum):
    """What direct and indirect effect are together, after Zhao, Lynch & Chen (2010)."""

    COMPLEMENTARY = "complementary"
    COMPETITIVE = "competitive"
    INDIRECT_ONLY = "indirect only"
    DIRECT_ONLY = "direct only"
    NONE = "none"
    UNTESTED = "untested"


class Effect(NamedTuple):
    """One effect with its interval; `via` is empty unless it is that of one way."""

    source: str
    target: str
    effect: str
    via: str
    group: str
    estimate: float
    ci_lower: float
    ci_upper: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.ci_lower > 0 or self.ci_upper < 0


@dataclass(frozen=True, eq=False, repr=False)
class Mediation(Result):
    """How much of each effect passes through other constructs.

    Parameters
    ----------
    effects : tuple of Effect
        Direct, indirect, total and specific effects of the pairs looked at.
    level : float
        Confidence level of the intervals.
    """

    effects: tuple[Effect, ...]
    level: float

    @property
    def pairs(self) -> tuple[tuple[str, str, str], ...]:
        """Source, target and group of every indirect effect."""
        own = ((e.source, e.target, e.group) for e in self.effects if e.effect == "indirect")
        return tuple(own)

    def table(self) -> pd.DataFrame:
        """Return one row per pair: effects, their intervals, ``vaf`` and ``kind``.

        Columns ``source target group direct direct_ci_lower direct_ci_upper indirect
        indirect_ci_lower indirect_ci_upper total total_ci_lower total_ci_upper vaf kind``.
        `vaf`, variance accounted for, is indirect over total; nan where the two kinds of effect
        have opposite signs, of which neither is a share. Direct effects that the model leaves
        out are nan.
        """
        rows = []
        for source, target, group in self.pairs:
            row: dict[str, object] = {"source": source, "target": target, "group": group}
            for kind in ("direct", "indirect", "total"):
                found = self._of(source, target, group, kind)
                row[kind] = NAN if found is None else found.estimate
                row[f"{kind}_ci_lower"] = NAN if found is None else found.ci_lower
                row[f"{kind}_ci_upper"] = NAN if found is None else found.ci_upper
            row["vaf"] = self._accounted(source, target, group)
            row["kind"] = self.kind(source, target, group).value
            rows.append(row)
        return pd.DataFrame(rows)

    def kind(self, source: str, target: str, group: str = "") -> MediationKind:
        """Return the kind of mediation between two constructs.

        An effect counts where its interval leaves out zero. Both do: complementary when they
        have one sign, competitive when not. ``"untested"`` when the model has no direct path,
        so that its absence is an assumption.
        """
        direct = self._of(source, target, group, "direct")
        indirect = self._of(source, target, group, "indirect")
        if indirect is None:
            raise SpecError(f"The model has no indirect effect of {source!r} on {target!r}.")
        if direct is None:
            return MediationKind.UNTESTED
        if not indirect.is_clear:
            return MediationKind.DIRECT_ONLY if direct.is_clear else MediationKind.NONE
        if not direct.is_clear:
            return MediationKind.INDIRECT_ONLY
        alike = direct.estimate * indirect.estimate > 0
        return MediationKind.COMPLEMENTARY if alike else MediationKind.COMPETITIVE

    def verify(self) -> tuple[Finding, ...]:
        """Return effects that oppose each other, and direct paths that the model leaves out."""
        return tuple(self._found())

    def _found(self) -> Iterator[Finding]:
        kinds = {pair: self.kind(*pair) for pair in self.pairs}
        for (source, target, group), kind in kinds.items():
            if kind is MediationKind.COMPETITIVE:
                direct = self._of(source, target, group, "direct")
                indirect = self._of(source, target, group, "indirect")
                assert direct is not None
                assert indirect is not None
                evidence = {"direct": direct.estimate, "indirect": indirect.estimate}
                yield Finding("competitive_mediation", Severity.CAUTION, (source, target), evidence)
        left = tuple(dict.fromkeys(f"{p[0]} → {p[1]}" for p, k in kinds.items() if k == "untested"))
        if left:
            yield Finding("direct_path_left_out", Severity.NOTE, left, {"count": len(left)})

    def _of(self, source: str, target: str, group: str, kind: str) -> Effect | None:
        wanted = (source, target, kind, group)
        return next(
            (e for e in self.effects if (e.source, e.target, e.effect, e.group) == wanted), None
        )

    def _accounted(self, source: str, target: str, group: str) -> float:
        direct = self._of(source, target, group, "direct")
        indirect = self._of(source, target, group, "indirect")
        total = self._of(source, target, group, "total")
        assert indirect is not None
        assert total is not None
        if direct is not None and direct.estimate * indirect.estimate < 0:
            return NAN
        return indirect.estimate / total.estimate if total.estimate else NAN

    def _facts(self) -> str:
        counts = [self.kind(*pair) for pair in self.pairs]
        said = [f"{counts.count(kind)} {kind.value}" for kind in MediationKind if kind in counts]
        return ", ".join([counted(len(counts), "indirect effect"), *said, f"level={self.level:g}"])


def mediation(
    result: PLSResult | SEMResult, *, source: str | None = None, target: str | None = None
) -> Mediation:
    """Return what mediates the effects of a fitted model.

    Parameters
    ----------
    result : PLSResult or SEMResult
        Of PLS once bootstrapped; of SEM also with intervals by the delta method, which
        products of paths need the bootstrap for in small samples.
    source, target : str, optional
        Only effects that begin, or end, there.

    Raises
    ------
    TcsError
        When there are no intervals yet, or no indirect effects.
    SpecError
        When a name is not a construct with such an effect.

    Notes
    -----
    Kinds after Zhao, Lynch & Chen (2010), Journal of Consumer Research 37, 197-206. All is
    correlation: that a cause comes before its mediator is the researcher's knowledge, not the
    data's.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> pls = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi()).bootstrap(200, seed=7)
    >>> found = tcs.mediation(pls, source="Image", target="Loyalty")
    >>> found
    Mediation(1 indirect effect, 1 complementary, level=0.95)
    >>> round(float(found.table()["vaf"].iloc[0]), 3)
    0.509
    """
    frame = _effects(result)
    frame = frame[frame["source"].ne(frame["target"])]
    through = frame[frame["effect"] == "indirect"]
    if not len(through):
        raise TcsError(
            "No effect of the model passes through another construct. Mediation needs two paths in "
            "a row, as Satisfaction ~ Quality and Loyalty ~ Satisfaction."
        )
    for argument, wanted in (("source", source), ("target", target)):
        if wanted is None:
            continue
        known = list(dict.fromkeys(through[argument]))
        if wanted not in known:
            of = f" of {source!r}" if argument == "target" and source is not None else ""
            raise SpecError(
                f"{argument}={wanted!r} has no indirect effect{of}; those with one are "
                f"{', '.join(known)}.{did_you_mean(wanted, known)}"
            )
        through = through[through[argument] == wanted]
    pairs = set(zip(through["source"], through["target"], strict=True))
    fields = list(Effect._fields)
    kept = [Effect(*row) for row in frame[fields].itertuples(index=False, name=None)]
    return Mediation(tuple(e for e in kept if (e.source, e.target) in pairs), result.level)


def _effects(result: PLSResult | SEMResult) -> pd.DataFrame:
    if not isinstance(result, PLSResult):
        require(
            isinstance(result, SEMResult),
            f"mediation() takes a result of PLS or SEM, not {type(result).__name__}. Try "
            "tcs.mediation(tcs.PLS(spec).fit(survey).bootstrap(5000, seed=7)).",
        )
        return result.effects()
    if result.draws is None:
        raise TcsError(
            "mediation() reads intervals, which PLS has from the bootstrap. Try "
            "tcs.mediation(result.bootstrap(5000, seed=7))."
        )
    return result.effects().assign(group="")
