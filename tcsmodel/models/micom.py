"""`micom`: whether composites mean the same in several groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from tqdm import tqdm

from tcsmodel.errors import counted
from tcsmodel.kernels.permutation import holm
from tcsmodel.kernels.status import Status
from tcsmodel.models import micom_findings
from tcsmodel.models.grouped_pls import GroupedPLS
from tcsmodel.models.grouped_result import GroupedResult
from tcsmodel.models.permuted import COMPOSITION, INVARIANCE, Permuted, permuted
from tcsmodel.models.pls import PLS
from tcsmodel.options import require_whole
from tcsmodel.result import Finding, as_text
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

FULL, PARTIAL, NONE = "full", "partial", "none"
FEWEST = 19  # permutations of which one alone can be at the 5% point


def micom(
    model: PLS | ModelSpec,
    survey: Survey | pd.DataFrame,
    group: str | None = None,
    *,
    permutations: int = 5000,
    centered: bool = False,
    seed: int = 0,
    progress: bool = False,
) -> MICOMResult:
    """Return whether composites are measured alike in several groups: the three steps of MICOM.

    1. Configural invariance: the same items, treatment of answers and algorithm, which one
       `PLS` for all groups sees to.
    2. Compositional invariance: the scores that the weights of one group give to all respondents
       of both correlate perfectly with those that the weights of the other give.
    3. Equal means and variances of the scores that the weights of the pooled groups give.

    With step 2 (*partial* invariance) paths of groups may be compared, with step 3 as well
    (*full*) their respondents may be pooled and their means compared.

    Parameters
    ----------
    model : PLS or ModelSpec
        The model with its options; of a specification, those are the default ones of `PLS`.
    survey : Survey or pandas.DataFrame
        The answers. Survey weights go with their respondents.
    group : str, optional
        The column that tells groups apart; the survey's own by default.
    permutations : int
        How often the labels of groups are permuted.
    centered : bool
        Whether answers are permuted about the means of their groups, but for the test of means
        itself. As published, they are permuted as they are; groups whose levels differ much then
        fail step 2 too often.
    seed : int
        Seed of the permutations; it alone decides the numbers.
    progress : bool
        Show a progress bar.

    Returns
    -------
    MICOMResult

    Raises
    ------
    OptionError
        When no column of groups is named, or an option is outside its range.
    SurveyError
        When there is one group only, or a group is too small or answers an item in one way only;
        the message names group and item.
    IdentificationError
        When weights or paths are not determined in a group.

    Notes
    -----
    Henseler, Ringle & Sarstedt (2016), International Marketing Review 33(3), 405-431. Step 2
    rejects when the correlation is below the 5% quantile of its values under permutation, step 3
    when a difference of means or of logarithms of variances is beyond their middle 95% (with
    ``PLS(level=0.95)``). P values count the observed statistic among the permutations. Of more
    than two groups each pair is permuted by itself, with p values adjusted over the pairs of a
    construct (Holm 1979); `omnibus` permutes all at once.

    Permuted groups hold a difference of means as common variance of the items, which steadies
    their weights. Where means differ by one standard deviation, step 2 rejects about one in four
    composites that are the same (our simulation, 150 respondents a group); with `centered` it
    rejects one in twenty.

    A higher-order construct is a composite of the items of its parts, and is compared as that. An
    interaction is a product of two composites, and has no row of its own.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> frame = tcs.datasets.mobi().data
    >>> frame["pleased"] = ["yes" if answer >= 8 else "no" for answer in frame["CUEX1"]]
    >>> result = tcs.micom(tcs.library.ecsi(), frame, group="pleased", permutations=500)
    >>> result
    MICOMResult(2 groups of pleased, n=250, 500 permutations, partial invariance)
    >>> round(float(result.table().loc[2, "correlation"]), 3)
    0.999
    """
    require_whole(permutations, "permutations", FEWEST)
    require_whole(seed, "seed", 0)
    grouped = GroupedPLS.of(model, survey, group, "micom")
    sets = permuted_sets(grouped)
    with tqdm(
        total=permutations * len(sets), desc="MICOM", disable=None if progress else True
    ) as bar:
        done = [
            permuted(grouped, members, permutations, seed, centered=centered, bar=bar)
            for members in sets
        ]
    return MICOMResult(grouped, tuple(done), seed, centered)


def permuted_sets(grouped: GroupedPLS) -> tuple[tuple[int, ...], ...]:
    """Return the sets of groups whose labels are permuted: all pairs, and of more all at once."""
    everyone = tuple(range(len(grouped.groups)))
    return grouped.pairs if len(everyone) == 2 else (*grouped.pairs, everyone)


@dataclass(frozen=True, eq=False, repr=False)
class MICOMResult(GroupedResult):
    """Whether composites mean the same in several groups; made by `micom`.

    Parameters
    ----------
    grouped : GroupedPLS
        The model fitted to each group.
    permuted : tuple of Permuted
        The statistics of all pairs of groups, and of more than two groups those of all at once.
    seed : int
        Seed of the permutations.
    centered : bool
        Whether answers were permuted about the means of their groups.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> frame = tcs.datasets.mobi().data
    >>> frame["contract"] = ["prepaid", "monthly"] * 125
    >>> result = tcs.micom(tcs.library.ecsi(), frame, group="contract", permutations=200)
    >>> result.tests["test"].unique().tolist()
    ['composition', 'means', 'variances']
    >>> result.configural["items"]
    '24 items in 7 constructs'
    """

    seed: int
    centered: bool = False

    @property
    def permutations(self) -> int:
        """How often labels were permuted."""
        return len(self.permuted[0].status)

    @cached_property
    def status_shares(self) -> pd.DataFrame:
        """Share of the permutations (rows ``group other``) that ended with each status."""
        return status_shares(self.grouped, self.pairs)

    @property
    def configural(self) -> pd.Series:
        """What is the same in every group: items, answers, missing answers, algorithm."""
        estimator, model = self.estimator, self.estimator.model
        items = counted(len(model.observed), "item")
        return pd.Series(
            {
                "items": f"{items} in {counted(len(model.scored), 'construct')}",
                "answers": estimator.how,
                "missing": str(estimator.missing),
                "algorithm": f"scheme={estimator.scheme}, tol={estimator.tol:g}, "
                f"max_iter={estimator.max_iter}",
            },
            name="the same in every group",
        )

    @cached_property
    def tests(self) -> pd.DataFrame:
        """Every test of steps 2 and 3, a row each.

        ``construct group other test statistic lower upper p p_adjusted``: the test ``composition``
        (statistic: correlation), ``means`` (difference, in standard deviations of the pooled
        scores) or ``variances`` (logarithm of their ratio); the limits under permutation, one-sided
        for composition; and p adjusted over the pairs of groups.
        """
        constructs = list(self.estimator.model.scored)
        tail = 1 - self.level
        parts = []
        for test in INVARIANCE:
            p = np.stack([pair.p(test) for pair in self.pairs])
            for pair, own, adjusted in zip(self.pairs, p, holm(p), strict=True):
                one_sided = test == COMPOSITION
                low = pair.quantile(test, tail if one_sided else tail / 2)
                high = np.ones(len(low)) if one_sided else pair.quantile(test, 1 - tail / 2)
                first, second = (self.groups[g] for g in pair.members)
                columns = {"construct": constructs, "group": first, "other": second, "test": test}
                numbers = {"statistic": pair.observed[test], "lower": low, "upper": high}
                frame = pd.DataFrame(columns | numbers)
                parts.append(frame.assign(p=own, p_adjusted=adjusted))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def omnibus(self) -> pd.DataFrame:
        """Tests of all groups at once, where there are more than two; else no rows.

        ``construct test statistic p``: the correlations of composites averaged over all pairs
        with the product of their sizes as weight, and the variances between groups (weighted by
        size) of means and of logarithms of variances.
        """
        columns = ["construct", "test", "statistic", "p"]
        constructs = list(self.estimator.model.scored)
        everyone = self.everyone
        if everyone is None:
            return pd.DataFrame(columns=columns)
        parts = [
            pd.DataFrame(
                {"construct": constructs, "test": test, "statistic": everyone.observed[test]}
            ).assign(p=everyone.p(test))
            for test in INVARIANCE
        ]
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def _table(self) -> pd.DataFrame:
        by = {test: own.reset_index(drop=True) for test, own in self.tests.groupby("test")}
        same, means, logs = (by[test] for test in INVARIANCE)
        frame = same[["construct", "group", "other"]].assign(
            correlation=same["statistic"],
            correlation_quantile=same["lower"],
            correlation_p=same["p_adjusted"],
            mean_difference=means["statistic"],
            mean_lower=means["lower"],
            mean_upper=means["upper"],
            mean_p=means["p_adjusted"],
            log_variance_ratio=logs["statistic"],
            variance_lower=logs["lower"],
            variance_upper=logs["upper"],
            variance_p=logs["p_adjusted"],
        )
        limit = 1 - self.level
        held = [frame[name] >= limit for name in ("correlation_p", "mean_p", "variance_p")]
        verdict = np.where(held[0] & held[1] & held[2], FULL, np.where(held[0], PARTIAL, NONE))
        return frame.assign(invariance=verdict)

    def table(self) -> pd.DataFrame:
        """Return one row per construct and pair of groups.

        ``construct group other``; step 2: ``correlation correlation_quantile correlation_p``;
        step 3: ``mean_difference mean_lower mean_upper mean_p`` and ``log_variance_ratio
        variance_lower variance_upper variance_p``, differences of `group` minus `other` with
        their limits under permutation; and ``invariance``: full, partial or none. P values are
        adjusted over the pairs of groups (`tests` has both).
        """
        return self._table.copy()

    @property
    def invariance(self) -> str:
        """What holds for all constructs and pairs of groups: ``full``, ``partial`` or ``none``."""
        return worst(self._table["invariance"])

    def verify(self) -> tuple[Finding, ...]:
        """Return what may be compared and what stands against it, worst first."""
        return micom_findings.findings(self)

    def summary(self) -> str:
        """Return the facts, findings, what is the same in every group, and the tests as text."""
        same = "\n".join(f"  {what}: {how}" for what, how in self.configural.items())
        parts = [super().summary(), f"The same in every group:\n{same}"]
        if len(self.omnibus):
            shown = as_text(self.omnibus)
            parts.append(f"All groups at once:\n{shown}")
        return "\n\n".join(parts)

    def _facts(self) -> str:
        reached = "no" if self.invariance == NONE else self.invariance
        small = [str(n) for n in self.sizes if n < micom_findings.FEW]
        few = f" (groups of only {' and '.join(small)})" if small and reached == FULL else ""
        return (
            f"{len(self.groups)} groups of {self.group}, n={self.grouped.n}, "
            f"{self.permutations} permutations, {reached} invariance{few}"
        )


def worst(verdicts: Sequence[str] | pd.Series) -> str:
    """Return the weakest of some verdicts."""
    known = set(verdicts)
    return next(verdict for verdict in (NONE, PARTIAL, FULL) if verdict in known)


def status_shares(grouped: GroupedPLS, pairs: Sequence[Permuted]) -> pd.DataFrame:
    """Return the share of permutations of each pair of groups that ended with each status."""
    names = [[grouped.groups[g] for g in pair.members] for pair in pairs]
    shares = {
        status.name.lower(): [float(np.mean(pair.status == status)) for pair in pairs]
        for status in Status
    }
    return pd.DataFrame(
        shares, index=pd.MultiIndex.from_tuples(map(tuple, names), names=["group", "other"])
    )
