"""Pictures of factors: how many to keep, and which items belong to which."""

from __future__ import annotations

from tcsmodel.models.efa import EFAResult
from tcsmodel.report.charts import Cells, heat, rows_height, scree
from tcsmodel.report.language import Language
from tcsmodel.report.model_pictures import item_label
from tcsmodel.report.picture import WIDTH, Picture

SALIENT = 0.40


def scree_picture(efa: EFAResult, words: Language) -> Picture:
    """Return the eigenvalues of the answers beside those of random data."""
    votes = dict(zip(efa.votes["rule"], efa.votes["n_factors"], strict=True))
    vote, kept = int(votes["parallel_factor"]), efa.n_factors
    key = "given" if kept != vote else "one" if kept == 1 else "many"
    first = [words.numbers.number(value) for value in efa.parallel["observed"].head(kept + 1)]
    return Picture(
        title=words.text(f"picture.scree.title.{key}", kept=kept, vote=vote),
        subtitle=words.text("picture.scree.subtitle"),
        caption=words.text("picture.scree.caption", n=efa.n, seed=efa.estimator.seed),
        alt=words.text("picture.scree.alt", count=len(efa.items), first=first, next=vote + 1),
        paint=scree(
            efa.parallel[["observed", "mean", "q95"]],
            kept,
            (
                words.text("picture.scree.observed"),
                words.text("picture.scree.mean"),
                words.text("picture.scree.q95"),
            ),
            (words.text("picture.scree.x"), words.text("picture.scree.y")),
        ),
        size=(WIDTH, 3.2),
    )


def loadings_picture(efa: EFAResult, words: Language) -> Picture:
    """Return the loadings as a heat map, items under the factor they belong to."""
    survey = efa.sample.survey
    labels = {} if survey is None else dict(survey.labels)
    table = efa.table().set_index("item")
    values = table[list(efa.factors)]
    values.index = [item_label(str(name), labels) for name in values.index]
    strong = values.abs() >= SALIENT
    crossing = [f for f in efa.verify() if f.code == "cross_loading"]
    count = sum(len(finding.subjects) for finding in crossing)
    key = "single" if efa.n_factors == 1 else "cross" if count else "simple"
    told = {"items": len(values), "factors": efa.n_factors, "count": count}
    return Picture(
        title=words.text(f"picture.loadings.title.{key}", **told),
        subtitle=words.text(
            "picture.loadings.subtitle",
            extraction=str(efa.estimator.extraction),
            rotation=str(efa.estimator.rotation),
            limit=SALIENT,
        ),
        caption=words.text("caption.n", n=efa.n),
        alt=words.text("picture.loadings.alt", **told),
        paint=heat(
            Cells(values, values.map(words.numbers.ratio), strong, values.abs() > 9),
            (-1, 1),
            diverging=True,
            size=8.5,
        ),
        size=(min(WIDTH, 3.4 + 0.8 * efa.n_factors), rows_height(list(values.index), 0.25)),
    )
