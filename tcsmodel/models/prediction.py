"""`Prediction`: how well a PLS path model predicts answers that it was not fitted to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import counted
from tcsmodel.kernels.prediction import losses
from tcsmodel.models.cross_validation import (
    Folds,
    cross_validated,
    labels_of,
    predicted_items,
    refuse_rule,
    refuse_technique,
)
from tcsmodel.models.cvpat import CVPAT, cvpat
from tcsmodel.models.estimator import Sample
from tcsmodel.models.path_model import PathModel
from tcsmodel.options import Regressors, Technique, choose, require_whole
from tcsmodel.result import Finding, Result, Severity, worst_first
from tcsmodel.survey.moments import read_only

if TYPE_CHECKING:
    from tcsmodel.models.pls import PLS
    from tcsmodel.models.pls_result import PLSResult

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# How much a predictive power weighs; "high" is no trouble.
WEAK = {"none": Severity.CAUTION, "low": Severity.CAUTION, "medium": Severity.NOTE}


@dataclass(frozen=True, eq=False, repr=False)
class Prediction(Result):
    """Out-of-sample errors of a PLS path model beside its benchmarks; `PLSResult.predict`.

    Parameters
    ----------
    estimator : PLS
        The options of the model, fitted anew to each training fold.
    sample : Sample
        The respondents.
    technique : Technique
        Whose scores predict.
    regressors : Regressors
        What the linear model regresses on.
    fold : ndarray (R, n) of int
        The fold of each respondent in each repetition.
    seed : int or None
        The seed of the folds; None where they were not random.
    errors_array : ndarray (3, n, q)
        Errors of PLS, the linear model and the average, of the q items of endogenous
        constructs: answer minus the mean of its predictions over the repetitions.
    construct_errors_array : ndarray (2, n, t)
        Errors of PLS and the average for the scores of the t endogenous constructs.
    lost : int
        How many training folds gave PLS no solution.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> result = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi())
    >>> prediction = result.predict(folds=10, repetitions=10, seed=7)
    >>> prediction
    Prediction(19 items, 6 constructs, n=250, 10 folds, 10 repetitions, technique=direct, seed=7)
    >>> prediction.constructs.set_index("construct").loc["Satisfaction", "predictive_power"]
    'medium'
    """

    estimator: PLS
    sample: Sample
    technique: Technique
    regressors: Regressors
    fold: Index
    seed: int | None
    errors_array: Array
    construct_errors_array: Array
    lost: int

    @property
    def model(self) -> PathModel:
        """The constructs, blocks and paths."""
        return self.estimator.model

    @cached_property
    def block(self) -> Index:
        """The construct (q,) of each predicted item."""
        return self.model.home[predicted_items(self.model)]

    @cached_property
    def items(self) -> tuple[str, ...]:
        """The q predicted items: those of the constructs with antecedents, and of their parts."""
        return tuple(self.model.observed[i] for i in predicted_items(self.model))

    @cached_property
    def weights(self) -> Array:
        """The weight (n,) of each respondent."""
        given = self.sample.weights
        return np.ones(self.sample.n) if given is None else given

    def _by_respondent(self, values: Array) -> pd.DataFrame:
        return pd.DataFrame(values, index=self.sample.row_labels, columns=list(self.items))

    @cached_property
    def errors(self) -> pd.DataFrame:
        """Answer minus prediction (respondent x item), the mean over the repetitions."""
        return self._by_respondent(self.errors_array[0])

    @cached_property
    def predicted(self) -> pd.DataFrame:
        """The predictions (respondent x item), the mean over the repetitions."""
        answers = self.sample.respondents("Prediction")[:, predicted_items(self.model)]
        return self._by_respondent(answers - self.errors_array[0])

    def table(self) -> pd.DataFrame:
        """Return the items of endogenous constructs and the size of the errors.

        Columns ``item construct rmse mae q2_predict rmse_linear mae_linear rmse_average
        mae_average``, in answer units. ``q2_predict`` is ``1 - rmse^2 / rmse_average^2``: how much
        better than the mean of the training fold. Errors of the linear model are nan where its
        regressors were linearly dependent in a training fold.
        """
        rmse, mae = losses(self.errors_array, self.weights)
        return pd.DataFrame(
            {
                "item": list(self.items),
                "construct": [self.model.constructs[c] for c in self.block],
                "rmse": rmse[0],
                "mae": mae[0],
                "q2_predict": _gain(rmse[0], rmse[2]),
                "rmse_linear": rmse[1],
                "mae_linear": mae[1],
                "rmse_average": rmse[2],
                "mae_average": mae[2],
            }
        )

    @cached_property
    def constructs(self) -> pd.DataFrame:
        """The endogenous constructs: errors of their scores, and predictive power.

        Columns ``construct n_items rmse mae q2_predict items_below_linear predictive_power``.
        Scores are those of the training weights, in standard deviations of the training fold.
        Power is by the share of items with a smaller `rmse` than the linear model: all is
        ``high``, half or more ``medium``, fewer ``low``, ``none`` (Shmueli et al. 2019).
        """
        rmse, mae = losses(self.construct_errors_array, self.weights)
        items, targets = self.table(), list(self.model.targets)
        below = (items["rmse"] < items["rmse_linear"]).to_numpy()
        known = items["rmse_linear"].notna().to_numpy()
        better = [int(below[self.block == c].sum()) for c in targets]
        sizes = np.array([int((self.block == c).sum()) for c in targets])
        power = [
            _power(count, int(size)) if known[self.block == c].all() else None
            for c, count, size in zip(targets, better, sizes, strict=True)
        ]
        return pd.DataFrame(
            {
                "construct": [self.model.constructs[c] for c in targets],
                "n_items": sizes,
                "rmse": rmse[0],
                "mae": mae[0],
                "q2_predict": _gain(rmse[0], rmse[1]),
                "items_below_linear": better,
                "predictive_power": pd.Series(power, dtype="str"),
            }
        )

    def cvpat(
        self, other: Prediction | None = None, *, bootstrap: int = 5000, seed: int = 0
    ) -> CVPAT:
        """Return the cross-validated predictive ability test.

        Parameters
        ----------
        other : Prediction, optional
            That of another model of the same respondents with the same folds; without it the
            benchmarks are the average and the linear model.
        bootstrap : int
            Resamples for `p_bootstrap`.
        seed : int
            Of the resamples.

        Raises
        ------
        OptionError
            When the two predictions are of other respondents or folds, or have no item in
            common.
        """
        return cvpat(self, other, bootstrap, seed)

    def verify(self) -> tuple[Finding, ...]:
        """Return items that are not predicted, weak constructs and lost folds, worst first."""
        found = [*self._lost_findings(), *self._item_findings(), *self._power_findings()]
        if self.estimator.weighting.corrects:
            found.append(Finding("consistent_prediction", Severity.NOTE, ("PLS",)))
        return worst_first(found)

    def _lost_findings(self) -> Iterator[Finding]:
        if self.lost:
            evidence = {"lost": self.lost, "folds": self.n_folds}
            yield Finding("folds_lost", Severity.CAUTION, ("PLS",), evidence)

    def _item_findings(self) -> Iterator[Finding]:
        table = self.table()
        bad = table[table["q2_predict"] <= 0]
        for name in bad["construct"].unique():
            own = bad[bad["construct"] == name]
            evidence = {"items": tuple(own["item"]), "lowest": float(own["q2_predict"].min())}
            subjects = (str(name), *own["item"])
            yield Finding("item_not_predicted", Severity.CAUTION, subjects, evidence)
        dependent = tuple(table.loc[table["rmse_linear"].isna(), "item"])
        if dependent:
            yield Finding("linear_model_impossible", Severity.NOTE, dependent)

    def _power_findings(self) -> Iterator[Finding]:
        table = self.constructs
        columns = ("construct", "predictive_power", "items_below_linear", "n_items")
        for name, power, better, size in zip(*(table[c].tolist() for c in columns), strict=True):
            if power in WEAK:
                evidence = {"better": better, "items": size}
                yield Finding(f"predictive_power_{power}", WEAK[power], (name,), evidence)

    @cached_property
    def n_folds(self) -> int:
        """The training folds of all repetitions together."""
        return sum(len(np.unique(own)) for own in self.fold)

    def _facts(self) -> str:
        repetitions = len(self.fold)
        facts = [
            counted(len(self.items), "item"),
            counted(len(self.model.targets), "construct"),
            f"n={self.sample.n}",
            counted(self.n_folds // repetitions, "fold"),
        ]
        facts += [counted(repetitions, "repetition")] if repetitions > 1 else []
        facts += [f"technique={self.technique}"]
        return ", ".join(facts if self.seed is None else [*facts, f"seed={self.seed}"])


def _gain(rmse: Array, benchmark: Array) -> Array:
    with np.errstate(all="ignore"):
        return 1 - (rmse / benchmark) ** 2


def _power(better: int, size: int) -> str:
    if better == size:
        return "high"
    if 2 * better >= size:
        return "medium"
    return "low" if better else "none"


def predict(
    result: PLSResult,
    folds: Folds,
    repetitions: int,
    seed: int,
    technique: Technique | str,
    regressors: Regressors | str,
) -> Prediction:
    """Return what `PLSResult.predict` describes."""
    estimator, sample = result.estimator, result.sample
    chosen = choose(Technique, technique, "technique")
    regressed = choose(Regressors, regressors, "regressors")
    require_whole(repetitions, "repetitions", 1)
    require_whole(seed, "seed", 0)
    refuse_rule(estimator)
    refuse_technique(estimator.model, chosen)
    sample.require_applicable("Prediction")
    labels, random = labels_of(folds, repetitions, seed, sample)
    errors, construct_errors, lost = cross_validated(estimator, sample, labels, chosen, regressed)
    return Prediction(
        estimator,
        sample,
        chosen,
        regressed,
        _frozen(labels),
        seed if random else None,
        read_only(errors),
        read_only(construct_errors),
        lost,
    )


def _frozen(labels: Index) -> Index:
    labels = labels.copy()
    labels.setflags(write=False)
    return labels
