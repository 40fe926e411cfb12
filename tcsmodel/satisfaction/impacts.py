"""What moves the index of a target: points per point, at the mean of moderators or elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.kernels.effects import total_effects
from tcsmodel.models.simple_slopes import require_scores_multiplied
from tcsmodel.result import Finding, Severity

if TYPE_CHECKING:
    from tcsmodel.models.path_model import PathModel
    from tcsmodel.satisfaction.index import SatisfactionIndex

Array = NDArray[np.float64]
Values = Mapping[str, Array]

STEP = 5.0
# Where a moderator is held, in its standard deviations from its mean.
PLACES = (-1.0, 0.0, 1.0)


def impact_table(index: SatisfactionIndex) -> pd.DataFrame:
    """Return what `SatisfactionIndex.impacts` describes."""
    sources = index.sources_of(index.target)
    at = [index.constructs.index(name) for name in sources]
    column = index.constructs.index(index.target)
    impact = index.quantities["impacts"][at, column]
    rise = np.clip(100 - index.indices.to_numpy()[at], 0, STEP)
    se = np.full(len(at), np.nan)
    one = five = (se, se)
    if index.draws is not None:
        part = index.draws.derived(lambda values: _rises(values, at, column))
        one, five, se = part.interval("one"), part.interval("five"), part.se("one")
    return pd.DataFrame(
        {
            "source": sources,
            "impact": impact,
            "ci_lower": one[0],
            "ci_upper": one[1],
            "se": se,
            "rise": rise,
            "impact_5": impact * rise,
            "impact_5_ci_lower": five[0],
            "impact_5_ci_upper": five[1],
        }
    )


def _rises(values: Values, at: list[int], column: int) -> dict[str, Array]:
    """Return the impacts (B, s) of one point and of the rise that is left, up to `STEP`."""
    one = values["impacts"][:, at, column]
    return {"one": one, "five": one * np.clip(100 - values["index"][:, at], 0, STEP)}


class _Case(NamedTuple):
    """The effect of a factor where the other factor of an interaction has a value."""

    product: int
    source: int
    moderator: int
    at: float


def _cases(model: PathModel, target: int) -> Iterator[_Case]:
    for product, (first, second) in model.factors.items():
        if model.ways[product, target]:
            for source, moderator in dict.fromkeys([(first, second), (second, first)]):
                for at in PLACES:
                    yield _Case(product, source, moderator, at)


def moderated_table(index: SatisfactionIndex) -> pd.DataFrame:
    """Return what `SatisfactionIndex.moderated_impacts` describes."""
    model = index.estimator.model
    target = model.constructs.index(index.target)
    cases = list(_cases(model, target))
    if cases:
        require_scores_multiplied(model, "Impacts at values of a moderator need")

    def impacts(values: Values) -> dict[str, Array]:
        found = [_impact(index, values, one, target) for one in cases]
        return {"impact": np.stack(found, axis=-1)}

    frame = pd.DataFrame(
        {
            "source": [model.constructs[one.source] for one in cases],
            "moderator": [model.constructs[one.moderator] for one in cases],
            "at": np.array([one.at for one in cases]),
        }
    )
    blank = np.full(len(cases), np.nan)
    if not cases:
        return frame.assign(impact=blank, ci_lower=blank, ci_upper=blank, se=blank)
    draws = None if index.pls.draws is None else index.pls.draws.derived(impacts)
    lower, upper = (blank, blank) if draws is None else draws.interval("impact")
    return frame.assign(
        impact=impacts(index.pls.arrays)["impact"],
        ci_lower=lower,
        ci_upper=upper,
        se=blank if draws is None else draws.se("impact"),
    )


def _impact(index: SatisfactionIndex, values: Values, one: _Case, target: int) -> Array:
    """Return the impact (...,) of a source with its moderator held at a value.

    The path from the source gains the coefficient of the product times that value, twice that of
    a square: the derivative by the source.
    """
    paths = values["paths"].copy()
    factor = 2 * one.at if one.source == one.moderator else one.at
    paths[..., one.source, :] += factor * paths[..., one.product, :]
    total = total_effects(paths)
    return index.impacts_of({**values, "total_effects": total})[..., one.source, target]


def impact_findings(index: SatisfactionIndex) -> Iterator[Finding]:
    """Yield the interactions on the way to the target: impacts are those at means."""
    model = index.estimator.model
    target = model.constructs.index(index.target)
    on_the_way = [c for c in model.factors if model.ways[c, target]]
    if on_the_way:
        moderated = dict.fromkeys(f for c in on_the_way for f in model.factors[c])
        evidence = {
            "interactions": tuple(model.constructs[c] for c in on_the_way),
            "target": index.target,
        }
        subjects = tuple(model.constructs[c] for c in moderated)
        yield Finding("impact_at_means", Severity.NOTE, subjects, evidence)
