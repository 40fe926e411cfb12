"""One model fitted to many firms in one batch: `fit_each` beside a loop over our own single fit.

Equality comes first: every estimate, standard error and fit measure of every firm. The loop is
given each firm's rows already taken apart; both build estimates and fit measures.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import warnings

import numpy as np
import pandas as pd
from timing import Timing, seconds

import tcsmodel as tcs

FIRMS, RESPONDENTS = 400, 250
TARGET = 8.0
RUNS = 5
TOLERANCE = 1e-8
SMALL = """
Quality =~ start(.8)*q1 + start(.7)*q2 + start(.8)*q3
Value =~ start(.8)*v1 + start(.7)*v2 + start(.8)*v3
Satisfaction =~ start(.8)*s1 + start(.7)*s2 + start(.8)*s3
Value ~ start(.5)*Quality
Satisfaction ~ start(.3)*Quality + start(.4)*Value
"""
# The American model with its 18 items.
LARGE = """
Expectation =~ start(.7)*e1 + start(.7)*e2 + start(.7)*e3
Quality =~ start(.7)*q1 + start(.7)*q2 + start(.7)*q3 + start(.7)*q4 + start(.7)*q5 + start(.7)*q6
Value =~ start(.8)*v1 + start(.8)*v2
Satisfaction =~ start(.8)*s1 + start(.8)*s2 + start(.8)*s3
Loyalty =~ start(.8)*l1 + start(.8)*l2 + start(.8)*l3
Quality ~ start(.5)*Expectation
Value ~ start(.2)*Expectation + start(.5)*Quality
Satisfaction ~ start(.1)*Expectation + start(.4)*Quality + start(.3)*Value
Loyalty ~ start(.6)*Satisfaction
"""
NUMBERS = ["estimate", "se", "z", "p", "ci_lower", "ci_upper", "std"]


def firms(spec: tcs.ModelSpec) -> pd.DataFrame:
    """Return the answers of all respondents with the firm that they rate."""
    frame = tcs.simulate(spec, n=FIRMS * RESPONDENTS, seed=1).data
    return frame.assign(firm=np.repeat([f"firm {k + 1}" for k in range(FIRMS)], RESPONDENTS))


def batch(estimator: tcs.SEM, frame: pd.DataFrame) -> object:
    fits = estimator.fit_each(frame, by="firm")
    fits.estimates, fits.fit_measures  # noqa: B018
    return fits


def loop(estimator: tcs.SEM, parts: dict[str, pd.DataFrame]) -> dict[str, object]:
    results = {}
    for name, part in parts.items():
        result = estimator.fit(part)
        result.estimates, result.fit_measures  # noqa: B018
        results[name] = result
    return results


def largest_gap(fits: object, singles: dict[str, object]) -> float:
    """Return the largest difference of the batch from the loop, relative above one."""
    gaps = []
    own = dict(list(fits.estimates.groupby("unit")))
    for name, single in singles.items():
        theirs = [single.estimates[NUMBERS].to_numpy(), single.fit_measures.to_numpy()]
        ours = [own[name][NUMBERS].to_numpy(), fits.fit_measures.loc[name].to_numpy()]
        for a, b in zip(ours, theirs, strict=True):
            gaps.append(np.nanmax(np.abs(a - b) / np.maximum(np.abs(b), 1)))
    return float(np.max(gaps))


def measure(name: str, text: str) -> Timing:
    spec = tcs.ModelSpec.parse(text)
    estimator, frame = tcs.SEM(spec), firms(spec)
    parts = dict(list(frame.groupby("firm", sort=False)))
    gap = largest_gap(batch(estimator, frame), loop(estimator, parts))
    if gap > TOLERANCE:
        sys.exit(f"{name}: batch and loop differ by {gap:.1e}; no timing is printed.")
    print(f"\n{name}: equal to {gap:.1e} in {FIRMS} firms of {RESPONDENTS}")
    ours, theirs = [], []
    for _ in range(RUNS):
        ours.append(seconds(lambda: batch(estimator, frame)))
        theirs.append(seconds(lambda: loop(estimator, parts)))
    for count in (25, 100, 400):
        some = frame.iloc[: count * RESPONDENTS]
        took = min(seconds(lambda some=some: batch(estimator, some)) for _ in range(RUNS))
        print(f"  {count:>3} firms: {1000 * took / count:.2f} ms a firm")
    return Timing(name, min(ours), "our own single fit", min(theirs))


def main() -> int:
    """Print the comparison; return 1 when the target ratio is missed."""
    warnings.simplefilter("ignore")
    print(f"tcsmodel {tcs.__version__}, one BLAS thread, {os.cpu_count()} cores")
    timings = [measure("9 items, 3 constructs", SMALL), measure("17 items, 5 constructs", LARGE)]
    for timing in timings:
        print(f"{timing}  target {TARGET:g} x{'' if timing.ratio >= TARGET else '  MISSED'}")
    return int(any(timing.ratio < TARGET for timing in timings))


if __name__ == "__main__":
    sys.exit(main())
