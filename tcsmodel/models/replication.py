"""Fits of a covariance-based model to samples of a population that it describes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from tcsmodel.errors import IdentificationError, ImproperSolutionWarning, SpecError
from tcsmodel.kernels import monte_carlo, sem
from tcsmodel.kernels.batch import map_chunks
from tcsmodel.kernels.likelihood import Sampled
from tcsmodel.kernels.status import Status
from tcsmodel.models.sem import SEM, SEMResult
from tcsmodel.survey.moments import Moments

Array = NDArray[np.float64]

CHUNK = 128
# A discrepancy above this is not rounding: the model does not hold in the population.
MISFIT = 1e-8
ZERO = 1e-9
ENDLESS = 1_000_000


def reported(estimator: SEM) -> tuple[tuple[str, str, str], ...]:
    """Return ``lhs op rhs`` of what is reported.

    The free parameters other than moments of observed causes, then defined parameters.
    """
    table = estimator.parameters
    rows = [table.free[k] for k in _kept(estimator)]
    return (
        *((row.lhs, str(row.op), row.rhs) for row in rows),
        *((one.name, ":=", str(one.expression)) for one in table.spec.definitions),
    )


def values_of(estimator: SEM, theta: Array, vcov: Array) -> tuple[Array, Array]:
    """Return the values (B, r) of what is reported, and their standard errors.

    Of parameters (B, q) with covariances (B, q, q); those of defined parameters by the delta
    method.
    """
    kept, defined = _kept(estimator), estimator.model.defined(theta)
    slope = defined.jacobian
    with np.errstate(invalid="ignore"):
        own = np.sqrt(np.diagonal(vcov, axis1=1, axis2=2)[:, kept])
        theirs = np.sqrt(((slope @ vcov) * slope).sum(axis=-1))
    estimates = np.concatenate([theta[:, kept], defined.values], axis=1)
    return estimates, np.concatenate([own, theirs], axis=1)


def _kept(estimator: SEM) -> list[int]:
    return [k for k, row in enumerate(estimator.parameters.free) if not row.exogenous]


def true_parameters(estimator: SEM, cov: Array) -> Array:
    """Return the free parameters (q,) of a model in a population with covariances (p, p).

    Raises
    ------
    SpecError
        When the model does not hold in the population.
    IdentificationError
        When no data, or not those of this population, determine a parameter.
    """
    items = estimator.parameters.items
    moments = Moments.from_cov(cov * (ENDLESS / (ENDLESS - 1)), ENDLESS, names=items)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImproperSolutionWarning)
        first = estimator.fit(moments)
    if first.discrepancy > MISFIT:
        raise SpecError(_misfit(first))
    # From there one more Newton step is exact.
    exact = _fit(estimator, cov[None], ENDLESS, first.theta)
    if exact.status[0] > Status.IMPROPER:
        raise IdentificationError(
            "The data of this population do not determine every parameter, though those of "
            "others would. A construct with fewer than three items needs a covariance or path "
            "that is not zero: give it such a population value, or another item."
        )
    return np.where(np.abs(exact.theta[0]) < ZERO, 0.0, exact.theta[0])


def _misfit(fitted: SEMResult) -> str:
    spec, residuals = fitted.estimator.spec, np.abs(fitted.residual_corr.to_numpy())
    items = fitted.residual_corr.index
    first, second = (items[at] for at in np.unravel_index(residuals.argmax(), residuals.shape))
    held = [t.statement for t in spec.terms if t.fixed is not None or t.label]
    message = (
        "The model does not hold in the population that the values describe: it misses the "
        f"correlation of {first} and {second} most."
    )
    limits = fitted.model.at_limit(fitted.theta)
    if limits:
        return f"{message} The values lie beyond {', '.join(limits)}: move them or the limit."
    if held:
        message += (
            f" It holds fixed or equal: {', '.join(held[:6])}; but the fit scales constructs by "
            "their first item, the population by a variance of one. Write population values as "
            "start(0.7)*x, or in parameters={...}."
        )
    causes = fitted.estimator.parameters.causes
    if causes:
        message += (
            f" Causes without items ({', '.join(causes)}) correlate with the constructs in the "
            f"population, in the model only where it says so: {causes[0]} ~~ the construct."
        )
    return message


@dataclass(frozen=True, slots=True)
class Fits:
    """What became of samples (..., B).

    estimates, errors (..., r): what is reported and its standard errors; status: how each fit
    ended; counts: whether it reached a minimum with standard errors.
    """

    estimates: Array
    errors: Array
    status: NDArray[np.intp]
    counts: NDArray[np.bool_]


@dataclass(frozen=True)
class Replication:
    """Samples of a population with covariances (p, p) and known parameters (q,), and their fits."""

    estimator: SEM
    cov: Array
    truth: Array
    replications: int
    seed: int

    def fits(self, sizes: tuple[int, ...], progress: bool) -> Fits:
        """Return the fits (k, B) to samples of each size, as read-only arrays."""
        parts = []
        total = len(sizes) * self.replications
        with tqdm(total=total, desc="power", disable=None if progress else True) as bar:
            for part in map_chunks(self._one, self._chunks(sizes)):
                parts.append(part)
                bar.update(len(part.status))
        joined = []
        for field in fields(Fits):
            array = np.concatenate([getattr(part, field.name) for part in parts])
            array = array.reshape(len(sizes), self.replications, *array.shape[1:])
            array.setflags(write=False)
            joined.append(array)
        return Fits(*joined)

    def _chunks(self, sizes: tuple[int, ...]) -> Iterator[tuple[int, Array]]:
        for n in sizes:
            drawn = monte_carlo.sample_covariances(self.cov, n, self.replications, self.seed, CHUNK)
            for cov in drawn:
                yield n, cov

    def _one(self, chunk: tuple[int, Array]) -> Fits:
        n, cov = chunk
        fitted = _fit(self.estimator, cov, n, self.truth)
        estimates, errors = values_of(self.estimator, fitted.theta, fitted.vcov)
        counts = fitted.converged & np.isfinite(errors).all(axis=1)
        return Fits(estimates, errors, fitted.status, counts)


def _fit(estimator: SEM, cov: Array, n: int, start: Array) -> sem.Fit:
    """Return the fits to covariances (B, p, p) of n respondents, from one start (q,)."""
    sampled = Sampled(cov[:, None], None, np.array([float(n)]))
    return sem.fit(estimator.model.grouped, sampled, start=start)
