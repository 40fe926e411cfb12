"""The stages of a study, run one after another; what fails is noted and the others run."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tcsmodel.errors import SpecError, TcsError, TcsWarning
from tcsmodel.models.cfa import CFA
from tcsmodel.models.efa import EFA, EFAResult
from tcsmodel.models.pls import PLS, PLSResult
from tcsmodel.models.sem import SEM, SEMResult
from tcsmodel.options import PLSMissing, SEMMissing
from tcsmodel.satisfaction.drivers import Drivers, KeyDrivers
from tcsmodel.satisfaction.gate import Gate, structure_gate
from tcsmodel.satisfaction.index import SatisfactionIndex, satisfaction_index
from tcsmodel.satisfaction.priorities import Priorities, priorities
from tcsmodel.survey.screening import Factorability, Screening, factorability, screening
from tcsmodel.survey.survey import Survey

if TYPE_CHECKING:
    from tcsmodel.study import Study

Fitted = TypeVar("Fitted", PLSResult, Drivers)

HALF_AT_LEAST = 100
RESPONDENTS_PER_ITEM = 5

# Every stage in its order, with the stage it cannot do without.
STAGES: Mapping[str, str | None] = {
    "screening": None,
    "factorability": None,
    "efa": None,
    "cfa": None,
    "sem": None,
    "pls": None,
    "gate": "pls",
    "index": "pls",
    "drivers": "index",
    "priorities": "index",
}


@dataclass(frozen=True, slots=True)
class Split:
    """Who explored and who confirmed the structure.

    Parameters
    ----------
    halves : bool
        Whether EFA and CFA used different respondents.
    n_efa, n_cfa : int
        Complete respondents of each.
    n_needed : int
        Complete respondents that halves would need in all.
    """

    halves: bool
    n_efa: int
    n_cfa: int
    n_needed: int


class Road:
    """The running of a study: what is done, what failed, what was warned of.

    Each stage is the method of its name.
    """

    def __init__(self, study: Study, survey: Survey, seed: int, progress: bool) -> None:
        self.study, self.whole, self.seed, self.progress = study, survey, seed, progress
        self.done: dict[str, Any] = {}
        self.failures: dict[str, str] = {}
        self.cautions: dict[str, type[TcsWarning]] = {}
        first, second, self.split = _halves(survey, study.spec.items, seed)
        self.explored, self.confirmed = first, second

    def walk(self) -> None:
        """Run every stage in its order; note why one failed, and what it warned of."""
        for name, needs in STAGES.items():
            if needs in self.failures:
                self.failures[name] = f"It needs {needs}, which could not be computed."
                continue
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", TcsWarning)
                try:
                    self.done[name] = getattr(self, name)()
                except TcsError as error:
                    self.failures[name] = str(error)
            self._note(caught)

    def _note(self, caught: list[warnings.WarningMessage]) -> None:
        """Keep our warnings, pass others on."""
        for one in caught:
            if issubclass(one.category, TcsWarning):
                self.cautions.setdefault(str(one.message), one.category)
            else:
                warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)

    def screening(self) -> Screening:
        """Describe items and respondents."""
        return screening(self.whole, self.study.spec)

    def factorability(self) -> Factorability:
        """Compute KMO and Bartlett's test."""
        return factorability(self.whole, self.study.spec.items)

    def efa(self) -> EFAResult:
        """Explore the structure, on one half where that is possible."""
        study = self.study
        return EFA(items=study.spec.items, seed=self.seed, missing=study.missing).fit(self.explored)

    def cfa(self) -> SEMResult:
        """Confirm the measurement model, on the other half."""
        study = self.study
        spec = study.spec.measurement()
        missing = SEMMissing(study.missing)
        return CFA(spec, missing=missing, level=study.level).fit(self.confirmed)

    def sem(self) -> SEMResult:
        """Fit the model to covariances."""
        study = self.study
        missing = SEMMissing(study.missing)
        return SEM(study.spec, missing=missing, level=study.level).fit(self.whole)

    def pls(self) -> PLSResult:
        """Fit and bootstrap the model by PLS."""
        study = self.study
        pls = PLS(
            study.spec,
            scheme=study.scheme,
            missing=PLSMissing(study.missing),
            level=study.level,
        )
        fitted = pls.fit(self.whole)
        return self._repeated(fitted, study.bootstrap)

    def gate(self) -> Gate:
        """Check the structure, with the covariance-based results there are."""
        return structure_gate(self.done["pls"], self.done.get("sem"), self.done.get("cfa"))

    def index(self) -> SatisfactionIndex:
        """Compute the 0-100 indices."""
        return satisfaction_index(self.done["pls"], self.study.target)

    def drivers(self) -> Drivers:
        """Share the target's index among the indices of all that leads to it."""
        study, index = self.study, self.done["index"]
        names = [n for n in study.spec.antecedents(study.target) if np.isfinite(index.indices[n])]
        if not names:
            raise SpecError(
                f"Nothing with an index leads to {study.target!r}, so it has no drivers. Try a "
                f"path such as '{study.target} ~ Quality', or another target."
            )
        key = KeyDrivers(study.target, names, missing=study.missing, level=study.level)
        fitted = key.fit(index.survey([*names, study.target]))
        return self._repeated(fitted, study.driver_bootstrap)

    def _repeated(self, fitted: Fitted, replicates: int) -> Fitted:
        """Return a result with replicates: those of the survey's own weights where it has any."""
        if self.whole.replicates is not None:
            return fitted.replicated()
        return fitted.bootstrap(replicates, seed=self.seed, progress=self.progress)

    def priorities(self) -> Priorities:
        """Rank what to improve."""
        return priorities(self.done["pls"], self.study.target)


def _halves(survey: Survey, items: tuple[str, ...], seed: int) -> tuple[Survey, Survey, Split]:
    """Return who explores and who confirms: halves of the complete respondents, or everyone."""
    complete = np.asarray(np.isfinite(survey.values(items)).all(axis=1))
    half = max(HALF_AT_LEAST, RESPONDENTS_PER_ITEM * len(items))
    if complete.any():
        first, second = survey.where(complete).split(seed)
        if min(first.n, second.n) >= half:
            return first, second, Split(True, first.n, second.n, 2 * half)
    n = int(complete.sum())
    return survey, survey, Split(False, n, n, 2 * half)
