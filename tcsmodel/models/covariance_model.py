"""`CovarianceModel`: a specification as covariance-based SEM needs it, and its quantities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import (
    constrained,
    grouped,
    implied,
    reliability,
    sem,
)
from tcsmodel.kernels.average_scale import Averages, averages
from tcsmodel.kernels.categorical_omega import categorical_omega
from tcsmodel.kernels.expressions import Evaluated, evaluate
from tcsmodel.kernels.grouped import Grouped
from tcsmodel.kernels.likelihood import Sampled, complete
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.ordinal import OrdinalLayout, ordinal_thresholds
from tcsmodel.kernels.standardized import jacobian, standardize
from tcsmodel.options import Likelihood
from tcsmodel.spec.model import ModelSpec, Op, Relation
from tcsmodel.spec.parameters import Parameter, ParameterTable, parameter_table

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Share of what the errors of its parts would come to, below which a variance is rounding.
ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class CovarianceModel:
    """A parameter table with the arrays that kernels take.

    Parameters
    ----------
    parameters : ParameterTable
        What is estimated.
    member : ndarray (p, k) of bool
        Which item measures which construct; no row for constructs that are measured by
        constructs, or by items with a place in the structural part.
    likelihood : Likelihood
        Of the answers, or of their covariances.
    """

    parameters: ParameterTable
    member: Mask
    likelihood: Likelihood = Likelihood.NORMAL

    @classmethod
    @lru_cache(maxsize=32)
    def of(
        cls,
        spec: ModelSpec,
        *,
        likelihood: Likelihood = Likelihood.NORMAL,
        **options: Any,
    ) -> CovarianceModel:
        """Return the model of a specification, the same for the same one.

        Other options and errors as `parameter_table`.
        """
        table = parameter_table(spec, **options)
        observed = set(table.items) - set(table.latents)
        own = [c.items if set(c.items) <= observed else () for c in spec.constructs]
        member = [[item in items for items in own] for item in table.items]
        shape = len(table.items), len(own)
        return cls(table, np.array(member, dtype=bool).reshape(shape), likelihood)

    @property
    def constructs(self) -> tuple[str, ...]:
        """The k constructs."""
        return self.parameters.latents[: self.parameters.n_constructs]

    @property
    def n_groups(self) -> int:
        """Number of groups G; one without groups."""
        return len(self.parameters.groups)

    @property
    def layout(self) -> implied.Layout:
        """Where the local parameters of a group live."""
        return self.grouped.layout

    @cached_property
    def grouped(self) -> grouped.Grouped:
        """The layout that all groups share, and the parameters of each."""
        return self.grouped_with(0)

    def grouped_with(self, others: int) -> Grouped:
        """Return the model of the items with some variables behind them that nothing restricts.

        Their variances, covariances with each other and with the items, and means are
        parameters of their own in each group, behind those of the model.
        """
        table, groups = self.parameters, self.n_groups
        rows, by_group = table.by_group[0], table.by_group
        if groups == 1 and not table.ordinal:
            # No pattern over groups, and nothing derived: the parameters themselves.
            local = self.free.tolist()
        else:
            local = _numbered(
                list(zip(*([_role(row) for row in own] for own in by_group), strict=True))
            )
        first: dict[int, int] = {}
        for at, k in enumerate(local):
            first.setdefault(k, at)
        count = max(local) + 1
        more = _unrestricted(len(table.items), others)
        layout = implied.layout(
            len(table.items) + others,
            len(table.latents),
            matrix=[*(row.matrix for row in rows), *(matrix for matrix, _, _ in more)],
            row=[*(row.row for row in rows), *(row for _, row, _ in more)],
            column=[*(row.column for row in rows), *(column for *_, column in more)],
            free=[*local, *range(count, count + len(more))],
            fixed=[np.nan if row.fixed is None else row.fixed for row in rows]
            + [np.nan] * len(more),
            observed=table.observed_latents,
            n_cuts=table.ordinal.most_thresholds,
        )
        own = [[given[first[k]] for k in range(count)] for given in by_group]
        index = [[-1 if row.free is None else row.free for row in rows] for rows in own]
        value = [[np.nan if row.fixed is None else row.fixed for row in rows] for rows in own]
        n_free = table.n_free + groups * len(more)
        behind = np.arange(table.n_free, n_free).reshape(groups, -1)
        ordinal = None
        if table.ordinal:
            ordinal = OrdinalLayout.of(layout, self.categories, delta=not table.ordinal.theta)
        return grouped.grouped(
            layout,
            np.concatenate([index, behind], axis=1),
            np.concatenate([value, np.full(behind.shape, np.nan)], axis=1),
            n_free,
            self._constraints(n_free),
            ordinal,
            self._averages(others),
        )

    def _averages(self, others: int) -> Averages | None:
        """Return what effect coding averages, of the items with `others` behind them."""
        table = self.parameters
        if not table.scales:
            return None
        p, m = len(table.items) + others, len(table.latents)
        measures = np.zeros((p + m, m), dtype=bool)
        shared = np.zeros((self.n_groups, p + m, m), dtype=bool)
        for rows in zip(*table.by_group, strict=True):
            if rows[0].op is Op.REFLECTIVE:
                at = rows[0].row + p * (rows[0].matrix == implied.PATH), rows[0].column
                measures[at] = True
                shared[:, *at] = [row.free == rows[0].free for row in rows]
        return averages(measures, shared, means=table.has_means and not table.ordinal)

    @cached_property
    def categories(self) -> NDArray[np.intp]:
        """Number of categories (p,) of each item, 0 where it is continuous."""
        table = self.parameters
        return np.array([table.ordinal.counts.get(name, 0) for name in table.items])

    @cached_property
    def constraints(self) -> constrained.Constraints | None:
        """What must hold of the parameters."""
        return self._constraints(self.parameters.n_free)

    def _constraints(self, n_free: int) -> constrained.Constraints | None:
        made, bounds = self.parameters.programs, list(self._bounds)
        definitions, equalities = len(made.definitions), len(made.equalities)
        return constrained.constraints(made.all, definitions, equalities, bounds, n_free)

    @cached_property
    def _bounds(self) -> dict[tuple[int, float, float], str]:
        """Parameter, side and limit of each bound, with the bound in words."""
        return {
            (row.free, side, limit): f"{row.name} {sign} {limit:g}"
            for row in self.parameters.rows
            if row.free is not None
            for side, sign, limit in ((1.0, ">=", row.lower), (-1.0, "<=", row.upper))
            if limit is not None
        }

    def at_limit(self, theta: Array) -> tuple[str, ...]:
        """Return the inequalities that hold as equalities at theta (q,), in words."""
        if self.constraints is None:
            return ()
        tight = constrained.at_limit(self.constraints, theta[None])[0]
        held = zip(self._conditions, tight, strict=True)
        n_equal = len(self.parameters.programs.equalities)
        return tuple(name for name, at in list(held)[n_equal:] if at)

    def broken(self, theta: Array) -> tuple[str, ...]:
        """Return the constraints that do not hold at theta (q,), in words."""
        if self.constraints is None:
            return ()
        fails = constrained.broken(self.constraints, theta[None])[0]
        return tuple(name for name, at in zip(self._conditions, fails, strict=True) if at)

    @cached_property
    def _conditions(self) -> tuple[str, ...]:
        """The constraints and bounds in words, in the order of `constraints`."""
        given = self.parameters.spec.constraints
        equal = [str(c) for c in given if c.relation is Relation.EQUAL]
        scales = ["the scales of constructs"] * len(self.parameters.scales)
        others = [str(c) for c in given if c.relation is not Relation.EQUAL]
        return (*equal, *scales, *others, *self._bounds.values())

    @cached_property
    def n_equalities(self) -> int:
        """How many parameters the equalities take away."""
        if self.constraints is None:
            return 0
        return constrained.rank(self.constraints, self.parameters.n_free)

    @cached_property
    def start(self) -> Array:
        """Starting values (q,) given in the model text, nan where none."""
        given = [row.start for row in self.parameters.free]
        return np.array([np.nan if value is None else value for value in given])

    @cached_property
    def free(self) -> NDArray[np.intp]:
        """The parameter (r,) of each row, -1 where fixed."""
        return np.array([-1 if row.free is None else row.free for row in self.parameters])

    @cached_property
    def estimated(self) -> Mask:
        """Rows (r,) that are free and counted: neither fixed nor moments of observed causes."""
        return np.array([r.free is not None and not r.exogenous for r in self.parameters])

    @cached_property
    def causes(self) -> NDArray[np.intp]:
        """Which items are observed causes."""
        table = self.parameters
        return np.array([table.items.index(name) for name in table.causes], dtype=np.intp)

    @property
    def given(self) -> NDArray[np.intp]:
        """Those of them whose moments are taken as they are: all or none."""
        return self.causes if self.parameters.given else self.causes[:0]

    @cached_property
    def explained(self) -> tuple[str, ...]:
        """Items and latent variables with an R2, in the order of `r_squared`."""
        observed = [self.parameters.items[i] for i in self._measured]
        return (*observed, *(self.parameters.latents[j] for j in self._dependent))

    @cached_property
    def _explained(self) -> NDArray[np.intp]:
        """Their places among the diagonals of Psi and Theta."""
        m = len(self.parameters.latents)
        return np.array([*(m + i for i in self._measured), *self._dependent], dtype=np.intp)

    @cached_property
    def _measured(self) -> list[int]:
        loaded = {r.row for r in self.parameters.by_group[0] if r.matrix == implied.LOADING}
        return sorted(loaded)

    @cached_property
    def _dependent(self) -> list[int]:
        return sorted({r.row for r in self.parameters.by_group[0] if r.matrix == implied.PATH})

    def sampled(self, mean: Array, cov: Array, n: Array, rows: Array) -> Sampled:
        """Return what is fitted, of moments (B, p) and (B, p, p) or (B, G, ...) with groups.

        Covariances with divisor n and weight n, or n - 1 of both with Wishart's likelihood.

        Parameters
        ----------
        mean, cov : ndarray
            Means and covariances, these with divisor rows - 1.
        n, rows : ndarray (G,)
            Weight and number of the respondents of each group; (B, 1) where samples of one
            group differ in size.
        """
        g, p = self.n_groups, len(self.parameters.items)
        cov = cov.reshape(-1, g, p, p)
        means = mean.reshape(-1, g, p) if self.parameters.has_means else None
        if self.likelihood is Likelihood.WISHART:
            return complete(cov, means, n - 1)
        return complete(cov * ((rows - 1) / rows)[..., None, None], means, n)

    def respondents(self, sampled: Sampled) -> Array:
        """Return how many respondents, as `Sampled.sizes`, are behind moments made by `sampled`."""
        return sampled.sizes + self.n_groups * (self.likelihood is Likelihood.WISHART)

    def spread(self, theta: Array) -> Array:
        """Return the local parameters (B, G, f) of theta (B, q)."""
        return grouped.spread(self.grouped, theta)

    def comparable(self, local: Array, sigma: Array) -> Array:
        """Return implied covariances (..., p, p) at local parameters (..., f) as sampled ones are.

        Those of the variables behind ordinal items have variances of one.
        """
        if self.grouped.ordinal is None:
            return sigma
        scale = self._scales(local)
        return sigma * scale[..., :, None] * scale[..., None, :]

    def _scales(self, local: Array) -> Array:
        """Return what turns items (..., p) at local parameters (..., f) into comparable ones."""
        if self.grouped.ordinal is None:
            return np.ones(len(self.parameters.items))
        return implied.matrices(self.layout, local).scale[..., 0]

    def structure(self, theta: Array) -> dict[str, Array]:
        """Return what the parameters (B, q) say of the model.

        Names and shapes are those of ``draws.values``: rows of the parameter table (B, r),
        then defined parameters, explained variables (B, e), and pairs of constructs
        (B, k, k); with groups (B, G, e) and (B, G, k, k).
        """
        layout, k, n = self.layout, self.parameters.n_constructs, len(theta)
        local = self.spread(theta)
        at = implied.implied(layout, local)
        std = standardize(layout, at).reshape(n, -1)
        rows = implied.row_values(layout, at).reshape(n, -1)
        if self.parameters.programs.definitions:
            rows = np.concatenate([rows, self.defined(theta).values], axis=1)
            std = np.concatenate([std, self.defined(std[:, self.first_rows]).values], axis=1)
        return {
            "estimates": rows,
            "std": std,
            "r_squared": self._shaped(self._r_squared(at)),
            "construct_corr": self._shaped(to_corr(at.phi)[..., :k, :k]),
        }

    def defined(self, theta: Array) -> Evaluated:
        """Return the defined parameters (B, d) at theta (B, q), with their derivatives."""
        return evaluate(self.parameters.programs.definitions, theta)

    @cached_property
    def first_rows(self) -> NDArray[np.intp]:
        """The first row (q,) of each free parameter."""
        return np.unique(self.free, return_index=True)[1][int((self.free < 0).any()) :]

    def standardized_errors(self, theta: Array, vcov: Array) -> Array:
        """Return standard errors (B, r) of the standardized values of all rows at theta (B, q).

        Defined parameters at the end, as functions of the standardized values of the first row
        with each label.
        """
        layout, local, n = self.layout, self.spread(theta), len(theta)
        at = implied.implied(layout, local)
        own = grouped.local_cov(self.grouped, vcov, local)
        errors = sem.standardized_errors(layout, at, own).reshape(n, -1)
        if not self.parameters.programs.definitions:
            return errors
        slope, derived = jacobian(layout, at), grouped.derived_slopes(self.grouped, local)
        slope = grouped.by_theta(self.grouped, slope if derived is None else slope @ derived)
        slope = slope.reshape(n, -1, self.parameters.n_free)[:, self.first_rows]
        std = standardize(layout, at).reshape(n, -1)[:, self.first_rows]
        slope = self.defined(std).jacobian @ slope
        return np.concatenate([errors, delta_errors(slope, vcov)], axis=1)

    def errors(self, theta: Array, vcov: Array) -> Array:
        """Return standard errors (..., r) of all rows and defined parameters; zero where fixed.

        At theta (..., q) with covariances (..., q, q).
        """
        with np.errstate(invalid="ignore"):
            se = np.sqrt(np.diagonal(vcov, axis1=-2, axis2=-1))
        rows = np.where(self.estimated, se[..., self.free], 0.0)
        if not self.parameters.programs.definitions:
            return rows
        return np.concatenate([rows, delta_errors(self.defined(theta).jacobian, vcov)], axis=-1)

    def _shaped(self, values: Array) -> Array:
        """Return values (B, G, ...) without the axis of groups when there are none."""
        return values[:, 0] if self.n_groups == 1 else values

    def measurement(self, cov: Array, theta: Array, std: Array) -> dict[str, Array]:
        """Return the reliability (B, k) of constructs and their HTMT (B, k, k).

        For covariances (B, G, p, p) of the items, parameters (B, q) and the standardized
        values of all rows; with groups (B, G, k) and (B, G, k, k). Ordinal items add the omega of
        their sums.
        """
        k, member, groups = self.parameters.n_constructs, self.member, cov.shape[:2]
        cov = cov.reshape(-1, *cov.shape[2:])
        corr = to_corr(cov)
        local = self.spread(theta).reshape(len(cov), -1)
        parts = implied.matrices(self.layout, local)
        phi = np.diagonal(implied.implied(self.layout, local).phi, axis1=1, axis2=2)[:, :k]
        raw = np.where(member, parts.loading[:, :, :k], 0.0) * self._scales(local)[..., None]
        residual = self.comparable(local, parts.residual)
        std = std[:, : len(self.parameters.rows)]
        loadings = self._standardized_loadings(std.reshape(len(cov), -1))
        values = {
            "alpha": reliability.alpha(cov, member),
            "alpha_std": reliability.alpha(corr, member),
            "omega": reliability.omega(raw, phi, residual, member),
            "omega_observed": reliability.omega_observed(raw, phi, cov, member),
            "rho_c": reliability.rho_c(loadings, member),
            "ave": reliability.ave(loadings, member),
            "ave_raw": reliability.ave_raw(raw, phi, cov, member),
            "htmt": reliability.htmt(corr, member),
            "htmt2": reliability.htmt2(corr, member),
        }
        if self.grouped.ordinal is not None:
            sigma = self.comparable(local, implied.implied(self.layout, local).sigma)
            cut = ordinal_thresholds(self.grouped.ordinal, local)
            values["omega_categorical"] = categorical_omega(cut, raw, phi, sigma, member)
            values["omega_categorical_observed"] = categorical_omega(cut, raw, phi, corr, member)
        return {
            name: self._shaped(value.reshape(*groups, *value.shape[1:]))
            for name, value in values.items()
        }

    def _standardized_loadings(self, std: Array) -> Array:
        """Return standardized loadings (B, p, k), zero outside."""
        out = np.zeros((len(std), *self.member.shape))
        for at, row in enumerate(self.parameters.by_group[0]):
            if row.matrix == implied.LOADING:
                out[:, row.row, row.column] = std[:, at]
        return out

    def _r_squared(self, at: implied.Implied) -> Array:
        total = [cov.diagonal(axis1=-2, axis2=-1) for cov in (at.phi, at.sigma)]
        explained = self._explained
        own = implied.own_variances(self.layout, at)[..., explained]
        with np.errstate(all="ignore"):
            share = own / np.concatenate(total, axis=-1)[..., explained]
            return np.where(share < -sem.BOUNDARY, np.nan, 1 - share)

    @cached_property
    def names(self) -> Mapping[str, list[str]]:
        """The columns ``lhs op rhs group label`` of the rows and defined parameters."""
        rows, groups = self.parameters.rows, self.parameters.groups
        defined = self.parameters.spec.definitions
        names = [d.name for d in defined]
        return {
            "lhs": [row.lhs for row in rows] + names,
            "op": [str(row.op) for row in rows] + [":="] * len(defined),
            "rhs": [row.rhs for row in rows] + [str(d.expression) for d in defined],
            "group": [groups[row.group] for row in rows] + [""] * len(defined),
            "label": [row.label for row in rows] + names,
        }


def delta_errors(slope: Array, vcov: Array) -> Array:
    """Return standard errors (..., d) of functions with derivatives (..., d, q) (delta method).

    Zero where nothing but rounding is left of the errors of the parameters, as in the difference
    of two that a constraint makes equal.
    """
    with np.errstate(all="ignore"):
        variance = ((slope @ vcov) * slope).sum(axis=-1)
        own = np.sqrt(np.diagonal(vcov, axis1=-2, axis2=-1))
        size = (np.abs(slope) * own[..., None, :]).sum(axis=-1)
        return np.sqrt(np.where(variance < ROUNDING * size**2, 0.0, variance))


def _unrestricted(p: int, others: int) -> list[tuple[int, int, int]]:
    """Return matrix, row and column of all moments of variables that stand behind p items."""
    last = range(p, p + others)
    cov = [(implied.RESIDUAL, i, j) for i in last for j in range(i + 1)]
    return cov + [(implied.ITEM_MEAN, i, 0) for i in last]


Role = tuple[int | str | None, float | None]


def _role(row: Parameter) -> Role:
    """Return what tells the local parameter of a row: its free one, or its name where derived."""
    own = row.free if not row.derived else f"{row.lhs}{row.op}{row.rhs}"
    return own, row.fixed


def _numbered(patterns: Sequence[tuple[Role, ...]]) -> list[int]:
    """Return the number of each row's local parameter, -1 where it is fixed in all groups alike.

    Rows with the same pattern of free and fixed over the groups share one.
    """
    numbers: dict[object, int] = {}
    out = []
    for pattern in patterns:
        is_constant = pattern[0][0] is None and len(set(pattern)) == 1
        out.append(-1 if is_constant else numbers.setdefault(pattern, len(numbers)))
    return out
