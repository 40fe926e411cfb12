"""The bootstrap of chi-square under the model (Bollen & Stine 1992)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.kernels.status import Status
from tcsmodel.models.draws import Draws, Replicator, bootstrap
from tcsmodel.models.sem_findings import replicate_findings
from tcsmodel.result import Finding, Result, p_phrase

if TYPE_CHECKING:
    from tcsmodel.models.criterion import Criterion
    from tcsmodel.models.sem import SEM
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class BollenStine(Result):
    """The distribution of chi-square where the model holds; made by `SEMResult.bollen_stine`.

    Parameters
    ----------
    estimator : SEM
        The options of the fit.
    chi2, df, p_normal : float
        The chi-square of the fit, and its p value under normality.
    draws : Draws
        The replicates of ``chi2`` (B,).
    """

    estimator: SEM
    chi2: float
    df: float
    p_normal: float
    draws: Draws

    @property
    def distribution(self) -> Array:
        """The chi-squares of the replicates that have one, ascending."""
        values = self.draws.values["chi2"]
        return np.sort(values[np.isfinite(values)])

    @property
    def p(self) -> float:
        """The share of the replicates with a chi-square of at least that of the fit."""
        return float(np.mean(self.distribution >= self.chi2))

    @property
    def se(self) -> float:
        """The Monte Carlo error of `p`."""
        return float(np.sqrt(self.p * (1 - self.p) / len(self.distribution)))

    def table(self) -> pd.DataFrame:
        """Return one row: ``chi2 df p_normal p se mean sd replicates``.

        `p` is that of Bollen and Stine and `se` its Monte Carlo error; `mean` and `sd` are of
        the replicates, under normality about df and ``sqrt(2 df)``.
        """
        values = self.distribution
        return pd.DataFrame(
            {
                "chi2": [self.chi2],
                "df": self.df,
                "p_normal": self.p_normal,
                "p": self.p,
                "se": self.se,
                "mean": values.mean(),
                "sd": values.std(ddof=1),
                "replicates": len(values),
            }
        )

    def verify(self) -> tuple[Finding, ...]:
        """Return how many replicates were lost or are not admissible."""
        return tuple(replicate_findings(self.draws, type(self.estimator).__name__))

    @property
    def _least_p(self) -> float:
        return 1 / len(self.distribution)

    def _facts(self) -> str:
        p = p_phrase(self.p, self._least_p)
        return (
            f"chi2={self.chi2:.3f}, df={self.df:.0f}, {p}, {self.draws.n} draws ({self.draws.ends})"
        )


def bollen_stine(result: SEMResult, n: int, seed: int, progress: bool) -> BollenStine:
    """Return what `SEMResult.bollen_stine` describes."""
    criterion, estimator = result.criterion, result.estimator.estimator
    if estimator.is_distribution_free:
        raise TcsError(
            "The bootstrap of Bollen and Stine mends a test that rests on normality, and that of "
            f"estimator={estimator.value!r} does not. Read it in result.fit_measures, or fit the "
            "model with estimator='ml'."
        )
    if criterion.takes_weights:
        raise TcsError(
            "The bootstrap of Bollen and Stine needs complete answers, of which the moments are "
            "all that is fitted. Use missing='listwise'; with gaps estimator='mlr' has a test "
            "that does not rely on normality."
        )
    turn, gap = _transformation(result)
    make = Replicator(partial(_chi2, criterion, turn, gap), criterion.sample)
    draws = bootstrap(make, n, seed=seed, progress=progress, what="Bollen-Stine bootstrap")
    measures = result.fit_measures
    return BollenStine(
        result.estimator,
        float(measures["chi2"]),
        float(measures["df"]),
        float(measures["p"]),
        draws,
    )


def _transformation(result: SEMResult) -> tuple[Array, Array]:
    """Return matrices (G, p, p) and means (G, 2, p) that make the answers fit the model.

    ``(x - mean) S^-1/2 Sigma^1/2 + mu``, Bollen & Stine (1992): answers with the moments that
    the model implies and otherwise the distribution that they have.
    """
    groups, p = result.model.n_groups, len(result.model.parameters.items)
    sigma = result.implied_cov.to_numpy().reshape(groups, p, p)
    turn = _root(result.sampled.cov[0], -0.5) @ _root(sigma, 0.5)
    mean = np.stack([part.moments.mean_array for part in result.sample.by_group])
    return turn, np.stack([mean, result.implied_mean.to_numpy().reshape(groups, p)], axis=1)


def _root(cov: Array, power: float) -> Array:
    """Return a power (..., p, p) of covariances."""
    values, vectors = np.linalg.eigh(cov)
    if not (values > 0).all():
        raise TcsError(
            "The model implies covariances that no answers can have, so there are none in which "
            "it holds. result.verify() says what is wrong; try bounds='standard'."
        )
    return np.asarray((vectors * values[..., None, :] ** power) @ np.swapaxes(vectors, -1, -2))


def _chi2(
    criterion: Criterion, turn: Array, gap: Array, mean: Array, cov: Array
) -> dict[str, Array]:
    """Return chi-squares (B,) of resamples of the transformed answers.

    The transformation is linear, so their moments follow from those of the answers themselves.
    """
    shape = mean.shape
    groups = (len(mean), *turn.shape[:2])
    mean, cov = mean.reshape(groups), cov.reshape(*groups, -1)
    mean = np.einsum("bgi,gij->bgj", mean - gap[:, 0], turn) + gap[:, 1]
    cov = np.swapaxes(turn, 1, 2) @ cov @ turn
    problem = criterion.resampled(mean.reshape(shape), cov.reshape(*shape, -1))
    fitted = problem.fit(patient=False)
    chi2 = problem.chi2(fitted.value, fitted.theta)
    lost = fitted.status >= Status.ITERATION_CAP
    return {"chi2": np.where(lost, np.nan, chi2), "status": fitted.status.astype(np.float64)}
