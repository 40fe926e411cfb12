"""`invariance`: whether several groups answer with the same measure."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from tcsmodel.errors import ImproperSolutionWarning, warn
from tcsmodel.models import invariance_findings
from tcsmodel.models.cfa import CFA
from tcsmodel.models.estimator import as_survey, take
from tcsmodel.models.invariance_ladder import ladder, options_of, require_answers
from tcsmodel.models.invariance_rules import (
    CFI_FALL,
    LEAST_CFI,
    MOST_SRMR,
    chen_limits,
    holds_by_chen,
    steps_table,
)
from tcsmodel.models.modification import release_tests
from tcsmodel.models.ordinal_invariance import refit_tests, released_with
from tcsmodel.models.sem_result import SEMResult
from tcsmodel.options import (
    Estimator,
    InvarianceStep,
    SEMMissing,
    choose,
    require,
)
from tcsmodel.result import Finding, Result
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.survey import Survey

HOLDS, FAILS, IMPROPER = "holds", "fails", "improper"
# The parameters of each step: their operator, and whether both of its ends are one item.
KINDS = {"thresholds": "|", "metric": "=~", "scalar": "~1", "strict": "~~"}
TESTED = ["parameter", "construct", "item", "group", "chi2", "df", "p", "p_adjusted", "epc"]
# Fewer invariant items than this cannot carry the comparison of a construct.
ANCHORS = 2


def invariance(
    spec: ModelSpec,
    survey: Survey | pd.DataFrame,
    group: str | None = None,
    *,
    estimator: Estimator | str | None = None,
    missing: SEMMissing | str = SEMMissing.LISTWISE,
    ordered: bool | Sequence[str] = (),
) -> InvarianceResult:
    """Return how far groups of respondents measure their constructs alike.

    Fits the measurement part of a specification to all groups at once, each step with more
    that is equal: ``configural`` (nothing), ``metric`` (loadings), ``scalar`` (and intercepts),
    ``strict`` (and residual variances), ``means`` (and the means of constructs). Of ordinal
    items the thresholds come first, as a step of their own (Wu & Estabrook 2016). Means of
    groups may be compared from ``scalar`` on.

    Parameters
    ----------
    spec : ModelSpec
        The model; its paths are left out, as in `CFA`.
    survey : Survey or pandas.DataFrame
        The answers.
    group : str, optional
        The column that tells groups apart; the survey's own by default. The group that appears
        first is the one with which others are compared.
    estimator : {"ml", "mlr", "mlm", "mlmv", "wlsmv", "wlsm", "ulsmv"}, optional
        As in `CFA`: ``"ml"`` by default, of ordinal items ``"wlsmv"``. Other than with ``"ml"``
        tests, and differences of tests (Satorra & Bentler 2001; 2000 of ordinal items), are
        scaled, and CFI and RMSEA are the robust ones, of ordinal items the scaled ones.
    missing : {"listwise", "fiml", "two_stage", "robust_two_stage", "pairwise"}
        As in `CFA`: what is done about missing answers.
    ordered : bool or sequence of str
        Which items are ordinal, as in `CFA`; with three categories or more. Residual variances
        are those of the theta parameterization, constructs have a variance of one.

    Returns
    -------
    InvarianceResult

    Raises
    ------
    OptionError
        When `spec` is no `ModelSpec`, no column of groups is named, an option is outside its
        vocabulary, or the estimator of ordinal items has no test.
    SurveyError
        When an item is constant or without answers in a group, when a group is too small for
        the model, or there is one group only; the message names item and group.

    Warns
    -----
    DroppedRespondentsWarning
        When respondents with missing answers are left out.
    ImproperSolutionWarning
        When the solution of a step is not admissible.

    Notes
    -----
    A step holds when it holds by both rules on the change of fit from the step before: Cheung
    and Rensvold (2002), CFI falls by no more than .010; and Chen (2007): it fails when CFI falls
    by more than .010 *and* RMSEA rises by more than .015 or SRMR by more than .030 (metric) or
    .010 (scalar, strict). Up to 300 respondents, or where one group is more than 1.5 times
    another (our reading of "unequal"), Chen's limits are .005, .010, .025 and .005. The
    chi-square difference is shown beside them; it rejects small differences in large samples.
    The first step holds when CFI is .90 or more and SRMR .08 or less, the last by the
    chi-square difference.

    Cheung, G. W. & Rensvold, R. B. (2002), Structural Equation Modeling 9(2), 233-255.
    Chen, F. F. (2007), Structural Equation Modeling 14(3), 464-504.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> text = "Quality =~ q1 + q2 + q3 + q4"
    >>> frame = tcs.simulate(tcs.ModelSpec.parse(text), n=400, seed=2).data
    >>> frame["brand"] = ["A", "B"] * 200
    >>> tcs.invariance(tcs.ModelSpec.parse(text), frame, group="brand")
    InvarianceResult(2 groups of brand, n=400, strict invariance)
    """
    own = getattr(survey, "group", None) if isinstance(survey, Survey) else None
    column = own if group is None else str(group)
    require(
        column is not None,
        "invariance() compares groups: name their column, as in group='brand', or in the survey.",
    )
    assert column is not None
    require(
        isinstance(spec, ModelSpec),
        f"spec must be a ModelSpec, not {type(spec).__name__}. Try tcs.ModelSpec.parse(text).",
    )
    require(
        bool(spec.constructs),
        "invariance() compares how constructs are measured, and the model has none. Measure some, "
        "as Quality =~ q1 + q2 + q3.",
    )
    model = CFA(
        spec,
        group=column,
        missing=choose(SEMMissing, missing, "missing"),
        **options_of(spec, column, estimator, ordered),
    )
    items = model.parameters.items
    if isinstance(survey, (Survey, pd.DataFrame)):
        survey = as_survey(survey, items)
        require_answers(survey, items, column)
    sample = take(survey, items, model.missing, column)
    assert sample.survey is not None
    assert sample.rows is not None
    used = np.zeros(sample.survey.n, dtype=bool)
    used[sample.rows] = True
    whole = sample.survey if used.all() else sample.survey.where(used)
    result = InvarianceResult(ladder(model, whole, ()))
    _warn_of_improper(result)
    return result


def _warn_of_improper(result: InvarianceResult) -> None:
    wrong = [name for name, step in result.steps.items() if not step.proper]
    if wrong:
        warn(
            f"Invariance has an improper solution of {', '.join(wrong)}. "
            "result.verify() says why and what to do.",
            ImproperSolutionWarning,
        )


@dataclass(frozen=True, eq=False, repr=False)
class InvarianceResult(Result):
    """How far groups measure alike; made by `invariance`, mended by `partial`.

    Parameters
    ----------
    steps : mapping of str to SEMResult
        The fits ``configural metric scalar strict means``; of ordinal items with ``thresholds``
        behind the first.
    released : tuple of str
        Parameters that differ between groups in every step, as ``x3~1``.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> text = "Quality =~ q1 + q2 + q3 + q4"
    >>> frame = tcs.simulate(tcs.ModelSpec.parse(text), n=600, seed=1).data
    >>> frame["brand"] = ["A", "B"] * 300
    >>> frame["q4"] += 0.8 * (frame["brand"] == "B")
    >>> result = tcs.invariance(tcs.ModelSpec.parse(text), frame, group="brand")
    >>> result.level, result.noninvariant.loc[0, "parameter"]
    ('metric', 'q4~1')
    >>> mended = result.partial()
    >>> mended.level, mended.released
    ('strict', ('q4~1',))
    """

    steps: Mapping[str, SEMResult]
    released: tuple[str, ...] = ()

    @property
    def estimator(self) -> CFA:
        """The model of the first step, with its options."""
        estimator = self.steps["configural"].estimator
        assert isinstance(estimator, CFA)
        return estimator

    @property
    def group(self) -> str:
        """The column that tells groups apart."""
        return str(self.estimator.group)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups; the first is the one with which others are compared."""
        return self.steps["configural"].sample.groups

    @property
    def n(self) -> int:
        """Number of respondents used."""
        return self.steps["configural"].sample.n

    @cached_property
    def sizes(self) -> pd.Series:
        """Respondents of each group."""
        parts = self.steps["configural"].sample.by_group
        return pd.Series([part.n for part in parts], index=list(self.groups), name="n")

    @cached_property
    def _table(self) -> pd.DataFrame:
        frame = steps_table(self.steps)
        rules = [self._rules(row) for _, row in frame.iterrows()]
        return frame.assign(
            **{
                name: [rule[name] for rule in rules]
                for name in ("chi2_rule", "cfi_rule", "chen_rule")
            },
            verdict=[rule["verdict"] for rule in rules],
        )

    def _rules(self, row: pd.Series) -> dict[str, str]:
        """Return what each rule says of a step, and the verdict."""
        step = str(row["step"])
        if step == "configural":
            fine = row["cfi"] >= LEAST_CFI and row["srmr"] <= MOST_SRMR
            rules = {"chi2_rule": "", "cfi_rule": "", "chen_rule": ""}
        else:
            by_chi2 = not row["p_difference"] < 1 - self.estimator.level
            rules = {"chi2_rule": _word(by_chi2), "cfi_rule": "", "chen_rule": ""}
            fine = by_chi2
        if step in KINDS:
            delta = {name: row[f"delta_{name}"] for name in ("cfi", "rmsea", "srmr")}
            by_cfi = delta["cfi"] >= CFI_FALL
            by_chen = holds_by_chen(step, delta, chen_limits(self.sizes.to_numpy(dtype=float)))
            rules |= {"cfi_rule": _word(by_cfi), "chen_rule": _word(by_chen)}
            fine = by_cfi and by_chen
        return rules | {"verdict": _word(fine) if self.steps[step].proper else IMPROPER}

    def table(self) -> pd.DataFrame:
        """Return one row per step.

        ``step chi2 df p cfi rmsea srmr``, the changes from the step before ``delta_chi2 delta_df
        p_difference delta_cfi delta_rmsea delta_srmr``, what each rule says (``chi2_rule
        cfi_rule chen_rule``: holds or fails), and the ``verdict``: holds, fails or improper.

        Unless ``estimator="ml"`` chi-square and its difference are scaled (so that one is not the
        difference of the other), CFI and RMSEA robust, or scaled where no robust ones are known.
        """
        return self._table.copy()

    @property
    def _levels(self) -> tuple[str, ...]:
        return tuple(name for name in self.steps if name != "means")

    @cached_property
    def level(self) -> str:
        """The last step up to which all hold: ``none configural metric scalar strict``.

        Of ordinal items also ``thresholds``.
        """
        verdicts = dict(zip(self._table["step"], self._table["verdict"], strict=True))
        reached = "none"
        for name in self._levels:
            if verdicts[name] != HOLDS:
                break
            reached = name
        return reached

    @property
    def comparable(self) -> bool:
        """Whether means of groups may be compared: scalar or strict, perhaps in part."""
        return self.level in ("scalar", "strict")

    @property
    def failing(self) -> str | None:
        """The first step that does not hold; None when all up to strict do."""
        levels = self._levels
        at = 0 if self.level == "none" else levels.index(self.level) + 1
        return levels[at] if at < len(levels) else None

    @cached_property
    def latent_means(self) -> pd.DataFrame:
        """Differences of construct means from the first group, with equal intercepts.

        ``construct group difference se z p ci_lower ci_upper std``, from the scalar step: in
        units of the first item of the construct, or of the first group's standard deviation
        where that item's loading was released. `std` is the difference in standard deviations
        of the first group; nan for a construct that measures another one.
        """
        estimates = self.steps["scalar"].estimates
        spec, first = self.estimator.spec, estimates[estimates["group"] == self.groups[0]]
        alone = ~first["lhs"].isin({name for c in spec.constructs for name in c.items})
        own = first[(first["op"] == "~~") & (first["lhs"] == first["rhs"]) & alone]
        variance = own.set_index("lhs")["estimate"]
        means = (estimates["op"] == "~1") & estimates["lhs"].isin(spec.construct_names)
        rows = estimates[means & (estimates["group"] != self.groups[0]) & (estimates["se"] > 0)]
        names = {"lhs": "construct", "estimate": "difference"}
        kept = ["construct", "group", "difference", "se", "z", "p", "ci_lower", "ci_upper"]
        frame = rows.rename(columns=names)[kept].reset_index(drop=True)
        with np.errstate(invalid="ignore"):
            sd = np.sqrt(variance.reindex(frame["construct"]).to_numpy())
        return frame.assign(std=frame["difference"] / sd)

    @cached_property
    def noninvariant(self) -> pd.DataFrame:
        """Parameters of the first failing step that differ between groups, the worst first.

        ``parameter construct item group chi2 df p p_adjusted epc``: score tests
        (`release_tests`) of letting each parameter go while the others stay equal, those with
        a Bonferroni-adjusted p below ``1 - level``; of ordinal items scaled differences of the
        step and one with the parameter free, without `epc`. Empty when no step fails. One item that
        differs makes its neighbors look different too, so `partial` releases one at a time.
        """
        frame = self._tests
        return frame[frame["p_adjusted"] < 1 - self.estimator.level].reset_index(drop=True)

    @cached_property
    def _tests(self) -> pd.DataFrame:
        """All score tests of the first failing step."""
        columns = [
            "parameter",
            "construct",
            "item",
            "group",
            "chi2",
            "df",
            "p",
            "p_adjusted",
            "epc",
        ]
        step = self.failing
        if step not in KINDS:
            return pd.DataFrame(columns=columns)
        result = self.steps[step]
        if result.model.parameters.ordinal:
            return refit_tests(self, step, KINDS[step], _measured(self.estimator.spec))[TESTED]
        if step == "metric" and not result.estimator.std_lv:
            result = self._with_unit_variances(step)
        tests = release_tests(result)
        kind = (tests["op"] == KINDS[step]) & tests["label"].str.match(r"\.p\d+\.$")
        items = _measured(self.estimator.spec)
        item = tests["rhs"].where(tests["op"] == "=~", tests["lhs"])
        rows = tests[kind & item.isin(items) & tests["chi2"].notna()]
        own = item[rows.index]
        construct = rows["lhs"].where(rows["op"] == "=~", own.map(items))
        frame = rows.assign(
            parameter=rows["lhs"] + rows["op"] + rows["rhs"],
            construct=construct,
            item=own,
            p_adjusted=np.minimum(rows["p"] * len(rows), 1.0),
        )
        return frame[TESTED].reset_index(drop=True)

    def _with_unit_variances(self, step: str) -> SEMResult:
        """Return a step in which the loading of every item is estimated, the first one too."""
        estimator = self.steps[step].estimator
        survey = self.steps[step].sample.survey
        assert survey is not None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImproperSolutionWarning)
            return replace(estimator, std_lv=True).fit(survey)

    def partial(self, step: InvarianceStep | str = InvarianceStep.SCALAR) -> InvarianceResult:
        """Return a new result in which parameters that differ are free, until `step` holds.

        One at a time, the parameter of the first failing step with the largest score test is
        released in all steps and the model fitted again, while at least two items of its
        construct stay invariant in loading and intercept (Byrne, Shavelson & Muthen 1989). An
        item whose loading is released loses the equality of its intercept too. A search by
        the data finds what is there by chance as well: say in the report what was released.

        Parameters
        ----------
        step : {"thresholds", "metric", "scalar", "strict"}
            What is to hold; thresholds are those of ordinal items.

        Raises
        ------
        OptionError
            When `step` is none of these.
        """
        goal = str(choose(InvarianceStep, step, "step"))
        require(goal in self.steps, f"step={goal!r} is one of ordinal items, and there are none.")
        result = self
        while names := result._next_release(goal):
            result = result._releasing(names)
        if result is not self:
            _warn_of_improper(result)
        return result

    def _next_release(self, goal: str) -> tuple[str, ...]:
        """Return what to release next; nothing when `goal` holds or nothing may be released."""
        step = self.failing
        if step not in KINDS or self._levels.index(step) > self._levels.index(goal):
            return ()
        for test in self._tests.itertuples():
            if step == "strict" or self._leaves_anchors(str(test.construct), str(test.item)):
                names = released_with(str(test.parameter), str(test.item), step)
                return tuple(name for name in names if name not in self.released)
        return ()

    def _leaves_anchors(self, construct: str, item: str) -> bool:
        items = set(self.estimator.spec.construct(construct).items)
        moved = {item}
        for name in self.released:
            moved |= {name.removesuffix("~1"), name.partition("=~")[2], name.partition("|")[0]}
        return len(items - moved) >= ANCHORS

    def _releasing(self, names: tuple[str, ...]) -> InvarianceResult:
        model, survey = self.estimator, self.steps["configural"].sample.survey
        assert survey is not None
        free = {row.name for row in model.parameters.free}
        if not free.issuperset(name for name in names if "=~" in name):
            model = replace(model, std_lv=True)  # a first item's loading is to be free
        released = (*self.released, *names)
        return InvarianceResult(ladder(model, survey, released), released)

    def verify(self) -> tuple[Finding, ...]:
        """Return what stands against comparing the groups, worst first."""
        return invariance_findings.findings(self)

    def _facts(self) -> str:
        partly = f"{len(self.released)} released, " if self.released else ""
        reached = "no" if self.level == "none" else self.level
        failing = f", {self.failing} {self._verdict(self.failing)}" if self.failing else ""
        return (
            f"{len(self.groups)} groups of {self.group}, n={self.n}, {partly}"
            f"{reached} invariance{failing}"
        )

    def _verdict(self, step: str) -> str:
        return str(self._table.set_index("step").loc[step, "verdict"])


def _word(holds: bool) -> str:
    return HOLDS if holds else FAILS


def _measured(spec: ModelSpec) -> dict[str, str]:
    """Return the construct of each item, the first where there are several."""
    out: dict[str, str] = {}
    for construct in spec.constructs:
        for item in construct.items:
            out.setdefault(item, construct.name)
    return out
