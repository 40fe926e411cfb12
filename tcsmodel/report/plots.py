"""`draw`: the picture of a result or a model. Its class decides here which pictures it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, singledispatch
from typing import Any

from matplotlib.axes import Axes

from tcsmodel.errors import OptionError
from tcsmodel.models.bollen_stine import BollenStine
from tcsmodel.models.cfa import CFAResult
from tcsmodel.models.cvpat import CVPAT
from tcsmodel.models.densities import varying_quantities
from tcsmodel.models.discriminant import DiscriminantValidity
from tcsmodel.models.dynamic_cutoffs import DynamicCutoffs
from tcsmodel.models.efa import EFAResult
from tcsmodel.models.endogeneity import Endogeneity
from tcsmodel.models.exact_fit import ExactFit
from tcsmodel.models.fimix_result import FIMIX
from tcsmodel.models.group_comparison import GroupComparison
from tcsmodel.models.imputation import Imputations
from tcsmodel.models.invariance import InvarianceResult
from tcsmodel.models.mediation import Mediation
from tcsmodel.models.micom import MICOMResult
from tcsmodel.models.nonlinearity import Nonlinearity
from tcsmodel.models.pls import PLSResult
from tcsmodel.models.pls_fits import PLSFits
from tcsmodel.models.pooled_pls import PooledPLS
from tcsmodel.models.pooled_sem import PooledSEM
from tcsmodel.models.pos import POS
from tcsmodel.models.power import PowerResult
from tcsmodel.models.prediction import Prediction
from tcsmodel.models.rebus import REBUS
from tcsmodel.models.sem import SEMFits, SEMResult
from tcsmodel.models.simple_slopes import SimpleSlopes
from tcsmodel.models.tetrads import TetradTest
from tcsmodel.models.wald import WaldTest
from tcsmodel.options import did_you_mean
from tcsmodel.report import check_pictures as checks
from tcsmodel.report import chi2_pictures as tests
from tcsmodel.report import covariance_pictures as covariance
from tcsmodel.report import density_pictures as densities
from tcsmodel.report import effect_pictures as effects
from tcsmodel.report import factor_pictures as factors
from tcsmodel.report import fit_pictures as fits
from tcsmodel.report import group_pictures as composites
from tcsmodel.report import imputation_pictures as imputed
from tcsmodel.report import invariance_pictures as groups
from tcsmodel.report import model_pictures as models
from tcsmodel.report import necessity_pictures as needs
from tcsmodel.report import power_pictures as powers
from tcsmodel.report import prediction_pictures as predictions
from tcsmodel.report import satisfaction_pictures as satisfaction
from tcsmodel.report import segment_pictures as segments
from tcsmodel.report import spec_pictures as specs
from tcsmodel.report import theme
from tcsmodel.report import unit_pictures as units
from tcsmodel.report.language import Language, language
from tcsmodel.report.picture import Picture
from tcsmodel.result import Result
from tcsmodel.satisfaction.combined import CombinedMap
from tcsmodel.satisfaction.drivers import Drivers
from tcsmodel.satisfaction.gate import Gate
from tcsmodel.satisfaction.index import SatisfactionIndex
from tcsmodel.satisfaction.invariance_cost import InvarianceCost
from tcsmodel.satisfaction.necessity import NecessaryConditions
from tcsmodel.satisfaction.pooled_index import PooledIndex
from tcsmodel.satisfaction.priorities import Priorities
from tcsmodel.satisfaction.unit_indices import UnitIndices
from tcsmodel.spec.model import ModelSpec
from tcsmodel.survey.screening import Factorability, Screening

Maker = Callable[[Any, Language], Picture]


@singledispatch
def kinds(result: Result | ModelSpec) -> Mapping[str, Maker]:
    """Return the pictures that a result has, by name; the first is the default."""
    return {}


@kinds.register
def _(result: ModelSpec) -> Mapping[str, Maker]:
    return {"diagram": specs.spec_diagram}


@kinds.register
def _(result: Screening) -> Mapping[str, Maker]:
    return {"answers": models.answers_picture}


@kinds.register
def _(result: Factorability) -> Mapping[str, Maker]:
    return {"kmo": models.factorability_picture}


@kinds.register
def _(result: EFAResult) -> Mapping[str, Maker]:
    return {"scree": factors.scree_picture, "loadings": factors.loadings_picture}


@kinds.register
def _(result: PLSResult) -> Mapping[str, Maker]:
    pictures: dict[str, Maker] = {"diagram": models.pls_diagram}
    if result.htmt.notna().any(axis=None):
        pictures["htmt"] = models.htmt_picture
    if result.draws is not None:
        for quantity in varying_quantities(result):
            name = "densities" if quantity == "paths" else f"{quantity}_densities"
            pictures[name] = partial(densities.pls_picture, quantity=quantity)
    return pictures


@kinds.register
def _(result: Prediction) -> Mapping[str, Maker]:
    return {"errors": predictions.errors_picture}


@kinds.register
def _(result: CVPAT) -> Mapping[str, Maker]:
    return {"differences": predictions.cvpat_forest}


@kinds.register
def _(result: SEMResult) -> Mapping[str, Maker]:
    pictures = {"diagram": covariance.sem_diagram} | _loadings(result)
    return pictures | _drawn(result, densities.sem_picture)


@kinds.register
def _(result: SEMFits) -> Mapping[str, Maker]:
    return {"spread": units.spread_picture}


@kinds.register
def _(result: PLSFits) -> Mapping[str, Maker]:
    return {"spread": units.spread_picture}


@kinds.register
def _(result: UnitIndices) -> Mapping[str, Maker]:
    return {"indices": units.indices_picture}


@kinds.register
def _(result: CFAResult) -> Mapping[str, Maker]:
    pictures = _loadings(result) | {"diagram": covariance.sem_diagram}
    return pictures | _drawn(result, densities.sem_picture)


@kinds.register
def _(result: PowerResult) -> Mapping[str, Maker]:
    pictures: dict[str, Maker] = {"power": powers.power_forest}
    return pictures if len(result.sizes) == 1 else {"curves": powers.power_curves, **pictures}


@kinds.register
def _(result: DiscriminantValidity) -> Mapping[str, Maker]:
    return {"correlations": covariance.correlations_forest}


@kinds.register
def _(result: Mediation) -> Mapping[str, Maker]:
    return {"effects": effects.mediation_forest}


@kinds.register
def _(result: SimpleSlopes) -> Mapping[str, Maker]:
    return {"slopes": effects.slopes_picture}


@kinds.register
def _(result: DynamicCutoffs) -> Mapping[str, Maker]:
    return {name: partial(fits.cutoffs_picture, measure=name) for name in ("rmsea", "srmr", "cfi")}


@kinds.register
def _(result: WaldTest) -> Mapping[str, Maker]:
    return {"differences": fits.wald_forest}


@kinds.register
def _(result: InvarianceResult) -> Mapping[str, Maker]:
    return {"steps": groups.steps_picture}


@kinds.register
def _(result: MICOMResult) -> Mapping[str, Maker]:
    return {"composition": composites.micom_picture}


@kinds.register
def _(result: GroupComparison) -> Mapping[str, Maker]:
    return {"paths": composites.paths_picture, "differences": composites.differences_picture}


@kinds.register
def _(result: InvarianceCost) -> Mapping[str, Maker]:
    return {"cost": groups.cost_picture}


@kinds.register
def _(result: TetradTest) -> Mapping[str, Maker]:
    names = dict.fromkeys(result.table()["construct"])
    return {name: partial(fits.tetrads_forest, construct=name) for name in names}


@kinds.register
def _(result: Nonlinearity) -> Mapping[str, Maker]:
    return {"quadratic": checks.curved_forest}


@kinds.register
def _(result: Endogeneity) -> Mapping[str, Maker]:
    return {"copulas": checks.copula_forest}


@kinds.register
def _(result: ExactFit) -> Mapping[str, Maker]:
    return {name: partial(tests.exact_fit_histogram, measure=name) for name in result.statistics}


@kinds.register
def _(result: BollenStine) -> Mapping[str, Maker]:
    return {"distribution": tests.bollen_stine_histogram}


@kinds.register
def _(result: FIMIX) -> Mapping[str, Maker]:
    return {"criteria": segments.criteria_picture, "paths": segments.paths_picture}


@kinds.register
def _(result: POS) -> Mapping[str, Maker]:
    return {"paths": segments.paths_picture}


@kinds.register
def _(result: REBUS) -> Mapping[str, Maker]:
    return {"paths": segments.paths_picture}


@kinds.register
def _(result: Gate) -> Mapping[str, Maker]:
    return {"findings": models.gate_picture}


@kinds.register
def _(result: Imputations) -> Mapping[str, Maker]:
    items = [str(name) for name in result.trace["item"].unique()]
    traces = {name: partial(imputed.trace_picture, item=name) for name in items}
    return {"answers": imputed.imputed_picture, **traces}


@kinds.register
def _(result: PooledPLS) -> Mapping[str, Maker]:
    return {"paths": imputed.pooled_paths_picture}


@kinds.register
def _(result: PooledSEM) -> Mapping[str, Maker]:
    directed = result.standardized["op"].isin(["~", "=~"]).any()
    return {"estimates": imputed.pooled_sem_picture} if directed else {}


@kinds.register
def _(result: PooledIndex) -> Mapping[str, Maker]:
    return {"index": imputed.pooled_index_picture}


@kinds.register
def _(result: SatisfactionIndex) -> Mapping[str, Maker]:
    return {"index": satisfaction.index_picture} | _drawn(result, densities.index_picture)


@kinds.register
def _(result: Drivers) -> Mapping[str, Maker]:
    pictures: dict[str, Maker] = {"shares": satisfaction.drivers_picture}
    if result.draws is not None:
        pictures["ranks"] = satisfaction.ranks_picture
    return pictures


@kinds.register
def _(result: Priorities) -> Mapping[str, Maker]:
    pictures: dict[str, Maker] = {
        "map": satisfaction.priorities_picture,
        "items": needs.items_picture,
    }
    if result.has_dimensions:
        pictures["dimensions"] = needs.dimensions_picture
    return pictures


@kinds.register
def _(result: NecessaryConditions) -> Mapping[str, Maker]:
    def over(condition: str) -> Maker:
        return partial(needs.ceiling_picture, condition=condition)

    first = {"ceiling": over(needs.strongest(result)), "bottleneck": needs.bottleneck_picture}
    return first | {name: over(name) for name in result.conditions}


@kinds.register
def _(result: CombinedMap) -> Mapping[str, Maker]:
    return {"map": needs.combined_picture}


def _loadings(result: SEMResult) -> dict[str, Maker]:
    """Return the picture of the loadings of a result, where there are any."""
    return {"loadings": covariance.loadings_forest} if result.model.constructs else {}


def _drawn(result: SEMResult | SatisfactionIndex, maker: Maker) -> dict[str, Maker]:
    """Return the picture of the draws of a result, where there are any."""
    return {} if result.draws is None else {"densities": maker}


def picture(
    result: Result | ModelSpec, kind: str | None = None, language_code: str = "en"
) -> Picture:
    """Return the picture of a result with its words, not yet drawn.

    Raises
    ------
    OptionError
        When the result has no picture of that kind; the message lists those it has.
    """
    words = language(language_code)
    makers, what = kinds(result), type(result).__name__
    if not makers:
        raise OptionError(words.text("picture.without", what=what))
    name = kind if kind is not None else next(iter(makers))
    if name not in makers:
        raise OptionError(
            words.text(
                "picture.none",
                what=what,
                kind=name,
                known=tuple(makers),
                hint=did_you_mean(name, makers),
            )
        )
    return makers[name](result, words)


def draw(
    result: Result | ModelSpec,
    kind: str | None = None,
    ax: Axes | None = None,
    language: str = "en",
) -> Axes:
    """Draw a result and return the axes; a notebook shows them as a picture.

    Parameters
    ----------
    result : Result or ModelSpec
        What to draw; a specification is drawn as its path diagram, without data.
    kind : str, optional
        Which of its pictures; the first by default.
    ax : matplotlib.axes.Axes, optional
        Where to draw, with the title only. By default a new figure with title,
        subtitle and caption, free of pyplot.
    language : str
        Of the words.

    Raises
    ------
    OptionError
        When the result has no picture of that kind.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> index = tcs.satisfaction_index(tcs.PLS(tcs.library.ecsi()).fit(tcs.datasets.mobi()))
    >>> index.plot().get_xlabel()
    'Index (0–100; the axis shows 50 to 80)'
    """
    drawing = picture(result, kind, language)
    theme.check_drawable(drawing.title + drawing.subtitle + drawing.alt, language)
    return drawing.draw(ax)
