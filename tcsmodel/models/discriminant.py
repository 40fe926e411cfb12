"""`discriminant_validity`: can the constructs of a model be told apart? By their correlations."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from tcsmodel.errors import IdentificationError, SpecError, TcsWarning
from tcsmodel.kernels.fitmeasures import chi2_p
from tcsmodel.models.cfa import CFA
from tcsmodel.models.fitted import only_group, require_fit
from tcsmodel.models.ordinal_invariance import fitted_like
from tcsmodel.models.sem import SEM
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.options import require, require_level
from tcsmodel.result import Finding, Result, Severity
from tcsmodel.spec.model import ModelSpec, Op, Term
from tcsmodel.survey.moments import Moments, read_only
from tcsmodel.survey.survey import Survey

Array = NDArray[np.float64]

MARGINAL, MODERATE, SEVERE = 0.8, 0.9, 1.0


class Overlap(StrEnum):
    """How far the upper limit of a correlation reaches, Roenkkoe & Cho (2022)."""

    NONE = "none"
    MARGINAL = "marginal"
    MODERATE = "moderate"
    SEVERE = "severe"


def discriminant_validity(
    result: SEMResult, *, cutoff: float = 0.9, level: float | None = None
) -> DiscriminantValidity:
    """Return whether the constructs of a model can be told apart, pair by pair.

    Parameters
    ----------
    result : SEMResult or CFAResult
        A model. Its measurement is fitted anew, by the same estimator, to the same respondents.
    cutoff : float
        The correlation from which two constructs count as one, for the chi-square test.
    level : float, optional
        Confidence level of the intervals; the estimator's by default.

    Returns
    -------
    DiscriminantValidity
        The correlations with their intervals, and the tests.

    Raises
    ------
    OptionError
        When an option is out of range.
    SpecError
        When there are fewer than two constructs with items of their own; when several loadings
        of a construct are fixed, so that it cannot be standardized; or when the constructs may
        not correlate, as in a bifactor model.

    Notes
    -----
    Roenkkoe & Cho (2022, Organizational Research Methods 25, 6-47). All constructs that items
    measure are correlated freely and have unit variance; paths and second-order constructs are
    left out. The interval is Wald's, and its outer limit names the overlap: below .8 none, then
    marginal, from .9 moderate, from 1 severe. The chi-square difference on one degree of freedom
    is that of a second fit with the correlation held at `cutoff` (with its sign); zero where the
    correlation lies beyond, and scaled as `SEMResult.compare` scales it where the estimator is
    robust. Errors and tests of ``"ml"`` rely on normality; for skewed answers take ``"mlr"``, or
    compare with ``result.bootstrap(...).intervals("construct_corr")``. Of ordinal items the
    constructs are those behind their polychoric correlations, and ``"dwls"`` and ``"uls"`` have
    no test.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse('''
    ...     Quality =~ PERQ1 + PERQ3 + PERQ7
    ...     Value =~ PERV1 + PERV2
    ...     Satisfaction =~ CUSA1 + CUSA2 + CUSA3
    ... ''')
    >>> validity = tcs.discriminant_validity(tcs.CFA(spec).fit(tcs.datasets.mobi()))
    >>> validity.table()[["lhs", "rhs", "overlap"]].iloc[0].tolist()
    ['Quality', 'Satisfaction', 'severe']
    """
    require_fit(result, "discriminant_validity()")
    require(0 < cutoff <= 1, f"cutoff={cutoff!r} must lie between 0 and 1, as 0.9.")
    level = result.estimator.level if level is None else level
    require_level(level)
    only_group(result, "discriminant_validity()")
    spec, sample = standardizable(result.estimator.spec), result.sample
    free = _correlated(spec, result)
    pairs = tuple(combinations(spec.construct_names, 2))
    estimates = free.estimates
    correlated = (estimates["op"] == "~~") & estimates["lhs"].isin(spec.construct_names)
    correlated &= estimates["lhs"] != estimates["rhs"]
    found = estimates.loc[correlated, ["estimate", "se"]].to_numpy(dtype=np.float64)
    gaps = [
        0.0 if abs(corr) >= cutoff else _gap(free, result, pair, np.copysign(cutoff, corr))
        for pair, corr in zip(pairs, found[:, 0], strict=True)
    ]
    return DiscriminantValidity(
        result.estimator,
        pairs,
        read_only(found[:, 0]),
        read_only(found[:, 1]),
        read_only(np.array(gaps)),
        cutoff,
        level,
        sample.n,
    )


def standardizable(spec: ModelSpec) -> ModelSpec:
    """Return the constructs that items measure, all free to correlate, with no fixed loading."""
    names = set(spec.construct_names)
    kept = {c.name for c in spec.constructs if not set(c.items) & names}
    if len(kept) < 2:
        raise SpecError(
            "Discriminant validity is about pairs of constructs, but the model has "
            f"{len(kept)} that items measure."
        )
    measurement = spec.measurement()
    return ModelSpec(
        tuple(
            _freed(t, spec) for t in measurement.terms if t.op is not Op.REFLECTIVE or t.lhs in kept
        ),
        measurement.constraints,
        measurement.definitions,
    )


def _freed(term: Term, spec: ModelSpec) -> Term:
    """Return a loading without the value that only gave its construct a scale."""
    if term.op is not Op.REFLECTIVE or term.fixed is None:
        return term
    fixed = [t for t in spec.terms if t.op is Op.REFLECTIVE and t.lhs == term.lhs and t.fixed]
    if len(fixed) > 1:
        raise SpecError(
            f"Construct {term.lhs!r} has {len(fixed)} fixed loadings, so it cannot be standardized "
            "without changing the model. Free all but one of them."
        )
    return replace(term, fixed=None)


def _correlated(spec: ModelSpec, result: SEMResult) -> SEMResult:
    """Return the model with constructs that correlate freely."""
    try:
        return _fitted(spec, result)
    except IdentificationError as error:
        raise SpecError(
            "Discriminant validity needs constructs that may correlate, but with these "
            "correlations free no data can determine the model. Factors that share items, as in a "
            "bifactor model, are told apart by being uncorrelated: read their loadings instead, "
            "or fit constructs with items of their own."
        ) from error


def _fitted(spec: ModelSpec, result: SEMResult) -> SEMResult:
    """Return another model of the same respondents, by the same estimator."""
    sample, options = result.sample, result.estimator
    model = CFA(
        spec,
        std_lv=True,
        estimator=options.estimator,
        likelihood=options.likelihood,
        missing=options.missing,
        auxiliary=options.auxiliary,
        reliability=options.reliability,
        ordered=tuple(name for name in options.ordinal_items if name in spec.items),
        parameterization=options.parameterization,
    )
    data: Survey | Moments = sample.moments
    if sample.survey is not None and sample.rows is not None:
        used = np.zeros(sample.survey.n, dtype=bool)
        used[sample.rows] = True
        data = sample.survey.where(used)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TcsWarning)
        return model.fit(data)


def _gap(free: SEMResult, result: SEMResult, pair: tuple[str, str], at: float) -> float:
    """Return how chi-square rises with one correlation held; nan where no minimum was reached."""
    term = Term(pair[0], Op.COVARIANCE, pair[1], fixed=at)
    spec = free.estimator.spec
    spec = replace(spec, terms=(*spec.terms, term))
    if free.estimator.ordinal_items:
        held = fitted_like(replace(free.estimator, spec=spec), free)
    else:
        held = _fitted(spec, result)
    if not held.converged:
        return np.nan
    test = free.compare(held).iloc[1]
    gap = test["chi2_diff" if free.robust is None else "chi2_diff_scaled"]
    return float(gap) if held.robust is not None or free.criterion.problem.is_chi_square else np.nan


@dataclass(frozen=True, eq=False, repr=False)
class DiscriminantValidity(Result):
    """Correlations of constructs and how far apart from one they are; see `discriminant_validity`.

    Parameters
    ----------
    estimator : SEM
        The options of the model that was checked.
    pairs : tuple of (str, str)
        The pairs of constructs.
    correlation, se : ndarray (pairs,)
        Their correlations and standard errors.
    chi2_gap : ndarray (pairs,)
        How much chi-square rises when the correlation is held at `cutoff`.
    cutoff : float
        The correlation that was tested.
    level : float
        Confidence level of the intervals.
    n : int
        Respondents.
    """

    estimator: SEM
    pairs: tuple[tuple[str, str], ...]
    correlation: Array
    se: Array
    chi2_gap: Array
    cutoff: float
    level: float
    n: int

    def table(self) -> pd.DataFrame:
        """Return ``lhs rhs correlation se ci_lower ci_upper chi2_diff p overlap``, worst first."""
        half = special.ndtri((1 + self.level) / 2) * self.se
        frame = pd.DataFrame(
            {
                "lhs": [first for first, _ in self.pairs],
                "rhs": [second for _, second in self.pairs],
                "correlation": self.correlation,
                "se": self.se,
                "ci_lower": self.correlation - half,
                "ci_upper": self.correlation + half,
                "chi2_diff": self.chi2_gap,
                "p": chi2_p(self.chi2_gap, 1),
            }
        )
        reach = np.abs(self.correlation) + half
        frame["overlap"] = [_overlap(limit) for limit in reach]
        order = np.argsort(-reach, kind="stable")
        return frame.iloc[order].reset_index(drop=True)

    def verify(self) -> tuple[Finding, ...]:
        """Return the pairs whose overlap is severe or moderate, worst first."""
        found = []
        for row in self.table().to_dict("records"):
            if row["overlap"] in (Overlap.SEVERE, Overlap.MODERATE):
                severe = row["overlap"] == Overlap.SEVERE
                evidence = {
                    name: row[name] for name in ("correlation", "ci_lower", "ci_upper", "p")
                }
                found.append(
                    Finding(
                        "constructs_one" if severe else "constructs_close",
                        Severity.PROBLEM if severe else Severity.CAUTION,
                        (row["lhs"], row["rhs"]),
                        evidence | {"cutoff": self.cutoff},
                    )
                )
        return tuple(found)

    def _facts(self) -> str:
        counts = self.table()["overlap"].value_counts()
        told = [f"{counts[kind]} {kind}" for kind in reversed(Overlap) if kind in counts]
        return f"{len(self.pairs)} pairs, {', '.join(told)}, cutoff={self.cutoff:g}, n={self.n}"


def _overlap(reach: float) -> str:
    if np.isnan(reach):
        return Overlap.SEVERE.value
    limits = ((SEVERE, Overlap.SEVERE), (MODERATE, Overlap.MODERATE), (MARGINAL, Overlap.MARGINAL))
    return next((kind.value for limit, kind in limits if reach >= limit), Overlap.NONE.value)
