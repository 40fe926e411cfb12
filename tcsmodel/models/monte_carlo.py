"""Monte Carlo draws of estimates: what normal sampling errors say of functions of parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.models.draws import Draws, Source
from tcsmodel.options import require_level, require_whole

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]

CHUNK = 512
# Relative size of an eigenvalue that is zero because constraints hold.
ROUNDING = 1e-12


def monte_carlo(result: SEMResult, n: int, seed: int, level: float | None) -> SEMResult:
    """Return what `SEMResult.monte_carlo` describes."""
    require_whole(n, "n", 2)
    require_whole(seed, "seed", 0)
    level = result.estimator.level if level is None else level
    require_level(level)
    vcov = _known(result)
    if not np.isfinite(vcov).all():
        raise TcsError(
            "The estimates have no covariances to draw from: the data do not determine a "
            "parameter. result.verify() says which; simplify the model, or bootstrap."
        )
    values, vectors = np.linalg.eigh(vcov)
    root = vectors * np.sqrt(np.where(values > ROUNDING * values.max(), values, 0.0))
    noise = np.random.default_rng(seed).standard_normal((n, len(vcov)))
    theta = result.theta + noise @ root.T
    parts = list(map_chunks(result.model.structure, _chunks(theta)))
    drawn = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    status = np.zeros(n, dtype=np.intp)
    draws = Draws(drawn, status, seed, level, origin=result.arrays, source=Source.MONTE_CARLO)
    return replace(result, draws=draws)


def _chunks(theta: Array) -> list[Array]:
    return [theta[start : start + CHUNK] for start in range(0, len(theta), CHUNK)]


def _known(result: SEMResult) -> Array:
    """Return the covariances of the parameters; the moments of observed causes are given."""
    given = np.array([row.exogenous for row in result.model.parameters.free], dtype=bool)
    vcov = result.vcov_of_theta.copy()
    vcov[given], vcov[:, given] = 0.0, 0.0
    return vcov
