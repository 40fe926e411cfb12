"""`latent_scores`: where each respondent stands on the constructs of a fitted model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError, TcsError
from tcsmodel.kernels import implied, scores
from tcsmodel.models.estimator import SCORE_OTHERS, as_survey
from tcsmodel.models.fitted import (
    FittedGroup,
    fitted_groups,
    measured_loadings,
    require_fit,
)
from tcsmodel.models.ordinal_scores import ordinal_scores
from tcsmodel.options import ScoreMethod, choose, did_you_mean
from tcsmodel.survey.survey import Survey

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]


def latent_scores(
    result: SEMResult,
    data: Survey | pd.DataFrame | None = None,
    method: ScoreMethod | str = "regression",
) -> pd.DataFrame:
    """Return factor scores, respondent x construct, in the units of the constructs.

    Parameters
    ----------
    result : SEMResult or CFAResult
        A fitted model.
    data : Survey or DataFrame, optional
        Whom to score, about the means of the fit; those who were fitted by default. Rows
        have the labels of the rows of the data.
    method : {"regression", "bartlett", "ten_berge"}
        ``regression`` predicts best and shrinks towards the mean, ``bartlett`` is unbiased,
        ``ten_berge`` keeps the covariances of the constructs. With ordinal items there is
        ``regression`` only.

    Returns
    -------
    DataFrame
        Nan for a respondent without answers, and by Bartlett's method for a construct none of
        whose items was answered. Other missing answers are allowed: scores then come from the
        items that were answered.

    Raises
    ------
    TcsError
        When the model was fitted to moments alone and no `data` are given; by ten Berge's
        method for a second-order construct.
    SurveyError
        When `data` lack an item, or have a group that was not fitted.

    Notes
    -----
    With Sigma, Phi and C the implied covariances of items, of constructs and between them:
    ``C' Sigma^-1 (y - mu)``, ``(L' Sigma^-1 L)^-1 L' Sigma^-1 (y - mu)``, and ten Berge, Krijnen,
    Wansbeek & Shapiro (1999). Bartlett scores of a second-order construct take the loadings of
    the items on it by way of the first-order ones, as lavaan. With ordinal items the score is the
    mode of the posterior distribution of the constructs given the answers, lavaan's ``EBM``.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse("Quality =~ PERQ1 + PERQ3 + PERQ4 + PERQ6")
    >>> scores = tcs.latent_scores(tcs.CFA(spec).fit(tcs.datasets.mobi()))
    >>> scores.iloc[:2].round(3)["Quality"].tolist()
    [-1.386, 1.547]
    """
    require_fit(result, "latent_scores()")
    chosen = choose(ScoreMethod, method, "method")
    if not result.model.constructs:
        raise TcsError(
            "scores() gives scores of constructs, and the model has none. State one, as in "
            "Satisfaction =~ sat1 + sat2 + sat3."
        )
    groups = fitted_groups(result)
    values, labels, member = _fitted_answers(result) if data is None else _answers(result, data)
    out = np.full((len(values), len(result.model.constructs)), np.nan)
    is_ordinal = bool(result.model.parameters.ordinal)
    score = ordinal_scores if is_ordinal else _linear_scores
    for g, group in enumerate(groups):
        own = np.flatnonzero(member == g)
        out[own] = score(result, group, values[own], chosen)
    return pd.DataFrame(out, index=labels, columns=list(result.model.constructs))


def _linear_scores(
    result: SEMResult, group: FittedGroup, values: Array, method: ScoreMethod
) -> Array:
    """Return the scores (n, k) of respondents of a group, sums of their answers."""
    scorer = _Scorer(result, group)
    if method is ScoreMethod.TEN_BERGE:
        scorer.check_covariances()
    return _by_pattern(values - scorer.center, scorer, method) + scorer.latent_mean


Answers = tuple[Array, pd.Index, NDArray[np.intp]]


def _fitted_answers(result: SEMResult) -> Answers:
    """Return the answers (n, p), row labels and groups of those who were fitted."""
    sample = result.sample
    values = sample.respondents("scores()", SCORE_OTHERS)
    everyone = np.zeros(len(values), dtype=np.intp)
    return values, sample.row_labels, everyone if sample.strata is None else sample.strata


def _answers(result: SEMResult, data: Survey | pd.DataFrame) -> Answers:
    """Return the answers of new respondents."""
    items, column = result.model.parameters.items, result.estimator.group
    labels = result.model.parameters.groups
    survey = as_survey(data, items)
    values = survey.values(items)
    if len(labels) == 1:
        return values, survey.row_labels, np.zeros(len(values), dtype=np.intp)
    named = survey.column(str(column)).astype(str)
    unknown = sorted(set(named) - set(labels))
    if unknown:
        raise SurveyError(
            f"Column {column!r} has {unknown[0]!r}, which is none of the groups that were fitted: "
            f"{', '.join(labels)}.{did_you_mean(unknown[0], labels)}"
        )
    member = np.array([labels.index(label) for label in named], dtype=np.intp)
    return values, survey.row_labels, member


def _by_pattern(centered: Array, scorer: _Scorer, method: ScoreMethod) -> Array:
    """Return the scores (n, k) of centered answers (n, p), by the items each one answered."""
    answered = np.isfinite(centered)
    out = np.full((len(centered), len(scorer.constructs)), np.nan)
    patterns, member = np.unique(answered, axis=0, return_inverse=True)
    for at, pattern in enumerate(patterns):
        own = np.flatnonzero(member.ravel() == at)
        if pattern.any():
            out[own] = centered[np.ix_(own, pattern)] @ scorer.weights(pattern, method)
    return out


@dataclass(frozen=True, eq=False)
class _Scorer:
    """The moments of a fitted model that scores are made of."""

    result: SEMResult
    group: FittedGroup

    @property
    def constructs(self) -> tuple[str, ...]:
        return self.result.model.constructs

    @cached_property
    def _at(self) -> implied.Implied:
        return implied.implied(self.group.layout, self.result.theta)

    @cached_property
    def _means(self) -> implied.Means:
        return implied.means(self.group.layout, self.result.theta, self._at)

    @property
    def center(self) -> Array:
        """What is subtracted from answers: the implied means, else those of the sample."""
        return self._means.item if self.group.has_means else self.group.mean

    @property
    def latent_mean(self) -> Array:
        return self._means.latent[: len(self.constructs)]

    @cached_property
    def _measured(self) -> tuple[Array, NDArray[np.intp]]:
        return measured_loadings(self.group, self.result.theta, self.constructs)

    @property
    def level(self) -> NDArray[np.intp]:
        """The order (m,) of each latent variable: 0 when items measure it."""
        return self._measured[1]

    def check_covariances(self) -> None:
        """Raise where covariances cannot be kept: of second-order constructs, or inadmissible."""
        for name, level in zip(self.constructs, self.level, strict=False):
            if level:
                raise TcsError(
                    f"Ten Berge scores keep covariances, but {name!r} is measured by constructs, "
                    "not items, so its scores would be sums of theirs. Take method='regression' "
                    "or 'bartlett'."
                )
        if np.linalg.eigvalsh(self._at.phi)[0] <= 0:
            raise TcsError(
                "Ten Berge scores keep the covariances of the constructs, but those that the model "
                "implies are impossible: the solution is improper, and result.verify() says why. "
                "Take method='regression' or 'bartlett'."
            )

    def weights(self, answered: NDArray[np.bool_], method: ScoreMethod) -> Array:
        """Return weights (a, k) for those who answered the a items of (p,)."""
        k = len(self.constructs)
        sigma = self._at.sigma[np.ix_(answered, answered)]
        loading = self._measured[0][answered]
        if method is ScoreMethod.BARTLETT:
            return self._unbiased(sigma, loading)[:, :k]
        direct = loading[:, self.level == 0]
        phi = self._at.phi[np.ix_(self.level == 0, self.level == 0)]
        if method is ScoreMethod.TEN_BERGE:
            return scores.ten_berge(sigma, direct, phi)[:, :k]
        shared = self._at.phi[self.level == 0][:, :k]
        return scores.regression(sigma, direct, shared)

    def _unbiased(self, sigma: Array, loading: Array) -> Array:
        out = np.full(loading.shape, np.nan)
        for level in range(self.level.max() + 1):
            own = np.flatnonzero((self.level == level) & (loading != 0).any(axis=0))
            if len(own):
                out[:, own] = scores.unbiased(sigma, loading[:, own])
        return out
