"""Confirmatory tetrad analysis of a PLS model: whether items can reflect their construct."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.status import Status
from tcsmodel.kernels.tetrads import corrected_interval, nonredundant, tetrads
from tcsmodel.models.draws import Draws, Replicator, bootstrap
from tcsmodel.models.path_model import PathModel
from tcsmodel.options import Mode
from tcsmodel.result import Finding, Result, Severity
from tcsmodel.survey.moments import read_only

if TYPE_CHECKING:
    from tcsmodel.models.pls import PLS
    from tcsmodel.models.pls_result import PLSResult

Array = NDArray[np.float64]
Index = NDArray[np.intp]


class Verdict(StrEnum):
    """What the tetrads of a construct say of its items."""

    REFLECTIVE = "reflective"
    FORMATIVE = "formative"
    UNTESTED = "untested"


@dataclass(frozen=True, eq=False, repr=False)
class TetradTest(Result):
    """The vanishing tetrads of each construct with four items or more; made by `tetrads`.

    Parameters
    ----------
    estimator : PLS
        The options of the fit.
    n : int
        Number of respondents.
    level : float
        Confidence level, for all tetrads of a construct together.
    places : ndarray (t, 4) of int
        The items of each tetrad.
    estimates : ndarray (t,)
        The tetrads.
    draws : Draws
        Their replicates (B, t).
    """

    estimator: PLS
    n: int
    level: float
    places: Index
    estimates: Array
    draws: Draws

    @property
    def _model(self) -> PathModel:
        return self.estimator.model

    def table(self) -> pd.DataFrame:
        """Return a row per tetrad.

        ``construct tetrad estimate se ci_lower ci_upper p p_adjusted rejected``: `tetrad` names
        its items g, h, i, j, of which ``r_gh r_ij - r_gi r_hj``. Limits and `p_adjusted` are
        corrected for bias and, by Bonferroni, for the number of tetrads of the construct.
        """
        construct = self._model.block[self.places[:, 0]]
        many = np.bincount(construct, minlength=len(self._model.constructs))[construct]
        values = self.draws.values["tetrads"]
        level = 1 - (1 - self.level) / many
        lower, upper, p = corrected_interval(values, self.estimates, level)
        adjusted = np.minimum(p * many, 1.0)
        return pd.DataFrame(
            {
                "construct": [self._model.constructs[c] for c in construct],
                "tetrad": [", ".join(self._model.items[i] for i in four) for four in self.places],
                "estimate": self.estimates,
                "se": self.draws.se("tetrads"),
                "ci_lower": lower,
                "ci_upper": upper,
                "p": p,
                "p_adjusted": adjusted,
                "rejected": adjusted < 1 - self.level,
            }
        )

    @property
    def verdicts(self) -> pd.DataFrame:
        """A row per construct: ``construct mode n_items tetrads rejected p verdict``.

        `p` is the smallest adjusted one. ``reflective`` where no tetrad differs from zero,
        ``formative`` where one does, ``untested`` with fewer than four items.
        """
        table, model, rows = self.table(), self._model, []
        for c, name in enumerate(model.scored):
            own = table[table["construct"] == name]
            rejected = int(own["rejected"].sum())
            verdict = Verdict.FORMATIVE if rejected else Verdict.REFLECTIVE
            rows.append(
                {
                    "construct": name,
                    "mode": str(model.modes[c]),
                    "n_items": int(model.sizes[c]),
                    "tetrads": len(own),
                    "rejected": rejected,
                    "p": own["p_adjusted"].min(),
                    "verdict": str(verdict if len(own) else Verdict.UNTESTED),
                }
            )
        return pd.DataFrame(rows)

    def verify(self) -> tuple[Finding, ...]:
        """Return the constructs whose items are modelled otherwise than their tetrads say."""
        cautions, notes = [], []
        for row in self.verdicts.to_dict("records"):
            evidence = {key: row[key] for key in ("tetrads", "rejected", "p")}
            subject = (row["construct"],)
            if row["mode"] == Mode.A and row["verdict"] == Verdict.FORMATIVE:
                cautions.append(Finding("tetrads_differ", Severity.CAUTION, subject, evidence))
            if row["mode"] == Mode.B and row["verdict"] == Verdict.REFLECTIVE:
                notes.append(Finding("tetrads_vanish", Severity.NOTE, subject, evidence))
        return (*cautions, *notes)

    def _facts(self) -> str:
        verdicts = self.verdicts
        tested = verdicts[verdicts["verdict"] != Verdict.UNTESTED]
        told = ", ".join(f"{row.construct} {row.verdict}" for row in tested.itertuples())
        if len(told) > 100:
            formative = int((tested["verdict"] == Verdict.FORMATIVE).sum())
            told = f"{len(tested)} constructs tested, {formative} formative"
        return f"{told}, n={self.n}, {self.draws.n} draws"


def tetrad_test(
    result: PLSResult, n: int, seed: int, level: float | None, progress: bool
) -> TetradTest:
    """Return what `PLSResult.tetrads` describes."""
    estimator, sample = result.estimator, result.sample
    model = estimator.model
    level = estimator.level if level is None else level
    blocks = [np.flatnonzero(model.block == c) for c in range(len(model.scored))]
    places = np.concatenate([nonredundant(own) for own in blocks])
    if not len(places):
        raise TcsError(
            "No construct has four items or more, and fewer have no tetrad that one factor makes "
            "vanish. Compare the modes instead: PLS(spec, modes={...})."
        )
    places.setflags(write=False)
    make = _replicator(result, places)
    draws = bootstrap(make, n, seed=seed, level=level, progress=progress, what="tetrads")
    estimates = draws.origin["tetrads"]
    return TetradTest(estimator, sample.n, level, places, read_only(estimates), draws)


def _replicator(result: PLSResult, places: Index) -> Replicator:
    """Return how tetrads of resamples come from their moments, or from answers with gaps."""
    if result.estimator.rule.is_plain:
        return Replicator(partial(_replicate, result, places), result.sample)
    return Replicator(partial(_reweighted, result, places), result.sample, weighted=True)


def _reweighted(result: PLSResult, places: Index, weights: Array) -> dict[str, Array]:
    answers, rule = result.sample.respondents("The bootstrap"), result.estimator.rule
    return _replicate(result, places, *rule.moments(result.sample.names, answers, weights))


def _replicate(result: PLSResult, places: Index, mean: Array, cov: Array) -> dict[str, Array]:
    """Return the tetrads of answers, and of the scores of parts with weights of their own."""
    estimator = result.estimator
    staged = estimator.model.is_staged
    corr = estimator.solution(mean, cov, result.sample.n).made.corr if staged else to_corr(cov)
    values = tetrads(corr, places)
    known = np.isfinite(values).all(axis=-1)
    status = np.where(known, Status.CONVERGED, Status.SINGULAR)
    return {"tetrads": values, "status": status.astype(np.float64)}
