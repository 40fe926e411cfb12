"""What a fitted structural equation model is asked afterwards, each in a module of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import pandas as pd

from tcsmodel.models.bollen_stine import BollenStine, bollen_stine
from tcsmodel.models.bootstrapped import Bootstrapped
from tcsmodel.models.comparison import compare
from tcsmodel.models.latent_scores import latent_scores
from tcsmodel.models.modification import modification_indices
from tcsmodel.models.monte_carlo import monte_carlo
from tcsmodel.models.sem_effects import effects
from tcsmodel.models.sem_intervals import intervals
from tcsmodel.models.wald import WaldTest, wald_test
from tcsmodel.options import ScoreMethod, Side
from tcsmodel.survey.survey import Survey

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult


class Derived(Bootstrapped):
    """The verbs of `SEMResult`."""

    def effects(self) -> pd.DataFrame:
        """Return direct, indirect, total and specific indirect effects of the paths.

        Tidy: ``source target effect via group estimate se z p ci_lower ci_upper std``. `effect`
        is ``direct``, ``indirect`` (all ways together), ``total`` or ``specific`` (one way, its
        stops in `via`). Total effects are ``(I - B)^-1 - I``, also in models with cycles, where
        specific effects are those of ways that meet no variable twice. Standard errors by the
        delta method (Sobel 1982); after `bootstrap` or `monte_carlo` from their draws, with
        intervals of the kind asked for there, which products of paths need in small samples.
        `std` is standardized as in `estimates`.

        Raises
        ------
        TcsError
            When the model has no paths.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> spec = tcs.ModelSpec.parse('''
        ...     Quality =~ PERQ1 + PERQ3 + PERQ7
        ...     Value =~ PERV1 + PERV2
        ...     Satisfaction =~ CUSA1 + CUSA2 + CUSA3
        ...     Value ~ Quality
        ...     Satisfaction ~ Quality + Value
        ... ''')
        >>> effects = tcs.SEM(spec).fit(tcs.datasets.mobi()).effects()
        >>> effects.query("effect == 'specific'")[["via", "estimate", "se"]].round(3).values
        array([['Quality -> Value -> Satisfaction', 0.05, 0.044]], dtype=object)
        """
        return effects(cast("SEMResult", self))

    def monte_carlo(
        self, n: int = 20_000, *, seed: int = 0, level: float | None = None
    ) -> SEMResult:
        """Return this result with draws of the estimates from their normal distribution.

        Intervals of effects, defined (``:=``) and standardized parameters are then percentiles
        of what `n` draws from ``N(estimates, vcov)`` give (MacKinnon, Lockwood & Williams 2004;
        Preacher & Selig 2012): skewed where the bootstrap's are, without respondents and in a
        moment. With ``estimator="mlr"`` the covariances are the robust ones.

        Parameters
        ----------
        n : int
            Number of draws.
        seed : int
            The same seed gives the same numbers.
        level : float, optional
            Confidence level of the intervals; the estimator's by default.

        Raises
        ------
        TcsError
            When the covariances of the estimates are not known.

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
        >>> result = tcs.SEM(spec).fit(tcs.datasets.mobi()).monte_carlo(20_000, seed=7)
        >>> indirect = result.effects().query("effect == 'indirect'").iloc[0]
        >>> indirect[["estimate", "ci_lower", "ci_upper"]].astype(float).round(2).tolist()
        [0.09, 0.02, 0.16]
        """
        return monte_carlo(cast("SEMResult", self), n, seed, level)

    def bollen_stine(self, n: int = 1000, *, seed: int = 0, progress: bool = False) -> BollenStine:
        """Return the bootstrap test of exact fit of Bollen and Stine (1992).

        Answers are transformed so that the model holds among them and are then drawn with
        replacement, within groups where there are groups; `p` is the share of the chi-squares
        that are at least that of the fit. It does not rely on normality.

        Parameters
        ----------
        n : int
            Number of replicates.
        seed : int
            The same seed gives the same numbers.
        progress : bool
            Show a progress bar.

        Raises
        ------
        TcsError
            When answers are missing, or when fitted to moments alone.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> spec = tcs.ModelSpec.parse("Quality =~ PERQ1 + PERQ3 + PERQ5 + PERQ7")
        >>> result = tcs.CFA(spec).fit(tcs.datasets.mobi())
        >>> result.bollen_stine(500, seed=7)
        BollenStine(chi2=5.604, df=2, p=0.134, 500 draws (all converged))
        """
        return bollen_stine(cast("SEMResult", self), n, seed, progress)

    def modification_indices(self) -> pd.DataFrame:
        """Return what each fixed or absent parameter would add to the fit if it were free.

        See `tcsmodel.modification_indices`.
        """
        return modification_indices(cast("SEMResult", self))

    def scores(
        self, data: Survey | pd.DataFrame | None = None, method: ScoreMethod | str = "regression"
    ) -> pd.DataFrame:
        """Return factor scores, respondent x construct; see `tcsmodel.latent_scores`.

        Parameters
        ----------
        data : Survey or DataFrame, optional
            Whom to score; those who were fitted by default.
        method : {"regression", "bartlett", "ten_berge"}
            How scores are made.
        """
        return latent_scores(cast("SEMResult", self), data, method)

    def compare(self, *others: SEMResult, names: Sequence[str] | None = None) -> pd.DataFrame:
        """Return chi-square difference tests of this model and others nested with it.

        The models stand in the order of their degrees of freedom, each row compared with the
        one above: ``df chi2 aic bic cfi rmsea srmr chi2_diff df_diff p rmsea_d cfi_diff
        rmsea_diff``. `rmsea_d` is the RMSEA of the difference test, ``sqrt(max(chi2_diff -
        df_diff, 0) / (n df_diff))`` with n the respondents per group: the misfit of the added
        constraints alone (Savalei, Brace & Fouladi 2023). `rmsea_diff` is one RMSEA less the
        other, which hides it where the models have many degrees of freedom. That the models are
        nested is for you to know; where chi-square falls as constraints are added they are not.
        Models with equally many degrees of freedom have no test, so `df_diff` is 0 and `p` nan;
        `aic` and `bic` compare them where there is a likelihood.

        Chi-squares of ``mlr``, ``mlm`` and ``mlmv`` must not be subtracted once they are scaled;
        their difference is scaled by ``(df0 c0 - df1 c1) / (df0 - df1)``, c the mean scaling
        factors (Satorra & Bentler 2001), that of ``mlmv`` being the one of ``mlm``. The columns
        say so: ``df chi2 chi2_scaled aic bic cfi_robust rmsea_robust srmr chi2_diff_scaled
        df_diff p_scaled scaling_diff cfi_robust_diff rmsea_robust_diff``; nan where that scaling
        comes out negative. `scaling_diff` is by what the difference was divided: where it is near
        zero, unlike the scaling factors of the models, any difference becomes significant; take
        `wald_test` there.

        Parameters
        ----------
        *others : SEMResult
            Fitted to the same respondents.
        names : sequence of str, optional
            Names of the models, this one first; ``model 1``, ``model 2``, ... by default.

        Raises
        ------
        TcsError
            When the models were fitted to different data, or by different estimators.
        OptionError
            When there is nothing to compare with, or the names do not fit.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> spec = tcs.ModelSpec.parse("Quality =~ PERQ1 + PERQ3 + PERQ5 + PERQ7")
        >>> equal = tcs.ModelSpec.parse("Quality =~ PERQ1 + a*PERQ3 + a*PERQ5 + PERQ7")
        >>> survey = tcs.datasets.mobi()
        >>> table = tcs.CFA(spec).fit(survey).compare(tcs.CFA(equal).fit(survey))
        >>> table[["df", "chi2_diff", "df_diff"]].round(3).to_numpy().tolist()
        [[2.0, nan, nan], [3.0, 15.098, 1.0]]
        """
        return compare((cast("SEMResult", self), *others), names)

    def wald_test(self, *constraints: str) -> WaldTest:
        """Return Wald's test that equations between labels hold, all together.

        From the estimates alone, without a second fit, and with the covariances of the estimator:
        under ``"mlr"`` the test does not rely on normality. Where the equations are not linear it
        depends on how they are written (``a == b`` or ``a/b == 1``; Gregory & Veall 1985);
        `compare` with a model that has them as constraints does not.

        Parameters
        ----------
        *constraints : str
            Equations as in model text, of labels, defined parameters and numbers.

        Raises
        ------
        SpecError
            When a name is no label of the model, or an equation says nothing new.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> spec = tcs.ModelSpec.parse('''
        ...     Quality =~ PERQ1 + PERQ3 + PERQ7
        ...     Value =~ PERV1 + PERV2
        ...     Satisfaction =~ CUSA1 + CUSA2 + CUSA3
        ...     Satisfaction ~ a*Quality + b*Value
        ... ''')
        >>> tcs.SEM(spec).fit(tcs.datasets.mobi()).wald_test("a == b")
        WaldTest(chi2=32.046, df=1, p<0.001, n=250)
        """
        return wald_test(cast("SEMResult", self), constraints)

    def intervals(
        self, quantity: str, level: float | None = None, *, side: Side | str = "both"
    ) -> pd.DataFrame:
        """Return a quantity of the constructs, tidy, with bootstrap standard error and interval.

        Parameters
        ----------
        quantity : str
            ``"htmt"``, ``"htmt2"`` or ``"construct_corr"`` of pairs; ``"alpha"``,
            ``"alpha_std"``, ``"omega"``, ``"omega_observed"``, ``"omega_categorical"``,
            ``"omega_categorical_observed"``, ``"rho_c"``, ``"ave"`` or
            ``"ave_raw"`` of constructs; ``"r_squared"``.
        level : float, optional
            Confidence level; that of the bootstrap by default.
        side : {"both", "lower", "upper"}
            Which limits: ``"upper"`` for the question whether HTMT lies below a threshold.

        Raises
        ------
        OptionError
            When there is no such quantity.
        TcsError
            Before a bootstrap.

        Examples
        --------
        >>> import tcsmodel as tcs
        >>> spec = tcs.ModelSpec.parse('''
        ...     Quality =~ PERQ1 + PERQ3 + PERQ7
        ...     Satisfaction =~ CUSA1 + CUSA2 + CUSA3
        ... ''')
        >>> drawn = tcs.CFA(spec).fit(tcs.datasets.mobi()).bootstrap(200, seed=7)
        >>> drawn.intervals("htmt2").columns.tolist()
        ['construct', 'other', 'estimate', 'se', 'ci_lower', 'ci_upper']
        """
        return intervals(cast("SEMResult", self), quantity, level, side)
