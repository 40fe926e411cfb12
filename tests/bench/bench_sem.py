"""ML estimation with standard errors and fit measures: ours beside semopy, in one run.

Run as a script in an environment with the extra ``bench``. Equality comes first: a
timing counts only where both give the same chi-square, degrees of freedom and estimates.
The headline is the same work on both sides: model text to estimates with standard errors
and fit measures. Nothing is kept from one run to the next.
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
from timing import compare

import tcsmodel as tcs
from tcsmodel.models.covariance_model import CovarianceModel

DATA = Path(__file__).parent.parent / "golden" / "data"

LIKE_FOR_LIKE = "semopy, the same work"
FIT_ALONE = "semopy, its fit alone"

HOLZINGER = """
visual  =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed   =~ x7 + x8 + x9
"""

# The model without its single-item construct, whose residual semopy would not fix by itself.
ECSI = """
Image        =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
Expectation  =~ CUEX1 + CUEX2 + CUEX3
Quality      =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
Value        =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Loyalty      =~ CUSL1 + CUSL2 + CUSL3
Expectation  ~ Image
Quality      ~ Expectation
Value        ~ Expectation + Quality
Satisfaction ~ Image + Expectation + Quality + Value
Loyalty      ~ Image + Satisfaction
"""


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


def cases() -> list[Case]:
    """Return the models that are compared."""
    holzinger = pd.read_csv(DATA / "HolzingerSwineford1939.csv")
    mobi = pd.read_csv(DATA / "mobi.csv")
    return [
        Case("Holzinger-Swineford", HOLZINGER, holzinger, True, 3.0),
        Case("ECSI mobi", ECSI, mobi, False, 4.0),
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
        for timing in compare("text to SE and fit measures", lambda case=case: ours(case), calls):
            print(timing)
            missed += timing.peer == LIKE_FOR_LIKE and timing.ratio < case.target
        print(f"target: at least {case.target:g} x for the same work")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
