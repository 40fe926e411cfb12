"""What is wrong with a fitted covariance-based model, as named findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.kernels import sem as kernel
from tcsmodel.kernels.implied import implied
from tcsmodel.kernels.status import Status
from tcsmodel.result import Finding, Severity

if TYPE_CHECKING:
    from tcsmodel.models.draws import Draws
    from tcsmodel.models.sem import SEMResult

Array = NDArray[np.float64]

MANY = 0.05
# An element of the eigenvector of a non-positive eigenvalue that counts as taking part.
TAKES_PART = 0.2


def findings(result: SEMResult) -> tuple[Finding, ...]:
    """Return what makes a solution inadmissible, undetermined or unfinished, worst first."""
    name = type(result.estimator).__name__
    found = [
        *_ending(result, name),
        *_ridge(result),
        *_variances(result),
        *_correlations(result),
        *_indefinite(result),
    ]
    if result.draws is not None:
        found += _replicates(result.draws, name)
    order = list(Severity)
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def _ending(result: SEMResult, name: str) -> Iterator[Finding]:
    if not result.converged:
        evidence = {"iterations": result.iterations}
        yield Finding("not_converged", Severity.PROBLEM, (name,), evidence)
    if not np.isfinite(result.vcov_array).all():
        yield Finding("singular_information", Severity.PROBLEM, (name,), {})


def _ridge(result: SEMResult) -> Iterator[Finding]:
    """Find coefficients of which nothing is known, and the constructs that overlap."""
    table = result.model.parameters
    layout, theta = result.model.layout, result.theta
    errors = kernel.standardized_errors(layout, theta, implied(layout, theta), result.vcov_array)
    directed = [i for i, r in enumerate(table) if r.op in ("~", "=~") and r.free is not None]
    lost = [i for i in directed if errors[i] > kernel.UNKNOWN]
    if not lost:
        return
    rows, std = table.rows, result.arrays["std"]
    worst = max(lost, key=lambda i: errors[i])
    corr = np.abs(np.triu(result.arrays["construct_corr"], 1))
    closest = np.unravel_index(np.argmax(np.nan_to_num(corr)), corr.shape)
    evidence = {
        "count": len(lost),
        "worst": _arrow(rows[worst].lhs, str(rows[worst].op), rows[worst].rhs),
        "std": float(std[worst]),
        "se": float(errors[worst]),
        "first": result.model.constructs[closest[0]],
        "second": result.model.constructs[closest[1]],
        "corr": float(result.arrays["construct_corr"][closest]),
    }
    subjects = tuple(_arrow(rows[i].lhs, str(rows[i].op), rows[i].rhs) for i in lost)
    yield Finding("ridge", Severity.PROBLEM, subjects, evidence)


def _arrow(lhs: str, op: str, rhs: str) -> str:
    return f"{rhs} -> {lhs}" if op == "~" else f"{lhs} -> {rhs}"


def _variances(result: SEMResult) -> Iterator[Finding]:
    layout, std = result.model.layout, result.arrays["std"]
    for i, row in enumerate(result.model.parameters):
        if row.is_variance and std[i] < -kernel.BOUNDARY:
            at = layout.free[i]
            se = float(np.sqrt(result.vcov_array[at, at])) if at >= 0 else 0.0
            evidence = {"variance": float(result.arrays["estimates"][i]), "se": se}
            yield Finding("negative_variance", Severity.PROBLEM, (row.lhs,), evidence)


def _correlations(result: SEMResult) -> Iterator[Finding]:
    names, corr = result.model.constructs, result.arrays["construct_corr"]
    for i, j in np.argwhere(np.abs(np.triu(corr, 1)) > 1 + kernel.BOUNDARY):
        evidence = {"corr": float(corr[i, j])}
        pair = (names[i], names[j])
        yield Finding("correlation_above_one", Severity.PROBLEM, pair, evidence)


def _indefinite(result: SEMResult) -> Iterator[Finding]:
    """Find covariance matrices that no variables can have."""
    layout, theta = result.model.layout, result.theta[None]
    wrong = kernel.admissibility(layout, theta, implied(layout, theta))
    corr = result.arrays["construct_corr"]
    if wrong.latent_cov[0] and np.isfinite(corr).all():
        values, vectors = np.linalg.eigh(corr)
        if values[0] < -kernel.BOUNDARY:
            part = np.abs(vectors[:, 0]) > TAKES_PART
            subjects = tuple(n for n, own in zip(result.model.constructs, part, strict=True) if own)
            evidence = {"eigenvalue": float(values[0])}
            yield Finding("latent_not_definite", Severity.PROBLEM, subjects, evidence)
    if wrong.residual_cov[0] and not wrong.residual_variance[0].any():
        rows = [r for r in result.model.parameters if r.op == "~~" and r.lhs != r.rhs]
        items = set(result.model.parameters.items) - set(result.model.parameters.latents)
        named = dict.fromkeys(n for r in rows for n in (r.lhs, r.rhs) if n in items)
        yield Finding("residual_not_definite", Severity.PROBLEM, tuple(named), {})


def _replicates(draws: Draws, name: str) -> Iterator[Finding]:
    lost = int((draws.status >= Status.ITERATION_CAP).sum())
    if lost:
        share = lost / draws.n
        severity = Severity.CAUTION if share > MANY else Severity.NOTE
        evidence = {"lost": lost, "replicates": draws.n, "share": share}
        yield Finding("replicates_lost", severity, (name,), evidence)
    improper = float(np.mean(draws.status == Status.IMPROPER))
    ridge = float(np.mean(draws.status == Status.RIDGE))
    if improper + ridge > 0:
        severity = Severity.CAUTION if improper + ridge > MANY else Severity.NOTE
        evidence = {"improper": improper, "ridge": ridge, "replicates": draws.n}
        yield Finding("replicates_improper", severity, (name,), evidence)
