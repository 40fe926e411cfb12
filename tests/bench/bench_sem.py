"""ML estimation with standard errors and fit measures: ours beside semopy, in one run.

The CBSEM of the Python seminr stands beside them where it is installed; it makes no standard
errors. Run as a script in an environment with the extra ``bench``. Equality comes first: a
timing counts only where both give the same chi-square, degrees of freedom and estimates.
The headline is the same work on both sides: model text to estimates with standard errors
and fit measures. No model is kept from one run to the next. Targets are judged on calls in rows of
0.2 seconds, as `timeit` makes them; single calls stand below, each behind the peer's and a
collection of garbage, when the processor's caches hold other things.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import semopy
import texts
from timing import TIMEIT, compare

import tcsmodel as tcs
from tcsmodel.models.covariance_model import CovarianceModel

DATA = Path(__file__).parent.parent / "golden" / "data"

try:
    import seminr
except ImportError:
    seminr = None

LIKE_FOR_LIKE = "semopy, the same work"
FIT_ALONE = "semopy, its fit alone"
CBSEM = "seminr CBSEM, no errors"


@dataclass(frozen=True)
class Case:
    """A model, its data, and whether its estimates are determined well enough to compare."""

    name: str
    text: str
    frame: pd.DataFrame
    estimates: bool
    target: float


def ours(case: Case) -> tuple[pd.DataFrame, pd.Series]:
    """Return estimates with standard errors, and fit measures, of a model built anew."""
    CovarianceModel.of.cache_clear()
    fit = tcs.SEM(tcs.ModelSpec.parse(case.text)).fit(case.frame)
    return fit.estimates, fit.fit_measures


def fit_semopy(case: Case) -> semopy.Model:
    """Return semopy's model, fitted: no standard errors, no fit measures."""
    model = semopy.Model(case.text)
    model.fit(case.frame)
    return model


def theirs(case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return semopy's estimates with standard errors, and fit measures."""
    model = fit_semopy(case)
    return model.inspect(), semopy.calc_stats(model)


def check_equal(case: Case) -> str:
    """Raise AssertionError unless both answers agree; return what was compared.

    semopy ends its search early (up to half a percent in an estimate), hence its tolerance.
    """
    estimates, measures = ours(case)
    table, stats = theirs(case)
    np.testing.assert_allclose(stats["chi2"].iloc[0], measures["chi2"], rtol=1e-4)
    assert stats["DoF"].iloc[0] == measures["df"]
    np.testing.assert_allclose(stats["CFI"].iloc[0], measures["cfi"], rtol=1e-4)
    said = f"chi2 {measures['chi2']:.3f}, df {measures['df']:.0f}, CFI {measures['cfi']:.4f}"
    if not case.estimates:
        return f"{said} (estimates on a ridge, not compared)"
    # semopy writes a loading as a regression of the item on the construct.
    peer = table.query("op == '~'").set_index(["lval", "rval"])
    loadings = estimates.query("op == '=~' and se > 0")
    for row in loadings.itertuples():
        other = peer.loc[(row.rhs, row.lhs)]
        np.testing.assert_allclose(float(other["Estimate"]), row.estimate, rtol=5e-3)
        np.testing.assert_allclose(float(other["Std. Err"]), row.se, rtol=5e-3)
    return f"{said}, {len(loadings)} loadings and standard errors"


def fit_seminr(case: Case) -> object:
    """Return seminr's confirmatory model with fit measures, standardized solution and scores."""
    blocks = [
        seminr.reflective(construct.name, list(construct.items))
        for construct in tcs.ModelSpec.parse(case.text).constructs
    ]
    items = list(tcs.ModelSpec.parse(case.text).items)
    return seminr.estimate_cfa(case.frame[items], seminr.constructs(*blocks), estimator="ML")


def cases() -> list[Case]:
    """Return the models that are compared."""
    holzinger = pd.read_csv(DATA / "HolzingerSwineford1939.csv")
    mobi = pd.read_csv(DATA / "mobi.csv")
    return [
        Case("Holzinger-Swineford", texts.HOLZINGER, holzinger, True, 4.0),
        Case("ECSI mobi", texts.ECSI, mobi, False, 4.0),
    ]


def main() -> int:
    """Print the comparison; return 1 when a target ratio is missed."""
    warnings.simplefilter("ignore")
    print(f"tcsmodel {tcs.__version__}, semopy {version('semopy')}, one BLAS thread")
    missed = 0
    for case in cases():
        print(f"\n{case.name}: equal in {check_equal(case)}")
        calls: dict[str, Callable[[], object]] = {
            LIKE_FOR_LIKE: lambda case=case: theirs(case),
            FIT_ALONE: lambda case=case: fit_semopy(case),
        }
        if seminr is None:
            print("seminr is not installed, so it is left out")
        elif not tcs.ModelSpec.parse(case.text).paths:
            chi2 = fit_seminr(case).estimation.fit_measures["chisq"]
            np.testing.assert_allclose(chi2, ours(case)[1]["chi2"], rtol=1e-6)
            calls[CBSEM] = lambda case=case: fit_seminr(case)
        task = "text to SE and fit measures"
        for timing in compare(task, lambda case=case: ours(case), calls, lasting=TIMEIT):
            print(timing)
            missed += timing.peer == LIKE_FOR_LIKE and timing.ratio < case.target
        once = {LIKE_FOR_LIKE: calls[LIKE_FOR_LIKE]}
        print(*compare(f"{task}, single calls", lambda case=case: ours(case), once))
        print(f"target: at least {case.target:g} x for the same work, calls in rows")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
