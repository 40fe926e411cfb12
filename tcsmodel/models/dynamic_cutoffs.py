"""`dynamic_cutoffs`: where fit measures tell a wrong model from a right one, by simulation."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from math import ceil

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from tcsmodel.errors import SpecError, TcsWarning
from tcsmodel.kernels import misspecified, monte_carlo
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.misspecified import Factors
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.reliability import maximal
from tcsmodel.kernels.status import Status
from tcsmodel.models import fit_measures
from tcsmodel.models.cfa import CFA
from tcsmodel.models.fitted import only_group
from tcsmodel.models.maximum_likelihood import LikelihoodProblem
from tcsmodel.models.sem import SEM
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.models.simulation import population
from tcsmodel.options import is_whole, require, require_whole
from tcsmodel.result import Finding, Result, Severity
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.moments import Moments, read_only

Array = NDArray[np.float64]

# The measures that cut-offs are for, and whether a larger one is worse.
MEASURES = {"srmr": True, "rmsea": True, "cfi": False}
TAILS = (0.05, 0.10)
RESIDUAL = 0.30
CHUNK = 256
LARGE = 100_000


def dynamic_cutoffs(
    model: SEMResult | ModelSpec,
    *,
    n: int | None = None,
    parameters: Mapping[str, float] | None = None,
    replications: int = 500,
    seed: int = 0,
    progress: bool = False,
) -> DynamicCutoffs:
    """Return cut-offs of SRMR, RMSEA and CFI made for one measurement model and sample size.

    The customary cut-offs of Hu & Bentler (1999) were found with one model of fifteen items; which
    value betrays a wrong model depends on loadings, the number of items and n. So samples are drawn
    from a population in which the model holds, and from others in which something was left out of
    it, and the model is fitted to all (McNeish & Wolf 2023a, 2023b).

    Parameters
    ----------
    model : CFAResult, SEMResult or ModelSpec
        A measurement model of one group. Of a result the estimates are the population; of a
        specification the values in its text and in `parameters`, as in `power`.
    n : int, optional
        Respondents; those of the result by default.
    parameters : dict of str to float, optional
        Population values by statement, of a specification.
    replications : int
        Samples drawn at each level, at least 50.
    seed : int
        The same seed gives the same numbers.
    progress : bool
        Whether to show a progress bar.

    Raises
    ------
    SpecError
        When the model has paths, second-order constructs, items of several constructs, or one
        construct with fewer than four items.
    OptionError
        When an option is out of range.

    Notes
    -----
    What is left out grows by level. With one construct: residual correlations of .30 in a third,
    two thirds and all of the pairs that neighbouring items form (items 1 and 2, 3 and 4, ...). With
    k constructs there are k - 1 levels, of so many cross-loadings: the weakest item of the
    construct whose weakest item is the weakest, then that of the next, loads as much on the other
    construct that is measured best (Hancock & Mueller's H), to a communality of at most .95. The
    app of McNeish & Wolf follows the same plan; where its pairs or items differ, so do the
    cut-offs.

    A cut-off is the value that only 5% of the samples of a level would pass, provided that at
    least 95% of the samples of the right model would; else the same with 10% and 90%; else nan,
    since the measure cannot tell the two apart. Samples are normal and the estimator is maximum
    likelihood. A result that fits better than level 1 is not shown to be right: it has less misfit
    than that.

    References
    ----------
    McNeish & Wolf (2023a), Psychological Methods 28, 61-88; (2023b), Behavior Research Methods 55,
    1157-1174.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse("Quality =~ q1 + q2 + q3 + q4 + q5 + q6")
    >>> loadings = {f"Quality =~ q{i}": 0.7 for i in range(1, 7)}
    >>> found = tcs.dynamic_cutoffs(spec, n=400, parameters=loadings, seed=1)
    >>> found.cutoffs.round(2).to_numpy().tolist()
    [[0.02, 0.05, 0.99], [0.03, 0.1, 0.97], [0.04, 0.13, 0.94]]
    """
    require(
        is_whole(replications, 50),
        f"replications={replications!r} must be a whole number, 50 or more; 500 are customary.",
    )
    require_whole(seed, "seed", 0)
    fitted, size = _fitted(model, n, parameters)
    estimator = CFA(fitted.estimator.spec, std_lv=fitted.estimator.std_lv)
    p = len(estimator.parameters.items)
    require(
        is_whole(size, p + 1),
        f"n={size!r} must be a whole number of respondents above the {p} items.",
    )
    right = _factors(fitted)
    levels = _levels(fitted, right)
    models = [right, *(level for _, level in levels)]
    values, status = _simulated(estimator, models, size, replications, seed, progress)
    status.setflags(write=False)
    own = isinstance(model, SEMResult)
    return DynamicCutoffs(
        estimator,
        size,
        seed,
        tuple(words for words, _ in levels),
        read_only(values),
        status,
        tuple(float(fitted.fit_measures[name]) for name in MEASURES) if own else None,
    )


def _fitted(
    model: SEMResult | ModelSpec, n: int | None, parameters: Mapping[str, float] | None
) -> tuple[SEMResult, int]:
    """Return a fit whose estimates are the population, and the sample size."""
    if isinstance(model, SEMResult):
        require(
            parameters is None,
            "parameters= are for a specification; a result has estimates of its own.",
        )
        only_group(model, "dynamic_cutoffs()")
        _require_measurement(model.model.parameters.spec)
        return model, model.sample.n if n is None else n
    require(
        isinstance(model, ModelSpec),
        f"model must be a fitted CFA or SEM or a ModelSpec, not {type(model).__name__}.",
    )
    if n is None:
        require(False, "n is missing: say how many respondents, as dynamic_cutoffs(spec, n=300).")
    _require_measurement(model)
    people = population(model, parameters=parameters)
    moments = Moments.from_cov(people.cov_array, LARGE, names=people.items)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        return CFA(model).fit(moments), n if n is not None else 0


def _require_measurement(spec: ModelSpec) -> None:
    """Raise unless a model is constructs with items of their own."""
    names = set(spec.construct_names)
    items = [item for construct in spec.constructs for item in construct.items]
    if spec.paths:
        raise SpecError(
            "Dynamic cut-offs are those of a measurement model, and this one has paths. Ask for "
            "those of CFA(spec), which leaves them out, or of spec.measurement()."
        )
    if names & set(items) or len(items) > len(set(items)):
        raise SpecError(
            "Dynamic cut-offs need constructs with items of their own; this model has a "
            "second-order construct, or an item of two. Leave that out."
        )
    if len(names) == 1 and len(items) < 4:
        raise SpecError(
            f"One construct with {len(items)} items fits any data, so there is nothing to cut off. "
            "Give it four items or more."
        )


def _factors(fitted: SEMResult) -> Factors:
    """Return the estimates in correlation metric."""
    model = fitted.model
    standardized = fitted.estimates.set_index(["lhs", "op", "rhs"])["std"]
    loadings = np.zeros((len(model.parameters.items), len(model.constructs)))
    for k, construct in enumerate(fitted.estimator.spec.constructs):
        for item in construct.items:
            row = model.parameters.items.index(item)
            loadings[row, k] = standardized[(construct.name, "=~", item)]
    phi = fitted.arrays["construct_corr"]
    common = loadings @ phi @ loadings.T
    implied = to_corr(fitted.implied_cov.to_numpy())
    residual = implied - common
    residual[np.diag_indices_from(residual)] = 1 - np.diagonal(common)
    return Factors(loadings, phi, to_corr(residual))


def _levels(fitted: SEMResult, right: Factors) -> list[tuple[str, Factors]]:
    """Return what is left out at each level, in words, and the population."""
    names, items = fitted.model.constructs, fitted.model.parameters.items
    if len(names) == 1:
        return list(_pairs(items, right))
    weakest = np.where(right.loadings != 0, np.abs(right.loadings), np.inf)
    own = fitted.model.member
    quality = maximal(right.loadings, own)
    levels: list[tuple[str, Factors]] = []
    words, wrong = "", right
    for k in np.argsort(weakest.min(axis=0), kind="stable")[: len(names) - 1].tolist():
        others = np.where(np.arange(len(names)) == k, -np.inf, quality)
        item, factor = int(weakest[:, k].argmin()), int(others.argmax())
        value = misspecified.cross_loading(right, item, factor)
        wrong = misspecified.with_loading(wrong, item, factor, value)
        words = f"{words}, " if words else ""
        words += f"{names[factor]} =~ {value:.2f}*{items[item]}"
        levels.append((words, wrong))
    return levels


def _pairs(items: tuple[str, ...], right: Factors) -> Iterator[tuple[str, Factors]]:
    """Yield residual correlations in a third, two thirds and all pairs of neighbours."""
    pairs = [(at, at + 1) for at in range(0, len(items) - 1, 2)]
    for count in dict.fromkeys(ceil(len(pairs) * third / 3) for third in (1, 2, 3)):
        wrong = right
        for first, second in pairs[:count]:
            wrong = misspecified.with_residual_correlation(wrong, first, second, RESIDUAL)
        told = [f"{items[i]} ~~ {items[j]}" for i, j in pairs[:count]]
        yield f"residual correlations of {RESIDUAL:.2f}: {', '.join(told)}", wrong


def _simulated(
    estimator: SEM, models: list[Factors], n: int, replications: int, seed: int, progress: bool
) -> tuple[Array, NDArray[np.intp]]:
    """Return the measures (levels, B, 3) of samples, nan where lost, and how fits ended."""
    values, status = [], []
    function = partial(_measured, estimator, n)
    total = len(models) * replications
    with tqdm(total=total, desc="cut-offs", disable=None if progress else True) as bar:
        for one in models:
            drawn = monte_carlo.sample_covariances(one.cov, n, replications, seed, CHUNK)
            parts = list(map_chunks(function, drawn))
            values.append(np.concatenate([part[0] for part in parts]))
            status.append(np.concatenate([part[1] for part in parts]))
            bar.update(replications)
    return np.stack(values), np.stack(status)


def _measured(estimator: SEM, n: int, cov: Array) -> tuple[Array, NDArray[np.intp]]:
    model = estimator.model
    problem = LikelihoodProblem(model, Sampled(cov[:, None], None, np.array([float(n)])))
    fitted = problem.fit(patient=False)
    found = fit_measures.points(model, problem, fitted.value, fitted.theta)
    values = np.stack([found[name] for name in MEASURES], axis=-1)
    values[fitted.status >= Status.ITERATION_CAP] = np.nan
    return values, fitted.status.astype(np.intp)


@dataclass(frozen=True, eq=False, repr=False)
class DynamicCutoffs(Result):
    """Cut-offs of fit measures for one model and sample size; made by `dynamic_cutoffs`.

    Parameters
    ----------
    estimator : SEM
        The model, as it was fitted to the samples.
    n : int
        Respondents of each sample.
    seed : int
        Of the draws.
    added : tuple of str
        What is left out of the model at each level, in words.
    draws_array : ndarray (1 + levels, B, 3)
        SRMR, RMSEA and CFI of the samples, first those of the right model; nan where a fit
        ended without a minimum.
    status_array : ndarray (1 + levels, B) of int
        How each fit ended (`tcsmodel.kernels.status.Status`).
    observed : tuple of float, optional
        SRMR, RMSEA and CFI of the result that was asked about.
    """

    estimator: SEM
    n: int
    seed: int
    added: tuple[str, ...]
    draws_array: Array
    status_array: NDArray[np.intp]
    observed: tuple[float, ...] | None

    @property
    def replications(self) -> int:
        """Samples drawn at each level."""
        return int(self.draws_array.shape[1])

    @cached_property
    def _found(self) -> tuple[Array, Array]:
        """Cut-offs (levels, 3) and the share of wrong models that each lets pass, nan if none."""
        larger = np.array(list(MEASURES.values()))
        # As if larger were worse for all of them.
        signed = np.where(larger, 1.0, -1.0) * self.draws_array
        shape = (len(self.added), len(MEASURES))
        cutoff, tail = np.full(shape, np.nan), np.full(shape, np.nan)
        for share in reversed(TAILS):
            right = np.nanquantile(signed[0], 1 - share, axis=0)
            wrong = np.nanquantile(signed[1:], share, axis=1)
            separate = wrong >= right
            cutoff = np.where(separate, wrong, cutoff)
            tail = np.where(separate, share, tail)
        return np.where(larger, 1.0, -1.0) * cutoff, tail

    @cached_property
    def cutoffs(self) -> pd.DataFrame:
        """The cut-offs ``srmr rmsea cfi``, a row for each level; nan where there is none."""
        index = pd.RangeIndex(1, len(self.added) + 1, name="level")
        return pd.DataFrame(self._found[0], index=index, columns=list(MEASURES))

    @cached_property
    def status_shares(self) -> pd.DataFrame:
        """Share of the fits that ended with each status, a row per level; 0 is the right model."""
        shares = {s.name.lower(): (self.status_array == s).mean(axis=1) for s in Status}
        return pd.DataFrame(shares, index=pd.RangeIndex(len(self.status_array), name="level"))

    @property
    def level(self) -> int | None:
        """The first level whose misfit the result reaches by most of its measures.

        0 when it reaches none, None when no result was given.
        """
        if self.observed is None:
            return None
        worse = np.where(list(MEASURES.values()), 1.0, -1.0)
        reached = worse * (np.array(self.observed) - self._found[0]) >= 0
        known = np.isfinite(self._found[0])
        most = reached.sum(axis=1) * 2 > np.maximum(known.sum(axis=1), 1)
        return int(np.flatnonzero(most)[-1]) + 1 if most.any() else 0

    def table(self) -> pd.DataFrame:
        """Return ``level added measure cutoff misses observed right wrong``.

        `misses` is the share of wrong models that pass (.05 or .10; the same share of right ones,
        at most, is rejected); `right` and `wrong` are medians; `observed` is that of the result.
        """
        levels, size = len(self.added), len(MEASURES)
        medians = np.nanmedian(self.draws_array, axis=1)
        observed = self.observed or (np.nan,) * size
        return pd.DataFrame(
            {
                "level": np.repeat(np.arange(1, levels + 1), size),
                "added": np.repeat(np.array(self.added, dtype=object), size),
                "measure": list(MEASURES) * levels,
                "cutoff": self._found[0].ravel(),
                "misses": self._found[1].ravel(),
                "observed": list(observed) * levels,
                "right": np.tile(medians[0], levels),
                "wrong": medians[1:].ravel(),
            }
        )

    def verify(self) -> tuple[Finding, ...]:
        """Return the level of misfit that the result reaches, and measures that tell nothing."""
        found = []
        if self.level:
            names = dict(zip(MEASURES, self.observed or (), strict=True))
            evidence = {"level": self.level, "added": self.added[self.level - 1], **names}
            found.append(Finding("dynamic_misfit", Severity.CAUTION, (), evidence))
        blind = [name for name in MEASURES if self.cutoffs[name].isna().iloc[0]]
        if blind:
            shown = tuple(name.upper() for name in blind)
            found.append(Finding("cutoffs_blur", Severity.NOTE, shown, {"n": self.n}))
        return tuple(found)

    def _facts(self) -> str:
        reached = "" if self.level is None else f", the result reaches level {self.level}"
        return (
            f"{len(self.added)} levels, n={self.n}, {self.replications} replications, "
            f"seed={self.seed}{reached}"
        )
