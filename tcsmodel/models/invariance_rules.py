"""The rules by which a step of invariance is judged, each with its source, and their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.models.sem_result import SEMResult
from tcsmodel.options import GroupEqual

Array = NDArray[np.float64]

# What each step holds equal, beyond the step before.
STEPS: dict[str, tuple[GroupEqual, ...]] = {
    "configural": (),
    "metric": (GroupEqual.LOADINGS,),
    "scalar": (GroupEqual.INTERCEPTS,),
    "strict": (GroupEqual.RESIDUALS,),
    "means": (GroupEqual.MEANS,),
}
# The same of ordinal items.
ORDINAL_STEPS: dict[str, tuple[GroupEqual, ...]] = {
    "configural": (),
    "thresholds": (GroupEqual.THRESHOLDS,),
    **{name: own for name, own in STEPS.items() if own},
}
# What is told of the fit of a step.
FIT = ("chi2", "df", "p", "cfi", "rmsea", "srmr")

# Customary least fit of a model worth comparing (Hu & Bentler 1999 for SRMR).
LEAST_CFI, MOST_SRMR = 0.90, 0.08
# Cheung & Rensvold (2002).
CFI_FALL = -0.010
# Chen (2007) has other limits up to 300 respondents and for unequal groups; from which ratio
# groups are unequal she does not say.
SMALL, UNEQUAL = 300, 1.5


@dataclass(frozen=True)
class ChenLimits:
    """A step fails where CFI falls below `cfi` and RMSEA or SRMR rises above its limit."""

    cfi: float
    rmsea: float
    srmr_loadings: float
    srmr: float


LARGE = ChenLimits(-0.010, 0.015, 0.030, 0.010)
STRICTER = ChenLimits(-0.005, 0.010, 0.025, 0.005)


def chen_limits(sizes: Array) -> ChenLimits:
    """Return the limits of Chen (2007) for groups of these sizes (G,)."""
    uneven = sizes.max() > UNEQUAL * sizes.min()
    return STRICTER if sizes.sum() <= SMALL or uneven else LARGE


def holds_by_chen(step: str, delta: dict[str, float], limits: ChenLimits) -> bool:
    """Tell whether a step holds by the changes of ``cfi rmsea srmr`` from the one before."""
    srmr = limits.srmr_loadings if step == "metric" else limits.srmr
    worse = delta["rmsea"] > limits.rmsea or delta["srmr"] > srmr
    return not (delta["cfi"] < limits.cfi and worse)


def steps_table(steps: Mapping[str, SEMResult]) -> pd.DataFrame:
    """Return the fit of each step and its change from the step before, without verdicts."""
    measures = [result.fit_measures for result in steps.values()]
    known = all(np.isfinite(own.get("cfi_robust", np.nan)) for own in measures)
    fit = pd.DataFrame([_fit_of(result, known) for result in steps.values()])
    change = fit.diff()
    first, *others = steps.values()
    tests = first.compare(*others)
    scaled = "" if first.robust is None else "_scaled"
    return pd.DataFrame(
        {
            "step": list(steps),
            **{name: fit[name].to_numpy() for name in FIT},
            "delta_chi2": tests[f"chi2_diff{scaled}"].to_numpy(),
            "delta_df": change["df"],
            "p_difference": tests[f"p{scaled}"].to_numpy(),
            **{f"delta_{name}": change[name] for name in FIT[3:]},
        }
    )


def _fit_of(result: SEMResult, known: bool) -> dict[str, float]:
    """Return the fit of a step, scaled where the estimator has it so, and robust where `known`."""
    measures = result.fit_measures
    sources = {name: name for name in FIT}
    if result.robust is not None:
        sources |= {"chi2": "chi2_scaled", "p": "p_scaled"}
        sources |= {name: f"{name}_{'robust' if known else 'scaled'}" for name in ("cfi", "rmsea")}
    return {name: float(measures[source]) for name, source in sources.items()}
