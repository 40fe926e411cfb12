"""What the comparisons with lavaan share."""

from __future__ import annotations

import numpy as np
from comparison import LEDGER

# Our fit measures and lavaan's names for them.
MEASURES = {
    "npar": "npar",
    "chi2": "chisq",
    "df": "df",
    "p": "pvalue",
    "baseline_chi2": "baseline.chisq",
    "baseline_df": "baseline.df",
    "cfi": "cfi",
    "tli": "tli",
    "rmsea": "rmsea",
    "rmsea_ci_lower": "rmsea.ci.lower",
    "rmsea_ci_upper": "rmsea.ci.upper",
    "rmsea_p_close": "rmsea.pvalue",
    "srmr": "srmr",
    "loglik": "logl",
    "aic": "aic",
    "bic": "bic",
    "n": "ntotal",
    "rmsea_p_not_close": "rmsea.notclose.pvalue",
    "gfi": "gfi_lisrel",
    "agfi": "agfi_lisrel",
    "pgfi": "pgfi",
    "rmr": "rmr",
    "crmr": "crmr",
    "srmr_mplus": "srmr_mplus",
    "nfi": "nfi",
    "pnfi": "pnfi",
    "rfi": "rfi",
    "ifi": "ifi",
    "rni": "rni",
    "mfi": "mfi",
    "ecvi": "ecvi",
    "cn_05": "cn_05",
    "cn_01": "cn_01",
    "bic2": "bic2",
    "loglik_saturated": "unrestricted.logl",
    "baseline_p": "baseline.pvalue",
}


def close(ours, theirs, tolerance, slack=0.0):
    """Fail unless `ours` is within `tolerance`, relative, plus `slack`; nan in the same places."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    gap = np.abs(ours - theirs)
    allowed = tolerance * np.abs(theirs) + slack + 1e-12
    LEDGER.note(ours, theirs, lambda _: allowed, tolerance or float(np.max(slack)))
    known = np.isfinite(theirs)
    assert (np.isfinite(ours) == known).all()
    if not known.any():
        return
    worst = np.argmax(np.where(known, gap - allowed, -np.inf))
    assert gap.flat[worst] <= np.broadcast_to(allowed, gap.shape).flat[worst], (
        f"{ours.flat[worst]} is not {theirs.flat[worst]}"
    )
