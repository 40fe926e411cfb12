"""Defined parameters and constraints as postfix programs, ready for `kernels.expressions`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tcsmodel.spec.expression import Program, postfix
from tcsmodel.spec.model import ModelSpec, Relation


@dataclass(frozen=True)
class Programs:
    """Programs that run one after another, since later ones use earlier results.

    Parameters
    ----------
    definitions : tuple of Program
        Defined parameters, in the order of the specification.
    equalities : tuple of Program
        What must be zero: left minus right of each ``==``.
    inequalities : tuple of Program
        What must be zero or above, for each ``<`` and ``>``.
    """

    definitions: tuple[Program, ...]
    equalities: tuple[Program, ...]
    inequalities: tuple[Program, ...]

    @property
    def all(self) -> tuple[Program, ...]:
        """The programs in the order in which they run: definitions first."""
        return (*self.definitions, *self.equalities, *self.inequalities)


def programs(
    spec: ModelSpec,
    parameters: Mapping[str, int],
    constants: Mapping[str, float] | None = None,
) -> Programs:
    """Return the programs of a specification's defined parameters and constraints.

    Parameters
    ----------
    spec : ModelSpec
        With its constraints and definitions.
    parameters : mapping of str to int
        Labels of free parameters, with their places in the parameter vector.
    constants : mapping of str to float, optional
        Labels of fixed parameters, with their values.

    Raises
    ------
    SpecError
        When a label is in neither mapping.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> from tcsmodel.spec.programs import programs
    >>> spec = tcs.ModelSpec.parse("y ~ a*x + b*z; total := a + b; a < 1")
    >>> ready = programs(spec, {"a": 0, "b": 1})
    >>> ready.definitions
    ((('parameter', 0), ('parameter', 1), ('+', 0)),)
    >>> ready.inequalities
    ((('number', 1.0), ('parameter', 0), ('-', 0)),)
    """
    results = {definition.name: at for at, definition in enumerate(spec.definitions)}
    compiled = [
        (c.relation, postfix(c.difference, parameters, constants=constants, results=results))
        for c in spec.constraints
    ]
    return Programs(
        tuple(
            postfix(d.expression, parameters, constants=constants, results=results)
            for d in spec.definitions
        ),
        tuple(program for relation, program in compiled if relation is Relation.EQUAL),
        tuple(program for relation, program in compiled if relation is not Relation.EQUAL),
    )
