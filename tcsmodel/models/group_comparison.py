"""`compare_groups`: how paths and other PLS estimates differ between groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from tcsmodel.errors import counted
from tcsmodel.kernels import group_tests, intervals
from tcsmodel.kernels.permutation import holm
from tcsmodel.kernels.status import Status
from tcsmodel.models import micom_findings
from tcsmodel.models.draws import lost_replicates
from tcsmodel.models.grouped_pls import GroupedPLS
from tcsmodel.models.grouped_result import GroupedResult
from tcsmodel.models.micom import FEWEST, NONE, MICOMResult, permuted_sets
from tcsmodel.models.permuted import (
    APART,
    COMPARED,
    MEASURES,
    GroupDraws,
    Permuted,
    bootstrap_groups,
    estimates,
    permuted,
)
from tcsmodel.models.pls import PLS
from tcsmodel.options import GroupTest, choose, did_you_mean, require, require_whole
from tcsmodel.result import Finding, Severity, worst_first
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]

NAMED = 6


def compare_groups(
    model: PLS | ModelSpec,
    survey: Survey | pd.DataFrame,
    group: str | None = None,
    *,
    method: GroupTest | str = GroupTest.PERMUTATION,
    permutations: int = 5000,
    bootstrap: int = 5000,
    centered: bool = False,
    seed: int = 0,
    progress: bool = False,
) -> GroupComparison:
    """Return how the paths of a PLS model differ between groups: multigroup analysis (MGA).

    The model is fitted to each group; differences of all pairs are tested in four ways. A
    comparison presupposes that composites are made alike, so the steps of `micom` are taken from
    the same permutations; the finding ``composition_differs`` names those that are not.

    Parameters
    ----------
    model : PLS or ModelSpec
        The model with its options; of a specification, those are the default ones of `PLS`.
    survey : Survey or pandas.DataFrame
        The answers. Survey weights go with their respondents.
    group : str, optional
        The column that tells groups apart; the survey's own by default.
    method : {"permutation", "henseler", "parametric", "welch"}
        Which test decides: its p values are adjusted in the table, the picture and the findings.
        All four are computed.
    permutations : int
        How often the labels of groups are permuted.
    bootstrap : int
        Number of bootstrap replicates of each group.
    centered : bool
        Whether answers are permuted about the means of their groups; see `micom`.
    seed : int
        Seed of both; it alone decides the numbers.
    progress : bool
        Show a progress bar.

    Returns
    -------
    GroupComparison

    Raises
    ------
    OptionError
        When no column of groups is named, or an option is outside its vocabulary or range.
    SurveyError
        When there is one group only, or a group is too small or answers an item in one way only;
        the message names group and item.
    IdentificationError
        When weights or paths are not determined in a group.

    Notes
    -----
    ``permutation``: the share of permutations with a difference at least as large (Chin & Dibbern
    2010); of more than two groups each pair is permuted by itself. ``henseler``: twice the smaller
    of the probabilities, over pairs of bootstrap replicates, that the parameter is larger in one
    group or in the other (Henseler, Ringle & Sinkovics 2009). ``parametric``: a t test with the
    bootstrap standard errors and equal variances (Keil et al. 2000). ``welch``: the same without
    (Sarstedt, Henseler & Ringle 2011). P values are adjusted over all rows of a table (Holm 1979).

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> frame = tcs.datasets.mobi().data
    >>> frame["pleased"] = ["yes" if answer >= 8 else "no" for answer in frame["CUEX1"]]
    >>> result = tcs.compare_groups(
    ...     tcs.library.ecsi(), frame, group="pleased", permutations=200, bootstrap=200
    ... )
    >>> result
    GroupComparison(2 groups of pleased, n=250, 12 paths, 0 of 12 differences significant)
    >>> round(float(result.table().loc[9, "difference"]), 4)
    0.3232
    """
    method = choose(GroupTest, method, "method")
    require_whole(permutations, "permutations", FEWEST)
    require_whole(bootstrap, "bootstrap", 2)
    require_whole(seed, "seed", 0)
    grouped = GroupedPLS.of(model, survey, group, "compare_groups")
    sets = permuted_sets(grouped)
    total = permutations * len(sets) + bootstrap
    with tqdm(total=total, desc="groups", disable=None if progress else True) as bar:
        done = [
            permuted(
                grouped, one, permutations, seed, quantities=COMPARED, centered=centered, bar=bar
            )
            for one in sets
        ]
        draws = bootstrap_groups(grouped, bootstrap, seed, bar)
    return GroupComparison(grouped, tuple(done), draws, method, seed, centered)


@dataclass(frozen=True, eq=False, repr=False)
class GroupComparison(GroupedResult):
    """How a PLS model differs between groups; made by `compare_groups`.

    Parameters
    ----------
    grouped : GroupedPLS
        The model fitted to each group.
    permuted : tuple of Permuted
        What permutations did to all pairs of groups, and of more than two to all at once.
    draws : GroupDraws
        Bootstrap replicates of each group.
    method : GroupTest
        The test that decides.
    seed : int
        Seed of permutations and bootstrap.
    centered : bool
        Whether answers were permuted about the means of their groups.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> frame = tcs.datasets.mobi().data
    >>> frame["brand"] = ["A", "B", "C"] * 83 + ["A"]
    >>> result = tcs.compare_groups(
    ...     tcs.library.ecsi(), frame, group="brand", permutations=100, bootstrap=100
    ... )
    >>> result.by_group("r_squared").columns.tolist()
    ['construct', 'group', 'estimate', 'se', 'ci_lower', 'ci_upper']
    >>> len(result.table()), len(result.omnibus())
    (36, 12)
    """

    draws: GroupDraws
    method: GroupTest
    seed: int
    centered: bool = False

    @cached_property
    def micom(self) -> MICOMResult:
        """The measurement invariance of the composites, from the same permutations."""
        return MICOMResult(self.grouped, self.permuted, self.seed, self.centered)

    @cached_property
    def status_shares(self) -> pd.DataFrame:
        """Share of the bootstrap replicates of each group that ended with each status."""
        ends = {s.name.lower(): (self.draws.status == s).mean(axis=0) for s in Status}
        return pd.DataFrame(ends, index=list(self.groups))

    def by_group(self, quantity: str = "paths") -> pd.DataFrame:
        """Return a quantity of each group: its labels and ``group estimate se ci_lower ci_upper``.

        Parameters
        ----------
        quantity : {"paths", "total_effects", "indirect_effects", "r_squared", "outer_loadings", \
"outer_weights"}
            What is shown. Intervals are percentiles of the bootstrap within the group.
        """
        frame, values = self._estimates(quantity)
        parts = []
        for g, label in enumerate(self.groups):
            draws = self.draws.of(quantity, g)
            low, high = intervals.percentile(draws, self.level)
            se = intervals.standard_error(draws)
            parts.append(
                frame.assign(group=label, estimate=values[g], se=se, ci_lower=low, ci_upper=high)
            )
        return _interleaved(parts)

    def table(self) -> pd.DataFrame:
        """Return the differences of paths, a row per path and pair of groups; see `differences`."""
        return self.differences("paths")

    def differences(self, quantity: str = "paths") -> pd.DataFrame:
        """Return how a quantity differs between the groups of each pair.

        Its labels and ``group other estimate estimate_other difference se ci_lower ci_upper
        p_permutation p_henseler p_parametric p_welch p_adjusted``: the difference is `group` minus
        `other`, with its bootstrap standard error and percentile interval; `p_adjusted` is that of
        the method that decides, adjusted over all rows.

        Parameters
        ----------
        quantity : str
            As in `by_group`.
        """
        frame, values = self._estimates(quantity)
        parts = []
        for pair in self.pairs:
            first, second = pair.members
            gap = self.draws.values[quantity][:, first] - self.draws.values[quantity][:, second]
            low, high = intervals.percentile(gap, self.level)
            columns = {
                "group": self.groups[first],
                "other": self.groups[second],
                "estimate": values[first],
                "estimate_other": values[second],
                "difference": values[first] - values[second],
                "se": intervals.standard_error(gap),
                "ci_lower": low,
                "ci_upper": high,
            }
            tests = self._pair_tests(quantity, pair, values)
            p = {f"p_{method}": test.p for method, test in tests.items()}
            parts.append(frame.assign(**columns, **p))
        joined = _interleaved(parts)
        return joined.assign(p_adjusted=holm(joined[f"p_{self.method}"].to_numpy()))

    def tests(self, quantity: str = "paths") -> pd.DataFrame:
        """Return every test of a quantity, a row each.

        Its labels and ``group other method statistic df p p_adjusted``. The statistic is the
        difference (permutation), the probability that the parameter is larger in `group` than in
        `other` (henseler; one less that is the one-sided p), or t. P values are two-sided, and
        adjusted over all rows of one method.

        Parameters
        ----------
        quantity : str
            As in `by_group`.
        """
        frame, values = self._estimates(quantity)
        by_method: dict[GroupTest, list[pd.DataFrame]] = {method: [] for method in GroupTest}
        for pair in self.pairs:
            names = {"group": self.groups[pair.members[0]], "other": self.groups[pair.members[1]]}
            for method, test in self._pair_tests(quantity, pair, values).items():
                columns = {"statistic": test.statistic, "df": test.df, "p": test.p}
                by_method[method].append(frame.assign(**names, method=method.value, **columns))
        joined = [_interleaved(parts) for parts in by_method.values()]
        adjusted = [part.assign(p_adjusted=holm(part["p"].to_numpy())) for part in joined]
        return pd.concat(adjusted, ignore_index=True)

    def _pair_tests(
        self, quantity: str, pair: Permuted, values: Array
    ) -> dict[GroupTest, group_tests.Test]:
        first, second = pair.members
        own = tuple(self.draws.of(quantity, g) for g in (first, second))
        se = (intervals.standard_error(own[0]), intervals.standard_error(own[1]))
        n = (int(self.grouped.sizes[first]), int(self.grouped.sizes[second]))
        gap = values[first] - values[second]
        nothing = np.full(len(gap), np.nan)
        larger = group_tests.probability_larger(*own)
        both = 2 * np.minimum(larger, 1 - larger)
        return {
            GroupTest.PERMUTATION: group_tests.Test(gap, nothing, pair.p(quantity)),
            GroupTest.HENSELER: group_tests.Test(larger, nothing, both),
            GroupTest.PARAMETRIC: group_tests.parametric(gap, se, n),
            GroupTest.WELCH: group_tests.welch(gap, se, n),
        }

    def omnibus(self, quantity: str = "paths") -> pd.DataFrame:
        """Return tests that a quantity is the same in all of more than two groups; else no rows.

        Its labels and ``variance p_permutation chi2 df p_welch p_adjusted``: the variance of the
        estimates between groups, weighted by their sizes, tested by permuting the labels of all
        groups; and the test of heterogeneity with the bootstrap standard errors of each group
        (Cochran 1954). `p_adjusted` is that of permutation, adjusted over the rows.

        Parameters
        ----------
        quantity : str
            As in `by_group`.

        Notes
        -----
        The omnibus test of group differences (OTG) of Sarstedt, Henseler & Ringle (2011) asks the
        same, but permutes bootstrap estimates instead of respondents: the more of them are
        drawn, the surer it rejects, whether groups differ or not.
        """
        frame, values = self._estimates(quantity)
        columns = ["variance", "p_permutation", "chi2", "df", "p_welch", "p_adjusted"]
        everyone = self.everyone
        if everyone is None:
            return frame.iloc[:0].assign(**dict.fromkeys(columns, np.nan))
        groups = range(len(self.groups))
        se = np.stack([intervals.standard_error(self.draws.of(quantity, g)) for g in groups])
        test, p = group_tests.heterogeneity(values, se), everyone.p(quantity)
        numbers = (everyone.observed[quantity], p, test.statistic, test.df, test.p, holm(p))
        return frame.assign(**dict(zip(columns, numbers, strict=True)))

    @cached_property
    def distances(self) -> pd.DataFrame:
        """Test whether whole models differ, by what they imply for the items: ``measure ...``.

        ``measure distance critical p``: the geodesic (``d_g``) and half the squared Euclidean
        distance (``d_uls``) of the correlations of items that the groups' models imply, the mean
        over pairs of groups, with the quantile and the p value under permutation of all labels.
        One test instead of one a path; Klesel, Schuberth, Henseler & Niehaves (2019), Internet
        Research 29, 464-477, who find ``d_g`` the more powerful. The permutations are those of
        `compare_groups`, run again.

        Raises
        ------
        TcsError
            When the model has interactions: products leave no implied correlations.
        """
        self.estimator.model.require_linear("GroupComparison.distances")
        found = permuted(
            self.grouped,
            tuple(range(len(self.groups))),
            len(self.permuted[0].status),
            self.seed,
            quantities=(APART,),
            centered=self.centered,
        )
        return pd.DataFrame(
            {
                "measure": MEASURES,
                "distance": found.observed[APART],
                "critical": found.quantile(APART, self.level),
                "p": found.p(APART),
            }
        )

    def _estimates(self, quantity: str) -> tuple[pd.DataFrame, Array]:
        require(
            quantity in COMPARED,
            f"quantity={quantity!r} is not one of {', '.join(COMPARED)}."
            f"{did_you_mean(quantity, COMPARED)}",
        )
        return estimates(self.grouped, quantity)

    @cached_property
    def significant(self) -> pd.DataFrame:
        """The rows of the table with an adjusted p below ``1 - level``, the smallest first."""
        table = self.table()
        found = table[table["p_adjusted"] < 1 - self.level]
        return found.sort_values("p_adjusted", kind="stable").reset_index(drop=True)

    def verify(self) -> tuple[Finding, ...]:
        """Return which paths differ, and what stands against comparing them, worst first."""
        found = [
            *micom_findings.composition_findings(self.micom),
            *self._level(),
            *micom_findings.circumstances(self.grouped, self.permuted),
            *self._lost(),
            self._differing(),
        ]
        return worst_first(found)

    def _level(self) -> Iterator[Finding]:
        rejected = self.micom.invariance == NONE
        by_permutation = self.method is GroupTest.PERMUTATION and len(self.significant) > 0
        return micom_findings.level_findings(self.micom, rejected or by_permutation)

    def _lost(self) -> Iterator[Finding]:
        total = len(self.draws.status)
        for label, lost in zip(self.groups, self.draws.lost.tolist(), strict=True):
            if lost:
                yield lost_replicates(lost, total, f"group {label}")

    def _differing(self) -> Finding:
        found, table = self.significant, self.table()
        common = {"group": self.group, "method": self.method.value}
        if not len(found):
            least = {"least": float(table["p_adjusted"].min())}
            return Finding("no_path_differs", Severity.NOTE, (self.group,), common | least)
        listing = tuple(
            f"{row.source} → {row.target} ({row.group} {row.estimate:.2f}, "
            f"{row.other} {row.estimate_other:.2f})"
            for row in found.head(NAMED).itertuples()
        )
        evidence = {"count": len(found), "total": len(table), "listing": listing}
        return Finding("paths_differ", Severity.NOTE, (self.group,), common | evidence)

    def _facts(self) -> str:
        paths = counted(len(self.estimator.model.written), "path")
        return (
            f"{len(self.groups)} groups of {self.group}, n={self.grouped.n}, {paths}, "
            f"{len(self.significant)} of {len(self.table())} differences significant"
        )


def _interleaved(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return frames of the same rows as one, all versions of a row together."""
    joined = pd.concat(parts)
    return joined.sort_index(kind="stable").reset_index(drop=True)
