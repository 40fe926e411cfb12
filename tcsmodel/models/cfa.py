"""`CFA`: confirmatory factor analysis, the measurement part of a model on its own."""

from __future__ import annotations

from dataclasses import dataclass

from tcsmodel.models.sem import SEM
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.spec.model import ModelSpec


@dataclass(frozen=True)
class CFA(SEM):
    """Confirmatory factor analysis of a specification.

    The paths of a specification are left out and all its constructs correlate, so one
    specification serves CFA, SEM and PLS. A specification without paths is fitted as it is,
    its covariances and second-order constructs included.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    **options
        Those of `SEM`, with its defaults and errors.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse('''
    ...     Quality =~ PERQ1 + PERQ3 + PERQ7
    ...     Value =~ PERV1 + PERV2
    ...     Value ~ Quality
    ... ''')
    >>> result = tcs.CFA(spec).fit(tcs.datasets.mobi())
    >>> result.reliability.loc["Quality", ["alpha", "omega", "ave"]].round(3).to_dict()
    {'alpha': 0.799, 'omega': 0.812, 'ave': 0.582}
    """

    def _fitted_spec(self) -> ModelSpec:
        return self.spec.measurement() if self.spec.paths else self.spec

    def _result_class(self) -> type[SEMResult]:
        return CFAResult


@dataclass(frozen=True, eq=False, repr=False)
class CFAResult(SEMResult):
    """A fitted confirmatory factor analysis; all that `SEMResult` has.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse("Quality =~ PERQ1 + PERQ3 + PERQ5 + PERQ7")
    >>> tcs.CFA(spec).fit(tcs.datasets.mobi()).converged
    True
    """
