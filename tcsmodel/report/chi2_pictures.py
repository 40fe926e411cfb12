"""The picture of a chi-square among those it would have if the model held."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from tcsmodel.models.bollen_stine import BollenStine
from tcsmodel.report import theme
from tcsmodel.report.language import Language
from tcsmodel.report.picture import Picture

CUSTOMARY = 0.05
BINS = 40


def bollen_stine_histogram(result: BollenStine, words: Language) -> Picture:
    """Return the replicates' chi-squares as bars, and that of the fit as a line."""
    values = result.distribution
    low, high = np.quantile(values, [0.025, 0.975])
    told = {
        "chi2": result.chi2,
        "df": result.df,
        "low": float(low),
        "high": float(high),
        "p": result.p,
        "replicates": len(values),
        "seed": result.draws.seed,
    }

    def paint(ax: Axes) -> None:
        ax.hist(values, bins=BINS, color=theme.BLUE)
        ax.axvline(result.chi2, color=theme.VERMILLION, linewidth=1.6)
        ax.set_xlabel(words.text("picture.bollen_stine.axis"))
        ax.set_ylabel(words.text("picture.bollen_stine.count"))

    key = "rejected" if result.p < CUSTOMARY else "kept"
    return Picture(
        title=words.text(f"picture.bollen_stine.title.{key}", **told),
        subtitle=words.text("picture.bollen_stine.subtitle"),
        caption=words.text("picture.bollen_stine.caption", **told),
        alt=words.text("picture.bollen_stine.alt", **told),
        paint=paint,
    )
