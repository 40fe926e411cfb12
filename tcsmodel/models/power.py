"""How many respondents a covariance-based model needs: simulated power, and two rules."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.kernels import monte_carlo
from tcsmodel.kernels import power as kernel
from tcsmodel.kernels.status import Status
from tcsmodel.models import power_findings
from tcsmodel.models.replication import Replication, reported, true_parameters, values_of
from tcsmodel.models.sem import SEM
from tcsmodel.models.simulation import population
from tcsmodel.options import did_you_mean, is_whole, require, require_level, require_whole
from tcsmodel.result import Finding, Result
from tcsmodel.spec.model import ModelSpec, Op, Relation
from tcsmodel.survey.moments import read_only

Array = NDArray[np.float64]


def power(
    spec: ModelSpec,
    *,
    n: int | Iterable[int],
    replications: int = 1000,
    seed: int = 0,
    parameters: Mapping[str, float] | None = None,
    std_lv: bool = False,
    level: float = 0.95,
    progress: bool = False,
) -> PowerResult:
    """Return the power of `SEM` to find each parameter of a model, by Monte Carlo.

    Defined parameters (``indirect := a*b``) are tested as the others, by the delta method.

    Samples are drawn from a population that the specification describes, and the same
    specification is fitted to each (Muthen & Muthen 2002).

    Parameters
    ----------
    spec : ModelSpec
        The model without composites. A starting value (``start(0.3)*x``) is the population's;
        a fixed value (``0.3*x``) is the population's too, but is fixed in the fit as well, so
        it has no power. Inequalities and bounds (``a > 0``, ``lower(0)*x``) hold in each fit.
    n : int or iterable of int
        Respondents; several sample sizes give a power curve.
    replications : int
        Samples drawn at each size, at least 2.
    seed : int
        The same seed gives the same numbers, at each size whatever the others are.
    parameters : dict of str to float, optional
        Population values by statement, such as ``{"Loyalty ~ Satisfaction": 0.3}``, in a
        population whose constructs and items have a variance of one; those not given are
        assumed as `simulate` does (loadings .8, paths .8 divided by the number of sources).
    std_lv : bool
        Identify constructs by (residual) variances of one, as in `SEM`, so that tests are
        about loadings rather than ratios of loadings.
    level : float
        Of the intervals; a test rejects at one minus it, two-sided.
    progress : bool
        Whether to show a progress bar.

    Raises
    ------
    SpecError
        When the values describe no population, or the model does not hold in it.
    IdentificationError
        When no data, or not those of this population, determine a parameter.
    OptionError
        When an option is out of range; `n` must exceed the number of items.

    Notes
    -----
    Under normality the covariances of a sample are all that maximum likelihood needs, so
    these are drawn from their Wishart distribution (Bartlett 1933) and no respondent is: the
    time does not depend on n. Ordinal, skewed or missing answers need more respondents.

    Population values are in the metric of the fit. With the default identification a path is
    unstandardized, in units of the first item of its constructs.

    Replicates count that reached a minimum with standard errors, be it admissible, improper or
    on a ridge, where a coefficient is hardly determined: to leave those out would flatter the
    design. `PowerResult.status_shares` says how many ended how, `PowerResult.counted` how many
    count.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse('''
    ...     Quality =~ q1 + q2 + q3
    ...     Loyalty =~ l1 + l2 + l3
    ...     Loyalty ~ Quality
    ... ''')
    >>> study = tcs.power(spec, n=[100, 200], parameters={"Loyalty ~ Quality": 0.25})
    >>> table = study.table()
    >>> table.loc[table["op"] == "~", ["n", "coverage", "power"]].round(2).to_numpy().tolist()
    [[100.0, 0.94, 0.57], [200.0, 0.96, 0.84]]
    """
    sizes = _sizes(n)
    require(
        is_whole(replications, 2),
        f"replications={replications!r} must be a whole number, 2 or more; 1000 are customary.",
    )
    require_whole(seed, "seed", 0)
    estimator = SEM(_without_starts(spec), std_lv=std_lv, level=level)
    people = population(_without_limits(spec), parameters=parameters)
    p = len(people.items)
    require(
        sizes[0] > p,
        f"n={sizes[0]} respondents are too few for {p} items: maximum likelihood needs more "
        "respondents than items. Try a larger n, or fewer items.",
    )
    truth = true_parameters(estimator, people.cov_array)
    drawn = Replication(estimator, people.cov_array, truth, replications, seed)
    fitted = drawn.fits(sizes, progress)
    q = len(truth)
    values, _ = values_of(estimator, truth[None], np.zeros((1, q, q)))
    result = PowerResult(
        estimator,
        sizes,
        seed,
        read_only(values[0]),
        fitted.estimates,
        fitted.errors,
        fitted.status,
        fitted.counts,
    )
    if not result.counted.any():
        raise TcsError(
            f"None of the {replications} replications reached a minimum. Try a larger n, larger "
            "loadings, or more items for each construct."
        )
    return result


def sample_size(
    *,
    df: int | None = None,
    path: float | None = None,
    power: float = 0.8,
    level: float = 0.95,
) -> pd.Series:
    """Return how many respondents the rules quoted in theses ask for.

    The rules look at one number of a model. `power` looks at the model itself, and is to be
    preferred where its population values can be guessed.

    Parameters
    ----------
    df : int, optional
        Degrees of freedom of the model, for the tests of close fit (RMSEA .05, in truth .08)
        and of not-close fit (RMSEA .05, in truth .01) of MacCallum, Browne & Sugawara (1996).
    path : float, optional
        The smallest standardized path that matters, for the inverse square root rule of Kock
        & Hadaya (2018), made for PLS.
    power : float
        That a test finds what there is.
    level : float
        One minus the size of the tests, which are one-sided as in both papers.

    Returns
    -------
    pandas.Series
        ``close_fit not_close_fit`` when `df` is given, ``inverse_square_root`` when `path` is.

    Raises
    ------
    OptionError
        When neither is given, or one is out of range.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.sample_size(df=30, path=0.2).to_dict()
    {'close_fit': 314, 'not_close_fit': 367, 'inverse_square_root': 155}
    """
    require(
        df is not None or path is not None,
        "Nothing was asked: give df, the degrees of freedom of the model, or path, the smallest "
        "standardized path that matters, as sample_size(path=0.2).",
    )
    require_level(level)
    require(
        1 - level < power < 1,
        f"power={power!r} must lie between {1 - level:.2g}, the size of the test, and 1.",
    )
    needed: dict[str, float] = {}
    if df is not None:
        require(df >= 1, f"df={df!r} must be at least 1: a model without df fits any data.")
        for name, actual in (("close_fit", kernel.POOR), ("not_close_fit", kernel.EXCELLENT)):
            needed[name] = float(kernel.rmsea_sample_size(df, kernel.CLOSE, actual, power, level))
    if path is not None:
        require(
            0 < abs(path) <= 1,
            f"path={path!r} must be a standardized path, not zero and at most 1 in size.",
        )
        needed["inverse_square_root"] = float(kernel.path_sample_size(path, power, level))
    return pd.Series(needed, name="n").astype(np.int64)


def rmsea_power(*, df: int, n: int, level: float = 0.95) -> pd.Series:
    """Return the power of the tests of RMSEA, for a model of a survey that has been taken.

    Where it is low a good RMSEA says little; `sample_size` gives the respondents for a power.

    Parameters
    ----------
    df : int
        Degrees of freedom of the model.
    n : int
        Respondents.
    level : float
        One minus the size of the tests, which are one-sided.

    Returns
    -------
    pandas.Series
        ``close_fit``, that close fit (RMSEA .05) is rejected when it is .08 in truth, and
        ``not_close_fit``, that not-close fit (RMSEA .05) is rejected when it is .01 in truth
        (MacCallum, Browne & Sugawara 1996).

    Raises
    ------
    OptionError
        When a number is out of range.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.rmsea_power(df=23, n=200).round(3).to_dict()
    {'close_fit': 0.497, 'not_close_fit': 0.348}
    """
    require_level(level)
    require(df >= 1, f"df={df!r} must be at least 1: a model without df fits any data.")
    require(is_whole(n, 2), f"n={n!r} must be a whole number of respondents, as 200.")
    found = {
        name: float(kernel.rmsea_power(n, df, kernel.CLOSE, actual, level))
        for name, actual in (("close_fit", kernel.POOR), ("not_close_fit", kernel.EXCELLENT))
    }
    return pd.Series(found, name="power")


def _without_starts(spec: ModelSpec) -> ModelSpec:
    """Return a specification without its starting values, which are the population's here."""
    require(
        isinstance(spec, ModelSpec),
        f"spec must be a ModelSpec, not {type(spec).__name__}. Try tcs.ModelSpec.parse(text).",
    )
    return replace(spec, terms=tuple(replace(term, start=None) for term in spec.terms))


def _without_limits(spec: ModelSpec) -> ModelSpec:
    """Return a specification without bounds and inequalities: its fit keeps them, nothing drawn."""
    terms = tuple(replace(term, lower=None, upper=None) for term in spec.terms)
    equalities = tuple(c for c in spec.constraints if c.relation is Relation.EQUAL)
    return replace(spec, terms=terms, constraints=equalities)


def _sizes(n: int | Iterable[int]) -> tuple[int, ...]:
    given = list(n) if isinstance(n, Iterable) and not isinstance(n, str) else [n]
    require(len(given) > 0, "n is empty; give at least one sample size, as n=200.")
    for one in given:
        require(is_whole(one, 1), f"n={one!r} must be a whole number of respondents, as 200.")
    return tuple(sorted({int(one) for one in given}))


@dataclass(frozen=True, eq=False, repr=False)
class PowerResult(Result):
    """What a model would find in samples of given sizes; made by `power`.

    Parameters
    ----------
    estimator : SEM
        The model, without starting values, and its options.
    sizes : tuple of int
        The k sample sizes, ascending.
    seed : int
        Of the draws.
    population_array : ndarray (q,)
        The true values of the free parameters, then of the defined ones.
    estimate_array, error_array : ndarray (k, B, q)
        Estimates and standard errors of each replicate.
    status_array : ndarray (k, B) of int
        How each fit ended (`tcsmodel.kernels.status.Status`).
    counts_array : ndarray (k, B) of bool
        Which replicates count: those at a minimum, with standard errors.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse("A =~ a1 + a2 + a3; B =~ b1 + b2 + b3; B ~ start(0.25)*A")
    >>> study = tcs.power(spec, n=range(100, 201, 50), seed=1)
    >>> study.n_for("B ~ A", power=0.8).to_dict()
    {'n': 173, 'ci_lower': 163, 'ci_upper': 183}
    """

    estimator: SEM
    sizes: tuple[int, ...]
    seed: int
    population_array: Array
    estimate_array: Array
    error_array: Array
    status_array: NDArray[np.intp]
    counts_array: NDArray[np.bool_]

    @property
    def level(self) -> float:
        """Confidence level of the intervals; tests reject at one minus it."""
        return self.estimator.level

    @property
    def replications(self) -> int:
        """Samples drawn at each size."""
        return int(self.status_array.shape[1])

    @cached_property
    def _rows(self) -> tuple[tuple[str, str, str], ...]:
        return reported(self.estimator)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters as statements, ``Loyalty ~ Satisfaction``; defined ones by name."""
        return tuple(lhs if op == ":=" else f"{lhs} {op} {rhs}" for lhs, op, rhs in self._rows)

    @cached_property
    def status_shares(self) -> pd.DataFrame:
        """Share of the replicates that ended with each status, a row for each n.

        Those that `converged` and the `improper` ones count, and those on a `ridge` that has
        a minimum; the rest, those at the `iteration_cap` and the `singular` ones do not.
        """
        shares = {s.name.lower(): (self.status_array == s).mean(axis=1) for s in Status}
        return pd.DataFrame(shares, index=pd.Index(self.sizes, name="n"))

    @cached_property
    def counted(self) -> pd.Series:
        """How many replicates count at each n: those at a minimum, with standard errors."""
        index = pd.Index(self.sizes, name="n")
        return pd.Series(self.counts_array.sum(axis=1), index=index, name="counted")

    @cached_property
    def _performance(self) -> monte_carlo.Performance:
        return monte_carlo.performance(
            self.estimate_array,
            self.error_array,
            self.counts_array,
            self.population_array,
            self.level,
        )

    def table(self) -> pd.DataFrame:
        """Return how each free or defined parameter is estimated, for each n.

        ``n lhs op rhs population mean_estimate bias relative_bias sd mean_se coverage
        coverage_se power power_se improper``. `relative_bias` is a share of the population
        value, nan where that is zero; `sd` is that of the estimates, which `mean_se` should equal;
        `coverage_se` and `power_se` are Monte Carlo errors; `improper` is the share of the
        replicates in which a variance is negative, nan of other parameters. For a parameter that
        is zero in the population, `power` is the rate of false alarms.
        """
        found, count = self._performance, self._performance.count[:, None]
        truth = np.broadcast_to(self.population_array, found.mean.shape)
        bias = found.mean - truth
        values = {
            "population": truth,
            "mean_estimate": found.mean,
            "bias": bias,
            "relative_bias": bias / np.where(truth == 0, np.nan, truth),
            "sd": found.sd,
            "mean_se": found.mean_se,
            "coverage": found.coverage,
            "coverage_se": monte_carlo.share_error(found.coverage, count),
            "power": found.power,
            "power_se": monte_carlo.share_error(found.power, count),
            "improper": self._negative,
        }
        return self._labelled(values)

    @property
    def _negative(self) -> Array:
        """The share (k, q) of the replicates that count in which a variance is negative."""
        negative = ((self.estimate_array < 0) & self.counts_array[..., None]).sum(axis=1)
        with np.errstate(invalid="ignore"):
            share = negative / self._performance.count[:, None]
        is_variance = [op == Op.COVARIANCE and lhs == rhs for lhs, op, rhs in self._rows]
        return np.where(is_variance, share, np.nan)

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """The Monte Carlo intervals of power: ``n lhs op rhs power ci_lower ci_upper``.

        Wilson's (1927), at `level`: how well these replicates know the power.
        """
        share = self._performance.power
        limits = monte_carlo.share_interval(share, self._performance.count[:, None], self.level)
        return self._labelled({"power": share, "ci_lower": limits[0], "ci_upper": limits[1]})

    def _labelled(self, values: Mapping[str, Array]) -> pd.DataFrame:
        """Return values (k, q) by name as columns behind ``n lhs op rhs``."""
        k, rows = len(self.sizes), self._rows
        names = zip(("lhs", "op", "rhs"), zip(*rows, strict=True), strict=True)
        return pd.DataFrame(
            {
                "n": np.repeat(self.sizes, len(rows)),
                **{column: list(words) * k for column, words in names},
                **{name: value.ravel() for name, value in values.items()},
            }
        )

    def n_for(self, parameter: str, power: float = 0.8) -> pd.Series:
        """Return the respondents at which a parameter has a given power.

        Read off the curve between the two sample sizes around it, as a line of the probit of
        power in the root of n, with the interval that its Monte Carlo error leaves.

        Parameters
        ----------
        parameter : str
            A statement, such as ``"Loyalty ~ Satisfaction"``, or the name of a defined one.
        power : float
            The power wanted.

        Returns
        -------
        pandas.Series
            ``n ci_lower ci_upper``, whole respondents.

        Raises
        ------
        OptionError
            When the model has no such parameter, or the sample sizes lie all below or all
            above what is needed.
        """
        require(0 < power < 1, f"power={power!r} must lie between 0 and 1, as 0.8.")
        at = self._index(parameter)
        curve = self._performance.power[:, at]
        known = np.isfinite(curve)
        sizes, curve = np.array(self.sizes)[known], curve[known]
        name = self.names[at]
        require(
            bool(curve[0] < power),
            f"{name} has a power of {curve[0]:.2f} at n={sizes[0]} already, the smallest that was "
            "simulated. Add smaller sample sizes to n.",
        )
        require(
            bool(curve[-1] >= power),
            f"{name} has a power of only {curve[-1]:.2f} at n={sizes[-1]}, the largest that was "
            "simulated. Add larger sample sizes to n.",
        )
        count = self._performance.count[known]
        found = kernel.crossing(sizes.astype(np.float64), curve, count, power, self.level)
        limits = {"n": found.n, "ci_lower": found.lower, "ci_upper": found.upper}
        return pd.Series({key: math.ceil(value) for key, value in limits.items()}, name=name)

    def _index(self, parameter: str) -> int:
        known: dict[str, int] = {}
        for at, (name, (lhs, op, rhs)) in enumerate(zip(self.names, self._rows, strict=True)):
            known["".join(name.split())] = at
            if op == Op.COVARIANCE:
                known["".join(f"{rhs}{op}{lhs}".split())] = at
        key = "".join(str(parameter).split())
        require(
            key in known,
            f"{parameter!r} is not a free parameter of the model."
            f"{did_you_mean(parameter, self.names)}",
        )
        return known[key]

    def verify(self) -> tuple[Finding, ...]:
        """Return where the estimates, their standard errors or the replicates fall short.

        By the criteria of Muthen & Muthen (2002), at the largest n, beyond Monte Carlo error:
        bias and error of the standard errors of at most 10 percent, coverage from .91 to .98.
        """
        return power_findings.findings(self)

    def _facts(self) -> str:
        sizes = ", ".join(map(str, self.sizes))
        if len(self.sizes) > 4:
            sizes = f"{self.sizes[0]} to {self.sizes[-1]} in {len(self.sizes)} sizes"
        lost = self.replications * len(self.sizes) - int(self.counted.sum())
        of_which = f", {lost} of them not counted" if lost else ""
        each = " each" if len(self.sizes) > 1 else ""
        return (
            f"{len(self.names)} parameters, n={sizes}, {self.replications} replications"
            f"{each}{of_which}, seed={self.seed}"
        )
