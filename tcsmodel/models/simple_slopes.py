"""`SimpleSlopes`: what an effect is at low, average and high values of its moderator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from tcsmodel.errors import OptionError, SpecError
from tcsmodel.models.draws import Draws
from tcsmodel.options import Interaction, did_you_mean, require
from tcsmodel.result import Result
from tcsmodel.survey.moments import read_only

if TYPE_CHECKING:
    from tcsmodel.models.path_model import PathModel
    from tcsmodel.models.pls_result import PLSResult

Array = NDArray[np.float64]

SLOPES, CHANGE = "slopes", "change"


@dataclass(frozen=True, eq=False, repr=False)
class SimpleSlopes(Result):
    """The effect of a construct at values of its moderator; made by `PLSResult.simple_slopes`.

    Parameters
    ----------
    source, moderator, target : str
        Whose effect, depending on what, on what; of a quadratic effect source and moderator are
        the same construct.
    at : ndarray (m,)
        Values of the moderator, in its standard deviations from its mean.
    slopes : ndarray (m,)
        The effects there.
    levels : ndarray (m,)
        The expected target where the source is at its mean; not of a quadratic effect.
    interaction : float
        The coefficient of the product of both.
    f_squared : float
        The effect size f2 of the interaction.
    n : int
        Number of respondents.
    level : float
        Confidence level.
    draws : Draws or None
        Replicates of the slopes.
    """

    source: str
    moderator: str
    target: str
    at: Array
    slopes: Array
    levels: Array
    interaction: float
    f_squared: float
    n: int
    level: float
    draws: Draws | None

    @property
    def is_quadratic(self) -> bool:
        """Whether the construct moderates its own effect."""
        return self.source == self.moderator

    @property
    def change(self) -> tuple[float, float]:
        """The interval of the interaction itself, nan before a bootstrap."""
        if self.draws is None:
            return float("nan"), float("nan")
        low, high = self.draws.interval(CHANGE, self.level)
        return float(low), float(high)

    def table(self) -> pd.DataFrame:
        """Return ``moderator at slope se z p ci_lower ci_upper``, a row per value.

        The last five are nan before a bootstrap.
        """
        nothing = np.full(len(self.at), np.nan)
        se, lower, upper = nothing, nothing, nothing
        if self.draws is not None:
            se = self.draws.se(SLOPES)
            lower, upper = self.draws.interval(SLOPES, self.level)
        with np.errstate(all="ignore"):
            z = self.slopes / se
        return pd.DataFrame(
            {
                "moderator": self.moderator,
                "at": self.at,
                "slope": self.slopes,
                "se": se,
                "z": z,
                "p": 2 * special.ndtr(-np.abs(z)),
                "ci_lower": lower,
                "ci_upper": upper,
            }
        )

    def expected(self, source: Array) -> Array:
        """Return the expected target (m, s), other constructs at their means.

        At values (s,) of the source, all in standard deviations. Of a quadratic effect it is one
        curve (1, s).
        """
        if self.is_quadratic:
            linear = self.slopes[0] - 2 * self.interaction * self.at[0]
            return (linear * source + self.interaction * (source**2 - 1))[None]
        return self.levels[:, None] + self.slopes[:, None] * source

    def _facts(self) -> str:
        shown = ", ".join(f"{s:.3f} at {a:+g}" for a, s in zip(self.at, self.slopes, strict=True))
        facts = [f"{self.source} on {self.target} by {self.moderator}: {shown} SD"]
        facts += [f"f2={self.f_squared:.3f}", f"n={self.n}"]
        return ", ".join([*facts, *([] if self.draws is None else [self.draws.facts])])


def simple_slopes(
    result: PLSResult,
    interaction: str,
    source: str | None,
    target: str | None,
    at: Sequence[float],
    level: float | None,
) -> SimpleSlopes:
    """Return what `PLSResult.simple_slopes` describes."""
    model = result.estimator.model
    product = _place(model, interaction)
    first, second = model.factors[product]
    require_scores_multiplied(model, "Simple slopes need")
    focal, moderator = _roles(model, (first, second), source)
    outcome = _outcome(model, product, target)
    places = np.asarray(at, dtype=np.float64)
    require(
        places.ndim == 1 and len(places) > 0 and bool(np.isfinite(places).all()),
        f"at={at!r} must be values of the moderator in standard deviations, as (-1, 0, 1).",
    )

    def slopes(values: Mapping[str, Array]) -> dict[str, Array]:
        paths = values["paths"]
        change = paths[..., product, outcome, None] * (2 if focal == moderator else 1)
        found = paths[..., focal, outcome, None] + change * places
        return {SLOPES: found, CHANGE: paths[..., product, outcome]}

    paths, names = result.arrays["paths"], model.constructs
    own = slopes({"paths": paths})[SLOPES]
    mean = result.arrays["item_means"][model.block == product][0]
    if result.estimator.weighting.corrects:
        mean = result.arrays["construct_corr"][first, second]
    levels = paths[moderator, outcome] * places - paths[product, outcome] * mean
    return SimpleSlopes(
        names[focal],
        names[moderator],
        names[outcome],
        read_only(places),
        read_only(own),
        read_only(levels),
        float(paths[product, outcome]),
        float(result.arrays["f_squared"][product, outcome]),
        result.sample.n,
        result.level if level is None else level,
        None if result.draws is None else result.draws.derived(slopes),
    )


def require_scores_multiplied(model: PathModel, who_needs: str) -> None:
    """Raise OptionError unless interactions are products of scores."""
    require(
        model.interaction is Interaction.TWO_STAGE,
        f"{who_needs} the product of scores, and interaction={model.interaction.value!r} "
        "has a term of items, whose unit is another. Fit with interaction='two_stage'.",
    )


def _place(model: PathModel, interaction: str) -> int:
    """Return the place of an interaction, named with its factors in either order."""
    known = {model.constructs[c]: c for c in model.factors}
    turned = ":".join(reversed(interaction.split(":")))
    for name in (interaction, turned):
        if name in known:
            return known[name]
    if not known:
        raise SpecError(
            "The model has no interaction. Add one to the text with the paths of both factors: "
            "Loyalty ~ Image + Value + Image:Value."
        )
    raise SpecError(
        f"{interaction!r} is not an interaction of the model ({', '.join(known)})."
        f"{did_you_mean(interaction, known)}"
    )


def _roles(model: PathModel, factors: tuple[int, int], source: str | None) -> tuple[int, int]:
    """Return whose slopes are asked for, and the moderator."""
    first, second = factors
    names = (model.constructs[first], model.constructs[second])
    if source is None or source == names[0]:
        return first, second
    if source == names[1]:
        return second, first
    raise OptionError(
        f"source={source!r} is not a factor of the interaction ({' and '.join(names)})."
        f"{did_you_mean(source, names)}"
    )


def _outcome(model: PathModel, product: int, target: str | None) -> int:
    known = {model.constructs[c]: int(c) for c in np.flatnonzero(model.paths[product])}
    if target is None:
        require(
            len(known) == 1,
            f"The interaction has paths to {' and '.join(known)}; say target={next(iter(known))!r} "
            "or another of them.",
        )
        return next(iter(known.values()))
    require(
        target in known,
        f"target={target!r} is not what the interaction has a path to ({', '.join(known)})."
        f"{did_you_mean(target, known)}",
    )
    return known[target]
