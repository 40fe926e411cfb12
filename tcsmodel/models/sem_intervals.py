"""Bootstrap intervals of what a covariance-based model says of its constructs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.errors import TcsError
from tcsmodel.options import Side, did_you_mean, require, require_level

if TYPE_CHECKING:
    from tcsmodel.models.sem_result import SEMResult

PAIRS = ("htmt", "htmt2", "construct_corr")
RELIABILITY = (
    "alpha",
    "alpha_std",
    "omega",
    "omega_observed",
    "omega_categorical",
    "omega_categorical_observed",
    "rho_c",
    "ave",
    "ave_raw",
)
QUANTITIES = (*PAIRS, *RELIABILITY, "r_squared")


def intervals(
    result: SEMResult, quantity: str, level: float | None, side: Side | str
) -> pd.DataFrame:
    """Return what `SEMResult.intervals` describes."""
    known = [q for q in QUANTITIES if q in result.measurement or q in result.arrays]
    require(
        quantity in known,
        f"quantity={quantity!r} is not one of {', '.join(known)}.{did_you_mean(quantity, known)}",
    )
    if level is not None:
        require_level(level)
    if result.draws is None:
        raise TcsError(
            "There are no draws yet, so there are no intervals. "
            "Try result.bootstrap(5000, seed=7).intervals(...)."
        )
    groups, at = result.model.n_groups, _places(result, quantity)
    kept = result.measurement if quantity in result.measurement else result.arrays
    limits = result.draws.interval(quantity, level, side=side)
    shape = kept[quantity].shape[groups > 1 :]
    columns = dict(
        zip(
            ("estimate", "se", "ci_lower", "ci_upper"),
            (kept[quantity], result.draws.se(quantity), *limits),
            strict=True,
        )
    )
    labels = _labels(result, quantity, at)
    frame = pd.concat([labels] * groups, ignore_index=True)
    if groups > 1:
        frame.insert(0, "group", np.repeat(np.array(result.sample.groups, object), len(labels)))
    values = {
        name: np.concatenate([part[at] for part in np.reshape(value, (groups, *shape))])
        for name, value in columns.items()
    }
    return frame.assign(**values)


def _places(result: SEMResult, quantity: str) -> tuple[NDArray[np.intp], ...]:
    """Return where the values of a group stand in the array of a quantity."""
    if quantity in PAIRS:
        second, first = np.tril_indices(len(result.model.constructs), -1)
        return first, second
    names = result.model.explained if quantity == "r_squared" else result.model.constructs
    return (np.arange(len(names)),)


def _labels(result: SEMResult, quantity: str, at: tuple[NDArray[np.intp], ...]) -> pd.DataFrame:
    if quantity == "r_squared":
        return pd.DataFrame({"variable": list(result.model.explained)})
    names = np.array(result.model.constructs, dtype=object)
    columns = ("construct", "other") if quantity in PAIRS else ("construct",)
    return pd.DataFrame({c: names[spot].tolist() for c, spot in zip(columns, at, strict=True)})
