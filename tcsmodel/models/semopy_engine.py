"""The solution of a covariance-based model by semopy instead of the kernels here.

semopy is given the same parameter table: every latent variable and item by its place, every
free parameter by its number, so that any column header is legal and labels are equalities.
What semopy adds by itself is taken away: covariances that nobody asked for, and variances
bounded at zero. It minimizes the same discrepancy (its ``MLW``) by its own functions and
gradients with SciPy's SLSQP, and its expected information gives the standard errors.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tcsmodel.errors import ConvergenceError, OptionError
from tcsmodel.kernels import grouped, sem
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.minimize import Minimum
from tcsmodel.kernels.starting import starting_values
from tcsmodel.models.covariance_model import CovarianceModel
from tcsmodel.models.covariance_sample import sampled_of
from tcsmodel.models.maximum_likelihood import LikelihoodProblem, MaximumLikelihood
from tcsmodel.options import Estimator, Likelihood, SEMMissing, require
from tcsmodel.spec.model import Op
from tcsmodel.spec.parameters import Matrix, Parameter, ParameterTable

if TYPE_CHECKING:
    from tcsmodel.models.sem import SEM


# semopy's own choice, 1e-6, ends the search up to two percent away from the minimum.
PRECISION = 1e-12
MOST = 1000


def require_known(options: SEM) -> None:
    """Raise OptionError when a model asks for what semopy does not do, naming it."""
    relations = sorted({str(c.relation) for c in options.spec.constraints})
    asked = {
        f"estimator={options.estimator.value!r}": options.estimator is not Estimator.ML,
        f"missing={options.missing.value!r}": options.missing is not SEMMissing.LISTWISE,
        "information=": options.information is not None,
        f"likelihood={options.likelihood.value!r}": options.likelihood is Likelihood.WISHART,
        "effect_coding=True": options.effect_coding,
        "group=": options.group is not None,
        "a mean structure (meanstructure=True, ~1)": options.parameters.has_means,
        f"constraints ({', '.join(relations)})": bool(relations),
        "a model without loadings and paths": not options.parameters.latents,
    }
    for what, is_asked in asked.items():
        require(
            not is_asked,
            f"engine='semopy' cannot do {what}. Leave it out, or leave out engine= to fit the "
            "model with the kernels of this library.",
        )


def text_of(table: ParameterTable) -> str:
    """Return a parameter table in semopy's language: items x0 ..., latents f0 ..., free p0 ....

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> from tcsmodel.models.semopy_engine import text_of
    >>> spec = tcs.ModelSpec.parse("Trust =~ 'I rely on it' + a*t2 + a*t3; Trust ~~ 2*Trust")
    >>> print(text_of(tcs.SEM(spec).parameters))
    f0 =~ 1*x0
    f0 =~ p0*x1
    f0 =~ p0*x2
    f0 ~~ 2*f0
    x0 ~~ p1*x0
    x1 ~~ p2*x1
    x2 ~~ p3*x2
    """
    placed = {row.row for row in table if row.matrix is Matrix.LOADING}
    placed |= {item for item, _ in table.observed_latents}
    observed = [f"f{j} =~ 1*x{i}\nx{i} ~~ 0*x{i}" for i, j in table.observed_latents]
    # An item that only covaries must be met in a loading to be known.
    alone = [f"f0 =~ 0*x{i}" for i in range(len(table.items)) if i not in placed]
    return "\n".join([*map(_statement, table), *observed, *alone])


def _statement(row: Parameter) -> str:
    i, j = row.row, row.column
    if row.free is not None:
        value = _name(row.free)
    else:
        value = np.format_float_positional(row.fixed or 0.0, trim="-")
    if row.matrix is Matrix.LOADING:
        return f"f{j} =~ {value}*x{i}"
    if row.matrix is Matrix.RESIDUAL:
        return f"x{i} ~~ {value}*x{j}"
    if row.matrix is Matrix.LATENT:
        return f"f{i} ~~ {value}*f{j}"
    return f"f{j} =~ {value}*f{i}" if row.op is Op.REFLECTIVE else f"f{i} ~ {value}*f{j}"


def _name(free: int) -> str:
    return f"p{free}"


class SemopyLikelihood(MaximumLikelihood):
    """Maximum likelihood by semopy on the sample itself, and by our kernels on resamples of it."""

    @cached_property
    def problem(self) -> LikelihoodProblem:
        """The fit to the sample, a batch of one."""
        return SemopyProblem(self.model, sampled_of(self.model, self.sample))


class SemopyProblem(LikelihoodProblem):
    """The likelihood of one sample, whose maximum semopy finds."""

    def fit(self, *, patient: bool) -> sem.Fit:
        """Return the fit.

        Raises
        ------
        OptionError
            When semopy is not installed.
        ConvergenceError
            When semopy ends with an error instead of a solution.
        """
        return _fit(self.model, self.sampled)


def _fit(model: CovarianceModel, sampled: Sampled) -> sem.Fit:
    table = model.parameters
    names = [f"x{i}" for i in range(len(table.items))]
    cov = pd.DataFrame(sampled.cov[0, 0], index=names, columns=names)
    with _quiet():
        semopy = _semopy()
        solver = semopy.Model(text_of(table), cov_diag=True)
        _begin(solver, model, sampled)
        try:
            ended = solver.fit(
                cov=cov, n_samples=sampled.total, options={"ftol": PRECISION, "maxiter": MOST}
            )
            information = solver.calc_fim()
        except (ArithmeticError, ValueError) as error:  # LinAlgError is a ValueError
            raise ConvergenceError(
                f"semopy found no solution: {error or type(error).__name__}. Try the model without "
                "engine=, which says what the data cannot determine, or give starting values."
            ) from None
    free = [int(name[1:]) for name, one in solver.parameters.items() if one.active]
    order = np.argsort(free)
    expected = information[None, order[:, None], order] * (2 / sampled.total)
    best = Minimum(
        theta=solver.param_vals[order][None],
        value=np.array([ended.fun]),
        decrement=np.array([np.nan]),
        iterations=np.array([ended.n_it]),
        converged=np.array([bool(ended.success)]),
        hopeless=np.array([False]),
        expected=expected,
    )
    return sem.ended(model.grouped, best, expected, sampled.total)


def _begin(solver: Any, model: CovarianceModel, sampled: Sampled) -> None:
    """Give semopy the starting values and the bounds of the parameter table, and no others."""
    local = starting_values(model.layout, sampled.cov[:, 0])
    begin = grouped.collected(model.grouped, local[:, None])[0]
    begin = np.where(np.isnan(model.start), begin, model.start)
    for k, row in enumerate(model.parameters.free):
        own = solver.parameters[_name(k)]
        own.start, own.bound = begin[k], (row.lower, row.upper)


def _semopy() -> Any:
    try:
        import semopy
    except ImportError as error:
        raise OptionError(
            f"engine='semopy' needs the package semopy ({error}). Run 'pip install semopy' "
            "(the extra 'engines' has it), or leave out engine=."
        ) from None
    return semopy


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep semopy's remarks from the user: it logs to the root logger, which it would set up."""
    root, handler = logging.getLogger(), logging.NullHandler()
    before = root.manager.disable
    root.addHandler(handler)
    logging.disable(max(before, logging.WARNING))
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
        root.removeHandler(handler)
