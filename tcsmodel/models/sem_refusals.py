"""What makes a fit of a covariance-based model impossible, in words."""

from __future__ import annotations

from tcsmodel.errors import ConvergenceError, SpecError, TcsError
from tcsmodel.options import Estimator
from tcsmodel.spec.model import Op
from tcsmodel.spec.parameters import Parameter, ParameterTable
from tcsmodel.survey.survey import Survey


def no_likelihood(table: ParameterTable) -> TcsError:
    """Return the error of a search that cannot begin, naming the values that are to blame.

    Where it begins the implied covariance matrix is none that variables can have, which values
    in the text bring about: fixed or starting (co)variances, loadings or paths.
    """
    given = [row for row in table if _value(row) not in (None, 0.0, 1.0)]
    covariances = [row for row in given if row.op is Op.COVARIANCE]
    named = ", ".join(map(_stated, covariances or given))
    if not named:
        return ConvergenceError(
            "The model implies no covariance matrix where the search begins. Give starting values "
            "near what you expect, as in start(0.7)*x."
        )
    return SpecError(
        f"The values in the text, {named}, imply covariances that no variables can have, such as a "
        "correlation above one or a negative variance, so there is no likelihood to begin with. "
        "Give smaller values, or leave the parameters free."
    )


def refuse_design(estimator: Estimator, survey: Survey | None, *, ordinal: bool = False) -> None:
    """Raise TcsError when the survey has strata or clusters, and the estimator knows none."""
    if survey is None or (ordinal and estimator is not Estimator.WLS):
        return
    designed = any(
        given is not None for given in (survey.strata, survey.cluster, survey.replicates)
    )
    if designed and estimator not in (Estimator.ML, Estimator.MLR):
        raise TcsError(
            f"estimator={estimator.value!r} takes respondents for drawn one by one, and the survey "
            "has strata, clusters or replicate weights. Use estimator="
            f"{'wlsmv' if ordinal else 'mlr'!r}."
        )


def _value(row: Parameter) -> float | None:
    return row.start if row.fixed is None else row.fixed


def _stated(row: Parameter) -> str:
    """Return a row with its value, as the text has it."""
    fixed = f"{row.fixed:g}" if row.fixed is not None else f"start({row.start:g})"
    return f"'{row.lhs} {row.op} {fixed}*{row.rhs}'" if row.rhs else f"'{row.lhs} ~ {fixed}*1'"
