"""Score tests of a fitted model: `modification_indices` of what is not in it, and `release_tests`.

Both ask what freeing something would add to the fit, without fitting again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations, product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import block_diag

from tcsmodel.errors import TcsError
from tcsmodel.kernels import modification as kernel
from tcsmodel.kernels.fitmeasures import chi2_p
from tcsmodel.kernels.implied import Layout
from tcsmodel.kernels.status import Status
from tcsmodel.models import squares_diagnosis
from tcsmodel.models.fitted import (
    FittedGroup,
    fitted_groups,
    group_layout,
    held_constraints,
    require_fit,
    require_no_auxiliary,
)
from tcsmodel.models.least_squares import LeastSquares
from tcsmodel.models.ordinal_least_squares import OrdinalLeastSquares
from tcsmodel.spec.model import Op, Relation
from tcsmodel.spec.parameters import Matrix, Parameter, ParameterTable

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]


def modification_indices(result: SEMResult) -> pd.DataFrame:
    """Return what would happen if a fixed or absent parameter were free, largest effect first.

    Parameters
    ----------
    result : SEMResult or CFAResult
        A fitted model.

    Returns
    -------
    DataFrame
        ``lhs op rhs group mi epc sepc_lv sepc_all``. `mi` is about the fall of chi-square on
        one degree of freedom, `epc` the expected change of the parameter from where it is now,
        `sepc_lv` that with constructs standardized, `sepc_all` with items too; nan for
        covariances of a variable whose variance is estimated at zero or below.

    Raises
    ------
    TcsError
        When the information of the fitted model is singular, so that nothing can be said.

    Notes
    -----
    Soerbom (1989), by the expected information at the estimates, without refitting. Candidates
    are those of lavaan's ``modindices()``: loadings of every item, covariances of items and of
    constructs, paths both ways between all that take part in one, and fixed rows of the table.
    Those that the data could not identify are left out. The moments of observed causes count as
    free, as with lavaan's ``fixed.x = FALSE``; with missing answers the information is the one
    expected given who answered what. After least squares that are not efficient scores are
    divided by their own variance, not by the information (Boos 1992). An index is no reason to
    free a parameter: of 170 candidates some exceed 3.84 by chance.

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
    >>> table = tcs.modification_indices(tcs.SEM(spec).fit(tcs.datasets.mobi()))
    >>> table.loc[0, ["lhs", "op", "rhs"]].tolist(), round(float(table.loc[0, "mi"]), 2)
    (['PERQ1', '~~', 'CUSA1'], 19.84)
    """
    require_fit(result, "modification_indices()")
    require_no_auxiliary(result, "modification_indices()")
    if result.ended is Status.SINGULAR:
        raise TcsError(
            "Modification indices need the information of the fitted model, which is singular: "
            f"the fit ended with status {result.status!r}. result.verify() says why and what to do."
        )
    table, groups = result.model.parameters, fitted_groups(result)
    theta = result.theta[None]
    offered = [tuple(candidates(table, group.rows)) for group in groups]
    layouts = [candidate_layout(table, rows) for rows in offered]
    pooled = result.criterion.scores(*_with_candidates(table, groups, offered, theta[0]))
    if pooled is None:
        pooled = _pooled(table, groups, offered, theta)
    found = kernel.indices(pooled, restrictions=held_constraints(result))
    scales = [
        kernel.standards(group.layout, layout, theta, table.n_constructs)
        for group, layout in zip(groups, layouts, strict=True)
    ]
    rows = [row for own in offered for row in own]
    frame = pd.DataFrame(
        {
            "lhs": [row.lhs for row in rows],
            "op": [str(row.op) for row in rows],
            "rhs": [row.rhs for row in rows],
            "group": [g.label for g, own in zip(groups, offered, strict=True) for _ in own],
            "mi": found.mi[0],
            "epc": found.epc[0],
            "sepc_lv": found.epc[0] * np.concatenate([scale.lv[0] for scale in scales]),
            "sepc_all": found.epc[0] * np.concatenate([scale.all[0] for scale in scales]),
        }
    )
    known = frame[frame["mi"].notna()]
    return known.sort_values("mi", ascending=False, kind="stable", ignore_index=True)


def release_tests(result: SEMResult) -> pd.DataFrame:
    """Return what would happen if parameters that are held equal were told apart.

    Parameters
    ----------
    result : SEMResult or CFAResult
        A fitted model with labels that several rows share, as with ``group_equal``.

    Returns
    -------
    DataFrame
        ``label lhs op rhs group chi2 df p epc``, largest first: a row for each parameter but the
        first under a label, let go while the others stay equal, with its expected change; one
        for each constraint of the text (``a == b``, in `label`), with how far its sides would
        come apart; and last, with empty names, a row for letting go of all.

    Raises
    ------
    TcsError
        When no two parameters of the model are held equal.

    Notes
    -----
    Score tests by the expected information (lavaan's ``lavTestScore()``), after least squares, and
    so of ordinal items, by the variance that the scores have (Boos 1992). The degrees of freedom
    of the last row count what data can determine: where latent means are free, letting all
    intercepts go gains fewer parameters than there are equalities (which lavaan counts).

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse("Quality =~ PERQ1 + a*PERQ3 + a*PERQ4 + PERQ6")
    >>> tests = tcs.release_tests(tcs.CFA(spec).fit(tcs.datasets.mobi()))
    >>> tests.loc[0, "rhs"], round(float(tests.loc[0, "chi2"]), 3)
    ('PERQ4', 0.133)
    """
    require_fit(result, "release_tests()")
    require_no_auxiliary(result, "release_tests()")
    table, groups = result.model.parameters, fitted_groups(result)
    free = [row for group in groups for row in group.rows if row.free is not None]
    first: dict[int, int] = {}
    for at, row in enumerate(free):
        first.setdefault(_index(row), at)
    tied = [at for at, row in enumerate(free) if first[_index(row)] != at]
    stated = [c for c in table.spec.constraints if c.relation is Relation.EQUAL]
    if not tied and not stated:
        raise TcsError(
            "release_tests() is about parameters that are held equal, and this model has none. "
            "Give two of them one label, or fit groups with group_equal=[...]."
        )
    restrictions = np.zeros((len(tied), len(free)))
    for k, at in enumerate(tied):
        restrictions[k, first[_index(free[at])]], restrictions[k, at] = -1.0, 1.0
    held = np.zeros((0, table.n_free)) if (found := held_constraints(result)) is None else found
    general = np.zeros((len(held), len(free)))
    general[:, [first[k] for k in range(table.n_free)]] = held
    restrictions = np.vstack([restrictions, general[: len(stated)]])
    score, information, products = _apart(result, groups)
    tests = kernel.release_tests(score, information, restrictions, general[len(stated) :], products)
    rows = [free[at] for at in tied]
    epc = [tests.epc[0, k, at] for k, at in enumerate(tied)]
    epc += [restrictions[k] @ tests.epc[0, k] for k in range(len(tied), len(restrictions))]
    blank = [""] * len(stated)
    frame = pd.DataFrame(
        {
            "label": [row.label for row in rows] + [str(one) for one in stated],
            "lhs": [row.lhs for row in rows] + blank,
            "op": [str(row.op) for row in rows] + blank,
            "rhs": [row.rhs for row in rows] + blank,
            "group": [table.groups[row.group] for row in rows] + blank,
            "chi2": tests.each[0],
            "df": 1,
            "epc": epc,
        }
    ).sort_values("chi2", ascending=False, kind="stable")
    frame.loc[len(frame)] = ["", "", "", "", "", tests.chi2[0], int(tests.df[0]), np.nan]
    frame.insert(7, "p", chi2_p(frame["chi2"].to_numpy(), frame["df"].to_numpy()))
    return frame.reset_index(drop=True)


def _index(row: Parameter) -> int:
    return -1 if row.free is None else row.free


def _apart(result: SEMResult, groups: tuple[FittedGroup, ...]) -> tuple[Array, Array, Array | None]:
    """Return score (1, f) and information (1, f, f) of all free rows, each by itself.

    And the variance (1, f, f) of the score, None where it is the information.
    """
    table, layouts, values = result.model.parameters, [], []
    for group in groups:
        free = [row for row in group.rows if row.free is not None]
        number = {id(row): k for k, row in enumerate(free)}
        rows = tuple(row._replace(free=number.get(id(row))) for row in group.rows)
        layouts.append(group_layout(table, rows, len(free)))
        values.append(result.theta[[_index(row) for row in free]])
    if isinstance(result.criterion, (LeastSquares, OrdinalLeastSquares)):
        return squares_diagnosis.apart(result.criterion.problem, layouts, values)
    scores, blocks = [], []
    for group, layout, own in zip(groups, layouts, (one[None] for one in values), strict=True):
        if group.table is None:
            mean = group.mean[None] if group.has_means else None
            found = kernel.scores(layout, layout, own, group.cov[None], mean)
            score, information = found.score, found.free
        else:
            score, information = kernel.slopes_with_gaps(layout, own, group.table)
        scores.append(group.n * score)
        blocks.append(group.n * information[0])
    return np.concatenate(scores, axis=1), block_diag(*blocks)[None], None


def candidates(table: ParameterTable, rows: tuple[Parameter, ...]) -> Iterator[Parameter]:
    """Yield the parameters of one group that are fixed or absent and might be free."""
    taken = {(row.matrix, row.row, row.column) for row in rows}
    yield from (row for row in rows if row.free is None and not _conventional(table, row))
    for lhs, op, rhs, place in _absent(table, rows):
        if place not in taken:
            taken.add(place)
            yield Parameter(lhs, op, rhs, *place)


def _conventional(table: ParameterTable, row: Parameter) -> bool:
    """Tell whether a row is fixed, or derived, because an ordinal item has no scale of its own."""
    if row.lhs not in table.ordinal:
        return False
    return row.is_variance or row.op in (Op.INTERCEPT, Op.THRESHOLD, Op.SCALE)


def _absent(
    table: ParameterTable, rows: tuple[Parameter, ...]
) -> Iterator[tuple[str, Op, str, tuple[Matrix, int, int]]]:
    latent = {name: index for index, name in enumerate(table.latents)}
    item = {name: index for index, name in enumerate(table.items)}
    constructs = table.latents[: table.n_constructs]
    for lhs, rhs in product(constructs, table.items):
        if rhs not in latent:
            yield lhs, Op.REFLECTIVE, rhs, (Matrix.LOADING, item[rhs], latent[lhs])
    outcomes = [name for name in table.items if name not in table.causes]
    for lhs, rhs in [*combinations(outcomes, 2), *combinations(constructs, 2)]:
        both = lhs in latent and rhs in latent
        where, matrix = (latent, Matrix.LATENT) if both else (item, Matrix.RESIDUAL)
        column, row = sorted((where[lhs], where[rhs]))
        yield lhs, Op.COVARIANCE, rhs, (matrix, row, column)
    regressed = [row for row in rows if row.op is Op.REGRESSION]
    active = dict.fromkeys([*(r.lhs for r in regressed), *(r.rhs for r in regressed)])
    for lhs, rhs in permutations(active, 2):
        yield lhs, Op.REGRESSION, rhs, (Matrix.PATH, latent[lhs], latent[rhs])


def candidate_layout(table: ParameterTable, rows: tuple[Parameter, ...]) -> Layout:
    """Return the layout in which each of `rows` has a parameter of its own."""
    free = tuple(row._replace(free=k, fixed=None) for k, row in enumerate(rows))
    return group_layout(table, free)


def _pooled(
    table: ParameterTable,
    groups: tuple[FittedGroup, ...],
    offered: list[tuple[Parameter, ...]],
    theta: Array,
) -> kernel.Scores:
    """Return the scores of the candidates of all groups, of all respondents."""
    own = [_scores(table, group, rows, theta) for group, rows in zip(groups, offered, strict=True)]
    n = [group.n for group in groups]
    return kernel.Scores(
        np.concatenate([k * s.score for k, s in zip(n, own, strict=True)], axis=1),
        np.concatenate([k * s.own for k, s in zip(n, own, strict=True)], axis=1),
        np.concatenate([k * s.cross for k, s in zip(n, own, strict=True)], axis=1),
        np.sum([k * s.free for k, s in zip(n, own, strict=True)], axis=0),
    )


def _scores(
    table: ParameterTable, group: FittedGroup, rows: tuple[Parameter, ...], theta: Array
) -> kernel.Scores:
    """Return the scores of the candidates of one group, of one respondent."""
    if group.table is None:
        mean = group.mean[None] if group.has_means else None
        extra = candidate_layout(table, rows)
        return kernel.scores(group.layout, extra, theta, group.cov[None], mean)
    (both,), (here,) = _with_candidates(table, (group,), [rows], theta[0])
    return kernel.apart(*kernel.slopes_with_gaps(both, here[None], group.table), table.n_free)


def _with_candidates(
    table: ParameterTable,
    groups: tuple[FittedGroup, ...],
    offered: list[tuple[Parameter, ...]],
    theta: Array,
) -> tuple[list[Layout], list[Array]]:
    """Return layouts with the candidates behind the free parameters, and the values of both."""
    q, layouts, values = table.n_free, [], []
    for group, rows in zip(groups, offered, strict=True):
        offered_rows = set(map(id, rows))
        kept = tuple(row for row in group.rows if id(row) not in offered_rows)
        added = tuple(row._replace(free=q + k, fixed=None) for k, row in enumerate(rows))
        layouts.append(group_layout(table, kept + added, q + len(rows)))
        at = [0.0 if row.fixed is None else row.fixed for row in rows]
        values.append(np.concatenate([theta, at]))
    return layouts, values
