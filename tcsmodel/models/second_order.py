"""`second_order_reliability`: how well sums of items, or of constructs, measure a general one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tcsmodel.errors import TcsError
from tcsmodel.kernels import implied, reliability
from tcsmodel.models.fitted import measured_loadings, only_group, require_fit
from tcsmodel.models.sem_result import SEMResult


def second_order_reliability(result: SEMResult) -> pd.DataFrame:
    """Return the reliability of each second-order construct.

    Parameters
    ----------
    result : SEMResult or CFAResult
        A fitted model with a construct that constructs measure.

    Returns
    -------
    DataFrame
        ``construct omega_l1 omega_l2 omega_l1_partial n_items``. `omega_l1`: the share of the
        variance of the sum of all items that the second-order construct explains; `omega_l2`:
        of the sum of the first-order constructs, as if they were seen; `omega_l1_partial`: of
        the sum of the items, without what is particular to the first-order constructs.

    Raises
    ------
    TcsError
        When no construct of the model is measured by constructs.

    Notes
    -----
    Of the variances that the model implies, as semTools' ``reliabilityL2()``. Of ordinal items
    the sums are those of the standard normal variables behind them, not of the answers.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> spec = tcs.ModelSpec.parse('''
    ...     Image =~ IMAG1 + IMAG3 + IMAG5
    ...     Value =~ PERV1 + PERV2
    ...     Loyalty =~ CUSL1 + CUSL3
    ...     General =~ Image + Value + Loyalty
    ... ''')
    >>> fit = tcs.CFA(spec).fit(tcs.datasets.mobi())
    >>> tcs.second_order_reliability(fit).set_index("construct")["omega_l2"].round(3).to_dict()
    {'General': 0.866}
    """
    require_fit(result, "second_order_reliability()")
    group = only_group(result, "second_order_reliability()")
    constructs = result.model.constructs
    loading, order = measured_loadings(group, result.theta, constructs)
    names = [name for name, level in zip(constructs, order, strict=False) if level > 0]
    if not names:
        raise TcsError(
            "No construct of the model is measured by constructs. A second-order one is written "
            f"General =~ {' + '.join(constructs[:3])}; result.reliability has the others."
        )
    at = implied.implied(group.layout, result.theta)
    parts = implied.matrices(group.layout, result.theta)
    sigma = result.implied_cov.to_numpy()
    scale = np.sqrt(np.diag(sigma) / np.diag(at.sigma))
    loading, residual = loading * scale[:, None], parts.residual * np.outer(scale, scale)
    rows = []
    for name in names:
        j = constructs.index(name)
        own, path, variance = loading[:, j], parts.path[:, j], at.phi[j, j]
        common = variance * np.outer(own, own)
        member, below = (own != 0)[:, None], (path != 0) & (order < order[j])
        among = variance * np.outer(path, path)
        rows.append(
            {
                "construct": name,
                "omega_l1": reliability.variance_share(common, sigma, member)[0],
                "omega_l2": reliability.variance_share(among, at.phi, below[:, None])[0],
                "omega_l1_partial": reliability.variance_share(common, common + residual, member)[
                    0
                ],
                "n_items": int(member.sum()),
            }
        )
    return pd.DataFrame(rows)
