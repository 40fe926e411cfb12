"""Cross-validation of a PLS path model: folds, fits to the training folds, errors held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import IdentificationError, OptionError, SurveyError
from tcsmodel.kernels import prediction as kernel
from tcsmodel.kernels import products
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.kernels.effects import total_effects
from tcsmodel.kernels.status import Status
from tcsmodel.models.assessment import Solution
from tcsmodel.models.estimator import Sample
from tcsmodel.models.path_model import PathModel
from tcsmodel.models.staged import column_weights
from tcsmodel.options import PLSMissing, Regressors, Technique, is_whole, require

if TYPE_CHECKING:
    from tcsmodel.models.pls import PLS

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]
Folds = int | str | Sequence[object] | NDArray[Any] | pd.Series

LOO = "loo"
# Respondents held out at once, so that memory does not grow with the number of folds.
AT_ONCE = 100_000


def predicted_items(model: PathModel) -> Index:
    """Return the places, among those answered, of the items of constructs with antecedents.

    Those of a higher-order construct are the items of its parts.
    """
    return np.flatnonzero(model.endogenous[model.home])


def home_loadings(model: PathModel, loadings: Array) -> Array:
    """Return the loadings (..., p) of answered items on the construct with paths they are of.

    Of loadings on their own construct; that of an item of a part is its own times that of the
    part on the whole.
    """
    found = loadings[..., model.answered].copy()
    for c, parts in model.parts.items():
        for row, part in zip(np.flatnonzero(model.block == c), parts, strict=True):
            found[..., model.behind(part)] *= loadings[..., row, None]
    return found


def carried(model: PathModel, paths: Array, technique: Technique) -> Array:
    """Return what the score of a construct (row) adds to that of another (..., k, k)."""
    if technique is Technique.DIRECT:
        return paths
    return total_effects(paths) * ~model.endogenous[:, None]


def refuse_rule(estimator: PLS) -> None:
    """Raise OptionError when the moments of a model are not those of answers as given."""
    if estimator.rule.ordered:
        raise OptionError(
            "predict() predicts answers as they were given, and polychoric correlations are those "
            "of what lies behind them. Fit the model without ordered=."
        )
    if estimator.rule.missing is PLSMissing.FIML:
        raise OptionError(
            "predict() does not go with missing='fiml', which would fill the answers that predict "
            "from those that are to be predicted. Fit the model with missing='mean' or 'listwise'."
        )


def refuse_technique(model: PathModel, technique: Technique) -> None:
    """Raise OptionError where no construct without antecedents gives the score of a product."""
    if technique is Technique.DIRECT:
        return
    for c, factors in model.factors.items():
        later = [model.constructs[f] for f in factors if model.endogenous[f]]
        if later:
            raise OptionError(
                f"technique='earliest' predicts from constructs without antecedents, and "
                f"{model.constructs[c]!r} is a product of {later[0]!r}, which has some; how such a "
                "product is predicted is not settled (Danks & Ray 2023 have factors without "
                "antecedents). Use technique='direct'."
            )


def labels_of(folds: Folds, repetitions: int, seed: int, sample: Sample) -> tuple[Index, bool]:
    """Return the folds (R, n) of the respondents used, and whether they are random."""
    n = sample.n
    if isinstance(folds, str):
        require(folds == LOO, f"folds={folds!r} must be a whole number, 'loo', or labels.")
        return np.arange(n)[None], False
    if not isinstance(folds, (int, np.integer)):
        return _given_labels(np.asarray(folds), sample), False
    require(is_whole(folds, 2), f"folds={folds!r} must be a whole number, 2 or more.")
    require(
        folds <= n,
        f"folds={folds} are more than the {n} respondents used. Use folds='loo', which leaves out "
        "one at a time, or fewer folds.",
    )
    if folds == n:
        return np.arange(n)[None], False
    return kernel.random_folds(n, int(folds), repetitions, seed), True


def _given_labels(labels: NDArray[Any], sample: Sample) -> Index:
    """Return given labels (n,) or (R, n), of all respondents or of those used, as numbers."""
    both = np.atleast_2d(labels)
    everyone = 0 if sample.survey is None else sample.survey.n
    if both.ndim == 2 and both.shape[1] == everyone and sample.rows is not None:
        both = both[:, sample.rows]
    require(
        both.ndim == 2 and both.shape[1] == sample.n,
        f"folds must have one label per respondent ({sample.n}), not shape {labels.shape}.",
    )
    out = np.empty(both.shape, dtype=np.intp)
    for r, own in enumerate(both):
        codes, found = pd.factorize(own)
        if (codes < 0).any():
            raise SurveyError("A label in folds is missing; each respondent needs one.")
        require(len(found) > 1, "folds has one label only; prediction needs two or more.")
        out[r] = codes
    return out


def cross_validated(
    estimator: PLS, sample: Sample, fold: Index, technique: Technique, regressors: Regressors
) -> tuple[Array, Array, int]:
    """Return the errors (3, n, q) of items and (2, n, t) of constructs, and folds lost.

    Of PLS, the linear model (items only) and the mean of the training fold.
    """
    model, n = estimator.model, sample.n
    at, targets = predicted_items(model), list(model.targets)
    trial = _Trial(estimator, sample, technique, regressors)
    total = np.zeros((n + 1, 3 * len(at) + 2 * len(targets)))
    count, lost = np.zeros(n + 1), 0
    for rows, errors, kept in map_chunks(trial.errors, kernel.held_out(fold, AT_ONCE)):
        if kept.any():
            kernel.add_rows(total, count, rows[kept], errors[kept])
        lost += int((~kept).sum())
    if not count[:n].any():
        raise IdentificationError(
            f"PLS has no solution in any of the {lost} training folds: they have too few "
            "respondents, or an item that does not vary there. Use more folds (folds='loo' leaves "
            "out one at a time), or fewer items."
        )
    mean = kernel.mean_over_repetitions(total[:n], count[:n])
    items, constructs = np.split(mean, [3 * len(at)], axis=1)
    errors = np.stack(np.split(items, 3, axis=1))
    unknown = (np.isnan(errors[1]) & np.isfinite(errors[0])).any(axis=0)
    errors[1][:, unknown] = np.nan
    return errors, np.stack(np.split(constructs, 2, axis=1)), lost


@dataclass(frozen=True, eq=False)
class _Trial:
    """Fitting to training folds and predicting who was held out."""

    estimator: PLS
    sample: Sample
    technique: Technique
    regressors: Regressors

    @cached_property
    def used(self) -> Mask:
        """Whether the items of a construct (row) are regressors of those of another (column)."""
        model = self.estimator.model
        if self.regressors is Regressors.OTHERS:
            own = np.arange(len(model.constructs))
            return (own[:, None] != own) & model.endogenous
        if self.technique is Technique.DIRECT:
            return model.paths
        return model.ways & ~model.endogenous[:, None]

    @cached_property
    def has_gaps(self) -> bool:
        """Whether an answer is missing."""
        return bool(np.isnan(self.sample.respondents("Prediction")).any())

    def moments(self, rows: Index, answers: Array) -> tuple[Array, Array]:
        """Return means (b, P) and covariances (b, P, P) of training folds."""
        rule, n = self.estimator.rule, self.sample.n
        given = np.ones(n) if self.sample.weights is None else self.sample.weights
        trained = n - (rows < n).sum(axis=1)
        if rule.is_plain:
            mean, cov = kernel.training_moments(answers, given, rows)
            return mean, kernel.own_divisors(cov, np.ones(mean.shape), n, trained)
        weights = kernel.training_weights(rows, given)
        mean, cov = rule.moments(self.estimator.model.observed, answers, weights)
        answered = np.ones(mean.shape)
        if rule.missing is PLSMissing.PAIRWISE:
            answered = weights @ np.isfinite(answers) / weights.sum(axis=1, keepdims=True)
        return mean, kernel.own_divisors(cov, answered, n, trained)

    def errors(self, rows: Index) -> tuple[Index, Array, Mask]:
        """Return `rows` (b, m), all errors (b, m, 3q + 2t) and which folds (b,) were not lost."""
        model, answers = self.estimator.model, self.sample.respondents("Prediction")
        mean, cov = self.moments(rows, answers)
        solved = self.estimator.solution(mean, cov, self.sample.n)
        own, p = solved.made, len(model.observed)
        at, targets = predicted_items(model), list(model.targets)
        passed = carried(model, solved.paths, self.technique)
        seen, sd = model.answered, own.sd[:, model.answered]
        scoring = self._scoring(solved, sd)
        linear = kernel.regression_slopes(
            own.corr[:, seen[:, None], seen], sd, model.home, self.used
        )
        beyond = np.zeros((len(linear), len(model.pairs), len(at)))
        linear = np.concatenate([linear[..., at], beyond], axis=1)
        loadings = home_loadings(model, solved.shown.loadings.sum(axis=-1))[:, at, None]
        homes = model.home[at, None] == np.arange(len(model.constructs))
        slopes = kernel.path_slopes(scoring, passed, loadings * homes, sd[:, at])
        gap = kernel.gaps(answers[:, :p], mean[:, :p], rows)
        gap = products.centered(gap, products.centers(mean, np.ones(p), model.pairs), model.pairs)
        both = np.concatenate([slopes, linear], axis=-1)
        errors = kernel.errors(gap, both, scoring, passed, at, targets)
        if self.has_gaps:
            unknown = ~(np.isfinite(gap[..., :p]) @ model.needs[:, targets])
            errors[..., 3 * len(at) :][np.concatenate([unknown, unknown], axis=-1)] = np.nan
        return rows, errors, solved.status < Status.ITERATION_CAP

    def _scoring(self, solved: Solution, sd: Array) -> Array:
        """Return the weights (b, P, k) of answers and of their products, in answer units."""
        model, own = self.estimator.model, solved.made
        i, j = model.pairs.T
        weights = column_weights(model, {**own.kept, "outer_weights": own.found.weights})
        unit = np.concatenate([sd, sd[:, i] * sd[:, j]], axis=1)
        with np.errstate(all="ignore"):
            return weights / unit[..., None]
