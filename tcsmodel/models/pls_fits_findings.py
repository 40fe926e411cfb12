"""What the fits of a PLS model to many units say against themselves, as named findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcsmodel.models.assessment import HIGH_VIF, low_loadings, negative_weights
from tcsmodel.models.pls_circumstances import enough
from tcsmodel.result import Severity

if TYPE_CHECKING:
    from tcsmodel.models.pls_fits import PLSFits

Mask = NDArray[np.bool_]
Told = tuple[str, Severity, list[int], dict[str, object]]


def findings(fits: PLSFits) -> Iterator[Told]:
    """Yield code, severity, numbers of the units and evidence of what units have in common."""
    units, model, arrays = fits.units_fitted, fits.estimator.model, fits.arrays
    needed = enough(model)
    few = [k for k in units.fitted.tolist() if units.n[k] < needed]
    if few:
        evidence: dict[str, object] = {"least": int(units.n[few].min()), "needed": needed}
        yield "units_of_few", Severity.CAUTION, few, evidence
    weights, loadings = arrays["outer_weights"], arrays["outer_loadings"]
    items = np.array(model.items, dtype=object)
    columns = {
        "units_negative_weight": negative_weights(model, weights),
        "units_low_loading": low_loadings(model, loadings, weights),
        "units_collinear_items": (arrays["item_vif"] > HIGH_VIF) & model.mode_b[model.block],
    }
    for code, mask in columns.items():
        own = units.fitted[mask.any(axis=1)].tolist()
        if own:
            named = tuple(items[mask.any(axis=0)].tolist())
            yield code, Severity.CAUTION, own, {"items": named}
    with np.errstate(invalid="ignore"):
        high = arrays["vif"] > HIGH_VIF
    own = units.fitted[high.any(axis=(1, 2))].tolist()
    if own:
        targets = high.any(axis=(0, 1))
        named = tuple(model.constructs[c] for c in np.flatnonzero(targets))
        yield "units_collinear", Severity.CAUTION, own, {"targets": named}
