"""What a report needs of a study.

`tcsmodel.study` stands above this package and its `StudyResult` has all of this; the
protocol says so without importing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tcsmodel.models.cfa import CFAResult
from tcsmodel.models.efa import EFAResult
from tcsmodel.models.pls import PLSResult
from tcsmodel.models.sem import SEMResult
from tcsmodel.result import Finding
from tcsmodel.satisfaction.drivers import Drivers
from tcsmodel.satisfaction.gate import Gate
from tcsmodel.satisfaction.index import SatisfactionIndex
from tcsmodel.satisfaction.priorities import Priorities
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.screening import Factorability, Screening
from tcsmodel.survey.survey import Survey


class StudyLike(Protocol):
    """A whole study: its options, the answers, and each stage's result or None."""

    @property
    def estimator(self) -> Any:
        """The options."""

    @property
    def survey(self) -> Survey:
        """The answers."""

    @property
    def seed(self) -> int:
        """The seed."""

    @property
    def split(self) -> Any:
        """Who explored and who confirmed: ``halves n_efa n_cfa n_needed``."""

    @property
    def failures(self) -> Mapping[str, str]:
        """The stages that could not be computed, with the reason."""

    @property
    def cautions(self) -> tuple[str, ...]:
        """What the stages warned of."""

    @property
    def spec(self) -> ModelSpec:
        """The model."""

    @property
    def target(self) -> str:
        """The construct the study is about."""

    @property
    def n(self) -> int:
        """Respondents who answered every item."""

    @property
    def versions(self) -> dict[str, str]:
        """Versions of what made the numbers."""

    @property
    def data_hash(self) -> str:
        """Hash of the answers."""

    @property
    def headlines(self) -> tuple[Finding, ...]:
        """The five findings to read first."""

    @property
    def screening(self) -> Screening | None:
        """Who answered and how."""

    @property
    def factorability(self) -> Factorability | None:
        """Whether the items share enough."""

    @property
    def efa(self) -> EFAResult | None:
        """The structure, explored."""

    @property
    def cfa(self) -> CFAResult | None:
        """The measurement model, confirmed."""

    @property
    def sem(self) -> SEMResult | None:
        """The model by covariance-based SEM."""

    @property
    def pls(self) -> PLSResult | None:
        """The model by PLS."""

    @property
    def gate(self) -> Gate | None:
        """Whether the structure can be trusted."""

    @property
    def index(self) -> SatisfactionIndex | None:
        """The indices."""

    @property
    def drivers(self) -> Drivers | None:
        """The key drivers."""

    @property
    def priorities(self) -> Priorities | None:
        """What to improve first."""
