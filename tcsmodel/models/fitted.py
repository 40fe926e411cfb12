"""What kernels need of a fitted covariance model, group by group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.kernels import constrained, implied, missing
from tcsmodel.models.estimator import Sample
from tcsmodel.options import require
from tcsmodel.spec.model import Op
from tcsmodel.spec.parameters import Parameter, ParameterTable

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FittedGroup:
    """One group of a fitted model; the only one without groups.

    Parameters
    ----------
    label : str
        The group, empty without groups.
    rows : tuple of Parameter
        Its rows of the parameter table.
    layout : Layout
        Where the free parameters of the whole model live in its matrices.
    cov : ndarray (p, p)
        Its covariances, as they were fitted.
    mean : ndarray (p,)
        Its means.
    n : float
        The weight it was fitted with: its respondents, or the sum of their normalized weights;
        one less with Wishart's likelihood.
    has_means : bool
        Whether its means are modelled.
    table : PatternMoments or None
        The patterns of its missing answers, where there are any; `mean` and `cov` are then
        those of maximum likelihood.
    """

    label: str
    rows: tuple[Parameter, ...]
    layout: implied.Layout
    cov: Array
    mean: Array
    n: float
    has_means: bool
    table: missing.PatternMoments | None


def require_fit(result: object, what: str) -> None:
    """Raise OptionError unless a result is one of SEM or CFA, which `what` takes."""
    from tcsmodel.models.sem_result import SEMResult

    require(
        isinstance(result, SEMResult),
        f"{what} takes a result of SEM or CFA, not {type(result).__name__}. "
        "Try tcs.CFA(spec).fit(survey).",
    )


def require_no_auxiliary(result: SEMResult, what: str) -> None:
    """Raise TcsError when auxiliary variables took part, of which `what` knows nothing."""
    if result.sample.joint is not None:
        raise TcsError(
            f"{what} knows nothing of auxiliary variables, with which this model was fitted. Fit "
            "it without auxiliary=, and read the answer with the gaps in mind."
        )


def fitted_groups(result: SEMResult) -> tuple[FittedGroup, ...]:
    """Return the groups of a fitted model."""
    table, sample, values = result.model.parameters, result.sample, result.arrays["estimates"]
    if table.ordinal:
        known = [
            row._replace(fixed=float(value)) if row.derived else row
            for row, value in zip(table.rows, values, strict=False)
        ]
        table = replace(table, rows=tuple(known))
    return tuple(
        FittedGroup(
            label,
            rows,
            group_layout(table, rows),
            cov,
            own.moments.mean_array,
            float(size),
            table.has_means,
            _gaps(own),
        )
        for label, rows, own, cov, size in zip(
            table.groups,
            table.by_group,
            sample.by_group,
            result.sampled.cov[0],
            result.sampled.n,
            strict=True,
        )
    )


def _gaps(sample: Sample) -> missing.PatternMoments | None:
    values = sample.values
    if values is None or sample.staged or not np.isnan(values).any():
        return None
    weights = None if sample.weights is None else sample.weights[None]
    return missing.tabulate(missing.patterns(values), values, weights)


def held_constraints(result: SEMResult) -> Array | None:
    """Return derivatives (c, q) of the constraints that hold as equalities, equalities first."""
    on, theta = result.model.constraints, result.theta[None]
    if on is None:
        return None
    return constrained.conditions(on, theta).rows[0][constrained.at_limit(on, theta)[0]]


def only_group(result: SEMResult, what: str) -> FittedGroup:
    """Return the group of a model without groups, or raise TcsError saying `what` needs one."""
    groups = fitted_groups(result)
    if len(groups) > 1:
        raise TcsError(
            f"{what} takes a model of one group, and this one has {len(groups)}: "
            f"{', '.join(group.label for group in groups)}. Fit the respondents of one group."
        )
    return groups[0]


def measured_loadings(
    group: FittedGroup, theta: Array, constructs: tuple[str, ...]
) -> tuple[Array, NDArray[np.intp]]:
    """Return loadings (p, m) of items, on second-order constructs by way of the first-order ones.

    And the order (m,) of each latent variable: 0 when items measure it, else one more than
    that of its indicators.
    """
    parts = implied.matrices(group.layout, theta)
    loading = parts.loading.copy()
    order = np.where((loading != 0).any(axis=0), 0, -1)
    higher = [row for row in group.rows if row.op is Op.REFLECTIVE and row.rhs in constructs]
    while (order < 0).any():
        for j in np.flatnonzero(order < 0):
            below = [row.row for row in higher if row.column == j]
            if (order[below] >= 0).all():
                loading[:, j] = loading[:, below] @ parts.path[below, j]
                order[j] = 1 + order[below].max(initial=0)
    return loading, order


def group_layout(
    table: ParameterTable, rows: tuple[Parameter, ...], n_free: int | None = None
) -> implied.Layout:
    """Return where `n_free` parameters, by default those of the table, live in some of its rows."""
    layout = implied.layout(
        len(table.items),
        len(table.latents),
        matrix=[row.matrix for row in rows],
        row=[row.row for row in rows],
        column=[row.column for row in rows],
        free=[-1 if row.free is None else row.free for row in rows],
        fixed=[np.nan if row.fixed is None else row.fixed for row in rows],
        observed=table.observed_latents,
        n_cuts=table.ordinal.most_thresholds,
    )
    return replace(layout, n_free=table.n_free if n_free is None else n_free, shared=True)
