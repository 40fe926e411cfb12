"""`rebus`: classes of respondents, each with a PLS model of its own (REBUS-PLS)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError
from tcsmodel.kernels import rebus as kernel
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.kernels.moments import moments
from tcsmodel.kernels.partition import adjusted_rand
from tcsmodel.kernels.status import Status
from tcsmodel.models import hidden_segments as hidden
from tcsmodel.models.hidden_segments import Verdict
from tcsmodel.models.local_models import (
    CHANCE,
    FEWEST,
    LocalModels,
    by_size,
    local_fit,
    normal_answers,
    require_respondents,
    weights_of,
)
from tcsmodel.models.pls import PLS
from tcsmodel.models.pls_result import PLSResult
from tcsmodel.options import Mode, require, require_whole
from tcsmodel.result import Finding, Severity, p_phrase
from tcsmodel.survey.moments import read_only

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Values = dict[str, Array]

# Ward's method sees no more respondents than these, drawn at random.
WARDED = 2000
# Samples held at once, and their answers.
AT_ONCE, CELLS = 25, 1_000_000
MOST = 5
NEEDED = ("outer_loadings", "r_squared")


@dataclass(frozen=True, eq=False)
class Classifier:
    """What turns weights of respondents into classes: their answers (n, p) and the model."""

    estimator: PLS
    answers: Array
    seed: int

    def fit(self, mean: Array, cov: Array) -> dict[str, Array]:
        """Return weights, loadings, paths and R2 of moments with any leading axes."""
        return local_fit(self.estimator, mean, cov)

    def classes(self, x: Array, weights: Array, k: int) -> kernel.Classes:
        """Return the k classes of answers (b, n, p) under weights (b, n)."""
        model = self.estimator.model
        z = _standardized(x, weights)
        start = np.stack(
            [kernel.cut(tree, part[drawn], k, part) for tree, part, drawn in self.trees(z, weights)]
        )
        return kernel.classes(z, weights, start, k, self.fit, model.block, model.paths)

    def trees(self, z: Array, weights: Array) -> Iterator[tuple[Array, Array, Index]]:
        """Yield the tree, the residuals (n, p + m) and the rows clustered of each member."""
        model, everybody = self.estimator.model, np.zeros(z.shape[:2], dtype=np.intp)
        values = self.fit(*kernel.local_moments(z, weights, everybody, 1))
        turn = kernel.residual_map(values, model.block, model.paths)[:, 0]
        for residuals, own in zip(z @ turn, weights, strict=True):
            drawn = self._clustered(own)
            yield kernel.ward(residuals[drawn]), residuals, drawn

    def _clustered(self, weights: Array) -> Index:
        own = np.flatnonzero(weights > 0)
        if len(own) <= WARDED:
            return own
        stream = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(0,)))
        return np.sort(stream.choice(own, WARDED, replace=False))

    def quality(self, x: Array, weights: Array, labels: Index, k: int) -> tuple[Array, Values]:
        """Return the group quality (b,) of labels (b, n), and the quantities of the classes."""
        model = self.estimator.model
        values = self.fit(*kernel.local_moments(x, weights, labels, k))
        inside = labels[:, None] == np.arange(k)[:, None]
        shares = (inside * weights[:, None]).sum(axis=-1) / weights.sum(axis=-1, keepdims=True)
        return kernel.group_quality(values, shares, model.block, model.paths), values

    def without_classes(self, weights: Array, k: int, numbers: range) -> Array:
        """Return the group quality that k classes reach in samples without any, one a number.

        Answers are normal with the means and covariances of those at hand. Nan where no
        classes were found.
        """
        mean, cov = moments(self.answers, weights)
        n = len(self.answers)
        drawn = np.stack([normal_answers(mean, cov, n, self.seed, number) for number in numbers])
        given = np.broadcast_to(weights, drawn.shape[:2])
        found = self.classes(drawn, given, k)
        quality, _ = self.quality(drawn, given, found.labels, k)
        return np.where(found.status == Status.SINGULAR, np.nan, quality)

    def agreement(self, weights: Array, labels: Index, k: int, counts: Array) -> Array:
        """Return how the classes of respondents drawn so often (b, n) agree with labels (n,)."""
        given = counts * weights
        found = self.classes(
            np.broadcast_to(self.answers, (len(counts), *self.answers.shape)), given, k
        )
        agreed = [adjusted_rand(labels, own) for own in found.labels]
        return np.where(found.status == Status.CONVERGED, agreed, np.nan)

    @property
    def at_once(self) -> int:
        """How many samples are held in memory at once."""
        return max(1, min(AT_ONCE, CELLS // self.answers.size))


def _standardized(x: Array, weights: Array) -> Array:
    """Return answers (b, n, p) with mean 0 and variance 1 under weights (b, n)."""
    share = (weights / weights.sum(axis=-1, keepdims=True))[..., None]
    centered = x - (share * x).sum(axis=1, keepdims=True)
    return centered / np.sqrt((share * centered**2).sum(axis=1, keepdims=True))


def rebus(
    result: PLSResult,
    segments: int | None = None,
    *,
    replications: int = 50,
    seed: int = 0,
) -> REBUS:
    """Return classes of respondents whose whole PLS models differ, loadings and paths.

    Respondents start in the clusters of their residuals under the model of all, and move to
    the class whose own model they are closest to, until fewer than .5% move. Where they keep
    moving there are no classes, and the verdict says so.

    Parameters
    ----------
    result : PLSResult
        A model of Mode A constructs fitted to respondents.
    segments : int, optional
        The number of classes; by default that of the largest leap in the heights of the
        clusters' tree, 2 to 5.
    replications : int
        Simulated samples without classes that the group quality is compared with, 19 or more.
    seed : int
        Seed of these, and of the respondents clustered where there are more than 2,000.

    Returns
    -------
    REBUS
        Models of the classes beside that of all, their members, a verdict.

    Raises
    ------
    OptionError
        When the result is no PLS model, or corrected for unreliability, or a construct is
        Mode B, or an option is out of range.
    SurveyError
        When a class comes down to fewer than six respondents.
    TcsError
        When the model was fitted to moments alone, or did not converge.

    Notes
    -----
    Esposito Vinzi, Trinchera, Squillacciotti & Tenenhaus (2008), with Ward's method on the
    residuals of items and constructs. Residuals are those of answers standardized by the means
    and standard deviations of all, with the weights, loadings and paths of the class. The
    closeness measure divides by N - 2 for every class, which is the paper's N - m - 1 with one
    dimension each, and changes no assignment.

    Classes always fit better than one model: they were made to. The p value therefore compares
    the group quality with what the same search reaches in samples of as many respondents from
    a normal population without classes, with the covariances of this one.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> model = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    >>> str(tcs.rebus(model, segments=2, replications=20).verdict)
    'no segments'
    """
    hidden.require_scores(result, "rebus()")
    model = result.estimator.model
    formative = [
        name
        for name, mode, size in zip(model.constructs, model.modes, model.sizes, strict=True)
        if mode is Mode.B and size > 1
    ]
    require(
        not formative,
        "rebus() weighs residuals by communalities, which Mode B constructs "
        f"({', '.join(formative)}) do not have. Use modes={{...: 'A'}}, or tcs.fimix().",
    )
    if segments is not None:
        require_whole(segments, "segments", 2)
    require_whole(replications, "replications", FEWEST)
    require_whole(seed, "seed", 0)
    require_respondents(
        result.sample.n,
        2 * len(model.items),
        f"classes with a model of {len(model.items)} items each",
    )
    classifier = Classifier(result.estimator, result.answers("rebus()"), seed)
    weights = weights_of(result)
    x, given = classifier.answers[None], weights[None]
    k = _number(classifier, x, given) if segments is None else segments
    found = classifier.classes(x, given, k)
    _require_classes(Status(int(found.status[0])), k)
    labels = by_size(found.labels[0], k)
    one = partial(classifier.without_classes, weights, k)
    return REBUS(
        result,
        labels,
        k,
        seed,
        int(found.iterations[0]),
        float(found.moving[0]),
        read_only(np.concatenate(list(map_chunks(one, _parts(replications, classifier.at_once))))),
    )


def _number(classifier: Classifier, x: Array, weights: Array) -> int:
    ((tree, _, _),) = classifier.trees(_standardized(x, weights), weights)
    return kernel.leap(tree, MOST)


def _parts(total: int, size: int) -> list[range]:
    return [range(at, min(at + size, total)) for at in range(0, total, size)]


def _require_classes(status: Status, k: int) -> None:
    if status is Status.SINGULAR:
        raise SurveyError(
            f"With {k} classes one came down to fewer than {kernel.FEWEST} respondents, or to "
            "respondents who do not differ, so it has no model. Try fewer: segments="
            f"{max(k - 1, 2)}, or tcs.fimix()."
        )


@dataclass(frozen=True, eq=False, repr=False)
class REBUS(LocalModels):
    """Classes with models of their own; see `rebus`. Frozen; `bootstrap` returns a new one.

    Parameters
    ----------
    pls : PLSResult
        The model of all.
    labels : ndarray (n,) of int
        The class of each respondent, from 0, the largest first.
    k : int
        The number of classes.
    seed : int
        Of the random parts.
    iterations : int
        How often respondents moved.
    moving : float
        The share that moved the last time.
    simulated : ndarray (S,)
        The group quality that classes reached in samples without any, nan where none were found.
    agreement : ndarray (B,), optional
        Adjusted Rand index of the classes with those of each bootstrap sample.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> model = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    >>> found = tcs.rebus(model, segments=2, replications=20)
    >>> found.table().columns.tolist()[:4]
    ['segment', 'n', 'share', 'communality']
    """

    iterations: int
    moving: float
    simulated: Array
    agreement: Array | None = None

    @cached_property
    def _classifier(self) -> Classifier:
        return Classifier(self.estimator, self.pls.answers("rebus()"), self.seed)

    @cached_property
    def _local(self) -> tuple[float, dict[str, Array]]:
        return self._quality(self.labels, self.k)

    @property
    def converged(self) -> bool:
        """Whether respondents stopped moving."""
        return self.moving < kernel.MOVING

    @property
    def gqi(self) -> float:
        """The group quality index of the classes; compare `gof`."""
        return self._local[0]

    @cached_property
    def gof(self) -> float:
        """The goodness of fit of the model of all, which is the group quality of one class."""
        return self._quality(np.zeros_like(self.labels), 1)[0]

    def _quality(self, labels: Index, k: int) -> tuple[float, dict[str, Array]]:
        given = self._classifier
        weights = weights_of(self.pls)[None]
        quality, values = given.quality(given.answers[None], weights, labels[None], k)
        return float(quality[0]), {name: value[0] for name, value in values.items()}

    @property
    def p(self) -> float:
        """Share of samples without classes where they come out as good, this one counted in."""
        return hidden.chance(self.simulated, self.gqi)

    @property
    def verdict(self) -> Verdict:
        """Whether there are classes: better than those of samples without any, and stable."""
        return hidden.verdict_of(self.converged and self.p <= CHANCE, self.agreement)

    def table(self) -> pd.DataFrame:
        """Return ``segment n share communality r_squared quality``: everybody, then each class.

        Mean communality of the items and mean R2; `quality` is the root of their product.
        """
        model, local = self.estimator.model, self._local[1]
        several = model.sizes[model.block] > 1
        kept = several if several.any() else ~several
        both = {name: np.vstack([self.pls.arrays[name], local[name]]) for name in NEEDED}
        communality = (both["outer_loadings"][:, kept] ** 2).mean(axis=1)
        r_squared = both["r_squared"][:, list(model.targets)].mean(axis=1)
        return pd.DataFrame(
            {
                "segment": ["all", *hidden.label_names(self.k)],
                "n": [len(self.labels), *np.bincount(self.labels, minlength=self.k)],
                "share": [1.0, *self.shares],
                "communality": communality,
                "r_squared": r_squared,
                "quality": np.sqrt(communality * r_squared),
            }
        )

    def bootstrap(self, n: int = 50, *, seed: int = 0, progress: bool = False) -> REBUS:
        """Return this result with how well its classes come back in `n` bootstrap samples.

        In each the model, the clusters and the classes are found anew, and everybody is put
        into the closest class.
        """
        given = self._classifier
        one = partial(given.agreement, weights_of(self.pls), self.labels, self.k)
        found = hidden.agreements(self.pls.sample, one, given.at_once, n, seed, progress)
        return replace(self, agreement=found)

    def _findings(self) -> Iterator[Finding]:
        if not self.converged:
            evidence = {"share": self.moving, "iterations": self.iterations, "segments": self.k}
            yield Finding("classes_moving", Severity.PROBLEM, ("REBUS",), evidence)
        if self.p > CHANCE:
            evidence = {"segments": self.k, "gqi": self.gqi, "p": self.p}
            yield Finding("classes_by_chance", Severity.CAUTION, ("REBUS",), evidence)
        sizes = np.bincount(self.labels, minlength=self.k)
        yield from hidden.size_findings(sizes, hidden.busiest(self.pls), "REBUS")
        if self.agreement is not None or self.verdict is not Verdict.NONE:
            yield from hidden.stability_findings(self.agreement, self.k, "REBUS")

    def _facts(self) -> str:
        facts = [
            f"{self.verdict}",
            f"{self.k} classes",
            f"n={len(self.labels)}",
            f"gqi={self.gqi:.3f}",
            f"gof={self.gof:.3f}",
            p_phrase(self.p),
            *hidden.agreement_facts(self.agreement),
        ]
        return ", ".join(facts)
