"""Whether the paths of a PLS model are straight: quadratic terms and Ramsey's RESET."""

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


@dataclass(frozen=True, eq=False, repr=False)
class Nonlinearity(Result):
    """The quadratic term of each path, and RESET of each construct; made by `nonlinearity`.

    Parameters
    ----------
    estimator : PLS
        The options of the fit.
    n : int
        Number of respondents.
    level : float
        Confidence level of the intervals.
    f_squared : ndarray (P,)
        The effect size of each quadratic term.
    reset_array : ndarray (t, 4)
        F, its two degrees of freedom and p, of each construct with antecedents.
    draws : Draws
        Replicates of ``quadratic`` (B, P).
    """

    estimator: PLS
    n: int
    level: float
    f_squared: Array
    reset_array: Array
    draws: Draws

    @property
    def _model(self) -> PathModel:
        return self.estimator.model

    def table(self) -> pd.DataFrame:
        """Return a row per path: ``source target quadratic se ci_lower ci_upper p f_squared``.

        `quadratic` is the coefficient of the squared score of the source, added by itself;
        positive where the path grows steeper. `p` is that of ``quadratic / se``.
        """
        names = self._model.constructs
        lower, upper = self.draws.interval("quadratic", self.level)
        return pd.DataFrame(
            {
                "source": [names[i] for i, _ in self._model.written],
                "target": [names[j] for _, j in self._model.written],
                "quadratic": self.draws.origin["quadratic"],
                "se": self.draws.se("quadratic"),
                "ci_lower": lower,
                "ci_upper": upper,
                "p": self.draws.p("quadratic"),
                "f_squared": self.f_squared,
            }
        )

    @property
    def reset(self) -> pd.DataFrame:
        """Ramsey's RESET, a row per construct with antecedents: ``target f df1 df2 p``.

        A small p says that squares and cubes of what the antecedents explain explain more.
        Errors are heteroskedasticity-consistent (HC1).
        """
        frame = pd.DataFrame(self.reset_array, columns=["f", "df1", "df2", "p"])
        frame.insert(0, "target", [self._model.constructs[c] for c in self._model.targets])
        return frame

    def verify(self) -> tuple[Finding, ...]:
        """Return the paths whose quadratic term has an interval that excludes zero."""
        found = []
        for row in self.table().to_dict("records"):
            if row["ci_lower"] * row["ci_upper"] > 0:
                evidence = {key: row[key] for key in ("quadratic", "ci_lower", "ci_upper")}
                evidence |= {"f_squared": row["f_squared"], "level": self.level}
                evidence |= {"paths": len(self._model.written), "target": row["target"]}
                subjects = (row["source"], row["target"])
                found.append(Finding("curved_path", Severity.NOTE, subjects, evidence))
        return tuple(found)

    def _facts(self) -> str:
        curved = len(self.verify())
        rejected = int((self.reset["p"] < 1 - self.level).sum())
        return (
            f"{curved} of {len(self._model.written)} paths curved, RESET rejects {rejected} of "
            f"{len(self._model.targets)}, n={self.n}, {self.draws.facts}"
        )


def nonlinearity(
    result: PLSResult, n: int, seed: int, level: float | None, progress: bool
) -> Nonlinearity:
    """Return what `PLSResult.nonlinearity` describes."""
    require_scores(result, "The test of nonlinearity")
    estimator = result.estimator
    level = estimator.level if level is None else level
    regress = partial(_quadratic, estimator.model)
    draws = drawn(result, _squares, regress, n, seed, level, progress, "nonlinearity")
    return Nonlinearity(
        estimator,
        result.sample.n,
        level,
        read_only(draws.origin["f_squared"]),
        read_only(_resets(result)),
        draws,
    )


def _squares(scores: Array, weights: Array) -> Array:
    return scores**2


def _quadratic(model: PathModel, products: Array) -> dict[str, Array]:
    """Return quadratic coefficients and their f2 (b, P), one term at a time."""
    terms, sizes = [], []
    for source, target in model.written:
        _, without = second_stage.regressed(products, predictors(model, target), 1 + target)
        at = predictors(model, target, (source,))
        b, left = second_stage.regressed(products, at, 1 + target)
        terms.append(b[:, -1])
        with np.errstate(all="ignore"):
            sizes.append((without - left) / left)
    return {"quadratic": np.stack(terms, axis=1), "f_squared": np.stack(sizes, axis=1)}


def _resets(result: PLSResult) -> Array:
    model, scores, weights = result.estimator.model, result.scores().to_numpy(), weights_of(result)
    rows = []
    for target in model.targets:
        x = np.column_stack([np.ones(len(scores)), scores[:, model.paths[:, target]]])
        test = second_stage.reset(scores[:, target], x, weights)
        rows.append([float(test.f), test.df1, test.df2, float(test.p)])
    return np.array(rows)
