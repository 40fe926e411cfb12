"""The text summary of a covariance-based model, laid out as lavaan's users know it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tcsmodel.models.draws import Source
from tcsmodel.options import Engine, Estimator, SEMMissing
from tcsmodel.result import as_text, shown_p

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

SECTIONS = (
    ("Latent variables", "=~"),
    ("Regressions", "~"),
    ("Covariances", "~~"),
    ("Intercepts", "~1"),
    ("Thresholds", "|"),
    ("Variances", "variance"),
    ("Scales of ordinal items", "~*~"),
    ("Defined parameters", ":="),
)
ALONE = ("variance", "~1", ":=", "~*~")
ERRORS = {
    Estimator.ML: "expected information",
    Estimator.MLR: "sandwich, observed information",
    Estimator.MLM: "sandwich, expected information",
    Estimator.MLMV: "sandwich, expected information",
    Estimator.GLS: "normal-theory weight",
    Estimator.WLS: "distribution-free weight",
    Estimator.ULS: "sandwich, normal theory",
    Estimator.DWLS: "sandwich, normal theory",
    Estimator.ULSMV: "sandwich, distribution-free",
    Estimator.WLSM: "sandwich, distribution-free",
    Estimator.WLSMV: "sandwich, distribution-free",
}
STAGES = {
    SEMMissing.TWO_STAGE: "two-stage, observed information",
    SEMMissing.ROBUST_TWO_STAGE: "robust two-stage, sandwich",
}


def summary(result: SEMResult) -> str:
    """Return facts, findings, fit measures, parameters by kind and explained variances."""
    findings = [f"{finding.severity}: {finding}" for finding in result.verify()]
    parts = ["\n".join([repr(result), *findings]), _fit(result), *_sections(result)]
    if not result.r_squared.empty:
        explained = as_text(result.r_squared.to_frame())
        parts.append(f"R-squared\n{explained}")
    return "\n\n".join(parts)


def _fit(result: SEMResult) -> str:
    m = result.fit_measures
    lines = [
        ("Estimator", _estimator(result)),
        *_ordinal(result),
        ("Respondents", _respondents(result)),
        ("Free parameters", f"{m['npar']:.0f}"),
        ("Iterations", f"{result.iterations}"),
        ("Chi-square", f"{m['chi2']:z.3f}, df {m['df']:.0f}{_plain_p(result, m)}"),
        *_scaled_test(result, m),
        ("Baseline chi-square", f"{m['baseline_chi2']:.3f}, df {m['baseline_df']:.0f}"),
        ("CFI, TLI", f"{m['cfi']:.3f}, {m['tli']:.3f}"),
        ("RMSEA [90% interval]", _rmsea(m)),
        *_robust_fit(m),
        ("SRMR", f"{m['srmr']:.3f}"),
        *_likelihood(m),
        ("Standard errors", _errors(result)),
        *_intervals(result),
    ]
    return "\n".join(f"{name:<24}{value}" for name, value in lines)


def _estimator(result: SEMResult) -> str:
    name, engine = str(result.estimator.estimator).upper(), result.estimator.engine
    return name if engine is Engine.NATIVE else f"{name}, solution by {engine}"


def _plain_p(result: SEMResult, m: pd.Series) -> str:
    if m["df"] == 0:
        return " (saturated, nothing to test)"
    return f", p {shown_p(m['p'])}" if result.criterion.problem.is_chi_square else ""


def _rmsea(m: pd.Series) -> str:
    value = f"{m['rmsea']:.3f} [{m['rmsea_ci_lower']:.3f}, {m['rmsea_ci_upper']:.3f}]"
    if m["df"] == 0:
        return value
    return f"{value}, p (RMSEA at most .05) {shown_p(m['rmsea_p_close'])}"


def _ordinal(result: SEMResult) -> Iterator[tuple[str, str]]:
    ordinal = result.model.parameters.ordinal
    if ordinal:
        count, whole = len(ordinal.counts), len(result.model.parameters.items)
        way = result.estimator.parameterization
        yield "Ordinal items", f"{count} of {whole}, {way} parameterization"


def _likelihood(m: pd.Series) -> Iterator[tuple[str, str]]:
    if "loglik" in m:
        yield "Log-likelihood", f"{m['loglik']:.3f}"
        yield "AIC, BIC", f"{m['aic']:.3f}, {m['bic']:.3f}"


def _scaled_test(result: SEMResult, m: pd.Series) -> Iterator[tuple[str, str]]:
    if result.robust is not None and m["df"] > 0:
        values = f"{m['chi2_scaled']:z.3f}, df {m['df_scaled']:.0f}, p {shown_p(m['p_scaled'])}"
        yield "Scaled chi-square", f"{values} (scaling factor {m['scaling_factor']:.3f})"


def _robust_fit(m: pd.Series) -> Iterator[tuple[str, str]]:
    """Yield the robust fit measures; the scaled ones where no robust ones are known."""
    for kind in ("robust", "scaled"):
        if not np.isnan(m.get(f"cfi_{kind}", np.nan)):
            word = kind.capitalize()
            yield f"{word} CFI, TLI", f"{m[f'cfi_{kind}']:.3f}, {m[f'tli_{kind}']:.3f}"
            limits = f"[{m[f'rmsea_ci_lower_{kind}']:.3f}, {m[f'rmsea_ci_upper_{kind}']:.3f}]"
            yield f"{word} RMSEA [90%]", f"{m[f'rmsea_{kind}']:.3f} {limits}"
            return


def _respondents(result: SEMResult) -> str:
    if result.model.n_groups == 1:
        return f"{result.sample.n}"
    parts = zip(result.sample.groups, result.sample.by_group, strict=True)
    return f"{result.sample.n} ({', '.join(f'{label} {part.n}' for label, part in parts)})"


def _errors(result: SEMResult) -> str:
    if result.draws is None:
        if result.estimator.missing.is_staged and result.robust is not None:
            return STAGES[result.estimator.missing]
        if result.estimator.uses_observed and result.robust is None:
            return "observed information"
        if result.model.parameters.ordinal:
            return "sandwich of the correlations and thresholds"
        return ERRORS[result.estimator.estimator]
    if result.draws.source is Source.MONTE_CARLO:
        return f"Monte Carlo, {result.draws.n} draws of the estimates"
    if result.draws.source is Source.REPLICATE_WEIGHTS:
        return result.draws.facts
    return f"bootstrap, {result.draws.n} replicates ({result.draws.ends})"


def _intervals(result: SEMResult) -> Iterator[tuple[str, str]]:
    if result.draws is not None:
        drawn = result.draws.source is not Source.REPLICATE_WEIGHTS
        kind = f"{result.draws.kind} {result.draws.source}" if drawn else "Student's t"
        yield "Intervals", f"{kind}, {result.level:.0%}"


def _sections(result: SEMResult) -> Iterator[str]:
    table = result.estimates
    if result.model.parameters.ordinal:
        table = table[~_customary(table)]
    # Defined parameters belong to no group.
    for group in dict.fromkeys((*result.sample.groups, "")):
        title = f"Group {group}: " if group else ""
        yield from _parameters(result, table[table["group"] == group], title)


def _customary(table: pd.DataFrame) -> pd.Series:
    """Return which rows are fixed as everywhere: intercepts at zero and scales at one."""
    zero = (table["op"] == "~1") & (table["estimate"] == 0)
    one = (table["op"] == "~*~") & (table["estimate"] == 1)
    return (zero | one) & (table["se"] == 0)


def _parameters(result: SEMResult, table: pd.DataFrame, group: str) -> Iterator[str]:
    kind = table["op"].mask((table["op"] == "~~") & (table["lhs"] == table["rhs"]), "variance")
    columns = ["estimate", "se", "z", "p", "ci_lower", "ci_upper", "std"]
    for title, op in SECTIONS:
        part = table[kind == op]
        if part.empty:
            continue
        names = part["lhs"] if op in ALONE else part["lhs"] + " " + op + " " + part["rhs"]
        # The label of a defined parameter is its name.
        labels = part["label"].where(part["op"] != ":=", "")
        names = names + labels.map(lambda label: f" ({label})" if label else "")
        frame = part[columns].set_index(pd.Index(names, name=None))
        text = as_text(frame, na_rep="")
        yield f"{group}{title} (intervals {result.level:.0%})\n{text}"
