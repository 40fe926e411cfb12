"""tcsmodel: Total Customer Satisfaction research, from a survey file to a report.

The public names below are imported when they are first used, so that
``import tcsmodel`` stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tcsmodel import datasets as datasets
    from tcsmodel import errors as errors
    from tcsmodel.errors import TcsError as TcsError
    from tcsmodel.models.cfa import CFA as CFA
    from tcsmodel.models.discriminant import discriminant_validity as discriminant_validity
    from tcsmodel.models.dynamic_cutoffs import dynamic_cutoffs as dynamic_cutoffs
    from tcsmodel.models.efa import EFA as EFA
    from tcsmodel.models.fimix import fimix as fimix
    from tcsmodel.models.group_comparison import compare_groups as compare_groups
    from tcsmodel.models.imputation import impute as impute
    from tcsmodel.models.invariance import invariance as invariance
    from tcsmodel.models.latent_scores import latent_scores as latent_scores
    from tcsmodel.models.mediation import mediation as mediation
    from tcsmodel.models.micom import micom as micom
    from tcsmodel.models.modification import modification_indices as modification_indices
    from tcsmodel.models.modification import release_tests as release_tests
    from tcsmodel.models.pls import PLS as PLS
    from tcsmodel.models.pos import pls_pos as pls_pos
    from tcsmodel.models.power import power as power
    from tcsmodel.models.power import rmsea_power as rmsea_power
    from tcsmodel.models.power import sample_size as sample_size
    from tcsmodel.models.rebus import rebus as rebus
    from tcsmodel.models.residuals import residuals as residuals
    from tcsmodel.models.residuals import srmr_test as srmr_test
    from tcsmodel.models.second_order import second_order_reliability as second_order_reliability
    from tcsmodel.models.sem import SEM as SEM
    from tcsmodel.models.simulation import simulate as simulate
    from tcsmodel.satisfaction.drivers import KeyDrivers as KeyDrivers
    from tcsmodel.satisfaction.gate import structure_gate as structure_gate
    from tcsmodel.satisfaction.index import satisfaction_index as satisfaction_index
    from tcsmodel.satisfaction.invariance_cost import invariance_cost as invariance_cost
    from tcsmodel.satisfaction.necessity import necessary_conditions as necessary_conditions
    from tcsmodel.satisfaction.priorities import priorities as priorities
    from tcsmodel.satisfaction.unit_indices import unit_indices as unit_indices
    from tcsmodel.spec import library as library
    from tcsmodel.spec.build import bifactor as bifactor
    from tcsmodel.spec.build import composite as composite
    from tcsmodel.spec.build import covariances as covariances
    from tcsmodel.spec.build import interaction as interaction
    from tcsmodel.spec.build import items as items
    from tcsmodel.spec.build import paths as paths
    from tcsmodel.spec.build import reflective as reflective
    from tcsmodel.spec.build import single as single
    from tcsmodel.spec.model import ModelSpec as ModelSpec
    from tcsmodel.study import Study as Study
    from tcsmodel.survey.moments import Moments as Moments
    from tcsmodel.survey.replicates import ReplicateWeights as ReplicateWeights
    from tcsmodel.survey.screening import factorability as factorability
    from tcsmodel.survey.screening import screening as screening
    from tcsmodel.survey.survey import Survey as Survey

__version__ = "0.1.0"

_HOMES = {
    "datasets": "tcsmodel.datasets",
    "errors": "tcsmodel.errors",
    "library": "tcsmodel.spec.library",
    "TcsError": "tcsmodel.errors",
    "Survey": "tcsmodel.survey.survey",
    "Moments": "tcsmodel.survey.moments",
    "ReplicateWeights": "tcsmodel.survey.replicates",
    "screening": "tcsmodel.survey.screening",
    "factorability": "tcsmodel.survey.screening",
    "ModelSpec": "tcsmodel.spec.model",
    "reflective": "tcsmodel.spec.build",
    "composite": "tcsmodel.spec.build",
    "bifactor": "tcsmodel.spec.build",
    "covariances": "tcsmodel.spec.build",
    "single": "tcsmodel.spec.build",
    "paths": "tcsmodel.spec.build",
    "interaction": "tcsmodel.spec.build",
    "items": "tcsmodel.spec.build",
    "EFA": "tcsmodel.models.efa",
    "CFA": "tcsmodel.models.cfa",
    "SEM": "tcsmodel.models.sem",
    "PLS": "tcsmodel.models.pls",
    "fimix": "tcsmodel.models.fimix",
    "rebus": "tcsmodel.models.rebus",
    "pls_pos": "tcsmodel.models.pos",
    "invariance": "tcsmodel.models.invariance",
    "micom": "tcsmodel.models.micom",
    "compare_groups": "tcsmodel.models.group_comparison",
    "discriminant_validity": "tcsmodel.models.discriminant",
    "dynamic_cutoffs": "tcsmodel.models.dynamic_cutoffs",
    "latent_scores": "tcsmodel.models.latent_scores",
    "mediation": "tcsmodel.models.mediation",
    "modification_indices": "tcsmodel.models.modification",
    "release_tests": "tcsmodel.models.modification",
    "residuals": "tcsmodel.models.residuals",
    "second_order_reliability": "tcsmodel.models.second_order",
    "srmr_test": "tcsmodel.models.residuals",
    "simulate": "tcsmodel.models.simulation",
    "power": "tcsmodel.models.power",
    "sample_size": "tcsmodel.models.power",
    "rmsea_power": "tcsmodel.models.power",
    "impute": "tcsmodel.models.imputation",
    "KeyDrivers": "tcsmodel.satisfaction.drivers",
    "satisfaction_index": "tcsmodel.satisfaction.index",
    "invariance_cost": "tcsmodel.satisfaction.invariance_cost",
    "necessary_conditions": "tcsmodel.satisfaction.necessity",
    "priorities": "tcsmodel.satisfaction.priorities",
    "unit_indices": "tcsmodel.satisfaction.unit_indices",
    "structure_gate": "tcsmodel.satisfaction.gate",
    "Study": "tcsmodel.study",
}
_MODULES = {"datasets", "errors", "library"}

__all__ = [
    "CFA",
    "EFA",
    "PLS",
    "SEM",
    "KeyDrivers",
    "ModelSpec",
    "Moments",
    "ReplicateWeights",
    "Study",
    "Survey",
    "TcsError",
    "bifactor",
    "compare_groups",
    "composite",
    "covariances",
    "datasets",
    "discriminant_validity",
    "dynamic_cutoffs",
    "errors",
    "factorability",
    "fimix",
    "impute",
    "interaction",
    "invariance",
    "invariance_cost",
    "items",
    "latent_scores",
    "library",
    "mediation",
    "micom",
    "modification_indices",
    "necessary_conditions",
    "paths",
    "pls_pos",
    "power",
    "priorities",
    "rebus",
    "reflective",
    "release_tests",
    "residuals",
    "rmsea_power",
    "sample_size",
    "satisfaction_index",
    "screening",
    "second_order_reliability",
    "simulate",
    "single",
    "srmr_test",
    "structure_gate",
    "unit_indices",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tcsmodel' has no attribute {name!r}")
    module = import_module(_HOMES[name])
    value = module if name in _MODULES else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
