"""From a `ModelSpec` to its parameter table, and the rules by which data can identify it.

The table has the rows and defaults of lavaan's ``sem()`` and ``cfa()``, in lavaan's
order: the statements as written, then residual variances of observed variables,
variances of constructs, covariances of exogenous constructs, covariances of pure
outcomes, and the moments of observed causes. Each row knows its place in one of four
matrices,

    y = Lambda eta + epsilon,  eta = B eta + zeta,
    cov(zeta) = Psi,  cov(epsilon) = Theta,

where an observed variable that takes part in a path or covaries with a construct is
its own latent variable, with loading one and no residual.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from itertools import combinations

from tcsmodel.errors import IdentificationError, SpecError
from tcsmodel.spec.features import refuse_features
from tcsmodel.spec.model import ModelSpec, Op, Term


class Matrix(IntEnum):
    """The four matrices of the model, by the code that `kernels.implied` uses."""

    LOADING = 0
    PATH = 1
    LATENT = 2
    RESIDUAL = 3


@dataclass(frozen=True)
class Parameter:
    """One row of the table.

    Parameters
    ----------
    lhs, op, rhs : str, Op, str
        As lavaan prints them.
    matrix : Matrix
        Where the parameter lives: Lambda, B, Psi or Theta.
    row, column : int
        Its place in that matrix; for covariances ``row >= column``.
    free : int or None
        Index of the free parameter, shared by rows with the same label; None when fixed.
    fixed : float or None
        The value of a fixed parameter.
    start : float or None
        Starting value given in the model text.
    label : str
        The parameter's label, empty without one.
    exogenous : bool
        True for the moments of observed causes. They are saturated, so their estimates are
        the sample moments; like lavaan's ``fixed.x`` they are not counted as parameters.
    """

    lhs: str
    op: Op
    rhs: str
    matrix: Matrix
    row: int
    column: int
    free: int | None = None
    fixed: float | None = None
    start: float | None = None
    label: str = ""
    exogenous: bool = False

    @property
    def name(self) -> str:
        """The row as lavaan names coefficients: ``visual=~x2``."""
        return f"{self.lhs}{self.op}{self.rhs}"

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
    """

    rows: tuple[Parameter, ...]
    items: tuple[str, ...]
    latents: tuple[str, ...]
    n_constructs: int

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
        """Degrees of freedom: item variances and covariances minus free parameters."""
        p = len(self.items)
        return p * (p + 1) // 2 - self.n_free

    @cached_property
    def observed_latents(self) -> tuple[tuple[int, int], ...]:
        """(item, latent) index pairs of observed variables in the structural part."""
        return tuple(
            (self.items.index(name), index)
            for index, name in enumerate(self.latents)
            if index >= self.n_constructs
        )

    @cached_property
    def causes(self) -> tuple[str, ...]:
        """Observed causes, whose moments are taken as they are."""
        return tuple(row.lhs for row in self.rows if row.exogenous and row.is_variance)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.rows)


def parameter_table(spec: ModelSpec, *, std_lv: bool = False) -> ParameterTable:
    """Return the parameter table of a covariance-based model.

    Parameters
    ----------
    spec : ModelSpec
        Reflective constructs, paths and covariances.
    std_lv : bool
        Identify each construct by a (residual) variance of one instead of its first
        loading.

    Returns
    -------
    ParameterTable
        Rows, defaults and order of lavaan's ``sem()``: the first loading of a construct is
        one, the error of a single item is zero, exogenous constructs correlate, so do pure
        outcomes, and observed causes keep their sample moments.

    Raises
    ------
    SpecError
        When the model has a composite, no parameter to estimate, or what has no estimator.
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
    refuse_features(spec, "CFA and SEM")
    for construct in spec.constructs:
        if construct.composite:
            raise SpecError(
                f"Construct {construct.name!r} is a composite (<~), which covariance-based models "
                f"do not estimate here. Measure it with =~, or fit the model with PLS."
            )
    structure = _Structure(spec)
    terms = [*_written(spec, structure, std_lv), *_defaults(spec, structure, std_lv)]
    table = ParameterTable(
        tuple(structure.placed(*numbered) for numbered in _numbered(terms)),
        spec.items,
        structure.latents,
        len(spec.constructs),
    )
    _check_identified(table)
    return table


class _Structure:
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

    def placed(self, term: Term, exogenous: bool, free: int | None) -> Parameter:
        """Return the row of a term, at its place in the matrices."""
        latent = self._latent_at
        if term.op is Op.REFLECTIVE and term.rhs not in latent:
            place = Matrix.LOADING, self._item_at[term.rhs], latent[term.lhs]
        elif term.op is Op.REFLECTIVE:
            place = Matrix.PATH, latent[term.rhs], latent[term.lhs]
        elif term.op is Op.REGRESSION:
            place = Matrix.PATH, latent[term.lhs], latent[term.rhs]
        elif term.lhs in latent and term.rhs in latent:
            pair = sorted((latent[term.lhs], latent[term.rhs]))
            place = Matrix.LATENT, pair[1], pair[0]
        else:
            pair = sorted((self._item_at[term.lhs], self._item_at[term.rhs]))
            place = Matrix.RESIDUAL, pair[1], pair[0]
        return Parameter(
            term.lhs,
            term.op,
            term.rhs,
            *place,
            free=free,
            fixed=term.fixed,
            start=term.start,
            label=term.label or "",
            exogenous=exogenous,
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


def _written(spec: ModelSpec, structure: _Structure, std_lv: bool) -> Iterator[tuple[Term, bool]]:
    """Yield the statements as written, with the marker loading of each construct fixed."""
    markers = set() if std_lv else {(c.name, c.items[0]) for c in spec.constructs}
    for term in spec.terms:
        is_marker = term.op is Op.REFLECTIVE and (term.lhs, term.rhs) in markers
        if is_marker and term.fixed is None and not term.free:
            yield replace(term, fixed=1.0), False
        else:
            yield term, False


def _defaults(spec: ModelSpec, structure: _Structure, std_lv: bool) -> Iterator[tuple[Term, bool]]:
    """Yield the variances and covariances that the text leaves to the defaults."""
    stated = {frozenset((t.lhs, t.rhs)) for t in spec.terms if t.op is Op.COVARIANCE}
    alone = {c.items[0] for c in spec.constructs if len(c.items) == 1}
    alone -= {i for c in spec.constructs if len(c.items) > 1 for i in c.items}
    alone -= set(structure.outcomes)
    constructs = set(spec.construct_names)
    observed = [i for i in structure.indicators if i not in constructs]
    observed += [n for n in structure.outcomes if n not in constructs]
    observed += [n for n in spec.items if n not in structure.causes]
    pairs = [(name, name, 0.0 if name in alone else None) for name in dict.fromkeys(observed)]
    pairs += [(name, name, 1.0 if std_lv else None) for name in spec.construct_names]
    pairs += [(a, b, None) for a, b in combinations(structure.exogenous, 2)]
    pairs += [(a, b, None) for a, b in combinations(structure.pure_outcomes, 2)]
    for lhs, rhs, fixed in pairs:
        if frozenset((lhs, rhs)) not in stated:
            yield Term(lhs, Op.COVARIANCE, rhs, fixed=fixed), False
    for at, lhs in enumerate(structure.causes):
        for rhs in structure.causes[at:]:
            yield Term(lhs, Op.COVARIANCE, rhs), True


def _numbered(terms: list[tuple[Term, bool]]) -> Iterator[tuple[Term, bool, int | None]]:
    """Yield terms with their free indices; a label shared with a fixed term fixes both."""
    fixed = {t.label: t.fixed for t, _ in terms if t.label and t.fixed is not None}
    index: dict[str, int] = {}
    count = 0
    for term, exogenous in terms:
        if term.fixed is not None:
            yield term, exogenous, None
        elif term.label in fixed:
            yield replace(term, fixed=fixed[term.label]), exogenous, None
        elif term.label in index:
            yield term, exogenous, index[term.label]
        else:
            if term.label:
                index[term.label] = count
            yield term, exogenous, count
            count += 1


def _check_identified(table: ParameterTable) -> None:
    if table.n_free == 0:
        raise SpecError("Every parameter of the model is fixed; nothing is left to estimate.")
    for name in table.latents[: table.n_constructs]:
        _check_scaled(table, name)
        _check_single_item(table, name)
        _check_block(table, name)
    if table.df < 0:
        p = len(table.items)
        raise IdentificationError(
            f"The model has {table.n_parameters} free parameters but its {p} items give only "
            f"{p * (p + 1) // 2 - table.n_exogenous} variances and covariances "
            f"(df = {table.df}). Remove paths or covariances, or add items."
        )


def _loadings(table: ParameterTable, name: str) -> list[Parameter]:
    return [row for row in table if row.op is Op.REFLECTIVE and row.lhs == name]


def _variance(table: ParameterTable, name: str) -> Parameter | None:
    return next((row for row in table if row.is_variance and row.lhs == name), None)


def _check_scaled(table: ParameterTable, name: str) -> None:
    """Raise when neither a loading nor the variance of a construct is fixed."""
    own = [*_loadings(table, name), *filter(None, [_variance(table, name)])]
    if not any(row.fixed for row in own):
        raise IdentificationError(
            f"Construct {name!r} has no scale: its loadings and its variance are all free. Fix one "
            f"loading ({name} =~ 1*{own[0].rhs}) or its variance ({name} ~~ 1*{name})."
        )


def _check_single_item(table: ParameterTable, name: str) -> None:
    """Raise when one item should tell a construct's variance from its own error."""
    loadings = _loadings(table, name)
    item = loadings[0].rhs
    if len(loadings) > 1 or item in table.latents:
        return
    error, variance = _variance(table, item), _variance(table, name)
    loaded = sum(row.op is Op.REFLECTIVE and row.rhs == item for row in table)
    both_free = error is not None and error.free is not None
    both_free = both_free and variance is not None and variance.free is not None
    if both_free and loaded == 1:
        raise IdentificationError(
            f"Construct {name!r} has one item, {item!r}, so its variance cannot be told from the "
            f"item's error. Fix the error variance ({item} ~~ 0*{item}), or add items."
        )


def _check_block(table: ParameterTable, name: str) -> None:
    """Raise when a construct on its own has more parameters than its indicators have moments."""
    indicators = [row.rhs for row in _loadings(table, name)]
    inside = {name, *indicators}
    own = set()
    for row in table:
        measures_indicator = row.op is Op.REFLECTIVE and row.lhs in indicators
        if row.fixed == 0.0 or measures_indicator or not {row.lhs, row.rhs} & inside:
            continue
        if not {row.lhs, row.rhs} <= inside:
            return
        if row.free is not None:
            own.add(row.free)
    k = len(indicators)
    moments = k * (k + 1) // 2
    if len(own) <= moments:
        return
    if k > 2:
        raise IdentificationError(
            f"Construct {name!r} has {len(own)} free parameters of its own, but its {k} items have "
            f"only {moments} variances and covariances. Remove covariances between its items, or "
            "give it more items."
        )
    equal = " + ".join(f"a*{item}" for item in indicators)
    raise IdentificationError(
        f"Construct {name!r} has {k} items and no connection to other constructs, so its loadings "
        "are not identified. Give it a third item, connect it with a path, or fix the loadings "
        f"equal: {name} =~ {equal}."
    )
