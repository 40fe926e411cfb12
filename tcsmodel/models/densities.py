"""How the replicates of a result's quantities are distributed, each beside its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tcsmodel.kernels.density import Density, density, varies
from tcsmodel.models.draws import Draws
from tcsmodel.models.quantities import cells

if TYPE_CHECKING:
    from tcsmodel.models.pls_result import PLSResult
    from tcsmodel.models.sem_result import SEMResult

PLS_QUANTITIES = (
    "paths",
    "total_effects",
    "indirect_effects",
    "r_squared",
    "outer_weights",
    "outer_loadings",
    "rho_a",
    "ave",
    "htmt",
)


def varying_quantities(result: PLSResult) -> tuple[str, ...]:
    """Return the quantities some number of which differs between replicates."""
    assert result.draws is not None
    model, values = result.estimator.model, result.draws.likely
    found = []
    for name in PLS_QUANTITIES:
        spots = zip(*cells(model, name)[1], strict=True)
        if any(varies(values[name][(slice(None), *spot)]) for spot in spots):
            found.append(name)
    return tuple(found)


def pls_densities(result: PLSResult, quantity: str) -> pd.DataFrame:
    """Return a quantity of a bootstrapped PLS model with the densities of its replicates.

    Columns ``label estimate ci_lower ci_upper density``, without what does not vary.
    """
    assert result.draws is not None
    frame = result.intervals(quantity)
    _, at = cells(result.estimator.model, quantity)
    values = result.draws.likely[quantity]
    labels = [_label(frame.loc[row]) for row in frame.index]
    own = [density(values[(slice(None), *spot)]) for spot in zip(*at, strict=True)]
    return _varying(frame, labels, own)


def sem_densities(result: SEMResult, op: str) -> pd.DataFrame:
    """Return the estimated parameters of an operator, as `pls_densities`."""
    assert result.draws is not None
    estimates, values = result.estimates, result.draws.likely["estimates"]
    frame = estimates[estimates["op"] == op]
    own = [density(values[:, row]) for row in frame.index]
    labels = frame["rhs"] + " → " + frame["lhs"]
    if op == "=~":
        labels = frame["lhs"] + " → " + frame["rhs"]
    if result.model.n_groups > 1:
        labels = labels + " (" + frame["group"] + ")"
    return _varying(frame, labels.tolist(), own)


def index_densities(draws: Draws, table: pd.DataFrame) -> pd.DataFrame:
    """Return the indices of constructs, as `pls_densities`."""
    values = draws.likely["index"]
    own = [density(values[:, j]) for j in range(len(table))]
    frame = table.rename(columns={"index": "estimate"})
    return _varying(frame, frame["construct"].tolist(), own)


def _label(row: pd.Series) -> str:
    """Return what a number belongs to, in names."""
    if "source" in row:
        return f"{row['source']} → {row['target']}"
    if "other" in row:
        return f"{row['construct']} – {row['other']}"
    return f"{row['item']} ({row['construct']})" if "item" in row else str(row["construct"])


def _varying(frame: pd.DataFrame, labels: list[str], own: list[Density | None]) -> pd.DataFrame:
    """Return the rows whose replicates vary."""
    kept = np.array([one is not None for one in own], dtype=bool)
    columns = frame[["estimate", "ci_lower", "ci_upper"]].reset_index(drop=True)
    found = columns.assign(label=labels, density=pd.Series(own, dtype=object))
    return found[kept].reset_index(drop=True)
