"""Whether antecedents of a PLS model are endogenous: Gaussian copula terms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.kernels import second_stage
from tcsmodel.models.draws import Draws
from tcsmodel.models.path_model import PathModel
from tcsmodel.models.second_stage import drawn, predictors, require_scores, weights_of
from tcsmodel.result import Finding, Result, Severity
from tcsmodel.survey.moments import read_only

if TYPE_CHECKING:
    from tcsmodel.models.pls import PLS
    from tcsmodel.models.pls_result import PLSResult

Array = NDArray[np.float64]
# The terms of one regression: target, the antecedent looked at, antecedents with a copula.
Row = tuple[int, int, tuple[int, ...]]

NORMAL = 0.05


@dataclass(frozen=True, eq=False, repr=False)
class Endogeneity(Result):
    """Paths with a Gaussian copula beside the antecedent; made by `endogeneity`.

    Parameters
    ----------
    estimator : PLS
        The options of the fit.
    n : int
        Number of respondents.
    level : float
        Confidence level of the intervals.
    paths_array : ndarray (k, k)
        The paths of the model as it is, source x target.
    shape_array : ndarray (k, 3)
        Skewness, excess kurtosis and p of normality of the scores.
    draws : Draws
        Replicates of ``path`` and ``copula`` (B, R).
    """

    estimator: PLS
    n: int
    level: float
    paths_array: Array
    shape_array: Array
    draws: Draws

    @property
    def _model(self) -> PathModel:
        return self.estimator.model

    def table(self) -> pd.DataFrame:
        """Return a row per path and set of copulas.

        ``source target copulas path path_corrected copula se ci_lower ci_upper p``: `path` is
        that of the model, `path_corrected` that with copulas of the constructs named in
        `copulas`, `copula` the coefficient of the copula of the source with its interval, and
        `p` that of ``copula / se``.
        """
        names, rows = self._model.constructs, _rows(self._model)
        lower, upper = self.draws.interval("copula", self.level)
        return pd.DataFrame(
            {
                "source": [names[source] for _, source, _ in rows],
                "target": [names[target] for target, _, _ in rows],
                "copulas": [", ".join(names[c] for c in own) for _, _, own in rows],
                "path": [self.paths_array[source, target] for target, source, _ in rows],
                "path_corrected": self.draws.origin["path"],
                "copula": self.draws.origin["copula"],
                "se": self.draws.se("copula"),
                "ci_lower": lower,
                "ci_upper": upper,
                "p": self.draws.p("copula"),
            }
        )

    @property
    def normality(self) -> pd.DataFrame:
        """Shape of the antecedents' scores: ``construct skewness kurtosis p`` (Jarque & Bera).

        A copula is identified only where its antecedent is not normal: where p is large its
        coefficient says nothing.
        """
        sources = np.flatnonzero(self._model.paths.any(axis=1))
        frame = pd.DataFrame(self.shape_array[sources], columns=["skewness", "kurtosis", "p"])
        frame.insert(0, "construct", [self._model.constructs[c] for c in sources])
        return frame

    def verify(self) -> tuple[Finding, ...]:
        """Return paths with a copula that differs from zero, and antecedents that are normal."""
        shape = self.normality.set_index("construct")["p"]
        found = []
        for row in self.table().to_dict("records"):
            excludes = row["ci_lower"] * row["ci_upper"] > 0
            if excludes and row["copulas"] == row["source"] and shape[row["source"]] < NORMAL:
                keys = ("target", "copula", "ci_lower", "ci_upper", "path", "path_corrected")
                evidence = {key: row[key] for key in keys} | {"level": self.level}
                subjects = (row["source"], row["target"])
                found.append(Finding("endogenous_path", Severity.CAUTION, subjects, evidence))
        normal = tuple(shape.index[shape >= NORMAL])
        if normal:
            evidence = {"p": float(shape.max()), "limit": NORMAL}
            found.append(Finding("normal_antecedent", Severity.NOTE, normal, evidence))
        return tuple(found)

    def _facts(self) -> str:
        suspect = sum(finding.code == "endogenous_path" for finding in self.verify())
        paths = len(self._model.written)
        return f"{suspect} of {paths} paths suspect, n={self.n}, {self.draws.facts}"


def endogeneity(
    result: PLSResult, n: int, seed: int, level: float | None, progress: bool
) -> Endogeneity:
    """Return what `PLSResult.endogeneity` describes."""
    require_scores(result, "The test of endogeneity")
    estimator = result.estimator
    level = estimator.level if level is None else level
    regress = partial(_corrected, estimator.model)
    draws = drawn(result, second_stage.copula, regress, n, seed, level, progress, "endogeneity")
    shape = second_stage.shape(result.scores().to_numpy(), weights_of(result))
    return Endogeneity(
        estimator,
        result.sample.n,
        level,
        read_only(result.arrays["paths"]),
        read_only(np.column_stack(shape)),
        draws,
    )


def _rows(model: PathModel) -> list[Row]:
    """Return each path with the copula of its source alone, then with those of all antecedents."""
    rows: list[Row] = []
    for target in model.targets:
        sources = tuple(int(c) for c in np.flatnonzero(model.paths[:, target]))
        rows += [(target, source, (source,)) for source in sources]
        if len(sources) > 1:
            rows += [(target, source, sources) for source in sources]
    return rows


def _corrected(model: PathModel, products: Array) -> dict[str, Array]:
    """Return paths and copulas (b, R) of all rows."""
    paths, copulas = [], []
    for target, source, own in _rows(model):
        at = predictors(model, target, own)
        b, _ = second_stage.regressed(products, at, 1 + target)
        paths.append(b[:, np.flatnonzero(at == 1 + source)[0]])
        copulas.append(b[:, np.flatnonzero(at == 1 + len(model.constructs) + source)[0]])
    return {"path": np.stack(paths, axis=1), "copula": np.stack(copulas, axis=1)}
