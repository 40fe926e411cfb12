"""`CVPAT`: whether a PLS path model predicts better than a benchmark, or than another model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from tcsmodel.kernels.paired import bootstrap_p, paired
from tcsmodel.kernels.resample import bootstrap_chunks, design_chunks
from tcsmodel.models.draws import drawable
from tcsmodel.options import require, require_whole
from tcsmodel.result import Finding, Result, Severity, p_phrase, worst_first

if TYPE_CHECKING:
    from tcsmodel.models.pls import PLS
    from tcsmodel.models.prediction import Prediction

Array = NDArray[np.float64]
Index = NDArray[np.intp]

OVERALL = "Overall"
BENCHMARKS = {"average": 2, "linear": 1}  # and their place in `Prediction.errors_array`
MISSED = {"average": ("average", Severity.CAUTION), "linear": ("linear", Severity.NOTE)}
COLUMNS = (
    "construct",
    "benchmark",
    "n_items",
    "loss",
    "loss_benchmark",
    "difference",
    "se",
    "ci_lower",
    "ci_upper",
    "t",
    "df",
    "p",
    "p_bootstrap",
)
CELLS = 500_000  # counts held at once


@dataclass(frozen=True)
class Comparison:
    """The losses of a model beside those of a benchmark.

    Parameters
    ----------
    construct : str
        Whose items; ``"Overall"`` for all of them.
    benchmark : {"average", "linear", "other model"}
        What the model is compared with.
    n_items : int
        Items in the loss.
    loss, loss_benchmark : float
        Mean losses.
    difference, se, df : float
        Mean of the differences, its standard error and degrees of freedom.
    p_bootstrap : float
        The one-sided p value of the bootstrap.
    """

    construct: str
    benchmark: str
    n_items: int
    loss: float
    loss_benchmark: float
    difference: float
    se: float
    df: float
    p_bootstrap: float


@dataclass(frozen=True, eq=False, repr=False)
class CVPAT(Result):
    """The cross-validated predictive ability test; made by `Prediction.cvpat`.

    The loss of a respondent is the mean of the squared errors of the items, in answer units; it
    is compared with the loss of a benchmark, respondent by respondent (Liengaard et al. 2021;
    Sharma et al. 2023). A model that predicts better has a negative difference.

    Parameters
    ----------
    estimator : PLS
        The options of the model.
    comparisons : tuple of Comparison
        For each benchmark all items, then those of each construct.
    n : int
        Respondents.
    bootstrap, seed : int
        Number of resamples, and what decided them.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> result = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    >>> test = result.predict(seed=7).cvpat(seed=7)
    >>> test.table().loc[0, ["construct", "benchmark"]].tolist()
    ['Overall', 'average']
    """

    estimator: PLS
    comparisons: tuple[Comparison, ...]
    n: int
    bootstrap: int
    seed: int

    def table(self) -> pd.DataFrame:
        """Return the comparisons.

        Columns ``construct benchmark n_items loss loss_benchmark difference se ci_lower ci_upper
        t df p p_bootstrap``. The first row of each benchmark is over the items of all
        constructs. `p` and `p_bootstrap` are one-sided: small when the model predicts better.
        """
        frame = pd.DataFrame([asdict(one) for one in self.comparisons])
        difference, se, df = (frame[c].to_numpy() for c in ("difference", "se", "df"))
        with np.errstate(all="ignore"):
            t = difference / se
            half = special.stdtrit(df, (1 + self.estimator.level) / 2) * se
        p = special.stdtr(df, t)
        frame = frame.assign(ci_lower=difference - half, ci_upper=difference + half, t=t, p=p)
        return frame[list(COLUMNS)]

    def verify(self) -> tuple[Finding, ...]:
        """Return what is not shown to be predicted better than a benchmark, worst first."""
        return worst_first(self._findings())

    def _findings(self) -> Iterator[Finding]:
        limit = 1 - self.estimator.level
        p_values = self.table()["p"].tolist()
        for one, p in zip(self.comparisons, p_values, strict=True):
            if np.isfinite(one.difference) and not p < limit:
                code, severity = MISSED.get(one.benchmark, ("other", Severity.NOTE))
                evidence = {"difference": one.difference, "p": p}
                yield Finding(f"no_better_than_{code}", severity, (one.construct,), evidence)

    def _facts(self) -> str:
        one, first = self.comparisons[0], self.table().iloc[0]
        return (
            f"difference to {one.benchmark} {one.difference:.3f}, t={first['t']:.2f}, "
            f"{p_phrase(first['p'])}, n={self.n}, {self.bootstrap} draws, seed={self.seed}"
        )


def cvpat(prediction: Prediction, other: Prediction | None, bootstrap: int, seed: int) -> CVPAT:
    """Return what `Prediction.cvpat` describes."""
    require_whole(bootstrap, "bootstrap", 1)
    require_whole(seed, "seed", 0)
    found = list(_own_losses(prediction) if other is None else _both_losses(prediction, other))
    own = np.column_stack([one.own for one in found])
    against = np.column_stack([one.against for one in found])
    weights, design = prediction.weights, drawable(prediction.sample.design)
    n, gap = len(own), own - against
    tested = paired(gap, weights, design)
    size = max(1, CELLS // n)
    if design is None:
        counts = bootstrap_chunks(n, bootstrap, seed, size)
    else:
        counts = design_chunks(design, bootstrap, seed, size)
    columns = (
        paired(own, weights).mean,
        paired(against, weights).mean,
        tested.mean,
        tested.se,
        tested.df,
        bootstrap_p(gap, weights, tested, counts, studentized=design is None),
    )
    comparisons = tuple(
        Comparison(one.construct, one.benchmark, one.n_items, *map(float, numbers))
        for one, numbers in zip(found, np.stack(columns, axis=1), strict=True)
    )
    return CVPAT(prediction.estimator, comparisons, n, bootstrap, seed)


@dataclass(frozen=True)
class _Losses:
    """The losses (n,) of a model and of what it is compared with."""

    construct: str
    benchmark: str
    n_items: int
    own: Array
    against: Array


def _own_losses(prediction: Prediction) -> Iterator[_Losses]:
    errors = prediction.errors_array
    for benchmark, place in BENCHMARKS.items():
        for name, at in _groups(prediction, np.arange(len(prediction.items))):
            own, against = _loss(errors[0][:, at]), _loss(errors[place][:, at])
            yield _Losses(name, benchmark, len(at), own, against)


def _both_losses(prediction: Prediction, other: Prediction) -> Iterator[_Losses]:
    _require_comparable(prediction, other)
    common = np.array([i for i, item in enumerate(prediction.items) if item in other.items])
    for name, at in _groups(prediction, common):
        there = [other.items.index(prediction.items[i]) for i in at]
        own = _loss(prediction.errors_array[0][:, at])
        yield _Losses(name, "other model", len(at), own, _loss(other.errors_array[0][:, there]))


def _groups(prediction: Prediction, items: Index) -> Iterator[tuple[str, Index]]:
    """Yield all of the items, then those of each construct."""
    yield OVERALL, items
    for c in prediction.model.targets:
        own = items[prediction.block[items] == c]
        if len(own):
            yield prediction.model.constructs[c], own


def _loss(errors: Array) -> Array:
    """Return the mean squared error (n,) over the items that are known (n, q)."""
    known = np.isfinite(errors)
    with np.errstate(all="ignore"):
        return (np.where(known, errors, 0.0) ** 2).sum(axis=1) / known.sum(axis=1)


def _require_comparable(prediction: Prediction, other: Prediction) -> None:
    require(
        isinstance(other, type(prediction)),
        f"cvpat() compares with another Prediction, not {type(other).__name__}. "
        "Try result.predict(seed=7).cvpat(rival.predict(seed=7)).",
    )
    same = prediction.sample.n == other.sample.n and np.array_equal(
        np.asarray(prediction.sample.rows), np.asarray(other.sample.rows)
    )
    require(
        same,
        f"cvpat() compares models of the same respondents; these have {prediction.sample.n} and "
        f"{other.sample.n}, or other rows. Fit both to the respondents who answered all items of "
        "both models: survey.where(...).",
    )
    require(
        np.array_equal(prediction.fold, other.fold),
        "cvpat() compares predictions from the same folds. Use the same folds=, repetitions= and "
        "seed= for both.",
    )
    common = [item for item in prediction.items if item in other.items]
    require(
        bool(common),
        "The two models predict no item in common: give them an endogenous construct with the "
        "same items.",
    )
