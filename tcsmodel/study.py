"""The whole road in one object: from a survey to an index, drivers, priorities, a report."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tcsmodel.errors import OptionError, counted, warn
from tcsmodel.models.estimator import as_survey
from tcsmodel.options import (
    Missing,
    Scheme,
    choose,
    did_you_mean,
    require,
    require_level,
    require_whole,
)
from tcsmodel.result import Finding, Result, Severity, worst_first
from tcsmodel.satisfaction.headlines import headlines
from tcsmodel.spec.checks import require_measured
from tcsmodel.spec.model import ModelSpec
from tcsmodel.stages import STAGES, Road, Split
from tcsmodel.survey.survey import Survey

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tcsmodel.models.cfa import CFAResult
    from tcsmodel.models.efa import EFAResult
    from tcsmodel.models.pls import PLSResult
    from tcsmodel.models.sem import SEMResult
    from tcsmodel.satisfaction.drivers import Drivers
    from tcsmodel.satisfaction.gate import Gate
    from tcsmodel.satisfaction.index import SatisfactionIndex
    from tcsmodel.satisfaction.priorities import Priorities
    from tcsmodel.survey.screening import Factorability, Screening

PACKAGES = ("numpy", "scipy", "pandas", "statsmodels")


@dataclass(frozen=True)
class Study:
    """The options of a whole study: screening, structure, models, index, drivers, priorities.

    Parameters
    ----------
    spec : ModelSpec
        The model; one specification for covariance-based SEM and PLS.
    target : str
        The construct the study is about.
    bootstrap, driver_bootstrap : int
        Number of replicates for PLS (index, priorities, gate) and for the key drivers.
    scheme : {"path", "factorial", "centroid"}
        Inner weighting of PLS.
    missing : {"listwise"}
        What is done about missing answers.
    level : float
        Confidence level of all intervals.

    Raises
    ------
    SpecError
        When the model has no construct `target`.
    OptionError
        When an option lies outside its vocabulary or range.

    Examples
    --------
    >>> import warnings
    >>> import tcsmodel as tcs
    >>> study = tcs.Study(tcs.library.ecsi(), bootstrap=200, driver_bootstrap=200)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", tcs.errors.TcsWarning)
    ...     result = study.run(tcs.datasets.mobi(), seed=7)
    >>> result
    StudyResult(Satisfaction 72.5, n=250, 7 constructs, 24 items, 10 of 10 stages done)
    >>> result.gate.passed
    False
    """

    spec: ModelSpec
    target: str = field(default="Satisfaction", kw_only=True)
    bootstrap: int = field(default=5000, kw_only=True)
    driver_bootstrap: int = field(default=1000, kw_only=True)
    scheme: Scheme = field(default=Scheme.PATH, kw_only=True)
    missing: Missing = field(default=Missing.LISTWISE, kw_only=True)
    level: float = field(default=0.95, kw_only=True)

    def __post_init__(self) -> None:
        require(
            isinstance(self.spec, ModelSpec),
            f"spec is a {type(self.spec).__name__}; give a ModelSpec, as ModelSpec.parse(text).",
        )
        self.spec.construct(self.target)
        for name in ("bootstrap", "driver_bootstrap"):
            require_whole(getattr(self, name), name, 2)
        require_level(self.level)
        object.__setattr__(self, "scheme", choose(Scheme, self.scheme, "scheme"))
        object.__setattr__(self, "missing", choose(Missing, self.missing, "missing"))

    def run(
        self, survey: Survey | pd.DataFrame, seed: int = 7, progress: bool = False
    ) -> StudyResult:
        """Return the whole study of a survey.

        The structure is explored on one half of the respondents and confirmed on the
        other, stratified by group and wave, when each half has at least 100 and five
        respondents per item; else both use everyone. SEM, PLS, index, drivers and
        priorities use everyone. Drivers are the 0-100 indices of all constructs with a
        directed way to the target; the outcome is the target's index.

        A stage that cannot be computed is named in `StudyResult.failures` with its
        reason, and the others still run. Each caution that a stage warns of is emitted
        once, when all have run.

        Parameters
        ----------
        survey : Survey or DataFrame
            The index needs a `Survey` with the scales of the items.
        seed : int
            Decides the halves, the parallel analysis and all replicates.
        progress : bool
            Show progress bars when attached to a terminal.

        Raises
        ------
        SpecError, SurveyError
            When the survey lacks what the model names.
        OptionError
            When `seed` is not a whole number from 0 on.
        """
        require_whole(seed, "seed", 0)
        survey = as_survey(survey, self.spec.items)
        require_measured(self.spec, survey.columns)
        survey.values(self.spec.items)
        road = Road(self, survey, seed, progress)
        road.walk()
        for message, category in road.cautions.items():
            warn(message, category)
        return StudyResult(
            estimator=self,
            survey=survey,
            seed=seed,
            split=road.split,
            stages=road.done,
            failures=road.failures,
            cautions=tuple(road.cautions),
        )


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult(Result):
    """A whole study: every stage's result as an attribute, None where it failed.

    Made by `Study.run`.

    Parameters
    ----------
    estimator : Study
        The options.
    survey : Survey
        The answers.
    seed : int
        What decided the halves, the parallel analysis and all replicates.
    split : Split
        Who explored and who confirmed the structure.
    stages : dict of str to Result
        The stages that could be computed, in their order.
    failures : dict of str to str
        The stages that could not, with the reason.
    cautions : tuple of str
        What the stages warned of.
    """

    estimator: Study
    survey: Survey
    seed: int
    split: Split
    stages: Mapping[str, Any]
    failures: Mapping[str, str]
    cautions: tuple[str, ...]

    @property
    def spec(self) -> ModelSpec:
        """The model."""
        return self.estimator.spec

    @property
    def target(self) -> str:
        """The construct the study is about."""
        return self.estimator.target

    @property
    def screening(self) -> Screening | None:
        """Who answered and how."""
        return self.stages.get("screening")

    @property
    def factorability(self) -> Factorability | None:
        """Whether the items share enough for a factor analysis."""
        return self.stages.get("factorability")

    @property
    def efa(self) -> EFAResult | None:
        """The perceived structure, explored."""
        return self.stages.get("efa")

    @property
    def cfa(self) -> CFAResult | None:
        """The measurement model, confirmed."""
        return self.stages.get("cfa")

    @property
    def sem(self) -> SEMResult | None:
        """The model by covariance-based SEM."""
        return self.stages.get("sem")

    @property
    def pls(self) -> PLSResult | None:
        """The model by PLS, bootstrapped."""
        return self.stages.get("pls")

    @property
    def gate(self) -> Gate | None:
        """Whether the structure can be trusted."""
        return self.stages.get("gate")

    @property
    def index(self) -> SatisfactionIndex | None:
        """The 0-100 indices."""
        return self.stages.get("index")

    @property
    def drivers(self) -> Drivers | None:
        """The key drivers of the target's index, bootstrapped."""
        return self.stages.get("drivers")

    @property
    def priorities(self) -> Priorities | None:
        """What to improve first."""
        return self.stages.get("priorities")

    @cached_property
    def n(self) -> int:
        """Number of respondents who answered every item of the model."""
        return int(np.isfinite(self.survey.values(self.spec.items)).all(axis=1).sum())

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions of Python and of the packages that made the numbers."""
        own = {
            "tcsmodel": import_module("tcsmodel").__version__,
            "python": platform.python_version(),
        }
        return own | {name: version(name) for name in PACKAGES}

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 of the model's items, weights and design: tells whether data are the same."""
        digest = hashlib.sha256("\0".join(self.spec.items).encode())
        digest.update(np.ascontiguousarray(self.survey.values(self.spec.items), "<f8").tobytes())
        if self.survey.weights is not None:
            digest.update(np.ascontiguousarray(self.survey.weights, "<f8").tobytes())
        for column in (self.survey.strata, self.survey.cluster):
            if column is not None:
                digest.update("\0".join(map(str, self.survey.column(column))).encode())
        if self.survey.replicates is not None:
            replicates = self.survey.replicates.read(self.survey.data)
            digest.update(np.ascontiguousarray(replicates, "<f8").tobytes())
        return digest.hexdigest()

    def table(self) -> pd.DataFrame:
        """Return one row per stage: ``stage done result``, the result in a line or the reason."""
        lines = {name: repr(result) for name, result in self.stages.items()} | {**self.failures}
        done = [stage in self.stages for stage in STAGES]
        return pd.DataFrame(
            {"stage": list(STAGES), "done": done, "result": [lines[stage] for stage in STAGES]}
        )

    @cached_property
    def headlines(self) -> tuple[Finding, ...]:
        """The five findings to read first: index, driver, priority, trust, next step."""
        return headlines(self.index, self.drivers, self.priorities, self.gate, self.failures)

    def summary(self) -> str:
        """Return the five findings as plain text, then what failed and what to be careful of."""
        lines = [repr(self), ""]
        lines += [f"{i}. {finding.sentence()}" for i, finding in enumerate(self.headlines, 1)]
        lines += [f"Failed: {stage}: {reason}" for stage, reason in self.failures.items()]
        lines += [f"Caution: {caution}" for caution in self.cautions]
        return "\n".join(lines)

    def verify(self) -> tuple[Finding, ...]:
        """Return the findings of all stages, each once, worst first."""
        found = [] if self.split.halves else [self._same_respondents()]
        for stage in self.stages.values():
            found += stage.verify()
        unique = {(f.code, f.subjects): f for f in reversed(found)}
        return worst_first(f for f in found if unique[f.code, f.subjects] is f)

    def _same_respondents(self) -> Finding:
        evidence = {
            "n_half": self.split.n_efa // 2,
            "needed": self.split.n_needed // 2,
            "n_needed": self.split.n_needed,
            "n_items": len(self.spec.items),
        }
        return Finding("same_respondents", Severity.CAUTION, (), evidence)

    def plot(self, kind: str | None = None, **options: Any) -> Axes:
        """Draw a stage and return the axes.

        Parameters
        ----------
        kind : str, optional
            The stage, such as ``"priorities"`` or ``"pls"``; the last one by default.
        **options
            Those of the stage's own ``plot``.

        Raises
        ------
        OptionError
            When there is no such stage, or it could not be computed.
        """
        name = list(self.stages)[-1] if kind is None else kind
        if name not in self.stages:
            raise OptionError(
                f"kind={name!r} is not a stage that was computed ({', '.join(self.stages)})."
                f"{did_you_mean(name, self.stages)}"
            )
        return self.stages[name].plot(**options)

    def report(self, path: str | PathLike[str], language: str = "en") -> Path:
        """Write the report as one self-contained HTML file and return its path.

        Parameters
        ----------
        path : str or path
            The file; its folder is made when it does not exist.
        language : str
            Of the report.

        Raises
        ------
        OptionError
            When `path` is a folder, or there is no such language.
        """
        from tcsmodel.report.html import write_report

        file = Path(path)
        require(
            not file.is_dir(), f"{str(file)!r} is a folder; name the file, as 'report.html' in it."
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        write_report(self, file, language)
        return file

    def _facts(self) -> str:
        index = self.index
        facts = [self.target if index is None else f"{self.target} {index.value:.1f}"]
        facts += [
            f"n={self.n}",
            counted(len(self.spec.constructs), "construct"),
            counted(len(self.spec.items), "item"),
            f"{len(self.stages)} of {len(STAGES)} stages done",
        ]
        return ", ".join(facts)
