"""How PLS takes its data: moments of answers with gaps, and of ordinal answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import SurveyError, TcsError
from tcsmodel.kernels.available import filled, mean_replaced, pairwise
from tcsmodel.kernels.missing import patterns, saturated, tabulate
from tcsmodel.kernels.moments import moments
from tcsmodel.kernels.polychoric import coded, mixed_moments
from tcsmodel.kernels.products import multiplied
from tcsmodel.models.estimator import Data, Sample, as_survey, take, without_moments
from tcsmodel.options import PLSMissing, did_you_mean, require
from tcsmodel.spec.model import product_name
from tcsmodel.survey.moments import Moments, read_only, require_varying
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]
Index = NDArray[np.intp]

MOST_CATEGORIES = 12
INDEFINITE = -1e-8


@dataclass(frozen=True)
class Rule:
    """How answers become the means and covariances that PLS runs on.

    Parameters
    ----------
    missing : PLSMissing
        What is done about missing answers.
    ordered : tuple of str
        Items whose correlations are polychoric.
    """

    missing: PLSMissing
    ordered: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        """Whether moments are those of complete answers."""
        return self.missing is PLSMissing.LISTWISE and not self.ordered

    def moments(self, names: tuple[str, ...], x: Array, weights: Array) -> tuple[Array, Array]:
        """Return means (B, p) and covariances (B, p, p) of answers (n, p), weights (B, n).

        Covariances of ordinal items are their polychoric correlations times the standard
        deviations of the answers. Nan where there are none.
        """
        if self.missing is PLSMissing.FIML:
            mean, cov = _likely(x, weights)
        elif self.missing is PLSMissing.MEAN:
            mean, cov = mean_replaced(x, weights)
        elif self.missing is PLSMissing.PAIRWISE:
            mean, cov = pairwise(x, weights)
        else:
            mean, cov = moments(x, weights)
        if not self.ordered:
            return mean, cov
        ordinal = np.array([name in self.ordered for name in names])
        corr = mixed_moments(coded(x, ordinal), weights).corr
        sd = np.sqrt(np.diagonal(cov, axis1=1, axis2=2))
        return mean, corr * sd[:, :, None] * sd[:, None, :]

    def complete(self, x: Array, mean: Array, cov: Array) -> Array:
        """Return answers (n, p) without gaps: what stands for them in scores and indices."""
        if not np.isnan(x).any():
            return x
        return filled(x, mean, cov if self.missing is PLSMissing.FIML else np.diag(np.diag(cov)))


def _likely(x: Array, weights: Array) -> tuple[Array, Array]:
    found = saturated(tabulate(patterns(x), x, weights))
    return found.mean, found.cov * (len(x) / (len(x) - 1))


def ordered_names(ordered: bool | str | Iterable[str], items: tuple[str, ...]) -> tuple[str, ...]:
    """Return the items that `ordered` names; all of them for True.

    Raises OptionError when a name is not an item of the model.
    """
    if isinstance(ordered, bool):
        return items if ordered else ()
    names = (ordered,) if isinstance(ordered, str) else tuple(ordered)
    for name in names:
        require(
            name in items,
            f"ordered names {name!r}, which is not an item of the model."
            f"{did_you_mean(name, items)}",
        )
    return names


def pls_sample(
    data: Data, names: tuple[str, ...], rule: Rule, pairs: Index | None = None
) -> Sample:
    """Return the sample of items under a rule; `values` keeps the gaps of the answers.

    With the products of `pairs` (q, 2) of items behind them, for interactions.

    Raises
    ------
    SurveyError
        When an item is absent, constant, or has too many values to be ordinal; when two
        items are never answered together, or pairs of answers contradict each other.
    TcsError
        When moments are given and the rule needs respondents.
    """
    if pairs is not None and len(pairs):
        if isinstance(data, Moments):
            raise TcsError(
                "Interactions need respondents, but moments were given. Fit the model to a Survey "
                "or a DataFrame."
            )
        return with_products(take(data, names), pairs)
    if rule.is_plain:
        return take(data, names)
    if isinstance(data, Moments):
        what = "ordered=" if rule.ordered else f"missing={rule.missing.value!r}"
        raise TcsError(
            f"{what} needs respondents, but moments were given. Fit the model to a Survey or a "
            "DataFrame."
        )
    partial = rule.missing is not PLSMissing.LISTWISE
    sample = _with_gaps(data, names, rule.missing) if partial else take(data, names)
    values = sample.respondents("PLS")
    _require_categories(names, values, rule.ordered)
    weights = np.ones(sample.n) if sample.weights is None else sample.weights
    mean, cov = (part[0] for part in rule.moments(names, values, weights[None]))
    _require_known(names, values, cov, rule)
    found = Moments(names, sample.n, read_only(mean), read_only(cov), float(weights.sum()))
    require_varying(found)
    return replace(sample, moments=found)


def with_products(sample: Sample, pairs: Index) -> Sample:
    """Return a sample with the products of `pairs` (q, 2) of its items behind them."""
    names = sample.names
    values = read_only(multiplied(sample.respondents("An interaction"), pairs))
    products = (product_name(names[i], names[j]) for i, j in pairs.tolist())
    return replace(
        sample, values=values, moments=Moments.of((*names, *products), values, sample.weights)
    )


def _with_gaps(data: Survey | pd.DataFrame, names: tuple[str, ...], missing: PLSMissing) -> Sample:
    survey = as_survey(data, names)
    values, weights, rows = survey.answered(names, fill=missing is PLSMissing.MEAN)
    return without_moments(names, values, weights, rows, survey)


def _require_categories(names: tuple[str, ...], x: Array, ordered: tuple[str, ...]) -> None:
    for j, name in enumerate(names):
        if name in ordered:
            own = np.unique(x[np.isfinite(x[:, j]), j])
            if len(own) > MOST_CATEGORIES:
                raise SurveyError(
                    f"Item {name!r} is ordered but has {len(own)} different answers; polychoric "
                    f"correlations are for {MOST_CATEGORIES} or fewer. Leave it out of ordered=, "
                    "which treats it as continuous."
                )


def _require_known(names: tuple[str, ...], values: Array, cov: Array, rule: Rule) -> None:
    i, j = np.nonzero(np.triu(~np.isfinite(cov), 1))
    if len(i):
        answered = np.isfinite(values)
        both = [int((answered[:, a] & answered[:, b]).sum()) for a, b in zip(i, j, strict=True)]
        worst = int(np.argmin(both))
        raise SurveyError(
            f"Nothing says how {names[i[worst]]!r} and {names[j[worst]]!r} correlate: nobody "
            "answered both, or the answers of those who did do not vary. Leave one of them out."
        )
    if rule.missing is PLSMissing.PAIRWISE and np.isfinite(cov).all():
        least = float(np.linalg.eigvalsh(cov)[0])
        if least < INDEFINITE * float(np.trace(cov)):
            raise SurveyError(
                "The correlations of pairs contradict each other (their matrix has a negative "
                "eigenvalue), because they come from different respondents. Use missing='fiml' "
                "or 'mean'."
            )
