"""A warning points at the line that called the library, from every way in."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tcsmodel as tcs
from tcsmodel.errors import DroppedRespondentsWarning

SPEC = tcs.ModelSpec.parse("""
Image =~ IMAG1 + IMAG3 + IMAG5
Value =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Value ~ Image
Satisfaction ~ Image + Value
""")


def gappy() -> tcs.Survey:
    """Return customers of two brands, ten of whom left an item out."""
    frame = tcs.datasets.mobi().data.astype(dict.fromkeys(SPEC.items, float))
    frame.loc[:9, "IMAG1"] = np.nan
    frame["brand"] = ["A", "B"] * 125
    return tcs.Survey(frame, items=SPEC.items, scale=(1, 10))


def silent() -> tcs.Survey:
    """Return customers one of whom answered nothing."""
    frame = gappy().data
    frame.loc[0, SPEC.items] = np.nan
    return tcs.Survey(frame, items=SPEC.items, scale=(1, 10))


def unbranded() -> tcs.SatisfactionIndex:
    """Return the index of customers one of whom names no brand."""
    frame = tcs.datasets.mobi().data.assign(brand=["A", "B"] * 125)
    frame.loc[0, "brand"] = None
    return tcs.satisfaction_index(tcs.PLS(SPEC).fit(tcs.Survey(frame, scale=(1, 10))))


ENTRIES: dict[str, Callable[[], Any]] = {
    "moments": lambda: gappy().moments(SPEC.items),
    "factorability": lambda: tcs.factorability(gappy()),
    "EFA": lambda: tcs.EFA(n_factors=2).fit(gappy()),
    "CFA": lambda: tcs.CFA(SPEC.measurement()).fit(gappy()),
    "SEM": lambda: tcs.SEM(SPEC).fit(gappy()),
    "SEM of a frame": lambda: tcs.SEM(SPEC).fit(gappy().data),
    "SEM by fiml": lambda: tcs.SEM(SPEC, missing="fiml").fit(silent()),
    "SEM of ordinal items": lambda: tcs.SEM(SPEC, ordered=["PERV1"]).fit(gappy()),
    "SEM of each": lambda: tcs.SEM(SPEC).fit_each(gappy(), by="brand"),
    "PLS": lambda: tcs.PLS(SPEC).fit(gappy()),
    "PLS of each": lambda: tcs.PLS(SPEC).fit_each(gappy(), by="brand"),
    "KeyDrivers": lambda: tcs.KeyDrivers(target="CUSA1", drivers=["IMAG1", "PERV1"]).fit(gappy()),
    "invariance": lambda: tcs.invariance(SPEC.measurement(), gappy(), group="brand"),
    "micom": lambda: tcs.micom(SPEC, gappy(), "brand", permutations=99),
    "compare_groups": lambda: tcs.compare_groups(
        SPEC, gappy(), "brand", permutations=99, bootstrap=20
    ),
    "segments": lambda: unbranded().by("brand"),
    "Study": lambda: tcs.Study(SPEC, bootstrap=20, driver_bootstrap=20).run(gappy()),
}


@pytest.mark.parametrize("way", ENTRIES)
def test_a_warning_points_at_the_line_of_its_user(way: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ENTRIES[way]()
    assert any(one.category is DroppedRespondentsWarning for one in caught)
    assert {one.filename for one in caught} == {__file__}
