"""Indices of many units, such as firms: each with a model of its own, and their aggregates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from tcsmodel.errors import ImproperSolutionWarning, counted, warn
from tcsmodel.kernels import index as kernel
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.kernels.design import Design, between_within, clusters, within
from tcsmodel.kernels.intervals import percentile, standard_error
from tcsmodel.kernels.moments import alike, stacked, to_corr
from tcsmodel.kernels.pls import composites
from tcsmodel.kernels.replicates import Replicates
from tcsmodel.kernels.resample import bootstrap_chunks, design_chunks
from tcsmodel.kernels.status import Status
from tcsmodel.models.pls import PLS
from tcsmodel.models.pls_fits import PLSFits
from tcsmodel.models.unit_fits import NAMED
from tcsmodel.models.units import Units
from tcsmodel.options import (
    IndexKind,
    choose,
    did_you_mean,
    require,
    require_level,
    require_whole,
)
from tcsmodel.result import Finding, Result, Severity, worst_first
from tcsmodel.satisfaction.definitions import DEFINITIONS, defined, indices, limits, shares

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Answers of resamples held at once.
HELD = 3_000_000


def unit_indices(
    fits: PLSFits,
    target: str = "Satisfaction",
    kind: IndexKind | str = IndexKind.ACSI,
    *,
    bootstrap: int = 200,
    seed: int = 0,
    level: float | None = None,
) -> UnitIndices:
    """Return the 0-100 index of `target` of every unit, with intervals.

    Each unit has the item weights of its own model, which every replicate of its bootstrap
    estimates again; the practice of national indices, with a model for each firm (Fornell et al.
    1996). All units and replicates are one batch. Of a survey with clusters or strata each unit is
    a sample of its own clusters within its strata; a unit inside one cluster is one of respondents.

    Parameters
    ----------
    fits : PLSFits
        From ``PLS(spec).fit_each(survey, by="firm")``; the survey's items have a scale.
    target : str
        The construct whose index is asked for.
    kind : {"acsi", "standardized", "equal"}
        The definition; ``"metric4"`` needs ``PLS(spec, standardized=False)``.
    bootstrap : int
        Replicates within each unit; 0 for none, then intervals hold the weights fixed.
    seed : int
        Seed of the resamples. Those of a unit depend on its place among the units only.
    level : float, optional
        Confidence level; that of the PLS estimator by default.

    Returns
    -------
    UnitIndices

    Raises
    ------
    SpecError
        When the model has no construct `target`.
    SurveyError
        When an item of `target` has no scale.
    OptionError
        When an option is outside its vocabulary or range, or the definition not that of the fits.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> survey = tcs.datasets.mobi()
    >>> frame = survey.data.assign(brand=["A", "B"] * 125)
    >>> fits = tcs.PLS(tcs.library.ecsi()).fit_each(
    ...     tcs.Survey(frame, items=survey.items, scale=(1, 10)), by="brand"
    ... )
    >>> tcs.unit_indices(fits, bootstrap=100, seed=1).table()[["unit", "index"]].round(1)
      unit  index
    0    A   73.0
    1    B   71.9
    """
    kind = choose(IndexKind, kind, "kind")
    defined(fits.estimator.model, kind)
    raw = kind is IndexKind.METRIC4
    require(
        kind is IndexKind.EQUAL or fits.estimator.standardized is not raw,
        f"kind={kind.value!r} needs fits with PLS(..., standardized={not raw}).",
    )
    require_whole(bootstrap, "bootstrap", 0)
    require_whole(seed, "seed", 0)
    level = fits.estimator.level if level is None else level
    require_level(level)
    fits.estimator.spec.construct(target)
    low, high = limits(fits.units_fitted.sample, fits.estimator.model, target)
    found = UnitIndices(fits, target, kind, low, high, level, None, None)
    if not bootstrap:
        return found
    drawn, status = _replicates(found, bootstrap, seed)
    for drawing in (drawn, status):
        drawing.setflags(write=False)
    return UnitIndices(fits, target, kind, low, high, level, drawn, status)


@dataclass(frozen=True, eq=False, repr=False)
class UnitIndices(Result):
    """The index of a construct in every unit, made by `unit_indices`.

    Parameters
    ----------
    fits : PLSFits
        The models.
    target : str
        The construct.
    kind : IndexKind
        Which item weights the index uses.
    low, high : ndarray (p,)
        Limits of the items' scales.
    level : float
        Confidence level of the intervals.
    drawn : ndarray (F, B), optional
        Replicates of the index; nan where PLS did not end.
    drawn_status : ndarray (F, B), optional
        How they ended.
    """

    fits: PLSFits
    target: str
    kind: IndexKind
    low: Array
    high: Array
    level: float
    drawn: Array | None
    drawn_status: Index | None

    @property
    def estimator(self) -> PLS:
        """The options of the PLS models behind the indices."""
        return self.fits.estimator

    @property
    def interval(self) -> str:
        """How the intervals were made: ``fixed weights`` or ``bootstrap``."""
        return "fixed weights" if self.drawn is None else "bootstrap"

    @property
    def definition(self) -> str:
        """What the numbers are, in words."""
        return DEFINITIONS[self.kind]

    @cached_property
    def constructs(self) -> pd.DataFrame:
        """The index of every construct (unit x construct); nan where items have no scale."""
        values = self._of(self.fits.arrays)
        names = list(self.estimator.model.scored)
        return pd.DataFrame(values, index=pd.Index(self.fits.fitted, name="unit"), columns=names)

    def _of(self, values: Mapping[str, Array]) -> Array:
        """Return the indices (..., k) of PLS quantities."""
        return indices(self.kind, self.estimator.model, values, self.low, self.high)

    @cached_property
    def _spread(self) -> tuple[Array, Array, Array]:
        """Return lower and upper limits and standard errors (F,)."""
        if self.drawn is not None:
            lower, upper = percentile(self.drawn.T, self.level)
            return lower, upper, standard_error(self.drawn.T)
        se, df = self._fixed_errors()
        value = self.constructs[self.target].to_numpy()
        half = stdtrit(df, (1 + self.level) / 2) * se
        return value - half, value + half, se

    def _fixed_errors(self) -> tuple[Array, Index]:
        """Return standard errors (F,) with item weights held fixed, and degrees of freedom."""
        units, column = self.fits.units_fitted, self.constructs.columns.get_loc(self.target)
        model = self.estimator.model
        share = shares(self.kind, model, self.fits.arrays, self.low, self.high)[..., column]
        place = np.full(len(units), -1)
        place[units.fitted] = np.arange(len(units.fitted))
        own = place[units.member]
        used = own >= 0
        answers = units.sample.respondents("An index")[:, : len(model.observed)]
        performance = np.nan_to_num(kernel.rescaled(answers[used], self.low, self.high))
        score = (performance * share[own[used]]).sum(axis=1)
        weights = np.ones(len(own)) if units.sample.weights is None else units.sample.weights
        w, at, count = weights[used], own[used], len(units.fitted)
        total = np.bincount(at, w, count)
        gap = w * (score - (np.bincount(at, w * score, count) / total)[at])
        variance, df = between_within(_design_within(units, np.flatnonzero(used)), gap, at)
        return np.sqrt(variance) / total, df

    def table(self) -> pd.DataFrame:
        """Return ``unit index ci_lower ci_upper n se interval``, a row per unit that was fitted."""
        lower, upper, se = self._spread
        units = self.fits.units_fitted
        return pd.DataFrame(
            {
                "unit": self.fits.fitted,
                "index": self.constructs[self.target].to_numpy(),
                "ci_lower": lower,
                "ci_upper": upper,
                "n": units.n[units.fitted],
                "se": se,
                "interval": self.interval,
            }
        )

    def aggregate(
        self,
        weights: Mapping[str, float] | pd.Series | None = None,
        groups: Mapping[str, str] | pd.Series | None = None,
    ) -> pd.DataFrame:
        """Return weighted means of the indices, such as of sectors and of the nation.

        ``sum_u w_u index_u / sum_u w_u``, the aggregation of the ACSI by revenue; its standard
        error takes units for independent samples and their weights for known.

        Parameters
        ----------
        weights : mapping of str to float, optional
            What each unit counts for, such as its revenue or customers; all alike by default.
        groups : mapping of str to str, optional
            The group of each unit, such as its sector.

        Returns
        -------
        pandas.DataFrame
            ``group index ci_lower ci_upper units se share``: groups in the order in which they
            first appear, and all units together in the last row, whose group is ``"all"``.

        Raises
        ------
        OptionError
            When a unit has no weight or group, or a weight is not positive.

        Warns
        -----
        ImproperSolutionWarning
            When units without an index are left out.
        """
        table = self.table()[self._has_index].reset_index(drop=True)
        lost = len(self.fits.fitted) - len(table)
        if lost:
            names = [name for name in self.fits.fitted if name not in set(table["unit"])]
            warn(
                f"{counted(lost, 'unit')} without an index are left out of the aggregate: "
                f"{', '.join(names[:NAMED])}. result.fits.status says why.",
                ImproperSolutionWarning,
            )
        w = self._counted(weights, "weights", table["unit"])
        named = ["all"] * len(table)
        if groups is not None:
            named = [str(name) for name in self._looked_up(groups, "groups", table["unit"])]
        rows = []
        for group in (*dict.fromkeys(named if groups is not None else ()), None):
            inside = np.array([group is None or name == group for name in named])
            share = np.where(inside, w, 0.0) / w[inside].sum()
            value = float(share @ table["index"])
            se = float(np.sqrt(share**2 @ table["se"] ** 2))
            half = float(ndtri((1 + self.level) / 2)) * se
            rows.append(
                {
                    "group": "all" if group is None else group,
                    "index": value,
                    "ci_lower": value - half,
                    "ci_upper": value + half,
                    "units": int(inside.sum()),
                    "se": se,
                    "share": float(w[inside].sum() / w.sum()),
                }
            )
        return pd.DataFrame(rows)

    def _looked_up(
        self, given: Mapping[str, object] | pd.Series, argument: str, units: pd.Series
    ) -> list[object]:
        known = {str(name): value for name, value in dict(given).items()}
        for name in units:
            require(
                name in known,
                f"{argument} says nothing of unit {name!r}.{did_you_mean(name, known)}",
            )
        return [known[name] for name in units]

    def _counted(
        self, weights: Mapping[str, float] | pd.Series | None, argument: str, units: pd.Series
    ) -> Array:
        if weights is None:
            return np.ones(len(units))
        values = self._looked_up(weights, argument, units)
        for name, value in zip(units, values, strict=True):
            good = isinstance(value, Real) and np.isfinite(float(value)) and float(value) > 0
            require(good, f"{argument}[{name!r}]={value!r} must be a positive number.")
        return np.array(values, dtype=np.float64)

    def verify(self) -> tuple[Finding, ...]:
        """Return what the fits say against themselves, a design unused, and lost replicates."""
        found = [*self._turned(), *self.fits.verify(), *self._inside()]
        if self.drawn_status is not None:
            lost = (self.drawn_status >= Status.ITERATION_CAP).mean(axis=1)
            worst = np.flatnonzero((lost > 0) & self._has_index)
            if len(worst):
                names = tuple(self.fits.fitted[k] for k in worst)
                evidence = {
                    "count": len(worst),
                    "total": len(lost),
                    "unit": names[int(lost[worst].argmax())],
                    "share": float(lost.max()),
                }
                found.append(Finding("unit_replicates_lost", Severity.CAUTION, names, evidence))
        return worst_first(found)

    def _turned(self) -> Iterator[Finding]:
        """Yield the units in which items count against the index."""
        model, at = self.estimator.model, self.constructs.columns.get_loc(self.target)
        share = shares(self.kind, model, self.fits.arrays, self.low, self.high)[..., at]
        with np.errstate(invalid="ignore"):
            negative = share < 0
        turned = np.flatnonzero(negative.any(axis=1))
        if len(turned):
            items = tuple(model.observed[i] for i in np.flatnonzero(negative.any(axis=0)))
            evidence = {"target": self.target, "items": items, "total": len(share)}
            names = tuple(self.fits.fitted[k] for k in turned)
            yield Finding("units_negative_share", Severity.PROBLEM, names, evidence)

    def _inside(self) -> Iterator[Finding]:
        """Yield that the design does not tell of units: inside one cluster, or by replicates."""
        units = self.fits.units_fitted
        given = units.sample.design
        if isinstance(given, Replicates):
            yield Finding("units_without_design", Severity.CAUTION, ("units",))
        if isinstance(given, Design):
            inside = clusters(given, units.member)[units.fitted] == 1
            names = tuple(name for name, one in zip(self.fits.fitted, inside, strict=True) if one)
            if names:
                yield Finding("units_inside_cluster", Severity.NOTE, names, {"count": len(names)})

    @property
    def _has_index(self) -> NDArray[np.bool_]:
        """Which units (F,) have an index."""
        return np.asarray(self.constructs[self.target].notna())

    def _facts(self) -> str:
        values = self.constructs[self.target]
        span = f"{values.min():.1f} to {values.max():.1f}" if values.notna().any() else "none known"
        return (
            f"{self.target} of {len(values)} units of {self.fits.units_fitted.by}, "
            f"{span}, kind={self.kind}, {self.interval}"
        )


def _replicates(found: UnitIndices, replicates: int, seed: int) -> tuple[Array, Index]:
    """Return the replicates (F, B) of the target's index, and how each ended."""
    units = found.fits.units_fitted
    size = units.n[units.fitted]
    given = (
        _design_within(units, np.arange(len(units.member)))
        if isinstance(units.sample.design, Design)
        else None
    )
    drawn = np.full((len(size), replicates), np.nan)
    status = np.full((len(size), replicates), Status.SINGULAR, dtype=np.intp)
    order = np.argsort(units.member, kind="stable")
    first = np.cumsum(units.n) - units.n
    make = partial(_of_stack, found, given, order, first, replicates, seed)
    # `alike` drops units below two respondents, and `Units` those below three.
    stacks = alike(size, max(1, HELD // replicates))
    for own, values, ended in map_chunks(make, stacks):
        drawn[own], status[own] = values, ended
    return drawn, status


def _of_stack(
    found: UnitIndices,
    given: Design | None,
    order: Index,
    first: Index,
    replicates: int,
    seed: int,
    own: Index,
) -> tuple[Index, Array, Index]:
    """Return the replicates of units of about one size."""
    units, model = found.fits.units_fitted, found.estimator.model
    numbers = units.fitted[own]
    size, most = units.n[numbers], int(units.n[numbers].max())
    answers = units.sample.respondents("The bootstrap")
    p = answers.shape[1]
    x = np.zeros((len(own), most, p))
    counts = np.zeros((len(own), replicates, most))
    for k, (number, n) in enumerate(zip(numbers, size, strict=True)):
        rows = order[first[number] : first[number] + n]
        x[k, :n] = answers[rows]
        counts[k, :, :n] = _drawn(given, rows, replicates, seed, int(number))
        if units.sample.weights is not None:
            counts[k, :, :n] *= units.sample.weights[rows]
    mean, cov = stacked(x, counts, size)
    mean, cov = mean.reshape(-1, p), cov.reshape(-1, p, p)
    values, ended = _weights(found, mean, cov, np.repeat(size, replicates)[:, None])
    index = found._of(values)[:, model.constructs.index(found.target)]
    index[ended >= Status.ITERATION_CAP] = np.nan
    shape = len(own), replicates
    return own, index.reshape(shape), ended.reshape(shape).astype(np.intp)


def _design_within(units: Units, rows: Index) -> Design:
    """Return the design of some respondents whose units are samples by themselves."""
    member, given = units.member[rows], units.sample.design
    if not isinstance(given, Design):
        return Design(np.arange(len(member)), np.unique(member, return_inverse=True)[1])
    return within(given.part(rows), member)


def _drawn(given: Design | None, rows: Index, replicates: int, seed: int, unit: int) -> Array:
    """Return how often the respondents of a unit are drawn (B, n), or the weights of that."""
    if given is None:
        parts = bootstrap_chunks(len(rows), replicates, seed, replicates, stratum=unit)
    else:
        cluster = np.unique(given.cluster[rows], return_inverse=True)
        stratum = np.unique(given.stratum[cluster[0]], return_inverse=True)[1]
        own = Design(cluster[1], stratum)
        parts = design_chunks(own, replicates, seed, replicates, unit=unit)
    return np.concatenate(list(parts))


def _weights(
    found: UnitIndices, mean: Array, cov: Array, n: Index
) -> tuple[dict[str, Array], Index]:
    """Return what the index needs of moments (b, p) and (b, p, p), and how PLS ended."""
    pls = found.estimator
    if pls.model.is_staged:
        return _weights_of_stages(pls, mean, cov, n)
    weighting = pls.weighting
    ended = composites(
        to_corr(cov) if weighting.standardized else cov,
        pls.model.block,
        pls.model.paths,
        pls.model.mode_b,
        pls.scheme,
        pls.tol,
        pls.max_iter,
        held=weighting.held,
        sign=weighting.sign,
    )
    sds = np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1))
    return {"outer_weights": ended.weights, "item_sds": sds, "item_means": mean}, ended.status


def _weights_of_stages(
    pls: PLS, mean: Array, cov: Array, n: Index
) -> tuple[dict[str, Array], Index]:
    made = pls.solution(mean, cov, n).made
    return {**made.kept, "item_sds": made.sd, "item_means": made.mean}, made.found.status
