"""`wald_test`: do equations between parameters hold? By the estimates and their covariances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from tcsmodel.errors import SpecError, TcsError
from tcsmodel.kernels.expressions import Evaluated, evaluate
from tcsmodel.kernels.fitmeasures import chi2_p
from tcsmodel.models.fitted import require_fit
from tcsmodel.options import did_you_mean, require
from tcsmodel.result import Result, p_phrase
from tcsmodel.spec.expression import names, postfix
from tcsmodel.spec.model import Constraint, Relation
from tcsmodel.spec.syntax import parse_constraints
from tcsmodel.survey.moments import read_only

if TYPE_CHECKING:
    from tcsmodel.models.sem import SEM
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]

# A standard error this small beside the largest it could be, or a root of the correlations of the
# differences, is zero but for rounding.
NOTHING_NEW = 1e-6


def wald_test(result: SEMResult, constraints: Sequence[str]) -> WaldTest:
    """Return what `SEMResult.wald_test` describes."""
    require_fit(result, "wald_test()")
    equations = _equations(constraints)
    _require_known(result, equations)
    found = _evaluated(result, equations)
    for equation, value in zip(equations, found.values, strict=True):
        if not np.isfinite(value):
            raise TcsError(
                f"'{equation}' is not defined at the estimates: a logarithm or root of a negative "
                "number, or a division by zero. Write it without, as a == b instead of a/b == 1."
            )
    slope, vcov = found.jacobian, result.vcov_of_theta
    spread = slope @ vcov @ slope.T
    _require_new(equations, slope, vcov, spread)
    statistic = float(found.values @ np.linalg.solve(spread, found.values))
    return WaldTest(
        result.estimator,
        tuple(map(str, equations)),
        read_only(found.values),
        read_only(np.sqrt(np.diag(spread))),
        statistic,
        result.estimator.level,
        result.sample.n,
    )


def _equations(constraints: Sequence[str]) -> list[Constraint]:
    """Return the equations in texts, several in one where semicolons part them."""
    require(
        len(constraints) > 0,
        "wald_test() needs an equation between labels, as result.wald_test('a == b').",
    )
    equations = []
    for text in constraints:
        for constraint in parse_constraints(text):
            if constraint.relation is not Relation.EQUAL:
                raise SpecError(
                    f"'{constraint}' is an inequality; Wald's test is of equations, as "
                    f"'{constraint.left} == {constraint.right}', whose table has the sign."
                )
            equations.append(constraint)
    require(len(equations) > 0, "wald_test() was given no equation; write it as 'a == b'.")
    return equations


def _require_known(result: SEMResult, equations: Sequence[Constraint]) -> None:
    """Raise unless every name in the equations is a label or a defined parameter."""
    table = result.model.parameters
    labels = {row.label for row in table.rows if row.label and not row.label.startswith(".")}
    known = sorted(labels | {definition.name for definition in table.spec.definitions})
    for equation in equations:
        for node in names(equation.difference):
            if node.name not in known:
                listed = f"It has {', '.join(known)}." if known else "It has none."
                raise SpecError(
                    f"{node.name!r} in '{equation}' is not a label of the model."
                    f"{did_you_mean(node.name, known)} {listed} Label a parameter in the model "
                    "text, as y ~ a*x."
                )


def _evaluated(result: SEMResult, equations: Sequence[Constraint]) -> Evaluated:
    """Return left minus right (m,) of the equations and their derivatives (m, q)."""
    table = result.model.parameters
    labelled = [row for row in table.rows if row.label]
    free = {row.label: row.free for row in labelled if row.free is not None}
    fixed = {row.label: row.fixed for row in labelled if row.fixed is not None}
    defined = {definition.name: at for at, definition in enumerate(table.spec.definitions)}
    tests = [
        postfix(equation.difference, free, constants=fixed, results=defined)
        for equation in equations
    ]
    found = evaluate([*table.programs.definitions, *tests], result.theta)
    start = len(defined)
    return Evaluated(found.values[start:], found.jacobian[start:])


def _require_new(equations: Sequence[Constraint], slope: Array, vcov: Array, spread: Array) -> None:
    """Raise when an equation says nothing that can be tested, or nothing beside those before it."""
    scale = np.sqrt(np.maximum(np.diag(spread), 0.0))
    largest = np.abs(slope) @ np.sqrt(np.maximum(np.diag(vcov), 0.0))
    for at, equation in enumerate(equations):
        if not slope[at].any():
            raise SpecError(
                f"'{equation}' is about fixed numbers alone, so there is nothing to test. Free the "
                "parameter, or leave the equation out."
            )
        if not scale[at] > NOTHING_NEW * largest[at]:
            raise SpecError(
                f"'{equation}' follows from the constraints of the model, so there is nothing to "
                "test. Take the constraint out of the model text and fit again."
            )
        own = spread[: at + 1, : at + 1] / np.outer(scale[: at + 1], scale[: at + 1])
        if np.linalg.eigvalsh(own)[0] < NOTHING_NEW:
            before = " and ".join(f"'{e}'" for e in equations[:at])
            raise SpecError(
                f"'{equation}' says nothing beside {before}; leave it out, since every equation "
                "must count as one degree of freedom."
            )


@dataclass(frozen=True, eq=False, repr=False)
class WaldTest(Result):
    """A test that equations hold together; made by `SEMResult.wald_test`.

    Parameters
    ----------
    estimator : SEM
        The options of the model.
    constraints : tuple of str
        The m equations.
    difference : ndarray (m,)
        Left minus right of each.
    se : ndarray (m,)
        Their standard errors.
    chi2 : float
        Wald's statistic, of all equations together.
    level : float
        Confidence level of the intervals.
    n : int
        Respondents.
    """

    estimator: SEM
    constraints: tuple[str, ...]
    difference: Array
    se: Array
    chi2: float
    level: float
    n: int

    @property
    def df(self) -> int:
        """Degrees of freedom: the number of equations."""
        return len(self.constraints)

    @property
    def p(self) -> float:
        """The probability of `chi2` or more when all equations hold."""
        return float(chi2_p(self.chi2, self.df))

    def table(self) -> pd.DataFrame:
        """Return ``constraint difference se z p ci_lower ci_upper``, each equation by itself."""
        half = special.ndtri((1 + self.level) / 2) * self.se
        z = self.difference / self.se
        return pd.DataFrame(
            {
                "constraint": list(self.constraints),
                "difference": self.difference,
                "se": self.se,
                "z": z,
                "p": 2 * special.ndtr(-np.abs(z)),
                "ci_lower": self.difference - half,
                "ci_upper": self.difference + half,
            }
        )

    def _facts(self) -> str:
        return f"chi2={self.chi2:.3f}, df={self.df}, {p_phrase(self.p)}, n={self.n}"
