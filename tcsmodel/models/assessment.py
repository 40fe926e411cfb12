"""What is derived from PLS composites: structure, reliability, validity, findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tcsmodel.errors import IdentificationError
from tcsmodel.kernels import reliability
from tcsmodel.kernels.consistent import Corrected, inadmissible, with_products
from tcsmodel.kernels.effects import total_effects
from tcsmodel.kernels.moments import to_corr
from tcsmodel.kernels.pls import Composites, composites
from tcsmodel.kernels.regression import Structure, adjusted, block_vif, structure
from tcsmodel.kernels.status import Status
from tcsmodel.models.draws import MANY_LOST, Draws, lost_replicates
from tcsmodel.models.path_model import PathModel
from tcsmodel.models.replicated import ReplicateDraws, lost_weights
from tcsmodel.models.staged import Run, Staged, staged
from tcsmodel.models.weighting import Weighting
from tcsmodel.options import Scheme
from tcsmodel.result import Finding, Severity

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]

LOW_LOADING = 0.4
GOOD_LOADING = 0.7
HIGH_VIF = 5.0


@dataclass(frozen=True, slots=True)
class Solution:
    """Composites and paths, of which all other quantities are made.

    made : constructs from items; rho_a and rho (..., k) : reliability of scores, and what they
    are corrected by; shown : loadings and correlations, corrected where they are to be; inner :
    the structure of standardized constructs; paths (..., k, k) : unstandardized for
    interactions; status (...,).
    """

    made: Staged
    rho_a: Array
    rho: Array
    shown: Corrected
    inner: Structure
    paths: Array
    status: Array


def solution(
    model: PathModel,
    weighting: Weighting,
    mean: Array,
    cov: Array,
    n: int | NDArray[np.intp],
    *,
    scheme: Scheme,
    tol: float,
    max_iter: int,
) -> Solution:
    """Return the composites and paths of means (..., p) and covariances (..., p, p)."""

    def run(s: Array, block: Index, paths: Mask, mode_b: Mask, held: Array) -> Composites:
        return composites(
            s, block, paths, mode_b, scheme, tol, max_iter, held=held, sign=weighting.sign
        )

    made = _composed(model, weighting, run, mean, cov, n)
    rho_a = reliability.rho_a(made.corr, made.found.weights[..., :, None] * model.member)
    rho = weighting.reliabilities(rho_a)
    shown, spread = weighting.corrected(made.found, rho, model.member), made.spread
    if weighting.corrects and model.factors:
        among, spread = with_products(made.found.construct_corr, spread, rho, model.factors)
        shown = replace(shown, construct_corr=among)
    inner = structure(shown.construct_corr, model.paths)
    paths = inner.paths / spread[..., :, None]
    return Solution(made, rho_a, rho, shown, inner, paths, _status(made.found, rho, shown, inner))


def assess(
    model: PathModel, weighting: Weighting, solved: Solution, n: int | NDArray[np.intp]
) -> dict[str, Array]:
    """Return every PLS quantity of a solution, by name.

    Item quantities (..., p), item x construct (..., p, k), construct (..., k), and
    source x target or construct x construct (..., k, k); `status` and `iterations` (...,).
    """
    made, shown, inner = solved.made, solved.shown, solved.inner
    total = total_effects(solved.paths)
    return {
        "outer_weights": made.found.weights,
        "outer_loadings": shown.loadings.sum(axis=-1),
        "cross_loadings": shown.cross_loadings,
        "paths": solved.paths,
        "total_effects": total,
        "indirect_effects": total - solved.paths,
        "r_squared": inner.r_squared,
        "r_squared_adj": adjusted(inner.r_squared, model.paths, n),
        "f_squared": inner.f_squared,
        "vif": inner.vif,
        "construct_corr": shown.construct_corr,
        "item_vif": block_vif(made.corr, model.block),
        "item_means": made.mean,
        "item_sds": made.sd,
        **_measurement(model, weighting, made.corr, solved.rho_a, shown),
        **_communalities(model, shown.loadings, inner.r_squared),
        "iterations": made.found.iterations,
        "status": solved.status,
        **made.kept,
    }


def _composed(
    model: PathModel, weighting: Weighting, run: Run, mean: Array, cov: Array, n: int | Index
) -> Staged:
    """Return the composites of all constructs, in one run where one is enough."""
    if model.is_staged:
        again = not weighting.corrects
        return staged(model, weighting.higher_order, weighting.held, run, mean, cov, n, again=again)
    corr = to_corr(cov)
    s = corr if weighting.standardized else cov
    found = run(s, model.block, model.paths, model.mode_b, weighting.held)
    sd = np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1))
    return Staged(found, corr, mean, sd, np.ones(len(model.constructs)))


def _status(found: Composites, rho: Array, shown: Corrected, inner: Structure) -> Array:
    alone, pairs = inadmissible(rho, shown.loadings, shown.construct_corr, inner.r_squared)
    improper = alone.any(axis=-1) | pairs.any(axis=(-2, -1))
    status = np.where(improper, np.maximum(found.status, Status.IMPROPER), found.status)
    return np.where(np.isnan(inner.paths.sum((-2, -1))), Status.SINGULAR, status)


def _measurement(
    model: PathModel, weighting: Weighting, corr: Array, rho_a: Array, shown: Corrected
) -> dict[str, Array]:
    """Return reliability and validity: nan for Mode B; of single items 1, or what is given."""
    member = model.member
    formative = model.mode_b | model.is_product
    single = (model.sizes == 1) & np.isfinite(shown.loadings.sum(axis=-2))
    given = weighting.reliabilities(rho_a)
    by_construct = {
        "alpha": np.where(single, given, reliability.alpha(corr, member)),
        "rho_a": np.where(single, given, rho_a),
        "rho_c": reliability.rho_c(shown.loadings, member),
        "ave": reliability.ave(shown.loadings, member),
    }
    by_construct = {key: np.where(formative, np.nan, v) for key, v in by_construct.items()}
    touched = np.logical_or.outer(formative, formative)
    for c, parts in model.parts.items():
        touched[c, list(parts)] = touched[list(parts), c] = True
    htmt = np.where(touched, np.nan, reliability.htmt(corr, member))
    htmt2 = np.where(touched, np.nan, reliability.htmt2(corr, member))
    fornell_larcker = shown.construct_corr.copy()
    diagonal = np.arange(len(model.constructs))
    fornell_larcker[..., diagonal, diagonal] = np.sqrt(by_construct["ave"])
    return {**by_construct, "htmt": htmt, "htmt2": htmt2, "fornell_larcker": fornell_larcker}


def _communalities(model: PathModel, loadings: Array, r_squared: Array) -> dict[str, Array]:
    """Return communality and redundancy of items (..., p) and their means (..., k)."""
    own = (loadings**2).sum(axis=-1)
    mean = reliability.ave(loadings, model.member)
    return {
        "communality": own,
        "redundancy": own * r_squared[..., model.block],
        "mean_communality": mean,
        "mean_redundancy": mean * r_squared,
    }


def explain_singular(
    model: PathModel, weighting: Weighting, values: Mapping[str, Array], corr: Array
) -> IdentificationError:
    """Return the error of a fit to correlations (p, p) that ended SINGULAR.

    It names the construct and the items or antecedents that are to blame.
    """
    for c, name in enumerate(model.constructs):
        rho = float(values["rho_a"][c])
        if weighting.consistent[c] and rho <= 0:
            return IdentificationError(
                f"Consistent PLS cannot correct {name!r}: the reliability rho_A of its items is "
                f"{rho:.2f}, so they share nothing. Look for a reversed item, or leave it out: "
                "consistent=[...] with the other constructs."
            )
    for c in np.flatnonzero(~model.made).tolist():
        name, own = model.constructs[c], model.behind(c)
        block = corr[np.ix_(own, own)]
        if model.mode_b[c] and np.linalg.eigvalsh(block)[0] < 1e-10:
            return IdentificationError(
                f"The Mode B weights of {name!r} are not determined, because its items "
                f"{_listed(model.own_items(c))} are linearly dependent (duplicates or totals). "
                f"Remove one, or use Mode A: PLS(spec, modes={{{name!r}: 'A'}})."
            )
        if block.sum() < 1e-10:
            return IdentificationError(
                f"The items of {name!r} cancel each other out: {_listed(model.own_items(c))} point "
                "in opposite directions. Recode the reversed ones: Survey(..., reverse=[...])."
            )
    pairs = np.argwhere(np.triu(np.abs(values["construct_corr"]) > 1, 1))
    if weighting.corrects and len(pairs):
        first, second = pairs[0]
        return IdentificationError(
            f"Consistent PLS has no solution: corrected for unreliability, "
            f"{model.constructs[first]!r} and {model.constructs[second]!r} correlate "
            f"{values['construct_corr'][first, second]:.2f}. The data do not tell them apart: "
            "merge them, or use consistent=False."
        )
    for c, factors in model.factors.items():
        own = np.concatenate([*map(model.behind, set(factors)), model.multiplied(c)])
        if np.linalg.eigvalsh(corr[np.ix_(own, own)])[0] < 1e-10:
            return IdentificationError(
                f"The interaction {model.constructs[c]!r} says nothing beside its factors: their "
                "items or products are linearly dependent, as an answer with two values and its "
                "square are. Leave the interaction out."
            )
    for c in model.factors:
        if weighting.corrects and np.isnan(values["construct_corr"][c, model.factors[c][0]]):
            return IdentificationError(
                f"Consistent PLS cannot correct the interaction {model.constructs[c]!r}: without "
                "measurement error its variance would not be positive. Its factors are too "
                "unreliable in these data; use consistent=False, or collect more answers."
            )
    among_all = values["construct_corr"]
    if not model.is_staged:
        among_all = composites(
            corr, model.block, model.paths, model.mode_b, Scheme.FACTORIAL, held=weighting.held
        ).construct_corr
    for target in model.targets:
        sources = np.flatnonzero(model.paths[:, target])
        among = among_all[np.ix_(sources, sources)]
        if np.isfinite(among).all() and np.linalg.eigvalsh(among)[0] < 1e-9:
            if weighting.corrects and model.factors:
                return IdentificationError(
                    f"Consistent PLS has no paths to {model.constructs[target]!r}: corrected for "
                    f"unreliability, the correlations of {_listed(model.sources(target))} "
                    "contradict each other. Drop an interaction, or use consistent=False."
                )
            return IdentificationError(
                f"The paths to {model.constructs[target]!r} are not determined, because its "
                f"antecedents {_listed(model.sources(target))} are linearly dependent in these "
                "data. Merge two of them, drop one, or collect more answers."
            )
    return IdentificationError(
        "PLS found no composites: some construct does not correlate with any neighbour. "
        "Look at the correlations of the items (survey.moments().corr) and leave it out."
    )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(repr(name) for name in names)


def findings(
    model: PathModel, weighting: Weighting, values: Mapping[str, Array]
) -> Iterator[Finding]:
    """Yield what the fitted values say against themselves: loadings, weights, collinearity."""
    if weighting.corrects:
        yield from _inadmissible_findings(model, weighting, values)
    yield from _loading_findings(model, values["outer_loadings"], values["outer_weights"])
    yield from _weight_findings(model, values["outer_weights"])
    yield from _item_vif_findings(model, values["item_vif"])
    yield from _antecedent_findings(model, values["vif"])
    if model.ignored:
        evidence = {"ignored": model.ignored}
        yield Finding("ignored_by_pls", Severity.NOTE, model.constructs[:0], evidence)


def convergence_findings(
    iterations: int, converged: bool, draws: Draws | None
) -> Iterator[Finding]:
    """Yield whether the fit converged, and how many replicates were lost or are inadmissible."""
    if not converged:
        evidence: dict[str, float] = {"iterations": iterations}
        yield Finding("not_converged", Severity.PROBLEM, ("PLS",), evidence)
    if isinstance(draws, ReplicateDraws):
        yield from lost_weights(draws, "PLS")
    elif draws is not None:
        yield from replicate_findings(draws.status)


def replicate_findings(status: NDArray[np.intp]) -> Iterator[Finding]:
    """Yield how many replicates (B,) were lost or are inadmissible."""
    replicates = len(status)
    lost = int((status >= Status.ITERATION_CAP).sum())
    if lost:
        yield lost_replicates(lost, replicates, "PLS")
    improper = int((status == Status.IMPROPER).sum())
    if improper:
        share = improper / replicates
        severity = Severity.CAUTION if share > MANY_LOST else Severity.NOTE
        evidence = {"share": share, "replicates": replicates}
        yield Finding("correction_replicates", severity, ("PLS",), evidence)


def _inadmissible_findings(
    model: PathModel, weighting: Weighting, values: Mapping[str, Array]
) -> Iterator[Finding]:
    """Yield the constructs that consistent PLS gives what no data can have."""
    loadings = values["outer_loadings"][:, None] * model.member
    corr = values["construct_corr"]
    rho = weighting.reliabilities(values["rho_a"])
    alone, pairs = inadmissible(rho, loadings, corr, values["r_squared"])
    for c in np.flatnonzero(alone):
        evidence = {
            "rho_a": float(values["rho_a"][c]),
            "loading": float(np.abs(loadings[:, c]).max()),
            "r_squared": float(np.nan_to_num(values["r_squared"][c])),
        }
        yield Finding("inadmissible_correction", Severity.PROBLEM, (model.constructs[c],), evidence)
    for i, j in np.argwhere(np.triu(pairs, 1)):
        names = (model.constructs[i], model.constructs[j])
        evidence = {"corr": float(corr[i, j])}
        yield Finding("correlation_above_one", Severity.PROBLEM, names, evidence)


def _reflective(model: PathModel) -> Mask:
    """Return which items (p,) have loadings that should be high."""
    return ~(model.mode_b | model.is_product)[model.block] & (model.sizes[model.block] > 1)


def low_loadings(model: PathModel, loadings: Array, weights: Array) -> Mask:
    """Return weak items (..., p), not strong ones that point the other way (negative weights)."""
    low = (loadings < LOW_LOADING) & ~((loadings <= -LOW_LOADING) & (weights < 0))
    return _reflective(model) & low


def negative_weights(model: PathModel, weights: Array) -> Mask:
    """Return items (..., p) that count against their construct."""
    return (weights < 0) & ~model.is_product[model.block]


def _loading_findings(model: PathModel, loadings: Array, weights: Array) -> Iterator[Finding]:
    reflective = _reflective(model)
    for i in np.flatnonzero(low_loadings(model, loadings, weights)):
        construct = model.constructs[model.block[i]]
        evidence = {"loading": float(loadings[i]), "construct": construct, "limit": LOW_LOADING}
        yield Finding("low_loading", Severity.CAUTION, (model.items[i], construct), evidence)
    modest = reflective & (loadings >= LOW_LOADING) & (loadings < GOOD_LOADING)
    for c, name in enumerate(model.constructs):
        own = tuple(model.items[i] for i in np.flatnonzero(modest & (model.block == c)))
        if own:
            lowest = float(loadings[modest & (model.block == c)].min())
            listed = {"items": own, "lowest": lowest, "limit": GOOD_LOADING}
            yield Finding("modest_loading", Severity.NOTE, (name, *own), listed)


def _weight_findings(model: PathModel, weights: Array) -> Iterator[Finding]:
    for i in np.flatnonzero(negative_weights(model, weights)):
        construct = model.constructs[model.block[i]]
        yield Finding(
            "negative_weight",
            Severity.CAUTION,
            (model.items[i], construct),
            {"weight": float(weights[i]), "construct": construct},
        )


def _item_vif_findings(model: PathModel, vif: Array) -> Iterator[Finding]:
    for c in np.flatnonzero(~model.is_product).tolist():
        name, own = model.constructs[c], np.flatnonzero(model.block == c)
        high = tuple(model.items[i] for i in own if vif[i] > HIGH_VIF)
        worst = own[np.argmax(vif[own])]
        if np.isinf(vif[worst]):
            same = {"items": model.own_items(c)}
            yield Finding("dependent_items", Severity.CAUTION, (name, *high), same)
        elif high and model.mode_b[c]:
            evidence = {"item": model.items[worst], "vif": float(vif[worst]), "limit": HIGH_VIF}
            yield Finding("collinear_items", Severity.CAUTION, (name, *high), evidence)


def _antecedent_findings(model: PathModel, vif: Array) -> Iterator[Finding]:
    for target in model.targets:
        high = np.flatnonzero(np.nan_to_num(vif[:, target], posinf=np.inf) > HIGH_VIF)
        if len(high):
            worst = high[np.argmax(vif[high, target])]
            yield Finding(
                "collinear_antecedents",
                Severity.CAUTION,
                (model.constructs[target], *(model.constructs[i] for i in high)),
                {
                    "target": model.constructs[target],
                    "antecedents": tuple(model.constructs[i] for i in high),
                    "source": model.constructs[worst],
                    "vif": float(vif[worst, target]),
                    "limit": HIGH_VIF,
                },
            )
