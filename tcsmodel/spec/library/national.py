"""National indices of customer satisfaction."""

from __future__ import annotations

from tcsmodel.options import CCSIVariant, choose
from tcsmodel.spec.library.blueprint import MOBI, Blueprint, Items, from_mobi, numbered
from tcsmodel.spec.model import ModelSpec

AMERICAN = from_mobi("Expectation", "Quality", "Value", "Satisfaction", "Complaints", "Loyalty")
AMERICAN_PATHS = (
    (("Expectation",), "Quality"),
    (("Expectation", "Quality"), "Value"),
    (("Expectation", "Quality", "Value"), "Satisfaction"),
    (("Satisfaction",), "Complaints"),
    (("Satisfaction", "Complaints"), "Loyalty"),
)

ACSI = Blueprint("acsi", AMERICAN, AMERICAN_PATHS)

NCSI = Blueprint("ncsi", AMERICAN, AMERICAN_PATHS)

SCSB = Blueprint(
    "scsb",
    {
        **from_mobi("Expectation"),
        "Performance": MOBI["Value"],
        **from_mobi("Satisfaction", "Complaints", "Loyalty"),
    },
    (
        (("Expectation",), "Performance"),
        (("Expectation", "Performance"), "Satisfaction"),
        (("Satisfaction",), "Complaints"),
        (("Satisfaction", "Complaints"), "Loyalty"),
    ),
)

ECSI = Blueprint(
    "ecsi",
    MOBI,
    (
        (("Image",), "Expectation"),
        (("Expectation",), "Quality"),
        (("Expectation", "Quality"), "Value"),
        (("Image", "Expectation", "Quality", "Value"), "Satisfaction"),
        (("Satisfaction",), "Complaints"),
        (("Image", "Satisfaction", "Complaints"), "Loyalty"),
    ),
)

EPSI = Blueprint(
    "epsi",
    {
        **from_mobi("Image", "Expectation"),
        "ProductQuality": ("PERQ2", "PERQ4", "PERQ5", "PERQ6"),
        "ServiceQuality": ("PERQ3", "PERQ7"),
        **from_mobi("Value", "Satisfaction", "Loyalty"),
    },
    (
        (("Expectation", "ProductQuality", "ServiceQuality"), "Value"),
        (
            ("Image", "Expectation", "ProductQuality", "ServiceQuality", "Value"),
            "Satisfaction",
        ),
        (("Image", "Satisfaction"), "Loyalty"),
    ),
)

SERVICE = ("Tangibles", "Reliability", "Responsiveness", "Assurance", "Empathy")
PRICED = ("ComplaintHandling", "Price")
BOUND = ("Affective", "Calculative", "Image")
NCSB = Blueprint(
    "ncsb",
    numbered(**dict.fromkeys((*SERVICE, *PRICED, "Satisfaction", *BOUND, "Loyalty"), 3)),
    (
        ((*SERVICE, *PRICED), "Satisfaction"),
        *((("Satisfaction",), consequence) for consequence in BOUND),
        (("Satisfaction", *BOUND, *PRICED), "Loyalty"),
    ),
)


def _chinese(*satisfaction: str, value: tuple[str, ...]) -> Blueprint:
    return Blueprint(
        "ccsi",
        from_mobi("Image", "Expectation", "Quality", "Value", "Satisfaction", "Loyalty"),
        (
            (("Image",), "Expectation"),
            (("Image", "Expectation"), "Quality"),
            (value, "Value"),
            (satisfaction, "Satisfaction"),
            (("Image", "Satisfaction"), "Loyalty"),
        ),
    )


CCSI = {
    CCSIVariant.A: _chinese(
        "Image", "Expectation", "Quality", "Value", value=("Expectation", "Quality")
    ),
    CCSIVariant.B: _chinese("Image", "Quality", "Value", value=("Image", "Expectation", "Quality")),
}


def acsi(items: Items | None = None) -> ModelSpec:
    """Return the American Customer Satisfaction Index model: 6 constructs, 9 paths.

    Expectation, perceived quality, perceived value, satisfaction, complaints and loyalty
    (Fornell, Johnson, Anderson, Cha & Bryant 1996, Journal of Marketing 60(4), 7-18).
    Whether complaints raise loyalty or lower it says how well they are handled.

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
    return ACSI.spec(items)


def ncsi(items: Items | None = None) -> ModelSpec:
    """Return the model of the Korean National Customer Satisfaction Index: that of the ACSI.

    The Korea Productivity Center runs it with the method and the structure of the University
    of Michigan (Fornell et al. 1996; see `acsi`), so constructs, paths and default items are
    the same.

    Parameters
    ----------
    items : mapping of str to sequence of str, optional
        The item columns of each construct. By default those of `tcsmodel.datasets.mobi`.

    Raises
    ------
    SpecError
        When a construct is missing from `items`, unknown, or has no items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.library.ncsi() == tcs.library.acsi()
    True
    """
    return NCSI.spec(items)


def scsb(items: Items | None = None) -> ModelSpec:
    """Return the Swedish Customer Satisfaction Barometer model: 5 constructs, 6 paths.

    The first national index (Fornell 1992, Journal of Marketing 56(1), 6-21). Performance is
    what later models call perceived value: quality given the price, price given the quality.

    Parameters
    ----------
    items : mapping of str to sequence of str, optional
        The item columns of each construct. By default those of `tcsmodel.datasets.mobi`, with
        PERV1 and PERV2 for performance.

    Raises
    ------
    SpecError
        When a construct is missing from `items`, unknown, or has no items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.library.scsb()
    ModelSpec(5 constructs, 12 items, 6 paths)
    """
    return SCSB.spec(items)


def ecsi(items: Items | None = None) -> ModelSpec:
    """Return the European Customer Satisfaction Index model: 7 constructs, 12 paths.

    Image, expectation, perceived quality, perceived value, satisfaction, complaints and
    loyalty, in the version of Tenenhaus, Esposito Vinzi, Chatelin & Lauro (2005,
    Computational Statistics & Data Analysis 48, 159-205). The original version, with two
    qualities and without complaints, is `epsi`.

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
    return ECSI.spec(items)


def epsi(items: Items | None = None) -> ModelSpec:
    """Return the original ECSI model, carried on as EPSI Rating: 7 constructs, 10 paths.

    Perceived quality is split into that of products ("hardware") and of service
    ("humanware"); image, expectation and both qualities are exogenous and correlate, and
    there are no complaints (ECSI Technical Committee 1998, European Customer Satisfaction
    Index: Foundation and structure for harmonized national pilot projects; Eklof & Westlund
    2002, Total Quality Management 13(8), 1099-1106). Countries and waves differ in single
    arrows; these are the common ones.

    Parameters
    ----------
    items : mapping of str to sequence of str, optional
        The item columns of each construct. By default those of `tcsmodel.datasets.mobi`, whose
        questions about quality we divide: PERQ2 and PERQ4 to PERQ6 are about products, PERQ3
        and PERQ7 about service; PERQ1, quality as a whole, is left out.

    Raises
    ------
    SpecError
        When a construct is missing from `items`, unknown, or has no items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.library.epsi()
    ModelSpec(7 constructs, 22 items, 10 paths)
    """
    return EPSI.spec(items)


def ncsb(items: Items | None = None) -> ModelSpec:
    """Return the Norwegian Customer Satisfaction Barometer model: 12 constructs, 16 paths.

    Against the ACSI: price instead of value; image, a consequence of satisfaction, instead of
    expectation; commitment, affective and calculative; and the handling of complaints, which
    acts on satisfaction and loyalty (Johnson, Gustafsson, Andreassen, Lervik & Cha 2001,
    Journal of Economic Psychology 22, 217-245). Quality is the five dimensions of SERVQUAL.

    Only customers who complained can judge how complaints are handled: fit the model to them,
    or keep the others by ``missing="fiml"``.

    Parameters
    ----------
    items : mapping of str to sequence of str, optional
        The item columns of each construct. By default generic names, three for each:
        ``tangibles1``, ..., ``complaint_handling3``, ..., ``calculative3``, ``image1``, ...

    Raises
    ------
    SpecError
        When a construct is missing from `items`, unknown, or has no items.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.library.ncsb()
    ModelSpec(12 constructs, 36 items, 16 paths)
    """
    return NCSB.spec(items)


def ccsi(items: Items | None = None, variant: CCSIVariant | str = CCSIVariant.A) -> ModelSpec:
    """Return the Chinese Customer Satisfaction Index model, reconstructed: 6 constructs, 11 paths.

    Brand image, expected quality, perceived quality, perceived value, satisfaction and loyalty
    (Tsinghua University and the China National Institute of Standardization; the national
    standard for such models is GB/T 19038-2009). Sources agree on the six constructs, on 11
    paths, on loyalty as the result and on there being no complaints; **which arrows these
    are is our reconstruction**, so check them against the questionnaire you work with.

    Parameters
    ----------
    items : mapping of str to sequence of str, optional
        The item columns of each construct, named Image, Expectation, Quality, Value,
        Satisfaction and Loyalty. By default those of `tcsmodel.datasets.mobi`.
    variant : {"a", "b"}
        In ``"a"`` expectation acts on satisfaction; in ``"b"`` image acts on value instead.

    Raises
    ------
    SpecError
        When a construct is missing from `items`, unknown, or has no items.
    OptionError
        When `variant` is unknown.

    Examples
    --------
    >>> import tcsmodel as tcs
    >>> tcs.library.ccsi()
    ModelSpec(6 constructs, 23 items, 11 paths)
    """
    return CCSI[choose(CCSIVariant, variant, "variant")].spec(items)
