"""Screening: what the answers look like before any model, and whether they can be factored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError, counted
from tcsmodel.kernels import moments as moment_kernel
from tcsmodel.kernels import screening as kernel
from tcsmodel.result import Finding, Result, p_phrase, worst_first
from tcsmodel.survey import suspicions
from tcsmodel.survey.cleaning import Array
from tcsmodel.survey.moments import Moments, read_only, require_definite, require_varying
from tcsmodel.survey.survey import Survey
from tcsmodel.survey.suspicions import Blocks

OUTLIER_P = 0.001
GAPS = 0.5
MANY_ITEMS = 10


@dataclass(frozen=True, eq=False, repr=False)
class Screening(Result):
    """What `screening` found about items and respondents.

    Parameters
    ----------
    survey : Survey
        The answers screened.
    description : tcsmodel.kernels.screening.Description
        Statistics (p,) of the items.
    floor_array, ceiling_array : ndarray (p,)
        Share of the answers at the low and the high end of the scale (of the answers
        given, where the item has no stated scale).
    run, irv, distance, distance_p, copies : ndarray (n,)
        Per respondent: see `respondents`.
    findings : tuple of Finding
        Worst first.
    """

    survey: Survey
    description: kernel.Description
    floor_array: Array
    ceiling_array: Array
    run: NDArray[np.intp]
    irv: Array
    distance: Array
    distance_p: Array
    copies: NDArray[np.intp]
    findings: tuple[Finding, ...]

    @cached_property
    def items(self) -> pd.DataFrame:
        """One row per item, in answer units.

        Columns: ``n missing not_applicable mean sd median min max skew kurtosis floor ceiling``.
        `n` answers, `missing` ones, and respondents to whom the item does not apply make up the
        survey. `sd` has divisor n - 1; skew is ``m3 / sd^3`` and kurtosis ``m4 / sd^4 - 3``
        (Joanes & Gill 1998); `floor` and `ceiling` are shares of the answers. Mean, sd, median,
        skew and kurtosis are weighted where the survey has weights; reversed items are recoded.
        """
        about = self.description
        return pd.DataFrame(
            {
                "n": about.n,
                "missing": self._gaps.sum(axis=0),
                "not_applicable": (~self.survey.applies()).sum(axis=0),
                "mean": about.mean,
                "sd": about.sd,
                "median": about.median,
                "min": about.minimum,
                "max": about.maximum,
                "skew": about.skew,
                "kurtosis": about.kurtosis,
                "floor": self.floor_array,
                "ceiling": self.ceiling_array,
            },
            index=pd.Index(self.survey.items, name="item"),
        )

    @cached_property
    def missing_patterns(self) -> pd.DataFrame:
        """One row per pattern of missing answers, the most frequent first.

        Columns: ``n share n_missing missing_items n_not_applicable not_applicable_items`` (the
        names joined by commas). Who skipped an item and who could not answer it differ in pattern.
        """
        kinds = np.hstack([self._gaps, ~self.survey.applies()])
        packed, counts = np.unique(np.packbits(kinds, axis=1), axis=0, return_counts=True)
        patterns = np.unpackbits(packed, axis=1, count=kinds.shape[1]).astype(bool)
        missing, outside = np.hsplit(patterns, 2)
        names = np.array(self.survey.items, dtype=object)
        frame = pd.DataFrame(
            {
                "n": counts,
                "share": counts / len(kinds),
                "n_missing": missing.sum(axis=1),
                "missing_items": [", ".join(names[pattern]) for pattern in missing],
                "n_not_applicable": outside.sum(axis=1),
                "not_applicable_items": [", ".join(names[pattern]) for pattern in outside],
            }
        )
        order = ["n", "n_missing", "n_not_applicable", "missing_items", "not_applicable_items"]
        ascending = [False, True, True, True, True]
        return frame.sort_values(order, ascending=ascending, ignore_index=True)

    @cached_property
    def respondents(self) -> pd.DataFrame:
        """One row per respondent, in the order of the survey.

        Columns: ``missing`` answers; ``longstring``, the longest run of one answer over
        neighbouring items; ``irv``, the standard deviation of the own answers; the squared
        ``mahalanobis`` distance and its ``mahalanobis_p`` (chi-square; nan with a gap or
        when there are no more respondents than items); ``duplicates``, how many others gave
        exactly the same answers; ``flag``, the codes that apply, joined by commas:
        ``straight_lining`` (a run longer than half of at least 6 items), ``outlier``
        (p < .001), ``duplicate`` (with at least 10 items) and ``many_missing`` (half of
        the items that apply, or more). Runs and deviations are of the answers as given, before
        reversed items are recoded. The id comes first where the survey has one.
        """
        flags = self._flags()
        words = [
            ", ".join(code for code, hit in zip(flags, hits, strict=True) if hit)
            for hits in np.column_stack(list(flags.values())).tolist()
        ]
        frame = pd.DataFrame(
            {
                "missing": self._gaps.sum(axis=1),
                "longstring": self.run,
                "irv": self.irv,
                "mahalanobis": self.distance,
                "mahalanobis_p": self.distance_p,
                "duplicates": self.copies,
                "flag": words,
            },
            index=self.survey.row_labels,
        )
        if self.survey.id is not None:
            frame.insert(0, "id", self.survey.column(self.survey.id).to_numpy())
        return frame

    @cached_property
    def _gaps(self) -> NDArray[np.bool_]:
        """Answers (n, p) that were left out, though the item applies."""
        return np.isnan(self.survey.values()) & self.survey.applies()

    def _flags(self) -> dict[str, NDArray[np.bool_]]:
        p = len(self.survey.items)
        straight = suspicions.straight_lines(self.run, p)
        applying = self.survey.applies().sum(axis=1)
        return {
            "straight_lining": straight,
            "outlier": self.distance_p < OUTLIER_P,
            "duplicate": (self.copies > 0) & ~straight & (p >= MANY_ITEMS),
            "many_missing": self._gaps.sum(axis=1) >= GAPS * np.maximum(applying, 1),
        }

    @cached_property
    def flags(self) -> pd.Series:
        """How many respondents each code in the column ``flag`` of `respondents` concerns."""
        counts = {code: int(hits.sum()) for code, hits in self._flags().items()}
        return pd.Series(counts, name="respondents")

    def table(self) -> pd.DataFrame:
        """Return `items`."""
        return self.items.copy()

    def verify(self) -> tuple[Finding, ...]:
        """Return `findings`."""
        return self.findings

    def _facts(self) -> str:
        survey = self.survey
        share = self._gaps.sum() / max(int(survey.applies().sum()), 1)
        return (
            f"{counted(survey.n, 'respondent')}, {counted(len(survey.items), 'item')}, "
            f"{share:.1%} missing, {counted(len(self.findings), 'finding')}"
        )


def screening(survey: Survey | pd.DataFrame, spec: Blocks | None = None) -> Screening:
    """Describe the answers and name what looks wrong with them.

    Nothing is removed and nothing is recoded: whatever can be described is, and each
    suspicion is a finding with its evidence.

    Parameters
    ----------
    survey : Survey or DataFrame
        The answers.
    spec : ModelSpec, optional
        With it an item is suspected of being reversed when it runs against the other
        items of its construct; without it, against all items.

    Returns
    -------
    Screening
        With `.items`, `.respondents`, `.missing_patterns` and `.findings`.

    Raises
    ------
    SurveyError
        When a DataFrame cannot be a `Survey`: no rows, or no numeric column.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> screened = tcs.screening(tcs.datasets.mobi(), tcs.library.ecsi())
    >>> screened.items.loc["CUSA1", ["mean", "ceiling"]].round(3).tolist()
    [7.988, 0.152]
    >>> int(screened.flags["straight_lining"])
    5
    """
    survey = survey if isinstance(survey, Survey) else Survey(survey)
    values, weights = survey.values(), survey.weights
    description = kernel.describe(values, weights)
    given = _as_given(survey)
    floor, ceiling = _ends(survey, description)
    run, copies = kernel.longest_run(given), kernel.same_rows(values)
    if survey.frequency:
        copies = np.zeros_like(copies)  # rows that were counted repeat each other
    for counts in (run, copies):
        counts.setflags(write=False)
    distance, distance_p = _distances(values, weights)
    findings = (
        *suspicions.about_items(survey, description, floor, ceiling),
        *suspicions.about_direction(survey, spec),
        *suspicions.about_respondents(survey, run, copies),
    )
    return Screening(
        survey=survey,
        description=description,
        floor_array=read_only(floor),
        ceiling_array=read_only(ceiling),
        run=run,
        irv=read_only(kernel.within_sd(given)),
        distance=read_only(distance),
        distance_p=read_only(distance_p),
        copies=copies,
        findings=worst_first(findings),
    )


def _as_given(survey: Survey) -> Array:
    """Return the answers (n, p) with reversals undone."""
    values = survey.values().copy()
    for name in survey.reverse:
        at = survey.items.index(name)
        values[:, at] = sum(survey.scale[name]) - values[:, at]
    return values


def _ends(survey: Survey, about: kernel.Description) -> tuple[Array, Array]:
    limits = [survey.scale.get(name) for name in survey.items]
    low = [about.minimum[j] if pair is None else pair[0] for j, pair in enumerate(limits)]
    high = [about.maximum[j] if pair is None else pair[1] for j, pair in enumerate(limits)]
    values, weights = survey.values(), survey.weights
    there = np.isfinite(values) * (1.0 if weights is None else weights[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        total = there.sum(axis=0)
        return (
            ((values == low) * there).sum(axis=0) / total,
            ((values == high) * there).sum(axis=0) / total,
        )


def _distances(values: Array, weights: Array | None) -> tuple[Array, Array]:
    complete = np.isfinite(values).all(axis=1)
    if complete.sum() <= values.shape[1]:
        nothing = np.full(len(values), np.nan)
        return nothing, nothing
    own = None if weights is None else weights[complete]
    return kernel.mahalanobis(values, *moment_kernel.moments(values[complete], own))


@dataclass(frozen=True, eq=False, repr=False)
class Factorability(Result):
    """Whether items share enough to be factored.

    Parameters
    ----------
    moments : Moments
        Of the p items.
    adequacy : tcsmodel.kernels.screening.Adequacy
        The statistics.
    """

    moments: Moments
    adequacy: kernel.Adequacy

    @property
    def kmo(self) -> float:
        """Kaiser-Meyer-Olkin measure of sampling adequacy, all items together."""
        return float(self.adequacy.kmo)

    @cached_property
    def kmo_items(self) -> pd.Series:
        """Measure of sampling adequacy of each item."""
        index = pd.Index(self.moments.names, name="item")
        return pd.Series(self.adequacy.kmo_items, index=index, name="kmo")

    @property
    def bartlett_chi2(self) -> float:
        """Bartlett's chi-square of the hypothesis that all correlations are zero."""
        return float(self.adequacy.chi2)

    @property
    def bartlett_df(self) -> int:
        """Degrees of freedom of Bartlett's test, p (p - 1) / 2."""
        return self.adequacy.df

    @property
    def bartlett_p(self) -> float:
        """Its p value."""
        return float(self.adequacy.p)

    @cached_property
    def eigenvalues(self) -> pd.Series:
        """Eigenvalues of the correlation matrix, descending."""
        values = self.adequacy.eigenvalues
        return pd.Series(values, index=range(1, len(values) + 1), name="eigenvalue")

    def table(self) -> pd.DataFrame:
        """Return one row per item: ``kmo``."""
        return self.kmo_items.to_frame().copy()

    def verify(self) -> tuple[Finding, ...]:
        """Return findings ``kmo_low`` (below .60), ``kmo_item_low`` (.50), ``not_correlated``."""
        return suspicions.about_factorability(self.kmo, self.kmo_items, self.bartlett_p)

    def _facts(self) -> str:
        return (
            f"{len(self.moments.names)} items, n={self.moments.n}, KMO {self.kmo:.3f}, "
            f"Bartlett chi2({self.bartlett_df}) = {self.bartlett_chi2:.2f}, "
            f"{p_phrase(self.bartlett_p)}"
        )


def factorability(
    data: Survey | pd.DataFrame | Moments, items: Sequence[str] | None = None
) -> Factorability:
    """Return the Kaiser-Meyer-Olkin measure and Bartlett's test of sphericity.

    KMO compares simple with partial correlations (Kaiser & Rice 1974); the test is
    Bartlett's (1951). Formulas in `tcsmodel.kernels.screening.adequacy`.

    Parameters
    ----------
    data : Survey, DataFrame or Moments
        The answers; respondents with a gap in `items` are left out.
    items : sequence of str, optional
        All items by default.

    Raises
    ------
    SurveyError
        When there are fewer than two items, an item is constant, or the correlation
        matrix is singular.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.factorability(tcs.datasets.mobi())
    Factorability(24 items, n=250, KMO 0.923, Bartlett chi2(276) = 2868.59, p<0.001)
    """
    if isinstance(data, Moments):
        moments = data if items is None else data.select(items)
    else:
        survey = data if isinstance(data, Survey) else Survey(data, items=items)
        moments = survey.moments(items)
    if len(moments.names) < 2:
        raise SurveyError("Factorability needs at least 2 items; name more in items=[...].")
    require_varying(moments)
    require_definite(moments, "a test of factorability")
    return Factorability(moments, kernel.adequacy(moments.corr.to_numpy(), moments.n))
