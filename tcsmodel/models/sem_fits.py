"""`SEMFits`: one covariance-based model fitted to many units, each by itself, in one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from tcsmodel.errors import ImproperSolutionWarning, TcsError, warn
from tcsmodel.kernels import gaps_apart
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.kernels.sem import Fit
from tcsmodel.kernels.status import Status
from tcsmodel.models.covariance_sample import require_complete
from tcsmodel.models.estimator import Data
from tcsmodel.models.maximum_likelihood import LikelihoodProblem
from tcsmodel.models.sem_refusals import refuse_design
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.models.unit_fits import UnitFits, spread_table
from tcsmodel.models.unit_inference import unit_inference
from tcsmodel.models.units import Units
from tcsmodel.options import Engine, Estimator, SEMMissing, require
from tcsmodel.result import as_text
from tcsmodel.survey.survey import Survey

if TYPE_CHECKING:
    from tcsmodel.models.sem import SEM

Array = NDArray[np.float64]
Index = NDArray[np.intp]

LIKELIHOOD = (Estimator.ML, Estimator.MLR, Estimator.MLM, Estimator.MLMV)
SHOWN = ("chi2", "df", "p", "cfi", "tli", "rmsea", "srmr")


@dataclass(frozen=True, eq=False, repr=False)
class SEMFits(UnitFits):
    """Separate fits of a structural equation model to the units of a survey; frozen.

    ``fits["A"]`` is the `SEMResult` of one unit, with all that it offers.

    Parameters
    ----------
    estimator : SEM
        The options of every fit.
    units_fitted : Units
        The U units, and why some could not be fitted.
    fitted : Fit
        The fits of the F others.
    arrays : dict of str to ndarray (F, ...)
        Their quantities, as in ``SEMResult.arrays``.
    vcov : ndarray (F, q, q)
        Covariances of their parameters, those of the estimator chosen.
    measures : dict of str to ndarray (F,)
        Their fit measures.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse("Quality =~ q1 + q2 + q3 + q4")
    >>> frame = tcs.simulate(spec, n=600, seed=1).data.assign(firm=["A", "B", "C"] * 200)
    >>> fits = tcs.CFA(spec).fit_each(frame, by="firm")
    >>> fits
    SEMFits(3 units of firm, n=600, 3 converged)
    >>> fits.fit_measures[["n", "chi2", "df"]].round(3).loc["B"].tolist()
    [200.0, 3.258, 2.0]
    >>> fits["B"].fit_measures[["n", "chi2", "df"]].round(3).tolist()
    [200.0, 3.258, 2.0]
    """

    estimator: SEM
    fitted: Fit
    arrays: Mapping[str, Array]
    vcov: Array
    measures: Mapping[str, Array]

    def __getitem__(self, unit: object) -> SEMResult:
        """Return the result of one unit.

        Raises
        ------
        OptionError
            When there is no such unit.
        SurveyError
            When it could not be fitted; the message says why.
        """
        at = self.units_fitted.at(unit)
        return self._result(int(np.searchsorted(self.units_fitted.fitted, at)))

    def _result(self, k: int) -> SEMResult:
        """Return the result of the k-th unit that was fitted."""
        sample = self.units_fitted.sample_of(int(self.units_fitted.fitted[k]))
        criterion = self.estimator.criterion_of(self.estimator.model, sample)
        return self.estimator.result_of(criterion, self.fitted, self.arrays, k)

    @property
    def _ended(self) -> Sequence[Status]:
        return [Status(code) for code in self.fitted.status.tolist()]

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """All parameters of the units that were fitted, tidy.

        ``unit lhs op rhs label estimate se z p ci_lower ci_upper std``; as
        ``SEMResult.estimates`` of each, unit after unit.
        """
        model, value = self.estimator.model, self.arrays["estimates"]
        se = np.where(np.isnan(value), np.nan, model.errors(self.fitted.theta, self.vcov))
        names = {name: model.names[name] for name in ("lhs", "op", "rhs", "label")}
        units = [self.units[k] for k in self.units_fitted.fitted]
        half = special.ndtri((1 + self.estimator.level) / 2) * se
        with np.errstate(all="ignore"):
            z = np.where(se == 0, np.nan, value / se)
        numbers = {
            "estimate": value,
            "se": se,
            "z": z,
            "p": 2 * special.ndtr(-np.abs(z)),
            "ci_lower": value - half,
            "ci_upper": value + half,
            "std": self.arrays["std"],
        }
        return pd.DataFrame(
            {
                "unit": np.repeat(np.array(units, dtype=object), value.shape[1]),
                **{name: own * len(units) for name, own in names.items()},
                **{name: array.ravel() for name, array in numbers.items()},
            }
        )

    @cached_property
    def fit_measures(self) -> pd.DataFrame:
        """Fit of each unit, a row per unit; nan where it was not fitted.

        Columns as in ``SEMResult.fit_measures``.
        """
        index = pd.Index([self.units[k] for k in self.units_fitted.fitted], name="unit")
        frame = pd.DataFrame(dict(self.measures), index=index)
        return frame.reindex(pd.Index(self.units, name="unit"))

    @cached_property
    def spread(self) -> pd.DataFrame:
        """How each free parameter differs over the units with a proper solution.

        ``lhs op rhs label n_units mean sd min q25 median q75 max``, of estimates; fixed
        parameters are left out.
        """
        proper = self.fitted.status == Status.CONVERGED
        free = ~np.isclose(self.estimates["se"].to_numpy().reshape(len(proper), -1), 0).all(axis=0)
        values = self.arrays["estimates"][proper][:, free]
        names = {k: self.estimator.model.names[k] for k in ("lhs", "op", "rhs", "label")}
        return spread_table(pd.DataFrame(names)[free].reset_index(drop=True), values)

    def table(self) -> pd.DataFrame:
        """Return ``unit n status proper chi2 df p cfi tli rmsea srmr reason``, a row per unit.

        The scaled test and robust measures where the estimator has them.
        """
        measures = self.fit_measures
        kept = {name: measures[_reported(name, measures)] for name in SHOWN}
        status = self.status
        reason = status.pop("reason")
        return status.assign(**kept, reason=reason).reset_index()

    def summary(self) -> str:
        """Return the counts, the findings, and how the parameters differ over the units."""
        findings = [f"{finding.severity}: {finding}" for finding in self.verify()]
        known = self.table().drop(columns=["unit", "proper", "status", "reason"])
        body = [
            "Fit over the units:",
            as_text(known.describe().drop(index=["count", "std"])),
            "",
            "Parameters over the units with a proper solution:",
            as_text(self.spread, index=False),
        ]
        return "\n".join([repr(self), *findings, "", *body])


def _reported(name: str, measures: pd.DataFrame) -> str:
    """Return the column to report for a measure: robust before scaled before plain."""
    variants = (f"{name}_robust", f"{name}_scaled", name)
    return next(variant for variant in variants if variant in measures)


def fit_each(estimator: SEM, data: Data, by: str) -> SEMFits:
    """Return the fits of a model to each unit; see `SEM.fit_each`."""
    require(
        estimator.estimator in LIKELIHOOD
        and estimator.missing in (SEMMissing.LISTWISE, SEMMissing.FIML)
        and not estimator.auxiliary
        and estimator.engine is Engine.NATIVE
        and estimator.group is None
        and estimator.reliability is None,
        "fit_each() fits by maximum likelihood (ml, mlr, mlm, mlmv), to complete answers or with "
        "missing='fiml', without auxiliary=, groups within units or reliability=. For anything "
        "else fit the units one by one, as in "
        f"estimator.fit(survey.where(lambda d: d[{by!r}] == 'A')).",
    )
    refuse_design(estimator.estimator, data if isinstance(data, Survey) else None)
    units = Units.of(data, estimator.parameters.items, by, missing=estimator.missing)
    if units.sample.has_gaps:
        require_complete(units.sample, estimator.parameters.given)
    if not len(units.fitted):
        first = next(iter(units.refused.items()))
        raise TcsError(
            f"None of the {len(units)} units of {by!r} can be fitted. The first, "
            f"{units.labels[first[0]]!r}: {first[1].reason}"
        )
    gaps = units.gaps[units.fitted]
    chunks = [own for kind in (~gaps, gaps) for own in units.chunks(units.fitted[kind])]
    place = np.argsort(np.concatenate(chunks))
    parts = list(map_chunks(lambda own: _fit(estimator, units, own), chunks))
    fitted = Fit(*(_joined([getattr(p.fitted, f.name) for p in parts], place) for f in fields(Fit)))
    arrays, measures = (
        _tables([getattr(p, k) for p in parts], place) for k in ("arrays", "measures")
    )
    vcov = _joined([part.vcov for part in parts], place)
    result = SEMFits(estimator, units, fitted, arrays, vcov, measures)
    irregular = np.flatnonzero(~fitted.regular)
    if len(irregular):
        estimator.check_identified(result._result(int(irregular[0])).criterion)
    _warn(result)
    return result


@dataclass(frozen=True)
class _Part:
    """The fits of some units, their quantities, covariances of estimates and fit measures."""

    fitted: Fit
    arrays: dict[str, Array]
    vcov: Array
    measures: dict[str, Array]


def _fit(estimator: SEM, units: Units, own: Index) -> _Part:
    model, n = estimator.model, units.n[own, None].astype(np.float64)
    if units.gaps[own[0]]:
        sampled = gaps_apart.sampled(units.answers(own), units.mean[own], units.cov[own])
    else:
        sampled = model.sampled(units.mean[own], units.cov[own], n, n)
    problem = LikelihoodProblem(model, sampled, estimator.uses_observed)
    fitted = problem.fit(patient=True)
    found = unit_inference(estimator, units, own, problem, fitted)
    return _Part(fitted, model.structure(fitted.theta), found.vcov, found.measures)


def _tables(parts: Sequence[Mapping[str, Array]], place: Index) -> dict[str, Array]:
    """Return what parts have by name, nan where one of them has none."""
    names = dict.fromkeys(name for part in parts for name in part)
    size = [len(next(iter(part.values()))) for part in parts]
    missing = [np.full(n, np.nan) for n in size]
    return {
        name: _joined([p.get(name, none) for p, none in zip(parts, missing, strict=True)], place)
        for name in names
    }


def _joined(parts: Sequence[NDArray], place: Index) -> NDArray:
    whole = np.concatenate(parts)[place]
    whole.setflags(write=False)
    return whole


def _warn(result: SEMFits) -> None:
    status = result.status
    refused = len(result.units_fitted.refused)
    wrong = int((~status["proper"]).sum()) - refused
    if refused or wrong:
        warn(
            f"Of {len(result)} units of {result.units_fitted.by!r}, {refused} could not be fitted "
            f"and {wrong} ended with an improper solution. result.status names them; "
            "result.verify() says what to do.",
            ImproperSolutionWarning,
        )
