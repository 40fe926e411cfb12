"""Published satisfaction models, with the bundled surveys' item names or your own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tcsmodel.spec.library.national import acsi, ccsi, ecsi, epsi, ncsb, ncsi, scsb
from tcsmodel.spec.library.services import bank, service_profit_chain, servqual, telecom
from tcsmodel.spec.model import ModelSpec

__all__ = [
    "acsi",
    "bank",
    "ccsi",
    "ecsi",
    "epsi",
    "ncsb",
    "ncsi",
    "scsb",
    "service_profit_chain",
    "servqual",
    "telecom",
]

MODELS: Mapping[str, Callable[..., ModelSpec]] = {
    model.__name__: model
    for model in (
        acsi, ecsi, epsi, scsb, ncsb, ncsi, ccsi,
        servqual, telecom, bank, service_profit_chain,
    )
}  # fmt: skip
