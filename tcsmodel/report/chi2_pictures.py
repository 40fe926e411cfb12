"""Pictures of a discrepancy among those it would have if the model held."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tcsmodel.models.bollen_stine import BollenStine
from tcsmodel.models.exact_fit import ExactFit
from tcsmodel.report import theme
from tcsmodel.report.frames import rows
from tcsmodel.report.language import Language
from tcsmodel.report.picture import Picture

CUSTOMARY = 0.05
BINS = 40
SHOWN = {"srmr": "SRMR", "d_uls": "d_ULS", "d_g": "d_G", "d_ml": "d_ML"}


def bollen_stine_histogram(result: BollenStine, words: Language) -> Picture:
    """Return the replicates' chi-squares as bars, and that of the fit as a line."""
    values = result.distribution
    low, high = np.quantile(values, [0.025, 0.975])
    told = {
        "chi2": result.chi2,
        "df": result.df,
        "low": float(low),
        "high": float(high),
        "p": words.numbers.p_phrase(result.p, 1 / len(values)),
        "replicates": len(values),
        "seed": result.draws.seed,
    }

    key = "rejected" if result.p < CUSTOMARY else "kept"
    return Picture(
        title=words.text(f"picture.bollen_stine.title.{key}", **told),
        subtitle=words.text("picture.bollen_stine.subtitle"),
        caption=words.text("picture.bollen_stine.caption", **told),
        alt=words.text("picture.bollen_stine.alt", **told),
        paint=partial(
            _histogram,
            values=values,
            line=result.chi2,
            axis=words.text("picture.bollen_stine.axis"),
            count=words.text("picture.bollen_stine.count"),
        ),
    )


def exact_fit_histogram(result: ExactFit, words: Language, measure: str) -> Picture:
    """Return the replicates of a discrepancy as bars, and that of the fit as a line."""
    values = result.distribution(measure)
    row = next(row for row in rows(result.table()) if row.measure == measure)
    told = {
        "measure": SHOWN[measure],
        "statistic": row.statistic,
        "critical": row.critical_95,
        "p": words.numbers.p_phrase(row.p, 1 / len(values)),
        "replicates": len(values),
        "seed": result.draws.seed,
    }
    key = "rejected" if row.p < CUSTOMARY else "kept"
    return Picture(
        title=words.text(f"picture.exact_fit.title.{key}", **told),
        subtitle=words.text("picture.exact_fit.subtitle"),
        caption=words.text("picture.exact_fit.caption", **told),
        alt=words.text("picture.exact_fit.alt", **told),
        paint=partial(
            _histogram,
            values=values,
            line=result.statistics[measure],
            axis=SHOWN[measure],
            count=words.text("picture.exact_fit.count"),
        ),
    )


def _histogram(ax: Axes, values: NDArray[np.float64], line: float, axis: str, count: str) -> None:
    ax.hist(values, bins=BINS, color=theme.BLUE)
    ax.axvline(line, color=theme.VERMILLION, linewidth=1.6)
    ax.set_xlabel(axis)
    ax.set_ylabel(count)
