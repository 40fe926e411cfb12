"""What a fitted structural equation model is asked afterwards, each in a module of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import pandas as pd

from tcsmodel.models.bootstrapped import Bootstrapped
from tcsmodel.models.comparison import compare
from tcsmodel.models.latent_scores import latent_scores
from tcsmodel.models.modification import modification_indices
from tcsmodel.models.sem_effects import effects
from tcsmodel.options import ScoreMethod
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
        delta method (Sobel 1982); after a bootstrap from its replicates, with percentile
        intervals, which products of paths need in small samples. `std` is standardized as in
        `estimates`.

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
        one above: ``df chi2 aic bic cfi rmsea srmr chi2_diff df_diff p rmsea_diff cfi_diff``.
        `rmsea_diff` is the RMSEA of the difference. That the models are nested is for you to
        know; where chi-square falls as constraints are added they are not.

        Chi-squares of ``mlr``, ``mlm`` and ``mlmv`` must not be subtracted once they are scaled;
        their difference is scaled by ``(df0 c0 - df1 c1) / (df0 - df1)``, c the mean scaling
        factors (Satorra & Bentler 2001), that of ``mlmv`` being the one of ``mlm``. The columns
        say so: ``df chi2 chi2_scaled aic bic cfi_robust rmsea_robust srmr chi2_diff_scaled
        df_diff p_scaled cfi_robust_diff``; nan where that scaling comes out negative.

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
