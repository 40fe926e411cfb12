"""`pls_pos`: segments in which the model predicts better (PLS-POS)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from tcsmodel.errors import SurveyError
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.models import hidden_segments as hidden
from tcsmodel.models.fimix import fimix
from tcsmodel.models.hidden_segments import Verdict
from tcsmodel.models.local_models import (
    CHANCE,
    FEWEST,
    LocalModels,
    by_size,
    require_respondents,
    weights_of,
)
from tcsmodel.models.pls_result import PLSResult
from tcsmodel.models.pos_search import Partition, PosSearch
from tcsmodel.options import Mode, require, require_whole
from tcsmodel.result import Finding, Severity, p_phrase
from tcsmodel.survey.moments import read_only

Array = NDArray[np.float64]

MOST = 5


def pls_pos(
    result: PLSResult,
    segments: int | None = None,
    *,
    target: str | None = None,
    weighted: bool = True,
    starts: int = 10,
    replications: int = 50,
    seed: int = 0,
    progress: bool = False,
) -> POS:
    """Return segments of respondents in whose own PLS models more is explained.

    Respondents move to the segment whose model predicts their endogenous constructs best, as long
    as the mean R2 of the segments rises, until no move raises it. Weights, loadings and paths may
    all differ, also those of formative constructs.

    Parameters
    ----------
    result : PLSResult
        A model fitted to respondents, not corrected for unreliability.
    segments : int, optional
        The number of segments; by default that which `fimix` suggests, or 2 where it suggests
        one.
    target : str, optional
        The construct whose R2 is to rise; by default that of all constructs with antecedents.
    weighted : bool
        Whether the R2 of a segment counts by its share; False to count segments alike.
    starts : int
        Random starts, beside one from the segments of `fimix`: the search ends at the nearest
        peak.
    replications : int
        Simulated samples without segments that the gain in R2 is compared with, 19 or more.
    seed : int
        Seed of the starts and of these.
    progress : bool
        Show a progress bar: the samples take half a minute for the 250 respondents of `mobi`, and
        a minute and a half for 1,500.

    Returns
    -------
    POS
        Models of the segments beside that of all, their members, a verdict.

    Raises
    ------
    OptionError
        When the result is no PLS model, or corrected for unreliability, or an option is out of
        range.
    SpecError
        When the model has no construct `target`.
    SurveyError
        When there are too few respondents for so many segments, or no segments have models.
    TcsError
        When the model was fitted to moments alone, or did not converge.

    Notes
    -----
    Becker, Rai, Ringle & Voelckner (2013, MIS Quarterly 37, 665-694). The distance of a
    respondent to a segment is ``sum_b |e_b| / sqrt(sum e_b^2)`` over the constructs that count, e_b
    the residual of the score under the segment's weights, means and paths, the inner sum over
    its members. Of the list of those who are closer to another segment the first 1, 2, 4, ... or
    all move, whichever raises the criterion most; then single respondents, up to 50 tried. A
    segment keeps ten respondents for each arrow into its busiest construct, structural or
    formative, so that none is explained by being small.

    Segments always explain more than one model: they were made to. The p value therefore compares
    what they add to the mean R2 with what the same search adds in samples of as many respondents
    from a normal population without segments, with the covariances of this one.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> text = "Value =~ PERV1 + PERV2; Satisfaction =~ CUSA1 + CUSA2; Satisfaction ~ Value"
    >>> model = tcs.PLS(tcs.ModelSpec.parse(text)).fit(tcs.datasets.mobi())
    >>> found = tcs.pls_pos(model, 2, starts=2, replications=19)
    >>> str(found.verdict)
    'no segments'
    """
    hidden.require_scores(result, "pls_pos()")
    if segments is not None:
        require_whole(segments, "segments", 2)
    require_whole(starts, "starts", 1)
    require_whole(replications, "replications", FEWEST)
    require_whole(seed, "seed", 0)
    require(isinstance(weighted, bool), f"weighted={weighted!r} must be True or False.")
    answers, weights = result.answers("pls_pos()"), weights_of(result)
    least = _least(result)
    k = segments or min(_suggested(result, seed), max(len(answers) // (2 * least), 2))
    # A bootstrap sample has about two thirds of the respondents.
    require_respondents(
        len(answers),
        2 * k * least,
        f"{k} segments and for bootstrap samples of them, with {least} or more in each",
    )
    search = PosSearch(result.estimator, k, _aims(result, target), weighted, least, starts, seed)
    found = search.found(answers, weights)
    if np.isnan(found.r_squared):
        raise SurveyError(
            f"None of the starts came to {k} segments that all have a model: an item hardly "
            "varies, or others follow from it. Leave that item out, or use fewer segments."
        )
    one = partial(search.without_segments, answers, weights)
    reached = map_chunks(one, range(replications))
    hide = None if progress else True
    bar = tqdm(reached, total=replications, desc="without segments", disable=hide)
    simulated = read_only(list(bar))
    return POS(result, by_size(found.labels, k), k, seed, search, found, simulated)


def _aims(result: PLSResult, target: str | None) -> NDArray[np.bool_]:
    """Return the constructs (c,) whose R2 is to rise."""
    model = result.estimator.model
    explained = np.isin(np.arange(len(model.constructs)), model.targets)
    if target is None:
        return explained
    result.estimator.spec.construct(target)
    aims = np.array([name == target for name in model.constructs])
    require(
        bool(explained[aims].all()),
        f"target={target!r} has no antecedents in the model, so nothing predicts it. The "
        f"constructs that have are {', '.join(model.constructs[j] for j in model.targets)}.",
    )
    return aims


def _least(result: PLSResult) -> int:
    """Return the fewest respondents of a segment: ten for each arrow into a construct."""
    model = result.estimator.model
    formative = [
        size for size, mode in zip(model.sizes, model.modes, strict=True) if mode is Mode.B
    ]
    return hidden.PER_ARROW * max([hidden.busiest(result), *formative])


def _suggested(result: PLSResult, seed: int) -> int:
    return max(fimix(result, range(1, MOST + 1), seed=seed).suggested, 2)


@dataclass(frozen=True, eq=False, repr=False)
class POS(LocalModels):
    """Segments in which the model predicts better; see `pls_pos`. Frozen.

    Parameters
    ----------
    pls : PLSResult
        The model of all.
    labels : ndarray (n,) of int
        The segment of each respondent, from 0, the largest first.
    k : int
        The number of segments.
    seed : int
        Of the random parts.
    search : PosSearch
        What was looked for.
    found : Partition
        The best end of the starts.
    simulated : ndarray (S,)
        What segments added to the mean R2 in samples without any, nan where there were none.
    agreement : ndarray (B,), optional
        Adjusted Rand index of the segments with those of each bootstrap sample.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> text = "Value =~ PERV1 + PERV2; Satisfaction =~ CUSA1 + CUSA2; Satisfaction ~ Value"
    >>> model = tcs.PLS(tcs.ModelSpec.parse(text)).fit(tcs.datasets.mobi())
    >>> found = tcs.pls_pos(model, 2, starts=2, replications=19)
    >>> found.table().columns.tolist()
    ['segment', 'n', 'share', 'r_squared']
    """

    search: PosSearch
    found: Partition
    simulated: Array
    agreement: Array | None = None

    @property
    def r_squared(self) -> float:
        """The mean R2 of the constructs that count, over segments as they count."""
        return self.found.r_squared

    @cached_property
    def r_squared_of_all(self) -> float:
        """The mean R2 of these constructs in the model of all."""
        return float(self.pls.arrays["r_squared"][self.search.aims].mean())

    @property
    def gain(self) -> float:
        """What the segments add to the mean R2, among the respondents of the search."""
        return self.found.gain

    @property
    def p(self) -> float:
        """Share of samples without segments that gain as much, this one counted in."""
        return hidden.chance(self.simulated, self.gain)

    @property
    def verdict(self) -> Verdict:
        """Whether there are segments: better than those of samples without any, and stable."""
        return hidden.verdict_of(self.found.finished and self.p <= CHANCE, self.agreement)

    def table(self) -> pd.DataFrame:
        """Return ``segment n share r_squared``: everybody, then each segment.

        The mean R2 of the constructs that count.
        """
        local = self.local_arrays["r_squared"][:, self.search.aims].mean(axis=1)
        return pd.DataFrame(
            {
                "segment": ["all", *hidden.label_names(self.k)],
                "n": [len(self.labels), *np.bincount(self.labels, minlength=self.k)],
                "share": [1.0, *self.shares],
                "r_squared": [self.r_squared_of_all, *local],
            }
        )

    def explained(self) -> pd.DataFrame:
        """Return ``construct r_squared`` of the model of all and a column for each segment."""
        model, at = self.estimator.model, list(self.estimator.model.targets)
        frame = pd.DataFrame(
            {
                "construct": [model.constructs[j] for j in at],
                "r_squared": self.pls.arrays["r_squared"][at],
            }
        )
        return self._beside(frame, self.local_arrays["r_squared"][:, at])

    def bootstrap(self, n: int = 50, *, seed: int = 0, progress: bool = False) -> POS:
        """Return this result with how well its segments come back in `n` bootstrap samples.

        In each the search is made anew, from as many starts, and those who were not drawn join
        the segment that predicts them best.
        """
        one = partial(
            self.search.agreement, self.pls.answers("pls_pos()"), weights_of(self.pls), self.labels
        )
        found = hidden.agreements(self.pls.sample, one, 1, n, seed, progress)
        return replace(self, agreement=found)

    def _findings(self) -> Iterator[Finding]:
        if not self.found.finished:
            yield Finding("pos_unfinished", Severity.PROBLEM, ("POS",), {"segments": self.k})
        if self.p > CHANCE:
            evidence = {"segments": self.k, "gain": self.gain, "p": self.p}
            evidence["typical"] = float(np.nanmedian(self.simulated))
            yield Finding("pos_by_chance", Severity.CAUTION, ("POS",), evidence)
        if self.found.reached == 1 and self.search.starts > 1:
            evidence = {"starts": self.search.starts + 1, "more": 5 * self.search.starts}
            yield Finding("pos_one_start", Severity.NOTE, ("POS",), evidence)
        if self.agreement is not None or self.verdict is not Verdict.NONE:
            yield from hidden.stability_findings(self.agreement, self.k, "POS")

    def _facts(self) -> str:
        facts = [
            f"{self.verdict}",
            f"{self.k} segments",
            f"n={len(self.labels)}",
            f"R2={self.r_squared:.3f}",
            f"{self.r_squared_of_all:.3f} without",
            p_phrase(self.p),
            *hidden.agreement_facts(self.agreement),
        ]
        return ", ".join(facts)
