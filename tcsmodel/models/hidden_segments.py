"""What hidden segments share, however they were found: whom they hold, and how they repeat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from tcsmodel.errors import ConvergenceError, OptionError, SurveyError
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.kernels.partition import crossed, independence
from tcsmodel.models.draws import resamples
from tcsmodel.models.estimator import Sample
from tcsmodel.models.pls_result import PLSResult
from tcsmodel.options import require, require_whole
from tcsmodel.result import Finding, Severity
from tcsmodel.survey.moments import read_only

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Steinley (2004, Psychological Methods 9, 386-396): below it two partitions agree poorly.
STABLE = 0.65
# A segment needs so many respondents for each arrow into its busiest construct.
PER_ARROW = 10
MOST_VALUES = 30


class Verdict(StrEnum):
    """Whether there are hidden segments, as far as the respondents tell."""

    NONE = "no segments"
    UNCHECKED = "segments, stability unchecked"
    SEGMENTS = "segments"


def require_scores(result: PLSResult, what: str, *, stages: bool = False) -> None:
    """Raise unless segments can be looked for among the construct scores of a model.

    `stages` says whether the search needs no more than scores, so that these may come about in
    stages.
    """
    require(
        isinstance(result, PLSResult),
        f"{what} takes a fitted PLS model, not {type(result).__name__}. Try "
        f"{what[:-1]}tcs.PLS(spec).fit(survey)).",
    )
    result.sample.require_applicable(what)
    if not result.converged:
        raise ConvergenceError(
            f"{what} looks for segments among construct scores, but PLS did not converge. Try "
            "another scheme, or look at result.verify()."
        )
    estimator = result.estimator
    if not stages:
        estimator.model.require_one_stage(what)
    for given, name in (
        (estimator.weighting.corrects, "consistent= and reliability="),
        (estimator.rule.ordered, "ordered="),
    ):
        require(
            not given,
            f"{what} works on construct scores, whose paths {name} do not touch, so segments would "
            "not add up to this model. Fit PLS without them.",
        )


def label_names(k: int) -> list[str]:
    """Return ``segment_1`` to ``segment_k``."""
    return [f"segment_{s}" for s in range(1, k + 1)]


def busiest(result: PLSResult) -> int:
    """Return the number of arrows into the construct with the most."""
    return int(result.estimator.model.paths.sum(axis=0).max())


def shares_by(sample: Sample, labels: Index, k: int, column: str) -> pd.DataFrame:
    """Return the shares of segments (n,) among respondents with each value of a column.

    Raises
    ------
    SurveyError
        When the survey has no such column, or it is empty.
    OptionError
        When it has more than `MOST_VALUES` values.
    """
    assert sample.survey is not None  # only `Moments` have none, and they are refused before
    values = sample.survey.column(column).iloc[np.asarray(sample.rows)]
    known = values.notna().to_numpy()
    if not known.any():
        raise SurveyError(
            f"Column {column!r} is empty for the respondents used, so it describes no segments."
        )
    codes, found = pd.factorize(values[known], sort=True)
    if len(found) > MOST_VALUES:
        raise OptionError(
            f"Column {column!r} has {len(found)} values; shares of segments need {MOST_VALUES} or "
            "fewer. Group them first, as with pandas.cut()."
        )
    weights = None if sample.weights is None else sample.weights[known]
    table = np.zeros((len(found), k))
    counted = crossed(codes.astype(np.intp), labels[known], weights)
    table[:, : counted.shape[1]] = counted
    chi2, df, p = independence(table)
    shares = table / table.sum(axis=1, keepdims=True)
    frame = pd.DataFrame(shares, columns=label_names(k))
    frame.insert(0, "value", [str(value) for value in found])
    frame.insert(1, "n", np.bincount(codes, minlength=len(found)))
    return frame.assign(chi2=chi2, df=df, p=p)


def agreements(
    sample: Sample,
    of_counts: Callable[[Array], Array],
    size: int,
    n: int,
    seed: int,
    progress: bool,
) -> Array:
    """Return the agreement (n,) of the segments with those of each bootstrap sample.

    `of_counts` takes how often respondents were drawn (c, n), c at most `size`, and returns
    adjusted Rand indices (c,), nan where a sample gave no segments.
    """
    require_whole(n, "n", 2)
    require_whole(seed, "seed", 0)

    def parts() -> Iterator[Array]:
        for counts in resamples(sample, n, seed):
            yield from (counts[at : at + size] for at in range(0, len(counts), size))

    found = []
    with tqdm(total=n, desc="bootstrap", disable=None if progress else True) as bar:
        for values in map_chunks(of_counts, parts()):
            found.append(values)
            bar.update(len(values))
    return read_only(np.concatenate(found))


def median_agreement(agreement: Array | None) -> float:
    """Return the median agreement, counting a sample that gave no segments as none; or nan."""
    if agreement is None:
        return float("nan")
    return float(np.median(np.nan_to_num(agreement, nan=0.0)))


def chance(simulated: Array, reached: float) -> float:
    """Return the share of samples (S,) that reach as much, the one at hand counted in.

    Samples that came to no segments, nan, say nothing.
    """
    known = simulated[np.isfinite(simulated)]
    return float((1 + (known >= reached).sum()) / (1 + len(known)))


def verdict_of(better: bool, agreement: Array | None) -> Verdict:
    """Return the verdict on segments that are better than one model, or not, and come back."""
    if not better:
        return Verdict.NONE
    if agreement is None:
        return Verdict.UNCHECKED
    return Verdict.SEGMENTS if median_agreement(agreement) >= STABLE else Verdict.NONE


def agreement_facts(agreement: Array | None) -> list[str]:
    """Return how far segments come back, as one of the facts of a result; none before a look."""
    if agreement is None:
        return []
    return [f"agreement {median_agreement(agreement):.2f} in {len(agreement)} samples"]


def stability_findings(agreement: Array | None, k: int, what: str) -> Iterator[Finding]:
    """Yield that segments do not come back in other samples, or that nobody has looked."""
    if agreement is None:
        yield Finding("segments_unchecked", Severity.NOTE, (what,), {"segments": k})
    elif median_agreement(agreement) < STABLE:
        evidence = {
            "segments": k,
            "agreement": median_agreement(agreement),
            "limit": STABLE,
            "replicates": len(agreement),
        }
        yield Finding("segments_unstable", Severity.CAUTION, (what,), evidence)


def size_findings(sizes: Index, arrows: int, what: str) -> Iterator[Finding]:
    """Yield that the smallest segment is too small for its regressions."""
    if sizes.min() < PER_ARROW * arrows:
        evidence = {
            "least": int(sizes.min()),
            "segment": int(sizes.argmin()) + 1,
            "needed": PER_ARROW * arrows,
            "arrows": arrows,
        }
        yield Finding("segment_small", Severity.CAUTION, (what,), evidence)
