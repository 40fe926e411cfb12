"""`PLSFits`: one PLS path model fitted to many units, each by itself, in one batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import ImproperSolutionWarning, TcsError, warn
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.status import Status
from tcsmodel.models.assessment import explain_singular
from tcsmodel.models.pls_circumstances import largest_regression
from tcsmodel.models.pls_fits_findings import findings
from tcsmodel.models.pls_result import PLSResult
from tcsmodel.models.unit_fits import UnitFits, spread_table
from tcsmodel.models.units import Units
from tcsmodel.options import require
from tcsmodel.result import Finding
from tcsmodel.survey.moments import read_only
from tcsmodel.survey.survey import Survey

if TYPE_CHECKING:
    from tcsmodel.models.pls import PLS

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class PLSFits(UnitFits):
    """Separate fits of a PLS path model to the units of a survey; frozen.

    ``fits["A"]`` is the `PLSResult` of one unit, with all that it offers.

    Parameters
    ----------
    estimator : PLS
        The options of every fit.
    units_fitted : Units
        The U units, and why some could not be fitted.
    arrays : dict of str to ndarray (F, ...)
        The quantities of the F others, as in ``PLSResult.arrays``.
    ended, iterations : ndarray (F,)
        How each ended, and in how many iterations.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> frame = tcs.datasets.mobi().data.assign(brand=["A", "B"] * 125)
    >>> fits = tcs.PLS(tcs.library.ecsi()).fit_each(frame, by="brand")
    >>> fits
    PLSFits(2 units of brand, n=250, 2 converged)
    >>> fits.r_squared.loc["A"].round(2).to_dict()["Satisfaction"]
    0.73
    """

    estimator: PLS
    arrays: Mapping[str, Array]
    ended: NDArray[np.intp]
    iterations: NDArray[np.intp]

    def __getitem__(self, unit: object) -> PLSResult:
        """Return the result of one unit.

        Raises
        ------
        OptionError
            When there is no such unit.
        SurveyError
            When it could not be fitted; the message says why.
        """
        units = self.units_fitted
        number = units.at(unit)
        at = int(np.searchsorted(units.fitted, number))
        arrays = {name: values[at] for name, values in self.arrays.items()}
        status = Status(int(self.ended[at]))
        return PLSResult(
            self.estimator, units.sample_of(number), arrays, status, int(self.iterations[at])
        )

    @property
    def _ended(self) -> Sequence[Status]:
        return [Status(code) for code in self.ended.tolist()]

    @cached_property
    def status(self) -> pd.DataFrame:
        """How each unit ended: ``n status proper reason``, as `UnitFits.status`.

        With the reason, in words, also where the algorithm ended without weights or paths.
        """
        frame, units = super().status, self.units_fitted
        for at in np.flatnonzero(self.ended == Status.SINGULAR).tolist():
            own = {name: values[at] for name, values in self.arrays.items()}
            k = int(units.fitted[at])
            error = explain_singular(
                self.estimator.model, self.estimator.weighting, own, to_corr(units.cov[k])
            )
            frame.loc[units.labels[k], "reason"] = str(error)
        return frame

    def verify(self) -> tuple[Finding, ...]:
        """Return which units were not fitted, which fits must not be read, and what is weak."""
        found = (
            self._finding(code, severity, own, evidence)
            for code, severity, own, evidence in findings(self)
        )
        return (*super().verify(), *found)

    def _troubles(self) -> Iterator[Finding]:
        for finding in super()._troubles():
            if finding.code != "units_singular":
                yield finding
                continue
            first = finding.subjects[0]
            evidence = {"unit": first, "reason": self.status.loc[first, "reason"]}
            yield replace(
                finding, code="units_undetermined", evidence={**finding.evidence, **evidence}
            )

    @cached_property
    def fitted(self) -> tuple[str, ...]:
        """The units that were fitted."""
        return tuple(self.units[k] for k in self.units_fitted.fitted)

    @cached_property
    def paths(self) -> pd.DataFrame:
        """The path coefficients of every unit that was fitted: ``unit source target path``."""
        model = self.estimator.model
        source, target = np.array(model.written).T
        names = np.array(model.constructs, dtype=object)
        values = self.arrays["paths"][:, source, target]
        return pd.DataFrame(
            {
                "unit": np.repeat(np.array(self.fitted, dtype=object), len(source)),
                "source": np.tile(names[source], len(values)),
                "target": np.tile(names[target], len(values)),
                "path": values.ravel(),
            }
        )

    @cached_property
    def spread(self) -> pd.DataFrame:
        """How each path differs over the units with a proper solution.

        ``lhs op rhs n_units mean sd min q25 median q75 max``.
        """
        proper = self.ended == Status.CONVERGED
        source, target = np.array(self.estimator.model.written).T
        names = np.array(self.estimator.model.constructs, dtype=object)
        values = self.arrays["paths"][proper][:, source, target]
        paths = pd.DataFrame({"lhs": names[target], "op": "~", "rhs": names[source]})
        return spread_table(paths, values)

    @cached_property
    def r_squared(self) -> pd.DataFrame:
        """R2 (unit x construct with antecedents)."""
        model = self.estimator.model
        targets = list(model.targets)
        return self._by_unit(
            self.arrays["r_squared"][:, targets], [model.constructs[j] for j in targets]
        )

    def reliability(self, measure: str = "rho_c") -> pd.DataFrame:
        """Return a measure of reliability (unit x construct): ``alpha rho_a rho_c`` or ``ave``."""
        known = ("alpha", "rho_a", "rho_c", "ave")
        require(measure in known, f"measure={measure!r} is not one of {', '.join(known)}.")
        return self._by_unit(self.arrays[measure], list(self.estimator.model.constructs))

    def _by_unit(self, values: Array, columns: list[str]) -> pd.DataFrame:
        return pd.DataFrame(values, index=pd.Index(self.fitted, name="unit"), columns=columns)

    def table(self) -> pd.DataFrame:
        """Return ``unit n status proper r_squared reason``, a row per unit.

        `r_squared` is the mean of those of the constructs.
        """
        table = self.status.assign(r_squared=self.r_squared.mean(axis=1)).reset_index()
        return table[["unit", "n", "status", "proper", "r_squared", "reason"]]


def fit_each(estimator: PLS, data: Survey | pd.DataFrame, by: str | Sequence[str]) -> PLSFits:
    """Return the model fitted to each unit; see `PLS.fit_each`."""
    require(
        estimator.rule.is_plain,
        "fit_each() takes complete answers, as they are: missing='listwise' and no ordered items. "
        "Fit units with other options one by one.",
    )
    model = estimator.model
    least = largest_regression(model) + 2
    units = Units.of(data, model.observed, by, least=least, pairs=model.pairs)
    if not len(units.fitted):
        reasons = next(iter(units.refused.values())).reason
        raise TcsError(
            f"None of the {len(units)} units of {units.by} can be fitted. Of the first: {reasons}"
        )
    own = units.fitted
    values = estimator.quantities(units.mean[own], units.cov[own], units.n[own][:, None])
    status = values.pop("status").astype(np.intp)
    iterations = values.pop("iterations").astype(np.intp)
    arrays = {name: read_only(value) for name, value in values.items()}
    for codes in (status, iterations):
        codes.setflags(write=False)
    fits = PLSFits(estimator, units, arrays, status, iterations)
    troubled = int((~fits.status["proper"]).sum())
    if troubled:
        warn(
            f"{troubled} of {len(fits)} units of {units.by} have no proper solution; "
            "result.verify() names them and says what to do.",
            ImproperSolutionWarning,
        )
    return fits
