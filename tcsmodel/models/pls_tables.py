"""The quantities of a PLS model as labelled tables: what one fit and pooled fits share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tcsmodel.models.path_model import PathModel

if TYPE_CHECKING:
    from tcsmodel.models.pls import PLS

Array = NDArray[np.float64]


class PLSTables:
    """Labels the arrays of a result."""

    estimator: PLS
    arrays: Mapping[str, Array]

    @property
    def _model(self) -> PathModel:
        return self.estimator.model

    def _items(self, name: str) -> pd.Series:
        return pd.Series(self.arrays[name], index=list(self._model.items), name=name)

    def _square(self, name: str) -> pd.DataFrame:
        names = list(self._model.constructs)
        return pd.DataFrame(self.arrays[name], index=names, columns=names)

    def _by_item(self, values: Array) -> pd.DataFrame:
        model = self._model
        return pd.DataFrame(values, index=list(model.items), columns=list(model.constructs))

    @cached_property
    def outer_weights(self) -> pd.DataFrame:
        """Weights (item x construct) of the standardized items, 0 outside the own construct."""
        return self._by_item(self.arrays["outer_weights"][:, None] * self._model.member)

    @cached_property
    def outer_loadings(self) -> pd.DataFrame:
        """Correlations of items with their own construct (item x construct), else 0."""
        return self._by_item(self.arrays["outer_loadings"][:, None] * self._model.member)

    @cached_property
    def cross_loadings(self) -> pd.DataFrame:
        """Correlations of all items with all constructs (item x construct)."""
        return self._by_item(self.arrays["cross_loadings"])

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Standardized path coefficients (source x target), 0 where there is no path."""
        return self._square("paths")

    @cached_property
    def total_effects(self) -> pd.DataFrame:
        """Direct and indirect effects together (source x target)."""
        return self._square("total_effects")

    @cached_property
    def indirect_effects(self) -> pd.DataFrame:
        """Total indirect effects (source x target): total minus direct."""
        return self._square("indirect_effects")

    @cached_property
    def r_squared(self) -> pd.Series:
        """Share of variance explained, of each construct with antecedents."""
        return self._explained("r_squared")

    @cached_property
    def r_squared_adj(self) -> pd.Series:
        """R2 adjusted for the number of antecedents."""
        return self._explained("r_squared_adj")

    def _explained(self, name: str) -> pd.Series:
        targets = list(self._model.targets)
        names = [self._model.constructs[j] for j in targets]
        return pd.Series(self.arrays[name][targets], index=names, name=name)

    @cached_property
    def f_squared(self) -> pd.DataFrame:
        """Effect sizes f2 (source x target), nan where there is no path.

        ``(R2 - R2 without the path) / (1 - R2)`` with the construct scores kept, the
        textbook definition (Cohen 1988); R's seminr estimates the model anew.
        """
        return self._square("f_squared")

    @cached_property
    def vif(self) -> pd.DataFrame:
        """Variance inflation of the antecedents (source x target), nan where there is no path."""
        return self._square("vif")

    @cached_property
    def item_vif(self) -> pd.Series:
        """Variance inflation of each item among the items of its construct, inf if dependent."""
        return self._items("item_vif")

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """Columns ``alpha rho_a rho_c ave n_items``, a row per construct.

        `alpha` is standardized, `rho_c` and `ave` come from the PLS loadings. A single
        item counts as measured without error, 1 throughout; Mode B composites are not
        reflective, so theirs are nan.
        """
        columns = {name: self.arrays[name] for name in ("alpha", "rho_a", "rho_c", "ave")}
        frame = pd.DataFrame(columns, index=list(self._model.constructs))
        return frame.assign(n_items=self._model.sizes)

    @cached_property
    def htmt(self) -> pd.DataFrame:
        """Heterotrait-monotrait ratios of absolute correlations (construct x construct).

        Symmetric, nan on the diagonal and for Mode B composites.
        """
        return self._square("htmt")

    @cached_property
    def htmt2(self) -> pd.DataFrame:
        """HTMT2, with geometric means: right also when loadings differ (Roemer et al. 2021).

        Shaped as `htmt`.
        """
        return self._square("htmt2")

    @cached_property
    def redundancy(self) -> pd.DataFrame:
        """Columns ``mean_communality mean_redundancy``, a row per construct.

        Means over the items of squared loadings, and of these times the R2 of the construct; nan
        without antecedents. Those of single items are `intervals` ``"communality"`` and
        ``"redundancy"``.
        """
        names = ("mean_communality", "mean_redundancy")
        columns = {name: self.arrays[name] for name in names}
        return pd.DataFrame(columns, index=list(self._model.constructs))

    @cached_property
    def fornell_larcker(self) -> pd.DataFrame:
        """Construct correlations with the square root of AVE on the diagonal."""
        return self._square("fornell_larcker")

    @cached_property
    def construct_corr(self) -> pd.DataFrame:
        """Correlations of the construct scores."""
        return self._square("construct_corr")

    @cached_property
    def item_means(self) -> pd.Series:
        """Weighted means of the items, in answer units."""
        return self._items("item_means")

    @cached_property
    def item_sds(self) -> pd.Series:
        """Weighted standard deviations of the items (divisor n - 1), in answer units."""
        return self._items("item_sds")
