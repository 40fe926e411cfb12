"""`residuals` and `srmr_test`: where, and how much, a fitted model misses the covariances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.kernels import residuals as kernel
from tcsmodel.kernels.gamma import normal_variance
from tcsmodel.models.fitted import (
    FittedGroup,
    fitted_groups,
    held_constraints,
    require_fit,
)
from tcsmodel.models.ordinal_least_squares import OrdinalLeastSquares
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.options import require, require_level

Array = NDArray[np.float64]


def residuals(result: SEMResult) -> pd.DataFrame:
    """Return the residual of every pair of items, the largest correlation residual first.

    Parameters
    ----------
    result : SEMResult or CFAResult
        A fitted model.

    Returns
    -------
    DataFrame
        ``lhs rhs group residual normalized standardized corr corr_bentler z``. `residual` is
        observed minus implied covariance, `normalized` over the standard error of the
        covariance, `standardized` over its own; `corr` is observed minus implied correlation
        (Bollen), `z` that over its own standard error; `corr_bentler` the residual in units
        of the items' standard deviations, of which SRMR is the root mean square. Nan where the
        model reproduces a moment whatever the data; with missing answers all z values are.

    Notes
    -----
    Standard errors under normality, as in lavaan's ``lavResiduals()``; after ``wls``, ``ulsmv``
    and ``wlsmv``, and wherever items are ordinal, those that do not rely on it. Of ordinal items
    the moments are polychoric correlations, with missing answers too.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse("Quality =~ PERQ1 + PERQ3 + PERQ4 + PERQ6")
    >>> worst = tcs.residuals(tcs.CFA(spec).fit(tcs.datasets.mobi())).iloc[0]
    >>> worst["lhs"], worst["rhs"], round(float(worst["z"]), 2)
    ('PERQ1', 'PERQ3', 1.48)
    """
    require_fit(result, "residuals()")
    found = list(_sampled(result))
    variances = _variances(result, [group for group, *_ in found])
    frames = [
        _pairs(result, *one, variance) for one, variance in zip(found, variances, strict=True)
    ]
    frame = pd.concat(frames, ignore_index=True)
    order = frame["corr"].abs().sort_values(ascending=False, kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def _sampled(result: SEMResult) -> Iterator[tuple[FittedGroup, Array, Array]]:
    """Yield each group with what the model implies, and the sampling covariances of residuals."""
    groups = fitted_groups(result)
    layouts, held = [group.layout for group in groups], held_constraints(result)
    xis: Sequence[Array] | None = result.criterion.residual_cov(layouts, result.theta, held)
    if xis is None:
        xis = kernel.residual_cov(
            layouts,
            result.theta[None],
            [group.cov[None] for group in groups],
            [group.n for group in groups],
            mean=groups[0].has_means,
            restrictions=held,
        )
    if _lacks_errors(result):
        xis = [np.full_like(xi, np.nan) for xi in xis]
    p = len(result.model.parameters.items)
    sigmas = result.implied_cov.to_numpy().reshape(len(groups), 1, p, p)
    yield from zip(groups, sigmas, xis, strict=True)


def _lacks_errors(result: SEMResult) -> bool:
    """Return whether answers are missing of which the errors of moments do not know."""
    return result.sample.has_gaps and not result.model.parameters.ordinal


def _variances(result: SEMResult, groups: Sequence[FittedGroup]) -> Sequence[Array]:
    """Return the sampling variances (1, t) of the moments of each group."""
    if isinstance(result.criterion, OrdinalLeastSquares):
        return result.criterion.moment_variances
    return [normal_variance(group.cov[None]) / group.n for group in groups]


def _pairs(
    result: SEMResult, group: FittedGroup, sigma: Array, xi: Array, variance: Array
) -> pd.DataFrame:
    names, cov = result.model.parameters.items, group.cov[None]
    tested = kernel.tested(cov, sigma, xi, variance)
    first, second = np.triu_indices(len(names), 1)
    columns = {
        "residual": kernel.raw(cov, sigma),
        "normalized": tested.normalized,
        "standardized": tested.standardized,
        "corr": kernel.bollen(cov, sigma),
        "corr_bentler": kernel.bentler(cov, sigma),
        "z": tested.correlation,
    }
    return pd.DataFrame(
        {
            "lhs": [names[i] for i in first],
            "rhs": [names[j] for j in second],
            "group": group.label,
            **{name: values[0, first, second] for name, values in columns.items()},
        }
    )


def srmr_test(result: SEMResult, *, bound: float = 0.05, level: float = 0.90) -> pd.DataFrame:
    """Return tests of exact and close fit by SRMR, a row per group.

    Parameters
    ----------
    result : SEMResult or CFAResult
        A fitted model.
    bound : float
        The SRMR of the population that still counts as close.
    level : float
        Confidence level of the interval; 90% is customary, as for RMSEA.

    Returns
    -------
    DataFrame
        ``group srmr z p unbiased se ci_lower ci_upper p_close``: the sample's SRMR with the
        test that the model fits exactly, and the estimate for the population with its interval
        and the test that it is `bound` or less. All but `srmr` are nan for a saturated model,
        whose residuals are zero in any sample.

    Raises
    ------
    OptionError
        When an option is out of range.
    TcsError
        When answers are missing: what they add to the error of residuals is not known here.

    Notes
    -----
    Maydeu-Olivares (2017); for ordinal items, of their polychoric correlations, Shi,
    Maydeu-Olivares & Rosseel (2020, Structural Equation Modeling 27, 1-15). SRMR grows as samples
    shrink, so the cut-off of .08 is lenient in large samples and severe in small ones; the
    unbiased estimate is not.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse("Quality =~ PERQ1 + PERQ3 + PERQ4 + PERQ6")
    >>> tcs.srmr_test(tcs.CFA(spec).fit(tcs.datasets.mobi())).round(3)["unbiased"].tolist()
    [0.016]
    """
    require_fit(result, "srmr_test()")
    require(bound > 0, f"bound={bound!r} must be positive, as 0.05.")
    require_level(level)
    if _lacks_errors(result):
        raise TcsError(
            "srmr_test() needs complete answers, but some are missing. Fit the model with "
            "missing='listwise', or report the SRMR of result.fit_measures without a test."
        )
    rows = []
    for group, sigma, xi in _sampled(result):
        test = kernel.srmr_test(group.cov[None], sigma, xi, bound=bound, level=level)
        values = {name: float(getattr(test, name)[0]) for name in kernel.SrmrTest.__slots__}
        rows.append({"group": group.label, **values})
    return pd.DataFrame(rows)
