"""Published satisfaction models, with the bundled survey's item names or your own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tcsmodel.errors import SpecError
from tcsmodel.options import did_you_mean
from tcsmodel.spec.build import paths, reflective
from tcsmodel.spec.model import ModelSpec

Items = Mapping[str, Sequence[str]]

MOBI = {
    "Image": ("IMAG1", "IMAG2", "IMAG3", "IMAG4", "IMAG5"),
    "Expectation": ("CUEX1", "CUEX2", "CUEX3"),
    "Quality": ("PERQ1", "PERQ2", "PERQ3", "PERQ4", "PERQ5", "PERQ6", "PERQ7"),
    "Value": ("PERV1", "PERV2"),
    "Satisfaction": ("CUSA1", "CUSA2", "CUSA3"),
    "Complaints": ("CUSCO",),
    "Loyalty": ("CUSL1", "CUSL2", "CUSL3"),
}

ECSI_PATHS = (
    (("Image",), "Expectation"),
    (("Expectation",), "Quality"),
    (("Expectation", "Quality"), "Value"),
    (("Image", "Expectation", "Quality", "Value"), "Satisfaction"),
    (("Satisfaction",), "Complaints"),
    (("Image", "Satisfaction", "Complaints"), "Loyalty"),
)

ACSI_PATHS = (
    (("Expectation",), "Quality"),
    (("Expectation", "Quality"), "Value"),
    (("Expectation", "Quality", "Value"), "Satisfaction"),
    (("Satisfaction",), "Complaints"),
    (("Satisfaction", "Complaints"), "Loyalty"),
)


def ecsi(items: Items | None = None) -> ModelSpec:
    """Return the European Customer Satisfaction Index model: 7 constructs, 12 paths.

    Image, expectation, perceived quality, perceived value, satisfaction, complaints and
    loyalty, in the version of Tenenhaus, Esposito Vinzi, Chatelin & Lauro (2005,
    Computational Statistics & Data Analysis 48, 159-205).

    Parameters
    ----------
    items : mapping of str to sequence of str, optional
        The item columns of each of the seven constructs. By default those of
        `tcsmodel.datasets.mobi`.

    Raises
    ------
    SpecError
        When a construct is missing from `items`, unknown, or has no items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.library.ecsi()
    ModelSpec(7 constructs, 24 items, 12 paths)
    >>> print(tcs.library.ecsi().measurement().construct("Value"))
    Construct(name='Value', items=('PERV1', 'PERV2'), composite=False)
    """
    return _model("ecsi", ECSI_PATHS, items)


def acsi(items: Items | None = None) -> ModelSpec:
    """Return the American Customer Satisfaction Index model: 6 constructs, 9 paths.

    Expectation, perceived quality, perceived value, satisfaction, complaints and loyalty
    (Fornell, Johnson, Anderson, Cha & Bryant 1996, Journal of Marketing 60(4), 7-18).

    Parameters
    ----------
    items : mapping of str to sequence of str, optional
        The item columns of each of the six constructs. By default those of
        `tcsmodel.datasets.mobi`, which asks about the same six and image besides.

    Raises
    ------
    SpecError
        When a construct is missing from `items`, unknown, or has no items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.library.acsi()
    ModelSpec(6 constructs, 19 items, 9 paths)
    """
    return _model("acsi", ACSI_PATHS, items)


def _model(
    name: str, structure: Sequence[tuple[Sequence[str], str]], items: Items | None
) -> ModelSpec:
    used = {construct for sources, target in structure for construct in (*sources, target)}
    known = [construct for construct in MOBI if construct in used]
    items = {construct: MOBI[construct] for construct in known} if items is None else items
    for construct in items:
        if construct not in known:
            raise SpecError(
                f"{construct!r} is not a construct of {name}(), which has {', '.join(known)}."
                f"{did_you_mean(construct, known)}"
            )
    for construct in known:
        if construct not in items:
            raise SpecError(
                f"Construct {construct!r} of {name}() has no items. Add {construct!r}: [...] to "
                "items, or write the model without it with ModelSpec.parse(text)."
            )
    measurement = (reflective(construct, items[construct]) for construct in known)
    return ModelSpec.of(*measurement, *(paths(sources, target) for sources, target in structure))
