"""From a `ModelSpec` to its parameter table, and the rules by which data can identify it.

The table has the rows and defaults of lavaan's ``sem()`` and ``cfa()``, in lavaan's
order: the statements as written, then residual variances of observed variables,
variances of constructs, covariances of exogenous constructs, covariances of pure
outcomes, the moments of observed causes, and intercepts where means are modelled. Ordinal items
have thresholds before the variances, and scales before the intercepts. With
groups the rows repeat, group by group. Each row knows its place in one of eight matrices,

    y = nu + Lambda eta + epsilon,  eta = alpha + B eta + zeta,
    cov(zeta) = Psi,  cov(epsilon) = Theta,  thresholds tau and scales d,

where an observed variable that takes part in a path or covaries with a construct is
its own latent variable, with loading one and no residual.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

from tcsmodel.errors import SpecError
from tcsmodel.options import Bounds, GroupEqual
from tcsmodel.spec.effect_coding import scales
from tcsmodel.spec.expression import Program
from tcsmodel.spec.features import Feature, refuse_features
from tcsmodel.spec.identification import check_identified
from tcsmodel.spec.model import ModelSpec, Op, Term
from tcsmodel.spec.ordinal import CONTINUOUS, OrdinalItems
from tcsmodel.spec.programs import Programs, programs
from tcsmodel.spec.statements import Defaults, Row, numbered, tie, unwritten, written

ORDINAL = tuple(feature for feature in Feature if feature is not Feature.PRODUCT)
KNOWN = tuple(feature for feature in ORDINAL if feature is not Feature.THRESHOLD)


class Matrix(IntEnum):
    """The matrices of the model, by the code that `kernels.implied` uses."""

    LOADING = 0
    PATH = 1
    LATENT = 2
    RESIDUAL = 3
    ITEM_MEAN = 4
    LATENT_MEAN = 5
    THRESHOLD = 6
    SCALE = 7


class Parameter(NamedTuple):
    """One row of the table.

    Attributes
    ----------
    lhs, op, rhs : str, Op, str
        As lavaan prints them.
    matrix : Matrix
        Where the parameter lives: Lambda, B, Psi, Theta, nu, alpha, tau or d.
    row, column : int
        Its place in that matrix; for covariances ``row >= column``.
    group : int
        Its group, counted from 0.
    free : int or None
        Index of the free parameter, shared by rows with the same label; None when fixed.
    fixed : float or None
        The value of a fixed parameter.
    start : float or None
        Starting value given in the model text.
    lower, upper : float or None
        Bounds.
    label : str
        The parameter's label, empty without one; ``.p2.`` where it is equal to the second
        row by `group_equal`.
    exogenous : bool
        True for the moments of observed causes. They are saturated, so their estimates are
        the sample moments; like lavaan's ``fixed.x`` they are not counted as parameters.
    derived : bool
        True where the value follows from those of other rows, as the residual variance or the
        scale of an ordinal item does; `fixed` is a stand-in then.
    """

    lhs: str
    op: Op
    rhs: str
    matrix: Matrix
    row: int
    column: int
    group: int = 0
    free: int | None = None
    fixed: float | None = None
    start: float | None = None
    lower: float | None = None
    upper: float | None = None
    label: str = ""
    exogenous: bool = False
    derived: bool = False

    @property
    def name(self) -> str:
        """The row as lavaan names coefficients: ``visual=~x2``, in a second group ``.g2``."""
        group = f".g{self.group + 1}" if self.group else ""
        return f"{self.lhs}{self.op}{self.rhs}{group}"

    @property
    def is_variance(self) -> bool:
        """True for a variance or residual variance."""
        return self.op is Op.COVARIANCE and self.lhs == self.rhs


@dataclass(frozen=True)
class ParameterTable:
    """What is estimated, in the order in which it is reported.

    Parameters
    ----------
    rows : tuple of Parameter
        All parameters, free and fixed.
    items : tuple of str
        The p observed variables: rows of Lambda.
    latents : tuple of str
        The m columns of Lambda: constructs, then observed variables with a place in the
        structural part.
    n_constructs : int
        How many of `latents` are constructs.
    groups : tuple of str
        Labels of the G groups; one empty label without groups.
    spec : ModelSpec
        The specification, whose constraints and defined parameters name labels.
    ordinal : OrdinalItems
        Which items are ordinal.
    causes : tuple of str
        Observed causes: in no other role, and with no covariance in the text.
    scales : tuple of Program
        What else must be zero: the scales that effect coding gives to constructs.
    """

    rows: tuple[Parameter, ...]
    items: tuple[str, ...]
    latents: tuple[str, ...]
    n_constructs: int
    groups: tuple[str, ...]
    spec: ModelSpec
    ordinal: OrdinalItems = CONTINUOUS
    causes: tuple[str, ...] = ()
    scales: tuple[Program, ...] = ()

    @cached_property
    def programs(self) -> Programs:
        """Defined parameters and constraints, as programs over the free parameters."""
        labelled = [row for row in self.rows if row.label]
        free = {row.label: row.free for row in labelled if row.free is not None}
        fixed = {row.label: row.fixed for row in labelled if row.fixed is not None}
        made = programs(self.spec, free, fixed)
        if not self.scales:
            return made
        return replace(made, equalities=(*made.equalities, *self.scales))

    @cached_property
    def by_group(self) -> tuple[tuple[Parameter, ...], ...]:
        """The rows of each group, alike but for what is free and fixed."""
        size = len(self.rows) // len(self.groups)
        return tuple(self.rows[g * size : (g + 1) * size] for g in range(len(self.groups)))

    @cached_property
    def has_means(self) -> bool:
        """Whether means are modelled."""
        return any(row.op is Op.INTERCEPT for row in self.rows)

    @cached_property
    def free(self) -> tuple[Parameter, ...]:
        """The first row of each free parameter, by index."""
        first: dict[int, Parameter] = {}
        for row in self.rows:
            if row.free is not None:
                first.setdefault(row.free, row)
        return tuple(first[index] for index in sorted(first))

    @cached_property
    def n_free(self) -> int:
        """Number of free parameters, the moments of observed causes included."""
        return len(self.free)

    @cached_property
    def n_exogenous(self) -> int:
        """Number of moments of observed causes among the free parameters."""
        return sum(row.exogenous for row in self.free)

    @cached_property
    def n_parameters(self) -> int:
        """Number of free parameters that count (lavaan's ``npar``)."""
        return self.n_free - self.n_exogenous

    @cached_property
    def df(self) -> int:
        """Degrees of freedom: moments of the items minus free parameters, plus equalities.

        Equalities count as if none followed from others.
        """
        return self.n_moments - self.n_free + len(self.programs.equalities)

    @cached_property
    def n_moments(self) -> int:
        """Number of variances, covariances and, where modelled, means of all groups.

        With ordinal items of thresholds and correlations, too.
        """
        p = len(self.items)
        if self.ordinal:
            return len(self.groups) * self.ordinal.n_statistics(self.items)
        return len(self.groups) * (p * (p + 1) // 2 + p * self.has_means)

    @cached_property
    def observed_latents(self) -> tuple[tuple[int, int], ...]:
        """(item, latent) index pairs of observed variables in the structural part."""
        return tuple(
            (self.items.index(name), index)
            for index, name in enumerate(self.latents)
            if index >= self.n_constructs
        )

    @cached_property
    def given(self) -> tuple[str, ...]:
        """The causes whose moments are taken as they are: all or, without `fixed_x`, none."""
        return self.causes if self.n_exogenous else ()

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.rows)


def parameter_table(
    spec: ModelSpec,
    *,
    std_lv: bool = False,
    effect_coding: bool = False,
    orthogonal: bool = False,
    fixed_x: bool = True,
    means: bool = False,
    groups: tuple[str, ...] = ("",),
    group_equal: Collection[GroupEqual] = (),
    group_partial: Collection[str] = (),
    bounds: Bounds | None = None,
    ordinal: OrdinalItems = CONTINUOUS,
) -> ParameterTable:
    """Return the parameter table of a covariance-based model.

    Parameters
    ----------
    spec : ModelSpec
        Reflective constructs, paths, covariances and intercepts.
    std_lv : bool
        Identify each construct by a (residual) variance of one instead of its first
        loading.
    effect_coding : bool
        Identify each construct by loadings that are one on average instead, and by
        intercepts that are zero on average where means are modelled.
    orthogonal : bool
        Whether constructs are uncorrelated unless the text says otherwise.
    fixed_x : bool
        Whether observed causes keep their sample moments; else these are parameters.
    means : bool
        Model means; always done with several groups and where the text has an intercept.
    groups : tuple of str
        Labels of the groups.
    group_equal : collection of GroupEqual
        What is equal in all groups.
    group_partial : collection of str
        Rows left out of that, as lavaan names them: ``x3~1``, ``visual=~x2``.
    bounds : Bounds, optional
        Whether variances that have no lower bound of their own get zero.
    ordinal : OrdinalItems
        Which items are ordinal, none by default.

    Returns
    -------
    ParameterTable
        Rows, defaults and order of lavaan's ``sem()``: the first loading of a construct is
        one, the error of a single item is zero, exogenous constructs correlate, so do pure
        outcomes, and observed causes keep their sample moments. Means of constructs are
        zero; where intercepts are equal in all groups, those of later groups are free but
        for constructs of constructs, and so are their variances with `std_lv` and equal loadings.

    Raises
    ------
    SpecError
        When the model has a composite, no parameter to estimate, or what has no estimator;
        when the text tells another number of groups apart, fixes the scale of a construct
        that effect coding gives one, or a row of `group_partial` is not in the model.
    IdentificationError
        When the data cannot determine a parameter, naming the construct and the cure.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> from tcsmodel.spec.parameters import parameter_table
    >>> table = parameter_table(tcs.ModelSpec.parse("f =~ x1 + x2 + x3 + x4"))
    >>> [row.name for row in table.free]
    ['f=~x2', 'f=~x3', 'f=~x4', 'x1~~x1', 'x2~~x2', 'x3~~x3', 'x4~~x4', 'f~~f']
    >>> table.df
    2
    """
    _refuse(spec, len(groups), KNOWN if not ordinal else ORDINAL)
    structure, equal = Structure(spec), frozenset(group_equal)
    ordinal.check(spec, structure, group_equal, fixed_x=fixed_x)
    means = means or bool(ordinal) or len(groups) > 1
    means = means or any(t.op is Op.INTERCEPT for t in spec.terms)
    partial = frozenset(group_partial)
    defaults = Defaults(means, std_lv, effect_coding, orthogonal, fixed_x, equal, ordinal, partial)
    stated = [
        [*written(spec, group, defaults), *unwritten(spec, structure, group, defaults)]
        for group in range(len(groups))
    ]
    if len(groups) > 1:
        tie(stated, structure, equal, partial)
    rows = tuple(structure.placed(*one) for one in numbered(stated))
    if ordinal:
        rows = tuple(row._replace(derived=ordinal.derives(row)) for row in rows)
    table = ParameterTable(
        rows if bounds is None else tuple(_bounded(row) for row in rows),
        spec.items,
        structure.latents,
        len(spec.constructs),
        groups,
        spec,
        ordinal,
        structure.causes,
        scales(spec, rows, means=not ordinal) if effect_coding else (),
    )
    check_identified(table)
    return table


def _refuse(spec: ModelSpec, n_groups: int, known: Collection[Feature]) -> None:
    """Raise SpecError when a specification is not one of a covariance-based model of groups."""
    refuse_features(spec, "CFA and SEM", known=known)
    for construct in spec.constructs:
        if construct.composite:
            raise SpecError(
                f"Construct {construct.name!r} is a composite (<~), which covariance-based models "
                f"do not estimate here. Measure it with =~, or fit the model with PLS."
            )
    if spec.n_groups is not None and spec.n_groups != n_groups:
        have = f"the data have {n_groups}. Give one value per group."
        if n_groups == 1:
            have = "none are named. Name their column: group=..."
        raise SpecError(f"The model text tells {spec.n_groups} groups apart, c(), but {have}")


def _bounded(row: Parameter) -> Parameter:
    """Return a row with zero as the least value of a variance that is estimated."""
    takes_bound = row.is_variance and row.free is not None and not row.exogenous
    return row._replace(lower=0.0) if takes_bound and row.lower is None else row


class Structure:
    """Who is who in a specification: the roles that decide places and defaults."""

    def __init__(self, spec: ModelSpec) -> None:
        constructs = spec.construct_names
        known = set(constructs)
        self.indicators = tuple(dict.fromkeys(i for c in spec.constructs for i in c.items))
        self.outcomes = tuple(dict.fromkeys(path.target for path in spec.paths))
        self.sources = tuple(dict.fromkeys(path.source for path in spec.paths))
        stated = [t for t in spec.terms if t.op is Op.COVARIANCE]
        covarying = {name for term in stated for name in (term.lhs, term.rhs)}
        dependent = {*self.indicators, *self.outcomes}
        self.causes = tuple(
            name
            for name in self.sources
            if name not in known and name not in dependent and name not in covarying
        )
        structural = {*self.sources, *self.outcomes} - known
        while grown := _neighbours(stated, structural | known) - structural - known:
            structural |= grown
        self.latents = (*constructs, *(name for name in spec.items if name in structural))
        self._latent_at = {name: index for index, name in enumerate(self.latents)}
        self._item_at = {name: index for index, name in enumerate(spec.items)}
        self.exogenous = tuple(name for name in constructs if name not in dependent)
        explained = [*(n for n in constructs if n in self.outcomes)]
        explained += [n for n in self.outcomes if n not in known]
        causing = {*self.sources, *self.indicators}
        self.pure_outcomes = tuple(n for n in explained if n not in causing)
        self._constructs = known

    def kind(self, row: Row) -> GroupEqual | None:
        """Return which kind of parameter a row is about; None for scales."""
        latent = row.lhs in self._constructs
        if row.op is Op.SCALE:
            return None
        if row.op is Op.THRESHOLD:
            return GroupEqual.THRESHOLDS
        if row.op is Op.REFLECTIVE:
            return GroupEqual.LOADINGS
        if row.op is Op.REGRESSION:
            return GroupEqual.REGRESSIONS
        if row.op is Op.INTERCEPT:
            return GroupEqual.MEANS if latent else GroupEqual.INTERCEPTS
        if row.lhs == row.rhs:
            return GroupEqual.LV_VARIANCES if latent else GroupEqual.RESIDUALS
        return GroupEqual.LV_COVARIANCES if latent else GroupEqual.RESIDUAL_COVARIANCES

    def placed(self, row: Row, group: int, free: int | None) -> Parameter:
        """Return the parameter of a row, at its place in the matrices."""
        lhs, op, rhs = row[:3]
        latent, item = self._latent_at, self._item_at
        place: tuple[Matrix, int, int]
        if op is Op.COVARIANCE:
            is_latent = lhs in latent and rhs in latent
            at = latent if is_latent else item
            first, second = at[lhs], at[rhs]
            matrix = Matrix.LATENT if is_latent else Matrix.RESIDUAL
            place = (matrix, first, second) if first > second else (matrix, second, first)
        elif op is Op.REFLECTIVE and rhs not in latent:
            place = Matrix.LOADING, item[rhs], latent[lhs]
        elif op is Op.REFLECTIVE:
            place = Matrix.PATH, latent[rhs], latent[lhs]
        elif op is Op.REGRESSION:
            place = Matrix.PATH, latent[lhs], latent[rhs]
        elif op is Op.THRESHOLD:
            place = Matrix.THRESHOLD, item[lhs], int(rhs[1:]) - 1
        elif op is Op.SCALE:
            place = Matrix.SCALE, item[lhs], 0
        elif lhs in latent:
            place = Matrix.LATENT_MEAN, latent[lhs], 0
        else:
            place = Matrix.ITEM_MEAN, item[lhs], 0
        return Parameter(
            lhs,
            op,
            rhs,
            *place,
            group,
            free,
            row.fixed,
            row.start,
            row.lower,
            row.upper,
            row.label or "",
            row.exogenous,
        )


def _neighbours(covariances: Iterable[Term], names: set[str]) -> set[str]:
    """Return what covaries with `names`."""
    return {
        other
        for term in covariances
        if term.lhs != term.rhs
        for name, other in ((term.lhs, term.rhs), (term.rhs, term.lhs))
        if name in names
    }
