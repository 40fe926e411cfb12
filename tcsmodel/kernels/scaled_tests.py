"""Scaled chi-square tests, fit measures from them, and scaled difference tests.

For data that are not normal the statistic ``chi2 = n F`` is a weighted sum of chi-squares. With
the traces ``tr = tr(U Gamma)`` and ``tr2 = tr(U Gamma U Gamma)`` of `kernels.robust`

- mean: ``chi2 / c``, ``c = tr / df`` (Satorra & Bentler 1994)
- mean and variance: ``chi2 tr / tr2`` with ``tr^2 / tr2`` degrees of freedom (the same paper)
- scaled and shifted: ``chi2 sqrt(df / tr2) + df - sqrt(df tr^2 / tr2)`` (Asparouhov & Muthen 2010)

*Scaled* fit measures have these in the place of chi-square. *Robust* ones estimate what the
measures are in the population, whose noncentrality is ``chi2 - c df`` (Brosseau-Liard, Savalei &
Li 2012, RMSEA; Brosseau-Liard & Savalei 2014, CFI and TLI). Both follow lavaan 0.7, in the n
of RMSEA too: n for maximum likelihood, n - 1 for least squares and Wishart likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tcsmodel.kernels import fitmeasures, linalg
from tcsmodel.kernels.gamma import normal_weight
from tcsmodel.kernels.jacobian import vech
from tcsmodel.kernels.robust import Traces

Array = NDArray[np.float64]

CLOSE, POOR = 0.05, 0.08
LEVEL = 0.90


class Correction(IntEnum):
    """What a test corrects."""

    MEAN = 0
    MEAN_VARIANCE = 1
    SHIFT = 2


@dataclass(frozen=True, slots=True)
class ScaledTest:
    """A chi-square and what became of it, all (B,).

    chi2, df, p: scaled. plain, plain_df: what was scaled. factor: lavaan's scaling factor, by
    which `plain` was divided, and shift, what was added then. mean_factor: c = tr / df.
    """

    chi2: Array
    df: Array
    p: Array
    plain: Array
    plain_df: Array
    factor: Array
    shift: Array
    mean_factor: Array
    correction: Correction


def scaled(chi2: Array, df: float, traces: Traces, correction: Correction) -> ScaledTest:
    """Return chi2 (B,) corrected; as it is where df is 0.

    Parameters
    ----------
    chi2 : ndarray (B,)
        n F, with its degrees of freedom df.
    traces : Traces
        From `kernels.robust`; only the first counts for ``Correction.MEAN``, which may be that
        of Satorra and Bentler (MLM) or of Yuan and Bentler (MLR).
    correction : Correction
        Which.
    """
    plain_df = np.full(chi2.shape, float(df))
    new_df, shift = plain_df, np.zeros(chi2.shape)
    with np.errstate(all="ignore"):
        mean_factor = traces.first / df if df else np.ones(chi2.shape)
        if correction is Correction.MEAN_VARIANCE and df:
            factor = traces.second / traces.first
            new_df = traces.first / factor
        elif correction is Correction.SHIFT and df:
            factor = np.sqrt(traces.second / df)
            shift = df - traces.first / factor
        else:
            factor = mean_factor
        value = chi2 / factor + shift
    p = fitmeasures.chi2_p(value, new_df)
    return ScaledTest(value, new_df, p, chi2, plain_df, factor, shift, mean_factor, correction)


@dataclass(frozen=True, slots=True)
class ScaledFit:
    """cfi, tli, rni, rmsea with its 90% limits and p of close (.05) and poor (.08) fit, (B,)."""

    cfi: Array
    tli: Array
    rni: Array
    rmsea: Array
    rmsea_ci_lower: Array
    rmsea_ci_upper: Array
    rmsea_p_close: Array
    rmsea_p_not_close: Array


def scaled_fit(test: ScaledTest, baseline: ScaledTest, n: float | Array) -> ScaledFit:
    """Return the scaled fit measures of a test and that of the baseline model.

    RMSEA of the mean corrections comes from the plain chi-square with tr(U Gamma) in the place
    of df, which gives the same point but another interval than the scaled chi-square.
    """
    chi2, df = test.chi2, test.df
    if test.correction is not Correction.SHIFT:
        chi2, df = test.plain, test.mean_factor * test.plain_df
    lower, upper = fitmeasures.rmsea_interval(chi2, df, n, LEVEL)
    return ScaledFit(
        fitmeasures.cfi(test.chi2, test.df, baseline.chi2, baseline.df),
        fitmeasures.tli(test.chi2, test.df, baseline.chi2, baseline.df),
        fitmeasures.rni(test.chi2, test.df, baseline.chi2, baseline.df),
        fitmeasures.rmsea(chi2, df, n),
        lower,
        upper,
        fitmeasures.rmsea_close(chi2, df, n, CLOSE),
        fitmeasures.rmsea_not_close(chi2, df, n, POOR),
    )


def robust_fit(test: ScaledTest, baseline: ScaledTest, n: float | Array) -> ScaledFit:
    """Return the robust fit measures of a test and that of the baseline model.

    nan for ``Correction.MEAN_VARIANCE``, for which there are none. For ordinal items, all of
    them ordinal, pass the tests of `correlation_likelihood`.
    """
    if test.correction is Correction.MEAN_VARIANCE:
        return ScaledFit(*(np.full(test.chi2.shape, np.nan) for _ in ScaledFit.__slots__))
    df, null_df = test.plain_df, baseline.plain_df
    excess = test.plain - test.mean_factor * df
    null = baseline.plain - baseline.mean_factor * null_df
    lower, upper = fitmeasures.rmsea_interval(test.chi2, df, n, LEVEL)
    with np.errstate(all="ignore"):
        root = np.sqrt(test.factor)
        rmsea = np.sqrt(np.maximum(excess, 0) / (df * n))
        tli = 1 - (excess / df) / (null / null_df)
        close = 1 - special.chndtr(test.chi2, df, df * n * CLOSE**2 / test.factor)
        poor = special.chndtr(test.chi2, df, df * n * POOR**2 / test.factor)
    known = df > 0
    return ScaledFit(
        fitmeasures.cfi(excess, 0.0, null, 0.0),
        np.where(known, tli, 1.0),
        fitmeasures.rni(excess, 0.0, null, 0.0),
        np.where(known, rmsea, 0.0),
        root * lower,
        root * upper,
        np.where(known, close, np.nan),
        np.where(known, poor, np.nan),
    )


@dataclass(frozen=True, slots=True)
class CorrelationLikelihood:
    """value (1,): F_ML of correlations at estimates by least squares; trace (1,): its bias, n F."""

    value: Array
    trace: Array


def correlation_likelihood(
    corr: Array,
    implied: Array,
    delta: Array,
    weight: Array,
    gamma: Array,
    share: Array,
    joint: Array | None = None,
) -> CorrelationLikelihood:
    """Return the likelihood discrepancy of polychoric correlations and what it expects.

    Savalei (2021, Multivariate Behavioral Research 56, 390-407): fit indices that compare with
    those of continuous data. ``trace = tr(M'V M Gamma)``, ``M = I - D E^-1 D'W`` and V the
    normal-theory weight of correlations at the implied ones. Then ``scaled(n * value, df,
    Traces(trace, trace), Correction.MEAN)`` with lavaan's n, not n - 1; the baseline has the
    identity for `implied` and no columns in `delta`. The blocks of G groups count by their
    shares of the respondents, so that Gamma counts by the inverse.

    Parameters
    ----------
    corr, implied : ndarray (G, p, p)
        Polychoric and implied correlations.
    delta : ndarray (G, s, q)
        Derivatives of the implied correlations below the diagonal, column by column.
    weight : ndarray (G, s)
        Diagonal of W for those correlations: of DWLS, or ones for ULS.
    gamma : ndarray (G, s, s)
        Block of Gamma for those correlations.
    share : ndarray (G,)
        Shares of the groups, with sum one.
    joint : ndarray (G s, G s), optional
        In the place of Gamma over the shares, where groups vary together.
    """
    groups, p = corr.shape[:2]
    inverse = linalg.inverse(implied)
    with np.errstate(invalid="ignore"):
        value = linalg.log_determinant(implied)[0] - linalg.log_determinant(corr)[0] - p
        value = value + np.einsum("gij,gji->g", inverse, corr)
    off = np.flatnonzero(vech(np.eye(p)) == 0)
    v = normal_weight(inverse, with_mean=False)[:, off[:, None], off]
    wide = (share[:, None] * weight)[..., None] * delta
    bread = np.einsum("gsq,gsr->qr", wide, delta)
    back = np.linalg.pinv(bread, hermitian=True) if np.isfinite(bread).all() else np.nan * bread
    trace = np.zeros(1)
    for g in range(groups):
        # The rows of M of one group; those of the others reach it through shared parameters.
        across = delta[g] @ back @ np.swapaxes(wide, -1, -2)
        across[g] -= np.eye(len(off))
        if joint is None:
            spread = across @ (gamma / share[:, None, None]) @ np.swapaxes(across, -1, -2)
            spread = spread.sum(axis=0)
        else:
            beside = np.concatenate(list(across), axis=1)
            spread = beside @ joint @ beside.T
        trace = trace + share[g] * np.einsum("ij,ji->", v[g], spread)
    return CorrelationLikelihood(np.array([share @ value]), trace)


@dataclass(frozen=True, slots=True)
class Difference:
    """chi2, df, p (B,) of a scaled difference test; nan where its scaling is not positive."""

    chi2: Array
    df: Array
    p: Array


def difference(
    restricted: ScaledTest, free: ScaledTest, factor_there: Array | None = None
) -> Difference:
    """Return the difference test of two mean-corrected tests of nested models.

    ``(X0 - X1) / c_d``, ``c_d = (df0 c0 - df1 c1) / (df0 - df1)`` (Satorra & Bentler 2001); c_d
    can come out negative, which c1 at the estimates of the restricted model, `factor_there`
    (B,), prevents (Satorra & Bentler 2010).
    """
    other = free.mean_factor if factor_there is None else factor_there
    df = restricted.plain_df - free.plain_df
    with np.errstate(all="ignore"):
        factor = (restricted.plain_df * restricted.mean_factor - free.plain_df * other) / df
        chi2 = np.where(factor > 0, (restricted.plain - free.plain) / factor, np.nan)
    return Difference(chi2, df, fitmeasures.chi2_p(chi2, df))


def difference_by_traces(
    restricted: ScaledTest, free: ScaledTest, traces: Traces, correction: Correction
) -> Difference:
    """Return the difference test scaled by ``robust.difference_traces`` (Satorra 2000).

    lavaan's default for mean-and-variance adjusted tests, with their correction.
    """
    df = float(restricted.plain_df.flat[0] - free.plain_df.flat[0])
    found = scaled(restricted.plain - free.plain, df, traces, correction)
    return Difference(found.chi2, found.df, found.p)
