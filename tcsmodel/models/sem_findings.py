"""What is wrong with a fitted covariance-based model, as named findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tcsmodel.kernels import sem as kernel
from tcsmodel.kernels.implied import implied
from tcsmodel.kernels.replicates import Replicates
from tcsmodel.kernels.status import Status
from tcsmodel.models.applicability import applicability
from tcsmodel.models.draws import Draws, lost_replicates
from tcsmodel.models.ordinal_findings import ordinal_findings, rare_categories
from tcsmodel.models.replicated import ReplicateDraws, lost_weights
from tcsmodel.options import SEMMissing
from tcsmodel.result import Finding, Severity, worst_first

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult
    from tcsmodel.spec.parameters import Parameter

Array = NDArray[np.float64]

MANY = 0.05
# An element of the eigenvector of a non-positive eigenvalue that counts as taking part.
TAKES_PART = 0.2
# A correlation of constructs from which on it may be what a ridge comes from.
OVERLAP = 0.8
# A design effect of weights that are equal but for rounding.
EVEN = 1 + 1e-9


def findings(result: SEMResult) -> tuple[Finding, ...]:
    """Return what makes a solution inadmissible, undetermined or unfinished, worst first."""
    name = type(result.estimator).__name__
    found = [
        *_ending(result, name),
        *_ridge(result),
        *_variances(result),
        *_against(result),
        *_unit(result),
        *_correlations(result),
        *_indefinite(result),
        *_limits(result),
        *_undefined(result),
        *_naive_errors(result, name),
        *ordinal_findings(result),
        *applicability(result.sample),
    ]
    if not result.proper and all(one.severity is not Severity.PROBLEM for one in found):
        evidence = {"status": result.status}
        found.append(Finding("not_admissible", Severity.PROBLEM, (name,), evidence))
    if isinstance(result.draws, ReplicateDraws):
        found += lost_weights(result.draws, name)
    elif result.draws is not None:
        found += replicate_findings(result.draws, name, tuple(rare_categories(result)))
    return worst_first(found)


def _ending(result: SEMResult, name: str) -> Iterator[Finding]:
    unmet = result.model.broken(result.theta)
    if unmet:
        yield Finding("constraints_unmet", Severity.PROBLEM, unmet, {})
    if not result.converged:
        evidence = {"iterations": result.iterations}
        yield Finding("search_not_converged", Severity.PROBLEM, (name,), evidence)
    if not np.isfinite(result.vcov_array).all():
        yield Finding("singular_information", Severity.PROBLEM, (name,), {})


def _ridge(result: SEMResult) -> Iterator[Finding]:
    """Find coefficients of which nothing is known, and the constructs that overlap."""
    rows, errors = result.model.parameters.rows, result.standardized_errors
    directed = [i for i, r in enumerate(rows) if r.op in ("~", "=~") and r.free is not None]
    lost = [i for i in directed if errors[i] > kernel.UNKNOWN]
    if not lost:
        return
    worst = max(lost, key=lambda i: errors[i])
    evidence = {
        "count": len(lost),
        "worst": _arrow(result, rows[worst]),
        "std": float(result.arrays["std"][worst]),
        "se": float(errors[worst]),
    }
    subjects = tuple(_arrow(result, rows[i]) for i in lost)
    if not result.model.constructs:
        yield Finding("ridge_items", Severity.PROBLEM, subjects, evidence)
        return
    corr = np.triu(_correlations_by_group(result)[rows[worst].group], 1)
    closest = np.unravel_index(np.argmax(np.nan_to_num(np.abs(corr))), corr.shape)
    overlapping = bool(abs(corr[closest]) > OVERLAP)
    if overlapping:
        first, second = (result.model.constructs[at] for at in closest)
        evidence |= {"first": first, "second": second, "corr": float(corr[closest])}
    code = "ridge" if overlapping else "ridge_apart"
    yield Finding(code, Severity.PROBLEM, subjects, evidence)


def _arrow(result: SEMResult, row: Parameter) -> str:
    ends = (row.rhs, row.lhs) if row.op == "~" else (row.lhs, row.rhs)
    return _named(result, " -> ".join(ends), row.group)


def _named(result: SEMResult, name: str, group: int) -> str:
    """Return a name with its group where there are groups."""
    return f"{name} ({result.sample.groups[group]})" if result.model.n_groups > 1 else name


def _correlations_by_group(result: SEMResult) -> Array:
    """Return the correlations (G, k, k) of constructs."""
    k = len(result.model.constructs)
    return result.arrays["construct_corr"].reshape(result.model.n_groups, k, k)


def _variances(result: SEMResult) -> Iterator[Finding]:
    std, values = result.arrays["std"], result.arrays["estimates"]
    for i, row in enumerate(result.model.parameters):
        # Where all of a variance is negative, its share tells nothing of the sign.
        negative = values[i] < 0 and not abs(std[i]) <= kernel.BOUNDARY
        if row.is_variance and negative:
            estimate = result.estimates.iloc[i]
            se = result.standardized["se"].iloc[i] if row.derived else estimate["se"]
            evidence = {"variance": float(result.arrays["estimates"][i]), "se": float(se)}
            subject = _named(result, row.lhs, row.group)
            yield Finding("negative_variance", Severity.PROBLEM, (subject,), evidence)


def _against(result: SEMResult) -> Iterator[Finding]:
    """Find items of one construct that run against most of its others, beyond chance."""
    table, std = result.model.parameters, result.arrays["std"]
    own: dict[tuple[str, int], list[int]] = {}
    for i, row in enumerate(table.rows):
        if row.op == "=~" and row.rhs not in table.latents:
            own.setdefault((row.lhs, row.group), []).append(i)
    items = Counter((table.rows[i].rhs, group) for (_, group), rows in own.items() for i in rows)
    for (name, group), rows in own.items():
        sign = np.sign(np.sum(np.sign(std[rows])))
        for i in rows:
            alone = items[table.rows[i].rhs, group] == 1
            if alone and sign * std[i] < -special.ndtri(0.975) * result.standardized_errors[i]:
                subject = _named(result, table.rows[i].rhs, group)
                evidence = {"construct": name, "std": float(std[i])}
                yield Finding("item_against_others", Severity.CAUTION, (subject,), evidence)


def _unit(result: SEMResult) -> Iterator[Finding]:
    """Find constructs whose effect-coded loadings cancel, so that nothing determines the unit."""
    if not result.model.parameters.scales:
        return
    own: dict[tuple[str, int], list[int]] = {}
    for i, row in enumerate(result.model.parameters.rows):
        if row.op == "=~" and row.free is not None:
            own.setdefault((row.lhs, row.group), []).append(i)
    estimates, se = (result.estimates[name].to_numpy() for name in ("estimate", "se"))
    beyond_chance = special.ndtri(0.975)
    for (name, group), rows in own.items():
        known = np.abs(estimates[rows]) > beyond_chance * se[rows]
        std, error = result.arrays["std"][rows], result.standardized_errors[rows]
        if not known.any() and (np.abs(std) > beyond_chance * error).any():
            least, most = float(estimates[rows].min()), float(estimates[rows].max())
            evidence = {"least": least, "most": most, "se": float(se[rows].max())}
            yield Finding(
                "unit_unknown", Severity.CAUTION, (_named(result, name, group),), evidence
            )


def _correlations(result: SEMResult) -> Iterator[Finding]:
    names = result.model.constructs
    for g, corr in enumerate(_correlations_by_group(result)):
        for i, j in np.argwhere(np.abs(np.triu(corr, 1)) > 1 + kernel.BOUNDARY):
            evidence = {"corr": float(corr[i, j])}
            pair = (_named(result, names[i], g), _named(result, names[j], g))
            yield Finding("correlation_above_one", Severity.PROBLEM, pair, evidence)


def _indefinite(result: SEMResult) -> Iterator[Finding]:
    """Find covariance matrices that no variables can have."""
    table, layout = result.model.parameters, result.model.layout
    local = result.model.spread(result.theta[None])[0]
    at = implied(layout, local)
    wrong = kernel.admissibility(layout, local, at)
    for g in range(result.model.n_groups):
        # Where the variance of a path's end is negative, that says it all.
        told = wrong.latent_variance[g].any() and (at.phi[g].diagonal() < 0).any()
        if wrong.latent_cov[g] and np.isfinite(at.phi[g]).all() and not told:
            yield from _latent(result, at.phi[g], g)
        if wrong.residual_cov[g] and not wrong.residual_variance[g].any():
            rows = [r for r in table.by_group[g] if r.op == "~~" and r.lhs != r.rhs]
            items = set(table.items) - set(table.latents)
            named = dict.fromkeys(n for r in rows for n in (r.lhs, r.rhs) if n in items)
            subjects = tuple(_named(result, name, g) for name in named)
            yield Finding("residual_not_definite", Severity.PROBLEM, subjects, {})


def _latent(result: SEMResult, cov: Array, g: int) -> Iterator[Finding]:
    """Find why constructs, and items on paths, of a group cannot have these covariances (m, m).

    One without a variance covaries with nothing; the correlations of the others have a negative
    eigenvalue.
    """
    names, variance = result.model.parameters.latents, np.abs(cov.diagonal())
    flat = variance == 0
    for i in np.flatnonzero(flat & (cov != 0).any(axis=1)):
        others = tuple(_named(result, names[j], g) for j in np.flatnonzero(cov[i]))
        subject = _named(result, names[i], g)
        yield Finding("covaries_without_variance", Severity.PROBLEM, (subject,), {"others": others})
    kept = np.flatnonzero(~flat)
    sd = np.sqrt(variance[kept])
    values, vectors = np.linalg.eigh(cov[np.ix_(kept, kept)] / np.outer(sd, sd))
    if values.min(initial=0.0) < -kernel.BOUNDARY:
        part = kept[np.abs(vectors[:, 0]) > TAKES_PART]
        subjects = tuple(_named(result, names[i], g) for i in part)
        evidence = {"eigenvalue": float(values[0])}
        yield Finding("latent_not_definite", Severity.PROBLEM, subjects, evidence)


def _limits(result: SEMResult) -> Iterator[Finding]:
    """Find inequalities that hold as equalities."""
    limits = result.model.at_limit(result.theta)
    if limits:
        yield Finding("at_bound", Severity.NOTE, limits, {"count": len(limits)})


def _undefined(result: SEMResult) -> Iterator[Finding]:
    """Find defined parameters that are not a number at the estimates."""
    definitions = result.model.parameters.spec.definitions
    values = result.arrays["estimates"][len(result.model.parameters.rows) :]
    for definition, value in zip(definitions, values, strict=True):
        if not np.isfinite(value):
            evidence = {"expression": str(definition.expression)}
            yield Finding("undefined_parameter", Severity.CAUTION, (definition.name,), evidence)


def _naive_errors(result: SEMResult, name: str) -> Iterator[Finding]:
    """Find errors and a test that take weighted or clustered answers for independent ones."""
    if result.robust is not None and result.estimator.missing is not SEMMissing.TWO_STAGE:
        return
    design = result.sample.design
    if isinstance(design, Replicates):
        evidence = {"replicates": design.units}
        yield Finding("ignored_replicates", Severity.CAUTION, (name,), evidence)
    elif design is not None:
        evidence = {"clusters": len(design.stratum), "strata": len(design.sizes)}
        yield Finding("ignored_design", Severity.CAUTION, (name,), evidence)
    weights = result.sample.weights
    heeded = result.estimator.estimator.is_distribution_free or result.model.parameters.ordinal
    if weights is None or heeded:
        return
    # Kish (1965): what unequal weights alone do to the variance of a mean.
    effect = len(weights) * float((weights**2).sum()) / float(weights.sum()) ** 2
    if effect > EVEN:
        yield Finding("naive_errors", Severity.CAUTION, (name,), {"effect": effect})


def replicate_findings(draws: Draws, name: str, rare: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Yield how many replicates were lost, and how many are not admissible.

    Resamples without a category of the items in `rare` have no thresholds for it.
    """
    lost = int((draws.status >= Status.ITERATION_CAP).sum())
    if lost:
        found = lost_replicates(lost, draws.n, name)
        if rare:
            evidence = {**found.evidence, "items": rare}
            found = replace(found, code="replicates_lost_rare", evidence=evidence)
        yield found
    improper = float(np.mean(draws.status == Status.IMPROPER))
    ridge = float(np.mean(draws.status == Status.RIDGE))
    if improper + ridge > 0:
        severity = Severity.CAUTION if improper + ridge > MANY else Severity.NOTE
        evidence = {"improper": improper, "ridge": ridge, "replicates": draws.n}
        yield Finding("replicates_improper", severity, (name,), evidence)
