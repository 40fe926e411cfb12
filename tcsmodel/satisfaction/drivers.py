"""Key drivers: how much of an outcome's R2 each driver carries, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr

from tcsmodel.errors import TcsError, counted
from tcsmodel.kernels import importance as kernel
from tcsmodel.kernels.design import spread
from tcsmodel.models.applicability import applicability
from tcsmodel.models.bootstrapped import Bootstrapped, refuse_studentized
from tcsmodel.models.draws import Draws, Replicator
from tcsmodel.models.estimator import Data, Sample, require_definite, take
from tcsmodel.options import DriverMethod, IntervalKind, Missing, choose, require, require_level
from tcsmodel.result import Finding, Severity, worst_first
from tcsmodel.survey.moments import read_only

Array = NDArray[np.float64]

MOST_DRIVERS = 22
# Hair, Black, Babin & Anderson (2010): 5 is the usual caution, 10 the usual limit.
VIF_CAUTION, VIF_PROBLEM = 5.0, 10.0
# Falk & Miller (1992): below this a regression explains too little to be read.
WEAK_R_SQUARED = 0.10
TWO_SIDED_5_PERCENT = 1.96


@dataclass(frozen=True, kw_only=True)
class KeyDrivers:
    """Share R2 of a regression among its drivers.

    Parameters
    ----------
    target : str
        The outcome.
    drivers : sequence of str
        One to 22 predictors. Their shares are exact: all ``2**p`` regressions are made.
    method : {"lmg"}
        ``lmg`` averages the gain in R2 that a driver brings over all orders in which the
        drivers can enter (Lindeman, Merenda & Gold 1980); also known as the Shapley value of
        R2 and as general dominance. Shares are never negative and sum to R2.
    missing : {"listwise"}
        What is done about missing answers.
    level : float
        Confidence level of the intervals.

    Raises
    ------
    OptionError
        When the target is among the drivers, a driver is listed twice, or there are none or
        more than 22.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> survey = tcs.datasets.mobi()
    >>> drivers = tcs.KeyDrivers("CUSA1", ["IMAG1", "IMAG2", "IMAG3", "IMAG4", "IMAG5"]).fit(survey)
    >>> drivers
    Drivers(CUSA1 on 5 drivers, n=250, R2=0.354)
    >>> drivers.table()[["driver", "importance", "share", "rank"]].round(3).head(2)
      driver  importance  share  rank
    0  IMAG5       0.089  0.251     1
    1  IMAG1       0.088  0.248     2
    """

    target: str = field(kw_only=False)
    drivers: Sequence[str] = field(kw_only=False)
    method: DriverMethod | str = DriverMethod.LMG
    missing: Missing | str = Missing.LISTWISE
    level: float = 0.95

    def __post_init__(self) -> None:
        require(
            not isinstance(self.drivers, str),
            f"drivers={self.drivers!r} is one string; give a list of names, as ['a', 'b'].",
        )
        drivers = tuple(self.drivers)
        require(len(drivers) > 0, "drivers is empty; name at least one driver.")
        require(
            len(drivers) <= MOST_DRIVERS,
            f"{len(drivers)} drivers are too many for exact shares (at most {MOST_DRIVERS}). "
            "Leave some out, or use the means of groups of items as drivers.",
        )
        twice = [name for i, name in enumerate(drivers) if name in drivers[:i]]
        require(not twice, f"Driver {twice[0]!r} is listed twice." if twice else "")
        require(
            self.target not in drivers,
            f"{self.target!r} is both the target and a driver; remove it from drivers.",
        )
        require_level(self.level)
        object.__setattr__(self, "drivers", drivers)
        object.__setattr__(self, "method", choose(DriverMethod, self.method, "method"))
        object.__setattr__(self, "missing", choose(Missing, self.missing, "missing"))

    def fit(self, data: Data) -> Drivers:
        """Return the drivers' shares.

        Parameters
        ----------
        data : Survey, DataFrame or Moments
            Weights of a survey are used throughout. With moments alone there are shares but
            neither a bootstrap nor robust standard errors.

        Raises
        ------
        SurveyError
            When a name is absent, an item is constant, two are perfectly correlated, or there
            are too few respondents.
        """
        sample = take(data, (*self.drivers, self.target), self.missing)
        require_definite(sample.moments, "a key-driver analysis")
        cov = sample.moments.cov_array
        share, fit = kernel.lmg(cov), kernel.regress(cov)
        return Drivers(
            estimator=self,
            sample=sample,
            _importance=read_only(share.lmg),
            _beta=read_only(fit.beta),
            _vif=read_only(fit.vif),
            r_squared=float(share.r_squared),
        )


@dataclass(frozen=True, eq=False, repr=False)
class Drivers(Bootstrapped):
    """What drives an outcome; made by `KeyDrivers(...).fit(data)`.

    Attributes
    ----------
    estimator : KeyDrivers
        The options.
    sample : Sample
        The respondents and moments used.
    r_squared : float
        Share of the target's variance that all drivers explain together.
    draws : Draws or None
        Bootstrap replicates of ``importance``, ``share``, ``rank``, ``beta`` (B, p) and
        ``r_squared`` (B,), drivers in the order given.
    """

    estimator: KeyDrivers
    sample: Sample
    _importance: Array
    _beta: Array
    _vif: Array
    r_squared: float
    draws: Draws | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The p drivers, in the order given."""
        return tuple(self.estimator.drivers)

    @property
    def target(self) -> str:
        """The outcome."""
        return self.estimator.target

    @property
    def n(self) -> int:
        """Number of respondents used."""
        return self.sample.n

    @property
    def r_squared_adj(self) -> float:
        """R2 adjusted for the number of drivers, ``1 - (1 - R2)(n - 1)/(n - p - 1)``."""
        return 1 - (1 - self.r_squared) * (self.n - 1) / (self.n - len(self.names) - 1)

    def table(self) -> pd.DataFrame:
        """Return one row per driver, the most important first.

        Columns: ``driver``; ``importance``, the driver's part of R2; ``share``, that part of
        the whole R2; ``ci_lower ci_upper`` of the importance; ``rank`` and its interval
        ``rank_low rank_high``; ``p_first``, the share of the replicates in which the driver
        ranks first; ``sign`` of its regression weight; ``share_ci_lower share_ci_upper``.
        Intervals are those of the bootstrap, nan before it.
        """
        columns = {
            "driver": list(self.names),
            "importance": self._importance,
            "share": self._importance / self._importance.sum(),
            "ci_lower": np.nan,
            "ci_upper": np.nan,
            "rank": _ranks(self._importance).astype(int),
            "rank_low": np.nan,
            "rank_high": np.nan,
            "p_first": np.nan,
            "sign": np.where(self._beta < 0, -1, 1),
            "share_ci_lower": np.nan,
            "share_ci_upper": np.nan,
        }
        if self.draws is not None:
            columns |= _intervals(self.draws)
        return pd.DataFrame(columns).sort_values("rank", ignore_index=True)

    @cached_property
    def regression(self) -> pd.DataFrame:
        """The key-driver regression itself, drivers in the order given.

        Columns: ``driver``; ``b`` in answer units; ``se t p`` (p,); ``beta`` standardized;
        ``vif``; ``se_robust p_robust`` with the HC3 covariance of MacKinnon & White
        (1985), or of a survey with strata or clusters the linearized one of its design.
        Weights enter as weighted least squares, where only the robust columns are valid for
        sampling weights.

        Raises
        ------
        TcsError
            When fitted to moments alone.
        """
        frame = self._inference.iloc[1:].reset_index(names="driver")
        frame.insert(3, "beta", self._beta)
        frame.insert(6, "vif", self._vif)
        return frame

    @cached_property
    def intercept(self) -> pd.Series:
        """The regression's constant: ``b se t p se_robust p_robust``."""
        return self._inference.iloc[0]

    @cached_property
    def _inference(self) -> pd.DataFrame:
        from statsmodels.regression.linear_model import WLS

        values = self.sample.respondents("The regression's inference")
        design = np.column_stack([np.ones(len(values)), values[:, :-1]])
        given, weights = self.sample.design, self.sample.weights
        weights = np.ones(len(values)) if weights is None else weights
        fit = WLS(values[:, -1], design, weights=weights).fit()
        if given is None:
            robust = fit.get_robustcov_results("HC3", use_t=True)
            se, p = robust.bse, robust.pvalues
        else:
            bread = fit.normalized_cov_params
            meat = spread(design * (weights * fit.resid)[:, None], given)
            se = np.sqrt(np.diagonal(bread @ meat @ bread))
            p = 2 * stdtr(given.df, -np.abs(fit.params / se))
        columns = {
            "b": fit.params,
            "se": fit.bse,
            "t": fit.tvalues,
            "p": fit.pvalues,
            "se_robust": se,
            "p_robust": p,
        }
        return pd.DataFrame(columns, index=["(Intercept)", *self.names])

    def bootstrap(
        self,
        n: int = 1000,
        *,
        seed: int = 0,
        level: float | None = None,
        interval: IntervalKind | str = "percentile",
        progress: bool = False,
    ) -> Drivers:
        """Return the same result with `n` bootstrap replicates: intervals, ranks, probabilities.

        Parameters
        ----------
        n : int
            Number of replicates.
        seed : int
            The same seed gives the same numbers.
        level : float, optional
            Confidence level; that of the estimator by default.
        interval : {"percentile", "bca", "basic"}
            How replicates become intervals of importances and shares; those of ranks are
            percentiles.
        progress : bool
            Show a progress bar when attached to a terminal.

        Raises
        ------
        TcsError
            When fitted to moments alone.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> drivers = tcs.KeyDrivers("CUSA1", ["IMAG1", "IMAG3", "IMAG5"]).fit(tcs.datasets.mobi())
        >>> drivers = drivers.bootstrap(200, seed=7)
        >>> drivers.rank_probabilities.loc["IMAG3"].round(1).tolist()
        [0.0, 0.0, 1.0]
        """
        return self._bootstrapped(n, seed, level, interval, progress)

    def _replicator(self, kind: IntervalKind) -> Replicator:
        refuse_studentized(kind, "a key-driver analysis")
        return Replicator(_replicates, self.sample)

    @cached_property
    def rank_probabilities(self) -> pd.DataFrame:
        """Share of the replicates in which each driver (row) takes each rank (column, 1 to p).

        With replicate weights the share of normal draws that vary as these say.

        Raises
        ------
        TcsError
            Before `bootstrap`.
        """
        if self.draws is None:
            raise TcsError(
                "Rank probabilities need replicates. Try: result.bootstrap(1000, seed=7)."
            )
        positions = np.arange(1, len(self.names) + 1)
        ranks = _drawn_ranks(self.draws)
        shares = (ranks[:, :, None] == positions).mean(axis=0)
        return pd.DataFrame(shares, index=list(self.names), columns=list(positions))

    def verify(self) -> tuple[Finding, ...]:
        """Return what must be known before the shares are read, worst first.

        Codes: ``weak_model`` (adjusted R2 below .10), ``high_vif`` (above 5),
        ``negative_beta`` (a weight against its correlation: suppression), and once
        bootstrapped ``order_uncertain`` (several drivers may rank first).
        """
        found = [*self._weak_model(), *self._high_vif(), *self._negative_beta()]
        found += [*self._order_uncertain(), *applicability(self.sample)]
        return worst_first(found)

    def _weak_model(self) -> list[Finding]:
        if self.r_squared_adj >= WEAK_R_SQUARED:
            return []
        severity = Severity.PROBLEM if self.r_squared_adj <= 0 else Severity.CAUTION
        evidence = {
            "r_squared": self.r_squared,
            "r_squared_adj": self.r_squared_adj,
            "minimum": WEAK_R_SQUARED,
        }
        return [Finding("weak_model", severity, (self.target,), evidence)]

    def _high_vif(self) -> list[Finding]:
        return [
            Finding(
                "high_vif",
                Severity.PROBLEM if vif > VIF_PROBLEM else Severity.CAUTION,
                (name,),
                {"vif": float(vif), "target": self.target},
            )
            for name, vif in zip(self.names, self._vif, strict=True)
            if vif > VIF_CAUTION
        ]

    def _negative_beta(self) -> list[Finding]:
        df = self.n - len(self.names) - 1
        t = self._beta * np.sqrt(df / ((1 - self.r_squared) * self._vif))
        corr = self.sample.moments.corr.to_numpy()[:-1, -1]
        return [
            Finding(
                "negative_beta",
                Severity.CAUTION if abs(t[j]) > TWO_SIDED_5_PERCENT else Severity.NOTE,
                (self.names[j],),
                {
                    "beta": float(self._beta[j]),
                    "corr": float(corr[j]),
                    "t": float(t[j]),
                    "target": self.target,
                },
            )
            for j in np.flatnonzero(self._beta * corr < 0)
        ]

    def _order_uncertain(self) -> list[Finding]:
        if self.draws is None:
            return []
        table = self.table()
        rivals = table[table["rank_low"] == 1]
        if len(rivals) < 2:
            return []
        evidence = {
            "count": len(rivals),
            "p_low": float(rivals["p_first"].min()),
            "p_high": float(rivals["p_first"].max()),
            "target": self.target,
        }
        return [Finding("order_uncertain", Severity.NOTE, tuple(rivals["driver"]), evidence)]

    def _facts(self) -> str:
        facts = (
            f"{self.target} on {counted(len(self.names), 'driver')}, n={self.n}, "
            f"R2={self.r_squared:.3f}"
        )
        return ", ".join([facts, *self._drawn_facts()])


def _replicates(mean: Array, cov: Array) -> Mapping[str, Array]:
    share, fit = kernel.lmg(cov), kernel.regress(cov)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = share.lmg / share.lmg.sum(axis=-1, keepdims=True)
    return {
        "importance": share.lmg,
        "share": relative,
        "rank": _ranks(share.lmg),
        "beta": fit.beta,
        "r_squared": share.r_squared,
        "status": share.status,
    }


def _ranks(importance: Array) -> Array:
    """Return ranks (..., p), 1 for the largest; nan where the importance is nan."""
    ranks = np.argsort(np.argsort(-importance, axis=-1, kind="stable"), axis=-1) + 1.0
    return np.where(np.isfinite(importance), ranks, np.nan)


def _drawn_ranks(draws: Draws) -> Array:
    """Return the ranks (B, p) in samples that are likely, of those that have any."""
    ranks = _ranks(draws.likely["importance"])
    return ranks[np.isfinite(ranks).all(axis=-1)]


def _intervals(draws: Draws) -> dict[str, Array]:
    lower, upper = draws.interval("importance")
    share_lower, share_upper = draws.interval("share")
    ranks = _drawn_ranks(draws)
    tail = (1 - draws.level) / 2
    low, high = np.quantile(ranks, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return {
        "ci_lower": lower,
        "ci_upper": upper,
        "rank_low": low.astype(int),
        "rank_high": high.astype(int),
        "p_first": (ranks == 1).mean(axis=0),
        "share_ci_lower": share_lower,
        "share_ci_upper": share_upper,
    }
