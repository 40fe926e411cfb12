"""`Draws`: bootstrap replicates of named quantities, and how to make them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special
from tqdm import tqdm

from tcsmodel.errors import OptionError, TcsError, percent
from tcsmodel.kernels import influence, intervals
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.kernels.design import Design
from tcsmodel.kernels.moments import moments
from tcsmodel.kernels.replicates import Replicates
from tcsmodel.kernels.resample import (
    bootstrap_chunks,
    design_chunks,
    jackknife_chunks,
    stratified_chunks,
)
from tcsmodel.kernels.status import Status
from tcsmodel.models.estimator import Sample
from tcsmodel.options import (
    IntervalKind,
    Side,
    choose,
    did_you_mean,
    require,
    require_level,
    require_whole,
)
from tcsmodel.result import Finding, Severity

Array = NDArray[np.float64]
Strata = NDArray[np.intp]
Values = Mapping[str, Array]

# More respondents than these are not left out one by one for BCa intervals.
JACKKNIFED = 2000
# The standard errors of a quantity's replicates stand beside them under this name.
ERROR = "{}_se"
# More replicates lost than these, as a share, may move intervals.
MANY_LOST = 0.05


@dataclass(frozen=True)
class Replicator:
    """How the replicates of a model are computed.

    Parameters
    ----------
    function : callable
        Takes means (b, p) and covariances (b, p, p), of a sample with groups (b, G, p) and
        (b, G, p, p), and returns arrays (b, ...) by name, among them ``"status"`` (b,).
    sample : Sample
        The respondents.
    weighted : bool
        Whether the function takes the weights (b, n) of the respondents instead.
    """

    function: Callable[..., Values]
    sample: Sample
    weighted: bool = False

    def of(self, counts: Array) -> Values:
        """Return the replicates of respondents who were drawn so often (b, n).

        Nan where nobody of a group was drawn, as may happen when clusters are drawn.
        """
        gone = self._lack_a_group(counts)
        if not gone.any():
            return self._of(counts)
        found = dict(self._of(np.where(gone[:, None], 1.0, counts)))
        for value in found.values():
            value[gone] = np.nan
        found["status"][gone] = Status.SINGULAR
        return found

    def _lack_a_group(self, counts: Array) -> NDArray[np.bool_]:
        strata = self.sample.strata
        if strata is None:
            return np.zeros(len(counts), dtype=bool)
        own = [(counts[:, strata == g] == 0).all(axis=1) for g in range(int(strata.max()) + 1)]
        return np.any(own, axis=0)

    def _of(self, counts: Array) -> Values:
        weights = counts if self.sample.weights is None else counts * self.sample.weights
        if self.weighted:
            return self.function(weights)
        values = self.sample.respondents("The bootstrap")
        return self.function(*_moments(values, weights, self.sample.strata))


@dataclass(frozen=True, eq=False)
class Probes:
    """What the acceleration of BCa intervals is computed from.

    Parameters
    ----------
    values : dict of str to ndarray (P, ...)
        The quantities of P samples that are each a little different from the one at hand.
    acceleration : callable
        Takes such values (P, ...) and returns the acceleration (...).
    """

    values: Values
    acceleration: Callable[[Array], Array]


class Source(StrEnum):
    """Where draws come from."""

    BOOTSTRAP = "bootstrap"
    MONTE_CARLO = "Monte Carlo"
    REPLICATE_WEIGHTS = "replicate weights"


@dataclass(frozen=True, eq=False, repr=False)
class Draws:
    """Replicates: those of a bootstrap, or Monte Carlo draws of the estimates.

    Parameters
    ----------
    values : dict of str to ndarray (B, ...)
        Each quantity's replicates, shaped as the quantity itself behind axis 0.
    status : ndarray (B,) of int
        How each replicate ended (`tcsmodel.kernels.status.Status`).
    seed : int or None
        The seed that made them; None when the resamples were given.
    level : float
        Confidence level of the intervals.
    kind : IntervalKind
        How replicates become an interval.
    origin : dict of str to ndarray
        The quantities of the sample itself.
    probes : Probes, optional
        For BCa intervals.
    source : Source
        Where they come from.
    """

    values: Values
    status: NDArray[np.intp]
    seed: int | None
    level: float = 0.95
    kind: IntervalKind = IntervalKind.PERCENTILE
    origin: Values = field(default_factory=dict)
    probes: Probes | None = None
    source: Source = Source.BOOTSTRAP

    @property
    def n(self) -> int:
        """Number of replicates B."""
        return len(self.status)

    @property
    def status_shares(self) -> pd.Series:
        """Share of the replicates that ended with each status."""
        return pd.Series(
            {s.name.lower(): float(np.mean(self.status == s)) for s in Status}, name="share"
        )

    @property
    def facts(self) -> str:
        """The number of replicates, the kind of interval and how replicates ended, in words."""
        if self.source is Source.MONTE_CARLO:
            return f"{self.n} Monte Carlo draws"
        return f"{self.n} draws ({self.kind}; {self.ends})"

    @property
    def ends(self) -> str:
        """The share of the replicates that ended with each status, in words."""
        shares = self.status_shares[self.status_shares > 0]
        return ", ".join(f"{_share(share)} {_words(str(name))}" for name, share in shares.items())

    @property
    def likely(self) -> Values:
        """The quantities as other samples may give them: the replicates themselves."""
        return self.values

    def derived(self, function: Callable[[Values], Values]) -> Draws:
        """Return the draws of quantities that are functions of these, replicate by replicate."""
        origin = function({name: value[None] for name, value in self.origin.items()})
        probes = self.probes
        if probes is not None:
            probes = replace(probes, values=function(probes.values))
        own = {name: value[0] for name, value in origin.items()}
        return replace(self, values=function(self.values), origin=own, probes=probes)

    def interval(
        self,
        name: str,
        level: float | None = None,
        interval: IntervalKind | str | None = None,
        side: Side | str = Side.BOTH,
    ) -> tuple[Array, Array]:
        """Return the limits of a quantity, each shaped as the quantity.

        Parameters
        ----------
        name : str
            A name in `values`.
        level : float, optional
            Confidence level; that of the draws by default.
        interval : {"percentile", "bca", "basic", "studentized"}, optional
            How replicates become an interval; that of the draws by default. ``"bca"`` and
            ``"studentized"`` need what is computed only for draws of that kind.
        side : {"both", "lower", "upper"}
            Which limits; a single one has all of ``1 - level`` beyond it, and the other is
            infinite.

        Raises
        ------
        OptionError
            When there is no such quantity, the draws do not have what the kind needs, or a single
            limit is asked for at a level of half or less.

        Notes
        -----
        Efron (1987) for BCa, which is nan where all replicates lie on one side of the estimate;
        Davison & Hinkley (1997), ch. 5, for the others. Quantiles are R's type 7.
        """
        level = self.level if level is None else level
        kind = None if interval is None else choose(IntervalKind, interval, "interval")
        side = choose(Side, side, "side")
        if side is Side.BOTH:
            return self._limits(name, level, kind)
        require(level > 0.5, f"level={level!r} must lie above 0.5 for a single limit.")
        lower, upper = self._limits(name, 2 * level - 1, kind)
        if side is Side.UPPER:
            return np.where(np.isnan(lower), np.nan, -np.inf), upper
        return lower, np.where(np.isnan(upper), np.nan, np.inf)

    def _limits(self, name: str, level: float, kind: IntervalKind | None) -> tuple[Array, Array]:
        """Return both limits of a quantity, of the kind of the draws where none is given."""
        values, kind = self._of(name), self.kind if kind is None else kind
        if kind is IntervalKind.PERCENTILE:
            return intervals.percentile(values, level)
        if kind is IntervalKind.BASIC:
            return intervals.basic(values, self.origin[name], level)
        if kind is IntervalKind.BCA:
            require(self.probes is not None, _absent(kind))
            return intervals.bca(values, self.origin[name], self._acceleration(name), level)
        error = ERROR.format(name)
        if error not in self.values:
            raise OptionError(
                _absent(kind)
                if self.kind is not kind
                else f"The replicates of {name!r} have no standard errors of their own, so there "
                "are no studentized intervals. Try .bootstrap(n, seed=7, interval='bca')."
            )
        errors, se = self.values[error], self.origin[error]
        return intervals.studentized(values, errors, self.origin[name], se, level)

    def _acceleration(self, name: str) -> Array:
        probes = self.probes
        assert probes is not None
        return probes.acceleration(probes.values[name])

    def se(self, name: str) -> Array:
        """Return the standard error of a quantity, the standard deviation of its draws."""
        return intervals.standard_error(self._of(name))

    def p(self, name: str) -> Array:
        """Return the two-sided p of a quantity, that of ``estimate / se`` under normality."""
        with np.errstate(all="ignore"):
            return np.asarray(2 * special.ndtr(-np.abs(self.origin[name] / self.se(name))))

    def _of(self, name: str) -> Array:
        if name not in self.values:
            more = " Monte Carlo draws are of parameters alone; try .bootstrap(1000, seed=7)."
            raise OptionError(
                f"There are no draws of {name!r}, only of {', '.join(self.values)}."
                f"{more if self.source is Source.MONTE_CARLO else did_you_mean(name, self.values)}"
            )
        return self.values[name]

    def __repr__(self) -> str:
        return f"Draws({self.n} replicates of {', '.join(self.values)}, seed={self.seed})"


def lost_replicates(lost: int, replicates: int, subject: str) -> Finding:
    """Return that some replicates have no solution: a caution where they are many."""
    share = lost / replicates
    evidence = {"lost": lost, "replicates": replicates, "share": share}
    if share > MANY_LOST:
        return Finding("replicates_lost", Severity.CAUTION, (subject,), evidence)
    return Finding("replicates_lost_few", Severity.NOTE, (subject,), evidence)


def _share(share: float) -> str:
    return "all" if share == 1 else percent(share)


def _words(status: str) -> str:
    return status.replace("_", " ")


def _absent(kind: IntervalKind) -> str:
    return (
        f"These draws have no {kind.value} intervals. Ask for them when drawing: "
        f".bootstrap(n, seed=7, interval={kind.value!r})."
    )


def replicate(
    make: Replicator, counts: Iterable[Array], progress: tqdm | None = None
) -> dict[str, Array]:
    """Return the replicates of every resample, concatenated over axis 0.

    Parameters
    ----------
    make : Replicator
        How they are computed, and of whom.
    counts : iterable of ndarray (b, n)
        How often each respondent was drawn, chunk by chunk.
    progress : tqdm, optional
        Advanced by the size of each chunk.
    """
    parts = []
    for part in map_chunks(make.of, counts):
        parts.append(part)
        if progress is not None:
            progress.update(len(part["status"]))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _moments(values: Array, weights: Array, strata: Strata | None) -> tuple[Array, Array]:
    if strata is None:
        return moments(values, weights)
    own = [np.flatnonzero(strata == k) for k in range(int(strata.max()) + 1)]
    parts = [moments(values[rows], weights[:, rows]) for rows in own]
    mean, cov = (np.stack(part, axis=1) for part in zip(*parts, strict=True))
    return mean, cov


def from_counts(
    make: Replicator,
    counts: Array,
    *,
    level: float = 0.95,
    kind: IntervalKind = IntervalKind.PERCENTILE,
) -> Draws:
    """Return the draws of given resamples: counts (B, n) of how often each respondent was drawn.

    Raises
    ------
    OptionError
        When the counts do not have one column per respondent used.
    """
    counts = np.asarray(counts, dtype=np.float64)
    require(
        counts.ndim == 2 and counts.shape[1] == make.sample.n,
        f"counts has shape {counts.shape}; give (replicates, {make.sample.n}), one column per "
        "respondent used.",
    )
    return _drawn(make, replicate(make, [counts]), None, level, kind)


def bootstrap(
    make: Replicator,
    replicates: int,
    *,
    seed: int,
    level: float = 0.95,
    kind: IntervalKind = IntervalKind.PERCENTILE,
    progress: bool = False,
    what: str = "bootstrap",
) -> Draws:
    """Return nonparametric bootstrap draws; the seed alone decides the numbers.

    Respondents of a sample with groups are drawn within their groups.

    Raises
    ------
    TcsError
        When fitted to moments alone, or when no replicate could be computed.
    OptionError
        When `replicates` is not a whole number from 2 on, `seed` not one from 0 on, or
        `level` not between 0 and 1.
    """
    require_whole(replicates, "n", 2)
    require_whole(seed, "seed", 0)
    require_level(level)
    make.sample.respondents("The bootstrap")
    require(
        kind is not IntervalKind.BCA or drawable(make.sample.design) is None,
        "interval='bca' takes respondents for drawn one by one, and the survey has strata or "
        "clusters. Take interval='percentile' or 'basic'.",
    )
    with tqdm(total=replicates, desc=what, disable=None if progress else True) as bar:
        values = replicate(make, resamples(make.sample, replicates, seed), bar)
    if not (values["status"] < Status.ITERATION_CAP).any():
        raise TcsError(
            f"None of the {replicates} bootstrap replicates could be computed; look at "
            "result.verify() of the fit itself."
        )
    return _drawn(make, values, seed, level, kind)


def resamples(sample: Sample, replicates: int, seed: int) -> Iterable[Array]:
    """Return nonparametric bootstrap counts (b, n) chunk by chunk, drawn within groups.

    Of a sample with clusters or strata, weights of clusters drawn within strata.

    Raises TcsError for a survey with replicate weights.
    """
    size = chunk_size(sample)
    design = drawable(sample.design)
    if design is not None:
        return design_chunks(design, replicates, seed, size)
    if sample.strata is None:
        return bootstrap_chunks(sample.n, replicates, seed, size)
    return stratified_chunks(sample.strata, replicates, seed, size)


def drawable(design: Design | Replicates | None) -> Design | None:
    """Return a design whose respondents can be drawn anew; raise TcsError for replicate weights."""
    if isinstance(design, Replicates):
        raise TcsError(
            "The survey has replicate weights, which already say how estimates vary; drawing its "
            "respondents one by one would forget how they were sampled. Call .replicated() on a "
            "fitted model for standard errors and intervals, or read the survey without "
            "replicates= where respondents may pass for drawn one by one."
        )
    return design


def chunk_size(sample: Sample) -> int:
    """Return how many resamples of these respondents are held at once."""
    return max(1, min(512, 4_000_000 // sample.n, 1_000_000 // len(sample.names) ** 2))


def _drawn(
    make: Replicator,
    values: dict[str, Array],
    seed: int | None,
    level: float,
    kind: IntervalKind,
) -> Draws:
    status = values.pop("status").astype(np.intp)
    itself = replicate(make, [np.ones((1, make.sample.n))])
    origin = {name: value[0] for name, value in itself.items() if name != "status"}
    probes = _probes(make) if kind is IntervalKind.BCA else None
    return Draws(values, status, seed, level, kind, origin, probes)


def _probes(make: Replicator) -> Probes:
    """Return the jackknife up to `JACKKNIFED` respondents, above that the infinitesimal one.

    Of many answers with gaps, which moments do not stand for, that many parts are left out.
    """
    sample = make.sample
    if make.weighted or sample.n <= JACKKNIFED:
        parts = min(sample.n, JACKKNIFED)
        values = replicate(make, jackknife_chunks(sample.n, parts, chunk_size(sample)))
        return Probes(_estimates(values), _left_out)
    x = sample.respondents("A BCa interval")
    weights = np.ones(sample.n) if sample.weights is None else sample.weights
    strata = np.zeros(sample.n, dtype=np.intp) if sample.strata is None else sample.strata
    mean, cov = (part[0] for part in _moments(x, weights[None], strata))
    means, covs = influence.moment_steps(mean, cov)
    if sample.strata is None:
        means, covs = means[:, 0], covs[:, 0]
    return Probes(
        _estimates(make.function(means, covs)),
        partial(influence.acceleration, mean=mean, cov=cov, x=x, weights=weights, strata=strata),
    )


def _estimates(values: Values) -> Values:
    return {name: value for name, value in values.items() if name != "status"}


def _left_out(values: Array) -> Array:
    return intervals.acceleration(-values)
