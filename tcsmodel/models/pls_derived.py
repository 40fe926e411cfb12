"""What a fitted PLS model is asked afterwards, each in a module of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.regression import block_vif
from tcsmodel.models.bootstrapped import Bootstrapped
from tcsmodel.models.cross_validation import Folds
from tcsmodel.models.endogeneity import Endogeneity, endogeneity
from tcsmodel.models.exact_fit import ExactFit, exact_fit
from tcsmodel.models.fit_measures import series
from tcsmodel.models.marker import marker_adjusted
from tcsmodel.models.new_respondents import predict_items
from tcsmodel.models.nonlinearity import Nonlinearity, nonlinearity
from tcsmodel.models.pls_effects import effects
from tcsmodel.models.pls_fit import fit_measures, implied_corr, selection_criteria
from tcsmodel.models.prediction import Prediction, predict
from tcsmodel.models.simple_slopes import SimpleSlopes, simple_slopes
from tcsmodel.models.tetrads import TetradTest, tetrad_test
from tcsmodel.options import IntervalKind, Regressors, Technique
from tcsmodel.survey.survey import Survey

if TYPE_CHECKING:
    from tcsmodel.models.pls_result import PLSResult

Array = NDArray[np.float64]


class Derived(Bootstrapped):
    """The fit, the comparison and the predictions of `PLSResult`."""

    @property
    def _pls(self) -> PLSResult:
        return cast("PLSResult", self)

    def effects(
        self, level: float | None = None, interval: IntervalKind | str | None = None
    ) -> pd.DataFrame:
        """Return direct, indirect, total and specific indirect effects, as `SEMResult.effects`.

        Tidy: ``source target effect via estimate vaf``, once bootstrapped with ``se z p ci_lower
        ci_upper`` before `vaf`. `effect` is ``direct``, ``indirect`` (all ways together),
        ``total`` or ``specific`` (one way, its stops in `via`). `vaf`, variance accounted for,
        is the share of the total effect; it is no share where effects of opposite sign add up.

        Parameters
        ----------
        level : float, optional
            Confidence level; that of the bootstrap by default.
        interval : {"percentile", "bca", "basic"}, optional
            How replicates become intervals; as the bootstrap was asked for by default.
        """
        return effects(self._pls, level, interval)

    def simple_slopes(
        self,
        interaction: str,
        *,
        source: str | None = None,
        target: str | None = None,
        at: Sequence[float] = (-1.0, 0.0, 1.0),
        level: float | None = None,
    ) -> SimpleSlopes:
        """Return the effect of one factor of an interaction at values of the other.

        ``b1 + b3 m`` at the value m of the moderator; of a quadratic effect (``Image:Image``)
        the slope ``b1 + 2 b3 x`` of the curve at x. Everything is in standard deviations of
        the scores, with other constructs at their means.

        Parameters
        ----------
        interaction : str
            Its name, ``"Image:Value"``.
        source : str, optional
            The factor whose effect it is; the first by default. The other is the moderator.
        target : str, optional
            On what, where the interaction has several paths.
        at : sequence of float
            Values of the moderator in standard deviations from its mean.
        level : float, optional
            Confidence level; that of the bootstrap by default.

        Raises
        ------
        SpecError
            When the model has no such interaction.
        OptionError
            When a name is not a factor or a target of it, or the interaction was not made of
            scores (``interaction="two_stage"``).

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> spec = tcs.ModelSpec.parse('''
        ...     Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
        ...     Value =~ PERV1 + PERV2
        ...     Satisfaction =~ CUSA1 + CUSA2 + CUSA3
        ...     Satisfaction ~ Image + Value + Image:Value
        ... ''')
        >>> found = tcs.PLS(spec).fit(tcs.datasets.mobi()).simple_slopes("Image:Value")
        >>> found.table()[["moderator", "at", "slope"]].round(3).values.tolist()
        [['Value', -1.0, 0.532], ['Value', 0.0, 0.521], ['Value', 1.0, 0.509]]
        """
        return simple_slopes(self._pls, interaction, source, target, at, level)

    @cached_property
    def fit_measures(self) -> pd.Series:
        """Distances of the correlations that the model implies from those observed, by name.

        ``srmr``, ``d_uls`` (half the squared Euclidean distance), ``d_g`` (geodesic) and
        ``d_ml``, each also ``_saturated``, with constructs left correlated as they are, so that
        only the measurement is judged. ``chi2`` is ``(n - 1) d_ml`` with ``df``, and ``nfi cfi
        tli ifi rmsea cn_05`` follow from it; PLS does not minimize it, so it has no chi-square
        distribution and no p value: see `exact_fit`. ``gfi`` is that of maximum likelihood,
        ``rms_theta`` the root mean square covariance of what scores leave of the items, and
        ``gof`` Tenenhaus' mean of communality and R2, which is no measure of fit. Constructs
        that consistent PLS corrects are common factors, all others composites, of which the
        correlations within are not restricted (Dijkstra & Henseler 2015). A higher-order construct
        is a composite of its parts (Schuberth, Rademaker & Henseler 2020), and in ``rms_theta`` and
        ``gof`` the items of the parts are its items; models with interactions have no implied
        correlations, and are refused.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> fit = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi()).fit_measures
        >>> fit[["srmr", "srmr_saturated", "d_uls", "nfi"]].round(3).tolist()
        [0.124, 0.057, 4.583, 0.771]
        """
        return series(fit_measures(self._pls))

    @cached_property
    def implied_corr(self) -> pd.DataFrame:
        """Correlations of the items that the model implies (item x item)."""
        return self._item_square(self._implied())

    @cached_property
    def residual_corr(self) -> pd.DataFrame:
        """Observed less implied correlations (item x item)."""
        return self._item_square(to_corr(self._pls.sample.moments.cov_array) - self._implied())

    @cached_property
    def selection_criteria(self) -> pd.DataFrame:
        """Criteria for choosing among models, a row for each construct with antecedents.

        ``aic aicc aicu bic hq hqc fpe cp gm``, the lower the better; they compare models with
        other antecedents of the same construct (Sharma, Sarstedt, Shmueli, Kim & Thiele 2019).
        ``cp`` and ``gm`` (Mallows; Geweke & Meese) compare with the largest model, in which
        every construct has all constructs before it as antecedents. nan where more than all
        variance is explained.
        """
        return selection_criteria(self._pls)

    @cached_property
    def full_vif(self) -> pd.Series:
        """Variance inflation of each construct among all others: full collinearity (Kock 2015).

        Above 3.3 it is a sign that one method, or one thing, lies behind several constructs;
        Kock allows 5 where constructs are corrected for unreliability. Interactions, and the
        parts of higher-order constructs, are left out.
        """
        model = self._pls.estimator.model
        own = [c for c in range(len(model.constructs)) if c not in (*model.lower, *model.factors)]
        corr = self._pls.arrays["construct_corr"][np.ix_(own, own)]
        vif = block_vif(corr, np.zeros(len(own), dtype=np.intp))
        return pd.Series(vif, index=[model.constructs[c] for c in own], name="full_vif")

    def marker_adjusted(self, marker: str) -> pd.DataFrame:
        """Return correlations of constructs without common method variance, by a marker variable.

        Tidy: ``construct other corr marker corr_adjusted t p``. A marker is a question that has
        nothing to do with the constructs; the correlation of it that is nearest to zero
        (`marker`) is taken for what all answers share, and ``(r - r_m) / (1 - r_m)`` is left
        (Lindell & Whitney 2001). Only correlations above the common one are to be read.

        Parameters
        ----------
        marker : str
            A numeric column of the survey that is not an item of the model.

        Raises
        ------
        OptionError
            When the column is an item of the model.
        SurveyError
            When there is no such column, or a respondent used has no number in it.
        TcsError
            When fitted to moments alone.
        """
        return marker_adjusted(self._pls, marker)

    def exact_fit(
        self, n: int = 1000, *, seed: int = 0, saturated: bool = False, progress: bool = False
    ) -> ExactFit:
        """Return the bootstrap test of exact fit, Dijkstra & Henseler (2015).

        Resamples are of answers transformed so that the model holds in them (Beran & Srivastava
        1985). A discrepancy of the data beyond the 95% quantile of the replicates says that the
        model does not hold exactly.

        Parameters
        ----------
        n : int
            Number of replicates.
        seed : int
            The same seed gives the same numbers.
        saturated : bool
            Whether to test the measurement alone, with constructs correlated as they are.
        progress : bool
            Whether to show a progress bar.

        Raises
        ------
        TcsError
            When fitted to moments alone, to answers with gaps or to ordinal answers, or when
            there are no answers in which the model holds.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> spec = tcs.ModelSpec.parse('''
        ...     Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4
        ...     Value =~ PERV1 + PERV2
        ...     Satisfaction =~ CUSA1 + CUSA2 + CUSA3
        ...     Value ~ Quality
        ...     Satisfaction ~ Quality + Value
        ... ''')
        >>> test = tcs.PLS(spec).fit(tcs.datasets.mobi()).exact_fit(200, seed=8)
        >>> test.table()[["measure", "statistic"]].round(4).values.tolist()[:2]
        [['srmr', 0.0473], ['d_uls', 0.1005]]
        """
        return exact_fit(self._pls, n, seed, saturated, progress)

    def tetrads(
        self,
        n: int = 5000,
        *,
        seed: int = 0,
        level: float | None = None,
        progress: bool = False,
    ) -> TetradTest:
        """Return the confirmatory tetrad analysis (CTA-PLS) of constructs with four items or more.

        One factor behind the items makes all their tetrads ``r_gh r_ij - r_gi r_hj`` zero (Bollen
        & Ting 2000). Where one differs from zero the items do not reflect one thing, and Mode B
        is called for; or two of them share more than the construct (Gudergan, Ringle, Wende &
        Will 2008). A construct with fewer than four items cannot be tested by itself.

        Parameters
        ----------
        n : int
            Number of bootstrap replicates.
        seed : int
            The same seed gives the same numbers.
        level : float, optional
            Confidence level for all tetrads of a construct together; the estimator's by default.
        progress : bool
            Whether to show a progress bar.

        Raises
        ------
        TcsError
            When no construct has four items, or when fitted to moments alone.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> test = tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi()).tetrads(1000, seed=7)
        >>> test.verdicts.query("tetrads > 0")[["construct", "tetrads", "verdict"]].values.tolist()
        [['Image', 5, 'reflective'], ['Quality', 14, 'formative']]
        """
        return tetrad_test(self._pls, n, seed, level, progress)

    def nonlinearity(
        self,
        n: int = 1000,
        *,
        seed: int = 0,
        level: float | None = None,
        progress: bool = False,
    ) -> Nonlinearity:
        """Return whether paths are straight: a quadratic term for each, and RESET.

        As robustness check of a structural model (Svensson et al. 2018; Sarstedt, Ringle, Cheah
        et al. 2020): to each equation the square of one antecedent's scores is added, with
        intervals from a bootstrap that weights items anew; Ramsey's (1969) RESET tests all
        antecedents together.

        Parameters
        ----------
        n : int
            Number of bootstrap replicates.
        seed : int
            The same seed gives the same numbers.
        level : float, optional
            Confidence level; the estimator's by default.
        progress : bool
            Whether to show a progress bar.

        Raises
        ------
        TcsError
            When fitted to moments alone, to answers with gaps or ordinal ones, or when paths are
            corrected for unreliability.
        """
        return nonlinearity(self._pls, n, seed, level, progress)

    def endogeneity(
        self,
        n: int = 1000,
        *,
        seed: int = 0,
        level: float | None = None,
        progress: bool = False,
    ) -> Endogeneity:
        """Return whether antecedents are endogenous, by Gaussian copulas.

        An antecedent that depends on what its equation leaves out has a biased path. The copula
        ``c = Phi^-1(rank share)`` of its scores, added to the equation, takes that part up (Park &
        Gupta 2012; in PLS Hult, Hair, Proksch, Sarstedt, Pinkwart & Ringle 2018): a coefficient
        that differs from zero is a sign of endogeneity. Only antecedents that are not normal can
        be tested, and small samples have little power (Becker, Proksch & Ringle 2022).

        Parameters
        ----------
        n : int
            Number of bootstrap replicates, in which items are weighted anew.
        seed : int
            The same seed gives the same numbers.
        level : float, optional
            Confidence level; the estimator's by default.
        progress : bool
            Whether to show a progress bar.

        Raises
        ------
        TcsError
            As `nonlinearity`.
        """
        return endogeneity(self._pls, n, seed, level, progress)

    def predict(
        self,
        folds: Folds = 10,
        repetitions: int = 10,
        *,
        seed: int = 0,
        technique: Technique | str = "direct",
        regressors: Regressors | str = "antecedents",
    ) -> Prediction:
        """Return how well the model predicts respondents whom it was not fitted to (PLSpredict).

        Respondents are cut into folds; each fold is predicted by the model that was fitted to the
        others (Shmueli et al. 2016, 2019).

        Parameters
        ----------
        folds : int, "loo" or array
            How many random folds; one respondent at a time; or labels of your own (n,), as the
            column of the branch, in repetitions (R, n).
        repetitions : int
            How often random folds are cut anew. Predictions are averaged over them.
        seed : int
            Of the random folds.
        technique : {"direct", "earliest"}
            A construct is predicted from the scores of its direct antecedents, or from those of
            the exogenous constructs before it, by total effects.
        regressors : {"antecedents", "others"}
            Whether the linear model regresses an item on the items of the constructs that
            `technique` predicts it from, or on those of all other constructs.

        Raises
        ------
        OptionError
            When there are more folds than respondents; with ``ordered=`` or ``missing="fiml"``;
            when ``"earliest"`` meets a product of a construct with antecedents.
        IdentificationError
            When no training fold gives a solution.
        TcsError
            When fitted to moments alone.

        Notes
        -----
        Scores of those held out are made by the weights, means and products of the training fold,
        through all stages. An endogenous construct of constructs is predicted in the items of its
        parts, by the loading of the item times that of the part. Products predict scores but are no
        regressors of the linear model (Danks & Ray 2023); ``"earliest"`` needs products of
        constructs without antecedents.

        With ``missing="mean"`` and ``"pairwise"`` a missing answer that predicts is the mean of the
        training fold, and missing answers are not predicted. Survey weights enter the training
        moments and the mean errors.
        """
        return predict(self._pls, folds, repetitions, seed, technique, regressors)

    def predict_items(
        self, data: Survey | pd.DataFrame, technique: Technique | str = "direct"
    ) -> pd.DataFrame:
        """Return what new respondents would answer to the items of endogenous constructs.

        Parameters
        ----------
        data : Survey or DataFrame
            Only the items of the constructs that predict are needed. A DataFrame is read with the
            scale, reversed items and missing codes of the fitted survey.
        technique : {"direct", "earliest"}
            As for `predict`.

        Returns
        -------
        DataFrame
            Respondent x item, in answer units. Nan where an answer that predicts is missing, with
            ``missing="listwise"``; otherwise filled as `answers` says.

        Raises
        ------
        SurveyError
            When `data` lack an item.
        """
        return predict_items(self._pls, data, technique)

    def _implied(self) -> Array:
        self._pls.estimator.model.require_linear("implied_corr")
        corr = to_corr(self._pls.sample.moments.cov_array)
        return implied_corr(self._pls.estimator, self._pls.arrays, corr, saturated=False)

    def _item_square(self, values: Array) -> pd.DataFrame:
        items = list(self._pls.sample.names)
        return pd.DataFrame(values, index=items, columns=items)
