"""`PooledIndex`: satisfaction indices pooled over completed surveys by Rubin's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.kernels import rubin
from tcsmodel.models.pls import PLS
from tcsmodel.models.pooled_pls import PooledPLS
from tcsmodel.options import IndexKind
from tcsmodel.result import Finding, Result, worst_first
from tcsmodel.satisfaction.definitions import DEFINITIONS

if TYPE_CHECKING:
    from tcsmodel.satisfaction.index import SatisfactionIndex

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class PooledIndex(Result):
    """0-100 indices of all constructs, made by `satisfaction_index` of a `PooledPLS`.

    Means over completed surveys; the error of each is that within a survey, as of a
    `SatisfactionIndex`, and that between surveys.

    Parameters
    ----------
    pls : PooledPLS
        The pooled model, bootstrapped or not.
    target : str
        The construct the study is about.
    kind : IndexKind
        Which item weights the index uses.
    parts : tuple of SatisfactionIndex
        The index of each completed survey.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> frame = tcs.datasets.mobi().data
    >>> frame.loc[::4, ["CUSA2", "CUSA3"]] = float("nan")
    >>> imputations = tcs.impute(tcs.Survey(frame, scale=(1, 10)), m=25, seed=7)
    >>> index = tcs.satisfaction_index(tcs.PLS(tcs.library.ecsi()).fit(imputations))
    >>> index.table().loc[4, ["index", "ci_lower", "ci_upper"]].astype(float).round(1).tolist()
    [72.2, 70.4, 74.0]
    """

    pls: PooledPLS
    target: str
    kind: IndexKind
    parts: tuple[SatisfactionIndex, ...]

    @property
    def estimator(self) -> PLS:
        """The options of the PLS model behind the index."""
        return self.pls.estimator

    @property
    def definition(self) -> str:
        """What the number is, in words; print it with the number."""
        return DEFINITIONS[self.kind]

    @property
    def interval(self) -> str:
        """How errors within a survey were made: ``fixed weights`` or ``bootstrap``."""
        return self.parts[0].interval

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return self.pls.level

    @property
    def n(self) -> int:
        """Number of respondents used."""
        return self.pls.n

    @property
    def constructs(self) -> tuple[str, ...]:
        """The k constructs, in the order of the model."""
        return self.parts[0].constructs

    @cached_property
    def indices(self) -> pd.Series:
        """The index (k,) of each construct, 0-100."""
        values = np.mean([part.indices.to_numpy() for part in self.parts], axis=0)
        return pd.Series(values, index=list(self.constructs), name="index")

    @property
    def value(self) -> float:
        """The index of the target, 0-100."""
        return float(self.indices[self.target])

    def table(self) -> pd.DataFrame:
        """Return the constructs: ``construct index se df ci_lower ci_upper riv fmi n interval``.

        `df` are Barnard and Rubin's, `riv` the relative increase of the variance and `fmi` the
        fraction of the information that is missing.
        """
        columns = self._pooled([part.table() for part in self.parts], "index")
        frame = pd.DataFrame({"construct": self.constructs, **columns})
        return frame.assign(n=self.n, interval=self.interval)

    @cached_property
    def impacts(self) -> pd.DataFrame:
        """What the target's index gains per point of another construct's, as of an index.

        Columns ``source impact se df ci_lower ci_upper riv fmi``; nan from `se` on before a
        bootstrap.
        """
        tables = [part.impacts for part in self.parts]
        return pd.DataFrame({"source": tables[0]["source"], **self._pooled(tables, "impact")})

    def by(self, column: str | Sequence[str]) -> pd.DataFrame:
        """Return the indices of segments, as `SatisfactionIndex.by`, pooled.

        Columns ``construct index se df ci_lower ci_upper riv fmi n``, the segment, and
        ``interval``.

        Parameters
        ----------
        column : str or sequence of str
            Any column of the survey, or several.
        """
        tables = [part.by(column) for part in self.parts]
        labels = tables[0].drop(columns=["index", "ci_lower", "ci_upper", "se"])
        own = labels["n"].to_numpy(dtype=float) - 1
        pooled = pd.DataFrame(self._pooled(tables, "index", own))
        return pd.concat([labels[["construct"]], pooled, labels.drop(columns="construct")], axis=1)

    def _pooled(
        self, tables: Sequence[pd.DataFrame], name: str, df: Array | None = None
    ) -> dict[str, Array]:
        """Return what Rubin's rules make of a column of tables and its ``se``."""
        estimates, errors = (
            np.stack([table[own].to_numpy(dtype=float) for table in tables]) for own in (name, "se")
        )
        complete = np.array(self.pls.df_complete)
        found = rubin.pool(
            estimates, errors**2, complete if df is None else np.minimum(df, complete)
        )
        lower, upper = found.interval(self.level)
        return {
            name: found.estimate,
            "se": found.se,
            "df": found.df,
            "ci_lower": lower,
            "ci_upper": upper,
            "riv": found.riv,
            "fmi": found.fmi,
        }

    def verify(self) -> tuple[Finding, ...]:
        """Return what half of the completed surveys or more find, and what the imputations know."""
        told: dict[tuple[str, tuple[str, ...]], list[Finding]] = {}
        for part in self.parts:
            for finding in part.verify():
                told.setdefault((finding.code, finding.subjects), []).append(finding)
        found = [own[0] for own in told.values() if 2 * len(own) >= len(self.parts)]
        found += self.pls.imputations.verify()
        return worst_first(found)

    def _facts(self) -> str:
        row = self.table().set_index("construct").loc[self.target]
        return (
            f"{self.target} {row['index']:.1f}, {self.level:.0%} CI {row['ci_lower']:.1f} to "
            f"{row['ci_upper']:.1f}, kind={self.kind}, n={self.n}, {len(self.parts)} imputations, "
            f"{self.interval}"
        )

    def summary(self) -> str:
        """Return the facts, the definition, the findings and the table as plain text."""
        facts, *rest = super().summary().split("\n")
        return "\n".join([facts, f"Index: {self.definition}.", *rest])
