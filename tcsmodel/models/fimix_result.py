"""`FIMIX`: the solutions of a finite mixture by number of segments, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import TcsError, counted
from tcsmodel.kernels import mixture as kernel
from tcsmodel.kernels.status import Status
from tcsmodel.models import hidden_segments as hidden
from tcsmodel.models.hidden_segments import Verdict
from tcsmodel.models.mixture_search import Search, Solution, agreement, search_of
from tcsmodel.models.pls import PLS
from tcsmodel.models.pls_result import PLSResult
from tcsmodel.options import require
from tcsmodel.result import Finding, Result, Severity, as_text, worst_first

Array = NDArray[np.float64]
Index = NDArray[np.intp]

CLEAR = 0.5
# Criteria whose agreement decides, the first pair that agrees: Sarstedt et al. (2011).
RULES = (("aic3", "caic"), ("aic4", "bic"))


@dataclass(frozen=True, eq=False, repr=False)
class FIMIX(Result):
    """Hidden segments by number of segments; see `fimix`. Frozen; `bootstrap` returns a new one.

    Methods that show one solution take `k`, its number of segments; by default the suggested
    number. Segments are numbered from the largest to the smallest.

    Parameters
    ----------
    pls : PLSResult
        The model whose scores were segmented.
    numbers : tuple of int
        The numbers of segments tried.
    solutions : tuple of Solution
        The best maximum of each.
    starts, seed : int
        How many starts, and their seed.
    intercepts : bool
        Whether segments may differ in level.
    agreement : ndarray (B,), optional
        Adjusted Rand index of the segments with those of each bootstrap sample.
    checked : int, optional
        The number of segments that was bootstrapped.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> model = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    >>> found = tcs.fimix(model, segments=[1, 2, 3], starts=10)
    >>> found.suggested, found.rule
    (2, ('aic4', 'bic'))
    >>> found.sizes()["n"].tolist()
    [146, 104]
    """

    pls: PLSResult
    numbers: tuple[int, ...]
    solutions: tuple[Solution, ...]
    starts: int
    seed: int
    intercepts: bool
    agreement: Array | None = None
    checked: int | None = None

    @property
    def estimator(self) -> PLS:
        """The options of the model."""
        return self.pls.estimator

    @cached_property
    def design(self) -> NDArray[np.bool_]:
        """Which regressions the mixture is of (k + 1, k + 1), the constant first."""
        return kernel.design_of(self.estimator.model.paths, self.intercepts)

    @cached_property
    def _search(self) -> Search:
        scores = self.pls.scores().to_numpy()
        return search_of(self.pls, scores, None, self.design, self.starts, self.seed)

    @cached_property
    def _entropies(self) -> dict[int, float]:
        weights = self._search.weights
        return {
            k: kernel.normed_entropy(self._shares(k), weights)
            for k, solution in zip(self.numbers, self.solutions, strict=True)
            if solution.status is not Status.SINGULAR
        }

    @cached_property
    def _criteria(self) -> pd.DataFrame:
        loglik = np.array([solution.loglik for solution in self.solutions])
        count = np.array([kernel.parameters(self.design, k) for k in self.numbers])
        values = kernel.criteria(loglik, count, float(self._search.weights.sum()))
        frame = pd.DataFrame({"loglik": loglik, "n_parameters": count, **values})
        return frame.set_axis(pd.Index(self.numbers, name="segments"))

    @cached_property
    def best(self) -> pd.Series:
        """The number of segments at which each information criterion is least.

        Of one segment and of those solutions whose normed entropy is .5 or more.
        """
        clear = [k for k, entropy in self._entropies.items() if k == 1 or entropy >= CLEAR]
        return self._least(self._criteria.loc[clear])

    @staticmethod
    def _least(criteria: pd.DataFrame) -> pd.Series:
        values = criteria.drop(columns=["loglik", "n_parameters"]).dropna()
        return values.idxmin().rename("segments")

    @property
    def rule(self) -> tuple[str, ...]:
        """The two criteria whose agreement suggests the number, none where neither pair agrees."""
        return next((pair for pair in RULES if self.best[pair[0]] == self.best[pair[1]]), ())

    @property
    def suggested(self) -> int:
        """The number of segments by the criteria: where AIC3 and CAIC agree, else AIC4 and BIC.

        The smaller of those by AIC4 and BIC where these do not agree either.
        """
        return int(min(self.best[name] for name in self.rule or RULES[-1]))

    @property
    def verdict(self) -> Verdict:
        """Whether there are segments: more than one that can be told apart, and stable."""
        k = self.suggested
        return hidden.verdict_of(k > 1, self.agreement if self.checked == k else None)

    def table(self) -> pd.DataFrame:
        """Return the criteria, a row per number of segments.

        Columns ``segments loglik n_parameters aic aic3 aic4 bic caic hq mdl5 en smallest
        best_starts degenerate``: `en` is the normed entropy, `smallest` the share of the
        smallest segment, `best_starts` and `degenerate` how many starts came to the best
        maximum, or to none.
        """
        frame = self._criteria.reset_index()
        fine = frame["loglik"].notna()
        smallest = np.array([solution.moments[-1, 0] for solution in self.solutions])
        return frame.assign(
            en=frame["segments"].map(self._entropies).astype(float),
            smallest=np.where(fine, smallest, np.nan),
            best_starts=[solution.reached for solution in self.solutions],
            degenerate=[solution.degenerate for solution in self.solutions],
        )

    def sizes(self, k: int | None = None) -> pd.DataFrame:
        """Return ``segment share n``: mixing shares, and respondents by highest probability."""
        moments = self._solution(k).moments
        labels = np.bincount(self.labels(k), minlength=len(moments))
        names = hidden.label_names(len(moments))
        return pd.DataFrame({"segment": names, "share": moments[:, 0], "n": labels})

    def paths(self, k: int | None = None) -> pd.DataFrame:
        """Return ``source target path`` of the model and a column of paths for each segment."""
        found = kernel.segments_of(self._solution(k).moments, self.design)
        model = self.estimator.model
        source, target = np.array(model.written).T
        frame = pd.DataFrame(
            {
                "source": [model.constructs[i] for i in source],
                "target": [model.constructs[j] for j in target],
                "path": self.pls.arrays["paths"][source, target],
            }
        )
        names = hidden.label_names(len(found.share))
        columns = dict(zip(names, found.paths[:, source, target], strict=True))
        return frame.assign(**columns)

    def explained(self, k: int | None = None) -> pd.DataFrame:
        """Return ``construct segment r_squared variance intercept`` of each regression.

        `variance` is that of the residuals, of scores with variance 1 overall.
        """
        found = kernel.segments_of(self._solution(k).moments, self.design)
        model = self.estimator.model
        rows = [
            (model.constructs[j], name, found.r_squared[s, j], found.variances[s, j], level)
            for j in model.targets
            for s, name in enumerate(hidden.label_names(len(found.share)))
            for level in [found.intercepts[s, j]]
        ]
        columns = ["construct", "segment", "r_squared", "variance", "intercept"]
        return pd.DataFrame(rows, columns=columns)

    def memberships(self, k: int | None = None) -> pd.DataFrame:
        """Return the probability of each segment (respondent x segment), by row of the data."""
        shares = self._shares(k)
        names = hidden.label_names(shares.shape[1])
        return pd.DataFrame(shares, self.pls.sample.row_labels, names)

    def segment_of(self, k: int | None = None) -> pd.Series:
        """Return the most probable segment of each respondent, from 1, by row of the data."""
        return pd.Series(self.labels(k) + 1, self.pls.sample.row_labels, name="segment")

    def labels(self, k: int | None = None) -> Index:
        """Return the most probable segment (n,) of each respondent, from 0."""
        return self._shares(k).argmax(axis=1)

    def describe(self, column: str, k: int | None = None) -> pd.DataFrame:
        """Return the shares of segments by a column of the survey: who is in which.

        Columns ``value n segment_1 ... chi2 df p``; the test is Pearson's of the column and
        the most probable segments, with weights that sum to n. Respondents without a value
        are left out.

        Raises
        ------
        SurveyError
            When the survey has no such column.
        OptionError
            When the column has more than 30 values.
        """
        segments = len(self._solution(k).moments)
        return hidden.shares_by(self.pls.sample, self.labels(k), segments, column)

    def bootstrap(
        self, n: int = 50, *, seed: int = 0, k: int | None = None, progress: bool = False
    ) -> FIMIX:
        """Return this result with how well its segments come back in other samples.

        In each of `n` bootstrap samples the model and the mixture are estimated anew, from
        as many random starts; its segments then classify the respondents at hand.

        Parameters
        ----------
        n : int
            Number of bootstrap samples.
        seed : int
            Seed of the resamples.
        k : int, optional
            The number of segments; the suggested one by default, or where that is 1 the one
            with the least BIC above.
        progress : bool
            Show a progress bar.

        Raises
        ------
        OptionError
            When only one segment was tried.
        """
        if k is None and self.suggested == 1:
            more = self._criteria["bic"].drop(index=1).dropna()
            require(len(more) > 0, "One segment is always stable; try fimix(..., segments=[1, 2]).")
            k = int(more.index.to_numpy()[more.to_numpy().argmin()])
        k = self.suggested if k is None else k
        one = partial(agreement, self.pls, self._search, k, self.labels(k))
        found = hidden.agreements(self.pls.sample, one, 1, n, seed, progress)
        return replace(self, agreement=found, checked=k)

    def verify(self) -> tuple[Finding, ...]:
        """Return why there may be no segments, or not these, worst first."""
        found = [*self._number_findings()]
        if self.suggested > 1:
            found += self._solution_findings()
        return worst_first(found)

    def _number_findings(self) -> Iterator[Finding]:
        k, names = self.suggested, ("aic3", "caic", "aic4", "bic")
        if k == 1:
            agreed = tuple(name.upper() for name in self.rule or RULES[-1])
            evidence = {"criteria": agreed, "most": self.numbers[-1]}
            yield Finding("segments_none", Severity.NOTE, ("FIMIX",), evidence)
        if not self.rule:
            evidence = {name: int(self.best[name]) for name in names}
            yield Finding("segments_disagree", Severity.CAUTION, ("FIMIX",), evidence | {"k": k})
        wanted = int(self._least(self._criteria)["bic"])
        if wanted > 1 and self._entropies[wanted] < CLEAR:
            evidence = {"segments": wanted, "entropy": self._entropies[wanted], "limit": CLEAR}
            yield Finding("segments_fuzzy", Severity.CAUTION, ("FIMIX",), evidence)
        lost = [
            number
            for number, solution in zip(self.numbers, self.solutions, strict=True)
            if solution.status is Status.SINGULAR
        ]
        if lost:
            listed = {"numbers": tuple(map(str, lost)), "starts": self.starts}
            yield Finding("segments_degenerate", Severity.CAUTION, ("FIMIX",), listed)

    def _solution_findings(self) -> Iterator[Finding]:
        k = self.suggested
        solution = self._solution(k)
        if solution.status is Status.ITERATION_CAP:
            yield Finding("segments_not_converged", Severity.PROBLEM, ("FIMIX",), {"segments": k})
        if solution.reached == 1 and self.starts > 1:
            evidence = {"segments": k, "starts": self.starts, "more": 5 * self.starts}
            yield Finding("segments_one_start", Severity.NOTE, ("FIMIX",), evidence)
        sizes = np.bincount(self.labels(k), minlength=k)
        yield from hidden.size_findings(sizes, hidden.busiest(self.pls), "FIMIX")
        known = self.agreement if self.checked == k else None
        yield from hidden.stability_findings(known, k, "FIMIX")

    def _solution(self, k: int | None) -> Solution:
        k = self.suggested if k is None else k
        require(
            k in self.numbers, f"k={k!r} was not tried, only {', '.join(map(str, self.numbers))}."
        )
        found = self.solutions[self.numbers.index(k)]
        if found.status is Status.SINGULAR:
            raise TcsError(
                f"There is no solution with {k} segments: all {len(found.starts_status)} starts "
                "were degenerate. Try fewer segments, or more starts."
            )
        return found

    def _shares(self, k: int | None) -> Array:
        found = self._solution(k)
        return kernel.memberships(self._search.products, self.design, found.moments)

    def summary(self) -> str:
        """Return facts, findings and criteria, then sizes and paths of the suggested number."""
        parts = [super().summary()]
        if self.suggested > 1:
            parts += [as_text(frame, index=False) for frame in (self.sizes(), self.paths())]
        return "\n\n".join(parts)

    def _facts(self) -> str:
        facts = [
            f"{self.verdict}",
            f"suggested {self.suggested} of {self.numbers[0]} to {self.numbers[-1]}",
            f"n={self.pls.sample.n}",
            counted(self.starts, "start"),
            *hidden.agreement_facts(self.agreement),
        ]
        return ", ".join(facts)
