"""`UnitFits`: what separate fits of one model to many units share, whatever the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import counted
from tcsmodel.kernels.status import Status
from tcsmodel.models.units import Unfit, Units
from tcsmodel.result import Finding, Result, Severity

Array = NDArray[np.float64]
NAMED = 6
QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)

# What a finding about several units is called, by how their fit ended.
ENDINGS = {
    Status.SINGULAR: ("units_singular", Severity.PROBLEM),
    Status.ITERATION_CAP: ("units_not_converged", Severity.PROBLEM),
    Status.RIDGE: ("units_ridge", Severity.PROBLEM),
    Status.IMPROPER: ("units_improper", Severity.PROBLEM),
}
REFUSALS = {
    Unfit.TOO_FEW: "units_too_few",
    Unfit.CONSTANT: "units_constant",
    Unfit.SINGULAR: "units_redundant",
    Unfit.UNANSWERED: "units_unanswered",
}


@dataclass(frozen=True, eq=False, repr=False)
class UnitFits(Result):
    """Separate fits of one model to the units of a survey; frozen.

    Parameters
    ----------
    estimator : SEM
        The options of every fit.
    units_fitted : Units
        The units, and why some could not be fitted.
    """

    estimator: Any
    units_fitted: Units

    @property
    def units(self) -> tuple[str, ...]:
        """All units, in the order in which they first appear."""
        return self.units_fitted.labels

    def __len__(self) -> int:
        return len(self.units)

    @property
    def _ended(self) -> Sequence[Status]:
        """How the fits ended, of the units that were fitted."""
        raise NotImplementedError

    @property
    def status(self) -> pd.DataFrame:
        """How each unit ended: ``n status proper reason``, a row per unit.

        `status` is that of a single fit (``converged improper ridge iteration_cap singular``) or,
        where there was none, ``too_few``, ``constant_item``, ``singular_items`` or, with gaps,
        ``unanswered_items``, with the reason in words.
        """
        units = self.units_fitted
        refused = units.refused
        ended = dict(zip(units.fitted.tolist(), self._ended, strict=True))
        everyone = range(len(units))
        return pd.DataFrame(
            {
                "n": units.n,
                "status": [
                    refused[k].kind.value if k in refused else ended[k].name.lower()
                    for k in everyone
                ],
                "proper": [ended.get(k) is Status.CONVERGED for k in everyone],
                "reason": [refused[k].reason if k in refused else "" for k in everyone],
            },
            index=pd.Index(units.labels, name="unit"),
        )

    def verify(self) -> tuple[Finding, ...]:
        """Return which units were not fitted, and whose solution must not be read."""
        return (*self._refusals(), *self._troubles())

    def _refusals(self) -> Iterator[Finding]:
        units = self.units_fitted
        for kind, code in REFUSALS.items():
            own = [k for k, refusal in units.refused.items() if refusal.kind is kind]
            if own:
                items = dict.fromkeys(item for k in own for item in units.refused[k].items)
                evidence = {
                    "least": int(units.n[own].min()),
                    "needed": units.needed,
                    "items": tuple(items),
                }
                yield self._finding(code, Severity.PROBLEM, own, evidence)

    def _troubles(self) -> Iterator[Finding]:
        for status, (code, severity) in ENDINGS.items():
            own = [
                int(k)
                for k, ended in zip(self.units_fitted.fitted, self._ended, strict=True)
                if ended is status
            ]
            if own:
                yield self._finding(code, severity, own, {})

    def _finding(
        self, code: str, severity: Severity, own: Sequence[int], evidence: dict[str, Any]
    ) -> Finding:
        names = tuple(self.units[k] for k in own)
        more = (f"{len(names) - NAMED} more",) if len(names) > NAMED else ()
        known = {
            "count": counted(len(names), "unit"),
            "total": len(self),
            "by": self.units_fitted.by,
            "named": (*names[:NAMED], *more),
        }
        return Finding(code, severity, names, known | evidence)

    def _counts(self) -> list[str]:
        """Return how many units there are, and how many ended in which way."""
        known = self.status["status"].value_counts(sort=False)
        return [
            f"{len(self)} units of {self.units_fitted.by}",
            f"n={self.units_fitted.sample.n}",
            *(f"{count} {status}" for status, count in known.items()),
        ]

    def _facts(self) -> str:
        return ", ".join(self._counts())


def spread_table(names: pd.DataFrame, values: Array) -> pd.DataFrame:
    """Return how quantities (F, r) differ over units, beside the names of these r.

    ``n_units mean sd min q25 median q75 max``.
    """
    quantiles = np.full((len(QUARTILES), values.shape[1]), np.nan)
    if len(values):
        quantiles = np.quantile(values, QUARTILES, axis=0)
    own = pd.DataFrame(values)
    return names.assign(
        n_units=len(values),
        mean=own.mean(),
        sd=own.std(),
        **dict(zip(("min", "q25", "median", "q75", "max"), quantiles, strict=True)),
    )
