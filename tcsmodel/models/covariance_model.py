"""`CovarianceModel`: a specification as covariance-based SEM needs it, and its quantities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import fitmeasures, implied, reliability, sem
from tcsmodel.kernels.discrepancy import independence, saturated
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.standardized import standardize
from tcsmodel.spec.model import ModelSpec
from tcsmodel.spec.parameters import ParameterTable, parameter_table

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


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
    """

    parameters: ParameterTable
    member: Mask

    @classmethod
    @lru_cache(maxsize=32)
    def of(cls, spec: ModelSpec, *, std_lv: bool) -> CovarianceModel:
        """Return the model of a specification, the same for the same one.

        Errors as `parameter_table`.
        """
        table = parameter_table(spec, std_lv=std_lv)
        observed = set(table.items) - set(table.latents)
        own = [c.items if set(c.items) <= observed else () for c in spec.constructs]
        member = [[item in items for items in own] for item in table.items]
        return cls(table, np.array(member, dtype=bool).reshape(len(table.items), len(own)))

    @property
    def constructs(self) -> tuple[str, ...]:
        """The k constructs."""
        return self.parameters.latents[: self.parameters.n_constructs]

    @cached_property
    def layout(self) -> implied.Layout:
        """Where the free parameters live."""
        rows = self.parameters.rows
        return implied.layout(
            len(self.parameters.items),
            len(self.parameters.latents),
            matrix=[row.matrix for row in rows],
            row=[row.row for row in rows],
            column=[row.column for row in rows],
            free=[-1 if row.free is None else row.free for row in rows],
            fixed=[np.nan if row.fixed is None else row.fixed for row in rows],
            observed=self.parameters.observed_latents,
        )

    @cached_property
    def start(self) -> Array:
        """Starting values (q,) given in the model text, nan where none."""
        given = [row.start for row in self.parameters.free]
        return np.array([np.nan if value is None else value for value in given])

    @cached_property
    def estimated(self) -> Mask:
        """Rows (r,) that are free and counted: neither fixed nor moments of observed causes."""
        return np.array([r.free is not None and not r.exogenous for r in self.parameters])

    @cached_property
    def explained(self) -> tuple[str, ...]:
        """Items and latent variables with an R2, in the order of `r_squared`."""
        observed = [self.parameters.items[i] for i in self._measured]
        return (*observed, *(self.parameters.latents[j] for j in self._dependent))

    @cached_property
    def _measured(self) -> list[int]:
        loaded = {r.row for r in self.parameters if r.matrix == implied.LOADING}
        return sorted(loaded)

    @cached_property
    def _dependent(self) -> list[int]:
        return sorted({r.row for r in self.parameters if r.matrix == implied.PATH})

    def fit(self, cov: Array, n: int, *, patient: bool) -> sem.Fit:
        """Return the fits to covariances (B, p, p) with divisor n."""
        return sem.fit(self.layout, cov, n, start=self.start, patient=patient)

    def structure(self, theta: Array) -> dict[str, Array]:
        """Return what the parameters (B, q) say of the model.

        Names and shapes are those of ``draws.values``: rows of the parameter table (B, r),
        explained variables (B, e), and pairs of constructs (B, k, k).
        """
        layout, k = self.layout, self.parameters.n_constructs
        at = implied.implied(layout, theta)
        return {
            "estimates": implied.row_values(layout, theta),
            "std": standardize(layout, theta, at),
            "r_squared": self._r_squared(at, implied.matrices(layout, theta)),
            "construct_corr": to_corr(at.phi)[:, :k, :k],
        }

    def measurement(self, cov: Array, theta: Array, std: Array) -> dict[str, Array]:
        """Return the reliability (B, k) of constructs and their HTMT (B, k, k).

        For covariances of the items, parameters (B, q) and their standardized values.
        """
        k, member, corr = self.parameters.n_constructs, self.member, to_corr(cov)
        parts = implied.matrices(self.layout, theta)
        phi = np.diagonal(implied.implied(self.layout, theta).phi, axis1=1, axis2=2)[:, :k]
        raw = np.where(member, parts.loading[:, :, :k], 0.0)
        loadings = self._standardized_loadings(std)
        return {
            "alpha": reliability.alpha(cov, member),
            "alpha_std": reliability.alpha(corr, member),
            "omega": reliability.omega(raw, phi, parts.residual, member),
            "rho_c": reliability.rho_c(loadings, member),
            "ave": reliability.ave(loadings, member),
            "htmt": reliability.htmt(corr, member),
        }

    def _standardized_loadings(self, std: Array) -> Array:
        """Return standardized loadings (B, p, k), zero outside."""
        out = np.zeros((len(std), *self.member.shape))
        for at, row in enumerate(self.parameters):
            if row.matrix == implied.LOADING:
                out[:, row.row, row.column] = std[:, at]
        return out

    def _r_squared(self, at: implied.Implied, parts: implied.Matrices) -> Array:
        diagonals = [
            np.diagonal(a, axis1=1, axis2=2)[:, own]
            for a, own in (
                (parts.residual, self._measured),
                (parts.latent, self._dependent),
                (at.sigma, self._measured),
                (at.phi, self._dependent),
            )
        ]
        with np.errstate(all="ignore"):
            share = np.concatenate(diagonals[:2], axis=1) / np.concatenate(diagonals[2:], axis=1)
            return np.where(share < -sem.BOUNDARY, np.nan, 1 - share)

    def fit_measures(self, cov: Array, value: Array, sigma: Array, n: int) -> dict[str, Array]:
        """Return fit measures (B,) by name, for discrepancies `value` (B,) of covariances."""
        table = self.parameters
        p, q, df = len(table.items), table.n_parameters, float(table.df)
        causes = np.array([table.items.index(name) for name in table.causes], dtype=np.intp)
        floor = saturated(cov)
        chi2 = n * value
        null = n * (independence(cov, causes) - floor)
        c = len(causes)
        null_df = p * (p - 1) / 2 - c * (c - 1) / 2
        given = saturated(cov[:, causes[:, None], causes]) if c else np.zeros(len(cov))
        loglik = fitmeasures.log_likelihood(value + floor - given, n, p - c)
        lower, upper = fitmeasures.rmsea_interval(chi2, df, n)
        return {
            "chi2": chi2,
            "df": np.full(len(cov), df),
            "p": fitmeasures.chi2_p(chi2, df),
            "baseline_chi2": null,
            "baseline_df": np.full(len(cov), null_df),
            "cfi": fitmeasures.cfi(chi2, df, null, null_df),
            "tli": fitmeasures.tli(chi2, df, null, null_df),
            "rmsea": fitmeasures.rmsea(chi2, df, n),
            "rmsea_ci_lower": lower,
            "rmsea_ci_upper": upper,
            "rmsea_p_close": fitmeasures.rmsea_close(chi2, df, n),
            "srmr": fitmeasures.srmr(cov, sigma),
            "loglik": loglik,
            "aic": fitmeasures.aic(loglik, q),
            "bic": fitmeasures.bic(loglik, q, n),
            "npar": np.full(len(cov), float(q)),
            "n": np.full(len(cov), float(n)),
        }

    @cached_property
    def names(self) -> Mapping[str, list[str]]:
        """The columns ``lhs op rhs label`` of the rows."""
        rows = self.parameters.rows
        return {
            "lhs": [row.lhs for row in rows],
            "op": [str(row.op) for row in rows],
            "rhs": [row.rhs for row in rows],
            "label": [row.label for row in rows],
        }
