"""Parts of the model language that an estimator may lack, and the refusal that names them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum

from tcsmodel.errors import SpecError
from tcsmodel.spec.model import ModelSpec, Op, Relation, Term


class Feature(StrEnum):
    """What goes beyond loadings, paths, covariances, values and labels; by its operator."""

    INTERCEPT = "~1"
    THRESHOLD = "|"
    EQUALITY = "=="
    LESS = "<"
    GREATER = ">"
    DEFINITION = ":="
    GROUPS = "c()"
    LOWER = "lower()"
    UPPER = "upper()"
    PRODUCT = ":"


WORDS = {
    Feature.INTERCEPT: (
        "Intercepts (~1)", "Remove the statement; means are not modelled.",
    ),
    Feature.THRESHOLD: (
        "Thresholds (|)",
        "Name the item in SEM(..., ordered=[...]), or remove the statement; it counts as "
        "continuous.",
    ),
    Feature.EQUALITY: (
        "Equality constraints (==)",
        "Give the parameters one label, as in a*x1 + a*x2, or remove the statement.",
    ),
    Feature.LESS: ("Inequality constraints (<)", "Remove the statement."),
    Feature.GREATER: ("Inequality constraints (>)", "Remove the statement."),
    Feature.DEFINITION: (
        "Defined parameters (:=)",
        "Remove the statement; total and indirect effects are in the result of PLS.",
    ),
    Feature.GROUPS: (
        "Modifiers by group, c(),", "Fit each group by survey.where(...).",
    ),
    Feature.LOWER: ("Bounds, lower(),", "Remove the modifier."),
    Feature.UPPER: ("Bounds, upper(),", "Remove the modifier."),
    Feature.PRODUCT: (
        "Interactions (:)", "Use PLS, or remove the term.",
    ),
}  # fmt: skip


def features(spec: ModelSpec) -> Iterator[tuple[Feature, str]]:
    """Yield the features that a specification uses, each time with its statement."""
    for term in spec.terms:
        for feature in _of_term(term):
            yield feature, term.statement
    for definition in spec.definitions:
        yield Feature.DEFINITION, str(definition)
    relations = {
        Relation.EQUAL: Feature.EQUALITY,
        Relation.LESS: Feature.LESS,
        Relation.GREATER: Feature.GREATER,
    }
    for constraint in spec.constraints:
        yield relations[constraint.relation], str(constraint)


def _of_term(term: Term) -> Iterator[Feature]:
    if term.op is Op.INTERCEPT:
        yield Feature.INTERCEPT
    if term.op is Op.THRESHOLD:
        yield Feature.THRESHOLD
    if term.product:
        yield Feature.PRODUCT
    if term.groups:
        yield Feature.GROUPS
    if term.lower is not None or any(one.lower is not None for one in term.groups):
        yield Feature.LOWER
    if term.upper is not None or any(one.upper is not None for one in term.groups):
        yield Feature.UPPER


def refuse_features(spec: ModelSpec, by: str, *, known: Collection[Feature] = ()) -> None:
    """Raise when a specification uses a feature that an estimator does not know.

    Parameters
    ----------
    spec : ModelSpec
        The specification.
    by : str
        The estimator, as the message names it.
    known : collection of Feature
        What the estimator does handle.

    Raises
    ------
    SpecError
        Naming the operator, the statement and what to do.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> from tcsmodel.spec.features import refuse_features
    >>> spec = tcs.ModelSpec.parse("f =~ x1 + x2 + x3; x1 ~ 1")
    >>> refuse_features(spec, "SEM")
    Traceback (most recent call last):
    tcsmodel.errors.SpecError: Intercepts (~1) have no estimator in SEM yet: 'x1 ~ 1'. \
Remove the statement; means are not modelled.
    """
    for feature, statement in features(spec):
        if feature not in known:
            what, advice = WORDS[feature]
            raise SpecError(f"{what} have no estimator in {by} yet: '{statement}'. {advice}")
